//! The pin's rules, case by case, and its file.

use super::*;
use aws_lc_rs::signature::Ed25519KeyPair;
use proto::ledger::tree::{consistency_path, leaf_hash, root};
use std::os::unix::fs::PermissionsExt as _;

fn leaves(count: u8, tail: u8) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&[if n + 1 == count { tail } else { n }])).collect()
}

/// A log of `count` leaves whose last one holds `tail`.
fn head(origin: &str, count: u8, tail: u8) -> Checkpoint {
    Checkpoint {
        origin: origin.to_owned(),
        size: u64::from(count),
        root: root(&leaves(count, tail)),
    }
}

fn log(count: u8) -> Checkpoint {
    head("log.example", count, count.saturating_sub(1))
}

fn proof(old: u64, new: u8) -> Vec<Hash> {
    consistency_path(&leaves(new, new - 1), old).unwrap()
}

#[test]
fn the_first_checkpoint_ever_seen_is_pinned() {
    assert_eq!(next_pin(None, &log(5), None).unwrap(), Step::Pin);
}

#[test]
fn the_same_head_is_kept_without_a_proof() {
    assert_eq!(next_pin(Some(&log(5)), &log(5), None).unwrap(), Step::Keep);
}

#[test]
fn the_same_size_with_another_root_is_a_rewrite() {
    let other = head("log.example", 5, 99);
    assert!(matches!(
        next_pin(Some(&log(5)), &other, None),
        Err(PinError::Rewritten { old_size: 5, new_size: 5, .. })
    ));
}

#[test]
fn growth_asks_for_a_proof_and_is_pinned_only_with_it() {
    assert_eq!(
        next_pin(Some(&log(5)), &log(9), None).unwrap(),
        Step::AskConsistency { old_size: 5, new_size: 9 }
    );
    assert_eq!(next_pin(Some(&log(5)), &log(9), Some(&proof(5, 9))).unwrap(), Step::Pin);
}

#[test]
fn growth_with_a_wrong_or_missing_path_is_a_rewrite() {
    for path in [proof(4, 9), Vec::new()] {
        assert!(matches!(
            next_pin(Some(&log(5)), &log(9), Some(&path)),
            Err(PinError::Rewritten { old_size: 5, new_size: 9, .. })
        ));
    }
    let rewritten = head("log.example", 5, 99);
    assert!(matches!(
        next_pin(Some(&rewritten), &log(9), Some(&proof(5, 9))),
        Err(PinError::Rewritten { .. })
    ));
}

#[test]
fn growth_from_an_empty_log_needs_no_proof() {
    assert_eq!(next_pin(Some(&log(0)), &log(3), None).unwrap(), Step::Pin);
}

#[test]
fn a_smaller_ledger_went_backwards_whatever_is_offered_as_proof() {
    for path in [None, Some(proof(5, 9))] {
        assert!(matches!(
            next_pin(Some(&log(9)), &log(5), path.as_deref()),
            Err(PinError::WentBackwards { old_size: 9, new_size: 5, .. })
        ));
    }
}

#[test]
fn another_origin_is_refused_and_the_refusal_names_old_head_new_origin_and_the_gap() {
    let error = next_pin(Some(&log(5)), &head("restored.example", 2, 1), None).unwrap_err();
    let text = error.to_string();
    for part in ["log.example at 5 entries", "restored.example at 2", "gap", "accept-origin"] {
        assert!(text.contains(part), "{part} is missing");
    }
    assert!(text.contains(&log(5).root.to_hex()));
}

#[test]
fn every_refused_checkpoint_is_kept_once_however_many_programs_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = PinFile::new(&folder.path().join("head"));
    let (seen, other) = (head("log.example", 4, 3), head("log.example", 4, 99));
    std::thread::scope(|scope| {
        for program in 0..8 {
            let (file, seen) = (file.clone(), &seen);
            scope.spawn(move || {
                for _ in 0..20 {
                    file.keep_beside("refused", seen, &format!("note {program}")).unwrap();
                }
            });
        }
    });
    let kept = |of: &Checkpoint| {
        let name = format!("head.refused-4-{}", of.root.to_hex());
        fs::read_to_string(folder.path().join(name)).unwrap()
    };
    let first = kept(&seen);
    assert!(first.starts_with("note "));
    // Another of the same size takes nothing from it, and nor does a later note.
    file.keep_beside("refused", &other, "another").unwrap();
    file.keep_beside("refused", &seen, "later").unwrap();
    assert_eq!((kept(&seen), kept(&other)), (first, "another".to_owned()));
}

#[test]
fn the_file_is_replaced_whole_by_its_owner_alone_and_only_from_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head");
    let file = PinFile::new(&path);
    let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let verifier = VerifierKey::of(&key, "log.example").unwrap();
    let (first, second) =
        (log(5).sign(&key, "log.example").unwrap(), log(9).sign(&key, "log.example").unwrap());

    assert!(file.read(&verifier).unwrap().is_none());
    assert!(file.replace(None, &first).unwrap());
    assert!(!file.replace(None, &second).unwrap(), "somebody pinned meanwhile");
    assert!(file.replace(Some(&first), &second).unwrap());
    assert_eq!(file.read(&verifier).unwrap().unwrap().1, log(9));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    fs::write(&path, second.replace("\n9\n", "\n8\n")).unwrap();
    assert!(matches!(file.read(&verifier), Err(PinError::FileFaulty { .. })));
}
