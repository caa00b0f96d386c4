//! Receives a desk's deliveries and acknowledges each one once it is safe.
//!
//! Run with `PYRAMID_AGENCY_SETTINGS` naming a settings file whose `desks` names a desk:
//! `cargo run -p agency-client --example subscribe`. Says on standard output which it has; what a
//! message says is for the place where messages are kept.
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use agency_client::{Connection, Incoming, Settings, Subscription, SubscriptionOptions, Verdict};
use std::path::Path;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::var("PYRAMID_AGENCY_SETTINGS")?;
    let settings = Settings::load(Path::new(&file))?;
    let desk = settings.desks.first().ok_or("the settings name no desk")?;
    let connection = Connection::connect(&settings).await?;
    let options = SubscriptionOptions::of_desk(desk);
    let subscription = Subscription::open(&connection, options).await?;
    subscription
        .run(async |incoming: &Incoming| {
            // Store the message here, under its delivery id, before saying that it is safe.
            println!("delivery {}: received", incoming.delivery.number);
            Verdict::Acknowledge
        })
        .await?;
    Ok(())
}
