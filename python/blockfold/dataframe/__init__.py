"""Lazy frames with the verbs of pandas and Dask, and with expressions as Polars has them.

>>> import blockfold.dataframe as dd
>>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
>>> df.x.sum().compute()
6
"""

from typing import Any

from ._frame import DataFrame
from ._groupby import GroupBy
from ._io import (
    from_any,
    from_array,
    from_arrow,
    from_delayed,
    from_dict,
    from_map,
    from_pandas,
    from_polars,
    read_csv,
    read_feather,
    read_ipc,
    read_parquet,
)
from ._merge import concat, merge_asof
from ._scalar import Scalar
from ._series import Index, Series
from ._series_groupby import SeriesGroupBy

__all__ = [
    "DataFrame", "GroupBy", "Index", "Scalar", "Series", "SeriesGroupBy", "concat", "from_any", "from_array", "from_arrow",
    "from_delayed", "from_dict", "from_map", "from_pandas", "from_polars", "merge", "merge_asof", "read_csv", "read_feather",
    "read_ipc", "read_parquet", "to_datetime",
]  # fmt: skip


def merge(left: DataFrame, right: Any, **options: Any) -> DataFrame:
    """Rows of two frames beside each other where keys are equal, see `DataFrame.merge`."""
    return left.merge(right, **options)


def to_datetime(series: Series) -> Series:
    """The values as points in time."""
    return series.astype("timestamp[us]")
