//! The task stream: which worker was busy when, kept for the whole run at a resolution that fits a bound.
//!
//! Each piece of work is a bar in the lane of its worker. When there are more bars than the bound, the resolution is
//! doubled: bars that start in the same slice of time become one. So ten million tasks are as readable as ten, and what is
//! shown of a slice (how many tasks, how busy, how many failed) stays exact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::view::{Lane, Lanes, Rect};

/// Bars kept of a run.
pub const MOST_BARS: usize = 120_000;

/// The first slice of time, when there are too many bars.
const FIRST_SLICE_NS: u64 = 1 << 12;

/// One piece of work, or several that start in the same slice of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Start, in nanoseconds since the start of the run.
    pub start_ns: u64,
    /// End.
    pub end_ns: u64,
    /// Time of it that was work.
    pub busy_ns: u64,
    /// The chain of its work: where several meet, the one with the longest piece.
    pub chain: u32,
    /// Its task, when it is one.
    pub task: Option<u64>,
    /// Tasks that it stands for; none for work beside tasks.
    pub tasks: u32,
    /// How many of these failed.
    pub failed: u32,
}

impl Bar {
    /// Takes in a bar of the same lane.
    fn absorb(&mut self, other: &Bar) {
        if other.busy_ns > self.busy_ns {
            self.chain = other.chain;
        }
        self.task = match (self.tasks, other.tasks) {
            (_, 0) => self.task,
            (0, _) => other.task,
            _ => None,
        };
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
        let width_ns = self.end_ns.saturating_sub(self.start_ns);
        self.busy_ns = self.busy_ns.saturating_add(other.busy_ns).min(width_ns);
        self.tasks = self.tasks.saturating_add(other.tasks);
        self.failed = self.failed.saturating_add(other.failed);
    }

    fn to_rect(self) -> Rect {
        Rect {
            start_us: self.start_ns / 1000,
            end_us: self.end_ns.div_ceil(1000),
            busy_us: self.busy_ns.div_ceil(1000),
            chain: self.chain,
            task: self.task,
            tasks: self.tasks,
            failed: self.failed,
        }
    }
}

/// The bars of one worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Name of its thread.
    pub name: String,
    /// In the order of time, not overlapping.
    #[serde(with = "crate::columns")]
    pub bars: Vec<Bar>,
    /// Time that was work, of all bars.
    pub busy_ns: u64,
}

/// The bars of all workers of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// By the worker's index.
    pub tracks: BTreeMap<u32, Track>,
    slice_ns: u64,
    bars: usize,
    most_bars: usize,
}

impl Default for Tracks {
    fn default() -> Self {
        Tracks { tracks: BTreeMap::new(), slice_ns: 0, bars: 0, most_bars: MOST_BARS }
    }
}

impl Tracks {
    /// Whether the lane is known by a name.
    pub fn has(&self, worker: u32) -> bool {
        self.tracks.contains_key(&worker)
    }

    /// A lane that is there even when nothing runs in it.
    pub fn name(&mut self, worker: u32, name: String) {
        self.tracks.entry(worker).or_default().name = name;
    }

    /// Takes in a piece of work, which ended after those before it in its lane.
    pub fn push(&mut self, worker: u32, bar: Bar) {
        let slice_ns = self.slice_ns;
        let track = self.tracks.entry(worker).or_default();
        track.busy_ns = track.busy_ns.saturating_add(bar.busy_ns);
        let before = track.bars.len();
        add(&mut track.bars, bar, |last, next| slice_ns > 0 && last.start_ns / slice_ns == next.start_ns / slice_ns);
        self.bars = self.bars + track.bars.len() - before.min(track.bars.len());
        if self.bars > self.most_bars {
            self.coarsen(self.most_bars / 2);
        }
    }

    /// Keeps at most so many bars.
    pub fn coarsen(&mut self, most_bars: usize) {
        loop {
            self.bars = self.tracks.values().map(|track| track.bars.len()).sum();
            if self.bars <= most_bars.max(self.tracks.len()) {
                return;
            }
            self.slice_ns = if self.slice_ns == 0 { FIRST_SLICE_NS } else { self.slice_ns.saturating_mul(2) };
            let slice_ns = self.slice_ns;
            for track in self.tracks.values_mut() {
                let mut bars = Vec::new();
                for bar in track.bars.drain(..) {
                    add(&mut bars, bar, |last, next| last.start_ns / slice_ns == next.start_ns / slice_ns);
                }
                track.bars = bars;
            }
        }
    }

    /// Time that was work, of all workers.
    pub fn busy_ns(&self) -> u64 {
        self.tracks.values().map(|track| track.busy_ns).sum()
    }

    /// The bars from one time to another, and those `running`, in at most `pixels` rectangles a lane.
    pub fn view(&self, from_us: u64, to_us: u64, pixels: usize, running: &[(u32, Bar)]) -> Lanes {
        let (from_ns, to_ns) = (from_us.saturating_mul(1000), to_us.max(from_us).saturating_mul(1000));
        let pixel_ns = to_ns.saturating_sub(from_ns).div_ceil(pixels.max(1) as u64).max(1);
        let pixel = |bar: &Bar| bar.start_ns.max(from_ns).saturating_sub(from_ns) / pixel_ns;
        let lanes = self.tracks.iter().map(|(worker, track)| {
            let first = track.bars.partition_point(|bar| bar.end_ns < from_ns);
            let kept = track.bars.get(first..).unwrap_or_default().iter().take_while(|bar| bar.start_ns <= to_ns);
            let now = running.iter().filter(|(of, bar)| of == worker && bar.start_ns <= to_ns && bar.end_ns >= from_ns);
            let mut bars: Vec<Bar> = Vec::new();
            for bar in kept.chain(now.map(|(_, bar)| bar)) {
                add(&mut bars, *bar, |last, next| pixel(last) == pixel(next));
            }
            Lane { worker: *worker, name: track.name.clone(), rects: bars.into_iter().map(Bar::to_rect).collect() }
        });
        Lanes { from_us, to_us, lanes: lanes.collect() }
    }
}

/// Adds a bar to those before it: to the last one when they are to be one, or overlap, as a task that ran another does.
fn add(bars: &mut Vec<Bar>, mut bar: Bar, is_one: impl Fn(&Bar, &Bar) -> bool) {
    while let Some(last) = bars.last() {
        if last.end_ns <= bar.start_ns && !is_one(last, &bar) {
            break;
        }
        let mut last = *last;
        bars.pop();
        last.absorb(&bar);
        bar = last;
    }
    bars.push(bar);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bar(start_ns: u64, end_ns: u64, task: u64) -> Bar {
        Bar { start_ns, end_ns, busy_ns: end_ns - start_ns, task: Some(task), tasks: 1, ..Bar::default() }
    }

    #[test]
    fn a_task_that_ran_another_is_one_bar_with_it() {
        let mut tracks = Tracks::default();
        tracks.push(0, bar(0, 5, 0));
        tracks.push(0, bar(20, 30, 1));
        tracks.push(0, bar(10, 40, 2));
        let bars = &tracks.tracks[&0].bars;
        assert_eq!(bars.len(), 2);
        assert_eq!((bars[1].start_ns, bars[1].end_ns, bars[1].tasks, bars[1].task), (10, 40, 2, None));
    }

    #[test]
    fn ten_million_tasks_fit_their_bound() {
        let mut tracks = Tracks::default();
        for task in 0..2_000_000u64 {
            tracks.push((task % 4) as u32, bar(task * 500, task * 500 + 400, task));
        }
        let bars: usize = tracks.tracks.values().map(|track| track.bars.len()).sum();
        assert!((20_000..=MOST_BARS).contains(&bars), "{bars}");
        let tasks: u32 = tracks.tracks.values().flat_map(|track| &track.bars).map(|bar| bar.tasks).sum();
        assert_eq!(tasks, 2_000_000);
        assert_eq!(tracks.busy_ns(), 2_000_000 * 400);
    }

    proptest! {
        #[test]
        fn a_view_has_all_tasks_and_no_more_rectangles_than_pixels(
            widths in prop::collection::vec((0u64..5000, 1u64..5000), 1..300),
            pixels in 1usize..80,
        ) {
            let mut tracks = Tracks::default();
            let mut at = 0;
            for (task, (gap, width)) in widths.iter().enumerate() {
                tracks.push(3, bar(at + gap, at + gap + width, task as u64));
                at += gap + width;
            }
            let view = tracks.view(0, at.div_ceil(1000), pixels, &[]);
            let rects = &view.lanes[0].rects;
            prop_assert!(rects.len() <= pixels + 1);
            prop_assert_eq!(rects.iter().map(|rect| rect.tasks as usize).sum::<usize>(), widths.len());
            prop_assert!(rects.is_sorted_by(|a, b| a.start_us < b.end_us && a.start_us <= b.start_us));
        }
    }
}
