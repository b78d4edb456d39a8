//! What evaluation hands from operation to operation.

use arrow::array::{Array, AsArray, Datum, UInt64Array};
use arrow::compute::take;
use blockfold_core::cast::cast;
use blockfold_core::{ArrayRef, DType, Result};

/// A column, or one value that is the same for every row.
///
/// A column may be dictionary-encoded whatever the type of its values; [`Value::plain`] decodes it.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A value for each row.
    Column(ArrayRef),
    /// An array of one element that stands for every row.
    One(ArrayRef),
}

impl Value {
    pub(super) fn array(&self) -> &ArrayRef {
        match self {
            Value::Column(array) | Value::One(array) => array,
        }
    }

    /// Number of rows, `None` for a value that stands for any number of them.
    pub(super) fn rows(&self) -> Option<usize> {
        match self {
            Value::Column(array) => Some(array.len()),
            Value::One(_) => None,
        }
    }

    /// Type of the values, a dictionary's or the column's own.
    pub(super) fn plain_type(&self) -> DType {
        blockfold_core::expr::plain_type(self.array().data_type())
    }

    /// Whether the value is null for every row by its type or as a literal.
    pub(super) fn is_all_null(&self) -> bool {
        match self {
            Value::One(array) => array.logical_null_count() == 1,
            Value::Column(_) => self.plain_type() == DType::Null,
        }
    }

    /// This value with its array replaced.
    pub(super) fn with_array(&self, array: ArrayRef) -> Value {
        match self {
            Value::Column(_) => Value::Column(array),
            Value::One(_) => Value::One(array),
        }
    }

    /// The value without dictionary encoding.
    pub(super) fn plain(&self) -> Result<Value> {
        match self.array().as_any_dictionary_opt() {
            Some(dictionary) => Ok(self.with_array(take(dictionary.values(), dictionary.keys(), None)?)),
            None => Ok(self.clone()),
        }
    }

    /// `f` of the values: computed once for each entry of the dictionary where one column is a dictionary and
    /// the other operands are single values, and on decoded columns otherwise.
    ///
    /// The result is then a dictionary of results. `f` must give null for a null operand, and must not fail for
    /// some values only, since a dictionary may hold values that no row refers to.
    pub(super) fn over_dictionary(values: &[Value], f: impl Fn(&[Value]) -> Result<Value>) -> Result<Value> {
        let mut columns = values.iter().enumerate().filter(|(_, value)| matches!(value, Value::Column(_)));
        if let (Some((position, column)), None) = (columns.next(), columns.next())
            && let Some(dictionary) = column.array().as_any_dictionary_opt()
            && dictionary.values().len() <= dictionary.len()
        {
            let mut args: Vec<Value> = values.iter().map(Value::plain).collect::<Result<_>>()?;
            args[position] = Value::Column(dictionary.values().clone());
            return Ok(Value::Column(dictionary.with_values(f(&args)?.array().clone())));
        }
        let plain: Vec<Value> = values.iter().map(Value::plain).collect::<Result<_>>()?;
        f(&plain)
    }

    /// An array of `rows` elements of `dtype`.
    pub(super) fn into_array(self, rows: usize, dtype: &DType) -> Result<ArrayRef> {
        let value = if matches!(dtype, DType::Dictionary(..)) { self } else { self.plain()? };
        let array = match value {
            Value::Column(array) => array,
            Value::One(array) => take(&array, &UInt64Array::from_value(0, rows), None)?,
        };
        cast(&array, dtype, false)
    }
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array().as_ref(), matches!(self, Value::One(_)))
    }
}
