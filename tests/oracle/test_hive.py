"""Folders called key=value, as several writers make them."""

import dask.dataframe as dd
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CITIES = ["São Paulo", "a/b", "100%", "New York"]


@pytest.fixture(scope="module")
def frame():
    rows = 1000
    return pl.DataFrame({
        "year": [2020 + i % 3 for i in range(rows)],
        "city": [CITIES[i % 4] for i in range(rows)],
        "x": [i / 8 for i in range(rows)],
    })


def write_arrow(frame, folder):
    pq.write_to_dataset(frame.to_arrow(), folder, partition_cols=["year", "city"])


def write_dask(frame, folder):
    pandas = frame.to_pandas()
    dd.from_pandas(pandas, npartitions=3).to_parquet(folder, partition_on=["year", "city"], write_index=False)


def write_duckdb(frame, folder):
    duckdb.sql(f"COPY frame TO '{folder}' (FORMAT parquet, PARTITION_BY (year, city))")


def write_polars(frame, folder):
    frame.write_parquet(folder, partition_by=["year", "city"])


WRITERS = {"arrow": write_arrow, "dask": write_dask, "duckdb": write_duckdb, "polars": write_polars}


@pytest.mark.parametrize("writer", WRITERS)
def test_keys_are_columns(blockfold, frame, tmp_path, writer):
    folder = tmp_path / "set"
    if writer == "dask":
        # Dask makes a folder of a slash.
        frame = frame.with_columns(pl.col("city").str.replace_all("/", "-"))
    WRITERS[writer](frame, folder)
    expected = frame.group_by("year", "city").agg(pl.col("x").sum(), pl.len()).sort("year", "city").rows()
    rows = blockfold.groupby(folder, "year,city", "x:sum,len")["rows"]
    assert [(row["year"], row["city"], row["x_sum"], row["len"]) for row in rows] == expected
    kept = blockfold.groupby(folder, "city", "x:sum,len", filter="year = 2021 and city <> '100%'")
    expected = frame.filter(year=2021).filter(pl.col("city") != "100%")
    expected = expected.group_by("city").agg(pl.col("x").sum(), pl.len()).sort("city").rows()
    assert [(row["city"], row["x_sum"], row["len"]) for row in kept["rows"]] == expected


@pytest.mark.parametrize("writer", ["arrow", "dask"])
def test_missing_keys(blockfold, tmp_path, writer):
    frame = pl.DataFrame({"year": [2020, None, 2020], "city": ["a", "b", None], "x": [1.0, 2.0, 4.0]})
    if writer == "dask":
        pandas = frame.to_pandas().astype({"year": "Int64"})
        dd.from_pandas(pandas, npartitions=1).to_parquet(tmp_path / "set", partition_on=["city"], write_index=False)
    else:
        pq.write_to_dataset(frame.to_arrow(), tmp_path / "set", partition_cols=["city"])
    rows = blockfold.groupby(tmp_path / "set", "city", "x:sum")["rows"]
    assert [(row["city"], row["x_sum"]) for row in rows] == [("a", 1.0), ("b", 2.0), (None, 4.0)]


def test_a_key_that_is_also_a_column(blockfold, tmp_path):
    folder = tmp_path / "set" / "year=2020"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"year": [1, 2], "x": [1.0, 2.0]}), folder / "a.parquet")
    ran = blockfold("schema", tmp_path / "set")
    assert [column["name"] for column in ran["columns"]].count("year") == 1
