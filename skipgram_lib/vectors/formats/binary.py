"""Word2vec's binary format: a line, then words with the bytes of rows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.vectors.formats.common import (
    BLOCK_BYTES,
    MAX_WORD,
    Block,
    Collector,
    LoadOptions,
    Table,
    Vectors,
    is_plain,
    keeps_ascii,
    open_input,
    open_output,
    refuse_other_kinds,
)
from skipgram_lib.vectors.formats.text import Promise, trailing_numbers


def record_pattern(D: int) -> re.Pattern[bytes]:
    """Pattern of a binary record of D numbers; its group is word and space.

    What follows the last whole record is one more match, whose group is
    empty.
    """
    return re.compile(rb"([^ ]*+ ).{%d}|.+" % (4 * D), re.DOTALL)


def find_words(
    record: re.Pattern[bytes], data: bytes | bytearray, end: int
) -> list[bytes]:
    """Words, with spaces, of the whole records in the first `end` bytes."""
    words = record.findall(data, 0, end)
    return words[:-1] if words and not words[-1] else words


def bare_words(words: list[bytes]) -> list[bytes]:
    """Words without spaces, and line feeds that other programs put before."""
    text = b"".join(words)
    found = text.split(b" ")[:-1]
    if b"\n" in text:
        return [word.lstrip(b"\n") for word in found]
    return found


def cut_records(
    words: list[bytes], windows: Array, start: int
) -> tuple[Block, int]:
    """Block of the records whose words were found, and their bytes.

    The B words have their spaces and line feeds; `windows` holds the 4 D
    bytes that begin at each byte of a buffer, which begins at `start` in the
    file.
    """
    row = windows.itemsize
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    ends = np.cumsum(lengths + row)
    rows = windows[ends - row].view("<f4").reshape(len(words), -1)
    places = start + ends - row - lengths
    return Block(bare_words(words), rows, places), int(ends[-1])


def binary_blocks(
    f: IO[bytes], promise: Promise, wanted: int, collector: Collector
) -> Iterator[Block]:
    """Records of a word2vec binary file, about a megabyte at a time.

    The file is open behind its first line. Unless there is a limit, nothing
    may follow what was promised but line feeds.
    """
    row = 4 * promise.D
    record = record_pattern(promise.D)
    left = done = 0
    start = f.tell()
    buffer = bytearray(BLOCK_BYTES + MAX_WORD + row)
    windows = np.ndarray((len(buffer) - row + 1,), f"V{row}", buffer, 0, (1,))
    while done < wanted:
        end = left + f.readinto(memoryview(buffer)[left:])  # type: ignore
        words = find_words(record, buffer, end)[: wanted - done]
        if not words:
            endless = f"no space ends the word {bytes(buffer[:20])!r}"
            cut = end < MAX_WORD + row
            what = promise.ends_early(done) if cut else endless
            raise collector.fail(start, what)
        block, size = cut_records(words, windows, start)
        yield block
        left = end - size
        done += len(words)
        start += size
        buffer[:left] = buffer[size:end]
    limit = collector.options.limit
    if not limit and (buffer[:left] + f.read(BLOCK_BYTES)).strip(b"\n"):
        raise collector.fail(start, promise.ends_late())


def binary_header(path: Path, f: IO[bytes]) -> Promise:
    """Read the first line of a binary file."""
    head = f.read(BLOCK_BYTES)
    refuse_other_kinds(path, head)
    first, _, rest = head.partition(b"\n")
    promise = Promise.of(first)
    if promise is None:
        raise SkipgramError(
            f"{path}, line 1: a word2vec file begins with the number of words "
            f"and the size of a vector, and this one with {first[:40]!r}"
            + "; it looks like GloVe's"
            * (trailing_numbers(first) > 1)
        )
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
    if not keeps_ascii(options.encoding):
        raise SkipgramError(
            f"the words of a binary file are not in {options.encoding}, "
            "where a space is no byte of its own"
        )
    with open_input(path) as f:
        promise = binary_header(path, f)
        promise.check(path)
        D = promise.D
        wanted = min(promise.V, options.limit or promise.V)
        size = path.stat().st_size if is_plain(f) else BLOCK_BYTES
        room = min(wanted, size // (4 * D + 1) + 1)
        collector = Collector(path, "byte", D, options, room)
        blocks = binary_blocks(f, promise, wanted, collector)
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
