//! New certificates, roots and revocation lists, without a restart and without a failed call.

use std::time::Duration;

use agency_client::errors::ConnectError;
use broker::app::{REVOCATION_LISTS_DOCUMENT, accept_lists};
use broker::ledger::journal::Archive as _;
use broker::listen::{ReloadState, TlsError, TlsFile};
use broker::store::sqlite::{SqliteReaders, StoreLock};
use certs_dev::{Authority, Credential, Options, write_credential};
use demo::stage::{Script, TRUST_DOMAIN};
use tests::world::{World, now};
use tokio::time::timeout;

use crate::at_work::{
    CLOSED_WITHIN, Load, Stream, closed, closed_at_all, counts_refused, listening, restart, steady,
    taken_up, try_connect,
};
use tests::operator::apply_directory;

/// A second authority, unknown to the broker.
fn another_authority() -> Authority {
    Authority::new(Options::new(TRUST_DOMAIN, now())).unwrap()
}

/// A second certificate of a node, which will be revoked; its settings are called `lost`.
fn credential_to_lose(world: &World) -> Credential {
    let mut authority = world.stage.authority();
    let issuer = authority.first_issuer();
    let lost = authority.node(issuer, "gmp", "intelligence").unwrap();
    write_credential(world.stage.folder(), "lost", &lost).unwrap();
    lost
}

#[tokio::test]
async fn a_new_server_certificate_meets_new_connections_and_costs_no_living_one_a_call() {
    let world = World::shipped().await;
    let load = Load::begin(&world).await;
    let mut renewing = another_authority();
    let roots = world.stage.folder().join("renewed-authorities.pem");
    std::fs::write(&roots, renewing.root_pem()).unwrap();
    // Two clients: one trusts the authority of the old certificate, one that of the new.
    let old = world.stage.node("gmp", "records").unwrap();
    let mut new = world.stage.node("gmp", "intelligence").unwrap();
    new.authority = roots;

    assert!(try_connect(old.clone()).await.is_ok());
    assert!(matches!(try_connect(new.clone()).await, Err(ConnectError::Handshake { .. })));
    let renewed = renewing.server(&["localhost"]).unwrap();
    taken_up(&world, || write_credential(world.stage.folder(), "broker", &renewed).unwrap()).await;
    assert!(try_connect(new).await.is_ok());
    assert!(matches!(try_connect(old).await, Err(ConnectError::Handshake { .. })));

    assert!(load.end().await > 20, "the agency must have been at work throughout");
    assert_eq!(closed_at_all(&world), 0, "no living connection may be closed for it");
}

#[tokio::test]
async fn a_root_added_to_the_bundle_costs_no_living_connection_a_call() {
    let world = World::shipped().await;
    let load = Load::begin(&world).await;
    let both = {
        let authority = world.stage.authority();
        format!("{}{}", authority.root_pem(), another_authority().root_pem())
    };
    taken_up(&world, || write(&world, "authorities.pem", &both)).await;
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());
    assert!(load.end().await > 20, "the agency must have been at work throughout");
    assert_eq!(closed_at_all(&world), 0, "no living connection may be closed for it");
}

#[tokio::test]
async fn callers_of_a_root_taken_from_the_bundle_are_closed_and_those_of_its_successor_come_in() {
    let world = World::shipped().await;
    let mut successor = another_authority();
    let issuer = successor.first_issuer();
    let key = successor.issuer_key_id(issuer).unwrap();
    let agencies = "agencies = [\"gmp\"]";
    let directory = Script::shipped().unwrap().directory;
    apply_directory(&world, &format!("{directory}\n[[issuer]]\nkey = \"{key}\"\n{agencies}\n"))
        .await;
    let credential = successor.node(issuer, "gmp", "intelligence").unwrap();
    write_credential(world.stage.folder(), "successor", &credential).unwrap();
    let of_successor = || steady(&world, world.stage.settings_of("successor").unwrap());
    let of_former = || steady(&world, world.stage.node("gmp", "records").unwrap());

    let node = try_connect(of_former()).await.unwrap();
    let mut stream = Stream::open(&node, "stockport").await;
    assert!(try_connect(of_successor()).await.is_err());
    counts_refused(&world, "handshake_unknown_authority", 1).await;
    taken_up(&world, || {
        write(&world, "authorities.pem", successor.root_pem());
        write(&world, "crls.pem", &successor.crls_pem().unwrap());
    })
    .await;
    stream.ends_within(CLOSED_WITHIN).await;
    assert_eq!(closed(&world, "chain_refused"), closed_at_all(&world));
    assert!(try_connect(of_former()).await.is_err());
    counts_refused(&world, "handshake_unknown_authority", 2).await;
    assert!(try_connect(of_successor()).await.is_ok());
}

#[tokio::test]
async fn new_revocation_lists_bite_and_cost_nobody_else_a_call() {
    let world = World::shipped().await;
    let load = Load::begin(&world).await;
    let lost = credential_to_lose(&world);
    let of_lost = || world.stage.settings_of("lost").unwrap();
    assert!(try_connect(of_lost()).await.is_ok());

    world.stage.authority().revoke(&lost).unwrap();
    taken_up(&world, || world.stage.publish_crls().unwrap()).await;
    assert!(try_connect(of_lost()).await.is_err());
    counts_refused(&world, "handshake_revoked", 1).await;
    // The same node with a certificate of its own is no worse for it.
    assert!(try_connect(world.stage.node("gmp", "intelligence").unwrap()).await.is_ok());

    assert!(load.end().await > 20, "the agency must have been at work throughout");
    assert_eq!(closed_at_all(&world), 0, "no living connection may be closed for it");
}

#[tokio::test]
async fn a_half_written_file_leaves_the_last_good_set_at_work_and_is_told_until_it_is_whole() {
    let mut world = World::shipped().await;
    restart(&mut world, |config| config.listen.reload_every = Duration::from_millis(100)).await;
    let node = world.node("gmp", "records").await;
    let mut stream = Stream::open(&node, "stockport").await;
    let mut state = listening(&world).reload_state();
    let rows = [
        ("broker.pem", TlsFile::Certificate),
        ("broker.key", TlsFile::Key),
        ("authorities.pem", TlsFile::Authorities),
        ("crls.pem", TlsFile::RevocationLists),
    ];
    for (name, file) in rows {
        let whole = std::fs::read_to_string(world.stage.folder().join(name)).unwrap();
        write(&world, name, &whole[..whole.len() - 40]);
        let told = state.wait_for(|state| state.last_error == Some(TlsError::NotPem(file)));
        let told = timeout(CLOSED_WITHIN, told).await.expect("the fault must be told").unwrap();
        assert!(told.failing_since.is_some(), "{name}");
        drop(told);
        assert_eq!(listening(&world).loaded().load().generation(), 1, "{name}");
        let new = steady(&world, world.stage.node("gmp", "intelligence").unwrap());
        assert!(try_connect(new).await.is_ok(), "{name}: new connections go by the last good set");
        write(&world, name, &whole);
        let well = state.wait_for(|state| *state == ReloadState::default());
        timeout(CLOSED_WITHIN, well).await.expect("the fault must be taken back").unwrap();
    }
    stream.silent_for(Duration::from_millis(100)).await;
    assert_eq!(closed_at_all(&world), 0);
}

#[tokio::test]
async fn certificate_and_key_that_do_not_belong_together_are_not_taken_up() {
    let mut world = World::shipped().await;
    restart(&mut world, |config| config.listen.reload_every = Duration::from_millis(100)).await;
    let other = world.stage.authority().server(&["localhost"]).unwrap();
    let mut state = listening(&world).reload_state();
    write(&world, "broker.key", &other.key_pem);
    let told = state.wait_for(|state| state.last_error == Some(TlsError::CertificateAndKey));
    drop(timeout(CLOSED_WITHIN, told).await.expect("the fault must be told").unwrap());
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());
    // The other half comes: now they do.
    write(&world, "broker.pem", &other.chain_pem);
    let well = state.wait_for(|state| *state == ReloadState::default());
    drop(timeout(CLOSED_WITHIN, well).await.expect("the pair must be taken up").unwrap());
    assert_eq!(listening(&world).loaded().load().generation(), 2);
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());
}

#[tokio::test]
async fn an_older_revocation_list_never_takes_the_place_of_a_newer_one() {
    let world = World::shipped().await;
    let lost = credential_to_lose(&world);
    let of_lost = || world.stage.settings_of("lost").unwrap();
    let before = std::fs::read_to_string(world.stage.folder().join("crls.pem")).unwrap();
    world.stage.authority().revoke(&lost).unwrap();
    taken_up(&world, || world.stage.publish_crls().unwrap()).await;
    let after = std::fs::read_to_string(world.stage.folder().join("crls.pem")).unwrap();

    let mut state = listening(&world).reload_state();
    write(&world, "crls.pem", &before);
    let told = state.wait_for(|state| state.last_error == Some(TlsError::OlderRevocationList));
    drop(timeout(CLOSED_WITHIN, told).await.expect("the older list must be told").unwrap());
    assert_eq!(listening(&world).loaded().load().generation(), 2, "the newer one stays at work");
    assert!(try_connect(of_lost()).await.is_err(), "what was revoked stays revoked");
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());

    write(&world, "crls.pem", &after);
    let well = state.wait_for(|state| *state == ReloadState::default());
    drop(timeout(CLOSED_WITHIN, well).await.expect("the fault must be taken back").unwrap());
}

#[tokio::test]
async fn an_older_revocation_list_is_not_taken_up_by_a_start_either_unless_an_operator_accepts_it()
{
    let mut world = World::shipped().await;
    let lost = credential_to_lose(&world);
    let before = std::fs::read_to_string(world.stage.folder().join("crls.pem")).unwrap();
    let kept = world.stage.config().store.path.clone();
    let kept = || SqliteReaders::new(&kept).document(REVOCATION_LISTS_DOCUMENT).unwrap();
    let first = kept();
    world.stage.authority().revoke(&lost).unwrap();
    taken_up(&world, || world.stage.publish_crls().unwrap()).await;
    let after = std::fs::read_to_string(world.stage.folder().join("crls.pem")).unwrap();
    world.until("the new lists are remembered", async || kept() != first).await;
    world.stop().await;

    write(&world, "crls.pem", &before);
    let refused = world.stage.start().await.err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("the TLS files cannot be used"));
    let store = world.stage.config().store.path.clone();
    world.until("the writer lets go", async || StoreLock::take(&store).is_ok()).await;
    // What is in force is taken, and an operator's word for nothing changes nothing.
    write(&world, "crls.pem", &after);
    assert_eq!(accepted(&world).await, 0);
    world.start().await;
    assert!(try_connect(world.stage.settings_of("lost").unwrap()).await.is_err());
    world.stop().await;

    // The way out, for an authority that begins its count anew: the one issuer's list is older.
    write(&world, "crls.pem", &before);
    assert_eq!(accepted(&world).await, 1);
    world.start().await;
    assert!(try_connect(world.stage.node("gmp", "records").unwrap()).await.is_ok());
    let items = world.records("change").into_iter().filter_map(|record| {
        let items = record.get("items")?.as_array()?.first()?.as_str()?.to_owned();
        items.starts_with("accept").then_some(items)
    });
    assert_eq!(items.collect::<Vec<_>>(), ["accept older revocation lists: 1"]);
}

/// What an operator's word for older lists says: how many there are.
async fn accepted(world: &World) -> usize {
    let config = world.stage.config().clone();
    tokio::task::spawn_blocking(move || accept_lists(&config).unwrap()).await.unwrap()
}

fn write(world: &World, name: &str, text: &str) {
    std::fs::write(world.stage.folder().join(name), text).unwrap();
}
