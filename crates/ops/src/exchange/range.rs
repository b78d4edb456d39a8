//! Rows of one range of keys go to the same part; parts follow each other in the order of the keys.

use std::sync::Arc;

use arrow::array::ArrayRef;
use blockfold_core::{Block, Error, Expr, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::route::{range_parts, scatter};
use blockfold_kernels::sort::{SortBounds, SortOrder};
use blockfold_plan::{Origin, Router, Routing, Scattered};

use crate::frame::list;

/// Sends rows of one range of keys to the same part.
#[derive(Clone, Debug)]
pub struct RangeRouter {
    keys: Vec<Expr>,
    bounds: Arc<SortBounds>,
}

impl RangeRouter {
    /// Spreads rows by `keys` between `bounds`.
    pub fn new(keys: Vec<Expr>, bounds: SortBounds) -> Self {
        RangeRouter { keys, bounds: Arc::new(bounds) }
    }
}

impl Router for RangeRouter {
    fn parts(&self) -> usize {
        self.bounds.parts()
    }

    fn scatter(&self, rows: &RecordBatch, _: Origin) -> Result<Scattered> {
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| evaluate(key, rows)).collect::<Result<_>>()?;
        let mut parts = Vec::new();
        range_parts(&keys, &self.bounds, &mut parts)?;
        let (rows, offsets) = scatter(rows, &parts, self.bounds.parts())?;
        Ok(Scattered { rows, offsets })
    }
}

/// Sends rows before a key, of that key, and after it to three parts.
#[derive(Debug)]
pub(crate) struct AroundRouter {
    keys: Vec<Expr>,
    bounds: SortBounds,
    /// The same key in the opposite order.
    opposite: SortBounds,
}

impl AroundRouter {
    /// Parts around the first of `key`.
    pub(crate) fn new(keys: Vec<Expr>, key: &[ArrayRef], orders: &[SortOrder]) -> Result<Self> {
        let named = |(at, column): (usize, &ArrayRef)| (at.to_string(), column.slice(0, 1));
        let row = RecordBatch::try_from_iter(key.iter().enumerate().map(named))?;
        let turned = |order: &SortOrder| SortOrder { descending: !order.descending, nulls_last: !order.nulls_last };
        let opposite: Vec<SortOrder> = orders.iter().map(turned).collect();
        let (bounds, opposite) = (SortBounds::from_batch(&row, orders)?, SortBounds::from_batch(&row, &opposite)?);
        Ok(AroundRouter { keys, bounds, opposite })
    }
}

impl Router for AroundRouter {
    fn parts(&self) -> usize {
        3
    }

    fn scatter(&self, rows: &RecordBatch, _: Origin) -> Result<Scattered> {
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| evaluate(key, rows)).collect::<Result<_>>()?;
        let (mut not_before, mut not_after) = (Vec::new(), Vec::new());
        range_parts(&keys, &self.bounds, &mut not_before)?;
        range_parts(&keys, &self.opposite, &mut not_after)?;
        let part = |(not_before, not_after): (&u32, &u32)| not_before + (1 - not_after) * not_before;
        let parts: Vec<u32> = not_before.iter().zip(&not_after).map(part).collect();
        let (rows, offsets) = scatter(rows, &parts, 3)?;
        Ok(Scattered { rows, offsets })
    }
}

/// Routing by ranges of keys, whose bounds an earlier step found.
#[derive(Debug)]
pub struct RangeRouting {
    /// What ranges are of.
    pub keys: Vec<Expr>,
    /// Order of each key.
    pub orders: Vec<SortOrder>,
}

impl Routing for RangeRouting {
    fn name(&self) -> &'static str {
        "range"
    }

    fn detail(&self) -> String {
        format!("by {}", list(&self.keys))
    }

    fn router(&self, made_from: Option<&Block>) -> Result<Arc<dyn Router>> {
        let bounds = made_from.ok_or_else(|| Error::internal("ranges without bounds"))?;
        let bounds = SortBounds::from_batch(bounds.frame()?, &self.orders)?;
        Ok(Arc::new(RangeRouter::new(self.keys.clone(), bounds)))
    }
}
