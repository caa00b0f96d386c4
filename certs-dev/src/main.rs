//! The command `certs-dev`: an authority in a folder, one step at a time.
//!
//! Owns: arguments, the clock, and what is printed.
//! Promises: one command at a time on one folder; after each, `crls.pem` is current.
//! Deliberately does not know: how certificates are made; that is the library.
#![expect(clippy::print_stdout, reason = "a command answers on standard output")]
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use certs_dev::{
    Authority, CertsError, Credential, FIRST_ISSUER, Faulty, FolderLock, OTHER_AGENCIES_ISSUER,
    Options, Serial, WITHDRAWN_ISSUER, write_credential,
};
use clap::{Parser, Subcommand};
use time::OffsetDateTime;

/// Certificates for development and tests. Never for production.
#[derive(Parser)]
#[command(name = "certs-dev", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a root and its first issuing authority in a new or empty folder.
    Init {
        /// The authority's folder.
        dir: PathBuf,
        /// The trust domain of every identity.
        #[arg(long, default_value = "pyramid.example")]
        trust_domain: String,
        /// Days for which a leaf is valid.
        #[arg(long)]
        leaf_days: Option<u16>,
        /// Days until a revocation list's nextUpdate.
        #[arg(long)]
        crl_days: Option<u16>,
    },
    /// Make another issuing authority, for another group of agencies, or show one.
    Issuer {
        /// The authority's folder.
        dir: PathBuf,
        /// Its name.
        name: String,
    },
    /// Make the broker's certificate, as `server`.
    Server {
        /// The authority's folder.
        dir: PathBuf,
        /// DNS names and addresses; 127.0.0.1 is always among them.
        names: Vec<String>,
        /// Where to put the two files; DIR/issued if not said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Make the certificate of an agency's node, as `AGENCY.NODE`.
    Node {
        /// The authority's folder.
        dir: PathBuf,
        /// The agency.
        agency: String,
        /// The node.
        node: String,
        /// Which issuing authority signs.
        #[arg(long, default_value = FIRST_ISSUER)]
        issuer: String,
        /// Where to put the two files; DIR/issued if not said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Make the certificate of a person, as `person-UUID`.
    Person {
        /// The authority's folder.
        dir: PathBuf,
        /// The agency the person acts for.
        agency: String,
        /// The person: an opaque UUID, never a name.
        uuid: String,
        /// Which issuing authority signs.
        #[arg(long, default_value = FIRST_ISSUER)]
        issuer: String,
        /// Where to put the two files; DIR/issued if not said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Revoke a certificate.
    Revoke {
        /// The authority's folder.
        dir: PathBuf,
        /// Its serial in hexadecimal, or a file whose name ends in `.pem`.
        certificate: String,
    },
    /// Revoke an issuing authority, and with it all it signed.
    RevokeIssuer {
        /// The authority's folder.
        dir: PathBuf,
        /// Its name.
        name: String,
    },
    /// Make every wrong certificate, by name.
    Faulty {
        /// The authority's folder.
        dir: PathBuf,
        /// An agency that would otherwise be good.
        #[arg(long, default_value = "agency-one")]
        agency: String,
        /// A node that would otherwise be good.
        #[arg(long, default_value = "node-one")]
        node: String,
        /// Where to put the files; DIR/faulty if not said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Sign the revocation lists again.
    Crl {
        /// The authority's folder.
        dir: PathBuf,
        /// Days until nextUpdate, from now on.
        #[arg(long)]
        days: Option<u16>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("certs-dev: {error}");
            let mut cause = error.source();
            while let Some(reason) = cause {
                eprintln!("  because: {reason}");
                cause = reason.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// What a step leaves to be written and said once the authority is saved.
#[derive(Default)]
struct Outcome {
    lines: Vec<String>,
    credentials: Vec<(String, Credential)>,
}

impl Outcome {
    fn said(line: String) -> Self {
        Self { lines: vec![line], credentials: Vec::new() }
    }

    fn made(name: String, credential: Credential) -> Self {
        Self { lines: Vec::new(), credentials: vec![(name, credential)] }
    }
}

fn run(verb: Verb) -> Result<(), CertsError> {
    match verb {
        Verb::Init { dir, trust_domain, leaf_days, crl_days } => {
            let mut options = Options::new(&trust_domain, now());
            options.leaf_days = leaf_days.unwrap_or(options.leaf_days);
            options.crl_days = crl_days.unwrap_or(options.crl_days);
            let authority = Authority::new(options)?;
            authority.save(&dir)?;
            println!("{}", issuer_line(&authority, FIRST_ISSUER)?);
            Ok(())
        }
        Verb::Issuer { dir, name } => change(&dir, None, |authority| {
            authority.issuer(&name)?;
            Ok(Outcome::said(issuer_line(authority, &name)?))
        }),
        Verb::Server { dir, names, out } => change(&dir, out, |authority| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Ok(Outcome::made("server".to_owned(), authority.server(&names)?))
        }),
        Verb::Node { dir, agency, node, issuer, out } => change(&dir, out, |authority| {
            let credential = authority.node(authority.find_issuer(&issuer)?, &agency, &node)?;
            Ok(Outcome::made(format!("{agency}.{node}"), credential))
        }),
        Verb::Person { dir, agency, uuid, issuer, out } => change(&dir, out, |authority| {
            let credential = authority.person(authority.find_issuer(&issuer)?, &agency, &uuid)?;
            Ok(Outcome::made(format!("person-{uuid}"), credential))
        }),
        Verb::Revoke { dir, certificate } => change(&dir, None, |authority| {
            Ok(Outcome::said(format!("revoked {}", revoke(authority, &certificate)?)))
        }),
        Verb::RevokeIssuer { dir, name } => change(&dir, None, |authority| {
            authority.revoke_issuer(authority.find_issuer(&name)?)?;
            Ok(Outcome::said(format!("revoked issuing authority {name}")))
        }),
        Verb::Faulty { dir, agency, node, out } => {
            let out = out.unwrap_or(dir.join("faulty"));
            change(&dir, Some(out), |authority| every_faulty(authority, &agency, &node))
        }
        Verb::Crl { dir, days } => change(&dir, None, |authority| {
            days.into_iter().for_each(|days| authority.set_crl_days(days));
            Ok(Outcome::said(dir.join("crls.pem").display().to_string()))
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock of this command")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Loads the authority, changes it and saves it, alone with its folder meanwhile. Certificates
/// are written after the save, so that none exists whose serial could be given out again.
fn change(
    dir: &Path,
    out: Option<PathBuf>,
    step: impl FnOnce(&mut Authority) -> Result<Outcome, CertsError>,
) -> Result<(), CertsError> {
    let _lock = FolderLock::take(dir)?;
    let mut authority = Authority::load(dir, now())?;
    let outcome = step(&mut authority)?;
    authority.save(dir)?;
    let out = out.unwrap_or(dir.join("issued"));
    for (name, credential) in &outcome.credentials {
        put(&out, name, credential)?;
    }
    outcome.lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn every_faulty(
    authority: &mut Authority,
    agency: &str,
    node: &str,
) -> Result<Outcome, CertsError> {
    let mut outcome = Outcome::default();
    for faulty in Faulty::ALL {
        let credential = authority.faulty(faulty, agency, node)?;
        outcome.credentials.push((faulty.name().to_owned(), credential));
    }
    outcome.lines.push(issuer_line(authority, OTHER_AGENCIES_ISSUER)?);
    outcome.lines.push(issuer_line(authority, WITHDRAWN_ISSUER)?);
    Ok(outcome)
}

fn revoke(authority: &mut Authority, certificate: &str) -> Result<Serial, CertsError> {
    if certificate.ends_with(".pem") {
        let what = "the certificate to revoke";
        let pem = std::fs::read_to_string(certificate)
            .map_err(|source| CertsError::Read { what, source })?;
        return authority.revoke_pem(&pem);
    }
    let serial = certificate.parse()?;
    authority.revoke_serial(serial)?;
    Ok(serial)
}

fn put(folder: &Path, name: &str, credential: &Credential) -> Result<(), CertsError> {
    let what = "the folder for certificates";
    std::fs::create_dir_all(folder).map_err(|source| CertsError::Write { what, source })?;
    write_credential(folder, name, credential)?;
    println!("{} serial {}", folder.join(format!("{name}.pem")).display(), credential.serial);
    Ok(())
}

fn issuer_line(authority: &Authority, name: &str) -> Result<String, CertsError> {
    let key_id = authority.issuer_key_id(authority.find_issuer(name)?)?;
    Ok(format!("issuing authority {name} key {key_id}"))
}
