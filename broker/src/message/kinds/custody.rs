//! Custody: no news of a time that its certainty contradicts, and of no place but a prison.

mod dates;
mod nobody;

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::identifier::{PrisonCode, PrisonPlace};
use proto::limits;
use time::{Duration, OffsetDateTime};

use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::LIFE_MAX;
use crate::message::check::Check;

/// News older than this is historic: a historic release is never urgent.
pub const HISTORIC_AFTER: Duration = Duration::hours(48);
/// By so much a sender may take old for historic, or the other way round: its clock differs,
/// and the message was a while on its way.
const HISTORIC_MARGIN: Duration = Duration::hours(1);
/// What is confirmed has happened, or happens within the day: further ahead lies a plan, or a
/// mistyped date.
const CONFIRMED_AHEAD_MAX: Duration = Duration::hours(24);

impl KindRules for wire::Custody {
    fn kind(&self) -> MessageKind {
        MessageKind::Custody
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        if self.nobody {
            nobody::check(self, about.message, check);
        }
        check_custody(self, about.message.urgency() == wire::Urgency::Immediate, check);
    }

    fn fields(&self) -> BTreeSet<Field> {
        let mut fields = BTreeSet::from([Field::CustodyPrison, Field::CustodyReason]);
        fields.extend(self.dates.is_some().then_some(Field::SentenceDates));
        fields
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        if hidden.contains(&Field::CustodyPrison) {
            self.prison.clear();
        }
        if hidden.contains(&Field::CustodyReason) {
            self.movement_reason.clear();
        }
        if hidden.contains(&Field::SentenceDates) {
            self.dates = None;
        }
        // A nil return is for nobody.
        self.nobody = false;
        // The sender's own ids stay with the sender: a recipient has its own reference.
        self.settles_message_id.clear();
    }

    fn cites(&self) -> Option<Citation<'_>> {
        let reach = if self.certainty() == wire::CustodyCertainty::Withdrawn {
            Reach::HoldersOnly
        } else {
            // A date that changed reaches everybody who was told the earlier one.
            Reach::HoldersToo
        };
        Citation::of("custody.settles_message_id", &self.settles_message_id, reach)
    }
}

fn check_custody(custody: &mut wire::Custody, urgent: bool, check: &mut Check) {
    check.require(
        custody.event() != wire::CustodyEvent::Unspecified,
        "custody.event",
        "is required",
    );
    check.require(
        custody.certainty() != wire::CustodyCertainty::Unspecified,
        "custody.certainty",
        "is required",
    );
    if !custody.nobody {
        check_prison(&custody.prison, check);
    }
    check.require(custody.occurred_at.is_some(), "custody.occurred_at", "is required");
    if let Some(occurred) = check.time(custody.occurred_at.as_ref(), "custody.occurred_at") {
        check_occurred(custody.certainty(), occurred, check);
        dates::check(custody, occurred, check);
    }
    check.require(
        custody.movement_reason.len() <= limits::MOVEMENT_REASON_CHARACTERS_MAX
            && custody.movement_reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "custody.movement_reason",
        "is at most 12 letters, digits and underscores",
    );
    check.require(
        custody.certainty() != wire::CustodyCertainty::Withdrawn
            || !custody.settles_message_id.is_empty(),
        "custody.settles_message_id",
        "a withdrawal names the message it takes back",
    );
    check.uuid(&mut custody.settles_message_id, "custody.settles_message_id");
    check.require(
        !(urgent && custody.certainty() == wire::CustodyCertainty::Historic),
        "urgency",
        "historic news is never urgent",
    );
}

/// Three letters that name an establishment: nobody is released from, or rung at, a state.
fn check_prison(prison: &str, check: &mut Check) {
    let field = "custody.prison";
    if prison.is_empty() {
        return check.fail(field, "is required");
    }
    match PrisonCode::parse(prison).map(|code| (code.canonical() == prison, code.place())) {
        Ok((true, PrisonPlace::Establishment)) => {}
        Ok((true, PrisonPlace::Outside | PrisonPlace::InTransfer)) => {
            check.fail(field, "must be a prison: OUT and TRN are states and not places");
        }
        Ok((false, _)) | Err(_) => check.fail(field, "is a prison's three capital letters"),
    }
}

/// Holds the time of custody news to how firm the news is. A withdrawal may take back news of
/// any age: whoever was told must hear of it.
fn check_occurred(certainty: wire::CustodyCertainty, occurred: OffsetDateTime, check: &mut Check) {
    use wire::CustodyCertainty::{Confirmed, Historic, Provisional, Unspecified, Withdrawn};
    let field = "custody.occurred_at";
    let recent = |check: &mut Check| {
        check.require_likely(
            |now| occurred >= now - HISTORIC_AFTER - HISTORIC_MARGIN,
            field,
            "provisional and confirmed news is at most 48 hours old; older news is historic",
        );
    };
    let ahead = |check: &mut Check, max: Duration, rule| {
        check.require_likely(|now| occurred <= now + max, field, rule);
    };
    match certainty {
        Provisional => {
            recent(check);
            ahead(check, LIFE_MAX, "is at most 366 days ahead");
        }
        Confirmed => {
            recent(check);
            ahead(check, CONFIRMED_AHEAD_MAX, "confirmed news is at most 24 hours ahead");
        }
        Withdrawn => ahead(check, LIFE_MAX, "is at most 366 days ahead"),
        Historic => check.require_likely(
            |now| occurred < now - HISTORIC_AFTER + HISTORIC_MARGIN,
            field,
            "historic news is more than 48 hours old",
        ),
        Unspecified => {}
    }
}
