//! Asks policy about every candidate and every person, and settles what each may see.
//!
//! Promises that no candidate goes undecided, that an unentitled person is removed whole, with
//! every statement about him and every statement that names him. Pure.

mod questions;

mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{Field, LimitedAccess, TaskKind};
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::directory::{AgencyKind, Desk, MessageKind};
use crate::message::{Admitted, sections};
use crate::policy::{KindFacts, Permit, Question, Stake, Verdict};
use crate::register::{DeskName, limited};
use crate::routing::{self, Addressed, Candidate, HeldOfPerson, Reason};
use crate::rules::{Epochs, Rules};

use crate::seal::Token;
pub use questions::{identifier_field, kind_facts};

/// The platform's permit to tell whoever was given a message what came of it.
const DUTY_TO_CORRECT: &str = "platform/duty-to-correct";

/// What one desk may see of a message: subject by subject, `None` for one removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Verdict of each subject that stays.
    pub subjects: Vec<Option<Arc<Verdict>>>,
    /// Set when the desk is asked to settle something instead.
    pub task: Option<TaskKind>,
    /// Deadline a permit sets.
    pub act_by: Option<OffsetDateTime>,
    /// Deletion a permit demands.
    pub delete_by: Option<OffsetDateTime>,
    /// Statements withheld because they would name somebody who had to be removed: place in
    /// the message, and field.
    pub telling: BTreeMap<usize, Field>,
    /// Whether a flag this desk owns is long past its review.
    pub flag_review_overdue: bool,
    /// Whether it is told that something came of an earlier message, and nothing more.
    pub notice_only: bool,
    /// What it has of the persons whose numbers are merged or parted: it is shown these numbers.
    pub held: Option<HeldOfPerson>,
    /// The desk's own message that is answered.
    pub answers: Option<Uuid>,
    /// The documents whose audience the desk is of, by place in the message, and whether its agency
    /// may send each on.
    pub documents: BTreeMap<usize, bool>,
}

/// What was decided for one candidate.
#[derive(Clone, Debug)]
pub struct CandidateDecision {
    /// Desk.
    pub desk: DeskName,
    /// Task, where it is one.
    pub task: Option<TaskKind>,
    /// Whether the sender named this desk's agency.
    pub named: bool,
    /// Reasons over all subjects.
    pub reasons: BTreeSet<Reason>,
    /// Whether the desk has a stake of its own in each subject.
    pub staked: Vec<bool>,
    /// Verdict of each subject.
    pub verdicts: Vec<Arc<Verdict>>,
    /// Whether it is told of a correction although a rule about it could not be evaluated:
    /// somebody must look at that rule.
    pub rule_failed: bool,
    /// Whether nothing but the earlier message, which it was given or which waits for it, brings it
    /// this one: without that it would be refused.
    pub by_holding: bool,
    /// What the desk may see, or why it gets nothing.
    pub outcome: Result<View, Refusal>,
}

/// A decision on every candidate. Made only by [`decide`].
#[derive(Clone, Debug)]
pub struct Decided {
    /// The moment it is good for.
    pub epochs: Epochs,
    /// Bundle in force.
    pub bundle: [u8; 32],
    /// One for each candidate, in order.
    pub candidates: Vec<CandidateDecision>,
    _asked: Asked,
}

/// That policy was asked about every candidate. Only this module can say so.
#[derive(Clone, Debug)]
struct Asked;

/// Decides a message for every candidate.
#[must_use]
pub fn decide(
    admitted: &Admitted,
    addressed: &Addressed,
    rules: &Rules,
    now: OffsetDateTime,
) -> Decided {
    let questions = questions::all(admitted, addressed);
    let candidates: Vec<CandidateDecision> = addressed
        .candidates
        .iter()
        .filter_map(|candidate| {
            decide_candidate(admitted, addressed, candidate, &questions, rules, now)
        })
        .collect();
    assert!(
        candidates.len() == addressed.candidates.len(),
        "every candidate comes from this directory, so every one is decided"
    );
    Decided { epochs: rules.epochs, bundle: rules.bundle, candidates, _asked: Asked }
}

fn decide_candidate(
    admitted: &Admitted,
    addressed: &Addressed,
    candidate: &Candidate,
    questions: &[Question],
    rules: &Rules,
    now: OffsetDateTime,
) -> Option<CandidateDecision> {
    let desk = rules.directory.desk(candidate.desk)?;
    let documents = documents_for(admitted, desk);
    let without = documents.is_empty().then(|| without_documents(admitted, questions)).flatten();
    let questions = without.as_deref().unwrap_or(questions);
    let mut verdicts = verdicts(addressed, candidate, questions, desk.agency_kind, rules);
    let mut notice_only = false;
    let has = |reason| candidate.reasons.iter().any(|reasons| reasons.contains(&reason));
    let because = [Reason::Holder, Reason::Owed, Reason::Concerned];
    let holds = owes_holders(admitted) && because.into_iter().any(has) && candidate.task.is_none();
    let rule_failed = holds && verdicts.iter().any(|verdict| failed(verdict));
    let in_short = holds && (rule_failed || is_refused(&verdicts));
    if in_short {
        // Whoever was given the earlier message is told that something came of it, even where
        // it may have no more of it now (DPA 2018 s.48; UK GDPR art 19). So is whoever it waits for,
        // should it be given that: `prepare::decide_again` sees to it.
        let bare = bare(questions);
        notice_only = rule_failed || questions.iter().any(|one| one.facts != KindFacts::Correction);
        verdicts = self::verdicts(addressed, candidate, &bare, desk.agency_kind, rules);
        tell_all_the_same(&mut verdicts);
    }
    // Who has nothing of the earlier message but a question about it is told no more than that.
    notice_only |= has(Reason::Owed) && !has(Reason::Holder);
    if let Some(shown) =
        routing::shown_by_programme(admitted, &addressed.earlier, desk, &rules.directory)
    {
        for ((verdict, shown), question) in verdicts.iter_mut().zip(&shown).zip(questions) {
            *verdict = Arc::new(held_to(verdict, shown, question));
        }
    }
    let name = DeskName { agency: Arc::clone(&desk.agency), desk: Arc::clone(&desk.id) };
    let staked: Vec<bool> = candidate.reasons.iter().map(|reasons| !reasons.is_empty()).collect();
    let standing = rules.directory.agency(&desk.agency).is_some_and(|agency| !agency.suspended);
    // A suspended holder is still owed what came of it: that waits until the agency is back.
    let outcome = if standing || holds {
        settle(admitted, addressed, candidate, &staked, &verdicts, now).map(|view| View {
            notice_only,
            held: addressed.earlier.held.get(&name).cloned(),
            answers: addressed
                .earlier
                .answers
                .as_ref()
                .filter(|(asker, _)| *asker == name)
                .map(|(_, message)| *message),
            documents: documents.clone(),
            ..view
        })
    } else {
        Err(Refusal::RecipientNotInStanding)
    };
    Some(CandidateDecision {
        named: admitted.names_agency(&desk.agency),
        desk: name,
        task: candidate.task,
        reasons: candidate.reasons.iter().flatten().copied().collect(),
        staked,
        verdicts,
        rule_failed,
        by_holding: in_short || (holds && !standing),
        outcome,
    })
}

/// The same questions of a message that says no more than that something came of an earlier one.
fn bare(questions: &[Question]) -> Vec<Question> {
    let bare = |question: &Question| Question { facts: KindFacts::Correction, ..question.clone() };
    questions.iter().map(bare).collect()
}

/// The documents of a message whose audience a desk is of.
fn documents_for(admitted: &Admitted, desk: &Desk) -> BTreeMap<usize, bool> {
    let all = admitted.message.attachments.iter().enumerate();
    let own = all.filter(|(_, section)| sections::is_for(section, desk));
    own.map(|(place, section)| (place, sections::may_go_on(section, &desk.agency))).collect()
}

/// The same questions of a message without documents: whoever none is for is not to be told that
/// any was withheld. `None` where it has none.
fn without_documents(admitted: &Admitted, questions: &[Question]) -> Option<Vec<Question>> {
    admitted.has_documents().then(|| {
        let mut questions = questions.to_vec();
        for question in &mut questions {
            question.fields.remove(&Field::Attachments);
        }
        questions
    })
}

/// A verdict that shows no more than a programme lets its provider have.
fn held_to(verdict: &Verdict, shown: &BTreeSet<Field>, question: &Question) -> Verdict {
    let mut verdict = verdict.clone();
    if let Ok(permit) = verdict.outcome.as_mut() {
        permit.withheld.extend(&question.fields - shown);
        permit.masked = &permit.masked & shown;
    }
    verdict
}

/// Asks policy about every person for one candidate.
fn verdicts(
    addressed: &Addressed,
    candidate: &Candidate,
    questions: &[Question],
    recipient: AgencyKind,
    rules: &Rules,
) -> Vec<Arc<Verdict>> {
    let ask_about = |(position, question): (usize, &Question)| {
        let stake = candidate.stake(position);
        let overdue = addressed.overdue.get(position).filter(|kinds| !kinds.is_empty());
        let widened = overdue
            .filter(|_| stake.flag_owner || reached_by_overdue_flags(recipient))
            .map(|kinds| {
                let mut question = question.clone();
                question.flags.extend(kinds.iter().copied());
                question
            });
        let question = widened.as_ref().unwrap_or(question);
        let registered = addressed.limited.get(position).copied().unwrap_or_default();
        ask(candidate, question, registered, stake, rules)
    };
    questions.iter().enumerate().map(ask_about).collect()
}

/// Whether everybody who holds the earlier message must hear that something came of it. Whoever
/// holds something about a person that is asked about is owed no question, and a concern changes
/// nothing that was told of a placement: whoever gave the care there is not to hear of it.
fn owes_holders(admitted: &Admitted) -> bool {
    match &admitted.message.kind {
        Some(Kind::Placement(placement)) => placement.step() != wire::PlacementStep::Concern,
        Some(
            Kind::Correction(_)
            | Kind::Custody(_)
            | Kind::Flag(_)
            | Kind::Enforcement(_)
            | Kind::Action(_)
            | Kind::Referral(_)
            | Kind::Court(_),
        ) => true,
        Some(
            Kind::Intelligence(_)
            | Kind::Mappa(_)
            | Kind::DrugTest(_)
            | Kind::Request(_)
            | Kind::Response(_),
        )
        | None => false,
    }
}

/// Whether nothing may be had.
fn is_refused(verdicts: &[Arc<Verdict>]) -> bool {
    verdicts.iter().all(|verdict| verdict.outcome.is_err())
}

/// Whether a rule could not be evaluated: that is no answer.
fn failed(verdict: &Verdict) -> bool {
    verdict.outcome == Err(Refusal::PolicyError)
}

/// Where not even the duty to correct can be looked up because a rule fails, it holds all the same:
/// of a notice nothing is shown that a rule could have kept back.
fn tell_all_the_same(verdicts: &mut [Arc<Verdict>]) {
    for verdict in verdicts.iter_mut().filter(|verdict| failed(verdict)) {
        let rules = vec![Arc::from(DUTY_TO_CORRECT)];
        *verdict = Arc::new(Verdict { outcome: Ok(Permit::default()), rules });
    }
}

/// Asks policy about one person under the message's own word on limited access and, where the
/// register's is stricter, under that as well. Both must permit: a word that is stricter may
/// reach desks that the other does not, as the custody minimum does.
fn ask(
    candidate: &Candidate,
    question: &Question,
    registered: LimitedAccess,
    stake: Stake,
    rules: &Rules,
) -> Arc<Verdict> {
    let of_task =
        candidate.task.map(|task| Question { facts: KindFacts::Task(task), ..question.clone() });
    let question = of_task.as_ref().unwrap_or(question);
    let verdict = rules.policy.decide(candidate.desk, question, stake);
    let limited_access = limited::stricter(question.limited_access, registered);
    if limited_access == question.limited_access {
        return verdict;
    }
    let question = Question { limited_access, ..question.clone() };
    let other = rules.policy.decide(candidate.desk, &question, stake);
    Arc::new(stricter(&verdict, &other))
}

/// Orders refusals: what could not be evaluated above what is forbidden, because no answer at all
/// is worse than a no; and that above a permit that is missing, because no agreement cures it.
fn weight(refusal: Refusal) -> (bool, bool) {
    (refusal == Refusal::PolicyError, refusal == Refusal::Forbidden)
}

/// What both verdicts allow, under all that either demands.
fn stricter(one: &Verdict, other: &Verdict) -> Verdict {
    let (first, second) = match (&one.outcome, &other.outcome) {
        (Ok(first), Ok(second)) => (first, second),
        (Ok(_), Err(_)) => return other.clone(),
        (Err(_), Ok(_)) => return one.clone(),
        (Err(first), Err(second)) => {
            return if weight(*second) > weight(*first) { other } else { one }.clone();
        }
    };
    let withheld = &first.withheld | &second.withheld;
    let masked = &(&first.masked | &second.masked) - &withheld;
    let rules: BTreeSet<Arc<str>> = one.rules.iter().chain(&other.rules).cloned().collect();
    Verdict {
        outcome: Ok(Permit {
            withheld,
            masked,
            handling: &first.handling | &second.handling,
            act_by_hours: first.act_by_hours.into_iter().chain(second.act_by_hours).min(),
            delete_by_days: first.delete_by_days.into_iter().chain(second.delete_by_days).min(),
        }),
        rules: rules.into_iter().collect(),
    }
}

/// What is left for one desk after every person was decided.
fn settle(
    admitted: &Admitted,
    addressed: &Addressed,
    candidate: &Candidate,
    staked: &[bool],
    verdicts: &[Arc<Verdict>],
    now: OffsetDateTime,
) -> Result<View, Refusal> {
    if let Some(error) = verdicts.iter().find(|v| v.outcome == Err(Refusal::PolicyError)) {
        // A rule that cannot be read is no rule: the whole candidate is refused.
        return Err(error.outcome.as_ref().err().copied().unwrap_or(Refusal::PolicyError));
    }
    let permits = verdicts.iter().filter_map(|verdict| verdict.outcome.as_ref().ok());
    let (mut act_by, mut delete_by) = (None, None);
    for permit in permits {
        act_by = sooner(act_by, permit.act_by_hours.map(|h| now + Duration::hours(h.into())));
        delete_by =
            sooner(delete_by, permit.delete_by_days.map(|d| now + Duration::days(d.into())));
    }
    let flag_review_overdue = addressed
        .overdue
        .iter()
        .enumerate()
        .any(|(position, kinds)| !kinds.is_empty() && candidate.stake(position).flag_owner);
    // What takes something back is permitted about everybody, and shows only whom the desk knows.
    let bare = candidate.task.is_none() && admitted.to_holders_only();
    let stays = |(verdict, staked): (&Arc<Verdict>, &bool)| {
        (verdict.outcome.is_ok() && (*staked || !bare)).then(|| Arc::clone(verdict))
    };
    let mut view = View {
        subjects: verdicts.iter().zip(staked).map(stays).collect(),
        task: candidate.task,
        act_by,
        delete_by,
        telling: BTreeMap::new(),
        flag_review_overdue,
        notice_only: false,
        held: None,
        answers: None,
        documents: BTreeMap::new(),
    };
    close(admitted, staked, verdicts, &mut view)?;
    Ok(view)
}

/// Finishes a view once it is known who stays: at least one person in whom the desk has a stake
/// of its own, and no statement that names somebody removed.
///
/// # Errors
/// Nothing is left that this desk may have: the gravest refusal among the people it has a stake
/// in, or that what is left would tell of who was removed.
pub fn close(
    admitted: &Admitted,
    staked: &[bool],
    verdicts: &[Arc<Verdict>],
    view: &mut View,
) -> Result<(), Refusal> {
    let mut remain = view.subjects.iter().zip(staked);
    if !remain.any(|(subject, staked)| subject.is_some() && *staked) {
        return Err(refusal_of(staked, verdicts));
    }
    view.telling = BTreeMap::new();
    view.telling = telling::of(admitted, view);
    // Custody news, MAPPA and flags say enough without what had to be cut. Intelligence of
    // which nothing is left says only that there is something to hide.
    let emptied = !view.telling.is_empty()
        && admitted.kind == MessageKind::Intelligence
        && view.statements(&admitted.message).next().is_none();
    if emptied { Err(Refusal::WouldIdentify) } else { Ok(()) }
}

/// The one refusal recorded for a desk that gets nothing, of people refused it for different
/// reasons: of those it has a stake in, for nobody else could have brought it the message, the
/// one that weighs most. `NoPermit` where none of them was refused.
fn refusal_of(staked: &[bool], verdicts: &[Arc<Verdict>]) -> Refusal {
    let of_stake = verdicts.iter().zip(staked).filter(|(_, staked)| **staked);
    let refusals = of_stake.filter_map(|(verdict, _)| verdict.outcome.as_ref().err().copied());
    refusals.max_by_key(|refusal| weight(*refusal)).unwrap_or(Refusal::NoPermit)
}

/// A flag past its review by more than 28 days still serves these: it never silently stops
/// a police release alert.
const fn reached_by_overdue_flags(kind: AgencyKind) -> bool {
    matches!(kind, AgencyKind::Police | AgencyKind::Probation)
}

fn sooner(a: Option<OffsetDateTime>, b: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

impl View {
    /// The statements that are shown: every person one concerns stays, no verdict on any of
    /// them withholds its field, and it names nobody who was removed.
    pub fn statements<'m>(
        &'m self,
        message: &'m wire::Message,
    ) -> impl Iterator<Item = (usize, &'m wire::Statement)> {
        let all = message.statements.iter().enumerate();
        all.filter(|(place, statement)| {
            self.task.is_none()
                && !self.telling.contains_key(place)
                && statement.subjects.iter().all(|subject| {
                    self.subjects
                        .get(*subject as usize)
                        .and_then(Option::as_ref)
                        .is_some_and(|verdict| !withheld(verdict, statement.field()))
                })
        })
    }

    /// The documents that are shown, and whether each may be sent on: those whose audience the desk
    /// is of, where it may have documents about everybody in the message. Nobody can tell of whom a
    /// document speaks.
    pub fn sections<'m>(
        &'m self,
        message: &'m wire::Message,
    ) -> impl Iterator<Item = (&'m wire::Section, bool)> {
        let stay = |verdict: &Option<Arc<Verdict>>| {
            verdict.as_ref().is_some_and(|verdict| !withheld(verdict, Field::Attachments))
        };
        let shown = self.task.is_none() && !self.notice_only && self.subjects.iter().all(stay);
        let all = message.attachments.iter().enumerate().filter(move |_| shown);
        all.filter_map(|(place, section)| Some((section, *self.documents.get(&place)?)))
    }

    /// The numbers of a message's persons that are shown.
    #[must_use]
    pub fn numbers(&self, admitted: &Admitted) -> BTreeSet<Token> {
        let people = admitted.message.subjects.iter().zip(&admitted.subjects).zip(&self.subjects);
        let shown = people.filter_map(|(person, verdict)| {
            Some((person, verdict.as_ref().filter(|_| !self.notice_only)?))
        });
        let of_each = shown.flat_map(|((subject, facts), verdict)| {
            let numbers = subject.identifiers.iter().zip(&facts.tokens);
            numbers.filter(|(number, _)| !withheld(verdict, identifier_field(number)))
        });
        of_each.map(|(_, token)| *token).collect()
    }

    /// Every field withheld from some subject that stays, or because it names another.
    #[must_use]
    pub fn withheld(&self) -> BTreeSet<Field> {
        self.subjects
            .iter()
            .flatten()
            .filter_map(|verdict| verdict.outcome.as_ref().ok())
            .flat_map(|permit| permit.withheld.iter().chain(&permit.masked).copied())
            .chain(self.telling.values().copied())
            .collect()
    }
}

/// Whether a verdict withholds a field. A refusal withholds everything.
#[must_use]
pub fn withheld(verdict: &Verdict, field: Field) -> bool {
    verdict
        .outcome
        .as_ref()
        .map_or(true, |permit| permit.withheld.contains(&field) || permit.masked.contains(&field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal) -> Arc<Verdict> {
        Arc::new(Verdict { outcome: Err(refusal), rules: Vec::new() })
    }

    fn permitted(permit: Permit) -> Arc<Verdict> {
        Arc::new(Verdict { outcome: Ok(permit), rules: Vec::new() })
    }

    #[test]
    fn the_refusal_recorded_is_of_a_person_the_desk_has_a_stake_in_and_the_gravest() {
        use Refusal::{Forbidden, NoPermit};
        let shown = permitted(Permit::default());
        let of = |staked: &[bool], refusals: &[Refusal]| {
            let verdicts: Vec<_> = refusals.iter().map(|refusal| refused(*refusal)).collect();
            refusal_of(staked, &verdicts)
        };
        assert_eq!(of(&[true, true], &[Forbidden, NoPermit]), Forbidden);
        assert_eq!(of(&[true, true], &[NoPermit, Forbidden]), Forbidden);
        // The second is forbidden, but brought this desk nothing.
        assert_eq!(of(&[true, false], &[NoPermit, Forbidden]), NoPermit);
        assert_eq!(of(&[false, true], &[NoPermit, Forbidden]), Forbidden);
        // Whoever stays may not be the one it has a stake in.
        assert_eq!(refusal_of(&[false, true], &[shown, refused(Forbidden)]), Forbidden);
    }

    #[test]
    fn of_two_verdicts_what_both_allow_is_shown_under_all_that_either_demands() {
        use wire::Field::{Narrative, Risk, SubjectName};
        use wire::HandlingCondition::{NoOnward, NotToSubject};
        let one = permitted(Permit {
            withheld: [SubjectName].into(),
            masked: [Risk].into(),
            handling: [NoOnward].into(),
            act_by_hours: Some(24),
            delete_by_days: None,
        });
        let other = permitted(Permit {
            withheld: [Risk].into(),
            masked: [Narrative].into(),
            handling: [NotToSubject].into(),
            act_by_hours: Some(48),
            delete_by_days: Some(28),
        });
        let both = Permit {
            withheld: [SubjectName, Risk].into(),
            masked: [Narrative].into(),
            handling: [NoOnward, NotToSubject].into(),
            act_by_hours: Some(24),
            delete_by_days: Some(28),
        };
        assert_eq!(stricter(&one, &other).outcome.unwrap(), both);
        assert_eq!(stricter(&other, &one).outcome.unwrap(), both);
        for refusal in [Refusal::NoPermit, Refusal::Forbidden, Refusal::PolicyError] {
            assert_eq!(stricter(&one, &refused(refusal)).outcome, Err(refusal));
            assert_eq!(stricter(&refused(refusal), &one).outcome, Err(refusal));
        }
        let no_permit = refused(Refusal::NoPermit);
        let forbidden = refused(Refusal::Forbidden);
        assert_eq!(stricter(&no_permit, &forbidden).outcome, Err(Refusal::Forbidden));
        assert_eq!(stricter(&forbidden, &no_permit).outcome, Err(Refusal::Forbidden));
    }
}
