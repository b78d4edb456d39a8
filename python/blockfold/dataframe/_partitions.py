"""Partitions, divisions, and what looks rows up by the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._counts import partitions
from .._namespaces import window
from ..exceptions import ArgumentError, UnsupportedError
from ._base import Base
from ._rows import Rows

if TYPE_CHECKING:
    from ._frame import DataFrame
    from ._resample import Resampler
    from ._rolling import Rolling


class PartitionVerbs(Base):
    """Verbs of a frame about its partitions."""

    __slots__ = ()

    @property
    def npartitions(self) -> int:
        """Number of partitions.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.npartitions
        2
        """
        return self._native.npartitions()

    @property
    def divisions(self) -> tuple[Any, ...]:
        """Bounds of the partitions' index, one more than there are partitions; None where they are not known.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> [str(bound.date()) for bound in df.divisions]
        ['2000-01-01', '2000-01-02', '2000-01-03']
        """
        known = self._native.divisions()
        if known is None:
            return (None,) * (self.npartitions + 1)
        return tuple(known[1])

    @property
    def known_divisions(self) -> bool:
        """Whether bounds of the partitions are known.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.known_divisions
        True
        """
        return self._native.divisions() is not None

    @property
    def partitions(self) -> Partitions:
        """The partitions, by number: ``df.partitions[0]``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> len(df.partitions[0])
        24
        """
        return Partitions(self._self)

    def get_partition(self, n: int) -> DataFrame:
        """One partition, by number.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> len(df.get_partition(1))
        24
        """
        return self.partitions[n]

    def to_delayed(self, optimize_graph: bool = True) -> list[Any]:
        """A delayed value for each partition, which gives it as a pandas frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.to_delayed()[0].compute())
        3
        """
        from ..delayed import delayed

        return [delayed(part) for part in self.partitions]

    def repartition(
        self, divisions: Any = None, npartitions: int | None = None, partition_size: Any = None, freq: Any = None
    ) -> DataFrame:
        """The same rows in other partitions: so many, of about so many bytes, with bounds, or by windows of time.

        Parameters
        ----------
        divisions : list, optional
            Bounds of the partitions.
        npartitions : int, optional
            Number of partitions.
        partition_size : int or str, optional
            Bytes of a partition, as ``"64MiB"``.
        freq : str, optional
            Time that a partition spans.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.repartition(npartitions=1).npartitions
        1
        """
        given = [value for value in (divisions, npartitions, partition_size, freq) if value is not None]
        if len(given) != 1:
            raise ArgumentError("repartition: give one of npartitions, divisions, partition_size and freq")
        if npartitions is not None:
            number = partitions(npartitions, "repartition")
            return self._then(lambda frame: frame.repartition(number))
        if divisions is not None:
            return self._then(lambda frame: frame.repartition_divisions(list(divisions)))
        if freq is not None:
            return self._then(lambda frame: frame.repartition_frequency(window(freq)))
        return self._then(lambda frame: frame.repartition_bytes(byte_count(partition_size)))

    def map_partitions(
        self,
        function: Callable[..., Any],
        *args: Any,
        meta: Any = None,
        arrow: bool = False,
        polars: bool = False,
        **kwargs: Any,
    ) -> Any:
        """A function of each partition: as a pandas frame, a pyarrow table when ``arrow=True``, or a Polars frame.

        What returns a series or a single value makes a series.

        The function is called once with an empty partition, to learn the columns of its result. What it raises comes back
        with its own traceback.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1, 2, 3]})
        >>> df.map_partitions(lambda part: part.assign(y=part.x.cumsum())).compute()["y"].tolist()
        [1, 3, 6]
        """
        from ._frame import DataFrame
        from ._partition_calls import PartitionCall

        solid = self._solid()
        call = PartitionCall(function, args, kwargs, solid, "arrow" if arrow else "polars" if polars else "pandas")
        frame = solid._rows.frame.map_partitions(call)
        made = DataFrame._of(frame, [name for name in call.index if name is not None])
        return made._only().rename(call.name) if call.is_series else made

    def map_overlap(
        self, function: Callable[..., Any], before: int, after: int, *args: Any, meta: Any = None, **kwargs: Any
    ) -> Any:
        """A function of each partition together with the last rows before it and the first ones after it, as a pandas frame.

        The function makes a row of each; those of rows before and after are taken off.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1, 2, 4, 8]}, npartitions=2)
        >>> df.map_overlap(lambda part: part.diff(), 1, 0).compute()["x"].tolist()
        [nan, 1.0, 2.0, 4.0]
        """
        from ._overlap import map_overlap

        return map_overlap(self._self, function, before, after, args, kwargs)

    def apply(
        self, function: Callable[..., Any], axis: Any = 1, args: Any = (), meta: Any = None, **kwargs: Any
    ) -> Any:
        """A function of each row as a pandas series, called by Python for each of them.

        Parameters
        ----------
        function : callable
            What is called.
        axis : {0, 1, 'index', 'columns'}
            Along which axis.
        args : tuple
            More arguments of the function.
        meta : any, optional
            Taken as Dask takes it; an empty partition tells.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.apply(lambda row: row.k * row.x, axis=1).compute().tolist()
        ['a', 'bb', 'aaa']
        """
        if axis not in (1, "columns"):
            raise UnsupportedError("apply of whole columns is not supported; take map_partitions, or an aggregate")
        from ._by_pandas import by_row

        made = by_row(self._self, function, args, kwargs, meta)
        return self.map_partitions(_each_row, function, args, kwargs) if made is None else made

    def rolling(self, window: Any, min_periods: int | None = None, on: Any = None) -> Rolling:
        """Windows that end at each row: of so many rows, or of a span of time of the index, as ``"7D"``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> int(df[["x"]].rolling(3).mean().compute()["x"].isna().sum())
        2
        """
        from ._rolling import Rolling

        return Rolling(self._self, window, min_periods, on=on)

    def resample(self, rule: Any, closed: str = "left", label: str = "left") -> Resampler:
        """Groups by windows of time of the index.

        Parameters
        ----------
        rule : str
            The span of a window, as pandas writes it.
        closed : {'left'}
            Which end belongs to a window.
        label : {'left'}
            Which end names a window.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.resample("1D").x.count().compute().tolist()
        [24, 24]
        """
        from ._resample import Resampler

        if (closed, label) != ("left", "left"):
            raise UnsupportedError("resample with other than closed='left', label='left' is not supported")
        return Resampler(self._self, rule)


def _each_row(part: Any, function: Any, args: Any, kwargs: Any) -> Any:
    from ._partition_calls import made_up

    if part.empty:
        return made_up(part).apply(function, axis=1, args=args, **kwargs).iloc[:0]
    return part.apply(function, axis=1, args=args, **kwargs)


class Partitions:
    """Partitions by number."""

    __slots__ = ("_frame",)

    def __init__(self, frame: Any):
        self._frame = frame

    def __getitem__(self, key: Any) -> DataFrame:
        count = self._frame.npartitions
        if isinstance(key, slice):
            start, stop, step = key.indices(count)
            if step != 1:
                raise UnsupportedError("every other partition is not supported; take a slice without a step")
        else:
            start = key + count if key < 0 else key
            if not 0 <= start < count:
                raise IndexError(f"partition {key} of {count}")
            stop = start + 1
        return self._frame._then(lambda frame: frame.partitions(start, stop))

    def __len__(self) -> int:
        return self._frame.npartitions

    def __iter__(self) -> Any:
        return (self[at] for at in range(len(self)))


class Located:
    """Rows by values of the index."""

    __slots__ = ("_frame", "_name")

    def __init__(self, frame: Any, name: Any = None):
        self._frame, self._name = frame, name

    def __getitem__(self, key: Any) -> Any:
        from ._series import Series

        rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
        frame = self._frame
        if self._name is not None:
            return self._rows(frame, rows)._only().rename(self._name)
        if columns is not None and not (isinstance(columns, slice) and columns == slice(None)):
            frame = frame[columns if isinstance(columns, list) else [columns]]
        if isinstance(rows, Series):
            frame = frame[rows]
        elif not (isinstance(rows, slice) and rows == slice(None)):
            frame = self._rows(frame, rows)
        return frame._only() if isinstance(columns, str) else frame

    def _rows(self, frame: Any, key: Any) -> DataFrame:
        if len(frame._index) != 1:
            raise UnsupportedError(
                "loc of a frame without an index is not supported; call set_index first, or take a mask"
            )
        if isinstance(key, list):
            return frame[frame.index.isin(key)]
        low, high = (key.start, key.stop) if isinstance(key, slice) else (key, key)
        solid = frame._solid()
        [index] = solid._index.values()
        if solid._rows.dtype(index).startswith(("timestamp", "date")):
            low, high = _point(low), _point(high, last=True)
        if solid._rows.frame.divisions() is not None:
            return solid._replace(rows=Rows(solid._rows.frame.loc(low, high)))
        if low is not None:
            solid = solid._filtered(index.binary(">=", low))
        return solid if high is None else solid._filtered(index.binary("<=", high))


def _point(value: Any, last: bool = False) -> Any:
    """A bound of the index. A text that says a day, a month or a year alone stands for all of it, as in pandas."""
    if not isinstance(value, str):
        return value
    try:
        import pandas as pd

        period: Any = pd.Period(value)
    except (ImportError, ValueError):
        return value
    at = period.end_time if last else period.start_time
    return at.floor("us") if last else at


def byte_count(size: Any) -> int:
    """A number of bytes, also written as ``"100MiB"``."""
    if isinstance(size, int):
        return size
    units = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9, "b": 1}
    text = str(size).strip().lower()
    for unit, scale in units.items():
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * scale)
    raise ArgumentError(f"{size!r} is no size; write it as '100MiB'")
