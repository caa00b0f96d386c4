//! Enforcement: what is alleged is not yet proved, and what was not proved is told to whoever
//! heard it.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{
    EnforcementMatter, EnforcementOutcome, EnforcementStep, Field, Gateway, LawfulBasis,
};

use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::check::Check;

impl KindRules for wire::Enforcement {
    fn kind(&self) -> MessageKind {
        MessageKind::Enforcement
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<EnforcementMatter>(self.matter, "enforcement.matter", check);
        super::known::<EnforcementStep>(self.step, "enforcement.step", check);
        super::known::<EnforcementOutcome>(self.outcome, "enforcement.outcome", check);
        check_recall(self, check);
        check_settled(self, check);
        // Years may pass before an allegation fails: however long ago it happened, it is told.
        super::check_happened(self.occurred_at.as_ref(), "enforcement.occurred_at", check);
        check_grounds(about, check);
        super::check_concerns_managed(
            about,
            "only a suspect, a convicted or a managed person is enforced against",
            check,
        );
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::EnforcementDetail].into()
    }

    /// What became of it always stays: nobody may take an allegation for a fact.
    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.settles_message_id.clear();
        if hidden.contains(&Field::EnforcementDetail) {
            (self.matter, self.step) = (0, 0);
        }
    }

    fn cites(&self) -> Option<Citation<'_>> {
        let reach = if takes_back(self.outcome()) { Reach::HoldersOnly } else { Reach::HoldersToo };
        Citation::of("enforcement.settles_message_id", &self.settles_message_id, reach)
    }
}

const fn takes_back(outcome: EnforcementOutcome) -> bool {
    match outcome {
        EnforcementOutcome::NotProved | EnforcementOutcome::Withdrawn => true,
        EnforcementOutcome::Unspecified
        | EnforcementOutcome::Alleged
        | EnforcementOutcome::Proved => false,
    }
}

/// Only a licence is recalled, and nobody proves or disproves that a recall is considered.
fn check_recall(enforcement: &wire::Enforcement, check: &mut Check) {
    let step = enforcement.step();
    let recall = matches!(
        step,
        EnforcementStep::RecallConsidered
            | EnforcementStep::RecallDecided
            | EnforcementStep::RecallNotDecided
    );
    let licence = [EnforcementMatter::Licence, EnforcementMatter::Unspecified];
    check.require(
        !recall || licence.contains(&enforcement.matter()),
        "enforcement.step",
        "only a licence ends in recall",
    );
    let considered = step == EnforcementStep::RecallConsidered;
    check.require(
        !considered || enforcement.outcome() != EnforcementOutcome::Proved,
        "enforcement.outcome",
        "a recall that is considered is not proved",
    );
    check.require(
        !considered || enforcement.outcome() != EnforcementOutcome::NotProved,
        "enforcement.outcome",
        "a recall that is considered is not disproved: it is withdrawn",
    );
}

fn check_settled(enforcement: &mut wire::Enforcement, check: &mut Check) {
    let field = "enforcement.settles_message_id";
    let (outcome, settles) = (enforcement.outcome(), !enforcement.settles_message_id.is_empty());
    check.require(
        settles || !takes_back(outcome),
        field,
        "what is not proved or withdrawn names the message that alleged it",
    );
    check.require(
        !settles || outcome != EnforcementOutcome::Alleged,
        field,
        "an allegation settles nothing",
    );
    check.uuid(&mut enforcement.settles_message_id, field);
}

/// Nobody can be enforced against by their own leave: it may be withdrawn, and then what was
/// enforced would have rested on nothing.
fn check_grounds(about: &About<'_>, check: &mut Check) {
    let rule = "consent is never the ground of enforcement: it can be withdrawn";
    let (gateway, basis) = (about.message.gateway(), about.message.lawful_basis());
    check.require(gateway != Gateway::Consent, "gateway", rule);
    let of_consent = [LawfulBasis::Dpa2018S35Consent, LawfulBasis::Gdpr61A];
    check.require(!of_consent.contains(&basis), "lawful_basis", rule);
}
