//! How people outside are told: calendar, chain and notices as configured.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::config::Config;
use crate::notify::chain::Chain;
use crate::notify::{Carrying, Notices, Posting};
use crate::rules::Rules;

use super::setup::AppError;

/// What alarms need.
pub struct People {
    /// Working days, and the time people keep.
    pub calendar: Arc<Calendar>,
    /// Who is told after how long. In the broker it holds where nothing leaves it, too.
    pub chain: Chain,
    /// The way to hand a notice over.
    pub notices: Notices,
    /// What carries them; `None`: no notice leaves.
    pub(super) carrying: Option<Carrying>,
}

/// Opens the way and carries what an earlier run left, if it is configured.
pub(super) fn open(
    config: &Config,
    clock: &Arc<dyn Clock>,
    rules: &Arc<ArcSwap<Rules>>,
) -> Result<People, AppError> {
    let further = config.further_bank_holidays.clone();
    let calendar = Arc::new(Calendar::england_and_wales(further)?);
    let Some(options) = &config.notify else {
        tracing::info!(
            code = "notices-off",
            "there is no section [notify]: alarms stand in the log and the figures alone"
        );
        let (chain, notices) = (Chain::default(), Notices::default());
        return Ok(People { calendar, chain, notices, carrying: None });
    };
    let secrets = config.read_notify_secrets()?;
    let (clock, directory) = (Arc::clone(clock), super::current(rules));
    let (notices, posting) =
        Posting::open(options, secrets, clock, Arc::clone(&calendar), directory)?;
    Ok(People { calendar, chain: options.chain, notices, carrying: Some(posting.start()) })
}
