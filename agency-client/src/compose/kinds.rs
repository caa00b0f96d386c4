//! One way to begin news: from custody, from intelligence, from MAPPA.
//!
//! Owns: what each of these kinds needs beyond grounds and persons.
//! Promises: what the kind always needs is an argument, not a later call.
//! Deliberately does not know: envelope, places and statements; see [`super::Draft`].

use super::{Draft, Grounds, Person, timestamp};
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{
    CustodyCertainty, CustodyEvent, GradingScheme, IntelligenceCondition, IntelligenceTopic,
    MappaStep,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// News of a movement into, within or out of custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyNews {
    /// What happened. Most movements are not releases.
    pub event: CustodyEvent,
    /// How firm the news is.
    pub certainty: CustodyCertainty,
    /// Prison, three letters.
    pub prison: String,
    /// When it happens or happened.
    pub occurred_at: OffsetDateTime,
    /// NOMIS movement reason as received; empty if none came.
    pub movement_reason: String,
    /// The sender's earlier message that this confirms or withdraws.
    pub settles: Option<Uuid>,
}

/// Begins news from custody.
#[must_use]
pub fn custody(id: Uuid, grounds: Grounds, person: Person, news: CustodyNews) -> Draft {
    let mut faults = Vec::new();
    require(&mut faults, news.event != CustodyEvent::Unspecified, "custody.event");
    require(&mut faults, news.certainty != CustodyCertainty::Unspecified, "custody.certainty");
    let is_withdrawal = news.certainty == CustodyCertainty::Withdrawn;
    require(&mut faults, !is_withdrawal || news.settles.is_some(), "custody.settles_message_id");
    let kind = Kind::Custody(wire::Custody {
        event: news.event.into(),
        certainty: news.certainty.into(),
        prison: news.prison,
        occurred_at: Some(timestamp(news.occurred_at)),
        movement_reason: news.movement_reason,
        settles_message_id: text_of(news.settles),
        ..wire::Custody::default()
    });
    begin(id, grounds, kind, faults).person(person)
}

/// Begins a nil return: the list of releases of that day names nobody, and this person of the
/// sender's agency, who looked, answers for it.
#[must_use]
pub fn nobody_released(
    id: Uuid,
    grounds: Grounds,
    day: OffsetDateTime,
    acting_person: Uuid,
) -> Draft {
    let kind = Kind::Custody(wire::Custody {
        event: CustodyEvent::Release.into(),
        certainty: CustodyCertainty::Confirmed.into(),
        occurred_at: Some(timestamp(day)),
        nobody: true,
        ..wire::Custody::default()
    });
    begin(id, grounds, kind, Vec::new()).acting_person(acting_person)
}

/// Begins a release into the community.
#[must_use]
pub fn custody_release(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    certainty: CustodyCertainty,
    prison: &str,
    occurred_at: OffsetDateTime,
) -> Draft {
    let news = CustodyNews {
        event: CustodyEvent::Release,
        certainty,
        prison: prison.to_owned(),
        occurred_at,
        movement_reason: String::new(),
        settles: None,
    };
    custody(id, grounds, person, news)
}

/// The grade of a piece of intelligence, in the scheme it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// The scheme. Never guessed.
    pub scheme: GradingScheme,
    /// `2BP` in 3x5x2, `B24` in 5x5x5.
    pub written: String,
    /// Conditions of a C handling code.
    pub conditions: Vec<IntelligenceCondition>,
}

/// Begins intelligence. There is no place for the identity of a source, on purpose.
#[must_use]
pub fn intelligence(
    id: Uuid,
    grounds: Grounds,
    grade: Grade,
    topic: IntelligenceTopic,
    originator_reference: &str,
) -> Draft {
    let mut faults = Vec::new();
    require(&mut faults, grade.scheme != GradingScheme::Unspecified, "intelligence.scheme");
    require(&mut faults, !grade.written.is_empty(), "intelligence.grade");
    let kind = Kind::Intelligence(wire::Intelligence {
        scheme: grade.scheme.into(),
        grade: grade.written,
        conditions: grade.conditions.into_iter().map(i32::from).collect(),
        originator_reference: originator_reference.to_owned(),
        topic: topic.into(),
    });
    begin(id, grounds, kind, faults)
}

/// A step in multi-agency public protection arrangements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappaChange {
    /// The step.
    pub step: MappaStep,
    /// Category 1 to 4.
    pub category: u32,
    /// Level 1 to 3 after the step; 0 on exit.
    pub level: u32,
    /// Level before it, 0 where there was none.
    pub previous_level: u32,
    /// The referral that a move up cites.
    pub referral: Option<Uuid>,
    /// The panel decision that a move down or an exit cites.
    pub panel_decision: Option<Uuid>,
}

/// Begins a MAPPA step (CJA 2003 s.325).
#[must_use]
pub fn mappa(id: Uuid, grounds: Grounds, person: Person, change: &MappaChange) -> Draft {
    let mut faults = Vec::new();
    require(&mut faults, change.step != MappaStep::Unspecified, "mappa.step");
    require(&mut faults, (1..=4).contains(&change.category), "mappa.category");
    let kind = Kind::Mappa(wire::Mappa {
        step: change.step.into(),
        category: change.category,
        level: change.level,
        previous_level: change.previous_level,
        referral_id: text_of(change.referral),
        panel_decision_id: text_of(change.panel_decision),
    });
    begin(id, grounds, kind, faults).person(person)
}

/// Begins the notification that an offender is identified as MAPPA-eligible.
#[must_use]
pub fn mappa_notification(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    category: u32,
    level: u32,
) -> Draft {
    let change = MappaChange {
        step: MappaStep::Notification,
        category,
        level,
        previous_level: 0,
        referral: None,
        panel_decision: None,
    };
    mappa(id, grounds, person, &change)
}

pub(super) fn begin(id: Uuid, grounds: Grounds, kind: Kind, faults: Vec<Violation>) -> Draft {
    let mut draft = Draft::new(id, grounds, kind);
    draft.faults = faults;
    draft
}

pub(super) fn require(faults: &mut Vec<Violation>, is_given: bool, field: &str) {
    if !is_given {
        faults.push(Violation { field: field.to_owned(), rule: "must be given".to_owned() });
    }
}

pub(super) fn text_of(id: Option<Uuid>) -> String {
    id.map_or_else(String::new, |id| id.hyphenated().to_string())
}
