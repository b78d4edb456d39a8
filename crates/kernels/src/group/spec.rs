//! What a grouped aggregation computes.

use std::sync::Arc;

use blockfold_core::expr::plain_type;
use blockfold_core::{AggFunc, DType, Field, Result, Schema, SchemaRef};

/// One key column.
#[derive(Clone, Debug)]
pub struct KeySpec {
    /// Name of the column, in the result as well.
    pub name: String,
    /// Type of its values, not of a dictionary of them.
    pub dtype: DType,
    /// Least and greatest value by the statistics of the files. They choose a strategy; a value outside is no
    /// error.
    pub range: Option<(i128, i128)>,
}

/// One aggregate.
#[derive(Clone, Debug)]
pub struct AggSpec {
    /// Name of the result's column.
    pub name: String,
    /// The aggregate.
    pub func: AggFunc,
    /// Types of the inputs' values.
    pub inputs: Vec<DType>,
}

impl AggSpec {
    /// The aggregate as errors name it, `sum(x)`.
    pub fn label(&self) -> String {
        format!("{}({})", self.func.name(), self.name)
    }

    /// Type of the result.
    ///
    /// # Errors
    /// [`Error::Type`] when the aggregate does not take the input's type.
    pub fn dtype(&self) -> Result<DType> {
        self.func.dtype(&self.inputs).map_err(|error| error.of_op(self.label()))
    }
}

/// Keys and aggregates of a grouped aggregation. Without keys all rows are one group.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    /// The key columns.
    pub keys: Vec<KeySpec>,
    /// The aggregates.
    pub aggs: Vec<AggSpec>,
}

impl GroupSpec {
    /// Number of inputs of all aggregates.
    pub(super) fn inputs(&self) -> usize {
        self.aggs.iter().map(|agg| agg.inputs.len()).sum()
    }

    /// Schema of the result: the keys, then the aggregates; all may be null.
    pub fn schema(&self) -> SchemaRef {
        let keys = self.keys.iter().map(|key| Field::new(&key.name, plain_type(&key.dtype), true));
        let aggs = self.aggs.iter().map(|agg| {
            let dtype = agg.func.dtype(&agg.inputs).unwrap_or(DType::Null);
            Field::new(&agg.name, dtype, true)
        });
        Arc::new(Schema::new(keys.chain(aggs).collect::<Vec<_>>()))
    }
}
