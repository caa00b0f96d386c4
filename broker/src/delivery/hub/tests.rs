//! What a stream keeps, until it is settled on disk.

use super::*;
use time::OffsetDateTime;

use crate::clock::SetClock;

const POLICE: u64 = 7;

struct Place {
    hub: Arc<Hub>,
    clock: Arc<SetClock>,
}

type Out = mpsc::UnboundedReceiver<Vec<wire::Delivery>>;

impl Place {
    fn new() -> Self {
        let clock = Arc::new(SetClock::at(OffsetDateTime::UNIX_EPOCH));
        let hub = Arc::new(Hub::new(
            Arc::clone(&clock) as _,
            Arc::new(Vault::new([1; 32].into(), &[2; 32])),
            Arc::new(|_, _| true),
        ));
        Self { hub, clock }
    }

    /// A node's stream, which lacks nothing to be sent fresh news.
    fn ready(&self, stream: u64, node: &str, credit: u32) -> (Stream, Out) {
        let (out, frames) = mpsc::unbounded_channel();
        let stream = self.hub.open(POLICE, stream, &Arc::from(node), credit, out).unwrap();
        let always: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(|| true);
        stream.releases_while(&always);
        let (credit, mark) = stream.take_credit();
        stream.give_back(credit, Some(mark));
        (stream, frames)
    }

    fn takes_fresh_news(&self) -> bool {
        let seat = self.hub.reserve(POLICE);
        if let Some(seat) = &seat {
            self.hub.release_seats(&[(POLICE, seat.stream)]);
        }
        seat.is_some()
    }
}

/// A release of this number about the same person as every other.
fn release(number: u8) -> Outstanding {
    Outstanding {
        delivery: number.into(),
        release_id: [number; 16],
        number: number.into(),
        sender: "hmpps".into(),
        message: Uuid::from_u128(number.into()),
        attempt: 1,
        tokens: [Token([1; 16])].into(),
        lease_ends: None,
    }
}

fn numbers(releases: impl IntoIterator<Item = Outstanding>) -> Vec<u64> {
    releases.into_iter().map(|release| release.number).collect()
}

#[test]
fn a_lease_begins_when_bytes_are_handed_over_and_not_before() {
    let place = Place::new();
    let (stream, _out) = place.ready(1, "duty", 8);
    stream.sending(vec![release(1), release(2)]).unwrap();
    place.clock.advance(2 * LEASE);
    assert_eq!(numbers(stream.lapsed()), [0_u64; 0]);
    stream.sent([[1; 16].as_slice()]);
    place.clock.advance(LEASE);
    assert_eq!(numbers(stream.lapsed()), [1]);
}

#[test]
fn a_receipt_that_could_not_be_made_durable_leaves_its_release_outstanding() {
    let place = Place::new();
    let (stream, _out) = place.ready(1, "duty", 8);
    stream.sending(vec![release(1)]).unwrap();
    assert!(stream.received(&[1; 16]).is_some());
    assert!(stream.received(&[1; 16]).is_none(), "it is being settled");
    stream.settled(&[[1; 16]], false);
    assert!(stream.received(&[1; 16]).is_some(), "it was not settled");
    stream.settled(&[[1; 16]], true);
    stream.leave();
    assert!(stream.left().is_empty());
}

#[test]
fn what_is_being_settled_when_a_stream_ends_is_put_back_with_the_rest() {
    let place = Place::new();
    let (stream, _out) = place.ready(1, "duty", 8);
    stream.sending(vec![release(1), release(2), release(3)]).unwrap();
    assert!(stream.received(&[1; 16]).is_some() && stream.refused(&[2; 16]).is_some());
    stream.leave();
    let left = stream.left();
    assert_eq!(numbers(left.iter().map(|left| left.release.clone())), [1, 2, 3]);
    assert!(!stream.put_back(&left[..2]), "one is left");
    assert!(stream.put_back(&left[2..]));
}

#[test]
fn nothing_passes_news_that_is_on_its_way_back_to_the_line() {
    let place = Place::new();
    let (stream, _out) = place.ready(1, "duty", 8);
    stream.sending(vec![release(1), release(2)]).unwrap();
    assert!(place.takes_fresh_news());
    let refused = stream.refused(&[1; 16]).unwrap();
    assert_eq!(numbers(stream.recall_after(&refused)), [2]);
    assert!(!place.takes_fresh_news());
    stream.has_backlog();
    assert_eq!(stream.take_credit().0, 0, "nor does what waits");
    stream.settled(&[[1; 16], [2; 16]], true);
    assert_eq!(stream.take_credit().0, 8);
}

#[test]
fn a_stream_that_takes_over_has_what_the_one_before_left_and_its_turn_comes_after() {
    let place = Place::new();
    let (first, _out) = place.ready(1, "duty", 8);
    first.sending(vec![release(1)]).unwrap();
    let _serving = first.turn.try_lock().unwrap();
    let (second, _frames) = place.ready(2, "duty", 8);
    assert!(first.superseded());
    assert_eq!(first.sending(vec![release(2)]).map_err(numbers), Err(vec![2]));
    assert!(second.turn.try_lock().is_err(), "the first has not ended yet");
    let left = second.left();
    assert_eq!(numbers(left.iter().map(|left| left.release.clone())), [1]);
    assert!(!place.takes_fresh_news(), "before that waits again");
    assert!(second.put_back(&left));
    first.close();
    assert_eq!(place.hub.streams(), 1, "closing the first leaves the second");
}

#[test]
fn another_node_waits_for_the_end_of_a_stream_and_then_puts_back_what_it_left() {
    let place = Place::new();
    let (first, out) = place.ready(1, "duty", 8);
    first.sending(vec![release(1)]).unwrap();
    let open =
        |node: &str| place.hub.open(POLICE, 2, &Arc::from(node), 8, mpsc::unbounded_channel().0);
    assert!(open("night").is_none());
    drop(out);
    let left = open("night").unwrap().left();
    assert_eq!(left.iter().map(|left| left.sent).collect::<Vec<_>>(), [true]);
}

#[test]
fn credit_and_what_is_outstanding_together_keep_the_bound() {
    let place = Place::new();
    let (stream, _out) = place.ready(1, "duty", proto::limits::CREDIT_DELIVERIES_MAX);
    stream.has_backlog();
    assert_eq!(stream.take_credit().0, 4_096);
    stream.sending((1..=100).map(release).collect()).unwrap();
    stream.grant(4_096);
    assert_eq!(stream.take_credit().0, 3_996);
    assert!(stream.received(&[1; 16]).is_some());
    stream.grant(4_096);
    assert_eq!(stream.take_credit().0, 3_997);
}
