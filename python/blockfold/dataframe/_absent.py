"""What pandas and Dask have and blockfold has not, told by name with the nearest that there is."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ..exceptions import AbsentError


def absent(owner: str, name: str, nearest: Mapping[str, str]) -> AbsentError | None:
    """The error for a method of pandas that is not there; `None` when pandas has none of this name either."""
    if name in nearest:
        return AbsentError(f"{owner}.{name} is not supported; {nearest[name]}")
    # Who has not imported pandas does not ask for its methods.
    pandas = sys.modules.get("pandas")
    if name.startswith("_") or pandas is None or not hasattr(getattr(pandas, owner, None), name):
        return None
    return AbsentError(
        f"{owner}.{name} is not supported; take map_partitions(lambda part: part.{name}(...)) where partitions are "
        f"independent of each other, or compute().{name}(...)"
    )
