//! A flag that stands is changed by a message of its owner: what that may switch off, and what
//! it may not.

use agency_client::compose::{self, FlagChange};
use proto::exchange::v1 as wire;
use tests::world::{FLAG_GROUNDS, World, adult, id, ppo_flag};

use super::{NAME, NOMS, released};

const WIRRAL: (&str, &str) = ("merseyside-police", "records");

/// A change of the man's flag by its owner, without a panel's decision.
async fn change(
    world: &World,
    by: (&str, &str),
    action: wire::FlagAction,
    owner: Option<(&str, &str)>,
) {
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: owner.map(|(agency, desk)| (agency.to_owned(), desk.to_owned())),
        review_date: "2027-11-01".to_owned(),
        panel_decision: (action == wire::FlagAction::Raise).then(id),
    };
    let draft = compose::flag(id(), FLAG_GROUNDS, adult(NOMS, NAME), change);
    let publisher = world.publisher(by.0, by.1).await;
    publisher.publish(draft.build().unwrap()).await.unwrap();
}

/// Whether the flag's owner hears of the man's release.
async fn owner_hears(world: &World) -> bool {
    released(world, adult(NOMS, NAME)).await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let heard = tokio::time::timeout(std::time::Duration::from_secs(5), owner.next()).await;
    heard.is_ok_and(|heard| heard.is_some())
}

#[tokio::test]
async fn a_proposal_does_not_switch_off_a_flag_that_stands() {
    let world = World::shipped().await;
    let wirral = world.publisher(WIRRAL.0, WIRRAL.1).await;
    wirral.publish(ppo_flag(adult(NOMS, NAME))).await.unwrap();
    change(&world, WIRRAL, wire::FlagAction::Propose, None).await;
    assert!(owner_hears(&world).await);
}

#[tokio::test]
async fn a_flag_does_not_move_to_a_desk_that_does_not_exist() {
    let world = World::shipped().await;
    let wirral = world.publisher(WIRRAL.0, WIRRAL.1).await;
    wirral.publish(ppo_flag(adult(NOMS, NAME))).await.unwrap();
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
        assert!(!matches!(kind, Some(wire::released_message::Kind::Custody(_))));
    }
}

#[tokio::test]
async fn an_amendment_that_names_no_owner_leaves_the_flag_with_whom_it_was() {
    let world = World::shipped().await;
    let wirral = world.publisher(WIRRAL.0, WIRRAL.1).await;
    wirral.publish(ppo_flag(adult(NOMS, NAME))).await.unwrap();
    change(&world, ("merseyside-police", "intelligence"), wire::FlagAction::Amend, None).await;
    assert!(owner_hears(&world).await);
}
