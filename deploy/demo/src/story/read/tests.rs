//! Stories that are faulty, and the line on which each says so.
//!
//! Owns the rules of a story's parts; those of words, values and people are beside them.

use super::*;
use crate::story::model::Act;

const DIRECTORY: &str = r#"
[[area]]
code = "E08000007"
name = "Stockport"
[[agency]]
id = "gmp"
[[agency.desk]]
id = "stockport"
[[agency.desk]]
id = "force-intelligence"
[[agency.node]]
name = "records"
desks = ["stockport"]
[[agency.node]]
name = "intelligence"
desks = ["force-intelligence"]
[[agency]]
id = "hmpps-prisons"
[[agency.desk]]
id = "movements"
[[agency.node]]
name = "records"
desks = ["movements"]
"#;

/// A whole story; line 6 is its event, 14 its ledger.
const GOOD: &str = "\
Story: A good one
From the seeds: Because.
Day 1: Monday 2 March 2026
Person Archer: managed; born 12 April 1988; noms A1234AA; access no
Agreement release-alerts: does not stand from day 3
At 06:10 on day 1: hmpps-prisons sends news
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 05:50 on day 1
  Told: gmp/stockport, without address
    Shows: custody.prison FBI
  Refused: gmp/force-intelligence because no permit
Ledger:
  accepted: hmpps-prisons 1
";

fn places() -> Places {
    Places::of(DIRECTORY).unwrap()
}

fn fault_of(text: &str) -> usize {
    read(text, &places()).err().map(|fault| fault.line).unwrap()
}

/// The line that is named once a passage of the good story is written otherwise.
fn changed(from: &str, to: &str) -> usize {
    assert!(GOOD.contains(from), "the story says what is to be changed: {from}");
    fault_of(&GOOD.replace(from, to))
}

#[test]
fn a_good_story_is_read_whole() {
    let story = read(GOOD, &places()).unwrap();
    assert_eq!(story.title, "A good one");
    assert_eq!(story.people, ["Invented Archer"]);
    assert_eq!(story.endings[0].0, "agreements/release-alerts.toml");
    assert_eq!(story.endings[0].1.to_string(), "2026-03-04");
    let event = &story.events[0];
    assert_eq!((event.line, event.at.to_string().as_str()), (6, "2026-03-02 6:10:00.0 +00:00:00"));
    let Act::Sends(sending) = &event.act else { unreachable_act() };
    assert_eq!(sending.json["marking"], "official_sensitive");
    assert_eq!(sending.json["areas"][0]["code"], "E08000007");
    let told = &event.expected.told[0];
    assert_eq!((told.desk.to_string().as_str(), told.line), ("gmp/stockport", 11));
    assert_eq!(told.of, ["Invented Archer"]);
    assert_eq!(told.shows[0].1, "custody.prison");
    assert_eq!(event.expected.refused.as_ref().unwrap()[0].because, "no permit");
    assert_eq!((story.ledger[0].party.as_str(), story.ledger[0].count), ("hmpps-prisons", 1));
}

fn unreachable_act() -> ! {
    panic!("the event is a message")
}

#[test]
fn what_is_faulty_is_named_by_its_line() {
    for (from, to, line) in [
        ("Story: A good one", "Tale: A good one", 1),
        ("Day 1: Monday 2", "Day 1: Tuesday 2", 3),
        ("Day 1: Monday 2 March 2026\n", "", 4),
        ("Person Archer", "Person Archer Two", 4),
        ("does not stand from day 3", "ends", 5),
        ("At 06:10 on day 1", "At 6:10 on day 1", 6),
        ("At 06:10 on day 1", "At 06:10 on day 0", 6),
        ("hmpps-prisons sends news", "nobody sends news", 6),
        ("hmpps-prisons sends news", "gmp sends news", 6),
        ("hmpps-prisons sends news", "hmpps-prisons shouts news", 6),
        ("under oma2007_s14", "under no_such_power", 7),
        ("about: Archer", "about: Bell", 8),
        ("release Stockport", "release Nowhere", 9),
        ("release Stockport", "nothing Stockport", 9),
        ("event release", "event no_such_event", 10),
        ("prison FBI, ", "prison FBI, no_such_field 1, ", 10),
        ("custody:", "no_such_kind:", 10),
        ("Told: gmp/stockport", "Told: gmp/nowhere", 11),
        ("without address", "without no_such_field", 11),
        ("Told: gmp/stockport", "Heard: gmp/stockport", 11),
        ("Told: gmp/stockport", "Told of yesterday: gmp/stockport", 11),
        ("Told: gmp/stockport", "Told: gmp/stockport; gmp/stockport", 11),
        ("Shows: custody.prison FBI", "Seems: custody.prison FBI", 12),
        ("Refused: gmp", "Nothing: gmp/stockport\n  Refused: gmp", 13),
        ("accepted: hmpps-prisons 1", "taken: hmpps-prisons 1", 15),
        ("accepted: hmpps-prisons 1", "accepted: hmpps-prisons one", 15),
        ("accepted: hmpps-prisons 1", "accepted: gmp 1, gmp 2", 14),
    ] {
        assert_eq!(changed(from, to), line, "{from} -> {to}");
    }
}

#[test]
fn a_story_without_a_title_a_day_or_a_ledger_is_none() {
    assert_eq!(fault_of(""), 1);
    assert_eq!(fault_of("Story: A\nLedger:\n"), 1);
    assert_eq!(fault_of("Story: A\nDay 1: Monday 2 March 2026\n"), 2);
    assert_eq!(fault_of(&format!("{GOOD}Story: another\n")), 16);
}

#[test]
fn nothing_happens_before_what_stands_above_it() {
    let late = "At 06:10 on day 1: hmpps-prisons sends news";
    let early = format!("At 07:00 on day 1: time passes\n{late}");
    assert_eq!(changed(late, &early), 7);
}

#[test]
fn a_refusal_is_named_in_words() {
    assert_eq!(
        refusal_words(proto::refusal::Refusal::RecipientNotInStanding),
        "recipient not in standing"
    );
}
