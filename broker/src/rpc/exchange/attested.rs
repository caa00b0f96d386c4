//! What an attestation must say.
//!
//! Promises that what only a person can do names one. Deliberately does not know: whether the desk was
//! given what it speaks of.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation;
use proto::limits;
use tonic::Status;
use uuid::Uuid;

use crate::rpc::status;

/// The releases and the person of an attestation.
pub(super) fn attested(
    request: &wire::AttestRequest,
) -> Result<(Vec<[u8; 16]>, Option<Uuid>), Status> {
    let known = Attestation::try_from(request.attestation);
    let Some(what) = known.ok().filter(|what| *what != Attestation::Unspecified) else {
        return Err(status::fault("attestation", "is required: what was done"));
    };
    let person = match request.acting_person.as_str() {
        "" => None,
        given => Some(
            Uuid::try_parse(given).map_err(|_| status::fault("acting_person", "must be a UUID"))?,
        ),
    };
    if let Some(rule) = of_a_person(what)
        && person.is_none()
    {
        return Err(status::fault("acting_person", rule));
    }
    let releases: Option<BTreeSet<[u8; 16]>> =
        request.release_ids.iter().map(|id| id.as_ref().try_into().ok()).collect();
    let releases = releases.filter(|all| {
        all.len() == request.release_ids.len()
            && (1..=limits::ATTESTED_RELEASES_MAX).contains(&all.len())
    });
    let rule = "are 1 to 256 release ids of 16 bytes, each once";
    let releases = releases.ok_or_else(|| status::fault("release_ids", rule))?;
    Ok((releases.into_iter().collect(), person))
}

/// Why a person must be named; `None` for what a system may say.
const fn of_a_person(what: Attestation) -> Option<&'static str> {
    match what {
        Attestation::Opened => {
            Some("is required: only a person opens something, and a system's receipt is no reading")
        }
        Attestation::NotSamePerson => {
            Some("is required: whether two are one person is a person's to judge")
        }
        Attestation::Unspecified
        | Attestation::Acted
        | Attestation::Corrected
        | Attestation::Deleted
        | Attestation::Returned => None,
    }
}
