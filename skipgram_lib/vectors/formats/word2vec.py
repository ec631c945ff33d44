"""The formats of word2vec, fastText and GloVe: binary and text."""

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.vectors.formats.common import (
    BLOCK_BYTES,
    DIGITS,
    MAX_SIZE,
    MAX_WORD,
    Block,
    Collector,
    Failure,
    LoadOptions,
    Table,
    Vectors,
    is_gzip,
    open_input,
    open_output,
    refuse_other_kinds,
)

# --- The first line ----------------------------------------------------------

HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(\d{1,15})[ \t]+(\d{1,15})[ \t\r]*")


class Promise(NamedTuple):
    """What the first line of a file says: V vectors of D numbers."""

    V: int
    D: int


def check_promise(
    path: Path, promise: Promise, least: int, limit: int | None
) -> int:
    """Number of vectors to read, if the file can hold what it promises.

    A vector takes at least so many bytes; the caller wants at most `limit`.
    """
    V, D = promise
    size = path.stat().st_size
    wanted = min(V, limit or V)
    room = size * 1032 if is_gzip(path) else size
    said = f"{path}, line 1, promises {V:,} vectors of {D:,} numbers"
    if V < 1 or not 1 <= D <= MAX_SIZE:
        raise SkipgramError(
            f"{said}; there must be at least one vector, of 1 to "
            f"{MAX_SIZE:,} numbers"
        )
    if wanted * least > room + 1:  # the last line feed may be missing
        raise SkipgramError(
            f"{said}, at least {V * least:,} bytes, and the file of "
            f"{size:,} bytes cannot hold them; download it again, or correct "
            "the line"
        )
    return wanted


def trailing_numbers(line: bytes) -> int:
    """How many fields at the end of a line, but the first, are numbers."""
    found = 0
    fields = line.rstrip(b" \r\n").split(b" ")[1:]
    with suppress(ValueError):
        for field in reversed(fields):
            float(field)
            found += 1
    return found


# --- Binary ------------------------------------------------------------------


def record_pattern(D: int) -> re.Pattern[bytes]:
    """Pattern of a binary record of D numbers; its group is the word.

    What follows the last whole record is one more match, whose group is
    empty.
    """
    return re.compile(rb"([^ ]++) .{%d}|.+" % (4 * D), re.DOTALL)


def find_words(
    record: re.Pattern[bytes], data: bytes | bytearray, end: int
) -> list[bytes]:
    """Words of the whole records in the first `end` bytes of a block."""
    words = record.findall(data, 0, end)
    return words[:-1] if words and not words[-1] else words


def without_feeds(words: list[bytes]) -> list[bytes]:
    """Words without the line feed that the C program puts before them."""
    if b"\n" not in b" ".join(words):
        return words
    return [word.removeprefix(b"\n") for word in words]


def no_record(
    rest: bytes, row: int, start: int, fail: Failure
) -> SkipgramError:
    """The error for bytes that do not begin with a record."""
    if rest.startswith(b" "):
        return fail(start, "an empty word")
    if len(rest) >= MAX_WORD + row:
        return fail(start, f"no space ends the word {rest[:20]!r}")
    return fail(start, "the file is truncated here; download it again")


def cut_records(
    words: list[bytes], windows: Array, start: int
) -> tuple[Block, int]:
    """Block of the records whose words were found, and their bytes.

    The B words have their line feeds; `windows` holds the 4 D bytes that
    begin at each byte of a buffer, which begins at `start` in the file.
    """
    row = windows.itemsize
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    ends = np.cumsum(lengths + (1 + row))
    rows = windows[ends - row].view("<f4").reshape(len(words), -1)
    places = start + ends - row - 1 - lengths
    return Block(without_feeds(words), rows, places), int(ends[-1])


def binary_blocks(
    f: IO[bytes], D: int, wanted: int, fail: Failure, whole: bool = True
) -> Iterator[Block]:
    """Records of a word2vec binary file, about a megabyte at a time.

    The file is open behind its first line, and `wanted` records are read;
    if `whole`, nothing may follow them but line feeds.
    """
    row = 4 * D
    record = record_pattern(D)
    left = 0
    start = f.tell()
    buffer = bytearray(BLOCK_BYTES + MAX_WORD + row)
    places = BLOCK_BYTES + MAX_WORD + 1
    windows = np.ndarray((places,), f"V{row}", buffer, 0, (1,))
    while wanted:
        end = left + f.readinto(memoryview(buffer)[left:])  # type: ignore
        words = find_words(record, buffer, end)[:wanted]
        if not words:
            raise no_record(bytes(buffer[:end]), row, start, fail)
        block, size = cut_records(words, windows, start)
        yield block
        left = end - size
        wanted -= len(words)
        start += size
        buffer[:left] = buffer[size:end]
    if whole and (buffer[:left] + f.read(BLOCK_BYTES)).strip(b"\n"):
        raise fail(start, "more bytes than the first line promises")


def binary_header(path: Path, f: IO[bytes]) -> Promise:
    """Read the first line of a binary file."""
    head = f.read(BLOCK_BYTES)
    refuse_other_kinds(path, head)
    first, _, rest = head.partition(b"\n")
    header = HEADER.fullmatch(first)
    if not header:
        raise SkipgramError(
            f"{path}, line 1: a word2vec file begins with the number of words "
            f"and the size of a vector, and this one with {first[:40]!r}"
            + "; it looks like GloVe's"
            * (trailing_numbers(first) > 1)
        )
    promise = Promise(int(header[1]), int(header[2]))
    second = rest.partition(b"\n")[0]
    if 0 < promise.D <= trailing_numbers(second):
        raise SkipgramError(
            f"{path}, line 2, is text, and binary is expected; name the file "
            ".txt, or load it with format='word2vec-text'"
        )
    f.seek(len(first) + 1)
    return promise


def read_binary(path: Path, options: LoadOptions) -> Vectors:
    """Read word2vec's binary format."""
    with open_input(path) as f:
        promise = binary_header(path, f)
        D = promise.D
        wanted = check_promise(path, promise, 4 * D + 2, options.limit)
        room = wanted
        if is_gzip(path):
            room = min(wanted, BLOCK_BYTES // (4 * D) + 1)
        collector = Collector(path, "byte", (room, D), options)
        whole = wanted == promise.V
        blocks = binary_blocks(f, D, wanted, collector.fail, whole)
        return collector.collect(blocks, wanted)


def write_binary(path: Path, table: Table) -> None:
    """Write word2vec's binary format, without line feeds, as gensim does."""
    with open_output(path) as f:
        f.write(b"%d %d\n" % table.matrix.shape)
        for words, rows in table.blocks():
            records = [
                word.encode() + b" " + row.tobytes()
                for word, row in zip(words, rows, strict=True)
            ]
            f.write(b"".join(records))


# --- Text --------------------------------------------------------------------

CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def parse_line(
    line: bytes, D: int, dtype: DTypeLike, separator: bytes
) -> tuple[bytes, Array]:
    """Split a line into the word and its D numbers, counted from the right.

    The SkipgramError is a phrase; the caller knows the file and the line.
    """
    word, *fields = line.rstrip(b" \r\n").rsplit(separator, D)
    if len(fields) == D:
        with suppress(ValueError), np.errstate(over="ignore"):
            return word, np.array(fields, dtype)
    if CONTROLS.search(line):
        raise SkipgramError(
            f"{line[:20]!r} is binary, and text is expected; name the file "
            ".bin, or load it with format='word2vec-binary'"
        )
    raise SkipgramError(f"expected a word and {D} numbers, got {line[:40]!r}")


def guess_size(path: Path, head: bytes) -> int:
    """D of a text file without a first line, from its first bytes."""
    lines = head.split(b"\n")
    whole = lines[:-1] if len(head) == BLOCK_BYTES else lines
    counts = [trailing_numbers(line) for line in whole[:100] if line.strip()]
    D = max(counts, key=lambda n: (counts.count(n), n), default=0)
    if not D:
        raise SkipgramError(
            f"{path}, line 1: expected words, each followed by its numbers, "
            f"got {head[:40]!r}"
            + "; it looks binary: name it .bin"
            * bool(CONTROLS.search(head))
        )
    return D


def text_header(head: bytes) -> Promise | None:
    """What the first line of a text file promises, if it does."""
    header = HEADER.fullmatch(head.partition(b"\n")[0])
    return Promise(int(header[1]), int(header[2])) if header else None


def numbered_lines(
    f: IO[bytes], number: int, longest: int, fail: Failure
) -> Iterator[tuple[int, bytes]]:
    """Lines and their numbers; empty ones may stand at the end only.

    The first line read has this number; none may be longer than `longest`.
    """
    empty = 0
    while line := f.readline(longest):
        if len(line) == longest:
            binary = "; it looks binary" * bool(CONTROLS.search(line))
            raise fail(number, f"longer than {longest:,} bytes{binary}")
        if not line.strip():
            empty = empty or number
        elif empty:
            raise fail(empty, "an empty line; take it out")
        else:
            yield number, line
        number += 1


def text_blocks(
    lines: Iterator[tuple[int, bytes]],
    D: int,
    wanted: int,
    separator: bytes,
    collector: Collector,
) -> Iterator[Block]:
    """Lines, parsed, about a megabyte of numbers at a time."""
    size = BLOCK_BYTES // (4 * D) + 1
    dtype = np.promote_types(collector.matrix.dtype, np.float32)
    while batch := list(islice(lines, min(size, wanted))):
        parsed = []
        for number, line in batch:
            try:
                parsed.append(parse_line(line, D, dtype, separator))
            except SkipgramError as error:
                raise collector.fail(number, str(error)) from None
        rows = np.stack([row for _, row in parsed])
        numbers = np.array([number for number, _ in batch])
        yield Block([word for word, _ in parsed], rows, numbers)
        wanted -= len(batch)


def read_word2vec_text(path: Path, options: LoadOptions) -> Vectors:
    """Read word2vec's text format, fastText's .vec, or GloVe's."""
    return read_lines(path, options, True)


def read_glove(path: Path, options: LoadOptions) -> Vectors:
    """Read GloVe's text format, whose first line is a word's."""
    return read_lines(path, options, False)


def read_lines(path: Path, options: LoadOptions, header: bool) -> Vectors:
    """Read a text format; its first line may be a header if `header`."""
    with open_input(path) as f:
        head = f.read(BLOCK_BYTES)
        f.seek(0)
        refuse_other_kinds(path, head)
        promise = text_header(head) if header else None
        if promise:
            D = promise.D
            wanted = check_promise(path, promise, 2 * D + 2, options.limit)
            f.readline()
        else:
            D = guess_size(path, head)
            wanted = options.limit or sys.maxsize
        shape = min(wanted, BLOCK_BYTES // (4 * D) + 1), D
        collector = Collector(path, "line", shape, options)
        first = 2 if promise else 1
        longest = MAX_WORD + 64 * D
        lines = numbered_lines(f, first, longest, collector.fail)
        blocks = text_blocks(lines, D, wanted, b" ", collector)
        vectors = collector.collect(blocks, wanted if promise else None)
        if promise:
            check_end(collector, promise.V, wanted, lines)
    return vectors


def check_end(
    collector: Collector,
    V: int,
    wanted: int,
    lines: Iterator[tuple[int, bytes]],
) -> None:
    """Compare what was read with the V words that a first line promises."""
    found = len(collector.words)
    if found < wanted:
        raise collector.fail(
            found + 2,
            f"the file ends after {found:,} of the {V:,} vectors "
            "that its first line promises; download it again",
        )
    if wanted == V and (more := next(lines, None)):
        raise collector.fail(
            more[0],
            f"more than the {V:,} vectors that the first line "
            "promises; correct it",
        )


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


def write_word2vec_text(path: Path, table: Table) -> None:
    """Write word2vec's text format, which is fastText's .vec too."""
    with open_output(path) as f:
        f.write(b"%d %d\n" % table.matrix.shape)
        for words, rows in table.blocks():
            f.write(joined_lines(words, rows))


def write_glove(path: Path, table: Table) -> None:
    """Write GloVe's text format: no first line."""
    check_glove(path, table)
    with open_output(path) as f:
        for words, rows in table.blocks():
            f.write(joined_lines(words, rows))


def check_glove(path: Path, table: Table) -> None:
    """Refuse GloVe's format if its first lines would not tell D."""
    with np.errstate(over="ignore"):
        few = np.ascontiguousarray(table.matrix[:100], table.dtype)
    head = joined_lines(table.words[:100], few)[:BLOCK_BYTES]
    refuse_other_kinds(path, head)
    D = table.matrix.shape[1]
    if text_header(head) or guess_size(path, head) != D:
        raise SkipgramError(
            f"{path}: without a first line one could not tell the words, such "
            f"as {table.words[0]!r}, from the numbers; use 'word2vec-text'"
        )
