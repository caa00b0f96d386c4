//! What auditors, recipients and outsiders read of messages that are not theirs.

use std::time::Duration;

use agency_client::Connection;
use agency_client::compose::Person;
use agency_client::errors::CallError;
use broker::clock::Clock as _;
use demo::stage::{BROKER_AUDITOR, Script, Term};
use proto::audit::v1 as audit;
use proto::audit::v1::DeliveryState;
use proto::audit::v1::get_proof_request::Of;
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use tests::world::{World, id, next, nothing, now, recall, shipped};
use tonic::Response;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

use crate::answers::{Answer, alike, blanked, disclosures, explanation, publish, subscribe, whole};
use crate::{
    AUDITOR_MENTORS, AUDITOR_PRISONS, Fate, PRISONS, STOCKPORT, WATCHED, assert_fate, cases,
    person, release, watched_world,
};

const DAY: Duration = Duration::from_secs(86_400);

/// Publishes every case and answers their ids, in order.
async fn published(world: &World) -> Vec<(&'static str, Fate, Uuid)> {
    let prisons = world.node(PRISONS, "records").await;
    let auditor = world.person(BROKER_AUDITOR).await;
    let mut ids = Vec::new();
    for (name, fate, draft) in cases() {
        let message = draft.build().unwrap();
        let id = Uuid::try_parse(&message.message_id).unwrap();
        publish(&prisons, message).await;
        assert_fate(&auditor, name, id, fate).await;
        ids.push((name, fate, id));
    }
    ids
}

#[tokio::test]
async fn disclosures_of_what_was_not_shared_look_like_those_of_what_never_was() {
    let (world, flag) = watched_world().await;
    let auditor = world.person(AUDITOR_PRISONS).await;
    let mut told = vec![
        ("never published", disclosures(&auditor, &id().to_string()).await),
        ("another agency's message", disclosures(&auditor, &flag.to_string()).await),
    ];
    for (name, _, id) in published(&world).await {
        // Nobody is connected: what is permitted has not been shared yet either.
        told.push((name, disclosures(&auditor, &id.to_string()).await));
    }
    alike(&told);
}

#[tokio::test]
async fn an_auditor_sees_what_his_agency_sent_or_was_given_and_nothing_else() {
    let (world, _) = watched_world().await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let (_, _, told) = published(&world).await[0];
    next(&mut owner).await.acknowledge().await.unwrap();
    next(&mut stockport).await.acknowledge().await.unwrap();
    let prisons = world.person(AUDITOR_PRISONS).await;
    let shown = disclosed(&prisons, told).await;
    assert_eq!(shown, ["gmp", "merseyside-police"], "the sender's auditor sees who was told");
    let mentors = world.person(AUDITOR_MENTORS).await;
    let nothing = disclosures(&mentors, "").await;
    alike(&[("everything", nothing), ("one", disclosures(&mentors, &told.to_string()).await)]);
}

async fn disclosed(auditor: &Connection, message: Uuid) -> Vec<String> {
    let request = audit::ListDisclosuresRequest {
        reason: "a check of who was told".into(),
        message_id: message.to_string(),
        ..audit::ListDisclosuresRequest::default()
    };
    let answer = auditor.audit().await.unwrap().list_disclosures(request).await.unwrap();
    let rows = answer.into_inner().disclosures;
    for row in &rows {
        assert_eq!((&*row.receiving_desk, &*row.receiving_node), ("", ""), "not the sender's");
        assert_eq!(row.rules, [""; 0], "by a rule he could learn who is on a list");
    }
    let mut agencies: Vec<String> = rows.into_iter().map(|row| row.receiving_agency).collect();
    agencies.sort();
    agencies
}

#[tokio::test]
async fn the_decision_on_a_message_of_another_looks_like_none() {
    let (world, flag) = watched_world().await;
    let told = published(&world).await[0].2;
    let explain = async |auditor: &Connection, sender, message| {
        whole(explanation(auditor, sender, message).await.map(Response::new))
    };
    let prisons = world.person(AUDITOR_PRISONS).await;
    let mentors = world.person(AUDITOR_MENTORS).await;
    alike(&[
        ("his own, unknown", explain(&prisons, PRISONS, id()).await),
        ("another's, known", explain(&prisons, "merseyside-police", flag).await),
        ("another's, unknown", explain(&prisons, "merseyside-police", id()).await),
        ("nobody's", explain(&prisons, "no-such-agency", id()).await),
        ("an outsider's view of it", explain(&mentors, PRISONS, told).await),
    ]);
}

#[tokio::test]
async fn a_senders_auditor_cannot_tell_a_refusal_from_a_message_that_concerned_nobody() {
    let (world, _) = watched_world().await;
    let auditor = world.person(AUDITOR_PRISONS).await;
    let mut told = Vec::new();
    for (name, _, id) in published(&world).await {
        let answer = explanation(&auditor, PRISONS, id).await.map(Response::new);
        told.push((name, whole(answer)));
    }
    alike(&told);
}

#[tokio::test]
async fn a_senders_auditor_is_not_told_of_refused_desks_of_an_agency_that_was_told() {
    let (world, _) = watched_world().await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let (_, _, message) = published(&world).await[0];
    next(&mut stockport).await.acknowledge().await.unwrap();
    let all = world.person(BROKER_AUDITOR).await;
    let explained = explanation(&all, PRISONS, message).await.unwrap().explanations;
    let refused_too = explained.iter().any(|row| row.agency == "gmp" && !row.permitted);
    assert!(refused_too, "another desk of the same force was refused");
    assert!(explained.iter().all(|row| !row.permitted || !row.rules.is_empty()));
    let auditor = world.person(AUDITOR_PRISONS).await;
    let told = explanation(&auditor, PRISONS, message).await.unwrap();
    assert_eq!(
        fates(&told),
        [("gmp", "", DeliveryState::Acknowledged, 0)],
        "and of the flag's owner, who has not been told yet, nothing"
    );
    assert!(!told.explanations.is_empty(), "of the desk that was told he reads");
    for row in told.explanations {
        assert!(row.permitted && row.refusal == 0, "of the desk that was refused he does not");
        assert_eq!(row.reasons, [""; 0], "nor why anybody had a stake");
        assert_eq!(row.rules, [""; 0], "nor by which rule");
        assert_eq!(row.desk, "");
    }
}

/// Agency, desk, state and refusal of each delivery.
fn fates(explained: &audit::ExplainDecisionResponse) -> Vec<(&str, &str, DeliveryState, u32)> {
    let rows = explained.fates.iter();
    rows.map(|row| (&*row.agency, &*row.desk, row.state(), row.refusal)).collect()
}

/// The shipped bundle with release alerts ending tomorrow.
fn ending_tomorrow() -> Script {
    let term = Term::around(now()).ending((now() + DAY).date());
    shipped().with_term("agreements/release-alerts.toml", term).unwrap()
}

#[tokio::test]
async fn a_refusal_at_release_is_explained_to_the_broker_wide_auditor_and_to_nobody_else() {
    let (world, clock) = World::on_clock(ending_tomorrow()).await;
    let (all, sender) = (world.person(BROKER_AUDITOR).await, world.person(AUDITOR_PRISONS).await);
    let message = recall(id(), "A9777AA").addressee("gmp", "stockport").build().unwrap();
    let key = Uuid::try_parse(&message.message_id).unwrap();
    publish(&world.node(PRISONS, "records").await, message).await;
    let waits = explanation(&all, PRISONS, key).await.unwrap();
    assert_eq!(fates(&waits), [("gmp", "stockport", DeliveryState::Waiting, 0)]);
    let waits = explanation(&sender, PRISONS, key).await.unwrap();
    assert_eq!(fates(&waits), [("gmp", "", DeliveryState::Waiting, 0)], "an agency he named");

    clock.advance(3 * DAY);
    let mut desk = world.mailbox("gmp", "records", "stockport").await;
    nothing(&mut desk).await;
    // Connected anew: their connections may be older than the jump of the clock.
    let (all, sender) = (world.person(BROKER_AUDITOR).await, world.person(AUDITOR_PRISONS).await);
    let told = explanation(&all, PRISONS, key).await.unwrap();
    assert!(told.explanations.iter().any(|row| row.desk == "stockport" && row.permitted));
    let no_permit = Refusal::NoPermit;
    assert_eq!(
        fates(&told),
        [("gmp", "stockport", DeliveryState::Refused, no_permit.code())],
        "what was permitted at first was refused at release"
    );
    let row = told.fates.first().unwrap();
    assert_eq!(row.sentence, no_permit.sentence());
    assert!(row.released_at.is_none());
    let refused_at = row.at.unwrap().seconds;
    assert!((0..60).contains(&(clock.now().unix_timestamp() - refused_at)), "and when");
    let told = explanation(&sender, PRISONS, key).await.unwrap();
    assert_eq!(fates(&told), [], "to its sender it looks like one refused at once");
}

#[tokio::test]
async fn a_period_that_ends_before_it_begins_is_a_fault_of_both_its_ends() {
    let world = World::shipped().await;
    let auditor = world.person(AUDITOR_PRISONS).await;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let ask = async |from, until| {
        let reason = "a check of a period".into();
        let request = audit::ListDisclosuresRequest { reason, from, until, ..Default::default() };
        auditor.audit().await.unwrap().list_disclosures(request).await
    };
    ask(at(1_790_000_000), at(1_790_000_001)).await.unwrap();
    let beyond = at(99_000_000_000);
    for (from, until, fields) in [
        (at(1_790_000_001), at(1_790_000_000), &["from", "until"][..]),
        (at(1_790_000_000), at(1_790_000_000), &["from", "until"]),
        (beyond, None, &["from"]),
        (None, beyond, &["until"]),
    ] {
        let status = ask(from, until).await.unwrap_err();
        let CallError::Refused(refused) = CallError::from(&status) else { panic!("numbered") };
        assert_eq!(refused.refusal, Some(Refusal::InvalidRequest));
        let named: Vec<&str> = refused.violations.iter().map(|fault| &*fault.field).collect();
        assert_eq!(named, fields);
    }
}

#[tokio::test]
async fn proof_of_what_is_anothers_looks_like_proof_of_nothing() {
    let (world, flag) = watched_world().await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    published(&world).await;
    let release = next(&mut owner).await.delivery.release_id.clone();
    let gmp = world.node("gmp", "records").await;
    let prove = async |of| {
        let request = audit::GetProofRequest { of: Some(of) };
        whole(gmp.audit().await.unwrap().get_proof(request).await)
    };
    alike(&[
        ("another's release", prove(Of::ReleaseId(release)).await),
        ("no release", prove(Of::ReleaseId(id().as_bytes().to_vec().into())).await),
        ("another's message", prove(Of::MessageId(flag.to_string())).await),
        ("no message", prove(Of::MessageId(id().to_string())).await),
    ]);
}

#[tokio::test]
async fn a_desk_of_another_looks_like_one_that_is_not_there() {
    let (world, _) = watched_world().await;
    let gmp = world.node("gmp", "records").await;
    // Wirral is another force's desk, the bureau one of another node of the same force.
    let desks = ["no-such-desk", "wirral", "force-intelligence"];
    let mut subscribed: Vec<(&str, Answer)> = Vec::new();
    let mut listed = Vec::new();
    let mut redriven = Vec::new();
    for desk in desks {
        subscribed.push((desk, subscribe(&gmp, desk).await));
        let request = wire::ListDeadLettersRequest { desk: desk.into() };
        let mut exchange = gmp.exchange().await.unwrap();
        listed.push((desk, whole(exchange.list_dead_letters(request).await)));
        let delivery_id = id().as_bytes().to_vec().into();
        let request = wire::RedriveRequest { desk: desk.into(), delivery_id };
        redriven.push((desk, whole(exchange.redrive(request).await)));
    }
    alike(&subscribed);
    alike(&listed);
    alike(&redriven);
}

#[tokio::test]
async fn redriving_a_delivery_of_another_looks_like_redriving_none() {
    let (world, _) = watched_world().await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    published(&world).await;
    let others = next(&mut owner).await.delivery.delivery_id.clone();
    let gmp = world.node("gmp", "records").await;
    let redrive = async |delivery_id| {
        let request = wire::RedriveRequest { desk: "stockport".into(), delivery_id };
        whole(gmp.exchange().await.unwrap().redrive(request).await)
    };
    alike(&[
        ("no delivery", redrive(id().as_bytes().to_vec().into()).await),
        ("another's delivery", redrive(others).await),
        ("no id at all", redrive(Vec::new().into()).await),
    ]);
}

#[tokio::test]
async fn two_recipients_cannot_find_out_that_they_hold_the_same_message() {
    let (world, _) = watched_world().await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let prisons = world.node(PRISONS, "records").await;
    let message = release(person(WATCHED));
    let message = message.area(STOCKPORT, wire::AreaRole::Release).build().unwrap();
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    publish(&prisons, message).await;
    let (one, other) = (next(&mut owner).await.delivery.clone(), next(&mut stockport).await);
    let other = other.delivery.clone();
    assert_ne!(one.reference, other.reference);
    assert_ne!(one.delivery_id, other.delivery_id);
    assert_ne!(one.release_id, other.release_id);
    assert_ne!(one.salt, other.salt, "nor do their records commit to the same value");
    for delivery in [one, other] {
        let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
        let text = message_id.to_string();
        let body = &delivery.body;
        assert!(!holds(body, message_id.as_bytes()) && !holds(body, text.as_bytes()));
    }
}

#[tokio::test]
async fn a_text_that_names_a_person_who_was_removed_is_withheld_and_the_news_still_arrives() {
    let (world, _) = watched_world().await;
    let mut housing = world.mailbox("stockport-council", "housing", "housing").await;
    let prisons = world.node(PRISONS, "records").await;
    let victim = Person::new(wire::SubjectCategory::Victim)
        .name("Invented Quillon")
        .age(wire::AgeAssertion::Adult)
        .limited_access(wire::LimitedAccess::No);
    let about = |text| {
        release(person(WATCHED))
            .person(victim.clone())
            .area(STOCKPORT, wire::AreaRole::Release)
            .statement(wire::Field::HousingNeed, wire::Footing::Fact, &[0], text)
            .build()
            .unwrap()
    };
    publish(&prisons, about("needs a flat far from Quillon")).await;
    let told = next(&mut housing).await;
    assert_eq!(told.message.statements.len(), 0);
    assert!(told.message.withheld().any(|field| field == wire::Field::HousingNeed));
    told.acknowledge().await.unwrap();
    // The same without the name: housing hears of one person, and of one only.
    publish(&prisons, about("needs a flat on the ground floor")).await;
    let told = next(&mut housing).await;
    assert_eq!(told.message.subjects.len(), 1);
    assert_eq!(told.message.statements[0].text, "needs a flat on the ground floor");
}

#[tokio::test]
async fn health_says_the_same_to_everyone_at_all_times() {
    let (world, _) = watched_world().await;
    let check = async |agency: &str, node: &str| {
        let channel = world.node(agency, node).await.channel().await.unwrap();
        let request = HealthCheckRequest { service: String::new() };
        blanked(HealthClient::new(channel).check(request).await, |_| ())
    };
    let before = check(PRISONS, "records").await;
    published(&world).await;
    alike(&[
        ("before", before),
        ("after, to the sender", check(PRISONS, "records").await),
        ("to a recipient", check("merseyside-police", "records").await),
        ("to an outsider", check("loto-stockport", "records").await),
    ]);
}
