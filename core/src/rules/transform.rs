//! Transformers: `tolower`, `toupper`, `b64`, `basename`, `len`, `join`, `concat`, `getopt` (spec §12).

use std::fmt::Write;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use serde::Deserialize;

use super::literal::Class;
use crate::schema::render::Text;
use crate::value::{Type, Value};

/// A transformer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transformer {
    ToLower,
    ToUpper,
    B64,
    BaseName,
    Len,
    Join,
    Concat,
    GetOpt,
    /// Identity; stands on the right side only.
    Val,
}

/// Type and list-ness of an accessor's values.
pub type Shape = (Type, bool);

impl Transformer {
    /// Shape of the result.
    ///
    /// # Errors
    /// Why the arguments do not fit.
    pub fn shape(self, args: &[Shape], selector: bool) -> Result<Shape, String> {
        let text = |(ty, list): &Shape| Class::of(*ty) == Class::Text && !list;
        let fits = |fits: bool, shape: Shape| {
            if fits { Ok(shape) } else { Err(format!("{self:?} does not take these arguments")) }
        };
        match (self, args) {
            (Self::ToLower | Self::ToUpper | Self::BaseName, [arg]) => fits(text(arg), *arg),
            (Self::B64, [arg @ (ty, false)]) => fits(text(arg) || *ty == Type::ByteBuf, *arg),
            (Self::Len, [arg @ (ty, list)]) => fits(*list || text(arg) || *ty == Type::ByteBuf, (Type::Uint64, false)),
            (Self::Join, [sep, (_, true)]) => fits(text(sep), (Type::CharBuf, false)),
            (Self::Concat, [_, _, ..]) => fits(args.iter().all(text), (Type::CharBuf, false)),
            (Self::GetOpt, [(Type::CharBuf, true), options]) => fits(text(options), (Type::CharBuf, !selector)),
            (Self::Val, [arg]) => Ok(*arg),
            _ => fits(false, (Type::CharBuf, false)),
        }
    }

    /// The result for arguments that are all there; `None` when it is absent.
    pub fn apply<'a>(self, args: &[Value<'a>], selector: Option<u8>, arena: &'a Bump) -> Option<Value<'a>> {
        match (self, args) {
            (Self::ToLower, [Value::Text(t)]) => Some(Value::Text(map(t, arena, |b| b.to_ascii_lowercase()))),
            (Self::ToUpper, [Value::Text(t)]) => Some(Value::Text(map(t, arena, |b| b.to_ascii_uppercase()))),
            (Self::BaseName, [Value::Text(t)]) => Some(Value::Text(t.rsplit(|b| *b == b'/').next().unwrap_or(t))),
            (Self::B64, [Value::Text(t)]) => decode_base64(t, arena).map(Value::Text),
            (Self::B64, [Value::Bytes(t)]) => decode_base64(t, arena).map(Value::Bytes),
            (Self::Len, [Value::Text(t) | Value::Bytes(t)]) => Some(Value::Uint(t.len() as u64)),
            (Self::Len, [Value::List(l)]) => Some(Value::Uint(l.len() as u64)),
            (Self::Join, [Value::Text(sep), Value::List(items)]) => Some(Value::Text(join(sep, items, arena))),
            (Self::Concat, parts) => Some(Value::Text(join(b"", parts, arena))),
            (Self::GetOpt, [Value::List(argv), Value::Text(options)]) => match selector {
                Some(option) => last_option(argv, options, option).map(Value::Text),
                None => Some(Value::List(all_options(argv, options, arena))),
            },
            (Self::Val, [value]) => Some(*value),
            _ => None,
        }
    }
}

fn map<'a>(text: &[u8], arena: &'a Bump, f: impl Fn(&u8) -> u8) -> &'a [u8] {
    arena.alloc_slice_fill_iter(text.iter().map(f))
}

/// Items as text, joined; numbers are decimal.
fn join<'a>(sep: &[u8], items: &[Value<'_>], arena: &'a Bump) -> &'a [u8] {
    let mut out = BumpVec::new_in(arena);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(sep);
        }
        let _ = match item {
            Value::Text(t) | Value::Bytes(t) => {
                out.extend_from_slice(t);
                Ok(())
            }
            Value::Int(n) => write!(Text(&mut out), "{n}"),
            Value::Uint(n) => write!(Text(&mut out), "{n}"),
            Value::Bool(b) => write!(Text(&mut out), "{b}"),
            Value::Double(n) => write!(Text(&mut out), "{n:.1}"),
            Value::Ip(ip) => write!(Text(&mut out), "{ip}"),
            Value::List(_) => Ok(()),
        };
    }
    out.into_bump_slice()
}

/// Standard alphabet; padding may be left out.
fn decode_base64<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    let body = &text[..text.len() - padding];
    if padding > 2 || body.len() % 4 == 1 || padding > 0 && !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = BumpVec::with_capacity_in(body.len() / 4 * 3 + 2, arena);
    for chunk in body.chunks(4) {
        let mut word = 0u32;
        for digit in chunk {
            word = word << 6 | u32::from(digit_of(*digit)?);
        }
        word <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(out.into_bump_slice())
}

fn digit_of(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Calls `each` with every short option of `argv` and its value, if it takes one.
fn options<'a>(argv: &[Value<'a>], spec: &[u8], mut each: impl FnMut(&'a [u8], Option<&'a [u8]>)) {
    let mut words = argv.iter().map(|v| match v {
        Value::Text(t) => *t,
        _ => b"".as_slice(),
    });
    while let Some(word) = words.next() {
        match word {
            b"--" | b"-" => return,
            [b'-', b'-', ..] => continue,
            [b'-', ..] => {}
            _ => return,
        }
        let mut at = 1;
        while let Some(option) = word.get(at..=at) {
            at += 1;
            let known = spec.iter().position(|b| *b == option[0] && *b != b':');
            match known {
                None => each(b"?", None),
                Some(i) if spec.get(i + 1) == Some(&b':') => {
                    let attached = word.get(at..).filter(|rest| !rest.is_empty());
                    each(option, Some(attached.or_else(|| words.next()).unwrap_or_default()));
                    break;
                }
                Some(_) => each(option, None),
            }
        }
    }
}

fn all_options<'a>(argv: &[Value<'a>], spec: &[u8], arena: &'a Bump) -> &'a [Value<'a>] {
    let mut out = BumpVec::new_in(arena);
    options(argv, spec, |option, value| {
        out.push(Value::Text(option));
        out.extend(value.map(Value::Text));
    });
    out.into_bump_slice()
}

fn last_option<'a>(argv: &[Value<'a>], spec: &[u8], wanted: u8) -> Option<&'a [u8]> {
    let mut last = None;
    options(argv, spec, |option, value| {
        if *option == [wanted] {
            last = Some(value.unwrap_or(option));
        }
    });
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::render::encode_base64;
    use proptest::prelude::*;

    fn run<'a>(t: Transformer, args: &[Value<'a>], selector: Option<u8>, arena: &'a Bump) -> Option<String> {
        Some(match t.apply(args, selector, arena)? {
            Value::Text(t) => String::from_utf8_lossy(t).into_owned(),
            Value::List(l) => String::from_utf8_lossy(join(b" ", l, arena)).into_owned(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn texts() {
        let arena = Bump::new();
        let text = |t: Transformer, s: &'static str| run(t, &[Value::Text(s.as_bytes())], None, &arena);
        assert_eq!(text(Transformer::ToLower, "AbÄ").as_deref(), Some("abÄ"));
        assert_eq!(text(Transformer::ToUpper, "Ab").as_deref(), Some("AB"));
        assert_eq!(text(Transformer::BaseName, "/a/b").as_deref(), Some("b"));
        assert_eq!(text(Transformer::BaseName, "b").as_deref(), Some("b"));
        assert_eq!(text(Transformer::BaseName, "/a/").as_deref(), Some(""));
        assert_eq!(text(Transformer::B64, "aGk=").as_deref(), Some("hi"));
        assert_eq!(text(Transformer::B64, "aGk").as_deref(), Some("hi"));
        assert_eq!(text(Transformer::B64, "a"), None);
        assert_eq!(text(Transformer::B64, "a k="), None);
        assert_eq!(text(Transformer::Len, "abc").as_deref(), Some("Uint(3)"));
    }

    #[test]
    fn lists() {
        let arena = Bump::new();
        let items = arena.alloc_slice_copy(&[Value::Text(b"a"), Value::Uint(5)]);
        let list = Value::List(items);
        assert_eq!(run(Transformer::Join, &[Value::Text(b", "), list], None, &arena).as_deref(), Some("a, 5"));
        assert_eq!(run(Transformer::Len, &[list], None, &arena).as_deref(), Some("Uint(2)"));
        assert_eq!(run(Transformer::Concat, items, None, &arena).as_deref(), Some("a5"));
    }

    #[test]
    fn short_options() {
        let arena = Bump::new();
        let scan = |argv: &[&'static str], spec: &'static str, selector: Option<u8>| {
            let words: Vec<_> = argv.iter().map(|w| Value::Text(w.as_bytes())).collect();
            let argv = Value::List(arena.alloc_slice_copy(&words));
            run(Transformer::GetOpt, &[argv, Value::Text(spec.as_bytes())], selector, &arena)
        };
        assert_eq!(scan(&["-lvp", "80", "x", "-e"], "lvp:e", None).as_deref(), Some("l v p 80"));
        assert_eq!(scan(&["-p80", "--long", "-x"], "p:", None).as_deref(), Some("p 80 ?"));
        assert_eq!(scan(&["-a", "--", "-b"], "ab", None).as_deref(), Some("a"));
        assert_eq!(scan(&["-e"], "e:", None).as_deref(), Some("e "));
        assert_eq!(scan(&["-e", "1", "-e", "2"], "e:", Some(b'e')).as_deref(), Some("2"));
        assert_eq!(scan(&["-l"], "l", Some(b'l')).as_deref(), Some("l"));
        assert_eq!(scan(&["-l"], "l", Some(b'x')), None);
    }

    #[test]
    fn shapes() {
        let (text, list) = ((Type::CharBuf, false), (Type::CharBuf, true));
        assert_eq!(Transformer::Len.shape(&[list], false), Ok((Type::Uint64, false)));
        assert_eq!(Transformer::GetOpt.shape(&[list, text], true), Ok(text));
        assert!(Transformer::ToLower.shape(&[list], false).is_err());
        assert!(Transformer::Concat.shape(&[text], false).is_err());
        assert!(Transformer::Len.shape(&[(Type::Int64, false)], false).is_err());
    }

    proptest! {
        #[test]
        fn base64_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let arena = Bump::new();
            let mut text = BumpVec::new_in(&arena);
            encode_base64(&bytes, &mut text);
            prop_assert_eq!(decode_base64(&text, &arena), Some(bytes.as_slice()));
        }
    }
}
