//! What the task on a thread counts for itself, beside the counters of its run.

use std::cell::Cell;

/// Counts of one task: all that its thread added to counters of runs while it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that came in: from sources, before their own filters, and from what earlier chains stored.
    pub rows_in: u64,
    /// Bytes read from files and from scratch.
    pub bytes_in: u64,
    /// Bytes written to files and to scratch.
    pub bytes_out: u64,
    /// Bytes of these that went to scratch.
    pub spilled_bytes: u64,
}

thread_local! {
    static TALLY: Cell<Tally> = const { Cell::new(Tally { rows_in: 0, bytes_in: 0, bytes_out: 0, spilled_bytes: 0 }) };
}

impl Tally {
    /// What a function returns, and what it counted on this thread.
    pub fn of<T>(f: impl FnOnce() -> T) -> (T, Tally) {
        let before = TALLY.replace(Tally::default());
        let result = f();
        (result, TALLY.replace(before))
    }

    /// Changes the counts of this thread's task.
    pub fn count(change: impl FnOnce(&mut Tally)) {
        let mut tally = TALLY.get();
        change(&mut tally);
        TALLY.set(tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_within_a_task_counts_for_itself() {
        let (inner, outer) = Tally::of(|| {
            Tally::count(|tally| tally.rows_in += 1);
            let (_, inner) = Tally::of(|| Tally::count(|tally| tally.rows_in += 5));
            Tally::count(|tally| tally.rows_in += 2);
            inner
        });
        assert_eq!((inner.rows_in, outer.rows_in), (5, 3));
    }
}
