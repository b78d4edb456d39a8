//! `rebalance`: the same rows in order, in so many partitions of evenly many rows each.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use blockfold_core::{Block, Columns, Error, Grid, RecordBatch, Result, Scalar};
use blockfold_kernels::route::scatter;
use blockfold_plan::{Lower, Meta, Op, Origin, Plan, Router, Routing, Scattered, StepId, optimize};

use super::Measure;
use super::slice::gather;

/// The same rows in order, in so many partitions of evenly many rows each.
#[derive(Debug)]
pub struct Rebalance {
    input: [Plan; 1],
    partitions: usize,
}

/// Most partitions that rows are sent to.
const MAX_PARTITIONS: usize = 1 << 16;

impl Rebalance {
    /// A plan of the rows of `input` in `partitions` partitions. Rows are counted first where that is not known.
    ///
    /// # Errors
    /// No partitions at all, or more than 65536.
    pub fn plan(input: Plan, partitions: usize) -> Result<Plan> {
        if partitions == 0 || partitions > MAX_PARTITIONS {
            let what = format!("{partitions} partitions; ask for 1 to {MAX_PARTITIONS}");
            return Err(Error::argument("repartition", what));
        }
        Plan::new(Rebalance { input: [input], partitions })
    }
}

impl Op for Rebalance {
    fn name(&self) -> &'static str {
        "rebalance"
    }

    fn detail(&self) -> String {
        format!("to {}", self.partitions)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Rebalance::plan(inputs.remove(0), self.partitions)
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        let grid = match meta.grid.total() {
            Some(rows) => {
                let cuts = Cuts { rows, parts: self.partitions };
                Grid::known(
                    (0..self.partitions).map(|part| cuts.start(part + 1) - cuts.start(part)).collect::<Vec<_>>(),
                )
            }
            None => Grid::unknown(self.partitions),
        };
        Ok(Meta { schema: meta.schema.clone(), grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone()
    }

    // A filter stays above: below, it would change which partition a row is in.

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let grid = lower.grid(input);
        let known: Option<Vec<u64>> = (0..grid.blocks()).map(|block| grid.length(block)).collect();
        let routing = ByNumber { lengths: known, parts: self.partitions };
        let counts = if routing.lengths.is_some() { None } else { Some(self.counts(lower, input)?) };
        Ok(lower.exchange(input, counts, routing, meta.schema, meta.grid))
    }
}

impl Rebalance {
    /// The step that counts each block's rows. Where the input comes straight from sources, no more is read of it
    /// than counting takes.
    fn counts(&self, lower: &mut Lower, input: StepId) -> Result<StepId> {
        let counts = Measure::rows(self.input[0].clone())?;
        let schema = counts.schema().clone();
        let counts = if lower.is_read_again(input) { optimize(&counts)? } else { counts };
        let counts = lower.lower(&counts)?;
        Ok(gather(lower, counts, schema))
    }
}

/// Where even parts of so many rows start.
#[derive(Clone, Copy, Debug)]
struct Cuts {
    rows: u64,
    parts: usize,
}

impl Cuts {
    /// The first row of a part.
    fn start(self, part: usize) -> u64 {
        let start = (u128::from(self.rows) * part as u128).div_ceil(self.parts.max(1) as u128);
        u64::try_from(start).unwrap_or(self.rows).min(self.rows)
    }

    /// The part of a row; rows beyond the last are of the last part.
    fn part(self, row: u64) -> u32 {
        let part = u128::from(row) * self.parts as u128 / u128::from(self.rows.max(1));
        u32::try_from(part.min(self.parts.saturating_sub(1) as u128)).unwrap_or(0)
    }
}

/// Routing by the number of a row in the frame.
#[derive(Debug)]
struct ByNumber {
    /// Rows of each block, when they are known before the run.
    lengths: Option<Vec<u64>>,
    parts: usize,
}

impl Routing for ByNumber {
    fn name(&self) -> &'static str {
        "even"
    }

    fn detail(&self) -> String {
        format!("to {}", self.parts)
    }

    fn router(&self, made_from: Option<&Block>) -> Result<Arc<dyn Router>> {
        let counted = match (&self.lengths, made_from) {
            (Some(lengths), _) => lengths.iter().copied().enumerate().collect(),
            (None, Some(block)) => counted(block.frame()?)?,
            (None, None) => return Err(Error::internal("rows were to be dealt out before they were counted")),
        };
        let blocks = counted.iter().map(|(block, _)| block + 1).max().unwrap_or(0);
        let mut firsts = vec![0u64; blocks];
        for (block, rows) in counted {
            firsts[block] = rows;
        }
        let mut rows = 0;
        for first in &mut firsts {
            rows += std::mem::replace(first, rows);
        }
        Ok(Arc::new(NumberRouter { firsts, cuts: Cuts { rows, parts: self.parts } }))
    }
}

/// Blocks and their rows, as measured; blocks that were never looked at have none.
fn counted(measured: &RecordBatch) -> Result<Vec<(usize, u64)>> {
    let column = |name: &str| {
        let column = measured.column_by_name(name).and_then(|column| column.as_primitive_opt::<UInt64Type>());
        column.ok_or_else(|| Error::internal("counted rows without their count"))
    };
    let (blocks, rows) = (column(super::measure::PARTITION)?, column(super::measure::ROWS)?);
    let pairs = blocks.values().iter().zip(rows.values());
    Ok(pairs.filter_map(|(block, rows)| Some((usize::try_from(*block).ok()?, *rows))).collect())
}

/// Sends rows to even parts by their number.
#[derive(Debug)]
struct NumberRouter {
    /// The number of each block's first row.
    firsts: Vec<u64>,
    cuts: Cuts,
}

impl Router for NumberRouter {
    fn parts(&self) -> usize {
        self.cuts.parts
    }

    fn is_by_origin(&self) -> bool {
        true
    }

    fn scatter(&self, rows: &RecordBatch, origin: Origin) -> Result<Scattered> {
        let first = self.firsts.get(origin.block).copied().unwrap_or(self.cuts.rows).saturating_add(origin.row);
        let parts: Vec<u32> = (first..).take(rows.num_rows()).map(|row| self.cuts.part(row)).collect();
        let (rows, offsets) = scatter(rows, &parts, self.cuts.parts)?;
        Ok(Scattered { rows, offsets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_part_that_starts_before_it() {
        for (rows, parts) in [(0, 3), (1, 3), (2, 5), (10, 3), (1000, 7), (7, 7)] {
            let cuts = Cuts { rows, parts };
            assert_eq!((cuts.start(0), cuts.start(parts)), (0, rows));
            for row in 0..rows {
                let part = cuts.part(row) as usize;
                assert!(cuts.start(part) <= row && row < cuts.start(part + 1), "row {row} of {rows} in {parts}");
            }
        }
        assert_eq!(Cuts { rows: 10, parts: 3 }.part(99), 2);
    }
}
