//! The process list: every process of the table, and its threads.

use hashbrown::HashMap;

use crate::capture::scap::write::complete::without_slash;
use crate::capture::scap::write::processes::ProcessEntry;
use crate::params::until_nul;
use crate::state::State;
use crate::state::process::Process;
use crate::state::wire::clone_flags;

/// `PPM_CL_CLONE_FILES`.
const FILES: u32 = 1;

/// Entries of all processes. `earlier` are records as they were when the file's first event happened, where that is
/// before now; `None`: the process was not there yet.
pub fn entries(state: &State, earlier: &HashMap<i64, Option<Process>>) -> Vec<ProcessEntry> {
    let mut list = Vec::with_capacity(state.processes.len());
    let now = state.processes.iter().filter(|process| !earlier.contains_key(&process.pid));
    for process in now.chain(earlier.values().flatten()) {
        push(&mut list, process, state);
    }
    list.sort_by_key(|entry| (entry.pid != entry.tid, entry.tid));
    list
}

fn push(list: &mut Vec<ProcessEntry>, process: &Process, state: &State) {
    let leader = entry(process, &state.cgroups.of_process(process));
    for tid in threads(process) {
        let comm = match state.thread(tid).and_then(|thread| thread.comm) {
            Some(comm) => comm.as_bytes().to_vec(),
            None => comm_of(process.pid, tid).unwrap_or_else(|| leader.comm.clone()),
        };
        let vtid = state.thread(tid).map_or(-1, |thread| thread.vtid);
        // Environment, directory and descriptors are the leader's for all readers.
        let (env, flags) = (Vec::new(), clone_flags::THREAD | FILES);
        list.push(ProcessEntry { tid, vtid, comm, env, flags, ..leader.clone() });
    }
    list.push(leader);
}

/// Known threads, and those that were there before we were.
fn threads(process: &Process) -> Vec<i64> {
    let mut tids = process.threads.clone();
    let entries = std::fs::read_dir(format!("/proc/{}/task", process.pid)).into_iter().flatten().flatten();
    tids.extend(entries.filter_map(|e| e.file_name().to_str()?.parse::<i64>().ok()));
    tids.sort_unstable();
    tids.dedup();
    tids.retain(|tid| *tid != process.pid);
    tids
}

fn comm_of(pid: i64, tid: i64) -> Option<Vec<u8>> {
    let mut comm = std::fs::read(format!("/proc/{pid}/task/{tid}/comm")).ok()?;
    if comm.last() == Some(&b'\n') {
        comm.pop();
    }
    Some(comm)
}

fn entry(p: &Process, cgroups: &[u8]) -> ProcessEntry {
    let image = &p.image;
    ProcessEntry {
        tid: p.pid,
        pid: p.pid,
        ptid: p.ppid,
        sid: p.session,
        vpgid: p.vpgid,
        pgid: p.pgid,
        vtid: p.vpid,
        vpid: p.vpid,
        comm: p.comm.as_bytes().to_vec(),
        exe: until_nul(image.exe()).to_vec(),
        exepath: image.exepath.to_vec(),
        args: image.raw_args(),
        env: image.raw_env().to_vec(),
        cgroups: cgroups.to_vec(),
        cwd: without_slash(&p.cwd).to_vec(),
        root: if p.root.is_empty() { b"/".to_vec() } else { p.root.to_vec() },
        fdlimit: p.fdlimit,
        flags: 0,
        uid: p.creds.uid,
        gid: p.creds.gid,
        loginuid: p.creds.loginuid,
        vm: p.vm.map(|kb| u32::try_from(kb).unwrap_or(u32::MAX)),
        faults: p.faults,
        pidns_start: p.pidns_start,
        tty: p.tty,
        exe_flags: image.flags,
        caps: [p.creds.cap_inheritable, p.creds.cap_permitted, p.creds.cap_effective],
        exe_ino: image.ino,
        exe_ctime: image.ctime,
        exe_mtime: image.mtime,
        vsid: p.sid,
        clone_ts: p.clone_ts,
    }
}
