//! Letters on disk, one small file each, so that a stop loses none.
//!
//! Promises that a letter is on disk, its folder synced, before [`Spool::keep`] returns; and that
//! a file holds what a [`Letter`] can hold, no address and nothing about a person.
//! Deliberately does not know: when letters leave.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::notice::{Addressee, Code, Letter, Notice, Place, written};

/// What the file of a letter is called after its id.
const ENDING: &str = "letter";
/// What it is called until it is whole.
const UNFINISHED: &str = "unfinished";
/// Bytes of a letter's file. The longest has fewer than 600.
const FILE_BYTES_MAX: u64 = 4_096;

/// Where letters are kept.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    folder: PathBuf,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Letters that have not left, the oldest alarm first.
    pub(super) letters: Vec<Letter>,
    /// Files that are none.
    pub(super) damaged: u64,
}

impl Spool {
    /// Opens the folder, made where there is none, and clears away what a crash left unfinished:
    /// nobody was told that it is kept.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|ending| ending == UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Keeps a letter.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(super) fn keep(&self, letter: &Letter) -> io::Result<()> {
        let path = self.path(letter.id());
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text(letter).as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Lets go of a letter. One that comes back because the disk did not is sent again, under the
    /// same id.
    pub(super) fn forget(&self, id: Uuid) {
        let _ = fs::remove_file(self.path(id));
    }

    /// What an earlier run left.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn kept(&self) -> io::Result<Kept> {
        let mut kept = Kept::default();
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            if path.extension().is_none_or(|ending| ending != ENDING) {
                continue;
            }
            match read(&path) {
                Some(letter) if self.path(letter.id()) == path => kept.letters.push(letter),
                Some(_) | None => kept.damaged = kept.damaged.saturating_add(1),
            }
        }
        kept.letters.sort_by_key(|letter| letter.notice.raised_at);
        Ok(kept)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.{ENDING}"))
    }
}

fn text(letter: &Letter) -> String {
    let Letter { notice, to } = letter;
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    };
    put("code", Some(notice.code.name()));
    put("agency", notice.place.agency_id());
    put("desk", notice.place.desk_id());
    put("reference", Some(&notice.reference.to_string()));
    put("deadline", notice.deadline.map(written).as_deref());
    put("raised_at", Some(&written(notice.raised_at)));
    put("to", Some(to.name()));
    put("to_agency", to.place().agency_id());
    put("to_desk", to.place().desk_id());
    put("to_person", to.person().map(|id| id.to_string()).as_deref());
    Value::Object(map).to_string()
}

fn read(path: &Path) -> Option<Letter> {
    if fs::metadata(path).ok()?.len() > FILE_BYTES_MAX {
        return None;
    }
    let map: Map<String, Value> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let of = |key: &str| map.get(key).and_then(Value::as_str);
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let deadline = match of("deadline") {
        None => None,
        Some(text) => Some(moment(text)?),
    };
    let notice = Notice {
        code: Code::from_name(of("code")?)?,
        place: Place::again(of("agency"), of("desk"))?,
        reference: Uuid::try_parse(of("reference")?).ok()?,
        deadline,
        raised_at: moment(of("raised_at")?)?,
    };
    let place = Place::again(of("to_agency"), of("to_desk"))?;
    let person = match of("to_person") {
        None => None,
        Some(text) => Some(Uuid::try_parse(text).ok()?),
    };
    Some(Letter { notice, to: Addressee::again(of("to")?, place, person)? })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;

    fn letter(to: Addressee, deadline: Option<OffsetDateTime>) -> Letter {
        let notice = Notice {
            code: Code::ActionOverdue,
            place: Place::again(Some("gmp"), Some("stockport")).unwrap(),
            reference: uuid!("018f0000-0000-7000-8000-000000000001"),
            deadline,
            raised_at: datetime!(2026-03-02 12:05 UTC),
        };
        Letter { notice, to }
    }

    #[test]
    fn what_is_kept_comes_back_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let place = || Place::again(Some("hmpps"), None).unwrap();
        let letters = [
            letter(Addressee::Operators, None),
            letter(Addressee::DutyOfficer(place()), Some(datetime!(2026-03-02 12:00 UTC))),
            letter(Addressee::AgencyLead(place()), None),
            letter(Addressee::DataProtection(place()), None),
        ];
        let spool = Spool::open(&folder.path().join("notices")).unwrap();
        for letter in &letters {
            spool.keep(letter).unwrap();
            spool.keep(letter).unwrap();
        }
        let kept = Spool::open(&folder.path().join("notices")).unwrap().kept().unwrap();
        assert_eq!((kept.letters.len(), kept.damaged), (4, 0));
        assert!(letters.iter().all(|letter| kept.letters.contains(letter)));
        spool.forget(letters[0].id());
        assert_eq!(spool.kept().unwrap().letters.len(), 3);
    }

    #[test]
    fn a_deadline_finer_than_a_second_does_not_make_another_letter() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let fine = letter(Addressee::Operators, Some(datetime!(2026-03-02 12:00:00.25 UTC)));
        spool.keep(&fine).unwrap();
        assert_eq!(spool.kept().unwrap().letters[0].id(), fine.id());
    }

    #[test]
    fn what_is_no_letter_is_counted_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let good = text(&letter(Addressee::Operators, None));
        let rows = [
            ("half", good[..good.len() / 2].to_owned()),
            ("word", good.replace("action-overdue", "other")),
            ("place", good.replace("stockport", "Jane Invented")),
            // Another's name: a letter that was changed by hand.
            ("changed", good.clone()),
        ];
        for (name, content) in &rows {
            fs::write(folder.path().join(format!("{name}.letter")), content).unwrap();
        }
        let half = folder.path().join("x.unfinished");
        fs::write(&half, "").unwrap();
        let kept = spool.kept().unwrap();
        assert_eq!((kept.letters.len(), kept.damaged), (0, 4));
        Spool::open(folder.path()).unwrap();
        assert!(!half.exists());
    }
}
