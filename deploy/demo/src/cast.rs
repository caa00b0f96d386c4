//! Who plays: agencies' systems, each with a certificate, a connection and mailboxes of its own.
//!
//! Promises that what is said to have been received came over these clients and no other way.

use std::collections::BTreeMap;
use std::time::Duration;

use agency_client::subscription::Incoming;
use agency_client::{Connection, Publisher, PublisherOptions, Subscription, SubscriptionOptions};
use proto::exchange::v1 as wire;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::{StreamExt as _, StreamMap};

use crate::stage::{Stage, StageError};

/// How long a delivery that must come is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing more may come before a message is taken to have reached everyone.
const QUIET: Duration = Duration::from_millis(250);

/// A desk at which somebody of the play sits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Agency and desk, as `agency/desk`.
    pub(crate) id: &'static str,
    /// Agency.
    pub(crate) agency: &'static str,
    /// Node that serves the desk.
    pub(crate) node: &'static str,
    /// Desk.
    pub(crate) desk: &'static str,
    /// What people call it.
    pub(crate) name: &'static str,
}

macro_rules! seats {
    ($($agency:literal $node:literal $desk:literal $name:literal)*) => {
        /// Every seat, in the order in which they are reported.
        pub(crate) const SEATS: &[Seat] = &[$(Seat {
            id: concat!($agency, "/", $desk),
            agency: $agency,
            node: $node,
            desk: $desk,
            name: $name,
        },)*];
    };
}

seats! {
    "gmp" "records" "stockport" "Stockport police"
    "gmp" "records" "stockport-selection" "Stockport police, selection list"
    "gmp" "intelligence" "force-intelligence" "Manchester force intelligence"
    "gmp" "intelligence" "public-protection" "Manchester police, public protection"
    "merseyside-police" "records" "wirral" "Wirral police"
    "merseyside-police" "records" "wirral-selection" "Wirral police, selection list"
    "merseyside-police" "intelligence" "force-intelligence" "Merseyside force intelligence"
    "merseyside-police" "intelligence" "public-protection" "Merseyside police, public protection"
    "cheshire-police" "records" "cheshire-east" "Cheshire East police"
    "probation-greater-manchester" "records" "stockport" "Stockport probation"
    "probation-greater-manchester" "records" "public-protection" "Manchester probation, MAPPA unit"
    "probation-north-west" "records" "wirral" "Wirral probation"
    "probation-north-west" "records" "public-protection" "North West probation, MAPPA unit"
    "hmpps-prisons" "records" "public-protection" "Prisons, public protection"
    "stockport-yot" "records" "youth-justice" "Stockport youth offending team"
    "wirral-yot" "records" "youth-justice" "Wirral youth offending team"
    "stockport-council" "housing" "housing" "Stockport housing"
    "stockport-council" "childrens-services" "childrens-services" "Stockport children's services"
    "stockport-council" "community-safety" "community-safety" "Stockport community safety"
    "wirral-council" "housing" "housing" "Wirral housing"
    "wirral-council" "childrens-services" "childrens-services" "Wirral children's services"
    "cps-north-west" "records" "magistrates" "Crown Prosecution Service"
    "hmcts" "records" "stockport-magistrates" "Stockport magistrates' court"
    "stockport-drug-and-alcohol-service" "records" "criminal-justice" "Drug and alcohol service"
    "nhs-greater-manchester" "records" "forensic-mental-health" "NHS forensic mental health"
    "loto-stockport" "records" "mentors" "LOTO peer mentors"
}

/// What people call a desk; its id if nobody of the play sits there.
pub(crate) fn name_of(id: &str) -> &str {
    SEATS.iter().find(|seat| seat.id == id).map_or(id, |seat| seat.name)
}

/// The seat with this id.
///
/// # Errors
/// Nobody sits there.
pub(crate) fn seat(id: &str) -> Result<&'static Seat, StageError> {
    SEATS.iter().find(|seat| seat.id == id).ok_or_else(|| format!("nobody sits at {id}").into())
}

/// A delivery as a client received it.
pub(crate) struct Heard {
    /// Where.
    pub(crate) seat: &'static Seat,
    /// What.
    pub(crate) incoming: Incoming,
}

/// A node: agency and name.
pub(crate) type NodeName = (&'static str, &'static str);

/// Everybody, connected.
pub(crate) struct Cast {
    connections: BTreeMap<NodeName, Connection>,
    publishers: BTreeMap<NodeName, Publisher>,
    mailboxes: StreamMap<usize, Subscription>,
}

impl Cast {
    /// Connects every node and opens every mailbox.
    ///
    /// # Errors
    /// A certificate cannot be made, or the broker does not let a node in.
    pub(crate) async fn enter(stage: &Stage) -> Result<Self, StageError> {
        let mut connections = BTreeMap::new();
        let mut mailboxes = StreamMap::new();
        for (place, seat) in SEATS.iter().enumerate() {
            let node = (seat.agency, seat.node);
            let connection = match connections.get(&node) {
                Some(connection) => Connection::clone(connection),
                None => {
                    let fresh = Connection::connect(&stage.node(node.0, node.1)?).await?;
                    connections.insert(node, fresh.clone());
                    fresh
                }
            };
            let options = SubscriptionOptions::of_desk(seat.desk);
            mailboxes.insert(place, Subscription::open(&connection, options).await?);
        }
        Ok(Self { connections, publishers: BTreeMap::new(), mailboxes })
    }

    /// How many connections stand.
    pub(crate) fn nodes(&self) -> usize {
        self.connections.len()
    }

    /// A node's connection.
    ///
    /// # Errors
    /// The node plays no part.
    pub(crate) fn connection(&self, node: NodeName) -> Result<&Connection, StageError> {
        let found = self.connections.get(&node);
        found.ok_or_else(|| format!("{}/{} plays no part", node.0, node.1).into())
    }

    /// Publishes a message for a node and waits until it is durable.
    ///
    /// # Errors
    /// It was refused, or its outcome is not known.
    pub(crate) async fn publish(
        &mut self,
        node: NodeName,
        message: wire::Message,
    ) -> Result<wire::Accepted, StageError> {
        if !self.publishers.contains_key(&node) {
            let options = PublisherOptions { patience: PATIENCE, ..PublisherOptions::default() };
            let publisher = Publisher::new(self.connection(node)?, options);
            self.publishers.insert(node, publisher);
        }
        let publisher = self.publishers.get(&node).ok_or("a publisher was just made")?;
        Ok(publisher.publish(message).await?)
    }

    /// Everything that comes to any mailbox: at least `wanted` deliveries or until the patience
    /// is spent, and then until all is quiet. In the order of the seats.
    ///
    /// # Errors
    /// A subscription ended.
    pub(crate) async fn gather(&mut self, wanted: usize) -> Result<Vec<Heard>, StageError> {
        let mut heard = Vec::new();
        let patience = Instant::now() + PATIENCE;
        loop {
            let next = if heard.len() < wanted {
                timeout_at(patience, self.mailboxes.next()).await
            } else {
                timeout(QUIET, self.mailboxes.next()).await
            };
            let Ok(next) = next else { break };
            let (place, incoming) = next.ok_or("every subscription ended")?;
            let seat = SEATS.get(place).ok_or("a mailbox without a seat")?;
            heard.push((place, Heard { seat, incoming: incoming? }));
        }
        heard.sort_by_key(|(place, heard)| (*place, heard.incoming.delivery.number));
        Ok(heard.into_iter().map(|(_, heard)| heard).collect())
    }

    /// Closes every mailbox and every connection.
    ///
    /// # Errors
    /// What a desk settled may not be durable at the broker.
    pub(crate) async fn leave(self) -> Result<(), StageError> {
        let Self { connections, publishers, mut mailboxes } = self;
        for (_, publisher) in publishers {
            publisher.close().await;
        }
        let places: Vec<usize> = mailboxes.keys().copied().collect();
        for place in places {
            if let Some(mailbox) = mailboxes.remove(&place) {
                mailbox.close().await?;
            }
        }
        drop(connections);
        Ok(())
    }
}
