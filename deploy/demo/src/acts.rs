//! The messages that agencies write themselves in the play. Everyone in them is invented.

use agency_client::compose::{self, FlagChange, Grade, Grounds, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::{
    AreaRole, Field, FlagAction, FlagKind, Footing, Gateway, GradingScheme, IdentifierType,
    IntelligenceTopic, LawfulBasis, LimitedAccess, Purpose, SensitiveCondition, SubjectCategory,
};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::cast::NodeName;
use crate::stage::StageError;

/// Stockport, by its GSS code.
const STOCKPORT: &str = "E08000007";
/// Wirral, by its GSS code.
const WIRRAL: &str = "E08000015";

/// A message with the words it is announced by.
pub(crate) struct Act {
    /// Which row of the table of expectations is about it.
    pub(crate) key: &'static str,
    /// What happens, in plain words.
    pub(crate) heading: String,
    /// Who sends.
    pub(crate) sender: NodeName,
    /// What.
    pub(crate) message: wire::Message,
}

const fn grounds(purpose: Purpose, gateway: Gateway, condition: SensitiveCondition) -> Grounds {
    Grounds {
        purpose,
        gateway,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: Some(condition),
    }
}

fn person(noms: &str, name: &str, birth_date: &str, limited: LimitedAccess) -> Person {
    Person::new(SubjectCategory::Managed)
        .identifier(IdentifierType::Noms, noms)
        .name(name)
        .birth_date(birth_date)
        .limited_access(limited)
}

fn brook() -> Person {
    person("Z9102ZD", "Invented Brook", "1990-07-21", LimitedAccess::No)
        .identifier(IdentifierType::Pnc, "2015/0009101V")
}

fn dale(now: OffsetDateTime) -> Person {
    person("Z9103ZD", "Invented Dale", &sixteen_years_ago(now).to_string(), LimitedAccess::No)
}

/// The birthday of somebody who turned sixteen some months ago, whatever day it is.
pub(crate) fn sixteen_years_ago(now: OffsetDateTime) -> Date {
    (now - Duration::days(16 * 366 + 100)).date()
}

fn raise(kind: FlagKind, owner: Option<(&str, &str)>, now: OffsetDateTime) -> FlagChange {
    FlagChange {
        kind,
        action: FlagAction::Raise,
        owner: owner.map(|(agency, desk)| (agency.to_owned(), desk.to_owned())),
        review_date: (now + Duration::days(365)).date().to_string(),
        panel_decision: Some(Uuid::new_v4()),
    }
}

/// Four panels put four people on their lists.
///
/// # Errors
/// A message is not complete.
pub(crate) fn flags(now: OffsetDateTime) -> Result<Vec<Act>, StageError> {
    let managed =
        grounds(Purpose::OffenderManagement, Gateway::Cda1998S115, SensitiveCondition::Sch8Justice);
    let youth = grounds(
        Purpose::OffenderManagement,
        Gateway::Cda1998S3739,
        SensitiveCondition::Sch8Safeguarding,
    );
    let mappa =
        grounds(Purpose::PublicProtection, Gateway::Cja2003S325, SensitiveCondition::Sch8Statutory);
    let archer = person("Z9101ZD", "Invented Archer", "1988-04-12", LimitedAccess::No)
        .identifier(IdentifierType::Pnc, "2014/0009102F");
    let frost = person("Z9105ZD", "Invented Frost", "1971-01-30", LimitedAccess::Yes);
    let unit = Some(("probation-greater-manchester", "public-protection"));
    let new = Uuid::new_v4;
    Ok(vec![
        Act {
            key: "flag-archer",
            heading: "Wirral police put Invented Archer on their list of priority offenders".into(),
            sender: ("merseyside-police", "records"),
            message: compose::flag(new(), managed, archer, raise(FlagKind::Ppo, None, now))
                .area(WIRRAL, AreaRole::Home)
                .build()?,
        },
        Act {
            key: "flag-brook",
            heading: "Stockport police put Invented Brook on theirs, with what they know".into(),
            sender: ("gmp", "records"),
            message: compose::flag(new(), managed, brook(), raise(FlagKind::Ppo, None, now))
                .area(STOCKPORT, AreaRole::Resident)
                .statement(Field::OffenceClass, Footing::Fact, &[0], "burglary (dwelling)")
                .statement(
                    Field::Narrative,
                    Footing::Opinion,
                    &[0],
                    "Takes tools from sheds before a burglary. Invented.",
                )
                .build()?,
        },
        Act {
            key: "flag-dale",
            heading: "Wirral's youth team flags Invented Dale, 16, placed in a Stockport home"
                .into(),
            sender: ("wirral-yot", "records"),
            message: compose::flag(
                new(),
                youth,
                dale(now),
                raise(FlagKind::HighRiskYouth, None, now),
            )
            .area(WIRRAL, AreaRole::Home)
            .area(STOCKPORT, AreaRole::Resident)
            .statement(
                Field::ChildConcern,
                Footing::Opinion,
                &[0],
                "Goes missing at weekends. Invented.",
            )
            .build()?,
        },
        Act {
            key: "flag-frost",
            heading: "Probation flags Invented Frost as a MAPPA case; his record is limited".into(),
            sender: ("probation-greater-manchester", "records"),
            message: compose::flag(new(), mappa, frost, raise(FlagKind::Mappa, unit, now))
                .area(STOCKPORT, AreaRole::Resident)
                .build()?,
        },
    ])
}

/// An adult and a child seen together: one message, two people, different rights.
///
/// # Errors
/// A message is not complete.
pub(crate) fn intelligence(now: OffsetDateTime) -> Result<Act, StageError> {
    let ours =
        grounds(Purpose::CrimePrevention, Gateway::Cda1998S115, SensitiveCondition::Sch8Justice);
    let grade = Grade {
        scheme: GradingScheme::ThreeFiveTwo,
        written: "2BP".to_owned(),
        conditions: Vec::new(),
    };
    let topic = IntelligenceTopic::Sighting;
    let message = compose::intelligence(Uuid::new_v4(), ours, grade, topic, "INVENTED/2291")
        .person(brook())
        .person(dale(now))
        .area("stockport-central", AreaRole::Incident)
        .statement(
            Field::Sighting,
            Footing::Fact,
            &[0, 1],
            "Seen together near the bus station at 22:40. Invented.",
        )
        .statement(Field::Narrative, Footing::Fact, &[0], "Carried a bag of tools. Invented.")
        .statement(Field::Narrative, Footing::Fact, &[1], "Wore a school coat. Invented.")
        .build()?;
    Ok(Act {
        key: "seen-together",
        heading: "Manchester force intelligence: Brook, an adult, seen with Dale, a child".into(),
        sender: ("gmp", "intelligence"),
        message,
    })
}

/// A MAPPA case is notified; housing, prisons and a charity are named.
///
/// # Errors
/// A message is not complete.
pub(crate) fn mappa() -> Result<Act, StageError> {
    let joint =
        grounds(Purpose::PublicProtection, Gateway::Cja2003S325, SensitiveCondition::Sch8Statutory);
    let hill = person("Z9110ZD", "Invented Hill", "1979-11-05", LimitedAccess::No);
    let message = compose::mappa_notification(Uuid::new_v4(), joint, hill, 1, 2)
        .area(STOCKPORT, AreaRole::Resident)
        .addressee("stockport-council", "housing")
        .addressee("hmpps-prisons", "public-protection")
        .addressee("loto-stockport", "mentors")
        .addressee("cps-north-west", "")
        .statement(
            Field::Risk,
            Footing::Opinion,
            &[0],
            "High risk of serious harm to a known adult. Invented.",
        )
        .statement(Field::HousingNeed, Footing::Fact, &[0], "Needs a flat by himself. Invented.")
        .build()?;
    Ok(Act {
        key: "mappa-hill",
        heading: "Probation notifies Invented Hill to MAPPA and names whom to invite".into(),
        sender: ("probation-greater-manchester", "records"),
        message,
    })
}
