"""The page for users of gensim: its scripts run, its names exist."""

import importlib
import inspect
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
    pytest.importorskip("gensim")
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


def cells(page, column):
    """Return the cells of a column of the page's tables."""
    return [
        row.split("|")[column] for row in re.findall(r"^\|.*\|$", page, re.M)
    ]


def test_every_name_of_the_tables_exists(page):
    # Before a colon, or "but", stands a name; behind it, a remark.
    ours = [
        re.split(r"[:;] |but|not here|or `key`", c)[0] for c in cells(page, 2)
    ]
    names = {n for cell in ours for n in re.findall(r"`(\w+)(?:`|\()", cell)}
    names |= set(re.findall(r"`vectors\.(\w+)", " ".join(ours)))
    names |= set(re.findall(r"`model\.(\w+)", " ".join(ours)))
    vectors = WordVectors(["a"], [[1.0]])
    places = [phrases, vectors, SkipGram, Phrases, skipgram_lib]
    parameters = {"word", "other", "others", "keys", "vector", "rows"}
    missing = [
        name
        for name in sorted(names - parameters - {"history"})
        if not any(hasattr(place, name) for place in places)
    ]
    assert len(names) > 10
    assert missing == []


def public_names(kind, *arguments):
    """Return the names that gensim's users of a class may write."""
    made = kind(*arguments)
    parameters = inspect.signature(kind.__init__).parameters
    names = {*dir(kind), *vars(made), *parameters} - {"self"}
    return {name for name in names if not name.startswith("_")}


def theirs(name):
    """Return the public names of one of gensim's classes."""
    models = pytest.importorskip("gensim.models")
    if name == "KeyedVectors":
        return public_names(models.KeyedVectors, 3) - {"count", "dtype"}
    return public_names(getattr(models, name))


@pytest.mark.parametrize("name", ["KeyedVectors", "Word2Vec", "Phrases"])
def test_every_name_of_gensims_is_on_the_page(page, name):
    quoted = " ".join(re.findall("`([^`]+)`", " ".join(cells(page, 1))))
    missing = theirs(name) - set(re.findall(r"\w+", quoted))
    assert sorted(missing) == []


def test_what_is_the_same_in_both_takes_the_same_parameters(page):
    """Each parameter of gensim's is one here, or on the page."""
    gensims = pytest.importorskip("gensim.models").KeyedVectors
    quoted = " ".join(re.findall("`([^`]+)`", " ".join(cells(page, 1))))
    shared = set(dir(gensims)) & set(dir(WordVectors))
    shared = {name for name in shared if not name.startswith("_")}
    assert len(shared) > 20
    for name in shared - {"norms", "vectors", "load", "save"}:
        signatures = [
            set(inspect.signature(getattr(place, name)).parameters)
            for place in (gensims, WordVectors)
        ]
        missing = signatures[0] - signatures[1] - {"self", "options"}
        assert missing <= set(re.findall(r"\w+", quoted)), name


def test_what_is_the_same_in_both_has_the_same_name(page):
    gensims = pytest.importorskip("gensim.models").KeyedVectors(3)
    ours = WordVectors(["a"], [[1.0]])
    rows = zip(cells(page, 1), cells(page, 2), strict=True)
    same = " ".join(a for a, b in rows if b.strip().startswith("the same"))
    names = set(re.findall(r"`(\w+)(?=[`(])", same))
    names -= {"len", "analyze_sentence"}
    assert len(names) > 25
    for name in sorted(names):
        assert hasattr(gensims, name), name
        assert hasattr(ours, name), name
        kinds = {callable(getattr(it, name)) for it in (gensims, ours)}
        assert len(kinds) == 1, name


def test_the_benchmark_of_small_questions_runs(root, monkeypatch, capsys):
    pytest.importorskip("gensim")
    monkeypatch.syspath_prepend(root / "benchmarks")
    small = importlib.import_module("small_questions")
    options = ["--words", "50", "--size", "8", "--times", "2", "--runs", "1"]
    monkeypatch.setattr(sys, "argv", ["small_questions.py", *options])
    small.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(small.QUESTIONS) + 2
    assert all("gensim" in line for line in lines[1:-1])
