//! Changes of directory, standing, bundles and the register. Each is a ledger entry.
//!
//! Promises that a faulty document or bundle changes nothing, and that a bundle takes effect
//! only with two different approvers.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

use crate::chance::Chance;
use crate::clock::{CLOCK_MOVE_MAX, Clock as _, GuardedClock};
use crate::directory::Directory;
use crate::directory::document::{self, DocumentError};
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{Change, ChangeWork, Queue, Work};
use crate::ledger::journal::{Archive, StoreError};
use crate::message::people::{IdentifierFault, reading_year, token_of};
use crate::message::{Violation, moment};
use crate::policy::{Bundle, BundleError, BundleFile};
use crate::register::{self, DeskName, Interest, LinkStatement};
use crate::rules::Rules;
use crate::seal::{Part, Vault};

/// The sealed directory document.
pub const DIRECTORY_DOCUMENT: &str = "directory";
/// Agencies that are suspended.
pub const STANDING_DOCUMENT: &str = "standing";
/// Hash of the bundle in force.
pub const BUNDLE_DOCUMENT: &str = "bundle/in-force";
/// How long an interest may last.
const INTEREST_MAX: Duration = Duration::days(366);

/// A change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Refused.
    #[error("refused")]
    Refused(Refusal),
    /// Refused with every fault.
    #[error("refused for its faults")]
    Faulty(Refusal, Vec<Violation>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Everything administration needs.
pub struct Administering {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Reads.
    pub archive: Arc<dyn Archive>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<GuardedClock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The way to the appender.
    pub queue: Queue,
    /// One administrative change at a time, so that each rests on the last.
    pub turn: Mutex<()>,
}

/// Different people who must approve a proposal.
const APPROVERS: usize = 2;

/// A proposed bundle and who approved it. One that has its approvals is closed: it was put in
/// force, and its bundle comes into force again only by a proposal and approvals of its own.
#[derive(Serialize, Deserialize)]
pub struct Proposal {
    /// Files: path and text.
    pub files: Vec<(String, String)>,
    /// Approvers, by opaque id.
    pub approvers: BTreeSet<String>,
}

impl Proposal {
    /// Whether it has had its approvals.
    fn is_closed(&self) -> bool {
        self.approvers.len() >= APPROVERS
    }

    /// The files as policy reads them.
    #[must_use]
    pub fn bundle_files(&self) -> Vec<BundleFile> {
        let file =
            |(path, text): &(String, String)| BundleFile { path: path.clone(), text: text.clone() };
        self.files.iter().map(file).collect()
    }
}

/// The name of a proposal's document.
#[must_use]
pub fn proposal_document(hash: &str) -> String {
    format!("bundle/{hash}")
}

impl Administering {
    /// Brings the directory to a document.
    ///
    /// # Errors
    /// Every fault of the document, or that nobody could administer the broker under it because
    /// of an agency that is suspended; then nothing is changed.
    pub async fn apply_directory(
        &self,
        peer: &VerifiedPeer,
        text: &str,
        check_only: bool,
    ) -> Result<(Vec<String>, Vec<String>), AdminError> {
        let _turn = self.turn.lock().await;
        let rules = self.rules.load_full();
        let mut directory = read_directory(text)?;
        let suspended: Vec<Arc<str>> = rules
            .directory
            .agencies()
            .filter(|agency| agency.suspended)
            .map(|agency| Arc::clone(&agency.id))
            .collect();
        for agency in suspended {
            if let Some(changed) = directory.with_standing(&agency, true) {
                directory = changed;
            }
        }
        keep_an_operator(&directory, Refusal::InvalidDirectory)?;
        let (changed, removed) = document::changes(&rules.directory, &directory);
        if check_only || (changed.is_empty() && removed.is_empty()) {
            return Ok((changed, removed));
        }
        let sealed = seal_directory(text, &self.vault, &*self.chance)?;
        let items = changed.iter().chain(&removed).cloned().collect();
        let documents = vec![(DIRECTORY_DOCUMENT.to_owned(), sealed)];
        self.change(peer, Change::Directory(Arc::new(directory)), items, documents).await?;
        Ok((changed, removed))
    }

    /// Suspends an agency or lifts its suspension.
    ///
    /// # Errors
    /// There is no such agency, or nobody could administer the broker without it.
    pub async fn set_standing(
        &self,
        peer: &VerifiedPeer,
        agency: &str,
        suspended: bool,
    ) -> Result<(), AdminError> {
        let _turn = self.turn.lock().await;
        let rules = self.rules.load_full();
        let directory = rules
            .directory
            .with_standing(agency, suspended)
            .ok_or(AdminError::Refused(Refusal::NotFound))?;
        if suspended {
            keep_an_operator(&directory, Refusal::InvalidRequest)?;
        }
        let standing: Vec<String> = directory
            .agencies()
            .filter(|agency| agency.suspended)
            .map(|agency| agency.id.to_string())
            .collect();
        let standing = serde_json::to_vec(&standing).map_err(|_| damaged())?;
        let verb = if suspended { "suspend" } else { "restore" };
        let items = vec![format!("{verb} {agency}")];
        let documents = vec![(STANDING_DOCUMENT.to_owned(), standing)];
        self.change(peer, Change::Directory(Arc::new(directory)), items, documents).await
    }

    /// Checks a bundle and keeps it for approval. Answers its hash and number of rules. One that
    /// was in force before and is not now can be proposed again, to go back to it: nobody has
    /// approved it then. One that is proposed already keeps the approvals it has.
    ///
    /// # Errors
    /// Every fault of the bundle.
    pub async fn propose_bundle(
        &self,
        peer: &VerifiedPeer,
        files: Vec<(String, String)>,
    ) -> Result<(String, usize), AdminError> {
        let _turn = self.turn.lock().await;
        let proposal = Proposal { files, approvers: BTreeSet::new() };
        let bundle = self.read_bundle(&proposal)?;
        let hash = hex::encode(bundle.hash());
        let in_force =
            self.archive.document(BUNDLE_DOCUMENT)?.is_some_and(|b| b == hash.as_bytes());
        let known = self.proposal(&hash)?;
        if known.is_none_or(|known| known.is_closed() && !in_force) {
            let text = serde_json::to_vec(&proposal).map_err(|_| damaged())?;
            let documents = vec![(proposal_document(&hash), text)];
            let items = vec![format!("propose bundle {hash}")];
            self.change(peer, Change::Recorded, items, documents).await?;
        }
        Ok((hash, bundle.rules()))
    }

    /// Approves a bundle. Answers the approvals so far and whether it is in force.
    ///
    /// # Errors
    /// No open proposal of this bundle, an approver who has approved it before, or faults that a
    /// changed directory has brought.
    pub async fn approve_bundle(
        &self,
        peer: &VerifiedPeer,
        hash: &str,
    ) -> Result<(usize, bool), AdminError> {
        let _turn = self.turn.lock().await;
        let Caller::Person { id, .. } = peer.caller() else {
            return Err(AdminError::Refused(Refusal::NotAllowed));
        };
        let well_formed = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let proposal = if well_formed { self.proposal(hash)? } else { None };
        let mut proposal = proposal.ok_or(AdminError::Refused(Refusal::NotFound))?;
        if proposal.is_closed() {
            // Or one person's word would put an old bundle back in force.
            let in_force = self.archive.document(BUNDLE_DOCUMENT)?;
            let rule = if in_force.is_some_and(|in_force| in_force == hash.as_bytes()) {
                "has its two approvals and is in force: no other is needed"
            } else {
                "has had its approvals: propose it again, to go back to it"
            };
            let faults = vec![violation("bundle", rule)];
            return Err(AdminError::Faulty(Refusal::InvalidRequest, faults));
        }
        if !proposal.approvers.insert(id.to_string()) {
            return Err(AdminError::Refused(Refusal::SameApprover));
        }
        let approvals = proposal.approvers.len();
        let bundle = self.read_bundle(&proposal)?;
        let text = serde_json::to_vec(&proposal).map_err(|_| damaged())?;
        let mut documents = vec![(proposal_document(hash), text)];
        let items = vec![format!("approve bundle {hash}")];
        let in_force = approvals >= APPROVERS;
        let change = if in_force {
            documents.push((BUNDLE_DOCUMENT.to_owned(), hash.as_bytes().to_vec()));
            Change::Bundle(Arc::new(bundle))
        } else {
            Change::Recorded
        };
        self.change(peer, change, items, documents).await?;
        Ok((approvals, in_force))
    }

    /// Confirms a wall clock that has moved: what stood still runs on by it. Answers how far it
    /// had moved; nothing is changed or recorded where it is believed already.
    ///
    /// `believed`: the time it really is, from another clock.
    ///
    /// # Errors
    /// The broker's clock is more than a minute off that time too.
    pub async fn confirm_clock(
        &self,
        peer: &VerifiedPeer,
        believed: Option<&prost_types::Timestamp>,
    ) -> Result<Duration, AdminError> {
        let _turn = self.turn.lock().await;
        let off = believed.and_then(moment).map(|believed| (self.clock.now() - believed).abs());
        if off.is_none_or(|off| off > CLOCK_MOVE_MAX) {
            let rule = "must be within 60 seconds of the broker's own clock: set that first";
            let faults = vec![violation("believed", rule)];
            return Err(AdminError::Faulty(Refusal::InvalidRequest, faults));
        }
        let reading = self.clock.reading();
        if !reading.agrees() {
            let items = vec![format!("confirm clock moved {} s", reading.moved().whole_seconds())];
            self.change(peer, Change::Recorded, items, Vec::new()).await?;
            self.clock.confirm(reading.moved());
        }
        Ok(reading.moved())
    }

    fn proposal(&self, hash: &str) -> Result<Option<Proposal>, AdminError> {
        let text = self.archive.document(&proposal_document(hash))?;
        text.map(|text| serde_json::from_slice(&text).map_err(|_| damaged().into())).transpose()
    }

    fn read_bundle(&self, proposal: &Proposal) -> Result<Bundle, AdminError> {
        let directory = &self.rules.load().directory;
        Bundle::read(&proposal.bundle_files(), directory).map_err(bundle_faults)
    }

    /// States, or withdraws, that two identifiers are one person's.
    ///
    /// # Errors
    /// Every faulty field.
    pub async fn state_link(
        &self,
        peer: &VerifiedPeer,
        one: wire::Identifier,
        other: wire::Identifier,
        birth_date: &str,
        withdrawn: bool,
    ) -> Result<(), AdminError> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        let agency = rules
            .directory
            .agency(peer.agency())
            .ok_or(AdminError::Refused(Refusal::NotRegistered))?;
        let mut faults = Vec::new();
        let one = self.token(one, "one", now, &mut faults);
        let other = self.token(other, "other", now, &mut faults);
        if proto::identifier::BirthDate::parse(birth_date).map_or(true, |d| d.is_placeholder()) {
            faults.push(violation("birth_date", "must be a real calendar date, YYYY-MM-DD"));
        }
        let (Some(one), Some(other), true) = (one, other, faults.is_empty()) else {
            return Err(AdminError::Faulty(Refusal::InvalidRequest, faults));
        };
        let change = if withdrawn {
            register::Change::LinkWithdrawn {
                one: one.0,
                other: other.0,
                agency: Arc::clone(&agency.id),
            }
        } else {
            register::Change::Link(LinkStatement {
                one,
                other,
                birth: self.vault.token("birth-date", birth_date),
                agency: Arc::clone(&agency.id),
                agency_kind: agency.kind,
            })
        };
        let verb = if withdrawn { "withdraw link" } else { "state link" };
        self.change(peer, Change::Register(vec![change]), vec![verb.into()], Vec::new()).await
    }

    /// Declares an interest in a person. It routes once the agency's own approver says so.
    ///
    /// # Errors
    /// Every faulty field.
    pub async fn declare_interest(
        &self,
        peer: &VerifiedPeer,
        identifier: wire::Identifier,
        desk: &str,
        purpose: wire::Purpose,
        expires: Option<&prost_types::Timestamp>,
    ) -> Result<Uuid, AdminError> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        let mut faults = Vec::new();
        let token = self.token(identifier, "identifier", now, &mut faults);
        let index = rules.directory.desk_index(peer.agency(), desk);
        let own = matches!(peer.caller(), Caller::Node { desks, .. }
            if index.is_some_and(|index| desks.contains(&index)));
        if !own {
            faults.push(violation("desk", "must be one of your desks"));
        }
        if purpose == wire::Purpose::Unspecified {
            faults.push(violation("purpose", "is required"));
        }
        let expires = expires.and_then(moment).filter(|e| *e > now && *e <= now + INTEREST_MAX);
        if expires.is_none() {
            faults.push(violation("expires_at", "is required, at most 366 days ahead"));
        }
        let (Some((token, _)), Some(expires), true) = (token, expires, faults.is_empty()) else {
            return Err(AdminError::Faulty(Refusal::InvalidRequest, faults));
        };
        let id = Uuid::from_bytes(crate::chance::bytes(&*self.chance).map_err(|_| damaged())?);
        let desk = DeskName { agency: Arc::from(peer.agency().as_ref()), desk: Arc::from(desk) };
        let interest = Interest {
            id,
            desk,
            token,
            purpose: purpose as i32,
            expires: expires.unix_timestamp(),
            approved: false,
        };
        let change = Change::Register(vec![register::Change::Interest(interest)]);
        self.change(peer, change, vec![format!("declare interest {id}")], Vec::new()).await?;
        Ok(id)
    }

    /// Approves an interest of the caller's own agency; any other does not exist for him.
    ///
    /// # Errors
    /// There is no such interest for this caller.
    pub async fn approve_interest(&self, peer: &VerifiedPeer, id: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::Refused(Refusal::NotFound);
        let id = Uuid::try_parse(id).map_err(|_| not_found())?;
        let rules = self.rules.load_full();
        rules
            .register
            .pending_interest(id)
            .filter(|interest| *interest.desk.agency == **peer.agency())
            .ok_or_else(not_found)?;
        let change = Change::Register(vec![register::Change::InterestApproved { id }]);
        self.change(peer, change, vec![format!("approve interest {id}")], Vec::new()).await
    }

    fn token(
        &self,
        mut identifier: wire::Identifier,
        field: &str,
        now: OffsetDateTime,
        faults: &mut Vec<Violation>,
    ) -> Option<(crate::seal::Token, i32)> {
        let year = reading_year(now)?;
        match token_of(&mut identifier, &self.vault, year) {
            Ok(token) => Some((token, identifier.r#type)),
            Err(fault) => {
                let rule = match fault {
                    IdentifierFault::Type => "needs a type",
                    IdentifierFault::Long => "is at most 32 characters",
                    IdentifierFault::Value(error) => error.rule(),
                };
                faults.push(violation(field, rule));
                None
            }
        }
    }

    async fn change(
        &self,
        peer: &VerifiedPeer,
        change: Change,
        items: Vec<String>,
        documents: Vec<(String, Vec<u8>)>,
    ) -> Result<(), AdminError> {
        let (reply, done) = oneshot::channel();
        let actor = match peer.caller() {
            Caller::Node { name, .. } => Arc::from(name.as_ref()),
            Caller::Person { id, .. } => Arc::from(id.as_ref()),
        };
        let agency = Arc::from(peer.agency().as_ref());
        let work = ChangeWork { change, agency, actor, items, documents, reply };
        let stopping = || AdminError::Refused(Refusal::ShuttingDown);
        self.queue.put(Work::Change(work)).await.map_err(|_| stopping())?;
        done.await.map_err(|_| stopping())?.map_err(AdminError::Store)
    }
}

fn violation(field: &str, rule: &'static str) -> Violation {
    Violation { field: field.to_owned(), rule: rule.into() }
}

fn damaged() -> StoreError {
    StoreError::Damaged { table: "document" }
}

/// Nothing comes into force that locks every operator out: nobody could take it back.
fn keep_an_operator(directory: &Directory, refusal: Refusal) -> Result<(), AdminError> {
    if directory.is_administrable() {
        return Ok(());
    }
    Err(AdminError::Faulty(refusal, vec![violation("agency", NO_OPERATOR_LEFT)]))
}

/// Why a suspension, or a directory beside those in force, is refused.
const NO_OPERATOR_LEFT: &str = "every agency with an operator whom an issuer may name would be \
                                suspended: nobody could administer the broker";

/// What may be wrong at the place at which a document stops being a directory.
const NOT_A_DIRECTORY: &str = "this is not TOML, or the key is unknown, given twice or of the \
                               wrong type, or the table that begins here lacks a key it must have";

/// Reads a directory document that is to come into force.
///
/// # Errors
/// Every fault; one is that nobody could administer the broker under it.
pub fn read_directory(text: &str) -> Result<Directory, AdminError> {
    document::read_new(text).map_err(|error| {
        let faults = match error {
            DocumentError::Unreadable { line, column } => {
                let field = format!("document, line {line}, column {column}");
                vec![Violation { field, rule: NOT_A_DIRECTORY.into() }]
            }
            DocumentError::Faulty(faults) => faults
                .into_iter()
                .map(|fault| Violation { field: fault.path, rule: fault.rule.into() })
                .collect(),
        };
        AdminError::Faulty(Refusal::InvalidDirectory, faults)
    })
}

/// Seals a directory document.
///
/// # Errors
/// No randomness.
pub fn seal_directory(
    text: &str,
    vault: &Vault,
    chance: &dyn Chance,
) -> Result<Vec<u8>, StoreError> {
    vault
        .seal_alone(chance, Part::Directory, DIRECTORY_DOCUMENT.as_bytes(), text.as_bytes())
        .map_err(|_| StoreError::Unavailable("no random bytes".into()))
}

fn bundle_faults(error: BundleError) -> AdminError {
    let BundleError::Faulty(faults) = error;
    let faults =
        faults.into_iter().map(|fault| Violation { field: fault.path, rule: fault.rule }).collect();
    AdminError::Faulty(Refusal::InvalidBundle, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "no person has the role operator whom an issuer may name: nobody could \
                        administer the broker";

    /// An issuer that may name `named`, the invented agencies `force` and `operations`, and a
    /// person of `operations` who has `role`.
    fn directory(named: &str, role: &str) -> String {
        let key = "ab".repeat(32);
        format!(
            r#"
            trust_domain = "pyramid.example"
            [[issuer]]
            key = "{key}"
            agencies = [{named}]
            [[agency]]
            id = "force"
            name = "Invented force"
            kind = "police"
            dpo_contact = "dpo@force.example"
            [[agency]]
            id = "operations"
            name = "Invented operations"
            kind = "operator"
            dpo_contact = "dpo@operations.example"
            [[agency.person]]
            id = "00000000-0000-4000-8000-000000000001"
            roles = ["{role}"]
            "#
        )
    }

    fn faults(text: &str) -> Vec<(String, String)> {
        match read_directory(text) {
            Err(AdminError::Faulty(Refusal::InvalidDirectory, faults)) => {
                faults.into_iter().map(|fault| (fault.field, fault.rule.into())).collect()
            }
            Err(AdminError::Faulty(..) | AdminError::Refused(_) | AdminError::Store(_)) | Ok(_) => {
                Vec::new()
            }
        }
    }

    #[test]
    fn a_directory_without_an_operator_is_refused() {
        assert!(read_directory(&directory(r#""operations""#, "operator")).is_ok());
        let text = directory(r#""operations""#, "approver");
        assert_eq!(faults(&text), [("agency".to_owned(), RULE.to_owned())]);
        let text = "trust_domain = \"pyramid.example\"";
        assert_eq!(faults(text), [("agency".to_owned(), RULE.to_owned())]);
    }

    #[test]
    fn what_is_no_directory_is_told_by_its_place_and_never_quoted() {
        for (line, place) in [
            ("nmae = \"CANARY\"", "document, line 3, column 1"),
            ("trust_domain = \"CANARY\"", "document, line 3, column 1"),
            ("issuer = \"CANARY\"", "document, line 3, column 10"),
            ("[[agency", "document, line 3, column 9"),
        ] {
            let text = format!("# Invented.\ntrust_domain = \"pyramid.example\"\n{line}\n");
            assert_eq!(faults(&text), [(place.to_owned(), NOT_A_DIRECTORY.to_owned())], "{line}");
        }
    }

    #[test]
    fn a_directory_whose_operators_no_issuer_may_name_is_refused() {
        for named in ["", r#""force""#] {
            let text = directory(named, "operator");
            assert_eq!(faults(&text), [("issuer".to_owned(), RULE.to_owned())], "[{named}]");
        }
        // It is still a directory: a broker that has it in force already must start.
        assert!(document::read(&directory("", "operator")).is_ok());
    }
}
