//! News follows whoever holds a part in somebody's case: what is said of the part between
//! acceptance and release, by whom it may be said, and what it is worth.
//!
//! Days on which a part begins and ends are in the stories of supervision, care and designation.

use agency_client::compose::{self, Person, Remedy, Said};
use agency_client::{PublishError, Subscription};
use proto::exchange::v1 as wire;
use proto::exchange::v1::IdentifierType::{Noms, Pnc};
use proto::exchange::v1::{AreaRole, SubjectCategory};
use proto::refusal::Refusal;
use tests::world::{FLAG_GROUNDS, RELEASE_GROUNDS, World, adult, id, next, nothing, now};
use uuid::Uuid;

use super::{BIRTH_DATE, DAY, NAME, NOMS, STOCKPORT, custody_news, publish};

const PROBATION: &str = "probation-greater-manchester";
const MANCHESTER: &str = "E08000003";
/// A police number of the same invented man (check letter computed, never issued to him).
const PNC: &str = "2002/0073319Z";

/// A man known by his police number alone.
fn by_police_number() -> Person {
    Person::new(SubjectCategory::Managed)
        .identifier(Pnc, PNC)
        .name(NAME)
        .birth_date(BIRTH_DATE)
        .limited_access(wire::LimitedAccess::No)
}

/// An action that says who supervises a man: where, and at which desk.
fn supervised(person: Person, area: &str, desk: (&str, &str)) -> wire::Message {
    let owner = ("gmp", "stockport");
    let (pathway, act_by) = (wire::Pathway::Control, now() + DAY);
    let draft = compose::action(id(), FLAG_GROUNDS, person, pathway, owner, act_by);
    let mut message = draft.area(area, AreaRole::Supervising).build().unwrap();
    message.areas[0].desk =
        Some(wire::Addressee { agency: desk.0.to_owned(), desk: desk.1.to_owned() });
    message
}

async fn send(world: &World, agency: &str, message: wire::Message) -> Uuid {
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    world.publisher(agency, "records").await.publish(message).await.unwrap();
    message_id
}

/// Probation says that its Stockport unit supervises a man.
async fn stockport_supervises(world: &World, person: Person) -> Uuid {
    let message = supervised(person, STOCKPORT, (PROBATION, "stockport"));
    send(world, PROBATION, message).await
}

/// News of a man that names no place and nobody.
async fn news(world: &World, person: Person) -> Uuid {
    let news = custody_news(wire::CustodyEvent::TemporaryAbsence, "CR");
    publish(world, compose::custody(id(), RELEASE_GROUNDS, person, news)).await
}

async fn unit(world: &World, desk: &str) -> Subscription {
    world.mailbox(PROBATION, "records", desk).await
}

#[tokio::test]
async fn news_without_a_place_reaches_the_unit_that_supervises_and_nobody_if_nobody_does() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    news(&world, adult(NOMS, NAME)).await;
    let mut stockport = unit(&world, "stockport").await;
    nothing(&mut stockport).await;
    stockport_supervises(&world, adult(NOMS, NAME)).await;
    // What came before is not brought: it is handed over by whoever had it.
    nothing(&mut stockport).await;
    let second = news(&world, adult(NOMS, NAME)).await;
    let came = next(&mut stockport).await;
    assert!(came.message.areas.is_empty());
    let decided = world.records("decided");
    let of_second = decided.iter().find(|one| one["message"] == second.to_string()).unwrap();
    let desks: Vec<&str> = of_second["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["desk"].as_str().unwrap())
        .collect();
    assert_eq!(desks, ["wirral", "stockport"], "the flag's owner, and the unit that supervises");
}

#[tokio::test]
async fn a_part_is_no_entitlement_where_the_agreements_give_it_nothing() {
    let world = World::shipped().await;
    stockport_supervises(&world, adult(NOMS, NAME)).await;
    // He is on no list: to name his area would not bring the unit this news either.
    let message = news(&world, adult(NOMS, NAME)).await;
    nothing(&mut unit(&world, "stockport").await).await;
    let decided = world.records("decided");
    let of_message = decided.iter().find(|one| one["message"] == message.to_string()).unwrap();
    assert_eq!(of_message["candidates"][0]["desk"], "stockport");
    assert_eq!(of_message["candidates"][0]["refusal"], u64::from(Refusal::NoPermit.code()));
}

#[tokio::test]
async fn a_part_that_is_taken_back_before_the_release_brings_nothing_any_more() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let said = stockport_supervises(&world, adult(NOMS, NAME)).await;
    let waits = news(&world, adult(NOMS, NAME)).await;
    let withdrawal =
        compose::withdrawal(id(), FLAG_GROUNDS, adult(NOMS, NAME), said, "Another man. Invented.");
    send(&world, PROBATION, withdrawal.build().unwrap()).await;
    let mut stockport = unit(&world, "stockport").await;
    nothing(&mut stockport).await;
    assert_eq!(world.ended(waits), [u64::from(Refusal::NoPermit.code())]);
    news(&world, adult(NOMS, NAME)).await;
    nothing(&mut stockport).await;
}

#[tokio::test]
async fn a_part_that_is_put_right_brings_news_where_it_is_put() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let said = stockport_supervises(&world, adult(NOMS, NAME)).await;
    let right = Remedy::Rectify(vec![Said {
        field: wire::Field::Plan,
        footing: wire::Footing::Fact,
        text: "It is the unit in Manchester. Invented.".to_owned(),
    }]);
    let draft = compose::correction(id(), FLAG_GROUNDS, adult(NOMS, NAME), said, "A slip.", right);
    send(&world, PROBATION, draft.area(MANCHESTER, AreaRole::Supervising).build().unwrap()).await;
    news(&world, adult(NOMS, NAME)).await;
    assert!(next(&mut unit(&world, "manchester").await).await.message.areas.is_empty());
    nothing(&mut unit(&world, "stockport").await).await;
}

#[tokio::test]
async fn a_part_said_by_one_number_is_held_by_the_other_once_both_authorities_join_them() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    stockport_supervises(&world, by_police_number()).await;
    news(&world, adult(NOMS, NAME)).await;
    let mut stockport = unit(&world, "stockport").await;
    nothing(&mut stockport).await;
    for by in [("hmpps-prisons", "records"), ("gmp", "records")] {
        world.link(by, ((Noms, NOMS), (Pnc, PNC)), BIRTH_DATE, false).await;
    }
    nothing(&mut stockport).await;
    news(&world, adult(NOMS, NAME)).await;
    next(&mut stockport).await;
}

/// The fields for which a message is refused at the door.
async fn faults(world: &World, agency: &str, message: wire::Message) -> Vec<String> {
    let Err(PublishError::Refused(refused)) =
        world.publisher(agency, "records").await.publish(message).await
    else {
        panic!("it must be refused")
    };
    refused.violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn nobody_states_a_part_but_whom_the_directory_lets_and_the_sender_is_told() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let of = |area, desk| supervised(adult(NOMS, NAME), area, desk);
    // Police name a supervisor with a desk, as if they could say so.
    let by_police = of(STOCKPORT, (PROBATION, "stockport"));
    assert_eq!(faults(&world, "gmp", by_police.clone()).await, ["areas[0].desk"]);
    // Without, it is a place of this one message.
    let mut once = by_police;
    once.areas[0].desk = None;
    send(&world, "gmp", once).await;
    // A desk that cannot supervise, and one that there is not.
    for desk in [("gmp", "stockport"), (PROBATION, "no-such-desk")] {
        assert_eq!(faults(&world, PROBATION, of(STOCKPORT, desk)).await, ["areas[0].desk"]);
    }
    news(&world, adult(NOMS, NAME)).await;
    for desk in ["stockport", "manchester"] {
        nothing(&mut unit(&world, desk).await).await;
    }
}
