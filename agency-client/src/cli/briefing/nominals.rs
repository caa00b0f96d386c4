//! Whom a tasking group meets about, read from a file.
//!
//! Owns: the form of that file. Promises: every fault is named by its place and never by its value.

use crate::cli::error::CliError;
use crate::cli::json::{Faults, Node, ObjectReader};
use crate::cli::message_json::MessageJsonError;
use crate::cli::output::read_text;
use proto::exchange::v1 as wire;
use std::path::Path;

/// Most bytes of such a file.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Most people of one pack.
const NOMINALS_MAX: usize = 200;

/// One person, by numbers, or by name where the desk was shown no numbers.
#[derive(Clone, Default)]
pub struct Nominal {
    /// Numbers.
    pub identifiers: Vec<wire::Identifier>,
    /// Full name; empty: not given.
    pub name: String,
    /// Birth date, YYYY-MM-DD; empty: not given.
    pub birth_date: String,
}

impl std::fmt::Debug for Nominal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nominal(..)")
    }
}

/// Reads `{"nominals": [{"name": "…", "birth_date": "…", "identifiers": [{"type": "pnc", "value":
/// "…"}]}]}`; of each a name or a number.
pub(super) fn read(path: &Path) -> Result<Vec<Nominal>, CliError> {
    let text = read_text(path, FILE_BYTES_MAX)?;
    parse(&text).map_err(|source| CliError::Message { path: path.to_owned(), source })
}

fn parse(text: &str) -> Result<Vec<Nominal>, MessageJsonError> {
    let node =
        Node::parse(text).map_err(|(line, column)| MessageJsonError::NotJson { line, column })?;
    let mut faults = Faults::default();
    let f = &mut faults;
    let mut object = ObjectReader::new("", node, f);
    let nominals = object.objects("nominals", f, |object, f| {
        let identifiers = object.objects("identifiers", f, |object, f| wire::Identifier {
            r#type: object.word::<wire::IdentifierType>("type", f),
            value: object.text("value", f),
        });
        let mut given = |name| object.optional_text(name, f).unwrap_or_default();
        Nominal { identifiers, name: given("name"), birth_date: given("birth_date") }
    });
    object.finish(f);
    if nominals.is_empty() || nominals.len() > NOMINALS_MAX {
        f.add_first("nominals".to_owned(), "are 1 to 200");
    }
    for (place, nominal) in nominals.iter().enumerate() {
        if nominal.identifiers.len() > proto::limits::IDENTIFIERS_MAX {
            f.add_first(format!("nominals[{place}].identifiers"), "are at most 16");
        }
        if nominal.identifiers.is_empty() && nominal.name.is_empty() {
            f.add_first(format!("nominals[{place}]"), "needs an identifier or a name");
        }
    }
    if faults.0.is_empty() { Ok(nominals) } else { Err(MessageJsonError::Faults(faults.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_person_a_number_is_enough_or_a_name() {
        let example = include_str!("../../../examples/nominals.json");
        let nominals = parse(example).unwrap();
        assert_eq!(nominals.len(), 2);
        assert_eq!((nominals[0].identifiers.len(), nominals[0].name.as_str()), (2, ""));
        assert_eq!(
            (nominals[1].identifiers.len(), nominals[1].birth_date.as_str()),
            (0, "1983-12-05")
        );
        let nobody = r#"{"nominals": [{"birth_date": "1983-12-05"}]}"#;
        let Err(MessageJsonError::Faults(faults)) = parse(nobody) else {
            panic!("it names nobody")
        };
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].field, "nominals[0]");
    }
}
