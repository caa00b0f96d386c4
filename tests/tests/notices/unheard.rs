//! An immediate message that nobody may have: failing closed must not fall on a victim.
//!
//! With a whole broker, from the publish to the telephone of whoever runs it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;

use broker::app::App;
use broker::config::Config;
use proto::exchange::v1::publish_result::Outcome;
use tests::world::{World, id, recall};

use crate::office::{KEY, certificates};
use crate::parts;
use crate::receiver::Receiver;
use crate::relay::{Mode, Relay};

const NOMS: &str = "A9421AA";
/// What a message about this person holds: `tests::world::adult` and [`recall`].
const PERSONAL: [&str; 5] = [NOMS, "Invented", "Recalled", "1988-04-12", "FBI"];

/// A broker that tells operators by both ways and has no rule in force: it refuses everything.
async fn telling(world: &mut World, relay: &Relay, receiver: &Receiver) {
    world.stop().await;
    let folder = world.stage.folder().to_owned();
    std::fs::write(folder.join("webhook.key"), hex::encode(KEY)).unwrap();
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.join("webhook.key"), owner_only).unwrap();
    let path = folder.join("broker.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let notify = format!(
        "\n[notify]\noperators = [\"duty@operations.example\"]\n\
         smtp_host = \"localhost\"\nsmtp_port = {}\nsmtp_authorities = \"servers/good.roots\"\n\
         sender = \"broker@pyramid.example\"\nwebhook_key = \"webhook.key\"\n\
         webhook_url = \"https://localhost:{}/operators\"\n\
         webhook_authorities = \"servers/good.roots\"\n",
        relay.port, receiver.port
    );
    std::fs::write(&path, text + &notify).unwrap();
    world.app = Some(App::start(Config::load(&path).unwrap()).await.unwrap());
}

/// Everything that can leave or lie in the open.
fn without_personal_data(what: &str, text: &str) {
    for word in PERSONAL {
        assert!(!text.contains(word), "{what}: {word}");
    }
}

fn started(folder: &Path) -> Relay {
    Relay::start(Mode::Starttls, 0, (folder, "good"), false)
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_by_both_ways_and_nothing_about_anybody_leaves() {
    let mut world = World::without_bundle().await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = started(&servers);
    let receiver = Receiver::start(0, (&servers, "good")).await;
    telling(&mut world, &relay, &receiver).await;
    let message = id();
    let sent = recall(message, NOMS).immediate().build().unwrap();
    let answers = world.frame("hmpps-prisons", "records", vec![sent.clone()]).await;
    assert!(matches!(answers[0].outcome, Some(Outcome::Accepted(_))), "it is on record");
    // The same again is the same message, and no other alarm.
    world.frame("hmpps-prisons", "records", vec![sent]).await;
    let counts = world.app.as_ref().unwrap().people().notices.counts().unwrap();
    world.until("the notice leaves", async || counts.left.load(Ordering::Relaxed) == 1).await;
    let (letters, came) = (relay.letters(1), receiver.came());
    assert_eq!((letters.len(), came.len()), (1, 1));
    let (head, text) = parts(&letters[0]);
    assert!(head.contains("Subject: Pyramid: immediate-unheard (hmpps-prisons/"), "{head}");
    assert!(text.contains(&format!("Reference: {message}")), "{text}");
    assert!(came[0].body.contains(&message.to_string()), "{}", came[0].body);
    without_personal_data("letter", &letters[0].to_string());
    without_personal_data("request", &came[0].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_holds_up_no_message_and_what_waits_names_nobody() {
    let mut world = World::without_bundle().await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = started(&servers);
    let receiver = Receiver::start(0, (&servers, "stranger")).await;
    telling(&mut world, &relay, &receiver).await;
    drop(relay);
    let messages: Vec<_> =
        (0..20).map(|_| recall(id(), NOMS).immediate().build().unwrap()).collect();
    let answers = world.frame("hmpps-prisons", "records", messages).await;
    assert_eq!(answers.len(), 20);
    let counts = world.app.as_ref().unwrap().people().notices.counts().unwrap();
    world.until("all wait", async || counts.waiting.load(Ordering::Relaxed) == 20).await;
    for file in std::fs::read_dir(world.stage.folder().join("notices")).unwrap() {
        let path = file.unwrap().path();
        without_personal_data("file", &std::fs::read_to_string(&path).unwrap());
        without_personal_data("name of a file", &path.file_name().unwrap().to_string_lossy());
    }
    assert!(receiver.came().is_empty());
}
