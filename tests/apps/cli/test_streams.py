"""Pipes: text and vectors from stdin, vectors to stdout, closed streams."""

import gzip
import io
import json
import os
import shlex
import subprocess
import sys
import warnings

import numpy as np
import pytest
from commands import LINES, RUN, SMALL, TEXT, answer_of, complaint

from skipgram_lib import SkipGram, load_vectors
from skipgram_lib.apps.cli.program import find_command, main
from skipgram_lib.storage import inputs


@pytest.fixture
def stdin(monkeypatch):
    """Return what gives the program some bytes to read from stdin."""

    def give(data):
        inputs.copy_of.cache_clear()
        stream = io.TextIOWrapper(io.BytesIO(data))
        monkeypatch.setattr(sys, "stdin", stream)

    yield give
    inputs.copy_of.cache_clear()


PACKED = [bytes, gzip.compress]


@pytest.mark.parametrize("pack", PACKED)
@pytest.mark.parametrize("more", [[], ["--phrases", "1"]])
def test_text_from_stdin_trains_what_a_file_trains(
    text, tmp_path, stdin, capsys, pack, more
):
    weights = []
    for source in [str(text), "-"]:
        stdin(pack(TEXT.encode()))
        out = tmp_path / "model"
        answer_of(capsys, "train", source, *SMALL, *more, "--out", out)
        weights.append(SkipGram.load(out).network.W_in)
    assert (weights[0] == weights[1]).all()


def test_text_from_stdin_is_counted(text, tmp_path, stdin, capsys):
    found = []
    for source in [str(text), "-"]:
        stdin(TEXT.encode())
        out = tmp_path / "counts"
        answer = answer_of(capsys, "count", source, *LINES, "--out", out)
        answer.pop("seconds")
        found.append(answer)
    assert found[0] == found[1]


@pytest.mark.parametrize("pack", PACKED)
def test_vectors_from_stdin(compass, stdin, capsys, pack):
    asked = ["east", "--topn", "2"]
    wanted = answer_of(capsys, "similar", compass, *asked)["neighbours"]
    stdin(pack(b"4 2\n" + compass.read_bytes()))
    assert answer_of(capsys, "similar", "-", *asked)["neighbours"] == wanted
    stdin(pack(compass.read_bytes()))
    glove = ["--format", "glove"]
    found = answer_of(capsys, "similar", "-", *asked, *glove)
    assert found["neighbours"] == wanted


@pytest.mark.parametrize(
    ("to", "ending"),
    [
        (None, "txt"),
        ("word2vec-binary", "bin"),
        ("npz", "npz"),
        ("safetensors", "safetensors"),
    ],
)
def test_vectors_go_to_stdout_and_nothing_else_does(
    model, tmp_path, capfdbinary, to, ending
):
    file = tmp_path / f"v.{ending}"
    assert main(["convert", str(model), str(file)]) == 0
    capfdbinary.readouterr()
    more = ["--to", to] if to else []
    for report in ([], ["--json"]):
        assert main(["convert", str(model), "-", *more, *report]) == 0
        out, err = capfdbinary.readouterr()
        assert out == file.read_bytes()
        assert b"5" in err
        assert err.count(b"\n") == 1


def test_a_folder_does_not_go_to_stdout(model, capsys):
    assert main(["convert", str(model), "-", "--to", "tensorboard"]) == 1
    assert "folder" in complaint(capsys)


@pytest.mark.parametrize(
    "line",
    [
        "train york.txt --out -",
        "count york.txt --out -",
        "train --counts - --out m",
        "context - york",
        "explorer m --out -",
    ],
)
def test_a_stream_is_no_folder(line, capsys):
    assert main(line.split()) == 2
    assert "one called - is ./-" in capsys.readouterr().err


def test_a_file_called_dash(tmp_path, monkeypatch, compass, stdin, capsys):
    monkeypatch.chdir(tmp_path)
    stdin(b"")
    (tmp_path / "-").write_bytes(b"4 2\n" + compass.read_bytes())
    asked = ["similar", "./-", "east", "--format", "word2vec-text"]
    assert len(answer_of(capsys, *asked)["neighbours"]["east"]) == 3
    answer_of(capsys, "convert", compass, "./-", "--to", "npz")
    assert len(load_vectors(tmp_path / "-", format="npz")) == 4


def bash(line, folder, **options):
    """Run a line of bash, in which `skipgram` is the program."""
    function = f'skipgram() {{ {shlex.join(RUN)} "$@"; }}; set -o pipefail; '
    return subprocess.run(
        ["bash", "-c", function + line],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


PIPES = {
    "cat york.txt | skipgram train - $SMALL --out m": "m written",
    "skipgram count <(cat york.txt) york.txt --out c": "c: 5 words",
    "skipgram convert MODEL - | skipgram similar - york": "york\n",
    "skipgram convert MODEL - --to word2vec-binary | head -c 4": "5 8\n",
    "skipgram convert MODEL - | head -n 1": "5 8\n",
    "skipgram odd <(skipgram convert MODEL -) new york city": "odd one out",
    "skipgram similar - york < <(skipgram convert MODEL -)": "york\n",
}


@pytest.mark.parametrize("line", PIPES)
def test_pipes_of_a_shell(line, model, text, tmp_path):
    known = os.environ | {"SMALL": " ".join(SMALL)}
    result = bash(line.replace("MODEL", str(model)), tmp_path, env=known)
    assert result.returncode == 0
    assert PIPES[line] in result.stdout
    assert "Traceback" not in result.stderr
    assert "Broken pipe" not in result.stderr


def test_a_reader_that_leaves_early_ends_a_long_output_quietly(tmp_path):
    rows = np.ones((20_000, 20), np.float32)
    words = "".join(
        f"w{i} {' '.join(map(str, row))}\n"
        for i, row in enumerate(rows.astype(int))
    )
    (tmp_path / "v.txt").write_text(words)
    result = bash("skipgram convert v.txt - | head -n 1", tmp_path)
    assert result.stdout == "20000 20\n"
    assert result.stderr == ""
    assert result.returncode == 0


# --- Streams that are not there ----------------------------------------------


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("closed", [True, False])
def test_a_program_with_windows_has_no_streams(
    text, tmp_path, monkeypatch, name, closed
):
    stream = None
    if closed:
        stream = io.StringIO()
        stream.close()
    out = tmp_path / "model"
    monkeypatch.setattr(sys, name, stream)
    assert main(["train", str(text), *SMALL, "--out", str(out)]) == 0
    assert main(["context", str(out), "york"]) == 0
    assert main(["context", str(out), "yrok"]) == 1
    getattr(sys, name).close()
    monkeypatch.undo()
    assert len(SkipGram.load(out).vocabulary) == 5


@pytest.mark.parametrize("line", ["similar - york", "train - --out m"])
def test_a_closed_stdin_is_one_line(line, tmp_path):
    result = bash(f"skipgram {line} <&-", tmp_path)
    assert result.returncode == 1
    assert "skipgram: there is no standard input" in result.stderr
    assert result.stderr.count("\n") == 1


# --- Warnings, and names that are no text ------------------------------------


def test_a_warning_is_a_line_with_the_names_of_options(monkeypatch, capsys):
    def warn(**options):
        warnings.warn("two\n  lines, try topn=3", stacklevel=1)
        return {}

    command = find_command("similar")
    monkeypatch.setattr(command, "run", warn)
    monkeypatch.setattr(command, "show", lambda answer: "shown")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["similar", "v.txt", "new"]) == 0
    out, err = capsys.readouterr()
    assert out == "shown\n"
    assert err == "skipgram: two lines, try --topn 3\n"


NAMES = ["a b", "dé jà", "日本", "b\udcff", "tab\there"]


@pytest.mark.skipif(os.name == "nt", reason="a name there is Unicode")
@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_can_be_given_and_printed(
    name, text, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    text.rename(f"{name}.txt")
    train = [f"{name}.txt", *SMALL, "--phrases", "1", "--out", f"{name}m"]
    lines = [
        ["train", *train],
        ["train", *train, "--json"],
        ["count", f"{name}.txt", "--out", f"{name}c"],
        ["convert", f"{name}m", f"{name}.bin"],
        ["similar", f"{name}.bin", "new", "--json"],
        ["map", f"{name}m", "--out", f"{name}.svg", "--method", "pca"],
        ["explorer", f"{name}m", f"{name}.txt", *LINES, "--out", f"{name}e"],
    ]
    for line in lines:
        assert main(line) == 0, line
        out, err = capsys.readouterr()
        (out + err).encode()  # nothing that a terminal could not show
    for line in [
        ["similar", f"{name}.no", "new"],
        ["similar", f"{name}.bin", name],
        ["context", f"{name}m", name],
        ["train", f"{name}.no", "--out", f"{name}z"],
    ]:
        assert main(line) == 1
        out, err = capsys.readouterr()
        err.encode()
        assert err.count("\n") == 1


# --- Words that look like options --------------------------------------------


@pytest.fixture
def brackets(tmp_path):
    """Write vectors of words as they stand in treebanks."""
    file = tmp_path / "brackets.txt"
    file.write_text("4 2\n-lrb- 1 0\n-rrb- 1 1\n-- 0 1\n- 1 3\n")
    return file


@pytest.mark.parametrize("word", ["-lrb-", "-rrb-", "--", "-"])
def test_words_that_look_like_options(brackets, capsys, word):
    options = ["--topn", "2", "--json"]
    assert main(["similar", str(brackets), *options, "--", word]) == 0
    found = json.loads(capsys.readouterr().out)["neighbours"]
    assert list(found) == [word]
    assert main(["odd", str(brackets), "--", "-lrb-", "--", "-rrb-"]) == 0


def test_words_to_show_that_look_like_options(tmp_path, capsys):
    file = tmp_path / "trees.txt"
    file.write_text("-lrb- new york -rrb-\n" * 20)
    train = ["train", file, *SMALL, "--tokens", "whitespace"]
    out = ["--out", tmp_path / "model"]
    for show in (
        ["--show=-lrb-", "--show", "new"],
        ["--show", "-lrb-", "--show", "new"],
        ["--show", "-lrb-", "new"],
    ):
        answer = answer_of(capsys, *train, *out, *show)
        assert next(iter(answer["words"])) == "-lrb-"


@pytest.mark.parametrize(
    "line", ["similar v.txt -lrb-", "train --out m --show a -lrb-"]
)
def test_a_word_that_looks_like_an_option_is_told_how_to_stand(line, capsys):
    assert main(line.split()) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        "skipgram: no such option '-lrb-'; a word or a name that begins with "
        "a dash stands behind --, or behind =, as in --show=-lrb-"
    )
