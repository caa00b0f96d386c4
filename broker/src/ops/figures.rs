//! Every figure the broker shows: its name, unit, label and meaning, in one table.
//!
//! Promises that `docs/operations.md` has the same table, and that a label's values are words of
//! this program or ids of the directory. Knows nothing of where a number comes from.

/// What a figure does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It only grows while the process lives.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Sort {
    /// Its written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name, its unit last.
    pub name: &'static str,
    /// Counter or gauge.
    pub sort: Sort,
    /// Unit.
    pub unit: &'static str,
    /// The one label it has.
    pub label: Option<&'static str>,
    /// Meaning.
    pub meaning: &'static str,
}

macro_rules! figures {
    ($($figure:ident: $sort:ident $name:literal, $unit:literal, $label:expr, $meaning:literal;)+) => {
        /// A figure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Figure {
            $(#[doc = $meaning] $figure,)+
        }

        impl Figure {
            /// Every figure, in the order in which they are shown.
            pub const ALL: &'static [Figure] = &[$(Self::$figure),+];

            /// Its row.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$figure => Row {
                        name: $name,
                        sort: Sort::$sort,
                        unit: $unit,
                        label: $label,
                        meaning: $meaning,
                    },)+
                }
            }
        }
    };
}

figures! {
    Commits: Counter "pyramid_commits_total", "commits", None,
        "Commits of the ledger's writer.";
    CommitItems: Counter "pyramid_commit_items_total", "items", None,
        "Items in those commits; divided by commits it is their size.";
    CommitSeconds: Counter "pyramid_commit_seconds_total", "seconds", None,
        "Time spent in commits; divided by commits it is their time.";
    CommitFailures: Counter "pyramid_commit_failures_total", "commits", None,
        "Commits that failed. Any growth needs a look.";
    RecipientsRefused: Counter "pyramid_recipients_refused_total", "recipients", None,
        "Recipients that policy refused a message.";
    ImmediateUnheard: Counter "pyramid_immediate_unheard_total", "messages", None,
        "Immediate messages that reached nobody. Any growth needs a telephone call.";
    BreakGlass: Counter "pyramid_break_glass_total", "messages", None,
        "Messages shared by emergency access. Each must be reviewed.";
    DecidedAgain: Counter "pyramid_decided_again_total", "messages", None,
        "Messages decided again because the rules had moved before the commit.";
    Decisions: Counter "pyramid_decisions_total", "decisions", Some("from"),
        "Policy decisions, from `memory` or worked out from the `rules`. Starts again when the rules in force change.";
    PolicyInForce: Gauge "pyramid_policy_in_force", "0 or 1", None,
        "Whether a policy bundle is in force. 0: everything is refused.";
    AgreementDaysLeft: Gauge "pyramid_agreement_days_left", "days", None,
        "Days until an agreement starts or ends. Absent: none will.";
    DeliveriesWaiting: Gauge "pyramid_deliveries_waiting", "deliveries", None,
        "Deliveries that wait for their recipient.";
    DeadLetters: Gauge "pyramid_dead_letters", "deliveries", None,
        "Deliveries whose attempts are used up; somebody must look.";
    OldestUnreadSeconds: Gauge "pyramid_oldest_unread_seconds", "seconds", Some("agency"),
        "Age of the oldest delivery an agency has not acknowledged.";
    LedgerEntries: Gauge "pyramid_ledger_entries", "entries", None,
        "Entries in the ledger.";
    LedgerSignedEntries: Gauge "pyramid_ledger_signed_entries", "entries", None,
        "Entries under the last signed checkpoint. It must follow the entries.";
    Connections: Gauge "pyramid_connections", "connections", Some("agency"),
        "Open connections of an agency.";
    CallersRefused: Counter "pyramid_callers_refused_total", "connections", Some("reason"),
        "Callers not let in, by the code of the reason.";
    ConnectionsClosed: Counter "pyramid_connections_closed_total", "connections", Some("reason"),
        "Living connections that were closed, by the code of the reason.";
    AcceptErrors: Counter "pyramid_accept_errors_total", "times", None,
        "Times the system could give no socket, mostly for want of file descriptors.";
    TlsReloadFailures: Counter "pyramid_tls_reload_failures_total", "times", None,
        "Times TLS files were found that cannot be used; the last good ones stay at work.";
    CertificateDaysLeft: Gauge "pyramid_certificate_days_left", "days", None,
        "Days until the broker's own chain ends.";
    AuthoritiesDaysLeft: Gauge "pyramid_authorities_days_left", "days", None,
        "Days until the first root for callers ends.";
    RevocationListDaysLeft: Gauge "pyramid_revocation_list_days_left", "days", None,
        "Days until the first revocation list is overdue. At 0 callers and releases stop.";
    DiskFreeBytes: Gauge "pyramid_disk_free_bytes", "bytes", None,
        "Bytes free where the store is. Absent: the disk does not say.";
    PublishingPaused: Gauge "pyramid_publishing_paused", "0 or 1", None,
        "1 while the disk is at its floor: publishes are refused, releases go on.";
    ClockMovedSeconds: Gauge "pyramid_clock_moved_seconds", "seconds", None,
        "How far the wall clock has moved against monotonic time since the start or the last confirmation, forward above nought.";
    ClockHeld: Gauge "pyramid_clock_held", "0 or 1", None,
        "1 while it has moved by more than 60 seconds: nothing expires and no embargo ends.";
    StoreAnswers: Gauge "pyramid_store_answers", "0 or 1", None,
        "Whether the store answered within 2 seconds. At 0 its figures are absent.";
    SpansExported: Counter "pyramid_spans_exported_total", "spans", None,
        "Spans that the collector of traces took. Absent: traces are off.";
    SpansDropped: Counter "pyramid_spans_dropped_total", "spans", None,
        "Spans that were lost: the queue was full, or the collector did not take them. Absent: traces are off.";
    NoticesLeft: Counter "pyramid_notices_left_total", "notices", None,
        "Notices that everybody they were for has taken. Absent: notices are off.";
    NoticeFailures: Counter "pyramid_notice_failures_total", "times", None,
        "Times that a notice could not leave and was put off. Absent: notices are off.";
    NoticesWaiting: Gauge "pyramid_notices_waiting", "notices", None,
        "Notices that wait to leave. Absent: notices are off.";
    NoticesLost: Counter "pyramid_notices_lost_total", "notices", None,
        "Notices that will not leave: no room, or three days without success. Absent: notices are off.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/operations.md");

    /// The rows of the page's table of figures; the table of alarms has two columns.
    fn rows_of_the_page() -> Vec<Vec<&'static str>> {
        PAGE.lines()
            .filter(|line| line.starts_with("| `pyramid_"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .filter(|cells: &Vec<_>| cells.len() == 5)
            .collect()
    }

    #[test]
    fn the_page_of_operations_says_what_the_code_says() {
        let expected: Vec<Vec<String>> = Figure::ALL
            .iter()
            .map(|figure| {
                let row = figure.row();
                let label = row.label.map(|label| format!("`{label}`")).unwrap_or_default();
                let name = format!("`{}`", row.name);
                let (sort, unit) = (row.sort.name().to_owned(), row.unit.to_owned());
                vec![name, sort, unit, label, row.meaning.to_owned()]
            })
            .collect();
        assert_eq!(rows_of_the_page(), expected);
    }

    #[test]
    fn a_name_is_used_once_and_a_counter_says_total() {
        let names: BTreeSet<_> = Figure::ALL.iter().map(|figure| figure.row().name).collect();
        assert_eq!(names.len(), Figure::ALL.len());
        for row in Figure::ALL.iter().map(|figure| figure.row()) {
            assert_eq!(row.name.ends_with("_total"), row.sort == Sort::Counter, "{}", row.name);
        }
    }

    #[test]
    fn a_label_is_one_of_three() {
        let labels: BTreeSet<_> = Figure::ALL.iter().filter_map(|it| it.row().label).collect();
        assert_eq!(labels, BTreeSet::from(["agency", "from", "reason"]));
    }
}
