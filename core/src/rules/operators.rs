//! Operators: what each does to a value of each type (spec: rules-language.md §9). A check whose value is
//! absent never gets here: it is false.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;
use serde::Deserialize;

use super::glob::Glob;
use super::literal::{Class, Literal};
use super::text::{contains, contains_fold};
use super::{posix, raw};
use crate::value::{Type, Value};

/// An operator as conditions write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Exists,
    #[serde(rename = "=", alias = "==")]
    Eq,
    #[serde(rename = "!=")]
    Ne,
    #[serde(rename = "<")]
    Lt,
    #[serde(rename = "<=")]
    Le,
    #[serde(rename = ">")]
    Gt,
    #[serde(rename = ">=")]
    Ge,
    Contains,
    IContains,
    BContains,
    StartsWith,
    BStartsWith,
    EndsWith,
    Glob,
    IGlob,
    Regex,
    In,
    Intersects,
    PMatch,
}

impl Op {
    /// The operator as written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Contains => "contains",
            Self::IContains => "icontains",
            Self::BContains => "bcontains",
            Self::StartsWith => "startswith",
            Self::BStartsWith => "bstartswith",
            Self::EndsWith => "endswith",
            Self::Glob => "glob",
            Self::IGlob => "iglob",
            Self::Regex => "regex",
            Self::In => "in",
            Self::Intersects => "intersects",
            Self::PMatch => "pmatch",
        }
    }

    /// # Errors
    /// The text that names the operator and the class of types it does not support.
    pub fn check(self, ty: Type, is_list: bool) -> Result<(), String> {
        use Op::*;
        if is_list {
            let known = matches!(self, Exists | In | Intersects);
            return if known { Ok(()) } else { Err(format!("'{}' operator not supported list filters", self.word())) };
        }
        let class = Class::of(ty);
        let known = match self {
            Exists | Eq | Ne | In | Intersects => true,
            Lt | Le | Gt | Ge => matches!(class, Class::Text | Class::Number),
            Contains | StartsWith | EndsWith => matches!(class, Class::Text | Class::Buffer),
            BContains | BStartsWith => class == Class::Buffer,
            IContains | Glob | IGlob | Regex | PMatch => class == Class::Text,
        };
        if known {
            Ok(())
        } else {
            Err(format!("'{}' operator not supported for {} filters", self.word(), class.word()))
        }
    }
}

/// An operator with one right-hand literal, made ready.
#[derive(Clone, Debug)]
pub enum Single {
    Compare(Op, Literal),
    Glob(Glob),
    Regex(Regex),
}

impl Single {
    /// # Errors
    /// What is wrong with the literal.
    pub fn parse(op: Op, ty: Type, bytes: &[u8]) -> Result<Self, String> {
        let literal = match op {
            Op::BContains | Op::BStartsWith => Literal::parse_hex(bytes)?,
            _ => Literal::parse(ty, bytes)?,
        };
        Ok(match op {
            Op::Glob | Op::IGlob => Self::Glob(Glob::new(bytes, op == Op::IGlob)),
            Op::Regex => Self::Regex(posix::compile(raw::text(bytes)?)?),
            _ => Self::Compare(op, literal),
        })
    }

    /// Whether a value that is there satisfies it.
    pub fn holds(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Compare(op, literal), value) => compare(*op, literal, value),
            (Self::Glob(glob), Value::Text(text)) => glob.matches(text),
            (Self::Regex(regex), Value::Text(text)) => match String::from_utf8_lossy(text) {
                Cow::Borrowed(text) => regex.is_match(text),
                Cow::Owned(text) => regex.is_match(&text),
            },
            _ => false,
        }
    }
}

fn compare(op: Op, literal: &Literal, value: &Value<'_>) -> bool {
    match op {
        Op::Eq => literal.equals(value),
        Op::Ne => !literal.equals(value),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => order(value, literal).is_some_and(|o| ordered(op, o)),
        _ => match (literal, value) {
            (Literal::Text(needle), Value::Text(text) | Value::Bytes(text)) => search(op, text, needle),
            _ => false,
        },
    }
}

fn search(op: Op, text: &[u8], needle: &[u8]) -> bool {
    match op {
        Op::Contains | Op::BContains => contains(text, needle),
        Op::IContains => contains_fold(text, needle),
        Op::StartsWith | Op::BStartsWith => text.starts_with(needle),
        Op::EndsWith => text.ends_with(needle),
        _ => false,
    }
}

fn ordered(op: Op, order: Ordering) -> bool {
    match op {
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        _ => false,
    }
}

fn order(value: &Value<'_>, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Text(a), Literal::Text(b)) => Some((**a).cmp(&**b)),
        (Value::Int(a), Literal::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Literal::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Literal::Double(b)) => a.partial_cmp(b),
        _ => None,
    }
}

/// Compares two values of one event, both there.
pub fn against(op: Op, left: &Value<'_>, right: &Value<'_>) -> bool {
    match (op, left, right) {
        (Op::In, Value::List(left), Value::List(right)) => left.iter().all(|l| right.contains(l)),
        (Op::Intersects, Value::List(left), Value::List(right)) => left.iter().any(|l| right.contains(l)),
        (Op::In | Op::Intersects, scalar, Value::List(right)) => right.contains(scalar),
        (Op::Eq | Op::In | Op::Intersects, ..) => left == right,
        (Op::Ne, ..) => left != right,
        (Op::Glob | Op::IGlob, Value::Text(text), Value::Text(pattern)) => {
            Glob::new(pattern, op == Op::IGlob).matches(text)
        }
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, ..) => {
            let order = match (left, right) {
                (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
                (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
                (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
                (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
                _ => None,
            };
            order.is_some_and(|o| ordered(op, o))
        }
        (_, Value::Text(a), Value::Text(b)) | (_, Value::Bytes(a), Value::Bytes(b)) => search(op, a, b),
        _ => false,
    }
}
