//! What does not arrive, and what the sender hears of it.

use agency_client::compose;
use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::released_message::Kind;
use tests::world::{RELEASE_GROUNDS, adult, id, next, nothing};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::town::{Town, words};

const MORNING: OffsetDateTime = datetime!(2026-12-02 08:00 UTC);

const NOMS: &str = "A9426AA";

/// News of a recall that is of use for an hour.
fn recalled(message: Uuid) -> compose::Draft {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Recall,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: MORNING,
        movement_reason: "24".to_owned(),
        settles: None,
    };
    compose::custody(message, RELEASE_GROUNDS, adult(NOMS, "Invented Recalled"), news)
        .expires_at(MORNING + time::Duration::HOUR)
}

async fn tracked(town: &Town, message: Uuid) -> Vec<(String, OutcomeState)> {
    let mut client = town.node("hmpps-prisons", "records").await.exchange().await.unwrap();
    let request = wire::TrackRequest { message_id: message.to_string() };
    let outcomes = client.track(request).await.unwrap().into_inner().outcomes;
    outcomes.into_iter().map(|row| (row.agency.clone(), row.state())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_out_is_told_to_its_sender_once_about_agencies_it_named() {
    let mut town = Town::begin(&Script::in_force(MORNING).unwrap(), MORNING).await;
    // Wirral's police are found by their flag, and are not named.
    town.flagged(NOMS).await;
    let message = id();
    // A housing association is refused such news.
    let sent = recalled(message).addressee("gmp", "stockport").addressee("loto-stockport", "");
    town.publisher("hmpps-prisons").await.publish(sent.build().unwrap()).await.unwrap();
    town.until(datetime!(2026-12-02 08:59 UTC)).await;
    assert_eq!(town.told(), []);
    town.until(datetime!(2026-12-02 09:01 UTC)).await;
    assert_eq!(town.told(), words(&[("not_delivered", "hmpps-prisons/movements")]));
    let of_named = [
        ("gmp".to_owned(), OutcomeState::Undelivered),
        ("loto-stockport".to_owned(), OutcomeState::NotShared),
    ];
    assert_eq!(tracked(&town, message).await, of_named);
    let mut movements = town.mailbox("hmpps-prisons", "movements").await;
    let told = next(&mut movements).await;
    let Some(Kind::Task(task)) = &told.message.kind else { panic!("a task") };
    assert_eq!((&*task.agency, task.message_id.clone()), ("gmp", message.to_string()));
    told.acknowledge().await.unwrap();
    drop(movements);
    town.stop().await;
    town.start().await;
    town.until(datetime!(2026-12-09 09:01 UTC)).await;
    assert_eq!(town.told(), []);
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_agency_that_is_refused_at_release_is_told_of_as_little_as_one_refused_at_once() {
    let mut town = Town::begin(&Script::in_force(MORNING).unwrap(), MORNING).await;
    // He is on a list when the news comes, and not any more when police fetch it.
    town.flagged(NOMS).await;
    let message = id();
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: MORNING,
        movement_reason: String::new(),
        settles: None,
    };
    let sent = compose::custody(message, RELEASE_GROUNDS, adult(NOMS, "Invented Listed"), news);
    let sent = sent.addressee("gmp", "stockport").expires_at(MORNING + time::Duration::HOUR);
    town.publisher("hmpps-prisons").await.publish(sent.build().unwrap()).await.unwrap();
    let wirral = town.publisher("merseyside-police").await;
    let off = tests::world::ppo_deselection(adult(NOMS, "Invented Flagged"));
    wirral.publish(off).await.unwrap();
    let mut stockport = town.mailbox("gmp", "stockport").await;
    nothing(&mut stockport).await;
    town.until(datetime!(2026-12-03 09:01 UTC)).await;
    assert_eq!(tracked(&town, message).await, [("gmp".to_owned(), OutcomeState::NotShared)]);
    assert_eq!(town.told(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_told_to_its_sender_once() {
    let mut town = Town::begin(&Script::in_force(MORNING).unwrap(), MORNING).await;
    let message = id();
    let news = recalled(message).addressee("gmp", "stockport");
    let news = news.expires_at(MORNING + time::Duration::days(20));
    town.publisher("hmpps-prisons").await.publish(news.build().unwrap()).await.unwrap();
    let mut stockport = town.mailbox("gmp", "stockport").await;
    for _ in 0..8 {
        next(&mut stockport).await.refuse(std::time::Duration::ZERO).await.unwrap();
        town.clock.advance(std::time::Duration::from_secs(301));
    }
    town.tend().await;
    assert_eq!(town.told(), words(&[("not_delivered", "hmpps-prisons/movements")]));
    town.until(datetime!(2026-12-20 09:01 UTC)).await;
    assert_eq!(town.advised(), []);
    town.sound().await;
}
