//! execve and execveat: a new image in an old process (`spec: scap-format.md` §10.2).

use std::sync::Arc;

use super::clone::{clone_facts, directory, pidns_start};
use super::live::{clone_time, heal_ancestors, is_current, place_by_strings, task_facts};
use super::{memory, pid_of, scanned, succeeded};
use crate::event::{Event, ext_flags};
use crate::params::Params;
use crate::state::containers::Placement;
use crate::state::process::{Comm, Image, ImageParts, Origin, Process, Text, text};
use crate::state::{State, heal, script, wire};

pub(super) fn exec(state: &mut State, event: &Event<'_>) {
    if !succeeded(event) {
        task_facts(state, event);
        return;
    }
    let scanned = scanned(event);
    let pid = pid_of(state, event).unwrap_or(event.tid);
    let mut process = exec_base(state, event, pid, scanned);
    if !(scanned && has_image(&process, event)) {
        exec_image(&mut process, event);
    }
    exec_params(&mut process, event);
    if let Some(ext) = &event.ext {
        clone_facts(state, &mut process, ext);
    }
    place_by_strings(state, &mut process);
    if scanned {
        scanned_ids(state, &mut process, event);
    } else {
        // The other threads are gone; the table forgets those that a new record does not list.
        process.threads.clear();
    }
    process.pidns_start = pidns_start(state, &process, 0);
    process.complete = true;
    process.seen = event.ts;
    state.processes.insert(process);
    heal_ancestors(state, pid, event.ts);
}

/// Whether the record's image is the one that the event tells of. What an exec told of it is better than what a scan
/// finds: a process may overwrite its arguments.
fn has_image(process: &Process, event: &Event<'_>) -> bool {
    process.complete
        && !process.image.unread
        && event.ext.as_ref().is_some_and(|ext| process.exec_gen == Some(ext.task.exec_gen))
}

/// Session and ids of a process that was there before the sensor, where the scan did not bring them.
fn scanned_ids(state: &State, process: &mut Process, event: &Event<'_>) {
    if state.config.live && event.ext.as_ref().is_some_and(|ext| ext.ids.is_none()) {
        heal::session(process);
    }
}

/// The record that an exec changes, or a new one where nothing is known.
fn exec_base(state: &State, event: &Event<'_>, pid: i64, scanned: bool) -> Process {
    let known = match &event.ext {
        Some(ext) => state.process(pid).filter(|p| is_current(Some(p), ext)),
        None => state.process(pid),
    };
    if let Some(process) = known {
        let mut process = process.clone();
        process.dead = false;
        return process;
    }
    let ptid = event.int(wire::exec::PTID).unwrap_or(0);
    let parent = state.processes.pid_of(ptid).unwrap_or(ptid);
    let start = event.ext.as_ref().map_or(0, |ext| ext.task.start_boottime);
    let origin = state
        .process(parent)
        .filter(|_| !scanned)
        .map(|p| Arc::new(Origin { pid: p.pid, comm: p.comm, exepath: Arc::clone(&p.image.exepath) }));
    Process { ppid: parent, start, clone_ts: clone_time(state, start), origin, ..Process::new(pid) }
}

fn exec_image(process: &mut Process, event: &Event<'_>) {
    use wire::exec::{ARGS, COMM, CTIME, ENV, EXE, EXEPATH, FLAGS, INO, MTIME};
    let comm = event.text(COMM).or(event.ext.as_ref().map(|ext| ext.task.comm)).unwrap_or(b"<NA>");
    let image = Image::new(ImageParts {
        exe: event.text(EXE).unwrap_or_default(),
        exepath: event.text(EXEPATH).unwrap_or_default(),
        comm,
        args: event.param(ARGS).unwrap_or_default(),
        env: event.param(ENV).unwrap_or_default(),
        flags: event.u32(FLAGS).unwrap_or(0),
        ino: event.uint(INO).unwrap_or(0),
        ctime: event.uint(CTIME).unwrap_or(0),
        mtime: event.uint(MTIME).unwrap_or(0),
        script: interpreted(process, event, comm),
        unread: event.has_flag(ext_flags::UNREAD),
    });
    process.comm = Comm::new(comm);
    process.image = Arc::new(image);
}

/// What the new program was started to interpret. A scan and a capture do not say.
fn interpreted(process: &Process, event: &Event<'_>, comm: &[u8]) -> Text {
    use wire::exec::{ARGS, CWD, EXEPATH, FILENAME};
    let cwd = event.text(CWD).unwrap_or(&process.cwd);
    let args = event.param(ARGS).unwrap_or_default();
    let named = event.text(FILENAME).map(|name| script::absolute(name, cwd));
    if event.has_flag(ext_flags::SCRIPT) {
        return named.unwrap_or_default();
    }
    match script::handed_on(&process.image, args, cwd) {
        none if none.is_empty() && (scanned(event) || event.ext.is_none()) => {
            let guess = script::guessed(comm, event.text(EXEPATH).unwrap_or_default(), args, cwd);
            if named.is_none_or(|named| named == guess) { guess } else { none }
        }
        told => told,
    }
}

fn exec_params(process: &mut Process, event: &Event<'_>) {
    use wire::exec as at;
    if let Some(cwd) = event.text(at::CWD) {
        process.cwd = directory(cwd);
    }
    if let Some(cgroups) = event.param(at::CGROUPS).filter(|c| !c.is_empty() && **c != *process.cgroups) {
        process.cgroups = text(cgroups);
        process.container = Placement::Unknown;
    }
    process.fdlimit = event.int(at::FDLIMIT).unwrap_or(process.fdlimit);
    process.tty = event.u32(at::TTY).unwrap_or(process.tty);
    process.vpgid = event.int(at::VPGID).unwrap_or(process.vpgid);
    process.pgid = event.int(at::PGID).unwrap_or(process.pgid);
    (process.vm, process.faults) = Default::default();
    memory::take_faults(process, event, at::FAULTS);
    memory::take_sizes(process, event, at::SIZES);
    let creds = &mut process.creds;
    creds.uid = event.u32(at::UID).unwrap_or(creds.uid);
    creds.gid = event.u32(at::GID).unwrap_or(creds.gid);
    creds.loginuid = event.u32(at::LOGINUID).unwrap_or(creds.loginuid);
    creds.cap_inheritable = event.uint(at::CAP_INHERITABLE).unwrap_or(creds.cap_inheritable);
    creds.cap_permitted = event.uint(at::CAP_PERMITTED).unwrap_or(creds.cap_permitted);
    creds.cap_effective = event.uint(at::CAP_EFFECTIVE).unwrap_or(creds.cap_effective);
}
