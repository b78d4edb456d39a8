"""Joins, with the columns that narwhals wants of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from narwhals._utils import check_column_names_are_unique, check_columns_exist

from .. import _blockfold as core
from ..dataframe._frame import DataFrame
from ..dataframe._merge import _Side
from ..dataframe._rows import Rows


def joined(
    left: DataFrame, right: DataFrame, how: str, left_on: Sequence[str], right_on: Sequence[str], suffix: str
) -> DataFrame:
    """Rows of two frames beside each other where keys are equal; null equals nothing.

    A full join keeps the keys of both sides, others those of the left side alone.
    """
    for frame, names in ((left, left_on), (right, right_on)):
        if error := check_columns_exist(names, available=list(frame._columns)):
            raise error
    a = _Side(left, [(name, left._columns[name]) for name in left_on])
    b = _Side(right, [(name, right._columns[name]) for name in right_on])
    native = a.frame.join(
        b.frame,
        [core.Expr.col(key) for key in a.keys],
        [core.Expr.col(key) for key in b.keys],
        "outer" if how == "full" else how,
        "_r",
        False,
    )
    columns: list[tuple[str, Any]] = list(a.columns.items())
    if how not in ("semi", "anti"):
        gone = set() if how == "full" else set(right_on)
        columns += [
            (f"{name}{suffix}" if name in a.columns else name, expr)
            for name, expr in b.columns.items()
            if name not in gone
        ]
    check_column_names_are_unique([name for name, _ in columns])
    return DataFrame(Rows(native), dict(columns), {})
