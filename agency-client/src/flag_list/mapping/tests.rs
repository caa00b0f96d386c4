//! What a mapping must say, key by key.

use super::*;

const GOOD: &str = r#"
    agreed_by = ["gmp", "probation-greater-manchester"]
    list = "ppo"
    [columns]
    noms = "Prison no"
    review_date = "Review"
    panel_date = "Panel"
"#;

fn faults(text: &str) -> Vec<(String, &'static str)> {
    match FlagListMapping::from_toml(text) {
        Ok(_) => Vec::new(),
        Err(MappingError::Faults(faults)) => {
            faults.into_iter().map(|fault| (fault.key, fault.rule)).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

fn keys(text: &str) -> Vec<String> {
    faults(text).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn a_mapping_without_more_raises_flags_on_managed_persons_by_their_homes() {
    let mapping = FlagListMapping::from_toml(GOOD).unwrap();
    assert_eq!((mapping.action, mapping.heading_row), (FlagAction::Raise, 1));
    assert_eq!(mapping.category, SubjectCategory::Managed);
    assert_eq!(mapping.limited_access, LimitedAccess::Unspecified, "never claimed unasked");
    assert_eq!(mapping.area_role, AreaRole::Home);
    assert!(!mapping.day_first, "never guessed");
    assert_eq!(mapping.owner, None);
}

#[test]
fn each_key_is_held_to_its_rule() {
    for (line, key) in [
        ("heading_row = 0", "heading_row"),
        ("heading_row = 101", "heading_row"),
        ("action = \"deselect\"", "action"),
        ("action = \"transfer\"", "action"),
        ("action = \"unspecified\"", "action"),
        ("category = \"victim\"", "category"),
        ("limited_access = \"unspecified\"", "limited_access"),
        ("area = \"Stockport\"", "area"),
        ("area_role = \"unspecified\"", "area_role"),
        ("owner = \"gmp\"", "owner"),
        ("owner = \"GMP/stockport\"", "owner"),
    ] {
        assert_eq!(keys(&format!("{line}\n{GOOD}")), [key], "{line}");
    }
    for (table, key) in [
        ("[lists]\nX = \"mappa\"", "lists.X"),
        ("[lists]\nX = \"limited_access\"", "lists.X"),
        ("[lists]\nX = \"ppo\"\nx = \"dip\"", "lists.x"),
        ("[areas]\nX = \"?\"", "areas.X"),
        ("[owners]\nX = \"gmp/\"", "owners.X"),
    ] {
        assert_eq!(keys(&format!("{GOOD}\n{table}")), [key], "{table}");
    }
}

#[test]
fn columns_and_defaults_must_be_enough_for_what_is_done() {
    for (change, into, key) in [
        ("noms =", "name =", "columns"),
        ("review_date = \"Review\"", "", "columns"),
        ("panel_date = \"Panel\"", "", "columns"),
        ("agreed_by", "passed_over", "agreed_by"),
        ("list = \"ppo\"", "", "list"),
        ("\"Panel\"", "\"REVIEW\"", "columns"),
        ("\"Panel\"", "\" \"", "columns.panel_date"),
        ("noms =", "noms = \"N\"\nnhs =", "columns.nhs"),
        ("list = \"ppo\"", "list = \"ppo\"\npassed_over = [\"panel\"]", "passed_over"),
        ("\"gmp\"", "\"GMP\"", "agreed_by"),
        ("\"gmp\"", "\"probation-greater-manchester\"", "agreed_by"),
    ] {
        assert_eq!(keys(&GOOD.replace(change, into)), [key], "{change} -> {into}");
    }
    // Who is only proposed was not before a panel.
    let proposed = "action = \"propose\"\nlist = \"iom\"\n[columns]\ncrn = \"CRN\"\n";
    assert_eq!(keys(proposed), [""; 0]);
}

#[test]
fn every_fault_is_told_at_once() {
    let text = "list = \"mappa\"\nowner = \"x\"\n[columns]\nname = \"Name\"\n";
    assert_eq!(keys(text), ["list", "owner", "columns", "list", "columns", "columns"]);
}

#[test]
fn an_unknown_key_and_what_is_not_toml_are_told_by_line() {
    for (text, line) in [(format!("x = 1\n{GOOD}"), "line 1"), ("a\n".to_owned(), "line 1")] {
        let error = FlagListMapping::from_toml(&text).unwrap_err().to_string();
        assert!(error.starts_with("the mapping: ") && error.contains(line), "{error}");
    }
    assert!(FlagListMapping::from_toml("").is_err(), "columns must be given");
}

#[test]
fn a_list_is_read_by_its_name_however_its_words_are_joined() {
    for (word, list) in [
        ("PPO", FlagKind::Ppo),
        ("Pre-prolific", FlagKind::PreProlific),
        ("pre prolific", FlagKind::PreProlific),
        ("High-risk  Youth", FlagKind::HighRiskYouth),
        ("hccu", FlagKind::Hccu),
        ("IOM", FlagKind::Iom),
    ] {
        assert_eq!(list_of(word), Some(list), "{word}");
    }
    for word in ["", "mappa", "limited access", "unspecified", "P.P.O."] {
        assert_eq!(list_of(word), None, "{word}");
    }
}
