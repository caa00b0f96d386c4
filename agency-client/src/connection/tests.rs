//! Connecting over mutual TLS to a stand-in that serves a scripted ledger.

use super::*;
use crate::pin::PinError;
use crate::tls::ALPN_HTTP2;
use aws_lc_rs::signature::Ed25519KeyPair;
use proto::audit::v1 as audit;
use proto::audit::v1::audit_service_server::{AuditService, AuditServiceServer};
use proto::ledger::checkpoint::VerifierKey;
use proto::ledger::tree::{Hash, consistency_path, leaf_hash, root};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version};
use std::path::Path;
use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// An authority that signs for one side.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name, and its key, both PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// The ledger the stand-in serves, and the connections it has.
#[derive(Clone, Default)]
struct Served {
    /// The ledger's name, and how many leaves it has.
    ledger: Arc<Lock<(String, u8)>>,
    connections: Arc<Lock<Vec<AbortHandle>>>,
}

fn signing_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap()
}

fn leaves(count: u8) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&[n])).collect()
}

#[tonic::async_trait]
impl AuditService for Served {
    async fn get_checkpoint(
        &self,
        _: Request<audit::GetCheckpointRequest>,
    ) -> Result<Response<audit::GetCheckpointResponse>, Status> {
        let (origin, size) = self.ledger.lock().unwrap().clone();
        let head = Checkpoint { origin, size: size.into(), root: root(&leaves(size)) };
        let checkpoint = head.sign(&signing_key(), "log.example").unwrap();
        Ok(Response::new(audit::GetCheckpointResponse { checkpoint }))
    }

    async fn get_consistency(
        &self,
        request: Request<audit::GetConsistencyRequest>,
    ) -> Result<Response<audit::GetConsistencyResponse>, Status> {
        let audit::GetConsistencyRequest { old_size, new_size } = request.into_inner();
        let path = consistency_path(&leaves(u8::try_from(new_size).unwrap()), old_size).unwrap();
        let path = path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect();
        Ok(Response::new(audit::GetConsistencyResponse { path }))
    }

    async fn get_proof(
        &self,
        _: Request<audit::GetProofRequest>,
    ) -> Result<Response<audit::GetProofResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn list_disclosures(
        &self,
        _: Request<audit::ListDisclosuresRequest>,
    ) -> Result<Response<audit::ListDisclosuresResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn get_receipts(
        &self,
        _: Request<audit::GetReceiptsRequest>,
    ) -> Result<Response<audit::GetReceiptsResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn cohort_report(
        &self,
        _: Request<audit::CohortReportRequest>,
    ) -> Result<Response<audit::CohortReportResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn explain_decision(
        &self,
        _: Request<audit::ExplainDecisionRequest>,
    ) -> Result<Response<audit::ExplainDecisionResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn list_reviews(
        &self,
        _: Request<audit::ListReviewsRequest>,
    ) -> Result<Response<audit::ListReviewsResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn close_review(
        &self,
        _: Request<audit::CloseReviewRequest>,
    ) -> Result<Response<audit::CloseReviewResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}

/// Mutual TLS, for clients that `clients` signed for.
fn acceptor(server: &Authority, clients: &Authority) -> TlsAcceptor {
    let mut trusted = RootCertStore::empty();
    trusted.add(pem::<CertificateDer<'static>>(&clients.pem)).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider));
    let (certificate, key) = server.issue("broker.example");
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![pem(&certificate)], pem::<PrivateKeyDer<'static>>(&key))
        .unwrap();
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Sees each certificate, and wants no more of it: with leave taken, or cut off. Counts.
async fn turn_away(acceptor: TlsAcceptor, takes_leave: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut stream = acceptor.accept(socket).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            if takes_leave {
                stream.shutdown().await.unwrap();
            }
        }
    });
    (address, count)
}

/// Serves a ledger over mutual TLS: only clients that `clients` signed for are let in.
async fn serve(served: Served, server: &Authority, clients: &Authority) -> String {
    let acceptor = acceptor(server, clients);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (give, take) = tokio::sync::mpsc::unbounded_channel();
    let incoming = UnboundedReceiverStream::new(take);
    let connections = Arc::clone(&served.connections);
    tokio::spawn(Server::builder().serve_with_incoming(AuditServiceServer::new(served), incoming));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut outer) = acceptor.accept(socket).await else { continue };
            let (mut near, far) = tokio::io::duplex(64 * 1024);
            give.send(Ok::<_, std::io::Error>(far)).unwrap();
            let copying =
                tokio::spawn(async move { copy_bidirectional(&mut outer, &mut near).await });
            connections.lock().unwrap().push(copying.abort_handle());
        }
    });
    address
}

fn pem<T: rustls::pki_types::pem::PemObject>(text: &str) -> T {
    T::from_pem_slice(text.as_bytes()).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

struct Fixture {
    folder: tempfile::TempDir,
    served: Served,
    settings: Settings,
}

/// A client whose certificate `clients` signed, at a broker that `server` signed for.
async fn fixture(server: &Authority, clients: &Authority, accepted: &Authority) -> Fixture {
    let served = Served::default();
    *served.ledger.lock().unwrap() = ("log.example".to_owned(), 5);
    let address = serve(served.clone(), server, accepted).await;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let (certificate, key) = clients.issue("node.example");
    put("node.pem", &certificate);
    put("node.key", &key);
    set_mode(&folder.path().join("node.key"), 0o600);
    put("roots.pem", &server.pem);
    let verifier = VerifierKey::of(&signing_key(), "log.example").unwrap().encode();
    let text = format!(
        "broker = \"{address}\"\nserver_name = \"broker.example\"\ncertificate = \"node.pem\"\n\
         key = \"node.key\"\nauthority = \"roots.pem\"\npin_file = \"head\"\n\
         verifier_key = \"{verifier}\"\nconnect_patience_seconds = 2\n"
    );
    let settings = Settings::parse(&text, folder.path()).unwrap();
    Fixture { folder, served, settings }
}

async fn good() -> Fixture {
    let (server, clients) = (Authority::new(), Authority::new());
    fixture(&server, &clients, &clients).await
}

impl Fixture {
    fn serve(&self, origin: &str, size: u8) {
        *self.served.ledger.lock().unwrap() = (origin.to_owned(), size);
    }

    fn break_connections(&self) {
        for connection in self.served.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What is kept of the ledger's head at a size.
    fn kept(&self, why: &str, size: u8) -> String {
        self.read(&format!("head.{why}-{size}-{}", root(&leaves(size)).to_hex()))
    }

    async fn refusal(&self) -> ConnectError {
        match Connection::connect(&self.settings).await {
            Ok(_) => unreachable!("this connection must be refused"),
            Err(error) => error,
        }
    }
}

#[tokio::test]
async fn the_head_is_pinned_at_the_first_connect_and_moves_by_proof() {
    let world = good().await;
    let connection = Connection::connect(&world.settings).await.unwrap();
    assert_eq!(connection.head().await.unwrap().size, 5);
    assert!(connection.is_head_first().await, "nothing was seen before");
    assert!(world.read("head").starts_with("log.example\n5\n"));
    world.serve("log.example", 9);
    let connection = Connection::connect(&world.settings).await.unwrap();
    assert!(!connection.is_head_first().await, "it continues what was pinned");
    assert!(world.read("head").starts_with("log.example\n9\n"));
}

#[tokio::test]
async fn a_ledger_that_went_backwards_is_refused_and_its_checkpoint_kept() {
    let world = good().await;
    Connection::connect(&world.settings).await.unwrap();
    world.serve("log.example", 4);
    let error = world.refusal().await;
    assert!(matches!(error, ConnectError::Pin(PinError::WentBackwards { .. })), "{error}");
    assert!(world.read("head").starts_with("log.example\n5\n"), "the pin stays");
    assert!(world.kept("refused", 4).starts_with("log.example\n4\n"));
    // What is seen later takes nothing from it.
    world.serve("log.example", 3);
    world.refusal().await;
    assert!(world.kept("refused", 4).starts_with("log.example\n4\n"));
    assert!(world.kept("refused", 3).starts_with("log.example\n3\n"));
}

#[tokio::test]
async fn a_refused_ledger_is_told_even_where_its_checkpoint_cannot_be_kept() {
    let world = good().await;
    Connection::connect(&world.settings).await.unwrap();
    world.serve("log.example", 4);
    std::fs::remove_file(world.folder.path().join("head.lock")).unwrap();
    std::fs::create_dir(world.folder.path().join("head.lock")).unwrap();
    let error = world.refusal().await;
    assert!(matches!(error, ConnectError::Pin(PinError::WentBackwards { .. })), "{error}");
}

#[tokio::test]
async fn a_channel_made_after_a_break_is_checked_against_the_pin_like_the_first() {
    let world = good().await;
    let connection = Connection::connect(&world.settings).await.unwrap();
    world.serve("log.example", 8);
    world.break_connections();
    while world.read("head").starts_with("log.example\n5\n") {
        connection.channel().await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(world.read("head").starts_with("log.example\n8\n"));
    world.serve("log.example", 7);
    world.break_connections();
    let error = loop {
        match connection.channel().await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ConnectError::Pin(PinError::WentBackwards { .. })), "{error}");
}

#[tokio::test]
async fn another_ledger_is_refused_until_it_is_accepted_by_name() {
    let world = good().await;
    Connection::connect(&world.settings).await.unwrap();
    world.serve("restored.example", 2);
    let error = world.refusal().await;
    assert!(matches!(error, ConnectError::Pin(PinError::OtherOrigin { .. })), "{error}");
    let wrong = accept_origin(&world.settings, "elsewhere.example").await.unwrap_err();
    assert!(matches!(wrong, ConnectError::Pin(PinError::OriginNotServed { .. })), "{wrong}");
    let accepted = accept_origin(&world.settings, "restored.example").await.unwrap();
    assert_eq!((accepted.former.unwrap().size, accepted.present.size), (5, 2));
    assert!(world.kept("former", 5).starts_with("log.example\n5\n"));
    Connection::connect(&world.settings).await.unwrap();
}

#[tokio::test]
async fn accepting_the_ledger_already_pinned_does_not_excuse_it_from_its_proof() {
    let world = good().await;
    Connection::connect(&world.settings).await.unwrap();
    world.serve("log.example", 3);
    let error = accept_origin(&world.settings, "log.example").await.unwrap_err();
    assert!(matches!(error, ConnectError::Pin(PinError::WentBackwards { .. })), "{error}");
}

#[tokio::test]
async fn a_client_certificate_the_broker_does_not_accept_is_said_to_be_refused() {
    let (server, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let world = fixture(&server, &others, &clients).await;
    let error = world.refusal().await;
    assert!(matches!(error, ConnectError::CertificateRefused(_)), "{error}");
}

#[tokio::test]
async fn a_broker_that_takes_leave_when_it_has_seen_the_certificate_has_refused_it() {
    let (server, clients) = (Authority::new(), Authority::new());
    let mut world = fixture(&server, &clients, &clients).await;
    for takes_leave in [true, false] {
        let (address, count) = turn_away(acceptor(&server, &clients), takes_leave).await;
        world.settings.broker = address;
        let error = world.refusal().await;
        let tried = count.load(Ordering::SeqCst);
        // One that fails takes no leave, and may be back in a moment.
        assert_eq!(matches!(error, ConnectError::NotLetIn { .. }), takes_leave, "{error}");
        assert_eq!((error.may_pass(), tried > 1), (!takes_leave, !takes_leave), "{tried}: {error}");
    }
}

#[tokio::test]
async fn a_broker_of_another_authority_is_not_the_one_expected() {
    let (server, clients) = (Authority::new(), Authority::new());
    let world = fixture(&server, &clients, &clients).await;
    std::fs::write(world.folder.path().join("roots.pem"), Authority::new().pem).unwrap();
    let error = world.refusal().await;
    assert!(matches!(error, ConnectError::Handshake { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_file_is_named_with_its_key_in_the_settings() {
    let world = good().await;
    std::fs::remove_file(world.folder.path().join("node.key")).unwrap();
    let error = world.refusal().await;
    let ConnectError::File { path, key, .. } = error else { unreachable!("a file is missing") };
    assert_eq!((path.file_name(), key), (Path::new("node.key").file_name(), "key"));
}

#[tokio::test]
async fn a_private_key_that_others_may_read_is_refused_and_the_way_out_is_said() {
    let world = good().await;
    let path = world.folder.path().join("node.key");
    set_mode(&path, 0o640);
    let error = Connection::connect(&world.settings).await.err().unwrap();
    assert!(!error.may_pass());
    let path = path.display();
    assert_eq!(
        error.to_string(),
        format!(
            "{path}: the file's mode is 0640 and must be 0600 or 0400: nobody but its owner may \
             read it; run `chmod 600 {path}`; see `key` in the settings"
        )
    );
    set_mode(Path::new(&path.to_string()), 0o400);
    assert!(Connection::connect(&world.settings).await.is_ok());
}
