"""The command train: text in, a model and a report out."""

import json
import re
import signal
import subprocess
from functools import partial
from string import ascii_lowercase

import numpy as np
import pytest
from commands import RUN, SMALL, TEXT, answer_of, arguments_of, complaint

from skipgram_lib import PLAIN, Phrases, SkipGram, count_pairs
from skipgram_lib.apps.cli.program import main
from skipgram_lib.apps.cli.training import make_model, training_settings
from skipgram_lib.storage.files import LOCK


def test_train_writes_a_model_and_a_report(text, tmp_path, capsys):
    out = tmp_path / "deep" / "model"
    assert main(["train", str(text), *SMALL, "--out", str(out)]) == 0
    report, progress = capsys.readouterr()
    assert "floor (entropy)" in report
    assert "epoch 3" in report
    assert "160 words; the 5 most frequent cover 100.0%" in progress
    assert len(SkipGram.load(out).history) == 3
    assert [path.name for path in out.parent.iterdir()] == ["model"]


def test_train_in_json_agrees_with_the_saved_model(text, tmp_path, capsys):
    out = tmp_path / "model"
    plain = [
        "--no-shrink-windows",
        "--sample",
        "0",
        "--show",
        "york",
        "--json",
    ]
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
    sizes = ["--max-size", "300", "--vector-size", "8", "--epochs", "1"]
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


def test_few_pairs_are_not_shown_as_none(tmp_path, capsys):
    file, out = tmp_path / "fox.txt", tmp_path / "model"
    file.write_text("the quick brown fox jumps over the lazy dog")
    assert main(["train", str(file), *SMALL, "--out", str(out)]) == 0
    assert re.match(r"0\.\d\d pairs in", capsys.readouterr().out)


BELOW_ONE = [
    ("--window", "0", "--window"),
    ("--vector-size", "-3", "--vector-size"),
    ("--epochs", "0", "--epochs"),
    ("--max-size", "0", "--max-size"),
    ("--min-count", "0", "--min-count"),
    ("--sample", "2", "sample"),
    ("--batch-rows", "0", "--batch-rows"),
    ("--penalty", "-1", "penalty"),
    ("--penalty", "nan", "penalty"),
    ("--lr", "0", "lr"),
    ("--lr-in", "inf", "--lr-in"),
    ("--phrases", "-1", "phrases"),
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


def test_a_folder_that_cannot_be_listed_is_an_error(
    text, tmp_path, capsys, monkeypatch
):
    def closed(folder, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/closed"))
        return iter([])

    monkeypatch.setattr("skipgram_lib.text.sources.os.walk", closed)
    out = tmp_path / "model"
    assert main(["train", str(tmp_path), "--out", str(out)]) == 1
    assert "closed: Permission denied" in complaint(capsys)


def test_a_loss_that_is_not_finite(text, tmp_path, capsys):
    out = tmp_path / "model"
    train = ["train", str(text), *SMALL, "--lr", "1e38", "--out", str(out)]
    assert main(train) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("skipgram: the loss became")
    assert "step" in line
    assert "learning rate" in line
    assert not out.exists()


def test_a_word_to_show_is_checked_before_training(text, tmp_path, capsys):
    out = tmp_path / "model"
    train = ["train", str(text), "--out", str(out), "--show", "yrok"]
    assert main(train) == 1
    assert "training" not in capsys.readouterr().err
    assert not out.exists()


def test_the_cupy_backend_is_refused_with_a_reason(
    text, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(
        "skipgram_lib.backend.select.why_no_cupy", lambda: "no GPU"
    )
    out = tmp_path / "model"
    train = ["train", str(text), "--backend", "cupy", "--out", str(out)]
    assert main(train) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        "skipgram: the cupy backend cannot be used: no GPU; or use backend "
        "'numpy'"
    )


def settings_of(line):
    """Return how a command line trains."""
    found = arguments_of(f"train --out x {line}")
    model = make_model(found["settings"], found["plain"], "numpy", None)
    return training_settings(model)


SAMPLED = "--objective negative-sampling"


@pytest.mark.parametrize(
    ("line", "rates"),
    [
        ("", (0.03, 0.05)),
        ("--lr 0.3", (0.3, 0.5)),
        ("--lr-in 0.3", (0.03, 0.3)),
        ("--plain", (0.03, 0.03)),
        ("--plain --lr 0.3", (0.3, 0.3)),
        ("--plain --lr-in 0.3", (0.03, 0.3)),
        (SAMPLED, (0.1, 0.1)),
        (f"--plain {SAMPLED}", (0.1, 0.1)),
        (f"--plain {SAMPLED} --lr 0.2", (0.2, 0.2)),
    ],
)
def test_learning_rates_follow_from_the_other_options(line, rates):
    settings = settings_of(line)
    assert (settings["lr"], settings["lr_in"]) == pytest.approx(rates)


def test_defaults_are_those_of_the_library_and_plain_is_plain():
    softmax = {"objective": "softmax"}
    defaults = SkipGram().get_params().items()
    rates = {"lr": 0.03, "lr_in": 0.05}
    assert settings_of("").items() <= dict(defaults, **rates).items()
    assert settings_of("--plain") == PLAIN.model | softmax
    given = "--epochs 3 --batch-rows 7 --penalty 0.5 --init counts"
    wanted = {"epochs": 3, "batch_rows": 7, "penalty": 0.5, "init": "counts"}
    assert settings_of(f"--plain {given}") == PLAIN.model | softmax | wanted


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            [],
            "full softmax, initial weights from the counts, L2 penalty 0.02\n",
        ),
        (["--plain"], "full softmax, initial weights random, no L2 penalty\n"),
        (
            SAMPLED.split(),
            "negative sampling, initial weights from the counts",
        ),
    ],
)
def test_train_is_fit_with_these_settings(
    text, tmp_path, capsys, options, says
):
    out, again = tmp_path / "model", tmp_path / "again"
    train = ["train", str(text), *SMALL, *options]
    assert main([*train, "--out", str(out)]) == 0
    shown, progress = capsys.readouterr()
    assert says in shown
    assert says.strip() in progress
    answer = answer_of(capsys, *train, "--out", again)
    settings = settings_of(" ".join([*SMALL, *options]))
    assert answer["training"] == settings
    model, saved = SkipGram.load(out), SkipGram.load(again)
    counting = PLAIN.counts if "--plain" in options else {}
    documents = [line.split() for line in TEXT.splitlines()]
    counts = count_pairs(documents, **counting)
    assert saved.counted == counts.settings
    wanted = SkipGram(vector_size=8, **settings).fit(counts)
    for found in (model, saved):
        assert (found.network.W_in == wanted.network.W_in).all()


def test_the_sampled_loss_is_not_shown_beside_the_floor(
    text, tmp_path, capsys
):
    train = ["train", text, *SMALL, *SAMPLED.split()]
    train = [*map(str, train), "--out", str(tmp_path / "model")]
    answer = answer_of(capsys, *train)
    assert answer["loss_floor"] is None
    assert answer["loss_knowing_nothing"] is None
    assert len(answer["loss_by_epoch"]) == 3
    assert main(train) == 0
    shown = capsys.readouterr().out
    assert "epoch 3" in shown
    assert "floor" not in shown


def test_phrases_are_joined_and_written_beside_the_model(tmp_path, capsys):
    file, out = tmp_path / "text.txt", tmp_path / "deep" / "model"
    words = [f"q{a}{b}" for a in ascii_lowercase for b in ascii_lowercase]
    others = np.random.default_rng(0).choice(words, 5_000)
    pieces = [*others[:4_000], *others[4_000:].reshape(20, -1).tolist()]
    pieces[4_000:] = [" ".join([*p, "new york city"]) for p in pieces[4_000:]]
    file.write_text(" ".join(pieces))
    train = ["train", file, *SMALL, "--phrases", "2", "--document", "file"]
    train = [*map(str, train), "--out", str(out)]
    answer = answer_of(capsys, *train)
    beside = out.with_name("model.phrases.json")
    phrases = Phrases.load(beside)
    assert answer["phrases"] == {
        "passes": 2,
        "found": len(phrases.find_phrases()),
        "file": str(beside),
    }
    joined = phrases.join(["the", "new", "york", "city", "tax"])
    assert joined == ["the", "new_york_city", "tax"]
    known = SkipGram.load(out).vocabulary
    assert known.frequencies[known["new_york_city"]] == 20
    assert "york" not in known
    assert sorted(p.name for p in out.parent.iterdir()) == [
        "model",
        "model.phrases.json",
    ]
    assert main(train) == 0
    shown, progress = capsys.readouterr()
    assert f"{beside} written: {answer['phrases']['found']} phrases" in shown
    assert "phrases, passes: 2" in progress


def test_what_lies_beside_a_link_to_a_folder(text, tmp_path, capsys):
    link, real = tmp_path / "link", tmp_path / "disk" / "real"
    real.mkdir(parents=True)
    link.symlink_to(real)
    train = ["train", text, *SMALL, "--phrases", "1", "--out", link]
    answer_of(capsys, *train)
    assert link.is_symlink()
    assert (real / "model.json").is_file()
    assert [p.name for p in real.parent.iterdir()] == ["real"]
    assert (tmp_path / "link.phrases.json").is_file()


def test_the_folder_of_a_model_may_be_the_current_one(
    text, tmp_path, capsys, monkeypatch
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    train = ["train", text, *SMALL, "--phrases", "1", "--out", "."]
    answer = answer_of(capsys, *train)
    assert answer["phrases"]["file"] == str(tmp_path / "here.phrases.json")
    assert (tmp_path / "here" / "model.json").is_file()


def test_without_phrases_there_is_no_file_of_them(text, tmp_path, capsys):
    out = tmp_path / "model"
    answer = answer_of(capsys, "train", text, *SMALL, "--out", out)
    assert answer["phrases"] is None
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["model", "york.txt"]


def test_phrases_of_an_older_model_are_named(text, tmp_path, capsys):
    train = ["train", str(text), *SMALL, "--out", str(tmp_path / "model")]
    assert main([*train, "--phrases", "1"]) == 0
    assert "is not of this model" not in capsys.readouterr().err
    assert main(train) == 0
    beside = tmp_path / "model.phrases.json"
    assert f"skipgram: {beside} is not of this" in capsys.readouterr().err
    beside.unlink()
    beside.mkdir()
    assert main(train) == 0
    assert "is not of this model" not in capsys.readouterr().err


def test_the_place_of_the_phrases_is_checked_before_the_text(tmp_path, capsys):
    out = tmp_path / "model"
    (tmp_path / "model.phrases.json").mkdir()
    train = ["train", "no_such_file.txt", "--phrases", "1", "--out", str(out)]
    assert main(train) == 1
    line = complaint(capsys)
    assert "model.phrases.json is a folder" in line
    assert not out.exists()


def test_ctrl_c_before_training_is_one_line_and_leaves_nothing(tmp_path):
    out = tmp_path / "deep" / "model"
    train = ["train", "--epochs", "1000", "--out", str(out)]
    process = subprocess.Popen(
        [*RUN, *train],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever starts the tests in the background has them ignore Ctrl-C.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert "embedded corpus" in process.stderr.readline()
    assert (tmp_path / "deep" / "model.checkpoint" / LOCK).exists()
    process.send_signal(signal.SIGINT)
    try:
        printed, rest = process.communicate(timeout=60)
    finally:
        process.kill()  # nothing, where it has ended
    assert process.returncode == 130
    assert printed == ""
    assert rest.splitlines() == ["skipgram: interrupted; nothing was written"]
    assert list(tmp_path.iterdir()) == []
