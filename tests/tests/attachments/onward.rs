//! Documents go on to others only with the leave of whoever gave them.

use proto::exchange::v1 as wire;
use proto::exchange::v1::CorrectionAction;
use tests::world::{World, id, next};
use uuid::Uuid;

use crate::town::{
    CHAIR, POLICE, bytes, correction, for_agencies, meeting, minutes, put, refused, sound,
};

const POLICE_NODE: (&str, &str) = (POLICE.0, POLICE.1);
const REFUSED: u32 = 2013;

/// The chair gives police a document, with leave for some to send it on.
async fn give(world: &World, content: &[u8], onward: &[&str]) -> (Uuid, bool) {
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let mut document = minutes(for_agencies(&["gmp"]));
    document.onward = onward.iter().map(|agency| (*agency).to_owned()).collect();
    let section = put(world, CHAIR, content, &document).await.unwrap();
    let message = id();
    let sent = meeting(message).document(section).build().unwrap();
    world.publisher(CHAIR.0, CHAIR.1).await.publish(sent).await.unwrap();
    let came = next(&mut police).await;
    came.acknowledge().await.unwrap();
    let onward = came.message.sections[0].onward;
    (message, onward)
}

/// Police send a document on, to Merseyside's police.
async fn send_on(world: &World, content: &[u8], onward: &[&str]) -> wire::Message {
    let mut document = minutes(for_agencies(&["merseyside-police"]));
    document.onward = onward.iter().map(|agency| (*agency).to_owned()).collect();
    let section = put(world, POLICE_NODE, content, &document).await.unwrap();
    let mut message = meeting(id()).document(section).build().unwrap();
    message.addressees = vec![wire::Addressee {
        agency: "merseyside-police".to_owned(),
        desk: "public-protection".to_owned(),
    }];
    message
}

#[tokio::test]
async fn what_was_given_without_leave_is_not_sent_on() {
    let mut world = World::shipped().await;
    let content = bytes(1_000, 1);
    let (_, may) = give(&world, &content, &["merseyside-police"]).await;
    assert!(!may, "leave for another is none");
    let message = send_on(&world, &content, &[]).await;
    let expected = (REFUSED, vec!["attachments".to_owned()]);
    assert_eq!(refused(&world, POLICE_NODE, message).await, expected);
    // A document of its own is its own.
    let own = send_on(&world, &bytes(1_000, 2), &["merseyside-police"]).await;
    world.publisher(POLICE.0, POLICE.1).await.publish(own).await.unwrap();
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn the_givers_leave_lets_it_go_on_and_is_not_passed_on() {
    let world = World::shipped().await;
    let content = bytes(1_000, 1);
    give(&world, &content, &[]).await;
    let (leave, may) = give(&world, &content, &["gmp"]).await;
    assert!(may);
    // Leave to send it on is no leave to let others do so.
    let passing = send_on(&world, &content, &["merseyside-police"]).await;
    assert_eq!(refused(&world, POLICE_NODE, passing).await.0, REFUSED);
    let mut merseyside =
        world.mailbox("merseyside-police", "intelligence", "public-protection").await;
    let message = send_on(&world, &content, &[]).await;
    world.publisher(POLICE.0, POLICE.1).await.publish(message).await.unwrap();
    let came = next(&mut merseyside).await;
    let at = ("merseyside-police", "intelligence", "public-protection");
    assert_eq!(crate::town::only(&world, at, &came).await, content);
    // A leave that was taken back is none.
    let withdrawal = correction(leave, CorrectionAction::Withdraw);
    world.publisher(CHAIR.0, CHAIR.1).await.publish(withdrawal).await.unwrap();
    let message = send_on(&world, &content, &[]).await;
    assert_eq!(refused(&world, POLICE_NODE, message).await.0, REFUSED);
}

#[tokio::test]
async fn whoever_was_not_given_a_document_is_told_nothing_of_it() {
    let world = World::shipped().await;
    let content = bytes(1_000, 1);
    give(&world, &content, &[]).await;
    // The council was given the message and not the document, and has one of the same bytes.
    let council = ("stockport-council", "childrens-services");
    let section = put(&world, council, &content, &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let mut message = meeting(id()).document(section).build().unwrap();
    message.addressees =
        vec![wire::Addressee { agency: "gmp".to_owned(), desk: "public-protection".to_owned() }];
    world.publisher(council.0, council.1).await.publish(message).await.unwrap();
    // And whoever had it before it was given it keeps it as its own.
    let own = bytes(1_000, 9);
    let first = send_on(&world, &own, &[]).await;
    world.publisher(POLICE.0, POLICE.1).await.publish(first).await.unwrap();
    give(&world, &own, &[]).await;
    let again = send_on(&world, &own, &[]).await;
    world.publisher(POLICE.0, POLICE.1).await.publish(again).await.unwrap();
}
