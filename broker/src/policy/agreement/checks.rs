//! Rules between the parts of an agreement: reach of the gateway, parties' own bases, and
//! permits that could never do what they say.

use proto::exchange::v1::Field;
use proto::text::Named as _;

use super::{Party, Reader, Shared, Terms};
use crate::directory::{AgencyKind, Desk, Directory, MessageKind, Regime};
use crate::policy::floor;
use crate::policy::reach::{REACH, reaches};

/// Checks one permit against its agreement and the directory.
pub(super) fn permit(
    reader: &mut Reader<'_>,
    place: &str,
    permit: &Terms,
    shared: &Shared,
    directory: &Directory,
) {
    if permit.from_kinds.is_none() && permit.from_agencies.is_none() {
        reader.fault(&format!("{place}.from"), "names sender kinds, agencies or both");
    }
    parties(reader, place, permit, shared);
    gateways(reader, place, permit, shared);
    bases(reader, permit, shared, directory);
    fields(reader, place, permit);
    kinds(reader, place, permit);
    if permit.unflagged_only && permit.flags_any.is_some() {
        reader.fault(
            &format!("{place}.flags_any"),
            "nobody is both without a flag and on one of these lists",
        );
    }
}

/// Every sender and recipient that is named takes part in the agreement.
fn parties(reader: &mut Reader<'_>, place: &str, permit: &Terms, shared: &Shared) {
    let is_party = |agency: &String| shared.parties.iter().any(|party| *party.agency == **agency);
    for (key, agencies) in
        [("from.agencies", &permit.from_agencies), ("to.agencies", &permit.to_agencies)]
    {
        if !agencies.iter().flatten().all(is_party) {
            reader.fault(&format!("{place}.{key}"), "not a party of this agreement");
        }
    }
    let sends = |kind: AgencyKind| {
        shared.parties.iter().any(|party| party.kind == kind && permit.is_sender(party))
    };
    let receives = |kind: AgencyKind| {
        shared.parties.iter().any(|party| party.kind == kind && permit.is_recipient(party))
    };
    let idle_senders = permit.from_kinds.iter().flatten().filter(|kind| !sends(**kind));
    let idle_recipients = permit.to_kinds.iter().filter(|kind| !receives(**kind));
    for (key, kind) in idle_senders
        .map(|kind| ("from.kinds", kind))
        .chain(idle_recipients.map(|kind| ("to.kinds", kind)))
    {
        reader.fault(
            &format!("{place}.{key}"),
            format!("no party named here is of the kind {}", kind.name()),
        );
    }
}

/// Every gateway of the agreement reaches every kind of recipient from some sender.
fn gateways(reader: &mut Reader<'_>, place: &str, permit: &Terms, shared: &Shared) {
    let senders: Vec<AgencyKind> = shared
        .parties
        .iter()
        .filter(|party| permit.is_sender(party))
        .map(|party| party.kind)
        .collect();
    for (gateway, _) in &shared.gateways {
        for to in &permit.to_kinds {
            if !senders.iter().any(|from| reaches(*gateway, *from, *to)) {
                let source = REACH
                    .iter()
                    .find(|row| row.gateway == *gateway)
                    .map_or("no provision", |row| row.source);
                reader.fault(
                    &format!("{place}.to.kinds"),
                    format!("{} does not reach {}: {source}", gateway.name(), to.name()),
                );
            }
        }
    }
}

/// A recipient outside Part 3 has a basis of its own.
fn bases(reader: &mut Reader<'_>, permit: &Terms, shared: &Shared, directory: &Directory) {
    for (position, party) in shared.parties.iter().enumerate() {
        if party.has_basis || !permit.is_recipient(party) {
            continue;
        }
        if directory.desks().any(|(_, desk)| would_receive(desk, party, permit)) {
            reader.fault(
                &format!("party[{position}].recipient_basis"),
                format!(
                    "a desk of this party under UK GDPR would receive by permit {}: the party \
                     states its own basis",
                    permit.id
                ),
            );
        }
    }
}

fn would_receive(desk: &Desk, party: &Party, permit: &Terms) -> bool {
    desk.agency == party.agency
        && desk.regime == Regime::UkGdpr
        && permit.to_functions.contains(&desk.function)
        && permit.to_attributes.iter().all(|attribute| desk.attributes.contains(attribute))
}

/// A field is not promised where it can never be shown, and not shown and withheld at once.
fn fields(reader: &mut Reader<'_>, place: &str, permit: &Terms) {
    let could_be_shown = |field: Field| {
        permit.to_kinds.iter().any(|kind| {
            permit.to_functions.iter().any(|function| {
                [Regime::Part3, Regime::UkGdpr]
                    .iter()
                    .any(|regime| floor::may_show(field, *kind, *function, *regime))
            })
        })
    };
    for field in &permit.reveal {
        if !could_be_shown(*field) {
            reader.fault(
                &format!("{place}.reveal"),
                format!("{} is never shown to such a desk", field.name()),
            );
        }
        if permit.withhold.contains(field) {
            reader.fault(
                &format!("{place}.withhold"),
                format!("{} is revealed by the same permit", field.name()),
            );
        }
    }
}

/// Facts that only one kind of message has are asked of that kind alone, and of earlier copies
/// only where something can follow another message.
fn kinds(reader: &mut Reader<'_>, place: &str, permit: &Terms) {
    let numbers = [
        ("mappa_categories", permit.mappa_categories.is_some(), MessageKind::Mappa),
        ("mappa_levels", permit.mappa_levels.is_some(), MessageKind::Mappa),
    ];
    let asked = permit.of_kinds.iter().map(|asked| (asked.key, true, asked.kind)).chain(numbers);
    for (key, is_asked, kind) in asked {
        if is_asked && permit.kinds.as_slice() != [kind] {
            reader.fault(
                &format!("{place}.{key}"),
                format!("stands only in a permit for {} alone", kind.name()),
            );
        }
    }
    if permit.stake.contains(&"holder") && permit.kinds.iter().any(|kind| !follows(*kind)) {
        reader.fault(
            &format!("{place}.stake"),
            "nothing of such a kind follows an earlier message, so nobody is its holder",
        );
    }
}

/// Whether messages of a kind may follow an earlier one and then reach its holders. A correction
/// of something is decided as that was, so what may be corrected follows too.
const fn follows(kind: MessageKind) -> bool {
    match kind {
        MessageKind::Task => false,
        MessageKind::Intelligence
        | MessageKind::Mappa
        | MessageKind::Custody
        | MessageKind::Flag
        | MessageKind::Correction
        | MessageKind::DrugTest
        | MessageKind::Enforcement
        | MessageKind::Action
        | MessageKind::Placement
        | MessageKind::Referral
        | MessageKind::Court
        | MessageKind::Request
        | MessageKind::Response => true,
    }
}
