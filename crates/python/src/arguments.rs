//! Arguments that Python writes in more than one way: chunks, axes, indices, options.

use blockfold::array::{Axes, AxisChunks, Boundary, Chunking, Operand};
use blockfold::{ByteSize, Compression, Dictionary, Index, ParquetWriteOptions, Stage};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyEllipsis, PyFloat, PyInt, PyList, PySlice, PyString, PyTuple};

use crate::array::PyArray;
use crate::error::{Answer, argument};

/// Chunks: a number for all axes, one or a tuple of lengths for each, -1 for a whole axis, "auto", or a size as "16MiB".
pub fn chunking(value: &Bound<'_, PyAny>) -> Answer<Chunking> {
    if value.is_none() {
        return Ok(Chunking::Auto);
    }
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_string();
        return Ok(if text == "auto" { Chunking::Auto } else { Chunking::Bytes(text.parse::<ByteSize>()?.0) });
    }
    if value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>() {
        let axes = value.try_iter()?.map(|axis| axis_chunks(&axis?)).collect::<Answer<_>>()?;
        return Ok(Chunking::Axes(axes));
    }
    Ok(Chunking::Every(axis_chunks(value)?))
}

fn axis_chunks(value: &Bound<'_, PyAny>) -> Answer<AxisChunks> {
    if value.is_none() {
        return Ok(AxisChunks::Whole);
    }
    if let Ok(length) = value.extract::<i64>() {
        return match length {
            -1 => Ok(AxisChunks::Whole),
            length => Ok(AxisChunks::Of(u64::try_from(length).map_err(|_| wrong_chunks(value))?)),
        };
    }
    if value.extract::<String>().is_ok_and(|text| text == "auto") {
        return Ok(AxisChunks::Auto);
    }
    match value.extract::<Vec<u64>>() {
        Ok(lengths) => Ok(AxisChunks::Lengths(lengths)),
        Err(_) => Err(wrong_chunks(value).into()),
    }
}

fn wrong_chunks(value: &Bound<'_, PyAny>) -> PyErr {
    let what =
        format!("{value} is none; give a length, -1 for a whole axis, 'auto', a tuple of these, or a size as '16MiB'");
    argument(value.py(), "chunks", what)
}

/// Axes of a reduction: `None` for all.
pub fn axes(axes: Option<Vec<i64>>, keepdims: bool) -> Axes {
    let axes = axes.map_or_else(Axes::default, Axes::of);
    if keepdims { axes.keepdims() } else { axes }
}

/// An operand of an elementwise operation: an array, or a number of Python.
pub fn operand(like: &blockfold::Array, value: &Bound<'_, PyAny>) -> Answer<Operand> {
    let py = value.py();
    if let Ok(array) = value.cast::<PyArray>() {
        return Ok(Operand::from(&array.get().0));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Operand::from(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return match (value.extract::<i64>(), value.extract::<u64>()) {
            (Ok(whole), _) => Ok(Operand::from(whole)),
            (_, Ok(whole)) => Ok(Operand::from(whole)),
            _ => Err(argument(py, "operand", format!("{value} does not fit 64 bits; write it as a float")).into()),
        };
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Operand::from(value.extract::<f64>()?));
    }
    let (re, im) = (value.getattr("real")?.extract()?, value.getattr("imag")?.extract()?);
    Ok(Operand::from(like.complex_number(re, im)))
}

/// What stands in square brackets, as a list of one for each axis.
pub fn indices(list: &[Bound<'_, PyAny>]) -> Answer<Vec<Index>> {
    list.iter().map(index).collect()
}

fn index(value: &Bound<'_, PyAny>) -> Answer<Index> {
    if value.is_none() {
        return Ok(Index::NewAxis);
    }
    if value.is_instance_of::<PyEllipsis>() {
        return Ok(Index::Ellipsis);
    }
    if let Ok(slice) = value.cast::<PySlice>() {
        let (start, stop): (Option<i64>, Option<i64>) =
            (slice.getattr("start")?.extract()?, slice.getattr("stop")?.extract()?);
        let step: Option<i64> = slice.getattr("step")?.extract()?;
        return Ok(Index::Slice(start, stop, step.unwrap_or(1)));
    }
    if let Ok(array) = value.cast::<PyArray>() {
        return Ok(Index::Of(array.get().0.clone()));
    }
    if value.is_instance_of::<PyList>() {
        return Ok(Index::Places(value.extract()?));
    }
    Ok(Index::At(value.extract()?))
}

/// What stands beyond the ends of an array.
pub fn boundary(py: Python<'_>, mode: &str, constant: f64) -> PyResult<Boundary> {
    Ok(match mode {
        "constant" | "none" => Boundary::Constant(constant),
        "edge" | "nearest" => Boundary::Nearest,
        "reflect" => Boundary::Reflect,
        "symmetric" => Boundary::Symmetric,
        "wrap" | "periodic" => Boundary::Periodic,
        other => {
            let what = format!("no mode is called '{other}'; there are constant, edge, reflect, symmetric, wrap");
            return Err(argument(py, "pad", what));
        }
    })
}

/// A stage on the way from what was typed to what runs.
pub fn stage(py: Python<'_>, name: &str) -> PyResult<Stage> {
    Ok(match name {
        "logical" => Stage::Logical,
        "optimized" => Stage::Optimized,
        "steps" => Stage::Steps,
        "fused" => Stage::Fused,
        "memory" => Stage::Memory,
        other => {
            let what = format!("no stage is called '{other}'; there are logical, optimized, steps, fused, memory");
            return Err(argument(py, "explain", what));
        }
    })
}

/// Options of writing Parquet, from a dictionary.
pub fn parquet_options(options: &Bound<'_, PyDict>) -> PyResult<ParquetWriteOptions> {
    let mut built = ParquetWriteOptions::default();
    for (name, value) in options {
        built = match name.extract::<String>()?.as_str() {
            "compression" => built.compression(compression(&value)?),
            "row_group_rows" => built.row_group_rows(value.extract()?),
            "statistics" => built.statistics(value.extract()?),
            "overwrite" => built.overwrite(value.extract()?),
            "dictionary" => built.dictionary(if value.extract()? { Dictionary::Auto } else { Dictionary::Off }),
            other => return Err(argument(value.py(), "to_parquet", format!("it has no option '{other}'"))),
        };
    }
    Ok(built)
}

fn compression(value: &Bound<'_, PyAny>) -> PyResult<Compression> {
    if value.is_none() {
        return Ok(Compression::Uncompressed);
    }
    let name: String = value.extract()?;
    Ok(match name.to_lowercase().as_str() {
        "auto" => Compression::Auto,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd(1),
        "gzip" => Compression::Gzip(6),
        "brotli" => Compression::Brotli(4),
        "none" | "uncompressed" => Compression::Uncompressed,
        other => {
            let what =
                format!("no compression is called '{other}'; there are auto, snappy, lz4, zstd, gzip, brotli, None");
            return Err(argument(value.py(), "to_parquet", what));
        }
    })
}
