//! From footers to one data set.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use blockfold_core::{Error, Result};

use super::footer::{Footer, read_all};
use super::hive::HiveColumn;
use super::layout::Layout;
use super::meta::{Dataset, FileMeta, Group};
use crate::paths::DataFile;

/// What the footers of these files say, as one data set.
pub(super) fn dataset(files: Vec<DataFile>) -> Result<Dataset> {
    let footers = read_all(&files)?;
    let Some((first, footer)) = files.first().zip(footers.first()) else {
        return Err(Error::argument("read_parquet", "the list of files is empty"));
    };
    let layout = Layout::first(&first.path, footer)?;
    // A column that is also in the files is read from the files.
    let hive: Vec<HiveColumn> =
        HiveColumn::of(&files).into_iter().filter(|column| layout.fields.find(column.field.name()).is_none()).collect();
    let fields: Vec<FieldRef> =
        layout.fields.iter().cloned().chain(hive.iter().map(|column| column.field.clone())).collect();
    let mut data = Dataset {
        sorted_by: sorted_by(&layout, footer),
        index: footer.pandas.as_deref().map(pandas_index).unwrap_or_default(),
        files: Vec::with_capacity(files.len()),
        layouts: vec![Arc::new(layout)],
        groups: Vec::new(),
        chunks: Vec::new(),
        schema: Arc::new(Schema::new(fields)),
        hive,
        buffers: Arc::default(),
    };
    let first = first.path.clone();
    for (file, footer) in files.into_iter().zip(footers) {
        data.add(file, footer, &first)?;
    }
    Ok(data)
}

impl Dataset {
    fn add(&mut self, file: DataFile, footer: Footer, first: &std::path::Path) -> Result<()> {
        let known = self.layouts.iter().rposition(|layout| layout.is_of(&footer));
        let layout = match (known, self.layouts.first()) {
            (None, Some(wanted)) => {
                let later = Layout::later(&file.path, &footer, first, wanted)?;
                self.layouts.push(Arc::new(later));
                self.layouts.len() - 1
            }
            (known, _) => known.unwrap_or(0),
        };
        for (rows, chunks) in footer.groups {
            self.groups.push(Group { file: self.files.len(), rows, first_chunk: self.chunks.len() });
            self.chunks.extend(chunks);
        }
        let Footer { content, max_page_bytes, .. } = footer;
        self.files.push(FileMeta { path: file.path, content, layout, max_page_bytes });
        Ok(())
    }
}

/// Columns by which row groups are likely to be sorted: what the writer says, then pandas' index, then points in
/// time.
fn sorted_by(layout: &Layout, footer: &Footer) -> Vec<String> {
    let said = footer.sorted_by.and_then(|leaf| {
        let column = layout.columns.columns().get(leaf)?;
        Some(column.path().parts().first()?.clone())
    });
    let index = footer.pandas.as_deref().map(pandas_index).unwrap_or_default();
    let is_time = |field: &&FieldRef| matches!(field.data_type(), DataType::Timestamp(..) | DataType::Date32);
    let times = layout.fields.iter().filter(is_time).map(|field: &Arc<Field>| field.name().clone());
    let mut names: Vec<String> = Vec::new();
    for name in said.into_iter().chain(index).chain(times) {
        if !names.contains(&name) && layout.fields.find(&name).is_some() {
            names.push(name);
        }
    }
    names
}

/// Names in `"index_columns": ["timestamp"]` of what pandas leaves in a file.
fn pandas_index(json: &str) -> Vec<String> {
    let list = json
        .split_once("\"index_columns\"")
        .and_then(|(_, rest)| rest.trim_start_matches([':', ' ']).strip_prefix('['));
    let Some((list, _)) = list.and_then(|list| list.split_once(']')) else { return Vec::new() };
    if list.contains(['{', '\\']) {
        return Vec::new();
    }
    list.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_index_of_pandas() {
        assert_eq!(pandas_index(r#"{"index_columns": ["timestamp"], "x": ["y"]}"#), ["timestamp"]);
        assert_eq!(pandas_index(r#"{"index_columns":["a", "b"]}"#), ["a", "b"]);
        assert!(pandas_index(r#"{"index_columns": [{"kind": "range", "name": null}]}"#).is_empty());
        assert!(pandas_index("").is_empty() && pandas_index("\"index_columns\": [\"a").is_empty());
    }
}
