//! What drafts of actions, placements and referrals insist on.

use super::*;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{Consent, PartyRole, Pathway, ReferralStep};

fn given(day: &str) -> Agreement {
    Agreement::Given(day.to_owned())
}

#[test]
fn an_action_that_is_set_names_a_desk_and_a_day() {
    let by = datetime!(2026-03-09 09:00 UTC);
    let of = |pathway, owner| action(Uuid::from_u128(1), GROUNDS, managed(), pathway, owner, by);
    let message = of(Pathway::Employment, ("gmp", "stockport")).build().unwrap();
    assert!(message.act_by.is_some() && message.in_reply_to.is_empty());
    assert_eq!(
        fields(of(Pathway::Unspecified, ("gmp", ""))),
        ["action.owner.desk", "action.pathway"]
    );
}

#[test]
fn the_owner_of_an_action_reports_by_the_release_under_which_it_came() {
    let came = ReleaseId::new(&[3; 16]).unwrap();
    let (id, report) = (Uuid::from_u128(1), ActionReport::Done);
    let draft = action_report(id, GROUNDS, managed(), Pathway::Health, came, report);
    let message = draft.build().unwrap();
    assert_eq!(message.in_reply_to.to_vec(), [3; 16]);
    let Some(Kind::Action(action)) = message.kind else { unreachable!() };
    assert!(action.settles_message_id.is_empty() && action.owner.is_none());
}

#[test]
fn the_placement_of_a_child_names_where_it_belongs_and_where_it_goes() {
    let from = ChildsArea::Designated("E08000015".into());
    let news = PlacementNews {
        place: Place::LookedAfter { from, within: PlacedIn::HostArea("E08000007".into()) },
        change: PlacementChange::Started(None),
        emergency: false,
        starts_on: "2026-03-02".into(),
        ends_on: String::new(),
    };
    let child = Person::new(SubjectCategory::Suspect).age(AgeAssertion::Child);
    let message = placement(Uuid::from_u128(1), GROUNDS, child, news).build().unwrap();
    let areas: Vec<_> = message.areas.iter().map(|area| (&*area.code, area.role())).collect();
    assert_eq!(areas, [("E08000015", AreaRole::Designated), ("E08000007", AreaRole::Host)]);
}

fn placed(person: Person, place: Place) -> Draft {
    let news = PlacementNews {
        place,
        change: PlacementChange::Planned,
        emergency: false,
        starts_on: "2026-03-02".into(),
        ends_on: String::new(),
    };
    placement(Uuid::from_u128(1), GROUNDS, person, news)
}

#[test]
fn a_child_placed_in_its_own_area_lives_there_and_one_remanded_has_a_designated_authority() {
    let roles = |draft: Draft| {
        let areas = draft.build().unwrap().areas;
        areas.iter().map(|area| (area.code.clone(), area.role())).collect::<Vec<_>>()
    };
    let from = ChildsArea::Home("E08000015".into());
    let own = Place::LookedAfter { from, within: PlacedIn::OwnArea };
    assert_eq!(
        roles(placed(managed(), own)),
        [("E08000015".into(), AreaRole::Home), ("E08000015".into(), AreaRole::Resident)]
    );
    let remand = Place::ChildRemand { designated: "E08000007".into() };
    assert_eq!(roles(placed(managed(), remand)), [("E08000007".into(), AreaRole::Designated)]);
}

#[test]
fn no_plan_is_an_emergency_and_no_victim_is_sent_to_approved_premises() {
    let news = PlacementNews {
        place: Place::ApprovedPremises,
        change: PlacementChange::Planned,
        emergency: true,
        starts_on: "2026-03-02".into(),
        ends_on: String::new(),
    };
    let victim = Person::new(SubjectCategory::Victim);
    let draft = placement(Uuid::from_u128(1), GROUNDS, victim, news);
    assert_eq!(fields(draft), ["placement.emergency", "subjects[0].category"]);
}

#[test]
fn a_victim_is_named_only_as_a_harmed_party() {
    let referred = Referred {
        programme: "rj".into(),
        restorative_level: 2,
        agreement: None,
        parties: Vec::new(),
    };
    let draft = referral(Uuid::from_u128(1), GROUNDS, managed(), referred)
        .person(Person::new(SubjectCategory::Victim));
    assert_eq!(fields(draft), ["subjects[1]"]);
}

#[test]
fn a_placement_that_ends_names_its_last_day() {
    let news = PlacementNews {
        place: Place::ApprovedPremises,
        change: PlacementChange::Ended(Earlier::Own(Uuid::from_u128(2))),
        emergency: false,
        starts_on: "2026-03-02".into(),
        ends_on: String::new(),
    };
    let draft = placement(Uuid::from_u128(1), GROUNDS, managed(), news);
    assert_eq!(fields(draft), ["placement.ends_on"]);
}

#[test]
fn everybody_in_a_referral_is_a_subject_at_the_place_the_party_names() {
    let victim = Person::new(SubjectCategory::Victim).name("Invented Harmed");
    let parent = Person::new(SubjectCategory::Other).name("Invented Parent");
    let referred = Referred {
        programme: "restorative-justice".into(),
        restorative_level: 2,
        agreement: Some(given("2026-03-02")),
        parties: vec![
            Party::parent(parent, Agreement::NotAsked),
            Party::harmed(victim, "2026-03-03"),
        ],
    };
    let message = referral(Uuid::from_u128(1), GROUNDS, managed(), referred).build().unwrap();
    let Some(Kind::Referral(made)) = &message.kind else { unreachable!() };
    let parties: Vec<_> = made
        .parties
        .iter()
        .map(|party| (party.subject, party.role(), party.consent(), &*party.recorded_on))
        .collect();
    assert_eq!(
        parties,
        [
            (0, PartyRole::Participant, Consent::Given, "2026-03-02"),
            (1, PartyRole::Parent, Consent::NotAsked, ""),
            (2, PartyRole::Harmed, Consent::Given, "2026-03-03"),
        ]
    );
    let names: Vec<_> = message.subjects.iter().map(|subject| &*subject.name).collect();
    assert_eq!(names, ["", "Invented Parent", "Invented Harmed"]);
}

#[test]
fn whoever_was_asked_was_asked_on_a_day() {
    let referred = Referred {
        programme: "loto".into(),
        restorative_level: 0,
        agreement: Some(given("")),
        parties: Vec::new(),
    };
    let draft = referral(Uuid::from_u128(1), GROUNDS, managed(), referred);
    assert_eq!(fields(draft), ["referral.parties[0].recorded_on"]);
}

#[test]
fn a_street_disposal_is_recorded_as_completed_and_never_referred() {
    let referred = Referred {
        programme: "rj".into(),
        restorative_level: 1,
        agreement: None,
        parties: Vec::new(),
    };
    let draft = referral(Uuid::from_u128(1), GROUNDS, managed(), referred.clone());
    assert_eq!(fields(draft), ["referral.restorative_level"]);
    let draft = street_disposal(Uuid::from_u128(1), GROUNDS, managed(), referred);
    let Some(Kind::Referral(made)) = draft.build().unwrap().kind else { unreachable!() };
    assert_eq!((made.step(), made.restorative_level), (ReferralStep::Completed, 1));
}

#[test]
fn nobody_is_told_why_a_referral_does_not_proceed() {
    let progress = ReferralProgress::NotProceeding(Earlier::Own(Uuid::from_u128(2)));
    let draft = || referral_progress(Uuid::from_u128(1), GROUNDS, managed(), "loto", 0, progress);
    assert!(draft().build().is_ok());
    let told = draft().statement(Field::Narrative, Footing::Fact, &[0], "changed their mind");
    assert_eq!(fields(told), ["statements"]);
}
