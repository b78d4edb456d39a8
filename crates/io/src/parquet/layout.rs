//! Columns of a file: their Arrow types and where they are; files of one data set compared with the first.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use blockfold_core::{Error, Result};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, KeyValue, ParquetMetaData};
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr};

use super::fault;
use super::footer::Footer;

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Layout {
    /// Parquet's schema.
    pub(super) columns: SchemaDescPtr,
    /// The encoded Arrow schema beside it.
    pub(super) arrow_schema: Option<String>,
    /// Arrow's, one field for each root column, in the file's order.
    pub(super) fields: Fields,
    /// For each column of the data set, the root column of the file.
    pub(super) roots: Vec<usize>,
    /// First leaf of each root, and one more.
    pub(super) leaves: Vec<usize>,
    /// Metadata without row groups, for arrow-rs.
    pub(super) metadata: ParquetMetaData,
}

impl Layout {
    /// The columns of the first file, which the others must have too.
    pub(super) fn first(path: &Path, footer: &Footer) -> Result<Self> {
        let fields = arrow_fields(path, footer)?;
        let mut names = std::collections::BTreeSet::new();
        if let Some(twice) = fields.iter().find(|field| !names.insert(field.name().as_str())) {
            return Err(Error::Unsupported {
                what: format!("column '{}', which is twice in '{}',", twice.name(), path.display()),
                instead: "write the file with different names".into(),
            });
        }
        let roots = (0..fields.len()).collect();
        Ok(Layout::new(footer, fields, roots))
    }

    /// The columns of a later file.
    pub(super) fn later(path: &Path, footer: &Footer, first: &Path, wanted: &Layout) -> Result<Self> {
        let fields = arrow_fields(path, footer)?;
        let mismatch = |column: &str, expected: String, found: String| Error::SchemaMismatch {
            path: path.to_path_buf(),
            first: first.to_path_buf(),
            column: column.to_string(),
            expected,
            found,
        };
        let mut roots = Vec::with_capacity(fields.len());
        for want in wanted.fields.iter() {
            let Some((root, have)) = fields.find(want.name()) else {
                return Err(mismatch(want.name(), want.data_type().to_string(), "missing".into()));
            };
            if have.data_type() != want.data_type() {
                return Err(mismatch(want.name(), want.data_type().to_string(), have.data_type().to_string()));
            }
            roots.push(root);
        }
        if let Some(extra) = fields.iter().find(|field| wanted.fields.find(field.name()).is_none()) {
            return Err(mismatch(extra.name(), "missing".into(), extra.data_type().to_string()));
        }
        Ok(Layout::new(footer, fields, roots))
    }

    fn new(footer: &Footer, fields: Fields, roots: Vec<usize>) -> Self {
        let columns = footer.columns.clone();
        let mut leaves: Vec<usize> = Vec::with_capacity(fields.len() + 1);
        for leaf in 0..columns.num_columns() {
            while columns.get_column_root_idx(leaf) >= leaves.len() {
                leaves.push(leaf);
            }
        }
        leaves.resize(fields.len() + 1, columns.num_columns());
        let metadata = ParquetMetaData::new(FileMetaData::new(1, 0, None, None, columns.clone(), None), Vec::new());
        Layout { columns, arrow_schema: footer.arrow_schema.clone(), fields, roots, leaves, metadata }
    }

    /// Whether a footer describes the very same columns.
    pub(super) fn is_of(&self, footer: &Footer) -> bool {
        let same = Arc::ptr_eq(&self.columns, &footer.columns) || self.columns == footer.columns;
        same && self.arrow_schema == footer.arrow_schema
    }

    /// Leaves of a column of the data set.
    pub(super) fn leaves_of(&self, column: usize) -> std::ops::Range<usize> {
        let root = self.roots.get(column).copied().unwrap_or(usize::MAX);
        let at = |root: usize| self.leaves.get(root).copied().unwrap_or(0);
        at(root)..root.checked_add(1).map_or(0, at)
    }

    /// The only leaf of a column that is not nested.
    pub(super) fn flat(&self, column: usize) -> Option<(usize, ColumnDescPtr)> {
        let leaves = self.leaves_of(column);
        let descriptor = self.columns.columns().get(leaves.start)?;
        let is_flat = leaves.len() == 1 && descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let is_root = descriptor.path().parts().len() == 1;
        (is_flat && is_root).then(|| (leaves.start, descriptor.clone()))
    }
}

fn arrow_fields(path: &Path, footer: &Footer) -> Result<Fields> {
    let convert = || -> std::result::Result<Fields, ParquetError> {
        let pair = footer.arrow_schema.clone().map(|value| vec![KeyValue::new(ARROW_SCHEMA_META_KEY.into(), value)]);
        // A broken Arrow schema says nothing about the columns themselves.
        let schema = parquet_to_arrow_schema(&footer.columns, pair.as_ref())
            .or_else(|_| parquet_to_arrow_schema(&footer.columns, None))?;
        let wanted: Fields = schema.fields().iter().map(plain_field).collect();
        let levels = parquet_to_arrow_field_levels(&footer.columns, ProjectionMask::all(), Some(&wanted));
        drop(levels?);
        Ok(wanted)
    };
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(convert))
        .unwrap_or_else(|panic| Err(ParquetError::General(fault::message(panic.as_ref()))));
    caught.map_err(|error| fault::corrupt(path, "schema", error))
}

/// A field as it is read: strings as `Utf8`, dictionaries as what they hold, always nullable.
fn plain_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), plain_type(field.data_type()), true))
}

fn plain_type(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}
