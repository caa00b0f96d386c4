//! The documents that go with a message: what may be said of them, and whose each is.
//!
//! Owns their validation, their names and the match of an audience. Promises that an audience
//! which says nothing matches nobody, and that nothing a sender writes here names anybody.
//! Deliberately does not know: their bytes, and who a message reaches.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::limits;
use uuid::Uuid;

use super::check::Check;
use crate::directory::document::is_directory_id;
use crate::directory::{AgencyKind, Desk, Function};
use crate::seal::commitment;

/// Different bytes that a salt has at least. Of 32 random bytes some 30 differ; a text or a counter
/// has few, and could be guessed.
const SALT_DISTINCT_BYTES_MIN: usize = 16;

/// A document's name: in the ledger, and for its recipients.
pub type SectionName = [u8; 32];

/// The name of a section: a commitment to its digest, of which nobody can tell the document who does
/// not have the salt. `None`: the section was never checked.
#[must_use]
pub fn name(section: &wire::Section) -> Option<SectionName> {
    let salt: &[u8; 32] = section.salt.as_ref().try_into().ok()?;
    Some(commitment(salt, &section.digest))
}

/// The names of a message's sections, in its order.
pub fn names(message: &wire::Message) -> impl Iterator<Item = SectionName> {
    message.attachments.iter().filter_map(name)
}

/// Whether a desk is of a section's audience. One that is empty, or names nothing there is, matches
/// no desk.
#[must_use]
pub fn is_for(section: &wire::Section, desk: &Desk) -> bool {
    section.audience.iter().any(|part| {
        let of_agency = !part.agency.is_empty() && *part.agency == *desk.agency;
        let of_kind = !part.agency_kind.is_empty() && part.agency_kind == desk.agency_kind.name();
        let of_function = part.function.is_empty() || part.function == desk.function.name();
        (of_agency || of_kind) && of_function
    })
}

/// Whether an agency may send a section on.
#[must_use]
pub fn may_go_on(section: &wire::Section, agency: &str) -> bool {
    section.onward.iter().any(|named| named == agency)
}

/// Checks and normalises the sections of a message.
pub(super) fn check(message: &mut wire::Message, check: &mut Check) {
    if message.attachments.is_empty() {
        return;
    }
    check.require(
        takes_documents(message.kind.as_ref()),
        "attachments",
        "go with MAPPA, enforcement, action, placement, referral, court, request and response",
    );
    check.require(
        message.attachments.len() <= limits::ATTACHMENTS_MAX,
        "attachments",
        "are at most 8",
    );
    let (mut ids, mut salts) = (BTreeSet::new(), BTreeSet::new());
    for (position, section) in message.attachments.iter_mut().enumerate() {
        let at = |name: &str| format!("attachments[{position}].{name}");
        let id = &mut section.attachment_id;
        check.require(!id.is_empty(), &at("attachment_id"), "is required");
        let first: Option<Uuid> = check.uuid(id, &at("attachment_id"));
        check.require(
            first.is_none_or(|id| ids.insert(id)),
            &at("attachment_id"),
            "is given once in a message",
        );
        check_what(section, &at, check);
        check.require(
            is_salt(&section.salt) && salts.insert(section.salt.clone()),
            &at("salt"),
            "is 32 random bytes, drawn for this section alone",
        );
        check_whose(section, &at, check);
    }
}

const fn takes_documents(kind: Option<&Kind>) -> bool {
    match kind {
        Some(
            Kind::Mappa(_)
            | Kind::Enforcement(_)
            | Kind::Action(_)
            | Kind::Placement(_)
            | Kind::Referral(_)
            | Kind::Court(_)
            | Kind::Request(_)
            | Kind::Response(_),
        ) => true,
        // Intelligence has no field that leads to a source, and a document may. The others say all
        // there is to say by themselves.
        Some(
            Kind::Intelligence(_)
            | Kind::Custody(_)
            | Kind::Flag(_)
            | Kind::Correction(_)
            | Kind::DrugTest(_),
        )
        | None => false,
    }
}

fn is_salt(salt: &[u8]) -> bool {
    let distinct: BTreeSet<u8> = salt.iter().copied().collect();
    salt.len() == limits::DIGEST_BYTES && distinct.len() >= SALT_DISTINCT_BYTES_MIN
}

fn check_what(section: &wire::Section, at: &impl Fn(&str) -> String, check: &mut Check) {
    check.require(
        section.kind() != wire::SectionKind::Unspecified,
        &at("kind"),
        "is required: what the document is",
    );
    check.require(
        section.media_type() != wire::MediaType::Unspecified,
        &at("media_type"),
        "is required: pdf, jpeg, png or text",
    );
    check.require(
        (1..=limits::ATTACHMENT_BYTES_MAX).contains(&section.size_bytes),
        &at("size_bytes"),
        "is 1 to 20,971,520",
    );
    check.require(
        section.digest.len() == limits::DIGEST_BYTES,
        &at("digest"),
        "is a SHA-256 digest of 32 bytes",
    );
}

fn check_whose(section: &wire::Section, at: &impl Fn(&str) -> String, check: &mut Check) {
    check.require(
        section.audience.len() <= limits::SECTION_AUDIENCE_MAX,
        &at("audience"),
        "are at most 16",
    );
    for (position, part) in section.audience.iter().enumerate() {
        let known_kind = AgencyKind::ALL.iter().any(|kind| kind.name() == part.agency_kind);
        let one = if part.agency.is_empty() {
            known_kind
        } else {
            part.agency_kind.is_empty() && is_directory_id(&part.agency)
        };
        check.require(
            one,
            &at(&format!("audience[{position}]")),
            "is an agency id or a kind of agency, one of the two",
        );
        let known = Function::ALL.iter().any(|function| function.name() == part.function);
        check.require(
            part.function.is_empty() || known,
            &at(&format!("audience[{position}].function")),
            "is not a function of desks",
        );
    }
    let onward: BTreeSet<&str> = section.onward.iter().map(String::as_str).collect();
    check.require(
        onward.len() == section.onward.len()
            && onward.len() <= limits::SECTION_ONWARD_MAX
            && onward.iter().all(|agency| is_directory_id(agency)),
        &at("onward"),
        "are at most 16 agency ids, each once",
    );
}
