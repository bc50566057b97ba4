use super::*;

fn captures() -> Option<PathBuf> {
    let shared = std::env::var_os("YARAK_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
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
