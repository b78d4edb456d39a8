"""Groups and windows as Polars has them: keys become columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError
from ..expr import Expr
from ._rows import Rows

if TYPE_CHECKING:
    from ..expr import WindowExpr
    from ._frame import DataFrame


class KeyedFrame:
    """Rows grouped by keys, waiting for what to compute of each group."""

    __slots__ = ("_frame", "_keys")

    def __init__(self, frame: DataFrame, keys: dict[Any, core.Expr]):
        if not keys:
            raise ArgumentError("group_by: no keys were given; take select for aggregates of all rows")
        self._frame, self._keys = frame, keys

    def agg(self, *exprs: Any, **named: Any) -> DataFrame:
        """One row for each group: its keys, and what expressions make of its rows.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.group_by("k").agg(bf.col("x").max() - bf.col("x").min(), rows=bf.len()).compute()
           k  x  rows
        0  a  2     2
        1  b  0     1
        """
        from ._frame import DataFrame

        made = self._frame._named(exprs, named)
        keys = [expr.alias(str(name)) for name, expr in self._keys.items()]
        aggs = [expr.alias(str(name)) for name, expr in made.items()]
        return DataFrame._of(self._frame._rows.frame.group_agg(keys, aggs))

    def head(self, n: int = 5) -> DataFrame:
        """The first `n` rows of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.group_by("k").head(1))
        2
        """
        frame = self._frame._rows.frame.group_top(list(self._keys.values()), n, [])
        return self._frame._row_wise()._replace(rows=Rows(frame))

    def len(self, name: str = "len") -> DataFrame:
        """Number of rows of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.group_by("k").len().sort("k").compute()["len"].tolist()
        [2, 1]
        """
        from ..expr import len as rows

        return self.agg(rows().alias(name))

    def __repr__(self) -> str:
        return f"<blockfold.KeyedFrame: {', '.join(map(str, self._keys))}>"


def with_window(frame: DataFrame, window: WindowExpr) -> DataFrame:
    """The frame with a window's values as a column."""
    keys = list(frame._named(window._keys, {}).values()) if window._keys else []
    made = window._window
    if isinstance(made, core.Expr):
        expr = frame._resolve(Expr(made))
        name = window._name or made.name
        rows, column = frame._rows.transform(keys, expr.without_alias())
        return frame._replace({**frame._columns, name: column}, rows=rows)
    # The window names columns of the frame: it runs over these.
    solid = frame._solid()
    names = solid._native_labels()
    keys = [core.Expr.col(names[key.name]) if key.name in names else key for key in keys]
    if window._order:
        order = [(solid._label(key, "order_by"), False, False) for key in window._order]
        made = made.order_by(order)
    name = window._name or made.name
    native = solid._rows.frame.with_window(keys, [made.alias(name)])
    return solid._replace({**solid._columns, name: core.Expr.col(name)}, rows=Rows(native))
