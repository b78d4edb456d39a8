"""Frames: columns over rows, with an index or without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._dtypes import frame_dtype
from ..exceptions import ArgumentError, ColumnNotFoundError, UnsupportedError
from ..expr import Expr, WindowExpr, as_expr, flatten
from ..session import Session
from ._labels import check_unique, native_names
from ._partitions import PartitionVerbs
from ._reductions import Reductions
from ._rows import Rows
from ._runs import Runs
from ._series import Index, Scalar, Series
from ._verbs import RowVerbs

if TYPE_CHECKING:
    from ._groupby import GroupBy
    from ._polars import KeyedFrame

Columns = dict[Any, core.Expr]


class DataFrame(RowVerbs, PartitionVerbs, Reductions, Runs):
    """A lazy frame, larger than memory if need be: pandas' verbs, and Polars' expressions beside them.

    Nothing is read until `compute` (a pandas object), `collect` (an Arrow table), `head`, ``len`` or one of the
    ``to_`` methods asks for it.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> df[df.x > 1].groupby("k").x.sum().compute().to_dict()
    {'a': 3, 'b': 2}
    >>> df.filter(bf.col("x") > 1).group_by("k").agg(bf.col("x").sum()).compute()
       k  x
    0  a  3
    1  b  2
    """

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
        return cls(Rows(frame), columns, {name: core.Expr.col(name) for name in index})

    def _replace(self, columns: Columns | None = None, index: Columns | None = None, rows: Rows | None = None) -> DataFrame:
        return DataFrame(
            self._rows if rows is None else rows,
            self._columns if columns is None else columns,
            self._index if index is None else index,
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
        return DataFrame(Rows(frame), columns, dict(zip(self._index, plain[:count], strict=True)))

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
        import difflib

        have = [str(known) for known in (*self._columns, *self._index)]
        near = difflib.get_close_matches(str(label), have, n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(have[:20])}"
        return ColumnNotFoundError(f"column {label!r} not found; {hint}")

    def _resolve(self, expr: Expr) -> core.Expr:
        """An expression over columns of this frame as one over its rows."""
        for name in expr._core.columns:
            self._label(name, "expression")
        return expr._core.substitute({str(label): found for label, found in (*self._index.items(), *self._columns.items())})

    # ---- columns

    @property
    def columns(self) -> Any:
        """Labels of the columns, as a pandas index; can be set."""
        import pandas as pd

        labels = list(self._columns)
        if labels and all(isinstance(label, tuple) for label in labels):
            return pd.MultiIndex.from_tuples(labels)
        return pd.Index(labels)

    @columns.setter
    def columns(self, labels: Iterable[Any]) -> None:
        labels = list(labels)
        if len(labels) != len(self._columns):
            raise ArgumentError(f"columns: {len(labels)} labels for {len(self._columns)} columns")
        check_unique(labels, "columns")
        self._columns = dict(zip(labels, self._columns.values(), strict=True))

    @property
    def index(self) -> Index:
        """The index as a column."""
        if len(self._index) != 1:
            what = "has no index; make one with set_index" if not self._index else "has an index of several columns"
            raise UnsupportedError(f"index: this frame {what}")
        [(name, expr)] = self._index.items()
        return Index(self._rows, expr, name, {})

    @property
    def session(self) -> Session:
        """The session that runs the frame."""
        return Session._of(self._rows.frame.session)

    @property
    def schema(self) -> dict[Any, str]:
        """Labels of the columns with the engine's names of their types; the index first."""
        types = [dtype for _, dtype in self._native.schema()]
        return dict(zip((*self._index, *self._columns), types, strict=True))

    @property
    def dtypes(self) -> Any:
        """Types of the columns as pandas has them, a pandas series."""
        return self._meta().dtypes

    def _meta(self) -> Any:
        """An empty pandas frame of the same columns."""
        return self._then(lambda frame: frame.head(0)).compute()

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def shape(self) -> tuple[Scalar, int]:
        """Number of rows, lazily, and of columns."""
        return Scalar(self._rows, core.Expr.len()), len(self._columns)

    @property
    def size(self) -> Scalar:
        """Number of values, lazily."""
        return Scalar(self._rows, core.Expr.len().binary("*", len(self._columns)))

    @property
    def empty(self) -> bool:
        """Whether there are no rows or no columns."""
        return not self._columns or self._then(lambda frame: frame.head(1))._native.len() == 0

    def __len__(self) -> int:
        return self._rows.frame.len()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._columns)

    def __contains__(self, label: Any) -> bool:
        return label in self._columns

    def keys(self) -> Any:
        """Labels of the columns."""
        return self.columns

    def items(self) -> Iterator[tuple[Any, Series]]:
        """Labels with their columns."""
        return ((label, self[label]) for label in self._columns)

    def _only(self) -> Series:
        """The only column."""
        [(label, expr)] = self._columns.items()
        return Series(self._rows, expr, label, self._index)

    def _column(self, label: Any) -> Series:
        # The index is a column, too, for who comes from Polars.
        columns = self._columns if label in self._columns else self._index
        return Series(self._rows, columns[label], label, self._index)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and (name in self._columns or name in self._index):
            return self._column(name)
        absent = ABSENT.get(name)
        if absent:
            raise UnsupportedError(f"DataFrame.{name} is not supported; {absent}")
        raise AttributeError(f"a frame has no method and no column {name!r}; its columns are: {', '.join(map(str, self._columns))}")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Series):
            rows = self._rows.meet(key._rows, "[]")
            return self._row_wise()._replace(rows=rows.filter(key._core))
        if isinstance(key, Expr):
            return self.filter(key)
        if isinstance(key, list) or type(key).__name__ in ("Index", "ndarray"):
            return self._replace(columns={label: self._label(label, "[]") for label in key})
        if isinstance(key, slice):
            raise UnsupportedError("rows by their number are not supported; take head, tail, partitions, or loc by the index")
        self._label(key, "[]")
        return self._column(key)

    def _row_wise(self) -> DataFrame:
        """The frame itself, when no column holds an aggregate of its rows."""
        for label, expr in self._columns.items():
            if not expr.is_row_wise:
                raise UnsupportedError(f"column {label!r} has an aggregate of all rows; persist the frame before it is filtered")
        return self

    def __setitem__(self, label: Any, value: Any) -> None:
        changed = self.assign(**{label: value}) if isinstance(label, str) else self._assigned({label: value})
        self._rows, self._columns = changed._rows, changed._columns

    def __delitem__(self, label: Any) -> None:
        self._label(label, "del")
        self._columns = {known: expr for known, expr in self._columns.items() if known != label}

    def assign(self, **columns: Any) -> DataFrame:
        """The frame with columns added or replaced: series of the frame, values, expressions, or functions of the frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1, 2]})
        >>> df.assign(y=df.x * 10, z=lambda d: d.y + 1).compute()
           x   y   z
        0  1  10  11
        1  2  20  21
        """
        frame = self
        for label, value in columns.items():
            frame = frame._assigned({label: value(frame) if callable(value) and not isinstance(value, Expr) else value})
        return frame

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

    def drop(self, labels: Any = None, axis: Any = 0, columns: Any = None, errors: str = "raise") -> DataFrame:
        """All columns but some. Rows are dropped by filters."""
        if columns is None and axis in (1, "columns"):
            columns = labels
        if columns is None:
            raise UnsupportedError("rows are not dropped by their labels; filter them, as df[df.x != 0], or name columns=")
        gone = columns if isinstance(columns, (list, tuple, set)) else [columns]
        for label in gone if errors == "raise" else ():
            self._label(label, "drop")
        return self._replace({label: expr for label, expr in self._columns.items() if label not in gone})

    def rename(self, mapper: Any = None, columns: Any = None, axis: Any = 0) -> DataFrame:
        """Columns under other names: a dictionary or a function."""
        columns = mapper if columns is None else columns
        new = (lambda label: columns(label)) if callable(columns) else (lambda label: columns.get(label, label))
        labels = [new(label) for label in self._columns]
        check_unique(labels, "rename")
        return self._replace(dict(zip(labels, self._columns.values(), strict=True)))

    def astype(self, dtype: Any) -> DataFrame:
        """Columns as other types: one for all, or a dictionary."""
        types = dtype if isinstance(dtype, Mapping) else dict.fromkeys(self._columns, dtype)
        cast = {label: self._label(label, "astype").cast(frame_dtype(kind), True) for label, kind in types.items()}
        return self._replace({**self._columns, **cast})

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """Columns of some types, as pandas has them."""
        kept = self._meta().select_dtypes(include, exclude).columns
        return self[list(kept)]

    # ---- expressions

    def select(self, *exprs: Any, **named: Any) -> DataFrame:
        """Columns that expressions compute, and no others; aggregates alone give one row. The index is left out."""
        made = self._named(exprs, named)
        if made and not any(expr.is_row_wise for expr in made.values()):
            frame = self._rows.frame.group_agg([], [expr.alias(str(name)) for name, expr in made.items()])
            return DataFrame._of(frame)
        rows = self._rows
        for name, expr in made.items():
            rows, made[name] = rows.row_wise(expr)
        return DataFrame(rows, made, {})

    def with_columns(self, *exprs: Any, **named: Any) -> DataFrame:
        """The frame with columns that expressions compute added or replaced."""
        frame = self
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

        return with_window(self, window)

    def _named(self, exprs: Iterable[Any], named: Mapping[str, Any]) -> Columns:
        made: Columns = {}
        for expr in flatten(exprs):
            expr = self[expr] if isinstance(expr, str) else expr
            name = expr.name if isinstance(expr, (Expr, Series)) else str(expr)
            if name in made:
                raise ArgumentError(f"two columns would be called {name!r}; give one of them an alias")
            made[name] = self._label(expr, "select") if isinstance(expr, Series) else self._resolve(as_expr(expr))
        for name, expr in named.items():
            made[name] = self._resolve(as_expr(expr))
        return {name: expr.without_alias() for name, expr in made.items()}

    def filter(self, *predicates: Any, items: Any = None) -> DataFrame:
        """Rows where all predicates hold; with ``items=``, columns of these labels, as in pandas."""
        if items is not None:
            return self[[label for label in items if label in self._columns]]
        frame = self
        for predicate in flatten(predicates):
            frame = frame[predicate] if isinstance(predicate, Series) else frame._filtered(frame._resolve(as_expr(predicate)))
        return frame

    def _filtered(self, mask: core.Expr) -> DataFrame:
        return self._row_wise()._replace(rows=self._rows.filter(mask))

    def group_by(self, *keys: Any) -> KeyedFrame:
        """Groups for ``agg`` with expressions; keys become columns."""
        from ._polars import KeyedFrame

        return KeyedFrame(self, self._named(keys, {}))

    def groupby(self, by: Any = None, *, sort: bool | None = None, dropna: bool = True, **unsupported: Any) -> GroupBy:
        """Groups as pandas has them; keys become the index.

        Parameters
        ----------
        by : label, series, or list of these
            What is equal within a group.
        sort : bool, optional
            Whether groups are sorted by their keys. Few groups are, in any case.
        dropna : bool
            Whether groups of missing keys are left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-02", freq="1h")
        >>> bool((df.groupby(df.id).x.sum().compute() < 24).all())
        True
        """
        from ._groupby import GroupBy, group_keys

        unsupported.pop("observed", None)
        unsupported.pop("group_keys", None)
        if unsupported:
            raise UnsupportedError(f"groupby with {', '.join(unsupported)} is not supported; call reset_index on the result")
        if by is None:
            raise UnsupportedError("groupby by levels is not supported; name the columns of the index")
        return GroupBy(self, group_keys(self, by), sort=sort, dropna=dropna)

    def copy(self, deep: bool = False) -> DataFrame:
        """The same description; columns assigned to one are not seen by the other."""
        return self._replace(dict(self._columns))

    def pipe(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What a function gives for this frame."""
        return function(self, *args, **kwargs)


#: Methods of Dask and pandas that are not there, and what comes nearest.
ABSENT = {
    "iloc": "rows have no numbers before they are computed: take head, tail, or loc by the index",
    "pivot_table": "take groupby of both keys and unstack what compute gives",
    "melt": "take concat of one frame for each column",
    "to_hdf": "take to_parquet or to_ipc",
    "to_csv": "take to_parquet, or batches() with pandas' to_csv for each",
    "to_json": "take to_parquet, or batches() with pandas' to_json for each",
    "iterrows": "take batches(), and rows of each",
    "itertuples": "take batches(), and rows of each",
    "interpolate": "take ffill, bfill or fillna",
    "ewm": "take rolling",
    "transpose": "take compute().T when the frame is small",
    "T": "take compute().T when the frame is small",
    "map_overlap": "take rolling or shift",
    "to_bag": "take batches()",
    "to_delayed": "take partitions",
    "visualize": "take explain",
    "dask": "take explain",
    "eval": "take assign",
    "memory_usage": "take estimate",
    "memory_usage_per_partition": "take estimate",
    "isin": "take isin of each column",
    "combine_first": "take merge, and fillna of the columns",
    "align": "take merge",
    "stack": "take concat of one frame for each column",
}
