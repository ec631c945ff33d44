"""The samples in the README and on the book's pages: they run.

The cells of the chapters are run by nbval, and so are solutions. Here is what
stands in prose: Python in code blocks, and lines for the shell.
"""

import re
import shlex
import subprocess
import sys
import textwrap
from itertools import groupby

import check_notebooks
import click
import portable
import pytest
from commands import parse

# The corpus at an eighth of its length, fewer words and features: the samples
# say what they say, and the chapters train at full size.
SHORT = """
from functools import partial
import skipgram_lib
whole = skipgram_lib.load_sotu
skipgram_lib.load_sotu = lambda: whole()[::8]
skipgram_lib.count_pairs = partial(skipgram_lib.count_pairs, max_size=6_000)
skipgram_lib.SkipGram = partial(skipgram_lib.SkipGram, vector_size=50)
"""
BLOCK = r"^ *```{kind}\n(.*?)^ *```"
# Blocks that stand for something other than a program to run.
NO_PROGRAM = {
    # Their scripts have tests of their own.
    "from_0_1.md",
    "from_gensim.md",
    # Two lines that are compared with the kernel below them.
    "workshop_09_devices.ipynb",
    # Two lines that make the plain network, whose training workshop 3 shows.
    "workshop_04_initialisation.ipynb",
}


def pages(root):
    """Yield the name and the prose of everything that is read."""
    for path in [root / "README.md", *sorted((root / "book").glob("*.md"))]:
        yield path.name, path.read_text(encoding="utf-8")
    # Solutions are run where the chapters are (tools/chapter_copies.py).
    for path in check_notebooks.notebooks():
        prose = check_notebooks.prose_of(path)
        yield path.name, portable.DETAILS.sub("", prose)


def blocks(text, kind):
    """List the code blocks of a kind."""
    pattern = BLOCK.format(kind=kind)
    found = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def test_python_stands_where_a_test_runs_it(root):
    having = {name for name, text in pages(root) if blocks(text, "python")}
    assert having - NO_PROGRAM == {"README.md"}


@pytest.mark.slow
def test_the_python_of_the_readme_runs(root, tmp_path):
    text = (root / "README.md").read_text(encoding="utf-8")
    found = blocks(text, "python")
    assert len(found) >= 4, "the README shows how to use the library"
    script = tmp_path / "readme.py"
    code = "\n".join([SHORT, *found])
    for full in ("max_size=10_000, ", "vector_size=300, "):
        assert full in code
        code = code.replace(full, "")
    script.write_text(code, encoding="utf-8")
    (tmp_path / "my_texts").mkdir()
    (tmp_path / "my_texts" / "a.txt").write_text(text, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def shell_lines(root):
    """Yield each line that calls `skipgram`, with the page it stands on."""
    for name, text in pages(root):
        for block in blocks(text, "(?:sh|bash|console)"):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                pipe = groupby(words, "|".__eq__)  # each part of a pipeline
                for part in (list(p) for is_pipe, p in pipe if not is_pipe):
                    if part[0].split("/")[-1] == "skipgram":
                        yield name, part[1:]


def test_there_are_lines_for_the_shell(root):
    assert len(list(shell_lines(root))) > 12


def test_every_line_for_the_shell_is_understood(root):
    wrong = []
    for name, words in shell_lines(root):
        try:
            parse(words)
        except click.UsageError as error:
            wrong.append((name, shlex.join(words), error.format_message()))
        except click.exceptions.Exit:  # it printed what was asked for
            pass
    assert wrong == []


def test_every_target_of_make_exists(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    named = {
        (name, target)
        for name, page in pages(root)
        for target in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", page)
        for target in target
        if target
    }
    assert len(named) > 5
    assert [pair for pair in named if pair[1] not in targets] == []
