"""A column as the expressions of narwhals see it: an engine expression over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _blockfold as core
from ..dataframe._rows import Rows


class Column:
    """An expression over rows; aggregates in it are of all rows, or of the group that asks for it."""

    __slots__ = ("expr", "rows")

    def __init__(self, rows: Rows, expr: core.Expr):
        self.rows, self.expr = rows, expr

    @property
    def dtype(self) -> str:
        """The engine's name of the type."""
        if self.expr.is_row_wise:
            return self.rows.dtype(self.expr)
        return self.rows.frame.group_agg([], [self.expr.alias("x")]).schema()[0][1]

    def row_wise(self, keys: Sequence[core.Expr] = ()) -> Column:
        """The column without aggregates: each becomes one value for every row of its group."""
        if self.expr.is_row_wise:
            return self
        return Column(*self.rows.transform(keys, self.expr.without_alias()))

    def map(self, function: Callable[..., core.Expr], *others: Column) -> Column:
        """What a function of engine expressions gives for this column and others of the same rows."""
        rows = self.rows
        for other in others:
            rows = rows.meet(other.rows, "expression")
        made = function(self.expr.without_alias(), *(other.expr.without_alias() for other in others))
        return Column(*rows.short(made)) if made.is_row_wise else Column(rows, made)


def lit(value: Any) -> core.Expr:
    """One value for every row."""
    return core.Expr.lit(value)


def joined_texts(first: core.Expr, *others: core.Expr | str) -> core.Expr:
    """Texts one behind the other; null where any of them is."""
    for other in others:
        first = first.call("concat", [other])
    return first


def when(condition: core.Expr, value: Any, otherwise: Any = None) -> core.Expr:
    """A value where a condition holds, another one where it does not."""
    return core.Expr.case([(condition, value)], otherwise)


def present(expr: core.Expr) -> core.Expr:
    """Whether a value is not null."""
    return expr.is_null().invert()


def coalesce(*exprs: core.Expr) -> core.Expr:
    """The first value that is not null."""
    *first, last = exprs
    return core.Expr.case([(present(expr), expr) for expr in first], last) if first else last
