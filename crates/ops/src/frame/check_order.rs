//! `check_order`: rows that are said to be in the order of a column, with divisions; checked while they stream.

use std::sync::Arc;

use blockfold_core::{Columns, Divisions, Error, Expr, Result, Scalar};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, StepId};

use super::bounds::{CheckRows, column_type, divisions, index_type, shown, typed_bounds};
use super::partitions::require_fixed_blocks;

/// Rows that are said to be in the order of a column, checked while they stream.
#[derive(Debug)]
pub struct CheckOrder {
    input: [Plan; 1],
    column: String,
    bounds: Arc<[Scalar]>,
}

impl CheckOrder {
    /// A plan of the rows of `input`, whose partitions are in the order of `column` and divided by `bounds`.
    ///
    /// # Errors
    /// No such column, or bounds that do not fit it or the number of partitions; at run time rows that are not in
    /// order or outside of their partition's bounds, naming the partition and the values.
    pub fn plan(input: Plan, column: &str, bounds: Vec<Scalar>) -> Result<Plan> {
        let dtype = index_type("set_index", input.schema(), column)?;
        require_fixed_blocks("set_index", &input)?;
        let bounds = typed_bounds("set_index", column, &dtype, &bounds)?;
        let blocks = input.meta().grid.blocks();
        if bounds.len() != blocks + 1 {
            let what = format!(
                "{} divisions of sorted input do not fit its {blocks} partitions; give {} or leave sorted out",
                bounds.len(),
                blocks + 1
            );
            return Err(Error::argument("set_index", what));
        }
        Plan::new(CheckOrder { input: [input], column: column.to_string(), bounds: bounds.into() })
    }
}

impl Op for CheckOrder {
    fn name(&self) -> &'static str {
        "check_order"
    }

    fn detail(&self) -> String {
        format!("of {}, {}", self.column, shown(&self.bounds))
    }

    fn token(&self) -> Option<String> {
        Some(format!("{} {:?}", self.column, self.bounds))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let (column, bounds) = (self.column.clone(), self.bounds.clone());
        Plan::new(CheckOrder { input: [inputs.remove(0)], column, bounds })
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        let divisions = divisions(&self.column, &self.bounds);
        Ok(Meta { schema: meta.schema.clone(), grid: meta.grid.clone().with_divisions(Some(divisions)) })
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
        match column == self.column {
            true => Some(divisions(&self.column, &self.bounds)),
            false => self.input[0].op().divisions_on(column),
        }
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = CheckRows {
            op: "set_index",
            column: self.column.clone(),
            dtype: column_type(self.input[0].schema(), &self.column)?,
            divisions: meta.grid.divisions().cloned(),
            is_ordered: true,
        };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}
