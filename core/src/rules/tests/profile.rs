//! Counted and timed evaluation.

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::rules::Plan;

fn profiled(profile: bool) -> Plan {
    let nodes = [
        check("t.text", "=", &["a"]),
        check("t.int", ">", &["5"]),
        json!({"and": [0, 1]}),
        check("t.text", "regex", &["a|b"]),
    ];
    let doc = json!({"format": 1, "settings": {"rule_matching": "all", "profile": profile}, "nodes": nodes,
                     "rules": [rule("both", 2), rule("pattern", 3)]});
    Plan::compile_with(doc.to_string().as_bytes(), &resolve).expect("a plan")
}

fn tally<'j>(profile: &'j Json, kind: &str, of: &Json) -> &'j Json {
    let list = profile[kind].as_array().expect("a list");
    list.iter().find(|tally| tally["of"] == *of).expect("a tally")
}

#[test]
fn what_is_computed_is_counted() {
    let (mut evaluator, state) = (evaluator(profiled(true)), state());
    for (word, number) in [("a", 7), ("a", 1), ("c", 7)] {
        let values = [("t.text".to_owned(), text(word)), ("t.int".to_owned(), Val::Int(number))];
        matches(&mut evaluator, &state, Values::from(values));
    }
    matches(&mut evaluator, &state, Values::new());
    let profile: Json = serde_json::from_str(&evaluator.profile().expect("a profile")).expect("JSON");
    let counts = |kind: &str, of: Json| {
        let tally = tally(&profile, kind, &of);
        assert!(tally["own_ns"].as_u64() <= tally["total_ns"].as_u64());
        (tally["times"].as_u64().expect("a number"), tally["hits"].as_u64().expect("a number"))
    };
    assert_eq!((profile["events"]["times"].as_u64(), profile["events"]["hits"].as_u64()), (Some(4), Some(2)));
    assert_eq!(counts("rules", json!("both")), (2, 1), "looked at where the text is what it asks for");
    assert_eq!(counts("rules", json!("pattern")), (4, 2));
    assert_eq!(counts("nodes", json!(3)), (4, 2));
    assert_eq!(counts("fields", json!("t.text")), (4, 3), "once an event, though two rules ask for it");
}

#[test]
fn nothing_is_counted_unasked() {
    assert_eq!(evaluator(profiled(false)).profile(), None);
}
