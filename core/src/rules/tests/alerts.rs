//! Alerts: text lines and JSON objects, byte by byte.

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::fake::*;
use crate::fields::{Ctx, PathChoice};
use crate::rules::format::{self, Alert, FormatSettings};
use crate::schema::localtime;
use crate::testing::Build;

const NS: u64 = 1_700_000_000_123_456_789;

fn value(name: &str) -> Json {
    json!({"value": field(name), "width": null, "as": name})
}

fn alert_with(output: Json, extra: Json, values: &[(&str, Val)], real: u8, settings: &FormatSettings) -> Alert {
    let mut doc = rule("A \"rule\"", 0);
    (doc["output"], doc["extra_fields"], doc["tags"]) = (output, extra, json!(["b", "a", "b"]));
    let plan = plan_of("first", &[json!({"and": []})], &[doc]).unwrap_or_else(|e| panic!("{e}"));
    set(values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect());
    let built = Build::new("close").ts(NS).int("res", 0).int("fd", 3).done();
    let (event, state, arena) = (built.event(), state(), Bump::new());
    let ctx = Ctx::new(&event, &state, PathChoice { real }, &arena);
    format::alert(&plan.rules[0], &ctx, settings)
}

fn settings() -> FormatSettings {
    FormatSettings { hostname: "h".into(), ..FormatSettings::default() }
}

/// The line behind its time.
fn text_of(output: Json, values: &[(&str, Val)]) -> String {
    let alert = alert_with(output, json!({}), values, 0, &settings());
    let mut time = String::new();
    localtime::local(NS).clock_ns(&mut time).expect("a time");
    alert.text.strip_prefix(&format!("{time}: ")).expect("the local time").to_owned()
}

fn fields_of(output: Json, values: &[(&str, Val)]) -> Json {
    let alert = alert_with(output, json!({}), values, 0, &settings());
    let mut doc: Json = serde_json::from_str(&alert.json).expect("valid JSON");
    let mut fields = doc["output_fields"].take();
    fields.as_object_mut().expect("an object").remove("evt.time");
    fields
}

#[test]
fn a_line_is_time_priority_and_output() {
    let output = json!([{"text": "file="}, value("t.path"), {"text": " n="}, value("t.int"), {"text": " none="}, value("t.text")]);
    let values = [("t.path", text("/a\n\"b\"")), ("t.int", Val::Int(-1))];
    assert_eq!(text_of(output, &values), "Warning file=/a\\n\\\"b\\\" n=-1 none=<NA>");
}

#[test]
fn universal_time_on_request() {
    let iso = FormatSettings { time_format_iso_8601: true, ..settings() };
    let alert = alert_with(json!([{"text": "x"}]), json!({}), &[], 0, &iso);
    assert_eq!(alert.text, "2023-11-14T22:13:20.123456789+0000: Warning x");
    assert!(alert.json.contains("\"output_fields\":{\"evt.time.iso8601\":1700000000123456789}"));
}

#[test]
fn values_are_shown_by_type() {
    let shown = |name: &str, v: Val| text_of(json!([value(name)]), &[(name, v)]).replacen("Warning ", "", 1);
    assert_eq!(shown("t.bool", Val::Bool(true)), "true");
    assert_eq!(shown("t.double", Val::Double(2.25)), "2.2");
    assert_eq!(shown("t.hex", Val::Uint(0xabc)), "ABC");
    assert_eq!(shown("t.nine", Val::Uint(42)), "000000042");
    assert_eq!(shown("t.ip", ip("::1")), "::1");
    assert_eq!(shown("t.buf", Val::Bytes(b"a\0b".to_vec())), "a.b");
    assert_eq!(shown("t.list", texts(&["a", "b"])), "(a,b)");
    assert_eq!(shown("t.list", texts(&[])), "()");
    assert_eq!(shown("t.anc", texts(&["a", "b"])), "a b");
    assert_eq!(shown("t.anc", texts(&[])), "<NA>");
    assert_eq!(shown("t.host", ip("1.1.1.1")), "<NA>");
    let long = shown("t.list", texts(&["x"; 2000]));
    assert_eq!(long.len(), 1023);
}

#[test]
fn broken_text_is_replaced_and_control_characters_are_escaped() {
    let alert =
        alert_with(json!([value("t.path"), value("t.buf")]), json!({}), &[("t.path", text("\u{1}é"))], 0, &settings());
    assert!(alert.text.ends_with("Warning \\u0001é<NA>"), "{}", alert.text);
}

#[test]
fn widths_pad_and_cut() {
    let wide = |n: u32| json!([{"text": "["}, {"value": field("t.text"), "width": n, "as": "t.text"}, {"text": "]"}]);
    assert_eq!(text_of(wide(5), &[("t.text", text("abc"))]), "Warning [abc  ]");
    assert_eq!(text_of(wide(2), &[("t.text", text("abc"))]), "Warning [ab]");
    assert_eq!(text_of(wide(6), &[]), "Warning [<NA>  ]");
}

#[test]
fn buffers_in_base64() {
    let base64 = FormatSettings { buffer_format_base64: true, ..settings() };
    let output = json!([value("t.buf"), {"text": " "}, value("evt.buffer")]);
    let values = [("t.buf", Val::Bytes(b"abc".to_vec())), ("evt.buffer", Val::Bytes(b"abc".to_vec()))];
    let alert = alert_with(output, json!({}), &values, 0, &base64);
    assert!(alert.text.ends_with("Warning YWJj WVdKag=="), "{}", alert.text);
    assert!(alert.json.contains("\"evt.buffer\":\"WVdKag==\"") && alert.json.contains("\"t.buf\":\"YWJj\""));
}

#[test]
fn the_object_has_sorted_keys_and_typed_fields() {
    let output = json!([{"text": "x "}, value("t.int"), value("t.path")]);
    let extra = json!({"k": [{"text": "<"}, value("t.int"), {"text": ">"}], "t.uint": field("t.uint")});
    let values = [("t.int", Val::Int(7)), ("t.uint", Val::Uint(8)), ("t.path", text("\"/a"))];
    let all = FormatSettings { json_include_message_property: true, ..settings() };
    let alert = alert_with(output.clone(), extra.clone(), &values, 0, &all);
    let mut time = String::new();
    localtime::local(NS).clock_ns(&mut time).expect("a time");
    assert_eq!(
        alert.json,
        format!(
            "{{\"hostname\":\"h\",\"message\":\"x 7\\\"/a\",\"output\":\"{time}: Warning x 7\\\"/a\",\"output_fields\":\
             {{\"evt.time\":1700000000123456789,\"k\":\"<7>\",\"t.int\":7,\"t.path\":\"\\\"/a\",\"t.uint\":8}},\
             \"priority\":\"Warning\",\"rule\":\"A \\\"rule\\\"\",\"source\":\"syscall\",\"tags\":[\"a\",\"b\"],\
             \"time\":\"2023-11-14T22:13:20.123456789Z\"}}"
        )
    );
    let none = FormatSettings {
        json_include_output_property: false,
        json_include_output_fields_property: false,
        json_include_tags_property: false,
        ..settings()
    };
    assert_eq!(
        alert_with(output, extra, &values, 0, &none).json,
        "{\"hostname\":\"h\",\"priority\":\"Warning\",\"rule\":\"A \\\"rule\\\"\",\"source\":\"syscall\",\
         \"time\":\"2023-11-14T22:13:20.123456789Z\"}"
    );
    assert_eq!((alert.priority, alert.time_ns, &*alert.tags), (4, NS, &["a".to_owned(), "b".to_owned()][..]));
}

#[test]
fn json_values_by_type() {
    let cases = [
        ("t.bool", Val::Bool(false), json!(false)),
        ("t.double", Val::Double(2.5), json!(2.5)),
        ("t.hex", Val::Uint(255), json!("FF")),
        ("t.nine", Val::Uint(1), json!("000000001")),
        ("t.port", Val::Uint(80), json!(80)),
        ("t.ip", ip("1.2.3.4"), json!("1.2.3.4")),
        ("t.list", texts(&["a"]), json!(["a"])),
        ("t.nums", Val::List(vec![Val::Uint(1)]), json!([1])),
        ("t.anc", texts(&["a", "b"]), json!("a b")),
        ("evt.rawtime.ns", Val::Uint(5), json!(5)),
    ];
    for (name, v, expected) in cases {
        assert_eq!(fields_of(json!([value(name)]), &[(name, v)])[name], expected, "{name}");
        assert_eq!(fields_of(json!([value(name)]), &[])[name], Json::Null, "{name}");
    }
}

#[test]
fn transformers_leave_the_fields_inside_them() {
    let inner = json!({"field": "t.text", "arg": "k"});
    let lower = json!({"transform": "tolower", "args": [inner], "selector": null});
    let output = json!([{"value": lower, "width": null, "as": "tolower(t.text[k])"}]);
    let fields = fields_of(output, &[("t.text[k]", text("AB"))]);
    assert_eq!(fields, json!({"t.text[k]": "AB"}));
}

#[test]
fn outputs_show_the_process_itself() {
    let values = [("proc.pid", Val::Int(9)), ("proc.apid", Val::List(vec![Val::Int(1)]))];
    assert_eq!(text_of(json!([value("proc.apid")]), &values), "Warning 9");
    assert_eq!(fields_of(json!([value("proc.apid")]), &values), json!({"proc.apid": 9}));
}

#[test]
fn a_real_name_that_decided_is_told() {
    let values = [("t.path", text("/l")), ("t.path!real", text("/etc/shadow")), ("fd.realpath", text("/etc/shadow"))];
    let alert = alert_with(json!([value("t.path")]), json!({}), &values, 1, &settings());
    assert!(alert.text.ends_with("Warning /etc/shadow"), "{}", alert.text);
    let fields = "{\"evt.path_match\":\"real\",\"evt.time\":1700000000123456789,\"fd.realpath\":\"/etc/shadow\",\"t.path\":\"/etc/shadow\"}";
    assert!(alert.json.contains(fields), "{}", alert.json);
}

#[test]
fn unknown_fields_in_outputs_are_refused() {
    let mut doc = rule("r", 0);
    doc["output"] = json!([value("no.such")]);
    let error = plan_of("first", &[json!({"and": []})], &[doc]).expect_err("an unknown field").to_string();
    assert_eq!(error, "rule 'r': output: field no.such: filter_check called with nonexistent field no.such");
}
