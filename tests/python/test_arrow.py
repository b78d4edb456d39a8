"""Frames and arrays in and out of other libraries, without a copy where that can be."""

import datetime as dt

import blockfold as bf
import blockfold.array as da
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

TABLE = pa.table(
    {
        "i": pa.array([1, None, 3], pa.int64()),
        "u": pa.array([1, 2, 255], pa.uint8()),
        "f": pa.array([0.5, -0.0, None], pa.float64()),
        "s": pa.array(["a", None, "ü"], pa.string()),
        "b": pa.array([True, None, False]),
        "t": pa.array([0, None, 10**15], pa.timestamp("us")),
        "z": pa.array([0, 1, None], pa.timestamp("ns", "Europe/Berlin")),
        "d": pa.array([dt.date(2000, 1, 1), None, dt.date(1969, 12, 31)]),
        "n": pa.array([1, 2, None], pa.duration("ms")),
        "c": pa.array(["x", "y", "x"]).dictionary_encode(),
        "l": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    }
)


def test_a_table_comes_back_as_it_was():
    assert bf.from_arrow(TABLE).collect().cast(TABLE.schema).equals(TABLE)


@pytest.mark.parametrize("npartitions", [1, 2, 3, 10])
def test_partitions_of_a_table(npartitions):
    frame = bf.from_arrow(TABLE, npartitions=npartitions)
    assert frame.npartitions == min(npartitions, 3)
    assert frame.collect().combine_chunks().cast(TABLE.schema).equals(TABLE)


def test_batches_are_partitions():
    table = pa.concat_tables([TABLE, TABLE])
    assert bf.from_arrow(table).npartitions == 2
    assert bf.from_arrow(TABLE.slice(1, 1)).compute()["u"].tolist() == [2]
    assert len(bf.from_arrow(TABLE.slice(0, 0))) == 0


def test_memory_is_shared_both_ways():
    values = pa.array(np.arange(1000.0))
    frame = bf.from_arrow(pa.table({"x": values}))
    out = frame.collect()["x"].chunk(0)
    assert out.buffers()[1].address == values.buffers()[1].address


def test_polars_reads_frames_and_gives_them():
    theirs = pl.DataFrame({"x": [1, 2, None], "s": ["a", "b", None]})
    assert pl.DataFrame(bf.from_polars(theirs)).equals(theirs)
    assert bf.from_polars(theirs.lazy()).to_polars().equals(theirs)


def test_pandas_reads_frames():
    frame = bf.from_dict({"x": [1, 2], "s": ["a", "b"]})
    pd.testing.assert_frame_equal(pd.DataFrame.from_arrow(frame), frame.compute())


def test_duckdb_selects_from_frames():
    df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]}).filter(bf.col("x") > 0)  # noqa: F841
    assert duckdb.sql("select k, sum(x) as s from df group by k order by k").fetchall() == [("a", 4), ("b", 2)]
    back = bf.from_arrow(duckdb.sql("select 1 as one union all select 2").to_arrow_table())
    assert back.one.sum().compute() == 3


def test_pyarrow_streams_frames_batch_by_batch():
    frame = bf.datasets.timeseries(end="2000-01-03", freq="1min")
    reader = pa.RecordBatchReader.from_stream(frame)
    assert reader.schema.names == ["timestamp", "name", "id", "x", "y"]
    assert sum(batch.num_rows for batch in reader) == 2 * 24 * 60
    assert pa.schema(frame).names == reader.schema.names
    assert sum(batch.num_rows for batch in frame.batches()) == 2 * 24 * 60


def test_errors_of_a_stream_reach_who_reads_it():
    frame = bf.from_dict({"s": ["1", "x"]}).select(bf.col("s").cast("int64"))
    with pytest.raises(Exception, match="x"):
        pa.RecordBatchReader.from_stream(frame).read_all()


def test_objects_without_arrow_are_refused():
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        bf.from_arrow([1, 2])
    with pytest.raises(ValueError, match="no pandas frame"):
        bf.from_pandas([1, 2])


def test_parquet_there_and_back(tmp_path):
    folder = tmp_path / "out"
    frame = bf.from_arrow(TABLE.drop(["l", "n"]), npartitions=2)
    summary = frame.to_parquet(folder, compression="zstd")
    assert (summary["files"], summary["rows_written"]) == (2, 3)
    assert bf.read_parquet(folder).collect()["s"].to_pylist() == ["a", None, "ü"]
    assert pyarrow.dataset.dataset(folder).count_rows() == 3
    with pytest.raises(FileExistsError, match="already exists"):
        frame.to_parquet(folder)
    frame.to_parquet(folder, overwrite=True)


def test_an_index_survives_parquet(tmp_path):
    theirs = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index([10, 20], name="id"))
    theirs.to_parquet(tmp_path / "one.parquet")
    frame = bf.read_parquet(tmp_path / "one.parquet")
    pd.testing.assert_frame_equal(frame.compute(), theirs)
    assert list(bf.read_parquet(tmp_path / "one.parquet", index=False).columns) == ["x", "id"]
    unnamed = pd.DataFrame({"x": [1.0, 2.0]}, index=[5, 6])
    bf.from_pandas(unnamed).to_parquet(tmp_path / "two")
    pd.testing.assert_frame_equal(bf.read_parquet(tmp_path / "two").compute(), unnamed)


def test_ipc_there_and_back(tmp_path):
    bf.from_arrow(TABLE).to_ipc(tmp_path / "out")
    assert bf.read_ipc(tmp_path / "out").collect()["s"].to_pylist() == ["a", None, "ü"]


def test_numpy_shares_its_memory():
    values = np.arange(12.0).reshape(3, 4)
    x = da.from_array(values, chunks=2)
    values[0, 0] = 100
    assert x[0, 0].compute() == 100
    answer = (x + 0).compute()
    assert answer.flags.writeable and answer.flags.c_contiguous
    answer[0, 0] = 7
    assert x[0, 0].compute() == 100


@pytest.mark.parametrize(
    "layout", ["fortran", "strided", "reversed", "read-only", "big-endian", "unaligned", "empty", "no axes"]
)
def test_numpy_in_any_layout(layout):
    plain = np.arange(24.0).reshape(4, 6)
    values = {
        "fortran": np.asfortranarray(plain),
        "strided": plain[::2, 1::2],
        "reversed": plain[::-1, ::-1],
        "read-only": plain.copy(),
        "big-endian": plain.astype(">f8"),
        "unaligned": np.frombuffer(b"x" + plain.tobytes(), dtype="u1")[1:].view("f8").reshape(4, 6),
        "empty": plain[:0],
        "no axes": np.float64(3).reshape(()),
    }[layout]
    if layout == "read-only":
        values.flags.writeable = False
    np.testing.assert_array_equal(da.from_array(values, chunks=2 if values.ndim else "auto"), values)


def test_dlpack():
    x = da.arange(6, chunks=2).astype("float32")
    np.testing.assert_array_equal(np.from_dlpack(x), np.arange(6, dtype="f4"))
    np.testing.assert_array_equal(da.from_dlpack(np.arange(3)), np.arange(3))


def test_files_of_arrays(tmp_path):
    x = da.from_array(np.random.default_rng(0).normal(size=(7, 5)), chunks=(3, 2))
    x.to_npy(tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), x)
    np.testing.assert_array_equal(da.open_npy(tmp_path / "x.npy", chunks=2), x)
    x.to_zarr(tmp_path / "x.zarr")
    back = da.from_zarr(tmp_path / "x.zarr")
    assert back.chunks == x.chunks
    np.testing.assert_array_equal(back, x)


def test_frames_and_arrays_meet():
    x = da.from_array(np.arange(12.0).reshape(6, 2), chunks=(2, 2))
    frame = x.to_frame(["a", "b"])
    assert frame.a.sum().compute() == 30
    np.testing.assert_array_equal(frame.to_array(), x)
    np.testing.assert_array_equal(frame.b.to_array(), np.arange(1.0, 12, 2))
