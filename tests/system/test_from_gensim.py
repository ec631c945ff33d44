"""The page for users of gensim: its scripts run, its names exist."""

import re
import subprocess
import sys

import pytest

import skipgram_lib
from skipgram_lib import (
    Phrases,
    SkipGram,
    Vocabulary,
    WordVectors,
    count_pairs,
)
from skipgram_lib.text import phrases

PAGE = "book/from_gensim.md"


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page."""
    return (root / PAGE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blocks(page):
    """Return the Python blocks of the page: theirs, ours, training."""
    found = re.findall(
        r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    assert len(found) == 3
    return found


@pytest.fixture(scope="module")
def folder(sotu_documents, sotu_vocabulary, tmp_path_factory):
    """Return a folder with vectors of the page's words, barely trained."""
    vocabulary = Vocabulary(
        sotu_vocabulary.words[:6_000],
        sotu_vocabulary.frequencies[:6_000],
        sotu_vocabulary.total_tokens,
    )
    documents = sotu_documents[:40] + sotu_documents[-40:]
    counts = count_pairs(documents, vocabulary=vocabulary)
    settings = {"vector_size": 20, "epochs": 1, "progress": False}
    model = SkipGram(**settings).fit(counts)
    folder = tmp_path_factory.mktemp("gensim")
    model.vectors.save(folder / "vectors.bin")
    return folder


def run(script, folder):
    """Run a script in a folder; return the lines it prints."""
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_two_lines_are_changed_and_the_same_is_printed(blocks, folder):
    theirs, ours = (block.splitlines() for block in blocks[:2])
    assert len(theirs) == len(ours)
    changed = [i for i, line in enumerate(theirs) if line != ours[i]]
    assert len(changed) == 2
    printed = run(blocks[0], folder)
    assert len(printed) == 11
    assert run(blocks[1], folder) == printed


def test_the_training_of_the_page_runs(blocks):
    script = blocks[2].replace("epochs=4", "epochs=1")
    script = script.replace("10_000", "500").replace("=300", "=8")
    assert script != blocks[2]
    names = {}
    exec(script, names)  # the page's own text
    assert len(names["vectors"]) == 500


def test_every_name_of_the_tables_exists(page):
    ours = [row.split("|")[2] for row in re.findall(r"^\|.*\|$", page, re.M)]
    # Before a colon, or "but", stands a name; behind it, a remark.
    ours = [re.split(r"[:;] |but", cell)[0] for cell in ours]
    names = {n for cell in ours for n in re.findall(r"`(\w+)(?:`|\()", cell)}
    names |= set(re.findall(r"`vectors\.(\w+)", " ".join(ours)))
    names |= set(re.findall(r"`model\.(\w+)", " ".join(ours)))
    places = [phrases, WordVectors, SkipGram, Phrases, skipgram_lib]
    attributes = {"words", "index", "matrix", "history", "save"}
    missing = [
        name
        for name in sorted(names - attributes)
        if not any(hasattr(place, name) for place in places)
    ]
    assert len(names) > 10
    assert missing == []


def test_what_is_the_same_in_both_has_the_same_name(page):
    gensim = pytest.importorskip("gensim.models").KeyedVectors
    rows = [
        row.split("|")[1]
        for row in re.findall(r"^\|.*\|$", page, re.M)
        if row.split("|")[2].strip().startswith("the same")
    ]
    names = re.findall(r"`(\w+)(?=[`(])", " ".join(rows))
    attributes = {"index_to_key", "key_to_index", "vectors", "vector_size"}
    methods = [name for name in names if name not in attributes | {"wv"}]
    assert len(methods) >= 12
    for name in methods:
        assert callable(getattr(gensim, name)), name
        assert callable(getattr(WordVectors, name)), name
    theirs = gensim(3)
    for name in attributes:
        assert hasattr(theirs, name)
        assert hasattr(WordVectors, name)
