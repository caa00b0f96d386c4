//! Plays a story against a real broker: real certificates, a real store, a clock that is set.
//!
//! Owns the order: time moves, something happens, whoever must hear of it hears of it, and all of
//! it is held against what was written down. Promises that every desk of the directory with a
//! system of its own listens from the first moment to the last. Deliberately does not know: what
//! is expected, beyond how long to wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::Connection;
use agency_client::errors::CallError;
use broker::app::App;
use broker::clock::{Clock as _, SetClock};
use broker::store::sqlite::SqliteReaders;
use proto::admin::v1 as admin;
use proto::audit::v1::{CloseReviewRequest, ReviewFinding};
use proto::directory::v1::StateLinkRequest;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::text::Named as _;
use tokio::time::Instant;
use uuid::Uuid;

use super::judge;
use super::letters::{self, Letters};
use super::model::{Act, Desk, Event, Node, Sending, Story};
use super::people::{Heard, People};
use super::read::{Places, THE_BROKER, as_sent};
use super::record::Book;
use super::report::Report;
use crate::stage::{OPERATOR, Script, Stage, StageError, Term, for_good};

/// How long something that must come is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a sender looks until its message stands as expected.
const PATIENCE_WITH_TRACKING: Duration = Duration::from_secs(5);
/// How long it is quiet before something that nothing stands in the way of is given up.
const QUIET: Duration = Duration::from_millis(500);
/// How long nothing more may come at the end.
const SILENCE: Duration = Duration::from_millis(300);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// How long the broker may take to stop.
const DRAIN: Duration = Duration::from_secs(2);
/// How the ledger calls the broker where it speaks itself.
const BROKER: &str = "broker";
/// Whoever opens a message (invented).
const SOMEBODY: &str = "00000001-0000-4000-8000-000000000001";
/// The duty telephone of the stage's broker.
const DUTY_ROUTE: &str = "0161 496 0999 (invented)";

/// What came of one event.
pub(super) struct Came {
    /// What was received, in the order in which it came.
    pub(super) heard: Vec<Heard>,
    /// How many candidates had been decided before.
    pub(super) decided_before: usize,
    /// How many deliveries had ended before.
    pub(super) ended_before: usize,
    /// How often operators were alarmed.
    pub(super) alarms: u64,
    /// What the sender was answered, if something was sent.
    pub(super) answer: Option<Result<wire::Accepted, DoorRefusal>>,
    /// Who was told outside the broker: code and addressee.
    pub(super) rung: Vec<(String, String)>,
    /// How the sender finds its message to stand.
    pub(super) tracked: Option<Vec<(String, wire::OutcomeState)>>,
}

/// A message that was not taken.
pub(super) struct DoorRefusal {
    /// Number of the refusal.
    pub(super) code: u32,
    /// Faulty fields, and the rule each breaks.
    pub(super) faults: Vec<(String, String)>,
}

impl DoorRefusal {
    /// What is to be answered never came to whoever answers it, so nothing was sent.
    fn of_nothing() -> Self {
        let rule = "what is answered never came to this agency".to_owned();
        Self { code: 0, faults: vec![("in_reply_to".to_owned(), rule)] }
    }
}

/// Plays a story in a folder, which must be new or empty.
///
/// # Errors
/// Something failed that no story expects; whatever can be judged is in the report instead.
pub async fn play(story: &Story, folder: &Path) -> Result<Report, StageError> {
    play_on(story, Script::shipped()?, folder).await
}

/// The same with a directory and agreements of one's own, which are put in force when the story
/// begins.
///
/// # Errors
/// As [`play`].
pub async fn play_on(story: &Story, script: Script, folder: &Path) -> Result<Report, StageError> {
    let mut report = Report::begin(story);
    let mut script = script.put_in_force(story.begins)?;
    for (agreement, day) in &story.endings {
        script = script.with_term(agreement, Term::around(story.begins).ending(*day))?;
    }
    let places = Places::of(&script.directory)?;
    // Made well before the story begins, so that clocks that differ a little do no harm.
    let made = story.begins - time::Duration::days(1);
    let stage = Stage::set_with(folder, &script, for_good(made)).await?;
    let clock = Arc::new(SetClock::at(story.begins));
    let app = start(&stage, &clock).await?;
    stage.approve(&script).await?;
    letters::waits_for(&stage, &app, &script.directory, &story.feeds).await?;
    let people = People::enter(&stage, &places).await?;
    let book = Book::open(Box::new(SqliteReaders::new(&stage.config().store.path)))?;
    let letters = Letters::of(&stage);
    let mut play = Play {
        letters,
        stage,
        clock,
        app: Some(app),
        people,
        book,
        ids: BTreeMap::new(),
        silent: BTreeSet::new(),
        held: Vec::new(),
        releases: BTreeSet::new(),
        received: BTreeMap::new(),
    };
    for event in &story.events {
        let came = play.event(event).await?;
        judge::event(&mut report, story, event, &came, &play);
    }
    play.end(story, &mut report).await?;
    Ok(report)
}

async fn start(stage: &Stage, clock: &Arc<SetClock>) -> Result<App, StageError> {
    let config = letters::config(stage)?;
    Ok(App::start_with(config, Arc::<SetClock>::clone(clock)).await?)
}

/// A play under way.
pub(super) struct Play {
    letters: Letters,
    stage: Stage,
    clock: Arc<SetClock>,
    /// `None` while it is stopped.
    app: Option<App>,
    people: People,
    /// The ledger.
    pub(super) book: Book,
    /// Names of messages, by sending agency and id.
    pub(super) ids: BTreeMap<(String, String), String>,
    /// Desks that do not acknowledge.
    silent: BTreeSet<Desk>,
    /// What they hold.
    held: Vec<Heard>,
    /// Releases that were received, hex.
    releases: BTreeSet<String>,
    /// Releases under which messages came to agencies, hex: by message and agency.
    received: BTreeMap<(String, String), String>,
}

impl Play {
    /// The name of the message that a delivery carries, if the ledger knows it.
    pub(super) fn name_of(&self, delivery: &str) -> Option<&str> {
        let candidate = self.book.of_delivery(delivery)?;
        self.name(&candidate.sender, &candidate.message)
    }

    /// The name of a message; what the broker itself tells has one for all.
    pub(super) fn name(&self, sender: &str, message: &str) -> Option<&str> {
        if sender == BROKER {
            return Some(THE_BROKER);
        }
        self.ids.get(&(sender.to_owned(), message.to_owned())).map(String::as_str)
    }

    /// The broker looks after what fell due, as often as one thing may lead to another.
    async fn tend(&self) -> Result<(), StageError> {
        let Some(app) = &self.app else { return Ok(()) };
        letters::tend(app).await
    }

    /// Somebody at a desk says that a message was opened.
    async fn opens(&self, desk: &Desk, message: &str) -> Result<(), StageError> {
        let key = (message.to_owned(), desk.agency.clone());
        let release = self.received.get(&key).ok_or("nobody there was given this message")?;
        let request = wire::AttestRequest {
            desk: desk.desk.clone(),
            release_ids: vec![hex::decode(release)?.into()],
            attestation: wire::Attestation::Opened.into(),
            acting_person: SOMEBODY.to_owned(),
        };
        let connection = self.people.connection_of(desk)?;
        let recorded = connection.exchange().await?.attest(request).await?.into_inner().recorded;
        if recorded == 1 { Ok(()) } else { Err("it was opened before".into()) }
    }

    async fn event(&mut self, event: &Event) -> Result<Came, StageError> {
        let ahead = event.at - self.clock.now();
        self.clock.advance(ahead.try_into().unwrap_or_default());
        self.book.read()?;
        let alarms = self.alarms();
        let mut came = Came {
            heard: Vec::new(),
            decided_before: self.book.candidates.len(),
            ended_before: self.book.ended.len(),
            alarms: 0,
            rung: Vec::new(),
            answer: None,
            tracked: None,
        };
        self.tend().await?;
        self.act(&event.act, &mut came).await?;
        self.gather(event, &mut came).await?;
        if let (Some(wanted), Some((node, message))) = (&event.expected.tracked, asker(&event.act))
        {
            came.tracked = Some(self.track(&node, message, wanted).await?);
        }
        came.alarms = self.alarms() - alarms;
        came.rung = self.letters.fresh()?;
        Ok(came)
    }

    fn alarms(&self) -> u64 {
        let figures = self.app.as_ref().map(|app| &app.sources.figures);
        figures.map_or(0, |figures| figures.immediate_unheard.load(Ordering::Relaxed))
    }

    async fn act(&mut self, act: &Act, came: &mut Came) -> Result<(), StageError> {
        match act {
            Act::Sends(sending) => came.answer = Some(self.send(sending).await?),
            Act::Standing { agency, suspended } => {
                let request =
                    admin::SetStandingRequest { agency: agency.clone(), suspended: *suspended };
                self.stage.admin(OPERATOR).await?.set_standing(request).await?;
                self.people.suspend(agency, *suspended);
            }
            Act::Connects { desk, online: false } => self.people.leave(desk).await?,
            Act::Connects { desk, online: true } => self.people.is_back(desk),
            Act::Acknowledges { desk, acknowledges } => {
                self.acknowledges(desk, *acknowledges).await?;
            }
            Act::Broker { runs: false } => self.stop().await?,
            Act::Broker { runs: true } => {
                self.app = Some(start(&self.stage, &self.clock).await?);
                self.tend().await?;
            }
            Act::Opens { desk, message } => self.opens(desk, message).await?,
            Act::Links { node, one, other, birth_date, withdrawn } => {
                let request = StateLinkRequest {
                    one: Some(identifier(one)?),
                    other: Some(identifier(other)?),
                    birth_date: birth_date.clone(),
                    withdrawn: *withdrawn,
                };
                let mut client = self.people.connection(node)?.directory().await?;
                client.state_link(request).await?;
            }
            Act::Reviews { agency, person, message, finding } => {
                came.answer = self.review(agency, *person, message, *finding).await?.map(Err);
            }
            Act::Looks { .. } | Act::Passes => {}
        }
        if self.app.is_some() {
            self.people.open(&self.stage).await?;
        }
        Ok(())
    }

    /// Somebody closes the review of an emergency access. Answers why not, if so.
    async fn review(
        &self,
        agency: &str,
        person: Uuid,
        message: &str,
        finding: ReviewFinding,
    ) -> Result<Option<DoorRefusal>, StageError> {
        let named = self.ids.iter().find(|(_, name)| name.as_str() == message);
        let ((_, id), _) = named.ok_or("a review is of a message that was sent")?;
        let request = CloseReviewRequest {
            message_id: id.clone(),
            finding: finding.into(),
            reason: "Reviewed in the course of a story.".to_owned(),
        };
        let settings = self.stage.person(agency, &person.to_string())?;
        let connection = Connection::connect(&settings).await?;
        let answer = connection.audit().await?.close_review(request).await;
        match answer {
            Ok(_) => Ok(None),
            Err(status) => Ok(not_taken(&CallError::from(&status))?.err()),
        }
    }

    /// Sends a message by itself, and waits for its answer.
    async fn send(
        &mut self,
        sending: &Sending,
    ) -> Result<Result<wire::Accepted, DoorRefusal>, StageError> {
        let Sending { node, name, id, .. } = sending;
        self.ids.insert((node.agency.clone(), id.to_string()), name.clone());
        let key = |answered: &String| (answered.clone(), node.agency.clone());
        let answered = sending.answers.as_ref().map(|name| self.received.get(&key(name)));
        if answered == Some(None) {
            return Ok(Err(DoorRefusal::of_nothing()));
        }
        let answered = answered.flatten().map(String::as_str);
        let message = as_sent(&sending.json, answered, sending.year)?;
        let request = wire::PublishRequest { messages: vec![message] };
        let mut client = match self.people.connection(node)?.exchange().await {
            Ok(client) => client,
            Err(error) => {
                let code = error.refused().map(|refused| refused.code);
                let code = code.ok_or_else(|| error.to_string())?;
                return Ok(Err(DoorRefusal { code, faults: Vec::new() }));
            }
        };
        let answers = match client.publish(tokio_stream::iter([request])).await {
            Ok(answers) => answers,
            Err(status) => return not_taken(&CallError::from(&status)),
        };
        let mut answers = answers.into_inner();
        let frame = match tokio::time::timeout(PATIENCE, answers.message()).await? {
            Ok(frame) => frame.ok_or("the broker did not answer a message")?,
            Err(status) => return not_taken(&CallError::from(&status)),
        };
        let outcome = frame.results.into_iter().next().and_then(|result| result.outcome);
        match outcome.ok_or("an answer is empty")? {
            Outcome::Accepted(accepted) => {
                let route = if sending.immediate { DUTY_ROUTE } else { "" };
                if accepted.duty_route != route || accepted.repeated_submission {
                    return Err("the answer says more than that the message is on disk, and on \
                                an immediate one the duty telephone"
                        .into());
                }
                Ok(Ok(accepted))
            }
            Outcome::Refused(refused) => {
                let faults =
                    refused.violations.into_iter().map(|fault| (fault.field, fault.rule)).collect();
                Ok(Err(DoorRefusal { code: refused.code, faults }))
            }
        }
    }

    async fn acknowledges(&mut self, desk: &Desk, acknowledges: bool) -> Result<(), StageError> {
        if !acknowledges {
            self.silent.insert(desk.clone());
            return Ok(());
        }
        self.silent.remove(desk);
        let held = std::mem::take(&mut self.held);
        for heard in held {
            if heard.desk == *desk {
                heard.incoming.acknowledge().await?;
            } else {
                self.held.push(heard);
            }
        }
        Ok(())
    }

    /// Waits for exactly what must come: until every desk that must be told was told and every
    /// end is recorded, or nothing stands in the way of what is missing and still it is quiet.
    async fn gather(&mut self, event: &Event, came: &mut Came) -> Result<(), StageError> {
        let patience = Instant::now() + PATIENCE;
        let mut last = Instant::now();
        loop {
            while let Some(heard) = self.people.next(LOOK).await? {
                last = Instant::now();
                self.hear(&heard).await?;
                came.heard.push(heard);
            }
            self.book.read()?;
            let told =
                event.expected.told.iter().all(|told| judge::find(told, came, self).is_some());
            let ended = self.book.ended.len() >= came.ended_before + event.expected.ended.len();
            if told && ended {
                break;
            }
            let given_up = ended && !self.on_the_way() && last.elapsed() > QUIET;
            if given_up || Instant::now() > patience {
                break;
            }
        }
        for heard in came.heard.iter().filter(|heard| self.silent.contains(&heard.desk)) {
            // Offered again, it is settled under its newest release.
            let delivery = heard.incoming.delivery_id();
            self.held.retain(|known| known.incoming.delivery_id() != delivery);
            self.held.push(heard.clone());
        }
        Ok(())
    }

    /// Notes a delivery and acknowledges it, if its desk does.
    async fn hear(&mut self, heard: &Heard) -> Result<(), StageError> {
        let delivery = &heard.incoming.delivery;
        self.releases.insert(hex::encode(&delivery.release_id));
        self.book.read()?;
        if let Some(name) = self.name_of(&hex::encode(&delivery.delivery_id)) {
            let key = (name.to_owned(), heard.desk.agency.clone());
            self.received.entry(key).or_insert_with(|| hex::encode(&delivery.release_id));
        }
        if !self.silent.contains(&heard.desk) {
            heard.incoming.acknowledge().await?;
        }
        Ok(())
    }

    /// Whether something that was permitted has neither come nor ended, at a desk that is there.
    fn on_the_way(&self) -> bool {
        self.book.candidates.iter().any(|candidate| {
            candidate.refusal == 0
                && self.people.is_there(&candidate.desk)
                && !self.book.is_released(candidate)
                && !self.book.has_ended(candidate)
        })
    }

    /// How a sender finds its message to stand, once it is as expected or patience is spent.
    async fn track(
        &self,
        node: &Node,
        message: &str,
        wanted: &[(String, wire::OutcomeState)],
    ) -> Result<Vec<(String, wire::OutcomeState)>, StageError> {
        let id = self
            .ids
            .iter()
            .find(|((agency, _), name)| *agency == node.agency && name.as_str() == message);
        let ((_, id), _) = id.ok_or("an agency looks at a message that is not its own")?;
        let mut client = self.people.connection(node)?.exchange().await?;
        let patience = Instant::now() + PATIENCE_WITH_TRACKING;
        loop {
            let request = wire::TrackRequest { message_id: id.clone() };
            let answer = client.track(request).await?.into_inner();
            let rows = answer.outcomes.iter().map(|row| (row.agency.clone(), row.state()));
            let rows: Vec<_> = rows.collect();
            let same = rows.len() == wanted.len() && rows.iter().all(|row| wanted.contains(row));
            if same || Instant::now() > patience {
                return Ok(rows);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Stops the broker as SIGTERM does, after everybody left.
    async fn stop(&mut self) -> Result<(), StageError> {
        self.people.go_home().await?;
        if let Some(app) = self.app.take() {
            app.drain(DRAIN).await;
        }
        Ok(())
    }

    /// A last silence; then everybody leaves, the broker stops, and the ledger is read whole.
    async fn end(&mut self, story: &Story, report: &mut Report) -> Result<(), StageError> {
        while let Some(heard) = self.people.next(SILENCE).await? {
            self.hear(&heard).await?;
            let name = self.name_of(&hex::encode(&heard.incoming.delivery.delivery_id));
            let what = name.unwrap_or("something").to_owned();
            report.fault(story.ledger_line, &format!("after all, {} received {what}", heard.desk));
        }
        self.held.clear();
        self.stop().await?;
        self.book.read()?;
        judge::ledger(report, story, &self.book, &self.releases);
        let sound =
            crate::proofs::check(&self.stage.config().store.path, self.stage.verifier_key())?;
        report.check(sound.sound(), story.ledger_line, "the store and its ledger are one");
        for fault in &sound.faults {
            report.fault(story.ledger_line, &fault.to_string());
        }
        Ok(())
    }
}

/// Who looks at which message, if the event is such.
fn asker(act: &Act) -> Option<(Node, &str)> {
    match act {
        Act::Sends(sending) => Some((sending.node.clone(), &sending.name)),
        Act::Looks { node, message } => Some((node.clone(), message)),
        Act::Standing { .. }
        | Act::Connects { .. }
        | Act::Acknowledges { .. }
        | Act::Broker { .. }
        | Act::Links { .. }
        | Act::Reviews { .. }
        | Act::Opens { .. }
        | Act::Passes => None,
    }
}

fn identifier((register, value): &(String, String)) -> Result<wire::Identifier, StageError> {
    let register = wire::IdentifierType::from_name(register).ok_or("no such register")?;
    Ok(wire::Identifier { r#type: register.into(), value: value.clone() })
}

fn not_taken(error: &CallError) -> Result<Result<wire::Accepted, DoorRefusal>, StageError> {
    let refused = error.refused().ok_or_else(|| error.to_string())?;
    let faults = refused.violations.iter();
    let faults = faults.map(|fault| (fault.field.clone(), fault.rule.clone())).collect();
    Ok(Err(DoorRefusal { code: refused.code, faults }))
}
