//! What each kind may do and how long it lives, in one table.

use super::*;

/// A lawful message of every kind that can be sent.
pub(super) fn one_of_each() -> Vec<(MessageKind, wire::Message)> {
    vec![
        (MessageKind::Intelligence, message()),
        (MessageKind::Mappa, mappa::notified()),
        (MessageKind::Custody, custody::release(wire::CustodyCertainty::Confirmed, NOON)),
        (MessageKind::Flag, flags::flag(wire::FlagAction::Raise, "2027-06-01")),
        (MessageKind::Correction, corrections::rectified()),
        (MessageKind::DrugTest, drug_tests::positive()),
        (MessageKind::Enforcement, enforcement::alleged()),
        (MessageKind::Action, actions::set()),
        (MessageKind::Placement, placements::started()),
        (MessageKind::Referral, referrals::made()),
        (MessageKind::Court, courts::listed()),
        (MessageKind::Request, requests::question()),
        (MessageKind::Response, requests::answer()),
    ]
}

#[test]
fn the_samples_are_lawful_and_of_every_kind_but_the_brokers_own() {
    let mut kinds = BTreeSet::from([MessageKind::Task]);
    for (kind, message) in one_of_each() {
        let admitted = admit(message, sender(), &vault(), NOON).map_err(|fault| (kind, fault));
        assert_eq!(admitted.unwrap().kind, kind);
        kinds.insert(kind);
    }
    assert_eq!(kinds, MessageKind::ALL.iter().copied().collect());
}

#[test]
fn each_kind_lives_as_long_as_it_is_of_use() {
    for (kind, days) in [
        (MessageKind::Intelligence, 28),
        (MessageKind::Mappa, 90),
        (MessageKind::Custody, 14),
        (MessageKind::Flag, 90),
        (MessageKind::Correction, 366),
        (MessageKind::Task, 28),
        (MessageKind::DrugTest, 28),
        (MessageKind::Enforcement, 90),
        (MessageKind::Action, 90),
        (MessageKind::Placement, 90),
        (MessageKind::Referral, 90),
        (MessageKind::Court, 90),
        (MessageKind::Request, 28),
        (MessageKind::Response, 28),
    ] {
        assert_eq!(default_life(kind), Duration::days(days), "{}", kind.name());
        assert!(default_life(kind) <= LIFE_MAX);
    }
    for (kind, message) in one_of_each() {
        let admitted = admit(message, sender(), &vault(), NOON).unwrap();
        assert_eq!(admitted.expires_at, NOON + default_life(kind), "{}", kind.name());
    }
}

#[test]
fn responses_answer_and_actions_referrals_and_placements_report() {
    let rule = "is for responses, and for actions, referrals and placements that report";
    for (kind, message) in one_of_each() {
        let answers = match kind {
            MessageKind::Response
            | MessageKind::Action
            | MessageKind::Placement
            | MessageKind::Referral => true,
            MessageKind::Intelligence
            | MessageKind::Mappa
            | MessageKind::Custody
            | MessageKind::Flag
            | MessageKind::Correction
            | MessageKind::Task
            | MessageKind::DrugTest
            | MessageKind::Enforcement
            | MessageKind::Court
            | MessageKind::Request => false,
        };
        let told = faults(but(message, |m| m.in_reply_to = RELEASE.to_vec().into()), NOON);
        assert_eq!(told.iter().all(|(_, said)| said != rule), answers, "{}", kind.name());
        if !answers {
            assert_eq!(told, fault("in_reply_to", rule), "{}", kind.name());
        }
    }
}

#[test]
fn a_flag_and_an_action_name_their_owner_and_no_other_kind_names_anybody() {
    for (kind, message) in one_of_each() {
        let admitted = admit(message, sender(), &vault(), NOON).unwrap();
        let named = admitted.named_by_kind().map(|owner| owner.desk.as_str());
        let expected = match kind {
            MessageKind::Flag => Some("offenders"),
            MessageKind::Action => Some("housing"),
            MessageKind::Intelligence
            | MessageKind::Mappa
            | MessageKind::Custody
            | MessageKind::Correction
            | MessageKind::Task
            | MessageKind::DrugTest
            | MessageKind::Enforcement
            | MessageKind::Placement
            | MessageKind::Referral
            | MessageKind::Court
            | MessageKind::Request
            | MessageKind::Response => None,
        };
        assert_eq!(named, expected, "{}", kind.name());
    }
}
