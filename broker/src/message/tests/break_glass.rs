//! What emergency access must say, and what it cannot be used for.

use time::ext::NumericalDuration as _;

use super::*;

const ACTING: &str = "21111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-1111-4111-8111-111111111111";

/// A message that is shared by emergency access, to a desk, for four hours.
fn shared_so(message: wire::Message) -> wire::Message {
    but(message, |message| {
        message.set_urgency(wire::Urgency::Immediate);
        message.set_gateway(wire::Gateway::Vital);
        message.acting_person = ACTING.into();
        message.expires_at = Some(stamp(NOON + 4.hours()));
        message.act_by = None;
        message.addressees =
            vec![wire::Addressee { agency: "south-police".into(), desk: "offenders".into() }];
        message.break_glass = Some(wire::BreakGlass {
            reason: "Invented: somebody is in danger.".into(),
            second_person: SECOND.into(),
        });
    })
}

/// News that somebody is at large.
fn at_large() -> wire::Message {
    but(shared_so(custody::release(wire::CustodyCertainty::Confirmed, NOON)), |message| {
        let Some(Kind::Custody(custody)) = &mut message.kind else { unreachable!() };
        custody.settles_message_id.clear();
    })
}

fn change(change: impl FnOnce(&mut wire::Message)) -> wire::Message {
    but(at_large(), change)
}

#[test]
fn emergency_access_names_two_persons_a_desk_and_an_end() {
    let admitted = admit(at_large(), sender(), &vault(), NOON).unwrap();
    let persons = admitted.break_glass().unwrap();
    let (acting, second) = (persons.acting.to_string(), persons.second.to_string());
    assert_eq!((acting.as_str(), second.as_str()), (ACTING, SECOND));
    assert_eq!(admitted.expires_at, NOON + 4.hours());
    let ordinary = admit(message(), sender(), &vault(), NOON).unwrap();
    assert_eq!(ordinary.break_glass(), None);
}

/// Each of these breaks the one rule of the field.
#[track_caller]
fn broken(rows: Vec<(wire::Message, &str, &str)>) {
    for (message, field, rule) in rows {
        assert_eq!(faults(message, NOON), fault(field, rule), "{field}");
    }
}

fn access(change: impl FnOnce(&mut wire::BreakGlass)) -> wire::Message {
    but(at_large(), |message| change(message.break_glass.as_mut().unwrap()))
}

#[test]
fn it_is_immediate_for_vital_interests_and_ends_within_four_hours() {
    let end = "must be at most 4 hours ahead: emergency access ends by itself";
    let lasting = |end| change(|message| message.expires_at = end);
    broken(vec![
        (
            change(|message| message.set_urgency(wire::Urgency::Routine)),
            "urgency",
            "must be immediate: emergency access is for what cannot wait",
        ),
        (
            change(|message| message.set_gateway(wire::Gateway::PoliceCommonLaw)),
            "gateway",
            "must be vital: emergency access is for vital interests",
        ),
        (lasting(None), "expires_at", end),
        (lasting(Some(stamp(NOON + 4.hours() + 1.seconds()))), "expires_at", end),
        (
            change(|message| message.not_before = Some(stamp(NOON + 1.hours()))),
            "not_before",
            "must not be set: emergency access goes at once",
        ),
    ]);
}

#[test]
fn it_has_a_reason_and_two_different_persons() {
    let second = "break_glass.second_person";
    let reason = "is required: 1 to 500 characters saying why it cannot wait";
    broken(vec![
        (
            change(|message| message.acting_person.clear()),
            "acting_person",
            "is required: emergency access has somebody who answers for it",
        ),
        (
            access(|access| access.second_person.clear()),
            second,
            "is required: a second person is told of every emergency access",
        ),
        (
            access(|access| access.second_person = ACTING.to_uppercase()),
            second,
            "must be somebody else than the acting person",
        ),
        (
            access(|access| access.second_person = "Invented".into()),
            second,
            "must be a UUID in its 36-character form",
        ),
        (access(|access| access.reason.clear()), "break_glass.reason", reason),
        (access(|access| access.reason = "x".repeat(501)), "break_glass.reason", reason),
        (
            access(|access| access.reason = " \n".into()),
            "break_glass.reason",
            "must say something: it is only spaces or invisible characters",
        ),
    ]);
}

#[test]
fn it_is_for_desks_that_are_named() {
    broken(vec![
        (
            change(|message| message.addressees.clear()),
            "addressees",
            "are required: emergency access reaches the desks it names and nobody else",
        ),
        (
            change(|message| message.addressees[0].desk.clear()),
            "addressees[0].desk",
            "is required: emergency access is for a desk and not for an agency",
        ),
    ]);
}

#[test]
fn it_carries_no_documents() {
    let told = faults(change(|message| message.attachments.push(wire::Section::default())), NOON);
    let rule = "emergency access carries no documents: say what the danger is";
    assert!(told.contains(&("attachments".into(), rule.into())));
}

#[test]
fn intelligence_corrections_flags_referrals_and_questions_are_never_shared_so() {
    let rule = "is for custody, MAPPA, drug tests, enforcement, actions, placements and courts";
    for (kind, lawful) in table::one_of_each() {
        let may = match kind {
            MessageKind::Custody
            | MessageKind::Mappa
            | MessageKind::DrugTest
            | MessageKind::Enforcement
            | MessageKind::Action
            | MessageKind::Placement
            | MessageKind::Court => true,
            MessageKind::Intelligence
            | MessageKind::Flag
            | MessageKind::Correction
            | MessageKind::Task
            | MessageKind::Referral
            | MessageKind::Request
            | MessageKind::Response => false,
        };
        let told = faults(shared_so(lawful), NOON);
        let refused = told.contains(&("break_glass".into(), rule.into()));
        assert_eq!(refused, !may, "{}", kind.name());
    }
}

#[test]
fn nothing_above_official_sensitive_is_shared_so_and_nothing_of_it_is_kept() {
    for marking in [wire::Marking::Secret, wire::Marking::TopSecret] {
        let secret = change(|message| message.set_marking(marking));
        let rejection = admit(secret, sender(), &vault(), NOON).unwrap_err();
        assert_eq!(rejection.refusal, Refusal::MarkingNotCarried);
        assert_eq!((rejection.violations, rejection.submitted), (vec![], None));
    }
}

#[test]
fn emergency_access_follows_no_earlier_message_but_may_name_one_as_its_cause() {
    assert_eq!(faults(change(|message| message.causation_id = EARLIER.into()), NOON), []);
    let settles = change(|message| {
        let Some(Kind::Custody(custody)) = &mut message.kind else { unreachable!() };
        custody.settles_message_id = EARLIER.into();
    });
    let rule = "emergency access follows no earlier message: name it as cause";
    assert_eq!(faults(settles, NOON), fault("custody.settles_message_id", rule));
    let set = shared_so(actions::set());
    let elsewhere = "must hold the desk that is named as owner";
    let deadline = ("act_by", "an action that is set has a day by which it must be done");
    assert_eq!(faults(set, NOON), all(&[deadline, ("addressees", elsewhere)]));
}

#[test]
fn while_nobody_knows_the_hour_no_emergency_access_can_be_bounded() {
    let span = Span { earliest: NOON - 1.days(), latest: NOON };
    let rejection = admit(at_large(), sender(), &vault(), span).unwrap_err();
    assert_eq!(rejection.refusal, Refusal::ClockUnsure);
    let fields: Vec<_> = rejection.violations.into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["expires_at"]);
}
