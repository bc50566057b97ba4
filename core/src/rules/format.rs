//! Alerts: the text line and the JSON object of a match (spec: outputs.md §1 and §2).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use bumpalo::Bump;
use serde::Deserialize;

use super::accessor::{Accessor, AccessorDoc, Accessors, Mode, OperandDoc, Resolve, Use};
use super::json;
use super::past::Past;
use super::plan::Rule;
use crate::fields::{Arg, Ctx};
use crate::schema::localtime;
use crate::schema::render::{self, Out, Text};
use crate::schema::{self, Format};
use crate::value::{Type, Value};

/// Longest rendering of a value that is no string.
const VALUE_LIMIT: usize = 1023;
const ABSENT: &[u8] = b"<NA>";

const PRIORITIES: [&str; 8] =
    ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];

/// How alerts are written; the configuration keys of the same names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FormatSettings {
    pub json_output: bool,
    pub json_include_output_property: bool,
    pub json_include_message_property: bool,
    pub json_include_output_fields_property: bool,
    pub json_include_tags_property: bool,
    pub time_format_iso_8601: bool,
    pub buffer_format_base64: bool,
    pub hostname: String,
}

impl Default for FormatSettings {
    fn default() -> Self {
        Self {
            json_output: false,
            json_include_output_property: true,
            json_include_message_property: false,
            json_include_output_fields_property: true,
            json_include_tags_property: true,
            time_format_iso_8601: false,
            buffer_format_base64: false,
            hostname: String::new(),
        }
    }
}

/// A finished alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    pub rule: Arc<str>,
    /// 0 emergency to 7 debug.
    pub priority: u8,
    pub source: Arc<str>,
    /// ns since the epoch.
    pub time_ns: u64,
    pub tags: Arc<[String]>,
    /// The complete line, without line feed.
    pub text: String,
    /// The JSON object, without line feed.
    pub json: String,
}

/// A piece of an output as plans write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum SegmentDoc {
    Text {
        text: String,
    },
    Value {
        value: AccessorDoc,
        #[serde(default)]
        width: Option<usize>,
        #[serde(rename = "as", default)]
        key: Option<String>,
    },
}

/// An extra field as plans write it: formatted text, or a typed value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ExtraDoc {
    Text(Vec<SegmentDoc>),
    Value(AccessorDoc),
}

#[derive(Debug)]
enum Segment {
    Text(Box<[u8]>),
    Value { accessor: u32, width: Option<usize> },
}

#[derive(Debug)]
enum Entry {
    Typed(u32),
    Text(Vec<Segment>),
}

/// A rule's output, compiled.
#[derive(Debug, Default)]
pub struct Output {
    pub(super) accessors: Arc<Accessors>,
    segments: Vec<Segment>,
    /// `output_fields`, sorted.
    fields: BTreeMap<String, Entry>,
    /// The real name of the event's file, reported when it decided.
    realpath: Option<u32>,
    /// Of what it was last written for.
    past: Cell<Past>,
}

impl Output {
    /// Notes that it is written for the event of `ctx`, and with it all its fields are evaluated.
    fn evaluated<'a>(&self, ctx: &Ctx<'a>) -> Ctx<'a> {
        let mut past = self.past.get();
        let earlier = past.note(ctx.event);
        self.past.set(past);
        Ctx { earlier, ..*ctx }
    }

    /// # Errors
    /// What does not fit, with the field's name.
    pub fn compile(
        segments: &[SegmentDoc],
        extra: &BTreeMap<String, ExtraDoc>,
        accessors: &mut Accessors,
        resolve: Resolve<'_>,
    ) -> Result<Self, String> {
        let mut output = Self::default();
        output.segments = output.compile_segments(segments, true, accessors, resolve)?;
        for (key, doc) in extra {
            let entry = match doc {
                ExtraDoc::Value(doc) => Entry::Typed(accessors.add(doc, Use::Output, resolve)?),
                ExtraDoc::Text(segments) => Entry::Text(output.compile_segments(segments, false, accessors, resolve)?),
            };
            output.fields.insert(key.clone(), entry);
        }
        let realpath = AccessorDoc::Field { field: "fd.realpath".into(), arg: None };
        output.realpath = accessors.add(&realpath, Use::Output, resolve).ok();
        Ok(output)
    }

    fn compile_segments(
        &mut self,
        docs: &[SegmentDoc],
        listed: bool,
        accessors: &mut Accessors,
        resolve: Resolve<'_>,
    ) -> Result<Vec<Segment>, String> {
        let mut segments = Vec::with_capacity(docs.len());
        for doc in docs {
            segments.push(match doc {
                SegmentDoc::Text { text } => Segment::Text(text.as_bytes().into()),
                SegmentDoc::Value { value, width, key } => {
                    let accessor = accessors.add(value, Use::Output, resolve).map_err(|e| at(value, &e))?;
                    if listed {
                        self.list_fields(value, key.as_deref(), accessors, resolve)?;
                    }
                    Segment::Value { accessor, width: *width }
                }
            });
        }
        Ok(segments)
    }

    /// Puts a field, or the fields inside a transformer, into `output_fields`.
    fn list_fields(
        &mut self,
        doc: &AccessorDoc,
        key: Option<&str>,
        accessors: &mut Accessors,
        resolve: Resolve<'_>,
    ) -> Result<(), String> {
        match doc {
            AccessorDoc::Field { .. } => {
                let id = accessors.add(doc, Use::Output, resolve).map_err(|e| at(doc, &e))?;
                self.fields.insert(key.map_or_else(|| name(doc, resolve), str::to_owned), Entry::Typed(id));
                Ok(())
            }
            AccessorDoc::Transform { args, .. } => {
                args.iter().try_for_each(|arg| self.list_operand(arg, accessors, resolve))
            }
        }
    }

    fn list_operand(
        &mut self,
        doc: &OperandDoc,
        accessors: &mut Accessors,
        resolve: Resolve<'_>,
    ) -> Result<(), String> {
        match doc {
            OperandDoc::Text { .. } => Ok(()),
            OperandDoc::List { list } => list.iter().try_for_each(|item| self.list_operand(item, accessors, resolve)),
            OperandDoc::Accessor(doc) => self.list_fields(doc, None, accessors, resolve),
        }
    }
}

fn at(doc: &AccessorDoc, what: &str) -> String {
    match doc {
        AccessorDoc::Field { field, .. } => format!("field {field}: {what}"),
        AccessorDoc::Transform { .. } => what.to_owned(),
    }
}

/// A field with its argument as outputs write it.
fn name(doc: &AccessorDoc, resolve: Resolve<'_>) -> String {
    let AccessorDoc::Field { field, arg } = doc else { return String::new() };
    let dotted = resolve(field).is_some_and(|def| def.arg == crate::fields::ArgKind::Dotted);
    match arg {
        None => field.clone(),
        Some(arg) if dotted && !arg.bytes().all(|b| b.is_ascii_digit()) => format!("{field}.{arg}"),
        Some(arg) => format!("{field}[{arg}]"),
    }
}

/// Writes the alert of a rule that matched under `ctx.choice`.
pub fn alert(rule: &Rule, ctx: &Ctx<'_>, settings: &FormatSettings) -> Alert {
    let ctx = &rule.output.evaluated(ctx);
    let writer = Writer { output: &rule.output, ctx, settings, arena: ctx.arena };
    let message = writer.text(&rule.output.segments);
    let priority = PRIORITIES[usize::from(rule.priority.min(7))];
    let mut line = Out::new_in(ctx.arena);
    {
        let mut line = Text(&mut line);
        let _ = prefix_time(ctx.event.ts, settings, &mut line);
        let _ = write!(line, ": {priority} ");
    }
    line.extend_from_slice(message);
    let mut text = String::with_capacity(line.len() + 16);
    json::escaped(&line, &mut text);
    Alert {
        rule: Arc::clone(&rule.name),
        priority: rule.priority,
        source: Arc::clone(&rule.source),
        time_ns: ctx.event.ts,
        tags: Arc::clone(&rule.tags),
        text,
        json: writer.json(rule, priority, message, &line),
    }
}

/// Writes an event as the output of a rule that need not match it: the text alone, and its fields as JSON.
pub fn line(rule: &Rule, ctx: &Ctx<'_>, settings: &FormatSettings) -> Alert {
    let ctx = &rule.output.evaluated(ctx);
    let writer = Writer { output: &rule.output, ctx, settings, arena: ctx.arena };
    let (mut text, mut json) = (String::new(), String::new());
    if settings.json_output {
        writer.output_fields(&mut json);
    } else {
        // No value can end the line or speak to the terminal.
        let shown = String::from_utf8_lossy(writer.text(&rule.output.segments));
        text.extend(shown.chars().map(|c| if c.is_control() && c != '\t' { '.' } else { c }));
    }
    Alert {
        rule: Arc::clone(&rule.name),
        priority: rule.priority,
        source: Arc::clone(&rule.source),
        time_ns: ctx.event.ts,
        tags: Arc::clone(&rule.tags),
        text,
        json,
    }
}

fn prefix_time(ns: u64, settings: &FormatSettings, out: &mut impl Write) -> std::fmt::Result {
    if settings.time_format_iso_8601 {
        localtime::utc(ns).iso(out, "+0000")
    } else {
        localtime::local(ns).clock_ns(out)
    }
}

struct Writer<'w, 'a> {
    output: &'w Output,
    ctx: &'w Ctx<'a>,
    settings: &'w FormatSettings,
    arena: &'a Bump,
}

impl<'a> Writer<'_, 'a> {
    fn text(&self, segments: &[Segment]) -> &'a [u8] {
        let mut out = Out::new_in(self.arena);
        for segment in segments {
            match segment {
                Segment::Text(text) => out.extend_from_slice(text),
                Segment::Value { accessor, width } => {
                    let from = out.len();
                    match self.rendered(*accessor) {
                        Some(text) => out.extend_from_slice(text),
                        None => out.extend_from_slice(ABSENT),
                    }
                    if let Some(width) = width {
                        out.resize(from + width, b' ');
                    }
                }
            }
        }
        out.into_bump_slice()
    }

    /// The value to show: of an address that is compared with host names, its name.
    fn value(&self, id: u32) -> Option<Value<'a>> {
        let field = self.output.accessors.get(id).field();
        let named = field.is_some_and(|(def, _)| def.flags.contains(&"host-name"));
        match self.output.accessors.extract(id, self.ctx)? {
            Value::Ip(address) if named => {
                self.ctx.state.names.name_of(address, self.ctx.event.ts, self.arena).map(Value::Text)
            }
            value => Some(value),
        }
    }

    /// A value as outputs show it; `None` when it is absent.
    fn rendered(&self, id: u32) -> Option<&'a [u8]> {
        let accessor = self.output.accessors.get(id);
        let value = self.value(id)?;
        let format = print_format(accessor, self.ctx);
        let mut out = Out::new_in(self.arena);
        match (accessor.mode, value) {
            (Mode::AnyElement, Value::List([])) => return None,
            (Mode::AnyElement, Value::List(items)) => self.joined(items, b" ", format, &mut out),
            (_, Value::List(items)) => {
                out.push(b'(');
                self.joined(items, b",", format, &mut out);
                out.push(b')');
                out.truncate(VALUE_LIMIT);
            }
            (_, Value::Bytes(bytes)) if self.settings.buffer_format_base64 && is_buffer_field(accessor) => {
                let mut once = Out::new_in(self.arena);
                render::encode_base64(bytes, &mut once);
                render::encode_base64(&once, &mut out);
            }
            (_, value) => self.scalar(&value, format, &mut out),
        }
        Some(out.into_bump_slice())
    }

    fn joined(&self, items: &[Value<'_>], separator: &[u8], format: Format, out: &mut Out<'_>) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(separator);
            }
            self.scalar(item, format, out);
        }
    }

    fn scalar(&self, value: &Value<'_>, format: Format, out: &mut Out<'_>) {
        let _ = match value {
            Value::Text(text) => {
                out.extend_from_slice(text);
                Ok(())
            }
            Value::Bytes(bytes) => {
                render::buffer(bytes, self.settings.buffer_format_base64, out);
                Ok(())
            }
            Value::Bool(b) => write!(Text(out), "{b}"),
            Value::Int(n) if matches!(format, Format::Dec | Format::Na) => write!(Text(out), "{n}"),
            // Device numbers are the signed fields that show their bits; they have 32.
            Value::Int(n) => {
                render::unsigned_number(format, Some(u64::from(*n as u32)), out);
                Ok(())
            }
            Value::Uint(n) => {
                render::unsigned_number(format, Some(*n), out);
                Ok(())
            }
            Value::Double(n) => write!(Text(out), "{n:.1}"),
            Value::Ip(ip) => write!(Text(out), "{ip}"),
            Value::List(_) => Ok(()),
        };
    }

    fn json(&self, rule: &Rule, priority: &str, message: &[u8], line: &[u8]) -> String {
        let settings = self.settings;
        let mut out = String::with_capacity(256 + 2 * line.len());
        let key = |name: &str, out: &mut String| {
            out.push(if out.is_empty() { '{' } else { ',' });
            json::string(name.as_bytes(), out);
            out.push(':');
        };
        let text = |name: &str, value: &[u8], out: &mut String| {
            key(name, out);
            json::string(value, out);
        };
        text("hostname", settings.hostname.as_bytes(), &mut out);
        if settings.json_include_message_property {
            text("message", message, &mut out);
        }
        if settings.json_include_output_property {
            text("output", line, &mut out);
        }
        if settings.json_include_output_fields_property {
            out.push_str(",\"output_fields\":");
            self.output_fields(&mut out);
        }
        text("priority", priority.as_bytes(), &mut out);
        text("rule", rule.name.as_bytes(), &mut out);
        text("source", rule.source.as_bytes(), &mut out);
        if settings.json_include_tags_property {
            out.push_str(",\"tags\":[");
            for (at, tag) in rule.tags.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json::string(tag.as_bytes(), &mut out);
            }
            out.push(']');
        }
        out.push_str(",\"time\":\"");
        let _ = localtime::utc(self.ctx.event.ts).iso(&mut out, "Z");
        out.push_str("\"}");
        out
    }

    /// The rule's fields, the line's time and, if a real name decided, which it was: sorted.
    fn output_fields(&self, out: &mut String) {
        let time = if self.settings.time_format_iso_8601 { "evt.time.iso8601" } else { "evt.time" };
        let mut texts: BTreeMap<&str, String> = BTreeMap::new();
        for (key, entry) in &self.output.fields {
            let mut text = String::new();
            match entry {
                Entry::Typed(id) => self.typed(*id, &mut text),
                Entry::Text(segments) => json::string(self.text(segments), &mut text),
            }
            texts.insert(key, text);
        }
        texts.insert(time, self.ctx.event.ts.to_string());
        if self.ctx.choice.real != 0 {
            texts.insert("evt.path_match", "\"real\"".into());
            if let Some(id) = self.output.realpath {
                let mut text = String::new();
                self.typed(id, &mut text);
                texts.insert("fd.realpath", text);
            }
        }
        for (at, (key, text)) in texts.iter().enumerate() {
            out.push(if at == 0 { '{' } else { ',' });
            json::string(key.as_bytes(), out);
            out.push(':');
            out.push_str(text);
        }
        out.push('}');
    }

    /// A value as JSON of its type; `null` when it is absent.
    fn typed(&self, id: u32, out: &mut String) {
        let accessor = self.output.accessors.get(id);
        if is_time_of_day(accessor) {
            let _ = write!(out, "{}", self.ctx.event.ts);
            return;
        }
        match (accessor.mode, self.value(id)) {
            (_, None) | (Mode::AnyElement, Some(Value::List([]))) => out.push_str("null"),
            (mode, Some(Value::List(items))) if mode != Mode::AnyElement => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.typed_scalar(item, json_format(accessor, self.ctx), out);
                }
                out.push(']');
            }
            (_, Some(Value::List(_) | Value::Bytes(_))) => {
                json::string(self.rendered(id).unwrap_or_default(), out);
            }
            (_, Some(value)) => self.typed_scalar(&value, json_format(accessor, self.ctx), out),
        }
    }

    fn typed_scalar(&self, value: &Value<'_>, format: Format, out: &mut String) {
        let decimal = matches!(format, Format::Dec | Format::Na);
        let _ = match value {
            Value::Int(n) if decimal => write!(out, "{n}"),
            Value::Uint(n) if decimal => write!(out, "{n}"),
            Value::Bool(b) => write!(out, "{b}"),
            Value::Double(n) => {
                json::double(*n, out);
                Ok(())
            }
            other => {
                let mut text = Out::new_in(self.arena);
                self.scalar(other, format, &mut text);
                json::string(&text, out);
                Ok(())
            }
        };
    }
}

fn field_name(accessor: &Accessor) -> &'static str {
    accessor.field().map_or("", |(def, _)| def.name)
}

fn is_buffer_field(accessor: &Accessor) -> bool {
    field_name(accessor) == "evt.buffer"
}

/// Fields that are text in lines and nanoseconds since the epoch in JSON.
fn is_time_of_day(accessor: &Accessor) -> bool {
    matches!(field_name(accessor), "evt.time" | "evt.time.s" | "evt.time.iso8601" | "evt.datetime" | "evt.datetime.s")
}

/// Fields that are padded in lines and plain numbers in JSON.
fn json_format(accessor: &Accessor, ctx: &Ctx<'_>) -> Format {
    const PLAIN: [&str; 4] = ["evt.rawtime", "evt.reltime", "evt.latency", "evt.deltatime"];
    let name = field_name(accessor);
    if PLAIN.iter().any(|plain| name.starts_with(plain)) { Format::Dec } else { print_format(accessor, ctx) }
}

fn print_format(accessor: &Accessor, ctx: &Ctx<'_>) -> Format {
    let Some((def, arg)) = accessor.field() else { return Format::Dec };
    if def.ty == Type::Dyn {
        return param_format(arg, ctx).unwrap_or(Format::Dec);
    }
    match def.flags.iter().find_map(|flag| flag.strip_prefix("print=")) {
        Some("hex") => Format::Hex,
        Some("oct") => Format::Oct,
        Some("dec09") => Format::Dec09,
        _ => Format::Dec,
    }
}

/// The format of the parameter that `evt.rawarg` names in this event.
fn param_format(arg: &Arg, ctx: &Ctx<'_>) -> Option<Format> {
    let Arg::Key(name) = arg else { return None };
    let info = schema::event(ctx.event.id)?;
    let index = info.param_index(name)?;
    let (param, _) = info.params.get(index)?.variant(ctx.event.param(index)?)?;
    Some(param.format)
}
