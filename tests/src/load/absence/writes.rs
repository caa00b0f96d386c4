//! What a sender and an outsider can find out by publishing and by stating.
//!
//! Owns the messages published while measuring. Between two of them nothing runs that the
//! first set off: its delivery is settled, and a pause is over. What it costs the message that
//! does follow at once is a class of its own.

use std::time::Duration;

use demo::stage::StageError;
use proto::directory::v1 as directory;
use proto::exchange::v1 as wire;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tonic::Code;
use uuid::Uuid;

use super::ask::{Answered, Asked, Differs, Pair, timed};
use super::cast::{
    self, Fate, Given, OUTSIDER, OWNER_AWAY, Release, SENDER, STOCKPORT, Standing, assert_fate,
    settled,
};
use super::pairs::Side;
use crate::load::publish::OneByOne;
use crate::load::site::Site;

/// Pause after each message, so that none is measured while another's traces are written.
const PAUSE: Duration = Duration::from_millis(3);
const CRN_NUMBERS: u64 = 1_000_000;

/// A class of messages: what is published, what becomes of it, and what it is compared with.
struct Row {
    differs: Differs,
    class: (&'static str, Release, Fate),
    reference: (&'static str, Release, Fate),
}

/// Rows in which nothing differs that the sender wrote, but for whom it is about.
fn rows() -> Vec<Row> {
    use Differs::{Nothing, Secret};
    let unlisted = ("about somebody on no list", Release::of(Standing::Unlisted), Fate::Unmatched);
    let of = Release::of;
    let away = of(Standing::OwnerAway);
    let row = |differs, class, reference| Row { differs, class, reference };
    let in_stockport = |release: Release| Release { area: STOCKPORT, ..release };
    let named = |agency| Release { addressee: Some(agency), ..away.limited() };
    vec![
        row(Nothing, unlisted, unlisted),
        row(Secret, ("listed, its owner away", away, Fate::Permitted), unlisted),
        row(
            Secret,
            ("listed, its owner receives", of(Standing::OwnerPresent), Fate::Permitted),
            unlisted,
        ),
        row(Secret, ("watched by an interest", of(Standing::Watched), Fate::Refused), unlisted),
        row(
            Secret,
            ("listed, refused to everyone", away.limited(), Fate::Refused),
            ("refused nobody, on no list", of(Standing::Unlisted).limited(), Fate::Unmatched),
        ),
        row(
            Secret,
            ("in an area, listed elsewhere too", in_stockport(away), Fate::Permitted),
            ("in an area, on no list", in_stockport(of(Standing::Unlisted)), Fate::Refused),
        ),
        row(
            Secret,
            ("names an agency that is refused", named(OWNER_AWAY.0), Fate::Refused),
            ("names an agency that is not there", named("no-such-agency"), Fate::Refused),
        ),
    ]
}

/// Compares everything that is written.
///
/// # Errors
/// Something is refused, or is not what it is called.
pub async fn run(
    asked: &mut Asked,
    site: &Site,
    now: OffsetDateTime,
    told: &mut mpsc::UnboundedReceiver<Given>,
) -> Result<(), StageError> {
    let sender = site.connect(SENDER.0, SENDER.1).await?;
    let mut desk = Desk { publisher: OneByOne::open(&sender).await?, told, now };
    for row in rows() {
        for (_, release, fate) in [row.class, row.reference] {
            let (id, _) = desk.publish(release, 0).await?;
            desk.quiet(release).await?;
            assert_fate(site, id, fate).await?;
        }
        let pair = Pair {
            call: "publish",
            caller: "sender",
            class: row.class.0,
            reference: row.reference.0,
            differs: row.differs,
        };
        asked
            .compare(pair, async |side, draw| {
                let (_, release, _) = match side {
                    Side::Class => row.class,
                    Side::Reference => row.reference,
                };
                let (_, took) = desk.publish(release, draw).await?;
                desk.quiet(release).await?;
                Ok(Answered { took, code: Code::Ok })
            })
            .await?;
    }
    after(asked, &mut desk).await?;
    interests(asked, site).await?;
    links(asked, site).await
}

/// A sender that publishes one message at a time.
struct Desk<'a> {
    publisher: OneByOne,
    told: &'a mut mpsc::UnboundedReceiver<Given>,
    now: OffsetDateTime,
}

impl Desk<'_> {
    /// Publishes one. Answers its id, and how long acceptance took.
    async fn publish(
        &mut self,
        release: Release,
        draw: u64,
    ) -> Result<(Uuid, Duration), StageError> {
        let message = release.message(draw, self.now)?;
        let id = Uuid::try_parse(&message.message_id)?;
        let sent = Instant::now();
        let accepted = self.publisher.publish(message).await?;
        Ok((id, accepted - sent))
    }

    /// Waits until nothing runs that a message set off.
    async fn quiet(&mut self, release: Release) -> Result<(), StageError> {
        if release.standing == Standing::OwnerPresent && !release.limited {
            settled(self.told, 1).await?;
        }
        sleep(PAUSE).await;
        Ok(())
    }
}

/// The message that follows at once, about somebody on no list, whichever came before.
async fn after(asked: &mut Asked, desk: &mut Desk<'_>) -> Result<(), StageError> {
    let pair = Pair {
        call: "publish-after",
        caller: "sender",
        class: "after one about somebody listed, whose owner receives",
        reference: "after one about somebody on no list",
        differs: Differs::Secret,
    };
    let next = Release::of(Standing::Unlisted);
    asked
        .compare(pair, async |side, draw| {
            let first = match side {
                Side::Class => Release::of(Standing::OwnerPresent),
                Side::Reference => next,
            };
            desk.publish(first, draw).await?;
            let (_, took) = desk.publish(next, draw.wrapping_add(1)).await?;
            desk.quiet(first).await?;
            Ok(Answered { took, code: Code::Ok })
        })
        .await
}

/// Whom an outsider's statements are about.
const fn about(side: Side) -> Standing {
    match side {
        Side::Class => Standing::OwnerAway,
        Side::Reference => Standing::Unlisted,
    }
}

const fn stated(call: &'static str) -> Pair {
    Pair {
        call,
        caller: "outsider",
        class: "about somebody on another's list",
        reference: "about somebody on no list",
        differs: Differs::Secret,
    }
}

async fn interests(asked: &mut Asked, site: &Site) -> Result<(), StageError> {
    let node = site.connect(OUTSIDER.0, OUTSIDER.1).await?.directory().await?;
    asked
        .compare(stated("declare-interest"), async |side, draw| {
            let request = cast::interest(about(side), draw)?;
            let mut client = node.clone();
            Ok(timed(client.declare_interest(request)).await)
        })
        .await
}

async fn links(asked: &mut Asked, site: &Site) -> Result<(), StageError> {
    let node = site.connect(OUTSIDER.0, OUTSIDER.1).await?.directory().await?;
    let mut number = 0_u64;
    asked
        .compare(stated("state-link"), async |side, draw| {
            number += 1;
            let other = wire::Identifier {
                r#type: wire::IdentifierType::Crn.into(),
                value: format!("X{:06}", number % CRN_NUMBERS),
            };
            let request = directory::StateLinkRequest {
                one: Some(cast::identifier(about(side), draw)),
                other: Some(other),
                birth_date: "1988-04-12".to_owned(),
                withdrawn: false,
            };
            let mut client = node.clone();
            Ok(timed(client.state_link(request)).await)
        })
        .await
}
