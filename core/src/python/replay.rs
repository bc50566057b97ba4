//! Captures replayed, as Python drives them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use pyo3::prelude::*;

use super::{PANIC, PLAN, PyAlert, raise, trial_error};
use crate::replay::{Examination, Plans, Replay, ReplayError};
use crate::trial::TrialError;

fn replay_error(error: &ReplayError) -> PyErr {
    match error {
        ReplayError::Plan(plan) => raise(PLAN.0, plan.to_string(), PLAN.2),
        _ => {
            let (code, hint) = error.entry();
            raise(code, error.to_string(), hint)
        }
    }
}

/// Capture files on their way through rules.
#[pyclass(frozen, name = "Replay")]
pub struct PyReplay(Mutex<Replay>);

impl PyReplay {
    fn with<T>(&self, act: impl FnOnce(&mut Replay) -> T) -> PyResult<T> {
        let mut replay = self.0.lock().map_err(|_| raise(PANIC.0, "the replay's lock is poisoned".into(), PANIC.2))?;
        Ok(act(&mut replay))
    }
}

#[pymethods]
impl PyReplay {
    #[new]
    #[pyo3(signature = (settings, plan=None, condition=None, printer=None))]
    fn new(
        py: Python<'_>,
        settings: &[u8],
        plan: Option<&[u8]>,
        condition: Option<&[u8]>,
        printer: Option<&[u8]>,
    ) -> PyResult<Self> {
        let plans = Plans { rules: plan, filter: condition, printer };
        let replay = py.detach(|| Replay::new(&plans, settings)).map_err(|e| replay_error(&e))?;
        Ok(Self(Mutex::new(replay)))
    }

    fn wait(&self, py: Python<'_>, timeout: f64) -> PyResult<Vec<PyAlert>> {
        let budget = Duration::try_from_secs_f64(timeout.max(0.0)).unwrap_or(Duration::MAX);
        let alerts = py.detach(|| self.with(|replay| replay.run(budget)))?.map_err(|e| replay_error(&e))?;
        Ok(alerts.into_iter().map(PyAlert).collect())
    }

    #[getter]
    fn ended(&self) -> PyResult<bool> {
        self.with(|replay| replay.ended())
    }

    fn profile(&self) -> PyResult<Option<String>> {
        self.with(|replay| replay.profile())
    }

    fn counters(&self) -> PyResult<BTreeMap<&'static str, u64>> {
        let (counts, state) = self.with(|replay| (replay.counts(), replay.state().counters()))?;
        Ok(BTreeMap::from([
            ("n_evts", counts.events),
            ("n_alerts", counts.alerts),
            ("n_events_shown", counts.shown),
            ("bytes_read", counts.bytes),
            ("bytes_total", counts.total_bytes),
            ("first_ts", counts.first_ts),
            ("last_ts", counts.last_ts),
            ("n_processes", state.processes),
            ("n_threads", state.threads + state.processes),
            ("n_processes_evicted", state.processes_evicted),
            ("n_drops_full_threadtable", state.threads_refused),
            ("n_users_forgotten", state.users_forgotten),
            ("n_host_names_forgotten", state.names_forgotten),
            ("n_descriptors_forgotten", state.descriptors_forgotten),
            ("n_enters_forgotten", counts.enters_forgotten),
        ]))
    }
}

/// One event of a capture, held still.
#[pyclass(frozen, name = "Examination")]
pub struct PyExamination(Mutex<Examination>);

impl PyExamination {
    fn with<T>(&self, act: impl FnOnce(&mut Examination) -> Result<T, TrialError>) -> PyResult<T> {
        let mut held = self.0.lock().map_err(|_| raise(PANIC.0, "the event's lock is poisoned".into(), PANIC.2))?;
        act(&mut held).map_err(|e| trial_error(&e))
    }
}

#[pymethods]
impl PyExamination {
    #[new]
    fn new(py: Python<'_>, plan: &[u8], settings: &[u8], num: u64) -> PyResult<Self> {
        let examination = py.detach(|| Examination::new(plan, settings, num)).map_err(|e| replay_error(&e))?;
        Ok(Self(Mutex::new(examination)))
    }

    #[staticmethod]
    fn find(py: Python<'_>, plan: &[u8], settings: &[u8]) -> PyResult<Option<u64>> {
        py.detach(|| Examination::find(plan, settings)).map_err(|e| replay_error(&e))
    }

    #[getter]
    fn reached(&self) -> PyResult<bool> {
        self.with(|examination| Ok(examination.reached()))
    }

    fn holding(&self, choice: u8) -> PyResult<Vec<String>> {
        self.with(|examination| examination.holding(choice))
    }

    fn differing(&self) -> PyResult<u8> {
        self.with(|examination| examination.differing())
    }

    fn values(&self, accessors: &[u8], choice: u8) -> PyResult<String> {
        self.with(|examination| examination.values(accessors, choice))
    }
}
