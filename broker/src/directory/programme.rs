//! Programmes: what people are referred to, and the limits each of them sets.
//!
//! Owns the rows of the directory that say who provides a programme, for which ages and areas,
//! who takes part, whose agreement it needs and what its provider may be told. Promises that an
//! empty list lets nobody in, and that whoever is referred wrongly is told the right programme.
//! Programmes are public. Deliberately does not know: who is referred, and what was agreed with
//! an agency; a programme narrows what policy permits and permits nothing itself.

mod referral;

pub(super) mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1::{Field, PartyRole, SubjectCategory};
use serde::Deserialize;

use super::{DeskIndex, Directory};

pub use referral::{Party, Person, PossibleAge, Referral, ReferralFault};

/// Which need a programme serves. Programmes of one theme stand in for each other, each for its
/// own ages and areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// The first look at somebody's use of drugs or alcohol, and the way to treatment.
    DrugAssessment,
    /// Contact from arrest on with whoever commits crime because of drugs.
    DrugInterventions,
    /// Treatment for drugs or alcohol.
    DrugTreatment,
    /// Settling after prison.
    Resettlement,
    /// Close supervision beside an order of a court.
    IntensiveSupervision,
    /// Making good what was done.
    Reparation,
    /// A meeting of those who did harm and those who were harmed.
    RestorativeJustice,
    /// Neighbours and others settle a dispute: no guilt, no punishment, no money.
    CommunityMediation,
    /// Violence and conflict at home.
    DomesticConflict,
    /// Courses for parents.
    Parenting,
    /// Somebody who stands by a person.
    Mentoring,
    /// Employment, training and education.
    Employment,
}

impl Theme {
    /// The need, as it stands in a sentence.
    #[must_use]
    pub const fn need(self) -> &'static str {
        match self {
            Self::DrugAssessment => "assessment of drug and alcohol use",
            Self::DrugInterventions => "drug interventions",
            Self::DrugTreatment => "drug and alcohol treatment",
            Self::Resettlement => "resettlement",
            Self::IntensiveSupervision => "intensive supervision",
            Self::Reparation => "reparation",
            Self::RestorativeJustice => "restorative justice",
            Self::CommunityMediation => "community mediation",
            Self::DomesticConflict => "domestic conflict",
            Self::Parenting => "parenting",
            Self::Mentoring => "mentoring",
            Self::Employment => "employment and education",
        }
    }
}

/// Whose agreement a programme needs before anybody is referred to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentRule {
    /// Everybody who takes part agrees, and may withdraw until it is over.
    EachParty,
    /// The participant agrees.
    Participant,
    /// Nobody is asked: it rests on an order or a statute.
    None {
        /// Which, as the document names it.
        rests_on: String,
    },
}

/// The ages a programme takes, whole years at the day of the referral, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeBand {
    /// Youngest; `None`: no lower bound.
    pub from: Option<u16>,
    /// Oldest; `None`: no upper bound.
    pub to: Option<u16>,
}

/// The desk that provides a programme, or one party's part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Agency.
    pub agency: Arc<str>,
    /// Its desk.
    pub desk: Arc<str>,
}

/// One role's part in a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Role; never [`PartyRole::Unspecified`].
    pub role: PartyRole,
    /// Who works with people of this role. A parallel course for parents may be another's.
    pub provider: Provider,
    /// Standing of people of this role in the matter. Of every role but the participant's it is
    /// one that makes nobody a recipient.
    pub categories: BTreeSet<SubjectCategory>,
    /// All that the provider may be given about people of this role. Empty: nothing.
    pub fields: BTreeSet<Field>,
    /// Whether nobody can be referred without somebody in this role.
    pub required: bool,
}

/// A programme that people are referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    /// Id, `[a-z0-9-]`.
    pub id: Arc<str>,
    /// Its name in the world.
    pub name: String,
    /// Need it serves.
    pub theme: Theme,
    /// Ages it takes.
    pub ages: AgeBand,
    /// Area codes it serves, each with all that it encloses. Empty: it serves nobody.
    pub areas: BTreeSet<Arc<str>>,
    /// Whose agreement it needs.
    pub consent: ConsentRule,
    /// Levels of restorative justice, 1 to 3; empty for every other theme. Level 1, a street
    /// disposal, is recorded and never referred.
    pub levels: BTreeSet<u32>,
    /// The part of whom it is for.
    pub participant: Part,
    /// The parts of those who take part beside them, at most one for each role.
    pub parties: Vec<Part>,
}

impl Programme {
    /// Every part, the participant's first.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.participant).chain(&self.parties)
    }

    /// The part of a role. `None`: nobody takes part here in that role.
    #[must_use]
    pub fn part(&self, role: PartyRole) -> Option<&Part> {
        self.parts().find(|part| part.role == role)
    }
}

impl Directory {
    /// The programme with this id.
    #[must_use]
    pub fn programme(&self, id: &str) -> Option<&Programme> {
        self.programmes.get(id)
    }

    /// Every programme, by id.
    pub fn programmes(&self) -> impl Iterator<Item = &Programme> {
        self.programmes.values()
    }

    /// The place of a provider's desk. `None` only for a provider of another snapshot.
    #[must_use]
    pub fn provider_desk(&self, provider: &Provider) -> Option<DeskIndex> {
        self.desk_index(&provider.agency, &provider.desk)
    }
}

#[cfg(test)]
mod tests;
