"""Copy the notebooks, with the solutions of their exercises as cells.

In a notebook, a solution is folded text. So the notebooks are tested as
copies: each in a folder that holds nothing else, and with a cell behind each
exercise that runs its solution, in which an answer that is not right is an
error.

A notebook that needs a package that is not there, such as gensim, is said to
be skipped, and each cell of its copy is tagged so.

With ``--small``, a notebook that has a cell tagged `parameters` gets a small
vocabulary there, for the emulated GPU. Its answers are others then.

    python tools/chapter_copies.py [--small] FOLDER [NAME ...]
"""

import json
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from install_cells import needs_of

ROOT = Path(__file__).resolve().parents[1]
# Where what takes exercises apart is, for the site, too.
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from portable import solution_blocks  # noqa: E402

# It shows the files of results, which are not in the library: no copy of it.
AT_HOME = "guide_benchmarks"
SMALL = re.compile(r"^V = 10_000\b", re.MULTILINE)
STRICT = """\
from contextlib import redirect_stdout
from io import StringIO

from skipgram_lib.apps import exercises


def check(exercise, answer):
    said = StringIO()
    with redirect_stdout(said):
        exercises.check(exercise, answer)
    assert said.getvalue() == f"{exercise}: right\\n", said.getvalue()
"""


def tags_of(cell):
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", [])


def code_cell(ident, code):
    """Return a cell that was not run: nothing is compared."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": ident,
        "metadata": {"tags": ["nbval-ignore-output"]},
        "outputs": [],
        "source": code.splitlines(keepends=True),
    }


def solutions_of(cell):
    """List the blocks of code in the solution of a cell's exercise."""
    text = "".join(cell["source"])
    is_exercise = text.startswith("### Exercise ")
    if cell["cell_type"] != "markdown" or not is_exercise:
        return []
    return solution_blocks(text)


def make_small(cell):
    """Give a cell of parameters a small vocabulary."""
    code, count = SMALL.subn("V = 1_000", "".join(cell["source"]))
    assert count == 1, "the cell tagged `parameters` sets V = 10_000"
    return cell | {"source": code.splitlines(keepends=True)}


def copied(notebook, small=False):
    """Return a copy of a notebook, with its solutions as cells."""
    cells, strict = [], True
    for cell in notebook["cells"]:
        if small and "parameters" in tags_of(cell):
            cells.append(make_small(cell))
            strict = False
        else:
            cells.append(cell)
        for number, code in enumerate(solutions_of(cell)):
            if strict:
                cells.append(code_cell("strict", STRICT))
                strict = False
            cells.append(code_cell(f"{cell['id']}-{number}", code))
    return notebook | {"cells": cells}


def skipped(notebook):
    """Return a notebook whose cells nbval skips."""
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = [*tags_of(cell), "nbval-skip"]
    return notebook


def write_copies(folder, names=(), small=False):
    """Write a copy of each notebook, in a new folder of its own.

    Returns the copies' paths.
    """
    written = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if path.stem == AT_HOME or (names and path.stem not in names):
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook = copied(notebook, small)
        lacks = [n for n in needs_of(notebook["cells"]) if not find_spec(n)]
        if lacks:
            why = f"{' and '.join(lacks)} is not installed"
            print(f"{path.stem} is skipped: {why}", file=sys.stderr)
            notebook = skipped(notebook)
        place = folder / path.stem
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        text = json.dumps(notebook, indent=1)
        copy = place / path.name
        copy.write_text(text, encoding="utf-8")
        written.append(copy)
    return written


def main(arguments):
    """Write the copies, and name them."""
    small = "--small" in arguments
    folder, *names = [word for word in arguments if word != "--small"]
    print(*write_copies(Path(folder), names, small), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
