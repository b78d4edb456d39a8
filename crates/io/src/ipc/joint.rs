//! One dictionary for the batches of a file, which may each bring their own.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::DataType;
use blockfold_core::{Error, Result};

/// Values seen so far; they only ever grow at the end, so that codes written before stay true.
#[derive(Default)]
pub(super) struct JointDictionary {
    values: Option<ArrayRef>,
    places: HashMap<Option<Vec<u8>>, u64>,
    /// The dictionary of the batch before, and where its values are; `None` where it is where it was.
    last: Option<(ArrayRef, Option<UInt64Array>)>,
}

impl JointDictionary {
    /// The column with codes of the joint dictionary.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the codes' type is too narrow for all values, or values other than strings
    /// come in different dictionaries.
    pub(super) fn translate(&mut self, column: &ArrayRef) -> Result<ArrayRef> {
        let dictionary = column.as_any_dictionary_opt();
        let dictionary = dictionary.ok_or_else(|| Error::internal("a dictionary column that is none"))?;
        self.join(dictionary.values())?;
        let Some((_, places)) = &self.last else { return Ok(column.clone()) };
        let values = self.values.as_ref().unwrap_or(dictionary.values());
        match places {
            None => Ok(dictionary.with_values(values.clone())),
            Some(places) => renumber(dictionary, places, values),
        }
    }

    fn join(&mut self, values: &ArrayRef) -> Result<()> {
        let same = |known: &ArrayRef| Arc::ptr_eq(known, values) || known.to_data().ptr_eq(&values.to_data());
        if self.last.as_ref().is_some_and(|(known, _)| same(known)) {
            return Ok(());
        }
        let Some(joint) = &self.values else {
            self.values = Some(values.clone());
            self.last = Some((values.clone(), None));
            return Ok(());
        };
        if joint.len() >= values.len() && joint.slice(0, values.len()).to_data() == values.to_data() {
            self.last = Some((values.clone(), None));
            return Ok(());
        }
        let places = self.places_of(values)?;
        self.last = Some((values.clone(), Some(places)));
        Ok(())
    }

    /// Where values are in the joint dictionary, to which new ones are added.
    fn places_of(&mut self, values: &ArrayRef) -> Result<UInt64Array> {
        let Some(joint) = self.values.clone() else { return Ok(UInt64Array::from(Vec::<u64>::new())) };
        if self.places.is_empty() {
            for (place, value) in keys(&joint)?.into_iter().enumerate() {
                self.places.entry(value).or_insert(place as u64);
            }
        }
        let mut added: Vec<u64> = Vec::new();
        let mut places = Vec::with_capacity(values.len());
        for (row, value) in keys(values)?.into_iter().enumerate() {
            let next = (joint.len() + added.len()) as u64;
            let place = *self.places.entry(value).or_insert(next);
            if place == next {
                added.push(row as u64);
            }
            places.push(place);
        }
        if !added.is_empty() {
            let new = take(values, &UInt64Array::from(added), None)?;
            self.values = Some(concat(&[&joint, &new])?);
        }
        Ok(places.into())
    }
}

/// Values by which dictionaries are compared.
fn keys(values: &ArrayRef) -> Result<Vec<Option<Vec<u8>>>> {
    let narrow = match values.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::LargeBinary,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::LargeBinary,
        other => {
            return Err(Error::Unsupported {
                what: format!("a dictionary of {other} that differs from batch to batch"),
                instead: "cast the column to plain values".into(),
            });
        }
    };
    let bytes = cast(values, &narrow)?;
    Ok(bytes.as_binary::<i64>().iter().map(|value| value.map(<[u8]>::to_vec)).collect())
}

fn renumber(dictionary: &dyn AnyDictionaryArray, places: &UInt64Array, values: &ArrayRef) -> Result<ArrayRef> {
    let narrow = |_| Error::Unsupported {
        what: format!("{} distinct values with codes of type {}", values.len(), dictionary.keys().data_type()),
        instead: "cast the column to a dictionary with wider codes, or to strings".into(),
    };
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    let codes = take(places, dictionary.keys(), None)?;
    let codes = arrow::compute::cast_with_options(&codes, dictionary.keys().data_type(), &strict).map_err(narrow)?;
    let data = dictionary.to_data().into_builder().buffers(codes.to_data().buffers().to_vec());
    let data = data.offset(codes.offset()).nulls(codes.nulls().cloned()).child_data(vec![values.to_data()]);
    Ok(arrow::array::make_array(data.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, StringArray, UInt8Array};
    use arrow::datatypes::UInt8Type;

    fn column(codes: Vec<Option<u8>>, values: &[&str]) -> ArrayRef {
        let values = Arc::new(StringArray::from_iter_values(values));
        Arc::new(DictionaryArray::new(UInt8Array::from(codes), values))
    }

    fn texts(column: &ArrayRef) -> Vec<Option<String>> {
        let plain = cast(column, &DataType::Utf8).unwrap();
        plain.as_string::<i32>().iter().map(|text| text.map(str::to_string)).collect()
    }

    #[test]
    fn codes_stay_true_when_dictionaries_differ() {
        let mut joint = JointDictionary::default();
        let batches = [
            column(vec![Some(0), None, Some(1)], &["a", "b"]),
            column(vec![Some(0), Some(1)], &["a", "b"]),
            column(vec![Some(1), Some(2), None, Some(0)], &["b", "c", "a"]),
            column(vec![Some(0)], &["a"]),
            column(vec![], &[]),
        ];
        for batch in &batches {
            assert_eq!(texts(&joint.translate(batch).unwrap()), texts(batch));
        }
        let last = joint.translate(&batches[2].slice(1, 3)).unwrap();
        assert_eq!(texts(&last), texts(&batches[2].slice(1, 3)));
        assert_eq!(last.as_dictionary::<UInt8Type>().values().len(), 3);
    }

    #[test]
    fn too_many_values_are_refused() {
        let mut joint = JointDictionary::default();
        let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        let more: Vec<String> = (150..350).map(|n| n.to_string()).collect();
        let refs = |texts: &[String]| column(vec![Some(199)], &texts.iter().map(String::as_str).collect::<Vec<_>>());
        joint.translate(&refs(&many)).unwrap();
        assert!(matches!(joint.translate(&refs(&more)), Err(Error::Unsupported { .. })));
    }
}
