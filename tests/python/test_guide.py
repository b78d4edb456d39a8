"""The guide's code runs, page by page, and gives the outputs that the pages show.

`python tests/python/test_guide.py PAGE...` writes the outputs of pages anew, to be read before they are kept.
"""

import ast
import contextlib
import doctest
import importlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import blockfold as bf
import pandas as pd
import pytest

GUIDE = Path(__file__).parents[2] / "docs/guide"
PICTURES = sorted((GUIDE / "pictures").glob("*.svg"))
PAGES = sorted(path.relative_to(GUIDE).as_posix() for path in GUIDE.rglob("*.md"))
PROGRAM = Path(os.environ.get("BLOCKFOLD_BIN", "")).absolute()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Above an output of which the text has to agree, and the numbers need not.
VARIES = "<!-- the numbers vary -->\n"
NUMBER = re.compile(r"\d[\d.,]*( (B|KiB|MiB|GiB|ms|s|k|M)\b)?")
#: What is run, what shows an output, and what cannot be run here: commands that install or build.
LANGUAGES = {"python", "text", "console", "sh"}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

#: The line with which the program ends: what the run took.
SUMMARY = re.compile(r"^.*; peak memory .*$", re.MULTILINE)


def blocks(page: str) -> list[tuple[str, str]]:
    return FENCE.findall((GUIDE / page).read_text())


def agrees(shown: str, got: str, varies: bool) -> bool:
    if varies:
        shown, got = NUMBER.sub("N", shown), NUMBER.sub("N", got)
    return bool(got) and doctest.OutputChecker().check_output(shown, got, FLAGS)


def execute(code: str, names: dict) -> str:
    """What a block prints, and the value of its last expression, as a notebook shows it."""
    tree = ast.parse(code)
    last = tree.body.pop().value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<guide>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last), "<guide>", "eval"), names)
            if value is not None:
                print(repr(value))
    return printed.getvalue().replace("\0", "")


def outputs(page: str):
    """Each block of Python with its output, the one that the page shows, if it does, and whether numbers vary in it."""
    names: dict = {"__name__": "__main__"}
    text = (GUIDE / page).read_text()
    found = list(FENCE.finditer(text))
    with pd.option_context("display.width", 120, "display.max_columns", 12):
        for fence, after in zip(found, [*found[1:], None], strict=True):
            if fence[1] == "python":
                shown = after[2] if after and after[1] == "text" else None
                yield fence[2], execute(fence[2], names), shown, bool(after) and text[: after.start()].endswith(VARIES)


@contextlib.contextmanager
def fresh(folder):
    """A folder and the default session for one page."""
    session, before = bf.default_session(), os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        bf.set_default_session(session)


@pytest.mark.usefixtures("entry_points")
@pytest.mark.parametrize("page", [page for page in PAGES if any(language == "python" for language, _ in blocks(page))])
def test_code(page, tmp_path):
    with fresh(tmp_path):
        for code, got, shown, varies in outputs(page):
            assert shown is None or agrees(shown, got, varies), f"{code}\ngave\n{got}\nshown is\n{shown}"
    for picture in PICTURES if page == "pictures.md" else []:
        assert (tmp_path / picture.name).read_bytes() == picture.read_bytes(), picture.name


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_of_known_languages(page):
    text = (GUIDE / page).read_text()
    assert {language for language, _ in blocks(page)} <= LANGUAGES
    assert text.count("\n```") == 2 * len(blocks(page)), "a fence is not closed, or is indented"
    languages = [language for language, _ in blocks(page)]
    assert all(
        before == "python" for before, language in zip(["", *languages], languages, strict=False) if language == "text"
    )


def test_the_reference_has_every_public_name():
    reference = "".join((GUIDE / page).read_text() for page in PAGES if page.startswith("reference/"))
    listed = set(re.findall(r"\w+", reference))
    # What is no name of its own: modules, constants, names of the standard for the namespace.
    beside = {
        "__array_api_version__",
        "__array_namespace_info__",
        "e",
        "fft",
        "inf",
        "linalg",
        "nan",
        "newaxis",
        "pi",
        "random",
        "Error",
    }
    public = {
        *bf.__all__,
        *importlib.import_module("blockfold.array").__all__,
        *importlib.import_module("blockfold.dataframe").__all__,
    }
    assert public - listed - beside == set()


def commands(text: str, folder):
    """Each command of a block with what the page shows of it, and what it writes: errors, where it fails."""
    environment = {**os.environ, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        options = {"shell": True, "cwd": folder, "env": environment, "capture_output": True, "text": True}
        done = subprocess.run(command, **options, timeout=120, check=False)
        yield command, shown, done.stderr if done.returncode else done.stdout


@pytest.mark.skipif(not PROGRAM.is_file(), reason="BLOCKFOLD_BIN names no program")
def test_commands(tmp_path):
    for language, text in blocks("program.md"):
        if language == "console":
            for command, shown, got in commands(text, tmp_path):
                shown, got = (SUMMARY.sub(lambda line: NUMBER.sub("N", line[0]), one) for one in (shown, got))
                assert agrees(shown, got, False), f"{command}\ngave\n{got}\nshown is\n{shown}"


def rewrite(page: str) -> None:
    """Puts what blocks give today where the page shows something else."""
    results = iter(list(outputs(page)))
    previous: tuple = ()

    def one(match):
        nonlocal previous
        language, _ = match.groups()
        if language == "python":
            previous = next(results)
        elif language == "text" and not agrees(previous[2], previous[1], previous[3]):
            lines = "\n".join(line.rstrip() for line in previous[1].rstrip("\n").splitlines())
            return f"```text\n{lines}\n```"
        elif language == "console":
            return "".join(
                ["```console\n", *(f"$ {command}\n{got}" for command, _, got in commands(match[2], ".")), "```"]
            )
        return match.group()

    path = GUIDE / page
    path.write_text(FENCE.sub(one, path.read_text()))
    for picture in PICTURES if page == "pictures.md" else []:
        picture.write_bytes(Path(picture.name).read_bytes())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as where, fresh(where):
            rewrite(name)
