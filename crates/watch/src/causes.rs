//! Sentences that say why a run took what it took, and what to change.

use std::cmp::Reverse;

use blockfold_core::ByteSize;

use crate::log::{ChainLog, RunLog};
use crate::view::Standing;

/// A sentence with what it weighs: the time that it explains, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Time that it explains; failures weigh most.
    pub weight_us: u64,
    /// The sentence.
    pub text: String,
}

/// Shorter waits and tasks are not worth a sentence.
const LEAST_US: u64 = 10_000;

/// Sentences about one chain, the most important first.
pub fn of_chain(run: &RunLog, chain: &ChainLog) -> Vec<Cause> {
    let found = [
        failed(run, chain),
        spilled(run, chain),
        waited(run, chain),
        skewed(run, chain),
        too_few_tasks(run, chain),
        skipped_nothing(chain),
        rows_against_estimate(chain),
        peak_against_estimate(chain),
    ];
    let mut causes: Vec<Cause> = found.into_iter().flatten().collect();
    causes.sort_by_key(|cause| Reverse(cause.weight_us));
    causes
}

/// Sentences about a run, the most important first.
pub fn of_run(run: &RunLog) -> Vec<String> {
    let mut causes: Vec<Cause> = Vec::new();
    for chain in &run.chains {
        let name = format!("chain {} ({}): ", chain.view.chain, chain.view.label);
        let named = |cause: Cause| Cause { text: format!("{name}{}", cause.text), ..cause };
        causes.extend(of_chain(run, chain).into_iter().map(named));
    }
    causes.extend(failed_before_tasks(run));
    causes.extend(scratch_left(run));
    causes.extend(events_dropped(run));
    causes.sort_by_key(|cause| Reverse(cause.weight_us));
    causes.into_iter().map(|cause| cause.text).collect()
}

fn failed(run: &RunLog, chain: &ChainLog) -> Option<Cause> {
    let error = run.summary.error.as_ref().filter(|_| chain.view.state == Standing::Failed)?;
    Some(Cause { weight_us: u64::MAX, text: format!("failed: {error}") })
}

fn failed_before_tasks(run: &RunLog) -> Option<Cause> {
    let error = run.summary.error.as_ref()?;
    let told = run.chains.iter().any(|chain| chain.view.state == Standing::Failed);
    (!told).then(|| Cause { weight_us: u64::MAX, text: format!("the run failed: {error}") })
}

fn spilled(run: &RunLog, chain: &ChainLog) -> Option<Cause> {
    let bytes = chain.view.spilled_bytes;
    if bytes == 0 {
        return None;
    }
    let spilled = format!("spilled {} so far", ByteSize(bytes));
    let why = chain.why_spilled.clone().unwrap_or(spilled);
    let enough = ByteSize(run.summary.budget_bytes.saturating_add(bytes.saturating_mul(5) / 2));
    let text = format!("{why}; a memory budget of about {enough} would keep it in memory, or select fewer columns before it");
    // Written once and read once, at some 500 MB a second, when the disk is all there is to wait for.
    Some(Cause { weight_us: (bytes / 250).max(LEAST_US), text })
}

fn waited(run: &RunLog, chain: &ChainLog) -> Option<Cause> {
    let (waited_us, elapsed_us) = (chain.waited_us, chain.view.elapsed_us.max(1));
    if waited_us < LEAST_US || waited_us.saturating_mul(20) < elapsed_us {
        return None;
    }
    let percent = (waited_us.saturating_mul(100) / elapsed_us).min(100);
    let (waited, task, budget) = (time(waited_us), ByteSize(chain.task_bytes), ByteSize(run.summary.budget_bytes));
    let fit = run.summary.budget_bytes / chain.task_bytes.max(1);
    let text = format!(
        "tasks waited {waited} for memory, {percent} % of its time: one takes up to {task}, and a budget of {budget} has \
         room for {fit}; raise the budget, cut the input into smaller blocks, or use fewer threads"
    );
    Some(Cause { weight_us: waited_us, text })
}

fn skewed(run: &RunLog, chain: &ChainLog) -> Option<Cause> {
    let (task, slowest_ns) = chain.slowest?;
    let median_ns = chain.durations.median_ns()?.max(1);
    let slowest_us = slowest_ns / 1000;
    let share = slowest_us.saturating_mul(100) / chain.view.elapsed_us.max(1);
    if chain.durations.tasks() < 4 || slowest_us < LEAST_US || slowest_ns / median_ns < 4 || share < 20 {
        return None;
    }
    let number = u32::try_from(chain.view.chain).ok();
    let entry = run.table.entries().find(|entry| Some(entry.chain) == number && entry.task == task);
    let rows = entry.filter(|entry| entry.rows > 0).map_or(String::new(), |entry| format!(" over {} rows", entry.rows));
    let text = format!(
        "task {task} took {}{rows}, {} times the median of {}: its partition is larger or costs more than others; \
         repartition evenly, or by a key without a heavy value",
        time(slowest_us),
        slowest_ns / median_ns,
        time(median_ns / 1000),
    );
    Some(Cause { weight_us: slowest_us.saturating_sub(median_ns / 1000), text })
}

fn too_few_tasks(run: &RunLog, chain: &ChainLog) -> Option<Cause> {
    let (tasks, threads) = (chain.view.tasks, u64::from(run.summary.threads));
    if chain.view.elapsed_us < 10 * LEAST_US || tasks == 0 || tasks >= threads || chain.names.is_empty() {
        return None;
    }
    let plural = if tasks == 1 { "" } else { "s" };
    let text = format!("{tasks} task{plural} for {threads} threads left {} of them idle; cut the input into more blocks", threads - tasks);
    Some(Cause { weight_us: chain.view.elapsed_us / 2, text })
}

/// A filter that went into the source, whose statistics could rule out nothing.
fn skipped_nothing(chain: &ChainLog) -> Option<Cause> {
    if chain.view.state != Standing::Done || chain.skipped > 0 {
        return None;
    }
    chain.view.steps.iter().find_map(|step| {
        let (before, after) = step.split_once(", row groups 0 of ")?;
        let groups: u64 = after.split(' ').next()?.parse().ok().filter(|groups| *groups > 1)?;
        let (_, filter) = before.split_once(", filter ")?;
        let text = format!(
            "the filter {filter} skipped none of {groups} row groups, since each has values that pass; write the files \
             sorted by what it filters on, and whole row groups and pages need not be read"
        );
        Some(Cause { weight_us: chain.view.elapsed_us / 4, text })
    })
}

fn rows_against_estimate(chain: &ChainLog) -> Option<Cause> {
    let (expected, real) = (chain.view.rows_expected?, chain.view.rows_in);
    let is_off = real > expected.saturating_mul(2) || expected > real.saturating_mul(2);
    if chain.view.state != Standing::Done || !is_off || expected.max(real) < 100_000 {
        return None;
    }
    let text = format!("{real} rows came in where {expected} were estimated; statistics of the files, or a filter, mislead");
    Some(Cause { weight_us: 1, text })
}

fn peak_against_estimate(chain: &ChainLog) -> Option<Cause> {
    let (projected, real) = (chain.view.projected_bytes, chain.view.peak_bytes);
    if chain.view.state != Standing::Done || projected == 0 || real <= projected.saturating_mul(3) / 2 || real < 16 << 20 {
        return None;
    }
    let text = format!(
        "{} were promised at once where {} were estimated: more groups, longer texts or wider rows than statistics tell",
        ByteSize(real),
        ByteSize(projected)
    );
    Some(Cause { weight_us: 2, text })
}

fn scratch_left(run: &RunLog) -> Option<Cause> {
    let (spilled, free) = (run.summary.spilled_bytes, run.scratch_free_bytes?);
    if spilled == 0 {
        return None;
    }
    let (left, used) = (ByteSize(free), ByteSize(spilled));
    let text = match free / spilled {
        0 => format!("scratch has {left} left after {used} were written: a run twice as large would not fit; name a larger disk with scratch"),
        times => format!("scratch has {left} left, {times} times the {used} that this run wrote"),
    };
    Some(Cause { weight_us: if free < spilled { u64::MAX / 2 } else { 0 }, text })
}

fn events_dropped(run: &RunLog) -> Option<Cause> {
    let dropped = run.summary.dropped_events;
    let text = || format!("{dropped} events came faster than they were recorded and were dropped: counts of tasks are too low");
    (dropped > 0).then(|| Cause { weight_us: 3, text: text() })
}

/// A time as people write it.
pub fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", us / 1000),
        1_000_000..60_000_000 => format!("{:.2} s", us as f64 / 1e6),
        _ => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Entry;

    fn run() -> RunLog {
        let mut run = RunLog::default();
        (run.summary.threads, run.summary.budget_bytes) = (4, 256 << 20);
        let mut chain = ChainLog { names: vec![(0, "sort".to_string())], ..ChainLog::default() };
        chain.view.label = "read parquet > sort".to_string();
        (chain.view.state, chain.view.elapsed_us, chain.view.tasks) = (Standing::Done, 1_000_000, 100);
        run.chains.push(chain);
        run
    }

    fn causes(change: impl FnOnce(&mut RunLog)) -> Vec<String> {
        let mut run = run();
        change(&mut run);
        of_run(&run)
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut RunLog), parts: &[&str]) {
        let causes = causes(change);
        assert!(parts.iter().all(|part| causes.first().is_some_and(|cause| cause.contains(part))), "{causes:#?}");
    }

    #[test]
    fn an_even_run_needs_no_words() {
        assert_eq!(causes(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn a_spill_names_its_op_and_a_budget() {
        let change = |run: &mut RunLog| {
            run.chains[0].view.spilled_bytes = 100 << 20;
            run.chains[0].why_spilled = Some("spilled 100.0 MiB: rows waiting for 'sort' took 300.0 MiB".to_string());
        };
        check(change, &["chain 0 (read parquet > sort): spilled 100.0 MiB", "budget of about 506.0 MiB"]);
    }

    #[test]
    fn a_wait_for_memory_says_how_many_tasks_fit() {
        let change = |run: &mut RunLog| (run.chains[0].waited_us, run.chains[0].task_bytes) = (400_000, 100 << 20);
        check(change, &["waited 400 ms for memory, 40 %", "has room for 2", "raise the budget"]);
        assert!(causes(|run| run.chains[0].waited_us = 20_000).is_empty(), "two percent are not worth a word");
    }

    #[test]
    fn a_skewed_partition_is_named() {
        let change = |run: &mut RunLog| {
            (0..99).for_each(|_| run.chains[0].durations.add(10_000_000));
            run.chains[0].durations.add(600_000_000);
            run.chains[0].slowest = Some((42, 600_000_000));
            run.table.push(Entry { task: 42, rows: 5000, ..Entry::default() });
        };
        check(change, &["task 42 took 600 ms over 5000 rows, ", " times the median of 1", "repartition"]);
    }

    #[test]
    fn one_block_for_four_threads_is_told() {
        let change = |run: &mut RunLog| run.chains[0].view.tasks = 1;
        check(change, &["1 task for 4 threads left 3 of them idle"]);
    }

    #[test]
    fn a_filter_that_skips_nothing_is_told() {
        let text = "Read parquet 1 file, 9 row groups, 10 rows, columns [x], filter x > 1, row groups 0 of 9 skipped by statistics";
        let change = |run: &mut RunLog| run.chains[0].view.steps.push(text.to_string());
        check(change, &["the filter x > 1 skipped none of 9 row groups", "sorted by"]);
        let pruned = |run: &mut RunLog| (run.chains[0].view.steps, run.chains[0].skipped) = (vec![text.to_string()], 3);
        assert!(causes(pruned).is_empty());
    }

    #[test]
    fn estimates_are_held_against_what_came() {
        let rows = |run: &mut RunLog| (run.chains[0].view.rows_expected, run.chains[0].view.rows_in) = (Some(10), 1_000_000);
        check(rows, &["1000000 rows came in where 10 were estimated"]);
        let peak = |run: &mut RunLog| {
            (run.chains[0].view.projected_bytes, run.chains[0].view.peak_bytes) = (10 << 20, 40 << 20);
        };
        check(peak, &["40.0 MiB were promised at once where 10.0 MiB"]);
    }

    #[test]
    fn scratch_that_nearly_ended_comes_first() {
        let change = |free| {
            move |run: &mut RunLog| (run.summary.spilled_bytes, run.scratch_free_bytes) = (100 << 20, Some(free))
        };
        check(change(50 << 20), &["scratch has 50.0 MiB left", "twice as large would not fit"]);
        check(change(1000 << 20), &["10 times the 100.0 MiB that this run wrote"]);
    }

    #[test]
    fn a_failure_comes_before_all_else() {
        let change = |run: &mut RunLog| {
            run.summary.error = Some("no such column".to_string());
            run.chains[0].view.tasks = 1;
        };
        check(change, &["the run failed: no such column"]);
        let in_chain = |run: &mut RunLog| {
            run.summary.error = Some("disk full".to_string());
            run.chains[0].view.state = Standing::Failed;
        };
        check(in_chain, &["chain 0 (read parquet > sort): failed: disk full"]);
        check(|run| run.summary.dropped_events = 7, &["7 events came faster"]);
    }

    #[test]
    fn times_are_as_people_write_them() {
        let texts: Vec<String> = [900, 1500, 15_000, 1_500_000, 61_000_000].into_iter().map(time).collect();
        assert_eq!(texts, ["900 µs", "1.5 ms", "15 ms", "1.50 s", "1 min 1 s"]);
    }
}
