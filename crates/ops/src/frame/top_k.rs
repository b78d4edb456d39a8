//! `top_k`: the first rows in the order of keys, without sorting all.

use std::any::Any;

use arrow::array::ArrayRef;
use blockfold_core::{Block, Columns, Error, Expr, Grid, Result, SchemaRef};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::sort::{SortOrder, TopK as TopRows};
use blockfold_plan::{BlockMeta, Lower, Meta, Op, Packed, Partial, Plan, Reducer, StepId};

use super::sort::{SortKey, check_keys, key_list, needed};

/// The first rows in the order of keys.
#[derive(Debug)]
pub struct TopK {
    input: [Plan; 1],
    keys: Vec<SortKey>,
    rows: u64,
}

impl TopK {
    /// A plan of the first `rows` rows in the order of `keys`; of rows with equal keys the earlier come first.
    ///
    /// # Errors
    /// Keys over missing columns, that aggregate, or of types without an order.
    pub fn plan(input: Plan, keys: Vec<SortKey>, rows: u64) -> Result<Plan> {
        Plan::new(TopK { input: [input], keys, rows })
    }
}

impl Op for TopK {
    fn name(&self) -> &'static str {
        "top_k"
    }

    fn detail(&self) -> String {
        format!("{} by {}", self.rows, key_list(&self.keys))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        TopK::plan(inputs.remove(0), self.keys.clone(), self.rows)
    }

    fn meta(&self) -> Result<Meta> {
        check_keys(&self.keys, &self.input[0])?;
        let meta = self.input[0].meta();
        let grid = meta.grid.total().map_or(Grid::unknown(1), |total| Grid::known([total.min(self.rows)]));
        Ok(Meta { schema: meta.schema.clone(), grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        needed(&self.keys, wanted)
    }

    fn limited(&self, rows: u64) -> Result<Option<Plan>> {
        if rows >= self.rows {
            return Ok(None);
        }
        TopK::plan(self.input[0].clone(), self.keys.clone(), rows).map(Some)
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let schema = self.input[0].schema().clone();
        let reducer = TopReducer {
            schema: schema.clone(),
            keys: self.keys.iter().map(|key| key.expr.without_alias().clone()).collect(),
            orders: self.keys.iter().map(|key| key.order).collect(),
            rows: self.rows,
            detail: self.detail(),
        };
        Ok(lower.reduce(input, reducer, schema))
    }
}

#[derive(Debug)]
struct TopReducer {
    schema: SchemaRef,
    keys: Vec<Expr>,
    orders: Vec<SortOrder>,
    rows: u64,
    detail: String,
}

impl Reducer for TopReducer {
    fn name(&self) -> &'static str {
        "top_k"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let top = TopRows::new(self.schema.clone(), self.orders.clone(), rows);
        Ok(Box::new(Top { top, keys: self.keys.clone() }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        Ok(downcast(partial)?.top.finish()?.into())
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let mut top = self.partial()?;
        top.fold(&packed.batch()?.into())?;
        Ok(top)
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let row_bytes = input.bytes.checked_div(input.rows).unwrap_or(0);
        row_bytes.saturating_mul(input.rows.min(self.rows.saturating_mul(2)))
    }

    fn result_rows(&self, input_rows: Option<u64>) -> Option<u64> {
        input_rows.map(|rows| rows.min(self.rows))
    }
}

struct Top {
    top: TopRows,
    keys: Vec<Expr>,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Top>> {
    partial.into_any().downcast().map_err(|_| Error::internal("first rows met another reduction's partial"))
}

impl Partial for Top {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let batch = block.frame()?;
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| evaluate(key, batch)).collect::<Result<_>>()?;
        self.top.push(batch, &keys)
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        self.top.merge(downcast(later)?.top)
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        Ok(Packed::of(vec![self.top.finish()?]))
    }

    fn bytes(&self) -> u64 {
        self.top.bytes()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
