//! What statistics of row groups say: which groups a filter rules out, the range of a column, divisions.

use std::cmp::Ordering;
use std::sync::Arc;

use blockfold_core::{Divisions, Expr, Scalar};

use super::meta::{Dataset, Group};
use super::prune::{Facts, Interval, Test};
use super::source::ParquetSource;

/// Row groups that a filter leaves.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// The filter, made for asking; `None` when there is none.
    pub(super) test: Option<Arc<Test>>,
    skipped: Arc<[bool]>,
    count: usize,
}

impl Groups {
    /// All groups.
    pub(super) fn all() -> Self {
        Groups { test: None, skipped: Arc::default(), count: 0 }
    }

    /// Those that statistics do not rule out.
    pub(super) fn by_statistics(data: &Dataset, filter: &Expr) -> Self {
        let test = Test::of(filter, &data.schema);
        let is_skipped = |group: &Group| !test.outcomes(&GroupFacts { data, group }).may_be_true;
        let skipped: Arc<[bool]> = data.groups.iter().map(is_skipped).collect();
        let count = skipped.iter().filter(|skipped| **skipped).count();
        Groups { test: Some(Arc::new(test)), skipped, count }
    }

    /// Whether a group is ruled out.
    pub(super) fn is_skipped(&self, group: usize) -> bool {
        self.skipped.get(group).copied().unwrap_or(false)
    }

    /// How many are ruled out.
    pub(super) fn skipped(&self) -> usize {
        self.count
    }
}

struct GroupFacts<'a> {
    data: &'a Dataset,
    group: &'a Group,
}

impl Facts for GroupFacts<'_> {
    fn interval(&self, column: usize) -> Interval {
        group_interval(self.data, self.group, column)
    }
}

/// What is known of a column in a row group.
pub(super) fn group_interval(data: &Dataset, group: &Group, column: usize) -> Interval {
    let Some(layout) = data.layout(group) else { return Interval::UNKNOWN };
    if let Some(hive) = column.checked_sub(layout.fields.len()).and_then(|key| data.hive.get(key)) {
        return Interval::constant(hive.value(group.file));
    }
    let chunk = layout.flat(column).and_then(|(leaf, _)| data.chunk(group, leaf));
    match chunk {
        Some(chunk) => Interval::of(&chunk.bounds, group.rows, data.schema.field(column).data_type()),
        None => Interval::UNKNOWN,
    }
}

/// Least and greatest value of a column in the row groups that are read.
pub(super) fn column_range(source: &ParquetSource, column: usize) -> Option<(Scalar, Scalar)> {
    let mut range: Option<(Scalar, Scalar)> = None;
    for (index, group) in source.data.groups.iter().enumerate() {
        if source.scan.groups.is_skipped(index) {
            continue;
        }
        let found = group_interval(&source.data, group, column);
        if !found.may_be_value {
            continue;
        }
        let (low, high) = (found.low?, found.high?);
        if found.may_be_nan {
            return None;
        }
        range = Some(match range {
            None => (low, high),
            Some((least, greatest)) => (
                if low.compare(&least)? == Ordering::Less { low } else { least },
                if high.compare(&greatest)? == Ordering::Greater { high } else { greatest },
            ),
        });
    }
    range
}

/// Bounds of row groups by a column; `None` unless they follow each other without overlap and without nulls.
pub(super) fn divisions(data: &Dataset, groups: &[Group], column: usize) -> Option<Divisions> {
    let mut bounds: Vec<Scalar> = Vec::with_capacity(groups.len() + 1);
    let mut last: Option<Scalar> = None;
    for group in groups {
        let found = group_interval(data, group, column);
        let (low, high) = (found.low?, found.high?);
        if found.may_be_null || found.may_be_nan {
            return None;
        }
        if last.is_some_and(|last| last.compare(&low) != Some(Ordering::Less)) {
            return None;
        }
        bounds.push(low);
        last = Some(high);
    }
    bounds.push(last?);
    Some(Divisions { column: data.schema.field(column).name().clone(), bounds: bounds.into() })
}
