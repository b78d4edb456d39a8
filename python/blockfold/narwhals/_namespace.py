"""What narwhals makes expressions and frames of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from narwhals._compliant import LazyNamespace
from narwhals._expression_parsing import combine_alias_output_names, combine_evaluate_output_names
from narwhals._utils import Implementation, Version, not_implemented

from .. import _blockfold as core
from ._column import Column, coalesce, joined_texts, lit, present, when
from ._dtypes import engine_dtype
from ._expr import Expr
from ._frame import LazyFrame
from ._selectors import SelectorNamespace

Parts = Sequence[core.Expr]


class Namespace(LazyNamespace):
    """Functions that make expressions and frames."""

    _implementation = Implementation.UNKNOWN

    def __init__(self, *, version: Any):
        self._version = version

    @property
    def _backend_version(self) -> tuple[int, ...]:
        return ()

    @property
    def _expr(self) -> type[Expr]:
        return Expr

    @property
    def _lazyframe(self) -> type[LazyFrame]:
        return LazyFrame

    @property
    def selectors(self) -> Any:
        return SelectorNamespace.from_namespace(self)

    # ---- expressions of no column

    def _of_frame(self, name: str, make: Any) -> Expr:
        return Expr(
            lambda df: [Column(df.rows, make())],
            evaluate_output_names=lambda _df: [name],
            alias_output_names=None,
            version=self._version,
        )

    def lit(self, value: Any, dtype: Any) -> Expr:
        return self._of_frame(
            "literal", lambda: lit(value) if dtype is None else lit(value).cast(engine_dtype(dtype), True)
        )

    def len(self) -> Expr:
        counted = self._of_frame("len", lambda: lit(0))
        return counted._aggregate(lambda _: core.Expr.len())

    # ---- expressions of several columns

    def all_horizontal(self, *exprs: Any, ignore_nulls: bool) -> Expr:
        return Expr._horizontal(lambda parts: _logical(parts, "&", True if ignore_nulls else None), *exprs)

    def any_horizontal(self, *exprs: Any, ignore_nulls: bool) -> Expr:
        return Expr._horizontal(lambda parts: _logical(parts, "|", False if ignore_nulls else None), *exprs)

    def sum_horizontal(self, *exprs: Any) -> Expr:
        return Expr._horizontal(_sum, *exprs)

    def mean_horizontal(self, *exprs: Any) -> Expr:
        def mean(parts: Parts) -> core.Expr:
            there = reduce(_plus, [when(present(part), 1, 0) for part in parts])
            return when(there.binary(">", 0), _sum(parts).binary("/", there))

        return Expr._horizontal(mean, *exprs)

    def min_horizontal(self, *exprs: Any) -> Expr:
        return Expr._horizontal(lambda parts: reduce(lambda a, b: _better(a, b, "<="), parts), *exprs)

    def max_horizontal(self, *exprs: Any) -> Expr:
        return Expr._horizontal(lambda parts: reduce(lambda a, b: _better(a, b, ">="), parts), *exprs)

    def coalesce(self, *exprs: Any) -> Expr:
        return Expr._horizontal(lambda parts: coalesce(*parts), *exprs)

    def when_then(self, predicate: Any, then: Any, otherwise: Any = None) -> Expr:
        others = () if otherwise is None else (otherwise,)
        return Expr._horizontal(lambda parts: when(parts[1], parts[0], *parts[2:]), then, predicate, *others)

    def concat_str(self, *exprs: Any, separator: str, ignore_nulls: bool) -> Expr:
        def joined(parts: Parts) -> core.Expr:
            texts = [part.cast("string", True) for part in parts]
            if ignore_nulls:
                pieces = [when(present(text), joined_texts(lit(separator), text), "") for text in texts]
                return joined_texts(lit(""), *pieces).call("slice", [len(separator), 2**31 - 1])
            first, *rest = texts
            return joined_texts(first, *(piece for text in rest for piece in (separator, text)))

        return Expr._horizontal(joined, *exprs)

    def corr(self, a: Any, b: Any, *, method: str) -> Expr:
        if method != "pearson":
            raise NotImplementedError(f"corr by {method!r} is not supported; take 'pearson', of ranks if need be")
        return self._pair("corr", a, b, 1)

    def cov(self, a: Any, b: Any, *, ddof: int) -> Expr:
        return self._pair("cov", a, b, ddof)

    def _pair(self, name: str, a: Any, b: Any, ddof: int) -> Expr:
        def call(df: LazyFrame) -> list[Column]:
            outside = df.beside()
            left, right = (expr(outside)[0].row_wise(df.scope.keys) for expr in (a, b))
            made = left.map(lambda x, y: core.Expr.pair(name, x, y, ddof), right)
            return [made.row_wise(df.scope.keys) if df.scope.is_window else made]

        return Expr(
            call,
            evaluate_output_names=combine_evaluate_output_names(a, b),
            alias_output_names=combine_alias_output_names(a, b),
            version=self._version,
        )

    # ---- frames

    def from_native(self, data: Any, /) -> Any:
        """The frame as narwhals takes it.

        Who uses narwhals' first stable version, as plotting libraries do, wants values and takes no lazy frame of a
        plugin: they get an Arrow table, computed within the budget.
        """
        frame = super().from_native(data)
        return frame.collect(None) if self._version is Version.V1 else frame

    def concat(self, items: Iterable[Any], *, how: str) -> LazyFrame:
        frames = list(items)
        first = frames[0]
        if how == "vertical":
            for frame in frames[1:]:
                if frame.columns != first.columns or frame.schema != first.schema:
                    what = f"not {dict(first.schema)} and {dict(frame.schema)}"
                    raise TypeError(f"concat: inputs should all have the same schema, {what}")
        from ..dataframe import concat

        return first._with_native(concat([frame.native for frame in frames]))

    def scan_csv(self, source: Any, *, separator: str = ",", **options: Any) -> LazyFrame:
        from ..dataframe import read_csv

        return LazyFrame.from_native(read_csv(source, sep=separator, **options), context=self)

    def scan_parquet(self, source: Any, **options: Any) -> LazyFrame:
        from ..dataframe import read_parquet

        return LazyFrame.from_native(read_parquet(source, **options), context=self)

    list = not_implemented()  # type: ignore[assignment]
    struct = not_implemented()  # type: ignore[assignment]


def _plus(a: core.Expr, b: core.Expr) -> core.Expr:
    return a.binary("+", b)


def _sum(parts: Parts) -> core.Expr:
    return reduce(_plus, [coalesce(part, lit(0)) for part in parts])


def _logical(parts: Parts, op: str, for_null: bool | None) -> core.Expr:
    filled = parts if for_null is None else [coalesce(part, lit(for_null)) for part in parts]
    return reduce(lambda a, b: a.binary(op, b), filled)


def _better(a: core.Expr, b: core.Expr, op: str) -> core.Expr:
    """The one of two values that a comparison prefers; null only when both are."""
    return core.Expr.case([(a.is_null(), b), (b.is_null(), a), (a.binary(op, b), a)], b)
