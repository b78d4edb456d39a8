"""What an expression is: a function from a frame to columns, and the names that these have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from narwhals._compliant.expr import LazyExpr
from narwhals._expression_parsing import combine_alias_output_names, combine_evaluate_output_names
from narwhals._utils import Implementation

from .. import _blockfold as core
from ..dataframe._rows import Rows
from ._column import Column

if TYPE_CHECKING:
    from typing import Self

    from ._frame import LazyFrame

Call = Callable[["LazyFrame"], Sequence[Column]]
#: What becomes of a column: of rows, an expression over them and the frame that is asked, rows and an expression.
Step = Callable[[Rows, core.Expr, "LazyFrame"], tuple[Rows, core.Expr]]


class Evaluation(LazyExpr):
    """A function from a frame to columns, and their names; what the functions of expressions are built on.

    The frame says in which scope it is asked. What works row by row hands the frame on as it is, so that an aggregate or
    a running function inside of it sees the groups and the order of ``over``.
    """

    _implementation = Implementation.UNKNOWN

    def __init__(self, call: Call, *, evaluate_output_names: Any, alias_output_names: Any, version: Any):
        self._call = call
        self._evaluate_output_names = evaluate_output_names
        self._alias_output_names = alias_output_names
        self._version = version

    def __call__(self, df: Any) -> list[Column]:
        return list(self._call(df))

    @property
    def _backend_version(self) -> tuple[int, ...]:
        return ()

    def _like(self, call: Call, alias_output_names: Any = None) -> Self:
        return type(self._plain())(
            call,
            evaluate_output_names=self._evaluate_output_names,
            alias_output_names=self._alias_output_names if alias_output_names is None else alias_output_names,
            version=self._version,
        )

    def _plain(self) -> Any:
        """The expression itself; of a selector, the expression that it stands for."""
        make = getattr(self, "_to_expr", None)
        return self if make is None else make()

    def _with_alias_output_names(self, func: Any, /) -> Self:
        known = self._alias_output_names
        if func is None:
            alias = None
        elif known is None:
            alias = func
        else:
            alias = lambda names: func(known(names))
        plain = self._plain()
        return type(plain)(
            plain._call,
            evaluate_output_names=self._evaluate_output_names,
            alias_output_names=alias,
            version=self._version,
        )

    @classmethod
    def from_column_names(cls, evaluate_column_names: Any, /, *, context: Any) -> Self:
        """Columns by their names."""

        def call(df: LazyFrame) -> list[Column]:
            return [df.column(name) for name in evaluate_column_names(df)]

        return cls(call, evaluate_output_names=evaluate_column_names, alias_output_names=None, version=context._version)

    @classmethod
    def from_column_indices(cls, *column_indices: int, context: Any) -> Self:
        """Columns by their numbers."""
        return cls.from_column_names(cls._eval_names_indices(column_indices), context=context)

    def broadcast(self) -> Self:
        """The expression itself: an aggregate stands beside rows wherever rows are wanted."""
        return self

    # ---- what functions are made of

    def _elementwise(self, function: Callable[..., core.Expr], *others: Any) -> Self:
        """A function of each value, and of the values of other expressions beside it."""

        def call(df: LazyFrame) -> list[Column]:
            beside = [other(df)[0] for other in others]
            return [column.map(function, *beside) for column in self(df)]

        return self._like(call)

    def _typed(self, function: Callable[..., core.Expr], *others: Any) -> Self:
        """As `_elementwise`, of a function that asks for the types: it takes columns, and gives an expression."""

        def call(df: LazyFrame) -> list[Column]:
            beside = [other(df)[0] for other in others]
            return [column.map(lambda *_, own=column: function(own, *beside), *beside) for column in self(df)]

        return self._like(call)

    def _aggregate(self, function: Callable[[core.Expr], core.Expr]) -> Self:
        """An aggregate of the rows of each group."""

        def step(rows: Rows, expr: core.Expr, df: LazyFrame) -> tuple[Rows, core.Expr]:
            return df.grouped(rows, function(expr))

        return self._stepwise(step)

    def _stepwise(self, step: Step) -> Self:
        """What a step makes of rows and a column of them, which is computed outside of any window."""

        def call(df: LazyFrame) -> list[Column]:
            made = []
            for column in self(df.beside()):
                plain = column.row_wise(df.scope.keys)
                made.append(Column(*step(plain.rows, plain.expr.without_alias(), df)))
            return made

        return self._like(call)

    @classmethod
    def _horizontal(cls, function: Callable[[Sequence[core.Expr]], core.Expr], *exprs: Any) -> Self:
        """A function of the values of several expressions, row by row."""

        def call(df: LazyFrame) -> list[Column]:
            first, *others = [column for expr in exprs for column in expr(df)]
            return [first.map(lambda *parts: function(parts), *others)]

        return cls(
            call,
            evaluate_output_names=combine_evaluate_output_names(*exprs),
            alias_output_names=combine_alias_output_names(*exprs),
            version=exprs[0]._version,
        )
