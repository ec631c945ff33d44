"""The notebooks: each was run, each is in the book, each has its form.

nbval runs the cells (see the Makefile). It says nothing about a notebook
whose counts or outputs are missing, so that is tested here.
"""

import copy
import json
import re
from pathlib import Path

import check_notebooks
import pytest

NOTEBOOKS = check_notebooks.notebooks()
GUIDES = [path for path in NOTEBOOKS if check_notebooks.is_guide(path)]
CHAPTERS = [path for path in NOTEBOOKS if path not in GUIDES]


def each(paths):
    """Run a test for each of some notebooks."""
    names = [path.stem for path in paths]
    return pytest.mark.parametrize("path", paths, ids=names)


EACH_NOTEBOOK = each(NOTEBOOKS)
EACH_CHAPTER = each(CHAPTERS)


def load(path):
    """Read a notebook."""
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook):
    """List the code cells that hold code."""
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    ]


def test_there_are_chapters_and_guides():
    assert CHAPTERS
    assert GUIDES


@EACH_NOTEBOOK
def test_counts_run_from_one_without_a_gap(path):
    cells = code_cells(load(path))
    counts = [cell["execution_count"] for cell in cells]
    assert counts == list(range(1, len(cells) + 1))


@EACH_NOTEBOOK
def test_notebook_has_no_problem(path):
    assert check_notebooks.problems(path) == []


def test_editors_left_nothing_behind():
    assert check_notebooks.leftovers(NOTEBOOKS) == []


@EACH_NOTEBOOK
def test_notebook_has_the_parts_of_its_kind(path):
    text = check_notebooks.prose_of(path)
    title, sentence = re.search(
        r"\A(?:\([\w-]+\)=\n)?# (.+)\n\n> (.+(?:\n> .+)*)", text
    ).groups()
    assert title
    assert sentence.count(". ") == 0, "one sentence, under the title"
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    if path in GUIDES:
        assert "Summary" in headings
    else:
        assert headings[-2:] == ["Summary", "Exercises"]


@EACH_CHAPTER
def test_a_chapter_has_exercises(path):
    text = check_notebooks.prose_of(path)
    assert len(re.findall(r"^`{3,}\{exercise\}", text, re.MULTILINE)) >= 3


@EACH_NOTEBOOK
def test_every_exercise_has_one_solution(path):
    text = check_notebooks.prose_of(path)
    exercises = re.findall(
        r"^`{3,}\{exercise\}.*\n:label: *(\S+)", text, re.MULTILINE
    )
    solutions = re.findall(
        r"^`{3,}\{solution(?:-start)?\} +(\S+)", text, re.MULTILINE
    )
    assert sorted(solutions) == sorted(exercises)
    starts = text.count("{solution-start}")
    assert text.count("{solution-end}") == starts


def test_the_contents_list_every_notebook_and_no_other(root):
    text = (root / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^\s*- file: notebooks/(\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(path.stem for path in NOTEBOOKS)


# --- The check itself has to notice what it is for ------------------------


def an_executed_notebook():
    """Return a small notebook that has nothing wrong but its length."""
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "id": "one",
        "metadata": {},
        "outputs": [
            {"name": "stdout", "output_type": "stream", "text": ["1\n"]}
        ],
        "source": ["print(1)"],
    }
    words = {
        "cell_type": "markdown",
        "id": "prose",
        "metadata": {},
        "source": ["word " * check_notebooks.MIN_WORDS],
    }
    return {
        "cells": [words, cell],
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def damaged(change):
    """Return the notebook after ``change`` was made to it and its code."""
    notebook = copy.deepcopy(an_executed_notebook())
    change(notebook, notebook["cells"][1])
    return notebook


AN_ERROR = {
    "output_type": "error",
    "ename": "E",
    "evalue": "",
    "traceback": [],
}
TO_STDERR = {"output_type": "stream", "name": "stderr", "text": ["x"]}
DAMAGE = {
    "counts": lambda book, cell: cell.update(execution_count=None),
    "was not run": lambda book, cell: cell.update(execution_count=2),
    "output is not there": lambda book, cell: cell.update(outputs=[]),
    "ended in an error": lambda book, cell: cell.update(outputs=[AN_ERROR]),
    "wrote to stderr": lambda book, cell: cell.update(outputs=[TO_STDERR]),
    "31 lines of code": lambda book, cell: cell.update(
        source=["print(1)\n"] * 31
    ),
    "21 lines of code in f": lambda book, cell: cell.update(
        source=["def f():\n", *["    x = 1\n"] * 20, "print(1)"]
    ),
    "21 lines of code in method": lambda book, cell: cell.update(
        source=[
            "class C:\n",
            "    def method(self):\n",
            *["        x = 1\n"] * 20,
            "print(1)",
        ]
    ),
    "111 lines of code around a class": lambda book, cell: cell.update(
        source=["class C:\n", *["    x = 1\n"] * 109, "print(1)"]
    ),
    "31 lines, over 30": lambda book, cell: cell.update(
        source=["%%writefile x.py\n", *["x = 1\n"] * 30]
    ),
    "79 columns": lambda book, cell: cell.update(
        source=["print(1)  #" + "x" * 70]
    ),
    "words of prose": lambda book, cell: book["cells"].pop(0),
    "kernel": lambda book, cell: book["metadata"].pop("kernelspec"),
    "bytes": lambda book, cell: cell.update(
        outputs=[cell["outputs"][0] | {"text": ["x" * 400_000]}]
    ),
}


def write(folder: Path, notebook):
    """Write a notebook into ``folder``; return its path."""
    path = folder / "chapter.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_check_passes_a_good_notebook(tmp_path):
    path = write(tmp_path, an_executed_notebook())
    assert check_notebooks.problems(path) == []


@pytest.mark.parametrize("phrase", DAMAGE)
def test_check_reports_damage(tmp_path, phrase):
    path = write(tmp_path, damaged(DAMAGE[phrase]))
    found = check_notebooks.problems(path)
    assert any(phrase in sentence for sentence in found), found


def test_check_counts_lines_of_code_only(tmp_path):
    words = ["    one line\n"] * 40
    signature = ["def f(\n", *["    a=1,\n"] * 9, "):\n"]
    function = [*signature, '    """Do.\n', *words, '    """\n']
    body = ["    x = 1\n"] * 18
    source = [*["import os\n"] * 9, *function, *body, "\n" * 9, "# why\n"]
    notebook = damaged(
        lambda book, cell: cell.update(source=[*source, "print(1)"])
    )
    assert check_notebooks.problems(write(tmp_path, notebook)) == []


def test_check_gives_a_class_more_room(tmp_path):
    methods = [
        f"    def m{i}(self):\n{'        x = 1' + chr(10)}" for i in range(50)
    ]
    source = ["class C:\n", *methods, "print(1)"]
    notebook = damaged(lambda book, cell: cell.update(source=source))
    assert check_notebooks.problems(write(tmp_path, notebook)) == []


def test_check_lets_no_guide_export(tmp_path):
    notebook = damaged(
        lambda book, cell: cell.update(source=["#| export\n", "print(1)"])
    )
    path = write(tmp_path, notebook)
    assert check_notebooks.problems(path) == []
    guide = path.rename(tmp_path / "guide_chapter.ipynb")
    assert check_notebooks.problems(guide) == [
        "exports something, and is a guide"
    ]


def test_check_lets_a_chapter_show_an_error(tmp_path):
    notebook = damaged(DAMAGE["ended in an error"])
    notebook["cells"][1]["metadata"]["tags"] = ["raises-exception"]
    assert check_notebooks.problems(write(tmp_path, notebook)) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(1)", True),
        ("x = 1\nx", True),
        ("x[0]", True),
        ("1 + 1\nplt.show()", True),
        ("x = 1", False),
        ("f(1)", False),
        ("def f():\n    print(1)", False),
        ("%config InlineBackend.figure_formats = ['svg']", False),
        ("assert x == 1, 'why'", False),
    ],
)
def test_what_has_to_have_an_output(source, expected):
    assert check_notebooks.shows_something(source) is expected


def test_leftovers_of_an_editor_are_found(tmp_path):
    notebook = an_executed_notebook()
    notebook["cells"][1]["metadata"]["execution"] = {"shell": "2026-01-01"}
    assert check_notebooks.leftovers([write(tmp_path, notebook)])
