//! Evaluation: which rules an event matches, and under which of its paths' names.

use bumpalo::Bump;

use super::node::Kind;
use super::plan::{Plan, Rule, RuleMatching};
use super::scratch::{Memo, Scratch, Sizes};
use crate::event::{Event, ext_flags};
use crate::fields::{Ctx, PathChoice};
use crate::state::State;
use crate::value::Value;

/// Says which of an event's paths have two differing names, as bits of [`PathChoice::real`].
pub type Differing = fn(&Ctx<'_>) -> u8;

/// A plan at work. One per thread: it remembers results within an event.
#[derive(Debug)]
pub struct Evaluator {
    plan: Plan,
    scratch: Scratch,
    arena: Bump,
    differing: Differing,
}

impl Evaluator {
    pub fn new(plan: Plan) -> Self {
        Self::with_differing(plan, crate::fields::paths::differing)
    }

    /// With another idea of which paths have two names.
    pub fn with_differing(plan: Plan, differing: Differing) -> Self {
        let scratch = Scratch::new(Sizes {
            accessors: plan.accessors.len(),
            nodes: plan.graph.nodes.len(),
            matchers: plan.matchers.len(),
            words: plan.matchers.iter().map(super::matchers::Matcher::words).sum(),
        });
        Self { plan, scratch, arena: Bump::new(), differing }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Calls `on_alert` for the event's matching rules in order of definition: the first or all, as the plan
    /// says. A rule is tried under the given names of the event's paths, then under the other choices; the
    /// first choice that matches is reported. Events that only feed state match nothing.
    pub fn run(&mut self, event: &Event<'_>, state: &State, mut on_alert: impl FnMut(&Rule, PathChoice)) {
        let bucket = self.plan.bucket(event);
        if bucket.is_empty() || state_only(event) {
            return;
        }
        let ctx = Ctx { event, state, choice: PathChoice::default(), arena: &self.arena };
        let mut run = Run { plan: &self.plan, memo: self.scratch.begin(), ctx, slot: 0 };
        let mut differing = None;
        for rule in bucket.iter().filter_map(|at| self.plan.rules.get(*at as usize)) {
            run.choose(0, PathChoice::default());
            let mut matched = run.node(rule.node).then_some(PathChoice::default());
            if matched.is_none() && rule.both_names && self.plan.graph.nodes[rule.node as usize].is_path {
                let mask = *differing.get_or_insert_with(|| (self.differing)(&run.ctx));
                matched = run.under_real_names(rule, mask);
            }
            if let Some(choice) = matched {
                on_alert(rule, choice);
                if self.plan.settings.rule_matching == RuleMatching::First {
                    break;
                }
            }
        }
        self.arena.reset();
    }

    /// Calls `on_rule` for every rule of the plan that holds under exactly this choice, whatever event types it is
    /// for and whichever comes first. For explanations, not for detection.
    pub fn holding(&mut self, event: &Event<'_>, state: &State, choice: PathChoice, mut on_rule: impl FnMut(&Rule)) {
        let ctx = Ctx { event, state, choice, arena: &self.arena };
        let mut run = Run { plan: &self.plan, memo: self.scratch.begin(), ctx, slot: 0 };
        run.choose(0, choice);
        for rule in &self.plan.rules {
            if run.node(rule.node) {
                on_rule(rule);
            }
        }
        self.arena.reset();
    }
}

fn state_only(event: &Event<'_>) -> bool {
    event.ext.as_ref().is_some_and(|ext| ext.task.flags & ext_flags::STATE_ONLY != 0)
}

/// One event's evaluation.
struct Run<'r, 'a> {
    plan: &'r Plan,
    memo: Memo<'r, 'a>,
    ctx: Ctx<'a>,
    slot: usize,
}

impl<'a> Run<'_, 'a> {
    /// Evaluates under `choice` from now on; each choice has a memory of its own.
    fn choose(&mut self, slot: usize, choice: PathChoice) {
        self.memo.reserve(slot);
        (self.slot, self.ctx.choice) = (slot, choice);
    }

    /// The first choice with some real name under which the rule holds.
    fn under_real_names(&mut self, rule: &Rule, mask: u8) -> Option<PathChoice> {
        let choices = (1..=mask).filter(|real| real & !mask == 0);
        for (at, real) in choices.enumerate() {
            let choice = PathChoice { real };
            self.choose(at + 1, choice);
            if self.node(rule.node) {
                return Some(choice);
            }
        }
        None
    }

    /// The memory for something that path choices do or do not change.
    fn slot(&self, is_path: bool) -> usize {
        if is_path { self.slot } else { 0 }
    }

    fn node(&mut self, id: u32) -> bool {
        let plan = self.plan;
        let node = &plan.graph.nodes[id as usize];
        let slot = self.slot(node.is_path);
        if node.shared
            && let Some(result) = self.memo.node(slot, id)
        {
            return result;
        }
        let children = |from: u32, to: u32| &plan.graph.children[from as usize..to as usize];
        let result = match node.kind {
            Kind::And(from, to) => children(from, to).iter().all(|child| self.node(*child)),
            Kind::Or(from, to) => children(from, to).iter().any(|child| self.node(*child)),
            Kind::Not(child) => !self.node(child),
            Kind::Bit((matcher, bit)) => self.bit(matcher, bit),
            Kind::Check(check) => self.check(check),
        };
        if node.shared {
            self.memo.set_node(slot, id, result);
        }
        result
    }

    fn check(&mut self, id: u32) -> bool {
        let plan = self.plan;
        let Some(check) = plan.checks.get(id as usize) else { return false };
        let ctx = Ctx { ..self.ctx };
        check.holds(&ctx, &mut |accessor| self.value(accessor))
    }

    fn bit(&mut self, id: u32, bit: u32) -> bool {
        let matcher = &self.plan.matchers[id as usize];
        let slot = self.slot(self.plan.accessors.get(matcher.accessor).is_path);
        if !self.memo.answered(slot, id) {
            let value = self.value(matcher.accessor);
            matcher.answer(value, self.memo.bits(slot, matcher.from, matcher.words()));
        }
        let word = self.memo.bits(slot, matcher.from + bit as usize / 64, 1)[0];
        word >> (bit % 64) & 1 == 1
    }

    fn value(&mut self, id: u32) -> Option<Value<'a>> {
        let plan = self.plan;
        let accessor = plan.accessors.get(id);
        let slot = self.slot(accessor.is_path);
        if let Some(value) = self.memo.value(slot, id) {
            return value;
        }
        let ctx = Ctx { ..self.ctx };
        let value = accessor.compute(&ctx, &mut |inner| self.value(inner));
        self.memo.set_value(slot, id, value);
        value
    }
}
