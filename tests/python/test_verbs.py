"""Verbs that reshape, look into texts, and look around: the same in pandas, whatever the partitions, nulls and empty ones."""

import json

import blockfold as bf
import blockfold.dataframe as dd
import numpy as np
import pandas as pd
import pytest

TEXTS = ["a1-b2", "Ab", "", "b22-c-d", " x ", "$9", "ßü", None]


def made(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "k": rng.integers(0, 4, rows),
            "g": rng.choice(["a", "b", "c"], rows),
            "x": rng.normal(size=rows).round(3),
            "y": rng.normal(size=rows).round(3),
            "s": pd.Series(rng.choice(np.array(TEXTS, dtype=object), rows), dtype="str"),
        }
    )
    frame.loc[rng.random(rows) < 0.3, "y"] = np.nan
    frame.loc[rng.random(rows) < 0.2, "g"] = None
    return frame


def divided(frame: pd.DataFrame, npartitions: int):
    """The frame in partitions; with 7 of them, some are empty."""
    lazy = bf.from_pandas(frame, npartitions=min(npartitions, 4))
    if npartitions == 7:
        nothing = bf.from_pandas(frame.iloc[:0])
        return bf.concat([nothing, lazy, nothing])
    return lazy


def check(got, want):
    if isinstance(want, pd.DataFrame):
        pd.testing.assert_frame_equal(
            got, want, check_dtype=False, check_names=False, check_index_type=False, check_column_type=False
        )
    elif isinstance(want, pd.Series):
        pd.testing.assert_series_equal(got, want, check_dtype=False, check_names=False, check_index_type=False)
    else:
        assert got == pytest.approx(want, nan_ok=True)


#: Of a frame `D`, and `P`, the module of functions.
CASES = r"""
D.s.str.contains("a.*b")
D.s.str.contains("AB", case=False)
D.s.str.contains("$", regex=False)
D.s.str.match("[a-z][0-9]")
D.s.str.fullmatch("[A-Za-z]+")
D.s.str.count("[0-9]")
D.s.str.extract("([a-z])([0-9]+)")
D.s.str.extract("(?P<letter>[a-z])(?P<digit>[0-9])?-")
D.s.str.extract("([a-z])-", expand=False)
D.s.str.replace("[a-z]([0-9])", r"<\1>$", regex=True)
D.s.str.replace("-", "+")
D.s.str.replace("B", "_", case=False, regex=True)
D.s.str.split("-", n=1, expand=True)
D.s.str.split("-", n=2, expand=True)
D.s.str.split("-").str[0]
D.s.str.split("-").str.get(1)
D.s.str.split("-", n=1).str[1]
D.s.str.strip()
D.s.str.lstrip()
D.s.str.rstrip("b2")
D.s.str.strip("ab")
D.s.str[0]
D.s.str[1:3]
D.s.str.get(-1)
D.s.str.pad(4)
D.s.str.ljust(4, "*")
D.s.str.isdigit()
D.s.str.isalpha()
D.s.str.cat(D.s, sep="/")
D.iloc[:5]
D.iloc[3:9]
D.iloc[-4:]
D.iloc[7:]
D.iloc[2:5, 1:3]
D.iloc[:5, 0]
D.iloc[:, [0, 2]]
D.x.iloc[:4]
D.x.iloc[-3:]
D.x.rolling(100, min_periods=1).mean()
D.y.rolling(70, min_periods=20).std()
D.y.rolling(5, min_periods=2).max()
D[["x", "y"]].rolling(3).var()
D.y.rolling(4).count()
D.set_index("t").x.rolling("3h").sum()
D.set_index("t").y.rolling("5h").mean()
D.set_index("t").y.rolling("90min", min_periods=2).min()
D.set_index("t")[["x", "y"]].rolling("1D").std()
D.set_index("t").y.rolling("2h").count()
D.k.between(1, 3, inclusive="left")
D.k.between(1, 3, inclusive="neither")
D.k.nunique(dropna=False)
D.y.nunique(dropna=False)
D.x.quantile([0.1, 0.5, 0.9])
D.y.rank()
D.x.rank(ascending=False)
D.x.autocorr(2)
D.y.combine_first(D.x)
D[["x", "y"]].idxmax()
D[["x", "y"]].idxmin()
D[["x", "y", "k"]].sum(axis=1)
D[["x", "y", "k"]].mean(axis=1)
D[["x", "y"]].min(axis=1)
D[["x", "y"]].max(axis=1)
D[["x", "y", "k"]].std(axis=1)
D[["x", "y"]].count(axis=1)
D.isin([1, 2])
D.isin(["a", "Ab"])
D.drop_duplicates(subset=["k"], keep="last")
D.drop_duplicates(subset=["k", "g", "s"], keep=False)
D.t.dt.normalize()
P.get_dummies(D[["x", "g"]])
P.get_dummies(D[["x", "g"]], columns=["g"], drop_first=True, prefix="is", prefix_sep="=")
""".strip().splitlines()


@pytest.mark.parametrize("npartitions", [1, 4, 7])
@pytest.mark.parametrize("case", CASES)
def test_as_pandas(case, npartitions):
    frame = made(130)
    frame["t"] = pd.date_range("2000-01-01", periods=130, freq="1h")
    want = eval(case, {"D": frame, "P": pd})
    got = eval(case, {"D": divided(frame, npartitions), "P": dd})
    check(got.compute(), want)


@pytest.mark.parametrize("npartitions", [1, 4, 7])
@pytest.mark.parametrize("aggfunc", ["sum", "mean", "count", "max"])
def test_pivot_tables(aggfunc, npartitions):
    frame = made(60, 3)
    lazy = divided(frame, npartitions)
    for values, index, columns in (("x", "k", "g"), ("y", ["k", "s"], "g"), (["x", "y"], "g", "k")):
        want = frame.pivot_table(values=values, index=index, columns=columns, aggfunc=aggfunc, dropna=False)
        got = lazy.pivot_table(values=values, index=index, columns=columns, aggfunc=aggfunc).compute()
        # What pandas makes of combinations that do not occur depends on the function; the others are compared.
        want = want.reindex(got.index)
        want.columns = list(want.columns)
        got.columns = list(got.columns)
        want = want[[column for column in want.columns if column in set(got.columns)]]
        if aggfunc == "count":
            got = got.fillna(0)
            want = want.fillna(0)
        pd.testing.assert_frame_equal(got[list(want.columns)], want, check_dtype=False, check_index_type=False)


@pytest.mark.parametrize("npartitions", [1, 4, 7])
def test_melted_frames(npartitions):
    frame = made(40, 1)
    for options in (
        {"id_vars": ["k"], "value_vars": ["x", "y"]},
        {"id_vars": ["k", "g"], "value_vars": "x", "var_name": "what", "value_name": "how much"},
        {"value_vars": ["g", "s"]},
    ):
        check(divided(frame, npartitions).melt(**options).compute().reset_index(drop=True), frame.melt(**options))


@pytest.mark.parametrize("before, after", [(0, 0), (1, 0), (2, 3), (50, 0), (0, 200)])
def test_functions_see_the_rows_around(before, after):
    frame = made(100, 2)[["x", "k"]]
    lazy = divided(frame, 7)
    got = lazy.map_overlap(lambda part: part.assign(n=part.x.shift(before).fillna(part.x.shift(-after))), before, after)
    want = frame.assign(n=frame.x.shift(before).fillna(frame.x.shift(-after)))
    check(got.compute().reset_index(drop=True), want)


@pytest.mark.parametrize("span", ["1min", "1h", "7D"])
def test_spans_of_irregular_times(span):
    rng = np.random.default_rng(5)
    times = pd.to_datetime("2000-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 10**6, 500)), unit="s")
    frame = pd.DataFrame({"x": rng.normal(size=500) + 1e6}, index=pd.Index(times, name="t"))
    frame.loc[frame.index[rng.random(500) < 0.2], "x"] = np.nan
    lazy = bf.from_pandas(frame, npartitions=3)
    for name in ("sum", "mean", "min", "max", "std", "var", "count"):
        got, want = getattr(lazy.x.rolling(span), name)().compute(), getattr(frame.x.rolling(span), name)()
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-4)


def test_files_of_text(tmp_path):
    frame = made(30)[["k", "x", "s"]]
    lazy = bf.from_pandas(frame, npartitions=3)
    lazy.to_json(tmp_path / "rows.json")
    rows = [json.loads(line) for line in (tmp_path / "rows.json").read_text().splitlines()]
    assert [row["k"] for row in rows] == frame.k.tolist() and rows[0]["x"] == frame.x[0]
    lazy.x.to_csv(tmp_path / "x.csv", index=False)
    assert pd.read_csv(tmp_path / "x.csv").x.tolist() == frame.x.tolist()


REFUSED = (
    (lambda df: df.s.str.contains("(?<=a)b"), NotImplementedError, "looks around"),
    (lambda df: df.s.str.contains(r"(a)\1"), NotImplementedError, "refers back"),
    (lambda df: df.s.str.contains("("), ValueError, "regular expression"),
    (lambda df: df.s.str.extract("a"), ValueError, "group"),
    (lambda df: df.s.str.split(n=1, expand=True), NotImplementedError, "separates"),
    (lambda df: df.s.str.split("-", expand=True), ValueError, "how many times"),
    (lambda df: df.s.str.split("-").str[-1], NotImplementedError, "from the start"),
    (lambda df: df.iloc[3], NotImplementedError, "slices"),
    (lambda df: df.iloc[1:-1], NotImplementedError, "one end"),
    (lambda df: df.iloc[::2], NotImplementedError, "step"),
    (lambda df: df.pivot_table(index="k"), ValueError, "columns="),
    (lambda df: df.melt("k", value_name="k"), ValueError, "one name"),
    (lambda df: df.melt("zz"), KeyError, "zz"),
    (lambda df: df.categorize(), NotImplementedError, "get_dummies"),
    (lambda df: df.x.rolling("7D"), ValueError, "times"),
    (lambda df: df.reset_index(drop=True).x.rolling("7D"), NotImplementedError, "set_index"),
    (lambda df: df.set_index("k").x.rolling("7D"), ValueError, "times"),
    (lambda df: df.x.rolling(10**9), ValueError, "262144"),
    (lambda df: df.x.rolling(3, min_periods=4), ValueError, "min_periods"),
    (lambda df: df.x.rolling("soon"), ValueError, "7D"),
    (lambda df: df.k.between(1, 2, inclusive="some"), ValueError, "neither"),
    (lambda df: df.map_overlap(lambda part: part.head(1), 1, 0).compute(), ValueError, "one of each"),
    (lambda df: df.map_overlap(len, -1, 0), ValueError, "number of rows"),
    (lambda df: df.sum(axis=1), TypeError, "numeric_only"),
    (lambda df: df.set_index("k", npartitions=10**9), ValueError, "100000"),
    (lambda df: df.set_index("k", npartitions=0), ValueError, "100000"),
    (lambda df: df.repartition(npartitions=-1), ValueError, "100000"),
    (lambda df: df.repartition(npartitions=2.5), ValueError, "whole number"),
    (lambda df: bf.from_pandas(made(3), npartitions=10**9), ValueError, "100000"),
    (lambda df: bf.from_dict({"x": [1]}, npartitions=True), ValueError, "100000"),
)


@pytest.mark.parametrize("call, error, says", REFUSED)
def test_refusals_say_what_there_is(call, error, says):
    with pytest.raises(error, match=says):
        call(bf.from_pandas(made(20), npartitions=3))


def test_an_aggregate_beside_rows_that_nobody_reads():
    from blockfold import _blockfold as core

    x, n, best, at = (core.Expr.col(name) for name in ("x", "n", "best", "at"))
    frame = bf.from_dict({"x": [1.0, 3.0, 2.0], "y": [5, 6, 7]})._rows.frame
    frame = frame.with_window([], [core.Window("row_number", x).alias("n")])
    frame = frame.group_transform([], [x.aggregate("max").alias("best")])
    here = core.Expr.case([(x.binary("==", best), n)])
    frame = frame.group_transform([], [here.aggregate("min").alias("at")])
    there = core.Expr.case([(n.binary("==", at), core.Expr.col("y"))])
    assert frame.group_agg([], [there.aggregate("max").alias("y")]).collect().to_list("y") == [6]
