//! What may be shared with whom, as the law and the town's agreements have it: plain rows and
//! loops, written by hand.
//!
//! Owns the reference's answer to one question: may this desk be told of this person of this
//! message, and without what. Promises to use no rule of the product's. Deliberately does not
//! know: who has a stake, or what was told before.
//!
//! Rules covered: reach of the powers the town uses; basis and regime; addressees only, law
//! enforcement only, consult the originator, covert; children; limited access and the custody
//! minimum; third parties; provisional custody; uses of drug tests; enforcement and recalls
//! considered; pathways; placements; referrals; possible matches and treatment gaps; the duty to
//! correct; classes of fields, the floor, and what permits reveal, withhold, mask and ask.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{Field, FlagKind, Gateway, HandlingCondition, LimitedAccess, TaskKind};
use proto::text::Named as _;
use time::{Duration, OffsetDateTime};

use super::town::{AGREEMENTS, Agreement, BEGINS, DESKS, Desk, Permit};

/// What a desk is asked about a message as: what it is, a correction, or something to settle.
#[expect(clippy::large_enum_variant, reason = "its arms are matched by what is inside")]
#[derive(Clone, PartialEq)]
pub enum Facts {
    Kind(Kind),
    Correction,
    Task(TaskKind),
}

/// Why a desk might be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stake {
    pub addressed: bool,
    pub flag_owner: bool,
    pub in_area: bool,
    pub holder: bool,
}

impl Stake {
    const fn any(self) -> bool {
        self.addressed || self.flag_owner || self.in_area || self.holder
    }
}

/// One person of one message, for one desk.
pub struct Question<'a> {
    pub facts: &'a Facts,
    pub message: &'a wire::Message,
    /// Place of the sending desk.
    pub sender: usize,
    pub subject: &'a wire::Subject,
    pub child: bool,
    /// Lists the person is on.
    pub lists: &'a BTreeSet<FlagKind>,
    /// What the message holds about the person.
    pub fields: &'a BTreeSet<Field>,
    pub stake: Stake,
    pub now: OffsetDateTime,
}

/// What comes with a yes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Granted {
    pub withheld: BTreeSet<Field>,
    pub masked: BTreeSet<Field>,
    pub handling: BTreeSet<HandlingCondition>,
}

/// A permit that matched: what it reveals beyond the ordinary, and what it takes away.
#[derive(Default)]
struct Matched {
    reveal: Vec<Field>,
    /// Whether special fields are revealed to this desk at all.
    special: bool,
    withhold: Vec<Field>,
    show_only: Option<Vec<Field>>,
    mask: Vec<Field>,
    handling: Vec<HandlingCondition>,
}

/// May this desk be told of this person, and without what? `None`: no.
pub fn may(desk: &Desk, asked: &Question<'_>) -> Option<Granted> {
    if *asked.facts != Facts::Correction && forbidden(desk, asked) {
        return None;
    }
    let mut matched = by_law(desk, asked);
    for agreement in AGREEMENTS.iter().filter(|one| stands(one, asked.now)) {
        let mut permits = agreement.permits.iter();
        matched.extend(permits.by_ref().filter_map(|one| by_permit(desk, asked, agreement, one)));
    }
    if matched.is_empty() { None } else { Some(joined(desk, asked, &matched)) }
}

fn stands(agreement: &Agreement, now: OffsetDateTime) -> bool {
    let end = agreement.ends_after.map(|days| (BEGINS.date() + Duration::days(days)).midnight());
    end.is_none_or(|end| now < end.assume_utc())
}

/// The word by which a permit and a desk name what is asked about.
pub fn word(facts: &Facts) -> &'static str {
    match facts {
        Facts::Correction => "correction",
        Facts::Task(_) => "task",
        Facts::Kind(Kind::Intelligence(_)) => "intelligence",
        Facts::Kind(Kind::Custody(_)) => "custody",
        Facts::Kind(Kind::Flag(_)) => "flag",
        Facts::Kind(Kind::DrugTest(_)) => "drug_test",
        Facts::Kind(Kind::Enforcement(_)) => "enforcement",
        Facts::Kind(Kind::Action(_)) => "action",
        Facts::Kind(Kind::Placement(_)) => "placement",
        Facts::Kind(Kind::Referral(_)) => "referral",
        Facts::Kind(Kind::Correction(_)) => "correction",
        Facts::Kind(_) => "no kind of these tests",
    }
}

/// What nobody can agree away.
fn forbidden(desk: &Desk, asked: &Question<'_>) -> bool {
    let Question { message, stake, .. } = asked;
    let sender = &DESKS[asked.sender];
    let handling = |one: HandlingCondition| message.handling_conditions.contains(&(one as i32));
    let police_cleared = desk.kind == "police" && desk.attributes.contains(&"covert");
    let officer = ["police", "probation"].contains(&desk.kind);
    let dpa = [wire::LawfulBasis::Dpa2018S35Task, wire::LawfulBasis::Dpa2018S35Consent];
    let category = asked.subject.category();
    let bystander = !routes(category);
    !reaches(message.gateway(), sender.kind, desk.kind)
        || (!sender.part3 && dpa.contains(&message.lawful_basis()))
        || (handling(HandlingCondition::AddresseesOnly) && !stake.addressed)
        || (handling(HandlingCondition::LawEnforcementOnly) && !desk.part3)
        || (handling(HandlingCondition::ConsultOriginator) && !stake.addressed)
        || (handling(HandlingCondition::Covert) && !police_cleared)
        || (asked.child && !desk.attributes.contains(&"children"))
        || (asked.subject.limited_access() != LimitedAccess::No
            && !desk.attributes.contains(&"limited-access")
            && !minimum(desk, asked))
        || (bystander && !officer)
        || match asked.facts {
            Facts::Kind(kind) => forbidden_kind(desk, asked, kind),
            Facts::Task(task) => forbidden_task(desk, asked, *task),
            Facts::Correction => false,
        }
}

/// Whom a power reaches, of those the town uses.
fn reaches(gateway: Gateway, from: &str, to: &str) -> bool {
    let statutory = ["police", "probation", "prison", "youth_offending", "council"];
    match gateway {
        // s.115: to relevant authorities.
        Gateway::Cda1998S115 => {
            ["police", "probation", "council", "health", "youth_offending"].contains(&to)
        }
        // s.14: between probation or prisons and those listed.
        Gateway::Oma2007S14 => {
            statutory.contains(&from)
                && statutory.contains(&to)
                && ["probation", "prison"].iter().any(|one| [from, to].contains(one))
        }
        // ss.10 and 11: to the local authority and its partners.
        Gateway::Ca2004S1011 => statutory.contains(&to) || to == "health",
        Gateway::Consent => true,
        _ => false,
    }
}

/// Limited access nobody knows: what moved somebody in custody, for police and supervising
/// probation.
fn minimum(desk: &Desk, asked: &Question<'_>) -> bool {
    let moved =
        matches!(asked.facts, Facts::Kind(Kind::Custody(_)) | Facts::Task(TaskKind::AreaUnknown));
    asked.subject.limited_access() == LimitedAccess::Unspecified
        && moved
        && ["prison", "probation"].contains(&DESKS[asked.sender].kind)
        && ["police", "probation"].contains(&desk.kind)
        && desk.part3
        && ["offender_management", "custody"].contains(&desk.function)
        && asked.stake.any()
}

fn forbidden_kind(desk: &Desk, asked: &Question<'_>, kind: &Kind) -> bool {
    let Desk { kind: of, function, .. } = *desk;
    let officer = ["police", "probation"].contains(&of);
    match kind {
        Kind::Intelligence(intelligence) => {
            use wire::IntelligenceCondition::{A1, A2, S2};
            let has = |one| intelligence.conditions().any(|condition| condition == one);
            let cleared = of == "police" && desk.attributes.contains(&"covert");
            (has(S2) && !asked.stake.addressed) || ((has(A1) || has(A2)) && !cleared)
        }
        Kind::Custody(custody) => {
            custody.certainty() == wire::CustodyCertainty::Provisional && !officer
        }
        Kind::DrugTest(test) => match test.r#use() {
            wire::DrugTestUse::Supervision => {
                !((["probation", "prison"].contains(&of)
                    && ["offender_management", "custody"].contains(&function))
                    || (of == "youth_offending" && function == "youth_justice")
                    || (of == "police" && function == "offender_management"))
            }
            wire::DrugTestUse::AdviceAndTreatment => function != "treatment",
            _ => true,
        },
        Kind::Enforcement(enforcement) => {
            let enforces = officer || ["prison", "youth_offending"].contains(&of);
            let considered = enforcement.step() == wire::EnforcementStep::RecallConsidered;
            !(enforces || function == "childrens_services")
                || (considered && !(officer && function == "offender_management"))
        }
        Kind::Action(action) => match action.pathway() {
            wire::Pathway::Control => !desk.part3,
            wire::Pathway::Health => {
                ["housing", "mentoring"].contains(&function) || of == "voluntary"
            }
            _ => false,
        },
        Kind::Placement(placement) => {
            let concern = placement.step() == wire::PlacementStep::Concern;
            let premises = placement.sort() == wire::PlacementSort::ApprovedPremises;
            (concern && !["childrens_services", "youth_justice"].contains(&function))
                || (premises && !(officer && function == "offender_management"))
        }
        Kind::Referral(_) => !(asked.stake.addressed || asked.stake.holder),
        _ => false,
    }
}

fn forbidden_task(desk: &Desk, asked: &Question<'_>, task: TaskKind) -> bool {
    let Desk { kind, function, .. } = *desk;
    match task {
        TaskKind::PossibleMatch => !asked.stake.flag_owner,
        TaskKind::TreatmentGap => {
            !(["police", "probation", "council"].contains(&kind)
                && function == "offender_management")
        }
        _ => false,
    }
}

/// Victims, witnesses, associates and others are no reason for anybody to hear.
pub fn routes(category: wire::SubjectCategory) -> bool {
    use wire::SubjectCategory::{Convicted, Managed, Suspect};
    [Suspect, Convicted, Managed].contains(&category)
}

/// What stands without an agreement.
fn by_law(desk: &Desk, asked: &Question<'_>) -> Vec<Matched> {
    let mut matched = Vec::new();
    let of_register = [Field::HmppsIdentifiers, Field::PoliceIdentifiers, Field::CustodyPrison];
    let managed = routes(asked.subject.category());
    let no_onward = vec![HandlingCondition::NoOnward];
    if minimum(desk, asked) && managed {
        let mut shown = of_register.to_vec();
        shown.push(Field::CustodyReason);
        matched.push(Matched {
            show_only: Some(shown),
            handling: no_onward.clone(),
            ..Matched::default()
        });
    }
    match asked.facts {
        Facts::Correction => {
            matched.push(Matched { show_only: Some(vec![Field::Narrative]), ..Matched::default() })
        }
        Facts::Task(_) if asked.stake.flag_owner && managed && desk.part3 => {
            let mut shown = of_register.to_vec();
            shown.extend([Field::SubjectName, Field::SubjectBirthDate]);
            matched.push(Matched {
                show_only: Some(shown),
                handling: no_onward,
                ..Matched::default()
            });
        }
        Facts::Task(_) | Facts::Kind(_) => {}
    }
    matched
}

fn by_permit(
    desk: &Desk,
    asked: &Question<'_>,
    agreement: &Agreement,
    permit: &Permit,
) -> Option<Matched> {
    let Question { message, stake, .. } = asked;
    let party = |agency: &str| agreement.parties.iter().find(|(id, ..)| *id == agency);
    let (_, basis, conditions) = party(desk.agency)?;
    party(DESKS[asked.sender].agency)?;
    let stakes = [
        ("addressed", stake.addressed),
        ("flag_owner", stake.flag_owner),
        ("in_area", stake.in_area),
        ("holder", stake.holder),
    ];
    let holds = permit.kinds.contains(&word(asked.facts))
        && permit.to_kinds.contains(&desk.kind)
        && permit.to_functions.contains(&desk.function)
        && (desk.part3 || *basis)
        && message.purpose() == agreement.purpose
        && message.gateway() == agreement.gateway
        && agreement.bases.contains(&message.lawful_basis())
        && permit.categories.contains(&&*asked.subject.category().name())
        && stakes.iter().any(|(name, has)| *has && permit.stake.contains(name))
        && (permit.under_18 || !asked.child)
        && (permit.flags_any.is_empty()
            || asked.lists.iter().any(|list| permit.flags_any.contains(&&*list.name())))
        && permit.only.is_none_or(|(key, words)| words.contains(&&*fact(asked.facts, key)));
    let handling = permit.handling.iter().filter_map(|one| HandlingCondition::from_name(one));
    holds.then(|| Matched {
        reveal: permit.reveal.to_vec(),
        special: desk.part3 || *conditions,
        withhold: permit.withhold.to_vec(),
        show_only: None,
        mask: permit.mask.to_vec(),
        handling: handling.collect(),
    })
}

fn fact(facts: &Facts, key: &str) -> String {
    match (facts, key) {
        (Facts::Kind(Kind::Custody(custody)), "custody_events") => custody.event().name(),
        (Facts::Kind(Kind::Action(action)), "pathways") => action.pathway().name(),
        _ => String::new(),
    }
}

/// What is left once all permits that matched are joined: what one withholds is withheld.
fn joined(desk: &Desk, asked: &Question<'_>, matched: &[Matched]) -> Granted {
    let condition = asked.message.sensitive_condition() != wire::SensitiveCondition::Unspecified;
    let reveals = |permit: &Matched, field: Field| match class(field) {
        Class::Ordinary => true,
        Class::Sensitive => permit.reveal.contains(&field),
        Class::Special => permit.reveal.contains(&field) && permit.special && condition,
    };
    let takes_away = |permit: &Matched, field: Field| {
        permit.withhold.contains(&field)
            || permit.show_only.as_ref().is_some_and(|only| !only.contains(&field))
    };
    let shown = |field: Field| {
        !never(desk, field)
            && matched.iter().any(|permit| reveals(permit, field))
            && !matched.iter().any(|permit| takes_away(permit, field))
    };
    let (open, withheld): (BTreeSet<Field>, BTreeSet<Field>) =
        asked.fields.iter().copied().partition(|field| shown(*field));
    let masks = |field: &Field| matched.iter().any(|permit| permit.mask.contains(field));
    let mut handling: BTreeSet<HandlingCondition> =
        matched.iter().flat_map(|permit| permit.handling.iter().copied()).collect();
    if let Facts::Kind(Kind::Intelligence(intelligence)) = asked.facts {
        for condition in intelligence.conditions() {
            use wire::IntelligenceCondition::{A1, A2, S2};
            handling.extend(match condition {
                A1 | A2 => Some(HandlingCondition::Covert),
                S2 => Some(HandlingCondition::ConsultOriginator),
                _ => None,
            });
        }
    }
    Granted { withheld, masked: open.into_iter().filter(masks).collect(), handling }
}

enum Class {
    Ordinary,
    Sensitive,
    Special,
}

/// How sensitive a field is.
fn class(field: Field) -> Class {
    match field {
        Field::SubjectName
        | Field::SubjectBirthDate
        | Field::PoliceIdentifiers
        | Field::HmppsIdentifiers
        | Field::CustodyPrison
        | Field::CustodyReason
        | Field::FlagDetail
        | Field::EnforcementDetail
        | Field::ActionPathway
        | Field::PlacementDetail
        | Field::OffenceClass
        | Field::Address
        | Field::Sighting
        | Field::Employment => Class::Ordinary,
        Field::OriginatorReference
        | Field::ReferralProgramme
        | Field::Consent
        | Field::SpentConviction
        | Field::SoleCarer => Class::Sensitive,
        _ => Class::Special,
    }
}

/// What a desk is never shown, whatever was agreed, of the fields of these tests.
fn never(desk: &Desk, field: Field) -> bool {
    use Field::{
        ChildConcern, Consent, DrugTestResult, EnforcementDetail, FlagDetail, Health,
        HmppsIdentifiers, OriginatorReference, PlacementDetail, PoliceIdentifiers, Risk, Sighting,
        SoleCarer, SpentConviction,
    };
    let list: &[Field] = match desk.desk {
        "north" | "east" | "wirral" => &[Consent, SoleCarer, Health],
        "intel" => &[Consent, SoleCarer, Health, DrugTestResult, ChildConcern],
        "supervision" => &[Consent, SoleCarer, Health, OriginatorReference],
        "movements" => &[Consent, SoleCarer, OriginatorReference, ChildConcern],
        "children" => &[Consent, PoliceIdentifiers, DrugTestResult, Sighting, OriginatorReference],
        "housing" => &[
            Consent,
            PoliceIdentifiers,
            FlagDetail,
            SpentConviction,
            DrugTestResult,
            EnforcementDetail,
            Sighting,
            OriginatorReference,
            SoleCarer,
            Health,
            ChildConcern,
        ],
        "youth" => &[Consent, SoleCarer, OriginatorReference, Health],
        "treatment" => &[
            Consent,
            PoliceIdentifiers,
            EnforcementDetail,
            Sighting,
            OriginatorReference,
            SoleCarer,
            ChildConcern,
        ],
        "mentors" => &[
            Consent,
            PoliceIdentifiers,
            HmppsIdentifiers,
            Risk,
            PlacementDetail,
            FlagDetail,
            SpentConviction,
            DrugTestResult,
            EnforcementDetail,
            Sighting,
            OriginatorReference,
            SoleCarer,
            Health,
            ChildConcern,
        ],
        other => panic!("a desk of no town: {other}"),
    };
    list.contains(&field)
}
