//! What a publisher is told of its own messages.

use agency_client::compose::{Draft, withdrawal};
use demo::stage::{BROKER_AUDITOR, Script};
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use tests::world::{RELEASE_GROUNDS, World, id, ppo_flag, shipped};
use uuid::Uuid;

use crate::answers::{alike, blanked, publish, track, whole};
use crate::{
    AUDITOR_PRISONS, Fate, NOWHERE, PRISONS, STOCKPORT, UNKNOWN, WATCHED, assert_fate, cases,
    limited, person, release, watched_world,
};

fn built(draft: Draft) -> (wire::Message, Uuid) {
    let message = draft.build().unwrap();
    let id = Uuid::try_parse(&message.message_id).unwrap();
    (message, id)
}

#[tokio::test]
async fn a_publish_is_answered_alike_whatever_becomes_of_it() {
    let (world, _) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let auditor = world.person(BROKER_AUDITOR).await;
    // One recipient is connected, so that something is released in the very same commit.
    let _owner = world.mailbox("merseyside-police", "records", "wirral").await;
    for urgent in [false, true] {
        let mut told = Vec::new();
        for (name, fate, draft) in cases() {
            let draft = if urgent { draft.immediate() } else { draft };
            let (message, id) = built(draft);
            let frames = publish(&prisons, message).await;
            assert_eq!(frames.len(), 1, "{name}: one frame answers one message");
            assert_fate(&auditor, name, id, fate).await;
            told.push((name, frames[0].clone()));
        }
        alike(&told);
    }
}

#[tokio::test]
async fn naming_a_desk_that_is_not_there_is_answered_as_naming_one_that_is() {
    let (world, _) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let draft = || release(person(UNKNOWN));
    let (real, _) = built(draft().addressee("gmp", "stockport"));
    let (no_desk, _) = built(draft().addressee("gmp", "no-such-desk"));
    let (no_agency, _) = built(draft().addressee("no-such-agency", ""));
    alike(&[
        ("a desk", publish(&prisons, real).await[0].clone()),
        ("no such desk", publish(&prisons, no_desk).await[0].clone()),
        ("no such agency", publish(&prisons, no_agency).await[0].clone()),
    ]);
}

#[tokio::test]
async fn a_sender_learns_nothing_of_agencies_that_it_did_not_name() {
    let (world, flag) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let mut told = Vec::new();
    for (name, _, draft) in cases() {
        let (message, id) = built(draft);
        publish(&prisons, message).await;
        told.push((name, track(&prisons, id).await));
    }
    told.push(("never published", track(&prisons, id()).await));
    told.push(("another agency's message", track(&prisons, flag).await));
    for (name, answer) in told {
        assert_eq!(answer.outcomes, [], "{name}");
    }
}

#[tokio::test]
async fn a_named_agency_that_is_refused_looks_like_one_that_does_not_exist() {
    let (world, _) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let auditor = world.person(BROKER_AUDITOR).await;
    let mut outcomes = Vec::new();
    for (named, fate) in [("merseyside-police", Fate::Refused), ("no-such-agency", Fate::Refused)] {
        let draft = release(limited(WATCHED)).area(NOWHERE, wire::AreaRole::Release);
        let (message, id) = built(draft.addressee(named, ""));
        publish(&prisons, message).await;
        assert_fate(&auditor, named, id, fate).await;
        let mut told = track(&prisons, id).await.outcomes;
        assert_eq!(told.len(), 1, "one row for the agency that was named");
        assert_eq!(told[0].agency, named);
        told[0].agency.clear();
        outcomes.push(told);
    }
    assert_eq!(outcomes[0], outcomes[1], "the time of a decision is not told either");
}

#[tokio::test]
async fn a_refusal_at_release_looks_like_a_refusal_at_once() {
    let (world, _) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let named = |noms| built(release(person(noms)).addressee("merseyside-police", "wirral"));
    // Nobody is connected: it waits, and its permit ends with the flag it rests on.
    let ((late, late_id), (at_once, at_once_id)) = (named(WATCHED), named(UNKNOWN));
    publish(&prisons, late).await;
    publish(&prisons, at_once).await;
    let waiting = track(&prisons, late_id).await.outcomes;
    assert_eq!(waiting[0].state(), wire::OutcomeState::Waiting, "it was permitted first");
    let wirral = world.publisher("merseyside-police", "records").await;
    let mut removal = ppo_flag(person(WATCHED));
    if let Some(wire::message::Kind::Flag(flag)) = &mut removal.kind {
        flag.set_action(wire::FlagAction::Deselect);
    }
    wirral.publish(removal).await.unwrap();
    let _desk = world.mailbox("merseyside-police", "records", "wirral").await;
    let refused_later = loop {
        let told = track(&prisons, late_id).await;
        if told.outcomes[0].state() != wire::OutcomeState::Waiting {
            break told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(refused_later, track(&prisons, at_once_id).await);
}

#[tokio::test]
async fn a_withdrawal_is_answered_alike_whoever_was_told() {
    let (world, flag) = watched_world().await;
    let prisons = world.node(PRISONS, "records").await;
    let withdraw = |earlier| {
        built(withdrawal(id(), RELEASE_GROUNDS, person(WATCHED), earlier, "it was another person"))
            .0
    };
    let mut told = Vec::new();
    for (name, _, draft) in cases() {
        let (message, id) = built(draft);
        publish(&prisons, message).await;
        told.push((name, publish(&prisons, withdraw(id)).await[0].clone()));
    }
    alike(&told);
    alike(&[
        ("a message never sent", publish(&prisons, withdraw(id())).await[0].clone()),
        ("another agency's message", publish(&prisons, withdraw(flag)).await[0].clone()),
    ]);
}

#[tokio::test]
async fn raising_a_flag_says_nothing_of_flags_that_others_hold() {
    let (world, _) = watched_world().await;
    let gmp = world.node("gmp", "records").await;
    let raise = |noms| ppo_flag(person(noms));
    alike(&[
        ("a person on nobody's list", publish(&gmp, raise(UNKNOWN)).await[0].clone()),
        ("a person on another's list", publish(&gmp, raise(WATCHED)).await[0].clone()),
        ("a person on its own list", publish(&gmp, raise(UNKNOWN)).await[0].clone()),
    ]);
}

#[tokio::test]
async fn a_preview_does_not_change_with_what_the_register_holds() {
    let world = World::shipped().await;
    let prisons = world.node(PRISONS, "records").await;
    let preview = async || {
        let request = wire::PreviewRequest {
            kind: "custody".into(),
            purpose: wire::Purpose::OffenderManagement.into(),
            gateway: wire::Gateway::Oma2007S14.into(),
            lawful_basis: wire::LawfulBasis::Dpa2018S35Task.into(),
            marking: wire::Marking::OfficialSensitive.into(),
            category: wire::SubjectCategory::Managed.into(),
            under_18: false,
        };
        whole(prisons.exchange().await.unwrap().preview(request).await)
    };
    let before = preview().await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(person(WATCHED))).await.unwrap();
    let message = release(person(WATCHED));
    publish(&prisons, message.area(STOCKPORT, wire::AreaRole::Release).build().unwrap()).await;
    alike(&[("before", before), ("after", preview().await)]);
}

/// Between two signed heads the ledger grows by more for a message that is shared. So its
/// length must not be asked for in between: neither by a proof of consistency, nor as the
/// place up to which an answer is complete.
#[tokio::test]
async fn the_ledger_tells_its_length_only_as_it_was_last_signed() {
    let script = Script { checkpoint_seconds: 3_600, ..shipped() };
    let world = World::with(script).await;
    let prisons = world.node(PRISONS, "records").await;
    let signed = prisons.head().await.expect("a head is checked at each connect").size;
    let (message, _) = built(release(person(UNKNOWN)));
    publish(&prisons, message).await;
    let mut told = Vec::new();
    for (name, beyond) in [("one more", 1), ("two more", 2), ("many more", 1_000)] {
        let request = audit::GetConsistencyRequest { old_size: signed, new_size: signed + beyond };
        let answer = prisons.audit().await.unwrap().get_consistency(request).await;
        assert!(answer.is_err(), "no proof reaches beyond the signed head");
        told.push((name, blanked(answer, |_| ())));
    }
    alike(&told);
    let auditor = world.person(AUDITOR_PRISONS).await;
    let request = audit::ListDisclosuresRequest {
        reason: "a check of how far an answer reaches".into(),
        ..audit::ListDisclosuresRequest::default()
    };
    let answer = auditor.audit().await.unwrap().list_disclosures(request).await.unwrap();
    assert_eq!(answer.into_inner().complete_to, signed);
}
