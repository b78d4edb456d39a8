"""Lazy frames as narwhals sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from narwhals._compliant import CompliantLazyFrame
from narwhals._utils import (
    Implementation,
    check_column_names_are_unique,
    check_columns_exist,
    extend_bool,
    parse_columns_to_drop,
)
from narwhals.exceptions import DuplicateError, InvalidOperationError

from .. import _blockfold as core
from ..dataframe._frame import DataFrame
from ..dataframe._merge import merge_asof
from ..dataframe._rows import Rows
from ._column import Column, present
from ._joins import joined
from ._scope import Scope, sort_keys

if TYPE_CHECKING:
    from typing import Self


class LazyFrame(CompliantLazyFrame):
    """A frame, and the scope in which its expressions are asked for."""

    _implementation = Implementation.UNKNOWN

    def __init__(self, df: DataFrame, *, version: Any, scope: Scope | None = None):
        self._native_frame, self._version = df, version
        self.scope = Scope() if scope is None else scope
        self._schema: dict[str, Any] | None = None

    @staticmethod
    def _is_native(obj: Any) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        return isinstance(obj, DataFrame)

    @classmethod
    def from_native(cls, data: DataFrame, /, *, context: Any) -> Self:
        """The frame, for the version of a context."""
        for label in data._columns:
            if not isinstance(label, str):
                raise TypeError(f"columns of narwhals are called by texts; {label!r} is none: rename it")
        return cls(data, version=context._version)

    def to_narwhals(self) -> Any:
        return self._version.lazyframe(self, level="lazy")

    def __narwhals_lazyframe__(self) -> Self:
        return self

    def __narwhals_namespace__(self) -> Any:
        from ._namespace import Namespace

        return Namespace(version=self._version)

    def __native_namespace__(self) -> Any:
        import blockfold

        return blockfold

    def _with_native(self, df: DataFrame) -> Self:
        return type(self)(df, version=self._version)

    def _with_version(self, version: Any) -> Self:
        return type(self)(self.native, version=version)

    # ---- what expressions ask

    @property
    def rows(self) -> Rows:
        """The rows that columns are expressions over."""
        return self.native._rows

    def column(self, name: str) -> Column:
        """A column by its name."""
        if error := check_columns_exist([name], available=self.columns):
            raise error
        return Column(self.rows, self.native._columns[name]).row_wise()

    def grouped(self, rows: Rows, expr: core.Expr) -> tuple[Rows, core.Expr]:
        """An aggregate as the scope wants it: beside the rows of its group, or alone."""
        return rows.transform(self.scope.keys, expr) if self.scope.is_window else (rows, expr)

    def within(self, scope: Scope) -> Self:
        """The same frame, asked for in another scope."""
        return type(self)(self.native, version=self._version, scope=scope)

    def beside(self) -> Self:
        """The same frame, asked for row by row, groups still known."""
        return self.within(self.scope._replace(order=(), is_window=False))

    def over(self, partition_by: Sequence[str], order_by: Sequence[str]) -> Self:
        """The same frame, asked for within groups and in an order."""
        keys, order = ([self.column(name).expr for name in names] for names in (partition_by, order_by))
        return self.within(Scope(tuple(keys), tuple(order), True))

    def _iter_columns(self) -> Iterator[Column]:
        return (self.column(name) for name in self.columns)

    # ---- columns

    @property
    def columns(self) -> list[str]:
        return list(self.native._columns)

    @property
    def schema(self) -> dict[str, Any]:
        if self._schema is None:
            import pyarrow
            from narwhals._arrow.utils import native_to_narwhals_dtype

            fields = pyarrow.schema(self._bare())
            self._schema = {field.name: native_to_narwhals_dtype(field.type, self._version) for field in fields}
        return self._schema

    def collect_schema(self) -> dict[str, Any]:
        return self.schema

    def _bare(self) -> DataFrame:
        return self.native.reset_index(drop=True)

    def simple_select(self, *column_names: str) -> Self:
        if error := check_columns_exist(column_names, available=self.columns):
            raise error
        return self._with_native(self.native[list(column_names)])

    def _columns_of(self, exprs: Iterable[Any]) -> tuple[Rows, dict[str, core.Expr]]:
        rows, made = self.rows, {}
        for expr in exprs:
            for name, column in zip(expr._evaluate_aliases(self), expr(self), strict=True):
                if name in made:
                    raise DuplicateError(f"two columns would be called {name!r}; give one of them an alias")
                plain = column.row_wise()
                rows = rows.meet(plain.rows, "select")
                made[name] = plain.expr.without_alias()
        return rows, made

    def select(self, *exprs: Any) -> Self:
        if not exprs:
            raise ValueError("select: say at least one expression; a lazy frame without columns is not supported")
        rows, made = self._columns_of(exprs)
        return self._with_native(DataFrame(rows, made, {}))

    def with_columns(self, *exprs: Any) -> Self:
        rows, made = self._columns_of(exprs)
        return self._with_native(self.native._replace({**self.native._columns, **made}, rows=rows))

    def aggregate(self, *exprs: Any) -> Self:
        rows, names, aggs = self.rows, [], []
        for expr in exprs:
            for name, column in zip(expr._evaluate_aliases(self), expr(self), strict=True):
                rows = rows.meet(column.rows, "select")
                names.append(name)
                aggs.append(column.expr.without_alias().alias(name))
        # An aggregate of rows is what makes one row, also of literals.
        count = "\x00rows"
        native = rows.frame.group_agg([], [*aggs, core.Expr.len().alias(count)])
        return self._with_native(DataFrame._of(native.select([core.Expr.col(name) for name in names])))

    def drop(self, columns: Sequence[str], *, strict: bool) -> Self:
        gone = set(parse_columns_to_drop(self, columns, strict=strict))
        return self._with_native(self.native[[name for name in self.columns if name not in gone]])

    def rename(self, mapping: Mapping[str, str]) -> Self:
        if error := check_columns_exist(list(mapping), available=self.columns):
            raise error
        check_column_names_are_unique([mapping.get(name, name) for name in self.columns])
        return self._with_native(self.native.rename(columns=dict(mapping)))

    def with_row_index(self, name: str, order_by: Sequence[str] | None) -> Self:
        solid = self._bare()._solid()
        window = core.Window("row_number", core.Expr.lit(0))
        order = tuple(solid._columns[key] for key in order_by or ())
        if order:
            window = window.order_by(sort_keys(order))
        rows, number = solid._rows.window((), window, ("row_number", order))
        index = number.cast("int64", True).binary("-", 1)
        return self._with_native(solid._replace({name: index, **solid._columns}, rows=rows))

    # ---- rows

    def filter(self, predicate: Any) -> Self:
        [mask] = predicate(self)
        mask = mask.row_wise()
        native = self.native._replace(rows=self.rows.meet(mask.rows, "filter"))
        return self._with_native(native._filtered(mask.expr))

    def head(self, n: int) -> Self:
        return self._with_native(self.native.limit(n))

    def tail(self, n: int) -> Self:
        return self._with_native(self.native.tail(n, compute=False))

    def drop_nulls(self, subset: Sequence[str] | None) -> Self:
        native = self.native
        for name in self.columns if subset is None else subset:
            native = native._filtered(present(self.column(name).expr))
        return self._with_native(native)

    def _keys(self, by: Iterable[str], descending: Any, nulls_last: bool) -> tuple[DataFrame, Any]:
        names = list(by)
        if error := check_columns_exist(names, available=self.columns):
            raise error
        solid = self.native._solid()
        downs = extend_bool(descending, len(names))
        return solid, [(solid._columns[name], down, not nulls_last) for name, down in zip(names, downs, strict=True)]

    def sort(self, *by: str, descending: bool | Sequence[bool], nulls_last: bool) -> Self:
        solid, keys = self._keys(by, descending, nulls_last)
        return self._with_native(solid._replace(rows=Rows(solid._rows.frame.sort(keys))))

    def top_k(self, k: int, *, by: Iterable[str], reverse: bool | Sequence[bool]) -> Self:
        names = list(by)
        downs = [not one for one in extend_bool(reverse, len(names))]
        solid, keys = self._keys(names, downs, True)
        return self._with_native(solid._replace(rows=Rows(solid._rows.frame.top_k(k, keys))))

    def unique(self, subset: Sequence[str] | None, *, keep: str, order_by: Sequence[str] | None) -> Self:
        names = self.columns if subset is None else list(subset)
        if error := check_columns_exist(names, available=self.columns):
            raise error
        solid = self._bare()._solid()
        keys = [core.Expr.col(name) for name in names]
        if keep in ("any", "first") and not order_by:
            return self._with_native(solid._replace(rows=Rows(solid._rows.frame.distinct_by(names))))
        if keep == "none":
            rows, count = solid._rows.transform(keys, core.Expr.len())
        else:
            is_last = keep == "last"
            order = tuple(solid._columns[name] for name in order_by or ())
            window = core.Window("row_number", keys[0]).order_by(sort_keys(order, is_last))
            rows, count = solid._rows.window(keys, window, ("unique", order, is_last))
        return self._with_native(solid._replace(rows=rows)._filtered(count.binary("==", 1)))

    def explode(self, columns: Sequence[str], *, empty_as_null: bool = True, keep_nulls: bool = True) -> Self:
        for name in columns:
            if self.schema[name] != self._version.dtypes.List:
                raise InvalidOperationError(
                    f"`explode` operation not supported for dtype `{self.schema[name]}`, expected List type"
                )
        if len(columns) != 1 or not empty_as_null:
            raise NotImplementedError("explode of several columns, or without rows for empty lists, is not supported")
        frame = self if keep_nulls else self.drop_nulls(columns)
        return self._with_native(frame.native.explode(columns[0]))

    def unpivot(
        self, on: Sequence[str] | None, index: Sequence[str] | None, variable_name: str, value_name: str
    ) -> Self:
        return self._with_native(self._bare().melt(index or [], on, variable_name, value_name))

    # ---- several frames

    def join(
        self,
        other: Self,
        *,
        how: str,
        left_on: Sequence[str] | None,
        right_on: Sequence[str] | None,
        suffix: str,
    ) -> Self:
        return self._with_native(joined(self._bare(), other._bare(), how, left_on or (), right_on or (), suffix))

    def join_asof(
        self,
        other: Self,
        *,
        left_on: str,
        right_on: str,
        by_left: Sequence[str] | None,
        by_right: Sequence[str] | None,
        strategy: str,
        suffix: str,
    ) -> Self:
        made = merge_asof(
            self._bare(), other._bare(), left_on=left_on, right_on=right_on,
            left_by=list(by_left) if by_left else None, right_by=list(by_right) if by_right else None,
            suffixes=("", suffix), direction=strategy,
        )  # fmt: skip
        gone = {right_on, *(by_right or ())} - {left_on, *(by_left or ())}
        clashing = {f"{name}{suffix}" for name in (right_on, *(by_right or ()))} if gone else set()
        return self._with_native(made[[name for name in made._columns if name not in gone | clashing]])

    def group_by(self, keys: Any, *, drop_null_keys: bool) -> Any:
        from ._group_by import GroupBy

        return GroupBy(self, keys, drop_null_keys=drop_null_keys)

    # ---- runs

    def collect(self, backend: Any, **kwargs: Any) -> Any:
        """All rows in the memory of another library: pyarrow's unless told otherwise."""
        if backend is Implementation.PANDAS:
            from narwhals._pandas_like.dataframe import PandasLikeDataFrame

            return PandasLikeDataFrame(
                self._bare().compute(), implementation=Implementation.PANDAS, validate_backend_version=True,
                version=self._version, validate_column_names=True,
            )  # fmt: skip
        if backend is Implementation.POLARS:
            from narwhals._polars.dataframe import PolarsDataFrame

            return PolarsDataFrame(self._bare().to_polars(), validate_backend_version=True, version=self._version)
        if backend is None or backend is Implementation.PYARROW:
            from narwhals._arrow.dataframe import ArrowDataFrame

            return ArrowDataFrame(
                self._bare().collect(), validate_backend_version=True, version=self._version,
                validate_column_names=True,
            )  # fmt: skip
        raise ValueError(f"collect into {backend} is not supported; there are pyarrow, pandas and polars")

    def sink_parquet(self, file: Any) -> None:
        """Writes a folder of Parquet files; they appear whole or not at all."""
        if hasattr(file, "write"):
            raise NotImplementedError("a file in memory cannot be written to; name a folder")
        self._bare().to_parquet(file)
