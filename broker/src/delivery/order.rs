//! What may be sent now without overtaking an earlier message about the same person.
//!
//! Pure. Order holds for each person within a lane; immediate news overtakes routine news.

use std::collections::HashSet;

use time::OffsetDateTime;

use crate::seal::Token;

use super::outbox::Waiting;

/// Splits off what may be sent now, in order.
///
/// One that is not yet due holds back every later one of the same lane that shares a
/// person with it. A message without identifiers holds back and is held back by nothing.
#[must_use]
pub fn ready(waiting: Vec<Waiting>, now: OffsetDateTime, credit: usize) -> Vec<Waiting> {
    let mut held: HashSet<(bool, Token)> = HashSet::new();
    let mut chosen = Vec::new();
    for delivery in waiting {
        if chosen.len() >= credit {
            break;
        }
        let lane = delivery.immediate;
        let tokens = &delivery.message.tokens;
        let blocked = tokens.iter().any(|token| held.contains(&(lane, *token)));
        let due = delivery.due <= now && delivery.message.not_before.is_none_or(|from| from <= now);
        if due && !blocked {
            chosen.push(delivery);
        } else {
            held.extend(tokens.iter().map(|token| (lane, *token)));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::directory::MessageKind;
    use crate::message::MessageKey;
    use crate::prepare::Stored;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn waiting(row: u64, immediate: bool, person: u8, due_in: i64) -> Waiting {
        Waiting {
            delivery: row,
            delivery_id: [0; 16],
            task: 0,
            immediate,
            number: 0,
            attempts: 0,
            withdrawn: false,
            due: NOW + Duration::seconds(due_in),
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
                tokens: vec![Token([person; 16])],
                settles: None,
            },
        }
    }

    fn rows(waiting: Vec<Waiting>, credit: usize) -> Vec<u64> {
        ready(waiting, NOW, credit).iter().map(|w| w.delivery).collect()
    }

    #[test]
    fn a_delayed_message_holds_back_later_ones_of_the_same_person_and_nobody_else() {
        let all = vec![waiting(1, false, 1, 60), waiting(2, false, 1, 0), waiting(3, false, 2, 0)];
        assert_eq!(rows(all, 10), [3]);
    }

    #[test]
    fn a_delayed_routine_message_does_not_hold_back_immediate_news_of_the_same_person() {
        let all = vec![waiting(2, true, 1, 0), waiting(1, false, 1, 60)];
        assert_eq!(rows(all, 10), [2]);
    }

    #[test]
    fn no_more_is_chosen_than_the_recipient_is_ready_for() {
        let all = vec![waiting(1, false, 1, 0), waiting(2, false, 2, 0)];
        assert_eq!(rows(all, 1), [1]);
    }
}
