//! When a document is to be had no more: at once, also in the middle of a transfer.

use std::time::Duration;

use agency_client::{Incoming, Subscription, compose};
use proto::exchange::v1 as wire;
use proto::exchange::v1::{Attestation, CorrectionAction};
use tests::world::{World, id, next, now, shipped};
use tonic::Streaming;
use uuid::Uuid;

use crate::town::{
    CHAIR, PIECE, POLICE, absent, asking, bytes, correction, fetched, for_agencies, meeting,
    minutes, put, service, sound,
};

const AT: (&str, &str) = (POLICE.0, POLICE.1);

/// Police were given a document of forty pieces.
async fn given(world: &World) -> (Uuid, Subscription, Incoming) {
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let document = minutes(for_agencies(&["gmp"]));
    let section = put(world, CHAIR, &bytes(40 * PIECE, 1), &document).await.unwrap();
    let message_id = id();
    let mut message = meeting(message_id).document(section).build().unwrap();
    message.expires_at = Some(compose::timestamp(now() + time::Duration::days(2)));
    world.publisher(CHAIR.0, CHAIR.1).await.publish(message).await.unwrap();
    let came = next(&mut police).await;
    came.acknowledge().await.unwrap();
    (message_id, police, came)
}

async fn fetch(world: &World, came: &Incoming) -> Result<Vec<u8>, tonic::Status> {
    let section = &came.message.sections[0].section;
    fetched(world, AT, &came.delivery.release_id, section, 0).await
}

/// A fetch of which the first piece has come. Its recipient reads no more until it is asked to.
async fn begun(world: &World, came: &Incoming) -> Streaming<wire::GetAttachmentResponse> {
    let section = &came.message.sections[0].section;
    let request = asking(&came.delivery.release_id, section, 0);
    let call = service(world, AT.0, AT.1).await.get_attachment(request).await;
    let mut frames = call.unwrap().into_inner();
    frames.message().await.unwrap().unwrap();
    frames
}

/// How many more pieces come, and how it ends.
async fn rest(
    mut frames: Streaming<wire::GetAttachmentResponse>,
) -> (usize, Option<tonic::Status>) {
    let mut pieces = 0;
    loop {
        match frames.message().await {
            Ok(Some(_)) => pieces += 1,
            Ok(None) => return (pieces, None),
            Err(status) => return (pieces, Some(status)),
        }
    }
}

async fn correct(world: &World, message: Uuid, action: CorrectionAction) {
    let correction = correction(message, action);
    world.publisher(CHAIR.0, CHAIR.1).await.publish(correction).await.unwrap();
}

#[tokio::test]
async fn what_is_withdrawn_amid_a_fetch_stops_there_and_is_answered_as_absent() {
    let mut world = World::shipped().await;
    let (message, police, came) = given(&world).await;
    assert_eq!(fetch(&world, &came).await.unwrap().len(), 40 * PIECE);
    let frames = begun(&world, &came).await;
    correct(&world, message, CorrectionAction::Withdraw).await;
    // A few pieces were on their way already: those that buffers hold, and never all.
    let (pieces, end) = rest(frames).await;
    assert!(pieces < 36, "{pieces} more pieces came");
    assert!(absent(&end.unwrap()));
    let before = world.records("fetch").len();
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
    assert_eq!(world.records("fetch").len(), before);
    drop(police);
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn what_is_erased_has_neither_pieces_nor_a_key_any_more() {
    let mut world = World::shipped().await;
    let (message, police, came) = given(&world).await;
    correct(&world, message, CorrectionAction::Erase).await;
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
    drop(police);
    world.stop().await;
    sound(&world);
    assert_eq!(rows(&world), (0, 0), "pieces, and bytes of keys");
}

#[tokio::test]
async fn what_is_restricted_is_kept_and_to_be_had_no_more() {
    let mut world = World::shipped().await;
    let (message, police, came) = given(&world).await;
    correct(&world, message, CorrectionAction::Restrict).await;
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
    drop(police);
    world.stop().await;
    assert_eq!(rows(&world), (40, 40));
    sound(&world);
}

/// Pieces in the store, and bytes of documents' keys.
fn rows(world: &World) -> (u64, u64) {
    use broker::ledger::fsck::RawLedger as _;
    let path = &world.stage.config().store.path;
    let raw = broker::store::sqlite::SqliteRaw::open(path).unwrap();
    let (mut pieces, mut keys) = (0, 0);
    raw.for_each_attachment(&mut |row| {
        let row = row.unwrap_or_else(|_| panic!("a row must be readable"));
        pieces += row.pieces.unwrap().0;
        keys += row.wrapped_key_bytes;
    })
    .unwrap();
    (pieces, keys)
}

#[tokio::test]
async fn whoever_is_suspended_or_says_it_has_deleted_it_has_it_no_more() {
    let world = World::shipped().await;
    let (_, _police, came) = given(&world).await;
    let frames = begun(&world, &came).await;
    world.suspend("gmp", true).await;
    let (pieces, _) = rest(frames).await;
    assert!(pieces < 36, "{pieces} more pieces came");
    world.suspend("gmp", false).await;
    assert!(fetch(&world, &came).await.is_ok());
    let request = wire::AttestRequest {
        desk: POLICE.2.to_owned(),
        release_ids: vec![came.delivery.release_id.clone()],
        attestation: Attestation::Deleted.into(),
        acting_person: String::new(),
    };
    let mut exchange = world.node(AT.0, AT.1).await.exchange().await.unwrap();
    assert_eq!(exchange.attest(request).await.unwrap().into_inner().recorded, 1);
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
}

#[tokio::test]
async fn what_has_run_out_is_to_be_had_no_more() {
    let (world, clock) = World::on_clock(shipped()).await;
    let (_, _police, came) = given(&world).await;
    assert!(fetch(&world, &came).await.is_ok());
    clock.advance(Duration::from_secs(2 * 86_400 + 60));
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
}

#[tokio::test]
async fn an_agreement_that_has_ended_lets_nothing_more_be_fetched() {
    let (world, clock) = World::on_clock(ending_soon()).await;
    let (_, _police, came) = given(&world).await;
    assert!(fetch(&world, &came).await.is_ok());
    clock.advance(Duration::from_secs(36 * 3_600));
    // Which agreements are in force is judged by a commit; anything is one.
    world.suspend("wirral-council", true).await;
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
}

#[tokio::test]
async fn what_was_to_be_deleted_by_now_is_to_be_had_no_more() {
    let (world, clock) = World::on_clock(deleted_tomorrow()).await;
    let (_, _police, came) = given(&world).await;
    clock.advance(Duration::from_secs(23 * 3_600));
    assert!(fetch(&world, &came).await.is_ok(), "there is an hour left");
    clock.advance(Duration::from_secs(2 * 3_600));
    assert!(absent(&fetch(&world, &came).await.unwrap_err()));
}

/// Whoever is given anything under the MAPPA agreement is to delete it within a day.
fn deleted_tomorrow() -> demo::stage::Script {
    let mut script = shipped();
    let path = "agreements/mappa-greater-manchester.toml";
    let (_, text) = script.bundle.iter_mut().find(|(known, _)| known == path).unwrap();
    let a_day = |line: &str| match line.starts_with("delete_by_days = ") {
        true => "delete_by_days = 1".to_owned(),
        false => line.to_owned(),
    };
    *text = text.lines().map(a_day).collect::<Vec<_>>().join("\n") + "\n";
    script
}

/// The MAPPA agreement ends tomorrow.
fn ending_soon() -> demo::stage::Script {
    let end = now().date() + time::Duration::days(1);
    let term = demo::stage::Term::around(now()).ending(end);
    shipped().with_term("agreements/mappa-greater-manchester.toml", term).unwrap()
}
