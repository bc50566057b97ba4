//! What a capture says of the machine before its events becomes the state they start from
//! (`spec: scap-format.md` §9).

use std::net::IpAddr;
use std::sync::Arc;

use super::record::{AF_INET, AF_INET6, AF_UNIX, ICMP, Object, RAW, Record, Role, Socket, TCP, UDP};
use super::{ADDRESSES_MAX, Captured, Table};
use crate::capture::scap::additions::Addition;
use crate::capture::scap::descriptors::{DescriptorEntry, What};
use crate::capture::scap::interfaces::Interface;
use crate::capture::scap::machine::Machine;
use crate::capture::scap::processes::ProcessEntry;
use crate::capture::scap::reader::Metadata;
use crate::capture::scap::users::Principal;
use crate::event::fd_kind;
use crate::state::State;
use crate::state::aliases::Aliases;
use crate::state::containers::Containers;
use crate::state::cpu_time::{CpuTime, Slices};
use crate::state::process::{Comm, Creds, Image, ImageParts, Process, Thread, directory, exec_flags, text};
use crate::state::processes::{Processes, THREADS_PER_PROCESS};
use crate::state::script;
use crate::state::users::Users;

/// A thread of a process list that leads no process.
#[derive(Debug)]
pub struct PendingThread {
    thread: Thread,
    /// The record of its process, should the list have no entry for it.
    leader: Option<Box<Process>>,
}

impl Metadata for State {
    fn restart(&mut self) {
        self.processes = Processes::new(self.config.max_processes);
        self.containers = Containers::default();
        self.users = Users::captured();
        self.aliases = Aliases::default();
        self.slices = Slices::default();
        self.leaving = None;
        self.captured = Some(Box::default());
    }

    fn machine(&mut self, machine: &Machine<'_>) {
        self.config.hostname = String::from_utf8_lossy(machine.hostname).into_owned();
        self.config.boot_time_ns = machine.boot_time;
    }

    fn interface(&mut self, interface: &Interface<'_>) {
        if let Some(captured) = &mut self.captured {
            if captured.addresses.len() < ADDRESSES_MAX {
                captured.addresses.insert(interface.address);
            } else {
                captured.addresses_refused += 1;
            }
        }
    }

    fn principal(&mut self, principal: &Principal<'_>) {
        match *principal {
            Principal::User { uid, name, home, shell, .. } => self.users.add_user("", uid, [name, home, shell]),
            Principal::Group { gid, name } => self.users.add_group("", gid, name),
        }
    }

    fn process(&mut self, entry: &ProcessEntry<'_>) {
        if entry.tid == entry.pid {
            let process = process(self, entry);
            self.processes.insert(process);
            return;
        }
        let room = self.config.max_processes.saturating_mul(THREADS_PER_PROCESS);
        let leads = self.processes.get(entry.pid).is_none()
            && self.captured.as_ref().is_some_and(|captured| captured.leaders < self.config.max_processes);
        let leader = leads.then(|| Box::new(process(self, entry)));
        let Some(captured) = &mut self.captured else { return };
        if captured.threads.len() >= room {
            self.processes.threads_refused += 1;
        } else {
            let creds = (entry.uid, entry.gid);
            let same = leader.is_none();
            let own = Creds { uid: creds.0, gid: creds.1, loginuid: entry.loginuid, ..Creds::default() };
            let thread = Thread {
                tid: entry.tid,
                pid: entry.pid,
                vtid: entry.vtid,
                comm: Some(Comm::new(entry.comm)),
                creds: same.then(|| Box::new(own)),
                cpu: CpuTime::default(),
            };
            captured.leaders += usize::from(leads);
            captured.threads.push(PendingThread { thread, leader });
        }
    }

    fn addition(&mut self, addition: &Addition) {
        if let Some(process) = self.processes.get_mut(addition.pid) {
            process.sid = addition.sid;
            process.clone_ts = addition.clone_ts;
        }
    }

    fn has_additions(&mut self) {
        if let Some(captured) = &mut self.captured {
            captured.tells_namespaces = true;
        }
    }

    fn descriptor(&mut self, tid: i64, entry: &DescriptorEntry<'_>) {
        let Some(captured) = &mut self.captured else { return };
        let record = record(entry);
        if let Some(port) = record.socket().filter(|s| s.listening).and_then(|s| Some(s.dest?.1)) {
            captured.listening.insert(port);
        }
        let Some(process) = self.processes.get_mut(tid) else { return };
        let table = process.fds.get_or_insert_with(|| Arc::new(Table::new(&captured.budget)));
        Arc::make_mut(table).insert(entry.fd, Arc::new(record));
    }

    fn complete(&mut self) {
        let Some(mut captured) = self.captured.take() else { return };
        for PendingThread { thread, leader } in captured.threads.drain(..) {
            if self.processes.get(thread.pid).is_none()
                && let Some(leader) = leader
            {
                self.processes.insert(*leader);
            }
            self.processes.add_thread(thread);
        }
        let links: Vec<_> = self.processes.iter().map(|p| (p.pid, p.ppid)).collect();
        for (pid, ptid) in links {
            let parent = self.processes.pid_of(ptid).unwrap_or(0);
            self.processes.adopt(pid, parent);
            if let Some(table) = self.processes.get_mut(pid).and_then(|process| process.fds.as_mut()) {
                Arc::make_mut(table).change(0, i64::MAX, |record| give_role(record, &captured));
            }
        }
        self.captured = Some(captured);
    }
}

fn process(state: &State, entry: &ProcessEntry<'_>) -> Process {
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    let flags = flag(entry.exe_writable, exec_flags::WRITABLE)
        | flag(entry.exe_upper_layer, exec_flags::UPPER_LAYER)
        | flag(entry.exe_lower_layer, exec_flags::LOWER_LAYER)
        | flag(entry.exe_from_memfd, exec_flags::FROM_MEMFD);
    let [ino, ctime, mtime] = entry.exe_ino;
    let image = Image::new(ImageParts {
        exe: entry.exe,
        exepath: entry.exepath,
        comm: entry.comm,
        args: entry.args,
        env: entry.env,
        flags,
        ino,
        ctime,
        mtime,
        script: script::guessed(entry.comm, entry.exepath, entry.args, entry.cwd),
        unread: false,
    });
    let on_host = entry.vpid == entry.pid || entry.vpid <= 0;
    let boot = if on_host { state.config.boot_time_ns } else { 0 };
    let [cap_inheritable, cap_permitted, cap_effective] = entry.caps;
    Process {
        ppid: entry.ptid,
        comm: Comm::new(entry.comm),
        image: Arc::new(image),
        creds: Creds {
            uid: entry.uid,
            gid: entry.gid,
            loginuid: entry.loginuid,
            cap_inheritable,
            cap_permitted,
            cap_effective,
        },
        cwd: directory(entry.cwd),
        root: text(entry.root),
        cgroups: text(entry.cgroups),
        container: state.containers.of_strings(entry.cgroups),
        vpid: entry.vpid,
        sid: entry.sid,
        session: entry.sid,
        pgid: entry.pgid,
        vpgid: entry.vpgid,
        tty: entry.tty,
        fdlimit: i64::try_from(entry.fdlimit).unwrap_or(-1),
        vm: entry.vm.map(u64::from),
        faults: entry.faults,
        pidns_start: if entry.pidns_start > 0 { entry.pidns_start } else { boot },
        complete: true,
        ..Process::new(entry.pid)
    }
}

fn record(entry: &DescriptorEntry<'_>) -> Record {
    let object = match entry.what {
        What::Nothing => Object::Plain,
        What::Name(name) => Object::Named(name.into()),
        What::NewKind(kind) => Object::Named(format!("unknown-type:[{kind}]").into_bytes().into()),
        What::File { flags, dev, name } => Object::File { name: name.into(), dev, flags },
        What::Connection { source, dest, l4 } => {
            let mut socket = Socket { family: family(source.0), protocol: protocol(l4), ..Socket::default() };
            socket.set_tuple(source, dest);
            socket.connected = socket.protocol == TCP;
            Object::Socket(socket)
        }
        What::Server { at, l4 } => Object::Socket(Socket {
            family: family(at.0),
            protocol: protocol(l4),
            role: Role::Server,
            listening: true,
            dest: Some((at.0.to_canonical(), at.1)),
            ..Socket::default()
        }),
        What::Unix { source, peer, name } => Object::Socket(Socket {
            family: AF_UNIX,
            pointers: (source, peer),
            path: name.into(),
            role: if name.is_empty() { Role::Client } else { Role::Server },
            ..Socket::default()
        }),
    };
    let kind = match &object {
        Object::Socket(socket) => socket.kind(),
        _ if entry.kind == fd_kind::FILE_V2 => fd_kind::FILE_V2,
        _ => entry.kind,
    };
    Record { kind, ino: entry.ino, cloexec: false, object }
}

fn family(ip: IpAddr) -> u16 {
    if ip.is_ipv4() { AF_INET } else { AF_INET6 }
}

fn protocol(l4: u8) -> u8 {
    match l4 {
        2 => TCP,
        3 => UDP,
        4 => ICMP,
        5 => RAW,
        _ => 0,
    }
}

/// A socket whose own port somebody listens on serves its peer: its tuple is turned round.
fn give_role(record: &mut Record, captured: &Captured) {
    let Object::Socket(socket) = &mut record.object else { return };
    if !socket.is_inet() || socket.listening {
        return;
    }
    let Some((source, dest)) = socket.source.zip(socket.dest) else { return };
    if captured.listening.contains(&source.1) {
        (socket.source, socket.dest, socket.role) = (Some(dest), Some(source), Role::Server);
    } else {
        socket.role = Role::Client;
    }
}
