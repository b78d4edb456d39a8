"""Joins, sorts, distinct rows and many groups against Polars and pandas, in memory and through scratch."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 200_000
MEMORY = ["1GiB", "24MiB"]


def frame(seed, rows, keys):
    """Rows with nulls, NaN and repeated keys."""
    random = np.random.default_rng(seed)
    key = pd.array(random.integers(0, keys, rows), dtype="Int64")
    key[random.random(rows) < 0.02] = pd.NA
    name = np.array([f"n{i % 97}" for i in random.integers(0, keys, rows)], dtype=object)
    name[random.random(rows) < 0.02] = None
    x = random.normal(size=rows).round(6)
    x[random.random(rows) < 0.01] = np.nan
    table = pa.table({"key": pa.array(key), "name": pa.array(name, pa.string()), "x": pa.array(x)})
    return table.append_column("row", pa.array(np.arange(rows)))


def write(table, folder, cuts):
    """One file for each cut: some of one row, one of none."""
    folder.mkdir()
    ends = [*cuts, table.num_rows]
    for i, (start, end) in enumerate(zip([0, *ends], ends)):
        pq.write_table(table.slice(start, end - start), folder / f"{i}.parquet", row_group_size=10_000)
    return folder


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    table = frame(1, ROWS, 60_000)
    return write(table, tmp_path_factory.mktemp("moves") / "left", [1, 1, 2, 90_000]), table


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    table = frame(2, ROWS // 2, 75_000)
    return write(table, tmp_path_factory.mktemp("moves") / "right", [40_000, 40_001]), table


def read(folder):
    return pl.concat([pl.from_arrow(pq.read_table(file)) for file in sorted(folder.glob("*.parquet"))])


def same(ours, theirs):
    """The same rows in any order; NaN equals NaN."""
    theirs = theirs.select(ours.columns).cast(dict(ours.schema))
    by = ours.columns
    assert ours.sort(by, nulls_last=True).equals(theirs.sort(by, nulls_last=True), null_equal=True)


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize(
    ("how", "nulls_equal"),
    [("inner", False), ("left", False), ("right", False), ("full", True), ("semi", True), ("anti", False)],
)
def test_joins(blockfold, left, right, tmp_path, how, nulls_equal, memory):
    out = tmp_path / "out"
    args = ["join", left[0], right[0], "--on", "key,name", "--how", how, "--memory", memory, "--out", out]
    blockfold(*args, *(["--nulls-equal"] if nulls_equal else []))
    a, b = pl.from_arrow(left[1]), pl.from_arrow(right[1])
    same(read(out), a.join(b, on=["key", "name"], how=how, nulls_equal=nulls_equal, coalesce=True))


def test_joins_as_pandas(blockfold, left, right, tmp_path):
    blockfold("join", left[0], right[0], "--on", "key", "--nulls-equal", "--suffix", "_y", "--out", tmp_path / "out")
    merged = left[1].to_pandas(integer_object_nulls=True).merge(
        right[1].to_pandas(integer_object_nulls=True), on="key", suffixes=("", "_y")
    )
    assert len(read(tmp_path / "out")) == len(merged)


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("by", [["x", "row"], ["-key", "name", "row"], ["name", "-x", "row"]])
def test_sorts(blockfold, left, tmp_path, by, memory):
    out = tmp_path / "sorted.arrow"
    blockfold("sort", left[0], f"--by={','.join(by)}", "--memory", memory, "--out", out)
    ours = pl.from_arrow(pa.ipc.open_file(out).read_all())
    descending = [key.startswith("-") for key in by]
    theirs = pl.from_arrow(left[1]).sort([key.lstrip("-") for key in by], descending=descending, nulls_last=True)
    assert ours.equals(theirs, null_equal=True)


@pytest.mark.parametrize("memory", MEMORY)
def test_distinct(blockfold, left, tmp_path, memory):
    out = tmp_path / "out"
    blockfold("distinct", left[0], "--by", "key,name", "--memory", memory, "--out", out)
    same(read(out), pl.from_arrow(left[1]).unique(["key", "name"], keep="first"))


@pytest.mark.parametrize("memory", MEMORY)
def test_many_groups(blockfold, left, tmp_path, memory):
    out = tmp_path / "out"
    agg = "x:median,x:std,row:min,row:max,row:sum,name:n_unique,len"
    blockfold("groupby", left[0], "--by", "key", "--agg", agg, "--filter", "x < 1e300", "--memory", memory, "--out", out)
    x, row = pl.col("x"), pl.col("row")
    theirs = (
        pl.from_arrow(left[1])
        .filter(x.is_not_nan())
        .group_by("key")
        .agg(
            x.median().alias("x_median"),
            x.std().alias("x_std"),
            row.min().alias("row_min"),
            row.max().alias("row_max"),
            row.sum().alias("row_sum"),
            pl.col("name").drop_nulls().n_unique().alias("name_n_unique"),
            pl.len().alias("len"),
        )
        .sort("key", nulls_last=True)
    )
    ours = read(out).sort("key", nulls_last=True)
    assert ours["key"].equals(theirs["key"], null_equal=True)
    for name in theirs.columns[1:]:
        for a, b in zip(ours[name], theirs[name]):
            assert a == b or (a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)), name
