"""How a notebook shows an array: its size, and its chunks as a drawing."""

from __future__ import annotations

from typing import Any

#: Length of the longest side of the drawing, and of the shortest.
LONGEST, SHORTEST = 120.0, 12.0

#: Chunks of an axis that are drawn one by one.
MOST_LINES = 40


def html(array: Any) -> str:
    """A table beside a drawing of the chunks."""
    chunk_bytes = array.itemsize
    for length in array.chunksize:
        chunk_bytes *= length
    rows = [
        ("Bytes", _bytes(array.nbytes), _bytes(chunk_bytes)),
        ("Shape", str(array.shape), str(array.chunksize)),
        ("Chunks", str(array.npartitions), "x".join(map(str, array.numblocks)) or "1"),
        ("Type", str(array.dtype), ""),
    ]
    body = "".join(f"<tr><th>{name}</th><td>{whole}</td><td>{chunk}</td></tr>" for name, whole, chunk in rows)
    table = f"<table><thead><tr><th></th><th>Array</th><th>Chunk</th></tr></thead><tbody>{body}</tbody></table>"
    return f"<table><tr><td>{table}</td><td>{svg(array.chunks)}</td></tr></table>"


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024 or unit == "TiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return ""


def _sides(lengths: list[int]) -> list[float]:
    """Drawn lengths: in proportion, as far as the shortest can still be seen."""
    most = max(max(lengths), 1)
    return [max(LONGEST * (length / most) ** 0.5 if length else 0, SHORTEST) for length in lengths]


def _cuts(chunks: tuple[int, ...], side: float) -> list[float]:
    total = sum(chunks) or 1
    bounds = [0.0]
    for length in chunks:
        bounds.append(bounds[-1] + length)
    cuts = [bound / total * side for bound in bounds]
    if len(cuts) > MOST_LINES:
        step = -(-len(cuts) // MOST_LINES)
        cuts = [*cuts[:-1:step], cuts[-1]]
    return cuts


def svg(chunks: tuple[tuple[int, ...], ...]) -> str:
    """The last three axes as a box, whose lines are the bounds of chunks."""
    if not chunks or any(sum(axis) == 0 for axis in chunks):
        return ""
    shown = chunks[-3:] if len(chunks) > 1 else ((1,), *chunks)
    depth = shown[0] if len(shown) == 3 else None
    rows, columns = shown[-2], shown[-1]
    sides = _sides([sum(axis) for axis in shown])
    height, width = sides[-2], sides[-1]
    slant = sides[0] * 0.4 if depth else 0.0
    lines = [_line(slant, slant + y, slant + width, slant + y) for y in _cuts(rows, height)]
    lines += [_line(slant + x, slant, slant + x, slant + height) for x in _cuts(columns, width)]
    faces = [_face([(slant, slant), (slant + width, slant), (slant + width, slant + height), (slant, slant + height)])]
    if depth:
        faces.append(_face([(0, 0), (width, 0), (slant + width, slant), (slant, slant)]))
        faces.append(_face([(0, 0), (slant, slant), (slant, slant + height), (0, height)]))
        lines += [_line(x, 0, x + slant, slant) for x in _cuts(columns, width)]
        lines += [_line(0, y, slant, y + slant) for y in _cuts(rows, height)]
        lines += [_line(z, z, z + width, z) for z in _cuts(depth, slant)]
        lines += [_line(z, z, z, z + height) for z in _cuts(depth, slant)]
    size = f'width="{slant + width + 2:.0f}" height="{slant + height + 2:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="stroke:currentColor;stroke-width:1">{"".join(faces + lines)}</svg>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1 + 1:.1f}" y1="{y1 + 1:.1f}" x2="{x2 + 1:.1f}" y2="{y2 + 1:.1f}"/>'


def _face(corners: list[tuple[float, float]]) -> str:
    points = " ".join(f"{x + 1:.1f},{y + 1:.1f}" for x, y in corners)
    return f'<polygon points="{points}" style="fill:#c97b3d55;stroke-width:0"/>'
