"""Commands that ask: context, similar, analogy, odd."""

import json
import re

import pytest
from commands import answer_of, complaint

from skipgram_lib import SkipGram, load_vectors
from skipgram_lib.apps.cli.program import main


def test_context_lists_the_likely_and_the_named(model, capsys):
    asked = ["context", str(model), "york", "new", "jersey", "--topn", "2"]
    assert main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    loaded = SkipGram.load(model)
    likely = [(r["word"], r["probability"]) for r in answer["most_likely"]]
    assert likely == loaded.predict_context("york", 2)
    assert [row["word"] for row in answer["named"]] == ["new", "jersey"]
    assert main(asked) == 0
    table = capsys.readouterr().out
    for row in answer["most_likely"] + answer["named"]:
        assert f"{row['word']}" in table
        assert f"{row['probability']:.6f}" in table


def test_unknown_words_and_models(model, tmp_path, capsys):
    assert main(["context", str(model), "yrok"]) == 1
    assert "did you mean york?" in complaint(capsys)
    assert main(["context", str(model), "york", "nwe"]) == 1
    assert "did you mean new?" in complaint(capsys)
    assert main(["context", str(tmp_path / "gone"), "york"]) == 1
    assert "there is no folder" in complaint(capsys)
    assert main(["context", str(model), "york", "--topn", "0"]) == 1
    assert "topn" in complaint(capsys)


def pairs(rows, name):
    """Turn rows of an answer back into pairs."""
    return [(row["word"], row[name]) for row in rows]


@pytest.mark.parametrize("matrix", ["in", "out", "sum"])
def test_similar_gives_the_librarys_answers(model, capsys, matrix):
    words = ["new", "york", "new"]
    asked = ["similar", model, *words, "--topn", "3", "--matrix", matrix]
    answer = answer_of(capsys, *asked)
    vectors = SkipGram.load(model).word_vectors(matrix)
    assert list(answer["neighbours"]) == ["new", "york"]
    for word, rows in answer["neighbours"].items():
        wanted = vectors.most_similar(word, topn=3)
        assert [row["word"] for row in rows] == [w for w, _ in wanted]
        assert [row["cosine"] for row in rows] == pytest.approx(
            [c for _, c in wanted], abs=1e-6
        )
    assert main([str(word) for word in asked]) == 0
    shown = capsys.readouterr().out
    for word, rows in answer["neighbours"].items():
        assert f"{word}\n" in shown
        for row in rows:
            assert re.search(rf"  {row['word']} +{row['cosine']:.3f}\n", shown)


def test_similar_reads_anyones_vectors(compass, capsys):
    answer = answer_of(capsys, "similar", compass, "east")
    assert pairs(answer["neighbours"]["east"], "cosine") == [
        ("northeast", pytest.approx(0.5**0.5)),
        ("north", 0),
        ("west", -1),
    ]
    answer = answer_of(capsys, "similar", compass, "east", "--limit", "2")
    assert len(answer["neighbours"]["east"]) == 1
    assert main(["similar", str(compass), "east", "--limit", "1"]) == 0
    assert "(no words found)" in capsys.readouterr().out


def test_limit_takes_the_first_words_of_a_model(model, capsys):
    words = SkipGram.load(model).vocabulary.words
    asked = ["similar", model, words[0], "--limit", "3"]
    found = answer_of(capsys, *asked)["neighbours"][words[0]]
    assert {row["word"] for row in found} == set(words[1:3])


@pytest.mark.parametrize("method", ["add", "multiply"])
def test_analogy_gives_the_librarys_answers(model, capsys, method):
    asked = ["analogy", model, "city", "york", "jersey", "--method", method]
    answer = answer_of(capsys, *asked)
    vectors = SkipGram.load(model).vectors
    add = method == "add"
    ask = vectors.most_similar if add else vectors.most_similar_cosmul
    wanted = ask(["york", "jersey"], ["city"])
    assert pairs(answer["answers"], "score") == wanted
    assert main([str(word) for word in asked]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("city is to york as jersey is to\n")
    assert f"{wanted[0][0]}" in shown


def test_odd_names_the_word_that_does_not_match(compass, capsys):
    words = ["east", "northeast", "north", "west"]
    answer = answer_of(capsys, "odd", compass, *words)
    vectors = load_vectors(compass)
    assert answer["odd"] == vectors.doesnt_match(words) == "west"
    assert main(["odd", str(compass), *words]) == 0
    shown = capsys.readouterr().out.splitlines()
    marked = [line for line in shown if "the odd one out" in line]
    assert len(marked) == 1
    assert "west" in marked[0]


def test_a_word_may_be_typed_with_its_marks_apart(tmp_path, capsys):
    file = tmp_path / "v.txt"
    file.write_text("läuft 1 0\ngeht 1 1\nnɔ̃ 0 1\nla\u0308uft2 1 2\n")
    apart = "la\u0308uft"
    found = answer_of(capsys, "similar", file, apart, "la\u0308uft2")
    assert list(found["neighbours"]) == ["läuft", "la\u0308uft2"]
    found = answer_of(capsys, "analogy", file, apart, "geht", "nɔ̃")
    assert found["a"] == "läuft"
    assert main(["odd", str(file), apart, "geht", "nɔ̃"]) == 0
