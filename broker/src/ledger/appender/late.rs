//! What is written when somebody is found to have a stake in a message that was accepted before: the
//! owner of a new flag, whoever a new link leads to, whoever holds something of merged numbers, and
//! whoever is asked because of what it holds.
//!
//! Promises that each is decided once: who may have it is given it, and who may not is on record as
//! refused, like anybody who was there when the message came, and is given it by nothing later.

use time::OffsetDateTime;

use crate::ledger::journal::StoreError;
use crate::ledger::record::Objects;
use crate::prepare::{self, Stored};
use crate::routing::Earlier;
use crate::rules::Rules;
use crate::seal::Token;

use super::Appender;
use super::draft::Draft;
use super::publish::{Place, candidate_text, decided_record, tokens_of};

impl Appender {
    /// Matches people about whom the register has just learned something, a flag or a link,
    /// against custody news that is still alive.
    pub(super) fn late_stakes(
        &self,
        tokens: &[Token],
        rules: &Rules,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let linked: Vec<_> = rules.register.linked(tokens).into_iter().collect();
        for (row, stored) in self.recall.live_custody(&linked, now)? {
            self.tell_late((row, &stored), &Earlier::default(), rules, draft, now)?;
        }
        Ok(())
    }

    /// Decides a stored message for those who have gained a stake in it, gives it to whom it may be
    /// given, and writes what was decided.
    pub(super) fn tell_late(
        &self,
        (row, stored): (u64, &Stored),
        earlier: &Earlier,
        rules: &Rules,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (vault, chance) = (&self.shared.vault, &*self.shared.chance);
        let late = prepare::decide_late(stored, earlier, rules, vault, chance, now)
            .map_err(|_| StoreError::Damaged { table: "message" })?;
        let Some(late) = late else { return Ok(()) };
        let asks = late.admitted.asks_whoever_holds();
        if asks && late.candidates.iter().all(|(_, parcel)| parcel.is_none()) {
            self.reaches_nobody(&late.admitted, rules, now);
        }
        if late.candidates.is_empty() {
            return Ok(());
        }
        let entry = draft.next_entry();
        let tokens = tokens_of(&late.admitted);
        let (cited, not_before) = (stored.settles.clone(), late.admitted.not_before);
        // What is fresh to them may go at once, and is older than a merge since.
        let chased = self.recall.bearing_on(row, &tokens)?;
        let place = Place { message: row, entry, cited, not_before, tokens, chased, now };
        let mut told = Objects::default();
        for (candidate, parcel) in &late.candidates {
            let parcel = parcel.as_ref();
            let ids = self.deliver_to(&late.admitted, candidate, parcel, &place, draft)?;
            told.add(|text| candidate_text(text, candidate, &ids));
        }
        let record = decided_record(&late.admitted.key, &rules.bundle, &told);
        let written = draft.entry(vec![record], chance)?;
        assert!(written == entry, "a delivery's permit is the entry written right after it");
        draft.batch.redecided.push((row, late.sealed_decision));
        Ok(())
    }
}
