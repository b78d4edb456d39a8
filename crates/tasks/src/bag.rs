//! Calls over the parts of a sequence.
//!
//! A part is a `Vec` of items and the unit of work; each operation is one call a part. It does not fuse operations
//! and knows nothing of types with columns.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::callable::delayed;
use crate::delayed::{Delayed, compute_all};
use crate::error::Result;

/// Partial results that are merged by one call.
const FAN_IN: usize = 8;

/// A sequence in parts, with operations that are put off.
pub struct Bag<T> {
    parts: Vec<Delayed<Vec<T>>>,
}

impl<T> Clone for Bag<T> {
    fn clone(&self) -> Self {
        Bag { parts: self.parts.clone() }
    }
}

impl<T: Send + Sync + 'static> Bag<T> {
    /// Deals items out to up to `parts` parts of equal length, in their order.
    pub fn from_items(items: impl IntoIterator<Item = T>, parts: usize) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        let len = items.len().div_ceil(parts.max(1)).max(1);
        let mut tails = Vec::new();
        while items.len() > len {
            let start = (items.len() - 1) / len * len;
            tails.push(Delayed::value(items.split_off(start)));
        }
        tails.push(Delayed::value(items));
        tails.reverse();
        Bag { parts: tails }
    }

    /// A sequence whose parts are results of calls.
    pub fn from_parts(parts: Vec<Delayed<Vec<T>>>) -> Self {
        Bag { parts }
    }

    /// The parts.
    pub fn parts(&self) -> &[Delayed<Vec<T>>] {
        &self.parts
    }

    /// A call of `function` for each part.
    fn each<R: Send + Sync + 'static>(
        &self,
        name: &str,
        function: impl Fn(&Vec<T>) -> R + Send + Sync + 'static,
    ) -> Vec<Delayed<R>> {
        let call = delayed(function).named(name);
        self.parts.iter().map(|part| call.call(part)).collect()
    }

    /// Applies `function` to each item.
    pub fn map<R: Send + Sync + 'static>(&self, function: impl Fn(&T) -> R + Send + Sync + 'static) -> Bag<R> {
        Bag { parts: self.each("map", move |part| part.iter().map(&function).collect()) }
    }

    /// Keeps the items for which `keep` holds.
    pub fn filter(&self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Bag<T>
    where
        T: Clone,
    {
        Bag { parts: self.each("filter", move |part| part.iter().filter(|item| keep(item)).cloned().collect()) }
    }

    /// Folds each part from `start` on with `fold`, then the parts in their order with `merge`, which must be
    /// associative and leave anything merged with `start` as it was.
    pub fn fold<S: Clone + Send + Sync + 'static>(
        &self,
        start: S,
        fold: impl Fn(S, &T) -> S + Send + Sync + 'static,
        merge: impl Fn(S, &S) -> S + Send + Sync + 'static,
    ) -> Delayed<S> {
        let empty = start.clone();
        let parts = self.each("fold", move |part| part.iter().fold(start.clone(), &fold));
        tree(parts, "merge", move |parts: &[Arc<S>]| match parts.split_first() {
            Some((first, rest)) => rest.iter().fold(S::clone(first), |sum, part| merge(sum, part)),
            None => empty.clone(),
        })
    }

    /// Reduces each part with `part`, then the results in their order, a few at a time, with `merge`.
    pub fn tree_reduce<R: Send + Sync + 'static>(
        &self,
        part: impl Fn(&[T]) -> R + Send + Sync + 'static,
        merge: impl Fn(&[Arc<R>]) -> R + Send + Sync + 'static,
    ) -> Delayed<R> {
        tree(self.each("reduce", move |items| part(items)), "merge", merge)
    }

    /// Counts equal items.
    pub fn frequencies(&self) -> Delayed<HashMap<T, u64>>
    where
        T: Clone + Eq + Hash,
    {
        let count = |mut counts: HashMap<T, u64>, item: &T| {
            match counts.get_mut(item) {
                Some(count) => *count += 1,
                None => drop(counts.insert(item.clone(), 1)),
            }
            counts
        };
        self.fold(HashMap::new(), count, |mut counts, more| {
            for (item, count) in more {
                *counts.entry(item.clone()).or_default() += count;
            }
            counts
        })
    }

    /// Number of items.
    pub fn count(&self) -> Delayed<usize> {
        self.tree_reduce(<[T]>::len, |counts: &[Arc<usize>]| counts.iter().map(|count| **count).sum())
    }

    /// The items in their order.
    ///
    /// # Errors
    /// A function failed.
    pub fn compute(&self) -> Result<Vec<T>>
    where
        T: Clone,
    {
        let parts = compute_all(self.parts.as_slice())?;
        Ok(parts.iter().flat_map(|part| part.iter().cloned()).collect())
    }
}

/// Merges results in their order, a few at a time; none or one of them is merged too.
fn tree<R: Send + Sync + 'static>(
    mut level: Vec<Delayed<R>>,
    name: &str,
    merge: impl Fn(&[Arc<R>]) -> R + Send + Sync + 'static,
) -> Delayed<R> {
    let merge = delayed(merge).named(name);
    while level.len() > FAN_IN {
        level = level.chunks(FAN_IN).map(|few| merge.call(few)).collect();
    }
    merge.call(level)
}
