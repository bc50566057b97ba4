//! The boundary to Python: conversions only.

mod replay;

use crate::capture::live::error::{CATALOGUE, LiveError};
use crate::capture::live::preflight;
use crate::engine::{self, Engine, EngineError, EngineSettings};
use crate::fields::{self as field_table, ArgKind};
use crate::record::Notice;
use crate::rules::{self, Plan, posix};
use crate::schema;
use crate::trial::{self, TrialError};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

create_exception!(_core, CoreError, PyException, "An error of the core: `code`, `message`, `hint`.");

/// Errors of plans, which carry their own place.
const PLAN: (&str, &str, &str) =
    ("plan", "the plan can't be compiled", "this is a defect of the rule compiler: report the rule");
const SETTINGS: (&str, &str, &str) =
    ("settings", "the settings document is malformed", "this is a defect of the caller");
const FILTER: (&str, &str, &str) =
    ("filter", "the kernel filter's tables are malformed", "switch the filter off and report the rules");
const PANIC: (&str, &str, &str) = ("core-dead", "the core stopped", "restart, and report the message");

fn raise(code: &str, message: String, hint: &str) -> PyErr {
    let error = CoreError::new_err(message.clone());
    Python::attach(|py| {
        let value = error.value(py);
        for (name, text) in [("code", code), ("message", message.as_str()), ("hint", hint)] {
            if let Err(failed) = value.setattr(name, text) {
                return failed;
            }
        }
        error
    })
}

fn live_error(error: &LiveError) -> PyErr {
    raise(error.code(), error.to_string(), error.hint())
}

/// The one place where Rust errors become Python's.
fn core_error(error: EngineError) -> PyErr {
    match &error {
        EngineError::Live(live) => live_error(live),
        EngineError::Plan(plan) => raise(PLAN.0, plan.to_string(), PLAN.2),
        EngineError::Settings(settings) => raise(SETTINGS.0, settings.to_string(), SETTINGS.2),
        EngineError::Filter(_) => raise(FILTER.0, error.to_string(), FILTER.2),
    }
}

fn trial_error(error: &TrialError) -> PyErr {
    let hint = if error.code() == PLAN.0 { PLAN.2 } else { error.hint() };
    raise(error.code(), error.to_string(), hint)
}

fn arg_word(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::None => "none",
        ArgKind::Index => "index",
        ArgKind::Key => "key",
        ArgKind::IndexOrKey => "index_or_key",
        ArgKind::Dotted => "dotted",
    }
}

/// Every field that rules and outputs can name.
#[pyfunction]
fn fields(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    field_table::all()
        .map(|field| {
            let d = PyDict::new(py);
            d.set_item("name", field.name)?;
            d.set_item("class", field.class)?;
            d.set_item("type", field.ty.name())?;
            d.set_item("arg", arg_word(field.arg))?;
            d.set_item("arg_required", field.arg_required)?;
            d.set_item("is_list", field.is_list)?;
            d.set_item("flags", field.flags.to_vec())?;
            d.set_item("display", field.display)?;
            d.set_item("desc", field.doc)?;
            d.set_item("sources", ["syscall"])?;
            d.set_item("is_path", field.is_path)?;
            Ok(d)
        })
        .collect()
}

fn params<'py>(py: Python<'py>, params: &[schema::ParamInfo]) -> PyResult<Vec<Bound<'py, PyDict>>> {
    params
        .iter()
        .map(|param| {
            let d = PyDict::new(py);
            d.set_item("name", param.name)?;
            d.set_item("type", param.ty.name())?;
            d.set_item("format", param.format.name())?;
            let names = param.flags_table.iter().flat_map(|table| table.rows.iter().map(|row| row.name));
            d.set_item("flags", names.collect::<Vec<_>>())?;
            Ok(d)
        })
        .collect()
}

/// Every current event, in order of id.
#[pyfunction]
fn events(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    schema::events()
        .iter()
        .map(|event| {
            let d = PyDict::new(py);
            d.set_item("id", event.id)?;
            d.set_item("name", event.name)?;
            d.set_item("category", event.category)?;
            d.set_item("flags", event.flags.names().collect::<Vec<_>>())?;
            d.set_item("kind", event.kind.name())?;
            d.set_item("syscalls", event.syscalls.clone())?;
            d.set_item("params", params(py, &event.params)?)?;
            d.set_item("program", event.program)?;
            Ok(d)
        })
        .collect()
}

/// Every system call, in order of code.
#[pyfunction]
fn syscalls(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    schema::syscalls()
        .iter()
        .map(|call| {
            let d = PyDict::new(py);
            d.set_item("code", call.code)?;
            d.set_item("name", call.name)?;
            d.set_item("native", call.native)?;
            d.set_item("event", call.event)?;
            d.set_item("ignored", call.ignored)?;
            Ok(d)
        })
        .collect()
}

/// The catalogue of errors.
#[pyfunction]
fn errors(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    CATALOGUE
        .iter()
        .chain([&PLAN, &SETTINGS, &FILTER])
        .chain(trial::CATALOGUE)
        .chain(crate::replay::CATALOGUE)
        .map(|(code, text, hint)| {
            let d = PyDict::new(py);
            d.set_item("code", code)?;
            d.set_item("text", text)?;
            d.set_item("hint", hint)?;
            Ok(d)
        })
        .collect()
}

/// Compiles a plan and drops it.
#[pyfunction]
fn check_plan(py: Python<'_>, plan: &[u8]) -> PyResult<()> {
    py.detach(|| Plan::compile(plan)).map(drop).map_err(|e| core_error(e.into()))
}

/// What is wrong with a regular expression; nothing if it can be compiled.
#[pyfunction]
fn regex_problem(pattern: &str) -> Option<String> {
    posix::compile(pattern).err()
}

/// What lacks for the sensor, as an error; nothing if it can run.
#[pyfunction]
fn preflight_check() -> PyResult<()> {
    preflight::preflight().map_err(|e| live_error(&e))
}

/// Begins to load the sensor in the background, so that rules compile meanwhile.
#[pyfunction]
fn prepare(settings: &[u8]) -> PyResult<()> {
    let settings = EngineSettings::parse(settings).map_err(|e| core_error(e.into()))?;
    engine::prepare(&settings);
    Ok(())
}

/// A finished alert.
#[pyclass(frozen, name = "Alert")]
struct PyAlert(rules::Alert);

#[pymethods]
impl PyAlert {
    #[getter]
    fn priority(&self) -> u8 {
        self.0.priority
    }
    #[getter]
    fn rule(&self) -> &str {
        &self.0.rule
    }
    #[getter]
    fn source(&self) -> &str {
        &self.0.source
    }
    #[getter]
    fn time_ns(&self) -> u64 {
        self.0.time_ns
    }
    #[getter]
    fn tags(&self) -> Vec<String> {
        self.0.tags.iter().map(ToString::to_string).collect()
    }
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }
    #[getter]
    fn json(&self) -> &str {
        &self.0.json
    }
}

/// `kind` and what it is about.
fn notice_dict<'py>(py: Python<'py>, notice: &Notice) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    match notice {
        Notice::Written { path, events, bytes } => {
            d.set_item("kind", "written")?;
            d.set_item("path", path)?;
            d.set_item("events", events)?;
            d.set_item("bytes", bytes)?;
        }
        Notice::SizeLimit { limit_mb, bytes } => {
            d.set_item("kind", "size_limit")?;
            d.set_item("limit_mb", limit_mb)?;
            d.set_item("bytes", bytes)?;
        }
        Notice::Failed { path, error } => {
            d.set_item("kind", "failed")?;
            d.set_item("path", path)?;
            d.set_item("error", error)?;
        }
    }
    Ok(d)
}

enum Stage {
    New(Box<engine::Rules>),
    Running(Engine),
    Ended,
}

/// The live pipeline.
#[pyclass(frozen, name = "Sensor")]
struct PySensor {
    stage: Mutex<Stage>,
}

impl PySensor {
    fn stage(&self) -> PyResult<std::sync::MutexGuard<'_, Stage>> {
        self.stage.lock().map_err(|_| raise(PANIC.0, "the sensor's lock is poisoned".into(), PANIC.2))
    }

    fn outbox(&self) -> PyResult<std::sync::Arc<engine::Outbox>> {
        match &*self.stage()? {
            Stage::Running(engine) => Ok(std::sync::Arc::clone(&engine.outbox)),
            _ => Err(raise(PANIC.0, "the sensor is not running".into(), "call start() first")),
        }
    }
}

#[pymethods]
impl PySensor {
    #[new]
    fn new(py: Python<'_>, plan: &[u8], settings: &[u8]) -> PyResult<Self> {
        let rules = py.detach(|| engine::Rules::compile(plan, settings)).map_err(core_error)?;
        Ok(Self { stage: Mutex::new(Stage::New(Box::new(rules))) })
    }

    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut stage = self.stage()?;
        let Stage::New(rules) = std::mem::replace(&mut *stage, Stage::Ended) else {
            return Err(raise(PANIC.0, "the sensor was started before".into(), "make a new one"));
        };
        let (engine, started) = py.detach(|| Engine::start(*rules)).map_err(core_error)?;
        *stage = Stage::Running(engine);
        let d = PyDict::new(py);
        d.set_item("rings", started.rings.rings)?;
        d.set_item("ring_bytes", started.rings.bytes)?;
        d.set_item("cpus", started.rings.cpus)?;
        d.set_item("processes", started.processes)?;
        d.set_item("kernel", started.kernel)?;
        d.set_item("late_strings", started.late_strings)?;
        Ok(d)
    }

    fn swap(&self, py: Python<'_>, plan: &[u8], settings: &[u8]) -> PyResult<()> {
        let rules = py.detach(|| engine::Rules::compile(plan, settings)).map_err(core_error)?;
        let stage = self.stage()?;
        let Stage::Running(engine) = &*stage else {
            return Err(raise(PANIC.0, "the sensor is not running".into(), "call start() first"));
        };
        py.detach(|| engine.swap(rules)).map_err(core_error)
    }

    fn wait(&self, py: Python<'_>, timeout: f64) -> PyResult<Vec<PyAlert>> {
        let outbox = self.outbox()?;
        let timeout = Duration::try_from_secs_f64(timeout.max(0.0)).unwrap_or(Duration::MAX);
        let alerts = py.detach(|| outbox.wait(timeout)).map_err(|words| live_error(&LiveError::Dead(words)))?;
        Ok(alerts.into_iter().map(PyAlert).collect())
    }

    fn counters(&self) -> PyResult<BTreeMap<&'static str, u64>> {
        Ok(self.outbox()?.counters())
    }

    fn profile(&self) -> PyResult<Option<String>> {
        Ok(self.outbox()?.profile())
    }

    fn take_gap<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(gap) = self.outbox()?.take_gap() else { return Ok(None) };
        let d = PyDict::new(py);
        d.set_item("since_ns", gap.since_ns)?;
        d.set_item("until_ns", gap.until_ns)?;
        d.set_item("events", gap.events)?;
        d.set_item("alerts", gap.alerts.iter().map(|(rule, n)| (&**rule, *n)).collect::<BTreeMap<_, _>>())?;
        d.set_item("blind", gap.blind.iter().map(|rule| &**rule).collect::<Vec<_>>())?;
        Ok(Some(d))
    }

    fn notices<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.outbox()?.take_notices().iter().map(|notice| notice_dict(py, notice)).collect()
    }

    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let stage = self.stage()?;
        if let Stage::Running(engine) = &*stage {
            py.detach(|| engine.stop());
        }
        Ok(())
    }
}

/// Rules tried on made-up events.
#[pyclass(frozen, name = "Trial")]
struct PyTrial(Mutex<trial::Trial>);

impl PyTrial {
    fn with<T>(&self, act: impl FnOnce(&mut trial::Trial) -> Result<T, TrialError>) -> PyResult<T> {
        let mut trial = self.0.lock().map_err(|_| raise(PANIC.0, "the trial's lock is poisoned".into(), PANIC.2))?;
        act(&mut trial).map_err(|e| trial_error(&e))
    }
}

#[pymethods]
impl PyTrial {
    #[new]
    fn new(plan: &[u8], settings: &[u8]) -> PyResult<Self> {
        trial::Trial::new(plan, settings).map(|trial| Self(Mutex::new(trial))).map_err(|e| trial_error(&e))
    }

    fn process(&self, document: &[u8]) -> PyResult<i64> {
        self.with(|trial| trial.process(document))
    }

    fn feed(&self, document: &[u8]) -> PyResult<Vec<PyAlert>> {
        Ok(self.with(|trial| trial.feed(document))?.into_iter().map(PyAlert).collect())
    }

    fn holding(&self, choice: u8) -> PyResult<Vec<String>> {
        self.with(|trial| trial.holding(choice))
    }

    fn profile(&self) -> PyResult<Option<String>> {
        self.with(|trial| Ok(trial.profile()))
    }

    fn differing(&self) -> PyResult<u8> {
        self.with(|trial| trial.differing())
    }

    fn values(&self, accessors: &[u8], choice: u8) -> PyResult<String> {
        self.with(|trial| trial.values(accessors, choice))
    }
}

#[pymodule]
fn _core(py: Python<'_>, m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("CoreError", py.get_type::<CoreError>())?;
    m.add_class::<PyAlert>()?;
    m.add_class::<PySensor>()?;
    m.add_class::<PyTrial>()?;
    m.add_class::<replay::PyReplay>()?;
    m.add_class::<replay::PyExamination>()?;
    m.add_function(wrap_pyfunction!(fields, m)?)?;
    m.add_function(wrap_pyfunction!(events, m)?)?;
    m.add_function(wrap_pyfunction!(syscalls, m)?)?;
    m.add_function(wrap_pyfunction!(errors, m)?)?;
    m.add_function(wrap_pyfunction!(check_plan, m)?)?;
    m.add_function(wrap_pyfunction!(regex_problem, m)?)?;
    m.add_function(wrap_pyfunction!(prepare, m)?)?;
    m.add("preflight", wrap_pyfunction!(preflight_check, m)?)?;
    Ok(())
}
