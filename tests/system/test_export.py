"""The library is what the notebooks export, and the check would notice."""

import json
import shutil

import check_export
import export
import pytest

FAKE_TASK = "skipgram_lib/story/fake_task.py"


@pytest.fixture
def copy(root, tmp_path):
    """Return a copy of all that the check reads, to be damaged."""
    for name in ("notebooks", "skipgram_lib"):
        shutil.copytree(
            root / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
        )
    for name in ("pyproject.toml", ".gitattributes"):
        shutil.copy(root / name, tmp_path)
    return tmp_path


def edit_cell(copy, name, change):
    """Change the first exported cell of a notebook; the notebook's path."""
    path = copy / "notebooks" / f"{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(
        cell
        for cell in notebook["cells"]
        if "".join(cell["source"]).startswith("#| export\n")
    )
    cell["source"] = change("".join(cell["source"]))
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_the_library_is_what_the_notebooks_export(root):
    assert check_export.module_differences(root) == []


def test_the_lists_of_exported_modules_are_complete(root):
    # Each sentence says what to add, and where.
    assert check_export.differences_of_lists(root) == []


def test_an_edited_module_is_caught(copy):
    module = copy / FAKE_TASK
    module.write_text(module.read_text() + "\n# by hand\n")
    (sentence,) = check_export.module_differences(copy)
    assert sentence.startswith(f"{FAKE_TASK} differs")


def test_an_edited_notebook_is_caught(copy):
    edit_cell(copy, "01_fake_task", lambda source: source + "\nx = 1")
    (sentence,) = check_export.module_differences(copy)
    assert sentence.startswith(f"{FAKE_TASK} differs")


def test_a_module_that_was_not_exported_is_caught(copy):
    (copy / FAKE_TASK).unlink()
    (sentence,) = check_export.module_differences(copy)
    assert sentence.startswith(f"{FAKE_TASK} is missing")


def test_a_module_of_no_notebook_is_caught(copy):
    shutil.copy(copy / FAKE_TASK, copy / "skipgram_lib" / "text" / "old.py")
    (sentence,) = check_export.module_differences(copy)
    assert sentence.startswith("skipgram_lib/text/old.py says that it was")


def test_plain_modules_are_left_alone(copy):
    (copy / "skipgram_lib" / "text" / "plain.py").write_text("x = 1\n")
    (copy / "skipgram_lib" / "apps" / "page.css").write_text("p {}\n")
    assert check_export.differences(copy) == []


def test_a_module_that_the_lists_lack_is_named(copy):
    edit_cell(
        copy, "01_fake_task", lambda source: f"#| export text.new{source[9:]}"
    )
    found = check_export.differences_of_lists(copy)
    assert ".gitattributes, linguist-generated: add " in "".join(found)
    folder = "skipgram_lib/text/{candidates,new,"
    wanted = "pyproject.toml, [tool.ruff.format] exclude: add " + folder
    assert any(sentence.startswith(wanted) for sentence in found), found


def test_a_module_that_is_listed_for_nothing_is_named(copy):
    with (copy / ".gitattributes").open("a") as file:
        file.write("skipgram_lib/errors.py linguist-generated\n")
    assert check_export.differences_of_lists(copy) == [
        ".gitattributes, linguist-generated: remove skipgram_lib/errors.py"
    ]


def test_two_notebooks_never_export_one_module(copy):
    edit_cell(
        copy,
        "02_words",
        lambda source: f"#| export story.fake_task{source[9:]}",
    )
    with pytest.raises(ValueError, match=r"01_fake_task.* and by 02_words"):
        export.exported_files(copy)


def test_a_notebook_that_names_no_module_is_told(copy):
    path = copy / "notebooks" / "guide_new.ipynb"
    cell = {"cell_type": "code", "source": "#| export\nx = 1"}
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"guide_new.* exports a cell"):
        export.exported_files(copy)


def test_one_notebook_may_export_several_modules(copy):
    notebook = copy / "notebooks" / "01_fake_task.ipynb"
    cells = [
        "#| default_exp text.one\n#| module text.two Says what it is.",
        "#| export\nx = 1",
        "#| export text.two\ny = 2",
    ]
    book = json.loads(notebook.read_text(encoding="utf-8"))
    book["cells"] = [
        {
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "id": f"cell{number}",
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells)
    ]
    notebook.write_text(json.dumps(book), encoding="utf-8")
    export.export_notebook(notebook, copy / "skipgram_lib")
    text = copy / "skipgram_lib" / "text"
    assert "x = 1" in (text / "one.py").read_text()
    assert (text / "two.py").read_text().startswith('"""Says what it is."""')
