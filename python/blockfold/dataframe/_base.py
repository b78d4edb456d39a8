"""What a frame is made of: rows, columns over them, and an index."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from .. import _blockfold as core
from .._collection import Collection
from ..exceptions import ArgumentError, ColumnNotFoundError, UnsupportedError
from ..expr import Expr
from ._labels import check_unique, native_names
from ._rows import Rows
from ._scalar import Scalar
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame

Columns = dict[Any, core.Expr]


class Base(Collection):
    """Rows, columns over them, and an index; what the verbs of frames are written on."""

    __slots__ = ("_columns", "_index", "_rows")

    def __init__(self, rows: Rows, columns: Columns, index: Columns):
        check_unique(columns, "frame")
        self._rows, self._columns, self._index = rows, columns, index

    @classmethod
    def _of(cls, frame: core.LazyFrame, index: Iterable[str] = ()) -> DataFrame:
        """The frame of a native one, some of its columns as the index."""
        index = list(index)
        names = [name for name, _ in frame.schema()]
        columns = {name: core.Expr.col(name) for name in names if name not in index}
        return cast("DataFrame", cls(Rows(frame), columns, {name: core.Expr.col(name) for name in index}))

    def _replace(
        self, columns: Columns | None = None, index: Columns | None = None, rows: Rows | None = None
    ) -> DataFrame:
        made = type(self)(
            self._rows if rows is None else rows,
            self._columns if columns is None else columns,
            self._index if index is None else index,
        )
        return cast("DataFrame", made)

    @property
    def _self(self) -> DataFrame:
        """The frame itself, for who needs to know that it is one."""
        return cast("DataFrame", self)

    def __reduce__(self) -> Any:
        solid = self._solid()
        return type(self)._again, (solid._rows.frame, list(self._index), list(self._columns))

    @classmethod
    def _again(cls, frame: core.LazyFrame, index: list[Any], columns: list[Any]) -> Base:
        """The frame of a native one, whose columns get these labels, those of the index first."""
        plain = [core.Expr.col(name) for name, _ in frame.schema()]
        count = len(index)
        return cls(
            Rows(frame), dict(zip(columns, plain[count:], strict=True)), dict(zip(index, plain[:count], strict=True))
        )

    def _solid(self) -> DataFrame:
        """The same frame with plain columns: computed ones become columns of new rows."""
        labels = [*self._index, *self._columns]
        names = native_names(labels)
        rows, exprs = self._rows, []
        for expr in (*self._index.values(), *self._columns.values()):
            rows, expr = rows.row_wise(expr)
            exprs.append(expr)
        if [(expr.name, str(expr)) for expr in exprs] == [(name, str(core.Expr.col(name))) for name in names] and [
            name for name, _ in rows.frame.schema()
        ] == names:
            frame = rows.frame
        else:
            frame = rows.frame.select([expr.alias(name) for name, expr in zip(names, exprs, strict=True)])
        plain = [core.Expr.col(name) for name in names]
        count = len(self._index)
        columns = dict(zip(self._columns, plain[count:], strict=True))
        return self._replace(columns, dict(zip(self._index, plain[:count], strict=True)), Rows(frame))

    @property
    def _native(self) -> core.LazyFrame:
        """The native frame with the index's columns first."""
        return self._solid()._rows.frame

    def _then(self, verb: Callable[[core.LazyFrame], core.LazyFrame]) -> DataFrame:
        """What a verb gives that keeps all columns."""
        solid = self._solid()
        return solid._replace(rows=Rows(verb(solid._rows.frame)))

    def _label(self, label: Any, op: str) -> core.Expr:
        """The expression of a column, or of the index, by its label."""
        if isinstance(label, Series):
            if label._rows.root is not self._rows.root:
                self._rows.meet(label._rows, op)
            return label._core
        if isinstance(label, Expr):
            return self._resolve(label)
        for columns in (self._columns, self._index):
            try:
                if label in columns:
                    return columns[label]
            except TypeError as error:
                raise ArgumentError(f"{op}: {label!r} is no label of a column") from error
        raise self._missing(label)

    def _missing(self, label: Any) -> ColumnNotFoundError:
        have = [str(known) for known in (*self._columns, *self._index)]
        near = difflib.get_close_matches(str(label), have, n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(have[:20])}"
        return ColumnNotFoundError(f"column {label!r} not found; {hint}")

    def _resolve(self, expr: Expr) -> core.Expr:
        """An expression over columns of this frame as one over its rows."""
        for name in expr._core.columns:
            self._label(name, "expression")
        return expr._core.substitute(
            {str(label): found for label, found in (*self._index.items(), *self._columns.items())}
        )

    def _only(self) -> Series:
        """The only column."""
        [(label, expr)] = self._columns.items()
        return Series(self._rows, expr, label, self._index)

    def _column(self, label: Any) -> Series:
        # The index is a column, too, for who comes from Polars.
        columns = self._columns if label in self._columns else self._index
        return Series(self._rows, columns[label], label, self._index)

    def _row_wise(self) -> DataFrame:
        """The frame itself, when no column holds an aggregate of its rows."""
        for label, expr in self._columns.items():
            if not expr.is_row_wise:
                raise UnsupportedError(
                    f"column {label!r} has an aggregate of all rows; persist the frame before it is filtered"
                )
        return self._self

    def _filtered(self, mask: core.Expr) -> DataFrame:
        return self._row_wise()._replace(rows=self._rows.filter(mask))

    def _assigned(self, columns: Mapping[Any, Any]) -> DataFrame:
        rows, made = self._rows, dict(self._columns)
        for label, value in columns.items():
            if isinstance(value, Expr):
                rows, made[label] = rows.row_wise(self._resolve(value))
            elif isinstance(value, (Series, Scalar)):
                rows, made[label] = value._beside(rows, "assign")
            elif hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
                raise UnsupportedError(
                    f"assign of a {type(value).__name__} is not supported; make it a frame with a key and merge it"
                )
            else:
                made[label] = core.Expr.lit(value)
            rows, made[label] = rows.row_wise(made[label])
        return self._replace(made, rows=rows)

    def _native_labels(self) -> dict[Any, str]:
        labels = [*self._index, *self._columns]
        return dict(zip(labels, native_names(labels), strict=True))
