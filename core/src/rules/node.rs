//! Conditions of all rules as one graph: equal subterms are one node.

use serde::Deserialize;

use super::check::{Check, CheckDoc};
use super::matchers::Place;

/// A node as plans write it; children come before their parents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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

/// All nodes of a plan.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub children: Vec<u32>,
}

/// Facts about one check that the graph is built from.
pub struct CheckFacts {
    pub id: u32,
    pub place: Option<Place>,
    pub is_path: bool,
    pub cost: u32,
}

impl Graph {
    /// Builds the graph. `facts` gives a check node's facts by node index, `roots` the rules' nodes.
    /// Children of a conjunction or disjunction are tried in order of their price.
    pub fn build(docs: &[NodeDoc], roots: &[u32], facts: &[Option<CheckFacts>]) -> Self {
        let mut uses = vec![0u32; docs.len()];
        let children = docs.iter().flat_map(|d| d.children());
        children.chain(roots).for_each(|child| uses[*child as usize] += 1);
        let mut graph = Self::default();
        for (at, doc) in docs.iter().enumerate() {
            let node = match doc {
                NodeDoc::Check(_) => check_node(facts[at].as_ref()),
                NodeDoc::Not(child) => Node { kind: Kind::Not(*child), ..graph.nodes[*child as usize] },
                NodeDoc::And(list) => graph.group(list, Kind::And),
                NodeDoc::Or(list) => graph.group(list, Kind::Or),
            };
            let keeps = !matches!(node.kind, Kind::Bit(_) | Kind::Not(_));
            graph.nodes.push(Node { shared: keeps && uses[at] > 1, ..node });
        }
        graph
    }

    fn group(&mut self, list: &[u32], kind: fn(u32, u32) -> Kind) -> Node {
        let mut order = list.to_vec();
        order.sort_by_key(|child| self.nodes[*child as usize].cost);
        let nodes = || order.iter().map(|child| &self.nodes[*child as usize]);
        let (is_path, cost) = (nodes().any(|n| n.is_path), nodes().map(|n| n.cost).fold(1, u32::saturating_add));
        let from = self.children.len() as u32;
        self.children.extend(order);
        Node { kind: kind(from, self.children.len() as u32), shared: false, is_path, cost }
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
