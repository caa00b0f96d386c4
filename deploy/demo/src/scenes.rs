//! The scenes of the play, one a chapter of the report.

use std::collections::BTreeMap;

use agency_client::hmpps::Outcome;
use proto::exchange::v1::{OutcomeState, TrackRequest};
use proto::text::Named as _;

use crate::acts::{self, Act};
use crate::cast::{SEATS, name_of, seat};
use crate::night::{self, Ends, PAYLOADS, PRISONS};
use crate::play::Play;
use crate::report::Report;
use crate::silence;
use crate::stage::StageError;

impl Play {
    /// Four panels put four people on their lists.
    pub(crate) async fn flags(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("Four people are put on lists");
        for act in acts::flags(self.now)? {
            self.act(act, report, "").await?;
        }
        Ok(())
    }

    /// The night: each payload read by the adapter, and played if it is to be shared.
    pub(crate) async fn night(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("A night of prison events, as the prisons' systems write them");
        report.line(
            "The feed knows a prison number and a prison. It knows no area, no birth date, and not \
             whether the record is limited: until somebody says otherwise the person counts as a \
             child, and only police and probation may have the minimum.",
        );
        for payload in PAYLOADS {
            match (self.night.read(payload)?, &payload.ends) {
                (Outcome::Shared(messages), Ends::Shared(key)) => {
                    for message in messages {
                        let note =
                            format!(", read as {} ({})", night::summary(&message), payload.file);
                        let heading = payload.heading.to_owned();
                        let act = Act { key, heading, sender: PRISONS, message };
                        self.act(act, report, &note).await?;
                    }
                }
                (Outcome::NotShareable(kept), Ends::Kept(code)) => {
                    report.pair(payload.file, &format!("not shared. {}", kept.reason.sentence()));
                    report.check(
                        kept.reason.code() == *code,
                        &format!("{} ends as {code}", payload.file),
                    );
                }
                (Outcome::Quarantined(held), Ends::Held(code)) => {
                    report.pair(payload.file, &format!("held back. {}", held.reason.sentence()));
                    report.check(
                        held.reason.code() == *code,
                        &format!("{} ends as {code}", payload.file),
                    );
                }
                (outcome, _) => {
                    report.check(false, &format!("{}: not {outcome:?}", payload.file));
                }
            }
        }
        report.line(
            "The prison service was answered alike whether a desk was told, refused or unknown.",
        );
        Ok(())
    }

    /// The release list, its faulty row reported and the others played.
    pub(crate) async fn releases(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("The morning's release list: it knows area, birth date and limits");
        let list = self.night.releases()?;
        for fault in &list.faults {
            report.pair("a faulty row, and no other stopped", &fault.to_string());
        }
        let fault = list.faults.iter().map(|fault| (fault.line, fault.column)).collect::<Vec<_>>();
        report.check(fault == [(6, "birth_date")], "one fault in the list: line 6, the birth date");
        for act in night::acts_of(list)? {
            self.act(act, report, "").await?;
        }
        Ok(())
    }

    /// Two people in one message; and what a refused desk can see of it.
    pub(crate) async fn intelligence(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("An adult and a child in one message");
        let act = acts::intelligence(self.now)?;
        let id = act.message.message_id.clone();
        let heard = self.act(act, report, "").await?;
        report.line("What the refused desk's system sees, beside one that had no stake at all:");
        let mut seen = Vec::new();
        for id_of in ["stockport-council/community-safety", "wirral-council/housing"] {
            let seat = seat(id_of)?;
            let connection = self.cast.connection((seat.agency, seat.node))?;
            seen.push((seat, silence::transcript(connection, seat, &id, &heard).await?));
        }
        for (seat, lines) in &seen {
            report.line(&format!("{}:", seat.name));
            lines.iter().for_each(|line| report.verbatim(line));
        }
        let same = matches!(seen.as_slice(), [(_, one), (_, other)] if one == other);
        report.check(same, "a refused desk and an unconcerned one see the same");
        report.line(if same { "The two are the same, line by line." } else { "The two differ." });
        Ok(())
    }

    /// A notification that names whom to invite; and what its sender learns.
    pub(crate) async fn mappa(&mut self, report: &mut Report) -> Result<(), StageError> {
        use OutcomeState::{Acknowledged, NotShared};
        report.chapter("A MAPPA notification");
        let act = acts::mappa()?;
        let (sender, id) = (act.sender, act.message.message_id.clone());
        self.act(act, report, "").await?;
        report.line("What the sender learns, of those it named and of nobody else:");
        let request = TrackRequest { message_id: id };
        let mut exchange = self.cast.connection(sender)?.exchange().await?;
        let answer = exchange.track(request).await?.into_inner();
        let mut states = BTreeMap::new();
        for outcome in &answer.outcomes {
            report.pair(&outcome.agency, &outcome.state().name().replace('_', " "));
            states.insert(outcome.agency.as_str(), outcome.state());
        }
        report.line(
            "The charity was refused by a rule; the prosecutors take no such message and were \
             never asked about. The sender cannot tell the one from the other.",
        );
        let wanted = BTreeMap::from([
            ("cps-north-west", NotShared),
            ("hmpps-prisons", Acknowledged),
            ("loto-stockport", NotShared),
            ("stockport-council", Acknowledged),
        ]);
        report.check(states == wanted, "the sender learns just that of those it named");
        Ok(())
    }

    /// The record as a whole: what left, to whom, and that no mailbox shows a gap.
    pub(crate) async fn whole_record(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("The whole night on record");
        let disclosures = self.auditor.disclosures().await?;
        let mut to: BTreeMap<String, usize> = BTreeMap::new();
        for row in &disclosures {
            *to.entry(format!("{}/{}", row.receiving_agency, row.receiving_desk)).or_default() += 1;
        }
        for (desk, count) in &to {
            report.pair(name_of(desk), &format!("{count} releases, all acknowledged"));
        }
        report.check(
            disclosures.iter().all(|row| row.acknowledged_at.is_some()),
            "every release was acknowledged",
        );
        let silent = SEATS.iter().filter(|seat| !to.contains_key(seat.id)).count();
        report.line(&format!("{silent} desks were told nothing all night."));
        let gapless = self
            .numbers
            .values()
            .all(|numbers| numbers.iter().copied().eq(1..=numbers.len() as u64));
        report.check(gapless, "deliveries are numbered without a gap in every mailbox");
        if gapless {
            report
                .line("No mailbox's numbers have a gap: nobody can count what was kept from him.");
        }
        Ok(())
    }
}
