//! Pairs where build rows share keys.

use super::{Pairs, ProbeRows};
use crate::join::rows::{ALONE, bounds};

/// Probe rows whose build rows are looked for together.
const CHUNK: usize = 256;

/// A walk over the pairs of probe rows, which may stop amid those of one row.
pub(super) struct Walk<'a> {
    pub(super) numbers: &'a [u32],
    pub(super) starts: &'a [u32],
    pub(super) rows: &'a [u32],
    /// The probe row to go on with.
    pub(super) next: usize,
    /// Pairs of that row that have been given.
    pub(super) given: usize,
}

/// Where the build rows of a probe row lie, and the first of them.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
    first: u32,
}

/// Pairs so far.
struct Taken {
    probe: Vec<u32>,
    build: Vec<u32>,
    has_alone: bool,
    max_rows: usize,
}

impl Walk<'_> {
    /// Up to `max_rows` pairs; none at the end.
    pub(super) fn take(&mut self, max_rows: usize) -> Pairs {
        let mut taken = Taken { probe: Vec::new(), build: Vec::new(), has_alone: false, max_rows };
        while let Some(rest) = self.numbers.get(self.next..).filter(|rest| !rest.is_empty())
            && taken.room() > 0
        {
            self.take_chunk(rest.get(..CHUNK).unwrap_or(rest), &mut taken);
        }
        Pairs { probe: ProbeRows::Rows(taken.probe), build: taken.build, has_alone: taken.has_alone }
    }

    fn take_chunk(&mut self, numbers: &[u32], taken: &mut Taken) {
        let spans = self.spans(numbers);
        for (number, span) in numbers.iter().zip(&spans) {
            let row = u32::try_from(self.next).unwrap_or(u32::MAX);
            let is_done = match span.end - span.start {
                0 => *number != ALONE || taken.push(row, ALONE),
                1 => taken.push(row, span.first),
                _ => self.take_span(row, *span, taken),
            };
            if !is_done {
                return;
            }
            self.next += 1;
            self.given = 0;
        }
    }

    /// Gives what there is room for of one row's pairs; whether it was the rest of them.
    fn take_span(&mut self, row: u32, span: Span, taken: &mut Taken) -> bool {
        let all = self.rows.get(span.start as usize..span.end as usize).unwrap_or_default();
        let rest = all.get(self.given..).unwrap_or_default();
        let part = rest.get(..taken.room()).unwrap_or(rest);
        taken.probe.resize(taken.probe.len() + part.len(), row);
        taken.build.extend_from_slice(part);
        self.given += part.len();
        part.len() == rest.len()
    }

    /// One pass for each place in memory, so that loads of many rows are under way at once.
    fn spans(&self, numbers: &[u32]) -> [Span; CHUNK] {
        let mut spans = [Span::default(); CHUNK];
        for (span, number) in spans.iter_mut().zip(numbers) {
            (span.start, span.end) = bounds(self.starts, *number);
        }
        for span in spans.iter_mut().take(numbers.len()) {
            span.first = self.rows.get(span.start as usize).copied().unwrap_or(0);
        }
        spans
    }
}

impl Taken {
    fn room(&self) -> usize {
        self.max_rows - self.build.len()
    }

    /// Gives one pair if there is room; whether there was.
    #[inline]
    fn push(&mut self, row: u32, build: u32) -> bool {
        if self.room() == 0 {
            return false;
        }
        self.probe.push(row);
        self.build.push(build);
        self.has_alone |= build == ALONE;
        true
    }
}
