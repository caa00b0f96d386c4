//! Days of a flag: its review was not held, somebody on it is in custody for two years, or turns 18. Its
//! owner is told once, on the day, and nothing that it was not given or has not said itself.
//!
//! Everybody here is invented.

use agency_client::cli::briefing::read;
use agency_client::compose::{self, FlagChange, Person};
use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::FlagAction::{Amend, Propose, Raise, Suspend, Transfer};
use proto::exchange::v1::released_message::Kind;
use tests::world::{FLAG_GROUNDS, RELEASE_GROUNDS, adult, id, next};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::town::{Told, Town, words};

/// A Tuesday.
const BEGINS: OffsetDateTime = datetime!(2026-12-01 09:00 UTC);
const NOMS: &str = "A9431AA";
const WIRRAL: &str = "merseyside-police";
/// So far ahead that no review is due in any of these.
const FAR: &str = "2040-01-01";
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";

async fn town() -> Town {
    let mut town = Town::begin(&Script::in_force(BEGINS).unwrap(), BEGINS).await;
    town.tend().await;
    assert_eq!(town.told(), []);
    town
}

/// An agency does something to its flag on somebody.
async fn flags(
    town: &Town,
    agency: &str,
    person: Person,
    action: wire::FlagAction,
    (owner, review): (Option<(&str, &str)>, &str),
) -> Uuid {
    let (message, panel) = (id(), matches!(action, Raise | Transfer).then(id));
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: owner.map(|(agency, desk)| (agency.to_owned(), desk.to_owned())),
        review_date: review.to_owned(),
        panel_decision: panel,
    };
    let draft = compose::flag(message, FLAG_GROUNDS, person, change);
    town.publisher(agency).await.publish(draft.build().unwrap()).await.unwrap();
    message
}

/// Prisons tell what happened to somebody; to whoever has a stake and to nobody by name.
async fn custody(
    town: &Town,
    event: wire::CustodyEvent,
    at: OffsetDateTime,
    settles: Option<Uuid>,
) -> Uuid {
    let message = id();
    let certainty = wire::CustodyCertainty::Confirmed;
    let news = compose::CustodyNews {
        event,
        certainty,
        prison: "FBI".to_owned(),
        occurred_at: at,
        movement_reason: String::new(),
        settles,
    };
    let draft = compose::custody(message, RELEASE_GROUNDS, adult(NOMS, "Invented Long"), news);
    town.publisher("hmpps-prisons").await.publish(draft.build().unwrap()).await.unwrap();
    message
}

/// Wirral takes what waits there, which is so much.
async fn wirral_takes(town: &Town, deliveries: usize) -> Vec<wire::ReleasedMessage> {
    let mut mailbox = town.mailbox(WIRRAL, "wirral").await;
    let mut taken = Vec::new();
    for _ in 0..deliveries {
        let given = next(&mut mailbox).await;
        given.acknowledge().await.unwrap();
        taken.push(given.message);
    }
    taken
}

fn told(what: &str) -> Vec<Told> {
    words(&[(what, "merseyside-police/wirral")])
}

fn task(message: &wire::ReleasedMessage) -> &wire::Task {
    let Some(Kind::Task(task)) = &message.kind else { panic!("a task") };
    task
}

fn somebody() -> Person {
    adult(NOMS, "Invented Long")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_not_held_is_told_to_the_owner_once_and_on_the_day_after_it() {
    let mut town = town().await;
    flags(&town, WIRRAL, somebody(), Raise, (None, "2026-12-15")).await;
    town.until(datetime!(2026-12-15 23:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2026-12-16 00:00 UTC)).await;
    assert_eq!(town.told(), told("review_overdue"));
    // It is one flag, however it is changed, and one review until another day is set for it.
    flags(&town, WIRRAL, somebody(), Suspend, (None, "")).await;
    town.stop().await;
    town.start().await;
    town.until(datetime!(2027-01-02 10:00 UTC)).await;
    assert_eq!(town.told(), []);
    // In summer a day begins an hour earlier than by UTC.
    flags(&town, WIRRAL, somebody(), Amend, (None, "2027-04-10")).await;
    town.until(datetime!(2027-04-10 22:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2027-04-10 23:00 UTC)).await;
    assert_eq!(town.told(), told("review_overdue"));
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_names_the_message_the_day_and_nobody_and_stands_in_the_briefing() {
    let mut town = town().await;
    let raised = flags(&town, WIRRAL, somebody(), Raise, (None, "2026-12-15")).await;
    flags(&town, "gmp", somebody(), Propose, (None, "2026-12-15")).await;
    town.until(datetime!(2026-12-16 08:00 UTC)).await;
    assert_eq!(town.told(), told("review_overdue"), "nothing is due of what is only proposed");
    // Beside it lies the news of Stockport's proposal.
    let taken = wirral_takes(&town, 2).await;
    let is_task = |one: &&wire::ReleasedMessage| matches!(one.kind, Some(Kind::Task(_)));
    let overdue = taken.iter().find(is_task).unwrap();
    assert!(overdue.subjects.is_empty() && overdue.statements.is_empty());
    assert_eq!(task(overdue).message_id, raised.to_string());
    assert_eq!(task(overdue).due.unwrap().seconds, 1_797_292_800, "15 December 2026, 00:00");
    let request = wire::ReadWorklistRequest {
        desk: "wirral".to_owned(),
        acting_person: OFFICER.to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        since: Some(compose::timestamp(datetime!(2026-12-15 08:00 UTC))),
        ..wire::ReadWorklistRequest::default()
    };
    let worklist = read(&town.node(WIRRAL, "records").await, request).await.unwrap();
    let reasons: Vec<Vec<_>> = worklist.items.iter().map(|item| item.reasons().collect()).collect();
    use wire::WorklistReason::{Flag, Match, New};
    assert_eq!(reasons, [[New, Match], [New, Flag]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_in_custody_are_told_to_whoever_was_given_that_and_to_no_other_owner() {
    let mut town = town().await;
    flags(&town, WIRRAL, somebody(), Raise, (None, FAR)).await;
    custody(&town, wire::CustodyEvent::Reception, datetime!(2026-12-01 08:00 UTC), None).await;
    let taken = wirral_takes(&town, 1).await;
    assert!(matches!(taken.first().unwrap().kind, Some(Kind::Custody(_))));
    // When the news has run out, Stockport puts the same person on its own list: it is not told.
    town.until(datetime!(2027-12-15 09:00 UTC)).await;
    flags(&town, "gmp", somebody(), Raise, (Some(("gmp", "stockport")), FAR)).await;
    town.until(datetime!(2028-11-30 23:59 UTC)).await;
    assert_eq!(town.advised(), []);
    town.until(datetime!(2028-12-01 00:00 UTC)).await;
    assert_eq!(town.advised(), told("long_in_custody"));
    town.stop().await;
    town.start().await;
    town.until(datetime!(2029-06-01 09:00 UTC)).await;
    assert_eq!(town.advised(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn custody_counts_from_its_last_beginning_and_from_nothing_that_was_taken_back() {
    use wire::CustodyEvent::{Reception, Release};
    let mut town = town().await;
    flags(&town, WIRRAL, somebody(), Raise, (None, FAR)).await;
    custody(&town, Reception, datetime!(2026-12-01 08:00 UTC), None).await;
    wirral_takes(&town, 1).await;
    town.until(datetime!(2026-12-10 09:00 UTC)).await;
    custody(&town, Release, datetime!(2026-12-10 08:00 UTC), None).await;
    // The news, and the question where he went.
    wirral_takes(&town, 2).await;
    town.until(datetime!(2027-02-01 09:00 UTC)).await;
    let second = custody(&town, Reception, datetime!(2027-01-31 12:00 UTC), None).await;
    wirral_takes(&town, 1).await;
    // It was the day after.
    custody(&town, Reception, datetime!(2027-02-01 08:00 UTC), Some(second)).await;
    wirral_takes(&town, 1).await;
    town.until(datetime!(2029-01-31 23:59 UTC)).await;
    assert_eq!(town.advised(), []);
    town.until(datetime!(2029-02-01 00:00 UTC)).await;
    assert_eq!(town.advised(), told("long_in_custody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn custody_before_somebody_was_listed_counts_once_the_owner_is_given_its_news() {
    let mut town = town().await;
    custody(&town, wire::CustodyEvent::Reception, datetime!(2026-12-01 08:00 UTC), None).await;
    town.until(datetime!(2026-12-02 09:00 UTC)).await;
    flags(&town, WIRRAL, somebody(), Raise, (None, FAR)).await;
    wirral_takes(&town, 1).await;
    town.until(datetime!(2028-12-01 00:00 UTC)).await;
    assert_eq!(town.advised(), told("long_in_custody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_suspends_its_flag_is_told_by_its_own_word() {
    let mut town = town().await;
    flags(&town, WIRRAL, somebody(), Raise, (None, FAR)).await;
    flags(&town, WIRRAL, somebody(), Suspend, (None, "")).await;
    town.until(datetime!(2027-05-01 09:00 UTC)).await;
    flags(&town, WIRRAL, somebody(), Amend, (None, FAR)).await;
    town.until(datetime!(2028-11-30 23:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2028-12-01 00:00 UTC)).await;
    assert_eq!(town.told(), told("long_in_custody"));
}

/// Somebody who turns 18 on 15 January 2027.
fn child() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Noms, NOMS)
        .name("Invented Young")
        .birth_date("2009-01-15")
        .limited_access(wire::LimitedAccess::No)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eighteenth_birthday_is_told_four_weeks_ahead_to_whoever_gave_the_birth_date() {
    let mut town = town().await;
    flags(&town, WIRRAL, child(), Raise, (None, FAR)).await;
    town.until(datetime!(2026-12-17 23:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2026-12-18 00:00 UTC)).await;
    assert_eq!(town.told(), told("turning_adult"));
    let taken = wirral_takes(&town, 1).await;
    let due = task(taken.first().unwrap()).due.unwrap();
    assert_eq!(due.seconds, 1_799_971_200, "15 January 2027, 00:00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birthday_is_not_told_to_an_agency_that_took_a_flag_over_and_never_gave_it() {
    let mut town = town().await;
    flags(&town, "gmp", child(), Raise, (Some(("gmp", "stockport")), FAR)).await;
    flags(&town, "gmp", child(), Transfer, (Some((WIRRAL, "wirral")), "")).await;
    let taken = wirral_takes(&town, 1).await;
    assert!(matches!(taken.first().unwrap().kind, Some(Kind::Flag(_))));
    town.until(datetime!(2027-01-10 09:00 UTC)).await;
    assert_eq!(town.told(), []);
    // From its own first word on it is told.
    flags(&town, WIRRAL, child(), Amend, (None, FAR)).await;
    town.tend().await;
    assert_eq!(town.told(), told("turning_adult"));
}
