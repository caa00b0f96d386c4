//! Every story, each as a test of its own name.
//!
//! A story is written in `tests/stories`, in words; docs/stories.md says how. This file only says
//! which there are. Whatever did not come as it was written down is listed by line, behind the
//! report of the whole story.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use std::collections::BTreeSet;

use demo::stage::Script;
use demo::story;

macro_rules! stories {
    ($($name:ident)*) => {
        const STORIES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                plays(stringify!($name)).await;
            }
        )*
    };
}

stories! {
    adult_and_child
    agreement_expired_overnight
    break_glass_at_two
    correction_after_disclosures
    cross_border_ppo
    daily_release_check
    designated_after_a_move
    dip_cross_check
    linked_after_the_release
    loto
    mappa_levels_and_transfer
    ppo_1_wanted
    ppo_2_child_placed_away
    ppo_3_family_information
    prison_feed_silent
    problem_solving_court
    provider_complained_of
    records_merged_and_parted
    refused_and_asked_again
    restorative_justice_levels
    sole_carer_arrested
    sort_it
    spotlight_selection_and_exit
    start_and_treatment_by_age
    supervision_handed_over
    suspended_agency
    taken_care_of_meanwhile
    tasking_group_month
    ten_disclosures_put_right
    unflagged_burglar
    victim_who_is_on_a_list
    youth_order_breached
}

async fn plays(name: &str) {
    let story = story::load(&name.replace('_', "-")).unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let report = story::play(&story, folder.path()).await.unwrap();
    let faults = report.faults();
    assert!(
        faults.is_empty(),
        "{}\n{} things are not as written down in {}.story:\n  {}",
        report.text(),
        faults.len(),
        name.replace('_', "-"),
        faults.join("\n  ")
    );
    assert!(report.checks() > 0, "a story expects something");
}

#[test]
fn every_story_there_is_is_played() {
    let there = story::names().unwrap();
    let played: BTreeSet<String> = STORIES.iter().map(|name| name.replace('_', "-")).collect();
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), played);
}

/// One event with a desk that is told and one that is refused; line 4 is the event, 12 the ledger.
const PLAIN: &str = "\
Story: Plain
Day 1: Monday 2 March 2026
Person Archer: managed; born 12 April 1988; noms A1101AA; access no
At 09:00 on day 1: gmp (records) sends selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Archer
  areas: home Wirral
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id panel
  Told: merseyside-police/wirral; probation-north-west/wirral
  Refused: merseyside-police/public-protection; probation-north-west/public-protection
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services because no permit
Ledger:
  accepted: gmp 1
  decided: permitted 2, refused 4
  release: merseyside-police 1, probation-north-west 1
  disclosed: gmp 2
  receipt: merseyside-police 1, probation-north-west 1
  received: gmp 2
";

/// The lines on which the plain story does not hold, once passages of it are written otherwise.
async fn not_so(changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = PLAIN.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the story says what is to be changed");
        text = text.replace(from, to);
    }
    let places = story::Places::of(&Script::shipped().unwrap().directory).unwrap();
    let story = story::read(&text, &places).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = story::play(&story, folder.path()).await.unwrap();
    let line = |fault: &String| fault.split(':').next().unwrap().to_owned();
    let mut lines: Vec<String> = report.faults().iter().map(line).collect();
    lines.dedup();
    lines
}

#[tokio::test]
async fn a_story_that_says_too_little_does_not_hold() {
    assert_eq!(not_so(&[]).await, Vec::<String>::new());
    let untold = ("Told: merseyside-police/wirral; probation", "Told: probation");
    let unrefused =
        ("Refused: merseyside-police/public-protection; probation", "Refused: probation");
    assert_eq!(not_so(&[untold, unrefused]).await, ["line 4"]);
}

#[tokio::test]
async fn a_story_that_says_too_much_does_not_hold() {
    let told = ("Told: merseyside-police/wirral;", "Told: merseyside-police/liverpool;");
    assert_eq!(not_so(&[told]).await, ["line 9", "line 4"]);
    let without = ("north-west/wirral\n  Ref", "north-west/wirral, without narrative\n  Ref");
    let because = ("because no permit", "because platform/children");
    let count = ("refused 4", "refused 5");
    assert_eq!(not_so(&[without, because, count]).await, ["line 9", "line 11", "line 12"]);
    let shown = ("wirral\n  Refused: m", "wirral\n    Does not show: \"Archer\"\n  Refused: m");
    assert_eq!(not_so(&[shown]).await, ["line 10"]);
}
