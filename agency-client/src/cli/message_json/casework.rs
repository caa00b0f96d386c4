//! The fields of the kinds by which agencies manage a case together.
//!
//! Owns: tests, enforcement, actions, placements, referrals, hearings, requests and responses.
//! Promises: a field is read under the protocol's own name; what a kind cannot do without is asked
//! for here already. Deliberately does not know: which combinations of them the law allows.

use super::addressee;
use crate::cli::json::{Faults, ObjectReader};
use proto::exchange::v1 as wire;

pub(super) fn drug_test(o: &mut ObjectReader, f: &mut Faults) -> wire::DrugTest {
    wire::DrugTest {
        stage: o.word::<wire::DrugTestStage>("stage", f),
        result: o.word::<wire::DrugTestResult>("result", f),
        substances: o.words::<wire::DrugTestSubstance>("substances", f),
        tested_at: o.time("tested_at", f),
        appropriate_adult: o.boolean("appropriate_adult", f),
        r#use: o.word::<wire::DrugTestUse>("use", f),
    }
}

pub(super) fn enforcement(o: &mut ObjectReader, f: &mut Faults) -> wire::Enforcement {
    wire::Enforcement {
        matter: o.word::<wire::EnforcementMatter>("matter", f),
        step: o.word::<wire::EnforcementStep>("step", f),
        outcome: o.word::<wire::EnforcementOutcome>("outcome", f),
        occurred_at: o.time("occurred_at", f),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

pub(super) fn action(o: &mut ObjectReader, f: &mut Faults) -> wire::Action {
    wire::Action {
        step: o.word::<wire::ActionStep>("step", f),
        pathway: o.word::<wire::Pathway>("pathway", f),
        owner: o.object("owner", f, addressee),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

pub(super) fn placement(o: &mut ObjectReader, f: &mut Faults) -> wire::Placement {
    let sort = o.word::<wire::PlacementSort>("sort", f);
    let step = o.word::<wire::PlacementStep>("step", f);
    let begins = step != wire::PlacementStep::Ended as i32;
    wire::Placement {
        sort,
        step,
        emergency: o.boolean("emergency", f),
        starts_on: if begins {
            o.text("starts_on", f)
        } else {
            o.optional_text("starts_on", f).unwrap_or_default()
        },
        ends_on: o.optional_text("ends_on", f).unwrap_or_default(),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

pub(super) fn referral(o: &mut ObjectReader, f: &mut Faults) -> wire::Referral {
    wire::Referral {
        programme: o.text("programme", f),
        step: o.word::<wire::ReferralStep>("step", f),
        parties: o.objects("parties", f, |o, f| wire::ReferralParty {
            subject: o.required_number("subject", f),
            role: o.word::<wire::PartyRole>("role", f),
            consent: o.word::<wire::Consent>("consent", f),
            recorded_on: o.optional_text("recorded_on", f).unwrap_or_default(),
        }),
        restorative_level: o.number("restorative_level", f).unwrap_or_default(),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

pub(super) fn court(o: &mut ObjectReader, f: &mut Faults) -> wire::Court {
    wire::Court {
        step: o.word::<wire::CourtStep>("step", f),
        court: o.text("court", f),
        hearing_at: o.time("hearing_at", f),
        order: o.optional_word::<wire::CourtOrder>("order", f),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

pub(super) fn request(o: &mut ObjectReader, f: &mut Faults) -> wire::Request {
    wire::Request {
        fields: o.words::<wire::Field>("fields", f),
        whoever_holds: o.boolean("whoever_holds", f),
    }
}

pub(super) fn response(o: &mut ObjectReader, f: &mut Faults) -> wire::Response {
    wire::Response {
        outcome: o.word::<wire::ResponseOutcome>("outcome", f),
        reason: o.optional_word::<wire::DeclineReason>("reason", f),
    }
}
