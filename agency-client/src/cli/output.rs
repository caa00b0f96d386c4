//! What the command prints.
//!
//! Owns: standard output, as text or as one JSON object a line. Promises: a line is written whole
//! and pushed out before the next step, so that a delivery is seen before it is acknowledged.
//! Deliberately does not know: what is printed.

use super::error::CliError;
use prost_types::Timestamp;
use proto::text::Named;
use serde_json::Value;
use std::io::{self, Read as _, Write as _};
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
        if self.is_json { self.line(&json().to_string()) } else { self.line(&text()) }
    }

    /// Prints one line as it is.
    pub(super) fn line(&self, line: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }
}

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    // There is nowhere left to report that this failed.
    let _ = writeln!(io::stderr().lock(), "agency: {text}");
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

/// Reads a file of at most `bytes_max`.
pub(super) fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, CliError> {
    let file = std::fs::File::open(path).map_err(CliError::file(path))?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(CliError::file(path))?;
    if bytes.len() as u64 > bytes_max {
        let fault = io::Error::new(io::ErrorKind::InvalidData, "is larger than such a file may be");
        return Err(CliError::file(path)(fault));
    }
    Ok(bytes)
}
