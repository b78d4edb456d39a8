//! The walk from all rows to ties to ties of ties.

use super::key::{Key, Step};
use super::radix::Keyed;

/// Rows sorted by the words of one step, of which those before `next` have been looked through for ties.
struct Level {
    step: Step,
    next: usize,
    end: usize,
}

/// Lets `sort` put the rows into the order of their first words, then each run of ties into that of the next, until keys
/// are told apart; `on_equal` is told start and end of each run of equal keys. Ends early when `sort` says `false`, and
/// says so.
///
/// Levels are on a stack of our own, since strings may make it deep.
pub(super) fn walk(
    key: &Key,
    items: &mut [Keyed],
    mut sort: impl FnMut(&mut [Keyed]) -> bool,
    mut on_equal: impl FnMut(usize, usize),
) -> bool {
    if items.len() < 2 {
        return true;
    }
    let mut levels = Vec::new();
    let mut run = (0, items.len());
    let mut step = key.first();
    loop {
        match step {
            None => on_equal(run.0, run.1),
            Some(first) => {
                let Some(rows) = items.get_mut(run.0..run.1) else { return true };
                let step = key.words(first, rows);
                if !sort(rows) {
                    return false;
                }
                levels.push(Level { step, next: run.0, end: run.1 });
            }
        }
        let Some((next_run, next_step)) = next_run(key, items, &mut levels) else { return true };
        (run, step) = (next_run, next_step);
    }
}

/// The next run of ties of the deepest level that has one, and the step that may tell them apart.
fn next_run(key: &Key, items: &[Keyed], levels: &mut Vec<Level>) -> Option<((usize, usize), Option<Step>)> {
    while let Some(level) = levels.last_mut() {
        if let Some((start, end)) = level.next_run(items) {
            let word = items.get(start).map_or(0, |(word, _)| *word);
            return Some(((start, end), key.after(level.step, word)));
        }
        levels.pop();
    }
    None
}

impl Level {
    fn next_run(&mut self, items: &[Keyed]) -> Option<(usize, usize)> {
        let rest = items.get(self.next..self.end)?;
        let same = |pair: &[Keyed]| matches!(pair, [a, b] if a.0 == b.0);
        let Some(skipped) = rest.windows(2).position(same) else {
            self.next = self.end;
            return None;
        };
        let start = self.next + skipped;
        let word = rest.get(skipped)?.0;
        let len = rest.get(skipped..)?.iter().take_while(|item| item.0 == word).count();
        self.next = start + len;
        Some((start, self.next))
    }
}
