//! The floor: what a desk is never shown, whatever has been agreed.
//!
//! Written by hand, one reason beside each row. Promises that a field without a row does not
//! compile. It only ever takes away: being let through here permits nothing.

use proto::exchange::v1::Field;

use crate::directory::AgencyKind::{
    Council, Court, Health, Police, Prison, Probation, Prosecution, TreatmentProvider,
    YouthOffending,
};
use crate::directory::{AgencyKind, Function, Regime};

/// Whether an agreement could show this field to a desk of this kind, function and regime.
#[must_use]
pub fn may_show(field: Field, kind: AgencyKind, function: Function, regime: Regime) -> bool {
    // Operators run the broker and have no part in any matter.
    if kind == AgencyKind::Operator || is_kept_from_jobcentre(field, kind) {
        return false;
    }
    let voluntary = kind == AgencyKind::Voluntary || function == Function::Mentoring;
    match field {
        Field::Unspecified => false,
        // What anybody needs who is to do anything at all for the person, and what is asked for
        // and set. What of it is not ordinary is shown where an agreement names it.
        Field::SubjectName
        | Field::SubjectBirthDate
        | Field::CustodyPrison
        | Field::CustodyReason
        | Field::OffenceClass
        | Field::Address
        | Field::LicenceConditionCode
        | Field::HousingNeed
        | Field::Employment
        | Field::ResponsibleOfficer
        | Field::Narrative
        | Field::ActionPathway
        | Field::RequestDetail
        | Field::ReferralProgramme
        | Field::Attendance
        | Field::Plan
        | Field::Finance
        | Field::Relationships
        | Field::Reparation => true,
        // Not for volunteers: a prison number opens records to them, a risk assessment names
        // those at risk, where a child lives is not theirs to know, and what a court did is
        // criminal-offence data (UK GDPR art 10).
        Field::HmppsIdentifiers | Field::Risk | Field::PlacementDetail | Field::CourtDetail => {
            !voluntary
        }
        // Police lists, and spent convictions (Rehabilitation of Offenders Act 1974 s.4 and s.9):
        // never for housing, employment or voluntary work.
        Field::FlagDetail | Field::SpentConviction => !voluntary && function != Function::Housing,
        Field::DrugTestResult => may_see_drug_test(kind, function),
        Field::EnforcementDetail | Field::SentenceDates => may_enforce(kind, function, voluntary),
        // Gender Recognition Act 2004 s.22: an offence to disclose. And who agreed to what stays
        // with whoever asked: a withdrawal must not be seen by what is missing.
        Field::FormerName | Field::Consent => false,
        // Only children's services receive it (Children Act 1989 s.17).
        Field::SoleCarer => !voluntary && function == Function::ChildrensServices,
        Field::PoliceIdentifiers => may_see_police_numbers(kind, regime),
        // The NHS number is for care (health and treatment providers) alone.
        Field::HealthIdentifiers => matches!(function, Function::HealthCare | Function::Treatment),
        // MAPPA minutes bind the responsible authorities and those under the duty to
        // co-operate (CJA 2003 s.325(6)); they are not read beyond them.
        Field::MappaCategory | Field::MappaLevel => {
            !voluntary
                && [Police, Probation, Prison, YouthOffending, Council, Health].contains(&kind)
        }
        // An originator's reference leads back to a source.
        Field::OriginatorReference => kind == Police && regime == Regime::Part3,
        Field::Attachments => may_see_documents(kind, function, voluntary),
        // Exclusion zones and no-contact names endanger victims: others get the code.
        Field::LicenceConditionText => [Police, Probation].contains(&kind),
        Field::Health => may_see_health(kind, function),
        Field::TreatmentNeed => {
            may_see_health(kind, function)
                || matches!(function, Function::OffenderManagement | Function::YouthJustice)
        }
        Field::Sighting => may_see_sightings(kind, regime),
        Field::ChildConcern => !voluntary && may_see_child_concern(function),
        // Asked for in MAPPA and custody work; nobody else has a use for it here.
        Field::Ethnicity => [Police, Probation, Prison, YouthOffending].contains(&kind),
    }
}

/// A document may say anything: of risk, of a conviction, of where a victim lives. It is for those who
/// decide on somebody's liberty, protection or care, and never for volunteers.
fn may_see_documents(kind: AgencyKind, function: Function, voluntary: bool) -> bool {
    let of_justice = [Police, Probation, Prison, YouthOffending, Prosecution, Court];
    let cares = matches!(
        function,
        Function::PublicProtection | Function::ChildrensServices | Function::HealthCare
    );
    !voluntary && (of_justice.contains(&kind) || cares)
}

/// A Jobcentre learns who he is, what he may not do at work, and whom to ask (MAPPA guidance, form J).
fn is_kept_from_jobcentre(field: Field, kind: AgencyKind) -> bool {
    kind == AgencyKind::Jobcentre
        && !matches!(
            field,
            Field::SubjectName
                | Field::SubjectBirthDate
                | Field::Employment
                | Field::ResponsibleOfficer
        )
}

/// Keys to police records: only where such records are lawfully held.
fn may_see_police_numbers(kind: AgencyKind, regime: Regime) -> bool {
    regime == Regime::Part3
        && [Police, Probation, Prison, Prosecution, Court, YouthOffending].contains(&kind)
}

/// Whereabouts as police see them: a means of enforcement.
fn may_see_sightings(kind: AgencyKind, regime: Regime) -> bool {
    regime == Regime::Part3 && [Police, Probation, Prison, YouthOffending].contains(&kind)
}

/// Whether somebody broke an order, and until when it binds, is for those who enforce it, and for
/// those who look after a child that did.
fn may_enforce(kind: AgencyKind, function: Function, voluntary: bool) -> bool {
    [Police, Probation, Prison, YouthOffending, Prosecution, Court].contains(&kind)
        || (!voluntary && function == Function::ChildrensServices)
}

/// PACE 1984 s.63B(7): those who decide on bail, sentence, supervision and release, and those who
/// give advice and treatment.
fn may_see_drug_test(kind: AgencyKind, function: Function) -> bool {
    match function {
        Function::OffenderManagement | Function::PublicProtection | Function::Custody => {
            [Police, Probation, Prison].contains(&kind)
        }
        Function::YouthJustice => kind == YouthOffending,
        Function::Prosecution => kind == Prosecution,
        Function::CourtAdministration => kind == Court,
        Function::Treatment => {
            [Health, TreatmentProvider, Prison, Council, YouthOffending].contains(&kind)
        }
        Function::Selection
        | Function::Intelligence
        | Function::ChildrensServices
        | Function::Housing
        | Function::HealthCare
        | Function::WorkAndBenefits
        | Function::Mentoring
        | Function::VictimLiaison
        | Function::BrokerOperations => false,
    }
}

/// Children Act 1989 s.47: those who protect the child.
fn may_see_child_concern(function: Function) -> bool {
    matches!(
        function,
        Function::ChildrensServices
            | Function::YouthJustice
            | Function::PublicProtection
            | Function::OffenderManagement
            | Function::HealthCare
    )
}

/// Caldicott: care of the person, protection of a child, or of the public from this person.
fn may_see_health(kind: AgencyKind, function: Function) -> bool {
    match function {
        Function::HealthCare | Function::Treatment => {
            [Health, TreatmentProvider, Prison, Council, YouthOffending].contains(&kind)
        }
        Function::ChildrensServices | Function::PublicProtection => true,
        // A prison keeps a person in its charge alive.
        Function::Custody => kind == Prison,
        Function::OffenderManagement
        | Function::Selection
        | Function::Intelligence
        | Function::YouthJustice
        | Function::Housing
        | Function::Prosecution
        | Function::CourtAdministration
        | Function::WorkAndBenefits
        | Function::Mentoring
        | Function::VictimLiaison
        | Function::BrokerOperations => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_agreement_can_reveal() {
        use AgencyKind::{Jobcentre, Operator, Voluntary};
        use Function as F;
        use Regime::{Part3, UkGdpr};
        let never = [
            (Field::FormerName, Police, F::Intelligence, Part3),
            (Field::SpentConviction, Council, F::Housing, UkGdpr),
            (Field::SpentConviction, Voluntary, F::OffenderManagement, UkGdpr),
            (Field::SpentConviction, Probation, F::Mentoring, UkGdpr),
            (Field::LicenceConditionText, Prison, F::Custody, Part3),
            (Field::LicenceConditionText, Council, F::Housing, UkGdpr),
            (Field::PoliceIdentifiers, Voluntary, F::Mentoring, UkGdpr),
            (Field::PoliceIdentifiers, Council, F::Housing, UkGdpr),
            (Field::PoliceIdentifiers, Police, F::OffenderManagement, UkGdpr),
            (Field::Health, Police, F::OffenderManagement, Part3),
            (Field::Health, Council, F::Housing, UkGdpr),
            (Field::HealthIdentifiers, Police, F::PublicProtection, Part3),
            (Field::TreatmentNeed, Police, F::Selection, Part3),
            (Field::OriginatorReference, Probation, F::OffenderManagement, Part3),
            (Field::MappaLevel, Voluntary, F::Mentoring, UkGdpr),
            (Field::MappaCategory, Court, F::CourtAdministration, Part3),
            (Field::Sighting, Council, F::Housing, UkGdpr),
            (Field::ChildConcern, Voluntary, F::ChildrensServices, UkGdpr),
            (Field::Ethnicity, Council, F::Housing, UkGdpr),
            (Field::SubjectName, Operator, F::BrokerOperations, Part3),
            (Field::MappaLevel, Jobcentre, F::WorkAndBenefits, UkGdpr),
            (Field::OffenceClass, Jobcentre, F::WorkAndBenefits, UkGdpr),
            (Field::HmppsIdentifiers, Jobcentre, F::WorkAndBenefits, UkGdpr),
            (Field::Narrative, Jobcentre, F::WorkAndBenefits, UkGdpr),
            (Field::DrugTestResult, Police, F::Intelligence, Part3),
            (Field::DrugTestResult, Police, F::Selection, Part3),
            (Field::DrugTestResult, Council, F::OffenderManagement, UkGdpr),
            (Field::DrugTestResult, Health, F::HealthCare, UkGdpr),
            (Field::DrugTestResult, Voluntary, F::Treatment, UkGdpr),
            (Field::EnforcementDetail, Council, F::Housing, UkGdpr),
            (Field::EnforcementDetail, Voluntary, F::ChildrensServices, UkGdpr),
            (Field::PlacementDetail, Voluntary, F::Mentoring, UkGdpr),
            (Field::CourtDetail, Probation, F::Mentoring, UkGdpr),
            (Field::Consent, Voluntary, F::Mentoring, UkGdpr),
            (Field::Consent, Police, F::OffenderManagement, Part3),
            (Field::SoleCarer, Police, F::OffenderManagement, Part3),
            (Field::SoleCarer, Probation, F::PublicProtection, Part3),
            (Field::SoleCarer, Voluntary, F::ChildrensServices, UkGdpr),
        ];
        for (field, kind, function, regime) in never {
            assert!(!may_show(field, kind, function, regime), "{field:?} {kind:?} {function:?}");
        }
    }

    #[test]
    fn what_an_agreement_may_reveal() {
        use AgencyKind::Voluntary;
        use Function as F;
        use Regime::{Part3, UkGdpr};
        let possible = [
            (Field::SpentConviction, Police, F::OffenderManagement, Part3),
            (Field::LicenceConditionText, Probation, F::OffenderManagement, Part3),
            (Field::LicenceConditionCode, Council, F::Housing, UkGdpr),
            (Field::Health, Health, F::HealthCare, UkGdpr),
            (Field::Health, Council, F::ChildrensServices, UkGdpr),
            (Field::HealthIdentifiers, TreatmentProvider, F::Treatment, UkGdpr),
            (Field::TreatmentNeed, Police, F::OffenderManagement, Part3),
            (Field::OriginatorReference, Police, F::Intelligence, Part3),
            (Field::Narrative, Council, F::ChildrensServices, UkGdpr),
            (Field::SubjectName, Voluntary, F::Mentoring, UkGdpr),
            (Field::HousingNeed, Council, F::Housing, UkGdpr),
            (Field::Employment, AgencyKind::Jobcentre, F::WorkAndBenefits, UkGdpr),
            (Field::DrugTestResult, TreatmentProvider, F::Treatment, UkGdpr),
            (Field::DrugTestResult, Council, F::Treatment, UkGdpr),
            (Field::DrugTestResult, Court, F::CourtAdministration, Part3),
            (Field::EnforcementDetail, Council, F::ChildrensServices, UkGdpr),
            (Field::PlacementDetail, Council, F::ChildrensServices, UkGdpr),
            (Field::SoleCarer, Council, F::ChildrensServices, UkGdpr),
            (Field::Reparation, Voluntary, F::Mentoring, UkGdpr),
        ];
        for (field, kind, function, regime) in possible {
            assert!(may_show(field, kind, function, regime), "{field:?} {kind:?} {function:?}");
        }
    }
}
