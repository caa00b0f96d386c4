//! A rule that cannot be evaluated keeps a holder from what is put right: operators are told at once,
//! so that somebody mends the rule.

use agency_client::compose::{self, Grounds, Person, Remedy, Said};
use proto::exchange::v1 as wire;
use tests::world::{World, id, next, shipped};

use crate::office::certificates;
use crate::overdue::{left, telling, to};
use crate::parts;
use crate::relay::{Mode, Relay};

const CHAIR: (&str, &str) = ("probation-greater-manchester", "records");
const GROUNDS: Grounds = Grounds {
    purpose: wire::Purpose::PublicProtection,
    gateway: wire::Gateway::Cja2003S325,
    lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(wire::SensitiveCondition::Sch8Statutory),
};
/// A rule of the police's own that overflows on every case of category 2.
const FAILS: &str = "@id(\"fails\")\nforbid (principal, action, resource)\n\
    when { context.mappa_category * 9223372036854775807 > 1 };\n";

fn man() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Noms, "A9422AA")
        .name("Invented Alder")
        .birth_date("1988-04-12")
        .limited_access(wire::LimitedAccess::No)
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_hear_of_a_rule_that_fails_over_a_correction_and_not_of_whom() {
    let (mut world, clock) = World::on_clock(shipped()).await;
    let servers = world.stage.folder().join("servers");
    std::fs::create_dir(&servers).unwrap();
    certificates(&servers);
    let relay = Relay::start(Mode::Starttls, 0, (&servers, "good"), false);
    telling(&mut world, &clock, &relay).await;
    let chair = world.publisher(CHAIR.0, CHAIR.1).await;
    let original = id();
    let told = compose::mappa_notification(original, GROUNDS, man(), 2, 1)
        .addressee("gmp", "public-protection");
    chair.publish(told.build().unwrap()).await.unwrap();
    let mut police = world.mailbox("gmp", "intelligence", "public-protection").await;
    next(&mut police).await.acknowledge().await.unwrap();

    let mut script = shipped();
    script.bundle.push(("agencies/gmp.cedar".to_owned(), FAILS.to_owned()));
    world.stage.approve(&script).await.unwrap();
    let said = Said {
        field: wire::Field::Risk,
        footing: wire::Footing::Opinion,
        text: "Invented: lower than was thought.".to_owned(),
    };
    let (corrected, remedy) = (id(), Remedy::Rectify(vec![said]));
    let draft = compose::correction(corrected, GROUNDS, man(), original, "Invented.", remedy);
    chair.publish(draft.build().unwrap()).await.unwrap();
    let came = next(&mut police).await;
    came.acknowledge().await.unwrap();
    assert!(came.message.notice_only, "the desk is told that something came of it");
    left(&world, 1).await;
    let letters = relay.letters(1);
    let subject = "Subject: Pyramid: rule-failed (gmp/public-protection)".to_owned();
    assert_eq!(to(&letters[0]), ("duty@operations.example".to_owned(), subject));
    let (_, text) = parts(&letters[0]);
    assert!(text.contains(&format!("Reference: {corrected}")), "{text}");
}
