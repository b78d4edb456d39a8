"""What every engine is asked to do: names, files, result columns. README.md in this folder is the contract."""

from dataclasses import dataclass
from pathlib import Path

THREADS = 2


@dataclass(frozen=True)
class Workload:
    """One line of the table. `key` and `values` name the columns of the result, in order."""

    source: str | None
    key: str | None = None
    values: tuple[str, ...] = ()


WORKLOADS = {
    "year_sum": Workload("year", "id", ("x",)),
    "name_stats": Workload("year", "name", ("x_mean", "y_std")),
    "filter_mean": Workload("year", "id", ("y",)),
    "ipc_sum": Workload("year.arrow", "id", ("x",)),
    "groups_sum": Workload("groups", "id", ("v1", "v2", "v3")),
    "ten_years_sum": Workload("ten_years", "id", ("x",)),
    "generate_sum": Workload(None, "id", ("x",)),
    "generate_parquet": Workload(None),
}


def dask_timeseries(end: str = "2001-01-01"):
    """Dask's synthetic timeseries from 2000 up to `end`: a row a second, a partition a week."""
    import dask.datasets

    return dask.datasets.timeseries(start="2000-01-01", end=end, freq="1s", partition_freq="7D", seed=42)


def parquet_glob(data: Path, workload: Workload) -> str:
    """The pattern that matches the workload's Parquet files."""
    return str(data / workload.source / "*.parquet")
