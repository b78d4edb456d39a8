"""Columns of a frame: which there are, and how they are taken, added, replaced and left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._dtypes import frame_dtype
from ..exceptions import ArgumentError, UnsupportedError
from ..expr import Expr
from ..session import Session
from ._base import Base
from ._labels import check_unique
from ._scalar import Scalar
from ._series import Index, Series

if TYPE_CHECKING:
    from ._frame import DataFrame


class ColumnVerbs(Base):
    """Verbs of a frame about its columns."""

    __slots__ = ()

    @property
    def columns(self) -> Any:
        """Labels of the columns, as a pandas index; can be set.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.columns = ["key", "value"]
        >>> list(df.columns)
        ['key', 'value']
        """
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
        """The index as a column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("x").index.max().compute()
        3
        """
        if len(self._index) != 1:
            what = "has no index; make one with set_index" if not self._index else "has an index of several columns"
            raise UnsupportedError(f"index: this frame {what}")
        [(name, expr)] = self._index.items()
        return Index(self._rows, expr, name, {})

    @property
    def session(self) -> Session:
        """The session that runs the frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.session.threads > 0
        True
        """
        return Session._of(self._rows.frame.session)

    @property
    def schema(self) -> dict[Any, str]:
        """Labels of the columns with the engine's names of their types; the index first.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.schema
        {'k': 'string', 'x': 'int64'}
        """
        types = [dtype for _, dtype in self._native.schema()]
        return dict(zip((*self._index, *self._columns), types, strict=True))

    @property
    def dtypes(self) -> Any:
        """Types of the columns as pandas has them, a pandas series.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.dtypes["x"]
        dtype('int64')
        """
        return self._meta().dtypes

    def _meta(self) -> Any:
        """An empty pandas frame of the same columns."""
        return self._then(lambda frame: frame.head(0)).compute()

    @property
    def ndim(self) -> int:
        """2.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.ndim
        2
        """
        return 2

    @property
    def shape(self) -> tuple[Scalar, int]:
        """Number of rows, lazily, and of columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.shape[0].compute(), df.shape[1]
        (3, 2)
        """
        return Scalar(self._rows, core.Expr.len()), len(self._columns)

    @property
    def size(self) -> Scalar:
        """Number of values, lazily.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.size.compute()
        6
        """
        return Scalar(self._rows, core.Expr.len().binary("*", len(self._columns)))

    @property
    def empty(self) -> bool:
        """Whether there are no rows or no columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.empty
        False
        """
        return not self._columns or self._then(lambda frame: frame.head(1))._native.len() == 0

    def __len__(self) -> int:
        return self._rows.frame.len()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._columns)

    def __contains__(self, label: Any) -> bool:
        return label in self._columns

    def keys(self) -> Any:
        """Labels of the columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.keys())
        ['k', 'x']
        """
        return self.columns

    def items(self) -> Iterator[tuple[Any, Series]]:
        """Labels with their columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> [label for label, _ in df.items()]
        ['k', 'x']
        """
        return ((label, self[label]) for label in self._columns)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Series):
            rows = self._rows.meet(key._rows, "[]")
            return self._row_wise()._replace(rows=rows.filter(key._core))
        if isinstance(key, Expr):
            return self._filtered(self._resolve(key))
        if isinstance(key, list) or type(key).__name__ in ("Index", "ndarray"):
            return self._replace(columns={label: self._label(label, "[]") for label in key})
        if isinstance(key, slice):
            raise UnsupportedError(
                "rows by their number are not supported; take head, tail, partitions, or loc by the index"
            )
        self._label(key, "[]")
        return self._column(key)

    @property
    def iloc(self) -> Places:
        """Rows and columns by their numbers: ``df.iloc[:5]``, ``df.iloc[-5:]``, ``df.iloc[10:20, 1:3]``, ``df.iloc[:, 0]``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.iloc[:, 1:].compute()["x"].tolist()
        [1, 2, 3]
        """
        return Places(self._self)

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
        frame = self._self
        for label, value in columns.items():
            frame = frame._assigned({label: value(frame) if callable(value) and not isinstance(value, Expr) else value})
        return frame

    def drop(self, labels: Any = None, axis: Any = 0, columns: Any = None, errors: str = "raise") -> DataFrame:
        """All columns but some. Rows are dropped by filters.

        Parameters
        ----------
        labels : label or list of labels, optional
            Which columns.
        axis : {0, 1, 'index', 'columns'}
            Along which axis.
        columns : label, list or dict, optional
            Which columns.
        errors : {'raise', 'ignore'}
            What happens to labels that are not there.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.drop(columns="k").columns)
        ['x']
        """
        if columns is None and axis in (1, "columns"):
            columns = labels
        if columns is None:
            raise UnsupportedError(
                "rows are not dropped by their labels; filter them, as df[df.x != 0], or name columns="
            )
        gone = columns if isinstance(columns, (list, tuple, set)) else [columns]
        for label in gone if errors == "raise" else ():
            self._label(label, "drop")
        return self._replace({label: expr for label, expr in self._columns.items() if label not in gone})

    def rename(self, mapper: Any = None, columns: Any = None, axis: Any = 0) -> DataFrame:
        """Columns under other names: a dictionary or a function.

        Parameters
        ----------
        mapper : dict or callable, optional
            New names.
        columns : label, list or dict, optional
            Which columns.
        axis : {0, 1, 'index', 'columns'}
            Along which axis.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.rename(columns={"x": "y"}).columns)
        ['k', 'y']
        """
        columns = mapper if columns is None else columns
        new = (lambda label: columns(label)) if callable(columns) else (lambda label: columns.get(label, label))
        labels = [new(label) for label in self._columns]
        check_unique(labels, "rename")
        return self._replace(dict(zip(labels, self._columns.values(), strict=True)))

    def add_prefix(self, prefix: str) -> DataFrame:
        """Columns whose names begin with a text.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.add_prefix("a_").columns)
        ['a_k', 'a_x']
        """
        return self.rename(columns=lambda label: f"{prefix}{label}")

    def add_suffix(self, suffix: str) -> DataFrame:
        """Columns whose names end with a text.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.add_suffix("_a").columns)
        ['k_a', 'x_a']
        """
        return self.rename(columns=lambda label: f"{label}{suffix}")

    def rename_axis(self, mapper: Any = None, index: Any = None) -> DataFrame:
        """The index under another name.

        Parameters
        ----------
        mapper : dict or callable, optional
            New names.
        index : label, list or dict, optional
            Names of the index.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("k").rename_axis("key").index.name
        'key'
        """
        names = mapper if index is None else index
        names = list(names) if isinstance(names, (list, tuple)) else [names]
        if len(names) != len(self._index):
            raise ArgumentError(f"rename_axis: {len(names)} names for an index of {len(self._index)} columns")
        return self._replace(index=dict(zip(names, self._index.values(), strict=True)))

    def pop(self, label: Any) -> Series:
        """A column, which the frame has no longer.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.pop("x").sum().compute(), list(df.columns)
        (6, ['k'])
        """
        column = self[label]
        del self[label]
        return column

    def squeeze(self) -> Any:
        """The only column, or the frame when there are several.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].squeeze().name
        'x'
        """
        return self._only() if len(self._columns) == 1 else self._self

    def astype(self, dtype: Any) -> DataFrame:
        """Columns as other types: one for all, or a dictionary.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.astype({"x": "float64"}).dtypes["x"]
        dtype('float64')
        """
        types = dtype if isinstance(dtype, Mapping) else dict.fromkeys(self._columns, dtype)
        cast = {label: self._label(label, "astype").cast(frame_dtype(kind), True) for label, kind in types.items()}
        return self._replace({**self._columns, **cast})

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """Columns of some types, as pandas has them.

        Parameters
        ----------
        include : type or list of types, optional
            Which are kept.
        exclude : type or list of types, optional
            Which are not.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.select_dtypes("number").columns)
        ['x']
        """
        kept = self._meta().select_dtypes(include, exclude).columns
        return self[list(kept)]


class Places:
    """Rows and columns by their numbers."""

    __slots__ = ("_frame",)

    def __init__(self, frame: DataFrame):
        self._frame = frame

    def __getitem__(self, key: Any) -> Any:
        rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
        frame = self._frame if rows == slice(None) else self._frame._then(_slicing(rows))
        labels = list(frame._columns)
        if isinstance(columns, (list, tuple)):
            return frame[[labels[at] for at in columns]]
        return frame[labels[columns]]


def _slicing(rows: Any) -> Any:
    """The verb for rows by their numbers."""
    ends = (rows.start, rows.stop) if isinstance(rows, slice) and rows.step in (None, 1) else ()
    if not ends or not all(end is None or isinstance(end, int) for end in ends):
        raise UnsupportedError(
            "rows by their numbers are supported as slices without a step; take head, tail, partitions, or loc by the index"
        )
    start, stop = ends[0] or 0, ends[1]
    if stop is None:
        return lambda frame: frame.slice(start, 2**62)
    if (start < 0) != (stop < 0) and not (start == 0 and stop >= 0):
        raise UnsupportedError("rows counted from both ends are not supported; count both from one end")
    if start < 0 or stop >= 0:
        return lambda frame: frame.slice(start, max(stop - start, 0))
    raise UnsupportedError("all rows but the last ones are not supported; count from the start")
