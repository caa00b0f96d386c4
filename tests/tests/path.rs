//! The main job, end to end: a prison release reaches everyone entitled to it, and nobody
//! else.

#![expect(clippy::disallowed_methods, reason = "the broker under test runs on the real clock")]

use agency_client::compose;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{RELEASE_GROUNDS, World, adult, id, next, nothing, ppo_flag};
use time::OffsetDateTime;

const STOCKPORT: &str = "E08000007";

fn release(noms: &str, name: &str) -> compose::Draft {
    compose::custody_release(
        id(),
        RELEASE_GROUNDS,
        adult(noms, name),
        wire::CustodyCertainty::Confirmed,
        "FBI",
        OffsetDateTime::now_utc(),
    )
    .immediate()
}

#[tokio::test]
async fn a_wirral_ppo_released_to_stockport_reaches_both_forces_probation_and_housing() {
    let world = World::shipped().await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult("A9001AA", "Invented Wirral"))).await.unwrap();

    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut probation = world.mailbox("probation-greater-manchester", "records", "stockport").await;
    let mut housing = world.mailbox("stockport-council", "housing", "housing").await;
    let mut mentors = world.mailbox("loto-stockport", "records", "mentors").await;

    let prisons = world.publisher("hmpps-prisons", "records").await;
    let message = release("A9001AA", "Invented Wirral")
        .area(STOCKPORT, wire::AreaRole::Release)
        .build()
        .unwrap();
    let accepted = prisons.publish(message).await.unwrap();
    assert_eq!(accepted.duty_route, "0161 496 0999 (invented)");

    for desk in [&mut owner, &mut stockport, &mut probation] {
        let delivery = next(desk).await;
        let Some(Kind::Custody(custody)) = &delivery.message.kind else { panic!("custody") };
        assert_eq!(custody.event(), wire::CustodyEvent::Release);
        assert_eq!(delivery.message.subjects[0].name, "Invented Wirral");
        delivery.acknowledge().await.expect("the receipt must be durable");
    }
    let minimum = next(&mut housing).await;
    let Some(Kind::Custody(custody)) = &minimum.message.kind else { panic!("custody") };
    assert_eq!(minimum.message.subjects[0].identifiers, [], "housing gets no identifier");
    assert_eq!(custody.prison, "", "housing is not told which prison");
    nothing(&mut mentors).await;
}
