//! Sessions that show their runs on a page in the browser, and runs as a file of their own.

use std::path::Path;
use std::sync::Arc;

use blockfold_core::{Error, Result};
use blockfold_dashboard::{Dashboard, Options};
use blockfold_watch::Recorder;

use crate::session::Session;

/// Serves what `recorder` keeps.
pub(crate) fn start(address: &str, recorder: &Recorder) -> Result<Dashboard> {
    Dashboard::start(address, Arc::new(recorder.clone()), Options::default()).map_err(|error| {
        let why = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Error::argument("dashboard", format!("{error}{why}"))
    })
}

impl Session {
    /// What to open in a browser to see the session's runs, with the token if one is asked for; `None` unless it was
    /// [started](Session::start_dashboard), or built with [`dashboard`](crate::SessionBuilder::dashboard).
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().threads(2).dashboard("127.0.0.1:0").build()?;
    /// println!("open {}", session.dashboard_url().expect("it has one"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn dashboard_url(&self) -> Option<&str> {
        self.dashboard().get().map(Dashboard::url)
    }

    /// Shows the session's runs on a page in the browser from now on, and tells what to open; the page that is there already
    /// when one was started before.
    ///
    /// # Errors
    /// An address that cannot be had.
    pub fn start_dashboard(&self, address: &str) -> Result<&str> {
        if self.dashboard().get().is_none() {
            let made = start(address, self.start_recording()?)?;
            // Of two that were started at once the first one stays.
            let _ = self.dashboard().set(made);
        }
        Ok(self.dashboard().get().map_or("", Dashboard::url))
    }

    /// Writes the last run as one file of HTML: the dashboard's page with the run inside, which needs no server and no
    /// network.
    ///
    /// # Errors
    /// A session that does not record, or has not run anything; a file that cannot be written.
    pub fn write_report(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let recording = self.recording()?;
        let last = recording.runs.last().map(|run| run.summary.id);
        let html = last.and_then(|run| blockfold_dashboard::report(&recording, run));
        let html = html.ok_or_else(|| Error::argument("report", "nothing has run yet"))?;
        std::fs::write(path, html).map_err(|error| Error::io(path, error))
    }
}
