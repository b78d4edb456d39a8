"""The guide's tables of names: what Dask has is here, or is in a table of what is absent."""

import re
import types
from pathlib import Path

import blockfold as bf
import blockfold.array as da
import blockfold.dataframe as dd
import pandas as pd
import pytest
from blockfold.distributed import Client

dask = pytest.importorskip("dask")
import dask.array as dask_array  # noqa: E402
import dask.dataframe as dask_dataframe  # noqa: E402

PAGE = (Path(__file__).parents[2] / "docs/guide/from-dask.md").read_text()
PLAIN = pd.DataFrame({"x": [1.0, 2.0], "k": ["a", "b"]})


def _frames():
    return dask_dataframe.from_pandas(PLAIN, npartitions=1), bf.from_pandas(PLAIN)


#: For each table of the page: Dask's own object, and ours.
OWNERS = {
    "`DataFrame`": _frames,
    "`Series`": lambda: tuple(frame.x for frame in _frames()),
    '`df.groupby("k")`': lambda: tuple(frame.groupby("k") for frame in _frames()),
    '`df.groupby("k").x`': lambda: tuple(frame.groupby("k").x for frame in _frames()),
    "`dask.dataframe`": lambda: (dask_dataframe, dd),
    "`Array`": lambda: (dask_array.ones(3), da.ones(3)),
    "`dask.array`": lambda: (dask_array, da),
    "`dask.array.random`": lambda: (dask_array.random, da.random),
    "`dask.array.linalg`": lambda: (dask_array.linalg, da.linalg),
    "`dask`": lambda: (dask, bf),
    "`Client`": lambda: (None, Client),
}

#: What Dask's classes show and its users do not type: parts of expressions, and names of columns.
INNER = set(
    """
    dependencies deterministic_token expr finalize_compute find_operations fuse lower_completely lower_once operand rewrite
    simplify simplify_once substitute substitute_parameters tree_repr unique_partition_mapping_columns_from_shuffle walk
    annotations k x
    """.split()
)
#: Names that Dask's own classes and modules have beside their functions.
BESIDE = {
    "`DataFrame`": {"name"},
    "`dask.array`": {"ARRAY_EXPR_ENABLED", "PerformanceWarning", "array_expr_enabled"},
    "`dask`": {"HLGExpr", "LLGExpr", "SingletonExpr"},
}


def absent(owner: str) -> set[str]:
    """The names in the first column of the table of an owner."""
    [table] = re.findall(rf"^\| {re.escape(owner)} \| nearest \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}


def public(owner: str, theirs) -> set[str]:
    """What users of Dask's object type: no modules, and of a module that imports others' functions only its own."""
    names = {name for name in dir(theirs) if not name.startswith("_")} - INNER - BESIDE.get(owner, set())
    if not isinstance(theirs, types.ModuleType):
        return names
    found = {name: getattr(theirs, name) for name in names}
    found = {name: thing for name, thing in found.items() if not isinstance(thing, types.ModuleType)}
    if theirs is dask_array.random:
        return {name for name in found if hasattr(theirs.RandomState, name)}
    if theirs is dask_array.linalg:
        return {name for name, thing in found.items() if getattr(thing, "__module__", "") == theirs.__name__} - {
            "compression_level"
        }
    return set(found)


@pytest.mark.parametrize("owner", OWNERS)
def test_what_is_absent_is_absent(owner):
    _, ours = OWNERS[owner]()
    there = {name for name in absent(owner) if hasattr(ours, name)}
    assert not there, f"{owner} has {sorted(there)}: take it out of docs/guide/from-dask.md"


@pytest.mark.parametrize("owner", [owner for owner in OWNERS if owner != "`Client`"])
def test_everything_else_is_there(owner):
    theirs, ours = OWNERS[owner]()
    missing = {name for name in public(owner, theirs) if not hasattr(ours, name)} - absent(owner)
    assert not missing, f"{owner} lacks {sorted(missing)}: add it to a table of docs/guide/from-dask.md"


def test_every_table_has_an_owner():
    assert set(re.findall(r"^\| (.*) \| nearest \|$", PAGE, re.MULTILINE)) == set(OWNERS)
