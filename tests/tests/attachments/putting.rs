//! How the bytes of a document are put: in pieces, whole or not at all, and within bounds.

use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::documents::{self, DocumentError};
use proto::exchange::v1 as wire;
use tests::world::{World, id, shipped};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::town::{
    CHAIR, Files, PIECE, announced, bytes, for_agencies, kept, meeting, minutes, number, piece,
    put, refused, service, sound,
};

async fn put_steps(
    world: &World,
    at: (&str, &str),
    steps: Vec<wire::PutAttachmentRequest>,
) -> Result<(), tonic::Status> {
    let mut service = service(world, at.0, at.1).await;
    service.put_attachment(tokio_stream::iter(steps)).await.map(|_| ())
}

/// Puts the first two pieces of a document and then says no more.
async fn break_off_after_two(world: &World, attachment: Uuid, whole: &[u8]) {
    let (steps, sent) = mpsc::channel(3);
    for step in [announced(attachment, whole), piece(whole, 0), piece(whole, 1)] {
        steps.send(step).await.unwrap();
    }
    let mut service = service(world, CHAIR.0, CHAIR.1).await;
    let call = tokio::spawn(async move { service.put_attachment(ReceiverStream::new(sent)).await });
    world
        .until("two pieces are kept", async || {
            kept(world, CHAIR, attachment).await == (2 * PIECE as u32, false)
        })
        .await;
    call.abort();
    drop(steps);
}

#[tokio::test]
async fn a_transfer_that_broke_off_goes_on_where_it_was_also_after_a_crash() {
    let mut world = World::shipped().await;
    let whole = bytes(5 * PIECE + 17, 1);
    let document = minutes(for_agencies(&["gmp"]));
    break_off_after_two(&world, document.id, &whole).await;
    // Not whole: no message can name it, and to others it is not there at all.
    assert_eq!(kept(&world, ("gmp", "records"), document.id).await, (0, false));
    world.crash().await;
    sound(&world);
    world.start().await;
    assert_eq!(kept(&world, CHAIR, document.id).await, (2 * PIECE as u32, false));
    // It does not begin anew, nor leave anything out.
    for place in [0, 1, 3] {
        let steps = vec![announced(document.id, &whole), piece(&whole, place)];
        let refusal = put_steps(&world, CHAIR, steps).await.unwrap_err();
        assert_eq!(number(&refusal), 2012, "piece {place}");
    }
    let section = put(&world, CHAIR, &whole, &document).await.unwrap();
    assert_eq!(kept(&world, CHAIR, document.id).await, (whole.len() as u32, true));
    let message = meeting(id()).document(section).build().unwrap();
    world.publisher(CHAIR.0, CHAIR.1).await.publish(message).await.unwrap();
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn twenty_mebibytes_go_whole_and_one_byte_more_does_not() {
    let world = World::shipped().await;
    let mut police = world.mailbox("gmp", "intelligence", "public-protection").await;
    let whole = bytes(20 * 1024 * 1024, 1);
    let section = put(&world, CHAIR, &whole, &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let message = meeting(id()).document(section).build().unwrap();
    world.publisher(CHAIR.0, CHAIR.1).await.publish(message).await.unwrap();
    let came = tests::world::next(&mut police).await;
    let at = ("gmp", "intelligence", "public-protection");
    assert!(crate::town::only(&world, at, &came).await == whole, "byte for byte");

    let more = bytes(20 * 1024 * 1024 + 1, 1);
    let error = put(&world, CHAIR, &more, &minutes(Vec::new())).await.unwrap_err();
    assert!(matches!(error, DocumentError::Size));
    let refusal = put_steps(&world, CHAIR, vec![announced(id(), &more)]).await.unwrap_err();
    assert_eq!(number(&refusal), 2005);
    let nothing = put_steps(&world, CHAIR, vec![announced(id(), &[])]).await.unwrap_err();
    assert_eq!(number(&nothing), 2005);
}

#[tokio::test]
async fn other_bytes_than_those_announced_are_refused_and_not_kept() {
    let world = World::shipped().await;
    let (whole, other) = (bytes(PIECE + 5, 1), bytes(PIECE + 5, 2));
    let attachment = id();
    let steps = vec![announced(attachment, &whole), piece(&whole, 0), piece(&other, 1)];
    let refusal = put_steps(&world, CHAIR, steps).await.unwrap_err();
    assert_eq!(number(&refusal), 2010);
    assert_eq!(kept(&world, CHAIR, attachment).await, (0, false));
    // Under an id that was announced otherwise nothing else is put.
    break_off_after_two(&world, attachment, &bytes(3 * PIECE, 1)).await;
    let steps = vec![announced(attachment, &bytes(3 * PIECE, 2))];
    let refusal = put_steps(&world, CHAIR, steps).await.unwrap_err();
    assert_eq!(number(&refusal), 2010);
    // A piece is a piece: of the right length, after an announcement.
    let mut short = piece(&whole, 0);
    let Some(wire::put_attachment_request::Step::Chunk(chunk)) = &mut short.step else { panic!() };
    chunk.content.truncate(100);
    let refusal = put_steps(&world, CHAIR, vec![announced(id(), &whole), short]).await;
    assert_eq!(number(&refusal.unwrap_err()), 2005);
    let refusal = put_steps(&world, CHAIR, vec![piece(&whole, 0)]).await.unwrap_err();
    assert_eq!(number(&refusal), 2005);
    // And all of them: what ends early is not whole.
    let refusal = put_steps(&world, CHAIR, vec![announced(id(), &whole), piece(&whole, 0)]).await;
    assert_eq!(number(&refusal.unwrap_err()), 2012);
}

#[tokio::test]
async fn what_no_message_names_in_a_day_is_let_go_and_counts_against_its_agency_until_then() {
    let (mut world, clock) = World::on_clock(shipped()).await;
    let full = vec![0_u8; 20 * 1024 * 1024];
    let mut announcing = Vec::new();
    for _ in 0..8 {
        let attachment = id();
        // Announced and not sent: the room is taken all the same.
        let refusal = put_steps(&world, CHAIR, vec![announced(attachment, &full)]).await;
        assert_eq!(number(&refusal.unwrap_err()), 2012);
        announcing.push(attachment);
    }
    let refusal = put_steps(&world, CHAIR, vec![announced(id(), &[1])]).await.unwrap_err();
    assert_eq!(number(&refusal), 2011);
    // One agency's room is not another's.
    let other = ("gmp", "intelligence");
    let section = put(&world, other, &[1; 5], &minutes(Vec::new())).await.unwrap();
    clock.advance(Duration::from_secs(24 * 3_600 + 1));
    let theirs = Uuid::try_parse(&section.attachment_id).unwrap();
    world.until("it is let go", async || kept(&world, other, theirs).await == (0, false)).await;
    put_steps(&world, CHAIR, vec![announced(id(), &[1]), piece(&[1], 0)]).await.unwrap();
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn a_disk_at_its_floor_takes_no_document_and_goes_on_later() {
    let world = World::shipped().await;
    let whole = bytes(3 * PIECE, 1);
    let document = minutes(for_agencies(&["gmp"]));
    break_off_after_two(&world, document.id, &whole).await;
    let floor = &world.app.as_ref().unwrap().sources.disk_floor;
    floor.store(true, Ordering::Relaxed);
    let steps = vec![announced(document.id, &whole), piece(&whole, 2)];
    assert_eq!(number(&put_steps(&world, CHAIR, steps).await.unwrap_err()), 3001);
    let new = put_steps(&world, CHAIR, vec![announced(id(), &whole)]).await.unwrap_err();
    assert_eq!(number(&new), 3001);
    floor.store(false, Ordering::Relaxed);
    put(&world, CHAIR, &whole, &document).await.unwrap();
}

#[tokio::test]
async fn a_fifth_transfer_of_one_agency_waits_and_others_go_on() {
    let world = World::shipped().await;
    let whole = bytes(2 * PIECE, 1);
    let mut held = Vec::new();
    for _ in 0..4 {
        let attachment = id();
        let (steps, sent) = mpsc::channel(2);
        steps.send(announced(attachment, &whole)).await.unwrap();
        steps.send(piece(&whole, 0)).await.unwrap();
        let mut service = service(&world, CHAIR.0, CHAIR.1).await;
        let sent = ReceiverStream::new(sent);
        held.push((steps, tokio::spawn(async move { service.put_attachment(sent).await })));
        let one = (PIECE as u32, false);
        world.until("it runs", async || kept(&world, CHAIR, attachment).await == one).await;
    }
    let fifth = put_steps(&world, CHAIR, vec![announced(id(), &whole)]).await.unwrap_err();
    assert_eq!(number(&fifth), 2011);
    put(&world, ("gmp", "intelligence"), &whole, &minutes(Vec::new())).await.unwrap();
    drop(held);
}

#[tokio::test]
async fn a_document_that_is_not_whole_cannot_be_named() {
    let world = World::shipped().await;
    let whole = bytes(3 * PIECE, 1);
    let document = minutes(for_agencies(&["gmp"]));
    let files = Files::new();
    let path = files.with("document", &whole);
    let connection = world.node(CHAIR.0, CHAIR.1).await;
    let good = documents::attach(&connection, &path, &document).await.unwrap();
    let attachment = id();
    break_off_after_two(&world, attachment, &whole).await;
    let partial = wire::Section { attachment_id: attachment.to_string(), ..good };
    let message = meeting(id()).document(partial).build().unwrap();
    let expected = (4020, vec!["attachments".to_owned()]);
    assert_eq!(refused(&world, CHAIR, message).await, expected);
}
