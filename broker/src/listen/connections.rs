//! The table of open connections: how many there are, and putting out those that must go.
//!
//! Promises that the bounds hold at every moment, that a place is given back exactly once, and
//! that a sweep closes everything the directory, the revocation lists and the roots of that
//! moment would not let in. Deliberately does not know: sockets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::directory::Directory;
use crate::identity::{IdentityError, PeerCertificate, verify};

use super::calls::Calls;
use super::connection::Closing;
use super::counters::ListenCounters;
use super::refused::Refused;
use super::tls::Loaded;

/// Why a living connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The certificate ended, or the directory no longer knows the caller in good standing.
    Identity(IdentityError),
    /// The certificate or one presented with it is revoked.
    Revoked,
    /// The chain no longer verifies against the roots and lists taken up since.
    ChainRefused,
    /// An operator asked for it.
    Operator,
    /// The listener stopped.
    Stopped,
}

impl CloseReason {
    /// The reason as a label of a counter or a log field.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identity(error) => error.code(),
            Self::Revoked => "revoked",
            Self::ChainRefused => "chain_refused",
            Self::Operator => "operator",
            Self::Stopped => "stopped",
        }
    }

    /// The code of every reason, each once.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let own = [Self::Revoked, Self::ChainRefused, Self::Operator, Self::Stopped];
        let identity = IdentityError::ALL.iter().map(|error| Self::Identity(*error));
        own.into_iter().chain(identity).map(Self::code)
    }
}

/// What is to become of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It is closed at once.
    Close(CloseReason),
}

/// A chain as it was presented, with the generation of TLS files it last verified under.
pub(super) struct VerifiedChain {
    pub(super) presented: Vec<CertificateDer<'static>>,
    pub(super) generation: u64,
}

struct Entry {
    certificate: Arc<PeerCertificate>,
    presented: Vec<CertificateDer<'static>>,
    verified_generation: AtomicU64,
    /// Counted as closed, and closed or about to be.
    condemned: AtomicBool,
    closing: Closing,
    calls: Calls,
}

#[derive(Default)]
struct Table {
    next_id: u64,
    entries: HashMap<u64, Arc<Entry>>,
    by_agency: HashMap<Arc<str>, usize>,
    /// No place is given any more.
    shut: bool,
}

/// Every open connection.
pub struct Connections {
    table: Mutex<Table>,
    connections_max: usize,
    counters: Arc<ListenCounters>,
    nudge: Notify,
}

impl Connections {
    /// An empty table for at most `connections_max` connections.
    #[must_use]
    pub fn new(connections_max: usize, counters: Arc<ListenCounters>) -> Self {
        Self { table: Mutex::default(), connections_max, counters, nudge: Notify::new() }
    }

    /// Connections open now.
    #[must_use]
    pub fn total(&self) -> usize {
        self.lock().entries.len()
    }

    /// Connections of one agency open now.
    #[must_use]
    pub fn of_agency(&self, agency: &str) -> usize {
        self.lock().by_agency.get(agency).copied().unwrap_or_default()
    }

    /// Connections of each agency that has any open now, in no order.
    #[must_use]
    pub fn by_agency(&self) -> Vec<(Arc<str>, usize)> {
        let table = self.lock();
        table.by_agency.iter().map(|(agency, open)| (Arc::clone(agency), *open)).collect()
    }

    /// Asks each connection's fate and closes those that must go. Gives how many it closed.
    pub fn walk(&self, mut fate: impl FnMut(&PeerCertificate) -> Verdict) -> usize {
        self.walk_entries(|entry| fate(&entry.certificate))
    }

    /// Closes every connection that this moment would not let in. Gives how many.
    ///
    /// Promise: first what is cheap to know (dates, standing, registration, revoked serials) for
    ///          all; then, once per connection and generation of TLS files, the whole chain
    ///          against those files, so that a withdrawn root closes too.
    /// Bound:   some hundred microseconds a connection when the generation has changed, well
    ///          under one otherwise; call it where blocking is allowed.
    /// Why an overdue list closes only after a change of files: until then new handshakes and
    ///          releases stop, and callers may still be told so.
    pub fn sweep(&self, directory: &Directory, loaded: &Loaded, now: OffsetDateTime) -> usize {
        let cheap = self.walk(|certificate| {
            if loaded.revoked().names(certificate) {
                return Verdict::Close(CloseReason::Revoked);
            }
            match verify(certificate, directory, now) {
                Ok(_) => Verdict::Keep,
                Err(error) => Verdict::Close(CloseReason::Identity(error)),
            }
        });
        let chains = self.walk_entries(|entry| {
            if entry.verified_generation.load(Ordering::Relaxed) == loaded.generation() {
                return Verdict::Keep;
            }
            if !loaded.verifies(&entry.presented, now) {
                return Verdict::Close(CloseReason::ChainRefused);
            }
            entry.verified_generation.store(loaded.generation(), Ordering::Relaxed);
            Verdict::Keep
        });
        cheap.saturating_add(chains)
    }

    /// Has the connections swept now and not only at the next turn: after a change of the
    /// directory or of an agency's standing.
    pub fn sweep_soon(&self) {
        self.nudge.notify_one();
    }

    pub(super) async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// Closes every connection on which no call is being worked on, and none was for so long.
    /// Gives how many. For a broker that stops: whoever is left then does not read what ended
    /// its streams, or does not answer at all.
    pub fn close_idle(&self, time: Duration) -> usize {
        self.walk_entries(|entry| {
            let idle = entry.calls.idle_for(time);
            if idle { Verdict::Close(CloseReason::Stopped) } else { Verdict::Keep }
        })
    }

    /// Closes every connection and gives no place ever after.
    pub(super) fn shut(&self) {
        self.lock().shut = true;
        self.walk(|_| Verdict::Close(CloseReason::Stopped));
    }

    pub(super) fn is_full(&self) -> bool {
        self.total() >= self.connections_max
    }

    /// Takes a place for a connection.
    ///
    /// Refuses: [`Refused::Stopped`], [`Refused::ConnectionsMax`],
    ///          [`Refused::AgencyConnectionsMax`].
    pub(super) fn register(
        self: &Arc<Self>,
        certificate: Arc<PeerCertificate>,
        chain: VerifiedChain,
        agency_connections_max: u32,
    ) -> Result<Registration, Refused> {
        let agency_max = usize::try_from(agency_connections_max).unwrap_or(usize::MAX);
        let mut table = self.lock();
        if table.shut {
            return Err(Refused::Stopped);
        }
        if table.entries.len() >= self.connections_max {
            return Err(Refused::ConnectionsMax);
        }
        let open = table.by_agency.get(certificate.agency()).copied().unwrap_or_default();
        if open >= agency_max {
            return Err(Refused::AgencyConnectionsMax);
        }
        let id = table.next_id;
        table.next_id = id.saturating_add(1);
        table.by_agency.insert(Arc::clone(certificate.agency()), open.saturating_add(1));
        let entry = Arc::new(Entry {
            certificate,
            presented: chain.presented,
            verified_generation: AtomicU64::new(chain.generation),
            condemned: AtomicBool::new(false),
            closing: Closing::default(),
            calls: Calls::default(),
        });
        table.entries.insert(id, Arc::clone(&entry));
        drop(table);
        Ok(Registration { id, entry, connections: Arc::clone(self) })
    }

    /// A number for a connection that gets no place.
    pub(super) fn number(&self) -> u64 {
        let mut table = self.lock();
        let id = table.next_id;
        table.next_id = id.saturating_add(1);
        id
    }

    fn walk_entries(&self, mut fate: impl FnMut(&Entry) -> Verdict) -> usize {
        // The lock is not held while fates are asked: a new connection must not wait for them.
        let entries: Vec<Arc<Entry>> = self.lock().entries.values().cloned().collect();
        let mut closed: usize = 0;
        for entry in entries.iter().filter(|entry| !entry.condemned.load(Ordering::SeqCst)) {
            if let Verdict::Close(reason) = fate(entry)
                && !entry.condemned.swap(true, Ordering::SeqCst)
            {
                // Counted first: whoever sees the connection end finds it counted.
                closed = closed.saturating_add(1);
                self.counters.count_closed(reason);
                tracing::info!(reason = reason.code(), "connection closed");
                entry.closing.close();
            }
        }
        closed
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the table, given back when dropped.
pub(super) struct Registration {
    id: u64,
    entry: Arc<Entry>,
    connections: Arc<Connections>,
}

impl Registration {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn closing(&self) -> &Closing {
        &self.entry.closing
    }

    pub(super) fn calls(&self) -> &Calls {
        &self.entry.calls
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        table.entries.remove(&self.id);
        let agency = self.entry.certificate.agency();
        if let Some(open) = table.by_agency.get_mut(agency) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                table.by_agency.remove(agency);
            }
        }
    }
}
