//! Numbers that turn out to be one person's, and numbers that turn out not to be.

use std::collections::BTreeSet;

use agency_client::compose::{self, Person, Remedy};
use agency_client::{Incoming, PublishError};
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{CorrectionAction, IdentifierType};
use proto::refusal::Refusal;
use tests::world::{World, adult, id, review_date};
use uuid::Uuid;

use super::town::{
    ALL, Agreed, CHILDREN, DIVISION, EAST, GROUNDS, HOUSING, NAME, NORTH, PRISONS, SUPERVISION,
    WIRRAL, action_of, ends_for, hearing_of, lives_at, nothing_for, open, send, taken, takes, town,
};

/// Another name, so that nobody is asked whether the two are one.
const NAMESAKE: &str = "Invented Alias";
const LEADING: &str = "A9611AA";
const OTHER: &str = "A9612AA";
const PNC: &str = "1995/0054321P";
const OTHER_PNC: &str = "1996/0054322F";

fn nobody_yet() -> Person {
    Person::new(wire::SubjectCategory::Managed)
}

fn merge() -> compose::Draft {
    compose::merge(id(), GROUNDS, nobody_yet().name(NAME), IdentifierType::Noms, LEADING, OTHER)
}

fn unmerge() -> compose::Draft {
    let (one, other) = ((nobody_yet().name(NAME), LEADING), (nobody_yet(), OTHER));
    compose::unmerge(id(), GROUNDS, IdentifierType::Noms, one, other)
}

/// The numbers a notice names, person by person.
fn numbers(came: &Incoming) -> Vec<Vec<&str>> {
    assert!(came.message.subjects.iter().all(|one| one.name.is_empty()), "named again to nobody");
    assert_eq!(came.message.areas, [], "nor placed");
    came.message
        .subjects
        .iter()
        .map(|one| one.identifiers.iter().map(|number| number.value.as_str()).collect())
        .collect()
}

/// Of what it was given, the references a notice names.
fn concerns(came: &Incoming, given: &[&Incoming]) {
    let named: BTreeSet<Bytes> = came.message.concerns.iter().cloned().collect();
    let own: BTreeSet<Bytes> = given.iter().map(|one| one.delivery.reference.clone()).collect();
    assert_eq!(named, own);
    assert_eq!(came.message.concerns.len(), own.len(), "each once");
}

#[tokio::test]
async fn a_merge_reaches_whoever_was_told_of_either_number_and_shows_each_only_its_own() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME));
    send(&world, DIVISION, of(LEADING).addressee(WIRRAL.0, "").addressee(CHILDREN.0, "")).await;
    send(&world, DIVISION, of(OTHER).addressee(WIRRAL.0, "").addressee(HOUSING.0, "")).await;
    // East has something waiting for it and will never come for it.
    send(&world, DIVISION, of(OTHER).addressee(EAST.0, EAST.1)).await;
    let mut wirral = open(&world, WIRRAL).await;
    let first = taken(&mut wirral).await;
    let second = taken(&mut wirral).await;
    wirral.close().await.unwrap();
    let (children, housing) = (takes(&world, CHILDREN).await, takes(&world, HOUSING).await);

    for (news, action) in
        [(merge(), CorrectionAction::Merge), (unmerge(), CorrectionAction::Unmerge)]
    {
        let parted = action == CorrectionAction::Unmerge;
        send(&world, PRISONS, news.area(NORTH, wire::AreaRole::Resident)).await;
        let came = takes(&world, WIRRAL).await;
        assert_eq!(action_of(&came), action);
        let both: &[&[&str]] = if parted { &[&[LEADING], &[OTHER]] } else { &[&[LEADING, OTHER]] };
        assert_eq!(numbers(&came), both);
        let came = takes(&world, CHILDREN).await;
        let first_only: &[&[&str]] = if parted { &[&[LEADING], &[]] } else { &[&[LEADING]] };
        assert_eq!(numbers(&came), first_only);
        let came = takes(&world, HOUSING).await;
        let other_only: &[&[&str]] = if parted { &[&[], &[OTHER]] } else { &[&[OTHER]] };
        assert_eq!(numbers(&came), other_only);
        concerns(&came, &[&housing]);
        nothing_for(&world, &[SUPERVISION, DIVISION]).await;
    }
    assert_ne!(first.delivery.reference, second.delivery.reference);
    assert_ne!(children.delivery.reference, housing.delivery.reference);
}

/// What was on record when the numbers were joined and is fetched afterwards is followed by the
/// notice: otherwise its desk would go on under a number that is another's.
#[tokio::test]
async fn who_fetches_a_message_after_its_numbers_were_joined_or_parted_is_told_of_that_as_well() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME));
    send(&world, DIVISION, of(OTHER).addressee(SUPERVISION.0, "").addressee(EAST.0, EAST.1)).await;
    send(&world, PRISONS, merge()).await;
    nothing_for(&world, &[WIRRAL]).await;
    let mut supervision = open(&world, SUPERVISION).await;
    let news = taken(&mut supervision).await;
    assert_eq!(news.message.statements.len(), 1);
    let came = taken(&mut supervision).await;
    assert_eq!(action_of(&came), CorrectionAction::Merge);
    assert_eq!(numbers(&came), [[OTHER]], "and not the number it never had");
    concerns(&came, &[&news]);
    supervision.close().await.unwrap();
    // East comes only when they have been parted again: it hears of both, in that order.
    send(&world, PRISONS, unmerge()).await;
    assert_eq!(action_of(&takes(&world, SUPERVISION).await), CorrectionAction::Unmerge);
    let mut east = open(&world, EAST).await;
    let news = taken(&mut east).await;
    for action in [CorrectionAction::Merge, CorrectionAction::Unmerge] {
        let came = taken(&mut east).await;
        assert_eq!(action_of(&came), action);
        concerns(&came, &[&news]);
    }
    nothing_for(&world, &[SUPERVISION, WIRRAL, CHILDREN, HOUSING]).await;
}

/// It was told of the merge by what it had then; what it fetches afterwards it must be told of too.
#[tokio::test]
async fn who_is_told_of_a_merge_and_fetches_more_is_told_once_more_of_all_it_has() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME)).addressee(WIRRAL.0, "");
    send(&world, DIVISION, of(LEADING)).await;
    let first = takes(&world, WIRRAL).await;
    send(&world, DIVISION, of(OTHER)).await;
    let merge = send(&world, PRISONS, merge()).await.to_string();
    let told =
        async || world.records("decided").iter().filter(|one| one["message"] == merge).count();
    world.until("it is told of the first", async || told().await == 2).await;
    let mut wirral = open(&world, WIRRAL).await;
    let second = taken(&mut wirral).await;
    // The notice that was waiting, and the one that follows what was fetched.
    taken(&mut wirral).await;
    let told = taken(&mut wirral).await;
    concerns(&told, &[&first, &second]);
    assert_eq!(numbers(&told), [[LEADING, OTHER]]);
    wirral.close().await.unwrap();
    nothing_for(&world, &[WIRRAL]).await;
}

/// Its sender wrote it by what it knew then. Whoever reads it is to know whose the number is: otherwise
/// it could be told that two numbers part of which it was never told that they are one.
#[tokio::test]
async fn who_is_given_a_message_under_a_number_that_leads_no_more_is_told_of_the_merge_once() {
    let world = town().await;
    let person = adult(LEADING, NAME);
    let flag =
        compose::flag_raise(id(), GROUNDS, person, wire::FlagKind::Ppo, &review_date(), id());
    send(&world, WIRRAL, flag).await;
    send(&world, DIVISION, hearing_of(id(), adult(LEADING, NAME)).addressee(CHILDREN.0, "")).await;
    takes(&world, WIRRAL).await;
    takes(&world, CHILDREN).await;
    send(&world, PRISONS, merge()).await;
    for desk in [WIRRAL, CHILDREN] {
        assert_eq!(numbers(&takes(&world, desk).await), [[LEADING]], "what it has, and no more");
    }
    // To one that is connected and to one that fetches it later.
    let mut wirral = open(&world, WIRRAL).await;
    let news = || hearing_of(id(), adult(OTHER, NAMESAKE));
    send(&world, DIVISION, news().addressee(CHILDREN.0, "").addressee(HOUSING.0, "")).await;
    let given = taken(&mut wirral).await;
    assert!(matches!(given.message.kind, Some(Kind::Court(_))));
    let told = taken(&mut wirral).await;
    assert_eq!(action_of(&told), CorrectionAction::Merge);
    assert_eq!(numbers(&told), [[LEADING, OTHER]], "it has both now");
    wirral.close().await.unwrap();
    let mut children = open(&world, CHILDREN).await;
    taken(&mut children).await;
    assert_eq!(numbers(&taken(&mut children).await), [[LEADING, OTHER]]);
    children.close().await.unwrap();
    let mut housing = open(&world, HOUSING).await;
    let given = taken(&mut housing).await;
    let told = taken(&mut housing).await;
    assert_eq!(numbers(&told), [[OTHER]], "and not the number it never had");
    concerns(&told, &[&given]);
    housing.close().await.unwrap();
    // It knows by now.
    send(&world, DIVISION, news().addressee(HOUSING.0, "")).await;
    assert!(matches!(takes(&world, HOUSING).await.message.kind, Some(Kind::Court(_))));
    takes(&world, WIRRAL).await;
    nothing_for(&world, &[WIRRAL, CHILDREN, HOUSING, SUPERVISION]).await;
}

#[tokio::test]
async fn news_under_the_number_that_leads_or_under_one_that_was_parted_is_followed_by_no_notice() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME)).addressee(HOUSING.0, "");
    send(&world, PRISONS, merge()).await;
    send(&world, DIVISION, of(LEADING)).await;
    takes(&world, HOUSING).await;
    nothing_for(&world, &[HOUSING]).await;
    send(&world, PRISONS, unmerge()).await;
    assert_eq!(action_of(&takes(&world, HOUSING).await), CorrectionAction::Unmerge);
    send(&world, DIVISION, of(OTHER)).await;
    takes(&world, HOUSING).await;
    nothing_for(&world, &[HOUSING, WIRRAL]).await;
}

/// A merge that a broker accepts and then stops before anybody is told.
#[tokio::test]
async fn a_merge_is_told_although_the_broker_stops_right_after_it() {
    let mut world = town().await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    let given = takes(&world, HOUSING).await;
    send(&world, PRISONS, merge()).await;
    world.crash().await;
    world.start().await;
    concerns(&takes(&world, HOUSING).await, &[&given]);
    nothing_for(&world, &[HOUSING, WIRRAL]).await;
}

/// Its sender is answered before anybody looks for holders: its entry is the same whatever there is.
#[tokio::test]
async fn a_merge_is_accepted_in_the_same_way_whatever_is_held() {
    let world = town().await;
    for held in [false, true] {
        if held {
            let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
            send(&world, DIVISION, told).await;
            takes(&world, HOUSING).await;
        }
        let merge = send(&world, PRISONS, merge()).await;
        let decided = world.records("decided");
        let of_merge = |record: &&serde_json::Value| record["message"] == merge.to_string();
        let first = decided.iter().find(of_merge).unwrap();
        assert_eq!(first["candidates"], serde_json::json!([]), "held: {held}");
    }
    assert_eq!(action_of(&takes(&world, HOUSING).await), CorrectionAction::Merge);
}

/// An agreement may show corrections in full. A notice of a merge shows the numbers that were known
/// before it all the same, and the notice after it too.
#[tokio::test]
async fn what_a_merge_did_not_show_no_later_parting_shows() {
    let world = World::with(Agreed { to: ALL, more: "" }.with_corrections()).await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME));
    send(&world, DIVISION, of(LEADING).addressee(CHILDREN.0, "")).await;
    takes(&world, CHILDREN).await;
    send(&world, PRISONS, merge()).await;
    let came = takes(&world, CHILDREN).await;
    assert_eq!(came.message.subjects[0].identifiers.len(), 1);
    send(&world, PRISONS, unmerge()).await;
    let came = takes(&world, CHILDREN).await;
    let shown: Vec<usize> = came.message.subjects.iter().map(|one| one.identifiers.len()).collect();
    assert_eq!(shown, [1, 0]);
}

/// Something is added to a merge, which names both its numbers once more.
fn added_to(merge: Uuid) -> compose::Draft {
    let noms = IdentifierType::Noms;
    let person = nobody_yet().identifier(noms, LEADING).identifier(noms, OTHER);
    let remedy = Remedy::Supplement(lives_at("2 Invented Row"));
    compose::correction(id(), GROUNDS, person, merge, "the file was found", remedy)
}

/// Whoever reads it was told of the merge. That it comes at once or is fetched makes no difference, and a later
/// parting names what it holds of the person himself.
#[tokio::test]
async fn what_is_added_to_a_merge_brings_nobody_word_of_the_merge_once_more() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME));
    let told = of(LEADING).addressee(HOUSING.0, "").addressee(CHILDREN.0, "");
    send(&world, DIVISION, told).await;
    let given = [takes(&world, CHILDREN).await, takes(&world, HOUSING).await];
    let merge = send(&world, PRISONS, merge()).await;
    let notices = [takes(&world, CHILDREN).await, takes(&world, HOUSING).await];
    let mut children = open(&world, CHILDREN).await;
    let added = send(&world, PRISONS, added_to(merge)).await;
    // And to that something more.
    send(&world, PRISONS, added_to(added)).await;
    for action in [CorrectionAction::Supplement; 2] {
        assert_eq!(action_of(&taken(&mut children).await), action);
    }
    children.close().await.unwrap();
    let mut housing = open(&world, HOUSING).await;
    let first = taken(&mut housing).await;
    assert_eq!(action_of(&first), CorrectionAction::Supplement);
    assert_eq!(first.delivery.settles_reference, notices[1].delivery.reference);
    assert_eq!(action_of(&taken(&mut housing).await), CorrectionAction::Supplement);
    housing.close().await.unwrap();
    nothing_for(&world, &[CHILDREN, HOUSING]).await;
    send(&world, PRISONS, unmerge()).await;
    for (desk, given) in [CHILDREN, HOUSING].into_iter().zip(&given) {
        concerns(&takes(&world, desk).await, &[given]);
    }
    nothing_for(&world, &[WIRRAL, SUPERVISION, EAST]).await;
}

/// It names both numbers, and an agreement may show corrections in full: what follows a merge would
/// tell what the merge did not.
#[tokio::test]
async fn what_is_added_to_a_merge_or_takes_it_back_shows_no_number() {
    let world = World::with(Agreed { to: ALL, more: "" }.with_corrections()).await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(CHILDREN.0, "");
    send(&world, DIVISION, told).await;
    takes(&world, CHILDREN).await;
    let merge = send(&world, PRISONS, merge()).await;
    let notice = takes(&world, CHILDREN).await;
    assert_eq!(numbers(&notice), [[LEADING]]);
    send(&world, PRISONS, added_to(merge)).await;
    let more = takes(&world, CHILDREN).await;
    assert!(!more.message.notice_only);
    assert_eq!(numbers(&more), [[""; 0]]);
    assert_eq!(more.delivery.settles_reference, notice.delivery.reference);
    let noms = IdentifierType::Noms;
    let both = nobody_yet().identifier(noms, LEADING).identifier(noms, OTHER);
    let back = compose::correction(id(), GROUNDS, both, merge, "another man", Remedy::Withdraw);
    send(&world, PRISONS, back).await;
    let gone = takes(&world, CHILDREN).await;
    assert_eq!(action_of(&gone), CorrectionAction::Withdraw);
    assert_eq!(numbers(&gone), [[""; 0]]);
    assert_eq!(gone.delivery.settles_reference, notice.delivery.reference);
}

/// Its sender knows both numbers. Whoever is given it hears of the merge, at once as well as later:
/// of the parting it would else hear first.
#[tokio::test]
async fn who_is_given_a_message_under_both_numbers_of_a_merge_is_told_of_the_merge() {
    let world = town().await;
    send(&world, PRISONS, merge()).await;
    let both = adult(LEADING, NAME).identifier(IdentifierType::Noms, OTHER);
    let mut children = open(&world, CHILDREN).await;
    let told = hearing_of(id(), both).addressee(CHILDREN.0, "").addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    let given = taken(&mut children).await;
    let notice = taken(&mut children).await;
    assert_eq!(numbers(&notice), [[LEADING, OTHER]]);
    concerns(&notice, &[&given]);
    children.close().await.unwrap();
    let mut housing = open(&world, HOUSING).await;
    let given = taken(&mut housing).await;
    let notice = taken(&mut housing).await;
    assert_eq!(numbers(&notice), [[LEADING, OTHER]]);
    concerns(&notice, &[&given]);
    housing.close().await.unwrap();
    nothing_for(&world, &[CHILDREN, HOUSING]).await;
}

#[tokio::test]
async fn a_merge_names_to_each_all_that_it_was_given_about_either() {
    let world = town().await;
    let of = |noms: &str| hearing_of(id(), adult(noms, NAME)).addressee(WIRRAL.0, "");
    let mut given = Vec::new();
    for noms in [LEADING, OTHER, LEADING] {
        send(&world, DIVISION, of(noms)).await;
        given.push(takes(&world, WIRRAL).await);
    }
    send(&world, DIVISION, of("A9613AA")).await;
    takes(&world, WIRRAL).await;
    send(&world, PRISONS, merge()).await;
    concerns(&takes(&world, WIRRAL).await, &given.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn to_a_desk_that_was_shown_no_number_a_merge_shows_none_but_says_which_deliveries() {
    let agreed = Agreed { to: ALL, more: "withhold = [\"hmpps_identifiers\"]" };
    let world = World::with(agreed.script()).await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    let given = takes(&world, HOUSING).await;
    assert_eq!(given.message.subjects[0].identifiers, []);
    // That it may now have them changes nothing: it had not.
    world.stage.approve(&Agreed { to: ALL, more: "" }.script()).await.unwrap();
    send(&world, PRISONS, merge()).await;
    let came = takes(&world, HOUSING).await;
    assert_eq!(numbers(&came), [[""; 0]]);
    concerns(&came, &[&given]);
}

#[tokio::test]
async fn a_number_that_was_taken_out_when_the_message_was_fetched_is_in_no_merge_either() {
    let world = town().await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    let agreed = Agreed { to: ALL, more: "withhold = [\"hmpps_identifiers\"]" };
    world.stage.approve(&agreed.script()).await.unwrap();
    let given = takes(&world, HOUSING).await;
    assert_eq!(given.message.subjects[0].identifiers, []);
    send(&world, PRISONS, merge()).await;
    let came = takes(&world, HOUSING).await;
    assert_eq!(numbers(&came), [[""; 0]]);
    concerns(&came, &[&given]);
}

#[tokio::test]
async fn an_agreement_that_ended_meanwhile_does_not_end_the_duty_to_tell_of_a_merge() {
    let world = town().await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    let given = takes(&world, HOUSING).await;
    ends_for(&world, HOUSING.0).await;
    world.suspend(HOUSING.0, true).await;
    send(&world, PRISONS, merge()).await;
    world.suspend(HOUSING.0, false).await;
    let came = takes(&world, HOUSING).await;
    assert_eq!(action_of(&came), CorrectionAction::Merge);
    concerns(&came, &[&given]);
}

#[tokio::test]
async fn after_a_merge_a_flag_under_one_number_is_met_by_news_under_the_other_until_they_part() {
    let world = town().await;
    let list = wire::FlagKind::Ppo;
    let person = adult(LEADING, NAME);
    let flag = compose::flag_raise(id(), GROUNDS, person, list, &review_date(), id());
    send(&world, WIRRAL, flag).await;
    let news = || hearing_of(id(), adult(OTHER, NAMESAKE));
    send(&world, DIVISION, news()).await;
    nothing_for(&world, &[WIRRAL]).await;
    send(&world, PRISONS, merge()).await;
    send(&world, DIVISION, news()).await;
    let mut wirral = open(&world, WIRRAL).await;
    assert!(matches!(taken(&mut wirral).await.message.kind, Some(Kind::Court(_))));
    assert_eq!(action_of(&taken(&mut wirral).await), CorrectionAction::Merge);
    wirral.close().await.unwrap();
    send(&world, PRISONS, unmerge()).await;
    assert_eq!(action_of(&takes(&world, WIRRAL).await), CorrectionAction::Unmerge);
    send(&world, DIVISION, news()).await;
    nothing_for(&world, &[WIRRAL]).await;
}

#[tokio::test]
async fn what_one_force_joined_another_may_part() {
    let world = town().await;
    let of = |pnc: &str| {
        Person::new(wire::SubjectCategory::Managed)
            .identifier(IdentifierType::Pnc, pnc)
            .birth_date("1988-04-12")
            .limited_access(wire::LimitedAccess::No)
    };
    let flag =
        compose::flag_raise(id(), GROUNDS, of(PNC), wire::FlagKind::Ppo, &review_date(), id());
    send(&world, SUPERVISION, flag).await;
    // One of them knows when he was born and the other does not: they agree all the same.
    let pnc = IdentifierType::Pnc;
    let born = nobody_yet().birth_date("1988-04-12");
    send(&world, DIVISION, compose::merge(id(), GROUNDS, born, pnc, PNC, OTHER_PNC)).await;
    send(&world, WIRRAL, compose::merge(id(), GROUNDS, nobody_yet(), pnc, PNC, OTHER_PNC)).await;
    send(&world, DIVISION, hearing_of(id(), of(OTHER_PNC))).await;
    takes(&world, SUPERVISION).await;
    // Of the word that stood last.
    assert_eq!(action_of(&takes(&world, SUPERVISION).await), CorrectionAction::Merge);
    let (one, other) = ((nobody_yet(), PNC), (nobody_yet(), OTHER_PNC));
    send(&world, WIRRAL, compose::unmerge(id(), GROUNDS, pnc, one, other)).await;
    takes(&world, SUPERVISION).await;
    send(&world, DIVISION, hearing_of(id(), of(OTHER_PNC))).await;
    nothing_for(&world, &[SUPERVISION]).await;
}

#[tokio::test]
async fn three_numbers_of_one_person_are_one_persons() {
    let world = town().await;
    let list = wire::FlagKind::Ppo;
    let flag = compose::flag_raise(id(), GROUNDS, adult(LEADING, NAME), list, &review_date(), id());
    send(&world, WIRRAL, flag).await;
    let third = "A9614AA";
    let noms = IdentifierType::Noms;
    send(&world, PRISONS, merge()).await;
    send(&world, PRISONS, compose::merge(id(), GROUNDS, nobody_yet(), noms, LEADING, third)).await;
    for number in [OTHER, third] {
        send(&world, DIVISION, hearing_of(id(), adult(number, NAMESAKE))).await;
        let mut wirral = open(&world, WIRRAL).await;
        assert!(matches!(taken(&mut wirral).await.message.kind, Some(Kind::Court(_))));
        assert_eq!(action_of(&taken(&mut wirral).await), CorrectionAction::Merge);
        wirral.close().await.unwrap();
    }
}

#[tokio::test]
async fn only_the_registers_own_authority_says_whose_a_number_is() {
    let world = town().await;
    let told = hearing_of(id(), adult(LEADING, NAME)).addressee(HOUSING.0, "");
    send(&world, DIVISION, told).await;
    takes(&world, HOUSING).await;
    for news in [merge(), unmerge()] {
        for (agency, desk) in [DIVISION, SUPERVISION] {
            let publisher = world.publisher(agency, desk).await;
            let answer = publisher.publish(news.clone().build().unwrap()).await;
            let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
            assert_eq!(refused.refusal, Some(Refusal::InvalidMessage));
            assert_eq!(refused.violations[0].field, "correction.action");
        }
    }
    nothing_for(&world, &[HOUSING]).await;
}
