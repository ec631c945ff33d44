"""The program: help, completion, exit codes, whatever the command."""

import importlib
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import types
from importlib.util import find_spec

import pytest
from commands import RUN, SMALL, complaint, parse

from skipgram_lib.apps.cli.printing import table
from skipgram_lib.apps.cli.program import MODULES, find_command, main


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
        ["train", "--out", "x", "--init", "zero"],
        ["train", "--out", "x", "--phrases", "two"],
        ["train", "--out", ""],
        ["train", "", "--out", "x"],
        ["similar", "", "east"],
        ["convert", "model", ""],
        ["evaluate", "model", "--pairs", ""],
        ["evaluate", "model", "--pairs"],
        ["--print-completion"],
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(words, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    usage, line = err.splitlines()
    assert usage.startswith("Usage: skipgram")
    assert line.startswith("skipgram: ")


SAYINGS = [
    ("similar {compass} eest", "'eest' is not in the vocabulary"),
    ("similar {compass} east --topn -1", "--topn"),
    ("similar {compass} east --limit 0", "--limit"),
    ("similar {compass} east --matrix sum", "is no folder of a model"),
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
        [*RUN, "context", str(model), "york"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0
    process.stderr.close()


def run_program(*words, **options):
    """Run the program in a process of its own."""
    return subprocess.run(
        [*RUN, *map(str, words)],
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


@pytest.mark.parametrize(
    ("terminal", "coloured"), [("xterm-256color", True), ("dumb", False)]
)
def test_a_terminal_gets_colours_if_it_knows_them(compass, terminal, coloured):
    pexpect = pytest.importorskip("pexpect")
    known = {**os.environ, "TERM": terminal}
    for words in (["similar", str(compass), "east"], ["similar", "--help"]):
        printed = pexpect.run(shlex.join([*RUN, *words]), env=known)
        assert printed
        assert (b"\x1b[" in printed) == coloured


def test_characters_that_steer_the_terminal_are_not_printed(tmp_path, capsys):
    file = tmp_path / "odd.txt"
    file.write_text("a 1 0\nb\x1b[31m 1 1\nc 0 1\n")
    assert main(["similar", str(file), "a"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "b\ufffd[31m" in shown


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_gets_nothing(text, tmp_path, capsys, closed):
    line = f"train {text} --out {tmp_path / 'model'} --json"
    words = [*line.split(), *SMALL]
    assert main(words) == 0
    shown = len(capsys.readouterr().out.splitlines())
    sign = {"stdout": ">&-", "stderr": "2>&-"}[closed]
    shell = ["bash", "-c", f'"$@" {sign}', "bash", *RUN, *words]
    result = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert len(lines) == (shown if closed == "stderr" else 0)
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_output_that_cannot_be_written_is_one_line(compass):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*RUN, "similar", compass, "east"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode != 0
    assert "skipgram: No space left" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (["--help"], {"numpy", "scipy", "safetensors", "tqdm", "filelock"}),
        (["dance"], {"numpy", "rich"}),
        (["train", "--out"], {"numpy", "rich"}),
        (["train", "--help"], {"matplotlib", "sklearn", "gensim", "sotu"}),
    ],
)
def test_the_program_imports_what_it_needs(words, unused):
    script = (
        "import contextlib, sys\n"
        "from skipgram_lib.apps.cli.program import main\n"
        "with contextlib.redirect_stdout(sys.stderr):\n"
        f"    main({words})\n"
        f"print(sorted({unused} & sys.modules.keys()))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def test_columns_line_up():
    lines = table([["a", "1.0", "x"], ["bcd", "12.0", ""]], [1]).splitlines()
    assert lines == ["  a     1.0  x", "  bcd  12.0"]


@pytest.mark.parametrize("command", MODULES)
def test_a_narrow_help_page_cuts_nothing_off(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert main([command, "--help"]) == 0
    assert "…" not in capsys.readouterr().out


@pytest.mark.parametrize("command", MODULES)
def test_every_command_has_help_with_its_examples(command, capsys):
    assert main([command, "-h"]) == 0
    shown = capsys.readouterr().out
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out == shown
    assert "--json" in shown
    for example in find_command(command).examples:
        assert f"  {example}\n" in shown


# What makes the examples cheap: behind them, as the last word counts.
SHORT = {
    "count": ["--max-size", "800"],
    "train": ["--max-size", "800", "--epochs", "1", "--vector-size", "8"],
    "explorer": ["--snapshots", "0"],
    "map": ["--words", "50"],
    "selftest": ["--vector-size", "8"],
}


def test_every_example_of_the_help_runs(
    tmp_path, monkeypatch, capsys, sotu_documents
):
    monkeypatch.chdir(tmp_path)
    first = ["count", "train", "convert"]
    names = [*first, *(name for name in MODULES if name not in first)]
    examples = [e for name in names for e in find_command(name).examples]
    if not find_spec("gensim"):  # which brings the published tests
        examples.remove("skipgram evaluate out/model")
    # Some text, and the words that the examples ask for.
    documents = [*sotu_documents[-30:], 40 * " ".join(examples).split()]
    monkeypatch.setattr(
        "skipgram_lib.apps.cli.inputs.load_sotu", lambda: documents
    )
    (tmp_path / "more").mkdir()
    text = " ".join(word for part in documents for word in part)
    (tmp_path / "book.txt").write_text(text)
    (tmp_path / "more" / "one.txt").write_text(text[:9_000])
    mine = "tax silver 9\nwheat corn 8\nfish treaty 1\nparis fish 0\n"
    (tmp_path / "mine.tsv").write_text(mine)
    (tmp_path / "rw.txt").write_text(mine.replace(" ", "\t"))
    for example in examples:
        words = example.split()[1:]
        assert main(words + SHORT.get(words[0], [])) == 0, example
        assert capsys.readouterr().out, example


@pytest.mark.parametrize("command", MODULES)
def test_every_command_has_examples_of_its_own(command):
    examples = find_command(command).examples
    assert examples
    for example in examples:
        assert parse(example.split()[1:]).info_name == command


# --- Completion --------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_scripts_for_completion_are_printed(shell, capsys):
    assert main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    assert "skipgram" in script
    assert "_SKIPGRAM_COMPLETE" in script


def test_a_script_for_another_shell_is_refused(capsys):
    assert main(["--print-completion", "tcsh"]) == 2
    assert "'tcsh' is not one of 'bash', 'zsh'" in capsys.readouterr().err


COMPLETED = [
    ("con", ["context", "convert"]),
    ("similar m x --to", ["--topn"]),
    ("train --ob", ["--objective"]),
    ("train --no", ["--no-shrink-windows"]),
    ("train --objective ", ["softmax", "negative-sampling"]),
    ("convert m v --to word2vec-", ["word2vec-binary", "word2vec-text"]),
    ("--print-completion z", ["zsh"]),
    ("evaluate m --pairs a.tsv --me", ["--method"]),
]


@pytest.mark.parametrize(("line", "wanted"), COMPLETED)
def test_names_and_choices_are_completed(monkeypatch, capsys, line, wanted):
    assert completions(monkeypatch, capsys, line) == [
        f"plain,{word}" for word in wanted
    ]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("train ", "file"),
        ("train --out ", "dir"),
        ("train --counts c", "dir"),
        ("context ", "dir"),
        ("similar ", "file"),
        ("convert m ", "file"),
        ("evaluate m --pairs ", "file"),
        ("map m --out ", "file"),
        ("explorer m --out p", "dir"),
    ],
)
def test_the_shell_completes_files_and_folders(
    monkeypatch, capsys, line, kind
):
    (found,) = completions(monkeypatch, capsys, line)
    assert found.split(",") == [kind, line.split(" ")[-1]]


def completions(monkeypatch, capsys, line):
    """Return what the program tells bash about the end of a line."""
    words = ["skipgram", *line.split(" ")]
    monkeypatch.setenv("_SKIPGRAM_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert main([]) == 0
    return capsys.readouterr().out.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_the_tab_key_in_bash(tmp_path, capsys):
    """A shell in a terminal: a command, an option, a choice, names."""
    pexpect = pytest.importorskip("pexpect")
    program = tmp_path / "bin" / "skipgram"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(RUN)} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "model_folder").mkdir()
    (tmp_path / "model_text.txt").write_text("here")
    assert main(["--print-completion", "bash"]) == 0
    (tmp_path / "rc").write_text(f"PS1='>'\n{capsys.readouterr().out}")
    shell = pexpect.spawn(
        "bash",
        ["--rcfile", "rc", "-i"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
        encoding="utf-8",
        timeout=60,
    )
    shell.delaybeforesend = None
    for typed, wanted in {
        "skipgram sel\t": "skipgram selftest ",
        "skipgram map x --wo\t": "skipgram map x --words ",
        "skipgram map x --method p\t": "skipgram map x --method pca ",
        "skipgram train model_t\t": "skipgram train model_text.txt ",
        "skipgram train --out mod\t": "skipgram train --out model_folder/",
    }.items():
        shell.send(typed)
        shell.expect_exact(wanted)
        shell.sendcontrol("u")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
