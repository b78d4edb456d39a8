"""Functions of texts."""

from __future__ import annotations

import re
from typing import Any

from narwhals._compliant import LazyExprNamespace
from narwhals._compliant.any_namespace import StringNamespace
from narwhals._utils import not_implemented

from .. import _blockfold as core
from ._column import joined_texts, when

#: More characters than a text has.
_ALL = 2**31 - 1


class TextNamespace(LazyExprNamespace, StringNamespace):
    """Functions of texts, as ``col("s").str.len_chars()``."""

    def _call(self, name: str, *args: Any) -> Any:
        return self.compliant._elementwise(lambda expr: expr.call(name, list(args)))

    def _with(self, name: str, other: Any) -> Any:
        if isinstance(other, str):
            return self._call(name, other)
        return self.compliant._elementwise(lambda expr, operand: expr.call(name, [operand]), other)

    def len_chars(self) -> Any:
        return self._call("len_chars")

    def to_lowercase(self) -> Any:
        return self._call("lower")

    def to_uppercase(self) -> Any:
        return self._call("upper")

    def starts_with(self, prefix: Any) -> Any:
        return self._with("starts_with", prefix)

    def ends_with(self, suffix: Any) -> Any:
        return self._with("ends_with", suffix)

    def contains(self, pattern: Any, *, literal: bool) -> Any:
        return self._with("contains" if literal else "matches", pattern)

    def replace_all(self, value: Any, pattern: str, *, literal: bool) -> Any:
        name = "replace" if literal else "replace_matches"
        return self.compliant._elementwise(lambda expr, new: expr.call(name, [pattern, new]), value)

    def slice(self, offset: int, length: int | None) -> Any:
        return self._call("slice", offset, _ALL if length is None else length)

    def strip_chars(self, characters: str | None) -> Any:
        if characters is None:
            return self._call("strip")
        return self._stripped(characters, "^{0}+|{0}+$")

    def strip_chars_start(self, characters: str) -> Any:
        return self._stripped(characters, "^{0}+")

    def strip_chars_end(self, characters: str) -> Any:
        return self._stripped(characters, "{0}+$")

    def _stripped(self, characters: str | None, pattern: str) -> Any:
        if characters == "":
            return self.compliant._elementwise(lambda expr: expr)
        any_of = r"\s" if characters is None else f"[{re.escape(characters)}]"
        return self._call("replace_matches", pattern.format(any_of), "")

    def zfill(self, width: int) -> Any:
        def filled(expr: core.Expr) -> core.Expr:
            signed = expr.call("starts_with", ["-"]).binary("|", expr.call("starts_with", ["+"]))
            sign = when(signed, expr.call("slice", [0, 1]), "")
            digits = when(signed, expr.call("slice", [1, _ALL]), expr)
            missing = expr.call("len_chars", []).cast("int64", True).binary("-", width).negate()
            zeros = core.Expr.lit("0" * width).call("slice", [0, missing])
            return when(expr.is_null().invert(), joined_texts(sign, zeros, digits))

        return self.compliant._elementwise(filled)

    def pad_start(self, length: int, fill_char: str) -> Any:
        return self.compliant._elementwise(lambda expr: _padding(expr, length, fill_char).call("concat", [expr]))

    def pad_end(self, length: int, fill_char: str) -> Any:
        return self.compliant._elementwise(lambda expr: expr.call("concat", [_padding(expr, length, fill_char)]))

    def to_date(self, format: str | None) -> Any:
        return self._parsed("date", format)

    def to_datetime(self, format: str | None) -> Any:
        return self._parsed("timestamp[us]", format)

    def _parsed(self, dtype: str, format: str | None) -> Any:
        if format not in (None, "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
            raise NotImplementedError(f"times written as {format!r} are not supported; take those of ISO 8601")
        return self.compliant._elementwise(lambda expr: expr.cast(dtype, True))

    replace = not_implemented()  # type: ignore[assignment]
    split = not_implemented()  # type: ignore[assignment]
    to_titlecase = not_implemented()  # type: ignore[assignment]
    to_time = not_implemented()  # type: ignore[assignment]


def _padding(expr: core.Expr, length: int, fill_char: str) -> core.Expr:
    missing = expr.call("len_chars", []).cast("int64", True).binary("-", length).negate()
    return core.Expr.lit(fill_char * length).call("slice", [0, missing])
