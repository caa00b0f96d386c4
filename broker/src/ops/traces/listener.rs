//! What is exported: the one table of spans and attributes, and the layer that picks them.
//!
//! Promises that only events of [`crate::spans`] and failures of this program are picked; that of
//! these only the fields in the table are read, and of a failure only its code, never its
//! sentence; that a value is a number or a text of ours, never what somebody formatted; and that
//! nothing waits: what the queue has no room for is counted.
//! Deliberately does not know: collectors.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;
use crate::spans;

use super::SpanCounts;

/// Fields of the spans, and the attributes they become. `micros` becomes the length.
const FIELDS: &[(&str, &str)] = &[
    ("agency", "pyramid.agency"),
    ("node", "pyramid.node"),
    ("status", "rpc.grpc.status_code"),
    ("items", "pyramid.items"),
    ("entries", "pyramid.entries"),
    ("generation", "pyramid.generation"),
];
/// Fields of our failures that hold a code.
const CODES: &[&str] = &["code", "fault", "reason"];
/// The attribute of a failure's code, and the one of where in the program it was told.
const CODE: &str = "pyramid.code";
const MODULE: &str = "code.namespace";
/// Characters of a code.
const CODE_CHARACTERS_MAX: usize = 64;
/// The name of a failure's span.
const FAILURE: &str = "failure";
/// Our own failures are not told of: each would bring another.
const OWN: &str = "broker::ops::traces";
/// What the path of an RPC begins with.
const PATH_START: char = '/';
const NANOS_PER_MICRO: u64 = 1_000;

/// Who is told, and for whom: SPAN_KIND of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// A call we answered.
    Server,
    /// Our own work.
    Internal,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A word of ours or an id of the directory.
    Word(String),
    /// A number.
    Number(i64),
}

/// A span that waits to be exported.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) side: Side,
    /// Nanoseconds since 1970.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) failed: bool,
    pub(super) attributes: Vec<(&'static str, Value)>,
}

/// What an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// One of [`crate::spans`].
    Span,
    /// A failure of ours.
    Failure,
}

impl Source {
    fn of(metadata: &Metadata<'_>) -> Option<Self> {
        let target = metadata.target();
        // Of foreign libraries nothing is told, however grave: they may quote a message.
        let ours = target == "broker" || target.starts_with("broker::");
        if target == spans::TARGET {
            Some(Self::Span)
        } else if ours && *metadata.level() <= Level::WARN && !target.starts_with(OWN) {
            Some(Self::Failure)
        } else {
            None
        }
    }
}

/// Picks what is exported out of everything that is logged.
pub struct Listener {
    queue: mpsc::Sender<Told>,
    counts: Arc<SpanCounts>,
    clock: Arc<dyn Clock>,
    sampled_percent: u64,
    calls: AtomicU64,
    commits: AtomicU64,
}

impl Listener {
    pub(super) fn new(
        queue: mpsc::Sender<Told>,
        counts: Arc<SpanCounts>,
        clock: Arc<dyn Clock>,
        sampled_percent: u64,
    ) -> Self {
        let (calls, commits) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { queue, counts, clock, sampled_percent, calls, commits }
    }

    /// The layer for a subscriber. Its own filter keeps everything else from it, and it from
    /// changing what a log shows.
    pub fn layer<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let wanted = filter_fn(|metadata| metadata.is_event() && Source::of(metadata).is_some());
        self.with_filter(wanted.with_max_level_hint(LevelFilter::INFO))
    }

    /// Whether this one is among those told of: of a hundred in a row exactly so many are.
    /// Calls and commits are counted apart, because they often take turns.
    fn sampled(&self, kind: &str) -> bool {
        let count = match kind {
            spans::CALL => &self.calls,
            spans::COMMIT => &self.commits,
            _ => return true,
        };
        let before = count.fetch_add(self.sampled_percent, Ordering::Relaxed);
        before % 100 < self.sampled_percent
    }

    fn tell(&self, told: Told) {
        if self.queue.try_send(told).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().unix_timestamp_nanos()).unwrap_or(0)
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let Some(source) = Source::of(metadata) else { return };
        let mut read = Reading::new(source);
        event.record(&mut read);
        if source == Source::Failure {
            read.attributes.push((MODULE, Value::Word(metadata.target().to_owned())));
        } else if !self.sampled(&read.kind) {
            return;
        }
        self.tell(read.ended_at(self.now()));
    }
}

/// An event as it is read.
struct Reading {
    source: Source,
    kind: String,
    method: String,
    micros: u64,
    status: i64,
    attributes: Vec<(&'static str, Value)>,
}

impl Reading {
    fn new(source: Source) -> Self {
        Self {
            source,
            kind: String::new(),
            method: String::new(),
            micros: 0,
            status: 0,
            attributes: Vec::new(),
        }
    }

    fn number(&mut self, field: &str, number: i64) {
        if self.source == Source::Failure {
            return;
        }
        if field == "status" {
            self.status = number;
        }
        self.add(field, Value::Number(number));
    }

    fn add(&mut self, field: &str, value: Value) {
        let row = FIELDS.iter().find(|(name, _)| *name == field);
        self.attributes.extend(row.map(|(_, attribute)| (*attribute, value)));
    }

    fn ended_at(self, ended: u64) -> Told {
        let call = self.source == Source::Span && self.kind == spans::CALL;
        let failed = match self.source {
            Source::Failure => true,
            Source::Span => call && is_our_fault(self.status),
        };
        let mut attributes = self.attributes;
        let name = if call {
            let method = self.method.trim_start_matches(PATH_START);
            attributes.push(("rpc.system", Value::Word("grpc".to_owned())));
            if let Some((service, method)) = method.split_once(PATH_START) {
                attributes.push(("rpc.service", Value::Word(service.to_owned())));
                attributes.push(("rpc.method", Value::Word(method.to_owned())));
            }
            method.to_owned()
        } else if self.source == Source::Failure {
            FAILURE.to_owned()
        } else {
            self.kind
        };
        let began = ended.saturating_sub(self.micros.saturating_mul(NANOS_PER_MICRO));
        let side = if call { Side::Server } else { Side::Internal };
        Told { name, side, began, ended, failed, attributes }
    }
}

impl Visit for Reading {
    fn record_str(&mut self, field: &Field, text: &str) {
        match (self.source, field.name()) {
            (Source::Span, "kind") => text.clone_into(&mut self.kind),
            (Source::Span, "method") => text.clone_into(&mut self.method),
            (Source::Span, name) => self.add(name, Value::Word(text.to_owned())),
            (Source::Failure, name) if CODES.contains(&name) && is_code(text) => {
                self.attributes.push((CODE, Value::Word(text.to_owned())));
            }
            (Source::Failure, _) => {}
        }
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        if field.name() == "micros" {
            self.micros = number;
        } else {
            self.number(field.name(), i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    fn record_i64(&mut self, field: &Field, number: i64) {
        self.number(field.name(), number);
    }

    /// Sentences and whatever else was formatted: never exported.
    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

/// Whether a text has the form of the codes in our log.
fn is_code(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=CODE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a code of a call's end says that we failed, and not the caller (OpenTelemetry semantic
/// conventions for gRPC, server spans): unknown, deadline exceeded, unimplemented, internal,
/// unavailable, data loss.
const fn is_our_fault(status: i64) -> bool {
    matches!(status, 2 | 4 | 12 | 13 | 14 | 15)
}
