//! The written names of enum values, in one place.
//!
//! Policies, agreements, ledger records and the console all write `custody`, `part3` or
//! `cda1998_s115`. The name of a value is its protocol name, without the enum's own
//! prefix, in lower case: `GATEWAY_CDA1998_S115` is `cda1998_s115`. So a name can never
//! drift from the protocol.

use crate::exchange::v1 as wire;

/// An enum of the protocol whose values have written names.
pub trait Named: Sized + Copy {
    /// The prefix that protobuf style puts before each value's name.
    const PREFIX: &'static str;
    /// The full protocol name.
    fn full_name(self) -> &'static str;
    /// The value of a full protocol name.
    fn from_full_name(name: &str) -> Option<Self>;

    /// The written name: `cda1998_s115`.
    fn name(self) -> String {
        self.full_name().trim_start_matches(Self::PREFIX).to_ascii_lowercase()
    }

    /// The value with this written name. `None` for an unknown name.
    fn from_name(name: &str) -> Option<Self> {
        if name.chars().any(|c| c.is_ascii_uppercase()) {
            return None;
        }
        Self::from_full_name(&format!("{}{}", Self::PREFIX, name.to_ascii_uppercase()))
    }
}

macro_rules! named {
    ($($type:ident $prefix:literal),* $(,)?) => {$(
        impl Named for wire::$type {
            const PREFIX: &'static str = $prefix;
            fn full_name(self) -> &'static str {
                self.as_str_name()
            }
            fn from_full_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        }
    )*};
}

named! {
    SectionKind "SECTION_KIND_", MediaType "MEDIA_TYPE_",
    Purpose "PURPOSE_", Gateway "GATEWAY_", LawfulBasis "LAWFUL_BASIS_",
    SensitiveCondition "SENSITIVE_CONDITION_", Marking "MARKING_",
    HandlingCondition "HANDLING_CONDITION_", SubjectCategory "SUBJECT_CATEGORY_",
    AgeAssertion "AGE_ASSERTION_", LimitedAccess "LIMITED_ACCESS_",
    IdentifierType "IDENTIFIER_TYPE_", Field "FIELD_", Footing "FOOTING_",
    AreaRole "AREA_ROLE_", Urgency "URGENCY_", GradingScheme "GRADING_SCHEME_",
    IntelligenceCondition "INTELLIGENCE_CONDITION_", IntelligenceTopic "INTELLIGENCE_TOPIC_",
    MappaStep "MAPPA_STEP_", CustodyEvent "CUSTODY_EVENT_",
    CustodyCertainty "CUSTODY_CERTAINTY_", FlagKind "FLAG_KIND_", FlagAction "FLAG_ACTION_",
    TaskKind "TASK_KIND_", OutcomeState "OUTCOME_STATE_", FlagCohort "FLAG_COHORT_", FlagStage "FLAG_STAGE_",
    FlagRating "FLAG_RATING_", FlagExit "FLAG_EXIT_", CorrectionAction "CORRECTION_ACTION_",
    DrugTestStage "DRUG_TEST_STAGE_", DrugTestResult "DRUG_TEST_RESULT_",
    DrugTestSubstance "DRUG_TEST_SUBSTANCE_", DrugTestUse "DRUG_TEST_USE_",
    EnforcementMatter "ENFORCEMENT_MATTER_", EnforcementStep "ENFORCEMENT_STEP_",
    EnforcementOutcome "ENFORCEMENT_OUTCOME_", ActionStep "ACTION_STEP_",
    Pathway "PATHWAY_", PlacementSort "PLACEMENT_SORT_", PlacementStep "PLACEMENT_STEP_",
    ReferralStep "REFERRAL_STEP_", PartyRole "PARTY_ROLE_", Consent "CONSENT_",
    CourtStep "COURT_STEP_", CourtOrder "COURT_ORDER_", ResponseOutcome "RESPONSE_OUTCOME_",
    DeclineReason "DECLINE_REASON_", Attestation "ATTESTATION_", WorklistReason "WORKLIST_REASON_",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_written_by_its_statute_and_section() {
        assert_eq!(wire::Gateway::Cda1998S115.name(), "cda1998_s115");
        assert_eq!(wire::Gateway::from_name("cja2003_s325"), Some(wire::Gateway::Cja2003S325));
        assert_eq!(wire::Gateway::from_name("CJA2003_S325"), None);
        assert_eq!(wire::Gateway::from_name("cja2003_s326"), None);
    }

    #[test]
    fn the_silent_debug_says_only_the_name() {
        let subject = wire::Subject { name: "Invented Person".into(), ..Default::default() };
        assert_eq!(format!("{subject:?}"), "Subject { .. }");
    }
}
