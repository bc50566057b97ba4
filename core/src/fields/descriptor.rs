//! The event's descriptor: the kernel's word on it, or what the event's own parameters tell where there is none.

use super::socket::Socket;
use super::{Ctx, paths, subject};
use crate::event::{FileFacts, KindWord, OtherDescriptor, OtherObject, fd_kind};
use crate::params::Params;
use crate::schema::{self, EventFlags, EventInfo};
use crate::state::captured::record::{self, Record};
use crate::value::Type;

/// Letter and word of each kind of descriptor, by the capture format's number.
const KINDS: [(char, &str); 22] = [
    ('o', "<NA>"),
    ('f', "file"),
    ('d', "directory"),
    ('4', "ipv4"),
    ('6', "ipv6"),
    ('4', "ipv4"),
    ('6', "ipv6"),
    ('p', "pipe"),
    ('u', "unix"),
    ('e', "event"),
    ('X', "<NA>"),
    ('s', "signalfd"),
    ('l', "eventpoll"),
    ('i', "inotify"),
    ('t', "timerfd"),
    ('n', "netlink"),
    ('f', "file"),
    ('b', "bpf"),
    ('u', "userfaultfd"),
    ('r', "io_uring"),
    ('m', "memfd"),
    ('P', "pidfd"),
];

/// The kernel's names of anonymous inodes, by how they begin.
const ANONYMOUS: [(&[u8], u8); 12] = [
    (b"[eventfd]", fd_kind::EVENT),
    (b"[eventpoll]", fd_kind::EVENTPOLL),
    (b"[signalfd]", fd_kind::SIGNALFD),
    (b"[timerfd]", fd_kind::TIMERFD),
    (b"[io_uring]", fd_kind::IO_URING),
    (b"[userfaultfd]", fd_kind::USERFAULTFD),
    (b"[pidfd]", fd_kind::PIDFD),
    (b"inotify", fd_kind::INOTIFY),
    (b"[inotify]", fd_kind::INOTIFY),
    (b"bpf-", fd_kind::BPF),
    (b"bpf_", fd_kind::BPF),
    (b"btf", fd_kind::BPF),
];

/// What kind of call opens a descriptor, for events that left none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Creator {
    Open,
    Socket,
    Pipe,
    Event,
    Signal,
    Timer,
    Inotify,
}

fn creator(info: &EventInfo) -> Option<Creator> {
    Some(match info.name {
        "open" | "openat" | "openat2" | "creat" => Creator::Open,
        "socket" | "accept" | "accept4" => Creator::Socket,
        "pipe" | "pipe2" => Creator::Pipe,
        "eventfd" | "eventfd2" => Creator::Event,
        "signalfd" | "signalfd4" => Creator::Signal,
        "timerfd_create" => Creator::Timer,
        "inotify_init" | "inotify_init1" => Creator::Inotify,
        _ => return None,
    })
}

/// What is known about the object behind the descriptor.
#[derive(Clone, Debug)]
pub enum Object<'a> {
    File(FileFacts),
    Socket(Socket<'a>),
    /// The call failed, or the descriptor was not open.
    Nothing,
}

/// An event's descriptor.
#[derive(Clone, Debug)]
pub struct Descriptor<'a> {
    pub info: &'static EventInfo,
    /// -1 when the call that would have made it failed.
    pub fd: i64,
    pub object: Object<'a>,
    told: Told<'a>,
}

/// Who tells of a descriptor.
#[derive(Clone, Debug)]
enum Told<'a> {
    /// The event, which is about it.
    Event,
    /// A capture's table.
    Record(&'a Record),
    /// The kernel, beside the event.
    Kernel(OtherDescriptor<'a>),
}

impl<'a> Descriptor<'a> {
    /// The descriptor of an event that creates, uses or destroys one.
    pub fn of(ctx: &Ctx<'a>) -> Option<Self> {
        let info = schema::event(ctx.event.id)?;
        let about = EventFlags::CREATES_FD.with(EventFlags::USES_FD).with(EventFlags::DESTROYS_FD);
        if !info.flags.any(about) {
            return None;
        }
        subject::process(ctx)?;
        let fd = number(ctx, info);
        let recorded = ctx.state.descriptor(ctx.event, fd).filter(|record| !tells_more(ctx, record));
        Some(match recorded {
            Some(record) => Self { info, fd, object: recorded_object(ctx, record), told: Told::Record(record) },
            None => Self { info, fd, object: object(ctx, info), told: Told::Event },
        })
    }

    /// A descriptor of the event's process that the event itself need not be about: from a capture's table, or from
    /// the kernel where a rule asks for this one.
    pub fn numbered(ctx: &Ctx<'a>, fd: i64) -> Option<Self> {
        let info = schema::event(ctx.event.id)?;
        if let Some(record) = ctx.state.descriptor(ctx.event, fd) {
            return Some(Self { info, fd, object: recorded_object(ctx, record), told: Told::Record(record) });
        }
        let other = ctx.event.ext.as_ref()?.other(fd)?;
        let object = match &other.object {
            OtherObject::File(file) => Object::File(*file),
            OtherObject::Socket(facts) => Object::Socket(Socket::of_other(facts, other.unix_path)),
        };
        Some(Self { info, fd, object, told: Told::Kernel(other) })
    }

    /// The kind by the capture format's number; `None` where there is no object.
    pub fn kind(&self, ctx: &Ctx<'_>) -> Option<u8> {
        Some(match &self.object {
            Object::File(file) if file.kind == fd_kind::UNSUPPORTED && !matches!(self.told, Told::Record(_)) => {
                anonymous_kind(self.inode_name(ctx).unwrap_or_default())
            }
            Object::File(file) => file.kind,
            Object::Socket(socket) => socket.kind(),
            Object::Nothing => return self.assumed_kind(ctx),
        })
    }

    /// The kind that a silent open is assumed to have made.
    fn assumed_kind(&self, ctx: &Ctx<'_>) -> Option<u8> {
        let opens = creator(self.info) == Some(Creator::Open) && ctx.event.result_unknown();
        let flags = ctx.event.uint(self.info.param_index("flags")?)?;
        opens.then(|| asked_kind(flags))
    }

    pub fn socket(&self) -> Option<&Socket<'a>> {
        match &self.object {
            Object::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    pub fn file(&self) -> Option<&FileFacts> {
        match &self.object {
            Object::File(file) => Some(file),
            _ => None,
        }
    }

    /// `fd.typechar`.
    pub fn letter(&self, ctx: &Ctx<'_>) -> char {
        match self.kind(ctx) {
            Some(kind) => letter(kind),
            None => match creator(self.info) {
                Some(Creator::Open) => 'f',
                Some(Creator::Socket) => '4',
                Some(Creator::Pipe) => 'p',
                Some(Creator::Event) => 'e',
                Some(Creator::Signal) => 's',
                Some(Creator::Timer) => 't',
                Some(Creator::Inotify) => 'i',
                None => 'o',
            },
        }
    }

    /// `fd.name`; `None` where the kernel's name did not arrive.
    pub fn name(&self, ctx: &Ctx<'a>) -> Option<&'a [u8]> {
        if let (Object::File(_), Told::Record(record)) = (&self.object, &self.told) {
            return Some(record.name());
        }
        match (&self.object, self.kind(ctx)) {
            (Object::Socket(socket), _) => Some(socket.name(ctx)),
            (Object::Nothing, _) | (_, None) => Some(self.missing_name(ctx)),
            (Object::File(_), Some(fd_kind::FILE | fd_kind::FILE_V2 | fd_kind::DIRECTORY)) => self.file_name(ctx),
            (Object::File(_), Some(fd_kind::FIFO)) => {
                Some(self.file_name(ctx).filter(|name| name.starts_with(b"/")).unwrap_or_default())
            }
            (Object::File(_), Some(fd_kind::MEMFD)) => Some(self.memfd_name(ctx)),
            (Object::File(file), Some(fd_kind::PIDFD)) => Some(self.pidfd_name(ctx, file)),
            (Object::File(_), Some(_)) => Some(b""),
        }
    }

    /// A new descriptor goes by the name it was asked for, any other by its file's own.
    fn file_name(&self, ctx: &Ctx<'a>) -> Option<&'a [u8]> {
        match (&self.told, self.path_param()) {
            (Told::Event, Some(param)) => paths::chosen(ctx, param),
            _ => self.inode_name(ctx),
        }
    }

    /// The kernel's name of the file.
    fn inode_name(&self, ctx: &Ctx<'a>) -> Option<&'a [u8]> {
        match &self.told {
            Told::Kernel(other) => other.name.map(paths::text_of),
            Told::Event | Told::Record(_) => paths::of_descriptor(ctx.event),
        }
    }

    /// The call that made this descriptor, if it is of that name.
    fn maker(&self, name: &str) -> Option<&'static EventInfo> {
        (matches!(self.told, Told::Event) && self.info.name == name).then_some(self.info)
    }

    fn memfd_name(&self, ctx: &Ctx<'a>) -> &'a [u8] {
        let given = self.maker("memfd_create").and_then(|info| ctx.event.text(info.param_index("name")?));
        given.unwrap_or_else(|| {
            let name = self.inode_name(ctx).unwrap_or_default();
            let name = name.strip_prefix(b"/").unwrap_or(name);
            name.strip_prefix(b"memfd:").unwrap_or(name)
        })
    }

    fn pidfd_name(&self, ctx: &Ctx<'a>, file: &FileFacts) -> &'a [u8] {
        let given = self.maker("pidfd_open").and_then(|info| ctx.event.int(info.param_index("pid")?));
        match given.or(Some(i64::from(file.pid)).filter(|pid| *pid > 0)) {
            Some(pid) => subject::format(ctx, format_args!("/proc/{pid}")),
            None => b"",
        }
    }

    /// The path parameter that made this descriptor.
    pub fn path_param(&self) -> Option<usize> {
        self.info.flags.has(EventFlags::CREATES_FD).then(|| paths::single(self.info)).flatten()
    }

    fn missing_name(&self, ctx: &Ctx<'a>) -> &'a [u8] {
        if let Some(param) = self.path_param() {
            return paths::chosen(ctx, param).unwrap_or_default();
        }
        let tuple = matches!(self.info.name, "accept" | "accept4" | "connect");
        let shown = self.info.params.iter().position(|p| matches!(p.ty, Type::SockAddr | Type::SockTuple));
        match shown.filter(|_| tuple) {
            Some(param) if ctx.event.param(param).is_some_and(|p| !p.is_empty()) => {
                schema::render::argument(self.info, ctx.event, param, &schema::render::Unresolved, ctx.arena)
                    .unwrap_or_default()
            }
            _ => b"",
        }
    }
}

pub fn letter(kind: u8) -> char {
    KINDS.get(usize::from(kind)).map_or('?', |(letter, _)| *letter)
}

/// `fd.type`.
pub fn word(kind: u8) -> &'static str {
    KINDS.get(usize::from(kind)).map_or("<NA>", |(_, word)| word)
}

/// A connect that failed gave its socket no name, but the event has the address that was asked for.
fn tells_more(ctx: &Ctx<'_>, record: &Record) -> bool {
    let unnamed = |socket: &record::Socket| socket.dest.is_none() && socket.path.is_empty();
    record.socket().is_some_and(unnamed) && names_socket(ctx.event.id)
}

fn recorded_object<'a>(ctx: &Ctx<'a>, record: &'a Record) -> Object<'a> {
    let (dev, flags) = match &record.object {
        record::Object::Socket(socket) => return Object::Socket(Socket::of_record(ctx, record, socket)),
        record::Object::File { dev, flags, .. } => (*dev, *flags),
        record::Object::Plain | record::Object::Named(_) => (0, 0),
    };
    let layer = layer(u64::from(flags));
    Object::File(FileFacts { dev, ino: record.ino, kind: record.kind, layer, ..FileFacts::default() })
}

fn layer(flags: u64) -> u8 {
    const UPPER: u64 = 0x8000;
    const LOWER: u64 = 0x10000;
    match (flags & UPPER, flags & LOWER) {
        (0, 0) => 0,
        (0, _) => 2,
        _ => 1,
    }
}

fn object<'a>(ctx: &Ctx<'a>, info: &EventInfo) -> Object<'a> {
    if let Some(ext) = &ctx.event.ext {
        if let Some(facts) = &ext.socket {
            return Object::Socket(Socket::of_facts(ctx, facts));
        }
        if let Some(file) = ext.file {
            return Object::File(file);
        }
    }
    if let Some(socket) = Socket::of_params(ctx, info) {
        return Object::Socket(socket);
    }
    file_of_params(ctx, info).map_or(Object::Nothing, Object::File)
}

/// A successful open without the kernel's facts: what its parameters say.
fn file_of_params(ctx: &Ctx<'_>, info: &EventInfo) -> Option<FileFacts> {
    let opens = info.flags.has(EventFlags::CREATES_FD) && paths::single(info).is_some();
    let fd = ctx.event.int(0).filter(|fd| *fd >= 0 && opens && ctx.event.ext.is_none())?;
    let number = |name| info.param_index(name).and_then(|i| ctx.event.uint(i)).unwrap_or(0);
    let flags = number("flags");
    Some(FileFacts {
        fd,
        dev: number("dev") as u32,
        ino: number("ino"),
        layer: layer(flags),
        kind: asked_kind(flags),
        ..FileFacts::default()
    })
}

/// What an open with these flags makes where nobody says otherwise.
fn asked_kind(flags: u64) -> u8 {
    const O_DIRECTORY: u64 = 0x400;
    if flags & O_DIRECTORY != 0 { fd_kind::DIRECTORY } else { fd_kind::FILE }
}

/// The number of the descriptor that the event is about.
fn number(ctx: &Ctx<'_>, info: &EventInfo) -> i64 {
    if let Some(ext) = &ctx.event.ext
        && let Some(fd) = ext.socket.map(|s| s.fd).or(ext.file.map(|f| f.fd))
        && fd >= 0
    {
        return fd;
    }
    let made = ctx.event.int(0).unwrap_or(if ctx.event.result_unknown() { 0 } else { -1 });
    let failed = ctx.event.int(0).is_some_and(|res| res < 0);
    let creates = info.flags.has(EventFlags::CREATES_FD);
    if let Some(second) = info.param_index("fd2").filter(|_| ctx.event.ext.is_none()) {
        return if failed { -1 } else { ctx.event.int(second).unwrap_or(-1) };
    }
    if creates && !info.flags.has(EventFlags::USES_FD) {
        return if failed { -1 } else { made };
    }
    if creates && !failed {
        return made;
    }
    let params = info.params.iter().enumerate().skip(usize::from(creates || info.params.len() > 1));
    let param = params.filter(|(_, p)| p.ty == Type::Fd).map(|(i, _)| i).next();
    param.and_then(|param| ctx.event.int(param)).unwrap_or(-1)
}

/// The kind of an anonymous inode by its name, or as much of it as is known.
fn anonymous_kind(name: &[u8]) -> u8 {
    let name = name.strip_prefix(b"anon_inode:").unwrap_or(name);
    ANONYMOUS.iter().find(|(start, _)| name.starts_with(start)).map_or(fd_kind::UNSUPPORTED, |(_, kind)| *kind)
}

/// The kind that a word of the kernel's means.
pub fn kind_of_word(word: KindWord) -> u8 {
    match word {
        KindWord::Kind(kind) => kind,
        KindWord::Family(family) => fd_kind::of_socket(family, false),
        KindWord::Anonymous(start) => {
            let known = |name: &[u8]| name[..name.len().min(start.len())] == start[..name.len().min(start.len())];
            ANONYMOUS.iter().find(|(name, _)| known(name)).map_or(fd_kind::UNSUPPORTED, |(_, kind)| *kind)
        }
    }
}

/// Whether the event is a connect, accept or bind that gave the socket its tuple.
pub fn names_socket(id: u16) -> bool {
    matches!(schema::event(id).map(|e| e.name), Some("connect" | "accept" | "accept4" | "bind"))
}

/// Kinds whose category words differ: files, network, inter-process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    File,
    Net,
    Ipc,
    Other,
}

pub fn family(kind: u8) -> Family {
    match kind {
        fd_kind::FILE | fd_kind::FILE_V2 | fd_kind::DIRECTORY => Family::File,
        fd_kind::IPV4_SOCK | fd_kind::IPV6_SOCK | fd_kind::IPV4_SERV | fd_kind::IPV6_SERV => Family::Net,
        fd_kind::UNIX_SOCK | fd_kind::FIFO => Family::Ipc,
        _ => Family::Other,
    }
}
