"""Verbs of the lazy frame that the command line does not offer against Polars and pandas, in memory and through scratch."""

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 60_000
# With the second, rows that wait go to scratch.
MEMORY = ["1GiB", "8MiB"]
# Joins through scratch are compared by what the program writes, in test_moves.py.
IN_MEMORY = MEMORY[:1]


def frame(seed, rows, keys):
    """Rows with nulls, NaN and repeated keys, half of them of one key."""
    random = np.random.default_rng(seed)

    def holes(values, share, dtype):
        return pa.array(values, dtype, mask=random.random(rows) < share)

    key = random.integers(0, keys, rows)
    key[random.random(rows) < 0.5] = 7
    x = random.normal(size=rows).round(2)
    x[random.random(rows) < 0.02] = np.nan
    start = datetime(2024, 1, 1)
    minutes = random.integers(0, 90 * 24 * 60, rows)
    return pa.table(
        {
            "key": holes(key, 0.02, pa.int64()),
            "name": holes([f"n{i}" for i in random.integers(0, 97, rows)], 0.02, pa.string()),
            "x": holes(x, 0.03, pa.float64()),
            "n": holes(random.integers(-50, 50, rows), 0.03, pa.int64()),
            "y": holes(random.normal(size=rows), 0.03, pa.float64()),
            "z": holes(random.normal(size=rows), 0.03, pa.float64()),
            "sign": holes(random.choice([-1, 1], rows), 0.03, pa.int64()),
            "flag": holes(random.random(rows) < 0.5, 0.1, pa.bool_()),
            "t": holes([start + timedelta(minutes=int(i)) for i in minutes], 0.01, pa.timestamp("us")),
            "row": pa.array(np.arange(rows)),
        }
    )


def write(table, folder, cuts):
    """One file for each cut: some of one row, one of none."""
    folder.mkdir()
    ends = [*cuts, table.num_rows]
    for i, (start, end) in enumerate(zip([0, *ends], ends)):
        pq.write_table(table.slice(start, end - start), folder / f"{i}.parquet", row_group_size=5_000)
    return folder


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    table = frame(1, ROWS, 3_000)
    return write(table, tmp_path_factory.mktemp("verbs") / "left", [1, 1, 2, 30_000]), pl.from_arrow(table)


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    # A dozen rows of the frequent key, so that joins do not square them.
    table = frame(2, ROWS // 2, 4_000)
    frequent = np.asarray(pa.compute.equal(table["key"], 7).fill_null(False)) & (np.arange(ROWS // 2) % 1250 > 0)
    table = table.filter(pa.array(~frequent)).select(["key", "name", "x", "n", "t", "row"])
    return write(table, tmp_path_factory.mktemp("verbs") / "right", [10_000, 10_001]), pl.from_arrow(table)


def equal(ours, theirs, tolerance=0.0):
    """The same values in the same order, floats within a tolerance, NaN equal to NaN."""
    assert ours.columns == theirs.columns and len(ours) == len(theirs), (ours, theirs)
    for name in ours.columns:
        a, b = ours[name], theirs[name]
        if a.dtype != b.dtype:
            b = b.cast(a.dtype)
        if tolerance and a.dtype.is_float():
            assert a.is_null().equals(b.is_null()), name
            # NaN only where the oracle has it, too.
            assert a.is_nan().equals(b.is_nan(), null_equal=True), name
            a, b = a.drop_nulls().drop_nans(), b.drop_nulls().drop_nans()
            np.testing.assert_allclose(a.to_numpy(), b.to_numpy(), rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            differ = a.ne_missing(b).arg_true()
            assert len(differ) == 0, f"{name}: {ours[differ[:5].to_list()]}\n{theirs[differ[:5].to_list()]}"


def same_rows(ours, theirs):
    """The same rows in any order."""
    theirs = theirs.select(ours.columns)
    by = ours.columns
    equal(ours.sort(by, nulls_last=True), theirs.sort(by, nulls_last=True))


def no_nan(column):
    """Running and greatest values skip NaN here as nulls, where Polars lets NaN through in some of them."""
    return pl.col(column).fill_nan(None)


# ---- windows


def window_columns(over):
    """Each window as Polars computes it, over groups or the whole frame."""
    x, n, name = pl.col("x"), pl.col("n"), pl.col("name")
    # A greatest value up to a row is NaN only when there is nothing else; it is null where the value is null.
    running = no_nan("x").cum_max()
    columns = {
        "cum_sum": n.cum_sum(),
        "cum_max": running,
        "cum_count": x.cum_count(),
        "row_number": pl.int_range(1, pl.len() + 1),
        "before": name.shift(1),
        "after": x.shift(-2),
        "diff": n.diff(),
        "forward_fill": x.forward_fill(),
        "backward_fill": name.backward_fill(),
        "average": x.rank("average"),
        "min": x.rank("min"),
        "max_descending": x.rank("max", descending=True),
        "dense": n.rank("dense"),
        "ordinal": x.rank("ordinal"),
    }
    return [(column.over(over) if over else column).alias(alias) for alias, column in columns.items()]


@pytest.mark.parametrize(
    ("over", "memory"),
    # The second of each is about the least in which all windows of one call can be made.
    [
        *[([], memory) for memory in ("1GiB", "48MiB")],
        *[(["key"], memory) for memory in ("1GiB", "24MiB")],
        *[(["name", "key"], memory) for memory in ("1GiB", "8MiB")],
    ],
)
def test_windows(verb, left, over, memory):
    ours = verb("windows", left[0], memory=memory, over=",".join(over) or None).frame
    theirs = left[1].with_columns(window_columns(over))
    # Where the value is NaN, the running maximum is the one before it here; Polars got null in its place.
    filled = pl.col("cum_max").forward_fill()
    filled = filled.over(over) if over else filled
    x = pl.col("x")
    theirs = theirs.with_columns(
        pl.when(x.is_null()).then(None).otherwise(pl.coalesce(filled, pl.lit(math.nan))).alias("cum_max")
    )
    equal(ours, theirs, 1e-12)


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("by", [["-n", "x"], ["t"]])
def test_windows_in_an_order(verb, left, by, memory):
    ours = verb("ordered_windows", left[0], memory=memory, over="key", by=",".join(by)).frame
    names, descending = [key.lstrip("-") for key in by], [key.startswith("-") for key in by]
    ordered = left[1].sort(names, descending=descending, nulls_last=True, maintain_order=True)
    theirs = ordered.with_columns(
        pl.col("n").cum_sum().over("key").alias("cum_sum"),
        no_nan("x").cum_max().over("key").alias("cum_max"),
        pl.int_range(1, pl.len() + 1).over("key").alias("row_number"),
        pl.col("x").shift(1).over("key").alias("shift"),
        pl.col("n").diff().over("key").alias("diff"),
    )
    filled = pl.coalesce(pl.col("cum_max").forward_fill().over("key"), pl.lit(math.nan))
    theirs = theirs.with_columns(pl.when(pl.col("x").is_null()).then(None).otherwise(filled).alias("cum_max"))
    equal(ours, theirs.sort("row"), 1e-12)


@pytest.mark.parametrize(
    ("over", "memory"),
    [
        *[("key", memory) for memory in MEMORY],
        ("name,key", "1GiB"),
        ("name,key", "48MiB"),
        ("name,key", "8MiB"),
    ],
)
def test_transform(verb, left, over, memory):
    ours = verb("transform", left[0], memory=memory, over=over).frame
    keys = over.split(",")
    theirs = left[1].with_columns(
        pl.col("x").mean().over(keys).alias("mean"),
        (pl.col("n") - pl.col("n").min().over(keys)).alias("above"),
        pl.len().over(keys).alias("rows"),
    )
    equal(ours, theirs, 1e-9)


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("by", ["-x", "n,-t", "-name^,x^"])
def test_top_rows_of_groups(verb, left, by, memory):
    ours = verb("top_rows", left[0], memory=memory, over="key", by=by, n=3).frame
    equal(ours, in_order(left[1], by).group_by("key", maintain_order=True).head(3).select(left[1].columns).sort("row"))


def test_describe_as_pandas(verb, left):
    # Columns without NaN: in pandas it is missing, and here it is a value.
    numbers = left[1].select("n", "y", "z", "row")
    theirs = numbers.to_pandas().describe(percentiles=[0.25, 0.5, 0.75])
    for memory in MEMORY:
        ours = verb("describe", left[0], memory=memory).frame
        assert ours.columns == ["statistic", *left[1].columns]
        rows = {row["statistic"]: row for row in ours.to_dicts()}
        assert list(rows) == ["count", "null_count", "mean", "std", "min", "25%", "50%", "75%", "max"]
        for column in left[1].columns:
            assert float(rows["null_count"][column]) == left[1][column].null_count(), column
            assert float(rows["count"][column]) == left[1][column].count(), column
        for column in numbers.columns:
            for statistic in theirs.index:
                assert math.isclose(rows[statistic][column], theirs[column][statistic], rel_tol=1e-9, abs_tol=1e-9)
        assert rows["min"]["name"] == left[1]["name"].min() and rows["max"]["name"] == left[1]["name"].max()
        # NaN is the greatest value of a quantile, and in no minimum or maximum.
        values = left[1]["x"].drop_nulls().to_numpy()
        assert math.isnan(rows["mean"]["x"]) and math.isnan(rows["std"]["x"])
        assert (rows["min"]["x"], rows["max"]["x"]) == (np.nanmin(values), np.nanmax(values))
        ordered = np.sort(values)
        for share in (25, 50, 75):
            at = (len(ordered) - 1) * share / 100
            low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
            assert math.isclose(rows[f"{share}%"]["x"], low + (high - low) * (at % 1), rel_tol=1e-12, abs_tol=1e-12)


# ---- joins


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize("nulls", ["equal", "differ"])
@pytest.mark.parametrize("on", ["key", "name,key", "x,n"])
@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_joins(verb, left, right, how, on, nulls, memory):
    ours = verb("join", left[0], right[0], memory=memory, on=on, how=how, nulls=nulls, suffix="_other").frame
    keys = on.split(",")
    # Keys come once of every kind of join.
    theirs = left[1].join(right[1], on=keys, how=how, nulls_equal=nulls == "equal", suffix="_other", coalesce=True)
    same_rows(ours, theirs)


@pytest.mark.parametrize("memory", IN_MEMORY)
def test_cross_joins(verb, left, right, tmp_path, memory):
    few = [write(side[1].head(rows).to_arrow(), tmp_path / str(rows), [1, 1]) for side, rows in [(left, 300), (right, 211)]]
    ours = verb("join", *few, memory=memory, how="cross").frame
    same_rows(ours, left[1].head(300).join(right[1].head(211), how="cross"))


@pytest.fixture(scope="module")
def near(left, right, tmp_path_factory):
    """Two frames whose on-keys are not sorted and, as the oracles want it, without nulls."""
    folder = tmp_path_factory.mktemp("near")
    sides = []
    for at, side in enumerate([left[1], right[1]]):
        rows = side.drop_nulls(["t", "key"]).select("key", "name", "t", "row", number=pl.col("row") * 7919 % 50_021)
        write(rows.to_arrow(), folder / str(at), [1, 1, 2, 9_000])
        sides.append((folder / str(at), rows))
    return sides


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize(("within", "exact"), [(None, "yes"), (40, "no")])
@pytest.mark.parametrize("by", [None, "key", "key,name"])
@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
def test_nearest_keys(verb, near, strategy, by, within, exact, memory):
    (a, left), (b, right) = near
    ours = verb("join_asof", a, b, memory=memory, on="number", strategy=strategy, by=by, tolerance=within, exact=exact)
    sides = [side.select("number", "key", "name", "row").sort("number", maintain_order=True) for side in (left, right)]
    assert right["number"].n_unique() == right.height, "a nearest number is to be of one row"
    frames = [side.to_pandas() for side in sides]
    theirs = pd.merge_asof(
        *frames,
        on="number",
        by=by.split(",") if by else None,
        direction=strategy,
        tolerance=within,
        allow_exact_matches=exact == "yes",
        suffixes=("", "_right"),
    )
    theirs = pl.from_pandas(theirs.astype({"row_right": "Int64"})).sort("row")
    wanted = ["row", "number", "row_right"]
    equal(ours.frame.select(wanted).sort("row"), theirs.select(wanted))


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize("by", [None, "key"])
@pytest.mark.parametrize("strategy", ["backward", "forward"])
def test_nearest_times_as_polars(verb, near, strategy, by, memory):
    (a, left), (b, right) = near
    ours = verb("join_asof", a, b, memory=memory, on="t", strategy=strategy, by=by).frame
    theirs = left.sort("t", maintain_order=True).join_asof(
        # Of equal times the first row is taken forward, the last one backward.
        right.sort("t", maintain_order=True),
        on="t",
        by=by,
        strategy=strategy,
        check_sortedness=False,
    )
    wanted = ["row", "t", "row_right"]
    equal(ours.select(wanted).sort("row"), theirs.select(wanted).sort("row"))


# ---- order


def in_order(rows, by):
    """Rows by keys as `verb` writes them: `-x` descends, nulls of `x^` come first; a stable sort, NaN the greatest."""
    keys = by.split(",")
    return rows.sort(
        [key.strip("-^") for key in keys],
        descending=[key.startswith("-") for key in keys],
        nulls_last=[not key.endswith("^") for key in keys],
        maintain_order=True,
    )


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("by", ["x", "-x", "-x^", "name,-n", "-flag,name^,x", "t^,-key", "n"])
def test_sorts_are_stable(verb, left, by, memory):
    equal(verb("sort", left[0], memory=memory, by=by).frame, in_order(left[1], by))


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("by", ["x", "-x", "-x^", "name,-n,t", "flag^"])
@pytest.mark.parametrize("n", [0, 1, 500])
def test_top_k(verb, left, by, n, memory):
    equal(verb("top_k", left[0], memory=memory, by=by, n=n).frame, in_order(left[1], by).head(n))


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize("columns", ["key", "name,x", "flag", "x"])
def test_distinct(verb, left, columns, memory):
    names = columns.split(",")
    # Here the rows come sorted, and NaN is one value.
    ours = verb("distinct", left[0], memory=memory, columns=columns).frame
    equal(ours, left[1].select(names).unique().sort(names, nulls_last=True))
    ours = verb("distinct_by", left[0], memory=memory, columns=columns).frame
    equal(ours, left[1].unique(names, keep="first").sort(names, nulls_last=True))


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("column", ["key", "name", "x", "flag"])
def test_value_counts(verb, left, column, memory):
    ours = verb("value_counts", left[0], memory=memory, column=column).frame
    # Values of equal counts come sorted.
    counts = left[1].group_by(column).agg(pl.len().alias("count"))
    equal(ours, counts.sort(["count", column], descending=[True, False], nulls_last=True))


def test_samples(verb, left):
    for name, options in [("sample", {"fraction": 0.25}), ("sample_n", {"n": 400}), ("shuffle", {})]:
        ample, again, tight = (
            verb(name, left[0], memory=memory, seed=5, **options).frame for memory in [MEMORY[0], MEMORY[0], MEMORY[1]]
        )
        equal(ample, again)
        equal(ample, tight)
        rows = ample["row"]
        assert rows.n_unique() == len(rows), name
        equal(ample.sort("row"), left[1].filter(pl.col("row").is_in(rows.implode())))
        other = verb(name, left[0], seed=6, **options).frame
        assert not other["row"].equals(rows), name
        if name == "sample":
            # Within five standard deviations.
            assert abs(len(rows) - ROWS / 4) < 5 * math.sqrt(ROWS * 0.25 * 0.75)
        else:
            assert len(rows) == (400 if name == "sample_n" else ROWS)
            # A shuffle's rows are not related to their places.
            assert abs(np.corrcoef(rows.to_numpy(), np.arange(len(rows)))[0, 1]) < 5 / math.sqrt(len(rows))


# ---- aggregates


def quantile(share):
    """Linear between values in order, NaN the greatest."""

    def of(values):
        ordered = np.sort(values.drop_nulls().to_numpy())
        if len(ordered) == 0:
            return None
        at = (len(ordered) - 1) * share
        low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
        return float(low if at % 1 == 0 else low + (high - low) * (at % 1))

    return of


def theirs_of_group(rows):
    """Each aggregate of one group's rows."""
    x, n, y = rows["x"], rows["n"], rows["y"]
    both = rows.select("y", "z").drop_nulls()
    modes = n.drop_nulls().mode()
    # The greatest values come without NaN when there are others.
    numbers = x.drop_nulls().drop_nans().sort(descending=True).head(3).to_list()
    numbers += [math.nan] * min(3 - len(numbers), int(x.is_nan().sum()))
    pair = len(both) > 1
    return {
        "median": quantile(0.5)(x),
        "quantile": quantile(0.3)(x),
        # Nulls are no value, and all NaN are one.
        "n_unique": x.drop_nulls().n_unique(),
        # The smallest of the most frequent.
        "mode": modes.min() if len(modes) else None,
        "list": rows["row"].to_list(),
        "top_k": numbers,
        "corr": float(np.corrcoef(both["y"], both["z"])[0, 1]) if pair else None,
        "cov": float(np.cov(both["y"], both["z"], ddof=1)[0, 1]) if pair else None,
        "first": x[0],
        "last": x[-1],
        "product": rows["sign"].product() if rows["sign"].count() else 1,
        "any": bool(rows["flag"].any()),
        "all": bool(rows["flag"].all()),
        "null_count": x.null_count(),
        "squares": float((y * y).sum()),
    }


def close(ours, theirs):
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float):
        return (ours != ours and theirs != theirs) or math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return ours == theirs and (ours is None) == (theirs is None)


def compare_groups(ours, groups, keys):
    assert len(ours) == len(groups)
    for row in ours.iter_rows(named=True):
        key = tuple(row[name] for name in keys)
        for name, theirs in groups[key].items():
            if name in row:
                assert close(row[name], theirs), f"{name} of {key}: {row[name]!r}, the oracle has {theirs!r}"


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize("by", [["key"], ["flag"], ["name", "flag"]])
def test_aggregates_of_groups(verb, left, by, memory):
    groups = {key: theirs_of_group(rows) for key, rows in left[1].partition_by(by, as_dict=True).items()}
    ours = verb("aggregate", left[0], memory=memory, by=",".join(by)).frame
    # Sorted by keys, null a group of its own and the last.
    keys = ours.select(by)
    equal(keys, keys.sort(by, nulls_last=True))
    compare_groups(ours, groups, by)


@pytest.mark.parametrize("memory", MEMORY)
def test_aggregates_of_the_whole(verb, left, memory):
    ours = verb("aggregate", left[0], memory=memory).frame
    compare_groups(ours, {(): theirs_of_group(left[1])}, [])


# ---- divisions


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize(("index", "low", "high"), [("key", 5, 40), ("key", 7, 7), ("t", "2024-02-01", "2024-02-11T12:30:00"),
                                                    ("name", "n2", "n35"), ("x", -0.25, 0.5), ("key", 10**6, 10**7)])
def test_loc_as_pandas(verb, left, index, low, high, memory):
    ours = verb("loc", left[0], memory=memory, index=index, partitions=6, low=low, high=high).frame
    rows = left[1].drop_nulls(index).select(index, "row").to_pandas().set_index(index, drop=False)
    rows = rows[rows.index.notna()].sort_index(kind="stable").loc[low:high]
    assert ours["row"].to_list() == rows["row"].to_list()


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("index", ["key", "x", "t", "name"])
def test_set_index_sorts(verb, left, index, memory):
    answer = verb("set_index", left[0], memory=memory, index=index, partitions=6)
    assert 1 <= answer.partitions <= 6 and answer.divisions == answer.partitions + 1
    equal(answer.frame, in_order(left[1], index))


@pytest.mark.parametrize("memory", MEMORY)
def test_repartitions_keep_rows_in_order(verb, left, memory):
    for partitions in (1, 3, 40):
        answer = verb("repartition", left[0], memory=memory, partitions=partitions)
        assert answer.partitions == partitions
        equal(answer.frame, left[1])
    answer = verb("repartition_bytes", left[0], memory=memory, bytes=300_000)
    assert answer.partitions > 10
    equal(answer.frame, left[1])
    by_key = {"memory": memory, "index": "key", "divisions": "0,1000,2000,5000"}
    answer = verb("repartition_divisions", left[0], bounds="0,7,8,1000,4000,5000", **by_key)
    assert (answer.partitions, answer.divisions) == (5, 6)
    equal(answer.frame, in_order(left[1], "key"))
    answer = verb("repartition_frequency", left[0], memory=memory, index="t", partitions=4, window="1w")
    # 2024 began on a Monday, and 90 days are 13 weeks.
    assert answer.partitions == 13
    equal(answer.frame, in_order(left[1], "t"))


@pytest.mark.parametrize("memory", IN_MEMORY)
@pytest.mark.parametrize("nulls", ["equal", "differ"])
@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_joins_of_equal_divisions(verb, left, right, how, nulls, memory):
    divisions = {"index": "key", "divisions": "0,7,8,1500,5000"}
    ours = verb("indexed_join", left[0], right[0], memory=memory, how=how, nulls=nulls, **divisions)
    same_rows(ours.frame, left[1].join(right[1], on="key", how=how, nulls_equal=nulls == "equal", coalesce=True))
