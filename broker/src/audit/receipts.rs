//! Evidence for a sender: what the ledger can prove of how its message fared with an agency.
//!
//! Promises that a proof shows one record, which names one message, one agency and nobody else; and
//! that of an agency the message did not name there is none, whatever it was given for another
//! reason: the answer then is the one for an agency that was given nothing. Deliberately does not
//! know what a recipient did, only what it said.

use std::sync::Arc;

use proto::audit::v1::ReceiptStage;
use proto::exchange::v1::Attestation;
use proto::text::Named as _;
use serde_json::Value;
use uuid::Uuid;

use crate::ledger::journal::text_of;
use crate::ledger::record::RecordType;
use crate::message::MessageKey;

use super::{AuditError, Auditing};

/// What can be proved of a message and an agency.
pub struct Receipts {
    /// The first record of each stage, with its proof.
    pub proved: Vec<(ReceiptStage, String)>,
    /// Stages that are recorded and under no signed checkpoint yet.
    pub not_signed_yet: u32,
}

/// A stage and the entry that says so.
struct Stage {
    stage: ReceiptStage,
    kind: RecordType,
    entry: u64,
    attestation: Option<Attestation>,
}

impl Auditing {
    /// Receipts of a message of `sender` about one agency.
    ///
    /// # Errors
    /// The message is not this sender's, or the store failed.
    pub fn receipts(&self, sender: &str, id: Uuid, agency: &str) -> Result<Receipts, AuditError> {
        let key = MessageKey { agency: Arc::from(sender), id };
        let accepted = self.archive.message_entry(&key)?.ok_or(AuditError::NotFound)?;
        let mut stages = vec![Stage {
            stage: ReceiptStage::Accepted,
            kind: RecordType::Accepted,
            entry: accepted,
            attestation: None,
        }];
        stages.extend(self.stages(&key, agency)?);
        let mut receipts = Receipts { proved: Vec::new(), not_signed_yet: 0 };
        for stage in stages {
            let says = |record: &Value| stage.is_said_by(record, id, agency);
            match self.prove(stage.entry, sender, stage.kind.name(), says)? {
                Some(proof) => receipts.proved.push((stage.stage, proof)),
                None => receipts.not_signed_yet += 1,
            }
        }
        Ok(receipts)
    }

    /// The stages that an agency came to by being named.
    fn stages(&self, key: &MessageKey, agency: &str) -> Result<Vec<Stage>, AuditError> {
        let evidence = self.archive.evidence(key, agency)?;
        let of = |stage, kind| move |entry| Stage { stage, kind, entry, attestation: None };
        let released = evidence.released.map(of(ReceiptStage::Released, RecordType::Disclosed));
        let received = evidence.received.map(of(ReceiptStage::Received, RecordType::Received));
        let mut stages: Vec<Stage> = released.into_iter().chain(received).collect();
        for (number, entry) in evidence.attested {
            let Ok(attestation) = Attestation::try_from(number) else { continue };
            let Some(stage) = stage_of(attestation) else { continue };
            let kind = RecordType::Attested;
            stages.push(Stage { stage, kind, entry, attestation: Some(attestation) });
        }
        Ok(stages)
    }
}

impl Stage {
    /// Whether a record says this of the message and the agency, and of nothing else.
    fn is_said_by(&self, record: &Value, message: Uuid, agency: &str) -> bool {
        let is = |key: &str, word: &str| record.get(key).is_some_and(|found| *found == *word);
        let message = text_of(message);
        let only = |id: fn(&Value) -> Option<&Value>| {
            let messages = record.get("messages").and_then(Value::as_array);
            messages.is_some_and(|all| {
                all.len() == 1 && all.first().and_then(id).is_some_and(|id| *id == *message)
            })
        };
        match self.attestation {
            _ if self.kind == RecordType::Accepted => is("message", &message),
            None => is("agency", agency) && only(|told| told.get("message")),
            Some(said) => {
                is("recipient", agency)
                    && is("attestation", &said.name())
                    && only(|told| Some(told))
            }
        }
    }
}

/// The stage that a recipient's word stands for. An answer to a question of the broker's is none.
const fn stage_of(attestation: Attestation) -> Option<ReceiptStage> {
    match attestation {
        Attestation::Unspecified | Attestation::NotSamePerson => None,
        Attestation::Opened => Some(ReceiptStage::Opened),
        Attestation::Acted => Some(ReceiptStage::Acted),
        Attestation::Corrected => Some(ReceiptStage::Corrected),
        Attestation::Deleted => Some(ReceiptStage::Deleted),
        Attestation::Returned => Some(ReceiptStage::Returned),
    }
}
