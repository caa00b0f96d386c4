//! Agreements that are to be reviewed, or that end: the people who keep them are told in time.
//!
//! Promises that operators and the lead of every party are told once of each review that has come,
//! once each 30, 7 and 1 days before an agreement ends, and once when it has, whatever stops and
//! starts between; and that nothing counts as having come while the clock is not believed.
//! Deliberately does not know: what is agreed. A letter names an agency and a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::clock::Clock;
use crate::ledger::appender::{Queue, Work};
use crate::ledger::journal::{Archive, StoreError};
use crate::notify::{Addressee, Code, Letter, Notice, Notices, Place};
use crate::policy::Term;
use crate::rules::Rules;

/// The document that says what was told.
pub const AGREEMENT_ALARMS_DOCUMENT: &str = "agreement-alarms";

/// Days before its end at which the keepers of an agreement are told, the last one last.
const DAYS_BEFORE: [i64; 3] = [30, 7, 1];

/// Everything that watching agreements needs.
pub struct TermWatch {
    /// Rules in force: agreements, and whom there is to tell.
    pub rules: Arc<ArcSwap<Rules>>,
    /// What was told.
    pub archive: Arc<dyn Archive>,
    /// The way to the appender.
    pub queue: Queue,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The way out.
    pub notices: Notices,
}

/// Something about an agreement of which people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alarm {
    code: Code,
    /// Which of its steps, as it is kept once it is told.
    step: String,
    /// The day it is about.
    day: OffsetDateTime,
    parties: Vec<Arc<str>>,
}

impl TermWatch {
    /// Looks once. Answers how many letters were handed over. Where no notice leaves the broker
    /// nothing is kept as told.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self) -> Result<usize, StoreError> {
        if self.notices.counts().is_none() {
            return Ok(0);
        }
        let archive = Arc::clone(&self.archive);
        let kept = tokio::task::spawn_blocking(move || archive.document(AGREEMENT_ALARMS_DOCUMENT))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))?;
        let told = read(&kept.unwrap_or_default());
        let rules = self.rules.load_full();
        let now = self.clock.reading().settled();
        let (alarms, mut now_told) = due(rules.policy.terms(), &told, now);
        let mut letters = 0;
        for alarm in alarms {
            match self.tell(&alarm, &rules, now).await {
                Some(handed) => letters += handed,
                // Kept by nobody: it is told at the next look.
                None => now_told.retain(|step| *step != alarm.step),
            }
        }
        if now_told != told {
            // If the broker stops now, the same letters are handed over again, and known as such.
            self.keep(&now_told).await?;
        }
        Ok(letters)
    }

    /// Hands the letters of one alarm over. `None`: one could not be kept.
    async fn tell(&self, alarm: &Alarm, rules: &Rules, now: OffsetDateTime) -> Option<usize> {
        let parties = alarm.parties.iter().filter_map(|agency| rules.directory.agency(agency));
        let leads = parties.map(|agency| Addressee::AgencyLead(Place::agency(agency)));
        let mut letters = 0;
        for to in std::iter::once(Addressee::Operators).chain(leads) {
            let notice = Notice {
                code: alarm.code,
                place: to.place().clone(),
                reference: reference(&alarm.step),
                deadline: Some(alarm.day),
                raised_at: now,
            };
            self.notices.keep(Letter { notice, to }).await.ok()?;
            letters += 1;
        }
        Some(letters)
    }

    async fn keep(&self, told: &BTreeSet<String>) -> Result<(), StoreError> {
        let stopped = || StoreError::Unavailable("the ledger's writer did not keep it".into());
        let content = told.iter().map(|step| format!("{step}\n")).collect::<String>().into_bytes();
        let (reply, kept) = oneshot::channel();
        let work = Work::Keep { name: AGREEMENT_ALARMS_DOCUMENT, content, reply };
        self.queue.put(work).await.map_err(|_| stopped())?;
        kept.await.map_err(|_| stopped())?
    }
}

fn read(kept: &[u8]) -> BTreeSet<String> {
    String::from_utf8_lossy(kept).lines().map(str::to_owned).collect()
}

/// What is to be told by now, and all that is told once it is. Of several steps towards one end that
/// have come together only the last is told. What was told of agreements that are no more is
/// forgotten.
fn due(
    terms: &[Term],
    told: &BTreeSet<String>,
    now: OffsetDateTime,
) -> (Vec<Alarm>, BTreeSet<String>) {
    let (mut alarms, mut all) = (Vec::new(), BTreeSet::new());
    for term in terms {
        let alarm = |code, word: &str, day: OffsetDateTime| Alarm {
            code,
            step: format!("{} {word} {}", term.id, day.unix_timestamp()),
            day,
            parties: term.parties.clone(),
        };
        let review = (term.review, alarm(Code::AgreementReview, "review", term.review));
        let before = DAYS_BEFORE.into_iter().map(|days| {
            let word = format!("ending-{days}");
            (
                term.expiry.saturating_sub(Duration::days(days)),
                alarm(Code::AgreementEnding, &word, term.expiry),
            )
        });
        let ended = (term.expiry, alarm(Code::AgreementEnded, "ended", term.expiry));
        let towards_its_end: Vec<_> = before.chain([ended]).collect();
        for steps in [vec![review], towards_its_end] {
            let come = steps.into_iter().filter(|(from, _)| *from <= now).map(|(_, alarm)| alarm);
            let mut last = None;
            for alarm in come {
                all.insert(alarm.step.clone());
                last = Some(alarm);
            }
            alarms.extend(last.filter(|alarm| !told.contains(&alarm.step)));
        }
    }
    (alarms, all)
}

/// The same for one step of one agreement, so that a letter handed over twice is one letter.
fn reference(step: &str) -> Uuid {
    let hash = digest(&SHA256, format!("pyramid-agreement-1\n{step}").as_bytes());
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *byte = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn term() -> Term {
        Term {
            id: "town".into(),
            title: "Town (invented)".into(),
            start: datetime!(2026-01-01 00:00 UTC),
            review: datetime!(2026-10-01 00:00 UTC),
            expiry: datetime!(2026-12-31 00:00 UTC),
            parties: vec!["gmp".into(), "prisons".into()],
        }
    }

    fn codes(alarms: &[Alarm]) -> Vec<Code> {
        alarms.iter().map(|alarm| alarm.code).collect()
    }

    #[test]
    fn each_step_of_a_year_is_told_once_and_in_its_time() {
        use Code::{AgreementEnded, AgreementEnding, AgreementReview};
        let mut told = BTreeSet::new();
        let mut year = Vec::new();
        let mut now = datetime!(2026-01-01 00:00 UTC);
        while now < datetime!(2027-02-01 00:00 UTC) {
            let (alarms, after) = due(&[term()], &told, now);
            year.extend(alarms.iter().map(|alarm| (now.date().to_string(), alarm.code)));
            told = after;
            now += Duration::hours(6);
        }
        let expected = [
            ("2026-10-01", AgreementReview),
            ("2026-12-01", AgreementEnding),
            ("2026-12-24", AgreementEnding),
            ("2026-12-30", AgreementEnding),
            ("2026-12-31", AgreementEnded),
        ];
        assert_eq!(year, expected.map(|(day, code)| (day.to_owned(), code)));
    }

    #[test]
    fn whoever_starts_late_is_told_how_it_stands_and_not_how_it_came_to_that() {
        let (alarms, told) = due(&[term()], &BTreeSet::new(), datetime!(2026-12-27 00:00 UTC));
        assert_eq!(codes(&alarms), [Code::AgreementReview, Code::AgreementEnding]);
        assert_eq!(alarms[1].day, datetime!(2026-12-31 00:00 UTC));
        let (alarms, _) = due(&[term()], &told, datetime!(2026-12-30 00:00 UTC));
        assert_eq!(codes(&alarms), [Code::AgreementEnding]);
        let (alarms, _) = due(&[term()], &BTreeSet::new(), datetime!(2027-12-30 00:00 UTC));
        assert_eq!(codes(&alarms), [Code::AgreementReview, Code::AgreementEnded]);
    }

    #[test]
    fn an_agreement_that_is_prolonged_is_told_of_anew_and_one_that_is_gone_is_forgotten() {
        let now = datetime!(2026-12-31 00:00 UTC);
        let (_, told) = due(&[term()], &BTreeSet::new(), now);
        assert!(due(&[term()], &told, now).0.is_empty());
        let longer = Term { expiry: datetime!(2027-01-05 00:00 UTC), ..term() };
        assert_eq!(codes(&due(&[longer], &told, now).0), [Code::AgreementEnding]);
        assert_eq!(due(&[], &told, now), (Vec::new(), BTreeSet::new()));
    }

    #[test]
    fn what_was_told_is_read_as_it_was_kept() {
        let told: BTreeSet<String> = ["town ended 1", "town review 2"].map(str::to_owned).into();
        assert_eq!(read(b"town ended 1\ntown review 2\n"), told);
        assert_eq!(read(b""), BTreeSet::new());
        assert_ne!(reference("town ended 1"), reference("town review 2"));
    }
}
