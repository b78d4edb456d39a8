"""Every error is the exception that a user expects, also a `blockfold.Error`, and says what to do next."""

import builtins
import datetime as dt
import pickle

import blockfold as bf
import blockfold.array as da
import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def df():
    return bf.from_dict({"alpha": [1, 2, 3], "beta": ["a", "b", "c"]})


#: Calls, what they raise, and what the message says.
CALLS = [
    (lambda df: df["alpa"], KeyError, "did you mean 'alpha'"),
    (lambda df: df[["alpha", "nope"]], KeyError, "there are: alpha, beta"),
    (lambda df: df.groupby("nope"), KeyError, "nope"),
    (lambda df: df.filter(bf.col("alpa") > 0), KeyError, "alpha"),
    (lambda df: df.sort_values("nope"), KeyError, "nope"),
    (lambda df: df.drop(columns=["nope"]), KeyError, "nope"),
    (lambda df: df.set_index("nope"), KeyError, "nope"),
    (lambda df: df.merge(df, on="nope"), KeyError, "nope"),
    (lambda df: df.query("nope > 1"), KeyError, "nope"),
    (lambda df: df.beta + 1, TypeError, "cast"),
    (lambda df: df.beta.sum().compute(), TypeError, "sum"),
    (lambda df: df.astype("int99"), ValueError, "no type is called 'int99'"),
    (lambda df: df.repartition(npartitions=0), ValueError, "partition"),
    (lambda df: df.repartition(), ValueError, "give one of"),
    (lambda df: df.sample(frac=2.0), ValueError, "0 to 1"),
    (lambda df: df.sample(), ValueError, "n or frac"),
    (lambda df: df.rename(columns={"alpha": "beta"}), ValueError, "two columns"),
    (lambda df: df.merge(bf.from_dict({"z": [1]})), ValueError, "no column in common"),
    (lambda df: df.merge(df, on="alpha", how="sideways"), ValueError, "inner"),
    (lambda df: df.groupby("beta").agg({"alpha": "mystery"}), NotImplementedError, "mystery"),
    (lambda df: df.iloc[0], NotImplementedError, "head"),
    (lambda df: df.pivot_table(), ValueError, "index="),
    (lambda df: df.to_hdf("x"), NotImplementedError, "to_parquet"),
    (lambda df: df.loc[1:2], NotImplementedError, "set_index"),
    (lambda df: df.partitions[7], IndexError, "7"),
    (lambda df: df.alpha.rolling("7D"), NotImplementedError, "set_index"),
    (lambda df: df.query("alpha >"), ValueError, "cannot be read"),
    (lambda df: df.query("lambda: 1"), ValueError, "not supported"),
    (lambda df: df.nonsense, AttributeError, "nonsense"),
    (lambda df: df.to_parquet("/nowhere/at/all/x"), OSError, "nowhere"),
    (lambda df: bf.read_parquet("/no/such/file.parquet"), FileNotFoundError, "no such file"),
    (lambda df: bf.read_parquet("/tmp", engine="x", weird=1), NotImplementedError, "weird"),
    (lambda df: bf.read_csv("/no/such.csv"), FileNotFoundError, "no such file"),
    (lambda df: bf.read_csv("/no/*.csv"), FileNotFoundError, "pattern"),
    (lambda df: bf.read_csv("x.csv", weird=1), NotImplementedError, "weird"),
    (lambda df: bf.Session(memory_budget="12 parsecs"), ValueError, "parsecs"),
    (lambda df: bf.Session(memory_budget=1), ValueError, "too little"),
    (lambda df: bf.Session(threads=0), ValueError, "at least one"),
    (lambda df: bf.datasets.timeseries(freq="1 parsec"), ValueError, "parsec"),
    (lambda df: bf.datasets.timeseries(start="2001", end="2000"), ValueError, "2001"),
    (lambda df: da.ones((2, 3)) + da.ones((4, 5)), ValueError, "shapes"),
    (lambda df: da.ones((2, 3)) @ da.ones((4, 5)), ValueError, "shapes"),
    (lambda df: da.ones(3)[5], IndexError, "5"),
    (lambda df: da.ones((2, 2))[0, 0, 0], IndexError, ""),
    (lambda df: da.ones((2, 2)).sum(axis=2), IndexError, "axis 2"),
    (lambda df: da.ones((2, 2)).reshape(3, 3), ValueError, "reshape"),
    (lambda df: da.ones((2, 2), chunks="many"), ValueError, "many"),
    (lambda df: da.ones((2, 2), chunks=(1, 1, 1)), ValueError, "axes"),
    (lambda df: da.ones((2, -2)), (ValueError, OverflowError), ""),
    (lambda df: da.ones(3, dtype="decimal"), TypeError, "no type"),
    (lambda df: da.linalg.cholesky(da.zeros((3, 3))), ValueError, "positive definite"),
    (lambda df: da.linalg.solve(da.zeros((3, 3)), da.ones(3)), ValueError, "singular"),
    (lambda df: da.linalg.lstsq(da.eye(2), da.ones(2)), NotImplementedError, "solve"),
    (lambda df: da.apply_gufunc(len, "()->()", da.ones(3)), NotImplementedError, "map_blocks"),
    (lambda df: da.random.default_rng(1).gamma(2.0), NotImplementedError, "map_blocks"),
    (lambda df: np.interp(da.ones(3), [0, 1], [0, 1]), NotImplementedError, "map_blocks"),
    (lambda df: np.add(da.ones(3), 1, out=np.zeros(3)), NotImplementedError, "out="),
    (lambda df: da.stack([]), ValueError, "no arrays"),
    (lambda df: da.from_array(np.array(["a"])), TypeError, "no type"),
    (lambda df: da.open_npy("/no/such.npy"), FileNotFoundError, "no such file"),
    (lambda df: da.random.default_rng(1).choice(5, size=9, replace=False), ValueError, "replacement"),
    (lambda df: da.ones(2**62), ValueError, ""),
]


@pytest.mark.parametrize("at", range(len(CALLS)))
def test_calls(at, df):
    call, kind, message = CALLS[at]
    with pytest.raises(kind, match=message) as caught:
        call(df)
    builtin = (AttributeError, OverflowError)
    assert isinstance(caught.value, bf.Error) or type(caught.value) in (*builtin, IndexError), type(caught.value)


def test_a_budget_that_is_too_small_is_a_memory_error():
    with bf.Session(memory_budget="2MiB", threads=1):
        with pytest.raises(MemoryError, match="memory budget") as caught:
            da.ones((4000, 4000)).compute()
        assert isinstance(caught.value, bf.Error)


def test_damaged_files_are_named(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(OSError, match="bad.parquet") as caught:
        bf.read_parquet(tmp_path / "bad.parquet")
    assert isinstance(caught.value, bf.exceptions.CorruptFileError)


def test_overflow_is_an_error():
    df = bf.from_dict({"x": [2**62, 2**62]})
    with pytest.raises(OverflowError, match="wider"):
        df.x.sum().compute()


def test_exceptions_can_be_sent():
    error = bf.exceptions.ColumnNotFoundError("column 'x' not found")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (type(error), "column 'x' not found")


def test_every_exception_is_also_a_builtin_one():
    own = [
        one
        for one in vars(bf.exceptions).values()
        if isinstance(one, type) and issubclass(one, bf.Error) and one is not bf.Error
    ]
    assert len(own) > 10
    for one in own:
        assert any(
            base.__module__ == "builtins" and base not in (Exception, BaseException, object) for base in one.__mro__
        ), one
        assert builtins.issubclass(one, bf.Error)


def test_spans_of_any_length():
    df = bf.from_dict({"t": [dt.timedelta(days=1)]})
    assert df[df.t < dt.timedelta(days=2)].t.count().compute() == 1
    for longest in (dt.timedelta.max, dt.timedelta.min):
        with pytest.raises(OverflowError, match="wider type"):
            df[df.t < longest].compute()


class TestFunctionsOfUsers:
    """What a function raises comes back as it was, with the line in it."""

    def test_of_partitions(self):
        def fails(part):
            if len(part):
                raise ZeroDivisionError("of mine")
            return part

        with pytest.raises(ZeroDivisionError, match="of mine") as caught:
            bf.from_dict({"x": [1]}).map_partitions(fails).compute()
        assert any(entry.name == "fails" for entry in caught.traceback)

    def test_of_chunks(self):
        def fails(chunk):
            raise LookupError("of mine")

        with pytest.raises(LookupError, match="of mine") as caught:
            da.ones(4, chunks=2).map_blocks(fails, dtype=float).compute()
        assert any(entry.name == "fails" for entry in caught.traceback)

    def test_wrong_shapes_are_named(self):
        with pytest.raises(ValueError, match="shape"):
            da.ones(4, chunks=2).map_blocks(lambda chunk: chunk[:1], dtype=float).compute()

    def test_wrong_results_are_named(self):
        with pytest.raises(TypeError, match="__arrow_c_stream__"):
            bf.from_dict({"x": [1]}).map_partitions(lambda part: object()).compute()

    def test_functions_get_pandas_or_arrow(self):
        df = bf.from_pandas(pd.DataFrame({"x": range(10)}, index=pd.Index(range(10), name="n")), npartitions=3)
        seen = []
        got = df.map_partitions(lambda part: seen.append(type(part)) or part[part.x % 2 == 0]).compute()
        pd.testing.assert_frame_equal(got, df[df.x % 2 == 0].compute())
        assert set(seen) == {pd.DataFrame}
        arrow = df.map_partitions(lambda part: part.select(["x"]), arrow=True)
        assert sum(arrow.compute()["x"]) == 45
        assert df.x.map_partitions(lambda s: s + 1).sum().compute() == 55
        assert df.x.apply(lambda v: v * 2).sum().compute() == 90
        assert df.groupby(df.x % 2).apply(lambda g: g.x.sum()).compute().tolist() == [20, 25]
