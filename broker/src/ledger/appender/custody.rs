//! News of custody that came before its person was put on a list.

use std::collections::{BTreeSet, HashSet};

use time::OffsetDateTime;

use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::prepare;
use crate::register::Change;
use crate::rules::Rules;
use crate::seal::Token;

use super::Appender;
use super::draft::Draft;

impl Appender {
    /// Applies what a message changes in the register, and before that what live custody news says
    /// of those whom it puts on a list. Of nobody else is that kept when it comes.
    pub(super) fn apply_of_message(
        &self,
        changes: &[Change],
        rules: &Rules,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Rules, StoreError> {
        let listed: BTreeSet<Token> = changes
            .iter()
            .filter_map(|change| if let Change::Flag(flag) = change { Some(flag) } else { None })
            .flat_map(|flag| flag.tokens.iter().copied())
            .collect();
        let mut all = Vec::new();
        if !listed.is_empty() {
            all = self.custody_of(&listed, rules, now)?;
        }
        all.extend(changes.iter().cloned());
        self.apply_register(&all, rules, draft)
    }

    /// What live custody news says of somebody, as far as the register does not say it already.
    pub(super) fn custody_of(
        &self,
        tokens: &BTreeSet<Token>,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<Vec<Change>, StoreError> {
        let tokens: Vec<Token> = tokens.iter().copied().collect();
        let linked: Vec<Token> = rules.register.linked(&tokens).into_iter().collect();
        let mut live = self.recall.live_custody(&linked, now)?;
        live.sort_by_key(|(row, _)| *row);
        // What a later message has settled is not said any more.
        let settled: HashSet<MessageKey> =
            live.iter().filter_map(|(_, stored)| stored.settles.clone()).collect();
        let said = live.into_iter().filter_map(|(_, stored)| {
            let MessageKey { agency, id } = &stored.key;
            let is_said = rules.register.has_custody_of(agency, *id);
            if is_said || settled.contains(&stored.key) {
                return None;
            }
            let (admitted, _) = prepare::reopen(&stored, &self.shared.vault, &rules.directory)?;
            prepare::custody_statement(&admitted).filter(|_| admitted.break_glass().is_none())
        });
        Ok(said.map(Change::Custody).collect())
    }
}
