//! What the command prints.
//!
//! Owns: standard output, as text or as one JSON object a line. Promises: a line is written whole
//! and pushed out before the next step, so that a delivery is seen before it is acknowledged; no
//! character that a terminal would obey is printed as it is.
//! Deliberately does not know: what is printed.

use super::error::CliError;
use super::shown;
use crate::files::read_start;
use prost_types::Timestamp;
use proto::text::Named;
use serde_json::Value;
use std::io::{self, Write as _};
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Text or JSON.
pub(super) struct Output {
    /// Whether JSON was asked for.
    pub(super) is_json: bool,
}

impl Output {
    /// For the option `--json`.
    pub(super) const fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// Prints one record: the JSON, or the text.
    pub(super) fn record(
        &self,
        json: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        Self::write_line(&self.shown(json, text))
    }

    /// A record as it is printed.
    fn shown(&self, json: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> String {
        if self.is_json { shown::in_json(&json().to_string()) } else { shown::in_text(&text()) }
    }

    /// Prints JSON of one line that was written elsewhere.
    pub(super) fn json_line(&self, json: &str) -> Result<(), CliError> {
        Self::write_line(&shown::in_json(json))
    }

    /// Prints a text of one or more lines.
    pub(super) fn text(&self, text: &str) -> Result<(), CliError> {
        Self::write_line(&shown::in_text(text))
    }

    fn write_line(line: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }
}

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    // There is nowhere left to report that this failed.
    let _ = writeln!(io::stderr().lock(), "agency: {}", shown::in_text(text));
}

/// A time in RFC 3339; empty if absent or out of range.
pub(super) fn time_text(time: Option<&Timestamp>) -> String {
    time.and_then(|time| {
        let seconds = OffsetDateTime::from_unix_timestamp(time.seconds).ok()?;
        let nanos = u32::try_from(time.nanos).ok()?;
        seconds.replace_nanosecond(nanos).ok()?.format(&Rfc3339).ok()
    })
    .unwrap_or_default()
}

/// A time that the broker tells: absent, empty, and the start of 1970, which stands for "no time is
/// told", are all empty.
pub(super) fn told_time(time: Option<&Timestamp>) -> String {
    time_text(time.filter(|time| (time.seconds, time.nanos) != (0, 0)))
}

/// The written name of an enum's number; a number this version does not know stays a number.
pub(super) fn word<E: Named + TryFrom<i32>>(number: i32) -> String {
    E::try_from(number).map_or_else(|_| number.to_string(), Named::name)
}

/// The written names of several.
pub(super) fn words<E: Named + TryFrom<i32>>(numbers: &[i32]) -> Vec<String> {
    numbers.iter().map(|number| word::<E>(*number)).collect()
}

/// A text given on the command line, or in the file that `@FILE` names (at most 64 KiB).
pub(super) fn text_or_file(text: String) -> Result<String, CliError> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text) };
    let content = read_text(Path::new(path), 64 * 1024)?;
    Ok(content.trim_end().to_owned())
}

/// Reads a text file of at most `bytes_max`.
pub(super) fn read_text(path: &Path, bytes_max: u64) -> Result<String, CliError> {
    let bytes = read_bytes(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|_| {
        CliError::file(path)(io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8"))
    })
}

/// Reads a file of at most `bytes_max`; of a larger one no more than one byte beyond.
pub(super) fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, CliError> {
    let bytes = std::fs::File::open(path)
        .and_then(|file| read_start(file, bytes_max))
        .map_err(CliError::file(path))?;
    if bytes.len() as u64 > bytes_max {
        return Err(CliError::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_words_cannot_lead_the_reader_in_text_or_in_json() {
        // "released" written backwards by an override, and a terminal told to clear itself.
        let said = serde_json::json!({"text": "not \u{202e}desaeler\u{202c}, \u{9b}2J\u{1b}[2J"});
        let print = |is_json| {
            Output::new(is_json).shown(|| said.clone(), || format!("delivery 1\n{said:#}"))
        };
        assert_eq!(
            print(false),
            "delivery 1\n{\n  \"text\": \"not \\u{202e}desaeler\\u{202c}, \\u{9b}2J\\u001b[2J\"\n}"
        );
        assert_eq!(print(true), "{\"text\":\"not \\u202edesaeler\\u202c, \\u009b2J\\u001b[2J\"}");
        assert_eq!(serde_json::from_str::<Value>(&print(true)).unwrap(), said);
    }

    #[test]
    fn a_time_that_is_not_told_is_no_year_1970() {
        assert_eq!(told_time(None), "");
        assert_eq!(told_time(Some(&Timestamp { seconds: 0, nanos: 0 })), "");
        assert_eq!(told_time(Some(&Timestamp { seconds: 1, nanos: 0 })), "1970-01-01T00:00:01Z");
    }
}
