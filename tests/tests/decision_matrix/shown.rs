//! What is shown to whom, kind by kind: the second table, held to the bundle.
//!
//! Owns: `tests/expected/shown-fields.tsv` and how it is read; its header says what the outcomes
//! mean. Promises: every kind, recipient and field meets a row, every row decides something, and
//! the bundle shows, masks and removes exactly what stands there, over the cases that the decision
//! matrix permits. Deliberately does not know why a case is permitted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use broker::directory::{Directory, MessageKind};
use broker::policy::field::FIELDS;
use broker::policy::{InForce, Question, Stake};
use proto::exchange::v1::Field;
use proto::text::Named as _;

use crate::cases::{self, Case};
use crate::table::{COLUMNS, Row, fits};

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Removed,
    Masked,
    Shown,
}

/// One row of the table.
struct Line {
    number: usize,
    kinds: Vec<String>,
    recipients: Vec<String>,
    fields: Vec<String>,
    outcome: Outcome,
}

/// Kind, recipient and field.
type Cell = (&'static str, &'static str, Field);

/// Sets of fields by name, and the rows.
fn lines() -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join("shown-fields.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let sets: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#= "))
        .map(|line| line.split_once(": ").expect("a set has a name and fields"))
        .collect();
    let mut rows =
        (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    let (_, heading) = rows.next().expect("the table has a line of headings");
    assert_eq!(heading, "kind\trecipient\tfield\toutcome\twhy");
    rows.map(|(number, line)| read(number, line, &sets)).collect()
}

fn read(number: usize, line: &str, sets: &BTreeMap<&str, &str>) -> Line {
    let [kinds, recipients, fields, outcome, why] = line.split('\t').collect::<Vec<_>>()[..] else {
        panic!("line {number} has five columns")
    };
    assert!(!why.is_empty(), "line {number} says why");
    let split = |cell: &str| cell.split('|').map(str::to_owned).collect::<Vec<_>>();
    let fields = split(fields).into_iter().flat_map(|word| match sets.get(word.as_str()) {
        Some(set) => split(set),
        None => vec![word],
    });
    Line {
        number,
        kinds: split(kinds),
        recipients: split(recipients),
        fields: fields.collect(),
        outcome: match outcome {
            "shown" => Outcome::Shown,
            "masked" => Outcome::Masked,
            "removed" => Outcome::Removed,
            _ => panic!("line {number} is neither shown, masked nor removed"),
        },
    }
}

impl Line {
    fn decides(&self, (kind, recipient, field): Cell) -> bool {
        let any = |words: &[String], word: &str| words.iter().any(|one| fits(one, word));
        let name = field.name();
        any(&self.kinds, kind)
            && any(&self.recipients, recipient)
            && (any(&self.fields, &name)
                || (self.fields.iter().any(|one| one == "own") && own(kind).contains(&field)))
    }

    /// Words that stand for nothing.
    fn unknown(&self) -> Vec<&str> {
        let kinds = || MessageKind::ALL.iter().map(|kind| kind.name().to_owned());
        let recipients = || cases::recipients().into_iter().map(str::to_owned);
        let fields = || FIELDS.iter().map(|field| field.name()).chain(["own".to_owned()]);
        let bad = |words: &'_ [String], all: Vec<String>| -> Vec<usize> {
            (0..words.len()).filter(|at| !all.iter().any(|one| fits(&words[*at], one))).collect()
        };
        [
            (&self.kinds, kinds().collect::<Vec<_>>()),
            (&self.recipients, recipients().collect()),
            (&self.fields, fields().collect()),
        ]
        .into_iter()
        .flat_map(|(words, all)| bad(words, all).into_iter().map(|at| words[at].as_str()))
        .collect()
    }
}

/// The fields that a kind alone has.
fn own(kind: &str) -> &'static [Field] {
    match kind {
        "intelligence" => &[Field::OriginatorReference],
        "mappa" => &[Field::MappaCategory, Field::MappaLevel],
        "custody" => &[Field::CustodyPrison, Field::CustodyReason, Field::SentenceDates],
        "task" => &[Field::CustodyPrison, Field::CustodyReason, Field::DrugTestResult],
        "flag" => &[Field::FlagDetail],
        "drug_test" => &[Field::DrugTestResult],
        "enforcement" => &[Field::EnforcementDetail],
        "action" => &[Field::ActionPathway],
        "placement" => &[Field::PlacementDetail],
        "referral" => &[Field::ReferralProgramme, Field::Consent],
        "court" => &[Field::CourtDetail],
        "request" => &[Field::RequestDetail],
        "correction" | "response" => &[],
        _ => panic!("{kind} is no kind of message"),
    }
}

/// Every field that a message of a kind can have: of its people, its own and of statements.
fn fields(kind: &str) -> BTreeSet<Field> {
    let of_people = [
        Field::SubjectName,
        Field::SubjectBirthDate,
        Field::PoliceIdentifiers,
        Field::HmppsIdentifiers,
        Field::HealthIdentifiers,
    ];
    let of_statements = FIELDS.iter().filter(|field| {
        **field as i32 >= Field::Narrative as i32
            && (**field != Field::Attachments || takes_documents(kind))
    });
    of_people.iter().chain(of_statements).chain(own(kind)).copied().collect()
}

/// Whether documents go with messages of a kind.
fn takes_documents(kind: &str) -> bool {
    ["mappa", "enforcement", "action", "placement", "referral", "court", "request", "response"]
        .contains(&kind)
}

fn cells() -> Vec<Cell> {
    let kinds = MessageKind::ALL.iter().map(|kind| kind.name());
    kinds
        .flat_map(|kind| {
            cases::recipients().into_iter().flat_map(move |recipient| {
                fields(kind).into_iter().map(move |field| (kind, recipient, field))
            })
        })
        .collect()
}

/// The table, for looking at one case at a time.
pub struct Shown(Vec<Line>);

impl Shown {
    /// Reads it.
    pub fn read() -> Self {
        Self(lines())
    }

    /// The line that says less than a bundle shows in this case, if there is one.
    pub fn exceeded(
        &self,
        words: [&'static str; COLUMNS],
        directory: &Directory,
        policy: &InForce,
    ) -> Option<usize> {
        let shown = shown_to(words, directory, policy);
        shown.into_iter().find_map(|(cell, outcome)| {
            let line = self.0.iter().find(|line| line.decides(cell))?;
            (outcome > line.outcome).then_some(line.number)
        })
    }
}

/// The faults of the table itself.
pub fn faults() -> Vec<String> {
    let lines = lines();
    let mut faults: Vec<String> = lines
        .iter()
        .flat_map(|line| {
            line.unknown().into_iter().map(|word| format!("line {}: {word}", line.number))
        })
        .collect();
    let mut idle: BTreeSet<usize> = lines.iter().map(|line| line.number).collect();
    for cell in cells() {
        match lines.iter().find(|line| line.decides(cell)) {
            Some(line) => {
                idle.remove(&line.number);
            }
            None => faults.push(format!("no row for {cell:?}")),
        }
    }
    faults.extend(idle.into_iter().map(|number| format!("line {number} decides nothing")));
    faults
}

/// What the bundle shows otherwise than the table says.
pub fn differences(rows: &[Row], directory: &Directory, policy: &InForce) -> Vec<String> {
    let shown = most_shown(&chosen(rows), directory, policy);
    let lines = lines();
    let differs = |cell: Cell| {
        let line = lines.iter().find(|line| line.decides(cell))?;
        let found = shown.get(&cell).copied().unwrap_or(Outcome::Removed);
        let (kind, recipient, field) = cell;
        (found != line.outcome).then(|| {
            let (number, said) = (line.number, line.outcome);
            format!("line {number}: {kind} {recipient} {}: {found:?}, not {said:?}", field.name())
        })
    };
    cells().into_iter().filter_map(differs).collect()
}

/// Of the cases that a row permits: one for each message, sender, age and recipient.
fn chosen(rows: &[Row]) -> Vec<Case> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    cases::each(rows, |case, row| {
        let [message, sender, _, _, child, _, _, recipient] = *case;
        if let Some(row) = row.filter(|row| rows[*row].permit)
            && seen.insert((row, message, sender, child, recipient))
        {
            chosen.push(*case);
        }
    });
    chosen
}

/// The most that the bundle shows in any of these cases.
fn most_shown(cases: &[Case], directory: &Directory, policy: &InForce) -> BTreeMap<Cell, Outcome> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let share = cases.len().div_ceil(threads).max(1);
    let mut most = BTreeMap::new();
    std::thread::scope(|scope| {
        let asked: Vec<_> = cases
            .chunks(share)
            .map(|share| scope.spawn(move || shown_in(share, directory, policy)))
            .collect();
        for share in asked {
            for (cell, outcome) in share.join().unwrap() {
                most.entry(cell)
                    .and_modify(|known| *known = outcome.max(*known))
                    .or_insert(outcome);
            }
        }
    });
    most
}

fn shown_in(share: &[Case], directory: &Directory, policy: &InForce) -> Vec<(Cell, Outcome)> {
    let each = share.iter().map(|case| shown_to(cases::in_words(case), directory, policy));
    each.flatten().collect()
}

/// The question of a case, when every field that the kind can have was sent.
pub fn question(words: [&'static str; COLUMNS]) -> (Question, Stake) {
    let (mut question, stake) = cases::question(words);
    question.fields = fields(question.facts.kind().name());
    (question, stake)
}

/// What a bundle shows in one case, when every field that the kind can have was sent.
fn shown_to(
    words: [&'static str; COLUMNS],
    directory: &Directory,
    policy: &InForce,
) -> Vec<(Cell, Outcome)> {
    let (question, stake) = question(words);
    let kind = question.facts.kind().name();
    let recipient = words[COLUMNS - 1];
    let desk = cases::desk(recipient, directory);
    let verdict = policy.decide_uncached(desk, &question, stake);
    // A permitted case that is refused is the matrix's matter.
    let Ok(permit) = &verdict.outcome else { return Vec::new() };
    let shown = question.fields.difference(&permit.withheld).map(|field| {
        let masked = permit.masked.contains(field);
        let outcome = if masked { Outcome::Masked } else { Outcome::Shown };
        ((kind, recipient, *field), outcome)
    });
    shown.collect()
}
