//! Matchers: all constant tests of one kind on one accessor, over all rules, answered by one look-up.
//! Each test keeps its own operator's answer; where the value is absent, every one of them is false.

use aho_corasick::AhoCorasick;
use hashbrown::HashMap;

use super::accessor::Mode;
use super::check::{Check, Modifier, Set, Test};
use super::literal::Literal;
use super::operators::{Op, Single};
use crate::value::Value;

/// What a matcher looks values up in. One accessor may have one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Number,
    Prefix,
    Suffix,
    Contains,
}

/// How a test picks values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selects {
    Exactly,
    Start,
    End,
    Within,
    Number,
    /// All values but some.
    Others,
}

/// A literal and whether meeting it makes the test true (`=`) or false (`!=`).
type Pattern = (Key, bool);

/// A check and the literals it looks for.
type Wanted = (u32, Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(Box<[u8]>),
    Number(u64),
}

/// Bits that a literal switches.
#[derive(Debug, Default)]
struct Hits {
    on: Vec<u32>,
    off: Vec<u32>,
}

impl Hits {
    fn apply(&self, bits: &mut [u64]) {
        self.on.iter().for_each(|bit| bits[*bit as usize / 64] |= 1 << (bit % 64));
        self.off.iter().for_each(|bit| bits[*bit as usize / 64] &= !(1 << (bit % 64)));
    }
}

#[derive(Debug)]
enum Index {
    Text(HashMap<Box<[u8]>, Hits>),
    Number(HashMap<u64, Hits>),
    Prefix(Trie),
    Suffix(Trie),
    Contains(AhoCorasick, Vec<Hits>),
}

/// One accessor's matcher of one kind.
#[derive(Debug)]
pub struct Matcher {
    pub accessor: u32,
    mode: Mode,
    index: Index,
    /// Answers where the value meets no literal: `!=` holds.
    base: Box<[u64]>,
    /// Where its answers lie among all matchers' words.
    pub from: usize,
}

/// Which matcher and bit answer a check.
pub type Place = (u32, u32);

/// Builds matchers for every group of checks that pays, and says which check each bit answers.
pub fn build(checks: &[Check]) -> (Vec<Matcher>, Vec<Option<Place>>) {
    let mut groups: HashMap<(u32, Kind), Vec<Wanted>> = HashMap::new();
    for (at, check) in checks.iter().enumerate() {
        if let Some((kind, patterns)) = patterns(check) {
            groups.entry((check.accessor, kind)).or_default().push((at as u32, patterns));
        }
    }
    // A lone test gains nothing by an automaton; any other look-up costs no more than the test itself.
    let pays = |kind: Kind, tests: usize| tests > 1 || kind != Kind::Contains;
    let mut groups: Vec<_> = groups.into_iter().filter(|((_, kind), tests)| pays(*kind, tests.len())).collect();
    groups.sort_by_key(|((accessor, kind), _)| (*accessor, *kind as u8));
    let (mut matchers, mut places, mut from) = (Vec::new(), vec![None; checks.len()], 0);
    for ((accessor, kind), tests) in groups {
        let mode = checks[tests[0].0 as usize].mode;
        let Some(matcher) = Matcher::new(accessor, mode, kind, &tests, from) else { continue };
        for (bit, (check, _)) in tests.iter().enumerate() {
            places[*check as usize] = Some((matchers.len() as u32, bit as u32));
        }
        from += matcher.words();
        matchers.push(matcher);
    }
    (matchers, places)
}

/// The kind of matcher that can answer a check, and the literals it looks for.
fn patterns(check: &Check) -> Option<(Kind, Vec<Pattern>)> {
    if !matches!(check.mode, Mode::Scalar | Mode::AnyElement) {
        return None;
    }
    let singles = match &check.test {
        Test::Set(_, Set::Text(set)) => {
            return Some((Kind::Text, set.iter().map(|t| (Key::Text(t.clone()), true)).collect()));
        }
        Test::Set(_, Set::Number(set)) => {
            return Some((Kind::Number, set.iter().map(|n| (Key::Number(*n), true)).collect()));
        }
        Test::Single(single) => std::slice::from_ref(single),
        Test::Quantified(Modifier::Any, singles) if !singles.is_empty() => singles.as_slice(),
        _ => return None,
    };
    let mut kind = None;
    let mut found = Vec::new();
    for single in singles {
        let (this, pattern) = pattern(single)?;
        // `!=` of several literals is no matter of meeting one of them.
        if kind.replace(this).is_some_and(|k| k != this) || !pattern.1 && singles.len() > 1 {
            return None;
        }
        found.push(pattern);
    }
    Some((kind?, found))
}

fn pattern(single: &Single) -> Option<(Kind, Pattern)> {
    let Single::Compare(op, literal) = single else { return None };
    let key = match literal {
        Literal::Text(text) => Key::Text(text.clone()),
        Literal::Int(n) => Key::Number(*n as u64),
        Literal::Uint(n) => Key::Number(*n),
        _ => return None,
    };
    let exact = if matches!(key, Key::Text(_)) { Kind::Text } else { Kind::Number };
    match op {
        Op::Eq => Some((exact, (key, true))),
        Op::Ne => Some((exact, (key, false))),
        Op::StartsWith | Op::BStartsWith => Some((Kind::Prefix, (key, true))),
        Op::EndsWith => Some((Kind::Suffix, (key, true))),
        Op::Contains | Op::BContains => Some((Kind::Contains, (key, true))),
        _ => None,
    }
}

impl Matcher {
    fn new(accessor: u32, mode: Mode, kind: Kind, tests: &[Wanted], from: usize) -> Option<Self> {
        let mut base = vec![0u64; tests.len().div_ceil(64)].into_boxed_slice();
        let mut hits: HashMap<Key, Hits> = HashMap::new();
        for (bit, (_, patterns)) in tests.iter().enumerate() {
            for (key, positive) in patterns {
                let hits = hits.entry(key.clone()).or_default();
                let bits = if *positive { &mut hits.on } else { &mut hits.off };
                bits.push(bit as u32);
                if !positive {
                    base[bit / 64] |= 1 << (bit % 64);
                }
            }
        }
        let texts = hits.into_iter();
        let index = match kind {
            Kind::Number => Index::Number(
                texts.filter_map(|(k, h)| if let Key::Number(n) = k { Some((n, h)) } else { None }).collect(),
            ),
            kind => {
                let texts = texts.filter_map(|(k, h)| if let Key::Text(t) = k { Some((t, h)) } else { None });
                text_index(kind, texts.collect())?
            }
        };
        Some(Self { accessor, mode, index, base, from })
    }

    /// How the value is compared with all literals at once.
    pub fn test(&self) -> &'static str {
        match self.index {
            Index::Text(_) | Index::Number(_) => "=",
            Index::Prefix(_) => "startswith",
            Index::Suffix(_) => "endswith",
            Index::Contains(..) => "contains",
        }
    }

    /// Words of answers.
    pub fn words(&self) -> usize {
        self.base.len()
    }

    /// How the test picks values.
    pub fn selects(&self, bit: u32) -> Selects {
        match self.index {
            _ if self.base[bit as usize / 64] >> (bit % 64) & 1 == 1 => Selects::Others,
            Index::Text(_) => Selects::Exactly,
            Index::Number(_) => Selects::Number,
            Index::Prefix(_) => Selects::Start,
            Index::Suffix(_) => Selects::End,
            Index::Contains(..) => Selects::Within,
        }
    }

    /// Writes every test's answer for a value, or for its absence.
    pub fn answer(&self, value: Option<Value<'_>>, bits: &mut [u64]) {
        match (self.mode, value) {
            (_, None) => bits.fill(0),
            (Mode::AnyElement, Some(Value::List(items))) => self.answer_any(items, bits),
            (_, Some(value)) => {
                bits.copy_from_slice(&self.base);
                self.switch(&value, bits);
            }
        }
    }

    /// A test holds if it does for some element.
    fn answer_any(&self, items: &[Value<'_>], bits: &mut [u64]) {
        const ROOM: usize = 16;
        bits.fill(0);
        for item in items {
            let mut room = [0u64; ROOM];
            let mut large;
            let one = if self.base.len() <= ROOM {
                &mut room[..self.base.len()]
            } else {
                large = vec![0; self.base.len()];
                &mut large
            };
            one.copy_from_slice(&self.base);
            self.switch(item, one);
            bits.iter_mut().zip(one).for_each(|(all, one)| *all |= *one);
        }
    }

    fn switch(&self, value: &Value<'_>, bits: &mut [u64]) {
        match (&self.index, value) {
            (Index::Text(map), Value::Text(t) | Value::Bytes(t)) => {
                if let Some(hits) = map.get(*t) {
                    hits.apply(bits);
                }
            }
            (Index::Number(map), Value::Int(_) | Value::Uint(_)) => {
                let number = if let Value::Int(n) = value {
                    *n as u64
                } else if let Value::Uint(n) = value {
                    *n
                } else {
                    0
                };
                if let Some(hits) = map.get(&number) {
                    hits.apply(bits);
                }
            }
            (Index::Prefix(trie), Value::Text(t) | Value::Bytes(t)) => trie.walk(t.iter(), |hits| hits.apply(bits)),
            (Index::Suffix(trie), Value::Text(t) | Value::Bytes(t)) => {
                trie.walk(t.iter().rev(), |hits| hits.apply(bits));
            }
            (Index::Contains(automaton, hits), Value::Text(t) | Value::Bytes(t)) => {
                for found in automaton.find_overlapping_iter(t) {
                    hits[found.pattern().as_usize()].apply(bits);
                }
            }
            // A value of another kind than the literals equals none of them.
            _ => {}
        }
    }
}

fn text_index(kind: Kind, texts: Vec<(Box<[u8]>, Hits)>) -> Option<Index> {
    Some(match kind {
        Kind::Text | Kind::Number => Index::Text(texts.into_iter().collect()),
        Kind::Prefix => Index::Prefix(Trie::new(texts.into_iter().map(|(t, h)| (t.into_vec(), h)))),
        Kind::Suffix => Index::Suffix(Trie::new(texts.into_iter().map(|(t, h)| {
            let mut reversed = t.into_vec();
            reversed.reverse();
            (reversed, h)
        }))),
        Kind::Contains => {
            let (needles, hits): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
            Index::Contains(AhoCorasick::new(&needles).ok()?, hits)
        }
    })
}

/// A byte trie; nodes are stored flat, edges sorted.
#[derive(Debug, Default)]
struct Trie {
    nodes: Vec<TrieNode>,
}

#[derive(Debug, Default)]
struct TrieNode {
    edges: Vec<(u8, u32)>,
    hits: Option<Hits>,
}

impl Trie {
    fn new(texts: impl Iterator<Item = (Vec<u8>, Hits)>) -> Self {
        let mut trie = Self { nodes: vec![TrieNode::default()] };
        for (text, hits) in texts {
            let mut at = 0;
            for byte in text {
                at = trie.child(at, byte);
            }
            trie.nodes[at].hits = Some(hits);
        }
        trie
    }

    fn child(&mut self, at: usize, byte: u8) -> usize {
        match self.nodes[at].edges.binary_search_by_key(&byte, |(b, _)| *b) {
            Ok(edge) => self.nodes[at].edges[edge].1 as usize,
            Err(edge) => {
                let new = self.nodes.len();
                self.nodes.push(TrieNode::default());
                self.nodes[at].edges.insert(edge, (byte, new as u32));
                new
            }
        }
    }

    /// Calls `found` for every stored text that the bytes begin with.
    fn walk<'b>(&self, bytes: impl Iterator<Item = &'b u8>, mut found: impl FnMut(&Hits)) {
        let mut node = &self.nodes[0];
        if let Some(hits) = &node.hits {
            found(hits);
        }
        for byte in bytes {
            let Ok(edge) = node.edges.binary_search_by_key(byte, |(b, _)| *b) else { return };
            node = &self.nodes[node.edges[edge].1 as usize];
            if let Some(hits) = &node.hits {
                found(hits);
            }
        }
    }
}
