"""Programs for Dask, run as they are and with their import lines changed."""

import textwrap

import dask
import numpy as np
import pandas as pd
import pytest

dask.config.set(scheduler="threads")

#: Each leaves its answer in `answer`; `read` is a folder of Parquet that Dask wrote.
PROGRAMS = {
    "blocks of ones": """
        import dask.array as da
        x = da.ones((15, 15), chunks=(5, 5))
        answer = [x.chunks, (x.dot(x.T) - x.mean(axis=0)).std().compute(), x.sum(axis=0).compute()]
    """,
    "an array and its transpose": """
        import dask.array as da, numpy as np
        x = da.from_array(np.arange(400.0).reshape(20, 20), chunks=(5, 7))
        y = x + x.T - x.mean(axis=0)
        answer = [y.compute(), y[3:9, ::2].compute(), y.rechunk((10, 10)).chunks, y.shape, y.dtype]
    """,
    "arrays by numpy's functions": """
        import dask.array as da, numpy as np
        x = da.from_array(np.linspace(-2, 2, 50).reshape(10, 5), chunks=3)
        answer = [np.sin(x).sum().compute(), np.concatenate([x, x]).shape, da.where(x > 0, x, 0).max().compute(),
                  da.stack([x, x]).sum(axis=(0, 2)).compute(), da.clip(x, -1, 1).mean(axis=1).compute()]
    """,
    "chunks of a function": """
        import dask.array as da
        x = da.arange(20, chunks=5)
        answer = [x.map_blocks(lambda block: block * 2 + 1).compute(),
                  da.map_overlap(lambda b: b * 1, x, depth=1, boundary="reflect").compute()]
    """,
    "several at once": """
        import dask, dask.array as da
        x = da.arange(100, chunks=30)
        answer = list(dask.compute(x.sum(), x.mean(), (x ** 2).max()))
    """,
    "a frame of parquet": """
        import dask.dataframe as dd
        df = dd.read_parquet(read)
        answer = [len(df), list(df.columns), df.x.sum().compute(), df.groupby("id").x.sum().compute().sort_index(),
                  df[df.x > 0.5].y.mean().compute(), df.groupby("name").agg({"x": "mean", "y": "std"}).compute().sort_index(),
                  df.npartitions, df.head(3)]
    """,
    "columns of parquet": """
        import dask.dataframe as dd
        df = dd.read_parquet(read, columns=["id", "x"], filters=[("x", ">", 0.9)])
        answer = [df.x.min().compute() > 0.9, len(df), list(df.columns)]
    """,
    "a frame of pandas": """
        import dask.dataframe as dd, pandas as pd
        pdf = pd.DataFrame({"a": range(10), "b": list("xyxyxyxyxy")})
        df = dd.from_pandas(pdf, npartitions=3)
        df["c"] = df.a * 2
        other = dd.from_pandas(pd.DataFrame({"b": ["x", "y"], "w": [1.0, 2.0]}), npartitions=1)
        answer = [df.groupby("b").c.sum().compute().sort_index(), df.merge(other, on="b").w.sum().compute(),
                  df.a.map_partitions(lambda s: s + 1).compute(), df.query("a > 4").compute(), df.nlargest(2, "a").compute(),
                  df.drop_duplicates(subset=["b"]).b.compute().sort_values().tolist(), df.b.value_counts().compute().sort_index(),
                  df.set_index("a").loc[3:5].compute(), df.repartition(npartitions=2).npartitions]
    """,
    "windows of time": """
        import dask.dataframe as dd
        df = dd.read_parquet(read, calculate_divisions=True)
        answer = [df.x.resample("6h").mean().compute(), df.loc["2000-01-02"].x.count().compute(),
                  df.x.resample("1D").max().compute()]
    """,
}


@pytest.fixture(scope="module", autouse=True)
def here():
    """Dask's own threads, whatever clients there were in this process."""
    with dask.config.set(scheduler="threads"):
        yield


@pytest.fixture(scope="module")
def read(here, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask") / "series"
    dask.datasets.timeseries(end="2000-01-04", freq="10min", seed=1).to_parquet(folder)
    return str(folder)


def _run(program, read):
    names = {"read": read}
    exec(textwrap.dedent(program), names)
    return names["answer"]


def _changed(program):
    """The program with its import lines changed."""
    for theirs, ours in (
        ("import dask, dask.array as da", "import blockfold as dask, blockfold.array as da"),
        ("import dask.array as da", "import blockfold.array as da"),
        ("import dask.dataframe as dd", "import blockfold.dataframe as dd"),
    ):
        program = program.replace(theirs, ours)
    return program


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, read):
    want, got = _run(PROGRAMS[name], read), _run(_changed(PROGRAMS[name]), read)
    for ours, theirs in zip(got, want, strict=True):
        if isinstance(theirs, pd.DataFrame):
            pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, check_index_type=False, check_freq=False)
        elif isinstance(theirs, pd.Series):
            pd.testing.assert_series_equal(ours, theirs, check_dtype=False, check_index_type=False, check_freq=False)
        elif isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs)
        elif isinstance(theirs, float):
            assert ours == pytest.approx(theirs)
        else:
            assert ours == theirs


def test_the_notebooks_first_part():
    import blockfold as dask
    import blockfold.array as da

    x = da.random.random(size=(10000, 10000), chunks=(1000, 1000))
    y = x + x.T - x.mean(axis=0)
    assert (y.shape, y.npartitions) == ((10000, 10000), 100)
    df = dask.datasets.timeseries()
    assert len(df) == 2592000
    assert df.head().shape == (5, 4)
    df2 = df.groupby(df.id).x.sum()
    assert "sum(x)" not in repr(df2) and "Series 'x'" in repr(df2)
    assert df.compute().shape == (2592000, 4)
    assert abs(df2.compute().sum() - df.x.sum().compute()) < 1e-6
