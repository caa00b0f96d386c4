//! What becomes of messages when streams break, refuse, or stay silent.

use super::flight::Flights;
use super::*;
use crate::connection::Dial;
use crate::stub::{PublishCall, Stub, next, numbered, of_number};
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::refusal::Refusal;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::timeout;
use tonic::Status;

fn id(n: u32) -> String {
    format!("00000000-0000-0000-0000-{n:012x}")
}

fn message(n: u32) -> Message {
    Message { message_id: id(n), ..Message::default() }
}

fn answer(message_id: &str, outcome: Outcome) -> wire::PublishResponse {
    let result = wire::PublishResult { message_id: message_id.to_owned(), outcome: Some(outcome) };
    wire::PublishResponse { results: vec![result] }
}

fn accept(message_id: &str) -> wire::PublishResponse {
    answer(message_id, Outcome::Accepted(Accepted::default()))
}

fn refuse(
    message_id: &str,
    refusal: Refusal,
    retry_after: Option<Duration>,
) -> wire::PublishResponse {
    refuse_by(message_id, refusal.code(), retry_after)
}

/// The same by any number, known to this version or not.
fn refuse_by(message_id: &str, code: u32, retry_after: Option<Duration>) -> wire::PublishResponse {
    let retry_after = retry_after.and_then(|wait| wait.try_into().ok());
    let refused = wire::Refused { code, retry_after, ..wire::Refused::default() };
    answer(message_id, Outcome::Refused(refused))
}

async fn heard(call: &mut PublishCall) -> Vec<String> {
    call.hear().await.messages.into_iter().map(|message| message.message_id).collect()
}

fn options(patience: Duration) -> PublisherOptions {
    PublisherOptions { flight_messages: 256, patience }
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn across_a_broken_stream_the_same_id_is_sent_again_and_answered_once() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(7)).await.unwrap();

    let mut first = next(&mut stub.publishing).await;
    assert_eq!(heard(&mut first).await, [id(7)]);
    first.break_with(Status::unavailable("gone"));

    let mut second = next(&mut stub.publishing).await;
    assert_eq!(heard(&mut second).await, [id(7)]);
    second.say(accept(&id(7)));
    second.say(accept(&id(7)));
    assert!(pending.await.is_ok());

    publisher.close().await;
    assert!(stub.publishing.try_recv().is_err(), "there was no third stream");
}

#[tokio::test]
async fn what_was_answered_before_the_break_is_not_sent_again() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let first = publisher.send(message(1)).await.unwrap();
    let second = publisher.send(message(2)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    let mut sent = 0;
    while sent < 2 {
        sent += heard(&mut call).await.len();
    }
    call.say(accept(&id(1)));
    assert!(first.await.is_ok());
    call.break_with(Status::unavailable("gone"));

    let mut call = next(&mut stub.publishing).await;
    assert_eq!(heard(&mut call).await, [id(2)]);
    call.say(accept(&id(2)));
    assert!(second.await.is_ok());
}

#[tokio::test]
async fn a_quota_refusal_is_waited_out_on_the_same_stream() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    let begun = Instant::now();
    call.say(refuse(&id(1), Refusal::QuotaExceeded, Some(Duration::from_millis(60))));
    assert_eq!(heard(&mut call).await, [id(1)]);
    assert!(begun.elapsed() >= Duration::from_millis(50));
    call.say(accept(&id(1)));
    assert!(pending.await.is_ok());
}

#[tokio::test]
async fn a_wait_longer_than_the_patience_is_answered_with_the_refusal_at_once() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    call.say(refuse(&id(1), Refusal::DiskFloor, Some(Duration::from_secs(3_600))));
    let Err(PublishError::Refused(refused)) = pending.await else { unreachable!("it was refused") };
    assert_eq!(refused.refusal, Some(Refusal::DiskFloor));
}

#[tokio::test]
async fn a_refusal_of_the_message_is_final() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    call.say(refuse(&id(1), Refusal::InvalidMessage, None));
    assert!(matches!(
        pending.await,
        Err(PublishError::Refused(refused)) if refused.refusal == Some(Refusal::InvalidMessage)
    ));
}

#[tokio::test]
async fn after_a_lost_answer_only_a_reused_id_says_that_nothing_was_recorded() {
    for refusal in [
        Refusal::Suspended,
        Refusal::MarkingNotCarried,
        // As when the message ended while its answer was lost.
        Refusal::InvalidMessage,
        Refusal::MessageIdReused,
    ] {
        let mut stub = Stub::start().await;
        let publisher = Publisher::new(&stub.connection(), options(LONG));
        let pending = publisher.send(message(1)).await.unwrap();
        let mut call = next(&mut stub.publishing).await;
        heard(&mut call).await;
        call.break_with(Status::unavailable("gone"));
        let mut call = next(&mut stub.publishing).await;
        heard(&mut call).await;
        call.say(refuse(&id(1), refusal, None));
        let error = pending.await.unwrap_err();
        let cause = match &error {
            PublishError::OutcomeUnknown { cause: Cause::Call(CallError::Refused(refused)) } => {
                assert_ne!(refusal, Refusal::MessageIdReused);
                refused
            }
            PublishError::Refused(refused) if refusal == Refusal::MessageIdReused => refused,
            other => unreachable!("{refusal:?}: {other}"),
        };
        assert_eq!(cause.refusal, Some(refusal), "whichever it is, it says why");
    }
}

#[tokio::test]
async fn of_a_number_this_version_does_not_know_nothing_is_known() {
    let mut stub = Stub::start().await;
    stub.refuse_at_the_door(of_number(9_999, "said by a later version", None));
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let at_the_door = publisher.publish(message(1)).await;
    assert!(matches!(at_the_door, Err(PublishError::OutcomeUnknown { .. })), "{at_the_door:?}");
    let pending = publisher.send(message(2)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    call.say(refuse_by(&id(2), 9_999, None));
    assert!(matches!(pending.await, Err(PublishError::OutcomeUnknown { .. })));
}

#[tokio::test]
async fn a_broker_that_asks_for_no_wait_at_all_is_not_asked_in_a_circle() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    let begun = Instant::now();
    for _ in 0..6 {
        heard(&mut call).await;
        call.say(refuse(&id(1), Refusal::QuotaExceeded, Some(Duration::ZERO)));
    }
    heard(&mut call).await;
    assert!(begun.elapsed() >= Duration::from_millis(300), "50 ms each");
    call.say(accept(&id(1)));
    assert!(pending.await.is_ok());
}

#[tokio::test]
async fn what_was_refused_and_not_sent_again_is_refused_whatever_became_of_the_stream() {
    let now = Instant::now();
    let at = |seconds| now + Duration::from_secs(seconds);
    let mut flights = Flights::default();
    let (answer, pending) = oneshot::channel();
    let room = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let message = message(1);
    let (id, bytes) = check(&message).unwrap();
    flights.admit(Submission { id, bytes, message, deadline: at(60), answer, room });
    assert!(flights.take_frame().is_some());
    let wait = Some(Duration::from_secs(10));
    flights.answer(refuse(&id.to_string(), Refusal::QuotaExceeded, wait), now, 0);
    // It has waited long enough, and there is no stream any more to send it on.
    flights.tick(at(11));
    flights.stream_broke();
    flights.tick(at(60));
    let Err(PublishError::Refused(refused)) = pending.await.unwrap() else {
        unreachable!("the broker recorded nothing, and said so")
    };
    assert_eq!(refused.refusal, Some(Refusal::QuotaExceeded));
}

#[tokio::test]
async fn a_call_refused_by_number_at_the_door_is_a_refusal_and_not_an_unknown_outcome() {
    for refusal in [Refusal::NotAllowed, Refusal::NotRegistered, Refusal::Suspended] {
        let stub = Stub::start().await;
        stub.refuse_at_the_door(numbered(refusal, None));
        let publisher = Publisher::new(&stub.connection(), options(LONG));
        let Err(PublishError::Refused(refused)) = publisher.publish(message(1)).await else {
            unreachable!("{refusal:?} is definite")
        };
        assert_eq!(refused.refusal, Some(refusal));
        assert_eq!(refused.sentence, refusal.sentence());
    }
}

#[tokio::test]
async fn a_refusal_at_the_door_that_passes_is_waited_out_and_makes_nothing_uncertain() {
    let mut stub = Stub::start().await;
    stub.refuse_at_the_door(numbered(Refusal::TooManyConnections, None));
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    assert_eq!(heard(&mut call).await, [id(1)]);
    call.say(refuse(&id(1), Refusal::Suspended, None));
    assert!(matches!(pending.await, Err(PublishError::Refused(_))));
}

#[tokio::test]
async fn a_refusal_at_the_door_that_outlasts_the_patience_is_told_in_its_own_words() {
    for refusal in [Refusal::QuotaExceeded, Refusal::ShuttingDown] {
        let stub = Stub::start().await;
        stub.refuse_at_the_door(numbered(refusal, Some(LONG)));
        let publisher = Publisher::new(&stub.connection(), options(Duration::from_secs(2)));
        let first = publisher.send(message(1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Handed over while the refusal is waited out: it is told of it too.
        let second = publisher.send(message(2)).await.unwrap();
        for pending in [first, second] {
            let Err(PublishError::Refused(refused)) = pending.await else {
                unreachable!("{refusal:?} is definite")
            };
            assert_eq!(refused.refusal, Some(refusal));
            assert_eq!(refused.sentence, refusal.sentence());
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_beyond_the_patience_is_told_in_the_refusals_words() {
    // The second does not pass, and is told at once.
    for (refusal, patience) in
        [(Refusal::TooManyConnections, Duration::from_millis(300)), (Refusal::Suspended, LONG)]
    {
        let dial = RefusedDial { refusal, wait: None, is_done: AtomicBool::new(false), then: None };
        let nobody = Connection::with_dial(Box::new(dial), LONG);
        let publisher = Publisher::new(&nobody, options(patience));
        let Err(PublishError::Refused(refused)) = publisher.publish(message(1)).await else {
            unreachable!("no call was ever made")
        };
        assert_eq!(refused.sentence, refusal.sentence());
    }
}

#[tokio::test]
async fn the_wait_that_a_refused_connection_is_told_is_waited() {
    let mut stub = Stub::start().await;
    let dial = RefusedDial {
        refusal: Refusal::TooManyConnections,
        wait: Some(Duration::from_secs(1)),
        is_done: AtomicBool::new(false),
        then: Some(stub.dial()),
    };
    let publisher = Publisher::new(&Connection::with_dial(Box::new(dial), LONG), options(LONG));
    let begun = Instant::now();
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    heard(&mut call).await;
    call.say(accept(&id(1)));
    assert!(pending.await.is_ok());
}

#[tokio::test]
async fn a_publisher_closes_though_all_it_had_was_given_up_while_it_dialled() {
    let stub = Stub::start().await;
    let go = Arc::new(Notify::new());
    let dial = LateDial { go: Arc::clone(&go), then: stub.dial() };
    let connection = Connection::with_dial(Box::new(dial), LONG);
    let publisher = Publisher::new(&connection, options(Duration::from_millis(100)));
    let outcome = publisher.publish(message(1)).await;
    assert!(matches!(outcome, Err(PublishError::NotSent { cause: Cause::Silence })), "{outcome:?}");
    let closing = tokio::spawn(publisher.close());
    tokio::time::sleep(Duration::from_millis(100)).await;
    go.notify_one();
    timeout(Duration::from_secs(5), closing).await.expect("nothing is owed").unwrap();
}

#[tokio::test]
async fn after_a_lost_answer_a_refusal_at_the_door_that_outlasts_the_patience_says_why() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(Duration::from_secs(2)));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    stub.refuse_at_the_door(numbered(Refusal::ShuttingDown, Some(LONG)));
    call.break_with(Status::unavailable("gone"));
    assert!(matches!(
        pending.await,
        Err(PublishError::OutcomeUnknown { cause: Cause::Call(CallError::Refused(refused)) })
            if refused.refusal == Some(Refusal::ShuttingDown)
    ));
}

#[tokio::test]
async fn a_call_that_is_taken_up_after_a_refusal_at_the_door_and_falls_silent_is_silence() {
    let mut stub = Stub::start().await;
    stub.refuse_at_the_door(numbered(Refusal::TooManyConnections, Some(Duration::ZERO)));
    let publisher = Publisher::new(&stub.connection(), options(Duration::from_secs(1)));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    assert!(matches!(pending.await, Err(PublishError::OutcomeUnknown { cause: Cause::Silence })));
}

#[tokio::test]
async fn a_call_that_failed_without_a_number_or_may_have_been_recorded_stays_unknown() {
    for status in [
        Status::permission_denied("said by something on the way"),
        numbered(Refusal::StoreUnavailable, None),
    ] {
        let stub = Stub::start().await;
        stub.refuse_at_the_door(status.clone());
        stub.refuse_at_the_door(numbered(Refusal::NotAllowed, None));
        let publisher = Publisher::new(&stub.connection(), options(LONG));
        let outcome = publisher.publish(message(1)).await;
        assert!(matches!(outcome, Err(PublishError::OutcomeUnknown { .. })), "{status:?}");
    }
}

#[tokio::test]
async fn after_a_lost_answer_a_refused_call_leaves_the_outcome_unknown() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    stub.refuse_at_the_door(numbered(Refusal::NotAllowed, None));
    call.break_with(Status::unavailable("gone"));
    assert!(matches!(pending.await, Err(PublishError::OutcomeUnknown { .. })));
}

#[tokio::test]
async fn a_number_that_comes_after_the_call_was_taken_up_leaves_the_outcome_unknown() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    call.break_with(numbered(Refusal::FrameOutOfBounds, None));
    assert!(matches!(pending.await, Err(PublishError::OutcomeUnknown { .. })));
}

#[tokio::test]
async fn silence_past_the_patience_leaves_the_outcome_unknown() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(Duration::from_millis(200)));
    let pending = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    assert!(matches!(pending.await, Err(PublishError::OutcomeUnknown { cause: Cause::Silence })));
}

#[tokio::test]
async fn a_message_that_never_left_is_said_not_to_have_been_sent() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let first = publisher.send(message(1)).await.unwrap();
    let mut call = next(&mut stub.publishing).await;
    heard(&mut call).await;
    // The stream is given up for good; what was on it is unknown, not unsent.
    call.break_with(Status::unauthenticated("no"));
    assert!(matches!(first.await, Err(PublishError::OutcomeUnknown { .. })));

    let nobody = Connection::with_dial(Box::new(NoDial), LONG);
    let publisher = Publisher::new(&nobody, options(LONG));
    assert!(matches!(publisher.publish(message(2)).await, Err(PublishError::NotSent { .. })));
}

#[tokio::test]
async fn frames_carry_what_is_queued_up_to_64_and_answers_may_come_in_any_order() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let mut pending = Vec::new();
    for n in 0..150 {
        pending.push(publisher.send(message(n)).await.unwrap());
    }
    let mut call = next(&mut stub.publishing).await;
    let mut ids = Vec::new();
    while ids.len() < 150 {
        let frame = heard(&mut call).await;
        assert!((1..=64).contains(&frame.len()));
        ids.extend(frame);
    }
    let in_order: Vec<_> = (0..150).map(id).collect();
    assert_eq!(ids, in_order, "messages leave in the order they were handed over");
    for sent in ids.iter().rev() {
        call.say(accept(sent));
    }
    for answer in pending {
        assert!(answer.await.is_ok());
    }
}

#[tokio::test]
async fn no_more_than_the_flight_is_ever_unanswered() {
    let mut stub = Stub::start().await;
    let options = PublisherOptions { flight_messages: 2, patience: LONG };
    let publisher = Arc::new(Publisher::new(&stub.connection(), options));
    for n in 0..5 {
        let publisher = Arc::clone(&publisher);
        tokio::spawn(async move { publisher.publish(message(n)).await });
    }
    let mut call = next(&mut stub.publishing).await;
    let mut open = BTreeSet::new();
    let mut answered = 0;
    while answered < 5 {
        open.extend(heard(&mut call).await);
        assert!(open.len() <= 2);
        let first = open.pop_first().unwrap();
        call.say(accept(&first));
        answered += 1;
        if answered + open.len() < 5 {
            continue;
        }
        for rest in std::mem::take(&mut open) {
            call.say(accept(&rest));
            answered += 1;
        }
    }
}

#[tokio::test]
async fn an_equal_message_shares_the_answer_and_another_under_its_id_is_not_sent() {
    let mut stub = Stub::start().await;
    let publisher = Publisher::new(&stub.connection(), options(LONG));
    let first = publisher.send(message(1)).await.unwrap();
    let same = publisher.send(message(1)).await.unwrap();
    let other = Message { traceparent: "x".into(), ..message(1) };
    assert!(matches!(publisher.publish(other).await, Err(PublishError::IdInFlight)));
    let mut call = next(&mut stub.publishing).await;
    assert_eq!(heard(&mut call).await, [id(1)]);
    call.say(accept(&id(1)));
    assert!(first.await.is_ok() && same.await.is_ok());
}

#[tokio::test]
async fn an_id_that_is_no_uuid_never_leaves() {
    let publisher = Publisher::new(&Connection::with_dial(Box::new(NoDial), LONG), options(LONG));
    for wrong in ["", "7", "00000000000000000000000000000007", "{00000000-0000-0000-0000-00000007}"]
    {
        let message = Message { message_id: wrong.to_owned(), ..Message::default() };
        assert!(matches!(
            publisher.publish(message).await,
            Err(PublishError::Faulty { field: "message_id", .. })
        ));
    }
}

struct NoDial;

impl Dial for NoDial {
    fn dial(&self) -> crate::connection::Dialled<'_> {
        Box::pin(async {
            Err(ConnectError::File {
                path: "node.pem".into(),
                key: "certificate",
                rule: "holds no certificate",
            })
        })
    }
}

/// A broker that refuses a connection on its first call: each, or with `then` the first.
struct RefusedDial {
    refusal: Refusal,
    wait: Option<Duration>,
    is_done: AtomicBool,
    then: Option<Box<dyn Dial>>,
}

impl Dial for RefusedDial {
    fn dial(&self) -> crate::connection::Dialled<'_> {
        match &self.then {
            Some(then) if self.is_done.swap(true, Ordering::Relaxed) => then.dial(),
            Some(_) | None => {
                Box::pin(async { Err(CallError::from(numbered(self.refusal, self.wait)).into()) })
            }
        }
    }
}

/// A dial that comes through when it is let go.
struct LateDial {
    go: Arc<Notify>,
    then: Box<dyn Dial>,
}

impl Dial for LateDial {
    fn dial(&self) -> crate::connection::Dialled<'_> {
        Box::pin(async {
            self.go.notified().await;
            self.then.dial().await
        })
    }
}
