//! What a run really needed.

use std::time::Duration;

use blockfold_core::ByteSize;

/// What one chain really needed.
#[derive(Clone, Debug, Default)]
pub struct ChainReport {
    /// The chain's steps in one line.
    pub label: String,
    /// Tasks that ran.
    pub tasks: usize,
    /// Rows that its sources gave.
    pub rows: u64,
    /// Rows that came in: from its sources and from earlier chains.
    pub rows_in: u64,
    /// Rows that it gave: for the answer, for files or for later chains.
    pub rows_out: u64,
    /// Bytes that its sources read from files.
    pub read_bytes: u64,
    /// Bytes written to scratch.
    pub spilled_bytes: u64,
    /// Bytes of these that waited in memory first, and made room for tasks.
    pub moved_out_bytes: u64,
    /// Bytes read back from scratch.
    pub unspilled_bytes: u64,
    /// Bytes of rows that it left for a later chain, wherever they wait, before compression.
    pub waiting_bytes: u64,
    /// Bytes of what it left for a later chain that were in memory when it ended.
    pub kept_bytes: u64,
    /// What they wait for, as `sort`.
    pub waits_for: String,
    /// Bytes that all rows that wait may have in memory: two fifths of the budget.
    pub room_bytes: u64,
    /// Bytes that a task keeps to which can take a part in smaller ones: a fifth of the budget.
    pub allowance_bytes: u64,
    /// The most bytes that one task held a permit for.
    pub task_bytes: u64,
    /// The most bytes that were promised at once while the chain ran.
    pub peak_bytes: u64,
    /// Row groups not read since statistics or bloom filters rule them out.
    pub groups_skipped: u64,
    /// Pages not read since the page index rules them out.
    pub pages_skipped: u64,
    /// Time in which the next task had to wait until others gave memory back.
    pub waited: Duration,
    /// Time from first task to end.
    pub elapsed: Duration,
}

impl ChainReport {
    /// Why the chain wrote to scratch, in one sentence; `None` when it did not.
    pub fn why_spilled(&self) -> Option<String> {
        if self.spilled_bytes == 0 {
            return None;
        }
        let mut reasons = Vec::new();
        let written_bytes = self.spilled_bytes - self.moved_out_bytes.min(self.spilled_bytes);
        if written_bytes > 0 && self.waiting_bytes > 0 {
            let (waiting, room) = (ByteSize(self.waiting_bytes), ByteSize(self.room_bytes));
            let waits_for = &self.waits_for;
            reasons.push(format!(
                "rows waiting for '{waits_for}' took {waiting}, two fifths of the budget are {room} for all that waits"
            ));
        } else if written_bytes > 0 {
            let allowance = ByteSize(self.allowance_bytes);
            reasons.push(format!("parts beyond what a task may hold, {allowance}, were taken in smaller ones"));
        }
        if self.moved_out_bytes > 0 {
            reasons.push(format!("{} that waited in memory made room for tasks", ByteSize(self.moved_out_bytes)));
        }
        Some(format!("spilled {}: {}", ByteSize(self.spilled_bytes), reasons.join("; ")))
    }
}

/// What a run really needed.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// Chain by chain, in the order in which they ran.
    pub chains: Vec<ChainReport>,
    /// Rows that sources gave.
    pub rows_read: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Rows written to files.
    pub rows_written: u64,
    /// Bytes written to files.
    pub bytes_written: u64,
    /// Bytes written to scratch, compressed.
    pub spilled_bytes: u64,
    /// Bytes read back from scratch.
    pub unspilled_bytes: u64,
    /// Row groups not read since statistics or bloom filters rule them out.
    pub groups_skipped: u64,
    /// Pages not read since the page index rules them out.
    pub pages_skipped: u64,
    /// The most bytes promised at once.
    pub peak_bytes: u64,
    /// Time of the whole run.
    pub elapsed: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_it_spilled() {
        let none = ChainReport::default();
        assert_eq!(none.why_spilled(), None);
        let (waiting_bytes, room_bytes, waits_for) = (1600 << 20, 102 << 20, "sort".to_string());
        let chain = ChainReport { spilled_bytes: 1200 << 20, waiting_bytes, room_bytes, waits_for, ..none.clone() };
        let text = chain.why_spilled().unwrap();
        assert!(text.starts_with("spilled 1.2 GiB: rows waiting for 'sort' took 1.6 GiB, two fifths"), "{text}");
        let moved = ChainReport { spilled_bytes: 5 << 20, moved_out_bytes: 5 << 20, ..chain };
        assert_eq!(moved.why_spilled().unwrap(), "spilled 5.0 MiB: 5.0 MiB that waited in memory made room for tasks");
        let split = ChainReport { spilled_bytes: 5 << 20, allowance_bytes: 3 << 20, ..none };
        assert!(split.why_spilled().unwrap().contains("what a task may hold, 3.0 MiB"));
    }
}
