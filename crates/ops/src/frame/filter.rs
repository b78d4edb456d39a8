//! `filter`: keep the rows where a Boolean expression holds; null counts as false.

use blockfold_core::{Block, Columns, DType, Divisions, Error, Expr, Result, Scalar, Schema};
use blockfold_kernels::evaluate;
use blockfold_plan::selectivity::guessed_share;
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// Rows where a predicate holds.
#[derive(Debug)]
pub struct Filter {
    input: [Plan; 1],
    predicate: Expr,
}

impl Filter {
    /// A plan of the rows of `input` where `predicate` holds.
    ///
    /// # Errors
    /// A predicate over missing columns, that is not Boolean, or that aggregates.
    pub fn plan(input: Plan, predicate: Expr) -> Result<Plan> {
        Plan::new(Filter { input: [input], predicate })
    }
}

impl Op for Filter {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn detail(&self) -> String {
        self.predicate.to_string()
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Filter::plan(inputs.remove(0), self.predicate.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        if !self.predicate.is_row_wise() {
            return Err(Error::argument("filter", format!("{} aggregates; filter rows by rows", self.predicate)));
        }
        let dtype = self.predicate.dtype(&meta.schema)?;
        if !matches!(dtype, DType::Boolean | DType::Null) {
            return Err(Error::Type {
                op: format!("filter({})", self.predicate),
                expected: "a Boolean expression".into(),
                got: dtype.to_string(),
            });
        }
        Ok(meta.with_unknown_lengths())
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone().union(Columns::values(self.predicate.columns()))
    }

    fn map_exprs(&self, f: &mut dyn FnMut(&Expr, &Schema) -> Expr) -> Result<Option<Plan>> {
        let predicate = f(&self.predicate, self.input[0].schema());
        Filter::plan(self.input[0].clone(), predicate).map(Some)
    }

    fn as_filter(&self) -> Option<&Expr> {
        Some(&self.predicate)
    }

    fn refiltered(&self, input: Plan, predicate: Expr) -> Result<Plan> {
        Filter::plan(input, predicate)
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn kept_share(&self) -> f64 {
        self.input[0].op().kept_share() * guessed_share(&self.predicate)
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        self.input[0].op().divisions_on(column)
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = KeepRows { predicate: self.predicate.clone() };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}

#[derive(Debug)]
struct KeepRows {
    predicate: Expr,
}

impl Kernel for KeepRows {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn detail(&self) -> String {
        self.predicate.to_string()
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        let [input] = inputs else { return Err(Error::internal("filter takes one input")) };
        Ok(evaluate::filter(&self.predicate, input.frame()?)?.into())
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // The kept rows, a mask, and the predicate's temporaries of eight bytes a row at most at a time.
        inputs.iter().map(|input| input.bytes + 32 * input.rows).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
