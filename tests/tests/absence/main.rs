//! P4: refused, unmatched, watched and unknown look alike to everyone who is not entitled.
//!
//! Owns: the answers a publisher, a recipient and an outsider could compare. Each test first
//! makes sure, with the broker-wide auditor, that its cases are what they are called: a test
//! that compares four refusals proves nothing. What is compared is every byte but ids and
//! times; see `answers`. That no answer comes before its floor is kept by `floor`; how long
//! answers take above it is not measured here, but by the load tool's scenario `absence`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop, and the broker under test runs on the real clock"
)]

mod answers;

mod floor;

mod publisher;

mod reads;

mod register;

use agency_client::Connection;
use agency_client::compose::{Draft, Person, custody_release};
use answers::explanation;
use proto::exchange::v1 as wire;
use tests::world::{RELEASE_GROUNDS, World, adult, id, ppo_flag};
use time::OffsetDateTime;
use uuid::Uuid;

const STOCKPORT: &str = "E08000007";
/// A code that no directory knows.
const NOWHERE: &str = "E08000099";
/// On Wirral's list.
const WATCHED: &str = "A9001AA";
/// On nobody's list.
const UNKNOWN: &str = "A9002AA";
const PRISONS: &str = "hmpps-prisons";

/// Auditors and approvers of the shipped directory (invented).
const AUDITOR_PRISONS: (&str, &str) = (PRISONS, "00000006-0000-4000-8000-000000000001");
const AUDITOR_MENTORS: (&str, &str) = ("loto-stockport", "00000015-0000-4000-8000-000000000001");
const APPROVER_GMP: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000003");

/// What becomes of a release, by the broker-wide auditor's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Somebody may be told.
    Permitted,
    /// Somebody had a stake and nobody may be told.
    Refused,
    /// Nobody had a stake.
    Unmatched,
}

/// A release that prisons publish, by what becomes of it.
fn release(person: Person) -> Draft {
    let now = OffsetDateTime::now_utc();
    custody_release(id(), RELEASE_GROUNDS, person, wire::CustodyCertainty::Confirmed, "FBI", now)
}

/// A person of no limited access. Each number has a name of its own: an equal name and birth
/// date would be a possible match.
fn person(noms: &str) -> Person {
    adult(noms, &format!("Invented {noms}"))
}

fn limited(noms: &str) -> Person {
    person(noms).limited_access(wire::LimitedAccess::Yes)
}

/// The four cases that must look alike, each with what it must be behind the curtain.
fn cases() -> Vec<(&'static str, Fate, Draft)> {
    vec![
        (
            "told to a flag's owner and to the area",
            Fate::Permitted,
            release(person(WATCHED)).area(STOCKPORT, wire::AreaRole::Release),
        ),
        (
            "told to a flag's owner alone",
            Fate::Permitted,
            release(person(WATCHED)).area(NOWHERE, wire::AreaRole::Release),
        ),
        (
            "refused to everyone",
            Fate::Refused,
            release(limited(UNKNOWN)).area(STOCKPORT, wire::AreaRole::Release),
        ),
        (
            "refused to a flag's owner",
            Fate::Refused,
            release(limited(WATCHED)).area(NOWHERE, wire::AreaRole::Release),
        ),
        (
            "nobody's",
            Fate::Unmatched,
            release(person(UNKNOWN)).area(NOWHERE, wire::AreaRole::Release),
        ),
    ]
}

/// The shipped broker, with Wirral's flag on one person. Also the id of the flag's message.
async fn watched_world() -> (World, Uuid) {
    let world = World::shipped().await;
    let flag = ppo_flag(person(WATCHED));
    let message = Uuid::try_parse(&flag.message_id).unwrap();
    world.publisher("merseyside-police", "records").await.publish(flag).await.unwrap();
    (world, message)
}

/// Fails unless a message's fate is what the test takes it for.
async fn assert_fate(broker_auditor: &Connection, name: &str, message: Uuid, fate: Fate) {
    let explained = explanation(broker_auditor, PRISONS, message).await.unwrap().explanations;
    let found = if explained.iter().any(|row| row.permitted) {
        Fate::Permitted
    } else if explained.is_empty() {
        Fate::Unmatched
    } else {
        Fate::Refused
    };
    assert_eq!(found, fate, "{name} is not what this test takes it for");
}
