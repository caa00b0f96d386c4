//! What becomes of a payload, and the words for it.
//!
//! Owns: the three outcomes, their stable reason codes and sentences, and the line that `--json`
//! prints. Promises: a code once given keeps its meaning; nothing here can hold a value that was
//! read, but for the messages themselves, whose `Debug` says nothing. Deliberately does not know:
//! how an outcome came about.

use proto::exchange::v1::Message;
use proto::exchange::v1::message::Kind;
use proto::text::Named;
use serde::Serialize;

/// What became of one payload.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    /// Messages to publish, at least one.
    Shared(Vec<Message>),
    /// Read and understood, and not for sharing. Nothing more is to be done.
    NotShareable(NotShareable),
    /// Not understood, not to be trusted, or for people to act on. Kept as received, to be looked
    /// at and tried again.
    Quarantined(Quarantine),
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shared(messages) => write!(formatter, "Shared({} messages)", messages.len()),
            Self::NotShareable(kept) => write!(formatter, "NotShareable({})", kept.reason.code()),
            Self::Quarantined(held) => write!(formatter, "Quarantined({})", held.reason.code()),
        }
    }
}

/// A payload that is understood and not shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotShareable {
    /// Why.
    pub reason: NotShareableReason,
}

/// A payload that is held back for a person to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Why.
    pub reason: QuarantineReason,
}

/// Declares a reason enum with, for each value, its stable code and its sentence.
macro_rules! reasons {
    ($(#[$about:meta])* $name:ident { $($variant:ident $code:literal $sentence:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $sentence] $variant,)*
        }

        impl $name {
            /// Every reason, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code, for tables and machines.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The sentence for people. It never holds a value that was read.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.sentence())
            }
        }
    };
}

reasons! {
    /// Why an understood payload is not shared. Codes are never reused.
    NotShareableReason {
        AdministrativeMerge "administrative_merge"
            "Two records of one person were merged: nobody moved.",
        CourtMovement "court_movement"
            "A journey to or from court changes neither custody nor release.",
        CourtCase "court_case"
            "Court cases and hearings are not carried.",
        IdentityChange "identity_change"
            "Identifiers or bookings were joined, moved or split, which the profile does not share.",
        Registration "registration"
            "Of probation's registers the profile shares MAPPA and offender management at most.",
        Alert "alert"
            "Of prison alerts the profile shares those of MAPPA and offender management at most.",
        RecallRecommendation "recall_recommendation"
            "A recall under consideration, which could warn the person, is not shared.",
        Enforcement "enforcement"
            "The profile shares no breach and no recall.",
        Licence "licence"
            "No kind of message carries a licence, and its conditions are not in the event.",
        Allocation "allocation"
            "The event names neither the officer who leaves nor the one who comes.",
        Tier "tier"
            "Tier calculations are not carried.",
        Risk "risk"
            "Risk assessments and scores are not carried from this feed.",
        Accommodation "accommodation"
            "Of accommodation the profile shares arrivals at most.",
        RestrictedPatient "restricted_patient"
            "The register of restricted patients is not carried; the move to hospital is.",
        SentenceDates "sentence_dates"
            "Sentences, legal status and calculated dates are not carried from this feed.",
        ProbationRecord "probation_record"
            "A probation record changed, and the event does not say what happened.",
        PrisonRecord "prison_record"
            "A prison record changed, and the event does not say that anybody moved.",
        PrisonLife "prison_life"
            "Daily life in prison concerns no other agency.",
        MovementPlan "movement_plan"
            "A planned or re-planned movement is not a movement; the movement itself is carried.",
        MovementPointer "movement_pointer"
            "The event only points at a movement record; the event with its facts follows.",
        Intervention "intervention"
            "Programmes, referrals and reports are not carried from this feed.",
        DetailUntold "detail_untold"
            "The event says that something happened and not what: the facts are not in it.",
        DecisionUntold "decision_untold"
            "Who leaves a list or MAPPA does so by a panel's decision, which is not in the event.",
        MappaUndetermined "mappa_undetermined"
            "Category or level under MAPPA is not determined yet.",
        EarlierMessageUntold "earlier_message_untold"
            "The event takes something back and does not say which news of it.",
        Overtaken "overtaken"
            "The news is more than 14 days old and says no time: it would pass for today's.",
    }
}

reasons! {
    /// Why a payload is held back. Codes are never reused.
    QuarantineReason {
        TooLarge "too_large"
            "The payload is larger than any queue of the source carries.",
        NotText "not_text"
            "The payload is not UTF-8 text.",
        NotJson "not_json"
            "The payload is not JSON, is cut short, or is nested too deeply.",
        RepeatedName "repeated_name"
            "A JSON object gives one name twice, so that it says two things.",
        NotAnEvent "not_an_event"
            "The payload is JSON but not an object.",
        WrapperUnreadable "wrapper_unreadable"
            "The wrapper's message cannot be read as an event.",
        MissingEventType "missing_event_type"
            "Neither the event nor its wrapper names its type as text.",
        UnknownEventType "unknown_event_type"
            "The event type is not one that this adapter knows.",
        EventTypeConflict "event_type_conflict"
            "Event and wrapper name different types, and one of them would be shared.",
        MissingReason "missing_reason"
            "The event gives no reason for the movement.",
        UnknownReason "unknown_reason"
            "The reason or movement code is not known, so the movement cannot be told.",
        ContradictoryMovement "contradictory_movement"
            "Reason, movement code and present location contradict one another.",
        MissingNoms "missing_noms"
            "The event carries no prison number.",
        UnusableNoms "unusable_noms"
            "What stands for the prison number does not have its shape.",
        ConflictingNoms "conflicting_noms"
            "The event carries more than one prison number, so the person is in doubt.",
        MissingTime "missing_time"
            "The event does not say when it occurred.",
        PlaceholderTime "placeholder_time"
            "The time is a template that was never filled in.",
        UnreadableTime "unreadable_time"
            "The time cannot be read.",
        FutureTime "future_time"
            "The event says it occurred at a time that lies ahead.",
        UnusablePrison "unusable_prison"
            "The event names no establishment by its three-letter code.",
        MissingCrn "missing_crn"
            "The event carries no case number of probation.",
        UnusableCrn "unusable_crn"
            "What stands for the case number does not have its shape.",
        ConflictingCrn "conflicting_crn"
            "The event carries more than one case number, so the person is in doubt.",
        MissingRecordId "missing_record_id"
            "The event does not name the record that was made, changed or deleted.",
        UnknownCode "unknown_code"
            "The register, alert, category, level or decision is missing or not known.",
        ContradictoryRegistration "contradictory_registration"
            "Nobody of MAPPA category 3 is managed at level 1.",
        SelfMerge "self_merge"
            "The event joins a number to itself, or parts it from itself.",
        ArrivalUntold "arrival_untold"
            "Who left was never told to have arrived: tell whom it concerns, or read it again later.",
        ErasureDue "erasure_due"
            "The source erased a person: erase what was sent by corrections, then remove this.",
    }
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    outcome: &'static str,
    reason: Option<&'static str>,
    messages: Vec<LineMessage<'a>>,
}

#[derive(Serialize)]
struct LineMessage<'a> {
    id: &'a str,
    kind: &'static str,
    event: Option<String>,
}

/// The line that `--json` prints for one payload, without a line end.
///
/// Promise: it holds the caller's own label, codes, names of values and message ids, and nothing
///          else of the payload.
#[must_use]
pub fn json_line(file_label: &str, outcome: &Outcome) -> String {
    let (word, reason, messages) = match outcome {
        // How the event was read, told before anything is sent; what the broker answered is said
        // in lines of its own.
        Outcome::Shared(messages) => ("shared", None, messages.as_slice()),
        Outcome::NotShareable(kept) => ("not_shareable", Some(kept.reason.code()), [].as_slice()),
        Outcome::Quarantined(held) => ("quarantined", Some(held.reason.code()), [].as_slice()),
    };
    let line = Line {
        file: file_label,
        outcome: word,
        reason,
        messages: messages.iter().map(line_message).collect(),
    };
    // Strings and nulls only: serialising cannot fail, and an empty line would be seen at once.
    serde_json::to_string(&line).unwrap_or_default()
}

fn line_message(message: &Message) -> LineMessage<'_> {
    let (kind, event) = match &message.kind {
        Some(Kind::Custody(custody)) => ("custody", Some(custody.event().name())),
        Some(Kind::Intelligence(_)) => ("intelligence", None),
        Some(Kind::Mappa(mappa)) => ("mappa", Some(mappa.step().name())),
        Some(Kind::Flag(flag)) => ("flag", Some(flag.action().name())),
        Some(Kind::Correction(correction)) => ("correction", Some(correction.action().name())),
        Some(Kind::DrugTest(_)) => ("drug_test", None),
        Some(Kind::Enforcement(enforcement)) => ("enforcement", Some(enforcement.step().name())),
        Some(Kind::Action(_)) => ("action", None),
        Some(Kind::Placement(placement)) => ("placement", Some(placement.step().name())),
        Some(Kind::Referral(_)) => ("referral", None),
        Some(Kind::Court(_)) => ("court", None),
        Some(Kind::Request(_)) => ("request", None),
        Some(Kind::Response(_)) => ("response", None),
        None => ("none", None),
    };
    LineMessage { id: &message.message_id, kind, event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_reason_has_a_code_of_its_own_and_a_sentence() {
        let kept = NotShareableReason::ALL.iter().map(|r| (r.code(), r.sentence()));
        let held = QuarantineReason::ALL.iter().map(|r| (r.code(), r.sentence()));
        let all: Vec<_> = kept.chain(held).collect();
        let codes: BTreeSet<_> = all.iter().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|(_, sentence)| sentence.ends_with('.')));
    }

    #[test]
    fn a_line_says_outcome_and_reason_and_no_more() {
        let held = Outcome::Quarantined(Quarantine { reason: QuarantineReason::UnknownReason });
        assert_eq!(
            json_line("0001.json", &held),
            r#"{"file":"0001.json","outcome":"quarantined","reason":"unknown_reason","messages":[]}"#
        );
    }
}
