use super::*;

fn captures() -> Option<PathBuf> {
    let shared = std::env::var_os("YARAK_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    Some(shared.join("data/captures")).filter(|dir| dir.is_dir())
}

fn replay(file: &str) -> Option<Replay> {
    let settings = serde_json::json!({"files": [captures()?.join(file)]}).to_string();
    Some(Replay::new(&Plans::default(), settings.as_bytes()).expect("a replay"))
}

#[test]
fn real_captures_are_read_to_their_end() {
    for (file, events) in [("curl_google.scap", 991), ("test_ipv6_client.scap", 297)] {
        let Some(mut replay) = replay(file) else { return };
        while !replay.ended() {
            replay.run(Duration::MAX).expect("no damage");
        }
        let counts = replay.counts();
        assert_eq!((counts.bytes, counts.events), (counts.total_bytes, events), "{file}");
    }
}

#[test]
fn an_event_is_found_and_held() {
    let Some(dir) = captures() else { return };
    let settings = serde_json::json!({"files": [dir.join("curl_google.scap")]}).to_string();
    let check = |field: &str, value: &str| {
        let lhs = serde_json::json!({"field": field, "arg": null});
        serde_json::json!({"check": {"lhs": lhs, "op": "=", "values": [value], "modifier": null}})
    };
    let nodes = [check("evt.type", "connect"), check("proc.name", "curl"), serde_json::json!({"and": [0, 1]})];
    let plan = |root: usize| {
        let rule = |name: &str, node: usize| serde_json::json!({"name": name, "source": "syscall", "priority": 7, "node": node, "events": [23]});
        let rules = [rule("all", root), rule("type", 0), rule("name", 1)];
        let settings = serde_json::json!({"rule_matching": "all"});
        serde_json::json!({"format": 1, "settings": settings, "nodes": nodes, "rules": rules}).to_string()
    };
    let num = Examination::find(plan(2).as_bytes(), settings.as_bytes()).expect("no damage").expect("an event");
    let mut held = Examination::new(plan(2).as_bytes(), settings.as_bytes(), num).expect("no damage");
    assert!(held.reached());
    assert_eq!(held.holding(0).expect("an event"), ["all", "type", "name"]);
    let values = held.values(br#"["evt.num", "proc.name"]"#, 0).expect("values");
    assert!(values.contains(&format!(r#""value":{num}"#)) && values.contains(r#""value":"curl""#), "{values}");
    let beyond = Examination::new(plan(2).as_bytes(), settings.as_bytes(), 5000).expect("no damage");
    assert!(!beyond.reached() && beyond.differing().is_err());
}

/// What fuzzing has found once (core/examples/capturefuzz.rs).
#[test]
fn captures_that_broke_something_break_nothing_any_more() {
    let seeds = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/seeds"));
    let found = std::fs::read_dir(seeds).expect("the folder of seeds").filter_map(Result::ok);
    for path in found.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "scap")) {
        exercise::bytes(&std::fs::read(path).expect("a seed"));
    }
}
