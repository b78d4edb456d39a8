"""Aggregates: one value of all rows, or of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..dataframe._rows import Rows
from ._column import coalesce, lit, when
from ._evaluation import Evaluation
from ._scope import sort_keys

if TYPE_CHECKING:
    from typing import Self

    from ._frame import LazyFrame


class Aggregates(Evaluation):
    """Aggregates of expressions."""

    def _named(self, name: str, number: float = 0.0, interpolation: str = "linear") -> Self:
        return self._aggregate(lambda expr: expr.aggregate(name, number, interpolation))

    def sum(self) -> Self:
        return self._aggregate(lambda expr: coalesce(expr.aggregate("sum"), lit(0)))

    def mean(self) -> Self:
        return self._named("mean")

    def median(self) -> Self:
        return self._named("median")

    def min(self) -> Self:
        return self._named("min")

    def max(self) -> Self:
        return self._named("max")

    def std(self, *, ddof: int) -> Self:
        return self._named("std", ddof)

    def var(self, *, ddof: int) -> Self:
        return self._named("var", ddof)

    def quantile(self, quantile: float, interpolation: Any) -> Self:
        return self._named("quantile", quantile, interpolation)

    def count(self) -> Self:
        return self._named("count")

    def len(self) -> Self:
        return self._aggregate(lambda _: core.Expr.len())

    def null_count(self) -> Self:
        return self._named("null_count")

    def n_unique(self) -> Self:
        """Number of different values, null among them."""

        def made(expr: core.Expr) -> core.Expr:
            some_null = when(expr.aggregate("null_count").binary(">", 0), 1, 0)
            return expr.aggregate("n_unique").cast("int64", True).binary("+", some_null)

        return self._aggregate(made)

    def all(self) -> Self:
        return self._aggregate(lambda expr: coalesce(expr.aggregate("all"), lit(True)))

    def any(self) -> Self:
        return self._aggregate(lambda expr: coalesce(expr.aggregate("any"), lit(False)))

    def any_value(self, *, ignore_nulls: bool) -> Self:
        return self._named("min" if ignore_nulls else "first")

    def mode(self, *, keep: str) -> Self:
        if keep != "any":
            raise NotImplementedError("mode of all values that are most frequent is not supported; take keep='any'")
        return self._named("mode")

    def first(self, order_by: Sequence[str] = ()) -> Self:
        return self._at_end(tuple(order_by), is_last=False)

    def last(self, order_by: Sequence[str] = ()) -> Self:
        return self._at_end(tuple(order_by), is_last=True)

    def _at_end(self, order_by: tuple[str, ...], is_last: bool) -> Self:
        """The value of the first row of an order, or of the last one."""

        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            order = tuple(df.column(name).expr for name in order_by) or df.scope.order
            if not order:
                return df.grouped(rows, expr.aggregate("last" if is_last else "first"))
            window = core.Window("row_number", expr).order_by(sort_keys(order, is_last))
            rows, number = rows.window(df.scope.keys, window, ("end", order, is_last))
            return df.grouped(rows, when(number.binary("==", 1), expr).aggregate("max"))

        return self._stepwise(step)

    def skew(self) -> Self:
        """The skewness, biased as in Polars."""
        return self._moment(3, lambda value: value)

    def kurtosis(self) -> Self:
        """The excess kurtosis, biased as in Polars."""
        return self._moment(4, lambda value: value.binary("-", 3.0))

    def _moment(self, order: int, finish: Any) -> Self:
        """A central moment as a share of the variance, to its power."""

        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            rows, mean = rows.transform(df.scope.keys, expr.aggregate("mean"))
            apart = expr.binary("-", mean)
            square = apart.binary("*", apart)
            power = square.binary("*", apart if order == 3 else square)
            spread = square.aggregate("mean").call("pow", [order / 2])
            return df.grouped(rows, finish(power.aggregate("mean").binary("/", spread)))

        return self._stepwise(step)
