//! `partitions`: some of the partitions, each a run of neighbouring ones of the input. Nothing moves, and partitions
//! that are left out are never read.

use std::ops::Range;
use std::sync::Arc;

use blockfold_core::{Block, Columns, Divisions, Error, Expr, Grid, Result, Scalar};
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// Some of the partitions.
#[derive(Debug)]
pub struct Partitions {
    input: [Plan; 1],
    /// Where runs of the input's partitions start, and where the last one ends.
    starts: Arc<[usize]>,
}

impl Partitions {
    /// A plan of these partitions of `input`.
    ///
    /// # Errors
    /// No partitions, or such that are not there; a frame whose partitions follow from its size.
    pub fn plan(input: Plan, range: Range<usize>) -> Result<Plan> {
        let blocks = input.meta().grid.blocks();
        if range.is_empty() || range.end > blocks {
            let plural = if blocks == 1 { "" } else { "s" };
            let what = format!("{range:?} is no range of partitions of a frame that has {blocks} partition{plural}");
            return Err(Error::argument("partitions", what));
        }
        Partitions::runs(input, (range.start..=range.end).collect())
    }

    /// A plan of runs of partitions, the n-th from `starts[n]` up to `starts[n + 1]`.
    ///
    /// # Errors
    /// As [`Partitions::plan`], and starts that do not ascend.
    pub fn runs(input: Plan, starts: Vec<usize>) -> Result<Plan> {
        require_fixed_blocks("partitions", &input)?;
        let blocks = input.meta().grid.blocks();
        if starts.len() < 2 || !starts.is_sorted() || starts.last().is_some_and(|end| *end > blocks) {
            return Err(Error::argument("partitions", format!("starts {starts:?} do not fit {blocks} partitions")));
        }
        Plan::new(Partitions { input: [input], starts: starts.into() })
    }

    fn ends(&self) -> (usize, usize) {
        (self.starts.first().copied().unwrap_or(0), self.starts.last().copied().unwrap_or(0))
    }

    fn grid(&self) -> Grid {
        let grid = &self.input[0].meta().grid;
        let length = |run: &[usize]| match run {
            [start, end] => (*start..*end).map(|block| grid.length(block)).sum::<Option<u64>>(),
            _ => None,
        };
        let lengths: Option<Vec<u64>> = self.starts.windows(2).map(length).collect();
        let divisions = grid.divisions().map(|known| Divisions {
            column: known.column.clone(),
            bounds: self.starts.iter().filter_map(|start| known.bounds.get(*start).cloned()).collect(),
        });
        lengths.map_or(Grid::unknown(self.starts.len() - 1), Grid::known).with_divisions(divisions)
    }
}

/// # Errors
/// A frame whose partitions follow from its size.
pub(super) fn require_fixed_blocks(op: &str, input: &Plan) -> Result<()> {
    if input.op().has_fixed_blocks() {
        return Ok(());
    }
    let what = format!(
        "how many partitions '{}' gives follows from the size of its input and from the budget; persist it, or call \
         set_index or repartition first",
        input.op().name()
    );
    Err(Error::argument(op, what))
}

impl Op for Partitions {
    fn name(&self) -> &'static str {
        "partitions"
    }

    fn detail(&self) -> String {
        let ((first, end), blocks) = (self.ends(), self.input[0].meta().grid.blocks());
        let runs = self.starts.len() - 1;
        match end - first {
            _ if runs != end - first => format!("{first} to {} of {blocks}, joined to {runs}", end.saturating_sub(1)),
            1 => format!("{first} of {blocks}"),
            _ => format!("{first} to {} of {blocks}", end - 1),
        }
    }

    fn token(&self) -> Option<String> {
        Some(format!("{:?}", self.starts))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Plan::new(Partitions { input: [inputs.remove(0)], starts: self.starts.clone() })
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.input[0].schema().clone(), grid: self.grid() })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone()
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        let known = self.input[0].op().divisions_on(column)?;
        let bounds = self.starts.iter().filter_map(|start| known.bounds.get(*start).cloned()).collect();
        Some(Divisions { bounds, ..known })
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = Pass { detail: self.detail() };
        Ok(lower.map(vec![(input, BlockMap::Runs { starts: self.starts.clone() })], kernel, meta.schema, meta.grid))
    }
}

/// Hands batches on.
#[derive(Debug)]
struct Pass {
    detail: String,
}

impl Kernel for Pass {
    fn name(&self) -> &'static str {
        "partitions"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        inputs.first().cloned().ok_or_else(|| Error::internal("a run of no block"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
