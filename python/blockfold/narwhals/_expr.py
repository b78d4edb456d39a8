"""Expressions: operators, and functions of each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from narwhals._utils import length_changing_hint, not_implemented

from .. import _blockfold as core
from ._aggregates import Aggregates
from ._column import Column, coalesce, lit, when
from ._dtypes import engine_dtype, is_whole
from ._running import Running
from ._text import TextNamespace
from ._time import TimeNamespace

if TYPE_CHECKING:
    from typing import Self

    from ._frame import LazyFrame


class Expr(Aggregates, Running):
    """What to compute of columns."""

    def __narwhals_namespace__(self) -> Any:
        from ._namespace import Namespace

        return Namespace(version=self._version)

    # ---- operators

    def _operator(self, op: str, other: Any, reflected: bool = False) -> Self:
        return self._elementwise(lambda left, right: left.binary(op, right, reflected), other)

    def _reflected(self, op: str, other: Any) -> Self:
        return self._operator(op, other, True).alias("literal")

    def __eq__(self, other: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._operator("==", other)

    def __ne__(self, other: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._operator("!=", other)

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Any) -> Self:
        return self._operator("<", other)

    def __le__(self, other: Any) -> Self:
        return self._operator("<=", other)

    def __gt__(self, other: Any) -> Self:
        return self._operator(">", other)

    def __ge__(self, other: Any) -> Self:
        return self._operator(">=", other)

    def __add__(self, other: Any) -> Self:
        return self._typed(_sum_or_text, other)

    def __sub__(self, other: Any) -> Self:
        return self._operator("-", other)

    def __rsub__(self, other: Any) -> Self:
        return self._reflected("-", other)

    def __mul__(self, other: Any) -> Self:
        return self._operator("*", other)

    def __truediv__(self, other: Any) -> Self:
        return self._operator("/", other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._reflected("/", other)

    def __floordiv__(self, other: Any) -> Self:
        return self._typed(_floor_divided, other)

    def __rfloordiv__(self, other: Any) -> Self:
        return self._typed(lambda own, other: _floor_divided(other, own), other).alias("literal")

    def __mod__(self, other: Any) -> Self:
        return self._elementwise(_remainder, other)

    def __rmod__(self, other: Any) -> Self:
        return self._elementwise(lambda own, other: _remainder(other, own), other).alias("literal")

    def __pow__(self, other: Any) -> Self:
        return self._elementwise(lambda base, power: base.call("pow", [power]), other)

    def __rpow__(self, other: Any) -> Self:
        return self._elementwise(lambda power, base: base.call("pow", [power]), other).alias("literal")

    def __and__(self, other: Any) -> Self:
        return self._operator("&", other)

    def __or__(self, other: Any) -> Self:
        return self._operator("|", other)

    def __xor__(self, other: Any) -> Self:
        return self._elementwise(lambda a, b: a.binary("|", b).binary("&", a.binary("&", b).invert()), other)

    def __invert__(self) -> Self:
        return self._elementwise(lambda expr: expr.invert())

    def __neg__(self) -> Self:
        return self._elementwise(lambda expr: expr.negate())

    # ---- functions of each value

    def _function(self, name: str) -> Self:
        return self._elementwise(lambda expr: expr.call(name, []))

    def abs(self) -> Self:
        return self._function("abs")

    def floor(self) -> Self:
        return self._function("floor")

    def ceil(self) -> Self:
        return self._function("ceil")

    def exp(self) -> Self:
        return self._function("exp")

    def sqrt(self) -> Self:
        return self._function("sqrt")

    def sin(self) -> Self:
        return self._function("sin")

    def cos(self) -> Self:
        return self._function("cos")

    def round(self, decimals: int) -> Self:
        return self._elementwise(lambda expr: expr.call("round", [decimals]))

    def log(self, base: float) -> Self:
        from math import log

        return self._elementwise(lambda expr: expr.call("log", []).binary("/", log(base)))

    def is_null(self) -> Self:
        return self._elementwise(lambda expr: expr.is_null())

    def is_nan(self) -> Self:
        return self._function("is_nan")

    def is_finite(self) -> Self:
        return self._function("is_finite")

    def is_in(self, other: Sequence[Any]) -> Self:
        values = list(other)
        return self._elementwise(lambda expr: expr.is_in(values))

    def fill_nan(self, value: float | None) -> Self:
        return self._elementwise(lambda expr: when(coalesce(expr.call("is_nan", []), lit(False)), value, expr))

    def fill_null(self, value: Any, strategy: str | None, limit: int | None) -> Self:
        if strategy is None:
            return self._elementwise(coalesce, value)
        if limit is not None:
            raise NotImplementedError("fill_null with a limit is not supported; leave limit out")
        return self._running("forward_fill" if strategy == "forward" else "backward_fill")

    def clip(self, lower_bound: Any, upper_bound: Any) -> Self:
        return self._elementwise(lambda expr, low, high: expr.call("clip", [low, high]), lower_bound, upper_bound)

    def clip_lower(self, lower_bound: Any) -> Self:
        return self._elementwise(lambda expr, low: when(expr.binary("<", low), low, expr), lower_bound)

    def clip_upper(self, upper_bound: Any) -> Self:
        return self._elementwise(lambda expr, high: when(expr.binary(">", high), high, expr), upper_bound)

    def cast(self, dtype: Any) -> Self:
        name = engine_dtype(dtype)
        return self._elementwise(lambda expr: expr.cast(name, True))

    def replace_strict(self, default: Any, old: Sequence[Any], new: Sequence[Any], *, return_dtype: Any) -> Self:
        if not hasattr(default, "_call"):
            raise ValueError("replace_strict of a lazy frame needs default=, since values are not known before the run")

        def replaced(expr: core.Expr, otherwise: core.Expr) -> core.Expr:
            cases = [
                (expr.is_null() if key is None else expr.binary("==", key), value)
                for key, value in zip(old, new, strict=True)
            ]
            made = core.Expr.case(cases, otherwise) if cases else otherwise
            return made if return_dtype is None else made.cast(engine_dtype(return_dtype), True)

        return self._elementwise(replaced, default)

    # ---- functions of kinds of values

    @property
    def str(self) -> Any:
        return TextNamespace(self)

    @property
    def dt(self) -> Any:
        return TimeNamespace(self)

    list = not_implemented()  # type: ignore[assignment]
    map = not_implemented()  # type: ignore[assignment]
    struct = not_implemented()  # type: ignore[assignment]

    drop_nulls = not_implemented(  # type: ignore[assignment]
        hint=length_changing_hint(instead_of="lf.select(nw.col('a').drop_nulls())", use="lf.drop_nulls('a')")
    )
    filter = not_implemented(  # type: ignore[assignment]
        hint=length_changing_hint(
            instead_of="lf.select(nw.col('a').filter(nw.col('b') > 0))", use="lf.filter(nw.col('b') > 0)"
        )
    )
    unique = not_implemented(  # type: ignore[assignment]
        hint=length_changing_hint(instead_of="lf.select(nw.col('a').unique())", use="lf.select('a').unique()")
    )

    def over(self, partition_by: Sequence[Any], order_by: Sequence[str]) -> Self:
        """The same within groups, and in an order."""

        def call(df: LazyFrame) -> list[Column]:
            return self(df.over(partition_by, order_by))

        return self._like(call)


def _sum_or_text(own: Column, other: Column) -> core.Expr:
    is_text = own.dtype == "string" and other.dtype == "string"
    return own.expr.call("concat", [other.expr]) if is_text else own.expr.binary("+", other.expr)


def _floor_divided(own: Column, other: Column) -> core.Expr:
    """As Python has it; null where a whole number is divided by 0."""
    if not (is_whole(own.dtype) and is_whole(other.dtype)):
        return own.expr.binary("/", other.expr).call("floor", [])
    a, b = own.expr.cast("int64", True), other.expr.cast("int64", True)
    # Floats divide large numbers about right; what is left over is small, and tells how far off.
    about = when(b.binary("!=", 0), a.binary("/", b).call("floor", [])).cast("int64", True)
    left_over = a.binary("-", about.binary("*", b))
    made = about.binary("+", left_over.binary("/", b).call("floor", []).cast("int64", True))
    return made.cast(own.dtype, True) if own.dtype == other.dtype else made


def _remainder(own: core.Expr, other: core.Expr) -> core.Expr:
    """With the sign of the divisor, as Python has it."""
    return own.binary("%", other).binary("+", other).binary("%", other)
