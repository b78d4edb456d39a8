"""Notebooks as pages of the guide: they are run while it is built, so that pages show what the package does today."""

from __future__ import annotations

import html
import re
import tempfile
from functools import lru_cache
from pathlib import Path

import nbformat
from mkdocs.structure.files import File
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"


def on_files(files, config):
    """Adds a page for each notebook."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=_page(path.read_text())))
    return files


@lru_cache  # While pages are served, a notebook runs again only when it has changed.
def _page(text: str) -> str:
    notebook = nbformat.reads(text, 4)
    with tempfile.TemporaryDirectory() as folder:
        # Kernels warn of the ports that they open on this machine.
        options = {"timeout": 120, "kernel_name": "python3", "extra_arguments": ["--log-level=ERROR"]}
        NotebookClient(notebook, **options, resources={"metadata": {"path": folder}}).execute()
    return "\n\n".join(part for cell in notebook.cells for part in _cell(cell))


def _cell(cell):
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```python\n{cell.source}\n```"
    for output in cell.outputs:
        shown = _output(output)
        if shown:
            yield f'<div class="output">{shown}</div>'


def _output(output) -> str:
    if output.output_type == "stream":
        return f"<pre>{_text(output.text)}</pre>" if output.name == "stdout" else ""
    data = output.data
    if "image/svg+xml" in data:
        return _one_block(data["image/svg+xml"])
    # xarray's own page of styles does not agree with that of the guide.
    if "text/html" in data and "xr-wrap" not in data["text/html"]:
        return _one_block(data["text/html"])
    return f"<pre>{_text(data['text/plain'])}</pre>"


def _text(text: str) -> str:
    # A line break as an entity: Markdown ends a block of HTML at an empty line.
    return html.escape(text.rstrip("\n").replace("\0", "")).replace("\n", "&#10;")


def _one_block(markup: str) -> str:
    """Markup without the empty lines at which Markdown would end it."""
    return re.sub(r"\n\s*\n", "\n", markup.strip())
