//! A run as text: rows, bytes, time, memory and spill by chain, estimated against real, and why.

use std::fmt::Write as _;

use blockfold_core::ByteSize;

use crate::causes::{self, time};
use crate::log::{ChainLog, RunLog};
use crate::view::Standing;

/// Lines of causes at the end of a report.
const MOST_CAUSES: usize = 12;

/// What a run needed and why, as text for people.
pub fn performance_report(log: &RunLog) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_report(log, &mut text);
    text
}

fn write_report(log: &RunLog, text: &mut String) -> std::fmt::Result {
    let run = &log.summary;
    writeln!(text, "run {}: {}", run.id, run.label)?;
    let state = match run.state {
        Standing::Waiting => "has not started",
        Standing::Running => "is running",
        Standing::Done => "done",
        Standing::Failed => "failed",
        Standing::Cancelled => "was cancelled",
    };
    let failed = if run.tasks_failed > 0 { format!(", {} failed", run.tasks_failed) } else { String::new() };
    let tasks = format!("{} of {} tasks{failed}", run.tasks_done, run.tasks);
    writeln!(text, "  {state} in {} on {} threads; {tasks}", time(run.elapsed_us), run.threads)?;
    let busy_us = log.tracks.busy_ns() / 1000;
    let of_us = run.elapsed_us.saturating_mul(u64::from(run.threads)).max(1);
    let percent = (busy_us.saturating_mul(100) / of_us).min(100);
    writeln!(text, "  workers were busy {} in all, {percent} % of their time", time(busy_us))?;
    let resident = log.samples.peak_resident_bytes();
    let resident = resident.map_or(String::new(), |bytes| format!(", {} resident", ByteSize(bytes)));
    let (peak, budget) = (ByteSize(run.peak_bytes), ByteSize(run.budget_bytes));
    writeln!(text, "  at most {peak} of {budget} promised{resident}")?;
    let totals = &log.totals;
    writeln!(text, "  read {} rows, {}; wrote {} rows, {}", run.rows_read, ByteSize(run.bytes_read), totals.rows_written, ByteSize(totals.bytes_written))?;
    if run.spilled_bytes > 0 {
        let (written, read) = (ByteSize(run.spilled_bytes), ByteSize(totals.unspilled_bytes));
        writeln!(text, "  {written} went to scratch, {read} were read back")?;
    }
    if totals.groups_skipped + totals.pages_skipped > 0 {
        writeln!(text, "  skipped {} row groups and {} pages", totals.groups_skipped, totals.pages_skipped)?;
    }
    for chain in &log.chains {
        write_chain(chain, text)?;
    }
    write_steps(log, text)?;
    let causes = causes::of_run(log);
    if !causes.is_empty() {
        writeln!(text, "why")?;
        causes.iter().take(MOST_CAUSES).try_for_each(|cause| writeln!(text, "  - {cause}"))?;
    }
    Ok(())
}

fn write_chain(chain: &ChainLog, text: &mut String) -> std::fmt::Result {
    let view = &chain.view;
    writeln!(text, "chain {}: {}", view.chain, view.label)?;
    writeln!(text, "  {:<12} {:>14} {:>14}", "", "estimated", "real")?;
    let mut line = |name: &str, expected: String, real: String| writeln!(text, "  {name:<12} {expected:>14} {real:>14}");
    let (bytes, none) = (|bytes: u64| ByteSize(bytes).to_string(), String::new);
    line("rows", view.rows_expected.map_or("unknown".to_string(), |rows| rows.to_string()), view.rows_in.to_string())?;
    line("rows out", none(), view.rows_out.to_string())?;
    line("read", bytes(chain.estimated_read_bytes), bytes(view.bytes_read))?;
    line("one task", bytes(chain.estimated_task_bytes), bytes(chain.task_bytes))?;
    line("peak", bytes(view.projected_bytes), bytes(view.peak_bytes))?;
    if chain.estimated_kept_bytes + chain.kept_bytes > 0 {
        line("kept", bytes(chain.estimated_kept_bytes), bytes(chain.kept_bytes))?;
    }
    if chain.estimated_scratch_bytes + view.spilled_bytes > 0 {
        line("spilled", bytes(chain.estimated_scratch_bytes), bytes(view.spilled_bytes))?;
    }
    if chain.unspilled_bytes > 0 {
        line("read back", none(), bytes(chain.unspilled_bytes))?;
    }
    line("tasks", none(), view.tasks_done.to_string())?;
    line("time", none(), time(view.elapsed_us))?;
    line("work", none(), time(chain.busy_ns / 1000))?;
    if let (Some(median_ns), Some((_, slowest_ns))) = (chain.durations.median_ns(), chain.slowest) {
        line("median task", none(), time(median_ns / 1000))?;
        line("slowest task", none(), time(slowest_ns / 1000))?;
    }
    if chain.waited_us > 0 {
        line("waited", none(), time(chain.waited_us))?;
    }
    Ok(())
}

/// Where the time went, step by step, as far as samples tell.
fn write_steps(log: &RunLog, text: &mut String) -> std::fmt::Result {
    let flame = log.profile.flame(&log.summary.label, &log.chains);
    let mut steps: Vec<(&str, u64)> = Vec::new();
    for step in flame.children.iter().flat_map(|chain| &chain.children) {
        match steps.iter_mut().find(|(name, _)| *name == step.name) {
            Some((_, us)) => *us += step.us,
            None => steps.push((&step.name, step.us)),
        }
    }
    if steps.is_empty() {
        return Ok(());
    }
    steps.sort_by_key(|(_, us)| std::cmp::Reverse(*us));
    let all: u64 = steps.iter().map(|(_, us)| us).sum();
    writeln!(text, "time by step, from samples")?;
    for (name, us) in steps {
        writeln!(text, "  {name:<28} {:>14} {:>4} %", time(us), us.saturating_mul(100) / all.max(1))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_estimates_times_and_causes() {
        let mut log = RunLog::default();
        (log.summary.id, log.summary.threads, log.summary.elapsed_us) = (2, 4, 1_000_000);
        (log.summary.label, log.summary.state) = ("read parquet > sort".to_string(), Standing::Done);
        let mut chain = ChainLog { waited_us: 500_000, ..ChainLog::default() };
        (chain.view.label, chain.view.rows_expected) = ("read parquet > sort".to_string(), Some(10));
        (chain.view.rows_in, chain.view.elapsed_us) = (11, 900_000);
        chain.names.push((1, "sort".to_string()));
        log.profile.add(0, Some(1), 9000);
        log.chains.push(chain);
        let text = performance_report(&log);
        for part in [
            "run 2: read parquet > sort\n  done in 1.00 s on 4 threads",
            "chain 0: read parquet > sort",
            "  rows                     10             11\n",
            "  waited                              500 ms\n",
            "  sort                                 9.0 ms  100 %",
            "why\n  - chain 0 (read parquet > sort): tasks waited 500 ms",
        ] {
            assert!(text.contains(part), "{part:?} in\n{text}");
        }
    }
}
