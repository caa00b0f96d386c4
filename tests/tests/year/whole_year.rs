//! A year: a list that is expected by six on every working day and never comes, immediate messages,
//! dates that lie ahead, a review that nobody holds; the clocks change twice, holidays fall on Sundays, the broker is stopped
//! and its clock is set wrong.
//!
//! The days on which there is no alarm are written down by hand, from the calendar of bank holidays
//! that is published for England and Wales; so are the moments of everything that is odd.

use agency_client::compose;
use demo::stage::Script;
use proto::admin::v1 as admin;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{RELEASE_GROUNDS, adult, id, next};
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime, Weekday};

use demo::stage::OPERATOR;

use crate::town::{GMP, STOCKPORT, Told, Town, with, words};

/// A Monday; from Tuesday on somebody looks every day.
const BEGINS: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);
const FIRST: Date = date!(2026 - 12 - 01);
const LAST: Date = date!(2027 - 12 - 31);

/// Days that are no working days though they are none of a weekend. Christmas Day 2027 is a
/// Saturday and Boxing Day a Sunday: Monday and Tuesday stand in for them. Boxing Day 2026 is a
/// Saturday: Monday stands in for it.
const HOLIDAYS: [Date; 10] = [
    date!(2026 - 12 - 25),
    date!(2026 - 12 - 28),
    date!(2027 - 01 - 01),
    date!(2027 - 03 - 26),
    date!(2027 - 03 - 29),
    date!(2027 - 05 - 03),
    date!(2027 - 05 - 31),
    date!(2027 - 08 - 30),
    date!(2027 - 12 - 27),
    date!(2027 - 12 - 28),
];

/// The first and the last day on which London's clocks are an hour ahead.
const SUMMER: (Date, Date) = (date!(2027 - 03 - 28), date!(2027 - 10 - 30));

fn is_expected(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !HOLIDAYS.contains(&day)
}

/// Six in the morning of a day on a clock in London.
fn six(day: Date) -> OffsetDateTime {
    let hour = if day >= SUMMER.0 && day <= SUMMER.1 { 5 } else { 6 };
    day.with_hms(hour, 0, 0).unwrap().assume_utc()
}

/// What a day without a list brings: at its hour, and as nobody opens what is told.
fn at_six() -> Vec<Told> {
    words(&[("feed-silent", "operators"), ("feed_absent", "gmp/stockport")])
}

fn by_nine() -> Vec<Told> {
    words(&[
        ("feed-silent", "agency_lead gmp stockport"),
        ("feed-silent", "duty_officer gmp stockport"),
    ])
}

async fn town() -> Town {
    let script = Script::in_force(BEGINS).unwrap();
    let contact = "duty_contact = \"duty@gmp.example\"\nremind_working_days = 2";
    let script = with(script, STOCKPORT, contact);
    let script = with(script, GMP, "lead_contact = \"lead@gmp.example\"");
    let mut town = Town::begin(&script, BEGINS).await;
    town.flagged("A9428AA").await;
    town.tend().await;
    town.waits_for_a_list(&script, 1).await;
    assert_eq!(town.told(), []);
    town
}

/// News of somebody's release on a day.
fn release(at: OffsetDateTime) -> compose::Draft {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty: wire::CustodyCertainty::Provisional,
        prison: "FBI".to_owned(),
        occurred_at: at,
        movement_reason: String::new(),
        settles: None,
    };
    compose::custody(id(), RELEASE_GROUNDS, adult("A9428AA", "Invented Listed"), news)
}

/// Days on which something else happens than that a list does not come.
const ODD: [Date; 6] = [
    date!(2027 - 01 - 12),
    date!(2027 - 02 - 10),
    date!(2027 - 04 - 20),
    date!(2027 - 06 - 08),
    date!(2027 - 07 - 14),
    date!(2027 - 09 - 15),
];

#[tokio::test(flavor = "multi_thread")]
async fn in_a_whole_year_every_alarm_is_raised_once_and_at_its_time() {
    let mut town = town().await;
    // Two releases that lie ahead, and each is done what is asked at once but for its deletion.
    for at in [datetime!(2027-04-01 08:00 UTC), datetime!(2027-11-02 09:00 UTC)] {
        expected(&town, at).await;
    }
    let (mut day, mut alarms) = (FIRST, 0);
    while day <= LAST {
        if day == date!(2027 - 03 - 28) {
            night_of_the_clocks(&mut town).await;
        }
        if ODD.contains(&day) {
            odd_day(&mut town, day).await;
        } else {
            ordinary_day(&mut town, day, &mut alarms).await;
        }
        day = day.next_day().unwrap();
    }
    // 284 weekdays in thirteen months, less ten holidays and six odd days.
    assert_eq!(alarms, 268);
    town.sound().await;
}

async fn ordinary_day(town: &mut Town, day: Date, alarms: &mut usize) {
    town.until(six(day) - Duration::minutes(1)).await;
    assert_eq!(town.told(), early(day), "before six on {day}");
    town.until(six(day)).await;
    if !is_expected(day) {
        assert_eq!(town.told(), [], "at six on {day}");
        return;
    }
    *alarms += 1;
    assert_eq!(town.told(), at_six(), "at six on {day}");
    town.until(six(day) + Duration::hours(3)).await;
    assert_eq!(town.told(), [by_nine(), by_day(day)].concat(), "by nine on {day}");
}

/// What falls due in the night before a day.
fn early(day: Date) -> Vec<Told> {
    if day == date!(2027 - 03 - 30) {
        // What was of use until noon of Easter Monday.
        return words(&[("not_delivered", "hmpps-prisons/movements")]);
    }
    if day == date!(2027 - 11 - 02) {
        // The review of the flag was to be held the day before.
        return words(&[("review_overdue", "merseyside-police/wirral")]);
    }
    if day == date!(2027 - 12 - 01) {
        // What was told a year ago was to be deleted within 365 days.
        let (duty, lead) = ("duty_officer gmp stockport", "agency_lead gmp stockport");
        let late = "obligation-overdue";
        return words(&[(late, lead), (late, lead), (late, duty), (late, duty)]);
    }
    Vec::new()
}

/// Reminders, two working days before: Thursday 1 April 2027, with Easter Monday before; Tuesday
/// 2 November, with the clocks back on Sunday; Wednesday 29 December, with both days after
/// Christmas off.
fn by_day(day: Date) -> Vec<Told> {
    let reminded = [date!(2027 - 03 - 30), date!(2027 - 10 - 29), date!(2027 - 12 - 23)];
    let near: &[_] = if reminded.contains(&day) { &[("date_near", "gmp/stockport")] } else { &[] };
    words(near)
}

/// gmp/stockport is told of a release that lies ahead, and says that it has acted.
async fn expected(town: &Town, at: OffsetDateTime) {
    let mut stockport = town.mailbox("gmp", "stockport").await;
    let sent = release(at).addressee("gmp", "stockport").build().unwrap();
    town.publisher("hmpps-prisons").await.publish(sent).await.unwrap();
    loop {
        let given = next(&mut stockport).await;
        given.acknowledge().await.unwrap();
        if matches!(given.message.kind, Some(Kind::Custody(_))) {
            return town.acts("gmp", "stockport", &given.delivery.release_id).await;
        }
    }
}

/// Ten minutes before the clocks go forward somebody is recalled, and nobody opens the news.
async fn night_of_the_clocks(town: &mut Town) {
    town.until(datetime!(2027-03-28 00:50 UTC)).await;
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Recall,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: datetime!(2027-03-28 00:40 UTC),
        movement_reason: "24".to_owned(),
        settles: None,
    };
    let person = adult("A9429AA", "Invented Recalled");
    let sent = compose::custody(id(), RELEASE_GROUNDS, person, news).immediate();
    let sent = sent.addressee("gmp", "stockport").expires_at(datetime!(2027-03-29 12:00 UTC));
    town.publisher("hmpps-prisons").await.publish(sent.build().unwrap()).await.unwrap();
    let (unread, duty, lead) =
        ("immediate-unread", "duty_officer gmp stockport", "agency_lead gmp stockport");
    let rows: [(OffsetDateTime, &[(&str, &str)]); 7] = [
        (datetime!(2027-03-28 01:04 UTC), &[]),
        (datetime!(2027-03-28 01:05 UTC), &[("not_opened", "hmpps-prisons/movements")]),
        (datetime!(2027-03-28 01:34 UTC), &[]),
        (datetime!(2027-03-28 01:35 UTC), &[(unread, duty)]),
        (datetime!(2027-03-28 03:04 UTC), &[]),
        (datetime!(2027-03-28 03:05 UTC), &[(unread, lead)]),
        (datetime!(2027-03-28 03:06 UTC), &[]),
    ];
    for (moment, told) in rows {
        town.until(moment).await;
        assert_eq!(town.told(), words(told), "{moment}");
    }
}

async fn odd_day(town: &mut Town, day: Date) {
    town.until(six(day) - Duration::hours(2)).await;
    assert_eq!(town.told(), [], "before six on {day}");
    match day {
        // The broker is stopped over six and over the day before the next: told when it is back.
        d if d == date!(2027 - 01 - 12) => {
            town.stop().await;
            town.clock.advance(std::time::Duration::from_secs(4 * 3_600));
            town.start().await;
            town.tend().await;
            let mut told = at_six();
            told.splice(0..0, by_nine());
            told.sort();
            let mut came = town.told();
            came.sort();
            assert_eq!(came, told);
            town.tend().await;
        }
        // The list comes.
        d if d == date!(2027 - 02 - 10) || d == date!(2027 - 07 - 14) => {
            let prisons = town.publisher("hmpps-prisons").await;
            prisons.publish(release(six(day)).build().unwrap()).await.unwrap();
            if day == date!(2027 - 07 - 14) {
                expected(town, datetime!(2027-12-29 09:00 UTC)).await;
            }
            town.until(six(day) + Duration::hours(3)).await;
        }
        // The clock is set a day ahead, or back, and put right at eight; another day an operator
        // says that it is right as it stands.
        d if d == date!(2027 - 04 - 20) => set_wrong(town, day, Duration::DAY).await,
        d if d == date!(2027 - 06 - 08) => set_wrong(town, day, -Duration::DAY).await,
        _ => confirmed(town, day).await,
    }
    assert_eq!(town.told(), [], "{day}");
}

/// A clock that is not believed raises nothing; what fell due meanwhile follows once.
async fn set_wrong(town: &mut Town, day: Date, by: Duration) {
    town.clock.step(by);
    town.tend().await;
    town.clock.advance(std::time::Duration::from_secs(4 * 3_600));
    town.tend().await;
    assert_eq!(town.told(), [], "while the clock is not believed, {day}");
    town.clock.step(-by);
    town.tend().await;
    let mut told = at_six();
    told.extend(by_nine());
    told.sort();
    let mut came = town.told();
    came.sort();
    assert_eq!(came, told, "when it is, {day}");
}

/// The clock is a minute and a half ahead before six, and an operator confirms it.
async fn confirmed(town: &mut Town, day: Date) {
    town.clock.step(Duration::seconds(90));
    town.until(six(day)).await;
    assert_eq!(town.told(), [], "while the clock is not believed, {day}");
    let mut operator = town.stage.admin(OPERATOR).await.unwrap();
    let believed = Some(compose::timestamp(six(day)));
    operator.confirm_clock(admin::ConfirmClockRequest { believed }).await.unwrap();
    town.tend().await;
    assert_eq!(town.told(), at_six(), "when it is confirmed, {day}");
    town.until(six(day) + Duration::hours(3)).await;
    assert_eq!(town.told(), by_nine(), "{day}");
}
