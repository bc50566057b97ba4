//! Names people write for numbers: errors, signals, flags; and which known name an unknown one was meant to be.

use super::TrialError;
use crate::schema::{FlagTable, names};
use crate::value::Type;

/// Edits that still make a misspelling: a third of the name.
const TOLERANCE: usize = 3;
/// Largest error number with a name.
const LAST_ERRNO: u64 = 516;

/// The known name that is most like `name`, if one is near.
pub fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let near = known.map(|k| (distance(name, k), k)).min_by_key(|(d, _)| *d)?;
    (near.0 <= name.len().max(TOLERANCE) / TOLERANCE).then(|| near.1.to_owned())
}

/// Insertions, deletions, replacements and swaps of neighbours that make one of the other, whatever the case.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_ascii_lowercase().into_bytes(), other.to_ascii_lowercase().into_bytes());
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut cost = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

/// The positive number of an error.
pub fn errno(name: &str) -> Result<i64, TrialError> {
    let bare = name.strip_prefix('-').unwrap_or(name);
    let found = (1..=LAST_ERRNO).find(|n| names::errno(*n) == Some(bare));
    let known = || (1..=LAST_ERRNO).filter_map(names::errno);
    found.map(|n| n as i64).ok_or_else(|| TrialError::name("error", bare, known()))
}

pub fn signal(name: &str) -> Result<u64, TrialError> {
    let found = (1..32).find(|n| names::signal(*n) == Some(name));
    found.ok_or_else(|| TrialError::name("signal", name, (1..32).filter_map(names::signal)))
}

/// The value of names joined by `|`, as `evt.arg` shows flags; enumerations take one name.
pub fn flags(table: &FlagTable, ty: Type, text: &str) -> Result<u64, TrialError> {
    let words = text.split('|').map(str::trim).filter(|word| !word.is_empty());
    let values = words.map(|word| match table.rows.iter().find(|row| row.name == word) {
        Some(row) => Ok(row.value),
        None => {
            let known = table.rows.iter().map(|row| row.name);
            Err(TrialError::name(format!("name of {}", table.name), word, known))
        }
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let single = matches!(ty, Type::EnumFlags8 | Type::EnumFlags16 | Type::EnumFlags32);
    match values.as_slice() {
        [one] => Ok(*one),
        _ if single => Err(TrialError::value(text, format!("{} is one of many, not a combination", table.name))),
        many => Ok(many.iter().fold(0, |all, value| all | value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_name() {
        let known = ["openat", "open", "openat2", "close"];
        assert_eq!(closest("opnat", known.into_iter()).as_deref(), Some("openat"));
        assert_eq!(closest("OPEN", known.into_iter()).as_deref(), Some("open"));
        assert_eq!(closest("ptrace", known.into_iter()), None);
        assert_eq!(closest("opne", known.into_iter()).as_deref(), Some("open"));
        assert_eq!((distance("", "abc"), distance("abc", "abc"), distance("kitten", "sitting")), (3, 0, 3));
    }

    #[test]
    fn errors_and_signals_have_numbers() {
        assert_eq!(errno("ENOENT").ok(), Some(2));
        assert_eq!(errno("-EACCES").ok(), Some(13));
        assert_eq!(signal("SIGKILL").ok(), Some(9));
        assert_eq!(errno("ENOTHING").map_err(|e| e.code()), Err("trial-name"));
    }
}
