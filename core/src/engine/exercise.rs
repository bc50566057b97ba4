//! Everything that looks at live records, at work on bytes that may be anything; for tests and fuzzing.

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::judge::judge;
use super::racy::Resolver;
use crate::capture::live::fixup;
use crate::capture::scap::write::Dialect;
use crate::event::{Event, ext_flags};
use crate::fields::{self, Ctx, FieldDef, PathChoice};
use crate::record::encode::encode;
use crate::replay;
use crate::rules::{Evaluator, FormatSettings, Plan, Rule, format};
use crate::schema;
use crate::state::reconcile::Reconciliation;
use crate::state::{State, StateConfig};
use crate::value::Type;

/// Wall time minus boot time of the records, ns.
const EPOCH: u64 = 1_700_000_000_000_000_000;
/// Bytes of the length in front of each record.
const LEN: usize = 4;
/// Inputs, the first of which looks at directories.
const LOOKS: u64 = 64;
/// What texts are compared with, in every way there is.
const TEXT_CHECKS: [(&str, &str); 8] = [
    ("=", "/etc/shadow"),
    ("contains", "../"),
    ("icontains", "Bin"),
    ("startswith", "/proc/"),
    ("endswith", ".so"),
    ("glob", "/*/x?[a-c]*"),
    ("pmatch", "/usr"),
    ("regex", "^/(a|b)+.*x$"),
];

/// A pipeline that takes records from anywhere.
pub struct Exercise {
    evaluator: Evaluator,
    resolver: Resolver,
    inputs: u64,
}

impl Default for Exercise {
    fn default() -> Self {
        let plan = Plan::compile(plan().to_string().as_bytes()).expect("a plan of fields that there are");
        Self { evaluator: Evaluator::new(plan), resolver: Resolver::default(), inputs: 0 }
    }
}

impl Exercise {
    /// Takes records, each behind its length, from decoding to alert and capture, and then as if a scan had found them.
    /// Gives how many could be decoded.
    pub fn records(&mut self, bytes: &[u8]) -> u64 {
        let root = "/nonexistent".into();
        let mut state = State::new(StateConfig { max_processes: 64, root, ..StateConfig::default() });
        let (mut decoded, mut arena) = (0, Bump::new());
        for record in records(bytes) {
            if let Ok(event) = fixup::read(&mut record.to_vec(), EPOCH) {
                decoded += 1;
                self.event(event, decoded, &mut state, &arena);
            }
            arena.reset();
        }
        reconcile(bytes, &mut state);
        self.inputs += 1;
        decoded
    }

    fn event<'a>(&mut self, mut event: Event<'a>, num: u64, state: &mut State, arena: &'a Bump) {
        event.num = num;
        state.apply(&event);
        if !event.has_flag(ext_flags::STATE_ONLY) {
            self.judge(&mut event, state, arena);
        }
        ask(&event, state, arena);
        for how in [(Dialect::Current, false), (Dialect::Compat, false), (Dialect::Current, true)] {
            encode(&mut Vec::new(), &event, state, how, arena);
        }
        state.after(&event);
    }

    /// Every field in every form of an alert. This machine's directories are looked at for the first event of one input
    /// in [`LOOKS`] alone: another thread looks, and on a busy machine that is a matter of waiting.
    fn judge<'a>(&mut self, event: &mut Event<'a>, state: &State, arena: &'a Bump) {
        let formats = [false, true].map(|json_output| FormatSettings { json_output, ..FormatSettings::default() });
        let write = |rule: &Rule, ctx: &Ctx<'_>| {
            for settings in &formats {
                format::alert(rule, ctx, settings);
            }
        };
        let Self { evaluator, resolver, inputs } = self;
        if event.num == 1 && inputs.is_multiple_of(LOOKS) {
            judge(event, state, evaluator, resolver, arena, true, write);
        } else {
            evaluator.run(event, state, |rule, choice| write(rule, &Ctx::new(event, state, choice, arena)));
        }
    }
}

/// The records of an input; the last one may be cut.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (len, behind) = rest.split_first_chunk::<LEN>()?;
        let len = (u32::from_le_bytes(*len) as usize).min(behind.len());
        let (record, after) = behind.split_at(len);
        rest = after;
        Some(record)
    })
}

/// An input of these records.
pub fn input(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| [&(record.len() as u32).to_le_bytes()[..], record].concat()).collect()
}

fn reconcile(bytes: &[u8], state: &mut State) {
    let mut reconciliation = Reconciliation::new(0);
    for record in records(bytes) {
        let mut record = record.to_vec();
        fixup::fix(&mut record, EPOCH, None);
        if let Ok(event) = Event::decode(&record, 0) {
            reconciliation.take(state, &event);
        }
    }
    reconciliation.finish(state);
}

/// Asks an event for every field, with every kind of argument and under every choice of names.
fn ask(event: &Event<'_>, state: &State, arena: &Bump) {
    for real in 0..4 {
        let ctx = Ctx::new(event, state, PathChoice { real }, arena);
        replay::exercise::ask(&ctx, |field| real == 0 || field.is_path);
    }
}

/// Every field in an output, and every text in checks of every kind.
fn plan() -> Json {
    let plain = || fields::all().filter(|field| !field.arg_required);
    let check = |field: &FieldDef, op: &str, value: &str| json!({"check": {"lhs": {"field": field.name}, "op": op, "values": [value]}});
    let is_text = |field: &&FieldDef| matches!(field.ty, Type::CharBuf | Type::FsPath | Type::FsRelPath);
    let texts = plain().filter(is_text).filter(|field| !field.is_list);
    let mut nodes = vec![json!({"check": {"lhs": {"field": "evt.num"}, "op": "exists"}})];
    let checks = texts.flat_map(|field| TEXT_CHECKS.map(|(op, value)| check(field, op, value)));
    nodes.extend(checks.filter(compiles));
    let shown = plain().filter(|field| !field.flags.contains(&"filter-only"));
    let output: Vec<_> = shown.map(|field| json!({"value": {"field": field.name}, "as": field.name})).collect();
    document(&nodes, &output)
}

/// A plan of one rule per node, the first with this output.
fn document(nodes: &[Json], output: &[Json]) -> Json {
    let events: Vec<_> = schema::events().iter().map(|info| info.id).collect();
    let rule = |node: usize| {
        let output = if node == 0 { output } else { &[] };
        let name = format!("rule {node}");
        json!({"name": name, "source": "syscall", "priority": 4, "node": node, "events": events, "output": output})
    };
    let rules: Vec<_> = (0..nodes.len()).map(rule).collect();
    json!({"format": 1, "settings": {"rule_matching": "all"}, "nodes": nodes, "rules": rules})
}

/// Some fields refuse some operators.
fn compiles(check: &Json) -> bool {
    Plan::compile(document(std::slice::from_ref(check), &[]).to_string().as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Build;

    #[test]
    fn records_go_all_the_way() {
        let mut record = Vec::new();
        let built = Build::new("openat").int("fd", 3).text("name", "/etc/shadow").done();
        record.extend(built.event().record());
        record.extend([&64u16.to_le_bytes()[..], &[0; 62]].concat());
        let all = input(&[record.clone(), b"short".to_vec(), record]);
        assert_eq!(records(&all).count(), 3);
        assert_eq!(Exercise::default().records(&all), 2);
    }

    /// What fuzzing has found once (core/examples/livefuzz.rs).
    #[test]
    fn records_that_broke_something_break_nothing_any_more() {
        let seeds = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/seeds"));
        let found = std::fs::read_dir(seeds).expect("the folder of seeds").filter_map(Result::ok);
        for path in found.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "records")) {
            Exercise::default().records(&std::fs::read(path).expect("a seed"));
        }
    }
}
