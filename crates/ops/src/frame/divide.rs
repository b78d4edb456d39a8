//! `set_index` and `divide`: rows sent to the partitions of given divisions, sorted there or in the order in which
//! they came.

use std::sync::Arc;

use blockfold_core::{
    Block, Columns, DType, Divisions, Error, Expr, Grid, RecordBatch, Result, Scalar, SchemaRef, col, lit,
};
use blockfold_plan::estimate::{ALLOWANCE_SHARE, share};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Origin, Plan, Router, Routing, Scattered, StepId};

use super::bounds::{
    ASCENDING, CheckRows, column_type, divisions, first_where, index_type, inner_bounds, is_bounded, is_strict, shown,
    typed_bounds,
};
use super::sort::{SortPart, sort_bytes};
use crate::exchange::RangeRouter;

/// Rows sent to the partitions of given divisions.
#[derive(Debug)]
pub struct Divide {
    input: [Plan; 1],
    column: String,
    bounds: Arc<[Scalar]>,
    is_sorted: bool,
}

impl Divide {
    /// A plan of the rows of `input` in partitions divided by `bounds` of `column`, sorted by it or in the order in
    /// which they came. Nulls and NaN go to the last partition.
    ///
    /// # Errors
    /// No such column, or bounds that do not fit it or do not ascend; at run time values outside of all bounds.
    pub fn plan(input: Plan, column: &str, bounds: Vec<Scalar>, is_sorted: bool) -> Result<Plan> {
        let op = if is_sorted { "set_index" } else { "repartition" };
        let dtype = index_type(op, input.schema(), column)?;
        let bounds = typed_bounds(op, column, &dtype, &bounds)?;
        Plan::new(Divide { input: [input], column: column.to_string(), bounds: bounds.into(), is_sorted })
    }

    /// A plan of the rows of `input`, none of which has a value of `column`, in one partition.
    ///
    /// # Errors
    /// No such column.
    pub fn without_values(input: Plan, column: &str) -> Result<Plan> {
        index_type("set_index", input.schema(), column)?;
        let bounds = [Scalar::Null, Scalar::Null].into();
        Plan::new(Divide { input: [input], column: column.to_string(), bounds, is_sorted: true })
    }

    fn dtype(&self) -> Result<DType> {
        column_type(self.input[0].schema(), &self.column)
    }

    fn sort(&self, is_in_place: bool) -> SortPart {
        let detail = format!("by {}", self.column);
        SortPart { keys: vec![col(&self.column)], orders: vec![ASCENDING], detail, is_in_place }
    }

    /// Whether the input's blocks are divided as wanted already, and each can be sorted by one task.
    fn is_in_place(&self, lower: &Lower, input: StepId) -> bool {
        let known = self.input[0].op().divisions_on(&self.column);
        let is_same = known.is_some_and(|known| known.bounds == self.bounds);
        if !is_same || lower.grid(input).blocks() + 1 != self.bounds.len() {
            return false;
        }
        let room = share(ALLOWANCE_SHARE, lower.budget_bytes());
        lower.largest_block(input).is_some_and(|size| size.bytes.saturating_add(sort_bytes(size)) <= room)
    }
}

impl Op for Divide {
    fn name(&self) -> &'static str {
        if self.is_sorted { "set_index" } else { "divide" }
    }

    fn detail(&self) -> String {
        format!("by {}, {}", self.column, shown(&self.bounds))
    }

    fn token(&self) -> Option<String> {
        Some(format!("{} {:?}", self.column, self.bounds))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let (column, bounds) = (self.column.clone(), self.bounds.clone());
        Plan::new(Divide { input: [inputs.remove(0)], column, bounds, is_sorted: self.is_sorted })
    }

    fn meta(&self) -> Result<Meta> {
        let grid = Grid::unknown(self.bounds.len() - 1).with_divisions(Some(divisions(&self.column, &self.bounds)));
        Ok(Meta { schema: self.input[0].schema().clone(), grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone().union(Columns::values([self.column.clone()]))
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        (column == self.column).then(|| divisions(&self.column, &self.bounds))
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        if self.is_sorted && self.is_in_place(lower, input) {
            let check = CheckRows {
                op: self.name(),
                column: self.column.clone(),
                dtype: self.dtype()?,
                divisions: meta.grid.divisions().cloned(),
                is_ordered: false,
            };
            let (schema, grid) = (meta.schema.clone(), meta.grid.clone());
            let checked = lower.map(vec![(input, BlockMap::Same)], check, schema, grid);
            return Ok(lower.map(vec![(checked, BlockMap::Same)], self.sort(true), meta.schema, meta.grid));
        }
        let moved = send(lower, input, meta.schema.clone(), Target::new(&self.column, self.dtype()?, &self.bounds)?);
        if !self.is_sorted {
            return Ok(moved);
        }
        Ok(lower.map(vec![(moved, BlockMap::Same)], self.sort(false), meta.schema, meta.grid))
    }
}

/// Adds the exchange that sends rows to their partitions.
pub(super) fn send(lower: &mut Lower, input: StepId, schema: SchemaRef, target: Target) -> StepId {
    let grid = Grid::unknown(target.bounds.len() - 1).with_divisions(Some(divisions(&target.column, &target.bounds)));
    lower.exchange(input, None, target, schema, grid)
}

/// Where rows of divisions go.
#[derive(Clone, Debug)]
pub(super) struct Target {
    column: String,
    bounds: Arc<[Scalar]>,
    ranges: RangeRouter,
    /// Whether a value is before the first bound or after the last one.
    outside: Option<Expr>,
}

impl Target {
    /// Rows by divisions of a column.
    ///
    /// # Errors
    /// Bounds that do not ascend.
    pub(super) fn new(column: &str, dtype: DType, bounds: &Arc<[Scalar]>) -> Result<Self> {
        let outside = match (bounds.first(), bounds.last()) {
            (Some(low), Some(high)) if *low != Scalar::Null => {
                let above = col(column).gt(lit(high.clone())).and(is_bounded(column, &dtype));
                Some(col(column).lt(lit(low.clone())).or(above))
            }
            _ => None,
        };
        if outside.is_some() && !is_strict(bounds) {
            return Err(Error::internal("rows were to be sent by divisions that do not ascend"));
        }
        let ranges = RangeRouter::new(vec![col(column)], inner_bounds(bounds, &dtype)?);
        Ok(Target { column: column.to_string(), bounds: bounds.clone(), ranges, outside })
    }
}

impl Routing for Target {
    fn name(&self) -> &'static str {
        "range"
    }

    fn detail(&self) -> String {
        format!("by {}, {}", self.column, shown(&self.bounds))
    }

    fn router(&self, _: Option<&Block>) -> Result<Arc<dyn Router>> {
        Ok(Arc::new(self.clone()))
    }
}

impl Router for Target {
    fn parts(&self) -> usize {
        self.ranges.parts()
    }

    fn scatter(&self, rows: &RecordBatch, origin: Origin) -> Result<Scattered> {
        if let Some(outside) = &self.outside
            && let Some(value) = first_where(outside, &self.column, rows)?
        {
            let (low, high) = (self.bounds.first(), self.bounds.last());
            let (low, high) = (low.unwrap_or(&Scalar::Null), high.unwrap_or(&Scalar::Null));
            let what = format!(
                "'{}' is {value}, outside of the divisions, which go from {low} to {high}; give divisions that span \
                 all values",
                self.column
            );
            return Err(Error::argument("divisions", what));
        }
        self.ranges.scatter(rows, origin)
    }
}
