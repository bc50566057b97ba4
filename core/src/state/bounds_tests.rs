//! Every table of state is filled past its bound: it stays below the ceiling that docs/architecture.md gives, and what
//! had to go is counted.

use std::net::IpAddr;
use std::sync::Arc;

use super::captured::{ADDRESSES_MAX, RECORDS_MAX, STRAYS_MAX};
use super::cpu_time::CpuTime;
use super::process::{Image, ImageParts, Process, STRINGS_MAX, Thread, directory, text};
use super::processes::{DEFAULT_MAX, THREADS_PER_PROCESS};
use super::users::{PRINCIPALS_MAX, Realm, WITNESSES};
use super::{Counters, State, StateConfig, cgroups, containers, names, users};
use crate::capture::scap::interfaces::Interface;
use crate::capture::scap::reader::Metadata;
use crate::event::{Extension, TaskFacts};
use crate::testing::{Build, task};
use bumpalo::Bump;

const ARCHITECTURE: &str = include_str!("../../../docs/architecture.md");

/// Processes in these tests.
const PROCESSES: usize = 500;
/// Put in beyond the bound.
const MORE: usize = 20;

/// One row of the table in docs/architecture.md.
struct Case {
    name: &'static str,
    bound: usize,
    state: fn() -> State,
    /// Puts in the entry of this number.
    put: fn(&mut State, usize),
    counted: fn(&Counters) -> u64,
}

fn live() -> State {
    State::new(StateConfig { max_processes: PROCESSES, ..StateConfig::default() })
}

fn of_capture() -> State {
    State::captured(StateConfig { max_processes: PROCESSES, ..StateConfig::default() })
}

const CASES: &[Case] = &[
    Case { name: "processes", bound: PROCESSES, state: live, put: put_process, counted: |c| c.processes_evicted },
    Case {
        name: "threads",
        bound: PROCESSES * THREADS_PER_PROCESS,
        state: with_process,
        put: |state, n| {
            let creds = Some(Box::default());
            state.processes.add_thread(Thread {
                tid: 1000 + n as i64,
                pid: 1,
                vtid: 1,
                comm: None,
                creds,
                cpu: CpuTime::default(),
            });
        },
        counted: |c| c.threads_refused,
    },
    Case {
        name: "cgroups",
        bound: containers::CGROUPS_MAX,
        state: live,
        put: |state, n| {
            state.containers.learn(n as u64 + 1, format!("/lxc/{n:0>255}").as_bytes());
            state.take_new_cgroups().for_each(drop);
        },
        counted: |c| c.cgroups_forgotten,
    },
    Case {
        name: "cgroup strings",
        bound: cgroups::STRINGS_MAX,
        state: live,
        put: put_cgroup_strings,
        // All of them make room for one.
        counted: |c| c.cgroups_forgotten / (cgroups::STRINGS_MAX / MORE) as u64,
    },
    Case {
        name: "containers' users",
        bound: users::CONTAINERS_MAX,
        state: || {
            let mut state = live();
            state.users.follow();
            state
        },
        put: |state, n| {
            state.users.user(Realm::Container { id: &format!("{n:0>64}"), pids: [0; WITNESSES] }, 0, &Bump::new());
        },
        counted: |c| c.users_forgotten,
    },
    Case {
        name: "host names",
        bound: 2 * names::NAMES_MAX,
        state: live,
        put: |state, n| state.names.take_message(&dns_answer(n as u32), 1),
        // Half of them go at once.
        counted: |c| c.names_forgotten / (names::NAMES_MAX / MORE) as u64,
    },
    Case {
        name: "a capture's users",
        bound: PRINCIPALS_MAX,
        state: of_capture,
        put: |state, n| state.users.add_user("3ad7b26ded6d", n as u32, [&[b'n'; 255], &[b'h'; 255], &[b's'; 255]]),
        counted: |c| c.users_forgotten,
    },
    Case {
        name: "a capture's strays",
        bound: STRAYS_MAX,
        state: of_capture,
        put: |state, n| open(state, n as i64 + 1, 255),
        counted: |c| c.descriptors_forgotten / (STRAYS_MAX / MORE) as u64,
    },
    Case {
        name: "a capture's descriptors",
        bound: RECORDS_MAX,
        state: with_process,
        put: |state, n| open(state, 1, n as i64),
        counted: |c| c.descriptors_forgotten,
    },
    Case {
        name: "a capture's addresses",
        bound: ADDRESSES_MAX,
        state: of_capture,
        put: |state, n| {
            let address = IpAddr::from((n as u128).to_be_bytes());
            state.interface(&Interface { name: b"eth0", address });
        },
        counted: |c| c.descriptors_forgotten,
    },
];

/// All of its texts are as long as may be, and nobody else's.
fn put_process(state: &mut State, n: usize) {
    let own = |what: u8| [format!("{n:09}").as_bytes(), &[what; STRINGS_MAX]].concat();
    let image = |exepath: u8| {
        let (exe, exepath, args, env) = (own(b'e'), own(exepath), own(b'a'), own(b'v'));
        let parts =
            ImageParts { exe: &exe, exepath: &exepath, comm: b"x", args: &args, env: &env, ..ImageParts::default() };
        Arc::new(Image::new(ImageParts { script: text(&own(b's')), ..parts }))
    };
    let parent = Process { image: image(b'o'), ..Process::new(n as i64) };
    let [cwd, root, cgroups] = [directory(&own(b'd')), text(&own(b'r')), text(&own(b'g'))];
    let child = parent.fork(n as i64 + 1, n as u64);
    state.processes.insert(Process { image: image(b'p'), cwd, root, cgroups, ..child });
}

fn with_process() -> State {
    let mut state = of_capture();
    state.processes.insert(Process::new(1));
    state
}

fn put_cgroup_strings(state: &mut State, n: usize) {
    let path = vec![b'a'; STRINGS_MAX];
    let facts = TaskFacts { cgroup: n as u64 + 1, ..task(i32::MAX as u32, 1, "gone") };
    let event = Build::new("close").tid(i64::from(i32::MAX)).done();
    let event = event.live(Extension { task: facts, cgroup_path: Some(&path), ..Extension::default() });
    state.cgroups.of_event(&event, state);
}

/// A name of the greatest length, for an address that it alone has.
fn dns_answer(n: u32) -> Vec<u8> {
    let label = |c: u8, len: u8| [vec![len], vec![c; len as usize]].concat();
    let name = [label(b'a', 63), label(b'b', 63), label(b'c', 63), label(b'd', 61), vec![0]].concat();
    let head = b"\x07\x07\x81\x80\0\x01\0\x01\0\0\0\0";
    [head, &name[..], b"\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\x01\0\0\0\x04", &n.to_be_bytes()].concat()
}

fn open(state: &mut State, tid: i64, fd: i64) {
    let event = Build::new("open").tid(tid).int("fd", fd).text("name", "/etc/hostname").done();
    state.apply(&event.event());
}

/// The cells of a row of the table, by its first one.
fn row(name: &str) -> Vec<&'static str> {
    let start = format!("| {name} |");
    let line = ARCHITECTURE.lines().find(|line| line.starts_with(&start));
    line.unwrap_or_else(|| panic!("docs/architecture.md has no row {name}")).split('|').map(str::trim).collect()
}

fn number(cell: &str) -> i64 {
    let digits: String = cell.chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|c| *c != ',').collect();
    digits.parse().unwrap_or_else(|_| panic!("no number: {cell}"))
}

#[test]
fn every_table_stays_below_its_ceiling_and_counts_what_had_to_go() {
    let mut wrong = Vec::new();
    for case in CASES {
        let per_entry = number(row(case.name)[6]);
        let before = crate::heap::bytes();
        let mut state = (case.state)();
        let empty = crate::heap::bytes() - before;
        let mut most = 0;
        for n in 0..case.bound + MORE {
            (case.put)(&mut state, n);
            if n % 64 == 0 || n > case.bound {
                most = most.max(crate::heap::bytes() - before - empty);
            }
        }
        let counted = (case.counted)(&state.counters());
        let (name, bytes) = (case.name, most / case.bound as i64);
        println!("{name}: {bytes} bytes an entry");
        if counted != MORE as u64 || bytes > per_entry {
            wrong.push(format!("{name}: {counted} counted, {bytes} bytes an entry"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// As many processes as there may be by default: `cargo test --release -- --ignored ceiling --nocapture` says what they
/// take, if nothing of theirs is alike, and if their environments are.
#[test]
#[ignore = "takes 6 GiB"]
fn the_ceiling_of_processes() {
    let fill = |state: &mut State, put: fn(&mut State, usize)| {
        let before = crate::heap::bytes();
        (0..DEFAULT_MAX + MORE).for_each(|n| put(state, n));
        assert_eq!((state.processes.len(), state.counters().processes_evicted), (DEFAULT_MAX, MORE as u64));
        (crate::heap::bytes() - before) / DEFAULT_MAX as i64
    };
    let most = fill(&mut State::new(StateConfig::default()), put_process);
    let service = fill(&mut State::new(StateConfig::default()), put_service);
    println!("bytes a process: {most}, of a service {service}");
    assert!(most <= number(row("processes")[6]) && service < 2048);
}

/// One of many alike: 30 bytes of its own arguments, 1 KiB of environment that it has from its parent.
fn put_service(state: &mut State, n: usize) {
    let args = format!("--worker\0--number={n:012}\0").into_bytes();
    let env = [b'e'; 1024];
    let parts = ImageParts {
        exe: b"/usr/bin/service",
        exepath: b"/usr/bin/service",
        comm: b"service",
        args: &args,
        ..ImageParts::default()
    };
    let image = Arc::new(Image::new(ImageParts { env: &env, ..parts }));
    state.processes.insert(Process { ppid: 1, seen: n as u64, image, ..Process::new(n as i64 + 2) });
}
