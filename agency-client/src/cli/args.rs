//! The arguments of `agency`.
//!
//! Owns: verbs, options and their help. Promises: nothing personal is an argument; what might be
//! is read from a file (`@FILE`). Deliberately does not know: what the verbs do.

use crate::hmpps::{VISIBILITY_SECONDS_MAX, VISIBILITY_SECONDS_MIN};
use clap::{Args, Parser, Subcommand, ValueEnum};
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use proto::text::Named;
use std::path::PathBuf;
use uuid::Uuid;

/// Publishes to, receives from and checks a Pyramid broker, for one agency's system.
#[derive(Parser)]
#[command(name = "agency", version, about)]
pub(super) struct Arguments {
    /// Settings of this system; otherwise the file that PYRAMID_AGENCY_SETTINGS names, or
    /// `agency.toml` here.
    #[arg(long, global = true)]
    pub(super) settings: Option<PathBuf>,
    /// One JSON object a line in place of text.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Say who the broker takes this system for.
    Whoami,
    /// Publish messages and wait until each is durable.
    Publish {
        /// Messages in JSON, one a file.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Say which kinds of agency policy would let a message of this shape reach.
    Preview(Shape),
    /// Receive deliveries, print them and acknowledge them.
    Subscribe(Subscribe),
    /// Say how a message stands with the agencies it named.
    Track {
        /// Its id.
        message: String,
    },
    /// List deliveries of a desk that used up their attempts.
    DeadLetters {
        /// Desk; otherwise the first of the settings.
        #[arg(long)]
        desk: Option<String>,
    },
    /// Put a dead letter back; it is decided again at its release.
    Redrive {
        /// Desk; otherwise the first of the settings.
        #[arg(long)]
        desk: Option<String>,
        /// Delivery id, 32 hexadecimal digits.
        delivery: String,
    },
    /// Say what became of deliveries here: opened by a person, acted on, corrected, deleted,
    /// returned. What is not said, nobody knows.
    Attest(Attest),
    /// Put a document that a message will name, and print what the message is to say of it.
    Attach(Attach),
    /// Fetch a document that came with a delivery, and check it. Itself recorded.
    Fetch(Fetch),
    /// List what a desk still owes for what it was given, soonest first.
    Obligations {
        /// Desk; otherwise the first of the settings.
        #[arg(long)]
        desk: Option<String>,
    },
    /// List a desk's own flags by stage, with panel, review and offender manager, and those whose
    /// review is overdue. Itself recorded.
    Flags(Look),
    /// Read again what a desk was given, in the order of a morning briefing; or, with --nominals,
    /// all of it about each of these people, for a tasking group. Itself recorded.
    Briefing(Briefing),
    /// List what this agency's messages were released to, and what it was given. Itself recorded.
    Disclosures(Disclosures),
    /// Say why recipients of a message were permitted or refused. Itself recorded.
    Explain(Explain),
    /// List emergency accesses of this agency whose review is open. Itself recorded.
    Reviews(Reviews),
    /// Close the review of an emergency access that you neither used nor were named with.
    CloseReview(CloseReview),
    /// Save the proof of a release or of a message, and check it.
    Proof(Proof),
    /// Save the proof of each stage that a message came to with an agency it named, and check
    /// them.
    Receipts(Receipts),
    /// Show how the lists of an area moved in a month, and how its links fared. Itself recorded.
    CohortReport(CohortReport),
    /// Check a saved proof, without the broker.
    Verify {
        /// Proof file.
        file: PathBuf,
        /// Verifier key, or @FILE; otherwise that of the settings.
        #[arg(long)]
        key: Option<String>,
    },
    /// State or confirm that two identifiers are one person's.
    StateLink {
        /// JSON: `one` and `other` (each `type` and `value`), `birth_date`, `withdrawn`.
        file: PathBuf,
    },
    /// Read events or lists and publish what is shareable.
    Import {
        /// What to read.
        #[command(subcommand)]
        what: Import,
    },
    /// Read HMPPS events from a folder or a queue as they arrive, and publish what is shareable.
    Follow(Follow),
    /// Take the ledger the broker now serves in place of the one last seen. Only after its
    /// operators announced it and the gap is accounted for.
    AcceptOrigin {
        /// The new ledger's name, as announced.
        #[arg(long)]
        origin: String,
    },
}

#[derive(Args)]
pub(super) struct Attest {
    /// Desk that was given them; otherwise the first of the settings.
    #[arg(long)]
    pub(super) desk: Option<String>,
    /// What was done: opened, acted, corrected, deleted or returned. Or not_same_person, the answer
    /// to a possible match.
    #[arg(long = "as", value_parser = word::<wire::Attestation>)]
    pub(super) attestation: wire::Attestation,
    /// Opaque id of the person who did it; needed for opened and not_same_person.
    #[arg(long)]
    pub(super) person: Option<String>,
    /// Release ids, 32 hexadecimal digits each.
    #[arg(required = true)]
    pub(super) releases: Vec<String>,
}

#[derive(Args)]
pub(super) struct Attach {
    /// The document, of 20 MiB at most. Its name stays here.
    pub(super) file: PathBuf,
    /// What it is, such as mappa_minutes.
    #[arg(long, value_parser = word::<wire::SectionKind>)]
    pub(super) kind: wire::SectionKind,
    /// In what form: pdf, jpeg, png or text.
    #[arg(long, value_parser = word::<wire::MediaType>)]
    pub(super) form: wire::MediaType,
    /// An agency whose it is: AGENCY, or AGENCY:FUNCTION for its desks of a function. Repeatable.
    #[arg(long = "for", value_name = "AGENCY")]
    pub(super) for_agency: Vec<String>,
    /// A kind of agency whose it is: KIND, or KIND:FUNCTION. Repeatable.
    #[arg(long, value_name = "KIND")]
    pub(super) for_kind: Vec<String>,
    /// An agency that has leave to send it on. Repeatable.
    #[arg(long, value_name = "AGENCY")]
    pub(super) onward: Vec<String>,
    /// The id of a transfer that broke off, to go on with it.
    #[arg(long)]
    pub(super) id: Option<String>,
}

#[derive(Args)]
pub(super) struct Fetch {
    /// Release by which the message came, 32 hexadecimal digits.
    pub(super) release: String,
    /// The document's name in it, 64 hexadecimal digits.
    pub(super) section: String,
    /// Its digest there.
    #[arg(long)]
    pub(super) digest: String,
    /// Its salt there.
    #[arg(long)]
    pub(super) salt: String,
    /// How many bytes it has.
    #[arg(long)]
    pub(super) size: u32,
    /// Where to put it.
    #[arg(long)]
    pub(super) to: PathBuf,
}

/// Who looks at what a desk has.
#[derive(Args)]
pub(super) struct Look {
    /// Desk; otherwise the first of the settings.
    #[arg(long)]
    pub(super) desk: Option<String>,
    /// Opaque id of the person who reads. Kept with the record of this look.
    #[arg(long)]
    pub(super) person: String,
    /// What it is read for, by its written name.
    #[arg(long, value_parser = word::<wire::Purpose>, default_value = "offender_management")]
    pub(super) purpose: wire::Purpose,
}

#[derive(Args)]
pub(super) struct Briefing {
    #[command(flatten)]
    pub(super) look: Look,
    /// News is what was given from this time, such as 2026-03-02T07:00:00Z; otherwise in the last
    /// 24 hours.
    #[arg(long, conflicts_with = "nominals")]
    pub(super) since: Option<String>,
    /// And before this time; otherwise until now.
    #[arg(long, conflicts_with = "nominals")]
    pub(super) until: Option<String>,
    /// JSON: `nominals`, each with `identifiers` (`type` and `value`). A pack, a person a page.
    #[arg(long)]
    pub(super) nominals: Option<PathBuf>,
    /// Write a page that prints, in place of text. The file is for its owner's eyes only.
    #[arg(long)]
    pub(super) html: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(super) enum Import {
    /// Events, one a file, bare or in their queue's wrapper.
    Hmpps(ImportHmpps),
    /// A prison's release list in CSV.
    Releases(ImportReleases),
    /// A co-ordinator's own list of nominals: a workbook (.xlsx), or CSV.
    Flags(ImportFlags),
}

#[derive(Args)]
pub(super) struct ImportHmpps {
    /// On what footing the events are shared.
    #[arg(long)]
    pub(super) profile: PathBuf,
    /// Where to keep what cannot be used, with the reason.
    #[arg(long)]
    pub(super) quarantine: Option<PathBuf>,
    /// Read and report only; connect to nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Files, and folders of files.
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Args)]
pub(super) struct ImportReleases {
    /// On what footing the list is shared.
    #[arg(long)]
    pub(super) profile: PathBuf,
    /// The list has no rows, and this person (id of the directory) looked: nobody is released today.
    #[arg(long, value_name = "PERSON")]
    pub(super) nobody_by: Option<Uuid>,
    /// Read and report only; connect to nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The list.
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct ImportFlags {
    /// On what footing the flags are shared.
    #[arg(long)]
    pub(super) profile: PathBuf,
    /// Which column means what, and what holds for every row.
    #[arg(long)]
    pub(super) mapping: PathBuf,
    /// Read and report only; connect to nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The list.
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct Follow {
    /// On what footing the events are shared.
    #[arg(long)]
    pub(super) profile: PathBuf,
    /// Where the position in the folder is kept. A queue keeps its own.
    #[arg(long, required_unless_present = "queue", conflicts_with = "queue")]
    pub(super) state: Option<PathBuf>,
    /// Where to keep what cannot be used, with the reason.
    #[arg(long)]
    pub(super) quarantine: PathBuf,
    /// Seconds between looks at the folder, or at a queue that answers at once that it is empty.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) every_seconds: u64,
    /// End when nothing is left to read.
    #[arg(long)]
    pub(super) once: bool,
    /// A queue in place of the folder.
    #[command(flatten)]
    pub(super) queue: FollowQueue,
    /// The folder.
    #[arg(required_unless_present = "queue", conflicts_with = "queue")]
    pub(super) folder: Option<PathBuf>,
}

/// A queue. Its credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
/// AWS_SESSION_TOKEN in the environment.
#[derive(Args)]
pub(super) struct FollowQueue {
    /// Whole URL of a queue that speaks as Amazon SQS does. Credentials come from
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment.
    #[arg(long = "queue", id = "queue", value_name = "URL", requires = "region")]
    pub(super) url: Option<String>,
    /// The queue's region, such as eu-west-2.
    #[arg(long, requires = "queue")]
    pub(super) region: Option<String>,
    /// Where a compatible queue listens, if not at the host of its URL. https, unless it is on
    /// this machine.
    #[arg(long, value_name = "URL", requires = "queue")]
    pub(super) endpoint: Option<String>,
    /// Seconds for which a received event is hidden from other readers; extended while it is in
    /// hand.
    #[arg(long, default_value_t = 60, requires = "queue",
          value_parser = clap::value_parser!(u64).range(VISIBILITY_SECONDS_MIN..=VISIBILITY_SECONDS_MAX))]
    pub(super) visibility_seconds: u64,
}

#[derive(Args)]
pub(super) struct Subscribe {
    /// Desk; otherwise the first of the settings.
    #[arg(long)]
    pub(super) desk: Option<String>,
    /// Subscription; `default` is the desk's mailbox.
    #[arg(long, default_value = crate::subscription::DEFAULT_SUBSCRIPTION)]
    pub(super) name: String,
    /// Deliveries held at once.
    #[arg(long, default_value_t = crate::subscription::CREDIT_DELIVERIES_DEFAULT)]
    pub(super) credit: u32,
    /// End after this many deliveries.
    #[arg(long)]
    pub(super) once: Option<u64>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Format::Own)]
    pub(super) format: Format,
}

/// In which form deliveries are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// As text, or with --json as JSON of this program.
    Own,
    /// One CloudEvent 1.0 in JSON a line.
    #[value(name = "cloudevents")]
    CloudEvents,
}

#[derive(Args)]
pub(super) struct Shape {
    /// Kind, as docs/messages.md names them, such as custody or drug_test.
    #[arg(long)]
    pub(super) kind: String,
    /// Purpose, by its written name.
    #[arg(long, value_parser = word::<wire::Purpose>)]
    pub(super) purpose: wire::Purpose,
    /// Power to share, such as cja2003_s325.
    #[arg(long, value_parser = word::<wire::Gateway>)]
    pub(super) gateway: wire::Gateway,
    /// Lawful basis, such as dpa2018_s35_task.
    #[arg(long, value_parser = word::<wire::LawfulBasis>)]
    pub(super) basis: wire::LawfulBasis,
    /// Marking.
    #[arg(long, value_parser = word::<wire::Marking>, default_value = "official_sensitive")]
    pub(super) marking: wire::Marking,
    /// Category of the subject.
    #[arg(long, value_parser = word::<wire::SubjectCategory>)]
    pub(super) category: wire::SubjectCategory,
    /// The subject is a child.
    #[arg(long)]
    pub(super) under_18: bool,
}

#[derive(Args)]
pub(super) struct Disclosures {
    /// Why you look, or @FILE. Kept sealed with the record of this look.
    #[arg(long)]
    pub(super) reason: String,
    /// With --message: the agency that sent it; for the broker-wide auditor.
    #[arg(long)]
    pub(super) agency: Option<String>,
    /// Only this message.
    #[arg(long)]
    pub(super) message: Option<String>,
    /// From this time, such as 2026-03-02T00:00:00Z.
    #[arg(long)]
    pub(super) from: Option<String>,
    /// Before this time.
    #[arg(long)]
    pub(super) until: Option<String>,
}

#[derive(Args)]
pub(super) struct Explain {
    /// Why you look, or @FILE. Kept sealed with the record of this look.
    #[arg(long)]
    pub(super) reason: String,
    /// Agency that sent the message.
    #[arg(long)]
    pub(super) agency: String,
    /// The message.
    pub(super) message: String,
}

#[derive(Args)]
pub(super) struct Reviews {
    /// Why you look, or @FILE. Kept sealed with the record of this look.
    #[arg(long)]
    pub(super) reason: String,
    /// Those that are closed as well.
    #[arg(long)]
    pub(super) closed: bool,
}

#[derive(Args)]
pub(super) struct CloseReview {
    /// Why you find so, or @FILE. Kept sealed with the record that closes it.
    #[arg(long)]
    pub(super) reason: String,
    /// What you found: justified, excessive or not_justified.
    #[arg(long = "as", value_parser = finding)]
    pub(super) finding: audit::ReviewFinding,
    /// The message.
    pub(super) message: String,
}

#[derive(Args)]
pub(super) struct Proof {
    /// A release this agency received, 32 hexadecimal digits.
    #[arg(long, required_unless_present = "message", conflicts_with = "message")]
    pub(super) release: Option<String>,
    /// A message this agency sent.
    #[arg(long)]
    pub(super) message: Option<String>,
    /// Where to save the proof.
    #[arg(long)]
    pub(super) out: PathBuf,
}

#[derive(Args)]
pub(super) struct CohortReport {
    /// Code of an area that your agency serves.
    #[arg(long)]
    pub(super) area: String,
    /// A month that has ended, such as 2026-10.
    #[arg(long)]
    pub(super) month: String,
    /// Also write it to this file, as CSV.
    #[arg(long)]
    pub(super) csv: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Receipts {
    /// The agency. Of one that the message did not name there is its acceptance and no more.
    #[arg(long)]
    pub(super) agency: String,
    /// Folder to save them in, one file a stage.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// A message this agency sent.
    pub(super) message: String,
}

/// Reads a value by its written name; unspecified is not one.
fn word<E: Named + Into<i32>>(text: &str) -> Result<E, String> {
    let known = E::from_name(text).filter(|value| (*value).into() != 0);
    known.ok_or_else(|| "must be one of the protocol's names, in lower case".to_owned())
}

/// Reads what a review found by its written name.
fn finding(text: &str) -> Result<audit::ReviewFinding, String> {
    use audit::ReviewFinding::{Excessive, Justified, NotJustified};
    let known =
        [("justified", Justified), ("excessive", Excessive), ("not_justified", NotJustified)];
    let found = known.into_iter().find(|(name, _)| *name == text).map(|(_, finding)| finding);
    found.ok_or_else(|| "must be justified, excessive or not_justified".to_owned())
}
