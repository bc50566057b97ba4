use super::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[test]
fn tables_parse() {
    assert_eq!(flags::parse(FLAGS).map(|t| t.len()), Ok(55));
    assert_eq!(events::parse(EVENTS).map(|e| e.len()), Ok(events().len()));
    assert_eq!(syscalls::parse(SYSCALLS).map(|s| s.len()), Ok(454));
}

#[test]
fn malformed_rows_are_refused_with_their_line() {
    let error = |text| events::parse(text).expect_err("malformed");
    assert_eq!(error("#\nid\n1\tx\tfile|syscall\t-\t-\t-\tnone\n").line, 3);
    let row = |params: &str, program: &str, sources: &str| {
        format!("id\n3\tx\tfile|syscall\t-\t-\t{params}\t{program}\t{sources}\n").leak() as &'static str
    };
    assert!(error(row("a:INT9:DEC", "none", "-")).what.contains("unknown type"));
    assert!(error(row("a:INT8:DEC", "simple", "ret ret")).what.contains("2 sources"));
    assert!(error(row("a:INT8:DEC", "simple", "arg6")).what.contains("no source"));
    assert!(error(row("a:FSPATH:NA@1", "none", "-")).what.contains("base descriptor"));
    assert!(error(row("a:FLAGS8:HEX#nope", "none", "-")).what.contains("unknown flag table"));
    assert!(events::parse(row("a:FD:DEC b:FSRELPATH:NA@0", "simple", "fd:arg0 path:arg1:arg0")).is_ok());
}

#[test]
fn look_up_is_by_id_number_and_name() {
    for info in events() {
        assert_eq!(event(info.id).map(|e| e.id), Some(info.id));
        for (at, param) in info.params.iter().enumerate() {
            assert_eq!(info.param_index(param.name), Some(at), "{} {}", info.name, param.name);
        }
    }
    assert!(event(2).is_none() && event(60_000).is_none());
    assert_eq!(native(257).map(|s| (s.name, s.event)), Some(("openat", 307)));
    assert_eq!(native(511), None);
    assert_eq!(event(307).and_then(|e| e.params[2].base), Some(1));
}

#[test]
fn calls_and_events_name_each_other() {
    for call in syscalls() {
        let info = event(call.event).unwrap_or_else(|| panic!("{} produces no event", call.name));
        assert!(info.syscalls.contains(&call.name), "{} does not name {}", info.name, call.name);
    }
    for info in events() {
        for name in &info.syscalls {
            assert!(syscalls().iter().any(|s| s.name == *name && s.event == info.id), "{name}");
        }
        if info.program == "simple" {
            let live = syscalls().iter().any(|s| s.event == info.id && s.native.is_some());
            assert!(live, "{} cannot happen on x86_64", info.name);
        }
    }
}

#[test]
fn ignored_calls_are_the_high_volume_io_that_no_state_needs() {
    let ignored: Vec<_> = syscalls().iter().filter(|s| s.ignored).map(|s| s.name).collect();
    for call in syscalls() {
        let info = event(call.event).expect("checked above");
        let wanted = info.category.starts_with("io_")
            && info.category != "io_other"
            && !info.flags.has(EventFlags::MODIFIES_STATE);
        assert_eq!(call.ignored, wanted, "{}", call.name);
    }
    assert!(ignored.contains(&"read") && !ignored.contains(&"sendto") && !ignored.contains(&"close"));
}

#[test]
fn kernel_flags_become_the_formats() {
    use super::flags::to_wire;
    assert_eq!(to_wire("file_flags", 0o2 | 0o100 | 0o2_000_000), 3 | 4 | 0x1000);
    assert_eq!(to_wire("file_flags", 0), 1);
    assert_eq!(to_wire("clone_flags", 0x7c02_0000), 0x20 | 0x80 | 8 | 0x10_0000 | 0x40 | 0x10);
    assert_eq!(to_wire("mount_flags", 0xc0ed_0000 | 4096), 4096);
    assert_eq!(to_wire("mount_flags", 1 << 18), 1 << 18);
    assert_eq!(to_wire("ptrace_requests", 16), 11);
    assert_eq!(to_wire("ptrace_requests", 0x4206), 20);
    assert_eq!(to_wire("unlinkat_flags", 0x200), 0x200);
    assert_eq!(to_wire("fchownat_flags", 0x1100), 0x1400);
    assert_eq!(to_wire("quotactl_cmds", 0x8000_0200), 1);
    let pipe2 = event(393).expect("pipe2");
    assert_eq!(flags::param_to_wire(pipe2, 4, 0o2_000_000), 0x1000);
    assert_eq!(flags::param_to_wire(pipe2, 0, 77), 77);
}

/// Every value a map yields has a name in its table: a slip of the pen in either shows here.
#[test]
fn converted_values_have_names() {
    for (name, bits) in
        [("file_flags", 24u32), ("clone_flags", 32), ("mmap_flags", 17), ("openat2_flags", 6), ("poll_flags", 14)]
    {
        let table = flag_table(name).unwrap_or_else(|| panic!("{name}"));
        for bit in 0..bits {
            let wire = flags::to_wire(name, 1 << bit);
            let mut left = wire;
            table.rows.iter().for_each(|r| left &= !r.value);
            assert_eq!(left, 0, "{name}: kernel bit {bit} becomes {wire:#x}");
        }
    }
    for (name, max) in [("fcntl_commands", 1100u64), ("ptrace_requests", 0x4300), ("sockopt_levels", 300)] {
        let table = flag_table(name).unwrap_or_else(|| panic!("{name}"));
        for value in 0..max {
            let wire = flags::to_wire(name, value);
            assert!(table.rows.iter().any(|r| r.value == wire), "{name}: {value} becomes {wire}");
        }
    }
}

fn reference() -> Option<PathBuf> {
    let dir = std::env::var_os("YARAK_SHARED").map(PathBuf::from);
    let dir = dir.or_else(|| Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared")));
    let dir = dir.filter(|d| d.join("spec/events.tsv").exists());
    assert!(dir.is_some() || std::env::var("CI").as_deref() != Ok("true"), "the reference tables are missing");
    if dir.is_none() {
        eprintln!("skipped: no reference tables (YARAK_SHARED)");
    }
    dir
}

fn table(dir: &std::path::Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(dir.join("spec").join(name)).expect("a readable table");
    let lines = text.lines().filter(|l| !l.starts_with('#')).skip(1);
    lines.map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn events_agree_with_the_reference() {
    let Some(dir) = reference() else { return };
    let mut expected = BTreeMap::new();
    for row in table(&dir, "events.tsv") {
        let (name, direction, category, flags) = (&row[2], &row[3], &row[4], &row[5]);
        let current = !flags.contains("OLD_VERSION") && !flags.contains("UNUSED");
        if current && (direction == "exit" || !category.contains("syscall")) {
            let flags: std::collections::BTreeSet<String> =
                flags.split('|').filter(|f| !f.is_empty()).map(str::to_owned).collect();
            expected.insert(row[0].parse::<u16>().expect("an id"), (name.clone(), row[7].clone(), flags));
        }
    }
    let text: BTreeMap<u16, &str> = EVENTS
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .filter_map(|l| Some((l.split('\t').next()?.parse().ok()?, l.split('\t').nth(5)?)))
        .collect();
    assert_eq!(expected.keys().copied().collect::<Vec<_>>(), events().iter().map(|e| e.id).collect::<Vec<_>>());
    for (id, (name, params, flags)) in expected {
        let info = event(id).expect("compared above");
        assert_eq!(info.name, name);
        assert_eq!(text[&id].trim_start_matches('-'), params, "parameters of {name}");
        assert_eq!(info.flags.names().map(str::to_owned).collect::<std::collections::BTreeSet<_>>(), flags, "{name}");
    }
}

#[test]
fn flags_and_calls_agree_with_the_reference() {
    let Some(dir) = reference() else { return };
    let mut expected: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for row in table(&dir, "flags.tsv") {
        expected.entry(row[0].clone()).or_default().push((row[2].clone(), row[3].parse().expect("a value")));
    }
    let ours = flag_tables()
        .iter()
        .map(|t| (t.name.to_owned(), t.rows.iter().map(|r| (r.name.to_owned(), r.value)).collect::<Vec<_>>()));
    assert_eq!(ours.collect::<BTreeMap<_, _>>(), expected);
    for row in table(&dir, "syscall_codes.tsv") {
        let call = syscall(row[0].parse().expect("a code")).expect("a known call");
        assert_eq!(call.name, row[1]);
        assert!(row[2].split(',').any(|id| id.parse() == Ok(call.event)), "{}", call.name);
        if let Some(native) = row.get(3).filter(|n| !n.is_empty()) {
            assert_eq!(call.native, native.parse().ok(), "{}", call.name);
        }
    }
}
