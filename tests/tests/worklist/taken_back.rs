//! What a desk was given and may not have any more.

use std::time::Duration;

use agency_client::compose::FlagChange;
use proto::exchange::v1::WorklistReason::{Action, Correction, New, Release};
use tests::world::RELEASE_GROUNDS;

use super::*;

const CONFIRMED: wire::CustodyCertainty = wire::CustodyCertainty::Confirmed;

#[tokio::test]
async fn what_was_withdrawn_is_gone_and_its_withdrawal_is_to_be_confirmed() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    let first = id();
    publish(&world, PRISONS, release(first, CONFIRMED, AFTERNOON).build().unwrap()).await;
    takes(&world, POLICE, 1).await;
    let before = ask(&world, POLICE, news("stockport")).await.unwrap();
    assert_eq!(reasons(&before), [vec![New, Release, Action]]);
    let withdrawal = compose::withdrawal(id(), RELEASE_GROUNDS, brook(), first, "");
    publish(&world, PRISONS, withdrawal.build().unwrap()).await;
    // Gone at once, and not only when the withdrawal has come.
    let between = ask(&world, POLICE, news("stockport")).await.unwrap();
    assert_eq!(between.items.len(), 0);
    takes(&world, POLICE, 1).await;
    let after = ask(&world, POLICE, news("stockport")).await.unwrap();
    assert_eq!(reasons(&after), [vec![New, Correction]]);
    assert_eq!(after.items[0].settles_reference, before.items[0].reference);
}

#[tokio::test]
async fn confirmed_news_takes_the_place_of_provisional() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    let first = id();
    let provisional = wire::CustodyCertainty::Provisional;
    publish(&world, PRISONS, release(first, provisional, AFTERNOON).build().unwrap()).await;
    takes(&world, POLICE, 1).await;
    let mut confirmed = release(id(), CONFIRMED, AFTERNOON).build().unwrap();
    let Some(wire::message::Kind::Custody(custody)) = &mut confirmed.kind else {
        panic!("custody")
    };
    custody.settles_message_id = first.to_string();
    publish(&world, PRISONS, confirmed).await;
    // Until the desk has the confirmation, it reads what it has.
    let early = ask(&world, POLICE, by_noms("stockport", "A3401AA")).await.unwrap();
    assert_eq!(early.items.len(), 1);
    takes(&world, POLICE, 1).await;
    let shown = ask(&world, POLICE, by_noms("stockport", "A3401AA")).await.unwrap();
    let [body] = bodies(&shown).try_into().unwrap();
    let Some(wire::released_message::Kind::Custody(custody)) = body.kind else { panic!("custody") };
    assert_eq!(custody.certainty(), CONFIRMED);
}

/// Probation's word that access to Brook's record is limited, or no more.
fn limited(action: wire::FlagAction) -> wire::Message {
    let raised = action == wire::FlagAction::Raise;
    let change = FlagChange {
        kind: wire::FlagKind::LimitedAccess,
        action,
        owner: None,
        review_date: if raised { "2027-03-01".to_owned() } else { String::new() },
        panel_decision: Some(id()),
    };
    compose::flag(id(), FLAG_GROUNDS, brook(), change).build().unwrap()
}

#[tokio::test]
async fn what_would_be_refused_today_is_hidden_and_stands_there_again_when_it_would_not() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let items = async || {
        let read = ask(&world, HOUSING, by_name("housing", "Invented Brook")).await.unwrap();
        read.items.len()
    };
    assert_eq!(items().await, 1);
    publish(&world, PROBATION, limited(wire::FlagAction::Raise)).await;
    assert_eq!(items().await, 0);
    publish(&world, PROBATION, limited(wire::FlagAction::Deselect)).await;
    assert_eq!(items().await, 1);
}

#[tokio::test]
async fn what_was_withheld_at_the_release_stays_withheld_whatever_holds_today() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    let said = release(id(), CONFIRMED, AFTERNOON)
        .statement(wire::Field::OffenceClass, wire::Footing::Fact, &[0], "burglary. Invented.")
        .build()
        .unwrap();
    // Nobody listens; by the time somebody does, access is limited and the minimum goes out.
    publish(&world, PRISONS, said).await;
    publish(&world, PROBATION, limited(wire::FlagAction::Raise)).await;
    takes(&world, POLICE, 1).await;
    publish(&world, PROBATION, limited(wire::FlagAction::Deselect)).await;
    let shown = ask(&world, POLICE, news("stockport")).await.unwrap();
    let [body] = bodies(&shown).try_into().unwrap();
    assert_eq!(body.statements.len(), 0, "the offence was never shown to this desk");
    assert!(body.withheld().any(|field| field == wire::Field::OffenceClass));
}

#[tokio::test]
async fn what_the_desk_deleted_is_not_shown_to_it_again() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    publish(&world, PRISONS, release(id(), CONFIRMED, AFTERNOON).build().unwrap()).await;
    takes(&world, POLICE, 1).await;
    let shown = ask(&world, POLICE, news("stockport")).await.unwrap();
    let mut client = world.node(POLICE.0, POLICE.1).await.exchange().await.unwrap();
    let deleted = wire::AttestRequest {
        desk: "stockport".to_owned(),
        release_ids: vec![shown.items[0].release_id.clone()],
        attestation: wire::Attestation::Deleted.into(),
        acting_person: OFFICER.to_owned(),
    };
    client.attest(deleted).await.unwrap();
    assert_eq!(ask(&world, POLICE, news("stockport")).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn a_briefing_holds_what_is_new_what_is_open_and_the_releases_of_the_week() {
    let (world, clock) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    publish(&world, PRISONS, release(id(), CONFIRMED, AFTERNOON).build().unwrap()).await;
    takes(&world, POLICE, 1).await;
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let at_seven = |day: OffsetDateTime| wire::ReadWorklistRequest {
        since: Some(compose::timestamp(day - time::Duration::days(1))),
        ..news("stockport")
    };
    clock.advance(days(2));
    let third = at_seven(AFTERNOON + time::Duration::days(2));
    let shown = ask(&world, POLICE, third).await.unwrap();
    // Neither new nor ahead any more; the agreement's day to act is over, and nobody acted.
    assert_eq!(reasons(&shown), [vec![Action]]);
    assert!(shown.items[0].duties.iter().any(|duty| duty.overdue));
}
