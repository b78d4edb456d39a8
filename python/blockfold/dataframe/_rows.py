"""Rows that columns share.

A column of a frame is an expression over rows. Columns over the same rows can be combined, whatever was assigned,
selected or renamed in between; a window or a broadcast aggregate adds a hidden column to the rows, and what came of the
same rows stays together. What moves or drops rows makes new ones.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from .. import _blockfold as core
from ..exceptions import ArgumentError

Step = Callable[[core.LazyFrame], core.LazyFrame]

_numbers = itertools.count()

#: How deep and how large an expression may grow before its value becomes a hidden column.
_DEEPEST, _MOST_NODES = 100, 1000


def hidden() -> str:
    """A name of a column that no user has."""
    return f"\x00bf{next(_numbers)}"


def not_pickled(value: Any) -> Any:
    """Refuses to pickle what makes sense only beside the rows of its frame."""
    raise TypeError(f"a {type(value).__name__} cannot be pickled; pickle the frame or the series itself")


class Rows:
    """A native frame, and the steps that added columns to it."""

    __slots__ = ("__weakref__", "_added", "_extended", "_filtered", "_types", "frame", "root", "steps")

    def __init__(self, frame: core.LazyFrame, root: object = None, steps: tuple[Step, ...] = ()):
        self.frame = frame
        #: What tells these rows, with whatever columns, from others. No reference to the first of them: what a frame keeps in
        #: memory is given back as soon as nobody has it.
        self.root = object() if root is None else root
        self.steps = steps
        self._extended: dict[Step, Rows] = {}
        self._added: dict[Any, tuple[Step, core.Expr]] = {}
        self._filtered: weakref.WeakValueDictionary[core.Expr, Rows] = weakref.WeakValueDictionary()
        self._types: dict[core.Expr, str] = {}

    def __reduce__(self) -> Any:
        return not_pickled(self)

    def extend(self, step: Step) -> Rows:
        """The same rows with a step's hidden columns."""
        if step not in self._extended:
            self._extended[step] = Rows(step(self.frame), self.root, (*self.steps, step))
        return self._extended[step]

    def meet(self, other: Rows, op: str) -> Rows:
        """Rows that have the columns of both.

        Raises
        ------
        ArgumentError
            The two are rows of different frames.
        """
        if self is other:
            return self
        if self.root is not other.root:
            raise ArgumentError(
                f"{op}: the columns belong to different rows; bring frames together with merge or concat first, or take "
                "both columns from the frame that was filtered or sorted"
            )
        rows = self
        for step in other.steps:
            if step not in rows.steps:
                rows = rows.extend(step)
        return rows

    def filter(self, mask: core.Expr) -> Rows:
        """The rows where a mask is true; the same mask gives the same rows."""
        rows, mask = self.row_wise(mask.as_filter())
        found = rows._filtered.get(mask)
        if found is None:
            found = Rows(rows.frame.filter(mask))
            rows._filtered[mask] = found
        return found

    def row_wise(self, expr: core.Expr) -> tuple[Rows, core.Expr]:
        """An expression without aggregates: those become a hidden column, the same value for each row."""
        if expr.is_row_wise:
            return self, expr
        return self.transform((), expr.without_alias())

    def transform(self, keys: Iterable[core.Expr], expr: core.Expr) -> tuple[Rows, core.Expr]:
        """An expression with aggregates of each row's group, as a hidden column."""
        keys = tuple(keys)
        return self._add(
            ("transform", keys, expr), lambda name: lambda frame: frame.group_transform(list(keys), [expr.alias(name)])
        )

    def short(self, expr: core.Expr) -> tuple[Rows, core.Expr]:
        """An expression of few nodes: one that a loop made long becomes a hidden column, which the next can start from."""
        nodes, depth = expr.extent()
        return (self, expr) if depth <= _DEEPEST and nodes <= _MOST_NODES else self.keep(expr)

    def keep(self, expr: core.Expr) -> tuple[Rows, core.Expr]:
        """An expression as a hidden column, which is computed once however often it is used."""
        rows, expr = self.row_wise(expr)
        return rows._add(("column", expr), lambda name: lambda frame: frame.with_columns([expr.alias(name)]))

    def window(self, keys: Iterable[core.Expr], window: core.Window, what: Any) -> tuple[Rows, core.Expr]:
        """A window's values as a hidden column; `what` tells windows apart."""
        keys = list(keys)
        return self._add(
            ("window", tuple(keys), what), lambda name: lambda frame: frame.with_window(keys, [window.alias(name)])
        )

    def _add(self, what: Any, make: Callable[[str], Step]) -> tuple[Rows, core.Expr]:
        if what not in self._added:
            name = hidden()
            self._added[what] = make(name), core.Expr.col(name)
        step, column = self._added[what]
        return self.extend(step), column

    def dtype(self, expr: core.Expr) -> str:
        """The type of an expression over these rows."""
        if expr not in self._types:
            self._types[expr] = self.frame.select([expr.alias("x")]).schema()[0][1]
        return self._types[expr]
