"""Dask with its threaded scheduler. Each function takes a path and returns an Arrow table."""

import dask
import dask.dataframe as dd
import pyarrow as pa

from workloads import THREADS, dask_timeseries

dask.config.set(scheduler="threads", num_workers=THREADS)


def table(result) -> pa.Table:
    """The computed `result`, its index first."""
    return pa.Table.from_pandas(result.compute().reset_index(), preserve_index=False)


def year_sum(path):
    return table(dd.read_parquet(path).groupby("id").x.sum())


ten_years_sum = year_sum


def name_stats(path):
    grouped = dd.read_parquet(path).groupby("name")
    return table(grouped.agg(x_mean=("x", "mean"), y_std=("y", "std")))


def filter_mean(path):
    frame = dd.read_parquet(path)
    return table(frame[frame.x > 0.9].groupby("id").y.mean())


def groups_sum(path):
    return table(dd.read_parquet(path).groupby("id")[["v1", "v2", "v3"]].sum())


def generate_sum(_):
    return table(dask_timeseries().groupby("id").x.sum())


def generate_parquet(path):
    dask_timeseries().to_parquet(path, compression="snappy")
