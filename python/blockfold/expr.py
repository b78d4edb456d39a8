"""Expressions: what to compute of columns, as Polars' users write it.

>>> import blockfold as bf
>>> (bf.col("x") * 2 + 1).alias("y")
((x * 2) + 1) as y
"""

from __future__ import annotations

from . import _blockfold as core
from ._columns import ColumnOps
from ._dtypes import frame_dtype
from .exceptions import ArgumentError, UnsupportedError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["Expr", "When", "WindowExpr", "col", "corr", "cov", "len", "lit", "when"]


def native(value: Any) -> Any:
    """What the native layer takes of an operand: an expression's native one, or the value itself."""
    return value._core if isinstance(value, Expr) else value


def as_expr(value: Any) -> Expr:
    """An expression: of a text the column of that name, of other values a literal."""
    if isinstance(value, Expr):
        return value
    return col(value) if isinstance(value, str) else lit(value)


class Expr(ColumnOps):
    """What to compute for each row or for each group of rows; holds no data.

    Made by `blockfold.col`, `blockfold.lit`, `blockfold.when`, and by operators and methods of expressions.
    """

    __slots__ = ("_core",)

    def __init__(self, native_expr: core.Expr):
        self._core = native_expr

    # What ColumnOps builds on.

    def _binary(self, op: str, other: Any, reflected: bool = False) -> Expr:
        if isinstance(other, ColumnOps) and not isinstance(other, Expr):
            return NotImplemented
        return Expr(self._core.binary(op, native(other), reflected))

    def _call(self, function: str, *args: Any) -> Expr:
        return Expr(self._core.call(function, [native(arg) for arg in args]))

    def _map(self, made: core.Expr) -> Expr:
        return Expr(made)

    def _operand(self, value: Any) -> Any:
        return native(value)

    def _aggregate(self, name: str, number: float = 0.0, interpolation: str = "linear") -> Expr:
        return Expr(self._core.aggregate(name, number, interpolation))

    def _window(self, function: str, rows: int = 1) -> WindowExpr:
        return WindowExpr(core.Window(function, self._core, rows))

    # Names and types.

    def alias(self, name: str) -> Expr:
        """The same values under another name.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.col("x").sum().alias("total")
        sum(x) as total
        """
        return Expr(self._core.alias(name))

    @property
    def name(self) -> str:
        """The name of the column that the expression gives.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> (bf.col("x") + 1).alias("y").name
        'y'
        """
        return self._core.name

    def cast(self, dtype: Any, *, strict: bool = True) -> Expr:
        """The values as another type; one that does not fit is an error, or null when not `strict`.

        Parameters
        ----------
        dtype : dtype
            The type.
        strict : bool
            Whether a value that does not fit is an error.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.col("x").cast("float64")).compute()["x"].tolist()
        [1.0, 2.0, 3.0]
        """
        return Expr(self._core.cast(frame_dtype(dtype), strict))

    # Aggregates.

    def count(self) -> Expr:
        """Number of values that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.col("x").count()).compute()["x"].tolist()
        [3]
        """
        return self._aggregate("count")

    def list(self) -> Expr:
        """The values of each group as a list, nulls among them.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.group_by("k").agg(bf.col("x").list()).sort("k").collect()["x"].to_pylist()
        [[1, 3], [2]]
        """
        return self._aggregate("list")

    def top_k(self, k: int) -> Expr:
        """The `k` greatest values as a list, the greatest first.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.col("x").top_k(2)).collect()["x"].to_pylist()
        [[3, 2]]
        """
        return self._aggregate("top_k", float(k))

    def bottom_k(self, k: int) -> Expr:
        """The `k` least values as a list, the least first.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.col("x").bottom_k(2)).collect()["x"].to_pylist()
        [[1, 2]]
        """
        return self._aggregate("bottom_k", float(k))

    def rank(self, method: str = "average", *, descending: bool = False) -> WindowExpr:
        """Rank of each value, from 1 on for the least.

        Parameters
        ----------
        method : {'average', 'min', 'max', 'dense', 'ordinal'}
            What equal values get.
        descending : bool or list of bool
            Whether the greatest come first.
        """
        return WindowExpr(core.Window.rank(self._core, method, descending))

    def over(self, *keys: Any) -> WindowExpr:
        """An aggregate of each row's group, beside the row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": [1, 1, 2], "x": [1.0, 3.0, 5.0]})
        >>> df.with_columns(bf.col("x").mean().over("k").alias("m")).compute()["m"].tolist()
        [2.0, 2.0, 5.0]
        """
        return WindowExpr(self._core, keys=keys)

    def __repr__(self) -> str:
        return repr(self._core)

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value; write & | ~ instead of and, or, not")

    def __hash__(self) -> int:
        return hash(self._core)


class WindowExpr:
    """Values made of the rows of each row's group, for ``with_columns``."""

    __slots__ = ("_keys", "_name", "_order", "_window")

    def __init__(self, window: Any, keys: tuple[Any, ...] = (), name: str | None = None, order: tuple[Any, ...] = ()):
        self._window, self._keys, self._name, self._order = window, keys, name, order

    def over(self, *keys: Any) -> WindowExpr:
        """The same function within groups of equal keys.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.with_columns(bf.col("x").shift(1).over("k").alias("y")).compute()["y"].tolist()
        [nan, nan, 1.0]
        """
        return WindowExpr(self._window, keys, self._name, self._order)

    def alias(self, name: str) -> WindowExpr:
        """The same values under another name.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.with_columns(bf.col("x").cum_sum().alias("y")).compute()["y"].tolist()
        [1, 3, 6]
        """
        return WindowExpr(self._window, self._keys, name, self._order)

    def order_by(self, *keys: Any) -> WindowExpr:
        """The same function of the rows in the order of keys.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.with_columns(y=bf.col("x").cum_sum().order_by("x")).compute()["y"].tolist()
        [1, 3, 6]
        """
        return WindowExpr(self._window, self._keys, self._name, keys)

    def __repr__(self) -> str:
        keys = f".over({', '.join(map(str, self._keys))})" if self._keys else ""
        return f"{self._window!r}{keys}"


class When:
    """A choice by conditions that waits for its next value, see `blockfold.when`."""

    __slots__ = ("_branches", "_condition")

    def __init__(self, branches: Any, condition: Any):
        self._branches, self._condition = branches, condition

    def then(self, value: Any) -> Then:
        """The value where the condition holds; null and false conditions go on to the next branch.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.when(bf.col("x") > 1).then(1).alias("y")).compute()["y"].tolist()
        [nan, 1.0, 1.0]
        """
        return Then([*self._branches, (native(self._condition), native(value))])


class Then(Expr):
    """A choice by conditions; null where none holds, until `otherwise` says something else."""

    __slots__ = ("_branches",)

    def __init__(self, branches: Any):
        super().__init__(core.Expr.case(branches))
        self._branches = branches

    def when(self, condition: Expr) -> When:
        """A further branch.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.when(bf.col("x") > 2).then(2).when(bf.col("x") > 1).then(1).otherwise(0).alias("y")).compute()["y"].tolist()
        [0, 1, 2]
        """
        return When(self._branches, condition)

    def otherwise(self, value: Any) -> Expr:
        """The value where no condition holds.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.when(bf.col("x") > 1).then(1).otherwise(0).alias("y")).compute()["y"].tolist()
        [0, 1, 1]
        """
        return Expr(core.Expr.case(self._branches, native(value)))


def col(name: str) -> Expr:
    """The column of a name.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.col("x") > 0
    (x > 0)
    """
    if not isinstance(name, str):
        raise ArgumentError(f"col: a column's name is a text, not {type(name).__name__}")
    return Expr(core.Expr.col(name))


def lit(value: Any) -> Expr:
    """One value for every row.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.lit("a")
    "a"
    """
    return Expr(core.Expr.lit(value))


def when(condition: Expr) -> When:
    """Starts a choice by conditions.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [-1, 0, 2]})
    >>> sign = bf.when(bf.col("x") > 0).then(1).when(bf.col("x") < 0).then(-1).otherwise(0)
    >>> df.select(sign.alias("sign")).compute()["sign"].tolist()
    [-1, 0, 1]
    """
    return When([], condition)


def len() -> Expr:
    """Number of rows, of a frame or of each group.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> df.select(bf.len()).compute().values.tolist()
    [[3]]
    """
    return Expr(core.Expr.len())


def corr(x: str | Expr, y: str | Expr) -> Expr:
    """Pearson's correlation of two columns.

    Parameters
    ----------
    x : str or Expr
        The one column.
    y : str or Expr
        The other column.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 8.0]})
    >>> df.select(bf.corr("x", "y").alias("c")).compute()["c"].round(6).tolist()
    [1.0]
    """
    return Expr(core.Expr.pair("corr", as_expr(x)._core, as_expr(y)._core))


def cov(x: str | Expr, y: str | Expr, ddof: int = 1) -> Expr:
    """Covariance of two columns.

    Parameters
    ----------
    x : str or Expr
        The one column.
    y : str or Expr
        The other column.
    ddof : int
        What is taken off the count before it divides.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 8.0]})
    >>> df.select(bf.cov("x", "y").alias("c")).compute()["c"].round(6).tolist()
    [4.666667]
    """
    return Expr(core.Expr.pair("cov", as_expr(x)._core, as_expr(y)._core, ddof))


def flatten(values: Iterable[Any]) -> Any:
    """Arguments that are given one by one or as a list."""
    flat: Any = []
    for value in values:
        if isinstance(value, (list, tuple)):
            flat.extend(value)
        elif callable(value) and not isinstance(value, Expr):
            raise UnsupportedError("a function as an expression is not supported; use map_partitions for it")
        else:
            flat.append(value)
    return flat
