//! Whoever a sender keeps a message from learns nothing of it, whatever stake it has.

use agency_client::compose::{self, Asked, Earlier, Place, PlacementChange, PlacementNews};
use proto::exchange::v1 as wire;
use tests::world::{id, now, ppo_flag};
use time::Duration;

use super::town::{
    CHILDREN, DIVISION, EAST, GROUNDS, HOME, HOUSING, NORTH, PRISONS, SUPERVISION, WIRRAL,
    correction, hearing, man, nothing_for, send, takes, town,
};

#[tokio::test]
async fn neither_place_nor_list_nor_question_brings_it_to_an_agency_it_is_kept_from() {
    let world = town().await;
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    let news = || hearing(id()).area(NORTH, wire::AreaRole::Resident).not_to(SUPERVISION.0);
    send(&world, WIRRAL, news()).await;
    for desk in [DIVISION, CHILDREN, HOUSING] {
        takes(&world, desk).await;
    }
    let by = now() + Duration::days(7);
    let asked = Asked::WhoeverHolds;
    let asked = compose::request(id(), GROUNDS, man(), asked, &[wire::Field::Address], by)
        .not_to(SUPERVISION.0)
        .not_to(CHILDREN.0);
    send(&world, WIRRAL, asked).await;
    takes(&world, HOUSING).await;
    takes(&world, DIVISION).await;
    nothing_for(&world, &[SUPERVISION, CHILDREN, EAST]).await;
}

#[tokio::test]
async fn nor_is_it_asked_to_settle_anything() {
    let world = town().await;
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    let certainty = wire::CustodyCertainty::Confirmed;
    let released = compose::custody_release(id(), GROUNDS, man(), certainty, "FBI", now());
    send(&world, PRISONS, released.not_to(SUPERVISION.0)).await;
    nothing_for(&world, &[SUPERVISION]).await;
}

#[tokio::test]
async fn a_provider_that_is_complained_of_hears_nothing_though_it_holds_the_plan() {
    let world = town().await;
    let placement = |change| {
        let news = PlacementNews {
            place: Place::Transitional,
            change,
            emergency: false,
            starts_on: now().date().to_string(),
            ends_on: String::new(),
        };
        compose::placement(id(), GROUNDS, man(), news)
    };
    let planned = placement(PlacementChange::Planned).addressee(HOME.0, "");
    let planned = send(&world, DIVISION, planned).await;
    takes(&world, HOME).await;
    for change in [PlacementChange::Changed, concern] {
        let news = placement(change(Earlier::Own(planned)))
            .area(NORTH, wire::AreaRole::Host)
            .not_to(HOME.0);
        send(&world, DIVISION, news).await;
        takes(&world, CHILDREN).await;
    }
    nothing_for(&world, &[HOME]).await;
}

fn concern(earlier: Earlier) -> PlacementChange {
    PlacementChange::Concern(Some(earlier))
}

#[tokio::test]
async fn whom_it_was_kept_from_is_not_chased_and_recipients_do_not_learn_that_anybody_was() {
    let world = town().await;
    let news = hearing(id()).area(NORTH, wire::AreaRole::Resident).not_to(HOUSING.0);
    let original = send(&world, WIRRAL, news).await;
    let given = takes(&world, CHILDREN).await;
    send(&world, WIRRAL, correction(original, compose::Remedy::Withdraw)).await;
    assert_eq!(takes(&world, CHILDREN).await.delivery.settles_reference, given.delivery.reference);
    nothing_for(&world, &[HOUSING, DIVISION, SUPERVISION]).await;
    // What was released is the news and no list of agencies.
    let body = String::from_utf8_lossy(&given.delivery.body).into_owned();
    assert!(!body.contains(HOUSING.0));
}
