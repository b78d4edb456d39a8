//! What fragments hand to each other.

use std::io::Cursor;
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use blockfold_core::tensor::{Tensor, Tile};
use blockfold_core::{Error, RecordBatch, Region, Result, SchemaRef};
use blockfold_plan::Packed;

/// Rows of a part with the task that they came from, and their place among its chunks.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    pub(super) label: (u32, u32),
    /// Bytes that they counted where they were stored: on them depends how parts are split.
    pub(super) bytes: u64,
    pub(super) rows: RecordBatch,
}

/// A partial that left its process.
#[derive(Clone, Debug)]
pub(super) struct PackedPartial {
    /// The first task whose blocks it is of.
    pub(super) task: u32,
    /// Chunks that were drained of it, when it is spread.
    pub(super) chunks: Option<u32>,
    pub(super) packed: Packed,
}

/// The result of a fragment.
///
/// # Memory
/// Rows share their buffers with what they were made of; [`Parcel::to_buffers`] copies them once, [`Parcel::from_buffers`]
/// does not.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    pub(super) partial: Option<PackedPartial>,
    /// Columns of the rows in parts, as they are handed out.
    pub(super) schema: Option<SchemaRef>,
    /// Rows by part.
    pub(super) parts: Vec<Vec<Labelled>>,
    /// Batches of the answer, block by block.
    pub(super) rows: Vec<Vec<RecordBatch>>,
    /// Blocks of an array.
    pub(super) tiles: Vec<Tile>,
}

impl Parcel {
    /// A block of rows, given from outside.
    pub fn of_rows(batches: Vec<RecordBatch>) -> Self {
        Parcel { rows: vec![batches], ..Parcel::default() }
    }

    /// A block of an array, given from outside.
    pub fn of_tile(tile: Tile) -> Self {
        Parcel { tiles: vec![tile], ..Parcel::default() }
    }

    /// The rows of one part.
    pub fn part(&self, part: usize) -> Parcel {
        let parts = self.parts.get(part).cloned().into_iter().collect();
        Parcel { schema: self.schema.clone(), parts, ..Parcel::default() }
    }

    /// One of the blocks of an answer.
    pub fn block(&self, block: usize) -> Parcel {
        let rows = self.rows.get(block).cloned().into_iter().collect();
        Parcel { rows, tiles: self.tiles.get(block).cloned().into_iter().collect(), ..Parcel::default() }
    }

    /// Batches of the answer, block by block.
    pub fn rows(&self) -> &[Vec<RecordBatch>] {
        &self.rows
    }

    /// Blocks of an array.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Bytes of all rows and elements.
    pub fn bytes(&self) -> u64 {
        self.batches().map(blockfold_core::block::slice_bytes).sum::<u64>()
            + self.tiles.iter().map(|tile| tile.values.bytes()).sum::<u64>()
    }

    fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        let packed = self.partial.iter().flat_map(|partial| &partial.packed.batches);
        let parts = self.parts.iter().flatten().map(|piece| &piece.rows);
        packed.chain(parts).chain(self.rows.iter().flatten())
    }

    /// The parcel as numbers and buffers, to cross to another process.
    ///
    /// # Errors
    /// Columns that Arrow IPC does not have.
    pub fn to_buffers(&self) -> Result<(Vec<u64>, Vec<Buffer>)> {
        let mut numbers = Vec::new();
        match &self.partial {
            None => numbers.push(0),
            Some(PackedPartial { task, chunks, packed }) => {
                let chunks = chunks.map_or(0, |chunks| u64::from(chunks) + 1);
                numbers.extend([1, u64::from(*task), chunks, packed.batches.len() as u64, packed.numbers.len() as u64]);
                numbers.extend(&packed.numbers);
            }
        }
        numbers.extend([u64::from(self.schema.is_some()), self.parts.len() as u64]);
        for part in &self.parts {
            numbers.push(part.len() as u64);
            let numbered = |piece: &Labelled| [u64::from(piece.label.0), u64::from(piece.label.1), piece.bytes];
            numbers.extend(part.iter().flat_map(numbered));
        }
        numbers.push(self.rows.len() as u64);
        numbers.extend(self.rows.iter().map(|block| block.len() as u64));
        numbers.push(self.tiles.len() as u64);
        for tile in &self.tiles {
            numbers.push(tile.region.ndim() as u64);
            numbers.extend(&tile.region.start);
            numbers.extend(tile.region.shape.iter().map(|length| *length as u64));
        }
        let empty = self.schema.as_ref().map(|schema| RecordBatch::new_empty(schema.clone()));
        let mut buffers: Vec<Buffer> = empty.iter().chain(self.batches()).map(encode).collect::<Result<_>>()?;
        for tile in &self.tiles {
            let column = tile.values.to_column()?;
            buffers.push(encode(&RecordBatch::try_from_iter([("values", column)])?)?);
        }
        Ok((numbers, buffers))
    }

    /// The parcel of which [`Parcel::to_buffers`] made these.
    ///
    /// # Errors
    /// Numbers or buffers of something else.
    pub fn from_buffers(numbers: &[u64], buffers: Vec<Buffer>) -> Result<Self> {
        let mut numbers = Numbers(numbers.iter());
        let mut batches = buffers.into_iter().map(decode);
        let mut next = move || batches.next().ok_or_else(cut_short)?;
        let mut parcel = Parcel::default();
        let mut packed = None;
        if numbers.next()? == 1 {
            let (task, chunks) = (numbers.small()?, numbers.small()?);
            let (of_batches, of_numbers) = (numbers.next()?, numbers.next()?);
            let own = (0..of_numbers).map(|_| numbers.next()).collect::<Result<Vec<u64>>>()?;
            packed = Some((task, chunks, of_batches, own));
        }
        let has_schema = numbers.next()? == 1;
        let labels: Vec<Vec<(u32, u32, u64)>> = (0..numbers.next()?)
            .map(|_| (0..numbers.next()?).map(|_| Ok((numbers.small()?, numbers.small()?, numbers.next()?))).collect())
            .collect::<Result<_>>()?;
        let of_blocks: Vec<u64> = (0..numbers.next()?).map(|_| numbers.next()).collect::<Result<_>>()?;
        let mut regions = Vec::new();
        for _ in 0..numbers.next()? {
            let ndim = numbers.next()?;
            let start: Vec<u64> = (0..ndim).map(|_| numbers.next()).collect::<Result<_>>()?;
            let shape: Vec<usize> = (0..ndim).map(|_| numbers.small().map(|n| n as usize)).collect::<Result<_>>()?;
            regions.push(Region::new(start, shape));
        }
        if has_schema {
            parcel.schema = Some(next()?.schema());
        }
        if let Some((task, chunks, of_batches, numbers)) = packed {
            let batches = (0..of_batches).map(|_| next()).collect::<Result<_>>()?;
            let packed = Packed { batches, numbers };
            parcel.partial = Some(PackedPartial { task, chunks: chunks.checked_sub(1), packed });
        }
        for labels in labels {
            let piece = |(task, chunk, bytes)| Ok(Labelled { label: (task, chunk), bytes, rows: next()? });
            parcel.parts.push(labels.into_iter().map(piece).collect::<Result<_>>()?);
        }
        for batches in of_blocks {
            parcel.rows.push((0..batches).map(|_| next()).collect::<Result<_>>()?);
        }
        for region in regions {
            let values = Tensor::from_column(region.shape.clone(), next()?.column(0))?;
            parcel.tiles.push(Tile { region, values });
        }
        Ok(parcel)
    }
}

fn cut_short() -> Error {
    Error::internal("a parcel that was cut short")
}

struct Numbers<'a>(std::slice::Iter<'a, u64>);

impl Numbers<'_> {
    fn next(&mut self) -> Result<u64> {
        self.0.next().copied().ok_or_else(cut_short)
    }

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.next()?).map_err(|_| Error::internal("a parcel of something else"))
    }
}

fn encode(batch: &RecordBatch) -> Result<Buffer> {
    let options = IpcWriteOptions::default();
    let mut writer = StreamWriter::try_new_with_options(Cursor::new(Vec::new()), batch.schema_ref(), options)?;
    writer.write(batch)?;
    Ok(Buffer::from_vec(writer.into_inner()?.into_inner()))
}

/// The batch of a stream that holds one, in the memory of the buffer.
fn decode(mut buffer: Buffer) -> Result<RecordBatch> {
    let mut decoder = StreamDecoder::new();
    let batch = decoder.decode(&mut buffer)?;
    let schema = decoder.schema();
    match (batch, schema) {
        (Some(batch), _) => Ok(batch),
        (None, Some(schema)) => Ok(RecordBatch::new_empty(Arc::clone(&schema))),
        (None, None) => Err(cut_short()),
    }
}
