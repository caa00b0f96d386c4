//! What the records of an entry say, as far as rows can be held against it.
//!
//! Reads the texts as any auditor would: canonical JSON with the members of its type. The names
//! of types and members are written out here again on purpose, apart from the writer's.

use proto::canonical::parse_canonical;
use proto::ledger::record::RECORD_FORMAT;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// The party of records for the broker-wide auditor.
const BROKER: &str = "broker";

/// Bytes written as lower-case hex.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> TryFrom<String> for Hex<N> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; N];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            Ok(()) | Err(_) => Err("must be lower-case hexadecimal of the right length"),
        }
    }
}

/// A message was accepted.
#[derive(Deserialize)]
pub(super) struct Accepted {
    pub(super) party: String,
    pub(super) message: Uuid,
    pub(super) digest: Hex<32>,
    pub(super) kind: String,
    pub(super) node: String,
    /// Given where it takes an earlier message back.
    pub(super) supersedes: Option<Uuid>,
    /// Given where documents go with it.
    #[serde(default)]
    pub(super) sections: Vec<Hex<32>>,
    /// These three are given where it was shared by emergency access.
    pub(super) access: Option<String>,
    pub(super) acting: Option<Uuid>,
    pub(super) second: Option<Uuid>,
}

/// What was decided on a message.
#[derive(Deserialize)]
pub(super) struct Decided {
    pub(super) sender: String,
    pub(super) message: Uuid,
    pub(super) candidates: Vec<Candidate>,
}

/// One desk of a decision.
#[derive(Deserialize)]
pub(super) struct Candidate {
    pub(super) agency: String,
    pub(super) desk: String,
    pub(super) deliveries: Vec<Hex<16>>,
    pub(super) refusal: u64,
    pub(super) task: u64,
}

/// What one node was given.
#[derive(Deserialize)]
pub(super) struct Release {
    pub(super) party: String,
    pub(super) desk: String,
    pub(super) node: String,
    pub(super) deliveries: Vec<Released>,
}

/// One body given.
#[derive(Deserialize)]
pub(super) struct Released {
    pub(super) attempt: u64,
    pub(super) delivery: Hex<16>,
    pub(super) release: Hex<16>,
    pub(super) sender: String,
    /// Written names of fields.
    pub(super) withheld: Vec<String>,
    /// Given where documents may be fetched with it.
    #[serde(default)]
    pub(super) sections: Vec<Hex<32>>,
}

/// What one node settled.
#[derive(Deserialize)]
pub(super) struct Receipt {
    pub(super) party: String,
    pub(super) desk: String,
    pub(super) acknowledged: Vec<Hex<16>>,
    pub(super) again: Vec<Hex<16>>,
    pub(super) recalled: Vec<Hex<16>>,
}

/// What a sender is told of its own messages: that an agency was given or has settled them.
#[derive(Deserialize)]
pub(super) struct Told {
    pub(super) party: String,
    pub(super) agency: String,
    pub(super) messages: Vec<ToldMessage>,
}

/// One message a sender is told of.
#[derive(Deserialize)]
pub(super) struct ToldMessage {
    pub(super) message: Uuid,
    pub(super) release: Hex<16>,
}

/// A release after which no byte was written.
#[derive(Deserialize)]
pub(super) struct Void {
    pub(super) party: String,
    pub(super) release: Hex<16>,
}

/// A delivery that ended without release.
#[derive(Deserialize)]
pub(super) struct Ended {
    pub(super) delivery: Hex<16>,
    pub(super) message: Uuid,
    pub(super) sender: String,
    pub(super) refusal: u64,
}

/// A message that was withdrawn from desks on which it still waited.
#[derive(Deserialize)]
pub(super) struct Withdrawn {
    pub(super) message: Uuid,
    pub(super) sender: String,
    pub(super) deliveries: Vec<Desk>,
}

/// A desk.
#[derive(Deserialize)]
pub(super) struct Desk {
    pub(super) agency: String,
    pub(super) desk: String,
}

/// A dead letter that was put back.
#[derive(Deserialize)]
pub(super) struct Redriven {
    pub(super) delivery: Hex<16>,
}

/// Something that was changed, and the documents written with it.
#[derive(Deserialize)]
pub(super) struct Change {
    /// None in a record of a broker that did not name them yet.
    #[serde(default)]
    pub(super) documents: Vec<Document>,
}

/// A document as it was written.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) hash: Hex<32>,
    pub(super) name: String,
}

/// What a recipient said it did with what it was given.
#[derive(Deserialize)]
pub(super) struct Attested {
    pub(super) party: String,
    pub(super) attestation: String,
    pub(super) releases: Vec<Hex<16>>,
}

/// A document that was fetched.
#[derive(Deserialize)]
pub(super) struct Fetch {
    pub(super) party: String,
    pub(super) desk: String,
    pub(super) release: Hex<16>,
    pub(super) section: Hex<32>,
}

/// The review of an emergency access was closed.
#[derive(Deserialize)]
pub(super) struct Reviewed {
    pub(super) party: String,
    pub(super) message: Uuid,
    pub(super) actor: Uuid,
    pub(super) finding: String,
}

/// One record.
pub(super) enum Record {
    Accepted(Accepted),
    Decided(Decided),
    Release(Release),
    Receipt(Receipt),
    Told(Told),
    Void(Void),
    Ended(Ended),
    Withdrawn(Withdrawn),
    Redriven(Redriven),
    Change(Change),
    Attested(Attested),
    Fetch(Fetch),
    Reviewed(Reviewed),
    /// Somebody looked something up.
    Consultation,
    /// One that no row is held against: refused calls, and what a sender is told of attestations and
    /// fetches.
    Other,
}

impl Record {
    /// Reads a record; `None` if it is not canonical, of no known type, or lacks a member.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value = parse_canonical(text).ok()?;
        let word = |name: &str| value.get(name).and_then(Value::as_str);
        let (format, party) = (word("format")?, word("party")?);
        if format != RECORD_FORMAT {
            return None;
        }
        let to_broker = party == BROKER;
        let one_delivery = value.get("delivery").is_some();
        match word("type")?.to_owned().as_str() {
            "accepted" => members(value).map(Self::Accepted),
            "decided" if to_broker => members(value).map(Self::Decided),
            "release" => members(value).map(Self::Release),
            "receipt" => members(value).map(Self::Receipt),
            "disclosed" | "received" => members(value).map(Self::Told),
            "void" => members(value).map(Self::Void),
            "ended" if to_broker && one_delivery => members(value).map(Self::Ended),
            "ended" if to_broker => members(value).map(Self::Withdrawn),
            "change" if one_delivery => members(value).map(Self::Redriven),
            "change" => members(value).map(Self::Change),
            "attested" if value.get("recipient").is_some() => Some(Self::Other),
            "attested" => members(value).map(Self::Attested),
            "fetch" => members(value).map(Self::Fetch),
            "fetched" => Some(Self::Other),
            "reviewed" => members(value).map(Self::Reviewed),
            "consultation" => Some(Self::Consultation),
            "refusals" => Some(Self::Other),
            _ => None,
        }
    }
}

fn members<T: DeserializeOwned>(value: Value) -> Option<T> {
    // The reader's own error may quote the record, so it is dropped here on purpose.
    serde_json::from_value(value).ok()
}
