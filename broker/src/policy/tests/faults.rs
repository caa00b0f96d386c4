//! Each rule of the loader, broken once.

use super::*;

/// The good agreement with one piece of text put in place of another.
fn changed(from: &str, to: &str) -> Vec<BundleFile> {
    let good = include_str!("offenders.toml");
    assert!(good.contains(from), "nothing to change: {from}");
    vec![file("agreements/offenders.toml", &good.replacen(from, to, 1))]
}

#[track_caller]
fn refused(files: &[BundleFile], path: &str, rule: &str) {
    let faults = faults_of(files);
    assert!(
        faults.iter().any(|fault| fault.path.ends_with(path) && fault.rule.contains(rule)),
        "no fault `{path}`: `{rule}` in {faults:#?}"
    );
}

#[test]
fn the_good_bundle_has_no_faults() {
    assert_eq!(faults_of(&files()), vec![]);
}

/// What is changed to what, where the fault is, and words of the rule.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    ("id = \"offenders\"", "id = \"Offenders\"", ": id", "an id is"),
    ("id = \"offenders\"", "id = \"platform\"", ": id", "belongs to another layer"),
    ("title = \"Managing offenders in an invented town\"", "title = \" \"", ": title", "missing"),
    ("start = \"2026-04-01\"", "start = \"1 April\"", ": start", "YYYY-MM-DD"),
    ("start = \"2026-04-01\"", "start = \"2028-04-01\"", ": expiry", "ends after it starts"),
    ("review = \"2027-04-01\"", "", ": review", "is missing"),
    ("review = \"2027-04-01\"", "review = \"2028-04-02\"", ": review", "not after the end"),
    ("expiry = \"2028-04-01\"", "", ": expiry", "is missing"),
    ("expiry = \"2028-04-01\"", "expires = \"2028-04-01\"", "offenders.toml", "unknown field"),
    (
        "purposes = [\"offender_management\", \"public_protection\"]",
        "purposes = []",
        ": purposes",
        "is empty",
    ),
    ("\"public_protection\"]", "\"unspecified\"]", ": purposes", "a word nobody knows"),
    (
        "gateway = \"cda1998_s115\"",
        "gateway = \"cda1998\"",
        "gateways[0].gateway",
        "a word nobody knows",
    ),
    (
        "basis = [\"dpa2018_s35_task\", \"gdpr_6_1_e\"]",
        "basis = []",
        "gateways[0].basis",
        "is empty",
    ),
    (
        "gateway = \"cda1998_s115\"",
        "gateway = \"ca1989_s17_47\"",
        "permit[0].to.kinds",
        "ca1989_s17_47 does not reach police",
    ),
    ("agency = \"youth\"", "agency = \"nobody\"", "party[3].agency", "no such agency"),
    ("agency = \"youth\"", "agency = \"probation\"", "party[3].agency", "given twice"),
    ("dpo_contact = \"dpo@youth.test\"", "", "party[3].dpo_contact", "is missing"),
    ("recipient_basis = \"gdpr_6_1_e\"", "", "party[4].recipient_basis", "states its own basis"),
    (
        "recipient_basis = \"gdpr_6_1_e\"",
        "recipient_basis = \"dpa2018_s35_task\"",
        "party[4].recipient_basis",
        "article 6",
    ),
    ("[\"art9_g_safeguarding\"]", "[\"sch8_vital\"]", "party[4].recipient_conditions", "article 9"),
    ("[\"art9_g_safeguarding\"]", "[]", "party[4].recipient_conditions", "is empty"),
    ("id = \"urgent-custody\"", "id = \"custody-to-police\"", "permit[1].id", "given twice"),
    ("id = \"urgent-custody\"", "id = \"urgent custody\"", "permit[1].id", "an id is"),
    ("kinds = [\"custody\"]", "", "permit[0].kinds", "is missing"),
    ("kinds = [\"custody\"]", "kinds = []", "permit[0].kinds", "is empty"),
    ("kinds = [\"custody\"]", "kinds = [\"gossip\"]", "permit[0].kinds", "a word nobody knows"),
    ("from = { kinds = [\"prison\", \"probation\"] }", "", "permit[0].from", "sender kinds"),
    (
        "from = { agencies = [\"prisons\"] }",
        "from = { agencies = [\"south-police\"] }",
        "permit[5].from.agencies",
        "not a party",
    ),
    (
        "from = { kinds = [\"prison\"] }",
        "from = { kinds = [\"health\"] }",
        "permit[1].from.kinds",
        "of the kind health",
    ),
    (
        "to = { kinds = [\"police\"], functions = [\"offender_management\"] }",
        "to = { kinds = [\"police\"] }",
        "permit[0].to.functions",
        "is missing",
    ),
    (
        "to = { kinds = [\"police\"], functions = [\"offender_management\"] }",
        "to = { functions = [\"offender_management\"] }",
        "permit[0].to.kinds",
        "is missing",
    ),
    (
        "agencies = [\"council\"] }",
        "agencies = [\"probation\"] }",
        "permit[4].to.kinds",
        "of the kind council",
    ),
    (
        "agencies = [\"council\"] }",
        "agencies = [\"counsel\"] }",
        "permit[4].to.agencies",
        "a word nobody knows",
    ),
    (
        "attributes = [\"children\"]",
        "attributes = [\"childern\"]",
        "permit[3].to.attributes",
        "a word nobody knows",
    ),
    ("categories = [\"managed\", \"convicted\"]", "", "permit[0].categories", "is missing"),
    ("stake = [\"flag_owner\", \"addressed\", \"in_area\"]", "", "permit[0].stake", "is missing"),
    (
        "stake = [\"flag_owner\", \"addressed\", \"in_area\"]",
        "stake = []",
        "permit[0].stake",
        "is empty",
    ),
    (
        "stake = [\"flag_owner\", \"addressed\", \"in_area\"]",
        "stake = [\"interest\"]",
        "permit[0].stake",
        "a word nobody knows",
    ),
    ("flags_any = [\"ppo\", \"iom\"]", "flags_any = []", "permit[0].flags_any", "is empty"),
    (
        "flags_any = [\"ppo\", \"iom\"]",
        "flags_any = [\"ppo\"]\nunflagged_only = true",
        "permit[0].flags_any",
        "nobody is both",
    ),
    (
        "reveal = [\"narrative\"]",
        "reveal = [\"former_name\"]",
        "permit[0].reveal",
        "former_name is never shown",
    ),
    (
        "reveal = [\"narrative\"]",
        "reveal = [\"narrative\"]\nwithhold = [\"narrative\"]",
        "permit[0].withhold",
        "revealed by the same permit",
    ),
    (
        "handling = [\"no_onward\"]",
        "handling = [\"secret\"]",
        "permit[0].handling",
        "a word nobody knows",
    ),
    ("act_by_hours = 24", "act_by_hours = 0", "permit[0].act_by_hours", "1 to 36,525"),
    (
        "custody_events = [\"release\"]",
        "custody_events = [\"released\"]",
        "permit[2].custody_events",
        "a word nobody knows",
    ),
    (
        "custody_events = [\"release\"]",
        "mappa_levels = [2]",
        "permit[2].mappa_levels",
        "for mappa alone",
    ),
    ("custody_events = [\"release\"]", "colour = \"red\"", "offenders.toml", "unknown field"),
    ("tasks = [\"selection_candidate\"]", "tasks = []", "permit[6].tasks", "is empty"),
    (
        "stake = [\"selection\"]\ntasks",
        "stake = [\"holder\"]\ntasks",
        "permit[6].stake",
        "nobody is its holder",
    ),
];

#[test]
fn every_rule_of_an_agreement() {
    for (from, to, path, rule) in BROKEN {
        refused(&changed(from, to), path, rule);
    }
}

/// A key, the kind it is of, and a word it does not know.
const OF_ONE_KIND: &[(&str, &str, &str)] = &[
    ("drug_test_uses", "drug_test", "intelligence"),
    ("enforcement_steps", "enforcement", "unspecified"),
    ("enforcement_outcomes", "enforcement", "guilty"),
    ("pathways", "action", "housing"),
    ("placement_sorts", "placement", "hotel"),
    ("placement_steps", "placement", "none"),
    ("referral_steps", "referral", "withdrawn"),
    ("court_steps", "court", "sentence"),
    ("custody_events", "custody", "none"),
    ("custody_certainties", "custody", "sure"),
    ("tasks", "task", "unspecified"),
    ("intelligence_handling", "intelligence", "p"),
];

#[test]
fn a_condition_stands_with_its_kind_alone_and_in_words_that_are_known() {
    const FLAGS: &str = "kinds = [\"flag\"]";
    for (key, kind, unknown) in OF_ONE_KIND {
        let place = format!("permit[7].{key}");
        let with = |kinds: &str, words: &str| {
            changed(FLAGS, &format!("kinds = [{kinds}]\n{key} = [{words}]"))
        };
        let alone = format!("for {kind} alone");
        let unknown = format!("\"{unknown}\"");
        refused(&with("\"flag\"", &unknown), &place, &alone);
        refused(&with(&format!("\"{kind}\", \"flag\""), &unknown), &place, &alone);
        refused(&with(&format!("\"{kind}\""), &unknown), &place, "a word nobody knows");
        refused(&with(&format!("\"{kind}\""), ""), &place, "is empty");
    }
}

#[test]
fn an_extra_condition_is_one_expression_over_known_words() {
    let with = |when: &str| {
        changed("when = 'context.urgency == \"immediate\"'", &format!("when = '''{when}'''"))
    };
    let place = "permit[1].when";
    let rows = [
        ("true }; permit (principal, action, resource) when { true", place, "one Cedar condition"),
        ("forbid (principal, action, resource)", place, "one Cedar condition"),
        ("", place, "one Cedar condition"),
        ("context.urgency == \"imediate\"", place, "`urgency` is never `imediate`"),
        ("context.pathway == \"housing\"", place, "`pathway` is never `housing`"),
        ("context.drug_test_use == \"unspecified\"", place, "`drug_test_use` is never"),
        ("[\"hotel\"].contains(context.placement_sort)", place, "`placement_sort` is never"),
        ("context.enforcement_step == \"recall\"", place, "`enforcement_step` is never"),
        ("context.enforcement_outcome == \"guilty\"", place, "`enforcement_outcome` is never"),
        ("context.placement_step == \"begun\"", place, "`placement_step` is never"),
        ("context.referral_step == \"sent\"", place, "`referral_step` is never"),
        ("context.court_step == \"heard\"", place, "`court_step` is never"),
        ("context.urgencies == \"immediate\"", place, "`urgencies` is never"),
        ("[\"ppo\", \"pop\"].contains(context.category)", place, "`category` is never `ppo`"),
        ("principal.function == \"police\"", place, "`function` is never `police`"),
        ("context.sender like \"north*\"", place, "`like` is not for policies"),
        ("datetime(\"2026-01-01\") < datetime(\"2027-01-01\")", place, "`datetime` is not for"),
        ("ip(\"10.0.0.1\").isLoopback()", place, "is not for policies"),
        ("\"a\" == \"a\"", place, "beside the fact"),
        ("principal in Agency::\"nobody\"", place, "not known"),
        ("resource == Message::\"m\"", place, "not known"),
        ("context.now == 1", "offenders/urgent-custody", "now"),
        ("context.mappa_level == context.urgency", "offenders/urgent-custody", "types"),
        ("principal in Kind::\"polis\"", "offenders/urgent-custody", "polis"),
        (
            "context.under_18 && !context.under_18 && false",
            "offenders/urgent-custody",
            "impossible",
        ),
    ];
    for (when, path, rule) in rows {
        refused(&with(when), path, rule);
    }
    assert_eq!(faults_of(&with("context.mappa_level >= 0 // a comment")), vec![]);
}

#[test]
fn an_agency_may_only_forbid_and_only_in_known_words() {
    let rules = |text: &str| vec![file("agencies/north-police.cedar", text)];
    let rows = [
        ("@id(\"x\")\npermit (principal, action, resource);", "rule[0]", "is a forbid"),
        ("forbid (principal, action, resource);", "rule[0]", "an @id"),
        ("@id(\"X Y\")\nforbid (principal, action, resource);", "rule[0]", "an @id"),
        (
            "@id(\"x\")\nforbid (principal, action, resource) when { context.task == \"none\" };\n\
             @id(\"x\")\nforbid (principal, action, resource);",
            "rule[1]",
            "given twice",
        ),
        (
            "@id(\"x\") @colour(\"red\")\nforbid (principal, action, resource);",
            "rule[0]",
            "annotation",
        ),
        (
            "@id(\"x\") @withhold(\"risk\")\nforbid (principal, action, resource);",
            "rule[0]",
            "obliges to nothing",
        ),
        (
            "@id(\"x\")\nforbid (principal == ?principal, action, resource);",
            "north-police.cedar",
            "template",
        ),
        (
            "@id(\"x\")\nforbid (principal, action, resource == Message::\"m\");",
            "rule[0]",
            "not known",
        ),
        (
            "@id(\"x\")\nforbid (principal in Agency::\"nobody\", action, resource);",
            "rule[0]",
            "not known",
        ),
        (
            "@id(\"x\")\nforbid (principal == Desk::\"north-police/none\", action, resource);",
            "rule[0]",
            "not known",
        ),
        (
            "@id(\"x\")\nforbid (principal, action, resource) when { context.gateway == \"cda\" };",
            "rule[0]",
            "never `cda`",
        ),
        (
            "@id(\"x\")\nforbid (principal, action == Action::\"gossip\", resource);",
            "agency/north-police/x",
            "gossip",
        ),
        (
            "@id(\"x\")\nforbid (principal, action == Action::\"correction\", resource);",
            "agency/north-police/x",
            "impossible",
        ),
        ("forbid (", "north-police.cedar", "unexpected"),
    ];
    for (text, path, rule) in rows {
        refused(&rules(text), path, rule);
    }
}

#[test]
fn files_have_known_places_and_each_comes_once() {
    refused(&[file("notes.txt", "")], "notes.txt", "a file is");
    refused(&[file("agreements/../x.toml", "")], "agreements/../x.toml", "a file is");
    refused(&[file("agencies/nobody.cedar", "")], "agencies/nobody.cedar", "no such agency");
    refused(&[file("agreements/x.toml", &" ".repeat(300_000))], "x.toml", "bytes");
    let mut twice = files();
    twice.push(file("agreements/copy.toml", include_str!("offenders.toml")));
    refused(&twice, "agreements/copy.toml: id", "given twice");
    twice.push(file("agreements/copy.toml", include_str!("offenders.toml")));
    refused(&twice, "agreements/copy.toml", "this file is given twice");
}

#[test]
fn all_faults_are_told_at_once() {
    let mut files = changed("review = \"2027-04-01\"", "");
    files[0].text = files[0].text.replace("stake = [\"selection\"]", "stake = []");
    files.push(file("agencies/nobody.cedar", ""));
    let places: Vec<String> = faults_of(&files).into_iter().map(|fault| fault.path).collect();
    for place in [
        "agreements/offenders.toml: review",
        "agreements/offenders.toml: permit[2].stake",
        "agreements/offenders.toml: permit[6].stake",
        "agencies/nobody.cedar",
    ] {
        assert!(places.iter().any(|known| known == place), "{place} in {places:?}");
    }
}
