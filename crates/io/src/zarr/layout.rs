//! What metadata says about an array: its shape, its chunks, and how a chunk is stored.

use std::fs;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use blockfold_core::DType;
use blockfold_core::tensor::{complex, width};
use serde_json::Value;
use zarrs::array::{CodecChain, CodecOptions, DataType, FillValue, FillValueMetadata, data_type};

use super::ZarrFormat;
use super::codecs::{
    Fault, codec_chain, codecs_v2, corrupt, extension, field, integers, nonzero, separator, unsupported,
};

/// The largest chunk that is read or written, in bytes.
pub(super) const MAX_CHUNK_BYTES: u64 = 1 << 34;

/// Types by their names in versions 3 and 2, without the order of bytes.
fn types() -> [(DType, &'static str, &'static str); 13] {
    [
        (DType::Boolean, "bool", "b1"),
        (DType::Int8, "int8", "i1"),
        (DType::Int16, "int16", "i2"),
        (DType::Int32, "int32", "i4"),
        (DType::Int64, "int64", "i8"),
        (DType::UInt8, "uint8", "u1"),
        (DType::UInt16, "uint16", "u2"),
        (DType::UInt32, "uint32", "u4"),
        (DType::UInt64, "uint64", "u8"),
        (DType::Float32, "float32", "f4"),
        (DType::Float64, "float64", "f8"),
        (complex(&DType::Float32), "complex64", "c8"),
        (complex(&DType::Float64), "complex128", "c16"),
    ]
}

/// The names of a type in versions 3 and 2.
pub(super) fn names(dtype: &DType) -> Option<(&'static str, &'static str)> {
    types().into_iter().find(|(known, _, _)| known == dtype).map(|(_, v3, v2)| (v3, v2))
}

/// The type as `zarrs` has it.
fn data_type(dtype: &DType) -> DataType {
    match dtype {
        DType::Boolean => data_type::bool(),
        DType::Int8 => data_type::int8(),
        DType::Int16 => data_type::int16(),
        DType::Int32 => data_type::int32(),
        DType::Int64 => data_type::int64(),
        DType::UInt8 => data_type::uint8(),
        DType::UInt16 => data_type::uint16(),
        DType::UInt32 => data_type::uint32(),
        DType::UInt64 => data_type::uint64(),
        DType::Float32 => data_type::float32(),
        dtype if *dtype == complex(&DType::Float32) => data_type::complex64(),
        dtype if *dtype == complex(&DType::Float64) => data_type::complex128(),
        _ => data_type::float64(),
    }
}

/// What reading and writing share: the shape, the chunk grid, and how a chunk is stored.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) path: PathBuf,
    pub(super) dtype: DType,
    pub(super) data_type: DataType,
    pub(super) fill: FillValue,
    pub(super) shape: Vec<u64>,
    pub(super) chunks: Vec<u64>,
    pub(super) chunk_shape: Vec<NonZeroU64>,
    pub(super) chunk_bytes: usize,
    /// The bytes of a shard's index, 0 without sharding.
    pub(super) index_bytes: u64,
    pub(super) codecs: CodecChain,
    pub(super) options: CodecOptions,
    pub(super) prefix: &'static str,
    pub(super) separator: &'static str,
}

/// The product of a shape, but for axes of length 0, and the width of an element.
pub(super) fn byte_size(shape: &[u64], width: usize) -> Option<u64> {
    let product = shape.iter().try_fold(width as u64, |product, &n| product.checked_mul(n.max(1)));
    product.filter(|&n| i64::try_from(n).is_ok())
}

pub(super) fn reserve(bytes: u64) -> Result<Vec<u8>, Fault> {
    let mut vec = Vec::new();
    match usize::try_from(bytes).map(|n| vec.try_reserve_exact(n)) {
        Ok(Ok(())) => Ok(vec),
        _ => unsupported(format_args!("no memory for a chunk of {bytes} bytes")),
    }
}

/// A regular file of at most `limit` bytes, or None if there is none.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Fault> {
    let size = match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return corrupt(format!("{} is not a file", path.display())),
        Ok(meta) => meta.len(),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    if size > limit {
        return corrupt(format!("{} is too large", path.display()));
    }
    let mut bytes = reserve(size)?;
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes a file in a folder that is made when it is missing.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<fs::File, Fault> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

impl Layout {
    pub(super) fn parse(path: &Path, format: ZarrFormat, meta: &Value) -> Result<Self, Fault> {
        let shape = integers(field(meta, "shape")?, "shape")?;
        let (dtype, chunks, prefix, separator) = match format {
            ZarrFormat::V2 => {
                let dtype = field(meta, "dtype")?;
                let name = dtype.as_str().and_then(|d| d.get(1..)).unwrap_or_default();
                let Some(names) = types().into_iter().find(|(_, _, known)| *known == name) else {
                    return unsupported(format_args!("elements of type {dtype}"));
                };
                let chunks = integers(field(meta, "chunks")?, "chunk shape")?;
                (names.0, chunks, "", separator(meta, "dimension_separator", ".")?)
            }
            ZarrFormat::V3 => {
                let (name, config) = extension(field(meta, "data_type")?)?;
                let names = types().into_iter().find(|(_, known, _)| *known == name && config.is_null());
                let Some(names) = names else { return unsupported(format_args!("elements of type {name:?}")) };
                let (grid, config) = extension(field(meta, "chunk_grid")?)?;
                if grid != "regular" {
                    return unsupported(format_args!("chunk grid {grid:?}"));
                }
                let chunks = integers(field(config, "chunk_shape")?, "chunk shape")?;
                match extension(field(meta, "chunk_key_encoding")?)? {
                    ("default", config) => (names.0, chunks, "c", separator(config, "separator", "/")?),
                    ("v2", config) => (names.0, chunks, "", separator(config, "separator", ".")?),
                    (name, _) => return unsupported(format_args!("chunk key encoding {name:?}")),
                }
            }
        };
        let chunk_shape = nonzero(&chunks)?;
        if chunks.len() != shape.len() {
            return corrupt("the shape and the chunk shape differ in rank");
        }
        let width = width(&dtype).map_err(|error| Fault::Unsupported(error.to_string()))?;
        if byte_size(&shape, width).is_none() {
            return unsupported(format_args!("shape {shape:?}"));
        }
        let chunk_bytes = byte_size(&chunks, width).filter(|&n| n <= MAX_CHUNK_BYTES);
        let chunk_bytes = chunk_bytes.and_then(|n| usize::try_from(n).ok());
        let Some(chunk_bytes) = chunk_bytes else { return unsupported(format_args!("chunk shape {chunks:?}")) };
        let (codecs, index_bytes) = match format {
            ZarrFormat::V2 => (codecs_v2(meta, &chunks, width)?, 0),
            ZarrFormat::V3 => codec_chain(field(meta, "codecs")?, &chunks, width, true)?,
        };
        let data_type = data_type(&dtype);
        let fill = field(meta, "fill_value")?.clone();
        let fill: Result<FillValueMetadata, _> = serde_json::from_value(fill);
        let fill = fill.map_err(|e| Fault::Corrupt(e.to_string())).and_then(|fill| {
            let parsed = match format {
                ZarrFormat::V2 => data_type.fill_value_v2(&fill),
                ZarrFormat::V3 => data_type.fill_value_v3(&fill),
            };
            parsed.map_err(|_| Fault::Corrupt("an invalid fill value".into()))
        })?;
        if fill.size() != width {
            return corrupt("an invalid fill value");
        }
        let options = CodecOptions::default().with_concurrent_target(1).with_chunk_concurrent_minimum(1);
        let path = path.to_path_buf();
        let layout = Layout {
            path,
            dtype,
            data_type,
            fill,
            shape,
            chunks,
            chunk_shape,
            chunk_bytes,
            index_bytes,
            codecs,
            options,
            prefix,
            separator,
        };
        Ok(layout)
    }

    pub(super) fn chunk_path(&self, index: &[u64]) -> Result<PathBuf, Fault> {
        let inside = |((&i, &s), c): ((&u64, &u64), &NonZeroU64)| i < s.div_ceil(c.get());
        if index.len() != self.shape.len() || !index.iter().zip(&self.shape).zip(&self.chunk_shape).all(inside) {
            return Err(Fault::NotFound);
        }
        let prefix = (!self.prefix.is_empty()).then(|| self.prefix.to_owned());
        let keys: Vec<String> = prefix.into_iter().chain(index.iter().map(u64::to_string)).collect();
        let key = if keys.is_empty() { "0".to_owned() } else { keys.join(self.separator) };
        Ok(self.path.join(key))
    }
}
