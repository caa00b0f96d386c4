//! Collects the faults of a message, each by field and rule.
//!
//! Promises that a field names the rule it broke and, for one value, no other; that rules about
//! time are kept apart from those that no moment mends. Deliberately does not know: what a
//! message is.

use proto::blank::is_blank;
use proto::identifier::{BirthDate, IdentifierError};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Violation, moment};
use crate::clock::Span;

/// The rule of every free text that is given.
const NOT_BLANK: &str = "must say something: it is only spaces or invisible characters";

/// Collects violations.
pub(super) struct Check {
    /// The moments it may be now.
    pub(super) span: Span,
    /// Faults that stay faults whatever the time.
    pub(super) violations: Vec<Violation>,
    /// Rules about time that may be broken now and may hold at another moment.
    pub(super) untimely: Vec<Violation>,
}

impl Check {
    /// Nothing found yet.
    pub(super) const fn at(span: Span) -> Self {
        Self { span, violations: Vec::new(), untimely: Vec::new() }
    }

    pub(super) fn fail(&mut self, field: impl Into<String>, rule: &'static str) {
        self.violations.push(Violation { field: field.into(), rule: rule.into() });
    }

    pub(super) fn require(&mut self, holds: bool, field: &str, rule: &'static str) {
        if !holds {
            self.fail(field, rule);
        }
    }

    /// A rule about time that must hold whatever the hour is. Asked, as [`Self::require_likely`]
    /// is, of a rule that says before or after a moment: it is enough to ask at both ends.
    pub(super) fn require_now(
        &mut self,
        holds: impl Fn(OffsetDateTime) -> bool,
        field: &str,
        rule: &'static str,
    ) {
        let holds = holds(self.span.earliest) && holds(self.span.latest);
        self.require_timely(holds, field, rule);
    }

    /// A rule about time that keeps slips of the pen out: what may well be right is taken, for a
    /// clock that nobody believes must not hold up news that somebody waits for.
    pub(super) fn require_likely(
        &mut self,
        holds: impl Fn(OffsetDateTime) -> bool,
        field: &str,
        rule: &'static str,
    ) {
        let holds = holds(self.span.earliest) || holds(self.span.latest);
        self.require_timely(holds, field, rule);
    }

    fn require_timely(&mut self, holds: bool, field: &str, rule: &'static str) {
        if !holds {
            self.untimely.push(Violation { field: field.into(), rule: rule.into() });
        }
    }

    /// A text that need not be given; if it is, somebody must be able to see it.
    pub(super) fn says_something(&mut self, text: &str, field: &str) {
        self.require(text.is_empty() || !is_blank(text), field, NOT_BLANK);
    }

    /// A UUID that need not be given: normalised to lower case, or a fault.
    pub(super) fn uuid(&mut self, text: &mut String, field: &str) -> Option<Uuid> {
        if text.is_empty() {
            return None;
        }
        // Only the 36-character form: other forms of one id would look like other ids.
        match Uuid::try_parse(text) {
            Ok(uuid) if text.len() == 36 && uuid.is_nil() => {
                self.fail(field, "must not be the nil UUID: it names nothing");
                None
            }
            Ok(uuid) if text.len() == 36 => {
                *text = uuid.to_string();
                Some(uuid)
            }
            Ok(_) | Err(_) => {
                self.fail(field, "must be a UUID in its 36-character form");
                None
            }
        }
    }

    /// A time that need not be given.
    pub(super) fn time(
        &mut self,
        stamp: Option<&prost_types::Timestamp>,
        field: &str,
    ) -> Option<OffsetDateTime> {
        let moment = moment(stamp?);
        self.require(moment.is_some(), field, "must be a time between the years 1900 and 2200");
        moment
    }

    /// A day that need not be given.
    pub(super) fn day(&mut self, text: &str, field: &str) -> Option<BirthDate> {
        if text.is_empty() {
            return None;
        }
        BirthDate::parse(text).map_err(|error| self.fail(field, day_rule(error))).ok()
    }
}

/// The rule that a written day broke.
fn day_rule(error: IdentifierError) -> &'static str {
    if error == BirthDate::YEAR_BOUNDS {
        "must be in the years 1900 to 2100"
    } else {
        "must be a calendar date, YYYY-MM-DD"
    }
}
