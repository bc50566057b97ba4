//! Values of fields for events as the sensor and captures bring them.

use bumpalo::Bump;

use super::*;
use crate::event::{Event, Extension, FileFacts, SocketFacts, fd_kind, socket_flags};
use crate::state::StateConfig;
use crate::testing::{Build, Built, path, task};

/// A value as short text: `-` where absent.
fn show(value: Option<Value<'_>>) -> String {
    match value {
        None => "-".into(),
        Some(Value::Text(text) | Value::Bytes(text)) => String::from_utf8_lossy(text).into_owned(),
        Some(Value::Bool(v)) => v.to_string(),
        Some(Value::Int(v)) => v.to_string(),
        Some(Value::Uint(v)) => v.to_string(),
        Some(Value::Double(v)) => v.to_string(),
        Some(Value::Ip(v)) => v.to_string(),
        Some(Value::List(items)) => {
            format!("({})", items.iter().map(|item| show(Some(*item))).collect::<Vec<_>>().join(","))
        }
    }
}

/// `evt.arg.name`, `proc.aname[2]`, `proc.name`.
fn split(name: &str) -> (&'static FieldDef, Arg) {
    if let Some(field) = lookup(name) {
        return (field, Arg::None);
    }
    if let Some((base, arg)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        let arg = arg.parse().map_or_else(|_| Arg::Key(arg.into()), Arg::Index);
        return (lookup(base).expect("a field"), arg);
    }
    let dots = name.match_indices('.').map(|(at, _)| at).rev();
    let (field, at) = dots.filter_map(|at| Some((lookup(&name[..at])?, at))).next().expect("a field");
    (field, Arg::Key(name[at + 1..].into()))
}

struct Scene {
    state: State,
}

impl Scene {
    /// init 1, sshd 50, bash 100: each the parent of the next.
    fn new() -> Self {
        let config = StateConfig {
            boot_time_ns: 1000,
            hostname: "lab".into(),
            root: "/nonexistent".into(),
            ..StateConfig::default()
        };
        let mut scene = Self { state: State::new(config) };
        scene.exec(1, 0, "systemd", "/usr/lib/systemd/systemd", &[]);
        scene.exec(50, 1, "sshd", "/usr/sbin/sshd", &["-D"]);
        scene.exec(100, 50, "bash", "/usr/bin/bash", &["-c", "cat x"]);
        scene
    }

    fn exec(&mut self, pid: i64, ptid: i64, comm: &str, exepath: &str, args: &[&str]) {
        let args: Vec<u8> = args.iter().flat_map(|a| [a.as_bytes(), b"\0"].concat()).collect();
        let event = Build::new("execve").tid(pid).int("res", 0).int("pid", pid).int("ptid", ptid).text("comm", comm);
        let event = event.text("exe", exepath).text("trusted_exepath", exepath).bytes("args", &args).int("uid", 0);
        let event = event.int("gid", 0).int("loginuid", 1000).text("cwd", "/root").int("cap_effective", 1 << 21 | 1);
        let event = event.bytes("env", b"HOME=/root\0X= y \0").int("vpgid", pid).int("pgid", pid).int("tty", 5).done();
        self.state.apply(&event.event());
        self.state.after(&event.event());
    }

    fn check(&mut self, event: &Event<'_>, real: u8, expected: &[(&str, &str)]) {
        self.state.apply(event);
        let arena = Bump::new();
        let ctx = Ctx::new(event, &self.state, PathChoice { real }, &arena);
        for (name, value) in expected {
            let (field, arg) = split(name);
            assert_eq!(show((field.extract)(&ctx, &arg)), *value, "{name}");
        }
    }

    fn differing(&self, event: &Event<'_>) -> u8 {
        let arena = Bump::new();
        paths::differing(&Ctx::new(event, &self.state, PathChoice::default(), &arena))
    }
}

fn facts<'a>() -> Extension<'a> {
    Extension { task: task(100, 50, "bash"), ..Extension::default() }
}

fn open(name: &str, fd: i64) -> Built {
    Build::new("openat").int("fd", fd).int("dirfd", -100).text("name", name).int("flags", 1).int("mode", 0).done()
}

fn file(fd: i64) -> Option<FileFacts> {
    Some(FileFacts { fd, kind: fd_kind::FILE, dev: 0x801, ino: 42, ..FileFacts::default() })
}

#[test]
fn an_open_through_a_link_has_two_names() {
    let event = open("/tmp/../tmp//x", 3);
    let live = event.live(Extension { file: file(3), real: [path(2, "/etc/shadow"), None], ..facts() });
    let mut scene = Scene::new();
    let same = [("fd.nameraw", "/tmp/../tmp/x"), ("fd.num", "3"), ("fd.typechar", "f"), ("fd.realpath", "/etc/shadow")];
    scene.check(&live, 0, &same);
    scene.check(&live, 1, &same);
    scene.check(
        &live,
        0,
        &[("fd.name", "/tmp/x"), ("fd.directory", "/tmp"), ("fd.filename", "x"), ("fs.path.name", "/tmp/x")],
    );
    let real = [
        ("fd.name", "/etc/shadow"),
        ("fd.directory", "/etc"),
        ("fd.filename", "shadow"),
        ("fs.path.name", "/etc/shadow"),
    ];
    scene.check(&live, 1, &real);
    scene.check(
        &live,
        1,
        &[("evt.abspath", "/etc/shadow"), ("evt.arg.name", "/etc/shadow"), ("evt.rawarg.name", "/tmp/../tmp//x")],
    );
    assert_eq!(scene.differing(&live), 1);
}

#[test]
fn a_relative_open_starts_where_the_kernel_says() {
    let mut scene = Scene::new();
    let event = open("shadow", 3);
    let base = event.live(Extension {
        file: file(3),
        base: [path(2, "/etc"), None],
        real: [path(2, "/etc/shadow"), None],
        ..facts()
    });
    scene.check(&base, 0, &[("fd.name", "/etc/shadow"), ("evt.arg.name", "/etc/shadow"), ("fd.nameraw", "shadow")]);
    assert_eq!(scene.differing(&base), 0);
    let real_only = event.live(Extension { file: file(3), real: [path(2, "/etc/shadow"), None], ..facts() });
    scene.check(&real_only, 0, &[("fd.name", "/etc/shadow")]);
    assert_eq!(scene.differing(&real_only), 0);
    scene.check(&event.event(), 0, &[("fd.name", "/root/shadow"), ("fd.num", "3"), ("fd.type", "file")]);
}

#[test]
fn arguments_name_directories_and_descriptors() {
    let event = Build::new("openat").int("fd", 4).int("dirfd", 3).text("name", "shadow").done();
    let live = event.live(Extension { file: file(4), real: [path(2, "/etc/shadow"), None], ..facts() });
    let args = "fd=4(<f>/etc/shadow) dirfd=3(<d>/etc) name=shadow(/etc/shadow) flags=<NA> mode=<NA> dev=<NA> ino=<NA>";
    Scene::new().check(
        &live,
        0,
        &[("evt.args", args), ("evt.arg.dirfd", "<d>/etc"), ("evt.arg[1]", "<d>/etc"), ("evt.info", args)],
    );
}

#[test]
fn a_failed_open_keeps_its_name() {
    let mut scene = Scene::new();
    let event = open("../../etc/shadow", -13);
    let live = event.live(Extension { base: [path(2, "/srv/www"), None], ..facts() });
    scene.check(
        &live,
        0,
        &[
            ("fd.name", "/etc/shadow"),
            ("fd.nameraw", "../../etc/shadow"),
            ("fd.directory", "/etc"),
            ("fd.filename", "shadow"),
            ("fd.num", "-1"),
            ("fd.typechar", "f"),
            ("fd.type", "-"),
            ("evt.res", "EACCES"),
            ("evt.rawres", "-13"),
            ("evt.failed", "true"),
            ("fs.path.name", "-"),
            ("evt.count.error.file", "1"),
        ],
    );
}

#[test]
fn open_modes() {
    let mut scene = Scene::new();
    let event = |flags| open_with(flags, 0o755);
    scene.check(
        &event(0x4 | 2 | 0x4000).event(),
        0,
        &[
            ("evt.is_open_read", "false"),
            ("evt.is_open_write", "true"),
            ("evt.is_open_create", "true"),
            ("evt.is_open_exec", "true"),
            ("evt.category", "file"),
            ("evt.arg.flags", "O_CREAT|O_WRONLY|O_F_CREATED"),
        ],
    );
    scene.check(
        &event(3).event(),
        0,
        &[("evt.is_open_read", "true"), ("evt.is_open_write", "true"), ("evt.is_open_exec", "false")],
    );
    let close = Build::new("close").int("res", 0).int("fd", 4).done();
    scene.check(&close.event(), 0, &[("evt.is_open_read", "false"), ("evt.is_open_create", "false"), ("fd.num", "4")]);
}

fn open_with(flags: i64, mode: i64) -> Built {
    Build::new("openat").int("fd", 3).int("dirfd", -100).text("name", "/x").int("flags", flags).int("mode", mode).done()
}

#[test]
fn two_paths_have_four_choices() {
    let event = Build::new("renameat2").int("res", 0).int("olddirfd", -100).text("oldpath", "a").int("newdirfd", 5);
    let event = event.text("newpath", "/tmp/b").done();
    let base = [path(2, "/home"), None];
    let live = event.live(Extension { base, real: [path(2, "/etc/a"), path(4, "/etc/b")], ..facts() });
    let mut scene = Scene::new();
    for (choice, source, target) in
        [(0, "/home/a", "/tmp/b"), (1, "/etc/a", "/tmp/b"), (2, "/home/a", "/etc/b"), (3, "/etc/a", "/etc/b")]
    {
        scene.check(
            &live,
            choice,
            &[
                ("fs.path.source", source),
                ("fs.path.target", target),
                ("evt.abspath", source),
                ("evt.abspath.dst", target),
                ("fs.path.sourceraw", "a"),
            ],
        );
    }
    assert_eq!(scene.differing(&live), 3);
}

fn inet(role: u8, flags: u8) -> SocketFacts {
    let addr = |a: [u8; 4]| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&a);
        bytes
    };
    SocketFacts {
        fd: 4,
        family: 2,
        sock_type: 1,
        protocol: 6,
        role,
        flags,
        local_port: 40000,
        remote_port: 443,
        local_addr: addr([10, 0, 0, 1]),
        remote_addr: addr([1, 2, 3, 4]),
        ..SocketFacts::default()
    }
}

const BOTH: u8 = socket_flags::LOCAL_KNOWN | socket_flags::REMOTE_KNOWN;

#[test]
fn a_connection_has_a_client_and_a_server() {
    let event = Build::new("connect").int("res", 0).int("fd", 4).done();
    let live = |role| event.live(Extension { socket: Some(inet(role, BOTH | socket_flags::CONNECTED)), ..facts() });
    let mut scene = Scene::new();
    scene.check(
        &live(1),
        0,
        &[
            ("fd.name", "10.0.0.1:40000->1.2.3.4:443"),
            ("fd.type", "ipv4"),
            ("fd.typechar", "4"),
            ("fd.l4proto", "tcp"),
            ("fd.cip", "10.0.0.1"),
            ("fd.sip", "1.2.3.4"),
            ("fd.sport", "443"),
            ("fd.lport", "40000"),
            ("fd.rip", "1.2.3.4"),
            ("fd.sproto", "443"),
            ("fd.ip", "(10.0.0.1,1.2.3.4)"),
            ("fd.port", "(40000,443)"),
            ("fd.sip.name", "1.2.3.4"),
            ("fd.is_server", "false"),
            ("fd.connected", "true"),
            ("fd.sockfamily", "ip"),
            ("fd.num", "4"),
            ("fd.directory", "-"),
        ],
    );
    scene.check(
        &live(2),
        0,
        &[
            ("fd.name", "1.2.3.4:443->10.0.0.1:40000"),
            ("fd.sport", "40000"),
            ("fd.rport", "443"),
            ("fd.is_server", "true"),
        ],
    );
}

#[test]
fn an_unknown_address_is_absent() {
    let event = Build::new("sendto").int("res", 5).int("fd", 4).done();
    let socket = SocketFacts { sock_type: 2, protocol: 17, ..inet(0, socket_flags::REMOTE_KNOWN) };
    let live = event.live(Extension { socket: Some(socket), ..facts() });
    Scene::new().check(
        &live,
        0,
        &[
            ("fd.cip", "-"),
            ("fd.cport", "40000"),
            ("fd.sip", "1.2.3.4"),
            ("fd.l4proto", "udp"),
            ("fd.net", "(1.2.3.4)"),
        ],
    );
}

#[test]
fn listeners_have_an_address_and_no_peer() {
    let event = Build::new("listen").int("res", 0).int("fd", 4).done();
    let socket = SocketFacts { remote_port: 0, ..inet(2, socket_flags::LOCAL_KNOWN | socket_flags::LISTENING) };
    let live = event.live(Extension { socket: Some(socket), ..facts() });
    Scene::new().check(
        &live,
        0,
        &[
            ("fd.name", "10.0.0.1:40000"),
            ("fd.sip", "10.0.0.1"),
            ("fd.sport", "40000"),
            ("fd.cip", "-"),
            ("fd.lip", "-"),
            ("fd.is_server", "true"),
            ("fd.ip", "(10.0.0.1)"),
            ("fd.sproto", ""),
        ],
    );
}

#[test]
fn unix_sockets_show_both_kernel_addresses() {
    let event = Build::new("connect").int("res", 0).int("fd", 4).done();
    let socket = SocketFacts { family: 1, source: 0xabc, peer: 0xdef, ..SocketFacts::default() };
    let mut scene = Scene::new();
    let live = event.live(Extension { socket: Some(socket), unix_path: Some(b"/run/x.sock\0"), ..facts() });
    scene.check(
        &live,
        0,
        &[("fd.name", "abc->def /run/x.sock"), ("fd.sockfamily", "unix"), ("fd.l4proto", "<NA>"), ("fd.sip", "-")],
    );
    let live = event.live(Extension { socket: Some(socket), unix_path: Some(b"\0bus"), ..facts() });
    scene.check(&live, 0, &[("fd.name", "abc->def @bus")]);
}

#[test]
fn tuples_of_captures_work_alike() {
    let tuple = [&[2u8, 10, 0, 0, 1][..], &40000u16.to_le_bytes(), &[1, 2, 3, 4], &443u16.to_le_bytes()].concat();
    let event = Build::new("connect").int("res", 0).bytes("tuple", &tuple).int("fd", 4).done();
    Scene::new().check(
        &event.event(),
        0,
        &[("fd.name", "10.0.0.1:40000->1.2.3.4:443"), ("fd.sip", "1.2.3.4"), ("fd.rport", "443"), ("fd.num", "4")],
    );
    let event = Build::new("accept").int("fd", 7).bytes("tuple", &tuple).done();
    Scene::new().check(
        &event.event(),
        0,
        &[("fd.name", "10.0.0.1:40000->1.2.3.4:443"), ("fd.lport", "443"), ("fd.num", "7"), ("fd.is_server", "true")],
    );
}

#[test]
fn descriptors_without_a_path() {
    let mut scene = Scene::new();
    let event = Build::new("close").int("res", 0).int("fd", 9).done();
    let object = |kind| Some(FileFacts { fd: 9, kind, ..FileFacts::default() });
    let named = |kind, name| event.live(Extension { file: object(kind), real: [path(255, name), None], ..facts() });
    scene.check(&named(fd_kind::FIFO, "pipe:"), 0, &[("fd.name", ""), ("fd.type", "pipe"), ("fd.realpath", "-")]);
    scene.check(&named(fd_kind::UNSUPPORTED, "[eventpoll]"), 0, &[("fd.name", ""), ("fd.type", "eventpoll")]);
    scene.check(&named(fd_kind::MEMFD, "memfd:payload"), 0, &[("fd.name", "payload"), ("fd.typechar", "m")]);
    scene.check(
        &named(fd_kind::FILE, "/var/log/syslog"),
        0,
        &[("fd.name", "/var/log/syslog"), ("evt.category", "file")],
    );
    scene.check(&event.live(facts()), 0, &[("fd.name", ""), ("fd.num", "9"), ("fd.type", "-"), ("fd.typechar", "o")]);
}

#[test]
fn a_process_and_its_ancestors() {
    let event = Build::new("close").int("res", 0).int("fd", 9).done();
    let expected = [
        ("proc.name", "bash"),
        ("proc.cmdline", "bash -c cat x"),
        ("proc.exeline", "/usr/bin/bash -c cat x"),
        ("proc.args", "-c cat x"),
        ("proc.args[1]", "cat x"),
        ("proc.args[9]", ""),
        ("proc.cmdnargs", "2"),
        ("proc.cmdlenargs", "7"),
        ("proc.env[X]", "y"),
        ("proc.env[Y]", ""),
        ("proc.env", "HOME=/root X= y "),
        ("proc.pid", "100"),
        ("proc.ppid", "50"),
        ("proc.pname", "sshd"),
        ("proc.pexepath", "/usr/sbin/sshd"),
        ("proc.pcmdline", "sshd -D"),
        ("proc.aname", "(sshd,systemd)"),
        ("proc.aname[0]", "bash"),
        ("proc.aname[2]", "systemd"),
        ("proc.aname[3]", "-"),
        ("proc.apid", "(50,1)"),
        ("proc.aargs", "-D "),
        ("proc.aexepath[1]", "/usr/sbin/sshd"),
        ("proc.aenv[HOME]", "/root"),
        ("proc.loginshellid", "100"),
        ("proc.tty", "5"),
        ("proc.cwd", "/root/"),
        ("proc.is_vpgid_leader", "false"),
        ("proc.is_pgid_leader", "true"),
        ("proc.pgid.name", "bash"),
        ("proc.duration", "-"),
        ("proc.is_exe_upper_layer", "false"),
        ("thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN"),
        ("thread.tid", "100"),
        ("thread.ismain", "true"),
    ];
    Scene::new().check(&event.event(), 0, &expected);
    let mut scene = Scene::new();
    scene.state.processes.get_mut(50).expect("sshd").clone_ts = 1;
    scene.check(&event.live(facts()), 0, &expected[..10]);
    scene.check(
        &event.live(facts()),
        0,
        &[("proc.pname", "sshd"), ("proc.aname", "(sshd,systemd)"), ("proc.ppid.ts", "1")],
    );
}

#[test]
fn the_kernels_names_and_ids_come_first() {
    let event = Build::new("close").int("res", 0).tid(101).done();
    let mut scene = Scene::new();
    let facts = crate::event::TaskFacts { uid: 33, gid: 34, loginuid: 1001, ..task(100, 1, "worker") };
    let live = event.live(Extension { task: facts, ..Extension::default() });
    scene.check(
        &live,
        0,
        &[
            ("proc.name", "worker"),
            ("proc.cmdline", "worker -c cat x"),
            ("proc.pname", "systemd"),
            ("user.uid", "33"),
            ("group.gid", "34"),
            ("user.loginuid", "1001"),
            ("user.name", "<NA>"),
            ("thread.tid", "101"),
            ("thread.ismain", "false"),
        ],
    );
}

#[test]
fn unknown_processes_and_users_have_their_words() {
    let event = Build::new("close").tid(7777).int("res", 0).done();
    Scene::new().check(
        &event.event(),
        0,
        &[
            ("proc.name", "<NA>"),
            ("proc.exe", "<NA>"),
            ("proc.pid", "-1"),
            ("proc.pname", "-"),
            ("user.uid", "4294967295"),
            ("user.name", "<NA>"),
            ("user.loginuid", "-1"),
        ],
    );
    let known = Build::new("close").int("res", 0).done();
    Scene::new().check(
        &known.event(),
        0,
        &[("user.name", "root"), ("user.homedir", "/root"), ("user.shell", "<NA>"), ("group.name", "root")],
    );
}

#[test]
fn the_host_is_no_container() {
    let event = Build::new("close").int("res", 0).done();
    Scene::new().check(
        &event.event(),
        0,
        &[
            ("container.id", "host"),
            ("container.name", "host"),
            ("container.type", "host"),
            ("container.image.repository", ""),
            ("container.privileged", "false"),
            ("container.full_id", "-"),
            ("container.start_ts", "-"),
            ("k8s.ns.name", "-"),
            ("evt.hostname", "lab"),
        ],
    );
}

#[test]
fn a_container_is_known_by_its_cgroup() {
    let id = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e";
    let cgroup = format!("/docker/{id}");
    let event = Build::new("close").int("res", 0).done();
    let facts = crate::event::TaskFacts { cgroup: 5, ..task(100, 50, "bash") };
    let live = event.live(Extension { task: facts, cgroup_path: Some(cgroup.as_bytes()), ..Extension::default() });
    let expected = [
        ("container.id", "3ad7b26ded6d"),
        ("container.full_id", id),
        ("container.name", "-"),
        ("container.image.repository", "-"),
    ];
    Scene::new().check(&live, 0, &expected);
}

#[test]
fn generic_events_go_by_their_call() {
    let event = Build::new("syscall").int("ID", 0).int("nativeID", 39).done();
    Scene::new().check(
        &event.event(),
        0,
        &[("evt.type", "getpid"), ("syscall.type", "getpid"), ("evt.res", "-"), ("evt.args", "")],
    );
}

#[test]
fn executables_change_only_where_the_event_is_their_exec() {
    let event = Build::new("execve")
        .int("res", 0)
        .int("pid", 100)
        .int("ptid", 50)
        .text("comm", "x")
        .text("trusted_exepath", "/m/nc");
    let event = event.int("flags", 6).int("exe_ino_ctime", 5).done();
    let live = event.live(Extension {
        task: task(100, 50, "x"),
        real: [path(27, "/usr/bin/nc"), None],
        ..Extension::default()
    });
    let mut scene = Scene::new();
    scene.check(
        &live,
        0,
        &[("proc.exepath", "/m/nc"), ("proc.is_exe_upper_layer", "true"), ("proc.is_exe_from_memfd", "true")],
    );
    scene.check(&live, 1, &[("proc.exepath", "/usr/bin/nc"), ("proc.exe_ino.ctime", "5")]);
    assert_eq!(scene.differing(&live), 1);
}

#[test]
fn times_are_shown_whole_and_in_parts() {
    let event = Build::new("close").ts(1_700_000_000_123_456_789).int("res", 0).done();
    Scene::new().check(
        &event.event(),
        0,
        &[
            ("evt.time.iso8601", "2023-11-14T22:13:20.123456789+0000"),
            ("evt.rawtime.ns", "123456789"),
            ("evt.rawtime.s", "1700000000"),
            ("evt.deltatime.s", "0"),
            ("evt.latency.human", "0ns"),
            ("evt.around[1700000000123000000]", "1"),
            ("evt.type.is.close", "1"),
            ("evt.type.is.open", "0"),
        ],
    );
}

#[test]
fn a_switch_tells_how_long_the_thread_had_its_cpu() {
    let switch = |ts, tid, next| Build::new("switch").ts(ts).tid(tid).int("next", next).done();
    let mut scene = Scene::new();
    let unseen = [("thread.exectime", "0"), ("thread.totexectime", "0")];
    scene.check(&switch(1000, 50, 100).event(), 0, &unseen);
    scene.check(&switch(1700, 100, 50).event(), 0, &[("thread.exectime", "700"), ("thread.totexectime", "700")]);
    scene.check(&switch(1750, 50, 100).event(), 0, &[("thread.exectime", "50"), ("thread.totexectime", "50")]);
    scene.check(&switch(1800, 100, 0).event(), 0, &[("thread.exectime", "50"), ("thread.totexectime", "750")]);
    scene.check(&switch(1900, 0, 100).event(), 0, &[("thread.exectime", "100"), ("thread.totexectime", "-")]);
    scene.check(&switch(2000, 50, 100).event(), 0, &[("thread.exectime", "0"), ("thread.totexectime", "50")]);
    let other = Build::new("close").int("res", 0).done();
    scene.check(&other.event(), 0, &[("thread.exectime", "-"), ("thread.totexectime", "750")]);
    let child = Build::new("fork").tid(101).int("res", 0).int("tid", 101).int("pid", 101).int("ptid", 100).done();
    scene.check(&child.event(), 0, &[("proc.ppid", "100"), ("thread.totexectime", "0")]);
}

#[test]
fn snapshots_tell_shares_of_the_cpu() {
    let snapshot =
        |tid, user, system| Build::new("procinfo").tid(tid).int("cpu_usr", user).int("cpu_sys", system).done();
    let mut scene = Scene::new();
    let thread = Build::new("clone").tid(102).int("res", 0).int("tid", 102).int("pid", 100).int("ptid", 100);
    scene.state.apply(&thread.int("flags", 1 << 13).done().event());
    let shares = |both, user, system| [("thread.cpu", both), ("thread.cpu.user", user), ("thread.cpu.system", system)];
    scene.check(&snapshot(100, 10, 2).event(), 0, &shares("0", "0", "0"));
    scene.check(&snapshot(102, 7, 7).event(), 0, &shares("0", "0", "0"));
    scene.check(&snapshot(100, 40, 7).event(), 0, &shares("35", "30", "5"));
    scene.check(&snapshot(102, 90, 57).event(), 0, &shares("100", "83", "50"));
    scene.check(&snapshot(100, 40, 7).event(), 0, &[("evt.count.procinfo", "1"), ("evt.count.threadinfo", "1")]);
    scene.check(&snapshot(102, 9, 9).event(), 0, &[("evt.count.procinfo", "-"), ("evt.count.threadinfo", "1")]);
    scene.check(&snapshot(900, 9, 9).event(), 0, &shares("-", "-", "-"));
    let other = Build::new("close").int("res", 0).done();
    scene.check(&other.event(), 0, &[("thread.cpu", "-"), ("evt.count.procinfo", "-"), ("evt.count.threadinfo", "-")]);
}

#[test]
fn an_event_of_the_infrastructure_describes_a_container() {
    let infra = |text| Build::new("infra").tid(-1).text("source", "docker").text("description", text).done();
    let told = |id, image, name, event| {
        [
            ("evt.infra.docker.container.id", id),
            ("evt.infra.docker.container.image", image),
            ("evt.infra.docker.container.name", name),
            ("evt.infra.docker.name", event),
        ]
    };
    let mut scene = Scene::new();
    let whole = infra("Event: start; ID: 3ad7b26ded6d8e7b23da; name: web ;Image: nginx:1.25");
    scene.check(&whole.event(), 0, &told("3ad7b26ded6d", "nginx", "web", "start"));
    let digest = infra("Image: lab/nginx@sha256:99ff");
    scene.check(&digest.event(), 0, &told("-", "lab/nginx", "-", "-"));
    let bare = infra("Image: sha256:99ff;Event");
    scene.check(&bare.event(), 0, &told("-", "sha256:99ff", "-", "-"));
    scene.check(&Build::new("close").int("res", 0).done().event(), 0, &told("-", "-", "-", "-"));
}
