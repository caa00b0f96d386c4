//! A plain sentence for each rule that is known by a code alone.
//!
//! Owns: the table from the rule codes of identifiers (`noms-shape`) to what they ask for.
//! Promises: a sentence holds no value that anybody sent. A code this version does not know has
//! no sentence and is shown bare; a rule that is a sentence already needs none.
//! Deliberately does not know: how a rule is tested. That is `proto::identifier`.

/// The codes, in order of the alphabet, each with what it asks for.
const SENTENCES: &[(&str, &str)] = &[
    (
        "asn-check-letter",
        "the last letter does not agree with the rest of the arrest or summons number; look for a slip in copying",
    ),
    (
        "asn-shape",
        "an arrest or summons number is two digits of year, the force, unit and system, the sequence and a letter, such as YY/FFUU/SS/nL",
    ),
    ("birth-date-calendar", "the calendar has no such day"),
    ("birth-date-shape", "a date is written YYYY-MM-DD"),
    ("birth-date-year-bounds", "the year must be 1900 to 2100"),
    (
        "crn-shape",
        "a probation case reference number is one or two letters and six digits, such as X123456",
    ),
    (
        "cro-check-letter",
        "the last letter does not agree with the rest of the CRO number; look for a slip in copying",
    ),
    (
        "cro-shape",
        "a CRO number is up to six digits, a slash, two digits of year and a letter, or SF, the year, a slash, the digits and a letter",
    ),
    ("current-year-bounds", "the year in which this is read must be 2000 to 2099"),
    (
        "local-authority-shape",
        "a local authority is its nine-character code, such as E08000007, or the older one of two digits and two letters",
    ),
    (
        "nhs-check-digit",
        "the last digit does not agree with the rest of the NHS number; look for a slip in copying",
    ),
    ("nhs-shape", "an NHS number is ten digits, together or as three, three and four"),
    ("noms-shape", "a prison number is a letter, four digits and two letters, such as A1234AA"),
    (
        "pnc-century",
        "two digits of year leave the century of this PNC id open; write the year in full, with a slash after it",
    ),
    (
        "pnc-check-letter",
        "the last letter does not agree with the rest of the PNC id; look for a slip in copying",
    ),
    (
        "pnc-shape",
        "a PNC id is the year in two or four digits, a slash, up to seven digits and a letter",
    ),
    (
        "pnc-year-boundary",
        "this PNC id can be read with a short or a full year; write a slash after the year",
    ),
    ("pnc-year-to-come", "the year of this PNC id has not come yet"),
    ("police-force-code", "no police force has this code"),
    ("police-force-shape", "a police force is its code of two digits"),
    ("postcode-shape", "a postcode is written as the Royal Mail writes it, such as SK1 3XE"),
    ("prison-code-shape", "a prison is its code of three letters, such as MDI"),
];

/// What a rule asks for, if it is known by a code; `None` for a code unknown here and for a rule
/// that is a sentence itself.
#[must_use]
pub fn sentence(rule: &str) -> Option<&'static str> {
    SENTENCES.iter().find(|(code, _)| *code == rule).map(|(_, sentence)| *sentence)
}

/// The rule for people: a code with its sentence after it, anything else as it is.
pub(crate) fn in_words(rule: &str) -> String {
    sentence(rule).map_or_else(|| rule.to_owned(), |sentence| format!("{rule}: {sentence}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Every text in quotation marks in the Rust files of a folder, unit tests aside.
    fn quoted_in(folder: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") {
                continue;
            }
            if path.is_dir() {
                found.extend(quoted_in(&path));
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let rules = source.split("mod tests {").next().unwrap();
                found.extend(rules.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
        found
    }

    /// Lower-case words joined by hyphens: how rules are named.
    fn is_code(text: &str) -> bool {
        text.contains('-')
            && text
                .split('-')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
    }

    #[test]
    fn every_code_of_an_identifier_rule_has_a_sentence_and_no_other_code_has() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let defined = quoted_in(&top.join("proto/src/identifier"));
        let defined: BTreeSet<&str> =
            defined.iter().map(String::as_str).filter(|text| is_code(text)).collect();
        assert!(defined.contains("noms-shape") && defined.contains("pnc-check-letter"));
        let told: BTreeSet<&str> = SENTENCES.iter().map(|(code, _)| *code).collect();
        assert_eq!(told.len(), SENTENCES.len(), "a code stands in the table twice");
        assert_eq!(told, defined);
    }

    #[test]
    fn every_code_that_the_brokers_message_rules_give_has_a_sentence() {
        // The name of a sort of token; it is no rule.
        const NOT_A_RULE: &str = "birth-date";
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let given = quoted_in(&top.join("broker/src/message"));
        assert!(given.iter().any(|text| text.starts_with("is required")), "no rules were read");
        for code in given.iter().filter(|text| is_code(text) && *text != NOT_A_RULE) {
            assert!(sentence(code).is_some(), "{code} reaches users without a sentence");
        }
    }

    #[test]
    fn a_code_is_followed_by_its_sentence_and_anything_else_stays_bare() {
        assert_eq!(
            in_words("noms-shape"),
            "noms-shape: a prison number is a letter, four digits and two letters, such as A1234AA"
        );
        assert_eq!(in_words("moon-shape"), "moon-shape");
        assert_eq!(in_words("must be given"), "must be given");
    }
}
