//! What a recipient owes and has not done: its duty officer is told, then the lead of its agency,
//! each once, and nobody once it is done.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::compose;
use broker::app::App;
use broker::clock::SetClock;
use broker::config::Config;
use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation;
use tests::world::{RELEASE_GROUNDS, World, adult, id, next, now, ppo_flag, shipped};

use crate::office::certificates;
use crate::parts;
use crate::relay::{Mode, Relay};

const NOMS: &str = "A9422AA";
const HOUR: Duration = Duration::from_secs(3_600);

/// The shipped directory, with people to be told at the desk and at its agency.
fn with_contacts() -> Script {
    let mut script = shipped();
    let desk = "duty_route = \"0161 496 0101\"";
    let told = format!("{desk}\nduty_contact = \"duty@gmp.example\"");
    assert_eq!(script.directory.matches(desk).count(), 1, "one desk has this telephone");
    script.directory = script.directory.replacen(desk, &told, 1);
    let agency = "name = \"Greater Manchester Police\"\n";
    let led = format!("{agency}lead_contact = \"lead@gmp.example\"\n");
    script.directory = script.directory.replacen(agency, &led, 1);
    script
}

/// Starts the broker again, with a relay for its letters.
pub(crate) async fn telling(world: &mut World, clock: &Arc<SetClock>, relay: &Relay) {
    world.stop().await;
    let path = world.stage.folder().join("broker.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let notify = format!(
        "\n[notify]\noperators = [\"duty@operations.example\"]\n\
         smtp_host = \"localhost\"\nsmtp_port = {}\nsmtp_authorities = \"servers/good.roots\"\n\
         sender = \"broker@pyramid.example\"\n",
        relay.port
    );
    std::fs::write(&path, text + &notify).unwrap();
    again(world, clock, &path).await;
}

pub(crate) async fn again(world: &mut World, clock: &Arc<SetClock>, path: &Path) {
    let config = Config::load(path).unwrap();
    world.app = Some(App::start_with(config, Arc::<SetClock>::clone(clock)).await.unwrap());
}

pub(crate) async fn left(world: &World, letters: u64) {
    let counts = world.app.as_ref().unwrap().people().notices.counts().unwrap();
    world.until("letters leave", async || counts.left.load(Ordering::Relaxed) == letters).await;
}

/// Whom a letter went to, and what its subject says.
pub(crate) fn to(letter: &serde_json::Value) -> (String, String) {
    let (head, text) = parts(letter);
    let subject = head.lines().find(|line| line.starts_with("Subject: ")).unwrap().to_owned();
    for personal in [NOMS, "Invented", "1988-04-12", "FBI"] {
        assert!(!head.contains(personal) && !text.contains(personal), "{personal}");
    }
    (letter.pointer("/to/0").and_then(serde_json::Value::as_str).unwrap().to_owned(), subject)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_nobody_confirms_goes_up_once_a_step_and_no_further_when_it_is_done() {
    let (mut world, clock) = World::on_clock(with_contacts()).await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = Relay::start(Mode::Starttls, 0, (&servers, "good"), false);
    telling(&mut world, &clock, &relay).await;
    // A man on Merseyside's list is released to Stockport: its police are to act within a day.
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult(NOMS, "Invented Overdue"))).await.unwrap();
    let release = compose::custody_release(
        id(),
        RELEASE_GROUNDS,
        adult(NOMS, "Invented Overdue"),
        wire::CustodyCertainty::Confirmed,
        "FBI",
        now(),
    )
    .addressee("gmp", "stockport");
    let prisons = world.publisher("hmpps-prisons", "records").await;
    prisons.publish(release.build().unwrap()).await.unwrap();
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let given = next(&mut stockport).await;
    given.acknowledge().await.expect("the receipt must be durable");

    // Twenty-five hours later it is an hour overdue: the desk could read it, and its duty officer
    // is told after half an hour. The desk that owns the flag has not fetched it: of what was
    // never given nobody is told by way of a deadline.
    clock.advance(25 * HOUR);
    left(&world, 1).await;
    let subject = "Subject: Pyramid: action-overdue (gmp/stockport)".to_owned();
    let first: Vec<_> = relay.letters(1).iter().map(to).collect();
    assert_eq!(first, [("duty@gmp.example".to_owned(), subject.clone())]);

    // A restart tells nobody twice; after two hours the lead of the agency is told.
    drop(stockport);
    world.stop().await;
    let path = world.stage.folder().join("broker.toml");
    again(&mut world, &clock, &path).await;
    clock.advance(2 * HOUR);
    left(&world, 1).await;
    let second: Vec<_> = relay.letters(1).iter().map(to).collect();
    assert_eq!(second, [("lead@gmp.example".to_owned(), subject)]);

    // It is done: whatever time passes, nobody is told of it again.
    let mut client = world.node("gmp", "records").await.exchange().await.unwrap();
    let request = wire::AttestRequest {
        desk: "stockport".to_owned(),
        release_ids: vec![given.delivery.release_id.clone()],
        attestation: Attestation::Acted.into(),
        acting_person: String::new(),
    };
    assert_eq!(client.attest(request).await.unwrap().into_inner().recorded, 1);
    clock.advance(48 * HOUR);
    tokio::time::sleep(Duration::from_secs(6)).await;
    left(&world, 1).await;
}
