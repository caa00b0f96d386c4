//! Each look is a consultation (DPA 2018 s.62), on record before its answer.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::refusal::Refusal;
use serde_json::Value;

use super::*;

/// Holds the store's write lock until its standard input ends.
const HOLD: &str = "import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute('BEGIN IMMEDIATE')
print('held', flush=True)
sys.stdin.read()";

#[tokio::test]
async fn the_look_is_on_record_when_the_first_part_comes_and_names_nobody_looked_at() {
    let (mut world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let mut client = world.node(POLICE.0, POLICE.1).await.exchange().await.unwrap();
    let mut parts =
        client.read_worklist(by_noms("stockport", "a3401aa")).await.unwrap().into_inner();
    parts.message().await.unwrap().unwrap();
    let records = world.records("consultation");
    let [record] = records.as_slice() else { panic!("one look, one record: {records:?}") };
    for (member, value) in [
        ("actor", "records"),
        ("call", "read-worklist"),
        ("desk", "stockport"),
        ("operation", "consultation"),
        ("party", "gmp"),
        ("person", OFFICER),
        ("purpose", "offender_management"),
    ] {
        assert_eq!(record[member], value, "{member}");
    }
    assert_eq!(record["count"], 1);
    assert_eq!(record["commitment"].as_str().map(str::len), Some(64));
    let text = record.to_string();
    assert!(!text.contains("3401") && !text.contains("Brook"), "{text}");
    // Of nothing found there is a record all the same, with another commitment.
    ask(&world, POLICE, by_noms("stockport", "A9999AA")).await.unwrap();
    let second = world.records("consultation").remove(1);
    assert_eq!(second["count"], 0);
    assert_ne!(second["commitment"], record["commitment"]);
    drop((parts, client));
    world.stop().await;
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, None).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_answered() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let mut holder = Command::new("python3")
        .args(["-c", HOLD])
        .arg(&world.stage.config().store.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let refused = ask(&world, POLICE, news("stockport")).await.err().unwrap();
    let ReadError::Call(error) = refused else { panic!("the broker must answer") };
    assert_eq!(error.refused().unwrap().refusal, Some(Refusal::StoreUnavailable));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(world.records("consultation"), Vec::<Value>::new());
    // Once it can be, it is.
    assert_eq!(ask(&world, POLICE, news("stockport")).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_suspended_agency_reads_nothing() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let housing = world.node(HOUSING.0, HOUSING.1).await;
    world.suspend("stockport-council", true).await;
    assert!(read(&housing, news("housing")).await.is_err());
    assert_eq!(world.records("consultation").len(), 0);
}
