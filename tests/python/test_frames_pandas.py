"""The same expressions in pandas and in blockfold."""

import re

import blockfold as bf
import numpy as np
import pandas as pd
import pytest

#: `D` is a frame, `DI` the same by time, `E` one to join with.
CASES = """
D.i // 3
D.i // -2
D.x // 0.3
D.i % 3
D.i % -4
D.i ** 2
D.i ** 0
D.x ** 3
2.0 ** D.x
7 // D.x
(D.x > 0) ^ (D.i > 0)
D[~(D.y > 0)]
D[D.y != 1.0]
D[~D.y.isin([1.0])]
D.y > 0
D.y != D.x
D[(D.y > 0) | ~(D.x > 0)]
D.query("not (y > 0)")
D.query("y != 1.0")
D.query("y not in [1.0, 2.0]")
D.assign(m=D.y > 0)
D.x.where(D.y > 0)
D.x.add(D.y, fill_value=0)
D.x.rsub(1)
D.x.gt(0)
D[["x", "i"]].mul(2)
D[["x", "i"]] ** 2
D.i.replace({3: 30, -3: 33})
D.i.replace([1, 2], 0)
D.g.replace("a", "z")
D.x.idxmax()
D.x.idxmin()
D.x.sem()
D[["x", "i"]].sem()
D[["x", "i"]].cummax()
D[["i"]].cummin()
D[["k", "i"]].isin([1, 2])
D[["x", "i"]].where(D.x > 0, 0)
D[["x", "i"]].mask(D.x > 0)
D[["k"]].add_prefix("p_")
D[["k"]].add_suffix("_s")
DI[["k"]].rename_axis("when")
D[["k"]].squeeze()
D.x.pipe(lambda s: s + 1)
D.x.sort_values()
D.groupby("k").get_group(2)
D.groupby("g")[["y"]].bfill()
D.x.ndim
np.log(D.x + 10)
np.sqrt(np.abs(D.x))
np.sin(D.x) ** 2 + np.cos(D.x) ** 2
np.arctan2(D.x, D.y)
np.sign(D.x)
np.float64(2) * D.x
D.x > np.int64(0)
np.add(D.x, D.i)
D.x.sum()
D.y.mean()
D.y.count()
D.x.std()
D.i.max()
D.x.median()
D.x.quantile(0.3)
D.k.nunique()
D.x.var()
len(D)
D[D.x>0]
D[["x","y"]]
D.x+D.y
D.x*2-1
D[D.y.isna()]
D.y.fillna(0)
D.dropna()
D.dropna(subset=["y"])
D.fillna(0)
D.assign(z=D.x+1)
D.assign(z=lambda f:f.x*2,w=3)
D.query("x > 0 and k in [1,2]")
D.query("g == 'a' or i < -5")
D[D.g.isin(["a","b"])]
D[(D.x>0)&(D.i<3)]
D[~(D.x>0)]
D.x-D.x.mean()
(D.x-D.x.mean())/D.x.std()
D[D.x>D.x.mean()]
D.assign(c=D.x.cumsum())
D.x.cumsum()+D.i.cumsum()
D.x.shift(1)
D.x.diff()
D.i.cummax()
D[D.x>0].y+D[D.x>0].i
D.y.ffill()
D.x.abs()
D.x.round(2)
D.i.clip(-3,3)
D.g.str.upper()
D.g.str.len()
D.t.dt.year
D.t.dt.hour
D.t.dt.dayofweek
D.x.between(0,1)
D.i.astype("float64")
D.x.where(D.x>0,0)
D.x.mask(D.x>0)
D.k.map({0:"z",1:"o"})
D.rename(columns={"x":"a"})
D.drop(columns=["x"])
D.drop("x",axis=1)
D.columns
D.x.rolling(3).sum()
D.y.rolling(3,min_periods=1).mean()
D.x.rolling(4).std()
D.x.rolling(3).max()
D.nlargest(5,"x")
D.x.corr(D.i)
D[["x","y","k","i"]].describe()
D[["x","i"]].sum()
D[["x","y"]].mean()
D.mean(numeric_only=True)
D[["x","y"]].corr()
D.groupby("k").x.sum()
D.groupby("k").y.mean()
D.groupby(D.k).x.sum()
D.groupby("k")[["x","y"]].sum()
D.groupby(["k","g"]).x.mean()
D.groupby("k").agg({"x":"sum","y":"mean"})
D.groupby("k").agg({"x":["sum","mean"],"y":["max"]})
D.groupby("k").agg(total=("x","sum"),m=("y","max"))
D.groupby("k").size()
D.groupby("g").x.count()
D.groupby("k").x.std()
D.groupby("k").x.agg(["min","max"])
D.groupby("k").mean(numeric_only=True)
D.groupby("g").x.median()
D.groupby("g").k.nunique()
D.groupby("g").x.transform("mean")
D.groupby("g").x.cumsum()
D.groupby("g").x.shift(1)
D.groupby("g").cumcount()
D.groupby("g").x.rank()
D.groupby("k").first()[["x"]]
D.groupby("g").x.var()
D.groupby("g").x.quantile(0.25)
D.g.value_counts()
D.k.value_counts(normalize=True)
D.groupby("k")["x"].max()
D.x.groupby(D.g).sum()
D.groupby("k").count()
DI.loc["2000-01-02":"2000-01-03"]
DI.loc["2000-01-04"]
DI.resample("1D").x.mean()
DI.resample("6h").x.sum()
DI.resample("1D").agg({"x":"mean","i":"sum"})
DI.resample("1D")[["x","y"]].mean()
DI.x.resample("12h").max()
DI.index
DI[DI.x>0].x
DI.x.cumsum()
DI.reset_index()
DI.sort_values("x")
DI.loc["2000-01-02":"2000-01-03","x"]
DI.loc["2000-01-02":,["x","i"]]
DI[DI.index > "2000-01-05"]
""".strip().splitlines()

#: What comes in no promised order.
UNORDERED = """
D.merge(E,on="k")
D.merge(E,on="k",how="left")
D.merge(E,on="k",how="outer")
D.merge(E,left_on="i",right_on="k")
D.merge(E,on="k",how="right")
D.merge(E,on="k",suffixes=("_l","_r"))
D.sort_values(["g","x"])
D.sort_values("y",ascending=False)
D.drop_duplicates(subset=["k"])
D[["k","g"]].drop_duplicates()
""".strip().splitlines()

_OTHER = pd.DataFrame({"k": [0, 1, 2, 7], "w": [10.0, 20.0, 30.0, 70.0], "x": [1, 2, 3, 4]})


def _names(frame, other):
    return {"D": frame, "DI": frame.set_index("t"), "E": other, "np": np, "pd": pd}


def _both(case, pandas_frame):
    want = eval(case, _names(pandas_frame, _OTHER))
    lazy = bf.from_pandas(pandas_frame, npartitions=4)
    got = eval(case, _names(lazy, bf.from_pandas(_OTHER)))
    return got.compute() if hasattr(got, "compute") else got, want


@pytest.mark.parametrize("case", CASES)
def test_as_pandas(case, pandas_frame):
    got, want = _both(case, pandas_frame)
    if isinstance(want, pd.DataFrame):
        pd.testing.assert_frame_equal(
            got, want, check_dtype=False, check_freq=False, check_index_type=False, check_column_type=False
        )
    elif isinstance(want, pd.Series):
        assert got.dtype.kind == want.dtype.kind or "y" in case or "map" in case or "dt" in case
        pd.testing.assert_series_equal(got, want, check_dtype=False, check_freq=False, check_index_type=False)
    elif isinstance(want, pd.Index):
        pd.testing.assert_index_equal(got, want, exact=False)
    else:
        assert got == pytest.approx(want)


@pytest.mark.parametrize("case", UNORDERED)
def test_rows_as_pandas(case, pandas_frame):
    got, want = _both(case, pandas_frame)
    by = list(want.columns)
    assert list(got.columns) == by
    ours, theirs = (rows.sort_values(by).reset_index(drop=True) for rows in (got, want))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


def test_order_of_a_sort(pandas_frame):
    got = bf.from_pandas(pandas_frame, npartitions=3).sort_values(["g", "x"], ascending=[True, False]).compute()
    want = pandas_frame.sort_values(["g", "x"], ascending=[True, False])
    pd.testing.assert_frame_equal(got, want, check_dtype=False)


def test_columns_of_one_frame_stay_aligned(pandas_frame):
    frame = bf.from_pandas(pandas_frame, npartitions=3)
    wide = frame.assign(z=frame.x.cumsum())
    got = (wide.z - frame.x.cumsum() + frame.i).compute()
    pd.testing.assert_series_equal(got, pandas_frame.i.astype(float), check_names=False)
    with pytest.raises(ValueError, match="different rows"):
        frame.x + frame[frame.x > 0].x


def test_columns_can_be_assigned_and_deleted(pandas_frame):
    frame = bf.from_pandas(pandas_frame)
    frame["z"] = frame.x * 2
    frame["one"] = 1
    del frame["y"]
    assert list(frame.columns) == ["k", "g", "x", "i", "t", "z", "one"]
    assert frame.z.sum().compute() == pytest.approx(pandas_frame.x.sum() * 2)


def test_operators_of_whole_frames(pandas_frame):
    want, frame = pandas_frame[["x", "y"]], bf.from_pandas(pandas_frame, npartitions=3)[["x", "y"]]
    for expression in (
        "(D - D.mean()) / D.std()",
        "D * 2 + 1",
        "1 - D",
        "D > 0",
        "~(D > 0)",
        "-D",
        "D + D",
        "(D > 0) & (D < 1)",
        "D % 2",
    ):
        got = eval(expression, {"D": frame}).compute()
        pd.testing.assert_frame_equal(got, eval(expression, {"D": want}), check_dtype=False)


def test_functions_of_rows_and_groups(pandas_frame):
    frame = bf.from_pandas(pandas_frame, npartitions=3)
    want = pandas_frame.apply(lambda row: row.x + row.i, axis=1)
    pd.testing.assert_series_equal(frame.apply(lambda row: row.x + row.i, axis=1).compute(), want)
    assert frame.map_partitions(len).compute().sum() == len(pandas_frame)
    spread = frame.groupby("g").x.apply(lambda values: values.max() - values.min()).compute()
    pd.testing.assert_series_equal(
        spread, pandas_frame.groupby("g").x.apply(lambda values: values.max() - values.min())
    )


def test_what_is_absent_says_what_is_near(frame):
    for call, near in (
        (lambda: frame.combine_first(frame), "merge"),
        (lambda: frame.x.ewm(2), "compute().ewm"),
        (lambda: frame.groupby("g").rolling(3), "shift"),
        (lambda: frame.g.str.partition("a"), "map_partitions"),
        (lambda: frame.g.str.contains("(?=a)"), "map_partitions"),
    ):
        with pytest.raises(NotImplementedError, match=re.escape(near)):
            call()
    assert not hasattr(frame, "combine_first") and not hasattr(frame.x, "ewm")


def test_moments_as_scipy_has_them(pandas_frame):
    x, apart = pandas_frame.x, pandas_frame.x - pandas_frame.x.mean()
    frame = bf.from_pandas(pandas_frame, npartitions=3)
    assert frame.x.skew().compute() == pytest.approx((apart**3).mean() / (apart**2).mean() ** 1.5)
    assert frame.x.kurtosis().compute() == pytest.approx((apart**4).mean() / (apart**2).mean() ** 2 - 3)
    assert frame.x.shape[0].compute() == len(x)


def test_csv_is_written_batch_by_batch(pandas_frame, tmp_path):
    bf.from_pandas(pandas_frame, npartitions=3).to_csv(tmp_path / "out.csv", index=False)
    back = pd.read_csv(tmp_path / "out.csv", parse_dates=["t"])
    pd.testing.assert_frame_equal(back, pandas_frame, check_dtype=False)
    frame = bf.datasets.timeseries(end="2000-01-02", freq="1h")
    frame.to_csv(tmp_path / "series.csv")
    assert list(pd.read_csv(tmp_path / "series.csv").columns) == ["timestamp", "name", "id", "x", "y"]


def test_filters_are_told_from_statistics(pandas_frame, tmp_path):
    bf.from_pandas(pandas_frame.sort_values("i"), npartitions=4).to_parquet(tmp_path / "out")
    frame = bf.read_parquet(tmp_path / "out")
    plan = frame[(frame.i > 5) & (frame.k < 3)].explain("optimized")
    assert "case" not in plan and "i > 5" in plan


def test_csv_is_read_block_by_block(pandas_frame, tmp_path):
    for at in range(3):
        pandas_frame.to_csv(tmp_path / f"part{at}.csv", index=False)
    frame = bf.read_csv(tmp_path / "part*.csv", parse_dates=["t"], blocksize=2000)
    assert frame.npartitions > 6
    want = pd.concat([pandas_frame] * 3, ignore_index=True)
    pd.testing.assert_frame_equal(frame.compute(), want, check_dtype=False, check_index_type=False)
    some = bf.read_csv(tmp_path / "part0.csv", usecols=["k", "x"], dtype={"k": "float64"})
    assert some.schema == {"k": "float64", "x": "float64"}
    (tmp_path / "bare.csv").write_text("1;a\n2;b\n")
    bare = bf.read_csv(tmp_path / "bare.csv", sep=";", names=["n", "s"], header=None)
    assert bare.compute().to_dict("list") == {"n": [1, 2], "s": ["a", "b"]}
    (tmp_path / "mixed.csv").write_text("x\n" + "1\n" * 100 + "oops\n")
    with pytest.raises(ValueError, match="dtype="):
        bf.read_csv(tmp_path / "mixed.csv", blocksize=50)
    (tmp_path / "empty.csv").write_text("x,y\n")
    assert list(bf.read_csv(tmp_path / "empty.csv").columns) == ["x", "y"]


@pytest.mark.parametrize("rows", [1, 2, 16, 64])
def test_windows_of_rows(pandas_frame, rows):
    frame = bf.from_pandas(pandas_frame, npartitions=3)
    for name in ("sum", "mean", "min", "max", "std", "var", "count"):
        for least in (None, 1):
            got = getattr(frame.y.rolling(rows, min_periods=least), name)().compute()
            want = getattr(pandas_frame.y.rolling(rows, min_periods=least), name)()
            pd.testing.assert_series_equal(got, want, check_names=False, atol=1e-12)
