"""Lazy frames with the verbs of pandas and Dask, and with expressions as Polars has them.

>>> import blockfold.dataframe as dd
>>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
>>> df.x.sum().compute()
6
"""

from typing import Any

from ._csv import read_csv
from ._delayed import from_delayed, from_map
from ._frame import DataFrame
from ._groupby import GroupBy
from ._io import (
    from_any,
    from_array,
    from_arrow,
    from_dict,
    from_pandas,
    from_polars,
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
    "from_delayed", "from_dict", "from_map", "from_pandas", "from_polars", "get_dummies", "isna", "map_partitions", "melt", "merge",
    "merge_asof", "pivot_table", "read_csv", "read_feather", "read_ipc", "read_parquet", "repartition", "to_datetime", "to_numeric", "to_parquet",
]  # fmt: skip


def merge(left: DataFrame, right: Any, **options: Any) -> DataFrame:
    """Rows of two frames beside each other where keys are equal, see `DataFrame.merge`.

    Parameters
    ----------
    left : DataFrame
        The left side.
    right : DataFrame
        The right side.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> len(dd.merge(df, df, on="x"))
    3
    """
    return left.merge(right, **options)


def get_dummies(data: Any, **options: Any) -> DataFrame:
    """For each value of texts a column that says where it stands, see `DataFrame.get_dummies`.

    Examples
    --------
    >>> import blockfold as bf, blockfold.dataframe as dd
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "c": ["u", "u", "v"], "x": [1, 2, 3]})
    >>> list(dd.get_dummies(df[["k"]]).compute().columns)
    ['k_a', 'k_b']
    """
    if isinstance(data, Series):
        made = data.to_frame("x").get_dummies(**{"columns": ["x"], **options})
        return made.rename(columns=lambda label: label.removeprefix("x_"))
    return data.get_dummies(**options)


def melt(frame: DataFrame, *args: Any, **options: Any) -> DataFrame:
    """One row for each value of some columns, see `DataFrame.melt`.

    Examples
    --------
    >>> import blockfold as bf, blockfold.dataframe as dd
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "c": ["u", "u", "v"], "x": [1, 2, 3]})
    >>> dd.melt(df, id_vars="k", value_vars=["x"]).compute()["value"].tolist()
    [1, 2, 3]
    """
    return frame.melt(*args, **options)


def pivot_table(frame: DataFrame, **options: Any) -> DataFrame:
    """One row for each value of an index and one column for each of another column, see `DataFrame.pivot_table`.

    Examples
    --------
    >>> import blockfold as bf, blockfold.dataframe as dd
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "c": ["u", "u", "v"], "x": [1, 2, 3]})
    >>> dd.pivot_table(df, index="k", columns="c", values="x", aggfunc="sum").compute().loc["a"].tolist()
    [1.0, 3.0]
    """
    return frame.pivot_table(**options)


def map_partitions(function: Any, frame: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of each partition of a frame or series, see `DataFrame.map_partitions`.

    Parameters
    ----------
    function : callable
        What is called.
    frame : DataFrame or Series
        The rows.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> dd.map_partitions(lambda part: part * 2, df).compute()["x"].tolist()
    [2, 4, 6]
    """
    return frame.map_partitions(function, *args, **kwargs)


def to_numeric(series: Series) -> Series:
    """The values as numbers.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> dd.to_numeric(df.x).compute().tolist()
    [1.0, 2.0, 3.0]
    """
    return series.astype("float64")


def isna(value: Any) -> Any:
    """Whether values are missing.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> dd.isna(df.x).sum().compute()
    0
    """
    return value.isna()


def to_parquet(frame: DataFrame, path: Any, **options: Any) -> Any:
    """Writes a folder of Parquet files, see `DataFrame.to_parquet`.

    Parameters
    ----------
    frame : DataFrame or Series
        The rows.
    path : path
        The file or folder.

    Examples
    --------
    >>> import blockfold as bf
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "data")
    >>> df = bf.from_dict({"x": [1, 2]})
    >>> import blockfold.dataframe as dd
    >>> dd.to_parquet(df, path)["rows_written"]
    2
    """
    return frame.to_parquet(path, **options)


def repartition(frame: DataFrame, divisions: Any = None, **options: Any) -> DataFrame:
    """The same rows in other partitions, see `DataFrame.repartition`.

    Parameters
    ----------
    frame : DataFrame or Series
        The rows.
    divisions : list, optional
        Bounds of the partitions.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> dd.repartition(df, npartitions=1).npartitions
    1
    """
    return frame.repartition(divisions, **options)


def to_datetime(series: Series) -> Series:
    """The values as points in time.

    Examples
    --------
    >>> import blockfold.dataframe as dd
    >>> df = dd.from_dict({"x": [1, 2, 3]}, npartitions=2)
    >>> str(dd.to_datetime(dd.from_dict({"t": ["2000-01-02 03:04:05"]}).t).compute()[0])
    '2000-01-02 03:04:05'
    """
    return series.astype("timestamp[us]")
