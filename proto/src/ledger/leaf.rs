//! The leaf: what the log says of one entry, to anyone.
//!
//! Owns: the `pyramid-leaf/1` text, its reading and its log leaf hash.
//! Promises: one leaf has one text; a text accepted here is the text it would be written as.
//! Deliberately does not know: the records under its root, or that times never run backwards in a
//! log (that is a matter between leaves).

use super::LedgerError;
use super::tree::{self, Hash};
use std::fmt;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// The `format` field of every leaf.
pub const LEAF_FORMAT: &str = "pyramid-leaf/1";

const TIME_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A moment in UTC, to the second, from 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafTime(OffsetDateTime);

impl LeafTime {
    /// Takes seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    ///
    /// Refuses: `Leaf` after the year 9999, which four digits cannot write.
    pub fn from_unix_seconds(seconds: u64) -> Result<Self, LedgerError> {
        let refusal = LedgerError::Leaf { rule: "time must be from 1970 to 9999" };
        let seconds = i64::try_from(seconds).map_err(|_| refusal)?;
        let moment = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| refusal)?;
        if (1970..=9999).contains(&moment.year()) { Ok(Self(moment)) } else { Err(refusal) }
    }

    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        // Never negative: both ways of making one refuse years before 1970.
        u64::try_from(self.0.unix_timestamp()).unwrap_or(0)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SSZ`.
    ///
    /// Promise: `to_string` of the answer is exactly `text`.
    /// Refuses: `Leaf` for any other spelling, a day no calendar has, or second 60.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let refusal = LedgerError::Leaf { rule: "time must be YYYY-MM-DDTHH:MM:SSZ, from 1970" };
        let moment = PrimitiveDateTime::parse(text, TIME_FORMAT).map_err(|_| refusal)?;
        let seconds = u64::try_from(moment.assume_utc().unix_timestamp()).map_err(|_| refusal)?;
        let time = Self::from_unix_seconds(seconds)?;
        if time.to_string() == text { Ok(time) } else { Err(refusal) }
    }
}

impl fmt::Display for LeafTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second) = self.0.to_hms();
        let month = u8::from(month);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// One leaf of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The entry's time, rounded by the writer so that it tells nobody when exactly it came.
    pub time: LeafTime,
    /// The root of the entry's record tree.
    pub root: Hash,
}

impl Leaf {
    /// The leaf's text: canonical JSON (RFC 8785) with the fields `format`, `root`, `time`.
    #[must_use]
    pub fn encode(&self) -> String {
        // None of the three values can hold a character that JSON escapes, and the keys stand in
        // canonical order, so this is what the canonical writer would give.
        format!(r#"{{"format":"{LEAF_FORMAT}","root":"{}","time":"{}"}}"#, self.root, self.time)
    }

    /// Reads a leaf's text.
    ///
    /// Promise: `encode` of the answer is exactly `text`.
    /// Refuses: `Leaf`.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|_| LedgerError::Leaf { rule: "must be JSON" })?;
        let field = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
        let root = field("root")
            .and_then(Hash::from_hex)
            .ok_or(LedgerError::Leaf { rule: "root must be 64 lower-case hexadecimal digits" })?;
        let time = LeafTime::parse(field("time").unwrap_or_default())?;
        let leaf = Self { time, root };
        if leaf.encode() == text {
            Ok(leaf)
        } else {
            Err(LedgerError::Leaf {
                rule: "must be canonical JSON of exactly format (pyramid-leaf/1), root and time",
            })
        }
    }

    /// The leaf hash under which the log tree holds this leaf: SHA-256(0x00 || text).
    #[must_use]
    pub fn log_hash(&self) -> Hash {
        tree::leaf_hash(self.encode().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = concat!(
        r#"{"format":"pyramid-leaf/1","#,
        r#""root":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
        r#""time":"2024-02-29T23:59:59Z"}"#
    );

    #[test]
    fn a_leaf_is_three_fields_in_canonical_form() {
        let leaf = Leaf::parse(TEXT).unwrap();
        assert_eq!(leaf.root, Hash::of_empty_tree());
        assert_eq!(leaf.time.unix_seconds(), 1_709_251_199);
        assert_eq!(leaf.encode(), TEXT);
        assert!(crate::canonical::is_canonical(TEXT));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let rows = [
            String::new(),
            "[]".to_owned(),
            "{}".to_owned(),
            format!(" {TEXT}"),
            format!("{TEXT}\n"),
            TEXT.replace("leaf/1", "leaf/2"),
            TEXT.replace(",", ", "),
            TEXT.replace("e3b0", "E3B0"),
            TEXT.replace("e3b0", ""),
            TEXT.replace(r#""time""#, r#""extra":1,"time""#),
            TEXT.replace(r#""time""#, r#""root":"","time""#),
            TEXT.replace("format", r"\u0066ormat"),
        ];
        for text in rows {
            assert!(matches!(Leaf::parse(&text), Err(LedgerError::Leaf { .. })), "{text}");
        }
    }

    #[test]
    fn a_time_is_a_real_second_in_its_one_spelling() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(LeafTime::from_unix_seconds(seconds).unwrap().to_string(), text);
            assert_eq!(LeafTime::parse(text).unwrap().unix_seconds(), seconds);
        }
        for seconds in [253_402_300_800, u64::MAX] {
            assert!(LeafTime::from_unix_seconds(seconds).is_err(), "{seconds}");
        }
        for text in [
            "",
            "1969-12-31T23:59:59Z",
            "2023-02-29T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00z",
            "2024-01-01t00:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01T00:00:00.0Z",
            "2024-1-1T00:00:00Z",
            "+2024-01-01T00:00:00Z",
            "12024-01-01T00:00:00Z",
            " 2024-01-01T00:00:00Z",
        ] {
            assert!(LeafTime::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_leaf_reads_back(seconds in 0_u64..=253_402_300_799, root in any::<[u8; 32]>()) {
            let time = LeafTime::from_unix_seconds(seconds).unwrap();
            let leaf = Leaf { time, root: Hash::from(root) };
            prop_assert_eq!(Leaf::parse(&leaf.encode()), Ok(leaf));
            prop_assert_eq!(time.unix_seconds(), seconds);
        }
    }
}
