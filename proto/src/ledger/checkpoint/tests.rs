//! Signed notes against the specification's own example, by rule, and against hostile input.

use super::*;
use crate::ledger::tree::TreeError;
use proptest::prelude::*;

/// The verifier key and note printed in the C2SP signed-note specification.
const PUBLISHED_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const PUBLISHED_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

const NAME: &str = "ledger.example/main";

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn verifier() -> VerifierKey {
    VerifierKey::of(&key(1), NAME).unwrap()
}

fn head(size: u64) -> Checkpoint {
    Checkpoint { origin: NAME.to_owned(), size, root: tree::leaf_hash(b"any") }
}

/// Signs any text at all, so that wrong checkpoints can be signed rightly.
fn sign_text(text: &str) -> String {
    let line = [&verifier().id, key(1).sign(text.as_bytes()).as_ref()].concat();
    format!("{text}\n\u{2014} {NAME} {}\n", STANDARD.encode(line))
}

#[test]
fn the_published_note_is_signed_by_the_published_key() {
    let key = VerifierKey::parse(PUBLISHED_KEY).unwrap();
    assert_eq!(key.name(), "example.com/foo");
    assert_eq!(key.id(), [0x53, 0x0d, 0x90, 0x3a]);
    assert_eq!(key.encode(), PUBLISHED_KEY);
    assert_eq!(verified_text(PUBLISHED_NOTE, &key), Ok("This is an example message.\n"));
    let changed = PUBLISHED_NOTE.replace("example message", "example massage");
    assert_eq!(verified_text(&changed, &key), Err(LedgerError::SignatureWrong));
}

#[test]
fn a_key_text_must_be_exactly_one_ed25519_key() {
    let rows = [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example.com/foo+530d903a+AQ==",
        "example.com/foo+530d903a+",
        "example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ];
    for text in rows {
        let answer = VerifierKey::parse(text);
        assert!(matches!(answer, Err(LedgerError::VerifierKey { .. })), "{text}");
    }
}

#[test]
fn what_is_signed_is_read_back() {
    for size in [1, 2, 10, u64::MAX] {
        let note = head(size).sign(&key(1), NAME).unwrap();
        assert_eq!(verify(&note, &verifier()), Ok(head(size)));
    }
    let empty = Checkpoint { root: Hash::of_empty_tree(), ..head(0) };
    let note = empty.sign(&key(1), NAME).unwrap();
    assert!(note.starts_with(
        "ledger.example/main\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} "
    ));
    assert_eq!(verify(&note, &verifier()), Ok(empty));
}

#[test]
fn a_malformed_checkpoint_is_never_signed() {
    let with_origin = |origin: &str| Checkpoint { origin: origin.to_owned(), ..head(1) };
    for wrong in [with_origin(""), with_origin("a\nb"), with_origin("a\tb"), head(0)] {
        let answer = wrong.sign(&key(1), NAME);
        assert!(matches!(answer, Err(LedgerError::Checkpoint { .. })), "{wrong:?}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\n"] {
        let answer = head(1).sign(&key(1), name);
        assert!(matches!(answer, Err(LedgerError::VerifierKey { .. })), "{name:?}");
    }
}

#[test]
fn a_signed_text_that_is_no_checkpoint_is_refused() {
    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let accepted = [
        format!("log\n1\n{ROOT}\n"),
        format!("log\n0\n{ROOT}\n"),
        format!("log\n18446744073709551615\n{ROOT}\n"),
        format!("log\n1\n{ROOT}\nan extension line\n"),
        format!("a log with spaces\n1\n{ROOT}\n"),
    ];
    for text in accepted {
        assert!(verify(&sign_text(&text), &verifier()).is_ok(), "{text:?}");
    }
    let refused = [
        "log\n".to_owned(),
        "log\n1\n".to_owned(),
        "\n".to_owned(),
        format!("\n1\n{ROOT}\n"),
        format!("log\n\n{ROOT}\n"),
        format!("log\n01\n{ROOT}\n"),
        format!("log\n00\n{ROOT}\n"),
        format!("log\n+1\n{ROOT}\n"),
        format!("log\n-1\n{ROOT}\n"),
        format!("log\n 1\n{ROOT}\n"),
        format!("log\n1.0\n{ROOT}\n"),
        format!("log\n\u{661}\n{ROOT}\n"),
        format!("log\n18446744073709551616\n{ROOT}\n"),
        format!("log\n1\n{ROOT}\n\n"),
        format!("log\n1\n{ROOT}\n\nafter an empty line\n"),
        "log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n".to_owned(),
        "log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n".to_owned(),
        "log\n1\nR0VF\n".to_owned(),
        "log\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".to_owned(),
    ];
    for text in refused {
        let answer = verify(&sign_text(&text), &verifier());
        assert!(matches!(answer, Err(LedgerError::Checkpoint { .. })), "{text:?}: {answer:?}");
    }
}

#[test]
fn only_the_expected_keys_signature_counts() {
    let note = head(5).sign(&key(1), NAME).unwrap();
    let line_by = |seed, name| {
        let other = head(5).sign(&key(seed), name).unwrap();
        other.rsplit_once("\n\n").unwrap().1.to_owned()
    };
    let witnessed = format!("{note}{}", line_by(2, "witness.example"));
    assert_eq!(verify(&witnessed, &verifier()), Ok(head(5)), "a witness adds his line");
    let rotated = format!("{note}{}", line_by(2, NAME));
    assert_eq!(verify(&rotated, &verifier()), Ok(head(5)), "another key under the same name");
    let repeated = format!("{note}{}", line_by(1, NAME));
    assert_eq!(verify(&repeated, &verifier()), Ok(head(5)), "the same line twice");

    let stranger = VerifierKey::of(&key(3), NAME).unwrap();
    assert_eq!(verify(&witnessed, &stranger), Err(LedgerError::SignatureMissing));
    let renamed = VerifierKey::of(&key(1), "other.example").unwrap();
    assert_eq!(verify(&note, &renamed), Err(LedgerError::SignatureMissing));

    let wrong = head(6).sign(&key(1), NAME).unwrap();
    let wrong_line = wrong.rsplit_once("\n\n").unwrap().1;
    let mixed = format!("{note}{wrong_line}");
    assert_eq!(
        verify(&mixed, &verifier()),
        Err(LedgerError::SignatureWrong),
        "one right line does not excuse a wrong one by the same key"
    );
}

#[test]
fn a_note_out_of_form_is_refused() {
    let note = head(5).sign(&key(1), NAME).unwrap();
    let many = format!("{note}{}", format!("\u{2014} w {}\n", "AAAAAAA=").repeat(SIGNATURES_MAX));
    let rows = [
        String::new(),
        "\n".to_owned(),
        "\n\n".to_owned(),
        note.trim_end().to_owned(),
        format!("{note}\n"),
        format!("{note} "),
        format!("{note}not a signature line\n"),
        note.replace("\n\n", "\n"),
        note.replace('\u{2014}', "-"),
        note.replace('\n', "\r\n"),
        note.replace("main\n5", "main\u{0}\n5"),
        many,
        format!("{}{note}", "x".repeat(NOTE_BYTES_MAX)),
    ];
    for text in rows {
        let answer = verify(&text, &verifier());
        assert!(matches!(answer, Err(LedgerError::Note { .. })), "{:?}", text.get(..40));
    }
}

#[test]
fn a_checkpoint_continues_only_its_own_log() {
    let leaves: Vec<Hash> = (0_u8..7).map(|number| tree::leaf_hash(&[number])).collect();
    let at = |size: usize| Checkpoint {
        origin: NAME.to_owned(),
        size: u64::try_from(size).unwrap(),
        root: tree::root(&leaves[..size]),
    };
    let path = tree::consistency_path(&leaves, 4).unwrap();
    assert_eq!(verify_growth(&at(4), &at(7), &path), Ok(()));
    assert_eq!(
        verify_growth(&at(7), &at(4), &path),
        Err(LedgerError::Consistency(TreeError::OlderIsLarger)),
        "a log whose tail was cut off"
    );
    let rewritten = Checkpoint { root: tree::leaf_hash(b"rewritten"), ..at(7) };
    assert_eq!(
        verify_growth(&at(4), &rewritten, &path),
        Err(LedgerError::Consistency(TreeError::NewerRootDiffers))
    );
    let restored = Checkpoint { origin: "ledger.example/restored".to_owned(), ..at(7) };
    assert_eq!(verify_growth(&at(4), &restored, &path), Err(LedgerError::OriginDiffers));
}

proptest! {
    #[test]
    fn a_note_with_any_one_byte_changed_is_refused(
        size in 1_u64.., place in any::<prop::sample::Index>(), mask in 1_u8..,
    ) {
        let note = head(size).sign(&key(1), NAME).unwrap();
        let mut bytes = note.into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= mask;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(verify(&changed, &verifier()).is_err());
        }
    }

    #[test]
    fn any_text_is_judged_without_stopping(
        note in "([a-z0-9\n\u{2014} +/=]|\n\n\u{2014} ledger.example/main ){0,60}",
        key in "[a-z0-9+=]{0,40}",
    ) {
        prop_assert!(verify(&note, &verifier()).is_err());
        prop_assert!(VerifierKey::parse(&key).is_err());
    }
}
