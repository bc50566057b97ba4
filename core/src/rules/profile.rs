//! What evaluation costs: counted and timed per rule, node, matcher and field, for plans that ask for it. The
//! evaluator is compiled once with [`Profile`] and once with [`Unobserved`], which leaves nothing behind.

use std::time::Instant;

use serde_json::{Value as Json, json};

use super::accessor::Accessors;
use super::plan::{Plan, Rule};

/// What is being computed; numbers are those of the plan.
#[derive(Clone, Copy)]
pub enum What {
    /// All rules on one event. It hits if some rule fires.
    Event,
    /// The choice of the rules worth a look.
    Candidates,
    /// A rule's condition, by the rule's index.
    Rule(usize),
    /// A node that was not known from another rule.
    Node(u32),
    /// All tests of one field by a matcher. It hits if one holds.
    Matcher(u32),
    /// An accessor's value. It hits if there is one.
    Field(u32),
}

/// Watches an evaluation.
pub trait Probe {
    type Mark;
    fn enter(&mut self) -> Self::Mark;
    fn exit(&mut self, what: What, mark: Self::Mark, hit: bool);
}

/// Watches nothing.
pub struct Unobserved;

impl Probe for Unobserved {
    type Mark = ();

    #[inline(always)]
    fn enter(&mut self) {}

    #[inline(always)]
    fn exit(&mut self, _: What, (): (), _: bool) {}
}

/// How often something was computed, and for how long.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    times: u64,
    hits: u64,
    /// With what it needed to have computed, ns.
    total_ns: u64,
    /// Without, ns.
    own_ns: u64,
}

/// All tallies of a plan.
#[derive(Debug)]
pub struct Profile {
    event: Tally,
    candidates: Tally,
    rules: Vec<Tally>,
    nodes: Vec<Tally>,
    matchers: Vec<Tally>,
    fields: Vec<Tally>,
    /// The plan's nodes by those that are left of them for some types of events ([`Plan::origins`]).
    origins: Box<[u32]>,
    /// Time of what was computed within what is being computed, ns.
    below: u64,
    /// What taking the time costs, ns.
    overhead: u64,
}

impl Profile {
    pub fn new(plan: &Plan) -> Self {
        let tallies = |len| vec![Tally::default(); len];
        Self {
            event: Tally::default(),
            candidates: Tally::default(),
            rules: tallies(plan.rules.len()),
            nodes: tallies(plan.graph.nodes.len()),
            matchers: tallies(plan.matchers.len()),
            fields: tallies(plan.accessors.len()),
            origins: plan.origins.clone(),
            below: 0,
            overhead: overhead(),
        }
    }

    fn tally(&mut self, what: What) -> Option<&mut Tally> {
        match what {
            What::Event => Some(&mut self.event),
            What::Candidates => Some(&mut self.candidates),
            What::Rule(at) => self.rules.get_mut(at),
            What::Node(at) => {
                let origin = self.origins.get(at as usize).copied().unwrap_or(at);
                self.nodes.get_mut(origin as usize)
            }
            What::Matcher(at) => self.matchers.get_mut(at as usize),
            What::Field(at) => self.fields.get_mut(at as usize),
        }
    }

    /// The tallies of what was computed at all, as JSON: `events` and `candidates`; `rules` by name; `nodes` by number
    /// in the plan; `matchers` and `fields` by field.
    pub fn to_json(&self, plan: &Plan) -> String {
        let label = |id: u32| plan.accessors.label(id);
        let matcher = |at: usize| {
            let matcher = &plan.matchers[at];
            json!(format!("{} {} …", label(matcher.accessor), matcher.test()))
        };
        json!({
            "events": self.event.to_json(Json::Null),
            "candidates": self.candidates.to_json(Json::Null),
            "rules": list(&self.rules, |at| plan.rules.get(at).map_or(Json::Null, |rule: &Rule| json!(&*rule.name))),
            "nodes": list(&self.nodes, |at| json!(at)),
            "matchers": list(&self.matchers, matcher),
            "fields": list(&self.fields, |at| json!(label(at as u32))),
        })
        .to_string()
    }
}

impl Tally {
    fn to_json(self, of: Json) -> Json {
        let Self { times, hits, total_ns, own_ns } = self;
        json!({"of": of, "times": times, "hits": hits, "total_ns": total_ns, "own_ns": own_ns})
    }
}

fn list(tallies: &[Tally], name: impl Fn(usize) -> Json) -> Vec<Json> {
    let used = tallies.iter().enumerate().filter(|(_, tally)| tally.times > 0);
    used.map(|(at, tally)| tally.to_json(name(at))).collect()
}

impl Probe for &mut Profile {
    type Mark = (Instant, u64);

    fn enter(&mut self) -> Self::Mark {
        (Instant::now(), std::mem::take(&mut self.below))
    }

    fn exit(&mut self, what: What, (start, outside): Self::Mark, hit: bool) {
        let total = nanoseconds(start).saturating_sub(self.overhead);
        let own = total.saturating_sub(self.below);
        self.below = outside + total + self.overhead;
        if let Some(tally) = self.tally(what) {
            tally.times += 1;
            tally.hits += u64::from(hit);
            tally.total_ns += total;
            tally.own_ns += own;
        }
    }
}

fn nanoseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The shortest time that nothing takes.
fn overhead() -> u64 {
    (0..1000).map(|_| nanoseconds(Instant::now())).min().unwrap_or_default()
}

impl Accessors {
    /// An accessor as conditions write it.
    fn label(&self, id: u32) -> String {
        use super::accessor::{Operand, Source};
        use crate::fields::{Arg, ArgKind};

        let operand = |operand: &Operand| match operand {
            Operand::Accessor(id) => self.label(*id),
            Operand::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
            Operand::List(_) => "(…)".into(),
        };
        match &self.get(id).source {
            Source::Field { def, arg: Arg::Key(key) } if def.arg == ArgKind::Dotted => format!("{}.{key}", def.name),
            Source::Field { def, arg: Arg::Key(key) } => format!("{}[{key}]", def.name),
            Source::Field { def, arg: Arg::Index(at) } => format!("{}[{at}]", def.name),
            Source::Field { def, arg: Arg::None } => def.name.into(),
            Source::Transform { transformer, args, .. } => {
                let args: Vec<_> = args.iter().map(operand).collect();
                format!("{transformer:?}({})", args.join(", ")).to_lowercase()
            }
        }
    }
}
