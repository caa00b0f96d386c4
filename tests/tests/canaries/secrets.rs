//! One message of each kind with a canary in every field that its sender fills freely.
//!
//! Owns: the texts and the messages. All persons are invented; the numbers keep the shape and
//! the check letters of their registers.

use agency_client::compose::{self, CustodyNews, Grade, Grounds, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::{Field, Footing, IdentifierType};
use proto::text::Named as _;
use tests::world::{id, review_date};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::needles::Canary;

/// Trace context: never part of a message, never told.
const TRACEPARENT: &str = "00-KanarieTraceparent7Qx-01";
/// Why an auditor looked.
pub const REASON_LIST: &str = "KanarieReasonToList7Qx";
/// Why an auditor asked for an explanation.
pub const REASON_EXPLAIN: &str = "KanarieReasonToExplain7Qx";
/// A prison number that is only ever linked.
pub const LINKED_NOMS: &str = "K7392QX";
/// The probation number it is linked with.
pub const LINKED_CRN: &str = "Q739256";
/// The birth date stated with the link.
pub const LINKED_BIRTH: &str = "1971-03-17";
/// An NHS number in which an interest is declared.
pub const INTEREST_NHS: &str = "9434765919";

/// The prison number of the person who is flagged, released and flown out again.
const NOMS: &str = "K7391QX";
const BIRTH: &str = "1972-08-23";

/// A message, and the canaries that are in it.
pub struct Laden {
    /// The message.
    pub message: wire::Message,
    /// Canaries that a permitted recipient is shown, or is told are withheld (the field).
    pub canaries: Vec<(Canary, Option<Field>)>,
    /// Canaries that are for nobody at all.
    pub untold: Vec<Canary>,
}

impl Laden {
    /// The message's own id.
    pub fn id(&self) -> Uuid {
        Uuid::try_parse(&self.message.message_id).unwrap()
    }

    fn new(message: wire::Message) -> Self {
        let mut laden = Self { message, canaries: Vec::new(), untold: Vec::new() };
        laden.message.traceparent = TRACEPARENT.into();
        laden.untold.push(Canary::text("traceparent", TRACEPARENT));
        let (causation, person) = (id(), id());
        laden.message.causation_id = causation.to_string();
        laden.message.acting_person = person.to_string();
        for (name, uuid) in [("causation", causation), ("acting person", person)] {
            laden.untold.push(Canary::text(name, &uuid.to_string()));
            laden.untold.push(Canary { name: name.into(), bytes: uuid.as_bytes().to_vec() });
        }
        laden
    }

    fn shown(mut self, name: &str, text: &str, field: Option<Field>) -> Self {
        self.canaries.push((Canary::text(name, text), field));
        self
    }
}

fn grounds(purpose: wire::Purpose, gateway: wire::Gateway) -> Grounds {
    Grounds {
        purpose,
        gateway,
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
        sensitive_condition: Some(wire::SensitiveCondition::Sch8Statutory),
    }
}

fn person(name: &str) -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .name(name)
        .birth_date(BIRTH)
        .limited_access(wire::LimitedAccess::No)
}

/// Every field of statements, with a canary in its name.
fn statements() -> Vec<(Field, String)> {
    let fields = (20..50).filter_map(|number| Field::try_from(number).ok());
    fields.map(|field| (field, format!("Kanarie_{}_7Qx", field.name()))).collect()
}

/// The flag that makes the person known, told to Stockport's division.
pub fn flag() -> Laden {
    let person = person("KanarieFlagged7Qx")
        .identifier(IdentifierType::Noms, NOMS)
        .identifier(IdentifierType::Cro, "65656/91H");
    let grounds = grounds(wire::Purpose::OffenderManagement, wire::Gateway::Cda1998S115);
    let ppo = wire::FlagKind::Ppo;
    let draft = compose::flag_raise(id(), grounds, person, ppo, &review_date(), id())
        .addressee("gmp", "stockport")
        .statement(Field::Narrative, Footing::Opinion, &[0], "KanarieFlagNarrative7Qx");
    Laden::new(draft.build().unwrap())
        .shown("name in a flag", "KanarieFlagged7Qx", None)
        .shown("prison number", NOMS, None)
        .shown("CRO number", "065656/91H", None)
        .shown("birth date", BIRTH, None)
        .shown("narrative in a flag", "KanarieFlagNarrative7Qx", None)
}

/// News of the flagged person from prison, with a statement in every field there is.
pub fn custody() -> Laden {
    let person = person("KanarieReleased7Qx")
        .identifier(IdentifierType::Noms, NOMS)
        .identifier(IdentifierType::Crn, "Q739158")
        .identifier(IdentifierType::Asn, "11/01ZD/01/410836V");
    let news = CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".into(),
        occurred_at: OffsetDateTime::now_utc(),
        movement_reason: "KANARIE_7QX".into(),
        settles: None,
    };
    let grounds = grounds(wire::Purpose::OffenderManagement, wire::Gateway::Oma2007S14);
    let correlation = id();
    let mut draft = compose::custody(id(), grounds, person, news)
        .area("E08000007", wire::AreaRole::Release)
        .correlation(correlation)
        .act_by(OffsetDateTime::now_utc() + Duration::days(1));
    for (field, text) in statements() {
        draft = draft.statement(field, Footing::Fact, &[0], &text);
    }
    let mut laden = Laden::new(draft.build().unwrap())
        .shown("name in custody news", "KanarieReleased7Qx", None)
        .shown("probation number", "Q739158", None)
        .shown("arrest summons number", "1101ZD0100000410836V", None)
        .shown("movement reason", "KANARIE_7QX", None)
        .shown("correlation", &correlation.to_string(), None);
    for (field, text) in statements() {
        laden = laden.shown(&format!("statement of {}", field.name()), &text, Some(field));
    }
    laden
}

/// The withdrawal of a message.
pub fn withdrawal(earlier: Uuid) -> Laden {
    let person = person("KanarieTakenBack7Qx").identifier(IdentifierType::Noms, NOMS);
    let grounds = grounds(wire::Purpose::OffenderManagement, wire::Gateway::Oma2007S14);
    let reason = "KanarieCorrectionReason7Qx";
    // Why is narrative: shown where an agreement says so, and otherwise said to be withheld.
    let why = Some(Field::Narrative);
    let draft = compose::withdrawal(id(), grounds, person, earlier, reason);
    let mut laden = Laden::new(draft.build().unwrap()).shown("reason of a withdrawal", reason, why);
    // A withdrawal repeats no name: whoever holds the first message holds it already.
    laden.untold.push(Canary::text("name in a withdrawal", "KanarieTakenBack7Qx"));
    laden
}

/// Intelligence from one bureau to another.
pub fn intelligence() -> Laden {
    let person = Person::new(wire::SubjectCategory::Suspect)
        .name("KanarieSuspect7Qx")
        .birth_date("1969-05-28")
        .limited_access(wire::LimitedAccess::No)
        .identifier(IdentifierType::Pnc, "1995/0054321P");
    let grade = Grade {
        scheme: wire::GradingScheme::ThreeFiveTwo,
        written: "2BP".into(),
        conditions: Vec::new(),
    };
    let grounds = grounds(wire::Purpose::CrimePrevention, wire::Gateway::PoliceCommonLaw);
    let topic = wire::IntelligenceTopic::Sighting;
    let draft = compose::intelligence(id(), grounds, grade, topic, "KanarieReference7Qx")
        .person(person)
        .addressee("merseyside-police", "force-intelligence")
        .statement(Field::Narrative, Footing::Opinion, &[0], "KanarieIntelligence7Qx")
        .statement(Field::Sighting, Footing::Fact, &[0], "KanarieSighting7Qx");
    Laden::new(draft.build().unwrap())
        .shown("name in intelligence", "KanarieSuspect7Qx", None)
        .shown("birth date of a suspect", "1969-05-28", None)
        .shown("PNC number", "1995/0054321P", None)
        .shown("originator's reference", "KanarieReference7Qx", None)
        .shown("narrative of intelligence", "KanarieIntelligence7Qx", None)
        .shown("sighting", "KanarieSighting7Qx", None)
}

/// A MAPPA notification to the police's public protection desk.
pub fn mappa() -> Laden {
    let person = person("KanarieMappa7Qx").identifier(IdentifierType::Crn, "Q739454");
    let grounds = grounds(wire::Purpose::PublicProtection, wire::Gateway::Cja2003S325);
    let draft = compose::mappa_notification(id(), grounds, person, 2, 2)
        .addressee("gmp", "public-protection")
        .statement(Field::Risk, Footing::Opinion, &[0], "KanarieMappaRisk7Qx")
        .statement(Field::Narrative, Footing::Opinion, &[0], "KanarieMappaNarrative7Qx");
    Laden::new(draft.build().unwrap())
        .shown("name in a MAPPA notification", "KanarieMappa7Qx", None)
        .shown("probation number in it", "Q739454", None)
        .shown("risk", "KanarieMappaRisk7Qx", None)
        .shown("narrative of a MAPPA notification", "KanarieMappaNarrative7Qx", None)
}

/// Canaries of links, interests and look-ups.
pub fn of_other_calls() -> Vec<Canary> {
    vec![
        Canary::text("reason to list", REASON_LIST),
        Canary::text("reason to explain", REASON_EXPLAIN),
        Canary::text("linked prison number", LINKED_NOMS),
        Canary::text("linked probation number", LINKED_CRN),
        Canary::text("birth date of a link", LINKED_BIRTH),
        Canary::text("NHS number of an interest", INTEREST_NHS),
    ]
}
