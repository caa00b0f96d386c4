//! Holds what happened against what was written down by hand.
//!
//! Promises to look at it from three sides that must agree: what clients received, what the auditor
//! is told was decided, and what the auditor is told was released.

use std::collections::BTreeSet;

use proto::audit::v1::Disclosure;
use proto::exchange::v1::Field;
use proto::exchange::v1::released_message::Kind;

use crate::auditor::Decision;
use crate::cast::Heard;
use crate::expected::Expected;
use crate::report::Report;
use crate::words;

/// One desk that was told: agency and desk, whether it is a task, persons seen, fields withheld.
type Seen = (String, bool, usize, BTreeSet<Field>);

/// Compares all three sides with the table.
pub(crate) fn compare(
    report: &mut Report,
    expected: &Expected,
    heard: &[Heard],
    decisions: &[Decision],
    disclosures: &[Disclosure],
) {
    let wanted: BTreeSet<Seen> = expected
        .told
        .iter()
        .map(|told| {
            let without = told.without.iter().copied().collect();
            (told.desk.to_owned(), told.task, told.persons, without)
        })
        .collect();
    let received: BTreeSet<Seen> = heard.iter().map(seen).collect();
    differences(report, "received", &wanted, &received, heard.len());
    let decided: BTreeSet<Seen> = decisions
        .iter()
        .filter(|decision| decision.permitted)
        .map(|decision| {
            let shown: Vec<_> = decision.persons.iter().filter(|person| person.shown).collect();
            let withheld = shown.iter().flat_map(|person| &person.withheld).copied().collect();
            (decision.desk.clone(), decision.task, shown.len(), withheld)
        })
        .collect();
    differences(report, "permitted, the auditor is told", &wanted, &decided, decided.len());
    refusals(report, expected, decisions);
    releases(report, heard, disclosures);
}

fn seen(heard: &Heard) -> Seen {
    let message = &heard.incoming.message;
    let task = matches!(message.kind, Some(Kind::Task(_)));
    (heard.seat.id.to_owned(), task, message.subjects.len(), message.withheld().collect())
}

fn differences(
    report: &mut Report,
    side: &str,
    wanted: &BTreeSet<Seen>,
    found: &BTreeSet<Seen>,
    count: usize,
) {
    report.check(count == wanted.len(), &format!("{side}: {count}, not {}", wanted.len()));
    for one in wanted.difference(found) {
        report.check(false, &format!("{side}: not found is {}", described(one)));
    }
    for one in found.difference(wanted) {
        report.check(false, &format!("{side}: not foreseen is {}", described(one)));
    }
}

fn described((desk, task, persons, withheld): &Seen) -> String {
    let what = if *task { "a task" } else { "the message" };
    let withheld: Vec<Field> = withheld.iter().copied().collect();
    format!("{what} to {desk}, {persons} in it, without [{}]", words::fields(&withheld))
}

fn refusals(report: &mut Report, expected: &Expected, decisions: &[Decision]) {
    let wanted: BTreeSet<String> = expected.refused.iter().map(ToString::to_string).collect();
    let found: BTreeSet<String> = decisions
        .iter()
        .filter(|decision| !decision.permitted)
        .map(|decision| format!("{}{}", decision.desk, if decision.task { " (task)" } else { "" }))
        .collect();
    report.check(found.len() == wanted.len(), "as many desks refused as written down");
    for desk in wanted.difference(&found) {
        report.check(false, &format!("{desk} is refused, and the auditor is told so"));
    }
    for desk in found.difference(&wanted) {
        report.check(false, &format!("{desk} is not among the refused"));
    }
}

/// Every delivery received has its release on record, with the same fields withheld and its
/// receipt, and no release was made that nobody received.
fn releases(report: &mut Report, heard: &[Heard], disclosures: &[Disclosure]) {
    report.check(
        heard.len() == disclosures.len(),
        &format!("{} releases on record for {} deliveries", disclosures.len(), heard.len()),
    );
    for one in heard {
        let id = &one.incoming.delivery.release_id;
        let row = disclosures.iter().find(|row| row.release_id == *id);
        let withheld: BTreeSet<Field> = one.incoming.message.withheld().collect();
        let same = row.is_some_and(|row| {
            format!("{}/{}", row.receiving_agency, row.receiving_desk) == one.seat.id
                && row.receiving_node == one.seat.node
                && row.withheld().collect::<BTreeSet<_>>() == withheld
                && !row.rules.is_empty()
                && row.acknowledged_at.is_some()
        });
        let text =
            format!("the release to {} is on record as received, with its receipt", one.seat.id);
        report.check(same, &text);
    }
}
