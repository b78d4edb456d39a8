//! Aggregates of a whole frame that depend on all of its values, for frames whose values may not fit in memory.
//!
//! Quantiles come from ranges of values, of which only those are sorted that hold a rank asked for; the number of
//! different values and the most frequent one come from groups by value. Other aggregates stream beside them, and
//! all results are put in one row.

use arrow::array::RecordBatchOptions;
use blockfold_core::{AggFunc, Block, Error, Expr, Grid, Interpolation, RecordBatch, Result, SchemaRef, col, len};
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Plan, StepId, TaskContext, optimize};

use super::quantile::{Wanted, lower_quantiles};
use super::sort::{asc, desc};
use super::{Aggregate, Filter, TopK};

/// Values below this share of the budget are held.
const HELD_SHARE: u64 = 16;

/// Bytes of a value and its place.
const HELD_BYTES: u64 = 16;

/// Columns of values, and of how often they occur.
const VALUE: &str = "\u{0}value";
const COUNT: &str = "\u{0}count";

/// The last step of the aggregates of all rows of `input`; `None` when what they hold is known to be little.
pub(super) fn lower(input: &Plan, aggs: &[Expr], schema: &SchemaRef, lower: &mut Lower) -> Result<Option<StepId>> {
    let mut held = 0;
    for agg in aggs {
        let (func, _) = Aggregate::split(agg)?;
        held += u64::from(func.holds_rows() && *func != AggFunc::List);
    }
    if held == 0 || is_little(input, held, lower)? {
        return Ok(None);
    }
    let read = lower.lower_kept(input)?;
    let mut row = Row { input, is_read_again: lower.is_read_again(read), parts: Vec::new(), places: Vec::new() };
    row.add_streaming(aggs, lower)?;
    row.add_held(aggs, lower)?;
    row.places.sort_unstable();
    let places = row.places.into_iter().map(|(_, part, column)| (part, column)).collect();
    let inputs = row.parts.into_iter().map(|part| (part, BlockMap::Same)).collect();
    let kernel = Beside { schema: schema.clone(), places };
    Ok(Some(lower.map(inputs, kernel, schema.clone(), Grid::known([1]))))
}

/// Whether so many aggregates that hold values take little for sure.
fn is_little(input: &Plan, held: u64, lower: &mut Lower) -> Result<bool> {
    let id = lower.lower(input)?;
    let (rows, bytes) = lower.expected(id);
    // Only what comes straight from sources has no more rows than expected.
    let Some(rows) = rows.filter(|_| lower.is_read_again(id)) else { return Ok(false) };
    let values = rows.saturating_mul(HELD_BYTES).saturating_mul(held).max(bytes);
    Ok(values <= lower.budget_bytes() / HELD_SHARE)
}

/// The one row of the result as it is put together.
struct Row<'a> {
    input: &'a Plan,
    /// Whether reading the input once more costs little.
    is_read_again: bool,
    /// Steps of one row each.
    parts: Vec<StepId>,
    /// Of each aggregate its place in the result, the part that gives it, and the column there.
    places: Vec<(usize, usize, usize)>,
}

impl Row<'_> {
    fn lower(&self, plan: &Plan, lower: &mut Lower) -> Result<StepId> {
        // Where sources are read once more, they are asked for fewer columns.
        if self.is_read_again { lower.lower(&optimize(plan)?) } else { lower.lower(plan) }
    }

    fn add_streaming(&mut self, aggs: &[Expr], lower: &mut Lower) -> Result<()> {
        let mut streaming = Vec::new();
        for (at, agg) in aggs.iter().enumerate() {
            let (func, _) = Aggregate::split(agg)?;
            if !func.holds_rows() || *func == AggFunc::List {
                self.places.push((at, self.parts.len(), streaming.len()));
                streaming.push(agg.clone());
            }
        }
        if !streaming.is_empty() {
            let plan = Aggregate::plan(self.input.clone(), Vec::new(), streaming)?;
            let part = self.lower(&plan, lower)?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn add_held(&mut self, aggs: &[Expr], lower: &mut Lower) -> Result<()> {
        let mut quantiles: Vec<(Expr, Vec<(usize, Wanted)>)> = Vec::new();
        for (at, agg) in aggs.iter().enumerate() {
            let (func, inputs) = Aggregate::split(agg)?;
            let Some(value) = inputs.first() else { continue };
            let (q, interpolation) = match func {
                AggFunc::NUnique => {
                    self.add_groups(at, different(self.input, value)?, lower)?;
                    continue;
                }
                AggFunc::Mode => {
                    self.add_groups(at, most_frequent(self.input, value)?, lower)?;
                    continue;
                }
                AggFunc::Median => (0.5, Interpolation::Linear),
                AggFunc::Quantile { q, interpolation } => (q.get(), *interpolation),
                _ => continue,
            };
            let wanted = (at, Wanted { name: agg.output_name().to_string(), q, interpolation });
            match quantiles.iter_mut().find(|(of, _)| of == value) {
                Some((_, all)) => all.push(wanted),
                None => quantiles.push((value.clone(), vec![wanted])),
            }
        }
        quantiles.into_iter().try_for_each(|(value, wanted)| self.add_quantiles(&value, wanted, lower))
    }

    fn add_groups(&mut self, at: usize, plan: Plan, lower: &mut Lower) -> Result<()> {
        let part = self.lower(&plan, lower)?;
        self.places.push((at, self.parts.len(), 0));
        self.parts.push(part);
        Ok(())
    }

    fn add_quantiles(&mut self, value: &Expr, wanted: Vec<(usize, Wanted)>, lower: &mut Lower) -> Result<()> {
        let values = super::Select::plan(self.input.clone(), vec![value.clone().alias(VALUE)])?;
        let values = Filter::plan(values, col(VALUE).is_not_null())?;
        let values = if self.is_read_again { optimize(&values)? } else { values };
        let part = self.parts.len();
        self.places.extend(wanted.iter().enumerate().map(|(column, (at, _))| (*at, part, column)));
        let wanted = wanted.into_iter().map(|(_, wanted)| wanted).collect();
        self.parts.push(lower_quantiles(values, VALUE, wanted, lower)?);
        Ok(())
    }
}

/// The number of different values that are not null.
fn different(input: &Plan, value: &Expr) -> Result<Plan> {
    let groups = Aggregate::plan(input.clone(), vec![value.clone().alias(VALUE)], Vec::new())?;
    Aggregate::plan(groups, Vec::new(), vec![col(VALUE).count()])
}

/// The most frequent value that is not null; of several the least.
fn most_frequent(input: &Plan, value: &Expr) -> Result<Plan> {
    let groups = Aggregate::plan(input.clone(), vec![value.clone().alias(VALUE)], vec![len().alias(COUNT)])?;
    let groups = Filter::plan(groups, col(VALUE).is_not_null())?;
    let first = TopK::plan(groups, vec![desc(COUNT), asc(VALUE)], 1)?;
    Aggregate::plan(first, Vec::new(), vec![col(VALUE).first()])
}

/// Puts columns of rows beside each other.
#[derive(Debug)]
struct Beside {
    schema: SchemaRef,
    /// Of each column of the result the input that gives it, and the column there.
    places: Vec<(usize, usize)>,
}

impl Kernel for Beside {
    fn name(&self) -> &'static str {
        "one row"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        let mut columns = Vec::with_capacity(self.places.len());
        for (part, column) in &self.places {
            let batch = inputs.get(*part).ok_or_else(|| Error::internal("a row without one of its parts"))?.frame()?;
            if batch.num_rows() != 1 {
                return Err(Error::internal(format!("{} rows where one is due", batch.num_rows())));
            }
            let column = batch.columns().get(*column);
            columns.push(column.cloned().ok_or_else(|| Error::internal("a row without one of its columns"))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?.into())
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: 1, bytes: inputs.iter().map(|input| input.bytes).sum() }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        Some(1)
    }
}
