//! Rules of traces: what is picked, what it costs, and what a dead collector does.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use time::macros::datetime;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt as _;

use super::listener::{Side, Value};
use super::*;
use crate::chance::SystemChance;
use crate::clock::SetClock;
use crate::spans;

/// 2026-03-02 12:00 UTC, as the spans say it.
const NOON_NANOS: u64 = 1_772_452_800_000_000_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens at noon, to a collector at this address.
fn listening(address: SocketAddr, sampled_percent: u64) -> (Listener, Traces) {
    let options = TracesOptions { collector: Collector::Here(address), sampled_percent };
    let clock = Arc::new(SetClock::at(datetime!(2026-03-02 12:00 UTC)));
    Traces::open(&options, clock, Arc::new(SystemChance::default())).unwrap()
}

/// What is told while this runs, with nobody to take it.
fn told(sampled_percent: u64, work: impl FnOnce()) -> (Vec<Told>, u64) {
    let (listener, mut traces) = listening("127.0.0.1:1".parse().unwrap(), sampled_percent);
    let subscriber = tracing_subscriber::registry().with(listener.layer());
    tracing::subscriber::with_default(subscriber, work);
    let mut told = Vec::new();
    while let Ok(one) = traces.queue.try_recv() {
        told.push(one);
    }
    (told, traces.counts.dropped.load(Ordering::Relaxed))
}

fn word(text: &str) -> Value {
    Value::Word(text.to_owned())
}

fn a_call(status: u16) -> spans::Call<'static> {
    spans::Call {
        method: "/pyramid.exchange.v1.ExchangeService/Track",
        agency: Some("gmp"),
        node: None,
        status,
        took: Duration::from_millis(3),
    }
}

#[test]
fn a_call_is_told_with_its_caller_its_outcome_and_its_time() {
    let (told, _) = told(100, || spans::call(a_call(7)));
    let expected = Told {
        name: "pyramid.exchange.v1.ExchangeService/Track".to_owned(),
        side: Side::Server,
        began: NOON_NANOS - 3_000_000,
        ended: NOON_NANOS,
        failed: false,
        attributes: vec![
            ("pyramid.agency", word("gmp")),
            ("rpc.grpc.status_code", Value::Number(7)),
            ("rpc.system", word("grpc")),
            ("rpc.service", word("pyramid.exchange.v1.ExchangeService")),
            ("rpc.method", word("Track")),
        ],
    };
    assert_eq!(told, [expected]);
}

#[test]
fn a_call_has_failed_only_where_we_are_to_blame() {
    let statuses = 0..=16;
    let (told, _) = told(100, || statuses.for_each(|status| spans::call(a_call(status))));
    let failed: Vec<_> = (0..).zip(&told).filter(|(_, told)| told.failed).map(|it| it.0).collect();
    assert_eq!(failed, [2, 4, 12, 13, 14, 15]);
}

#[test]
fn a_commit_and_a_reload_are_told_in_numbers() {
    let (told, _) = told(100, || {
        spans::commit(12, 40, 900);
        spans::reload(3);
    });
    let span = |name: &str, began, attributes| Told {
        name: name.to_owned(),
        side: Side::Internal,
        began,
        ended: NOON_NANOS,
        failed: false,
        attributes,
    };
    let commit = vec![("pyramid.items", Value::Number(12)), ("pyramid.entries", Value::Number(40))];
    let reload = vec![("pyramid.generation", Value::Number(3))];
    let expected =
        [span("commit", NOON_NANOS - 900_000, commit), span("reload", NOON_NANOS, reload)];
    assert_eq!(told, expected);
}

#[test]
fn a_failure_is_told_by_its_code_and_never_by_its_sentence() {
    const SECRET: &str = "Kanarie 7Qx";
    let (told, _) = told(100, || {
        tracing::error!(target: "broker::ledger", code = "commit-failed", works = 3, "{SECRET}");
        tracing::warn!(target: "broker::listen", fault = "not_pem", file = SECRET, "a fault");
        tracing::error!(target: "broker::ledger", code = SECRET, reason = %SECRET, "no code");
        tracing::error!(target: "broker::ledger", code = ?SECRET, agency = SECRET, "formatted");
    });
    let failure = |attributes| Told {
        name: "failure".to_owned(),
        side: Side::Internal,
        began: NOON_NANOS,
        ended: NOON_NANOS,
        failed: true,
        attributes,
    };
    let module = |name: &str| ("code.namespace", word(name));
    let expected = [
        failure(vec![("pyramid.code", word("commit-failed")), module("broker::ledger")]),
        failure(vec![("pyramid.code", word("not_pem")), module("broker::listen")]),
        failure(vec![module("broker::ledger")]),
        failure(vec![module("broker::ledger")]),
    ];
    assert_eq!(told, expected);
}

#[test]
fn nothing_else_is_told() {
    let (told, _) = told(100, || {
        tracing::info!(target: "broker::app", code = "serving", "serving");
        tracing::error!(target: "h2::server", code = "a-library", "a library may quote anything");
        tracing::error!(target: "brokerage", code = "not-ours", "nor is this ours");
        tracing::warn!(target: "broker::ops::traces::export", code = "traces-not-taken", "own");
        let _span = tracing::error_span!(target: "broker::app", "span", code = "a-span").entered();
        tracing::info!(target: spans::TARGET, kind = spans::RELOAD, generation = 1, name = "x");
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].attributes, [("pyramid.generation", Value::Number(1))]);
}

#[test]
fn of_a_hundred_calls_and_of_a_hundred_commits_so_many_are_told_and_of_failures_all() {
    let (told, _) = told(5, || {
        for _ in 0..100 {
            spans::call(a_call(0));
            spans::commit(1, 1, 1);
            spans::reload(1);
            tracing::error!(target: "broker::ledger", code = "commit-failed", "a commit failed");
        }
    });
    let named = |name: &str| told.iter().filter(|told| told.name == name).count();
    assert_eq!(named("pyramid.exchange.v1.ExchangeService/Track"), 5);
    assert_eq!(named("commit"), 5);
    assert_eq!(named("reload"), 100);
    assert_eq!(named("failure"), 100);
}

#[test]
fn what_the_queue_has_no_room_for_is_counted() {
    let (told, dropped) = told(100, || (0..4_100).for_each(|_| spans::commit(1, 1, 1)));
    assert_eq!((told.len(), dropped), (4_096, 4));
}

/// Tells of so many commits, to a collector at this address.
fn exporting(address: SocketAddr, commits: usize) -> Exporting {
    let (listener, traces) = listening(address, 100);
    let subscriber = tracing_subscriber::registry().with(listener.layer());
    tracing::subscriber::with_default(subscriber, || {
        (0..commits).for_each(|_| spans::commit(1, 1, 1));
    });
    traces.start()
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_the_spans_and_they_are_counted() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let exporting = exporting(gone, 700);
    let counts = exporting.counts();
    tokio::time::timeout(PATIENCE, exporting.finish(PATIENCE)).await.unwrap();
    assert_eq!(counts.dropped.load(Ordering::Relaxed), 700);
    assert_eq!(counts.exported.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_collector_that_never_answers_does_not_hold_up_the_end() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exporting = exporting(mute.local_addr().unwrap(), 1);
    let finishing = exporting.finish(Duration::from_millis(200));
    tokio::time::timeout(Duration::from_secs(2), finishing).await.unwrap();
}
