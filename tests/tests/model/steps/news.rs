//! What is newly said of somebody: one drawing for each kind of message.

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::exchange::v1::message::Kind;
use tests::draws::Draws;
use time::Duration;
use uuid::Uuid;

use super::{Cast, Sending, Step, man, one_in, person, victim};
use crate::model::{AREA_ROLE, FLAG_ACTIONS};
use crate::town::{
    BEGINS, CHILDREN, DESKS, EAST, HOUSING, NORTH, PRISONS, PROGRAMME, SUPERVISION, WIRRAL,
};

/// Fields of statements that are drawn.
const SAID: [Field; 10] = [
    Field::Narrative,
    Field::Risk,
    Field::Address,
    Field::Employment,
    Field::OffenceClass,
    Field::Sighting,
    Field::ChildConcern,
    Field::Health,
    Field::SoleCarer,
    Field::SpentConviction,
];

pub(super) fn statements(
    subjects: &[wire::Subject],
    round: usize,
    least: usize,
    draws: &mut Draws,
) -> Vec<wire::Statement> {
    let count = u32::try_from(subjects.len()).unwrap();
    let each = (0..least + draws.below(3)).map(|place| {
        let about: Vec<u32> = match draws.below(3) {
            0 if count > 1 => (0..count).collect(),
            1 => vec![count - 1],
            _ => vec![0],
        };
        let mut text = format!("said {place} in step {round}");
        if one_in(4, draws) {
            let last = subjects.last().map(|one| one.name.as_str()).unwrap_or_default();
            text.push_str(&format!(" with {}", last.split(' ').next_back().unwrap_or_default()));
        }
        wire::Statement {
            field: SAID[draws.below(SAID.len())].into(),
            footing: wire::Footing::Fact.into(),
            subjects: about,
            text,
        }
    });
    each.collect()
}

/// Purpose, power and basis.
pub(super) type Grounds = (wire::Purpose, wire::Gateway, wire::LawfulBasis);

pub(super) fn together(from: usize, draws: &mut Draws) -> Grounds {
    let own = DESKS[from].part3 || one_in(10, draws);
    let basis = if own { wire::LawfulBasis::Dpa2018S35Task } else { wire::LawfulBasis::Gdpr61E };
    (wire::Purpose::OffenderManagement, wire::Gateway::Cda1998S115, basis)
}

fn care(from: usize) -> Grounds {
    let part3 = DESKS[from].part3;
    let basis = if part3 { wire::LawfulBasis::Dpa2018S35Task } else { wire::LawfulBasis::Gdpr61C };
    (wire::Purpose::ChildSafeguarding, wire::Gateway::Ca2004S1011, basis)
}

const RELEASES: Grounds =
    (wire::Purpose::Resettlement, wire::Gateway::Oma2007S14, wire::LawfulBasis::Dpa2018S35Task);

const HELP: Grounds =
    (wire::Purpose::Resettlement, wire::Gateway::Consent, wire::LawfulBasis::Dpa2018S35Consent);

fn area(code: &str) -> wire::Area {
    wire::Area { code: code.to_owned(), role: AREA_ROLE.into(), ..wire::Area::default() }
}

pub(super) fn envelope(
    (purpose, gateway, basis): Grounds,
    subjects: Vec<wire::Subject>,
) -> wire::Message {
    wire::Message {
        purpose: purpose.into(),
        gateway: gateway.into(),
        lawful_basis: basis.into(),
        marking: wire::Marking::Official.into(),
        urgency: wire::Urgency::Routine.into(),
        subjects,
        ..wire::Message::default()
    }
}

fn areas(draws: &mut Draws) -> Vec<wire::Area> {
    let codes: &[&str] =
        [&["north"][..], &["north"], &["south"], &["east"], &["north", "south"], &[], &[]]
            [draws.below(7)];
    codes.iter().map(|code| area(code)).collect()
}

fn addressees(draws: &mut Draws) -> Vec<wire::Addressee> {
    let named = (0..draws.below(3)).map(|_| {
        let desk = &DESKS[draws.below(DESKS.len())];
        let one = if one_in(3, draws) { "" } else { desk.desk };
        wire::Addressee { agency: desk.agency.to_owned(), desk: one.to_owned() }
    });
    named.collect()
}

/// Something new.
pub(super) fn news(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    match draws.below(16) {
        0..=3 => custody(cast, round, draws),
        4..=6 => flag(cast, draws),
        7..=8 => intelligence(cast, round, draws),
        9..=10 => enforcement(cast, round, draws),
        11 => drug_test(cast, draws),
        12..=13 => placement(cast, round, draws),
        14 => referral(cast, draws),
        _ => action(cast, round, draws),
    }
}

/// Finishes a message with what any kind may have.
fn sending(from: usize, mut message: wire::Message, kind: Kind, draws: &mut Draws) -> Step {
    message.kind = Some(kind);
    if !one_in(4, draws) {
        message.sensitive_condition = wire::SensitiveCondition::Sch8Statutory.into();
    }
    message.addressees = addressees(draws);
    match draws.below(14) {
        0 => message.handling_conditions = vec![wire::HandlingCondition::AddresseesOnly.into()],
        1 => message.handling_conditions = vec![wire::HandlingCondition::LawEnforcementOnly.into()],
        2 => message.handling_conditions = vec![wire::HandlingCondition::ConsultOriginator.into()],
        3 => message.handling_conditions = vec![wire::HandlingCondition::Covert.into()],
        _ => {}
    }
    if one_in(10, draws) {
        let agency = DESKS[draws.below(DESKS.len())].agency;
        let owner = match &message.kind {
            Some(Kind::Action(action)) => action.owner.as_ref(),
            Some(Kind::Flag(flag)) => flag.owner.as_ref(),
            _ => None,
        };
        if !message.addressees.iter().chain(owner).any(|named| named.agency == agency) {
            message.not_to = vec![agency.to_owned()];
        }
    }
    let patient = matches!(
        message.kind,
        Some(Kind::Custody(_) | Kind::Intelligence(_) | Kind::Enforcement(_) | Kind::Placement(_))
    );
    let not_before = (patient && one_in(8, draws)).then(|| [2, 20, 100][draws.below(3)]);
    let expires = (patient && one_in(8, draws)).then(|| [110, 400][draws.below(2)]);
    Step::Send(Box::new(Sending { from, message, cites: None, not_before, expires }))
}

fn people(cast: &Cast, draws: &mut Draws) -> Vec<wire::Subject> {
    let mut people = vec![man(cast, draws)];
    if one_in(4, draws) {
        people.push(person([&cast.other].into_iter(), (&cast.names[1], cast.births[1]), draws));
    } else if one_in(3, draws) {
        people.push(victim(cast));
    }
    people
}

fn custody(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    let grounds = if one_in(2, draws) { RELEASES } else { together(PRISONS, draws) };
    let mut message = envelope(grounds, people(cast, draws));
    message.areas = areas(draws);
    message.statements = statements(&message.subjects, round, 0, draws);
    use wire::CustodyEvent::{Recall, Reception, Release};
    let provisional = one_in(4, draws);
    let kind = wire::Custody {
        event: [Release, Release, Reception, Recall][draws.below(4)].into(),
        certainty: if provisional {
            wire::CustodyCertainty::Provisional.into()
        } else {
            wire::CustodyCertainty::Confirmed.into()
        },
        prison: "FBI".to_owned(),
        movement_reason: "CR".to_owned(),
        ..wire::Custody::default()
    };
    sending(PRISONS, message, Kind::Custody(kind), draws)
}

fn flag(cast: &Cast, draws: &mut Draws) -> Step {
    let from = [NORTH, NORTH, WIRRAL, SUPERVISION][draws.below(4)];
    let number = &cast.man[[0, 0, 1, 2][draws.below(4)]];
    let subject = person([number].into_iter(), (&cast.names[0], cast.births[0]), draws);
    // Another desk of the sender's owns it, or does no more.
    let owned_elsewhere = from == NORTH && one_in(2, draws);
    let mut message = envelope(together(from, draws), vec![subject]);
    message.areas = if one_in(3, draws) { areas(draws) } else { Vec::new() };
    let dip = from == SUPERVISION && one_in(2, draws);
    let owner = owned_elsewhere.then(|| wire::Addressee {
        agency: DESKS[EAST].agency.to_owned(),
        desk: DESKS[EAST].desk.to_owned(),
    });
    let action = FLAG_ACTIONS[[0, 0, 0, 0, 1, 2, 3][draws.below(7)]];
    let kind = wire::Flag {
        flag_kind: if dip { wire::FlagKind::Dip } else { wire::FlagKind::Ppo }.into(),
        action: action.into(),
        owner,
        review_date: (BEGINS.date() + Duration::days(3_000)).to_string(),
        panel_decision_id: Uuid::from_u128(77).to_string(),
        ..wire::Flag::default()
    };
    sending(from, message, Kind::Flag(kind), draws)
}

fn intelligence(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    use wire::IntelligenceCondition::{A1, A3, S2};
    let from = [NORTH, WIRRAL][draws.below(2)];
    let mut message = envelope(together(from, draws), people(cast, draws));
    message.areas = areas(draws);
    message.statements = statements(&message.subjects, round, 1, draws);
    let conditions: Vec<i32> = match draws.below(6) {
        0 => vec![A1.into()],
        1 => vec![S2.into()],
        2 => vec![A3.into()],
        _ => Vec::new(),
    };
    let kind = wire::Intelligence {
        scheme: wire::GradingScheme::ThreeFiveTwo.into(),
        grade: if conditions.is_empty() { "2BP" } else { "2BC" }.to_owned(),
        conditions,
        originator_reference: "reference (invented)".to_owned(),
        topic: wire::IntelligenceTopic::Briefing.into(),
    };
    sending(from, message, Kind::Intelligence(kind), draws)
}

fn enforcement(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    let from = [SUPERVISION, NORTH][draws.below(2)];
    let grounds = if one_in(2, draws) { care(from) } else { together(from, draws) };
    let mut message = envelope(grounds, people(cast, draws));
    message.areas = areas(draws);
    message.statements = statements(&message.subjects, round, 0, draws);
    let considered = one_in(5, draws);
    let kind = wire::Enforcement {
        matter: wire::EnforcementMatter::Licence.into(),
        step: if considered {
            wire::EnforcementStep::RecallConsidered.into()
        } else {
            wire::EnforcementStep::Breach.into()
        },
        outcome: wire::EnforcementOutcome::Alleged.into(),
        ..wire::Enforcement::default()
    };
    sending(from, message, Kind::Enforcement(kind), draws)
}

fn drug_test(cast: &Cast, draws: &mut Draws) -> Step {
    let mut subject = man(cast, draws);
    subject.birth_date = cast.births[0].to_owned();
    let mut message = envelope(together(NORTH, draws), vec![subject]);
    message.areas = areas(draws);
    let kind = wire::DrugTest {
        stage: wire::DrugTestStage::Charge.into(),
        result: wire::DrugTestResult::Positive.into(),
        substances: vec![wire::DrugTestSubstance::Opiates.into()],
        appropriate_adult: true,
        r#use: if one_in(2, draws) {
            wire::DrugTestUse::Supervision.into()
        } else {
            wire::DrugTestUse::AdviceAndTreatment.into()
        },
        ..wire::DrugTest::default()
    };
    sending(NORTH, message, Kind::DrugTest(kind), draws)
}

fn placement(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    let from = [CHILDREN, SUPERVISION][draws.below(2)];
    let grounds = if one_in(2, draws) { care(from) } else { together(from, draws) };
    let mut message = envelope(grounds, people(cast, draws));
    message.areas = areas(draws);
    message.statements = statements(&message.subjects, round, 0, draws);
    use wire::PlacementSort::{ApprovedPremises, Transitional};
    let kind = wire::Placement {
        sort: [Transitional, Transitional, ApprovedPremises][draws.below(3)].into(),
        step: wire::PlacementStep::Planned.into(),
        ..wire::Placement::default()
    };
    sending(from, message, Kind::Placement(kind), draws)
}

fn referral(cast: &Cast, draws: &mut Draws) -> Step {
    let from = [NORTH, SUPERVISION][draws.below(2)];
    let mut subject = man(cast, draws);
    // What the programme asks of whoever is referred: a grown-up who is managed.
    subject.category = wire::SubjectCategory::Managed.into();
    subject.birth_date = "1988-04-12".to_owned();
    subject.age = 0;
    let mut message = envelope(HELP, vec![subject]);
    message.areas = vec![area("north")];
    let kind = wire::Referral {
        programme: PROGRAMME.to_owned(),
        step: wire::ReferralStep::Made.into(),
        parties: vec![wire::ReferralParty {
            subject: 0,
            role: wire::PartyRole::Participant.into(),
            consent: wire::Consent::Given.into(),
            recorded_on: BEGINS.date().to_string(),
        }],
        ..wire::Referral::default()
    };
    sending(from, message, Kind::Referral(kind), draws)
}

fn action(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    let from = [NORTH, SUPERVISION][draws.below(2)];
    let grounds = if one_in(3, draws) { care(from) } else { together(from, draws) };
    let mut message = envelope(grounds, vec![man(cast, draws)]);
    message.areas = if one_in(2, draws) { areas(draws) } else { Vec::new() };
    message.statements = statements(&message.subjects, round, 0, draws);
    use wire::Pathway::{Accommodation, Control, Health, Relationships};
    let owner = &DESKS[[HOUSING, CHILDREN, SUPERVISION, WIRRAL][draws.below(4)]];
    let kind = wire::Action {
        step: wire::ActionStep::Set.into(),
        pathway: [Accommodation, Health, Control, Relationships][draws.below(4)].into(),
        owner: Some(wire::Addressee {
            agency: owner.agency.to_owned(),
            desk: owner.desk.to_owned(),
        }),
        ..wire::Action::default()
    };
    sending(from, message, Kind::Action(kind), draws)
}
