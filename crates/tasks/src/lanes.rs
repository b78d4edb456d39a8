//! A queue with priorities: a lane for each, first in, first out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// Items by priority, the highest first.
pub struct Lanes<T> {
    lanes: BTreeMap<Reverse<i32>, VecDeque<T>>,
    len: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Lanes { lanes: BTreeMap::new(), len: 0 }
    }
}

impl<T> Lanes<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, priority: i32, item: T) {
        self.lanes.entry(Reverse(priority)).or_default().push_back(item);
        self.len += 1;
    }

    /// The earliest item of the highest priority.
    pub fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        loop {
            let mut lane = self.lanes.first_entry()?;
            if let Some(item) = lane.get_mut().pop_front() {
                return Some(item);
            }
            // An empty lane stays until the queue looks past it.
            lane.remove();
        }
    }

    /// The highest priority of an item.
    pub fn priority(&self) -> Option<i32> {
        self.lanes.iter().find(|(_, lane)| !lane.is_empty()).map(|(priority, _)| priority.0)
    }

    /// Takes all items out.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(self).lanes.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;

    #[test]
    fn higher_and_earlier_first() {
        let mut lanes = Lanes::default();
        for (priority, item) in [(0, 'c'), (5, 'a'), (0, 'd'), (5, 'b'), (-1, 'e')] {
            lanes.push(priority, item);
        }
        assert_eq!(lanes.priority(), Some(5));
        let order: String = std::iter::from_fn(|| lanes.pop()).collect();
        assert_eq!((order.as_str(), lanes.len(), lanes.priority()), ("abcde", 0, None));
        lanes.push(1, 'x');
        assert_eq!(lanes.take(), ['x']);
        assert_eq!(lanes.pop(), None);
    }
}
