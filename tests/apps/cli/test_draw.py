"""Commands that draw: map, explorer."""

import subprocess
import sys

import pytest
from book_explorer import page_names
from commands import SMALL, answer_of

from skipgram_lib import SkipGram
from skipgram_lib.apps.cli.program import main
from skipgram_lib.apps.explorer.page import DATA_FILES


@pytest.mark.parametrize("name", ["m.png", "m.svg", "m.html"])
def test_map_draws_a_file(model, tmp_path, capsys, name):
    out = tmp_path / name
    answer = answer_of(
        capsys, "map", model, "--out", out, "--method", "pca", "--words", "4"
    )
    assert answer == {
        "model": str(model),
        "map": str(out),
        "words": 4,
        "method": "pca",
    }
    assert out.stat().st_size > 1_000
    assert main(["map", str(model), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 5 words\n"


def test_a_seed_too_large_for_the_map_is_named(compass, tmp_path, capsys):
    out = tmp_path / "m.png"
    seed = ["--seed", str(2**32)]
    assert main(["map", str(compass), "--out", str(out), *seed]) == 1
    assert "below 2**32" in capsys.readouterr().err
    assert not out.exists()


def test_a_map_without_matplotlib_says_what_to_install(compass, tmp_path):
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from skipgram_lib.apps.cli.program import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "map", str(compass)]
    result = subprocess.run(
        [*command, "--out", str(tmp_path / "a.png")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "pip install '.[plots]'" in result.stderr


def explorer_files(folder):
    """Return what the data files of an explorer hold."""
    return sorted(set(page_names(folder)) & set(DATA_FILES))


def test_explorer_writes_a_page(model, text, tmp_path, capsys):
    out = tmp_path / "page"
    asked = ["explorer", str(model), str(text), "--document", "line"]
    assert main([*asked, "--out", str(out), "--snapshots", "4"]) == 0
    shown = capsys.readouterr().out
    assert "5 words x 8" in shown
    assert "with 4 snapshots of its training" in shown
    assert (out / "index.html").is_file()
    assert explorer_files(out) == ["counted.js", "journey.js", "model.js"]
    answer = answer_of(capsys, *asked, "--out", out, "--snapshots", "0")
    assert answer["no_journey"] == "none was asked for"
    assert explorer_files(out) == ["counted.js", "model.js"]


def test_explorer_takes_counts(text, tmp_path, capsys):
    counts, model = str(tmp_path / "counts"), str(tmp_path / "model")
    line = ["--document", "line"]
    assert main(["count", str(text), *line, "--out", counts]) == 0
    small = ["--vector-size", "8", "--epochs", "2"]
    assert main(["train", "--counts", counts, *small, "--out", model]) == 0
    capsys.readouterr()
    answer = answer_of(
        capsys, "explorer", model, "--counts", counts, "--out", tmp_path / "p"
    )
    assert answer["snapshots"] == 3
    assert answer["no_journey"] is None


def test_explorer_joins_the_phrases_of_the_model(text, tmp_path, capsys):
    model = str(tmp_path / "model")
    train = ["train", str(text), *SMALL, "--phrases", "1", "--out", model]
    assert main(train) == 0
    capsys.readouterr()
    asked = ["explorer", model, text, "--document", "line"]
    answer = answer_of(capsys, *asked, "--out", tmp_path / "page")
    assert answer["words"] == len(SkipGram.load(model).vocabulary)
    assert answer["no_journey"] is None


def test_explorer_without_what_is_needed_says_so(
    model, text, tmp_path, capsys
):
    old = tmp_path / "old"
    loaded = SkipGram.load(model)
    loaded.runs = []
    loaded.save(old)
    asked = ["explorer", str(old), str(text), "--document", "line"]
    assert main([*asked, "--out", str(tmp_path / "page")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == (
        "without the journey: the model does not say how it was trained"
    )


def test_explorer_of_other_text_has_no_journey(model, tmp_path, capsys):
    # The same words as often, in another order.
    other = tmp_path / "other.txt"
    other.write_text("york new city\nstate new york\njersey new\n" * 20)
    asked = ["explorer", str(model), str(other), "--document", "line"]
    answer = answer_of(capsys, *asked, "--out", tmp_path / "page")
    assert answer["snapshots"] == 0
    assert "it ends at other weights" in answer["no_journey"]


BAD_EXPLORERS = [
    (["MODEL", "OTHER", "--out", "page"], "(3 words, the model has 5)"),
    (["MODEL", "TEXT", "--out", "full"], "holds other things than an explor"),
    (["MODEL", "TEXT", "--out", "TEXT"], "is a file; name a folder"),
    (["MODEL", "TEXT", "--out", "page", "--snapshots", "1"], "snapshots"),
    (["MODEL", "TEXT", "--counts", "x", "--out", "page"], "leave out files"),
    (["nowhere", "TEXT", "--out", "page"], "there is no folder nowhere"),
    (["OTHER", "TEXT", "--out", "page"], "name the folder of a model"),
]


@pytest.mark.parametrize(("asked", "says"), BAD_EXPLORERS)
def test_explorer_refuses_in_one_line(
    model, text, tmp_path, monkeypatch, capsys, asked, says
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("years")
    (tmp_path / "other.txt").write_text("quite another text")
    names = {"MODEL": str(model), "TEXT": str(text), "OTHER": "other.txt"}
    assert main(["explorer", *(names.get(word, word) for word in asked)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err.splitlines()[-1]
    assert not (tmp_path / "page").exists()


def test_explorer_of_ones_own_text_asks_for_it(
    model, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(
        "skipgram_lib.apps.cli.inputs.load_sotu", lambda: [["other", "text"]]
    )
    out = tmp_path / "page"
    assert main(["explorer", str(model), "--out", str(out)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "was not trained on the embedded corpus; name the files" in last
    assert not out.exists()
