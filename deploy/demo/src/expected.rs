//! Who must be told what, message by message, and who must be refused. Written by hand.
//!
//! Promises that nothing here is computed: it is the reader's own reckoning, from the agreements in
//! `deploy/policies/stockport`, against which the play is held.

use proto::exchange::v1::Field::{
    self, ChildConcern, CustodyPrison, CustodyReason, HmppsIdentifiers, MappaCategory, MappaLevel,
    Narrative, OffenceClass, OriginatorReference, PoliceIdentifiers, Risk, SubjectBirthDate,
};

use crate::stage::StageError;

/// One desk that is told.
pub(crate) struct Told {
    /// Agency and desk.
    pub(crate) desk: &'static str,
    /// Whether the broker asks it to settle something.
    pub(crate) task: bool,
    /// How many of the message's persons it sees.
    pub(crate) persons: usize,
    /// Exactly what is withheld, of any of them.
    pub(crate) without: &'static [Field],
}

/// What must become of one message.
pub(crate) struct Expected {
    key: &'static str,
    /// Told, and nobody else.
    pub(crate) told: &'static [Told],
    /// Had a stake and is refused, and nobody else. With ` (task)` after it: not asked to settle it.
    pub(crate) refused: &'static [&'static str],
    /// Why it must be so, for the reader.
    pub(crate) remark: &'static str,
}

const fn told(desk: &'static str, without: &'static [Field]) -> Told {
    Told { desk, task: false, persons: 1, without }
}

const fn both(desk: &'static str, without: &'static [Field]) -> Told {
    Told { desk, task: false, persons: 2, without }
}

const fn task(desk: &'static str, without: &'static [Field]) -> Told {
    Told { desk, task: true, persons: 1, without }
}

/// The row about a message.
///
/// # Errors
/// There is none.
pub(crate) fn of(key: &str) -> Result<&'static Expected, StageError> {
    let found = EXPECTED.iter().find(|row| row.key == key);
    found.ok_or_else(|| format!("nobody wrote down what must become of {key}").into())
}

const EXPECTED: &[Expected] = &[
    // --- Flags: police and probation of the place; the council's co-ordinator learns the least.
    Expected {
        key: "flag-archer",
        told: &[told("probation-north-west/wirral", &[])],
        refused: &[
            "merseyside-police/public-protection",
            "probation-north-west/public-protection",
            "wirral-yot/youth-justice",
            "wirral-council/childrens-services",
        ],
        remark: "A flag is told to police and probation where the person belongs.",
    },
    Expected {
        key: "flag-brook",
        told: &[
            told("probation-greater-manchester/stockport", &[]),
            told(
                "stockport-council/community-safety",
                &[SubjectBirthDate, PoliceIdentifiers, HmppsIdentifiers, Narrative],
            ),
        ],
        refused: &[
            "gmp/public-protection",
            "probation-greater-manchester/public-protection",
            "stockport-yot/youth-justice",
            "stockport-council/childrens-services",
            "cps-north-west/magistrates",
        ],
        remark: "The council's co-ordinator learns who is on the list, not what was written about him.",
    },
    // A child: desks that are cleared for children, in both places. Not the probation units.
    Expected {
        key: "flag-dale",
        told: &[
            told("gmp/stockport", &[ChildConcern]),
            told("merseyside-police/wirral", &[ChildConcern]),
            told("stockport-yot/youth-justice", &[]),
            told("stockport-council/childrens-services", &[]),
            told("wirral-council/childrens-services", &[]),
        ],
        refused: &[
            "gmp/public-protection",
            "merseyside-police/public-protection",
            "probation-greater-manchester/stockport",
            "probation-greater-manchester/public-protection",
            "probation-north-west/wirral",
            "probation-north-west/public-protection",
            "stockport-council/community-safety",
            "cps-north-west/magistrates",
        ],
        remark: "A child: only desks cleared for children, in both boroughs. Probation units are not.",
    },
    // A limited record: public protection desks, which are cleared for it.
    Expected {
        key: "flag-frost",
        told: &[
            told("gmp/public-protection", &[]),
            told("probation-greater-manchester/public-protection", &[]),
        ],
        refused: &[
            "gmp/stockport",
            "stockport-yot/youth-justice",
            "stockport-council/childrens-services",
            "stockport-council/community-safety",
            "cps-north-west/magistrates",
        ],
        remark: "A limited record: only public protection desks, which are cleared for it.",
    },
    // --- The feed knows neither area nor age nor limits: the flag's owner learns the minimum, and
    // is asked to find out where the person goes.
    Expected {
        key: "archer-provisional",
        told: &[
            told("merseyside-police/wirral", &[]),
            task("merseyside-police/wirral", &[CustodyReason]),
        ],
        refused: &[],
        remark: "The flag's owner is told where nobody else can be, and asked to find out the area.",
    },
    Expected {
        key: "archer-confirmed",
        told: &[
            told("merseyside-police/wirral", &[]),
            task("merseyside-police/wirral", &[CustodyReason]),
        ],
        refused: &[],
        remark: "Confirmed, and still without an area: Stockport cannot know yet.",
    },
    Expected {
        key: "brook-absent",
        told: &[told("gmp/stockport", &[])],
        refused: &[],
        remark: "No release, and so no release alert.",
    },
    Expected {
        key: "brook-at-large",
        told: &[told("gmp/stockport", &[])],
        refused: &[],
        remark: "Told at once, on its real name: somebody who must be found.",
    },
    // The owner is no police and no probation: until somebody says that access is not limited,
    // nothing may go there.
    Expected {
        key: "dale-event",
        told: &[],
        refused: &["wirral-yot/youth-justice", "wirral-yot/youth-justice (task)"],
        remark: "Limits unknown: only police and probation could have the minimum. The list mends this.",
    },
    Expected {
        key: "ember-event",
        told: &[],
        refused: &[],
        remark: "Nobody has a stake in an unknown person of unknown area. The list mends this too.",
    },
    // --- The release list knows all three.
    Expected {
        key: "archer-listed",
        told: &[
            told("gmp/stockport", &[]),
            told("merseyside-police/wirral", &[]),
            told("probation-greater-manchester/stockport", &[]),
            told(
                "stockport-council/housing",
                &[HmppsIdentifiers, CustodyPrison, CustodyReason, OffenceClass],
            ),
        ],
        refused: &[
            "gmp/public-protection",
            "probation-greater-manchester/public-protection",
            "stockport-yot/youth-justice",
            "stockport-council/childrens-services",
            "cps-north-west/magistrates",
            "hmcts/stockport-magistrates",
            "stockport-drug-and-alcohol-service/criminal-justice",
            "nhs-greater-manchester/forensic-mental-health",
            "loto-stockport/mentors",
        ],
        remark: "The border is crossed: both forces, probation and housing each learn their part.",
    },
    Expected {
        key: "ember-listed",
        told: &[told("gmp/stockport-selection", &[])],
        refused: &[
            "gmp/stockport",
            "gmp/public-protection",
            "probation-greater-manchester/stockport",
            "probation-greater-manchester/public-protection",
            "stockport-yot/youth-justice",
            "stockport-council/housing",
            "stockport-council/childrens-services",
            "cps-north-west/magistrates",
            "hmcts/stockport-magistrates",
            "stockport-drug-and-alcohol-service/criminal-justice",
            "nhs-greater-manchester/forensic-mental-health",
            "loto-stockport/mentors",
        ],
        remark: "On no list: the police selection list alone, and no partner.",
    },
    Expected {
        key: "dale-listed",
        told: &[
            told("gmp/stockport", &[]),
            told("stockport-yot/youth-justice", &[]),
            told("wirral-yot/youth-justice", &[]),
            told("stockport-council/childrens-services", &[OffenceClass]),
        ],
        refused: &[
            "gmp/public-protection",
            "probation-greater-manchester/stockport",
            "probation-greater-manchester/public-protection",
            "stockport-council/housing",
            "cps-north-west/magistrates",
            "hmcts/stockport-magistrates",
            "stockport-drug-and-alcohol-service/criminal-justice",
            "nhs-greater-manchester/forensic-mental-health",
            "loto-stockport/mentors",
        ],
        remark: "The event told nobody; now both youth teams and children's services know.",
    },
    Expected {
        key: "frost-listed",
        told: &[
            told("gmp/public-protection", &[]),
            told("probation-greater-manchester/public-protection", &[]),
        ],
        refused: &[
            "gmp/stockport",
            "probation-greater-manchester/stockport",
            "stockport-yot/youth-justice",
            "stockport-council/housing",
            "stockport-council/childrens-services",
            "cps-north-west/magistrates",
            "hmcts/stockport-magistrates",
            "stockport-drug-and-alcohol-service/criminal-justice",
            "nhs-greater-manchester/forensic-mental-health",
            "loto-stockport/mentors",
        ],
        remark: "A limited record stays limited, whatever the area.",
    },
    // --- Two people in one message: police see both, probation the adult, youth teams the child.
    Expected {
        key: "seen-together",
        told: &[
            both("gmp/stockport", &[OriginatorReference]),
            both("gmp/public-protection", &[OriginatorReference]),
            told("probation-greater-manchester/stockport", &[OriginatorReference]),
            told("probation-greater-manchester/public-protection", &[OriginatorReference]),
            told("stockport-yot/youth-justice", &[OriginatorReference, Narrative]),
            told("wirral-yot/youth-justice", &[OriginatorReference, Narrative]),
        ],
        refused: &["stockport-council/childrens-services", "stockport-council/community-safety"],
        remark: "Police see both, probation the adult, the youth teams the child: one message.",
    },
    Expected {
        key: "mappa-hill",
        told: &[
            told("gmp/public-protection", &[]),
            told("probation-greater-manchester/public-protection", &[]),
            told("hmpps-prisons/public-protection", &[]),
            told("stockport-council/housing", &[HmppsIdentifiers, MappaCategory, MappaLevel, Risk]),
        ],
        refused: &[
            "stockport-yot/youth-justice",
            "stockport-council/childrens-services",
            "nhs-greater-manchester/forensic-mental-health",
            "loto-stockport/mentors",
        ],
        remark: "Housing learns that a flat is needed, not the risk nor the level.",
    },
];
