//! Release lists, followed folders and the quarantine.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use agency_client::hmpps::{
    FolderSource, FollowError, ImportProfile, ListError, QuarantineFolder, QuarantineReason,
    ReleaseList, RowFault, RowRule, read_release_list,
};
use proto::exchange::v1::{
    AreaRole, Custody, CustodyCertainty, CustodyEvent, Field, Footing, LimitedAccess, Message,
    Urgency, message::Kind,
};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const KEY: [u8; 32] = [42; 32];
const HEADER: &str = "noms_number,name,birth_date,release_date,prison,release_area,offence_class,limited_access,movement_reason";
// Invented.
const ROW: &str = "Z9301ZA,Invented Person,1990-02-03,2025-06-15,MDI,E08000007,burglary,no,CR";

fn profile() -> ImportProfile {
    let text = "purpose = \"resettlement\"\ngateway = \"oma2007_s14\"\n\
        lawful_basis = \"dpa2018_s35_task\"\nmarking = \"official_sensitive\"\n\
        acting_person = \"11111111-1111-4111-8111-111111111111\"\nid_key_file = \"unused\"\n";
    ImportProfile::from_toml(text, KEY).unwrap()
}

fn list(rows: &[&str]) -> ReleaseList {
    list_at(rows, NOW)
}

fn list_at(rows: &[&str], now: OffsetDateTime) -> ReleaseList {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    read_release_list(text.as_bytes(), &profile(), now).unwrap()
}

fn only(list: ReleaseList) -> (Message, Custody) {
    assert_eq!((list.rows.len(), list.faults.as_slice()), (1, [].as_slice()));
    let message = list.rows.into_iter().next().unwrap().message;
    let Some(Kind::Custody(custody)) = message.kind.clone() else { unreachable!("custody") };
    (message, custody)
}

#[test]
fn a_row_becomes_a_release_with_what_the_feed_lacks() {
    let (message, custody) = only(list(&[ROW]));
    let subject = message.subjects.first().unwrap();
    assert_eq!(subject.identifiers.first().unwrap().value, "Z9301ZA");
    assert_eq!(
        (subject.name.as_str(), subject.birth_date.as_str()),
        ("Invented Person", "1990-02-03")
    );
    assert_eq!(subject.limited_access(), LimitedAccess::No);
    let area = message.areas.first().unwrap();
    assert_eq!((area.code.as_str(), area.role()), ("E08000007", AreaRole::Release));
    let offence = message.statements.first().unwrap();
    assert_eq!((offence.field(), offence.footing()), (Field::OffenceClass, Footing::Fact));
    assert_eq!((offence.text.as_str(), offence.subjects.as_slice()), ("burglary", [0].as_slice()));
    assert_eq!(custody.event(), CustodyEvent::Release);
    assert_eq!((custody.prison.as_str(), custody.movement_reason.as_str()), ("MDI", "CR"));
    // Midnight of 15 June in Britain.
    let seconds = custody.occurred_at.unwrap().seconds;
    assert_eq!(seconds, datetime!(2025-06-14 23:00 UTC).unix_timestamp());
}

#[test]
fn a_release_is_planned_until_its_day_then_certain_then_historic() {
    for (date, certainty, urgency) in [
        ("2025-06-16", CustodyCertainty::Provisional, Urgency::Routine),
        ("2025-06-15", CustodyCertainty::Confirmed, Urgency::Immediate),
        ("2025-06-14", CustodyCertainty::Confirmed, Urgency::Immediate),
        ("2025-06-13", CustodyCertainty::Historic, Urgency::Routine),
    ] {
        let (message, custody) = only(list(&[&ROW.replace("2025-06-15", date)]));
        assert_eq!((custody.certainty(), message.urgency()), (certainty, urgency), "{date}");
        assert!(message.not_before.is_none());
    }
}

#[test]
fn today_is_britains_today() {
    // 23:30 UTC on 14 June is already 15 June in Britain.
    let (_, custody) = only(list_at(&[ROW], datetime!(2025-06-14 23:30 UTC)));
    assert_eq!(custody.certainty(), CustodyCertainty::Confirmed);
    let (_, custody) = only(list_at(&[ROW], datetime!(2025-06-14 22:30 UTC)));
    assert_eq!(custody.certainty(), CustodyCertainty::Provisional);
}

#[test]
fn the_same_row_keeps_its_id_and_the_day_itself_brings_a_new_message() {
    let id = |now| only(list_at(&[ROW], now)).0.message_id;
    let correlation = |now| only(list_at(&[ROW], now)).0.correlation_id;
    let (before, day, after) =
        (datetime!(2025-06-10 9:00 UTC), NOW, datetime!(2025-07-10 9:00 UTC));
    assert_eq!(id(before), id(datetime!(2025-06-11 9:00 UTC)));
    assert_ne!(id(before), id(day));
    assert_eq!(id(day), id(after));
    assert_eq!(correlation(before), correlation(after));
    let corrected = only(list(&[&ROW.replace("E08000007", "E08000015")])).0;
    assert_ne!(corrected.message_id, id(NOW));
    assert_eq!(corrected.correlation_id, correlation(NOW));
}

#[test]
fn a_list_and_the_feed_tell_of_one_case() {
    let event = serde_json::json!({
        "eventType": "prison-offender-events.prisoner.released",
        "occurredAt": "2025-06-15T09:30:00+01:00",
        "additionalInformation": { "nomsNumber": "Z9301ZA", "reason": "RELEASED", "prisonId": "MDI" },
    });
    let outcome = agency_client::hmpps::read(event.to_string().as_bytes(), &profile(), NOW);
    let agency_client::hmpps::Outcome::Shared(messages) = outcome else { unreachable!("shared") };
    assert_eq!(messages.first().unwrap().correlation_id, only(list(&[ROW])).0.correlation_id);
}

#[test]
fn cells_may_be_empty_where_nothing_is_known() {
    let (message, custody) = only(list(&["Z9301ZA,,,2025-06-15,MDI,,,,"]));
    assert!(message.areas.is_empty() && message.statements.is_empty());
    assert_eq!(message.subjects.first().unwrap().limited_access(), LimitedAccess::Unspecified);
    assert_eq!(custody.event(), CustodyEvent::Release);
}

#[test]
fn a_planned_move_elsewhere_is_not_told_as_a_release() {
    for (code, event) in
        [("DD", CustodyEvent::ReleaseToImmigration), ("HO", CustodyEvent::ReleaseToHospital)]
    {
        let row = ROW.replace(",CR", &format!(",{code}"));
        assert_eq!(only(list(&[&row])).1.event(), event, "{code}");
    }
}

#[test]
fn every_fault_of_every_row_is_reported_at_once_and_good_rows_go_on() {
    let long = "x".repeat(201);
    let long_name = ROW.replace("Invented Person", &long);
    let read = list(&[
        ROW,
        "CANARY,Invented Person,03/02/1990,2025-02-30,OUT,Stockport,burglary,maybe,TWO WORDS",
        "Z9302ZA,Invented Person,1990-02-03",
        "Z9303ZA,Invented Person,1990-02-03,2025-06-15,MDI,00BS,burglary,no,UAL",
        &long_name,
        ROW,
        &ROW.replace("Z9301ZA", "z9304za"),
        "Z9305ZA,\u{200b}\u{3164},2025-06-16,2025-06-15,MDI,,\u{200b},no,",
        "Z9306ZA,,,2026-06-15,MDI,,,,",
        "Z9306ZA,,,2026-06-16,MDI,,,,",
    ]);
    let fault = |line, column, rule| RowFault { line, column, rule };
    assert_eq!(read.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 8, 10]);
    assert_eq!(
        read.faults,
        [
            fault(3, "noms_number", RowRule::NomsNumber),
            fault(3, "birth_date", RowRule::CalendarDate),
            fault(3, "release_date", RowRule::CalendarDate),
            fault(3, "prison", RowRule::Prison),
            fault(3, "release_area", RowRule::ReleaseArea),
            fault(3, "limited_access", RowRule::YesNo),
            fault(3, "movement_reason", RowRule::MovementReason),
            fault(4, "", RowRule::Cells),
            fault(5, "release_area", RowRule::ReleaseArea),
            fault(5, "movement_reason", RowRule::NotARelease),
            fault(6, "name", RowRule::Length),
            fault(7, "", RowRule::Repeated),
            fault(9, "name", RowRule::Blank),
            fault(9, "birth_date", RowRule::BirthAhead),
            fault(9, "offence_class", RowRule::Blank),
            fault(11, "release_date", RowRule::FarAhead),
        ]
    );
    let said: String = read.faults.iter().map(ToString::to_string).collect();
    assert!(!format!("{said} {read:?}").contains("CANARY"));
    assert!(said.starts_with("line 3, noms_number: must be a prison number"));
}

#[test]
fn the_first_line_is_matched_strictly() {
    let told = |text: &str| read_release_list(text.as_bytes(), &profile(), NOW);
    for (text, error) in [
        (String::new(), ListError::NoHeader),
        (HEADER.replace("prison", "Prison"), ListError::UnknownColumn { position: 5 }),
        (format!("{HEADER},CANARY"), ListError::UnknownColumn { position: 10 }),
        (format!("{HEADER},name"), ListError::RepeatedColumn { position: 10 }),
        (HEADER.replace("release_area,", ""), ListError::MissingColumn { column: "release_area" }),
    ] {
        assert_eq!(told(&text), Err(error));
        assert!(!error.to_string().contains("CANARY"));
    }
    let fewest = "name,release_area,prison,release_date,birth_date,noms_number\n\
                  Invented Person,,MDI,2025-06-15,,Z9301ZA\n";
    assert_eq!(told(fewest).unwrap().rows.len(), 1);
    let marked = format!("\u{feff}{HEADER}\r\n{ROW}\r\n");
    assert_eq!(told(&marked).unwrap().rows.len(), 1);
}

#[test]
fn a_row_is_named_by_the_line_that_an_editor_shows_however_lines_end() {
    let bad = ROW.replace("Z9301ZA", "CANARY");
    let other = ROW.replace("Z9301ZA", "Z9302ZA");
    // A cell of two lines is not plain text; the row after it is two lines on.
    let long = ROW.replace("burglary", "\"burg\nlary\"");
    for (end, mark) in
        [("\n", ""), ("\r\n", ""), ("\r", ""), ("\n", "\u{feff}"), ("\r\n", "\u{feff}")]
    {
        for (lines, rows, faults) in [
            (vec![HEADER, ROW, &bad, &other], vec![2, 4], vec![3]),
            (vec![HEADER, "", ROW, "", "", &bad, &other, ""], vec![3, 7], vec![6]),
            (vec!["", HEADER, "", &bad, "", &other], vec![6], vec![4]),
            (vec![HEADER, &long, &bad, &other], vec![5], vec![2, 4]),
        ] {
            let text = format!("{mark}{}{end}", lines.join(end));
            let read = read_release_list(text.as_bytes(), &profile(), NOW).unwrap();
            let told: Vec<u64> = read.rows.iter().map(|row| row.line).collect();
            let named: Vec<u64> = read.faults.iter().map(|fault| fault.line).collect();
            assert_eq!((told, named), (rows, faults), "{text:?}");
        }
    }
}

#[test]
fn text_that_is_not_utf_8_is_a_fault_of_its_cell() {
    let text = [HEADER.as_bytes(), b"\nZ9301ZA,\xff,,2025-06-15,MDI,,,,\n"].concat();
    let read = read_release_list(&text, &profile(), NOW).unwrap();
    assert_eq!(read.faults, [RowFault { line: 2, column: "name", rule: RowRule::Text }]);
}

#[test]
fn a_folder_is_read_in_name_order_at_least_once_and_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("in");
    fs::create_dir(&dir).unwrap();
    let state = folder.path().join("position");
    for name in ["b.json", "a.json", ".c.json.part", "README.md"] {
        fs::write(dir.join(name), name).unwrap();
    }
    fs::create_dir(dir.join("d.json")).unwrap();
    let names = |source: &mut FolderSource| -> Vec<String> {
        let unread = source.next_unread(10).unwrap();
        let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        unread.iter().map(|file| name(&file.path)).collect()
    };

    let mut source = FolderSource::open(&dir, &state, KEY).unwrap();
    assert_eq!(names(&mut source), ["a.json", "b.json"]);
    let first = source.next_unread(1).unwrap().remove(0);
    assert_eq!(first.content().unwrap(), b"a.json");
    assert_eq!(names(&mut source), ["a.json", "b.json"], "offered until it is marked done");
    source.mark_done(&first).unwrap();
    assert_eq!(names(&mut source), ["b.json"]);

    let mut source = FolderSource::open(&dir, &state, KEY).unwrap();
    assert_eq!(names(&mut source), ["b.json"], "done stays done after a restart");
    // A file that arrives late under an earlier name is not passed over.
    fs::write(dir.join("0.json"), "late").unwrap();
    // A file that is written anew is news.
    fs::write(dir.join("a.json"), "something else").unwrap();
    assert_eq!(names(&mut source), ["0.json", "a.json", "b.json"]);

    let saved = fs::read_to_string(&state).unwrap();
    assert!(!saved.contains("json"), "no file names in the saved position");
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn of_a_followed_folder_only_events_are_offered_and_the_other_files_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for name in ["b.json", "A.JSON", "README.md", "expected.tsv", "json", ".c.json", ".hidden"] {
        fs::write(dir.join(name), "{}").unwrap();
    }
    fs::create_dir(dir.join("older.md")).unwrap();
    let mut source = FolderSource::open(dir, &dir.join("position"), KEY).unwrap();
    let paths: Vec<_> = source.next_unread(10).unwrap().into_iter().map(|f| f.path).collect();
    assert_eq!(paths, [dir.join("A.JSON"), dir.join("b.json")]);
    assert_eq!(source.not_read().unwrap(), 3, "the saved position is not one of them");
}

#[test]
fn a_position_cut_short_offers_that_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join(".position");
    fs::write(folder.path().join("a.json"), "1").unwrap();
    fs::write(folder.path().join("b.json"), "2").unwrap();
    let mut source = FolderSource::open(folder.path(), &state, KEY).unwrap();
    for file in source.next_unread(10).unwrap() {
        source.mark_done(&file).unwrap();
    }
    let saved = fs::read(&state).unwrap();
    fs::write(&state, saved.get(..saved.len() - 10).unwrap()).unwrap();
    let mut source = FolderSource::open(folder.path(), &state, KEY).unwrap();
    let again = source.next_unread(10).unwrap();
    assert_eq!(again.len(), 1);
    source.mark_done(again.first().unwrap()).unwrap();
    let mut source = FolderSource::open(folder.path(), &state, KEY).unwrap();
    assert_eq!(source.next_unread(10).unwrap(), []);
}

#[test]
fn a_position_that_is_followed_for_long_grows_no_further_than_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, state) = (folder.path().join("in"), folder.path().join("position"));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("stays.json"), "{}").unwrap();
    let mut source = FolderSource::open(&dir, &state, KEY).unwrap();
    let stays = source.next_unread(1).unwrap().remove(0);
    source.mark_done(&stays).unwrap();
    for number in 0..600 {
        let passing = dir.join(format!("{number}.json"));
        fs::write(&passing, "{}").unwrap();
        let offered = source.next_unread(10).unwrap();
        assert_eq!(offered.len(), 1, "what stays is done");
        source.mark_done(offered.first().unwrap()).unwrap();
        fs::remove_file(&passing).unwrap();
    }
    let saved = fs::read_to_string(&state).unwrap();
    let lines = saved.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 300, "{lines} lines for one file");
    let mut again = FolderSource::open(&dir, &state, KEY).unwrap();
    assert_eq!(again.next_unread(10).unwrap(), []);
}

#[test]
fn what_is_quarantined_is_kept_as_received_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("held");
    let quarantine = QuarantineFolder::open(&dir, KEY).unwrap();
    let content = b"\xff not an event of Z9301ZA";
    let name = quarantine.keep(&mut content.as_slice(), QuarantineReason::NotText).unwrap();
    let again = quarantine.keep(&mut content.as_slice(), QuarantineReason::NotText).unwrap();
    assert_eq!(name, again, "held once");
    let held = quarantine.held().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held.first().unwrap().reason_code, "not_text");
    assert_eq!(quarantine.content(&name).unwrap(), content);
    for entry in fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!entry.file_name().to_string_lossy().contains("Z9301ZA"));
    }
    let reason = fs::read_to_string(dir.join(format!("{name}.reason"))).unwrap();
    assert_eq!(
        reason,
        "{\"reason\":\"not_text\",\"sentence\":\"The payload is not UTF-8 text.\"}\n"
    );

    quarantine.release(&name).unwrap();
    assert_eq!(quarantine.held().unwrap(), []);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    assert!(matches!(quarantine.release(&name), Err(FollowError::NotHeld)));
    for other in ["../position", "", "a/b"] {
        assert!(matches!(quarantine.content(other), Err(FollowError::NotHeld)));
    }
}
