//! What a desk is to do, and how it reports.

use time::ext::NumericalDuration as _;
use wire::ActionStep::{Accepted, Cancelled, Done, NotDone, Set};

use super::*;

/// An action for a housing desk, to be done within two days.
pub(super) fn set() -> wire::Message {
    let kind = Kind::Action(wire::Action {
        step: Set.into(),
        pathway: wire::Pathway::Accommodation.into(),
        owner: Some(wire::Addressee { agency: "stockport-council".into(), desk: "housing".into() }),
        settles_message_id: String::new(),
    });
    but(of_kind(kind), |message| message.act_by = Some(stamp(NOON + 2.days())))
}

fn change(change: impl FnOnce(&mut wire::Action)) -> wire::Message {
    let mut message = set();
    let Some(Kind::Action(action)) = &mut message.kind else { unreachable!() };
    change(action);
    message
}

/// What is said of an action later on: of one's own by its id, of another's by its release.
fn later(step: wire::ActionStep, settles: &str, answers: &[u8]) -> wire::Message {
    let message = change(|action| {
        action.set_step(step);
        action.owner = None;
        action.settles_message_id = settles.into();
    });
    but(message, |message| {
        message.act_by = None;
        message.in_reply_to = answers.to_vec().into();
    })
}

#[test]
fn an_action_that_is_set_has_an_owner_and_a_day() {
    assert_eq!(faults(set(), NOON), []);
    let endless = but(set(), |message| message.act_by = None);
    let rule = "an action that is set has a day by which it must be done";
    assert_eq!(faults(endless, NOON), fault("act_by", rule));
    let nobodys = change(|action| action.owner = None);
    assert_eq!(faults(nobodys, NOON), fault("action.owner", "an action that is set has an owner"));
    let agencys = change(|action| action.owner.as_mut().unwrap().desk.clear());
    assert_eq!(faults(agencys, NOON), fault("action.owner.desk", "is required: who is to do it"));
    let follows = change(|action| action.settles_message_id = EARLIER.into());
    let rule = "an action that is set reports on none";
    assert_eq!(faults(follows, NOON), fault("action.settles_message_id", rule));
    let answers = but(set(), |message| message.in_reply_to = RELEASE.to_vec().into());
    assert_eq!(faults(answers, NOON), fault("in_reply_to", rule));
}

#[test]
fn a_report_answers_the_release_and_a_cancellation_names_the_message() {
    let release =
        fault("in_reply_to", "is required: the release under which the action came to you");
    let message = fault("action.settles_message_id", "is required: the action that is cancelled");
    let both = fault(
        "in_reply_to",
        "a message reports on one of your own or answers another's, and not both",
    );
    for step in [Accepted, Done, NotDone] {
        assert_eq!(faults(later(step, "", &RELEASE), NOON), [], "{step:?}");
        assert_eq!(faults(later(step, "", &[]), NOON), release, "{step:?}");
        assert_eq!(faults(later(step, EARLIER, &[]), NOON), release, "{step:?}");
        assert_eq!(faults(later(step, EARLIER, &RELEASE), NOON), both, "{step:?}");
    }
    assert_eq!(faults(later(Cancelled, EARLIER, &[]), NOON), []);
    assert_eq!(faults(later(Cancelled, "", &[]), NOON), message);
    assert_eq!(faults(later(Cancelled, "", &RELEASE), NOON), message);
    assert_eq!(faults(later(Cancelled, EARLIER, &RELEASE), NOON), both);
}

#[test]
fn a_cancellation_goes_to_those_who_were_given_the_action_and_to_nobody_else() {
    let admitted = admit(later(Cancelled, EARLIER, &[]), sender(), &vault(), NOON).unwrap();
    let (field, reach) = ("action.settles_message_id", Reach::HoldersOnly);
    assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }));
}

#[test]
fn nobody_is_named_as_owner_once_an_action_is_set() {
    for (step, settles, answers) in
        [(Accepted, "", &RELEASE[..]), (Done, "", &RELEASE), (Cancelled, EARLIER, &[])]
    {
        let mut message = later(step, settles, answers);
        let Some(Kind::Action(action)) = &mut message.kind else { unreachable!() };
        action.owner = Some(wire::Addressee { agency: "gmp".into(), desk: "offenders".into() });
        let rule = "is given when an action is set, and only then";
        assert_eq!(faults(message, NOON), fault("action.owner", rule), "{step:?}");
    }
}

#[test]
fn whoever_is_kept_out_is_no_owner() {
    let told = |agency: &str| {
        faults(but(set(), |message| message.not_to = vec!["gmp".into(), agency.into()]), NOON)
    };
    assert_eq!(told("probation"), []);
    assert_eq!(told("stockport-council"), fault("not_to[1]", "is named as owner as well"));
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let empty = of_kind(Kind::Action(wire::Action::default()));
    let required = all(&[("action.step", "is required"), ("action.pathway", "is required")]);
    assert_eq!(faults(empty, NOON), required);
    let unknown = change(|action| (action.step, action.pathway) = (99, 99));
    let unknown_values =
        all(&[("action.step", "is not a known value"), ("action.pathway", "is not a known value")]);
    assert_eq!(faults(unknown, NOON), unknown_values);
}
