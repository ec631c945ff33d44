"""The command evaluate: published tests, and one's own."""

import re
import shutil

import numpy as np
import pytest
from commands import answer_of, complaint

from skipgram_lib import (
    WordVectors,
    evaluate_word_analogies,
    evaluate_word_pairs,
    find_test_set,
    load_vectors,
)
from skipgram_lib.apps.cli.program import main


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Write vectors of random numbers for the words of the test sets."""
    pytest.importorskip("gensim", reason="gensim brings the test sets")
    words = set()
    for name in ("wordsim353", "google"):
        text = find_test_set(name).path.read_text(encoding="utf-8").lower()
        words |= set(re.findall(r"[a-z]+", text))
    matrix = np.random.default_rng(0).normal(size=(len(words), 10))
    vectors = WordVectors(sorted(words), matrix.astype(np.float32))
    file = tmp_path_factory.mktemp("published") / "vectors.bin"
    vectors.save(file)
    return file


def test_evaluate_takes_the_published_tests(published, capsys):
    answer = answer_of(capsys, "evaluate", published)
    vectors = load_vectors(published)
    pairs_, simlex, analogies = answer["tests"]
    wanted = evaluate_word_pairs(vectors, find_test_set("wordsim353"))
    assert pairs_["spearman"] == wanted.spearman
    assert pairs_["interval"][0] < wanted.spearman < pairs_["interval"][1]
    assert "SimLex-999" in simlex["test_set"]
    wanted = evaluate_word_analogies(vectors, find_test_set("google"))
    assert analogies["accuracy"] == wanted.accuracy
    assert main(["evaluate", str(published), "--method", "multiply"]) == 0
    shown = capsys.readouterr().out
    for text in ("WordSim-353", "SimLex-999", "gensim", "capital-world"):
        assert text in shown


def test_evaluate_takes_files_of_the_user(compass, tmp_path, capsys):
    mine = tmp_path / "mine.tsv"
    mine.write_text("east\tnortheast\t8\neast\twest\t1\nnorth\teast\t3\n")
    questions = tmp_path / "questions.txt"
    questions.write_text(": compass\neast north west northeast\n")
    answer = answer_of(
        capsys,
        "evaluate",
        compass,
        "--pairs",
        mine,
        mine,
        "--analogies",
        questions,
        "--no-case-insensitive",
    )
    assert len(answer["tests"]) == 3
    assert answer["tests"][0]["spearman"] == pytest.approx(1)
    assert answer["tests"][0]["interval"] is None
    assert answer["tests"][2]["asked"] == 1
    assert main(["evaluate", str(compass), "--pairs", str(mine)]) == 0
    assert "too few for an interval" in capsys.readouterr().out


def test_evaluate_says_how_to_get_the_tests(compass, capsys, monkeypatch):
    monkeypatch.setattr(
        "skipgram_lib.vectors.test_sets.find_spec", lambda name: None
    )
    assert main(["evaluate", str(compass)]) == 1
    assert "pip install gensim" in complaint(capsys)


def test_evaluate_takes_the_published_tests_from_a_folder(
    published, tmp_path, capsys, monkeypatch
):
    wanted = answer_of(capsys, "evaluate", published)["tests"]
    for name in ("wordsim353", "simlex999", "google"):
        shutil.copy(find_test_set(name).path, tmp_path)
    monkeypatch.setattr(
        "skipgram_lib.vectors.test_sets.find_spec", lambda name: None
    )
    asked = ["evaluate", published, "--test-sets", tmp_path]
    found = answer_of(capsys, *asked)["tests"]
    assert [test.get("spearman") for test in found] == [
        test.get("spearman") for test in wanted
    ]
    assert found[2]["accuracy"] == wanted[2]["accuracy"]


@pytest.mark.parametrize(
    "columns", ["one,two,mean", "one, two, mean", "2, 3,5"]
)
def test_evaluate_is_told_where_words_and_scores_stand(
    compass, tmp_path, capsys, columns
):
    mine = tmp_path / "mine.csv"
    mine.write_text(
        "n,one,two,first,mean\n1,east,northeast,1,8\n2,east,west,9,1\n"
        "3,north,east,2,3\n"
    )
    asked = ["--pairs", mine, "--columns", columns]
    (found,) = answer_of(capsys, "evaluate", compass, *asked)["tests"]
    assert found["spearman"] == pytest.approx(1)
