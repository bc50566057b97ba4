//! Conditions of all rules as one graph: equal subterms are one node.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::check::{Check, CheckDoc};
use super::matchers::Place;

/// A node as plans write it; children come before their parents.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeDoc {
    And(Vec<u32>),
    Or(Vec<u32>),
    Not(u32),
    Check(Box<CheckDoc>),
}

impl NodeDoc {
    pub fn children(&self) -> &[u32] {
        match self {
            Self::And(list) | Self::Or(list) => list,
            Self::Not(child) => std::slice::from_ref(child),
            Self::Check(_) => &[],
        }
    }
}

/// What a node does.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Range of [`Graph::children`].
    And(u32, u32),
    Or(u32, u32),
    Not(u32),
    /// A check that is evaluated by itself.
    Check(u32),
    /// A check that a matcher answers.
    Bit(Place),
    /// Any of a matcher's answers: the matcher and a range of [`Graph::masks`].
    Any(u32, u32, u32),
}

#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub kind: Kind,
    /// Several nodes or rules ask for it: its result is worth keeping.
    pub shared: bool,
    /// Path choices may change its result.
    pub is_path: bool,
    cost: u32,
}

/// Some of a matcher's answers: the bits set in the mask, of the word it belongs to.
pub type Mask = (u32, u64);

/// All nodes of a plan: the document's under their own index, then those made by fusing.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub children: Vec<u32>,
    pub masks: Vec<Mask>,
}

/// Facts about one check that the graph is built from.
pub struct CheckFacts {
    pub id: u32,
    pub place: Option<Place>,
    pub is_path: bool,
    pub cost: u32,
}

/// Children that ask one matcher: which of its answers, and the children themselves.
#[derive(Default)]
struct Fusion {
    masks: BTreeMap<u32, u64>,
    members: Vec<u32>,
}

impl Graph {
    /// Builds the graph. `facts` gives a check node's facts by node index, `roots` the rules' nodes.
    /// Children of a conjunction or disjunction are tried in order of their price.
    pub fn build(docs: &[NodeDoc], roots: &[u32], facts: &[Option<CheckFacts>]) -> Self {
        let mut uses = vec![0u32; docs.len()];
        let children = docs.iter().flat_map(|d| d.children());
        children.chain(roots).for_each(|child| uses[*child as usize] += 1);
        let mut graph = Self { nodes: vec![check_node(None); docs.len()], ..Self::default() };
        for (at, doc) in docs.iter().enumerate() {
            let node = match doc {
                NodeDoc::Check(_) => check_node(facts.get(at).and_then(Option::as_ref)),
                NodeDoc::Not(child) => Node { kind: Kind::Not(*child), ..graph.nodes[*child as usize] },
                NodeDoc::And(list) => graph.group(list, Kind::And),
                NodeDoc::Or(list) => graph.group(list, Kind::Or),
            };
            let keeps = matches!(node.kind, Kind::And(..) | Kind::Or(..) | Kind::Check(_));
            graph.nodes[at] = Node { shared: keeps && uses[at] > 1, ..node };
        }
        graph
    }

    fn group(&mut self, list: &[u32], kind: fn(u32, u32) -> Kind) -> Node {
        let negated = matches!(kind(0, 0), Kind::And(..));
        let mut order = self.fuse(list, negated);
        if let [only] = *order {
            return self.nodes[only as usize];
        }
        order.sort_by_key(|child| self.nodes[*child as usize].cost);
        let nodes = || order.iter().map(|child| &self.nodes[*child as usize]);
        let (is_path, cost) = (nodes().any(|n| n.is_path), nodes().map(|n| n.cost).fold(1, u32::saturating_add));
        let from = self.children.len() as u32;
        self.children.extend(order);
        Node { kind: kind(from, self.children.len() as u32), shared: false, is_path, cost }
    }

    /// Children with those that ask the same matcher replaced by one node: members of a disjunction by "any of",
    /// negated members of a conjunction by "not any of". An absent value answers no bit, so both stay exact.
    fn fuse(&mut self, list: &[u32], negated: bool) -> Vec<u32> {
        let mut fusions: BTreeMap<u32, Fusion> = BTreeMap::new();
        let mut order = Vec::with_capacity(list.len());
        for child in list {
            match self.answers_of(*child, negated) {
                Some((matcher, masks)) => {
                    let fusion = fusions.entry(matcher).or_default();
                    masks.iter().for_each(|(word, mask)| *fusion.masks.entry(*word).or_default() |= mask);
                    fusion.members.push(*child);
                }
                None => order.push(*child),
            }
        }
        for (matcher, fusion) in fusions {
            match fusion.members[..] {
                [only] => order.push(only),
                _ => order.push(self.fused(matcher, &fusion, negated)),
            }
        }
        order
    }

    /// The matcher and the answers of which a node (or what it negates) asks for any.
    fn answers_of(&self, id: u32, negated: bool) -> Option<(u32, Vec<Mask>)> {
        match (self.nodes[id as usize].kind, negated) {
            (Kind::Not(child), true) => self.answers_of(child, false),
            (Kind::Bit((matcher, bit)), false) => Some((matcher, vec![(bit / 64, 1 << (bit % 64))])),
            (Kind::Any(matcher, from, to), false) => Some((matcher, self.masks(from, to).to_vec())),
            _ => None,
        }
    }

    fn fused(&mut self, matcher: u32, fusion: &Fusion, negated: bool) -> u32 {
        let member = self.nodes[fusion.members[0] as usize];
        let from = self.masks.len() as u32;
        self.masks.extend(fusion.masks.iter().map(|(word, mask)| (*word, *mask)));
        let any = self.push(Node { kind: Kind::Any(matcher, from, self.masks.len() as u32), shared: false, ..member });
        if negated { self.push(Node { kind: Kind::Not(any), shared: false, ..member }) } else { any }
    }

    fn push(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    pub fn masks(&self, from: u32, to: u32) -> &[Mask] {
        &self.masks[from as usize..to as usize]
    }

    pub fn children(&self, from: u32, to: u32) -> &[u32] {
        &self.children[from as usize..to as usize]
    }
}

fn check_node(facts: Option<&CheckFacts>) -> Node {
    // A check that no rule reaches was not compiled and is never asked for.
    let Some(facts) = facts else {
        return Node { kind: Kind::Check(u32::MAX), shared: false, is_path: false, cost: 0 };
    };
    let kind = facts.place.map_or(Kind::Check(facts.id), Kind::Bit);
    Node { kind, shared: false, is_path: facts.is_path, cost: facts.cost }
}

/// Price of a check: its accessor's and its test's.
pub fn check_cost(check: &Check, accessor: u32) -> u32 {
    accessor + check.test.cost()
}
