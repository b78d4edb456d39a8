"""A plugin of pytest for narwhals' own tests: frames are made as blockfold's, in two partitions.

Tests that make no frame by way of the constructor, or want an eager one, are left out.
"""

import blockfold as bf
import pyarrow as pa


def blockfold_lazy_constructor(obj):
    return bf.from_arrow(pa.table(obj), npartitions=2)


def pytest_generate_tests(metafunc):
    if "constructor" in metafunc.fixturenames:
        metafunc.parametrize("constructor", [blockfold_lazy_constructor], ids=["blockfold"])


def pytest_collection_modifyitems(config, items):
    lazy = [item for item in items if "constructor" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(lazy)])
    items[:] = lazy
