//! The verb `briefing`: what a desk was given, as its officers read it.
//!
//! Owns: the order of steps. Promises: shows nothing but what the broker answers for this desk; a
//! worklist that breaks off is an error and never a shorter briefing; numbers of people are read
//! from a file and never given as arguments.
//! Deliberately does not know: who may see what.

mod entry;
mod html;
mod nominals;
mod plan;
mod sheet;
mod text;
mod words;

pub use sheet::{About, Sheet, briefing as of_desk, pack};

use super::args::Briefing;
use super::error::CliError;
use super::output::{Output, complain, told_time, word};
use super::receive::desk_or_first;
use super::{now, released_json};
use crate::connection::Connection;
use crate::errors::{CallError, ConnectError};
use crate::files::write_whole;
use crate::settings::Settings;
use prost::Message as _;
use prost_types::Timestamp;
use proto::exchange::v1 as wire;
use proto::exchange::v1::read_worklist_response::Part;
use serde_json::{Value, json};
use std::path::Path;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

pub(super) use entry::person;
pub use nominals::Nominal;
pub(super) use words::{plain, written_day as day};

/// News is what came in so long before, unless something else is asked for.
const NEWS: Duration = Duration::hours(24);

/// A worklist as it was answered.
pub struct Worklist {
    /// The moment it is of.
    pub as_of: OffsetDateTime,
    /// Items, the last given first.
    pub items: Vec<wire::WorklistItem>,
    /// Whether there is more, earlier, that it does not hold.
    pub more: bool,
}

/// `agency briefing`.
pub(super) async fn briefing(
    settings: &Path,
    what: &Briefing,
    out: &Output,
) -> Result<(), CliError> {
    let nominals = what.nominals.as_deref().map(nominals::read).transpose()?;
    let since = moment(what.since.as_deref(), "--since")?.unwrap_or_else(|| now() - NEWS);
    let until = moment(what.until.as_deref(), "--until")?;
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(what.look.desk.clone(), &settings)?;
    let connection = Connection::connect(&settings).await?;
    let me = connection.exchange().await?.who_am_i(wire::WhoAmIRequest {}).await?.into_inner();
    let request = |nominal: Option<&Nominal>| {
        let news = nominal.is_none();
        let nominal = nominal.cloned().unwrap_or_default();
        wire::ReadWorklistRequest {
            desk: desk.clone(),
            acting_person: what.look.person.clone(),
            purpose: what.look.purpose.into(),
            since: news.then(|| timestamp(since)),
            until: until.filter(|_| news).map(timestamp),
            identifiers: nominal.identifiers,
            name: nominal.name,
            birth_date: nominal.birth_date,
        }
    };
    let mut about = About {
        agency: me.agency,
        desk: desk.clone(),
        person: what.look.person.clone(),
        purpose: words::plain(&word::<wire::Purpose>(what.look.purpose.into())),
        drawn_at: now(),
    };
    let (sheet, worklists) = match nominals {
        None => {
            let worklist = read(&connection, request(None)).await?;
            about.drawn_at = worklist.as_of;
            (of_desk(about, since, until, &worklist), vec![worklist])
        }
        Some(nominals) => {
            let mut worklists = Vec::new();
            for nominal in &nominals {
                // A look of its own for each person, each on record.
                worklists.push(read(&connection, request(Some(nominal))).await?);
            }
            about.drawn_at = worklists.first().map_or(about.drawn_at, |first| first.as_of);
            (pack(about, nominals.iter().zip(&worklists)), worklists)
        }
    };
    if worklists.iter().any(|worklist| worklist.more) {
        complain("there is more than this shows, given earlier: ask for less at a time");
    }
    if let Some(path) = &what.html {
        return write_whole(path, sheet.html().as_bytes()).map_err(CliError::file(path));
    }
    print(&sheet, &worklists, out)
}

fn print(sheet: &Sheet, worklists: &[Worklist], out: &Output) -> Result<(), CliError> {
    if !out.is_json {
        return out.text(&sheet.text());
    }
    for item in worklists.iter().flat_map(|worklist| &worklist.items) {
        out.record(|| json_of(item), String::new)?;
    }
    Ok(())
}

/// Why there is no worklist.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The broker was not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It refused, or the answer broke off.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<tonic::Status> for ReadError {
    fn from(status: tonic::Status) -> Self {
        Self::Call(status.into())
    }
}

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Connect(error) => Self::Connect(error),
            ReadError::Call(error) => Self::Call(error),
        }
    }
}

/// Reads a worklist to its end.
///
/// # Errors
/// It was refused, or broke off: what came until then is no worklist.
pub async fn read(
    connection: &Connection,
    request: wire::ReadWorklistRequest,
) -> Result<Worklist, ReadError> {
    let mut client = connection.exchange().await?;
    let mut parts = client.read_worklist(request).await?.into_inner();
    let mut worklist =
        Worklist { as_of: OffsetDateTime::UNIX_EPOCH, items: Vec::new(), more: false };
    while let Some(frame) = parts.message().await? {
        match frame.part {
            Some(Part::Opened(opened)) => {
                worklist.as_of = words::moment(opened.as_of.as_ref()).unwrap_or(worklist.as_of);
            }
            Some(Part::Items(more)) => worklist.items.extend(more.items),
            Some(Part::Ended(ended)) => {
                worklist.more = ended.more;
                return Ok(worklist);
            }
            None => {}
        }
    }
    Err(tonic::Status::unavailable("the worklist broke off before its end").into())
}

fn json_of(item: &wire::WorklistItem) -> Value {
    let message = wire::ReleasedMessage::decode(item.body.clone()).ok();
    let message = message.filter(|_| !item.body.is_empty());
    json!({
        "delivery_id": hex::encode(&item.delivery_id),
        "release_id": hex::encode(&item.release_id),
        "reference": hex::encode(&item.reference),
        "settles_reference": hex::encode(&item.settles_reference),
        "given_at": told_time(item.given_at.as_ref()),
        "reasons": item.reasons.iter().map(|reason| word::<wire::WorklistReason>(*reason)).collect::<Vec<_>>(),
        "owed": item.duties.iter().map(|duty| json!({
            "owed": word::<wire::Attestation>(duty.owed),
            "due": told_time(duty.due.as_ref()),
            "overdue": duty.overdue,
        })).collect::<Vec<_>>(),
        "attested": item.attested.iter().map(|said| json!({
            "attestation": word::<wire::Attestation>(said.attestation),
            "at": told_time(said.at.as_ref()),
        })).collect::<Vec<_>>(),
        "message": message.as_ref().map(released_json::message),
    })
}

fn moment(text: Option<&str>, what: &'static str) -> Result<Option<OffsetDateTime>, CliError> {
    let rule = "must be a time such as 2026-03-02T07:00:00Z";
    text.map(|text| OffsetDateTime::parse(text, &Rfc3339))
        .transpose()
        .map_err(|_| CliError::Argument { what, rule })
}

fn timestamp(moment: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: moment.unix_timestamp(),
        nanos: i32::try_from(moment.nanosecond()).unwrap_or(0),
    }
}
