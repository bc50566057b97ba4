//! An event that no rule matches is decoded, taken into state and judged without a single allocation: a flood of such
//! events costs no more than their work.
//!
//! What an event adds to state is memory that it needs. A new process image, a birth, a new working directory may
//! allocate; judging such an event may not.

#![cfg(feature = "live")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};

use _core::capture::live::fixup;
use _core::engine::judge::judge;
use _core::engine::racy::Resolver;
use _core::event::{Event, encode};
use _core::rules::{Evaluator, Plan};
use _core::schema::{self, EventInfo};
use _core::state::{State, StateConfig};
use bumpalo::Bump;
use serde_json::{Value as Json, json};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn note() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const INIT: u32 = 1;
const SHELL: u32 = 4_000_000;
const ROUNDS: usize = 200;
const RUNS: usize = 5;
const REAL: u16 = 3;
const BASE: u16 = 4;
const SOCKET: u16 = 2;
const DESCRIPTOR: u8 = 255;

/// A record as the sensor sends it.
struct Record {
    info: &'static EventInfo,
    params: Vec<Vec<u8>>,
    items: Vec<u8>,
    pid: u32,
    parent: u32,
}

impl Record {
    /// Of this process, whose directories can be looked at.
    fn new(name: &str) -> Self {
        let info = schema::events().iter().find(|info| info.name == name).expect("an event of the schema");
        let params = vec![Vec::new(); info.params.len()];
        Self { info, params, items: Vec::new(), pid: std::process::id(), parent: SHELL }
    }

    fn of(self, pid: u32, parent: u32) -> Self {
        Self { pid, parent, ..self }
    }

    fn param(mut self, name: &str, value: &[u8]) -> Self {
        let at = self.info.param_index(name).expect("a parameter of the event");
        self.params[at] = value.to_vec();
        self
    }

    fn number(self, name: &str, value: i64) -> Self {
        self.param(name, &value.to_le_bytes())
    }

    fn text(self, name: &str, value: &str) -> Self {
        self.param(name, &[value.as_bytes(), b"\0"].concat())
    }

    fn item(mut self, kind: u16, body: &[u8]) -> Self {
        self.items.extend_from_slice(&kind.to_le_bytes());
        self.items.extend_from_slice(&(body.len() as u16).to_le_bytes());
        self.items.extend_from_slice(body);
        self
    }

    fn name_of(self, kind: u16, param: u8, text: &str) -> Self {
        self.item(kind, &[&[param, 0], text.as_bytes()].concat())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let head = encode::Head { ts: 1_000_000_000, tid: i64::from(self.pid), id: self.info.id };
        encode::event(&mut out, head, self.params.iter().map(Vec::as_slice));
        let mut fixed = [0; 64];
        fixed[..2].copy_from_slice(&(64 + self.items.len() as u16).to_le_bytes());
        fixed[4..8].copy_from_slice(&self.pid.to_le_bytes());
        fixed[8..16].copy_from_slice(&(u64::from(self.pid) * 1000).to_le_bytes());
        fixed[24..28].copy_from_slice(&self.parent.to_le_bytes());
        fixed[44..48].copy_from_slice(b"busy");
        out.extend_from_slice(&fixed);
        out.extend_from_slice(&self.items);
        out
    }
}

fn check(field: &str, op: &str, values: &[&str]) -> Json {
    json!({"check": {"lhs": {"field": field}, "op": op, "values": values}})
}

fn rule(name: &str, node: usize, events: &[&str]) -> Json {
    let id = |name: &&str| schema::events().iter().find(|info| info.name == *name).map(|info| info.id);
    let events: Vec<_> = events.iter().filter_map(id).collect();
    json!({
        "name": name, "source": "syscall", "priority": 4, "node": node, "events": events,
        "output": [{"value": {"field": "fd.name"}, "as": "fd.name"}],
    })
}

/// Rules that look at paths under both names, at processes, their ancestors and sockets.
fn plan() -> Plan {
    let nodes = json!([
        check("fd.name", "startswith", &["/none/"]),
        check("fs.path.name", "contains", &["never"]),
        check("proc.pname", "in", &["cron", "systemd"]),
        {"not": 2},
        check("proc.cmdline", "regex", &["busy.*loop"]),
        check("fd.sip", "=", &["10.0.0.1"]),
        check("fd.sport", "=", &["4444"]),
        check("proc.aname", "=", &["httpd"]),
        {"and": [3, 0]},
        {"and": [3, 1]},
        {"or": [5, 6]},
        {"or": [4, 7]},
    ]);
    let rules = [
        rule("Opened", 8, &["open", "openat"]),
        rule("Removed", 9, &["unlink", "unlinkat", "rename"]),
        rule("Connected", 10, &["connect"]),
        rule("Ran", 11, &["execve"]),
        rule("Made", 2, &["mkdir"]),
        rule("Linked", 1, &["chmod"]),
    ];
    let plan = json!({"format": 1, "nodes": nodes, "rules": rules});
    Plan::compile(plan.to_string().as_bytes()).expect("a plan")
}

/// What the engine's thread does with a record.
struct Engine {
    state: State,
    evaluator: Evaluator,
    resolver: Resolver,
    arena: Bump,
    alerts: u64,
    /// Allocations while state took events in, and otherwise.
    by_state: u64,
    elsewhere: u64,
}

impl Engine {
    fn new() -> Self {
        let state = State::new(StateConfig { live: true, ..StateConfig::default() });
        let mut engine = Self {
            state,
            evaluator: Evaluator::new(plan()),
            resolver: Resolver::default(),
            arena: Bump::new(),
            alerts: 0,
            by_state: 0,
            elsewhere: 0,
        };
        for record in [exec(INIT, 0), exec(SHELL, INIT), exec(std::process::id(), SHELL)] {
            engine.handle(&mut record.bytes());
        }
        engine
    }

    fn handle(&mut self, record: &mut [u8]) {
        let Self { state, evaluator, resolver, arena, alerts, .. } = self;
        let all = allocations(|| {
            let len = fixup::fix(record, 0, None);
            let mut event = Event::decode(&record[..len], 0).expect("a well-formed event");
            self.by_state += allocations(|| state.apply(&event));
            judge(&mut event, state, evaluator, resolver, arena, false, |_, _| *alerts += 1);
            state.after(&event);
        });
        self.elsewhere += all;
        self.arena.reset();
    }

    /// Allocations by state, and by all else, while the records come again and again.
    fn run(&mut self, records: &[Record]) -> (u64, u64) {
        let fresh: Vec<Vec<u8>> = records.iter().map(Record::bytes).collect();
        let mut used = fresh.clone();
        for round in 0..=ROUNDS {
            if round == 1 {
                (self.by_state, self.elsewhere) = (0, 0);
            }
            for (used, fresh) in used.iter_mut().zip(&fresh) {
                used.copy_from_slice(fresh);
                self.handle(used);
            }
        }
        assert_eq!(self.alerts, 0, "none of them is for any rule");
        (self.by_state, self.elsewhere - self.by_state)
    }
}

fn exec(pid: u32, parent: u32) -> Record {
    let id = i64::from(pid);
    let record = Record::new("execve").of(pid, parent).number("res", 0).number("tid", id).number("pid", id);
    record.number("ptid", i64::from(parent)).text("exe", "/usr/bin/busy").text("comm", "busy").text("cwd", "/tmp/")
}

/// A directory with a link to another, and a file in that. A link to a file would have the file system asked, in another
/// thread and for an allocation.
fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("yarak-no-allocation-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("real")).expect("a directory");
    std::fs::write(folder.join("real/file"), "").expect("a file");
    std::os::unix::fs::symlink("real", folder.join("link")).expect("a link");
    folder
}

fn socket() -> [u8; 74] {
    let mut socket = [0; 74];
    socket[32..36].copy_from_slice(&[192, 168, 0, 2]);
    socket[48..52].copy_from_slice(&[10, 0, 0, 2]);
    socket[64] = 2;
    socket[68] = 1;
    socket[69] = 0b1_1001;
    socket[70..74].copy_from_slice(&[0x10, 0x80, 0xbb, 0x01]);
    socket
}

fn quiet(folder: &Path) -> Vec<Record> {
    let at = |name: &str| folder.join(name).to_str().expect("a name in UTF-8").to_owned();
    let open = |name: &str| Record::new("openat").number("fd", 3).number("dirfd", -100).text("name", name);
    let done = |name: &str| Record::new(name).number("res", 0);
    vec![
        open("/etc/hosts").name_of(REAL, DESCRIPTOR, "/etc/hosts"),
        open("/etc/../etc//hosts").name_of(REAL, DESCRIPTOR, "/data/hosts"),
        open("hosts").name_of(REAL, DESCRIPTOR, "/data/hosts").name_of(BASE, 2, "/etc"),
        Record::new("openat").number("fd", -2).number("dirfd", -100).text("name", "/etc/none"),
        done("unlink").text("path", &at("link/gone")),
        done("unlink").text("path", "gone").name_of(BASE, 1, &at("link")),
        done("unlink").text("path", "../gone"),
        done("rename").text("oldpath", &at("link/one")).text("newpath", &at("real/two")),
        done("chmod").text("filename", &at("link/file")),
        done("mkdir").text("path", &at("link/new")).param("mode", &[0xff, 1, 0, 0]),
        done("connect").number("fd", 4).item(SOCKET, &socket()),
        Record::new("execve").number("res", -2).text("filename", "/none"),
    ]
}

#[test]
fn what_no_rule_matches_allocates_nothing() {
    let folder = scratch();
    // A look at names that meets somebody's rename or mount is told to ask the file system, which allocates: not in
    // every run.
    let found = (0..RUNS).map(|_| Engine::new().run(&quiet(&folder))).min();
    std::fs::remove_dir_all(folder).expect("clean up");
    assert_eq!(found, Some((0, 0)), "allocations by state, and by decoding and rules");
}

#[test]
fn an_exec_is_judged_without_allocating() {
    let (by_state, elsewhere) = Engine::new().run(&[exec(std::process::id(), SHELL)]);
    assert!(by_state > 0, "the new image is kept");
    assert_eq!(elsewhere, 0);
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))), 1);
}
