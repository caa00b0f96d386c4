//! The samples of messages arrive, and docs/messages.md speaks of every field and word.

use std::collections::BTreeSet;

use agency_client::cli::message_json::read_message;
use agency_client::compose::timestamp;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::identifier::CurrentYear;
use tests::world::{World, next, now};
use time::Duration;

use crate::{named, page, rows};

const PAGE: &str = "docs/messages.md";
const FOLDER: &str = "agency-client/examples/messages";
const PROTOCOL: &str = "proto/pyramid/exchange/v1/message.proto";

/// The objects of a message file: the page's section is called as the protocol's message.
const OBJECTS: [&str; 23] = [
    "Message",
    "Subject",
    "Identifier",
    "Statement",
    "Section",
    "SectionAudience",
    "Area",
    "Addressee",
    "BreakGlass",
    "Intelligence",
    "Mappa",
    "Custody",
    "Flag",
    "Correction",
    "DrugTest",
    "Enforcement",
    "Action",
    "Placement",
    "Referral",
    "ReferralParty",
    "Court",
    "Request",
    "Response",
];

pub(crate) fn sample(name: &str) -> wire::Message {
    let text = page(&format!("{FOLDER}/{name}.json"));
    read_message(&text, CurrentYear::new(2026).ok())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A sample, who sends it, and who receives it: agency, node and desk.
struct Row {
    sample: &'static str,
    sender: (&'static str, &'static str),
    recipient: (&'static str, &'static str, &'static str),
}

const PROBATION: (&str, &str, &str) = ("probation-greater-manchester", "records", "stockport");
const POLICE: (&str, &str, &str) = ("gmp", "records", "stockport");
const SAMPLES: [Row; 13] = [
    Row {
        sample: "intelligence",
        sender: ("gmp", "intelligence"),
        recipient: ("merseyside-police", "intelligence", "force-intelligence"),
    },
    Row {
        sample: "mappa",
        sender: ("probation-greater-manchester", "records"),
        recipient: ("gmp", "intelligence", "public-protection"),
    },
    Row { sample: "custody", sender: ("hmpps-prisons", "records"), recipient: PROBATION },
    Row { sample: "flag", sender: ("gmp", "records"), recipient: PROBATION },
    Row { sample: "correction", sender: ("hmpps-prisons", "records"), recipient: PROBATION },
    Row { sample: "drug_test", sender: ("gmp", "records"), recipient: PROBATION },
    Row {
        sample: "enforcement",
        sender: ("probation-greater-manchester", "records"),
        recipient: POLICE,
    },
    Row { sample: "action", sender: ("gmp", "records"), recipient: PROBATION },
    Row {
        sample: "placement",
        sender: ("wirral-council", "childrens-services"),
        recipient: ("stockport-council", "childrens-services", "childrens-services"),
    },
    Row { sample: "referral", sender: ("gmp", "records"), recipient: PROBATION },
    Row { sample: "court", sender: ("hmcts", "records"), recipient: PROBATION },
    Row { sample: "request", sender: ("gmp", "records"), recipient: PROBATION },
    Row {
        sample: "response",
        sender: ("probation-greater-manchester", "records"),
        recipient: POLICE,
    },
];

/// What the page tells whoever publishes a sample to do first: set the times that grow old, and
/// answer the request under the release it came by.
fn made_ready(mut message: wire::Message, request: Option<&[u8]>) -> wire::Message {
    if message.act_by.is_some() {
        message.act_by = Some(timestamp(now() + Duration::days(7)));
    }
    if let Some(wire::message::Kind::DrugTest(test)) = &mut message.kind {
        test.tested_at = Some(timestamp(now() - Duration::hours(1)));
    }
    if !message.in_reply_to.is_empty() {
        message.in_reply_to = request.unwrap().to_vec().into();
    }
    message
}

const fn kind_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Intelligence(_) => "intelligence",
        Kind::Mappa(_) => "mappa",
        Kind::Custody(_) => "custody",
        Kind::Flag(_) => "flag",
        Kind::Correction(_) => "correction",
        Kind::Task(_) => "task",
        Kind::DrugTest(_) => "drug_test",
        Kind::Enforcement(_) => "enforcement",
        Kind::Action(_) => "action",
        Kind::Placement(_) => "placement",
        Kind::Referral(_) => "referral",
        Kind::Court(_) => "court",
        Kind::Request(_) => "request",
        Kind::Response(_) => "response",
    }
}

#[tokio::test]
async fn every_sample_is_accepted_and_arrives_at_the_desk_the_page_names() {
    let world = World::shipped().await;
    let (mut custody, mut request) = (None, None);
    for Row { sample: name, sender, recipient: (agency, node, desk) } in SAMPLES {
        let mut mailbox = world.mailbox(agency, node, desk).await;
        let message = made_ready(sample(name), request.as_deref());
        let published = world.publisher(sender.0, sender.1).await.publish(message).await;
        let accepted = published.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!accepted.repeated_submission, "{name}");
        let came = next(&mut mailbox).await;
        let kind = came.message.kind.as_ref().unwrap();
        assert_eq!(kind_of(kind), name);
        match name {
            "custody" => custody = Some(came.delivery.reference.clone()),
            "request" => request = Some(came.delivery.release_id.to_vec()),
            "correction" => {
                assert_eq!(Some(&came.delivery.settles_reference), custody.as_ref());
            }
            _ => {}
        }
        for subject in &came.message.subjects {
            assert!(subject.name.is_empty() || subject.name.starts_with("Invented "), "{name}");
        }
        came.acknowledge().await.unwrap();
        mailbox.close().await.unwrap();
    }
}

#[test]
fn the_page_lists_the_samples_with_sender_and_desk_and_there_is_no_other_file() {
    let page = page(PAGE);
    let listed = rows(&page, "Messages, field by field");
    let expected = SAMPLES.map(|Row { sample, sender, recipient }| {
        vec![
            format!("[{sample}.json](../{FOLDER}/{sample}.json)"),
            format!("`{}`, `{}`", sender.0, sender.1),
            format!("`{}/{}`", recipient.0, recipient.2),
        ]
    });
    let listed: Vec<Vec<String>> =
        listed.iter().map(|row| row[1..].iter().map(|cell| (*cell).to_owned()).collect()).collect();
    assert_eq!(listed, expected);
    let files = std::fs::read_dir(crate::top().join(FOLDER)).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, SAMPLES.map(|row| format!("{}.json", row.sample)).into());
}

#[test]
fn every_person_in_a_sample_is_marked_as_invented() {
    for Row { sample: name, .. } in SAMPLES {
        let message = sample(name);
        for subject in &message.subjects {
            let named = subject.name.starts_with("Invented ");
            assert!(named || subject.name.is_empty(), "{name}");
        }
        for statement in &message.statements {
            assert!(statement.text.starts_with("Invented."), "{name}");
        }
    }
}

/// The names declared in one block of the protocol, such as `message Subject`: fields, or values
/// with their numbers.
fn declared(block: &str) -> Vec<(String, u32)> {
    let protocol = page(PROTOCOL);
    let (_, rest) = protocol.split_once(&format!("\n{block} {{\n")).expect("the protocol has it");
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let fields = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let fields = fields.filter_map(|line| line.strip_suffix(';')?.split_once(" = "));
    fields
        .map(|(before, number)| {
            (before.rsplit(' ').next().unwrap().to_owned(), number.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_page_speaks_of_every_field_of_a_message_and_of_no_other() {
    let page = page(PAGE);
    for object in OBJECTS {
        let fields = declared(&format!("message {object}"));
        let fields: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
        let listed = rows(&page, object);
        assert_eq!(listed.iter().map(|row| named(row)).collect::<Vec<_>>(), fields, "{object}");
    }
}

#[test]
fn the_page_lists_every_word_that_a_message_may_hold() {
    let page = page(PAGE);
    let mut missing = Vec::new();
    let listed = rows(&page, "Written names");
    for (row, (enumeration, prefix)) in listed.iter().zip(ENUMERATIONS) {
        let words = declared(&format!("enum {enumeration}"));
        let words = words.iter().filter(|(name, number)| {
            // Fields below 20 are parts of subjects and kinds, and from 50 on of the whole message;
            // what is above OFFICIAL-SENSITIVE is refused.
            let said = enumeration != "Field" || (20..50).contains(number);
            *number > 0 && said && !name.ends_with("_SECRET") && !name.ends_with("TOP_SECRET")
        });
        let words: Vec<String> =
            words.map(|(name, _)| name.strip_prefix(prefix).unwrap().to_lowercase()).collect();
        let told: Vec<&str> =
            row[1].split_whitespace().map(|word| word.trim_matches('`')).collect();
        if told != words {
            missing.push(format!("{enumeration}: {words:?}"));
        }
    }
    crate::none_of("docs/messages.md lists other words", &missing);
    assert_eq!(listed.len(), ENUMERATIONS.len());
}

/// The protocol's enumerations in the order of the page, each with what its values begin with.
const ENUMERATIONS: [(&str, &str); 46] = [
    ("Purpose", "PURPOSE_"),
    ("Gateway", "GATEWAY_"),
    ("LawfulBasis", "LAWFUL_BASIS_"),
    ("SensitiveCondition", "SENSITIVE_CONDITION_"),
    ("Marking", "MARKING_"),
    ("HandlingCondition", "HANDLING_CONDITION_"),
    ("SubjectCategory", "SUBJECT_CATEGORY_"),
    ("AgeAssertion", "AGE_ASSERTION_"),
    ("LimitedAccess", "LIMITED_ACCESS_"),
    ("IdentifierType", "IDENTIFIER_TYPE_"),
    ("Field", "FIELD_"),
    ("Footing", "FOOTING_"),
    ("AreaRole", "AREA_ROLE_"),
    ("Urgency", "URGENCY_"),
    ("GradingScheme", "GRADING_SCHEME_"),
    ("IntelligenceCondition", "INTELLIGENCE_CONDITION_"),
    ("IntelligenceTopic", "INTELLIGENCE_TOPIC_"),
    ("MappaStep", "MAPPA_STEP_"),
    ("CustodyEvent", "CUSTODY_EVENT_"),
    ("CustodyCertainty", "CUSTODY_CERTAINTY_"),
    ("FlagKind", "FLAG_KIND_"),
    ("FlagAction", "FLAG_ACTION_"),
    ("FlagCohort", "FLAG_COHORT_"),
    ("FlagRating", "FLAG_RATING_"),
    ("FlagExit", "FLAG_EXIT_"),
    ("CorrectionAction", "CORRECTION_ACTION_"),
    ("DrugTestStage", "DRUG_TEST_STAGE_"),
    ("DrugTestResult", "DRUG_TEST_RESULT_"),
    ("DrugTestSubstance", "DRUG_TEST_SUBSTANCE_"),
    ("DrugTestUse", "DRUG_TEST_USE_"),
    ("EnforcementMatter", "ENFORCEMENT_MATTER_"),
    ("EnforcementStep", "ENFORCEMENT_STEP_"),
    ("EnforcementOutcome", "ENFORCEMENT_OUTCOME_"),
    ("ActionStep", "ACTION_STEP_"),
    ("Pathway", "PATHWAY_"),
    ("PlacementSort", "PLACEMENT_SORT_"),
    ("PlacementStep", "PLACEMENT_STEP_"),
    ("ReferralStep", "REFERRAL_STEP_"),
    ("PartyRole", "PARTY_ROLE_"),
    ("Consent", "CONSENT_"),
    ("CourtStep", "COURT_STEP_"),
    ("CourtOrder", "COURT_ORDER_"),
    ("ResponseOutcome", "RESPONSE_OUTCOME_"),
    ("DeclineReason", "DECLINE_REASON_"),
    ("SectionKind", "SECTION_KIND_"),
    ("MediaType", "MEDIA_TYPE_"),
];
