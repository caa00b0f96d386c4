//! Documents that go with messages: put before the message, fetched after it.
//!
//! Owns: pieces, going on where a transfer broke off, and the check of digests.
//! Promises: a document is said to be put only once the broker keeps all of it; a file that was
//! fetched bears its name only once its bytes give the digest that came with the message.
//! Deliberately does not know: who may have a document. Bound: two pieces of it in memory.

use crate::backoff::{BACKOFF, draw};
use crate::connection::Connection;
use crate::errors::{CallError, ConnectError};
use aws_lc_rs::digest::{Context, SHA256};
use proto::exchange::v1 as wire;
use proto::exchange::v1::attachment_service_client::AttachmentServiceClient;
use proto::exchange::v1::put_attachment_request::Step;
use proto::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENT_CHUNK_BYTES, FRAME_BYTES_MAX};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use uuid::Uuid;

/// What is said of a document.
#[derive(Clone)]
pub struct Document {
    /// This system's own id of it: the same where a transfer goes on.
    pub id: Uuid,
    /// What it is.
    pub kind: wire::SectionKind,
    /// In what form.
    pub media_type: wire::MediaType,
    /// Whose it is. Nobody's, if empty.
    pub audience: Vec<wire::SectionAudience>,
    /// Agencies that have leave to send it on.
    pub onward: Vec<String>,
}

/// Why a document was not put or fetched.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file here.
    #[error("the file cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// It is empty, or longer than a document may be.
    #[error("a document has 1 to 20,971,520 bytes")]
    Size,
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The broker's answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The bytes are not those that the message speaks of. Nothing of them is kept.
    #[error("the document's bytes are not those that the message speaks of; fetch it again")]
    OtherBytes,
    /// The name is not one of this digest and salt.
    #[error("the document's name does not belong to this digest and salt")]
    OtherName,
    /// No randomness for a salt.
    #[error("the system gave no random bytes")]
    NoChance,
}

impl DocumentError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Connect(error) => error.may_pass(),
            Self::Call(error) => error.may_pass(),
            Self::File(_) | Self::Size | Self::OtherBytes | Self::OtherName | Self::NoChance => {
                false
            }
        }
    }
}

/// Puts a file's bytes, and gives what the message is to say of it.
///
/// Promise: goes on where an earlier transfer under the same id broke off, also by itself for as long
///          as the connection's patience lasts without a piece getting through.
/// Refuses: see [`DocumentError`].
pub async fn attach(
    connection: &Connection,
    path: &Path,
    document: &Document,
) -> Result<wire::Section, DocumentError> {
    let (size_bytes, digest) = measure(path).await?;
    let announced = wire::AnnouncedAttachment {
        attachment_id: document.id.to_string(),
        size_bytes,
        digest: digest.clone().into(),
    };
    let mut patience = Patience::new(connection);
    loop {
        let done = put(connection, path, &announced, &mut patience).await;
        match done {
            Ok(()) => break,
            Err(error) if error.may_pass() && patience.wait().await => {}
            Err(error) => return Err(error),
        }
    }
    let mut salt = [0; 32];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| DocumentError::NoChance)?;
    Ok(wire::Section {
        attachment_id: document.id.to_string(),
        kind: document.kind.into(),
        media_type: document.media_type.into(),
        size_bytes,
        digest: digest.into(),
        salt: salt.to_vec().into(),
        audience: document.audience.clone(),
        onward: document.onward.clone(),
    })
}

/// Fetches a document that a delivery was given with into a file, and checks it.
///
/// Promise: what came is kept beside `to` until it is whole, and a later call goes on from there; `to`
///          is there only once its bytes give the digest.
/// Refuses: see [`DocumentError`].
pub async fn fetch(
    connection: &Connection,
    release_id: &[u8],
    section: &wire::ReleasedSection,
    to: &Path,
) -> Result<(), DocumentError> {
    if sha256([section.salt.as_ref(), section.digest.as_ref()]) != section.section.as_ref() {
        return Err(DocumentError::OtherName);
    }
    let unfinished = unfinished(to);
    let mut patience = Patience::new(connection);
    loop {
        let done = take(connection, release_id, section, &unfinished, &mut patience).await;
        match done {
            Ok(()) => break,
            Err(error) if error.may_pass() && patience.wait().await => {}
            Err(error) => return Err(error),
        }
    }
    let measured = measure(&unfinished).await;
    if !measured.is_ok_and(|(_, digest)| digest == section.digest.as_ref()) {
        fs::remove_file(&unfinished)?;
        return Err(DocumentError::OtherBytes);
    }
    fs::rename(&unfinished, to)?;
    Ok(())
}

/// How long what does not get on is tried.
struct Patience {
    longest: std::time::Duration,
    since: Instant,
    failures: u32,
}

impl Patience {
    fn new(connection: &Connection) -> Self {
        Self { longest: connection.patience(), since: Instant::now(), failures: 0 }
    }

    /// Something got through.
    fn renew(&mut self) {
        (self.since, self.failures) = (Instant::now(), 0);
    }

    /// Waits before the next attempt. Answers whether there is one.
    async fn wait(&mut self) -> bool {
        self.failures += 1;
        let wait = BACKOFF.wait(self.failures, draw());
        if self.since.elapsed() + wait > self.longest {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

async fn client(connection: &Connection) -> Result<AttachmentServiceClient<Channel>, ConnectError> {
    let client = AttachmentServiceClient::new(connection.channel().await?);
    Ok(client.max_decoding_message_size(FRAME_BYTES_MAX))
}

/// One attempt to put what is not kept yet.
async fn put(
    connection: &Connection,
    path: &Path,
    announced: &wire::AnnouncedAttachment,
    patience: &mut Patience,
) -> Result<(), DocumentError> {
    let mut client = client(connection).await?;
    let asked = wire::FindAttachmentRequest { attachment_id: announced.attachment_id.clone() };
    let found = client.find_attachment(asked).await.map_err(CallError::from)?.into_inner();
    if found.whole {
        return Ok(());
    }
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(found.kept_bytes.into()))?;
    let (steps, sent) = mpsc::channel(1);
    let first = Step::Announced(announced.clone());
    let (size, from) = (announced.size_bytes, found.kept_bytes);
    let reading =
        tokio::task::spawn_blocking(move || send_pieces(file, first, (from, size), &steps));
    let answer = client.put_attachment(ReceiverStream::new(sent)).await;
    if reading.await.is_ok_and(|sent| sent.is_ok_and(|sent| sent > 1)) {
        patience.renew();
    }
    match answer {
        Ok(_) => Ok(()),
        Err(status) => Err(CallError::from(status).into()),
    }
}

/// Reads a file piece by piece as fast as they are taken. Answers how many were.
fn send_pieces(
    mut file: File,
    first: Step,
    (from, size): (u32, u32),
    steps: &mpsc::Sender<wire::PutAttachmentRequest>,
) -> io::Result<u32> {
    let send = |step| steps.blocking_send(wire::PutAttachmentRequest { step: Some(step) });
    let (mut offset, mut sent) = (from, 0);
    if send(first).is_err() {
        return Ok(sent);
    }
    while offset < size {
        let length = (size - offset).min(ATTACHMENT_CHUNK_BYTES);
        let mut content = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact(&mut content)?;
        let chunk = wire::AttachmentChunk { offset, content: content.into() };
        if send(Step::Chunk(chunk)).is_err() {
            break;
        }
        (offset, sent) = (offset + length, sent + 1);
    }
    Ok(sent)
}

/// One attempt to fetch what is not here yet.
async fn take(
    connection: &Connection,
    release_id: &[u8],
    section: &wire::ReleasedSection,
    unfinished: &Path,
    patience: &mut Patience,
) -> Result<(), DocumentError> {
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(unfinished)?;
    let mut here = file.metadata()?.len();
    if here > section.size_bytes.into() {
        // Of some other document.
        file.set_len(0)?;
        here = 0;
    }
    let mut offset = u32::try_from(here).unwrap_or(u32::MAX);
    if offset == section.size_bytes {
        return Ok(());
    }
    let request = wire::GetAttachmentRequest {
        release_id: release_id.to_vec().into(),
        section: section.section.clone(),
        offset,
    };
    let call = client(connection).await?.get_attachment(request).await;
    let mut frames = call.map_err(CallError::from)?.into_inner();
    while let Some(frame) = frames.message().await.map_err(CallError::from)? {
        if frame.offset != offset {
            return Err(DocumentError::OtherBytes);
        }
        file.write_all(&frame.content)?;
        offset = offset.saturating_add(u32::try_from(frame.content.len()).unwrap_or(u32::MAX));
        patience.renew();
    }
    file.sync_all()?;
    if offset == section.size_bytes {
        return Ok(());
    }
    // Ended early without a word: as if it had broken off.
    Err(CallError::Failed(tonic::Code::Aborted).into())
}

/// Where a file lies while it is not whole.
fn unfinished(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

/// Length and SHA-256 of a file.
async fn measure(path: &Path) -> Result<(u32, Vec<u8>), DocumentError> {
    let path = path.to_owned();
    let measured = tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let mut context = Context::new(&SHA256);
        let mut piece = vec![0; 64 * 1024];
        let mut length = 0_u64;
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok((length, context.finish().as_ref().to_vec()));
            }
            context.update(piece.get(..read).unwrap_or_default());
            length += read as u64;
            if length > ATTACHMENT_BYTES_MAX.into() {
                return Err(DocumentError::Size);
            }
        }
    });
    let (length, digest) = measured.await.unwrap_or(Err(DocumentError::Size))?;
    let length = u32::try_from(length).ok().filter(|length| *length > 0);
    Ok((length.ok_or(DocumentError::Size)?, digest))
}

fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}
