//! Escalation: who is told next of an alarm that nobody acknowledges.
//!
//! Promises that each step of a chain is given out once: the state goes in and comes out, and
//! whoever keeps it across a restart is never told a step twice; that what fell due while the
//! clock was not believed is given out when it is again; and that an alarm which was acknowledged
//! goes no further.
//! Deliberately does not know: what the alarm is about, and where its state is kept.

use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::Reading;

use super::notice::{Addressee, Place};

/// A step of a chain, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rank {
    /// The desk itself, through the broker.
    Desk,
    /// Its duty officer.
    DutyOfficer,
    /// The lead of its agency.
    AgencyLead,
}

impl Rank {
    /// Every rank, in order.
    pub const ALL: &'static [Rank] = &[Self::Desk, Self::DutyOfficer, Self::AgencyLead];

    /// Who is told outside the broker, for a desk. `None`: the desk is told in the broker.
    #[must_use]
    pub fn addressee(self, desk: &Place) -> Option<Addressee> {
        match self {
            Self::Desk => None,
            Self::DutyOfficer => Some(Addressee::DutyOfficer(desk.clone())),
            Self::AgencyLead => Some(Addressee::AgencyLead(desk.clone())),
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Desk => 0b001,
            Self::DutyOfficer => 0b010,
            Self::AgencyLead => 0b100,
        }
    }
}

/// Which steps were taken. One byte, for whoever keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Taken(u8);

impl Taken {
    /// As [`Taken::bits`] gave it. `None`: no such steps.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        let known = Rank::ALL.iter().fold(0, |all, rank| all | rank.bit());
        (bits & !known == 0).then_some(Self(bits))
    }

    /// As it is kept.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a step was taken.
    #[must_use]
    pub const fn has(self, rank: Rank) -> bool {
        self.0 & rank.bit() != 0
    }

    const fn with(self, rank: Rank) -> Self {
        Self(self.0 | rank.bit())
    }
}

/// An alarm on its way up: what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// From when the delays count.
    pub raised_at: OffsetDateTime,
    /// The steps that were taken.
    pub taken: Taken,
}

impl Alarm {
    /// One of which nobody was told yet.
    #[must_use]
    pub const fn raised(at: OffsetDateTime) -> Self {
        Self { raised_at: at, taken: Taken(0) }
    }
}

/// Delays do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lead of an agency is told no sooner than the duty officer")]
pub struct OutOfOrder;

/// How long after an alarm each rank is told. The desk is at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    duty_officer_after: Duration,
    agency_lead_after: Duration,
}

/// From an alarm until a duty officer is told, unless it is configured.
pub const DUTY_OFFICER_AFTER_DEFAULT: Duration = Duration::from_secs(30 * 60);
/// From an alarm until the lead of an agency is told, unless it is configured.
pub const AGENCY_LEAD_AFTER_DEFAULT: Duration = Duration::from_secs(120 * 60);

impl Default for Chain {
    fn default() -> Self {
        let duty_officer_after = DUTY_OFFICER_AFTER_DEFAULT;
        Self { duty_officer_after, agency_lead_after: AGENCY_LEAD_AFTER_DEFAULT }
    }
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Ranks to tell, in order. Each is given out once.
    pub ranks: Vec<Rank>,
    /// What to keep, together with the telling.
    pub alarm: Alarm,
    /// When to ask again, unless it is acknowledged before; `None`: the chain has ended.
    pub again_at: Option<OffsetDateTime>,
}

impl Chain {
    /// A chain with these delays, both from the alarm on.
    ///
    /// # Errors
    /// The lead would be told before the duty officer.
    pub fn new(
        duty_officer_after: Duration,
        agency_lead_after: Duration,
    ) -> Result<Self, OutOfOrder> {
        if agency_lead_after < duty_officer_after {
            return Err(OutOfOrder);
        }
        Ok(Self { duty_officer_after, agency_lead_after })
    }

    const fn delay(&self, rank: Rank) -> Duration {
        match rank {
            Rank::Desk => Duration::ZERO,
            Rank::DutyOfficer => self.duty_officer_after,
            Rank::AgencyLead => self.agency_lead_after,
        }
    }

    /// What is to be done about an alarm. Several steps may have fallen due together, after a
    /// stop: each is given out.
    ///
    /// Time is what certainly has come. No alarm was raised later than that: one that seems so,
    /// because the clock was set back since, counts anew from now, and so is late by one delay at
    /// the most and never by as much as the clock was wrong.
    #[must_use]
    pub fn next(&self, alarm: Alarm, acknowledged: bool, reading: &Reading) -> Next {
        let now = reading.settled();
        let mut alarm = alarm;
        if acknowledged {
            return Next { ranks: Vec::new(), alarm, again_at: None };
        }
        if reading.agrees() {
            alarm.raised_at = alarm.raised_at.min(now);
        }
        let mut next = Next { ranks: Vec::new(), alarm, again_at: None };
        for rank in Rank::ALL.iter().copied().filter(|rank| !alarm.taken.has(*rank)) {
            let delay = time::Duration::try_from(self.delay(rank));
            let due = alarm.raised_at.saturating_add(delay.unwrap_or(time::Duration::MAX));
            if due > now {
                next.again_at = Some(due);
                break;
            }
            next.ranks.push(rank);
            next.alarm.taken = next.alarm.taken.with(rank);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::ext::NumericalDuration as _;
    use time::macros::datetime;

    use crate::clock::{Clock as _, GuardedClock, SetClock};

    use super::Rank::{AgencyLead, Desk, DutyOfficer};
    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
    const MINUTE: Duration = Duration::from_secs(60);

    fn chain() -> Chain {
        Chain::new(30 * MINUTE, 120 * MINUTE).unwrap()
    }

    /// What is told at each of these minutes after noon, one after the other.
    fn told(minutes: &[i64]) -> Vec<(i64, Vec<Rank>)> {
        let mut alarm = Alarm::raised(NOON);
        let mut told = Vec::new();
        for minute in minutes {
            let reading = Reading::certain(NOON + minute.minutes());
            let next = chain().next(alarm, false, &reading);
            alarm = next.alarm;
            told.push((*minute, next.ranks));
        }
        told
    }

    #[test]
    fn each_rank_is_told_once_at_its_time() {
        assert_eq!(
            told(&[0, 1, 29, 30, 31, 119, 120, 121, 5_000]),
            [
                (0, vec![Desk]),
                (1, vec![]),
                (29, vec![]),
                (30, vec![DutyOfficer]),
                (31, vec![]),
                (119, vec![]),
                (120, vec![AgencyLead]),
                (121, vec![]),
                (5_000, vec![]),
            ]
        );
    }

    #[test]
    fn what_fell_due_while_nobody_asked_is_told_in_order() {
        assert_eq!(told(&[45, 300]), [(45, vec![Desk, DutyOfficer]), (300, vec![AgencyLead])]);
        assert_eq!(told(&[300, 301]), [(300, vec![Desk, DutyOfficer, AgencyLead]), (301, vec![])]);
    }

    #[test]
    fn it_says_when_to_ask_again() {
        let rows = [(0, Some(30)), (30, Some(120)), (119, Some(120)), (120, None)];
        for (minute, again) in rows {
            let reading = Reading::certain(NOON + i64::from(minute).minutes());
            let next = chain().next(Alarm::raised(NOON), false, &reading);
            assert_eq!(next.again_at, again.map(|again: i64| NOON + again.minutes()), "{minute}");
        }
    }

    #[test]
    fn an_acknowledged_alarm_goes_no_further_whatever_is_due() {
        let alarm = Alarm::raised(NOON);
        let next = chain().next(alarm, true, &Reading::certain(NOON + 300.minutes()));
        assert_eq!(next, Next { ranks: vec![], alarm, again_at: None });
    }

    #[test]
    fn a_restart_forgets_nothing_that_was_kept() {
        let first = chain().next(Alarm::raised(NOON), false, &Reading::certain(NOON));
        let kept = first.alarm.taken.bits();
        let alarm = Alarm { raised_at: NOON, taken: Taken::from_bits(kept).unwrap() };
        let next = chain().next(alarm, false, &Reading::certain(NOON + 31.minutes()));
        assert_eq!(next.ranks, [DutyOfficer]);
        assert_eq!(next.alarm.taken.bits(), 0b011);
        assert_eq!(Taken::from_bits(0b1000), None);
    }

    #[test]
    fn a_clock_that_is_not_believed_moves_nothing_and_what_fell_due_follows_once() {
        for step in [1.days(), (-1).days()] {
            let clock = Arc::new(SetClock::at(NOON));
            let guard = GuardedClock::new(Arc::<SetClock>::clone(&clock));
            let first = chain().next(Alarm::raised(NOON), false, &guard.reading());
            assert_eq!(first.ranks, [Desk]);
            clock.step(step);
            clock.advance(45 * MINUTE);
            let held = chain().next(first.alarm, false, &guard.reading());
            assert_eq!(held.ranks, [], "{step}");
            clock.step(-step);
            let after = chain().next(held.alarm, false, &guard.reading());
            assert_eq!(after.ranks, [DutyOfficer], "{step}");
            let again = chain().next(after.alarm, false, &guard.reading());
            assert_eq!(again.ranks, [], "{step}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_for_good_delays_a_step_by_one_delay_at_most() {
        let clock = Arc::new(SetClock::at(NOON));
        let guard = GuardedClock::new(Arc::<SetClock>::clone(&clock));
        let first = chain().next(Alarm::raised(NOON), false, &guard.reading());
        clock.step((-1).days());
        guard.confirm(guard.reading().moved());
        let next = chain().next(first.alarm, false, &guard.reading());
        assert_eq!((&*next.ranks, next.alarm.raised_at), (&[][..], NOON - 1.days()));
        clock.advance(30 * MINUTE);
        assert_eq!(chain().next(next.alarm, false, &guard.reading()).ranks, [DutyOfficer]);
    }

    #[test]
    fn a_lead_is_not_told_before_the_duty_officer() {
        assert_eq!(Chain::new(2 * MINUTE, MINUTE), Err(OutOfOrder));
        assert!(Chain::new(MINUTE, MINUTE).is_ok());
    }

    #[test]
    fn a_desk_is_told_in_the_broker_and_the_others_outside() {
        let desk = Place::again(Some("gmp"), Some("stockport")).unwrap();
        assert_eq!(Desk.addressee(&desk), None);
        assert_eq!(DutyOfficer.addressee(&desk), Some(Addressee::DutyOfficer(desk.clone())));
        assert_eq!(AgencyLead.addressee(&desk), Some(Addressee::AgencyLead(desk.clone())));
    }
}
