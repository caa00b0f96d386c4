//! The figures of one moment, gathered from their sources.
//!
//! Promises to wait for the store no longer than its bound and to leave out what the store did
//! not say. Knows nothing of how figures are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use time::OffsetDateTime;

use crate::delivery::outbox::{Counts, Outbox};
use crate::directory::document::is_directory_id;
use crate::ledger::checkpoint::DOCUMENT;
use crate::ledger::journal::{Archive, StoreError};

use super::figures::Figure;
use super::{ANSWER_TIME, Sources, Watched};

const SECONDS_PER_DAY: f64 = 86_400.0;
const MICROS_PER_SECOND: f64 = 1_000_000.0;

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) figure: Figure,
    /// Value of the figure's label; empty if it has none.
    pub(super) label: String,
    pub(super) value: f64,
}

/// What only the store knows.
pub(super) struct StoreFigures {
    counts: Counts,
    entries: u64,
    signed: Option<u64>,
}

impl StoreFigures {
    fn read(outbox: &dyn Outbox, archive: &dyn Archive) -> Result<Self, StoreError> {
        let note = archive.document(DOCUMENT)?;
        Ok(Self {
            counts: outbox.counts()?,
            entries: archive.size()?,
            signed: note.as_deref().and_then(signed_size),
        })
    }
}

/// The second line of a checkpoint (C2SP tlog-checkpoint).
fn signed_size(note: &[u8]) -> Option<u64> {
    std::str::from_utf8(note).ok()?.lines().nth(1)?.parse().ok()
}

/// Samples as they are gathered.
#[derive(Default)]
struct Samples(Vec<Sample>);

impl Samples {
    fn add(&mut self, figure: Figure, value: f64) {
        self.labelled(figure, "", value);
    }

    fn count(&mut self, figure: Figure, counter: &AtomicU64) {
        self.add(figure, float(counter.load(Ordering::Relaxed)));
    }

    fn labelled(&mut self, figure: Figure, label: &str, value: f64) {
        self.0.push(Sample { figure, label: label.to_owned(), value });
    }
}

/// Gathers everything.
pub(super) async fn gather(watched: &Watched) -> Vec<Sample> {
    let sources = &watched.sources;
    let now = sources.clock.now();
    let mut samples = Samples::default();
    appender(sources, &mut samples);
    policy(sources, now, &mut samples);
    door(sources, &mut samples);
    files(sources, now, &mut samples);
    let free = sources.disk_free_bytes.load(Ordering::Relaxed);
    if free != super::disk::UNKNOWN {
        samples.add(Figure::DiskFreeBytes, float(free));
    }
    samples.add(Figure::PublishingPaused, yes(sources.disk_floor.load(Ordering::Relaxed)));
    let reading = sources.clock.reading();
    samples.add(Figure::ClockMovedSeconds, reading.moved().as_seconds_f64());
    samples.add(Figure::ClockHeld, yes(!reading.agrees()));
    let (outbox, archive) = (Arc::clone(&sources.outbox), Arc::clone(&sources.archive));
    let read = || tokio::task::spawn_blocking(move || StoreFigures::read(&*outbox, &*archive).ok());
    let answer = watched.store_figures.ask(ANSWER_TIME, read).await.flatten();
    if let Some(spans) = &sources.spans {
        samples.count(Figure::SpansExported, &spans.exported);
        samples.count(Figure::SpansDropped, &spans.dropped);
    }
    if let Some(notices) = &sources.notices {
        samples.count(Figure::NoticesLeft, &notices.left);
        samples.count(Figure::NoticeFailures, &notices.failures);
        samples.count(Figure::NoticesWaiting, &notices.waiting);
        samples.count(Figure::NoticesLost, &notices.lost);
    }
    samples.add(Figure::StoreAnswers, yes(answer.is_some()));
    if let Some(answer) = answer {
        store(&answer, now, &mut samples);
    }
    samples.0
}

fn appender(sources: &Sources, samples: &mut Samples) {
    let figures = &sources.figures;
    samples.count(Figure::Commits, &figures.commits);
    samples.count(Figure::CommitItems, &figures.items);
    let micros = figures.commit_micros.load(Ordering::Relaxed);
    samples.add(Figure::CommitSeconds, float(micros) / MICROS_PER_SECOND);
    samples.count(Figure::CommitFailures, &figures.failures);
    samples.count(Figure::RecipientsRefused, &figures.refused);
    samples.count(Figure::ImmediateUnheard, &figures.immediate_unheard);
    samples.count(Figure::BreakGlass, &figures.break_glass);
    samples.count(Figure::DecidedAgain, &figures.decided_again);
}

fn policy(sources: &Sources, now: OffsetDateTime, samples: &mut Samples) {
    let rules = sources.rules.load();
    samples.labelled(Figure::Decisions, "memory", float(rules.policy.hits()));
    samples.labelled(Figure::Decisions, "rules", float(rules.policy.misses()));
    samples.add(Figure::PolicyInForce, yes(rules.policy.hash().is_some()));
    if let Some(until) = rules.policy.until() {
        samples.add(Figure::AgreementDaysLeft, days_left(until, now));
    }
}

fn door(sources: &Sources, samples: &mut Samples) {
    for (agency, open) in sources.connections.by_agency() {
        samples.labelled(Figure::Connections, &agency, float(u64::try_from(open).unwrap_or(0)));
    }
    for (reason, count) in sources.counters.refused() {
        samples.labelled(Figure::CallersRefused, reason, float(count));
    }
    for (reason, count) in sources.counters.closed() {
        samples.labelled(Figure::ConnectionsClosed, reason, float(count));
    }
    samples.count(Figure::AcceptErrors, &sources.counters.accept_errors);
    samples.count(Figure::TlsReloadFailures, &sources.counters.reload_failures);
}

fn files(sources: &Sources, now: OffsetDateTime, samples: &mut Samples) {
    let loaded = sources.loaded.load();
    let material = loaded.material();
    let certificate = days_left(material.certificate_not_after(), now);
    samples.add(Figure::CertificateDaysLeft, certificate);
    samples.add(Figure::AuthoritiesDaysLeft, days_left(material.authorities_not_after(), now));
    let lists = days_left(material.revoked().next_update(), now);
    samples.add(Figure::RevocationListDaysLeft, lists);
}

fn store(answer: &StoreFigures, now: OffsetDateTime, samples: &mut Samples) {
    samples.add(Figure::DeliveriesWaiting, float(answer.counts.waiting));
    samples.add(Figure::DeadLetters, float(answer.counts.dead));
    samples.add(Figure::LedgerEntries, float(answer.entries));
    samples.add(Figure::LedgerSignedEntries, float(answer.signed.unwrap_or(0)));
    for (agency, since) in &answer.counts.oldest_by_agency {
        // What is no id of the directory never becomes a label, wherever it came from.
        if is_directory_id(agency) {
            let age = (now - *since).as_seconds_f64().max(0.0);
            samples.labelled(Figure::OldestUnreadSeconds, agency, age);
        }
    }
}

/// Days until a moment; less than nothing once it is past.
fn days_left(until: OffsetDateTime, now: OffsetDateTime) -> f64 {
    (until - now).as_seconds_f64() / SECONDS_PER_DAY
}

fn yes(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "a figure is read by eye: 2^53 is far off")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

    #[test]
    fn the_signed_size_is_the_second_line() {
        assert_eq!(signed_size(b"pyramid.example/ledger\n42\nAAAA\n"), Some(42));
        assert_eq!(signed_size(b"pyramid.example/ledger\n"), None);
        assert_eq!(signed_size(b"\xff\n42\n"), None);
    }

    #[test]
    fn days_left_go_below_nought() {
        assert!((days_left(datetime!(2026-03-04 00:00 UTC), NOW) - 1.5).abs() < 1e-9);
        assert!((days_left(datetime!(2026-03-01 12:00 UTC), NOW) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn only_ids_of_the_directory_become_labels() {
        let oldest_by_agency = vec![
            ("gmp".to_owned(), datetime!(2026-03-02 11:58 UTC)),
            ("Not An Id".to_owned(), datetime!(2026-03-02 11:00 UTC)),
            ("hmpps".to_owned(), datetime!(2026-03-02 12:01 UTC)),
        ];
        let counts = Counts { waiting: 3, dead: 1, oldest_by_agency };
        let mut samples = Samples::default();
        store(&StoreFigures { counts, entries: 9, signed: Some(8) }, NOW, &mut samples);
        let of = |figure, label: &str, value| Sample { figure, label: label.to_owned(), value };
        let expected = [
            of(Figure::DeliveriesWaiting, "", 3.0),
            of(Figure::DeadLetters, "", 1.0),
            of(Figure::LedgerEntries, "", 9.0),
            of(Figure::LedgerSignedEntries, "", 8.0),
            of(Figure::OldestUnreadSeconds, "gmp", 120.0),
            of(Figure::OldestUnreadSeconds, "hmpps", 0.0),
        ];
        assert_eq!(samples.0, expected);
    }
}
