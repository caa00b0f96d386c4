//! Emergency access, from the message to its review: whom it reaches, what stands in the ledger, and
//! who may close what.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where the broker does otherwise"
)]

use std::process::Command;

use agency_client::compose::{self, CustodyNews, Draft, Grounds};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use demo::stage::{BROKER_AUDITOR, Script};
use proto::audit::v1 as audit;
use proto::audit::v1::ReviewFinding;
use proto::exchange::v1 as wire;
use proto::ledger::checkpoint::VerifierKey;
use proto::refusal::Refusal;
use tests::agency::Agency;
use tests::world::{World, adult, id, next, nothing, now, ppo_flag, shipped};
use time::Duration;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::{Uuid, uuid};

const PRISONS: &str = "hmpps-prisons";
const ACTING: Uuid = uuid!("00000006-0000-4000-8000-000000000006");
const SECOND: Uuid = uuid!("00000006-0000-4000-8000-000000000007");
const REVIEWER: Uuid = uuid!("00000006-0000-4000-8000-000000000001");
const POLICE_AUDITOR: Uuid = uuid!("00000001-0000-4000-8000-000000000001");
const WHY: &str = "Invented: he threatened his sister.";
const FOUND: &str = "Invented: nobody else could have been asked.";

/// By no agreement of the shipped ones.
const VITAL: Grounds = Grounds {
    purpose: wire::Purpose::PublicProtection,
    gateway: wire::Gateway::Vital,
    lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(wire::SensitiveCondition::Sch8Vital),
};

/// The shipped directory, but that those who use emergency access are auditors too.
fn with_auditors() -> Script {
    let mut script = shipped();
    for person in [ACTING, SECOND] {
        let row = format!("id = \"{person}\"\nroles = []");
        assert_eq!(script.directory.matches(&row).count(), 1);
        let auditor = format!("id = \"{person}\"\nroles = [\"auditor\"]");
        script.directory = script.directory.replacen(&row, &auditor, 1);
    }
    script
}

/// Somebody did not come back, and is in Stockport.
fn at_large(message: Uuid, noms: &str) -> Draft {
    let news = CustodyNews {
        event: wire::CustodyEvent::UnlawfullyAtLarge,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: now(),
        movement_reason: String::new(),
        settles: None,
    };
    compose::custody(message, VITAL, adult(noms, "Invented Missing"), news)
        .area("E08000007", wire::AreaRole::Release)
}

/// The same by emergency access, to the police of Stockport.
fn emergency(message: Uuid, noms: &str) -> wire::Message {
    at_large(message, noms)
        .break_glass(WHY, ACTING, SECOND)
        .expires_at(now() + Duration::hours(2))
        .addressee("gmp", "stockport")
        .build()
        .unwrap()
}

async fn reviews(world: &World, person: (&str, Uuid), closed_too: bool) -> Vec<audit::Review> {
    let request = audit::ListReviewsRequest {
        reason: "Invented: the weekly look.".to_owned(),
        closed_too,
        ..audit::ListReviewsRequest::default()
    };
    let id = person.1.to_string();
    let mut client = world.person((person.0, &id)).await.audit().await.unwrap();
    client.list_reviews(request).await.unwrap().into_inner().reviews
}

async fn close(
    world: &World,
    person: (&str, Uuid),
    message: Uuid,
    finding: ReviewFinding,
) -> Result<audit::Review, Status> {
    let request = audit::CloseReviewRequest {
        message_id: message.to_string(),
        finding: finding.into(),
        reason: FOUND.to_owned(),
    };
    let id = person.1.to_string();
    let mut client = world.person((person.0, &id)).await.audit().await.unwrap();
    client.close_review(request).await.map(|answer| answer.into_inner().review.unwrap())
}

/// The number and the sentence of a refusal: all that a caller could compare.
fn told(answer: Result<audit::Review, Status>) -> (String, String, Vec<u8>) {
    let Err(status) = answer else { panic!("it is refused") };
    let number = status.get_details_error_info().unwrap().reason;
    (number, status.message().to_owned(), status.details().to_vec())
}

fn is_sound(world: &World) -> fsck::Report {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let key = VerifierKey::parse(world.stage.verifier_key()).unwrap();
    fsck::check(&raw, Some(&key)).unwrap()
}

#[tokio::test]
async fn it_reaches_the_desk_it_names_where_no_agreement_permits_and_no_other() {
    let world = World::shipped().await;
    let noms = "A9431AA";
    world.flag(adult(noms, "Invented Missing")).await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let prisons = world.publisher(PRISONS, "records").await;
    let (ordinary, message) = (id(), id());
    let draft = at_large(ordinary, noms).addressee("gmp", "stockport").immediate();
    prisons.publish(draft.build().unwrap()).await.unwrap();
    nothing(&mut stockport).await;

    prisons.publish(emergency(message, noms)).await.unwrap();
    let came = next(&mut stockport).await;
    assert!(came.message.break_glass);
    assert_eq!(came.message.subjects[0].name, "Invented Missing");
    came.acknowledge().await.unwrap();
    nothing(&mut owner).await;
    let decided = world.records("decided");
    let of_it = |record: &&serde_json::Value| record["message"] == message.to_string();
    let candidates = &decided.iter().find(of_it).unwrap()["candidates"];
    let desks: Vec<_> = candidates.as_array().unwrap().iter().map(|one| &one["desk"]).collect();
    assert_eq!(desks, ["stockport"], "neither the owner of the flag nor whoever serves the place");
    assert_eq!(candidates[0]["rules"], serde_json::json!(["platform/break-glass"]));
}

#[tokio::test]
async fn a_flag_that_is_raised_later_brings_it_to_nobody_else() {
    let world = World::shipped().await;
    let noms = "A9432AA";
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(id(), noms)).await.unwrap();
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult(noms, "Invented Missing"))).await.unwrap();
    nothing(&mut owner).await;
}

#[tokio::test]
async fn the_ledger_says_that_it_was_used_by_whom_and_with_whom_and_never_why() {
    let world = World::with(with_auditors()).await;
    let message = id();
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(message, "A9433AA")).await.unwrap();
    close(&world, (PRISONS, REVIEWER), message, ReviewFinding::Excessive).await.unwrap();
    let accepted = world.records("accepted");
    let of_it = |record: &&serde_json::Value| record["message"] == message.to_string();
    let accepted = accepted.iter().find(of_it).unwrap();
    assert_eq!(accepted["access"], "break-glass");
    assert_eq!(accepted["acting"], ACTING.to_string());
    assert_eq!(accepted["second"], SECOND.to_string());
    let reviewed = world.records("reviewed");
    let expected = serde_json::json!([{
        "actor": REVIEWER.to_string(), "finding": "excessive", "format": "pyramid-record/1",
        "message": message.to_string(), "operation": "alteration", "party": PRISONS,
        "type": "reviewed",
    }]);
    assert_eq!(serde_json::Value::Array(reviewed), expected);
    for kind in ["accepted", "decided", "reviewed", "consultation", "release"] {
        let text = serde_json::to_string(&world.records(kind)).unwrap();
        assert!(!text.contains("Invented"), "{kind}");
    }
    let report = is_sound(&world);
    assert_eq!(report.faults, []);
}

#[tokio::test]
async fn nobody_closes_a_review_of_what_they_used_or_were_named_with() {
    let world = World::with(with_auditors()).await;
    let message = id();
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(message, "A9434AA")).await.unwrap();
    let own = Refusal::OwnReview;
    for person in [ACTING, SECOND] {
        let answer = close(&world, (PRISONS, person), message, ReviewFinding::Justified).await;
        let (number, sentence, _) = told(answer);
        assert_eq!((number, sentence), (own.code().to_string(), own.sentence().to_owned()));
    }
    let open = reviews(&world, (PRISONS, ACTING), false).await;
    assert_eq!(open.len(), 1, "they may see that it is open");
    assert!(open[0].closed_at.is_none());

    let closed = close(&world, (PRISONS, REVIEWER), message, ReviewFinding::Justified).await;
    assert_eq!(closed.unwrap().closed_by, REVIEWER.to_string());
    assert_eq!(reviews(&world, (PRISONS, REVIEWER), false).await, []);
    // It is closed once: whoever comes later is told how it stands, and changes nothing.
    let again = close(&world, (PRISONS, REVIEWER), message, ReviewFinding::NotJustified).await;
    assert_eq!(again.unwrap().finding(), ReviewFinding::Justified);
    let all = reviews(&world, (PRISONS, REVIEWER), true).await;
    assert_eq!((all.len(), all[0].finding()), (1, ReviewFinding::Justified));
    assert_eq!(world.records("reviewed").len(), 1);
    // Each of the four calls that closed nothing or only looked is on record all the same.
    let calls: Vec<_> = world.records("consultation").iter().map(|r| r["call"].clone()).collect();
    let tried = calls.iter().filter(|call| **call == "close-review").count();
    let looked = calls.iter().filter(|call| **call == "list-reviews").count();
    assert_eq!((tried, looked), (3, 3));
    assert_eq!(is_sound(&world).faults, []);
}

#[tokio::test]
async fn to_every_other_agency_there_is_no_such_review() {
    let world = World::shipped().await;
    let (message, ordinary, never) = (id(), id(), id());
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(message, "A9435AA")).await.unwrap();
    let draft = at_large(ordinary, "A9436AA").addressee("gmp", "stockport");
    prisons.publish(draft.build().unwrap()).await.unwrap();
    let police = ("gmp", POLICE_AUDITOR);
    assert_eq!(reviews(&world, police, true).await, []);
    let foreign = told(close(&world, police, message, ReviewFinding::Justified).await);
    let unknown = told(close(&world, police, never, ReviewFinding::Justified).await);
    assert_eq!(foreign, unknown, "byte for byte");
    assert_eq!(foreign.0, Refusal::NotFound.code().to_string());
    // Nor has an ordinary message of the agency's own one.
    let own = (PRISONS, REVIEWER);
    let ordinary = told(close(&world, own, ordinary, ReviewFinding::Justified).await);
    assert_eq!(ordinary, unknown);

    let seen = reviews(&world, (BROKER_AUDITOR.0, BROKER_AUDITOR.1.parse().unwrap()), false).await;
    let seen: Vec<_> = seen.iter().map(|one| (&*one.agency, &*one.message_id)).collect();
    assert_eq!(seen, [(PRISONS, &*message.to_string())]);
}

#[tokio::test]
async fn persons_of_another_agency_use_nothing_and_are_told_of_nothing() {
    let world = World::shipped().await;
    let stranger = |acting, second| {
        at_large(id(), "A9437AA")
            .break_glass(WHY, acting, second)
            .expires_at(now() + Duration::hours(2))
            .addressee("gmp", "stockport")
            .build()
            .unwrap()
    };
    let frame = vec![
        stranger(POLICE_AUDITOR, SECOND),
        stranger(ACTING, POLICE_AUDITOR),
        stranger(ACTING, id()),
    ];
    let mut faults = Vec::new();
    for result in world.frame(PRISONS, "records", frame).await {
        let Some(wire::publish_result::Outcome::Refused(refused)) = result.outcome else {
            panic!("it is refused")
        };
        faults.extend(refused.violations.into_iter().map(|fault| (fault.field, fault.rule)));
    }
    faults.sort();
    let rule = "must be a person whom the directory has for your agency";
    let expected = ["acting_person", "break_glass.second_person", "break_glass.second_person"];
    assert_eq!(faults, expected.map(|field| (field.to_owned(), rule.to_owned())));
    assert!(world.records("accepted").is_empty());
}

/// Runs `agency` as a person: whether it did what was asked, and what it said.
async fn run(world: &World, person: Uuid, arguments: &[&str]) -> (bool, String, String) {
    let folder = world.stage.folder();
    world.stage.person(PRISONS, &person.to_string()).unwrap();
    let settings = folder.join(format!("person-{person}.toml"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    let mut agency = Agency::start(command.arg("--settings").arg(settings).args(arguments), folder);
    let done = agency.ended().await.success();
    (done, agency.output(), agency.errors())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_lists_and_closes_reviews_with_the_command_and_whoever_used_it_does_not() {
    let world = World::with(with_auditors()).await;
    let message = id();
    let prisons = world.publisher(PRISONS, "records").await;
    prisons.publish(emergency(message, "A9435AA")).await.unwrap();
    let list = ["reviews", "--reason", "Invented: the weekly look."];
    let (done, said, errors) = run(&world, REVIEWER, &list).await;
    let open = format!("message {message}, used by {ACTING}, told {SECOND}: open, due by ");
    assert!(done && said.contains(&open), "{said}{errors}");
    assert_eq!(said.lines().count(), 1);
    let json = [&["--json"], list.as_slice()].concat();
    let (_, said, _) = run(&world, REVIEWER, &json).await;
    let row: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&row["message_id"], row.get("finding")), (&message.to_string().into(), None));

    let id = message.to_string();
    let close = ["close-review", "--reason", FOUND, "--as", "excessive", &id];
    let (done, said, errors) = run(&world, ACTING, &close).await;
    assert_eq!((done, said.as_str()), (false, ""));
    assert!(errors.contains(Refusal::OwnReview.sentence()), "{errors}");
    let (done, said, errors) = run(&world, REVIEWER, &close).await;
    assert!(done && said.contains(&format!("excessive by {REVIEWER}")), "{said}{errors}");
    let (done, said, errors) = run(&world, REVIEWER, &list).await;
    assert_eq!((done, said.as_str()), (true, ""));
    assert!(errors.contains("no review is open"), "{errors}");
    let all = [list.as_slice(), &["--closed"]].concat();
    let (_, said, _) = run(&world, REVIEWER, &all).await;
    assert!(said.contains("excessive"), "{said}");
}
