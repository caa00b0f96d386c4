//! The hand-written table, read as it stands.
//!
//! Owns: rows, cells and which row decides a case. Promises: the first row that fits decides,
//! and a line that cannot be read is a fault of the table, named by its number.
//! Deliberately does not know: policy, or how a case becomes a question.

use std::collections::BTreeSet;

/// Columns that a case is matched by.
pub const COLUMNS: usize = 8;
/// Their headings, in order.
pub const HEADINGS: [&str; COLUMNS] =
    ["message", "sender", "gateway", "category", "child", "flagged", "stake", "recipient"];
/// Most rows a table may have: what one [`RowSet`] holds.
pub const ROWS_MAX: usize = 384;

/// One row: whom it is about, what is expected, and why.
pub struct Row {
    /// Line in the file, from 1.
    pub line: usize,
    /// The cells a case is matched by.
    cells: Vec<String>,
    /// Whether the desk is to be told.
    pub permit: bool,
    /// The law, or the rule of the bundle.
    pub reason: String,
    /// The listed fields it must not see; `None`: every one of them.
    pub withheld: Option<BTreeSet<String>>,
    /// What whoever is given it must do with it: one of these, as it is written.
    pub owed: Vec<String>,
}

impl Row {
    /// Whether a word of a column fits this row.
    pub fn fits(&self, column: usize, word: &str) -> bool {
        self.cells[column].split('|').any(|alternative| fits(alternative, word))
    }

    /// Whether a case in words fits this row.
    pub fn decides(&self, words: &[&str; COLUMNS]) -> bool {
        words.iter().enumerate().all(|(column, word)| self.fits(column, word))
    }

    /// Alternatives of a column that fit none of these words.
    pub fn unknown<'row>(&'row self, column: usize, words: &[&str]) -> Vec<&'row str> {
        let unknown = |alternative: &&str| !words.iter().any(|word| fits(alternative, word));
        self.cells[column].split('|').filter(unknown).collect()
    }
}

/// Whether a word is what an alternative names, or begins as it does before a `*`.
pub fn fits(alternative: &str, word: &str) -> bool {
    match alternative.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => alternative == word,
    }
}

/// Reads the rows of a table.
pub fn read(text: &str) -> Vec<Row> {
    let mut lines =
        (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    let (_, heading) = lines.next().expect("the table has a line of headings");
    let headings: Vec<&str> = heading.split('\t').collect();
    assert_eq!(headings[..COLUMNS], HEADINGS, "the columns are those of the header");
    let rows: Vec<Row> = lines.map(|(line, text)| row(line, text)).collect();
    assert!(rows.len() <= 300, "a table that nobody can read is no table");
    rows
}

fn row(line: usize, text: &str) -> Row {
    let cells: Vec<&str> = text.split('\t').collect();
    let [.., expected, reason, withheld, why, owed] = cells.as_slice() else {
        panic!("line {line} has too few columns")
    };
    assert_eq!(cells.len(), COLUMNS + 5, "line {line} has as many columns as the headings");
    assert!(!reason.is_empty() && !why.is_empty(), "line {line} says why");
    let permit = match *expected {
        "permit" => true,
        "refuse" => false,
        _ => panic!("line {line} expects neither permit nor refuse"),
    };
    let fields = match *withheld {
        "all" => None,
        "none" => Some(BTreeSet::new()),
        list => Some(list.split(", ").map(str::to_owned).collect()),
    };
    assert!(permit || fields.is_none(), "line {line}: a refusal withholds everything");
    assert_eq!(
        permit,
        *owed != "nothing",
        "line {line}: whoever is given it, and nobody else, owes"
    );
    let owed = owed.split(" or ").map(str::to_owned).collect();
    let (cells, reason) = (&cells[..COLUMNS], (*reason).to_owned());
    let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
    Row { line, cells, permit, reason, withheld: fields, owed }
}

/// A set of rows, by their places from the top.
#[derive(Clone, Copy)]
pub struct RowSet(u128, u128, u128);

impl RowSet {
    /// The rows that a word of a column fits.
    pub fn fitting(rows: &[Row], column: usize, word: &str) -> Self {
        assert!(rows.len() <= ROWS_MAX, "one bit for each row");
        let mut parts = [0u128; 3];
        for (place, _) in rows.iter().enumerate().filter(|(_, row)| row.fits(column, word)) {
            parts[place / 128] |= 1 << (place % 128);
        }
        let [first, second, third] = parts;
        Self(first, second, third)
    }

    /// Rows of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0, self.1 & other.1, self.2 & other.2)
    }

    /// The topmost row.
    pub const fn first(self) -> Option<usize> {
        let zeros = if self.0 != 0 {
            self.0.trailing_zeros()
        } else if self.1 != 0 {
            128 + self.1.trailing_zeros()
        } else if self.2 != 0 {
            256 + self.2.trailing_zeros()
        } else {
            return None;
        };
        Some(zeros as usize)
    }
}
