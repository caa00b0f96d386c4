//! What holds for one kind of message: custody, MAPPA, intelligence, tasks, corrections.

use super::*;

#[test]
fn custody_news_that_is_not_firm_or_not_a_release() {
    let provisional = || Question {
        facts: custody(CustodyEvent::Release, CustodyCertainty::Provisional),
        ..release()
    };
    let to_hospital = || Question {
        facts: custody(CustodyEvent::ReleaseToHospital, CustodyCertainty::Confirmed),
        ..release()
    };
    check(
        &in_force(),
        vec![
            (
                "provisional, to police",
                "north-police/offenders",
                provisional(),
                IN_AREA,
                "permitted: offenders/custody-to-police; handling no_onward; act by hours 24; \
                 delete by days 90",
            ),
            (
                "provisional, to housing",
                "council/housing",
                provisional(),
                ADDRESSED,
                "forbidden: platform/provisional-custody",
            ),
            (
                "to hospital, to housing",
                "council/housing",
                to_hospital(),
                ADDRESSED,
                "forbidden: platform/release-to-hospital",
            ),
            (
                "to hospital, to the health body",
                "clinic/care",
                Question { gateway: Gateway::StatutoryDuty, ..to_hospital() },
                ADDRESSED,
                "permitted: care/to-health",
            ),
        ],
    );
}

#[test]
fn responsible_authorities_need_no_agreement_for_mappa() {
    let category_4 = || Question {
        facts: KindFacts::Mappa { category: 4, level: 2, step: MappaStep::Review },
        ..mappa()
    };
    let permitted: &'static str = "permitted: platform/cja2003-s325; withheld risk; \
                                   handling no_onward not_to_subject";
    check(
        &in_force(),
        vec![
            (
                "a force that is party to nothing",
                "south-police/offenders",
                mappa(),
                IN_AREA,
                permitted,
            ),
            ("a prison", "prisons/custody", mappa(), ADDRESSED, permitted),
            ("no stake", "prisons/custody", mappa(), NO_STAKE, "no permit"),
            (
                "a co-operating body takes an agreement",
                "youth/justice",
                mappa(),
                ADDRESSED,
                "no permit",
            ),
            (
                "a power that is another",
                "south-police/offenders",
                Question { gateway: Gateway::Oma2007S14, ..mappa() },
                IN_AREA,
                "no permit",
            ),
            (
                "category 4",
                "south-police/offenders",
                category_4(),
                IN_AREA,
                "forbidden: platform/category-4",
            ),
            ("category 4, cleared", "north-police/protection", category_4(), IN_AREA, permitted),
        ],
    );
}

#[test]
fn the_duty_of_responsible_authorities_covers_nobody_and_nothing_else() {
    let from = |sender: &str, sender_kind| Question {
        sender: sender.into(),
        sender_kind,
        sender_regime: Regime::UkGdpr,
        lawful_basis: LawfulBasis::Gdpr61E,
        ..mappa()
    };
    let desk = "south-police/offenders";
    let suspect = Question { category: SubjectCategory::Suspect, ..mappa() };
    let another = Question { purpose: Purpose::OffenderManagement, ..mappa() };
    let no: &'static str = "no permit";
    check(
        &in_force(),
        vec![
            ("nobody was convicted", desk, suspect, ADDRESSED, no),
            ("another purpose", desk, another, ADDRESSED, no),
            ("a council tells", desk, from("safety", AgencyKind::Council), ADDRESSED, no),
            ("a health body tells", desk, from("clinic", AgencyKind::Health), ADDRESSED, no),
            ("a team tells", desk, from("youth", AgencyKind::YouthOffending), ADDRESSED, no),
            ("who selects for a list", desk, mappa(), SELECTION, no),
            ("a selection desk", "north-police/selection", mappa(), ADDRESSED, no),
            ("an intelligence bureau", "north-police/intelligence", mappa(), ADDRESSED, no),
            ("victim liaison", "probation/victims", mappa(), ADDRESSED, no),
            ("a council", "safety/community", mappa(), ADDRESSED, no),
            ("a clinic", "clinic/care", mappa(), ADDRESSED, no),
        ],
    );
}

#[test]
fn intelligence_follows_its_conditions() {
    use GradingScheme::ThreeFiveTwo;
    use IntelligenceCondition as C;
    let police: &'static str = "permitted: intelligence/police";
    let partner: &'static str = "permitted: intelligence/partners; withheld originator_reference";
    let desk = "north-police/offenders";
    check(
        &in_force(),
        vec![
            ("2BP to police", desk, intelligence(), IN_AREA, police),
            ("2BP to probation", "probation/offenders", intelligence(), IN_AREA, partner),
            (
                "2BP to housing, which states no condition",
                "council/housing",
                intelligence(),
                IN_AREA,
                "permitted: intelligence/partners; withheld originator_reference narrative",
            ),
            (
                "C without a condition",
                desk,
                graded(ThreeFiveTwo, 'C', &[]),
                IN_AREA,
                "forbidden: platform/conditions-unstated",
            ),
            ("C with A3", desk, graded(ThreeFiveTwo, 'C', &[C::A3]), IN_AREA, police),
            (
                "C with A1",
                desk,
                graded(ThreeFiveTwo, 'C', &[C::A1]),
                IN_AREA,
                "forbidden: platform/covert",
            ),
            (
                "C with A1 at a covert desk",
                "north-police/covert",
                graded(ThreeFiveTwo, 'C', &[C::A1]),
                IN_AREA,
                "permitted: intelligence/police; handling covert",
            ),
            (
                "C with S2",
                desk,
                graded(ThreeFiveTwo, 'C', &[C::S2]),
                IN_AREA,
                "forbidden: platform/consult-originator",
            ),
            (
                "C with S2, addressed by the originator",
                desk,
                graded(ThreeFiveTwo, 'C', &[C::S2]),
                ADDRESSED,
                "permitted: intelligence/police; handling consult_originator",
            ),
        ],
    );
}

#[test]
fn a_grade_is_read_in_its_own_scheme() {
    use GradingScheme::ThreeFiveTwo;
    let desk = "north-police/offenders";
    check(
        &in_force(),
        vec![
            (
                "handling of the other scheme",
                desk,
                graded(ThreeFiveTwo, '1', &[]),
                IN_AREA,
                "forbidden: platform/grade-unknown",
            ),
            (
                "no scheme",
                desk,
                graded(GradingScheme::Unspecified, 'P', &[]),
                IN_AREA,
                "forbidden: platform/grade-unknown",
            ),
        ],
    );
}

#[test]
fn old_handling_codes_keep_their_meaning() {
    use GradingScheme::FiveFiveFive;
    let partner: &'static str = "permitted: intelligence/partners; withheld originator_reference";
    let desk = "north-police/offenders";
    check(
        &in_force(),
        vec![
            (
                "old 1 to police",
                desk,
                graded(FiveFiveFive, '1', &[]),
                IN_AREA,
                "permitted: intelligence/police; handling law_enforcement_only",
            ),
            (
                "old 1 to housing",
                "council/housing",
                graded(FiveFiveFive, '1', &[]),
                IN_AREA,
                "forbidden: platform/555-law-enforcement",
            ),
            (
                "old 2 to prosecutors",
                "prosecutors/cases",
                graded(FiveFiveFive, '2', &[]),
                IN_AREA,
                "forbidden: platform/555-non-prosecuting",
            ),
            (
                "old 2 to probation",
                "probation/offenders",
                graded(FiveFiveFive, '2', &[]),
                IN_AREA,
                partner,
            ),
            (
                "old 3 to housing",
                "council/housing",
                graded(FiveFiveFive, '3', &[]),
                IN_AREA,
                "forbidden: platform/555-law-enforcement",
            ),
            (
                "old 4",
                desk,
                graded(FiveFiveFive, '4', &[]),
                ADDRESSED,
                "forbidden: platform/555-held",
            ),
            (
                "old 5",
                desk,
                graded(FiveFiveFive, '5', &[]),
                ADDRESSED,
                "forbidden: platform/555-held",
            ),
        ],
    );
}

#[test]
fn the_broker_asks_flag_owners_and_shows_little() {
    let unknown = |kind| Question { limited_access: LimitedAccess::Unspecified, ..task(kind) };
    let asked: &'static str =
        "permitted: platform/task; withheld custody_reason address; handling no_onward";
    check(
        &in_force(),
        vec![
            ("area unknown", "south-police/offenders", task(TaskKind::AreaUnknown), OWNER, asked),
            ("link", "probation/offenders", task(TaskKind::LinkDisputed), OWNER, asked),
            ("match", "north-police/offenders", task(TaskKind::PossibleMatch), OWNER, asked),
            (
                "match, not the owner",
                "north-police/offenders",
                task(TaskKind::PossibleMatch),
                IN_AREA,
                "forbidden: platform/possible-match",
            ),
            (
                "link, not the owner",
                "north-police/offenders",
                task(TaskKind::LinkDisputed),
                IN_AREA,
                "no permit",
            ),
            (
                "area unknown, access unknown: no more than the custody minimum",
                "south-police/offenders",
                unknown(TaskKind::AreaUnknown),
                OWNER,
                "permitted: platform/area-unknown-minimum platform/task; \
                 withheld subject_name subject_birth_date custody_reason address; \
                 handling no_onward",
            ),
            (
                "match, access unknown",
                "south-police/offenders",
                unknown(TaskKind::PossibleMatch),
                OWNER,
                "forbidden: platform/limited-access",
            ),
            (
                "unspecified",
                "south-police/offenders",
                task(TaskKind::Unspecified),
                OWNER,
                "no permit",
            ),
        ],
    );
}

#[test]
fn a_correction_reaches_whoever_was_given_the_original_and_tells_nothing_new() {
    let reason = || with_fields(correction(), &[Field::SubjectName, Field::Narrative]);
    let bare: &'static str = "permitted: platform/duty-to-correct; withheld subject_name narrative";
    let hidden = || Question {
        limited_access: LimitedAccess::Yes,
        under_18: true,
        category: SubjectCategory::Victim,
        handling: BTreeSet::from([
            HandlingCondition::LawEnforcementOnly,
            HandlingCondition::AddresseesOnly,
        ]),
        ..reason()
    };
    check(
        &in_force(),
        vec![
            ("anybody", "mentors/mentoring", reason(), NO_STAKE, bare),
            (
                "no forbid about the person stands in its way",
                "council/housing",
                hidden(),
                NO_STAKE,
                bare,
            ),
            (
                "an agreement may show the reason",
                "north-police/offenders",
                reason(),
                ADDRESSED,
                "permitted: offenders/reason-of-a-correction platform/duty-to-correct; \
                 withheld subject_name",
            ),
            (
                "but not of a limited record",
                "north-police/offenders",
                Question { limited_access: LimitedAccess::Yes, ..reason() },
                ADDRESSED,
                bare,
            ),
            (
                "the marking still counts",
                "council/housing",
                Question { marking: Marking::Secret, ..reason() },
                NO_STAKE,
                "forbidden: platform/marking",
            ),
        ],
    );
}
