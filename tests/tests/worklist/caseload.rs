//! A desk lists its own flags: what its agency said of each, and of nobody else's.

use agency_client::compose::{FlagChange, FlagManagement, Panel};
use proto::exchange::v1::{FlagAction, FlagStage};
use tests::world::adult;

use super::*;

/// The offender manager (invented), by an opaque id.
const MANAGER: &str = "0a9d0002-0000-4000-8000-000000000002";
const WIRRAL: Place = ("merseyside-police", "records", "wirral");

fn asked(desk: &str) -> wire::ListFlagsRequest {
    wire::ListFlagsRequest {
        desk: desk.to_owned(),
        acting_person: OFFICER.to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
    }
}

async fn list(world: &World, (agency, node, desk): Place) -> Vec<wire::OwnFlag> {
    let mut client = world.node(agency, node).await.exchange().await.unwrap();
    client.list_flags(asked(desk)).await.unwrap().into_inner().flags
}

/// Police change their flag on somebody.
async fn changes(
    world: &World,
    place: Place,
    person: Person,
    action: FlagAction,
    (owner, management): (Option<Place>, FlagManagement),
) -> Uuid {
    let message = id();
    let decided = matches!(action, FlagAction::Raise | FlagAction::Transfer);
    let review = if matches!(action, FlagAction::Raise) { "2026-12-01" } else { "" };
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: owner.map(|(agency, _, desk)| (agency.to_owned(), desk.to_owned())),
        review_date: review.to_owned(),
        panel_decision: decided.then(id),
    };
    let flag = compose::flag_managed(message, FLAG_GROUNDS, person, change, management);
    publish(world, place, flag.build().unwrap()).await;
    message
}

fn managed() -> FlagManagement {
    let met = Panel { met_on: "2026-09-30".to_owned(), agreed_by: vec!["gmp".to_owned()] };
    FlagManagement {
        panel: Some(met),
        manager: Some(Uuid::parse_str(MANAGER).unwrap()),
        rating: Some(wire::FlagRating::Red),
        ..FlagManagement::default()
    }
}

fn ash() -> Person {
    adult("A3402AA", "Invented Ash")
}

#[tokio::test]
async fn a_desk_lists_how_its_own_flags_stand_and_nobody_elses() {
    use FlagAction::{Propose, Raise, Suspend};
    let (world, clock) = World::on_day(AFTERNOON).await;
    let nothing = FlagManagement::default;
    changes(&world, POLICE, brook(), Raise, (None, managed())).await;
    let last = changes(&world, POLICE, brook(), Suspend, (None, nothing())).await;
    changes(&world, POLICE, ash(), Propose, (None, nothing())).await;
    // Merseyside has its own on the same man.
    changes(&world, WIRRAL, brook(), Raise, (None, nothing())).await;
    let flags = list(&world, POLICE).await;
    let [proposed, suspended] = flags.as_slice() else { panic!("two flags: {}", flags.len()) };
    assert_eq!(proposed.stage(), FlagStage::Proposed);
    assert_eq!(proposed.subject.as_ref().unwrap().name, "Invented Ash");
    assert_eq!((&*proposed.review_date, proposed.review_overdue), ("", false));
    assert_eq!(suspended.stage(), FlagStage::Suspended);
    assert_eq!(suspended.message_id, last.to_string());
    assert_eq!(suspended.subject.as_ref().unwrap().name, "Invented Brook");
    // What was said when he was put on the list holds.
    assert_eq!(suspended.manager, MANAGER);
    assert_eq!((&*suspended.panel_date, &*suspended.review_date), ("2026-09-30", "2026-12-01"));
    assert_eq!(suspended.suspended_on, "2026-10-06");
    assert_eq!(suspended.rating(), wire::FlagRating::Red);
    assert!(!suspended.review_overdue);
    // On the day after the review it is overdue.
    let until = datetime!(2026-12-02 00:00 UTC) - AFTERNOON;
    clock.advance((until - time::Duration::seconds(1)).try_into().unwrap());
    assert!(list(&world, POLICE).await.iter().all(|flag| !flag.review_overdue));
    clock.advance(std::time::Duration::from_secs(1));
    let overdue: Vec<_> =
        list(&world, POLICE).await.into_iter().map(|f| f.review_overdue).collect();
    assert_eq!(overdue, [false, true]);
    // Another desk of the agency has another list.
    assert_eq!(list(&world, ("gmp", "records", "tameside")).await, []);
}

#[tokio::test]
async fn a_flag_that_was_handed_over_is_listed_by_reference_once_its_desk_was_given_that() {
    let (world, _) = World::on_day(AFTERNOON).await;
    changes(&world, POLICE, brook(), FlagAction::Raise, (None, managed())).await;
    let over = (Some(WIRRAL), FlagManagement::default());
    changes(&world, POLICE, brook(), FlagAction::Transfer, over).await;
    assert_eq!(list(&world, POLICE).await, []);
    assert_eq!(list(&world, WIRRAL).await, [], "it has not been told yet");
    let mut wirral = world.mailbox(WIRRAL.0, WIRRAL.1, WIRRAL.2).await;
    let given = next(&mut wirral).await;
    given.acknowledge().await.unwrap();
    let flags = list(&world, WIRRAL).await;
    let [flag] = flags.as_slice() else { panic!("one flag: {}", flags.len()) };
    assert_eq!(flag.reference, given.delivery.reference);
    assert_eq!((flag.subject.as_ref(), &*flag.message_id), (None, ""));
    // Who managed him there, and when that panel met, were words of another agency.
    assert_eq!((&*flag.manager, &*flag.panel_date), ("", ""));
}

#[tokio::test]
async fn a_list_of_flags_is_on_record_and_the_record_names_nobody() {
    let (mut world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    assert_eq!(list(&world, POLICE).await.len(), 1);
    let records = world.records("consultation");
    let [record] = records.as_slice() else { panic!("one look, one record: {records:?}") };
    for (member, value) in [
        ("actor", "records"),
        ("call", "list-flags"),
        ("desk", "stockport"),
        ("operation", "consultation"),
        ("party", "gmp"),
        ("person", OFFICER),
        ("purpose", "offender_management"),
    ] {
        assert_eq!(record[member], value, "{member}");
    }
    assert_eq!(record["count"], 1);
    let text = record.to_string();
    assert!(!text.contains("3401") && !text.contains("Brook"), "{text}");
    // Without a person or a purpose nothing is read, and nothing recorded.
    let mut client = world.node(POLICE.0, POLICE.1).await.exchange().await.unwrap();
    for faulty in [
        wire::ListFlagsRequest { acting_person: String::new(), ..asked("stockport") },
        wire::ListFlagsRequest { purpose: 0, ..asked("stockport") },
        asked("wirral"),
    ] {
        assert!(client.list_flags(faulty).await.is_err());
    }
    assert_eq!(world.records("consultation").len(), 1);
    drop(client);
    world.stop().await;
}
