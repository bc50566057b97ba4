//! What is known about one process, and about a thread where it differs from its process.

use std::sync::Arc;

use bumpalo::Bump;

use crate::params::Strings;

use super::captured::Table;
use super::command::CommandLine;
use super::containers::Placement;
use super::cpu_time::CpuTime;
use super::texts::Texts;

/// Immutable text shared between records, so that a fork copies pointers only.
pub type Text = Arc<[u8]>;

/// Longest command name kept (a kernel's has 15 bytes; captures may carry more).
const COMM_MAX: usize = 31;

/// A short command name, kept inline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Comm {
    len: u8,
    bytes: [u8; COMM_MAX],
}

impl Comm {
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; COMM_MAX];
        let len = name.len().min(COMM_MAX);
        bytes[..len].copy_from_slice(&name[..len]);
        Self { len: len as u8, bytes }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Default for Comm {
    fn default() -> Self {
        Self::new(b"")
    }
}

impl std::fmt::Debug for Comm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        String::from_utf8_lossy(self.as_bytes()).fmt(f)
    }
}

/// Bits of [`Image::flags`], the capture format's `execve_flags`.
pub mod exec_flags {
    pub const WRITABLE: u32 = 1;
    pub const UPPER_LAYER: u32 = 2;
    pub const FROM_MEMFD: u32 = 4;
    pub const LOWER_LAYER: u32 = 8;
}

/// What an exec sets; shared by every process forked from the one that called it.
#[derive(Debug, Default)]
pub struct Image {
    pub exepath: Text,
    /// argv\[0\].
    exe: Text,
    /// With the command name at exec.
    command: CommandLine,
    /// `A=b` strings, NUL-terminated.
    env: Text,
    /// [`exec_flags`].
    pub flags: u32,
    pub ino: u64,
    /// ns since the epoch, 0 unknown.
    pub ctime: u64,
    pub mtime: u64,
    /// Absolute path of the file that the program was started to interpret; empty for none.
    pub script: Text,
    /// Nothing is known of arguments and environment, also of argv\[0\]: the process's memory did not answer in time.
    pub unread: bool,
}

/// The parts an [`Image`] is joined from.
#[derive(Clone, Debug, Default)]
pub struct ImageParts<'a> {
    pub exe: &'a [u8],
    pub exepath: &'a [u8],
    pub comm: &'a [u8],
    /// NUL-terminated strings without argv\[0\].
    pub args: &'a [u8],
    pub env: &'a [u8],
    pub flags: u32,
    pub ino: u64,
    pub ctime: u64,
    pub mtime: u64,
    pub script: Text,
    pub unread: bool,
}

/// Bytes of a text kept: of arguments, of environment, as in the capture format, and of every path.
pub const STRINGS_MAX: usize = 4096;

/// The text, as far as it is kept.
pub fn text(bytes: &[u8]) -> Text {
    cut(bytes, STRINGS_MAX).into()
}

impl Image {
    pub fn new(parts: ImageParts<'_>) -> Self {
        Self {
            exepath: text(parts.exepath),
            exe: text(parts.exe),
            command: CommandLine::new(Comm::new(parts.comm), cut(parts.args, STRINGS_MAX)),
            env: text(parts.env),
            flags: parts.flags,
            ino: parts.ino,
            ctime: parts.ctime,
            mtime: parts.mtime,
            script: parts.script,
            unread: parts.unread,
        }
    }

    /// Has the texts that others have, too, in the same memory.
    pub fn share(&mut self, texts: &mut Texts) {
        let own = [&mut self.exepath, &mut self.exe, self.command.line_mut(), &mut self.env];
        own.into_iter().for_each(|text| texts.share(text));
    }

    /// Itself, if arguments and environment are known.
    pub fn told(&self) -> Option<&Self> {
        (!self.unread).then_some(self)
    }

    pub fn exe(&self) -> &[u8] {
        &self.exe
    }

    /// Arguments without argv\[0\], joined by spaces.
    pub fn args_line(&self) -> &[u8] {
        self.command.args_line()
    }

    /// argv\[0\] and the arguments; ends in a space when there are none.
    pub fn exeline<'a>(&self, arena: &'a Bump) -> &'a [u8] {
        joined(&self.exe, self.args_line(), arena)
    }

    /// The command name at exec and the arguments.
    pub fn command(&self) -> &CommandLine {
        &self.command
    }

    /// The arguments without argv\[0\], NUL-terminated each.
    pub fn raw_args(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.args_line().len() + 1);
        for arg in self.command.args() {
            out.extend_from_slice(arg);
            out.push(0);
        }
        out
    }

    /// The environment as it is, NUL-terminated strings.
    pub fn raw_env(&self) -> &[u8] {
        &self.env
    }

    /// The environment, one `NAME=value` at a time.
    pub fn env(&self) -> Strings<'_> {
        Strings::new(&self.env)
    }

    /// Upper bound of the length of the joined environment.
    pub fn env_len(&self) -> usize {
        self.env.len()
    }
}

/// A directory's name, which ends with a slash; that of an unknown one is empty.
pub fn directory(path: &[u8]) -> Text {
    match path.get(..STRINGS_MAX - 1).unwrap_or(path) {
        path if path.is_empty() || path.ends_with(b"/") => path.into(),
        path => [path, b"/"].concat().into(),
    }
}

fn cut(bytes: &[u8], max: usize) -> &[u8] {
    bytes.get(..max).unwrap_or(bytes)
}

/// Both with a space in between.
fn joined<'a>(name: &[u8], args: &[u8], arena: &'a Bump) -> &'a [u8] {
    let mut line = bumpalo::collections::Vec::with_capacity_in(name.len() + 1 + args.len(), arena);
    line.extend_from_slice(name);
    line.push(b' ');
    line.extend_from_slice(args);
    line.into_bump_slice()
}

/// Identity and privileges of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Creds {
    /// Effective ids; `u32::MAX` unknown.
    pub uid: u32,
    pub gid: u32,
    /// Audit login uid, `u32::MAX` unset.
    pub loginuid: u32,
    pub cap_inheritable: u64,
    pub cap_permitted: u64,
    pub cap_effective: u64,
}

impl Default for Creds {
    fn default() -> Self {
        Self {
            uid: u32::MAX,
            gid: u32::MAX,
            loginuid: u32::MAX,
            cap_inheritable: 0,
            cap_permitted: 0,
            cap_effective: 0,
        }
    }
}

/// Who created a process; kept when the process is re-parented.
#[derive(Clone, Debug)]
pub struct Origin {
    pub pid: i64,
    pub comm: Comm,
    pub exepath: Text,
}

/// A process (thread group) as of the last event applied.
#[derive(Clone, Debug)]
pub struct Process {
    /// Host view; -1 for the placeholder of an unknown process.
    pub pid: i64,
    /// The current parent's pid; 0 when none is known.
    pub ppid: i64,
    /// The last parent that exited, whose reaper is `ppid` since then; 0 none.
    pub orphan_of: i64,
    /// Start on the boot clock in ns; tells a reused pid from the old one. 0 unknown.
    pub start: u64,
    /// ns since the epoch; 0 unknown.
    pub clone_ts: u64,
    /// The kernel's count of its execs: another one means that the image was replaced unseen. `None` unknown.
    pub exec_gen: Option<u32>,
    pub comm: Comm,
    pub image: Arc<Image>,
    pub creds: Creds,
    /// Ends with `/`.
    pub cwd: Text,
    pub root: Text,
    /// `subsystem=path` strings, NUL-terminated.
    pub cgroups: Text,
    /// Id of the cgroup that `container` was decided from; 0 none.
    pub cgroup: u64,
    pub container: Placement,
    /// -1 unknown.
    pub vpid: i64,
    /// Session and process group as the process sees them: 0 where they began outside of its pid namespace.
    pub sid: i64,
    pub vpgid: i64,
    /// The same, seen from the host.
    pub session: i64,
    pub pgid: i64,
    /// Controlling terminal's device number, 0 none.
    pub tty: u32,
    /// -1 unknown.
    pub fdlimit: i64,
    /// kB: size, resident, swapped.
    pub vm: [u64; 3],
    /// Major and minor page faults.
    pub faults: [u64; 2],
    /// The leader's alone.
    pub cpu: CpuTime,
    /// ns since the epoch; 0 unknown.
    pub pidns_start: u64,
    /// Adopts orphans of its descendants.
    pub reaper: bool,
    /// The leader has exited; the record stays while threads live.
    pub dead: bool,
    /// The image came from /proc, the start-up scan or an exec, not only from an event's task facts.
    pub complete: bool,
    pub origin: Option<Arc<Origin>>,
    /// Open descriptors, where a capture's events tell them; shared with its children until one of them changes it.
    pub fds: Option<Arc<Table>>,
    /// Live threads other than the leader.
    pub threads: Vec<i64>,
    /// Time of the last event, ns since the epoch; the eviction's measure.
    pub seen: u64,
}

impl Process {
    /// A record that knows its pid and nothing else.
    pub fn new(pid: i64) -> Self {
        Self {
            pid,
            ppid: 0,
            orphan_of: 0,
            start: 0,
            clone_ts: 0,
            exec_gen: None,
            comm: Comm::default(),
            image: Arc::default(),
            creds: Creds::default(),
            cwd: Arc::default(),
            root: Arc::default(),
            cgroups: Arc::default(),
            cgroup: 0,
            container: Placement::Unknown,
            vpid: -1,
            sid: -1,
            vpgid: -1,
            session: -1,
            pgid: -1,
            tty: 0,
            fdlimit: -1,
            vm: [0; 3],
            faults: [0; 2],
            cpu: CpuTime::default(),
            pidns_start: 0,
            reaper: false,
            dead: false,
            complete: false,
            origin: None,
            fds: None,
            threads: Vec::new(),
            seen: 0,
        }
    }

    /// What fields show for a process nothing is known about (`spec: fields-semantics.md` §3).
    pub fn placeholder() -> Self {
        let image = Image::new(ImageParts { exe: b"<NA>", comm: b"<NA>", ..ImageParts::default() });
        Self { comm: Comm::new(b"<NA>"), image: Arc::new(image), ..Self::new(-1) }
    }

    /// The record of a child at the moment of its creation: everything is shared with the parent.
    pub fn fork(&self, pid: i64, ts: u64) -> Self {
        Self {
            pid,
            ppid: self.pid,
            orphan_of: 0,
            start: 0,
            clone_ts: ts,
            vpid: -1,
            cpu: CpuTime::default(),
            reaper: false,
            dead: false,
            origin: Some(Arc::new(Origin { pid: self.pid, comm: self.comm, exepath: Arc::clone(&self.image.exepath) })),
            threads: Vec::new(),
            seen: ts,
            ..self.clone()
        }
    }

    /// Whether the kernel's word on the parent counts. A parent that exits still is one until the kernel has handed its
    /// children on, and here they already are.
    pub fn follows(&self, told: i64) -> bool {
        told == 0 || self.orphan_of != told
    }

    /// `comm` and arguments, where they are known; joined anew only if the name changed since the exec.
    pub fn cmdline<'a>(&'a self, comm: &'a [u8], arena: &'a Bump) -> Option<&'a [u8]> {
        let command = &self.image.told()?.command;
        Some(match command.count() {
            _ if comm == command.name().as_bytes() => command.line(),
            0 => comm,
            _ => joined(comm, command.args_line(), arena),
        })
    }

    /// Upper bound of the bytes that the record alone keeps alive, its image included.
    pub fn own_bytes(&self) -> usize {
        let image = &self.image;
        let texts = [&image.exepath, &image.exe, &image.env, &image.script, &self.cwd, &self.root, &self.cgroups];
        let command = image.command.line().len() + image.command.marks_len();
        let threads = self.threads.len() * size_of::<i64>();
        let texts = texts.iter().map(|text| text.len()).sum::<usize>();
        size_of::<Self>() + size_of::<Image>() + texts + command + threads
    }

    /// The leader and its living threads.
    pub fn nthreads(&self) -> u64 {
        self.threads.len() as u64 + u64::from(!self.dead)
    }
}

/// A thread that is no group leader; it has what its process has unless said here.
#[derive(Clone, Debug)]
pub struct Thread {
    pub tid: i64,
    pub pid: i64,
    /// -1 unknown.
    pub vtid: i64,
    /// `None`: the process's.
    pub comm: Option<Comm>,
    /// `None`: the process's.
    pub creds: Option<Box<Creds>>,
    pub cpu: CpuTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(args: &[u8]) -> Image {
        Image::new(ImageParts { exe: b"/bin/cat", comm: b"cat", args, ..ImageParts::default() })
    }

    #[test]
    fn lines_are_joined_as_the_fields_show_them() {
        let arena = Bump::new();
        let two = image(b"-n\0/etc/shadow");
        assert_eq!(two.command().line(), b"cat -n /etc/shadow");
        assert_eq!(two.exeline(&arena), b"/bin/cat -n /etc/shadow");
        assert_eq!(two.exe(), b"/bin/cat");
        assert_eq!(two.args_line(), b"-n /etc/shadow");
        assert_eq!(two.raw_args(), b"-n\0/etc/shadow\0");
        let none = image(b"");
        assert_eq!(none.command().line(), b"cat");
        assert_eq!(none.exeline(&arena), b"/bin/cat ");
        assert_eq!(none.raw_args(), b"");
        let empty = image(b"\0");
        assert_eq!(empty.command().line(), b"cat ");
    }

    #[test]
    fn a_renamed_process_gets_its_own_command_line() {
        let arena = Bump::new();
        let process = Process { image: Arc::new(image(b"-n\0")), ..Process::new(7) };
        assert_eq!(process.cmdline(b"cat", &arena), Some(&b"cat -n"[..]));
        assert_eq!(process.cmdline(b"dog", &arena), Some(&b"dog -n"[..]));
        let unread = Image { unread: true, ..image(b"") };
        let process = Process { image: Arc::new(unread), ..Process::new(7) };
        assert_eq!(process.cmdline(b"cat", &arena), None);
    }

    #[test]
    fn a_child_shares_its_parents_strings() {
        let parent = Process { image: Arc::new(image(b"-n\0")), cwd: b"/tmp/"[..].into(), ..Process::new(7) };
        let child = parent.fork(8, 100);
        assert_eq!((child.pid, child.ppid, child.clone_ts), (8, 7, 100));
        assert!(Arc::ptr_eq(&parent.image, &child.image) && Arc::ptr_eq(&parent.cwd, &child.cwd));
        assert_eq!(child.origin.as_ref().map(|o| o.pid), Some(7));
    }

    #[test]
    fn long_names_and_arguments_are_capped() {
        assert_eq!(Comm::new(&[b'x'; 200]).as_bytes().len(), COMM_MAX);
        let long = &[b'a'; 10_000];
        let parts = ImageParts { exe: long, exepath: long, comm: long, args: long, env: long, ..ImageParts::default() };
        let image = Image::new(parts);
        assert!(
            [image.exe(), &image.exepath, image.args_line(), image.raw_env()].iter().all(|t| t.len() <= STRINGS_MAX)
        );
        assert!(image.command().line().len() <= COMM_MAX + 1 + STRINGS_MAX && text(long).len() == STRINGS_MAX);
    }
}
