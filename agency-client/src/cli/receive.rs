//! The verbs `subscribe`, `dead-letters` and `redrive`.
//!
//! Owns: their order of steps and their words. Promises: a delivery is on standard output before
//! it is acknowledged. Deliberately does not know: how deliveries travel.

use super::args::{Format, Subscribe};
use super::cloud_event::{self, Mailbox};
use super::error::CliError;
use super::output::{Output, complain, time_text};
use super::{released_json, told_to_end};
use crate::connection::Connection;
use crate::settings::Settings;
use crate::subscription::{Incoming, Subscription, SubscriptionOptions};
use proto::exchange::v1 as wire;
use serde_json::json;
use std::path::Path;

/// `agency subscribe`.
pub(super) async fn subscribe(
    settings: &Path,
    what: &Subscribe,
    out: &Output,
) -> Result<(), CliError> {
    let settings = Settings::load(settings)?;
    let options = SubscriptionOptions {
        desk: desk_or_first(what.desk.clone(), &settings)?,
        name: what.name.clone(),
        credit: what.credit,
    };
    let connection = Connection::connect(&settings).await?;
    let mailbox = mailbox(&connection, what.format, &options.desk).await?;
    let mut subscription = Subscription::open(&connection, options).await?;
    let mut received = 0;
    let end = told_to_end();
    tokio::pin!(end);
    while what.once.is_none_or(|wanted| received < wanted) {
        let next = tokio::select! {
            next = subscription.next() => next,
            () = &mut end => break,
        };
        let Some(incoming) = next.transpose()? else { break };
        received += 1;
        match &mailbox {
            Some(mailbox) => {
                let (delivery, message) = (&incoming.delivery, &incoming.message);
                let event = cloud_event::event(mailbox, delivery, message, incoming.commitment());
                out.json_line(&event.to_string())?;
            }
            None => print(&incoming, out)?,
        }
        drop(incoming.acknowledge());
    }
    Ok(subscription.close().await?)
}

/// Whose events these are, if events are asked for.
async fn mailbox(
    connection: &Connection,
    format: Format,
    desk: &str,
) -> Result<Option<Mailbox>, CliError> {
    match format {
        Format::Own => Ok(None),
        Format::CloudEvents => {
            // The head was looked at when the connection was made.
            let rule = "was lost before the ledger's name was known; start again";
            let lost = CliError::Argument { what: "the connection", rule };
            let head = connection.head().await.ok_or(lost)?;
            Ok(Some(Mailbox::new(&head.origin, desk)))
        }
    }
}

/// Prints a delivery in this program's own form.
fn print(incoming: &Incoming, out: &Output) -> Result<(), CliError> {
    out.record(
        || released_json::delivery(incoming),
        || {
            let delivery = &incoming.delivery;
            let message = released_json::message(&incoming.message);
            // By the reference an officer finds what a withdrawal takes back.
            let settles = match hex::encode(&delivery.settles_reference) {
                none if none.is_empty() => none,
                earlier => format!(", about the earlier {earlier}"),
            };
            format!(
                "delivery {} (attempt {}), release {}, reference {}{settles}\n{message:#}",
                delivery.number,
                delivery.attempt,
                hex::encode(&delivery.release_id),
                hex::encode(&delivery.reference),
            )
        },
    )
}

/// `agency dead-letters`.
pub(super) async fn dead_letters(
    settings: &Path,
    desk: Option<String>,
    out: &Output,
) -> Result<(), CliError> {
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(desk, &settings)?;
    let connection = Connection::connect(&settings).await?;
    let request = wire::ListDeadLettersRequest { desk: desk.clone() };
    let answer = connection.exchange().await?.list_dead_letters(request).await?.into_inner();
    if answer.letters.is_empty() {
        complain(&format!("desk {desk} has no dead letters"));
    }
    for letter in answer.letters {
        let id = hex::encode(&letter.delivery_id);
        let since = time_text(letter.since.as_ref());
        out.record(
            || json!({"delivery_id": id, "attempts": letter.attempts, "since": since}),
            || format!("{id}: given up after {} attempts, {since}", letter.attempts),
        )?;
    }
    Ok(())
}

/// `agency redrive`.
pub(super) async fn redrive(
    settings: &Path,
    desk: Option<String>,
    delivery: &str,
    out: &Output,
) -> Result<(), CliError> {
    let delivery_id = opaque_id("delivery", delivery)?;
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(desk, &settings)?;
    let connection = Connection::connect(&settings).await?;
    let request = wire::RedriveRequest { desk, delivery_id: delivery_id.into() };
    let answer = connection.exchange().await?.redrive(request).await?.into_inner();
    if !answer.redriven {
        return Err(CliError::NotRedriven);
    }
    out.record(
        || json!({"delivery_id": delivery, "redriven": true}),
        || format!("{delivery} was put back; it is decided again at its release"),
    )
}

/// The desk asked for, or the first of the settings.
pub(super) fn desk_or_first(desk: Option<String>, settings: &Settings) -> Result<String, CliError> {
    desk.or_else(|| settings.desks.first().cloned()).ok_or(CliError::Argument {
        what: "--desk",
        rule: "must be given, or `desks` in the settings",
    })
}

/// Reads an id of 16 bytes from 32 hexadecimal digits.
pub(super) fn opaque_id(what: &'static str, text: &str) -> Result<Vec<u8>, CliError> {
    hex::decode(text)
        .ok()
        .filter(|bytes| bytes.len() == proto::limits::OPAQUE_ID_BYTES)
        .ok_or(CliError::Argument { what, rule: "must be 32 hexadecimal digits" })
}
