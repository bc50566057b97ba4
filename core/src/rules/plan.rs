//! The plan: what the rules compiler hands over as JSON, compiled once for evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::Deserialize;

use super::accessor::{Accessor, AccessorDoc, Accessors, Resolve};
use super::by_type::{Checks, Conditions};
use super::candidates::{Bucket, Pivots};
use super::check::{Check, CheckDoc};
use super::error::PlanError;
use super::format::{ExtraDoc, Output, SegmentDoc};
use super::matchers::{self, Matcher};
use super::node::{CheckFacts, Graph, NodeDoc, check_cost};
use crate::schema;

/// The format of plans that this core reads.
pub const FORMAT: u32 = 1;

#[derive(Deserialize)]
struct PlanDoc {
    format: u32,
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    nodes: Vec<NodeDoc>,
    #[serde(default)]
    rules: Vec<RuleDoc>,
    #[serde(default)]
    needs: Needs,
}

/// Settings of a whole plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub rule_matching: RuleMatching,
    pub paths_match: PathsMatch,
    /// Evaluation is counted and timed.
    pub profile: bool,
}

/// Which of an event's matching rules fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleMatching {
    #[default]
    First,
    All,
}

/// Which names of a path rules are tried with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathsMatch {
    #[default]
    Both,
    Given,
}

/// What the rules need from the sensor and from state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// Fields that look back at a socket's past are used.
    pub socket_history: bool,
    /// Names of all fields that are used.
    pub fields: Vec<String>,
}

#[derive(Deserialize)]
struct RuleDoc {
    name: String,
    source: String,
    priority: u8,
    #[serde(default)]
    tags: Vec<String>,
    node: u32,
    events: Vec<u16>,
    #[serde(default)]
    syscalls: Option<Vec<u16>>,
    #[serde(default)]
    output: Vec<SegmentDoc>,
    #[serde(default)]
    extra_fields: BTreeMap<String, ExtraDoc>,
    #[serde(default)]
    capture: bool,
    #[serde(default)]
    capture_duration_ms: u64,
    #[serde(default)]
    paths_match: Option<PathsMatch>,
}

/// A rule, ready to be evaluated and reported.
#[derive(Debug)]
pub struct Rule {
    /// Position in the plan, which is the order of definition.
    pub index: usize,
    pub name: Arc<str>,
    pub source: Arc<str>,
    /// 0 emergency to 7 debug.
    pub priority: u8,
    /// Sorted, each once.
    pub tags: Arc<[String]>,
    pub capture: bool,
    /// 0: the configured default.
    pub capture_duration_ms: u64,
    pub(super) node: u32,
    /// Real names are tried too.
    pub(super) both_names: bool,
    pub(super) output: Output,
}

/// A compiled plan.
#[derive(Debug)]
pub struct Plan {
    pub settings: Settings,
    pub needs: Needs,
    pub rules: Vec<Rule>,
    pub(super) accessors: Arc<Accessors>,
    pub(super) checks: Vec<Check>,
    pub(super) matchers: Vec<Matcher>,
    pub(super) graph: Graph,
    /// The node of the plan's document that each of the first nodes stands for; the others were made by fusing.
    pub(super) origins: Box<[u32]>,
    /// The first has no rules; events that the same rules ask for share one.
    buckets: Vec<Bucket>,
    by_event: Vec<u32>,
    /// Of generic events, by the system call's code.
    by_syscall: Vec<u32>,
    /// Some condition has a field that reads real names whichever the choice.
    reads_real_names: bool,
}

impl Plan {
    /// Compiles a plan against this core's fields.
    ///
    /// # Errors
    /// [`PlanError`], naming rule, field and value.
    pub fn compile(json: &[u8]) -> Result<Self, PlanError> {
        Self::compile_with(json, &crate::fields::lookup)
    }

    /// Compiles a plan against any fields.
    ///
    /// # Errors
    /// [`PlanError`], naming rule, field and value.
    pub fn compile_with(json: &[u8], resolve: Resolve<'_>) -> Result<Self, PlanError> {
        let doc: PlanDoc = serde_json::from_slice(json).map_err(|e| PlanError::Syntax(e.to_string()))?;
        if doc.format != FORMAT {
            return Err(PlanError::Format { got: doc.format, known: FORMAT });
        }
        let owners = owners(&doc)?;
        let mut accessors = Accessors::default();
        let mut checks = Vec::new();
        let mut compiled = vec![None; doc.nodes.len()];
        for (at, node) in doc.nodes.iter().enumerate() {
            let (NodeDoc::Check(check), Some(owner)) = (node, owners[at]) else { continue };
            compiled[at] = Some(checks.len() as u32);
            let rule = &doc.rules[owner].name;
            checks.push(compile_check(rule, check, &mut accessors, resolve)?);
        }
        let (matchers, places) = matchers::build(&checks);
        let facts: Vec<_> = compiled.iter().map(|id| id.map(|id| facts(id, &checks, &places, &accessors))).collect();
        let asked = Checks { of_node: &compiled, list: &checks, accessors: &accessors };
        let mut conditions = Conditions::new(doc.nodes, &asked);
        let rules_of = RulesOf::new(&doc.rules, &mut conditions, &asked);
        let roots: Vec<_> = doc.rules.iter().map(|r| r.node).chain(rules_of.roots()).collect();
        let graph = Graph::build(&conditions.docs, &roots, &facts);
        let index = Index::new(rules_of, &graph, &Pivots::new(&graph, &matchers, &accessors));
        // Those of outputs come later: alerts have real names anyway.
        let reads_real_names = accessors.read_real_names();
        let rules = compile_rules(doc.rules, doc.settings, &mut accessors, resolve)?;
        let accessors = Arc::new(accessors);
        Ok(Self {
            settings: doc.settings,
            needs: doc.needs,
            rules: rules.into_iter().map(|r| r.with(&accessors)).collect(),
            accessors,
            checks,
            matchers,
            graph,
            origins: conditions.origins.into(),
            buckets: index.buckets,
            by_event: index.by_event,
            by_syscall: index.by_syscall,
            reads_real_names,
        })
    }

    pub(super) fn matcher_accessor(&self, matcher: u32) -> &Accessor {
        self.accessors.get(self.matchers[matcher as usize].accessor)
    }

    /// The rules that look at events of a type.
    pub fn rules_of_event(&self, id: u16) -> impl Iterator<Item = &Rule> {
        let bucket = self.by_event.get(usize::from(id)).map_or(0, |at| *at as usize);
        let rules = self.buckets.get(bucket).map_or(&[][..], |bucket| &bucket.rules);
        rules.iter().filter_map(|(at, _)| self.rules.get(*at as usize))
    }

    /// Whether real names of the event's paths could change what its rules say.
    pub(super) fn asks_for_real_names(&self, event: &crate::event::Event<'_>) -> bool {
        let bucket = self.bucket(event);
        bucket.has_path || (self.reads_real_names && !bucket.rules.is_empty())
    }

    /// Whether neither conditions nor outputs look at descriptors, or at what these decide.
    pub fn is_without_descriptors(&self) -> bool {
        let is_without = |name: &String| crate::fields::lookup(name).is_some_and(crate::fields::without_descriptors);
        !self.needs.fields.is_empty() && self.needs.fields.iter().all(is_without)
    }

    /// Whether some rule may match events of this id.
    pub fn wants(&self, id: u16) -> bool {
        let some = |at: &u32| self.buckets.get(*at as usize).is_some_and(|bucket| !bucket.rules.is_empty());
        match id {
            schema::GENERIC => self.by_syscall.iter().any(some),
            id => self.by_event.get(usize::from(id)).is_some_and(some),
        }
    }

    /// The rules that may match an event.
    pub(super) fn bucket(&self, event: &crate::event::Event<'_>) -> &Bucket {
        let bucket = match event.id {
            schema::GENERIC => self.by_syscall.get(usize::from(generic_code(event))),
            id => self.by_event.get(usize::from(id)),
        };
        &self.buckets[bucket.map_or(0, |at| *at as usize)]
    }
}

/// The capture format's number of a generic event's system call, 0 where it has none that is known.
fn generic_code(event: &crate::event::Event<'_>) -> u16 {
    crate::fields::generic_call(event).map_or(0, |call| call.code)
}

fn compile_check(
    rule: &str,
    doc: &CheckDoc,
    accessors: &mut Accessors,
    resolve: Resolve<'_>,
) -> Result<Check, PlanError> {
    Check::compile(doc, accessors, resolve).map_err(|what| PlanError::Check {
        rule: rule.to_owned(),
        field: label(&doc.lhs),
        what,
    })
}

/// An accessor as conditions write it.
fn label(doc: &AccessorDoc) -> String {
    match doc {
        AccessorDoc::Field { field, arg: Some(arg) } => format!("{field}[{arg}]"),
        AccessorDoc::Field { field, arg: None } => field.clone(),
        AccessorDoc::Transform { transform, .. } => format!("{transform:?}(…)").to_lowercase(),
    }
}

fn facts(id: u32, checks: &[Check], places: &[Option<matchers::Place>], accessors: &Accessors) -> CheckFacts {
    let check = &checks[id as usize];
    let left = accessors.get(check.accessor);
    let right = match check.test {
        super::check::Test::Against(_, rhs) => Some(accessors.get(rhs)),
        _ => None,
    };
    CheckFacts {
        id,
        place: places[id as usize],
        is_path: left.is_path || right.is_some_and(|r| r.is_path),
        cost: check_cost(check, left.cost) + right.map_or(0, |r| r.cost),
    }
}

/// The first rule that reaches each node. Also checks that children come before their parents.
fn owners(doc: &PlanDoc) -> Result<Vec<Option<usize>>, PlanError> {
    for (at, node) in doc.nodes.iter().enumerate() {
        if let Some(child) = node.children().iter().find(|child| **child as usize >= at) {
            return Err(PlanError::Structure(format!("node {at} has child {child}, which does not come before it")));
        }
    }
    let mut owners = vec![None; doc.nodes.len()];
    for (index, rule) in doc.rules.iter().enumerate() {
        if rule.node as usize >= doc.nodes.len() {
            return Err(PlanError::Structure(format!(
                "rule '{}' has node {}, which does not exist",
                rule.name, rule.node
            )));
        }
        let mut open = vec![rule.node];
        while let Some(node) = open.pop() {
            let owner = &mut owners[node as usize];
            if owner.is_none() {
                *owner = Some(index);
                open.extend(doc.nodes[node as usize].children());
            }
        }
    }
    Ok(owners)
}

/// Which bucket an event's rules are in.
struct Index {
    buckets: Vec<Bucket>,
    by_event: Vec<u32>,
    by_syscall: Vec<u32>,
}

impl Index {
    fn new(rules: RulesOf, graph: &Graph, pivots: &Pivots) -> Self {
        let mut index = Self { buckets: vec![Bucket::default()], by_event: Vec::new(), by_syscall: Vec::new() };
        let mut known: HashMap<Vec<RuleNode>, u32> = HashMap::from_iter([(Vec::new(), 0)]);
        let mut place = |list: Vec<RuleNode>, buckets: &mut Vec<Bucket>| {
            *known.entry(list).or_insert_with_key(|list| {
                buckets.push(pivots.bucket(graph, list.clone()));
                buckets.len() as u32 - 1
            })
        };
        index.by_event = rules.by_event.into_iter().map(|list| place(list, &mut index.buckets)).collect();
        index.by_syscall = rules.by_syscall.into_iter().map(|list| place(list, &mut index.buckets)).collect();
        index
    }
}

/// Position of a rule in the plan, and a node.
type RuleNode = (u32, u32);

/// The rules that events may match, and what is left of their conditions: by event id, and by system call for generic
/// events.
struct RulesOf {
    by_event: Vec<Vec<RuleNode>>,
    by_syscall: Vec<Vec<RuleNode>>,
}

impl RulesOf {
    fn new(rules: &[RuleDoc], conditions: &mut Conditions, checks: &Checks<'_>) -> Self {
        let (events, syscalls) = rules_of(rules);
        let mut left = |id: usize, call: usize, list: Vec<u32>| {
            let roots: Vec<_> = list.iter().map(|rule| rules[*rule as usize].node).collect();
            let left = conditions.of_type(id as u16, call as u16, &roots, checks);
            list.into_iter().zip(left).filter_map(|(rule, node)| Some((rule, node?))).collect::<Vec<_>>()
        };
        Self {
            by_event: events.into_iter().enumerate().map(|(id, list)| left(id, 0, list)).collect(),
            by_syscall: syscalls
                .into_iter()
                .enumerate()
                .map(|(call, list)| left(usize::from(schema::GENERIC), call, list))
                .collect(),
        }
    }

    fn roots(&self) -> impl Iterator<Item = u32> {
        self.by_event.iter().chain(&self.by_syscall).flatten().map(|(_, node)| *node)
    }
}

/// Positions of rules by event id, and by system call for generic events.
fn rules_of(rules: &[RuleDoc]) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
    let ids = schema::events().last().map_or(0, |e| usize::from(e.id) + 1);
    let mut by_event = vec![Vec::new(); ids];
    let mut by_syscall = vec![Vec::new(); schema::syscalls().len()];
    for (at, rule) in rules.iter().enumerate() {
        let at = at as u32;
        let mut events = rule.events.clone();
        events.sort_unstable();
        events.dedup();
        for id in events {
            if let Some(bucket) = by_event.get_mut(usize::from(id)) {
                bucket.push(at);
            }
            if id == schema::GENERIC {
                let wanted = |code: usize| rule.syscalls.as_ref().is_none_or(|s| s.contains(&(code as u16)));
                by_syscall.iter_mut().enumerate().filter(|(code, _)| wanted(*code)).for_each(|(_, b)| b.push(at));
            }
        }
    }
    (by_event, by_syscall)
}

/// A rule that still lacks the finished table of accessors.
struct Pending {
    rule: Rule,
}

impl Pending {
    fn with(mut self, accessors: &Arc<Accessors>) -> Rule {
        self.rule.output.accessors = Arc::clone(accessors);
        self.rule
    }
}

fn compile_rules(
    docs: Vec<RuleDoc>,
    settings: Settings,
    accessors: &mut Accessors,
    resolve: Resolve<'_>,
) -> Result<Vec<Pending>, PlanError> {
    let mut rules = Vec::with_capacity(docs.len());
    for (index, doc) in docs.into_iter().enumerate() {
        if doc.priority > 7 {
            return Err(PlanError::Structure(format!("rule '{}' has priority {}", doc.name, doc.priority)));
        }
        let output = Output::compile(&doc.output, &doc.extra_fields, accessors, resolve)
            .map_err(|what| PlanError::Output { rule: doc.name.clone(), what })?;
        let mut tags = doc.tags;
        tags.sort_unstable();
        tags.dedup();
        let rule = Rule {
            index,
            name: doc.name.into(),
            source: doc.source.into(),
            priority: doc.priority,
            tags: tags.into(),
            capture: doc.capture,
            capture_duration_ms: doc.capture_duration_ms,
            node: doc.node,
            both_names: doc.paths_match.unwrap_or(settings.paths_match) == PathsMatch::Both,
            output,
        };
        rules.push(Pending { rule });
    }
    Ok(rules)
}
