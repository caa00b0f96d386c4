//! What an import says ended, sent to a broker: it reaches whoever was told of the beginning.

use agency_client::compose::{self, Person};
use agency_client::hmpps::{ImportMemory, ImportProfile, Outcome, read_remembering};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use serde_json::{Value, json};
use tests::world::{World, id, now, review_date};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::town::{ALL, Agreed, GROUNDS, SUPERVISION, WIRRAL, action_of, nothing_for, send, takes};

const KEY: [u8; 32] = [5; 32];
const CRN: &str = "X960001";
const PROFILE: &str = r#"
purpose = "offender_management"
gateway = "cda1998_s115"
lawful_basis = "dpa2018_s35_task"
sensitive_condition = "sch8_justice"
marking = "official"
acting_person = "11111111-1111-4111-8111-111111111111"
id_key_file = "unused"
[flags]
owner_agency = "wirral-police"
owner_desk = "wirral"
[placements]
"#;

/// An event about the invented person, some days ago.
fn event(event_type: &str, days_ago: i64, details: &Value) -> Value {
    let at: OffsetDateTime = now() - Duration::days(days_ago);
    json!({
        "eventType": event_type,
        "occurredAt": at.format(&Rfc3339).unwrap(),
        "personReference": { "identifiers": [{ "type": "CRN", "value": CRN }] },
        "additionalInformation": details,
    })
}

/// Reads an event and sends what it led to.
async fn import(world: &World, memory: &mut ImportMemory, event: &Value) {
    let profile = ImportProfile::from_toml(PROFILE, KEY).unwrap();
    let payload = event.to_string();
    let outcome = read_remembering(payload.as_bytes(), &profile, Some(memory), now()).unwrap();
    let Outcome::Shared(messages) = outcome else { panic!("{outcome:?}") };
    for mut message in messages {
        // No event says it, and whoever sends looks it up: unknown is refused.
        message.subjects[0].limited_access = wire::LimitedAccess::No.into();
        world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(message).await.unwrap();
    }
}

#[tokio::test]
async fn a_departure_and_the_end_of_an_entry_reach_whoever_was_told_of_the_beginning() {
    let agreed = Agreed { to: ALL, more: "under_18 = true\nreveal = [\"narrative\"]" };
    let world = World::with(agreed.script()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut memory = ImportMemory::open(&folder.path().join("memory"), KEY, now()).unwrap();
    let known = Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Crn, CRN)
        .limited_access(wire::LimitedAccess::No);
    let list = wire::FlagKind::Ppo;
    let flag = compose::flag_raise(id(), GROUNDS, known, list, &review_date(), id());
    send(&world, WIRRAL, flag).await;

    let stay = json!({ "applicationId": "an application" });
    import(&world, &mut memory, &event("approved-premises.person.arrived", 9, &stay)).await;
    let arrived = takes(&world, WIRRAL).await;
    import(&world, &mut memory, &event("approved-premises.person.departed", 1, &stay)).await;
    let left = takes(&world, WIRRAL).await;
    assert_eq!(left.delivery.settles_reference, arrived.delivery.reference);
    let Some(Kind::Placement(placement)) = &left.message.kind else { panic!("a placement") };
    assert_eq!(placement.step(), wire::PlacementStep::Ended);

    let made = json!({ "registrationId": "2500000001", "registerTypeCode": "IIOM" });
    import(&world, &mut memory, &event("probation-case.registration.added", 3, &made)).await;
    let proposed = takes(&world, WIRRAL).await;
    let ended = json!({ "deregistrationId": "2500000009", "registerTypeCode": "IIOM" });
    import(&world, &mut memory, &event("probation-case.registration.deregistered", 0, &ended))
        .await;
    let told = takes(&world, WIRRAL).await;
    assert_eq!(told.delivery.settles_reference, proposed.delivery.reference);
    assert_eq!(action_of(&told), wire::CorrectionAction::Supplement);
    let [said] = told.message.statements.as_slice() else { panic!("one statement") };
    assert!(said.text.contains("was ended"), "and so it is read by whoever may read the first");
    nothing_for(&world, &[WIRRAL, SUPERVISION]).await;
}
