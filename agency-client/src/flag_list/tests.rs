//! Lists as co-ordinators keep them, read row by row. Everybody in them is invented.

use super::*;
use crate::hmpps::ImportProfile;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{self as wire, Flag};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn profile(key: u8) -> ImportProfile {
    let text = "purpose = \"offender_management\"\ngateway = \"cda1998_s115\"\n\
                lawful_basis = \"dpa2018_s35_task\"\nmarking = \"official_sensitive\"\n\
                acting_person = \"00000000-0000-4000-8000-0000000000a4\"\nid_key_file = \"key\"\n";
    ImportProfile::from_toml(text, [key; 32]).unwrap()
}

const MAPPING: &str = r#"
day_first = true
agreed_by = ["gmp"]
passed_over = ["Notes"]
[columns]
name = "Name"
birth_date = "Born"
pnc = "PNC"
noms = "NOMS"
list = "List"
cohort = "Cohort"
rating = "RAG"
review_date = "Review"
panel_date = "Panel"
panel_decision_id = "Decision"
area = "Area"
owner = "Desk"
limited_access = "LAO"
[lists]
"Catch & convict" = "ppo"
[areas]
Stockport = "E08000007"
[owners]
"OMU" = "gmp/stockport"
"#;

const HEADINGS: &str =
    "Name,Born,PNC,NOMS,List,Cohort,RAG,Review,Panel,Decision,Area,Desk,LAO,Notes\n";
const GOOD: &str =
    "Invented Ash,05/03/1988,,Z9001ZA,IOM,fixed,Red,2027-11-23,02/03/2020,,Stockport,OMU,no,";

fn mapping() -> FlagListMapping {
    FlagListMapping::from_toml(MAPPING).unwrap()
}

fn read(rows: &str) -> Result<FlagList, FlagListError> {
    let content = format!("{HEADINGS}{rows}");
    read_flag_list(content.as_bytes(), &profile(7), &mapping(), NOW)
}

/// Row, column and rule of each fault.
fn faults(rows: &str) -> Vec<(u32, &'static str, FlagRule)> {
    let list = read(rows).unwrap();
    list.faults.into_iter().map(|fault| (fault.row, fault.column, fault.rule)).collect()
}

fn flag(row: &FlagRow) -> &Flag {
    match &row.message.kind {
        Some(Kind::Flag(flag)) => flag,
        _ => panic!("a flag"),
    }
}

fn ids(list: &FlagList) -> Vec<&str> {
    list.rows.iter().map(|row| row.message.message_id.as_str()).collect()
}

#[test]
fn a_good_row_is_a_flag_that_says_what_the_row_and_the_mapping_say() {
    let list = read(GOOD).unwrap();
    assert_eq!(list.faults, []);
    let row = &list.rows[0];
    let message = &row.message;
    assert_eq!((row.row, message.subjects.len(), message.areas.len()), (2, 1, 1));
    let subject = &message.subjects[0];
    assert_eq!((&*subject.name, &*subject.birth_date), ("Invented Ash", "1988-03-05"));
    assert_eq!(subject.identifiers[0].r#type(), wire::IdentifierType::Noms);
    assert_eq!(subject.identifiers[0].value, "Z9001ZA");
    assert_eq!(subject.category(), wire::SubjectCategory::Managed);
    assert_eq!(subject.limited_access(), wire::LimitedAccess::No);
    assert_eq!(&*message.areas[0].code, "E08000007");
    assert_eq!(message.areas[0].role(), wire::AreaRole::Home);
    let flag = flag(row);
    assert_eq!((flag.flag_kind(), flag.action()), (wire::FlagKind::Iom, wire::FlagAction::Raise));
    assert_eq!((flag.cohort(), flag.rating()), (wire::FlagCohort::Fixed, wire::FlagRating::Red));
    assert_eq!((&*flag.review_date, &*flag.panel_date), ("2027-11-23", "2020-03-02"));
    assert_eq!(flag.agreed_by, ["gmp"]);
    let owner = flag.owner.as_ref().unwrap();
    assert_eq!((&*owner.agency, &*owner.desk), ("gmp", "stockport"));
    assert_eq!(flag.panel_decision_id.len(), 36, "made of the panel's day and the list");
    assert_eq!(message.purpose(), wire::Purpose::OffenderManagement);
    assert_eq!(message.gateway(), wire::Gateway::Cda1998S115);
    assert_eq!(message.urgency(), wire::Urgency::Routine);
    assert_eq!(format!("{list:?}"), "FlagList { rows: [FlagRow(row 2)], faults: [] }");
}

#[test]
fn each_cell_is_held_to_its_rule() {
    use FlagRule::{
        Ahead, Area, BlueIsSuspended, CalendarDate, Cohort, CohortOfIomOnly, Decision, Formula,
        Identifier, Length, List, Missing, NoIdentifier, Owner, Past, Rating, Text, YesNo,
    };
    let long = format!("Invented {}", "x".repeat(200));
    for (from, into, column, rule) in [
        ("Invented Ash", long.as_str(), "name", Length),
        ("Invented Ash", "\u{200b}", "name", FlagRule::Blank),
        ("Invented Ash", "\"Invented\nAsh\"", "name", Text),
        ("Invented Ash", "=A1", "name", Formula),
        ("05/03/1988", "05/03/88", "birth_date", CalendarDate),
        ("05/03/1988", "31/02/1988", "birth_date", CalendarDate),
        ("05/03/1988", "32207", "birth_date", CalendarDate),
        ("05/03/1988", "24/11/2026", "birth_date", Ahead),
        ("05/03/1988", "31/12/1899", "birth_date", CalendarDate),
        (",Z9001ZA", ",9001", "noms", Identifier),
        (",Z9001ZA", ",1.2E+05", "noms", Identifier),
        (",Z9001ZA", "01/2001,", "pnc", Identifier),
        ("Z9001ZA", "", "", NoIdentifier),
        ("IOM", "MAPPA", "list", List),
        ("IOM", "", "list", Missing),
        ("IOM", "PPO", "cohort", CohortOfIomOnly),
        ("fixed", "fix", "cohort", Cohort),
        ("fixed", "unspecified", "cohort", Cohort),
        ("Red", "crimson", "rating", Rating),
        ("Red", "Blue", "rating", BlueIsSuspended),
        ("2027-11-23", "", "review_date", Missing),
        ("2027-11-23", "2026-11-22", "review_date", Past),
        ("02/03/2020", "", "panel_date", Missing),
        ("02/03/2020", "2026-11-24", "panel_date", Ahead),
        ("2020,,Stock", "2020,nobody knows,Stock", "panel_decision_id", Decision),
        (",Stockport", ",Stock port", "area", Area),
        (",Stockport", ",", "area", Missing),
        ("OMU", "O M U", "owner", Owner),
        ("OMU", "", "owner", Missing),
        (",no,", ",maybe,", "limited_access", YesNo),
    ] {
        let row = GOOD.replacen(from, into, 1);
        assert_ne!(row, GOOD, "{from}");
        assert_eq!(faults(&row), [(2, column, rule)], "{from} -> {into}");
    }
    // What is the other side of the same rules.
    for (from, into) in [
        ("05/03/1988", "23/11/2026"),
        ("05/03/1988", ""),
        ("fixed", "FREE"),
        ("Red", ""),
        ("2027-11-23", "2026-11-23"),
        ("02/03/2020,", ",00000000-0000-4000-8000-0000000000c3"),
        ("IOM,fixed", "catch  & CONVICT,"),
        (",Stockport", ",e08000007"),
        (",Stockport", ",stockport-central"),
        ("OMU", "gmp/manchester"),
        (",no,", ",YES,"),
        (",no,", ",,"),
        ("Invented Ash", "  Zo\u{eb}\u{a0}Invented "),
    ] {
        assert_eq!(faults(&GOOD.replacen(from, into, 1)), [], "{from} -> {into}");
    }
}

#[test]
fn every_fault_of_a_row_is_told_and_stops_no_other_row_and_quotes_nothing() {
    let rows = format!("Ann Secret,1.1.11,9/9,x9001,none,x,y,z,w,v,u,t,s,,\n\n{GOOD}\n");
    let list = read(&rows).unwrap();
    assert_eq!(list.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [4]);
    assert_eq!(list.faults.len(), 11);
    assert!(list.faults.iter().all(|fault| fault.row == 2));
    let said = list.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.starts_with("row 2, column B (birth_date): must be a calendar date"), "{said}");
    for value in ["Ann", "1.1.11", "9/9", "x9001"] {
        assert!(!said.contains(value) && !format!("{list:?}").contains(value), "{value}");
    }
}

#[test]
fn a_cell_beyond_the_headings_is_a_shifted_row() {
    let rows = GOOD.replacen("Invented Ash", "Ash, Invented", 1);
    let list = read(&format!("{rows},x")).unwrap();
    assert!(list.rows.is_empty());
    let beyond = list.faults.iter().filter(|fault| fault.rule == FlagRule::Unheaded);
    assert_eq!(beyond.map(|fault| fault.place).collect::<Vec<_>>(), [Some(Place(15))]);
}

#[test]
fn one_who_stands_on_the_same_list_twice_is_told_on_both_rows_and_not_sent() {
    let other = GOOD.replace("Invented Ash", "Invented Birch").replace("Z9001ZA", "Z9002ZA");
    let again = GOOD.replace("fixed", "flex");
    let list = read(&format!("{GOOD}\n{other}\n{again}\n")).unwrap();
    assert_eq!(list.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [3]);
    let said: Vec<String> = list.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "row 2, column D (noms): stands on row 4 too, for the same list: neither is sent",
            "row 4, column D (noms): stands on row 2 too, for the same list: neither is sent",
        ]
    );
    // However the number is written, and also where the other row has a fault of its own.
    let again = GOOD.replace("Z9001ZA", "z9001za").replace("Red", "crimson");
    let repeated = |row| FlagRule::Repeated { row };
    assert_eq!(
        faults(&format!("{GOOD}\n{again}")),
        [(2, "noms", repeated(3)), (3, "noms", repeated(2)), (3, "rating", FlagRule::Rating)]
    );
}

#[test]
fn somebody_may_stand_on_two_lists_but_as_one_person() {
    let treated = GOOD.replace("IOM,fixed", "DIP,");
    assert_eq!(faults(&format!("{GOOD}\n{treated}")), []);
    let named = treated.replace("Invented Ash", "INVENTED  ASH").replace("05/03/1988", "");
    assert_eq!(faults(&format!("{GOOD}\n{named}")), []);
    for other in [
        treated.replace("Invented Ash", "Invented Birch"),
        treated.replace("05/03/1988", "05/03/1989"),
    ] {
        assert_eq!(
            faults(&format!("{GOOD}\n{other}")),
            [
                (2, "noms", FlagRule::OtherPerson { row: 3 }),
                (3, "noms", FlagRule::OtherPerson { row: 2 })
            ]
        );
    }
    let (one, other) = (
        GOOD.replace(",,Z9001ZA", ",2001/9900001K,Z9001ZA"),
        treated.replace(",,Z9001ZA", ",1999/9900003D,Z9001ZA"),
    );
    assert_eq!(faults(&format!("{one}\n{other}")).len(), 2);
}

#[test]
fn the_same_row_has_the_same_id_wherever_it_stands_and_whenever_it_is_read() {
    let first = read(GOOD).unwrap();
    let written = GOOD.replace("Z9001ZA", " z9001za").replace("05/03/1988", "1988-03-05");
    let later = read_flag_list(
        format!("{HEADINGS}\n\n{written}\n").as_bytes(),
        &profile(7),
        &mapping(),
        datetime!(2027-01-01 00:00 UTC),
    );
    assert_eq!(ids(&first), ids(&later.unwrap()));
    for (from, into) in [
        ("Invented Ash", "Invented Birch"),
        ("05/03/1988", ""),
        ("Z9001ZA", "Z9002ZA"),
        ("IOM", "iom,"),
        ("fixed", "flex"),
        ("Red", "Green"),
        ("2027-11-23", "2027-11-24"),
        ("02/03/2020", "03/03/2020"),
        (",Stockport", ",E08000003"),
        ("OMU", "gmp/manchester"),
        (",no,", ",yes,"),
    ] {
        let other = read(&GOOD.replacen(from, into, 1)).unwrap();
        assert_ne!(ids(&first), ids(&other), "{from} -> {into}");
    }
    let of_other_key =
        read_flag_list(format!("{HEADINGS}{GOOD}").as_bytes(), &profile(8), &mapping(), NOW);
    assert_ne!(ids(&first), ids(&of_other_key.unwrap()));
}

#[test]
fn nobody_of_18_or_over_is_put_on_the_list_of_children() {
    let child = GOOD.replace("IOM,fixed", "HCCU,");
    for (born, is_put_on) in [
        ("24/11/2008", true),
        ("23/11/2008", false),
        ("", true),
        // Machines begin to count here: nobody knows how old he is.
        ("01/01/1970", true),
    ] {
        let told = faults(&child.replace("05/03/1988", born));
        let expected = [(2, "birth_date", FlagRule::Adult)];
        assert_eq!(told, if is_put_on { &[] } else { expected.as_slice() }, "{born}");
    }
    // Who turns 18 on it stays until the panel has decided.
    let mapping = format!("action = \"amend\"\n{MAPPING}");
    let mapping = FlagListMapping::from_toml(&mapping).unwrap();
    let content = format!("{HEADINGS}{child}");
    let amended = read_flag_list(content.as_bytes(), &profile(7), &mapping, NOW).unwrap();
    assert_eq!((amended.rows.len(), amended.faults.as_slice()), (1, [].as_slice()));
}

#[test]
fn a_panel_decides_once_for_all_of_one_list() {
    let rows = format!(
        "{GOOD}\n{}\n{}\n",
        GOOD.replace("Z9001ZA", "Z9002ZA"),
        GOOD.replace("Z9001ZA", "Z9003ZA").replace("IOM,fixed", "PPO,")
    );
    let list = read(&rows).unwrap();
    let decisions: Vec<&str> =
        list.rows.iter().map(|row| flag(row).panel_decision_id.as_str()).collect();
    assert_eq!(decisions[0], decisions[1]);
    assert_ne!(decisions[0], decisions[2]);
}

#[test]
fn headings_that_do_not_agree_with_the_mapping_stop_the_whole_list() {
    use HeadingFault::{Missing, NotText, Repeated, Unknown};
    let headed = |headings: &str| {
        let content = format!("{headings}{GOOD}\n");
        read_flag_list(content.as_bytes(), &profile(7), &mapping(), NOW).unwrap_err()
    };
    let headings = |faults: Vec<HeadingFault>| FlagListError::Headings(faults);
    for (from, into, faults) in [
        ("Notes", "Remarks", vec![Unknown { place: Place(13) }]),
        ("Notes", "=A1", vec![NotText { place: Place(13) }]),
        ("Notes", "name", vec![Repeated { place: Place(13) }]),
        ("RAG", "", vec![Missing { column: "rating" }]),
        ("RAG", "Colour", vec![Unknown { place: Place(6) }, Missing { column: "rating" }]),
    ] {
        assert_eq!(headed(&HEADINGS.replace(from, into)), headings(faults), "{from} -> {into}");
    }
    assert_eq!(headed(""), {
        // The first row is somebody's: no value is quoted.
        let error = headed("");
        assert!(!error.to_string().contains("Ash"), "{error}");
        error
    });
    let empty = read_flag_list(b"", &profile(7), &mapping(), NOW);
    assert_eq!(empty, Err(FlagListError::NoHeadings { row: 1 }));
    let broken = HEADINGS.replace("Review", "\" review \"").replace("RAG", "\"R\nAG\"");
    let mapping = MAPPING.replace("\"RAG\"", "\"r  ag\"");
    let mapping = FlagListMapping::from_toml(&mapping).unwrap();
    let content = format!("{broken}{GOOD}");
    let list = read_flag_list(content.as_bytes(), &profile(7), &mapping, NOW).unwrap();
    assert_eq!(list.rows.len(), 1, "how a heading is set in its cell says nothing");
}

#[test]
fn what_holds_for_every_row_is_in_the_mapping() {
    let mapping = FlagListMapping::from_toml(
        "heading_row = 3\naction = \"suspend\"\nlist = \"iom\"\narea = \"E08000007\"\n\
         area_role = \"supervising\"\nowner = \"gmp/stockport\"\nlimited_access = \"no\"\n\
         category = \"convicted\"\n[columns]\ncrn = \"CRN\"\nrating = \"RAG\"\narea = \"Area\"\n",
    )
    .unwrap();
    let content = b"List of 2 March,,\n,,\nCRN,RAG,Area\nX990001,blue,\nX990002,,E08000003\n";
    let list = read_flag_list(content, &profile(7), &mapping, NOW).unwrap();
    assert_eq!((list.rows.len(), list.faults.as_slice()), (2, [].as_slice()));
    let first = &list.rows[0];
    assert_eq!(first.row, 4);
    assert_eq!(flag(first).action(), wire::FlagAction::Suspend);
    assert_eq!(flag(first).rating(), wire::FlagRating::Blue);
    assert_eq!(first.message.areas[0].role(), wire::AreaRole::Supervising);
    assert_eq!(first.message.subjects[0].limited_access(), wire::LimitedAccess::No);
    assert_eq!(first.message.subjects[0].category(), wire::SubjectCategory::Convicted);
    assert_eq!(list.rows[1].message.areas[0].code, "E08000003");
}

#[test]
fn the_sample_says_the_same_as_csv_and_as_a_workbook() {
    let mapping = include_str!("../../examples/flags/mapping.toml");
    let mapping = FlagListMapping::from_toml(mapping).unwrap();
    let read = |content: &[u8]| read_flag_list(content, &profile(7), &mapping, NOW).unwrap();
    let csv = read(include_bytes!("../../examples/flags/nominals.csv"));
    let workbook = read(include_bytes!("../../examples/flags/nominals.xlsx"));
    assert_eq!(csv.faults, []);
    assert_eq!(csv, workbook);
    assert_eq!(csv.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3, 4, 6, 7, 8]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_no_value_of_theirs_is_told(
        cells in proptest::collection::vec("[~\"',=;/0-9 \n\r\\x00\u{eb}-]{0,12}", 0..40),
        tail in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
    ) {
        let mut content = format!("{HEADINGS}{}", cells.join(",")).into_bytes();
        content.extend(tail);
        if let Ok(list) = read_flag_list(&content, &profile(7), &mapping(), NOW) {
            let told = list.faults.iter().map(ToString::to_string).collect::<String>();
            // No rule has these, and no column's letters.
            proptest::prop_assert!(!told.contains(['~', '\u{eb}']), "{told}");
        }
    }
}

#[test]
fn a_list_is_of_4_mebibytes() {
    let large = vec![b' '; LIST_BYTES_MAX + 1];
    assert_eq!(read_flag_list(&large, &profile(7), &mapping(), NOW), Err(FlagListError::TooLarge));
}
