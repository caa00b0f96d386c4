//! The decision matrix, written by hand, against the bundle that is shipped.
//!
//! Owns: two promises of policy. That every case of the declared space meets a row of the
//! table, and that the bundle answers each case as its row says, field by field and in what it asks of
//! whoever is given it. The table is
//! `tests/expected/decision-matrix.tsv`; its header says how it is read. A second table beside it
//! says of every field of every kind what each kind of recipient is shown at most.
//!
//! All cases are looked at for completeness. The bundle is asked about each row in each kind
//! of message: every word of every column at least once, and more drawn by a printed seed.
//! With `PYRAMID_TEST_LONG=1` it is asked about every case, which takes hours.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop where a table is not what it should be"
)]

mod breakages;

mod broken;

mod cases;

mod caught;

mod shown;

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::Path;
use std::sync::Arc;

use broker::directory::{Directory, document};
use broker::policy::{Bundle, BundleFile, InForce, Permit};
use cases::Case;
use demo::stage::Script;
use proto::exchange::v1::HandlingCondition;
use proto::refusal::Refusal;
use proto::text::Named as _;
use table::{COLUMNS, HEADINGS, Row};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// A moment at which every shipped agreement is in force.
const NOON: OffsetDateTime = datetime!(2026-11-02 12:00 UTC);
/// Cases drawn for each row in each message, beside those that show every word.
const DRAWN: u64 = 6;

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join("decision-matrix.tsv");
    table::read(&std::fs::read_to_string(path).unwrap())
}

fn shipped() -> (Directory, InForce) {
    let script = Script::shipped().unwrap();
    let directory = document::read(&script.directory).unwrap();
    let files: Vec<BundleFile> =
        script.bundle.into_iter().map(|(path, text)| BundleFile { path, text }).collect();
    let bundle = Arc::new(Bundle::read(&files, &directory).unwrap());
    let in_force = bundle.in_force(&directory, NOON);
    (directory, in_force)
}

#[test]
fn every_word_of_the_table_is_one_that_its_header_declares() {
    for row in rows() {
        for (column, heading) in HEADINGS.iter().enumerate() {
            let unknown = row.unknown(column, &cases::vocabulary(column));
            assert!(unknown.is_empty(), "line {}: {heading} is never {unknown:?}", row.line);
        }
        let withheld = row.withheld.unwrap_or_default();
        assert!(
            withheld.is_subset(&cases::fields()),
            "line {}: a withheld field is not listed",
            row.line
        );
    }
}

#[test]
fn every_case_meets_a_row_and_every_row_decides_a_case() {
    let rows = rows();
    let mut decided = vec![0u64; rows.len()];
    let (mut missing, mut examples) = (0u64, Vec::new());
    cases::each(&rows, |case, row| match row {
        Some(row) => decided[row] += 1,
        None => {
            missing += 1;
            if examples.len() < 10 {
                examples.push(cases::in_words(case).join(", "));
            }
        }
    });
    assert_eq!(missing, 0, "cases that no row decides, such as\n{}", examples.join("\n"));
    let idle: Vec<usize> =
        rows.iter().zip(&decided).filter(|(_, count)| **count == 0).map(|(r, _)| r.line).collect();
    assert_eq!(idle, [0usize; 0], "lines of rows that decide nothing");
    println!("{} rows decide {} cases", rows.len(), decided.iter().sum::<u64>());
}

#[test]
fn the_shipped_bundle_answers_every_row_as_it_is_written() {
    let rows = rows();
    let (directory, in_force) = shipped();
    let all = std::env::var_os("PYRAMID_TEST_LONG").is_some_and(|value| value == "1");
    let seed = std::env::var("PYRAMID_TEST_SEED").unwrap_or_else(|_| Uuid::new_v4().to_string());
    println!("PYRAMID_TEST_SEED={seed}");
    let chosen = if all { every_case(&rows) } else { draw(&rows, &seed) };
    println!("{} cases", chosen.len());
    let wrong = ask(&rows, &chosen, &directory, &in_force);
    let shown: Vec<String> = wrong
        .iter()
        .map(|((line, message), (count, example))| {
            format!("line {line}, {message}: {count} cases, such as {example}")
        })
        .collect();
    assert!(shown.is_empty(), "the bundle disagrees with the table:\n{}", shown.join("\n"));
}

#[test]
fn every_kind_recipient_and_field_meets_a_row_of_what_is_shown() {
    let faults = shown::faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_shipped_bundle_shows_masks_and_removes_what_is_written() {
    let (directory, in_force) = shipped();
    let wrong = shown::differences(&rows(), &directory, &in_force);
    assert!(wrong.is_empty(), "the bundle disagrees with the table:\n{}", wrong.join("\n"));
}

fn every_case(rows: &[Row]) -> Vec<(usize, Case)> {
    let mut chosen = Vec::new();
    cases::each(rows, |case, row| chosen.extend(row.map(|row| (row, *case))));
    chosen
}

/// For each row in each message: every word of every column it decides, and more by chance.
fn draw(rows: &[Row], seed: &str) -> Vec<(usize, Case)> {
    let mut counts: BTreeMap<(usize, u8), u64> = BTreeMap::new();
    cases::each(rows, |case, row| {
        if let Some(row) = row {
            *counts.entry((row, case[0])).or_default() += 1;
        }
    });
    let mut words_seen: BTreeMap<(usize, u8), [u128; COLUMNS]> = BTreeMap::new();
    let mut chosen = Vec::new();
    cases::each(rows, |case, row| {
        let Some(row) = row else { return };
        let seen = words_seen.entry((row, case[0])).or_default();
        let fresh = seen.iter().zip(case).any(|(seen, word)| seen & (1 << word) == 0);
        let count = counts.get(&(row, case[0])).copied().unwrap_or(1);
        if fresh || drawn(seed, case) % count < DRAWN {
            seen.iter_mut().zip(case).for_each(|(seen, word)| *seen |= 1 << word);
            chosen.push((row, *case));
        }
    });
    chosen
}

/// Where something stands in an order that a seed draws.
fn drawn(seed: &str, what: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, what).hash(&mut hasher);
    hasher.finish()
}

/// Disagreements by line and message: how many, and one of them.
type Wrong = BTreeMap<(usize, &'static str), (usize, String)>;

fn ask(rows: &[Row], chosen: &[(usize, Case)], directory: &Directory, policy: &InForce) -> Wrong {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let share = chosen.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let asked: Vec<_> = chosen
            .chunks(share)
            .map(|share| scope.spawn(move || ask_share(rows, share, directory, policy)))
            .collect();
        let mut wrong = Wrong::new();
        for share in asked {
            for (place, (count, example)) in share.join().unwrap() {
                wrong.entry(place).or_insert((0, example)).0 += count;
            }
        }
        wrong
    })
}

fn ask_share(
    rows: &[Row],
    share: &[(usize, Case)],
    directory: &Directory,
    policy: &InForce,
) -> Wrong {
    let mut wrong = Wrong::new();
    for (row, case) in share {
        let (row, words) = (&rows[*row], cases::in_words(case));
        if let Some(difference) = difference(row, words, directory, policy) {
            let example = || format!("({}): {difference} [{}]", words.join(", "), row.reason);
            wrong.entry((row.line, words[0])).or_insert_with(|| (0, example())).0 += 1;
        }
    }
    wrong
}

/// How the bundle's answer to a case differs from its row; `None` where they agree.
fn difference(
    row: &Row,
    words: [&'static str; COLUMNS],
    directory: &Directory,
    policy: &InForce,
) -> Option<String> {
    let (question, stake) = cases::question(words);
    let desk = cases::desk(words[COLUMNS - 1], directory);
    let verdict = policy.decide_uncached(desk, &question, stake);
    let permit = match (&verdict.outcome, row.permit) {
        (Ok(permit), true) => permit,
        (Err(Refusal::NoPermit | Refusal::Forbidden), false) => return None,
        (Ok(_), false) => return Some(format!("permitted by {:?}", verdict.rules)),
        (Err(refusal), _) => return Some(format!("{refusal:?} by {:?}", verdict.rules)),
    };
    let listed = cases::listed(words[0]);
    let expected = row.withheld.as_ref().unwrap_or(&listed);
    let withheld: BTreeSet<String> = permit.withheld.iter().map(|field| field.name()).collect();
    let shown_wrongly: Vec<&String> =
        listed.iter().filter(|f| expected.contains(*f) && !withheld.contains(*f)).collect();
    let hidden_wrongly: Vec<&String> =
        listed.iter().filter(|f| !expected.contains(*f) && withheld.contains(*f)).collect();
    let rules = &verdict.rules;
    if !shown_wrongly.is_empty() || !hidden_wrongly.is_empty() {
        return Some(format!("shows {shown_wrongly:?} and hides {hidden_wrongly:?} by {rules:?}"));
    }
    let owed = owed(permit);
    (!row.owed.contains(&owed)).then(|| format!("asks {owed:?} by {rules:?}"))
}

/// What a permit asks of whoever is given something by it, as the table writes it.
fn owed(permit: &Permit) -> String {
    let time = |number: Option<u32>, unit| number.map_or("-".into(), |n| format!("{n}{unit}"));
    let laid_on = [HandlingCondition::NoOnward, HandlingCondition::NotToSubject];
    let conditions = laid_on.into_iter().filter(|one| permit.handling.contains(one));
    let times = [time(permit.act_by_hours, "h"), time(permit.delete_by_days, "d")];
    times.into_iter().chain(conditions.map(|one| one.name())).collect::<Vec<_>>().join(" ")
}
