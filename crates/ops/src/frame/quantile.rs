//! Quantiles of a column whose values lie in ranges: the sizes of ranges tell which hold the ranks asked for, and
//! only these are sorted.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{Float64Type, UInt64Type};
use blockfold_core::{
    AggFunc, Block, DType, Error, Expr, Field, Grid, Interpolation, RecordBatch, Result, Schema, SchemaRef, col,
};
use blockfold_kernels::group::{AggSpec, GroupSpec, Rank, quantile_between};
use blockfold_kernels::sort::{SortOrder, sort_order};
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Part, Plan, StepId, TaskContext};

use super::groups::GroupReducer;
use super::sort::{MAX_LEVEL, Sorter, in_ranges, sort_bytes};

/// A quantile that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) q: f64,
    pub(super) interpolation: Interpolation,
}

/// Columns that one quantile comes as: the values that it is between, and how far it is from the first.
const PLACE: usize = 3;

/// The last step of quantiles of the values in a column, none of them null: one row, a column each.
pub(super) fn lower_quantiles(values: Plan, column: &str, wanted: Vec<Wanted>, lower: &mut Lower) -> Result<StepId> {
    let dtype = values.schema().field_with_name(column)?.data_type().clone();
    let ranges = in_ranges(values, column, lower)?;
    let grid = lower.grid(ranges).clone();
    let rows: SchemaRef = Arc::new(Schema::new(vec![Field::new("rows", DType::UInt64, false)]));
    let counts = lower.map(vec![(ranges, BlockMap::Same)], PartRows(rows.clone()), rows.clone(), grid.clone());
    let sizes = gather(lower, counts, &rows, AggFunc::List);
    let mut fields = Vec::with_capacity(wanted.len() * PLACE);
    for (at, _) in wanted.iter().enumerate() {
        fields.push(Field::new(format!("low{at}"), dtype.clone(), true));
        fields.push(Field::new(format!("high{at}"), dtype.clone(), true));
        fields.push(Field::new(format!("share{at}"), DType::Float64, true));
    }
    let places: SchemaRef = Arc::new(Schema::new(fields));
    let pick = PickRanks { column: column.to_string(), wanted: wanted.clone(), schema: places.clone() };
    let inputs = vec![(ranges, BlockMap::Same), (sizes, BlockMap::Whole)];
    let picked = lower.map(inputs, pick, places.clone(), grid);
    // A range without a rank gives none of its values; there is one of each.
    let found = gather(lower, picked, &places, AggFunc::Max);
    let result = |wanted: &Wanted| Field::new(&wanted.name, quantile_type(&dtype), true);
    let schema: SchemaRef = Arc::new(Schema::new(wanted.iter().map(result).collect::<Vec<_>>()));
    let kernel = Interpolate(schema.clone());
    Ok(lower.map(vec![(found, BlockMap::Same)], kernel, schema, Grid::known([1])))
}

fn quantile_type(values: &DType) -> DType {
    if values.is_numeric() { DType::Float64 } else { values.clone() }
}

/// One aggregate of each column, of all blocks in their order.
fn gather(lower: &mut Lower, input: StepId, columns: &SchemaRef, func: AggFunc) -> StepId {
    let agg = |field: &Arc<Field>| AggSpec {
        name: field.name().clone(),
        func: func.clone(),
        inputs: vec![field.data_type().clone()],
    };
    let spec = Arc::new(GroupSpec { keys: Vec::new(), aggs: columns.fields().iter().map(agg).collect() });
    let inputs: Vec<Expr> = columns.fields().iter().map(|field| col(field.name())).collect();
    let schema = spec.schema();
    let detail = super::list(&inputs);
    lower.reduce(input, GroupReducer::new(spec, Vec::new(), inputs, None, detail), schema)
}

/// The number of rows of each range, which is known without reading them.
#[derive(Debug)]
struct PartRows(SchemaRef);

impl Kernel for PartRows {
    fn name(&self) -> &'static str {
        "range sizes"
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("sizes of ranges are a stream"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, _: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: 1, bytes: 8 }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        Some(1)
    }

    fn open(&self, inputs: &mut Vec<Input>, _: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let rows = part(inputs.pop())?.size().rows;
        let batch = RecordBatch::try_new(self.0.clone(), vec![Arc::new(UInt64Array::from(vec![rows]))])?;
        Ok(Some(Box::new(std::iter::once(Ok(batch.into())))))
    }
}

fn part(input: Option<Input>) -> Result<Arc<dyn Part>> {
    match input {
        Some(Input::Part(part)) => Ok(part),
        _ => Err(Error::internal("a range of values is no part")),
    }
}

/// The values of a range at the ranks that quantiles are between.
#[derive(Debug)]
struct PickRanks {
    column: String,
    wanted: Vec<Wanted>,
    schema: SchemaRef,
}

const ASCENDING: SortOrder = SortOrder { descending: false, nulls_last: true };

impl Kernel for PickRanks {
    fn name(&self) -> &'static str {
        "pick ranks"
    }

    fn detail(&self) -> String {
        let texts: Vec<String> = self.wanted.iter().map(|wanted| wanted.q.to_string()).collect();
        format!("of quantiles {}", texts.join(", "))
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("ranks of a range are a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.first().map_or(0, |range| sort_bytes(*range))
    }

    fn output(&self, _: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: 1, bytes: 32 * self.wanted.len() as u64 }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        Some(1)
    }

    fn whole_partition(&self) -> bool {
        true
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let sizes = match inputs.pop() {
            Some(Input::Block(sizes)) => sizes,
            _ => return Err(Error::internal("ranks without the sizes of ranges")),
        };
        let range = part(inputs.pop())?;
        let sizes = sizes_of(&sizes)?;
        let first: u64 = sizes.iter().take(task.block).sum();
        let sorter = Sorter { keys: vec![col(&self.column)], orders: vec![ASCENDING], task: task.clone() };
        let batch = self.places(&sorter, &range, first, sizes.iter().sum())?;
        Ok(Some(Box::new(std::iter::once(Ok(batch.into())))))
    }
}

fn sizes_of(block: &Block) -> Result<Vec<u64>> {
    let wrong = || Error::internal("sizes of ranges are no list of numbers");
    let list = block.frame()?.columns().first().and_then(|column| column.as_list_opt::<i64>()).ok_or_else(wrong)?;
    let sizes = if list.len() == 1 { list.value(0) } else { return Err(wrong()) };
    Ok(sizes.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?.values().to_vec())
}

impl PickRanks {
    /// What a range, whose first value has rank `first` of `all`, knows of each quantile.
    fn places(&self, sorter: &Sorter, range: &Arc<dyn Part>, first: u64, all: u64) -> Result<RecordBatch> {
        let rows = range.size().rows;
        let within = |rank: u64| rank.checked_sub(first).filter(|rank| *rank < rows);
        let ranks: Vec<Option<Rank>> =
            self.wanted.iter().map(|wanted| Rank::of(all, wanted.q, wanted.interpolation)).collect();
        let mut here: Vec<u64> =
            ranks.iter().flatten().flat_map(|rank| [rank.low, rank.high]).filter_map(within).collect();
        here.sort_unstable();
        here.dedup();
        let found = if here.is_empty() { Vec::new() } else { values_at(sorter, range.clone(), &here, 0)? };
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for (rank, fields) in ranks.iter().zip(self.schema.fields().chunks(PLACE)) {
            let value = |rank: Option<u64>| {
                let at = rank.and_then(within).and_then(|rank| here.binary_search(&rank).ok());
                let value = at.and_then(|at| found.get(at)).cloned();
                value.unwrap_or_else(|| new_null_array(fields[0].data_type(), 1))
            };
            columns.push(value(rank.map(|rank| rank.low)));
            columns.push(value(rank.map(|rank| rank.high)));
            columns.push(Arc::new(Float64Array::from(vec![rank.map(|rank| rank.share)])));
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// The values of a part at some ascending ranks, in arrays of one row.
fn values_at(sorter: &Sorter, part: Arc<dyn Part>, ranks: &[u64], level: u32) -> Result<Vec<ArrayRef>> {
    if sort_bytes(part.size()) <= sorter.task.allowance_bytes || level >= MAX_LEVEL {
        let values = values_of(sorter, part.as_ref())?;
        let order = sort_order(std::slice::from_ref(&values), &[ASCENDING])?;
        let row = |rank: &u64| usize::try_from(*rank).ok().and_then(|rank| order.get(rank).copied());
        let rows = ranks.iter().map(|rank| row(rank).ok_or_else(|| Error::internal("a rank beyond its range")));
        return rows.map(|row| Ok(take(&values, &UInt32Array::from(vec![row?]), None)?)).collect();
    }
    let mut found = Vec::with_capacity(ranks.len());
    let mut first = 0;
    for (smaller, is_equal) in sorter.split(part.as_ref())? {
        let rows = smaller.size().rows;
        let here: Vec<u64> =
            ranks.iter().filter_map(|rank| rank.checked_sub(first).filter(|rank| *rank < rows)).collect();
        first += rows;
        match here.len() {
            0 => {}
            // One value is as good as another where all are equal.
            ranks if is_equal => found.extend(std::iter::repeat_n(first_value(smaller.as_ref())?, ranks)),
            _ => found.extend(values_at(sorter, smaller, &here, level + 1)?),
        }
    }
    Ok(found)
}

fn values_of(sorter: &Sorter, part: &dyn Part) -> Result<ArrayRef> {
    let mut batches = Vec::new();
    let mut stream = part.open()?;
    while let Some(block) = stream.next()? {
        sorter.task.cancel.check()?;
        batches.push(value_column(block.frame()?)?);
    }
    let batches: Vec<&dyn Array> = batches.iter().map(AsRef::as_ref).collect();
    Ok(concat(&batches)?)
}

fn first_value(part: &dyn Part) -> Result<ArrayRef> {
    let block = part.open()?.next()?.ok_or_else(|| Error::internal("a part without its rows"))?;
    Ok(value_column(block.frame()?)?.slice(0, 1))
}

fn value_column(batch: &RecordBatch) -> Result<ArrayRef> {
    batch.columns().first().cloned().ok_or_else(|| Error::internal("values without a column"))
}

/// Quantiles from the values that they are between.
#[derive(Debug)]
struct Interpolate(SchemaRef);

impl Kernel for Interpolate {
    fn name(&self) -> &'static str {
        "interpolate"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        let found = inputs.first().ok_or_else(|| Error::internal("quantiles of no block"))?.frame()?;
        let mut columns = Vec::with_capacity(self.0.fields().len());
        for place in found.columns().chunks(PLACE) {
            let [low, high, share] = place else { return Err(Error::internal("a quantile between no values")) };
            let share = share.as_primitive_opt::<Float64Type>().filter(|share| share.is_valid(0));
            columns.push(quantile_between(low, high, share.map_or(0.0, |share| share.value(0)))?);
        }
        Ok(RecordBatch::try_new(self.0.clone(), columns)?.into())
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
