"""Windows that end at each row: of so many rows, or of a span of time.

The engine holds the values of one window and streams by, so that rows stay where they are.
"""

from __future__ import annotations

from typing import Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, UnsupportedError

#: Rows of the longest window; the engine holds no more.
MOST_ROWS = 2**18


class Rolling:
    """Windows of rows, waiting for what to compute of each.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.from_dict({"x": [1.0, 2.0, 4.0]}).x.rolling(2).sum().compute().tolist()
    [nan, 3.0, 6.0]
    >>> df = bf.datasets.timeseries(end="2000-01-02", freq="1h")
    >>> df.x.rolling("3h").count().compute().tolist()[:4]
    [1.0, 2.0, 3.0, 3.0]
    """

    __slots__ = ("_extent", "_frame", "_is_series", "_least", "_time")

    def __init__(
        self, frame: Any, window: Any, min_periods: int | None = None, is_series: bool = False, on: Any = None
    ):
        is_rows = isinstance(window, int) and not isinstance(window, bool)
        self._extent = _rows(window) if is_rows else _nanoseconds(window)
        self._time = None if is_rows else _time(frame, on)
        least = (window if is_rows else 1) if min_periods is None else min_periods
        if not isinstance(least, int) or least < 0 or (is_rows and least > window):
            raise ArgumentError(f"rolling: min_periods={least!r}; take a number of rows up to that of the window")
        self._frame, self._least, self._is_series = frame, least, is_series

    def _each(self, statistic: str, ddof: int = 1, of: Any = None) -> Any:
        if not isinstance(ddof, int) or not 0 <= ddof < 256:
            raise ArgumentError(f"rolling: ddof={ddof!r}; take 0 or 1")
        rows, columns = self._frame._rows, {}
        for label, expr in self._frame._columns.items():
            rows, expr = rows.row_wise(expr if of is None else of(expr))
            what = (statistic, self._extent, self._least, ddof, self._time)
            rows, columns[label] = rows.window((), core.Window.rolling(expr, *what), ("rolling", expr, *what))
        made = self._frame._replace(columns, rows=rows)
        return made._only() if self._is_series else made

    def count(self) -> Any:
        """Number of values that are there, in windows of enough rows."""
        return self._each("sum", of=lambda expr: core.Expr.case([(expr.is_null(), 0)], 1))

    def sum(self) -> Any:
        """Sum of the values."""
        return self._each("sum")

    def mean(self) -> Any:
        """Mean of the values."""
        return self._each("mean")

    def min(self) -> Any:
        """Least value."""
        return self._each("min")

    def max(self) -> Any:
        """Greatest value."""
        return self._each("max")

    def var(self, ddof: int = 1) -> Any:
        """Variance of the values."""
        return self._each("var", ddof)

    def std(self, ddof: int = 1) -> Any:
        """Standard deviation of the values."""
        return self._each("std", ddof)


def _rows(window: int) -> int:
    if not 1 <= window <= MOST_ROWS:
        raise ArgumentError(f"rolling: a window of {window} rows; take 1 to {MOST_ROWS}")
    return window


def _nanoseconds(window: Any) -> int:
    import pandas as pd

    try:
        span = pd.Timedelta(getattr(window, "freqstr", window))
        nanoseconds = span.as_unit("ns").value
    except (ValueError, TypeError, OverflowError) as error:
        raise ArgumentError(f"rolling: {window!r} is neither a number of rows nor a span of time, as '7D'") from error
    if pd.isna(span) or nanoseconds <= 0:
        raise ArgumentError(f"rolling: a window of {window!r}; a span of time is longer than nothing")
    return nanoseconds


def _time(frame: Any, on: Any) -> core.Expr:
    """When rows are: the index, or a column."""
    if on is None and len(frame._index) != 1:
        raise UnsupportedError("rolling by a span of time needs an index of times; call set_index, or say on=")
    time = next(iter(frame._index.values())) if on is None else frame._label(on, "rolling")
    dtype = frame._rows.dtype(time)
    if not dtype.startswith(("timestamp", "date")):
        raise ArgumentError(f"rolling by a span of time needs times; the index is of {dtype}")
    return time
