//! Publishes one release from custody.
//!
//! Run with `PYRAMID_AGENCY_SETTINGS` naming a settings file:
//! `cargo run -p agency-client --example publish`. Says what became of it on standard output. The
//! person is invented.
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use agency_client::compose::{Grounds, Person, custody_release};
use agency_client::{Connection, Publisher, PublisherOptions, Settings};
use proto::exchange::v1::{
    AgeAssertion, AreaRole, CustodyCertainty, Field, Footing, Gateway, IdentifierType, LawfulBasis,
    LimitedAccess, Purpose, SensitiveCondition, SubjectCategory,
};
use std::path::Path;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "an example reads the clock itself")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::var("PYRAMID_AGENCY_SETTINGS")?;
    let settings = Settings::load(Path::new(&file))?;
    let connection = Connection::connect(&settings).await?;

    let grounds = Grounds {
        purpose: Purpose::OffenderManagement,
        gateway: Gateway::Oma2007S14,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: Some(SensitiveCondition::Sch8Statutory),
    };
    let person = Person::new(SubjectCategory::Convicted)
        .identifier(IdentifierType::Noms, "A1234AA")
        .name("Invented Person")
        .birth_date("1990-01-02")
        .age(AgeAssertion::Adult)
        .limited_access(LimitedAccess::No);
    let tomorrow = OffsetDateTime::now_utc() + Duration::DAY;
    // Keep the id until the answer is in: a retry under the same id is never told twice.
    let id = Uuid::new_v4();
    let release = CustodyCertainty::Provisional;
    let message = custody_release(id, grounds, person, release, "MDI", tomorrow)
        .area("E08000007", AreaRole::Release)
        .statement(Field::HousingNeed, Footing::Fact, &[0], "No address arranged.")
        .build()?;

    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let accepted = publisher.publish(message).await?;
    let before = if accepted.repeated_submission { " (recorded before)" } else { "" };
    println!("{id}: accepted{before}");
    publisher.close().await;
    Ok(())
}
