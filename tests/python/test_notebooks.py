"""The notebooks run, and what their cells show is right."""

import ast
import os
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from conftest import write_entry_points
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "docs/notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


class Executed:
    """A notebook after its run, whose outputs are found by a line of their cell."""

    def __init__(self, notebook):
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    def cell(self, line: str, nth: int = 0):
        found = [cell for cell in self.cells if line in cell.source.splitlines()]
        assert len(found) > nth, f"no cell has the line {line!r}"
        return found[nth]

    def text(self, line: str, nth: int = 0) -> str:
        """What the cell printed, and its value as text."""
        outputs = self.cell(line, nth).outputs
        return "".join(out.text if out.output_type == "stream" else out.data["text/plain"] for out in outputs)

    def value(self, line: str):
        return ast.literal_eval(self.text(line))

    def pictures(self) -> list[str]:
        data = [out.data for cell in self.cells for out in cell.outputs if out.output_type != "stream"]
        return [shown["image/svg+xml"] for shown in data if "image/svg+xml" in shown]

    def size(self) -> int:
        """Characters of all outputs."""
        return sum(len(str(cell.outputs)) for cell in self.cells)


def read(name: str):
    return nbformat.read(FOLDER / f"{name}.ipynb", 4)


def run(notebook, folder: Path) -> Executed:
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    return Executed(notebook)


@pytest.fixture(autouse=True)
def installed(monkeypatch, tmp_path_factory):
    """xarray in the kernel finds the package's entry point, also where it is not installed."""
    folder = tmp_path_factory.mktemp("site")
    write_entry_points(folder)
    known = os.environ.get("PYTHONPATH")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(known).resolve()), str(folder)] if known else [str(folder)])
    )


def test_parallel(tmp_path):
    notebook = read("parallel")
    [tree] = [at for at, cell in enumerate(notebook.cells) if cell.source.startswith("%%timeit -r 1\n\ndask.compute")]
    notebook.cells.insert(tree + 1, nbformat.v4.new_code_cell("# what the tree gives\ndask.compute(total)"))
    done = run(notebook, tmp_path)
    assert done.value("len(df)") == 30 * 86_400
    assert done.text("df.compute()").endswith("[2592000 rows x 4 columns]")
    assert (
        done.text("x + x.T - x.mean(axis=0)") == "<blockfold.Array: float64, shape (10000, 10000), chunks (1000, 1000)>"
    )
    assert done.value("# what the tree gives") == (sum(2 * (number + 1) for number in range(1, 9)),)
    assert done.value("total.result()") == sum(2 * number for number in range(100))
    pictures = done.pictures()
    assert len(pictures) == 5
    for picture in pictures:
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert [picture.count("<title>add</title>") for picture in pictures[:3]] == [1, 8, 7]
    times = [float(cell.outputs[0].text.split(" s ±")[0]) for cell in done.cells if cell.source[:3] == "%%t"]
    assert len(times) == 3


def test_parallel_is_the_program_for_dask_but_for_its_imports():
    code = [cell.source for cell in read("parallel").cells if cell.cell_type == "code"]
    ours = {line.strip() for source in code for line in source.splitlines() if "blockfold" in line}
    imports = (
        "import blockfold.array as da",
        "import blockfold as dask",
        "from blockfold.distributed import Client, LocalCluster",
    )
    assert ours == set(imports)


def test_frames(tmp_path):
    done = run(read("frames"), tmp_path)
    assert "memory budget is 32.0 MiB" in done.text("    df.compute()")
    assert done.value('report["files"], report["rows_written"], report["peak_bytes"] < session.memory_budget_bytes') == (
        30, 2_592_000, True,
    )  # fmt: skip
    assert "row groups 29 of 30 skipped" in done.text("print(day.explain())")
    assert done.text("len(day), day.x.mean().compute()").startswith("(86400, ")
    assert done.value('int(counts["red"]) == len(direct)') is True
    assert done.value("int(everyone.sum())") == 2_592_000
    assert done.value('report["spilled_bytes"] > 0, report["peak_bytes"] <= session.memory_budget_bytes') == (
        True,
        True,
    )
    assert done.value("rows") == 2_592_000
    assert "86400" in done.text('month.resample("1D").agg({"x": ["mean", "max"], "id": "count"}).compute().head(3)')
    assert done.value("session.scratch_bytes") == 0


def test_arrays(tmp_path):
    done = run(read("arrays"), tmp_path)
    # Two even numbers and a mean taken off: the deviation is that of the sum, sqrt(2 / 12).
    assert abs(float(done.text("y.std().compute()").strip("np.float64()")) - (1 / 6) ** 0.5) < 1e-3
    assert "memory budget is 64.0 MiB" in done.text("    y.compute()")
    assert done.value('report["bytes_written"], report["peak_bytes"] < 64 * 2**20') == (8 * 4000 * 4000, True)
    assert done.text("np.asarray(shared)[0]") == "array([100.,   1.,   2.,   3.])"
    checks = (
        cell
        for cell in done.cells
        if cell.source.splitlines()[-1].startswith(("bool(", "np.allclose(", "float(summer)"))
    )
    assert [done.text(cell.source.splitlines()[-1]) for cell in checks] == ["True"] * 7


def test_watching(tmp_path):
    done = run(read("watching"), tmp_path)
    assert "filter (x > 0), row groups 0 of 7 skipped" in done.text('print(spread.explain("optimized"))')
    assert "of a budget of 32.0 MiB" in done.text("print(spread.estimate())")
    assert len(done.pictures()) == 6
    assert "http://127.0.0.1:" in done.text("print(watched.dashboard_link)")
    assert done.text("len(spread)").endswith("26")
    assert done.text("total.compute()").endswith("6")
    assert done.value("most_memory <= session.memory_budget_bytes, most_scratch > 0") == (True, True)
    assert done.value("order") == [0.0, 0.15, 0.3]
    assert "spilled" in done.text("print(ordered.analyze())")
    assert done.value("session.promised_bytes, session.scratch_bytes") == (0, 0)
    assert done.size() < 200_000


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_kept_without_outputs(name):
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)


def test_every_notebook_has_a_test():
    assert {f"test_{name}" for name in NAMES} <= set(globals())
