//! What holds of every message that can be written, lawful or not.

use proptest::prelude::*;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use proto::exchange::v1::released_message::Kind as ReleasedKind;

use super::table::one_of_each;
use super::*;

/// Texts that a field may hold, lawful somewhere and unlawful elsewhere.
const TEXTS: [&str; 14] = [
    "",
    " ",
    EARLIER,
    "22222222-2222-4222-8222-22222222222A",
    "2026-11-23",
    "2008-11-23",
    "2027-11-30",
    "9999-99-99",
    "MDI",
    "OUT",
    "B06MK00",
    "2BC",
    "restorative-justice",
    "\u{feff}é",
];

/// The field of a message that holds each kind, by number.
const KINDS: std::ops::RangeInclusive<u32> = 30..=43;

fn key(number: u32, wire: u8) -> Vec<u8> {
    let mut key = Vec::new();
    prost::encoding::encode_varint(u64::from(number << 3 | u32::from(wire)), &mut key);
    key
}

fn holding(number: u32, content: &[u8]) -> Vec<u8> {
    let mut field = key(number, 2);
    prost::encoding::encode_varint(content.len() as u64, &mut field);
    field.extend_from_slice(content);
    field
}

/// One field of a kind: a number, a text, a moment, or whatever it is read as.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![0..12_u64, Just(99), Just(u64::MAX)];
    let moment =
        (-400..400_i64).prop_map(|days| stamp(NOON + Duration::days(days)).encode_to_vec());
    let owner = wire::Addressee { agency: "gmp".into(), desk: "offenders".into() }.encode_to_vec();
    prop_oneof![
        (1..12_u32, value).prop_map(|(number, value)| {
            let mut field = key(number, 0);
            prost::encoding::encode_varint(value, &mut field);
            field
        }),
        (1..12_u32, prop::sample::select(&TEXTS[..]))
            .prop_map(|(number, text)| holding(number, text.as_bytes())),
        (1..12_u32, moment).prop_map(|(number, moment)| holding(number, &moment)),
        (1..12_u32).prop_map(move |number| holding(number, &owner)),
        (1..12_u32, prop::collection::vec(any::<u8>(), 0..6))
            .prop_map(|(number, bytes)| holding(number, &bytes)),
    ]
}

/// The number of the field that holds a message's kind, and the kind as it is written.
fn written_kind(message: &wire::Message) -> (u32, Vec<u8>) {
    let fields = walk(&message.encode_to_vec());
    fields.into_iter().find(|(number, _)| KINDS.contains(number)).unwrap()
}

/// A message of any kind with anything in it that can be read as that kind at all: a lawful one
/// with a few parts changed, or parts of another kind and nothing else of it.
fn anything() -> impl Strategy<Value = wire::Message> {
    let parts = prop::collection::vec(part(), 0..8);
    let base = prop::sample::select(one_of_each());
    (base, prop::option::of(KINDS), parts).prop_map(|((_, base), other, parts)| {
        let number = other.unwrap_or(written_kind(&base).0);
        let mut message =
            but(base, |message| message.kind = message.kind.take().filter(|_| other.is_none()));
        for part in parts {
            let with = [message.encode_to_vec(), holding(number, &part)].concat();
            // A part that no field of this kind can hold is left out.
            message = wire::Message::decode(with.as_slice()).unwrap_or(message);
        }
        message
    })
}

/// The fields of an encoded message with their contents, where they have any.
fn walk(mut encoded: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut fields = Vec::new();
    while !encoded.is_empty() {
        let (number, wire) = decode_key(&mut encoded).unwrap();
        if wire == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut encoded).unwrap()).unwrap();
            let (content, rest) = encoded.split_at(length);
            fields.push((number, content.to_vec()));
            encoded = rest;
        } else {
            skip_field(wire, number, &mut encoded, DecodeContext::default()).unwrap();
            fields.push((number, Vec::new()));
        }
    }
    fields
}

/// The numbers of the fields that a recipient sees of a kind.
fn seen(kind: Kind, hidden: &BTreeSet<wire::Field>) -> (u32, BTreeSet<u32>) {
    let released = Some(kinds::released(kind, hidden));
    let encoded = wire::ReleasedMessage { kind: released, ..Default::default() }.encode_to_vec();
    let (number, content) = walk(&encoded).pop().unwrap();
    (number, walk(&content).into_iter().map(|(number, _)| number).collect())
}

fn every_field() -> BTreeSet<wire::Field> {
    (1..100).filter_map(|number| wire::Field::try_from(number).ok()).collect()
}

/// By the number of a kind: what stays when everything is hidden that can be, and what goes
/// although nothing is.
const fn of_recipients(kind: u32) -> (&'static [u32], &'static [u32]) {
    match kind {
        // Intelligence: the grade, its scheme and conditions, the topic.
        30 => (&[1, 2, 3, 5], &[]),
        // MAPPA: that there is a step.
        31 => (&[1], &[]),
        // Custody: what happened, how firm it is and when; never the sender's own id.
        32 => (&[1, 2, 4], &[6]),
        // Flag: what is done; never who manages the person.
        33 => (&[2], &[10]),
        // Correction: what is to be done; never the sender's own id.
        34 => (&[3], &[1]),
        // Drug test: stage, moment, adult, and the use to which it is bound.
        36 => (&[1, 4, 5, 6], &[]),
        // Enforcement: what became of it, and when.
        37 => (&[3, 4], &[5]),
        // Action: what is said of it, and who is to do it.
        38 => (&[1, 3], &[4]),
        // Placement: what happens.
        39 => (&[2], &[6]),
        // Referral: what happens; never who else takes part.
        40 => (&[2], &[3, 5]),
        // Court: when.
        41 => (&[3], &[5]),
        // Request: that there is one; never whether others were asked.
        42 => (&[], &[2]),
        // Response: how it is answered, and why not.
        43 => (&[1, 2], &[]),
        _ => panic!("no such kind can be released"),
    }
}

#[test]
fn a_walk_finds_what_is_there() {
    let released = ReleasedKind::Action(wire::Action { step: 1, pathway: 2, ..Default::default() });
    let encoded = wire::ReleasedMessage { kind: Some(released), ..Default::default() };
    assert_eq!(walk(&encoded.encode_to_vec()), [(38, vec![8, 1, 16, 2])]);
}

#[test]
fn with_nothing_hidden_a_recipient_sees_all_but_what_is_its_senders_own() {
    for (kind, message) in one_of_each() {
        let (number, content) = written_kind(&message);
        let (_, own) = of_recipients(number);
        let sent = walk(&content).into_iter().map(|(number, _)| number);
        let expected: BTreeSet<u32> = sent.filter(|number| !own.contains(number)).collect();
        let told = seen(message.kind.unwrap(), &BTreeSet::new());
        assert_eq!(told, (number, expected), "{}", kind.name());
    }
}

proptest! {
    #[test]
    fn nothing_that_can_be_written_stops_the_broker(message in anything()) {
        let _ = admit(message, sender(), &vault(), NOON);
    }

    #[test]
    fn what_was_put_in_order_once_is_in_order(message in anything()) {
        let first = readmit(&message.encode_to_vec(), sender(), &vault(), NOON);
        if let Some(first) = first {
            let again = readmit(&first.message.encode_to_vec(), sender(), &vault(), NOON).unwrap();
            prop_assert_eq!(again.digest, first.digest);
            prop_assert_eq!(again.message, first.message);
        }
    }

    #[test]
    fn what_is_admitted_is_admitted_again_as_the_same(message in anything()) {
        if let Ok(first) = admit(message, sender(), &vault(), NOON) {
            let again = admit(first.message.clone(), sender(), &vault(), NOON).unwrap();
            prop_assert_eq!(again.digest, first.digest);
        }
    }

    #[test]
    fn of_what_is_hidden_and_of_the_senders_own_ids_nothing_is_left(message in anything()) {
        let Some(kind) = message.kind else { return Ok(()) };
        let held = kinds::of(&kind).fields();
        // What a kind says it holds is all that can be hidden in it.
        for hidden in [every_field(), held] {
            let (number, left) = seen(kind.clone(), &hidden);
            let (stays, _) = of_recipients(number);
            prop_assert!(left.iter().all(|field| stays.contains(field)), "{number}: {left:?}");
        }
        let (number, left) = seen(kind, &BTreeSet::new());
        let (_, own) = of_recipients(number);
        prop_assert!(left.iter().all(|field| !own.contains(field)), "{number}: {left:?}");
    }
}
