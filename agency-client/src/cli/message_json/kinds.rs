//! Which kind a message is, and the fields of the kinds that tell news.
//!
//! Owns: the list of kinds, that a message is of exactly one, and the fields of intelligence, MAPPA,
//! custody, flags and corrections. Promises: a field is read under the protocol's own name.
//! Deliberately does not know: which combinations of them the law allows.

use super::addressee;
use super::casework;
use crate::cli::json::{Faults, ObjectReader};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;

/// Every kind of message that an agency may send, by the name of its field.
pub const KINDS: [&str; 13] = [
    "intelligence",
    "mappa",
    "custody",
    "flag",
    "correction",
    "drug_test",
    "enforcement",
    "action",
    "placement",
    "referral",
    "court",
    "request",
    "response",
];

/// Exactly one of the kinds must be there.
pub(super) fn kind(o: &mut ObjectReader, f: &mut Faults) -> Option<Kind> {
    let kinds: Vec<Kind> = KINDS.iter().filter_map(|name| named(name, o, f)).collect();
    let count = kinds.len();
    if count != 1 {
        let rule = format!("exactly one kind must be given, of {}", KINDS.join(", "));
        f.add("kind".to_owned(), &rule);
    }
    kinds.into_iter().next()
}

fn named(name: &str, o: &mut ObjectReader, f: &mut Faults) -> Option<Kind> {
    match name {
        "intelligence" => o.object(name, f, intelligence).map(Kind::Intelligence),
        "mappa" => o.object(name, f, mappa).map(Kind::Mappa),
        "custody" => o.object(name, f, custody).map(Kind::Custody),
        "flag" => o.object(name, f, flag).map(Kind::Flag),
        "correction" => o.object(name, f, correction).map(Kind::Correction),
        "drug_test" => o.object(name, f, casework::drug_test).map(Kind::DrugTest),
        "enforcement" => o.object(name, f, casework::enforcement).map(Kind::Enforcement),
        "action" => o.object(name, f, casework::action).map(Kind::Action),
        "placement" => o.object(name, f, casework::placement).map(Kind::Placement),
        "referral" => o.object(name, f, casework::referral).map(Kind::Referral),
        "court" => o.object(name, f, casework::court).map(Kind::Court),
        "request" => o.object(name, f, casework::request).map(Kind::Request),
        "response" => o.object(name, f, casework::response).map(Kind::Response),
        _ => None,
    }
}

fn intelligence(o: &mut ObjectReader, f: &mut Faults) -> wire::Intelligence {
    wire::Intelligence {
        scheme: o.word::<wire::GradingScheme>("scheme", f),
        grade: o.text("grade", f),
        conditions: o.words::<wire::IntelligenceCondition>("conditions", f),
        originator_reference: o.optional_text("originator_reference", f).unwrap_or_default(),
        topic: o.optional_word::<wire::IntelligenceTopic>("topic", f),
    }
}

fn mappa(o: &mut ObjectReader, f: &mut Faults) -> wire::Mappa {
    wire::Mappa {
        step: o.word::<wire::MappaStep>("step", f),
        category: o.number("category", f).unwrap_or_default(),
        level: o.number("level", f).unwrap_or_default(),
        previous_level: o.number("previous_level", f).unwrap_or_default(),
        referral_id: o.optional_text("referral_id", f).unwrap_or_default(),
        panel_decision_id: o.optional_text("panel_decision_id", f).unwrap_or_default(),
    }
}

fn custody(o: &mut ObjectReader, f: &mut Faults) -> wire::Custody {
    wire::Custody {
        event: o.word::<wire::CustodyEvent>("event", f),
        certainty: o.word::<wire::CustodyCertainty>("certainty", f),
        prison: o.optional_text("prison", f).unwrap_or_default(),
        occurred_at: o.time("occurred_at", f),
        movement_reason: o.optional_text("movement_reason", f).unwrap_or_default(),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
        nobody: o.boolean("nobody", f),
        dates: o.object("dates", f, sentence_dates),
    }
}

fn sentence_dates(o: &mut ObjectReader, f: &mut Faults) -> wire::SentenceDates {
    wire::SentenceDates {
        curfew_ends_on: o.optional_text("curfew_ends_on", f).unwrap_or_default(),
        licence_ends_on: o.optional_text("licence_ends_on", f).unwrap_or_default(),
        sentence_ends_on: o.optional_text("sentence_ends_on", f).unwrap_or_default(),
        supervision_ends_on: o.optional_text("supervision_ends_on", f).unwrap_or_default(),
    }
}

fn flag(o: &mut ObjectReader, f: &mut Faults) -> wire::Flag {
    wire::Flag {
        flag_kind: o.word::<wire::FlagKind>("flag_kind", f),
        action: o.word::<wire::FlagAction>("action", f),
        owner: o.object("owner", f, addressee),
        review_date: o.optional_text("review_date", f).unwrap_or_default(),
        panel_decision_id: o.optional_text("panel_decision_id", f).unwrap_or_default(),
        panel_date: o.optional_text("panel_date", f).unwrap_or_default(),
        agreed_by: o.texts("agreed_by", f),
        cohort: o.optional_word::<wire::FlagCohort>("cohort", f),
        rating: o.optional_word::<wire::FlagRating>("rating", f),
        manager: o.optional_text("manager", f).unwrap_or_default(),
        exit: o.optional_word::<wire::FlagExit>("exit", f),
    }
}

/// Of the corrections only a merge and an unmerge speak of no one message.
fn correction(o: &mut ObjectReader, f: &mut Faults) -> wire::Correction {
    let action = o.optional_word::<wire::CorrectionAction>("action", f);
    let identity = [wire::CorrectionAction::Merge, wire::CorrectionAction::Unmerge];
    let message_id = if identity.map(i32::from).contains(&action) {
        o.optional_text("message_id", f).unwrap_or_default()
    } else {
        o.text("message_id", f)
    };
    let reason = o.optional_text("reason", f).unwrap_or_default();
    wire::Correction { message_id, reason, action }
}
