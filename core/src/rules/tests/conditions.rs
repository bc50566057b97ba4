//! Each operator on each kind of value, as the language defines it.

use serde_json::json;

use super::fake::*;

fn one(name: &str, op: &str, values: &[&str], value: Val) -> bool {
    holds(check(name, op, values), &[(name, value)])
}

fn of(name: &str, op: &str, modifier: &str, values: &[&str], value: Val) -> bool {
    let node = json!({"check": {"lhs": field(name), "op": op, "values": values, "modifier": modifier}});
    holds(node, &[(name, value)])
}

#[test]
fn text_operators() {
    let t = |op, value, field| one("t.text", op, &[value], text(field));
    assert!(t("=", "a", "a") && !t("=", "a", "A") && t("!=", "a", "b") && t("==", "a", "a"));
    assert!(t("contains", "b", "abc") && !t("contains", "x", "abc") && t("contains", "", "abc"));
    assert!(t("icontains", "B", "abc") && t("startswith", "ab", "abc") && t("endswith", "bc", "abc"));
    assert!(!t("startswith", "abcd", "abc") && !t("endswith", "ab", "abc"));
    assert!(t("glob", "/a*c", "/a/b/c") && !t("glob", "A*", "abc") && t("iglob", "A*", "abc"));
    assert!(t("regex", "a.c", "abc") && !t("regex", "b", "abc"));
    assert!(t("<", "2", "10") && t(">=", "10", "10"), "texts are ordered byte by byte");
    assert!(one("t.text", "in", &["a", "b"], text("b")) && !one("t.text", "in", &[], text("b")));
    assert!(one("t.text", "intersects", &["a", "b"], text("b")));
    assert!(one("t.text", "pmatch", &["/etc", "/usr"], text("/etc/x")) && !t("pmatch", "/etc", "/etcx"));
}

#[test]
fn numbers_booleans_and_buffers() {
    let n = |op, value| one("t.int", op, &[value], Val::Int(-5));
    assert!(n("=", "-5") && n("!=", "5") && n("<", "-4") && !n("<", "-5") && n("<=", "-5") && n(">", "-6"));
    assert!(one("t.uint", "in", &["1", "-1"], Val::Uint(0xffff_ffff)));
    assert!(one("t.double", ">", &["2"], Val::Double(2.5)));
    assert!(one("t.bool", "=", &["true"], Val::Bool(true)) && one("t.bool", "!=", &["true"], Val::Bool(false)));
    assert!(one("t.bool", "in", &["false"], Val::Bool(false)));
    let b = |op, value| one("t.buf", op, &[value], Val::Bytes(vec![1, 2, b'x']));
    assert!(b("bcontains", "0278") && b("bstartswith", "0102") && !b("bstartswith", "02") && b("contains", "x"));
    assert!(b("endswith", "x") && b("!=", "x") && !b("=", "x"));
}

#[test]
fn addresses_never_meet_the_other_family() {
    let i = |op, values: &[&str]| one("t.ip", op, values, ip("10.0.0.1"));
    assert!(i("=", &["10.0.0.1"]) && !i("=", &["::1"]) && i("!=", &["::1"]) && i("in", &["::1", "10.0.0.1"]));
    let n = |op, values: &[&str]| one("t.net", op, values, ip("10.0.0.1"));
    assert!(
        n("=", &["10.0.0.0/8"]) && !n("=", &["::/0"]) && n("!=", &["::/0"]) && n("in", &["1.0.0.0/8", "10.0.0.0/24"])
    );
}

#[test]
fn absent_values_make_every_check_false() {
    for op in ["=", "!=", "<", "contains", "startswith", "glob", "regex", "in", "pmatch"] {
        assert!(!holds(check("t.text", op, &["1"]), &[]), "{op}");
        let negated = [check("t.text", op, &["1"]), json!({"not": 0})];
        let plan = plan_of("first", &negated, &[rule("r", 1)]).expect("a plan");
        assert_eq!(matches(&mut evaluator(plan), &state(), Values::new()).len(), 1, "not {op}");
    }
    let exists =
        |name: &str, values: &[(&str, Val)]| holds(json!({"check": {"lhs": field(name), "op": "exists"}}), values);
    assert!(!exists("t.text", &[]) && exists("t.text", &[("t.text", text(""))]));
    assert!(exists("t.list", &[("t.list", texts(&[]))]) && !exists("t.anc", &[("t.anc", texts(&[]))]));
}

#[test]
fn lists() {
    let l = |op, values: &[&str], list: &[&str]| one("t.list", op, values, texts(list));
    assert!(l("in", &["a", "b"], &["a", "b"]) && !l("in", &["a"], &["a", "b"]) && l("in", &["a"], &[]));
    assert!(l("intersects", &["a"], &["a", "b"]) && !l("intersects", &["a"], &[]) && !l("intersects", &["c"], &["a"]));
    assert!(one("t.nums", "in", &["1", "2"], Val::List(vec![Val::Uint(2)])));
}

#[test]
fn some_ancestor_is_enough() {
    let a = |op, values: &[&str], list: &[&str]| one("t.anc", op, values, texts(list));
    assert!(a("=", &["sh"], &["bash", "sh"]) && !a("=", &["sh"], &["bash"]));
    assert!(a("!=", &["sh"], &["bash", "sh"]) && !a("!=", &["sh"], &["sh"]) && !a("!=", &["sh"], &[]));
    assert!(a("in", &["sh", "x"], &["bash", "sh"]) && a("startswith", &["ba"], &["sh", "bash"]));
    let node = json!({"check": {"lhs": {"field": "t.anc", "arg": "2"}, "op": "=", "values": ["x"]}});
    assert!(holds(node, &[("t.anc[2]", text("x"))]), "with an index it is one value");
}

#[test]
fn either_end_of_a_connection() {
    let ends = || Val::List(vec![ip("1.1.1.1"), ip("2.2.2.2")]);
    let e = |op, values: &[&str]| one("t.ends", op, values, ends());
    assert!(e("=", &["2.2.2.2"]) && e("in", &["3.3.3.3", "1.1.1.1"]) && !e("=", &["3.3.3.3"]));
    assert!(!e("!=", &["1.1.1.1"]) && e("!=", &["3.3.3.3"]), "both have to differ");
    let p = |op, value| one("t.ports", op, &[value], Val::List(vec![Val::Uint(80), Val::Uint(40_000)]));
    assert!(p("<", "100") && p(">", "100") && p("=", "80") && !p("!=", "80"));
    let n = |op, values: &[&str]| one("fd.net", op, values, ends());
    assert!(n("=", &["2.0.0.0/8"]) && n("in", &["2.0.0.0/8", "9.0.0.0/8"]) && !n("!=", &["2.0.0.0/8"]));
    assert!(!n("in", &["9.0.0.0/8", "2.0.0.0/8"]), "only the first network counts");
    assert!(n("!=", &["::/0"]) && !n("=", &["::/0"]));
}

#[test]
fn quantified_literals() {
    let value = || text("abc");
    assert!(of("t.text", "startswith", "anyof", &["x", "ab"], value()));
    assert!(!of("t.text", "startswith", "oneof", &["a", "ab"], value()));
    assert!(of("t.text", "startswith", "oneof", &["x", "ab"], value()));
    assert!(of("t.text", "startswith", "allof", &["a", "ab"], value()));
    assert!(!of("t.text", "startswith", "allof", &["a", "b"], value()));
    assert!(
        of("t.text", "!=", "anyof", &["abc", "x"], value()) && !of("t.text", "!=", "allof", &["abc", "x"], value())
    );
    assert!(of("t.text", "allof".replace("allof", "=").as_str(), "oneof", &["abc", "x"], value()));
    assert!(!of("t.text", "=", "anyof", &[], value()) && of("t.text", "=", "allof", &[], value()));
}

#[test]
fn other_accessors_and_transformers_on_either_side() {
    let against =
        |op: &str, lhs: serde_json::Value, rhs: serde_json::Value| json!({"check": {"lhs": lhs, "op": op, "rhs": rhs}});
    let values = [("t.text", text("AbC")), ("t.path", text("/x/abc")), ("t.list", texts(&["a", "b"]))];
    let lower = json!({"transform": "tolower", "args": [field("t.text")], "selector": null});
    let base = json!({"transform": "basename", "args": [field("t.path")], "selector": null});
    let val = |name| json!({"transform": "val", "args": [field(name)], "selector": null});
    assert!(holds(against("=", lower.clone(), base.clone()), &values));
    assert!(!holds(against("=", field("t.text"), base.clone()), &values));
    assert!(holds(against("endswith", field("t.path"), lower.clone()), &values));
    assert!(holds(against("!=", field("t.text"), val("t.path")), &values));
    assert!(!holds(against("!=", field("t.text"), val("t.path2")), &values), "an absent right side makes it false");
    assert!(holds(against("in", field("t.list"), val("t.list")), &values));
    let len = json!({"check": {"lhs": {"transform": "len", "args": [field("t.list")], "selector": null}, "op": ">", "values": ["1"]}});
    assert!(holds(len, &values));
    let join = json!({"transform": "join", "args": [{"text": "-"}, {"list": [{"text": "x"}, field("t.text")]}], "selector": null});
    assert!(holds(json!({"check": {"lhs": join, "op": "=", "values": ["x-AbC"]}}), &values));
    let decoded = json!({"transform": "b64", "args": [field("t.text")], "selector": null});
    assert!(!holds(json!({"check": {"lhs": decoded, "op": "exists"}}), &[("t.text", text("!"))]));
}

#[test]
fn raw_arguments_have_the_type_of_the_event() {
    let node = |arg: &str, op: &str, value: &str| json!({"check": {"lhs": {"field": "evt.rawarg", "arg": arg}, "op": op, "values": [value]}});
    assert!(holds(node("res", "=", "0"), &[]) && holds(node("fd", ">", "2"), &[]) && !holds(node("fd", ">", "3"), &[]));
    assert!(!holds(node("name", "=", "x"), &[]), "close has no name");
    let error = plan_of("first", &[node("fd", "=", "x")], &[rule("r", 0)]).expect_err("no number");
    assert_eq!(error.to_string(), "rule 'r': field evt.rawarg[fd]: x is not a valid number");
}

#[test]
fn around_a_moment() {
    let node =
        |at: &str, ms: &str| json!({"check": {"lhs": {"field": "evt.around", "arg": at}, "op": "=", "values": [ms]}});
    assert!(holds(node("1000001000000", "1"), &[]) && !holds(node("1000002000000", "1"), &[]));
}

#[test]
fn host_names_are_compared_by_address() {
    let h = |op, values: &[&str]| one("t.host", op, values, ip("127.0.0.1"));
    assert!(h("=", &["127.0.0.1"]) && h("in", &["10.0.0.1", "127.0.0.1"]) && h("!=", &["10.0.0.1"]));
    assert!(!h("=", &["name.invalid"]) && h("!=", &["name.invalid"]));
}
