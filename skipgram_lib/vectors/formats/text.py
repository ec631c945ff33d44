"""The text formats of word2vec, fastText and GloVe, and lines of numbers."""

import codecs
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.storage.inputs import packed_by
from skipgram_lib.vectors.formats.common import (
    BLOCK_BYTES,
    DIGITS,
    MAX_SIZE,
    MAX_WORD,
    Block,
    Collector,
    LoadOptions,
    Table,
    Vectors,
    check_first,
    keeps_ascii,
    open_input,
    open_output,
    refuse_other_kinds,
)

# Lines of a file, and their numbers.
Lines: TypeAlias = Iterator[tuple[int, bytes]]

# Takes a line's number and text, and returns a word and D numbers. Its
# SkipgramError is a phrase: who calls it knows the file.
Parse: TypeAlias = Callable[[int, bytes], tuple[bytes, Array]]

CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")

# What Python takes in a number, and no other reader does.
NEVER = b"_", b"\v", b"\f", b"\r"


# --- Lines of numbers --------------------------------------------------------


@contextmanager
def open_lines(
    path: Path, options: LoadOptions
) -> Iterator[tuple[IO[bytes], bytes]]:
    """Open a text behind its mark of byte order; its first bytes, too.

    Whatever the file has, lines end with LF, and blanks and numbers are
    ASCII; words are in `options.encoding` if that keeps ASCII, or in UTF-8.
    """
    with open_input(path) as f:
        if not keeps_ascii(options.encoding):
            f = io.BytesIO(as_utf8(path, f.read(), options))
        head = f.read(BLOCK_BYTES)
        if b"\r" in head and b"\n" not in head:
            f = io.BytesIO((head + f.read()).replace(b"\r", b"\n"))
            head = f.read(BLOCK_BYTES)
        mark = len(codecs.BOM_UTF8) * head.startswith(codecs.BOM_UTF8)
        f.seek(mark)
        yield f, head[mark:]


def as_utf8(path: Path, data: bytes, options: LoadOptions) -> bytes:
    """Turn a text in another encoding into one in UTF-8."""
    errors = options.errors
    try:
        return data.decode(options.encoding, errors).encode("utf-8", errors)
    except UnicodeError as error:
        raise SkipgramError(
            f"{path} is not {options.encoding} ({error}); name its encoding, "
            "or read it with errors='replace'"
        ) from error


def numbered_lines(f: IO[bytes], number: int, collector: Collector) -> Lines:
    """Lines and their numbers; empty ones may stand at the end only.

    The first line read has this number; none may be much longer than a word
    and its numbers can be.
    """
    longest = MAX_WORD + 64 * collector.D
    empty = 0
    while line := f.readline(longest):
        if len(line) == longest:
            raise collector.fail(
                number, f"longer than {longest:,} bytes{reason(line)}"
            )
        if not line.strip():
            empty = empty or number
        elif empty:
            raise collector.fail(empty, "an empty line; take it out")
        else:
            yield number, line
        number += 1


def block_rows(D: int) -> int:
    """How many vectors of D numbers are about a megabyte."""
    return BLOCK_BYTES // (4 * D) + 1


def parsed_blocks(
    lines: Lines, parse: Parse, collector: Collector, wanted: int
) -> Iterator[Block]:
    """The first lines, parsed, about a megabyte of numbers at a time."""
    size = block_rows(collector.D)
    while batch := list(islice(lines, min(size, wanted))):
        places = np.array([number for number, _ in batch])
        rows = np.empty((len(batch), collector.D), collector.parsed)
        words = []
        with np.errstate(over="ignore"):
            for row, (number, line) in zip(rows, batch, strict=True):
                try:
                    word, row[:] = parse(number, line)
                except SkipgramError as error:
                    raise collector.fail(number, str(error)) from None
                words.append(word)
        yield Block(words, rows, places)
        wanted -= len(batch)


def parse_numbers(
    text: bytes, fields: list[bytes], D: int, dtype: DTypeLike
) -> Array:
    """D numbers of a text that was split into fields, or a ValueError."""
    if len(fields) != D or any(map(text.__contains__, NEVER)):
        raise ValueError
    return np.fromiter(map(float, fields), dtype, D)


def is_number(field: bytes) -> bool:
    """Whether a field is a number; Python's 1_000 is a word."""
    with suppress(ValueError):
        return b"_" not in field and float(field) is not None
    return False


def trailing_numbers(line: bytes) -> int:
    """How many fields at the end of a line, but the first, are numbers."""
    fields = re.findall(rb"[^ \t\r\n]+", line)
    if line[:1] not in b" \t":
        del fields[:1]
    return sum(1 for _ in takewhile(is_number, reversed(fields)))


def reason(line: bytes) -> str:
    """Why a line may have other numbers than it should; "" if unknown."""
    if CONTROLS.search(line):
        return (
            "; it looks binary: name it .bin, or load it with "
            "format='word2vec-binary'"
        )
    if re.search(rb",\d", line.partition(b"\n")[0]):
        return "; commas are not read: write 0.1, and blanks between numbers"
    return ""


# --- The first line ----------------------------------------------------------

HEADER = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t]*(\d{1,15})[ \t]+(\d{1,15})[ \t\r]*"
)


class Promise(NamedTuple):
    """What the first line of word2vec's files says: V vectors of D numbers."""

    V: int
    D: int

    @classmethod
    def of(cls, head: bytes) -> "Promise | None":
        """What the first line of some bytes promises, if it does."""
        header = HEADER.fullmatch(head.partition(b"\n")[0])
        return cls(int(header[1]), int(header[2])) if header else None

    def check(self, path: Path) -> None:
        """Refuse no vectors, or those of a size that is not read."""
        if self.V < 1 or not 1 <= self.D <= MAX_SIZE:
            raise SkipgramError(
                f"{path}, line 1, promises {self.V:,} vectors of {self.D:,} "
                "numbers; there must be at least one vector, of 1 to "
                f"{MAX_SIZE:,} numbers"
            )

    def ends_early(self, done: int) -> str:
        """What is wrong with a file of so many vectors."""
        some = f", or read what is there with limit={done}" if done else ""
        return (
            f"the file ends after {done:,} of the {self.V:,} vectors that its "
            f"first line promises; download it again{some}"
        )

    def ends_late(self) -> str:
        """What is wrong with a file of more vectors."""
        return (
            f"more than the {self.V:,} vectors that the first line promises; "
            f"correct it, or read only those with limit={self.V}"
        )


# --- A word and its numbers --------------------------------------------------

# A word with one of these needs a second look.
ODD = re.compile(rb"[ \t\r]")


def parse_line(line: bytes, D: int, dtype: DTypeLike) -> tuple[bytes, Array]:
    """Split a line into the word and its D numbers, counted from the right.

    The word is what stands before them and one blank. The SkipgramError is a
    phrase; the caller knows the file and the line.
    """
    line = line.rstrip(b" \t\r\n")
    word, *fields = line.rsplit(b" ", D)
    with suppress(ValueError):
        return word, parse_numbers(line[len(word) :], fields, D, dtype)
    fields = line.rsplit(None, D)  # by blanks of any kind and number
    text = line[len(fields.pop(0)) :] if len(fields) > D else line
    start = len(line) - len(text.lstrip(b" \t"))
    with suppress(ValueError):
        numbers = parse_numbers(text, fields, D, dtype)
        if start:
            return line[: start - 1], numbers
    raise SkipgramError(
        f"expected a word and {D} numbers, got {trailing_numbers(line)}: "
        f"{line[:40]!r}{reason(line)}"
    )


def trimmed(word: bytes) -> bytes:
    """Take off the blanks between a word and its numbers.

    Refuse what may be one word or another; the SkipgramError is a phrase.
    """
    bare = word.rstrip(b" \t")
    if len(word) == 1 or not word:
        return word
    if not bare or bare[0] in b" \t" or b"\r" in bare:
        raise SkipgramError(
            f"{word[:40]!r} stands before the numbers; blanks and line ends "
            "at the beginning are no part of a word, take them out"
        )
    *first, last = re.split(rb"[ \t]+", bare)
    if first and is_number(last):
        raise SkipgramError(
            f"{bare[:40]!r} stands before the numbers; either there is one "
            "too many, or the word ends with one: correct the line"
        )
    return bare


class TextParser:
    """Splits lines into a word and D numbers, all of them alike."""

    def __init__(self, D: int, dtype: DTypeLike) -> None:
        self.D = D
        self.dtype = dtype
        self.wide: bool | None = None

    def parse(self, number: int, line: bytes) -> tuple[bytes, Array]:
        """Word and numbers of a line; blanks behind words are no part."""
        word, numbers = parse_line(line, self.D, self.dtype)
        bare = trimmed(word) if ODD.search(word) else word
        if self.wide is None:
            self.wide = bare != word
        if self.wide != (bare != word):
            raise SkipgramError(
                "one blank stands behind some words and more behind others, "
                f"as behind {bare[:40]!r}; which belong to the word?"
            )
        return bare, numbers


def guess_size(head: bytes, likely: int = 0) -> int:
    """D of a text file from its first lines; 0 if they tell none."""
    lines = head.split(b"\n")
    whole = lines[:-1] if len(head) == BLOCK_BYTES else lines
    counts = [trailing_numbers(line) for line in whole[:100] if line.strip()]
    return max(
        counts, key=lambda n: (counts.count(n), n == likely, n), default=0
    )


def checked_size(path: Path, head: bytes, promise: Promise | None) -> int:
    """D of a text file, if its first line and the next ones agree."""
    if promise is None:
        found = guess_size(head)
        if not found:
            raise SkipgramError(
                f"{path}, line 1: expected words, each followed by its "
                f"numbers, got {head[:40]!r}{reason(head)}"
            )
        return found
    promise.check(path)
    found = guess_size(head.partition(b"\n")[2], promise.D)
    if found not in (0, promise.D):
        raise SkipgramError(
            f"{path}, line 1, promises vectors of {promise.D:,} numbers, and "
            f"the next lines have {found:,}; correct it, or load it with "
            "format='glove' if its first line is a word's"
        )
    return promise.D


def read_word2vec_text(path: Path, options: LoadOptions) -> Vectors:
    """Read word2vec's text format, fastText's .vec, or GloVe's."""
    return read_lines(path, options, True)


def read_glove(path: Path, options: LoadOptions) -> Vectors:
    """Read GloVe's text format, whose first line is a word's."""
    return read_lines(path, options, False)


def read_lines(path: Path, options: LoadOptions, header: bool) -> Vectors:
    """Read a text format; its first line may be a header if `header`."""
    with open_lines(path, options) as (f, head):
        refuse_other_kinds(path, head)
        promise = Promise.of(head) if header else None
        D = checked_size(path, head, promise)
        wanted = options.limit or sys.maxsize
        if promise:
            wanted = min(wanted, promise.V)
            f.readline()
        rows = min(wanted, block_rows(D))
        collector = Collector(path, "line", D, options, rows)
        lines = numbered_lines(f, 2 if promise else 1, collector)
        parse = TextParser(D, collector.parsed).parse
        blocks = parsed_blocks(lines, parse, collector, wanted)
        vectors = collector.collect(blocks, wanted if promise else None)
        if promise:
            check_end(collector, promise, lines)
    return vectors


def check_end(collector: Collector, promise: Promise, lines: Lines) -> None:
    """Compare what was read, and what follows, with what was promised."""
    found = len(collector.words)
    limit = collector.options.limit
    if found < min(promise.V, limit or promise.V):
        raise collector.fail(found + 2, promise.ends_early(found))
    if not limit and (more := next(lines, None)):
        raise collector.fail(more[0], promise.ends_late())


# --- Writing -----------------------------------------------------------------


def text_lines(
    words: list[str], rows: Array, separator: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """Words as bytes, and their numbers with digits enough to come back."""
    number = b"%%.%dg" % DIGITS[rows.itemsize]
    form = separator.join([number] * rows.shape[1])
    for word, row in zip(words, rows.tolist(), strict=True):
        yield word.encode(), form % tuple(row)


def joined_lines(words: list[str], rows: Array) -> bytes:
    """Lines of a text file, a word and its numbers each."""
    lines = text_lines(words, rows, b" ")
    return b"".join(b"%b %b\n" % line for line in lines)


def write_lines(path: Path, head: bytes, table: Table) -> None:
    """Write a first line, or none, and a line for each word."""
    with open_output(path) as f:
        f.write(head)
        for words, rows in table.blocks():
            f.write(joined_lines(words, rows))


def write_word2vec_text(path: Path, table: Table) -> None:
    """Write word2vec's text format, which is fastText's .vec too."""
    write_lines(path, b"%d %d\n" % table.matrix.shape, table)


def write_glove(path: Path, table: Table) -> None:
    """Write GloVe's text format: no first line."""
    check_glove(path, table)
    write_lines(path, b"", table)


def check_glove(path: Path, table: Table) -> None:
    """Refuse GloVe's format if its first lines would not tell D."""
    check_first(table.words, path)
    with np.errstate(over="ignore"):
        few = np.ascontiguousarray(table.matrix[:100], table.dtype)
    head = joined_lines(table.words[:100], few)[:BLOCK_BYTES]
    refuse_other_kinds(path, head)
    D = table.matrix.shape[1]
    if packed_by(head) or Promise.of(head) or guess_size(head) != D:
        raise SkipgramError(
            f"{path}: without a first line one could not tell the words, such "
            f"as {table.words[0]!r}, from the numbers; use 'word2vec-text'"
        )
