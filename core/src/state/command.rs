//! A command line, kept once: as it is shown most often, from which all else about it is read.

use super::process::{Comm, Text};
use crate::params::Strings;

/// The command name and the arguments behind it, joined by spaces.
#[derive(Debug, Default)]
pub struct CommandLine {
    line: Text,
    name: Comm,
    /// Arguments without argv\[0\].
    count: usize,
    /// Bit n: the arguments' n-th byte stands between two of them. Empty where every space does.
    between: Box<[u8]>,
}

impl CommandLine {
    /// `args` are NUL-terminated strings; the last may lack its NUL.
    pub fn new(name: Comm, args: &[u8]) -> Self {
        let mut line = name.as_bytes().to_vec();
        let mut ends = Vec::new();
        let from = line.len() + 1;
        for arg in Strings::new(args) {
            line.push(b' ');
            line.extend_from_slice(arg);
            ends.push(line.len() - from);
        }
        let spaces = line.get(from..).unwrap_or_default().iter().filter(|byte| **byte == b' ').count();
        let between = if spaces + 1 > ends.len() { marked(&ends) } else { Box::default() };
        Self { count: ends.len(), between, name, line: line.into() }
    }

    /// The name that stands in front.
    pub fn name(&self) -> Comm {
        self.name
    }

    pub fn line(&self) -> &[u8] {
        &self.line
    }

    pub fn line_mut(&mut self) -> &mut Text {
        &mut self.line
    }

    /// Arguments.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The arguments, joined by spaces.
    pub fn args_line(&self) -> &[u8] {
        self.line.get(self.name.as_bytes().len() + 1..).unwrap_or_default()
    }

    /// The arguments, one by one.
    pub fn args(&self) -> Args<'_> {
        Args { command: self, at: 0, left: self.count }
    }

    /// Bytes beside the line that it alone keeps alive.
    pub fn marks_len(&self) -> usize {
        self.between.len()
    }

    fn is_between(&self, at: usize) -> bool {
        self.between.get(at / 8).is_none_or(|bits| bits >> (at % 8) & 1 == 1)
    }
}

/// A bit for each of these positions but the last, which is the end.
fn marked(ends: &[usize]) -> Box<[u8]> {
    let mut bits = vec![0; ends.last().map_or(0, |end| end / 8 + 1)];
    for at in ends.iter().rev().skip(1) {
        bits[at / 8] |= 1 << (at % 8);
    }
    bits.into()
}

/// Arguments of a [`CommandLine`].
pub struct Args<'a> {
    command: &'a CommandLine,
    at: usize,
    left: usize,
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (command, from) = (self.command, self.at);
        let rest = command.args_line().get(from..)?;
        let ends = |(at, byte): (usize, &u8)| *byte == b' ' && command.is_between(from + at);
        let len = rest.iter().enumerate().position(ends).unwrap_or(rest.len());
        self.at += len + 1;
        rest.get(..len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(args: &[u8]) -> (String, usize, Vec<String>) {
        let command = CommandLine::new(Comm::new(b"cat"), args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(command.line()), command.marks_len(), command.args().map(text).collect())
    }

    #[test]
    fn arguments_come_back_as_they_were() {
        assert_eq!(parts(b""), ("cat".into(), 0, vec![]));
        assert_eq!(parts(b"\0"), ("cat ".into(), 0, vec!["".into()]));
        assert_eq!(parts(b"-n\0x"), ("cat -n x".into(), 0, vec!["-n".into(), "x".into()]));
        assert_eq!(parts(b"\0\0"), ("cat  ".into(), 0, vec!["".into(), "".into()]));
        assert_eq!(parts(b"a b\0c\0"), ("cat a b c".into(), 1, vec!["a b".into(), "c".into()]));
    }

    proptest! {
        #[test]
        fn whatever_they_hold(args in proptest::collection::vec("[ ab]{0,5}", 0..20)) {
            let raw: Vec<u8> = args.iter().flat_map(|arg| [arg.as_bytes(), b"\0"].concat()).collect();
            let command = CommandLine::new(Comm::new(b"x"), &raw);
            prop_assert_eq!(command.count(), args.len());
            prop_assert!(command.args().eq(args.iter().map(|arg| arg.as_bytes())));
            let joined = args.join(" ");
            prop_assert_eq!(command.args_line(), joined.as_bytes());
        }
    }
}
