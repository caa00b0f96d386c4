//! What a programme refuses, and which one is named in its place. All people are invented.

use super::*;
use crate::directory::document::{self, DocumentError};
use proto::exchange::v1::{AgeAssertion, Consent, ReferralStep};

mod parties;

mod rows;

/// Two boroughs of one county and a third place, four desks, and programmes for those of all
/// ages. Everything in it is invented.
const TOWN: &str = r#"
trust_domain = "pyramid.example"

[[area]]
code = "county"
name = "Invented County"
[[area]]
code = "north"
name = "Northborough"
within = "county"
[[area]]
code = "north-market"
name = "Northborough, market"
within = "north"
[[area]]
code = "south"
name = "Southborough"
within = "county"
[[area]]
code = "far"
name = "Faraway"

[[agency]]
id = "clinic"
name = "Invented clinic"
kind = "treatment_provider"
dpo_contact = "dpo@clinic.example"
  [[agency.desk]]
  id = "young"
  name = "Young"
  function = "treatment"
  regime = "uk_gdpr"
  kinds = ["referral"]
  [[agency.desk]]
  id = "grown"
  name = "Grown"
  function = "treatment"
  regime = "uk_gdpr"
  kinds = ["referral"]

[[agency]]
id = "circle"
name = "Invented circle"
kind = "voluntary"
dpo_contact = "dpo@circle.example"
  [[agency.desk]]
  id = "meetings"
  name = "Meetings"
  function = "mentoring"
  regime = "uk_gdpr"
  kinds = ["referral"]
  [[agency.desk]]
  id = "parents"
  name = "Parents"
  function = "mentoring"
  regime = "uk_gdpr"
  kinds = ["referral"]
  [[agency.desk]]
  id = "deaf"
  name = "Takes no referrals"
  function = "mentoring"
  regime = "uk_gdpr"
  kinds = ["custody"]
"#;

const PROGRAMMES: &str = r#"
[[programme]]
id = "spring"
name = "Spring"
theme = "drug_treatment"
provider = "clinic/young"
age_to = 24
areas = ["north"]
consent = "participant"
categories = ["convicted", "managed"]
fields = ["subject_name", "treatment_need"]

[[programme]]
id = "autumn"
name = "Autumn House"
theme = "drug_treatment"
provider = "clinic/grown"
age_from = 25
areas = ["county"]
consent = "participant"
categories = ["convicted", "managed"]
fields = ["subject_name", "treatment_need"]

[[programme]]
id = "nowhere"
name = "Nowhere"
theme = "mentoring"
provider = "circle/meetings"
areas = []
consent = "participant"
categories = ["managed"]
fields = []

[[programme]]
id = "peace-at-home"
name = "Peace at home"
theme = "domestic_conflict"
provider = "circle/meetings"
age_from = 10
age_to = 17
areas = ["north", "south"]
consent = "each_party"
categories = ["convicted"]
fields = ["subject_name", "risk"]
  [[programme.party]]
  role = "parent"
  provider = "circle/parents"
  categories = ["other"]
  fields = ["subject_name"]

[[programme]]
id = "meeting"
name = "Meeting"
theme = "restorative_justice"
provider = "circle/meetings"
areas = ["north"]
consent = "each_party"
levels = [1, 3]
categories = ["convicted"]
fields = ["subject_name", "offence_class"]
  [[programme.party]]
  role = "harmed"
  provider = "circle/meetings"
  categories = ["victim"]
  fields = ["subject_name"]

[[programme]]
id = "over-the-fence"
name = "Over the fence"
theme = "community_mediation"
provider = "circle/meetings"
areas = ["north"]
consent = "each_party"
categories = ["other"]
fields = ["subject_name", "address"]
  [[programme.party]]
  role = "other"
  provider = "circle/meetings"
  categories = ["other"]
  fields = ["subject_name", "address"]
  required = true

[[programme]]
id = "watchful"
name = "Watchful"
theme = "intensive_supervision"
provider = "circle/meetings"
age_from = 18
areas = ["north"]
consent = "none"
rests_on = "Invented Act 2020 s.1"
categories = ["convicted"]
fields = ["subject_name"]
"#;

fn town() -> Directory {
    document::read(&format!("{TOWN}{PROGRAMMES}")).unwrap()
}

const AGREED: Party = Party { subject: 0, role: PartyRole::Participant, consent: Consent::Given };

fn aged(years: u16, category: SubjectCategory) -> Person {
    Person { category, age: PossibleAge::of(Some(years), AgeAssertion::Unspecified) }
}

/// A referral of somebody who agreed, in Northborough.
fn made<'a>(programme: &'a str, people: &'a [Person]) -> Referral<'a> {
    Referral {
        programme,
        step: ReferralStep::Made,
        level: 0,
        people,
        areas: &["north"],
        parties: &[AGREED],
    }
}

fn faults(referral: &Referral<'_>) -> Vec<(String, String)> {
    faults_in(&town(), referral)
}

fn faults_in(town: &Directory, referral: &Referral<'_>) -> Vec<(String, String)> {
    let faults = town.referral_faults(referral);
    faults.into_iter().map(|fault| (fault.field, fault.rule)).collect()
}

fn fault(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.into(), rule.into())]
}

#[test]
fn whoever_is_outside_a_band_is_told_the_right_provider() {
    let spring = "takes people under 25; for this person in Northborough the provider is Autumn \
                  House (autumn)";
    let autumn = "takes people of 25 and over; for this person in Northborough the provider is \
                  Spring (spring)";
    for (programme, years, expected) in [
        ("spring", 24, None),
        ("spring", 25, Some(spring)),
        ("spring", 26, Some(spring)),
        ("autumn", 26, None),
        ("autumn", 25, None),
        ("autumn", 24, Some(autumn)),
        ("autumn", 12, Some(autumn)),
        (
            "peace-at-home",
            18,
            Some(
                "takes people of 10 to 17; no programme here for domestic \
                                    conflict takes this person",
            ),
        ),
        (
            "peace-at-home",
            9,
            Some(
                "takes people of 10 to 17; no programme here for domestic \
                                   conflict takes this person",
            ),
        ),
    ] {
        let people = [aged(years, SubjectCategory::Convicted)];
        let expected = expected.map(|rule| fault("referral.programme", rule)).unwrap_or_default();
        assert_eq!(faults(&made(programme, &people)), expected, "{programme} at {years}");
    }
}

#[test]
fn whoever_belongs_elsewhere_is_told_who_serves_that_place() {
    let north_only = "serves Northborough; no programme here for drug and alcohol treatment takes \
                      this person";
    for (programme, years, area, expected) in [
        // A place inside an area that is served is served.
        ("spring", 20, "north-market", None),
        ("autumn", 30, "south", None),
        (
            "autumn",
            30,
            "far",
            Some(
                "serves Invented County; no programme here for drug and alcohol \
                                    treatment takes this person",
            ),
        ),
        // What encloses an area that is served is not.
        ("spring", 20, "county", Some(north_only)),
        ("spring", 20, "south", Some(north_only)),
        ("spring", 20, "never-heard-of", Some(north_only)),
        (
            "spring",
            30,
            "south",
            Some(
                "takes people under 25 and serves Northborough; for this \
                                      person in Southborough the provider is Autumn House \
                                      (autumn)",
            ),
        ),
        (
            "nowhere",
            30,
            "north",
            Some(
                "serves no area; no programme here for mentoring takes this \
                                       person",
            ),
        ),
        (
            "peace-at-home",
            15,
            "far",
            Some(
                "serves Northborough and Southborough; no programme here \
                                           for domestic conflict takes this person",
            ),
        ),
    ] {
        let category = match programme {
            "nowhere" => SubjectCategory::Managed,
            _ => SubjectCategory::Convicted,
        };
        let people = [aged(years, category)];
        let referral = Referral { areas: &[area], ..made(programme, &people) };
        let expected = expected.map(|rule| fault("referral.programme", rule)).unwrap_or_default();
        assert_eq!(faults(&referral), expected, "{programme} in {area}");
    }
    // One area of several is enough: somebody may live in one and come from another.
    let people = [aged(20, SubjectCategory::Convicted)];
    let referral = Referral { areas: &["far", "north"], ..made("spring", &people) };
    assert_eq!(faults(&referral), []);
    // The place that is named is the one that is served.
    let people = [aged(30, SubjectCategory::Convicted)];
    let referral = Referral { areas: &["far", "south"], ..made("spring", &people) };
    let rule = "takes people under 25 and serves Northborough; for this person in Southborough the \
                provider is Autumn House (autumn)";
    assert_eq!(faults(&referral), fault("referral.programme", rule));
}

#[test]
fn without_an_area_it_is_asked_for_and_no_provider_is_guessed() {
    let people = [aged(30, SubjectCategory::Convicted)];
    let referral = Referral { areas: &[], ..made("spring", &people) };
    let expected = [
        ("areas", "must say where the participant belongs: the programme serves Northborough"),
        (
            "referral.programme",
            "takes people under 25; which provider is the right one depends on the area",
        ),
    ];
    assert_eq!(faults(&referral), expected.map(|(field, rule)| (field.into(), rule.into())));
}

#[test]
fn an_age_that_is_not_known_is_inside_no_bounds() {
    use AgeAssertion::{Adult, Child, Disputed, Unspecified};
    const UNKNOWN: &str = "is needed, and an age that is not disputed: the programme takes people ";
    let young = fault("subjects[0].birth_date", &format!("{UNKNOWN}under 25"));
    let old = fault("subjects[0].birth_date", &format!("{UNKNOWN}of 25 and over"));
    let grown = fault("subjects[0].birth_date", &format!("{UNKNOWN}of 18 and over"));
    let child = fault("subjects[0].birth_date", &format!("{UNKNOWN}of 10 to 17"));
    let not_old = fault(
        "referral.programme",
        "takes people of 25 and over; for this person in Northborough the provider is Spring \
         (spring)",
    );
    let not_grown = fault(
        "referral.programme",
        "takes people of 18 and over; no programme here for intensive supervision takes this \
         person",
    );
    for (programme, years, asserted, expected) in [
        ("spring", None, Unspecified, young.clone()),
        ("autumn", None, Unspecified, old.clone()),
        ("watchful", None, Unspecified, grown.clone()),
        // An assertion says as much as it says.
        ("spring", None, Adult, young.clone()),
        ("spring", None, Child, vec![]),
        ("autumn", None, Child, not_old),
        ("watchful", None, Adult, vec![]),
        ("watchful", None, Child, not_grown),
        ("peace-at-home", None, Child, child),
        // Where date and assertion disagree each may be right.
        ("watchful", Some(30), Child, grown.clone()),
        ("watchful", Some(16), Adult, grown.clone()),
        ("watchful", Some(30), Adult, vec![]),
        ("spring", Some(30), Child, young.clone()),
        ("spring", Some(16), Child, vec![]),
        // Of a disputed age nothing is known, whatever the date.
        ("watchful", Some(30), Disputed, grown),
        ("spring", Some(16), Disputed, young),
        ("autumn", Some(30), Disputed, old),
    ] {
        let age = PossibleAge::of(years, asserted);
        let people = [Person { category: SubjectCategory::Convicted, age }];
        let found = faults(&made(programme, &people));
        assert_eq!(found, expected, "{programme}, {years:?} and {asserted:?}");
    }
    // A programme without bounds asks for no age.
    let age = PossibleAge::of(None, Unspecified);
    let people = [Person { category: SubjectCategory::Convicted, age }];
    let referral = Referral { level: 3, ..made("meeting", &people) };
    assert_eq!(faults(&referral), []);
}

#[test]
fn at_the_edge_of_a_band_an_assertion_leaves_both_open() {
    let turned = |was: &str, is: &str| {
        let programmes = PROGRAMMES.replacen(was, is, 1);
        document::read(&format!("{TOWN}{programmes}")).unwrap()
    };
    let town = [turned("age_to = 24", "age_to = 18"), turned("age_from = 25", "age_from = 17")];
    let needed = "is needed, and an age that is not disputed: the programme takes people ";
    for (town, programme, asserted, band) in [
        (&town[0], "spring", AgeAssertion::Adult, "under 19"),
        (&town[1], "autumn", AgeAssertion::Child, "of 17 and over"),
    ] {
        let age = PossibleAge::of(None, asserted);
        let people = [Person { category: SubjectCategory::Convicted, age }];
        let expected = fault("subjects[0].birth_date", &format!("{needed}{band}"));
        assert_eq!(faults_in(town, &made(programme, &people)), expected, "{programme}");
    }
}

#[test]
fn a_provider_that_does_not_take_this_person_is_not_named() {
    // Autumn House takes nobody who is only suspected.
    let people = [aged(30, SubjectCategory::Suspect)];
    let expected = [
        (
            "referral.programme",
            "takes people under 25; no programme here for drug and alcohol treatment takes this \
             person",
        ),
        (
            "subjects[0].category",
            "must be convicted or managed for the role `participant` in this programme",
        ),
    ];
    let found = faults(&made("spring", &people));
    assert_eq!(found, expected.map(|(field, rule)| (field.into(), rule.into())));
    // A second place for restorative justice, for one level.
    let (_, rows) = PROGRAMMES.split_once("id = \"meeting\"").unwrap();
    let (row, _) = rows.split_once("[[programme.party]]").unwrap();
    let second = row.replace("\"north\"", "\"south\"").replace("[1, 3]", "[3]");
    let second = second.replace("\"Meeting\"", "\"Southern meeting\"");
    let text = format!("{TOWN}{PROGRAMMES}[[programme]]\nid = \"southern-meeting\"{second}");
    let town = document::read(&text).unwrap();
    let people = [aged(30, SubjectCategory::Convicted)];
    for (step, level, expected) in [
        (
            ReferralStep::Made,
            3,
            "serves Northborough; for this person in Southborough the provider is Southern meeting \
             (southern-meeting)",
        ),
        (
            ReferralStep::Completed,
            1,
            "serves Northborough; no programme here for restorative justice takes this person",
        ),
    ] {
        let referral = Referral { step, level, areas: &["south"], ..made("meeting", &people) };
        let expected = fault("referral.programme", expected);
        assert_eq!(faults_in(&town, &referral), expected, "level {level}");
    }
}

#[test]
fn of_an_unknown_age_elsewhere_the_provider_depends_on_it() {
    let age = PossibleAge::of(None, AgeAssertion::Unspecified);
    let people = [Person { category: SubjectCategory::Convicted, age }];
    let referral = Referral { areas: &["south"], ..made("spring", &people) };
    let expected = [
        (
            "subjects[0].birth_date",
            "is needed, and an age that is not disputed: the programme takes people under 25",
        ),
        (
            "referral.programme",
            "serves Northborough; which provider is the right one depends on the age",
        ),
    ];
    assert_eq!(faults(&referral), expected.map(|(field, rule)| (field.into(), rule.into())));
}

#[test]
fn a_programme_that_is_not_in_the_directory_is_said_to_be_unknown() {
    let people = [aged(30, SubjectCategory::Convicted)];
    let expected = fault("referral.programme", "is not a programme of the directory");
    for step in [ReferralStep::Made, ReferralStep::Accepted, ReferralStep::NotProceeding] {
        let referral = Referral { step, ..made("summer", &people) };
        assert_eq!(faults(&referral), expected, "{step:?}");
    }
}

#[test]
fn what_follows_a_referral_is_not_held_to_its_first_day() {
    // The twenty-fifth birthday came, they moved, and nobody is asked again.
    let people = [aged(25, SubjectCategory::Other)];
    for step in [
        ReferralStep::Accepted,
        ReferralStep::Declined,
        ReferralStep::Started,
        ReferralStep::Completed,
        ReferralStep::NotProceeding,
    ] {
        let referral = Referral { step, areas: &["far"], parties: &[], ..made("spring", &people) };
        assert_eq!(faults(&referral), [], "{step:?}");
    }
}

#[test]
fn restorative_justice_has_levels_and_nothing_else_has() {
    let people = [aged(30, SubjectCategory::Convicted)];
    let wrong = fault("referral.restorative_level", "must be 1 or 3 in this programme");
    for (step, level, expected) in [
        (ReferralStep::Made, 3, vec![]),
        (ReferralStep::Made, 2, wrong.clone()),
        (ReferralStep::Made, 0, wrong.clone()),
        (ReferralStep::Accepted, 2, wrong),
        (ReferralStep::Completed, 1, vec![]),
    ] {
        let referral = Referral { step, level, ..made("meeting", &people) };
        assert_eq!(faults(&referral), expected, "{step:?} at level {level}");
    }
    let referral = Referral { level: 2, ..made("autumn", &people) };
    let rule = "is for restorative justice only";
    assert_eq!(faults(&referral), fault("referral.restorative_level", rule));
}

#[test]
fn a_disposal_on_the_street_is_held_to_place_and_agreement_though_it_is_only_recorded() {
    let people = [aged(30, SubjectCategory::Convicted)];
    let refused = [Party { consent: Consent::Refused, ..AGREED }];
    let referral = Referral {
        step: ReferralStep::Completed,
        level: 1,
        areas: &["south"],
        parties: &refused,
        ..made("meeting", &people)
    };
    let expected = [
        (
            "referral.programme",
            "serves Northborough; no programme here for restorative justice takes this person",
        ),
        (
            "referral.parties[0].consent",
            "must be given: the programme needs the agreement of each party",
        ),
    ];
    assert_eq!(faults(&referral), expected.map(|(field, rule)| (field.into(), rule.into())));
}

#[test]
fn a_programme_says_what_it_rests_on_and_where_its_desk_is() {
    let town = town();
    let watchful = town.programme("watchful").unwrap();
    let rests_on = "Invented Act 2020 s.1".to_owned();
    assert_eq!(watchful.consent, ConsentRule::None { rests_on });
    let desk = town.provider_desk(&watchful.participant.provider).unwrap();
    assert_eq!(town.desk(desk).unwrap().full_id(), "circle/meetings");
    assert_eq!(town.programmes().count(), 7);
}

#[test]
fn the_directory_of_stockport_shares_out_treatment_at_the_twenty_fifth_birthday() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/directory/greater-manchester.toml");
    let stockport = document::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    let ids: Vec<&str> = stockport.programmes().map(|programme| &*programme.id).collect();
    let expected = [
        "community-drugs-team",
        "cycloan",
        "dip",
        "domestic-conflict",
        "employment",
        "issp",
        "loto",
        "mentoring",
        "mosaic",
        "restorative-justice",
        "sort-it",
        "start",
        "stop",
    ];
    assert_eq!(ids, expected);
    let told = |programme, years, area: &str| {
        let people = [aged(years, SubjectCategory::Convicted)];
        let referral = Referral { areas: &[area], ..made(programme, &people) };
        let faults = stockport.referral_faults(&referral);
        faults.into_iter().map(|fault| format!("{}: {}", fault.field, fault.rule)).collect()
    };
    let told = |programme, years, area| -> Vec<String> { told(programme, years, area) };
    assert_eq!(
        told("community-drugs-team", 24, "E08000007"),
        ["referral.programme: takes people of 25 and over; for this person in Stockport the \
          provider is MOSAIC (mosaic)"]
    );
    assert_eq!(
        told("mosaic", 25, "stockport-marple"),
        ["referral.programme: takes people under 25; for this person in Stockport, Marple the \
          provider is Community Drugs Team (community-drugs-team)"]
    );
    assert_eq!(
        told("mosaic", 20, "E08000015"),
        ["referral.programme: serves Stockport; no programme here for drug and alcohol treatment \
          takes this person"]
    );
    assert_eq!(
        told("issp", 18, "E08000007"),
        [
            "referral.programme: takes people of 10 to 17; for this person in Stockport the provider \
         is STOP (stop)"
        ]
    );
    assert_eq!(told("mosaic", 24, "E08000007"), [""; 0]);
    assert_eq!(told("community-drugs-team", 25, "E08000007"), [""; 0]);
}
