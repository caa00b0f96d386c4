//! Escalation, from a chain that somebody keeps to people outside.

use std::sync::Arc;
use std::time::Duration;

use broker::clock::{Clock as _, GuardedClock, SetClock};
use broker::notify::Letter;
use broker::notify::chain::{Alarm, Rank, Taken};
use time::ext::NumericalDuration as _;

use crate::office::{NOON, Office, Opened};
use crate::relay::Mode;

const MINUTE: Duration = Duration::from_secs(60);

/// Whoever keeps an alarm: what is kept, and how often the desk was told in the broker.
struct Keeper {
    taken: u8,
    told_desk: usize,
}

impl Keeper {
    /// Asks what is next, hands it over, and keeps that only then.
    async fn look(&mut self, office: &Office, opened: &Opened, clock: &GuardedClock) {
        let taken = Taken::from_bits(self.taken).unwrap();
        let alarm = Alarm { raised_at: NOON, taken };
        let next = office.options.chain.next(alarm, false, &clock.reading());
        for rank in &next.ranks {
            match rank.addressee(&office.desk()) {
                None => self.told_desk += 1,
                Some(to) => {
                    let letter = office.letter(1, to);
                    opened.notices.keep(letter).await.unwrap();
                }
            }
        }
        self.taken = next.alarm.taken.bits();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rank_is_told_once_across_a_clock_stop_and_a_restart() {
    let mut office = Office::new();
    let relay = office.relay(Mode::Starttls, "good", false);
    let receiver = office.receiver(0, "good").await;
    office.reached_at(receiver.port);
    let guard = GuardedClock::new(Arc::<SetClock>::clone(&office.clock));
    let mut keeper = Keeper { taken: 0, told_desk: 0 };
    let opened = office.open();
    keeper.look(&office, &opened, &guard).await;
    keeper.look(&office, &opened, &guard).await;
    assert_eq!(keeper.told_desk, 1);
    // The clock is set a day on: it is not believed, and nobody is told.
    office.clock.step(1.days());
    keeper.look(&office, &opened, &guard).await;
    assert_eq!(opened.counts(), (0, 0, 0, 0));
    // Meanwhile the duty officer's time comes; when the clock agrees he is told, once.
    office.clock.advance(30 * MINUTE);
    office.clock.step((-1).days());
    keeper.look(&office, &opened, &guard).await;
    keeper.look(&office, &opened, &guard).await;
    opened.until(1, 0).await;
    assert_eq!((receiver.came().len(), relay.letters(0).len()), (1, 0));
    // A restart, over the lead's time.
    opened.carrying.finish(Duration::from_secs(5)).await;
    office.clock.advance(200 * MINUTE);
    let opened = office.open();
    keeper.look(&office, &opened, &guard).await;
    keeper.look(&office, &opened, &guard).await;
    opened.until(1, 0).await;
    let letters = relay.letters(1);
    assert_eq!((letters.len(), receiver.came().len(), keeper.told_desk), (1, 1, 1));
    assert_eq!(letters[0]["to"][0], "lead@force.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_state_was_lost_before_it_was_kept_is_the_same_notice() {
    let mut office = Office::new();
    let receiver = office.receiver(0, "good").await;
    office.reached_at(receiver.port);
    let opened = office.open();
    let to = Rank::DutyOfficer.addressee(&office.desk()).unwrap();
    let letter: Letter = office.letter(1, to);
    for _ in 0..3 {
        opened.notices.keep(letter.clone()).await.unwrap();
    }
    opened.until(1, 0).await;
    opened.notices.keep(letter).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.came().len(), 1);
}
