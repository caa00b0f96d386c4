//! Whom a flag may be put on, and until when it may stand unreviewed.

use super::*;

/// A flag on an invented person.
pub(super) fn flag(action: wire::FlagAction, review_date: &str) -> wire::Message {
    let kind = Kind::Flag(wire::Flag {
        flag_kind: wire::FlagKind::Ppo.into(),
        action: action.into(),
        owner: Some(wire::Addressee { agency: "gmp".into(), desk: "offenders".into() }),
        review_date: review_date.into(),
        panel_decision_id: "33333333-3333-4333-8333-333333333333".into(),
        ..wire::Flag::default()
    });
    wire::Message { kind: Some(kind), ..message() }
}

#[test]
fn a_review_lies_ahead_and_a_flag_that_is_taken_off_needs_none() {
    use wire::FlagAction::{Amend, Deselect, Propose, Raise, Transfer};
    let past = "must not be before the day of acceptance";
    for (action, review, expected) in [
        (Raise, "2026-11-23", None),
        (Raise, "2026-11-22", Some(past)),
        (Amend, "2026-11-23", None),
        (Amend, "2026-11-22", Some(past)),
        (Transfer, "2026-11-22", Some(past)),
        (Propose, "2026-11-22", Some(past)),
        (Deselect, "2026-11-22", None),
        (Raise, "", Some("is required: every flag is reviewed")),
        (Amend, "", Some("is required: every flag is reviewed")),
        (Transfer, "", None),
        (Propose, "", None),
        (Deselect, "", None),
        (Raise, "1700-01-01", Some("must be in the years 1900 to 2100")),
        (Raise, "9999-01-01", Some("must be in the years 1900 to 2100")),
        (Raise, "next spring", Some("must be a calendar date, YYYY-MM-DD")),
    ] {
        let expected = expected.map(|rule| fault("flag.review_date", rule)).unwrap_or_default();
        assert_eq!(faults(flag(action, review), NOON), expected, "{action:?} {review}");
    }
}

#[test]
fn a_panel_decision_is_told_whether_it_is_missing_or_misshapen() {
    let decided = |id: &str| {
        let mut flag = flag(wire::FlagAction::Raise, "2027-06-01");
        let Some(Kind::Flag(change)) = &mut flag.kind else { unreachable!() };
        change.panel_decision_id = id.into();
        faults(flag, NOON)
    };
    let field = "flag.panel_decision_id";
    assert_eq!(decided(""), fault(field, "is required: the panel that decided"));
    assert_eq!(decided("one"), fault(field, "must be a UUID in its 36-character form"));
}

#[test]
fn a_flag_is_put_on_nobody_whom_no_list_may_name() {
    use wire::SubjectCategory::{
        Associate, Convicted, Managed, Other, Suspect, Unspecified, Victim, Witness,
    };
    let nobody = "a flag is put on a suspect, a convicted or a managed person only";
    for (category, expected) in [
        (Suspect, None),
        (Convicted, None),
        (Managed, None),
        (Victim, Some(nobody)),
        (Witness, Some(nobody)),
        (Associate, Some(nobody)),
        (Other, Some(nobody)),
        (Unspecified, Some("is required (DPA 2018 s.38(3))")),
    ] {
        for action in [wire::FlagAction::Raise, wire::FlagAction::Deselect] {
            let mut flag = flag(action, "2027-06-01");
            flag.subjects.first_mut().unwrap().set_category(category);
            let expected = expected.map(|rule| fault("subjects[0].category", rule));
            assert_eq!(faults(flag, NOON), expected.unwrap_or_default(), "{category:?}");
        }
    }
}

/// A flag of a list, with its review ahead, after a change.
fn change(action: wire::FlagAction, change: impl FnOnce(&mut wire::Flag)) -> wire::Message {
    let mut message = flag(action, "2027-06-01");
    let Some(Kind::Flag(flag)) = &mut message.kind else { unreachable!() };
    change(flag);
    message
}

#[test]
fn a_panel_decides_who_is_put_on_handed_over_or_let_go() {
    use wire::FlagAction::{
        Amend, Deselect, Nominate, PlanExit, Propose, Raise, Rerefer, Resume, Suspend, Transfer,
    };
    let rule = "is required: the panel that decided";
    for (action, expected) in [
        (Propose, None),
        (Nominate, None),
        (Raise, Some(rule)),
        (Amend, None),
        (Transfer, Some(rule)),
        (Suspend, None),
        (Resume, None),
        (PlanExit, Some(rule)),
        (Deselect, Some(rule)),
        (Rerefer, None),
    ] {
        let told = faults(change(action, |flag| flag.panel_decision_id.clear()), NOON);
        assert_eq!(told, perhaps("flag.panel_decision_id", expected), "{action:?}");
    }
}

#[test]
fn no_panel_meets_on_a_death() {
    use wire::FlagExit::{Custody, Death, Error, Moved, ReducedRisk};
    let rule = "is required: the panel that decided";
    for (exit, expected) in [
        (Death, None),
        (ReducedRisk, Some(rule)),
        (Custody, Some(rule)),
        (Moved, Some(rule)),
        (Error, Some(rule)),
    ] {
        let undecided = change(wire::FlagAction::Deselect, |flag| {
            flag.panel_decision_id.clear();
            flag.set_exit(exit);
        });
        assert_eq!(
            faults(undecided, NOON),
            perhaps("flag.panel_decision_id", expected),
            "{exit:?}"
        );
    }
}

#[test]
fn why_somebody_is_let_go_is_said_when_they_are() {
    use wire::FlagAction::{Amend, Deselect, PlanExit, Raise, Suspend};
    let rule = "is why a flag is taken off: give it on de-select only";
    for (action, expected) in [
        (Deselect, None),
        (PlanExit, Some(rule)),
        (Raise, Some(rule)),
        (Amend, Some(rule)),
        (Suspend, Some(rule)),
    ] {
        let told = faults(change(action, |f| f.set_exit(wire::FlagExit::ReducedRisk)), NOON);
        assert_eq!(told, perhaps("flag.exit", expected), "{action:?}");
    }
}

#[test]
fn a_panel_has_met_and_names_who_decided_together() {
    let together = "is given with panel_date, and only with it: the agencies that decided together";
    let ids = "are at most 16 agency ids, each once";
    let agencies = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let many: Vec<String> = (0..17).map(|number| format!("agency-{number}")).collect();
    let (date, agreed) = ("flag.panel_date", "flag.agreed_by");
    for (met, by, field, expected) in [
        ("2026-11-23", agencies(&["gmp", "stockport-council"]), date, None),
        ("", vec![], date, None),
        ("2026-11-24", agencies(&["gmp"]), date, Some("must not be after the day of acceptance")),
        ("Tuesday", agencies(&["gmp"]), date, Some("must be a calendar date, YYYY-MM-DD")),
        ("2026-11-16", vec![], agreed, Some(together)),
        ("", agencies(&["gmp"]), agreed, Some(together)),
        ("2026-11-16", agencies(&["gmp", "gmp"]), agreed, Some(ids)),
        ("2026-11-16", agencies(&["Greater Manchester"]), agreed, Some(ids)),
        ("2026-11-16", many.iter().take(16).cloned().collect(), agreed, None),
        ("2026-11-16", many, agreed, Some(ids)),
    ] {
        let written = by.clone();
        let told = faults(
            change(wire::FlagAction::Raise, |flag| {
                (flag.panel_date, flag.agreed_by) = (met.into(), by);
            }),
            NOON,
        );
        assert_eq!(told, perhaps(field, expected), "{met} {written:?}");
    }
}

#[test]
fn cohorts_are_those_of_integrated_offender_management() {
    use wire::FlagKind::{Dip, HighRiskYouth, Iom, Mappa, Ppo};
    let rule = "fixed, flex and free are cohorts of integrated offender management only";
    for cohort in [wire::FlagCohort::Fixed, wire::FlagCohort::Flex, wire::FlagCohort::Free] {
        for (kind, expected) in [
            (Iom, None),
            (Ppo, Some(rule)),
            (Dip, Some(rule)),
            (Mappa, Some(rule)),
            (HighRiskYouth, Some(rule)),
        ] {
            let told = faults(
                change(wire::FlagAction::Raise, |flag| {
                    flag.set_flag_kind(kind);
                    flag.set_cohort(cohort);
                }),
                NOON,
            );
            assert_eq!(told, perhaps("flag.cohort", expected), "{cohort:?} {kind:?}");
        }
    }
}

#[test]
fn blue_means_in_custody_and_only_who_is_suspended_is() {
    use wire::FlagAction::{Amend, Raise, Resume, Suspend};
    use wire::FlagRating::{Amber, Blue, Green, Red};
    let rule = "blue means in custody: the flag is then suspended";
    for (action, rating, expected) in [
        (Suspend, Blue, None),
        (Suspend, Amber, None),
        (Raise, Red, None),
        (Amend, Green, None),
        (Raise, Blue, Some(rule)),
        (Amend, Blue, Some(rule)),
        (Resume, Blue, Some(rule)),
    ] {
        let told = faults(change(action, |flag| flag.set_rating(rating)), NOON);
        assert_eq!(told, perhaps("flag.rating", expected), "{action:?} {rating:?}");
    }
}

#[test]
fn limited_access_is_no_list() {
    use wire::FlagAction::{
        Amend, Deselect, Nominate, PlanExit, Raise, Rerefer, Resume, Suspend, Transfer,
    };
    let rule = "limited access is no list: it is raised, amended, transferred or taken off";
    for (action, expected) in [
        (Raise, None),
        (Amend, None),
        (Transfer, None),
        (Deselect, None),
        (Nominate, Some(rule)),
        (Suspend, Some(rule)),
        (Resume, Some(rule)),
        (PlanExit, Some(rule)),
        (Rerefer, Some(rule)),
    ] {
        let told = faults(
            change(action, |flag| {
                flag.set_flag_kind(wire::FlagKind::LimitedAccess);
            }),
            NOON,
        );
        assert_eq!(told, perhaps("flag.action", expected), "{action:?}");
    }
}

#[test]
fn an_adult_is_not_put_on_the_list_of_children_and_may_turn_18_on_it() {
    use wire::AgeAssertion::{Adult, Disputed, Unspecified};
    use wire::FlagAction::{
        Amend, Deselect, Nominate, Propose, Raise, Rerefer, Resume, Suspend, Transfer,
    };
    let rule = "nobody of 18 or over is put on the list of children";
    let told = |action, birth_date, age| {
        let flag = change(action, |flag| flag.set_flag_kind(wire::FlagKind::Hccu));
        faults(aged(flag, birth_date, age), NOON)
    };
    for action in [Propose, Nominate, Raise, Rerefer] {
        for (birth_date, age, expected) in [
            ("2008-11-23", Unspecified, Some(rule)),
            ("", Adult, Some(rule)),
            ("2008-11-24", Unspecified, None),
            ("2008-11-23", Disputed, None),
            ("", Unspecified, None),
        ] {
            let expected = perhaps("flag.flag_kind", expected);
            assert_eq!(told(action, birth_date, age), expected, "{action:?} {birth_date} {age:?}");
        }
    }
    for action in [Amend, Transfer, Suspend, Resume, Deselect] {
        assert_eq!(told(action, "2008-11-23", Unspecified), [], "{action:?}");
    }
}

#[test]
fn a_transfer_names_the_new_owner_and_a_manager_is_known_by_an_id() {
    let ownerless = change(wire::FlagAction::Transfer, |flag| flag.owner = None);
    assert_eq!(faults(ownerless, NOON), fault("flag.owner", "a transfer names the new owner"));
    let named = change(wire::FlagAction::Raise, |flag| flag.manager = "PC Invented".into());
    let rule = "must be a UUID in its 36-character form";
    assert_eq!(faults(named, NOON), fault("flag.manager", rule));
    let known = change(wire::FlagAction::Raise, |flag| flag.manager = EARLIER.into());
    assert_eq!(faults(known, NOON), []);
}

#[test]
fn whoever_is_kept_out_owns_no_flag() {
    let kept = but(flag(wire::FlagAction::Raise, "2027-06-01"), |message| {
        message.not_to = vec!["gmp".into()];
    });
    assert_eq!(faults(kept, NOON), fault("not_to[0]", "is named as owner as well"));
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let empty = of_kind(Kind::Flag(wire::Flag::default()));
    let required = all(&[("flag.flag_kind", "is required"), ("flag.action", "is required")]);
    assert_eq!(faults(empty, NOON), required);
    let unknown = change(wire::FlagAction::Raise, |flag| {
        (flag.flag_kind, flag.action) = (99, 99);
        (flag.cohort, flag.rating, flag.exit) = (0, 99, 0);
    });
    let expected = all(&[
        ("flag.flag_kind", "is not a known value"),
        ("flag.action", "is not a known value"),
        ("flag.rating", "is not a known value"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}

#[test]
fn whoever_is_put_on_a_list_can_be_found_again() {
    let nameless = but(flag(wire::FlagAction::Raise, "2027-06-01"), |message| {
        message.subjects.first_mut().unwrap().identifiers.clear();
    });
    let rule = "a flag needs an identifier";
    assert_eq!(faults(nameless, NOON), fault("subjects[0].identifiers", rule));
}

#[test]
fn a_cohort_and_an_exit_are_known_ones() {
    let cohort = change(wire::FlagAction::Raise, |flag| {
        flag.set_flag_kind(wire::FlagKind::Iom);
        flag.cohort = 99;
    });
    assert_eq!(faults(cohort, NOON), fault("flag.cohort", "is not a known value"));
    let exit = change(wire::FlagAction::Deselect, |flag| flag.exit = 99);
    assert_eq!(faults(exit, NOON), fault("flag.exit", "is not a known value"));
}
