//! The evaluator against one that follows the language's definition word by word, without sharing anything.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::fake::*;

#[derive(Clone, Debug)]
struct Check {
    field: &'static str,
    op: &'static str,
    values: Vec<String>,
    modifier: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum Node {
    And(Vec<usize>),
    Or(Vec<usize>),
    Not(usize),
    Check(Check),
}

impl Node {
    fn to_json(&self) -> Json {
        match self {
            Self::And(list) => json!({"and": list}),
            Self::Or(list) => json!({"or": list}),
            Self::Not(child) => json!({"not": child}),
            Self::Check(c) => {
                json!({"check": {"lhs": field(c.field), "op": c.op, "values": c.values, "modifier": c.modifier}})
            }
        }
    }
}

fn eval(nodes: &[Node], at: usize, values: &Values, real: u8) -> bool {
    match &nodes[at] {
        Node::And(list) => list.iter().all(|c| eval(nodes, *c, values, real)),
        Node::Or(list) => list.iter().any(|c| eval(nodes, *c, values, real)),
        Node::Not(child) => !eval(nodes, *child, values, real),
        Node::Check(check) => eval_check(check, values, real),
    }
}

fn eval_check(check: &Check, values: &Values, real: u8) -> bool {
    let bit = match check.field {
        "t.path" => 1,
        "t.path2" => 2,
        _ => 0,
    };
    let real_key = format!("{}!real", check.field);
    let key = if real & bit != 0 { real_key.as_str() } else { check.field };
    let Some(value) = values.get(key) else { return false };
    match (check.field, value) {
        ("t.anc", Val::List(items)) => items.iter().any(|v| scalar(check, v)),
        ("t.ports", Val::List(items)) if check.op == "!=" => {
            !items.is_empty() && items.iter().all(|v| scalar(check, v))
        }
        ("t.ports", Val::List(items)) => items.iter().any(|v| scalar(check, v)),
        ("t.list", Val::List(items)) if check.op == "in" => items.iter().all(|v| equals_any(check, v)),
        ("t.list", Val::List(items)) => items.iter().any(|v| equals_any(check, v)),
        (_, value) => scalar(check, value),
    }
}

fn equals_any(check: &Check, value: &Val) -> bool {
    check.values.iter().any(|literal| binary("=", value, literal))
}

fn scalar(check: &Check, value: &Val) -> bool {
    let each = || check.values.iter().map(|literal| binary(check.op, value, literal));
    match (check.op, check.modifier) {
        ("in" | "intersects", _) => equals_any(check, value),
        ("pmatch", _) => each().any(|h| h),
        (_, Some("anyof")) => each().any(|h| h),
        (_, Some("allof")) => each().all(|h| h),
        (_, Some(_)) => each().filter(|h| *h).count() == 1,
        (_, None) => each().next().unwrap_or(false),
    }
}

fn binary(op: &str, value: &Val, literal: &str) -> bool {
    match value {
        Val::Text(text) => on_text(op, text, literal),
        Val::Uint(n) => on_number(op, *n, literal.parse().expect("a number")),
        Val::Ip(ip) => {
            let same = *ip == literal.parse::<IpAddr>().expect("an address");
            if op == "!=" { !same } else { same }
        }
        _ => false,
    }
}

fn on_text(op: &str, text: &str, literal: &str) -> bool {
    let parts = |s: &str| s.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    match op {
        "=" => text == literal,
        "!=" => text != literal,
        "contains" => text.contains(literal),
        "icontains" => text.to_lowercase().contains(&literal.to_lowercase()),
        "startswith" => text.starts_with(literal),
        "endswith" => text.ends_with(literal),
        "regex" => literal == text || literal == ".*",
        "pmatch" => parts(text).starts_with(&parts(literal)),
        _ => false,
    }
}

fn on_number(op: &str, n: u64, literal: u64) -> bool {
    match op {
        "=" => n == literal,
        "!=" => n != literal,
        "<" => n < literal,
        "<=" => n <= literal,
        ">" => n > literal,
        ">=" => n >= literal,
        _ => false,
    }
}

fn word() -> impl Strategy<Value = String> {
    "[aA/]{0,3}|a/a"
}

fn number() -> impl Strategy<Value = String> {
    (0u8..4).prop_map(|n| n.to_string())
}

const ADDRESSES: [&str; 3] = ["1.1.1.1", "::1", "2.2.2.2"];

fn address() -> impl Strategy<Value = String> {
    proptest::sample::select(&ADDRESSES[..]).prop_map(str::to_owned)
}

fn checks() -> impl Strategy<Value = Check> {
    let texts = proptest::sample::select(&["t.text", "t.path", "t.path2", "t.anc"][..]);
    let single = proptest::sample::select(&["=", "!=", "contains", "icontains", "startswith", "endswith"][..]);
    let modifier = proptest::sample::select(&["anyof", "oneof", "allof"][..]);
    let sets = proptest::sample::select(&["in", "intersects", "pmatch"][..]);
    let numeric = proptest::sample::select(&["=", "!=", "<", "<=", ">", ">="][..]);
    prop_oneof![
        4 => (texts.clone(), single.clone(), word())
            .prop_map(|(field, op, v)| Check { field, op, values: vec![v], modifier: None }),
        2 => (texts.clone(), single, vec(word(), 0..4), modifier)
            .prop_map(|(field, op, values, m)| Check { field, op, values, modifier: Some(m) }),
        2 => (texts.clone(), sets, vec(word(), 0..4))
            .prop_map(|(field, op, values)| Check { field, op, values, modifier: None }),
        1 => (texts, prop_oneof![Just(".*".to_owned()), "[a/]{0,3}"])
            .prop_map(|(field, v)| Check { field, op: "regex", values: vec![v], modifier: None }),
        1 => (proptest::sample::select(&["in", "intersects"][..]), vec(word(), 0..3))
            .prop_map(|(op, values)| Check { field: "t.list", op, values, modifier: None }),
        2 => (proptest::sample::select(&["t.uint", "t.ports"][..]), numeric, number())
            .prop_map(|(field, op, v)| Check { field, op, values: vec![v], modifier: None }),
        1 => vec(number(), 0..3).prop_map(|values| Check { field: "t.uint", op: "in", values, modifier: None }),
        1 => (proptest::sample::select(&["=", "!="][..]), address())
            .prop_map(|(op, v)| Check { field: "t.ip", op, values: vec![v], modifier: None }),
    ]
}

/// Nodes whose children come before them.
fn graphs() -> impl Strategy<Value = Vec<Node>> {
    let inner = (0u8..3, vec(any::<prop::sample::Index>(), 1..4));
    (vec(checks(), 1..12), vec(inner, 0..12)).prop_map(|(checks, inner)| {
        let mut nodes: Vec<_> = checks.into_iter().map(Node::Check).collect();
        for (kind, children) in inner {
            let children: Vec<_> = children.iter().map(|i| i.index(nodes.len())).collect();
            nodes.push(match kind {
                0 => Node::And(children),
                1 => Node::Or(children),
                _ => Node::Not(children[0]),
            });
        }
        nodes
    })
}

fn events() -> impl Strategy<Value = Values> {
    let text = || word().prop_map(Val::Text);
    let texts = || vec(text(), 0..3).prop_map(Val::List);
    let number = || (0u64..4).prop_map(Val::Uint);
    let maybe = |name: &'static str, value: BoxedStrategy<Val>| {
        proptest::option::weighted(0.8, value).prop_map(move |v| v.map(|v| (name.to_owned(), v)))
    };
    (
        maybe("t.text", text().boxed()),
        maybe("t.path", text().boxed()),
        maybe("t.path!real", text().boxed()),
        maybe("t.path2", text().boxed()),
        maybe("t.path2!real", text().boxed()),
        maybe("t.anc", texts().boxed()),
        maybe("t.list", texts().boxed()),
        maybe("t.uint", number().boxed()),
        maybe("t.ports", vec(number(), 1..3).prop_map(Val::List).boxed()),
        maybe("t.ip", address().prop_map(|a| ip(&a)).boxed()),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i, j)| [a, b, c, d, e, f, g, h, i, j].into_iter().flatten().collect())
}

/// What should match: every rule that holds under some choice of names, the given ones first.
fn expected(nodes: &[Node], values: &Values) -> Vec<(String, u8)> {
    let mask = u8::from(values.contains_key("t.path!real")) | u8::from(values.contains_key("t.path2!real")) << 1;
    let choices = (0..=mask).filter(|c| c & !mask == 0);
    (0..nodes.len())
        .filter_map(|at| {
            let choice = choices.clone().find(|real| eval(nodes, at, values, *real))?;
            Some((format!("r{at}"), choice))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Every node is a rule's condition, so that shared and unshared nodes are all looked at.
    #[test]
    fn agrees_with_the_definition(nodes in graphs(), list in vec(events(), 1..5)) {
        let docs: Vec<_> = nodes.iter().map(Node::to_json).collect();
        let rules: Vec<_> = (0..nodes.len()).map(|at| rule(&format!("r{at}"), at)).collect();
        let mut all = evaluator(plan_of("all", &docs, &rules).expect("a plan"));
        let mut first = evaluator(plan_of("first", &docs, &rules).expect("a plan"));
        let state = state();
        for values in list {
            let expected = expected(&nodes, &values);
            prop_assert_eq!(&matches(&mut all, &state, values.clone()), &expected);
            prop_assert_eq!(matches(&mut first, &state, values), &expected[..expected.len().min(1)]);
        }
    }
}
