//! What is left of conditions once an event's type is known: checks of fields that it alone decides (flag `by-type`) are
//! answered when the plan is compiled. A rule about opens and renames asks an open for nothing that only renames have.

use bumpalo::Bump;
use hashbrown::HashMap;

use super::accessor::{Accessors, Mode};
use super::check::{Check, Test};
use super::node::NodeDoc;
use crate::event::Event;
use crate::event::encode::{self, Head};
use crate::fields::{Ctx, PathChoice};
use crate::schema::{self, Kind};
use crate::state::{State, StateConfig};

/// What is left of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Known(bool),
    Node(u32),
}

/// What events of one type say about each check that their type decides, in the order of [`Conditions::decided`].
type Truths = Box<[bool]>;

/// The conditions of a plan, and what becomes of them for events of each type.
pub struct Conditions {
    /// The plan's nodes, then those that are left of some.
    pub docs: Vec<NodeDoc>,
    /// The plan's node that each node stands for.
    pub origins: Vec<u32>,
    /// Checks that the type decides: their nodes, ascending.
    decided: Vec<u32>,
    /// Whether a node of the plan has such a check below it.
    touched: Vec<bool>,
    /// New nodes by what they say.
    known: HashMap<NodeDoc, u32>,
    /// What is left of the plan's nodes, by what is known.
    left: HashMap<Truths, Vec<Option<Left>>>,
    /// What extractors are given; fields with the flag do not look at it.
    state: State,
}

/// Compiled checks by their nodes.
pub struct Checks<'c> {
    pub of_node: &'c [Option<u32>],
    pub list: &'c [Check],
    pub accessors: &'c Accessors,
}

impl Conditions {
    pub fn new(docs: Vec<NodeDoc>, checks: &Checks<'_>) -> Self {
        let decided: Vec<_> = (0..docs.len() as u32).filter(|node| checks.decided(*node).is_some()).collect();
        let mut touched = vec![false; docs.len()];
        decided.iter().for_each(|node| touched[*node as usize] = true);
        for (at, doc) in docs.iter().enumerate() {
            touched[at] |= doc.children().iter().any(|child| touched[*child as usize]);
        }
        let origins = (0..docs.len() as u32).collect();
        let state = State::new(StateConfig::default());
        Self { docs, origins, decided, touched, known: HashMap::new(), left: HashMap::new(), state }
    }

    /// What is left of rules' conditions for events of a type, and of a system call where the type is the generic
    /// one; `None` for a rule that such an event cannot match.
    pub fn of_type(&mut self, id: u16, call: u16, roots: &[u32], checks: &Checks<'_>) -> Vec<Option<u32>> {
        let all = || roots.iter().map(|root| Some(*root)).collect();
        if self.decided.is_empty() || roots.is_empty() {
            return all();
        }
        let Some(bytes) = bare(id, call) else { return all() };
        let Ok(event) = Event::decode(&bytes, 0) else { return all() };
        let truths = checks.truths(&event, &self.state, &self.decided);
        let plans_own = self.touched.len();
        let mut left = self.left.remove(&truths).unwrap_or_else(|| vec![None; plans_own]);
        for (node, truth) in self.decided.iter().zip(&truths) {
            left[*node as usize] = Some(Left::Known(*truth));
        }
        let roots = roots.iter().map(|root| match self.fold(*root, &mut left) {
            Left::Known(false) => None,
            Left::Known(true) => Some(self.intern(NodeDoc::And(Vec::new()), *root)),
            Left::Node(node) => Some(node),
        });
        let roots = roots.collect();
        self.left.insert(truths, left);
        roots
    }

    fn fold(&mut self, node: u32, left: &mut [Option<Left>]) -> Left {
        if let Some(known) = left[node as usize] {
            return known;
        }
        let result = if self.touched[node as usize] { self.fold_children(node, left) } else { Left::Node(node) };
        left[node as usize] = Some(result);
        result
    }

    fn fold_children(&mut self, node: u32, left: &mut [Option<Left>]) -> Left {
        let doc = self.docs[node as usize].clone();
        match &doc {
            NodeDoc::Check(_) => Left::Node(node),
            NodeDoc::Not(child) => match self.fold(*child, left) {
                Left::Known(truth) => Left::Known(!truth),
                Left::Node(child) => Left::Node(self.intern(NodeDoc::Not(child), node)),
            },
            NodeDoc::And(list) => self.fold_list(node, list, left, false, NodeDoc::And),
            NodeDoc::Or(list) => self.fold_list(node, list, left, true, NodeDoc::Or),
        }
    }

    /// A child with the truth `decisive` is the whole list's; one with the other says nothing.
    fn fold_list(
        &mut self,
        node: u32,
        list: &[u32],
        left: &mut [Option<Left>],
        decisive: bool,
        joined: fn(Vec<u32>) -> NodeDoc,
    ) -> Left {
        let mut rest = Vec::with_capacity(list.len());
        for child in list {
            match self.fold(*child, left) {
                Left::Known(truth) if truth == decisive => return Left::Known(decisive),
                Left::Known(_) => {}
                Left::Node(child) if rest.contains(&child) => {}
                Left::Node(child) => rest.push(child),
            }
        }
        match rest[..] {
            [] => Left::Known(!decisive),
            [only] => Left::Node(only),
            _ => Left::Node(self.intern(joined(rest), node)),
        }
    }

    fn intern(&mut self, doc: NodeDoc, origin: u32) -> u32 {
        let next = self.docs.len() as u32;
        let at = *self.known.entry(doc).or_insert_with_key(|doc| {
            self.docs.push(doc.clone());
            next
        });
        if at == next {
            self.origins.push(origin);
        }
        at
    }
}

impl Checks<'_> {
    /// The node's check, if an event's type decides it.
    fn decided(&self, node: u32) -> Option<&Check> {
        let check = &self.list[self.of_node[node as usize]? as usize];
        let (field, _) = self.accessors.get(check.accessor).field()?;
        let alone = !matches!(check.test, Test::Against(..) | Test::Dynamic { .. } | Test::Host { .. });
        (field.flags.contains(&"by-type") && check.mode == Mode::Scalar && alone).then_some(check)
    }

    fn truths(&self, event: &Event<'_>, state: &State, decided: &[u32]) -> Truths {
        let arena = Bump::new();
        let ctx = Ctx::new(event, state, PathChoice::default(), &arena);
        let truth = |node: &u32| {
            let check = self.decided(*node)?;
            Some(check.holds(&ctx, &mut |accessor| self.accessors.extract(accessor, &ctx)))
        };
        decided.iter().map(|node| truth(node).unwrap_or_default()).collect()
    }
}

/// An event of which nothing but the type is known. None for notifications, which may name their own type, and for
/// a generic event whose call its bucket does not tell.
pub(super) fn bare(id: u16, call: u16) -> Option<Vec<u8>> {
    schema::event(id).filter(|info| info.kind != Kind::Meta)?;
    if id == schema::GENERIC && call == 0 {
        return None;
    }
    let mut bytes = Vec::new();
    let call = call.to_le_bytes();
    let params = [&call[..]];
    let params = if id == schema::GENERIC { &params[..] } else { &[] };
    encode::event(&mut bytes, Head { ts: 0, tid: 0, id }, params.iter().copied());
    Some(bytes)
}
