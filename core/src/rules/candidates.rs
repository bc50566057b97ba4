//! Candidates: the few rules of a bucket that an event can match at all. A rule that only holds if one of some
//! matchers' answers does (its pivot) is looked at only when one of them is there; the others always are.

use std::collections::BTreeMap;

use super::accessor::Accessors;
use super::matchers::{Matcher, Place, Selects};
use super::node::{Graph, Kind, Mask};

/// Longest pivot; a longer one selects too little.
const PIVOT_MAX: usize = 128;

/// Answers of which one has to be there for a node to hold, and how rarely one is (less is rarer).
#[derive(Clone, Debug)]
struct Pivot {
    places: Vec<Place>,
    weight: u32,
}

/// The rules that may match one kind of event.
#[derive(Debug, Default)]
pub struct Bucket {
    /// Positions in the plan, ascending, and the node that is left of each condition for these events.
    pub rules: Box<[(u32, u32)]>,
    /// Rules without pivot, as bits of positions in `rules`.
    always: Box<[u64]>,
    groups: Vec<Group>,
    /// Some rule looks at a path.
    pub has_path: bool,
}

/// Pivots that one matcher answers.
#[derive(Debug)]
pub struct Group {
    pub matcher: u32,
    masks: Vec<Mask>,
    /// `(bit, positions in the bucket)`, ascending by bit.
    rules: Vec<(u32, Box<[u32]>)>,
}

impl Bucket {
    /// Sets the bits of the rules that are looked at whatever the event holds.
    pub fn start(&self, candidates: &mut [u64]) {
        candidates.copy_from_slice(&self.always);
    }

    /// Words of candidates.
    pub fn words(&self) -> usize {
        self.always.len()
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

impl Group {
    /// Sets the bits of the rules whose pivot is among a matcher's answers.
    pub fn select(&self, answers: &[u64], candidates: &mut [u64]) {
        for (word, mask) in &self.masks {
            let mut hits = answers[*word as usize] & mask;
            while hits != 0 {
                self.select_one(word * 64 + hits.trailing_zeros(), candidates);
                hits &= hits - 1;
            }
        }
    }

    fn select_one(&self, bit: u32, candidates: &mut [u64]) {
        if let Ok(at) = self.rules.binary_search_by_key(&bit, |(b, _)| *b) {
            self.rules[at].1.iter().for_each(|rule| set(candidates, *rule));
        }
    }
}

fn set(bits: &mut [u64], at: u32) {
    bits[at as usize / 64] |= 1 << (at % 64);
}

/// Every node's pivot.
pub struct Pivots(Vec<Option<Pivot>>);

impl Pivots {
    pub fn new(graph: &Graph, matchers: &[Matcher], accessors: &Accessors) -> Self {
        let mut finder = Finder { graph, matchers, accessors, found: vec![None; graph.nodes.len()] };
        (0..graph.nodes.len() as u32).for_each(|id| finder.visit(id));
        Self(finder.found.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The bucket of these rules, given as positions in the plan and root nodes.
    pub fn bucket(&self, graph: &Graph, rules: Vec<(u32, u32)>) -> Bucket {
        let mut always = vec![0; rules.len().div_ceil(64)];
        let mut groups: BTreeMap<u32, BTreeMap<u32, Vec<u32>>> = BTreeMap::new();
        for (at, (_, node)) in rules.iter().enumerate() {
            match &self.0[*node as usize] {
                None => set(&mut always, at as u32),
                Some(pivot) => pivot.places.iter().for_each(|(matcher, bit)| {
                    groups.entry(*matcher).or_default().entry(*bit).or_default().push(at as u32);
                }),
            }
        }
        let groups = groups.into_iter().map(|(matcher, rules)| group(matcher, rules)).collect();
        let has_path = rules.iter().any(|(_, node)| graph.nodes[*node as usize].is_path);
        Bucket { rules: rules.into(), always: always.into(), groups, has_path }
    }
}

fn group(matcher: u32, rules: BTreeMap<u32, Vec<u32>>) -> Group {
    let mut masks: BTreeMap<u32, u64> = BTreeMap::new();
    rules.keys().for_each(|bit| *masks.entry(bit / 64).or_default() |= 1 << (bit % 64));
    let rules = rules.into_iter().map(|(bit, mut list)| {
        list.dedup();
        (bit, list.into_boxed_slice())
    });
    Group { matcher, masks: masks.into_iter().collect(), rules: rules.collect() }
}

struct Finder<'f> {
    graph: &'f Graph,
    matchers: &'f [Matcher],
    accessors: &'f Accessors,
    found: Vec<Option<Option<Pivot>>>,
}

impl Finder<'_> {
    fn visit(&mut self, id: u32) {
        if self.found[id as usize].is_none() {
            let pivot = self.find(id);
            self.found[id as usize] = Some(pivot);
        }
    }

    fn of(&mut self, id: u32) -> Option<Pivot> {
        self.visit(id);
        self.found[id as usize].clone().flatten()
    }

    fn find(&mut self, id: u32) -> Option<Pivot> {
        let graph = self.graph;
        match graph.nodes[id as usize].kind {
            Kind::Bit(place) => self.one(place),
            Kind::Any(matcher, from, to) => {
                let bits = graph.masks(from, to).iter().flat_map(|(word, mask)| bits(*word, *mask));
                either(bits.map(|bit| self.one((matcher, bit))))
            }
            Kind::And(from, to) => {
                let children = graph.children(from, to);
                children.iter().filter_map(|child| self.of(*child)).min_by_key(|pivot| pivot.weight)
            }
            Kind::Or(from, to) => either(graph.children(from, to).iter().map(|child| self.of(*child))),
            // What is absent makes a negation true: no answer has to be there.
            Kind::Not(_) | Kind::Check(_) => None,
        }
    }

    fn one(&self, place: Place) -> Option<Pivot> {
        let matcher = &self.matchers[place.0 as usize];
        if self.accessors.get(matcher.accessor).own_past {
            return None;
        }
        let field = self.accessors.get(matcher.accessor).field().map_or("", |(def, _)| def.name);
        let by_test = match matcher.selects(place.1) {
            Selects::Exactly => 2,
            Selects::End => 6,
            Selects::Start => 8,
            Selects::Within => 12,
            Selects::Number => 40,
            // Most of what happens on a host happens in no container, or all of it.
            Selects::Others if field == "container.id" => 400,
            Selects::Others => return None,
        };
        let by_field = match field {
            // Buckets are by event type: within one, these are nearly constant.
            "evt.type" | "syscall.type" | "evt.dir" | "evt.res" | "fd.type" | "fd.typechar" => return None,
            "fd.l4proto" | "fd.sockfamily" => 200,
            _ if field.starts_with("container.") || field.starts_with("user.") || field.starts_with("group.") => 40,
            _ if field.starts_with("fd.") || field.starts_with("fs.") || field.starts_with("evt.") => 1,
            _ => 2 + self.accessors.get(matcher.accessor).cost,
        };
        Some(Pivot { places: vec![place], weight: by_test * by_field })
    }
}

fn bits(word: u32, mask: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |bit| mask >> bit & 1 == 1).map(move |bit| word * 64 + bit)
}

/// One of several has to hold: all of them need a pivot.
fn either(pivots: impl Iterator<Item = Option<Pivot>>) -> Option<Pivot> {
    let mut all = Pivot { places: Vec::new(), weight: 0 };
    for pivot in pivots {
        let pivot = pivot?;
        all.weight = all.weight.saturating_add(pivot.weight);
        all.places.extend(pivot.places);
        if all.places.len() > PIVOT_MAX {
            return None;
        }
    }
    all.places.sort_unstable();
    all.places.dedup();
    Some(all)
}
