//! The wire: header, lengths, parameters, extension block, as `sensor/event.h` lays them out.

use super::TrialError;
use crate::event::encode::{self, Head};
use crate::event::{FileFacts, SocketFacts, TaskFacts, TaskIds, is_wide};

/// `sizeof(struct yk_ext)`.
const EXT_FIXED: usize = 64;
const COMM_AT: usize = 44;
const COMM_MAX: usize = 15;

/// Kinds of items behind the fixed part of the extension block (`YK_I_*`).
mod item {
    pub const FILE: u16 = 1;
    pub const SOCKET: u16 = 2;
    pub const REAL: u16 = 3;
    pub const BASE: u16 = 4;
    pub const CGROUP_PATH: u16 = 5;
    pub const UNIX_PATH: u16 = 6;
    pub const IDS: u16 = 7;
}

/// `PathItem::flags` of a file that is deleted.
const DELETED: u8 = 2;

/// A path of the extension block.
#[derive(Clone, Debug)]
pub struct Path {
    pub param: u8,
    pub text: String,
    pub deleted: bool,
}

/// Everything that one record says.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// ns since the epoch.
    pub ts: u64,
    pub tid: i64,
    pub id: u16,
    pub params: Vec<Vec<u8>>,
    pub task: Task,
    pub file: Option<FileFacts>,
    pub socket: Option<SocketFacts>,
    pub real: Vec<Path>,
    pub base: Vec<Path>,
    pub cgroup_path: Option<String>,
    pub unix_path: Option<String>,
    pub ids: Option<TaskIds>,
}

/// Task facts with a name of its own.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// `comm` is empty here.
    pub facts: TaskFacts<'static>,
    pub comm: String,
}

impl Record {
    /// The record's bytes.
    ///
    /// # Errors
    /// A parameter or the extension block is longer than its 16-bit length can say.
    pub fn bytes(&self) -> Result<Vec<u8>, TrialError> {
        if !is_wide(self.id) {
            self.params.iter().try_for_each(|param| short(param.len()).map(drop))?;
        }
        let mut out = Vec::new();
        let head = Head { ts: self.ts, tid: self.tid, id: self.id };
        encode::event(&mut out, head, self.params.iter().map(Vec::as_slice));
        out.extend_from_slice(&self.extension()?);
        Ok(out)
    }

    fn extension(&self) -> Result<Vec<u8>, TrialError> {
        let task = &self.task.facts;
        let mut out = vec![0; EXT_FIXED];
        put(&mut out, 2, &task.flags.to_le_bytes());
        put(&mut out, 8, &task.start_boottime.to_le_bytes());
        put(&mut out, 16, &task.cgroup.to_le_bytes());
        let words = [(4, task.tgid), (24, task.ppid), (28, task.uid), (32, task.gid), (36, task.loginuid)];
        words.iter().for_each(|(at, value)| put(&mut out, *at, &value.to_le_bytes()));
        put(&mut out, COMM_AT, cut(self.task.comm.as_bytes(), COMM_MAX));
        if let Some(file) = &self.file {
            push(&mut out, item::FILE, &file_bytes(file))?;
        }
        if let Some(socket) = &self.socket {
            push(&mut out, item::SOCKET, &socket_bytes(socket))?;
        }
        for (kind, paths) in [(item::REAL, &self.real), (item::BASE, &self.base)] {
            for path in paths {
                let head = [path.param, if path.deleted { DELETED } else { 0 }];
                push(&mut out, kind, &[&head, path.text.as_bytes()].concat())?;
            }
        }
        for (kind, text) in [(item::CGROUP_PATH, &self.cgroup_path), (item::UNIX_PATH, &self.unix_path)] {
            if let Some(text) = text {
                push(&mut out, kind, text.as_bytes())?;
            }
        }
        if let Some(ids) = &self.ids {
            let numbers = [ids.sid, ids.vtid, ids.vpid, ids.pgid, ids.vsid, ids.vpgid];
            let body: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            push(&mut out, item::IDS, &body)?;
        }
        let len = short(out.len())?;
        put(&mut out, 0, &len.to_le_bytes());
        Ok(out)
    }
}

fn short(len: usize) -> Result<u16, TrialError> {
    u16::try_from(len).map_err(|_| TrialError::Record(format!("{len} bytes in one piece")))
}

fn cut(bytes: &[u8], max: usize) -> &[u8] {
    bytes.get(..max).unwrap_or(bytes)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn push(out: &mut Vec<u8>, kind: u16, body: &[u8]) -> Result<(), TrialError> {
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&short(body.len())?.to_le_bytes());
    out.extend_from_slice(body);
    Ok(())
}

fn file_bytes(file: &FileFacts) -> [u8; 40] {
    let mut out = [0; 40];
    put(&mut out, 0, &file.fd.to_le_bytes());
    put(&mut out, 8, &file.dev.to_le_bytes());
    put(&mut out, 12, &[file.kind, file.layer]);
    put(&mut out, 14, &file.mode.to_le_bytes());
    put(&mut out, 16, &file.ino.to_le_bytes());
    put(&mut out, 24, &file.ctime.to_le_bytes());
    put(&mut out, 32, &file.open_flags.to_le_bytes());
    put(&mut out, 36, &file.pid.to_le_bytes());
    out
}

fn socket_bytes(socket: &SocketFacts) -> [u8; 80] {
    let mut out = [0; 80];
    let wide = [(0, socket.fd as u64), (8, socket.ino), (16, socket.source), (24, socket.peer)];
    wide.iter().for_each(|(at, value)| put(&mut out, *at, &value.to_le_bytes()));
    put(&mut out, 32, &socket.local_addr);
    put(&mut out, 48, &socket.remote_addr);
    put(&mut out, 64, &socket.family.to_le_bytes());
    put(&mut out, 66, &[socket.sock_type, socket.protocol, socket.role, socket.flags]);
    put(&mut out, 70, &socket.local_port.to_le_bytes());
    put(&mut out, 72, &socket.remote_port.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, PathItem};

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let file = FileFacts { fd: 3, dev: 4, kind: 1, layer: 2, mode: 6, ino: 7, ctime: 8, open_flags: 9, pid: 10 };
        let socket = SocketFacts {
            fd: 3,
            family: 2,
            sock_type: 1,
            protocol: 6,
            role: 1,
            flags: 25,
            local_port: 1000,
            remote_port: 80,
            local_addr: [1; 16],
            remote_addr: [2; 16],
            ino: 5,
            source: 6,
            peer: 7,
        };
        let facts = TaskFacts {
            flags: 4,
            tgid: 100,
            ppid: 50,
            uid: 1,
            gid: 2,
            loginuid: 3,
            start_boottime: 9,
            cgroup: 10,
            ..TaskFacts::default()
        };
        let path = |param, deleted| Path { param, text: "/x".into(), deleted };
        let record = Record {
            ts: 1,
            tid: 101,
            id: 5,
            params: vec![vec![1, 2], vec![], vec![3]],
            task: Task { facts, comm: "a-name-of-more-than-15".into() },
            file: Some(file),
            socket: Some(socket),
            real: vec![path(2, false), path(255, true)],
            base: vec![path(1, false)],
            cgroup_path: Some("/c".into()),
            unix_path: Some("/u".into()),
            ids: Some(TaskIds { sid: 1, pgid: 2, vtid: 3, vpid: 4, vsid: 5, vpgid: 6 }),
        };
        let bytes = record.bytes().expect("it fits");
        let event = Event::decode(&bytes, 0).expect("a well-formed record");
        assert_eq!((event.ts, event.tid, event.id), (1, 101, 5));
        assert_eq!([event.param(0), event.param(1), event.param(2)], [Some(&[1, 2][..]), Some(&[]), Some(&[3])]);
        let ext = event.ext.expect("an extension block");
        assert_eq!(ext.task, TaskFacts { comm: b"a-name-of-more-", ..facts });
        assert_eq!((ext.file, ext.socket, ext.ids), (Some(file), Some(socket), record.ids));
        let item = |param, flags| Some(PathItem { param, flags, text: b"/x" });
        assert_eq!((ext.real, ext.base), ([item(2, 0), item(255, DELETED)], [item(1, 0), None]));
        assert_eq!((ext.cgroup_path, ext.unix_path), (Some(&b"/c"[..]), Some(&b"/u"[..])));
        let long = Record { params: vec![vec![0; 70_000]], ..Record::default() };
        assert_eq!(long.bytes().map_err(|e| e.code()), Err("trial-record"));
    }
}
