//! Columns whose values folders name: `year=2024/month=3/part.0.parquet`.
//!
//! A column is Int64 when every value is a whole number, Date32 when every value is a date, else Utf8. Values are
//! constant over a file.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use blockfold_core::{Result, Scalar};

use crate::paths::DataFile;

/// A column that folders name.
#[derive(Debug)]
pub(crate) struct HiveColumn {
    pub(crate) field: FieldRef,
    /// One value for each file.
    pub(crate) values: Vec<Scalar>,
}

impl HiveColumn {
    /// The columns that the folders of these files name.
    pub(crate) fn of(files: &[DataFile]) -> Vec<HiveColumn> {
        let keys = files.first().map(|file| file.hive.iter().map(|(key, _)| key.as_str())).into_iter().flatten();
        keys.map(|key| HiveColumn::infer(key, files)).collect()
    }

    fn infer(key: &str, files: &[DataFile]) -> HiveColumn {
        let texts: Vec<Option<&str>> = files
            .iter()
            .map(|file| file.hive.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.as_deref()))
            .collect();
        let (dtype, values) = typed(&texts, DataType::Int64, |text| text.parse().ok().map(Scalar::Int))
            .or_else(|| typed(&texts, DataType::Date32, date))
            .unwrap_or_else(|| {
                let value = |text: &Option<&str>| text.map_or(Scalar::Null, Scalar::from);
                (DataType::Utf8, texts.iter().map(value).collect())
            });
        HiveColumn { field: Arc::new(Field::new(key, dtype, true)), values }
    }

    /// The value in a file.
    pub(crate) fn value(&self, file: usize) -> Scalar {
        self.values.get(file).cloned().unwrap_or(Scalar::Null)
    }

    /// The value in a file, `rows` times.
    pub(crate) fn array(&self, file: usize, rows: usize) -> Result<ArrayRef> {
        let dtype = self.field.data_type();
        match self.value(file) {
            Scalar::Null => Ok(new_null_array(dtype, rows)),
            value => {
                let zeros = arrow::array::UInt32Array::from(vec![0; rows]);
                Ok(take(&value.to_array(dtype)?, &zeros, None)?)
            }
        }
    }
}

/// All values read as one type, `None` unless all can be and there is at least one.
fn typed(
    texts: &[Option<&str>],
    dtype: DataType,
    parse: impl Fn(&str) -> Option<Scalar>,
) -> Option<(DataType, Vec<Scalar>)> {
    texts.iter().flatten().next()?;
    let value = |text: &Option<&str>| match text {
        Some(text) => parse(text),
        None => Some(Scalar::Null),
    };
    Some((dtype, texts.iter().map(value).collect::<Option<_>>()?))
}

fn date(text: &str) -> Option<Scalar> {
    use arrow::array::AsArray;
    use arrow::datatypes::Date32Type;
    let is_iso = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    let array = Scalar::from(text).to_array(&DataType::Date32).ok().filter(|_| is_iso)?;
    Some(Scalar::Date(array.as_primitive::<Date32Type>().value(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Option<&str>]) -> HiveColumn {
        let file = |value: &Option<&str>| DataFile {
            path: "x".into(),
            hive: vec![("key".to_string(), value.map(str::to_string))],
        };
        HiveColumn::of(&values.iter().map(file).collect::<Vec<_>>()).remove(0)
    }

    #[test]
    fn infers_types() {
        assert_eq!(of(&[Some("1"), None, Some("-3")]).field.data_type(), &DataType::Int64);
        assert_eq!(of(&[Some("2024-01-31")]).field.data_type(), &DataType::Date32);
        assert_eq!(of(&[Some("2024-01-31"), Some("x")]).field.data_type(), &DataType::Utf8);
        assert_eq!(of(&[None]).field.data_type(), &DataType::Utf8);
        let column = of(&[Some("7"), None]);
        assert_eq!(column.array(0, 3).unwrap().len(), 3);
        assert_eq!(column.array(1, 3).unwrap().null_count(), 3);
    }
}
