//! Chunks of an array in Zarr's format, read and written one at a time.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blockfold_core::DType;
use blockfold_core::tensor::complex_part;
use serde_json::{Map, Value, json};
use zarrs::array::{ArrayBytes, ArrayToBytesCodecTraits, CodecError};

use super::ZarrFormat;
use super::codecs::{Fault, ZSTD_LEVEL, corrupt, guard, unsupported};
use super::layout::{Layout, names, read_file, reserve, write_file};
use crate::content::Content;

/// The largest metadata file that is read, in bytes.
const MAX_METADATA_BYTES: u64 = 1 << 26;

/// An array that is open for reading.
#[derive(Clone, Debug)]
pub(super) struct ZarrReader(Arc<Layout>);

impl ZarrReader {
    /// Read the metadata of the array in the directory `path`, and tell of what size and time it is.
    ///
    /// # Errors
    /// `NotFound` if there is neither a `zarr.json` nor a `.zarray`, otherwise whatever is wrong with it.
    pub(super) fn open(path: &Path) -> Result<(Self, Content), Fault> {
        let formats = [(ZarrFormat::V3, path.join("zarr.json")), (ZarrFormat::V2, path.join(".zarray"))];
        let mut found = None;
        for (format, file) in formats {
            if let Some(bytes) = read_file(&file, MAX_METADATA_BYTES)? {
                found = Some((format, bytes, Content::of(&file.metadata()?)));
                break;
            }
        }
        let Some((format, bytes, content)) = found else { return Err(Fault::NotFound) };
        let meta: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|e| Fault::Corrupt(e.to_string()))?;
        if meta.get("zarr_format").and_then(Value::as_u64) != Some(if format == ZarrFormat::V3 { 3 } else { 2 }) {
            return corrupt("an invalid zarr_format");
        }
        if format == ZarrFormat::V3 {
            match meta.get("node_type").and_then(Value::as_str) {
                Some("array") => {}
                Some("group") => return unsupported("a group, not an array"),
                _ => return corrupt("an invalid node_type"),
            }
            const KNOWN: [&str; 10] = [
                "zarr_format",
                "node_type",
                "shape",
                "data_type",
                "chunk_grid",
                "fill_value",
                "chunk_key_encoding",
                "codecs",
                "attributes",
                "dimension_names",
            ];
            let optional = |v: &Value| v.get("must_understand") == Some(&Value::Bool(false));
            let empty = |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
            if let Some((name, _)) = meta.iter().find(|(name, value)| {
                let is_unused = *name == "storage_transformers" && empty(value);
                !(KNOWN.contains(&name.as_str()) || optional(value) || is_unused)
            }) {
                return unsupported(format_args!("metadata {name:?}"));
            }
        }
        let meta = Value::Object(meta);
        guard(|| Layout::parse(path, format, &meta)).map(|layout| (ZarrReader(Arc::new(layout)), content))
    }

    pub(super) fn shape(&self) -> &[u64] {
        &self.0.shape
    }

    /// The shape of a chunk, which with sharding is a whole shard.
    pub(super) fn chunk_shape(&self) -> &[u64] {
        &self.0.chunks
    }

    pub(super) fn dtype(&self) -> &DType {
        &self.0.dtype
    }

    /// Bytes of a chunk.
    pub(super) fn chunk_bytes(&self) -> u64 {
        self.0.chunk_bytes as u64
    }

    /// The bytes of a whole chunk in the byte order of the machine, last axis fastest.
    ///
    /// # Errors
    /// `NotFound` if the index is not in the chunk grid, `Corrupt` if the chunk cannot be decoded.
    pub(super) fn read_chunk(&self, index: &[u64]) -> Result<Vec<u8>, Fault> {
        let layout = &*self.0;
        let size = layout.chunk_bytes as u64;
        let path = layout.chunk_path(index)?;
        let limit = size.saturating_mul(2).saturating_add(layout.index_bytes.saturating_mul(8)).saturating_add(1 << 20);
        let Some(encoded) = read_file(&path, limit)? else {
            let mut bytes = reserve(size)?;
            let fill = layout.fill.as_ne_bytes();
            if fill.iter().all(|b| Some(b) == fill.first()) {
                bytes.resize(layout.chunk_bytes, fill.first().copied().unwrap_or(0));
            } else {
                bytes.extend(fill.iter().copied().cycle().take(layout.chunk_bytes));
            }
            return Ok(bytes);
        };
        if (encoded.len() as u64) < layout.index_bytes {
            return corrupt("a shard that is shorter than its index");
        }
        drop(reserve(size.saturating_mul(2).saturating_add(layout.index_bytes))?); // zarrs aborts without the memory
        let mut bytes = guard(|| {
            let (shape, fill) = (&layout.chunk_shape, &layout.fill);
            let encoded = Cow::Owned(encoded);
            let decoded = layout.codecs.decode(encoded, shape, &layout.data_type, fill, &layout.options)?;
            Ok(decoded.into_fixed().map_err(CodecError::from)?.into_owned())
        })?;
        if bytes.len() != layout.chunk_bytes {
            return corrupt("a chunk of the wrong size");
        }
        if layout.dtype == DType::Boolean {
            bytes.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        Ok(bytes)
    }
}

/// An array that is being written.
#[derive(Clone, Debug)]
pub(super) struct ZarrWriter(Arc<Layout>);

impl ZarrWriter {
    /// Writes the metadata of an array, its chunks to be compressed with zstd.
    ///
    /// # Errors
    /// Shapes that do not fit together or are too large, a folder that cannot be written.
    pub(super) fn create(
        path: &Path,
        format: ZarrFormat,
        dtype: &DType,
        shape: &[u64],
        chunks: &[u64],
    ) -> Result<(Self, PathBuf, File), Fault> {
        let Some((v3, v2)) = names(dtype) else { return unsupported(format_args!("elements of type {dtype}")) };
        let is_byte = blockfold_core::tensor::width(dtype).is_ok_and(|width| width == 1);
        let fill = match dtype {
            DType::Boolean => json!(false),
            DType::Float32 | DType::Float64 => json!(0.0),
            dtype if complex_part(dtype).is_some() => json!([0.0, 0.0]),
            _ => json!(0),
        };
        let (name, meta) = match format {
            ZarrFormat::V2 => {
                let order = if is_byte { "|" } else { "<" };
                let meta = json!({
                    "zarr_format": 2,
                    "shape": shape,
                    "chunks": chunks,
                    "dtype": format!("{order}{v2}"),
                    "compressor": {"id": "zstd", "level": ZSTD_LEVEL, "checksum": false},
                    "fill_value": fill,
                    "order": "C",
                    "filters": null,
                    "dimension_separator": ".",
                });
                (".zarray", meta)
            }
            ZarrFormat::V3 => {
                let bytes = match is_byte {
                    true => json!({"name": "bytes"}),
                    false => json!({"name": "bytes", "configuration": {"endian": "little"}}),
                };
                let zstd = json!({"name": "zstd", "configuration": {"level": ZSTD_LEVEL, "checksum": false}});
                let meta = json!({
                    "zarr_format": 3,
                    "node_type": "array",
                    "shape": shape,
                    "data_type": v3,
                    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
                    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
                    "fill_value": fill,
                    "codecs": [bytes, zstd],
                    "attributes": {},
                });
                ("zarr.json", meta)
            }
        };
        let layout = Layout::parse(path, format, &meta)?;
        let file = write_file(&path.join(name), format!("{meta:#}").as_bytes())?;
        Ok((ZarrWriter(Arc::new(layout)), path.join(name), file))
    }

    /// Writes a whole chunk, in the byte order of the machine and last axis fastest; the file is not synced.
    ///
    /// # Errors
    /// `NotFound` if the index is not in the chunk grid, `Corrupt` if the number of bytes is wrong, `Io`.
    pub(super) fn write_chunk(&self, index: &[u64], bytes: &[u8]) -> Result<(PathBuf, File), Fault> {
        let layout = &*self.0;
        let path = layout.chunk_path(index)?;
        if bytes.len() != layout.chunk_bytes {
            return corrupt(format!("{} bytes for a chunk of {}", bytes.len(), layout.chunk_bytes));
        }
        let encoded = guard(|| {
            let bytes = ArrayBytes::new_flen(Cow::Borrowed(bytes));
            let (shape, fill) = (&layout.chunk_shape, &layout.fill);
            Ok(layout.codecs.encode(bytes, shape, &layout.data_type, fill, &layout.options)?)
        })?;
        let file = write_file(&path, &encoded)?;
        Ok((path, file))
    }
}
