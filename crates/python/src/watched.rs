//! What is recorded of a session's runs, and the page that shows it.

use std::path::PathBuf;

use blockfold::watch::plots;
use blockfold::watch::view::{TaskQuery, Watched};
use pyo3::prelude::*;

use crate::error::{Answer, argument};
use crate::session::PySession;

/// Points of a series over a whole run.
const POINTS: usize = 2000;
/// Tasks of a list.
const TASKS: usize = 100_000;

#[pymethods]
impl PySession {
    /// Records the runs from now on.
    fn start_recording(&self, py: Python<'_>) -> Answer<()> {
        py.detach(|| self.0.start_recording().map(|_| ()))?;
        Ok(())
    }

    /// What was recorded, as JSON: `runs` and `system`, and of a run its `plan`, `series`, `tasks`, `flame` and `causes`; or as
    /// a picture its `task plot`, `resource plot` and `cache plot`.
    fn watched(&self, py: Python<'_>, what: &str, run: Option<u64>) -> Answer<String> {
        let session = self.0.clone();
        let name = what.to_owned();
        let told = py.detach(move || told(&session, &name, run.unwrap_or(0)));
        told.ok_or_else(|| argument(py, what, "nothing of this name was recorded").into())
    }

    fn write_recording(&self, py: Python<'_>, path: PathBuf) -> Answer<()> {
        Ok(py.detach(|| self.0.write_recording(path))?)
    }

    fn write_trace(&self, py: Python<'_>, path: PathBuf) -> Answer<()> {
        Ok(py.detach(|| self.0.write_trace(path))?)
    }

    /// The last run as one file of HTML.
    fn write_report(&self, py: Python<'_>, path: PathBuf) -> Answer<()> {
        Ok(py.detach(|| self.0.write_report(path))?)
    }

    /// What the last run needed, as text.
    fn performance_report(&self, py: Python<'_>) -> Answer<String> {
        Ok(py.detach(|| self.0.performance_report())?)
    }

    /// Shows the runs on a page in the browser, and tells what to open.
    fn start_dashboard(&self, py: Python<'_>, address: &str) -> Answer<String> {
        Ok(py.detach(|| self.0.start_dashboard(address).map(str::to_owned))?)
    }

    #[getter]
    fn dashboard_url(&self) -> Option<String> {
        self.0.dashboard_url().map(str::to_owned)
    }
}

fn told(session: &blockfold::Session, what: &str, run: u64) -> Option<String> {
    // Sees to it that what happened so far is there.
    let runs = session.runs();
    let recorder = session.recorder()?;
    match what {
        "runs" => serde_json::to_string(&runs).ok(),
        "system" => serde_json::to_string(&recorder.system()).ok(),
        "plan" => serde_json::to_string(&recorder.plan(run)?).ok(),
        "series" => serde_json::to_string(&recorder.series(run, 0, None, POINTS)?).ok(),
        "tasks" => {
            let query = TaskQuery { limit: TASKS, sort: "start".to_owned(), ..TaskQuery::default() };
            serde_json::to_string(&recorder.tasks(run, &query)?).ok()
        }
        "flame" => serde_json::to_string(&recorder.flame(run)?).ok(),
        "causes" => serde_json::to_string(&recorder.causes(run)?).ok(),
        "task plot" => plots::task_plot(recorder, run),
        "resource plot" => plots::resource_plot(recorder, run),
        "cache plot" => plots::cache_plot(recorder, run),
        _ => None,
    }
}
