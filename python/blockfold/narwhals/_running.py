"""Running functions: values made of the rows before each row, in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..dataframe._along import along
from ..dataframe._rows import Rows
from ._column import present, when
from ._evaluation import Evaluation
from ._scope import Scope, sort_keys

if TYPE_CHECKING:
    from typing import Self

    from ._frame import LazyFrame


class Running(Evaluation):
    """Running functions of expressions."""

    def _running(self, function: str, rows: int = 1, reverse: bool = False) -> Self:
        def step(base: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            return windowed(base, expr, df.scope, function, rows, reverse)

        return self._stepwise(step)

    def cum_sum(self, *, reverse: bool) -> Self:
        return self._running("cum_sum", reverse=reverse)

    def cum_prod(self, *, reverse: bool) -> Self:
        return self._running("cum_prod", reverse=reverse)

    def cum_min(self, *, reverse: bool) -> Self:
        return self._running("cum_min", reverse=reverse)

    def cum_max(self, *, reverse: bool) -> Self:
        return self._running("cum_max", reverse=reverse)

    def cum_count(self, *, reverse: bool) -> Self:
        return self._running("cum_count", reverse=reverse)

    def shift(self, n: int) -> Self:
        return self._running("shift", n)

    def diff(self) -> Self:
        return self._running("diff")

    def rank(self, method: Any, *, descending: bool) -> Self:
        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            if df.scope.order:
                raise NotImplementedError("rank in another order is not supported; leave order_by out")
            window = core.Window.rank(expr, method, descending)
            rows, ranks = rows.window(df.scope.keys, window, ("rank", expr, method, descending))
            return rows, when(present(expr), ranks)

        return self._stepwise(step)

    def is_unique(self) -> Self:
        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            rows, count = rows.transform((*df.scope.keys, expr), core.Expr.len())
            return rows, count.binary("==", 1)

        return self._stepwise(step)

    def is_first_distinct(self) -> Self:
        return self._is_end(reverse=False)

    def is_last_distinct(self) -> Self:
        return self._is_end(reverse=True)

    def _is_end(self, reverse: bool) -> Self:
        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            within = df.scope._replace(keys=(*df.scope.keys, expr))
            rows, number = windowed(rows, expr, within, "row_number", reverse=reverse)
            return rows, number.binary("==", 1)

        return self._stepwise(step)

    # ---- windows of so many rows

    def rolling_sum(self, window_size: int, *, min_samples: int, center: bool) -> Self:
        return self._rolling("sum", window_size, min_samples, center)

    def rolling_mean(self, window_size: int, *, min_samples: int, center: bool) -> Self:
        return self._rolling("mean", window_size, min_samples, center)

    def rolling_var(self, window_size: int, *, min_samples: int, center: bool, ddof: int) -> Self:
        return self._rolling("var", window_size, min_samples, center, ddof)

    def rolling_std(self, window_size: int, *, min_samples: int, center: bool, ddof: int) -> Self:
        return self._rolling("std", window_size, min_samples, center, ddof)

    def _rolling(self, statistic: str, size: int, least: int, center: bool, ddof: int = 1) -> Self:
        ahead = (size - 1) // 2 if center else 0

        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            if not ahead:
                window = core.Window.rolling(expr, statistic, size, least, ddof)
                return ordered(rows, df.scope, window, ("rolling", expr, statistic, size, least, ddof))
            values = []
            for at in range(-ahead, size - ahead):
                rows, value = windowed(rows, expr, df.scope, "shift", at) if at else (rows, expr)
                values.append(value)
            rows, made = along("count", rows, values)
            rows, count = rows.keep(made)
            rows, made = along(statistic, rows, values, ddof)
            return rows, when(count.binary(">=", least), made)

        return self._stepwise(step)


def windowed(
    rows: Rows, expr: core.Expr, scope: Scope, function: str, number: int = 1, reverse: bool = False
) -> tuple[Rows, core.Expr]:
    """A window function within the groups of a scope and in its order, which can be gone through from its end."""
    if reverse and not scope.order:
        raise NotImplementedError(f"{function} from the last row on needs an order; pass order_by to over")
    return ordered(rows, scope, core.Window(function, expr, number), (function, expr, number), reverse)


def ordered(
    rows: Rows, scope: Scope, window: core.Window, what: tuple[Any, ...], reverse: bool = False
) -> tuple[Rows, core.Expr]:
    """A window within the groups of a scope and in its order; `what` tells windows apart."""
    if scope.order:
        window = window.order_by(sort_keys(scope.order, reverse))
    return rows.window(scope.keys, window, (*what, scope.order, reverse))
