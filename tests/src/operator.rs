//! What an operator of the broker does in the tests.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use certs_dev::{CertsError, OTHER_AGENCIES_ISSUER, SUSPENDED_AGENCY};
use demo::stage::{OPERATOR, Script, with_issuer};
use proto::admin::v1 as admin;

use crate::world::World;

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

/// A directory that knows the agency to be suspended, and another issuing key that may name
/// agencies, only not the one that is asked for.
pub async fn make_room_for_the_faulty(world: &World) {
    let other = {
        let mut authority = world.stage.authority();
        let other = authority.issuer(OTHER_AGENCIES_ISSUER).unwrap();
        authority.issuer_key_id(other).unwrap()
    };
    let document = format!(
        "{}\n[[issuer]]\nkey = \"{other}\"\nagencies = [\"loto-stockport\"]\n\
         [[agency]]\nid = \"{SUSPENDED_AGENCY}\"\nname = \"An agency that is suspended (invented)\"\n\
         kind = \"police\"\ndpo_contact = \"data-protection@suspended.example\"\n\
         [[agency.desk]]\nid = \"desk\"\nname = \"Desk\"\nfunction = \"intelligence\"\nregime = \"part3\"\n\
         [[agency.node]]\nname = \"records\"\ndesks = [\"desk\"]\n",
        Script::shipped().unwrap().directory
    );
    apply_directory(world, &document).await;
    let request = admin::SetStandingRequest { agency: SUSPENDED_AGENCY.into(), suspended: true };
    world.stage.admin(OPERATOR).await.unwrap().set_standing(request).await.unwrap();
}
