//! What a recipient owes for a delivery, and when it is to be reminded of a date in it.

use proto::exchange::v1::CustodyCertainty;
use proto::exchange::v1::message::Kind;
use time::macros::time;
use time::{Duration, OffsetDateTime, Time};

use crate::decision::{CandidateDecision, View};
use crate::ledger::owed::Owes;
use crate::message::{self, Admitted};
use crate::parcel;

use super::Appender;
use super::publish::Place;

/// A recipient has done the same as the sender within this, or is overdue. DPA 2018 s.48 and UK GDPR
/// art 19 ask for no undue delay and name no number.
const CORRECTED_WITHIN: Duration = Duration::days(5);

/// When on its day a reminder comes, on a clock in London.
const REMINDED_AT: Time = time!(08:00);

impl Appender {
    /// What a recipient owes for a delivery: what its sender and the agreements ask of it, for a
    /// correction, to do the same, and for what is immediate, that somebody opens it.
    pub(super) fn owes(
        &self,
        admitted: &Admitted,
        candidate: &CandidateDecision,
        place: &Place,
    ) -> Owes {
        let Ok(view) = &candidate.outcome else { return Owes::default() };
        let now = place.now;
        let asked = admitted.message.act_by.as_ref().and_then(message::moment);
        // Its recipient reads these: as exact as what it is given, and no more.
        let told = |moment| parcel::told(admitted, moment);
        let urgent = admitted.immediate() && candidate.task.is_none();
        let there = place.not_before.into_iter().chain([now]).max();
        let opened = there.filter(|_| urgent).map(|there| told(there) + self.shared.open_within);
        Owes {
            act_by: asked.into_iter().chain(view.act_by.map(told)).min(),
            correct_by: admitted.to_holders_only().then(|| told(now) + CORRECTED_WITHIN),
            delete_by: view.delete_by.map(told),
            open_by: opened,
            remind_at: self.remind_at(admitted, candidate, view, now),
        }
    }

    /// When a desk is reminded of a date that lies ahead; `None` where none does, or where the
    /// message itself comes no earlier than the reminder would.
    fn remind_at(
        &self,
        admitted: &Admitted,
        candidate: &CandidateDecision,
        view: &View,
        now: OffsetDateTime,
    ) -> Option<OffsetDateTime> {
        if candidate.task.is_some() || view.notice_only {
            return None;
        }
        let ahead = date_ahead(admitted)?;
        let rules = self.shared.rules.load();
        let desk = rules.directory.desk_index(&candidate.desk.agency, &candidate.desk.desk)?;
        let days = rules.directory.desk(desk)?.remind_working_days;
        if days == 0 {
            return None;
        }
        let calendar = &self.shared.calendar;
        let day = calendar.working_days_before(calendar.local(ahead)?.date(), days)?;
        calendar.moment(day.with_time(REMINDED_AT)).filter(|at| *at > now)
    }
}

/// The date of something that is to happen, as far as it is still to be reminded of.
pub fn date_ahead(admitted: &Admitted) -> Option<OffsetDateTime> {
    let Some(Kind::Custody(custody)) = &admitted.message.kind else { return None };
    match custody.certainty() {
        CustodyCertainty::Provisional | CustodyCertainty::Confirmed => {
            custody.occurred_at.as_ref().and_then(message::moment)
        }
        CustodyCertainty::Withdrawn
        | CustodyCertainty::Historic
        | CustodyCertainty::Unspecified => None,
    }
}
