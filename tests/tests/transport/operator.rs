//! What an operator of the broker does in these tests.

use certs_dev::CertsError;
use demo::stage::{OPERATOR, with_issuer};
use proto::admin::v1 as admin;
use tests::world::World;

/// Puts a directory in force that knows the stage's own issuing key.
pub async fn apply_directory(world: &World, document: &str) {
    let issuer = issuing_key(world).unwrap();
    let document = with_issuer(document, &issuer);
    let request = admin::ApplyDirectoryRequest { document, check_only: false };
    world.stage.admin(OPERATOR).await.unwrap().apply_directory(request).await.unwrap();
}

fn issuing_key(world: &World) -> Result<String, CertsError> {
    let authority = world.stage.authority();
    authority.issuer_key_id(authority.first_issuer())
}
