"""Windows of so many rows that end at each row.

Each is an expression over the row and the ones before, so that rows stay where they are and partitions meet without a
copy. That suits short windows; long ones are refused.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, NamedTuple

from .. import _blockfold as core
from ..exceptions import ArgumentError, UnsupportedError
from ._rows import Rows

#: Rows of the longest window.
MOST_ROWS = 64


class Window(NamedTuple):
    """The values of a window, how many are there, and their mean."""

    values: list[core.Expr]
    present: core.Expr
    mean: core.Expr


class Rolling:
    """Windows of rows, waiting for what to compute of each.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.from_dict({"x": [1.0, 2.0, 4.0]}).x.rolling(2).sum().compute().tolist()
    [nan, 3.0, 6.0]
    """

    __slots__ = ("_frame", "_is_series", "_least", "_rows")

    def __init__(self, frame: Any, window: Any, min_periods: int | None = None, is_series: bool = False):
        if not isinstance(window, int):
            raise UnsupportedError("rolling by a span of time is not supported; take resample, or a number of rows")
        if window < 1:
            raise ArgumentError(f"rolling: a window of {window} rows; take at least 1")
        if window > MOST_ROWS:
            raise UnsupportedError(
                f"rolling over more than {MOST_ROWS} rows is not supported; take differences of cumsum"
            )
        self._frame, self._rows, self._is_series = frame, window, is_series
        self._least = window if min_periods is None else min_periods

    def _each(self, combine: Any) -> Any:
        rows, columns = self._frame._rows, {}
        for label, expr in self._frame._columns.items():
            rows, expr = rows.row_wise(expr)
            expr = expr.cast("float64", True)
            values = [expr]
            for back in range(1, self._rows):
                rows, before = rows.window((), core.Window("shift", expr, back), ("shift", expr, back))
                values.append(before)
            rows, count = rows.keep(_count(values))
            rows, mean = rows.keep(_sum(values).binary("/", count))
            window = Window(values, count, mean)
            rows, made = combine(rows, window)
            columns[label] = core.Expr.case([(count.binary(">=", self._least), made)])
        made = self._frame._replace(columns, rows=rows)
        return made._only() if self._is_series else made

    def count(self) -> Any:
        """Number of values that are there, in windows of enough rows."""
        rows, columns = self._frame._rows, {}
        for label, expr in self._frame._columns.items():
            solid, expr = rows.row_wise(expr)
            rows, number = solid.window((), core.Window("row_number", expr), ("row_number", expr))
            values = [expr]
            for back in range(1, self._rows):
                rows, before = rows.window((), core.Window("shift", expr, back), ("shift", expr, back))
                values.append(before)
            count = _count(values).cast("float64", True)
            columns[label] = core.Expr.case([(number.binary(">=", self._least), count)])
        made = self._frame._replace(columns, rows=rows)
        return made._only() if self._is_series else made

    def sum(self) -> Any:
        """Sum of the values."""
        return self._each(lambda rows, window: (rows, _sum(window.values)))

    def mean(self) -> Any:
        """Mean of the values."""
        return self._each(lambda rows, window: (rows, window.mean))

    def min(self) -> Any:
        """Least value."""
        return self._each(lambda rows, window: _extreme(rows, window.values, "<=", float("inf")))

    def max(self) -> Any:
        """Greatest value."""
        return self._each(lambda rows, window: _extreme(rows, window.values, ">=", float("-inf")))

    def var(self, ddof: int = 1) -> Any:
        """Variance of the values."""
        return self._each(lambda rows, window: (rows, _var(window, ddof)))

    def std(self, ddof: int = 1) -> Any:
        """Standard deviation of the values."""
        return self._each(lambda rows, window: (rows, _var(window, ddof).call("sqrt", [])))


def _add(parts: list[core.Expr]) -> core.Expr:
    return reduce(lambda a, b: a.binary("+", b), parts)


def _present(value: core.Expr, then: Any, otherwise: Any) -> core.Expr:
    return core.Expr.case([(value.is_null().invert(), then)], otherwise)


def _count(values: list[core.Expr]) -> core.Expr:
    return _add([_present(value, 1, 0) for value in values])


def _sum(values: list[core.Expr]) -> core.Expr:
    return _add([_present(value, value, 0.0) for value in values])


def _var(window: Window, ddof: int) -> core.Expr:
    squares = []
    for value in window.values:
        off = value.binary("-", window.mean)
        squares.append(_present(value, off.binary("*", off), 0.0))
    free = window.present.binary("-", ddof)
    return core.Expr.case([(free.binary(">", 0), _add(squares).binary("/", free))])


def _extreme(rows: Rows, values: list[core.Expr], op: str, neutral: float) -> tuple[Rows, core.Expr]:
    """The best value, found in rounds of pairs; what a round makes is kept when it grows, since the next uses it twice."""
    left = [_present(value, value, neutral) for value in values]
    while len(left) > 1:
        pairs = [core.Expr.case([(a.binary(op, b), a)], b) for a, b in zip(left[::2], left[1::2], strict=False)]
        left = pairs + left[len(pairs) * 2 :]
        for at, expr in enumerate(left):
            rows, left[at] = rows.short(expr)
    return rows, left[0]
