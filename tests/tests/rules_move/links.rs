//! Two numbers become one person's, or cease to be, between acceptance and release.
//!
//! A link leads somewhere only while the authorities of both its ends state it and none says
//! otherwise. One that is taken back or frozen meanwhile leads to nobody.

use agency_client::Subscription;
use agency_client::compose::{self, Person};
use broker::clock::Clock as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::IdentifierType::{Noms, Pnc};
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{RELEASE_GROUNDS, World, adult, id, next, nothing, shipped};

use super::{
    BIRTH_DATE, NAME, NOMS, STOCKPORT, comes_exactly, custody_news, kept_back, publish,
    recall_body, released, stands, stockport, whole,
};

/// A police number of an invented man (check letter computed, never issued to him).
const PNC: &str = "2002/0073319Z";

/// The two authorities state one link, or one of them takes its word back.
async fn link(world: &World, by: (&str, &str), withdrawn: bool) {
    world.link(by, ((Noms, NOMS), (Pnc, PNC)), BIRTH_DATE, withdrawn).await;
}

/// Prisons and police state it, each for its own number.
async fn both_link(world: &World) {
    link(world, ("hmpps-prisons", "records"), false).await;
    link(world, ("gmp", "records"), false).await;
}

/// The desk that owns the flag.
async fn wirral(world: &World) -> Subscription {
    world.mailbox("merseyside-police", "records", "wirral").await
}

/// A man police know by their number only, flagged by Merseyside.
fn known_to_police() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(Pnc, PNC)
        .name("Invented Alias")
        .birth_date(BIRTH_DATE)
        .limited_access(wire::LimitedAccess::No)
}

#[tokio::test]
async fn a_link_taken_back_meanwhile_leads_to_nobody() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    both_link(&world).await;
    let (first, second) =
        (released(&world, adult(NOMS, NAME)).await, released(&world, adult(NOMS, NAME)).await);
    let mut owner = wirral(&world).await;
    for _ in [first, second] {
        let came = next(&mut owner).await;
        assert_eq!(came.message.subjects[0].name, NAME, "the link leads to the flag's owner");
        came.acknowledge().await.expect("the receipt must be durable");
    }
    owner.close().await.unwrap();
    let third = released(&world, adult(NOMS, NAME)).await;
    link(&world, ("gmp", "records"), true).await;
    let mut owner = wirral(&world).await;
    nothing(&mut owner).await;
    kept_back(&world, third, &[Refusal::NoPermit, Refusal::NoPermit]).await;
}

#[tokio::test]
async fn a_link_confirmed_later_brings_the_flags_owner_live_custody_news_and_nobody_else() {
    let (world, clock) = World::on_clock(shipped()).await;
    world.flag(known_to_police()).await;
    let news = custody_news(wire::CustodyEvent::Release, "CR");
    let draft = compose::custody(id(), RELEASE_GROUNDS, adult(NOMS, NAME), news)
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("gmp", "stockport");
    let message = publish(&world, draft).await;
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
    let mut owner = wirral(&world).await;
    // One authority's word leads nowhere yet.
    link(&world, ("hmpps-prisons", "records"), false).await;
    nothing(&mut owner).await;
    link(&world, ("gmp", "records"), false).await;
    let mut body = recall_body(clock.now(), vec![whole(&[(Noms, NOMS)], NAME)]);
    body.areas = vec![wire::Area {
        code: STOCKPORT.into(),
        role: wire::AreaRole::Release.into(),
        ..wire::Area::default()
    }];
    let Some(Kind::Custody(custody)) = &mut body.kind else { panic!("custody") };
    custody.set_event(wire::CustodyEvent::Release);
    custody.movement_reason = "CR".to_owned();
    comes_exactly(&mut owner, &body).await;
    nothing(&mut owner).await;
    // Whoever was refused when it came stays refused, and the sender learns of nothing.
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
}

#[tokio::test]
async fn a_link_confirmed_later_and_taken_back_before_the_release_leads_to_nobody() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    let message = released(&world, adult(NOMS, NAME)).await;
    both_link(&world).await;
    link(&world, ("hmpps-prisons", "records"), true).await;
    let mut owner = wirral(&world).await;
    nothing(&mut owner).await;
    assert_eq!(world.ended(message), [u64::from(Refusal::NoPermit.code())]);
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
}

#[tokio::test]
async fn a_volunteers_claim_about_anothers_number_earns_it_nothing_and_is_put_to_the_flag_owner() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    // Mentors claim that the man police flagged is the one they know by his prison number.
    link(&world, ("loto-stockport", "records"), false).await;
    let mut mentors = world.mailbox("loto-stockport", "records", "mentors").await;
    let mut owner = wirral(&world).await;
    // The flagged man is released; prisons give the police number themselves.
    let message = released(&world, known_to_police()).await;
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let came = next(&mut owner).await;
        kinds.push(match &came.message.kind {
            Some(Kind::Custody(custody)) => custody.event().as_str_name(),
            Some(Kind::Task(task)) => task.task_kind().as_str_name(),
            _ => "something else",
        });
        came.acknowledge().await.expect("the receipt must be durable");
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["CUSTODY_EVENT_RELEASE", "TASK_KIND_LINK_DISPUTED"]);
    nothing(&mut owner).await;
    nothing(&mut mentors).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Waiting);
}

#[tokio::test]
async fn a_volunteers_claim_does_not_carry_a_flag_over_to_somebody_else() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    link(&world, ("loto-stockport", "records"), false).await;
    let mut mentors = world.mailbox("loto-stockport", "records", "mentors").await;
    let mut owner = wirral(&world).await;
    // The man with the prison number is released. He is on no list.
    let message = released(&world, adult(NOMS, NAME)).await;
    let came = next(&mut owner).await;
    let Some(Kind::Task(task)) = &came.message.kind else { panic!("a question, not the news") };
    assert_eq!(task.task_kind(), wire::TaskKind::LinkDisputed);
    nothing(&mut owner).await;
    nothing(&mut mentors).await;
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
}

#[tokio::test]
async fn a_link_that_another_authority_contradicts_meanwhile_leads_to_nobody() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    both_link(&world).await;
    let message = released(&world, adult(NOMS, NAME)).await;
    // Cheshire holds that this police number is another prisoner's: nobody knows any more.
    let otherwise = ((Noms, "A9302AA"), (Pnc, PNC));
    world.link(("cheshire-police", "records"), otherwise, BIRTH_DATE, false).await;
    let mut owner = wirral(&world).await;
    nothing(&mut owner).await;
    kept_back(&world, message, &[Refusal::NoPermit, Refusal::NoPermit]).await;
}

#[tokio::test]
async fn a_link_of_two_birth_dates_leads_to_nobody_until_one_of_them_is_put_right() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    both_link(&world).await;
    let message = released(&world, adult(NOMS, NAME)).await;
    let ends = ((Noms, NOMS), (Pnc, PNC));
    world.link(("gmp", "records"), ends, "1988-12-04", false).await;
    kept_back(&world, message, &[Refusal::NoPermit]).await;
    link(&world, ("gmp", "records"), false).await;
    // The refusal at release was final for the desk that asked; the other had not asked yet.
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    let mut owner = wirral(&world).await;
    assert_eq!(next(&mut owner).await.message.subjects[0].name, NAME);
}

#[tokio::test]
async fn of_two_people_the_one_whose_link_is_taken_back_is_not_in_what_leaves() {
    let (world, clock) = World::on_clock(shipped()).await;
    world.flag(known_to_police()).await;
    world.flag(adult("A9303AA", "Invented Companion")).await;
    both_link(&world).await;
    let (first, second) = (adult(NOMS, NAME), adult("A9303AA", "Invented Companion"));
    let news = custody_news(wire::CustodyEvent::Transfer, "INT");
    let draft = compose::custody(id(), RELEASE_GROUNDS, first, news)
        .person(second)
        .statement(wire::Field::OffenceClass, wire::Footing::Fact, &[0], "robbery")
        .statement(wire::Field::OffenceClass, wire::Footing::Fact, &[1], "burglary");
    publish(&world, draft).await;
    link(&world, ("gmp", "records"), true).await;
    let companion = whole(&[(Noms, "A9303AA")], "Invented Companion");
    let mut body = recall_body(clock.now(), vec![companion]);
    body.statements = vec![wire::Statement {
        field: wire::Field::OffenceClass.into(),
        footing: wire::Footing::Fact.into(),
        subjects: vec![0],
        text: "burglary".to_owned(),
    }];
    let Some(Kind::Custody(custody)) = &mut body.kind else { panic!("custody") };
    custody.set_event(wire::CustodyEvent::Transfer);
    custody.movement_reason = "INT".to_owned();
    let mut owner = wirral(&world).await;
    comes_exactly(&mut owner, &body).await;
    nothing(&mut owner).await;
}

/// Whether a desk is asked must not hang on whether it is reached before or after its flag is off.
#[tokio::test]
async fn whoever_takes_its_flag_off_is_asked_nothing_about_it() {
    let world = World::shipped().await;
    world.flag(known_to_police()).await;
    link(&world, ("loto-stockport", "records"), false).await;
    let mut owner = wirral(&world).await;
    world.deselect(known_to_police()).await;
    nothing(&mut owner).await;
}
