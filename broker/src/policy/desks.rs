//! Each desk of a directory as policy sees it, made ready once.
//!
//! Entities are agencies and their desks only; what a register knows of a person arrives
//! with the question.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{
    Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema,
};

use crate::directory::{AgencyKind, Desk, Directory, Function, Regime};

/// One desk, ready to be asked about.
pub(super) struct DeskFacts {
    /// Its name in policy.
    pub(super) uid: EntityUid,
    /// Agency.
    pub(super) agency: Arc<str>,
    /// Position of the agency among the slices.
    pub(super) agency_position: usize,
    /// Kind.
    pub(super) kind: AgencyKind,
    /// Function.
    pub(super) function: Function,
    /// Regime.
    pub(super) regime: Regime,
    /// The desk, its agency and the actions; nothing else.
    pub(super) entities: Entities,
}

/// The desks of a directory, by place. A desk that cannot be told to policy is `None`, and
/// every question about it is refused.
pub(super) fn of(directory: &Directory, schema: &Schema) -> Vec<Option<DeskFacts>> {
    let positions: BTreeMap<&str, usize> =
        directory.agencies().enumerate().map(|(place, agency)| (&*agency.id, place)).collect();
    directory
        .desks()
        .map(|(_, desk)| {
            let agency_position = positions.get(&*desk.agency).copied()?;
            Some(DeskFacts {
                uid: uid("Desk", &desk.full_id())?,
                agency: Arc::clone(&desk.agency),
                agency_position,
                kind: desk.agency_kind,
                function: desk.function,
                regime: desk.regime,
                entities: entities(desk, schema)?,
            })
        })
        .collect()
}

/// An entity's name.
pub(super) fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind: EntityTypeName = kind.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn entities(desk: &Desk, schema: &Schema) -> Option<Entities> {
    let agency = uid("Agency", &desk.agency)?;
    let text = |word: &str| RestrictedExpression::new_string(word.to_owned());
    let facts = HashMap::from([
        ("agency".to_owned(), text(&desk.agency)),
        ("kind".to_owned(), text(desk.agency_kind.name())),
        ("function".to_owned(), text(desk.function.name())),
        ("regime".to_owned(), text(desk.regime.name())),
        (
            "attributes".to_owned(),
            RestrictedExpression::new_set(desk.attributes.iter().map(|a| text(a))),
        ),
    ]);
    let this =
        Entity::new(uid("Desk", &desk.full_id())?, facts, HashSet::from([agency.clone()])).ok()?;
    let kind = uid("Kind", desk.agency_kind.name())?;
    let above = Entity::new_no_attrs(agency, HashSet::from([kind]));
    Entities::from_entities([this, above], Some(schema)).ok()
}
