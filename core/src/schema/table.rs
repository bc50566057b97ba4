//! Reading of the tab-separated tables.

/// Where and why a table could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct TableError {
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

/// Calls `row` for each line that is neither a comment, empty nor the heading, with exactly `N` cells.
///
/// # Errors
/// [`TableError`] for a line with another number of cells, or what `row` complains about.
pub(super) fn rows<const N: usize>(
    text: &'static str,
    mut row: impl FnMut([&'static str; N]) -> Result<(), String>,
) -> Result<(), TableError> {
    let mut heading = true;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if std::mem::take(&mut heading) {
            continue;
        }
        let cells: Vec<&'static str> = line.split('\t').collect();
        let got = cells.len();
        <[&'static str; N]>::try_from(cells)
            .map_err(|_| format!("{got} cells instead of {N}"))
            .and_then(&mut row)
            .map_err(|what| TableError { line: at + 1, what })?;
    }
    Ok(())
}

/// A number cell.
pub(super) fn number<T: std::str::FromStr>(cell: &str) -> Result<T, String> {
    cell.parse().map_err(|_| format!("`{cell}` is no number"))
}

/// A cell where `-` stands for nothing.
pub(super) fn optional(cell: &'static str) -> Option<&'static str> {
    (cell != "-").then_some(cell)
}
