//! The play, from the first certificate to the last check.

use std::collections::BTreeMap;
use std::path::PathBuf;

use broker::app::App;
use proto::exchange::v1::Urgency;
use time::OffsetDateTime;

use crate::acts::Act;
use crate::auditor::Auditor;
use crate::cast::{Cast, Heard, SEATS, seat};
use crate::ending;
use crate::expected;
use crate::judge;
use crate::night::{Ends, Night, PAYLOADS, ROWS};
use crate::proofs::Held;
use crate::report::Report;
use crate::stage::{Script, Stage, StageError};

/// Messages that agencies write themselves: four flags, intelligence, MAPPA.
const WRITTEN: usize = 6;
/// The duty telephone of the stage's broker.
const DUTY_ROUTE: &str = "0161 496 0999 (invented)";

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
    let Play { stage, cast, archer, .. } = play;
    let archer = archer.ok_or("probation was told nothing of Archer's release")?;
    let evidence = ending::fetch_proofs(&stage, &cast, archer, &mut report).await?;
    cast.leave().await?;
    if options.stay {
        ending::stay(&stage, &mut report).await?;
    }
    ending::stop(app).await;
    ending::after_the_broker(&stage, &evidence, &mut report)?;
    Ok(report.end())
}

/// Everything that plays together while the broker runs.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    pub(crate) cast: Cast,
    pub(crate) auditor: Auditor,
    pub(crate) night: Night,
    pub(crate) now: OffsetDateTime,
    /// Numbers of the deliveries that came to each seat.
    pub(crate) numbers: BTreeMap<&'static str, Vec<u64>>,
    /// The prison's message of Archer's release to Stockport, and what probation holds of it.
    archer: Option<(String, Held)>,
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
        let script = Script::in_force(now)?;
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
    pub(crate) async fn act(
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
}
