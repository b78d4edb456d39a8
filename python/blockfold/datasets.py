"""Generated data sets: nothing is stored, every partition is made when it is needed."""

from __future__ import annotations

from typing import Any

from .dataframe import DataFrame
from .session import current

__all__ = ["timeseries"]


def timeseries(
    start: Any = "2000-01-01",
    end: Any = "2000-01-31",
    freq: Any = "1s",
    partition_freq: Any = "1D",
    dtypes: Any = None,
    seed: int | None = None,
    **kwargs: Any,
) -> DataFrame:
    """A lazy frame of random measurements over time, as Dask's data set of this name.

    The index is ``timestamp``; the columns are ``name``, ``id``, ``x`` and ``y`` unless `dtypes` says otherwise. A value
    depends on the seed, its column and its row alone, never on partitions or threads.

    Parameters
    ----------
    start, end : text or datetime
        The first time, and the one at which the last partition ends.
    freq, partition_freq : text
        Time between rows and between partitions, as pandas writes it.
    dtypes : dict, optional
        Columns with their types: ``float``, ``int`` or ``str``.
    seed : int, optional
        The random numbers' seed; 0 unless given.
    **kwargs
        ``id_lam=50`` makes 50 the mean of the integers of ``id``.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.datasets.timeseries()
    >>> df.npartitions, len(df), list(df.columns)
    (30, 2592000, ['name', 'id', 'x', 'y'])
    """
    columns = None if dtypes is None else [(str(name), _kind(kind)) for name, kind in dtypes.items()]
    arguments = [(name, float(value)) for name, value in kwargs.items()]
    native = current().timeseries(
        str(start), str(end), str(freq), str(partition_freq), columns, arguments, 0 if seed is None else seed
    )
    return DataFrame._of(native, ["timestamp"])


def _kind(kind: Any) -> str:
    return kind if isinstance(kind, str) else {int: "int", float: "float", str: "str"}.get(kind, str(kind))
