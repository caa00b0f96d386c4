//! What is alleged, what becomes of it, and on what ground.

use time::ext::NumericalDuration as _;
use wire::EnforcementOutcome::{Alleged, NotProved, Proved, Withdrawn};

use super::*;

/// A breach of a licence, alleged yesterday.
pub(super) fn alleged() -> wire::Message {
    of_kind(Kind::Enforcement(wire::Enforcement {
        matter: wire::EnforcementMatter::Licence.into(),
        step: wire::EnforcementStep::Breach.into(),
        outcome: Alleged.into(),
        occurred_at: Some(stamp(NOON - 1.days())),
        settles_message_id: String::new(),
    }))
}

fn change(change: impl FnOnce(&mut wire::Enforcement)) -> wire::Message {
    let mut message = alleged();
    let Some(Kind::Enforcement(enforcement)) = &mut message.kind else { unreachable!() };
    change(enforcement);
    message
}

fn settled(outcome: wire::EnforcementOutcome, settles: &str) -> wire::Message {
    change(|enforcement| {
        enforcement.set_outcome(outcome);
        enforcement.settles_message_id = settles.into();
    })
}

#[test]
fn what_fails_names_what_alleged_it_and_an_allegation_settles_nothing() {
    let names = "what is not proved or withdrawn names the message that alleged it";
    for (outcome, settles, expected) in [
        (Alleged, "", None),
        (Alleged, EARLIER, Some("an allegation settles nothing")),
        (Proved, "", None),
        (Proved, EARLIER, None),
        (NotProved, "", Some(names)),
        (NotProved, EARLIER, None),
        (Withdrawn, "", Some(names)),
        (Withdrawn, EARLIER, None),
        (NotProved, "one", Some("must be a UUID in its 36-character form")),
    ] {
        let told = faults(settled(outcome, settles), NOON);
        let expected = perhaps("enforcement.settles_message_id", expected);
        assert_eq!(told, expected, "{outcome:?} {settles}");
    }
}

#[test]
fn what_fails_goes_to_holders_only_and_what_is_proved_to_them_too() {
    for (outcome, reach, closed) in [
        (Proved, Reach::HoldersToo, false),
        (NotProved, Reach::HoldersOnly, true),
        (Withdrawn, Reach::HoldersOnly, true),
    ] {
        let admitted = admit(settled(outcome, EARLIER), sender(), &vault(), NOON).unwrap();
        let field = "enforcement.settles_message_id";
        assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }), "{outcome:?}");
        assert_eq!(admitted.to_holders_only(), closed, "{outcome:?}");
    }
    assert_eq!(admit(alleged(), sender(), &vault(), NOON).unwrap().cites(), None);
}

#[test]
fn an_allegation_may_fail_after_years_and_nothing_is_alleged_ahead() {
    let field = "enforcement.occurred_at";
    for (occurred, expected) in [
        (NOON - 9_000.days(), None),
        (NOON + 1.hours(), None),
        (NOON + 1.hours() + 1.seconds(), Some("must not be in the future")),
    ] {
        let mut message = settled(Withdrawn, EARLIER);
        let Some(Kind::Enforcement(enforcement)) = &mut message.kind else { unreachable!() };
        enforcement.occurred_at = Some(stamp(occurred));
        assert_eq!(faults(message, NOON), perhaps(field, expected), "{occurred}");
    }
    let missing = change(|enforcement| enforcement.occurred_at = None);
    assert_eq!(faults(missing, NOON), fault(field, "is required"));
}

#[test]
fn only_a_licence_ends_in_recall() {
    use wire::EnforcementMatter as Matter;
    use wire::EnforcementStep as Step;
    let matters = [
        Matter::CommunityOrder,
        Matter::SuspendedSentence,
        Matter::YouthOrder,
        Matter::IntensiveSupervision,
        Matter::Bail,
        Matter::CivilOrder,
        Matter::PostSentenceSupervision,
    ];
    for step in [Step::RecallConsidered, Step::RecallDecided, Step::RecallNotDecided] {
        let of = |matter| {
            faults(
                change(|enforcement| {
                    enforcement.set_step(step);
                    enforcement.set_matter(matter);
                }),
                NOON,
            )
        };
        assert_eq!(of(Matter::Licence), [], "{step:?}");
        for matter in matters {
            let expected = fault("enforcement.step", "only a licence ends in recall");
            assert_eq!(of(matter), expected, "{step:?} {matter:?}");
        }
    }
    for step in [Step::Warning, Step::Breach, Step::Warrant] {
        for matter in matters {
            let told = change(|enforcement| {
                enforcement.set_step(step);
                enforcement.set_matter(matter);
            });
            assert_eq!(faults(told, NOON), [], "{step:?} {matter:?}");
        }
    }
}

#[test]
fn nobody_proves_or_disproves_that_a_recall_is_considered() {
    for (outcome, settles, expected) in [
        (Alleged, "", None),
        (Withdrawn, EARLIER, None),
        (Proved, EARLIER, Some("a recall that is considered is not proved")),
        (NotProved, EARLIER, Some("a recall that is considered is not disproved: it is withdrawn")),
    ] {
        let mut message = settled(outcome, settles);
        let Some(Kind::Enforcement(enforcement)) = &mut message.kind else { unreachable!() };
        enforcement.set_step(wire::EnforcementStep::RecallConsidered);
        let expected = perhaps("enforcement.outcome", expected);
        assert_eq!(faults(message, NOON), expected, "{outcome:?}");
    }
}

#[test]
fn consent_is_never_the_ground_of_enforcement() {
    let rule = "consent is never the ground of enforcement: it can be withdrawn";
    let by_leave = but(alleged(), |message| message.set_gateway(wire::Gateway::Consent));
    assert_eq!(faults(by_leave, NOON), fault("gateway", rule));
    for basis in [wire::LawfulBasis::Dpa2018S35Consent, wire::LawfulBasis::Gdpr61A] {
        let told = faults(but(alleged(), |message| message.set_lawful_basis(basis)), NOON);
        assert_eq!(told, fault("lawful_basis", rule), "{basis:?}");
    }
}

#[test]
fn nobody_else_is_enforced_against() {
    let rule = "only a suspect, a convicted or a managed person is enforced against";
    for category in OTHERS {
        let told = faults(standing(alleged(), category), NOON);
        assert_eq!(told, fault("subjects[0].category", rule), "{category:?}");
    }
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let fields = ["matter", "step", "outcome"].map(|field| format!("enforcement.{field}"));
    let each = |rule: &str| fields.iter().flat_map(|field| fault(field, rule)).collect::<Vec<_>>();
    let mut missing = each("is required");
    missing.extend(fault("enforcement.occurred_at", "is required"));
    let empty = of_kind(Kind::Enforcement(wire::Enforcement::default()));
    assert_eq!(faults(empty, NOON), missing);
    let unknown = change(|enforcement| {
        (enforcement.matter, enforcement.step, enforcement.outcome) = (99, 99, 99);
    });
    assert_eq!(faults(unknown, NOON), each("is not a known value"));
}
