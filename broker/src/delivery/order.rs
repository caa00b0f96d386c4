//! What may be sent now without overtaking an earlier message about the same person.
//!
//! Order holds for each person within a lane; immediate news overtakes routine news. Promises
//! that whatever cannot go now, and however much of it there is, holds up nobody else's news.
//! Reads nothing itself: it is handed pages of a line, as many as it takes.

use std::collections::HashSet;
use std::time::Duration;

use crate::ledger::journal::StoreError;
use crate::seal::Token;

use super::outbox::{InLine, Place, Waiting};

/// Read beyond what a recipient has room for: a few that cannot go cost no second page.
const MARGIN_ROWS: usize = 64;
/// Rows of every later page.
const PAGE_ROWS: usize = 512;
/// With something found, reading on for more ends after so many pages.
const PAGES_FOR_MORE: u32 = 8;
/// A page that had to be read because of what cannot go is followed by so much rest, so that
/// a recipient who puts off a great deal takes a bounded share of the store's readers.
const PAGE_REST: Duration = Duration::from_millis(5);
const REST_MAX: Duration = Duration::from_secs(1);

/// What a look along a line found.
pub struct Look {
    /// What may be sent now, in order.
    pub ready: Vec<Waiting>,
    /// Whether the line is empty.
    pub nothing_waits: bool,
    /// How long to rest before the next look.
    pub rest: Duration,
}

/// Looks along a line until there is enough for `room` or the line ends.
///
/// `page` gives the rows that follow a place, in order, and fewer than asked for at the end.
/// One that is to be tried again later holds back every later one of the same lane that
/// shares a person with it; one that its sender lets be released later only is not there yet
/// and holds back none. A message without identifiers holds back and is held back by nothing.
///
/// # Errors
/// Those of `page`.
pub fn look(
    room: usize,
    mut page: impl FnMut(Option<Place>, u32) -> Result<Vec<InLine>, StoreError>,
) -> Result<Look, StoreError> {
    let mut held = Held::default();
    let (mut ready, mut pages, mut last) = (Vec::new(), 0_u32, None);
    let mut limit = room.saturating_add(MARGIN_ROWS);
    loop {
        let rows = page(last, u32::try_from(limit).unwrap_or(u32::MAX))?;
        let ends = rows.len() < limit;
        last = rows.last().map(InLine::place).or(last);
        pages = pages.saturating_add(1);
        for row in rows {
            if ready.len() >= room {
                break;
            }
            ready.extend(held.pass(row));
        }
        let enough = ready.len() >= room || (!ready.is_empty() && pages >= PAGES_FOR_MORE);
        if ends || enough {
            let rest = PAGE_REST.saturating_mul(pages.saturating_sub(1)).min(REST_MAX);
            return Ok(Look { ready, nothing_waits: last.is_none(), rest });
        }
        limit = PAGE_ROWS;
    }
}

/// Persons of whom something earlier cannot go, lane by lane.
#[derive(Default)]
struct Held(HashSet<(bool, Token)>);

impl Held {
    /// Lets pass what may go now.
    fn pass(&mut self, row: InLine) -> Option<Waiting> {
        let place = row.place();
        match row {
            InLine::Embargoed(_) => None,
            InLine::Delayed { tokens, .. } => {
                self.hold(place, &tokens);
                None
            }
            InLine::Due(delivery) => {
                let tokens = &delivery.message.tokens;
                let blocked =
                    tokens.iter().any(|token| self.0.contains(&(place.immediate, *token)));
                if blocked {
                    self.hold(place, tokens);
                    return None;
                }
                Some(*delivery)
            }
        }
    }

    fn hold(&mut self, place: Place, tokens: &[Token]) {
        self.0.extend(tokens.iter().map(|token| (place.immediate, *token)));
    }
}

#[cfg(test)]
mod tests;
