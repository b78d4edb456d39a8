//! The codecs of an array in Zarr's format.
//!
//! What is stored is not trusted. The decompressors of `zarrs` allocate whatever a chunk claims to hold, and an allocation of
//! 2^60 bytes ends the process; [`Compression`] takes their place, and never decodes more than a chunk can hold.

use std::borrow::Cow;
use std::io::{self, Read};
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use blockfold_core::Error;
use serde_json::Value;
use zarrs::array::codec::{
    BytesCodec, Crc32cCodec, ShardingCodec, TransposeCodec, blosc_decompress_bytes, blosc_validate,
};
use zarrs::array::{
    ArrayBytesRaw, ArrayToArrayCodecTraits, ArrayToBytesCodecTraits, BytesRepresentation, BytesToBytesCodecTraits,
    CodecChain, CodecError, CodecMetadataOptions, CodecOptions, CodecTraits, Endianness, RecommendedConcurrency,
};
use zarrs::metadata::Configuration;
use zarrs::metadata_ext::codec::sharding::ShardingIndexLocation;
use zarrs::metadata_ext::codec::transpose::TransposeOrder;
use zarrs::plugin::{ExtensionName, ZarrVersion};

use super::layout::MAX_CHUNK_BYTES;

const MAX_DIMENSIONS: usize = 64;

/// What is wrong with an array in Zarr's format; [`Fault::of`] makes an error of it that names the array.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no array at the path, or no chunk of that index in its grid.
    NotFound,
    Corrupt(String),
    Unsupported(String),
    Io(io::Error),
}

impl Fault {
    /// The error of the array at a path.
    pub(super) fn of(self, path: &Path) -> Error {
        match self {
            Fault::NotFound => Error::NotFound {
                what: "array in Zarr's format (zarr.json or .zarray)".into(),
                path: path.to_path_buf(),
            },
            Fault::Corrupt(what) => Error::corrupt(path, what),
            Fault::Unsupported(what) => Error::Unsupported {
                what: format!("'{}': {what}", path.display()),
                instead: "write it anew with zarr's default codecs".into(),
            },
            Fault::Io(source) => Error::io(path, source),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        Fault::Corrupt(error.to_string())
    }
}

pub(super) fn corrupt<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Corrupt(what.into()))
}

pub(super) fn unsupported<T>(what: impl std::fmt::Display) -> Result<T, Fault> {
    Err(Fault::Unsupported(what.to_string()))
}

pub(super) const ZSTD_LEVEL: i32 = 1;

/// A compression codec whose decoder stops at the size of the chunk.
#[derive(Clone, Copy, Debug)]
enum Compression {
    Gzip,
    Zlib,
    Bz2,
    Zstd,
    Blosc,
}

impl Compression {
    fn named(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("numcodecs.").unwrap_or(name) {
            "gzip" => Self::Gzip,
            "zlib" => Self::Zlib,
            "bz2" => Self::Bz2,
            "zstd" => Self::Zstd,
            "blosc" => Self::Blosc,
            _ => return None,
        })
    }

    /// Read all of `decoder`, but not more than `limit` bytes.
    fn drain(decoder: impl Read, limit: u64, hint: usize) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::with_capacity(usize::try_from(limit).unwrap_or(hint).min(hint.saturating_mul(2)));
        decoder.take(limit.saturating_add(1)).read_to_end(&mut out)?;
        Ok(out)
    }
}

impl ExtensionName for Compression {
    fn name(&self, _: ZarrVersion) -> Option<Cow<'static, str>> {
        None
    }
}

impl CodecTraits for Compression {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
    fn configuration(&self, _: ZarrVersion, _: &CodecMetadataOptions) -> Option<Configuration> {
        None
    }
    fn partial_decoder_capability(&self) -> zarrs::array::codec::api::PartialDecoderCapability {
        zarrs::array::codec::api::PartialDecoderCapability { partial_read: false, partial_decode: false }
    }
    fn partial_encoder_capability(&self) -> zarrs::array::codec::api::PartialEncoderCapability {
        zarrs::array::codec::api::PartialEncoderCapability { partial_encode: false }
    }
}

impl BytesToBytesCodecTraits for Compression {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn BytesToBytesCodecTraits> {
        self
    }

    fn recommended_concurrency(&self, _: &BytesRepresentation) -> Result<RecommendedConcurrency, CodecError> {
        Ok(RecommendedConcurrency::new_maximum(1))
    }

    fn encoded_representation(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        // Of two compressors in a row, the outer one may have to store the bytes of the inner one, with some overhead.
        decoded.size().map_or(BytesRepresentation::UnboundedSize, |size| {
            BytesRepresentation::BoundedSize(size.saturating_add(size / 4).saturating_add(4096))
        })
    }

    fn encode<'a>(&self, bytes: ArrayBytesRaw<'a>, _: &CodecOptions) -> Result<ArrayBytesRaw<'a>, CodecError> {
        match self {
            Self::Zstd => Ok(Cow::Owned(zstd::bulk::compress(&bytes, ZSTD_LEVEL)?)),
            _ => Err(CodecError::from("this codec only decodes")),
        }
    }

    fn decode<'a>(
        &self,
        encoded: ArrayBytesRaw<'a>,
        representation: &BytesRepresentation,
        _: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let limit = representation.size().filter(|&size| size <= 2 * MAX_CHUNK_BYTES);
        let limit = limit.ok_or_else(|| CodecError::from("a codec of unbounded size"))?;
        let out = match self {
            Self::Gzip => Self::drain(flate2::bufread::MultiGzDecoder::new(&*encoded), limit, encoded.len())?,
            Self::Zlib => Self::drain(flate2::bufread::ZlibDecoder::new(&*encoded), limit, encoded.len())?,
            Self::Bz2 => Self::drain(bzip2::bufread::MultiBzDecoder::new(&*encoded), limit, encoded.len())?,
            Self::Zstd => {
                let mut out = Vec::new();
                let size = usize::try_from(limit).map_err(|e| CodecError::from(e.to_string()))?;
                out.try_reserve_exact(size).map_err(|e| CodecError::from(e.to_string()))?;
                zstd::bulk::Decompressor::new()?.decompress_to_buffer(&encoded, &mut out)?;
                out
            }
            Self::Blosc => match blosc_validate(&encoded) {
                Some(size) if size as u64 <= limit => {
                    blosc_decompress_bytes(&encoded, size, 1).map_err(|e| CodecError::from(e.to_string()))?
                }
                _ => return Err(CodecError::from("an invalid blosc buffer")),
            },
        };
        match representation {
            BytesRepresentation::FixedSize(size) if out.len() as u64 != *size => {
                Err(CodecError::from(format!("{size} bytes expected from {self:?}")))
            }
            _ if out.len() as u64 > limit => Err(CodecError::from("more bytes than the chunk has")),
            _ => Ok(Cow::Owned(out)),
        }
    }
}

/// `zarrs` has asserts and unchecked arithmetic that damaged input may reach.
pub(super) fn guard<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| corrupt("the decoder failed"))
}

pub(super) fn field<'a>(object: &'a Value, name: &str) -> Result<&'a Value, Fault> {
    object.get(name).ok_or_else(|| Fault::Corrupt(format!("no {name} in the metadata")))
}

pub(super) fn integers(value: &Value, what: &str) -> Result<Vec<u64>, Fault> {
    let numbers = value.as_array().filter(|a| a.len() <= MAX_DIMENSIONS);
    let numbers = numbers.and_then(|a| a.iter().map(Value::as_u64).collect());
    numbers.ok_or_else(|| Fault::Corrupt(format!("an invalid {what}")))
}

pub(super) fn nonzero(shape: &[u64]) -> Result<Vec<NonZeroU64>, Fault> {
    let shape = shape.iter().map(|&n| NonZeroU64::new(n)).collect::<Option<_>>();
    shape.ok_or_else(|| Fault::Corrupt("a chunk of length 0".into()))
}

pub(super) fn separator(object: &Value, name: &str, default: &'static str) -> Result<&'static str, Fault> {
    match object.get(name).map_or(Some(default), Value::as_str) {
        Some(".") => Ok("."),
        Some("/") => Ok("/"),
        _ => corrupt("an invalid separator"),
    }
}

/// The name and the configuration of a v3 extension, which is a string or an object.
pub(super) fn extension(value: &Value) -> Result<(&str, &Value), Fault> {
    let name = value.as_str().or_else(|| value.get("name").and_then(Value::as_str));
    let name = name.ok_or_else(|| Fault::Corrupt("an extension without a name".into()))?;
    Ok((name, value.get("configuration").unwrap_or(&Value::Null)))
}

/// The codecs of a v3 array, and the bytes of a shard's index.
pub(super) fn codec_chain(
    value: &Value,
    shape: &[u64],
    width: usize,
    sharding: bool,
) -> Result<(CodecChain, u64), Fault> {
    let mut shape = shape.to_vec();
    let mut to_array: Vec<Arc<dyn ArrayToArrayCodecTraits>> = Vec::new();
    let mut to_bytes: Option<Arc<dyn ArrayToBytesCodecTraits>> = None;
    let mut to_stored: Vec<Arc<dyn BytesToBytesCodecTraits>> = Vec::new();
    let mut index_bytes = 0;
    let codecs = value.as_array().ok_or_else(|| Fault::Corrupt("invalid codecs".into()))?;
    if codecs.len() > 16 {
        return unsupported("more than 16 codecs");
    }
    for codec in codecs {
        let (name, config) = extension(codec)?;
        match (name, &to_bytes) {
            ("transpose", None) => {
                let order = match config.get("order").and_then(Value::as_str) {
                    Some("C") => (0..shape.len() as u64).collect(),
                    Some("F") => (0..shape.len() as u64).rev().collect(),
                    _ => integers(field(config, "order")?, "transpose order")?,
                };
                let (order, permuted) = permutation(&order, &shape)?;
                shape = permuted;
                to_array.push(Arc::new(TransposeCodec::new(order)));
            }
            ("bytes" | "endian", None) => {
                let endian = match config.get("endian").map(Value::as_str) {
                    Some(Some("little")) => Some(Endianness::Little),
                    Some(Some("big")) => Some(Endianness::Big),
                    None | Some(None) if width == 1 => None,
                    _ => return corrupt("an invalid byte order"),
                };
                to_bytes = Some(Arc::new(BytesCodec::new(endian)));
            }
            ("sharding_indexed", None) if sharding => {
                let inner = integers(field(config, "chunk_shape")?, "shard")?;
                let inner_shape = nonzero(&inner)?;
                if inner.len() != shape.len() || shape.iter().zip(&inner).any(|(s, i)| s % i != 0) {
                    return corrupt("the inner chunks do not divide the shard");
                }
                let count = shape.iter().zip(&inner).map(|(s, i)| s / i).product::<u64>(); // at most the shard's bytes
                let (inner_codecs, _) = codec_chain(field(config, "codecs")?, &inner, width, false)?;
                let names = field(config, "index_codecs")?;
                let (index_codecs, _) = codec_chain(names, &[count, 2], 8, false)?;
                let plain = |c: &Value| extension(c).is_ok_and(|(n, _)| matches!(n, "bytes" | "endian" | "crc32c"));
                if !names.as_array().is_some_and(|codecs| codecs.iter().all(plain)) {
                    return unsupported("a compressed shard index");
                }
                let location = match config.get("index_location").map(Value::as_str) {
                    None | Some(Some("end")) => ShardingIndexLocation::End,
                    Some(Some("start")) => ShardingIndexLocation::Start,
                    _ => return corrupt("an invalid index location"),
                };
                index_bytes = count.saturating_mul(16);
                let (inner_codecs, index_codecs) = (Arc::new(inner_codecs), Arc::new(index_codecs));
                to_bytes = Some(Arc::new(ShardingCodec::new(inner_shape, inner_codecs, index_codecs, location)));
            }
            ("crc32c", Some(_)) if index_bytes == 0 => to_stored.push(Arc::new(Crc32cCodec::new())),
            (name, Some(_)) if index_bytes == 0 => match Compression::named(name) {
                Some(compression) => to_stored.push(Arc::new(compression)),
                None => return unsupported(format_args!("codec {name:?}")),
            },
            _ => return unsupported(format_args!("codec {name:?} in this place")),
        }
    }
    let to_bytes = to_bytes.ok_or_else(|| Fault::Unsupported("no codec \"bytes\"".into()))?;
    Ok((CodecChain::new(to_array, to_bytes, to_stored), index_bytes))
}

pub(super) fn permutation(order: &[u64], shape: &[u64]) -> Result<(TransposeOrder, Vec<u64>), Fault> {
    let indices: Vec<usize> = order.iter().filter_map(|&i| usize::try_from(i).ok()).collect();
    let permuted: Option<Vec<u64>> = indices.iter().map(|&i| shape.get(i).copied()).collect();
    match (TransposeOrder::new(&indices), permuted) {
        (Ok(order), Some(permuted)) if permuted.len() == shape.len() => Ok((order, permuted)),
        _ => corrupt("an invalid transpose order"),
    }
}

/// The codecs of an array of version 2.
pub(super) fn codecs_v2(meta: &Value, chunks: &[u64], width: usize) -> Result<CodecChain, Fault> {
    let mut to_array: Vec<Arc<dyn ArrayToArrayCodecTraits>> = Vec::new();
    match meta.get("order").and_then(Value::as_str) {
        Some("F") if chunks.len() > 1 => {
            let order: Vec<u64> = (0..chunks.len() as u64).rev().collect();
            to_array.push(Arc::new(TransposeCodec::new(permutation(&order, chunks)?.0)));
        }
        Some("C" | "F") => {}
        _ => return corrupt("an invalid order"),
    }
    let endian = match meta.get("dtype").and_then(Value::as_str).and_then(|d| d.chars().next()) {
        Some('<') => Endianness::Little,
        Some('>') => Endianness::Big,
        Some('|') if width == 1 => Endianness::Little,
        _ => return corrupt("an invalid byte order"),
    };
    if meta.get("filters").is_some_and(|f| !f.is_null() && !f.as_array().is_some_and(Vec::is_empty)) {
        return unsupported("filters");
    }
    let to_stored: Vec<Arc<dyn BytesToBytesCodecTraits>> = match meta.get("compressor") {
        None | Some(Value::Null) => Vec::new(),
        Some(codec) => match codec.get("id").and_then(Value::as_str).and_then(Compression::named) {
            Some(compression) => vec![Arc::new(compression)],
            None => return unsupported(format_args!("compressor {codec}")),
        },
    };
    Ok(CodecChain::new(to_array, Arc::new(BytesCodec::new(Some(endian))), to_stored))
}
