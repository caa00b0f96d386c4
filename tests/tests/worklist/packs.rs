//! A tasking group meets about one person: each desk's pack is its own.

use agency_client::cli::briefing::{About, Nominal, Worklist, pack};
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;

use super::*;

const MANCHESTER: Place = ("gmp", "records", "manchester");

/// A pack as text. The line that says under which ids something was given differs each time, and
/// is cut to its beginning.
fn text((agency, _, desk): Place, nominal: &Nominal, worklist: &Worklist) -> String {
    let about = About {
        agency: agency.to_owned(),
        desk: desk.to_owned(),
        person: OFFICER.to_owned(),
        purpose: "offender management".to_owned(),
        drawn_at: worklist.as_of,
    };
    let text = pack(about, [(nominal, worklist)]).text();
    let lines = text.lines().map(|line| {
        let given = line.trim_start().starts_with("Given:");
        if given { line.split(';').next().unwrap() } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn named_brook() -> Nominal {
    Nominal { name: "Invented Brook".to_owned(), ..Nominal::default() }
}

pub async fn pack_of(world: &World, place: Place) -> String {
    let worklist = ask(world, place, by_name(place.2, "brook, INVENTED")).await.unwrap();
    text(place, &named_brook(), &worklist)
}

#[tokio::test]
async fn four_desks_meet_about_one_person_and_each_has_a_pack_of_its_own() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let mut faults = Vec::new();
    for (place, expected) in [
        (HOUSING, include_str!("../../expected/pack-housing.txt")),
        (SAFETY, include_str!("../../expected/pack-community-safety.txt")),
        (POLICE, include_str!("../../expected/pack-police.txt")),
        (PROBATION, include_str!("../../expected/pack-probation.txt")),
    ] {
        let pack = pack_of(&world, place).await;
        if pack != expected.trim_end() {
            faults.push(format!("{}/{} reads:\n{pack}", place.0, place.2));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[tokio::test]
async fn of_whom_a_desk_has_nothing_it_is_answered_as_of_nobody() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let parts = async |place: Place, request: wire::ReadWorklistRequest| {
        let mut client = world.node(place.0, place.1).await.exchange().await.unwrap();
        let mut parts = client.read_worklist(request).await.unwrap().into_inner();
        let mut bytes = Vec::new();
        while let Some(part) = parts.message().await.unwrap() {
            bytes.push(part.encode_to_vec());
        }
        bytes
    };
    let nobody = parts(HOUSING, by_noms("housing", "A9999AA")).await;
    assert_eq!(nobody.len(), 2, "a beginning and an end");
    // Brook's number is on the broker, and in the very action that housing was given: it was withheld
    // from housing, and so finds nothing.
    assert_eq!(parts(HOUSING, by_noms("housing", "A3401AA")).await, nobody);
    assert_eq!(parts(POLICE, by_noms("stockport", "A3401AA")).await.len(), 3);
    // The other desk of the same agency was given the flag and not the action.
    assert_eq!(parts(SAFETY, by_noms("community-safety", "A3401AA")).await, nobody);
    assert_eq!(parts(SAFETY, by_name("community-safety", "Invented Elsewhere")).await, nobody);
}

#[tokio::test]
async fn a_person_by_another_birth_date_is_somebody_else() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    let mut of_brook = by_name("stockport", "Invented Brook");
    for (birth_date, items) in [("1990-07-21", 1), ("1991-07-21", 0)] {
        of_brook.birth_date = birth_date.to_owned();
        let read = ask(&world, POLICE, of_brook.clone()).await.unwrap();
        assert_eq!(read.items.len(), items, "{birth_date}");
    }
}

#[tokio::test]
async fn what_still_waits_for_a_desk_is_not_read_there_because_another_desk_has_it() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    let certainty = wire::CustodyCertainty::Confirmed;
    let both = release(id(), certainty, AFTERNOON).addressee("gmp", "manchester");
    publish(&world, PRISONS, both.build().unwrap()).await;
    takes(&world, POLICE, 1).await;
    let items = async || ask(&world, MANCHESTER, news("manchester")).await.unwrap().items.len();
    assert_eq!(items().await, 0, "nothing was released to this desk");
    takes(&world, MANCHESTER, 1).await;
    assert_eq!(items().await, 1);
}

#[tokio::test]
async fn a_victim_is_found_by_nobody() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    let victim = Person::new(wire::SubjectCategory::Victim)
        .name("Invented Harmed")
        .birth_date("1980-01-01")
        .limited_access(wire::LimitedAccess::No);
    let certainty = wire::CustodyCertainty::Confirmed;
    publish(&world, PRISONS, release(id(), certainty, AFTERNOON).person(victim).build().unwrap())
        .await;
    takes(&world, POLICE, 1).await;
    let shown = ask(&world, POLICE, news("stockport")).await.unwrap();
    let names: Vec<_> = bodies(&shown)[0].subjects.iter().map(|one| one.name.clone()).collect();
    assert!(names.contains(&"Invented Brook".to_owned()), "{names:?}");
    let by_victim = ask(&world, POLICE, by_name("stockport", "Invented Harmed")).await.unwrap();
    assert_eq!(by_victim.items.len(), 0);
    let by_offender = ask(&world, POLICE, by_noms("stockport", "A3401AA")).await.unwrap();
    assert_eq!(by_offender.items.len(), 1);
}

#[tokio::test]
async fn another_desk_is_answered_as_one_that_does_not_exist() {
    let (world, _) = World::on_day(AFTERNOON).await;
    a_month(&world).await;
    for (place, desk) in [
        (HOUSING, "community-safety"),
        (HOUSING, "no-such-desk"),
        (POLICE, "wirral"),
        (POLICE, "force-intelligence"),
    ] {
        let ReadError::Call(error) = ask(&world, place, news(desk)).await.err().unwrap() else {
            panic!("the broker must answer")
        };
        assert_eq!(error.refused().unwrap().refusal, Some(Refusal::NotFound), "{desk}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said_field_by_field() {
    let (world, _) = World::on_day(AFTERNOON).await;
    let mut wrong = by_noms("housing", "not a number");
    wrong.acting_person.clear();
    wrong.purpose = 0;
    wrong.since = Some(compose::timestamp(AFTERNOON));
    let ReadError::Call(error) = ask(&world, HOUSING, wrong).await.err().unwrap() else {
        panic!("the broker must answer")
    };
    let refused = error.refused().unwrap();
    assert_eq!(refused.refusal, Some(Refusal::InvalidRequest));
    let fields: Vec<_> = refused.violations.iter().map(|fault| fault.field.clone()).collect();
    assert_eq!(fields, ["acting_person", "purpose", "since", "identifiers[0]"]);
    assert_eq!(world.records("consultation").len(), 0, "nothing was looked at");
}
