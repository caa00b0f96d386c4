//! The rules move between the moment a message is accepted and the moment its recipient
//! connects. What leaves is decided by the rules of that later moment, and never more than was
//! permitted at first: the stricter of both decides.
//!
//! Each rule: what reaches the wire, what the sender is told, and what the ledger says of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod flags;
mod limited;
mod links;
mod possible_match;
mod roles;

use agency_client::compose::{self, Person};
use agency_client::errors::ConnectError;
use agency_client::{Connection, Subscription};
use demo::stage::{BROKER_AUDITOR, Script, Term};
use prost::Message as _;
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use std::sync::LazyLock;
use std::time::Duration;
use tests::world::{
    RELEASE_GROUNDS, World, adult, id, next, nothing, now, ppo_deselection, ppo_flag, recall,
    shipped,
};
use time::OffsetDateTime;
use uuid::Uuid;

const STOCKPORT: &str = "E08000007";
const NOMS: &str = "A9301AA";
const NAME: &str = "Invented Mover";
const BIRTH_DATE: &str = "1988-04-12";
const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);
const ALERTS: &str = "agreements/release-alerts.toml";

/// The shipped bundle with one passage of an agreement written otherwise.
fn with(path: &str, from: &str, to: &str) -> Script {
    let mut script = shipped();
    for (name, text) in &mut script.bundle {
        if name == path {
            assert!(text.contains(from), "the agreement must say what is to be changed");
            *text = text.replace(from, to);
        }
    }
    script
}

/// The shipped bundle with release alerts ending that much from now.
fn ending(after: Duration) -> Script {
    let term = Term::around(now()).ending((now() + after).date());
    shipped().with_term(ALERTS, term).unwrap()
}

async fn stockport(world: &World) -> Subscription {
    world.mailbox("gmp", "records", "stockport").await
}

async fn publish(world: &World, draft: compose::Draft) -> Uuid {
    let message = draft.build().unwrap();
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    world.publisher("hmpps-prisons", "records").await.publish(message).await.unwrap();
    message_id
}

/// What stands in the body of a recall from prisons to the Stockport desk that was accepted at
/// `accepted`, of everything policy adds to it only that it may not be passed on.
fn recall_body(accepted: OffsetDateTime, subjects: Vec<wire::Subject>) -> wire::ReleasedMessage {
    wire::ReleasedMessage {
        sending_agency: "hmpps-prisons".to_owned(),
        sending_desk: "movements".to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        gateway: wire::Gateway::Oma2007S14.into(),
        marking: wire::Marking::OfficialSensitive.into(),
        handling_conditions: vec![wire::HandlingCondition::NoOnward.into()],
        subjects,
        urgency: wire::Urgency::Routine.into(),
        accepted_at: Some(stamp(accepted)),
        // An officer acts within a day, and a year later it is gone.
        act_by: Some(stamp(accepted + DAY)),
        delete_by: Some(stamp(accepted + 365 * DAY)),
        kind: Some(Kind::Custody(wire::Custody {
            event: wire::CustodyEvent::Recall.into(),
            certainty: wire::CustodyCertainty::Confirmed.into(),
            prison: "FBI".to_owned(),
            occurred_at: Some(stamp(occurred())),
            movement_reason: "24".to_owned(),
            ..wire::Custody::default()
        })),
        ..wire::ReleasedMessage::default()
    }
}

/// When the invented recalls of these tests happened: not long before they are told.
fn occurred() -> OffsetDateTime {
    static OCCURRED: LazyLock<OffsetDateTime> = LazyLock::new(|| now() - HOUR);
    OCCURRED.replace_nanosecond(0).unwrap()
}

fn stamp(moment: OffsetDateTime) -> prost_types::Timestamp {
    // The broker keeps microseconds.
    let nanos = i32::try_from(moment.microsecond() * 1_000).unwrap();
    prost_types::Timestamp { seconds: moment.unix_timestamp(), nanos }
}

/// A person as a desk sees him that may see everything.
fn whole(identifiers: &[(wire::IdentifierType, &str)], name: &str) -> wire::Subject {
    wire::Subject {
        identifiers: numbers(identifiers),
        category: wire::SubjectCategory::Managed.into(),
        name: name.to_owned(),
        birth_date: BIRTH_DATE.to_owned(),
        ..wire::Subject::default()
    }
}

fn numbers(identifiers: &[(wire::IdentifierType, &str)]) -> Vec<wire::Identifier> {
    let number = |(register, value): &(wire::IdentifierType, &str)| wire::Identifier {
        r#type: (*register).into(),
        value: (*value).to_owned(),
    };
    identifiers.iter().map(number).collect()
}

/// What the invented prison says of custody, as [`recall_body`] has it but for event and reason.
fn custody_news(event: wire::CustodyEvent, reason: &str) -> compose::CustodyNews {
    compose::CustodyNews {
        event,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: occurred(),
        movement_reason: reason.to_owned(),
        settles: None,
    }
}

/// A recall of these people, told to the Stockport desk by name.
fn recall_of(people: impl IntoIterator<Item = Person>) -> compose::Draft {
    let news = custody_news(wire::CustodyEvent::Recall, "24");
    let mut people = people.into_iter();
    let draft = compose::custody(id(), RELEASE_GROUNDS, people.next().unwrap(), news);
    people.fold(draft, compose::Draft::person).addressee("gmp", "stockport")
}

/// One delivery comes, and its body is these bytes and no others.
async fn comes_exactly(desk: &mut Subscription, body: &wire::ReleasedMessage) {
    let came = next(desk).await;
    assert_eq!(came.message, *body);
    assert_eq!(came.delivery.body, body.encode_to_vec());
    came.acknowledge().await.unwrap();
}

/// Whoever has a part in the case hears that somebody is on a list no more: here the division of the
/// place to which the person was to be released.
async fn came_off_the_list(desk: &mut agency_client::Subscription) {
    let news = next(desk).await;
    let Some(wire::released_message::Kind::Flag(flag)) = &news.message.kind else {
        panic!("the end of the flag must come, and nothing else");
    };
    assert_eq!(flag.action(), wire::FlagAction::Deselect);
    news.acknowledge().await.unwrap();
}

/// A recall that the Stockport desk is entitled to hear of, and nobody else.
async fn recalled(world: &World) -> Uuid {
    publish(world, recall(id(), NOMS).addressee("gmp", "stockport")).await
}

/// A release that only owners of a flag, and those who serve the place, may hear of.
async fn released(world: &World, person: Person) -> Uuid {
    let certainty = wire::CustodyCertainty::Confirmed;
    let draft = compose::custody_release(id(), RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("gmp", "stockport");
    publish(world, draft).await
}

async fn stands(world: &World, message: Uuid) -> OutcomeState {
    let rows = world.track("hmpps-prisons", "records", message).await;
    assert_eq!(rows.len(), 1, "only the agency that was named");
    assert_eq!(rows[0].0, "gmp");
    rows[0].1
}

/// Nothing reaches the Stockport desk; the sender is told no more than that, and the ledger says
/// by which refusal each of `deliveries` ended.
async fn kept_back(world: &World, message: Uuid, refusals: &[Refusal]) {
    let mut desk = stockport(world).await;
    nothing(&mut desk).await;
    desk.close().await.unwrap();
    assert_eq!(stands(world, message).await, OutcomeState::NotShared);
    let expected: Vec<u64> = refusals.iter().map(|refusal| refusal.code().into()).collect();
    assert_eq!(world.ended(message), expected);
    // The decision of the moment it was accepted stays what it was.
    let request = audit::ExplainDecisionRequest {
        reason: "a test of the record".to_owned(),
        sending_agency: "hmpps-prisons".to_owned(),
        message_id: message.to_string(),
    };
    let mut auditor = world.person(BROKER_AUDITOR).await.audit().await.unwrap();
    let explained = auditor.explain_decision(request).await.unwrap().into_inner();
    let mut of_desk =
        explained.explanations.iter().filter(|e| e.agency == "gmp" && e.desk == "stockport");
    assert!(of_desk.all(|explanation| explanation.permitted), "it was permitted at first");
}

#[tokio::test]
async fn an_agreement_that_ends_meanwhile_permits_nothing_any_more() {
    let (world, clock) = World::on_clock(ending(2 * DAY)).await;
    let message = recalled(&world).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Waiting);
    clock.advance(3 * DAY);
    kept_back(&world, message, &[Refusal::NoPermit]).await;
}

#[tokio::test]
async fn an_agreement_that_ends_while_the_desk_is_connected_ends_at_that_moment() {
    let (world, clock) = World::on_clock(ending(2 * DAY)).await;
    let mut desk = stockport(&world).await;
    recalled(&world).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    clock.advance(3 * DAY);
    let news = custody_news(wire::CustodyEvent::Recall, "24");
    let news = compose::CustodyNews { occurred_at: now() + 3 * DAY, ..news };
    let draft = compose::custody(id(), RELEASE_GROUNDS, adult(NOMS, NAME), news);
    let message = publish(&world, draft.addressee("gmp", "stockport")).await;
    nothing(&mut desk).await;
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
    assert!(world.ended(message).is_empty(), "it was refused at once and never waited");
}

#[tokio::test]
async fn a_message_past_its_own_end_is_not_released_and_the_sender_hears_that() {
    let (world, clock) = World::on_clock(shipped()).await;
    let draft = recall(id(), NOMS).addressee("gmp", "stockport");
    let message = publish(&world, draft.expires_at(now() + DAY)).await;
    clock.advance(2 * DAY);
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Undelivered);
    assert_eq!(world.ended(message), [u64::from(Refusal::Expired.code())]);
}

/// A recall with a line of narrative, under the condition that such data needs.
async fn recalled_with_narrative(world: &World) {
    let mut message = recall(id(), NOMS)
        .addressee("gmp", "stockport")
        .statement(wire::Field::Narrative, wire::Footing::Fact, &[0], "Left before the van came.")
        .build()
        .unwrap();
    message.set_sensitive_condition(wire::SensitiveCondition::Sch8Statutory);
    world.publisher("hmpps-prisons", "records").await.publish(message).await.unwrap();
}

#[tokio::test]
async fn a_bundle_that_narrows_meanwhile_narrows_what_leaves() {
    let world = World::shipped().await;
    recalled_with_narrative(&world).await;
    let mut desk = stockport(&world).await;
    let whole = next(&mut desk).await;
    assert_eq!(whole.message.subjects[0].name, "Invented Recalled");
    assert_eq!(whole.message.statements.len(), 1, "narrative is revealed to police here");
    whole.acknowledge().await.expect("the receipt must be durable");
    desk.close().await.unwrap();

    recalled_with_narrative(&world).await;
    let narrower = with(
        ALERTS,
        "custody_events = [\"recall\", \"unlawfully_at_large\", \"released_in_error\"]\n\
         reveal = [\"narrative\", \"licence_condition_text\", \"risk\"]\n",
        "custody_events = [\"recall\", \"unlawfully_at_large\", \"released_in_error\"]\n\
         reveal = [\"risk\"]\nwithhold = [\"subject_birth_date\", \"custody_reason\"]\n",
    );
    world.stage.approve(&narrower).await.unwrap();
    let mut desk = stockport(&world).await;
    let rest = next(&mut desk).await;
    let subject = &rest.message.subjects[0];
    let Some(Kind::Custody(custody)) = &rest.message.kind else { panic!("custody") };
    assert_eq!((subject.name.as_str(), subject.birth_date.as_str()), ("Invented Recalled", ""));
    assert_eq!((custody.prison.as_str(), custody.movement_reason.as_str()), ("FBI", ""));
    assert_eq!(rest.message.statements, []);
    use wire::Field::{CustodyReason, Narrative, SubjectBirthDate};
    assert_eq!(
        rest.message.withheld,
        [SubjectBirthDate, CustodyReason, Narrative].map(|field| field as i32)
    );
    rest.acknowledge().await.expect("the receipt must be durable");
    desk.close().await.unwrap();

    // Widened again, it still shows no more than the narrower rules of its acceptance did.
    recalled_with_narrative(&world).await;
    let wider = with(ALERTS, "# One desk may match several permits", "# A desk may match several");
    world.stage.approve(&wider).await.unwrap();
    let mut desk = stockport(&world).await;
    let held_to = next(&mut desk).await;
    assert_eq!(held_to.message.subjects[0].birth_date, "");
    assert_eq!(held_to.message.statements, []);
    assert_eq!(held_to.message.withheld, rest.message.withheld);
}

#[tokio::test]
async fn conditions_and_deletion_of_the_first_decision_hold_though_the_rules_are_relaxed() {
    let recall_terms = |handling: &str, days: u32| {
        with(
            ALERTS,
            "custody_events = [\"recall\", \"unlawfully_at_large\", \"released_in_error\"]\n\
             reveal = [\"narrative\", \"licence_condition_text\", \"risk\"]\n\
             handling = [\"no_onward\"]\nact_by_hours = 24\ndelete_by_days = 365\n",
            &format!(
                "custody_events = [\"recall\", \"unlawfully_at_large\", \"released_in_error\"]\n\
                 handling = [{handling}]\ndelete_by_days = {days}\n"
            ),
        )
    };
    let world = World::with(recall_terms("\"no_onward\", \"not_to_subject\"", 30)).await;
    recalled(&world).await;
    world.stage.approve(&recall_terms("\"no_onward\"", 365)).await.unwrap();
    let mut desk = stockport(&world).await;
    let came = next(&mut desk).await;
    use wire::HandlingCondition::{NoOnward, NotToSubject};
    assert_eq!(
        came.message.handling_conditions,
        [NoOnward, NotToSubject].map(|condition| condition as i32)
    );
    let delete_by = came.message.delete_by.expect("a day of deletion");
    assert!(delete_by.seconds <= (now() + 30 * DAY).unix_timestamp(), "30 days, not 365");
}

#[tokio::test]
async fn a_suspended_agency_gets_nothing_and_once_restored_what_it_may_have_by_then() {
    let world = World::shipped().await;
    let before = recalled(&world).await;
    world.suspend("gmp", true).await;
    let settings = world.stage.node("gmp", "records").unwrap();
    let refused = Connection::connect(&settings).await;
    assert!(refused.is_err(), "a suspended agency is not let in");
    assert_eq!(stands(&world, before).await, OutcomeState::Waiting);
    let during = recalled(&world).await;
    assert_eq!(stands(&world, during).await, OutcomeState::NotShared);
    world.suspend("gmp", false).await;
    let mut desk = stockport(&world).await;
    let came = next(&mut desk).await;
    came.acknowledge().await.expect("the receipt must be durable");
    // What was refused while it was suspended never becomes a release.
    nothing(&mut desk).await;
    assert_eq!(stands(&world, before).await, OutcomeState::Acknowledged);
    assert_eq!(stands(&world, during).await, OutcomeState::NotShared);
}

#[tokio::test]
async fn suspending_an_agency_closes_the_stream_it_was_being_served_on() {
    let world = World::shipped().await;
    let mut desk = stockport(&world).await;
    world.suspend("gmp", true).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), desk.next()).await;
    assert!(!matches!(ended, Ok(Some(Ok(_)))), "nothing is delivered to it");
    world.until("its connections are closed", async || world.status().await.connections == 1).await;
    recalled(&world).await;
    nothing_but_refusals(&mut desk).await;
}

/// No delivery comes; the subscription may say that it is refused.
async fn nothing_but_refusals(desk: &mut Subscription) {
    let came = tokio::time::timeout(Duration::from_secs(1), desk.next()).await;
    assert!(!matches!(came, Ok(Some(Ok(_)))), "nothing is delivered to it");
}

#[tokio::test]
async fn a_revoked_certificate_gets_nothing_and_what_waits_goes_to_its_successor() {
    let world = World::shipped().await;
    let settings = world.stage.node("gmp", "records").unwrap();
    let mut lost = stockport(&world).await;
    let pem = std::fs::read_to_string(&settings.certificate).unwrap();
    world.stage.authority().revoke_pem(&pem).unwrap();
    world.stage.publish_crls().unwrap();
    world
        .until("the revoked certificate is refused", async || {
            matches!(Connection::connect(&settings).await, Err(ConnectError::CertificateRefused(_)))
        })
        .await;
    let message = recalled(&world).await;
    nothing_but_refusals(&mut lost).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Waiting);
    // A new certificate for the same node.
    std::fs::remove_file(&settings.certificate).unwrap();
    let mut desk = stockport(&world).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    assert_eq!(stands(&world, message).await, OutcomeState::Acknowledged);
}

#[tokio::test]
async fn a_flag_that_is_withdrawn_meanwhile_gives_nobody_a_stake() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let message = released(&world, adult(NOMS, NAME)).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Waiting);
    world.deselect(adult(NOMS, NAME)).await;
    let mut desk = stockport(&world).await;
    came_off_the_list(&mut desk).await;
    desk.close().await.unwrap();
    kept_back(&world, message, &[Refusal::NoPermit]).await;
    for mut desk in [
        world.mailbox("merseyside-police", "records", "wirral").await,
        world.mailbox("stockport-council", "housing", "housing").await,
    ] {
        nothing(&mut desk).await;
        desk.close().await.unwrap();
    }
    let probation = ("probation-greater-manchester", "records", "stockport");
    let mut desk = world.mailbox(probation.0, probation.1, probation.2).await;
    came_off_the_list(&mut desk).await;
    nothing(&mut desk).await;
    let no_permit = u64::from(Refusal::NoPermit.code());
    assert_eq!(world.ended(message), [no_permit; 4], "each of the four has its record");
}

#[tokio::test]
async fn news_sent_right_behind_a_flags_withdrawal_is_decided_without_the_flag() {
    let world = World::shipped().await;
    let probation = ("probation-greater-manchester", "records");
    let raised = ppo_flag(adult(NOMS, NAME));
    world.publisher(probation.0, probation.1).await.publish(raised).await.unwrap();
    let mut desk = stockport(&world).await;
    let news = |message| {
        let (person, certainty) = (adult(NOMS, NAME), wire::CustodyCertainty::Confirmed);
        compose::custody_release(message, RELEASE_GROUNDS, person, certainty, "FBI", now())
            .area(STOCKPORT, wire::AreaRole::Release)
            .addressee("gmp", "stockport")
            .build()
            .unwrap()
    };
    world.frame(probation.0, probation.1, vec![news(id())]).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    let message = id();
    // Both are read, and the second prepared, before the first is committed.
    let both = vec![ppo_deselection(adult(NOMS, NAME)), news(message)];
    world.frame(probation.0, probation.1, both).await;
    came_off_the_list(&mut desk).await;
    nothing(&mut desk).await;
    assert_eq!(
        world.track(probation.0, probation.1, message).await,
        [("gmp".to_owned(), OutcomeState::NotShared)]
    );
}

#[tokio::test]
async fn a_message_withdrawn_while_it_waits_is_never_released() {
    let world = World::shipped().await;
    let message = recalled(&world).await;
    let taken_back = compose::withdrawal(id(), RELEASE_GROUNDS, adult(NOMS, NAME), message, "");
    publish(&world, taken_back).await;
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Withdrawn);
    let mut ended = world.records("ended");
    ended.retain(|record| record["message"] == message.to_string());
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0]["reason"], "withdrawn");
}
