//! One event as it travels from a source to the evaluator: the capture format's encoding
//! (26-byte header, u16 length array, parameters) followed by the sensor's extension block.
//!
//! The extension block is `sensor/event.h`'s; a capture file has none.

pub mod encode;
mod others;
mod packed;

pub use others::{DescriptorTable, KindWord, OtherDescriptor, OtherObject};
pub use packed::{Body, Packed};

/// Bytes of the header: ts u64, tid u64, len u32, type u16, nparams u32 (packed).
pub const HEADER_LEN: usize = 26;

/// Events whose parameters may be larger than 64 KiB: plugin, container and asynchronous events.
const WIDE: [u16; 3] = [322, 324, 402];

/// Whether events of this id have u32 parameter lengths.
#[inline]
pub fn is_wide(id: u16) -> bool {
    id >= WIDE[0] && WIDE.contains(&id)
}

/// Why a record could not be read as an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("event of {got} bytes is shorter than its header or its length says ({need})")]
    Short { need: usize, got: usize },
    #[error("parameter lengths add up to {sum} bytes, the event has room for {room}")]
    Lengths { sum: usize, room: usize },
    #[error("extension block is malformed at byte {at}")]
    Extension { at: usize },
}

/// Flags of the extension block (`YK_X_*` in `sensor/event.h`).
pub mod ext_flags {
    /// Some string or buffer was cut.
    pub const TRUNCATED: u16 = 1 << 0;
    /// A string argument changed between the call's entry and its exit, or could not be read at one of them.
    pub const ARGS_CHANGED: u16 = 1 << 1;
    /// The record only feeds state (start-up scan, state-only emission); rules do not see it.
    pub const STATE_ONLY: u16 = 1 << 2;
    /// Emitted by the process iterator.
    pub const SCAN: u16 = 1 << 3;
    /// The call came through the 32-bit entry.
    pub const IA32: u16 = 1 << 4;
    /// Submitted through io_uring.
    pub const IO_URING: u16 = 1 << 5;
    /// Told before the result was known: the first parameter is empty.
    pub const RESULT_UNKNOWN: u16 = 1 << 6;
    /// The filter tables under which it was let through were of an odd generation.
    pub const ODD_GENERATION: u16 = 1 << 7;
    /// The program was started to interpret the file that the exec named.
    pub const SCRIPT: u16 = 1 << 8;
    /// Of a scan: arguments and environment could not be read in time, and are empty.
    pub const UNREAD: u16 = 1 << 9;
    /// Its strings are known from the call's end alone.
    pub const LATE: u16 = 1 << 10;
}

/// Facts that the kernel gave about the task at event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskFacts<'a> {
    pub flags: u16,
    /// Process id (thread group), host view.
    pub tgid: u32,
    /// Current parent's process id, host view.
    pub ppid: u32,
    /// Effective user and group id.
    pub uid: u32,
    pub gid: u32,
    /// Audit login uid, `u32::MAX` when unset.
    pub loginuid: u32,
    /// Low half of the task's exec counter.
    pub exec_gen: u32,
    /// Start of the thread group leader, ns on the boot clock.
    pub start_boottime: u64,
    /// Id of the task's cgroup in the hierarchy that the sensor was told to use.
    pub cgroup: u64,
    /// The CPU that the event happened on.
    pub cpu: u32,
    /// The thread's current short name, without trailing NULs.
    pub comm: &'a [u8],
}

/// A descriptor that is a file (or any inode that is no socket), as the kernel knew it at event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    pub fd: i64,
    /// Device in userspace encoding (`stat.st_dev`).
    pub dev: u32,
    /// Capture format's descriptor type (`FD_*`).
    pub kind: u8,
    /// 0 no overlay, 1 upper layer, 2 lower layer.
    pub layer: u8,
    pub mode: u16,
    pub ino: u64,
    /// ns since the epoch.
    pub ctime: u64,
    /// Kernel's `f_flags`.
    pub open_flags: u32,
    /// Process of a pidfd, host view; 0: not known.
    pub pid: u32,
}

/// Capture format's descriptor types.
pub mod fd_kind {
    pub const UNKNOWN: u8 = 0;
    pub const FILE: u8 = 1;
    pub const DIRECTORY: u8 = 2;
    pub const IPV4_SOCK: u8 = 3;
    pub const IPV6_SOCK: u8 = 4;
    pub const IPV4_SERV: u8 = 5;
    pub const IPV6_SERV: u8 = 6;
    pub const FIFO: u8 = 7;
    pub const UNIX_SOCK: u8 = 8;
    pub const EVENT: u8 = 9;
    pub const UNSUPPORTED: u8 = 10;
    pub const SIGNALFD: u8 = 11;
    pub const EVENTPOLL: u8 = 12;
    pub const INOTIFY: u8 = 13;
    pub const TIMERFD: u8 = 14;
    pub const NETLINK: u8 = 15;
    pub const FILE_V2: u8 = 16;
    pub const BPF: u8 = 17;
    pub const USERFAULTFD: u8 = 18;
    pub const IO_URING: u8 = 19;
    pub const MEMFD: u8 = 20;
    pub const PIDFD: u8 = 21;

    /// The kind of a socket of this family (`AF_*`).
    pub fn of_socket(family: u16, listening: bool) -> u8 {
        match (i32::from(family), listening) {
            (libc::AF_INET, false) => IPV4_SOCK,
            (libc::AF_INET, true) => IPV4_SERV,
            (libc::AF_INET6, false) => IPV6_SOCK,
            (libc::AF_INET6, true) => IPV6_SERV,
            (libc::AF_UNIX, _) => UNIX_SOCK,
            (libc::AF_NETLINK, _) => NETLINK,
            _ => UNKNOWN,
        }
    }
}

/// A descriptor that is a socket, as the kernel knew it at event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketFacts {
    pub fd: i64,
    /// `AF_*`; IPv4-mapped IPv6 arrives as `AF_INET` with 4-byte addresses.
    pub family: u16,
    /// `SOCK_*`.
    pub sock_type: u8,
    /// `IPPROTO_*` (255 raw).
    pub protocol: u8,
    /// 0 unknown, 1 client, 2 server.
    pub role: u8,
    /// [`socket_flags`].
    pub flags: u8,
    /// Host byte order.
    pub local_port: u16,
    pub remote_port: u16,
    /// IPv4 uses the first four bytes.
    pub local_addr: [u8; 16],
    pub remote_addr: [u8; 16],
    pub ino: u64,
    /// Kernel addresses of a unix socket and its peer, as `fd.name` shows them.
    pub source: u64,
    pub peer: u64,
}

/// Bits of [`SocketFacts::flags`].
pub mod socket_flags {
    pub const CONNECTED: u8 = 1 << 0;
    /// This event changed the socket's name (tuple).
    pub const NAME_CHANGED: u8 = 1 << 1;
    pub const LISTENING: u8 = 1 << 2;
    /// `local_*` are known (an unset kernel address is unknown, never 0.0.0.0).
    pub const LOCAL_KNOWN: u8 = 1 << 3;
    pub const REMOTE_KNOWN: u8 = 1 << 4;
}

/// Ids that only birth, exec and the start-up scan tell; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskIds {
    /// Session and process group, host view.
    pub sid: u32,
    pub pgid: u32,
    /// Thread, process, session and process group as the task sees them, in its own pid namespace.
    pub vtid: u32,
    pub vpid: u32,
    pub vsid: u32,
    pub vpgid: u32,
}

/// A path that the kernel resolved, or the directory a given path is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathItem<'a> {
    /// Index of the path parameter it belongs to; [`PathItem::DESCRIPTOR`] for the event's descriptor.
    pub param: u8,
    /// 1: cut, only the tail is here; 2: the file is deleted.
    pub flags: u8,
    pub text: &'a [u8],
}

impl<'a> PathItem<'a> {
    pub const DESCRIPTOR: u8 = 255;

    fn decode(b: &'a [u8]) -> Option<Self> {
        Some(Self { param: *b.first()?, flags: *b.get(1)?, text: &b[2..] })
    }
}

/// The sensor's extension block, decoded in place.
#[derive(Clone, Debug, Default)]
pub struct Extension<'a> {
    pub task: TaskFacts<'a>,
    pub file: Option<FileFacts>,
    pub socket: Option<SocketFacts>,
    /// Real names: the file's own, whatever name the caller used.
    pub real: [Option<PathItem<'a>>; 2],
    /// Directories that relative given names start from; absent where the given name already equals the real one.
    pub base: [Option<PathItem<'a>>; 2],
    /// Path of the task's cgroup, sent while userspace has not classified its id.
    pub cgroup_path: Option<&'a [u8]>,
    /// Name of a unix socket (a leading NUL is an abstract one).
    pub unix_path: Option<&'a [u8]>,
    /// On birth, exec and start-up scan.
    pub ids: Option<TaskIds>,
    /// Parameters that did not fit: u32 index and u32 full length each.
    pub cuts: &'a [u8],
    /// Items of descriptors that the event is not about.
    pub others: &'a [u8],
    /// What the process has open, where rules ask for it.
    pub table: Option<DescriptorTable<'a>>,
}

/// One event, borrowed from the buffer it arrived in.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// ns since the epoch.
    pub ts: u64,
    /// Thread id, host view; -1 none.
    pub tid: i64,
    /// Event id (`core/schema/events.tsv`).
    pub id: u16,
    pub cpu: u16,
    /// `evt.num`, from 1.
    pub num: u64,
    body: Body<'a>,
    /// Present on live events.
    pub ext: Option<Extension<'a>>,
}

fn u16_at(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([b[at], b[at + 1]])
}
fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(b[at..at + 4].try_into().unwrap_or_default())
}
fn u64_at(b: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(b[at..at + 8].try_into().unwrap_or_default())
}

/// `sizeof(struct yk_ext)`.
const EXT_FIXED: usize = 64;

impl<'a> Event<'a> {
    /// Reads an event and, behind its `len` bytes, an extension block if there is one, which knows the CPU itself.
    ///
    /// # Errors
    /// [`DecodeError`] when a length points outside `bytes`.
    pub fn decode(bytes: &'a [u8], cpu: u16) -> Result<Self, DecodeError> {
        let packed = Packed::decode(bytes)?;
        let mut event = Self::plain(&packed, cpu);
        if let Some(ext) = bytes.get(packed.bytes.len()..).filter(|ext| !ext.is_empty()) {
            let ext = Extension::decode(ext)?;
            event.cpu = ext.task.cpu as u16;
            event.ext = Some(ext);
        }
        Ok(event)
    }

    /// An event as captures have it.
    #[inline(always)]
    pub fn plain(packed: &Packed<'a>, cpu: u16) -> Self {
        Self { ts: packed.ts, tid: packed.tid, id: packed.id, cpu, num: 0, body: packed.body, ext: None }
    }

    /// Whether the kernel said so ([`ext_flags`]).
    pub fn has_flag(&self, flag: u16) -> bool {
        self.ext.as_ref().is_some_and(|ext| ext.task.flags & flag != 0)
    }

    /// The result is not known, as with an operation of io_uring whose success completes silently. Such a call is
    /// judged as a success: rules must not be blind to what its caller alone can see.
    pub fn result_unknown(&self) -> bool {
        self.has_flag(ext_flags::RESULT_UNKNOWN)
    }

    /// The event as bytes that [`Event::decode`] reads, without its extension block.
    pub fn record(&self) -> Vec<u8> {
        let (mut out, params): (_, Vec<_>) = (Vec::new(), self.params().collect());
        let head = encode::Head { ts: self.ts, tid: self.tid, id: self.id };
        encode::event(&mut out, head, params.iter().copied());
        out
    }

    /// Number of parameters that the event carries.
    #[inline]
    pub fn nparams(&self) -> usize {
        self.body.nparams()
    }

    /// Raw bytes of every parameter, in order.
    pub fn params(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.body.params()
    }

    /// Raw bytes of parameter `index`; `None` when the event has fewer, empty when it has no value.
    #[inline]
    pub fn param(&self, index: usize) -> Option<&'a [u8]> {
        self.body.param(index)
    }
}

impl<'a> Extension<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() < EXT_FIXED {
            return Err(DecodeError::Extension { at: bytes.len() });
        }
        let len = u16_at(bytes, 0) as usize;
        if len < EXT_FIXED || len > bytes.len() {
            return Err(DecodeError::Extension { at: 0 });
        }
        let comm = &bytes[44..60];
        let comm = &comm[..comm.iter().position(|b| *b == 0).unwrap_or(comm.len())];
        let mut ext = Self {
            task: TaskFacts {
                flags: u16_at(bytes, 2),
                tgid: u32_at(bytes, 4),
                start_boottime: u64_at(bytes, 8),
                cgroup: u64_at(bytes, 16),
                ppid: u32_at(bytes, 24),
                uid: u32_at(bytes, 28),
                gid: u32_at(bytes, 32),
                loginuid: u32_at(bytes, 36),
                exec_gen: u32_at(bytes, 40),
                cpu: u32_at(bytes, 60),
                comm,
            },
            ..Self::default()
        };
        let mut items = Items { bytes: &bytes[..len], at: EXT_FIXED };
        let mut at = EXT_FIXED;
        while let Some(item) = items.next() {
            let (kind, body) = item?;
            ext.item(kind, body).ok_or(DecodeError::Extension { at })?;
            at = items.at;
        }
        Ok(ext)
    }

    /// A descriptor that the event is not about, where rules ask for it and it was open.
    pub fn other(&self, fd: i64) -> Option<OtherDescriptor<'a>> {
        others::find(self.others, fd)
    }

    /// Full length in bytes of a parameter that was cut: `Some(None)` where nobody knows it; `None`: it was not cut.
    pub fn cut(&self, index: usize) -> Option<Option<u32>> {
        let entry = self.cuts.chunks_exact(8).find(|entry| u32_at(entry, 0) as usize == index)?;
        Some(Some(u32_at(entry, 4)).filter(|full| *full > 0))
    }

    /// Takes one item; `None` when its size is wrong. Unknown kinds are passed over.
    fn item(&mut self, kind: u16, b: &'a [u8]) -> Option<()> {
        match kind {
            1 => self.file = Some(FileFacts::decode(b)?),
            2 => self.socket = Some(SocketFacts::decode(b)?),
            3 => place(&mut self.real, b)?,
            4 => place(&mut self.base, b)?,
            5 => self.cgroup_path = Some(b),
            6 => self.unix_path = Some(b),
            7 => self.ids = Some(TaskIds::decode(b)?),
            8 => self.cuts = b,
            9 => self.others = b,
            10 => self.table = Some(DescriptorTable::decode(b)?),
            _ => {}
        }
        Some(())
    }
}

/// Kind and body of each `struct yk_item`; ends behind one that does not fit.
struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Items<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<(u16, &'a [u8]), DecodeError>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        if at + 4 > self.bytes.len() {
            return None;
        }
        let (kind, size) = (u16_at(self.bytes, at), u16_at(self.bytes, at + 2) as usize);
        let Some(body) = self.bytes.get(at + 4..at + 4 + size) else {
            self.at = self.bytes.len();
            return Some(Err(DecodeError::Extension { at }));
        };
        self.at = at + 4 + size;
        Some(Ok((kind, body)))
    }
}

fn place<'a>(slots: &mut [Option<PathItem<'a>>; 2], b: &'a [u8]) -> Option<()> {
    let item = PathItem::decode(b)?;
    let slot = slots.iter_mut().find(|s| s.is_none())?;
    *slot = Some(item);
    Some(())
}

impl FileFacts {
    fn decode(b: &[u8]) -> Option<Self> {
        (b.len() >= 40).then(|| Self {
            fd: u64_at(b, 0) as i64,
            dev: u32_at(b, 8),
            kind: b[12],
            layer: b[13],
            mode: u16_at(b, 14),
            ino: u64_at(b, 16),
            ctime: u64_at(b, 24),
            open_flags: u32_at(b, 32),
            pid: u32_at(b, 36),
        })
    }
}

impl TaskIds {
    fn decode(b: &[u8]) -> Option<Self> {
        (b.len() >= 24).then(|| Self {
            sid: u32_at(b, 0),
            vtid: u32_at(b, 4),
            vpid: u32_at(b, 8),
            pgid: u32_at(b, 12),
            vsid: u32_at(b, 16),
            vpgid: u32_at(b, 20),
        })
    }
}

impl SocketFacts {
    fn decode(b: &[u8]) -> Option<Self> {
        (b.len() >= 74).then(|| Self {
            fd: u64_at(b, 0) as i64,
            ino: u64_at(b, 8),
            source: u64_at(b, 16),
            peer: u64_at(b, 24),
            local_addr: b[32..48].try_into().unwrap_or_default(),
            remote_addr: b[48..64].try_into().unwrap_or_default(),
            family: u16_at(b, 64),
            sock_type: b[66],
            protocol: b[67],
            role: b[68],
            flags: b[69],
            local_port: u16_at(b, 70),
            remote_port: u16_at(b, 72),
        })
    }
}

#[cfg(test)]
mod tests;
