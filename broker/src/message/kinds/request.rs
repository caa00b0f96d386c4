//! Requests and responses: what is asked for, of whom, by when; and one answer.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{DeclineReason, Field, ResponseOutcome};

use super::{About, KindRules};
use crate::directory::MessageKind;
use crate::message::check::Check;
use crate::message::is_of_statements;

impl KindRules for wire::Request {
    fn kind(&self) -> MessageKind {
        MessageKind::Request
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        let each_once = super::in_order_each_once(&mut self.fields, is_of_statements);
        check.require(
            each_once && !self.fields.is_empty(),
            "request.fields",
            "are fields of statements, at least one, each once",
        );
        check.require(
            self.whoever_holds == about.message.addressees.is_empty(),
            "request.whoever_holds",
            "ask named agencies, or whoever holds something, and not both",
        );
        check.require(
            about.message.act_by.is_some(),
            "act_by",
            "is required: by when an answer is needed",
        );
        super::check_concerns_managed(
            about,
            "a suspect, a convicted or a managed person is asked about",
            check,
        );
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::RequestDetail].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        // Whether others were asked is nobody's business but the sender's.
        self.whoever_holds = false;
        if hidden.contains(&Field::RequestDetail) {
            self.fields.clear();
        }
    }
}

impl KindRules for wire::Response {
    fn kind(&self) -> MessageKind {
        MessageKind::Response
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<ResponseOutcome>(self.outcome, "response.outcome", check);
        super::known_if_given::<DeclineReason>(self.reason, "response.reason", check);
        check.require(
            !about.message.in_reply_to.is_empty(),
            "in_reply_to",
            "is required: the release under which the request came to you",
        );
        check_said(self, about, check);
        let rule = "a response goes to whoever asked, and to nobody else";
        check.require(about.message.areas.is_empty(), "areas", rule);
        check.require(about.message.addressees.is_empty(), "addressees", rule);
    }

    fn fields(&self) -> BTreeSet<Field> {
        BTreeSet::new()
    }

    fn redact(&mut self, _hidden: &BTreeSet<Field>) {}

    fn may_answer(&self) -> bool {
        true
    }
}

/// An answer says something, a refusal why, and nothing held is all that there is to say.
fn check_said(response: &wire::Response, about: &About<'_>, check: &mut Check) {
    let outcome = response.outcome();
    if outcome == ResponseOutcome::Unspecified {
        return;
    }
    check.require(
        (outcome == ResponseOutcome::Declined) == (response.reason != 0),
        "response.reason",
        "is given for declined, and for nothing else",
    );
    let (answered, says) =
        (outcome == ResponseOutcome::Answered, !about.message.statements.is_empty());
    check.require(answered || !says, "statements", "only an answer says something");
    check.require(!answered || says, "statements", "an answer says something");
}
