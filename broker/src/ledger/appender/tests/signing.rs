//! A commit that fails costs one signed head, and never those after it.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use proto::ledger::checkpoint::verify;

use crate::chance::{Chance, NoChance};
use crate::ledger::checkpoint::{self, Signer};
use crate::ledger::journal::Archive;

use super::gate::Outcome::{self, Full, Panics, Unreached, Written};
use super::world::{World, soon};

const CADENCE: Duration = Duration::from_millis(5);

/// Draws ones: one padding leaf before each head, so that each has a commit of its own.
struct One;

impl Chance for One {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        bytes.fill(1);
        Ok(())
    }
}

/// Signs while the first commits end so, until a head stands in the store; then the writer
/// stops, and signing with it.
fn a_head_is_signed_although(outcomes: &[Outcome]) {
    let world = World::open();
    world.gate.next(outcomes);
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let signer = Arc::new(Signer::new("pyramid.test/log", key.as_ref()).unwrap());
    let archive: Arc<dyn Archive> = Arc::new(world.readers.clone());
    let signing = std::thread::spawn({
        let (signer, queue, archive) = (Arc::clone(&signer), world.queue(), Arc::clone(&archive));
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let run = checkpoint::run(signer, queue, archive, Arc::new(One), CADENCE);
            runtime.unwrap().block_on(run);
        }
    });
    let note = soon("a signed head", || archive.document(checkpoint::DOCUMENT).unwrap());
    let signed = verify(std::str::from_utf8(&note).unwrap(), signer.verifier()).unwrap();
    assert!((1..=archive.size().unwrap()).contains(&signed.size), "{outcomes:?}");
    world.close();
    soon("the end of signing", || signing.is_finished().then_some(()));
}

#[test]
fn a_commit_that_fails_while_a_head_is_made_or_kept_is_followed_by_one_that_is_signed() {
    for outcome in [Full, Unreached, Panics] {
        a_head_is_signed_although(&[outcome]);
        a_head_is_signed_although(&[Written, outcome]);
        a_head_is_signed_although(&[outcome, Written, outcome, outcome]);
    }
}
