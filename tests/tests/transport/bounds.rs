//! One client too slow, too many or too fast, and everybody else untouched.

use std::time::Duration;

use certs_dev::{Authority, Options};
use demo::stage::{Script, TRUST_DOMAIN};
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::limits::DIRECTORY_ID_CHARACTERS_MAX;
use proto::refusal::Refusal;
use tests::world::{World, adult, now, ppo_flag};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::at_work::{counts_refused, listening, restart, told, try_connect};
use tests::operator::apply_directory;

#[tokio::test]
async fn silent_clients_are_dropped_at_the_handshakes_end_and_keep_nobody_waiting() {
    let mut world = World::shipped().await;
    restart(&mut world, |config| config.listen.handshake_timeout = Duration::from_secs(2)).await;
    let mut silent = Vec::new();
    for position in 0..40 {
        let mut socket = TcpStream::connect(world.stage.address()).await.unwrap();
        if position % 2 == 0 {
            // The head of a handshake record of 512 octets, and then nothing more of it.
            socket.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
        }
        silent.push(socket);
    }
    let served = try_connect(world.stage.node("gmp", "records").unwrap());
    let served = timeout(Duration::from_secs(1), served).await;
    assert!(served.expect("the silent may keep nobody waiting").is_ok());
    let mut octets = Vec::new();
    for mut socket in silent {
        let ended = timeout(Duration::from_secs(4), socket.read_to_end(&mut octets)).await;
        drop(ended.expect("a silent client must be dropped"));
    }
    assert_eq!(octets, [0_u8; 0], "a silent client is told nothing");
    counts_refused(&world, "handshake_timeout", 40).await;
    assert_eq!(listening(&world).connections().of_agency("gmp"), 0);
}

#[tokio::test]
async fn an_agency_gets_no_more_connections_than_it_may_have_and_no_other_is_short_of_one() {
    let world = World::shipped().await;
    // The shipped directory gives this agency two.
    let settings = world.stage.node("loto-stockport", "records").unwrap();
    let first = try_connect(settings.clone()).await.unwrap();
    let _second = try_connect(settings.clone()).await.unwrap();
    assert_eq!(listening(&world).connections().of_agency("loto-stockport"), 2);
    assert_eq!(told(try_connect(settings.clone()).await), Refusal::TooManyConnections);
    counts_refused(&world, "agency_connections_max", 1).await;
    assert_eq!(listening(&world).connections().of_agency("loto-stockport"), 2);
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());

    drop(first);
    let freed = async || listening(&world).connections().of_agency("loto-stockport") == 1;
    world.until("the place is given back", freed).await;
    assert!(try_connect(settings).await.is_ok());
}

#[test]
fn certificates_are_made_for_every_name_that_the_directory_may_have_and_for_no_longer_one() {
    let mut authority = Authority::new(Options::new(TRUST_DOMAIN, now())).unwrap();
    let issuer = authority.first_issuer();
    let longest = "a".repeat(DIRECTORY_ID_CHARACTERS_MAX);
    let longer = format!("{longest}a");
    assert!(authority.node(issuer, &longest, &longest).is_ok());
    for (agency, node) in [(&longer, &longest), (&longest, &longer)] {
        let refused = authority.node(issuer, agency, node).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|text| text.contains("1 to 40 characters")));
    }
}

#[tokio::test]
async fn an_agency_beyond_its_rate_is_told_when_to_send_again_and_no_other_is_slowed() {
    let world = World::shipped().await;
    let shipped = Script::shipped().unwrap().directory;
    let id = "id = \"merseyside-police\"\n";
    let slowed = shipped.replacen(id, &format!("{id}publish_per_second = 1\n"), 1);
    apply_directory(&world, &slowed).await;

    let flags = |count: usize| -> Vec<wire::Message> {
        (0..count).map(|_| ppo_flag(adult("A9001AA", "Invented Often"))).collect()
    };
    // One a second with two saved up: of five at once, two are taken.
    let answers = world.frame("merseyside-police", "records", flags(5)).await;
    let turned_away: Vec<&wire::Refused> = answers.iter().filter_map(refusal).collect();
    assert_eq!(turned_away.len(), 3, "two of five are taken");
    let mut longest = Duration::ZERO;
    for refused in turned_away {
        assert_eq!(refused.code, 1_004);
        let wait = Duration::try_from(refused.retry_after.expect("when to send again")).unwrap();
        assert!(Duration::ZERO < wait && wait <= Duration::from_secs(1), "{wait:?}");
        longest = longest.max(wait);
    }
    let other = world.frame("gmp", "records", flags(50)).await;
    assert!(other.iter().all(|answer| refusal(answer).is_none()), "no other agency is slowed");

    tokio::time::sleep(longest).await;
    let again = world.frame("merseyside-police", "records", flags(1)).await;
    assert!(again.iter().all(|answer| refusal(answer).is_none()), "the time told was enough");
}

fn refusal(answer: &wire::PublishResult) -> Option<&wire::Refused> {
    match answer.outcome.as_ref().expect("an outcome") {
        Outcome::Refused(refused) => Some(refused),
        Outcome::Accepted(_) => None,
    }
}
