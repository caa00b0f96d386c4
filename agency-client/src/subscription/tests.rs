//! Receiving from a scripted stream.

use super::*;
use crate::stub::{Stub, SubscribeCall, next, numbered};
use prost::Message as _;
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::refusal::Refusal;
use tokio::time::timeout;
use tonic::Status;

fn options(credit: u32) -> SubscriptionOptions {
    SubscriptionOptions { credit, ..SubscriptionOptions::of_desk("stockport-division") }
}

fn event(event: Event) -> wire::SubscribeResponse {
    wire::SubscribeResponse { event: Some(event) }
}

fn opened() -> wire::SubscribeResponse {
    let lease = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    event(Event::Opened(wire::SubscriptionOpened { waiting: 3, lease }))
}

fn body() -> Bytes {
    let message =
        wire::ReleasedMessage { sending_agency: "hmp".into(), ..wire::ReleasedMessage::default() };
    message.encode_to_vec().into()
}

fn delivery(delivery: u8, release: u8, body: Bytes) -> wire::SubscribeResponse {
    let delivery = wire::Delivery {
        delivery_id: vec![delivery; 16].into(),
        release_id: vec![release; 16].into(),
        number: delivery.into(),
        attempt: 1,
        body,
        ..wire::Delivery::default()
    };
    event(Event::Deliveries(wire::DeliveryBatch { deliveries: vec![delivery] }))
}

fn settled(settlement: u64) -> wire::SubscribeResponse {
    event(Event::Settled(wire::Settled { settlement }))
}

/// Opens a subscription against the stub and answers the opening.
async fn open(stub: &mut Stub, credit: u32) -> (Subscription, SubscribeCall) {
    let connection = stub.connection();
    let opening =
        tokio::spawn(async move { Subscription::open(&connection, options(credit)).await });
    let mut call = next(&mut stub.subscribing).await;
    let Some(Step::Open(open)) = call.hear().await.step else { unreachable!("open comes first") };
    assert_eq!((open.desk.as_str(), open.name.as_str()), ("stockport-division", "default"));
    assert_eq!(open.credit, credit);
    call.say(opened());
    (opening.await.unwrap().unwrap(), call)
}

/// The next settlement, and the credit granted on the way to it.
async fn settlement(call: &mut SubscribeCall) -> (wire::Settle, u32) {
    let mut credit = 0;
    loop {
        match call.hear().await.step.unwrap() {
            Step::Credit(grant) => credit += grant.deliveries,
            Step::Settle(settle) => return (settle, credit),
            Step::Open(_) => unreachable!("a stream is opened once"),
        }
    }
}

#[tokio::test]
async fn a_delivery_is_decoded_and_acknowledged_by_its_release_and_credit_is_topped_up() {
    let mut stub = Stub::start().await;
    let (mut subscription, mut call) = open(&mut stub, 1).await;
    assert_eq!((subscription.waiting(), subscription.lease()), (3, Duration::from_secs(30)));
    call.say(delivery(1, 11, body()));
    let incoming = subscription.next().await.unwrap().unwrap();
    assert_eq!(incoming.message.sending_agency, "hmp");
    let durable = incoming.acknowledge();
    let (settle, credit) = settlement(&mut call).await;
    assert_eq!(settle.acknowledged, [vec![11; 16]]);
    assert_eq!(credit, 1);
    call.say(settled(settle.settlement));
    durable.await.unwrap();
}

#[tokio::test]
async fn a_refusal_carries_its_delay_and_a_dropped_delivery_only_gives_its_credit_back() {
    let mut stub = Stub::start().await;
    let (mut subscription, mut call) = open(&mut stub, 2).await;
    call.say(delivery(1, 11, body()));
    drop(subscription.next().await.unwrap().unwrap());
    assert!(matches!(
        call.hear().await.step,
        Some(Step::Credit(wire::GrantCredit { deliveries: 1 }))
    ));
    call.say(delivery(2, 12, body()));
    let incoming = subscription.next().await.unwrap().unwrap();
    drop(incoming.refuse(Duration::from_secs(90)));
    let (settle, _) = settlement(&mut call).await;
    assert!(settle.acknowledged.is_empty());
    assert_eq!(settle.refused[0].release_id, vec![12; 16]);
    assert_eq!(settle.refused[0].delay.unwrap().seconds, 90);
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_is_refused_and_not_handed_over() {
    let mut stub = Stub::start().await;
    let (mut subscription, mut call) = open(&mut stub, 4).await;
    call.say(delivery(1, 11, Bytes::from_static(b"\xff\xff")));
    call.say(delivery(2, 12, body()));
    let incoming = subscription.next().await.unwrap().unwrap();
    assert_eq!(incoming.delivery.number, 2);
    let (settle, _) = settlement(&mut call).await;
    assert_eq!(settle.refused[0].release_id, vec![11; 16]);
    assert_eq!(settle.refused[0].delay.unwrap().seconds, 60);
}

#[tokio::test]
async fn after_a_break_settlements_are_sent_again_and_only_acknowledged_deliveries_passed_over() {
    let mut stub = Stub::start().await;
    let (mut subscription, mut call) = open(&mut stub, 8).await;
    call.say(delivery(1, 11, body()));
    call.say(delivery(2, 12, body()));
    let first = subscription.next().await.unwrap().unwrap();
    let second = subscription.next().await.unwrap().unwrap();
    drop(first.acknowledge());
    drop(first);
    let (settle, _) = settlement(&mut call).await;
    call.break_with(Status::unavailable("gone"));

    let mut call = next(&mut stub.subscribing).await;
    let Some(Step::Open(open)) = call.hear().await.step else { unreachable!("open comes first") };
    assert_eq!(open.credit, 7, "one delivery is still held");
    let (again, _) = settlement(&mut call).await;
    assert_eq!((again.settlement, &again.acknowledged), (settle.settlement, &settle.acknowledged));

    call.say(opened());
    call.say(delivery(1, 21, body()));
    call.say(delivery(2, 22, body()));
    let repeated = subscription.next().await.unwrap().unwrap();
    assert_eq!(repeated.delivery.number, 2, "only what was acknowledged is passed over");
    let (passed, _) = settlement(&mut call).await;
    assert_eq!(passed.acknowledged, [vec![21; 16]]);
    drop(second);
}

#[tokio::test]
async fn a_lasting_refusal_is_the_last_word() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 8).await;
    call.break_with(Status::permission_denied("no"));
    assert!(matches!(subscription.next().await, Some(Err(SubscriptionError::Call(_)))));
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn a_suspension_is_waited_out_without_haste_and_receiving_resumes() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 8).await;
    call.break_with(numbered(Refusal::Suspended, Some(Duration::ZERO)));
    let early = tokio::time::timeout(Duration::from_secs(4), stub.subscribing.recv()).await;
    assert!(early.is_err(), "the longest wait is never shorter than half of it");
    let mut call = next(&mut stub.subscribing).await;
    assert!(matches!(call.hear().await.step, Some(Step::Open(_))));
    call.say(opened());
    call.say(delivery(1, 11, body()));
    assert_eq!(subscription.next().await.unwrap().unwrap().delivery.number, 1);
}

#[tokio::test]
async fn every_other_refusal_of_the_caller_ends_an_open_subscription() {
    for refusal in [Refusal::NotRegistered, Refusal::NotAllowed, Refusal::TakenOver] {
        let mut stub = Stub::start().await;
        let (mut subscription, call) = open(&mut stub, 8).await;
        call.break_with(numbered(refusal, None));
        assert!(matches!(
            subscription.next().await,
            Some(Err(SubscriptionError::Call(CallError::Refused(refused))))
                if refused.refusal == Some(refusal)
        ));
    }
}

#[tokio::test]
async fn whoever_opens_a_subscription_is_told_of_a_suspension_at_once() {
    let mut stub = Stub::start().await;
    let connection = stub.connection();
    let opening = tokio::spawn(async move { Subscription::open(&connection, options(8)).await });
    let call = next(&mut stub.subscribing).await;
    call.break_with(numbered(Refusal::Suspended, None));
    let told = tokio::time::timeout(Duration::from_secs(2), opening).await.unwrap().unwrap();
    assert!(matches!(
        told,
        Err(SubscriptionError::Call(CallError::Refused(refused))) if refused.is_suspension()
    ));
}

#[tokio::test]
async fn more_than_the_credit_ends_the_subscription() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 1).await;
    for n in 1..=4 {
        call.say(delivery(n, n, body()));
    }
    let mut last = None;
    while let Some(next) = subscription.next().await {
        // Kept, so that no credit is given back.
        last = Some(next);
        if matches!(last, Some(Err(_))) {
            break;
        }
        std::mem::forget(last.take());
    }
    assert!(matches!(last, Some(Err(SubscriptionError::BeyondCredit))));
}

#[tokio::test]
async fn run_settles_by_verdict_and_makes_the_last_one_durable_before_it_ends() {
    let mut stub = Stub::start().await;
    let (subscription, mut call) = open(&mut stub, 8).await;
    let running =
        tokio::spawn(subscription.run(
            async |incoming: &Incoming| match incoming.delivery.number {
                1 => Verdict::Acknowledge,
                2 => Verdict::Later(Duration::from_secs(5)),
                _ => Verdict::AcknowledgeAndStop,
            },
        ));
    let (mut acknowledged, mut refused) = (0, 0);
    for n in 1..=3 {
        call.say(delivery(n, n, body()));
    }
    while acknowledged + refused < 3 {
        let (settle, _) = settlement(&mut call).await;
        acknowledged += settle.acknowledged.len();
        refused += settle.refused.len();
        call.say(settled(settle.settlement));
    }
    running.await.unwrap().unwrap();
    assert_eq!((acknowledged, refused), (2, 1));
}

#[tokio::test]
async fn run_says_so_when_its_last_verdict_may_not_be_durable() {
    let mut stub = Stub::start().await;
    let (subscription, mut call) = open(&mut stub, 8).await;
    let running = tokio::spawn(subscription.run(async |_: &Incoming| Verdict::AcknowledgeAndStop));
    call.say(delivery(1, 11, body()));
    settlement(&mut call).await;
    // Nothing says that it is durable, and nothing more is heard.
    call.break_with(Status::permission_denied("no"));
    assert!(matches!(running.await.unwrap(), Err(SubscriptionError::Call(_))));
}

#[tokio::test]
async fn closing_waits_no_longer_than_it_says_and_tells_that_a_receipt_is_not_durable() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 8).await;
    call.say(delivery(1, 11, body()));
    let incoming = subscription.next().await.unwrap().unwrap();
    call.break_with(numbered(Refusal::ShuttingDown, Some(Duration::from_secs(3_600))));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let durable = incoming.acknowledge();
    let closed = timeout(Duration::from_secs(20), subscription.close()).await.unwrap();
    assert!(matches!(closed, Err(SubscriptionError::Ended)), "{closed:?}");
    assert!(durable.await.is_err());
}

#[tokio::test]
async fn a_receipt_given_between_two_streams_goes_out_on_the_second_and_closing_waits_for_it() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 8).await;
    call.say(delivery(1, 11, body()));
    let incoming = subscription.next().await.unwrap().unwrap();
    call.break_with(numbered(Refusal::ShuttingDown, Some(Duration::from_secs(1))));
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(incoming.acknowledge());
    drop(incoming);
    let closing = tokio::spawn(subscription.close());
    let mut call = next(&mut stub.subscribing).await;
    assert!(matches!(call.hear().await.step, Some(Step::Open(_))));
    let (settle, _) = settlement(&mut call).await;
    assert_eq!(settle.acknowledged, [vec![11; 16]]);
    assert!(!closing.is_finished(), "it is not durable yet");
    call.say(settled(settle.settlement));
    closing.await.unwrap().unwrap();
}

#[tokio::test]
async fn with_nothing_owed_closing_waits_for_no_stream() {
    let mut stub = Stub::start().await;
    let (subscription, call) = open(&mut stub, 8).await;
    call.break_with(numbered(Refusal::ShuttingDown, Some(Duration::from_secs(3_600))));
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Less than closing may take where something is owed.
    timeout(Duration::from_secs(4), subscription.close()).await.unwrap().unwrap();
    assert!(stub.subscribing.try_recv().is_err());
}

#[tokio::test]
async fn more_receipts_than_one_batch_holds_leave_in_several_after_a_break() {
    let mut stub = Stub::start().await;
    let (mut subscription, call) = open(&mut stub, 700).await;
    for n in 0..600_u32 {
        let wire::SubscribeResponse { event: Some(Event::Deliveries(mut batch)) } =
            delivery(1, 1, body())
        else {
            unreachable!("a delivery")
        };
        let ids = [n.to_be_bytes(); 4].concat();
        batch.deliveries[0].delivery_id = ids.clone().into();
        batch.deliveries[0].release_id = ids.into();
        call.say(event(Event::Deliveries(batch)));
    }
    let mut held = Vec::new();
    while held.len() < 600 {
        held.push(subscription.next().await.unwrap().unwrap());
    }
    call.break_with(numbered(Refusal::ShuttingDown, Some(Duration::from_secs(1))));
    tokio::time::sleep(Duration::from_millis(200)).await;
    for incoming in held {
        drop(incoming.acknowledge());
    }
    let mut call = next(&mut stub.subscribing).await;
    assert!(matches!(call.hear().await.step, Some(Step::Open(_))));
    let mut acknowledged = 0;
    while acknowledged < 600 {
        let (settle, _) = settlement(&mut call).await;
        assert!(settle.acknowledged.len() <= 256, "{}", settle.acknowledged.len());
        acknowledged += settle.acknowledged.len();
    }
}

#[tokio::test]
async fn options_out_of_bounds_are_refused_before_anything_is_sent() {
    let stub = Stub::start().await;
    let rows = [
        ("desk", SubscriptionOptions::of_desk("Stockport")),
        ("name", SubscriptionOptions { name: String::new(), ..options(1) }),
        ("credit", options(0)),
        ("credit", options(4_097)),
    ];
    for (expected, options) in rows {
        assert!(matches!(
            Subscription::open(&stub.connection(), options).await,
            Err(SubscriptionError::Faulty { field, .. }) if field == expected
        ));
    }
}
