//! The tasks of a run, in a list that can be sorted and searched.
//!
//! All tasks of a short run are kept. Of a long one these are: the slowest, those that failed, and a sample in which every
//! other task has the same chance to be.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use serde::{Deserialize, Serialize};

use crate::view::{Standing, TaskPage, TaskQuery, TaskRow};

/// Tasks that are kept as a sample.
const SAMPLED: usize = 20_000;

/// The slowest tasks that are kept, and the failed ones.
const SLOWEST: usize = 500;

/// A task that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its chain.
    pub chain: u32,
    /// Its index in the chain.
    pub task: u64,
    /// Which worker ran it.
    pub worker: u32,
    /// When it started, in nanoseconds since the start of the run.
    pub start_ns: u64,
    /// How long it waited for its permit.
    pub wait_us: u64,
    /// How long it ran.
    pub elapsed_ns: u64,
    /// Bytes promised to it.
    pub permit_bytes: u64,
    /// Rows that came in.
    pub rows: u64,
    /// Bytes that it read.
    pub bytes: u64,
    /// Why it failed.
    pub error: Option<String>,
}

impl Entry {
    fn key(&self) -> (u32, u64) {
        (self.chain, self.task)
    }

    fn row(&self, state: Standing, label: &str) -> TaskRow {
        TaskRow {
            chain: self.chain as usize,
            task: self.task,
            label: label.to_string(),
            worker: self.worker,
            state,
            start_us: self.start_ns / 1000,
            wait_us: self.wait_us,
            elapsed_us: self.elapsed_ns.div_ceil(1000),
            permit_bytes: self.permit_bytes,
            rows: self.rows,
            bytes: self.bytes,
            error: self.error.clone(),
        }
    }
}

/// Tasks of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// All tasks, or a sample.
    sampled: Vec<Entry>,
    /// The slowest by their time, once there is only a sample.
    slowest: Vec<Entry>,
    failed: Vec<Entry>,
    /// Tasks that were not failed.
    seen: u64,
    chance: u64,
    /// The least time among the slowest.
    least_ns: u64,
}

impl Table {
    /// Takes in a task that ended.
    pub fn push(&mut self, entry: Entry) {
        if entry.error.is_some() {
            if self.failed.len() < SLOWEST {
                self.failed.push(entry);
            }
            return;
        }
        self.seen += 1;
        if entry.elapsed_ns > self.least_ns || self.slowest.len() < SLOWEST {
            self.keep_slow(&entry);
        }
        if self.sampled.len() < SAMPLED {
            self.sampled.push(entry);
            return;
        }
        // Algorithm R (Vitter, 1985): the n-th task replaces one of the sample with chance size / n.
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(((u128::from(self.chance) * u128::from(self.seen)) >> 64) as u64);
        if let Some(kept) = place.ok().and_then(|place| self.sampled.get_mut(place)) {
            *kept = entry;
        }
    }

    fn keep_slow(&mut self, entry: &Entry) {
        self.slowest.push(entry.clone());
        if self.slowest.len() >= 2 * SLOWEST {
            self.slowest.sort_by_key(|entry| Reverse(entry.elapsed_ns));
            self.slowest.truncate(SLOWEST);
            self.least_ns = self.slowest.last().map_or(0, |entry| entry.elapsed_ns);
        }
    }

    /// Keeps a sample of so many tasks, and as many slow ones.
    pub fn shrink(&mut self, most: usize) {
        self.slowest.sort_by_key(|entry| Reverse(entry.elapsed_ns));
        self.slowest.truncate(most);
        // Every n-th in the order of time, so that the sample stays one of the whole run.
        let every = self.sampled.len().div_ceil(most.max(1)).max(1);
        self.sampled = std::mem::take(&mut self.sampled).into_iter().step_by(every).collect();
        self.sampled.shrink_to_fit();
        self.failed.truncate(most);
    }

    /// All that is kept, each task once.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let sampled: BTreeSet<(u32, u64)> = match self.seen > self.sampled.len() as u64 {
            true => self.sampled.iter().map(Entry::key).collect(),
            false => BTreeSet::new(),
        };
        let is_sample = !sampled.is_empty();
        let slow = self.slowest.iter().filter(move |entry| is_sample && !sampled.contains(&entry.key()));
        self.sampled.iter().chain(slow).chain(&self.failed)
    }

    /// The tasks that a query asks for, of those kept and those `running`.
    pub fn query<'a>(
        &self,
        query: &TaskQuery,
        tasks: u64,
        running: &[Entry],
        label: impl Fn(usize) -> &'a str,
    ) -> TaskPage {
        let text = query.text.to_lowercase();
        let state_of = |entry: &Entry| if entry.error.is_some() { Standing::Failed } else { Standing::Done };
        let ended = self.entries().map(|entry| (state_of(entry), entry));
        let under_way = running.iter().map(|entry| (Standing::Running, entry));
        let matches = |(state, entry): &(Standing, &Entry)| {
            query.chain.is_none_or(|chain| chain == entry.chain as usize)
                && query.state.is_none_or(|wanted| wanted == *state)
                && (text.is_empty()
                    || label(entry.chain as usize).to_lowercase().contains(&text)
                    || entry.error.as_ref().is_some_and(|error| error.to_lowercase().contains(&text)))
        };
        let found: Vec<(Standing, &Entry)> = ended.chain(under_way).filter(matches).collect();
        let is_all = query.chain.is_none() && query.state.is_none() && text.is_empty();
        let matching = if is_all { tasks.max(found.len() as u64) } else { found.len() as u64 };
        let wanted = sorted(found, &query.sort, query.offset.saturating_add(query.limit));
        let rows = wanted.into_iter().skip(query.offset).map(|(state, entry)| entry.row(state, label(entry.chain as usize)));
        TaskPage { matching, tasks, rows: rows.collect() }
    }
}

/// The first `most` of some tasks in the order that is asked for.
fn sorted<'a>(found: Vec<(Standing, &'a Entry)>, sort: &str, most: usize) -> Vec<(Standing, &'a Entry)> {
    let (name, is_down) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let key = |entry: &Entry| match name {
        "elapsed" => entry.elapsed_ns,
        "wait" => entry.wait_us,
        "permit_bytes" => entry.permit_bytes,
        "rows" => entry.rows,
        "bytes" => entry.bytes,
        _ => entry.start_ns,
    };
    let place = |(index, (_, entry)): &(usize, (Standing, &Entry))| {
        let key = key(entry);
        (if is_down { u64::MAX - key } else { key }, entry.start_ns, *index)
    };
    let mut first = BinaryHeap::with_capacity(most.min(found.len()) + 1);
    for numbered in found.iter().copied().enumerate() {
        first.push((place(&numbered), numbered.0));
        if first.len() > most {
            first.pop();
        }
    }
    first.into_sorted_vec().into_iter().filter_map(|(_, index)| found.get(index).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(tasks: u64) -> Table {
        let mut table = Table::default();
        for task in 0..tasks {
            let elapsed_ns = if task == 77 { 1_000_000_000 } else { 1000 + task % 1000 };
            let error = (task % 10_000 == 3).then(|| "No space left".to_string());
            table.push(Entry { chain: (task % 2) as u32, task, start_ns: task * 1000, elapsed_ns, error, ..Entry::default() });
        }
        table
    }

    fn query(table: &Table, tasks: u64, query: TaskQuery) -> TaskPage {
        table.query(&TaskQuery { limit: 10, ..query }, tasks, &[], |chain| ["sort", "join"][chain])
    }

    #[test]
    fn the_slowest_and_the_failed_of_a_million_are_there() {
        let table = filled(1_000_000);
        assert!(table.entries().count() < SAMPLED + 4 * SLOWEST);
        let slow = query(&table, 1_000_000, TaskQuery { sort: "-elapsed".to_string(), ..TaskQuery::default() });
        assert_eq!((slow.rows[0].task, slow.rows[0].elapsed_us, slow.matching), (77, 1_000_000, 1_000_000));
        let failed = TaskQuery { text: "NO SPACE".to_string(), state: Some(Standing::Failed), ..TaskQuery::default() };
        assert_eq!(query(&table, 1_000_000, failed).matching, 100);
    }

    #[test]
    fn a_sample_is_one_of_the_whole_run() {
        let table = filled(400_000);
        let late = table.sampled.iter().filter(|entry| entry.task >= 200_000).count();
        assert!((SAMPLED * 45 / 100..SAMPLED * 55 / 100).contains(&late), "{late} of {SAMPLED}");
    }

    #[test]
    fn pages_follow_each_other() {
        let table = filled(100);
        let page = |offset| query(&table, 100, TaskQuery { chain: Some(1), sort: "start".to_string(), offset, ..TaskQuery::default() });
        assert_eq!(page(0).matching, 50);
        let tasks: Vec<u64> = [page(0), page(10)].into_iter().flat_map(|page| page.rows).map(|row| row.task).collect();
        assert_eq!(tasks, (0..20).map(|i| 2 * i + 1).collect::<Vec<u64>>());
        assert!(page(50).rows.is_empty());
        assert_eq!(page(0).rows[0].label, "join");
    }
}
