//! Days that exist, days that do not, defaults, and ages.

use super::{BirthDate, NO_SUCH_DAY, SHAPE};
use crate::identifier::IdentifierError;
use proptest::prelude::{any, prop_assert_eq, proptest};

#[test]
fn days_that_exist_are_read() {
    for (written, year, month, day) in [
        ("1984-06-15", 1984, 6, 15),
        ("1900-01-01", 1900, 1, 1),
        ("2100-12-31", 2100, 12, 31),
        ("2000-02-29", 2000, 2, 29),
        ("2024-02-29", 2024, 2, 29),
        ("2023-02-28", 2023, 2, 28),
    ] {
        let read = BirthDate::parse(written);
        assert_eq!(read.as_ref().map(BirthDate::canonical), Ok(written));
        assert_eq!(read.as_ref().map(BirthDate::year), Ok(year));
        assert_eq!(read.as_ref().map(BirthDate::month), Ok(month));
        assert_eq!(read.as_ref().map(BirthDate::day), Ok(day));
    }
}

#[test]
fn days_that_do_not_exist_are_refused() {
    for written in [
        "1984-00-15",
        "1984-13-15",
        "1984-06-00",
        "1984-06-31",
        "1984-09-31",
        "1984-01-32",
        "2023-02-29",
        "1900-02-29",
        "2100-02-29",
        "2000-02-30",
    ] {
        assert_eq!(BirthDate::parse(written), Err(NO_SUCH_DAY), "{written}");
    }
}

#[test]
fn years_out_of_bounds_are_refused() {
    for written in ["1899-12-31", "2101-01-01", "0000-01-01", "9999-12-31"] {
        assert_eq!(BirthDate::parse(written), Err(BirthDate::YEAR_BOUNDS), "{written}");
    }
}

#[test]
fn other_shapes_are_refused() {
    for written in [
        "",
        "--",
        "1984-6-15",
        "15-06-1984",
        "15/06/1984",
        "1984/06/15",
        "19840615",
        "84-06-15",
        "1984-06-15 ",
        " 1984-06-1",
        "1984-06-+5",
        "1984-0615-",
        "+984-06-15",
        "1984-06-15T00",
        "1984-06-é",
        "198-406-15",
    ] {
        assert_eq!(BirthDate::parse(written), Err(SHAPE), "{written}");
    }
}

#[test]
fn usual_defaults_are_placeholders_and_other_first_days_of_january_are_not() {
    for written in
        ["1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01", "1980-01-01", "2000-01-01"]
    {
        assert_eq!(
            BirthDate::parse(written).as_ref().map(BirthDate::is_placeholder),
            Ok(true),
            "{written}"
        );
    }
    for written in ["1902-01-01", "1985-01-01", "1900-01-02", "1970-02-01", "1901-12-31"] {
        assert_eq!(
            BirthDate::parse(written).as_ref().map(BirthDate::is_placeholder),
            Ok(false),
            "{written}"
        );
    }
}

#[test]
fn age_is_reached_on_the_birthday() {
    for (born, year, month, day, age) in [
        ("2008-06-15", 2026, 6, 14, Some(17)),
        ("2008-06-15", 2026, 6, 15, Some(18)),
        ("2008-06-15", 2026, 5, 30, Some(17)),
        ("2008-06-15", 2026, 7, 1, Some(18)),
        ("2008-06-15", 2008, 6, 15, Some(0)),
        ("2008-06-15", 2009, 6, 14, Some(0)),
        ("2008-02-29", 2026, 2, 28, Some(17)),
        ("2008-02-29", 2026, 3, 1, Some(18)),
        ("2008-02-29", 2028, 2, 29, Some(20)),
        ("1900-01-01", 2100, 1, 1, Some(200)),
        ("2008-06-15", 2008, 6, 14, None),
        ("2008-06-15", 2007, 12, 31, None),
        ("2008-06-15", 2026, 2, 29, None),
        ("2008-06-15", 2026, 13, 1, None),
        ("2008-06-15", 2026, 1, 0, None),
    ] {
        let read = BirthDate::parse(born);
        assert_eq!(
            read.as_ref().map(|date| date.age_on(year, month, day)),
            Ok(age),
            "born {born}, on {year}-{month}-{day}"
        );
    }
}

#[test]
fn dates_are_ordered_by_day() -> Result<(), IdentifierError> {
    let earlier = BirthDate::parse("1984-06-15")?;
    assert!(earlier < BirthDate::parse("1984-07-01")?);
    assert!(earlier < BirthDate::parse("1985-01-01")?);
    Ok(())
}

#[test]
fn debug_hides_the_date() {
    assert_eq!(format!("{:?}", BirthDate::parse("1984-06-15")), "Ok(BirthDate(…))");
}

proptest! {
    #[test]
    fn no_text_panics(
        text in any::<String>(),
        near in "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        year in any::<u16>(),
        month in any::<u8>(),
        day in any::<u8>(),
    ) {
        for written in [text, near] {
            if let Ok(date) = BirthDate::parse(&written) {
                prop_assert_eq!(date.canonical(), written.as_str());
                let _ = date.age_on(year, month, day);
            }
        }
    }

    #[test]
    fn every_day_up_to_the_28th_exists_and_is_its_own_canonical_form(
        year in 1900_u16..=2100,
        month in 1_u8..=12,
        day in 1_u8..=28,
    ) {
        let written = format!("{year}-{month:02}-{day:02}");
        let read = BirthDate::parse(&written);
        prop_assert_eq!(read.as_ref().map(BirthDate::canonical), Ok(written.as_str()));
        prop_assert_eq!(read.as_ref().map(|date| date.age_on(year, month, day)), Ok(Some(0)));
    }
}
