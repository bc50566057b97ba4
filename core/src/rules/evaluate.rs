//! Evaluation: which rules an event matches, and under which of its paths' names.

use bumpalo::Bump;
use hashbrown::HashMap;

use super::candidates::{Bucket, Group};
use super::node::Kind;
use super::past::Past;
use super::plan::{Plan, Rule, RuleMatching};
use super::profile::{Probe, Profile, Unobserved, What};
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
    profile: Option<Box<Profile>>,
    /// Of the accessors that have one of their own.
    past: HashMap<u32, Past>,
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
        let profile = plan.settings.profile.then(|| Box::new(Profile::new(&plan)));
        Self { plan, scratch, arena: Bump::new(), differing, profile, past: HashMap::new() }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether real names of the event's paths could change what its rules say.
    pub fn asks_for_real_names(&self, event: &Event<'_>) -> bool {
        self.plan.asks_for_real_names(event)
    }

    /// What evaluation has cost so far as JSON, where the plan asks for it.
    pub fn profile(&self) -> Option<String> {
        self.profile.as_ref().map(|profile| profile.to_json(&self.plan))
    }

    /// Calls `on_alert` for the event's matching rules in order of definition: the first or all, as the plan
    /// says. A rule is tried under the given names of the event's paths, then under the other choices; the
    /// first choice that matches is reported. Events that only feed state match nothing. Where the plan asks for a
    /// profile, matches are counted there and told to no one.
    pub fn run(&mut self, event: &Event<'_>, state: &State, on_alert: impl FnMut(&Rule, PathChoice)) {
        let Self { plan, scratch, arena, differing, profile, past } = self;
        let bucket = plan.bucket(event);
        if bucket.rules.is_empty() || state_only(event) {
            return;
        }
        let ctx = Ctx::new(event, state, PathChoice::default(), arena);
        match profile {
            None => Run::new(plan, scratch.begin(), ctx, *differing, past, Unobserved).rules(bucket, on_alert),
            Some(profile) => {
                Run::new(plan, scratch.begin(), ctx, *differing, past, &mut **profile).rules(bucket, |_, _| {});
            }
        }
        self.arena.reset();
    }

    /// Calls `on_rule` for every rule of the plan that holds under exactly this choice, whatever event types it is
    /// for and whichever comes first. For explanations, not for detection.
    pub fn holding(&mut self, event: &Event<'_>, state: &State, choice: PathChoice, mut on_rule: impl FnMut(&Rule)) {
        let Self { plan, scratch, arena, differing, past, .. } = self;
        let ctx = Ctx::new(event, state, choice, arena);
        let mut run = Run::new(plan, scratch.begin(), ctx, *differing, past, Unobserved);
        run.choose(0, choice);
        for rule in &plan.rules {
            if run.node(rule.node) {
                on_rule(rule);
            }
        }
        arena.reset();
    }
}

fn state_only(event: &Event<'_>) -> bool {
    event.has_flag(ext_flags::STATE_ONLY)
}

/// Choices with some real name, and the memory that each has.
fn choices(mask: u8) -> impl Iterator<Item = (usize, PathChoice)> {
    (1..=mask).filter(move |real| real & !mask == 0).enumerate().map(|(at, real)| (at + 1, PathChoice { real }))
}

fn set_bits(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(at, word)| {
        let rest = std::iter::successors(Some(*word), |word| Some(word & word.wrapping_sub(1)));
        rest.take_while(|word| *word != 0).map(move |word| at * 64 + word.trailing_zeros() as usize)
    })
}

/// One event's evaluation.
struct Run<'r, 'a, P: Probe> {
    plan: &'r Plan,
    memo: Memo<'r, 'a>,
    ctx: Ctx<'a>,
    slot: usize,
    differing: Differing,
    /// What `differing` said.
    mask: Option<u8>,
    past: &'r mut HashMap<u32, Past>,
    probe: P,
}

impl<'r, 'a, P: Probe> Run<'r, 'a, P> {
    fn new(
        plan: &'r Plan,
        memo: Memo<'r, 'a>,
        ctx: Ctx<'a>,
        differing: Differing,
        past: &'r mut HashMap<u32, Past>,
        probe: P,
    ) -> Self {
        Self { plan, memo, ctx, slot: 0, differing, mask: None, past, probe }
    }

    /// Tries the rules of a bucket.
    fn rules(mut self, bucket: &Bucket, mut on_alert: impl FnMut(&Rule, PathChoice)) {
        let plan = self.plan;
        let (all, mut hit) = (self.probe.enter(), false);
        let mark = self.probe.enter();
        let candidates = self.candidates(bucket);
        self.probe.exit(What::Candidates, mark, candidates.iter().any(|word| *word != 0));
        for (rule, node) in set_bits(candidates).filter_map(|at| bucket.rules.get(at)) {
            let rule = &plan.rules[*rule as usize];
            let mark = self.probe.enter();
            let choice = self.matched(rule, *node);
            self.probe.exit(What::Rule(rule.index), mark, choice.is_some());
            if let Some(choice) = choice {
                hit = true;
                on_alert(rule, choice);
                if plan.settings.rule_matching == RuleMatching::First {
                    break;
                }
            }
        }
        self.probe.exit(What::Event, all, hit);
    }

    /// The event's paths with two names.
    fn mask(&mut self) -> u8 {
        *self.mask.get_or_insert_with(|| (self.differing)(&self.ctx))
    }

    /// Positions in the bucket of the rules that may match under some choice, as bits.
    fn candidates(&mut self, bucket: &Bucket) -> &'a [u64] {
        let found = self.ctx.arena.alloc_slice_fill_copy(bucket.words(), 0);
        bucket.start(found);
        for group in bucket.groups() {
            group.select(self.answers(group.matcher), found);
        }
        let plan = self.plan;
        let by_path = |group: &&Group| plan.matcher_accessor(group.matcher).is_path;
        if bucket.groups().iter().any(|group| by_path(&group)) {
            for (slot, choice) in choices(self.mask()) {
                self.choose(slot, choice);
                for group in bucket.groups().iter().filter(by_path) {
                    group.select(self.answers(group.matcher), found);
                }
            }
        }
        found
    }

    /// The first choice under which a rule's condition holds: the given names, then the others.
    fn matched(&mut self, rule: &Rule, node: u32) -> Option<PathChoice> {
        self.choose(0, PathChoice::default());
        if self.node(node) {
            return Some(PathChoice::default());
        }
        if !rule.both_names || !self.plan.graph.nodes[node as usize].is_path {
            return None;
        }
        choices(self.mask()).find_map(|(slot, choice)| {
            self.choose(slot, choice);
            self.node(node).then_some(choice)
        })
    }

    /// Evaluates under `choice` from now on; each choice has a memory of its own.
    fn choose(&mut self, slot: usize, choice: PathChoice) {
        self.memo.reserve(slot);
        (self.slot, self.ctx.choice) = (slot, choice);
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
        let mark = self.probe.enter();
        let result = match node.kind {
            Kind::And(from, to) => plan.graph.children(from, to).iter().all(|child| self.node(*child)),
            Kind::Or(from, to) => plan.graph.children(from, to).iter().any(|child| self.node(*child)),
            Kind::Not(child) => !self.node(child),
            Kind::Bit((matcher, bit)) => self.answers(matcher)[bit as usize / 64] >> (bit % 64) & 1 == 1,
            Kind::Any(matcher, from, to) => {
                let masks = plan.graph.masks(from, to);
                let answers = self.answers(matcher);
                masks.iter().any(|(word, mask)| answers[*word as usize] & mask != 0)
            }
            Kind::Check(check) => self.check(check),
        };
        self.probe.exit(What::Node(id), mark, result);
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

    /// A matcher's answers under the current choice.
    fn answers(&mut self, id: u32) -> &[u64] {
        let matcher = &self.plan.matchers[id as usize];
        let slot = self.slot(self.plan.matcher_accessor(id).is_path);
        if !self.memo.answered(slot, id) {
            let mark = self.probe.enter();
            let value = self.value(matcher.accessor);
            let answers = self.memo.bits(slot, matcher.from, matcher.words());
            matcher.answer(value, answers);
            self.probe.exit(What::Matcher(id), mark, answers.iter().any(|word| *word != 0));
        }
        self.memo.bits(slot, matcher.from, matcher.words())
    }

    fn value(&mut self, id: u32) -> Option<Value<'a>> {
        let plan = self.plan;
        let accessor = plan.accessors.get(id);
        let slot = self.slot(accessor.is_path);
        if let Some(value) = self.memo.value(slot, id) {
            return value;
        }
        let ctx = match accessor.own_past {
            true => Ctx { earlier: self.past.entry(id).or_default().note(self.ctx.event), ..self.ctx },
            false => Ctx { ..self.ctx },
        };
        let mark = self.probe.enter();
        let value = accessor.compute(&ctx, &mut |inner| self.value(inner));
        self.probe.exit(What::Field(id), mark, value.is_some());
        self.memo.set_value(slot, id, value);
        value
    }
}
