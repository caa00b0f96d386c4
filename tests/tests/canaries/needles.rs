//! Looking for canaries: each in every form in which it could lie somewhere.
//!
//! Owns: the forms (as it is, in small letters, in capitals, UTF-16, hexadecimal, base64 at
//! each offset) and one pass over many bytes for all of them. Promises: a find names the
//! canary, its form and the place, never the bytes around it.
//! Deliberately does not know: what was said where.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Bytes by which forms are found at first; no form is shorter.
const KEY_BYTES: usize = 6;

/// Something that must lie nowhere in the open.
#[derive(Clone)]
pub struct Canary {
    /// What it is, for a reader of a failed test.
    pub name: String,
    /// Its texts or bytes.
    pub bytes: Vec<u8>,
}

impl Canary {
    /// A text.
    pub fn text(name: &str, text: &str) -> Self {
        Self { name: name.into(), bytes: text.as_bytes().to_vec() }
    }
}

struct Form {
    bytes: Vec<u8>,
    name: String,
}

/// Every form of every canary.
pub struct Needles {
    forms: HashMap<[u8; KEY_BYTES], Vec<Form>>,
    /// Whether any form begins with a pair of bytes: most places are passed over by this.
    beginnings: Vec<bool>,
}

impl Needles {
    /// The forms of these.
    pub fn of(canaries: &[Canary]) -> Self {
        let mut forms: HashMap<[u8; KEY_BYTES], Vec<Form>> = HashMap::new();
        let mut beginnings = vec![false; 1 << 16];
        for canary in canaries {
            for (form, bytes) in forms_of(&canary.bytes) {
                let key = *bytes.first_chunk().expect("a canary of six bytes or more");
                beginnings[pair(key[0], key[1])] = true;
                let name = format!("{} ({form})", canary.name);
                forms.entry(key).or_default().push(Form { bytes, name });
            }
        }
        Self { forms, beginnings }
    }

    /// What is found in some bytes, each once.
    pub fn found(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let mut before = 0;
        for (end, byte) in bytes.iter().enumerate() {
            let begins = self.beginnings[pair(before, *byte)];
            before = *byte;
            if end == 0 || !begins {
                continue;
            }
            let start = end - 1;
            let Some(key) = bytes[start..].first_chunk::<KEY_BYTES>() else { break };
            for form in self.forms.get(key).into_iter().flatten() {
                if bytes[start..].starts_with(&form.bytes) {
                    found.push(format!("{place}: {}", form.name));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// A canary in every form that a program may have left it in.
fn forms_of(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("as it is", bytes.to_vec()),
        ("hexadecimal", hex::encode(bytes).into_bytes()),
        ("hexadecimal in capitals", hex::encode_upper(bytes).into_bytes()),
    ];
    if let Ok(text) = std::str::from_utf8(bytes) {
        forms.push(("in small letters", text.to_lowercase().into_bytes()));
        forms.push(("in capitals", text.to_uppercase().into_bytes()));
        let units: Vec<u16> = text.encode_utf16().collect();
        let wide = |bytes: fn(u16) -> [u8; 2]| units.iter().copied().flat_map(bytes).collect();
        forms.push(("UTF-16", wide(u16::to_le_bytes)));
        forms.push(("UTF-16, big-endian", wide(u16::to_be_bytes)));
    }
    for before in 0..3 {
        // What stands before it shifts its digits; those it shares with neighbours are cut.
        let shifted = [vec![0; before], bytes.to_vec()].concat();
        let (first, end) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        for (name, engine) in [("base64", STANDARD), ("base64 for addresses", URL_SAFE)] {
            let digits = engine.encode(&shifted).into_bytes();
            forms.push((name, digits[first..end].to_vec()));
        }
    }
    forms
}

#[test]
fn a_canary_is_found_in_every_form_wherever_it_stands() {
    let canary = Canary::text("a name", "KanarieSelbst7Qx");
    let needles = Needles::of(&[canary]);
    for (form, bytes) in forms_of(b"KanarieSelbst7Qx") {
        let place = [b"before".to_vec(), bytes, b"after".to_vec()].concat();
        assert_ne!(needles.found("here", &place), [""; 0], "{form}");
    }
    for before in 0..7 {
        let around = [vec![b'x'; before], b"KanarieSelbst7Qx and more".to_vec()].concat();
        for engine in [STANDARD, URL_SAFE] {
            let written = engine.encode(&around);
            assert_ne!(needles.found("here", written.as_bytes()), [""; 0], "offset {before}");
        }
    }
    assert_eq!(needles.found("here", b"kanarie selbst 7qx, KanarieSelbst7Q"), [""; 0]);
}
