//! The month's report, made once and kept: whoever asks later is told the very same.
//!
//! Promises that nothing is answered of a month that has not ended; that no body is opened, only the
//! register's changes and what was decided of custody news; and that what is kept holds no figure that
//! is not shown. The first look at a month makes its report, as a change that the ledger records; what
//! is found out or moved later does not alter it, because the difference would tell.

use std::collections::HashMap;
use std::sync::Arc;

use proto::exchange::v1::{CustodyCertainty, CustodyEvent, TaskKind};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::directory::{Directory, MessageKind, Role};
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{Change, ChangeWork, Work};
use crate::ledger::journal::{DeliveredRow, StoreError};
use crate::message::MessageKey;
use crate::policy::KindFacts;
use crate::prepare::Kept;
use crate::register;
use crate::report::month::Month;
use crate::report::{self, Area, Published, Sent, Sort, lists};
use crate::seal::Part;

use super::{AuditError, Auditing};

/// What of a report its reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Lists, contacts and gaps.
    pub sees_cohort: bool,
    /// Every link, or only those on which the own agency receives.
    pub sees_every_link: bool,
}

impl Auditing {
    /// Whether a month has ended, by the earliest that it may be now. To be asked before the look is
    /// recorded: once that is on disk, so is everything that happened in the month.
    #[must_use]
    pub fn has_ended(&self, month: Month) -> bool {
        month.has_ended(self.clock.reading().span().earliest)
    }

    /// The report of an area and a month that has ended, as far as a caller is shown it.
    ///
    /// # Errors
    /// The caller's agency does not serve the area, or the store failed.
    pub async fn cohort(
        self: &Arc<Self>,
        peer: &VerifiedPeer,
        area: &str,
        month: Month,
    ) -> Result<(Reader, Area), AuditError> {
        let rules = self.rules.load_full();
        let reader = reader(peer, area, &rules.directory).ok_or(AuditError::AreaNotServed)?;
        let published = self.published(peer, month, &rules.directory).await?;
        Ok((reader, published.areas.get(area).cloned().unwrap_or_default()))
    }

    /// What was published of a month; published now, if nobody has looked at it yet.
    async fn published(
        self: &Arc<Self>,
        peer: &VerifiedPeer,
        month: Month,
        directory: &Arc<Directory>,
    ) -> Result<Published, AuditError> {
        let _turn = self.reports.lock().await;
        let damaged = || StoreError::Damaged { table: "document" };
        let name = report::document(month);
        if let Some(kept) = self.archive.document(&name)? {
            return Ok(serde_json::from_slice(&kept).map_err(|_| damaged())?);
        }
        let (auditing, directory) = (Arc::clone(self), Arc::clone(directory));
        let made = tokio::task::spawn_blocking(move || auditing.make(month, &directory));
        let stopped = |_| Err(StoreError::Unavailable("a reader stopped".into()));
        let published = made.await.unwrap_or_else(stopped)?;
        let content = serde_json::to_vec(&published).map_err(|_| damaged())?;
        self.keep_report(peer, name, content).await?;
        Ok(published)
    }

    async fn keep_report(
        &self,
        peer: &VerifiedPeer,
        name: String,
        content: Vec<u8>,
    ) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        let work = ChangeWork {
            change: Change::Recorded,
            agency: Arc::from(peer.agency().as_ref()),
            actor: match peer.caller() {
                Caller::Node { name, .. } => Arc::from(name.as_ref()),
                Caller::Person { id, .. } => Arc::from(id.as_ref()),
            },
            items: vec![name.clone()],
            documents: vec![(name, content)],
            reply,
        };
        let stopped = || StoreError::Unavailable("the ledger's writer has stopped".into());
        self.queue.put(Work::Change(work)).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    fn make(&self, month: Month, directory: &Directory) -> Result<Published, StoreError> {
        let moved = lists::movements(&self.history()?, directory, month);
        let (from, until) = month.watched();
        let (mut sent, mut decided) = (Vec::new(), HashMap::new());
        for row in self.archive.delivered(from, until)? {
            let sort = self.sort(&row, &mut decided)?;
            sent.push(Sent {
                sender: row.message.agency,
                desk: row.desk,
                person: row.person,
                sort,
                immediate: row.immediate,
                sent_at: row.sent_at,
                received_at: row.received_at,
                acted_at: row.acted_at,
                is_dead: row.is_dead,
            });
        }
        Ok(report::publish(&moved, &sent, directory))
    }

    /// Every change of the register there has been, oldest first.
    fn history(&self) -> Result<Vec<(OffsetDateTime, register::Change)>, StoreError> {
        let damaged = || StoreError::Damaged { table: "register" };
        let open = |sealed: &[u8]| {
            let text = self.vault.open_alone(Part::Register, b"register", sealed).ok()?;
            serde_json::from_slice(&text).ok()
        };
        let rows = self.archive.register_history()?.into_iter();
        rows.map(|(at, sealed)| Ok((at, open(&sealed).ok_or_else(damaged)?))).collect()
    }

    fn sort(
        &self,
        row: &DeliveredRow,
        decided: &mut HashMap<MessageKey, Option<Kept>>,
    ) -> Result<Sort, StoreError> {
        if row.task != 0 {
            let is_gap = row.task == TaskKind::TreatmentGap as i32;
            return Ok(if is_gap { Sort::Gap } else { Sort::Question });
        }
        if row.kind != MessageKind::Custody {
            return Ok(Sort::Message);
        }
        if !decided.contains_key(&row.message) {
            decided.insert(row.message.clone(), self.kept(&row.message)?);
        }
        let kept = decided.get(&row.message).and_then(Option::as_ref);
        let is_release = kept.is_some_and(|kept| {
            matches!(
                kept.facts,
                Some(KindFacts::Custody {
                    event: CustodyEvent::Release,
                    certainty: CustodyCertainty::Confirmed
                })
            ) && kept.owns_flag(&row.desk)
        });
        Ok(if is_release { Sort::Release } else { Sort::Message })
    }
}

/// What a caller is shown of an area; `None`: nothing. The broker-wide auditor is shown links: he is to
/// know whether they work, and has no business with an area's lists. Every other auditor is shown
/// the report of an area that a desk of his agency serves, by itself or as part of a wider one.
fn reader(peer: &VerifiedPeer, area: &str, directory: &Directory) -> Option<Reader> {
    let Caller::Person { roles, .. } = peer.caller() else { return None };
    let around = lists::enclosing(directory, area);
    let serves = directory.desks().any(|(_, desk)| {
        *desk.agency == **peer.agency() && desk.areas.iter().any(|area| around.contains(area))
    });
    let reader = Reader {
        sees_cohort: roles.contains(&Role::Auditor) && serves,
        sees_every_link: roles.contains(&Role::BrokerAuditor) && !around.is_empty(),
    };
    (reader.sees_cohort || reader.sees_every_link).then_some(reader)
}
