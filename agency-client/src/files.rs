//! Files that are read up to a bound, and files that are replaced whole.
//!
//! Owns: how either is done. Promises: no more is read than is asked for; a reader sees the old file
//! or the new one, also after a crash. Deliberately does not know: what the files hold, and who may
//! write them at the same time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Reads what there is, but at most one byte more than `bytes_max`: by that byte its caller sees
/// that there is too much.
pub(crate) fn read_start(source: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source.take(bytes_max.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts a file in place in full or not at all, with mode 0600, and makes it last.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    // The rename itself is durable only once the folder is.
    File::open(folder)?.sync_all()
}
