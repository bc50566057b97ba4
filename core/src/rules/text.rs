//! Searching in bytes.

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn contains_is_window_search(text in "[ab]{0,12}", needle in "[ab]{0,4}") {
            let found = needle.is_empty() || text.as_bytes().windows(needle.len().max(1)).any(|w| w == needle.as_bytes());
            prop_assert_eq!(contains(text.as_bytes(), needle.as_bytes()), found);
            prop_assert_eq!(contains_fold(text.to_uppercase().as_bytes(), needle.as_bytes()), found);
        }
    }
}
