//! Accessors: a field with its parsed argument, or transformers around some, resolved once per plan.

use hashbrown::HashMap;
use serde::Deserialize;

use super::literal::Class;
use super::raw::Raw;
use super::transform::{Shape, Transformer};
use crate::fields::{Arg, ArgKind, Ctx, FieldDef};
use crate::value::{Type, Value};

/// An accessor as plans write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum AccessorDoc {
    Field { field: String, arg: Option<String> },
    Transform { transform: Transformer, args: Vec<OperandDoc>, selector: Option<String> },
}

/// An argument of a transformer as plans write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum OperandDoc {
    Text { text: Raw },
    List { list: Vec<OperandDoc> },
    Accessor(AccessorDoc),
}

/// What an accessor is resolved for: some ancestor fields mean another thing in outputs than in conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Condition,
    Output,
}

/// How a check applies to an accessor's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    Scalar,
    List,
    /// An ancestor field without index: some element satisfies the check.
    AnyElement,
    /// Both ends of a connection: some end satisfies it, for `!=` every end does.
    EitherEnd,
}

/// One resolved accessor; others are named by their index in [`Accessors`].
#[derive(Debug)]
pub struct Accessor {
    pub source: Source,
    pub ty: Type,
    pub is_list: bool,
    pub mode: Mode,
    /// Path choices change its value.
    pub is_path: bool,
    /// Rough price of an extraction.
    pub cost: u32,
    /// Its value depends on when it was asked for before (flag `own-past`).
    pub own_past: bool,
}

/// Fields with a past of their own are asked for when all else holds, as they count from when they were asked.
const LAST: u32 = 1 << 20;

pub enum Source {
    Field { def: &'static FieldDef, arg: Arg },
    Transform { transformer: Transformer, args: Vec<Operand>, selector: Option<u8> },
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field { def, arg } => write!(f, "{} {arg:?}", def.name),
            Self::Transform { transformer, args, selector } => write!(f, "{transformer:?} {args:?} {selector:?}"),
        }
    }
}

#[derive(Debug)]
pub enum Operand {
    Accessor(u32),
    Text(Box<[u8]>),
    List(Vec<Operand>),
}

/// Fields that path choices do not change, and that read a real name where there is one.
pub(crate) const READS_REAL_NAMES: &[&str] = &["evt.args", "evt.info", "fd.realpath"];

/// All accessors of a plan, equal ones once.
#[derive(Debug, Default)]
pub struct Accessors {
    list: Vec<Accessor>,
    known: HashMap<AccessorDoc, u32>,
}

/// Finds a field by its base name.
pub type Resolve<'r> = &'r dyn Fn(&str) -> Option<&'static FieldDef>;

impl Accessors {
    /// # Panics
    /// Never for an index that [`Accessors::add`] gave.
    pub fn get(&self, id: u32) -> &Accessor {
        &self.list[id as usize]
    }

    /// Whether some field reads real names whichever the choice ([`READS_REAL_NAMES`]).
    pub fn read_real_names(&self) -> bool {
        let fields = self.list.iter().filter_map(|accessor| match &accessor.source {
            Source::Field { def, .. } => Some(def.name),
            Source::Transform { .. } => None,
        });
        fields.into_iter().any(|name| READS_REAL_NAMES.contains(&name))
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Resolves an accessor and gives its index.
    ///
    /// # Errors
    /// What does not fit.
    pub fn add(&mut self, doc: &AccessorDoc, purpose: Use, resolve: Resolve<'_>) -> Result<u32, String> {
        let doc = meant(doc, purpose);
        // Uses that have a past of their own are no use of others. In outputs it is the output's.
        let single = purpose == Use::Condition && has_own_past(&doc, resolve);
        if let Some(id) = self.known.get(&doc).filter(|_| !single) {
            return Ok(*id);
        }
        let accessor = match &doc {
            AccessorDoc::Field { field, arg } => field_accessor(field, arg.as_deref(), resolve)?,
            AccessorDoc::Transform { transform, args, selector } => {
                self.transform_accessor(*transform, args, selector.as_deref(), purpose, resolve)?
            }
        };
        let id = u32::try_from(self.list.len()).map_err(|_| "too many accessors")?;
        self.list.push(accessor);
        if !single {
            self.known.insert(doc, id);
        }
        Ok(id)
    }

    fn transform_accessor(
        &mut self,
        transformer: Transformer,
        args: &[OperandDoc],
        selector: Option<&str>,
        purpose: Use,
        resolve: Resolve<'_>,
    ) -> Result<Accessor, String> {
        let selector = match selector.map(str::as_bytes) {
            None => None,
            Some([c]) => Some(*c),
            Some(_) => return Err("a selector is one character".into()),
        };
        let (mut operands, mut shapes) = (Vec::new(), Vec::new());
        for arg in args {
            let (operand, shape) = self.operand(arg, purpose, resolve)?;
            operands.push(operand);
            shapes.push(shape);
        }
        let (ty, is_list) = transformer.shape(&shapes, selector.is_some())?;
        let mut inner = Vec::new();
        operands.iter().for_each(|o| o.accessors(&mut inner));
        Ok(Accessor {
            source: Source::Transform { transformer, args: operands, selector },
            ty,
            is_list,
            mode: if is_list { Mode::List } else { Mode::Scalar },
            is_path: inner.iter().any(|id| self.get(*id).is_path),
            cost: 4 + inner.iter().map(|id| self.get(*id).cost).sum::<u32>(),
            own_past: false,
        })
    }

    fn operand(&mut self, doc: &OperandDoc, purpose: Use, resolve: Resolve<'_>) -> Result<(Operand, Shape), String> {
        Ok(match doc {
            OperandDoc::Text { text } => (Operand::Text(text.bytes().into()), (Type::CharBuf, false)),
            OperandDoc::List { list } => {
                let mut items = Vec::new();
                for item in list {
                    let (operand, (_, is_list)) = self.operand(item, purpose, resolve)?;
                    if is_list {
                        return Err("a list holds scalars only".into());
                    }
                    items.push(operand);
                }
                (Operand::List(items), (Type::CharBuf, true))
            }
            OperandDoc::Accessor(doc) => {
                let id = self.add(doc, purpose, resolve)?;
                let accessor = self.get(id);
                (Operand::Accessor(id), (accessor.ty, accessor.is_list))
            }
        })
    }

    /// The value for one event, without a cache; `None` when it is absent.
    pub fn extract<'a>(&self, id: u32, ctx: &Ctx<'a>) -> Option<Value<'a>> {
        self.get(id).compute(ctx, &mut |inner| self.extract(inner, ctx))
    }
}

impl Accessor {
    /// The value for one event, given how to get inner accessors' values.
    pub fn compute<'a>(&self, ctx: &Ctx<'a>, inner: &mut dyn FnMut(u32) -> Option<Value<'a>>) -> Option<Value<'a>> {
        match &self.source {
            Source::Field { def, arg } => (def.extract)(ctx, arg),
            Source::Transform { transformer, args, selector } => {
                let args = values(args, ctx, inner)?;
                transformer.apply(args, *selector, ctx.arena)
            }
        }
    }

    /// The field, if it is one and not a transformer.
    pub fn field(&self) -> Option<(&'static FieldDef, &Arg)> {
        match &self.source {
            Source::Field { def, arg } => Some((def, arg)),
            Source::Transform { .. } => None,
        }
    }
}

impl Operand {
    fn accessors(&self, out: &mut Vec<u32>) {
        match self {
            Self::Accessor(id) => out.push(*id),
            Self::List(items) => items.iter().for_each(|item| item.accessors(out)),
            Self::Text(_) => {}
        }
    }

    fn value<'a>(&self, ctx: &Ctx<'a>, inner: &mut dyn FnMut(u32) -> Option<Value<'a>>) -> Option<Value<'a>> {
        Some(match self {
            Self::Accessor(id) => inner(*id)?,
            Self::Text(text) => Value::Text(ctx.arena.alloc_slice_copy(text)),
            Self::List(items) => Value::List(values(items, ctx, inner)?),
        })
    }
}

fn values<'a>(
    operands: &[Operand],
    ctx: &Ctx<'a>,
    inner: &mut dyn FnMut(u32) -> Option<Value<'a>>,
) -> Option<&'a [Value<'a>]> {
    let mut out = bumpalo::collections::Vec::with_capacity_in(operands.len(), ctx.arena);
    for operand in operands {
        out.push(operand.value(ctx, inner)?);
    }
    Some(out.into_bump_slice())
}

/// In conditions `proc.aenv` with an index looks at every ancestor; in outputs `proc.apid` and `proc.aenv`
/// without one are the process's own.
fn meant(doc: &AccessorDoc, purpose: Use) -> AccessorDoc {
    let AccessorDoc::Field { field, arg } = doc else { return doc.clone() };
    let is_index = arg.as_deref().is_some_and(|a| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit()));
    let plain = |name: &str| AccessorDoc::Field { field: name.into(), arg: None };
    match (field.as_str(), purpose) {
        ("proc.aenv", Use::Condition) if is_index => plain("proc.aenv"),
        ("proc.aenv", Use::Output) if arg.is_none() => plain("proc.env"),
        ("proc.apid", Use::Output) if arg.is_none() => plain("proc.pid"),
        _ => doc.clone(),
    }
}

fn is_own_past(def: &FieldDef) -> bool {
    def.flags.contains(&"own-past")
}

fn has_own_past(doc: &AccessorDoc, resolve: Resolve<'_>) -> bool {
    fn operand(doc: &OperandDoc, resolve: Resolve<'_>) -> bool {
        match doc {
            OperandDoc::Text { .. } => false,
            OperandDoc::List { list } => list.iter().any(|item| operand(item, resolve)),
            OperandDoc::Accessor(doc) => has_own_past(doc, resolve),
        }
    }
    match doc {
        AccessorDoc::Field { field, .. } => resolve(field).is_some_and(is_own_past),
        AccessorDoc::Transform { args, .. } => args.iter().any(|arg| operand(arg, resolve)),
    }
}

fn field_accessor(name: &str, arg: Option<&str>, resolve: Resolve<'_>) -> Result<Accessor, String> {
    let def = resolve(name).ok_or_else(|| format!("filter_check called with nonexistent field {name}"))?;
    let arg = parse_arg(def, arg)?;
    let mode = if def.flags.contains(&"any-ancestor") && arg == Arg::None {
        Mode::AnyElement
    } else if def.flags.contains(&"either-end") {
        Mode::EitherEnd
    } else if def.is_list {
        Mode::List
    } else {
        Mode::Scalar
    };
    Ok(Accessor {
        source: Source::Field { def, arg },
        ty: def.ty,
        is_list: mode == Mode::List,
        mode,
        is_path: def.is_path,
        cost: cost(def, mode),
        own_past: is_own_past(def),
    })
}

fn parse_arg(def: &FieldDef, arg: Option<&str>) -> Result<Arg, String> {
    let Some(text) = arg else {
        return if def.arg_required { Err("an argument is missing".into()) } else { Ok(Arg::None) };
    };
    let index = || text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())).map(Arg::Index);
    let key = || Arg::Key(text.into());
    match def.arg {
        ArgKind::None => Err(format!("it takes no argument, '{text}' was given")),
        ArgKind::Index => index().ok_or_else(|| format!("'{text}' is no index")),
        ArgKind::Key => Ok(key()),
        ArgKind::IndexOrKey | ArgKind::Dotted => Ok(index().unwrap_or_else(key)),
    }
}

/// What the header and the event's own parameters hold is cheap; walks over ancestors and joined text are not.
fn cost(def: &FieldDef, mode: Mode) -> u32 {
    let of_class = match def.class {
        _ if is_own_past(def) => LAST,
        "evt" | "syscall" if matches!(def.name, "evt.args" | "evt.info") => 12,
        "evt" | "syscall" | "group" | "user" => 2,
        _ if def.name.contains("line") || def.name.contains("args") || def.name.contains("env") => 8,
        _ => 3,
    };
    let walked = if mode == Mode::AnyElement { 12 } else { 0 };
    let type_of_event = matches!(def.name, "evt.type" | "syscall.type");
    let paths = u32::from(def.is_path) * 2;
    let lists = u32::from(def.is_list) * 4;
    if type_of_event { 1 } else { of_class + walked + paths + lists + u32::from(Class::of(def.ty) == Class::Text) }
}
