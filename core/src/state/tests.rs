//! Events in, tables out.

use std::sync::Arc;

use super::*;
use crate::event::{Extension, ext_flags};
use crate::testing::{Build, Built, path, task};

fn state() -> State {
    State::new(StateConfig { boot_time_ns: 500, ..StateConfig::default() })
}

fn exec(tid: i64, ptid: i64, comm: &str) -> Build {
    Build::new("execve").tid(tid).int("res", 0).int("tid", tid).int("pid", tid).int("ptid", ptid).text("comm", comm)
}

fn fork(parent: i64, child: i64) -> Build {
    Build::new("clone").tid(child).int("res", 0).int("tid", child).int("pid", child).int("ptid", parent)
}

fn apply(state: &mut State, event: Built) {
    state.apply(&event.event());
    state.after(&event.event());
}

/// A shell 100, child of 1.
fn with_shell() -> State {
    let mut state = state();
    let shell = exec(100, 1, "bash").text("exe", "-bash").text("cwd", "/root").int("uid", 0).int("gid", 0);
    apply(&mut state, shell.text("trusted_exepath", "/usr/bin/bash").int("tty", 34816).bytes("env", b"A=1\0").done());
    state
}

#[test]
fn positions_are_the_schemas() {
    for (id, at, name) in wire::POSITIONS {
        let info = crate::schema::event(*id).expect("a current event");
        assert_eq!(info.param_index(name), Some(*at), "{} {name}", info.name);
    }
    assert!(wire::POSITIONS.len() > 40);
}

#[test]
fn a_child_is_its_parents_copy_until_it_execs() {
    let mut state = with_shell();
    apply(&mut state, fork(100, 200).ts(7).text("comm", "bash").int("vpid", 200).done());
    let child = state.process(200).expect("the child");
    assert_eq!((child.ppid, child.clone_ts, child.tty, &*child.cwd), (100, 7, 34816, &b"/root/"[..]));
    assert_eq!((child.image.exe(), child.creds.uid), (&b"-bash"[..], 0));
    apply(&mut state, exec(200, 100, "cat").text("exe", "cat").bytes("args", b"/etc/shadow\0").done());
    let child = state.process(200).expect("the child");
    assert_eq!((child.image.command().line(), child.clone_ts), (&b"cat /etc/shadow"[..], 7));
    assert_eq!(state.process(100).map(|p| p.image.exe()), Some(&b"-bash"[..]));
}

#[test]
fn a_capture_tells_a_script_by_the_file_that_was_named() {
    let script = |filename: &str, args: &[u8]| {
        let mut state = with_shell();
        let event = exec(100, 1, "run.sh").text("trusted_exepath", "/usr/bin/dash").text("cwd", "/srv");
        apply(&mut state, event.text("exe", "/bin/sh").text("filename", filename).bytes("args", args).done());
        state.process(100).map(|p| p.image.script.to_vec())
    };
    assert_eq!(script("./run.sh", b"-e\0./run.sh\0").as_deref(), Some(&b"/srv/run.sh"[..]));
    assert_eq!(script("/link/run.sh", b"/other/run.sh\0").as_deref(), Some(&b""[..]), "a link to a shell");
}

#[test]
fn memory_is_as_told_last() {
    let sizes = |event: Build, size: i64| event.int("vm_size", size).int("vm_rss", size / 2).int("vm_swap", 1);
    let faults = |event: Build, count: i64| event.int("pgft_maj", count).int("pgft_min", 10 * count);
    let mut state = state();
    apply(&mut state, faults(sizes(exec(100, 1, "bash"), 100), 1).done());
    let told = |state: &State, pid| state.process(pid).map(|p| (p.vm, p.faults));
    assert_eq!(told(&state, 100), Some(([100, 50, 1], [1, 10])));
    apply(&mut state, faults(sizes(fork(100, 200), 80), 0).done());
    assert_eq!(told(&state, 200), Some(([80, 40, 1], [0, 0])));
    for (call, size) in [("brk", 200), ("mmap", 300), ("munmap", 250)] {
        apply(&mut state, sizes(Build::new(call).tid(100), size).done());
        assert_eq!(told(&state, 100), Some(([size as u64, size as u64 / 2, 1], [1, 10])), "{call}");
    }
    apply(&mut state, faults(sizes(Build::new("switch").tid(100), 400), 3).done());
    assert_eq!(told(&state, 100), Some(([400, 200, 1], [3, 30])));
    apply(&mut state, exec(100, 1, "cat").done());
    assert_eq!(told(&state, 100), Some(([0; 3], [0; 2])), "nothing of the old image stays");
}

#[test]
fn the_callers_half_of_a_clone_makes_nothing_twice() {
    let mut state = with_shell();
    let caller = || Build::new("clone").tid(100).int("res", 200).int("vtid", 100).ts(9);
    apply(&mut state, caller().done());
    assert_eq!(state.process(200).map(|p| (p.ppid, p.vpid)), Some((100, 200)));
    apply(&mut state, exec(200, 100, "cat").done());
    apply(&mut state, fork(100, 200).ts(10).text("comm", "bash").done());
    assert_eq!(state.process(200).map(|p| p.comm.as_bytes()), Some(&b"cat"[..]));
    let elsewhere = caller().int("res", 201).int("flags", i64::from(wire::clone_flags::CHILD_IN_PIDNS));
    apply(&mut state, elsewhere.done());
    assert!(state.process(201).is_none());
}

#[test]
fn a_thread_made_by_its_caller_has_ids_and_privileges() {
    let mut state = with_shell();
    let thread = Build::new("clone").tid(100).int("res", 101).int("vtid", 100).int("vpid", 100).int("tid", 100);
    let flags = i64::from(wire::clone_flags::THREAD);
    apply(&mut state, thread.int("flags", flags).int("uid", 1000).int("gid", 0).done());
    let thread = state.thread(101).expect("the thread");
    assert_eq!((thread.pid, thread.vtid), (100, 101));
    assert_eq!(thread.creds.as_ref().map(|creds| (creds.uid, creds.gid)), Some((1000, 0)));
    assert_eq!(state.process(100).map(|p| p.creds.uid), Some(0));
}

#[test]
fn a_failed_exec_changes_nothing() {
    let mut state = with_shell();
    apply(&mut state, exec(100, 1, "x").int("res", -2).text("exe", "x").done());
    assert_eq!(state.process(100).map(|p| p.comm.as_bytes()), Some(&b"bash"[..]));
}

#[test]
fn an_exiting_process_is_seen_once_more_and_its_children_are_adopted() {
    let mut state = with_shell();
    apply(&mut state, exec(1, 0, "systemd").done());
    apply(&mut state, fork(100, 200).done());
    let exit = Build::new("procexit").tid(100).int("reaper_tid", 1).done();
    state.apply(&exit.event());
    assert!(state.process(100).is_some());
    assert_eq!(state.process(200).map(|p| p.ppid), Some(1));
    state.after(&exit.event());
    assert!(state.process(100).is_none());
    assert_eq!(state.process(200).and_then(|p| p.origin.as_ref()).map(|o| o.pid), Some(100));
}

#[test]
fn a_parent_that_has_exited_is_not_followed_though_the_kernel_still_names_it() {
    let mut state = with_shell();
    apply(&mut state, exec(50, 1, "conmon").done());
    apply(&mut state, fork(100, 200).text("comm", "bash").done());
    apply(&mut state, Build::new("procexit").tid(100).int("reaper_tid", 50).done());
    let event = Build::new("chdir").tid(200).int("res", 0).text("path", "/").done();
    let told = |ppid| Extension { task: task(200, ppid, "bash"), ..Extension::default() };
    state.apply(&event.live(told(100)));
    assert_eq!(state.process(200).map(|p| p.ppid), Some(50));
    state.apply(&exec(200, 100, "ls").done().live(told(100)));
    assert_eq!(state.process(200).map(|p| p.ppid), Some(50));
    state.apply(&event.live(told(50)));
    assert_eq!(state.process(200).map(|p| p.ppid), Some(50));
}

#[test]
fn without_a_named_reaper_the_nearest_one_adopts() {
    let mut state = with_shell();
    let reaper = Build::new("prctl").tid(100).int("res", 0).int("option", 36).int("arg2_int", 1);
    apply(&mut state, reaper.done());
    apply(&mut state, fork(100, 200).done());
    apply(&mut state, fork(200, 300).done());
    apply(&mut state, Build::new("procexit").tid(200).done());
    assert_eq!(state.process(300).map(|p| p.ppid), Some(100));
}

#[test]
fn threads_live_and_die_inside_their_process() {
    let mut state = with_shell();
    let thread =
        fork(100, 101).int("pid", 100).int("flags", i64::from(wire::clone_flags::THREAD)).text("comm", "worker");
    apply(&mut state, thread.done());
    assert_eq!(state.thread(101).map(|t| t.pid), Some(100));
    assert_eq!(state.process(100).map(Process::nthreads), Some(2));
    apply(&mut state, Build::new("setuid").tid(101).int("res", 0).int("uid", 1000).done());
    assert_eq!(state.process(100).map(|p| p.creds.uid), Some(0));
    apply(&mut state, fork(101, 102).done());
    let child = state.process(102).expect("the thread's child");
    assert_eq!((child.ppid, child.creds.uid, child.comm.as_bytes()), (100, 1000, &b"worker"[..]));
    apply(&mut state, Build::new("procexit").tid(100).done());
    assert!(state.process(100).is_some_and(|p| p.dead));
    apply(&mut state, Build::new("procexit").tid(101).done());
    assert!(state.process(100).is_none() && state.thread(101).is_none());
}

#[test]
fn an_exec_ends_the_other_threads() {
    let mut state = with_shell();
    let thread = fork(100, 101).int("pid", 100).int("flags", i64::from(wire::clone_flags::THREAD));
    apply(&mut state, thread.done());
    apply(&mut state, exec(100, 1, "cat").done());
    assert!(state.thread(101).is_none());
    assert_eq!(state.process(100).map(Process::nthreads), Some(1));
}

#[test]
fn ids_change_on_success_and_where_given() {
    let mut state = with_shell();
    apply(&mut state, Build::new("setresuid").tid(100).int("res", 0).int("euid", 33).done());
    apply(&mut state, Build::new("setresgid").tid(100).int("res", 0).int("egid", -1).done());
    apply(&mut state, Build::new("setuid").tid(100).int("res", -1).int("uid", 5).done());
    let creds = state.process(100).map(|p| p.creds).unwrap_or_default();
    assert_eq!((creds.uid, creds.gid), (33, 0));
    let caps = Build::new("capset").tid(100).int("res", 0).int("cap_effective", 2).int("cap_permitted", 2);
    apply(&mut state, caps.done());
    assert_eq!(state.process(100).map(|p| p.creds.cap_effective), Some(2));
}

#[test]
fn directories_sessions_and_limits_follow() {
    let mut state = with_shell();
    apply(&mut state, Build::new("chdir").tid(100).int("res", 0).text("path", "../etc/./ssh").done());
    assert_eq!(state.process(100).map(|p| &*p.cwd), Some(&b"/etc/ssh/"[..]));
    apply(&mut state, Build::new("chroot").tid(100).int("res", 0).text("path", "/srv").done());
    apply(&mut state, Build::new("setsid").tid(100).int("res", 100).done());
    apply(&mut state, Build::new("setrlimit").tid(100).int("res", 0).int("cur", 64).int("resource", 7).done());
    let process = state.process(100).expect("the shell");
    assert_eq!((process.sid, process.pgid, process.tty, process.fdlimit), (100, 100, 0, 64));
    assert_eq!(&*process.root, b"/srv");
    apply(&mut state, fork(100, 200).int("vpid", 200).done());
    apply(&mut state, Build::new("setpgid").tid(100).int("res", 0).int("pid", 200).int("pgid", 0).done());
    assert_eq!(state.process(200).map(|p| (p.vpgid, p.pgid)), Some((200, 200)));
}

#[test]
fn the_kernels_word_on_a_new_directory_counts() {
    let mut state = with_shell();
    let event = Build::new("chdir").tid(100).int("res", 0).text("path", "link").done();
    let ext = Extension { task: task(100, 1, "bash"), real: [path(1, "/mnt/target"), None], ..Extension::default() };
    state.apply(&event.live(ext));
    assert_eq!(state.process(100).map(|p| &*p.cwd), Some(&b"/mnt/target/"[..]));
}

#[test]
fn live_facts_make_and_correct_records() {
    let mut state = with_shell();
    let event = Build::new("close").tid(300).done();
    let ext = |ppid| Extension { task: TaskFactsOf(300, ppid).facts(), ..Extension::default() };
    state.apply(&event.live(ext(100)));
    let made = state.process(300).expect("a record");
    assert_eq!(
        (made.ppid, made.clone_ts, made.comm.as_bytes(), made.creds.uid),
        (100, 500 + 300_000_000, &b"nc"[..], 0)
    );
    state.apply(&event.live(ext(1)));
    assert_eq!(state.process(300).map(|p| p.ppid), Some(1));
    assert_eq!(state.counters().processes_unseen, 1);
}

struct TaskFactsOf(u32, u32);

impl TaskFactsOf {
    fn facts(&self) -> crate::event::TaskFacts<'static> {
        task(self.0, self.1, "nc")
    }
}

#[test]
fn a_reused_pid_starts_anew() {
    let mut state = with_shell();
    let event = Build::new("close").tid(100).done();
    let facts = |start| Extension {
        task: crate::event::TaskFacts { start_boottime: start, ..task(100, 1, "nc") },
        ..Extension::default()
    };
    state.apply(&event.live(facts(5)));
    assert_eq!(state.process(100).map(|p| p.image.exe()), Some(&b"-bash"[..]));
    state.apply(&event.live(facts(6)));
    assert_eq!(state.process(100).map(|p| p.image.exe()), Some(&b""[..]));
}

#[test]
fn an_exec_that_was_lost_leaves_no_old_image() {
    let mut state = with_shell();
    let facts = |exec_gen| Extension {
        task: crate::event::TaskFacts { exec_gen, ..task(200, 100, "nc") },
        ..Extension::default()
    };
    state.apply(&fork(100, 200).done().live(facts(3)));
    let event = Build::new("close").tid(200).done();
    state.apply(&event.live(facts(3)));
    assert_eq!(state.process(200).map(|p| p.image.exe()), Some(&b"-bash"[..]));
    state.apply(&event.live(facts(4)));
    let process = state.process(200).expect("the child");
    assert_eq!((process.image.exe(), process.complete, process.comm.as_bytes()), (&b"<NA>"[..], false, &b"nc"[..]));
    state.apply(&event.live(facts(4)));
    assert_eq!(state.counters().execs_missed, 1);
}

#[test]
fn a_live_birth_has_empty_strings_and_inherits_them() {
    let mut state = with_shell();
    let event = fork(100, 200).int("vpid", 1).done();
    state.apply(&event.live(Extension { task: task(200, 100, "bash"), ..Extension::default() }));
    let child = state.process(200).expect("the child");
    assert_eq!((child.image.exe(), child.start, child.vpid), (&b"-bash"[..], 200_000_000, 1));
    assert_eq!(child.pidns_start, child.clone_ts);
}

#[test]
fn the_scan_knows_when_processes_began() {
    let mut state = state();
    let event = exec(100, 1, "sshd").done();
    let facts = crate::event::TaskFacts { flags: ext_flags::SCAN | ext_flags::STATE_ONLY, ..task(100, 1, "sshd") };
    let ids = crate::event::TaskIds { sid: 99, pgid: 98, vtid: 100, vpid: 100, vsid: 9, vpgid: 8 };
    state.apply(&event.live(Extension { task: facts, ids: Some(ids), ..Extension::default() }));
    let process = state.process(100).expect("the server");
    assert_eq!((process.clone_ts, process.session, process.pgid), (500 + 100_000_000, 99, 98));
    assert_eq!((process.sid, process.vpgid), (9, 8));
    assert!(process.origin.is_none() && process.complete);
}

#[test]
fn arguments_that_no_scan_could_read_are_unknown_until_one_can() {
    let mut state = state();
    let scan = |state: &mut State, flag: u16, args: &[u8]| {
        let event = exec(100, 1, "sshd").bytes("args", args).done();
        let facts = crate::event::TaskFacts { flags: ext_flags::SCAN | flag, exec_gen: 1, ..task(100, 1, "sshd") };
        state.apply(&event.live(Extension { task: facts, ..Extension::default() }));
        let image = state.process(100).map(|p| Arc::clone(&p.image)).expect("the server");
        image.told().map(|image| image.args_line().to_vec())
    };
    assert_eq!(scan(&mut state, ext_flags::UNREAD, b""), None);
    assert_eq!(scan(&mut state, 0, b"-D\0").as_deref(), Some(&b"-D"[..]));
    assert_eq!(scan(&mut state, ext_flags::UNREAD, b"").as_deref(), Some(&b"-D"[..]), "what is known stays");
}

#[test]
fn cgroups_place_processes_and_are_reported_once() {
    let mut state = with_shell();
    let id = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e";
    let cgroup = format!("/libpod_parent/libpod-{id}");
    let event = Build::new("close").tid(100).done();
    let facts = crate::event::TaskFacts { cgroup: 77, ..task(100, 1, "bash") };
    let with_path = Extension { task: facts, cgroup_path: Some(cgroup.as_bytes()), ..Extension::default() };
    state.apply(&event.live(with_path));
    assert_eq!(state.take_new_cgroups().collect::<Vec<_>>(), [(77, containers::Verdict::Container)]);
    let event = event.live(Extension { task: facts, ..Extension::default() });
    state.apply(&event);
    assert_eq!(state.placement_of(&event).container().map(|c| &*c.id), Some("3ad7b26ded6d"));
    assert_eq!(state.take_new_cgroups().count(), 0);
    apply(&mut state, fork(100, 200).done());
    assert!(state.process(200).is_some_and(|p| p.container.is_container()));
}

#[test]
fn healing_reads_proc_only_live() {
    let own = std::process::id();
    let event = Build::new("close").tid(i64::from(own)).done();
    for live in [false, true] {
        let mut state = State::new(StateConfig { live, ..StateConfig::default() });
        state.arguments = Reader::new(Terms::TESTS);
        let facts = crate::event::TaskFacts { start_boottime: 0, ..task(own, 1, "test") };
        state.apply(&event.live(Extension { task: facts, ..Extension::default() }));
        let exe = state.process(i64::from(own)).map(|p| p.image.exe().is_empty());
        assert_eq!((exe, state.counters().processes_healed > 0), (Some(!live), live));
    }
}
