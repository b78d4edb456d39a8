//! How rows are held while they wait.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, MutableArrayData, RecordBatchOptions, make_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use blockfold_core::{RecordBatch, Result, SchemaRef};

/// How a type is held: rows of many blocks have no dictionary in common, and a slice of a view pins all of it.
fn held_type(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Dictionary(_, values) => held_type(values),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

pub(crate) fn held_schema(schema: &SchemaRef) -> SchemaRef {
    let held =
        |field: &Arc<Field>| field.as_ref().clone().with_data_type(held_type(field.data_type())).with_nullable(true);
    Arc::new(Schema::new(schema.fields().iter().map(held).collect::<Vec<_>>()))
}

/// The same rows with the columns' types of a schema.
pub(crate) fn retyped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if Arc::ptr_eq(batch.schema_ref(), schema) {
        return Ok(batch.clone());
    }
    let typed = |(column, field): (&ArrayRef, &Arc<Field>)| match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => Ok(cast(column, field.data_type())?),
    };
    let columns: Vec<ArrayRef> = batch.columns().iter().zip(schema.fields()).map(typed).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

/// Rows that share at most so many times their bytes with others are kept as they are.
const SHARED: usize = 2;

/// The rows in buffers of their own, when they are a slice of much larger ones, which they would keep alive.
pub(crate) fn owned(rows: RecordBatch) -> Result<RecordBatch> {
    let column = |column: &ArrayRef| {
        let data = column.to_data();
        let is_shared = column.get_array_memory_size() > SHARED * data.get_slice_memory_size()?.max(MIN_BYTES);
        if !is_shared {
            return Ok(column.clone());
        }
        let mut copy = MutableArrayData::new(vec![&data], false, data.len());
        copy.try_extend(0, 0, data.len())?;
        Ok(make_array(copy.freeze()))
    };
    let columns = rows.columns().iter().map(column).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    Ok(RecordBatch::try_new_with_options(rows.schema(), columns, &options)?)
}

/// Below so many bytes a column's buffers are not worth a look.
const MIN_BYTES: usize = 4096;
