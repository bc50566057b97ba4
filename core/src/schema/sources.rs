//! Where the table-driven sensor program finds a parameter (column `sources` of `events.tsv`).

use super::table;

/// Width and sign of a number in user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    U16,
    I16,
    U32,
    I32,
    U64,
    /// As wide as the caller's pointers; its offset counts longs.
    Long,
    /// Signed 32 bits, with the other sign.
    Negated,
}

/// How long a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Arg(u8),
    /// The result; nothing of a failed call.
    Result,
    /// The result, or the argument where the call failed or did nothing.
    Done(u8),
    /// What the argument points to.
    Pointed(u8),
}

/// What of the task's memory, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    Size,
    Rss,
    Swap,
}

/// A place; arguments are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Left empty.
    None,
    /// The call's result.
    Ret,
    Arg(u8),
    /// Signed 32-bit argument.
    Int(u8),
    /// Descriptor number, signed 32-bit.
    Fd(u8),
    /// User string that names a file, and the argument that holds its directory descriptor.
    Path {
        arg: u8,
        dirfd: Option<u8>,
    },
    /// Any other user string.
    Str(u8),
    /// User bytes.
    Buf {
        arg: u8,
        len: Length,
    },
    /// User bytes in parts (`struct iovec`), and the argument that holds the number of parts.
    Vector {
        arg: u8,
        count: u8,
        len: Length,
    },
    /// Bytes of all parts together.
    VectorLen {
        arg: u8,
        count: u8,
    },
    /// Entries of a `struct pollfd` array that something happened on.
    Poll {
        arg: u8,
        count: u8,
    },
    /// A number behind a pointer.
    At {
        arg: u8,
        off: u8,
        word: Word,
    },
    /// `struct timespec`, in ns.
    TimeSpec(u8),
    /// `struct timeval`, in ns.
    TimeVal(u8),
    Memory(Memory),
    /// Kernel address of the socket whose descriptor the kernel wrote behind the pointer.
    Sock {
        arg: u8,
        off: u8,
    },
    /// Inode of such a descriptor.
    Inode {
        arg: u8,
        off: u8,
    },
    Const(u8),
}

/// Holds if the argument, shifted right, is one of `values` (`inverted`: is none of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub arg: u8,
    pub shift: u8,
    pub values: Vec<u32>,
    pub inverted: bool,
}

impl Test {
    /// The lowest value, and all values as bits above it.
    pub fn window(&self) -> (u32, u64) {
        let base = self.values.iter().copied().min().unwrap_or(0);
        (base, self.values.iter().fold(0, |set, value| set | 1 << (value - base)))
    }
}

/// One way to find a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub source: Source,
    /// Index that a dynamic parameter carries before the value.
    pub variant: Option<u8>,
    /// Only of a successful call.
    pub success: bool,
    /// -1 where there is nothing to read, not 0.
    pub ones: bool,
    /// The descriptor that the call made.
    pub created: bool,
    /// All must hold; at most two.
    pub tests: Vec<Test>,
}

/// Ways separated by `|`, in the order in which they are tried.
pub(super) fn parse(cell: &str) -> Result<Vec<Choice>, String> {
    cell.split('|').map(choice).collect()
}

fn choice(text: &str) -> Result<Choice, String> {
    let (what, tests) = text.split_once('?').unwrap_or((text, ""));
    let tests: Vec<Test> = tests.split('&').filter(|t| !t.is_empty()).map(test).collect::<Result<_, _>>()?;
    if tests.len() > 2 {
        return Err(format!("`{text}` has more than two tests"));
    }
    let what = what.split_once(':').filter(|(head, _)| head.starts_with("dyn"));
    let (variant, what) = match what {
        Some((head, rest)) => (Some(table::number(&head[3..])?), rest),
        None => (None, text.split('?').next().unwrap_or_default()),
    };
    let place = what.trim_end_matches(['!', '~', '*']);
    let marks = &what[place.len()..];
    Ok(Choice {
        source: source(place)?,
        variant,
        success: marks.contains('!'),
        ones: marks.contains('~'),
        created: marks.contains('*'),
        tests,
    })
}

fn test(text: &str) -> Result<Test, String> {
    let bad = || format!("`{text}` is no test");
    let (left, values) = text.split_once('=').ok_or_else(bad)?;
    let inverted = left.ends_with('!');
    let left = left.trim_end_matches('!');
    let (name, shift) = left.split_once(">>").unwrap_or((left, "0"));
    let values = values.split(',').map(table::number::<u32>).collect::<Result<Vec<_>, _>>()?;
    let test = Test { arg: arg(name)?, shift: table::number(shift)?, values, inverted };
    let (base, span) = (test.values.iter().min(), test.values.iter().max());
    match base.zip(span) {
        Some((low, high)) if high - low < 64 && test.shift < 32 => Ok(test),
        _ => Err(bad()),
    }
}

fn arg(name: &str) -> Result<u8, String> {
    match name.strip_prefix("arg").and_then(|n| n.parse::<u8>().ok()) {
        Some(n) if n < 6 => Ok(n),
        _ => Err(format!("`{name}` is no argument")),
    }
}

/// `argN` or `argN+OFF`.
fn place(text: &str) -> Result<(u8, u8), String> {
    let (name, off) = text.split_once('+').unwrap_or((text, "0"));
    Ok((arg(name)?, table::number(off)?))
}

fn length(text: &str) -> Result<Length, String> {
    if text == "ret" {
        Ok(Length::Result)
    } else if let Some(name) = text.strip_prefix("done/") {
        Ok(Length::Done(arg(name)?))
    } else if let Some(name) = text.strip_prefix('*') {
        Ok(Length::Pointed(arg(name)?))
    } else {
        Ok(Length::Arg(arg(text)?))
    }
}

const WORDS: &[(&str, Word)] = &[
    ("u16", Word::U16),
    ("i16", Word::I16),
    ("u32", Word::U32),
    ("i32", Word::I32),
    ("u64", Word::U64),
    ("long", Word::Long),
    ("neg", Word::Negated),
];

fn source(text: &str) -> Result<Source, String> {
    let bad = || format!("`{text}` is no source");
    let words: Vec<&str> = text.split(':').collect();
    if let [name, at] = words.as_slice()
        && let Some((_, word)) = WORDS.iter().find(|(known, _)| known == name)
    {
        let (arg, off) = place(at)?;
        return Ok(Source::At { arg, off, word: *word });
    }
    Ok(match words.as_slice() {
        ["none"] => Source::None,
        ["ret"] => Source::Ret,
        ["int", a] => Source::Int(arg(a)?),
        ["fd", a] => Source::Fd(arg(a)?),
        ["path", a] => Source::Path { arg: arg(a)?, dirfd: None },
        ["path", a, d] => Source::Path { arg: arg(a)?, dirfd: Some(arg(d)?) },
        ["str", a] => Source::Str(arg(a)?),
        ["buf", a, l] => Source::Buf { arg: arg(a)?, len: length(l)? },
        ["iov", a, n, "ret"] => Source::Vector { arg: arg(a)?, count: arg(n)?, len: Length::Result },
        ["iov", a, n, "done"] => Source::Vector { arg: arg(a)?, count: arg(n)?, len: Length::Done(arg(n)?) },
        ["iovlen", a, n] => Source::VectorLen { arg: arg(a)?, count: arg(n)? },
        ["poll", a, n] => Source::Poll { arg: arg(a)?, count: arg(n)? },
        ["timespec", a] => Source::TimeSpec(arg(a)?),
        ["timeval", a] => Source::TimeVal(arg(a)?),
        ["mm", "size"] => Source::Memory(Memory::Size),
        ["mm", "rss"] => Source::Memory(Memory::Rss),
        ["mm", "swap"] => Source::Memory(Memory::Swap),
        ["sock", at] => place(at).map(|(arg, off)| Source::Sock { arg, off })?,
        ["ino", at] => place(at).map(|(arg, off)| Source::Inode { arg, off })?,
        ["const", v] => Source::Const(table::number(v)?),
        [a] => Source::Arg(arg(a).map_err(|_| bad())?),
        _ => return Err(bad()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_with_everything() {
        let ways = parse("dyn1:str:arg2!~*?arg0>>8=16,18&arg1!=0|arg2").unwrap();
        assert_eq!(ways.len(), 2);
        let way = &ways[0];
        assert_eq!((way.source, way.variant), (Source::Str(2), Some(1)));
        assert!(way.success && way.ones && way.created);
        assert_eq!(way.tests[0], Test { arg: 0, shift: 8, values: vec![16, 18], inverted: false });
        assert_eq!(way.tests[0].window(), (16, 0b101));
        assert!(way.tests[1].inverted);
        assert_eq!((ways[1].source, ways[1].tests.len()), (Source::Arg(2), 0));
    }

    #[test]
    fn offsets_and_lengths() {
        let one = |text| parse(text).unwrap()[0].source;
        assert_eq!(one("u32:arg1+12"), Source::At { arg: 1, off: 12, word: Word::U32 });
        assert_eq!(one("buf:arg1:done/arg2"), Source::Buf { arg: 1, len: Length::Done(2) });
        assert_eq!(one("buf:arg3:*arg4"), Source::Buf { arg: 3, len: Length::Pointed(4) });
        assert_eq!(one("iov:arg1:arg2:ret"), Source::Vector { arg: 1, count: 2, len: Length::Result });
    }

    #[test]
    fn what_no_row_can_hold_is_refused() {
        for text in
            ["arg6", "str", "u32:arg1+256", "arg0?arg0=0,64", "arg0?arg0", "arg0?arg1=1&arg1=1&arg1=1", "x:arg0", ""]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
