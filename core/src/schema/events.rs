//! Events: what `events.tsv` says about each.

use super::params::ParamInfo;
use super::sources;
use super::table::{self, TableError};

/// Who produces an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Syscall,
    Tracepoint,
    Plugin,
    /// Notifications, state events, iterator records.
    Meta,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syscall => "syscall",
            Self::Tracepoint => "tracepoint",
            Self::Plugin => "plugin",
            Self::Meta => "meta",
        }
    }
}

/// What an event does, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFlags(u16);

impl EventFlags {
    pub const USES_FD: Self = Self(1 << 0);
    pub const CREATES_FD: Self = Self(1 << 1);
    pub const DESTROYS_FD: Self = Self(1 << 2);
    pub const READS_FROM_FD: Self = Self(1 << 3);
    pub const WRITES_TO_FD: Self = Self(1 << 4);
    pub const MODIFIES_STATE: Self = Self(1 << 5);
    pub const WAITS: Self = Self(1 << 6);
    pub const SKIPPARSERESET: Self = Self(1 << 7);
    pub const LARGE_PAYLOAD: Self = Self(1 << 8);
    /// The capture reader upgrades older encodings of it.
    pub const CONVERTER_MANAGED: Self = Self(1 << 9);

    const NAMES: [(&'static str, Self); 10] = [
        ("USES_FD", Self::USES_FD),
        ("CREATES_FD", Self::CREATES_FD),
        ("DESTROYS_FD", Self::DESTROYS_FD),
        ("READS_FROM_FD", Self::READS_FROM_FD),
        ("WRITES_TO_FD", Self::WRITES_TO_FD),
        ("MODIFIES_STATE", Self::MODIFIES_STATE),
        ("WAITS", Self::WAITS),
        ("SKIPPARSERESET", Self::SKIPPARSERESET),
        ("LARGE_PAYLOAD", Self::LARGE_PAYLOAD),
        ("CONVERTER_MANAGED", Self::CONVERTER_MANAGED),
    ];

    /// All bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// At least one bit of `other` is set.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The table's words for the bits that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(_, bit)| self.has(*bit)).map(|(name, _)| *name)
    }

    fn parse(cell: &'static str) -> Result<Self, String> {
        let words = table::optional(cell).into_iter().flat_map(|c| c.split('|'));
        words.into_iter().try_fold(Self::default(), |set, word| {
            let (_, bit) = Self::NAMES.iter().find(|(n, _)| *n == word).ok_or(format!("unknown flag `{word}`"))?;
            Ok(set.with(*bit))
        })
    }
}

/// One event.
#[derive(Debug)]
pub struct EventInfo {
    pub id: u16,
    /// What `evt.type` shows (generic events show the call's name instead).
    pub name: &'static str,
    /// `file`, `net`, `process`, `io_read` …
    pub category: &'static str,
    pub flags: EventFlags,
    /// Names of the calls that produce it; for the generic event every call without one of its own.
    pub syscalls: Vec<&'static str>,
    pub params: Vec<ParamInfo>,
    pub kind: Kind,
    /// Sensor program that emits it: `simple`, `none` or a program of its own.
    pub program: &'static str,
}

impl EventInfo {
    /// Position of the parameter of this name.
    pub fn param_index(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|p| p.name == name)
    }

    /// Whether it is a system call's exit (and its first parameter, if any, the call's result).
    pub fn is_syscall(&self) -> bool {
        self.kind == Kind::Syscall
    }
}

/// The category word that `evt.category` shows for an event that is no I/O event.
pub fn category_of(info: &EventInfo) -> &'static str {
    match info.category {
        "ipc" => "IPC",
        other => other,
    }
}

/// Reads `events.tsv`, ascending by id.
pub(super) fn parse(text: &'static str) -> Result<Vec<EventInfo>, TableError> {
    let mut events: Vec<EventInfo> = Vec::with_capacity(256);
    table::rows(text, |[id, name, category, flags, syscalls, params, program, sources]| {
        let info = EventInfo {
            id: table::number(id)?,
            name,
            category: category.split('|').next().unwrap_or_default(),
            flags: EventFlags::parse(flags)?,
            syscalls: match syscalls {
                "-" | "*" => Vec::new(),
                list => list.split(',').collect(),
            },
            params: params_of(params, program, sources)?,
            kind: kind_of(category)?,
            program,
        };
        if events.last().is_some_and(|last| last.id >= info.id) {
            return Err(format!("event {id} is out of order"));
        }
        events.push(info);
        Ok(())
    })?;
    Ok(events)
}

fn kind_of(category: &str) -> Result<Kind, String> {
    match category.rsplit('|').next() {
        Some("syscall") => Ok(Kind::Syscall),
        Some("tracepoint") => Ok(Kind::Tracepoint),
        Some("plugin") => Ok(Kind::Plugin),
        Some("metaevent" | "iter") => Ok(Kind::Meta),
        _ => Err(format!("category `{category}` names no producer")),
    }
}

fn params_of(params: &'static str, program: &str, sources: &'static str) -> Result<Vec<ParamInfo>, String> {
    let mut list = Vec::new();
    for cell in table::optional(params).into_iter().flat_map(|c| c.split(' ')) {
        list.push(ParamInfo::parse(cell)?);
    }
    let sources: Vec<_> = table::optional(sources).into_iter().flat_map(|c| c.split(' ')).collect();
    if program == "simple" && sources.len() != list.len() {
        return Err(format!("{} sources for {} parameters", sources.len(), list.len()));
    }
    for (param, source) in list.iter_mut().zip(sources) {
        param.sources = sources::parse(source)?;
    }
    let count = list.len();
    if list.iter().any(|p| p.base.is_some_and(|b| usize::from(b) >= count)) {
        return Err("base descriptor outside the parameters".into());
    }
    Ok(list)
}
