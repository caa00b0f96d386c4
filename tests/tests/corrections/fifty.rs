//! A correction after disclosure to fifty agencies: exactly those fifty are chased, each in its
//! own way, though some are away, some break off, some may have no more of it and the broker
//! itself stops in the middle.

use std::collections::{BTreeMap, BTreeSet};

use agency_client::compose::{self, Remedy};
use agency_client::{Incoming, Subscription};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use demo::stage::Script;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::ledger::checkpoint::VerifierKey;
use tests::world::{World, id, next, nothing, review_date};
use uuid::Uuid;

use super::town::{
    Agreed, GROUNDS, NORTH, correction, foundation, hearing, is_bare, lives_at, man, office, says,
};

const HOLDERS: usize = 50;
/// Of the fifty, by their numbers: named by the sender, away until all others have confirmed,
/// breaking off in the middle, and no longer entitled.
const NAMED: std::ops::Range<usize> = 0..10;
const AWAY: std::ops::Range<usize> = 10..15;
const BREAK_OFF: std::ops::Range<usize> = 15..17;
const NO_LONGER: std::ops::Range<usize> = 17..20;
/// Confirmed before the broker stops.
const EARLY: std::ops::Range<usize> = 20..35;
const NEW_ADDRESS: &str = "2 Invented Row";

/// Agencies that hold nothing of it: one serves the place, one has him on its list by now, one
/// was to be given it and never came for it.
const SERVES: &str = "bystander-serves";
const LISTS: &str = "bystander-lists";
const NEVER_CAME: &str = "bystander-never-came";
const SENDER: &str = "gmp";

fn holder(number: usize) -> String {
    format!("holder-{number:02}")
}

/// Police forces, probation areas and councils in turn.
fn kind(number: usize) -> &'static str {
    ["police", "probation", "council"][number % 3]
}

/// Everybody, with kind.
fn parties() -> Vec<(String, &'static str)> {
    let mut parties: Vec<_> = (0..HOLDERS).map(|n| (holder(n), kind(n))).collect();
    for (agency, kind) in [
        (SENDER, "police"),
        ("probation-greater-manchester", "probation"),
        (SERVES, "council"),
        (LISTS, "police"),
        (NEVER_CAME, "probation"),
    ] {
        parties.push((agency.to_owned(), kind));
    }
    parties
}

/// The directory of all, and one agreement between all, by which those may receive for whom
/// `entitled` says so. Each agency has a second desk that serves no place.
fn script(entitled: impl Fn(&str) -> bool) -> Script {
    let parties = parties();
    let mut directory = foundation();
    for (agency, kind) in &parties {
        let regime = if *kind == "council" { "uk_gdpr" } else { "part3" };
        let function = if *kind == "council" { "housing" } else { "offender_management" };
        let serves =
            agency.starts_with("holder") || [SERVES, NEVER_CAME].contains(&agency.as_str());
        let area = if serves { "\"north\"" } else { "" };
        let desks = [("desk", function, regime, area), ("other", function, regime, "\"south\"")];
        directory.push_str(&office(agency, kind, &desks));
    }
    let named: Vec<(&str, &str)> =
        parties.iter().map(|(agency, kind)| (agency.as_str(), *kind)).collect();
    let to: Vec<&str> =
        named.iter().map(|(agency, _)| *agency).filter(|agency| entitled(agency)).collect();
    let text = Agreed { to: &to, more: "" }.text(&named);
    let bundle = vec![("agreements/town.toml".to_owned(), text)];
    Script { directory, bundle, checkpoint_seconds: 1 }
}

async fn publish(world: &World, agency: &str, draft: compose::Draft) -> Uuid {
    let message = draft.build().unwrap();
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    world.publisher(agency, "desk").await.publish(message).await.unwrap();
    message_id
}

async fn desk(world: &World, number: usize) -> Subscription {
    world.mailbox(&holder(number), "desk", "desk").await
}

/// The hearing is told to the fifty, and all of them confirm it.
async fn disclosed(world: &World) -> (Uuid, Vec<Incoming>) {
    let named = NAMED.fold(hearing(id()), |draft, n| draft.addressee(&holder(n), "desk"));
    let draft = named.area(NORTH, wire::AreaRole::Resident);
    let original = publish(world, SENDER, draft).await;
    let mut given = Vec::new();
    for number in 0..HOLDERS {
        let mut mailbox = desk(world, number).await;
        let came = next(&mut mailbox).await;
        came.acknowledge().await.unwrap();
        mailbox.close().await.unwrap();
        given.push(came);
    }
    (original, given)
}

/// The correction as this holder is to have it.
fn is_right(number: usize, came: &Incoming, given: &Incoming) {
    if NO_LONGER.contains(&number) {
        is_bare(came, given);
    } else {
        says(came, given, NEW_ADDRESS);
    }
}

/// Comes on duty, takes the correction, and there is nothing more.
async fn confirms(world: &World, number: usize, given: &Incoming) -> Incoming {
    let mut mailbox = desk(world, number).await;
    let came = next(&mut mailbox).await;
    is_right(number, &came, given);
    came.acknowledge().await.unwrap();
    mailbox.close().await.unwrap();
    came
}

#[tokio::test]
async fn exactly_the_fifty_who_were_given_it_are_chased_each_in_its_own_way() {
    let may_have_it = |agency: &str| agency != SERVES;
    let mut world = World::with(script(may_have_it)).await;
    let (original, given) = disclosed(&world).await;

    // Rules and lists change: three may have no more of it, and two bystanders would now have a
    // stake in news like it.
    let lapsed: BTreeSet<String> = NO_LONGER.map(holder).collect();
    world.stage.approve(&script(|agency| !lapsed.contains(agency))).await.unwrap();
    let flag = compose::flag_raise(id(), GROUNDS, man(), wire::FlagKind::Ppo, &review_date(), id());
    publish(&world, LISTS, flag).await;

    // These read along as it is corrected. Two break off with the correction in their hands.
    let mut live = Vec::new();
    for number in BREAK_OFF.chain(EARLY) {
        live.push((number, desk(&world, number).await));
    }
    let draft = correction(original, Remedy::Rectify(lives_at(NEW_ADDRESS)))
        .area(NORTH, wire::AreaRole::Resident)
        .addressee(NEVER_CAME, "desk")
        .addressee(&holder(0), "desk");
    let corrected = publish(&world, SENDER, draft).await;
    let mut deliveries = BTreeMap::new();
    for (number, mut mailbox) in live {
        let came = next(&mut mailbox).await;
        is_right(number, &came, &given[number]);
        deliveries.insert(number, came.delivery_id());
        if BREAK_OFF.contains(&number) {
            drop((came, mailbox));
        } else {
            came.acknowledge().await.unwrap();
            drop(mailbox);
        }
    }
    world.crash().await;
    world.start().await;

    // The chase goes on with everybody else; who broke off gets the same delivery once more, and
    // whoever was away is waited for.
    let back = (0..HOLDERS).filter(|number| !EARLY.contains(number) && !AWAY.contains(number));
    for number in back.chain(AWAY) {
        let came = confirms(&world, number, &given[number]).await;
        let before = deliveries.insert(number, came.delivery_id());
        assert!(before.is_none_or(|before| before == came.delivery_id()));
        assert_eq!(before.is_some(), BREAK_OFF.contains(&number));
    }
    nobody_else_learns(&world).await;
    is_on_record(&world, original, corrected).await;
    is_sound(&mut world).await;
}

/// Nothing is left for the fifty, for their other desks, or for the bystanders.
async fn nobody_else_learns(world: &World) {
    for (agency, _) in parties() {
        for desk in ["desk", "other"] {
            if agency == SENDER && desk == "desk" {
                continue;
            }
            let mut mailbox = world.mailbox(&agency, desk, desk).await;
            assert_eq!(mailbox.waiting(), 0, "nothing waits for {agency} {desk}");
            if !agency.starts_with("holder") {
                nothing(&mut mailbox).await;
            }
            mailbox.close().await.unwrap();
        }
    }
}

/// The ledger and the sender's own view say the same: fifty, and of those not named nothing.
async fn is_on_record(world: &World, original: Uuid, corrected: Uuid) {
    let decided = world.records("decided");
    let of = |message: Uuid| {
        decided.iter().find(|record| record["message"] == message.to_string()).unwrap()
    };
    let candidates = of(corrected)["candidates"].as_array().unwrap();
    let told: BTreeSet<String> = candidates
        .iter()
        .map(|one| {
            assert_eq!(one["refusal"], 0, "each of them is owed it");
            format!("{}/{}", one["agency"].as_str().unwrap(), one["desk"].as_str().unwrap())
        })
        .collect();
    let fifty: BTreeSet<String> = (0..HOLDERS).map(|n| format!("{}/desk", holder(n))).collect();
    assert_eq!(told, fifty);
    let ended = world.records("ended");
    let superseded: Vec<&serde_json::Value> = ended
        .iter()
        .filter(|record| record["message"] == original.to_string())
        .flat_map(|record| record["deliveries"].as_array().unwrap())
        .collect();
    assert_eq!(superseded.len(), 1, "of the original only one was still to be fetched");
    assert_eq!(superseded[0]["agency"], NEVER_CAME);
    let rows = world.track(SENDER, "desk", corrected).await;
    let rows: BTreeMap<String, OutcomeState> = rows.into_iter().collect();
    let named: BTreeSet<String> = NAMED.map(holder).chain([NEVER_CAME.to_owned()]).collect();
    assert!(rows.keys().eq(&named), "of those it named in either, and of nobody else");
    assert_eq!(rows[NEVER_CAME], OutcomeState::NotShared);
    assert!(NAMED.map(holder).all(|agency| rows[&agency] == OutcomeState::Acknowledged));
}

/// The independent check of the store finds nothing.
async fn is_sound(world: &mut World) {
    world.stop().await;
    let key = VerifierKey::parse(world.stage.verifier_key()).unwrap();
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, Some(&key)).unwrap();
    assert_eq!(report.faults, []);
}
