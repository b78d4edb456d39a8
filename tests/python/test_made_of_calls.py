"""Frames and arrays of which delayed calls make the partitions and chunks, and runs inside of runs."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import blockfold as bf
import blockfold.array as da
import blockfold.dataframe as dd


@pytest.fixture(params=[1, 2], autouse=True)
def threads(request):
    with bf.Session(threads=request.param, memory_budget="256MiB"):
        yield request.param


def part(n):
    return pd.DataFrame({"x": range(n), "t": list("abc"[:n])}, index=pd.Index(range(n), name="i"))


def test_frames_of_calls():
    call = bf.delayed(part)
    df = dd.from_delayed([call(2), call(3), call(0)], meta=part(1))
    assert df.npartitions == 3
    pd.testing.assert_frame_equal(df.compute(), pd.concat([part(2), part(3)]), check_dtype=False)
    assert [one.compute().shape for one in df.to_delayed()] == [(2, 2), (3, 2), (0, 2)]
    arrow = dd.from_delayed(bf.delayed(pa.table)({"a": [1, 2]}))
    assert arrow.a.sum().compute() == 3
    series = dd.from_delayed([bf.delayed(pd.Series)([1.5, 2.5], name="q")])
    assert isinstance(series, dd.Series) and series.name == "q" and series.sum().compute() == 4
    types = dd.from_delayed([call(2)], meta={"i": "int64", "x": "int64", "t": "string"})
    assert types.x.max().compute() == 1


@pytest.mark.once
def test_functions_of_items_are_called_when_read():
    calls = []

    def make(n):
        calls.append(n)
        return pd.DataFrame({"x": np.arange(n)})

    df = dd.from_map(make, range(1, 5), meta={"x": "int64"})
    assert calls == []
    assert df.partitions[1:3].x.sum().compute() == 1 + 3
    assert sorted(calls) == [2, 3]


def test_a_partition_too_large_is_refused():
    big = bf.delayed(lambda: pd.DataFrame({"x": np.zeros(1 << 20)}))
    with pytest.raises(MemoryError, match="partition_bytes"):
        dd.from_delayed([big()], meta={"x": "float64"}, partition_bytes="1MiB").compute()
    with pytest.raises(ValueError, match="at least one"):
        dd.from_delayed([])
    with pytest.raises(ValueError, match="not <class 'int'>|Arrow library"):
        dd.from_delayed([bf.delayed(object)()])


def test_errors_of_calls_come_back():
    def fails():
        raise LookupError("no such day")

    with pytest.raises(LookupError, match="no such day") as caught:
        dd.from_delayed([bf.delayed(part)(2), bf.delayed(fails)()], meta=part(1)).compute()
    assert any("fails" in note for note in caught.value.__notes__)
    wrong = bf.delayed(lambda: pd.DataFrame({"y": [1]}))()
    with pytest.raises(ValueError, match="y"):
        dd.from_delayed([wrong], meta={"x": "int64"}).compute()


def test_runs_inside_of_runs():
    small = bf.from_dict({"x": [1, 2, 3]}, npartitions=3)
    df = bf.from_dict({"y": list(range(8))}, npartitions=8)
    made = df.map_partitions(lambda one: one.assign(z=small.x.sum().compute() + da.ones(100, chunks=10).sum().compute()))
    assert made.z.sum().compute() == 8 * 106
    made = df.map_partitions(lambda one: one.assign(z=sum(len(batch) for batch in small.batches())))
    assert made.z.sum().compute() == 24
    x = da.ones((4, 4), chunks=2).map_blocks(lambda one: one * bf.delayed(lambda: small.x.max().compute())().compute())
    assert x.sum().compute() == 48


def test_arrays_of_calls():
    x = da.random.random((6, 8), chunks=(2, 4))
    whole = x.compute()
    calls = x.to_delayed()
    assert calls.shape == (3, 2)
    np.testing.assert_array_equal(calls[2, 1].compute(), whole[4:, 4:])
    rows = [da.concatenate([da.from_delayed(one, (2, 4), dtype=x.dtype) for one in row], axis=1) for row in calls]
    np.testing.assert_array_equal(da.concatenate(rows).compute(), whole)
    with pytest.raises(ValueError, match="shape"):
        da.from_delayed(calls[0, 0], (3, 3), dtype="float64").compute()
    with pytest.raises(ValueError, match="dtype"):
        da.from_delayed(calls[0, 0], (2, 4))


def test_functions_of_chunks_of_several_arrays():
    x = da.random.random((6, 8), chunks=(2, 4))
    whole = x.compute()
    made = da.map_blocks(np.add, x, x.sum(axis=0, keepdims=True))
    np.testing.assert_allclose(made.compute(), whole + whole.sum(axis=0))
    made = da.map_blocks(np.multiply, x, da.arange(8, chunks=3))
    np.testing.assert_allclose(made.compute(), whole * np.arange(8))
    with pytest.raises(ValueError, match="do not meet"):
        da.map_blocks(np.add, x, da.ones((5, 8)), dtype=float)


def test_functions_of_chunks_to_other_shapes():
    x = da.random.random((6, 8), chunks=(2, 4))
    whole = x.compute()
    np.testing.assert_allclose(x.map_blocks(lambda one: one.sum(axis=1), drop_axis=1, dtype=float).compute(), whole.sum(1))
    np.testing.assert_array_equal(x.map_blocks(lambda one: one[None], new_axis=0).compute(), whole[None])
    firsts = x.map_blocks(lambda one: one[:1, :2], chunks=(1, 2), dtype=float)
    assert firsts.chunks == ((1, 1, 1), (2, 2))
    np.testing.assert_array_equal(firsts.compute(), whole[::2][:, [0, 1, 4, 5]])
    with pytest.raises(ValueError, match="chunk"):
        x.map_blocks(lambda one: one[:1], dtype=float, chunks=(2, 4)).compute()
    with pytest.raises(ValueError, match="axes"):
        x.map_blocks(np.sin, drop_axis=7)


def test_functions_are_told_of_their_chunk():
    x = da.zeros((4, 6), chunks=(2, 3))

    def place(one, block_id=None, block_info=None):
        starts = [start for start, _ in block_info[0]["array-location"]]
        assert block_info[None]["chunk-location"] == block_id
        return one + 10 * starts[0] + starts[1]

    expected = np.add.outer([0, 0, 20, 20], [0, 0, 0, 3, 3, 3])
    np.testing.assert_array_equal(x.map_blocks(place).compute(), expected)


def test_functions_of_vectors():
    x = da.random.random((6, 8), chunks=(2, 4))
    whole = x.compute()
    for axis in (0, 1, -1):
        np.testing.assert_array_equal(da.apply_along_axis(np.sort, axis, x).compute(), np.sort(whole, axis))
        np.testing.assert_array_equal(da.apply_along_axis(np.ptp, axis, x).compute(), np.ptp(whole, axis))
    np.testing.assert_array_equal(
        da.apply_along_axis(lambda row: row[:2], 1, x).compute(), np.apply_along_axis(lambda row: row[:2], 1, whole)
    )


def test_functions_of_partitions_as_polars_frames():
    import polars as pl

    df = bf.from_dict({"x": [1, 2, 3, 4], "t": list("abca")}, npartitions=2)
    made = df.map_partitions(lambda part: part.with_columns(pl.col("x").cum_sum().alias("s")), polars=True)
    assert made.compute()["s"].tolist() == [1, 3, 3, 7]


def test_functions_of_chunks_without_axes():
    x = da.asarray(-2.0)
    assert x.map_blocks(np.abs).compute() == 2
    assert da.copysign(da.asarray([1.0, 2.0]), -1.0).compute().tolist() == [-1, -2]
    assert da.from_delayed(bf.delayed(float)(3), (), dtype="float64").compute() == 3
