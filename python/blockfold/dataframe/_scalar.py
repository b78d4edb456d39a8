"""Single values: aggregates of columns."""

from __future__ import annotations

from typing import Any

from .. import _blockfold as core
from .._collection import Collection
from .._columns import ColumnOps
from ._rows import Rows


class Scalar(Collection):
    """A lazy single value, as an aggregate of a column.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [1, 2, 3]})
    >>> (df.x.sum() / df.x.count()).compute()
    2.0
    """

    __slots__ = ("_core", "_rows")

    def __init__(self, rows: Rows, expr: core.Expr):
        self._rows, self._core = rows, expr

    def __reduce__(self) -> Any:
        return Scalar._again, (self._rows.frame, self._core)

    @classmethod
    def _again(cls, frame: core.LazyFrame, expr: core.Expr) -> Scalar:
        return cls(Rows(frame), expr)

    def _beside(self, rows: Rows, op: str) -> tuple[Rows, core.Expr]:
        """Rows that have the value beside each of them."""
        if rows.root is self._rows.root:
            meeting = rows.meet(self._rows, op)
            return meeting.transform((), self._core)
        # Of other rows: the value itself, computed now.
        return rows, core.Expr.lit(self.compute())

    def _binary(self, op: str, other: Any, reflected: bool = False) -> Any:
        if isinstance(other, ColumnOps):
            return NotImplemented
        rows, operand = self._rows, other
        if isinstance(other, Scalar):
            if other._rows.root is self._rows.root:
                rows, operand = self._rows.meet(other._rows, op), other._core
            else:
                operand = other.compute()
        return Scalar(rows, self._core.binary(op, operand, reflected))

    def __add__(self, other: Any) -> Any:
        return self._binary("+", other)

    def __radd__(self, other: Any) -> Any:
        return self._binary("+", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._binary("-", other)

    def __rsub__(self, other: Any) -> Any:
        return self._binary("-", other, True)

    def __mul__(self, other: Any) -> Any:
        return self._binary("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self._binary("*", other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._binary("/", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary("/", other, True)

    def __lt__(self, other: Any) -> Any:
        return self._binary("<", other)

    def __le__(self, other: Any) -> Any:
        return self._binary("<=", other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(">", other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(">=", other)

    def __eq__(self, other: Any) -> Any:
        return self._binary("==", other)

    def __ne__(self, other: Any) -> Any:
        return self._binary("!=", other)

    def __hash__(self) -> int:
        return id(self)

    def __pow__(self, other: float) -> Scalar:
        return Scalar(self._rows, self._core.call("pow", [other]))

    def __neg__(self) -> Scalar:
        return Scalar(self._rows, self._core.negate())

    def round(self, decimals: int = 0) -> Scalar:
        """The value rounded to decimals.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.mean().round(1).compute()
        2.0
        """
        return Scalar(self._rows, self._core.call("round", [decimals]))

    def compute(self, **_: Any) -> Any:
        """The value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.sum().compute()
        6
        """
        return self._rows.frame.group_agg([], [self._core.alias("value")]).collect().to_list("value")[0]

    def persist(self) -> Any:
        """The value, as `compute` gives it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.sum().persist()
        6
        """
        return self.compute()

    def __float__(self) -> float:
        return float(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __bool__(self) -> bool:
        return bool(self.compute())

    def __repr__(self) -> str:
        return f"<blockfold.Scalar: {self._core!r}>".replace("\x00", "")
