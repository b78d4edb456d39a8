"""Verbs that turn columns into rows, and values into columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, UnsupportedError
from ._base import Base

if TYPE_CHECKING:
    from ._frame import DataFrame


#: Values that become columns, at most.
MOST_VALUES = 1000


def listed(labels: Any) -> list[Any]:
    """Labels that are given one by one or as a list."""
    return list(labels) if isinstance(labels, (list, tuple)) else [labels]


class ReshapeVerbs(Base):
    """Verbs of a frame that turn columns into rows, and values into columns."""

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

    def _different(self, label: Any, op: str) -> list[Any]:
        """The different values of a column in order, null left out. This runs the frame."""
        column = self._replace({"x": self._label(label, op)}, {})._only().dropna().unique()
        values = column.nsmallest(MOST_VALUES + 1).compute().tolist()
        if len(values) > MOST_VALUES:
            raise UnsupportedError(
                f"{op} of {label!r}, which has more than {MOST_VALUES} values, is not supported; take groupby by it as well"
            )
        return values

    def pivot_table(
        self, values: Any = None, index: Any = None, columns: Any = None, aggfunc: Any = "mean"
    ) -> DataFrame:
        """One row for each value of `index` and one column for each of `columns`, of an aggregate of `values`.

        Which columns there are depends on values: these are looked for at once, the table itself is lazy.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "a", "b"], "day": [1, 2, 1], "x": [1.0, 2.0, 3.0]})
        >>> df.pivot_table(index="k", columns="day", values="x").compute()
             1    2
        k
        a  1.0  2.0
        b  3.0  NaN
        """
        from ._groups import aggregate, group_keys
        from ._groupby import GroupBy

        if index is None or columns is None:
            raise ArgumentError("pivot_table: say index= and columns=")
        if isinstance(columns, (list, tuple)) and len(columns) == 1:
            [columns] = columns
        if isinstance(columns, (list, tuple)) or not isinstance(aggfunc, str):
            raise UnsupportedError(
                "pivot_table over several columns or functions is not supported; take groupby and agg"
            )
        keys = listed(index)
        wanted = (
            [label for label in self._columns if label not in (*keys, columns)] if values is None else listed(values)
        )
        pivot, made = self._label(columns, "pivot_table"), {}
        for value in self._different(columns, "pivot_table"):
            here = pivot.binary("==", value)
            rows = core.Expr.case([(here, 1)], 0).aggregate("sum")
            for label in wanted:
                expr = core.Expr.case([(here, self._label(label, "pivot_table"))])
                name = value if len(wanted) == 1 and not isinstance(values, (list, tuple)) else (label, value)
                made[name] = core.Expr.case([(rows.binary(">", 0), aggregate(expr, aggfunc))])
        if not made:
            raise ArgumentError(f"pivot_table: {columns!r} has no values")
        made = {name: made[name] for name in sorted(made, key=lambda name: _place(name, wanted))}
        return GroupBy(self._self, group_keys(self._self, keys), sort=True)._aggregated(made)

    def get_dummies(
        self, columns: Any = None, prefix: str | None = None, prefix_sep: str = "_", drop_first: bool = False
    ) -> DataFrame:
        """For each value of columns of text a column that says where it stands.

        Which values there are is looked for at once; the frame itself is lazy.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"x": [1, 2], "g": ["a", "b"]}).get_dummies().compute()
           x    g_a    g_b
        0  1   True  False
        1  2  False   True
        """
        texts = [label for label, expr in self._columns.items() if _is_text(self._rows.dtype(expr))]
        labels = texts if columns is None else listed(columns)
        made = {label: expr for label, expr in self._columns.items() if label not in labels}
        for label in labels:
            expr = self._label(label, "get_dummies")
            for value in self._different(label, "get_dummies")[1 if drop_first else 0 :]:
                name = f"{label if prefix is None else prefix}{prefix_sep}{value}"
                made[name] = core.Expr.case([(expr.binary("==", value), True)], False)
        return self._replace(made)


def _is_text(dtype: str) -> bool:
    return dtype == "string" or dtype.startswith("category")


def _place(name: Any, wanted: list[Any]) -> int:
    return wanted.index(name[0]) if isinstance(name, tuple) and name[0] in wanted else 0
