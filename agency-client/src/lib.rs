//! The client of a Pyramid broker: publish, subscribe, and check what the broker says.
//!
//! Owns: the connection with its pinned checkpoint, pipelined publishing, durable subscriptions,
//! builders of messages, and the command `agency`.
//! Promises: a message is resent under its own id until its outcome is known or is said to be
//! unknown; a delivery is acknowledged only when the recipient says so; a ledger that does not
//! continue what this client saw before is refused at the door.
//! Deliberately does not know: policy, routing, or who else was told.

pub mod settings;
pub mod backoff;
mod files;
pub mod pin;
pub mod rule_sentences;
pub mod errors;
mod private_file;
pub mod tls;
pub mod connection;

mod stream;
#[cfg(test)]
mod stub;

pub mod publisher;
pub mod subscription;
pub mod compose;
pub mod documents;
pub mod verify;
pub mod receipt;
pub mod hmpps;
pub mod flag_list;
pub mod cli;

pub use connection::Connection;
pub use publisher::{Pending, PublishError, Publisher, PublisherOptions};
pub use settings::Settings;
pub use subscription::{Incoming, Subscription, SubscriptionError, SubscriptionOptions, Verdict};
