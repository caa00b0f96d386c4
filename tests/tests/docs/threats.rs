//! What docs/threats.md says of two recipients side by side, and of an auditor's look: rules
//! that no file by their subject holds.

use agency_client::Incoming;
use demo::stage::BROKER_AUDITOR;
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use tests::world::{World, id, next, recall};

use crate::messages::sample;

const HOUR: i64 = 3_600;

/// Whether a time is a whole hour.
fn is_the_hour(time: Option<&prost_types::Timestamp>) -> bool {
    time.is_some_and(|time| time.seconds % HOUR == 0 && time.nanos == 0)
}

#[tokio::test]
async fn intelligence_and_its_withdrawal_tell_the_hour_and_neither_desk_nor_case() {
    let world = World::shipped().await;
    let mut bureau = world.mailbox("merseyside-police", "intelligence", "force-intelligence").await;
    let sender = world.publisher("gmp", "intelligence").await;
    let mut intelligence = sample("intelligence");
    intelligence.correlation_id = id().to_string();
    let withdrawal = wire::Message {
        message_id: id().to_string(),
        statements: Vec::new(),
        kind: Some(wire::message::Kind::Correction(wire::Correction {
            message_id: intelligence.message_id.clone(),
            ..wire::Correction::default()
        })),
        ..intelligence.clone()
    };
    let mut moments = Vec::new();
    for message in [intelligence, withdrawal] {
        let accepted = sender.publish(message).await.unwrap();
        moments.push(accepted.accepted_at);
        let came = next(&mut bureau).await;
        let told = &came.message;
        assert!(is_the_hour(told.accepted_at.as_ref()), "{:?}", told.accepted_at);
        assert!(told.delete_by.is_none() || is_the_hour(told.delete_by.as_ref()));
        assert_eq!((&*told.sending_desk, &*told.correlation_id), ("", ""));
        came.acknowledge().await.unwrap();
    }
    assert!(moments.iter().any(|at| !is_the_hour(at.as_ref())), "the sender is told the moment");
}

#[tokio::test]
async fn two_recipients_of_other_news_can_join_it_by_its_moment_and_its_case() {
    let world = World::shipped().await;
    let mut one = world.mailbox("gmp", "records", "stockport").await;
    let mut other = world.mailbox("merseyside-police", "records", "wirral").await;
    let case = id();
    let message = recall(id(), "A9701AA")
        .addressee("gmp", "stockport")
        .addressee("merseyside-police", "wirral")
        .correlation(case)
        .build()
        .unwrap();
    let sender = world.publisher("hmpps-prisons", "records").await;
    sender.publish(message).await.unwrap();
    let (one, other) = (next(&mut one).await, next(&mut other).await);
    assert!(!is_the_hour(one.message.accepted_at.as_ref()), "to the moment");
    // What is released at once tells when it came, and what waited when it was committed: moments
    // that lie as close together as no other message's.
    let second = |told: &Incoming| told.message.accepted_at.unwrap().seconds;
    assert!(second(&one).abs_diff(second(&other)) <= 1);
    for told in [one, other] {
        assert_eq!(told.message.correlation_id, case.to_string());
    }
}

#[tokio::test]
async fn a_look_of_an_auditor_is_an_entry_by_the_time_it_is_answered() {
    let world = World::shipped().await;
    let auditor = world.person(BROKER_AUDITOR).await;
    assert!(world.records("consultation").is_empty());
    let request = audit::ListDisclosuresRequest {
        reason: "an invented look".to_owned(),
        ..audit::ListDisclosuresRequest::default()
    };
    auditor.audit().await.unwrap().list_disclosures(request).await.unwrap();
    let looks = world.records("consultation");
    let told: Vec<_> = looks.iter().map(|look| (&look["party"], &look["call"])).collect();
    assert_eq!(told, [(&"gmp".into(), &"list-disclosures".into())]);
}
