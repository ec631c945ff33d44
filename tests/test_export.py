"""The library is what the notebooks export, and the check would notice."""

import json
import shutil

import check_export
import pytest


@pytest.fixture
def copy(root, tmp_path):
    """Return a copy of all that the check reads, to be damaged."""
    for name in ("notebooks", "skipgram_lib"):
        shutil.copytree(
            root / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns(
                "__pycache__", ".ipynb_checkpoints", "_modidx.py"
            ),
        )
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def module_of(copy):
    """Return one exported module."""
    return copy / "skipgram_lib" / "windows.py"


def test_the_library_is_what_the_notebooks_export(root):
    assert check_export.differences(root) == []


def test_an_edited_module_is_caught(copy):
    module = module_of(copy)
    module.write_text(module.read_text() + "\n# by hand\n")
    (sentence,) = check_export.differences(copy)
    assert sentence.startswith("skipgram_lib/windows.py differs")


def test_an_edited_notebook_is_caught(copy):
    path = copy / "notebooks" / "01_fake_task.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    exported = next(
        cell
        for cell in notebook["cells"]
        if "".join(cell["source"]).startswith("#| export\n")
    )
    exported["source"] = ["".join(exported["source"]) + "\nx = 1"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    (sentence,) = check_export.differences(copy)
    assert sentence.startswith("skipgram_lib/windows.py differs")


def test_a_module_that_was_not_exported_is_caught(copy):
    module_of(copy).unlink()
    (sentence,) = check_export.differences(copy)
    assert sentence.startswith("skipgram_lib/windows.py is missing")


@pytest.mark.parametrize(
    "name", ["by_hand.py", "data.txt", "explorer_page/by_hand.py"]
)
def test_a_file_from_no_notebook_is_caught(copy, name):
    (copy / "skipgram_lib" / name).write_text("x = 1\n")
    (sentence,) = check_export.differences(copy)
    assert sentence.startswith(f"skipgram_lib/{name} is exported by no")
