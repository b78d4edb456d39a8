"""Columns chosen by their types and names."""

from __future__ import annotations

from typing import Any

from narwhals._compliant import CompliantSelector, LazySelectorNamespace

from ._expr import Expr


class SelectorNamespace(LazySelectorNamespace):
    """Makes selectors."""

    @property
    def _selector(self) -> Any:
        return Selector


class Selector(CompliantSelector, Expr):  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    """An expression of several columns, with the operators of sets."""

    def _to_expr(self) -> Expr:
        return Expr(
            self._call,
            evaluate_output_names=self._evaluate_output_names,
            alias_output_names=self._alias_output_names,
            version=self._version,
        )
