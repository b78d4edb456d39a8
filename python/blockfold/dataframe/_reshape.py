"""Verbs that turn columns into rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError
from ._base import Base

if TYPE_CHECKING:
    from ._frame import DataFrame


def listed(labels: Any) -> list[Any]:
    """Labels that are given one by one or as a list."""
    return list(labels) if isinstance(labels, (list, tuple)) else [labels]


class ReshapeVerbs(Base):
    """Verbs of a frame that turn columns into rows."""

    __slots__ = ()

    def melt(
        self, id_vars: Any = None, value_vars: Any = None, var_name: Any = None, value_name: Any = "value"
    ) -> DataFrame:
        """One row for each value of some columns: the name of its column, and the value, beside other columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"k": ["a", "b"], "x": [1, 2], "y": [3, 4]}).melt("k").compute()
           k variable  value
        0  a        x      1
        1  b        x      2
        2  a        y      3
        3  b        y      4
        """
        ids = [] if id_vars is None else listed(id_vars)
        values = [label for label in self._columns if label not in ids] if value_vars is None else listed(value_vars)
        name = "variable" if var_name is None else var_name
        for label in (*ids, *values):
            self._label(label, "melt")
        if not values:
            raise ArgumentError("melt: there are no columns to turn into rows; say value_vars=")
        if len({name, value_name, *ids}) < len(ids) + 2:
            raise ArgumentError(f"melt: two columns would have one name; there are {[*ids, name, value_name]}")
        from ._merge import concat

        bare = self._replace(index={})
        parts = []
        for label in values:
            columns = {one: bare._columns[one] for one in ids}
            columns[name], columns[value_name] = core.Expr.lit(str(label)), bare._columns[label]
            parts.append(bare._replace(columns, {}))
        return concat(parts)
