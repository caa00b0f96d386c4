//! A flag that stands is changed by a message of its owner: what that may switch off, and what
//! it may not.

use std::time::Duration;

use agency_client::compose::{self, FlagChange, Person};
use agency_client::errors::Refused;
use agency_client::{PublishError, Subscription};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{FLAG_GROUNDS, RELEASE_GROUNDS, World, adult, id, next, now, review_date};

use super::{NAME, NOMS, publish, released};

const WIRRAL: (&str, &str) = ("merseyside-police", "records");
const STOCKPORT: (&str, &str) = ("gmp", "records");
/// Another man's number.
const OTHER_NOMS: &str = "A9310AA";
/// The first man's other number.
const PNC: &str = "2001/0012345H";

/// A change of the man's flag by its owner, without a panel's decision.
async fn change(
    world: &World,
    by: (&str, &str),
    action: wire::FlagAction,
    owner: Option<(&str, &str)>,
) {
    change_of(world, adult(NOMS, NAME), by, action, owner).await;
}

async fn change_of(
    world: &World,
    person: Person,
    by: (&str, &str),
    action: wire::FlagAction,
    owner: Option<(&str, &str)>,
) {
    use wire::FlagAction::{Deselect, Raise, Transfer};
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: owner.map(|(agency, desk)| (agency.to_owned(), desk.to_owned())),
        review_date: review_date(),
        panel_decision: matches!(action, Raise | Deselect | Transfer).then(id),
    };
    let draft = compose::flag(id(), FLAG_GROUNDS, person, change);
    let publisher = world.publisher(by.0, by.1).await;
    publisher.publish(draft.build().unwrap()).await.unwrap();
}

/// What prisons, which may raise no such flag, are told when they say that somebody is a PPO.
async fn told_to_prisons(world: &World, action: wire::FlagAction, noms: &str) -> Refused {
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: None,
        review_date: review_date(),
        panel_decision: Some(id()),
    };
    let message = compose::flag(id(), FLAG_GROUNDS, adult(noms, NAME), change).build().unwrap();
    let prisons = world.publisher("hmpps-prisons", "records").await;
    let Err(PublishError::Refused(refused)) = prisons.publish(message).await else {
        panic!("it must be refused")
    };
    refused
}

/// Whether the flag's owner is told the news of the man's release.
async fn owner_hears(world: &World) -> bool {
    hears_of(world, adult(NOMS, NAME)).await
}

/// Whether Wirral is told the news of a person's release.
async fn hears_of(world: &World, person: Person) -> bool {
    released(world, person).await;
    hears_custody_news(&mut world.mailbox("merseyside-police", "records", "wirral").await).await
}

/// Whether custody news comes, among whatever else.
async fn hears_custody_news(desk: &mut Subscription) -> bool {
    let news = async {
        while let Some(incoming) = desk.next().await {
            if matches!(incoming.unwrap().message.kind, Some(Kind::Custody(_))) {
                return true;
            }
        }
        false
    };
    tokio::time::timeout(Duration::from_secs(5), news).await.unwrap_or(false)
}

#[tokio::test]
async fn a_proposal_does_not_switch_off_a_flag_that_stands() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    change(&world, WIRRAL, wire::FlagAction::Propose, None).await;
    assert!(owner_hears(&world).await);
}

#[tokio::test]
async fn a_flag_does_not_move_to_a_desk_that_does_not_exist() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    change(&world, WIRRAL, wire::FlagAction::Raise, Some(("merseyside-police", "wiral"))).await;
    assert!(owner_hears(&world).await);
}

#[tokio::test]
async fn an_amendment_turns_no_proposal_into_a_flag_without_a_panels_decision() {
    let world = World::shipped().await;
    change(&world, WIRRAL, wire::FlagAction::Propose, None).await;
    change(&world, WIRRAL, wire::FlagAction::Amend, None).await;
    released(&world, adult(NOMS, NAME)).await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    // What a proposal may bring is a task at most, never the news itself.
    while let Ok(Some(Ok(incoming))) =
        tokio::time::timeout(std::time::Duration::from_secs(2), owner.next()).await
    {
        let kind = &incoming.message.kind;
        assert!(!matches!(kind, Some(Kind::Custody(_))));
    }
}

#[tokio::test]
async fn an_amendment_that_names_no_owner_leaves_the_flag_with_whom_it_was() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    change(&world, ("merseyside-police", "intelligence"), wire::FlagAction::Amend, None).await;
    assert!(owner_hears(&world).await);
}

#[tokio::test]
async fn who_may_not_raise_a_flag_is_told_so_alike_whether_or_not_it_stands() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    for action in [wire::FlagAction::Raise, wire::FlagAction::Amend, wire::FlagAction::Deselect] {
        let listed = told_to_prisons(&world, action, NOMS).await;
        let unlisted = told_to_prisons(&world, action, "A9309AA").await;
        assert_eq!(listed, unlisted, "the answer tells nothing of any list");
        let [violation] = listed.violations.as_slice() else { panic!("one field is at fault") };
        assert_eq!(violation.field, "flag.flag_kind");
    }
    assert!(owner_hears(&world).await, "and the flag stands as it stood");
}

#[tokio::test]
async fn nobody_takes_off_or_over_anothers_flag_by_naming_two_mens_numbers() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let both = || adult(OTHER_NOMS, NAME).identifier(wire::IdentifierType::Noms, NOMS);
    for action in [wire::FlagAction::Raise, wire::FlagAction::Amend, wire::FlagAction::Deselect] {
        change_of(&world, both(), STOCKPORT, action, Some(("gmp", "stockport"))).await;
    }
    assert!(owner_hears(&world).await);
}

/// A release of the man that names nobody and no place.
async fn released_to_owners(world: &World) {
    let certainty = wire::CustodyCertainty::Confirmed;
    let man = adult(NOMS, NAME);
    let draft = compose::custody_release(id(), RELEASE_GROUNDS, man, certainty, "FBI", now());
    publish(world, draft).await;
}

#[tokio::test]
async fn each_agencys_flag_stands_by_itself_and_outlasts_the_others() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    change(&world, STOCKPORT, wire::FlagAction::Raise, Some(("gmp", "stockport"))).await;
    world.deselect(adult(NOMS, NAME)).await;
    released_to_owners(&world).await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    assert!(hears_custody_news(&mut stockport).await);
}

#[tokio::test]
async fn whoever_is_given_a_flag_is_told_so() {
    let world = World::shipped().await;
    change(&world, STOCKPORT, wire::FlagAction::Raise, Some(("gmp", "stockport"))).await;
    change(&world, STOCKPORT, wire::FlagAction::Transfer, Some(("merseyside-police", "wirral")))
        .await;
    let mut wirral = world.mailbox("merseyside-police", "records", "wirral").await;
    let heard = next(&mut wirral).await;
    let Some(Kind::Flag(flag)) = heard.message.kind else { panic!("the transfer itself") };
    assert_eq!(flag.action(), wire::FlagAction::Transfer);
}

#[tokio::test]
async fn a_proposal_of_one_agency_does_not_take_off_the_flag_of_another() {
    let world = World::shipped().await;
    change(&world, STOCKPORT, wire::FlagAction::Propose, None).await;
    world.flag(adult(NOMS, NAME)).await;
    change(&world, STOCKPORT, wire::FlagAction::Propose, None).await;
    change(&world, STOCKPORT, wire::FlagAction::Deselect, None).await;
    assert!(owner_hears(&world).await);
}

#[tokio::test]
async fn an_amendment_that_names_fewer_numbers_matches_no_fewer() {
    let world = World::shipped().await;
    let police_number =
        || Person::new(wire::SubjectCategory::Managed).identifier(wire::IdentifierType::Pnc, PNC);
    world.flag(adult(NOMS, NAME).identifier(wire::IdentifierType::Pnc, PNC)).await;
    let person = police_number().name(NAME).birth_date("1988-04-12");
    change_of(&world, person, WIRRAL, wire::FlagAction::Amend, None).await;
    assert!(hears_of(&world, adult(NOMS, "Invented Other Spelling")).await);
}

/// The same man, by his police number alone.
fn by_police_number() -> Person {
    let person = Person::new(wire::SubjectCategory::Managed);
    person.identifier(wire::IdentifierType::Pnc, PNC).name(NAME).birth_date("1988-04-12")
}

/// Both authorities say that the man's two numbers are one person's, or take it back.
async fn link(world: &World, withdrawn: bool) {
    let numbers = ((wire::IdentifierType::Noms, NOMS), (wire::IdentifierType::Pnc, PNC));
    for by in [("hmpps-prisons", "records"), STOCKPORT] {
        world.link(by, numbers, "1988-04-12", withdrawn).await;
    }
}

#[tokio::test]
async fn a_flag_is_taken_off_by_another_number_of_the_person_once_both_authorities_join_them() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let off = wire::FlagAction::Deselect;
    // As long as nobody has joined the numbers, there is no flag by this one.
    change_of(&world, by_police_number(), WIRRAL, off, None).await;
    assert!(owner_hears(&world).await);
    link(&world, false).await;
    change_of(&world, by_police_number(), WIRRAL, off, None).await;
    released_to_owners(&world).await;
    let mut wirral = world.mailbox("merseyside-police", "records", "wirral").await;
    assert!(!hears_custody_news(&mut wirral).await, "the flag is off");
}

/// Stockport puts the man on its list by his prison number, and probation there is told.
async fn probation_is_told(world: &World) -> Subscription {
    let (kind, review) = (wire::FlagKind::Ppo, review_date());
    let draft = compose::flag_raise(id(), FLAG_GROUNDS, adult(NOMS, NAME), kind, &review, id())
        .area("E08000007", wire::AreaRole::Resident);
    let publisher = world.publisher(STOCKPORT.0, STOCKPORT.1).await;
    publisher.publish(draft.build().unwrap()).await.unwrap();
    let mut probation = world.mailbox("probation-greater-manchester", "records", "stockport").await;
    next(&mut probation).await.acknowledge().await.unwrap();
    probation
}

#[tokio::test]
async fn whoever_was_told_of_a_flag_by_one_number_hears_of_its_end_by_another() {
    let world = World::shipped().await;
    let mut probation = probation_is_told(&world).await;
    link(&world, false).await;
    let off = wire::FlagAction::Deselect;
    let person = by_police_number().limited_access(wire::LimitedAccess::No);
    change_of(&world, person, STOCKPORT, off, None).await;
    let heard = next(&mut probation).await;
    let Some(Kind::Flag(flag)) = &heard.message.kind else { panic!("the end of the flag") };
    assert_eq!(flag.action(), off);
    assert!(!heard.message.notice_only);
}

#[tokio::test]
async fn whoever_may_have_no_more_of_it_hears_by_another_number_that_something_came_of_it() {
    let world = World::shipped().await;
    let mut probation = probation_is_told(&world).await;
    link(&world, false).await;
    // Whether access to the record is limited is not said: then nobody is shown anything of it.
    change_of(&world, by_police_number(), STOCKPORT, wire::FlagAction::Deselect, None).await;
    let heard = next(&mut probation).await;
    assert!(heard.message.notice_only);
    assert!(heard.message.subjects.is_empty() && heard.message.statements.is_empty());
}

#[tokio::test]
async fn numbers_that_are_parted_before_it_is_given_show_nobody_by_the_other() {
    let world = World::shipped().await;
    let probation = probation_is_told(&world).await;
    link(&world, false).await;
    probation.close().await.unwrap();
    let person = by_police_number().limited_access(wire::LimitedAccess::No);
    change_of(&world, person, STOCKPORT, wire::FlagAction::Deselect, None).await;
    link(&world, true).await;
    let mut probation = world.mailbox("probation-greater-manchester", "records", "stockport").await;
    let heard = next(&mut probation).await;
    assert!(heard.message.notice_only, "what it holds has changed, and no more is said");
    assert!(heard.message.subjects.is_empty());
}
