//! Regular expressions as RE2 reads them in its POSIX mode (egrep syntax), in the syntax of the `regex` crate: no
//! Perl classes, no flags, no lazy repetition, `^` and `$` at lines' ends. Matching takes time linear in the text.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// Most repetitions that `{n,m}` may ask for, those of groups around it multiplied in.
const REPEAT_MAX: u32 = 1000;

const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// A regular expression that matches whole values only.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let error = |what: &str| format!("invalid regular expression '{pattern}': {what}");
    let translated = Translation::of(pattern).map_err(|what| error(&what))?;
    RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
        .multi_line(true)
        .build()
        .map_err(|e| error(e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ")))
}

/// What the next repetition applies to.
#[derive(Clone, Copy, Default)]
struct Atom {
    /// Where it begins in the translation.
    start: usize,
    /// The greatest number of repetitions within.
    weight: u32,
    /// It is itself repeated, so that another repetition needs a group around it.
    repeated: bool,
}

/// An open group, or the whole expression.
#[derive(Default)]
struct Group {
    start: usize,
    weight: u32,
    atom: Option<Atom>,
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    groups: Vec<Group>,
    current: Group,
}

impl<'p> Translation<'p> {
    fn of(pattern: &'p str) -> Result<String, String> {
        let out = String::with_capacity(pattern.len() + 16);
        let mut this = Self { rest: pattern.chars().peekable(), out, groups: Vec::new(), current: Group::default() };
        while let Some(c) = this.rest.next() {
            this.step(c)?;
        }
        if this.groups.is_empty() { Ok(this.out) } else { Err("missing )".into()) }
    }

    fn step(&mut self, c: char) -> Result<(), String> {
        match c {
            '(' => {
                let inner = Group { start: self.out.len(), ..Group::default() };
                self.groups.push(std::mem::replace(&mut self.current, inner));
                self.out.push_str("(?:");
            }
            ')' => {
                let outer = self.groups.pop().ok_or("unexpected )")?;
                let inner = std::mem::replace(&mut self.current, outer);
                self.out.push(')');
                self.atom(inner.start, inner.weight);
            }
            '|' => {
                self.current.atom = None;
                self.out.push('|');
            }
            '*' | '+' | '?' => self.repeat(&c.to_string(), 1)?,
            '{' => match bound(self.rest.clone()) {
                Some((text, low, high)) => {
                    self.rest.nth(text.len() - 2);
                    let most = high.unwrap_or(low);
                    if most > REPEAT_MAX || high.is_some_and(|high| high < low) {
                        return Err(format!("invalid repetition size: {text}"));
                    }
                    self.repeat(&text, most)?;
                }
                None => self.single(r"\{"),
            },
            '[' => {
                let class = bracket(&mut self.rest)?;
                self.single(&class);
            }
            '\\' => {
                let c = escape(&mut self.rest)?;
                self.single(&literal(c));
            }
            '.' | '^' | '$' => self.single(c.encode_utf8(&mut [0; 4])),
            c => self.single(&literal(c)),
        }
        Ok(())
    }

    fn single(&mut self, text: &str) {
        let start = self.out.len();
        self.out.push_str(text);
        self.atom(start, 1);
    }

    fn atom(&mut self, start: usize, weight: u32) {
        self.current.weight = self.current.weight.max(weight);
        self.current.atom = Some(Atom { start, weight, repeated: false });
    }

    fn repeat(&mut self, op: &str, most: u32) -> Result<(), String> {
        let atom = self.current.atom.ok_or_else(|| format!("no argument for repetition operator: {op}"))?;
        if atom.repeated {
            self.out.insert_str(atom.start, "(?:");
            self.out.push(')');
        }
        let weight = atom.weight.max(1) * most.max(1);
        if weight > REPEAT_MAX {
            return Err(format!("invalid repetition size: {op}"));
        }
        self.out.push_str(op);
        self.current.weight = self.current.weight.max(weight);
        self.current.atom = Some(Atom { weight, repeated: true, ..atom });
        Ok(())
    }
}

fn literal(c: char) -> String {
    if c.is_ascii_alphanumeric() || !c.is_ascii() { c.to_string() } else { format!(r"\x{{{:x}}}", u32::from(c)) }
}

/// The `{n}`, `{n,}` or `{n,m}` whose `{` was read, with its numbers; another brace stands for itself.
fn bound(rest: Peekable<Chars<'_>>) -> Option<(String, u32, Option<u32>)> {
    let ahead: String = rest.take(32).collect();
    let (inner, _) = ahead.split_once('}')?;
    let (low, high) = inner.split_once(',').map_or((inner, None), |(low, high)| (low, Some(high)));
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let least = number(low)?;
    let most = match high {
        None => Some(least),
        Some("") => None,
        Some(high) => Some(number(high)?),
    };
    Some((format!("{{{inner}}}"), least, most))
}

/// The character that an escape stands for, whose backslash was read.
fn escape(rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let c = rest.next().ok_or(r"trailing \")?;
    let bad = || format!(r"invalid escape sequence: \{c}");
    Ok(match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'a' => '\x07',
        'f' => '\x0c',
        'v' => '\x0b',
        'x' => hexadecimal(rest).ok_or_else(bad)?,
        '0'..='7' => {
            let mut digits = c.to_string();
            while digits.len() < 3
                && let Some(digit) = rest.next_if(|c| c.is_digit(8))
            {
                digits.push(digit);
            }
            if digits.len() == 1 && c != '0' {
                return Err(bad());
            }
            u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32).ok_or_else(bad)?
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return Err(bad()),
    })
}

/// `41` or `{41}`.
fn hexadecimal(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    let digits: String = if rest.next_if_eq(&'{').is_some() {
        let digits: String = std::iter::from_fn(|| rest.next_if(char::is_ascii_hexdigit)).collect();
        rest.next_if_eq(&'}')?;
        digits
    } else {
        [rest.next()?, rest.next()?].iter().collect()
    };
    let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
    u32::from_str_radix(&digits, 16).ok().filter(|_| valid).and_then(char::from_u32)
}

/// A bracket expression whose `[` was read.
fn bracket(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut out = String::from("[");
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let c = rest.next().ok_or("missing ]")?;
        match c {
            ']' if !first => break,
            '-' if !first && rest.peek().is_some_and(|next| *next != ']') => {
                return Err("invalid character class range: - stands at neither end".into());
            }
            '[' if let Some(class) = class(rest.clone()) => {
                let name = class.trim_start_matches('^');
                if !CLASSES.contains(&name) {
                    return Err(format!("invalid character class range: [:{class}:]"));
                }
                rest.nth(class.len() + 2);
                out.push_str(&format!("[:{class}:]"));
            }
            c => {
                let low = character(c, rest)?;
                out.push_str(&literal(low));
                let mut ahead = rest.clone();
                if ahead.next() == Some('-')
                    && let Some(next) = ahead.next().filter(|c| *c != ']')
                {
                    *rest = ahead;
                    let high = character(next, rest)?;
                    if high < low {
                        return Err(format!("invalid character class range: {low}-{high}"));
                    }
                    out.push('-');
                    out.push_str(&literal(high));
                }
            }
        }
        first = false;
    }
    out.push(']');
    Ok(out)
}

fn character(c: char, rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    if c == '\\' { escape(rest) } else { Ok(c) }
}

/// The name in `:name:]`, which stands behind a `[`.
fn class(rest: Peekable<Chars<'_>>) -> Option<String> {
    let text: String = rest.take(64).collect();
    text.strip_prefix(':')?.split_once(":]").map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_values_are_matched() {
        let matches = |pattern: &str, text: &str| compile(pattern).expect(pattern).is_match(text);
        assert!(matches("a|ab", "ab") && !matches("a", "ab") && !matches("b", "ab"));
        assert!(matches(".*x", "aax") && !matches(".*x", "a\nax") && matches("a$\nb", "a\nb"));
        assert!(matches("[[:alpha:]_]+", "a_b") && matches("[]a]+", "]a") && matches("[^[]", "x"));
        assert!(matches("[a&&b]+", "a&b") && matches("a{2}", "aa") && matches("{a}", "{a}"));
        assert!(matches("a{,2}", "a{,2}") && matches(r"[\]x]", "]") && matches(r"\.", ".") && !matches(r"\.", "x"));
        assert!(matches("a||b", "") && matches("()", "") && matches("[^a]", "\n") && matches("]}", "]}"));
    }

    #[test]
    fn escapes_are_those_of_c_and_of_punctuation() {
        let matches = |pattern: &str, text: &str| compile(pattern).expect(pattern).is_match(text);
        assert!(matches(r"\<\>\_\-\ ", "<>_- ") && matches(r"\x41\x{42}\103\0", "ABC\0"));
        assert!(matches(r"\a\f\n\r\t\v", "\x07\x0c\n\r\t\x0b") && matches(r"[\x41-\103]+", "ABC"));
    }

    /// `?` behind a repetition repeats once more instead of making it lazy.
    #[test]
    fn repetitions_nest() {
        let matches = |pattern: &str, text: &str| compile(pattern).expect(pattern).is_match(text);
        assert!(matches("a+?", "") && matches("a{2}?", "") && !matches("a{2}?", "a") && matches("a**", "aa"));
        assert!(matches("(ab){2}{2}", "abababab") && !matches("(ab){2}{2}", "ababab") && matches("a|b+?", ""));
    }

    #[test]
    fn what_is_refused() {
        for (bad, what) in [
            (r"\d", r"invalid escape sequence: \d"),
            (r"\bx", r"invalid escape sequence: \b"),
            (r"\1", r"invalid escape sequence: \1"),
            (r"\pL", r"invalid escape sequence: \p"),
            (r"[\w]", r"invalid escape sequence: \w"),
            (r"\x4", r"invalid escape sequence: \x"),
            ("a\\", r"trailing \"),
            ("(?:a)", "no argument for repetition operator: ?"),
            ("(?i)a", "no argument for repetition operator: ?"),
            ("a|*", "no argument for repetition operator: *"),
            ("{2}", "no argument for repetition operator: {2}"),
            ("a{1001}", "invalid repetition size: {1001}"),
            ("a{2,1}", "invalid repetition size: {2,1}"),
            ("(a{100}){100}", "invalid repetition size: {100}"),
            ("[a", "missing ]"),
            ("[]", "missing ]"),
            ("[z-a]", "invalid character class range: z-a"),
            ("[a-b-c]", "invalid character class range: - stands at neither end"),
            ("[[:foo:]]", "invalid character class range: [:foo:]"),
            ("(a", "missing )"),
            ("a)(b", "unexpected )"),
        ] {
            let error = format!("invalid regular expression '{bad}': {what}");
            assert_eq!(compile(bad).map(|_| ()), Err(error), "{bad}");
        }
    }

    /// Patterns that take a backtracking matcher exponential time.
    #[test]
    fn matching_is_linear() {
        let text = "a".repeat(1 << 20);
        for pattern in ["(a+a+)+b", "(a*)*b", "(a|aa)+b", "(a|a)*b", "(.*)*b", "(a?){100}a{100}b"] {
            let regex = compile(pattern).expect(pattern);
            let start = Instant::now();
            assert!(!regex.is_match(&text));
            assert!(start.elapsed() < Duration::from_secs(5), "{pattern}: {:?}", start.elapsed());
        }
    }

    proptest! {
        #[test]
        fn never_panics(pattern in r"[\]\[a-c(){}|*+?.^$\\0-9x:,é-]{0,16}|\PC{0,12}", text in "[a-c]{0,6}") {
            if let Ok(regex) = compile(&pattern) {
                regex.is_match(&text);
            }
        }
    }
}
