//! The words of a story: times, days, desks, lists, and the names by which things are called.
//!
//! Owns what a word may be, and the ids that names stand for. Promises that a desk, a node or an
//! area that the directory does not have is a fault. Deliberately does not know: sentences.

use std::collections::BTreeMap;

use proto::text::Named;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};
use uuid::Uuid;

use crate::stage::StageError;
use crate::story::model::{Desk, Fault, Node};

/// The least of the directory that a story is held to.
pub struct Places {
    desks: Vec<Desk>,
    nodes: Vec<(Node, Vec<String>)>,
    /// Name and code.
    areas: Vec<(String, String)>,
    agencies: Vec<String>,
}

impl Places {
    /// Reads a directory document.
    ///
    /// # Errors
    /// The document does not parse.
    pub fn of(document: &str) -> Result<Self, StageError> {
        let table: toml::Table = toml::from_str(document)?;
        let rows = |table: &toml::Table, key: &str| -> Vec<toml::Table> {
            let rows = table.get(key).and_then(toml::Value::as_array);
            rows.into_iter().flatten().filter_map(toml::Value::as_table).cloned().collect()
        };
        let text = |table: &toml::Table, key: &str| {
            table.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
        };
        let (mut desks, mut nodes, mut agencies) = (Vec::new(), Vec::new(), Vec::new());
        for agency in rows(&table, "agency") {
            let id = text(&agency, "id");
            for desk in rows(&agency, "desk") {
                desks.push(Desk { agency: id.clone(), desk: text(&desk, "id") });
            }
            for node in rows(&agency, "node") {
                let served = node.get("desks").and_then(toml::Value::as_array);
                let served = served.into_iter().flatten().filter_map(toml::Value::as_str);
                let served = served.map(str::to_owned).collect();
                nodes.push((Node { agency: id.clone(), node: text(&node, "name") }, served));
            }
            agencies.push(id);
        }
        let areas = rows(&table, "area");
        let areas = areas.iter().map(|area| (text(area, "name"), text(area, "code"))).collect();
        Ok(Self { desks, nodes, areas, agencies })
    }

    /// Every desk that has a node, and that node.
    pub fn seats(&self) -> impl Iterator<Item = (&Desk, &Node)> {
        self.desks.iter().filter_map(|desk| {
            let serves = |(node, desks): &&(Node, Vec<String>)| {
                node.agency == desk.agency && desks.contains(&desk.desk)
            };
            self.nodes.iter().find(serves).map(|(node, _)| (desk, node))
        })
    }

    /// The desk written `agency/desk`.
    ///
    /// # Errors
    /// The directory has none.
    pub(super) fn desk(&self, line: usize, text: &str) -> Result<Desk, Fault> {
        let found = self.desks.iter().find(|desk| desk.to_string() == text);
        found.cloned().ok_or_else(|| Fault::at(line, "this desk is not in the directory"))
    }

    /// The agency of this id.
    ///
    /// # Errors
    /// The directory has none.
    pub(super) fn agency(&self, line: usize, text: &str) -> Result<String, Fault> {
        let found = self.agencies.iter().find(|agency| *agency == text);
        found.cloned().ok_or_else(|| Fault::at(line, "this agency is not in the directory"))
    }

    /// The system written `agency`, or `agency (node)` where the agency has several.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub(super) fn node(&self, line: usize, text: &str) -> Result<Node, Fault> {
        let named = text.strip_suffix(')').and_then(|text| text.split_once(" ("));
        let (agency, node) = named.map_or((text, None), |(agency, node)| (agency, Some(node)));
        self.agency(line, agency)?;
        let of_agency = self.nodes.iter().map(|(node, _)| node);
        let mut fits = of_agency
            .filter(|known| known.agency == agency && node.is_none_or(|node| known.node == node));
        match (fits.next(), fits.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => Err(Fault::at(line, "this agency has no such system")),
            (Some(_), Some(_)) => {
                Err(Fault::at(line, "this agency has several systems: name one in brackets"))
            }
        }
    }

    /// The code of an area by its name or code.
    ///
    /// # Errors
    /// The directory has none.
    pub(super) fn area(&self, line: usize, text: &str) -> Result<String, Fault> {
        let found = self.areas.iter().find(|(name, code)| name == text || code == text);
        found
            .map(|(_, code)| code.clone())
            .ok_or_else(|| Fault::at(line, "this area is not in the directory"))
    }
}

/// The names by which a story calls messages and decisions, each with an id.
#[derive(Default)]
pub(super) struct Ids {
    known: BTreeMap<(&'static str, String), Uuid>,
}

impl Ids {
    /// The id of a name, the same each time. Ids are given in the order of first mention.
    pub(super) fn of(&mut self, sort: &'static str, name: &str) -> Uuid {
        /// The version and variant of a random UUID, so that it reads as one.
        const FORM: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0000;
        let next = FORM | u128::try_from(self.known.len() + 1).unwrap_or(u128::MAX);
        *self.known.entry((sort, name.to_owned())).or_insert_with(|| Uuid::from_u128(next))
    }
}

/// The first moment of a day of the story; day 1 is its first, day 0 the day before.
pub(super) fn day(line: usize, begins: OffsetDateTime, text: &str) -> Result<Date, Fault> {
    let number = text.strip_prefix("day ").and_then(|number| number.parse::<i32>().ok());
    let number = number.ok_or_else(|| Fault::at(line, "a day is written `day 2`"))?;
    let days = Duration::days(i64::from(number) - 1);
    let day = begins.checked_add(days).map(OffsetDateTime::date);
    day.ok_or_else(|| Fault::at(line, "this day is out of bounds"))
}

/// A moment written `06:10 on day 2`, UTC.
pub(super) fn moment(
    line: usize,
    begins: OffsetDateTime,
    text: &str,
) -> Result<OffsetDateTime, Fault> {
    let rule = || Fault::at(line, "a time is written `06:10 on day 2`");
    let (clock, on) = text.split_once(" on ").ok_or_else(rule)?;
    let clock = Time::parse(clock, format_description!("[hour]:[minute]")).map_err(|_| rule())?;
    Ok(day(line, begins, on)?.with_time(clock).assume_utc())
}

/// A date written out, `2 March 2026`.
pub(super) fn date(line: usize, text: &str) -> Result<Date, Fault> {
    let form = format_description!("[day padding:none] [month repr:long] [year]");
    Date::parse(text, form).map_err(|_| Fault::at(line, "a date is written `2 March 2026`"))
}

/// The value of an enum by its written name.
pub(super) fn named<T: Named>(line: usize, text: &str, rule: &str) -> Result<T, Fault> {
    T::from_name(text)
        .filter(|value| value.name() != "unspecified")
        .ok_or_else(|| Fault::at(line, rule))
}

/// The items of a list, none of them empty.
pub(super) fn list<'text>(
    line: usize,
    text: &'text str,
    between: &str,
) -> Result<Vec<&'text str>, Fault> {
    let items: Vec<&str> = text.split(between).map(str::trim).collect();
    if items.iter().any(|item| item.is_empty()) {
        return Err(Fault::at(line, "something is missing here, or a mark too many"));
    }
    Ok(items)
}

/// The text between quotation marks.
pub(super) fn quoted(line: usize, text: &str) -> Result<&str, Fault> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner
        .filter(|inner| !inner.is_empty() && !inner.contains('"'))
        .ok_or_else(|| Fault::at(line, "this is to stand in double quotation marks"))
}
