//! What the kernel said about the event's task, which comes before anything recorded.

use crate::event::{Event, Extension};
use crate::state::containers::Placement;
use crate::state::process::{Comm, Creds, Process};
use crate::state::{State, heal};

/// Unknown ancestors read from /proc for one event, at most.
const HEAL_DEPTH: usize = 16;

/// Corrects the record of the event's process by what the kernel said, making one if there is none.
pub(super) fn task_facts(state: &mut State, event: &Event<'_>) {
    let Some(ext) = &event.ext else { return };
    let pid = i64::from(ext.task.tgid);
    if pid <= 0 {
        return;
    }
    if !is_current(state.process(pid), ext) {
        unseen(state, event, ext);
    } else if state.process(pid).is_some_and(|p| p.exec_gen.is_some_and(|seen| seen != ext.task.exec_gen)) {
        missed_exec(state, pid, ext);
    }
    follow_parent(state, event, pid, i64::from(ext.task.ppid));
    let Some(process) = state.processes.get_mut(pid) else { return };
    process.seen = event.ts;
    process.start = ext.task.start_boottime;
    if process.cgroup != ext.task.cgroup
        && let Some(placement) = state.containers.of_cgroup(ext.task.cgroup)
    {
        process.cgroup = ext.task.cgroup;
        process.container = placement.clone();
    }
    let (uid, gid, loginuid) = (ext.task.uid, ext.task.gid, ext.task.loginuid);
    if event.tid == pid {
        process.comm = Comm::new(ext.task.comm);
        process.creds = Creds { uid, gid, loginuid, ..process.creds };
    }
}

/// Takes over the kernel's word on the parent.
fn follow_parent(state: &mut State, event: &Event<'_>, pid: i64, told: i64) {
    if state.process(pid).is_some_and(|p| p.ppid != told && p.follows(told)) {
        state.processes.adopt(pid, told);
        heal_ancestors(state, pid, event.ts);
    }
}

/// Whether a record is of this very process and not of an earlier one with its pid.
pub(in crate::state) fn is_current(process: Option<&Process>, ext: &Extension<'_>) -> bool {
    process.is_some_and(|p| p.start == 0 || ext.task.start_boottime == 0 || p.start == ext.task.start_boottime)
}

/// A process whose start was not seen: its record is made from the event's task facts and, live, from /proc.
fn unseen(state: &mut State, event: &Event<'_>, ext: &Extension<'_>) {
    let task = &ext.task;
    let mut process = Process {
        ppid: i64::from(task.ppid),
        start: task.start_boottime,
        clone_ts: clone_time(state, task.start_boottime),
        comm: Comm::new(task.comm),
        creds: Creds { uid: task.uid, gid: task.gid, loginuid: task.loginuid, ..Creds::default() },
        seen: event.ts,
        exec_gen: Some(task.exec_gen),
        ..Process::new(i64::from(task.tgid))
    };
    state.unseen += 1;
    heal(state, &mut process);
    let pid = process.pid;
    state.processes.insert(process);
    heal_ancestors(state, pid, event.ts);
}

/// The process runs another program than its record says, since an exec was lost: /proc knows which, and where the
/// process is gone by now nothing of the old image may be said of it.
fn missed_exec(state: &mut State, pid: i64, ext: &Extension<'_>) {
    let Some(mut process) = state.process(pid).cloned() else { return };
    process.exec_gen = Some(ext.task.exec_gen);
    process.complete = false;
    heal(state, &mut process);
    if !process.complete {
        process.image = Process::placeholder().image;
    }
    state.missed_execs += 1;
    state.processes.insert(process);
}

/// Start of a process in ns since the epoch, 0 unknown.
pub(super) fn clone_time(state: &State, start_boottime: u64) -> u64 {
    if start_boottime == 0 { 0 } else { state.config.boot_time_ns.saturating_add(start_boottime) }
}

pub(super) fn heal(state: &mut State, process: &mut Process) {
    if !state.config.live || !heal::fill(process, &mut state.arguments) {
        return;
    }
    state.healed += 1;
    place_by_strings(state, process);
}

/// Reads the unknown ancestors of a process from /proc, so that its first event already has them.
pub(super) fn heal_ancestors(state: &mut State, pid: i64, ts: u64) {
    let mut next = state.process(pid).map_or(0, |p| p.ppid);
    for _ in 0..HEAL_DEPTH {
        if !state.config.live || next <= 0 || state.process(next).is_some() {
            return;
        }
        let mut process = Process { seen: ts, ..Process::new(next) };
        heal(state, &mut process);
        if !process.complete {
            return;
        }
        next = process.ppid;
        state.processes.insert(process);
    }
}

pub(super) fn place_by_strings(state: &State, process: &mut Process) {
    if process.container == Placement::Unknown {
        process.container = state.containers.of_strings(&process.cgroups);
    }
}
