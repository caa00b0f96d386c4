//! Whether refused, unmatched, watched and unknown can be told apart by how long answers take.
//!
//! Owns which classes are compared with which, caller by caller: the same that the tests of
//! absence compare byte by byte. The two of a pair differ in what the caller must not find out
//! and in nothing that he knows; where he knows it, or where nothing differs, the line says so.
//! Promises nothing about the broker: it reports what it measured.

pub mod pairs;

pub mod ask;

pub mod cast;

mod reads;

mod writes;

use demo::stage::StageError;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Options;
use super::site::Site;
use crate::receiver::receive;
use ask::Asked;
use cast::{OWNER_PRESENT, OWNER_PRESENT_DESK, Settling};

/// Measures it. Reads come first: what is published while measuring would make them slower.
///
/// # Errors
/// The broker refuses what it should take, a class is not what it is called, or the two of a
/// pair are answered in different kinds.
pub async fn run(
    options: &Options,
    site: &Site,
    now: OffsetDateTime,
    seed: u64,
) -> Result<Value, StageError> {
    cast::register(site).await?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut receivers = JoinSet::new();
    let owner = site.connect(OWNER_PRESENT.0, OWNER_PRESENT.1).await?;
    receivers.spawn(receive(owner, OWNER_PRESENT_DESK.to_owned(), Settling::new(tell)));
    let mut asked = Asked::new(options.pairs, seed);
    let messages = reads::Messages::publish(site, now, &mut told).await?;
    reads::run(&mut asked, site, &messages).await?;
    writes::run(&mut asked, site, now, &mut told).await?;
    drop(receivers);
    Ok(asked.summary())
}
