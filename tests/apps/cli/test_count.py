"""The command count, and training from what it wrote."""

import os
import re

import pytest
from commands import SIZES, answer_of, complaint

from skipgram_lib import Vocabulary
from skipgram_lib.apps.cli.program import main


def test_three_ways_to_the_same_model(text, tmp_path, capsys):
    """In memory, on the disk, counted first: the same bytes of weights."""
    counted, ways = tmp_path / "counts", ("plain", "large", "counted")
    lines = ["--document", "line"]
    answer = answer_of(capsys, "count", text, *lines, "--out", counted)
    assert answer["tokens"] == 160
    assert answer["vocabulary_size"] == 5
    assert answer["settings"]["window"] == 5
    folders = [tmp_path / way for way in ways]
    for folder, source in zip(
        folders,
        (
            [text, *lines],
            [text, *lines, "--memory", "100MB"],
            ["--counts", counted],
        ),
        strict=True,
    ):
        answer_of(capsys, "train", *source, *SIZES, "--out", folder)
    weights = [
        next(folder.glob("weights*.safetensors")).read_bytes()
        for folder in folders
    ]
    assert weights[0] == weights[1] == weights[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*ways, "counts", "large.counts", "york.txt"]
    )


def test_count_tells_a_person_what_it_wrote(text, tmp_path, capsys):
    assert main(["count", str(text), "--out", str(tmp_path / "counts")]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"counts: 5 words, \d+ cells, [\d,]+ bytes", out)
    assert "160 words; the 5 most frequent cover 100.0%" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("train york.txt --memory much", "--memory is written as"),
        ("count york.txt --memory 3B", "1MB or more"),
        ("count york.txt --window 0", "--window must be"),
        ("count york.txt --max-size 0", "--max-size must be"),
        ("count york.txt --min-count 0", "--min-count must be"),
        ("count york.txt --sample 3", "--sample must be from 0 to 1"),
        ("count york.txt --min-count 99", "at least 99 times"),
        ("count york.txt --workers 0", "--workers must be"),
        ("count none.txt", "none.txt"),
        ("train --counts none", "there is no folder none"),
    ],
)
def test_what_counting_cannot_do_is_one_line(
    text, tmp_path, monkeypatch, capsys, words, says
):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.walk(tmp_path))
    assert main([*words.split(), "--out", "new"]) == 1
    assert says in complaint(capsys)
    assert sorted(os.walk(tmp_path)) == before


# Counts of version 0.1 do not say how their words were chosen: whether they
# can have been chosen so follows from the words.
@pytest.fixture
def unsaid(text, tmp_path, monkeypatch):
    """Count, with all words and with two, and forget what was asked for."""
    monkeypatch.chdir(tmp_path)
    for name, options in {"all": [], "two": ["--max-size", "2"]}.items():
        assert main(["count", "york.txt", *options, "--out", name]) == 0
    read = Vocabulary.from_dict
    monkeypatch.setattr(
        Vocabulary, "from_dict", lambda about: read(about | {"chosen": None})
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("all --max-size 3", "--max-size 5, and --max-size 3 is asked for"),
        ("two --max-size 3", "--max-size 2, and --max-size 3 is asked for"),
        ("all --min-count 99", "--min-count 20 or less, and --min-count 99"),
        ("two --min-count 99", "--min-count 40 or less, and --min-count 99"),
    ],
)
def test_counts_that_cannot_have_been_made_so(unsaid, capsys, options, says):
    capsys.readouterr()
    assert main(["train", "--counts", *options.split(), "--out", "new"]) == 1
    assert says in complaint(capsys)


@pytest.mark.parametrize(
    "options",
    [
        "all",
        "all --min-count 20",
        "all --max-size 5",
        "all --max-size 10000 --min-count 1",
        "two --max-size 2",
    ],
)
def test_counts_that_may_have_been_made_so(unsaid, options):
    train = ["train", "--counts", *options.split(), *SIZES]
    assert main([*train, "--out", "new"]) == 0
