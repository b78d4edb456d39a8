"""Arrays in Zarr's format, written by the zarr package and read back by it."""

import json
import random

import numpy as np
import pytest
import zarr
from numcodecs import LZ4, Blosc, Delta, GZip, Zlib, Zstd

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64", "complex128"]


def some(generator, shape, dtype):
    if dtype == "bool":
        return generator.random(shape) < 0.5
    values = generator.normal(size=shape) * 50
    if dtype.startswith("complex"):
        values = values + 1j * generator.normal(size=shape)
    return (np.abs(values) if dtype.startswith("u") else values).astype(dtype)


def read(blockfold, folder, tmp_path, text="x[...]", *options):
    blockfold("array", "eval", text, "--zarr", f"x={folder}", "--out", tmp_path / "read.npy", "--overwrite", *options)
    return np.load(tmp_path / "read.npy")


def stored(folder, values, version, chunks, **options):
    array = zarr.create_array(folder, shape=values.shape, chunks=chunks, dtype=values.dtype, zarr_format=version, **options)
    array[...] = values
    return array


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_zarr_writes_is_read(blockfold, tmp_path, dtype, version):
    generator = np.random.default_rng(3)
    for i, (shape, chunks) in enumerate([((7, 10), (3, 4)), ((5,), (5,)), ((4, 3, 6), (1, 3, 4)), ((2, 2), (9, 9))]):
        values = some(generator, shape, dtype)
        stored(tmp_path / f"{i}.zarr", values, version, chunks)
        got = read(blockfold, tmp_path / f"{i}.zarr", tmp_path)
        assert got.dtype == values.dtype
        np.testing.assert_array_equal(got, values)


@pytest.mark.parametrize("codec", ["blosc", "gzip", "zlib", "zstd", "none", "F", "big"])
def test_codecs_of_version_2(blockfold, tmp_path, codec):
    values = np.random.default_rng(1).normal(size=(20, 30))
    if codec == "big":
        values = values.astype(">f8")
    compressors = {"blosc": Blosc(cname="lz4", shuffle=Blosc.BITSHUFFLE), "gzip": GZip(3), "zlib": Zlib(3), "zstd": Zstd(3)}
    order = {"order": "F"} if codec == "F" else {}
    stored(tmp_path / "x.zarr", values, 2, (7, 11), compressors=compressors.get(codec), **order)
    np.testing.assert_array_equal(read(blockfold, tmp_path / "x.zarr", tmp_path), values)


@pytest.mark.parametrize("codec", ["zstd", "gzip", "blosc", "crc32c", "none", "shards", "transpose"])
def test_codecs_of_version_3(blockfold, tmp_path, codec):
    from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

    values = np.random.default_rng(1).normal(size=(20, 30))
    compressors = {"zstd": ZstdCodec(), "gzip": GzipCodec(), "blosc": BloscCodec(), "crc32c": Crc32cCodec()}
    options = {"compressors": compressors.get(codec)}
    if codec == "shards":
        options = {"shards": (10, 30)}
    if codec == "transpose":
        options = {"filters": [TransposeCodec(order=(1, 0))]}
    stored(tmp_path / "x.zarr", values, 3, (5, 10), **options)
    np.testing.assert_array_equal(read(blockfold, tmp_path / "x.zarr", tmp_path), values)


@pytest.mark.parametrize("version", [2, 3])
def test_missing_chunks_are_the_fill_value(blockfold, tmp_path, version):
    array = zarr.create_array(tmp_path / "x.zarr", shape=(6, 6), chunks=(2, 3), dtype="float64", fill_value=np.nan, zarr_format=version)
    array[2:4, :3] = 7.0
    np.testing.assert_array_equal(read(blockfold, tmp_path / "x.zarr", tmp_path), array[...])


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_written_zarr_reads(blockfold, tmp_path, dtype, version):
    generator, choice = np.random.default_rng(4), random.Random(dtype)
    for shape in [(7, 10), (5,), (4, 3, 6), (0, 3)]:
        values = some(generator, shape, dtype)
        np.save(tmp_path / "x.npy", values)
        chunks = ",".join(str(choice.choice([2, 3, -1])) for _ in shape)
        options = ["--npy", f"x={tmp_path / 'x.npy'}", "--chunks", chunks, "--zarr-format", version]
        blockfold("array", "eval", "x[...]", "--out", tmp_path / "out.zarr", "--overwrite", *options)
        back = zarr.open_array(tmp_path / "out.zarr", mode="r")
        assert (back.dtype, back.shape, back.metadata.zarr_format) == (values.dtype, values.shape, version)
        np.testing.assert_array_equal(back[...], values)
        np.testing.assert_array_equal(read(blockfold, tmp_path / "out.zarr", tmp_path), values)


def test_chunks_across_each_other_are_moved_once(blockfold, tmp_path):
    """Rows of chunks to columns of chunks, twenty times the budget: each chunk is read and each piece stored once."""
    values = np.random.default_rng(6).normal(size=(4000, 20_000))
    stored(tmp_path / "rows.zarr", values, 3, (20, 20_000), compressors=None)
    command = ["array", "eval", "x.rechunk((-1, 100))", "--zarr", f"x={tmp_path / 'rows.zarr'}", "--memory", "32MiB"]
    plan = blockfold.text(*command, "--explain")
    assert "exchange by box" in plan or "by box" in plan, plan
    run = blockfold(*command, "--out", tmp_path / "columns.zarr")["run"]
    assert run["bytes_read"] == values.nbytes, run
    assert run["spilled_bytes"] < 1.05 * values.nbytes, run
    assert run["peak_promised_bytes"] <= 32 << 20, run
    back = zarr.open_array(tmp_path / "columns.zarr", mode="r")
    assert back.chunks == (4000, 100)
    np.testing.assert_array_equal(back[...], values)


def test_chunks_of_single_columns(blockfold, tmp_path):
    values = np.random.default_rng(8).normal(size=(40, 3000))
    stored(tmp_path / "rows.zarr", values, 3, (1, 3000))
    got = read(blockfold, tmp_path / "rows.zarr", tmp_path, "x.T", "--chunks", "3000,1", "--memory", "16MiB")
    np.testing.assert_array_equal(got, values.T)
    blockfold("array", "eval", "x.rechunk((-1, 7))", "--zarr", f"x={tmp_path / 'rows.zarr'}", "--out", tmp_path / "columns.zarr", "--memory", "16MiB")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "columns.zarr", mode="r")[...], values)


def test_expressions_over_chunks(blockfold, tmp_path):
    values = np.random.default_rng(7).normal(size=(60, 60))
    stored(tmp_path / "x.zarr", values, 3, (7, 60))
    np.testing.assert_allclose(read(blockfold, tmp_path / "x.zarr", tmp_path, "x + x.T - x.mean(axis=0)"), values + values.T - values.mean(axis=0))
    np.testing.assert_allclose(read(blockfold, tmp_path / "x.zarr", tmp_path, "x @ x.T"), values @ values.T)
    np.testing.assert_allclose(read(blockfold, tmp_path / "x.zarr", tmp_path, "np.sort(x, axis=0)[::2]"), np.sort(values, axis=0)[::2])
    np.testing.assert_allclose(read(blockfold, tmp_path / "x.zarr", tmp_path, "x[5:9, ::-3]"), values[5:9, ::-3])


def test_bad_stores_are_told(blockfold, tmp_path):
    values = np.arange(12.0).reshape(3, 4)

    def fails(folder, says, text="x.sum()"):
        blockfold("array", "eval", text, "--zarr", f"x={folder}", fails=says)

    fails(tmp_path / "none.zarr", "none.zarr")
    (tmp_path / "empty.zarr").mkdir()
    fails(tmp_path / "empty.zarr", "empty.zarr")
    stored(tmp_path / "lz4.zarr", values, 2, (3, 4), compressors=LZ4())
    fails(tmp_path / "lz4.zarr", "lz4")
    stored(tmp_path / "filter.zarr", values.astype("i4"), 2, (3, 4), filters=[Delta(dtype="i4")])
    fails(tmp_path / "filter.zarr", "filters")
    stored(tmp_path / "x.zarr", values, 3, (3, 4))
    chunk = tmp_path / "x.zarr" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-7])
    fails(tmp_path / "x.zarr", "x.zarr")
    meta = tmp_path / "x.zarr" / "zarr.json"
    good = json.loads(meta.read_text())
    for change in [{"shape": [2**62, 2**62]}, {"shape": [-1, 4]}, {"codecs": [{"name": "secret"}]}, {"data_type": "string"}, {"chunk_grid": {}}]:
        meta.write_text(json.dumps(good | change))
        fails(tmp_path / "x.zarr", "x.zarr")
    meta.write_text("{")
    fails(tmp_path / "x.zarr", "x.zarr")


def test_outputs_appear_whole_or_not_at_all(blockfold, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12.0))
    blockfold("array", "eval", "x * 2", "--npy", f"x={tmp_path / 'x.npy'}", "--out", tmp_path / "out.zarr")
    blockfold("array", "eval", "x * 2", "--npy", f"x={tmp_path / 'x.npy'}", "--out", tmp_path / "out.zarr", fails="exists")
    (tmp_path / "out.zarr" / "letter.txt").write_text("mine")
    blockfold("array", "eval", "x", "--npy", f"x={tmp_path / 'x.npy'}", "--out", tmp_path / "out.zarr", "--overwrite", fails="letter.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.zarr", "x.npy"]
