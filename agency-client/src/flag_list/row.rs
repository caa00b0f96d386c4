//! One row of a list, cell by cell.
//!
//! Owns: the rules of each cell, and what holds where a cell is empty. Promises: every fault of
//! the row is noted before it is given up, and what could be read of it is given all the same, so
//! that one who stands on two rows is found even where one of them is faulty.
//! Deliberately does not know: other rows, and messages.

use proto::blank::is_blank;
use proto::exchange::v1::{Addressee, FlagAction, FlagCohort, FlagKind, FlagRating, LimitedAccess};
use proto::identifier::{BirthDate, CurrentYear, IdentifierError, Kind, canonical};
use proto::limits::NAME_CHARACTERS_MAX;
use proto::text::Named;
use time::Date;
use uuid::Uuid;

use super::column::{Column, Headings, plain};
use super::fault::{FlagFault, FlagRule, Place};
use super::mapping::{FlagListMapping, area_code, desk_of, list_of, yes_or_no};
use super::nominal::Nominal;
use super::table::{Cell, Row, written_day};

/// The years of a calendar date.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// What day it is, as far as a list needs it.
pub(super) struct Days {
    /// The year now.
    pub(super) year: CurrentYear,
    /// Before this a day is over everywhere.
    pub(super) earliest: Date,
    /// After this a day has begun nowhere.
    pub(super) latest: Date,
}

/// A row being read.
pub(super) struct Reading<'a> {
    number: u32,
    cells: &'a Row,
    headings: &'a Headings,
    mapping: &'a FlagListMapping,
    days: &'a Days,
    /// What was found wrong.
    pub(super) faults: Vec<FlagFault>,
}

impl<'a> Reading<'a> {
    /// A row of this number. Cells that stand under no heading are noted at once.
    pub(super) fn new(
        number: u32,
        cells: &'a Row,
        headings: &'a Headings,
        mapping: &'a FlagListMapping,
        days: &'a Days,
    ) -> Self {
        let unheaded = cells.keys().filter(|column| !headings.headed.contains(column));
        let faults = unheaded.map(|column| FlagFault {
            row: number,
            place: Some(Place(*column)),
            column: "",
            rule: FlagRule::Unheaded,
        });
        Self { number, cells, headings, mapping, days, faults: faults.collect() }
    }

    /// Reads the row. What could not be read is empty, and noted.
    pub(super) fn nominal(&mut self) -> Nominal {
        let identifiers = Column::IDENTIFIERS.map(|column| self.identifier(column));
        let is_told = Column::IDENTIFIERS.iter().any(|column| self.holds(*column));
        if !is_told {
            self.faults.push(FlagFault {
                row: self.number,
                place: None,
                column: "",
                rule: FlagRule::NoIdentifier,
            });
        }
        let list = self.list();
        let (cohort, rating) = (self.cohort(list), self.rating());
        Nominal {
            row: self.number,
            name: self.name(),
            birth_date: self.birth_date(list),
            identifiers,
            limited_access: self.limited_access(),
            list,
            cohort,
            rating,
            review_date: self.review_date(),
            panel_date: self.past_day(Column::PanelDate),
            panel_decision: self.panel_decision(),
            area: self.area(),
            owner: self.owner(),
        }
    }

    fn place(&self, column: Column) -> Option<u32> {
        self.headings.places.get(&column).copied()
    }

    fn cell(&self, column: Column) -> Option<&'a Cell> {
        self.cells.get(&self.place(column)?)
    }

    fn holds(&self, column: Column) -> bool {
        self.cell(column).is_some()
    }

    fn fault(&mut self, column: Column, rule: FlagRule) {
        let place = self.place(column).map(Place);
        self.faults.push(FlagFault { row: self.number, place, column: column.name(), rule });
    }

    /// What was read, or a fault.
    fn must<T>(&mut self, column: Column, rule: FlagRule, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.fault(column, rule);
        }
        value
    }

    /// The text of a cell; `None` where it is empty, and where it is no text, which is noted.
    fn text(&mut self, column: Column) -> Option<&'a str> {
        let rule = match self.cell(column)? {
            Cell::Text(text) if text.chars().any(char::is_control) => FlagRule::Text,
            Cell::Text(text) => return Some(text),
            Cell::NotText => FlagRule::Text,
            Cell::Day(_) | Cell::NoDay | Cell::Number => FlagRule::NotText,
            Cell::Formula => FlagRule::Formula,
            Cell::Error => FlagRule::Error,
            Cell::Merged => FlagRule::Merged,
        };
        self.fault(column, rule);
        None
    }

    /// A day, of the spreadsheet's own or as text.
    fn day(&mut self, column: Column) -> Option<Date> {
        let day = match self.cell(column)? {
            Cell::Day(day) => Some(*day),
            Cell::NoDay | Cell::Number => None,
            Cell::Text(_) | Cell::NotText | Cell::Formula | Cell::Error | Cell::Merged => {
                written_day(self.text(column)?, self.mapping.day_first)
            }
        };
        let day = day.filter(|day| YEARS.contains(&day.year()));
        self.must(column, FlagRule::CalendarDate, day)
    }

    /// A day that must have come, `YYYY-MM-DD`, or nothing.
    fn past_day(&mut self, column: Column) -> String {
        let day = self.day(column);
        match day {
            Some(day) if day > self.days.latest => {
                self.fault(column, FlagRule::Ahead);
                String::new()
            }
            Some(day) => day.to_string(),
            None => String::new(),
        }
    }

    /// Nobody of 18 or over is put on the list of children; a date that stands for "unknown" says
    /// nothing of an age.
    fn birth_date(&mut self, list: Option<FlagKind>) -> String {
        let text = self.past_day(Column::BirthDate);
        let today = self.days.earliest;
        let birth = BirthDate::parse(&text).ok().filter(|date| !date.is_placeholder());
        let year = u16::try_from(today.year()).unwrap_or_default();
        let age = birth.and_then(|date| date.age_on(year, today.month().into(), today.day()));
        let is_put_on_hccu = self.mapping.puts_on() && list == Some(FlagKind::Hccu);
        if is_put_on_hccu && age.is_some_and(|age| age >= 18) {
            self.fault(Column::BirthDate, FlagRule::Adult);
        }
        text
    }

    fn review_date(&mut self) -> String {
        let column = Column::ReviewDate;
        let day = self.day(column);
        let needs_one = [FlagAction::Raise, FlagAction::Amend].contains(&self.mapping.action);
        if needs_one && !self.holds(column) {
            self.fault(column, FlagRule::Missing);
        }
        if day.is_some_and(|day| day < self.days.earliest) {
            self.fault(column, FlagRule::Past);
        }
        day.map_or_else(String::new, |day| day.to_string())
    }

    fn identifier(&mut self, column: Column) -> String {
        let kind = match column {
            Column::Pnc => Kind::Pnc,
            Column::Cro => Kind::Cro,
            Column::Noms => Kind::Noms,
            Column::Crn => Kind::Crn,
            Column::Name
            | Column::BirthDate
            | Column::LimitedAccess
            | Column::List
            | Column::Cohort
            | Column::Rating
            | Column::ReviewDate
            | Column::PanelDate
            | Column::PanelDecisionId
            | Column::Area
            | Column::Owner => return String::new(),
        };
        let Some(text) = self.text(column) else { return String::new() };
        match canonical(kind, text, self.days.year) {
            Ok(number) => return number.into_text(),
            Err(IdentifierError::Ambiguous { .. }) => self.fault(column, FlagRule::Ambiguous),
            Err(
                IdentifierError::Shape { .. }
                | IdentifierError::CheckLetter { .. }
                | IdentifierError::UnknownCode { .. },
            ) => self.fault(column, FlagRule::Identifier),
        }
        String::new()
    }

    fn name(&mut self) -> String {
        let name = self.text(Column::Name).unwrap_or_default();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.chars().count() > NAME_CHARACTERS_MAX {
            self.fault(Column::Name, FlagRule::Length);
        }
        if !name.is_empty() && is_blank(&name) {
            self.fault(Column::Name, FlagRule::Blank);
        }
        name
    }

    /// What a cell says, or else what holds for every row. A column that is there is there to be
    /// filled in, unless there is something for what is left empty.
    fn told<T>(
        &mut self,
        column: Column,
        rule: FlagRule,
        default: Option<T>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        match (self.holds(column), default) {
            (false, None) if self.place(column).is_some() => {
                self.must(column, FlagRule::Missing, None)
            }
            (false, default) => default,
            (true, _) => {
                let text = self.text(column)?;
                self.must(column, rule, read(text))
            }
        }
    }

    fn list(&mut self) -> Option<FlagKind> {
        let mapping = self.mapping;
        self.told(Column::List, FlagRule::List, mapping.list, |text| {
            mapping.lists.get(&plain(text)).copied().or_else(|| list_of(text))
        })
    }

    fn area(&mut self) -> Option<String> {
        let mapping = self.mapping;
        self.told(Column::Area, FlagRule::Area, mapping.area.clone(), |text| {
            mapping.areas.get(&plain(text)).cloned().or_else(|| area_code(text))
        })
    }

    fn owner(&mut self) -> Option<Addressee> {
        let mapping = self.mapping;
        self.told(Column::Owner, FlagRule::Owner, mapping.owner.clone(), |text| {
            mapping.owners.get(&plain(text)).cloned().or_else(|| desk_of(text))
        })
    }

    fn limited_access(&mut self) -> LimitedAccess {
        let default = Some(self.mapping.limited_access);
        self.told(Column::LimitedAccess, FlagRule::YesNo, default, yes_or_no).unwrap_or_default()
    }

    fn cohort(&mut self, list: Option<FlagKind>) -> FlagCohort {
        let column = Column::Cohort;
        let Some(text) = self.text(column) else { return FlagCohort::Unspecified };
        if list.is_some_and(|list| list != FlagKind::Iom) {
            self.fault(column, FlagRule::CohortOfIomOnly);
        }
        let cohort = FlagCohort::from_name(&plain(text));
        let cohort = cohort.filter(|cohort| *cohort != FlagCohort::Unspecified);
        self.must(column, FlagRule::Cohort, cohort).unwrap_or_default()
    }

    fn rating(&mut self) -> FlagRating {
        let column = Column::Rating;
        let Some(text) = self.text(column) else { return FlagRating::Unspecified };
        let rating = FlagRating::from_name(&plain(text));
        let rating = rating.filter(|rating| *rating != FlagRating::Unspecified);
        if rating == Some(FlagRating::Blue) && self.mapping.action != FlagAction::Suspend {
            self.fault(column, FlagRule::BlueIsSuspended);
        }
        self.must(column, FlagRule::Rating, rating).unwrap_or_default()
    }

    /// The id that a list gives of its panel's decision.
    fn panel_decision(&mut self) -> Option<Uuid> {
        let (column, date) = (Column::PanelDecisionId, Column::PanelDate);
        if self.mapping.needs_panel() && !self.holds(column) && !self.holds(date) {
            let told_by = if self.place(date).is_some() { date } else { column };
            self.fault(told_by, FlagRule::Missing);
        }
        let text = self.text(column)?;
        let id = Uuid::try_parse(text).ok();
        let id = id.filter(|id| text.len() == 36 && !id.is_nil());
        self.must(column, FlagRule::Decision, id)
    }
}
