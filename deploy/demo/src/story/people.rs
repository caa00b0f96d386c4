//! Who plays a story: every desk of the directory that has a system, each with a mailbox.
//!
//! Promises that what is said to have been received came over these clients and no other way, and
//! that a desk that is away receives nothing here. Deliberately does not know: what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use agency_client::subscription::Incoming;
use agency_client::{Connection, Subscription, SubscriptionOptions};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::{StreamExt as _, StreamMap};

use super::model::{Desk, Node};
use super::read::Places;
use crate::stage::{Stage, StageError};

/// A delivery as a client received it.
#[derive(Clone)]
pub(super) struct Heard {
    /// Where.
    pub(super) desk: Desk,
    /// What.
    pub(super) incoming: Arc<Incoming>,
}

/// Everybody.
pub(super) struct People {
    seats: Vec<(Desk, Node)>,
    connections: BTreeMap<Node, Connection>,
    mailboxes: StreamMap<Desk, Subscription>,
    /// Desks that are away.
    away: BTreeSet<Desk>,
    /// Agencies that are suspended: what their desks have open is of no use.
    suspended: BTreeSet<String>,
}

impl People {
    /// Connects every system and opens every mailbox.
    ///
    /// # Errors
    /// A certificate cannot be made, or the broker lets somebody not in.
    pub(super) async fn enter(stage: &Stage, places: &Places) -> Result<Self, StageError> {
        let seats = places.seats().map(|(desk, node)| (desk.clone(), node.clone())).collect();
        let mut people = Self {
            seats,
            connections: BTreeMap::new(),
            mailboxes: StreamMap::new(),
            away: BTreeSet::new(),
            suspended: BTreeSet::new(),
        };
        people.open(stage).await?;
        Ok(people)
    }

    /// Opens whatever mailbox ought to be open and is not.
    ///
    /// # Errors
    /// As [`People::enter`].
    pub(super) async fn open(&mut self, stage: &Stage) -> Result<(), StageError> {
        let mut wanted = Vec::new();
        for (desk, node) in &self.seats {
            if !self.mailboxes.contains_key(desk) && self.is_there(desk) {
                wanted.push((desk.clone(), node.clone()));
            }
        }
        let nodes: BTreeSet<Node> = wanted.iter().map(|(_, node)| node.clone()).collect();
        let mut connecting = JoinSet::new();
        for node in nodes {
            if !self.connections.contains_key(&node) {
                let settings = stage.node(&node.agency, &node.node)?;
                connecting.spawn(async move { (node, Connection::connect(&settings).await) });
            }
        }
        while let Some(connected) = connecting.join_next().await {
            let (node, connection) = connected?;
            self.connections.insert(node, connection?);
        }
        let mut opening = JoinSet::new();
        for (desk, node) in wanted {
            let connection = self.connection(&node)?.clone();
            opening.spawn(async move {
                let options = SubscriptionOptions::of_desk(&desk.desk);
                (desk, Subscription::open(&connection, options).await)
            });
        }
        while let Some(opened) = opening.join_next().await {
            let (desk, mailbox) = opened?;
            self.mailboxes.insert(desk, mailbox?);
        }
        Ok(())
    }

    /// A system's connection.
    ///
    /// # Errors
    /// It plays no part.
    pub(super) fn connection(&self, node: &Node) -> Result<&Connection, StageError> {
        let found = self.connections.get(node);
        found.ok_or_else(|| format!("{}/{} plays no part", node.agency, node.node).into())
    }

    /// The connection of the system that serves a desk.
    ///
    /// # Errors
    /// The desk has none, or it plays no part.
    pub(super) fn connection_of(&self, desk: &Desk) -> Result<&Connection, StageError> {
        let seat = self.seats.iter().find(|(seated, _)| seated == desk);
        let (_, node) = seat.ok_or("this desk has no system")?;
        self.connection(node)
    }

    /// Whether a desk could receive something now.
    pub(super) fn is_there(&self, desk: &Desk) -> bool {
        !self.away.contains(desk) && !self.suspended.contains(&desk.agency)
    }

    /// A desk's system leaves. What it settled is durable then.
    ///
    /// # Errors
    /// What it settled may not be durable.
    pub(super) async fn leave(&mut self, desk: &Desk) -> Result<(), StageError> {
        self.away.insert(desk.clone());
        if let Some(mailbox) = self.mailboxes.remove(desk) {
            mailbox.close().await?;
        }
        Ok(())
    }

    /// A desk's system is back, to be opened with the next [`People::open`].
    pub(super) fn is_back(&mut self, desk: &Desk) {
        self.away.remove(desk);
    }

    /// An agency is suspended from now on, or no longer. Its systems keep trying by themselves,
    /// as they would; once it is reinstated they begin afresh.
    pub(super) fn suspend(&mut self, agency: &str, suspended: bool) {
        if suspended {
            self.suspended.insert(agency.to_owned());
            return;
        }
        self.suspended.remove(agency);
        self.connections.retain(|node, _| node.agency != agency);
        let desks: Vec<Desk> =
            self.mailboxes.keys().filter(|desk| desk.agency == agency).cloned().collect();
        for desk in desks {
            self.mailboxes.remove(&desk);
        }
    }

    /// The next delivery to any desk; `None` if none comes in this time.
    ///
    /// # Errors
    /// A subscription ended.
    pub(super) async fn next(&mut self, within: Duration) -> Result<Option<Heard>, StageError> {
        if self.mailboxes.is_empty() {
            tokio::time::sleep(within).await;
            return Ok(None);
        }
        let Ok(next) = timeout(within, self.mailboxes.next()).await else { return Ok(None) };
        let (desk, incoming) = next.ok_or("every mailbox was closed")?;
        Ok(Some(Heard { desk, incoming: Arc::new(incoming?) }))
    }

    /// Closes every mailbox and forgets every connection.
    ///
    /// # Errors
    /// What a desk settled may not be durable.
    pub(super) async fn go_home(&mut self) -> Result<(), StageError> {
        let mut closing = JoinSet::new();
        let desks: Vec<Desk> = self.mailboxes.keys().cloned().collect();
        for desk in desks {
            let suspended = self.suspended.contains(&desk.agency);
            if let Some(mailbox) = self.mailboxes.remove(&desk)
                && !suspended
            {
                closing.spawn(mailbox.close());
            }
        }
        while let Some(closed) = closing.join_next().await {
            closed??;
        }
        self.connections.clear();
        Ok(())
    }
}
