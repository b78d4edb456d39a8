//! Key columns of a batch, as the types that they are compared as.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use blockfold_core::{DType, Expr, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;

/// Keys computed from a batch, cast where both sides of a join meet in another type.
#[derive(Clone, Debug)]
pub struct Keys {
    exprs: Vec<Expr>,
    types: Vec<Option<DType>>,
}

impl Keys {
    /// Keys of their own types.
    pub fn new(exprs: Vec<Expr>) -> Self {
        let types = vec![None; exprs.len()];
        Keys { exprs, types }
    }

    /// Keys of these types.
    pub fn typed(exprs: Vec<Expr>, types: Vec<DType>) -> Self {
        Keys { exprs, types: types.into_iter().map(Some).collect() }
    }

    /// The expressions.
    pub fn exprs(&self) -> &[Expr] {
        &self.exprs
    }

    /// The key columns of a batch.
    ///
    /// # Errors
    /// Whatever an expression finds wrong with a value.
    pub fn of(&self, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let key = |(expr, dtype): (&Expr, &Option<DType>)| {
            let values = evaluate(expr, rows)?;
            match dtype {
                Some(dtype) if values.data_type() != dtype => Ok(cast(&values, dtype)?),
                _ => Ok(values),
            }
        };
        self.exprs.iter().zip(&self.types).map(key).collect()
    }
}
