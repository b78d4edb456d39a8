//! Estimates against what runs really needed.

use std::fmt;

use blockfold_core::{ByteSize, Result};
use blockfold_exec::{ChainReport, RunReport};
use blockfold_plan::{ChainEstimate, Estimate};

use crate::frame::LazyFrame;

impl LazyFrame {
    /// Runs the plan, drops its answer, and tells what each chain of steps was estimated to need and what it needed:
    /// rows, bytes, time, memory, and why rows went to scratch when they did.
    ///
    /// # Memory
    /// The answer is dropped batch by batch and need not fit.
    ///
    /// # Errors
    /// Whatever the run finds.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> Result<()> {
    /// println!("{}", frame.sort(["name"]).analyze()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn analyze(&self) -> Result<Analysis> {
        let outcome = self.session.executor().measure(&self.graph()?, self.session.cancel())?;
        Ok(Analysis { estimate: outcome.estimate, report: outcome.report })
    }
}

/// A run whose answer was dropped; prints as a [`Comparison`].
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What was expected.
    pub estimate: Estimate,
    /// What was needed.
    pub report: RunReport,
}

impl Analysis {
    /// What the run was estimated to need, against what it needed.
    pub fn comparison(&self) -> Comparison<'_> {
        Comparison { estimate: &self.estimate, report: &self.report }
    }
}

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.comparison().fmt(f)
    }
}

/// Estimate against real, chain by chain.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// What was expected.
    pub estimate: &'a Estimate,
    /// What was needed.
    pub report: &'a RunReport,
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:>14} {:>14}", "", "estimated", "real")?;
        for (i, (expected, real)) in self.estimate.chains.iter().zip(&self.report.chains).enumerate() {
            write_chain(f, i, expected, real)?;
        }
        let (estimated, real) = (ByteSize(self.estimate.scratch_bytes), ByteSize(self.report.spilled_bytes));
        write!(f, "{:<14} {:>14} {:>14}", "scratch", estimated.to_string(), real.to_string())
    }
}

fn write_chain(f: &mut fmt::Formatter<'_>, index: usize, expected: &ChainEstimate, real: &ChainReport) -> fmt::Result {
    writeln!(f, "chain {index}: {}", expected.label)?;
    let mut line = |name: &str, expected: String, real: String| writeln!(f, "  {name:<12} {expected:>14} {real:>14}");
    let bytes = |bytes: u64| ByteSize(bytes).to_string();
    let unless_none = |some: u64| if some > 0 { bytes(some) } else { String::new() };
    let none = String::new;
    let rows = expected.rows.map_or("unknown".to_string(), |rows| rows.to_string());
    line("rows", rows, real.rows_in.to_string())?;
    line("rows out", none(), real.rows_out.to_string())?;
    line("read", bytes(expected.read_bytes), bytes(real.read_bytes))?;
    line("tasks", none(), real.tasks.to_string())?;
    line("one task", bytes(expected.task_bytes), bytes(real.task_bytes))?;
    line("peak", bytes(expected.peak_bytes), bytes(real.peak_bytes))?;
    if expected.kept_bytes + real.kept_bytes > 0 {
        line("kept", unless_none(expected.kept_bytes), bytes(real.kept_bytes))?;
    }
    if expected.scratch_bytes + real.spilled_bytes > 0 {
        line("spilled", unless_none(expected.scratch_bytes), bytes(real.spilled_bytes))?;
    }
    if real.unspilled_bytes > 0 {
        line("read back", none(), bytes(real.unspilled_bytes))?;
    }
    line("time", none(), format!("{} ms", real.elapsed.as_millis()))?;
    real.why_spilled().map_or(Ok(()), |why| writeln!(f, "  {why}"))
}
