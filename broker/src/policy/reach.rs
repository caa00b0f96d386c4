//! Whom each statutory gateway reaches: one table for the loader and for the decision.
//!
//! A gateway is a power to share with somebody. Promises that an agreement that names a
//! power which cannot reach its recipient is refused at load, and that a message which does
//! is refused when it is decided. Says nothing of lawful basis: that is another thing.

use std::fmt::Write as _;

use proto::exchange::v1::Gateway;
use proto::text::Named as _;

use crate::directory::AgencyKind::{
    self, Council, Court, Health, Jobcentre, Police, Prison, Probation, Prosecution,
    TreatmentProvider, Voluntary, YouthOffending,
};

/// One row: the kinds a gateway reaches, and the provision that says so.
pub struct Reach {
    /// Gateway.
    pub gateway: Gateway,
    /// Kinds that may disclose by it.
    pub from: &'static [AgencyKind],
    /// Kinds that may be disclosed to.
    pub to: &'static [AgencyKind],
    /// Sender or recipient must be one of these. Empty: no such rule.
    pub either: &'static [AgencyKind],
    /// Provision.
    pub source: &'static str,
}

/// Every kind that takes part in a matter. Operators run the broker and do not.
const ANY: &[AgencyKind] = &[
    Police,
    Probation,
    Prison,
    YouthOffending,
    Prosecution,
    Court,
    Council,
    TreatmentProvider,
    Health,
    Jobcentre,
    Voluntary,
];

/// Responsible authorities and bodies under the duty to co-operate.
const MAPPA_BODIES: &[AgencyKind] =
    &[Police, Probation, Prison, YouthOffending, Council, Health, Jobcentre];

/// The table. A gateway without a row reaches nobody.
pub const REACH: &[Reach] = &[
    Reach {
        gateway: Gateway::Cda1998S115,
        from: ANY,
        to: &[Police, Probation, Council, Health, YouthOffending],
        either: &[],
        source: "Crime and Disorder Act 1998 s.115(1) and (2): to a relevant authority or one that \
                 acts for it, as a youth offending team does for its council",
    },
    Reach {
        gateway: Gateway::Cda1998S3739,
        from: ANY,
        to: &[YouthOffending, Police, Probation, Council, Health],
        either: &[YouthOffending],
        source: "Crime and Disorder Act 1998 ss.37 to 39: the youth offending team and those who \
                 make it up",
    },
    Reach {
        gateway: Gateway::Cja2003S325,
        from: MAPPA_BODIES,
        to: MAPPA_BODIES,
        either: &[Police, Probation, Prison],
        source: "Criminal Justice Act 2003 s.325(3) to (6): responsible authority and co-operating \
                 bodies",
    },
    Reach {
        gateway: Gateway::Oma2007S14,
        from: &[Police, Probation, Prison, YouthOffending, Council],
        to: &[Police, Probation, Prison, YouthOffending, Council],
        either: &[Probation, Prison],
        source: "Offender Management Act 2007 s.14: probation and prison with the persons listed",
    },
    Reach {
        gateway: Gateway::Ca2004S1011,
        from: ANY,
        to: &[Council, Police, Probation, Prison, YouthOffending, Health],
        either: &[],
        source: "Children Act 2004 ss.10(4) and 11(1): the local authority and its partners",
    },
    Reach {
        gateway: Gateway::Ca1989S1747,
        from: ANY,
        to: &[Council],
        either: &[],
        source: "Children Act 1989 ss.17, 27 and 47: the local authority's children's services",
    },
    Reach {
        gateway: Gateway::Pcsc2022S16,
        from: &[Police, Probation, Prison, YouthOffending],
        to: &[Police, Probation, Prison, YouthOffending, Council, Health],
        either: &[],
        source: "Police, Crime, Sentencing and Courts Act 2022 s.16(1) and (4)(b)",
    },
    Reach {
        gateway: Gateway::Care2014S6745,
        from: ANY,
        to: &[Council, Police, Probation, Prison, Health],
        either: &[],
        source: "Care Act 2014 ss.6(7), 7 and 45: the local authority and its relevant partners",
    },
    Reach {
        gateway: Gateway::PoliceCommonLaw,
        from: &[Police],
        to: ANY,
        either: &[],
        source: "common-law policing purpose, on a pressing need",
    },
    Reach {
        gateway: Gateway::Consent,
        from: ANY,
        to: ANY,
        either: &[],
        source: "consent of the person concerned",
    },
    Reach {
        gateway: Gateway::Vital,
        from: ANY,
        to: ANY,
        either: &[],
        source: "vital interests or imminent harm",
    },
    Reach {
        gateway: Gateway::CourtOrder,
        from: ANY,
        to: ANY,
        either: &[],
        source: "the order itself",
    },
    Reach {
        gateway: Gateway::StatutoryDuty,
        from: ANY,
        to: ANY,
        either: &[],
        source: "the statute that the agreement names",
    },
];

/// Whether a gateway reaches from a sender of one kind to a recipient of another.
#[must_use]
pub fn reaches(gateway: Gateway, from: AgencyKind, to: AgencyKind) -> bool {
    REACH.iter().any(|row| {
        row.gateway == gateway
            && row.from.contains(&from)
            && row.to.contains(&to)
            && (row.either.is_empty() || row.either.contains(&from) || row.either.contains(&to))
    })
}

/// The table as forbids, one per gateway.
pub(super) fn forbids() -> String {
    let mut text = String::new();
    for row in REACH {
        let gateway = row.gateway.name();
        let mut condition = format!(
            "{}.contains(context.sender_kind) && {}.contains(principal.kind)",
            set(row.from),
            set(row.to)
        );
        if !row.either.is_empty() {
            let either = set(row.either);
            // Writing into a text cannot fail.
            let _ = write!(
                condition,
                " && ({either}.contains(context.sender_kind) || {either}.contains(principal.kind))"
            );
        }
        let _ = write!(
            text,
            "@id(\"platform/reach-{}\")\n\
             forbid (principal, action in Action::\"disclosure\", resource)\n\
             when {{ context.gateway == \"{gateway}\" }}\nunless {{ {condition} }};\n",
            gateway.replace('_', "-")
        );
    }
    text
}

fn set(kinds: &[AgencyKind]) -> String {
    let words: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
    format!("[{}]", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_115_reaches_relevant_authorities_and_nobody_else() {
        for to in [Police, Probation, Council, Health, YouthOffending] {
            assert!(reaches(Gateway::Cda1998S115, Prison, to), "{to:?}");
        }
        for to in [Prison, Prosecution, Court, TreatmentProvider, Voluntary, AgencyKind::Operator] {
            assert!(!reaches(Gateway::Cda1998S115, Police, to), "{to:?}");
        }
    }

    #[test]
    fn section_325_needs_a_responsible_authority_on_one_side() {
        assert!(reaches(Gateway::Cja2003S325, Police, Council));
        assert!(reaches(Gateway::Cja2003S325, Health, Probation));
        assert!(!reaches(Gateway::Cja2003S325, Health, Council));
        assert!(!reaches(Gateway::Cja2003S325, Police, Voluntary));
    }

    #[test]
    fn the_serious_violence_duty_is_no_power_of_health_or_councils() {
        assert!(reaches(Gateway::Pcsc2022S16, Police, Council));
        assert!(!reaches(Gateway::Pcsc2022S16, Council, Police));
        assert!(!reaches(Gateway::Pcsc2022S16, Health, Police));
    }

    #[test]
    fn every_gateway_has_one_row_and_none_reaches_operators() {
        for number in 1..14 {
            let gateway = Gateway::try_from(number).unwrap();
            assert_eq!(REACH.iter().filter(|row| row.gateway == gateway).count(), 1);
            assert!(!reaches(gateway, Police, AgencyKind::Operator));
        }
        assert!(Gateway::try_from(14).is_err());
        assert!(!reaches(Gateway::Unspecified, Police, Police));
    }
}
