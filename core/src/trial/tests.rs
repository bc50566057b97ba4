//! Whole trials: from JSON to alerts and values.

use serde_json::{Value as Json, json};

use super::*;

/// A plan with one rule per check, for every event; rules are named by their place.
fn plan(checks: &[Json]) -> Vec<u8> {
    let ids: Vec<u16> = crate::schema::events().iter().map(|e| e.id).collect();
    let rules: Vec<Json> = (0..checks.len())
        .map(|at| {
            json!({"name": at.to_string(), "source": "syscall", "priority": 4, "node": at, "events": ids,
                   "output": [{"value": {"field": "fd.name", "arg": null}, "as": "fd.name"}]})
        })
        .collect();
    let nodes: Vec<Json> = checks.iter().map(|check| json!({"check": check})).collect();
    let doc = json!({"format": 1, "settings": {"rule_matching": "all", "paths_match": "both"}, "nodes": nodes, "rules": rules});
    doc.to_string().into_bytes()
}

fn trial(checks: &[Json]) -> Trial {
    Trial::new(&plan(checks), b"{}").unwrap_or_else(|e| panic!("{e}"))
}

fn check(field: &str, value: &str) -> Json {
    json!({"lhs": {"field": field, "arg": null}, "op": "=", "values": [value]})
}

fn feed(trial: &mut Trial, event: &Json) -> Vec<String> {
    let alerts = trial.feed(event.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}: {event}"));
    alerts.iter().map(|alert| alert.rule.to_string()).collect()
}

/// Values as short text: absent ones are their reason behind a dash.
fn values(trial: &Trial, fields: &[&str], choice: u8) -> Vec<String> {
    let answer = trial.values(json!(fields).to_string().as_bytes(), choice).unwrap_or_else(|e| panic!("{e}"));
    let answers: Vec<Json> = serde_json::from_str(&answer).expect("a list");
    let short = |entry: &Json| match entry.get("value") {
        Some(Json::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => format!("- {}", entry["absent"].as_str().unwrap_or_default()),
    };
    answers.iter().map(short).collect()
}

fn expect(event: Json, expected: &[(&str, &str)]) {
    let mut trial = trial(&[]);
    feed(&mut trial, &event);
    let fields: Vec<_> = expected.iter().map(|(field, _)| *field).collect();
    let wanted: Vec<_> = expected.iter().map(|(_, value)| (*value).to_owned()).collect();
    assert_eq!(values(&trial, &fields, 0), wanted, "{event}: {fields:?}");
}

#[test]
fn a_short_description_is_a_whole_event() {
    let event =
        json!({"type": "openat", "params": {"name": "/etc/shadow", "flags": "O_RDONLY"}, "process": {"name": "cat"}});
    expect(
        event.clone(),
        &[
            ("evt.type", "openat"),
            ("fd.name", "/etc/shadow"),
            ("fd.num", "3"),
            ("fd.typechar", "f"),
            ("fd.realpath", "/etc/shadow"),
            ("evt.is_open_read", "true"),
            ("evt.res", "SUCCESS"),
            ("proc.name", "cat"),
            ("proc.exepath", "/usr/bin/cat"),
            ("proc.pname", "systemd"),
            ("user.name", "root"),
            ("user.loginuid", "-1"),
            ("container.id", "host"),
            ("evt.hostname", "host"),
            ("fd.sip", "- the descriptor is of type file, fd.sip is not known for it"),
            ("evt.arg.path", "- openat has no parameter path"),
            ("evt.arg.mode", "<NA>"),
            ("evt.rawarg.mode", "- parameter mode was not captured"),
            ("proc.env[HOME]", ""),
            ("proc.aname[7]", "- no ancestor of level 7 is known"),
        ],
    );
    let mut trial = trial(&[check("fd.name", "/etc/shadow"), check("fd.name", "/etc/passwd")]);
    assert_eq!(feed(&mut trial, &event), ["0"]);
    assert_eq!(trial.holding(0).ok(), Some(vec!["0".to_owned()]));
}

#[test]
fn a_failed_call_has_no_descriptor() {
    let event = json!({"type": "openat", "params": {"name": "x"}, "result": "ENOENT", "process": {"cwd": "/srv"}});
    let expected = [
        ("evt.res", "ENOENT"),
        ("evt.rawres", "-2"),
        ("fd.num", "-1"),
        ("fd.name", "/srv/x"),
        ("fd.type", "- the call failed, so that there is no descriptor"),
        ("evt.arg.dirfd", "AT_FDCWD"),
    ];
    expect(event, &expected);
}

#[test]
fn real_names_are_a_second_choice() {
    let event = json!({"type": "openat", "params": {"name": "/tmp/x"}, "real": "/etc/shadow"});
    let mut trial = trial(&[check("fd.name", "/etc/shadow")]);
    assert_eq!(feed(&mut trial, &event), ["0"]);
    assert_eq!(trial.differing().ok(), Some(1));
    assert_eq!(
        (values(&trial, &["fd.name"], 0), values(&trial, &["fd.name"], 1)),
        (vec!["/tmp/x".into()], vec!["/etc/shadow".into()])
    );
    assert_eq!((trial.holding(0).unwrap_or_default().len(), trial.holding(1).unwrap_or_default().len()), (0, 1));
    let rename = json!({"type": "rename", "params": {"oldpath": "/a", "newpath": "/b"}, "real": {"newpath": "/c"}});
    feed(&mut trial, &rename);
    assert_eq!(values(&trial, &["evt.arg.newpath"], 2), ["/c"]);
}

#[test]
fn sockets_have_two_ends() {
    let fields = ["fd.type", "fd.name", "fd.l4proto", "fd.cip", "fd.sport", "fd.role"];
    let connect = json!({"type": "connect", "fd": "10.0.0.1:4000->192.0.2.7:443", "result": "EINPROGRESS"});
    let mut trial = trial(&[]);
    feed(&mut trial, &connect);
    let tuple = "10.0.0.1:4000->192.0.2.7:443";
    let mut expected = ["ipv4", tuple, "tcp", "10.0.0.1", "443"].to_vec();
    assert_eq!(values(&trial, &fields[..5], 0), expected);
    assert_eq!(values(&trial, &["evt.arg.tuple"], 0), [tuple]);
    feed(&mut trial, &json!({"type": "accept4", "params": {"tuple": tuple}}));
    assert_eq!(values(&trial, &fields[..5], 0), expected);
    feed(
        &mut trial,
        &json!({"type": "connect", "params": {"addr": "[2001:db8::1]:53"}, "fd": {"socket": {"remote": "[2001:db8::1]:53", "proto": "udp"}}}),
    );
    expected = vec!["ipv6", "2001:db8::1", "53"];
    assert_eq!(values(&trial, &["fd.type", "fd.sip", "fd.sport"], 0), expected);
    feed(&mut trial, &json!({"type": "connect", "params": {"addr": "/run/docker.sock"}}));
    assert_eq!(values(&trial, &["fd.type", "fd.name"], 0), ["unix", "/run/docker.sock"]);
}

#[test]
fn a_process_tree_is_told_in_a_few_lines() {
    let mut trial = trial(&[]);
    for process in [
        json!({"name": "nginx", "exepath": "/usr/sbin/nginx", "uid": 33, "container": "3ad7b26ded6d"}),
        json!({"name": "sh", "parent": "nginx", "args": "-c id", "tty": 5}),
    ] {
        trial.process(process.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    }
    let exec = json!({"type": "execve", "process": {"exepath": "/usr/bin/id", "args": ["-u"], "parent": "sh", "pid": 2000,
                      "flags": "EXE_UPPER_LAYER", "env": {"HOME": "/x"}}});
    feed(&mut trial, &exec);
    let fields = [
        "proc.name",
        "proc.cmdline",
        "proc.pname",
        "proc.pcmdline",
        "proc.aname[2]",
        "proc.tty",
        "user.uid",
        "container.id",
    ];
    assert_eq!(values(&trial, &fields, 0), ["id", "id -u", "sh", "sh -c id", "nginx", "5", "33", "3ad7b26ded6d"]);
    let image = ["proc.is_exe_upper_layer", "proc.exepath", "evt.arg.filename", "proc.env[HOME]", "evt.arg.res"];
    assert_eq!(values(&trial, &image, 0), ["true", "/usr/bin/id", "/usr/bin/id", "/x", "0"]);
    feed(&mut trial, &json!({"type": "unlink", "params": {"path": "x"}, "process": "id"}));
    assert_eq!(values(&trial, &["proc.pid", "proc.pname", "evt.num"], 0), ["2000", "sh", "2"]);
    feed(&mut trial, &json!({"type": "execve", "process": "id", "params": {"filename": "/bin/ls", "args": ["-l"]}}));
    assert_eq!(values(&trial, &["proc.pid", "proc.cmdline", "proc.exepath"], 0), ["2000", "ls -l", "/bin/ls"]);
    feed(&mut trial, &json!({"type": "clone", "process": {"name": "child", "parent": "ls", "pid": 2001}}));
    assert_eq!(values(&trial, &["proc.pid", "proc.pname", "evt.rawres"], 0), ["2001", "ls", "0"]);
}

#[test]
fn any_ancestor_may_be_the_one_that_another_field_names() {
    let against = |op: &str| {
        let name = json!({"transform": "val", "args": [{"field": "proc.name", "arg": null}], "selector": null});
        json!({"lhs": {"field": "proc.aname", "arg": null}, "op": op, "rhs": name})
    };
    let mut trial = trial(&[against("="), against("contains"), against("!=")]);
    let event =
        json!({"type": "close", "process": {"name": "sh", "parent": {"name": "make", "parent": {"name": "sh"}}}});
    assert_eq!(feed(&mut trial, &event), ["0", "1", "2"]);
    let event = json!({"type": "close", "process": {"name": "d", "parent": {"name": "make"}}});
    assert_eq!(feed(&mut trial, &event), ["1", "2"]);
}

#[test]
fn state_goes_on_between_events() {
    let mut trial = trial(&[]);
    trial.process(br#"{"name": "a", "cwd": "/srv"}"#).unwrap_or_else(|e| panic!("{e}"));
    feed(&mut trial, &json!({"type": "chdir", "params": {"path": "/etc"}, "process": "a"}));
    feed(&mut trial, &json!({"type": "setuid", "params": {"uid": 7}, "process": "a"}));
    feed(&mut trial, &json!({"type": "openat", "params": {"name": "shadow"}, "process": "a"}));
    assert_eq!(values(&trial, &["fd.name", "user.uid", "proc.cwd"], 0), ["/etc/shadow", "7", "/etc/"]);
    feed(&mut trial, &json!({"type": "procexit", "process": "a"}));
    assert_eq!(values(&trial, &["proc.name"], 0), ["a"]);
}

#[test]
fn system_calls_without_an_event_are_known_by_name() {
    expect(
        json!({"type": "reboot"}),
        &[("evt.type", "reboot"), ("evt.rawres", "- not for syscall events like this one")],
    );
    expect(
        json!({"type": "pread64", "params": {"data": "abc"}}),
        &[("evt.type", "pread"), ("evt.rawres", "3"), ("fd.num", "3")],
    );
    expect(
        json!({"type": "dup2", "params": {"oldfd": 3, "newfd": 0}, "fd": "1.2.3.4:1->5.6.7.8:2"}),
        &[("evt.rawres", "0"), ("fd.typechar", "4")],
    );
}

#[test]
fn mistakes_are_told() {
    let cases = [
        (json!({"type": "opnat"}), "trial-event", "unknown event type 'opnat' (did you mean 'openat'?)"),
        (
            json!({"type": "close", "params": {"fdd": 3}}),
            "trial-parameter",
            "event close has no parameter 'fdd' (did you mean 'fd'?); it has res, fd",
        ),
        (json!({"type": "close", "result": "EBAD"}), "trial-name", "'EBAD' is no error (did you mean 'EBADF'?)"),
        (json!({"type": "close", "process": "nobody"}), "trial-process", "unknown process 'nobody': describe it first"),
        (
            json!({"type": "close", "fd": {"kind": "fille"}}),
            "trial-name",
            "'fille' is no kind of descriptor (did you mean 'file'?)",
        ),
        (json!({"type": "close", "prams": {}}), "trial-document", "unknown field `prams`"),
        (json!({"type": "openat", "params": {"name": "x".repeat(70_000)}}), "trial-record", "the event is too large"),
    ];
    for (event, code, text) in cases {
        let error = trial(&[]).feed(event.to_string().as_bytes()).map(|_| ()).expect_err(code);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(trial(&[]).holding(0).map_err(|e| e.code()), Err("trial-no-event"));
    let mut some = trial(&[]);
    feed(&mut some, &json!({"type": "close"}));
    assert_eq!(some.values(br#"["fd.nome"]"#, 0).map_err(|e| e.code()), Err("trial-field"));
}
