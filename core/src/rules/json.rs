//! JSON text, written straight into a string. Bytes that are no UTF-8 become U+FFFD.

use std::fmt::Write;

/// Appends `bytes` as a JSON string with its quotes.
pub fn string(bytes: &[u8], out: &mut String) {
    out.push('"');
    escaped(bytes, out);
    out.push('"');
}

/// Appends `bytes` as they stand between a JSON string's quotes.
pub fn escaped(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| character(c, out));
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn character(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c if u32::from(c) < 0x20 => {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Appends a number, or `null` for one that JSON has no text for.
pub fn double(value: f64, out: &mut String) {
    match serde_json::Number::from_f64(value) {
        Some(number) => {
            let _ = write!(out, "{number}");
        }
        None => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters_and_broken_text() {
        let mut out = String::new();
        string(b"a\"\\\n\x01\x7f\xff\xc3\xa9/", &mut out);
        assert_eq!(out, "\"a\\\"\\\\\\n\\u0001\u{7f}\u{fffd}é/\"");
    }

    proptest! {
        #[test]
        fn reads_back_as_lossy_text(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut out = String::new();
            string(&bytes, &mut out);
            let back: String = serde_json::from_str(&out).expect("valid JSON");
            prop_assert_eq!(back, String::from_utf8_lossy(&bytes));
        }
    }
}
