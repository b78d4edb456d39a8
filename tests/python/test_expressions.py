"""The same programs in Polars and in blockfold's expressions."""

import datetime as dt

import blockfold as bf
import polars as pl
import pytest

DATA = {
    "k": ["a", "b", "a", None, "b", "a"],
    "x": [1, 2, None, 4, 5, 6],
    "y": [0.5, -1.5, 2.5, 3.5, None, 5.5],
    "t": [dt.datetime(2000, 1, 1 + day, 6 * day) for day in range(4)] + [None, dt.datetime(2001, 2, 3, 4, 5, 6)],
}

#: `m` is polars or blockfold, `df` a frame of it.
PROGRAMS = """
df.filter(m.col("x") > 1).select("x", "y")
df.filter((m.col("x") > 1) & (m.col("y") < 5))
df.filter((m.col("x") < 2) | m.col("y").is_null())
df.filter(~(m.col("x") == 4))
df.select((m.col("x") + m.col("y")).alias("s"), (m.col("x") * 2 - 1).alias("d"))
df.select(m.col("x").fill_null(0), m.col("k").is_null().alias("n"))
df.with_columns((m.col("y").abs()).alias("a"), z=m.col("x") * 10)
df.with_columns(m.when(m.col("x") > 3).then(1).otherwise(0).alias("big"))
df.with_columns(m.when(m.col("x") > 3).then(m.col("y")).when(m.col("x") > 1).then(0.0).otherwise(-1.0).alias("c"))
df.select(m.col("x").sum(), m.col("y").mean().alias("m"), m.len())
df.group_by("k").agg(m.col("x").sum(), m.col("y").max().alias("top"))
df.group_by("k").agg(m.col("x").mean(), n=m.len())
df.group_by("k").agg((m.col("x").max() - m.col("x").min()).alias("range"))
df.group_by("k").agg(m.col("y").first(), m.col("x").last(), m.col("x").count().alias("n"))
df.group_by("k").agg(m.col("x").std().alias("s"), m.col("x").median().alias("m"))
df.select(m.col("t").dt.year().alias("y"), m.col("t").dt.month().alias("m")) if m is pl else df.select(m.col("t").dt.year.alias("y"), m.col("t").dt.month.alias("m"))
df.select(m.col("x").is_in([1, 4]).alias("in"), m.col("x").is_between(2, 5).alias("b")) if m is pl else df.select(m.col("x").is_in([1, 4]).alias("in"), m.col("x").between(2, 5).alias("b"))
df.with_columns(m.col("x").cum_sum().alias("c"), m.col("y").shift(1).alias("s"))
df.with_columns(m.col("x").sum().over("k").alias("total"))
df.with_columns(m.col("x").cum_sum().over("k").alias("running"))
df.select(m.col("y").cast(m.Float32) if m is pl else m.col("y").cast("float32"))
df.sort("x", descending=True, nulls_last=True).select("x")
df.filter(m.col("k").str.contains("a")).select("k") if m is bf else df.filter(m.col("k").str.contains("a", literal=True)).select("k")
df.select(m.col("y").round(0).alias("r"), m.col("y").floor().alias("f"), m.col("y").sqrt().alias("q"))
df.select((m.col("t") > dt.datetime(2000, 1, 2)).alias("late"))
df.select(m.lit(3).alias("three"), m.col("x"))
df.select(m.corr("x", "y").alias("c"), m.cov("x", "y").alias("v"))
""".strip().splitlines()


def _rows(frame):
    return frame.to_dicts()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("npartitions", [1, 3])
def test_as_polars(program, npartitions):
    want = eval(program, {"m": pl, "df": pl.DataFrame(DATA), "dt": dt, "pl": pl, "bf": bf})
    ours = bf.from_polars(pl.DataFrame(DATA), npartitions=npartitions)
    got = eval(program, {"m": bf, "df": ours, "dt": dt, "pl": pl, "bf": bf}).to_polars()
    assert got.columns == want.columns
    if "group_by" in program:
        got, want = got.sort("k"), want.sort("k")
    for ours_row, theirs in zip(_rows(got), _rows(want), strict=True):
        for name, value in theirs.items():
            if isinstance(value, float):
                assert ours_row[name] == pytest.approx(value, rel=1e-6, nan_ok=True)
            else:
                assert ours_row[name] == value


def test_expressions_print_what_was_typed():
    assert repr((bf.col("x") + 1) * 2) == "((x + 1) * 2)"
    assert repr(bf.col("x").sum().alias("s")) == "sum(x) as s"
    with pytest.raises(TypeError, match="truth value"):
        bool(bf.col("x") > 0)


def test_expressions_and_series_meet():
    df = bf.from_dict({"x": [1, 2, 3]})
    assert df[bf.col("x") > 1].compute()["x"].tolist() == [2, 3]
    assert df.filter(df.x > 1).compute()["x"].tolist() == [2, 3]
    assert df.assign(y=bf.col("x") * 2).compute()["y"].tolist() == [2, 4, 6]


def test_joins_as_polars():
    left, right = pl.DataFrame({"k": [1, 2, 2], "a": [1, 2, 3]}), pl.DataFrame({"k": [2, 3], "b": [5, 6]})
    for how in ("inner", "left", "semi", "anti"):
        want = left.join(right, on="k", how=how).sort("a")
        got = bf.from_polars(left).join(bf.from_polars(right), on="k", how=how).to_polars().sort("a")
        assert _rows(got) == _rows(want)
