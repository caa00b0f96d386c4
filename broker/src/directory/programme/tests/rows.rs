//! What a row of a programme may not be, by path and rule.

use super::*;

/// The faults of the town with one programme.
fn row_faults(programme: &str) -> Vec<(String, &'static str)> {
    match document::read(&format!("{TOWN}{programme}")) {
        Ok(_) => Vec::new(),
        Err(DocumentError::Faulty(faults)) => {
            faults.into_iter().map(|fault| (fault.path, fault.rule)).collect()
        }
        Err(DocumentError::Unreadable { line, .. }) => vec![(line.to_string(), "unreadable")],
    }
}

const PLAIN: &str = r#"
[[programme]]
id = "plain"
name = "Plain"
theme = "mentoring"
provider = "circle/meetings"
areas = ["north"]
consent = "participant"
categories = ["convicted"]
fields = ["subject_name"]
"#;

#[test]
fn each_fault_of_a_row_is_told_by_path_and_rule() {
    assert_eq!(row_faults(PLAIN), []);
    let line = "is 1 to 200 characters in one line, not only blanks";
    let desk = "must be agency/desk of this document";
    for (was, is, path, rule) in [
        (
            r#"id = "plain""#,
            r#"id = "Plain""#,
            "programme[0].id",
            "an id is 1 to 40 characters of a-z, 0-9 and hyphen",
        ),
        (r#"name = "Plain""#, r#"name = " ""#, "programme[0].name", line),
        (r#"name = "Plain""#, r#"name = "Pl\nain""#, "programme[0].name", line),
        (r#"["north"]"#, r#"["north", "west"]"#, "programme[0].areas", "no such area"),
        ("circle/meetings", "circle", "programme[0].provider", desk),
        ("circle/meetings", "circle/young", "programme[0].provider", desk),
        (
            "circle/meetings",
            "circle/deaf",
            "programme[0].provider",
            "must be a desk that takes referrals",
        ),
        ("convicted", "criminal", "programme[0].categories", "not a category of subject"),
        ("convicted", "unspecified", "programme[0].categories", "not a category of subject"),
        ("subject_name", "shoe_size", "programme[0].fields", "not a field"),
        ("subject_name", "unspecified", "programme[0].fields", "not a field"),
        (
            "areas =",
            "age_from = 18\nage_to = 17\nareas =",
            "programme[0].age_to",
            "must not be below age_from",
        ),
        ("areas =", "age_to = 121\nareas =", "programme[0].age_to", "an age is at most 120 years"),
        (
            "areas =",
            "levels = [2]\nareas =",
            "programme[0].levels",
            "are given for restorative justice, and only for it",
        ),
        (
            r#""participant""#,
            r#""none""#,
            "programme[0].rests_on",
            "is required where nobody is asked: the order or statute",
        ),
        (r#""participant""#, "\"none\"\nrests_on = \" \"", "programme[0].rests_on", line),
        (
            r#""participant""#,
            "\"participant\"\nrests_on = \"Invented Act\"",
            "programme[0].rests_on",
            "is for programmes whose consent is none",
        ),
    ] {
        let changed = PLAIN.replacen(was, is, 1);
        assert_ne!(changed, PLAIN, "{was}");
        assert_eq!(row_faults(&changed), [(path.to_owned(), rule)], "{is}");
    }
    let edges = PLAIN.replace("areas =", "age_from = 120\nage_to = 120\nareas =");
    assert_eq!(row_faults(&edges), []);
    let twice = row_faults(&format!("{PLAIN}{PLAIN}"));
    assert_eq!(twice, [("programme[1].id".to_owned(), "this id is given twice")]);
}

#[test]
fn a_key_that_is_unknown_or_left_out_is_a_fault_of_the_document() {
    for (was, is) in [
        ("areas =", "colour = \"red\"\nareas ="),
        ("areas = [\"north\"]\n", ""),
        ("categories = [\"convicted\"]\n", ""),
        ("fields = [\"subject_name\"]\n", ""),
        ("\"mentoring\"", "\"astrology\""),
        ("\"participant\"", "\"somebody\""),
        ("areas =", "age_from = -1\nareas ="),
    ] {
        let changed = PLAIN.replacen(was, is, 1);
        assert_ne!(changed, PLAIN, "{was}");
        let found: Vec<&str> = row_faults(&changed).into_iter().map(|(_, rule)| rule).collect();
        assert_eq!(found, ["unreadable"], "{is}");
    }
}

#[test]
fn each_fault_of_a_party_is_told_by_path_and_rule() {
    let party = |text: &str| format!("{PLAIN}[[programme.party]]\n{text}");
    let parent = "role = \"parent\"\nprovider = \"circle/parents\"\ncategories = [\"other\"]\n\
                  fields = [\"subject_name\"]\n";
    assert_eq!(row_faults(&party(parent)), []);
    let role = "must be parent, harmed or other";
    let listed = "whoever takes part beside the participant is not suspect, convicted or managed";
    for (was, is, path, rule) in [
        ("\"parent\"", "\"participant\"", "role", role),
        ("\"parent\"", "\"uncle\"", "role", role),
        ("circle/parents", "circle/nobody", "provider", "must be agency/desk of this document"),
        ("circle/parents", "circle/deaf", "provider", "must be a desk that takes referrals"),
        ("\"other\"", "\"managed\"", "categories", listed),
        ("\"other\"", "\"other\", \"suspect\"", "categories", listed),
        ("\"parent\"", "\"harmed\"", "categories", "whoever was harmed is a victim"),
        ("subject_name", "shoe_size", "fields", "not a field"),
    ] {
        let changed = parent.replacen(was, is, 1);
        assert_ne!(changed, parent, "{was}");
        let path = format!("programme[0].party[0].{path}");
        assert_eq!(row_faults(&party(&changed)), [(path, rule)], "{is}");
    }
    let twice = row_faults(&format!("{}[[programme.party]]\n{parent}", party(parent)));
    assert_eq!(twice, [("programme[0].party[1].role".to_owned(), "this role is given twice")]);
}

#[test]
fn restorative_justice_and_mediation_keep_what_they_stand_for() {
    let restorative = PLAIN
        .replace("\"mentoring\"", "\"restorative_justice\"")
        .replace("\"participant\"", "\"each_party\"\nlevels = [1, 2, 3]");
    assert_eq!(row_faults(&restorative), []);
    let all = "restorative justice and mediation need the agreement of each party";
    for (was, is, path, rule) in [
        ("[1, 2, 3]", "[1, 2, 4]", "levels", "a level is 1, 2 or 3"),
        ("[1, 2, 3]", "[]", "levels", "are given for restorative justice, and only for it"),
        ("\"each_party\"", "\"participant\"", "consent", all),
        ("\"each_party\"", "\"none\"\nrests_on = \"Invented Act\"", "consent", all),
    ] {
        let changed = restorative.replacen(was, is, 1);
        assert_eq!(row_faults(&changed), [(format!("programme[0].{path}"), rule)], "{is}");
    }
    let mediation = PLAIN
        .replace("\"mentoring\"", "\"community_mediation\"")
        .replace("\"participant\"", "\"each_party\"")
        .replace("\"convicted\"", "\"other\"");
    assert_eq!(row_faults(&mediation), []);
    let guilt = "mediation is told names, addresses, housing need and the dispute, and nothing of \
                 guilt, punishment or money";
    let listed = "a party to mediation is on no list: nobody suspect, convicted or managed";
    let party = "[[programme.party]]\nrole = \"other\"\nprovider = \"circle/meetings\"\n\
                 categories = [\"other\"]\nfields = [\"reparation\"]\n";
    for (was, is, path, rule) in [
        ("\"each_party\"", "\"participant\"", "consent", all),
        ("\"other\"", "\"convicted\"", "categories", listed),
        ("subject_name", "offence_class", "fields", guilt),
        ("subject_name", "finance", "fields", guilt),
        ("subject_name", "flag_detail", "fields", guilt),
        ("subject_name\"]\n", &format!("subject_name\"]\n{party}"), "party[0].fields", guilt),
    ] {
        let changed = mediation.replacen(was, is, 1);
        assert_ne!(changed, mediation, "{was}");
        assert_eq!(row_faults(&changed), [(format!("programme[0].{path}"), rule)], "{is}");
    }
}

#[test]
fn a_programme_that_changes_is_named_among_what_a_document_changes() {
    let read = |text: &str| document::read(&format!("{TOWN}{text}")).unwrap();
    let before = read(PLAIN);
    let older = read(&PLAIN.replace("areas =", "age_from = 30\nareas ="));
    let expected = (vec!["programme plain".to_owned()], Vec::new());
    assert_eq!(document::changes(&before, &older), expected);
    let removed = (Vec::new(), vec!["programme plain".to_owned()]);
    assert_eq!(document::changes(&before, &read("")), removed);
    assert_eq!(document::changes(&before, &before), (Vec::new(), Vec::new()));
}

#[test]
fn a_programme_that_can_take_nobody_is_named_among_the_gaps() {
    let gaps = |text: &str| -> Vec<String> {
        let town = document::read(&format!("{TOWN}{text}")).unwrap();
        town.gaps().into_iter().filter(|gap| gap.starts_with("programme ")).collect()
    };
    assert_eq!(gaps(PLAIN), [""; 0]);
    let nobody = PLAIN.replace("[\"north\"]", "[]").replace("[\"convicted\"]", "[]");
    let expected = [
        "programme plain: it serves no area: nobody can be referred to it",
        "programme plain: it takes no category of people: nobody can be referred to it",
    ];
    assert_eq!(gaps(&nobody), expected);
}
