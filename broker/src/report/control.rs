//! Which figures of a report may be shown: disclosure control.
//!
//! Owns: the threshold and the rules by which a row is shown whole or not at all.
//! Promises: pure; each row is judged by its own month alone, so that all who ask, at whatever time,
//! are told the same; and no figure from 1 to 4 can be worked out, neither from all that is shown of
//! all months together, nor with what one agency knows of its own part (see decision 0026, and
//! `control::tests`, which attack it).
//! Deliberately does not know: areas, lists, agencies by name, and where figures come from.

use serde::{Deserialize, Serialize};

/// The least figure that is shown.
pub const THRESHOLD: u64 = 5;

/// How the caseload of one list moved in a month, or one agency's part of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// On the list at the month's start.
    pub opening: u64,
    /// Came onto it.
    pub selected: u64,
    /// Came off it.
    pub deselected: u64,
}

impl Movement {
    /// On the list at the month's end.
    #[must_use]
    pub const fn caseload(self) -> u64 {
        (self.opening + self.selected).saturating_sub(self.deselected)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            opening: self.opening + other.opening,
            selected: self.selected + other.selected,
            deselected: self.deselected + other.deselected,
        }
    }

    const fn without(self, other: Self) -> Self {
        Self {
            opening: self.opening.saturating_sub(other.opening),
            selected: self.selected.saturating_sub(other.selected),
            deselected: self.deselected.saturating_sub(other.deselected),
        }
    }

    const fn is_nothing(self) -> bool {
        self.opening == 0 && self.selected == 0 && self.deselected == 0
    }

    /// Nobody's coming or going can be worked out: caseloads of the threshold or more on either
    /// side, and flows that are none or of the threshold or more. The opening caseload counts
    /// although it is not told: it is the last month's, and with it goes the difference.
    const fn is_safe(self) -> bool {
        self.opening >= THRESHOLD
            && self.caseload() >= THRESHOLD
            && none_or_many(self.selected)
            && none_or_many(self.deselected)
    }
}

/// A row of a list that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Came onto the list.
    pub selected: u64,
    /// Came off it.
    pub deselected: u64,
    /// On it at the month's end.
    pub caseload: u64,
}

/// The row of a list, of each agency's own part in it, and with it what the agency placed in the
/// parts of others; `None`: it is not shown.
#[must_use]
pub fn row(parts: &[(Movement, Movement)]) -> Option<Row> {
    let all = parts.iter().fold(Movement::default(), |sum, (own, _)| sum.plus(*own));
    // What is left when an agency takes away what it knows.
    let rest_is_safe = |(own, placed): &(Movement, Movement)| {
        let rest = all.without(*own).without(*placed);
        rest.is_nothing() || rest.is_safe()
    };
    (all.is_safe() && parts.iter().all(rest_is_safe)).then_some(Row {
        selected: all.selected,
        deselected: all.deselected,
        caseload: all.caseload(),
    })
}

/// How many of something took how long, or one agency's part of that: a count for each band.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bands(Vec<u64>);

impl Bands {
    /// Nothing yet, in so many bands.
    #[must_use]
    pub fn new(bands: usize) -> Self {
        Self(vec![0; bands])
    }

    /// Counts one more. Beyond the last band: nothing.
    pub fn add(&mut self, band: usize) {
        if let Some(count) = self.0.get_mut(band) {
            *count += 1;
        }
    }

    fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn plus(&self, other: &Self) -> Self {
        let places = self.0.len().max(other.0.len());
        let at = |bands: &Self, place: usize| bands.0.get(place).copied().unwrap_or(0);
        Self((0..places).map(|place| at(self, place) + at(other, place)).collect())
    }

    fn is_safe(&self) -> bool {
        self.0.iter().copied().all(none_or_many)
    }

    /// The band of the middle one; of the lower of the two in the middle.
    fn median(&self) -> Option<u32> {
        let middle = self.total().div_ceil(2);
        let mut passed = 0;
        let place = self.0.iter().position(|count| {
            passed += count;
            passed >= middle
        });
        place.filter(|_| middle > 0).and_then(|place| u32::try_from(place).ok())
    }
}

/// Bands as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many in all; `None`: not shown.
    pub total: Option<u64>,
    /// How many in each band; `None`: not shown, none of them.
    pub bands: Option<Vec<u64>>,
    /// The band in which the median lies; `None`: not shown.
    pub median: Option<u32>,
}

/// What is shown of a spread, of each agency's part in it.
#[must_use]
pub fn spread(parts: &[Bands]) -> Spread {
    let sum = |without: Option<usize>| {
        let others = parts.iter().enumerate().filter(|(place, _)| Some(*place) != without);
        others.fold(Bands::default(), |sum, (_, part)| sum.plus(part))
    };
    let all = sum(None);
    let rests = || (0..parts.len()).map(|place| sum(Some(place)));
    if all.total() < THRESHOLD || !rests().all(|rest| none_or_many(rest.total())) {
        return Spread::default();
    }
    let whole = all.is_safe() && rests().all(|rest| rest.is_safe());
    Spread { total: Some(all.total()), median: all.median(), bands: whole.then_some(all.0) }
}

/// Whether a part of a total that is shown may be shown itself: neither it nor the rest is from 1 to
/// 4.
#[must_use]
pub fn part(part: u64, of: u64) -> Option<u64> {
    (none_or_many(part) && none_or_many(of.saturating_sub(part))).then_some(part)
}

const fn none_or_many(count: u64) -> bool {
    count == 0 || count >= THRESHOLD
}

#[cfg(test)]
mod tests;
