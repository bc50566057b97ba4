//! What can be wrong with a description of a process or an event.

/// Why something could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("{0}")]
    Plan(String),
    #[error("{what}: {why}")]
    Document { what: &'static str, why: String },
    #[error("unknown event type '{name}'{}", hint(.like))]
    Event { name: String, like: Option<String> },
    #[error("event {event} has no parameter '{name}'{}; it has {}", hint(.like), listed(.known))]
    Parameter { event: &'static str, name: String, like: Option<String>, known: Vec<&'static str> },
    #[error("parameter '{name}': {why}")]
    Value { name: String, why: String },
    #[error("'{name}' is no {what}{}", hint(.like))]
    Name { what: String, name: String, like: Option<String> },
    #[error("unknown process '{0}': describe it first")]
    Process(String),
    #[error("unknown field in '{0}'")]
    Field(String),
    #[error("no event has happened yet")]
    NoEvent,
    #[error("the event is too large: {0}")]
    Record(String),
}

/// Code, text and hint of every kind, for the list of errors.
pub const CATALOGUE: &[(&str, &str, &str)] = &[
    ("trial-document", "a description is malformed", "docs/rules.md lists what a process and an event can say"),
    ("trial-event", "there is no such event type", "`yarak --list-events` lists them"),
    ("trial-parameter", "the event has no such parameter", "`yarak --list-events` lists them"),
    ("trial-value", "the parameter cannot have this value", "give it as evt.arg shows it, or as a number"),
    ("trial-name", "there is no such name", "`yarak --list-events` names the table of flags"),
    ("trial-process", "a process is named that was not described", "list it under processes, parents first"),
    ("trial-field", "there is no such field", "`yarak --list` lists them"),
    ("trial-no-event", "values were asked for before an event", "feed an event first"),
    ("trial-record", "the event does not fit the wire format", "make its texts shorter than 64 KiB together"),
];

impl TrialError {
    /// Stable code, one of [`CATALOGUE`]'s or the plan's.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Document { .. } => "trial-document",
            Self::Event { .. } => "trial-event",
            Self::Parameter { .. } => "trial-parameter",
            Self::Value { .. } => "trial-value",
            Self::Name { .. } => "trial-name",
            Self::Process(_) => "trial-process",
            Self::Field(_) => "trial-field",
            Self::NoEvent => "trial-no-event",
            Self::Record(_) => "trial-record",
        }
    }

    pub fn hint(&self) -> &'static str {
        CATALOGUE.iter().find(|(code, _, _)| *code == self.code()).map_or("", |(_, _, hint)| hint)
    }

    pub(super) fn value(name: &str, why: impl Into<String>) -> Self {
        Self::Value { name: name.into(), why: why.into() }
    }

    /// An unknown name among those that are known.
    pub(super) fn name<'k>(what: impl Into<String>, name: &str, known: impl Iterator<Item = &'k str>) -> Self {
        Self::Name { what: what.into(), name: name.into(), like: super::names::closest(name, known) }
    }
}

fn hint(like: &Option<String>) -> String {
    like.as_ref().map_or_else(String::new, |like| format!(" (did you mean '{like}'?)"))
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "none".into() } else { known.join(", ") }
}
