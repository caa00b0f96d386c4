//! Whole proofs: what holds is accepted, and any one byte changed is refused at its own step.

use super::*;
use crate::ledger::tree::TreeError;
use aws_lc_rs::signature::Ed25519KeyPair;
use proptest::prelude::*;

const NAME: &str = "ledger.example/main";
const RECORD: &str =
    r#"{"format":"pyramid-record/1","party":"northshire-police","type":"decision"}"#;

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap()
}

fn verifier() -> VerifierKey {
    VerifierKey::of(&key(), NAME).unwrap()
}

/// A log of `size` entries in which entry `index` holds `text` in slot `slot`.
fn proof_of(text: &str, slot: u32, slots: Slots, index: u64, size: u64) -> Proof {
    let seed = [9; SALT_BYTES];
    let mut texts = vec![""; usize::try_from(slots.count()).unwrap()];
    texts[usize::try_from(slot).unwrap()] = text;
    let time = LeafTime::parse("2026-03-02T09:00:10Z").unwrap();
    let leaf = Leaf { time, root: record::records_root(&seed, slots, &texts).unwrap() };
    let leaves: Vec<Hash> = (0..size)
        .map(|at| if at == index { leaf.log_hash() } else { tree::leaf_hash(&at.to_be_bytes()) })
        .collect();
    let head = Checkpoint { origin: NAME.to_owned(), size, root: tree::root(&leaves) };
    Proof {
        record: text.to_owned(),
        salt: record::salt(&seed, slot),
        slot,
        slots,
        inner_path: record::inner_path(&seed, slots, &texts, slot).unwrap(),
        leaf: leaf.encode(),
        index,
        log_path: tree::inclusion_path(&leaves, index).unwrap(),
        checkpoint: head.sign(&key(), NAME).unwrap(),
    }
}

fn one_proof() -> Proof {
    proof_of(RECORD, 3, Slots::of_count(16).unwrap(), 2, 5)
}

#[test]
fn a_proof_that_holds_gives_its_record() {
    let verified = one_proof().verify(&verifier()).unwrap();
    assert_eq!(verified.record().text(), RECORD);
    assert_eq!(verified.record().kind(), "decision");
    assert_eq!(verified.record().party(), "northshire-police");
    assert_eq!(verified.time().to_string(), "2026-03-02T09:00:10Z");
    assert_eq!(verified.index(), 2);
    assert_eq!(verified.checkpoint().origin, NAME);
    assert_eq!(verified.checkpoint().size, 5);
}

#[test]
fn a_refusal_names_the_step_that_failed() {
    let slots = Slots::of_count(16).unwrap();
    let verify = |change: &dyn Fn(&mut Proof)| {
        let mut proof = one_proof();
        change(&mut proof);
        proof.verify(&verifier()).map(|_| ())
    };
    let index_outside = Err(LedgerError::LogPath(TreeError::IndexOutsideTree));
    assert_eq!(verify(&|proof| proof.index = 5), index_outside);
    assert_eq!(verify(&|proof| proof.index = u64::MAX), index_outside);
    assert_eq!(
        verify(&|proof| proof.index = 1),
        Err(LedgerError::LogPath(TreeError::RootDiffers)),
        "another entry's index"
    );
    assert_eq!(
        verify(&|proof| proof.log_path.clear()),
        Err(LedgerError::LogPath(TreeError::PathLength))
    );
    assert_eq!(
        verify(&|proof| proof.slot = 16),
        Err(LedgerError::InnerPath(TreeError::IndexOutsideTree))
    );
    assert_eq!(
        verify(&|proof| proof.slots = Slots::of_count(32).unwrap()),
        Err(LedgerError::InnerPath(TreeError::PathLength)),
        "the number of slots is bound by the path's length"
    );
    assert_eq!(
        verify(&|proof| proof.salt = [0; 32]),
        Err(LedgerError::InnerPath(TreeError::RootDiffers))
    );
    assert_eq!(
        verify(&|proof| proof.leaf = proof.leaf.replace("09:00:10", "09:00:20")),
        Err(LedgerError::LogPath(TreeError::RootDiffers))
    );
    assert!(matches!(
        verify(&|proof| proof.leaf = proof.leaf.replace("root", "Root")),
        Err(LedgerError::Leaf { .. })
    ));
    assert_eq!(
        verify(&|proof| proof.checkpoint = proof.checkpoint.replace("\n5\n", "\n4\n")),
        Err(LedgerError::SignatureWrong)
    );
    assert_eq!(
        proof_of(r#"{"format":"pyramid-record/1"}"#, 0, slots, 0, 1)
            .verify(&verifier())
            .map(|_| ()),
        Err(LedgerError::RecordField {
            field: "type",
            rule: "must be present in the object, and a string"
        })
    );
}

#[test]
fn an_empty_slot_is_no_record() {
    let answer = proof_of("", 3, Slots::of_count(16).unwrap(), 2, 5).verify(&verifier());
    assert!(matches!(answer, Err(LedgerError::RecordText(_))));
}

#[test]
fn the_file_is_read_strictly() {
    let text = one_proof().to_json();
    assert_eq!(Proof::from_json(&text), Ok(one_proof()));
    let shape = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        text.replace(r#""slot":3,"#, ""),
        text.replace(r#""slot":3,"#, r#""slot":3,"slot":3,"#),
        text.replace(r#""slot":3,"#, r#""slot":3,"note":"","#),
        text.replace(r#""slot":3,"#, r#""slot":3.0,"#),
        text.replace(r#""slot":3,"#, r#""slot":"3","#),
        text.replace(r#""slot":3,"#, r#""slot":-3,"#),
        text.replace(r#""slot":3,"#, r#""slot":4294967296,"#),
        text.replace(r#""index":2,"#, r#""index":18446744073709551616,"#),
        format!("{text}{text}"),
        format!("{text}{}", " ".repeat(PROOF_BYTES_MAX)),
        r#"["pyramid-proof/1","","",0,16,[],"",0,[],""]"#.to_owned(),
        "[".repeat(PROOF_BYTES_MAX),
        r#"{"inner_path":"#.to_owned() + &"[".repeat(100_000),
    ];
    for wrong in shape {
        let answer = Proof::from_json(&wrong);
        assert!(matches!(answer, Err(LedgerError::ProofShape { .. })), "{:?}", wrong.get(..60));
    }
    let hash = "0".repeat(64);
    let long_path = format!(r#""log_path":["{hash}"{}"#, format!(r#","{hash}""#).repeat(64));
    let field = [
        ("format", text.replace("pyramid-proof/1", "pyramid-proof/2")),
        ("salt", text.replace(r#""salt":""#, r#""salt":"0"#)),
        ("salt", text.replace(r#""salt":""#, r#""salt":"0G"#)),
        ("inner_path", text.replace(r#""inner_path":[""#, r#""inner_path":["",""#)),
        ("log_path", text.replace(r#""log_path":[""#, &format!(r#"{long_path},""#))),
    ];
    for (name, wrong) in field {
        let answer = Proof::from_json(&wrong);
        assert!(
            matches!(answer, Err(LedgerError::ProofField { field, .. }) if field == name),
            "{name}: {answer:?}"
        );
    }
    for count in ["0", "1", "8", "15", "17", "24", "4294967295"] {
        let wrong = text.replace(r#""slots":16"#, &format!(r#""slots":{count}"#));
        assert!(matches!(Proof::from_json(&wrong), Err(LedgerError::Slots { .. })), "{count}");
    }
}

#[test]
fn debug_output_and_errors_show_no_record() {
    let proof = one_proof();
    let verified = proof.verify(&verifier()).unwrap();
    let shown = format!("{proof:?} {verified:?}");
    assert!(!shown.contains("northshire") && !shown.contains(&hex::encode(proof.salt)));
    let wrong = proof.to_json().replace(r#""slot":3"#, r#""slot":"northshire""#);
    assert!(!Proof::from_json(&wrong).unwrap_err().to_string().contains("northshire"));
}

/// Changes one byte of a text; none if the outcome is no text, which no file could hold.
fn change_text(text: &mut String, place: prop::sample::Index, mask: u8) -> bool {
    let mut bytes = text.clone().into_bytes();
    let place = place.index(bytes.len());
    bytes[place] ^= mask;
    String::from_utf8(bytes).map(|changed| *text = changed).is_ok()
}

fn change_path(path: &mut [Hash], place: prop::sample::Index, mask: u8) -> bool {
    let Some(length) = path.len().checked_mul(32).filter(|length| *length > 0) else {
        return false;
    };
    let place = place.index(length);
    let mut bytes = *path[place / 32].as_bytes();
    bytes[place % 32] ^= mask;
    path[place / 32] = Hash::from(bytes);
    true
}

proptest! {
    #[test]
    fn every_record_of_every_entry_has_its_proof_and_one_byte_spoils_it(
        (size, index) in (1_u64..200).prop_flat_map(|size| (Just(size), 0..size)),
        (depth, slot) in (4_u32..8).prop_flat_map(|depth| (Just(depth), 0..(1_u32 << depth))),
        (field, place, mask) in (0..7, any::<prop::sample::Index>(), 1_u8..),
    ) {
        let proof = proof_of(RECORD, slot, Slots::of_count(1 << depth).unwrap(), index, size);
        prop_assert!(proof.verify(&verifier()).is_ok());
        prop_assert_eq!(&Proof::from_json(&proof.to_json()).unwrap(), &proof);

        let mut changed = proof.clone();
        let is_changed = match field {
            0 => change_text(&mut changed.record, place, mask),
            1 => { changed.salt[place.index(32)] ^= mask; true }
            2 => { changed.slot ^= u32::from(mask); true }
            3 => change_path(&mut changed.inner_path, place, mask),
            4 => change_text(&mut changed.leaf, place, mask),
            5 => change_path(&mut changed.log_path, place, mask),
            _ => change_text(&mut changed.checkpoint, place, mask),
        };
        prop_assert!(!is_changed || changed.verify(&verifier()).is_err());
    }

    #[test]
    fn a_file_with_any_one_byte_changed_gives_the_same_proof_or_none(
        place in any::<prop::sample::Index>(), mask in 1_u8..,
    ) {
        let mut text = one_proof().to_json();
        if change_text(&mut text, place, mask) && let Ok(changed) = Proof::from_json(&text) {
            prop_assert!(changed == one_proof() || changed.verify(&verifier()).is_err());
        }
    }

    #[test]
    fn any_text_is_judged_without_stopping(text in any::<String>()) {
        prop_assert!(Proof::from_json(&text).is_err());
    }
}
