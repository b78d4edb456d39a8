"""Joins and concatenation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _blockfold as core
from ..exceptions import ArgumentError
from ._frame import DataFrame
from ._rows import Rows, hidden

Keys = list[tuple[Any, core.Expr]]


def merge(
    left: DataFrame,
    right: DataFrame,
    how: str,
    on: Any,
    left_on: Any,
    right_on: Any,
    left_index: bool,
    right_index: bool,
    suffixes: tuple[str, str],
) -> DataFrame:
    """pandas' merge, on native names that never clash."""
    right = _frame(right)
    left_keys, right_keys = _keys(left, right, how, on, left_on, right_on, left_index, right_index)
    a, b = _Side(left, left_keys), _Side(right, right_keys)
    semi = how in ("semi", "anti", "leftsemi", "leftanti")
    how = {"leftsemi": "semi", "leftanti": "anti", "full": "outer"}.get(how, how)
    joined = a.frame.join(
        b.frame, [core.Expr.col(key) for key in a.keys], [core.Expr.col(key) for key in b.keys], how, "_r", False
    )
    columns = dict(a.columns) if semi else _columns(a, b, left_keys, right_keys, how, suffixes)
    index: dict[Any, core.Expr] = {}
    if left_index or right_index:
        (label, _), key = (left_keys if left_index else right_keys)[0], _coalesced(a, b, 0, how)
        index = {label: key}
        columns.pop(label, None) if label not in left._columns and label not in right._columns else None
    elif semi and left._index:
        index = dict(a.index)
    return DataFrame(Rows(joined), columns, index)


class _Side:
    """A frame with hidden native names, its keys among them."""

    def __init__(self, frame: DataFrame, keys: Keys):
        self.labels = list(frame._columns)
        rows, exprs, names = frame._rows, [], []

        def add(expr: core.Expr) -> str:
            nonlocal rows
            rows, expr = rows.row_wise(expr)
            names.append(hidden())
            exprs.append(expr)
            return names[-1]

        self.keys = [add(expr) for _, expr in keys]
        self.columns = {label: core.Expr.col(add(expr)) for label, expr in frame._columns.items()}
        self.index = {label: core.Expr.col(add(expr)) for label, expr in frame._index.items()}
        self.frame = rows.frame.select([expr.alias(name) for expr, name in zip(exprs, names, strict=True)])


def _frame(other: Any) -> DataFrame:
    if isinstance(other, DataFrame):
        return other
    if hasattr(other, "to_frame") and not hasattr(other, "columns"):
        return other.to_frame()
    from ._io import from_any

    return from_any(other)


def _list(keys: Any) -> list[Any]:
    return list(keys) if isinstance(keys, (list, tuple)) else [keys]


def _keys(
    left: DataFrame,
    right: DataFrame,
    how: str,
    on: Any,
    left_on: Any,
    right_on: Any,
    left_index: bool,
    right_index: bool,
) -> tuple[Keys, Keys]:
    if how == "cross":
        return [], []
    if on is None and left_on is None and right_on is None and not (left_index or right_index):
        on = [label for label in left._columns if label in right._columns]
        if not on:
            raise ArgumentError("merge: the frames have no column in common; say on=, or left_on= and right_on=")

    def keys(frame: DataFrame, own: Any, by_index: bool, side: str) -> Keys:
        if by_index:
            if len(frame._index) != 1:
                raise ArgumentError(f"merge: {side}_index=True, but that frame has no index; call set_index first")
            return list(frame._index.items())
        labels = own if own is not None else on
        if labels is None:
            raise ArgumentError(f"merge: say {side}_on= or {side}_index=")
        return [(getattr(label, "name", label), frame._label(label, "merge")) for label in _list(labels)]

    a, b = keys(left, left_on, left_index, "left"), keys(right, right_on, right_index, "right")
    if len(a) != len(b):
        raise ArgumentError(f"merge: {len(a)} keys of the left frame and {len(b)} of the right one")
    return a, b


def _coalesced(a: _Side, b: _Side, at: int, how: str) -> core.Expr:
    """The key of a joined row. The engine has keys of different names both, and either may be null in an outer join."""
    left, right = core.Expr.col(a.keys[at]), core.Expr.col(b.keys[at])
    if how == "right":
        return right
    if how == "outer":
        return core.Expr.case([(left.is_null().invert(), left)], right)
    return left


def _columns(
    a: _Side, b: _Side, left_keys: Keys, right_keys: Keys, how: str, suffixes: tuple[str, str]
) -> dict[Any, core.Expr]:
    shared = {
        label: _coalesced(a, b, at, how)
        for at, ((label, _), (other, _)) in enumerate(zip(left_keys, right_keys, strict=True))
        if label == other and label in a.columns and label in b.columns
    }
    columns: dict[Any, core.Expr] = {}

    def add(label: Any, expr: core.Expr) -> None:
        if label in columns:
            raise ArgumentError(f"merge: two columns would be called {label!r}; give suffixes=")
        columns[label] = expr

    for label, expr in a.columns.items():
        if label in shared:
            add(label, shared[label])
        else:
            add(f"{label}{suffixes[0]}" if label in b.columns else label, expr)
    for label, expr in b.columns.items():
        if label not in shared:
            add(f"{label}{suffixes[1]}" if label in a.columns else label, expr)
    return columns


def merge_asof(
    left: DataFrame,
    right: DataFrame,
    on: Any = None,
    left_on: Any = None,
    right_on: Any = None,
    by: Any = None,
    left_by: Any = None,
    right_by: Any = None,
    left_index: bool = False,
    right_index: bool = False,
    suffixes: tuple[str, str] = ("_x", "_y"),
    tolerance: Any = None,
    allow_exact_matches: bool = True,
    direction: str = "backward",
) -> DataFrame:
    """Rows of two frames beside each other where keys are nearest. Neither has to be sorted.

    Examples
    --------
    >>> import blockfold as bf
    >>> trades = bf.from_dict({"t": [5, 12], "price": [1.0, 2.0]})
    >>> quotes = bf.from_dict({"t": [4, 10], "bid": [0.5, 1.5]})
    >>> bf.merge_asof(trades, quotes, on="t").compute()
        t  price  bid
    0   5    1.0  0.5
    1  12    2.0  1.5
    """
    right = _frame(right)
    on_keys = _keys(left, right, "left", on, left_on, right_on, left_index, right_index)
    by_keys: tuple[Keys, Keys] = ([], [])
    if by is not None or left_by is not None:
        by_keys = _keys(left, right, "left", by, left_by, right_by, False, False)
    left_keys, right_keys = on_keys[0] + by_keys[0], on_keys[1] + by_keys[1]
    a, b = _Side(left, left_keys), _Side(right, right_keys)
    cols = core.Expr.col
    joined = a.frame.join_asof(
        b.frame,
        (cols(a.keys[0]), cols(b.keys[0])),
        ([cols(key) for key in a.keys[1:]], [cols(key) for key in b.keys[1:]]),
        direction,
        tolerance,
        allow_exact_matches,
        "_r",
    )
    joined = joined.sort([(cols(a.keys[0]), False, False)])
    columns = _columns(a, b, left_keys, right_keys, "left", suffixes)
    return DataFrame(Rows(joined), columns, {left_keys[0][0]: cols(a.keys[0])} if left_index else {})


def concat(frames: Iterable[Any], axis: Any = 0, join: str = "outer", **unsupported: Any) -> DataFrame:
    """Frames one after the other. Columns that one of them lacks are null there, or left out when ``join="inner"``.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.concat([bf.from_dict({"x": [1]}), bf.from_dict({"x": [2]})]).compute()["x"].tolist()
    [1, 2]
    """
    made = [_frame(frame) for frame in frames]
    if axis not in (0, "index"):
        raise ArgumentError("concat: columns beside each other are not supported; take merge, or assign of one frame")
    if not made:
        raise ArgumentError("concat: no frames were given")
    labels = list(dict.fromkeys(label for frame in made for label in frame._columns))
    if join == "inner":
        labels = [label for label in labels if all(label in frame._columns for frame in made)]
    index = list(made[0]._index) if all(list(frame._index) == list(made[0]._index) for frame in made) else []
    types: dict[Any, str] = {}
    for frame in made:
        for label, expr in frame._columns.items():
            types[label] = _common(types.get(label), frame._rows.dtype(expr))
    solids = []
    for frame in made:
        null = core.Expr.lit(None)
        columns = {
            label: _as_type(frame, frame._columns[label], types[label])
            if label in frame._columns
            else null.cast(types[label], True)
            for label in labels
        }
        solids.append(DataFrame(frame._rows, columns, {label: frame._index[label] for label in index})._solid())
    return solids[0]._replace(rows=Rows(core.concat([solid._rows.frame for solid in solids])))


def _as_type(frame: DataFrame, expr: core.Expr, dtype: str) -> core.Expr:
    return expr if frame._rows.dtype(expr) == dtype else expr.cast(dtype, True)


def _common(known: str | None, dtype: str) -> str:
    """The type of a column that has two: the wider number, or text."""
    if known is None or known == dtype or "[" in dtype and "category" not in dtype:
        return dtype
    if "string" in known or "string" in dtype:
        return "string"
    if known.startswith("float") or dtype.startswith("float"):
        return "float64"
    return "int64"
