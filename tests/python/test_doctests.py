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
