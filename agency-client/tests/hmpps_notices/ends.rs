//! What ended, told of what the memory of the import says began, and of nothing else.

use agency_client::hmpps::{ImportMemory, read_remembering};
use proto::exchange::v1::Field;

use super::*;

const KEY: [u8; 32] = [1; 32];

/// Events read one after another by one import with a memory.
struct Import {
    folder: tempfile::TempDir,
    memory: ImportMemory,
}

impl Import {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memory = ImportMemory::open(&folder.path().join("memory"), KEY, NOW).unwrap();
        Self { folder, memory }
    }

    /// The program ends and starts again.
    fn restarted(self) -> Self {
        let Self { folder, memory } = self;
        drop(memory);
        let memory = ImportMemory::open(&folder.path().join("memory"), KEY, NOW).unwrap();
        Self { folder, memory }
    }

    fn outcome(&mut self, event: &Value) -> Outcome {
        let text = format!("{MAIN}{SECTIONS}{OF_CASES}");
        let profile = ImportProfile::from_toml(&text, KEY).unwrap();
        let payload = event.to_string();
        read_remembering(payload.as_bytes(), &profile, Some(&mut self.memory), NOW).unwrap()
    }

    fn told(&mut self, event: &Value) -> String {
        words(&self.outcome(event))
    }

    fn message(&mut self, event: &Value) -> Message {
        match self.outcome(event) {
            Outcome::Shared(messages) => messages.into_iter().next().unwrap(),
            other => unreachable!("{other:?}"),
        }
    }
}

fn at(mut event: Value, when: &str) -> Value {
    event["occurredAt"] = json!(when);
    event
}

fn stay(event_type: &str, booking: &str, when: &str) -> Value {
    let details = json!({ "applicationId": "an application", "bookingId": booking });
    at(of_case(event_type, details), when)
}

/// An end of a registration, which has an id of its own and names no registration.
fn deregistered(register: &str, id: &str, when: &str) -> Value {
    let details = json!({ "deregistrationId": id, "registerTypeCode": register });
    at(of_case("probation-case.registration.deregistered", details), when)
}

#[test]
fn a_departure_ends_the_arrival_that_was_told() {
    for (place, sort) in [
        ("approved-premises", PlacementSort::ApprovedPremises),
        ("accommodation.cas3", PlacementSort::Transitional),
    ] {
        let mut import = Import::new();
        let arrived = stay(&format!("{place}.person.arrived"), "b", "2025-03-01T10:00:00Z");
        let arrival = import.message(&arrived);
        let mut import = import.restarted();
        // Half past midnight of the next day in Britain.
        let left = stay(&format!("{place}.person.departed"), "b", "2025-06-13T23:30:00Z");
        let departure = import.message(&left);
        let Some(Kind::Placement(placement)) = &departure.kind else { unreachable!("placement") };
        assert_eq!((placement.sort(), placement.step()), (sort, PlacementStep::Ended));
        assert_eq!(placement.settles_message_id, arrival.message_id);
        assert_eq!((placement.starts_on.as_str(), placement.ends_on.as_str()), ("", "2025-06-14"));
        assert_eq!(number(&departure), number(&arrival));
        assert_eq!(import.message(&left), departure, "read again, it is the same message");
    }
}

#[test]
fn a_departure_of_another_stay_person_or_place_ends_nothing_and_is_held_for_people() {
    let mut import = Import::new();
    import.message(&stay("accommodation.cas3.person.arrived", "b", "2025-03-01T10:00:00Z"));
    let left =
        |booking| stay("accommodation.cas3.person.departed", booking, "2025-06-01T10:00:00Z");
    let mut of_another = left("b");
    of_another["personReference"]["identifiers"][0]["value"] = json!("X000002");
    for event in [
        left("c"),
        of_another,
        stay("approved-premises.person.departed", "b", "2025-06-01T10:00:00Z"),
        stay("accommodation.cas3.person.departed", "b", "2025-02-28T10:00:00Z"),
    ] {
        assert_eq!(import.told(&event), "quarantined arrival_untold", "{event}");
    }
    assert_eq!(import.told(&left("b")), "shared placement ended");
}

#[test]
fn who_came_twice_under_one_application_leaves_twice() {
    let mut import = Import::new();
    let event = |what: &str, when| stay(&format!("approved-premises.person.{what}"), "", when);
    let first = import.message(&event("arrived", "2025-01-05T10:00:00Z"));
    let second = import.message(&event("arrived", "2025-03-05T10:00:00Z"));
    for (left, arrival) in [("2025-02-05T10:00:00Z", &first), ("2025-04-05T10:00:00Z", &second)] {
        let Some(Kind::Placement(placement)) = import.message(&event("departed", left)).kind else {
            unreachable!("placement")
        };
        assert_eq!(placement.settles_message_id, arrival.message_id, "{left}");
    }
}

#[test]
fn an_entry_that_ended_adds_to_what_was_told_and_takes_nothing_back() {
    let when = "2025-06-15T09:00:00Z";
    for (made, ended, of_its_kind) in [
        (
            registration("added", "MAPP", "M2", "M2"),
            deregistered("MAPP", "2500000099", when),
            "a registration of this kind was ended; the event does not say which",
        ),
        (
            registration("added", "IIOM", "", ""),
            deregistered("IIOM", "2500000099", when),
            "a registration of this kind was ended; the event does not say which",
        ),
        (
            alert("created", "P33"),
            at(alert("inactive", "P33"), when),
            "the alert from which this was told was made inactive",
        ),
        (
            alert("created", "OPPO"),
            at(alert("inactive", "OPPO"), when),
            "the alert from which this was told was made inactive",
        ),
    ] {
        let mut import = Import::new();
        let first = import.message(&made);
        let mut import = import.restarted();
        let end = import.message(&ended);
        let Some(Kind::Correction(correction)) = &end.kind else { unreachable!("correction") };
        assert_eq!(correction.action(), CorrectionAction::Supplement);
        assert_eq!(correction.message_id, first.message_id);
        assert_eq!(number(&end), number(&first));
        let [said] = end.statements.as_slice() else { unreachable!("one statement") };
        assert_eq!((said.field(), said.subjects.as_slice()), (Field::Narrative, [0].as_slice()));
        assert_eq!(said.footing(), proto::exchange::v1::Footing::Fact);
        assert!(said.text.starts_with("On 2025-06-15 ") && said.text.contains(of_its_kind));
        assert!(said.text.contains("for the panel to say"), "nobody leaves a list by it");
        assert_eq!(import.message(&ended), end, "read again, it is the same message");
    }
}

#[test]
fn an_entry_that_was_never_told_or_was_taken_back_is_not_told_to_have_ended() {
    let mut import = Import::new();
    let when = "2025-06-15T09:00:00Z";
    let end = deregistered("MAPP", "2500000099", when);
    assert_eq!(import.told(&end), "not_shareable decision_untold", "never told");
    import.message(&registration("added", "IIOM", "", ""));
    assert_eq!(import.told(&end), "not_shareable decision_untold", "of another register");
    import.message(&registration("added", "MAPP", "M1", "M1"));
    assert_eq!(import.told(&end), "shared correction supplement");
    assert_eq!(import.told(&deregistered("MAPP", "2500000099", "2025-06-13T09:00:00Z")), {
        "not_shareable decision_untold"
    });
    import.message(&registration("deleted", "MAPP", "", ""));
    let mut import = import.restarted();
    assert_eq!(import.told(&end), "not_shareable decision_untold", "taken back");
    assert_eq!(import.told(&alert("inactive", "OPPO")), "not_shareable decision_untold");
    assert_eq!(import.told(&deregistered("RHRH", "1", when)), "not_shareable registration");
    assert_eq!(import.told(&deregistered("MAPP", "", when)), "quarantined missing_record_id");
}

#[test]
fn the_memory_says_nothing_of_anybody_to_whoever_lacks_the_key() {
    let mut import = Import::new();
    import.message(&registration("added", "MAPP", "M2", "M2"));
    import.message(&alert("created", "OPPO"));
    import.message(&stay("approved-premises.person.arrived", "b", "2025-03-01T10:00:00Z"));
    let saved = std::fs::read_to_string(import.folder.path().join("memory")).unwrap();
    let lines: Vec<&str> = saved.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [digest, seconds, id] = words.as_slice() else { unreachable!("three words") };
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(seconds.bytes().all(|byte| byte.is_ascii_digit()) && id.len() == 36);
    }
    for value in ["X000001", "Z9001ZA", "MAPP", "OPPO", "2500000001", "6A0783EE"] {
        assert!(!saved.to_ascii_uppercase().contains(value), "{value}");
    }
}
