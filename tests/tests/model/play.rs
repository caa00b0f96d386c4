//! Plays many sequences in one town against a real broker, and holds what comes against the model.
//!
//! Owns the order of a round: something happens to the whole town, then each sequence takes its
//! step, and after either everything that must come is waited for and compared. Promises that
//! every message goes over sockets under mutual TLS, and that whatever comes and was not expected
//! is found: at the next comparison, or in the silence at the end. Deliberately does not know: why
//! something was expected.

mod compare;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use agency_client::subscription::Settlement;
use agency_client::{Connection, Incoming, Subscription, SubscriptionOptions};
use broker::app::App;
use broker::clock::SetClock;
use broker::delivery::outbox::Outbox as _;
use broker::store::sqlite::SqliteReaders;
use demo::stage::{OPERATOR, Stage, for_good};
use proto::admin::v1 as admin;
use proto::directory::v1::StateLinkRequest;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome as Answered;
use proto::limits::PUBLISH_FRAME_MESSAGES_MAX;
use proto::refusal::Refusal;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio_stream::StreamMap;

use super::model::{Expected, Model, Outcome, Town};
use super::register::Number;
use super::steps::{Cast, Sequence, Step, Turn, id_of};
use super::town::{BEGINS, DESKS, script};
use super::words;

/// Pause between two looks at what waits.
const LOOK: Duration = Duration::from_millis(10);
/// How long nothing may come at the end.
const SILENCE: Duration = Duration::from_millis(700);

/// A sequence of which something came other than the model says.
#[derive(Debug)]
pub struct Failure {
    pub sequence: Option<u32>,
    pub round: usize,
    pub what: String,
}

/// What was played and compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub steps: u64,
    pub turns: u64,
    pub deliveries: u64,
    pub notices: u64,
    pub tasks: u64,
    pub withheld: u64,
    /// Word that numbers are merged or parted.
    pub merges: u64,
}

impl Tally {
    /// The sum of two.
    pub fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.turns += other.turns;
        self.deliveries += other.deliveries;
        self.notices += other.notices;
        self.tasks += other.tasks;
        self.withheld += other.withheld;
        self.merges += other.merges;
    }
}

/// One sequence under way.
struct Player {
    sequence: Sequence,
    model: Model,
}

/// A town and everybody in it.
pub struct Play {
    stage: Stage,
    clock: Arc<SetClock>,
    app: App,
    town: Town,
    players: BTreeMap<u32, Player>,
    connections: HashMap<usize, Connection>,
    mailboxes: StreamMap<usize, Subscription>,
    /// The message that an agency's reference stands for: sequence and place.
    references: HashMap<(&'static str, Vec<u8>), (u32, usize)>,
    /// Whose news an agency's references are of.
    owners: HashMap<(&'static str, Vec<u8>), u32>,
    /// Whose a number or a name is.
    marks: HashMap<String, u32>,
    /// What came and was not yet compared.
    came: BTreeMap<(u32, usize), Vec<Incoming>>,
    /// Receipts on their way.
    receipts: Vec<Settlement>,
    patience: Duration,
    readers: SqliteReaders,
    tally: Tally,
    _folder: TempDir,
}

type Awaited = BTreeMap<(u32, usize), Vec<Expected>>;

impl Play {
    /// Sets a town up and brings everybody in.
    pub async fn begin(sequences: Vec<(Cast, Sequence)>, patience: Duration) -> Self {
        let folder = TempDir::new().unwrap();
        let made = for_good(BEGINS - time::Duration::days(1));
        let script = script();
        let stage = Stage::set_with(folder.path(), &script, made).await.unwrap();
        let clock = Arc::new(SetClock::at(BEGINS));
        let app = App::start_with(stage.config().clone(), Arc::<SetClock>::clone(&clock));
        let app = app.await.unwrap();
        stage.approve(&script).await.unwrap();
        let mut marks = HashMap::new();
        for (cast, _) in &sequences {
            marks.extend(cast.marks().into_iter().map(|mark| (mark, cast.number)));
        }
        let players = sequences
            .into_iter()
            .map(|(cast, sequence)| (cast.number, Player { sequence, model: Model::default() }));
        let readers = SqliteReaders::new(&stage.config().store.path);
        let mut play = Self {
            readers,
            stage,
            clock,
            app,
            town: Town { now: BEGINS, suspended: BTreeSet::new(), away: BTreeSet::new() },
            players: players.collect(),
            connections: HashMap::new(),
            mailboxes: StreamMap::new(),
            references: HashMap::new(),
            owners: HashMap::new(),
            marks,
            came: BTreeMap::new(),
            receipts: Vec::new(),
            patience,
            tally: Tally::default(),
            _folder: folder,
        };
        play.open().await;
        play
    }

    /// Plays every round, and then listens for what should not come.
    ///
    /// # Errors
    /// The first sequence of which something else came than must.
    pub async fn through(mut self, turns: &[Turn]) -> Result<Tally, Failure> {
        for (round, turn) in turns.iter().enumerate() {
            if *turn != Turn::Nothing {
                self.tally.turns += 1;
                self.turn(*turn).await;
                let awaited = self.model_delivers();
                self.compare(awaited, round).await?;
            }
            let mut awaited = self.steps(round).await?;
            self.app.tend().await;
            self.tell_days(&mut awaited);
            self.compare(awaited, round).await?;
        }
        tokio::time::sleep(SILENCE).await;
        self.compare(Awaited::new(), turns.len()).await?;
        let mailboxes: Vec<usize> = self.mailboxes.keys().copied().collect();
        for desk in mailboxes {
            if let Some(mailbox) = self.mailboxes.remove(&desk) {
                mailbox.close().await.unwrap();
            }
        }
        self.connections.clear();
        self.app.drain(Duration::from_secs(2)).await;
        Ok(self.tally)
    }

    /// Opens the mailbox of every desk that is there.
    async fn open(&mut self) {
        for (desk, of) in DESKS.iter().enumerate() {
            if self.mailboxes.contains_key(&desk) || !self.town.is_there(desk) {
                continue;
            }
            let connection = self.connection(desk).await.clone();
            let options =
                SubscriptionOptions { credit: 4_096, ..SubscriptionOptions::of_desk(of.desk) };
            self.mailboxes.insert(desk, Subscription::open(&connection, options).await.unwrap());
        }
    }

    async fn connection(&mut self, desk: usize) -> &Connection {
        if !self.connections.contains_key(&desk) {
            let settings = self.stage.node(DESKS[desk].agency, DESKS[desk].desk).unwrap();
            self.connections.insert(desk, Connection::connect(&settings).await.unwrap());
        }
        &self.connections[&desk]
    }

    async fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Nothing => {}
            Turn::Leave(desk) => {
                self.town.away.insert(desk);
                if let Some(mailbox) = self.mailboxes.remove(&desk)
                    && !self.town.suspended.contains(DESKS[desk].agency)
                {
                    mailbox.close().await.unwrap();
                }
            }
            Turn::Return(desk) => {
                self.town.away.remove(&desk);
            }
            Turn::Suspend(agency) => {
                self.town.suspended.insert(agency);
                for desk in (0..DESKS.len()).filter(|desk| DESKS[*desk].agency == agency) {
                    // What it settled is durable before it loses its connections.
                    if let Some(mailbox) = self.mailboxes.remove(&desk) {
                        mailbox.close().await.unwrap();
                    }
                    self.connections.remove(&desk);
                }
                self.stand(agency, true).await;
            }
            Turn::Resume(agency) => {
                self.stand(agency, false).await;
                self.town.suspended.remove(agency);
            }
            Turn::Pass(hours) => {
                let passed = Duration::from_secs(hours.unsigned_abs() * 3_600);
                self.clock.advance(passed);
                self.town.now += passed;
            }
        }
        if matches!(turn, Turn::Pass(_)) {
            self.end_what_ran_out().await;
        }
        self.gone().await;
        self.open().await;
    }

    /// The broker has put away every mailbox that was closed: what it gave to one whose owner has
    /// just gone would count as given.
    async fn gone(&self) {
        let put_away = async {
            while self.app.sources.hub.streams() > self.mailboxes.len() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(self.patience, put_away).await.unwrap();
    }

    /// Nothing that ran out is still there when a desk asks, and senders are told at this moment.
    async fn end_what_ran_out(&self) {
        while !self.readers.expired(self.town.now).unwrap().is_empty() {
            self.app.tend().await;
            tokio::time::sleep(LOOK).await;
        }
        self.app.tend().await;
    }

    async fn stand(&self, agency: &str, suspended: bool) {
        let request = admin::SetStandingRequest { agency: agency.to_owned(), suspended };
        self.stage.admin(OPERATOR).await.unwrap().set_standing(request).await.unwrap();
    }

    fn model_delivers(&mut self) -> Awaited {
        let mut awaited = Awaited::new();
        for (number, player) in &mut self.players {
            for expected in player.model.deliver(&self.town) {
                awaited.entry((*number, expected.desk)).or_default().push(expected);
            }
        }
        awaited
    }

    fn tell_days(&mut self, awaited: &mut Awaited) {
        for (number, player) in &mut self.players {
            for expected in player.model.tell_days(&self.town) {
                awaited.entry((*number, expected.desk)).or_default().push(expected);
            }
        }
    }

    /// Each sequence takes its step. Answers what must come of it.
    async fn steps(&mut self, round: usize) -> Result<Awaited, Failure> {
        let mut awaited = Awaited::new();
        let mut frames: BTreeMap<usize, Vec<(u32, Outcome, wire::Message)>> = BTreeMap::new();
        let mut links = Vec::new();
        for (number, player) in &mut self.players {
            let Some(step) = player.sequence.steps.get(round).cloned().flatten() else { continue };
            let expected = match step {
                Step::Send(sending) => {
                    let cites = sending.cites.map(|step| player.model.sent_by(step));
                    let suspended = self.town.suspended.contains(DESKS[sending.from].agency);
                    if suspended || cites == Some(None) {
                        continue;
                    }
                    let message = sending.at(self.town.now, *number, round);
                    // Which of several flags it changes is not said.
                    if player.model.speaks_of_several(&message, sending.from) {
                        continue;
                    }
                    let (outcome, expected) = player.model.send(
                        &self.town,
                        (round, sending.from),
                        message.clone(),
                        cites.flatten(),
                    );
                    frames.entry(sending.from).or_default().push((*number, outcome, message));
                    expected
                }
                Step::Link { by, one, other, birth, withdrawn } => {
                    if self.town.suspended.contains(DESKS[by].agency) {
                        continue;
                    }
                    let ends = (&one, &other);
                    let expected = player.model.link(&self.town, by, ends, &birth, withdrawn);
                    links.push((by, one, other, birth, withdrawn));
                    expected
                }
            };
            self.tally.steps += 1;
            for one in expected {
                awaited.entry((*number, one.desk)).or_default().push(one);
            }
        }
        for (from, messages) in frames {
            for frame in messages.chunks(PUBLISH_FRAME_MESSAGES_MAX) {
                self.publish(from, frame, round).await?;
            }
        }
        for link in links {
            self.link(link).await;
        }
        Ok(awaited)
    }

    /// Sends one frame, and holds every answer against the model's.
    async fn publish(
        &mut self,
        from: usize,
        frame: &[(u32, Outcome, wire::Message)],
        round: usize,
    ) -> Result<(), Failure> {
        let mut client = self.connection(from).await.exchange().await.unwrap();
        let messages = frame.iter().map(|(_, _, message)| message.clone()).collect();
        let request = wire::PublishRequest { messages };
        let mut answers = client.publish(tokio_stream::iter([request])).await.unwrap().into_inner();
        let mut open: HashMap<String, (u32, Outcome)> =
            frame.iter().map(|(of, out, one)| (one.message_id.clone(), (*of, *out))).collect();
        while !open.is_empty() {
            let next = tokio::time::timeout(self.patience, answers.message()).await;
            let Ok(Ok(Some(next))) = next else {
                let sequence = open.values().next().map(|(of, _)| *of);
                let what = format!("{} messages were not answered: {next:?}", open.len());
                return Err(Failure { sequence, round, what });
            };
            for result in next.results {
                let Some((of, outcome)) = open.remove(&result.message_id) else { continue };
                let as_expected = match (&result.outcome, outcome) {
                    (Some(Answered::Accepted(_)), Outcome::Accepted) => true,
                    (Some(Answered::Refused(refused)), Outcome::NotFound) => {
                        refused.code == Refusal::NotFound.code()
                    }
                    _ => false,
                };
                if !as_expected {
                    let answered = match &result.outcome {
                        Some(Answered::Refused(refused)) => {
                            let faults = refused.violations.iter();
                            let faults: Vec<_> =
                                faults.map(|one| format!("{}: {}", one.field, one.rule)).collect();
                            format!("refused by {}: {faults:?}", refused.code)
                        }
                        Some(Answered::Accepted(_)) => "accepted".to_owned(),
                        None => "nothing".to_owned(),
                    };
                    let what = format!("expected {outcome:?}, answered {answered}");
                    return Err(Failure { sequence: Some(of), round, what });
                }
            }
        }
        Ok(())
    }

    async fn link(&mut self, link: (usize, Number, Number, String, bool)) {
        let (by, one, other, birth_date, withdrawn) = link;
        let end = |(register, value): Number| Some(wire::Identifier { r#type: register, value });
        let mut client = self.connection(by).await.directory().await.unwrap();
        let request = StateLinkRequest { one: end(one), other: end(other), birth_date, withdrawn };
        client.state_link(request).await.unwrap();
    }
}

fn name(desk: usize) -> String {
    format!("{}/{}", DESKS[desk].agency, DESKS[desk].desk)
}

/// A sequence as a reader can follow it.
pub fn told(turns: &[Turn], cast: &Cast, sequence: &Sequence) -> String {
    let mut text = String::new();
    let mut now: OffsetDateTime = BEGINS;
    for (round, turn) in turns.iter().enumerate() {
        if let Turn::Pass(hours) = turn {
            now += time::Duration::hours(*hours);
        }
        if *turn != Turn::Nothing {
            let shown = match turn {
                Turn::Leave(desk) => format!("{} goes away", name(*desk)),
                Turn::Return(desk) => format!("{} is back", name(*desk)),
                other => format!("{other:?}"),
            };
            text.push_str(&format!("round {round}: {shown}\n"));
        }
        match sequence.steps.get(round).and_then(Option::as_ref) {
            Some(Step::Send(sending)) => {
                let message = sending.at(now, cast.number, round);
                let cites = sending.cites.map(|step| format!(", citing step {step}"));
                text.push_str(&format!(
                    "round {round}: {} sends{}\n{}\n",
                    name(sending.from),
                    cites.unwrap_or_default(),
                    words::message(&message)
                ));
            }
            Some(Step::Link { by, one, other, birth, withdrawn }) => text.push_str(&format!(
                "round {round}: {} states {one:?} = {other:?}, born {birth}, withdrawn {withdrawn}\n",
                name(*by)
            )),
            None => {}
        }
    }
    text.push_str(&format!("(ids of messages begin {})\n", id_of(cast.number, 0)));
    text
}
