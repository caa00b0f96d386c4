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
