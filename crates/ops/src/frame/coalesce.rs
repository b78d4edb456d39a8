//! `coalesce`: the same rows in fewer partitions, each an even share of the input's, in order. Nothing moves.

use blockfold_core::{Block, Columns, Divisions, Error, Expr, Grid, Result, Scalar};
use blockfold_plan::chain::blocks_of_share;
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// The same rows in fewer partitions.
#[derive(Debug)]
pub struct Coalesce {
    input: [Plan; 1],
    partitions: usize,
}

impl Coalesce {
    /// A plan of the rows of `input` in `partitions` partitions, or as many as it has when these are fewer.
    ///
    /// # Errors
    /// No partitions at all.
    pub fn plan(input: Plan, partitions: usize) -> Result<Plan> {
        if partitions == 0 {
            return Err(Error::argument("coalesce", "a frame has at least one partition"));
        }
        Plan::new(Coalesce { input: [input], partitions })
    }
}

impl Op for Coalesce {
    fn name(&self) -> &'static str {
        "coalesce"
    }

    fn detail(&self) -> String {
        format!("to {}", self.partitions)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Coalesce::plan(inputs.remove(0), self.partitions)
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        let (blocks, parts) = (meta.grid.blocks(), self.partitions.min(meta.grid.blocks()));
        let first_of = |part: usize| blocks_of_share(part, parts, blocks).start;
        let divisions = meta.grid.divisions().map(|known| Divisions {
            column: known.column.clone(),
            bounds: (0..=parts).filter_map(|part| known.bounds.get(first_of(part)).cloned()).collect(),
        });
        Ok(Meta { schema: meta.schema.clone(), grid: Grid::unknown(parts).with_divisions(divisions) })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone()
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn is_row_by_row(&self) -> bool {
        true
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let parts = self.partitions.min(lower.grid(input).blocks());
        let meta = self.meta()?;
        Ok(lower.map(vec![(input, BlockMap::Share { parts })], Shares, meta.schema, Grid::unknown(parts)))
    }
}

#[derive(Debug)]
struct Shares;

impl Kernel for Shares {
    fn name(&self) -> &'static str {
        "coalesce"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        inputs.first().cloned().ok_or_else(|| Error::internal("a share of no block"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
