//! The TLS files, and what a server makes of them.
//!
//! Owns the rules of the handshake: TLS 1.3 only, a client certificate always, the whole chain
//! checked against roots and revocation lists, post-quantum key agreement preferred, nothing
//! resumed. Promises that a set of files is used whole or not at all. Deliberately does not
//! know: who a certificate names, or when files are looked at again.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig, version};
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::identity::{
    CertificateOutline, Editions, PeerCertificate, RevocationListError, Revoked,
};

/// Octets of one file.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The only protocol spoken on a connection (RFC 9113 section 3.1).
const PROTOCOL: &[u8] = b"h2";

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsFile {
    /// The broker's own certificate and what stands between it and a root.
    Certificate,
    /// The key of that certificate.
    Key,
    /// The roots under which callers' certificates are issued.
    Authorities,
    /// The revocation lists of every root and issuing authority.
    RevocationLists,
}

impl TlsFile {
    /// The file's name in a sentence or a log field.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::Authorities => "authorities",
            Self::RevocationLists => "revocation lists",
        }
    }
}

impl fmt::Display for TlsFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where the files lie. All are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The broker's own chain, its certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Roots for callers' certificates.
    pub authorities: PathBuf,
    /// Revocation lists of every root and issuing authority.
    pub revocation_lists: PathBuf,
}

/// Why a set of files cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the file of the {0} cannot be read")]
    Unreadable(TlsFile),
    /// A file has more than 16 MiB.
    #[error("the file of the {0} is larger than 16 MiB")]
    TooLarge(TlsFile),
    /// A file is not whole PEM, or holds nothing of its kind.
    #[error("the file of the {0} is not PEM or holds none")]
    NotPem(TlsFile),
    /// A certificate cannot be understood.
    #[error("a certificate in the file of the {0} cannot be understood")]
    Certificate(TlsFile),
    /// Certificate and key do not belong together, or the key is of no known kind.
    #[error("certificate and key do not belong together")]
    CertificateAndKey,
    /// A revocation list breaks a rule.
    #[error(transparent)]
    RevocationList(#[from] RevocationListError),
    /// An authority has no revocation list; none of its callers could be let in.
    #[error("an authority has no revocation list")]
    AuthorityWithoutRevocationList,
    /// A revocation list is older than one that was at work, in this run or before: certificates
    /// revoked since would be let in again.
    #[error(
        "a revocation list is older than one that was at work before: certificates revoked since \
         would be let in again. Put the newest lists back; if an authority had to begin its count \
         anew, stop the broker and run `broker accept-lists`"
    )]
    OlderRevocationList,
    /// The TLS library refuses the set.
    #[error("the TLS library refuses this set of files")]
    Refused,
}

impl TlsError {
    /// The kind of fault as a log field.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::TooLarge(_) => "too_large",
            Self::NotPem(_) => "not_pem",
            Self::Certificate(_) => "certificate",
            Self::CertificateAndKey => "certificate_and_key",
            Self::RevocationList(_) => "revocation_list",
            Self::AuthorityWithoutRevocationList => "authority_without_revocation_list",
            Self::OlderRevocationList => "older_revocation_list",
            Self::Refused => "refused",
        }
    }
}

/// SHA-256 over all four files.
pub(super) type FilesDigest = [u8; 32];

/// The octets of all four files at one moment.
pub(super) struct FileSet {
    certificate: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    authorities: Zeroizing<Vec<u8>>,
    revocation_lists: Zeroizing<Vec<u8>>,
}

impl FileSet {
    /// Reads all four. Blocks.
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: read(TlsFile::Certificate, &files.certificate)?,
            key: read(TlsFile::Key, &files.key)?,
            authorities: read(TlsFile::Authorities, &files.authorities)?,
            revocation_lists: read(TlsFile::RevocationLists, &files.revocation_lists)?,
        })
    }

    /// What tells this set from another.
    pub(super) fn digest(&self) -> FilesDigest {
        let mut context = Context::new(&SHA256);
        for file in [&self.certificate, &self.key, &self.authorities, &self.revocation_lists] {
            context.update(&file.len().to_be_bytes());
            context.update(file);
        }
        let mut digest = FilesDigest::default();
        for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        digest
    }

    /// Understands the set and builds a server of it.
    pub(super) fn material(&self, clock: &Arc<dyn Clock>) -> Result<TlsMaterial, TlsError> {
        let chain: Vec<CertificateDer<'static>> = pem(TlsFile::Certificate, &self.certificate)?;
        let authorities: Vec<CertificateDer<'static>> =
            pem(TlsFile::Authorities, &self.authorities)?;
        let lists: Vec<CertificateRevocationListDer<'static>> =
            pem(TlsFile::RevocationLists, &self.revocation_lists)?;
        let key =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::NotPem(TlsFile::Key))?;

        let own = outlines(TlsFile::Certificate, &chain)?;
        let certificate_not_after = earliest_end(TlsFile::Certificate, &own)?;
        let roots = outlines(TlsFile::Authorities, &authorities)?;
        let authorities_not_after = earliest_end(TlsFile::Authorities, &roots)?;
        let revoked = Revoked::parse(&lists)?;
        if !roots.iter().all(|root| revoked.covers(&root.subject)) {
            return Err(TlsError::AuthorityWithoutRevocationList);
        }
        let provider = Arc::new(crypto());
        let verifier = verifier(authorities, lists, &provider)?;
        let server = server(chain, key, Arc::clone(&verifier), provider, clock)?;
        Ok(TlsMaterial {
            server: Arc::new(server),
            verifier,
            revoked,
            certificate_not_after,
            authorities_not_after,
            keys: own.iter().chain(&roots).map(|outline| outline.key).collect(),
        })
    }
}

/// A set of files, understood and ready for handshakes.
pub struct TlsMaterial {
    server: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    revoked: Revoked,
    certificate_not_after: OffsetDateTime,
    authorities_not_after: OffsetDateTime,
    keys: BTreeSet<[u8; 32]>,
}

impl TlsMaterial {
    /// Reads and understands a set of files. Blocks. The clock is the one every later handshake
    /// asks, for dates of certificates and lists.
    ///
    /// Refuses: [`TlsError`]. What has merely run out is not refused here: a set with one
    ///          overdue list still brings the other lists' revocations, and the handshake
    ///          refuses each chain the overdue one bears on.
    ///
    /// # Errors
    /// See above.
    pub fn load(files: &TlsFiles, clock: &Arc<dyn Clock>) -> Result<Self, TlsError> {
        FileSet::read(files)?.material(clock)
    }

    /// What the revocation lists say.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// Keys of the broker's own chain and of the roots, as the directory names issuing keys.
    #[must_use]
    pub fn keys(&self) -> &BTreeSet<[u8; 32]> {
        &self.keys
    }

    /// The earliest last moment in the broker's own chain.
    #[must_use]
    pub fn certificate_not_after(&self) -> OffsetDateTime {
        self.certificate_not_after
    }

    /// The earliest last moment of a root. A root past it still verifies (RFC 5280 section 6.1
    /// leaves a root's dates out), so this one is for the alarm.
    #[must_use]
    pub fn authorities_not_after(&self) -> OffsetDateTime {
        self.authorities_not_after
    }
}

/// A set of files that was taken up.
pub struct Loaded {
    generation: u64,
    digest: FilesDigest,
    material: TlsMaterial,
    editions: Editions,
}

impl Loaded {
    /// Takes a set up. `known`: which lists were at work before it.
    ///
    /// Refuses: [`TlsError::OlderRevocationList`]: an old list was put back by mistake, or by
    ///          somebody who wants a certificate to live.
    pub(super) fn new(
        generation: u64,
        digest: FilesDigest,
        material: TlsMaterial,
        known: &Editions,
    ) -> Result<Self, TlsError> {
        let found = material.revoked().editions();
        if found.older_than(known) > 0 {
            return Err(TlsError::OlderRevocationList);
        }
        let editions = known.clone().after(found);
        Ok(Self { generation, digest, material, editions })
    }

    /// Which revocation lists were ever at work, these included.
    #[must_use]
    pub fn editions(&self) -> &Editions {
        &self.editions
    }

    /// How many sets were taken up before, and one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The set itself, for its dates.
    #[must_use]
    pub fn material(&self) -> &TlsMaterial {
        &self.material
    }

    /// What the revocation lists say.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.material.revoked
    }

    /// Whether no revocation list is overdue. If one is, releases stop.
    #[must_use]
    pub fn revocation_current(&self, now: OffsetDateTime) -> bool {
        self.revoked().is_current(now)
    }

    /// Whether the revocation lists that bear on one caller are there and none is overdue. If
    /// not, releases to that caller stop.
    #[must_use]
    pub fn revocation_current_for(
        &self,
        certificate: &PeerCertificate,
        now: OffsetDateTime,
    ) -> bool {
        self.revoked().is_current_for(certificate, now)
    }

    pub(super) fn digest(&self) -> &FilesDigest {
        &self.digest
    }

    pub(super) fn server(&self) -> &Arc<ServerConfig> {
        &self.material.server
    }

    /// Whether a chain, the caller's certificate first, would pass a handshake now.
    pub(super) fn verifies(&self, chain: &[CertificateDer<'_>], now: OffsetDateTime) -> bool {
        let (Some((own, others)), Some(now)) = (chain.split_first(), unix_time(now)) else {
            return false;
        };
        self.material.verifier.verify_client_cert(own, others, now).is_ok()
    }
}

/// The set a listener begins with.
pub(super) async fn load_first(
    files: TlsFiles,
    clock: Arc<dyn Clock>,
    known: Editions,
) -> Result<Loaded, TlsError> {
    let loading = tokio::task::spawn_blocking(move || {
        let set = FileSet::read(&files)?;
        Loaded::new(1, set.digest(), set.material(&clock)?, &known)
    });
    loading.await.unwrap_or(Err(TlsError::Refused))
}

fn read(which: TlsFile, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let file = File::open(path).map_err(|_| TlsError::Unreadable(which))?;
    let length = file.metadata().map_err(|_| TlsError::Unreadable(which))?.len();
    // Room for all at once: a key must not be left behind where a buffer grew.
    let room = usize::try_from(length.min(FILE_BYTES_MAX)).unwrap_or_default();
    let mut octets = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    file.take(FILE_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|_| TlsError::Unreadable(which))?;
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    if length > FILE_BYTES_MAX { Err(TlsError::TooLarge(which)) } else { Ok(octets) }
}

fn pem<T: PemObject>(which: TlsFile, octets: &[u8]) -> Result<Vec<T>, TlsError> {
    let items: Vec<T> =
        T::pem_slice_iter(octets).collect::<Result<_, _>>().map_err(|_| TlsError::NotPem(which))?;
    if items.is_empty() { Err(TlsError::NotPem(which)) } else { Ok(items) }
}

fn outlines(
    which: TlsFile,
    certificates: &[CertificateDer<'_>],
) -> Result<Vec<CertificateOutline>, TlsError> {
    certificates
        .iter()
        .map(|der| CertificateOutline::parse(der).map_err(|_| TlsError::Certificate(which)))
        .collect()
}

fn earliest_end(
    which: TlsFile,
    outlines: &[CertificateOutline],
) -> Result<OffsetDateTime, TlsError> {
    let ends = outlines.iter().map(|outline| outline.not_after);
    ends.min().ok_or(TlsError::NotPem(which))
}

/// Post-quantum key agreement, and X25519 for those who cannot yet.
pub(super) fn crypto() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![provider::kx_group::X25519MLKEM768, provider::kx_group::X25519],
        ..provider::default_provider()
    }
}

/// The check of every caller's chain. It denies what has no list and what has an overdue one,
/// for every certificate under the root.
fn verifier(
    authorities: Vec<CertificateDer<'static>>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(|_| TlsError::Certificate(TlsFile::Authorities))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .with_crls(lists)
        .enforce_revocation_expiration()
        .build()
        .map_err(|_| TlsError::Refused)
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    verifier: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
    clock: &Arc<dyn Clock>,
) -> Result<ServerConfig, TlsError> {
    let time = Arc::new(ClockTime(Arc::clone(clock)));
    let mut config = ServerConfig::builder_with_details(provider, time)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|_| TlsError::Refused)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::CertificateAndKey)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // A resumed session is not checked against revocation lists: there are no tickets, no
    // stored sessions and no early data.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(config)
}

/// The broker's clock, as the TLS library asks for it.
struct ClockTime(Arc<dyn Clock>);

impl fmt::Debug for ClockTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClockTime")
    }
}

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        unix_time(self.0.now())
    }
}

fn unix_time(moment: OffsetDateTime) -> Option<UnixTime> {
    let seconds = u64::try_from(moment.unix_timestamp()).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
