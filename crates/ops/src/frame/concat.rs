//! `concat`: frames one after the other.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use blockfold_core::{Block, Columns, Error, Expr, Grid, Result, Scalar, Schema, SchemaRef};
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

use super::names;

/// Frames one after the other.
#[derive(Debug)]
pub struct Concat {
    inputs: Vec<Plan>,
    /// Columns of the result; inputs may have more.
    columns: Vec<String>,
}

impl Concat {
    /// A plan of all rows of these frames, which have the same columns of the same types.
    ///
    /// # Errors
    /// No frame at all, or frames whose columns differ: the column is named with both types.
    pub fn plan(inputs: Vec<Plan>) -> Result<Plan> {
        let Some(first) = inputs.first() else {
            return Err(Error::argument("concat", "needs at least one frame"));
        };
        let columns = names(first.schema());
        for (i, input) in inputs.iter().enumerate() {
            if let Some(extra) = names(input.schema()).iter().find(|name| !columns.contains(name)) {
                let what = format!("frame {i} has a column '{extra}' that frame 0 has not; select the same columns");
                return Err(Error::argument("concat", what));
            }
        }
        Plan::new(Concat { inputs, columns })
    }

    fn schema(&self) -> Result<SchemaRef> {
        let mut fields = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let mut nullable = false;
            for (i, input) in self.inputs.iter().enumerate() {
                let found = input.schema().field_with_name(column).map_err(|_| {
                    Error::argument("concat", format!("frame {i} has no column '{column}'; select the same columns"))
                })?;
                nullable |= found.is_nullable();
                let expected = self.inputs[0].schema().field_with_name(column)?.data_type();
                if found.data_type() != expected {
                    return Err(Error::Type {
                        op: format!("concat of column '{column}' of frame {i}"),
                        expected: format!("{expected}, as in frame 0"),
                        got: found.data_type().to_string(),
                    });
                }
            }
            fields.push(self.inputs[0].schema().field_with_name(column)?.clone().with_nullable(nullable));
        }
        Ok(Arc::new(Schema::new(fields)))
    }
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn detail(&self) -> String {
        format!("[{}]", self.columns.join(", "))
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, inputs: Vec<Plan>) -> Result<Plan> {
        Plan::new(Concat { inputs, columns: self.columns.clone() })
    }

    fn meta(&self) -> Result<Meta> {
        let grid = Grid::concat(self.inputs.iter().map(|input| &input.meta().grid));
        Ok(Meta { schema: self.schema()?, grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        match wanted {
            Columns::All => Columns::values(self.columns.iter().cloned()),
            wanted => wanted.clone(),
        }
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let columns = self.columns.iter().filter(|name| wanted.contains(name)).cloned().collect();
        Plan::new(Concat { inputs: self.inputs.clone(), columns }).map(Some)
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn is_row_by_row(&self) -> bool {
        // The first rows of the whole are the first rows of the first frame, as many as it has.
        true
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        let ranges: Option<Vec<_>> = self.inputs.iter().map(|input| input.op().column_range(column)).collect();
        ranges?.into_iter().reduce(|(low, high), (other_low, other_high)| {
            let low = if low.compare(&other_low).is_some_and(|order| order.is_le()) { low } else { other_low };
            let high = if high.compare(&other_high).is_some_and(|order| order.is_ge()) { high } else { other_high };
            (low, high)
        })
    }

    fn has_fixed_blocks(&self) -> bool {
        self.inputs.iter().all(|input| input.op().has_fixed_blocks())
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        let mut first = 0;
        for input in &self.inputs {
            let id = lower.lower(input)?;
            let blocks = lower.grid(id).blocks();
            inputs.push((id, BlockMap::Offset { first, blocks }));
            first += blocks;
        }
        let meta = self.meta()?;
        let grid = if meta.grid.blocks() == first { meta.grid } else { Grid::unknown(first) };
        let kernel = SameColumns { schema: meta.schema.clone() };
        Ok(lower.map(inputs, kernel, meta.schema, grid))
    }
}

/// Picks the columns of the result, in its order.
#[derive(Debug)]
struct SameColumns {
    schema: SchemaRef,
}

impl Kernel for SameColumns {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        let [input] = inputs else { return Err(Error::internal("a block of concat comes from one frame")) };
        let batch = input.frame()?;
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        let mut fields = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let index = batch.schema_ref().index_of(field.name())?;
            columns.push(batch.column(index).clone());
            fields.push(field.as_ref().clone().with_data_type(batch.column(index).data_type().clone()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?.into())
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
