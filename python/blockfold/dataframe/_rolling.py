"""Windows of so many rows that end at each row.

Each is an expression over the row and the ones before, so that rows stay where they are and partitions meet without a
copy. That suits short windows; long ones are refused.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, UnsupportedError

#: Rows of the longest window.
MOST_ROWS = 64


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
            columns[label] = self._enough(values, combine(values))
        made = self._frame._replace(columns, rows=rows)
        return made._only() if self._is_series else made

    def _enough(self, values: list[core.Expr], result: core.Expr) -> core.Expr:
        """Null where too few values are there."""
        return core.Expr.case([(_count(values).binary(">=", self._least), result)])

    def count(self) -> Any:
        """Number of values that are there."""
        return self._each(lambda values: _count(values).cast("float64", True))

    def sum(self) -> Any:
        """Sum of the values."""
        return self._each(_sum)

    def mean(self) -> Any:
        """Mean of the values."""
        return self._each(_mean)

    def min(self) -> Any:
        """Least value."""
        return self._each(lambda values: reduce(lambda a, b: _better(a, b, "<="), values))

    def max(self) -> Any:
        """Greatest value."""
        return self._each(lambda values: reduce(lambda a, b: _better(a, b, ">="), values))

    def var(self, ddof: int = 1) -> Any:
        """Variance of the values."""
        return self._each(lambda values: _var(values, ddof))

    def std(self, ddof: int = 1) -> Any:
        """Standard deviation of the values."""
        return self._each(lambda values: _var(values, ddof).call("sqrt", []))


def _add(parts: list[core.Expr]) -> core.Expr:
    return reduce(lambda a, b: a.binary("+", b), parts)


def _present(value: core.Expr, then: Any, otherwise: Any) -> core.Expr:
    return core.Expr.case([(value.is_null().invert(), then)], otherwise)


def _count(values: list[core.Expr]) -> core.Expr:
    return _add([_present(value, 1, 0) for value in values])


def _sum(values: list[core.Expr]) -> core.Expr:
    return _add([_present(value, value, 0.0) for value in values])


def _mean(values: list[core.Expr]) -> core.Expr:
    return _sum(values).binary("/", _count(values))


def _var(values: list[core.Expr], ddof: int) -> core.Expr:
    mean = _mean(values)
    squares = []
    for value in values:
        off = value.binary("-", mean)
        squares.append(_present(value, off.binary("*", off), 0.0))
    free = _count(values).binary("-", ddof)
    return core.Expr.case([(free.binary(">", 0), _add(squares).binary("/", free))])


def _better(a: core.Expr, b: core.Expr, op: str) -> core.Expr:
    """The better of two values, of which either may be null."""
    chosen = core.Expr.case([(a.binary(op, b), a)], b)
    return core.Expr.case([(a.is_null(), b), (b.is_null(), a)], chosen)
