//! Agreements that are to be reviewed, and that end: those who keep them are told, each step once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::app::App;
use broker::clock::SetClock;
use broker::config::Config;
use demo::stage::{Script, Term};
use tests::world::{World, now, shipped};

use crate::office::certificates;
use crate::parts;
use crate::relay::{Mode, Relay};

const DAY: Duration = Duration::from_secs(86_400);
const AGREEMENT: &str = "agreements/release-alerts.toml";

/// The shipped rules, one agreement of which is past its review and ends in five days; the lead of one
/// of its parties has an address.
fn script() -> Script {
    let day = |days: i64| (now() + time::Duration::days(days)).date();
    let term = Term { start: day(-100), review: day(-3), expiry: day(5) };
    let mut script = shipped().with_term(AGREEMENT, term).unwrap();
    let agency = "name = \"Greater Manchester Police\"\n";
    let led = format!("{agency}lead_contact = \"lead@gmp.example\"\n");
    script.directory = script.directory.replacen(agency, &led, 1);
    script
}

async fn again(world: &mut World, clock: &Arc<SetClock>, path: &Path) {
    let config = Config::load(path).unwrap();
    world.app = Some(App::start_with(config, Arc::<SetClock>::clone(clock)).await.unwrap());
}

/// Of the letters that went to somebody, what their subjects say.
fn to(letters: &[serde_json::Value], whom: &str) -> Vec<String> {
    let for_them = letters.iter().filter(|letter| letter["to"] == serde_json::json!([whom]));
    for_them
        .map(|letter| {
            let (head, _) = parts(letter);
            head.lines().find(|line| line.starts_with("Subject: ")).unwrap().to_owned()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_and_leads_are_told_of_a_review_and_of_an_end_once_each_over_a_restart() {
    let (mut world, clock) = World::on_clock(script()).await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = Relay::start(Mode::Starttls, 0, (&servers, "good"), false);
    world.stop().await;
    let path = world.stage.folder().join("broker.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let notify = format!(
        "\n[notify]\noperators = [\"duty@operations.example\"]\n\
         smtp_host = \"localhost\"\nsmtp_port = {}\nsmtp_authorities = \"servers/good.roots\"\n\
         sender = \"broker@pyramid.example\"\n",
        relay.port
    );
    std::fs::write(&path, text + &notify).unwrap();
    again(&mut world, &clock, &path).await;
    let lead = |word: &str| format!("Subject: Pyramid: {word} (gmp)");
    let operators = |word: &str| format!("Subject: Pyramid: {word} (broker)");
    let hear = |count: usize| {
        let mut letters = Vec::new();
        while to(&letters, "lead@gmp.example").len() < count {
            letters.extend(relay.letters(1));
        }
        letters
    };
    let came = hear(2);
    let mut told = to(&came, "lead@gmp.example");
    told.sort();
    assert_eq!(told, [lead("agreement-ending"), lead("agreement-review")]);
    assert!(to(&came, "duty@operations.example").contains(&operators("agreement-review")));
    // Nobody hears the same again, from the same broker or from the next.
    world.stop().await;
    again(&mut world, &clock, &path).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    // A day before, and when it is over: that comes, and nothing before it.
    for (days, word) in [(4, "agreement-ending"), (1, "agreement-ended")] {
        clock.advance(DAY * days);
        assert_eq!(to(&hear(1), "lead@gmp.example"), [lead(word)]);
    }
    let counts = world.app.as_ref().unwrap().people().notices.counts().unwrap();
    assert_eq!(counts.lost.load(Ordering::Relaxed), 0);
}
