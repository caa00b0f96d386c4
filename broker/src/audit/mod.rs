//! What was shared, why, and the proof: reads of the record by those entitled to it.
//!
//! Promises that no read opens a body, that every read of disclosures is itself an entry
//! before its answer is given, and that an agency sees only what it sent or was given.

pub mod cohort;
pub mod fate;
pub mod receipts;

mod review;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::ledger::checkpoint::VerifierKey;
use proto::text::Named as _;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::directory::{MessageKind, Regime, Role};
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{ConsultWork, Queue, Work};
use crate::ledger::entry::Entry;
use crate::ledger::journal::{Archive, DisclosureFilter, DisclosureRow, StoreError};
use crate::ledger::named;
use crate::ledger::review::Reviews;
use crate::message::MessageKey;
use crate::policy::{IntelligenceFacts, KindFacts, Question, Stake};
use crate::prepare::Kept;
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::{Part, Vault};

use fate::Outcome;

pub use crate::ledger::named::NamedOutcome;

/// Messages of its own that one follows, as far back as is looked for whom the sender named.
const FOLLOWED_MAX: usize = 32;

/// Everything audit reads need.
pub struct Auditing {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Reads.
    pub archive: Arc<dyn Archive>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The way to the appender.
    pub queue: Queue,
    /// The key that checks checkpoints.
    pub verifier: VerifierKey,
    /// One makes a month's report at a time: it is made once.
    pub reports: tokio::sync::Mutex<()>,
    /// Emergency accesses.
    pub reviews: Arc<dyn Reviews>,
    /// Working days, by which reviews are due.
    pub calendar: Arc<Calendar>,
}

/// A kept decision, and what came of it.
pub struct Explained {
    /// The decision.
    pub kept: Kept,
    /// The agencies that the message, or a task about it, was in fact released to.
    pub released_to: BTreeSet<Arc<str>>,
    /// What became of its deliveries, as far as the reader sees.
    pub outcomes: Vec<Outcome>,
}

/// A read that cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A field of the request is faulty.
    #[error("{0} {1}")]
    Field(&'static str, &'static str),
    /// Nothing of the kind is the caller's.
    #[error("nothing by that id is the caller's")]
    NotFound,
    /// The month that is asked about has not ended.
    #[error("the month has not ended")]
    MonthNotEnded,
    /// No desk of the caller's agency serves the area.
    #[error("the caller's agency does not serve the area")]
    AreaNotServed,
    /// It is recorded, and no signed checkpoint covers it yet.
    #[error("no signed checkpoint covers it yet")]
    NotSignedYet,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// How far a reader sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Its own agency's part.
    Agency(Arc<str>),
    /// Everything.
    Broker,
}

/// One disclosure with what its release record says.
pub struct Disclosure {
    /// The release.
    pub row: DisclosureRow,
    /// Rules that permitted it.
    pub rules: Vec<String>,
    /// Fields withheld.
    pub withheld: Vec<Field>,
    /// Bundle, hex.
    pub bundle: String,
}

/// What the record of one release says.
struct Recorded {
    rules: Vec<String>,
    withheld: Vec<Field>,
    bundle: String,
}

impl Auditing {
    /// How far a caller sees.
    #[must_use]
    pub fn sight(peer: &VerifiedPeer) -> Sight {
        match peer.caller() {
            Caller::Person { roles, .. } if roles.contains(&Role::BrokerAuditor) => Sight::Broker,
            Caller::Person { .. } | Caller::Node { .. } => {
                Sight::Agency(Arc::from(peer.agency().as_ref()))
            }
        }
    }

    /// Records a look-up before its answer is given. Answers how many entries there are.
    ///
    /// # Errors
    /// It could not be recorded: then nothing is answered.
    pub async fn consult(
        &self,
        peer: &VerifiedPeer,
        call: &'static str,
        reason: &str,
    ) -> Result<u64, StoreError> {
        let reason = self
            .vault
            .seal_alone(&*self.chance, Part::Reason, call.as_bytes(), reason.as_bytes())
            .map_err(|_| StoreError::Unavailable("no random bytes".into()))?;
        let (reply, done) = oneshot::channel();
        let work = ConsultWork {
            agency: Arc::from(peer.agency().as_ref()),
            actor: match peer.caller() {
                Caller::Node { name, .. } => Arc::from(name.as_ref()),
                Caller::Person { id, .. } => Arc::from(id.as_ref()),
            },
            call,
            reason,
            reread: None,
            reply,
        };
        let stopped = || StoreError::Unavailable("the ledger's writer has stopped".into());
        self.queue.put(Work::Consult(work)).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    /// Disclosures in sight, with what their release records say.
    ///
    /// # Errors
    /// The store's.
    pub fn disclosures(
        &self,
        sight: &Sight,
        mut filter: DisclosureFilter,
    ) -> Result<Vec<Disclosure>, StoreError> {
        if let Sight::Agency(agency) = sight {
            filter.party = Some(Arc::clone(agency));
        }
        let rows = self.archive.disclosures(&filter)?;
        rows.into_iter().map(|row| self.with_record(row)).collect()
    }

    fn with_record(&self, row: DisclosureRow) -> Result<Disclosure, StoreError> {
        let Recorded { rules, withheld, bundle } = self.released(row.entry, &row.release_id)?;
        Ok(Disclosure { row, rules, withheld, bundle })
    }

    /// What the record of a release says.
    fn released(&self, entry: u64, release: &[u8; 16]) -> Result<Recorded, StoreError> {
        let damaged = || StoreError::Damaged { table: "entry" };
        let entry = self.entry(entry)?;
        let release = hex::encode(release);
        for (_, text) in entry.records() {
            let record: serde_json::Value = serde_json::from_str(text).map_err(|_| damaged())?;
            let deliveries = record.get("deliveries").and_then(|d| d.as_array());
            let found = deliveries
                .into_iter()
                .flatten()
                .find(|delivery| delivery.get("release").is_some_and(|r| *r == *release));
            if let Some(found) = found {
                let words = |key: &str| {
                    let list = found.get(key).and_then(|list| list.as_array());
                    let words = list.into_iter().flatten().filter_map(|word| word.as_str());
                    words.map(str::to_owned).collect::<Vec<_>>()
                };
                let bundle = record.get("bundle").and_then(|b| b.as_str()).unwrap_or_default();
                return Ok(Recorded {
                    rules: words("rules"),
                    withheld: words("withheld")
                        .iter()
                        .filter_map(|name| Field::from_name(name))
                        .collect(),
                    bundle: bundle.to_owned(),
                });
            }
        }
        Err(damaged())
    }

    fn entry(&self, index: u64) -> Result<Entry, StoreError> {
        let damaged = || StoreError::Damaged { table: "entry" };
        let bytes = self.archive.entry(index)?.ok_or_else(damaged)?;
        Entry::from_bytes(&bytes).map_err(|_| damaged())
    }

    /// The kept decision of a message, and what came of it.
    ///
    /// # Errors
    /// The store's.
    pub fn explained(
        &self,
        key: &MessageKey,
        sight: &Sight,
    ) -> Result<Option<Explained>, StoreError> {
        let Some(kept) = self.kept(key)? else { return Ok(None) };
        let fates = self.archive.fates(key)?;
        let released = fates.iter().filter(|fate| fate.released.is_some());
        let released_to = released.map(|fate| Arc::clone(&fate.desk.agency)).collect();
        let outcomes = self.outcomes(fates, &kept, sight)?;
        Ok(Some(Explained { kept, released_to, outcomes }))
    }

    fn kept(&self, key: &MessageKey) -> Result<Option<Kept>, StoreError> {
        let damaged = || StoreError::Damaged { table: "message" };
        let Some(stored) = self.archive.decision(key)? else { return Ok(None) };
        let text = self
            .vault
            .unwrap(&stored.wrapped_key)
            .and_then(|body| body.open(Part::Decision, &key.place(), &stored.sealed))
            .map_err(|_| damaged())?;
        Kept::from_bytes(&text).map(Some).ok_or_else(damaged)
    }

    /// Outcomes of a message for the agencies its sender named, and for no other.
    ///
    /// # Errors
    /// The store's.
    pub fn track(&self, agency: &str, id: Uuid) -> Result<Vec<NamedOutcome>, StoreError> {
        let key = MessageKey { agency: Arc::from(agency), id };
        let Some(kept) = self.kept(&key)? else { return Ok(Vec::new()) };
        let (named, addressed) = self.named(&key, &kept)?;
        Ok(named::outcomes(named, &addressed, self.archive.outcomes(&key)?))
    }

    /// The agencies that the sender named, and the desks that this brought a message: in the message
    /// and in those of its own that it follows. Of a desk that was sent the first by name it may know
    /// what came of that; not that another reason brought a desk this one.
    fn named(
        &self,
        key: &MessageKey,
        kept: &Kept,
    ) -> Result<(BTreeSet<String>, BTreeSet<DeskName>), StoreError> {
        let mut named: BTreeSet<String> = kept.named.iter().cloned().collect();
        let mut addressed: BTreeSet<DeskName> =
            named::addressed(kept).into_iter().cloned().collect();
        let holders = fate::holders(kept);
        let mut last = key.clone();
        for _ in 0..FOLLOWED_MAX {
            let Some(earlier) = self.archive.followed(&last)? else { break };
            // Whom another agency named, in what this one answers, is not this one's to know.
            if earlier.agency != key.agency {
                break;
            }
            let Some(kept) = self.kept(&earlier)? else { break };
            named.extend(kept.named.iter().cloned());
            let first = named::addressed(&kept).into_iter();
            addressed.extend(first.filter(|desk| holders.contains(*desk)).cloned());
            last = earlier;
        }
        Ok((named, addressed))
    }

    /// What policy says of a message of this shape for each sort of desk. Reads the
    /// directory and the bundle, and nothing about any person.
    ///
    /// # Errors
    /// A field of the request is faulty.
    pub fn preview(
        &self,
        peer: &VerifiedPeer,
        request: &wire::PreviewRequest,
    ) -> Result<wire::PreviewResponse, AuditError> {
        let kind = MessageKind::from_name(&request.kind).filter(|kind| *kind != MessageKind::Task);
        let kind = kind.ok_or(AuditError::Field("kind", "is not a kind of message"))?;
        let rules = self.rules.load();
        let Some(sender) = rules.directory.agency(peer.agency()) else {
            return Ok(wire::PreviewResponse::default());
        };
        let question = |facts: KindFacts| Question {
            facts,
            sender: Arc::clone(&sender.id),
            sender_kind: sender.kind,
            sender_regime: Regime::Part3,
            purpose: request.purpose(),
            gateway: request.gateway(),
            lawful_basis: request.lawful_basis(),
            sensitive_condition: wire::SensitiveCondition::Unspecified,
            marking: request.marking(),
            handling: BTreeSet::new(),
            urgency: wire::Urgency::Routine,
            break_glass: false,
            category: request.category(),
            under_18: request.under_18,
            limited_access: wire::LimitedAccess::No,
            flags: BTreeSet::new(),
            fields: all_fields(),
        };
        let questions: Vec<Question> = shapes(kind).into_iter().map(question).collect();
        let stake = Stake { addressed: true, ..Stake::default() };
        let mut rows: BTreeMap<(String, String), (bool, BTreeSet<Field>)> = BTreeMap::new();
        for (index, desk) in rules.directory.desks() {
            let row = rows
                .entry((desk.agency_kind.name().to_owned(), desk.function.name().to_owned()))
                .or_default();
            for question in &questions {
                if let Ok(permit) = &rules.policy.decide(index, question, stake).outcome {
                    if !row.0 {
                        row.1 = permit.withheld.clone();
                    }
                    row.0 = true;
                    row.1 = row.1.intersection(&permit.withheld).copied().collect();
                }
            }
        }
        let rows = rows
            .into_iter()
            .map(|((agency_kind, function), (permitted, withheld))| wire::PreviewRow {
                agency_kind,
                function,
                permitted,
                withheld: withheld.into_iter().map(|field| field as i32).collect(),
            })
            .collect();
        Ok(wire::PreviewResponse { rows })
    }

    /// The last signed checkpoint; empty before the first.
    ///
    /// # Errors
    /// The store's.
    pub fn checkpoint(&self) -> Result<String, StoreError> {
        let note = self.archive.document(crate::ledger::checkpoint::DOCUMENT)?;
        String::from_utf8(note.unwrap_or_default())
            .map_err(|_| StoreError::Damaged { table: "document" })
    }

    /// Entries under the last signed checkpoint: the only length of the ledger that members
    /// are told. Between two signed heads it grows by more for a message that is shared.
    ///
    /// # Errors
    /// The store's.
    pub fn signed_size(&self) -> Result<u64, StoreError> {
        let note = self.checkpoint()?;
        if note.is_empty() {
            return Ok(0);
        }
        proto::ledger::checkpoint::verify(&note, &self.verifier)
            .map(|checkpoint| checkpoint.size)
            .map_err(|_| StoreError::Damaged { table: "document" })
    }

    /// Proof of a release to, or a message of, an agency.
    ///
    /// # Errors
    /// Nothing of the kind is this agency's, or no checkpoint covers it yet.
    pub fn proof(&self, agency: &str, of: &Provable) -> Result<String, AuditError> {
        let (entry, kind) = match of {
            Provable::Release(id) => (self.archive.release_entry(id, agency)?, "release"),
            Provable::Message(id) => {
                let key = MessageKey { agency: Arc::from(agency), id: *id };
                (self.archive.message_entry(&key)?, "accepted")
            }
        };
        let entry = entry.ok_or(AuditError::NotFound)?;
        self.prove(entry, agency, kind, |_| true)?.ok_or(AuditError::NotSignedYet)
    }
}

impl Auditing {
    /// The proof of a party's record that says what is wanted; `None`: not signed yet.
    fn prove(
        &self,
        entry: u64,
        party: &str,
        kind: &str,
        says: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<Option<String>, StoreError> {
        crate::ledger::proof::of_record(&*self.archive, &self.verifier, entry, party, kind, says)
    }
}

/// What can be proved.
#[derive(Clone, Debug)]
pub enum Provable {
    /// A release.
    Release([u8; 16]),
    /// A message.
    Message(Uuid),
}

/// The forms of a kind that a preview asks about: its usual one, or each where there is no usual.
fn shapes(kind: MessageKind) -> Vec<KindFacts> {
    match kind {
        MessageKind::Intelligence => vec![KindFacts::Intelligence(IntelligenceFacts {
            scheme: wire::GradingScheme::ThreeFiveTwo,
            handling: 'P',
            conditions: BTreeSet::new(),
        })],
        MessageKind::Mappa => {
            vec![KindFacts::Mappa { category: 1, level: 2, step: wire::MappaStep::Review }]
        }
        MessageKind::Custody => vec![KindFacts::Custody {
            event: wire::CustodyEvent::Release,
            certainty: wire::CustodyCertainty::Confirmed,
        }],
        MessageKind::Flag => vec![KindFacts::Flag],
        MessageKind::Correction => vec![KindFacts::Correction],
        MessageKind::Task => Vec::new(),
        MessageKind::DrugTest => every(wire::DrugTestUse::try_from, KindFacts::DrugTest),
        MessageKind::Enforcement => vec![KindFacts::Enforcement {
            step: wire::EnforcementStep::Breach,
            outcome: wire::EnforcementOutcome::Alleged,
        }],
        MessageKind::Action => every(wire::Pathway::try_from, KindFacts::Action),
        MessageKind::Placement => every(wire::PlacementSort::try_from, |sort| {
            KindFacts::Placement { sort, step: wire::PlacementStep::Started }
        }),
        MessageKind::Referral => vec![KindFacts::Referral(wire::ReferralStep::Made)],
        MessageKind::Court => every(wire::CourtStep::try_from, KindFacts::Court),
        MessageKind::Request => vec![KindFacts::Request],
        MessageKind::Response => vec![KindFacts::Response],
    }
}

/// Every value of an enum of the protocol but the unspecified one.
fn every<T, E>(
    read: impl Fn(i32) -> Result<T, E>,
    facts: impl Fn(T) -> KindFacts,
) -> Vec<KindFacts> {
    (1..=16).filter_map(|number| read(number).ok()).map(facts).collect()
}

fn all_fields() -> BTreeSet<Field> {
    (1..=64).filter_map(|number| Field::try_from(number).ok()).collect()
}
