"""The package itself: its names come when they are first used."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module

import pytest

import skipgram_lib


def run(*lines):
    """Run some Python in a process of its own; what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_three_lists_of_names_agree(root):
    source = (root / "skipgram_lib" / "__init__.py").read_text("utf-8")
    (typed,) = (
        node for node in ast.parse(source).body if isinstance(node, ast.If)
    )
    imported = {
        alias.name: node.module for node in typed.body for alias in node.names
    }
    assert imported == skipgram_lib._MODULES
    assert sorted(imported) == sorted(skipgram_lib.__all__)


@pytest.mark.parametrize("name", skipgram_lib.__all__)
def test_every_name_is_that_of_its_module(name):
    module = import_module(f"skipgram_lib.{skipgram_lib._MODULES[name]}")
    assert getattr(skipgram_lib, name) is getattr(module, name)
    assert name in dir(skipgram_lib)


def test_importing_the_package_imports_nothing_large():
    large = "{'numpy', 'scipy', 'safetensors', 'tqdm'}"
    assert run(
        "import sys, skipgram_lib", f"print({large} & set(sys.modules))"
    ) == ("set()")


def test_words_and_networks_need_numpy_alone():
    blocked = (
        "'scipy', 'safetensors', 'filelock', 'tqdm', 'click', 'matplotlib'"
    )
    assert run(
        "import sys",
        f"sys.modules.update(dict.fromkeys([{blocked}]))",
        "from skipgram_lib import Vocabulary, WordVectors",
        "from skipgram_lib.apps.exercises import check",
        "from skipgram_lib.counts.windows import training_pairs",
        "from skipgram_lib.model.network import initial_network",
        "from skipgram_lib.text.vocabulary import one_hot",
        "from skipgram_lib.vectors.vectors import WordVectors as same",
        "assert same is WordVectors",
        "print(len(Vocabulary.from_tokens([['a', 'b']])))",
    ) == ("2")


def test_a_room_is_an_attribute():
    lines = ["import skipgram_lib", "print(skipgram_lib.counts.__name__)"]
    assert run(*lines) == "skipgram_lib.counts"


def test_all_names_come_with_a_star():
    lines = ["from skipgram_lib import *", "print(SkipGram.__name__)"]
    assert run(*lines) == "SkipGram"


def test_python_and_numpy_are_claimed_as_far_as_they_were_run(root):
    """Classifiers, lower bounds, and the table of README.md are alike."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    rows = re.findall(
        r"^\| (3\.\d+)\.\d+ \| ([\d.]+) \| ([\d.]+) \|",
        (root / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    pythons = [c.rpartition(" ")[2] for c in project["classifiers"]]
    pythons = [number for number in pythons if re.fullmatch(r"3\.\d+", number)]
    assert list(dict.fromkeys(row[0] for row in rows)) == pythons
    assert project["requires-python"] == f">={pythons[0]}"
    for place, name in [(1, "numpy"), (2, "scipy")]:
        (least,) = (d for d in project["dependencies"] if name in d)
        run = [tuple(map(int, row[place].split("."))) for row in rows]
        major, minor, _ = min(run)
        assert least == f"{name}>={major}.{minor}"


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match=r"no attribute 'Skipgram'"):
        skipgram_lib.Skipgram  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        from skipgram_lib import nothing  # noqa: F401
    assert not hasattr(skipgram_lib, "__wrapped__")
