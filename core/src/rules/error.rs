//! Why a plan could not be compiled.

/// A plan that does not hold together, with the place it was found at.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    #[error("the plan is no valid JSON document: {0}")]
    Syntax(String),
    #[error("the plan has format {got}, this core reads format {known}")]
    Format { got: u32, known: u32 },
    #[error("plan: {0}")]
    Structure(String),
    #[error("rule '{rule}': field {field}: {what}")]
    Check { rule: String, field: String, what: String },
    #[error("rule '{rule}': output: {what}")]
    Output { rule: String, what: String },
}

impl PlanError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "PLAN_SYNTAX",
            Self::Format { .. } => "PLAN_FORMAT",
            Self::Structure(_) => "PLAN_STRUCTURE",
            Self::Check { .. } => "PLAN_CHECK",
            Self::Output { .. } => "PLAN_OUTPUT",
        }
    }
}
