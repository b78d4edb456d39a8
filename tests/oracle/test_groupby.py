"""Grouped aggregates against Polars, DuckDB and pandas on the same files."""

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from compare import assert_rows
from tables import INTEGERS, every_type

TOLERANCE = 1e-11

POLARS = {
    "sum": lambda c: c.sum(),
    "mean": lambda c: c.mean(),
    "min": lambda c: c.min(),
    "max": lambda c: c.max(),
    "count": lambda c: c.count().cast(pl.UInt64),
    "std": lambda c: c.std(),
    "var": lambda c: c.var(),
    "first": lambda c: c.first(),
    "last": lambda c: c.last(),
    "n_unique": lambda c: c.drop_nulls().n_unique().cast(pl.UInt64),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """20,000 rows in several row groups; floats finite, so that sums stay numbers."""
    path = tmp_path_factory.mktemp("groupby") / "a.parquet"
    table = every_type(20_000, seed=2)
    for name in ("int64", "uint64"):
        divisor = pa.scalar(10**6, table.schema.field(name).type)
        column = pa.compute.divide(table[name], divisor)
        table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, path, row_group_size=3000)
    return path


@pytest.fixture(scope="module")
def frame(path):
    return pl.from_arrow(pq.read_table(path))


def polars(frame, by, aggs):
    """What Polars gives: keys sorted, nulls last."""
    exprs = [POLARS[func](pl.col(column)).alias(f"{column}_{func}") for column, func in aggs]
    exprs = [expr if func != "sum" else widened(frame, column, expr) for expr, (column, func) in zip(exprs, aggs)]
    grouped = frame.group_by(by, maintain_order=True).agg(exprs)
    return grouped.sort(by, nulls_last=True).to_arrow()


def widened(frame, column, expr):
    dtype = frame.schema[column]
    if dtype.is_unsigned_integer():
        return pl.col(column).cast(pl.UInt64).sum().alias(f"{column}_sum")
    if dtype.is_signed_integer() or dtype == pl.Boolean:
        return pl.col(column).cast(pl.Int64).sum().alias(f"{column}_sum")
    if dtype.is_float():
        return pl.col(column).cast(pl.Float64).sum().alias(f"{column}_sum")
    return expr


def check(blockfold, path, frame, by, aggs, tolerance=TOLERANCE, **options):
    text = ",".join(f"{column}:{func}" for column, func in aggs)
    document = blockfold.groupby(path, ",".join(by), text, **options)
    assert_rows(document, polars(frame, by, aggs), tolerance, types=False)


NUMBERS = ["plain", "small", "bool", *INTEGERS]


@pytest.mark.parametrize("func", POLARS)
@pytest.mark.parametrize("by", ["small", "string", "category"])
def test_every_aggregate_of_numbers(blockfold, path, frame, func, by):
    columns = [column for column in NUMBERS if column != by]
    if func in ("mean", "std", "var"):
        columns = [column for column in columns if column not in ("int64", "uint64", "bool")]
    tolerance = 1e-9 if func in ("std", "var") else TOLERANCE
    check(blockfold, path, frame, [by], [(column, func) for column in columns], tolerance)


@pytest.mark.parametrize("func", ["sum", "std", "max", "last", "n_unique"])
def test_groups_of_one_row(blockfold, path, frame, func):
    columns = ["plain", "small", "int32"]
    check(blockfold, path, frame, ["word"], [(column, func) for column in columns])


@pytest.mark.parametrize("func", ["min", "max", "first", "last", "count", "n_unique"])
def test_aggregates_of_other_types(blockfold, path, frame, func):
    columns = ["string", "word", "date", "time_ms", "time_us", "time_ns", "zoned_us", "span_us", "span_ns"]
    check(blockfold, path, frame, ["small"], [(column, func) for column in columns])


@pytest.mark.parametrize("func", ["min", "max", "first", "last", "count", "n_unique"])
def test_floats_with_nan(blockfold, path, frame, func):
    check(blockfold, path, frame, ["small"], [("float64", func), ("float32", func)])


KEYS = ["bool", *INTEGERS, "string", "category", "word", "date", "time_ms", "time_us", "time_ns", "zoned_us", "span_us"]


@pytest.mark.parametrize("key", KEYS)
def test_every_type_of_key(blockfold, path, frame, key):
    check(blockfold, path, frame, [key], [("plain", "sum"), ("row", "count"), ("row", "min")])


@pytest.mark.parametrize("key", ["float64", "float32"])
def test_float_keys(blockfold, path, frame, key):
    check(blockfold, path, frame, [key], [("row", "count")])


@pytest.mark.parametrize(
    "by", [["small", "bool"], ["string", "small"], ["category", "string", "bool"], ["date", "word"], ["int8", "uint8"]]
)
def test_several_keys(blockfold, path, frame, by):
    check(blockfold, path, frame, by, [("plain", "sum"), ("int32", "max"), ("row", "first")])


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_and_little_memory(blockfold, path, frame, threads):
    check(blockfold, path, frame, ["string"], [("plain", "mean"), ("int64", "sum")], threads=threads, memory="24MiB")


def test_sums_of_spans(blockfold, tmp_path):
    table = pa.table({"k": [1, 1, 2], "span": pa.array([1, 2, None], pa.duration("ms"))})
    pq.write_table(table, tmp_path / "a.parquet")
    rows = blockfold.groupby(tmp_path / "a.parquet", "k", "span:sum")["rows"]
    assert [row["span_sum"] for row in rows] == [3, 0]


def test_nothing_but_nulls(blockfold, tmp_path):
    table = pa.table({"k": pa.array(["a", "a", "b"]), "x": pa.array([None, None, 1.5]), "n": pa.nulls(3, pa.int64())})
    pq.write_table(table, tmp_path / "a.parquet")
    frame = pl.from_arrow(table)
    aggs = [(column, func) for column in ("x", "n") for func in POLARS]
    check(blockfold, tmp_path / "a.parquet", frame, ["k"], aggs)


@pytest.mark.parametrize("column", ["int64", "uint64"])
def test_sums_that_overflow_are_refused(blockfold, tmp_path, column):
    most = 2**63 - 1 if column == "int64" else 2**64 - 1
    table = pa.table({"k": [1, 1, 2], column: pa.array([most, 1, most], pa.type_for_alias(column))})
    pq.write_table(table, tmp_path / "a.parquet")
    blockfold("groupby", tmp_path / "a.parquet", "--by", "k", "--agg", f"{column}:sum", fails="overflow")
    fits = blockfold.groupby(tmp_path / "a.parquet", "k", f"{column}:sum", filter="k = 2")["rows"]
    assert fits == [{"k": 2, f"{column}_sum": most}]


def test_duckdb_agrees(blockfold, path):
    aggs = "plain:sum,plain:mean,plain:std,small:min,small:max,string:count,len,date:max"
    document = blockfold.groupby(path, "string,small", aggs)
    expected = duckdb.sql(f"""
        SELECT string, small, sum(plain) plain_sum, avg(plain) plain_mean, stddev(plain) plain_std, min(small) small_min,
            max(small) small_max, count(string)::UBIGINT string_count, count(*)::UBIGINT len, max(date) date_max
        FROM '{path}' GROUP BY ALL ORDER BY string NULLS LAST, small NULLS LAST
    """)
    assert_rows(document, expected.to_arrow_table(), 1e-9)


def test_pandas_agrees(blockfold, path):
    frame = pq.read_table(path, columns=["category", "plain", "int32"]).to_pandas()
    grouped = frame.groupby("category", dropna=False, observed=True, sort=True)
    expected = grouped.agg(plain_sum=("plain", "sum"), plain_var=("plain", "var"), int32_mean=("int32", "mean"))
    expected = expected.reset_index()
    expected["category"] = expected["category"].astype(object)
    expected = expected.sort_values("category", na_position="last")
    document = blockfold.groupby(path, "category", "plain:sum,plain:var,int32:mean")
    assert_rows(document, pa.Table.from_pandas(expected, preserve_index=False), 1e-9, types=False)


@pytest.mark.parametrize("codec", ["uncompressed", "lz4"])
def test_ipc_gives_the_same(blockfold, path, frame, tmp_path, codec):
    feather.write_feather(pq.read_table(path), tmp_path / "a.arrow", compression=codec, chunksize=3000)
    check(blockfold, tmp_path / "a.arrow", frame, ["category"], [("plain", "sum"), ("string", "n_unique")])
    check(blockfold, tmp_path / "a.arrow", frame, ["small"], [("plain", "std"), ("time_ns", "max")], 1e-9)


def test_many_groups(blockfold, tmp_path):
    rows = 200_000
    frame = pl.select(k=pl.int_range(rows).hash(seed=1) % 100_000, x=pl.int_range(rows), y=pl.int_range(rows) / 7)
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=30_000)
    aggs = [("x", "sum"), ("y", "mean"), ("x", "max")]
    document = blockfold.groupby(tmp_path / "a.parquet", "k", "x:sum,y:mean,x:max", memory="128MiB")
    assert_rows(document, polars(frame, ["k"], aggs), TOLERANCE, types=False)
