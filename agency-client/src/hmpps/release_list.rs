//! A prison's release list (CSV), read into custody messages.
//!
//! Owns: the columns, the rules of each cell, and what a row becomes. Promises: every fault of
//! every row is reported at once, by line, column and rule and never by value; a faulty row gives
//! no message and stops no other row; the same row gives the same id while what it says of the
//! release, planned or past, stays the same. Deliberately does not know: desks and flags.

use std::collections::BTreeSet;
use std::fmt;

use csv::ByteRecord;
use proto::blank::is_blank;
use proto::exchange::v1::{
    Area, AreaRole, Custody, CustodyCertainty, CustodyEvent, Field, Footing, LimitedAccess,
    Message, Statement, Subject, Urgency, message::Kind,
};
use proto::identifier::{BirthDate, LocalAuthority, LocalAuthorityForm, PrisonCode, PrisonPlace};
use proto::limits::{MOVEMENT_REASON_CHARACTERS_MAX, NAME_CHARACTERS_MAX};
use time::{Date, Duration, Month, OffsetDateTime};
use uuid::Uuid;

use super::compose;
use super::custody::{self, Case};
use super::keyed_ids::{self, Use};
use super::moment;
use super::person::Noms;
use super::profile::ImportProfile;

/// Largest list, in bytes.
pub const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most rows of one list.
pub const LIST_ROWS_MAX: usize = 20_000;
/// Most characters of an offence class.
const OFFENCE_CLASS_CHARACTERS_MAX: usize = 200;
/// Furthest release that is planned for, in days.
const PLANNED_DAYS_MAX: i64 = 365;

/// The columns, in the order in which documents name them.
const COLUMNS: [&str; 9] = [
    "noms_number",
    "name",
    "birth_date",
    "release_date",
    "prison",
    "release_area",
    "offence_class",
    "limited_access",
    "movement_reason",
];
/// How many of them, from the first, a list must have.
const REQUIRED: usize = 6;

/// What is wrong with a list as a whole. No row was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Larger than 8 MiB.
    #[error("the list is larger than 8 MiB")]
    TooLarge,
    /// More than 20,000 rows.
    #[error("the list has more than 20,000 rows")]
    TooManyRows,
    /// The first line cannot be read.
    #[error("the first line must name the columns")]
    NoHeader,
    /// A column nobody knows.
    #[error("column {position} of the first line has a name that is not a column of release lists")]
    UnknownColumn {
        /// Position in the first line, from 1.
        position: usize,
    },
    /// A column named twice.
    #[error("column {position} of the first line repeats an earlier one")]
    RepeatedColumn {
        /// Position in the first line, from 1.
        position: usize,
    },
    /// A required column is missing.
    #[error("the column `{column}` is required")]
    MissingColumn {
        /// Its name.
        column: &'static str,
    },
}

/// A rule that a row broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum RowRule {
    /// Another number of cells than columns, or not CSV.
    #[error("the row must have as many cells as the first line")]
    Cells,
    /// Not UTF-8, or with control characters.
    #[error("must be plain text in UTF-8")]
    Text,
    /// Not a prison number.
    #[error("must be a prison number: a letter, four digits, two letters")]
    NomsNumber,
    /// Too long.
    #[error("is at most 200 characters")]
    Length,
    /// Not a day.
    #[error("must be a calendar date, YYYY-MM-DD, in the years 1900 to 2100")]
    CalendarDate,
    /// A release that nobody can plan for yet.
    #[error("is at most 365 days ahead")]
    FarAhead,
    /// A birth that lies ahead.
    #[error("must not be after today")]
    BirthAhead,
    /// Nothing that anybody could see.
    #[error("must say something or be empty: it is only invisible characters")]
    Blank,
    /// Not a prison.
    #[error("must be an establishment's three-letter code")]
    Prison,
    /// Not an area.
    #[error("must be a local authority's code in the GSS form, or empty")]
    ReleaseArea,
    /// Not an answer.
    #[error("must be yes, no or empty")]
    YesNo,
    /// Not a code.
    #[error("must be a movement code of at most 12 letters, digits and underscores, or empty")]
    MovementReason,
    /// A code that says nobody was released.
    #[error("is a movement that is not a release: merge, death or flight")]
    NotARelease,
    /// The release stands on an earlier line too.
    #[error("repeats a release that an earlier row names")]
    Repeated,
}

/// One fault of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFault {
    /// Line in the file, from 1, as an editor counts them: empty lines count too.
    pub line: u64,
    /// Column, or empty for the row as a whole.
    pub column: &'static str,
    /// Rule.
    pub rule: RowRule,
}

impl fmt::Display for RowFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            "" => write!(formatter, "line {}: {}", self.line, self.rule),
            column => write!(formatter, "line {}, {column}: {}", self.line, self.rule),
        }
    }
}

/// A good row and the message it became. `Debug` shows the line only.
#[derive(Clone, PartialEq)]
pub struct ReleaseRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The message.
    pub message: Message,
}

impl fmt::Debug for ReleaseRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReleaseRow(line {})", self.line)
    }
}

/// A list as read: each row is in exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleaseList {
    /// Good rows, in the list's order.
    pub rows: Vec<ReleaseRow>,
    /// Every fault of the others, in the list's order.
    pub faults: Vec<RowFault>,
}

/// Reads a release list.
///
/// Each good row becomes one custody message: planned (`PROVISIONAL`, routine) while its date lies
/// ahead of today in Britain, `CONFIRMED` from that day on, `HISTORIC` after 48 hours. The time
/// given is the start of the day, since a list knows no hour.
///
/// # Errors
/// [`ListError`] when the list as a whole cannot be read; faults of rows are in the result.
pub fn read_release_list(
    content: &[u8],
    profile: &ImportProfile,
    now: OffsetDateTime,
) -> Result<ReleaseList, ListError> {
    if content.len() > LIST_BYTES_MAX {
        return Err(ListError::TooLarge);
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut records = reader.byte_records();
    let header = records.next().and_then(Result::ok).ok_or(ListError::NoHeader)?;
    let places = places(&header)?;
    let mut lines = Lines { content, counted: 0, line: 1 };
    let mut list = ReleaseList::default();
    let mut seen = BTreeSet::new();
    for (position, record) in records.enumerate() {
        if position >= LIST_ROWS_MAX {
            return Err(ListError::TooManyRows);
        }
        // Reading bytes from memory cannot fail, and a record of any length is taken; were it to
        // fail after all, the row is reported like any other.
        let record = record.unwrap_or_default();
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let today = moment::british_day(now);
        let mut cells = Cells { record: &record, places, line, today, faults: &mut list.faults };
        let before = cells.faults.len();
        let release = cells.release(header.len());
        if let Some(release) = release.filter(|_| list.faults.len() == before) {
            if seen.insert((release.noms.clone(), release.date, release.prison.clone())) {
                list.rows.push(ReleaseRow { line, message: release.message(profile, now) });
            } else {
                list.faults.push(RowFault { line, column: "", rule: RowRule::Repeated });
            }
        }
    }
    Ok(list)
}

/// Line numbers, counted on from one record to the next.
struct Lines<'a> {
    content: &'a [u8],
    /// Bytes whose ends of lines are counted.
    counted: usize,
    /// The line of what follows them.
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that was read from this byte on. What ends the lines before it,
    /// empty ones among them, was still to be read there and is not of the record.
    fn of(&mut self, byte: u64) -> u64 {
        let is_end = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        let ends = self.content.iter().skip(from).take_while(is_end).count();
        let begin = from.saturating_add(ends);
        let passed = self.content.get(self.counted..begin).unwrap_or_default();
        // A record begins with neither, so no pair is cut in two here.
        let next = passed.iter().skip(1).map(Some).chain([None]);
        let ended = |(byte, next): &(&u8, Option<&u8>)| {
            **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n'))
        };
        self.line += passed.iter().zip(next).filter(ended).count() as u64;
        self.counted = begin;
        self.line
    }
}

/// Where each column stands.
fn places(header: &ByteRecord) -> Result<[Option<usize>; 9], ListError> {
    let mut places = [None; 9];
    for (index, name) in header.iter().enumerate() {
        let known = COLUMNS.iter().position(|column| column.as_bytes() == name);
        let place = known.and_then(|column| places.get_mut(column));
        match place {
            None => return Err(ListError::UnknownColumn { position: index + 1 }),
            Some(Some(_)) => return Err(ListError::RepeatedColumn { position: index + 1 }),
            Some(place) => *place = Some(index),
        }
    }
    let required = COLUMNS.iter().zip(&places).take(REQUIRED);
    match required.into_iter().find(|(_, place)| place.is_none()) {
        Some((column, _)) => Err(ListError::MissingColumn { column }),
        None => Ok(places),
    }
}

/// A row whose every cell is good.
struct Release {
    noms: Noms,
    name: String,
    birth_date: String,
    date: Date,
    prison: String,
    area: String,
    offence_class: String,
    limited_access: LimitedAccess,
    code: String,
    event: CustodyEvent,
}

/// The cells of one row, and where its faults go.
struct Cells<'a> {
    record: &'a ByteRecord,
    places: [Option<usize>; 9],
    line: u64,
    /// Today in Britain.
    today: Date,
    faults: &'a mut Vec<RowFault>,
}

impl Cells<'_> {
    /// Reads the row; every fault is noted before it is given up.
    fn release(&mut self, columns: usize) -> Option<Release> {
        if self.record.len() != columns {
            self.fault("", RowRule::Cells);
            return None;
        }
        let noms = self.cell("noms_number");
        let noms = self.must("noms_number", RowRule::NomsNumber, Noms::parse(&noms).ok());
        let name = self.bounded("name", NAME_CHARACTERS_MAX);
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let birth_date = self.birth_date();
        let date = self.release_date();
        let prison = PrisonCode::parse(&self.cell("prison"))
            .ok()
            .filter(|code| code.place() == PrisonPlace::Establishment);
        let prison = self.must("prison", RowRule::Prison, prison);
        let area = release_area(&self.cell("release_area"));
        let area = self.must("release_area", RowRule::ReleaseArea, area);
        let offence_class = self.bounded("offence_class", OFFENCE_CLASS_CHARACTERS_MAX);
        let limited = yes_or_no(&self.cell("limited_access"));
        let limited = self.must("limited_access", RowRule::YesNo, limited);
        let (code, event) = self.movement()?;
        Some(Release {
            noms: noms?,
            name,
            birth_date: birth_date?,
            date: date?,
            prison: prison?.canonical().to_owned(),
            area: area?,
            offence_class,
            limited_access: limited?,
            code,
            event,
        })
    }

    fn fault(&mut self, column: &'static str, rule: RowRule) {
        self.faults.push(RowFault { line: self.line, column, rule });
    }

    fn must<T>(&mut self, column: &'static str, rule: RowRule, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.fault(column, rule);
        }
        value
    }

    /// The text of a cell, trimmed; empty where the list has no such column.
    fn cell(&mut self, column: &'static str) -> String {
        let place = COLUMNS.iter().position(|name| *name == column);
        let index = place.and_then(|place| self.places.get(place).copied().flatten());
        let bytes = index.and_then(|index| self.record.get(index)).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(char::is_control) => text.trim().to_owned(),
            Ok(_) | Err(_) => {
                self.fault(column, RowRule::Text);
                String::new()
            }
        }
    }

    fn bounded(&mut self, column: &'static str, characters_max: usize) -> String {
        let text = self.cell(column);
        if text.chars().count() > characters_max {
            self.fault(column, RowRule::Length);
        }
        if !text.is_empty() && is_blank(&text) {
            self.fault(column, RowRule::Blank);
        }
        text
    }

    /// The day of the release. The broker takes no plan for one so far ahead that the news of
    /// it would end before it comes about.
    fn release_date(&mut self) -> Option<Date> {
        let date = calendar_date(&self.cell("release_date"));
        let date = self.must("release_date", RowRule::CalendarDate, date)?;
        let near = date - self.today <= Duration::days(PLANNED_DAYS_MAX);
        self.must("release_date", RowRule::FarAhead, near.then_some(date))
    }

    /// A birth date as written, or nothing. The broker takes none that lies ahead.
    fn birth_date(&mut self) -> Option<String> {
        let text = self.cell("birth_date");
        if text.is_empty() {
            return Some(text);
        }
        let date = self.must("birth_date", RowRule::CalendarDate, calendar_date(&text))?;
        self.must("birth_date", RowRule::BirthAhead, (date <= self.today).then_some(text))
    }

    /// The movement code and what a discharge with it is. A list may announce a move to hospital
    /// or to immigration detention; a merge, a death or a flight is no release to plan for.
    fn movement(&mut self) -> Option<(String, CustodyEvent)> {
        let code = self.cell("movement_reason").to_ascii_uppercase();
        let possible = code.len() <= MOVEMENT_REASON_CHARACTERS_MAX
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !possible {
            self.fault("movement_reason", RowRule::MovementReason);
            return None;
        }
        let event = custody::discharge(&code).filter(|event| {
            !matches!(event, CustodyEvent::Death | CustodyEvent::UnlawfullyAtLarge)
        });
        self.must("movement_reason", RowRule::NotARelease, event).map(|event| (code, event))
    }
}

/// A day as [`BirthDate`] reads one: `YYYY-MM-DD`, a day that exists, 1900 to 2100.
fn calendar_date(text: &str) -> Option<Date> {
    let day = BirthDate::parse(text).ok()?;
    let month = Month::try_from(day.month()).ok()?;
    Date::from_calendar_date(day.year().into(), month, day.day()).ok()
}

fn release_area(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    LocalAuthority::parse(text)
        .ok()
        .filter(|area| area.form() == LocalAuthorityForm::Gss)
        .map(|area| area.canonical().to_owned())
}

fn yes_or_no(text: &str) -> Option<LimitedAccess> {
    match text {
        "" => Some(LimitedAccess::Unspecified),
        "no" => Some(LimitedAccess::No),
        "yes" => Some(LimitedAccess::Yes),
        _ => None,
    }
}

/// A nil return: the list of today, in Britain, names nobody, and this person, who looked, answers
/// for it. The same day and person give the same id.
#[must_use]
pub fn nobody_released(profile: &ImportProfile, person: Uuid, now: OffsetDateTime) -> Message {
    let today = moment::british_day(now);
    let acting_person = person.hyphenated().to_string();
    let facts = ["nobody", &today.to_string(), &acting_person];
    let custody = Custody {
        event: CustodyEvent::Release.into(),
        certainty: CustodyCertainty::Confirmed.into(),
        occurred_at: Some(compose::stamp(moment::start_of_british_day(today))),
        nobody: true,
        ..Custody::default()
    };
    Message {
        message_id: keyed_ids::uuid(&profile.id_key, Use::ListMessage, &facts).to_string(),
        urgency: Urgency::Routine.into(),
        kind: Some(Kind::Custody(custody)),
        acting_person,
        ..compose::footing(profile)
    }
}

impl Release {
    fn message(self, profile: &ImportProfile, now: OffsetDateTime) -> Message {
        let occurred_at = moment::start_of_british_day(self.date);
        let planned = self.date > moment::british_day(now);
        let certainty = if planned {
            CustodyCertainty::Provisional
        } else {
            compose::certainty(CustodyCertainty::Confirmed, occurred_at, now)
        };
        let urgency =
            if planned { Urgency::Routine } else { compose::urgency(self.event, certainty) };
        let id = self.id(profile, planned);
        let correlation =
            compose::correlation(profile, &self.noms, Case::Discharge, self.date, &self.prison);
        let subject = Subject {
            name: self.name,
            birth_date: self.birth_date,
            limited_access: self.limited_access.into(),
            ..compose::subject(&self.noms)
        };
        let area = Area { code: self.area, role: AreaRole::Release.into(), ..Area::default() };
        let offence = Statement {
            field: Field::OffenceClass.into(),
            footing: Footing::Fact.into(),
            subjects: vec![0],
            text: self.offence_class,
        };
        let custody = Custody {
            event: self.event.into(),
            certainty: certainty.into(),
            prison: self.prison,
            occurred_at: Some(compose::stamp(occurred_at)),
            movement_reason: self.code,
            ..Custody::default()
        };
        Message {
            message_id: id,
            correlation_id: correlation,
            urgency: urgency.into(),
            subjects: vec![subject],
            areas: Some(area).into_iter().filter(|area| !area.code.is_empty()).collect(),
            statements: Some(offence).into_iter().filter(|said| !said.text.is_empty()).collect(),
            kind: Some(Kind::Custody(custody)),
            ..compose::footing(profile)
        }
    }

    /// Every cell enters the id, so that a corrected row is a message of its own; and whether the
    /// release is still planned, so that the day itself brings its confirmation.
    fn id(&self, profile: &ImportProfile, planned: bool) -> String {
        let date = self.date.to_string();
        let facts = [
            if planned { "planned" } else { "due" },
            self.noms.canonical(),
            &self.name,
            &self.birth_date,
            &date,
            &self.prison,
            &self.area,
            &self.offence_class,
            self.limited_access.as_str_name(),
            &self.code,
        ];
        keyed_ids::uuid(&profile.id_key, Use::ListMessage, &facts).to_string()
    }
}
