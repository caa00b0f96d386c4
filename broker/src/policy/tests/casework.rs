//! What holds for the kinds of casework: drug tests, enforcement, actions, placements, referrals,
//! court, requests. Everything is agreed between everybody here, so what is refused the platform
//! refuses.

use super::*;

const AGREED: &str = "permitted: casework/everything";

/// Rows of one question for many desks, each addressed.
fn to_each(question: &Question, rows: &[(&'static str, &'static str)]) -> Vec<Row> {
    rows.iter().map(|(desk, said)| (*desk, *desk, question.clone(), ADDRESSED, *said)).collect()
}

#[test]
fn a_drug_test_for_bail_or_sentence_goes_to_those_who_decide_or_advise() {
    const NO: &str = "forbidden: platform/drug-test-bail-and-sentence";
    let rows = [
        ("north-police/offenders", AGREED),
        ("north-police/protection", AGREED),
        ("north-police/intelligence", NO),
        ("north-police/selection", NO),
        ("probation/offenders", AGREED),
        ("probation/victims", NO),
        ("prosecutors/cases", AGREED),
        ("courts/lists", AGREED),
        ("prisons/custody", NO),
        ("youth/justice", NO),
        ("council/children", NO),
        ("council/housing", NO),
        ("safety/community", NO),
        ("clinic/care", NO),
        ("treatment/advice", NO),
        ("mentors/mentoring", NO),
    ];
    for purpose in [DrugTestUse::Bail, DrugTestUse::Sentence] {
        check(&in_force(), to_each(&of(KindFacts::DrugTest(purpose)), &rows));
    }
    let child = Question { under_18: true, ..of(KindFacts::DrugTest(DrugTestUse::Sentence)) };
    check(
        &in_force(),
        to_each(
            &child,
            &[
                ("youth/justice", AGREED),
                ("courts/lists", "forbidden: platform/children"),
                ("council/children", "forbidden: platform/drug-test-bail-and-sentence"),
            ],
        ),
    );
}

#[test]
fn a_drug_test_for_supervision_or_release_goes_to_those_who_supervise_or_release() {
    const NO: &str = "forbidden: platform/drug-test-supervision-and-release";
    let rows = [
        ("north-police/offenders", AGREED),
        ("north-police/protection", NO),
        ("north-police/intelligence", NO),
        ("probation/offenders", AGREED),
        ("probation/victims", NO),
        ("prisons/custody", AGREED),
        ("youth/justice", AGREED),
        ("prosecutors/cases", NO),
        ("courts/lists", NO),
        ("safety/community", NO),
        ("treatment/advice", NO),
        ("mentors/mentoring", NO),
    ];
    for purpose in [DrugTestUse::Supervision, DrugTestUse::Release] {
        check(&in_force(), to_each(&of(KindFacts::DrugTest(purpose)), &rows));
    }
}

#[test]
fn a_drug_test_for_advice_and_treatment_goes_to_treatment() {
    const NO: &str = "forbidden: platform/drug-test-treatment";
    let rows = [
        ("treatment/advice", AGREED),
        ("clinic/care", NO),
        ("north-police/offenders", NO),
        ("probation/offenders", NO),
        ("prisons/custody", NO),
        ("youth/justice", NO),
        ("prosecutors/cases", NO),
        ("courts/lists", NO),
        ("council/housing", NO),
        ("safety/community", NO),
        ("mentors/mentoring", NO),
    ];
    check(&in_force(), to_each(&of(KindFacts::DrugTest(DrugTestUse::AdviceAndTreatment)), &rows));
}

#[test]
fn a_drug_test_has_a_use_is_no_intelligence_and_is_shown_to_nobody_by_mistake() {
    let bail = || of(KindFacts::DrugTest(DrugTestUse::Bail));
    let result = |question| with_fields(question, &[Field::SubjectName, Field::DrugTestResult]);
    check(
        &in_force(),
        vec![
            (
                "no use",
                "north-police/offenders",
                of(KindFacts::DrugTest(DrugTestUse::Unspecified)),
                ADDRESSED,
                "forbidden: platform/drug-test-use-unknown",
            ),
            (
                "to detect crime",
                "north-police/offenders",
                Question { purpose: Purpose::CrimePrevention, ..bail() },
                ADDRESSED,
                "forbidden: platform/drug-test-use",
            ),
            ("the result", "courts/lists", result(bail()), ADDRESSED, AGREED),
            (
                "the result, for which the sender states no condition",
                "courts/lists",
                Question { sensitive_condition: SensitiveCondition::Unspecified, ..result(bail()) },
                ADDRESSED,
                "permitted: casework/everything; withheld drug_test_result",
            ),
        ],
    );
}

#[test]
fn consent_is_no_power_and_no_basis_for_enforcement() {
    const NO: &str = "forbidden: platform/consent";
    let desk = "probation/offenders";
    let kinds = [
        KindFacts::DrugTest(DrugTestUse::Bail),
        breach(EnforcementStep::Breach),
        KindFacts::Court(CourtStep::Listed),
        KindFacts::Mappa { category: 1, level: 2, step: MappaStep::Review },
    ];
    for facts in kinds {
        let by = |gateway, lawful_basis| Question { gateway, lawful_basis, ..of(facts.clone()) };
        check(
            &in_force(),
            vec![
                ("power", desk, by(Gateway::Consent, LawfulBasis::Dpa2018S35Task), ADDRESSED, NO),
                (
                    "basis",
                    desk,
                    by(Gateway::StatutoryDuty, LawfulBasis::Dpa2018S35Consent),
                    ADDRESSED,
                    NO,
                ),
                (
                    "of UK GDPR",
                    desk,
                    by(Gateway::StatutoryDuty, LawfulBasis::Gdpr61A),
                    ADDRESSED,
                    NO,
                ),
            ],
        );
    }
    let back_to_prison = |event| Question {
        facts: custody(event, CustodyCertainty::Confirmed),
        gateway: Gateway::Consent,
        ..case()
    };
    let recall: &'static str = "forbidden: platform/consent-recall";
    check(
        &in_force(),
        vec![
            ("recall", desk, back_to_prison(CustodyEvent::Recall), ADDRESSED, recall),
            ("at large", desk, back_to_prison(CustodyEvent::UnlawfullyAtLarge), ADDRESSED, recall),
            ("release", desk, back_to_prison(CustodyEvent::Release), ADDRESSED, "no permit"),
            (
                "an action may rest on consent",
                "mentors/mentoring",
                Question {
                    lawful_basis: LawfulBasis::Dpa2018S35Consent,
                    ..of(KindFacts::Action(Pathway::Employment))
                },
                ADDRESSED,
                AGREED,
            ),
        ],
    );
}

#[test]
fn that_somebody_is_in_breach_is_for_those_who_enforce_and_for_childrens_services() {
    const NO: &str = "forbidden: platform/enforcement";
    let rows = [
        ("north-police/offenders", AGREED),
        ("probation/offenders", AGREED),
        ("probation/victims", AGREED),
        ("prisons/custody", AGREED),
        ("youth/justice", AGREED),
        ("prosecutors/cases", AGREED),
        ("courts/lists", AGREED),
        ("council/children", AGREED),
        ("council/housing", NO),
        ("safety/community", NO),
        ("clinic/care", NO),
        ("treatment/advice", NO),
        ("mentors/mentoring", NO),
    ];
    for step in [EnforcementStep::Breach, EnforcementStep::RecallDecided] {
        check(&in_force(), to_each(&of(breach(step)), &rows));
    }
    let not_proved = KindFacts::Enforcement {
        step: EnforcementStep::Breach,
        outcome: EnforcementOutcome::NotProved,
    };
    check(&in_force(), vec![("who heard it", "council/children", of(not_proved), HOLDER, AGREED)]);
}

#[test]
fn a_recall_that_is_considered_is_kept_from_whoever_might_tip_somebody_off() {
    const NO: &str = "forbidden: platform/recall-considered";
    let rows = [
        ("north-police/offenders", AGREED),
        ("north-police/protection", AGREED),
        ("probation/offenders", AGREED),
        ("north-police/intelligence", NO),
        ("north-police/selection", NO),
        ("probation/victims", NO),
        ("prisons/custody", NO),
        ("youth/justice", NO),
        ("prosecutors/cases", NO),
        ("courts/lists", NO),
        ("council/children", NO),
        ("council/housing", "forbidden: platform/enforcement platform/recall-considered"),
    ];
    check(&in_force(), to_each(&of(breach(EnforcementStep::RecallConsidered)), &rows));
}

#[test]
fn each_need_has_partners_of_its_own() {
    const CONTROL: &str = "forbidden: platform/control-actions";
    const CARE: &str = "forbidden: platform/care-actions";
    let control = [
        ("north-police/offenders", AGREED),
        ("prisons/custody", AGREED),
        ("youth/justice", AGREED),
        ("council/housing", CONTROL),
        ("council/children", CONTROL),
        ("safety/community", CONTROL),
        ("treatment/advice", CONTROL),
        ("mentors/mentoring", CONTROL),
    ];
    check(&in_force(), to_each(&of(KindFacts::Action(Pathway::Control)), &control));
    let care = [
        ("probation/offenders", AGREED),
        ("treatment/advice", AGREED),
        ("clinic/care", AGREED),
        ("council/housing", CARE),
        ("mentors/mentoring", CARE),
        ("homes/children", CARE),
    ];
    for pathway in [Pathway::Health, Pathway::DrugsAndAlcohol] {
        check(&in_force(), to_each(&of(KindFacts::Action(pathway)), &care));
    }
    let roof = [("council/housing", AGREED), ("mentors/mentoring", AGREED)];
    check(&in_force(), to_each(&of(KindFacts::Action(Pathway::Accommodation)), &roof));
}

#[test]
fn where_a_child_is_placed_is_for_desks_for_children() {
    const NO: &str = "forbidden: platform/child-placement";
    let rows = [
        ("council/children", AGREED),
        ("youth/justice", AGREED),
        ("north-police/protection", AGREED),
        ("north-police/offenders", NO),
        ("probation/offenders", NO),
        ("council/housing", NO),
        ("safety/community", NO),
        ("mentors/mentoring", NO),
        ("homes/children", NO),
    ];
    for sort in [PlacementSort::LookedAfter, PlacementSort::ChildRemand] {
        // Grown up since: the placement is still a child's.
        check(&in_force(), to_each(&of(placed(sort, PlacementStep::Started)), &rows));
    }
    let concern = [
        ("council/children", AGREED),
        ("youth/justice", AGREED),
        ("north-police/protection", AGREED),
        ("homes/children", NO),
        (
            "north-police/offenders",
            "forbidden: platform/child-placement platform/placement-concern",
        ),
    ];
    let complaint = of(placed(PlacementSort::LookedAfter, PlacementStep::Concern));
    check(&in_force(), to_each(&complaint, &concern));
}

#[test]
fn where_somebody_dangerous_or_ill_lives_is_for_few() {
    const PREMISES: &str = "forbidden: platform/approved-premises";
    let premises = [
        ("north-police/offenders", AGREED),
        ("probation/offenders", AGREED),
        ("probation/victims", PREMISES),
        ("north-police/selection", PREMISES),
        ("prisons/custody", PREMISES),
        ("council/housing", PREMISES),
        ("mentors/mentoring", PREMISES),
    ];
    let lives = of(placed(PlacementSort::ApprovedPremises, PlacementStep::Started));
    check(&in_force(), to_each(&lives, &premises));
    const HOSPITAL: &str = "forbidden: platform/hospital-placement";
    let hospital = [
        ("clinic/care", AGREED),
        ("north-police/protection", AGREED),
        ("north-police/offenders", HOSPITAL),
        ("probation/offenders", HOSPITAL),
        ("prisons/custody", HOSPITAL),
        ("council/housing", HOSPITAL),
    ];
    let ill = of(placed(PlacementSort::Hospital, PlacementStep::Started));
    check(&in_force(), to_each(&ill, &hospital));
    let roof = of(placed(PlacementSort::Transitional, PlacementStep::Planned));
    check(&in_force(), to_each(&roof, &[("council/housing", AGREED)]));
}

#[test]
fn referrals_and_answers_go_by_name_and_to_whoever_has_the_earlier_message() {
    let referral = || of(KindFacts::Referral(ReferralStep::Made));
    let ended = || of(KindFacts::Referral(ReferralStep::NotProceeding));
    let desk = "mentors/mentoring";
    let named: &'static str = "forbidden: platform/referral-named";
    let asked: &'static str = "forbidden: platform/response-named";
    check(
        &in_force(),
        vec![
            ("named", desk, referral(), ADDRESSED, AGREED),
            ("by place", desk, referral(), IN_AREA, named),
            ("by list", "north-police/offenders", referral(), OWNER, named),
            ("not proceeding", desk, ended(), HOLDER, AGREED),
            ("whoever asked", "council/housing", of(KindFacts::Response), ADDRESSED, AGREED),
            ("anybody else", "council/housing", of(KindFacts::Response), IN_AREA, asked),
            ("a question by place", "council/housing", of(KindFacts::Request), IN_AREA, AGREED),
        ],
    );
    let programme = |question| with_fields(question, &[Field::ReferralProgramme, Field::Consent]);
    check(
        &in_force(),
        vec![(
            "who agreed to what stays with whoever asked",
            desk,
            programme(referral()),
            ADDRESSED,
            "permitted: casework/everything; withheld consent",
        )],
    );
}

#[test]
fn what_holds_for_every_kind_holds_for_casework() {
    for facts in [
        KindFacts::Action(Pathway::Accommodation),
        KindFacts::Request,
        KindFacts::Response,
        KindFacts::Court(CourtStep::Sentenced),
        KindFacts::Referral(ReferralStep::Made),
    ] {
        let child = Question { under_18: true, ..of(facts.clone()) };
        let limited = Question { limited_access: LimitedAccess::Yes, ..of(facts.clone()) };
        let unknown = Question { limited_access: LimitedAccess::Unspecified, ..of(facts.clone()) };
        let neighbour = Question { category: SubjectCategory::Other, ..of(facts.clone()) };
        let secret = Question { marking: Marking::Secret, ..of(facts) };
        let desk = "council/housing";
        check(
            &in_force(),
            vec![
                ("child", desk, child, ADDRESSED, "forbidden: platform/children"),
                ("limited", desk, limited, ADDRESSED, "forbidden: platform/limited-access"),
                ("not known", desk, unknown, ADDRESSED, "forbidden: platform/limited-access"),
                ("neighbour", desk, neighbour, ADDRESSED, "forbidden: platform/third-parties"),
                ("secret", desk, secret, ADDRESSED, "forbidden: platform/marking"),
            ],
        );
    }
}

#[test]
fn a_gap_in_treatment_is_told_to_those_who_lead_somebody_to_treatment() {
    let gap = || of(KindFacts::Task(TaskKind::TreatmentGap));
    let told: &'static str = "permitted: casework/gaps";
    let no: &'static str = "forbidden: platform/treatment-gap";
    check(
        &in_force(),
        vec![
            (
                "the list's owner",
                "north-police/offenders",
                gap(),
                OWNER,
                "permitted: casework/gaps platform/task; handling no_onward",
            ),
            (
                "without any agreement",
                "probation/offenders",
                Question { gateway: Gateway::PoliceCommonLaw, ..gap() },
                OWNER,
                "permitted: platform/task; handling no_onward",
            ),
            ("drug interventions", "safety/community", gap(), IN_AREA, told),
            ("a selection desk", "north-police/selection", gap(), SELECTION, no),
            ("intelligence", "north-police/intelligence", gap(), IN_AREA, no),
            ("treatment is not told who stays away", "treatment/advice", gap(), IN_AREA, no),
            ("housing", "council/housing", gap(), IN_AREA, no),
            ("victim liaison", "probation/victims", gap(), IN_AREA, no),
            ("a prison", "prisons/custody", gap(), IN_AREA, no),
            ("a court", "courts/lists", gap(), IN_AREA, no),
            ("a clinic", "clinic/care", gap(), IN_AREA, no),
            ("mentors", "mentors/mentoring", gap(), IN_AREA, no),
            ("a list that a prison owns", "prisons/custody", gap(), OWNER, no),
            ("a list that a child's team owns", "youth/justice", gap(), IN_AREA, told),
        ],
    );
}

#[test]
fn a_sole_carer_is_news_for_childrens_services_alone() {
    let carer = || {
        with_fields(
            of(KindFacts::Court(CourtStep::Remanded)),
            &[Field::SubjectName, Field::SoleCarer],
        )
    };
    let hidden: &'static str = "permitted: casework/everything; withheld sole_carer";
    check(
        &in_force(),
        vec![
            ("children's services", "council/children", carer(), ADDRESSED, AGREED),
            ("police", "north-police/offenders", carer(), ADDRESSED, hidden),
            ("a prison", "prisons/custody", carer(), ADDRESSED, hidden),
            ("a charity's home", "homes/children", carer(), ADDRESSED, hidden),
        ],
    );
}

/// Each condition of an agreement on one kind: what meets it, and what does not.
#[test]
fn a_condition_on_a_kind_is_met_by_what_it_names() {
    let ordered = |facts| Question { gateway: Gateway::CourtOrder, ..of(facts) };
    let proved = |step| KindFacts::Enforcement { step, outcome: EnforcementOutcome::Proved };
    let rows: [(KindFacts, &'static str); 15] = [
        (KindFacts::DrugTest(DrugTestUse::Release), "permitted: conditions/test"),
        (KindFacts::DrugTest(DrugTestUse::Supervision), "no permit"),
        (proved(EnforcementStep::Warrant), "permitted: conditions/breach"),
        (proved(EnforcementStep::Breach), "no permit"),
        (breach(EnforcementStep::Warrant), "no permit"),
        (KindFacts::Action(Pathway::Finance), "permitted: conditions/step"),
        (KindFacts::Action(Pathway::Community), "no permit"),
        (placed(PlacementSort::Transitional, PlacementStep::Ended), "permitted: conditions/place"),
        (placed(PlacementSort::Transitional, PlacementStep::Changed), "no permit"),
        (placed(PlacementSort::ApprovedPremises, PlacementStep::Ended), "no permit"),
        (KindFacts::Referral(ReferralStep::Accepted), "permitted: conditions/course"),
        (KindFacts::Referral(ReferralStep::Declined), "no permit"),
        (KindFacts::Court(CourtStep::Listed), "permitted: conditions/hearing"),
        (KindFacts::Court(CourtStep::Sentenced), "no permit"),
        (KindFacts::Request, "no permit"),
    ];
    let desk = "probation/offenders";
    let rows =
        rows.into_iter().map(|(facts, said)| ("word", desk, ordered(facts), ADDRESSED, said));
    check(&in_force(), rows.collect());
    let sentenced = || ordered(KindFacts::Court(CourtStep::Sentenced));
    check(
        &in_force(),
        vec![
            ("holder", desk, sentenced(), HOLDER, "permitted: conditions/holder"),
            ("in the area", desk, sentenced(), IN_AREA, "no permit"),
        ],
    );
}
