//! Actions, placements and referrals: what is to be done with somebody, and where they go.
//!
//! Owns: what each of these kinds needs. Promises: an action that is set has an owner and a day; a
//! child's placement names the areas that the law asks for; whoever was harmed is named only with the day
//! on which they agreed; a report names one earlier message, and never two.
//! Deliberately does not know: programmes, which are the directory's.

use super::kinds::{begin, text_of};
use super::rules::{Faults, is_managed};
use super::said::{Earlier, ReleaseId};
use super::words;
use super::{Draft, Grounds, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{
    ActionStep, AreaRole, Consent, PartyRole, Pathway, PlacementSort, PlacementStep, ReferralStep,
};
use proto::limits::SUBJECTS_MAX;
use time::OffsetDateTime;
use uuid::Uuid;

/// Begins an action: this desk (agency and desk) is to do it by then.
#[must_use]
pub fn action(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    pathway: Pathway,
    (agency, desk): (&str, &str),
    act_by: OffsetDateTime,
) -> Draft {
    let mut faults = Faults::default();
    faults.require(!desk.is_empty(), "action.owner.desk", words::ACTION_OWNER);
    let owner = wire::Addressee { agency: agency.to_owned(), desk: desk.to_owned() };
    let action = wire::Action { owner: Some(owner), ..wire::Action::default() };
    action_draft(id, grounds, pathway, ActionStep::Set, action, faults)
        .person(person)
        .act_by(act_by)
}

/// What the owner of an action reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionReport {
    /// Taken on.
    Accepted,
    /// Done.
    Done,
    /// Not done, or not in time.
    NotDone,
}

/// Begins the report of an action's owner, by the release under which the action came.
#[must_use]
pub fn action_report(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    pathway: Pathway,
    answers: ReleaseId,
    report: ActionReport,
) -> Draft {
    let step = match report {
        ActionReport::Accepted => ActionStep::Accepted,
        ActionReport::Done => ActionStep::Done,
        ActionReport::NotDone => ActionStep::NotDone,
    };
    action_draft(id, grounds, pathway, step, wire::Action::default(), Faults::default())
        .person(person)
        .answers(answers.bytes())
}

/// Begins the cancelling of an action that the sender set.
#[must_use]
pub fn action_cancelled(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    pathway: Pathway,
    earlier: Uuid,
) -> Draft {
    let action =
        wire::Action { settles_message_id: text_of(Some(earlier)), ..wire::Action::default() };
    let faults = Faults::default();
    action_draft(id, grounds, pathway, ActionStep::Cancelled, action, faults).person(person)
}

fn action_draft(
    id: Uuid,
    grounds: Grounds,
    pathway: Pathway,
    step: ActionStep,
    action: wire::Action,
    mut faults: Faults,
) -> Draft {
    faults.require(pathway != Pathway::Unspecified, "action.pathway", words::REQUIRED);
    let kind = wire::Action { step: step.into(), pathway: pathway.into(), ..action };
    begin(id, grounds, Kind::Action(kind), faults.0)
}

/// The area a looked-after child belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildsArea {
    /// The home authority's.
    Home(String),
    /// Of the authority that a court designated.
    Designated(String),
}

/// Where a looked-after child is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacedIn {
    /// In the area it belongs to.
    OwnArea,
    /// In this other authority's area.
    HostArea(String),
}

/// Where somebody is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A looked-after child (Care Planning Regulations 2010 reg.13).
    LookedAfter {
        /// Where the child belongs.
        from: ChildsArea,
        /// Where it is placed.
        within: PlacedIn,
    },
    /// A child remanded, who is looked after from then on (LASPO 2012 s.104).
    ChildRemand {
        /// Area of the authority that the court designated.
        designated: String,
    },
    /// Approved premises.
    ApprovedPremises,
    /// Accommodation on release, for a time.
    Transitional,
    /// Hospital, as a restricted patient.
    Hospital,
}

/// What happens to a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementChange {
    /// Planned: the notice beforehand.
    Planned,
    /// Begun, as planned in the earlier message where there was one.
    Started(Option<Earlier>),
    /// Changed since the earlier message.
    Changed(Earlier),
    /// A concern about the care given there.
    Concern(Option<Earlier>),
    /// Ended, that the earlier message told of.
    Ended(Earlier),
}

/// A placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementNews {
    /// Where.
    pub place: Place,
    /// What happens.
    pub change: PlacementChange,
    /// Whether it had to be made at once, so that notice follows it.
    pub emergency: bool,
    /// First day, `YYYY-MM-DD`; may be left empty when it ends.
    pub starts_on: String,
    /// Last day, `YYYY-MM-DD`; required when it ends, empty if unknown.
    pub ends_on: String,
}

/// Begins news of a placement.
#[must_use]
pub fn placement(id: Uuid, grounds: Grounds, person: Person, news: PlacementNews) -> Draft {
    let (step, earlier) = match news.change {
        PlacementChange::Planned => (PlacementStep::Planned, None),
        PlacementChange::Started(earlier) => (PlacementStep::Started, earlier),
        PlacementChange::Changed(earlier) => (PlacementStep::Changed, Some(earlier)),
        PlacementChange::Concern(earlier) => (PlacementStep::Concern, earlier),
        PlacementChange::Ended(earlier) => (PlacementStep::Ended, Some(earlier)),
    };
    let (sort, areas) = sort_and_areas(news.place);
    let of_child = !areas.is_empty();
    let mut faults = Faults::default();
    let is_late = step != PlacementStep::Planned || !news.emergency;
    faults.require(is_late, "placement.emergency", words::PLANNED_EMERGENCY);
    let has_begun = step == PlacementStep::Ended || !news.starts_on.is_empty();
    faults.require(has_begun, "placement.starts_on", words::REQUIRED);
    let is_dated = step != PlacementStep::Ended || !news.ends_on.is_empty();
    faults.require(is_dated, "placement.ends_on", words::PLACEMENT_ENDS);
    let is_placed = of_child || is_managed(&person);
    faults.require(is_placed, "subjects[0].category", words::PLACED_WHOM);
    let (settles_message_id, in_reply_to) = Earlier::fields(earlier);
    let kind = Kind::Placement(wire::Placement {
        sort: sort.into(),
        step: step.into(),
        emergency: news.emergency,
        starts_on: news.starts_on,
        ends_on: news.ends_on,
        settles_message_id,
    });
    let draft = begin(id, grounds, kind, faults.0).person(person).answers(in_reply_to);
    areas.into_iter().fold(draft, |draft, (code, role)| draft.area(&code, role))
}

/// The wire's sort of a place, and the areas that a child's must name.
fn sort_and_areas(place: Place) -> (PlacementSort, Vec<(String, AreaRole)>) {
    match place {
        Place::LookedAfter { from, within } => {
            let (code, role) = match from {
                ChildsArea::Home(code) => (code, AreaRole::Home),
                ChildsArea::Designated(code) => (code, AreaRole::Designated),
            };
            let lives = match within {
                PlacedIn::OwnArea => (code.clone(), AreaRole::Resident),
                PlacedIn::HostArea(host) => (host, AreaRole::Host),
            };
            (PlacementSort::LookedAfter, vec![(code, role), lives])
        }
        Place::ChildRemand { designated } => {
            (PlacementSort::ChildRemand, vec![(designated, AreaRole::Designated)])
        }
        Place::ApprovedPremises => (PlacementSort::ApprovedPremises, Vec::new()),
        Place::Transitional => (PlacementSort::Transitional, Vec::new()),
        Place::Hospital => (PlacementSort::Hospital, Vec::new()),
    }
}

/// What somebody said when they were asked, and the day (`YYYY-MM-DD`) it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Not asked yet.
    NotAsked,
    /// Agreed.
    Given(String),
    /// Refused.
    Refused(String),
    /// Agreed, and no longer.
    Withdrawn(String),
}

/// Somebody who takes part in a referral.
#[derive(Clone)]
pub struct Party {
    person: Person,
    role: PartyRole,
    agreement: Agreement,
}

impl Party {
    /// Whom the programme is for, beside the first.
    #[must_use]
    pub fn participant(person: Person, agreement: Agreement) -> Self {
        Self { person, role: PartyRole::Participant, agreement }
    }

    /// A parent or carer.
    #[must_use]
    pub fn parent(person: Person, agreement: Agreement) -> Self {
        Self { person, role: PartyRole::Parent, agreement }
    }

    /// Whoever was harmed: named only once they have agreed, on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn harmed(person: Person, agreed_on: &str) -> Self {
        let agreement = Agreement::Given(agreed_on.to_owned());
        Self { person, role: PartyRole::Harmed, agreement }
    }

    /// Another party, such as a neighbour.
    #[must_use]
    pub fn other(person: Person, agreement: Agreement) -> Self {
        Self { person, role: PartyRole::Other, agreement }
    }
}

/// A referral, or a disposal recorded.
#[derive(Clone)]
pub struct Referred {
    /// Directory id of the programme.
    pub programme: String,
    /// Level of restorative justice, 2 or 3, for its programmes; otherwise 0.
    pub restorative_level: u32,
    /// What the person it is about said when asked; `None`: it rests on an order or a statute.
    pub agreement: Option<Agreement>,
    /// Who takes part beside them.
    pub parties: Vec<Party>,
}

/// Begins a referral to a programme.
#[must_use]
pub fn referral(id: Uuid, grounds: Grounds, person: Person, referred: Referred) -> Draft {
    let mut faults = Faults::default();
    let (level, field) = (referred.restorative_level, "referral.restorative_level");
    faults.require(level <= 3, field, words::LEVEL);
    faults.require(level != 1, field, words::LEVEL_ONE);
    with_parties(id, grounds, person, referred, ReferralStep::Made, faults)
}

/// Begins the record of a street disposal, level 1 of restorative justice: over when it is
/// recorded, and never referred. The level given is not looked at.
#[must_use]
pub fn street_disposal(id: Uuid, grounds: Grounds, person: Person, referred: Referred) -> Draft {
    let referred = Referred { restorative_level: 1, ..referred };
    with_parties(id, grounds, person, referred, ReferralStep::Completed, Faults::default())
}

fn with_parties(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    referred: Referred,
    step: ReferralStep,
    mut faults: Faults,
) -> Draft {
    let first = referred.agreement.map(|agreement| (0, PartyRole::Participant, agreement));
    let mut persons = vec![person];
    let mut entries: Vec<_> = first.into_iter().collect();
    for (place, party) in (1..).zip(referred.parties) {
        entries.push((place, party.role, party.agreement));
        persons.push(party.person);
    }
    faults.require(entries.len() <= SUBJECTS_MAX, "referral.parties", words::PARTIES);
    let parties = entries.into_iter().enumerate().map(|(place, (subject, role, agreement))| {
        let (consent, recorded_on) = match agreement {
            Agreement::NotAsked => (Consent::NotAsked, None),
            Agreement::Given(day) => (Consent::Given, Some(day)),
            Agreement::Refused(day) => (Consent::Refused, Some(day)),
            Agreement::Withdrawn(day) => (Consent::Withdrawn, Some(day)),
        };
        let field = format!("referral.parties[{place}].recorded_on");
        let is_dated = recorded_on.as_ref().is_none_or(|day| !day.is_empty());
        faults.require(is_dated, &field, words::RECORDED_ON);
        let recorded_on = recorded_on.unwrap_or_default();
        wire::ReferralParty { subject, role: role.into(), consent: consent.into(), recorded_on }
    });
    let kind = wire::Referral {
        step: step.into(),
        parties: parties.collect(),
        programme: referred.programme,
        restorative_level: referred.restorative_level,
        settles_message_id: String::new(),
    };
    let draft = begin(id, grounds, Kind::Referral(kind), faults.0);
    persons.into_iter().fold(draft, Draft::person)
}

/// What follows a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralProgress {
    /// The provider takes it on.
    Accepted(ReleaseId),
    /// The provider does not.
    Declined(ReleaseId),
    /// Begun.
    Started(Earlier),
    /// Completed.
    Completed(Earlier),
    /// Not proceeding: nobody is told why, and no statement is made.
    NotProceeding(Earlier),
}

/// Begins what follows a referral to a programme.
#[must_use]
pub fn referral_progress(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    programme: &str,
    restorative_level: u32,
    progress: ReferralProgress,
) -> Draft {
    let (step, earlier) = match progress {
        ReferralProgress::Accepted(made) => (ReferralStep::Accepted, Earlier::Received(made)),
        ReferralProgress::Declined(made) => (ReferralStep::Declined, Earlier::Received(made)),
        ReferralProgress::Started(earlier) => (ReferralStep::Started, earlier),
        ReferralProgress::Completed(earlier) => (ReferralStep::Completed, earlier),
        ReferralProgress::NotProceeding(earlier) => (ReferralStep::NotProceeding, earlier),
    };
    let mut faults = Faults::default();
    let field = "referral.restorative_level";
    faults.require(restorative_level <= 3, field, words::LEVEL);
    let is_disposal = restorative_level == 1;
    let is_completed = step == ReferralStep::Completed;
    faults.require(!is_disposal || is_completed, field, words::LEVEL_ONE);
    let settles = "referral.settles_message_id";
    faults.require(!is_disposal || !is_completed, settles, words::LEVEL_ONE_FOLLOWS);
    let (settles_message_id, in_reply_to) = Earlier::fields(Some(earlier));
    let kind = Kind::Referral(wire::Referral {
        programme: programme.to_owned(),
        step: step.into(),
        parties: Vec::new(),
        restorative_level,
        settles_message_id,
    });
    begin(id, grounds, kind, faults.0).person(person).answers(in_reply_to)
}
