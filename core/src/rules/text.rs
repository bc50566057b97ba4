//! Searching in bytes, and POSIX regular expressions in the syntax of the `regex` crate.

use regex::{Regex, RegexBuilder};

/// Whether `needle` occurs in `text`; the empty one occurs everywhere.
pub fn contains(text: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let Some(last) = text.len().checked_sub(needle.len()) else { return false };
    let mut from = 0;
    while let Some(at) = text[from..=last].iter().position(|b| b == first) {
        from += at;
        if text[from..].starts_with(needle) {
            return true;
        }
        from += 1;
        if from > last {
            return false;
        }
    }
    false
}

/// The same, ignoring the case of ASCII letters.
pub fn contains_fold(text: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || text.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle))
}

/// A regular expression that matches whole values only. `^` and `$` inside it stand for ends of lines.
///
/// # Errors
/// What the expression lacks.
pub fn posix_regex(pattern: &str) -> Result<Regex, String> {
    let error = |e: regex::Error| format!("invalid regular expression {pattern}: {e}");
    let translated = translate(pattern);
    // Alone first, so that unbalanced parentheses cannot be completed by the wrapper's.
    Regex::new(&translated).map_err(error)?;
    RegexBuilder::new(&format!(r"\A(?:{translated})\z")).multi_line(true).build().map_err(error)
}

/// Escapes what the `regex` crate reads as syntax and a POSIX expression as text: braces that bound nothing,
/// and brackets and doubled operators within bracket expressions.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        rest = match c {
            '\\' => copy_escape(tail, &mut out),
            '[' => copy_bracket(tail, &mut out),
            '{' if !is_bound(tail) => {
                out.push_str(r"\{");
                tail
            }
            c => {
                out.push(c);
                tail
            }
        };
    }
    out
}

fn copy_escape<'a>(tail: &'a str, out: &mut String) -> &'a str {
    out.push('\\');
    let Some(c) = tail.chars().next() else { return tail };
    out.push(c);
    &tail[c.len_utf8()..]
}

fn copy_bracket<'a>(tail: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let mut rest = tail;
    if let Some(tail) = rest.strip_prefix('^') {
        out.push('^');
        rest = tail;
    }
    if let Some(tail) = rest.strip_prefix(']') {
        out.push_str(r"\]");
        rest = tail;
    }
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        rest = tail;
        match c {
            ']' => {
                out.push(']');
                break;
            }
            '\\' => rest = copy_escape(tail, out),
            '[' if tail.starts_with(':') && tail.contains(":]") => {
                let end = tail.find(":]").map_or(tail.len(), |at| at + 2);
                out.push('[');
                out.push_str(&tail[..end]);
                rest = &tail[end..];
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if tail.starts_with('-') => {
                out.push_str(r"\-");
            }
            c => out.push(c),
        }
    }
    rest
}

/// Whether the text behind a `{` is `n}`, `n,}` or `n,m}`.
fn is_bound(tail: &str) -> bool {
    let Some((bound, _)) = tail.split_once('}') else { return false };
    let (low, high) = bound.split_once(',').unwrap_or((bound, ""));
    !low.is_empty() && [low, high].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn regular_expressions_match_whole_values() {
        let matches = |pattern: &str, text: &str| posix_regex(pattern).expect(pattern).is_match(text);
        assert!(matches("a|ab", "ab") && !matches("a", "ab") && !matches("b", "ab"));
        assert!(matches(".*x", "aax") && !matches(".*x", "a\nax") && matches("a$\nb", "a\nb"));
        assert!(matches("[[:alpha:]_]+", "a_b") && matches("[]a]+", "]a") && matches("[^[]", "x"));
        assert!(
            matches("[a&&b]+", "a&b") && matches("a{2}", "aa") && matches("{a}", "{a}") && matches("a{,2}", "a{,2}")
        );
        assert!(matches(r"[\]x]", "]") && matches(r"\.", "."));
    }

    #[test]
    fn broken_expressions_are_refused() {
        for bad in ["(", ")", "a)(b", "[", "*", "[z-a]"] {
            assert!(posix_regex(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn contains_is_window_search(text in "[ab]{0,12}", needle in "[ab]{0,4}") {
            let found = needle.is_empty() || text.as_bytes().windows(needle.len().max(1)).any(|w| w == needle.as_bytes());
            prop_assert_eq!(contains(text.as_bytes(), needle.as_bytes()), found);
            prop_assert_eq!(contains_fold(text.to_uppercase().as_bytes(), needle.as_bytes()), found);
        }

        #[test]
        fn translation_never_panics(pattern in "\\PC{0,12}") {
            let _ = posix_regex(&pattern);
        }
    }
}
