//! The load tool: the scenarios by which message brokers are compared, put to this one.
//!
//! Owns what is published, how fast, and what is reported: one JSON line for each measurement.
//! The broker runs in its own process, on a real store, with the shipped directory and bundle;
//! every connection is mutual TLS. Deliberately changes nothing that costs time: every message
//! is decided, recorded, redacted and released as it would be anywhere. Three scenarios are not
//! of brokers in general: what answers betray by their time, what a decision costs, and whether
//! a merge is answered as soon however much is held.

pub mod mix;

pub mod latencies;

pub mod usage;

pub mod arrivals;

pub mod publish;

pub mod site;

pub mod decided;

pub mod fanout;

pub mod latency;

pub mod storm;

pub mod backlog;

pub mod absence;

pub mod decision;

pub mod merge;

pub mod rounds;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use demo::stage::StageError;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use mix::{AGENCIES_MAX, Mix, PEOPLE_MIN};
use rounds::Rounds;
use site::Site;
use usage::{MemoryWatch, folder_bytes, load_average};

use crate::draws;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Steady publishing, every message to every agency.
    Fanout,
    /// One message in flight.
    Latency,
    /// Many new connections.
    Storm,
    /// A mailbox filled, then emptied.
    Backlog,
    /// Pairs of answers that must look alike, timed.
    Absence,
    /// Decisions of policy with the rules of a whole country; no broker runs.
    Decision,
    /// Merges of two numbers, by how much is held of them.
    Merge,
}

impl Scenario {
    /// Those by which brokers are compared.
    const COMPARED: [Self; 4] = [Self::Fanout, Self::Latency, Self::Storm, Self::Backlog];

    const fn name(self) -> &'static str {
        match self {
            Self::Fanout => "S1-fanout",
            Self::Latency => "S2-latency",
            Self::Storm => "S3-storm",
            Self::Backlog => "S4-backlog",
            Self::Absence => "S5-absence",
            Self::Decision => "S6-decision",
            Self::Merge => "S7-merge",
        }
    }

    /// Agencies that are named: the one-mailbox scenarios name one.
    const fn agencies(self, asked: usize) -> usize {
        match self {
            Self::Fanout | Self::Storm => asked,
            Self::Latency | Self::Backlog => 1,
            Self::Absence | Self::Decision | Self::Merge => 0,
        }
    }

    /// Whether every person of the mix is put on a list first.
    const fn lists_people(self) -> bool {
        matches!(self, Self::Fanout | Self::Latency | Self::Backlog)
    }
}

/// How it is measured.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Scenario; repeat for several. When none is given, the four by which brokers are compared.
    #[arg(long, value_enum)]
    pub scenario: Vec<Scenario>,
    /// Seconds measured.
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// Seconds before measuring.
    #[arg(long, default_value_t = 2.0)]
    pub warm_up: f64,
    /// Publishing connections.
    #[arg(long, default_value_t = 2)]
    pub connections: usize,
    /// Messages unanswered at once on each.
    #[arg(long, default_value_t = 256)]
    pub in_flight: usize,
    /// Agencies that every message names, 1 to 5.
    #[arg(long, default_value_t = AGENCIES_MAX, value_parser = agencies)]
    pub agencies: usize,
    /// Repetitions, each on a fresh store; the last line then has the medians of all.
    #[arg(long, default_value_t = 1)]
    pub rounds: u32,
    /// People written about, 1,000 to 10,000.
    #[arg(long, default_value_t = PEOPLE_MIN, value_parser = clap::value_parser!(u64).range(PEOPLE_MIN..=10_000))]
    pub people: u64,
    /// Encoded size of a message, bytes.
    #[arg(long, default_value_t = 1_024)]
    pub message_bytes: usize,
    /// Connections of the storm.
    #[arg(long, default_value_t = 500)]
    pub storm_connections: usize,
    /// Messages of the backlog.
    #[arg(long, default_value_t = 200_000)]
    pub backlog_messages: u64,
    /// Pairs of each class of the absence scenario.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub pairs: u64,
    /// Decisions over the slice, and as many from memory.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(40..))]
    pub decisions: u64,
    /// Messages held at the higher of the two measurements of merges.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub held: u64,
    /// Seed of what is drawn; a fresh one when not given. Every line that draws tells its own.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..SEED_END))]
    pub seed: Option<u64>,
    /// Program run as `PROGRAM serve --config FILE`; this one when not given.
    #[arg(long, value_name = "PROGRAM")]
    pub broker: Option<PathBuf>,
    /// Where the store is made; the system's folder for temporary files when not given.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Seeds are below this, so that no reader of JSON rounds one.
const SEED_END: u64 = 1 << 53;

fn agencies(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=AGENCIES_MAX).contains(number));
    number.ok_or_else(|| format!("1 to {AGENCIES_MAX}"))
}

impl Options {
    fn scenarios(&self) -> &[Scenario] {
        if self.scenario.is_empty() { &Scenario::COMPARED } else { &self.scenario }
    }
}

/// Measures everything asked for and hands over each line as it is known. Scenarios alternate
/// inside a round, so that slow changes of the machine touch all alike. After several rounds
/// the last line has the median of every figure.
///
/// # Errors
/// The broker does not start, or refuses what it should take.
pub async fn run(
    options: &Options,
    program: &Path,
    mut tell: impl FnMut(Value),
) -> Result<(), StageError> {
    let mut rounds = Rounds::default();
    for round in 1..=options.rounds {
        for scenario in options.scenarios() {
            let line = measure(options, *scenario, round, program).await?;
            let figures =
                FIGURES.iter().filter_map(|key| Some(((*key).to_owned(), line.get(key)?)));
            let figures = figures.map(|(key, figure)| (key, figure.clone())).collect();
            rounds.add(scenario.name(), figures);
            tell(line);
        }
    }
    if options.rounds > 1 {
        tell(rounds.medians(options.rounds));
    }
    Ok(())
}

/// Of a line, what rounds have a median of.
const FIGURES: [&str; 4] = ["load1_before", "metrics", "server_peak_mib", "data_dir_bytes"];

async fn measure(
    options: &Options,
    scenario: Scenario,
    round: u32,
    program: &Path,
) -> Result<Value, StageError> {
    #[expect(clippy::disallowed_methods, reason = "the broker under load runs on the real clock")]
    let now = OffsetDateTime::now_utc();
    let load_before = load_average();
    let program = options.broker.as_deref().unwrap_or(program);
    let mut options = options.clone();
    options.agencies = scenario.agencies(options.agencies);
    let seed = seed_of(&options, round);
    let mut line = json!({
        "system": "pyramid",
        "scenario": scenario.name(),
        "rep": round,
        "started_unix_s": now.unix_timestamp(),
        "server_version": env!("CARGO_PKG_VERSION"),
        "params": params(&options, scenario, seed),
        "load1_before": load_before,
    });
    let options = &options;
    let broker = AtABroker { options, scenario, program, now };
    let measured = match scenario {
        Scenario::Fanout => {
            broker.measure(async |site, mix| fanout::run(options, site, mix).await).await?
        }
        Scenario::Latency => {
            broker.measure(async |site, mix| latency::run(options, site, mix).await).await?
        }
        Scenario::Storm => broker.measure(async |site, _| storm::run(options, site).await).await?,
        Scenario::Backlog => {
            broker.measure(async |site, mix| backlog::run(options, site, mix).await).await?
        }
        Scenario::Absence => {
            broker.measure(async |site, _| absence::run(options, site, now, seed).await).await?
        }
        Scenario::Merge => broker.measure(async |site, _| merge::run(options, site).await).await?,
        Scenario::Decision => json!({ "metrics": decision::run(options, seed)? }),
    };
    if let (Value::Object(line), Value::Object(measured)) = (&mut line, measured) {
        line.extend(measured);
    }
    Ok(line)
}

/// How it is measured, as far as the scenario heeds it.
fn params(options: &Options, scenario: Scenario, seed: u64) -> Value {
    let optimised = cfg!(not(debug_assertions));
    match scenario {
        Scenario::Absence => {
            json!({ "pairs": options.pairs, "seed": seed, "optimised": optimised })
        }
        Scenario::Decision => {
            json!({ "decisions": options.decisions, "seed": seed, "optimised": optimised })
        }
        Scenario::Merge => json!({ "held": options.held, "optimised": optimised }),
        Scenario::Fanout | Scenario::Latency | Scenario::Storm | Scenario::Backlog => json!({
            "message_bytes": options.message_bytes,
            "publishers": options.connections,
            "window": options.in_flight,
            "agencies": options.agencies,
            "people": options.people,
            "optimised": optimised,
        }),
    }
}

/// The seed of a round: another each time, and the same again from the same option.
fn seed_of(options: &Options, round: u32) -> u64 {
    let first = options.seed.unwrap_or_else(draws::seed);
    first.wrapping_add(u64::from(round) - 1) % SEED_END
}

/// A measurement at a broker on a fresh store.
struct AtABroker<'a> {
    options: &'a Options,
    scenario: Scenario,
    program: &'a Path,
    now: OffsetDateTime,
}

impl AtABroker<'_> {
    async fn measure(
        self,
        run: impl AsyncFnOnce(&Site, &Mix) -> Result<Value, StageError>,
    ) -> Result<Value, StageError> {
        let Self { options, scenario, program, now } = self;
        let site = Site::set(program, options.folder.as_deref()).await?;
        let run_id = Uuid::new_v4().as_u64_pair().0;
        let mix = Mix::new(run_id, options.agencies, options.people, options.message_bytes, now);
        if scenario.lists_people() {
            site.raise_flags(&mix).await?;
        }
        let memory = MemoryWatch::start(site.pid()?);
        let metrics = run(&site, &mix).await?;
        Ok(json!({
            "metrics": metrics,
            "server_peak_mib": memory.peak_mib(),
            "data_dir_bytes": folder_bytes(site.outside.stage().folder()),
        }))
    }
}
