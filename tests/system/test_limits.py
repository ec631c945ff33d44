"""Input at its limits: what each does is stated, and this is the proof.

Huge, empty, foreign, changing, and things that are no files at all. The
sizes that take long are marked slow; beside each stands a smaller one.
"""

import codecs
import gzip
import os
import re
import socket
import subprocess
import sys
import unicodedata
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import (
    SkipgramError,
    TextFiles,
    UnknownWordError,
    Vocabulary,
    count_files,
    count_pairs,
)
from skipgram_lib.apps.cli.program import main
from skipgram_lib.counts.cells import (
    count_cells,
    join_documents,
    narrow_weights,
)
from skipgram_lib.errors import printable
from skipgram_lib.text import sources
from skipgram_lib.text.sources import check_encoding, read_text, text_files
from skipgram_lib.text.tokens import (
    tokenize,
    tokenize_lines,
    unicode_token,
)
from skipgram_lib.text.vocabulary import encode_documents, fingerprint

MB = 1_000_000
SIZES = [10 * MB, pytest.param(100 * MB, marks=pytest.mark.slow)]
PROGRAM = [sys.executable, "-m", "skipgram_lib"]
TESTS = ROOT / "tests"
UNIX = pytest.mark.skipif(os.name != "posix", reason="of Unix only")
LINUX = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="reads memory from /proc"
)


def read(path, **settings):
    return list(TextFiles(path, **settings))


def message(function, *arguments, **settings):
    """Return the sentence with which a function refuses its arguments."""
    with pytest.raises(SkipgramError) as error:
        function(*arguments, **settings)
    said = str(error.value)
    said.encode()  # no half characters, so that it can be printed
    assert "\n" not in said
    return said


def train(path, out, capsys, *more):
    """Run `skipgram train` on a path; return its exit code and stderr."""
    small = ["--vector-size", "4", "--epochs", "1", "--out", str(out)]
    code = main(["train", str(path), *small, *more])
    return code, capsys.readouterr().err


def refused(path, out, capsys, *more):
    """Return the one line with which `skipgram train` refuses a path."""
    code, said = train(path, out, capsys, *more)
    assert (code, said.count("\n"), out.exists()) == (1, 1, False), said
    return said


def run_limited(code, megabytes, seconds=60):
    """Run Python in another process with so much more memory."""
    start = (
        "import fuzz_formats, numpy as np\n"
        "from skipgram_lib import *\n"
        "from skipgram_lib.text.tokens import tokenize\n"
        f"fuzz_formats.limit_memory({megabytes * MB})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=TESTS / "common",
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# Long lines, long words, many of one word


def cycle_counts(V, T, window):
    """Counts of 0, 1, ..., V - 1, 0, 1, ... over T words, by arithmetic."""
    wanted = np.zeros((V, V), int)
    for d in range(1, window + 1):
        for c in range(V):
            n = len(range(c, T - d, V)) * (window + 1 - d)
            wanted[c, (c + d) % V] += n
            wanted[(c + d) % V, c] += n
    return wanted


@pytest.mark.parametrize(
    ("size", "document"),
    [
        (10 * MB, "file"),
        (10 * MB, "line"),
        pytest.param(100 * MB, "line", marks=pytest.mark.slow),
    ],
)
def test_a_line_may_be_as_long_as_it_likes(tmp_path, size, document):
    # In more than 10 MB, longer words: each token takes memory, and time.
    words = [name * (size // (10 * MB)) for name in ("ant", "bee", "cat")]
    sentence = " ".join([*words, ""])
    file, times = tmp_path / "line.txt", size // len(sentence)
    file.write_text(sentence * times)
    texts = TextFiles(file, "ascii", document)
    assert [len(tokens) for tokens in texts] == [3 * times]
    counts = count_pairs(texts)
    assert counts.vocabulary.words == words
    assert counts.vocabulary.frequencies.tolist() == [times] * 3
    wanted = cycle_counts(3, 3 * times, 5)
    assert counts.cells.toarray().tolist() == wanted.tolist()


@pytest.mark.parametrize("letters", ["ascii", "unicode"])
@pytest.mark.parametrize("size", SIZES)
def test_a_word_may_be_as_long_as_it_likes(tmp_path, size, letters):
    file = tmp_path / "word.txt"
    file.write_text("x" * size)
    vocabulary, ids = encode_documents(TextFiles(file, letters))
    assert (len(vocabulary), len(vocabulary.words[0])) == (1, size)
    assert vocabulary.words[0] in vocabulary
    assert "has 1 known word in 1 document" in message(
        count_pairs, ids, vocabulary=vocabulary
    )
    with pytest.raises(UnknownWordError) as error:
        vocabulary["x" * (size - 1)]
    assert len(str(error.value)) < 200


def test_the_program_says_in_a_line_that_one_word_is_no_text(tmp_path, capsys):
    file = tmp_path / "word.txt"
    file.write_text("x" * MB)
    code, said = train(file, tmp_path / "model", capsys)
    assert code == 1
    assert said == (
        "skipgram: no pair within 5 words: the text has 1 known word in 1 "
        "document\n"
    )


@LINUX
@pytest.mark.parametrize("word", ["x", "ä", "ส่"])
def test_a_long_word_takes_no_memory_for_each_of_its_letters(word):
    times = 2 * MB // len(word)
    code = (
        "from skipgram_lib.text.tokens import tokenize\n"
        f"print(len(tokenize({word!r} * {times}, 'unicode')[0]))"
    )
    assert run_limited(code, 100) == str(times * len(word))


SIGNS = (
    "aZ'' -_0٣é\u0301\u0e40\u0e2a\u0e48²Ⅷ中\u2019\u00b7\U00011046\U00010400"
)


@given(st.text(SIGNS, max_size=20) | st.text())
def test_words_of_all_letters_are_those_of_the_plain_pattern(text):
    # The pattern that could give back what it took, at a price in memory.
    signs = {sign for sign in text if unicode_mark(sign)}
    marks = "[" + "".join(sorted(signs)) + "]" if signs else "(?!)"
    letters = rf"(?:[^\W\d_]{marks}*)+"
    plain = re.compile(f"{letters}(?:'{letters})?")
    assert unicode_token().findall(text) == plain.findall(text)


def unicode_mark(sign):
    return unicodedata.category(sign).startswith("M")


def repeated(n, window):
    """Count of one word, n times, with itself; near words weigh more."""
    return 2 * sum((n - d) * (window + 1 - d) for d in range(1, window + 1))


@pytest.mark.parametrize(
    "n", [MB, pytest.param(10 * MB, marks=pytest.mark.slow)]
)
def test_one_word_again_and_again_is_counted_exactly(n):
    words = Vocabulary(["a"], [n], n)
    counts = count_pairs([np.zeros(n, np.int32)], vocabulary=words)
    assert counts.cells.toarray().item() == repeated(n, 5)


def test_one_word_again_and_again_is_counted_exactly_in_pieces(tmp_path):
    n = 100 * MB if "SKIPGRAM_FULL_SIZE" in os.environ else 2 * MB
    file = tmp_path / "again.txt"
    with open(file, "w", encoding="ascii") as f:
        for _ in range(n // MB):
            f.write("a " * MB)
    files = TextFiles([file])
    counts = count_files(files, tmp_path / "counts", memory="50MB")
    assert counts.vocabulary.frequencies.tolist() == [n]
    assert counts.cells.toarray().item() == repeated(n, 5)


def test_the_program_trains_on_one_word_again_and_again(tmp_path, capsys):
    file = tmp_path / "again.txt"
    file.write_text("again " * MB)
    code, said = train(file, tmp_path / "model", capsys)
    assert code == 0
    assert "1,000,000 words; the 1 most frequent" in said


@pytest.mark.parametrize(
    ("n", "bits"), [(71_582_788, 32), (71_582_789, 64), (10**8, 64)]
)
def test_sums_that_may_not_fit_have_64_bits(n, bits):
    weights = np.arange(5, 0, -1)  # together 15, on both sides 30
    assert (2 * n * 15 < 2**31) == (bits == 32)
    assert narrow_weights(weights, np.array([0, n])).itemsize * 8 == bits


def test_sums_of_two_sides_beyond_32_bits_are_exact():
    n = 40_000  # both sides together exceed 2**31 here, one alone does not
    ids = join_documents([np.zeros(n, np.int32)], 300, 1)
    cells = count_cells(ids, 300, 1, "both", True)
    assert 2**31 < repeated(n, 300) < 2**32
    assert cells.toarray().item() == repeated(n, 300)


# Little or nothing


@pytest.mark.parametrize("times", [0, 1, 10**5])
def test_empty_documents_change_nothing(times):
    documents = [["a", "b"], *[[]] * times, ["b", "a", "a"]]
    vocabulary = Vocabulary.from_tokens(documents)
    again, ids = encode_documents(documents)
    wanted = count_pairs([["a", "b"], ["b", "a", "a"]])
    assert again.words == vocabulary.words == ["a", "b"]
    for counted in (documents, ids):
        counts = count_pairs(counted, vocabulary=vocabulary)
        assert (counts.cells != wanted.cells).nnz == 0


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_documents_without_a_word_are_refused(documents):
    assert "no word occurs" in message(Vocabulary.from_tokens, documents)
    assert "no word occurs" in message(encode_documents, documents)
    words = Vocabulary(["a"], [1], 1)
    assert "no word occurs" in message(count_pairs, documents)
    said = message(count_pairs, documents, vocabulary=words)
    assert "no pair within" in said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("empty.txt.gz", gzip.compress(b"", mtime=0)),
        ("lines.txt", b"\n" * MB),
        ("mark.txt", codecs.BOM_UTF8),
        ("few.txt", b"\0\0"),
    ],
)
@pytest.mark.parametrize("document", ["file", "line"])
def test_files_without_a_word_are_named(
    tmp_path, capsys, name, content, document
):
    file = tmp_path / "texts" / name
    file.parent.mkdir()
    file.write_bytes(content)
    for path in (file, file.parent):
        wanted = f"no words in {path}; is it the right file?"
        assert message(read, path, document=document) == wanted
    said = refused(file.parent, tmp_path / "model", capsys)
    assert said == f"skipgram: {message(read, file.parent)}\n"


def test_an_empty_folder_is_named(tmp_path):
    assert "no words in" in message(read, tmp_path)


def test_empty_lines_and_files_beside_others_are_passed_over(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"\n" * MB + b"one two")
    assert read(tmp_path, document="line") == [["one", "two"]]


def test_a_vocabulary_of_one_word_can_be_trained(tmp_path, capsys):
    file = tmp_path / "one.txt"
    file.write_text("one one two")
    code, said = train(file, tmp_path / "m", capsys, "--max-size", "1")
    assert (code, "the 1 most frequent cover 66.7%" in said) == (0, True)
    assert main(["context", str(tmp_path / "m"), "one"]) == 0
    assert "1.000000" in capsys.readouterr().out


# Windows that reach further than the text


@pytest.mark.parametrize("window", [3, 4, 5, 100])
@pytest.mark.parametrize("shrink", [True, False])
def test_a_window_may_be_larger_than_the_document(window, shrink):
    counts = count_pairs(
        [list("abcd")], window=window, shrink_windows=shrink, sample=0
    )
    distance = abs(np.subtract.outer(np.arange(4), np.arange(4)))
    wanted = window + 1 - distance if shrink else np.ones((4, 4), int)
    np.fill_diagonal(wanted, 0)
    assert counts.cells.toarray().tolist() == wanted.tolist()


@LINUX
def test_a_window_of_a_million_takes_no_more_memory_than_the_text():
    code = """
ids = np.arange(1_000) % 10
words = Vocabulary(list("abcdefghij"), [100] * 10, 1_000)
how = {"vocabulary": words, "shrink_windows": False}
wide = count_pairs([ids], **how, window=1_000_000).cells
assert (wide != count_pairs([ids], **how, window=999).cells).nnz == 0
shrunken = count_pairs([ids], vocabulary=words, window=1_000_000)
print(shrunken.cells.sum())
"""
    pairs = sum(2 * (1_000 - d) * (MB + 1 - d) for d in range(1, 1_000))
    assert run_limited(code, 1_000) == str(pairs)


# Signs that are not what they seem


@pytest.mark.parametrize("letters", ["ascii", "unicode"])
@pytest.mark.parametrize(
    "sign", ["\0", "\ufeff", "\ufffd", "\x1a", "\u200b", "\xa0"]
)
def test_nul_and_marks_and_odd_spaces_separate_words(tmp_path, sign, letters):
    file = tmp_path / "odd.txt"
    file.write_text(f"one{sign}two {sign} {sign}three", encoding="utf-8")
    assert read(file, letters=letters) == [["one", "two", "three"]]


@pytest.mark.parametrize("letters", ["ascii", "unicode"])
@pytest.mark.parametrize(
    "end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"]
)
def test_a_line_ends_where_python_says(tmp_path, end, letters):
    file = tmp_path / "lines.txt"
    file.write_bytes(f"one two{end}three{end}{end}four".encode())
    wanted = [["one", "two"], ["three"], ["four"]]
    assert read(file, letters=letters, document="line") == wanted
    assert read(file, letters=letters) == [[*chain(*wanted)]]


@given(st.text(st.characters(), max_size=60))
def test_any_text_at_all_can_be_cut(text):
    for letters in ("ascii", "unicode"):
        tokens = tokenize(text, letters)
        assert all(type(token) is str and token for token in tokens)
        whole = [tokens for tokens in tokenize_lines(text, letters) if tokens]
        assert sum(len(tokens) for tokens in whole) >= len(tokens)


def test_half_characters_have_a_fingerprint():
    assert fingerprint(["\ud800"]) != fingerprint(["\ud801"])
    assert fingerprint(["new", "york"]) == "b71bd1e3b3eea411"


# Encodings


ENCODINGS = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
MARKS = {name: "\ufeff".encode(name) for name in ENCODINGS}
PROSE = "It is a truth universally acknowledged, that a single man\n" * 9


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_mark_gives_utf16_and_utf32_away(tmp_path, name, errors, packed):
    file = tmp_path / ("text.gz" if packed else "text.txt")
    content = MARKS[name] + "one".encode(name)
    file.write_bytes(gzip.compress(content) if packed else content)
    said = message(read, file, errors=errors)
    assert f"{file} is not UTF-8 text: its first bytes are those of " in said
    assert said.split(" of ")[1].startswith(name[:6].upper() + "; convert it")


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize("name", ENCODINGS)
def test_without_a_mark_the_nul_bytes_tell(tmp_path, name, errors):
    file = tmp_path / "text.txt"
    file.write_bytes(PROSE.encode(name))
    said = message(read, file, errors=errors)
    assert "those of UTF-16 or UTF-32, or no text; convert it" in said


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("text", [PROSE, "ночь " * 99, "漢字 " * 99])
def test_text_in_utf8_is_not_taken_for_another(name, text):
    check_encoding("text", text.encode(name))
    check_encoding("text", (text + "\0" * (len(text) // 5)).encode(name))


def test_of_mixed_encodings_the_first_file_is_named(tmp_path, capsys):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text(PROSE, encoding="utf-8")
    (texts / "b.txt").write_text("été " * 9, encoding="latin-1")
    (texts / "c.txt").write_text(PROSE, encoding="utf-16")
    model = tmp_path / "model"
    assert f"{texts / 'b.txt'} is not UTF-8 text: byte 0xe9 at offset 0" in (
        refused(texts, model, capsys)
    )
    assert f"{texts / 'c.txt'} is not UTF-8 text: its first bytes" in (
        refused(texts, model, capsys, "--errors", "replace")
    )
    (texts / "c.txt").unlink()
    assert train(texts, model, capsys, "--errors", "replace")[0] == 0


# Links


def link(place, to):
    try:
        place.symlink_to(to)
    except OSError:  # Windows asks for a right
        pytest.skip("symbolic links cannot be made here")


@pytest.fixture
def texts(tmp_path):
    """Make a folder with one text."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("one two")
    return folder


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("me", "Too many levels of symbolic links"),
        ("you", "Too many levels of symbolic links"),
        ("nowhere", "No such file or directory"),
        ("a.txt/b", "Not a directory"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_link_that_leads_nowhere_is_named(texts, capsys, to, reason, whole):
    link(texts / "me", to)
    if to == "you":
        link(texts / "you", "me")
    path = texts if whole else texts / "me"
    wanted = (
        f"{texts / 'me'} is a symbolic link to {to}, which cannot be reached "
        f"({reason}); fix or delete the link"
    )
    assert message(read, path) == wanted
    assert refused(path, texts / "model", capsys) == f"skipgram: {wanted}\n"


def test_links_to_files_are_read_and_links_to_folders_are_not(texts):
    (texts / "deep").mkdir()
    (texts / "deep" / "b.txt").write_text("three")
    link(texts / "deep" / "up", "..")
    link(texts / "deep" / "me", ".")
    link(texts / "z.txt", "a.txt")
    link(texts.parent / "door", "texts")
    names = ["a.txt", "deep/b.txt", "z.txt"]
    for folder in (texts, texts.parent / "door"):
        found = text_files(folder)
        assert [f.relative_to(folder).as_posix() for f in found] == names
    assert read(texts) == [["one", "two"], ["three"], ["one", "two"]]
    assert read(texts / "deep" / "up")[0] == ["one", "two"]


def test_links_that_are_hidden_lead_nowhere_in_peace(texts):
    link(texts / ".lock", "nobody@nowhere")
    assert read(texts) == [["one", "two"]]


def test_folders_that_lie_too_deep_are_an_error_of_ours(tmp_path):
    place = here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=here)
        there = os.open("d", os.O_RDONLY, dir_fd=here)
        if here != place:
            os.close(here)
        here = there
    os.close(here)
    os.close(place)
    try:
        said = message(read, tmp_path)
        assert re.search("lie too deep|no words in|File name too long", said)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


# What is no file


@UNIX
@pytest.mark.parametrize("kind", ["zero", "null", "socket"])
@pytest.mark.parametrize("command", ["program", "read_text"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind, command):
    path = tmp_path / kind
    listening = socket.socket(socket.AF_UNIX)
    if kind == "socket":
        with TemporaryDirectory(dir="/tmp") as short:
            listening.bind(f"{short}/s")
            os.rename(f"{short}/s", path)
    else:
        path = Path("/dev", kind)
    code = "from skipgram_lib.text.sources import read_text; import sys\n"
    code += "try: read_text(sys.argv[1])\nexcept ValueError as e: exit(str(e))"
    calls = {
        "program": [*PROGRAM, "train", path, "--out", tmp_path / "model"],
        "read_text": [sys.executable, "-c", code, path],
    }
    done = subprocess.run(
        calls[command], capture_output=True, text=True, timeout=30
    )
    listening.close()
    wanted = (
        f"{path} is a device or socket, and text is read from files and "
        "pipes; write it to a file first"
    )
    if kind == "socket" and command == "read_text":  # the system refuses
        wanted = f"cannot read {path}: No such device or address"
    assert done.returncode == 1
    assert done.stderr.strip().removeprefix("skipgram: ") == wanted


@UNIX
def test_pipes_below_a_folder_are_passed_over(texts):
    os.mkfifo(texts / "pipe.txt")
    assert read(texts) == [["one", "two"]]


@contextmanager
def nobody():
    """Be a user without rights for a while, if this one has all of them."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@UNIX
@pytest.mark.parametrize("locked", ["a.txt", ""])
def test_what_may_not_be_read_is_named(locked):
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder, "texts")
        path.mkdir()
        (path / "a.txt").write_text("one two")
        (path / locked).chmod(0)
        with nobody():
            said = message(read, path)
            inner = message(read, path / "a.txt")
        path.chmod(0o755)
    assert said == f"cannot read {path / locked}: Permission denied"
    assert inner == f"cannot read {path / 'a.txt'}: Permission denied"


@UNIX
def test_names_that_are_too_long_or_hold_a_nul_are_refused(tmp_path):
    assert "File name too long" in message(read, tmp_path / ("n" * 300))
    assert "null byte" in message(read, f"{tmp_path}/a\0b")
    for wrong in (5, None, b"bytes"):
        assert f"expected a path, got {wrong!r}" in message(read, [wrong])


# Names that cannot be printed


@UNIX
@pytest.mark.parametrize("content", [b"", b"caf\xe9", b"\xff\xfeo\0n\0"])
@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"two\nlines", b"\x1b[2J"])
def test_names_of_any_bytes_are_shown_in_one_line(
    tmp_path, name, content, capsys
):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        path.write_bytes(content)
    except OSError:
        pytest.skip("this file system takes no such names")
    said = message(read, path)
    assert printable(path) in said
    assert said.isprintable()
    said = said.partition(";")[0]  # then come options in place of parameters
    found = refused(path, tmp_path / "model", capsys)
    assert found.startswith(f"skipgram: {said};")
    path.write_text("one two one")
    assert train(path, tmp_path / "model", capsys)[0] == 0


# Files that change while they are read


def between(monkeypatch, change):
    """Do something after a file is opened and before it is read."""
    check = sources.check_regular

    def changed(path, status):
        check(path, status)
        change(Path(path))

    monkeypatch.setattr(sources, "check_regular", changed)


def grow(path):
    with open(path, "ab") as file:
        file.write(b" three")


def write_anew(path):
    path.write_bytes(b"owt eno")
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (grow, 13),
        (lambda path: os.truncate(path, 3), 3),
        (lambda path: os.truncate(path, 0), 0),
        (lambda path: os.truncate(path, 10**12), 10**12),  # holes, no bytes
        (write_anew, 7),
    ],
    ids=[
        "grows",
        "shrinks",
        "is emptied",
        "grows beyond memory",
        "is written anew",
    ],
)
def test_a_file_that_changes_while_it_is_read_is_refused(
    texts, monkeypatch, change, after
):
    between(monkeypatch, change)
    assert message(read_text, texts / "a.txt") == (
        f"{texts / 'a.txt'} changed while it was read (7 bytes before, "
        f"{after:,} after); wait until it is complete, or read a copy"
    )


def test_a_file_that_changes_during_the_last_read_is_refused_too(
    texts, monkeypatch
):
    state = os.fstat
    seen = []

    def late(number):
        seen.append(number)
        if len(seen) == 2:
            grow(texts / "a.txt")
        return state(number)

    with monkeypatch.context() as patch:
        patch.setattr(sources.os, "fstat", late)
        assert "changed while it was read" in message(read, texts / "a.txt")


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_a_file_that_is_open_is_read_to_its_end(texts, monkeypatch, change):
    def remove(path):
        if change == "replace":
            (texts / "new").write_text("three")
            os.replace(texts / "new", path)
        else:
            path.unlink()

    between(monkeypatch, remove)
    try:
        assert read_text(texts / "a.txt") == "one two"
    except PermissionError:
        pytest.skip("open files cannot be removed here")


def test_a_file_that_vanishes_before_its_turn_is_named(texts):
    (texts / "b.txt").write_text("three")
    documents = iter(TextFiles(texts))
    assert next(documents) == ["one", "two"]
    (texts / "b.txt").unlink()
    wanted = f"cannot read {texts / 'b.txt'}: No such file or directory"
    assert message(list, documents) == wanted


@LINUX
def test_a_file_that_does_not_fit_into_memory_is_an_error_of_ours(tmp_path):
    with open(tmp_path / "big.txt", "wb") as file:
        file.truncate(400 * MB)
    (tmp_path / "big.txt.gz").write_bytes(gzip.compress(bytes(400 * MB), 1))
    for name in ("big.txt", "big.txt.gz"):
        code = f"""
try:
    list(TextFiles({str(tmp_path / name)!r}))
except SkipgramError as error:
    print(error)
"""
        wanted = f"cannot read {tmp_path / name}: it does not fit into memory"
        assert run_limited(code, 100) == wanted


# Ids and numbers at their limits


@pytest.mark.parametrize("wrong", [-1, 2, 2**31 - 1, 2**31, 2**62, -(2**63)])
def test_ids_beyond_the_vocabulary_are_refused(wrong):
    words = Vocabulary(["a", "b"], [1, 1], 2)
    ids = [np.array([0, 1, wrong])]
    said = message(count_pairs, ids, vocabulary=words)
    assert said == f"ids run from 0 to 1, got {wrong:,}"
    assert message(words.decode, [0, wrong]) in (
        f"ids run from 0 to 1, got {wrong:,}",
        f"id must be a whole number of at least 0, got {wrong}",
    )


@pytest.mark.parametrize("kind", np.typecodes["AllInteger"])
def test_the_last_id_is_as_good_as_the_first_in_every_type(kind):
    words = Vocabulary(["a", "b"], [2**62, 2**61], 2**63)
    ids = [np.array([0, 1], kind)]
    counts = count_pairs(ids, vocabulary=words, window=1, sample=None)
    assert counts.cells.toarray().tolist() == [[0, 1], [1, 0]]


def test_frequencies_near_the_limit_of_64_bits(tmp_path):
    most = 2**63 - 2
    words = Vocabulary(["a", "b"], [most, 1], 2**70)
    assert words.frequencies.tolist() == [most, 1]
    assert words.coverage == pytest.approx(2**63 / 2**70)
    for wrong in ([most, 2], [2**64, 1], [10**400, 1], [-1, 5], [0, 0]):
        said = message(Vocabulary, ["a", "b"], wrong, 2**70)
        assert "frequencies must be 2 whole numbers" in said
    assert "total_tokens must be" in message(Vocabulary, ["a"], [5], 4)


# Anything at all


@LINUX
@pytest.mark.parametrize(
    "part",
    [
        "vocabulary",
        "counts",
        "models",
    ],
)
def test_odd_input_raises_our_errors_only(part):
    # In a process of its own, which limits its memory.
    fuzz = [sys.executable, "-W", "error", TESTS / "common" / "fuzz_inputs.py"]
    done = subprocess.run(
        [*fuzz, "--inputs", "300", "--part", part],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("300 inputs, 0 errors but")


# The same words for text in memory and text in pieces


@UNIX
@pytest.mark.parametrize(
    "content",
    ["link", b"", b"12 34", PROSE.encode("utf-16"), b"caf\xe9",
     PROSE.encode("utf-16-le"),
     gzip.compress(PROSE.encode("utf-32"), mtime=0)],
)  # fmt: skip
@pytest.mark.parametrize("document", ["file", "line"])
def test_text_in_pieces_is_refused_in_the_same_words(
    tmp_path, capsys, content, document
):
    packed = content[:2] == b"\x1f\x8b"
    path = tmp_path / ("text.gz" if packed else "text\n.txt")
    if content == "link":
        path.symlink_to("nowhere")
    else:
        path.write_bytes(content)
    said = message(read, path, document=document)
    wanted = said.partition("errors=")[0].partition("encoding=")[0]
    for name in ("count", "train"):
        words = [name, str(path), "--document", document]
        assert main([*words, "--out", str(tmp_path / name)]) == 1
        assert capsys.readouterr().err.startswith(f"skipgram: {wanted}")
        assert not (tmp_path / name).exists()


# What is promised


def test_every_test_that_the_page_of_promises_names_is_there(root):
    page = (root / "book" / "promises.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:tests/)?([\w/]+\.py)::(test_\w+)", page))
    assert len(named) > 60
    for file, name in sorted(named):
        code = (TESTS / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", code, re.MULTILINE), (file, name)


def test_every_command_of_the_page_of_promises_is_there(root):
    page = (root / "book" / "promises.md").read_text(encoding="utf-8")
    programs = re.findall(r"python ((?:tests|benchmarks)/[\w/]+\.py)", page)
    assert len(programs) == 3
    for program in programs:
        assert (root / program).exists(), program
