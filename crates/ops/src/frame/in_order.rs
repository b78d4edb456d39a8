//! `in_order`: rows that moved, back in the order of their positions (see `row_position.rs`).
//!
//! Positions need no sample: the ranges of the exchange follow from the blocks that they number and from their expected
//! lengths. Where rows did not move after all, as past a table that every block probes, nothing is done.

use std::sync::Arc;

use arrow::array::UInt64Array;
use blockfold_core::{Block, Columns, Error, Expr, Grid, RecordBatch, Result, Scalar, col};
use blockfold_kernels::sort::{SortBounds, SortOrder};
use blockfold_plan::{
    BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Moved, Op, Plan, Router, Routing, StepId, TaskContext,
};

use super::row_position::position;
use super::sort::{SortPart, asc};
use crate::exchange::RangeRouter;

/// Rows in the order of their positions.
#[derive(Debug)]
pub struct InOrder {
    input: [Plan; 1],
    column: String,
    /// Whether rows are in order as long as no exchange moved them.
    keeps_order: bool,
}

impl InOrder {
    /// A plan of the rows of `input` in the order of their positions in `column`. `keeps_order` says that what came
    /// after the positions leaves rows in order unless an exchange moves them.
    ///
    /// # Errors
    /// No such column.
    pub fn plan(input: Plan, column: &str, keeps_order: bool) -> Result<Plan> {
        Plan::new(InOrder { input: [input], column: column.to_string(), keeps_order })
    }
}

impl Op for InOrder {
    fn name(&self) -> &'static str {
        "in_order"
    }

    fn detail(&self) -> String {
        let when = if self.keeps_order { " where rows moved" } else { "" };
        format!("of {}{when}", self.column.trim_start_matches('\u{0}'))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        InOrder::plan(inputs.remove(0), &self.column, self.keeps_order)
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        if meta.schema.column_with_name(&self.column).is_none() {
            let have = super::names(&meta.schema);
            return Err(Error::ColumnNotFound { name: self.column.clone(), have });
        }
        Ok(Meta { schema: meta.schema.clone(), grid: Grid::unknown(meta.grid.blocks()) })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        match wanted {
            Columns::All => Columns::All,
            Columns::Some(names) => Columns::values(names.keys().chain([&self.column]).cloned()),
        }
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        (!predicate.columns().contains(&self.column)).then(|| predicate.clone())
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let (moved, placed) = lower.moved(input, &self.column);
        let moved = if self.keeps_order { moved } else { Moved::Always };
        let parts = lower.parts(input);
        let routing = Positions { column: self.column.clone(), bounds: bounds(lower, placed, parts) };
        let (schema, grid) = (self.input[0].schema().clone(), Grid::unknown(routing.bounds.len() + 1));
        let sent = match moved {
            Moved::Never => return Ok(input),
            Moved::Always => lower.exchange(input, None, routing, schema.clone(), grid.clone()),
            Moved::Unless(table) => lower.exchange_unless(table, input, routing, schema.clone(), grid.clone()),
        };
        let sort = SortPart {
            keys: vec![col(&self.column)],
            orders: vec![order()],
            detail: self.detail(),
            is_in_place: false,
        };
        Ok(lower.map(vec![(sent, BlockMap::Same)], Restore { sort }, schema, grid))
    }
}

fn order() -> SortOrder {
    asc("").order
}

/// Rows assumed for a block of which nothing is known.
const UNKNOWN_ROWS: u64 = 1 << 20;

/// The positions at which parts begin, the first one aside: about as many rows of the step's blocks for each.
fn bounds(lower: &Lower, placed: StepId, parts: usize) -> Vec<u64> {
    let grid = lower.grid(placed);
    let blocks = grid.blocks().max(1) as u64;
    let of_unknown = lower.expected(placed).0.map_or(UNKNOWN_ROWS, |rows| (rows / blocks).max(1));
    let length = |block: usize| grid.length(block).unwrap_or(of_unknown);
    let total: u64 = (0..grid.blocks()).map(length).sum();
    let each = total.div_ceil(parts.max(1) as u64).max(1);
    let (mut bounds, mut start, mut next) = (Vec::new(), 0u64, each);
    for block in 0..grid.blocks() {
        let end = start + length(block);
        while next < end {
            bounds.push(position(block, next - start));
            next += each;
        }
        start = end;
    }
    bounds
}

/// Routing by ranges of positions.
#[derive(Debug)]
struct Positions {
    column: String,
    bounds: Vec<u64>,
}

impl Routing for Positions {
    fn name(&self) -> &'static str {
        "position"
    }

    fn detail(&self) -> String {
        format!("in {} ranges", self.bounds.len() + 1)
    }

    fn router(&self, _: Option<&Block>) -> Result<Arc<dyn Router>> {
        let bounds = UInt64Array::from(self.bounds.clone());
        let bounds = RecordBatch::try_from_iter([("position", Arc::new(bounds) as arrow::array::ArrayRef)])?;
        Ok(Arc::new(RangeRouter::new(vec![col(&self.column)], SortBounds::from_batch(&bounds, &[order()])?)))
    }
}

/// Sorts parts that came together; rows that stayed where they were are in order.
#[derive(Debug)]
struct Restore {
    sort: SortPart,
}

impl Kernel for Restore {
    fn name(&self) -> &'static str {
        "in_order"
    }

    fn detail(&self) -> String {
        self.sort.detail()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("in_order gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        self.sort.peak_bytes(inputs)
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        self.sort.output(inputs)
    }

    fn whole_partition(&self) -> bool {
        true
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        match inputs.pop() {
            Some(Input::Part(part)) => self.sort.open(&mut vec![Input::Part(part)], task),
            Some(other) => other.into_stream().map(Some),
            None => Ok(Some(Box::new(std::iter::empty()))),
        }
    }
}
