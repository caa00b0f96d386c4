//! A broker that is killed while documents come in: what it said it keeps, it has.

use std::path::Path;
use std::time::Duration;

use agency_client::documents;
use agency_client::{Connection, Publisher, PublisherOptions};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::exchange::v1 as wire;
use tests::process::Outside;
use tests::world::{PATIENCE, id, shipped};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::town::{
    CHAIR, Files, PIECE, announced, bytes, for_agencies, meeting, minutes, piece, service_of,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_amid_a_transfer_has_every_piece_that_it_said_it_keeps() {
    let program = Path::new(env!("CARGO_BIN_EXE_broker_under_test"));
    let mut outside = Outside::set(&shipped(), program, None).await.unwrap();
    let whole = bytes(12 * PIECE + 3, 1);
    let document = minutes(for_agencies(&["gmp"]));
    let mut said = 0;
    // Killed again and again while pieces come as fast as they are taken.
    for round in 0..3 {
        let settings = outside.stage().node(CHAIR.0, CHAIR.1).unwrap();
        let connection = Connection::connect(&settings).await.unwrap();
        let mut service = service_of(&connection).await;
        let asked = wire::FindAttachmentRequest { attachment_id: document.id.to_string() };
        let found = service.find_attachment(asked.clone()).await.unwrap().into_inner();
        assert!(found.kept_bytes >= said && !found.whole, "round {round}: what was kept is kept");
        assert_eq!(found.kept_bytes as usize % PIECE, 0);
        let (steps, sent) = mpsc::channel(1);
        let from = found.kept_bytes as usize / PIECE;
        let (putting, first) = (whole.clone(), announced(document.id, &whole));
        tokio::spawn(async move {
            if steps.send(first).await.is_ok() {
                // One too few, so that it is never whole before it is killed.
                for place in from..12 {
                    if steps.send(piece(&putting, place)).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
                std::future::pending::<()>().await;
            }
        });
        let mut other = service.clone();
        let call =
            tokio::spawn(async move { other.put_attachment(ReceiverStream::new(sent)).await });
        tokio::time::sleep(Duration::from_millis(60)).await;
        said = service.find_attachment(asked).await.unwrap().into_inner().kept_bytes;
        outside.kill().unwrap();
        call.abort();
        let raw = SqliteRaw::open(&outside.stage().config().store.path).unwrap();
        assert_eq!(fsck::check(&raw, None).unwrap().faults, []);
        drop(raw);
        outside.start().await.unwrap();
    }
    let files = Files::new();
    let path = files.with("minutes", &whole);
    let settings = outside.stage().node(CHAIR.0, CHAIR.1).unwrap();
    let connection = Connection::connect(&settings).await.unwrap();
    let section = documents::attach(&connection, &path, &document).await.unwrap();
    let message = meeting(id()).document(section).build().unwrap();
    let options = PublisherOptions { patience: PATIENCE, ..PublisherOptions::default() };
    Publisher::new(&connection, options).publish(message).await.unwrap();
}
