//! The kernel filter's tables: from the plan's lists of clauses to the bits that the sensor looks up.

use super::wire::{
    AF_INET, AF_INET6, CALLS, CLAUSE_WORDS, CLAUSES, COMM, KEY_DIRECTORY, KEY_FILENAME, KEY_FOLDER, KEY_TEXT,
    NAME_HASH, NAME_SET_WORDS, SHUNS,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

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

    fn not(self) -> Self {
        Self(self.0.map(|word| !word))
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
    progress: Vec<Clause>,
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

/// Whether an open may make a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Creating {
    creates: Vec<Clause>,
    not: Vec<Clause>,
}

/// By what the event's descriptor is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Kinds {
    ipv4: Vec<Clause>,
    ipv6: Vec<Clause>,
    unix: Vec<Clause>,
    file: Vec<Clause>,
    directory: Vec<Clause>,
    other: Vec<Clause>,
}

impl Kinds {
    fn all(&self) -> [Bits; 6] {
        [&self.ipv4, &self.ipv6, &self.unix, &self.file, &self.directory, &self.other].map(|clauses| Bits::of(clauses))
    }
}

/// By the transport protocol of an internet socket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Transports {
    tcp: Vec<Clause>,
    udp: Vec<Clause>,
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

/// By the task's effective user; `other`: users that are not listed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Users {
    any: Vec<Clause>,
    other: Vec<Clause>,
    users: BTreeMap<u32, Vec<Clause>>,
}

/// Clauses about one network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Network {
    wanted: Vec<Clause>,
    shunned: [Vec<Clause>; SHUNS],
}

/// By a socket's addresses: `inside` and `outside` are the clauses that want an end in, or outside of, some network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Networks {
    inside: Vec<Clause>,
    outside: Vec<Clause>,
    networks: BTreeMap<String, Network>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Paths {
    any: Vec<Clause>,
    exact: BTreeMap<String, Vec<Clause>>,
    prefix: BTreeMap<String, Vec<Clause>>,
    filename: BTreeMap<String, Vec<Clause>>,
    /// By directory, for the files in it.
    folder: BTreeMap<String, Vec<Clause>>,
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
    creating: Option<Creating>,
    kind: Option<Kinds>,
    transport: Option<Transports>,
    port: Option<Ports>,
    name: Option<Names>,
    user: Option<Users>,
    network: Option<Networks>,
}

/// Why the tables can't be loaded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("{0} clauses, the sensor tells {CLAUSES} apart")]
    TooMany(usize),
    #[error("`{0}` is no system call number")]
    Call(String),
    #[error("`{0}` is no network")]
    Network(String),
}

impl FilterTables {
    /// # Errors
    /// More clauses than bits, or a key that is no number.
    pub fn check(&self) -> Result<(), FilterError> {
        if self.clauses > CLAUSES {
            return Err(FilterError::TooMany(self.clauses));
        }
        if let Some(key) = self.syscalls.keys().find(|key| key.parse::<u16>().is_err()) {
            return Err(FilterError::Call(key.clone()));
        }
        let networks = self.network.iter().flat_map(|table| table.networks.keys());
        match networks.into_iter().find(|text| network(text).is_none()) {
            Some(text) => Err(FilterError::Network(text.clone())),
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
        let creating = match &self.creating {
            Some(c) => [Bits::of(&c.creates), Bits::of(&c.not)],
            None => [Bits::ALL, Bits::ALL],
        };
        let kind = self.kind.as_ref().map_or([Bits::ALL; 6], Kinds::all);
        let transport = match &self.transport {
            Some(t) => [Bits::of(&t.tcp), Bits::of(&t.udp), Bits::of(&t.other)],
            None => [Bits::ALL; 3],
        };
        let small = [&self.access.read, &self.access.write, &self.access.rdwr]
            .into_iter()
            .chain([&self.result.ok, &self.result.fail, &self.result.progress])
            .chain([&self.container.host, &self.container.container])
            .map(|clauses| Bits::of(clauses));
        let other = self.user.as_ref().map_or(Bits::NONE, |user| Bits::of(&user.other));
        let fixed = climbing.into_iter().chain(creating).chain(kind).chain(transport);
        let bits = calls.into_iter().chain(small).chain(fixed).chain(self.asks()).chain([other]);
        let mut out: Vec<u8> = bits.flat_map(|bits| bits.bytes()).collect();
        out.extend(self.name_set().iter().flat_map(|word| word.to_le_bytes()));
        out.extend((self.clauses.div_ceil(64) as u32).to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out
    }

    /// Per dimension that costs a look-up, the clauses that restrict it, in the order of the sensor's YK_ASKS.
    fn asks(&self) -> [Bits; 10] {
        let all = Bits::of(&(0..self.clauses as u16).collect::<Vec<_>>());
        let both =
            |one: &[Clause], two: &[Clause]| Bits(std::array::from_fn(|i| Bits::of(one).0[i] & Bits::of(two).0[i]));
        let except = |any: Option<Bits>| {
            let any = any.unwrap_or(Bits::ALL).not();
            Bits(std::array::from_fn(|i| all.0[i] & any.0[i]))
        };
        let filenames: Vec<Clause> = self.path.filename.values().flatten().copied().collect();
        let folders: Vec<Clause> = self.path.folder.values().flatten().copied().collect();
        let any_kind = self.kind.as_ref().map(|kinds| {
            kinds.all().into_iter().fold(Bits::ALL, |every, kind| Bits(std::array::from_fn(|i| every.0[i] & kind.0[i])))
        });
        let network = |of: fn(&Networks) -> &[Clause]| self.network.as_ref().map_or(Bits::NONE, |n| Bits::of(of(n)));
        [
            except(Some(both(&self.container.host, &self.container.container))),
            except(Some(Bits::of(&self.path.any))),
            Bits::of(&filenames),
            except(self.port.as_ref().map(|port| Bits::of(&port.any))),
            except(self.name.as_ref().map(|name| Bits::of(&name.any))),
            except(self.user.as_ref().map(|user| Bits::of(&user.any))),
            network(|n| &n.inside),
            network(|n| &n.outside),
            except(any_kind),
            Bits::of(&folders),
        ]
    }

    /// The set of file names that clauses ask for; what has no bit there is asked for by none.
    fn name_set(&self) -> [u64; NAME_SET_WORDS] {
        let mut set = [0; NAME_SET_WORDS];
        for name in self.path.filename.keys() {
            let bit = name_bit(name.as_bytes());
            set[bit / 64] |= 1 << (bit % 64);
        }
        set
    }

    /// Keys and bits of the table of users under one generation.
    pub fn users(&self, generation: u32) -> Vec<(Vec<u8>, Bits)> {
        let Some(table) = &self.user else { return Vec::new() };
        let key = |user: u32| [generation.to_le_bytes(), user.to_le_bytes()].concat();
        table.users.iter().map(|(user, clauses)| (key(*user), Bits::of(clauses))).collect()
    }

    /// Keys and values of the trie of networks under one generation; each holds what the networks around it do, since
    /// the longest match answers alone.
    pub fn networks(&self, generation: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(table) = &self.network else { return Vec::new() };
        let parsed: Vec<((IpAddr, u32), &Network)> =
            table.networks.iter().filter_map(|(text, value)| Some((network(text)?, value))).collect();
        let value = |at: (IpAddr, u32)| {
            let around = || parsed.iter().filter(|(outer, _)| contains(*outer, at)).map(|(_, value)| *value);
            let sum = |of: fn(&Network, usize) -> &[Clause], i| {
                around().fold(Bits::NONE, |bits, value| bits.or(Bits::of(of(value, i)))).bytes()
            };
            let shunned = (0..SHUNS).flat_map(|i| sum(|value, i| &value.shunned[i], i));
            sum(|value, _| &value.wanted, 0).into_iter().chain(shunned).collect()
        };
        parsed.iter().map(|(at, _)| (network_key(generation, *at), value(*at))).collect()
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
            add(terminated(&[&[KEY_FILENAME], name.as_bytes()].concat()), clauses);
        }
        for (directory, clauses) in &self.path.folder {
            for kind in [KEY_FOLDER, KEY_DIRECTORY] {
                add(terminated(&[&[kind], directory.as_bytes()].concat()), clauses);
            }
        }
        for (text, clauses) in self.path.exact.iter().chain(&self.path.prefix).chain(&self.path.folder) {
            for directory in directories_above(text) {
                add(terminated(&[&[KEY_DIRECTORY], directory.as_bytes()].concat()), clauses);
            }
        }
        texts.iter().map(|(text, bits)| (key(generation, text), inherited(&texts, text, *bits))).collect()
    }
}

/// Every directory that a path, or what begins like a path, lies below.
fn directories_above(text: &str) -> impl Iterator<Item = &str> {
    let slashes = text.match_indices('/').map(|(at, _)| at);
    slashes.map(|at| if at == 0 { "/" } else { &text[..at] })
}

/// The bit of a file name in the sensor's set: by its length and its first eight bytes.
fn name_bit(name: &[u8]) -> usize {
    let first = name.iter().take(8).rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    ((first ^ name.len() as u64).wrapping_mul(NAME_HASH) >> 54) as usize
}

/// Address and length of `ADDRESS/LENGTH`; without a length the address alone.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, len) = text.split_once('/').map_or((text, None), |(address, len)| (address, Some(len)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let len = len.map_or(Some(most), |len| len.parse().ok())?;
    (len <= most).then_some((address, len))
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn contains(outer: (IpAddr, u32), inner: (IpAddr, u32)) -> bool {
    if outer.0.is_ipv4() != inner.0.is_ipv4() || outer.1 > inner.1 {
        return false;
    }
    let mut rest = outer.1;
    octets(outer.0).into_iter().zip(octets(inner.0)).all(|(a, b)| {
        let bits = rest.min(8);
        rest -= bits;
        bits == 0 || (a ^ b) >> (8 - bits) == 0
    })
}

/// `struct yk_net_key`.
fn network_key(generation: u32, (address, len): (IpAddr, u32)) -> Vec<u8> {
    let family = if address.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut key = [(64 + len).to_le_bytes(), generation.to_le_bytes(), family.to_le_bytes()].concat();
    key.extend(octets(address));
    key.resize(28, 0);
    key
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

    /// `sizeof(struct yk_filter)`, which the C compiler checks too.
    const FILTER_SIZE: usize = (CALLS + 3 + 3 + 2 + 2 + 2 + 6 + 3 + 10 + 1) * CLAUSE_WORDS * 8 + NAME_SET_WORDS * 8 + 8;

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
    fn a_folder_is_asked_for_its_own_files_and_lies_below_those_above() {
        let t = tables(r#"{"clauses":2,"syscalls":{"2":[0]},"path":{"folder":{"/etc/ssh":[1]}}}"#);
        assert_eq!(trie_bits(&t, b"\x03/etc/ssh\0"), Some(Bits::of(&[1])));
        for directory in [b"\x02/\0".as_slice(), b"\x02/etc\0", b"\x02/etc/ssh\0"] {
            assert_eq!(trie_bits(&t, directory), Some(Bits::of(&[1])));
        }
        assert_eq!(trie_bits(&t, b"/etc/ssh\0"), None);
    }

    #[test]
    fn the_fixed_part_has_the_sensors_size() {
        let t = tables(r#"{"clauses":1,"syscalls":{"2":[0]}}"#);
        assert_eq!(t.fixed().len(), FILTER_SIZE);
        assert_eq!(t.fixed()[2 * CLAUSE_WORDS * 8], 1);
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
    fn dimensions_are_asked_for_only_by_clauses_that_restrict_them() {
        let t = tables(
            r#"{"clauses":3,"path":{"any":[1],"filename":{"a":[0]},"prefix":{"/etc/":[2]}},
                "container":{"host":[0,1],"container":[0,2]},"name":{"any":[0,1,2]},"user":{"any":[0],"other":[0,1]}}"#,
        );
        let [place, path, filename, port, name, user, inside, outside, ..] = t.asks();
        assert_eq!(place, Bits::of(&[1, 2]));
        assert_eq!(path, Bits::of(&[0, 2]));
        assert_eq!(filename, Bits::of(&[0]));
        assert_eq!(user, Bits::of(&[1, 2]));
        assert_eq!([port, name, inside, outside], [Bits::NONE; 4]);
    }

    #[test]
    fn directories_know_the_atoms_below_them() {
        let t = tables(r#"{"clauses":3,"path":{"exact":{"/etc/ssh/key":[0]},"prefix":{"/etc":[1],"/root/":[2]}}}"#);
        assert_eq!(trie_bits(&t, b"\x02/\0"), Some(Bits::of(&[0, 1, 2])));
        assert_eq!(trie_bits(&t, b"\x02/etc\0"), Some(Bits::of(&[0])), "the prefix /etc is found by itself");
        assert_eq!(trie_bits(&t, b"\x02/etc/ssh\0"), Some(Bits::of(&[0])));
        assert_eq!(trie_bits(&t, b"\x02/root\0"), Some(Bits::of(&[2])));
    }

    #[test]
    fn names_that_are_asked_for_have_their_bit() {
        let t = tables(r#"{"clauses":1,"path":{"filename":{"authorized_keys":[0],"a":[0]}}}"#);
        let has = |name: &[u8]| t.name_set()[name_bit(name) / 64] >> (name_bit(name) % 64) & 1 == 1;
        assert!(has(b"authorized_keys") && has(b"a"));
        assert_eq!(t.name_set().iter().map(|word| word.count_ones()).sum::<u32>(), 2);
    }

    #[test]
    fn a_network_holds_what_those_around_it_do() {
        let t = tables(
            r#"{"clauses":3,"network":{"inside":[0],"outside":[1,2],"networks":{
                "10.0.0.0/8":{"shunned":[[1],[]]},"10.1.0.0/16":{"wanted":[0],"shunned":[[],[2]]},"::1":{"wanted":[0]}}}}"#,
        );
        let entries = t.networks(7);
        let found =
            |text: &str| entries.iter().find(|(key, _)| *key == network_key(7, network(text).unwrap())).unwrap();
        let bits = |clauses: &[&[Clause]]| clauses.iter().flat_map(|c| Bits::of(c).bytes()).collect::<Vec<u8>>();
        assert_eq!(found("10.1.0.0/16").1, bits(&[&[0], &[1], &[2]]));
        assert_eq!(found("10.0.0.0/8").1, bits(&[&[], &[1], &[]]));
        assert_eq!(found("::1").1, bits(&[&[0], &[], &[]]));
        assert_eq!(found("::1").0.len(), 28);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(tables(r#"{"clauses":1025,"syscalls":{}}"#).check(), Err(FilterError::TooMany(1025)));
        assert!(tables(r#"{"clauses":1,"syscalls":{"x":[0]}}"#).check().is_err());
        let networks = r#"{"clauses":1,"network":{"networks":{"10.0.0.0/33":{}}}}"#;
        assert_eq!(tables(networks).check(), Err(FilterError::Network("10.0.0.0/33".into())));
    }
}
