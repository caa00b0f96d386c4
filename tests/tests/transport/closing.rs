//! Callers who fall out of grace while they are connected, and a broker that stops while callers
//! are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agency_client::Connection;
use agency_client::errors::CallError;
use certs_dev::write_credential;
use demo::stage::OPERATOR;
use proto::admin::v1 as admin;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::refusal::Refusal;
use tests::world::{PATIENCE, World, now};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::at_work::{
    CLOSED_WITHIN, Stream, closed, closed_at_all, counts_refused, flag, refused, release, taken_up,
    told, try_connect,
};

#[tokio::test]
async fn a_revoked_certificate_loses_its_open_stream_within_five_seconds() {
    let world = World::shipped().await;
    let credential = {
        let mut authority = world.stage.authority();
        let issuer = authority.first_issuer();
        authority.node(issuer, "gmp", "records").unwrap()
    };
    write_credential(world.stage.folder(), "lost", &credential).unwrap();
    let lost = try_connect(world.stage.settings_of("lost").unwrap()).await.unwrap();
    let mut lost = Stream::open(&lost, "stockport").await;
    let other = world.node("gmp", "intelligence").await;
    let mut other = Stream::open(&other, "force-intelligence").await;

    world.stage.authority().revoke(&credential).unwrap();
    world.stage.publish_crls().unwrap();
    lost.ends_within(CLOSED_WITHIN).await;
    other.silent_for(Duration::from_millis(300)).await;
    assert_eq!((closed(&world, "revoked"), closed_at_all(&world)), (1, 1));
    assert!(try_connect(world.stage.settings_of("lost").unwrap()).await.is_err());
    counts_refused(&world, "handshake_revoked", 1).await;
}

#[tokio::test]
async fn a_suspended_agency_loses_every_connection_within_five_seconds_until_it_is_restored() {
    let world = World::shipped().await;
    let records = world.node("gmp", "records").await;
    let mut stockport = Stream::open(&records, "stockport").await;
    let intelligence = world.node("gmp", "intelligence").await;
    let mut bureau = Stream::open(&intelligence, "force-intelligence").await;
    let neighbour = world.node("merseyside-police", "records").await;
    let mut neighbour = Stream::open(&neighbour, "wirral").await;
    let prisons = world.publisher("hmpps-prisons", "records").await;
    flag(&world, &["A9002AA"]).await;

    world.suspend("gmp", true).await;
    tokio::join!(stockport.ends_within(CLOSED_WITHIN), bureau.ends_within(CLOSED_WITHIN));
    neighbour.silent_for(Duration::from_millis(300)).await;
    assert_eq!(closed(&world, "agency_suspended"), closed_at_all(&world));
    let again = try_connect(world.stage.node("gmp", "records").unwrap()).await;
    assert_eq!(told(again), Refusal::Suspended);
    counts_refused(&world, "agency_suspended", 1).await;

    world.suspend("gmp", false).await;
    let records = try_connect(world.stage.node("gmp", "records").unwrap()).await.unwrap();
    let mut stockport = Stream::open(&records, "stockport").await;
    prisons.publish(release("A9002AA")).await.unwrap();
    stockport.delivery().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_certificate() {
    let world = World::shipped().await;
    // A certificate for the usual 90 days, of which all but a few seconds are over.
    let almost = time::Duration::days(90) - time::Duration::seconds(4);
    world.stage.authority().set_now(now() - almost);
    let short = world.node("gmp", "records").await;
    world.stage.authority().set_now(now());
    let mut short = Stream::open(&short, "stockport").await;
    let other = world.node("gmp", "intelligence").await;
    let mut other = Stream::open(&other, "force-intelligence").await;

    short.silent_for(Duration::from_secs(2)).await;
    short.ends_within(Duration::from_secs(2) + CLOSED_WITHIN).await;
    other.silent_for(Duration::from_millis(300)).await;
    assert_eq!((closed(&world, "certificate_expired"), closed_at_all(&world)), (1, 1));
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_err());
    // In the certificate's last second the handshake still lets it through, and identity does not.
    let refusals =
        || refused(&world, "handshake_not_in_date") + refused(&world, "certificate_expired");
    world.until("it is turned away for its dates", async || refusals() == 1).await;
}

#[tokio::test]
async fn past_next_update_nobody_new_comes_in_and_nothing_is_released_until_new_lists_come() {
    let world = World::shipped().await;
    let next_update = now() + time::Duration::seconds(5);
    let short = world.stage.authority().crls_pem_between(now(), next_update).unwrap();
    let lists = world.stage.folder().join("crls.pem");
    taken_up(&world, || std::fs::write(&lists, short).unwrap()).await;
    let node = world.node("gmp", "records").await;
    let mut stream = Stream::open(&node, "stockport").await;
    let prisons = world.publisher("hmpps-prisons", "records").await;
    flag(&world, &["A9002AA", "A9003AA"]).await;
    prisons.publish(release("A9002AA")).await.unwrap();
    stream.delivery().await;

    while now() <= next_update + time::Duration::seconds(1) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(try_connect(world.stage.node("gmp", "intelligence").unwrap()).await.is_err());
    counts_refused(&world, "handshake_revocation_list_expired", 1).await;
    prisons.publish(release("A9003AA")).await.expect("what is published is still taken");
    stream.silent_for(Duration::from_millis(1_500)).await;
    assert_eq!(closed_at_all(&world), 0, "who is connected may stay and be told");

    // An authority's next list is of a later date than its last.
    world.stage.authority().set_now(now());
    taken_up(&world, || world.stage.publish_crls().unwrap()).await;
    stream.delivery().await;
    assert!(try_connect(world.stage.node("gmp", "intelligence").unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_stop_ends_idle_streams_at_once_and_tells_them_that_the_broker_is_restarting() {
    let mut world = World::shipped().await;
    flag(&world, &["A9002AA"]).await;
    let records = world.node("gmp", "records").await;
    let mut client = records.exchange().await.unwrap();
    // A subscription whose first step never comes.
    let unopened = tokio::spawn(async move {
        client.subscribe(tokio_stream::pending::<wire::SubscribeRequest>()).await.map(drop)
    });
    let (_steps, mut events) = subscribe(&records, "stockport").await;
    let prisons = world.node("hmpps-prisons", "records").await;
    let (_messages, mut results) = publish(&prisons, release("A9002AA")).await;
    assert!(matches!(next(&mut events).await.event, Some(Event::Deliveries(_))));

    let app = world.app.take().unwrap();
    let stopped = timeout(Duration::from_secs(5), app.drain(Duration::from_secs(20))).await;
    stopped.expect("no idle stream may hold the stop");
    assert_eq!(ended_by(&mut events).await, Refusal::ShuttingDown);
    assert_eq!(ended_by(&mut results).await, Refusal::ShuttingDown);
    assert_eq!(passing(unopened.await.unwrap()), Refusal::ShuttingDown);

    // What it was sent and never settled is offered again.
    world.start().await;
    let records = world.node("gmp", "records").await;
    Stream::open(&records, "stockport").await.delivery().await;
}

#[tokio::test]
async fn a_stop_tells_who_watches_the_brokers_health_and_ends_the_watching() {
    let mut world = World::shipped().await;
    let channel = world.node("gmp", "records").await.channel().await.unwrap();
    let mut watches = Vec::new();
    for service in ["", "pyramid.exchange.v1.ExchangeService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let watch = HealthClient::new(channel.clone()).watch(request).await.unwrap();
        let mut watch = watch.into_inner();
        assert_eq!(next(&mut watch).await.status(), ServingStatus::Serving);
        watches.push(watch);
    }
    let app = world.app.take().unwrap();
    let stopped = timeout(Duration::from_secs(4), app.drain(Duration::from_secs(20))).await;
    stopped.expect("nobody who watches may hold the stop");
    for mut watch in watches {
        assert_eq!(next(&mut watch).await.status(), ServingStatus::NotServing);
        assert!(matches!(watch.message().await, Ok(None)), "the watching must end in order");
    }
}

#[tokio::test]
async fn a_peer_that_answers_no_more_does_not_hold_a_stop_for_the_whole_of_its_bound() {
    let mut world = World::shipped().await;
    let (address, cord) = wire_to(world.stage.address()).await;
    let mut settings = world.stage.node("gmp", "records").unwrap();
    settings.broker = address.to_string();
    let frozen = try_connect(settings).await.unwrap();
    let (_steps, _events) = subscribe(&frozen, "stockport").await;
    cord.store(true, Ordering::Relaxed);
    let app = world.app.take().unwrap();
    let stopped = timeout(Duration::from_secs(12), app.drain(Duration::from_secs(30))).await;
    stopped.expect("a peer that does not even take the end may not hold the stop");
}

#[tokio::test]
async fn operators_cannot_shut_themselves_out() {
    let world = World::shipped().await;
    let (agency, _) = OPERATOR;
    let suspending = admin::SetStandingRequest { agency: agency.to_owned(), suspended: true };
    let mut client = world.stage.admin(OPERATOR).await.unwrap();
    let refused = client.set_standing(suspending).await.unwrap_err();
    let CallError::Refused(refused) = CallError::from(&refused) else {
        panic!("a numbered refusal must be told")
    };
    assert_eq!(refused.refusal, Some(Refusal::InvalidRequest));
    let fields: Vec<&str> = refused.violations.iter().map(|fault| &*fault.field).collect();
    assert_eq!(fields, ["agency"]);
    assert!(client.get_status(admin::GetStatusRequest {}).await.is_ok(), "nothing has changed");
}

/// A wire to the broker that can be held up: both ends stay open and nothing passes any more.
async fn wire_to(broker: SocketAddr) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, held) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&held);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (client, server) =
                (client.into_split(), TcpStream::connect(broker).await.unwrap().into_split());
            tokio::spawn(pass(client.0, server.1, Arc::clone(&told)));
            tokio::spawn(pass(server.0, client.1, Arc::clone(&told)));
        }
    });
    (address, held)
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, held: Arc<AtomicBool>) {
    let mut octets = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut octets).await {
        if held.load(Ordering::Relaxed) {
            // Neither end is dropped: it is as if the machine at the other end stood still.
            std::future::pending::<()>().await;
        }
        to.write_all(octets.get(..count).unwrap()).await.unwrap();
    }
}

/// Opens a mailbox. It stays idle for as long as the sender is kept.
async fn subscribe(
    connection: &Connection,
    desk: &str,
) -> (mpsc::Sender<wire::SubscribeRequest>, Streaming<wire::SubscribeResponse>) {
    let (steps, outgoing) = mpsc::channel(1);
    let open = wire::OpenSubscription { desk: desk.into(), name: "default".into(), credit: 16 };
    steps.send(wire::SubscribeRequest { step: Some(Step::Open(open)) }).await.unwrap();
    let mut client = connection.exchange().await.unwrap();
    let opened = client.subscribe(ReceiverStream::new(outgoing)).await.unwrap();
    let mut events = opened.into_inner();
    assert!(matches!(next(&mut events).await.event, Some(Event::Opened(_))));
    (steps, events)
}

/// Publishes a message, which is accepted. The stream stays idle for as long as the sender is kept.
async fn publish(
    connection: &Connection,
    message: wire::Message,
) -> (mpsc::Sender<wire::PublishRequest>, Streaming<wire::PublishResponse>) {
    let (messages, outgoing) = mpsc::channel(1);
    messages.send(wire::PublishRequest { messages: vec![message] }).await.unwrap();
    let mut client = connection.exchange().await.unwrap();
    let opened = client.publish(ReceiverStream::new(outgoing)).await.unwrap();
    let mut answers = opened.into_inner();
    let answer = next(&mut answers).await;
    let accepted =
        |result: &wire::PublishResult| matches!(result.outcome, Some(Outcome::Accepted(_)));
    assert!(answer.results.len() == 1 && answer.results.iter().all(accepted));
    (messages, answers)
}

/// What a stream carries next, which must come.
async fn next<T>(stream: &mut Streaming<T>) -> T {
    let came = timeout(PATIENCE, stream.message()).await.expect("something must come");
    came.unwrap().expect("the stream must stay open")
}

/// The refusal by which a stream ends, with nothing before it.
async fn ended_by<T>(stream: &mut Streaming<T>) -> Refusal {
    let end = timeout(PATIENCE, stream.message()).await.expect("the stream must end");
    passing(end.map(drop))
}

/// The refusal of a call, after which a client comes back by itself.
fn passing(end: Result<(), Status>) -> Refusal {
    let Err(CallError::Refused(refused)) = end.map_err(CallError::from) else {
        panic!("a numbered refusal must be told")
    };
    assert!(refused.may_pass(), "a client comes back after it");
    refused.refusal.expect("a number this version knows")
}
