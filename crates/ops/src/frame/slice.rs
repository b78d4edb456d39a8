//! `head`, `tail` and `slice`: rows by position.
//!
//! Blocks are read from the near end, only as many as it takes.

use std::any::Any;
use std::collections::VecDeque;

use arrow::compute::concat_batches;
use blockfold_core::block::slice_bytes;
use blockfold_core::{Block, Columns, Error, RecordBatch, Result, SchemaRef};
use blockfold_plan::{BlockMeta, End, Lower, Meta, Op, Packed, Partial, Plan, Reducer, StepId};

/// Which rows to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The first rows.
    Head(u64),
    /// The last rows.
    Tail(u64),
    /// `len` rows from `offset` on; a negative offset counts from the end.
    Slice {
        /// First row.
        offset: i64,
        /// Number of rows.
        len: u64,
    },
}

impl Rows {
    /// The end to read from, and the rows from there that must be seen.
    fn reach(self) -> (End, u64) {
        match self {
            Rows::Head(n) => (End::First, n),
            Rows::Tail(n) => (End::Last, n),
            Rows::Slice { offset, len } if offset >= 0 => (End::First, offset.unsigned_abs().saturating_add(len)),
            Rows::Slice { offset, .. } => (End::Last, offset.unsigned_abs()),
        }
    }

    /// The part of the rows seen that is the answer, as start and length.
    fn cut(self, seen: u64) -> (u64, u64) {
        let (start, len) = match self {
            Rows::Head(n) | Rows::Tail(n) => (0, n),
            Rows::Slice { offset, len } if offset >= 0 => (offset.unsigned_abs(), len),
            // Fewer rows than the offset counts back: the slice starts before the first row.
            Rows::Slice { offset, len } => (0, len.saturating_sub(offset.unsigned_abs().saturating_sub(seen))),
        };
        let start = start.min(seen);
        (start, len.min(seen - start))
    }
}

/// Rows by position.
#[derive(Debug)]
pub struct Slice {
    input: [Plan; 1],
    rows: Rows,
}

impl Slice {
    /// A plan of these rows of `input`.
    pub fn plan(input: Plan, rows: Rows) -> Result<Plan> {
        Plan::new(Slice { input: [input], rows })
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        match self.rows {
            Rows::Head(_) => "head",
            Rows::Tail(_) => "tail",
            Rows::Slice { .. } => "slice",
        }
    }

    fn detail(&self) -> String {
        match self.rows {
            Rows::Head(n) | Rows::Tail(n) => n.to_string(),
            Rows::Slice { offset, len } => format!("offset {offset}, {len} rows"),
        }
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Slice::plan(inputs.remove(0), self.rows)
    }

    fn meta(&self) -> Result<Meta> {
        let meta = self.input[0].meta();
        let known = meta.grid.total().map(|total| {
            let (_, reach) = self.rows.reach();
            self.rows.cut(total.min(reach)).1
        });
        let grid = match known {
            Some(rows) => blockfold_core::Grid::known([rows]),
            None => blockfold_core::Grid::unknown(1),
        };
        Ok(Meta { schema: meta.schema.clone(), grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        // Rows are copied together over blocks, whose dictionaries differ.
        match wanted {
            Columns::All => Columns::All,
            Columns::Some(names) => Columns::values(names.keys().cloned()),
        }
    }

    fn stops_early(&self) -> bool {
        true
    }

    fn as_limit(&self) -> Option<u64> {
        match self.rows.reach() {
            (End::First, rows) => Some(rows),
            (End::Last, _) => None,
        }
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let schema = self.input[0].schema().clone();
        Ok(lower.reduce(
            input,
            KeepSlice { rows: self.rows, name: self.name(), detail: self.detail(), schema: schema.clone() },
            schema,
        ))
    }
}

/// All rows of a step as one block.
pub(super) fn gather(lower: &mut Lower, input: StepId, schema: SchemaRef) -> StepId {
    let (rows, detail) = (Rows::Head(u64::MAX), String::new());
    lower.reduce(input, KeepSlice { rows, name: "gather", detail, schema: schema.clone() }, schema)
}

#[derive(Debug)]
struct KeepSlice {
    rows: Rows,
    name: &'static str,
    detail: String,
    schema: SchemaRef,
}

impl Reducer for KeepSlice {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        let (end, reach) = self.rows.reach();
        Ok(Box::new(Kept { end, reach, rows: 0, bytes: 0, batches: VecDeque::new() }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let kept = downcast(partial)?;
        let batches: Vec<RecordBatch> = kept.batches.into();
        let whole = concat_batches(batches.first().map_or(&self.schema, |first| first.schema_ref()), &batches)?;
        let (start, len) = self.rows.cut(kept.rows);
        Ok(whole.slice(start as usize, len as usize).into())
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let mut kept = downcast(self.partial()?)?;
        packed.batches.into_iter().try_for_each(|batch| kept.push(batch))?;
        Ok(kept)
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let (_, reach) = self.rows.reach();
        let row_bytes = input.bytes.checked_div(input.rows).unwrap_or(0);
        reach.min(input.rows).saturating_mul(row_bytes)
    }

    fn result_rows(&self, input_rows: Option<u64>) -> Option<u64> {
        let (_, reach) = self.rows.reach();
        input_rows.map(|rows| self.rows.cut(rows.min(reach)).1)
    }

    fn may_stop_early(&self) -> Option<End> {
        Some(self.rows.reach().0)
    }

    fn remedy(&self) -> String {
        "take fewer rows, or write them with write_parquet".to_string()
    }
}

/// The nearest rows to one end that were seen so far.
struct Kept {
    end: End,
    reach: u64,
    rows: u64,
    bytes: u64,
    batches: VecDeque<RecordBatch>,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Kept>> {
    partial.into_any().downcast().map_err(|_| Error::internal("rows by position met another reduction's partial"))
}

impl Kept {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 && !self.batches.is_empty() {
            return Ok(());
        }
        self.rows += batch.num_rows() as u64;
        self.bytes += slice_bytes(&batch);
        self.batches.push_back(batch);
        self.trim()
    }

    /// Drops rows beyond the reach, from the far end.
    fn trim(&mut self) -> Result<()> {
        while self.rows > self.reach {
            let surplus = self.rows - self.reach;
            let far = match self.end {
                End::First => self.batches.pop_back(),
                End::Last => self.batches.pop_front(),
            };
            let Some(far) = far else { return Ok(()) };
            let rows = far.num_rows() as u64;
            self.rows -= rows;
            self.bytes = self.bytes.saturating_sub(slice_bytes(&far));
            if rows <= surplus && !(self.batches.is_empty() && self.reach == 0) {
                continue;
            }
            let keep = rows.saturating_sub(surplus) as usize;
            let (start, end) = (far.num_rows() - keep, self.end);
            // A copy, so that a few rows do not keep a large batch alive.
            let cut = compact(&if end == End::First { far.slice(0, keep) } else { far.slice(start, keep) })?;
            self.rows += keep as u64;
            self.bytes += slice_bytes(&cut);
            match end {
                End::First => self.batches.push_back(cut),
                End::Last => self.batches.push_front(cut),
            }
            return Ok(());
        }
        Ok(())
    }
}

fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let rows: arrow::array::UInt32Array = (0..u32::try_from(batch.num_rows()).unwrap_or(u32::MAX)).collect();
    if batch.num_columns() == 0 {
        return Ok(batch.clone());
    }
    Ok(arrow::compute::take_record_batch(batch, &rows)?)
}

impl Partial for Kept {
    fn fold(&mut self, block: &Block) -> Result<()> {
        self.push(block.frame()?.clone())
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        for batch in downcast(later)?.batches {
            self.push(batch)?;
        }
        Ok(())
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        Ok(Packed::of(self.batches.into()))
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn is_complete(&self) -> bool {
        // A partition streams forwards: only from the front are enough rows enough.
        self.end == End::First && self.rows >= self.reach || self.reach == 0
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
