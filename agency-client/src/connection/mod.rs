//! A connection to the broker that is made again when it breaks.
//!
//! Owns: when to dial, how long to keep trying, and the one live channel that everything shares.
//! Promises: no channel is handed out before the ledger's head was checked against the pin, at
//! the first connect and at each one after a break.
//! Deliberately does not know: what calls are made on it. Publishing and subscribing decide
//! themselves what to send again.

mod dial;
mod head;
mod watched;

use crate::backoff::{BACKOFF, draw};
use crate::errors::ConnectError;
use crate::settings::Settings;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::directory::v1::directory_service_client::DirectoryServiceClient;
use proto::exchange::v1::exchange_service_client::ExchangeServiceClient;
use proto::ledger::checkpoint::Checkpoint;
use proto::limits::FRAME_BYTES_MAX;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::transport::Channel;

use head::Head;
use watched::Fate;

#[cfg(test)]
pub(crate) use dial::channel_over;

/// A channel, and whether it still stands.
pub(crate) struct Live {
    /// The channel. It never reconnects by itself: that would pass the pin by.
    pub(crate) channel: Channel,
    /// What became of the bytes under it.
    pub(crate) fate: Arc<Fate>,
    /// The ledger's head as it was when this channel was made.
    pub(crate) head: Option<Head>,
}

/// What a dial comes to.
pub(crate) type Dialled<'dial> =
    Pin<Box<dyn Future<Output = Result<Live, ConnectError>> + Send + 'dial>>;

/// Makes one live channel. Behind a trait so that unit tests reach a stub without TLS.
pub(crate) trait Dial: Send + Sync {
    /// One attempt.
    fn dial(&self) -> Dialled<'_>;
}

/// A connection to one broker; clones share it.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    dialler: Box<dyn Dial>,
    patience: Duration,
    live: Mutex<Option<Live>>,
}

impl Connection {
    /// Connects, and checks the ledger's head against the pin.
    ///
    /// Promise: on success the pin on disk is the head just checked.
    /// Bound:   `settings.connect_patience`, with growing, spread-out waits between attempts.
    /// Refuses: at once what waiting cannot mend (files, certificates, a head that does not
    ///          continue the pin); after the patience is spent, the last error.
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        let dialler = dial::TlsDial::new(settings.clone());
        let connection = Self::with_dial(Box::new(dialler), settings.connect_patience);
        connection.channel().await?;
        Ok(connection)
    }

    /// A connection over any way of dialling; nothing is dialled yet.
    pub(crate) fn with_dial(dialler: Box<dyn Dial>, patience: Duration) -> Self {
        Self { shared: Arc::new(Shared { dialler, patience, live: Mutex::new(None) }) }
    }

    /// The channel in use, made again if it broke.
    ///
    /// Bound, Refuses: as [`Connection::connect`].
    pub async fn channel(&self) -> Result<Channel, ConnectError> {
        let begun = Instant::now();
        let mut failures = 0_u32;
        loop {
            let error = match self.channel_once().await {
                Ok(channel) => return Ok(channel),
                Err(error) => error,
            };
            failures = failures.saturating_add(1);
            let wait = BACKOFF.wait(failures, draw());
            if !error.may_pass() || begun.elapsed() + wait > self.shared.patience {
                return Err(error);
            }
            tracing::warn!(failures, %error, "there is no connection to the broker; trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// As [`Connection::channel`], with one attempt only.
    pub(crate) async fn channel_once(&self) -> Result<Channel, ConnectError> {
        let mut live = self.shared.live.lock().await;
        if let Some(live) = live.as_ref().filter(|live| live.fate.stands()) {
            return Ok(live.channel.clone());
        }
        *live = None;
        let fresh = self.shared.dialler.dial().await?;
        let channel = fresh.channel.clone();
        *live = Some(fresh);
        Ok(channel)
    }

    /// How long connecting is tried.
    pub(crate) fn patience(&self) -> Duration {
        self.shared.patience
    }

    /// The ledger's head that was checked when the present channel was made; `None` while
    /// there is no channel.
    pub async fn head(&self) -> Option<Checkpoint> {
        self.checked().await.map(|head| head.checkpoint)
    }

    /// Whether that head is the first this system ever saw: it was pinned, and continues nothing.
    /// `false` while there is no channel.
    pub async fn is_head_first(&self) -> bool {
        self.checked().await.is_some_and(|head| head.is_first)
    }

    async fn checked(&self) -> Option<Head> {
        self.shared.live.lock().await.as_ref().and_then(|live| live.head.clone())
    }

    /// The exchange service: publish, subscribe, track, dead letters, who am I.
    ///
    /// Refuses: as [`Connection::channel`].
    pub async fn exchange(&self) -> Result<ExchangeServiceClient<Channel>, ConnectError> {
        Ok(exchange_on(self.channel().await?))
    }

    /// The directory service: agencies, links, interests.
    ///
    /// Refuses: as [`Connection::channel`].
    pub async fn directory(&self) -> Result<DirectoryServiceClient<Channel>, ConnectError> {
        let client = DirectoryServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(FRAME_BYTES_MAX))
    }

    /// The audit service: checkpoints, proofs, disclosures, explanations.
    ///
    /// Refuses: as [`Connection::channel`].
    pub async fn audit(&self) -> Result<AuditServiceClient<Channel>, ConnectError> {
        let client = AuditServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(FRAME_BYTES_MAX))
    }
}

/// The exchange service on a channel, with the protocol's frame bound.
pub(crate) fn exchange_on(channel: Channel) -> ExchangeServiceClient<Channel> {
    ExchangeServiceClient::new(channel).max_decoding_message_size(FRAME_BYTES_MAX)
}

/// What [`accept_origin`] did.
#[derive(Clone, Debug)]
pub struct OriginAccepted {
    /// The head that was given up; `None` if nothing was pinned.
    pub former: Option<Checkpoint>,
    /// The head now pinned.
    pub present: Checkpoint,
}

/// Takes the ledger the broker now serves in place of the one pinned, by an operator's decision.
///
/// Promise: the head given up stays beside the pin file, for whoever must account for the gap.
/// Refuses: `Pin(OriginNotServed)` unless the ledger served is called `origin`; otherwise as
///          [`Connection::connect`], tried once.
pub async fn accept_origin(
    settings: &Settings,
    origin: &str,
) -> Result<OriginAccepted, ConnectError> {
    let (channel, fate) = dial::open(settings).await?;
    let accepted = head::accept(channel, settings, origin).await;
    let (former, present) =
        accepted.map_err(|error| dial::explain(error, &fate, &settings.broker))?;
    Ok(OriginAccepted { former, present })
}

#[cfg(test)]
mod tests;
