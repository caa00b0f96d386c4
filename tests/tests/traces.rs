//! Traces: what reaches a collector, and that a broker does without one.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::expect_used, reason = "what is missing ends the test")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::Connection;
use broker::chance::SystemChance;
use broker::clock::SystemClock;
use broker::ops::traces::{Collector as Where, Exporting, Traces, TracesOptions};
use certs_dev::{Authority, Options, write_credential};
use demo::stage::TRUST_DOMAIN;
use opentelemetry_proto::tonic::trace::v1::Span;
use proto::admin::v1 as admin;
use proto::admin::v1::admin_service_client::AdminServiceClient;
use proto::exchange::v1 as wire;
use tests::collector::{Collector, attributes};
use tests::world::{PATIENCE, World, id, next, now, recall};
use tonic::Code;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// SPAN_KIND_INTERNAL and SPAN_KIND_SERVER of the OpenTelemetry protocol.
const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
/// STATUS_CODE_ERROR.
const ERROR: i32 = 2;
const WHO_AM_I: &str = "pyramid.exchange.v1.ExchangeService/WhoAmI";
const PUBLISH: &str = "pyramid.exchange.v1.ExchangeService/Publish";
const SUBSCRIBE: &str = "pyramid.exchange.v1.ExchangeService/Subscribe";

fn options(collector: Where) -> TracesOptions {
    TracesOptions { collector, sampled_percent: 100 }
}

/// Exports every trace of this process to an address of this machine.
fn export_to(address: SocketAddr) -> Exporting {
    let (clock, chance) = (Arc::new(SystemClock::new()), Arc::new(SystemChance::default()));
    let (listener, traces) = Traces::open(&options(Where::Here(address)), clock, chance).unwrap();
    tracing_subscriber::registry().with(listener.layer()).init();
    traces.start()
}

/// The first span of this name that has all of these attributes, once it has come.
async fn span(world: &World, collector: &Collector, name: &str, having: &[&str]) -> Span {
    let fits = |span: &Span| {
        let own = attributes(span);
        span.name == name && having.iter().all(|it| own.iter().any(|own| own == it))
    };
    let mut found = None;
    let what = format!("a span {name} with {having:?}");
    world
        .until(&what, async || {
            found = collector.spans().into_iter().find(fits);
            found.is_some()
        })
        .await;
    found.expect("it was found")
}

async fn who_am_i(node: &Connection) {
    node.exchange().await.unwrap().who_am_i(wire::WhoAmIRequest {}).await.unwrap();
}

/// Publishes one message and takes its delivery, and ends both streams.
async fn one_message(world: &World) {
    let mut owner = world.mailbox("gmp", "records", "stockport").await;
    let sender = world.publisher("hmpps-prisons", "records").await;
    let message = recall(id(), "A1234BC").addressee("gmp", "stockport");
    sender.publish(message.build().unwrap()).await.unwrap();
    next(&mut owner).await.acknowledge().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_reach_a_collector_and_cost_the_broker_nothing_without_one() {
    let collector = Collector::at(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let exporting = export_to(collector.address());
    let world = World::shipped().await;
    let node = world.node("gmp", "records").await;

    calls_are_told_with_caller_and_outcome(&world, &collector, &node).await;
    commits_reloads_and_failures_are_told(&world, &collector).await;
    for span in collector.spans() {
        assert!(span.parent_span_id.is_empty() && span.trace_state.is_empty(), "{}", span.name);
        assert!(span.links.is_empty() && span.events.is_empty(), "{}", span.name);
        assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{}", span.name);
    }
    let counts = exporting.counts();
    assert_eq!(counts.dropped.load(Ordering::Relaxed), 0, "nothing was lost so far");

    // The collector dies, and its connections with it.
    let address = collector.address();
    drop(collector);
    world
        .until("what nobody takes is counted", async || {
            who_am_i(&node).await;
            counts.dropped.load(Ordering::Relaxed) > 0
        })
        .await;
    tokio::time::timeout(PATIENCE, one_message(&world)).await.unwrap();

    // One that comes back is used again, without a word to the broker.
    let collector = Collector::at(address).await;
    world
        .until("spans come again", async || {
            who_am_i(&node).await;
            collector.spans().iter().any(|span| span.name == WHO_AM_I)
        })
        .await;

    // At the end what waits goes at once.
    let before = collector.spans().len();
    who_am_i(&node).await;
    tokio::time::timeout(Duration::from_secs(3), exporting.finish(Duration::from_secs(2)))
        .await
        .unwrap();
    assert!(collector.spans().len() > before, "the last span was exported");
}

async fn calls_are_told_with_caller_and_outcome(
    world: &World,
    collector: &Collector,
    node: &Connection,
) {
    who_am_i(node).await;
    let who = span(world, collector, WHO_AM_I, &["pyramid.agency=gmp"]).await;
    let expected = [
        "pyramid.agency=gmp",
        "pyramid.node=records",
        "rpc.grpc.status_code=0",
        "rpc.method=WhoAmI",
        "rpc.service=pyramid.exchange.v1.ExchangeService",
        "rpc.system=grpc",
    ];
    assert_eq!(attributes(&who), expected);
    assert_eq!((who.kind, who.status), (SERVER, None));

    // A node that calls what is for persons: turned away at the gate.
    let mut client = AdminServiceClient::new(node.channel().await.unwrap());
    let refused = client.get_status(admin::GetStatusRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let status = "pyramid.admin.v1.AdminService/GetStatus";
    let having = ["pyramid.agency=gmp", "pyramid.node=records", "rpc.grpc.status_code=7"];
    span(world, collector, status, &having).await;

    // A person's agency is told and no more.
    world.status().await;
    let having = ["pyramid.agency=pyramid-operations", "rpc.grpc.status_code=0"];
    let person = span(world, collector, status, &having).await;
    assert_eq!(attributes(&person).len(), 5, "no node: {:?}", attributes(&person));

    // A stream is one span, told when it ends.
    one_message(world).await;
    span(world, collector, PUBLISH, &["pyramid.agency=hmpps-prisons"]).await;
    span(world, collector, SUBSCRIBE, &["pyramid.agency=gmp"]).await;
}

async fn commits_reloads_and_failures_are_told(world: &World, collector: &Collector) {
    let commits = collector.spans().into_iter().filter(|span| span.name == "commit");
    let mut wrote = 0;
    for commit in commits {
        let told = attributes(&commit);
        let keys: Vec<_> = told.iter().filter_map(|it| Some(it.split_once('=')?.0)).collect();
        assert_eq!(keys, ["pyramid.entries", "pyramid.items"]);
        assert_eq!(commit.kind, INTERNAL);
        wrote += usize::from(!told.contains(&"pyramid.entries=0".to_owned()));
    }
    assert!(wrote > 0, "some commit added entries");

    let renewed = world.stage.authority().server(&["localhost"]).unwrap();
    write_credential(world.stage.folder(), "broker", &renewed).unwrap();
    let reload = span(world, collector, "reload", &[]).await;
    assert_eq!(attributes(&reload), ["pyramid.generation=2"]);

    std::fs::write(world.stage.folder().join("crls.pem"), "no list").unwrap();
    let having = ["pyramid.code=not_pem", "code.namespace=broker::listen::reload"];
    let failure = span(world, collector, "failure", &having).await;
    assert_eq!(failure.status.map(|status| status.code), Some(ERROR));
    world.stage.publish_crls().unwrap();
}

/// Commits that reach a collector over TLS, out of one, by a broker with these roots.
async fn reached_over_tls(collector: &Collector, roots: PathBuf) -> (u64, u64) {
    let port = collector.address().port();
    let there = Where::There { host: "localhost".into(), port, authorities: roots };
    let (clock, chance) = (Arc::new(SystemClock::new()), Arc::new(SystemChance::default()));
    let (listener, traces) = Traces::open(&options(there), clock, chance).unwrap();
    let subscriber = tracing_subscriber::registry().with(listener.layer());
    let guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    broker::spans::commit(1, 1, 1);
    drop(guard);
    let exporting = traces.start();
    let counts = exporting.counts();
    exporting.finish(PATIENCE).await;
    (counts.exported.load(Ordering::Relaxed), counts.dropped.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_collector_elsewhere_is_reached_over_tls_and_only_under_the_roots_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut authority = Authority::new(Options::new(TRUST_DOMAIN, now())).unwrap();
    let other = Authority::new(Options::new(TRUST_DOMAIN, now())).unwrap();
    std::fs::write(at("roots.pem"), authority.root_pem()).unwrap();
    std::fs::write(at("other-roots.pem"), other.root_pem()).unwrap();
    std::fs::write(at("empty.pem"), "").unwrap();
    let server = authority.server(&["localhost"]).unwrap();
    write_credential(folder.path(), "collector", &server).unwrap();
    let collector = Collector::behind_tls(&at("collector.pem"), &at("collector.key")).await;

    assert_eq!(reached_over_tls(&collector, at("other-roots.pem")).await, (0, 1));
    assert!(collector.octets().is_empty(), "who does not prove its name is sent nothing");
    assert_eq!(reached_over_tls(&collector, at("roots.pem")).await, (1, 0));
    let spans = collector.spans();
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["commit"]);

    for file in ["empty.pem", "absent.pem", "collector.key"] {
        let there = Where::There { host: "localhost".into(), port: 1, authorities: at(file) };
        let (clock, chance) = (Arc::new(SystemClock::new()), Arc::new(SystemChance::default()));
        assert!(Traces::open(&options(there), clock, chance).is_err(), "{file}");
    }
}
