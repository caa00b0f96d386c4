//! What changes, look-ups and subscriptions write.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use proto::ledger::record::RECORD_FORMAT;
use proto::text::Named as _;

use crate::ledger::journal::{StoreError, SubscriptionRow};
use crate::ledger::record::{BROKER_PARTY, Objects, RecordType, Text};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::Part;

use super::answer::Answer;
use super::commit::Open;
use super::draft::{Draft, no_chance};
use super::{Appender, Change, ChangeWork, ConsultWork, SubscribeWork};

impl Appender {
    pub(super) fn subscribe(
        &self,
        subscribe: &SubscribeWork,
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let known = &draft.standing.subscriptions;
        if let Some(found) = known.find(&subscribe.desk, &subscribe.name) {
            return Ok(Answer::Subscribed(found));
        }
        let mailbox = known.mailbox(&subscribe.desk);
        let first = known.named(&subscribe.desk).next().is_none();
        let row = make_subscription(&subscribe.desk, &subscribe.name, draft);
        if let (Some(mailbox), true) = (mailbox, first) {
            // The first named subscription takes over what waits in the mailbox.
            draft.batch.moved.push((mailbox, row));
        }
        Ok(Answer::Subscribed(row))
    }

    pub(super) fn change(
        &self,
        change: &ChangeWork,
        open: &mut Open,
    ) -> Result<Answer, StoreError> {
        let (rules, now) = (Arc::clone(&open.rules), open.now);
        let draft = &mut open.draft;
        let record = Text::new()
            .word("actor", &change.actor)
            .word("agency", &change.agency)
            .objects("documents", &written(&change.documents))
            .word("format", RECORD_FORMAT)
            .words("items", &change.items)
            .word("operation", RecordType::Change.operation())
            .word("party", BROKER_PARTY)
            .word("type", RecordType::Change.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.documents.extend(change.documents.iter().cloned());
        let span = self.shared.clock.reading().span();
        let mut next = Rules::clone(&rules);
        let mut bundle = self.bundle.clone();
        match &change.change {
            Change::Directory(directory) => {
                next.directory = Arc::clone(directory);
                next.epochs.directory += 1;
                if let Some(bundle) = &bundle {
                    next.policy = Arc::new(bundle.in_force(directory, span));
                    next.epochs.policy += 1;
                }
            }
            Change::Bundle(approved) => {
                next.policy = Arc::new(approved.in_force(&rules.directory, span));
                next.bundle = approved.hash();
                next.epochs.policy += 1;
                bundle = Some(Arc::clone(approved));
            }
            Change::Register(changes) => {
                next = self.apply_register(changes, &rules, draft)?;
                let (before, after) = (&rules.register, &next.register);
                let joined: BTreeSet<_> =
                    changes.iter().flat_map(|change| after.joined(before, change)).collect();
                if !joined.is_empty() {
                    if !after.with_proposals(&joined).is_empty() {
                        let said = self.custody_of(&joined, &next, now)?;
                        if !said.is_empty() {
                            next = self.apply_register(&said, &next, draft)?;
                        }
                    }
                    let joined: Vec<_> = joined.into_iter().collect();
                    self.late_stakes(&joined, &next, draft, now)?;
                }
            }
            Change::Recorded => return Ok(Answer::Done(true)),
        }
        open.changed = Some((next, bundle));
        Ok(Answer::Done(true))
    }

    pub(super) fn apply_register(
        &self,
        changes: &[crate::register::Change],
        rules: &Rules,
        draft: &mut Draft,
    ) -> Result<Rules, StoreError> {
        let mut next = rules.clone();
        let mut register = crate::register::Register::clone(&rules.register);
        for change in changes {
            register.apply(change);
            let text = serde_json::to_vec(change)
                .map_err(|_| StoreError::Damaged { table: "register" })?;
            let sealed = self
                .shared
                .vault
                .seal_alone(&*self.shared.chance, Part::Register, b"register", &text)
                .map_err(|_| no_chance())?;
            draft.batch.register.push(sealed);
        }
        next.register = Arc::new(register);
        next.epochs.register += 1;
        Ok(next)
    }

    pub(super) fn consult(
        &self,
        consult: &ConsultWork,
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let record = Text::new().word("actor", &consult.actor).word("call", consult.call);
        let reread = consult.reread.as_ref();
        let record = match reread {
            Some(reread) => record
                .bytes("commitment", &reread.commitment)
                .number("count", reread.count)
                .word("desk", &reread.desk),
            None => record,
        };
        let record = record
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Consultation.operation())
            .word("party", &consult.agency);
        let record = match reread {
            Some(reread) => {
                record.id("person", reread.person).word("purpose", &reread.purpose.name())
            }
            None => record,
        };
        let record = record.word("type", RecordType::Consultation.name()).close();
        let entry = draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.reasons.push((entry, consult.reason.clone()));
        Ok(Answer::Done(true))
    }

    pub(super) fn refusals(
        &self,
        refusals: &[(Arc<str>, u32, u64)],
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let mut calls = Objects::default();
        for (agency, code, count) in refusals {
            let code = u64::from(*code);
            calls.add(|text| {
                text.word("agency", agency).number("code", code).number("count", *count)
            });
        }
        let record = Text::new()
            .objects("calls", &calls)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Refusals.operation())
            .word("party", BROKER_PARTY)
            .word("type", RecordType::Refusals.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        Ok(Answer::Done(true))
    }
}

/// Each document that a change writes, by the SHA-256 of what is stored: so that who writes to
/// the store beside the broker is found out.
fn written(documents: &[(String, Vec<u8>)]) -> Objects {
    let mut written = Objects::default();
    for (name, content) in documents {
        let hash = digest(&SHA256, content);
        written.add(|text| text.bytes("hash", hash.as_ref()).word("name", name));
    }
    written
}

pub(super) fn make_subscription(desk: &DeskName, name: &str, draft: &mut Draft) -> u64 {
    let row = draft.batch.head.last_subscription + 1;
    draft.batch.head.last_subscription = row;
    let row = SubscriptionRow { row, desk: desk.clone(), name: Arc::from(name) };
    draft.batch.subscriptions.push(row.clone());
    let number = row.row;
    draft.standing.subscriptions.add(row, 0);
    number
}
