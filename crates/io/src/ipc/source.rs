//! Arrow IPC files as a source.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use blockfold_core::{Columns, Error, Field, Grid, Result, Schema, SchemaRef};
use blockfold_plan::{BlockStream, PartitionEstimate, Source, TaskContext};

use super::batches::{BATCH_ROWS, Piece, partitions};
use super::decode;
use super::dictionaries::Dictionaries;
use super::footer::{BatchInfo, IpcFile};
use super::layout::is_plain;
use super::stream::IpcStream;
use crate::content::number;
use crate::memory::{column_list, wanted_indices};
use crate::parquet::hive::HiveColumn;
use crate::paths::{Paths, resolve};

/// Endings of the files that a folder is searched for.
const EXTENSIONS: [&str; 3] = ["arrow", "ipc", "feather"];

/// Mapped Arrow IPC files, also known as Feather version 2.
///
/// Files must not be modified while they are read; replacing them by renaming is safe.
///
/// # Memory
/// Uncompressed columns are read in place. Mapped pages count as resident until a batch is done with; then they
/// are given back. Compressed batches are decoded as a whole, each when its turn comes.
#[derive(Clone)]
pub struct IpcSource {
    pub(super) files: Arc<[OpenFile]>,
    hive: Arc<[HiveColumn]>,
    /// The wanted columns.
    pub(super) schema: SchemaRef,
    /// Where each of them comes from.
    pub(super) origins: Arc<[Origin]>,
    pub(super) partitions: Arc<[Vec<Piece>]>,
    /// For each file: made anew when other columns are wanted.
    pub(super) dictionaries: Arc<[Dictionaries]>,
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// A column of the first file.
    File(usize),
    /// A folder's name.
    Hive(usize),
}

/// A file with the places of the first file's columns in it.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: IpcFile,
    pub(super) places: Vec<usize>,
}

impl IpcSource {
    /// Opens a file, a folder of `*.arrow`, `*.ipc` and `*.feather` files, a pattern, or a list of these.
    ///
    /// # Errors
    /// [`Error::NotFound`] naming what was looked for; [`Error::Corrupt`] and [`Error::Unsupported`] naming the
    /// file; [`Error::SchemaMismatch`] naming the column in which files differ.
    pub fn open(paths: impl Into<Paths>) -> Result<Self> {
        let found = resolve(&paths.into(), &EXTENSIONS)?;
        let hive: Vec<HiveColumn> = HiveColumn::of(&found);
        let opened = found.into_iter().map(|file| IpcFile::open(file.path)).collect::<Result<Vec<_>>>()?;
        let Some(first) = opened.first().cloned() else {
            return Err(Error::internal("no file to open"));
        };
        let all_partitions = opened.iter().enumerate().flat_map(|(index, file)| partitions(index, file)).collect();
        let schema = joint_schema(&opened, &hive);
        let origins = origins(&first.schema, &hive);
        let files: Vec<OpenFile> = opened.into_iter().map(|file| OpenFile::new(file, &first)).collect::<Result<_>>()?;
        let dictionaries = files.iter().map(|_| Dictionaries::default()).collect();
        Ok(IpcSource {
            files: files.into(),
            hive: hive.into(),
            schema,
            origins,
            partitions: all_partitions,
            dictionaries,
        })
    }

    fn narrowed(&self, indices: &[usize]) -> Result<Self> {
        let schema = Arc::new(self.schema.project(indices)?);
        let origins = indices.iter().filter_map(|index| self.origins.get(*index).copied()).collect();
        let dictionaries = self.files.iter().map(|_| Dictionaries::default()).collect();
        Ok(IpcSource { schema, origins, dictionaries, ..self.clone() })
    }

    /// The wanted columns of a file, as places in it, in the order of the wanted schema.
    pub(super) fn file_columns(&self, file: &OpenFile) -> Vec<usize> {
        let place = |origin: &Origin| match origin {
            Origin::File(column) => file.places.get(*column).copied(),
            Origin::Hive(_) => None,
        };
        self.origins.iter().filter_map(place).collect()
    }

    /// The column that folders name.
    pub(super) fn hive_column(&self, index: usize) -> Result<&HiveColumn> {
        self.hive.get(index).ok_or_else(|| Error::internal("a folder's column that is not there"))
    }

    fn estimate_pieces(&self, pieces: &[Piece]) -> Result<PartitionEstimate> {
        let mut sum = PartitionEstimate { rows: Some(0), ..PartitionEstimate::default() };
        for piece in pieces {
            let Some((open, info)) = self.piece(piece) else { continue };
            let columns = self.file_columns(open);
            let layout = open.file.layout(info)?;
            let stored: u64 =
                columns.iter().filter_map(|at| layout.columns.get(*at)).map(|column| column.bytes()).sum();
            let decoded = if info.compressed { decode::wanted_bytes(&open.file, info, &columns)? } else { 0 };
            let rows = piece.rows.len() as u64;
            let share = |bytes: u64, rows: u64| -> u64 {
                let scaled = u128::from(bytes) * u128::from(rows);
                u64::try_from(scaled.div_ceil(info.rows.max(1) as u128)).unwrap_or(u64::MAX)
            };
            let batch_rows = rows.min(BATCH_ROWS as u64);
            let batch_bytes = share(stored.max(decoded), batch_rows);
            sum.rows = sum.rows.map(|before| before + rows);
            sum.read_bytes = sum.read_bytes.saturating_add(share(stored, rows));
            sum.batch.rows = sum.batch.rows.max(batch_rows);
            sum.batch.bytes = sum.batch.bytes.max(batch_bytes);
            // Pages of the batch handed on and of the one before it; of compressed ones the batch as stored and decoded.
            let whole = if info.compressed { decoded.saturating_add(stored) } else { 0 };
            sum.peak_bytes = sum.peak_bytes.max(whole.max(batch_bytes.saturating_mul(2)));
        }
        Ok(sum)
    }

    pub(super) fn piece(&self, piece: &Piece) -> Option<(&OpenFile, &BatchInfo)> {
        let open = self.files.get(piece.file)?;
        Some((open, open.file.batches.get(piece.batch)?))
    }

    fn total_rows(pieces: &[Piece]) -> u64 {
        pieces.iter().map(|piece| piece.rows.len() as u64).sum()
    }
}

impl OpenFile {
    /// The file with the places of `first`'s columns, all of which it must have with the same type.
    fn new(file: IpcFile, first: &IpcFile) -> Result<Self> {
        let mismatch = |column: &str, expected: String, found: String| Error::SchemaMismatch {
            path: file.map.path().to_path_buf(),
            first: first.map.path().to_path_buf(),
            column: column.to_string(),
            expected,
            found,
        };
        let mut places = Vec::with_capacity(first.schema.fields().len());
        for (at, want) in first.schema.fields().iter().enumerate() {
            let same_place = file.schema.fields().get(at).filter(|field| field.name() == want.name()).map(|_| at);
            let place = same_place.or_else(|| file.schema.index_of(want.name()).ok());
            let place = place.ok_or_else(|| mismatch(want.name(), want.data_type().to_string(), "missing".into()))?;
            let have = file.schema.field(place).data_type();
            if have != want.data_type() {
                return Err(mismatch(want.name(), want.data_type().to_string(), have.to_string()));
            }
            places.push(place);
        }
        if let Some(extra) = file.schema.fields().iter().find(|field| first.schema.index_of(field.name()).is_err()) {
            return Err(mismatch(extra.name(), "missing".into(), extra.data_type().to_string()));
        }
        Ok(OpenFile { file, places })
    }
}

/// The first file's columns, nullable where any file's are, then those that folders name.
fn joint_schema(files: &[IpcFile], hive: &[HiveColumn]) -> SchemaRef {
    let Some(first) = files.first() else { return Arc::new(Schema::empty()) };
    let nullable = |field: &Field| {
        let in_file = |file: &IpcFile| file.schema.field_with_name(field.name()).is_ok_and(|one| one.is_nullable());
        files.iter().any(in_file)
    };
    let own = first.schema.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(nullable(field))));
    let named = |column: &&HiveColumn| first.schema.index_of(column.field.name()).is_err();
    let fields: Vec<Arc<Field>> = own.chain(hive.iter().filter(named).map(|column| column.field.clone())).collect();
    Arc::new(Schema::new_with_metadata(fields, first.schema.metadata().clone()))
}

/// Where the columns of [`joint_schema`] come from; a column that a file has is not taken from folders.
fn origins(first: &Schema, hive: &[HiveColumn]) -> Arc<[Origin]> {
    let named = hive.iter().enumerate().filter(|(_, column)| first.index_of(column.field.name()).is_err());
    (0..first.fields().len()).map(Origin::File).chain(named.map(|(index, _)| Origin::Hive(index))).collect()
}

impl fmt::Debug for IpcSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ipc: {}", self.detail())
    }
}

impl Source for IpcSource {
    fn name(&self) -> &'static str {
        "ipc"
    }

    fn detail(&self) -> String {
        let first = self.files.first().map(|open| open.file.map.path()).unwrap_or(Path::new(""));
        let more = match self.files.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!("{}{more}, {}", first.display(), column_list(&self.schema))
    }

    fn token(&self) -> Option<String> {
        let files: Vec<String> = self.files.iter().map(|open| format!("{:?}", open.file.map)).collect();
        let rows: u64 = self.partitions.iter().map(|pieces| Self::total_rows(pieces)).sum();
        Some(format!("ipc {} {rows} rows {}", files.join(";"), column_list(&self.schema)))
    }

    fn content(&self) -> u64 {
        number(self.files.iter().map(|open| open.file.map.content()))
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn grid(&self) -> Grid {
        Grid::known(self.partitions.iter().map(|pieces| Self::total_rows(pieces)).collect::<Vec<u64>>())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let pieces = self.partitions.get(partition).map(Vec::as_slice).unwrap_or_default();
        // What cannot be estimated cannot be read either, and the reading says why.
        self.estimate_pieces(pieces).unwrap_or_default()
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        match wanted_indices(&self.schema, wanted)? {
            Some(indices) => Ok(Some(Arc::new(self.narrowed(&indices)?))),
            None => Ok(None),
        }
    }

    fn with_limit(&self, rows: u64) -> Option<Arc<dyn Source>> {
        let mut left = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut kept: Vec<Vec<Piece>> = Vec::new();
        for pieces in self.partitions.iter() {
            if left == 0 && !kept.is_empty() {
                break;
            }
            let mut partition = Vec::new();
            for piece in pieces.iter().take_while(|_| left > 0).cloned().collect::<Vec<_>>() {
                let taken = piece.rows.len().min(left);
                left -= taken;
                if taken > 0 {
                    partition.push(Piece { rows: piece.rows.start..piece.rows.start + taken, ..piece });
                }
            }
            kept.push(partition);
        }
        Some(Arc::new(IpcSource { partitions: kept.into(), ..self.clone() }))
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let pieces = self.partitions.get(partition);
        let pieces = pieces.ok_or_else(|| Error::internal(format!("no partition {partition} in IPC files")))?;
        Ok(Box::new(IpcStream::new(self.clone(), pieces.clone(), task.clone())))
    }
}

/// Whether all these columns are read in place.
pub(super) fn all_plain(schema: &Schema, columns: &[usize]) -> bool {
    let plain = |column: &usize| schema.fields().get(*column).is_some_and(|field| is_plain(field.data_type()));
    columns.iter().all(plain)
}

/// Name of a file for messages.
pub(super) fn path_of(open: &OpenFile) -> &Path {
    open.file.map.path()
}
