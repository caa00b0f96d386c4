//! Actions: set for a desk, with a day by which it must be done, and reported by it.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{ActionStep, Field, Pathway};

use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::check::Check;
use crate::message::check_addressee;

const SETTLES: &str = "action.settles_message_id";

impl KindRules for wire::Action {
    fn kind(&self) -> MessageKind {
        MessageKind::Action
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<ActionStep>(self.step, "action.step", check);
        super::known::<Pathway>(self.pathway, "action.pathway", check);
        super::check_report(&mut self.settles_message_id, SETTLES, about, check);
        check_owner(self, check);
        let answers = !about.message.in_reply_to.is_empty();
        match self.step() {
            ActionStep::Set => check_set(self, about, check),
            ActionStep::Accepted | ActionStep::Done | ActionStep::NotDone => check.require(
                answers,
                "in_reply_to",
                "is required: the release under which the action came to you",
            ),
            ActionStep::Cancelled => check.require(
                !self.settles_message_id.is_empty(),
                SETTLES,
                "is required: the action that is cancelled",
            ),
            ActionStep::Unspecified => {}
        }
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::ActionPathway].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.settles_message_id.clear();
        if hidden.contains(&Field::ActionPathway) {
            self.pathway = 0;
        }
    }

    fn cites(&self) -> Option<Citation<'_>> {
        Citation::of(SETTLES, &self.settles_message_id, Reach::HoldersOnly)
    }

    fn named(&self) -> Option<&wire::Addressee> {
        self.owner.as_ref()
    }

    fn may_answer(&self) -> bool {
        true
    }

    /// That its owner took it up is between the two of them.
    fn tells_outcome(&self) -> bool {
        match self.step() {
            ActionStep::Done | ActionStep::NotDone => true,
            ActionStep::Unspecified
            | ActionStep::Set
            | ActionStep::Accepted
            | ActionStep::Cancelled => false,
        }
    }
}

/// Whom an action is set for is named then and never again: whoever is named learns of it.
fn check_owner(action: &wire::Action, check: &mut Check) {
    let set = [ActionStep::Set, ActionStep::Unspecified].contains(&action.step());
    match &action.owner {
        Some(owner) if set => {
            check_addressee(owner, "action.owner", check);
            let desk = !owner.desk.is_empty();
            check.require(desk, "action.owner.desk", "is required: who is to do it");
        }
        Some(_) => check.fail("action.owner", "is given when an action is set, and only then"),
        None => check.require(
            action.step() != ActionStep::Set,
            "action.owner",
            "an action that is set has an owner",
        ),
    }
}

fn check_set(action: &wire::Action, about: &About<'_>, check: &mut Check) {
    check.require(
        about.message.act_by.is_some(),
        "act_by",
        "an action that is set has a day by which it must be done",
    );
    check.require(
        action.settles_message_id.is_empty(),
        SETTLES,
        "an action that is set reports on none",
    );
    check.require(
        about.message.in_reply_to.is_empty(),
        "in_reply_to",
        "an action that is set reports on none",
    );
}
