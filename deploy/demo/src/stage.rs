//! Sets a broker up as an operator would, in one folder, and enrols whoever is asked for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use agency_client::connection::Connection;
use agency_client::settings::Settings;
use broker::app::{App, bootstrap};
use broker::config::Config;
use certs_dev::{Authority, Credential, IssuerId, Options, write_credential};
use proto::admin::v1 as admin;
use proto::admin::v1::admin_service_client::AdminServiceClient;
use time::OffsetDateTime;

mod script;

pub use script::{Script, Term};

/// Trust domain of the shipped directory.
pub const TRUST_DOMAIN: &str = "pyramid.example";
/// Anything that goes wrong while a stage is set.
pub type StageError = Box<dyn std::error::Error + Send + Sync>;

/// An approver of Greater Manchester Police in the shipped directory (invented).
pub const APPROVER_POLICE: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000002");
/// An approver of Greater Manchester Probation (invented).
pub const APPROVER_PROBATION: (&str, &str) =
    ("probation-greater-manchester", "00000004-0000-4000-8000-000000000002");
/// An operator (invented).
pub const OPERATOR: (&str, &str) = ("pyramid-operations", "00000016-0000-4000-8000-000000000005");
/// A broker-wide auditor (invented).
pub const BROKER_AUDITOR: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000004");

/// A broker set up in a folder, running or stopped.
pub struct Stage {
    folder: PathBuf,
    authority: Mutex<Authority>,
    config: Config,
    address: SocketAddr,
    verifier_key: String,
}

impl Stage {
    /// Makes certificates, keys, configuration and the first directory in a folder.
    ///
    /// # Errors
    /// The folder cannot be written, or the script is faulty.
    pub async fn set(
        folder: &Path,
        script: &Script,
        now: OffsetDateTime,
    ) -> Result<Self, StageError> {
        Self::set_with(folder, script, Options::new(TRUST_DOMAIN, now)).await
    }

    /// The same with certificates and revocation lists of other dates.
    ///
    /// # Errors
    /// As [`Stage::set`].
    pub async fn set_with(
        folder: &Path,
        script: &Script,
        certificates: Options,
    ) -> Result<Self, StageError> {
        std::fs::create_dir_all(folder)?;
        let mut authority = Authority::new(certificates)?;
        let server = authority.server(&["localhost"])?;
        write_credential(folder, "broker", &server)?;
        std::fs::write(folder.join("authorities.pem"), authority.root_pem())?;
        std::fs::write(folder.join("crls.pem"), authority.crls_pem()?)?;
        let address = free_address()?;
        broker::app::write_keys(folder)?;
        let config_path = folder.join("broker.toml");
        std::fs::write(&config_path, config_text(address, script.checkpoint_seconds))?;
        let config = Config::load(&config_path)?;
        let issuer = authority.issuer_key_id(authority.first_issuer())?;
        let document = with_issuer(&script.directory, &issuer);
        let first = config.clone();
        tokio::task::spawn_blocking(move || bootstrap(&first, &document)).await??;
        let verifier_key = broker::app::verifier_key(&config)?;
        Ok(Self {
            folder: folder.to_owned(),
            authority: Mutex::new(authority),
            config,
            address,
            verifier_key,
        })
    }

    /// Starts the broker.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&self) -> Result<App, StageError> {
        Ok(App::start(self.config.clone()).await?)
    }

    /// Has two approvers, of different agencies, put the script's bundle in force.
    ///
    /// # Errors
    /// The bundle is faulty, or an approver is refused.
    pub async fn approve(&self, script: &Script) -> Result<String, StageError> {
        let files = script
            .bundle
            .iter()
            .map(|(path, text)| admin::BundleFile { path: path.clone(), text: text.clone() })
            .collect();
        let mut first = self.admin(APPROVER_POLICE).await?;
        let proposed =
            first.propose_bundle(admin::ProposeBundleRequest { files }).await?.into_inner();
        for approver in [APPROVER_POLICE, APPROVER_PROBATION] {
            let request = admin::ApproveBundleRequest { bundle: proposed.bundle.clone() };
            self.admin(approver).await?.approve_bundle(request).await?;
        }
        Ok(proposed.bundle)
    }

    /// A client of the admin service for a person.
    ///
    /// # Errors
    /// The person cannot connect.
    pub async fn admin(
        &self,
        person: (&str, &str),
    ) -> Result<AdminServiceClient<tonic::transport::Channel>, StageError> {
        let connection = Connection::connect(&self.person(person.0, person.1)?).await?;
        Ok(AdminServiceClient::new(connection.channel().await?))
    }

    /// Settings of an agency's node, its certificate made when first asked for.
    ///
    /// # Errors
    /// The certificate cannot be made or written.
    pub fn node(&self, agency: &str, node: &str) -> Result<Settings, StageError> {
        self.settings(&format!("{agency}.{node}"), |authority, issuer| {
            authority.node(issuer, agency, node)
        })
    }

    /// Settings of a person.
    ///
    /// # Errors
    /// As [`Stage::node`].
    pub fn person(&self, agency: &str, person: &str) -> Result<Settings, StageError> {
        self.settings(&format!("person-{person}"), |authority, issuer| {
            authority.person(issuer, agency, person)
        })
    }

    fn settings(
        &self,
        name: &str,
        make: impl FnOnce(&mut Authority, IssuerId) -> Result<Credential, certs_dev::CertsError>,
    ) -> Result<Settings, StageError> {
        let chain = self.folder.join(format!("{name}.pem"));
        if !chain.exists() {
            let mut authority = self.authority();
            let issuer = authority.first_issuer();
            let credential = make(&mut authority, issuer)?;
            write_credential(&self.folder, name, &credential)?;
        }
        self.settings_of(name)
    }

    /// Settings with a credential that is already in the folder.
    ///
    /// # Errors
    /// The settings do not parse.
    pub fn settings_of(&self, name: &str) -> Result<Settings, StageError> {
        let text = format!(
            "broker = \"{}\"\nserver_name = \"localhost\"\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n\
             authority = \"authorities.pem\"\npin_file = \"{name}.pin\"\nverifier_key = \"{}\"\n\
             connect_patience_seconds = 10\n",
            self.address, self.verifier_key
        );
        std::fs::write(self.folder.join(format!("{name}.toml")), &text)?;
        Ok(Settings::parse(&text, &self.folder)?)
    }

    /// The certificate authority, to revoke or to make faulty certificates.
    pub fn authority(&self) -> std::sync::MutexGuard<'_, Authority> {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs the revocation lists again where the broker reads them.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn publish_crls(&self) -> Result<(), StageError> {
        let text = self.authority().crls_pem()?;
        let path = self.folder.join("crls.pem");
        let fresh = self.folder.join("crls.pem.new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(fresh, path)?;
        Ok(())
    }

    /// Where everything lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The broker's configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The key that checks checkpoints.
    #[must_use]
    pub fn verifier_key(&self) -> &str {
        &self.verifier_key
    }

    /// The broker's address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Certificates and revocation lists made at a time, that will not end in any story's lifetime: a
/// story plays on days of its own, and whoever plays it connects on the machine's.
#[must_use]
pub fn for_good(made: OffsetDateTime) -> Options {
    const DAYS: u16 = u16::MAX;
    Options {
        authority_days: DAYS,
        leaf_days: DAYS,
        crl_days: DAYS,
        ..Options::new(TRUST_DOMAIN, made)
    }
}

/// The directory with one issuing key that may name every agency.
#[must_use]
pub fn with_issuer(directory: &str, key: &str) -> String {
    let document: toml::Table = toml::from_str(directory).unwrap_or_default();
    let agencies: Vec<String> = document
        .get("agency")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|agency| agency.get("id").and_then(toml::Value::as_str))
        .map(|id| format!("\"{id}\""))
        .collect();
    format!("{directory}\n[[issuer]]\nkey = \"{key}\"\nagencies = [{}]\n", agencies.join(", "))
}

/// A port of the loopback that is free now.
fn free_address() -> Result<SocketAddr, StageError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}

fn config_text(address: SocketAddr, checkpoint_seconds: u64) -> String {
    let sections: BTreeMap<&str, String> = BTreeMap::from([
        (
            "listen",
            format!(
                "address = \"{address}\"\ncertificate = \"broker.pem\"\nkey = \"broker.key\"\n\
                 authorities = \"authorities.pem\"\nrevocation_lists = \"crls.pem\"\n"
            ),
        ),
        ("store", "path = \"pyramid.db\"\n".to_owned()),
        (
            "keys",
            "key_encryption_key = \"key-encryption.key\"\nindex_key = \"index.key\"\nledger_key = \"ledger.key\"\n"
                .to_owned(),
        ),
        (
            "ledger",
            format!("origin = \"{TRUST_DOMAIN}/ledger\"\ncheckpoint_seconds = {checkpoint_seconds}\n"),
        ),
    ]);
    let mut text = String::from("duty_route = \"0161 496 0999 (invented)\"\n");
    for (name, section) in sections {
        text.push_str(&format!("\n[{name}]\n{section}"));
    }
    text
}
