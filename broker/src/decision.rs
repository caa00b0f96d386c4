//! Asks policy about every candidate and every person, and settles what each may see.
//!
//! Promises that no candidate goes undecided, that an unentitled person is removed whole, with
//! every statement about him and every statement that names him. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{Field, TaskKind};
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};

use crate::directory::{AgencyKind, MessageKind};
use crate::message::Admitted;
use crate::policy::{IntelligenceFacts, Question, Verdict};
use crate::register::DeskName;
use crate::routing::{Addressed, Candidate, Reason};
use crate::rules::{Epochs, Rules};

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
    /// Verdict of each subject.
    pub verdicts: Vec<Arc<Verdict>>,
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
    let questions = questions(admitted, addressed);
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

/// The facts policy may read of each subject.
fn questions(admitted: &Admitted, addressed: &Addressed) -> Vec<Question> {
    let message = &admitted.message;
    let (mut custody, mut mappa, mut intelligence) = (None, None, None);
    match &message.kind {
        Some(Kind::Custody(c)) if !admitted.to_holders_only() => {
            custody = Some((c.event(), c.certainty()));
        }
        Some(Kind::Mappa(m)) => mappa = Some((m.category, m.level)),
        Some(Kind::Intelligence(i)) => {
            intelligence = Some(IntelligenceFacts {
                scheme: i.scheme(),
                handling: i.grade.chars().last().unwrap_or('?'),
                conditions: i.conditions().collect(),
            });
        }
        Some(Kind::Custody(_) | Kind::Flag(_) | Kind::Correction(_)) | None => {}
    }
    // What goes to holders only is judged as a correction, whatever it takes back.
    let kind = if admitted.to_holders_only() { MessageKind::Correction } else { admitted.kind };
    let sender_kind = admitted.sender.kind;
    admitted
        .subjects
        .iter()
        .enumerate()
        .map(|(position, subject)| Question {
            kind,
            sender: Arc::clone(&admitted.sender.agency),
            sender_kind,
            sender_regime: admitted.sender.regime,
            purpose: message.purpose(),
            gateway: message.gateway(),
            lawful_basis: message.lawful_basis(),
            sensitive_condition: message.sensitive_condition(),
            marking: message.marking(),
            handling: message.handling_conditions().collect(),
            urgency: message.urgency(),
            category: subject.category,
            under_18: subject.under_18,
            limited_access: subject.limited_access,
            flags: addressed.flags.get(position).cloned().unwrap_or_default(),
            custody,
            mappa,
            intelligence: intelligence.clone(),
            fields: fields_present(admitted, position),
            task: None,
        })
        .collect()
}

/// The fields a message holds about one subject.
fn fields_present(admitted: &Admitted, position: usize) -> BTreeSet<Field> {
    let message = &admitted.message;
    let mut fields = BTreeSet::new();
    if let Some(subject) = message.subjects.get(position) {
        if !subject.name.is_empty() {
            fields.insert(Field::SubjectName);
        }
        if !subject.birth_date.is_empty() {
            fields.insert(Field::SubjectBirthDate);
        }
        fields.extend(subject.identifiers.iter().map(identifier_field));
    }
    match &message.kind {
        Some(Kind::Custody(_)) => fields.extend([Field::CustodyPrison, Field::CustodyReason]),
        Some(Kind::Mappa(_)) => fields.extend([Field::MappaCategory, Field::MappaLevel]),
        Some(Kind::Intelligence(i)) if !i.originator_reference.is_empty() => {
            fields.insert(Field::OriginatorReference);
        }
        Some(Kind::Flag(_)) => {
            fields.insert(Field::FlagDetail);
        }
        // Why something is taken back is written freely: narrative.
        Some(Kind::Correction(correction)) if !correction.reason.is_empty() => {
            fields.insert(Field::Narrative);
        }
        Some(Kind::Intelligence(_) | Kind::Correction(_)) | None => {}
    }
    let about = message
        .statements
        .iter()
        .filter(|statement| statement.subjects.iter().any(|s| *s as usize == position));
    fields.extend(about.map(wire::Statement::field));
    fields
}

/// The field an identifier belongs to.
#[must_use]
pub fn identifier_field(identifier: &wire::Identifier) -> Field {
    match identifier.r#type() {
        wire::IdentifierType::Noms | wire::IdentifierType::Crn => Field::HmppsIdentifiers,
        wire::IdentifierType::Nhs => Field::HealthIdentifiers,
        // An identifier of no known register is guarded as the police's.
        wire::IdentifierType::Pnc
        | wire::IdentifierType::Cro
        | wire::IdentifierType::Asn
        | wire::IdentifierType::Unspecified => Field::PoliceIdentifiers,
    }
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
    let verdicts: Vec<Arc<Verdict>> = questions
        .iter()
        .enumerate()
        .map(|(position, question)| {
            let stake = candidate.stake(position);
            let overdue = addressed.overdue.get(position).filter(|kinds| !kinds.is_empty());
            let widened = overdue
                .filter(|_| stake.flag_owner || reached_by_overdue_flags(desk.agency_kind))
                .map(|kinds| {
                    let mut question = question.clone();
                    question.flags.extend(kinds.iter().copied());
                    question
                });
            let question = widened.as_ref().unwrap_or(question);
            if let Some(task) = candidate.task {
                let question = Question {
                    kind: MessageKind::Task,
                    task: Some(task),
                    custody: None,
                    mappa: None,
                    intelligence: None,
                    ..question.clone()
                };
                return rules.policy.decide(candidate.desk, &question, stake);
            }
            rules.policy.decide(candidate.desk, question, stake)
        })
        .collect();
    // A suspended holder is still owed the withdrawal: it waits until the agency is back.
    let standing = admitted.to_holders_only()
        || rules.directory.agency(&desk.agency).is_some_and(|agency| !agency.suspended);
    let outcome = if standing {
        settle(admitted, addressed, candidate, &verdicts, now)
    } else {
        Err(Refusal::RecipientNotInStanding)
    };
    Some(CandidateDecision {
        desk: DeskName { agency: Arc::clone(&desk.agency), desk: Arc::clone(&desk.id) },
        task: candidate.task,
        named: admitted.message.addressees.iter().any(|a| *a.agency == *desk.agency),
        reasons: candidate.reasons.iter().flatten().copied().collect(),
        verdicts,
        outcome,
    })
}

/// What is left for one desk after every person was decided.
fn settle(
    admitted: &Admitted,
    addressed: &Addressed,
    candidate: &Candidate,
    verdicts: &[Arc<Verdict>],
    now: OffsetDateTime,
) -> Result<View, Refusal> {
    if let Some(error) = verdicts.iter().find(|v| v.outcome == Err(Refusal::PolicyError)) {
        // A rule that cannot be read is no rule: the whole candidate is refused.
        return Err(error.outcome.as_ref().err().copied().unwrap_or(Refusal::PolicyError));
    }
    let mut subjects: Vec<Option<Arc<Verdict>>> = Vec::with_capacity(verdicts.len());
    let (mut act_by, mut delete_by) = (None, None);
    let mut stake_remains = false;
    let mut refusal = Refusal::NoPermit;
    for (position, verdict) in verdicts.iter().enumerate() {
        match &verdict.outcome {
            Ok(permit) => {
                act_by =
                    sooner(act_by, permit.act_by_hours.map(|h| now + Duration::hours(h.into())));
                delete_by = sooner(
                    delete_by,
                    permit.delete_by_days.map(|d| now + Duration::days(d.into())),
                );
                stake_remains |= candidate.reasons.get(position).is_some_and(|r| !r.is_empty());
                subjects.push(Some(Arc::clone(verdict)));
            }
            Err(reason) => {
                refusal = *reason;
                subjects.push(None);
            }
        }
    }
    if !stake_remains {
        return Err(refusal);
    }
    let flag_review_overdue = addressed
        .overdue
        .iter()
        .enumerate()
        .any(|(position, kinds)| !kinds.is_empty() && candidate.stake(position).flag_owner);
    let mut view = View {
        subjects,
        task: candidate.task,
        act_by,
        delete_by,
        telling: BTreeMap::new(),
        flag_review_overdue,
    };
    view.telling = telling(admitted, &view);
    // Custody news, MAPPA and flags say enough without what had to be cut. Intelligence of
    // which nothing is left says only that there is something to hide.
    let emptied = !view.telling.is_empty()
        && admitted.kind == MessageKind::Intelligence
        && view.statements(&admitted.message).next().is_none();
    if emptied { Err(Refusal::WouldIdentify) } else { Ok(view) }
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

/// The shown statements that still name a person who was removed: by a word of his name or by
/// an identifier.
fn telling(admitted: &Admitted, view: &View) -> BTreeMap<usize, Field> {
    let removed: Vec<&wire::Subject> = admitted
        .message
        .subjects
        .iter()
        .zip(&view.subjects)
        .filter_map(|(subject, verdict)| verdict.is_none().then_some(subject))
        .collect();
    if removed.is_empty() {
        return BTreeMap::new();
    }
    let kept_words: BTreeSet<String> = admitted
        .message
        .subjects
        .iter()
        .zip(&view.subjects)
        .filter(|(_, verdict)| verdict.is_some())
        .flat_map(|(subject, _)| words(&subject.name))
        .collect();
    let names: BTreeSet<String> = removed
        .iter()
        .flat_map(|subject| {
            // A surname that a person who stays shares tells nothing of the one removed.
            words(&subject.name).into_iter().filter(|w| w.len() > 2 && !kept_words.contains(w))
        })
        .collect();
    let identifiers: Vec<String> = removed
        .iter()
        .flat_map(|subject| subject.identifiers.iter().map(|i| plain(&i.value)))
        .collect();
    let names_one = |text: &str| {
        let joined = plain(text);
        words(text).iter().any(|word| names.contains(word))
            || identifiers.iter().any(|identifier| joined.contains(identifier))
    };
    let shown = view.statements(&admitted.message);
    shown
        .filter(|(_, statement)| names_one(&statement.text))
        .map(|(place, statement)| (place, statement.field()))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
