//! The dictionaries of a file, read when a column needs them first and kept.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::reader::read_dictionary;
use blockfold_core::{Error, Result};

use super::footer::IpcFile;

/// Values by the number that a schema gives its dictionaries.
pub(super) type Values = HashMap<i64, ArrayRef>;

/// Dictionaries of the wanted columns of one file.
#[derive(Debug, Default)]
pub(super) struct Dictionaries(OnceLock<Arc<Values>>);

impl Dictionaries {
    /// The dictionaries of these columns of the file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] naming the file.
    pub(super) fn get(&self, file: &IpcFile, columns: &[usize]) -> Result<Arc<Values>> {
        if let Some(known) = self.0.get() {
            return Ok(known.clone());
        }
        // Two tasks may read them at once; one of the results is kept.
        let values = Arc::new(read(file, columns)?);
        Ok(self.0.get_or_init(|| values).clone())
    }
}

fn read(file: &IpcFile, columns: &[usize]) -> Result<Values> {
    let mut wanted = HashSet::new();
    for field in columns.iter().filter_map(|column| file.schema.fields().get(*column)) {
        numbers(field, &mut wanted);
    }
    let mut values = Values::new();
    if wanted.is_empty() {
        return Ok(values);
    }
    let corrupt = |what: String| Error::corrupt(file.map.path(), format!("dictionary: {what}"));
    for place in file.dictionaries.iter() {
        let message = file.message(place)?;
        let batch = message.header_as_dictionary_batch().ok_or_else(|| corrupt("the message is none".into()))?;
        if !wanted.contains(&batch.id()) {
            continue;
        }
        let inner = batch.data().ok_or_else(|| corrupt("it has no values".into()))?;
        super::decode::check_buffers(&inner, place.body.len()).map_err(corrupt)?;
        let body = file.map.buffer(place.body.clone())?;
        super::decode::check_sizes(&inner, &body).map_err(corrupt)?;
        read_dictionary(&body, batch, &file.schema, &mut values, &message.version())
            .map_err(|error| corrupt(error.to_string()))?;
    }
    Ok(values)
}

/// The number of a column's own dictionary.
#[allow(deprecated)] // arrow has no other way to ask for it
pub(super) fn number(schema: &Schema, column: usize) -> Option<i64> {
    schema.fields().get(column)?.dict_id()
}

/// The numbers of all dictionaries that a column's values are made of.
#[allow(deprecated)]
fn numbers(field: &Field, into: &mut HashSet<i64>) {
    for inner in field.fields_and_dictionaries() {
        into.extend(inner.dict_id());
    }
}

/// All fields of a column, from itself to the innermost.
trait InnerFields {
    fn fields_and_dictionaries(&self) -> Vec<&Field>;
}

impl InnerFields for Field {
    fn fields_and_dictionaries(&self) -> Vec<&Field> {
        let mut all = vec![self];
        let mut types = vec![self.data_type()];
        while let Some(dtype) = types.pop() {
            let children: Vec<&Field> = match dtype {
                DataType::Struct(fields) => fields.iter().map(AsRef::as_ref).collect(),
                DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.as_ref()).collect(),
                DataType::List(field)
                | DataType::LargeList(field)
                | DataType::ListView(field)
                | DataType::LargeListView(field)
                | DataType::FixedSizeList(field, _)
                | DataType::Map(field, _) => vec![field.as_ref()],
                DataType::RunEndEncoded(_, values) => vec![values.as_ref()],
                DataType::Dictionary(_, values) => {
                    types.push(values);
                    Vec::new()
                }
                _ => Vec::new(),
            };
            types.extend(children.iter().map(|field| field.data_type()));
            all.extend(children);
        }
        all
    }
}
