//! What each kind says, as JSON.
//!
//! Owns: the fields of every kind, in the protocol's order. Promises: what a recipient was given of
//! a kind is shown whole. Deliberately does not know: the rest of the message.

use super::filled;
use crate::cli::output::{time_text, word, words};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use serde_json::Value;

/// The kind by its name, and what it says.
pub(super) fn kind_of(kind: &Kind) -> (&'static str, Value) {
    match kind {
        Kind::Intelligence(kind) => ("intelligence", intelligence(kind)),
        Kind::Mappa(kind) => ("mappa", mappa(kind)),
        Kind::Custody(kind) => ("custody", custody(kind)),
        Kind::Flag(kind) => ("flag", flag(kind)),
        Kind::Correction(kind) => ("correction", correction(kind)),
        Kind::Task(kind) => ("task", task(kind)),
        Kind::DrugTest(kind) => ("drug_test", drug_test(kind)),
        Kind::Enforcement(kind) => ("enforcement", enforcement(kind)),
        Kind::Action(kind) => ("action", action(kind)),
        Kind::Placement(kind) => ("placement", placement(kind)),
        Kind::Referral(kind) => ("referral", referral(kind)),
        Kind::Court(kind) => ("court", court(kind)),
        Kind::Request(kind) => ("request", request(kind)),
        Kind::Response(kind) => ("response", response(kind)),
    }
}

fn task(kind: &wire::Task) -> Value {
    filled([
        ("task_kind", word::<wire::TaskKind>(kind.task_kind).into()),
        ("message_id", kind.message_id.as_str().into()),
        ("agency", kind.agency.as_str().into()),
        ("feed", kind.feed.as_str().into()),
        ("due", time_text(kind.due.as_ref()).into()),
        ("short", kind.short.into()),
        ("manager", kind.manager.as_str().into()),
    ])
}

fn intelligence(kind: &wire::Intelligence) -> Value {
    filled([
        ("scheme", word::<wire::GradingScheme>(kind.scheme).into()),
        ("grade", kind.grade.as_str().into()),
        ("conditions", words::<wire::IntelligenceCondition>(&kind.conditions).into()),
        ("originator_reference", kind.originator_reference.as_str().into()),
        ("topic", word::<wire::IntelligenceTopic>(kind.topic).into()),
    ])
}

fn mappa(kind: &wire::Mappa) -> Value {
    filled([
        ("step", word::<wire::MappaStep>(kind.step).into()),
        ("category", kind.category.into()),
        ("level", kind.level.into()),
        ("previous_level", kind.previous_level.into()),
        ("referral_id", kind.referral_id.as_str().into()),
        ("panel_decision_id", kind.panel_decision_id.as_str().into()),
    ])
}

fn custody(kind: &wire::Custody) -> Value {
    filled([
        ("event", word::<wire::CustodyEvent>(kind.event).into()),
        ("certainty", word::<wire::CustodyCertainty>(kind.certainty).into()),
        ("prison", kind.prison.as_str().into()),
        ("occurred_at", time_text(kind.occurred_at.as_ref()).into()),
        ("movement_reason", kind.movement_reason.as_str().into()),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
        ("dates", kind.dates.as_ref().map_or(Value::Null, sentence_dates)),
    ])
}

fn sentence_dates(dates: &wire::SentenceDates) -> Value {
    filled([
        ("curfew_ends_on", dates.curfew_ends_on.as_str().into()),
        ("licence_ends_on", dates.licence_ends_on.as_str().into()),
        ("sentence_ends_on", dates.sentence_ends_on.as_str().into()),
        ("supervision_ends_on", dates.supervision_ends_on.as_str().into()),
    ])
}

fn flag(kind: &wire::Flag) -> Value {
    filled([
        ("flag_kind", word::<wire::FlagKind>(kind.flag_kind).into()),
        ("action", word::<wire::FlagAction>(kind.action).into()),
        ("owner", kind.owner.as_ref().map_or(Value::Null, owner)),
        ("review_date", kind.review_date.as_str().into()),
        ("panel_decision_id", kind.panel_decision_id.as_str().into()),
        ("panel_date", kind.panel_date.as_str().into()),
        ("agreed_by", kind.agreed_by.clone().into()),
        ("cohort", word::<wire::FlagCohort>(kind.cohort).into()),
        ("rating", word::<wire::FlagRating>(kind.rating).into()),
        ("manager", kind.manager.as_str().into()),
        ("exit", word::<wire::FlagExit>(kind.exit).into()),
    ])
}

fn correction(kind: &wire::Correction) -> Value {
    filled([
        ("message_id", kind.message_id.as_str().into()),
        ("reason", kind.reason.as_str().into()),
        ("action", word::<wire::CorrectionAction>(kind.action).into()),
    ])
}

fn drug_test(kind: &wire::DrugTest) -> Value {
    filled([
        ("stage", word::<wire::DrugTestStage>(kind.stage).into()),
        ("result", word::<wire::DrugTestResult>(kind.result).into()),
        ("substances", words::<wire::DrugTestSubstance>(&kind.substances).into()),
        ("tested_at", time_text(kind.tested_at.as_ref()).into()),
        ("appropriate_adult", kind.appropriate_adult.into()),
        ("use", word::<wire::DrugTestUse>(kind.r#use).into()),
    ])
}

fn enforcement(kind: &wire::Enforcement) -> Value {
    filled([
        ("matter", word::<wire::EnforcementMatter>(kind.matter).into()),
        ("step", word::<wire::EnforcementStep>(kind.step).into()),
        ("outcome", word::<wire::EnforcementOutcome>(kind.outcome).into()),
        ("occurred_at", time_text(kind.occurred_at.as_ref()).into()),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
    ])
}

fn action(kind: &wire::Action) -> Value {
    filled([
        ("step", word::<wire::ActionStep>(kind.step).into()),
        ("pathway", word::<wire::Pathway>(kind.pathway).into()),
        ("owner", kind.owner.as_ref().map_or(Value::Null, owner)),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
    ])
}

fn placement(kind: &wire::Placement) -> Value {
    filled([
        ("sort", word::<wire::PlacementSort>(kind.sort).into()),
        ("step", word::<wire::PlacementStep>(kind.step).into()),
        ("emergency", kind.emergency.into()),
        ("starts_on", kind.starts_on.as_str().into()),
        ("ends_on", kind.ends_on.as_str().into()),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
    ])
}

fn referral(kind: &wire::Referral) -> Value {
    filled([
        ("programme", kind.programme.as_str().into()),
        ("step", word::<wire::ReferralStep>(kind.step).into()),
        ("parties", kind.parties.iter().map(party).collect::<Vec<_>>().into()),
        ("restorative_level", kind.restorative_level.into()),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
    ])
}

fn party(party: &wire::ReferralParty) -> Value {
    let mut said = filled([
        ("role", word::<wire::PartyRole>(party.role).into()),
        ("consent", word::<wire::Consent>(party.consent).into()),
        ("recorded_on", party.recorded_on.as_str().into()),
    ]);
    // The first subject is at position 0, which says something here.
    if let Some(members) = said.as_object_mut() {
        members.insert("subject".to_owned(), party.subject.into());
    }
    said
}

fn court(kind: &wire::Court) -> Value {
    filled([
        ("step", word::<wire::CourtStep>(kind.step).into()),
        ("court", kind.court.as_str().into()),
        ("hearing_at", time_text(kind.hearing_at.as_ref()).into()),
        ("order", word::<wire::CourtOrder>(kind.order).into()),
        ("settles_message_id", kind.settles_message_id.as_str().into()),
    ])
}

fn request(kind: &wire::Request) -> Value {
    filled([
        ("fields", words::<wire::Field>(&kind.fields).into()),
        ("whoever_holds", kind.whoever_holds.into()),
    ])
}

fn response(kind: &wire::Response) -> Value {
    filled([
        ("outcome", word::<wire::ResponseOutcome>(kind.outcome).into()),
        ("reason", word::<wire::DeclineReason>(kind.reason).into()),
    ])
}

pub(super) fn owner(owner: &wire::Addressee) -> Value {
    filled([("agency", owner.agency.as_str().into()), ("desk", owner.desk.as_str().into())])
}
