"""Where frames come from."""

from __future__ import annotations

import os
from typing import Any

from .. import _blockfold as core
from .._counts import count as counted
from .._counts import partitions
from ..exceptions import ArgumentError, UnsupportedError
from ..session import current
from ._frame import DataFrame
from ._labels import UNNAMED, aligned
from ._rows import Rows


def _paths(path: Any) -> list[str]:
    many = path if isinstance(path, (list, tuple)) else [path]
    return [os.path.expanduser(os.fspath(one)) for one in many]


def read_parquet(
    path: Any, columns: Any = None, filters: Any = None, index: Any = None, **unsupported: Any
) -> DataFrame:
    """A lazy frame of Parquet files: a file, a folder, a pattern, or a list of these. Reads footers only.

    Parameters
    ----------
    path : path or list of paths
        Folders called ``key=value`` give columns.
    columns : label or list, optional
        The columns that are wanted.
    filters : expression or list, optional
        Rows that are wanted: an expression, or tuples as ``[("x", ">", 0)]``; lists of such lists are alternatives.
        Row groups and pages that statistics rule out are not read.
    index : label or False, optional
        The column that is the index. The one that pandas or Dask wrote as such, unless given; False for none.

    Examples
    --------
    >>> import blockfold as bf, tempfile
    >>> folder = tempfile.mkdtemp() + "/series"
    >>> _ = bf.datasets.timeseries(end="2000-01-02", freq="1h").to_parquet(folder)
    >>> len(bf.read_parquet(folder, columns=["x"]))
    24
    """
    for harmless in ("engine", "split_row_groups", "calculate_divisions"):
        unsupported.pop(harmless, None)
    if unsupported:
        raise UnsupportedError(f"read_parquet with {', '.join(unsupported)} is not supported")
    frame = _indexed(*current().read_parquet(_paths(path)), index)
    if filters is not None:
        frame = frame.filter(_condition(filters))
    if isinstance(columns, str):
        return frame[columns]
    return frame if columns is None else frame[list(columns)]


def read_ipc(path: Any, columns: Any = None, index: Any = None) -> DataFrame:
    """A lazy frame of Arrow IPC (Feather) files, mapped into memory and read without a copy.

    Parameters
    ----------
    path : path
        The file or folder.
    columns : label, list or dict, optional
        Which columns.
    index : label, list or dict, optional
        Names of the index.

    Examples
    --------
    >>> import blockfold as bf
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "data")
    >>> df = bf.from_dict({"x": [1, 2]})
    >>> _ = df.to_ipc(path)
    >>> bf.read_ipc(path).x.sum().compute()
    3
    """
    frame = _indexed(current().read_ipc(_paths(path)), [], index)
    return frame if columns is None else frame[list(columns)]


read_feather = read_ipc


def _indexed(native: core.LazyFrame, noted: list[str], index: Any) -> DataFrame:
    names = [name for name, _ in native.schema()]
    if index is None:
        found = [name for name in noted if name in names] or [name for name in names if name.startswith(UNNAMED)]
        frame = DataFrame._of(native, found)
        index = {None if label.startswith(UNNAMED) else label: expr for label, expr in frame._index.items()}
        return frame._replace(index=index)
    if index is False:
        return DataFrame._of(native)
    frame = DataFrame._of(native)
    wanted = index if isinstance(index, (list, tuple)) else [index]
    for label in wanted:
        frame._label(label, "index")
    return DataFrame._of(native, wanted)


def _condition(filters: Any) -> Any:
    from ..expr import Expr, col

    if isinstance(filters, Expr):
        return filters

    def one(condition: Any) -> Any:
        try:
            name, op, value = condition
        except (TypeError, ValueError):
            raise ArgumentError(f"filters: {condition!r} is none; write ('x', '>', 0)") from None
        if op in ("in", "not in"):
            found = col(name).is_in(value)
            return found if op == "in" else ~found
        return col(name)._binary("==" if op == "=" else op, value)

    def every(conditions: Any) -> Any:
        made = [one(condition) for condition in conditions]
        return made[0] if len(made) == 1 else _all(made)

    if not filters:
        raise ArgumentError("filters: the list is empty; leave it out")
    if isinstance(filters[0], tuple) or isinstance(filters[0][0], str):
        return every(filters)
    alternatives = [every(conditions) for conditions in filters]
    made = alternatives[0]
    for other in alternatives[1:]:
        made = made | other
    return made


def _all(made: list[Any]) -> Any:
    whole = made[0]
    for other in made[1:]:
        whole = whole & other
    return whole


def from_arrow(data: Any, npartitions: int | None = None) -> DataFrame:
    """A lazy frame over the memory of any object with ``__arrow_c_stream__``: of pyarrow, Polars, DuckDB, pandas and others.

    Nothing is copied. Batches are partitions, unless `npartitions` says how many there are.

    Examples
    --------
    >>> import blockfold as bf, pyarrow as pa
    >>> bf.from_arrow(pa.table({"x": [1, 2, 3]})).x.sum().compute()
    6
    """
    number = None if npartitions is None else partitions(npartitions, "from_arrow")
    return DataFrame._of(current().share_stream(aligned(data), number))


def from_pandas(data: Any, npartitions: int | None = None, chunksize: int | None = None, sort: bool = True) -> Any:
    """A lazy frame, or series, of a pandas one, with its index.

    Parameters
    ----------
    data : pandas.DataFrame or pandas.Series
        What is in memory.
    npartitions, chunksize : int, optional
        How many partitions, or rows of each.
    sort : bool
        Whether rows are sorted by an index that has a name, so that partitions are known by it.

    Examples
    --------
    >>> import blockfold as bf, pandas as pd
    >>> df = bf.from_pandas(pd.DataFrame({"x": [1.5, 2.5]}), npartitions=2)
    >>> df.npartitions, df.x.mean().compute()
    (2, 2.0)
    """
    import pandas as pd

    if isinstance(data, pd.Series):
        name = data.name
        return (
            from_pandas(data.to_frame("x" if name is None else name), npartitions, chunksize, sort)._only().rename(name)
        )
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(f"from_pandas: a {type(data).__name__} is no pandas frame; take from_arrow or from_dict")
    if chunksize is not None:
        npartitions = max(1, -(-len(data) // counted(chunksize, "from_pandas: chunksize", 1)))
    number = 1 if npartitions is None else partitions(npartitions, "from_pandas")
    levels = list(data.index.names)
    if sort and not data.index.is_monotonic_increasing:
        data = data.sort_index()
    labels = list(data.columns)
    columns = [_arrow(level, data.index.get_level_values(at)) for at, level in enumerate(levels)]
    columns += [_arrow(label, data.iloc[:, at]) for at, label in enumerate(labels)]
    import pyarrow as pa

    native = current().share_stream(aligned(pa.table(columns, names=[f"{at}" for at in range(len(columns))])), number)
    exprs = [core.Expr.col(f"{at}") for at in range(len(columns))]
    count = len(levels)
    frame = DataFrame(
        Rows(native), dict(zip(labels, exprs[count:], strict=True)), dict(zip(levels, exprs[:count], strict=True))
    )
    return frame._solid()


def _arrow(label: Any, values: Any) -> Any:
    """A column of pandas as one of Arrow, missing values null."""
    import pyarrow as pa

    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, TypeError) as error:
        raise ArgumentError(
            f"from_pandas: column {label!r} has values of several types: {error}; cast it with astype"
        ) from None
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def from_dict(data: Any, npartitions: int | None = None) -> DataFrame:
    """A lazy frame of a dictionary of lists or arrays.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.from_dict({"x": [1, 2]}).compute()
       x
    0  1
    1  2
    """
    import pyarrow as pa

    try:
        table = pa.table(dict(data))
    except (pa.ArrowInvalid, TypeError) as error:
        raise ArgumentError(f"from_dict: {error}") from None
    return from_arrow(table, npartitions)


def from_polars(data: Any, npartitions: int | None = None) -> DataFrame:
    """A lazy frame over the memory of a Polars one; a lazy one is collected.

    Parameters
    ----------
    data : object
        The rows.
    npartitions : int, optional
        Number of partitions.

    Examples
    --------
    >>> import blockfold as bf
    >>> import polars as pl
    >>> bf.from_polars(pl.DataFrame({"x": [1, 2]})).x.sum().compute()
    3
    """
    return from_arrow(data.collect() if hasattr(data, "collect") else data, npartitions)


def from_array(x: Any, columns: Any = None) -> DataFrame:
    """A lazy frame of the columns of a matrix: of NumPy's, or a lazy one.

    Parameters
    ----------
    x : str or Expr
        The one column.
    columns : label, list or dict, optional
        Which columns.

    Examples
    --------
    >>> import blockfold.array as da, blockfold.dataframe as dd
    >>> dd.from_array(da.ones((3, 2)), columns=["a", "b"]).a.sum().compute()
    3.0
    """
    from ..array import Array
    from ..array import from_array as lazily

    lazy = x if isinstance(x, Array) else lazily(x)
    if lazy.ndim == 1:
        lazy = lazy.reshape((-1, 1))
    names = [columns] if isinstance(columns, str) else columns or [f"{at}" for at in range(lazy.shape[1])]
    return lazy.to_frame(names)


def from_any(data: Any) -> DataFrame:
    """A lazy frame of whatever it is: a lazy one, pandas', a dictionary, or an object of any Arrow library.

    Examples
    --------
    >>> import blockfold.array as da, blockfold.dataframe as dd
    >>> dd.from_any({"x": [1, 2]}).x.sum().compute()
    3
    """
    if isinstance(data, DataFrame):
        return data
    if type(data).__module__.split(".")[0] == "pandas":
        made = from_pandas(data)
        return made if isinstance(made, DataFrame) else made.to_frame()
    if isinstance(data, dict):
        return from_dict(data)
    return from_arrow(data)
