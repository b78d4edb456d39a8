"""The plugin by which narwhals, and so plotting libraries and others that are written on it, take lazy frames.

Narwhals finds this module by the package's entry point and asks it for all that it does with a frame. Nothing here runs
until ``collect``.

>>> import blockfold as bf
>>> import blockfold.narwhals as plugin
>>> plugin.is_native(bf.from_dict({"x": [1, 2]}))
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._namespace import Namespace

#: The package whose objects are meant.
NATIVE_PACKAGE = "blockfold"


def __narwhals_namespace__(version: Any) -> Namespace:
    """What narwhals makes expressions and frames of, for one version of its interface."""
    from ._namespace import Namespace

    return Namespace(version=version)


def is_native(native_object: object) -> bool:
    """Whether an object is a frame of blockfold."""
    from ..dataframe import DataFrame

    return isinstance(native_object, DataFrame)
