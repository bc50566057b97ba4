//! Which rules are looked at for an event, before any condition is evaluated.

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::rules::Plan;
use crate::testing::Build;

/// Names of the rules that are looked at whatever the event's values are.
fn always(plan: &Plan) -> Vec<&str> {
    let built = Build::new("close").done();
    let bucket = plan.bucket(&built.event());
    let mut words = vec![0; bucket.words()];
    bucket.start(&mut words);
    let rules = bucket.rules.iter().enumerate().filter(|(at, _)| words[at / 64] >> (at % 64) & 1 == 1);
    rules.map(|(_, (rule, _))| &*plan.rules[*rule as usize].name).collect()
}

fn plan(nodes: &[Json], roots: &[(&str, usize)]) -> Plan {
    let rules: Vec<_> = roots.iter().map(|(name, node)| rule(name, *node)).collect();
    plan_of("all", nodes, &rules).expect("a plan")
}

#[test]
fn rules_wait_for_the_answer_they_need() {
    let nodes = [
        check("t.text", "=", &["a"]),
        check("t.text", "!=", &["a"]),
        check("t.int", ">", &["1"]),
        json!({"not": 0}),
        json!({"and": [0, 2]}),
        json!({"or": [0, 2]}),
        check("t.path", "startswith", &["/etc/"]),
        json!({"or": [0, 6]}),
    ];
    let plan = plan(&nodes, &[("=", 0), ("!=", 1), (">", 2), ("not", 3), ("and", 4), ("or", 5), ("or of two", 7)]);
    assert_eq!(always(&plan), ["!=", ">", "not", "or"], "absence can satisfy these, or no matcher answers them");
}

#[test]
fn hundreds_of_rules_cost_what_their_matches_cost() {
    let nodes: Vec<_> = (0..500).map(|n| check("t.text", "=", &[&format!("w{n}")])).collect();
    let rules: Vec<_> = (0..500).map(|n| rule(&format!("r{n}"), n)).collect();
    let plan = plan_of("all", &nodes, &rules).expect("a plan");
    assert!(always(&plan).is_empty());
    let found = matches(&mut evaluator(plan), &state(), Values::from([("t.text".to_owned(), text("w377"))]));
    assert_eq!(found, [("r377".to_owned(), 0)]);
}

#[test]
fn a_real_name_can_be_the_answer_that_is_needed() {
    let nodes: Vec<_> = (0..8).map(|n| check("t.path", "startswith", &[&format!("/d{n}/")])).collect();
    let roots: Vec<_> = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"].into_iter().zip(0..).collect();
    let plan = plan(&nodes, &roots);
    assert!(always(&plan).is_empty());
    let values = [("t.path".to_owned(), text("/d1/x")), ("t.path!real".to_owned(), text("/d6/y"))];
    let found = matches(&mut evaluator(plan), &state(), Values::from(values));
    assert_eq!(found, [("r1".to_owned(), 0), ("r6".to_owned(), 1)]);
}
