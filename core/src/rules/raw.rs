//! Values as plans write them: text, or `{"hex": …}` where the bytes are no UTF-8.

use serde::Deserialize;

/// The bytes of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Written")]
pub struct Raw(Box<[u8]>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { hex: String },
}

impl TryFrom<Written> for Raw {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Text(text) => Ok(Self(text.into_bytes().into())),
            Written::Bytes { hex } => from_hex(&hex).map(Self),
        }
    }
}

impl Raw {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// # Errors
    /// That the bytes are no text.
    pub fn text(&self) -> Result<&str, String> {
        text(&self.0)
    }
}

/// # Errors
/// That the bytes are no text.
pub fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| format!("'{}' is no UTF-8 text", bytes.escape_ascii()))
}

/// Reads the hexadecimal text of bytes.
///
/// # Errors
/// That it is none.
pub fn from_hex(text: &str) -> Result<Box<[u8]>, String> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => Ok(digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect()),
        _ => Err(format!("{text} is not the hexadecimal text of bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_or_hex() {
        let read = |json: &str| serde_json::from_str::<Raw>(json);
        assert_eq!(read(r#""aä""#).expect("text").bytes(), "aä".as_bytes());
        let bytes = read(r#"{"hex": "61fF"}"#).expect("bytes");
        assert_eq!((bytes.bytes(), bytes.text()), (b"a\xff".as_slice(), Err(r"'a\xff' is no UTF-8 text".to_owned())));
        for bad in [r#"{"hex": "0"}"#, r#"{"hex": "0x"}"#, "1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
