//! `key_bounds`: divisions of a column into ranges of about as many rows each: its least value, bounds from a sample,
//! its greatest value.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_empty_array};
use arrow::compute::concat;
use blockfold_core::{Block, Columns, DType, Error, Field, Grid, Result, Schema, SchemaRef, col};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::sort::{SortOrder, TopK};
use blockfold_plan::{BlockMeta, Lower, Meta, Op, Packed, Partial, Plan, Reducer, StepId};

use super::bounds::{ASCENDING, column_type, index_type, is_bounded};
use super::{Filter, Select};
use crate::exchange::Sampler;

const DESCENDING: SortOrder = SortOrder { descending: true, nulls_last: true };

/// Divisions of a column.
#[derive(Debug)]
pub struct KeyBounds {
    input: [Plan; 1],
    column: String,
    parts: usize,
}

impl KeyBounds {
    /// A plan of one column, `bound`, of divisions for about `parts` partitions of `input` by `column`: least value,
    /// bounds in between, greatest value; no rows when there are no values but null and NaN.
    ///
    /// # Errors
    /// No such column.
    pub fn plan(input: Plan, column: &str, parts: usize) -> Result<Plan> {
        let dtype = index_type("set_index", input.schema(), column)?;
        let keys = Select::plan(Filter::plan(input, is_bounded(column, &dtype))?, vec![col(column)])?;
        Plan::new(KeyBounds { input: [keys], column: column.to_string(), parts })
    }

    fn dtype(&self) -> Result<DType> {
        column_type(self.input[0].schema(), &self.column)
    }

    fn schema(&self) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(vec![Field::new("bound", self.dtype()?, true)])))
    }
}

impl Op for KeyBounds {
    fn name(&self) -> &'static str {
        "key_bounds"
    }

    fn detail(&self) -> String {
        format!("of {} for {} partitions", self.column, self.parts)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Plan::new(KeyBounds { input: [inputs.remove(0)], column: self.column.clone(), parts: self.parts })
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.schema()?, grid: Grid::unknown(1) })
    }

    fn needs(&self, _: usize, _: &Columns) -> Columns {
        Columns::values([self.column.clone()])
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let (schema, dtype) = (self.schema()?, self.dtype()?);
        let reducer = FindDivisions { column: self.column.clone(), dtype, parts: self.parts, schema: schema.clone() };
        Ok(lower.reduce(input, reducer, schema))
    }
}

#[derive(Clone, Debug)]
struct FindDivisions {
    column: String,
    dtype: DType,
    parts: usize,
    schema: SchemaRef,
}

impl FindDivisions {
    fn edge(&self, order: SortOrder) -> TopK {
        TopK::new(self.schema.clone(), vec![order], 1)
    }
}

impl Reducer for FindDivisions {
    fn name(&self) -> &'static str {
        "key_bounds"
    }

    fn detail(&self) -> String {
        format!("of {} for {} partitions", self.column, self.parts)
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        let (least, greatest) = (self.edge(ASCENDING), self.edge(DESCENDING));
        Ok(Box::new(Found { of: self.clone(), sampler: Sampler::new(self.parts), least, greatest }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let found = downcast(partial)?;
        let (least, greatest) = (found.least.finish()?, found.greatest.finish()?);
        let inner = found.sampler.bounds(&[ASCENDING], self.parts, &[new_empty_array(&self.dtype)])?.to_batch()?;
        let columns = [least.column(0), inner.column(0), greatest.column(0)];
        let bounds = concat(&columns.map(AsRef::as_ref))?;
        Ok(RecordBatch::try_new(self.schema.clone(), vec![bounds])?.into())
    }

    fn unpack(&self, mut packed: Packed) -> Result<Box<dyn Partial>> {
        let mut found = downcast(self.partial()?)?;
        for edge in [&mut found.greatest, &mut found.least] {
            let rows = packed.batches.pop().ok_or_else(|| Error::internal("packed bounds without edges"))?;
            edge.push(&rows, &[rows.column(0).clone()])?;
        }
        found.sampler.unpack(packed)?;
        Ok(found)
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let row_bytes = input.bytes.checked_div(input.rows).unwrap_or(0);
        input.bytes.min(row_bytes.saturating_mul(Sampler::most_rows(self.parts) as u64))
    }

    fn result_rows(&self, _: Option<u64>) -> Option<u64> {
        Some(self.parts as u64 + 1)
    }
}

/// A sample of keys with the least and the greatest so far.
struct Found {
    of: FindDivisions,
    sampler: Sampler,
    least: TopK,
    greatest: TopK,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Found>> {
    partial.into_any().downcast().map_err(|_| Error::internal("bounds of keys met another reduction's partial"))
}

impl Partial for Found {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let batch = block.frame()?;
        let key = evaluate(&col(&self.of.column), batch)?;
        let key: ArrayRef = blockfold_core::cast::cast(&key, &self.of.dtype, false)?;
        let rows = RecordBatch::try_new(self.of.schema.clone(), vec![key.clone()])?;
        let keys = [key];
        self.least.push(&rows, &keys)?;
        self.greatest.push(&rows, &keys)?;
        self.sampler.push(&keys)
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        let Found { sampler, least, greatest, .. } = *downcast(later)?;
        self.least.merge(least)?;
        self.greatest.merge(greatest)?;
        self.sampler.merge(sampler)
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        let mut packed = self.sampler.pack()?;
        packed.batches.extend([self.least.finish()?, self.greatest.finish()?]);
        Ok(packed)
    }

    fn bytes(&self) -> u64 {
        self.sampler.bytes() + self.least.bytes() + self.greatest.bytes()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
