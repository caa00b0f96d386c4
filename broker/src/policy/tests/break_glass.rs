//! Emergency access: what it permits where nothing else does, and everything it does not. The tables
//! are written by hand.

use super::*;

/// News of somebody at large, shared by emergency access where no agreement covers it.
fn at_large() -> Question {
    Question {
        facts: custody(CustodyEvent::UnlawfullyAtLarge, CustodyCertainty::Confirmed),
        purpose: Purpose::PublicProtection,
        gateway: Gateway::Vital,
        break_glass: true,
        flags: BTreeSet::new(),
        fields: BTreeSet::from([Field::SubjectName, Field::Address, Field::Risk]),
        ..release()
    }
}

fn so(facts: KindFacts) -> Question {
    Question { facts, ..at_large() }
}

const GIVEN: &str = "permitted: platform/break-glass; handling no_onward";
const WITHOUT_RISK: &str = "permitted: platform/break-glass; withheld risk; handling no_onward";

#[test]
fn it_permits_where_no_agreement_does_and_only_as_what_it_is() {
    let police = "south-police/offenders";
    check(
        &in_force(),
        vec![
            ("emergency access", police, at_large(), ADDRESSED, GIVEN),
            (
                "the same as any other message",
                police,
                Question { break_glass: false, ..at_large() },
                ADDRESSED,
                "no permit",
            ),
            (
                "by another power",
                police,
                Question { gateway: Gateway::PoliceCommonLaw, ..at_large() },
                ADDRESSED,
                "forbidden: platform/reach-police-common-law",
            ),
            (
                "what can wait",
                police,
                Question { urgency: Urgency::Routine, ..at_large() },
                ADDRESSED,
                "no permit",
            ),
        ],
    );
}

#[test]
fn it_reaches_nobody_whom_the_sender_does_not_name() {
    let rows = [NO_STAKE, OWNER, IN_AREA, SELECTION, HOLDER].map(|stake| {
        let told = "forbidden: platform/break-glass-named";
        ("by another stake", "south-police/offenders", at_large(), stake, told)
    });
    check(&in_force(), rows.to_vec());
    // Not even where an agreement would let the same desk have it for that stake.
    let agreed = Question { break_glass: true, ..release() };
    let told = "forbidden: platform/break-glass-named";
    check(&in_force(), vec![("agreed", "north-police/offenders", agreed, OWNER, told)]);
}

#[test]
fn it_is_for_bodies_that_can_act_at_night_and_shows_the_danger_under_part_3_alone() {
    let rows = [
        ("north-police/offenders", GIVEN),
        ("north-police/intelligence", GIVEN),
        ("north-police/protection", GIVEN),
        ("probation/offenders", GIVEN),
        ("probation/victims", GIVEN),
        ("youth/justice", GIVEN),
        ("council/housing", WITHOUT_RISK),
        ("council/children", WITHOUT_RISK),
        ("clinic/care", WITHOUT_RISK),
        ("safety/community", WITHOUT_RISK),
        ("prosecutors/cases", "no permit"),
        ("courts/lists", "no permit"),
        ("treatment/advice", "no permit"),
        ("mentors/mentoring", "no permit"),
        ("homes/children", "no permit"),
        ("operators/operations", "forbidden: platform/reach-vital"),
    ];
    let row = |(desk, told)| ("a recipient", desk, at_large(), ADDRESSED, told);
    check(&in_force(), rows.map(row).to_vec());
}

#[test]
fn it_is_never_of_intelligence_lists_tasks_consent_or_questions() {
    let graded = |question: Question| question.facts;
    let police = "south-police/offenders";
    check(
        &in_force(),
        vec![
            ("intelligence", police, so(graded(intelligence())), ADDRESSED, "no permit"),
            ("a flag", police, so(KindFacts::Flag), ADDRESSED, "no permit"),
            ("a task", police, so(KindFacts::Task(TaskKind::AreaUnknown)), ADDRESSED, "no permit"),
            (
                "a referral",
                police,
                so(KindFacts::Referral(ReferralStep::Made)),
                ADDRESSED,
                "no permit",
            ),
            ("a request", police, so(KindFacts::Request), ADDRESSED, "no permit"),
            ("a response", police, so(KindFacts::Response), ADDRESSED, "no permit"),
            ("a court", police, so(KindFacts::Court(CourtStep::Bailed)), ADDRESSED, GIVEN),
            ("an action", police, so(KindFacts::Action(Pathway::Control)), ADDRESSED, GIVEN),
            ("a breach", police, so(breach(EnforcementStep::Warrant)), ADDRESSED, GIVEN),
        ],
    );
}

#[test]
fn it_overrides_nothing_that_forbids() {
    let police = "north-police/offenders";
    let limited = Question { limited_access: LimitedAccess::Yes, ..at_large() };
    let child = Question { under_18: true, ..at_large() };
    let victim = Question { category: SubjectCategory::Victim, ..at_large() };
    let secret = Question { marking: Marking::Secret, ..at_large() };
    let covert = handled(at_large(), HandlingCondition::Covert);
    let category_4 = so(KindFacts::Mappa {
        category: 4,
        level: 2,
        step: proto::exchange::v1::MappaStep::Review,
    });
    let considered = so(breach(EnforcementStep::RecallConsidered));
    check(
        &in_force(),
        vec![
            ("limited", police, limited.clone(), ADDRESSED, "forbidden: platform/limited-access"),
            ("cleared for it", "north-police/protection", limited, ADDRESSED, GIVEN),
            ("a child", police, child, ADDRESSED, "forbidden: platform/children"),
            ("a victim", "council/housing", victim, ADDRESSED, "forbidden: platform/third-parties"),
            ("marked SECRET", police, secret, ADDRESSED, "forbidden: platform/marking"),
            ("covert", police, covert, ADDRESSED, "forbidden: platform/covert"),
            ("category 4", police, category_4, ADDRESSED, "forbidden: platform/category-4"),
            (
                "tipping off",
                "prisons/custody",
                considered,
                ADDRESSED,
                "forbidden: platform/recall-considered",
            ),
        ],
    );
    let own = r#"@id("no-custody") forbid (principal, action == Action::"custody", resource);"#;
    let mut files = files();
    files.push(file("agencies/south-police.cedar", own));
    let in_force = read(&files).in_force(&directory(), NOON);
    let told = "forbidden: agency/south-police/no-custody";
    check(
        &in_force,
        vec![("an agency's own", "south-police/offenders", at_large(), ADDRESSED, told)],
    );
}

#[test]
fn what_is_sensitive_stays_as_it_is_and_an_agreement_still_binds() {
    let fields = [
        Field::SubjectName,
        Field::Risk,
        Field::ChildConcern,
        Field::Narrative,
        Field::Health,
        Field::FormerName,
        Field::SpentConviction,
    ];
    let unstated = Question {
        sensitive_condition: SensitiveCondition::Unspecified,
        ..with_fields(at_large(), &[Field::SubjectName, Field::Risk])
    };
    let agreed = Question { break_glass: true, ..release() };
    let both = Question { gateway: Gateway::Vital, ..agreed };
    check(
        &in_force(),
        vec![
            (
                "all but the danger",
                "south-police/offenders",
                with_fields(at_large(), &fields),
                ADDRESSED,
                "permitted: platform/break-glass; withheld narrative spent_conviction health \
                 former_name; handling no_onward",
            ),
            ("no condition", "south-police/offenders", unstated, ADDRESSED, WITHOUT_RISK),
            (
                "by a power that the agreement does not name",
                "north-police/offenders",
                both,
                ADDRESSED,
                GIVEN,
            ),
        ],
    );
}
