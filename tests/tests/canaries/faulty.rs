//! Calls with a canary in a field that breaks its rule, and calls by strangers.
//!
//! Owns: what is wrong with each. Promises: every such call is refused, and what it was told
//! is handed back whole, to be searched.

use agency_client::Connection;
use certs_dev::{Faulty, write_credential};
use proto::admin::v1 as admin;
use proto::audit::v1 as audit;
use proto::audit::v1::get_proof_request::Of;
use proto::directory::v1 as directory;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::subscribe_request::Step;
use tests::world::{World, id};
use tokio_stream::StreamExt as _;
use tonic::Status;

use crate::needles::Canary;
use crate::secrets;

/// What stands in every faulty field. It fits the rules of none of them.
pub const WRONG: &str = "Kanarie!Faulty 7Qx";
/// The name of a node that no directory knows, in a certificate's URI.
const STRANGER: &str = "kanarie-stranger-7qx";
/// The same, in a common name.
const COMMON_NAME: &str = "kanarie-common-name-7qx";

/// Canaries of faulty fields and of strangers.
pub fn canaries() -> Vec<Canary> {
    vec![
        Canary::text("faulty field", WRONG),
        Canary::text("stranger's node", STRANGER),
        Canary::text("common name", COMMON_NAME),
    ]
}

/// Everything of a status that a caller can see.
pub fn seen(status: &Status) -> Vec<u8> {
    let mut seen = format!("{status:?} {}", status.message()).into_bytes();
    seen.extend(status.details());
    seen
}

/// One fault put into a message.
type Fault = (&'static str, fn(&mut wire::Message));

const FAULTS: &[Fault] = &[
    ("correlation_id", |m| m.correlation_id = WRONG.into()),
    ("causation_id", |m| m.causation_id = WRONG.into()),
    ("acting_person", |m| m.acting_person = WRONG.into()),
    ("traceparent", |m| m.traceparent = WRONG.repeat(4)),
    ("subjects[0].name", |m| m.subjects[0].name = WRONG.repeat(12)),
    ("subjects[0].birth_date", |m| m.subjects[0].birth_date = WRONG.into()),
    ("subjects[0].identifiers[0].value", |m| {
        m.subjects[0].identifiers[0].value = WRONG.into();
    }),
    ("statements[0].text", |m| m.statements[0].text = WRONG.repeat(500)),
    ("areas[0].code", |m| m.areas[0].code = WRONG.into()),
    ("addressees[0].agency", |m| m.addressees = vec![addressee(WRONG, "")]),
    ("addressees[0].desk", |m| m.addressees = vec![addressee("gmp", WRONG)]),
    ("kind", |m| m.kind = None),
    ("custody.prison", |m| with_custody(m, |c| c.prison = WRONG.into())),
    ("custody.movement_reason", |m| with_custody(m, |c| c.movement_reason = WRONG.into())),
    ("custody.settles_message_id", |m| {
        with_custody(m, |c| c.settles_message_id = WRONG.into());
    }),
];

fn addressee(agency: &str, desk: &str) -> wire::Addressee {
    wire::Addressee { agency: agency.into(), desk: desk.into() }
}

fn with_custody(message: &mut wire::Message, change: impl FnOnce(&mut wire::Custody)) {
    let Some(Kind::Custody(custody)) = &mut message.kind else { panic!("custody") };
    change(custody);
}

/// Faulty messages of the other kinds, by the field that is wrong.
fn of_other_kinds() -> Vec<(&'static str, wire::Message)> {
    let mut grade = secrets::intelligence().message;
    let mut reference = secrets::intelligence().message;
    let mut review = secrets::flag().message;
    let mut panel = secrets::flag().message;
    let mut owner = secrets::flag().message;
    let mut referral = secrets::mappa().message;
    let mut reason = secrets::withdrawal(id()).message;
    let mut cited = secrets::withdrawal(id()).message;
    if let Some(Kind::Intelligence(it)) = &mut grade.kind {
        it.grade = WRONG.into();
    }
    if let Some(Kind::Intelligence(it)) = &mut reference.kind {
        it.originator_reference = WRONG.repeat(4);
    }
    if let Some(Kind::Flag(it)) = &mut review.kind {
        it.review_date = WRONG.into();
    }
    if let Some(Kind::Flag(it)) = &mut panel.kind {
        it.panel_decision_id = WRONG.into();
    }
    if let Some(Kind::Flag(it)) = &mut owner.kind {
        it.owner = Some(addressee(WRONG, WRONG));
    }
    if let Some(Kind::Mappa(it)) = &mut referral.kind {
        it.referral_id = WRONG.into();
    }
    if let Some(Kind::Correction(it)) = &mut reason.kind {
        it.reason = WRONG.repeat(30);
    }
    if let Some(Kind::Correction(it)) = &mut cited.kind {
        it.message_id = WRONG.into();
    }
    vec![
        ("intelligence.grade", grade),
        ("intelligence.originator_reference", reference),
        ("flag.review_date", review),
        ("flag.panel_decision_id", panel),
        ("flag.owner.agency", owner),
        ("mappa.referral_id", referral),
        ("correction.reason", reason),
        ("correction.message_id", cited),
    ]
}

/// Publishes every faulty message. Answers what was told of each but the id, which is the
/// sender's own and told to it alone.
pub async fn messages(sender: &Connection) -> Vec<(String, Vec<u8>)> {
    let mut all = of_other_kinds();
    for (field, fault) in FAULTS {
        let mut message = secrets::custody().message;
        fault(&mut message);
        all.push((field, message));
    }
    let mut no_id = secrets::custody().message;
    no_id.message_id = WRONG.into();
    all.push(("message_id", no_id));
    let mut told = Vec::new();
    for (field, message) in all {
        let request = wire::PublishRequest { messages: vec![message] };
        let mut exchange = sender.exchange().await.unwrap();
        let frames = exchange.publish(tokio_stream::once(request)).await.unwrap();
        let frame = frames.into_inner().next().await.unwrap().unwrap();
        let Some(Outcome::Refused(refused)) = &frame.results[0].outcome else {
            panic!("{field} was taken")
        };
        let named = refused.violations.iter().any(|violation| violation.field == field);
        assert!(named, "{field} is named in {:?}", refused.violations);
        told.push((format!("refusal of {field}"), prost::Message::encode_to_vec(refused)));
    }
    told
}

/// Every other call of a node with a faulty field.
pub async fn calls(node: &Connection) -> Vec<(String, Vec<u8>)> {
    let mut exchange = node.exchange().await.unwrap();
    let mut directory = node.directory().await.unwrap();
    let mut audit = node.audit().await.unwrap();
    let wrong = || WRONG.to_owned();
    let identifier =
        || Some(wire::Identifier { r#type: wire::IdentifierType::Noms.into(), value: wrong() });
    let open = wire::OpenSubscription { desk: wrong(), name: wrong(), credit: 1 };
    let open = wire::SubscribeRequest { step: Some(Step::Open(open)) };
    let absent = wire::OpenSubscription { desk: wrong(), name: "default".into(), credit: 1 };
    let absent = wire::SubscribeRequest { step: Some(Step::Open(absent)) };
    let preview = wire::PreviewRequest { kind: wrong(), ..wire::PreviewRequest::default() };
    let link = directory::StateLinkRequest {
        one: identifier(),
        other: identifier(),
        birth_date: wrong(),
        withdrawn: false,
    };
    let interest = directory::DeclareInterestRequest {
        identifier: identifier(),
        desk: wrong(),
        purpose: wire::Purpose::OffenderManagement.into(),
        expires_at: None,
    };
    let dead = wire::ListDeadLettersRequest { desk: wrong() };
    let redrive = wire::RedriveRequest { desk: wrong(), delivery_id: WRONG.into() };
    let proof = |of| audit::GetProofRequest { of: Some(of) };
    let (message, release) = (proof(Of::MessageId(wrong())), proof(Of::ReleaseId(WRONG.into())));
    vec![
        refused("subscribe", exchange.subscribe(tokio_stream::once(open)).await),
        refused("subscribe to no desk", exchange.subscribe(tokio_stream::once(absent)).await),
        refused("preview", exchange.preview(preview).await),
        refused("track", exchange.track(wire::TrackRequest { message_id: wrong() }).await),
        refused("dead letters", exchange.list_dead_letters(dead).await),
        refused("redrive", exchange.redrive(redrive).await),
        refused("link", directory.state_link(link).await),
        refused("interest", directory.declare_interest(interest).await),
        refused("proof of a message", audit.get_proof(message).await),
        refused("proof of a release", audit.get_proof(release).await),
    ]
}

/// Calls of persons with a faulty field.
pub async fn calls_of_persons(
    world: &World,
    auditor: (&str, &str),
    approver: (&str, &str),
    operator: (&str, &str),
) -> Vec<(String, Vec<u8>)> {
    let wrong = || WRONG.to_owned();
    let mut audit = world.person(auditor).await.audit().await.unwrap();
    let list = |message_id: &str, page_token: &str| audit::ListDisclosuresRequest {
        reason: secrets::REASON_LIST.into(),
        message_id: message_id.into(),
        page_token: page_token.into(),
        ..audit::ListDisclosuresRequest::default()
    };
    let no_reason = audit::ListDisclosuresRequest::default();
    let explain = audit::ExplainDecisionRequest {
        reason: secrets::REASON_EXPLAIN.into(),
        sending_agency: wrong(),
        message_id: wrong(),
    };
    let mut interests = world.person(approver).await.directory().await.unwrap();
    let approve = directory::ApproveInterestRequest { interest_id: wrong() };
    let mut operators = world.stage.admin(operator).await.unwrap();
    let document =
        admin::ApplyDirectoryRequest { document: format!("{WRONG} = {WRONG}"), check_only: false };
    let standing = admin::SetStandingRequest { agency: wrong(), suspended: true };
    vec![
        refused("disclosures of a message", audit.list_disclosures(list(WRONG, "")).await),
        refused("disclosures after a page", audit.list_disclosures(list("", WRONG)).await),
        refused("disclosures without a reason", audit.list_disclosures(no_reason).await),
        refused("explanation", audit.explain_decision(explain).await),
        refused("approval of an interest", interests.approve_interest(approve).await),
        refused("directory", operators.apply_directory(document).await),
        refused("standing", operators.set_standing(standing).await),
    ]
}

fn refused<T>(call: &str, answer: Result<tonic::Response<T>, Status>) -> (String, Vec<u8>) {
    let Err(status) = answer else { panic!("{call} was answered") };
    (format!("refusal of {call}"), seen(&status))
}

/// Connects with certificates that name nobody: one by its URI, one by its common name alone.
/// Answers what the strangers were told.
pub async fn strangers(world: &World) -> Vec<(String, Vec<u8>)> {
    {
        let mut authority = world.stage.authority();
        let issuer = authority.first_issuer();
        let unknown = authority.node(issuer, "gmp", STRANGER).unwrap();
        write_credential(world.stage.folder(), "stranger", &unknown).unwrap();
        let named = authority.faulty(Faulty::CommonNameOnly, "gmp", COMMON_NAME).unwrap();
        write_credential(world.stage.folder(), "stranger-named", &named).unwrap();
    }
    let mut told = Vec::new();
    for name in ["stranger", "stranger-named"] {
        let mut settings = world.stage.settings_of(name).unwrap();
        settings.connect_patience = std::time::Duration::from_secs(1);
        let Err(error) = Connection::connect(&settings).await else { panic!("{name} got in") };
        told.push((format!("what {name} was told"), format!("{error} {error:?}").into_bytes()));
    }
    told
}
