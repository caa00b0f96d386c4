//! A co-ordinator's list, imported by the command `agency` into a real broker, and what arrives:
//! told as CloudEvents.
//!
//! Owns: the sample list and its page, held to the program. Deliberately does not know: every rule
//! of a cell; the library's own tests do. Everybody in the lists is invented.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where what it looks at is not there"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use agency_client::flag_list::FlagListMapping;
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use serde_json::Value;
use tests::agency::{Agency, until};
use tests::world::{World, next};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../agency-client/examples/flags");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/agency.md");

/// Runs the command to its end with the settings of a node: whether it did all that was asked,
/// and what it said.
async fn run(world: &World, settings: &str, arguments: &[&str]) -> (bool, String, String) {
    let mut agency = start(world, settings, arguments);
    let status = agency.ended().await;
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {}", agency.errors());
    (status.success(), agency.output(), agency.errors())
}

fn start(world: &World, settings: &str, arguments: &[&str]) -> Agency {
    let folder = world.stage.folder();
    let settings = folder.join(format!("{settings}.toml"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    Agency::start(command.arg("--settings").arg(settings).args(arguments), folder)
}

/// Messages that the broker holds.
fn messages(world: &World) -> u64 {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    fsck::check(&raw, None).unwrap().messages
}

/// The sample in a folder of this name, with a key of ids beside it.
fn sample(world: &World, name: &str) -> PathBuf {
    let folder = world.stage.folder().join(name);
    fs::create_dir(&folder).unwrap();
    for file in ["import.toml", "mapping.toml", "nominals.csv", "nominals.xlsx"] {
        fs::copy(Path::new(SAMPLE).join(file), folder.join(file)).unwrap();
    }
    let key = folder.join("import-id.key");
    fs::write(&key, [42; 32]).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

/// The arguments of an import of a list in a folder of its profile and mapping; what is asked for
/// beyond that stands behind them.
fn import(folder: &Path, list: &str, more: &[&str]) -> Vec<String> {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (profile, mapping) = (file("import.toml"), file("mapping.toml"));
    let fixed = ["import", "flags", "--profile", &profile, "--mapping", &mapping, &file(list)];
    fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

async fn imported(
    world: &World,
    settings: &str,
    folder: &Path,
    list: &str,
    more: &[&str],
) -> (bool, String, String) {
    let arguments = import(folder, list, more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(world, settings, &arguments).await
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What no report may show of the sample.
const PERSONAL: [&str; 6] = ["Invented", "Ash", "9900001", "Z9005", "X990002", "1988"];

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_imported_once_and_arrives_as_events_at_the_desks_that_have_a_stake() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    world.stage.node("probation-greater-manchester", "records").unwrap();
    let probation = "probation-greater-manchester.records";
    let receiving = ["subscribe", "--format", "cloudevents", "--once"];
    let of_stockport = [receiving.as_slice(), &["5", "--desk", "stockport"]].concat();
    let of_manchester = [receiving.as_slice(), &["1", "--desk", "manchester"]].concat();
    let mut stockport = start(&world, probation, &of_stockport);
    let (folder, before) = (sample(&world, "list"), messages(&world));

    let dry = imported(&world, "gmp.records", &folder, "nominals.xlsx", &["--dry-run"]).await;
    let (done, said, errors) = dry;
    assert!(done && said.lines().count() == 6, "{said}{errors}");
    assert!(said.starts_with("row 2: would be shared as "), "{said}");
    assert!(said.contains("row 8: would be shared as "), "numbered as in the spreadsheet: {said}");
    assert_eq!(errors, "agency: 6 would be shared, 0 rows with faults; nothing was sent\n");
    assert_eq!(messages(&world), before);

    let (done, said, errors) =
        imported(&world, "gmp.records", &folder, "nominals.xlsx", &["--json"]).await;
    assert!(done, "{said}{errors}");
    assert_eq!(errors, "agency: 6 shared, 0 rows with faults\n");
    assert_eq!(messages(&world), before + 6);
    assert!(PERSONAL.iter().all(|value| !said.contains(value)), "{said}");
    let numbers: Vec<u64> = rows(&said).iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 6, 7, 8]);

    // The same list, saved as CSV: nobody is told twice.
    let (done, _, errors) = imported(&world, "gmp.records", &folder, "nominals.csv", &[]).await;
    assert!(done, "{errors}");
    assert_eq!(messages(&world), before + 6);

    assert!(stockport.ended().await.success(), "{}", stockport.errors());
    let events = stockport.rows();
    let told: BTreeSet<(String, String)> = events.iter().map(flagged).collect();
    let expected = [
        ("Invented Ash", "ppo"),
        ("Invented Ash", "dip"),
        ("Invented Birch", "iom"),
        ("Invented Elm", "pre_prolific"),
        ("Invented Fir", "dip"),
    ];
    assert_eq!(told, expected.map(|(who, list)| (who.to_owned(), list.to_owned())).into());
    let birch = events.iter().find(|event| flagged(event).0 == "Invented Birch").unwrap();
    assert_eq!(birch["data"]["subjects"][0]["birth_date"], "1991-11-20");
    assert_eq!(birch["data"]["flag"]["review_date"], "2099-03-01");
    assert_eq!(birch["data"]["flag"]["owner"]["desk"], "stockport");
    let (done, said, errors) = run(&world, probation, &of_manchester).await;
    assert!(done, "{errors}");
    assert_eq!(flagged(&rows(&said)[0]), ("Invented Cedar".to_owned(), "iom".to_owned()));
}

/// Whom an event flags, and for which list.
fn flagged(event: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&event["data"]["subjects"][0]["name"]), text(&event["data"]["flag"]["flag_kind"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_could_not_be_written_is_offered_again_as_the_same_event() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    world.stage.node("probation-greater-manchester", "records").unwrap();
    let (folder, probation) = (sample(&world, "list"), "probation-greater-manchester.records");
    let receiving = ["subscribe", "--format", "cloudevents", "--desk", "manchester", "--once", "1"];
    let (done, _, errors) = imported(&world, "gmp.records", &folder, "nominals.csv", &[]).await;
    assert!(done, "{errors}");

    // Nothing can be written there: the line is not out, so it is not acknowledged.
    let settings = world.stage.folder().join(format!("{probation}.toml"));
    let mut full = Command::new(env!("CARGO_BIN_EXE_agency_under_test"))
        .arg("--settings")
        .arg(&settings)
        .args(receiving)
        .stdin(Stdio::piped())
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("it gives up", || full.try_wait().unwrap().is_some()).await;
    assert_eq!(full.wait().unwrap().code(), Some(1));

    let mut mailbox = world.mailbox("probation-greater-manchester", "records", "manchester").await;
    let first = next(&mut mailbox).await;
    first.refuse(Duration::ZERO).await.unwrap();
    let (id, release) = (hex::encode(first.delivery_id()), hex::encode(&first.delivery.release_id));
    drop(first);
    mailbox.close().await.unwrap();

    let (done, said, errors) = run(&world, probation, &receiving).await;
    assert!(done, "{errors}");
    let event = &rows(&said)[0];
    assert_eq!((&event["id"], &event["attempt"]), (&id.into(), &2.into()));
    assert_ne!(event["release"], release, "each attempt is a release of its own");
    assert_eq!(event["number"], "1");
    assert_eq!((&event["specversion"], &event["subject"]), (&"1.0".into(), &"manchester".into()));
    assert_eq!(event["type"], "uk.pyramid.exchange.v1.flag");
    assert!(event["source"].as_str().unwrap().starts_with("urn:pyramid:"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn good_rows_are_sent_and_each_fault_of_the_others_is_told_by_row_column_and_rule() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let (folder, before) = (sample(&world, "list"), messages(&world));
    let list = fs::read_to_string(folder.join("nominals.csv")).unwrap();
    let faulty = list
        .replace("04/9900002G", "04/9900002H")
        .replace("Z9005ZE", "9.01E+05")
        .replace("14/09/1983", "1983")
        .replace(",Drugs,,,01/03/2099", ",PPO,,,01/03/2099");
    fs::write(folder.join("faulty.csv"), faulty).unwrap();

    let (done, said, errors) = imported(&world, "gmp.records", &folder, "faulty.csv", &[]).await;
    assert!(!done);
    let told: Vec<&str> = said.lines().collect();
    let repeated = |row, column, name, other| {
        format!(
            "row {row}, column {column} ({name}): stands on row {other} too, for the same list: neither is sent"
        )
    };
    assert_eq!(told[0], repeated(2, "C", "pnc", 8));
    assert_eq!(told[1], repeated(2, "E", "noms", 8));
    assert!(told[2].starts_with("row 3, column C (pnc): is not a number of this register"));
    assert!(told[3].starts_with("row 4: for sharing as "));
    assert!(told[4].starts_with("row 6: for sharing as "));
    assert!(told[5].starts_with("row 7, column B (birth_date): must be a calendar date"));
    assert!(told[6].starts_with("row 7, column E (noms): is not a number of this register"));
    assert_eq!(told[7], repeated(8, "C", "pnc", 2));
    assert_eq!((told[8], told.len()), (&*repeated(8, "E", "noms", 2), 9));
    assert_eq!(
        errors,
        "agency: 2 shared, 4 rows with faults\n\
         agency: the list has rows with faults; they are listed, and the other rows were dealt with\n"
    );
    assert_eq!(messages(&world), before + 2);
    assert!(PERSONAL.iter().all(|value| !said.contains(value) && !errors.contains(value)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_list_as_a_whole_sends_none_of_it() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let (folder, before) = (sample(&world, "list"), messages(&world));
    let list = fs::read_to_string(folder.join("nominals.csv")).unwrap();
    fs::write(folder.join("headings.csv"), list.replace("RAG", "Telephone")).unwrap();
    let no_sheet = sample(&world, "no-sheet");
    let mapping = fs::read_to_string(no_sheet.join("mapping.toml")).unwrap();
    let mapping = mapping.replace("sheet = \"Nominals\"\n", "");
    fs::write(no_sheet.join("mapping.toml"), mapping).unwrap();
    for (folder, list, why) in [
        (
            &folder,
            "headings.csv",
            "column J has a heading that the mapping neither gives a meaning nor passes over; no \
             column has the heading that the mapping gives for `rating`\nnothing was sent",
        ),
        (&no_sheet, "nominals.xlsx", "the workbook has 2 sheets; name the one that is meant"),
    ] {
        let (done, said, errors) = imported(&world, "gmp.records", folder, list, &[]).await;
        assert_eq!((done, said.as_str()), (false, ""));
        assert!(errors.contains(why), "{errors}");
    }
    assert_eq!(messages(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_broker_does_not_take_is_told_by_its_number() {
    let world = World::shipped().await;
    // Prisons may not put anybody on these lists.
    world.stage.node("hmpps-prisons", "records").unwrap();
    let (folder, before) = (sample(&world, "list"), messages(&world));
    let (done, said, errors) =
        imported(&world, "hmpps-prisons.records", &folder, "nominals.csv", &["--json"]).await;
    assert!(!done);
    let not_taken: Vec<Value> =
        rows(&said).into_iter().filter(|row| row["outcome"] == "not_taken").collect();
    let numbers: BTreeSet<u64> = not_taken.iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, BTreeSet::from([2, 3, 4, 6, 7, 8]), "{said}");
    assert!(errors.ends_with("agency: 6 of 6 were not published; each is named above\n"));
    assert_eq!(messages(&world), before);
}

/// The first cells of the tables of a section, as words.
fn listed(page: &str, heading: &str) -> Vec<BTreeSet<String>> {
    let (_, section) = page.split_once(&format!("### {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let mut tables: Vec<BTreeSet<String>> = Vec::new();
    for line in section.lines() {
        let cell = line.strip_prefix('|').and_then(|line| line.split('|').next());
        match cell {
            Some(cell) if cell.starts_with("---") => tables.push(BTreeSet::new()),
            Some(cell) => {
                let words = cell.split('`').skip(1).step_by(2).map(str::to_owned);
                tables.last_mut().into_iter().for_each(|table| table.extend(words.clone()));
            }
            None => {}
        }
    }
    tables
}

#[test]
fn the_page_of_the_mapping_has_every_key_and_column_and_no_other() {
    let page = fs::read_to_string(PAGE).unwrap();
    let tables = listed(&page, "The mapping of a list");
    let sample = fs::read_to_string(Path::new(SAMPLE).join("mapping.toml")).unwrap();
    FlagListMapping::from_toml(&sample).unwrap();
    let written: toml::Table = toml::from_str(&sample).unwrap();
    // To a key it does not know, the program answers with those it knows.
    let unknown = FlagListMapping::from_toml("unlisted = 1\n").unwrap_err().to_string();
    let known: BTreeSet<String> =
        unknown.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(known.contains("heading_row"), "{unknown}");
    assert_eq!(tables[0], known);
    // What a column tells in the sample, no default needs to.
    let keys: BTreeSet<String> = written.keys().cloned().collect();
    let without = BTreeSet::from(["area", "list"].map(str::to_owned));
    assert_eq!(known.difference(&keys).cloned().collect::<BTreeSet<_>>(), without);
    let columns: BTreeSet<String> =
        written["columns"].as_table().unwrap().keys().cloned().collect();
    assert_eq!(tables[1], columns);
    for column in &columns {
        let other = sample.replacen(&format!("\n{column} ="), &format!("\nx{column} ="), 1);
        assert!(FlagListMapping::from_toml(&other).is_err(), "{column}");
    }
}
