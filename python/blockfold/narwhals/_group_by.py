"""Groups: one row for each, of its keys and of what expressions make of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from narwhals._compliant.group_by import ParseKeysGroupBy

from .. import _blockfold as core
from ..dataframe._frame import DataFrame
from ._column import Column
from ._frame import LazyFrame
from ._scope import Scope


class GroupBy(ParseKeysGroupBy):
    """Rows grouped by keys, waiting for ``agg``."""

    def __init__(self, df: LazyFrame, keys: Any, /, *, drop_null_keys: bool):
        frame, self._keys, self._names = self._parse_keys(df, keys)
        self._compliant_frame: LazyFrame = frame.drop_nulls(self._keys) if drop_null_keys else frame

    def agg(self, *exprs: Any) -> LazyFrame:
        """One row for each group."""
        frame = self._compliant_frame
        keys = [frame.column(name) for name in self._keys]
        grouped = frame.within(Scope(keys=tuple(key.expr for key in keys)))
        rows, aggs = frame.rows, []
        for name, column in self._evaluated(grouped, exprs):
            rows = rows.meet(column.rows, "agg")
            aggs.append(column.expr.without_alias().alias(name))
        native = rows.frame.group_agg([key.expr.alias(name) for key, name in zip(keys, self._names, strict=True)], aggs)
        names = [name for name, _ in native.schema()]
        return frame._with_native(DataFrame._of(native.select([core.Expr.col(name) for name in names])))

    def _evaluated(self, frame: LazyFrame, exprs: Any) -> Iterator[tuple[str, Column]]:
        for expr in exprs:
            # Of all columns, those are meant that are not keys.
            left_out = {*self._keys, *self._names} if expr._metadata.expansion_kind.is_multi_unnamed() else set()
            names = expr._evaluate_output_names(frame)
            for name, alias, column in zip(names, expr._evaluate_aliases(frame), expr(frame), strict=True):
                if name not in left_out:
                    yield alias, column
