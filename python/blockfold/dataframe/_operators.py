"""Operators of whole frames: with numbers, with frames of the same rows, with one value for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import ArgumentError, UnsupportedError
from ._base import Base
from ._named_operators import NamedOperators
from ._reductions import Totals
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame


class Operators(NamedOperators, Base):
    """Operators of frames, column by column.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [1.0, 2.0, 3.0], "y": [0.0, 5.0, 10.0]})
    >>> ((df - df.mean()) / df.std()).compute()["y"].tolist()
    [-1.0, 0.0, 1.0]
    """

    __slots__ = ()

    def _with_each(self, op: str, other: Any, reflected: bool = False) -> DataFrame:
        frame, made = self._self, {}
        rows = frame._rows
        for label in frame._columns:
            series = frame[label]._binary(op, self._of_column(other, label, op), reflected)
            rows = rows.meet(series._rows, op)
            made[label] = series._core
        return self._replace(made, rows=rows)

    @staticmethod
    def _of_column(other: Any, label: Any, op: str) -> Any:
        """What stands beside a column."""
        if isinstance(other, (Totals, Base)):
            have = other._values if isinstance(other, Totals) else other._columns
            if label not in have:
                raise ArgumentError(f"{op}: the right side has no {label!r}; select the columns that both have")
            return other[label] if isinstance(other, Totals) else other._self[label]
        if isinstance(other, Series) or (hasattr(other, "__len__") and not isinstance(other, (str, bytes))):
            raise UnsupportedError(
                f"{op} of a frame with a {type(other).__name__} is not supported; take it column by column"
            )
        return other

    def __add__(self, other: Any) -> DataFrame:
        return self._with_each("+", other)

    def __radd__(self, other: Any) -> DataFrame:
        return self._with_each("+", other, True)

    def __sub__(self, other: Any) -> DataFrame:
        return self._with_each("-", other)

    def __rsub__(self, other: Any) -> DataFrame:
        return self._with_each("-", other, True)

    def __mul__(self, other: Any) -> DataFrame:
        return self._with_each("*", other)

    def __rmul__(self, other: Any) -> DataFrame:
        return self._with_each("*", other, True)

    def __truediv__(self, other: Any) -> DataFrame:
        return self._with_each("/", other)

    def __rtruediv__(self, other: Any) -> DataFrame:
        return self._with_each("/", other, True)

    def __mod__(self, other: Any) -> DataFrame:
        return self._with_each("%", other)

    def __floordiv__(self, other: Any) -> DataFrame:
        return self._with_each("/", other)._each("floor")

    def __pow__(self, other: Any) -> DataFrame:
        return self._replace({label: (self._self[label] ** other)._core for label in self._columns})

    def __lt__(self, other: Any) -> DataFrame:
        return self._with_each("<", other)

    def __le__(self, other: Any) -> DataFrame:
        return self._with_each("<=", other)

    def __gt__(self, other: Any) -> DataFrame:
        return self._with_each(">", other)

    def __ge__(self, other: Any) -> DataFrame:
        return self._with_each(">=", other)

    def __eq__(self, other: Any) -> Any:
        return self._with_each("==", other)

    def __ne__(self, other: Any) -> Any:
        return self._with_each("!=", other)

    def __and__(self, other: Any) -> DataFrame:
        return self._with_each("&", other)

    def __or__(self, other: Any) -> DataFrame:
        return self._with_each("|", other)

    def __invert__(self) -> DataFrame:
        return self._replace({label: expr.invert() for label, expr in self._columns.items()})

    def __neg__(self) -> DataFrame:
        return self._replace({label: expr.negate() for label, expr in self._columns.items()})

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise ValueError("a frame has no truth value; use empty, or any() and all()")
