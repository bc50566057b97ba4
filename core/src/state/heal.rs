//! A live process's record from /proc, for processes whose exec was not seen.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use super::arguments::{Arguments, Reader};
use super::process::{Comm, Image, ImageParts, Process, STRINGS_MAX, directory, text};
use super::script;

/// Clock ticks per second of /proc/PID/stat; fixed by the kernel's interface on every architecture.
const TICK_NS: u64 = 1_000_000_000 / 100;

/// Fills `process` from /proc.
///
/// Leaves it untouched and returns false when the process is gone or its pid now names another one.
pub fn fill(process: &mut Process, reader: &mut Reader) -> bool {
    let pid = process.pid;
    let Some(stat) = Stat::read(pid) else { return false };
    if process.start != 0 && process.start / TICK_NS != stat.start_ticks {
        return false;
    }
    let arguments = reader.ask(pid);
    let unread = arguments.is_none();
    let Arguments { all, env } = arguments.unwrap_or_default();
    let (exe, args) = split_first(&all);
    let exepath = link(pid, "exe");
    let exepath = exepath.strip_suffix(b" (deleted)").unwrap_or(&exepath);
    let cwd = directory(&link(pid, "cwd"));
    let image = Image::new(ImageParts {
        exe,
        exepath,
        comm: &stat.comm,
        args,
        env: &env,
        unread,
        script: script::guessed(&stat.comm, exepath, args, &cwd),
        ..ImageParts::default()
    });
    process.image = Arc::new(image);
    process.comm = Comm::new(&stat.comm);
    process.cwd = cwd;
    process.root = text(&link(pid, "root"));
    process.cgroups = text(&cgroups(&file(pid, "cgroup")));
    process.session = stat.sid;
    process.pgid = stat.pgid;
    process.tty = stat.tty;
    if process.ppid == 0 {
        process.ppid = stat.ppid;
    }
    process.faults = stat.faults;
    status(process, &file(pid, "status"));
    process.complete = true;
    true
}

/// Whether a process lives: its leader, or some thread of it. `start` 0: unknown.
pub fn lives(pid: i64, start: u64) -> bool {
    Stat::read(pid).is_some_and(|stat| {
        (start == 0 || start / TICK_NS == stat.start_ticks) && (stat.state != "Z" || stat.threads > 1)
    })
}

/// Whether a process has this thread.
pub fn thread_lives(pid: i64, tid: i64) -> bool {
    fs::exists(format!("/proc/{pid}/task/{tid}")).unwrap_or(true)
}

/// Fills in what an exec's parameters do not have: session, groups and ids inside the pid namespace.
pub fn session(process: &mut Process) {
    let Some(stat) = Stat::read(process.pid) else { return };
    process.session = stat.sid;
    process.pgid = stat.pgid;
    status(process, &file(process.pid, "status"));
}

/// The fields of /proc/PID/stat that a record keeps.
struct Stat {
    comm: Vec<u8>,
    state: String,
    threads: i64,
    ppid: i64,
    pgid: i64,
    sid: i64,
    tty: u32,
    /// Major and minor page faults.
    faults: [u64; 2],
    start_ticks: u64,
}

impl Stat {
    fn read(pid: i64) -> Option<Self> {
        Self::parse(&file(pid, "stat"))
    }

    /// The name may hold spaces and parentheses: fields are counted from its last `)`.
    fn parse(stat: &[u8]) -> Option<Self> {
        let open = stat.iter().position(|b| *b == b'(')?;
        let close = stat.iter().rposition(|b| *b == b')')?;
        let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
        Some(Self {
            comm: stat.get(open + 1..close)?.to_vec(),
            state: fields.first()?.to_string(),
            threads: number(17)?,
            ppid: number(1)?,
            pgid: number(2)?,
            sid: number(3)?,
            tty: number(4)? as u32,
            faults: [number(9)? as u64, number(7)? as u64],
            start_ticks: number(19)? as u64,
        })
    }
}

/// Ids inside the innermost pid namespace, capabilities and memory (kB), from /proc/PID/status.
fn status(process: &mut Process, status: &[u8]) {
    for line in String::from_utf8_lossy(status).lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.strip_suffix(" kB").unwrap_or(value);
        let last = value.split_ascii_whitespace().next_back().unwrap_or_default();
        let id = || last.parse::<i64>().unwrap_or(-1);
        let caps = || u64::from_str_radix(last, 16).unwrap_or(0);
        let size = || last.parse::<u64>().unwrap_or(0);
        match name {
            "VmSize" => process.vm[0] = size(),
            "VmRSS" => process.vm[1] = size(),
            "VmSwap" => process.vm[2] = size(),
            "NSpid" => process.vpid = id(),
            "NSpgid" => process.vpgid = id(),
            "NSsid" => process.sid = id(),
            "CapInh" => process.creds.cap_inheritable = caps(),
            "CapPrm" => process.creds.cap_permitted = caps(),
            "CapEff" => process.creds.cap_effective = caps(),
            _ => {}
        }
    }
}

/// Cgroups of a thread that is alive, `subsystem=path` NUL each; empty when it is gone.
pub fn cgroups_of(tid: i64) -> Vec<u8> {
    cgroups(&file(tid, "cgroup"))
}

/// Controllers that are told of, wherever they are: where no hierarchy of their own has them, in the unified one.
const CONTROLLERS: [&[u8]; 6] = [b"cpuset", b"cpu", b"cpuacct", b"io", b"memory", b"pids"];

/// `4:cpu,cpuacct:/a` → `cpu=/a` NUL `cpuacct=/a` NUL, one after another; named hierarchies have no controller.
fn cgroups(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut told: Vec<&[u8]> = Vec::new();
    for line in text.split(|b| *b == b'\n') {
        let mut parts = line.splitn(3, |b| *b == b':').skip(1);
        let (Some(names), Some(path)) = (parts.next(), parts.next()) else { continue };
        if names.is_empty() {
            let rest = CONTROLLERS.into_iter().filter(|name| !told.iter().any(|other| same_controller(other, name)));
            rest.chain([&b""[..]]).for_each(|name| push_pair(&mut out, name, path));
            continue;
        }
        for name in names.split(|b| *b == b',').filter(|name| !name.starts_with(b"name=")) {
            told.push(name);
            push_pair(&mut out, name, path);
        }
    }
    out
}

/// The unified hierarchy's io is what was blkio before.
fn same_controller(old: &[u8], new: &[u8]) -> bool {
    old == new || (old == b"blkio" && new == b"io")
}

fn push_pair(out: &mut Vec<u8>, name: &[u8], path: &[u8]) {
    out.extend_from_slice(name);
    out.push(b'=');
    out.extend_from_slice(path);
    out.push(0);
}

fn file(pid: i64, name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    if let Ok(file) = fs::File::open(format!("/proc/{pid}/{name}")) {
        let _ = std::io::Read::read_to_end(&mut std::io::Read::take(file, 2 * STRINGS_MAX as u64), &mut content);
    }
    content
}

fn link(pid: i64, name: &str) -> Vec<u8> {
    fs::read_link(format!("/proc/{pid}/{name}")).map(|p| p.into_os_string().into_vec()).unwrap_or_default()
}

fn split_first(cmdline: &[u8]) -> (&[u8], &[u8]) {
    let end = cmdline.iter().position(|b| *b == 0).unwrap_or(cmdline.len());
    (&cmdline[..end], cmdline.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::patient::Terms;

    #[test]
    fn this_process_is_read() {
        let mut process = Process::new(i64::from(std::process::id()));
        assert!(fill(&mut process, &mut Reader::new(Terms::TESTS)));
        assert!(process.complete && process.ppid > 0 && process.sid >= 0);
        assert!(process.vm[0] > process.vm[1] && process.vm[1] > 0 && process.faults[1] > 0);
        assert!(process.cwd.ends_with(b"/") && !process.image.exe().is_empty() && !process.image.exepath.is_empty());
    }

    #[test]
    fn another_process_of_the_same_pid_is_not() {
        let mut process = Process { start: 1, ..Process::new(i64::from(std::process::id())) };
        let mut reader = Reader::new(Terms::TESTS);
        assert!(!fill(&mut process, &mut reader) && !process.complete);
        assert!(!fill(&mut Process::new(i64::MAX), &mut reader));
    }

    #[test]
    fn life_is_told_from_death_and_from_others() {
        let me = i64::from(std::process::id());
        assert!(lives(me, 0) && thread_lives(me, me));
        assert!(!lives(me, 1) && !lives(i64::MAX, 0) && !thread_lives(me, i64::MAX));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i64::from(child.id());
        while lives(pid, 0) {
            std::thread::yield_now();
        }
        assert!(Stat::read(pid).is_some(), "a zombie is there and does not live");
        child.wait().unwrap();
    }

    #[test]
    fn names_with_parentheses_do_not_shift_fields() {
        let stat = b"12 (a) b (c) S 3 4 5 34816 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
        let stat = Stat::parse(stat).expect("a valid line");
        assert_eq!((&stat.comm[..], stat.ppid, stat.pgid, stat.sid), (&b"a) b (c"[..], 3, 4, 5));
        assert_eq!((stat.tty, stat.start_ticks), (34816, 777));
        assert!(Stat::parse(b"12 (a) S").is_none() && Stat::parse(b"").is_none());
    }

    #[test]
    fn cgroup_lines_become_pairs() {
        let hybrid = b"9:name=systemd:/s\n5:blkio:/b\n4:memory:/a:b\n2:cpu,cpuacct:/c\n1:cpuset,pids:/\n0::/u\n\n";
        assert_eq!(cgroups(hybrid), b"blkio=/b\0memory=/a:b\0cpu=/c\0cpuacct=/c\0cpuset=/\0pids=/\0=/u\0");
        let unified = b"cpuset=/u\0cpu=/u\0cpuacct=/u\0io=/u\0memory=/u\0pids=/u\0=/u\0";
        assert_eq!(cgroups(b"0::/u\n"), unified);
    }
}
