//! What a duty officer calls things that the protocol names by code.

use proto::exchange::v1::{CustodyCertainty, CustodyEvent, Field};
use proto::refusal::Refusal;

/// A part of a message, in plain words.
pub(crate) const fn field(field: Field) -> &'static str {
    match field {
        Field::Unspecified => "nothing",
        Field::SubjectName => "name",
        Field::SubjectBirthDate => "birth date",
        Field::PoliceIdentifiers => "police numbers",
        Field::HmppsIdentifiers => "prison number",
        Field::HealthIdentifiers => "NHS number",
        Field::CustodyPrison => "which prison",
        Field::CustodyReason => "movement code",
        Field::SentenceDates => "dates of the sentence",
        Field::MappaCategory => "MAPPA category",
        Field::MappaLevel => "MAPPA level",
        Field::OriginatorReference => "originator's reference",
        Field::FlagDetail => "which list",
        Field::DrugTestResult => "result of the test",
        Field::EnforcementDetail => "what is enforced",
        Field::ActionPathway => "pathway",
        Field::PlacementDetail => "where placed",
        Field::ReferralProgramme => "which programme",
        Field::Consent => "consent",
        Field::CourtDetail => "what the court did",
        Field::RequestDetail => "what is asked for",
        Field::Narrative => "what was written",
        Field::OffenceClass => "class of offence",
        Field::SpentConviction => "spent conviction",
        Field::Address => "address",
        Field::LicenceConditionCode => "licence condition codes",
        Field::LicenceConditionText => "licence conditions",
        Field::HousingNeed => "housing need",
        Field::Health => "health",
        Field::TreatmentNeed => "treatment need",
        Field::Risk => "risk assessment",
        Field::Sighting => "sighting",
        Field::Employment => "employment",
        Field::ChildConcern => "concern for the child",
        Field::FormerName => "former name",
        Field::Ethnicity => "ethnicity",
        Field::ResponsibleOfficer => "responsible officer",
        Field::Finance => "money",
        Field::Relationships => "family and relationships",
        Field::SoleCarer => "who is left without care",
        Field::Attendance => "attendance",
        Field::Reparation => "reparation",
        Field::Plan => "plan",
        Field::Attachments => "documents",
    }
}

/// Several of them.
pub(crate) fn fields(fields: &[Field]) -> String {
    fields.iter().map(|one| field(*one)).collect::<Vec<_>>().join(", ")
}

/// Why a desk was asked about at all, from the auditor's written reason.
pub(crate) fn reason(written: &str) -> String {
    match written.split_once(':') {
        Some(("area", "release")) => "serves the place of release".to_owned(),
        Some(("area", "resident")) => "serves where they live".to_owned(),
        Some(("area", "home")) => "serves where they belong".to_owned(),
        Some(("area", "incident")) => "serves where it happened".to_owned(),
        Some(("area", "supervising")) => "serves the supervising team's area".to_owned(),
        Some(("flag", "ppo")) => "owns the PPO flag".to_owned(),
        Some(("flag", "mappa")) => "owns the MAPPA flag".to_owned(),
        Some(("flag", list)) => format!("owns the {} flag", list.replace('_', "-")),
        Some((_, _)) | None => match written {
            "addressed" => "named by the sender".to_owned(),
            "selection" => "keeps the selection list".to_owned(),
            "interest" => "has an approved interest".to_owned(),
            "holder" => "was given the original".to_owned(),
            other => other.to_owned(),
        },
    }
}

/// Why a desk sees nothing of a person: the rules that forbid it, or that no agreement permits it.
pub(crate) fn refusal(code: u32, rules: &[String]) -> String {
    let known = Refusal::from_code(code);
    let by_policy = matches!(known, None | Some(Refusal::NoPermit | Refusal::Forbidden));
    match known {
        Some(other) if !by_policy => other.sentence().trim_end_matches('.').to_owned(),
        Some(_) | None if rules.is_empty() => "no agreement permits it".to_owned(),
        Some(_) | None => {
            rules.iter().map(|rule| forbidden_by(rule)).collect::<Vec<_>>().join("; ")
        }
    }
}

fn forbidden_by(rule: &str) -> String {
    let plain = match rule {
        "platform/children" => "a child, or age unknown, and the desk is not cleared for children",
        "platform/limited-access" => "the record is limited, or nobody said that it is not",
        "platform/third-parties" => "a person who is not the subject of the matter",
        rule if rule.starts_with("platform/reach-") => "the power named does not reach them",
        _ => "a rule forbids it",
    };
    format!("{plain} ({rule})")
}

/// What happened in custody.
pub(crate) const fn event(event: CustodyEvent) -> &'static str {
    match event {
        CustodyEvent::Unspecified => "something unsaid",
        CustodyEvent::Release => "a release",
        CustodyEvent::Reception => "a reception",
        CustodyEvent::Transfer => "a transfer",
        CustodyEvent::TemporaryAbsence => "a temporary absence",
        CustodyEvent::TemporaryAbsenceReturn => "a return from temporary absence",
        CustodyEvent::Recall => "a recall",
        CustodyEvent::UnlawfullyAtLarge => "a person unlawfully at large",
        CustodyEvent::Death => "a death",
        CustodyEvent::ReleasedInError => "a release in error",
        CustodyEvent::ReleaseToHospital => "a release to hospital",
        CustodyEvent::ReleaseToImmigration => "a release to immigration",
    }
}

/// How firm the news is.
pub(crate) const fn certainty(certainty: CustodyCertainty) -> &'static str {
    match certainty {
        CustodyCertainty::Unspecified => "of unsaid firmness",
        CustodyCertainty::Provisional => "provisional",
        CustodyCertainty::Confirmed => "confirmed",
        CustodyCertainty::Withdrawn => "withdrawn",
        CustodyCertainty::Historic => "historic",
    }
}
