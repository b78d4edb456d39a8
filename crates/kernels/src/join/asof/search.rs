//! The place of a key in a sorted list.

use super::{AsofDirection, AsofOptions, Tolerance};
use crate::group::OrderedBits;

/// Searches lists for one key after the other; fastest for keys that ascend within a list.
#[derive(Debug)]
pub(super) struct Search {
    options: AsofOptions,
    is_floating: bool,
    /// The list searched last, by its start, the key, and how many of the list's keys were before it.
    last: (usize, u64, usize),
}

/// How far two keys are apart.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Distance {
    Units(u64),
    Float(f64),
}

impl Search {
    pub(super) fn new(options: AsofOptions, is_floating: bool) -> Self {
        Search { options, is_floating, last: (usize::MAX, 0, 0) }
    }

    /// The place that a key is joined to, in the list that starts at `start`.
    pub(super) fn find(&mut self, key: u64, start: usize, list: &[u64]) -> Option<usize> {
        // Lists without keys start where the next one does.
        let known = if self.last.0 == start && self.last.1 <= key { self.last.2.min(list.len()) } else { 0 };
        let less = after(list, known, |other| other < key);
        self.last = (start, key, less);
        let not_greater = || after(list, less, |other| other <= key);
        let is_exact = self.options.allow_exact_matches;
        let backward = || (if is_exact { not_greater() } else { less }).checked_sub(1);
        let forward = || Some(if is_exact { less } else { not_greater() }).filter(|place| *place < list.len());
        let place = match self.options.direction {
            AsofDirection::Backward => backward(),
            AsofDirection::Forward => forward(),
            AsofDirection::Nearest => self.nearer(key, list, backward(), forward()),
        };
        place.filter(|place| self.is_near(self.distance(key, list, *place)))
    }

    fn nearer(&self, key: u64, list: &[u64], before: Option<usize>, after: Option<usize>) -> Option<usize> {
        match (before, after) {
            (Some(before), Some(after)) => {
                let is_before = self.distance(key, list, before) <= self.distance(key, list, after);
                Some(if is_before { before } else { after })
            }
            (before, after) => before.or(after),
        }
    }

    fn distance(&self, key: u64, list: &[u64], place: usize) -> Distance {
        let other = list.get(place).copied().unwrap_or(key);
        if self.is_floating && other == key {
            // Of infinities too.
            return Distance::Float(0.0);
        }
        if self.is_floating {
            return Distance::Float((OrderedBits::float(key) - OrderedBits::float(other)).abs());
        }
        Distance::Units(key.abs_diff(other))
    }

    fn is_near(&self, distance: Distance) -> bool {
        match (self.options.tolerance, distance) {
            (Some(Tolerance::Units(most)), Distance::Units(distance)) => distance <= most,
            (Some(Tolerance::Float(most)), Distance::Float(distance)) => distance <= most,
            _ => true,
        }
    }
}

/// How many keys are before a place that lies at `known` or later: steps that double, then halves.
fn after(list: &[u64], known: usize, is_before: impl Fn(u64) -> bool) -> usize {
    let is_before_at = |place: usize| list.get(place).is_some_and(|key| is_before(*key));
    let (mut low, mut step) = (known, 1);
    while is_before_at(low + step - 1) {
        low += step;
        step *= 2;
    }
    let rest = list.get(low..list.len().min(low + step)).unwrap_or_default();
    low + rest.partition_point(|key| is_before(*key))
}
