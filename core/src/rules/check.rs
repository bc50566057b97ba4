//! Checks: an accessor, an operator and what it is compared with, compiled for the field's type.

use hashbrown::HashSet;
use serde::Deserialize;

use super::accessor::{Accessor, AccessorDoc, Accessors, Mode, Resolve, Use};
use super::literal::Literal;
use super::operators::{self, Op, Single};
use super::pmatch::PrefixTree;
use super::raw::Raw;
use crate::fields::{Arg, Ctx};
use crate::schema;
use crate::value::{Type, Value};

/// A check as plans write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct CheckDoc {
    pub lhs: AccessorDoc,
    pub op: Op,
    #[serde(default)]
    pub values: Option<Vec<Raw>>,
    #[serde(default)]
    pub modifier: Option<Modifier>,
    #[serde(default)]
    pub rhs: Option<AccessorDoc>,
}

/// How many of a list's literals have to satisfy the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Modifier {
    #[serde(rename = "anyof")]
    Any,
    #[serde(rename = "oneof")]
    One,
    #[serde(rename = "allof")]
    All,
}

/// A compiled check.
#[derive(Debug)]
pub struct Check {
    pub accessor: u32,
    pub mode: Mode,
    pub test: Test,
}

/// What a value that is there has to satisfy.
#[derive(Debug)]
pub enum Test {
    Exists,
    Single(Single),
    Set(Op, Set),
    Paths(PrefixTree),
    Quantified(Modifier, Vec<Single>),
    /// Another accessor of the same event.
    Against(Op, u32),
    /// The event's time lies at most `within` ns from `center`.
    Around {
        center: u64,
        within: u64,
    },
    /// An address is one of those that the names stand for; one that cannot be resolved stands for none.
    Host {
        names: Box<[Box<str>]>,
        negated: bool,
    },
    /// `evt.rawarg`: a test per type that the parameter of this name has in some event.
    Dynamic {
        param: Box<str>,
        tests: Vec<(Type, Test)>,
    },
}

/// The literals of `in` and `intersects`.
#[derive(Debug)]
pub enum Set {
    Text(HashSet<Box<[u8]>>),
    /// Signed and unsigned numbers as their bits; one field has one kind.
    Number(HashSet<u64>),
    Linear(Vec<Literal>),
}

impl Set {
    fn new(literals: Vec<Literal>) -> Self {
        let texts = literals.iter().map(|l| if let Literal::Text(t) = l { Some(t.clone()) } else { None });
        if let Some(texts) = texts.collect() {
            return Self::Text(texts);
        }
        let numbers = literals.iter().map(|l| match l {
            Literal::Int(n) => Some(*n as u64),
            Literal::Uint(n) => Some(*n),
            _ => None,
        });
        match numbers.collect() {
            Some(numbers) => Self::Number(numbers),
            None => Self::Linear(literals),
        }
    }

    fn contains(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Text(set), Value::Text(t) | Value::Bytes(t)) => set.contains(*t),
            (Self::Number(set), Value::Int(n)) => set.contains(&(*n as u64)),
            (Self::Number(set), Value::Uint(n)) => set.contains(n),
            (Self::Linear(list), value) => list.iter().any(|l| l.equals(value)),
            _ => false,
        }
    }
}

impl Check {
    /// # Errors
    /// What does not fit together, without the rule's and the field's name.
    pub fn compile(doc: &CheckDoc, accessors: &mut Accessors, resolve: Resolve<'_>) -> Result<Self, String> {
        let id = accessors.add(&doc.lhs, Use::Condition, resolve)?;
        let accessor = accessors.get(id);
        let mode = accessor.mode;
        let test = if let Some(rhs) = &doc.rhs {
            let rhs = accessors.add(rhs, Use::Condition, resolve)?;
            Test::against(doc.op, accessors.get(id), accessors.get(rhs), rhs)?
        } else {
            Test::compile(doc, accessor)?
        };
        Ok(Self { accessor: id, mode, test })
    }

    /// Whether it holds for one event, given how to get accessors' values. Absent values make it false.
    pub fn holds<'a>(&self, ctx: &Ctx<'a>, value: &mut dyn FnMut(u32) -> Option<Value<'a>>) -> bool {
        if let Test::Around { center, within } = &self.test {
            return ctx.event.ts.abs_diff(*center) <= *within;
        }
        let Some(left) = value(self.accessor) else { return false };
        let test = match &self.test {
            Test::Against(op, rhs) => {
                let Some(right) = value(*rhs) else { return false };
                return self.against(*op, &left, &right);
            }
            Test::Host { names, negated } => {
                let Value::Ip(address) = left else { return false };
                return names.iter().any(|name| ctx.state.names.is_address_of(name, address)) != *negated;
            }
            Test::Dynamic { param, tests } => match dynamic(ctx, param, tests) {
                Some(test) => test,
                None => return false,
            },
            test => test,
        };
        match (self.mode, left) {
            (Mode::Scalar, value) => test.holds(&value),
            (Mode::List, Value::List(items)) => test.holds_for_list(items),
            (Mode::AnyElement, Value::List(items)) => items.iter().any(|v| test.holds(v)),
            (Mode::EitherEnd, Value::List(ends)) => test.holds_for_ends(ends),
            (Mode::EitherEnd | Mode::AnyElement, value) => test.holds(&value),
            (Mode::List, _) => false,
        }
    }
}

impl Check {
    /// Ancestors and both ends of a connection compare with another field as they do with a literal.
    fn against(&self, op: Op, left: &Value<'_>, right: &Value<'_>) -> bool {
        let holds = |one: &Value<'_>| operators::against(op, one, right);
        match (self.mode, left) {
            (Mode::EitherEnd, Value::List(ends)) if op == Op::Ne => !ends.is_empty() && ends.iter().all(holds),
            (Mode::AnyElement | Mode::EitherEnd, Value::List(items)) => items.iter().any(holds),
            _ => holds(left),
        }
    }
}

impl Test {
    fn compile(doc: &CheckDoc, accessor: &Accessor) -> Result<Self, String> {
        let values = doc.values.as_deref().unwrap_or_default();
        match accessor.field() {
            Some((def, arg)) if def.name == "evt.around" => Self::around(doc.op, arg, values),
            Some((def, Arg::Key(param))) if def.ty == Type::Dyn => Self::dynamic(doc, param, values),
            Some((def, _)) if def.flags.contains(&"host-name") => Self::host(doc.op, values),
            Some((def, _)) if def.name == "fd.net" && matches!(doc.op, Op::In | Op::Intersects) => {
                // Only the first network counts (fields-semantics.md §4).
                Self::of_type(doc, accessor.ty, accessor.is_list, values.get(..1).unwrap_or_default())
            }
            _ => Self::of_type(doc, accessor.ty, accessor.is_list, values),
        }
    }

    fn of_type(doc: &CheckDoc, ty: Type, is_list: bool, values: &[Raw]) -> Result<Self, String> {
        doc.op.check(ty, is_list)?;
        if let Some(modifier) = doc.modifier {
            let singles = values.iter().map(|v| Single::parse(doc.op, ty, v.bytes()));
            return Ok(Self::Quantified(modifier, singles.collect::<Result<_, _>>()?));
        }
        match (doc.op, values) {
            (Op::Exists, _) => Ok(Self::Exists),
            (Op::In | Op::Intersects, _) => {
                let literals: Vec<_> =
                    values.iter().map(|v| Literal::parse(ty, v.bytes())).collect::<Result<_, _>>()?;
                Ok(Self::Set(doc.op, Set::new(literals)))
            }
            (Op::PMatch, _) => Ok(Self::Paths(PrefixTree::new(values.iter().map(Raw::bytes)))),
            (op, [value]) => Ok(Self::Single(Single::parse(op, ty, value.bytes())?)),
            (op, _) => Err(format!("'{}' takes one value, {} were given", op.word(), values.len())),
        }
    }

    fn against(op: Op, left: &Accessor, right: &Accessor, rhs: u32) -> Result<Self, String> {
        op.check(left.ty, left.is_list)?;
        if matches!(op, Op::Exists | Op::Regex | Op::PMatch) || left.ty == Type::IpNet {
            return Err(format!("'{}' takes no field on its right", op.word()));
        }
        if (left.ty, left.is_list) != (right.ty, right.is_list) {
            return Err(format!("{:?} cannot be compared with {:?}", left.ty, right.ty));
        }
        Ok(Self::Against(op, rhs))
    }

    fn around(op: Op, arg: &Arg, values: &[Raw]) -> Result<Self, String> {
        let center = match arg {
            Arg::Key(text) => text.parse().ok(),
            Arg::Index(n) => Some(u64::from(*n)),
            Arg::None => None,
        };
        let within = match values {
            [ms] => ms.text()?.parse::<u64>().ok().map(|ms| ms.saturating_mul(1_000_000)),
            _ => None,
        };
        match (op, center, within) {
            (Op::Eq, Some(center), Some(within)) => Ok(Self::Around { center, within }),
            _ => Err("it takes a time in nanoseconds and '=' a number of milliseconds".into()),
        }
    }

    /// The value is an address, the literals are names, which the state has resolved by the time of the event.
    fn host(op: Op, values: &[Raw]) -> Result<Self, String> {
        let names = || values.iter().map(|value| value.text().map(Into::into)).collect::<Result<_, _>>();
        match op {
            Op::Exists => Ok(Self::Exists),
            Op::Eq | Op::In | Op::Intersects => Ok(Self::Host { names: names()?, negated: false }),
            Op::Ne => Ok(Self::Host { names: names()?, negated: true }),
            _ => Err(format!("'{}' operator not supported for host names", op.word())),
        }
    }

    fn dynamic(doc: &CheckDoc, param: &str, values: &[Raw]) -> Result<Self, String> {
        let (mut tests, mut error) = (Vec::new(), format!("unknown event argument {param}"));
        for ty in types_of(param) {
            match Self::of_type(doc, ty, false, values) {
                Ok(test) => tests.push((ty, test)),
                Err(what) => error = what,
            }
        }
        if tests.is_empty() { Err(error) } else { Ok(Self::Dynamic { param: param.into(), tests }) }
    }

    /// Whether a scalar that is there satisfies it.
    fn holds(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Single(single) => single.holds(value),
            Self::Set(_, set) => set.contains(value),
            Self::Paths(tree) => matches!(value, Value::Text(text) if tree.matches(text)),
            Self::Quantified(modifier, singles) => quantify(*modifier, singles.iter().map(|s| s.holds(value))),
            Self::Against(..) | Self::Around { .. } | Self::Dynamic { .. } | Self::Host { .. } => false,
        }
    }

    fn holds_for_list(&self, items: &[Value<'_>]) -> bool {
        match self {
            Self::Exists => true,
            Self::Set(Op::In, set) => items.iter().all(|v| set.contains(v)),
            Self::Set(_, set) => items.iter().any(|v| set.contains(v)),
            _ => false,
        }
    }

    fn holds_for_ends(&self, ends: &[Value<'_>]) -> bool {
        let single = |s: &Single| match s {
            Single::Compare(Op::Ne, _) => !ends.is_empty() && ends.iter().all(|v| s.holds(v)),
            _ => ends.iter().any(|v| s.holds(v)),
        };
        match self {
            Self::Single(s) => single(s),
            Self::Quantified(modifier, singles) => quantify(*modifier, singles.iter().map(single)),
            other => ends.iter().any(|v| other.holds(v)),
        }
    }

    /// Rough price of applying it.
    pub fn cost(&self) -> u32 {
        match self {
            Self::Exists | Self::Around { .. } => 0,
            Self::Set(..) => 1,
            Self::Single(Single::Compare(op, _)) => match op {
                Op::Contains | Op::IContains | Op::BContains => 3,
                _ => 1,
            },
            Self::Single(Single::Glob(_)) | Self::Paths(_) | Self::Against(..) => 4,
            Self::Single(Single::Regex(_)) => 20,
            Self::Quantified(_, singles) => 2 * singles.len() as u32,
            Self::Dynamic { .. } | Self::Host { .. } => 4,
        }
    }
}

fn quantify(modifier: Modifier, mut holds: impl Iterator<Item = bool>) -> bool {
    match modifier {
        Modifier::Any => holds.any(|h| h),
        Modifier::All => holds.all(|h| h),
        Modifier::One => holds.filter(|h| *h).count() == 1,
    }
}

/// The types that parameters of this name have, over all events.
fn types_of(param: &str) -> Vec<Type> {
    let mut types = Vec::new();
    for info in schema::events() {
        for known in info.params.iter().filter(|p| p.name == param) {
            let variants = known.variants.iter().map(|v| v.ty);
            types.extend(variants.chain((known.ty != Type::Dyn).then_some(known.ty)));
        }
    }
    types.sort_by_key(|t| *t as u8);
    types.dedup();
    types
}

/// The test for the type that the parameter has in this event.
fn dynamic<'t>(ctx: &Ctx<'_>, param: &str, tests: &'t [(Type, Test)]) -> Option<&'t Test> {
    let info = schema::event(ctx.event.id)?;
    let index = info.param_index(param)?;
    let (known, _) = info.params.get(index)?.variant(ctx.event.param(index)?)?;
    tests.iter().find(|(ty, _)| *ty == known.ty).map(|(_, test)| test)
}
