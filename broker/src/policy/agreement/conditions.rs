//! What a permit asks of one kind of message: the keys, the facts they are held against and the
//! kinds that have these facts, in one table.
//!
//! Promises that a key is read, checked and written as a rule, or does not compile. Numbers of
//! MAPPA are read apart: they are not words.

use proto::exchange::v1 as wire;

use super::reader::Reader;
use super::rows::PermitRow;
use crate::directory::MessageKind;
use crate::policy::words::{HandlingCode, Word};

/// The words that a permit asks of one fact.
pub(super) struct Asked {
    /// Key in the file.
    pub(super) key: &'static str,
    /// Name of the fact.
    pub(super) fact: &'static str,
    /// The only kind that has it.
    pub(super) kind: MessageKind,
    /// Words, none of them empty; no words at all only where the list was at fault.
    pub(super) words: Vec<String>,
}

macro_rules! conditions {
    ($($key:ident: $fact:ident of $kind:ident in $word:ty),* $(,)?) => {
        impl Reader<'_> {
            /// What a permit asks of the facts of one kind of message.
            pub(super) fn of_kinds(&mut self, place: &str, row: &PermitRow) -> Vec<Asked> {
                let asked = [$(
                    self.optional::<$word>(
                        &format!("{place}.{}", stringify!($key)),
                        &row.$key,
                    )
                    .map(|words| Asked {
                        key: stringify!($key),
                        fact: stringify!($fact),
                        kind: MessageKind::$kind,
                        words: words.into_iter().map(Word::word).collect(),
                    }),
                )*];
                asked.into_iter().flatten().collect()
            }
        }
    };
}

conditions! {
    custody_events: custody_event of Custody in wire::CustodyEvent,
    custody_certainties: custody_certainty of Custody in wire::CustodyCertainty,
    intelligence_handling: intelligence_handling of Intelligence in HandlingCode,
    tasks: task of Task in wire::TaskKind,
    drug_test_uses: drug_test_use of DrugTest in wire::DrugTestUse,
    enforcement_steps: enforcement_step of Enforcement in wire::EnforcementStep,
    enforcement_outcomes: enforcement_outcome of Enforcement in wire::EnforcementOutcome,
    pathways: pathway of Action in wire::Pathway,
    placement_sorts: placement_sort of Placement in wire::PlacementSort,
    placement_steps: placement_step of Placement in wire::PlacementStep,
    referral_steps: referral_step of Referral in wire::ReferralStep,
    court_steps: court_step of Court in wire::CourtStep,
}
