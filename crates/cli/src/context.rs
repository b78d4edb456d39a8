//! What every command has: a session, a console, and a flag that cancels.

use std::io::{self, IsTerminal};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Result;
use blockfold::{ByteSize, Cancel, RunReport, Session};

use crate::args::Global;
use crate::console::Console;
use crate::failure::usage;
use crate::json::RunDocument;
use crate::progress::Progress;
use crate::{resources, signals, text};

/// Time between two looks at whether the program is to end.
const WAIT: Duration = Duration::from_millis(50);

/// What every command has.
pub struct Context {
    /// Where frames are read and run.
    pub session: Session,
    /// Where results are printed.
    pub console: Console,
    cancel: Cancel,
    start: Instant,
    /// Where a query ran, and how long, if it was not here.
    elsewhere: OnceLock<String>,
}

impl Context {
    /// The context that the global arguments ask for.
    ///
    /// # Errors
    /// A budget or a number of threads that no session can have.
    pub fn new(global: &Global, default_memory: Option<ByteSize>) -> Result<Context> {
        let console = Console { json: global.json, quiet: global.quiet };
        let cancel = Cancel::default();
        signals::install(&cancel)?;
        let mut builder = Session::builder().cancel(cancel.clone());
        if let Some(memory) = global.memory.or(default_memory) {
            builder = builder.memory_budget(memory);
        }
        if let Some(threads) = global.threads {
            builder = builder.threads(threads.get());
        }
        if let Some(scratch) = &global.scratch {
            builder = builder.scratch(scratch);
        }
        if let Some(limit) = global.scratch_limit {
            builder = builder.scratch_limit(limit);
        }
        let analyzes = std::env::args_os().any(|arg| arg == "--analyze");
        if analyzes || [&global.record, &global.trace, &global.report].into_iter().any(Option::is_some) {
            builder = builder.record(true).used_bytes(resources::used_bytes);
        }
        if let Some(address) = &global.page {
            builder = builder.dashboard(address).used_bytes(resources::used_bytes);
        }
        let progress = Arc::new(Progress::default());
        if io::stderr().is_terminal() && !console.json && !console.quiet {
            builder = builder.subscribe(progress.clone());
        }
        let session = builder.build().map_err(usage)?;
        progress.set_budget(session.memory_budget());
        if let (Some(url), false) = (session.dashboard_url(), console.quiet) {
            // To where progress goes, so that results can be piped.
            eprintln!("dashboard: {url}");
        }
        Ok(Context { session, console, cancel, start: Instant::now(), elsewhere: OnceLock::new() })
    }

    /// Writes what was recorded to the files that were asked for, once the command's runs are over, however they ended.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write_recordings(&self, global: &Global) -> Result<()> {
        if let Some(path) = &global.record {
            self.session.write_recording(path)?;
        }
        if let Some(path) = &global.trace {
            self.session.write_trace(path)?;
        }
        if let Some(path) = &global.report {
            self.session.write_report(path)?;
        }
        Ok(())
    }

    /// Leaves the page open after the command for who sits in front of it, until Ctrl-C.
    pub fn show_on(&self, result: &Result<()>) {
        let Some(url) = self.session.dashboard_url() else { return };
        let watched = io::stderr().is_terminal() && io::stdin().is_terminal();
        if !watched || self.console.json || self.console.quiet || self.cancel.is_cancelled() {
            return;
        }
        let how = if result.is_ok() { "done" } else { "failed" };
        eprintln!("{how}; the page stays at {url} until Ctrl-C");
        self.wait();
    }

    /// Waits for Ctrl-C.
    pub fn wait(&self) {
        while !self.cancel.is_cancelled() {
            std::thread::sleep(WAIT);
        }
    }

    /// Ends a command between two runs once it is to be cancelled.
    pub fn check(&self) -> Result<()> {
        Ok(self.cancel.check()?)
    }

    /// What a run needed, for JSON.
    pub fn run_document(&self, report: &RunReport) -> RunDocument {
        RunDocument::new(report, &self.session)
    }

    /// Notes where a query ran, and how long, for the summary.
    pub fn ran_elsewhere(&self, told: String) {
        // There is one query.
        let _ = self.elsewhere.set(told);
    }

    /// Time and memory of a run in one line.
    pub fn summary(&self, report: &RunReport) -> String {
        if let Some(told) = self.elsewhere.get() {
            return format!("{told}; {}", self.memory());
        }
        let spilled = match report.spilled_bytes {
            0 => String::new(),
            bytes => format!("; {} went to scratch, since memory was used up", text::bytes(bytes)),
        };
        format!(
            "read {}, {} in {} ({}); {}{spilled}",
            text::count(report.rows_read, "row"),
            text::bytes(report.bytes_read),
            text::seconds(report.elapsed),
            text::rate(report.rows_read, report.elapsed),
            self.memory(),
        )
    }

    /// Time and memory of a run over arrays in one line.
    /// The time since the program began, which runs that an expression needs beforehand are part of, and what the last run
    /// needed.
    pub fn array_summary(&self, report: &RunReport) -> String {
        let spilled = match report.spilled_bytes {
            0 => String::new(),
            bytes => format!("; {} went to scratch, since memory was used up", text::bytes(bytes)),
        };
        format!("{}; {}{spilled}", text::seconds(self.start.elapsed()), self.memory())
    }

    /// Peak memory of the process against the budget.
    pub fn memory(&self) -> String {
        let budget = self.session.memory_budget();
        match resources::peak_memory_bytes() {
            Some(peak) => format!("peak memory {} of a budget of {budget}", text::bytes(peak)),
            None => format!("budget {budget}"),
        }
    }
}
