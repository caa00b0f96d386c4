//! The owner of a flag says that somebody of the same name and birth date is not its man.
//!
//! Then its agency is not asked about these numbers again, whatever is still to come or waits
//! already, also across a restart; everybody else is asked as before, and nobody else learns that it
//! was asked or what it said.

use agency_client::compose::Person;
use agency_client::{Incoming, Subscription};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation::{Acted, NotSamePerson, Opened};
use proto::exchange::v1::IdentifierType::{Crn, Pnc};
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{World, adult, next, nothing, ppo_flag};
use uuid::Uuid;

use super::{BIRTH_DATE, NAME, NOMS, publish, recall_of, released};

/// A police number of an invented man (check letter computed, never issued to him).
const PNC: &str = "2002/0073319Z";
/// Whoever at Merseyside Police looked (invented), by the id the directory gives.
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";
const WIRRAL: (&str, &str) = ("merseyside-police", "wirral");

/// The man on a list, whom police know by their own number.
fn listed() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(Pnc, PNC)
        .name(NAME)
        .birth_date(BIRTH_DATE)
        .limited_access(wire::LimitedAccess::No)
}

/// A man of his name, born on his day, whom prisons know by theirs.
fn namesake() -> Person {
    adult(NOMS, NAME)
}

async fn desk(world: &World, (agency, desk): (&str, &str)) -> Subscription {
    world.mailbox(agency, "records", desk).await
}

/// The question comes, and nothing else.
async fn asked(desk: &mut Subscription) -> Incoming {
    let came = next(desk).await;
    let Some(Kind::Task(task)) = &came.message.kind else { panic!("a question, not the news") };
    assert_eq!(task.task_kind(), wire::TaskKind::PossibleMatch);
    came.acknowledge().await.unwrap();
    came
}

async fn says(
    world: &World,
    (agency, desk): (&str, &str),
    of: &Incoming,
    what: wire::Attestation,
    person: &str,
) -> Result<u32, tonic::Status> {
    let mut client = world.node(agency, "records").await.exchange().await.unwrap();
    let request = wire::AttestRequest {
        desk: desk.to_owned(),
        release_ids: vec![of.delivery.release_id.clone()],
        attestation: what.into(),
        acting_person: person.to_owned(),
    };
    client.attest(request).await.map(|answer| answer.into_inner().recorded)
}

/// A desk answers that it is somebody else.
async fn rules_out(world: &World, desk: (&str, &str), question: &Incoming) {
    assert_eq!(says(world, desk, question, NotSamePerson, OFFICER).await.unwrap(), 1);
}

/// Merseyside was asked about the namesake, and said that he is somebody else.
async fn ruled_out(world: &World) -> (Uuid, Subscription) {
    world.flag(listed()).await;
    let message = released(world, namesake()).await;
    let mut owner = desk(world, WIRRAL).await;
    let question = asked(&mut owner).await;
    rules_out(world, WIRRAL, &question).await;
    (message, owner)
}

#[tokio::test]
async fn whom_a_desk_ruled_out_it_is_not_asked_about_again_nor_after_a_restart() {
    let mut world = World::shipped().await;
    let (_, mut owner) = ruled_out(&world).await;
    released(&world, namesake()).await;
    nothing(&mut owner).await;
    drop(owner);
    world.stop().await;
    world.start().await;
    let mut owner = desk(&world, WIRRAL).await;
    released(&world, namesake()).await;
    publish(&world, recall_of([namesake()])).await;
    nothing(&mut owner).await;
    drop(owner);
    world.stop().await;
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    assert_eq!(fsck::check(&raw, None).unwrap().faults, []);
}

#[tokio::test]
async fn only_the_ledger_of_who_answered_says_so_and_no_sender_is_told() {
    let world = World::shipped().await;
    let (message, _) = ruled_out(&world).await;
    let said = world.records("attested");
    assert_eq!(said.len(), 1, "one record, for the agency that answered");
    assert_eq!(said[0]["party"], "merseyside-police");
    assert_eq!(said[0]["attestation"], "not_same_person");
    assert_eq!(said[0]["person"], OFFICER);
    let told = world.track("hmpps-prisons", "records", message).await;
    assert!(told.iter().all(|(agency, _)| agency == "gmp"), "only whom they named");
}

#[tokio::test]
async fn a_question_that_waits_already_is_not_put_once_its_like_was_answered() {
    let world = World::shipped().await;
    world.flag(listed()).await;
    released(&world, namesake()).await;
    let mut owner = desk(&world, WIRRAL).await;
    let question = asked(&mut owner).await;
    owner.close().await.unwrap();
    let waiting = released(&world, namesake()).await;
    rules_out(&world, WIRRAL, &question).await;
    let mut owner = desk(&world, WIRRAL).await;
    nothing(&mut owner).await;
    assert_eq!(world.ended(waiting), [u64::from(Refusal::NoPermit.code())]);
}

#[tokio::test]
async fn one_agencys_word_silences_no_other_agencys_question() {
    let world = World::shipped().await;
    let gmp = world.publisher("gmp", "records").await;
    gmp.publish(ppo_flag(listed())).await.unwrap();
    let (_, mut owner) = ruled_out(&world).await;
    let mut other = desk(&world, ("gmp", "stockport")).await;
    let flag = next(&mut other).await;
    assert!(matches!(flag.message.kind, Some(Kind::Flag(_))), "Merseyside's flag on its own man");
    flag.acknowledge().await.unwrap();
    asked(&mut other).await;
    released(&world, namesake()).await;
    asked(&mut other).await;
    nothing(&mut owner).await;
}

#[tokio::test]
async fn a_number_that_nobody_answered_about_is_asked_about_once_more() {
    let world = World::shipped().await;
    let (_, mut owner) = ruled_out(&world).await;
    // The same man with a number more, and another man of that name.
    released(&world, namesake().identifier(Crn, "X930101")).await;
    let question = asked(&mut owner).await;
    rules_out(&world, WIRRAL, &question).await;
    released(&world, namesake().identifier(Crn, "X930101")).await;
    nothing(&mut owner).await;
    released(&world, adult("A9302AA", NAME)).await;
    asked(&mut owner).await;
}

#[tokio::test]
async fn who_later_says_that_both_are_one_is_asked_again_once_it_takes_that_back() {
    let world = World::shipped().await;
    let (_, mut owner) = ruled_out(&world).await;
    let numbers = ((wire::IdentifierType::Noms, NOMS), (Pnc, PNC));
    for withdrawn in [false, true] {
        world.link(("merseyside-police", "records"), numbers, BIRTH_DATE, withdrawn).await;
    }
    released(&world, namesake()).await;
    asked(&mut owner).await;
}

#[tokio::test]
async fn only_a_person_at_the_desk_that_was_asked_answers_and_only_a_possible_match() {
    let world = World::shipped().await;
    world.flag(listed()).await;
    released(&world, namesake()).await;
    // The man on the list himself is released: that is news, and no question.
    released(&world, listed()).await;
    let mut owner = desk(&world, WIRRAL).await;
    let question = asked(&mut owner).await;
    let news = next(&mut owner).await;
    news.acknowledge().await.unwrap();

    let by_a_system = says(&world, WIRRAL, &question, NotSamePerson, "").await.unwrap_err();
    assert_eq!(by_a_system.code(), tonic::Code::InvalidArgument);
    let stockport = ("gmp", "stockport");
    assert_eq!(says(&world, stockport, &question, NotSamePerson, OFFICER).await.unwrap(), 0);
    assert_eq!(says(&world, WIRRAL, &news, NotSamePerson, OFFICER).await.unwrap(), 0);
    // What else may be said of a question answers it with nothing.
    assert_eq!(says(&world, WIRRAL, &question, Opened, OFFICER).await.unwrap(), 1);
    assert_eq!(says(&world, WIRRAL, &question, Acted, "").await.unwrap(), 1);
    released(&world, namesake()).await;
    let again = asked(&mut owner).await;
    rules_out(&world, WIRRAL, &again).await;
    assert_eq!(says(&world, WIRRAL, &again, NotSamePerson, OFFICER).await.unwrap(), 0);
}
