"""Aggregates along rows: one value for each row, of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from .. import _blockfold as core
from ..exceptions import UnsupportedError
from ._rows import Rows

Exprs = Sequence[core.Expr]


def along(name: str, rows: Rows, exprs: Exprs, ddof: float = 1) -> tuple[Rows, core.Expr]:
    """An aggregate of the columns of each row; what is null is passed over, as pandas does."""
    there = _add([_case(expr.is_null(), 0, 1) for expr in exprs])
    if name == "count":
        return rows, there
    if name in ("min", "max"):
        op = "<=" if name == "min" else ">="
        return rows, reduce(
            lambda a, b: core.Expr.case([(a.is_null(), b), (b.is_null(), a), (a.binary(op, b), a)], b), exprs
        )
    if name in ("any", "all"):
        op, neutral = ("|", False) if name == "any" else ("&", True)
        truths = [_case(expr.is_null(), neutral, expr.cast("bool", True)) for expr in exprs]
        return rows, reduce(lambda a, b: a.binary(op, b), truths)
    total = _add([_case(expr.is_null(), 0, expr) for expr in exprs])
    if name == "sum":
        return rows, total
    mean = core.Expr.case([(there.binary(">", 0), total.binary("/", there))])
    if name == "mean":
        return rows, mean
    if name not in ("var", "std"):
        raise UnsupportedError(f"{name} along rows is not supported; take map_partitions, or melt and groupby")
    rows, mean = rows.keep(mean)
    squares = [expr.binary("-", mean).binary("*", expr.binary("-", mean)) for expr in exprs]
    spread = _add([_case(expr.is_null(), 0.0, square) for expr, square in zip(exprs, squares, strict=True)])
    free = there.binary("-", int(ddof))
    variance = core.Expr.case([(free.binary(">", 0), spread.binary("/", free))])
    return rows, variance if name == "var" else variance.call("sqrt", [])


def _case(condition: core.Expr, value: object, otherwise: object) -> core.Expr:
    return core.Expr.case([(condition, value)], otherwise)


def _add(parts: Exprs) -> core.Expr:
    return reduce(lambda a, b: a.binary("+", b), parts)
