"""The program in this process: what it answers, and what it complains of."""

import json
import sys

from skipgram_lib.apps.cli.program import MODULES, PROGRAM, find_command, main

TEXT = "new york city\nnew york state\nnew jersey\n" * 20
SIZES = ["--vector-size", "8", "--epochs", "3"]
LINES = ["--document", "line"]
SMALL = [*SIZES, *LINES]
RUN = [sys.executable, "-m", "skipgram_lib"]


def parse(words):
    """Parse a command line, without running it; return click's context."""
    first, *rest = words
    if first in MODULES:
        return find_command(first).make_context(first, rest)
    return PROGRAM.make_context("skipgram", [*words])


def arguments_of(line):
    """Return what a command would be run with."""
    context = parse(line.split())
    return context.command.arguments(context)


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
