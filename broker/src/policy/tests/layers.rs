//! Layers and time: agreements start and end, agencies forbid for themselves, a rule that
//! cannot be evaluated refuses everything, and the hash names exactly what was read.

use super::*;
use crate::clock::Span;

fn desk(id: &str) -> usize {
    let (agency, desk) = id.split_once('/').unwrap();
    directory().desk_index(agency, desk).unwrap()
}

fn by_consent() -> Question {
    Question {
        gateway: Gateway::Consent,
        purpose: Purpose::Resettlement,
        lawful_basis: LawfulBasis::Dpa2018S35Consent,
        ..with_fields(release(), &[Field::SubjectName])
    }
}

fn with(extra: &[(&str, &str)]) -> Vec<BundleFile> {
    let mut all = files();
    all.extend(extra.iter().map(|(path, text)| file(path, text)));
    all
}

#[test]
fn an_agreement_is_in_force_from_its_start_and_no_longer_at_its_end() {
    let bundle = read(&files());
    let rows = [
        (datetime!(2025-12-31 23:59:59 UTC), Some(datetime!(2026-01-01 0:00 UTC)), "no permit"),
        (datetime!(2026-04-30 23:59:59 UTC), Some(datetime!(2026-05-01 0:00 UTC)), "no permit"),
        (
            datetime!(2026-05-01 0:00 UTC),
            Some(datetime!(2026-09-01 0:00 UTC)),
            "permitted: mentors/at-the-gate",
        ),
        (
            datetime!(2026-08-31 23:59:59 UTC),
            Some(datetime!(2026-09-01 0:00 UTC)),
            "permitted: mentors/at-the-gate",
        ),
        (datetime!(2026-09-01 0:00 UTC), Some(datetime!(2027-01-01 0:00 UTC)), "no permit"),
        (datetime!(2028-04-01 0:00 UTC), None, "no permit"),
    ];
    for (now, until, expected) in rows {
        let in_force = bundle.in_force(&directory(), now);
        assert_eq!(in_force.until(), until, "{now}");
        let verdict = in_force.decide(desk("mentors/mentoring"), &by_consent(), ADDRESSED);
        assert_eq!(said(&verdict), expected, "{now}");
    }
}

#[test]
fn where_the_moment_is_uncertain_an_agreement_must_be_in_force_at_each_it_may_be() {
    let bundle = read(&files());
    let (april, may) = (datetime!(2026-04-30 23:00 UTC), datetime!(2026-05-01 1:00 UTC));
    let (august, september) = (datetime!(2026-08-31 23:00 UTC), datetime!(2026-09-01 1:00 UTC));
    let rows = [
        (april, may, "no permit"),
        (may, august, "permitted: mentors/at-the-gate"),
        (august, september, "no permit"),
        (april, september, "no permit"),
    ];
    for (earliest, latest, expected) in rows {
        let in_force = bundle.in_force(&directory(), Span { earliest, latest });
        let verdict = in_force.decide(desk("mentors/mentoring"), &by_consent(), ADDRESSED);
        assert_eq!(said(&verdict), expected, "{earliest} to {latest}");
    }
}

#[test]
fn rules_hold_until_an_agreement_starts_or_ends_in_whichever_direction_time_goes() {
    let bundle = read(&files());
    let (april, may) = (datetime!(2026-04-30 23:00 UTC), datetime!(2026-05-01 1:00 UTC));
    let (august, september) = (datetime!(2026-08-31 23:00 UTC), datetime!(2026-09-01 1:00 UTC));
    let rows = [(april, false), (may, true), (august, true), (september, false)];
    let made_in_may = bundle.in_force(&directory(), may);
    for (now, holds) in rows {
        assert_eq!(made_in_may.holds(now), holds, "{now}");
    }
    assert!(!made_in_may.holds(Span { earliest: april, latest: may }), "it may not have begun");
    assert!(!made_in_may.holds(Span { earliest: may, latest: september }), "it may have ended");
    assert!(InForce::nothing().holds(may));
}

#[test]
fn without_a_bundle_everything_is_refused() {
    let nothing = InForce::nothing();
    for question in [release(), correction(), mappa(), task(TaskKind::AreaUnknown)] {
        assert_eq!(said(&nothing.decide(0, &question, OWNER)), "no permit");
    }
    assert_eq!(nothing.until(), None);
    assert_eq!(nothing.hash(), None);
}

#[test]
fn an_empty_bundle_is_the_platform_alone() {
    let platform = read(&[]).in_force(&directory(), NOON);
    check(
        &platform,
        vec![
            ("no agreement", "north-police/offenders", release(), OWNER, "no permit"),
            (
                "a statute",
                "prisons/custody",
                mappa(),
                ADDRESSED,
                "permitted: platform/cja2003-s325; withheld risk; handling no_onward not_to_subject",
            ),
        ],
    );
}

#[test]
fn an_agency_forbids_for_itself_as_sender_and_as_recipient() {
    let rules = "@id(\"no-wanted-news\")\n\
                 forbid (principal, action, resource) when { context.flags.contains(\"ppo\") };";
    let north = read(&with(&[("agencies/north-police.cedar", rules)])).in_force(&directory(), NOON);
    let forbidden = "forbidden: agency/north-police/no-wanted-news";
    check(
        &north,
        vec![
            ("as recipient", "north-police/offenders", release(), OWNER, forbidden),
            ("as sender", "probation/offenders", intelligence(), IN_AREA, forbidden),
            (
                "between others",
                "probation/offenders",
                release(),
                OWNER,
                "permitted: offenders/urgent-custody; withheld address; \
                 masked subject_birth_date; act by hours 4",
            ),
            (
                "never a correction",
                "north-police/offenders",
                correction(),
                NO_STAKE,
                "permitted: platform/duty-to-correct; withheld subject_name subject_birth_date \
                 hmpps_identifiers custody_prison custody_reason address",
            ),
        ],
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_refuses_the_whole_decision() {
    let overflow = "@id(\"overflows\")\n\
        forbid (principal, action, resource) \
        when { (context.mappa_category + 9223372036854775807) > 0 && context.stake_in_area };";
    let in_force =
        read(&with(&[("agencies/south-police.cedar", overflow)])).in_force(&directory(), NOON);
    check(
        &in_force,
        vec![
            (
                "where it fails",
                "south-police/offenders",
                mappa(),
                IN_AREA,
                "error: agency/south-police/overflows",
            ),
            (
                "nobody else is harmed",
                "prisons/custody",
                mappa(),
                ADDRESSED,
                "permitted: platform/cja2003-s325; withheld risk; handling no_onward not_to_subject",
            ),
        ],
    );
    let place = desk("south-police/offenders");
    let before = in_force.misses();
    let _ = in_force.decide(place, &mappa(), IN_AREA);
    let _ = in_force.decide(place, &mappa(), IN_AREA);
    assert_eq!(in_force.misses() - before, 2, "an error is never kept");
}

#[test]
fn a_permit_that_cannot_be_evaluated_refuses_too() {
    let broken = include_str!("offenders.toml").replace(
        "when = 'context.urgency == \"immediate\"'",
        "when = 'context.urgency == \"immediate\" && -(context.mappa_level) * 9223372036854775807 * 2 != context.mappa_category + 9223372036854775807 + 1'",
    );
    let in_force = read(&[file("agreements/offenders.toml", &broken)]).in_force(&directory(), NOON);
    check(
        &in_force,
        vec![(
            "the other permit would do",
            "north-police/offenders",
            release(),
            OWNER,
            "error: offenders/urgent-custody",
        )],
    );
}

#[test]
fn the_same_is_asked_once() {
    let in_force = in_force();
    let place = desk("north-police/offenders");
    let first = in_force.decide(place, &release(), OWNER);
    let second = in_force.decide(place, &release(), OWNER);
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!((in_force.hits(), in_force.misses()), (1, 1));
    let other = in_force.decide(place, &release(), IN_AREA);
    assert_ne!(first, other);
    assert_eq!((in_force.hits(), in_force.misses()), (1, 2));
}

#[test]
fn a_desk_nobody_knows_is_refused() {
    assert_eq!(said(&in_force().decide(999, &release(), OWNER)), "error: ");
}

#[test]
fn the_hash_names_paths_and_texts_whatever_their_order() {
    let mut turned = files();
    turned.reverse();
    assert_eq!(read(&files()).hash(), read(&turned).hash());
    let mut changed = files();
    changed[0].text.push('\n');
    assert_ne!(read(&files()).hash(), read(&changed).hash());
    let mut moved = files();
    moved[0].path = "agreements/other.toml".into();
    assert_ne!(read(&files()).hash(), read(&moved).hash());
}

#[test]
fn the_bundle_tells_its_rules_and_dates() {
    let platform = read(&[]).rules();
    assert_eq!(platform, 48 + 13, "rules of platform.cedar, and one for each gateway");
    let bundle = read(&files());
    assert_eq!(bundle.rules(), platform + 9 + 2 + 1 + 3 + 2 + 7);
    let mentors = bundle.terms().iter().find(|term| &*term.id == "mentors").unwrap();
    assert_eq!(mentors.review, datetime!(2026-07-01 0:00 UTC));
}
