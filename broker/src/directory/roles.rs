//! Who may say who holds a part in somebody's case, and which desks hold one.
//!
//! The first is what operators set: a part that nobody may state is held by nobody. The second is
//! a table of what desks are for, so that a part brings news to those whose work it is and to no
//! other desk of the area. Deliberately does not know: of whom anything is stated.

use proto::exchange::v1::AreaRole;

use super::{AgencyKind, Desk, DeskIndex, Directory, Function, MessageKind};

impl Directory {
    /// Whether an agency kind may state who holds a part. A part that is not listed: nobody may.
    #[must_use]
    pub fn may_state(&self, role: AreaRole, kind: AgencyKind) -> bool {
        self.role_staters.get(&(role as i32)).is_some_and(|kinds| kinds.contains(&kind))
    }

    /// The desks that hold a part in an area and take a kind of message: those of the area whose work
    /// it is, or the one that is named.
    #[must_use]
    pub fn holders_of(
        &self,
        role: AreaRole,
        area: &str,
        named: Option<(&str, &str)>,
        kind: MessageKind,
    ) -> Vec<DeskIndex> {
        let candidates = match named {
            Some((agency, desk)) => self.desk_index(agency, desk).into_iter().collect(),
            None => self.desks_for(kind, area),
        };
        let holds = |index: &DeskIndex| {
            self.desk(*index).is_some_and(|desk| desk.holds(role) && desk.kinds.contains(&kind))
        };
        candidates.into_iter().filter(holds).collect()
    }
}

impl Desk {
    /// Whether a part can be this desk's: by what its agency is and what it is for.
    #[must_use]
    pub fn holds(&self, role: AreaRole) -> bool {
        use AgencyKind::{Council, Police, Probation, YouthOffending};
        use Function::{ChildrensServices, OffenderManagement, PublicProtection, YouthJustice};
        match (role, self.agency_kind, self.function) {
            // An authority for a child: its services for children, and its youth offending team.
            (
                AreaRole::Home | AreaRole::Host | AreaRole::Designated,
                Council | YouthOffending,
                ChildrensServices | YouthJustice,
            )
            // Supervision, for oneself or for another team.
            | (
                AreaRole::Supervising | AreaRole::Caretaking,
                Probation | YouthOffending,
                OffenderManagement | YouthJustice,
            )
            // Where somebody lives or went: the division, the unit and the team there.
            | (
                AreaRole::Resident | AreaRole::Release,
                Police | Probation | YouthOffending,
                OffenderManagement | YouthJustice,
            )
            // CJA 2003 s.325: the responsible authority of the area.
            | (AreaRole::Lead, Police | Probation, PublicProtection) => true,
            (
                AreaRole::Unspecified
                | AreaRole::Release
                | AreaRole::Resident
                | AreaRole::Home
                | AreaRole::Incident
                | AreaRole::Supervising
                | AreaRole::Host
                | AreaRole::Designated
                | AreaRole::Caretaking
                | AreaRole::Lead,
                _,
                _,
            ) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    const SHIPPED: &str = include_str!("../../../deploy/directory/greater-manchester.toml");

    #[test]
    fn who_may_state_a_part_is_who_the_directory_lists_and_nobody_else() {
        let directory = document::read(SHIPPED).unwrap();
        use AgencyKind::{Council, Court, Police, Prison, Probation, YouthOffending};
        for (role, kinds) in [
            (AreaRole::Home, &[YouthOffending, Council][..]),
            (AreaRole::Host, &[YouthOffending, Council]),
            (AreaRole::Designated, &[Court]),
            (AreaRole::Resident, &[Probation, Prison, YouthOffending, Council]),
            (AreaRole::Supervising, &[Probation, YouthOffending, Court]),
            (AreaRole::Caretaking, &[Probation, YouthOffending]),
            (AreaRole::Lead, &[Police, Probation, Prison]),
            (AreaRole::Release, &[Probation, Prison]),
            (AreaRole::Incident, &[]),
        ] {
            for kind in AgencyKind::ALL {
                let expected = kinds.contains(kind);
                assert_eq!(directory.may_state(role, *kind), expected, "{role:?} {kind:?}");
            }
        }
        // A directory that lists none lets nobody.
        let none = document::read("trust_domain = \"test\"\n").unwrap();
        assert!(AgencyKind::ALL.iter().all(|kind| !none.may_state(AreaRole::Supervising, *kind)));
    }

    #[test]
    fn only_parts_that_last_are_listed() {
        for kind in ["incident", "unspecified", "mayor"] {
            let text = format!(
                "trust_domain = \"test\"\n[[role]]\nkind = \"{kind}\"\nstated_by = [\"court\"]\n"
            );
            let Err(document::DocumentError::Faulty(faults)) = document::read(&text) else {
                unreachable!("{kind} is listed")
            };
            let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
            assert_eq!(paths, ["role[0].kind"], "{kind}");
        }
    }

    #[test]
    fn of_an_area_those_hold_a_part_whose_work_it_is() {
        let directory = document::read(SHIPPED).unwrap();
        let holders = |role, kind| -> Vec<String> {
            let found = directory.holders_of(role, "E08000007", None, kind);
            found.iter().filter_map(|desk| directory.desk(*desk)).map(Desk::full_id).collect()
        };
        let team = "stockport-yot/youth-justice";
        let services = "stockport-council/childrens-services";
        let unit = "probation-greater-manchester/stockport";
        assert_eq!(holders(AreaRole::Host, MessageKind::Custody), [team, services]);
        assert_eq!(holders(AreaRole::Supervising, MessageKind::Custody), [unit, team]);
        assert_eq!(
            holders(AreaRole::Resident, MessageKind::Custody),
            ["gmp/stockport", unit, team]
        );
        assert_eq!(
            holders(AreaRole::Lead, MessageKind::Mappa),
            ["gmp/public-protection", "probation-greater-manchester/public-protection"]
        );
        assert!(holders(AreaRole::Incident, MessageKind::Custody).is_empty());
    }
}
