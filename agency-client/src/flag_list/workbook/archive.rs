//! The archive that a workbook is, unpacked within bounds.
//!
//! Owns: which parts are read, and how large they may be together. Promises: what the reader of
//! workbooks is given holds exactly the bytes counted here: the parts are packed anew, as they
//! are, so that no directory that two readers would read in two ways, and no size that was
//! declared and is not true, can reach it.
//! Deliberately does not know: what the parts say, and how they are compressed.
//!
//! Source: ZIP (PKWARE APPNOTE 6.3.10, sections 4.3.12, 4.3.15 and 4.3.16), as far as spreadsheets
//! use it: one volume, no ZIP64, no encryption.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::flag_list::FlagListError;

/// The most that the parts of a workbook hold together once unpacked, bytes.
pub(super) const UNPACKED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most parts of an archive, those that are passed over among them.
const PARTS_MAX: usize = 1_000;
/// The most places of an archive that look like the end of its directory. There is one; another
/// may stand in packed bytes by chance.
const ENDS_MAX: usize = 16;

/// What the directory's entry of a part begins with.
const ENTRY: &[u8] = b"PK\x01\x02";
/// What the end of the directory begins with.
const END: &[u8] = b"PK\x05\x06";
/// What says where a directory of ZIP64 is; it stands right before the end.
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
/// The length of that and of what the end begins with, bytes.
const ZIP64_END_BYTES: usize = 24;

/// What the name of the part ends with that holds the texts of all cells, in lower case.
const SHARED_STRINGS: &str = "sharedstrings.xml";
/// The most strings that a table of shared strings may announce, decimal digits.
const COUNT_DIGITS_MAX: usize = 7;

/// The archive with its parts of XML, none of them packed.
///
/// Refuses: `Unreadable` what is no such archive, `TooLarge` what holds more than 32 MiB or more
/// than a thousand parts.
pub(super) fn unpacked(archive: &[u8]) -> Result<Vec<u8>, FlagListError> {
    directory_is_small(archive)?;
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    let mut anew = ZipWriter::new(Cursor::new(Vec::new()));
    let as_it_is = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
    let (mut room, mut names) = (UNPACKED_BYTES_MAX, BTreeSet::new());
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).ok_or(FlagListError::Unreadable)?.to_owned();
        let lower_case = name.to_ascii_lowercase();
        if !names.insert(lower_case.clone()) {
            return Err(FlagListError::Unreadable);
        }
        // Pictures, printers' settings and the like are not read, however large they are.
        if !lower_case.ends_with(".xml") && !lower_case.ends_with(".rels") {
            continue;
        }
        let content = content(&mut archive, index, room)?;
        room = room.saturating_sub(content.len());
        if lower_case.ends_with(SHARED_STRINGS) {
            announces_little(&content)?;
        }
        anew.start_file(name, as_it_is)?;
        anew.write_all(&content).map_err(ZipError::from)?;
    }
    Ok(anew.finish()?.into_inner())
}

/// The whole directory is read before its parts can be counted, once for each place that may be
/// its end, and ZIP64 makes room for as many parts as it declares.
fn directory_is_small(archive: &[u8]) -> Result<(), FlagListError> {
    let is_zip64 = archive
        .windows(ZIP64_END_BYTES)
        .any(|window| window.starts_with(ZIP64_LOCATOR) && window.ends_with(END));
    let places = |mark: &[u8]| archive.windows(mark.len()).filter(|place| *place == mark).count();
    if is_zip64 || places(END) > ENDS_MAX {
        return Err(FlagListError::Unreadable);
    }
    if places(ENTRY) > PARTS_MAX {
        return Err(FlagListError::TooLarge);
    }
    Ok(())
}

/// A part's bytes, at most as many as there is room for. One that is encrypted cannot be opened,
/// and one whose checksum is another's cannot be read to its end.
fn content(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    room: usize,
) -> Result<Vec<u8>, FlagListError> {
    let one_too_many = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    let mut part = archive.by_index(index)?.take(one_too_many);
    part.read_to_end(&mut content).map_err(ZipError::from)?;
    if content.len() > room { Err(FlagListError::TooLarge) } else { Ok(content) }
}

/// The reader of workbooks makes room for as many shared strings as a part announces, before it
/// has seen one of them.
fn announces_little(content: &[u8]) -> Result<(), FlagListError> {
    let word = b"uniqueCount";
    let places = content.windows(word.len()).enumerate().filter(|(_, window)| window == word);
    for (at, _) in places {
        let after = content.iter().skip(at + word.len());
        let digits = after
            .skip_while(|byte| matches!(byte, b'=' | b'"' | b'\'') || byte.is_ascii_whitespace())
            .take_while(|byte| byte.is_ascii_digit());
        if digits.take(COUNT_DIGITS_MAX + 1).count() > COUNT_DIGITS_MAX {
            return Err(FlagListError::TooLarge);
        }
    }
    Ok(())
}

impl From<ZipError> for FlagListError {
    /// What the reader says is left out, because it may quote what it read.
    fn from(_: ZipError) -> Self {
        Self::Unreadable
    }
}
