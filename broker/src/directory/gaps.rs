//! What a directory without faults still lacks for an agency to take part.
//!
//! Promises to name agencies, desks and programmes only, and what follows for them. A gap is no fault: an
//! agency may be enrolled before its certificates are made. Deliberately does not know: who is
//! told.

use std::collections::BTreeSet;

use super::{AgencyKind, Directory};

impl Directory {
    /// A sentence for each gap, in the order of the agencies' ids and then of the programmes'.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let served: BTreeSet<_> =
            self.nodes.values().flat_map(|node| node.desks.iter().copied()).collect();
        let mut gaps = Vec::new();
        for agency in self.agencies.values() {
            let id = &agency.id;
            if !self.is_nameable(id) {
                gaps.push(format!(
                    "{id}: no issuer may name it: none of its systems and people can connect \
                     until an [[issuer]] does"
                ));
            }
            // Operators run the broker; they need not send or be sent anything.
            if agency.kind == AgencyKind::Operator {
                continue;
            }
            let desks = || self.desks().filter(|(_, desk)| desk.agency == *id);
            if desks().next().is_none() {
                gaps.push(format!(
                    "{id}: it has no desk: it can send nothing, and nothing is routed to it"
                ));
            }
            for (_, desk) in desks().filter(|(place, _)| !served.contains(place)) {
                gaps.push(format!(
                    "{}: no system serves it: what is released to it waits until it runs out",
                    desk.full_id()
                ));
            }
        }
        for programme in self.programmes() {
            let lacking = [
                (programme.areas.is_empty(), "it serves no area"),
                (programme.participant.categories.is_empty(), "it takes no category of people"),
            ];
            let lacking = lacking.iter().filter(|(lacks, _)| *lacks);
            gaps.extend(lacking.map(|(_, why)| {
                format!("programme {}: {why}: nobody can be referred to it", programme.id)
            }));
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use crate::directory::document;

    #[test]
    fn an_agency_that_can_take_no_part_yet_is_named_with_what_follows() {
        let key = "ab".repeat(32);
        let text = format!(
            r#"
            trust_domain = "pyramid.example"
            [[issuer]]
            key = "{key}"
            agencies = ["force", "operations"]
            [[agency]]
            id = "force"
            name = "Invented force"
            kind = "police"
            dpo_contact = "dpo@force.example"
            [[agency.desk]]
            id = "served"
            name = "Served"
            function = "intelligence"
            regime = "part3"
            [[agency.desk]]
            id = "left"
            name = "Left alone"
            function = "intelligence"
            regime = "part3"
            [[agency.node]]
            name = "records"
            desks = ["served"]
            [[agency]]
            id = "new"
            name = "Invented and new"
            kind = "council"
            dpo_contact = "dpo@new.example"
            [[agency]]
            id = "operations"
            name = "Invented operations"
            kind = "operator"
            dpo_contact = "dpo@operations.example"
            "#
        );
        let expected = [
            "force/left: no system serves it: what is released to it waits until it runs out",
            "new: no issuer may name it: none of its systems and people can connect until an \
             [[issuer]] does",
            "new: it has no desk: it can send nothing, and nothing is routed to it",
        ];
        assert_eq!(document::read(&text).unwrap().gaps(), expected);
    }
}
