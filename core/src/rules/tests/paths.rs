//! Two names of a path: which choices are tried, for which rules.

use serde_json::json;

use super::fake::*;

fn values(items: &[(&str, &str)]) -> Values {
    items.iter().map(|(k, v)| ((*k).to_owned(), text(v))).collect()
}

#[test]
fn real_names_are_tried_after_the_given_ones() {
    let nodes = [
        check("t.path", "=", &["/etc/shadow"]),
        check("t.text", "=", &["x"]),
        json!({"and": [0, 1]}),
        json!({"not": 0}),
    ];
    let plan = plan_of("all", &nodes, &[rule("path", 0), rule("both", 2), rule("no path", 1), rule("not", 3)]);
    let (mut evaluator, state) = (evaluator(plan.expect("a plan")), state());
    let mut found = |items: &[(&str, &str)]| matches(&mut evaluator, &state, values(items));
    let link = [("t.path", "/tmp/link"), ("t.path!real", "/etc/shadow"), ("t.text", "x")];
    let expected = [("path", 1), ("both", 1), ("no path", 0), ("not", 0)];
    assert_eq!(found(&link), expected.map(|(n, c)| (n.to_owned(), c)));
    assert_eq!(found(&[("t.path", "/etc/shadow"), ("t.path!real", "/tmp/x")])[0], ("path".into(), 0));
    assert_eq!(found(&[("t.path", "/tmp/link")]), [("not".into(), 0)], "one name only");
    assert_eq!(found(&link).len(), 4, "nothing is left over from the event before");
}

#[test]
fn two_paths_have_four_choices() {
    let nodes = [check("t.path", "=", &["a"]), check("t.path2", "=", &["b"]), json!({"and": [0, 1]})];
    let plan = plan_of("all", &nodes, &[rule("r", 2)]).expect("a plan");
    let (mut evaluator, state) = (evaluator(plan), state());
    let mut choice = |first: (&str, &str), second: (&str, &str)| {
        let names = [("t.path", first.0), ("t.path!real", first.1), ("t.path2", second.0), ("t.path2!real", second.1)];
        matches(&mut evaluator, &state, values(&names)).first().map(|(_, choice)| *choice)
    };
    assert_eq!(choice(("a", "x"), ("b", "y")), Some(0));
    assert_eq!(choice(("x", "a"), ("b", "y")), Some(1));
    assert_eq!(choice(("a", "x"), ("y", "b")), Some(2));
    assert_eq!(choice(("x", "a"), ("y", "b")), Some(3));
    assert_eq!(choice(("x", "a"), ("y", "z")), None);
}

#[test]
fn a_rule_may_stay_with_the_given_names() {
    let mut given = rule("given", 0);
    given["paths_match"] = json!("given");
    let plan = plan_of("all", &[check("t.path", "=", &["a"])], &[given, rule("both", 0)]).expect("a plan");
    let found = matches(&mut evaluator(plan), &state(), values(&[("t.path", "x"), ("t.path!real", "a")]));
    assert_eq!(found, [("both".into(), 1)]);
}

#[test]
fn an_exception_cannot_be_borrowed_through_a_link() {
    let nodes = [
        check("t.path", "startswith", &["/etc/"]),
        check("t.path", "startswith", &["/etc/allowed"]),
        json!({"not": 1}),
        json!({"and": [0, 2]}),
    ];
    let plan = plan_of("all", &nodes, &[rule("r", 3)]).expect("a plan");
    let found = matches(
        &mut evaluator(plan),
        &state(),
        values(&[("t.path", "/etc/allowed/l"), ("t.path!real", "/etc/shadow")]),
    );
    assert_eq!(found, [("r".into(), 1)]);
}
