//! The pass over the rows of a window, sorted by group.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use blockfold_core::expr::plain_type;
use blockfold_core::{Block, DType, Error, Expr, Field, RecordBatch, Result, Schema, lit};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::window::{
    CumCount, CumExtreme, FillForward, Lag, Marks, Rank, Rolling, RowNumber, Running, Runs, cum_product, cum_sum,
};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, TaskContext};

use super::ahead::{Ahead, FilledBack, Shifted, TieLengths};
use super::func::{WindowColumn, WindowFunc};
use crate::frame::sort::{SortKey, SortPart, asc, sort_bytes};

/// Computes the columns of a window: of a part brought together by key, or of the whole frame as it streams by.
#[derive(Debug)]
pub(super) struct WindowPass {
    pub(super) keys: Vec<Expr>,
    /// Keys that put the rows of a group in order, of which the first `ties` tell rows apart that rank differently.
    pub(super) order: Vec<SortKey>,
    pub(super) ties: usize,
    pub(super) columns: Vec<WindowColumn>,
    /// Fields of the columns.
    pub(super) fields: Vec<Field>,
    pub(super) detail: String,
}

/// Rows of a batch of sorted rows.
const SORTED_ROWS: u64 = 32 * 1024;

/// Rows of a batch of the result: few, since windows may be many columns.
const BATCH_ROWS: usize = 4096;

/// Bytes assumed for a new value of no fixed width.
const TEXT_BYTES: usize = 32;

impl WindowPass {
    /// How often the sorted rows are read.
    pub(super) fn readings(&self) -> usize {
        1 + usize::from(self.ranks_ahead()) + self.columns.iter().filter(|column| column.func.reads_again()).count()
    }

    fn ranks_ahead(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.func, WindowFunc::Rank(method) if method.looks_ahead()))
    }

    fn ranks(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.func, WindowFunc::Rank(_)))
    }

    /// Rows of one group with one place in its order.
    fn tie_keys(&self) -> Vec<Expr> {
        self.keys.iter().chain(self.order.iter().take(self.ties).map(|key| &key.expr)).cloned().collect()
    }

    fn sort(&self) -> SortPart {
        let order = || self.keys.iter().map(asc).chain(self.order.iter().cloned());
        let keys = order().map(|key| key.expr).collect();
        SortPart { keys, orders: order().map(|key| key.order).collect(), detail: String::new(), is_in_place: false }
    }

    /// The rows of a part in order, as often as they are read.
    fn sorted(&self, input: Input, task: &TaskContext) -> Result<Vec<Box<dyn BlockStream>>> {
        let sort = self.sort();
        let sorted = |input: Input, task: &TaskContext| {
            let stream = sort.open(&mut vec![input], task)?;
            stream.ok_or_else(|| Error::internal("a sort gives a stream"))
        };
        // A quarter is left for the batches under way.
        let allowance_bytes = task.allowance_bytes / 4 * 3;
        let of = |bytes: u64| TaskContext { allowance_bytes: bytes, ..task.clone() };
        let readings = self.readings();
        match input {
            input if readings == 1 => Ok(vec![sorted(input, &of(allowance_bytes))?]),
            Input::Part(part) if sort_bytes(part.size()) > allowance_bytes / 2 => {
                let each = of(allowance_bytes / readings as u64);
                (0..readings).map(|_| sorted(Input::Part(part.clone()), &each)).collect()
            }
            input => {
                let mut stream = sorted(input, &of(allowance_bytes))?;
                let mut batches = Vec::new();
                while let Some(block) = stream.next()? {
                    batches.push(block);
                }
                let again = || Box::new(batches.clone().into_iter().map(Ok)) as Box<dyn BlockStream>;
                Ok((0..readings).map(|_| again()).collect())
            }
        }
    }
}

impl Kernel for WindowPass {
    fn name(&self) -> &'static str {
        "window"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a window gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        let all = inputs.first().copied().unwrap_or_default();
        let row_bytes = all.bytes.checked_div(all.rows).unwrap_or(0);
        let read = row_bytes.saturating_mul(all.rows.min(SORTED_ROWS)).saturating_mul(self.readings() as u64);
        let sorted = if self.keys.is_empty() { 0 } else { sort_bytes(all) };
        let held = |column: &WindowColumn| match column.func {
            WindowFunc::Rolling(spec) => spec.held_bytes(),
            _ => 0,
        };
        let held = self.columns.iter().map(held).sum::<u64>();
        sorted.saturating_add(read).saturating_add(held).saturating_add(self.output(inputs).bytes.saturating_mul(2))
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let all = inputs.first().copied().unwrap_or_default();
        let rows = all.rows.min(BATCH_ROWS as u64);
        let width = |field: &Field| field.data_type().primitive_width().unwrap_or(TEXT_BYTES) as u64 + 1;
        let new_bytes = self.fields.iter().map(width).sum::<u64>();
        let row_bytes = all.bytes.checked_div(all.rows).unwrap_or(0).saturating_add(new_bytes);
        BlockMeta { rows, bytes: row_bytes.saturating_mul(rows) }
    }

    fn whole_partition(&self) -> bool {
        !self.keys.is_empty()
    }

    fn keeps_allowance(&self) -> bool {
        !self.keys.is_empty()
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let streams = match self.keys.is_empty() {
            true => inputs.drain(..).map(Input::into_stream).collect::<Result<Vec<_>>>()?,
            false => match inputs.pop() {
                Some(input) => self.sorted(input, task)?,
                None => return Ok(Some(Box::new(std::iter::empty()))),
            },
        };
        PassStream::new(self, streams, task).map(|stream| Some(Box::new(stream) as Box<dyn BlockStream>))
    }
}

/// The values of key expressions.
pub(super) fn evaluated(exprs: &[Expr], batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
    exprs.iter().map(|expr| evaluate(expr, batch)).collect()
}

/// The values of an expression in a type of their own, not as codes.
pub(super) fn plain_values(expr: &Expr, batch: &RecordBatch, dtype: &DType) -> Result<ArrayRef> {
    let values = evaluate(expr, batch)?;
    if values.data_type() == dtype { Ok(values) } else { Ok(cast(&values, dtype)?) }
}

/// The number of each row's group, from the last number given on.
pub(super) fn numbered(starts: &[bool], group: &mut u64) -> Vec<u64> {
    let number = |start: &bool| {
        *group += u64::from(*start);
        *group
    };
    starts.iter().map(number).collect()
}

/// How a column is computed.
enum Computed {
    Running(Box<dyn Running>),
    Shifted(Shifted),
    FilledBack(FilledBack),
    Rolling(Rolling),
}

struct Column {
    input: Expr,
    time: Option<Expr>,
    /// Type that the input is taken as.
    dtype: DType,
    computed: Computed,
}

impl Column {
    fn new(
        of: &WindowColumn,
        field: &Field,
        keys: &[Expr],
        more: &mut dyn Iterator<Item = Box<dyn BlockStream>>,
    ) -> Result<Self> {
        let input = of.input.as_ref().map_or_else(|| lit(true), |input| input.without_alias().clone());
        let dtype = field.data_type().clone();
        let mut ahead = || {
            let stream = more.next().ok_or_else(|| Error::internal("a window lacks a reading"))?;
            Ok::<_, Error>(Ahead::new(stream, keys.to_vec(), input.clone(), dtype.clone()))
        };
        let label = of.to_string();
        let computed = match of.func {
            WindowFunc::CumSum => Computed::Running(cum_sum(label, dtype.clone())),
            WindowFunc::CumProduct => Computed::Running(cum_product(label, dtype.clone())),
            WindowFunc::CumMin => Computed::Running(Box::new(CumExtreme::new(false))),
            WindowFunc::CumMax => Computed::Running(Box::new(CumExtreme::new(true))),
            WindowFunc::CumCount => Computed::Running(Box::new(CumCount::default())),
            WindowFunc::RowNumber => Computed::Running(Box::new(RowNumber::default())),
            WindowFunc::FillForward => Computed::Running(Box::new(FillForward::default())),
            WindowFunc::FillBackward => Computed::FilledBack(FilledBack::new(ahead()?)),
            WindowFunc::Rank(method) => Computed::Running(Box::new(Rank::new(method))),
            WindowFunc::Rolling(spec) => Computed::Rolling(Rolling::new(spec)),
            WindowFunc::Shift(n) => match of.func.held_rows() {
                Some(n) => Computed::Running(Box::new(Lag::new(n))),
                None => Computed::Shifted(Shifted::new(ahead()?, n)),
            },
        };
        let time = of.time.as_ref().map(|time| time.without_alias().clone());
        Ok(Column { input, time, dtype, computed })
    }

    fn next(&mut self, batch: &RecordBatch, at: &Place) -> Result<ArrayRef> {
        let values = evaluate(&self.input, batch)?;
        // Sums widen on their own; counts and ranks are of another type than what they are of.
        let is_taken_so = matches!(self.computed, Computed::Running(_)) && plain_type(values.data_type()) != self.dtype;
        let values =
            if is_taken_so || *values.data_type() == self.dtype { values } else { cast(&values, &self.dtype)? };
        match &mut self.computed {
            Computed::Running(running) => running.next(&values, &at.marks),
            Computed::Rolling(rolling) => {
                let times = self.time.as_ref().map(|time| evaluate(time, batch)).transpose()?;
                rolling.next(&values, times.as_ref(), &at.marks)
            }
            Computed::Shifted(shifted) => shifted.next(&at.groups),
            Computed::FilledBack(filled) => {
                let group = at.groups.last().copied().unwrap_or_default();
                filled.next(&values, &at.marks.groups, group, at.end)
            }
        }
    }
}

/// Where a batch is among the rows.
struct Place {
    marks: Marks,
    /// Number of each row's group.
    groups: Vec<u64>,
    /// Rows up to its end.
    end: u64,
}

/// Rows sorted by group, with the columns of a window.
struct PassStream {
    rows: Box<dyn BlockStream>,
    /// What is left of the last batch of them.
    waiting: Option<RecordBatch>,
    keys: Vec<Expr>,
    group_runs: Runs,
    group: u64,
    end: u64,
    /// Keys of ties and where they begin, when something ranks.
    ties: Option<(Vec<Expr>, Runs)>,
    tie_lengths: Option<TieLengths>,
    columns: Vec<Column>,
    fields: Vec<Arc<Field>>,
    task: TaskContext,
}

impl PassStream {
    fn new(pass: &WindowPass, streams: Vec<Box<dyn BlockStream>>, task: &TaskContext) -> Result<Self> {
        let mut streams = streams.into_iter();
        let lacks = || Error::internal("a window lacks a reading");
        let rows = streams.next().ok_or_else(lacks)?;
        let tie_lengths = match pass.ranks_ahead() {
            true => Some(TieLengths::new(streams.next().ok_or_else(lacks)?, pass.tie_keys())),
            false => None,
        };
        let columns = pass.columns.iter().zip(&pass.fields);
        let columns = columns.map(|(of, field)| Column::new(of, field, &pass.keys, &mut streams));
        Ok(PassStream {
            rows,
            waiting: None,
            keys: pass.keys.clone(),
            group_runs: Runs::default(),
            group: 0,
            end: 0,
            ties: pass.ranks().then(|| (pass.tie_keys(), Runs::default())),
            tie_lengths,
            columns: columns.collect::<Result<_>>()?,
            fields: pass.fields.iter().cloned().map(Arc::new).collect(),
            task: task.clone(),
        })
    }

    fn place(&mut self, batch: &RecordBatch) -> Result<Place> {
        let rows = batch.num_rows();
        let groups = self.group_runs.starts(&evaluated(&self.keys, batch)?, rows)?;
        let ties = match &mut self.ties {
            Some((keys, runs)) => runs.starts(&evaluated(keys, batch)?, rows)?,
            None => Vec::new(),
        };
        let tie_lengths = match &mut self.tie_lengths {
            Some(lengths) => lengths.next(&ties)?,
            None => Vec::new(),
        };
        self.end += rows as u64;
        let numbers = numbered(&groups, &mut self.group);
        Ok(Place { marks: Marks { groups, ties, tie_lengths }, groups: numbers, end: self.end })
    }
}

impl PassStream {
    /// The next few rows.
    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.waiting.take().filter(|batch| batch.num_rows() > 0) {
                let rows = batch.num_rows().min(BATCH_ROWS);
                self.waiting = Some(batch.slice(rows, batch.num_rows() - rows));
                return Ok(Some(batch.slice(0, rows)));
            }
            self.task.cancel.check()?;
            let Some(block) = self.rows.next()? else { return Ok(None) };
            self.waiting = Some(block.frame()?.clone());
        }
    }
}

impl BlockStream for PassStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(batch) = self.batch()? else { return Ok(None) };
        let place = self.place(&batch)?;
        let mut columns = batch.columns().to_vec();
        for column in &mut self.columns {
            columns.push(column.next(&batch, &place)?);
        }
        let fields = batch.schema_ref().fields().iter().chain(&self.fields).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Some(RecordBatch::try_new(schema, columns)?.into()))
    }
}
