//! Notices that leave the broker: what arrives, at whom, how often, and what never does.
//!
//! Owns: the rules of leaving, against a mail server and a receiver of requests that are not ours
//! to trust. Deliberately does not know: what raises an alarm, but for the one that is wired.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]

mod emergency;

mod going_up;

mod office;

mod receiver;

mod overdue;

mod relay;

mod rule_failed;

mod terms;

mod unheard;

use std::time::Duration;

use aws_lc_rs::hmac;
use broker::notify::{Addressee, NotTaken, Place, QUEUE_MAX};
use serde_json::Value;

use office::{KEY, Office, Opened, contact};
use relay::Mode;

const SECOND: Duration = Duration::from_secs(1);

/// The head and the text of a letter.
fn parts(letter: &Value) -> (&str, &str) {
    letter["content"].as_str().unwrap().split_once("\r\n\r\n").unwrap()
}

/// Moves time by the rest after so many failures, and waits for the next.
async fn fails_again(office: &Office, opened: &Opened, failures: u64) {
    office.clock.advance(SECOND * 2_u32.pow(u32::try_from(failures).unwrap() - 1));
    opened.until(0, failures + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_arrives_by_letter_over_either_sort_of_tls() {
    for mode in [Mode::Starttls, Mode::Implicit] {
        let mut office = Office::new();
        let relay = office.relay(mode, "good", false);
        let opened = office.open();
        let letter = office.letter(1, Addressee::Operators);
        opened.notices.send(letter.clone()).unwrap();
        opened.until(1, 0).await;
        let letters = relay.letters(1);
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0]["tls"], true);
        assert_eq!(letters[0]["from"], "broker@pyramid.example");
        assert_eq!(letters[0]["to"], serde_json::json!(["operators@operations.example"]));
        let (head, text) = parts(&letters[0]);
        assert!(head.contains("Subject: Pyramid: action-overdue (force/duty)"), "{head}");
        assert!(head.contains(&format!("Message-ID: <{}@pyramid.example>", letter.id())), "{head}");
        let sentence = "Something that was to be done by a deadline has not been confirmed.";
        assert!(text.starts_with(sentence), "{text}");
        assert!(
            text.contains("Deadline:  2026-03-02T12:00:00Z (Monday 2 March, 12:00 local time)")
        );
        assert_eq!(office.kept(), 0, "what has left waits no more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_arrives_by_request_signed_for_its_receiver() {
    let mut office = Office::new();
    let receiver = office.receiver(0, "good").await;
    office.reached_at(receiver.port);
    let opened = office.open();
    let letter = office.to_duty_officer(1);
    opened.notices.send(letter.clone()).unwrap();
    opened.until(1, 0).await;
    let came = receiver.came();
    assert_eq!((came.len(), &*came[0].path), (1, "/duty"));
    let body: Value = serde_json::from_str(&came[0].body).unwrap();
    let expected = serde_json::json!({
        "format": "pyramid-notice-1",
        "id": letter.id().to_string(),
        "code": "action-overdue",
        "sentence": "Something that was to be done by a deadline has not been confirmed.",
        "agency": "force",
        "desk": "duty",
        "reference": "00000000-0000-0000-0000-000000000001",
        "deadline": "2026-03-02T12:00:00Z",
        "raised_at": "2026-03-02T12:00:00Z",
    });
    assert_eq!(body, expected);
    // As docs/operations.md says a receiver checks it.
    let of_host = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &KEY), b"localhost");
    let key = hmac::Key::new(hmac::HMAC_SHA256, of_host.as_ref());
    let signed = hmac::sign(&key, came[0].body.as_bytes());
    assert_eq!(came[0].signature, format!("hmac-sha256={}", hex::encode(signed.as_ref())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_costs_nothing_but_time() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", false);
    let port = relay.port;
    drop(relay);
    let opened = office.open();
    for number in 1..=3 {
        opened.notices.keep(office.letter(number, Addressee::Operators)).await.unwrap();
    }
    // One at a time for one addressee: each has failed once.
    opened.until(0, 3).await;
    assert_eq!((opened.counts(), office.kept()), ((0, 3, 3, 0), 3));
    office.clock.advance(SECOND / 2);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(opened.counts().1, 3, "not before its rest is over");
    let relay = office.relay_at(port, Mode::Starttls, "good", false);
    office.clock.advance(SECOND);
    opened.until(3, 3).await;
    assert_eq!(relay.letters(3).len(), 3);
    assert_eq!((opened.counts(), office.kept()), ((3, 3, 0, 0), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_outlasts_a_restart_and_leaves_once() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Implicit, "good", false);
    let port = relay.port;
    drop(relay);
    let opened = office.open();
    let letter = office.letter(1, Addressee::Operators);
    opened.notices.keep(letter.clone()).await.unwrap();
    opened.until(0, 1).await;
    // Handed over in the very moment of the stop.
    opened.notices.send(office.letter(2, Addressee::Operators)).unwrap();
    opened.carrying.finish(SECOND * 5).await;
    assert_eq!(office.kept(), 2);
    let relay = office.relay_at(port, Mode::Implicit, "good", false);
    let opened = office.open();
    // Whoever keeps the state of the alarm had not kept it, and hands the same over again.
    let _ = opened.notices.keep(letter).await;
    opened.until(2, 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((relay.letters(2).len(), office.kept()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_does_not_prove_its_name_is_told_nothing() {
    for (certificate, mode) in [
        ("stranger", Mode::Starttls),
        ("stranger", Mode::Implicit),
        ("other", Mode::Starttls),
        ("other", Mode::Implicit),
    ] {
        let mut office = Office::new();
        let relay = office.relay(mode, certificate, false);
        let opened = office.open();
        opened.notices.send(office.letter(1, Addressee::Operators)).unwrap();
        opened.until(0, 1).await;
        fails_again(&office, &opened, 1).await;
        assert_eq!(relay.letters(0), Vec::<Value>::new(), "{certificate}");
        assert_eq!(office.kept(), 1, "it waits for the right one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_offers_no_tls_is_told_nothing() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Bare, "good", false);
    let opened = office.open();
    opened.notices.send(office.letter(1, Addressee::Operators)).unwrap();
    opened.until(0, 1).await;
    assert_eq!(relay.letters(0), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_does_not_prove_its_name_is_told_nothing() {
    for certificate in ["stranger", "other"] {
        let mut office = Office::new();
        let receiver = office.receiver(0, certificate).await;
        office.reached_at(receiver.port);
        let opened = office.open();
        opened.notices.send(office.to_duty_officer(1)).unwrap();
        opened.until(0, 1).await;
        assert!(receiver.came().is_empty(), "{certificate}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_asks_is_shown_the_password_and_a_wrong_one_loses_nothing() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", true);
    let opened = office.open();
    opened.notices.keep(office.letter(1, Addressee::Operators)).await.unwrap();
    opened.until(0, 1).await;
    assert_eq!(relay.letters(0), Vec::<Value>::new());
    opened.carrying.finish(SECOND).await;
    office.shows_credentials = true;
    let opened = office.open();
    opened.until(1, 0).await;
    let letters = relay.letters(1);
    assert_eq!((letters.len(), &letters[0]["authenticated"]), (1, &Value::Bool(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_tried_again_and_a_redirection_is_a_refusal() {
    let mut office = Office::new();
    let receiver = office.receiver(0, "good").await;
    office.reached_at(receiver.port);
    receiver.will_answer(&[503, 307, 404, 201]);
    let opened = office.open();
    opened.notices.send(office.to_duty_officer(1)).unwrap();
    opened.until(0, 1).await;
    fails_again(&office, &opened, 1).await;
    fails_again(&office, &opened, 2).await;
    office.clock.advance(SECOND * 4);
    opened.until(1, 3).await;
    let came = receiver.came();
    let mut bodies: Vec<_> = came.iter().map(|came| (&came.path, &came.body)).collect();
    bodies.dedup();
    assert_eq!((came.len(), bodies.len()), (4, 1), "the same each time, to the same address");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operator_gets_it_once_although_another_does_not() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", false);
    let receiver = office.receiver(0, "good").await;
    let url = format!("https://localhost:{}/operators", receiver.port);
    office.options.operators.push(contact(&url));
    receiver.will_answer(&[500, 500]);
    let opened = office.open();
    opened.notices.send(office.letter(1, Addressee::Operators)).unwrap();
    opened.until(0, 1).await;
    fails_again(&office, &opened, 1).await;
    office.clock.advance(SECOND * 2);
    opened.until(1, 2).await;
    assert_eq!((relay.letters(1).len(), receiver.came().len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_address_is_told_through_the_operators() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", false);
    // No way leads to a web address now.
    office.options.web = None;
    let opened = office.open();
    opened.notices.send(office.to_duty_officer(1)).unwrap();
    opened.notices.send(office.letter(2, Addressee::DutyOfficer(Place::BROKER))).unwrap();
    opened.notices.send(office.letter(3, Addressee::DataProtection(office.desk()))).unwrap();
    opened.until(3, 0).await;
    let mut to: Vec<_> = relay.letters(3).iter().map(|it| it["to"][0].to_string()).collect();
    to.sort();
    let operators = "\"operators@operations.example\"";
    assert_eq!(to, ["\"dpo@force.example\"", operators, operators]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_takes_nothing_holds_up_nobody_else() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", false);
    // Somebody who takes a connection and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    office.reached_at(silent.local_addr().unwrap().port());
    let opened = office.open();
    for number in 0..20 {
        opened.notices.send(office.to_duty_officer(number)).unwrap();
    }
    opened.notices.send(office.letter(99, Addressee::Operators)).unwrap();
    opened.until(1, 0).await;
    assert_eq!(relay.letters(1).len(), 1);
}

#[tokio::test]
async fn handing_over_never_waits_and_what_finds_no_room_is_counted() {
    let office = Office::new();
    // Nothing carries: the queue is all the room there is.
    let (notices, _posting) = office.set_up();
    for number in 0..QUEUE_MAX {
        let letter = office.letter(u128::try_from(number).unwrap(), Addressee::Operators);
        notices.send(letter).unwrap();
    }
    let one_more = office.letter(u128::MAX, Addressee::Operators);
    assert_eq!(notices.send(one_more), Err(NotTaken::Full));
    let lost = &notices.counts().unwrap().lost;
    assert_eq!(lost.load(std::sync::atomic::Ordering::Relaxed), 1);
}
