//! `explode`: one row for each element of a list; an empty list and a null give one row with null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait, RecordBatchOptions, UInt32Array, UInt64Array};
use arrow::compute::take;
use blockfold_core::{Block, Columns, DType, Error, Expr, Field, Grid, RecordBatch, Result, Schema, SchemaRef};
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

use super::names;

/// One row for each element of a list.
#[derive(Debug)]
pub struct Explode {
    input: [Plan; 1],
    column: String,
}

impl Explode {
    /// A plan of the rows of `input`, each as often as its list in `column` has elements.
    ///
    /// # Errors
    /// No such column, or one that holds no lists.
    pub fn plan(input: Plan, column: &str) -> Result<Plan> {
        Plan::new(Explode { input: [input], column: column.to_string() })
    }

    fn schema(&self) -> Result<SchemaRef> {
        let schema = self.input[0].schema();
        let Some((at, field)) = schema.column_with_name(&self.column) else {
            return Err(Error::ColumnNotFound { name: self.column.clone(), have: names(schema) });
        };
        let element = match field.data_type() {
            DType::List(element) | DType::LargeList(element) => element.data_type().clone(),
            other => {
                let op = format!("explode of '{}'", self.column);
                return Err(Error::Type { op, expected: "a column of lists".into(), got: other.to_string() });
            }
        };
        let mut fields: Vec<Arc<Field>> = schema.fields().to_vec();
        fields[at] = Arc::new(Field::new(&self.column, element, true));
        Ok(Arc::new(Schema::new(fields)))
    }
}

impl Op for Explode {
    fn name(&self) -> &'static str {
        "explode"
    }

    fn detail(&self) -> String {
        self.column.clone()
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Explode::plan(inputs.remove(0), &self.column)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.schema()?, grid: Grid::unknown(self.input[0].meta().grid.blocks()) })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        wanted.clone().union(Columns::values([self.column.clone()]))
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        (!predicate.columns().contains(&self.column)).then(|| predicate.clone())
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = Elements { column: self.column.clone() };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}

/// Rows of a batch of the result.
const BATCH_ROWS: usize = 32 * 1024;

#[derive(Debug)]
struct Elements {
    column: String,
}

impl Kernel for Elements {
    fn name(&self) -> &'static str {
        "explode"
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("explode gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // Twelve bytes of places for each element, and a batch of the result.
        inputs.iter().map(|input| input.bytes.saturating_mul(3)).sum()
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        None
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }

    fn open(&self, inputs: &mut Vec<Input>, _: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let input = inputs.pop().ok_or_else(|| Error::internal("explode of no block"))?.into_stream()?;
        Ok(Some(Box::new(Exploded { input, column: self.column.clone(), batch: None })))
    }
}

struct Exploded {
    input: Box<dyn BlockStream>,
    column: String,
    batch: Option<Places>,
}

/// A batch, and for each row of the result its row there and its element.
struct Places {
    batch: RecordBatch,
    at: usize,
    values: ArrayRef,
    rows: UInt32Array,
    elements: UInt64Array,
    next: usize,
}

impl Places {
    fn new(batch: RecordBatch, column: &str) -> Result<Places> {
        let at = batch.schema_ref().index_of(column)?;
        let lists = batch.column(at).clone();
        let (values, rows, elements) = match lists.data_type() {
            DType::LargeList(_) => places::<i64>(&lists),
            _ => places::<i32>(&lists),
        };
        Ok(Places { batch, at, values, rows: rows.into(), elements: elements.into(), next: 0 })
    }

    fn take(&mut self) -> Result<RecordBatch> {
        let len = BATCH_ROWS.min(self.rows.len() - self.next);
        let (rows, elements) = (self.rows.slice(self.next, len), self.elements.slice(self.next, len));
        self.next += len;
        let mut columns = Vec::with_capacity(self.batch.num_columns());
        let mut fields = self.batch.schema_ref().fields().to_vec();
        for (i, column) in self.batch.columns().iter().enumerate() {
            columns.push(if i == self.at { take(&self.values, &elements, None)? } else { take(column, &rows, None)? });
        }
        fields[self.at] = Arc::new(Field::new(fields[self.at].name(), self.values.data_type().clone(), true));
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
    }
}

/// The elements of lists, and for each row of the result the list that it is of and its element.
fn places<O: OffsetSizeTrait>(lists: &ArrayRef) -> (ArrayRef, Vec<u32>, Vec<Option<u64>>) {
    let lists = lists.as_list::<O>();
    let (mut rows, mut elements) = (Vec::new(), Vec::new());
    for (row, ends) in (0u32..).zip(lists.offsets().windows(2)) {
        let (start, end) = (ends[0].as_usize() as u64, ends[1].as_usize() as u64);
        if start == end || lists.is_null(row as usize) {
            rows.push(row);
            elements.push(None);
        } else {
            rows.extend((start..end).map(|_| row));
            elements.extend((start..end).map(Some));
        }
    }
    (lists.values().clone(), rows, elements)
}

impl BlockStream for Exploded {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(places) = self.batch.as_mut().filter(|places| places.next < places.rows.len()) {
                return places.take().map(|batch| Some(batch.into()));
            }
            let Some(block) = self.input.next()? else { return Ok(None) };
            self.batch = Some(Places::new(block.frame()?.clone(), &self.column)?);
        }
    }
}
