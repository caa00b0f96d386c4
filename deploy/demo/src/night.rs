//! The night's payloads and the morning's release list, as the prisons' systems write them.
//!
//! Owns filling in the times, which must be recent, and what each payload must come to. Everything
//! else about them is read by the client's own adapter, irregularities included.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use agency_client::hmpps::{ImportProfile, Outcome, ReleaseList, read, read_release_list};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::acts::{Act, sixteen_years_ago};
use crate::cast::NodeName;
use crate::stage::StageError;
use crate::words;

/// The system that reads the prisons' feed.
pub(crate) const PRISONS: NodeName = ("hmpps-prisons", "records");

/// What a payload must come to.
pub(crate) enum Ends {
    /// A message; the row of the table of expectations that is about it.
    Shared(&'static str),
    /// Read and kept, for the reason with this code.
    Kept(&'static str),
    /// Held back for a person to look at, for the reason with this code.
    Held(&'static str),
}

/// One payload of the night.
pub(crate) struct Payload {
    /// File.
    pub(crate) file: &'static str,
    text: &'static str,
    /// What happened, in plain words.
    pub(crate) heading: &'static str,
    /// What it must come to.
    pub(crate) ends: Ends,
}

macro_rules! payloads {
    ($($file:literal $heading:literal $ends:expr,)*) => {
        /// The night, in the order in which it happens.
        pub(crate) const PAYLOADS: &[Payload] = &[$(Payload {
            file: $file,
            text: include_str!(concat!("../night/", $file)),
            heading: $heading,
            ends: $ends,
        },)*];
    };
}

payloads! {
    "01-search-says-released.json" "Archer: the search index says released, not yet confirmed"
        Ends::Shared("archer-provisional"),
    "02-release-confirmed.json" "Archer: the release is confirmed; no area, no birth date"
        Ends::Shared("archer-confirmed"),
    "03-temporary-absence.json" "Brook: an event called `released` that is a temporary absence"
        Ends::Shared("brook-absent"),
    "04-unlawfully-at-large.json" "Brook: an event called `released` that is an escape"
        Ends::Shared("brook-at-large"),
    "05-child-released.json" "Dale: released; nobody said how old he is, or if access is limited"
        Ends::Shared("dale-event"),
    "06-nobody-knows-him.json" "Ember: released; on no list, area unknown"
        Ends::Shared("ember-event"),
    "07-records-merged.json" "Two records of one person were merged"
        Ends::Kept("administrative_merge"),
    "08-to-court.json" "Frost: taken to court"
        Ends::Kept("court_movement"),
    "09-recall-considered.json" "Somebody's recall is being considered"
        Ends::Kept("recall_recommendation"),
    "10-two-people.json" "An event that names two people"
        Ends::Held("conflicting_noms"),
    "11-cut-short.json" "A file cut short"
        Ends::Held("not_json"),
}

const RELEASES: &str = include_str!("../night/releases.csv");
const PROFILE: &str = include_str!("../night/import.toml");
const FIRST_MESSAGE: &str = include_str!("../night/first-message.json");
/// Rows of the release list that are good, in its order: key and heading.
pub(crate) const ROWS: &[(&str, &str)] = &[
    ("archer-listed", "Archer: from Forest Bank to Stockport, today (a Wirral case, in Stockport)"),
    ("ember-listed", "Ember, a burglar on no list: to Stockport, today"),
    ("dale-listed", "Dale, 16: from Wetherby to Stockport, today"),
    ("frost-listed", "Frost, a MAPPA case with a limited record: to Stockport, today"),
];

/// The night's files in a folder, and the footing on which they are shared.
pub(crate) struct Night {
    folder: PathBuf,
    profile: ImportProfile,
    now: OffsetDateTime,
}

impl Night {
    /// Writes the files with their times filled in, and a key for the ids of their messages.
    ///
    /// # Errors
    /// The folder cannot be written, or the profile is faulty.
    pub(crate) fn prepare(folder: &Path, now: OffsetDateTime) -> Result<Self, StageError> {
        fs::create_dir_all(folder)?;
        for payload in PAYLOADS {
            fs::write(folder.join(payload.file), filled_in(payload.text, now))?;
        }
        fs::write(folder.join("releases.csv"), filled_in(RELEASES, now))?;
        fs::write(folder.join("first-message.json"), FIRST_MESSAGE)?;
        let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let key_file = folder.join("import-id.key");
        fs::write(&key_file, key)?;
        // The importer refuses a key that others may read.
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600))?;
        let path = folder.join("import.toml");
        fs::write(&path, PROFILE)?;
        Ok(Self { folder: folder.to_owned(), profile: ImportProfile::load(&path)?, now })
    }

    /// Reads a payload as it lies in the folder.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read(&self, payload: &Payload) -> Result<Outcome, StageError> {
        let bytes = fs::read(self.folder.join(payload.file))?;
        Ok(read(&bytes, &self.profile, self.now))
    }

    /// Reads the release list.
    ///
    /// # Errors
    /// The file cannot be read, or is no release list.
    pub(crate) fn releases(&self) -> Result<ReleaseList, StageError> {
        let bytes = fs::read(self.folder.join("releases.csv"))?;
        Ok(read_release_list(&bytes, &self.profile, self.now)?)
    }
}

/// The acts that a release list comes to.
///
/// # Errors
/// It has not the rows that it should have.
pub(crate) fn acts_of(list: ReleaseList) -> Result<Vec<Act>, StageError> {
    if list.rows.len() != ROWS.len() {
        return Err(
            format!("the list has {} good rows, not {}", list.rows.len(), ROWS.len()).into()
        );
    }
    let rows = list.rows.into_iter().zip(ROWS);
    Ok(rows
        .map(|(row, (key, heading))| Act {
            key,
            heading: (*heading).to_owned(),
            sender: PRISONS,
            message: row.message,
        })
        .collect())
}

/// What a message of the feed says, in a line.
pub(crate) fn summary(message: &wire::Message) -> String {
    let Some(Kind::Custody(custody)) = &message.kind else { return "not custody news".to_owned() };
    let urgency =
        if message.urgency() == wire::Urgency::Immediate { "immediate" } else { "routine" };
    let event = words::event(custody.event());
    format!("{event}, {}, {urgency}", words::certainty(custody.certainty()))
}

/// Fills in `<50 minutes ago>`, `<today>` and `<sixteen years ago>`.
fn filled_in(text: &str, now: OffsetDateTime) -> String {
    let mut filled = text
        .replace("<today>", &now.date().to_string())
        .replace("<sixteen years ago>", &sixteen_years_ago(now).to_string());
    for minutes in (5_i64..=60).step_by(5) {
        let then = now - Duration::minutes(minutes);
        let (hour, minute, second) = then.to_hms();
        let moment = format!("{}T{hour:02}:{minute:02}:{second:02}", then.date());
        filled = filled.replace(&format!("<{minutes} minutes ago>"), &moment);
    }
    filled
}
