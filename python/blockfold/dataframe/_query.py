"""Conditions that are written as text, for ``df.query("x > 0 and y == @limit")``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from .._columns import COMPARISONS, plain_truth
from ..exceptions import ArgumentError
from ..expr import Expr, col, lit

_LOCAL = "__blockfold_local_"

_OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip

_FUNCTIONS = {"abs", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "floor", "ceil"}
_METHODS = {
    "isna": "is_null",
    "isnull": "is_null",
    "notna": "is_not_null",
    "notnull": "is_not_null",
    "abs": "abs",
    "isin": "is_in",
}


def parse(text: str, names: Mapping[str, Any]) -> Expr:
    """The expression that a text says; ``@name`` is looked up in `names`.

    Raises
    ------
    ArgumentError
        What the text says is no condition on columns.
    """
    quoted: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        quoted[f"__blockfold_column_{len(quoted)}"] = match.group(1)
        return f"__blockfold_column_{len(quoted) - 1}"

    plain = re.sub(r"`([^`]*)`", named, text)
    plain = re.sub(r"@(\w+)", rf"{_LOCAL}\1", plain)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArgumentError(f"query: {text!r} cannot be read: {error}") from None
    made = _Reader(text, names, quoted).read(tree)
    return made if isinstance(made, Expr) else lit(made)


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Any], quoted: Mapping[str, str]):
        self._text, self._names, self._quoted = text, names, quoted

    def read(self, tree: ast.AST) -> Any:
        reader = getattr(self, f"_{type(tree).__name__.lower()}", None)
        if reader is None:
            raise ArgumentError(
                f"query: {type(tree).__name__} in {self._text!r} is not supported; write the condition as df[df.x > 0]"
            )
        return reader(tree)

    def _constant(self, tree: ast.Constant) -> Any:
        return tree.value

    def _name(self, tree: ast.Name) -> Any:
        if tree.id.startswith(_LOCAL):
            name = tree.id[len(_LOCAL) :]
            if name not in self._names:
                raise ArgumentError(f"query: no variable is called {name!r}")
            return self._names[name]
        return col(self._quoted.get(tree.id, tree.id))

    def _list(self, tree: ast.List) -> Any:
        return [self.read(item) for item in tree.elts]

    _tuple = _set = _list

    def _boolop(self, tree: ast.BoolOp) -> Any:
        made = self.read(tree.values[0])
        for value in tree.values[1:]:
            made = made & self.read(value) if isinstance(tree.op, ast.And) else made | self.read(value)
        return made

    def _unaryop(self, tree: ast.UnaryOp) -> Any:
        value = self.read(tree.operand)
        if isinstance(tree.op, (ast.Not, ast.Invert)):
            return ~value if isinstance(value, Expr) else not value
        return -value if isinstance(tree.op, ast.USub) else value

    def _binop(self, tree: ast.BinOp) -> Any:
        left, right = self.read(tree.left), self.read(tree.right)
        if isinstance(tree.op, ast.Pow):
            return left**right
        if isinstance(tree.op, ast.FloorDiv):
            return left // right
        return self._binary(tree.op, left, right)

    def _binary(self, op: ast.AST, left: Any, right: Any) -> Any:
        sign = _OPERATORS.get(type(op))
        if sign is None:
            raise ArgumentError(f"query: {type(op).__name__} in {self._text!r} is not supported")
        if isinstance(left, Expr):
            made = left._binary(sign, right)
        else:
            made = right._binary(sign, left, True) if isinstance(right, Expr) else lit(left)._binary(sign, right)
        return Expr(plain_truth(made._core, sign)) if sign in COMPARISONS else made

    def _compare(self, tree: ast.Compare) -> Any:
        made, left = None, self.read(tree.left)
        for op, comparator in zip(tree.ops, tree.comparators, strict=True):
            right = self.read(comparator)
            if isinstance(op, (ast.In, ast.NotIn)):
                part = self._in(left, right)
                part = ~part if isinstance(op, ast.NotIn) else part
            elif isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(right, (list, tuple)):
                part = self._in(left, right)
                part = ~part if isinstance(op, ast.NotEq) else part
            else:
                part = self._binary(op, left, right)
            made, left = part if made is None else made & part, right
        return made

    def _in(self, left: Any, right: Any) -> Any:
        if not isinstance(left, Expr) or isinstance(right, Expr):
            raise ArgumentError(f"query: 'in' in {self._text!r} needs a column on its left and a list on its right")
        return Expr(plain_truth(left.is_in(list(right))._core))

    def _call(self, tree: ast.Call) -> Any:
        args = [self.read(arg) for arg in tree.args]
        if isinstance(tree.func, ast.Name) and tree.func.id in _FUNCTIONS and len(args) == 1:
            return getattr(args[0], tree.func.id)()
        if isinstance(tree.func, ast.Attribute) and tree.func.attr in _METHODS:
            return getattr(self.read(tree.func.value), _METHODS[tree.func.attr])(*args)
        raise ArgumentError(
            f"query: the call {ast.unparse(tree)} is not supported; there are {', '.join(sorted(_FUNCTIONS))}"
        )
