//! What a sender, a recipient and those without any part can ask about messages.
//!
//! Owns the messages that are asked about and the calls. Every message asked about was
//! accepted before, and the ledger's signed head covers it.

use agency_client::Connection;
use demo::stage::StageError;
use prost::bytes::Bytes;
use proto::audit::v1 as audit;
use proto::audit::v1::get_proof_request::Of;
use proto::exchange::v1 as wire;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::ask::{Answered, Asked, Differs, Pair, timed};
use super::cast::{
    EACH, Fate, Given, OUTSIDE_AUDITOR, OUTSIDER, OUTSIDER_DESK, OWNER_AWAY, OWNER_PRESENT,
    OWNER_PRESENT_DESK, Release, SENDER, SENDERS_AUDITOR, Standing, WHY, assert_fate, settled,
    signed,
};
use super::pairs::Side;
use crate::draws::mixed;
use crate::load::publish::OneByOne;
use crate::load::site::Site;

const SENDERS_WORD: &str = "sender";
const AUDITORS_WORD: &str = "sender's auditor";
const RECIPIENTS_WORD: &str = "recipient";
const OUTSIDERS_WORD: &str = "outsider";
const OUTSIDE_AUDITORS_WORD: &str = "outsider's auditor";

const UNMATCHED: &str = "own, concerns nobody";
const REFUSED: &str = "own, refused to everyone";
const WAITING: &str = "own, waits for a flag's owner";
const RELEASED: &str = "own, released to a flag's owner";
const ANOTHERS: &str = "another agency's";
const UNKNOWN: &str = "unknown";

/// The messages that are asked about.
pub struct Messages {
    unmatched: Vec<Uuid>,
    refused: Vec<Uuid>,
    waiting: Vec<Uuid>,
    released: Vec<Uuid>,
    named_refused: Vec<Uuid>,
    named_absent: Vec<Uuid>,
    /// What the owner who is present was given about people whom he alone lists.
    alone: Given,
    /// The same about people whom another lists too.
    shared: Given,
}

impl Messages {
    /// Publishes them, and makes sure of the first of each class that it is what the class is
    /// called: those of a class differ in nothing but who it is.
    ///
    /// # Errors
    /// One is refused, or the first of a class is another thing.
    pub async fn publish(
        site: &Site,
        now: OffsetDateTime,
        told: &mut mpsc::UnboundedReceiver<Given>,
    ) -> Result<Self, StageError> {
        let sender = site.connect(SENDER.0, SENDER.1).await?;
        let mut publisher = OneByOne::open(&sender).await?;
        let mut publish = async |release: Release, fate: Fate| {
            let mut ids = Vec::new();
            for number in 0..EACH {
                let message = release.message(number, now)?;
                ids.push(Uuid::try_parse(&message.message_id)?);
                publisher.publish(message).await?;
            }
            if let Some(first) = ids.first() {
                assert_fate(site, *first, fate).await?;
            }
            Ok::<_, StageError>(ids)
        };
        let away = Release::of(Standing::OwnerAway);
        let named = |agency| Release { addressee: Some(agency), ..away.limited() };
        let unmatched = publish(Release::of(Standing::Unlisted), Fate::Unmatched).await?;
        let refused = publish(away.limited(), Fate::Refused).await?;
        let waiting = publish(away, Fate::Permitted).await?;
        let named_refused = publish(named(OWNER_AWAY.0), Fate::Refused).await?;
        let named_absent = publish(named("no-such-agency"), Fate::Refused).await?;
        let each = usize::try_from(EACH)?;
        let released = publish(Release::of(Standing::OwnerPresent), Fate::Permitted).await?;
        let alone = settled(told, each).await?;
        let last = publish(Release::of(Standing::TwoOwners), Fate::Permitted).await?;
        let shared = settled(told, each).await?;
        if let Some(id) = last.last() {
            signed(&sender, *id).await?;
        }
        Ok(Self {
            unmatched,
            refused,
            waiting,
            released,
            named_refused,
            named_absent,
            alone,
            shared,
        })
    }

    /// What is asked by those whose messages they are not.
    fn of_anothers(&self) -> Vec<Row<'_>> {
        vec![Row(Differs::Secret, (ANOTHERS, &self.released), NO_SUCH)]
    }
}

/// An id of nothing, another for each draw.
fn fresh(draw: u64) -> Uuid {
    Uuid::from_u64_pair(draw, mixed(draw))
}

fn picked<T>(items: &[T], draw: u64) -> Option<&T> {
    let place = draw.checked_rem(u64::try_from(items.len()).ok()?)?;
    items.get(usize::try_from(place).ok()?)
}

/// What messages are called, and their ids.
type Class<'a> = (&'static str, &'a [Uuid]);

/// Messages that are not there: an id of none of them is a fresh one.
const NO_SUCH: Class<'static> = (UNKNOWN, &[]);

/// A class and its reference.
struct Row<'a>(Differs, Class<'a>, Class<'a>);

/// Compares everything that can be asked.
///
/// # Errors
/// A call fails, or tells by its status what it must not.
pub async fn run(asked: &mut Asked, site: &Site, messages: &Messages) -> Result<(), StageError> {
    track(asked, site, messages).await?;
    disclosures(asked, site, messages).await?;
    explanations(asked, site, messages).await?;
    proofs_of_messages(asked, site, messages).await?;
    proofs_of_releases(asked, site, messages).await?;
    desks(asked, site, messages).await
}

async fn each(
    asked: &mut Asked,
    (call, caller): (&'static str, &'static str),
    rows: Vec<Row<'_>>,
    mut ask: impl AsyncFnMut(Uuid) -> Answered,
) -> Result<(), StageError> {
    for Row(differs, (class, of_class), (reference, of_reference)) in rows {
        let pair = Pair { call, caller, class, reference, differs };
        asked
            .compare(pair, async |side, draw| {
                let ids = match side {
                    Side::Class => of_class,
                    Side::Reference => of_reference,
                };
                Ok(ask(picked(ids, draw).copied().unwrap_or_else(|| fresh(draw))).await)
            })
            .await?;
    }
    Ok(())
}

async fn track(asked: &mut Asked, site: &Site, messages: &Messages) -> Result<(), StageError> {
    use Differs::{Known, Nothing, Secret};
    let sender = site.connect(SENDER.0, SENDER.1).await?.exchange().await?;
    let outsider = site.connect(OUTSIDER.0, OUTSIDER.1).await?.exchange().await?;
    let ask = |client: wire::exchange_service_client::ExchangeServiceClient<_>| {
        async move |id: Uuid| {
            let request = wire::TrackRequest { message_id: id.to_string() };
            let mut client = client.clone();
            timed(client.track(request)).await
        }
    };
    let unmatched: Class<'_> = (UNMATCHED, &messages.unmatched);
    let rows = vec![
        Row(Nothing, unmatched, unmatched),
        Row(Secret, (REFUSED, &messages.refused), unmatched),
        Row(Secret, (WAITING, &messages.waiting), unmatched),
        Row(Secret, (RELEASED, &messages.released), unmatched),
        Row(
            Secret,
            ("own, names an agency that is refused", &messages.named_refused),
            ("own, names an agency that is not there", &messages.named_absent),
        ),
        Row(Known, (REFUSED, &messages.refused), NO_SUCH),
        Row(Known, unmatched, NO_SUCH),
    ];
    each(asked, ("track", SENDERS_WORD), rows, ask(sender)).await?;
    each(asked, ("track", OUTSIDERS_WORD), messages.of_anothers(), ask(outsider)).await
}

async fn disclosures(
    asked: &mut Asked,
    site: &Site,
    messages: &Messages,
) -> Result<(), StageError> {
    use Differs::{Known, Nothing, Secret};
    let own = site.person(SENDERS_AUDITOR).await?.audit().await?;
    let outside = site.person(OUTSIDE_AUDITOR).await?.audit().await?;
    let ask = |client: audit::audit_service_client::AuditServiceClient<_>| {
        async move |id: Uuid| {
            let request = audit::ListDisclosuresRequest {
                reason: WHY.to_owned(),
                message_id: id.to_string(),
                ..audit::ListDisclosuresRequest::default()
            };
            let mut client = client.clone();
            timed(client.list_disclosures(request)).await
        }
    };
    let unmatched: Class<'_> = (UNMATCHED, &messages.unmatched);
    let rows = vec![
        Row(Nothing, unmatched, unmatched),
        Row(Secret, (REFUSED, &messages.refused), unmatched),
        Row(Secret, (WAITING, &messages.waiting), unmatched),
        Row(Known, (REFUSED, &messages.refused), NO_SUCH),
    ];
    each(asked, ("list-disclosures", AUDITORS_WORD), rows, ask(own)).await?;
    each(asked, ("list-disclosures", OUTSIDE_AUDITORS_WORD), messages.of_anothers(), ask(outside))
        .await
}

async fn explanations(
    asked: &mut Asked,
    site: &Site,
    messages: &Messages,
) -> Result<(), StageError> {
    use Differs::Secret;
    let own = site.person(SENDERS_AUDITOR).await?.audit().await?;
    let outside = site.person(OUTSIDE_AUDITOR).await?.audit().await?;
    let ask = |client: audit::audit_service_client::AuditServiceClient<_>| {
        async move |id: Uuid| {
            let request = audit::ExplainDecisionRequest {
                reason: WHY.to_owned(),
                sending_agency: SENDER.0.to_owned(),
                message_id: id.to_string(),
            };
            let mut client = client.clone();
            timed(client.explain_decision(request)).await
        }
    };
    let unmatched: Class<'_> = (UNMATCHED, &messages.unmatched);
    let rows = vec![
        Row(Secret, (REFUSED, &messages.refused), unmatched),
        Row(Secret, (WAITING, &messages.waiting), unmatched),
    ];
    each(asked, ("explain-decision", AUDITORS_WORD), rows, ask(own)).await?;
    each(asked, ("explain-decision", OUTSIDE_AUDITORS_WORD), messages.of_anothers(), ask(outside))
        .await
}

async fn proofs_of_messages(
    asked: &mut Asked,
    site: &Site,
    messages: &Messages,
) -> Result<(), StageError> {
    use Differs::{Known, Secret};
    let sender = site.connect(SENDER.0, SENDER.1).await?.audit().await?;
    let outsider = site.connect(OUTSIDER.0, OUTSIDER.1).await?.audit().await?;
    let ask = |client: audit::audit_service_client::AuditServiceClient<_>| {
        async move |id: Uuid| {
            let of = Some(Of::MessageId(id.to_string()));
            let mut client = client.clone();
            timed(client.get_proof(audit::GetProofRequest { of })).await
        }
    };
    let unmatched: Class<'_> = (UNMATCHED, &messages.unmatched);
    let rows = vec![
        Row(Secret, (REFUSED, &messages.refused), unmatched),
        Row(Secret, (WAITING, &messages.waiting), unmatched),
        Row(Secret, (RELEASED, &messages.released), unmatched),
        Row(Known, (REFUSED, &messages.refused), NO_SUCH),
    ];
    each(asked, ("proof-of-message", SENDERS_WORD), rows, ask(sender)).await?;
    each(asked, ("proof-of-message", OUTSIDERS_WORD), messages.of_anothers(), ask(outsider)).await
}

async fn proofs_of_releases(
    asked: &mut Asked,
    site: &Site,
    messages: &Messages,
) -> Result<(), StageError> {
    let recipient = site.connect(OWNER_PRESENT.0, OWNER_PRESENT.1).await?;
    let outsider = site.connect(OUTSIDER.0, OUTSIDER.1).await?;
    let call = "proof-of-release";
    let pair = Pair {
        call,
        caller: RECIPIENTS_WORD,
        class: "own, given to another too",
        reference: "own, given to nobody else",
        differs: Differs::Secret,
    };
    let (shared, alone) = (&messages.shared.releases, &messages.alone.releases);
    release_proofs(asked, pair, &recipient, shared, alone).await?;
    let pair = Pair {
        call,
        caller: OUTSIDERS_WORD,
        class: ANOTHERS,
        reference: UNKNOWN,
        differs: Differs::Secret,
    };
    release_proofs(asked, pair, &outsider, alone, &[]).await
}

/// Compares proofs of releases with those of others, or of none where there are none.
async fn release_proofs(
    asked: &mut Asked,
    pair: Pair,
    caller: &Connection,
    class: &[Bytes],
    reference: &[Bytes],
) -> Result<(), StageError> {
    let client = caller.audit().await?;
    asked
        .compare(pair, async |side, draw| {
            let of = Of::ReleaseId(binary(side, draw, class, reference));
            let mut client = client.clone();
            Ok(timed(client.get_proof(audit::GetProofRequest { of: Some(of) })).await)
        })
        .await
}

/// An id of one of these, or one of nothing.
fn binary(side: Side, draw: u64, class: &[Bytes], reference: &[Bytes]) -> Bytes {
    let ids = match side {
        Side::Class => class,
        Side::Reference => reference,
    };
    let of_nothing = || Bytes::copy_from_slice(fresh(draw).as_bytes());
    picked(ids, draw).cloned().unwrap_or_else(of_nothing)
}

/// What an outsider asks about dead letters, of which there are none anywhere: it takes eight
/// attempts and more minutes than a measurement has for one to come about. The two of a pair are
/// therefore the same to the broker.
async fn desks(asked: &mut Asked, site: &Site, messages: &Messages) -> Result<(), StageError> {
    let outsider = site.connect(OUTSIDER.0, OUTSIDER.1).await?.exchange().await?;
    let pair = Pair {
        call: "list-dead-letters",
        caller: OUTSIDERS_WORD,
        class: "another agency's desk",
        reference: "no such desk",
        differs: Differs::Nothing,
    };
    asked
        .compare(pair, async |side, _| {
            let desk = match side {
                Side::Class => OWNER_PRESENT_DESK,
                Side::Reference => "no-such-desk",
            };
            let mut client = outsider.clone();
            let request = wire::ListDeadLettersRequest { desk: desk.to_owned() };
            Ok(timed(client.list_dead_letters(request)).await)
        })
        .await?;
    let pair = Pair {
        call: "redrive",
        caller: OUTSIDERS_WORD,
        class: "another agency's delivery",
        reference: "no such delivery",
        differs: Differs::Nothing,
    };
    asked
        .compare(pair, async |side, draw| {
            let delivery_id = binary(side, draw, &messages.alone.deliveries, &[]);
            let mut client = outsider.clone();
            let request = wire::RedriveRequest { desk: OUTSIDER_DESK.to_owned(), delivery_id };
            Ok(timed(client.redrive(request)).await)
        })
        .await
}
