//! The verbs `whoami` and `state-link`.
//!
//! Owns: their order of steps and their words. Promises: identifiers are read from a file, never
//! from arguments. Deliberately does not know: what others hold about a link.

use super::error::CliError;
use super::json::{Faults, Node, ObjectReader};
use super::message_json::MessageJsonError;
use super::output::{Output, read_text, time_text};
use crate::connection::Connection;
use crate::settings::Settings;
use proto::directory::v1::StateLinkRequest;
use proto::exchange::v1 as wire;
use proto::ledger::checkpoint::Checkpoint;
use serde_json::json;
use std::path::Path;

/// The largest link file, bytes.
const LINK_BYTES_MAX: u64 = 16 * 1024;

/// `agency whoami`.
pub(super) async fn whoami(settings: &Path, out: &Output) -> Result<(), CliError> {
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let me = connection.exchange().await?.who_am_i(wire::WhoAmIRequest {}).await?.into_inner();
    let ends = time_text(me.certificate_ends.as_ref());
    let (head, is_first) = (connection.head().await, connection.is_head_first().await);
    out.record(
        || {
            json!({"agency": me.agency, "node": me.node, "person": me.person, "roles": me.roles,
            "desks": me.desks, "certificate_ends": ends,
            "ledger": head.as_ref().map(|head| {
                json!({"origin": head.origin, "size": head.size, "first_seen": is_first})
            })})
        },
        || {
            let name = if me.node.is_empty() {
                format!("person {}", me.person)
            } else {
                format!("node {}", me.node)
            };
            let ledger = head.as_ref().map_or_else(String::new, |head| ledger(head, is_first));
            // A node has desks and a person has roles; what it has none of is not listed.
            let listed = |what: &str, names: &[String]| match names {
                [] => String::new(),
                names => format!("\n{what}: {}", names.join(", ")),
            };
            format!(
                "{name} of {}{}{}\ncertificate ends {ends}{ledger}",
                me.agency,
                listed("roles", &me.roles),
                listed("desks", &me.desks)
            )
        },
    )
}

/// The ledger's head, and what it was held against.
fn ledger(head: &Checkpoint, is_first: bool) -> String {
    let seen = if is_first {
        "nothing was seen of a ledger before; this head is now pinned, and whatever comes later must continue it: compare it with what the broker's operators publish"
    } else {
        "continuing what was seen before"
    };
    format!("\nledger {} at {} entries, {seen}", head.origin, head.size)
}

/// `agency state-link`.
pub(super) async fn state_link(settings: &Path, file: &Path, out: &Output) -> Result<(), CliError> {
    let text = read_text(file, LINK_BYTES_MAX)?;
    let request =
        read_link(&text).map_err(|source| CliError::Message { path: file.to_owned(), source })?;
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    connection.directory().await?.state_link(request).await?;
    out.record(|| json!({"recorded": true}), || "the statement is recorded".to_owned())
}

fn read_link(text: &str) -> Result<StateLinkRequest, MessageJsonError> {
    let node =
        Node::parse(text).map_err(|(line, column)| MessageJsonError::NotJson { line, column })?;
    let mut faults = Faults::default();
    let f = &mut faults;
    let mut object = ObjectReader::new("", node, f);
    let request = StateLinkRequest {
        one: object.object("one", f, identifier),
        other: object.object("other", f, identifier),
        birth_date: object.text("birth_date", f),
        withdrawn: object.boolean("withdrawn", f),
    };
    for (end, name) in [(&request.one, "one"), (&request.other, "other")] {
        if end.is_none() {
            f.add(name.to_owned(), "must be given");
        }
    }
    object.finish(f);
    if faults.0.is_empty() { Ok(request) } else { Err(MessageJsonError::Faults(faults.0)) }
}

fn identifier(object: &mut ObjectReader, faults: &mut Faults) -> wire::Identifier {
    wire::Identifier {
        r#type: object.word::<wire::IdentifierType>("type", faults),
        value: object.text("value", faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::ledger::tree::root;

    #[test]
    fn the_first_ledger_ever_seen_is_said_to_continue_nothing() {
        let head = Checkpoint { origin: "log.example".into(), size: 5, root: root(&[]) };
        let first = ledger(&head, true);
        assert!(first.contains("nothing was seen") && first.contains("is now pinned"), "{first}");
        assert!(!first.contains("continuing"), "{first}");
        let later = ledger(&head, false);
        assert_eq!(later, "\nledger log.example at 5 entries, continuing what was seen before");
    }

    #[test]
    fn a_link_names_both_ends_and_the_birth_date_and_may_be_withdrawn() {
        let link = read_link(
            r#"{"one": {"type": "noms", "value": "A1234AA"}, "birth_date": "1990-01-02",
                "other": {"type": "crn", "value": "X123456"}, "withdrawn": true}"#,
        )
        .unwrap();
        assert_eq!(link.one.unwrap().value, "A1234AA");
        assert!(link.withdrawn);
    }

    #[test]
    fn what_a_link_lacks_is_named_at_once() {
        let MessageJsonError::Faults(faults) =
            read_link(r#"{"one": {"type": "noms"}, "withdrawn": "yes"}"#).unwrap_err()
        else {
            unreachable!("it is JSON")
        };
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["one.value", "birth_date", "withdrawn", "other"]);
    }
}
