//! Emergency access is told to people at once, and to one more where nobody reviews it.

use std::time::Duration;

use agency_client::compose::{self, CustodyNews, Grounds};
use demo::stage::Script;
use proto::audit::v1::{CloseReviewRequest, ReviewFinding};
use proto::exchange::v1 as wire;
use tests::world::{World, adult, id, now, shipped};
use uuid::{Uuid, uuid};

use crate::office::certificates;
use crate::overdue::{again, left, telling, to};
use crate::relay::{Mode, Relay};

const PRISONS: &str = "hmpps-prisons";
const ACTING: Uuid = uuid!("00000006-0000-4000-8000-000000000006");
const SECOND: Uuid = uuid!("00000006-0000-4000-8000-000000000007");
const REVIEWER: &str = "00000006-0000-4000-8000-000000000001";
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The shipped directory, with a lead of the prisons to be told.
fn with_lead() -> Script {
    let mut script = shipped();
    let agency = "id = \"hmpps-prisons\"\n";
    assert_eq!(script.directory.matches(agency).count(), 1);
    let led = format!("{agency}lead_contact = \"lead@hmpps-prisons.example\"\n");
    script.directory = script.directory.replacen(agency, &led, 1);
    script
}

fn emergency(message: Uuid) -> wire::Message {
    let grounds = Grounds {
        purpose: wire::Purpose::PublicProtection,
        gateway: wire::Gateway::Vital,
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
        sensitive_condition: None,
    };
    let news = CustodyNews {
        event: wire::CustodyEvent::UnlawfullyAtLarge,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: now(),
        movement_reason: String::new(),
        settles: None,
    };
    compose::custody(message, grounds, adult("A9422AA", "Invented Missing"), news)
        .break_glass("Invented: he is dangerous.", ACTING, SECOND)
        .expires_at(now() + time::Duration::hours(3))
        .addressee("gmp", "stockport")
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_person_and_the_data_protection_officer_are_told_once_and_then_the_lead() {
    let (mut world, clock) = World::on_clock(with_lead()).await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = Relay::start(Mode::Starttls, 0, (&servers, "good"), false);
    telling(&mut world, &clock, &relay).await;
    let (reviewed, open) = (id(), id());
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(reviewed)).await.unwrap();
    left(&world, 2).await;
    let used = |whom: &str| {
        (whom.to_owned(), "Subject: Pyramid: break-glass (hmpps-prisons/movements)".to_owned())
    };
    let mut first: Vec<_> = relay.letters(2).iter().map(to).collect();
    first.sort();
    let both = ["data-protection@hmpps-prisons.example", "duty-governor@hmpps-prisons.example"];
    assert_eq!(first, both.map(used));

    // A restart tells nobody twice.
    drop(prisons);
    world.stop().await;
    let path = world.stage.folder().join("broker.toml");
    again(&mut world, &clock, &path).await;
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(open)).await.unwrap();
    left(&world, 2).await;
    assert_eq!(relay.letters(2).len(), 2);

    // One is reviewed; of the other the lead is told once a week at work is over, and of no more.
    let mut client = world.person((PRISONS, REVIEWER)).await.audit().await.unwrap();
    let request = CloseReviewRequest {
        message_id: reviewed.to_string(),
        finding: ReviewFinding::Justified.into(),
        reason: "Invented.".to_owned(),
    };
    client.close_review(request).await.unwrap();
    clock.advance(20 * DAY);
    left(&world, 3).await;
    let last: Vec<_> = relay.letters(1).iter().map(to).collect();
    let subject = "Subject: Pyramid: review-overdue (hmpps-prisons/movements)".to_owned();
    assert_eq!(last, [("lead@hmpps-prisons.example".to_owned(), subject)]);
    tokio::time::sleep(Duration::from_secs(6)).await;
    left(&world, 3).await;
}
