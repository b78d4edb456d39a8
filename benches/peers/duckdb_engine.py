"""DuckDB in memory. Each function takes a path and returns an Arrow table."""

import duckdb
import pyarrow.dataset as ds

from workloads import THREADS

CONNECTION = duckdb.connect(config={"threads": THREADS})


def table(query: str):
    return CONNECTION.sql(query).to_arrow_table()


def year_sum(path):
    return table(f"SELECT id, sum(x) AS x FROM '{path}' GROUP BY id")


ten_years_sum = year_sum


def name_stats(path):
    return table(f"SELECT name, avg(x) AS x_mean, stddev_samp(y) AS y_std FROM '{path}' GROUP BY name")


def filter_mean(path):
    return table(f"SELECT id, avg(y) AS y FROM '{path}' WHERE x > 0.9 GROUP BY id")


def ipc_sum(path):
    """DuckDB reads no Arrow files itself: pyarrow maps this one for it."""
    year = ds.dataset(path, format="ipc")  # noqa: F841, found by the query by its name
    return CONNECTION.sql("SELECT id, sum(x) AS x FROM year GROUP BY id").to_arrow_table()


def groups_sum(path):
    return table(f"SELECT id, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM '{path}' GROUP BY id")
