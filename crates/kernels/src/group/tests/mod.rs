//! Grouped aggregation against a plain reference, and its edges.

mod aggregates;
mod custom;
mod drained;
mod edges;
mod random;
mod reference;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use blockfold_core::{AggFunc, DType, Result};

use super::{AggSpec, GroupSpec, GroupState, KeySpec};

/// A spec of keys and aggregates by their types.
fn spec(keys: &[DType], aggs: &[(AggFunc, DType)]) -> Arc<GroupSpec> {
    let keys = keys.iter().enumerate();
    let keys = keys.map(|(at, dtype)| KeySpec { name: format!("k{at}"), dtype: dtype.clone(), range: None });
    let aggs = aggs.iter().enumerate();
    let aggs = aggs.map(|(at, (func, input))| AggSpec {
        name: format!("a{at}"),
        func: func.clone(),
        inputs: vec![input.clone(); func.inputs()],
    });
    Arc::new(GroupSpec { keys: keys.collect(), aggs: aggs.collect() })
}

fn with_range(spec: &Arc<GroupSpec>, range: (i128, i128)) -> Arc<GroupSpec> {
    let mut spec = GroupSpec::clone(spec);
    spec.keys.iter_mut().for_each(|key| key.range = Some(range));
    Arc::new(spec)
}

/// The state after one batch.
fn state(spec: &Arc<GroupSpec>, keys: &[ArrayRef], inputs: &[Option<ArrayRef>], rows: usize) -> Result<GroupState> {
    let mut state = GroupState::new(Arc::clone(spec))?;
    state.update(keys, &taken(spec, inputs), rows)?;
    Ok(state)
}

/// What the aggregates of a spec take of an input for each.
fn taken(spec: &GroupSpec, inputs: &[Option<ArrayRef>]) -> Vec<ArrayRef> {
    let inputs = spec.aggs.iter().zip(inputs).filter(|(agg, _)| !agg.inputs.is_empty());
    inputs.filter_map(|(_, input)| input.clone()).collect()
}

/// One batch, from start to end.
fn aggregate(spec: &Arc<GroupSpec>, keys: &[ArrayRef], inputs: &[Option<ArrayRef>]) -> Result<RecordBatch> {
    let rows = keys.iter().chain(inputs.iter().flatten()).map(|array| array.len()).next().unwrap_or(0);
    state(spec, keys, inputs, rows)?.finish()
}

/// The array as a dictionary array: values in reverse order, nulls as keys and as values.
fn encoded(array: &ArrayRef) -> ArrayRef {
    let rows = u32::try_from(array.len()).unwrap();
    let values = take(array, &UInt32Array::from_iter_values((0..rows).rev()), None).unwrap();
    let key =
        |row: u32| (array.is_valid(row as usize) || row.is_multiple_of(2)).then(|| (rows - 1 - row).cast_signed());
    dictionary((0..rows).map(key).collect(), values)
}

/// A dictionary array of keys and values, of which some may be unused, equal or null.
fn dictionary(keys: Vec<Option<i32>>, values: ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::<Int32Type>::try_new(keys.into_iter().collect(), values).unwrap())
}
