//! Flags on people, parts in their cases, links between identifiers, approved interests and limited
//! records.
//!
//! Holds tokens, never identifiers: without the index key this says nothing. Immutable
//! snapshots; a change makes a new one. Promises that proposed flags, unconfirmed links and
//! unapproved interests match nothing. Knows nothing of desks' entitlements: policy decides.

pub mod custody;
pub mod flag;
pub mod limited;
pub mod roles;
pub mod ruled_out;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use proto::exchange::v1::{IdentifierType, Purpose};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::directory::AgencyKind;
use crate::seal::Token;

pub use custody::CustodyStatement;
use custody::Stays;
pub use flag::{Flag, FlagState, STALE_AFTER};
pub use limited::LimitedMark;
use limited::Marks;
use roles::Roles;
pub use roles::{RolePart, RoleStatement};
use ruled_out::Answers;
pub use ruled_out::RuledOut;

/// Stands for the birth date where a merge states none: numbers of one register are one person's on
/// the word of its authority alone.
pub const NO_BIRTH: Token = Token([0; 16]);

/// A token as it is kept: hex in the sealed row.
impl Serialize for Token {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut token = [0; 16];
        hex::decode_to_slice(&text, &mut token).map_err(serde::de::Error::custom)?;
        Ok(Token(token))
    }
}

/// A desk named by agency and desk id: stays valid when the directory changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeskName {
    /// Agency.
    pub agency: Arc<str>,
    /// Desk.
    pub desk: Arc<str>,
}

/// Days since 1970-01-01.
#[must_use]
pub fn day_number(now: OffsetDateTime) -> i64 {
    now.unix_timestamp().div_euclid(86_400)
}

/// The day number of a calendar date; `None` for what is not one.
#[must_use]
pub fn day_of(text: &str) -> Option<i64> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).ok().map(|date| day_number(date.midnight().assume_utc()))
}

/// One agency's statement that two identifiers are one person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatement {
    /// One end and its type.
    pub one: (Token, i32),
    /// Other end and its type.
    pub other: (Token, i32),
    /// Birth date stated.
    pub birth: Token,
    /// Who states it.
    pub agency: Arc<str>,
    /// What sort of agency that is.
    pub agency_kind: AgencyKind,
}

impl LinkStatement {
    fn joins(&self, a: Token, b: Token) -> bool {
        (self.one.0 == a && self.other.0 == b) || (self.one.0 == b && self.other.0 == a)
    }

    fn authority_for(&self, end: (Token, i32)) -> bool {
        authority(end.1) == Some(self.agency_kind)
    }
}

/// The kind of agency whose word about an identifier counts (police: PNC, CRO and ASN;
/// prisons: NOMS; probation: CRN). `None`: no link of this identifier ever routes.
#[must_use]
pub fn authority(identifier_type: i32) -> Option<AgencyKind> {
    match IdentifierType::try_from(identifier_type).ok()? {
        IdentifierType::Pnc | IdentifierType::Cro | IdentifierType::Asn => Some(AgencyKind::Police),
        IdentifierType::Noms => Some(AgencyKind::Prison),
        IdentifierType::Crn => Some(AgencyKind::Probation),
        IdentifierType::Unspecified | IdentifierType::Nhs => None,
    }
}

/// A desk's wish to be told about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Id.
    pub id: Uuid,
    /// Desk.
    pub desk: DeskName,
    /// Person.
    pub token: Token,
    /// Purpose, by protocol number.
    pub purpose: i32,
    /// End, seconds since 1970.
    pub expires: i64,
    /// Whether the agency's information-governance lead approved it.
    pub approved: bool,
}

impl Interest {
    /// The purpose.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        Purpose::try_from(self.purpose).unwrap_or(Purpose::Unspecified)
    }
}

/// One change of the register, as it is kept: rows are applied in ledger order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A flag is raised, proposed or replaced.
    Flag(Flag),
    /// A flag of a kind is taken off a person by its owner.
    FlagRemoved {
        /// Kind.
        kind: i32,
        /// Person.
        tokens: Vec<Token>,
        /// Owner.
        by: Arc<str>,
    },
    /// A link is stated.
    Link(LinkStatement),
    /// A statement is withdrawn.
    LinkWithdrawn {
        /// One end.
        one: Token,
        /// Other end.
        other: Token,
        /// Whose statement.
        agency: Arc<str>,
    },
    /// An interest is declared.
    Interest(Interest),
    /// An interest is approved.
    InterestApproved {
        /// Id.
        id: Uuid,
    },
    /// A person's record is marked as of limited access.
    Limited(LimitedMark),
    /// An agency lifts its marks from a person.
    LimitedLifted {
        /// Whose marks.
        agency: Arc<str>,
        /// Numbers they are lifted from.
        tokens: Vec<Token>,
    },
    /// A message that stated a mark is withdrawn.
    LimitedTakenBack {
        /// Its sender.
        agency: Arc<str>,
        /// Its id.
        message: Uuid,
    },
    /// A message states who holds which part in a person's case.
    Roles(RoleStatement),
    /// What a message stated of parts is put right.
    RolesRestated {
        /// Its sender.
        agency: Arc<str>,
        /// Its id.
        message: Uuid,
        /// What it states from now on.
        parts: Vec<RolePart>,
    },
    /// A message that stated parts is taken back.
    RolesTakenBack {
        /// Its sender.
        agency: Arc<str>,
        /// Its id.
        message: Uuid,
    },
    /// Prisons state that somebody on a list came into custody, or left it.
    Custody(CustodyStatement),
    /// A message that stated so is taken back.
    CustodyTakenBack {
        /// Its sender.
        agency: Arc<str>,
        /// Its id.
        message: Uuid,
    },
    /// An agency says that somebody is not whom its flag is on.
    RuledOut(RuledOut),
}

impl Change {
    /// Whether it brings nobody what came before: who holds a part is brought what comes from then
    /// on, and that somebody is in custody, or is not whom a flag is on, brings nobody any news.
    #[must_use]
    pub const fn brings_nothing_earlier(&self) -> bool {
        match self {
            Self::Roles(_)
            | Self::RolesRestated { .. }
            | Self::RolesTakenBack { .. }
            | Self::Custody(_)
            | Self::CustodyTakenBack { .. }
            | Self::RuledOut(_) => true,
            Self::Flag(_)
            | Self::FlagRemoved { .. }
            | Self::Link(_)
            | Self::LinkWithdrawn { .. }
            | Self::Interest(_)
            | Self::InterestApproved { .. }
            | Self::Limited(_)
            | Self::LimitedLifted { .. }
            | Self::LimitedTakenBack { .. } => false,
        }
    }
}

/// The register at one moment.
#[derive(Clone, Default)]
pub struct Register {
    flags: HashMap<Token, Vec<Arc<Flag>>>,
    flags_by_name: HashMap<Token, Vec<Arc<Flag>>>,
    links: HashMap<Token, Vec<Arc<LinkStatement>>>,
    interests: HashMap<Token, Vec<Arc<Interest>>>,
    pending_interests: HashMap<Uuid, Interest>,
    limited: Marks,
    roles: Roles,
    stays: Stays,
    answers: Answers,
}

impl Register {
    /// Approved interests in any of these identifiers that have not run out.
    #[must_use]
    pub fn interests(&self, tokens: &BTreeSet<Token>, now: OffsetDateTime) -> Vec<Arc<Interest>> {
        tokens
            .iter()
            .filter_map(|token| self.interests.get(token))
            .flatten()
            .filter(|interest| interest.approved && interest.expires > now.unix_timestamp())
            .cloned()
            .collect()
    }

    /// An interest that waits for approval.
    #[must_use]
    pub fn pending_interest(&self, id: Uuid) -> Option<&Interest> {
        self.pending_interests.get(&id)
    }

    /// The identifiers that are one person's: the given ones and all that confirmed links
    /// reach. A link is confirmed when the authorities for both ends have stated it with the
    /// same birth date, and neither has stated otherwise.
    #[must_use]
    pub fn linked(&self, tokens: &[Token]) -> BTreeSet<Token> {
        let mut known: BTreeSet<Token> = tokens.iter().copied().collect();
        let mut open: Vec<Token> = tokens.to_vec();
        while let Some(token) = open.pop() {
            for statement in self.links.get(&token).into_iter().flatten() {
                let other = if statement.one.0 == token { statement.other } else { statement.one };
                let this = if statement.one.0 == token { statement.one } else { statement.other };
                if !known.contains(&other.0) && self.confirmed(this, other) {
                    known.insert(other.0);
                    open.push(other.0);
                }
            }
        }
        known
    }

    /// Every number of the person whom a change of a link makes reachable from further numbers
    /// than in `before`: stated by the second authority, or no longer contradicted. Empty for a
    /// change that joins nothing.
    #[must_use]
    pub fn joined(&self, before: &Self, change: &Change) -> BTreeSet<Token> {
        let ends = match change {
            Change::Link(statement) => [statement.one.0, statement.other.0],
            Change::LinkWithdrawn { one, other, .. } => [*one, *other],
            Change::Flag(_)
            | Change::FlagRemoved { .. }
            | Change::Interest(_)
            | Change::InterestApproved { .. }
            | Change::Limited(_)
            | Change::LimitedLifted { .. }
            | Change::LimitedTakenBack { .. }
            | Change::Roles(_)
            | Change::RolesRestated { .. }
            | Change::RolesTakenBack { .. }
            | Change::Custody(_)
            | Change::CustodyTakenBack { .. }
            | Change::RuledOut(_) => return BTreeSet::new(),
        };
        let grown = ends.iter().map(|end| (before.linked(&[*end]), self.linked(&[*end])));
        grown.filter(|(was, is)| !is.is_subset(was)).flat_map(|(_, is)| is).collect()
    }

    /// Identifiers that somebody, but not both authorities in agreement, joins to this one.
    #[must_use]
    pub fn disputed(&self, tokens: &[Token]) -> BTreeSet<Token> {
        let mut found = BTreeSet::new();
        for token in tokens {
            for statement in self.links.get(token).into_iter().flatten() {
                let (this, other) = if statement.one.0 == *token {
                    (statement.one, statement.other)
                } else {
                    (statement.other, statement.one)
                };
                if !self.confirmed(this, other) {
                    found.insert(other.0);
                }
            }
        }
        found
    }

    fn confirmed(&self, one: (Token, i32), other: (Token, i32)) -> bool {
        let statements = |end: (Token, i32)| {
            self.links.get(&end.0).into_iter().flatten().filter(move |s| s.authority_for(end))
        };
        // The word of an authority for each end, and one birth date in all that they say of it.
        let by_one: Vec<_> = statements(one).filter(|s| s.joins(one.0, other.0)).collect();
        let by_other: Vec<_> = statements(other).filter(|s| s.joins(one.0, other.0)).collect();
        let birth = by_one.first().map(|statement| statement.birth);
        let agreed = !by_other.is_empty()
            && by_one.iter().chain(&by_other).all(|statement| Some(statement.birth) == birth);
        agreed && !self.contradicted(one, other) && !self.contradicted(other, one)
    }

    /// Whether an authority for either end joins `end` to another identifier of the same
    /// register as `partner`: two authorities that disagree freeze the link. Numbers of one register
    /// that are merged are no disagreement, and neither is a merge of either with a third.
    fn contradicted(&self, end: (Token, i32), partner: (Token, i32)) -> bool {
        self.links.get(&end.0).into_iter().flatten().any(|statement| {
            let other = if statement.one.0 == end.0 { statement.other } else { statement.one };
            other.1 == partner.1
                && other.0 != partner.0
                && end.1 != other.1
                && (statement.authority_for(end) || statement.authority_for(partner))
                && !self.merged(other, partner)
        })
    }

    /// Whether the authority for one register says that two of its numbers are one person's.
    fn merged(&self, one: (Token, i32), other: (Token, i32)) -> bool {
        self.links.get(&one.0).into_iter().flatten().any(|statement| {
            statement.joins(one.0, other.0) && one.1 == other.1 && statement.authority_for(one)
        })
    }

    /// The register after one more change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Flag(flag) => {
                self.answers.forget(&flag.by, &flag.tokens);
                self.put_flag(flag);
            }
            Change::FlagRemoved { kind, tokens, by } => self.remove_flag(*kind, tokens, by),
            Change::Link(statement) => {
                self.answers.forget(&statement.agency, &[statement.one.0, statement.other.0]);
                self.withdraw_link(statement.one.0, statement.other.0, &statement.agency);
                let statement = Arc::new(statement.clone());
                self.links.entry(statement.one.0).or_default().push(Arc::clone(&statement));
                self.links.entry(statement.other.0).or_default().push(statement);
            }
            Change::LinkWithdrawn { one, other, agency } => {
                self.withdraw_link(*one, *other, agency);
            }
            Change::Interest(interest) => {
                self.pending_interests.insert(interest.id, interest.clone());
            }
            Change::InterestApproved { id } => {
                if let Some(mut interest) = self.pending_interests.remove(id) {
                    interest.approved = true;
                    self.interests.entry(interest.token).or_default().push(Arc::new(interest));
                }
            }
            Change::Limited(mark) => self.limited.add(mark),
            Change::LimitedLifted { agency, tokens } => self.limited.lift(agency, tokens),
            Change::LimitedTakenBack { agency, message } => {
                self.limited.take_back(agency, *message);
            }
            Change::Roles(statement) => self.roles.add(statement),
            Change::RolesRestated { agency, message, parts } => {
                self.roles.restate(agency, *message, parts);
            }
            Change::RolesTakenBack { agency, message } => self.roles.take_back(agency, *message),
            Change::Custody(statement) => self.stays.add(statement),
            Change::CustodyTakenBack { agency, message } => {
                self.stays.take_back(agency, *message);
            }
            Change::RuledOut(said) => self.answers.add(said),
        }
    }

    /// Whether an agency has said of each of these numbers that it is not of the person whom a flag
    /// with those of `flagged` is on. Of a person without numbers nothing can have been said.
    #[must_use]
    pub fn is_ruled_out(&self, agency: &str, person: &[Token], flagged: &[Token]) -> bool {
        self.answers.rule_out(agency, person, flagged)
    }

    fn withdraw_link(&mut self, one: Token, other: Token, agency: &str) {
        for statements in self.links.values_mut() {
            statements.retain(|s| !(s.joins(one, other) && &*s.agency == agency));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOMS: i32 = IdentifierType::Noms as i32;
    const PNC: i32 = IdentifierType::Pnc as i32;

    pub(super) fn token(n: u8) -> Token {
        Token([n; 16])
    }

    pub(super) fn says(agency: &str, kind: AgencyKind, noms: u8, pnc: u8, birth: u8) -> Change {
        Change::Link(LinkStatement {
            one: (token(noms), NOMS),
            other: (token(pnc), PNC),
            birth: token(birth),
            agency: agency.into(),
            agency_kind: kind,
        })
    }

    fn linked(changes: &[Change], from: u8, to: u8) -> bool {
        let mut register = Register::default();
        changes.iter().for_each(|change| register.apply(change));
        register.linked(&[token(from)]).contains(&token(to))
    }

    #[test]
    fn a_link_routes_only_when_both_authorities_state_it_with_one_birth_date() {
        let prison = says("prisons", AgencyKind::Prison, 1, 2, 9);
        let police = says("gmp", AgencyKind::Police, 1, 2, 9);
        assert!(!linked(std::slice::from_ref(&prison), 1, 2));
        assert!(!linked(std::slice::from_ref(&police), 1, 2));
        assert!(linked(&[prison.clone(), police], 1, 2));
        let other_birth = says("gmp", AgencyKind::Police, 1, 2, 8);
        assert!(!linked(&[prison, other_birth], 1, 2));
    }

    #[test]
    fn a_claim_by_somebody_else_joins_nothing_and_freezes_nothing() {
        let prison = says("prisons", AgencyKind::Prison, 1, 2, 9);
        let police = says("gmp", AgencyKind::Police, 1, 2, 9);
        let claim = says("loto", AgencyKind::Voluntary, 1, 3, 9);
        assert!(!linked(std::slice::from_ref(&claim), 1, 3));
        assert!(linked(&[prison, police, claim], 1, 2));
    }

    #[test]
    fn two_authorities_that_disagree_freeze_the_link() {
        let prison = says("prisons", AgencyKind::Prison, 1, 2, 9);
        let police = says("gmp", AgencyKind::Police, 1, 2, 9);
        let other_force = says("merseyside", AgencyKind::Police, 4, 2, 9);
        assert!(!linked(&[prison, police, other_force], 1, 2));
    }

    #[test]
    fn two_forces_that_give_one_link_two_birth_dates_freeze_it_in_either_order() {
        let prison = says("prisons", AgencyKind::Prison, 1, 2, 9);
        let police = says("gmp", AgencyKind::Police, 1, 2, 9);
        let other_force = says("merseyside", AgencyKind::Police, 1, 2, 8);
        assert!(!linked(&[prison.clone(), police.clone(), other_force.clone()], 1, 2));
        assert!(!linked(&[prison, other_force, police], 1, 2));
    }

    /// The numbers of the person whom the last of these changes joins to more than before.
    fn joined(changes: &[Change]) -> Vec<Token> {
        let (last, earlier) = changes.split_last().unwrap();
        let mut before = Register::default();
        earlier.iter().for_each(|change| before.apply(change));
        let mut after = before.clone();
        after.apply(last);
        after.joined(&before, last).into_iter().collect()
    }

    #[test]
    fn the_statement_that_completes_a_link_joins_and_no_other_does() {
        let prison = says("prisons", AgencyKind::Prison, 1, 2, 9);
        let police = says("gmp", AgencyKind::Police, 1, 2, 9);
        let volunteer = says("loto", AgencyKind::Voluntary, 1, 2, 9);
        let both = [prison.clone(), police.clone()];
        assert_eq!(joined(std::slice::from_ref(&prison)), []);
        assert_eq!(joined(&[prison.clone(), volunteer]), []);
        assert_eq!(joined(&both), [token(1), token(2)]);
        // Said again, it joins nothing new; taken back, it parts.
        assert_eq!(joined(&[prison.clone(), police.clone(), police.clone()]), []);
        let back = |agency: &str, noms: u8| Change::LinkWithdrawn {
            one: token(noms),
            other: token(2),
            agency: agency.into(),
        };
        assert_eq!(joined(&[prison.clone(), police.clone(), back("gmp", 1)]), []);
        // A contradiction that is taken back lets the link stand again.
        let other_force = says("merseyside", AgencyKind::Police, 4, 2, 9);
        assert_eq!(
            joined(&[prison, police, other_force, back("merseyside", 4)]),
            [token(1), token(2)]
        );
    }
}
