//! Stories: what happens to invented people, told so that whoever answers for the sharing of
//! information can read it and change it, and played against a real broker.
//!
//! Owns the reading, playing and judging of `tests/stories/*.story`; docs/stories.md says how one
//! is written. Promises that a story is played on the shipped directory and agreements, with real
//! certificates and a real store, and that it holds only if everything came as written down and
//! nothing else did. Deliberately does not know: any kind of message.

mod model;

mod read;

mod record;

mod people;

mod report;

mod judge;

mod letters;

mod play;

use std::path::{Path, PathBuf};

use crate::stage::{Script, StageError};

pub use model::{Fault, Story};
pub use play::{play, play_on};
pub use read::{Places, read};
pub use report::Report;

/// Where stories lie, in the source tree.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..").join("tests").join("stories")
}

/// The names of all stories, in order.
///
/// # Errors
/// The folder cannot be read.
pub fn names() -> Result<Vec<String>, StageError> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder())? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "story")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Reads the story of this name.
///
/// # Errors
/// There is none, or it is faulty: then the fault names the line.
pub fn load(name: &str) -> Result<Story, StageError> {
    let known = names()?;
    if !known.iter().any(|known| known == name) {
        return Err(
            format!("there is no story of this name; there are: {}", known.join(", ")).into()
        );
    }
    let text = std::fs::read_to_string(folder().join(format!("{name}.story")))?;
    let places = Places::of(&Script::shipped()?.directory)?;
    Ok(read(&text, &places).map_err(|fault| format!("{name}.story: {fault}"))?)
}
