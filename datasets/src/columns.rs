//! The kinds of columns and their generators.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};

use crate::error::{Result, TimeseriesError};
use crate::names::{NAMES, NameCodes};
use crate::poisson::{LARGEST_MEAN, Poisson};
use crate::stream::Stream;
use crate::uniform::Uniform;

/// What a column holds. Its values are never null.
///
/// Read from text, the names are Dask's: `float`, `int`, and `str`, `string`, `object` or `category` for names.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Doubles uniform in `[-1, 1)`.
    Float,
    /// 64-bit integers of a Poisson distribution.
    Int {
        /// The mean of the distribution, from 0 to 1e9.
        mean: f64,
    },
    /// One of the 26 [`NAMES`], uniformly; dictionary-coded in their order.
    Name,
}

impl ColumnKind {
    /// Integers of mean 1000, the default.
    pub const INT: Self = Self::Int { mean: 1000.0 };
}

impl FromStr for ColumnKind {
    type Err = TimeseriesError;

    /// # Errors
    /// [`TimeseriesError::ColumnKind`] if the text is none of the names.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "float" => Ok(Self::Float),
            "int" => Ok(Self::INT),
            "str" | "string" | "object" | "category" => Ok(Self::Name),
            _ => Err(TimeseriesError::ColumnKind { text: text.to_owned() }),
        }
    }
}

/// A column, ready to be generated.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    stream: Stream,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Float,
    Int(Poisson),
    Name { names: ArrayRef },
}

impl Column {
    pub(crate) fn new(seed: u64, name: &str, kind: ColumnKind) -> Result<Self> {
        let values = match kind {
            ColumnKind::Float => Values::Float,
            ColumnKind::Int { mean } => Values::Int(Poisson::new(mean).ok_or_else(|| TimeseriesError::Mean {
                column: name.to_owned(),
                mean,
                largest: LARGEST_MEAN,
            })?),
            ColumnKind::Name => Values::Name { names: Arc::new(StringArray::from_iter_values(NAMES)) },
        };
        Ok(Self { stream: Stream::new(seed, name), values })
    }

    pub(crate) fn field(&self, name: &str) -> Field {
        let data_type = match self.values {
            Values::Float => DataType::Float64,
            Values::Int(_) => DataType::Int64,
            Values::Name { .. } => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        };
        Field::new(name, data_type, false)
    }

    /// The smallest and the largest value, for integers.
    pub(crate) fn range(&self) -> Option<(i64, i64)> {
        match &self.values {
            Values::Int(poisson) => Some(poisson.range()),
            Values::Float | Values::Name { .. } => None,
        }
    }

    pub(crate) fn generate(&self, first_row: u64, rows: usize) -> Result<ArrayRef> {
        Ok(match &self.values {
            Values::Float => Arc::new(Float64Array::from(self.stream.generate(&Uniform, first_row, rows))),
            Values::Int(poisson) => Arc::new(Int64Array::from(self.stream.generate(poisson, first_row, rows))),
            Values::Name { names } => {
                let codes = Int32Array::from(self.stream.generate(&NameCodes, first_row, rows));
                Arc::new(DictionaryArray::try_new(codes, Arc::clone(names))?)
            }
        })
    }
}
