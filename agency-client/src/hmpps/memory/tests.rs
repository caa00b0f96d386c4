//! The memory across restarts, crashes and years.

use std::os::unix::fs::PermissionsExt as _;

use time::macros::datetime;

use super::*;

const KEY: [u8; 32] = [3; 32];
const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const ONE: &str = "00000000-0000-8000-8000-000000000001";
const TWO: &str = "00000000-0000-8000-8000-000000000002";

fn begun(facts: &[&str], at: OffsetDateTime) -> Noted {
    Noted::Begun { digest: ImportMemory::digest(&KEY, facts), at }
}

#[test]
fn the_newest_beginning_by_then_is_found_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let (january, march) = (datetime!(2025-01-05 09:00 UTC), datetime!(2025-03-05 09:00 UTC));
    {
        let mut memory = ImportMemory::open(&path, KEY, NOW).unwrap();
        memory.note(&begun(&["a", "X000001"], march), TWO).unwrap();
        memory.note(&begun(&["a", "X000001"], january), ONE).unwrap();
    }
    let memory = ImportMemory::open(&path, KEY, NOW).unwrap();
    let newest = |by| memory.newest(&["a", "X000001"], by).map(|id| id.to_string());
    assert_eq!(newest(datetime!(2025-02-01 00:00 UTC)).as_deref(), Some(ONE));
    assert_eq!(newest(NOW).as_deref(), Some(TWO));
    assert_eq!(newest(datetime!(2025-01-01 00:00 UTC)), None, "nothing had begun then");
    assert_eq!(memory.newest(&["a", "X000002"], NOW), None, "somebody else");
}

#[test]
fn what_was_taken_back_ends_nothing_and_leaves_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    {
        let mut memory = ImportMemory::open(&path, KEY, NOW).unwrap();
        memory.note(&begun(&["a"], NOW - Duration::days(9)), ONE).unwrap();
        memory.note(&begun(&["a"], NOW - Duration::days(2)), TWO).unwrap();
        memory.note(&Noted::TakenBack(TWO.parse().unwrap()), "unused").unwrap();
        assert_eq!(memory.newest(&["a"], NOW), Some(ONE.parse().unwrap()));
    }
    let memory = ImportMemory::open(&path, KEY, NOW).unwrap();
    assert_eq!(memory.newest(&["a"], NOW), Some(ONE.parse().unwrap()));
}

#[test]
fn a_line_cut_short_is_passed_over_and_the_next_one_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let whole = format!("{} 1 {ONE}\n", ImportMemory::digest(&KEY, &["a"]));
    let later = begun(&["b"], NOW);
    for length in 0..whole.len() - 2 {
        fs::write(&path, whole.get(..length).unwrap()).unwrap();
        let saved = ImportMemory::without_saving(&path, KEY, OffsetDateTime::UNIX_EPOCH).unwrap();
        assert_eq!(saved.newest(&["a"], NOW), None, "cut at {length}");
        let mut log = OpenOptions::new().append(true).open(&path).unwrap();
        let mut torn = ImportMemory { log: Some(log.try_clone().unwrap()), ..saved };
        torn.note(&later, TWO).unwrap();
        log.flush().unwrap();
        let memory = ImportMemory::without_saving(&path, KEY, NOW).unwrap();
        assert_eq!(memory.newest(&["b"], NOW), Some(TWO.parse().unwrap()), "cut at {length}");
    }
}

#[test]
fn after_731_days_a_beginning_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    {
        let mut memory = ImportMemory::open(&path, KEY, NOW).unwrap();
        memory.note(&begun(&["a"], NOW), ONE).unwrap();
    }
    let after = |days| {
        let later = NOW + Duration::days(days);
        ImportMemory::open(&path, KEY, later).unwrap().newest(&["a"], later)
    };
    assert!(after(731).is_some());
    assert!(after(732).is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), "", "nothing of it is left on disk");
}

#[test]
fn one_program_at_a_time_has_it_and_its_owner_alone_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let memory = ImportMemory::open(&path, KEY, NOW).unwrap();
    assert!(matches!(
        ImportMemory::open(&path, KEY, NOW),
        Err(FollowError::Memory(error)) if error.kind() == ErrorKind::ResourceBusy
    ));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(memory);
    ImportMemory::open(&path, KEY, NOW).unwrap();
}

#[test]
fn a_dry_run_reads_what_is_known_and_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    ImportMemory::open(&path, KEY, NOW).unwrap().note(&begun(&["a"], NOW), ONE).unwrap();
    let before = fs::read(&path).unwrap();
    let mut memory = ImportMemory::without_saving(&path, KEY, NOW).unwrap();
    memory.note(&begun(&["b"], NOW), TWO).unwrap();
    assert!(memory.newest(&["a"], NOW).is_some() && memory.newest(&["b"], NOW).is_some());
    assert_eq!(fs::read(&path).unwrap(), before);
}
