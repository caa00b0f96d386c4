//! What the broker itself told a desk stands in that desk's briefing and in nobody else's, as long as
//! what it is about.

use agency_client::cli::briefing::{Worklist, read};
use agency_client::compose;
use demo::stage::Script;
use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::WorklistReason;
use proto::exchange::v1::released_message::Kind;
use tests::world::{adult, id, next};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::town::{STOCKPORT, Town, release_news, with};

const MORNING: OffsetDateTime = datetime!(2026-12-02 08:00 UTC);
const NOMS: &str = "A9428AA";

fn custody(
    message: Uuid,
    certainty: wire::CustodyCertainty,
    at: OffsetDateTime,
    settles: Option<Uuid>,
) -> compose::Draft {
    release_news(message, adult(NOMS, "Invented Briefed"), certainty, at, settles)
}

async fn asks(town: &Town, agency: &str, desk: &str, numbers: &[&str]) -> Worklist {
    let of_number = |number: &&str| wire::Identifier {
        r#type: wire::IdentifierType::Noms.into(),
        value: (*number).to_owned(),
    };
    let request = wire::ReadWorklistRequest {
        desk: desk.to_owned(),
        acting_person: "00000001-0000-4000-8000-000000000001".to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        since: numbers.is_empty().then(|| compose::timestamp(MORNING)),
        identifiers: numbers.iter().map(of_number).collect(),
        ..wire::ReadWorklistRequest::default()
    };
    read(&town.node(agency, "records").await, request).await.unwrap()
}

/// The tasks that a worklist shows, with the reasons for which each stands there.
fn tasks(worklist: &Worklist) -> Vec<(wire::TaskKind, Vec<WorklistReason>)> {
    let shown = worklist.items.iter().map(|item| {
        (wire::ReleasedMessage::decode(item.body.clone()).unwrap(), item.reasons().collect())
    });
    shown
        .filter_map(|(message, reasons)| match message.kind {
            Some(Kind::Task(task)) => Some((task.task_kind(), reasons)),
            Some(_) | None => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_arrive_stands_in_its_senders_briefing_until_somebody_has_seen_to_it() {
    let mut town = Town::begin(&Script::in_force(MORNING).unwrap(), MORNING).await;
    town.flagged(NOMS).await;
    let news = custody(id(), wire::CustodyCertainty::Confirmed, MORNING, None);
    let news = news.expires_at(MORNING + time::Duration::HOUR).build().unwrap();
    town.publisher("hmpps-prisons").await.publish(news).await.unwrap();
    town.until(datetime!(2026-12-02 09:01 UTC)).await;
    let nothing = asks(&town, "hmpps-prisons", "movements", &[]).await;
    assert_eq!(tasks(&nothing), [], "what it has not fetched it does not read again");
    let mut movements = town.mailbox("hmpps-prisons", "movements").await;
    let told = next(&mut movements).await;
    told.acknowledge().await.unwrap();
    drop(movements);
    let briefing = asks(&town, "hmpps-prisons", "movements", &[]).await;
    let expected = vec![WorklistReason::New, WorklistReason::Match];
    assert_eq!(tasks(&briefing), [(wire::TaskKind::NotDelivered, expected)]);
    // It is about nobody, and nobody else was told.
    assert_eq!(tasks(&asks(&town, "hmpps-prisons", "movements", &[NOMS]).await), []);
    assert_eq!(tasks(&asks(&town, "hmpps-prisons", "manchester", &[]).await), []);
    assert_eq!(tasks(&asks(&town, "gmp", "stockport", &[]).await), []);
    town.acts("hmpps-prisons", "movements", &told.delivery.release_id).await;
    let briefing = asks(&town, "hmpps-prisons", "movements", &[]).await;
    let expected = vec![WorklistReason::New];
    assert_eq!(tasks(&briefing), [(wire::TaskKind::NotDelivered, expected)]);
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_goes_from_the_briefing_with_the_date_it_is_of() {
    use wire::CustodyCertainty::{Provisional, Withdrawn};
    let script = with(Script::in_force(MORNING).unwrap(), STOCKPORT, "remind_working_days = 2");
    let town = Town::begin(&script, MORNING).await;
    town.flagged(NOMS).await;
    let (first, date) = (id(), datetime!(2026-12-11 09:00 UTC));
    let prisons = town.publisher("hmpps-prisons").await;
    prisons.publish(custody(first, Provisional, date, None).build().unwrap()).await.unwrap();
    let mut stockport = town.mailbox("gmp", "stockport").await;
    next(&mut stockport).await.acknowledge().await.unwrap();
    town.until(datetime!(2026-12-09 08:01 UTC)).await;
    next(&mut stockport).await.acknowledge().await.unwrap();
    let briefing = asks(&town, "gmp", "stockport", &[]).await;
    let expected = vec![WorklistReason::New, WorklistReason::Match];
    assert_eq!(tasks(&briefing), [(wire::TaskKind::DateNear, expected)]);
    prisons.publish(custody(id(), Withdrawn, date, Some(first)).build().unwrap()).await.unwrap();
    next(&mut stockport).await.acknowledge().await.unwrap();
    assert_eq!(tasks(&asks(&town, "gmp", "stockport", &[]).await), []);
}
