"""What ``blockfold ... --cluster ADDRESS`` starts: runs a query on a cluster and gives its answer as an Arrow stream.

The query comes as JSON: which files are read, and the calls that are made of them. What fails is a line of JSON on stderr.
"""

from __future__ import annotations

import json
import os
import sys

from .. import _blockfold as core
from ..exceptions import ArgumentError, Error, VersionError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

#: Calls that frames are made of.
_CALLS = frozenset(("distinct", "distinct_by", "filter", "group_agg", "head", "join", "sort"))

_OPERATORS = {"and": "&", "or": "|"}


def frame_of(session: core.Session, asked: dict[str, Any]) -> core.LazyFrame:
    """The frame that a query asks for."""
    frame = session.read_ipc(asked["paths"]) if asked["read"] == "ipc" else session.read_parquet(asked["paths"])[0]
    for name, args in asked["calls"]:
        if name not in _CALLS:
            raise ArgumentError(f"a frame has no call '{name}' for programs")
        frame = getattr(frame, name)(*_arguments(session, name, args))
    return frame


def _arguments(session: core.Session, name: str, args: list[Any]) -> list[Any]:
    if name == "filter":
        return [expr_of(args[0])]
    if name == "group_agg":
        return [[expr_of(one) for one in part] for part in args]
    if name == "sort":
        return [[(expr_of(key), *how) for key, *how in args[0]]]
    if name == "join":
        other, left, right, *how = args
        return [frame_of(session, other), [expr_of(one) for one in left], [expr_of(one) for one in right], *how]
    return args


def expr_of(asked: list[Any]) -> core.Expr:
    """The expression that a list stands for: its kind, then its parts."""
    kind, *parts = asked
    make = _KINDS.get(kind)
    if make is None:
        raise ArgumentError(f"'{' '.join(map(str, parts))}' cannot be sent to a cluster")
    return make(*parts)


def _value(asked: Any) -> Any:
    return float(asked["float"]) if isinstance(asked, dict) else asked


def _binary(op: str, left: Any, right: Any) -> core.Expr:
    return expr_of(left).binary(_OPERATORS.get(op, op), expr_of(right))


def _case(branches: list[Any], otherwise: Any) -> core.Expr:
    made = [(expr_of(when), expr_of(then)) for when, then in branches]
    return core.Expr.case(made, None if otherwise is None else expr_of(otherwise))


def _call(function: str, args: list[Any]) -> core.Expr:
    first, *rest = [expr_of(one) for one in args]
    return first.call(function, rest)


def _aggregate(function: str, inputs: list[Any]) -> core.Expr:
    # Deviations and variances are those of a sample.
    return expr_of(inputs[0]).aggregate(function, 1.0 if function in ("std", "var") else 0.0)


_KINDS = {
    "column": lambda name: core.Expr.col(name),
    "literal": lambda value: core.Expr.lit(_value(value)),
    "binary": _binary,
    "not": lambda one: expr_of(one).invert(),
    "is_null": lambda one: expr_of(one).is_null(),
    "is_in": lambda one, values: expr_of(one).is_in([_value(value) for value in values]),
    "case": _case,
    "call": _call,
    "len": lambda: core.Expr.len(),
    "aggregate": _aggregate,
    "alias": lambda one, name: expr_of(one).alias(name),
}


def run(address: str, query: dict[str, Any], out: Any) -> None:
    """Runs a query, and writes its answer."""
    if query["version"] != core.__version__:
        raise VersionError(
            f"the program is of version {query['version']}, and the Python package of {core.__version__}; install one of both"
        )
    from . import needed

    pyarrow = needed("pyarrow", "--cluster")
    from ..distributed import Client
    from ..session import Session, current

    with Session(memory_budget=query["budget"]), Client(address):
        frame = frame_of(current(), query["frame"])
        table = pyarrow.table(frame.collect())
        with pyarrow.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)


def main() -> int:
    """Runs the query that comes, and tells the exit code."""
    # What others print goes where warnings go.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        try:
            run(sys.argv[1], json.load(sys.stdin), out)
        except BrokenPipeError:
            return 1
        except Exception as error:
            name = "" if isinstance(error, Error) else f"{type(error).__name__}: "
            print(json.dumps({"error": f"{name}{error}"}), file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
