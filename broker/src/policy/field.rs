//! How sensitive each field is: whether a permit is enough to show it, or must name it.
//!
//! Promises that a field nobody classified does not compile. Knows nothing of recipients:
//! what some can never be shown, whatever is agreed, is in `floor`.

use proto::exchange::v1::Field;

/// What it takes to show a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Any matching permit shows it, unless one withholds it.
    Ordinary,
    /// Shown only where a matching permit names it and none withholds it.
    Sensitive,
    /// As sensitive; and the sender must state its condition (DPA 2018 Sch 8, UK GDPR art 9),
    /// and a recipient under UK GDPR must hold one of its own under the agreement.
    Special,
}

/// The class of a field.
///
/// Free text and assessments count as special: nobody can promise that they say nothing of
/// health, origin or sexual life.
#[must_use]
pub const fn class(field: Field) -> Class {
    match field {
        Field::SubjectName
        | Field::SubjectBirthDate
        | Field::PoliceIdentifiers
        | Field::HmppsIdentifiers
        | Field::CustodyPrison
        | Field::CustodyReason
        | Field::MappaLevel
        | Field::FlagDetail
        | Field::OffenceClass
        | Field::Address
        | Field::LicenceConditionCode
        | Field::HousingNeed
        | Field::Sighting
        | Field::Employment
        | Field::ResponsibleOfficer
        | Field::EnforcementDetail
        | Field::ActionPathway
        | Field::PlacementDetail
        | Field::CourtDetail
        | Field::RequestDetail => Class::Ordinary,
        // Criminal-offence data, an internal reference and a category that tells the sort of
        // offence: sensitive, but none is special-category data.
        // So is what a programme, an appointment kept, a debt or a family tells of a person, what
        // somebody said when asked, and a plan, which may touch on any of these.
        Field::SpentConviction
        | Field::OriginatorReference
        | Field::MappaCategory
        | Field::ReferralProgramme
        | Field::Consent
        | Field::Finance
        | Field::Relationships
        | Field::SoleCarer
        | Field::Attendance
        | Field::Reparation
        | Field::Plan
        // Until when somebody is bound is part of how they are managed, and tells the length of
        // the sentence.
        | Field::SentenceDates => Class::Sensitive,
        // A drug test is of the body: data concerning health (DPA 2018 s.205(1)).
        Field::Unspecified
        | Field::HealthIdentifiers
        | Field::DrugTestResult
        | Field::Narrative
        | Field::LicenceConditionText
        | Field::Health
        | Field::TreatmentNeed
        | Field::Risk
        | Field::ChildConcern
        | Field::FormerName
        | Field::Ethnicity
        | Field::Attachments => Class::Special,
    }
}

/// Every field, in the order of the protocol.
pub const FIELDS: &[Field] = &[
    Field::SubjectName,
    Field::SubjectBirthDate,
    Field::PoliceIdentifiers,
    Field::HmppsIdentifiers,
    Field::HealthIdentifiers,
    Field::CustodyPrison,
    Field::CustodyReason,
    Field::MappaCategory,
    Field::MappaLevel,
    Field::OriginatorReference,
    Field::FlagDetail,
    Field::DrugTestResult,
    Field::EnforcementDetail,
    Field::ActionPathway,
    Field::PlacementDetail,
    Field::ReferralProgramme,
    Field::Consent,
    Field::CourtDetail,
    Field::RequestDetail,
    Field::Narrative,
    Field::OffenceClass,
    Field::SpentConviction,
    Field::Address,
    Field::LicenceConditionCode,
    Field::LicenceConditionText,
    Field::HousingNeed,
    Field::Health,
    Field::TreatmentNeed,
    Field::Risk,
    Field::Sighting,
    Field::Employment,
    Field::ChildConcern,
    Field::FormerName,
    Field::Ethnicity,
    Field::ResponsibleOfficer,
    Field::Finance,
    Field::Relationships,
    Field::SoleCarer,
    Field::Attendance,
    Field::Reparation,
    Field::Plan,
    Field::Attachments,
    Field::SentenceDates,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_field_of_the_protocol_once() {
        let listed: Vec<i32> = FIELDS.iter().map(|field| *field as i32).collect();
        let of_the_protocol: Vec<i32> =
            (1..200).filter(|number| Field::try_from(*number).is_ok()).collect();
        assert_eq!(listed, of_the_protocol);
    }
}
