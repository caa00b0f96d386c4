//! Documents that go with messages: claimed by the message that names them, and fetched by those who
//! were given it.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use uuid::Uuid;

use crate::ledger::attached::{AttachmentChange, Received, key_of};
use crate::ledger::journal::StoreError;
use crate::ledger::record::{RecordType, Text};
use crate::message::{Admitted, sections};
use crate::prepare;
use crate::rules::Rules;

use super::answer::Answer;
use super::draft::Draft;
use super::{Appender, FetchWork, ReleaseRefused};

impl Appender {
    /// Holds a message's documents against what is kept: each is its sender's own, whole, what the
    /// message says it is, and named by no other; and what was given to its sender by another agency
    /// may go on. Asked under the head lock. The inner error is the publisher's answer.
    pub(super) fn documents(
        &self,
        admitted: &Admitted,
        row: u64,
        rules: &Rules,
    ) -> Result<Result<Vec<AttachmentChange>, Refusal>, StoreError> {
        let mut claims = Vec::new();
        let reads = self.recall.attachments();
        for section in &admitted.message.attachments {
            let id = Uuid::try_parse(&section.attachment_id).ok();
            let Some((id, name)) = id.zip(sections::name(section)) else {
                return Ok(Err(Refusal::AttachmentAbsent));
            };
            let key = key_of(&admitted.key.agency, id);
            let mark = self.shared.vault.keyed_digest("document", &section.digest);
            let staged = reads.staged(&key)?;
            let fits = staged.is_some_and(|staged| {
                staged.whole
                    && !staged.claimed
                    && staged.size == section.size_bytes
                    && staged.mark == mark
            });
            if !fits {
                return Ok(Err(Refusal::AttachmentAbsent));
            }
            let received = reads.received(&mark, &admitted.key.agency)?;
            if !self.may_go_on(section, &received, &admitted.key.agency, rules)? {
                return Ok(Err(Refusal::OnwardNotAllowed));
            }
            claims.push(AttachmentChange::Claim { key, message: row, section: name });
        }
        Ok(Ok(claims))
    }

    /// Whether a document may be sent by an agency that others gave it to: each of these gave leave,
    /// with a message that still stands. Leave is not passed on.
    fn may_go_on(
        &self,
        section: &wire::Section,
        received: &[Received],
        agency: &str,
        rules: &Rules,
    ) -> Result<bool, StoreError> {
        if received.is_empty() {
            return Ok(true);
        }
        let mut willing: Vec<&Arc<str>> = Vec::new();
        for one in received.iter().filter(|one| !one.withdrawn) {
            if self.gives_leave(one, agency, rules)? {
                willing.push(&one.sender);
            }
        }
        let all = received.iter().all(|one| willing.contains(&&one.sender));
        Ok(all && section.onward.is_empty())
    }

    /// Whether the message with which a document came says that an agency may send it on. One that
    /// cannot be read any more says nothing.
    fn gives_leave(
        &self,
        received: &Received,
        agency: &str,
        rules: &Rules,
    ) -> Result<bool, StoreError> {
        let stored = self.recall.message(received.message)?;
        let opened = stored
            .and_then(|stored| prepare::reopen(&stored, &self.shared.vault, &rules.directory));
        Ok(opened.is_some_and(|(message, _)| {
            let mut own = message.message.attachments.iter();
            own.any(|section| {
                sections::name(section) == Some(received.section)
                    && sections::may_go_on(section, agency)
            })
        }))
    }

    /// Records that a document is fetched: an entry for the desk's agency and for the sender.
    pub(super) fn fetch(
        &self,
        fetch: &FetchWork,
        rules: &Rules,
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        if fetch.epochs != rules.epochs {
            return Ok(Answer::Fetched(Err(ReleaseRefused::RulesMoved)));
        }
        let fetched = Text::new()
            .word("actor", &fetch.node)
            .word("desk", &fetch.desk.desk)
            .word("format", RECORD_FORMAT)
            .number("offset", fetch.offset.into())
            .word("operation", RecordType::Fetch.operation())
            .word("party", &fetch.desk.agency)
            .bytes("release", &fetch.release_id)
            .bytes("section", &fetch.section)
            .word("type", RecordType::Fetch.name())
            .close();
        let told = Text::new()
            .word("agency", &fetch.desk.agency)
            .word("format", RECORD_FORMAT)
            .id("message", fetch.message)
            .word("operation", RecordType::Fetched.operation())
            .word("party", &fetch.sender)
            .bytes("section", &fetch.section)
            .word("type", RecordType::Fetched.name())
            .close();
        draft.entry(vec![fetched, told], &*self.shared.chance)?;
        Ok(Answer::Fetched(Ok(())))
    }
}
