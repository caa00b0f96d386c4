//! A list that is expected by six does not come, or is short.

use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{RELEASE_GROUNDS, adult, id, next, nothing};
use time::OffsetDateTime;
use time::macros::datetime;

use agency_client::{PublishError, compose};

use crate::town::{GMP, STOCKPORT, Town, with, words};

/// A Tuesday.
const MIDNIGHT: OffsetDateTime = datetime!(2026-12-01 00:00 UTC);

/// A town where police wait for at least so much of the list.
async fn town(at_least: u32) -> Town {
    let script = Script::in_force(MIDNIGHT).unwrap();
    let script = with(script, STOCKPORT, "duty_contact = \"duty@gmp.example\"");
    let script = with(script, GMP, "lead_contact = \"lead@gmp.example\"");
    let town = Town::begin(&script, MIDNIGHT).await;
    town.tend().await;
    town.waits_for_a_list(&script, at_least).await;
    town
}

/// News of one person's release, on its way to nobody in particular.
fn release(certainty: wire::CustodyCertainty, settles: Option<uuid::Uuid>) -> wire::Message {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty,
        prison: "FBI".to_owned(),
        occurred_at: datetime!(2026-12-01 09:00 UTC),
        movement_reason: String::new(),
        settles,
    };
    let person = adult("A9424AA", "Invented Listed");
    compose::custody(id(), RELEASE_GROUNDS, person, news).build().unwrap()
}

fn task(message: &wire::ReleasedMessage) -> wire::Task {
    let Some(Kind::Task(task)) = &message.kind else { panic!("a task") };
    task.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_not_come_is_told_once_and_goes_up_until_somebody_opens_it() {
    let mut town = town(1).await;
    town.until(datetime!(2026-12-01 05:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2026-12-01 06:00 UTC)).await;
    let at_six = [("feed-silent", "operators"), ("feed_absent", "gmp/stockport")];
    assert_eq!(town.told(), words(&at_six));
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let told = next(&mut stockport).await;
    let (message, told_task) = (&told.message, task(&told.message));
    assert_eq!((&*message.sending_agency, message.subjects.len()), ("broker", 0));
    assert_eq!((&*told_task.agency, &*told_task.feed), ("hmpps-prisons", "release-list"));
    assert_eq!((told_task.due.unwrap().seconds, told_task.short), (1_796_104_800, false));
    told.acknowledge().await.unwrap();

    // Neither a look again nor a restart tells it again; half an hour later it goes up.
    town.tend().await;
    drop(stockport);
    town.stop().await;
    town.start().await;
    town.until(datetime!(2026-12-01 06:29 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2026-12-01 06:31 UTC)).await;
    assert_eq!(town.told(), words(&[("feed-silent", "duty_officer gmp stockport")]));
    town.opens("gmp", "stockport", &told.delivery.release_id).await;
    town.until(datetime!(2026-12-01 23:00 UTC)).await;
    assert_eq!(town.told(), []);
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_as_long_as_the_news_in_it_and_the_same_news_again_makes_it_no_longer() {
    let mut town = town(2).await;
    let prisons = town.publisher("hmpps-prisons").await;
    town.until(datetime!(2026-12-01 05:00 UTC)).await;
    let first = release(wire::CustodyCertainty::Provisional, None);
    let first_id = first.message_id.parse().unwrap();
    prisons.publish(first.clone()).await.unwrap();
    prisons.publish(first).await.unwrap();
    let certain = release(wire::CustodyCertainty::Confirmed, Some(first_id));
    prisons.publish(certain).await.unwrap();
    town.until(datetime!(2026-12-01 06:00 UTC)).await;
    let at_six = [("feed-short", "operators"), ("feed_absent", "gmp/stockport")];
    assert_eq!(town.told(), words(&at_six));
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let told = next(&mut stockport).await;
    assert!(task(&told.message).short);
    town.until(datetime!(2026-12-01 06:31 UTC)).await;
    assert_eq!(town.told(), words(&[("feed-short", "duty_officer gmp stockport")]));

    // Two of the next day are enough, and what came the day before is not of that day.
    town.until(datetime!(2026-12-02 05:00 UTC)).await;
    assert_eq!(town.told(), words(&[("feed-short", "agency_lead gmp stockport")]));
    for _ in 0..2 {
        prisons.publish(release(wire::CustodyCertainty::Provisional, None)).await.unwrap();
    }
    town.until(datetime!(2026-12-02 06:00 UTC)).await;
    assert_eq!(town.told(), []);
    town.sound().await;
}

/// A duty governor of the prisons (invented), by the id the directory gives.
const GOVERNOR: &str = "00000006-0000-4000-8000-000000000006";

/// That nobody stands on the list of a day.
fn nobody(day: OffsetDateTime) -> wire::Message {
    let governor = GOVERNOR.parse().unwrap();
    compose::nobody_released(id(), RELEASE_GROUNDS, day, governor).build().unwrap()
}

/// A list that is sent as empty is no list that did not come: for its day, and for no other.
#[tokio::test(flavor = "multi_thread")]
async fn that_nobody_is_released_is_said_by_a_person_and_answers_for_its_day() {
    let mut town = town(2).await;
    let prisons = town.publisher("hmpps-prisons").await;
    town.until(datetime!(2026-12-01 05:00 UTC)).await;
    let nil_return = nobody(datetime!(2026-12-01 00:00 UTC));
    prisons.publish(nil_return.clone()).await.unwrap();
    prisons.publish(nil_return).await.unwrap();
    town.until(datetime!(2026-12-01 06:31 UTC)).await;
    assert_eq!(town.told(), []);
    let mut stockport = town.mailbox("gmp", "stockport").await;
    nothing(&mut stockport).await;
    drop(stockport);

    // What is said in the evening of the day that ends says nothing of the next.
    town.until(datetime!(2026-12-01 19:00 UTC)).await;
    prisons.publish(nobody(datetime!(2026-12-01 00:00 UTC))).await.unwrap();
    prisons.publish(nobody(datetime!(2026-12-01 00:00 UTC))).await.unwrap();
    town.until(datetime!(2026-12-02 06:00 UTC)).await;
    let at_six = [("feed-silent", "operators"), ("feed_absent", "gmp/stockport")];
    assert_eq!(town.told(), words(&at_six));
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_nobody_is_released_does_not_stand_beside_a_name_and_not_after_it_was_taken_back() {
    let mut town = town(2).await;
    let prisons = town.publisher("hmpps-prisons").await;
    town.until(datetime!(2026-12-01 05:00 UTC)).await;
    prisons.publish(nobody(datetime!(2026-12-01 00:00 UTC))).await.unwrap();
    prisons.publish(release(wire::CustodyCertainty::Provisional, None)).await.unwrap();
    town.until(datetime!(2026-12-01 06:00 UTC)).await;
    let at_six = [("feed-short", "operators"), ("feed_absent", "gmp/stockport")];
    assert_eq!(town.told(), words(&at_six));

    town.until(datetime!(2026-12-02 05:00 UTC)).await;
    town.told();
    let said = nobody(datetime!(2026-12-02 00:00 UTC));
    prisons.publish(said.clone()).await.unwrap();
    let mut taken_back = nobody(datetime!(2026-12-02 00:00 UTC));
    if let Some(wire::message::Kind::Custody(custody)) = &mut taken_back.kind {
        custody.set_certainty(wire::CustodyCertainty::Withdrawn);
        custody.settles_message_id = said.message_id;
    }
    prisons.publish(taken_back).await.unwrap();
    town.until(datetime!(2026-12-02 06:00 UTC)).await;
    let at_six = [("feed-silent", "operators"), ("feed_absent", "gmp/stockport")];
    assert_eq!(town.told(), words(&at_six));
    town.sound().await;
}

/// A program that finds no file would say the same every morning.
#[tokio::test(flavor = "multi_thread")]
async fn that_nobody_is_released_is_not_taken_from_whom_the_directory_does_not_have() {
    let town = town(1).await;
    let prisons = town.publisher("hmpps-prisons").await;
    let polices = "00000001-0000-4000-8000-000000000001";
    for (person, rule) in [
        ("", "is required: who looked, and answers for it that the list names nobody"),
        (polices, "must be a person whom the directory has for your agency"),
        (
            "00000006-0000-4000-8000-00000000ffff",
            "must be a person whom the directory has for your agency",
        ),
    ] {
        let mut message = nobody(MIDNIGHT);
        message.acting_person = person.to_owned();
        let answer = prisons.publish(message).await;
        let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
        let faults: Vec<_> =
            refused.violations.iter().map(|one| (&*one.field, &*one.rule)).collect();
        assert_eq!(faults, [("acting_person", rule)], "{person}");
    }
}
