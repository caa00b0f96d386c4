//! Every rule of the shipped agreements, broken or widened in one place at a time: who sees it.
//!
//! Owns `tests/expected/broken-rules.tsv`, where stands each breakage that no line of the tables
//! sees: which story fails because of it, or why nobody could ever see it. Promises that nothing else
//! goes unseen, and that each story named there fails when it is played on the broken agreements.
//!
//! Breakages are drawn by the printed seed, and so are the stories that are played. With
//! `PYRAMID_TEST_LONG=1` it is all of them, which takes about twenty minutes; with
//! `PYRAMID_TEST_ONLY=child-safeguarding/`, say, all whose rule or change has these words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use broker::policy::BundleFile;
use demo::stage::Script;
use demo::story;
use tokio::time::Instant;
use uuid::Uuid;

use crate::broken::{self, Agreement, Broken};
use crate::caught::{Seen, Site};
use crate::shown::Shown;
use crate::table::{Row, fits};

/// How long breakages are looked at where not all are.
const LOOKS_FOR: Duration = Duration::from_secs(40);
/// How many must have been looked at by then, on a machine that does other things as well.
const LOOKED_AT_MIN: usize = 20;
/// Stories played where not all are.
const PLAYED: usize = 2;

/// A breakage that no line of the tables sees.
struct Unseen {
    line: usize,
    rules: String,
    change: String,
    /// A story that fails because of it; `None`: it changes nothing.
    story: Option<String>,
}

impl Unseen {
    fn is(&self, broken: &Broken) -> bool {
        let any = |cell: &str, word: &str| cell.split('|').any(|one| fits(one, word));
        any(&self.rules, &broken.rule) && any(&self.change, &broken.change.to_string())
    }
}

fn unseen() -> Vec<Unseen> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join("broken-rules.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows =
        (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    let mut rows = rows;
    assert_eq!(rows.next().unwrap().1, "rule\tchange\tseen by\twhy");
    let read = |(line, text): (usize, &str)| {
        let [rules, change, by, why] = text.split('\t').collect::<Vec<_>>()[..] else {
            panic!("line {line} has four columns")
        };
        assert!(!why.is_empty(), "line {line} says why");
        let story = (by != "nothing").then(|| by.strip_prefix("story ").unwrap().to_owned());
        Unseen { line, rules: rules.to_owned(), change: change.to_owned(), story }
    };
    rows.map(read).collect()
}

fn long() -> bool {
    std::env::var_os("PYRAMID_TEST_LONG").is_some_and(|value| value == "1")
}

fn only() -> Option<String> {
    std::env::var("PYRAMID_TEST_ONLY").ok()
}

fn seed() -> String {
    std::env::var("PYRAMID_TEST_SEED").unwrap_or_else(|_| Uuid::new_v4().to_string())
}

fn parts(script: &Script) -> (Vec<Agreement>, Vec<BundleFile>) {
    let (agreements, agencies): (Vec<_>, Vec<_>) =
        script.bundle.iter().cloned().partition(|(path, _)| path.starts_with("agreements/"));
    let read = |(path, text): (String, String)| Agreement { path, table: text.parse().unwrap() };
    let file = |(path, text)| BundleFile { path, text };
    (agreements.into_iter().map(read).collect(), agencies.into_iter().map(file).collect())
}

/// Breakages in an order drawn by the seed.
fn drawn(agreements: &[Agreement], seed: &str) -> Vec<Broken> {
    let mut all = broken::each(agreements);
    let only = only().unwrap_or_default();
    all.retain(|broken| broken.to_string().contains(&only));
    all.sort_by_cached_key(|broken| crate::drawn(seed, &broken.to_string()));
    all
}

/// What was found of the breakages that were looked at.
struct Found {
    looked_at: usize,
    by: BTreeMap<&'static str, usize>,
    unseen: BTreeSet<String>,
    idle: BTreeSet<usize>,
}

fn look(site: &Site<'_>, all: &[Broken], known: &[Unseen], seed: &str) -> Found {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let until = Instant::now() + LOOKS_FOR;
    let share = |offset: usize| {
        let mut seen = Vec::new();
        for broken in all.iter().skip(offset).step_by(threads) {
            if !long() && only().is_none() && Instant::now() > until {
                break;
            }
            seen.push((broken, site.sees(broken, seed)));
        }
        seen
    };
    let share = &share;
    let seen: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..threads).map(|place| scope.spawn(move || share(place))).collect();
        asked.into_iter().flat_map(|share| share.join().unwrap()).collect()
    });
    let mut found = Found {
        looked_at: seen.len(),
        by: BTreeMap::new(),
        unseen: BTreeSet::new(),
        idle: known.iter().map(|row| row.line).collect(),
    };
    for (broken, by) in seen {
        let word = match by {
            Seen::Loader => "the loader refuses",
            Seen::Row(_) => "the matrix sees",
            Seen::Shown(_) => "the table of fields sees",
            Seen::Nobody => "there is nobody it bears on",
            Seen::Same => "others hold all the same",
            Seen::Unseen => match known.iter().find(|row| row.is(broken)) {
                Some(row) => {
                    found.idle.remove(&row.line);
                    "a story sees"
                }
                None => {
                    found.unseen.insert(broken.to_string());
                    "NOBODY SEES"
                }
            },
        };
        *found.by.entry(word).or_default() += 1;
    }
    found
}

#[test]
fn whatever_rule_is_broken_or_widened_is_seen() {
    let script = Script::shipped().unwrap();
    let (directory, whole) = crate::shipped();
    let rows: Vec<Row> = crate::rows();
    let (agreements, agencies) = parts(&script);
    let seed = seed();
    println!("PYRAMID_TEST_SEED={seed}");
    let all = drawn(&agreements, &seed);
    let shown = Shown::read();
    let site =
        Site { agreements, agencies, directory: &directory, whole: &whole, rows: &rows, shown };
    let known = unseen();
    let begun = Instant::now();
    let found = look(&site, &all, &known, &seed);
    let Found { looked_at, by, .. } = &found;
    println!("{looked_at} of {} breakages in {:?}: {by:?}", all.len(), begun.elapsed());
    let unseen: Vec<&str> = found.unseen.iter().map(String::as_str).collect();
    assert!(unseen.is_empty(), "seen by nobody:\n{}", unseen.join("\n"));
    assert!(*looked_at >= LOOKED_AT_MIN.min(all.len()), "too few were looked at to say anything");
    if long() && only().is_none() {
        assert_eq!(found.idle, BTreeSet::new(), "lines that nothing needs");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_that_is_said_to_see_a_broken_rule_fails_on_it() {
    let script = Script::shipped().unwrap();
    let (directory, _) = crate::shipped();
    let (agreements, _) = parts(&script);
    let known = unseen();
    let mut playing = Vec::new();
    let seed = seed();
    println!("PYRAMID_TEST_SEED={seed}");
    for broken in drawn(&agreements, &seed) {
        let row = known.iter().find(|row| row.is(&broken));
        if let Some(name) = row.and_then(|row| row.story.clone()) {
            playing.push((broken, name));
        }
    }
    playing.truncate(if long() { usize::MAX } else { PLAYED });
    for (broken, name) in playing {
        let mut script = Script::shipped().unwrap();
        let agreement = &agreements[broken.agreement];
        let text = toml::to_string(&broken::apply(agreement, &broken, &directory)).unwrap();
        let file = script.bundle.iter_mut().find(|(path, _)| *path == agreement.path);
        file.unwrap().1 = text;
        let folder = tempfile::tempdir().unwrap();
        let told = story::load(&name).unwrap();
        let report = story::play_on(&told, script, folder.path()).await.unwrap();
        assert!(!report.faults().is_empty(), "{name} does not see {broken}");
        println!("{name} sees {broken}: {}", report.faults()[0]);
    }
}
