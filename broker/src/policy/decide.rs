//! The decision: one evaluation over all layers, sliced and remembered.
//!
//! Promises that the slice and the memory give the answer that the whole bundle would give,
//! in outcome, rules and errors. It rests on these: a slice leaves out only rules that could
//! never match its recipient and kind; the memory belongs to one bundle, one set of
//! agreements in force and one directory, and is dropped with them; its key is every fact a
//! rule can read, compared in full; no fact is a time; the message has one constant name; the
//! deciding rules are kept with the answer; and what could not be evaluated is never kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cedar_policy::{AuthorizationError, Authorizer, Decision, PolicyId, PolicySet, Response};
use proto::refusal::Refusal;
use time::OffsetDateTime;

use super::bundle::{Bundle, Term, Window};
use super::desks::{self, DeskFacts};
use super::obligation::{Obligations, Recipient, join};
use super::request::request;
use super::{Question, Stake, Verdict};
use crate::clock::Span;
use crate::directory::{DeskIndex, Directory, MessageKind};

/// Verdicts kept before the memory is emptied.
pub const CACHED_VERDICTS_MAX: usize = 65_536;

/// The rules in force at one moment for one directory.
///
/// Bound: `CACHED_VERDICTS_MAX` verdicts are remembered.
/// Refuses: a desk it does not know and a rule that cannot be evaluated, both as `PolicyError`.
pub struct InForce {
    core: Option<Core>,
    window: Window,
    memory: Mutex<Memory>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Core {
    bundle: Arc<Bundle>,
    active: Vec<usize>,
    rule_of: HashMap<PolicyId, usize>,
    desks: Vec<Option<DeskFacts>>,
    /// By agency, then by kind of message. Made when first asked for.
    slices: Vec<[OnceLock<Option<PolicySet>>; MessageKind::ALL.len()]>,
    whole: OnceLock<Option<PolicySet>>,
    authorizer: Authorizer,
}

/// The answers to one question.
type Answers = HashMap<(DeskIndex, Stake), Arc<Verdict>>;

#[derive(Default)]
struct Memory {
    verdicts: HashMap<Arc<Question>, Answers>,
    count: usize,
}

impl InForce {
    /// No bundle has taken effect: everything is refused.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            core: None,
            window: Window::default(),
            memory: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(super) fn new(
        bundle: Arc<Bundle>,
        active: Vec<usize>,
        window: Window,
        directory: &Directory,
    ) -> Self {
        let rule_of = active
            .iter()
            .filter_map(|place| Some((bundle.rules.get(*place)?.policy.id().clone(), *place)))
            .collect();
        let desks = desks::of(directory, &bundle.schema);
        let slices = directory.agencies().map(|_| Default::default()).collect();
        let core = Core {
            bundle,
            active,
            rule_of,
            desks,
            slices,
            whole: OnceLock::new(),
            authorizer: Authorizer::new(),
        };
        Self { core: Some(core), window, ..Self::nothing() }
    }

    /// The next moment an agreement starts or ends. `None`: none will.
    #[must_use]
    pub fn until(&self) -> Option<OffsetDateTime> {
        self.window.until()
    }

    /// Whether the same agreements are in force now.
    #[must_use]
    pub fn holds(&self, now: impl Into<Span>) -> bool {
        self.window.covers(now.into())
    }

    /// Hash of the bundle. `None`: no bundle has taken effect.
    #[must_use]
    pub fn hash(&self) -> Option<[u8; 32]> {
        self.core.as_ref().map(|core| core.bundle.hash())
    }

    /// The dates of every agreement of the bundle, in force or not.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        self.core.as_ref().map_or(&[], |core| core.bundle.terms())
    }

    /// Verdicts answered from memory.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Verdicts that had to be worked out.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Decides, from memory where the same was asked before.
    #[must_use]
    pub fn decide(&self, desk: DeskIndex, question: &Question, stake: Stake) -> Arc<Verdict> {
        if let Some(verdict) = self.lock().recall(desk, question, stake) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return verdict;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let verdict = Arc::new(self.decide_uncached(desk, question, stake));
        if verdict.outcome != Err(Refusal::PolicyError) {
            self.lock().keep(desk, question, stake, &verdict);
        }
        verdict
    }

    /// Decides over the slice, without memory.
    #[must_use]
    pub fn decide_uncached(&self, desk: DeskIndex, question: &Question, stake: Stake) -> Verdict {
        self.decide_over(desk, question, stake, Core::slice)
    }

    /// Decides over every rule in force. For tests: it is much slower.
    #[must_use]
    pub fn decide_full(&self, desk: DeskIndex, question: &Question, stake: Stake) -> Verdict {
        self.decide_over(desk, question, stake, |core, _, _| core.whole())
    }

    /// How many policies a decision about a desk and a kind evaluates: those of the slice.
    /// `None`: no bundle is in force, no such desk, or the rules make no set. For measuring.
    #[must_use]
    pub fn slice_policies(&self, desk: DeskIndex, kind: MessageKind) -> Option<usize> {
        let core = self.core.as_ref()?;
        let facts = core.desks.get(desk)?.as_ref()?;
        core.slice(facts, kind).map(|set| set.policies().count())
    }

    /// How many policies are in force. An agreement's permit is one for each kind of recipient
    /// it names, so there are more of these than of rules. For measuring.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.core.as_ref().map_or(0, |core| core.active.len())
    }

    fn decide_over(
        &self,
        desk: DeskIndex,
        question: &Question,
        stake: Stake,
        policies: impl for<'a> Fn(&'a Core, &DeskFacts, MessageKind) -> Option<&'a PolicySet>,
    ) -> Verdict {
        let Some(core) = &self.core else {
            return Verdict::refused(Refusal::NoPermit, Vec::new());
        };
        core.desks
            .get(desk)
            .and_then(Option::as_ref)
            .and_then(|facts| {
                let set = policies(core, facts, question.facts.kind())?;
                core.evaluate(facts, question, stake, set)
            })
            .unwrap_or_else(|| Verdict::refused(Refusal::PolicyError, Vec::new()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn recall(&self, desk: DeskIndex, question: &Question, stake: Stake) -> Option<Arc<Verdict>> {
        self.verdicts.get(question)?.get(&(desk, stake)).cloned()
    }

    fn keep(&mut self, desk: DeskIndex, question: &Question, stake: Stake, verdict: &Arc<Verdict>) {
        if self.count >= CACHED_VERDICTS_MAX {
            self.verdicts.clear();
            self.count = 0;
        }
        let verdict = Arc::clone(verdict);
        let added = match self.verdicts.get_mut(question) {
            Some(known) => known.insert((desk, stake), verdict).is_none(),
            None => {
                let first = HashMap::from([((desk, stake), verdict)]);
                self.verdicts.insert(Arc::new(question.clone()), first).is_none()
            }
        };
        self.count += usize::from(added);
    }
}

impl Core {
    /// The rules that could match this recipient and kind. `None`: they make no set.
    fn slice(&self, desk: &DeskFacts, kind: MessageKind) -> Option<&PolicySet> {
        let place = MessageKind::ALL.iter().position(|k| *k == kind)?;
        let slice = self.slices.get(desk.agency_position)?.get(place)?;
        slice
            .get_or_init(|| self.set(|rule| rule.can_match(&desk.agency, desk.kind.name(), kind)))
            .as_ref()
    }

    fn whole(&self) -> Option<&PolicySet> {
        self.whole.get_or_init(|| self.set(|_| true)).as_ref()
    }

    fn set(&self, wanted: impl Fn(&super::rule::Rule) -> bool) -> Option<PolicySet> {
        let rules = self.active.iter().filter_map(|place| self.bundle.rules.get(*place));
        let policies = rules.filter(|rule| wanted(rule)).map(|rule| rule.policy.clone());
        PolicySet::from_policies(policies).ok()
    }

    fn evaluate(
        &self,
        desk: &DeskFacts,
        question: &Question,
        stake: Stake,
        policies: &PolicySet,
    ) -> Option<Verdict> {
        let request = request(&desk.uid, question, stake, &self.bundle.schema)?;
        let response = self.authorizer.is_authorized(&request, policies, &desk.entities);
        let failed: Vec<&PolicyId> = response
            .diagnostics()
            .errors()
            .map(|error| match error {
                AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
            })
            .collect();
        if !failed.is_empty() {
            // Cedar would go on without the failed rule, even a forbid.
            return Some(Verdict::refused(Refusal::PolicyError, self.ids(failed)));
        }
        self.verdict(desk, question, &response)
    }

    fn verdict(
        &self,
        desk: &DeskFacts,
        question: &Question,
        response: &Response,
    ) -> Option<Verdict> {
        let rules = self.ids(response.diagnostics().reason());
        if response.decision() == Decision::Deny {
            let refusal = if rules.is_empty() { Refusal::NoPermit } else { Refusal::Forbidden };
            return Some(Verdict::refused(refusal, rules));
        }
        let matched = response
            .diagnostics()
            .reason()
            .map(|id| Some(&self.bundle.rules.get(*self.rule_of.get(id)?)?.obligations))
            .collect::<Option<Vec<&Obligations>>>()?;
        let recipient = Recipient {
            agency: &desk.agency,
            kind: desk.kind,
            function: desk.function,
            regime: desk.regime,
        };
        Some(Verdict { outcome: Ok(join(&matched, question, &recipient)), rules })
    }

    /// The public ids of policies, sorted, each once.
    fn ids<'a>(&self, policies: impl IntoIterator<Item = &'a PolicyId>) -> Vec<Arc<str>> {
        policies
            .into_iter()
            .filter_map(|id| self.bundle.rules.get(*self.rule_of.get(id)?))
            .map(|rule| Arc::clone(&rule.id))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}
