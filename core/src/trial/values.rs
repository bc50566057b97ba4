//! Values of accessors for one event, in JSON: `{"type", "value"}`, or `{"absent": why}`.
//!
//! Numbers are numbers, addresses texts, lists lists; bytes that are no UTF-8 are `{"hex": …}`.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{TrialError, absence, parse};
use crate::fields::{self, Ctx};
use crate::rules::accessor::{Accessor, AccessorDoc, Accessors, Mode, Operand, Source, Use};
use crate::value::Value;

/// A field as conditions write it, or an accessor as plans do.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Request {
    Text(String),
    Accessor(AccessorDoc),
}

impl Request {
    fn doc(&self) -> Result<AccessorDoc, TrialError> {
        match self {
            Self::Accessor(doc) => Ok(doc.clone()),
            Self::Text(text) => field(text).ok_or_else(|| TrialError::Field(text.clone())),
        }
    }
}

/// `proc.name`, `proc.aname[2]`, `evt.arg.flags`.
fn field(text: &str) -> Option<AccessorDoc> {
    let doc = |field: &str, arg: Option<&str>| {
        fields::lookup(field).map(|_| AccessorDoc::Field { field: field.into(), arg: arg.map(Into::into) })
    };
    if let Some((base, arg)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        return doc(base, Some(arg));
    }
    doc(text, None).or_else(|| text.rmatch_indices('.').find_map(|(at, _)| doc(&text[..at], Some(&text[at + 1..]))))
}

/// The answers to a JSON list of accessors, as a JSON list.
///
/// # Errors
/// The list is malformed, or an accessor is none.
pub fn answer(json: &[u8], ctx: &Ctx<'_>) -> Result<String, TrialError> {
    let requests: Vec<Request> = parse("accessors", json)?;
    let mut accessors = Accessors::default();
    let mut answers = Vec::with_capacity(requests.len());
    for request in &requests {
        let id = accessors
            .add(&request.doc()?, Use::Condition, &fields::lookup)
            .map_err(|why| TrialError::Document { what: "accessors", why })?;
        let accessor = accessors.get(id);
        answers.push(match accessors.extract(id, ctx) {
            Some(value) => json!({"type": accessor.ty.name(), "value": shown(value),
                                  "any": matches!(accessor.mode, Mode::AnyElement | Mode::EitherEnd)}),
            None => json!({"absent": why(accessor, &accessors, ctx)}),
        });
    }
    Ok(Json::Array(answers).to_string())
}

fn shown(value: Value<'_>) -> Json {
    match value {
        Value::Text(text) => text_or_hex(text),
        Value::Bytes(bytes) => json!({"hex": hex(bytes)}),
        Value::Bool(flag) => flag.into(),
        Value::Int(number) => number.into(),
        Value::Uint(number) => number.into(),
        Value::Double(number) => number.into(),
        Value::Ip(ip) => ip.to_string().into(),
        Value::List(items) => items.iter().map(|item| shown(*item)).collect(),
    }
}

fn text_or_hex(bytes: &[u8]) -> Json {
    std::str::from_utf8(bytes).map_or_else(|_| json!({"hex": hex(bytes)}), Into::into)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why an accessor is absent: a transformer's first absent argument, or the transformer itself.
fn why(accessor: &Accessor, accessors: &Accessors, ctx: &Ctx<'_>) -> String {
    match &accessor.source {
        Source::Field { def, arg } => absence::reason(def, arg, ctx),
        Source::Transform { transformer, args, .. } => {
            let missing = args.iter().find_map(|arg| missing(arg, accessors, ctx));
            missing.unwrap_or_else(|| format!("{transformer:?} has no result for this value").to_lowercase())
        }
    }
}

fn missing(operand: &Operand, accessors: &Accessors, ctx: &Ctx<'_>) -> Option<String> {
    match operand {
        Operand::Accessor(id) if accessors.extract(*id, ctx).is_none() => Some(why(accessors.get(*id), accessors, ctx)),
        Operand::List(items) => items.iter().find_map(|item| missing(item, accessors, ctx)),
        _ => None,
    }
}
