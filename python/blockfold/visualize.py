"""Pictures of frames, arrays and delayed calls, with no other program installed."""

from __future__ import annotations

import os

from .exceptions import ArgumentError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Picture", "visualize"]


class Picture:
    """A picture that notebooks show; `data` are its bytes, `note` says how a large graph was collapsed."""

    def __init__(self, data: bytes, format: str, note: str | None):
        self.data, self.format, self.note = data, format, note

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None

    def __repr__(self) -> str:
        note = f", {self.note}" if self.note else ""
        return f"Picture({self.format}, {len(self.data):,} bytes{note})"


def visualize(
    *args: Any,
    filename: str | os.PathLike[str] | None = None,
    format: str | None = None,
    view: str | None = None,
    rankdir: str = "LR",
    color: str = "op",
    title: str | None = None,
    optimize_graph: bool | None = None,
    **unused: Any,
) -> Picture:
    """A picture of lazy values, which a notebook shows; also written to a file when one is named.

    Parameters
    ----------
    *args : delayed values, frames or arrays
        Several delayed values are drawn in one picture; of frames and arrays one at a time.
    filename : path, optional
        Where the picture is written; its ending says the format unless `format` does.
    format : {'svg', 'png', 'dot', 'mermaid'}, optional
        ``svg`` unless the file says otherwise.
    view : {'logical', 'optimized', 'steps', 'fused', 'blocks', 'tasks', 'chunks'}, optional
        What is drawn: as typed, after all rules, the steps, the chains they are fused to, the blocks of each step, or the
        tasks; of an array also its chunks. Blocks of arrays and tasks of all else, unless given; with ``optimize_graph=False`` as typed.
    rankdir : {'LR', 'TB', 'RL', 'BT'}
        Which way data flows.
    color : {'op', 'order'}

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da
    >>> bf.visualize(da.ones((15, 15), chunks=5).sum()).format
    'svg'
    """
    if not args:
        raise ArgumentError("visualize: give a delayed value, a frame or an array")
    value = args[0] if len(args) == 1 else _together(args)
    if format is None:
        format = os.path.splitext(os.fspath(filename))[1] if filename is not None else "svg"
    if filename is not None and not os.path.splitext(os.fspath(filename))[1]:
        filename = f"{os.fspath(filename)}.{format.lstrip('.')}"
    if view is None:
        view = "logical" if optimize_graph is False else _view_of(value)
    look = {"view": view, "format": format, "rankdir": rankdir, "color": color, "title": title}
    if type(value).__name__ == "Series" and hasattr(value, "to_frame"):
        value = value.to_frame()
    native = getattr(value, "_native", None) or getattr(value, "_core", None)
    if native is None or not hasattr(native, "picture"):
        raise ArgumentError(f"visualize: a {type(value).__name__} is not lazy; give a delayed value, a frame or an array")
    if view == "chunks" and hasattr(native, "picture_of_chunks"):
        data, note = native.picture_of_chunks({**look, "view": None})
    else:
        data, note = native.picture(look)
    if filename is not None:
        with open(filename, "wb") as file:
            file.write(data)
    return Picture(bytes(data), format.lstrip("."), note)


def _view_of(value: Any) -> str:
    return "blocks" if type(value).__name__ == "Array" else "tasks"


def _together(values: tuple[Any, ...]) -> Any:
    from .delayed import Delayed, delayed

    if not all(isinstance(value, Delayed) for value in values):
        raise ArgumentError("visualize: frames and arrays are drawn one at a time; delayed values may be several")
    return delayed(list(values))
