//! An immediate message that nobody opens.

use agency_client::compose;
use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{RELEASE_GROUNDS, adult, id, next, nothing};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::town::{GMP, STOCKPORT, Town, with, words};

/// A Wednesday at two in the night.
const TWO: OffsetDateTime = datetime!(2026-12-02 02:00 UTC);

const NOMS: &str = "A9425AA";

fn script() -> Script {
    let script = Script::in_force(TWO).unwrap();
    let script = with(script, STOCKPORT, "duty_contact = \"duty@gmp.example\"");
    with(script, GMP, "lead_contact = \"lead@gmp.example\"")
}

/// He is recalled to prison: police who are named hear of it at once.
fn recalled(message: Uuid) -> compose::Draft {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Recall,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: TWO,
        movement_reason: "24".to_owned(),
        settles: None,
    };
    compose::custody(message, RELEASE_GROUNDS, adult(NOMS, "Invented Recalled"), news).immediate()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_nobody_opens_the_sender_hears_about_whom_it_named_and_each_desk_of_its_own() {
    let mut town = Town::begin(&script(), TWO).await;
    town.flagged(NOMS).await;
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let message = id();
    let sent = recalled(message).addressee("gmp", "stockport").build().unwrap();
    town.publisher("hmpps-prisons").await.publish(sent).await.unwrap();
    let given = next(&mut stockport).await;
    given.acknowledge().await.unwrap();
    town.until(datetime!(2026-12-02 02:14 UTC)).await;
    assert_eq!(town.told(), []);

    // The flag's owner was found by routing: the sender hears of gmp alone. A receipt of its system
    // opens nothing.
    town.until(datetime!(2026-12-02 02:16 UTC)).await;
    assert_eq!(town.told(), words(&[("not_opened", "hmpps-prisons/movements")]));
    let mut movements = town.mailbox("hmpps-prisons", "movements").await;
    let told = next(&mut movements).await;
    let Some(Kind::Task(task)) = &told.message.kind else { panic!("a task") };
    assert_eq!((&*task.agency, task.message_id.clone()), ("gmp", message.to_string()));
    assert_eq!(told.message.urgency(), wire::Urgency::Immediate);
    told.acknowledge().await.unwrap();
    nothing(&mut movements).await;

    // Each desk is rung, named or not: it is its own.
    town.until(datetime!(2026-12-02 02:46 UTC)).await;
    let duty = [
        ("immediate-unread", "duty_officer gmp stockport"),
        ("immediate-unread", "duty_officer merseyside-police wirral"),
    ];
    assert_eq!(town.told(), words(&duty));
    town.opens("gmp", "stockport", &given.delivery.release_id).await;
    drop((stockport, movements));
    town.stop().await;
    town.start().await;
    town.until(datetime!(2026-12-02 09:00 UTC)).await;
    assert_eq!(town.told(), words(&[("immediate-unread", "agency_lead merseyside-police wirral")]));
    town.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_opens_in_time_is_told_to_nobody() {
    let mut town = Town::begin(&script(), TWO).await;
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let sent = recalled(id()).addressee("gmp", "stockport").build().unwrap();
    town.publisher("hmpps-prisons").await.publish(sent).await.unwrap();
    let given = next(&mut stockport).await;
    town.opens("gmp", "stockport", &given.delivery.release_id).await;
    town.until(datetime!(2026-12-02 09:00 UTC)).await;
    assert_eq!(town.told(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_desk_that_may_not_have_it_any_more_rings_nobody_there() {
    let mut town = Town::begin(&script(), TWO).await;
    // Nobody has fetched it; then the agency is suspended.
    let sent = recalled(id()).addressee("gmp", "stockport").build().unwrap();
    town.publisher("hmpps-prisons").await.publish(sent).await.unwrap();
    town.suspend("gmp").await;
    town.until(datetime!(2026-12-02 09:00 UTC)).await;
    // As `track` has it: it waits.
    assert_eq!(town.told(), words(&[("not_opened", "hmpps-prisons/movements")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_fetched_rings_whoever_may_have_it() {
    let mut town = Town::begin(&script(), TWO).await;
    let sent = recalled(id()).addressee("gmp", "stockport").build().unwrap();
    town.publisher("hmpps-prisons").await.publish(sent).await.unwrap();
    town.until(datetime!(2026-12-02 02:46 UTC)).await;
    let told = [
        ("immediate-unread", "duty_officer gmp stockport"),
        ("not_opened", "hmpps-prisons/movements"),
    ];
    assert_eq!(town.told(), words(&told));
}
