//! What holds for every field, and the listing's agreement with the reference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bumpalo::Bump;
use proptest::prelude::*;

use super::*;
use crate::event::{Event, Extension};
use crate::state::StateConfig;
use crate::testing::{Build, path, task};

#[test]
fn every_file_is_sorted_and_names_are_unique() {
    for file in FILES {
        let names: Vec<_> = file.iter().map(|f| f.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
    let unique: BTreeSet<_> = all().map(|f| f.name).collect();
    assert_eq!(unique.len(), all().count());
}

#[test]
fn every_field_is_named_and_documented() {
    for field in all() {
        let grammar = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        assert!(field.name.contains('.') && field.name.split('.').all(grammar), "{}", field.name);
        assert!(field.doc.ends_with('.') && field.doc.len() > 5 && !field.doc.contains("  "), "{}", field.name);
        assert!(!field.display.is_empty() && !field.class.is_empty(), "{}", field.name);
        assert!(!(field.arg_required && field.arg == ArgKind::None), "{}", field.name);
        assert_eq!(lookup(field.name).map(|found| found.name), Some(field.name));
    }
    assert!(lookup("proc.nam").is_none() && lookup("proc.aname[1]").is_none());
}

/// The reference data; where CI=true it must be there.
fn shared(file: &str) -> Option<String> {
    let root = std::env::var_os("YARAK_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let text = std::fs::read_to_string(root.join(file)).ok();
    assert!(text.is_some() || std::env::var("CI").as_deref() != Ok("true"), "{file}: needed in CI");
    if text.is_none() {
        eprintln!("skipped: no reference data at {}", root.display());
    }
    text
}

/// Flags that the reference knows; the others are ours and steer the evaluator and the formatter.
const OWN_FLAGS: [&str; 8] =
    ["any-source", "any-ancestor", "by-type", "shows-own", "either-end", "host-name", "within", "own-past"];

/// Fields that the reference does not have.
const OWN_FIELDS: [&str; 12] = [
    "evt.arglen",
    "evt.args_changed",
    "evt.is_io_uring",
    "evt.is_res_assumed",
    "evt.truncated",
    "fd.realpath",
    "proc.aexe_ino",
    "proc.ascript",
    "proc.origin.exepath",
    "proc.origin.name",
    "proc.origin.pid",
    "proc.script",
];

fn type_word(ty: Type) -> String {
    match ty {
        Type::CharBuf => "CHARBUF".into(),
        other => format!("{other:?}").to_uppercase(),
    }
}

fn argument_words(field: &FieldDef) -> &'static str {
    match (field.name, field.arg, field.arg_required) {
        ("evt.type.is", ..) => "required: .name or .number",
        ("evt.arg", ..) => "required: .name or [index]",
        ("evt.rawarg", ..) => "required: .name",
        ("evt.around", ..) => "required: [timestamp]",
        ("evt.abspath", ..) => "optional: .src | .dst",
        ("thread.cgroup", ..) => "required: .subsystem",
        ("proc.env", ..) => "optional key (name)",
        (_, ArgKind::None, _) => "none",
        (_, ArgKind::Index, false) => "optional index",
        (_, ArgKind::Index, true) => "required index",
        (_, ArgKind::Key, false) => "optional key",
        (_, ArgKind::Key, true) => "required key",
        (_, ArgKind::IndexOrKey, false) => "optional index or key",
        (_, ArgKind::IndexOrKey, true) => "required index or key",
        (_, ArgKind::Dotted, _) => "dotted",
    }
}

fn row(field: &FieldDef) -> [String; 6] {
    let flags: BTreeSet<_> = field.flags.iter().filter(|f| !OWN_FLAGS.contains(f)).copied().collect();
    let list = if field.is_list { "yes" } else { "no" };
    let words = [field.class, &type_word(field.ty), argument_words(field), list].map(String::from);
    let [class, ty, arg, list] = words;
    [class, ty, arg, list, flags.into_iter().collect::<Vec<_>>().join(","), field.display.to_string()]
}

#[test]
fn the_listing_is_the_references() {
    let Some(text) = shared("spec/fields.tsv") else { return };
    let mut expected = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let [source, class, name, ty, arg, list, flags, display, ..] = cells[..] else { panic!("{line}") };
        if matches!(source, "all" | "syscall" | "plugin container (syscall)") {
            let flags: BTreeSet<_> = flags.split(',').filter(|f| !f.is_empty()).collect();
            let flags = flags.into_iter().collect::<Vec<_>>().join(",");
            let row = [class, ty, arg, list, &flags, display].map(String::from);
            expected.insert(name.to_string(), row);
            let any_source = lookup(name).is_some_and(|f| f.flags.contains(&"any-source"));
            assert_eq!(any_source, source == "all", "{name}");
        }
    }
    let ours: BTreeMap<_, _> =
        all().filter(|f| !OWN_FIELDS.contains(&f.name)).map(|f| (f.name.to_string(), row(f))).collect();
    for (name, row) in &expected {
        assert_eq!(ours.get(name), Some(row), "{name}");
    }
    let extra: Vec<_> = ours.keys().filter(|name| !expected.contains_key(*name)).collect();
    assert!(extra.is_empty(), "{extra:?}");
    assert!(expected.len() > 250);
}

#[test]
fn flags_say_what_values_are() {
    let flagged = |flag| all().filter(move |f| f.flags.contains(&flag)).map(|f| f.name).collect::<BTreeSet<_>>();
    assert!(flagged("any-ancestor").iter().all(|name| name.starts_with("proc.a")));
    assert_eq!(flagged("any-ancestor").len(), 8);
    assert!(flagged("shows-own").is_subset(&flagged("any-ancestor")));
    assert_eq!(flagged("either-end"), BTreeSet::from(["fd.ip", "fd.net", "fd.port", "fd.proto"]));
    assert_eq!(flagged("host-name").len(), 4);
}

fn arguments(field: &FieldDef) -> Vec<Arg> {
    let mut args =
        vec![Arg::Index(0), Arg::Index(1), Arg::Index(u32::MAX), Arg::Key("name".into()), Arg::Key("".into())];
    args.extend(["src", "dst", "flags", "7", "99999999999"].map(|key| Arg::Key(key.into())));
    if !field.arg_required {
        args.push(Arg::None);
    }
    if field.arg == ArgKind::None { vec![Arg::None] } else { args }
}

/// Whether a value is one that the field's type allows.
fn fits(field: &FieldDef, value: &Value<'_>) -> bool {
    let host_name = field.flags.contains(&"host-name");
    match (field.ty, value) {
        (_, Value::List(items)) => {
            let many = ["any-ancestor", "either-end"].iter().any(|flag| field.flags.contains(flag));
            (many || field.is_list) && items.iter().all(|item| fits(field, item))
        }
        (Type::Dyn, _) | (Type::CharBuf, Value::Text(_)) | (Type::ByteBuf, Value::Bytes(_)) => true,
        (Type::Bool, Value::Bool(_)) | (Type::Double, Value::Double(_)) => true,
        (Type::IpAddr | Type::IpNet, Value::Ip(_)) => true,
        (Type::CharBuf, Value::Ip(_)) => host_name,
        (Type::Int16 | Type::Int32 | Type::Int64, Value::Int(_)) => true,
        (Type::Uint32 | Type::Uint64 | Type::RelTime | Type::AbsTime | Type::Port, Value::Uint(_)) => true,
        _ => false,
    }
}

/// Every field's values under the given names; those of paths, which any rule is asked anew about, are left out.
fn values_apart_from_paths(state: &State, event: &Event<'_>) -> BTreeMap<(&'static str, String), String> {
    let arena = Bump::new();
    let ctx = Ctx::new(event, state, PathChoice::default(), &arena);
    let pathless = all().filter(|field| !field.is_path);
    let keyed = pathless.flat_map(|field| arguments(field).into_iter().map(move |arg| (field, arg)));
    keyed.map(|(field, arg)| ((field.name, format!("{arg:?}")), format!("{:?}", (field.extract)(&ctx, &arg)))).collect()
}

#[test]
fn fields_that_real_names_change_are_paths_or_known_to_read_them() {
    let mut state = State::new(StateConfig::default());
    let shell = Build::new("execve").tid(100).int("res", 0).int("tid", 100).int("pid", 100).text("cwd", "/root").done();
    state.apply(&shell.event());
    let mut changed = BTreeSet::new();
    for info in crate::schema::events().iter().filter(|info| info.program == "simple") {
        let names = paths::path_params(info.id);
        let named = |build: Build, at: &u8| build.text(info.params[usize::from(*at)].name, "one");
        let built = names.iter().fold(Build::new(info.name), named).done();
        let ext = || Extension { task: task(100, 1, "bash"), ..Extension::default() };
        let (bare, mut real) = (ext(), ext());
        for (slot, at) in real.real.iter_mut().zip(names) {
            *slot = path(usize::from(*at), "/srv/other");
        }
        let (without, with) = (built.live(bare), built.live(real));
        let (without, with) = (values_apart_from_paths(&state, &without), values_apart_from_paths(&state, &with));
        changed
            .extend(without.iter().filter(|(key, value)| with.get(*key) != Some(*value)).map(|((name, _), _)| *name));
    }
    assert_eq!(changed, crate::rules::accessor::READS_REAL_NAMES.iter().copied().collect());
}

/// Extracts every field with every kind of argument under every path choice.
fn extract_everything(state: &State, event: &Event<'_>) -> usize {
    let mut present = 0;
    for choice in [0, 1, 2, 255] {
        let arena = Bump::new();
        let ctx = Ctx::new(event, state, PathChoice { real: choice }, &arena);
        paths::differing(&ctx);
        for field in all() {
            for arg in arguments(field) {
                if let Some(value) = (field.extract)(&ctx, &arg) {
                    assert!(fits(field, &value), "{} {arg:?} gave {value:?}", field.name);
                    present += 1;
                }
            }
        }
    }
    present
}

/// An event of a random kind with random parameters, and a random extension block behind it.
fn encode(id: u16, tid: i64, params: &[Vec<u8>], ext: &[(u16, Vec<u8>)], live: bool) -> Vec<u8> {
    let body: Vec<u8> = params.concat();
    let len = crate::event::HEADER_LEN + 2 * params.len() + body.len();
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&1_700_000_000_000_000_000u64.to_le_bytes());
    bytes.extend_from_slice(&tid.to_le_bytes());
    bytes.extend_from_slice(&(len as u32).to_le_bytes());
    bytes.extend_from_slice(&id.to_le_bytes());
    bytes.extend_from_slice(&(params.len() as u32).to_le_bytes());
    params.iter().for_each(|p| bytes.extend_from_slice(&(p.len() as u16).to_le_bytes()));
    bytes.extend_from_slice(&body);
    if live {
        let items: Vec<u8> = ext
            .iter()
            .flat_map(|(kind, item)| [&kind.to_le_bytes()[..], &(item.len() as u16).to_le_bytes(), item].concat())
            .collect();
        let mut fixed = vec![0u8; 64];
        fixed[4..8].copy_from_slice(&(tid as u32).to_le_bytes());
        fixed[..2].copy_from_slice(&((64 + items.len()) as u16).to_le_bytes());
        bytes.extend_from_slice(&fixed);
        bytes.extend_from_slice(&items);
    }
    bytes
}

fn any_params() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let number = prop_oneof![Just(0i64), Just(-1), Just(3), Just(-100), any::<i64>()];
    let param = prop_oneof![
        Just(Vec::new()),
        number.prop_map(|n| n.to_le_bytes().to_vec()),
        any::<u32>().prop_map(|n| n.to_le_bytes().to_vec()),
        "(/|\\.\\./|\\./|[a-z]{1,3}/?){0,6}".prop_map(|s| [s.as_bytes(), b"\0"].concat()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    proptest::collection::vec(param, 0..32)
}

fn any_items() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let item = prop_oneof![
        (Just(1u16), proptest::collection::vec(any::<u8>(), 36..48)),
        (Just(2u16), proptest::collection::vec(any::<u8>(), 74..82)),
        (3u16..5, proptest::collection::vec(any::<u8>(), 2..40)),
        (5u16..9, proptest::collection::vec(any::<u8>(), 16..40)),
    ];
    proptest::collection::vec(item, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_event_makes_an_extractor_fail(
        picks in proptest::collection::vec((0usize..400, 1i64..6, any_params(), any_items(), any::<bool>()), 1..6),
    ) {
        let mut state = State::new(StateConfig { max_processes: 3, ..StateConfig::default() });
        let events = crate::schema::events();
        for (pick, tid, params, items, live) in &picks {
            let id = events[pick % events.len()].id;
            let bytes = encode(id, *tid, params, items, *live);
            let Ok(event) = Event::decode(&bytes, 0) else { continue };
            state.apply(&event);
            extract_everything(&state, &event);
            state.after(&event);
        }
        prop_assert!(state.processes.len() <= 3);
    }

    /// What others need may be followed or not: who looks at it is asked for the event anyway.
    #[test]
    fn fields_without_descriptors_do_without(
        picks in proptest::collection::vec((any::<prop::sample::Index>(), 1i64..4, any_params(), any::<bool>()), 1..8),
    ) {
        let mut states = [State::captured(StateConfig::default()), State::captured(StateConfig::default())];
        // Most kinds say nothing of processes; those that do, and those that change descriptors, come as often as all.
        let events = crate::schema::events().iter().map(|info| info.id);
        let ids: Vec<_> = events.flat_map(|id| std::iter::repeat_n(id, 1 + 3 * usize::from(crate::state::follows(id)))).collect();
        for (pick, tid, params, applied) in &picks {
            let bytes = encode(ids[pick.index(ids.len())], *tid, params, &[], false);
            let Ok(event) = Event::decode(&bytes, 0) else { continue };
            let [whole, less] = &mut states;
            whole.apply(&event);
            if *applied || crate::state::follows_without_descriptors(event.id) {
                less.apply(&event);
            } else {
                less.pass(event.ts);
            }
            prop_assert_eq!(values_without_descriptors(whole, &event), values_without_descriptors(less, &event));
            states.iter_mut().for_each(|state| state.after(&event));
        }
    }
}

#[test]
fn descriptors_decide_what_is_not_said_to_do_without() {
    let process =
        Build::new("execve").tid(100).int("res", 0).int("tid", 100).int("pid", 100).text("cwd", "/root").done();
    let opened = Build::new("openat").tid(100).int("fd", 3).int("dirfd", -100).text("name", "/srv/data").done();
    let moved = Build::new("fchdir").tid(100).int("res", 0).int("fd", 3).done();
    let script = Build::new("execve").tid(100).int("res", 0).int("tid", 100).int("pid", 100).text("comm", "run.sh");
    let script = script.text("trusted_exepath", "/bin/bash").text("args", "./run.sh").done();
    let written = Build::new("write").tid(100).int("res", 1).int("fd", 3).done();
    let mut states = [State::captured(StateConfig::default()), State::captured(StateConfig::default())];
    for (at, state) in states.iter_mut().enumerate() {
        for event in [&process, &opened, &moved, &script].map(|built| built.event()) {
            if at == 0 || crate::state::follows_without_descriptors(event.id) {
                state.apply(&event);
            } else {
                state.pass(event.ts);
            }
            state.after(&event);
        }
    }
    let [whole, less] = states.each_ref().map(|state| values_apart_from_paths(state, &written.event()));
    let changed: BTreeSet<_> =
        whole.iter().filter(|(key, value)| less.get(*key) != Some(*value)).map(|((name, _), _)| *name).collect();
    for name in ["fd.name", "fd.type", "proc.cwd", "proc.fdopencount", "proc.script", "evt.info"] {
        assert!(changed.contains(name) || lookup(name).is_some_and(|field| field.is_path), "{name}: {changed:?}");
    }
    let wrong: Vec<_> = changed.into_iter().filter(|name| lookup(name).is_none_or(without_descriptors)).collect();
    assert_eq!(wrong, [""; 0]);
}

fn values_without_descriptors(state: &State, event: &Event<'_>) -> Vec<String> {
    let arena = Bump::new();
    let ctx = Ctx::new(event, state, PathChoice::default(), &arena);
    let keyed = all()
        .filter(|field| without_descriptors(field))
        .flat_map(|field| arguments(field).into_iter().map(move |arg| (field, arg)));
    keyed.map(|(field, arg)| format!("{} {arg:?}: {:?}", field.name, (field.extract)(&ctx, &arg))).collect()
}
