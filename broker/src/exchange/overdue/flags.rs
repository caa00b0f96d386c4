//! Days of a flag that have come: its review was not held, somebody on it is in custody for two years,
//! or turns 18.
//!
//! Promises that nobody hears of it but the desk that owns the flag; that it is told nothing it was
//! not given or has not said: custody counts by the news that this very desk was given, a
//! birthday by the date its own agency gave; and that each is told once, on its day or when a stopped
//! broker or clock is back. Deliberately does not know: whom a flag is on.

use std::sync::Arc;

use proto::exchange::v1::Field;
use time::{Date, Duration, OffsetDateTime};

use crate::clock::Reading;
use crate::delivery::outbox::Outbox;
use crate::ledger::advice::{Advice, Matter, Nudge};
use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::message::roles::{british_day_number, years_after};
use crate::parcel::Shown;
use crate::register::{CustodyStatement, DeskName, Flag, Register, custody};

use super::{Looked, Watch, beside};

/// So many years in custody are a reason to consider taking somebody off a list (PSI 12/2010).
const LONG_YEARS: i32 = 2;
/// So many days before an eighteenth birthday its coming is told: a panel meets once a month.
const ADULT_AHEAD_DAYS: i64 = 28;

/// So much is told in one commit.
const AT_ONCE_MAX: usize = 64;

/// A day of a flag.
struct Due {
    flag: Arc<Flag>,
    nudge: Nudge,
    day: i64,
}

impl Watch {
    /// Tells the owners of flags of what has come. One look a day is enough, and one after each
    /// change of the register: all else is as it was.
    pub(super) async fn look_at_flags(
        &self,
        looked: &mut Looked,
        reading: &Reading,
    ) -> Result<(), StoreError> {
        let rules = self.rules.load_full();
        let today = british_day_number(reading.settled());
        let seen = (today, rules.epochs.register);
        if looked.flags == Some(seen) {
            return Ok(());
        }
        let outbox = Arc::clone(&self.outbox);
        let register = Arc::clone(&rules.register);
        let due = beside(move || all_due(&register, today, &*outbox)).await?;
        let mut advice: Vec<Advice> = due.iter().filter_map(|due| self.advice(due)).collect();
        let keys: Vec<MessageKey> = advice.iter().map(Advice::key).collect();
        let recall = Arc::clone(&self.recall);
        let mut known = beside(move || recall.known(&keys)).await?.into_iter();
        advice.retain(|_| known.next().flatten().is_none());
        for some in advice.chunks(AT_ONCE_MAX) {
            if !self.advise(some.to_vec()).await {
                return Ok(());
            }
        }
        looked.flags = Some(seen);
        Ok(())
    }

    /// What is said of it. `None`: the day cannot be written.
    fn advice(&self, due: &Due) -> Option<Advice> {
        let Due { flag, nudge, day } = due;
        let (agency, raised) = &flag.raised;
        let about = [agency.as_bytes(), raised.as_bytes(), &day.to_be_bytes()].concat();
        let matter = Matter::OfFlag {
            nudge: *nudge,
            last: MessageKey { agency: Arc::clone(&flag.by), id: flag.id },
            manager: flag.care.manager,
            due: self.begins(*day)?,
            about: self.vault.keyed_digest("flag-day", &about),
        };
        Some(Advice { desk: flag.owner.clone(), matter })
    }

    /// When a day begins in Britain.
    fn begins(&self, day: i64) -> Option<OffsetDateTime> {
        let date: Date = time::macros::date!(1970 - 01 - 01).checked_add(Duration::days(day))?;
        self.calendar.moment(date.midnight())
    }
}

/// Every day of a flag that has come by a day.
fn all_due(register: &Register, today: i64, outbox: &dyn Outbox) -> Result<Vec<Due>, StoreError> {
    let mut due = Vec::new();
    for flag in register.every_flag() {
        let is_due = flag.review_missed(today)
            || flag.care.adult_day.is_some_and(|day| day - ADULT_AHEAD_DAYS <= today)
            || may_be_long(&flag, register, today);
        if !is_due || !owner_knows(&flag, outbox)? {
            continue;
        }
        let mut add = |nudge, day| due.push(Due { flag: Arc::clone(&flag), nudge, day });
        if !flag.is_proposal() && flag.review_missed(today) {
            add(Nudge::ReviewOverdue, flag.review_day);
        }
        if let Some(day) = flag.care.adult_day.filter(|day| day - ADULT_AHEAD_DAYS <= today) {
            add(Nudge::TurningAdult, day);
        }
        if let Some(day) = long_in_custody(&flag, register, today, outbox)? {
            add(Nudge::LongInCustody, day);
        }
    }
    Ok(due)
}

/// The day on which somebody on a list was in custody for two years, as far as the flag's owner was
/// given that or says so. `None`: not yet, or not that it knew.
fn long_in_custody(
    flag: &Flag,
    register: &Register,
    today: i64,
    outbox: &dyn Outbox,
) -> Result<Option<i64>, StoreError> {
    if flag.is_proposal() {
        return Ok(None);
    }
    let stated = register.custody(&register.linked(&flag.tokens));
    // The owner's own word comes before what prisons state of the same day.
    let own = flag.care.suspended_day.map(|day| (day, i64::MIN, true));
    let mut all: Vec<(i64, i64, bool)> = own.into_iter().collect();
    for made in &stated {
        if was_given(&flag.owner, made, outbox)? {
            all.push((made.day, made.at, made.begins));
        }
    }
    all.sort_unstable();
    let since = custody::since(all.into_iter().map(|(day, _, begins)| (day, begins)));
    Ok(since.and_then(|day| long_since(day, today)))
}

/// The day that is two years after a day, if that has come.
fn long_since(day: i64, today: i64) -> Option<i64> {
    years_after(day, LONG_YEARS).filter(|then| *then <= today)
}

/// Whether anything at all that began custody lies so far back.
fn may_be_long(flag: &Flag, register: &Register, today: i64) -> bool {
    let stated = register.custody(&register.linked(&flag.tokens));
    let begins = stated.iter().filter(|made| made.begins).map(|made| made.day);
    begins.chain(flag.care.suspended_day).any(|day| long_since(day, today).is_some())
}

/// Whether the owner of a flag knows that it owns it and what it says: its own agency changed it
/// last, or the desk was shown by whom it was.
pub(in crate::exchange) fn owner_knows(
    flag: &Flag,
    outbox: &dyn Outbox,
) -> Result<bool, StoreError> {
    if flag.by == flag.owner.agency {
        return Ok(true);
    }
    let key = MessageKey { agency: Arc::clone(&flag.by), id: flag.id };
    let shown = outbox.shown(&flag.owner, &key)?;
    Ok(shown.iter().any(|one| shows_person(*one) && !one.withholds(Field::FlagDetail)))
}

/// Whether a release showed the person whom the message is about, and was no notice.
fn shows_person(shown: Shown) -> bool {
    shown.shows(0) && !shown.notice_only()
}

/// Whether a desk has the news in which something was stated: it was given it, or its own agency
/// said it.
fn was_given(
    desk: &DeskName,
    made: &CustodyStatement,
    outbox: &dyn Outbox,
) -> Result<bool, StoreError> {
    if made.agency == desk.agency {
        return Ok(true);
    }
    let key = MessageKey { agency: Arc::clone(&made.agency), id: made.message };
    Ok(outbox.shown(desk, &key)?.into_iter().any(shows_person))
}
