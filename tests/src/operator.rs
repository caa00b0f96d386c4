//! What an operator of the broker does in the tests.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use broker::ops::endpoint::Endpoint;
use broker::ops::traces::SpanCounts;
use certs_dev::{CertsError, OTHER_AGENCIES_ISSUER, SUSPENDED_AGENCY};
use demo::stage::{OPERATOR, Script, with_issuer};
use proto::admin::v1 as admin;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{PATIENCE, World};

/// What the operators' listener answers on these paths, one after the other. `spans`: counts of
/// the traces that are exported, where any are.
pub async fn pages(world: &World, spans: Option<Arc<SpanCounts>>, paths: &[&str]) -> String {
    let app = world.app.as_ref().unwrap();
    let watched = app.watched(Arc::default(), Arc::default(), spans);
    let endpoint = Endpoint::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = endpoint.address();
    let serving = tokio::spawn(endpoint.run(Arc::new(watched)));
    let mut shown = String::new();
    for path in paths {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        tokio::time::timeout(PATIENCE, socket.read_to_string(&mut shown)).await.unwrap().unwrap();
    }
    serving.abort();
    shown
}

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
