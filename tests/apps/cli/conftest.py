"""What the tests of the program read: a text, a model, vectors."""

import pytest
from commands import SIZES, TEXT

from skipgram_lib.apps.cli.program import main

COMPASS = "east 2 0\nnortheast 3 3\nnorth 0 1\nwest -1 0\n"


@pytest.fixture
def text(tmp_path):
    """Write a small text file."""
    file = tmp_path / "york.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """Train a small model through the command line."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "york.txt").write_text(TEXT, encoding="utf-8")
    train = ["train", str(folder / "york.txt"), "--document", "line", *SIZES]
    assert main([*train, "--out", str(folder / "model")]) == 0
    return folder / "model"


@pytest.fixture
def compass(tmp_path):
    """Write a small file of vectors, in GloVe's format."""
    file = tmp_path / "compass.txt"
    file.write_text(COMPASS, encoding="utf-8")
    return file
