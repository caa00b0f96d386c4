//! An invented town's rules and messages, for tests that write a ledger.
//!
//! Owns one directory, one agreement and messages under them, so that every such test speaks of
//! the same desks. All people, agencies and places are invented. Deliberately does not know:
//! which store is written, nor by what.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::{oneshot, watch};
use uuid::{Uuid, uuid};

use crate::calendar::Calendar;
use crate::chance::SystemChance;
use crate::clock::SetClock;
use crate::delivery::outbox::{InLine, Outbox, Waiting};
use crate::directory::{Directory, document};
use crate::ledger::appender::{
    Live, ReleaseItem, ReleaseRefused, ReleaseWork, Released, Shared, Work,
};
use crate::message::{self, Sender};
use crate::notify::Notices;
use crate::parcel::Parcel;
use crate::policy::{Bundle, BundleFile};
use crate::prepare::{Prepared, prepare};
use crate::register::Register;
use crate::routing::Earlier;
use crate::rules::{Epochs, Rules};
use crate::seal::Vault;

/// When every test begins.
pub(super) const NOON: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

pub(super) const POLICE: (&str, &str) = ("north-police", "offenders");
pub(super) const PROBATION: (&str, &str) = ("probation", "offenders");
pub(super) const VICTIMS: (&str, &str) = ("probation", "victims");

const DIRECTORY: &str = r#"
trust_domain = "test"
[[flag]]
kind = "ppo"
raised_by = ["prison"]
[[area]]
code = "T1"
name = "Invented town"
[[agency]]
id = "north-police"
name = "Invented police"
kind = "police"
dpo_contact = "dpo@north-police.test"
  [[agency.desk]]
  id = "offenders"
  name = "Offender management"
  function = "offender_management"
  regime = "part3"
  kinds = ["custody"]
[[agency]]
id = "probation"
name = "Invented probation"
kind = "probation"
dpo_contact = "dpo@probation.test"
  [[agency.desk]]
  id = "offenders"
  name = "Offender management"
  function = "offender_management"
  regime = "part3"
  kinds = ["custody"]
  [[agency.desk]]
  id = "victims"
  name = "Victim liaison"
  function = "victim_liaison"
  regime = "part3"
  kinds = ["custody"]
[[agency]]
id = "prisons"
name = "Invented prisons"
kind = "prison"
dpo_contact = "dpo@prisons.test"
  [[agency.desk]]
  id = "custody"
  name = "Custody"
  function = "custody"
  regime = "part3"
  [[agency.person]]
  id = "00000000-0000-4000-8000-00000000000a"
  roles = []
  [[agency.person]]
  id = "00000000-0000-4000-8000-00000000000b"
  roles = []
  [[agency.person]]
  id = "00000000-0000-4000-8000-00000000000c"
  roles = ["auditor"]
"#;
/// Of the prisons: whoever uses emergency access, and whoever is told of it at once.
const BOTH: [Uuid; 2] =
    [uuid!("00000000-0000-4000-8000-00000000000a"), uuid!("00000000-0000-4000-8000-00000000000b")];
/// Of the prisons: whoever reviews it.
pub(super) const REVIEWER: Uuid = uuid!("00000000-0000-4000-8000-00000000000c");

const AGREEMENT: &str = r#"
id = "town"
title = "An invented town's agreement"
start = "2026-01-01"
review = "2027-01-01"
expiry = "2028-01-01"
purposes = ["offender_management"]
gateways = [ { gateway = "cda1998_s115", basis = ["dpa2018_s35_task"] } ]
[[party]]
agency = "north-police"
dpo_contact = "dpo@north-police.test"
[[party]]
agency = "probation"
dpo_contact = "dpo@probation.test"
[[party]]
agency = "prisons"
dpo_contact = "dpo@prisons.test"
[[permit]]
id = "custody"
kinds = ["custody"]
from = { kinds = ["prison"] }
to = { kinds = ["police", "probation"], functions = ["offender_management"] }
categories = ["managed"]
stake = ["addressed", "flag_owner"]
"#;

fn rules() -> (Rules, Arc<Bundle>) {
    let directory: Directory = document::read(DIRECTORY).unwrap();
    let file = BundleFile { path: "agreements/town.toml".into(), text: AGREEMENT.into() };
    let bundle = Arc::new(Bundle::read(&[file], &directory).unwrap_or_else(|e| panic!("{e:?}")));
    let policy = Arc::new(bundle.in_force(&directory, NOON));
    let rules = Rules {
        epochs: Epochs::default(),
        directory: Arc::new(directory),
        register: Arc::new(Register::default()),
        policy,
        bundle: bundle.hash(),
    };
    (rules, bundle)
}

/// What an appender shares, with these live streams and this clock.
pub(super) fn shared(clock: Arc<SetClock>, live: Arc<dyn Live>) -> (Shared, Arc<Bundle>) {
    let (rules, bundle) = rules();
    let shared = Shared {
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        changed: watch::channel(Epochs::default()).0,
        vault: Arc::new(Vault::new([1; 32].into(), &[2; 32])),
        clock,
        chance: Arc::new(SystemChance::default()),
        live,
        figures: Arc::default(),
        notices: Notices::default(),
        calendar: Arc::new(Calendar::england_and_wales(BTreeSet::new()).unwrap()),
        open_within: time::Duration::minutes(15),
        cadence_seconds: 10,
    };
    (shared, bundle)
}

/// A message of the prisons' custody desk, ready for the appender.
pub(super) fn prepared(message: wire::Message, shared: &Shared) -> Box<Prepared> {
    let rules = shared.rules.load_full();
    let index = rules.directory.desk_index("prisons", "custody").unwrap();
    let desk = rules.directory.desk(index).unwrap();
    let sender = Sender {
        agency: Arc::clone(&desk.agency),
        kind: desk.agency_kind,
        node: "gate".into(),
        desk: index,
        desk_id: Arc::clone(&desk.id),
        regime: desk.regime,
    };
    let (vault, now) = (&shared.vault, shared.clock.now());
    let admitted = message::admit(message, sender, vault, now)
        .unwrap_or_else(|rejection| panic!("{:?}", rejection.violations));
    let chance = &*shared.chance;
    Box::new(prepare(Arc::new(admitted), &Earlier::default(), &rules, vault, chance, now).unwrap())
}

/// News of an invented prisoner's release, or the withdrawal of an earlier message.
pub(super) fn news(number: u128, to: &[(&str, &str)], withdraws: Option<u128>) -> wire::Message {
    use wire::message::Kind;
    let subject = wire::Subject {
        category: wire::SubjectCategory::Managed.into(),
        name: "Invented Person".into(),
        age: wire::AgeAssertion::Adult.into(),
        limited_access: wire::LimitedAccess::No.into(),
        ..wire::Subject::default()
    };
    let custody = wire::Custody {
        event: wire::CustodyEvent::Release.into(),
        certainty: wire::CustodyCertainty::Confirmed.into(),
        prison: "ZZI".into(),
        occurred_at: Some(message::stamp(datetime!(2026-06-01 9:00 UTC))),
        ..wire::Custody::default()
    };
    let kind = withdraws.map_or(Kind::Custody(custody), |first| {
        let message_id = Uuid::from_u128(first).to_string();
        Kind::Correction(wire::Correction { message_id, ..wire::Correction::default() })
    });
    wire::Message {
        message_id: Uuid::from_u128(number).to_string(),
        purpose: wire::Purpose::OffenderManagement.into(),
        gateway: wire::Gateway::Cda1998S115.into(),
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task.into(),
        sensitive_condition: wire::SensitiveCondition::Sch8Statutory.into(),
        marking: wire::Marking::OfficialSensitive.into(),
        urgency: wire::Urgency::Routine.into(),
        subjects: vec![subject],
        addressees: to
            .iter()
            .map(|(agency, desk)| wire::Addressee {
                agency: (*agency).into(),
                desk: (*desk).into(),
            })
            .collect(),
        kind: Some(kind),
        ..wire::Message::default()
    }
}

/// The same news by emergency access, to police.
pub(super) fn emergency(number: u128) -> wire::Message {
    let [acting, second] = BOTH.map(|person| person.hyphenated().to_string());
    wire::Message {
        purpose: wire::Purpose::PublicProtection.into(),
        gateway: wire::Gateway::Vital.into(),
        sensitive_condition: wire::SensitiveCondition::Sch8Vital.into(),
        urgency: wire::Urgency::Immediate.into(),
        acting_person: acting,
        break_glass: Some(wire::BreakGlass { reason: "Invented.".into(), second_person: second }),
        expires_at: Some(message::stamp(NOON + time::Duration::hours(3))),
        ..news(number, &[POLICE], None)
    }
}

/// The known person comes on a list that probation keeps.
pub(super) fn flag(number: u128) -> wire::Message {
    let flag = wire::Flag {
        flag_kind: wire::FlagKind::Ppo.into(),
        action: wire::FlagAction::Raise.into(),
        owner: Some(wire::Addressee { agency: PROBATION.0.into(), desk: PROBATION.1.into() }),
        review_date: "2027-01-01".into(),
        panel_decision_id: Uuid::from_u128(99).to_string(),
        ..wire::Flag::default()
    };
    let kind = Some(wire::message::Kind::Flag(flag));
    of_known_person(wire::Message { kind, ..news(number, &[], None) })
}

/// The same news of a person with an identifier.
pub(super) fn of_known_person(mut news: wire::Message) -> wire::Message {
    let known =
        wire::Identifier { r#type: wire::IdentifierType::Noms.into(), value: "Z9999ZZ".into() };
    news.subjects[0].identifiers.push(known);
    news
}

/// What a subscription has to send now, in its order.
pub(super) fn due(outbox: &dyn Outbox, subscription: u64, now: OffsetDateTime) -> Vec<Waiting> {
    let line = outbox.line(subscription, None, now, 100).unwrap();
    let due = line.into_iter().filter_map(|row| match row {
        InLine::Due(waiting) => Some(*waiting),
        InLine::Embargoed(_) | InLine::Delayed { .. } => None,
    });
    due.collect()
}

/// What came of asking for releases.
pub(super) type Releases = Result<Vec<Released>, ReleaseRefused>;

/// The next release of these deliveries to one node of their subscription, and where the answer
/// comes.
pub(super) fn release(
    subscription: u64,
    waiting: &[Waiting],
) -> (Work, oneshot::Receiver<Releases>) {
    let (reply, told) = oneshot::channel();
    let work = ReleaseWork {
        subscription,
        node: "duty".into(),
        epochs: Epochs::default(),
        items: waiting.iter().map(to_release).collect(),
        reply,
    };
    (Work::Release(work), told)
}

fn to_release(waiting: &Waiting) -> ReleaseItem {
    ReleaseItem {
        delivery: waiting.delivery,
        delivery_id: waiting.delivery_id,
        sender: Arc::clone(&waiting.message.key.agency),
        message: waiting.message.key.id,
        kind: "custody",
        attempt: waiting.attempts + 1,
        number: waiting.number,
        rules: ["town/custody".into()].into(),
        parcel: Parcel {
            bytes: vec![1, 2, 3].into(),
            withheld: Default::default(),
            sections: Vec::new(),
            shown: Default::default(),
        },
        chased: Vec::new(),
    }
}
