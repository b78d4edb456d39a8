//! Where the buffers of a record batch's columns lie.

use std::ops::Range;

use arrow::datatypes::{DataType, Schema, UnionMode};
use arrow::ipc::{MetadataVersion, RecordBatch};

/// The columns of one record batch.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<ColumnLayout>,
}

/// One column, the columns inside of it included.
#[derive(Debug)]
pub(super) struct ColumnLayout {
    pub(super) null_count: usize,
    /// Ranges of the message's body, or of the file once [`Layout::moved`].
    pub(super) buffers: Vec<Range<usize>>,
}

impl ColumnLayout {
    /// Bytes of all buffers.
    pub(super) fn bytes(&self) -> u64 {
        self.buffers.iter().map(|range| (range.end - range.start) as u64).sum()
    }

    /// A buffer's range; one that is missing is empty.
    pub(super) fn buffer(&self, index: usize) -> Range<usize> {
        self.buffers.get(index).cloned().unwrap_or(0..0)
    }
}

impl Layout {
    /// The layout that a record batch describes, checked: buffers lie inside of the body of `body_bytes`, and those
    /// of plain columns, unless compressed, are long enough for `rows`. The error says what is wrong.
    pub(super) fn new(
        batch: &RecordBatch<'_>,
        schema: &Schema,
        rows: usize,
        body_bytes: usize,
        compressed: bool,
    ) -> Result<Layout, String> {
        let variadic = batch.variadicBufferCounts().into_iter().flatten().collect();
        let nodes = batch.nodes().into_iter().flatten().map(|node| (node.length(), node.null_count())).collect();
        let buffers = batch.buffers().into_iter().flatten().map(|buffer| (buffer.offset(), buffer.length())).collect();
        let mut walk = Walk { nodes, buffers, variadic, body_bytes, at: [0; 3] };
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let column =
                walk.column(field.data_type(), rows).map_err(|what| format!("column '{}': {what}", field.name()))?;
            if !compressed {
                check_lengths(field.data_type(), &column, rows)
                    .map_err(|what| format!("column '{}': {what}", field.name()))?;
            }
            columns.push(column);
        }
        Ok(Layout { columns })
    }

    /// The layout with ranges of the file in which the body starts at `body`.
    pub(super) fn moved(mut self, body: usize) -> Layout {
        for range in self.columns.iter_mut().flat_map(|column| column.buffers.iter_mut()) {
            *range = range.start + body..range.end + body;
        }
        self
    }
}

/// Lists of a message, taken in the order of the schema.
struct Walk {
    nodes: Vec<(i64, i64)>,
    buffers: Vec<(i64, i64)>,
    variadic: Vec<i64>,
    body_bytes: usize,
    /// Nodes, buffers and variadic counts taken.
    at: [usize; 3],
}

impl Walk {
    fn column(&mut self, dtype: &DataType, rows: usize) -> Result<ColumnLayout, String> {
        let (length, null_count) = self.nodes.get(self.at[0]).copied().ok_or("it is missing in a record batch")?;
        if usize::try_from(length) != Ok(rows) {
            return Err(format!("it has {length} rows where the record batch has {rows}"));
        }
        let null_count = usize::try_from(null_count).ok().filter(|nulls| *nulls <= rows);
        let mut buffers = Vec::new();
        self.take(dtype, &mut buffers)?;
        Ok(ColumnLayout { null_count: null_count.ok_or("its number of nulls is wrong")?, buffers })
    }

    /// Takes what a type and the types inside of it have, as the format lays down.
    fn take(&mut self, dtype: &DataType, into: &mut Vec<Range<usize>>) -> Result<(), String> {
        self.at[0] += 1;
        match dtype {
            DataType::Null => Ok(()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => {
                self.take_buffers(3, into)
            }
            DataType::Utf8View | DataType::BinaryView => {
                let count = self.variadic.get(self.at[2]).copied().and_then(|count| usize::try_from(count).ok());
                self.at[2] += 1;
                self.take_buffers(count.ok_or("its number of buffers is wrong")?.saturating_add(2), into)
            }
            DataType::List(inner) | DataType::LargeList(inner) | DataType::Map(inner, _) => {
                self.take_buffers(2, into)?;
                self.take(inner.data_type(), into)
            }
            DataType::ListView(inner) | DataType::LargeListView(inner) => {
                self.take_buffers(3, into)?;
                self.take(inner.data_type(), into)
            }
            DataType::FixedSizeList(inner, _) => {
                self.take_buffers(1, into)?;
                self.take(inner.data_type(), into)
            }
            DataType::Struct(fields) => {
                self.take_buffers(1, into)?;
                fields.iter().try_for_each(|field| self.take(field.data_type(), into))
            }
            DataType::RunEndEncoded(ends, values) => {
                self.take(ends.data_type(), into)?;
                self.take(values.data_type(), into)
            }
            DataType::Union(fields, mode) => {
                self.take_buffers(if *mode == UnionMode::Dense { 2 } else { 1 }, into)?;
                fields.iter().try_for_each(|(_, field)| self.take(field.data_type(), into))
            }
            _ => self.take_buffers(2, into),
        }
    }

    fn take_buffers(&mut self, count: usize, into: &mut Vec<Range<usize>>) -> Result<(), String> {
        let end = self.at[1].saturating_add(count);
        let taken = self.buffers.get(self.at[1]..end).ok_or("buffers are missing in a record batch")?;
        for (offset, length) in taken {
            let range = usize::try_from(*offset).ok().zip(usize::try_from(*length).ok());
            let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
            let inside = range.filter(|range| range.end <= self.body_bytes);
            into.push(inside.ok_or("a buffer lies outside of its record batch")?);
        }
        self.at[1] = end;
        Ok(())
    }
}

/// Whether columns of `dtype` are read in place, row range by row range. Others are decoded batch by batch.
pub(super) fn is_plain(dtype: &DataType) -> bool {
    match dtype {
        DataType::Dictionary(_, values) => !values.is_nested(),
        other => !other.is_nested() && !matches!(other, DataType::RunEndEncoded(..)),
    }
}

/// Bytes of one value in the buffer that has one for each row; `None` for bits and for types that are not plain.
pub(super) fn row_width(dtype: &DataType) -> Option<usize> {
    match dtype {
        DataType::Utf8 | DataType::Binary => Some(4),
        DataType::LargeUtf8 | DataType::LargeBinary => Some(8),
        DataType::Utf8View | DataType::BinaryView => Some(16),
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok(),
        DataType::Dictionary(codes, _) => codes.primitive_width(),
        other => other.primitive_width(),
    }
}

fn check_lengths(dtype: &DataType, column: &ColumnLayout, rows: usize) -> Result<(), String> {
    if !is_plain(dtype) || matches!(dtype, DataType::Null) {
        return Ok(());
    }
    let bits = rows.div_ceil(8);
    if column.null_count > 0 && column.buffer(0).len() < bits {
        return Err("its validity is shorter than its rows".into());
    }
    let strings = matches!(dtype, DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary);
    let needed = match row_width(dtype) {
        Some(width) => rows.checked_add(usize::from(strings)).and_then(|rows| rows.checked_mul(width)),
        None => Some(bits),
    };
    // An empty column of strings may leave its one offset out.
    let empty = strings && rows == 0;
    match needed {
        Some(needed) if empty || column.buffer(1).len() >= needed => Ok(()),
        _ => Err("a buffer is shorter than its rows".into()),
    }
}

/// Unions had one buffer more before version 5 of the metadata.
pub(super) fn has_old_union(version: MetadataVersion, schema: &Schema) -> bool {
    fn inside(dtype: &DataType) -> bool {
        match dtype {
            DataType::Union(..) => true,
            DataType::Struct(fields) => fields.iter().any(|field| inside(field.data_type())),
            DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
                inside(field.data_type())
            }
            DataType::Map(field, _) | DataType::ListView(field) | DataType::LargeListView(field) => {
                inside(field.data_type())
            }
            _ => false,
        }
    }
    version < MetadataVersion::V5 && schema.fields().iter().any(|field| inside(field.data_type()))
}
