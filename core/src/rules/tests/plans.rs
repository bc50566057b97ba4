//! Plans that do not hold together, and the index of rules by event.

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::rules::{Plan, PlanError};
use crate::testing::Build;

fn error(node: Json) -> String {
    plan_of("first", &[node], &[rule("Some rule", 0)]).expect_err("a bad check").to_string()
}

#[test]
fn errors_name_rule_field_and_value() {
    assert_eq!(error(check("t.uint", "=", &["0x10"])), "rule 'Some rule': field t.uint: 0x10 is not a valid number");
    assert_eq!(
        error(check("t.none", "=", &["1"])),
        "rule 'Some rule': field t.none: filter_check called with nonexistent field t.none"
    );
    assert_eq!(
        error(check("t.int", "contains", &["1"])),
        "rule 'Some rule': field t.int: 'contains' operator not supported for numeric filters"
    );
    assert_eq!(
        error(check("t.list", "=", &["1"])),
        "rule 'Some rule': field t.list: '=' operator not supported list filters"
    );
    assert_eq!(
        error(check("t.ip", "glob", &["1"])),
        "rule 'Some rule': field t.ip: 'glob' operator not supported for ip address and network filters"
    );
    assert_eq!(
        error(check("t.buf", "regex", &["1"])),
        "rule 'Some rule': field t.buf: 'regex' operator not supported for buffer filters"
    );
    assert_eq!(error(check("t.net", "=", &["x"])), "rule 'Some rule': field t.net: unrecognized IP network x");
    assert!(error(check("t.text", "regex", &["("])).contains("invalid regular expression '('"));
    assert!(error(check("t.text", "=", &[])).contains("takes one value, 0 were given"));
}

#[test]
fn right_sides_have_the_same_type() {
    let node = |rhs: &str, op: &str| json!({"check": {"lhs": field("t.text"), "op": op, "rhs": field(rhs)}});
    assert!(error(node("t.int", "=")).contains("CharBuf cannot be compared with Int64"));
    assert!(error(node("t.path", "regex")).contains("takes no field on its right"));
    assert!(
        error(json!({"check": {"lhs": field("t.net"), "op": "=", "rhs": field("t.net")}})).contains("takes no field")
    );
}

#[test]
fn arguments_fit_the_field() {
    let node = |name: &str, arg: &str| json!({"check": {"lhs": {"field": name, "arg": arg}, "op": "exists"}});
    assert!(error(node("t.int", "1")).contains("takes no argument"));
    assert!(error(node("t.list", "x")).contains("'x' is no index"));
    assert!(plan_of("first", &[node("t.text", "k")], &[rule("r", 0)]).is_ok());
}

#[test]
fn documents_are_checked() {
    let compile = |doc: Json| Plan::compile_with(doc.to_string().as_bytes(), &resolve);
    assert!(matches!(Plan::compile_with(b"{", &resolve), Err(PlanError::Syntax(_))));
    assert_eq!(compile(json!({"format": 2})).err(), Some(PlanError::Format { got: 2, known: 1 }));
    assert!(compile(json!({"format": 1})).is_ok_and(|p| p.rules.is_empty()));
    let backwards = json!({"format": 1, "nodes": [{"not": 1}, check("t.int", "=", &["1"])], "rules": []});
    assert!(matches!(compile(backwards), Err(PlanError::Structure(_))));
    let dangling = json!({"format": 1, "nodes": [], "rules": [rule("r", 7)]});
    assert!(matches!(compile(dangling), Err(PlanError::Structure(_))));
    let unknown = json!({"format": 1, "nodes": [check("t.int", "~", &["1"])], "rules": [rule("r", 0)]});
    assert!(matches!(compile(unknown), Err(PlanError::Syntax(_))));
}

#[test]
fn rules_see_only_the_events_they_ask_for() {
    let nodes = [json!({"and": []})];
    let mut close = rule("close", 0);
    close["events"] = json!([5, 5]);
    let mut all_generic = rule("generic", 0);
    all_generic["events"] = json!([1]);
    let mut reboot = rule("reboot", 0);
    (reboot["events"], reboot["syscalls"]) = (json!([1, 9999]), json!([64]));
    let plan = plan_of("all", &nodes, &[close, all_generic, reboot]).expect("a plan");
    let (mut evaluator, state) = (evaluator(plan), state());
    let mut names = |built: crate::testing::Built| -> Vec<String> {
        run(&mut evaluator, &state, &built.event()).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(Build::new("close").done()), ["close"]);
    assert_eq!(names(Build::new("open").done()), [""; 0]);
    assert_eq!(names(Build::new("syscall").int("ID", 54).int("nativeID", 169).done()), ["generic"]);
    assert_eq!(names(Build::new("syscall").int("ID", 64).int("nativeID", 103).done()), ["generic", "reboot"]);
    assert_eq!(names(Build::new("syscall").int("ID", 0).int("nativeID", 103).done()), ["generic", "reboot"]);
    assert_eq!(names(Build::new("syscall").int("ID", 64).done()), ["generic", "reboot"]);
}

#[test]
fn order_of_definition_and_first_match() {
    let nodes = [json!({"and": []}), json!({"or": []})];
    let rules = [rule("no", 1), rule("b", 0), rule("a", 0)];
    let names = |matching: &str| {
        let plan = plan_of(matching, &nodes, &rules).expect("a plan");
        matches(&mut evaluator(plan), &state(), Values::new())
    };
    assert_eq!(names("first"), [("b".into(), 0)]);
    assert_eq!(names("all"), [("b".into(), 0), ("a".into(), 0)]);
}

#[test]
fn the_cores_own_fields_compile() {
    let nodes = [
        json!({"check": {"lhs": field("proc.name"), "op": "in", "values": ["bash", "sh"]}}),
        json!({"check": {"lhs": {"field": "proc.aname", "arg": "2"}, "op": "=", "values": ["sshd"]}}),
        json!({"and": [0, 1]}),
    ];
    let doc = json!({"format": 1, "nodes": nodes, "rules": [rule("r", 2)]});
    let plan = Plan::compile(doc.to_string().as_bytes()).expect("a plan");
    assert_eq!(plan.rules[0].name.as_ref(), "r");
}
