//! What can be wrong with a list, as a whole or row by row.
//!
//! Owns: the rules, by name and in words for a co-ordinator at a spreadsheet. Promises: no fault
//! holds anything that stands in a cell; a place is given as the spreadsheet shows it.
//! Deliberately does not know: how the rules are checked.

use std::fmt;

/// Largest list, bytes.
pub const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most rows below the headings, empty ones among them.
pub const LIST_ROWS_MAX: u32 = 5_000;
/// Most columns.
pub const LIST_COLUMNS_MAX: u32 = 200;

/// What is wrong with a list as a whole. Nothing of it is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagListError {
    /// Larger than its bound, packed or unpacked.
    #[error(
        "the list is too large: at most 4 MiB as a file, 32 MiB when a workbook is unpacked, and 1,000 parts"
    )]
    TooLarge,
    /// More than 5,000 rows.
    #[error("the list has something below its 5,000th row")]
    TooManyRows,
    /// More than 200 columns.
    #[error("the list has something beyond its 200th column")]
    TooManyColumns,
    /// A workbook that is none.
    #[error(
        "the file is damaged, or is not what Excel calls a workbook (.xlsx); save it again as .xlsx or as CSV UTF-8"
    )]
    Unreadable,
    /// The format before 2007, which is also that of a workbook with a password.
    #[error(
        "the workbook has a password, or is of the old form .xls; save it as .xlsx without a password"
    )]
    OldOrProtected,
    /// Text in UTF-16, as Excel's "Unicode Text" is.
    #[error("the text is not UTF-8; save it as CSV UTF-8")]
    NotUtf8,
    /// Numbers of registers cannot be read without the year.
    #[error("this machine's clock is outside the years 2000 to 2099")]
    Clock,
    /// Which sheet is meant is not said.
    #[error(
        "the workbook has {sheets} sheets; name the one that is meant in the mapping, as `sheet`"
    )]
    WhichSheet {
        /// How many there are, hidden ones among them.
        sheets: usize,
    },
    /// The sheet that the mapping names is not there.
    #[error("the workbook has no sheet of the name that the mapping gives as `sheet`")]
    NoSuchSheet,
    /// The row of headings is empty or is not there.
    #[error("row {row} must hold the headings, and is empty; see `heading_row` in the mapping")]
    NoHeadings {
        /// The row, as the spreadsheet shows it.
        row: u32,
    },
    /// Headings and mapping do not agree. All of it is listed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Headings(Vec<HeadingFault>),
}

/// One way in which the headings of a list and its mapping disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadingFault {
    /// A heading that the mapping does not name.
    #[error(
        "column {place} has a heading that the mapping neither gives a meaning nor passes over"
    )]
    Unknown {
        /// Where.
        place: Place,
    },
    /// A heading is no text.
    #[error("column {place} has a heading that is no text, or is computed by a formula")]
    NotText {
        /// Where.
        place: Place,
    },
    /// One heading twice.
    #[error("column {place} has the same heading as a column before it")]
    Repeated {
        /// Where.
        place: Place,
    },
    /// A heading that the mapping names is not there.
    #[error("no column has the heading that the mapping gives for `{column}`")]
    Missing {
        /// What the column would mean.
        column: &'static str,
    },
}

/// A column, from 0. Shown by its letters, as a spreadsheet shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u32);

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = Vec::new();
        let mut rest = Some(self.0);
        while let Some(number) = rest {
            letters.extend(char::from_digit(number % 26 + 10, 36));
            rest = (number / 26).checked_sub(1);
        }
        let name: String = letters.iter().rev().map(char::to_ascii_uppercase).collect();
        formatter.write_str(&name)
    }
}

/// A rule that a row broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FlagRule {
    /// A cell under no heading.
    #[error("has something in a column that has no heading")]
    Unheaded,
    /// A number, a date or a truth where text belongs.
    #[error(
        "must be text: the spreadsheet holds a number or a date here and may have changed what was typed; give the column the format Text and type it again"
    )]
    NotText,
    /// No plain text.
    #[error("must be plain text in UTF-8 on one line")]
    Text,
    /// A formula.
    #[error("must be a value, not a formula; paste it as a value")]
    Formula,
    /// What a formula leaves when it fails.
    #[error("holds a spreadsheet's error")]
    Error,
    /// Part of a merged cell.
    #[error("is part of a merged cell; unmerge it and fill in each row")]
    Merged,
    /// Nothing given, and no default.
    #[error("must be given")]
    Missing,
    /// No identifier.
    #[error("must have a PNC, CRO, NOMS or CRN number")]
    NoIdentifier,
    /// Not of its register.
    #[error("is not a number of this register: its form or its check letter is wrong")]
    Identifier,
    /// Could be two numbers.
    #[error("can be read as two numbers of this register; write it in full")]
    Ambiguous,
    /// Too long.
    #[error("is at most 200 characters")]
    Length,
    /// Nothing that anybody could see.
    #[error("must say something or be empty: it is only invisible characters")]
    Blank,
    /// Not a day.
    #[error(
        "must be a calendar date in the years 1900 to 2100: a date of the spreadsheet, or text as YYYY-MM-DD, or with `day_first` as DD/MM/YYYY"
    )]
    CalendarDate,
    /// A birth or a panel that lies ahead.
    #[error("must not be after today")]
    Ahead,
    /// A review that is over.
    #[error("must not be before today")]
    Past,
    /// No list that is known.
    #[error(
        "is no list that is known: ppo, pre-prolific, hcc, hccu, high-risk youth, iom, dip, or a word of `lists` in the mapping"
    )]
    List,
    /// An adult on the list of children.
    #[error("must be of somebody under 18: nobody else is put on the list hccu")]
    Adult,
    /// No cohort.
    #[error("must be fixed, flex, free or empty")]
    Cohort,
    /// A cohort of another list.
    #[error("must be empty: only IOM has cohorts")]
    CohortOfIomOnly,
    /// No rating.
    #[error("must be red, amber, green, blue or empty")]
    Rating,
    /// Somebody in custody, in a list of another action.
    #[error(
        "blue is for a flag that is suspended in custody: leave it empty here, and import it with `action = \"suspend\"`"
    )]
    BlueIsSuspended,
    /// No id of a decision.
    #[error("must be a UUID in its 36-character form, or empty where a panel date is given")]
    Decision,
    /// No area.
    #[error(
        "is no area that is known: a code of the directory, or a word of `areas` in the mapping"
    )]
    Area,
    /// No desk.
    #[error("is no desk that is known: AGENCY/DESK, or a word of `owners` in the mapping")]
    Owner,
    /// Not an answer.
    #[error("must be yes, no or empty")]
    YesNo,
    /// The same number on the same list twice.
    #[error("stands on row {row} too, for the same list: neither is sent")]
    Repeated {
        /// The other row.
        row: u32,
    },
    /// The same number for what look like two people.
    #[error(
        "stands on row {row} too, where name, birth date or another number differ: neither is sent"
    )]
    OtherPerson {
        /// The other row.
        row: u32,
    },
}

/// One fault of one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlagFault {
    /// Row, as the spreadsheet shows it.
    pub row: u32,
    /// Where in the row; `None` for the row as a whole, or what no column of the list gives.
    pub place: Option<Place>,
    /// What the column means, or empty for the row as a whole.
    pub column: &'static str,
    /// Rule.
    pub rule: FlagRule,
}

impl fmt::Display for FlagFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, place, column, rule } = self;
        match (place, *column) {
            (Some(place), "") => write!(formatter, "row {row}, column {place}: {rule}"),
            (Some(place), column) => {
                write!(formatter, "row {row}, column {place} ({column}): {rule}")
            }
            (None, "") => write!(formatter, "row {row}: {rule}"),
            (None, column) => write!(formatter, "row {row}, {column}: {rule}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_as_a_spreadsheet_names_it() {
        for (place, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
        {
            assert_eq!(Place(place).to_string(), name);
        }
    }

    #[test]
    fn a_fault_names_row_column_and_rule() {
        let fault = |place, column, rule| FlagFault { row: 7, place, column, rule }.to_string();
        assert_eq!(
            fault(None, "", FlagRule::NoIdentifier),
            "row 7: must have a PNC, CRO, NOMS or CRN number"
        );
        assert_eq!(
            fault(Some(Place(2)), "rating", FlagRule::Rating),
            "row 7, column C (rating): must be red, amber, green, blue or empty"
        );
        assert_eq!(fault(None, "list", FlagRule::Missing), "row 7, list: must be given");
    }
}
