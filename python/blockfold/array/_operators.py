"""Operators of arrays."""

from __future__ import annotations

from typing import Any

from .. import _blockfold as core
from ._operands import as_array, operand


class Operators:
    """Operators of arrays, elementwise but for ``@``."""

    __slots__ = ()

    _core: core.Array

    def _of(self, native: core.Array) -> Any:
        return type(self)(native)  # type: ignore[call-arg]

    def _binary(self, op: str, other: Any, reflected: bool = False) -> Any:
        from ._arithmetic import binary

        if operand(other) is NotImplemented:
            return NotImplemented
        return binary(op, other, self) if reflected else binary(op, self, other)

    def __add__(self, other: Any) -> Any:
        return self._binary("+", other)

    def __radd__(self, other: Any) -> Any:
        return self._binary("+", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._binary("-", other)

    def __rsub__(self, other: Any) -> Any:
        return self._binary("-", other, True)

    def __mul__(self, other: Any) -> Any:
        return self._binary("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self._binary("*", other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._binary("/", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary("/", other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self._binary("//", other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._binary("//", other, True)

    def __mod__(self, other: Any) -> Any:
        return self._binary("%", other)

    def __rmod__(self, other: Any) -> Any:
        return self._binary("%", other, True)

    def __pow__(self, other: Any) -> Any:
        return self._binary("**", other)

    def __rpow__(self, other: Any) -> Any:
        return self._binary("**", other, True)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __matmul__(self, other: Any) -> Any:
        from .linalg import matmul

        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        from .linalg import matmul

        return matmul(other, self)

    def __and__(self, other: Any) -> Any:
        from ._bits import bitwise

        return bitwise("&", self, other)

    def __or__(self, other: Any) -> Any:
        from ._bits import bitwise

        return bitwise("|", self, other)

    def __xor__(self, other: Any) -> Any:
        from ._bits import bitwise

        return bitwise("^", self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Any:
        from ._bits import shift_left

        return shift_left(self, other)

    def __rshift__(self, other: Any) -> Any:
        from ._bits import shift_right

        return shift_right(self, other)

    def __rlshift__(self, other: Any) -> Any:
        return as_array(other, like=self) << self

    def __rrshift__(self, other: Any) -> Any:
        return as_array(other, like=self) >> self

    def __invert__(self) -> Any:
        return self._of(self._core.unary("invert"))

    def __neg__(self) -> Any:
        return self._of(self._core.unary("negative"))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._of(self._core.unary("abs"))

    def __eq__(self, other: Any) -> Any:
        return self._binary("==", other)

    def __ne__(self, other: Any) -> Any:
        return self._binary("!=", other)

    def __lt__(self, other: Any) -> Any:
        return self._binary("<", other)

    def __le__(self, other: Any) -> Any:
        return self._binary("<=", other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(">", other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(">=", other)

    def __hash__(self) -> int:
        return id(self)
