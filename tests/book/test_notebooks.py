"""The notebooks: each was run, each is in the book, each has its form.

nbval runs the cells of copies (see the Makefile): each copy is in a folder
that holds nothing else, and the solutions of its exercises are cells, so a
notebook runs alone, and a solution that is wrong is an error. nbval says
nothing about a notebook whose counts or outputs are missing, so that is
tested here, and so is what makes the copies.
"""

import ast
import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import chapter_copies
import check_notebooks
import install_cells
import portable
import pytest

NOTEBOOKS = check_notebooks.notebooks()
GUIDES = [path for path in NOTEBOOKS if check_notebooks.is_guide(path)]
CHAPTERS = [path for path in NOTEBOOKS if path not in GUIDES]
STORY = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
# Of the code lines that a chapter of the story shows.
MACHINERY_SHARE = 0.1
FIGURES = 2


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
        r"\A# (.+)\n\n> (.+(?:\n> .+)*)", text
    ).groups()
    assert title
    assert sentence.count(". ") == 0, "one sentence, under the title"
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    opening = text.partition("\n## ")[0]
    if path.name.startswith("workshop_"):
        assert "read this if" in opening.lower()
    if path not in GUIDES:
        assert headings[-2:] == ["Summary", "Exercises"]


# --- Exercises ---------------------------------------------------------------


def exercise_cells(path):
    """List the cells below the heading of the exercises that are prose."""
    cells = [
        check_notebooks.source_of(cell)
        for cell in load(path)["cells"]
        if cell["cell_type"] == "markdown"
    ]
    headings = [bool(re.search("^## Exercises", t, re.M)) for t in cells]
    begin = headings.index(True)
    return cells[begin + 1 :]


def wanted_key(path, number):
    """The key of a chapter's exercise, by the name of its file."""
    workshop = re.match(r"workshop_(\d\d)_", path.name)
    story = re.match(r"\d\d", path.name)
    letter = f"w{workshop[1]}" if workshop else story[0] if story else "q"
    return f"{letter}-{number}"


@EACH_CHAPTER
def test_a_chapter_has_exercises_with_hint_and_solution(path):
    exercises = [portable.read_exercise(t) for t in exercise_cells(path)]
    assert None not in exercises, "only exercises, each in a cell"
    assert len(exercises) == 3 if path in STORY else len(exercises) >= 3
    for number, (key, asked, folded) in enumerate(exercises, start=1):
        assert key == wanted_key(path, number)
        assert f'check("{key}"' in asked
        titles = [title for title, _ in folded]
        assert titles[-1] == "Solution", key
        assert "Hint" in titles[0], key
        assert "<details>" not in asked, key


@EACH_CHAPTER
def test_a_solution_is_code_that_checks_itself(path):
    imported = r"import check$"
    for text in exercise_cells(path):
        key, _, _ = portable.read_exercise(text)
        blocks = "\n".join(portable.solution_blocks(text))
        called = rf'^check\(\s*"{key}"'
        assert re.search(called, blocks, re.MULTILINE), key
        # The copies' own `check` is a strict one.
        assert not re.search(imported, blocks, re.MULTILINE)
    code = [check_notebooks.source_of(c) for c in code_cells(load(path))]
    assert any(re.search(imported, c, re.MULTILINE) for c in code)


@EACH_NOTEBOOK
def test_folded_parts_are_closed(path):
    text = check_notebooks.prose_of(path)
    folded = len(portable.DETAILS.findall(text))
    assert text.count("<details>") == text.count("</details>") == folded


# --- Alone, in an empty folder -----------------------------------------------


@EACH_NOTEBOOK
def test_a_notebook_reads_no_file_of_the_project(path):
    if path.stem == chapter_copies.AT_HOME:
        pytest.skip("it shows the results of the benchmarks")
    for cell in code_cells(load(path)):
        code = check_notebooks.source_of(cell)
        assert "../" not in code
        assert not re.search(r'"(?:benchmarks|book|tests)/', code)


def test_copies_are_alone_and_run_their_solutions(tmp_path):
    copies = chapter_copies.write_copies(tmp_path)
    assert {p.stem for p in copies} == {
        p.stem for p in NOTEBOOKS if p.stem != chapter_copies.AT_HOME
    }
    for path in copies:
        assert list(path.parent.iterdir()) == [path]
        cells = load(path)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells)
        code = [c for c in cells if c["cell_type"] == "code"]
        solutions = [c for c in code if c["execution_count"] is None]
        # Each solution, and one cell before them all that makes them strict.
        exercises = len(re.findall("^### Exercise ", text, re.MULTILINE))
        assert len(solutions) >= exercises + bool(exercises)
        assert solutions or path.stem not in {p.stem for p in CHAPTERS}
        ids = [cell["id"] for cell in cells]
        assert len(set(ids)) == len(ids)


def test_what_needs_gensim_is_skipped_without_it(
    tmp_path, capsys, monkeypatch
):
    names = ["01_fake_task", "workshop_08_evaluation"]
    monkeypatch.setattr(chapter_copies, "find_spec", lambda name: None)
    for path in chapter_copies.write_copies(tmp_path, names):
        tagged = ["nbval-skip" in chapter_copies.tags_of(cell)
                  for cell in code_cells(load(path))]  # fmt: skip
        assert set(tagged) == {path.stem == "workshop_08_evaluation"}
    said = "workshop_08_evaluation is skipped: gensim is not installed\n"
    assert capsys.readouterr().err == said


def test_an_answer_that_is_not_right_is_an_error_in_a_copy():
    names = {}
    exec(chapter_copies.STRICT, names)
    names["check"]("03-1", [33, 17, 26])
    with pytest.raises(AssertionError, match="03-1: not yet"):
        names["check"]("03-1", [33, 17, 27])


def test_a_small_copy_has_a_small_vocabulary(tmp_path):
    usual = chapter_copies.write_copies(tmp_path / "usual")
    small = chapter_copies.write_copies(tmp_path / "small", small=True)
    changed = [
        path.stem
        for path, other in zip(usual, small, strict=True)
        if path.read_text() != other.read_text()
    ]
    # Those that train the network of the tutorial's size.
    assert changed == ["07_training", "08_answers"]
    for name in changed:
        text = (tmp_path / "small" / name / f"{name}.ipynb").read_text()
        assert "V = 1_000" in text
        # With other words, other answers are right.
        assert "redirect_stdout" not in text


def install_code(path):
    """Return the code of the first code cell of a notebook."""
    cell = load(path)["cells"][1]
    assert cell["id"] == install_cells.IDENT
    return check_notebooks.source_of(cell)


ADDRESS = "https://github.com/OWNER/REPO"


def with_address(root, folder, url):
    """Copy notebooks and settings, with the address of a repository."""
    shutil.copytree(root / "notebooks", folder / "notebooks")
    config = (root / "_config.yml").read_text(encoding="utf-8")
    config, count = re.subn(r"(?m)^  url: .*$", f'  url: "{url}"', config)
    assert count == 1, "one setting"
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    install_cells.main([str(folder)])
    return folder


@pytest.fixture
def local(root, tmp_path_factory):
    """Return a folder of notebooks that know of no repository."""
    folder = tmp_path_factory.mktemp("local")
    return with_address(root, folder, "") / "notebooks"


@pytest.fixture
def published(root, tmp_path):
    """Return a copy of the project whose repository is public."""
    return with_address(root, tmp_path, ADDRESS)


# Python without this package, whatever is installed.
WITHOUT = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name == "skipgram_lib":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Gone())
exec(sys.stdin.read())
"""


def test_without_the_library_a_notebook_says_what_to_install(tmp_path, local):
    for code in {install_code(path) for path in local.glob("*.ipynb")}:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT],
            input=code,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("ModuleNotFoundError: this notebook needs ")
        assert "in the folder of this project" in last
        assert "pip install '.[corpus,plots" in last
        # One sentence, without the error behind it.
        assert done.stderr.count("Traceback") == 1


def test_with_the_library_the_first_cell_does_nothing(capsys, local):
    pytest.importorskip("gensim", reason="some notebooks need gensim")
    for code in {install_code(path) for path in local.glob("*.ipynb")}:
        names = {}
        exec(compile(code, "cell", "exec"), names)
        assert set(names) - {"__builtins__"} <= {
            "skipgram_lib",
            *install_cells.OPTIONAL,
        }
    assert capsys.readouterr().out == ""


def test_one_setting_fills_the_cells_that_install(published):
    for path in (published / "notebooks").glob("*.ipynb"):
        code = install_code(path)
        wanted = '%pip install -q "skipgram-lib[corpus,plots'
        assert wanted in code, path.name
        assert f'] @ git+{ADDRESS}"' in code, path.name
        assert not install_cells.differs(path, published)
        # The project's own setting may be another.
        known = "has another first code cell: run `make format`"
        assert set(check_notebooks.problems(path)) <= {known}
    # The settings of a linter hold for the folder that they are in.
    shutil.copy(check_notebooks.ROOT / "pyproject.toml", published)
    ruff = Path(sys.executable).with_name("ruff")
    command = [ruff, "check", "--no-cache", published / "notebooks"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_some_notebooks_need_besides_is_installed(published):
    def code_of(name):
        return install_code(published / "notebooks" / f"{name}.ipynb")

    assert code_of("workshop_06_phrases").endswith('REPO" gensim')
    assert "    import gensim\n" in code_of("workshop_06_phrases")
    assert code_of("01_fake_task").endswith('REPO"')
    assert "[corpus,plots,distributed] @" in code_of("guide_cluster")


def test_the_first_cell_moves_counts_and_nothing_else():
    cell = an_executed_notebook()["cells"][2]
    old = {"cells": [{"cell_type": "markdown", "source": "# T"}, cell]}
    old = copy.deepcopy(old)
    new = install_cells.with_cell(old, "")
    assert [c.get("execution_count") for c in new["cells"]] == [None, 1, 2]
    assert install_cells.with_cell(new, "") == new


# --- The story: ideas first --------------------------------------------------


def tags_of(cell):
    """Return the tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def shown_lines(cell):
    """Count the lines of code of a cell that a reader sees unfolded."""
    if tags_of(cell) & {"remove-cell", "remove-input"}:
        return 0
    if tags_of(cell) & {"hide-cell", "hide-input"}:
        return 0
    lines = check_notebooks.source_of(cell).splitlines()
    return sum(bool(x.strip()) and not x.startswith("#|") for x in lines)


def machinery_share(cells):
    """The share of machinery in the code lines that some cells show."""
    shown = {id(cell): shown_lines(cell) for cell in cells}
    machinery = sum(
        shown[id(cell)] for cell in cells if "machinery" in tags_of(cell)
    )
    return machinery / max(1, sum(shown.values()))


def only_imports(cell):
    """Tell whether a cell only imports something."""
    body = ast.parse(check_notebooks.source_of(cell)).body
    return all(isinstance(x, ast.Import | ast.ImportFrom) for x in body)


def folded_ideas(cells):
    """List cells that are folded or left out, and carry an idea."""
    return [
        check_notebooks.source_of(cell).split("\n")[0]
        for cell in cells
        if tags_of(cell)
        & {"hide-cell", "hide-input", "remove-cell", "remove-input"}
        and not tags_of(cell) & {"machinery", "check"}
        and not only_imports(cell)
    ]


def test_the_story_has_eight_chapters():
    assert [path.name[:2] for path in STORY] == [f"0{i}" for i in range(1, 9)]


@each(STORY)
def test_a_chapter_of_the_story_shows_ideas(path):
    cells = code_cells(load(path))
    assert machinery_share(cells) <= MACHINERY_SHARE
    assert folded_ideas(cells) == []


@each(STORY)
def test_a_chapter_of_the_story_has_figures(path):
    figures = [
        cell
        for cell in code_cells(load(path))
        if "figure" in cell["metadata"].get("mystnb", {})
    ]
    assert len(figures) >= FIGURES
    for cell in figures:
        assert cell["metadata"]["mystnb"]["image"]["alt"]


@each(STORY)
def test_a_chapter_of_the_story_checks_itself_folded(path):
    checks = [c for c in code_cells(load(path)) if "check" in tags_of(c)]
    assert checks
    assert all("hide-cell" in tags_of(cell) for cell in checks)
    # The plain form equals the library's: the last one compares them.
    code = check_notebooks.source_of(checks[-1])
    assert re.search(r"from skipgram_lib\.(?!story)|skipgram_lib import", code)
    assert re.search(r"\bassert\b|assert_\w+\(", code)


def test_machinery_and_folded_ideas_are_noticed():
    def cell(source, *tags):
        return {"source": source, "metadata": {"tags": list(tags)}}

    idea, plumbing = cell("x = 1\n\ny = 2"), cell("import os", "machinery")
    assert machinery_share([idea, plumbing]) == pytest.approx(1 / 3)
    folded = cell("z = 3", "hide-cell")
    imported = cell("#| export\nimport numpy as np", "remove-cell")
    checked = cell("assert z", "hide-cell", "check")
    assert folded_ideas([idea, imported, folded, checked]) == ["z = 3"]
    assert machinery_share([idea, folded]) == 0


def test_the_contents_list_every_notebook_and_no_other(root):
    text = (root / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^\s*- file: notebooks/(\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(path.stem for path in NOTEBOOKS)


# --- The check itself has to notice what it is for ------------------------


def an_executed_notebook():
    """Return a small notebook that has nothing wrong but its length."""
    cell = {
        "cell_type": "code",
        "execution_count": 2,
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
    url = install_cells.repository(check_notebooks.ROOT)
    first = install_cells.install_cell(url, [])
    return {
        "cells": [words, first, cell],
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def damaged(change):
    """Return the notebook after ``change`` was made to it and its code."""
    notebook = copy.deepcopy(an_executed_notebook())
    change(notebook, notebook["cells"][2])
    return notebook


def prose(text):
    """Return a change that puts text before the prose of a notebook."""
    return lambda book, cell: book["cells"][0]["source"].insert(0, text)


AN_ERROR = {
    "output_type": "error",
    "ename": "E",
    "evalue": "",
    "traceback": [],
}
TO_STDERR = {"output_type": "stream", "name": "stderr", "text": ["x"]}
DAMAGE = {
    "counts": lambda book, cell: cell.update(execution_count=None),
    "was not run": lambda book, cell: cell.update(execution_count=3),
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
    "words of prose": lambda book, cell: book["cells"][0].update(source=[]),
    "another first": lambda book, cell: book["cells"].pop(1),
    "'{term}`softmax`": prose("A {term}`softmax`.\n"),
    "'```{math}": prose("```{math}\nx\n```\n"),
    "':::{note}": prose(":::{note}\n"),
    "'(label)=": prose("(label)=\n"),
    "opens a formula": prose("$$\nx\n"),
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


def test_check_gives_asserts_more_room(tmp_path):
    notebook = damaged(DAMAGE["31 lines of code"])
    notebook["cells"][2]["metadata"]["tags"] = ["check", "hide-cell"]
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
    notebook["cells"][2]["metadata"]["tags"] = ["raises-exception"]
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
        ("try:\n    import x\nexcept ImportError:\n    %pip install x", False),
    ],
)
def test_what_has_to_have_an_output(source, expected):
    assert check_notebooks.shows_something(source) is expected


def test_leftovers_of_an_editor_are_found(tmp_path):
    notebook = an_executed_notebook()
    notebook["cells"][2]["metadata"]["execution"] = {"shell": "2026-01-01"}
    assert check_notebooks.leftovers([write(tmp_path, notebook)])
