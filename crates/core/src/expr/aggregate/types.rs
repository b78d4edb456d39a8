//! Types of aggregates.

use arrow::datatypes::{DataType, Field};

use super::AggFunc;
use crate::error::{Error, Result};
use crate::expr::promote::{is_number, plain_type};

impl AggFunc {
    /// Type of the aggregate of columns of types.
    ///
    /// # Errors
    /// [`Error::Type`] when it does not take such inputs, [`Error::Argument`] for a quantile that is none.
    pub fn dtype(&self, inputs: &[DataType]) -> Result<DataType> {
        if let AggFunc::Quantile { q, .. } = self
            && !(0.0..=1.0).contains(&q.get())
        {
            return Err(Error::argument("quantile", format!("q is {q:?}; it goes from 0 to 1")));
        }
        if let AggFunc::Custom(custom) = self
            && !inputs.is_empty()
        {
            return Ok(custom.dtype().clone());
        }
        if inputs.len() != self.inputs() {
            return Err(self.refuses(inputs, &format!("{} columns", self.inputs())));
        }
        match inputs {
            [] => Ok(DataType::UInt64),
            [input] => self.dtype_of(&plain_type(input)).map_err(|expected| self.refuses(inputs, expected)),
            several if several.iter().all(|input| is_numeric(&plain_type(input))) => Ok(DataType::Float64),
            _ => Err(self.refuses(inputs, "columns of numbers")),
        }
    }

    /// Type of the aggregate of one column, or what it would take.
    fn dtype_of(&self, plain: &DataType) -> std::result::Result<DataType, &'static str> {
        use DataType::*;
        let is_time = matches!(plain, Date32 | Timestamp(..) | Duration(_));
        let is_fixed = is_numeric(plain) || is_time;
        let is_plain = is_fixed || plain.is_string() || *plain == Null;
        match self {
            AggFunc::Len | AggFunc::Count | AggFunc::NullCount => Ok(UInt64),
            AggFunc::NUnique if is_plain => Ok(UInt64),
            AggFunc::Min | AggFunc::Max | AggFunc::First | AggFunc::Last | AggFunc::Mode if is_plain => {
                Ok(plain.clone())
            }
            AggFunc::NUnique | AggFunc::Min | AggFunc::Max | AggFunc::First | AggFunc::Last | AggFunc::Mode => {
                Err("a column of a plain type")
            }
            AggFunc::Sum | AggFunc::Product if is_numeric(plain) => Ok(wide(plain)),
            AggFunc::Sum if matches!(plain, Duration(_)) => Ok(plain.clone()),
            AggFunc::Any | AggFunc::All if *plain == Boolean => Ok(Boolean),
            AggFunc::Any | AggFunc::All => Err("a column of Booleans"),
            AggFunc::Median | AggFunc::Quantile { .. } if is_time => Ok(plain.clone()),
            AggFunc::Mean | AggFunc::Std { .. } | AggFunc::Var { .. } if is_numeric(plain) => Ok(Float64),
            AggFunc::Median | AggFunc::Quantile { .. } if is_number(plain) => Ok(Float64),
            AggFunc::List => Ok(list_of(plain)),
            AggFunc::TopK { .. } if is_fixed => Ok(list_of(plain)),
            AggFunc::Median | AggFunc::Quantile { .. } | AggFunc::TopK { .. } => Err("a column of numbers or times"),
            _ => Err("a column of numbers (or, for min, max, first, last, count, any plain type)"),
        }
    }

    fn refuses(&self, inputs: &[DataType], expected: &str) -> Error {
        let got: Vec<String> = inputs.iter().map(DataType::to_string).collect();
        Error::Type { op: self.to_string(), expected: expected.to_string(), got: got.join(" and ") }
    }
}

fn is_numeric(plain: &DataType) -> bool {
    is_number(plain) || *plain == DataType::Boolean
}

/// The type of sums of a type.
fn wide(plain: &DataType) -> DataType {
    match plain {
        floating if floating.is_floating() => DataType::Float64,
        unsigned if unsigned.is_unsigned_integer() => DataType::UInt64,
        _ => DataType::Int64,
    }
}

fn list_of(element: &DataType) -> DataType {
    DataType::LargeList(Field::new_list_field(element.clone(), true).into())
}
