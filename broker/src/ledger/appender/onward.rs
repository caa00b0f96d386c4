//! Whether a message passes on what was given to its agency without leave to do so.
//!
//! Sees what is cited and no more: a message that answers a delivery, or follows up an earlier answer,
//! and names anybody beside the one who is answered. Asks nothing of who else was given what is
//! answered: a refusal that turned on that would tell its sender who was. Deliberately does not know
//! what a message says: words that are typed anew, and news of a sender's own, are not seen here.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::HandlingCondition;
use proto::exchange::v1::message::Kind;

use crate::ledger::journal::StoreError;
use crate::message::{Admitted, MessageKey};
use crate::prepare::{self, Kept};
use crate::rules::Rules;

use super::Appender;

/// Earlier messages of its own that a follow-up is traced over to the answer that began them. One
/// beyond that names nobody else.
const TRACED_MAX: usize = 64;

/// What a message answers.
enum Answered {
    /// Nothing.
    Nothing,
    /// The delivery of this release.
    Release([u8; 16]),
    /// It cannot be told any more.
    Unknown,
}

impl Appender {
    /// Whether a message names others than those it may be told to, by what it answers. `cited`: the
    /// row of the message of its own agency that it follows.
    pub(super) fn passes_on(
        &self,
        admitted: &Admitted,
        cited: Option<u64>,
        rules: &Rules,
    ) -> Result<bool, StoreError> {
        if admitted.message.in_reply_to.is_empty() && cited.is_none() {
            return Ok(false);
        }
        let mut others = named(admitted, rules);
        others.remove(&*admitted.key.agency);
        if others.is_empty() || admitted.to_holders_only() {
            return Ok(false);
        }
        let release = match self.answers(admitted, cited, rules)? {
            Answered::Nothing => return Ok(false),
            Answered::Unknown => return Ok(true),
            Answered::Release(release) => release,
        };
        let given = self.recall.released(&release)?;
        let Some(given) = given.filter(|given| given.recipient == admitted.key.agency) else {
            return Ok(false);
        };
        others.remove(&*given.message.agency);
        if others.is_empty() {
            return Ok(false);
        }
        let opened = match self.row_of(&given.message)? {
            Some(row) => self.reopened(row, rules)?,
            None => None,
        };
        // What cannot be read any more gives no leave.
        let stays = |(message, kept): &(Admitted, Kept)| stays(message, kept, &admitted.key.agency);
        Ok(opened.as_ref().is_none_or(stays))
    }

    /// What a message answers, or the first of the messages that it follows.
    fn answers(
        &self,
        admitted: &Admitted,
        cited: Option<u64>,
        rules: &Rules,
    ) -> Result<Answered, StoreError> {
        if let Ok(release) = <[u8; 16]>::try_from(&*admitted.message.in_reply_to) {
            return Ok(Answered::Release(release));
        }
        let Some(mut row) = cited else { return Ok(Answered::Nothing) };
        for _ in 0..TRACED_MAX {
            let Some(stored) = self.recall.message(row)? else { return Ok(Answered::Unknown) };
            let own = stored.settles.as_ref().filter(|key| key.agency == stored.key.agency);
            match own.map(|key| self.row_of(key)).transpose()? {
                Some(Some(before)) => row = before,
                Some(None) => return Ok(Answered::Unknown),
                None => {
                    let opened = prepare::reopen(&stored, &self.shared.vault, &rules.directory);
                    let Some((first, _)) = opened else { return Ok(Answered::Unknown) };
                    let release = <[u8; 16]>::try_from(&*first.message.in_reply_to);
                    return Ok(release.map_or(Answered::Nothing, Answered::Release));
                }
            }
        }
        Ok(Answered::Unknown)
    }

    fn row_of(&self, key: &MessageKey) -> Result<Option<u64>, StoreError> {
        let known = self.recall.known(std::slice::from_ref(key))?.pop().flatten();
        Ok(known.map(|known| known.row))
    }

    fn reopened(&self, row: u64, rules: &Rules) -> Result<Option<(Admitted, Kept)>, StoreError> {
        let stored = self.recall.message(row)?;
        Ok(stored.and_then(|stored| prepare::reopen(&stored, &self.shared.vault, &rules.directory)))
    }
}

/// Whether a message was to stay with an agency that was given it: by its sender's own word, or by
/// what is agreed of any of that agency's desks.
fn stays(message: &Admitted, kept: &Kept, agency: &str) -> bool {
    let stay = HandlingCondition::NoOnward as i32;
    let by_agreement = kept.candidates.iter().any(|candidate| {
        *candidate.desk.agency == *agency
            && candidate.subjects.iter().any(|subject| subject.handling.contains(&stay))
    });
    message.message.handling_conditions.contains(&stay) || by_agreement
}

/// The agencies that a message names: its addressees, whom its kind names, and who provides the
/// programme that it refers somebody to.
fn named<'a>(admitted: &'a Admitted, rules: &'a Rules) -> BTreeSet<&'a str> {
    let by_kind = admitted.named_by_kind();
    let addressed = admitted.message.addressees.iter().chain(by_kind);
    let mut named: BTreeSet<&str> = addressed.map(|named| named.agency.as_str()).collect();
    if let Some(Kind::Referral(referral)) = &admitted.message.kind
        && referral.step() == wire::ReferralStep::Made
        && let Some(programme) = rules.directory.programme(&referral.programme)
    {
        named.extend(programme.parts().map(|part| &*part.provider.agency));
    }
    named
}
