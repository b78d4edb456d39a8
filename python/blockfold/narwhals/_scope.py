"""Where an expression is asked for: for all rows, within groups, or over a window."""

from __future__ import annotations

from typing import NamedTuple

from .. import _blockfold as core

Keys = list[tuple[core.Expr, bool, bool]]


class Scope(NamedTuple):
    """The groups that aggregates are of, and the order that running functions go by."""

    #: Columns whose equal values make a group; none for one group of all rows.
    keys: tuple[core.Expr, ...] = ()
    #: Columns that give the order of rows.
    order: tuple[core.Expr, ...] = ()
    #: Whether aggregates stand beside the rows of their group.
    is_window: bool = False


def sort_keys(order: tuple[core.Expr, ...], reverse: bool = False) -> Keys:
    """Keys of an order: column, whether descending, whether nulls come first. In the reverse order they come last."""
    return [(expr, reverse, not reverse) for expr in order]
