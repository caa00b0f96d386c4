//! What may go, what is held back, and that reading goes on past what cannot go.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::*;
use crate::directory::MessageKind;
use crate::message::MessageKey;
use crate::prepare::Stored;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// When one in a line may go.
#[derive(Clone, Copy)]
enum When {
    Now,
    TriedAgainLater,
    EmbargoedByItsSender,
}

use When::{EmbargoedByItsSender, Now, TriedAgainLater};

fn in_line(delivery: u64, immediate: bool, person: u16, when: When) -> InLine {
    let mut token = [0; 16];
    token[..2].copy_from_slice(&person.to_be_bytes());
    let (place, tokens) = (Place { immediate, delivery }, vec![Token(token)]);
    match when {
        TriedAgainLater => InLine::Delayed { place, tokens },
        EmbargoedByItsSender => InLine::Embargoed(place),
        Now => InLine::Due(Box::new(Waiting {
            delivery,
            delivery_id: [0; 16],
            task: 0,
            immediate,
            number: 0,
            attempts: 0,
            withdrawn: false,
            message: Stored {
                key: MessageKey { agency: Arc::from("gmp"), id: Uuid::nil() },
                kind: MessageKind::Custody,
                node: Arc::from("records"),
                desk: Arc::from("custody"),
                accepted_at: NOW,
                expires_at: NOW + Duration::days(1),
                not_before: None,
                wrapped_key: Vec::new(),
                body: Vec::new(),
                decision: Vec::new(),
                tokens,
                settles: None,
            },
        })),
    }
}

type Row = (u64, bool, u16, When);

/// Looks along a line; answers what may go, and how many rows each page was asked for.
fn looked(line: &[Row], room: usize) -> (Vec<u64>, Vec<u32>) {
    let mut pages = Vec::new();
    let found = look(room, |after, limit| {
        pages.push(limit);
        let begin = after.map_or(0, |after| {
            1 + line
                .iter()
                .position(|row| (row.0, row.1) == (after.delivery, after.immediate))
                .unwrap()
        });
        let page = line.iter().skip(begin).take(limit as usize);
        Ok(page
            .map(|&(delivery, lane, person, when)| in_line(delivery, lane, person, when))
            .collect())
    });
    (found.unwrap().ready.iter().map(|waiting| waiting.delivery).collect(), pages)
}

fn rows(line: &[Row], room: usize) -> Vec<u64> {
    looked(line, room).0
}

#[test]
fn a_delayed_message_holds_back_later_ones_of_the_same_person_and_nobody_else() {
    let line = [(1, false, 1, TriedAgainLater), (2, false, 1, Now), (3, false, 2, Now)];
    assert_eq!(rows(&line, 10), [3]);
}

#[test]
fn an_embargoed_message_holds_back_nothing() {
    let line = [(1, false, 1, EmbargoedByItsSender), (2, false, 1, Now), (3, false, 2, Now)];
    assert_eq!(rows(&line, 10), [2, 3]);
}

#[test]
fn a_delayed_routine_message_does_not_hold_back_immediate_news_of_the_same_person() {
    let line = [(2, true, 1, Now), (1, false, 1, TriedAgainLater)];
    assert_eq!(rows(&line, 10), [2]);
}

#[test]
fn no_more_is_chosen_than_the_recipient_is_ready_for() {
    assert_eq!(rows(&[(1, false, 1, Now), (2, false, 2, Now)], 1), [1]);
}

#[test]
fn however_many_cannot_go_those_after_them_of_others_do() {
    for when in [TriedAgainLater, EmbargoedByItsSender] {
        let mut line: Vec<Row> = (1..=20_000).map(|row| (row, false, 1, when)).collect();
        line.push((20_001, false, 2, Now));
        assert_eq!(rows(&line, 10), [20_001]);
    }
}

#[test]
fn one_delayed_many_pages_ago_still_holds_back_news_of_its_person() {
    let mut line = vec![(1, false, 1, TriedAgainLater)];
    line.extend((2..=2_000).map(|row| (row, false, 2, EmbargoedByItsSender)));
    line.extend([(2_001, false, 1, Now), (2_002, false, 3, Now)]);
    assert_eq!(rows(&line, 10), [2_002]);
}

#[test]
fn what_is_asked_for_at_first_is_little_more_than_there_is_room_for() {
    let line: Vec<Row> = (1..=500).map(|row| (row, false, 1, Now)).collect();
    let (chosen, pages) = looked(&line, 20);
    assert_eq!(chosen.len(), 20);
    assert_eq!(pages, [84]);
}

#[test]
fn only_an_empty_line_is_called_empty() {
    assert!(look(5, |_, _| Ok(Vec::new())).unwrap().nothing_waits);
    let held = |after: Option<Place>, _| {
        let row = in_line(1, false, 1, EmbargoedByItsSender);
        Ok(after.is_none().then_some(row).into_iter().collect())
    };
    assert!(!look(5, held).unwrap().nothing_waits);
}
