//! The month's report of an area: what is told, to whom, and when.

use std::sync::Arc;
use std::time::Duration;

use agency_client::compose;
use broker::clock::SetClock;
use broker::ledger::fsck;
use broker::report::month::Month;
use broker::store::sqlite::SqliteRaw;
use demo::stage::BROKER_AUDITOR;
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation;
use proto::refusal::Refusal;
use tests::world::{FLAG_GROUNDS, RELEASE_GROUNDS, World, adult, id, next, review_date, shipped};
use time::OffsetDateTime;
use tonic_types::StatusExt as _;

const STOCKPORT: &str = "E08000007";
const WIRRAL: &str = "E08000015";
const POLICE: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000001");
const PROBATION: (&str, &str) =
    ("probation-greater-manchester", "00000004-0000-4000-8000-000000000001");

/// A person of the story (invented), by number.
fn person(number: u32) -> compose::Person {
    adult(&format!("A{:04}AA", 4_000 + number), &format!("Invented Counted {number}"))
}

/// Stockport's police put these persons on a list.
async fn select(world: &World, kind: wire::FlagKind, persons: std::ops::Range<u32>) {
    let police = world.publisher("gmp", "records").await;
    for number in persons {
        let draft =
            compose::flag_raise(id(), FLAG_GROUNDS, person(number), kind, &review_date(), id());
        police.publish(draft.build().unwrap()).await.unwrap();
    }
}

/// They are released to Stockport at this moment, and its police act on the news of so many.
async fn release(world: &World, at: OffsetDateTime, persons: std::ops::Range<u32>, acted: usize) {
    let prisons = world.publisher("hmpps-prisons", "records").await;
    let count = persons.len();
    for number in persons {
        let certainty = wire::CustodyCertainty::Confirmed;
        let news =
            compose::custody_release(id(), RELEASE_GROUNDS, person(number), certainty, "FBI", at)
                .area(STOCKPORT, wire::AreaRole::Release);
        prisons.publish(news.build().unwrap()).await.unwrap();
    }
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut release_ids = Vec::new();
    while release_ids.len() < count {
        let news = next(&mut stockport).await;
        if matches!(news.message.kind, Some(wire::released_message::Kind::Custody(_))) {
            release_ids.push(news.delivery.release_id.clone());
        }
        news.acknowledge().await.unwrap();
    }
    release_ids.truncate(acted);
    let mut client = world.node("gmp", "records").await.exchange().await.unwrap();
    let request = wire::AttestRequest {
        desk: "stockport".to_owned(),
        release_ids,
        attestation: Attestation::Acted.into(),
        acting_person: String::new(),
    };
    client.attest(request).await.unwrap();
}

/// Moves the clock to so many days after a month's start.
fn go_to(clock: &SetClock, month: Month, days: u64) {
    let ahead =
        month.start() + time::Duration::days(days as i64) - broker::clock::Clock::now(clock);
    clock.advance(Duration::try_from(ahead).expect("stories go forward"));
}

async fn ask(
    world: &World,
    person: (&str, &str),
    area: &str,
    month: Month,
) -> Result<audit::CohortReportResponse, tonic::Status> {
    let mut client = world.person(person).await.audit().await.unwrap();
    let request = audit::CohortReportRequest { area: area.to_owned(), month: month.to_string() };
    client.cohort_report(request).await.map(tonic::Response::into_inner)
}

fn refusal(answer: Result<audit::CohortReportResponse, tonic::Status>) -> (tonic::Code, String) {
    let refused = answer.unwrap_err();
    (refused.code(), refused.get_details_error_info().unwrap().reason)
}

fn code(refusal: Refusal) -> String {
    refusal.code().to_string()
}

fn rows(report: &audit::CohortReportResponse) -> Vec<(wire::FlagKind, u64, u64, u64)> {
    let rows = report.lists.iter();
    rows.map(|row| (row.list(), row.selected, row.deselected, row.caseload)).collect()
}

/// In the first month six come onto a list, in the second five more and three onto another; nine of
/// these are then released, and on the news of five of them police act at once.
async fn two_months() -> (World, Arc<SetClock>, [Month; 3]) {
    let (world, clock) = World::for_months(shipped()).await;
    let first = Month::of(tests::world::now()).next();
    let months = [first, first.next(), first.next().next()];
    go_to(&clock, months[0], 1);
    select(&world, wire::FlagKind::Ppo, 0..6).await;
    go_to(&clock, months[1], 2);
    select(&world, wire::FlagKind::Ppo, 6..11).await;
    select(&world, wire::FlagKind::Hcc, 0..3).await;
    let now = broker::clock::Clock::now(&*clock);
    release(&world, now, 0..9, 5).await;
    (world, clock, months)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_is_told_how_its_lists_moved_and_no_figure_under_five() {
    let (mut world, clock, months) = two_months().await;
    go_to(&clock, months[2], 0);
    let report = ask(&world, POLICE, STOCKPORT, months[1]).await.unwrap();
    assert_eq!(report.threshold, 5);
    // Three on another list: it looks like the lists with nobody on them.
    assert_eq!(rows(&report), [(wire::FlagKind::Ppo, 5, 0, 11)]);
    // Nine were told of, five acted on at once, of the other four nothing is said: the bands go.
    let contact = report.contact.clone().unwrap();
    assert_eq!((contact.total, contact.bands, contact.median), (Some(9), vec![], Some(0)));
    assert_eq!(report.gaps, Some(audit::Spread::default()));
    let link = report.links.iter().find(|link| link.sender == "hmpps-prisons").unwrap();
    let received = link.received.clone().unwrap();
    assert_eq!(link.recipient, "gmp");
    assert_eq!((received.total, received.bands), (Some(9), vec![9, 0, 0, 0]));
    assert_eq!(link.dead_letters, Some(0));

    // From none to six: to tell of the six would be to tell of the month before.
    let before = ask(&world, POLICE, STOCKPORT, months[0]).await.unwrap();
    assert_eq!(rows(&before), []);
    world.stop().await;
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, None).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_has_not_ended_is_reported_to_nobody() {
    let (world, clock, months) = two_months().await;
    let refused = (tonic::Code::FailedPrecondition, code(Refusal::MonthNotEnded));
    for month in [months[1], months[2]] {
        assert_eq!(refusal(ask(&world, POLICE, STOCKPORT, month).await), refused);
        assert_eq!(refusal(ask(&world, BROKER_AUDITOR, STOCKPORT, month).await), refused);
    }
    go_to(&clock, months[2], 0);
    assert!(ask(&world, POLICE, STOCKPORT, months[1]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_the_same_and_later_no_other() {
    let (world, clock, months) = two_months().await;
    go_to(&clock, months[2], 0);
    let first = ask(&world, POLICE, STOCKPORT, months[1]).await.unwrap();
    let probation = ask(&world, PROBATION, STOCKPORT, months[1]).await.unwrap();
    assert_eq!(first.lists, probation.lists);
    assert_eq!((&first.contact, &first.gaps), (&probation.contact, &probation.gaps));
    // Desks change areas; a second report of the month would tell what this one moved with it.
    let directory = shipped().directory;
    let wider = directory.replacen("areas = [\"E08000007\"]", "areas = [\"E08000003\"]", 1);
    assert_ne!(directory, wider);
    tests::operator::apply_directory(&world, &wider).await;
    let again = ask(&world, PROBATION, STOCKPORT, months[1]).await.unwrap();
    assert_eq!(again, probation);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_is_reported_to_those_who_serve_it_and_links_to_those_who_receive() {
    let (world, clock, months) = two_months().await;
    go_to(&clock, months[2], 0);
    let not_served = (tonic::Code::NotFound, code(Refusal::AreaNotServed));
    for area in [WIRRAL, "no-such-area"] {
        assert_eq!(refusal(ask(&world, POLICE, area, months[1]).await), not_served);
    }
    let malformed = refusal(ask(&world, POLICE, "=cmd()", months[1]).await);
    assert_eq!(malformed, (tonic::Code::InvalidArgument, code(Refusal::InvalidRequest)));
    let police = ask(&world, POLICE, STOCKPORT, months[1]).await.unwrap();
    assert!(police.links.iter().all(|link| link.recipient == "gmp"));
    let probation = ask(&world, PROBATION, STOCKPORT, months[1]).await.unwrap();
    assert!(probation.links.iter().all(|link| link.recipient == PROBATION.0));
    // The broker-wide auditor sees whether links work, wherever, and no area's lists.
    let broker = ask(&world, BROKER_AUDITOR, STOCKPORT, months[1]).await.unwrap();
    assert_eq!((broker.lists.len(), &broker.contact, &broker.gaps), (0, &None, &None));
    assert!(broker.links.iter().any(|link| link.recipient == "gmp"));
    let refused = refusal(ask(&world, BROKER_AUDITOR, "no-such-area", months[1]).await);
    assert_eq!(refused, not_served);
    // Each look is on record, whatever was answered; what could not be read is no look.
    let looks = world.records("consultation");
    let looks = looks.iter().filter(|record| record["call"] == "cohort-report");
    assert_eq!(looks.count(), 6);
}
