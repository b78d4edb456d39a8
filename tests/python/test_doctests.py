"""The examples of the documentation do what they say, and every public name has documentation."""

import doctest
import importlib
import inspect
import pkgutil

import blockfold
import pandas as pd
import pytest

MODULES = ["blockfold"] + [
    module.name
    for module in pkgutil.walk_packages(blockfold.__path__, "blockfold.")
    if module.name != "blockfold._blockfold"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    with pd.option_context("display.width", 120):
        failed, _ = doctest.testmod(module, optionflags=flags)
    assert failed == 0


@pytest.mark.parametrize("name", [name for name in MODULES if not name.split(".")[-1].startswith("_")])
def test_public_names_are_documented(name):
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", [one for one in vars(module) if not one.startswith("_")]):
        thing = getattr(module, public)
        if callable(thing) and (getattr(thing, "__module__", None) or "").startswith("blockfold"):
            assert inspect.getdoc(thing), f"{name}.{public}"


def test_methods_are_documented():
    for owner in (blockfold.DataFrame, blockfold.Series, blockfold.Expr, blockfold.array.Array, blockfold.Session):
        for name, member in inspect.getmembers(owner):
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{owner.__name__}.{name}"


#: What the example of a class shows, what has nothing to show, and what ends calls that may be under way.
WITHOUT_EXAMPLE = {
    *("Event.clear", "Event.is_set", "Event.set", "Event.wait", "Lock.acquire", "Lock.locked", "Lock.release"),
    *("Queue.get", "Queue.put", "Queue.qsize", "Variable.delete", "Variable.get", "Variable.set"),
    *("Expr.rank", "SeriesGroupBy.rank", "Client.cancel", "Future.cancel", "LocalCluster.close"),
    *("Series.to_dask_array", "Index.to_dask_array"),
}


def _without_example(owner: str, things: dict) -> list[str]:
    """Names of functions, methods and properties that are written by hand and have no example."""
    found = []
    for name, thing in things.items():
        function = thing.fget if isinstance(thing, property) else thing
        if name.startswith("_") or not inspect.isfunction(function) or not function.__module__.startswith("blockfold"):
            continue
        # Functions that others make stand in no file by their own name.
        is_made = function.__code__.co_name != name
        if not is_made and f"{owner}.{name}" not in WITHOUT_EXAMPLE and ">>>" not in (inspect.getdoc(function) or ""):
            found.append(f"{owner}.{name}")
    return found


@pytest.mark.parametrize(
    "name",
    [
        "blockfold",
        "blockfold.array",
        "blockfold.array.fft",
        "blockfold.array.linalg",
        "blockfold.dataframe",
        "blockfold.distributed",
    ],
)
def test_public_functions_have_examples(name):
    module = importlib.import_module(name)
    public = {one: getattr(module, one) for one in module.__all__}
    classes = {one: thing for one, thing in public.items() if inspect.isclass(thing)}
    missing = _without_example(name, public)
    for owner, thing in classes.items():
        if (thing.__module__ or "").startswith("blockfold"):
            missing += _without_example(owner, dict(inspect.getmembers(thing)))
    assert missing == []
