"""Expressions over a frame, as Polars' users write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..exceptions import ArgumentError
from ..expr import Expr, WindowExpr, as_expr, flatten
from ._base import Base, Columns
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame
    from ._polars import KeyedFrame


class Expressions(Base):
    """Verbs of a frame that take expressions."""

    __slots__ = ()

    def select(self, *exprs: Any, **named: Any) -> DataFrame:
        """Columns that expressions compute, and no others; aggregates alone give one row. The index is left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select("k", (bf.col("x") * 2).alias("y")).compute()["y"].tolist()
        [2, 4, 6]
        """
        made = self._named(exprs, named)
        if made and not any(expr.is_row_wise for expr in made.values()):
            frame = self._rows.frame.group_agg([], [expr.alias(str(name)) for name, expr in made.items()])
            return self._of(frame)
        rows = self._rows
        for name, expr in made.items():
            rows, made[name] = rows.row_wise(expr)
        return self._replace(made, {}, rows)

    def with_columns(self, *exprs: Any, **named: Any) -> DataFrame:
        """The frame with columns that expressions compute added or replaced.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.with_columns(y=bf.col("x") * 2).compute()["y"].tolist()
        [2, 4, 6]
        """
        frame = self._self
        plain: list[Any] = []
        for expr in flatten(exprs):
            if isinstance(expr, WindowExpr):
                frame = frame._windowed(expr)
            else:
                plain.append(expr)
        for name, expr in list(named.items()):
            if isinstance(expr, WindowExpr):
                frame = frame._windowed(named.pop(name).alias(name))
        made = self._named(plain, named)
        rows, columns = frame._rows, dict(frame._columns)
        for name, expr in made.items():
            rows, columns[name] = rows.row_wise(expr)
        return frame._replace(columns, rows=rows)

    def _windowed(self, window: WindowExpr) -> DataFrame:
        from ._polars import with_window

        return with_window(self._self, window)

    def _named(self, exprs: Iterable[Any], named: Mapping[str, Any]) -> Columns:
        made: Columns = {}
        for expr in flatten(exprs):
            expr = self._self[expr] if isinstance(expr, str) else expr
            name = expr.name if isinstance(expr, (Expr, Series)) else str(expr)
            if name in made:
                raise ArgumentError(f"two columns would be called {name!r}; give one of them an alias")
            made[name] = self._label(expr, "select") if isinstance(expr, Series) else self._resolve(as_expr(expr))
        for name, expr in named.items():
            made[name] = self._resolve(as_expr(expr))
        return {name: expr.without_alias() for name, expr in made.items()}

    def filter(self, *predicates: Any, items: Any = None) -> DataFrame:
        """Rows where all predicates hold; with ``items=``, columns of these labels, as in pandas.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.filter(bf.col("x") > 1, bf.col("k") == "a").compute()["x"].tolist()
        [3]
        """
        if items is not None:
            return self._self[[label for label in items if label in self._columns]]
        frame = self._self
        for predicate in flatten(predicates):
            frame = (
                frame[predicate]
                if isinstance(predicate, Series)
                else frame._filtered(frame._resolve(as_expr(predicate)))
            )
        return frame

    def group_by(self, *keys: Any) -> KeyedFrame:
        """Groups for ``agg`` with expressions; keys become columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.group_by("k").agg(bf.col("x").sum()).sort("k").compute()["x"].tolist()
        [4, 2]
        """
        from ._polars import KeyedFrame

        return KeyedFrame(self._self, self._named(keys, {}))
