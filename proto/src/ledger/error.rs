//! Why a ledger check failed, by step.
//!
//! Owns: the one error of `ledger`; the variant is the step, in the order a proof is checked.
//! Promises: it names a field and the rule broken, never a value, so it may be logged as it is.
//! Deliberately does not know: what a caller makes of it (an alarm, a refusal code, an exit code).

use super::tree::TreeError;
use crate::canonical::CanonicalError;

/// The step that failed, and the rule it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The proof file is not a JSON object with exactly the fields of `pyramid-proof/1`, each
    /// once and of its type. Line and column count from 1; 0 and 0 mean the file as a whole.
    #[error(
        "proof file, line {line}, column {column}: must be one object with exactly the fields \
         of pyramid-proof/1, each of its type"
    )]
    ProofShape {
        /// The line at which reading stopped.
        line: usize,
        /// The column at which reading stopped.
        column: usize,
    },
    /// One field of the proof file breaks its own rule.
    #[error("proof file, field {field}: {rule}")]
    ProofField {
        /// The field's name in the file.
        field: &'static str,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The text given as a verifier key is not one.
    #[error("verifier key: {rule}")]
    VerifierKey {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The checkpoint is not a signed note (C2SP signed-note).
    #[error("signed note: {rule}")]
    Note {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// No signature line is by the key asked for.
    #[error("signature: the note bears none by the expected key")]
    SignatureMissing,
    /// A signature line claims the key asked for and is not its signature of this text.
    #[error("signature: it is not the expected key's signature of this text")]
    SignatureWrong,
    /// The signed text is not a checkpoint (C2SP tlog-checkpoint).
    #[error("checkpoint: {rule}")]
    Checkpoint {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The leaf text is not a `pyramid-leaf/1`.
    #[error("leaf: {rule}")]
    Leaf {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The leaf is not in the log that the checkpoint commits to, at the index claimed.
    #[error("log path: {0}")]
    LogPath(#[source] TreeError),
    /// The record text is not canonical JSON.
    #[error("record: {0}")]
    RecordText(#[source] CanonicalError),
    /// The record lacks one of the fields every record has.
    #[error("record, field {field}: {rule}")]
    RecordField {
        /// The field's name in the record.
        field: &'static str,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// A number of slots, or a slot, that no record tree can have.
    #[error("slots: {rule}")]
    Slots {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The record is not in the record tree that the leaf commits to, at the slot claimed.
    #[error("inner path: {0}")]
    InnerPath(#[source] TreeError),
    /// Two checkpoints are of different logs, so neither can continue the other.
    #[error("origin: the two checkpoints are of different logs")]
    OriginDiffers,
    /// The newer checkpoint is not shown to continue the older one.
    #[error("consistency: {0}")]
    Consistency(#[source] TreeError),
    /// The cryptographic library could not sign.
    #[error("the checkpoint could not be signed")]
    SigningFailed,
}
