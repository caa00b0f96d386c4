//! Who is asked about: invented people on lists and on none, and messages about them.
//!
//! Owns the register and the messages that the classes rest on. Promises that a class is what
//! it is called: the broker-wide auditor is asked what became of a message of each, and the
//! run ends where it is another thing. Deliberately times nothing.

use std::time::Duration;

use agency_client::Connection;
use agency_client::compose::{self, Draft, Person};
use demo::stage::{BROKER_AUDITOR, StageError};
use prost::bytes::Bytes;
use proto::audit::v1 as audit;
use proto::audit::v1::get_proof_request::Of;
use proto::directory::v1 as directory;
use proto::exchange::v1 as wire;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::load::mix::letters;
use crate::load::publish::OneByOne;
use crate::load::site::Site;
use crate::receiver::Taker;
use crate::world::{FLAG_GROUNDS, RELEASE_GROUNDS, adult};

/// People of each standing, and messages of each fate.
pub const EACH: u64 = 64;
/// How long anything that must come may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A code that no directory knows: place brings nobody.
pub const NOWHERE: &str = "E08000099";
/// Where desks of several agencies serve.
pub const STOCKPORT: &str = "E08000007";
/// Who publishes.
pub const SENDER: (&str, &str) = ("hmpps-prisons", "records");
/// Owner of flags whose desk receives.
pub const OWNER_PRESENT: (&str, &str) = ("merseyside-police", "records");
/// Its desk.
pub const OWNER_PRESENT_DESK: &str = "wirral";
/// Owner of flags whose desk does not.
pub const OWNER_AWAY: (&str, &str) = ("cheshire-police", "records");
/// Who has no part in any of it.
pub const OUTSIDER: (&str, &str) = ("gmp", "records");
/// Its desk.
pub const OUTSIDER_DESK: &str = "stockport";
/// Approves its interests (invented).
const OUTSIDER_APPROVER: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000003");
/// The sender's auditor (invented).
pub const SENDERS_AUDITOR: (&str, &str) = (SENDER.0, "00000006-0000-4000-8000-000000000001");
/// An auditor of an agency without any part (invented).
pub const OUTSIDE_AUDITOR: (&str, &str) =
    ("loto-stockport", "00000015-0000-4000-8000-000000000001");
/// When a flag is to be looked at again.
pub const REVIEW: &str = "2099-11-01";
/// The reason every look-up gives.
pub const WHY: &str = "a measurement of how long answers take";

/// What others hold of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Unlisted,
    /// On a list whose owner does not receive now.
    OwnerAway,
    /// On a list whose owner receives at once.
    OwnerPresent,
    /// On both.
    TwoOwners,
    /// On no list, but an agency has an approved interest in him.
    Watched,
}

impl Standing {
    const ALL: [Self; 5] =
        [Self::Unlisted, Self::OwnerAway, Self::OwnerPresent, Self::TwoOwners, Self::Watched];

    const fn ending(self) -> &'static str {
        match self {
            Self::Unlisted => "AA",
            Self::OwnerAway => "AB",
            Self::OwnerPresent => "AC",
            Self::TwoOwners => "AD",
            Self::Watched => "AE",
        }
    }
}

/// A prison number of somebody of a standing.
#[must_use]
pub fn noms(standing: Standing, draw: u64) -> String {
    format!("A{:04}{}", draw % EACH, standing.ending())
}

/// Somebody of a standing. Names differ, or an equal birth date would make a possible match.
fn person(standing: Standing, draw: u64) -> Person {
    let before = Standing::ALL.iter().take_while(|other| **other != standing).count();
    let number = u64::try_from(before).unwrap_or(0) * EACH + draw % EACH;
    adult(&noms(standing, draw), &format!("Invented {}", letters(number)))
}

/// A release from custody as its sender sees it: all but who it is.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// What others hold of the person.
    pub standing: Standing,
    /// Whether access to the record is limited, which refuses everybody here.
    pub limited: bool,
    /// Area of release.
    pub area: &'static str,
    /// Agency named.
    pub addressee: Option<&'static str>,
}

impl Release {
    /// Of a person of a standing, to no known area, naming nobody.
    #[must_use]
    pub const fn of(standing: Standing) -> Self {
        Self { standing, limited: false, area: NOWHERE, addressee: None }
    }

    /// The same, of a record of limited access.
    #[must_use]
    pub const fn limited(self) -> Self {
        Self { limited: true, ..self }
    }

    /// The message about one such person, under an id of its own.
    ///
    /// # Errors
    /// The message is not complete, which would be a fault of this module.
    pub fn message(self, draw: u64, at: OffsetDateTime) -> Result<wire::Message, StageError> {
        let mut person = person(self.standing, draw);
        if self.limited {
            person = person.limited_access(wire::LimitedAccess::Yes);
        }
        let certainty = wire::CustodyCertainty::Confirmed;
        let id = Uuid::new_v4();
        let draft: Draft =
            compose::custody_release(id, RELEASE_GROUNDS, person, certainty, "FBI", at)
                .area(self.area, wire::AreaRole::Release);
        let draft = match self.addressee {
            Some(agency) => draft.addressee(agency, ""),
            None => draft,
        };
        Ok(draft.build()?)
    }
}

/// What became of a message, by the broker-wide auditor's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Somebody may be told.
    Permitted,
    /// Somebody had a stake and nobody may be told.
    Refused,
    /// Nobody had a stake.
    Unmatched,
}

/// What the desk of the owner who is present was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Releases.
    pub releases: Vec<Bytes>,
    /// Deliveries.
    pub deliveries: Vec<Bytes>,
}

/// Takes everything, and tells when its receipt is durable.
pub struct Settling(pub mpsc::UnboundedSender<Given>, Given);

impl Settling {
    /// Tells over this channel.
    #[must_use]
    pub const fn new(told: mpsc::UnboundedSender<Given>) -> Self {
        Self(told, Given { releases: Vec::new(), deliveries: Vec::new() })
    }
}

impl Taker for Settling {
    fn take(&mut self, deliveries: Vec<wire::Delivery>) -> Vec<Bytes> {
        self.1.deliveries.extend(deliveries.iter().map(|d| d.delivery_id.clone()));
        deliveries.into_iter().map(|delivery| delivery.release_id).collect()
    }

    fn settled(&mut self, releases: Vec<Bytes>) {
        let deliveries = std::mem::take(&mut self.1.deliveries);
        // At the end nobody listens any more.
        let _ = self.0.send(Given { releases, deliveries });
    }
}

/// Waits until so many deliveries to the owner who is present are settled.
///
/// # Errors
/// They do not come in time.
pub async fn settled(
    told: &mut mpsc::UnboundedReceiver<Given>,
    count: usize,
) -> Result<Given, StageError> {
    let mut all = Given { releases: Vec::new(), deliveries: Vec::new() };
    while all.releases.len() < count {
        let given = timeout(PATIENCE, told.recv()).await?.ok_or("nobody receives any more")?;
        all.releases.extend(given.releases);
        all.deliveries.extend(given.deliveries);
    }
    Ok(all)
}

/// Puts people on lists, and has an interest in others approved.
///
/// # Errors
/// The broker refuses it.
pub async fn register(site: &Site) -> Result<(), StageError> {
    use wire::FlagKind::{Iom, Ppo};
    // The owner who is present is the last to list anybody, and so hears of nobody else's flag.
    for (owner, standing, kind) in [
        (OWNER_AWAY, Standing::OwnerAway, Ppo),
        (OWNER_AWAY, Standing::TwoOwners, Iom),
        (OWNER_PRESENT, Standing::TwoOwners, Ppo),
        (OWNER_PRESENT, Standing::OwnerPresent, Ppo),
    ] {
        let mut publisher = OneByOne::open(&site.connect(owner.0, owner.1).await?).await?;
        for number in 0..EACH {
            let (id, decision) = (Uuid::new_v4(), Uuid::new_v4());
            let person = person(standing, number);
            let flag = compose::flag_raise(id, FLAG_GROUNDS, person, kind, REVIEW, decision);
            publisher.publish(flag.build()?).await?;
        }
    }
    let node = site.connect(OUTSIDER.0, OUTSIDER.1).await?;
    let approver = site.person(OUTSIDER_APPROVER).await?;
    let (mut node, mut approver) = (node.directory().await?, approver.directory().await?);
    for number in 0..EACH {
        let declared = node.declare_interest(interest(Standing::Watched, number)?).await?;
        let interest_id = declared.into_inner().interest_id;
        approver.approve_interest(directory::ApproveInterestRequest { interest_id }).await?;
    }
    Ok(())
}

/// The outsider's interest in a person of a standing.
///
/// # Errors
/// None that could come about: the end is a date.
pub fn interest(
    standing: Standing,
    draw: u64,
) -> Result<directory::DeclareInterestRequest, StageError> {
    #[expect(clippy::disallowed_methods, reason = "the broker under load runs on the real clock")]
    let ends = OffsetDateTime::now_utc() + time::Duration::days(30);
    Ok(directory::DeclareInterestRequest {
        identifier: Some(identifier(standing, draw)),
        desk: OUTSIDER_DESK.to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        expires_at: Some(compose::timestamp(ends)),
    })
}

/// The prison number of a person of a standing.
#[must_use]
pub fn identifier(standing: Standing, draw: u64) -> wire::Identifier {
    wire::Identifier { r#type: wire::IdentifierType::Noms.into(), value: noms(standing, draw) }
}

/// Fails unless a message of the sender's became what it is taken for.
///
/// # Errors
/// It became something else, or the auditor is not answered.
pub async fn assert_fate(site: &Site, message: Uuid, fate: Fate) -> Result<(), StageError> {
    let auditor = site.person(BROKER_AUDITOR).await?;
    let request = audit::ExplainDecisionRequest {
        reason: WHY.to_owned(),
        sending_agency: SENDER.0.to_owned(),
        message_id: message.to_string(),
    };
    let rows = auditor.audit().await?.explain_decision(request).await?.into_inner().explanations;
    let found = if rows.iter().any(|row| row.permitted) {
        Fate::Permitted
    } else if rows.is_empty() {
        Fate::Unmatched
    } else {
        Fate::Refused
    };
    if found == fate { Ok(()) } else { Err(format!("{found:?} where {fate:?} was meant").into()) }
}

/// Waits until the ledger's signed head covers a message of the sender's.
///
/// # Errors
/// It does not in time.
pub async fn signed(sender: &Connection, message: Uuid) -> Result<(), StageError> {
    let mut audit = sender.audit().await?;
    let proved = async {
        loop {
            let of = Some(Of::MessageId(message.to_string()));
            if audit.get_proof(audit::GetProofRequest { of }).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, proved).await?;
    Ok(())
}
