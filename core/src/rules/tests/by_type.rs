//! What is left of conditions for events of one type.

use bumpalo::Bump;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::fake::*;
use crate::event::Event;
use crate::event::encode::{self, Head};
use crate::fields::{self, Arg, ArgKind, Ctx, FieldDef, PathChoice};
use crate::rules::by_type::bare;
use crate::rules::{Evaluator, Plan};
use crate::schema;
use crate::testing::Build;

/// The fake fields, and the core's own that an event's type decides.
fn resolve_both(name: &str) -> Option<&'static FieldDef> {
    resolve(name).or_else(|| fields::lookup(name).filter(|field| field.flags.contains(&"by-type")))
}

fn plan(nodes: &[Json], roots: &[usize], events: &[u16]) -> Plan {
    let rules = roots.iter().map(|root| {
        let mut rule = rule(&format!("r{root}"), *root);
        rule["events"] = json!(events);
        rule
    });
    let doc = json!({"format": 1, "settings": {"rule_matching": "all"}, "nodes": nodes,
                     "rules": rules.collect::<Vec<_>>()});
    Plan::compile_with(doc.to_string().as_bytes(), &resolve_both).expect("a plan")
}

/// Numbers of the rules that are left for an event of this type.
fn left(plan: &Plan, event: &Event<'_>) -> Vec<u32> {
    plan.bucket(event).rules.iter().map(|(rule, _)| *rule).collect()
}

#[test]
fn rules_that_a_type_cannot_match_are_gone() {
    let nodes = [
        check("evt.type", "in", &["open", "openat"]),
        check("t.text", "=", &["a"]),
        json!({"and": [0, 1]}),
        check("evt.type", "=", &["close"]),
        json!({"or": [2, 3]}),
        json!({"not": 4}),
    ];
    let plan = plan(&nodes, &[2, 4, 5], &[3, 5, 6]);
    let (open, close) = (Build::new("open").done(), Build::new("close").done());
    assert_eq!(left(&plan, &open.event()), [0, 1, 2]);
    assert_eq!(left(&plan, &close.event()), [1], "neither the open nor what a close always is");
    let names = |evaluator: &mut Evaluator, event: &Event<'_>, word: &str| {
        set(Values::from([("t.text".to_owned(), text(word))]));
        run(evaluator, &state(), event).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let mut evaluator = evaluator(plan);
    assert_eq!(names(&mut evaluator, &open.event(), "a"), ["r2", "r4"]);
    assert_eq!(names(&mut evaluator, &open.event(), "b"), ["r5"]);
    assert_eq!(names(&mut evaluator, &close.event(), "b"), ["r4"]);
}

#[test]
fn generic_events_go_by_their_call_and_notifications_by_themselves() {
    let nodes = [check("evt.type", "=", &["reboot"]), check("evt.type", "=", &["mine"])];
    let plan = plan(&nodes, &[0, 1], &[1, 402]);
    let event = |code, native| Build::new("syscall").int("ID", code).int("nativeID", native).done();
    assert_eq!(left(&plan, &event(64, 169).event()), [0; 0], "another call");
    let known = |id: u16| schema::syscall(id).map(|call| call.name);
    let reboot = (0..).find(|code| known(*code) == Some("reboot")).expect("a call");
    assert_eq!(left(&plan, &event(i64::from(reboot), 0).event()), [0]);
    assert_eq!(left(&plan, &event(0, 169).event()), [0], "by the native number");
    assert_eq!(left(&plan, &event(9999, 0).event()), [0, 1], "a call that nobody knows");
    assert_eq!(left(&plan, &Build::new("asyncevent").text("name", "mine").done().event()), [0, 1]);
}

/// Fields that the type decides, with an argument for each.
fn decided() -> Vec<(&'static FieldDef, Arg)> {
    let flagged = fields::all().filter(|field| field.flags.contains(&"by-type"));
    flagged.map(|field| (field, if field.arg == ArgKind::None { Arg::None } else { Arg::Key("open".into()) })).collect()
}

fn values(event: &Event<'_>) -> Vec<String> {
    let (state, arena) = (state(), Bump::new());
    let ctx = Ctx::new(event, &state, PathChoice::default(), &arena);
    decided().iter().map(|(field, arg)| format!("{} {:?}", field.name, (field.extract)(&ctx, arg))).collect()
}

fn record(id: u16, params: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::event(&mut bytes, Head { ts: 7, tid: 9, id }, params.iter().map(Vec::as_slice));
    bytes
}

fn any_params() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let short = (0u16..600).prop_map(|n| n.to_le_bytes().to_vec());
    vec(prop_oneof![short, vec(any::<u8>(), 0..10)], 0..6)
}

fn checks() -> impl Strategy<Value = Json> {
    let names = || proptest::sample::select(&["open", "close", "creat", "reboot", "mine", "unknown"][..]);
    let fields = proptest::sample::select(&["evt.type", "syscall.type"][..]);
    let single = proptest::sample::select(&["=", "!=", "startswith", "contains", "regex"][..]);
    prop_oneof![
        3 => (fields.clone(), single, names()).prop_map(|(field, op, name)| check(field, op, &[name])),
        2 => (fields, vec(names(), 0..3)).prop_map(|(field, names)| check(field, "in", &names)),
        1 => names().prop_map(|name| json!({"check": {"lhs": {"field": "evt.type.is", "arg": name}, "op": "=",
                                                        "values": ["1"]}})),
        1 => Just(check("evt.is_io", "=", &["true"])),
        1 => Just(check("evt.dir", "=", &["<"])),
        3 => proptest::sample::select(&["a", "b"][..]).prop_map(|word| check("t.text", "=", &[word])),
    ]
}

fn graphs() -> impl Strategy<Value = Vec<Json>> {
    let inner = (0u8..3, vec(any::<prop::sample::Index>(), 0..4));
    (vec(checks(), 1..10), vec(inner, 0..12)).prop_map(|(mut nodes, inner)| {
        for (kind, children) in inner {
            let children: Vec<_> = children.iter().map(|child| child.index(nodes.len())).collect();
            nodes.push(match (kind, children.first()) {
                (0, _) => json!({"and": children}),
                (1, _) | (_, None) => json!({"or": children}),
                (_, Some(child)) => json!({"not": child}),
            });
        }
        nodes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn such_fields_look_at_nothing_else(pick in any::<prop::sample::Index>(), params in any_params()) {
        let events = schema::events();
        let id = events[pick.index(events.len())].id;
        let bytes = record(id, &params);
        let Ok(event) = Event::decode(&bytes, 3) else { return Ok(()) };
        let call = if id == schema::GENERIC { fields::generic_call(&event).map_or(0, |call| call.code) } else { 0 };
        let Some(bare) = bare(id, call) else { return Ok(()) };
        let bare = Event::decode(&bare, 0).expect("an event");
        prop_assert_eq!(values(&event), values(&bare));
    }

    /// `holding` evaluates whole conditions, `run` what is left of them.
    #[test]
    fn what_is_left_says_what_the_whole_says(
        nodes in graphs(),
        picks in vec((proptest::sample::select(&[1u16, 3, 5, 6, 402][..]), any_params(), "[ab]"), 1..6),
    ) {
        let roots: Vec<_> = (0..nodes.len()).collect();
        let mut evaluator = evaluator(plan(&nodes, &roots, &[1, 3, 5, 6, 402]));
        let state = state();
        for (id, params, word) in picks {
            let bytes = record(id, &params);
            let Ok(event) = Event::decode(&bytes, 0) else { continue };
            set(Values::from([("t.text".to_owned(), text(&word))]));
            let mut whole = Vec::new();
            evaluator.holding(&event, &state, PathChoice::default(), |rule| whole.push((rule.name.to_string(), 0)));
            prop_assert_eq!(run(&mut evaluator, &state, &event), whole);
        }
    }
}
