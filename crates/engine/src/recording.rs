//! Sessions that record their runs.

use std::path::Path;
use std::sync::Arc;

use blockfold_core::{Error, Result};
use blockfold_exec::Executor;
use blockfold_watch::view::{RunSummary, Watched};
use blockfold_watch::{About, Recorder, Recording, report, trace};

use crate::session::Session;

/// Tells the bytes that the allocator has given out.
pub(crate) type UsedBytes = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A recorder that follows an executor's runs from now on.
pub(crate) fn record(executor: &Executor, scratch: &Path, used_bytes: Option<UsedBytes>) -> Result<Recorder> {
    let about = About {
        budget: executor.budget().clone(),
        threads: executor.threads(),
        scratch: scratch.to_path_buf(),
        stored_bytes: Arc::new(executor.stored()),
        used_bytes,
    };
    let recorder = Recorder::new(about);
    executor.follow(vec![recorder.follower()])?;
    Ok(recorder)
}

impl Session {
    /// The runs of the session in a line each, newest last; none when it does not record.
    pub fn runs(&self) -> Vec<RunSummary> {
        self.flush_events();
        self.recorder().map(Watched::runs).unwrap_or_default()
    }

    /// What was recorded so far.
    ///
    /// # Errors
    /// A session that does not record.
    pub fn recording(&self) -> Result<Recording> {
        self.flush_events();
        let what = "this session does not record; build it with record(true)";
        self.recorder().map(Recorder::recording).ok_or_else(|| Error::argument("recording", what))
    }

    /// Writes what was recorded so far to a file, as `run.bfrun`, which [`Recording::read`] reads.
    ///
    /// # Errors
    /// A session that does not record; a file that cannot be written.
    pub fn write_recording(&self, path: impl AsRef<Path>) -> Result<()> {
        self.recording()?.write(path)
    }

    /// Writes what was recorded so far as a trace for Chrome's `about:tracing` or for Perfetto.
    ///
    /// # Errors
    /// As [`Session::write_recording`].
    pub fn write_trace(&self, path: impl AsRef<Path>) -> Result<()> {
        let (path, recording) = (path.as_ref(), self.recording()?);
        let write = || {
            let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
            trace::write_chrome_trace(&recording.runs, &mut file)?;
            std::io::Write::flush(&mut file)
        };
        write().map_err(|error| Error::io(path, error))
    }

    /// What the last run needed, estimated against real, and why, as text.
    ///
    /// # Errors
    /// A session that does not record, or has not run anything.
    pub fn performance_report(&self) -> Result<String> {
        let recording = self.recording()?;
        let last = recording.runs.last().ok_or_else(|| Error::argument("performance report", "nothing has run yet"))?;
        Ok(report::performance_report(last))
    }
}
