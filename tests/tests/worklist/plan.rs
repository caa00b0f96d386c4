//! The joint release plan: what holds once somebody is out, and what came of what was to be done.

use agency_client::compose::{ActionReport, ReleaseId};

use super::packs::pack_of;
use super::*;

/// The lines of a part of a pack, up to the next empty one.
fn part<'a>(pack: &'a str, title: &str) -> Vec<&'a str> {
    let lines = pack.lines().skip_while(|line| *line != title).skip(1);
    lines.take_while(|line| !line.is_empty()).map(str::trim).collect()
}

#[tokio::test]
async fn a_plan_says_what_holds_on_the_day_and_each_action_what_came_of_it() {
    let (world, _) = World::on_day(AFTERNOON).await;
    flag(&world).await;
    takes(&world, PROBATION, 1).await;
    takes(&world, SAFETY, 1).await;
    // Prisons say when he is to leave, and under which condition.
    let provisional = wire::CustodyCertainty::Provisional;
    let mut leaves = release(id(), provisional, datetime!(2026-10-20 08:00 UTC))
        .statement(wire::Field::LicenceConditionCode, wire::Footing::Fact, &[0], "NLC5 (invented)")
        .build()
        .unwrap();
    let Some(wire::message::Kind::Custody(custody)) = &mut leaves.kind else { panic!("custody") };
    custody.dates = Some(wire::SentenceDates {
        curfew_ends_on: "2026-11-20".to_owned(),
        licence_ends_on: "2027-02-01".to_owned(),
        sentence_ends_on: "2027-02-01".to_owned(),
        supervision_ends_on: "2027-10-20".to_owned(),
    });
    publish(&world, PRISONS, leaves).await;
    takes(&world, POLICE, 1).await;
    takes(&world, PROBATION, 1).await;
    // Probation sets housing an action, and housing says that it is done.
    publish(&world, PROBATION, a_roof(id())).await;
    takes(&world, POLICE, 1).await;
    let mut housing = world.mailbox(HOUSING.0, HOUSING.1, HOUSING.2).await;
    let came = next(&mut housing).await;
    came.acknowledge().await.unwrap();
    let came_under = ReleaseId::new(&came.delivery.release_id).unwrap();
    let grounds = Grounds { lawful_basis: wire::LawfulBasis::Gdpr61E, ..FLAG_GROUNDS };
    let pathway = wire::Pathway::Accommodation;
    let done =
        compose::action_report(id(), grounds, brook(), pathway, came_under, ActionReport::Done)
            .statement(wire::Field::HousingNeed, wire::Footing::Fact, &[0], "A room is kept.")
            .build()
            .unwrap();
    publish(&world, HOUSING, done).await;
    takes(&world, POLICE, 1).await;

    let pack = pack_of(&world, POLICE).await;
    let day = "No. 3 | When Tuesday 20 October 2026, 09:00 | What";
    let ends =
        |day, what| format!("No. 3 | When {day} | What {what} | Who hmpps-prisons/movements");
    let plan = [
        format!(
            "{day} Custody: release, provisional | Who hmpps-prisons/movements | Status this desk is \
             to act by Wednesday 7 October 2026, 17:00"
        ),
        format!(
            "{day} Licence condition code (fact, of Invented Brook): NLC5 (invented) | Who \
             hmpps-prisons/movements"
        ),
        ends("20 November 2026", "Home detention curfew ends"),
        ends("1 February 2027", "Licence ends"),
        ends("1 February 2027", "Sentence ends"),
        ends("20 October 2027", "Post-sentence supervision ends"),
    ];
    assert_eq!(part(&pack, "JOINT RELEASE PLAN"), plan, "\n{pack}");
    // Done is done: nobody has to act on it any more.
    let action = "No. 2 | Due Tuesday 20 October 2026, 12:00 | Pathway Accommodation | What Housing \
                  need (fact, of Invented Brook): A room by himself. Invented. Offence class (fact, \
                  of Invented Brook): burglary (dwelling) | Owner stockport-council/housing | Outcome \
                  done (told Tuesday 6 October 2026, 17:00) Housing need (fact, of Invented Brook): A \
                  room is kept.";
    assert_eq!(part(&pack, "ACTIONS"), [action], "\n{pack}");
}
