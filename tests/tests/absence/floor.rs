//! How soon an answer may come: never before the floor, whatever there was to record or find.
//!
//! Owns: the lower bound, with a floor far above what a commit or a look-up takes here. A lower
//! bound holds on a slow machine too, so that nothing here depends on how busy it is.
//! Deliberately does not know: how long answers take above the floor.

use std::time::{Duration, Instant};

use agency_client::compose::Draft;
use broker::app::App;
use broker::config::Config;
use proto::exchange::v1 as wire;
use tests::world::{World, id};
use uuid::Uuid;

use crate::answers::track;
use crate::{PRISONS, UNKNOWN, cases, person, release, watched_world};

/// Set in the broker's configuration.
const FLOOR: Duration = Duration::from_millis(300);

/// The watched world once its operator has raised the floor. Also the id of the flag's message.
async fn floored_world() -> (World, Uuid) {
    let (mut world, flag) = watched_world().await;
    world.stop().await;
    let path = world.stage.folder().join("broker.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let floored = text.replace("[ledger]\n", "[ledger]\nanswer_floor_millis = 300\n");
    std::fs::write(&path, floored).unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config.ledger.answer_floor, FLOOR, "the setting is read");
    world.app = Some(App::start(config).await.unwrap());
    (world, flag)
}

fn built(draft: Draft) -> wire::Message {
    draft.build().unwrap()
}

fn assert_floor(asked: Instant, name: &str) {
    let took = asked.elapsed();
    assert!(took >= FLOOR, "{name}: answered after {took:?}");
}

#[tokio::test]
async fn no_publish_is_answered_before_the_floor_however_soon_it_is_recorded() {
    let (world, _) = floored_world().await;
    let prisons = world.publisher(PRISONS, "records").await;
    // The first opens the stream, which is a call of its own and has a floor of its own.
    let first = built(release(person(UNKNOWN)));
    prisons.publish(first.clone()).await.unwrap();
    for (name, _, draft) in cases() {
        let message = built(draft);
        let asked = Instant::now();
        prisons.publish(message).await.unwrap();
        assert_floor(asked, name);
    }
    let asked = Instant::now();
    assert!(prisons.publish(first).await.unwrap().repeated_submission);
    assert_floor(asked, "recorded long ago");
}

#[tokio::test]
async fn no_question_is_answered_before_the_floor_whatever_there_was_to_find() {
    let (world, flag) = floored_world().await;
    let named = built(release(person(UNKNOWN)).addressee("gmp", "stockport"));
    let named_id = Uuid::try_parse(&named.message_id).unwrap();
    world.publisher(PRISONS, "records").await.publish(named).await.unwrap();
    let prisons = world.node(PRISONS, "records").await;
    let questions = [
        ("an outcome to tell", named_id, 1),
        ("another agency's message", flag, 0),
        ("never published", id(), 0),
    ];
    for (name, message, outcomes) in questions {
        let asked = Instant::now();
        let told = track(&prisons, message).await;
        assert_floor(asked, name);
        assert_eq!(told.outcomes.len(), outcomes, "{name}");
    }
}
