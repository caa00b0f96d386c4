//! What holds for every kind of message: agreements, gateways, handling, whom it is about
//! and what nobody is shown.

use super::*;

#[test]
fn an_agreement_permits_what_it_names_and_no_more() {
    let withheld = |fields: &[Field]| with_fields(release(), fields);
    check(
        &in_force(),
        vec![
            (
                "a flag owner in the police: both permits' obligations hold",
                "north-police/offenders",
                release(),
                OWNER,
                "permitted: offenders/custody-to-police offenders/urgent-custody; \
                 withheld address; masked subject_birth_date; handling no_onward; \
                 act by hours 4; delete by days 90",
            ),
            (
                "routine: only the other permit",
                "north-police/offenders",
                Question { urgency: Urgency::Unspecified, ..release() },
                OWNER,
                "permitted: offenders/custody-to-police; handling no_onward; act by hours 24; \
                 delete by days 90",
            ),
            (
                "an area is stake enough for the first permit",
                "north-police/offenders",
                withheld(&[Field::Narrative, Field::Risk]),
                IN_AREA,
                "permitted: offenders/custody-to-police; withheld risk; handling no_onward; \
                 act by hours 24; delete by days 90",
            ),
            (
                "narrative needs a permit that names it",
                "probation/offenders",
                withheld(&[Field::Narrative, Field::SubjectName]),
                OWNER,
                "permitted: offenders/urgent-custody; withheld narrative; act by hours 4",
            ),
            (
                "no condition for sensitive data: the field stays out, the rest goes",
                "north-police/offenders",
                Question {
                    sensitive_condition: SensitiveCondition::Unspecified,
                    ..withheld(&[Field::Narrative, Field::SubjectName])
                },
                IN_AREA,
                "permitted: offenders/custody-to-police; withheld narrative; handling no_onward; \
                 act by hours 24; delete by days 90",
            ),
        ],
    );
}

#[test]
fn everything_an_agreement_asks_must_hold() {
    check(
        &in_force(),
        vec![
            ("no stake", "north-police/offenders", release(), NO_STAKE, "no permit"),
            ("a force that is no party", "south-police/offenders", release(), OWNER, "no permit"),
            ("another function", "north-police/intelligence", release(), OWNER, "no permit"),
            (
                "no flag of those named",
                "north-police/offenders",
                Question { flags: BTreeSet::from([FlagKind::Dip]), ..release() },
                IN_AREA,
                "no permit",
            ),
            (
                "another purpose",
                "north-police/offenders",
                Question { purpose: Purpose::Resettlement, ..release() },
                OWNER,
                "no permit",
            ),
            (
                "a basis not agreed for the gateway",
                "north-police/offenders",
                Question { lawful_basis: LawfulBasis::Gdpr61C, ..release() },
                OWNER,
                "no permit",
            ),
            (
                "a gateway not agreed",
                "north-police/offenders",
                Question { gateway: Gateway::Vital, ..release() },
                OWNER,
                "no permit",
            ),
            (
                "a suspect is none of the categories",
                "north-police/offenders",
                Question { category: SubjectCategory::Suspect, ..release() },
                OWNER,
                "no permit",
            ),
        ],
    );
}

#[test]
fn the_unflagged_go_to_the_selection_desk_and_to_no_partner() {
    let unflagged = || Question { flags: BTreeSet::new(), ..release() };
    let candidate = || Question { flags: BTreeSet::new(), ..task(TaskKind::SelectionCandidate) };
    check(
        &in_force(),
        vec![
            (
                "an unflagged release",
                "north-police/selection",
                unflagged(),
                SELECTION,
                "permitted: offenders/unflagged-burglars",
            ),
            ("a flagged one", "north-police/selection", release(), SELECTION, "no permit"),
            (
                "a transfer is no release",
                "north-police/selection",
                Question {
                    facts: custody(CustodyEvent::Transfer, CustodyCertainty::Confirmed),
                    ..unflagged()
                },
                SELECTION,
                "no permit",
            ),
            (
                "the task",
                "north-police/selection",
                candidate(),
                SELECTION,
                "permitted: offenders/selection-tasks",
            ),
            (
                "the task at a partner",
                "probation/offenders",
                candidate(),
                SELECTION,
                "forbidden: platform/selection-candidate",
            ),
            (
                "the task at a flag owner",
                "north-police/offenders",
                candidate(),
                OWNER,
                "forbidden: platform/selection-candidate",
            ),
            (
                "the task at another desk of the police area",
                "north-police/offenders",
                candidate(),
                SELECTION,
                "forbidden: platform/selection-candidate",
            ),
            (
                "the task at a selection desk that only was named",
                "north-police/selection",
                candidate(),
                ADDRESSED,
                "forbidden: platform/selection-candidate",
            ),
        ],
    );
}

#[test]
fn what_every_message_must_state() {
    let refused = |question: Question, answer: &'static str| -> Row {
        ("stated", "north-police/offenders", question, OWNER, answer)
    };
    check(
        &in_force(),
        vec![
            refused(
                Question { marking: Marking::Secret, ..release() },
                "forbidden: platform/marking",
            ),
            refused(
                Question { marking: Marking::Unspecified, ..release() },
                "forbidden: platform/marking",
            ),
            refused(
                Question { purpose: Purpose::Unspecified, ..release() },
                "forbidden: platform/incomplete",
            ),
            refused(
                Question { gateway: Gateway::Unspecified, ..release() },
                "forbidden: platform/incomplete",
            ),
            refused(
                Question { lawful_basis: LawfulBasis::Unspecified, ..release() },
                "forbidden: platform/incomplete",
            ),
            refused(
                Question { category: SubjectCategory::Unspecified, ..release() },
                "forbidden: platform/incomplete",
            ),
            refused(
                Question { sender_regime: Regime::UkGdpr, ..release() },
                "forbidden: platform/basis-fits-regime",
            ),
        ],
    );
}

#[test]
fn a_gateway_goes_no_further_than_its_statute() {
    let by = |gateway| Question { gateway, ..release() };
    check(
        &in_force(),
        vec![
            (
                "section 115 to prosecutors",
                "prosecutors/cases",
                release(),
                ADDRESSED,
                "forbidden: platform/reach-cda1998-s115",
            ),
            (
                "section 115 to mentors",
                "mentors/mentoring",
                release(),
                ADDRESSED,
                "forbidden: platform/reach-cda1998-s115",
            ),
            (
                "section 115 to a prison",
                "prisons/custody",
                release(),
                ADDRESSED,
                "forbidden: platform/reach-cda1998-s115",
            ),
            (
                "common law is the police's own",
                "north-police/offenders",
                by(Gateway::PoliceCommonLaw),
                OWNER,
                "forbidden: platform/reach-police-common-law",
            ),
            (
                "operators take no part",
                "operators/operations",
                by(Gateway::Vital),
                ADDRESSED,
                "forbidden: platform/reach-vital",
            ),
            (
                "serious violence: patient information from anybody",
                "north-police/offenders",
                with_fields(by(Gateway::Pcsc2022S16), &[Field::TreatmentNeed]),
                OWNER,
                "forbidden: platform/pcsc2022-s16-patient",
            ),
            (
                "serious violence: anything from a health body",
                "north-police/offenders",
                Question { gateway: Gateway::Pcsc2022S16, ..from_health() },
                OWNER,
                "forbidden: platform/pcsc2022-s16-care-sender platform/reach-pcsc2022-s16",
            ),
            (
                "serious violence: anything from a council",
                "north-police/offenders",
                Question {
                    gateway: Gateway::Pcsc2022S16,
                    sender: "council".into(),
                    sender_kind: AgencyKind::Council,
                    ..from_health()
                },
                OWNER,
                "forbidden: platform/pcsc2022-s16-care-sender platform/reach-pcsc2022-s16",
            ),
        ],
    );
}

#[test]
fn handling_conditions_bind_whatever_was_agreed() {
    use HandlingCondition as H;
    let to_housing = |condition| handled(release(), condition);
    check(
        &in_force(),
        vec![
            (
                "addressees only, not addressed",
                "north-police/offenders",
                handled(release(), H::AddresseesOnly),
                IN_AREA,
                "forbidden: platform/addressees-only",
            ),
            (
                "addressees only, addressed",
                "north-police/offenders",
                handled(release(), H::AddresseesOnly),
                ADDRESSED,
                "permitted: offenders/custody-to-police; handling no_onward; act by hours 24; \
                 delete by days 90",
            ),
            (
                "law enforcement only",
                "council/housing",
                to_housing(H::LawEnforcementOnly),
                ADDRESSED,
                "forbidden: platform/law-enforcement-only",
            ),
            (
                "consult the originator",
                "north-police/offenders",
                handled(release(), H::ConsultOriginator),
                OWNER,
                "forbidden: platform/consult-originator",
            ),
            (
                "covert",
                "north-police/offenders",
                handled(release(), H::Covert),
                OWNER,
                "forbidden: platform/covert",
            ),
            (
                "what the message says already is not added again",
                "north-police/offenders",
                handled(release(), H::NoOnward),
                IN_AREA,
                "permitted: offenders/custody-to-police; act by hours 24; delete by days 90",
            ),
        ],
    );
}

#[test]
fn children_go_only_to_desks_for_children() {
    let child = || Question { under_18: true, ..release() };
    check(
        &in_force(),
        vec![
            (
                "a police desk",
                "north-police/offenders",
                child(),
                OWNER,
                "forbidden: platform/children",
            ),
            (
                "the youth offending team",
                "youth/justice",
                child(),
                IN_AREA,
                "permitted: offenders/custody-of-children",
            ),
            (
                "a desk for children whose permit covers adults only",
                "north-police/protection",
                Question { under_18: true, gateway: Gateway::StatutoryDuty, ..release() },
                ADDRESSED,
                "no permit",
            ),
        ],
    );
}

#[test]
fn limited_access_is_refused_but_for_the_custody_minimum() {
    let unknown = || Question { limited_access: LimitedAccess::Unspecified, ..release() };
    let minimum: &'static str = "permitted: platform/custody-minimum; withheld subject_name \
         subject_birth_date address; handling no_onward";
    check(
        &in_force(),
        vec![
            (
                "the minimum holds though an agreement permits more",
                "north-police/offenders",
                Question { urgency: Urgency::Routine, ..unknown() },
                IN_AREA,
                "permitted: offenders/custody-to-police platform/custody-minimum; \
                 withheld subject_name subject_birth_date address; handling no_onward; \
                 act by hours 24; delete by days 90",
            ),
            ("without an agreement", "south-police/offenders", unknown(), OWNER, minimum),
            ("probation", "probation/offenders", unknown(), IN_AREA, minimum),
            (
                "without a stake",
                "south-police/offenders",
                unknown(),
                NO_STAKE,
                "forbidden: platform/limited-access",
            ),
            (
                "a partner",
                "council/housing",
                unknown(),
                ADDRESSED,
                "forbidden: platform/limited-access",
            ),
            (
                "another function",
                "north-police/intelligence",
                unknown(),
                OWNER,
                "forbidden: platform/limited-access",
            ),
            (
                "news from elsewhere than custody or supervision",
                "north-police/offenders",
                Question {
                    limited_access: LimitedAccess::Unspecified,
                    gateway: Gateway::StatutoryDuty,
                    ..from_health()
                },
                ADDRESSED,
                "forbidden: platform/limited-access",
            ),
        ],
    );
}

#[test]
fn a_limited_record_goes_only_to_desks_cleared_for_it() {
    let limited = || Question { limited_access: LimitedAccess::Yes, ..release() };
    check(
        &in_force(),
        vec![
            (
                "limited",
                "north-police/offenders",
                limited(),
                OWNER,
                "forbidden: platform/limited-access",
            ),
            (
                "limited, at a desk cleared for it",
                "north-police/protection",
                Question { gateway: Gateway::StatutoryDuty, ..limited() },
                ADDRESSED,
                "permitted: care/to-police",
            ),
            (
                "not a custody message",
                "north-police/offenders",
                Question { limited_access: LimitedAccess::Unspecified, ..intelligence() },
                OWNER,
                "forbidden: platform/limited-access",
            ),
        ],
    );
}

#[test]
fn people_who_never_route_are_shown_to_few() {
    let about = |category| Question {
        category,
        sender: "probation".into(),
        sender_kind: AgencyKind::Probation,
        ..release()
    };
    check(
        &in_force(),
        vec![
            (
                "a victim, to police by agreement",
                "north-police/offenders",
                about(SubjectCategory::Victim),
                ADDRESSED,
                "permitted: offenders/everybody-mentioned",
            ),
            (
                "a victim, to housing though agreed",
                "council/housing",
                about(SubjectCategory::Victim),
                ADDRESSED,
                "forbidden: platform/third-parties",
            ),
            (
                "an associate, to housing though agreed",
                "council/housing",
                about(SubjectCategory::Associate),
                ADDRESSED,
                "forbidden: platform/third-parties",
            ),
            (
                "a witness, to police without an agreement",
                "north-police/offenders",
                about(SubjectCategory::Witness),
                ADDRESSED,
                "no permit",
            ),
        ],
    );
}

#[test]
fn what_no_agreement_reveals_stays_out() {
    let to_care = |question: Question, fields: &[Field]| Question {
        gateway: Gateway::StatutoryDuty,
        ..with_fields(question, fields)
    };
    let health = &[Field::Health, Field::HealthIdentifiers, Field::FormerName];
    check(
        &in_force(),
        vec![
            (
                "the health body",
                "clinic/care",
                to_care(release(), health),
                ADDRESSED,
                "permitted: care/to-health; withheld former_name",
            ),
            (
                "police offender managers",
                "north-police/offenders",
                to_care(release(), health),
                ADDRESSED,
                "permitted: care/to-police; withheld health_identifiers health former_name",
            ),
            (
                "public protection",
                "north-police/protection",
                to_care(release(), health),
                ADDRESSED,
                "permitted: care/to-police; withheld health_identifiers former_name",
            ),
            (
                "children's services whose council states no condition in this agreement",
                "council/children",
                to_care(release(), &[Field::Health, Field::ChildConcern, Field::SubjectName]),
                ADDRESSED,
                "permitted: care/to-children; withheld health child_concern",
            ),
            (
                "spent convictions, to police",
                "north-police/offenders",
                to_care(release(), &[Field::SpentConviction, Field::Risk]),
                ADDRESSED,
                "permitted: care/to-police",
            ),
            (
                "the same, no condition stated",
                "north-police/offenders",
                Question {
                    sensitive_condition: SensitiveCondition::Unspecified,
                    ..to_care(release(), &[Field::SpentConviction, Field::Risk])
                },
                ADDRESSED,
                "permitted: care/to-police; withheld risk",
            ),
        ],
    );
}

#[test]
fn mentors_get_no_identifiers_even_by_consent() {
    check(
        &in_force(),
        vec![(
            "police identifiers, to mentors by consent",
            "mentors/mentoring",
            Question {
                gateway: Gateway::Consent,
                purpose: Purpose::Resettlement,
                lawful_basis: LawfulBasis::Dpa2018S35Consent,
                ..with_fields(
                    release(),
                    &[Field::SubjectName, Field::PoliceIdentifiers, Field::HmppsIdentifiers],
                )
            },
            ADDRESSED,
            "permitted: mentors/at-the-gate; withheld police_identifiers hmpps_identifiers",
        )],
    );
}
