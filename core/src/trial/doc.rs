//! What processes and events can say about themselves; the keys of their JSON objects.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// A process that is named, or described on the spot.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ProcessRef {
    Pid(i64),
    /// The name of a process described before.
    Name(String),
    New(Box<ProcessDoc>),
}

/// A process. Everything may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessDoc {
    pub pid: Option<i64>,
    /// The parent, process 1 if none is named. `ppid: 0` is a process without a known parent.
    pub parent: Option<ProcessRef>,
    pub ppid: Option<i64>,
    /// Short command name; the last part of `exepath` by default.
    pub name: Option<String>,
    /// argv\[0\]; the name by default.
    pub exe: Option<String>,
    /// The executable's path; `/usr/bin/` and the name by default.
    pub exepath: Option<String>,
    /// Arguments without argv\[0\].
    pub args: Option<Words>,
    pub env: Option<Env>,
    pub cwd: Option<String>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// -1 is unset, the default.
    pub loginuid: Option<i64>,
    /// Device number of the controlling terminal; 0, the default, is none.
    pub tty: Option<u32>,
    pub sid: Option<u32>,
    pub pgid: Option<u32>,
    pub vpgid: Option<i64>,
    pub vpid: Option<u32>,
    /// A container's hex id (12 to 64 digits), or its name.
    pub container: Option<String>,
    /// The cgroup's path, where `container` does not say enough.
    pub cgroup: Option<String>,
    /// `execve_flags` by name, such as EXE_UPPER_LAYER.
    pub flags: Option<Json>,
    pub cap_inheritable: Option<u64>,
    pub cap_permitted: Option<u64>,
    pub cap_effective: Option<u64>,
    pub exe_ino: Option<u64>,
    /// ns since the epoch.
    pub exe_ino_ctime: Option<u64>,
    pub exe_ino_mtime: Option<u64>,
}

/// Words in one text, separated by blanks, or one by one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    Line(String),
    List(Vec<String>),
}

impl Words {
    pub fn list(&self) -> Vec<&str> {
        match self {
            Self::Line(line) => line.split_whitespace().collect(),
            Self::List(words) => words.iter().map(String::as_str).collect(),
        }
    }
}

/// An environment: `NAME=value` each, or names and values.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Env {
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}

impl Env {
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::List(lines) => lines.clone(),
            Self::Map(map) => map.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        }
    }
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDoc {
    /// A name of an event, or of a system call.
    #[serde(rename = "type")]
    pub name: String,
    #[serde(default)]
    pub params: BTreeMap<String, Json>,
    #[serde(default)]
    pub process: Option<ProcessRef>,
    /// The thread, where it is not the process's first.
    #[serde(default)]
    pub tid: Option<i64>,
    /// A number, the name of an error, or `success`; the event's first parameter.
    #[serde(default)]
    pub result: Option<Json>,
    #[serde(default)]
    pub fd: Option<FdRef>,
    /// Real names by path parameter; one text where the event has one path.
    #[serde(default)]
    pub real: Option<Names>,
    /// Directories that relative names start from, by path parameter; the process's own by default.
    #[serde(default)]
    pub base: Option<Names>,
    /// ns since the epoch; a millisecond after the event before by default.
    #[serde(default)]
    pub time: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Names {
    One(String),
    Of(BTreeMap<String, String>),
}

/// A descriptor as a path, as `local->remote` of a TCP client, or in full.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FdRef {
    Short(String),
    Full(Box<FdDoc>),
}

/// A descriptor: a file, or a socket if `socket` is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FdDoc {
    pub num: Option<i64>,
    /// The file's own name.
    pub path: Option<String>,
    /// `file`, `directory`, `fifo`, `memfd` …; `file` by default.
    pub kind: Option<String>,
    pub dev: Option<u32>,
    pub ino: Option<u64>,
    pub mode: Option<u16>,
    /// `upper` or `lower` layer of an overlay.
    pub layer: Option<String>,
    pub deleted: bool,
    pub socket: Option<SocketDoc>,
}

/// A socket. Addresses are `1.2.3.4:80`, `[::1]:80`, or an address alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SocketDoc {
    /// `inet`, `inet6`, `unix`, `netlink`, `packet`; follows the addresses by default.
    pub family: Option<String>,
    /// `tcp` (the default), `udp`, `icmp`, `raw`.
    pub proto: Option<String>,
    pub local: Option<String>,
    pub remote: Option<String>,
    /// `client` or `server`; follows the event by default.
    pub role: Option<String>,
    pub listening: bool,
    /// Of a unix socket.
    pub path: Option<String>,
    pub ino: Option<u64>,
}
