//! How long a merge is answered, by how much is held of the two numbers: what the register's
//! authority could otherwise read off its own clock.
//!
//! Promises that the holder has one merge's notice before the next is timed, so that no merge's
//! work is counted to another. Deliberately names nobody but one holder: how many of them a
//! chase goes to is another question. Nor is custody news held: of that a new join is matched
//! against all that is alive, and whoever merges prison numbers sent it.

use agency_client::compose::{self, MappaChange};
use demo::stage::StageError;
use proto::exchange::v1 as wire;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::Options;
use super::absence::cast::{Given, REVIEW, SENDER, Settling, settled};
use super::latencies::Latencies;
use super::mix::{PROTECTION, RECIPIENTS};
use super::publish::OneByOne;
use super::site::Site;
use crate::receiver::receive;
use crate::world::{FLAG_GROUNDS, adult};

/// Messages held at the lower of the two.
const FEW: u64 = 10;
/// Merges of each two numbers.
const MERGES: u32 = 9;
const NAME: &str = "Invented Held";

/// Measures it: merges of numbers of which few messages are held, and of which
/// `options.held` are.
///
/// # Errors
/// The broker refuses what it should take, or the holder does not receive.
pub async fn run(options: &Options, site: &Site) -> Result<Value, StageError> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut receivers = JoinSet::new();
    let [holder, ..] = RECIPIENTS;
    let connection = site.connect(holder.agency, holder.mappa.node).await?;
    receivers.spawn(receive(connection, holder.mappa.desk.to_owned(), Settling::new(tell)));
    let mut prison = OneByOne::open(&site.connect(SENDER.0, SENDER.1).await?).await?;
    let mut rows = Vec::new();
    for (held, one, other) in [(FEW, "A9701AA", "A9702AA"), (options.held, "A9703AA", "A9704AA")] {
        hold(site, &mut prison, &mut told, (one, held)).await?;
        let answers = merges(&mut prison, &mut told, one, other).await?;
        rows.push(json!({ "held": held, "publish_ack": answers.summary() }));
    }
    drop(receivers);
    Ok(json!({ "merges": MERGES, "by_held": rows }))
}

/// Puts a person on the holder's list and lets it have so many MAPPA notifications of him.
async fn hold(
    site: &Site,
    prison: &mut OneByOne,
    told: &mut mpsc::UnboundedReceiver<Given>,
    (number, held): (&str, u64),
) -> Result<(), StageError> {
    let [holder, ..] = RECIPIENTS;
    let mut owner = OneByOne::open(&site.connect(holder.agency, holder.mappa.node).await?).await?;
    let (id, decision, list) = (Uuid::new_v4(), Uuid::new_v4(), wire::FlagKind::Ppo);
    let person = adult(number, NAME);
    let flag = compose::flag_raise(id, FLAG_GROUNDS, person, list, REVIEW, decision);
    owner.publish(flag.build()?).await?;
    for _ in 0..held {
        let change = MappaChange {
            step: wire::MappaStep::Notification,
            category: 2,
            level: 2,
            previous_level: 0,
            referral: None,
            panel_decision: None,
        };
        let (id, person) = (Uuid::new_v4(), adult(number, NAME));
        let news = compose::mappa(id, PROTECTION, person, &change).addressee(holder.agency, "");
        prison.publish(news.build()?).await?;
        settled(told, 1).await?;
    }
    Ok(())
}

/// Merges two numbers again and again: how long each answer took.
async fn merges(
    prison: &mut OneByOne,
    told: &mut mpsc::UnboundedReceiver<Given>,
    one: &str,
    other: &str,
) -> Result<Latencies, StageError> {
    let mut answers = Latencies::default();
    for _ in 0..MERGES {
        let person = compose::Person::new(wire::SubjectCategory::Managed).name(NAME);
        let noms = wire::IdentifierType::Noms;
        let (id, grounds) = (Uuid::new_v4(), FLAG_GROUNDS);
        let merge = compose::merge(id, grounds, person, noms, one, other).build()?;
        let sent = Instant::now();
        let accepted = prison.publish(merge).await?;
        answers.add(u64::try_from((accepted - sent).as_nanos()).unwrap_or(u64::MAX));
        settled(told, 1).await?;
    }
    Ok(answers)
}
