//! What a verified record says of one message and one agency.
//!
//! Owns: the reading of records that a sender is given as receipts.
//! Promises: pure; what it reads was shown to be in the ledger, because it takes a [`Verified`]. A
//! record that speaks of more than one message is no receipt.
//! Deliberately does not know: whether what the agency said is true.

use proto::audit::v1::ReceiptStage;
use proto::ledger::proof::Verified;
use serde_json::Value;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was recorded.
    pub stage: ReceiptStage,
    /// Whose message it is: the agency that may show this.
    pub sender: String,
    /// The message (UUID).
    pub message: String,
    /// The agency it is about; `None` for an acceptance, which is about no recipient.
    pub agency: Option<String>,
}

/// Reads a verified record as a receipt; `None` for any other record.
#[must_use]
pub fn read(verified: &Verified) -> Option<Receipt> {
    let record = verified.record();
    let value: Value = serde_json::from_str(record.text()).ok()?;
    let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let only = || match value.get("messages").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => Some(one),
        Some(_) | None => None,
    };
    let told = |stage| {
        let message = only()?.get("message")?.as_str()?.to_owned();
        Some((stage, message, Some(word("agency")?)))
    };
    let (stage, message, agency) = match record.kind() {
        "accepted" => (ReceiptStage::Accepted, word("message")?, None),
        "disclosed" => told(ReceiptStage::Released)?,
        "received" => told(ReceiptStage::Received)?,
        "attested" => {
            let stage = attested(&word("attestation")?)?;
            (stage, only()?.as_str()?.to_owned(), Some(word("recipient")?))
        }
        _ => return None,
    };
    Some(Receipt { stage, sender: record.party().to_owned(), message, agency })
}

fn attested(word: &str) -> Option<ReceiptStage> {
    Some(match word {
        "opened" => ReceiptStage::Opened,
        "acted" => ReceiptStage::Acted,
        "corrected" => ReceiptStage::Corrected,
        "deleted" => ReceiptStage::Deleted,
        "returned" => ReceiptStage::Returned,
        _ => return None,
    })
}

/// The written name of a stage, as receipts' files are called; `None` for one that is not known.
#[must_use]
pub const fn name(stage: ReceiptStage) -> Option<&'static str> {
    Some(match stage {
        ReceiptStage::Unspecified => return None,
        ReceiptStage::Accepted => "accepted",
        ReceiptStage::Released => "released",
        ReceiptStage::Received => "received",
        ReceiptStage::Opened => "opened",
        ReceiptStage::Acted => "acted",
        ReceiptStage::Corrected => "corrected",
        ReceiptStage::Deleted => "deleted",
        ReceiptStage::Returned => "returned",
    })
}
