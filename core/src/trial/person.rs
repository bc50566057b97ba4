//! One process of a trial: what was said about it, filled up with what is usual.

use super::TrialError;
use super::doc::ProcessDoc;
use super::encode;
use super::record::{Record, Task};
use crate::event::{TaskFacts, TaskIds};
use crate::schema::{self, EventInfo, ParamInfo};
use crate::state::wire;

/// The process that is there from the start.
pub const INIT: i64 = 1;
const UNSET: u32 = u32::MAX;
const FULL_ID: usize = 64;
const SHORT_ID: usize = 12;
const HOST_CGROUP: &str = "/system.slice";
/// Start of a process per pid, ns on the boot clock: one number, so that a process stays the same one.
const START_PER_PID: u64 = 1_000_000;

impl ProcessDoc {
    /// Process 1.
    pub fn init() -> Self {
        Self {
            pid: Some(INIT),
            ppid: Some(0),
            name: Some("systemd".into()),
            exepath: Some("/usr/lib/systemd/systemd".into()),
            ..Self::default()
        }
    }
}

/// A process with everything filled in.
#[derive(Clone, Debug)]
pub struct Person {
    pub pid: i64,
    pub ppid: i64,
    pub name: String,
    exe: String,
    pub exepath: String,
    args: Vec<String>,
    env: Vec<String>,
    cwd: String,
    pub uid: u32,
    pub gid: u32,
    pub loginuid: u32,
    tty: u32,
    sid: u32,
    pgid: u32,
    vpgid: i64,
    vpid: u32,
    cgroup: String,
    flags: u32,
    capabilities: [u64; 3],
    inode: [u64; 3],
}

impl Person {
    /// A process that nobody has described yet, child of `parent`.
    pub fn child(pid: i64, parent: Option<&Self>) -> Self {
        let own = pid as u32;
        let inherited = parent.filter(|p| p.pid != INIT);
        Self {
            pid,
            ppid: parent.map_or(0, |p| p.pid),
            name: "program".into(),
            exe: String::new(),
            exepath: String::new(),
            args: Vec::new(),
            env: inherited.map_or_else(Vec::new, |p| p.env.clone()),
            cwd: parent.map_or_else(|| "/".into(), |p| p.cwd.clone()),
            uid: parent.map_or(0, |p| p.uid),
            gid: parent.map_or(0, |p| p.gid),
            loginuid: parent.map_or(UNSET, |p| p.loginuid),
            tty: parent.map_or(0, |p| p.tty),
            sid: inherited.map_or(own, |p| p.sid),
            pgid: own,
            vpgid: pid,
            vpid: own,
            cgroup: parent.map_or_else(|| HOST_CGROUP.into(), |p| p.cgroup.clone()),
            flags: 0,
            capabilities: [0; 3],
            inode: [0; 3],
        }
    }

    /// Takes over what a description says.
    pub fn describe(&mut self, doc: &ProcessDoc) -> Result<(), TrialError> {
        self.image(doc);
        let loginuid = doc.loginuid.map(|id| u32::try_from(id).unwrap_or(UNSET));
        take(&mut self.env, doc.env.as_ref().map(super::doc::Env::list));
        take(&mut self.cwd, doc.cwd.clone());
        take(&mut self.uid, doc.uid);
        take(&mut self.gid, doc.gid.or(doc.uid));
        take(&mut self.loginuid, loginuid);
        take(&mut self.tty, doc.tty);
        take(&mut self.sid, doc.sid);
        take(&mut self.pgid, doc.pgid);
        take(&mut self.vpid, doc.vpid);
        take(&mut self.vpgid, doc.vpgid.or(doc.vpid.map(i64::from)));
        take(&mut self.cgroup, doc.cgroup.clone().or_else(|| doc.container.as_deref().map(cgroup_of)));
        if let Some(flags) = &doc.flags {
            self.flags = u32::try_from(encode::integer(exec_param("flags")?, flags)?).unwrap_or(0);
        }
        let [inheritable, permitted, effective] = &mut self.capabilities;
        take(inheritable, doc.cap_inheritable);
        take(permitted, doc.cap_permitted);
        take(effective, doc.cap_effective);
        let [ino, ctime, mtime] = &mut self.inode;
        take(ino, doc.exe_ino);
        take(ctime, doc.exe_ino_ctime);
        take(mtime, doc.exe_ino_mtime);
        Ok(())
    }

    /// The program: a new name or path is another program unless both are told apart.
    fn image(&mut self, doc: &ProcessDoc) {
        let named = doc.name.clone().or_else(|| doc.exepath.as_deref().map(base_name));
        if let Some(name) = named {
            self.exepath = doc.exepath.clone().unwrap_or_else(|| format!("/usr/bin/{name}"));
            self.exe = name.clone();
            self.name = name;
        } else if self.exepath.is_empty() {
            self.exepath = format!("/usr/bin/{}", self.name);
            self.exe = self.name.clone();
        }
        take(&mut self.exe, doc.exe.clone());
        take(&mut self.args, doc.args.as_ref().map(|words| words.list().into_iter().map(Into::into).collect()));
    }

    /// The process after an exec of `path`.
    pub fn exec(&mut self, path: &str) {
        self.image(&ProcessDoc { exepath: Some(path.into()), exe: Some(path.into()), ..ProcessDoc::default() });
        self.args.clear();
    }

    pub fn set_args(&mut self, words: Vec<String>) {
        self.args = words;
    }

    pub fn set_name(&mut self, name: &str) {
        self.name = name.into();
    }

    /// What the kernel says of the process with every event.
    pub fn task(&self, flags: u16) -> Task {
        let facts = TaskFacts {
            flags,
            tgid: self.pid as u32,
            ppid: self.ppid as u32,
            uid: self.uid,
            gid: self.gid,
            loginuid: self.loginuid,
            start_boottime: self.pid as u64 * START_PER_PID,
            cgroup: cgroup_id(&self.cgroup),
            ..TaskFacts::default()
        };
        Task { facts, comm: self.name.clone() }
    }

    pub fn ids(&self) -> TaskIds {
        let vpgid = u32::try_from(self.vpgid).unwrap_or(0);
        TaskIds { sid: self.sid, pgid: self.pgid, vtid: self.vpid, vpid: self.vpid, vsid: self.sid, vpgid }
    }

    pub fn cgroup(&self) -> String {
        self.cgroup.clone()
    }

    /// A record without parameters, caused by this process.
    pub fn record(&self, info: &EventInfo, ts: u64, flags: u16) -> Record {
        Record {
            ts,
            tid: self.pid,
            id: info.id,
            params: vec![Vec::new(); info.params.len()],
            task: self.task(flags),
            cgroup_path: Some(self.cgroup()),
            ..Record::default()
        }
    }

    /// Parameters that a birth or an exec fills from the process.
    pub fn fill(&self, info: &EventInfo, record: &mut Record) {
        let texts = [("exe", &self.exe), ("comm", &self.name), ("cwd", &self.cwd)];
        for (name, text) in texts.into_iter().chain([("trusted_exepath", &self.exepath), ("filename", &self.exepath)]) {
            set(info, record, name, [text.as_bytes(), b"\0"].concat());
        }
        set(info, record, "args", lines(&self.args));
        set(info, record, "env", lines(&self.env));
        let [inheritable, permitted, effective] = self.capabilities.map(i128::from);
        let [ino, ctime, mtime] = self.inode.map(i128::from);
        let numbers = [
            ("res", 0),
            ("tid", i128::from(self.pid)),
            ("pid", i128::from(self.pid)),
            ("ptid", i128::from(self.ppid)),
            ("uid", i128::from(self.uid)),
            ("gid", i128::from(self.gid)),
            ("loginuid", i128::from(self.loginuid)),
            ("tty", i128::from(self.tty)),
            ("vtid", i128::from(self.vpid)),
            ("vpid", i128::from(self.vpid)),
            ("pgid", i128::from(self.pgid)),
            ("vpgid", i128::from(self.vpgid)),
            ("cap_inheritable", inheritable),
            ("cap_permitted", permitted),
            ("cap_effective", effective),
            ("exe_ino", ino),
            ("exe_ino_ctime", ctime),
            ("exe_ino_mtime", mtime),
            // A birth has flags of another kind; those of the image are its parent's.
            ("flags", if info.param_index("env").is_some() { i128::from(self.flags) } else { 0 }),
        ];
        for (name, number) in numbers {
            let Some(param) = info.param_index(name).and_then(|at| info.params.get(at)) else { continue };
            set(info, record, name, encode::sized(param.ty, number).unwrap_or_default());
        }
    }
}

fn take<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn set(info: &EventInfo, record: &mut Record, name: &str, bytes: Vec<u8>) {
    if let Some(place) = info.param_index(name).and_then(|at| record.params.get_mut(at)) {
        *place = bytes;
    }
}

fn lines(words: &[String]) -> Vec<u8> {
    words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect()
}

fn base_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).into()
}

/// The event that tells everything about a process.
pub fn exec_event() -> Result<&'static EventInfo, TrialError> {
    schema::event(wire::exec::ID).ok_or_else(|| TrialError::Field("execve".into()))
}

fn exec_param(name: &str) -> Result<&'static ParamInfo, TrialError> {
    let info = exec_event()?;
    let found = info.param_index(name).and_then(|at| info.params.get(at));
    found.ok_or_else(|| TrialError::Field(name.into()))
}

/// The cgroup of a container: Docker's for a hex id, which is filled up with zeros, LXC's for a name.
fn cgroup_of(container: &str) -> String {
    let hex = container.bytes().all(|b| b.is_ascii_hexdigit());
    match (container, container.len()) {
        ("host" | "", _) => HOST_CGROUP.into(),
        (_, SHORT_ID..=FULL_ID) if hex => format!("/docker/{container:0<FULL_ID$}"),
        _ => format!("/lxc/{container}"),
    }
}

/// One number per path (FNV-1a), so that the path is learnt once.
fn cgroup_id(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
