//! The kernel filter's tables as the plan carries them; the sensor loads them into maps.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Clauses that are still possible, as bit numbers.
pub type Clauses = Vec<u16>;

/// Per dimension and key: the clauses that the key leaves possible. Bits are ANDed over the dimensions that
/// can be computed; what is left empty is dropped in the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Filter {
    /// Number of clauses, at most 256.
    #[serde(default)]
    pub clauses: u16,
    /// By native system call number; a call that is missing is needed by no rule.
    #[serde(default)]
    pub syscalls: BTreeMap<u16, Clauses>,
    #[serde(default)]
    pub access: Access,
    #[serde(default)]
    pub result: Outcome,
    #[serde(default)]
    pub path: Paths,
    #[serde(default)]
    pub container: Container,
}

/// By access mode; open family only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Access {
    pub read: Clauses,
    pub write: Clauses,
    pub rdwr: Clauses,
}

/// By result: `ok` is a result of at least 0, or EINPROGRESS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Outcome {
    pub ok: Clauses,
    pub fail: Clauses,
}

/// By the event's first path, under either name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Paths {
    /// Clauses that say nothing about the path.
    pub any: Clauses,
    pub exact: BTreeMap<String, Clauses>,
    pub prefix: BTreeMap<String, Clauses>,
    pub filename: BTreeMap<String, Clauses>,
}

/// By where the task runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Container {
    pub host: Clauses,
    pub container: Clauses,
}
