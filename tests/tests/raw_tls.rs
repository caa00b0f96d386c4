//! What the agencies' own client would never do: call without looking at the ledger's head, come
//! without a certificate, or offer a session of before.
//!
//! Promises that each call is tried on a connection of its own, and that a refusal is read from
//! the broker's own count of connections let in and not only from what the client saw.
//! Deliberately does not know: any message type.

#![expect(clippy::unwrap_used, reason = "a test may stop where its world breaks")]

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use certs_dev::{Credential, Faulty};
use hyper_util::rt::TokioIo;
use proto::Rpc;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore, ServerConfig, version};
use tests::operator::make_room_for_the_faulty;
use tests::world::World;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::transport::{Channel, Endpoint};

#[path = "identity_walk/raw_call.rs"]
mod raw_call;

use raw_call::{Answer, call};

/// The beginning of HTTP/2 (RFC 9113 section 3.4) with empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
}

/// A client with this certificate, or with none.
fn client(world: &World, credential: Option<&Credential>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for root in certificates(world.stage.authority().root_pem()) {
        roots.add(root).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match credential {
        None => builder.with_no_client_auth(),
        Some(credential) => {
            let key = PrivateKeyDer::from_pem_slice(credential.key_pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(certificates(&credential.chain_pem), key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

async fn shake(
    address: std::net::SocketAddr,
    config: &Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::clone(config)).connect(name, socket).await
}

/// One channel over one connection, which is never made again.
async fn channel(world: &World, config: &Arc<ClientConfig>) -> Option<Channel> {
    let stream = shake(world.stage.address(), config).await.ok()?;
    let mut only_once = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        let stream = only_once.take();
        async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await.ok()
}

/// Connections the broker ever let in.
fn let_in(world: &World) -> u64 {
    let app = world.app.as_ref().unwrap();
    app.listening().counters().established.load(Ordering::SeqCst)
}

/// Every RPC of the protocol, each on a connection of its own, must come to nothing.
async fn walk(world: &World, who: &str, config: ClientConfig) {
    let config = Arc::new(config);
    let before = let_in(world);
    for rpc in Rpc::ALL {
        // No channel: refused before a call could be made.
        let Some(channel) = channel(world, &config).await else { continue };
        let answer = call(channel, rpc.path(), Vec::new()).await;
        let is_refused = answer.is_of_the_gate() || matches!(answer, Answer::Broken(_));
        assert!(is_refused, "{who} calls {}: {answer:?}", rpc.path());
    }
    assert_eq!(let_in(world), before, "{who}: no RPC may see a connection of it");
}

#[tokio::test]
async fn no_rpc_is_reached_with_any_wrong_certificate() {
    let world = World::shipped().await;
    make_room_for_the_faulty(&world).await;
    let wrong: Vec<(Faulty, Credential)> = Faulty::ALL
        .iter()
        .map(|faulty| (*faulty, world.stage.authority().faulty(*faulty, "gmp", "records").unwrap()))
        .collect();
    let mut generation = world.app.as_ref().unwrap().listening().generation();
    world.stage.publish_crls().unwrap();
    generation.changed().await.unwrap();
    for (faulty, credential) in &wrong {
        walk(&world, faulty.name(), client(&world, Some(credential))).await;
    }
}

#[tokio::test]
async fn no_rpc_is_reached_without_a_certificate() {
    let world = World::shipped().await;
    walk(&world, "nobody", client(&world, None)).await;
    let counters = world.app.as_ref().unwrap().listening().counters();
    let nameless = counters.refused().find(|(code, _)| *code == "handshake_no_certificate");
    let tried = u64::try_from(Rpc::ALL.len()).unwrap();
    assert_eq!(nameless, Some(("handshake_no_certificate", tried)));
}

/// Serves HTTP/2 no further than its beginning, with the broker's own certificate and with
/// sessions that can be resumed.
async fn resuming_server(folder: &Path) -> std::net::SocketAddr {
    let chain = std::fs::read_to_string(folder.join("broker.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("broker.key")).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates(&chain), key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(socket).await {
                let _ = stream.write_all(b"\0\0\0\x04\0\0\0\0\0").await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    address
}

/// Connects, lets the server speak so that whatever ticket it gives is kept, and leaves.
async fn visit(address: std::net::SocketAddr, config: &Arc<ClientConfig>) -> HandshakeKind {
    let mut stream = shake(address, config).await.unwrap();
    let kind = stream.get_ref().1.handshake_kind().unwrap();
    stream.write_all(PREFACE).await.unwrap();
    let mut heard = [0; 9];
    let hearing = stream.read_exact(&mut heard);
    tokio::time::timeout(Duration::from_secs(5), hearing).await.unwrap().unwrap();
    let _ = stream.shutdown().await;
    kind
}

#[tokio::test]
async fn the_broker_gives_no_session_to_resume_and_takes_none() {
    let world = World::shipped().await;
    let node = {
        let mut authority = world.stage.authority();
        let issuer = authority.first_issuer();
        authority.node(issuer, "gmp", "records").unwrap()
    };
    let resuming = || {
        let mut config = client(&world, Some(&node));
        config.resumption = Resumption::in_memory_sessions(32);
        Arc::new(config)
    };
    let broker = world.stage.address();
    let config = resuming();
    for visited in 0..3 {
        assert_eq!(visit(broker, &config).await, HandshakeKind::Full, "visit {visited}");
    }
    // The same client does resume where it may, so it had something to offer the broker.
    let elsewhere = resuming_server(world.stage.folder()).await;
    let config = resuming();
    assert_eq!(visit(elsewhere, &config).await, HandshakeKind::Full);
    assert_eq!(visit(elsewhere, &config).await, HandshakeKind::Resumed);
    assert_eq!(visit(broker, &config).await, HandshakeKind::Full);
}
