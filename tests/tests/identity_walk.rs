//! Every RPC is walked by every caller, right and wrong: who may call what, and who not at all.
//!
//! Promises that the list of RPCs is the protocol's own, so none is forgotten, and that who may
//! call each is written here by hand and nowhere derived from the broker. Deliberately does not
//! know: what a handler answers to those it serves.

#![expect(clippy::unwrap_used, reason = "a test may stop where its world breaks")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agency_client::settings::Settings;
use agency_client::{Connection, errors::ConnectError};
use broker::app::App;
use broker::clock::SetClock;
use certs_dev::{Faulty, write_credential};
use demo::stage::{APPROVER_POLICE, BROKER_AUDITOR, OPERATOR, Script};
use prost::Message as _;
use proto::Rpc;
use proto::admin::v1 as admin;
use proto::refusal::Refusal;
use tests::operator::{apply_directory, make_room_for_the_faulty};
use tests::world::{World, now};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

#[path = "identity_walk/raw_call.rs"]
mod raw_call;

use raw_call::{Answer, call};

/// An auditor of Greater Manchester Police (invented).
const AUDITOR: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000001");
/// An interest approver of Greater Manchester Police (invented).
const INTEREST_APPROVER: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000003");

/// A kind of registered caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Node,
    Auditor,
    BrokerAuditor,
    Approver,
    InterestApprover,
    Operator,
}

const EVERY_KIND: &[Kind] = &[
    Kind::Node,
    Kind::Auditor,
    Kind::BrokerAuditor,
    Kind::Approver,
    Kind::InterestApprover,
    Kind::Operator,
];

/// Who may call what. An RPC without a row does not build.
const fn entitled(rpc: Rpc) -> &'static [Kind] {
    match rpc {
        // Messages are systems' work: no person sends or receives one here.
        Rpc::ExchangePublish
        | Rpc::ExchangeSubscribe
        | Rpc::ExchangePreview
        | Rpc::ExchangeTrack
        | Rpc::ExchangeListDeadLetters
        | Rpc::ExchangeRedrive
        | Rpc::ExchangeAttest
        | Rpc::ExchangeListObligations
        | Rpc::ExchangeListFlags
        | Rpc::AttachmentPutAttachment
        | Rpc::AttachmentFindAttachment
        | Rpc::AttachmentGetAttachment
        | Rpc::ExchangeReadWorklist => &[Kind::Node],
        Rpc::DirectoryStateLink | Rpc::DirectoryDeclareInterest => &[Kind::Node],
        // Nobody approves an interest but those named for it.
        Rpc::DirectoryApproveInterest => &[Kind::InterestApprover],
        // What every member may know: itself, the directory, and that the ledger is sound.
        Rpc::ExchangeWhoAmI
        | Rpc::DirectoryGetDirectory
        | Rpc::AuditGetCheckpoint
        | Rpc::AuditGetConsistency
        | Rpc::AuditGetProof
        | Rpc::AuditGetReceipts => EVERY_KIND,
        Rpc::AuditListDisclosures
        | Rpc::AuditExplainDecision
        | Rpc::AuditCohortReport
        | Rpc::AuditListReviews => &[Kind::Auditor, Kind::BrokerAuditor],
        // An agency's own auditor answers for its own emergencies.
        Rpc::AuditCloseReview => &[Kind::Auditor],
        // Operators run the broker and have no say in the rules; approvers the reverse.
        Rpc::AdminApplyDirectory | Rpc::AdminSetStanding | Rpc::AdminConfirmClock => {
            &[Kind::Operator]
        }
        Rpc::AdminProposeBundle | Rpc::AdminApproveBundle => &[Kind::Approver],
        Rpc::AdminGetStatus => &[Kind::Operator, Kind::Approver],
    }
}

async fn caller(world: &World, kind: Kind) -> Connection {
    match kind {
        Kind::Node => world.node("gmp", "records").await,
        Kind::Auditor => world.person(AUDITOR).await,
        Kind::BrokerAuditor => world.person(BROKER_AUDITOR).await,
        Kind::Approver => world.person(APPROVER_POLICE).await,
        Kind::InterestApprover => world.person(INTEREST_APPROVER).await,
        Kind::Operator => world.person(OPERATOR).await,
    }
}

/// Runs the broker on a clock of its own, and walks living connections only when asked to, so
/// that the gate alone stands between a caller and a handler.
async fn on_a_set_clock(world: &mut World) -> Arc<SetClock> {
    world.stop().await;
    let clock = Arc::new(SetClock::at(now()));
    let mut config = world.stage.config().clone();
    config.listen.sweep_every = Duration::from_secs(3_600);
    let started = App::start_with(config, Arc::<SetClock>::clone(&clock)).await;
    world.app = Some(started.unwrap());
    clock
}

/// The broker's numbers of peers turned away, by reason, and of connections let in.
fn door(world: &World) -> (BTreeMap<&'static str, u64>, u64) {
    let counters = world.app.as_ref().unwrap().listening().counters();
    let let_in = counters.established.load(std::sync::atomic::Ordering::SeqCst);
    (counters.refused().collect(), let_in)
}

/// Tries once to connect, as an agency's system does.
async fn try_connect(mut settings: Settings) -> Result<Connection, ConnectError> {
    settings.connect_patience = Duration::from_millis(1);
    Connection::connect(&settings).await
}

#[tokio::test]
async fn each_rpc_serves_the_callers_of_its_row_and_refuses_all_others() {
    let world = World::shipped().await;
    let mut faults = Vec::new();
    for kind in EVERY_KIND {
        let caller = caller(&world, *kind).await;
        for rpc in Rpc::ALL {
            let answer = call(caller.channel().await.unwrap(), rpc.path(), Vec::new()).await;
            let refused = Answer::Refused(Code::PermissionDenied, Refusal::NotAllowed);
            let is_right = if entitled(*rpc).contains(kind) {
                matches!(answer, Answer::Done | Answer::Refused(..)) && !answer.is_of_the_gate()
            } else {
                answer == refused
            };
            if !is_right {
                faults.push(format!("{kind:?} calls {}: {answer:?}", rpc.path()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(Refusal::NotAllowed.code(), 1003);
}

#[tokio::test]
async fn a_path_without_a_row_is_refused_and_health_is_told_to_every_member() {
    let world = World::shipped().await;
    let rows = [
        "/pyramid.exchange.v1.ExchangeService/Nothing",
        "/pyramid.exchange.v1.ExchangeService/publish",
        "/pyramid.exchange.v1.ExchangeService/Publish/",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.health.v2.Health/Check",
        "/",
    ];
    for kind in EVERY_KIND {
        let channel = caller(&world, *kind).await.channel().await.unwrap();
        for path in rows {
            let answer = call(channel.clone(), path, Vec::new()).await;
            let refused = Answer::Refused(Code::PermissionDenied, Refusal::NotAllowed);
            assert_eq!(answer, refused, "{kind:?} calls {path}");
        }
        let health = call(channel, "/grpc.health.v1.Health/Check", Vec::new()).await;
        assert_eq!(health, Answer::Done, "{kind:?} asks for health");
    }
}

#[tokio::test]
async fn a_refused_call_changes_nothing() {
    let world = World::shipped().await;
    let suspend = admin::SetStandingRequest { agency: "merseyside-police".into(), suspended: true };
    let narrow = admin::ApplyDirectoryRequest {
        document: "trust_domain = \"pyramid.example\"\n".into(),
        check_only: false,
    };
    let callers =
        [Kind::Node, Kind::Auditor, Kind::BrokerAuditor, Kind::Approver, Kind::InterestApprover];
    let before = directory(&world).await;
    for kind in callers {
        let channel = caller(&world, kind).await.channel().await.unwrap();
        let rows = [
            (Rpc::AdminSetStanding, suspend.encode_to_vec()),
            (Rpc::AdminApplyDirectory, narrow.encode_to_vec()),
        ];
        for (rpc, frame) in rows {
            let answer = call(channel.clone(), rpc.path(), frame).await;
            assert!(answer.is_of_the_gate(), "{kind:?} calls {}: {answer:?}", rpc.path());
        }
    }
    assert_eq!(directory(&world).await, before);
    // The same frame from one who may: the walk above was refused for who called, not for what.
    let operator = caller(&world, Kind::Operator).await.channel().await.unwrap();
    let done = call(operator, Rpc::AdminSetStanding.path(), suspend.encode_to_vec()).await;
    assert_eq!(done, Answer::Done);
    assert_ne!(directory(&world).await, before);
}

/// Epoch of the directory, how many agencies it has and how many of them are suspended.
async fn directory(world: &World) -> (u64, usize, usize) {
    let node = world.node("gmp", "records").await;
    let asked = proto::directory::v1::GetDirectoryRequest::default();
    let told = node.directory().await.unwrap().get_directory(asked).await.unwrap().into_inner();
    let suspended = told.agencies.iter().filter(|agency| agency.suspended).count();
    (told.epoch, told.agencies.len(), suspended)
}

#[tokio::test]
async fn a_certificate_that_has_ended_reaches_no_handler_on_a_connection_that_is_still_open() {
    let mut world = World::shipped().await;
    let clock = on_a_set_clock(&mut world).await;
    let mut channels = Vec::new();
    for kind in EVERY_KIND {
        let channel = caller(&world, *kind).await.channel().await.unwrap();
        let before = call(channel.clone(), Rpc::ExchangeWhoAmI.path(), Vec::new()).await;
        assert_eq!(before, Answer::Done, "{kind:?} asks who it is");
        channels.push((*kind, channel));
    }
    clock.advance(Duration::from_hours(91 * 24));
    for (kind, channel) in channels {
        for rpc in Rpc::ALL {
            let answer = call(channel.clone(), rpc.path(), Vec::new()).await;
            let refused = Answer::Refused(Code::Unauthenticated, Refusal::NotRegistered);
            assert_eq!(answer, refused, "{kind:?} calls {}", rpc.path());
        }
        let health = call(channel, "/grpc.health.v1.Health/Check", Vec::new()).await;
        let refused = Answer::Refused(Code::Unauthenticated, Refusal::NotRegistered);
        assert_eq!(health, refused, "{kind:?} asks for health");
    }
}

#[tokio::test]
async fn a_role_taken_away_is_gone_at_the_next_call_of_the_same_connection() {
    let world = World::shipped().await;
    let approver = caller(&world, Kind::Approver).await.channel().await.unwrap();
    let path = Rpc::AdminGetStatus.path();
    assert_eq!(call(approver.clone(), path, Vec::new()).await, Answer::Done);
    let script = Script::shipped().unwrap();
    let approves = format!("id = \"{}\"\nroles = [\"approver\"]", APPROVER_POLICE.1);
    let audits = format!("id = \"{}\"\nroles = [\"auditor\"]", APPROVER_POLICE.1);
    assert!(script.directory.contains(&approves), "the shipped directory names this approver");
    apply_directory(&world, &script.directory.replace(&approves, &audits)).await;
    let refused = Answer::Refused(Code::PermissionDenied, Refusal::NotAllowed);
    assert_eq!(call(approver, path, Vec::new()).await, refused);
}

/// Why the door should turn each wrong certificate away. A wrong one without a row does not build.
const fn reason(faulty: Faulty) -> &'static str {
    match faulty {
        Faulty::Expired | Faulty::NotYetValid => "handshake_not_in_date",
        Faulty::OtherAuthority => "handshake_unknown_authority",
        Faulty::RevokedLeaf | Faulty::RevokedIssuingAuthority => "handshake_revoked",
        Faulty::ServerAuthOnly => "handshake_purpose",
        Faulty::NoSan | Faulty::TwoSans | Faulty::CommonNameOnly => "certificate_alternative_name",
        Faulty::NonsenseGrammar | Faulty::NonsenseExtraSegment => "certificate_grammar",
        Faulty::WrongTrustDomain => "trust_domain",
        Faulty::AgencyOfAnotherIssuingKey => "issuer_may_not_name",
        Faulty::Unregistered => "agency_not_registered",
        Faulty::Suspended => "agency_suspended",
    }
}

#[tokio::test]
async fn no_wrong_certificate_is_let_in_and_each_is_turned_away_for_its_own_fault() {
    let world = World::shipped().await;
    make_room_for_the_faulty(&world).await;
    for faulty in Faulty::ALL {
        let credential = world.stage.authority().faulty(faulty, "gmp", "records").unwrap();
        write_credential(world.stage.folder(), faulty.name(), &credential).unwrap();
    }
    let mut generation = world.app.as_ref().unwrap().listening().generation();
    world.stage.publish_crls().unwrap();
    generation.changed().await.unwrap();

    for faulty in Faulty::ALL {
        let (before, let_in) = door(&world);
        let refused = try_connect(world.stage.settings_of(faulty.name()).unwrap()).await;
        assert!(refused.is_err(), "{faulty:?} must not connect");
        // The client may know of it before the broker has counted it.
        let (mut after, mut let_in_after) = door(&world);
        while after == before && let_in_after == let_in {
            tokio::time::sleep(Duration::from_millis(10)).await;
            (after, let_in_after) = door(&world);
        }
        assert_eq!(let_in_after, let_in, "{faulty:?}: no handler may see a connection of it");
        let rose: Vec<&str> = after
            .iter()
            .filter(|(code, count)| before.get(*code) != Some(*count))
            .map(|r| *r.0)
            .collect();
        assert_eq!(rose, [reason(faulty)], "{faulty:?}");
    }
    // The door is not simply shut.
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());
}

/// A greeting that offers TLS 1.2 and nothing newer (RFC 5246 section 7.4.1.2), with a suite, a
/// group and a signature that a server of its day would take.
fn greeting_of_tls_1_2() -> Vec<u8> {
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // groups: secp256r1
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // point formats: uncompressed
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // signatures: ECDSA with P-256
        0x00, 0x17, 0x00, 0x00, // extended master secret
    ];
    let mut hello = vec![0x03, 0x03];
    hello.extend([0x5a; 32]); // random
    hello.push(0); // no session
    hello.extend([0x00, 0x02, 0xc0, 0x2b]); // ECDHE-ECDSA-AES128-GCM-SHA256
    hello.extend([0x01, 0x00]); // no compression
    hello.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    hello.extend(extensions);
    let mut handshake = vec![0x01, 0x00];
    handshake.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    handshake.extend(hello);
    let mut record = vec![0x16, 0x03, 0x01];
    record.extend(u16::try_from(handshake.len()).unwrap().to_be_bytes());
    record.extend(handshake);
    record
}

#[tokio::test]
async fn a_client_of_tls_1_2_is_refused_for_its_version() {
    let world = World::shipped().await;
    let (before, let_in) = door(&world);
    let mut socket = TcpStream::connect(world.stage.address()).await.unwrap();
    socket.write_all(&greeting_of_tls_1_2()).await.unwrap();
    let mut answer = Vec::new();
    let ended = socket.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    // One fatal alert, 70: protocol_version (RFC 8446 section 6).
    assert_eq!(answer, [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]);
    let (after, let_in_after) = door(&world);
    assert_eq!(let_in_after, let_in);
    assert_eq!(after["handshake_protocol"], before["handshake_protocol"] + 1);
}
