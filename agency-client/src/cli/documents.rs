//! The verbs `attach` and `fetch`.
//!
//! Owns: their order of steps and their words. Promises: what `attach` prints goes into a message file
//! as it is. Deliberately does not know: how documents travel.

use super::args::{Attach, Fetch};
use super::error::CliError;
use super::output::{Output, complain};
use super::receive::opaque_id;
use super::released_json::section_json;
use crate::connection::Connection;
use crate::documents::{self, Document};
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use std::path::Path;
use uuid::Uuid;

/// `agency attach`.
pub(super) async fn attach(settings: &Path, what: &Attach, out: &Output) -> Result<(), CliError> {
    let id = match &what.id {
        None => Uuid::new_v4(),
        Some(given) => Uuid::try_parse(given)
            .map_err(|_| CliError::Argument { what: "--id", rule: "must be a UUID" })?,
    };
    let agencies = what.for_agency.iter().map(|text| part(text, true));
    let kinds = what.for_kind.iter().map(|text| part(text, false));
    let document = Document {
        id,
        kind: what.kind,
        media_type: what.form,
        audience: agencies.chain(kinds).collect(),
        onward: what.onward.clone(),
    };
    if document.audience.is_empty() {
        complain("nobody is named whose it is: no recipient will have it");
    }
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    complain(&format!("putting it under {id}; broken off, it goes on with --id {id}"));
    let section = documents::attach(&connection, &what.file, &document).await?;
    let object = section_json(&section);
    out.record(|| object.clone(), || object.to_string())?;
    Ok(())
}

/// `agency fetch`.
pub(super) async fn fetch(settings: &Path, what: &Fetch, out: &Output) -> Result<(), CliError> {
    let release = opaque_id("release", &what.release)?;
    let name = |what, text: &str| {
        let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() == 32);
        bytes.ok_or(CliError::Argument { what, rule: "must be 64 hexadecimal digits" })
    };
    let section = wire::ReleasedSection {
        section: name("section", &what.section)?.into(),
        digest: name("--digest", &what.digest)?.into(),
        salt: name("--salt", &what.salt)?.into(),
        size_bytes: what.size,
        ..wire::ReleasedSection::default()
    };
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    documents::fetch(&connection, &release, &section, &what.to).await?;
    let size = what.size;
    out.record(
        || serde_json::json!({"section": what.section, "size_bytes": size}),
        || format!("{size} bytes, and the digest that came with the message"),
    )?;
    Ok(())
}

/// `gmp` or `gmp:public_protection`.
fn part(text: &str, is_agency: bool) -> wire::SectionAudience {
    let (who, function) = text.split_once(':').unwrap_or((text, ""));
    let (who, function) = (who.to_owned(), function.to_owned());
    if is_agency {
        wire::SectionAudience { agency: who, function, ..wire::SectionAudience::default() }
    } else {
        wire::SectionAudience { agency_kind: who, function, ..wire::SectionAudience::default() }
    }
}
