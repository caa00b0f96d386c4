//! What is asked, of whom, by when; and how it is answered.

use time::ext::NumericalDuration as _;
use wire::ResponseOutcome::{Answered, Declined, NotHeld};

use super::*;

/// A question to whoever holds something, to be answered within a week.
pub(super) fn question() -> wire::Message {
    let kind = Kind::Request(wire::Request {
        fields: vec![wire::Field::Risk.into(), wire::Field::Address.into()],
        whoever_holds: true,
    });
    but(of_kind(kind), |message| message.act_by = Some(stamp(NOON + 7.days())))
}

/// An answer to a question.
pub(super) fn answer() -> wire::Message {
    let outcome = Answered.into();
    let kind = Kind::Response(wire::Response { outcome, ..wire::Response::default() });
    but(of_kind(kind), |message| message.in_reply_to = RELEASE.to_vec().into())
}

fn asked(change: impl FnOnce(&mut wire::Request)) -> wire::Message {
    let mut message = question();
    let Some(Kind::Request(request)) = &mut message.kind else { unreachable!() };
    change(request);
    message
}

fn answered(change: impl FnOnce(&mut wire::Response)) -> wire::Message {
    let mut message = answer();
    let Some(Kind::Response(response)) = &mut message.kind else { unreachable!() };
    change(response);
    message
}

#[test]
fn a_question_is_about_things_said_each_once() {
    let rule = "are fields of statements, at least one, each once";
    let risk = i32::from(wire::Field::Risk);
    let name = i32::from(wire::Field::SubjectName);
    for (fields, expected) in [
        (vec![risk], None),
        (vec![], Some(rule)),
        (vec![risk, risk], Some(rule)),
        (vec![name], Some(rule)),
        (vec![0], Some(rule)),
        (vec![risk, 999], Some(rule)),
    ] {
        let told = faults(asked(|request| request.fields.clone_from(&fields)), NOON);
        assert_eq!(told, perhaps("request.fields", expected), "{fields:?}");
    }
    // In order: which was thought of first is nobody's business.
    let admitted = admit(question(), sender(), &vault(), NOON).unwrap();
    let Some(Kind::Request(request)) = admitted.message.kind else { unreachable!() };
    assert_eq!(request.fields, [i32::from(wire::Field::Address), risk]);
}

#[test]
fn either_named_agencies_are_asked_or_whoever_holds_something() {
    let rule = "ask named agencies, or whoever holds something, and not both";
    let agency = wire::Addressee { agency: "stockport-council".into(), desk: String::new() };
    for (whoever_holds, named, expected) in [
        (true, false, None),
        (false, true, None),
        (true, true, Some(rule)),
        (false, false, Some(rule)),
    ] {
        let message = asked(|request| request.whoever_holds = whoever_holds);
        let message =
            but(message, |message| message.addressees.extend(named.then(|| agency.clone())));
        let expected = perhaps("request.whoever_holds", expected);
        assert_eq!(faults(message, NOON), expected, "{whoever_holds} {named}");
    }
}

#[test]
fn a_question_has_a_day_by_which_it_is_answered() {
    let endless = but(question(), |message| message.act_by = None);
    assert_eq!(faults(endless, NOON), fault("act_by", "is required: by when an answer is needed"));
}

#[test]
fn nobody_else_is_asked_about() {
    let rule = "a suspect, a convicted or a managed person is asked about";
    for category in OTHERS {
        let told = faults(standing(question(), category), NOON);
        assert_eq!(told, fault("subjects[0].category", rule), "{category:?}");
    }
}

#[test]
fn an_answer_says_something_a_refusal_why_and_nothing_else_says_anything() {
    let why = all(&[("response.reason", "is given for declined, and for nothing else")]);
    let silent = all(&[("statements", "an answer says something")]);
    let said = all(&[("statements", "only an answer says something")]);
    let both = [why.clone(), said.clone()].concat();
    for (outcome, reason, says, expected) in [
        (Answered, false, true, vec![]),
        (Answered, true, true, why.clone()),
        (Answered, false, false, silent),
        (Declined, true, false, vec![]),
        (Declined, false, false, why.clone()),
        (Declined, true, true, said.clone()),
        (NotHeld, false, false, vec![]),
        (NotHeld, true, false, why),
        (NotHeld, false, true, said),
        (NotHeld, true, true, both),
    ] {
        let message = answered(|response| {
            response.set_outcome(outcome);
            if reason {
                response.set_reason(wire::DeclineReason::Confidential);
            }
        });
        let message = but(message, |message| message.statements.truncate(says.into()));
        assert_eq!(faults(message, NOON), expected, "{outcome:?} {reason} {says}");
    }
}

#[test]
fn an_answer_goes_to_whoever_asked_and_to_nobody_else() {
    let unasked = but(answer(), |message| message.in_reply_to.clear());
    let rule = "is required: the release under which the request came to you";
    assert_eq!(faults(unasked, NOON), fault("in_reply_to", rule));
    let rule = "a response goes to whoever asked, and to nobody else";
    let wider = but(answer(), |message| {
        message.areas = vec![area("E08000007", wire::AreaRole::Resident)];
        message.addressees = vec![wire::Addressee { agency: "gmp".into(), desk: String::new() }];
    });
    assert_eq!(faults(wider, NOON), all(&[("areas", rule), ("addressees", rule)]));
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let empty = of_kind(Kind::Response(wire::Response::default()));
    let expected = all(&[
        ("response.outcome", "is required"),
        ("in_reply_to", "is required: the release under which the request came to you"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
    let unknown = answered(|response| (response.outcome, response.reason) = (99, 99));
    let expected = all(&[
        ("response.outcome", "is not a known value"),
        ("response.reason", "is not a known value"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
    let empty = of_kind(Kind::Request(wire::Request::default()));
    let expected = all(&[
        ("request.fields", "are fields of statements, at least one, each once"),
        ("request.whoever_holds", "ask named agencies, or whoever holds something, and not both"),
        ("act_by", "is required: by when an answer is needed"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
}
