//! Slice, whole bundle and memory give one answer, in outcome, rules and errors.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// More permits than one slice holds, an agency's forbids, and rules that fail for some.
fn wide_bundle() -> Vec<BundleFile> {
    let offenders = include_str!("offenders.toml");
    let mut files = files();
    let copy = offenders
        .replacen("id = \"offenders\"", "id = \"offenders-two\"", 1)
        .replace(
            "when = 'context.urgency == \"immediate\"'",
            "when = 'context.urgency == \"immediate\" && \
             (context.limited_access == \"no\" || context.mappa_level + 9223372036854775807 + 1 > 0)'",
        );
    files.push(file("agreements/offenders-two.toml", &copy));
    files.push(file(
        "agencies/north-police.cedar",
        "@id(\"own\")\nforbid (principal, action, resource) \
         when { context.flags.containsAll([\"ppo\", \"dip\"]) };\n\
         @id(\"overflows\")\nforbid (principal in Kind::\"probation\", action, resource) \
         when { context.mappa_category * 9223372036854775807 > 1 };",
    ));
    files.push(file(
        "agencies/prisons.cedar",
        "@id(\"not-housing\")\nforbid (principal in Agency::\"council\", \
         action == Action::\"custody\", resource) when { principal.function == \"housing\" };\n\
         @id(\"one-desk\")\nforbid (principal == Desk::\"north-police/covert\", \
         action in [Action::\"intelligence\", Action::\"mappa\"], resource);",
    ));
    files
}

static IN_FORCE: LazyLock<InForce> =
    LazyLock::new(|| read(&wide_bundle()).in_force(&directory(), NOON));

const SENDERS: &[(&str, AgencyKind, Regime)] = &[
    ("prisons", AgencyKind::Prison, Regime::Part3),
    ("probation", AgencyKind::Probation, Regime::Part3),
    ("north-police", AgencyKind::Police, Regime::Part3),
    ("clinic", AgencyKind::Health, Regime::UkGdpr),
];

fn some<T: Clone + Ord + std::fmt::Debug + 'static>(
    all: Vec<T>,
) -> impl Strategy<Value = BTreeSet<T>> {
    let most = all.len();
    subsequence(all, 0..=most).prop_map(|some| some.into_iter().collect())
}

/// Weighted to what agreements and statutes speak of, so that permits occur.
fn kind_and_facts() -> impl Strategy<Value = Question> {
    let certainty = select(vec![CustodyCertainty::Confirmed, CustodyCertainty::Provisional]);
    let event = select(vec![
        CustodyEvent::Release,
        CustodyEvent::Transfer,
        CustodyEvent::ReleaseToHospital,
    ]);
    let conditions =
        some(vec![IntelligenceCondition::A1, IntelligenceCondition::A3, IntelligenceCondition::S2]);
    let scheme = select(vec![GradingScheme::ThreeFiveTwo, GradingScheme::FiveFiveFive]);
    let handling = select(vec!['P', 'C', '1', '2', '4']);
    let tasks =
        select(vec![TaskKind::AreaUnknown, TaskKind::PossibleMatch, TaskKind::SelectionCandidate]);
    let flag = Question { facts: KindFacts::Flag, ..correction() };
    prop_oneof![
        4 => (event, certainty).prop_map(|(event, certainty)| Question {
            facts: custody(event, certainty), ..release()
        }),
        2 => (1..=4u32, 0..=3u32).prop_map(|(category, level)| Question {
            facts: KindFacts::Mappa { category, level, step: MappaStep::Review }, ..mappa()
        }),
        2 => (scheme, handling, conditions).prop_map(|(scheme, handling, conditions)| Question {
            facts: KindFacts::Intelligence(IntelligenceFacts { scheme, handling, conditions }),
            ..intelligence()
        }),
        2 => tasks.prop_map(task),
        1 => Just(correction()),
        1 => Just(flag),
        3 => of_casework(),
    ]
}

/// The kinds of casework.
fn of_casework() -> impl Strategy<Value = Question> {
    select(vec![
        KindFacts::DrugTest(DrugTestUse::Bail),
        KindFacts::DrugTest(DrugTestUse::AdviceAndTreatment),
        breach(EnforcementStep::Breach),
        breach(EnforcementStep::RecallConsidered),
        KindFacts::Action(Pathway::Accommodation),
        KindFacts::Action(Pathway::Control),
        placed(PlacementSort::LookedAfter, PlacementStep::Started),
        placed(PlacementSort::LookedAfter, PlacementStep::Concern),
        KindFacts::Referral(ReferralStep::Made),
        KindFacts::Court(CourtStep::Sentenced),
        KindFacts::Request,
        KindFacts::Response,
    ])
    .prop_map(|facts| Question { facts, ..case() })
}

fn question() -> impl Strategy<Value = Question> {
    let of_the_message = (
        prop_oneof![2 => Just(None), 1 => select(SENDERS).prop_map(Some)],
        prop_oneof![
            3 => Just(None),
            1 => select(vec![Gateway::Cda1998S115, Gateway::StatutoryDuty, Gateway::Pcsc2022S16,
                Gateway::Consent, Gateway::Vital]).prop_map(Some)
        ],
        (select(vec![Urgency::Unspecified, Urgency::Immediate]), prop::bool::weighted(0.2)),
        prop_oneof![
            4 => Just(Marking::OfficialSensitive),
            1 => Just(Marking::Unspecified),
        ],
        prop_oneof![
            3 => Just(BTreeSet::new()),
            1 => some(vec![HandlingCondition::NoOnward, HandlingCondition::AddresseesOnly,
                HandlingCondition::LawEnforcementOnly]),
        ],
        select(vec![SensitiveCondition::Unspecified, SensitiveCondition::Sch8Statutory]),
    );
    let of_the_person = (
        select(vec![SubjectCategory::Managed, SubjectCategory::Convicted, SubjectCategory::Victim]),
        prop::bool::weighted(0.2),
        select(vec![
            LimitedAccess::No,
            LimitedAccess::No,
            LimitedAccess::Unspecified,
            LimitedAccess::Yes,
        ]),
        some(vec![FlagKind::Ppo, FlagKind::Iom, FlagKind::Dip]),
        some(crate::policy::field::FIELDS.to_vec()),
    );
    (kind_and_facts(), of_the_message, of_the_person).prop_map(|(base, message, person)| {
        let (sender, gateway, pace, marking, handling, sensitive_condition) = message;
        let (urgency, break_glass) = pace;
        let (category, under_18, limited_access, flags, fields) = person;
        let (sender, sender_kind, sender_regime) = match sender {
            Some((id, kind, regime)) => (Arc::from(id), kind, regime),
            None => (base.sender.clone(), base.sender_kind, base.sender_regime),
        };
        Question {
            sender,
            sender_kind,
            sender_regime,
            gateway: gateway.unwrap_or(base.gateway),
            urgency,
            break_glass,
            marking,
            handling,
            sensitive_condition,
            category,
            under_18,
            limited_access,
            flags,
            fields,
            ..base
        }
    })
}

fn stake() -> impl Strategy<Value = Stake> {
    any::<[bool; 5]>().prop_map(|[addressed, flag_owner, in_area, selection, holder]| Stake {
        addressed,
        flag_owner,
        in_area,
        selection,
        holder,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn slice_whole_and_memory_agree(question in question(), stake in stake()) {
        for (desk, _) in directory().desks() {
            let whole = said(&IN_FORCE.decide_full(desk, &question, stake));
            let slice = said(&IN_FORCE.decide_uncached(desk, &question, stake));
            let first = said(&IN_FORCE.decide(desk, &question, stake));
            let again = said(&IN_FORCE.decide(desk, &question, stake));
            prop_assert_eq!(&slice, &whole, "slice, desk {}", desk);
            prop_assert_eq!(&first, &whole, "first, desk {}", desk);
            prop_assert_eq!(&again, &whole, "memory, desk {}", desk);
        }
    }
}

/// Without permits, forbids and errors among its answers the property would say little.
#[test]
fn the_property_meets_every_sort_of_answer() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut sorts = BTreeSet::new();
    for _ in 0..400 {
        let question = question().new_tree(&mut runner).unwrap().current();
        let stake = stake().new_tree(&mut runner).unwrap().current();
        for (desk, _) in directory().desks() {
            let said = said(&IN_FORCE.decide(desk, &question, stake));
            sorts.insert(said.split_once(':').map_or(said.clone(), |(sort, rest)| {
                if sort == "error" { format!("error{}", rest.trim_end()) } else { sort.into() }
            }));
        }
    }
    let met: Vec<&str> = sorts.iter().map(String::as_str).collect();
    assert_eq!(
        met,
        [
            "error agency/north-police/overflows",
            "error offenders-two/urgent-custody",
            "forbidden",
            "no permit",
            "permitted",
        ]
    );
}
