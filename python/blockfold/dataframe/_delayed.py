"""Frames of which delayed calls make the partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..delayed import Delayed, delayed
from ..exceptions import ArgumentError, UnsupportedError
from ..session import current
from ._frame import DataFrame
from ._partition_calls import Returned
from ._partitions import byte_count


def from_delayed(
    parts: Any,
    meta: Any = None,
    divisions: Any = None,
    prefix: str | None = None,
    verify_meta: bool = True,
    partition_bytes: Any = None,
) -> Any:
    """A frame of which each delayed call makes a partition: a pandas frame or series, or what any Arrow library reads.

    Calls are made while the frame runs, by the thread that reads the partition, and what they return is dropped with it.

    Parameters
    ----------
    parts : delayed value, or a list of them
    meta : frame, dict of types or Arrow schema, optional
        Columns of the partitions. Without it the first call is made now, to learn them.
    divisions : None
        Not taken: set_index gives divisions.
    prefix : str, optional
        Taken as Dask takes it.
    verify_meta : bool
        Taken as Dask takes it: columns are always checked.
    partition_bytes : int or str, optional
        The most that a partition may have; a quarter of the budget shared by the threads, unless given.

    Examples
    --------
    >>> import blockfold as bf, pandas as pd
    >>> part = bf.delayed(lambda n: pd.DataFrame({"x": range(n)}))
    >>> bf.from_delayed([part(2), part(3)]).x.sum().compute()
    4
    """
    if divisions is not None:
        raise UnsupportedError("from_delayed with divisions is not supported; call set_index(..., sorted=True) on it")
    parts = [delayed(part) for part in ([parts] if isinstance(parts, Delayed) else parts)]
    if not parts:
        raise ArgumentError("from_delayed: give at least one delayed value")
    returned = Returned()
    example = _example(returned.table(_columns(parts[0].compute() if meta is None else meta)))
    calls = [part._core for part in parts]
    most = None if partition_bytes is None else byte_count(partition_bytes)
    native = current().frame_of_calls(calls, returned.table, example, most)
    native._calls = parts
    made = DataFrame._of(native, returned.index)
    return made._only().rename(returned.name) if returned.is_series else made


def from_map(
    function: Callable[..., Any], *iterables: Iterable[Any], args: Any = (), meta: Any = None, **kwargs: Any
) -> Any:
    """A frame of one partition for each item, which a function makes when it is read: pandas frames or Arrow tables.

    Without ``meta`` the function is called once now, for the first item, to learn the columns.

    Examples
    --------
    >>> import blockfold as bf, pandas as pd
    >>> df = bf.from_map(lambda n: pd.DataFrame({"x": range(n)}), [1, 2, 3])
    >>> df.npartitions, len(df)
    (3, 6)
    """
    options = {name: kwargs.pop(name) for name in ("partition_bytes", "divisions") if name in kwargs}
    for harmless in ("label", "token", "enforce_metadata"):
        kwargs.pop(harmless, None)
    call = delayed(function)
    return from_delayed([call(*items, *args, **kwargs) for items in zip(*iterables, strict=True)], meta, **options)


def _columns(meta: Any) -> Any:
    """What says columns as a frame of them: types by name become an empty one."""
    import pandas as pd

    if isinstance(meta, (dict, list, tuple)):
        named = meta.items() if isinstance(meta, dict) else meta
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in named})
    if isinstance(meta, (pd.DataFrame, pd.Series)):
        return meta
    return meta.empty_table() if hasattr(meta, "empty_table") else meta


def _example(table: Any) -> Any:
    import pyarrow

    if not hasattr(table, "__arrow_c_stream__"):
        raise ArgumentError(
            f"from_delayed: a partition is a frame of pandas, polars, pyarrow or another Arrow library, not {type(table)}"
        )
    return pyarrow.table(table).slice(0, 0)
