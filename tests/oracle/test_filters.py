"""Filters, which are SQL enough for DuckDB to read, against DuckDB on the same files of several writers."""

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from tables import every_type

FILTERS = [
    "true",
    "small > 0",
    "small >= 0 and plain < 0.25",
    "small = 3 or string = 'a'",
    "not (small > 0)",
    "not small in (1, 2, 3)",
    "small in (1, 2, null)",
    "small not in (1, 2)",
    "small between -2 and 2",
    "small not between -2 and 2",
    "small + 1 > 3 and small * 2 < 9",
    "small / 2 > 1.2",
    "-small > 2",
    "small is null",
    "small is not null and string is null",
    "small = null",
    "small <> 2",
    "bool",
    "not bool",
    "bool or small > 3",
    "bool is null or not bool",
    "int8 > 100",
    "int16 between -1000 and 1000",
    "int32 < 0",
    "int64 > 9000000000000000000",
    "uint8 >= 200",
    "uint64 > 18000000000000000000",
    "uint32 = 4294967295",
    "plain > 0.9",
    "plain < -0.99 or plain > 0.99",
    "abs(plain) > 0.5",
    "sqrt(abs(plain)) < 0.5",
    "floor(plain * 10) = 3",
    "float64 > 1",
    "float32 < -1.5",
    "float64 = 0",
    "float64 >= 0",
    "float64 = float64",
    "float64 <> float64",
    "string = 'a'",
    "string = ''",
    "string = 'it''s'",
    "string >= 'b'",
    "string in ('Zoë', '日本', 'none')",
    "category = 'ab'",
    "category <> 'ab'",
    "category is null",
    "word = 'key 000007'",
    "word between 'key 000100' and 'key 000200'",
    "contains(string, 'a')",
    "starts_with(string, 'with')",
    "ends_with(string, 'no\"')",
    "lower(string) = 'zoë'",
    "date >= '2000-06-01'",
    "date = '1999-12-31'",
    "date between '1990-01-01' and '1999-12-31'",
    "time_ms < '2020-01-01'",
    "time_us >= '2020-06-01 12:00:00'",
    "time_ns between '2019-01-01' and '2019-12-31T23:59:59'",
    "year(time_us) = 2020",
    "month(date) in (1, 2) and day(date) = 1",
    "hour(time_ns) < 3",
    "time_us > time_ms",
    "row < 10",
    "row >= 2990 or row = 5",
    "row % 7 = 3",
    "row between 1000 and 1001 and plain is not null",
    "coalesce(small, 99) = 99",
    "small = small and string = category",
    "row > 100000",
]

CONTROL = "row:count,plain:sum,row:min,row:max"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same rows as written by Arrow, Polars, DuckDB, and as Arrow IPC."""
    folder = tmp_path_factory.mktemp("filters")
    table = every_type(3000, seed=3)
    columns = [name for name in table.column_names if not name.startswith("span")]
    table = table.select(columns)
    pq.write_table(table, folder / "arrow.parquet", row_group_size=300, write_page_index=True, data_page_size=512)
    pl.from_arrow(table).write_parquet(folder / "polars.parquet", row_group_size=400)
    options = "FORMAT parquet, ROW_GROUP_SIZE 2048"
    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'Europe/Berlin'")
    connection.register("rows", table)
    connection.sql(f"COPY (FROM rows ORDER BY row) TO '{folder}/duckdb.parquet' ({options})")
    feather.write_feather(table, folder / "arrow.arrow", chunksize=300, compression="uncompressed")
    return connection, folder


def oracle(connection, filter):
    query = f"SELECT bool, count(row), sum(plain), min(row), max(row) FROM rows WHERE {filter} GROUP BY ALL"
    return sorted(connection.sql(f"{query} ORDER BY ALL NULLS LAST").fetchall(), key=lambda row: (row[0] is None, row[0]))


@pytest.mark.parametrize("filter", FILTERS)
def test_filter(blockfold, files, filter):
    connection, folder = files
    expected = oracle(connection, filter)
    writers = ["arrow.parquet", "arrow.arrow"]
    writers += ["polars.parquet", "duckdb.parquet"] if FILTERS.index(filter) % 3 == 0 else []
    for writer in writers:
        rows = blockfold.groupby(folder / writer, "bool", CONTROL, filter=filter)["rows"]
        ours = [(row["bool"], row["row_count"], row["row_min"], row["row_max"]) for row in rows]
        assert ours == [(key, count, low, high) for key, count, _, low, high in expected], f"{writer}: {filter}"
        for row, (_, _, total, _, _) in zip(rows, expected):
            assert row["plain_sum"] == pytest.approx(total, abs=1e-9), f"{writer}: {filter}"


# A string without a zone is a time in the column's own zone; DuckDB's columns have the session's.
ZONED = [
    "zoned_us >= '2020-06-01'",
    "zoned_ms < '2020-01-01T12:00:00'",
    "zoned_ns between '2019-07-01' and '2019-07-31 23:59:59'",
    "year(zoned_us) = 2020 and hour(zoned_us) < 2",
]


@pytest.fixture(scope="module")
def in_utc(tmp_path_factory):
    path = tmp_path_factory.mktemp("zoned") / "a.parquet"
    table = every_type(3000, seed=4)
    for unit in ("ms", "us", "ns"):
        column = table[f"zoned_{unit}"].cast(pa.timestamp(unit, "UTC"))
        table = table.set_column(table.column_names.index(f"zoned_{unit}"), f"zoned_{unit}", column)
    pq.write_table(table, path, row_group_size=300)
    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'UTC'")
    connection.register("rows", table.drop_columns([name for name in table.column_names if name.startswith("span")]))
    return connection, path


@pytest.mark.parametrize("filter", ZONED)
def test_times_in_utc(blockfold, in_utc, filter):
    connection, path = in_utc
    rows = blockfold.groupby(path, "bool", CONTROL, filter=filter)["rows"]
    ours = [(row["bool"], row["row_count"], row["row_min"], row["row_max"]) for row in rows]
    assert ours == [(key, count, low, high) for key, count, _, low, high in oracle(connection, filter)]


@pytest.mark.parametrize("filter", ["zoned_us > zoned_ms", "zoned_us is null", "zoned_ns = zoned_ns"])
@pytest.mark.parametrize("writer", ["arrow.parquet", "arrow.arrow"])
def test_times_in_berlin(blockfold, files, filter, writer):
    connection, folder = files
    rows = blockfold.groupby(folder / writer, "bool", CONTROL, filter=filter)["rows"]
    ours = [(row["bool"], row["row_count"], row["row_min"], row["row_max"]) for row in rows]
    assert ours == [(key, count, low, high) for key, count, _, low, high in oracle(connection, filter)]


@pytest.mark.parametrize("filter", ZONED)
def test_the_clock_of_berlin_is_not_known(blockfold, files, filter):
    """Named zones other than UTC are kept, compared and grouped, but no clock is read in them."""
    _, folder = files
    args = ["groupby", folder / "arrow.parquet", "--by", "bool", "--agg", "len", f"--filter={filter}"]
    blockfold(*args, fails="Europe/Berlin")


def test_statistics_skip_row_groups(blockfold, files):
    _, folder = files
    run = blockfold.groupby(folder / "arrow.parquet", "bool", "len", filter="row < 300")["run"]
    assert run["row_groups_skipped"] == 9
    assert run["rows_read"] <= 300
