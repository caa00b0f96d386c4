//! Emergency access is told to people at once, and a review that stays open goes up.
//!
//! Promises that the second person and the data-protection officer of the agency are told of each
//! access once, whatever stops and starts between, and its lead once where nobody has reviewed it in
//! time; that a letter is on disk before its step counts as taken; and that nothing counts as late
//! while the clock is not believed. Deliberately does not know: what was shared, with whom, and why.

use std::sync::Arc;

use arc_swap::ArcSwap;
use time::{Duration, OffsetDateTime, Time};

use crate::calendar::Calendar;
use crate::clock::{Clock, Reading};
use crate::ledger::appender::{Queue, Work};
use crate::ledger::journal::StoreError;
use crate::ledger::review::{Review, Reviews, ToldRow};
use crate::notify::{Addressee, Code, Letter, Notice, Notices, Place};
use crate::rules::Rules;

/// Working days in which an emergency access is to be reviewed: a week at work. While memories are
/// fresh, and no longer than anybody's ordinary absence.
pub const REVIEW_WORKING_DAYS: u16 = 5;

/// The second person and the data-protection officer have been told.
const USED: u8 = 0b01;
/// The lead of the agency has been told that nobody reviews it.
const OPEN_TOO_LONG: u8 = 0b10;

/// What could not be told now is looked at again after this.
const AGAIN_AFTER: Duration = Duration::minutes(10);

/// By when an access that was used at a moment is to be reviewed: the end of the fifth working day
/// after that, in London. `None`: beyond the years that can be written.
#[must_use]
pub fn due(used_at: OffsetDateTime, calendar: &Calendar) -> Option<OffsetDateTime> {
    let day = calendar.local(used_at)?.date();
    let last = calendar.add_working_days(day, REVIEW_WORKING_DAYS)?;
    calendar.moment(last.next_day()?.with_time(Time::MIDNIGHT))
}

/// Everything that telling people of emergency access needs.
pub struct ReviewWatch {
    /// Rules in force: whose desk it was.
    pub rules: Arc<ArcSwap<Rules>>,
    /// The accesses.
    pub reviews: Arc<dyn Reviews>,
    /// The way to the appender.
    pub queue: Queue,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// The way out.
    pub notices: Notices,
}

impl ReviewWatch {
    /// Looks once at every open review. Answers how many letters were handed over. Where no notice
    /// leaves the broker nothing is kept as told.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self) -> Result<usize, StoreError> {
        if self.notices.counts().is_none() {
            return Ok(0);
        }
        let (reviews, reading) = (Arc::clone(&self.reviews), self.clock.reading());
        let now = reading.settled();
        let open = tokio::task::spawn_blocking(move || reviews.reviews_to_tell(now))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))?;
        let (mut letters, mut rows) = (0, Vec::with_capacity(open.len()));
        for review in &open {
            let mut told = review.told;
            // One addressee whose letters are stuck holds up nobody else's.
            let look_at = match self.tell(review, &mut told, &reading).await {
                Some((handed, look_at)) => {
                    letters += handed;
                    look_at
                }
                None => Some(now.saturating_add(AGAIN_AFTER)),
            };
            rows.push(ToldRow { message: review.row, told, look_at });
        }
        if !rows.is_empty() {
            // If the broker stops now, the same letters are handed over again, and known as such.
            let _ = self.queue.put(Work::ReviewsTold(rows)).await;
        }
        Ok(letters)
    }

    /// Tells whoever is to be told of one access, and when to look again. `None`: a letter could not
    /// be kept.
    async fn tell(
        &self,
        review: &Review,
        told: &mut u8,
        reading: &Reading,
    ) -> Option<(usize, Option<OffsetDateTime>)> {
        let (now, due) = (reading.settled(), due(review.opened_at, &self.calendar));
        let agency =
            self.rules.load().directory.agency(&review.message.agency).map(Place::agency)?;
        let mut letters = 0;
        if *told & USED == 0 {
            let second = Addressee::Person { place: agency.clone(), id: review.second };
            for to in [second, Addressee::DataProtection(agency.clone())] {
                self.keep(review, Code::BreakGlass, to, due, now).await?;
                letters += 1;
            }
            *told |= USED;
        }
        if *told & OPEN_TOO_LONG != 0 {
            return Some((letters, None));
        }
        if due.is_none_or(|due| due > now) {
            return Some((letters, due));
        }
        self.keep(review, Code::ReviewOverdue, Addressee::AgencyLead(agency), due, now).await?;
        *told |= OPEN_TOO_LONG;
        Some((letters + 1, None))
    }

    async fn keep(
        &self,
        review: &Review,
        code: Code,
        to: Addressee,
        deadline: Option<OffsetDateTime>,
        raised_at: OffsetDateTime,
    ) -> Option<()> {
        let rules = self.rules.load_full();
        let place = Place::find(&rules.directory, &review.message.agency, &review.desk);
        let notice = Notice { code, place, reference: review.message.id, deadline, raised_at };
        self.notices.keep(Letter { notice, to }).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_review_is_due_at_the_end_of_the_fifth_working_day_in_london() {
        let calendar = Calendar::england_and_wales(BTreeSet::new()).unwrap();
        let rows = [
            // Thursday at two in the morning: Friday, Monday, Tuesday, Wednesday, Thursday.
            (datetime!(2026-10-01 01:00 UTC), datetime!(2026-10-08 23:00 UTC)),
            // Saturday: the five days of the week that follows.
            (datetime!(2026-10-03 12:00 UTC), datetime!(2026-10-09 23:00 UTC)),
            // Over Christmas: 29, 30, 31 December, 4 and 5 January.
            (datetime!(2026-12-24 20:00 UTC), datetime!(2027-01-06 00:00 UTC)),
        ];
        for (used_at, expected) in rows {
            assert_eq!(due(used_at, &calendar), Some(expected), "{used_at}");
        }
    }
}
