//! Whether the tables see that a rule of the shipped bundle was broken.
//!
//! Owns which cases a broken rule is asked about: those it could decide, broken or whole, drawn by
//! the printed seed. Promises that a breakage counts as seen only where the whole bundle agrees with
//! the tables and the broken one does not, and as changing nothing only where no answer changes, field
//! by field and in what is owed. Deliberately does not know stories.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker::directory::Directory;
use broker::policy::{Bundle, BundleFile, InForce, Verdict};
use proto::exchange::v1::Field;
use toml::{Table, Value};

use crate::broken::{self, Agreement, Broken, Change};
use crate::cases::{self, Case};
use crate::shown::{self, Shown};
use crate::table::{COLUMNS, Row};

/// Cases asked of one breakage at most, at first.
const CASES_MAX: usize = 150;
/// Cases asked before it is said that nobody sees what changes something: of so few as at first, all
/// that change may be ones that the tables leave open.
const CASES_BEFORE_UNSEEN_MAX: usize = 4_000;

/// What becomes of a breakage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// The loader refuses the bundle.
    Loader,
    /// A line of the decision matrix says otherwise.
    Row(usize),
    /// A line of what is shown to whom says otherwise.
    Shown(usize),
    /// Nothing changes in any case: there is nobody whom it would let in or shut out.
    Nobody,
    /// Nothing changes in any case: what it lets in is forbidden, permitted or hidden by others.
    Same,
    /// Something changes that no line of the tables speaks of.
    Unseen,
}

/// The shipped bundle in parts, and the tables.
pub struct Site<'a> {
    /// Agreements.
    pub agreements: Vec<Agreement>,
    /// Agencies' own rules.
    pub agencies: Vec<BundleFile>,
    /// Directory.
    pub directory: &'a Directory,
    /// The whole bundle.
    pub whole: &'a InForce,
    /// The matrix.
    pub rows: &'a [Row],
    /// What is shown to whom.
    pub shown: Shown,
}

impl Site<'_> {
    /// What becomes of a breakage.
    pub fn sees(&self, broken: &Broken, seed: &str) -> Seen {
        let agreement = &self.agreements[broken.agreement];
        let changed = broken::apply(agreement, broken, self.directory);
        let cases = |most| self.cases(broken, &changed, most, seed);
        let few = cases(CASES_MAX);
        if few.is_empty() {
            return Seen::Nobody;
        }
        let Some(policy) = self.policy(broken, &changed) else { return Seen::Loader };
        match self.seen_by(&few, &policy) {
            Seen::Unseen => self.seen_by(&cases(CASES_BEFORE_UNSEEN_MAX), &policy),
            seen => seen,
        }
    }

    /// Who sees, of these cases, that policy changed.
    fn seen_by(&self, cases: &[Case], policy: &InForce) -> Seen {
        let mut changes = false;
        for case in cases {
            let words = cases::in_words(case);
            let (question, stake) = shown::question(words);
            let desk = cases::desk(words[COLUMNS - 1], self.directory);
            let before = self.whole.decide(desk, &question, stake);
            let after = policy.decide_uncached(desk, &question, stake);
            if told(words[0], &before) == told(words[0], &after) {
                continue;
            }
            changes = true;
            if let Some(by) = self.differs(words, policy) {
                return by;
            }
        }
        if changes { Seen::Unseen } else { Seen::Same }
    }

    /// The bundle with this breakage, as far as it bears on the same kinds of message and of
    /// recipient. `None`: it is refused.
    fn policy(&self, broken: &Broken, changed: &Table) -> Option<InForce> {
        let bears = |key| self.words(broken, changed, key);
        let (kinds, recipients) = (bears("kinds"), bears("to.kinds"));
        let mut files = self.agencies.clone();
        for (place, agreement) in self.agreements.iter().enumerate() {
            let own = place == broken.agreement;
            let mut table = if own { changed.clone() } else { agreement.table.clone() };
            let permits = table.get_mut("permit").and_then(Value::as_array_mut).unwrap();
            permits.retain(|permit| {
                let bears = |key, words: &BTreeSet<String>| {
                    let of = broken::list(permit, key).unwrap_or_default();
                    of.iter().any(|word| words.contains(word))
                };
                bears("kinds", &kinds) && bears("to.kinds", &recipients)
            });
            if !permits.is_empty() {
                let text = toml::to_string(&table).unwrap();
                files.push(BundleFile { path: agreement.path.clone(), text });
            }
        }
        let bundle = Bundle::read(&files, self.directory).ok()?;
        Some(Arc::new(bundle).in_force(self.directory, crate::NOON))
    }

    /// The permits that a change bears on, as they were and as they are.
    fn permits<'t>(&'t self, broken: &Broken, changed: &'t Table) -> [Vec<&'t Value>; 2] {
        let before = self.agreements[broken.agreement].permits();
        let after = changed.get("permit").and_then(Value::as_array).unwrap();
        match broken.permit {
            None => [before.iter().collect(), after.iter().collect()],
            Some(place) if broken.change == Change::Gone => [vec![&before[place]], Vec::new()],
            Some(place) => [vec![&before[place]], vec![&after[place]]],
        }
    }

    fn words(&self, broken: &Broken, changed: &Table, key: &str) -> BTreeSet<String> {
        let permits = self.permits(broken, changed).into_iter().flatten();
        permits.flat_map(|permit| broken::list(permit, key).unwrap_or_default()).collect()
    }

    /// Cases that its permits could decide, broken or whole; of a word that is put in or taken out,
    /// those that it stands for.
    fn cases(&self, broken: &Broken, changed: &Table, most: usize, seed: &str) -> Vec<Case> {
        let powers: BTreeSet<String> = match &broken.change {
            Change::Swapped(one, other) => BTreeSet::from([one.clone(), other.clone()]),
            _ => powers(changed).collect(),
        };
        let [before, after] = self.permits(broken, changed);
        let permits = match &broken.change {
            Change::With(..) | Change::Unasked(_) => after,
            _ => before,
        };
        let most = most.div_ceil(permits.len().max(1));
        let seed = format!("{seed} {broken}");
        let draw = |permit: &&Value| {
            let wanted = wanted(permit, &powers, self.directory, &broken.change);
            cases::drawn(&wanted, most, &seed)
        };
        permits.iter().flat_map(draw).collect()
    }

    /// Which table speaks of this case otherwise.
    fn differs(&self, words: [&'static str; COLUMNS], policy: &InForce) -> Option<Seen> {
        let row = self.rows.iter().find(|row| row.decides(&words)).unwrap();
        let difference = |policy| crate::difference(row, words, self.directory, policy);
        if difference(policy).is_some() {
            let whole = difference(self.whole);
            assert!(whole.is_none(), "the shipped bundle itself disagrees: {}", whole.unwrap());
            return Some(Seen::Row(row.line));
        }
        if !row.permit {
            return None;
        }
        let line = self.shown.exceeded(words, self.directory, policy)?;
        let whole = self.shown.exceeded(words, self.directory, self.whole);
        assert!(whole.is_none(), "the shipped bundle itself shows more than line {line} says");
        Some(Seen::Shown(line))
    }
}

/// What somebody is told of a message by a verdict: the fields withheld and masked, and what is owed
/// for it. `None`: nothing.
fn told(message: &str, verdict: &Verdict) -> Option<([BTreeSet<Field>; 2], String)> {
    let borne = |fields: &BTreeSet<Field>| {
        fields.iter().copied().filter(|field| is_borne(message, *field)).collect()
    };
    let permit = verdict.outcome.as_ref().ok()?;
    Some(([borne(&permit.withheld), borne(&permit.masked)], crate::owed(permit)))
}

/// Whether a message can bear a field, whoever would be shown it: until when somebody is bound is
/// said of a release into the community and of nothing else.
fn is_borne(message: &str, field: Field) -> bool {
    field != Field::SentenceDates || message.split('@').next() == Some("custody:release")
}

fn powers(table: &Table) -> impl Iterator<Item = String> {
    let rows = table.get("gateways").and_then(Value::as_array).unwrap().iter();
    rows.map(|row| row["gateway"].as_str().unwrap().to_owned())
}

/// The words of each column that a permit could decide and a change bears on.
fn wanted(
    permit: &Value,
    powers: &BTreeSet<String>,
    directory: &Directory,
    change: &Change,
) -> [Vec<u8>; COLUMNS] {
    let list = |key| broken::list(permit, key);
    let kinds = list("kinds").unwrap_or_default();
    let senders = list("from.kinds");
    let recipients = list("to.kinds").unwrap_or_default();
    let functions = list("to.functions").unwrap_or_default();
    let categories = list("categories").unwrap_or_default();
    let stakes = list("stake").unwrap_or_default();
    let attributes = list("to.attributes").unwrap_or_default();
    let has = |words: &[String], word: &str| words.iter().any(|one| one == word);
    cases::places(|column, word| {
        let fits = match column {
            0 => has(&kinds, word.split(':').next().unwrap_or(word)),
            1 => senders.as_ref().is_none_or(|senders| has(senders, word)),
            2 => powers.contains(word),
            3 => has(&categories, word),
            6 => has(&stakes, word),
            7 => {
                let (kind, rest) = word.split_once('/').unwrap();
                let desk = directory.desk(cases::desk(word, directory)).unwrap();
                has(&recipients, kind)
                    && has(&functions, rest.split('+').next().unwrap())
                    && attributes.iter().all(|one| desk.attributes.contains(one.as_str()))
            }
            _ => true,
        };
        fits && bears_on(change, column, word)
    })
}

/// Whether a change of a list bears on a word of a column.
fn bears_on(change: &Change, column: usize, word: &str) -> bool {
    let (Change::With(key, one) | Change::Without(key, one)) = change else { return true };
    let (head, detail) = word.split_once([':', '/']).unwrap_or((word, ""));
    let detail = detail.split(['@', '+']).next().unwrap_or(detail);
    match (*key, column) {
        ("kinds", 0) | ("to.kinds", 7) => head == one,
        ("from.kinds", 1) | ("categories", 3) | ("stake", 6) => word == one,
        ("to.functions", 7) => detail == one,
        ("reveal" | "withhold" | "mask" | "handling", _) => true,
        (key, 0) if !key.starts_with("from") && !key.starts_with("to") => {
            ["categories", "stake"].contains(&key) || detail == one
        }
        _ => true,
    }
}
