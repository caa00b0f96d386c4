//! A meeting about an invented man: its chair, those invited, and the documents it makes.

use std::path::PathBuf;

use agency_client::compose::{self, Grounds, Person};
use agency_client::documents::{self, Document, DocumentError};
use agency_client::{Connection, Incoming};
use aws_lc_rs::digest::{SHA256, digest};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::exchange::v1 as wire;
use proto::exchange::v1::attachment_service_client::AttachmentServiceClient;
use proto::exchange::v1::put_attachment_request::Step;
use proto::refusal::Refusal;
use tempfile::TempDir;
use tests::world::{World, id};
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Bytes of a piece, as the protocol says.
pub const PIECE: usize = 262_144;
/// The chair: the probation service's MAPPA unit.
pub const CHAIR: (&str, &str) = ("probation-greater-manchester", "records");
/// Those invited: agency, node, desk.
pub const POLICE: (&str, &str, &str) = ("gmp", "intelligence", "public-protection");
pub const CHILDREN: (&str, &str, &str) =
    ("stockport-council", "childrens-services", "childrens-services");
pub const PRISON: (&str, &str, &str) = ("hmpps-prisons", "records", "public-protection");

const GROUNDS: Grounds = Grounds {
    purpose: wire::Purpose::PublicProtection,
    gateway: wire::Gateway::Cja2003S325,
    lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(wire::SensitiveCondition::Sch8Statutory),
};

/// The man (invented).
pub fn man() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Crn, "X912177")
        .name("Invented Alder")
        .birth_date("1971-10-03")
        .limited_access(wire::LimitedAccess::No)
}

/// What the chair sends after a meeting, to all three.
pub fn meeting(message: Uuid) -> compose::Draft {
    let draft = compose::mappa_notification(message, GROUNDS, man(), 2, 2);
    [POLICE, CHILDREN, PRISON]
        .into_iter()
        .fold(draft, |draft, (agency, _, desk)| draft.addressee(agency, desk))
}

/// A correction of it.
pub fn correction(message: Uuid, action: wire::CorrectionAction) -> wire::Message {
    let mut draft = compose::withdrawal(id(), GROUNDS, man(), message, "").build().unwrap();
    let Some(wire::message::Kind::Correction(correction)) = &mut draft.kind else { unreachable!() };
    correction.set_action(action);
    draft
}

/// Bytes that no other document has.
pub fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8 ^ (place / 251 % 256) as u8 ^ seed).collect()
}

/// An audience of agencies.
pub fn for_agencies(agencies: &[&str]) -> Vec<wire::SectionAudience> {
    let part = |agency: &&str| wire::SectionAudience {
        agency: (*agency).to_owned(),
        ..wire::SectionAudience::default()
    };
    agencies.iter().map(part).collect()
}

pub fn minutes(audience: Vec<wire::SectionAudience>) -> Document {
    Document {
        id: id(),
        kind: wire::SectionKind::MappaMinutes,
        media_type: wire::MediaType::Pdf,
        audience,
        onward: Vec::new(),
    }
}

/// Files of a test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn with(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Puts a document as a node of an agency.
pub async fn put(
    world: &World,
    (agency, node): (&str, &str),
    content: &[u8],
    document: &Document,
) -> Result<wire::Section, DocumentError> {
    let files = Files::new();
    let path = files.with("document", content);
    documents::attach(&world.node(agency, node).await, &path, document).await
}

/// The service itself.
pub async fn service(world: &World, agency: &str, node: &str) -> AttachmentServiceClient<Channel> {
    service_of(&world.node(agency, node).await).await
}

pub async fn service_of(connection: &Connection) -> AttachmentServiceClient<Channel> {
    AttachmentServiceClient::new(connection.channel().await.unwrap())
}

/// What a recipient fetches of one section, from a byte on.
pub async fn fetched(
    world: &World,
    (agency, node): (&str, &str),
    release: &[u8],
    section: &[u8],
    offset: u32,
) -> Result<Vec<u8>, tonic::Status> {
    let mut frames = service(world, agency, node)
        .await
        .get_attachment(asking(release, section, offset))
        .await?
        .into_inner();
    let mut content = Vec::new();
    while let Some(frame) = frames.message().await? {
        assert_eq!(frame.offset as usize, offset as usize + content.len());
        content.extend_from_slice(&frame.content);
    }
    Ok(content)
}

pub fn asking(release: &[u8], section: &[u8], offset: u32) -> wire::GetAttachmentRequest {
    wire::GetAttachmentRequest {
        release_id: release.to_vec().into(),
        section: section.to_vec().into(),
        offset,
    }
}

/// What a recipient fetches of the only section it was given.
pub async fn only(world: &World, at: (&str, &str, &str), came: &Incoming) -> Vec<u8> {
    let [section] = &came.message.sections[..] else { panic!("one section is given") };
    fetched(world, (at.0, at.1), &came.delivery.release_id, &section.section, 0).await.unwrap()
}

/// Steps of putting bytes by hand.
pub fn announced(attachment: Uuid, whole: &[u8]) -> wire::PutAttachmentRequest {
    let announced = wire::AnnouncedAttachment {
        attachment_id: attachment.to_string(),
        size_bytes: u32::try_from(whole.len()).unwrap(),
        digest: digest(&SHA256, whole).as_ref().to_vec().into(),
    };
    wire::PutAttachmentRequest { step: Some(Step::Announced(announced)) }
}

pub fn piece(whole: &[u8], place: usize) -> wire::PutAttachmentRequest {
    let end = ((place + 1) * PIECE).min(whole.len());
    let chunk = wire::AttachmentChunk {
        offset: u32::try_from(place * PIECE).unwrap(),
        content: whole[place * PIECE..end].to_vec().into(),
    };
    wire::PutAttachmentRequest { step: Some(Step::Chunk(chunk)) }
}

pub async fn kept(world: &World, (agency, node): (&str, &str), attachment: Uuid) -> (u32, bool) {
    let request = wire::FindAttachmentRequest { attachment_id: attachment.to_string() };
    let mut service = service(world, agency, node).await;
    let found = service.find_attachment(request).await.unwrap().into_inner();
    (found.kept_bytes, found.whole)
}

/// The number of a refusal.
pub fn number(status: &tonic::Status) -> u32 {
    status.get_details_error_info().unwrap().reason.parse().unwrap()
}

pub fn absent(status: &tonic::Status) -> bool {
    number(status) == Refusal::NotFound.code() && status.get_details_bad_request().is_none()
}

/// The refusal of a message, with the fields it names.
pub async fn refused(
    world: &World,
    at: (&str, &str),
    message: wire::Message,
) -> (u32, Vec<String>) {
    let results = world.frame(at.0, at.1, vec![message]).await;
    match &results[0].outcome {
        Some(wire::publish_result::Outcome::Refused(refused)) => {
            let fields = refused.violations.iter().map(|fault| fault.field.clone());
            (refused.code, fields.collect())
        }
        Some(_) | None => panic!("the message must be refused"),
    }
}

/// The store and its ledger are one.
pub fn sound(world: &World) {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, None).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}
