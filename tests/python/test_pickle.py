"""Lazy values that are pickled: here and in another process."""

import copyreg
import pickle
import subprocess
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest

import blockfold as bf
import blockfold.array as da


def again(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture(scope="module")
def df():
    return bf.datasets.timeseries(end="2000-01-05", freq="1min", seed=1)


def queries(df):
    return {
        "source": df,
        "computed columns": df.assign(z=df.x * 2 + df.y.mean(), d=df.index.dt.hour),
        "groups": df[df.x > 0].groupby("name").agg({"x": "sum", "y": "max"}),
        "sorted": df.sort_values("x")[["x", "name"]],
        "index": df.reset_index().set_index("x"),
        "joined": df.merge(bf.from_dict({"name": ["Alice", "Bob"], "n": [1, 2]}), on="name"),
        "windows": df.assign(s=df.groupby("name").x.cumsum()),
        "expressions": df.with_columns(w=bf.when(bf.col("x") > 0).then(bf.col("y")).otherwise(0)),
    }


@pytest.mark.parametrize("name", queries(bf.datasets.timeseries(end="2000-01-02", freq="1h")))
def test_frames(df, name):
    query = queries(df)[name]
    made = again(query)
    assert made.divisions == query.divisions
    pd.testing.assert_frame_equal(query.compute(), made.compute())


def test_series_and_values(df):
    for series in (df.x, df.x + df.y.mean(), df.name.str.upper().rename("n"), df[df.x > 0].y):
        pd.testing.assert_series_equal(again(series).compute(), series.compute())
    pd.testing.assert_index_equal(again(df.index).compute(), df.index.compute())
    assert again(df.x.sum() / df.x.count()).compute() == (df.x.sum() / df.x.count()).compute()


def test_what_is_in_memory_goes_along():
    pandas = pd.DataFrame({"a": [1.5, 2.0, None], "t": list("abc")}, index=pd.Index([3, 4, 5], name="i"))
    frame = bf.from_pandas(pandas, npartitions=2)
    pd.testing.assert_frame_equal(again(frame).compute(), frame.compute())
    kept = frame.assign(b=frame.a * 2).persist()
    pd.testing.assert_frame_equal(again(kept).compute(), kept.compute())
    values = np.arange(20).reshape(4, 5)
    array = da.from_array(values, chunks=2)
    assert again(array).chunks == array.chunks
    np.testing.assert_array_equal(again(array + 1).compute(), values + 1)
    assert again(da.asarray(5.0)).shape == () and again(da.asarray(5.0)).compute() == 5


def test_arrays():
    x = da.random.default_rng(4).random((10, 10), chunks=3)
    for array in (x, (x.dot(x.T) - x.mean(axis=0)).std(), x[2:5, ::2], da.stack([x, x]), da.einsum("ij,jk->ik", x, x)):
        np.testing.assert_array_equal(again(array).compute(), array.compute())
    q, r = da.linalg.qr(x)
    np.testing.assert_allclose((again(q) @ again(r)).compute(), x.compute(), atol=1e-12)


def test_functions_need_cloudpickle_or_a_module(df):
    made = df.map_partitions(lambda part: part.head(1))
    pd.testing.assert_frame_equal(cloudpickle.loads(cloudpickle.dumps(made)).compute(), made.compute())
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(made)


def test_calls():
    total = bf.delayed(max)([bf.delayed(sum)([1, 2]), 7, bf.delayed(abs)(-9)])
    assert again(total).compute() == 9
    first, second = again(bf.delayed(divmod, nout=2)(7, 2))
    assert (first.compute(), second.compute()) == (3, 1)
    deep = bf.delayed(1)
    for _ in range(20_000):
        deep = deep + 1
    assert again(deep).compute() == 20_001
    assert again(bf.delayed([1, 2]).persist()).compute() == [1, 2]
    frame = bf.from_dict({"x": [1, 2]})
    assert again(bf.delayed(len)(frame)).compute() == 2


def test_what_belongs_to_rows_is_refused(df):
    with pytest.raises(TypeError, match="pickle the frame"):
        pickle.dumps(df.groupby("name"))


def test_another_version_is_refused(df):
    function, (_, steps) = copyreg.dispatch_table[type(df._native)](df._native)
    with pytest.raises(ValueError, match="0.0.1"):
        function("0.0.1", steps)


def test_another_process(df, tmp_path):
    path = tmp_path / "query"
    query = df.groupby("name").x.sum()
    path.write_bytes(pickle.dumps((query, da.arange(10, chunks=3).sum())))
    code = f"import pickle; q, s = pickle.load(open({str(path)!r}, 'rb')); print(q.compute().sum(), s.compute())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(query.compute().sum()), "45"]


def shifted(value, by):
    """A value whose buffers come out of the middle of a message."""
    buffers = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    moved = []
    for buffer in buffers:
        raw = buffer.raw()
        room = np.zeros(len(raw) + 32, dtype=np.uint8)
        start = -room.ctypes.data % 16 + by
        room[start : start + len(raw)] = np.frombuffer(raw, dtype=np.uint8)
        moved.append(memoryview(room)[start : start + len(raw)])
    return pickle.loads(data, buffers=moved)


@pytest.mark.parametrize("by", [1, 2, 4])
def test_data_that_is_not_aligned(by):
    made = bf.from_dict({"k": ["a", "bb", None], "x": [1, 2, 3]})
    pd.testing.assert_frame_equal(shifted(made, by).compute(), made.compute())
    assert shifted(da.from_array(np.arange(12.0), chunks=5), by).sum().compute() == 66.0
