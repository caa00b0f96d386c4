//! The play, from the first certificate to the last check.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use agency_client::hmpps::Outcome;
use broker::app::App;
use proto::audit::v1::get_proof_request::Of;
use proto::exchange::v1::{OutcomeState, TrackRequest, Urgency};
use proto::text::Named as _;
use time::OffsetDateTime;

use crate::acts::{self, Act};
use crate::auditor::Auditor;
use crate::cast::{Cast, Heard, SEATS, name_of, seat};
use crate::expected;
use crate::judge;
use crate::night::{self, Ends, Night, PAYLOADS, PRISONS, ROWS};
use crate::proofs::{self, Held};
use crate::report::Report;
use crate::silence;
use crate::stage::{Script, Stage, StageError};

/// Messages that agencies write themselves: four flags, intelligence, MAPPA.
const WRITTEN: usize = 6;
/// The duty telephone of the stage's broker.
const DUTY_ROUTE: &str = "0161 496 0999 (invented)";
/// How long calls may take to finish when the broker stops.
const DRAIN: Duration = Duration::from_secs(3);

/// How to play.
pub struct Options {
    /// Where everything is kept: a new or empty folder.
    pub folder: PathBuf,
    /// Whether the broker stays up after the night, until Ctrl-C.
    pub stay: bool,
}

/// Plays the night. True: everything went as written down by hand.
///
/// # Errors
/// The folder is in use, or something failed that has nothing to do with expectations.
pub async fn play(options: Options) -> Result<bool, StageError> {
    let shared = PAYLOADS.iter().filter(|payload| matches!(payload.ends, Ends::Shared(_)));
    let mut report = Report::begin(WRITTEN + shared.count() + ROWS.len());
    let (mut play, app) = Play::set(&options, &mut report).await?;
    play.flags(&mut report).await?;
    play.night(&mut report).await?;
    play.releases(&mut report).await?;
    play.intelligence(&mut report).await?;
    play.mappa(&mut report).await?;
    play.whole_record(&mut report).await?;
    let (stage, evidence) = play.fetch_proofs(&mut report).await?;
    if options.stay {
        stay(&stage, &report).await?;
    }
    app.drain(DRAIN).await;
    after_the_broker(&stage, &evidence, &mut report)?;
    Ok(report.end())
}

/// Everything that plays together while the broker runs.
struct Play {
    stage: Stage,
    cast: Cast,
    auditor: Auditor,
    night: Night,
    now: OffsetDateTime,
    /// Numbers of the deliveries that came to each seat.
    numbers: BTreeMap<&'static str, Vec<u64>>,
    /// The prison's message of Archer's release to Stockport, and what probation holds of it.
    archer: Option<(String, Held)>,
}

/// What is kept for the time after the broker.
struct Evidence {
    release: String,
    accepted: String,
    held: Held,
}

impl Play {
    async fn set(options: &Options, report: &mut Report) -> Result<(Self, App), StageError> {
        report.chapter("Setting the stage (everyone is invented)");
        let folder = &options.folder;
        std::fs::create_dir_all(folder)?;
        if std::fs::read_dir(folder)?.next().is_some() {
            return Err(format!("{} is not empty; name a new folder", folder.display()).into());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the play happens now, on the machine's clock"
        )]
        let now = OffsetDateTime::now_utc();
        let script = Script::shipped()?;
        let stage = Stage::set(folder, &script, now).await?;
        report.done("certificate authority, keys, store and the directory of Greater Manchester");
        let app = stage.start().await?;
        report.done(&format!(
            "broker listening on {}, TLS 1.3, certificates both ways",
            app.address()
        ));
        let bundle = stage.approve(&script).await?;
        let bundle = bundle.get(..12).unwrap_or_default();
        report.done(&format!("agreements {bundle} in force, approved by police and probation"));
        let cast = Cast::enter(&stage).await?;
        let (nodes, desks) = (cast.nodes(), SEATS.len());
        report.done(&format!("{nodes} agency systems connected, {desks} mailboxes open"));
        let auditor = Auditor::enter(&stage).await?;
        report.done("the broker-wide auditor connected, with a person's certificate");
        let night = Night::prepare(&folder.join("night"), now)?;
        let (numbers, archer) = (BTreeMap::new(), None);
        Ok((Self { stage, cast, auditor, night, now, numbers, archer }, app))
    }

    /// Plays one message: published, received, acknowledged, explained, held against the table.
    async fn act(
        &mut self,
        act: Act,
        report: &mut Report,
        note: &str,
    ) -> Result<Vec<Heard>, StageError> {
        let expected = expected::of(act.key)?;
        let id = act.message.message_id.clone();
        let names: Vec<String> = act.message.subjects.iter().map(|one| one.name.clone()).collect();
        let immediate = act.message.urgency() == Urgency::Immediate;
        report.announce(&act, note);
        let accepted = self.cast.publish(act.sender, act.message).await?;
        report.answered(&accepted);
        // Whoever was told, refused or unknown: the sender's answer is one and the same.
        let route = if immediate { DUTY_ROUTE } else { "" };
        let same = accepted.duty_route == route && !accepted.repeated_submission;
        report.check(same, "the answer says nothing but the duty telephone");
        let heard = self.cast.gather(expected.told.len()).await?;
        for one in &heard {
            one.incoming.acknowledge().await?;
            self.numbers.entry(one.seat.id).or_default().push(one.incoming.delivery.number);
        }
        let decisions = self.auditor.explain(act.sender.0, &id).await?;
        let mut disclosures = self.auditor.disclosures().await?;
        disclosures.retain(|row| row.message_id == id && row.sending_agency == act.sender.0);
        report.told(&heard, &decisions, &names);
        report.refused(&decisions, &names);
        report.remark(expected.remark);
        judge::compare(report, expected, &heard, &decisions, &disclosures);
        if act.key == "archer-listed" {
            let probation = seat("probation-greater-manchester/stockport")?;
            let copy = heard.iter().find(|one| one.seat == probation).map(|one| Held {
                release_id: one.incoming.delivery.release_id.to_vec(),
                commitment: one.incoming.commitment(),
            });
            self.archer = copy.map(|held| (id, held));
        }
        Ok(heard)
    }

    async fn flags(&mut self, report: &mut Report) -> Result<(), StageError> {
        report.chapter("Four people are put on lists");
        for act in acts::flags(self.now)? {
            self.act(act, report, "").await?;
        }
        Ok(())
    }

    async fn night(&mut self, report: &mut Report) -> Result<(), StageError> {
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

    async fn releases(&mut self, report: &mut Report) -> Result<(), StageError> {
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

    async fn intelligence(&mut self, report: &mut Report) -> Result<(), StageError> {
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

    async fn mappa(&mut self, report: &mut Report) -> Result<(), StageError> {
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
    async fn whole_record(&mut self, report: &mut Report) -> Result<(), StageError> {
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

    /// Fetches proofs while the broker is there, and closes every client.
    async fn fetch_proofs(self, report: &mut Report) -> Result<(Stage, Evidence), StageError> {
        report.chapter("Proofs are fetched, and everyone leaves");
        let (message, held) =
            self.archer.ok_or("probation was told nothing of Archer's release")?;
        let folder = self.stage.folder().join("proofs");
        std::fs::create_dir_all(&folder)?;
        let probation = self.cast.connection(("probation-greater-manchester", "records"))?;
        let of = Of::ReleaseId(held.release_id.clone().into());
        let release = proofs::fetch(probation, of, &folder.join("release.json")).await?;
        report.done("probation: the proof that Archer's release was given to it");
        let prisons = self.cast.connection(PRISONS)?;
        let path = folder.join("accepted.json");
        let accepted = proofs::fetch(prisons, Of::MessageId(message), &path).await?;
        report.done("the prison service: the proof that the broker took its message");
        self.cast.leave().await;
        report.done("every client closed");
        Ok((self.stage, Evidence { release, accepted, held }))
    }
}

/// Keeps the broker up until Ctrl-C.
async fn stay(stage: &Stage, report: &Report) -> Result<(), StageError> {
    let folder = stage.folder().display();
    report.line("");
    report.line("The broker stays until Ctrl-C. In another terminal, for instance:");
    let agency = "target/debug/agency --settings";
    for rest in [
        format!("{folder}/hmpps-prisons.records.toml publish {folder}/night/first-message.json"),
        format!("{folder}/gmp.records.toml subscribe --desk stockport-selection --once 1"),
        format!("{folder}/gmp.records.toml whoami"),
    ] {
        report.verbatim(&format!("{agency} {rest}"));
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// What can be checked with the broker gone.
fn after_the_broker(
    stage: &Stage,
    evidence: &Evidence,
    report: &mut Report,
) -> Result<(), StageError> {
    report.chapter("The broker is stopped. What can be checked without it");
    let key = stage.verifier_key();
    let exact = proofs::commits_to(&evidence.release, key, &evidence.held)?;
    report.check(exact, "the proven release commits to the bytes that probation holds");
    report.pair("proof of the release", "holds; it commits to the very bytes probation received");
    let accepted = agency_client::verify::verify_proof(&evidence.accepted, key);
    report.check(accepted.is_ok(), "the proof of acceptance holds");
    report.pair("proof of acceptance", "holds");
    let said = proofs::with_one_letter_changed(&evidence.release, key)?;
    report.pair("the same proof, one letter changed", &said.to_string());
    let store = &stage.config().store.path;
    let sound = proofs::check(store, key)?;
    report.check(sound.sound(), "the store and its ledger are one");
    report.check(sound.checkpoint_size.is_some(), "the last checkpoint is signed");
    for fault in &sound.faults {
        report.check(false, &fault.to_string());
    }
    let counts = format!(
        "sound: {} entries, {} messages, {} deliveries, {} releases recomputed; signed up to \
         entry {}",
        sound.entries,
        sound.messages,
        sound.deliveries,
        sound.releases,
        sound.checkpoint_size.unwrap_or_default()
    );
    report.pair("the whole ledger", &counts);
    let folder = stage.folder().join("changed");
    let copy = proofs::copy_with_one_byte_changed(store, &folder, &evidence.release)?;
    let found = proofs::check(&copy, key)?;
    report.check(!found.sound(), "a changed byte is found");
    report
        .pair("a copy, one byte of one entry changed", &format!("{} faults:", found.faults_total));
    for fault in found.faults.iter().take(3) {
        report.pair("", &fault.to_string());
    }
    Ok(())
}
