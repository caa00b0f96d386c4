//! MAPPA: no category 3 at level 1, no move up without its referral, none down without the panel, and
//! nothing in a notice to a Jobcentre but what bears on its services.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;

use super::{About, KindRules};
use crate::directory::MessageKind;
use crate::message::check::Check;

impl KindRules for wire::Mappa {
    fn kind(&self) -> MessageKind {
        MessageKind::Mappa
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        check_mappa(self, check);
        if self.step() == wire::MappaStep::JobcentreNotice {
            check_jobcentre_notice(self, about, check);
        }
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::MappaCategory, Field::MappaLevel].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        if hidden.contains(&Field::MappaCategory) {
            self.category = 0;
        }
        if hidden.contains(&Field::MappaLevel) {
            (self.level, self.previous_level) = (0, 0);
            // Which of the two is cited tells whether the level rose or fell.
            self.referral_id.clear();
            self.panel_decision_id.clear();
        }
    }
}

fn check_mappa(mappa: &mut wire::Mappa, check: &mut Check) {
    let step = mappa.step();
    check.require(step != wire::MappaStep::Unspecified, "mappa.step", "is required");
    check.require((1..=4).contains(&mappa.category), "mappa.category", "is 1 to 4, one at a time");
    let exit = step == wire::MappaStep::Exit;
    check.require(
        if exit { mappa.level == 0 } else { (1..=3).contains(&mappa.level) },
        "mappa.level",
        "is 1 to 3, and 0 on exit",
    );
    check.require(mappa.previous_level <= 3, "mappa.previous_level", "is 0 to 3");
    check.require(
        !(mappa.category == 3 && mappa.level == 1),
        "mappa.level",
        "category 3 is managed at level 2 or 3 only; leaving level 2 is an exit",
    );
    check.require(
        !(step == wire::MappaStep::Referral && mappa.level == 1 && mappa.category != 3),
        "mappa.level",
        "a referral asks for level 2 or 3",
    );
    check_citations(mappa, check);
}

/// A move between levels cites what decided it, whatever else the message says as well.
fn check_citations(mappa: &mut wire::Mappa, check: &mut Check) {
    let step = mappa.step();
    let (cites_referral, cites_decision) =
        (!mappa.referral_id.is_empty(), !mappa.panel_decision_id.is_empty());
    check.uuid(&mut mappa.referral_id, "mappa.referral_id");
    check.uuid(&mut mappa.panel_decision_id, "mappa.panel_decision_id");
    let (before, after) = (mappa.previous_level, mappa.level);
    let change = step == wire::MappaStep::LevelChange;
    check.require(
        !change || before != 0,
        "mappa.previous_level",
        "a level change names the level before it",
    );
    check.require(
        !change || before != after || before == 0,
        "mappa.previous_level",
        "must differ from level",
    );
    // A referral asks for a move and an exit ends them all.
    let moves = !matches!(step, wire::MappaStep::Referral | wire::MappaStep::Exit)
        && before != 0
        && after != 0;
    check.require(
        !(moves && after > before) || cites_referral,
        "mappa.referral_id",
        "a move up cites a referral",
    );
    check.require(
        !(moves && after < before) || cites_decision,
        "mappa.panel_decision_id",
        "a move down cites the panel's decision",
    );
    check.require(
        step != wire::MappaStep::Exit || cites_decision,
        "mappa.panel_decision_id",
        "an exit cites the panel's decision",
    );
}

/// Only restrictions that bear on its services, and who answers for them (MAPPA guidance, form J).
/// The lead agency sends it six weeks before a release; a late one is better than none and is taken.
fn check_jobcentre_notice(mappa: &wire::Mappa, about: &About<'_>, check: &mut Check) {
    check.require(mappa.previous_level == 0, "mappa.previous_level", "a notice changes no level");
    let statements = &about.message.statements;
    for (position, statement) in statements.iter().enumerate() {
        check.require(
            matches!(statement.field(), Field::Employment | Field::ResponsibleOfficer),
            &format!("statements[{position}].field"),
            "a notice to a Jobcentre says what bears on work and who the officer is, nothing else",
        );
    }
    check.require(
        statements.iter().any(|statement| statement.field() == Field::Employment),
        "statements",
        "a notice to a Jobcentre says what restriction bears on its services (employment)",
    );
}
