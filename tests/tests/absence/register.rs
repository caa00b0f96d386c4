//! What links and interests say of the register.

use agency_client::Connection;
use proto::directory::v1 as directory;
use proto::exchange::v1 as wire;
use tests::world::id;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::answers::{Answer, alike, blanked, whole};
use crate::{APPROVER_GMP, PRISONS, UNKNOWN, WATCHED, watched_world};

fn identifier(kind: wire::IdentifierType, value: &str) -> Option<wire::Identifier> {
    Some(wire::Identifier { r#type: kind.into(), value: value.into() })
}

/// An interest that a node declares; also its id, where it was taken.
async fn declare(node: &Connection, noms: &str, desk: &str) -> (Answer, String) {
    let ends = OffsetDateTime::now_utc() + Duration::days(30);
    let request = directory::DeclareInterestRequest {
        identifier: identifier(wire::IdentifierType::Noms, noms),
        desk: desk.into(),
        purpose: wire::Purpose::OffenderManagement.into(),
        expires_at: Some(broker::message::stamp(ends)),
    };
    let answer = node.directory().await.unwrap().declare_interest(request).await;
    let mut id = String::new();
    let answer = blanked(answer, |taken| {
        assert!(Uuid::try_parse(&taken.interest_id).is_ok());
        id = std::mem::take(&mut taken.interest_id);
    });
    (answer, id)
}

#[tokio::test]
async fn an_interest_is_taken_alike_whoever_else_watches_the_person() {
    let (world, _) = watched_world().await;
    let gmp = world.node("gmp", "records").await;
    let wirral = world.node("merseyside-police", "records").await;
    declare(&wirral, UNKNOWN, "liverpool").await;
    alike(&[
        ("a person nobody knows", declare(&gmp, "A9003AA", "stockport").await.0),
        ("a person on another's list", declare(&gmp, WATCHED, "stockport").await.0),
        ("a person another declared", declare(&gmp, UNKNOWN, "stockport").await.0),
        ("the same again", declare(&gmp, UNKNOWN, "stockport").await.0),
    ]);
    alike(&[
        ("for no desk", declare(&gmp, WATCHED, "no-such-desk").await.0),
        ("for another's desk", declare(&gmp, WATCHED, "wirral").await.0),
    ]);
}

#[tokio::test]
async fn an_interest_of_another_agency_looks_like_none_to_an_approver() {
    let (world, _) = watched_world().await;
    let wirral = world.node("merseyside-police", "records").await;
    let (_, others) = declare(&wirral, WATCHED, "wirral").await;
    let approver = world.person(APPROVER_GMP).await;
    let approve = async |interest_id: String| {
        let request = directory::ApproveInterestRequest { interest_id };
        whole(approver.directory().await.unwrap().approve_interest(request).await)
    };
    alike(&[
        ("no interest", approve(id().to_string()).await),
        ("another's interest", approve(others).await),
        ("no id", approve("none".into()).await),
    ]);
}

#[tokio::test]
async fn a_statement_of_a_link_is_taken_alike_whatever_others_hold() {
    let (world, _) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let gmp = world.node("gmp", "records").await;
    let state = async |node: &Connection, noms: &str, crn: &str, withdrawn| {
        let request = directory::StateLinkRequest {
            one: identifier(wire::IdentifierType::Noms, noms),
            other: identifier(wire::IdentifierType::Crn, crn),
            birth_date: "1988-04-12".into(),
            withdrawn,
        };
        whole(node.directory().await.unwrap().state_link(request).await)
    };
    alike(&[
        ("nothing known", state(&gmp, UNKNOWN, "X123456", false).await),
        ("a flagged person", state(&gmp, WATCHED, "X234567", false).await),
        ("as another stated", state(&prisons, UNKNOWN, "X123456", false).await),
        ("against another's word", state(&prisons, UNKNOWN, "X345678", false).await),
        ("another's statement withdrawn", state(&gmp, UNKNOWN, "X345678", true).await),
        ("its own statement withdrawn", state(&gmp, UNKNOWN, "X123456", true).await),
    ]);
}
