//! Flags: on somebody who can be found again, reviewed, and decided by a panel.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::limits;

use super::days::has_passed;
use super::{About, KindRules};
use crate::directory::MessageKind;
use crate::directory::document::is_directory_id;
use crate::message::check::Check;
use crate::message::{check_addressee, people};

impl KindRules for wire::Flag {
    fn kind(&self) -> MessageKind {
        MessageKind::Flag
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<wire::FlagKind>(self.flag_kind, "flag.flag_kind", check);
        super::known::<wire::FlagAction>(self.action, "flag.action", check);
        check_review(self, check);
        check_decision(self, check);
        check_panel(self, check);
        check_management(self, check);
        check_mark(self, check);
        check_owner(self, check);
        check_flagged(self, about, check);
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::FlagDetail].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        if hidden.contains(&Field::FlagDetail) {
            *self = Self { action: self.action, ..Self::default() };
        }
        // Who manages somebody is an id of the owner's own.
        self.manager.clear();
    }

    fn named(&self) -> Option<&wire::Addressee> {
        self.owner.as_ref()
    }
}

/// Every flag that stands is reviewed; one that is taken off is reviewed no more.
fn check_review(flag: &wire::Flag, check: &mut Check) {
    use wire::FlagAction::{Amend, Deselect, Raise};
    check.require(
        !flag.review_date.is_empty() || ![Raise, Amend].contains(&flag.action()),
        "flag.review_date",
        "is required: every flag is reviewed",
    );
    let review = check.day(&flag.review_date, "flag.review_date");
    if let Some(review) = review.filter(|_| flag.action() != Deselect) {
        check.require_likely(
            |now| !has_passed(&review, now),
            "flag.review_date",
            "must not be before the day of acceptance",
        );
    }
}

/// Nobody is put on a list, handed over or let go but by a panel; no panel meets on a death.
fn check_decision(flag: &mut wire::Flag, check: &mut Check) {
    use wire::FlagAction::{Deselect, PlanExit, Raise, Transfer};
    let decided = [Raise, Transfer, PlanExit, Deselect].contains(&flag.action());
    check.require(
        !flag.panel_decision_id.is_empty() || !decided || flag.exit() == wire::FlagExit::Death,
        "flag.panel_decision_id",
        "is required: the panel that decided",
    );
    check.uuid(&mut flag.panel_decision_id, "flag.panel_decision_id");
}

fn check_owner(flag: &wire::Flag, check: &mut Check) {
    match &flag.owner {
        Some(owner) => check_addressee(owner, "flag.owner", check),
        None => check.require(
            flag.action() != wire::FlagAction::Transfer,
            "flag.owner",
            "a transfer names the new owner",
        ),
    }
}

/// When a panel met, and who decided there together.
fn check_panel(flag: &wire::Flag, check: &mut Check) {
    let met = check.day(&flag.panel_date, "flag.panel_date");
    if let Some(met) = met {
        check.require_likely(
            |now| people::is_reached(&met, now),
            "flag.panel_date",
            "must not be after the day of acceptance",
        );
    }
    check.require(
        flag.panel_date.is_empty() == flag.agreed_by.is_empty(),
        "flag.agreed_by",
        "is given with panel_date, and only with it: the agencies that decided together",
    );
    let distinct: BTreeSet<&String> = flag.agreed_by.iter().collect();
    check.require(
        flag.agreed_by.len() <= limits::AGREED_BY_MAX
            && distinct.len() == flag.agreed_by.len()
            && distinct.iter().all(|agency| is_directory_id(agency)),
        "flag.agreed_by",
        "are at most 16 agency ids, each once",
    );
}

/// How the person is managed while the flag stands.
fn check_management(flag: &mut wire::Flag, check: &mut Check) {
    super::known_if_given::<wire::FlagCohort>(flag.cohort, "flag.cohort", check);
    check.require(
        flag.cohort == 0 || flag.flag_kind() == wire::FlagKind::Iom,
        "flag.cohort",
        "fixed, flex and free are cohorts of integrated offender management only",
    );
    super::known_if_given::<wire::FlagRating>(flag.rating, "flag.rating", check);
    check.require(
        flag.rating() != wire::FlagRating::Blue || flag.action() == wire::FlagAction::Suspend,
        "flag.rating",
        "blue means in custody: the flag is then suspended",
    );
    check.uuid(&mut flag.manager, "flag.manager");
    super::known_if_given::<wire::FlagExit>(flag.exit, "flag.exit", check);
    check.require(
        flag.exit == 0 || flag.action() == wire::FlagAction::Deselect,
        "flag.exit",
        "is why a flag is taken off: give it on de-select only",
    );
}

/// Limited access is no list: nobody is put before a panel for it, managed or let go by a plan.
fn check_mark(flag: &wire::Flag, check: &mut Check) {
    use wire::FlagAction::{Nominate, PlanExit, Rerefer, Resume, Suspend};
    let of_a_list = [Nominate, Suspend, Resume, PlanExit, Rerefer].contains(&flag.action());
    check.require(
        !of_a_list || flag.flag_kind() != wire::FlagKind::LimitedAccess,
        "flag.action",
        "limited access is no list: it is raised, amended, transferred or taken off",
    );
}

/// Who a flag is put on: somebody who can be found again, and of whom that list may be kept.
fn check_flagged(flag: &wire::Flag, about: &About<'_>, check: &mut Check) {
    let Some(flagged) = about.message.subjects.first() else { return };
    check.require(
        !flagged.identifiers.is_empty(),
        "subjects[0].identifiers",
        "a flag needs an identifier",
    );
    super::check_concerns_managed(
        about,
        "a flag is put on a suspect, a convicted or a managed person only",
        check,
    );
    use wire::FlagAction::{Nominate, Propose, Raise, Rerefer};
    let put_on = [Propose, Nominate, Raise, Rerefer].contains(&flag.action());
    // Whoever turns 18 on the list stays until the panel has decided.
    let adult = about.people.and_then(<[_]>::first).is_some_and(|person| !person.under_18);
    check.require(
        !(put_on && adult && flag.flag_kind() == wire::FlagKind::Hccu),
        "flag.flag_kind",
        "nobody of 18 or over is put on the list of children",
    );
}
