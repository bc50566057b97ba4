//! The kernel filter's tables: from the plan's lists of clauses to the bits that the sensor looks up.

use super::wire::{CALLS, CLAUSE_WORDS, CLAUSES, COMM, KEY_TEXT};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A clause id, and with it its bit.
pub type Clause = u16;

/// One bit a clause (`struct yk_bits`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits([u64; CLAUSE_WORDS]);

impl Bits {
    pub const NONE: Self = Self([0; CLAUSE_WORDS]);
    pub const ALL: Self = Self([u64::MAX; CLAUSE_WORDS]);

    fn of(clauses: &[Clause]) -> Self {
        let mut bits = Self::NONE;
        for clause in clauses {
            if let Some(word) = bits.0.get_mut(usize::from(*clause) / 64) {
                *word |= 1 << (clause % 64);
            }
        }
        bits
    }

    fn or(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a |= b;
        }
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Access {
    read: Vec<Clause>,
    write: Vec<Clause>,
    rdwr: Vec<Clause>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    ok: Vec<Clause>,
    fail: Vec<Clause>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Where {
    host: Vec<Clause>,
    container: Vec<Clause>,
}

/// Whether the given path holds `../`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Climbing {
    climbs: Vec<Clause>,
    stays: Vec<Clause>,
}

/// By what the event's descriptor is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Families {
    ipv4: Vec<Clause>,
    ipv6: Vec<Clause>,
    other: Vec<Clause>,
}

/// By either port of a socket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ports {
    any: Vec<Clause>,
    ports: BTreeMap<u16, Vec<Clause>>,
}

/// By the task's short name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Names {
    any: Vec<Clause>,
    names: BTreeMap<String, Vec<Clause>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Paths {
    any: Vec<Clause>,
    exact: BTreeMap<String, Vec<Clause>>,
    prefix: BTreeMap<String, Vec<Clause>>,
    filename: BTreeMap<String, Vec<Clause>>,
}

/// The plan's `filter`: for every key of every dimension the clauses that are still possible.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FilterTables {
    clauses: usize,
    syscalls: BTreeMap<String, Vec<Clause>>,
    access: Access,
    result: Outcome,
    path: Paths,
    container: Where,
    climbing: Option<Climbing>,
    family: Option<Families>,
    port: Option<Ports>,
    name: Option<Names>,
}

/// Why the tables can't be loaded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("{0} clauses, the sensor tells {CLAUSES} apart")]
    TooMany(usize),
    #[error("`{0}` is no system call number")]
    Call(String),
}

impl FilterTables {
    /// # Errors
    /// More clauses than bits, or a key that is no number.
    pub fn check(&self) -> Result<(), FilterError> {
        if self.clauses > CLAUSES {
            return Err(FilterError::TooMany(self.clauses));
        }
        match self.syscalls.keys().find(|key| key.parse::<u16>().is_err()) {
            Some(key) => Err(FilterError::Call(key.clone())),
            None => Ok(()),
        }
    }

    /// Some rule needs this system call.
    pub fn needs(&self, number: u16) -> bool {
        self.syscalls.get(&number.to_string()).is_some_and(|clauses| !clauses.is_empty())
    }

    /// `struct yk_filter`.
    pub fn fixed(&self) -> Vec<u8> {
        let mut calls = vec![Bits::NONE; CALLS];
        for (number, clauses) in &self.syscalls {
            if let Some(slot) = number.parse().ok().and_then(|n: usize| calls.get_mut(n)) {
                *slot = Bits::of(clauses);
            }
        }
        let climbing = match &self.climbing {
            Some(c) => [Bits::of(&c.climbs), Bits::of(&c.stays)],
            None => [Bits::ALL, Bits::ALL],
        };
        let family = match &self.family {
            Some(f) => [Bits::of(&f.ipv4), Bits::of(&f.ipv6), Bits::of(&f.other)],
            None => [Bits::ALL; 3],
        };
        let small = [&self.access.read, &self.access.write, &self.access.rdwr]
            .into_iter()
            .chain([&self.result.ok, &self.result.fail])
            .chain([&self.container.host, &self.container.container])
            .map(|clauses| Bits::of(clauses));
        let mut out: Vec<u8> = calls
            .into_iter()
            .chain(small)
            .chain(climbing)
            .chain(family)
            .chain([
                Bits::of(&self.path.any),
                self.port.as_ref().map_or(Bits::ALL, |port| Bits::of(&port.any)),
                self.name.as_ref().map_or(Bits::ALL, |name| Bits::of(&name.any)),
            ])
            .flat_map(|bits| bits.bytes())
            .collect();
        out.extend(u32::from(!self.path.filename.is_empty()).to_le_bytes());
        out.extend(u32::from(self.port.as_ref().is_some_and(|port| !port.ports.is_empty())).to_le_bytes());
        out
    }

    /// Keys and bits of the port table under one generation.
    pub fn ports(&self, generation: u32) -> Vec<(Vec<u8>, Bits)> {
        let Some(table) = &self.port else { return Vec::new() };
        let key = |port: u16| [generation.to_le_bytes(), u32::from(port).to_le_bytes()].concat();
        table.ports.iter().map(|(port, clauses)| (key(*port), Bits::of(clauses))).collect()
    }

    /// Keys and bits of the table of names under one generation. A longer name than the kernel keeps matches no task.
    pub fn names(&self, generation: u32) -> Vec<(Vec<u8>, Bits)> {
        let Some(table) = &self.name else { return Vec::new() };
        let key = |name: &str| {
            let mut key = [&generation.to_le_bytes(), name.as_bytes()].concat();
            key.resize(4 + COMM, 0);
            key
        };
        let short = table.names.iter().filter(|(name, _)| name.len() < COMM);
        short.map(|(name, clauses)| (key(name), Bits::of(clauses))).collect()
    }

    /// Keys and bits of the path trie under one generation. The longest match answers alone, so that every entry
    /// also holds the bits of its own prefixes.
    pub fn trie(&self, generation: u32) -> Vec<(Vec<u8>, Bits)> {
        let mut texts: BTreeMap<Vec<u8>, Bits> = BTreeMap::new();
        let mut add = |text: Vec<u8>, clauses: &[Clause]| {
            let bits = Bits::of(clauses);
            let slot = texts.entry(text).or_insert(Bits::NONE);
            *slot = slot.or(bits);
        };
        for (path, clauses) in &self.path.exact {
            add(terminated(path.as_bytes()), clauses);
        }
        for (prefix, clauses) in &self.path.prefix {
            add(prefix.clone().into_bytes(), clauses);
        }
        for (name, clauses) in &self.path.filename {
            add(terminated(&[b"\x01", name.as_bytes()].concat()), clauses);
        }
        texts.iter().map(|(text, bits)| (key(generation, text), inherited(&texts, text, *bits))).collect()
    }
}

fn terminated(text: &[u8]) -> Vec<u8> {
    [text, b"\0"].concat()
}

fn inherited(texts: &BTreeMap<Vec<u8>, Bits>, text: &[u8], own: Bits) -> Bits {
    (0..text.len()).filter_map(|len| texts.get(&text[..len])).fold(own, |bits, shorter| bits.or(*shorter))
}

/// `struct yk_path_key`. A text that does not fit becomes the prefix that does: it matches more, never less.
fn key(generation: u32, text: &[u8]) -> Vec<u8> {
    let len = text.len().min(KEY_TEXT - 1);
    let mut out = Vec::with_capacity(8 + KEY_TEXT);
    out.extend(((4 + len as u32) * 8).to_le_bytes());
    out.extend(generation.to_le_bytes());
    out.extend(&text[..len]);
    out.resize(8 + KEY_TEXT, 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(json: &str) -> FilterTables {
        serde_json::from_str(json).unwrap()
    }

    fn trie_bits(tables: &FilterTables, text: &[u8]) -> Option<Bits> {
        tables.trie(7).into_iter().find(|(k, _)| k == &key(7, text)).map(|(_, bits)| bits)
    }

    #[test]
    fn an_exact_path_keeps_the_bits_of_its_prefixes() {
        let t = tables(
            r#"{"clauses":70,"syscalls":{"2":[0,1,69]},"path":{"exact":{"/etc/shadow":[0]},"prefix":{"/etc/":[1],"/":[69]}}}"#,
        );
        assert_eq!(trie_bits(&t, b"/etc/shadow\0"), Some(Bits::of(&[0, 1, 69])));
        assert_eq!(trie_bits(&t, b"/etc/"), Some(Bits::of(&[1, 69])));
        assert!(t.needs(2) && !t.needs(3));
    }

    #[test]
    fn the_fixed_part_has_the_sensors_size() {
        let t = tables(r#"{"clauses":1,"syscalls":{"2":[0]}}"#);
        assert_eq!(t.fixed().len(), (CALLS + 3 + 2 + 2 + 2 + 3 + 3) * CLAUSE_WORDS * 8 + 8);
        assert_eq!(t.fixed()[2 * 32], 1);
    }

    #[test]
    fn ports_carry_their_generation() {
        let t = tables(r#"{"clauses":2,"port":{"any":[1],"ports":{"22":[0]}},"family":{"ipv4":[0,1]}}"#);
        assert_eq!(t.ports(7), vec![([7_u32.to_le_bytes(), 22_u32.to_le_bytes()].concat(), Bits::of(&[0]))]);
        assert!(tables(r#"{"clauses":2}"#).ports(7).is_empty());
    }

    #[test]
    fn names_are_padded_and_too_long_ones_left_out() {
        let t = tables(r#"{"clauses":2,"name":{"any":[1],"names":{"sshd":[0],"sixteen-and-more":[0]}}}"#);
        let entries = t.names(7);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].0, [&7_u32.to_le_bytes()[..], b"sshd", &[0; 12]].concat());
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(tables(r#"{"clauses":257,"syscalls":{}}"#).check(), Err(FilterError::TooMany(257)));
        assert!(tables(r#"{"clauses":1,"syscalls":{"x":[0]}}"#).check().is_err());
    }
}
