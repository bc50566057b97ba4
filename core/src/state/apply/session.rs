//! Calls that change a process's session, group, directory, root, limits and reaper role.

use super::clone::directory;
use super::{pid_of, process_mut, real_name, succeeded};
use crate::event::{Event, PathItem};
use crate::fields::paths;
use crate::params::Params;
use crate::state::process::text;
use crate::state::{State, wire};

/// A session leader leads its process group too, and has no terminal yet.
pub(super) fn setsid(state: &mut State, event: &Event<'_>) {
    let Some(sid) = event.int(wire::setsid::RES).filter(|sid| *sid > 0) else { return };
    if let Some(process) = process_mut(state, event) {
        process.sid = sid;
        process.session = process.pid;
        process.vpgid = sid;
        process.pgid = process.pid;
        process.tty = 0;
    }
}

/// Ids are the caller's namespace's; the host's group is known only where the two agree.
pub(super) fn setpgid(state: &mut State, event: &Event<'_>) {
    if !succeeded(event) {
        return;
    }
    let (Some(pid), Some(pgid)) = (event.int(wire::setpgid::PID), event.int(wire::setpgid::PGID)) else { return };
    let Some(caller) = pid_of(state, event) else { return };
    let in_namespace = state.process(caller).is_some_and(|p| p.vpid > 0 && p.vpid != p.pid);
    let target = if pid == 0 || in_namespace { caller } else { pid };
    let own = pid == 0 || pgid == 0 || pid == pgid;
    let Some(process) = state.processes.get_mut(target) else { return };
    if pid != 0 && in_namespace && process.vpid != pid {
        return;
    }
    let vpid = if process.vpid > 0 { process.vpid } else { process.pid };
    process.vpgid = if pgid == 0 { vpid } else { pgid };
    if own && process.vpgid == vpid {
        process.pgid = process.pid;
    } else if !in_namespace {
        process.pgid = process.vpgid;
    }
}

/// Takes the new directory from the kernel where the event brings it, else makes `path` absolute by itself.
pub(super) fn change_directory(state: &mut State, event: &Event<'_>, path: Option<&[u8]>) {
    if !succeeded(event) {
        return;
    }
    let told = real_name(event, wire::chdir::PATH);
    let Some(path) = told.or(path).filter(|p| !p.is_empty()) else { return };
    let Some(process) = process_mut(state, event) else { return };
    let arena = bumpalo::Bump::new();
    let joined = paths::join(&process.cwd, path, &arena);
    if process.cwd.strip_suffix(b"/") != Some(joined) {
        process.cwd = directory(joined);
    }
}

/// The descriptor's name comes from the kernel or, in a capture, from the table.
pub(super) fn fchdir(state: &mut State, event: &Event<'_>) {
    let known = event.int(wire::fchdir::FD).and_then(|fd| state.descriptor(event, fd));
    let known = known.map(|record| record.name().to_vec());
    let path = real_name(event, usize::from(PathItem::DESCRIPTOR)).or(known.as_deref());
    change_directory(state, event, path);
}

pub(super) fn chroot(state: &mut State, event: &Event<'_>) {
    let Some(path) = event.text(wire::chroot::PATH).filter(|_| succeeded(event)) else { return };
    if let Some(process) = process_mut(state, event) {
        process.root = text(path);
    }
}

pub(super) fn prctl(state: &mut State, event: &Event<'_>) {
    let option = event.uint(wire::prctl::OPTION);
    let reaper = [wire::PR_SET_CHILD_SUBREAPER, wire::PR_GET_CHILD_SUBREAPER].map(Some).contains(&option);
    let Some(on) = event.int(wire::prctl::ARG2).filter(|_| reaper && succeeded(event)) else { return };
    if let Some(process) = process_mut(state, event) {
        process.reaper = on != 0;
    }
}

pub(super) fn setrlimit(state: &mut State, event: &Event<'_>) {
    use wire::setrlimit::{CUR, RESOURCE};
    if event.uint(RESOURCE) == Some(wire::RLIMIT_NOFILE)
        && succeeded(event)
        && let Some(limit) = event.int(CUR)
        && let Some(process) = process_mut(state, event)
    {
        process.fdlimit = limit;
    }
}

pub(super) fn prlimit(state: &mut State, event: &Event<'_>) {
    use wire::prlimit::{NEWCUR, PID, RESOURCE};
    let limit = event.int(NEWCUR).filter(|limit| *limit != -1);
    let (Some(limit), Some(wire::RLIMIT_NOFILE), true) = (limit, event.uint(RESOURCE), succeeded(event)) else {
        return;
    };
    let pid = match event.int(PID) {
        None | Some(0) => pid_of(state, event),
        other => other,
    };
    if let Some(process) = pid.and_then(|pid| state.processes.get_mut(pid)) {
        process.fdlimit = limit;
    }
}
