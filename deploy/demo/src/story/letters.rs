//! What leaves the broker for people outside, in a story: notices of silence.
//!
//! Owns the folder where they wait: their relay is never there, so that each can be read once it
//! was handed over. Promises to count what is said of silence and nothing else: deadlines that run
//! out are no part of stories. Deliberately does not know: who should be told.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use broker::app::App;
use broker::config::Config;
use broker::directory::Contact;
use broker::ledger::appender::Work;
use broker::notify::chain::Chain;
use broker::notify::{Code, MailOptions, NotifyOptions, Relay};
use proto::admin::v1 as admin;
use serde_json::Value;

use crate::stage::{OPERATOR, Stage, StageError, with_issuer};

/// Where letters wait, beside the store.
const FOLDER: &str = "notices";

/// Letters that were handed over.
pub(super) struct Letters {
    folder: PathBuf,
    known: BTreeSet<String>,
}

impl Letters {
    /// None yet.
    pub(super) fn of(stage: &Stage) -> Self {
        Self { folder: stage.folder().join(FOLDER), known: BTreeSet::new() }
    }

    /// Letters of silence since this was last asked: code and addressee.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn fresh(&mut self) -> Result<Vec<(String, String)>, StageError> {
        let mut fresh = Vec::new();
        for file in std::fs::read_dir(&self.folder)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.ends_with(".letter") || !self.known.insert(name) {
                continue;
            }
            let letter: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
            let of = |key: &str| letter.get(key).and_then(Value::as_str).unwrap_or_default();
            let silent = [Code::FeedSilent, Code::FeedShort, Code::ImmediateUnread];
            if silent.iter().any(|code| code.name() == of("code")) {
                let whom = match (of("to"), of("to_agency"), of("to_desk")) {
                    (rank, "", _) => rank.to_owned(),
                    (rank, agency, desk) => format!("{rank} {agency}/{desk}"),
                };
                fresh.push((of("code").to_owned(), whom));
            }
        }
        Ok(fresh)
    }
}

/// The configuration of a story's broker: letters go to a relay that is not there.
///
/// # Errors
/// An address is none.
pub(super) fn config(stage: &Stage) -> Result<Config, StageError> {
    let contact = |text| Contact::read(text).ok_or("an address is none");
    let mut config = stage.config().clone();
    config.notify = Some(NotifyOptions {
        mail: Some(MailOptions {
            relay: Relay::Here { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 1 },
            sender: contact("broker@pyramid.example")?,
            credentials: None,
        }),
        web: None,
        operators: vec![contact("duty@operations.example")?],
        folder: stage.folder().join(FOLDER),
        chain: Chain::default(),
    });
    Ok(config)
}

/// The broker looks after what fell due until nothing more follows.
///
/// # Errors
/// It has stopped.
pub(super) async fn tend(app: &App) -> Result<(), StageError> {
    for _ in 0..3 {
        app.tend().await;
        let (reply, done) = tokio::sync::oneshot::channel();
        app.sources.queue.put(Work::Tick { leaves: 0, reply }).await?;
        done.await??;
    }
    Ok(())
}

/// From now on somebody waits for these feeds.
///
/// # Errors
/// The directory has no such agency, or does not take them.
pub(super) async fn waits_for(
    stage: &Stage,
    app: &App,
    directory: &str,
    feeds: &[(String, String)],
) -> Result<(), StageError> {
    if feeds.is_empty() {
        return Ok(());
    }
    // What lies behind is looked at before anybody waits for anything.
    tend(app).await?;
    let mut document = directory.to_owned();
    for (agency, rows) in feeds {
        let begins = document.find(&format!("\nid = \"{agency}\"\n")).ok_or("no such agency")?;
        let (before, rest) = document.split_at(begins);
        let (own, others) = rest.split_once("\n[[agency]]\n").unwrap_or((rest, ""));
        let others =
            if others.is_empty() { String::new() } else { format!("[[agency]]\n{others}") };
        document = format!("{before}{own}\n{rows}\n{others}");
    }
    let issuer = {
        let authority = stage.authority();
        authority.issuer_key_id(authority.first_issuer())?
    };
    let document = with_issuer(&document, &issuer);
    let request = admin::ApplyDirectoryRequest { document, check_only: false };
    stage.admin(OPERATOR).await?.apply_directory(request).await?;
    Ok(())
}
