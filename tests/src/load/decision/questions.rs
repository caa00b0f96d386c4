//! What is asked of policy: facts of messages as regions send them, drawn from a seed.
//!
//! Owns the shares. Of the desks asked about, four in five are of the sender's region or of
//! the agencies that are everybody's, the rest are across a border; each takes the kind of
//! message. Facts of people are drawn from those that agreements speak of, so that permits,
//! forbids and no permit all occur. Deliberately knows nobody: a question has no identifiers.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker::directory::{AgencyKind, DeskIndex, Directory, MessageKind, Regime};
use broker::policy::{IntelligenceFacts, KindFacts, Question, Stake};
use proto::exchange::v1::{
    CustodyCertainty, CustodyEvent, Field, FlagKind, Gateway, GradingScheme, HandlingCondition,
    IntelligenceCondition, LawfulBasis, LimitedAccess, Marking, Purpose, SensitiveCondition,
    SubjectCategory, Urgency,
};

use super::rulebook::{Rulebook, in_region};
use crate::draws::Draws;

/// The kinds of message that are asked about.
#[derive(Clone, Copy)]
enum Sort {
    Custody,
    Intelligence,
    Mappa,
}

const SORTS: [Sort; 3] = [Sort::Custody, Sort::Intelligence, Sort::Mappa];

impl Sort {
    const fn kind(self) -> MessageKind {
        match self {
            Self::Custody => MessageKind::Custody,
            Self::Intelligence => MessageKind::Intelligence,
            Self::Mappa => MessageKind::Mappa,
        }
    }
}

/// One question for one desk.
#[derive(Clone)]
pub struct Ask {
    /// Desk.
    pub desk: DeskIndex,
    /// Facts.
    pub question: Question,
    /// Its stake.
    pub stake: Stake,
}

/// Draws questions about the desks of a rulebook.
pub struct Asker<'a> {
    directory: &'a Directory,
    regions: usize,
    draws: Draws,
    /// By kind of message: desks of each region, everybody's last.
    desks: Vec<Vec<Vec<DeskIndex>>>,
}

impl<'a> Asker<'a> {
    /// Draws that follow from a seed.
    #[must_use]
    pub fn new(rulebook: &'a Rulebook, seed: u64) -> Self {
        let directory = &rulebook.directory;
        let region_of = |agency: &str| {
            let ending = agency.rsplit_once("-r").and_then(|(_, number)| number.parse().ok());
            ending.unwrap_or(rulebook.regions)
        };
        let of = |kind: MessageKind| {
            let mut desks = vec![Vec::new(); rulebook.regions + 1];
            for (index, desk) in directory.desks().filter(|(_, desk)| desk.kinds.contains(&kind)) {
                if let Some(region) = desks.get_mut(region_of(&desk.agency)) {
                    region.push(index);
                }
            }
            desks
        };
        Self {
            directory,
            regions: rulebook.regions,
            draws: Draws::new(seed),
            desks: SORTS.into_iter().map(|sort| of(sort.kind())).collect(),
        }
    }

    /// Whether something of so many in a hundred is the case now.
    fn share(&mut self, percent: usize) -> bool {
        self.draws.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        values.get(self.draws.below(values.len())).copied()
    }

    fn some_of<T: Copy + Ord>(&mut self, values: &[T], percent: usize) -> BTreeSet<T> {
        values.iter().copied().filter(|_| self.share(percent)).collect()
    }

    /// The next question. `None`: no desk takes its kind, which would be a fault of the
    /// directory.
    pub fn draw(&mut self) -> Option<Ask> {
        let place = self.draws.below(SORTS.len());
        let sort = *SORTS.get(place)?;
        let region = self.draws.below(self.regions);
        let of_desk = match self.draws.below(100) {
            0..70 => region,
            70..80 => self.regions,
            _ => self.draws.below(self.regions),
        };
        let desks = self.desks.get(place)?;
        // Of intelligence nothing goes to those who are everybody's.
        let near = desks.get(of_desk).filter(|near| !near.is_empty()).or(desks.get(region))?;
        let desk = *near.get(self.draws.below(near.len()))?;
        let question = self.question(sort, region)?;
        let mut stake = Stake {
            addressed: self.share(30),
            flag_owner: self.share(20),
            in_area: self.share(60),
            selection: false,
            holder: false,
        };
        stake.in_area |= !stake.addressed && !stake.flag_owner;
        Some(Ask { desk, question, stake })
    }

    fn question(&mut self, sort: Sort, region: usize) -> Option<Question> {
        let (sender, gateways, purposes): (&str, &[Gateway], &[Purpose]) = match sort {
            Sort::Intelligence => (
                "gmp",
                &[Gateway::Cda1998S115, Gateway::PoliceCommonLaw],
                &[Purpose::CrimePrevention],
            ),
            Sort::Mappa => (
                "probation-greater-manchester",
                &[Gateway::Cja2003S325],
                &[Purpose::PublicProtection],
            ),
            Sort::Custody => (
                "hmpps-prisons",
                &[Gateway::Oma2007S14, Gateway::Cda1998S115],
                &[Purpose::OffenderManagement, Purpose::PublicProtection],
            ),
        };
        let sender = self.directory.agency(&in_region(sender, region))?;
        let (sender, sender_kind): (Arc<str>, AgencyKind) = (Arc::clone(&sender.id), sender.kind);
        Some(Question {
            facts: self.facts(sort)?,
            sender,
            sender_kind,
            sender_regime: Regime::Part3,
            purpose: self.one_of(purposes)?,
            gateway: self.one_of(gateways)?,
            lawful_basis: LawfulBasis::Dpa2018S35Task,
            sensitive_condition: self
                .one_of(&[SensitiveCondition::Sch8Statutory, SensitiveCondition::Unspecified])?,
            marking: Marking::OfficialSensitive,
            handling: self.some_of(&[HandlingCondition::NoOnward], 30),
            urgency: self.one_of(&[Urgency::Routine, Urgency::Routine, Urgency::Immediate])?,
            break_glass: false,
            category: self.one_of(&[
                SubjectCategory::Managed,
                SubjectCategory::Convicted,
                SubjectCategory::Suspect,
            ])?,
            under_18: self.share(10),
            limited_access: self.limited_access(),
            flags: self.some_of(&[FlagKind::Ppo, FlagKind::Iom, FlagKind::Mappa], 40),
            fields: self.fields(sort),
        })
    }

    fn limited_access(&mut self) -> LimitedAccess {
        match self.draws.below(100) {
            0..85 => LimitedAccess::No,
            85..95 => LimitedAccess::Unspecified,
            _ => LimitedAccess::Yes,
        }
    }

    fn facts(&mut self, sort: Sort) -> Option<KindFacts> {
        Some(match sort {
            Sort::Custody => self.custody()?,
            Sort::Intelligence => self.grade(),
            Sort::Mappa => self.mappa(),
        })
    }

    fn custody(&mut self) -> Option<KindFacts> {
        let event = self.one_of(&[
            CustodyEvent::Release,
            CustodyEvent::Reception,
            CustodyEvent::Transfer,
            CustodyEvent::TemporaryAbsence,
            CustodyEvent::Recall,
            CustodyEvent::UnlawfullyAtLarge,
        ])?;
        let provisional = self.share(20);
        let certainty =
            if provisional { CustodyCertainty::Provisional } else { CustodyCertainty::Confirmed };
        Some(KindFacts::Custody { event, certainty })
    }

    fn mappa(&mut self) -> KindFacts {
        let mut below = |bound| u32::try_from(self.draws.below(bound)).unwrap_or(0);
        KindFacts::Mappa {
            category: 1 + below(4),
            level: below(4),
            step: proto::exchange::v1::MappaStep::Review,
        }
    }

    fn grade(&mut self) -> KindFacts {
        let conditional = self.share(30);
        KindFacts::Intelligence(IntelligenceFacts {
            scheme: GradingScheme::ThreeFiveTwo,
            handling: if conditional { 'C' } else { 'P' },
            conditions: if conditional {
                BTreeSet::from([IntelligenceCondition::A3])
            } else {
                BTreeSet::new()
            },
        })
    }

    fn fields(&mut self, sort: Sort) -> BTreeSet<Field> {
        let always: &[Field] = match sort {
            Sort::Custody => &[Field::CustodyPrison, Field::CustodyReason],
            Sort::Mappa => &[Field::MappaCategory, Field::MappaLevel, Field::Risk],
            Sort::Intelligence => &[Field::OriginatorReference, Field::Narrative],
        };
        let mut fields = self.some_of(
            &[
                Field::PoliceIdentifiers,
                Field::Address,
                Field::OffenceClass,
                Field::LicenceConditionCode,
                Field::HousingNeed,
                Field::Narrative,
                Field::Risk,
            ],
            40,
        );
        fields.extend(always);
        fields.extend([Field::SubjectName, Field::SubjectBirthDate, Field::HmppsIdentifiers]);
        fields
    }
}
