//! A document with a canary in it: put, sent with a message, and fetched.
//!
//! Its bytes, its digest and its sender's id of it are looked for wherever a broker leaves traces.

use agency_client::Incoming;
use agency_client::documents::{self, Document};
use aws_lc_rs::digest::{SHA256, digest};
use proto::exchange::v1 as wire;
use tests::world::World;
use uuid::Uuid;

use crate::needles::Canary;

/// What the document says.
const TEXT: &str = "KanarieDocument7Qx, minutes of a meeting about nobody.";
/// Its sender's own id of it.
const ID: Uuid = Uuid::from_u128(0x0bad_cafe_0000_4000_8000_0000_0000_d0c5);

/// What nobody may find.
pub fn canaries() -> Vec<Canary> {
    vec![
        Canary::text("document", "KanarieDocument7Qx"),
        Canary { name: "digest of a document".into(), bytes: digest_of_it() },
        Canary::text("id of a document", &ID.to_string()),
    ]
}

fn digest_of_it() -> Vec<u8> {
    digest(&SHA256, TEXT.as_bytes()).as_ref().to_vec()
}

/// Puts it, for Greater Manchester Police.
pub async fn put(world: &World) -> wire::Section {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minutes");
    std::fs::write(&path, TEXT).unwrap();
    let document = Document {
        id: ID,
        kind: wire::SectionKind::MappaMinutes,
        media_type: wire::MediaType::Text,
        audience: vec![wire::SectionAudience {
            agency: "gmp".to_owned(),
            ..wire::SectionAudience::default()
        }],
        onward: Vec::new(),
    };
    let connection = world.node("probation-greater-manchester", "records").await;
    documents::attach(&connection, &path, &document).await.unwrap()
}

/// Fetches it: it has travelled.
pub async fn fetch(world: &World, came: &Incoming) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("minutes");
    let connection = world.node("gmp", "intelligence").await;
    let (release, section) = (&came.delivery.release_id, &came.message.sections[0]);
    documents::fetch(&connection, release, section, &to).await.unwrap();
    assert_eq!(std::fs::read_to_string(&to).unwrap(), TEXT);
}
