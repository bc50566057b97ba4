//! How each event changes the tables (`spec: scap-format.md` §10): one small function per kind.

mod clone;
mod cpu;
mod creds;
mod exec;
mod exit;
mod live;
mod memory;
mod names;
mod session;

pub(in crate::state) use exit::remove_leaving;
pub(in crate::state) use live::is_current;

use crate::event::{Event, ext_flags};
use crate::params::Params;

use super::process::Process;
use super::{State, captured, wire};

/// Applies `event` to `state`.
pub fn apply(state: &mut State, event: &Event<'_>) {
    exit::remove_leaving(state);
    state.close_leaving();
    // The time of a snapshot is no event's: relative times do not begin with it.
    if event.id == wire::procinfo::ID {
        state.clock.current = event.ts;
    } else if !scanned(event) {
        tick(state, event.ts);
    }
    learn_cgroup(state, event);
    names::answers(state, event);
    match event.id {
        wire::clone::ID | wire::clone::FORK | wire::clone::VFORK | wire::clone::CLONE3 => clone::clone(state, event),
        wire::exec::ID | wire::exec::EXECVEAT => {
            exec::exec(state, event);
            state.users.expect(state.realm_of(event));
        }
        id => {
            live::task_facts(state, event);
            if let Some(handler) = handler(id) {
                handler(state, event);
            }
        }
    }
    if state.captured.is_some() {
        captured::follow(state, event);
    }
}

/// Whether an event of this kind changes the record of its process beyond what every event tells of its task.
pub fn changes_process(id: u16) -> bool {
    use wire::{clone, exec};
    matches!(id, clone::ID | clone::FORK | clone::VFORK | clone::CLONE3 | exec::ID | exec::EXECVEAT)
        || handler(id).is_some()
}

/// Whether an event of this kind changes anything of a captured state but its clock.
pub fn follows(id: u16) -> bool {
    changes_process(id) || captured::follows(id) || names::may_answer(id)
}

/// The same, where nobody looks at descriptors.
pub fn follows_without_descriptors(id: u16) -> bool {
    changes_process(id) || captured::notices(id) || names::may_answer(id)
}

type Handler = fn(&mut State, &Event<'_>);

fn handler(id: u16) -> Option<Handler> {
    Some(match id {
        wire::procexit::ID => exit::procexit,
        wire::setuid::ID => |s, e| creds::set_id(s, e, wire::setuid::UID, |c| &mut c.uid),
        wire::setreuid::ID => |s, e| creds::set_id(s, e, wire::setreuid::EUID, |c| &mut c.uid),
        wire::setresuid::ID => |s, e| creds::set_id(s, e, wire::setresuid::EUID, |c| &mut c.uid),
        wire::setgid::ID => |s, e| creds::set_id(s, e, wire::setgid::GID, |c| &mut c.gid),
        wire::setregid::ID => |s, e| creds::set_id(s, e, wire::setregid::EGID, |c| &mut c.gid),
        wire::setresgid::ID => |s, e| creds::set_id(s, e, wire::setresgid::EGID, |c| &mut c.gid),
        wire::setsid::ID => session::setsid,
        wire::setpgid::ID => session::setpgid,
        wire::chdir::ID => |s, e| session::change_directory(s, e, e.text(wire::chdir::PATH)),
        wire::getcwd::ID => {
            |s, e| session::change_directory(s, e, e.text(wire::getcwd::PATH).filter(|p| p.starts_with(b"/")))
        }
        wire::fchdir::ID => session::fchdir,
        wire::chroot::ID => session::chroot,
        wire::prctl::ID => session::prctl,
        wire::capset::ID => creds::capset,
        wire::setrlimit::ID => session::setrlimit,
        wire::prlimit::ID => session::prlimit,
        wire::memory::BRK | wire::memory::ID | wire::memory::MMAP2 | wire::memory::MUNMAP => {
            |s, e| memory::sizes(s, e, wire::memory::SIZES)
        }
        wire::switch::ID => cpu::switch,
        wire::procinfo::ID => cpu::snapshot,
        _ => return None,
    })
}

pub fn tick(state: &mut State, ts: u64) {
    let clock = &mut state.clock;
    clock.current = ts;
    if clock.first == 0 {
        clock.first = ts;
    }
}

fn learn_cgroup(state: &mut State, event: &Event<'_>) {
    let Some(ext) = &event.ext else { return };
    if let Some(path) = ext.cgroup_path {
        state.containers.learn(ext.task.cgroup, path);
    }
}

/// Tells what is, not what happened.
fn scanned(event: &Event<'_>) -> bool {
    event.has_flag(ext_flags::SCAN)
}

fn succeeded(event: &Event<'_>) -> bool {
    event.int(0).is_some_and(|res| res >= 0)
}

/// The event's process, as the kernel or the thread table knows it.
fn pid_of(state: &State, event: &Event<'_>) -> Option<i64> {
    match &event.ext {
        Some(ext) => Some(i64::from(ext.task.tgid)),
        None => state.processes.pid_of(event.tid),
    }
}

fn process_mut<'s>(state: &'s mut State, event: &Event<'_>) -> Option<&'s mut Process> {
    let pid = pid_of(state, event)?;
    state.processes.get_mut(pid)
}

/// The whole real name of a path parameter, where the sensor sent one.
fn real_name<'a>(event: &Event<'a>, param: usize) -> Option<&'a [u8]> {
    let items = &event.ext.as_ref()?.real;
    let item = items.iter().flatten().find(|item| usize::from(item.param) == param)?;
    (item.flags & 1 == 0).then_some(item.text)
}
