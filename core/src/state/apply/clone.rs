//! clone, fork, vfork and clone3: a child starts as its parent's copy (`spec: scap-format.md` §10.1).

use std::sync::Arc;

use super::live::{heal, heal_ancestors, place_by_strings, task_facts};
use super::{memory, pid_of};
use crate::event::{Event, Extension};
use crate::params::Params;
use crate::state::State;
use crate::state::containers::Placement;
use crate::state::cpu_time::CpuTime;
use crate::state::process::{Comm, Creds, Image, ImageParts, Process, STRINGS_MAX, Text, Thread, text};
use crate::state::wire::{self, clone_flags};

/// A child record this young (ns) was made by the other half of the same clone.
const SAME_CLONE_NS: u64 = 2_000_000_000;

/// The two halves of a clone: the caller's (result: the child) and the child's own (result 0).
pub(super) fn clone(state: &mut State, event: &Event<'_>) {
    match event.int(wire::clone::RES) {
        Some(0) => clone_child(state, event),
        Some(child) if child > 0 => clone_caller(state, event, child),
        _ => task_facts(state, event),
    }
}

fn clone_child(state: &mut State, event: &Event<'_>) {
    let tid = event.int(wire::clone::TID).unwrap_or(event.tid);
    let flags = event.u32(wire::clone::FLAGS).unwrap_or(0);
    if already_made(state, tid, event.ts) {
        return;
    }
    let ptid = event.int(wire::clone::PTID).unwrap_or(0);
    let parent = state.processes.pid_of(ptid).unwrap_or(ptid);
    if flags & clone_flags::THREAD != 0 {
        let pid = event.int(wire::clone::PID).unwrap_or(parent);
        add_thread(state, event, tid, pid);
    } else {
        add_child(state, event, tid, ptid, parent);
    }
}

/// The caller's half makes the child only where the child's own half may come late and the ids are the host's.
fn clone_caller(state: &mut State, event: &Event<'_>, child: i64) {
    task_facts(state, event);
    let flags = event.u32(wire::clone::FLAGS).unwrap_or(0);
    let elsewhere = clone_flags::CHILD_IN_PIDNS | clone_flags::NEWPID | clone_flags::PARENT | clone_flags::VFORK;
    let in_namespace = event.int(wire::clone::VTID).is_some_and(|vtid| vtid != event.tid);
    if event.ext.is_some()
        || event.id == wire::clone::VFORK
        || flags & elsewhere != 0
        || in_namespace
        || already_made(state, child, event.ts)
    {
        return;
    }
    let Some(pid) = pid_of(state, event) else { return };
    if flags & clone_flags::THREAD != 0 {
        add_thread(state, event, child, pid);
    } else {
        add_child(state, event, child, event.tid, pid);
    }
}

fn already_made(state: &State, tid: i64, ts: u64) -> bool {
    let young = |p: &Process| !p.dead && p.clone_ts != 0 && ts.saturating_sub(p.clone_ts) < SAME_CLONE_NS;
    state.thread(tid).is_some() || state.process(tid).is_some_and(young)
}

fn add_thread(state: &mut State, event: &Event<'_>, tid: i64, pid: i64) {
    if tid == pid {
        return;
    }
    // The caller's half makes it only where the caller's own ids are the host's.
    let vtid = if succeeded_as_child(event) { event.int(wire::clone::VTID).unwrap_or(-1) } else { tid };
    let comm = event.text(wire::clone::COMM).map(Comm::new);
    let creds = thread_creds(state, event, pid);
    state.processes.add_thread(Thread { tid, pid, vtid, comm, creds, cpu: CpuTime::default() });
}

/// What a new thread may do, where that is not what its process may: a caller with privileges of its own hands them on.
fn thread_creds(state: &State, event: &Event<'_>, pid: i64) -> Option<Box<Creds>> {
    let whole = state.process(pid)?.creds;
    let caller = event.int(if succeeded_as_child(event) { wire::clone::PTID } else { wire::clone::TID });
    let caller = caller.and_then(|tid| state.thread(tid)?.creds.as_deref().copied());
    let mut creds = caller.unwrap_or(whole);
    creds.uid = event.u32(wire::clone::UID).unwrap_or(creds.uid);
    creds.gid = event.u32(wire::clone::GID).unwrap_or(creds.gid);
    (creds != whole).then(|| Box::new(creds))
}

fn succeeded_as_child(event: &Event<'_>) -> bool {
    event.int(wire::clone::RES) == Some(0)
}

fn add_child(state: &mut State, event: &Event<'_>, pid: i64, ptid: i64, parent: i64) {
    if state.process(parent).is_none() && state.config.live && parent > 0 {
        let mut process = Process { seen: event.ts, ..Process::new(parent) };
        heal(state, &mut process);
        state.processes.insert(process);
        heal_ancestors(state, parent, event.ts);
    }
    let mut child = match state.process(parent) {
        Some(process) => process.fork(pid, event.ts),
        None => Process { ppid: parent, clone_ts: event.ts, seen: event.ts, ..Process::new(pid) },
    };
    inherit_thread(state, &mut child, ptid);
    clone_params(&mut child, event);
    if let Some(ext) = &event.ext {
        clone_facts(state, &mut child, ext);
    }
    place_by_strings(state, &mut child);
    child.pidns_start = pidns_start(state, &child, event.uint(wire::clone::PIDNS_START).unwrap_or(0));
    if state.captured.as_ref().is_some_and(|captured| captured.tells_namespaces) {
        inherit_groups(state.process(parent), &mut child);
    }
    state.processes.insert(child);
}

/// Session and group are the parent's, which in another pid namespace than the parent's have no number. (A child that
/// is put from one into the other, neither of them the host's nor new, can't be told.)
fn inherit_groups(parent: Option<&Process>, child: &mut Process) {
    let on_host = |p: &Process| p.vpid == p.pid;
    if parent.is_some_and(|p| p.pidns_start != child.pidns_start || (on_host(p) && !on_host(child))) {
        (child.sid, child.vpgid) = (0, 0);
    }
}

/// A child of a thread has that thread's name and privileges, not its leader's.
fn inherit_thread(state: &State, child: &mut Process, ptid: i64) {
    let Some(thread) = state.thread(ptid) else { return };
    if let Some(comm) = thread.comm {
        child.comm = comm;
    }
    if let Some(creds) = &thread.creds {
        child.creds = **creds;
    }
}

/// What the event itself says about the child; an empty parameter leaves what was inherited.
fn clone_params(child: &mut Process, event: &Event<'_>) {
    use wire::clone::{ARGS, CGROUPS, COMM, CWD, EXE, FAULTS, FDLIMIT, GID, SIZES, UID, VPID};
    if let Some(comm) = event.text(COMM) {
        child.comm = Comm::new(comm);
    }
    if let Some(exe) = event.text(EXE)
        && exe != child.image.exe()
    {
        let image = &child.image;
        let parts = ImageParts {
            exe,
            exepath: &image.exepath,
            comm: child.comm.as_bytes(),
            args: event.param(ARGS).unwrap_or_default(),
            ..ImageParts::default()
        };
        child.image = Arc::new(Image::new(parts));
    }
    if let Some(cwd) = event.text(CWD) {
        child.cwd = directory(cwd);
    }
    if let Some(cgroups) = event.param(CGROUPS).filter(|c| !c.is_empty() && **c != *child.cgroups) {
        child.cgroups = text(cgroups);
        child.container = Placement::Unknown;
    }
    child.fdlimit = event.int(FDLIMIT).unwrap_or(child.fdlimit);
    if succeeded_as_child(event) {
        memory::take_faults(child, event, FAULTS);
        memory::take_sizes(child, event, SIZES);
    }
    child.vpid = if succeeded_as_child(event) { event.int(VPID).unwrap_or(-1) } else { child.pid };
    child.creds.uid = event.u32(UID).unwrap_or(child.creds.uid);
    child.creds.gid = event.u32(GID).unwrap_or(child.creds.gid);
}

/// The kernel's word on a process that is just being made or has a new image, where the facts are its own and not its
/// parent's.
pub(super) fn clone_facts(state: &State, child: &mut Process, ext: &Extension<'_>) {
    if i64::from(ext.task.tgid) != child.pid {
        return;
    }
    let told = i64::from(ext.task.ppid);
    if child.follows(told) {
        child.ppid = told;
    }
    child.start = ext.task.start_boottime;
    child.exec_gen = Some(ext.task.exec_gen);
    child.creds.uid = ext.task.uid;
    child.creds.gid = ext.task.gid;
    child.creds.loginuid = ext.task.loginuid;
    if let Some(ids) = ext.ids {
        child.sid = i64::from(ids.vsid);
        child.vpgid = i64::from(ids.vpgid);
        child.session = i64::from(ids.sid);
        child.pgid = i64::from(ids.pgid);
        child.vpid = i64::from(ids.vpid);
    }
    if let Some(placement) = state.containers.of_cgroup(ext.task.cgroup) {
        child.cgroup = ext.task.cgroup;
        child.container = placement.clone();
    }
}

/// Start of a process's pid namespace, ns since the epoch: the host's is boot time, any other's that of its first
/// process. `told` is what the event says, ns after boot; 0 nothing.
pub(super) fn pidns_start(state: &State, process: &Process, told: u64) -> u64 {
    let first = |p: &Process| p.vpid == 1 && p.pid != 1;
    if process.vpid == process.pid || process.vpid <= 0 {
        return state.config.boot_time_ns;
    }
    if told > 0 {
        return state.config.boot_time_ns.saturating_add(told);
    }
    if first(process) {
        return process.clone_ts;
    }
    state.processes.ancestors(process).find(|p| first(p)).map_or(process.pidns_start, |p| p.clone_ts)
}

pub(super) fn directory(path: &[u8]) -> Text {
    let path = path.get(..STRINGS_MAX - 1).unwrap_or(path);
    if path.ends_with(b"/") { path.into() } else { [path, b"/"].concat().into() }
}
