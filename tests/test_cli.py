"""The command line, as a person or a script meets it."""

import json
import signal
import subprocess
import sys
import time

import pytest

from skipgram_lib import SkipGram
from skipgram_lib.cli import main, make_parser

TEXT = "new york city\nnew york state\nnew jersey\n" * 20
SMALL = ["--vector-size", "8", "--epochs", "3", "--document", "line"]
PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from skipgram_lib.cli import main; sys.exit(main())",
]


@pytest.fixture
def text(tmp_path):
    """Write a small text file."""
    file = tmp_path / "york.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Train a small model through the command line."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "york.txt").write_text(TEXT, encoding="utf-8")
    train = ["train", str(folder / "york.txt"), *SMALL]
    assert main([*train, "--out", str(folder / "model")]) == 0
    return folder / "model"


def complaint(capsys):
    """Return the single line on stderr; stdout must be empty."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skipgram: ")
    assert err.count("\n") == 1, err
    return err


def test_train_writes_a_model_and_a_report(text, tmp_path, capsys):
    out = tmp_path / "deep" / "model"
    assert main(["train", str(text), *SMALL, "--out", str(out)]) == 0
    report, progress = capsys.readouterr()
    assert "floor (entropy)" in report
    assert "epoch 3" in report
    assert "160 words in 60 documents" in progress
    assert len(SkipGram.load(out).history) == 3
    assert [path.name for path in out.parent.iterdir()] == ["model"]


def test_train_in_json_agrees_with_the_saved_model(text, tmp_path, capsys):
    out = tmp_path / "model"
    plain = ["--full-windows", "--sample", "0", "--show", "york", "--json"]
    code = main(["train", str(text), *SMALL, *plain, "--out", str(out)])
    answer = json.loads(capsys.readouterr().out)
    saved = SkipGram.load(out)
    assert code == 0
    assert answer["vocabulary_size"] == len(saved.vocabulary) == 5
    assert answer["counts"] == saved.counted
    assert saved.counted["shrink_windows"] is False
    assert saved.counted["sample"] == 0
    assert answer["loss_by_epoch"] == [r.epoch_loss for r in saved.history]
    assert answer["words"]["york"]["context"] == [
        list(pair) for pair in saved.predict_context("york", 8)
    ]


def test_train_takes_the_place_of_an_older_model(text, tmp_path):
    out = tmp_path / "model"
    for seed in ["1", "2"]:
        train = ["train", str(text), *SMALL, "--seed", seed]
        assert main([*train, "--out", str(out)]) == 0
    assert SkipGram.load(out).seed == 2


def test_train_without_files_takes_the_embedded_corpus(tmp_path, capsys):
    out = tmp_path / "model"
    sizes = ["--vocab-size", "300", "--vector-size", "8", "--epochs", "1"]
    assert main(["train", *sizes, "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["tokens"] == 2_013_264
    assert answer["vocabulary_size"] == 300


def test_options_reach_the_reader(tmp_path, capsys):
    file = tmp_path / "old.txt"
    file.write_bytes(b"caf\xe9 noir\nun caf\xe9\n" * 3)
    options = ["--errors", "replace", "--letters", "unicode", *SMALL]
    out = tmp_path / "model"
    assert main(["train", str(file), *options, "--out", str(out)]) == 0
    assert set(SkipGram.load(out).vocabulary.words) == {"caf", "noir", "un"}


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


BELOW_ONE = [
    ("--window", "0", "window"),
    ("--vector-size", "-3", "vector size"),
    ("--epochs", "0", "epochs"),
    ("--vocab-size", "0", "vocab"),
    ("--min-count", "0", "min_count"),
    ("--sample", "2", "sample"),
]


@pytest.mark.parametrize(("option", "value", "name"), BELOW_ONE)
def test_a_setting_out_of_range_is_named(
    text, tmp_path, capsys, option, value, name
):
    out = tmp_path / "model"
    train = ["train", str(text), "--out", str(out), option, value]
    assert main(train) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert name in line
    assert value in line
    assert not out.exists()


def spoiled(tmp_path, kind):
    """Make an input that cannot be used; return its path."""
    file = tmp_path / "input.txt"
    content = {
        "missing": None,
        "empty": b"",
        "no words": b"1234 5678\n",
        "not UTF-8": b"fine so far \xff\xfe",
    }[kind]
    if content is not None:
        file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "no such file"),
        ("empty", "no words in"),
        ("no words", "no words in"),
        ("not UTF-8", "0xff at offset 12"),
    ],
)
def test_a_text_that_cannot_be_used(tmp_path, capsys, kind, says):
    file, out = spoiled(tmp_path, kind), tmp_path / "deep" / "model"
    assert main(["train", str(file), "--out", str(out)]) == 1
    line = complaint(capsys)
    assert says in line
    assert str(file) in line
    assert not out.parent.exists()


def test_a_text_without_a_pair(tmp_path, capsys):
    file, out = tmp_path / "one.txt", tmp_path / "model"
    file.write_text("alone\nsolo\n")
    train = ["train", str(file), "--document", "line", "--out", str(out)]
    assert main(train) == 1
    assert "no pair" in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def test_the_output_folder_is_checked_before_the_text_is_read(
    text, tmp_path, capsys
):
    for out in [text / "model", text, tmp_path]:
        train = ["train", "no_such_file.txt", "--out", str(out)]
        assert main(train) == 1
        line = complaint(capsys)
        assert str(out) in line
        assert "no_such_file" not in line
    assert [path.name for path in tmp_path.iterdir()] == ["york.txt"]


def test_a_loss_that_is_not_finite(text, tmp_path, capsys):
    out = tmp_path / "model"
    train = ["train", str(text), *SMALL, "--lr", "1e38", "--out", str(out)]
    assert main(train) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("skipgram: the loss became")
    assert "step" in line
    assert "learning rate" in line
    assert not out.exists()


def test_unknown_words_and_models(model, tmp_path, capsys):
    assert main(["context", str(model), "yrok"]) == 1
    assert "did you mean york?" in complaint(capsys)
    assert main(["context", str(model), "york", "nwe"]) == 1
    assert "did you mean new?" in complaint(capsys)
    assert main(["context", str(tmp_path / "gone"), "york"]) == 1
    assert "no model folder" in complaint(capsys)
    assert main(["context", str(model), "york", "--topn", "0"]) == 1
    assert "topn" in complaint(capsys)


def test_a_word_to_show_is_checked_before_training(text, tmp_path, capsys):
    out = tmp_path / "model"
    train = ["train", str(text), "--out", str(out), "--show", "yrok"]
    assert main(train) == 1
    assert "training" not in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["train"],
        ["context", "model"],
        ["train", "--out", "x", "--window", "five"],
        ["train", "--out", "x", "--backend", "abacus"],
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "usage: skipgram" in capsys.readouterr().err


def test_the_cupy_backend_is_refused_with_a_reason(text, tmp_path, capsys):
    out = tmp_path / "model"
    train = ["train", str(text), "--backend", "cupy", "--out", str(out)]
    assert main(train) == 1
    assert "cupy" in capsys.readouterr().err.splitlines()[-1]


def test_help_shows_every_default(capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "--help"])
    shown = capsys.readouterr().out
    assert end.value.code == 0
    args = make_parser().parse_args(["train", "--out", "x"])
    for name in ("vocab_size", "window", "vector_size", "epochs", "lr"):
        assert f"({getattr(args, name)})" in shown


def test_ctrl_c_ends_with_one_line_and_leaves_nothing(tmp_path):
    out = tmp_path / "model"
    train = ["train", "--epochs", "1000", "--out", str(out)]
    process = subprocess.Popen(
        [*PROGRAM, *train],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("training"):
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    printed, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed == ""
    assert rest.splitlines() == ["skipgram: interrupted; nothing was written"]
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_leaves_early_is_no_error(model):
    process = subprocess.Popen(
        [*PROGRAM, "context", str(model), "york"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0
    process.stderr.close()
