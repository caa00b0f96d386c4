//! Dates that lie ahead: whoever was told is reminded, and of the date that holds.

use demo::stage::{Script, Term};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{adult, id, next};
use time::OffsetDateTime;
use time::macros::{date, datetime};
use uuid::Uuid;

use crate::town::{STOCKPORT, Town, release_news, with, words};

/// A Tuesday.
const BEGINS: OffsetDateTime = datetime!(2026-12-01 09:00 UTC);

const NOMS: &str = "A9427AA";

fn script() -> Script {
    with(Script::in_force(BEGINS).unwrap(), STOCKPORT, "remind_working_days = 2")
}

fn custody(
    message: Uuid,
    certainty: wire::CustodyCertainty,
    at: OffsetDateTime,
    settles: Option<Uuid>,
) -> wire::Message {
    release_news(message, adult(NOMS, "Invented Expected"), certainty, at, settles)
        .area("E08000007", wire::AreaRole::Release)
        .build()
        .unwrap()
}

/// Sends it, and the desk acknowledges it: what it knows it by.
async fn told(town: &Town, message: wire::Message) -> Vec<u8> {
    let mut stockport = town.mailbox("gmp", "stockport").await;
    town.publisher("hmpps-prisons").await.publish(message).await.unwrap();
    let given = next(&mut stockport).await;
    given.acknowledge().await.unwrap();
    given.delivery.reference.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_is_reminded_once_of_the_date_that_holds() {
    use wire::CustodyCertainty::Provisional;
    let mut town = Town::begin(&script(), BEGINS).await;
    town.flagged(NOMS).await;
    let (first, second) = (id(), id());
    // A release on Tuesday 29 December; Monday is a bank holiday, and so is Friday.
    told(&town, custody(first, Provisional, datetime!(2026-12-29 09:00 UTC), None)).await;
    // It is put off to Friday 8 January, and to Monday 11 January by another of the first.
    let changed = custody(second, Provisional, datetime!(2027-01-08 09:00 UTC), Some(first));
    told(&town, changed).await;
    let again = custody(id(), Provisional, datetime!(2027-01-11 09:00 UTC), Some(first));
    let reference = told(&town, again).await;
    assert_eq!(town.advised(), []);
    town.until(datetime!(2027-01-07 07:59 UTC)).await;
    assert_eq!(town.advised(), []);
    town.until(datetime!(2027-01-07 08:00 UTC)).await;
    assert_eq!(town.advised(), words(&[("date_near", "gmp/stockport")]));
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let near = next(&mut stockport).await;
    assert_eq!(near.message.concerns, [reference]);
    let Some(Kind::Task(task)) = &near.message.kind else { panic!("a task") };
    assert_eq!(task.due.unwrap().seconds, 1_799_658_000, "11 January 2027, 09:00");
    near.acknowledge().await.unwrap();
    drop(stockport);
    town.stop().await;
    town.start().await;
    town.until(datetime!(2027-02-01 08:00 UTC)).await;
    assert_eq!(town.advised(), []);
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_may_have_the_news_no_more_is_not_reminded_of_its_date() {
    use wire::CustodyCertainty::Provisional;
    // Every agreement ends between the news and the day of the reminder.
    let mut script = script();
    let over = Term::around(BEGINS).ending(date!(2026 - 12 - 20));
    let agreements: Vec<String> = script.bundle.iter().map(|(path, _)| path.clone()).collect();
    for path in agreements.iter().filter(|path| path.starts_with("agreements/")) {
        script = script.with_term(path, over).unwrap();
    }
    let mut town = Town::begin(&script, BEGINS).await;
    town.flagged(NOMS).await;
    told(&town, custody(id(), Provisional, datetime!(2027-01-11 09:00 UTC), None)).await;
    town.until(datetime!(2027-01-07 08:00 UTC)).await;
    assert_eq!(town.advised(), []);
    // Where the rules are not of that day yet, it is looked at again in ten minutes.
    town.until(datetime!(2027-01-07 08:10 UTC)).await;
    assert_eq!(town.advised(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_date_that_is_taken_back_nobody_is_reminded() {
    use wire::CustodyCertainty::{Provisional, Withdrawn};
    let mut town = Town::begin(&script(), BEGINS).await;
    town.flagged(NOMS).await;
    let first = id();
    told(&town, custody(first, Provisional, datetime!(2026-12-18 09:00 UTC), None)).await;
    let back = custody(id(), Withdrawn, datetime!(2026-12-18 09:00 UTC), Some(first));
    told(&town, back).await;
    town.until(datetime!(2027-01-18 09:00 UTC)).await;
    assert_eq!(town.advised(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_of_a_release_reaches_whoever_was_told_of_the_one_before() {
    use wire::CustodyCertainty::{Confirmed, Provisional};
    let town = Town::begin(&script(), BEGINS).await;
    town.flagged(NOMS).await;
    let (first, second) = (id(), id());
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let prisons = town.publisher("hmpps-prisons").await;
    let date = datetime!(2026-12-02 08:00 UTC);
    prisons.publish(custody(first, Provisional, date, None)).await.unwrap();
    let given = next(&mut stockport).await;
    // From here on the sender neither names the desk nor gives a place: whoever was told is told.
    let bare = |message, certainty, settles| {
        let mut custody = custody(message, certainty, date, Some(settles));
        custody.addressees.clear();
        custody.areas.clear();
        custody
    };
    prisons.publish(bare(second, Confirmed, first)).await.unwrap();
    let confirmed = next(&mut stockport).await;
    assert_eq!(confirmed.delivery.settles_reference, given.delivery.reference);
    let mut error = bare(id(), Confirmed, second);
    let Some(wire::message::Kind::Custody(custody)) = &mut error.kind else { panic!("custody") };
    custody.set_event(wire::CustodyEvent::ReleasedInError);
    prisons.publish(error).await.unwrap();
    let in_error = next(&mut stockport).await;
    assert_eq!(in_error.delivery.settles_reference, confirmed.delivery.reference);
    let Some(Kind::Custody(custody)) = &in_error.message.kind else { panic!("custody") };
    assert_eq!(custody.event(), wire::CustodyEvent::ReleasedInError);
}
