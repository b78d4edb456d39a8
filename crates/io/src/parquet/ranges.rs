//! What statistics of row groups say: which groups a filter rules out, the range of a column, divisions.

use std::sync::Arc;

use blockfold_core::{Divisions, Expr, Scalar};

use super::meta::{Dataset, Group};
use super::source::ParquetSource;

/// Row groups that a filter leaves.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    skipped: Arc<[bool]>,
    count: usize,
}

impl Groups {
    pub(super) fn all(groups: usize) -> Self {
        Groups { skipped: vec![false; groups].into(), count: 0 }
    }

    pub(super) fn by_statistics(data: &Dataset, _filter: &Expr) -> Self {
        Groups::all(data.groups.len())
    }

    pub(super) fn is_skipped(&self, group: usize) -> bool {
        self.skipped.get(group).copied().unwrap_or(false)
    }

    pub(super) fn skipped(&self) -> usize {
        self.count
    }
}

pub(super) fn column_range(_source: &ParquetSource, _column: usize) -> Option<(Scalar, Scalar)> {
    None
}

pub(super) fn divisions(_data: &Dataset, _groups: &[Group], _column: usize) -> Option<Divisions> {
    None
}
