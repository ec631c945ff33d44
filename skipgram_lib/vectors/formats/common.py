"""What the formats of word vectors share: options, blocks, checks."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import (
    SkipgramError,
    check_at_least,
    check_choice,
    reason_of,
)
from skipgram_lib.storage.files import write_file
from skipgram_lib.text.vocabulary import WordIndex

if TYPE_CHECKING:
    from tqdm import tqdm

# Bytes that are worked on together.
BLOCK_BYTES = 1 << 20

# Bytes of a word, and numbers of a vector, in the formats without a table.
MAX_WORD = 1 << 16
MAX_SIZE = 1 << 20

# Bytes of a type, and the decimal digits that tell its numbers apart.
DIGITS = {2: 5, 4: 9, 8: 17}

# What a file holds: V words, numbered, and a matrix (V, D).
Vectors: TypeAlias = tuple[WordIndex, Array]

# The error for a byte or a line of a file, and what is wrong there.
Failure: TypeAlias = Callable[[int, str], SkipgramError]

# Names the place of a vector, given its number.
Where: TypeAlias = Callable[[int], str]


@dataclass(frozen=True)
class LoadOptions:
    """How vectors are read; see `load_vectors`."""

    format: str | None = None
    limit: int | None = None
    dtype: DTypeLike | None = None
    finite: bool = True
    errors: str = "strict"
    duplicates: str = "error"
    progress: bool | None = None

    def __post_init__(self) -> None:
        if self.limit is not None:
            limit = check_at_least("limit", self.limit, 1)
            object.__setattr__(self, "limit", limit)
        check_choice("errors", self.errors, ["strict", "replace"])
        check_choice("duplicates", self.duplicates, ["error", "first"])
        object.__setattr__(self, "dtype", check_dtype(self.dtype))


@dataclass(frozen=True)
class SaveOptions:
    """How vectors are written; see `WordVectors.save`."""

    format: str | None = None
    dtype: DTypeLike | None = None
    finite: bool = True
    progress: bool | None = None


def check_dtype(dtype: DTypeLike | None) -> np.dtype[Any] | None:
    """Return a type that vectors may have, or None for none."""
    if dtype is None:
        return None
    with suppress(TypeError):
        found: np.dtype[Any] = np.dtype(dtype).newbyteorder("=")
        if found.kind == "f" and found.itemsize in DIGITS:
            return found
    raise SkipgramError(
        f"dtype must be 'float16', 'float32' or 'float64', got {dtype!r}"
    )


def check_rows(rows: Array, stored: Array, finite: bool, where: Where) -> None:
    """Refuse values that are not finite, or too large for their new type.

    `rows` and `stored`, shape (B, D), are before and after conversion; if
    `finite` is False, NaN and infinite values pass.
    """
    if np.isfinite(stored).all():
        return
    bad = ~np.isfinite(stored) & (np.isfinite(rows) | finite)
    for i, j in np.argwhere(bad)[:1]:
        value = rows[i, j]
        if np.isfinite(value):
            raise SkipgramError(
                f"{where(i)}: {value:g} is too large for {stored.dtype}; "
                "take a wider dtype"
            )
        raise SkipgramError(
            f"{where(i)}: the value {value} is not finite; keep such values "
            "with finite=False (--no-finite)"
        )


# --- Reading -----------------------------------------------------------------

KINDS = [
    (
        rb"\x80[\x02-\x05]",
        "a pickle, which is a program and is never run; "
        "in gensim, write the vectors with save_word2vec_format",
    ),
    (rb"\x1f\x8b", "compressed by gzip; let its name end in .gz"),
    (rb"PK[\x03\x05]", "a zip archive; if NumPy wrote it, name it .npz"),
    (
        rb"\x93NUMPY",
        "one array of NumPy's without words; put it into a "
        "WordVectors with them, and save that",
    ),
    (rb"\x89HDF", "HDF5, which is not read here"),
    (
        rb"\xba\x16\x4f\x2f",
        "fastText's own model; load the .vec file that "
        "fastText writes beside it",
    ),
    (rb".{3}\x00{5}\{", "safetensors; let its name end in .safetensors"),
]


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Raise an error if the first bytes are those of another format."""
    if not head:
        raise SkipgramError(f"{path} is empty; download it again")
    for pattern, kind in KINDS:
        if re.match(pattern, head, re.DOTALL):
            raise SkipgramError(f"{path} is {kind}")


def check_start(path: Path, head: bytes, at: int, wanted: bytes) -> None:
    """Refuse a file that has not the bytes `wanted` at a place."""
    if head[at : at + len(wanted)] != wanted:
        refuse_other_kinds(path, head)
        raise SkipgramError(
            f"{path}, byte {at}: a {path.suffix} file has {wanted!r} there, "
            f"and this one {head[at : at + 8]!r}; is it another format?"
        )


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed, by its name."""
    return path.name.lower().endswith(".gz")


@contextmanager
def open_input(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed if its name ends in .gz."""
    try:
        with gzip.open(path) if is_gzip(path) else open(path, "rb") as f:
            try:
                yield cast(IO[bytes], f)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise SkipgramError(
                    f"{path}: the gzip data is truncated or corrupt, after "
                    f"{f.tell():,} bytes of contents ({error}); download the "
                    "file again"
                ) from error
    except OSError as error:
        reason = reason_of(error)
        raise SkipgramError(f"cannot read {path}: {reason}") from error


class Block(NamedTuple):
    """B words, their rows (B, D), and where in the file each begins."""

    words: list[bytes]
    rows: Array
    places: NDArray[np.int64]


class Collector:
    """Words and rows of a file, collected and checked block by block.

    `unit` is what places count, "byte" or "line"; `shape` are the rows that
    there is room for at first, and the numbers of a vector.
    """

    def __init__(
        self,
        path: Path,
        unit: str,
        shape: tuple[int, int],
        options: LoadOptions,
    ) -> None:
        self.path = path
        self.unit = unit
        self.options = options
        self.words: list[str] = []
        self.places: list[NDArray[np.int64]] = []
        dtype = np.float32 if options.dtype is None else options.dtype
        self.matrix: Array = np.empty(shape, dtype)

    def fail(self, place: int, what: str) -> SkipgramError:
        """Make an error that names the file and the place."""
        return SkipgramError(f"{self.path}, {self.unit} {place:,}: {what}")

    def where(self, i: int, start: int = 0) -> str:
        """Name the place of vector i, counted from vector `start`."""
        place = np.concatenate(self.places)[start + i]
        return f"{self.path}, {self.unit} {place:,}"

    def add(self, block: Block) -> None:
        """Append a block."""
        start = len(self.words)
        self.places.append(block.places)
        where = partial(self.where, start=start)
        self.words += decode_words(block.words, self.options.errors, where)
        self.matrix = append_rows(self.matrix, start, block.rows)
        stored = self.matrix[start : start + len(block.rows)]
        check_rows(block.rows, stored, self.options.finite, where)

    def collect(self, blocks: Iterable[Block], total: int | None) -> Vectors:
        """Words and matrix of all the blocks, under a progress bar."""
        with progress_bar("loading", total, self.options.progress) as bar:
            for block in blocks:
                self.add(block)
                bar.update(len(block.words))
        if not self.words:
            raise SkipgramError(f"{self.path} holds no vectors")
        matrix = self.matrix[: len(self.words)]
        duplicates = self.options.duplicates
        return number_words(self.words, matrix, duplicates, self.where)


def progress_bar(
    what: str, total: int | None, progress: bool | None
) -> "tqdm[Any]":
    """Return a bar that counts words; None: shown where there is a tty."""
    # Who reads no file of vectors does without it, as a browser does.
    from tqdm import tqdm

    hide = None if progress is None else not progress
    return tqdm(desc=what, total=total, unit=" words", disable=hide)


def append_rows(matrix: Array, used: int, rows: Array) -> Array:
    """Write rows behind those in use, in a larger matrix if it is full."""
    stop = used + len(rows)
    if stop > len(matrix):
        wider = np.empty((2 * stop, matrix.shape[1]), matrix.dtype)
        wider[:used] = matrix[:used]
        matrix = wider
    with np.errstate(over="ignore"):
        matrix[used:stop] = rows
    return matrix


def decode_words(raw: list[bytes], errors: str, where: Where) -> list[str]:
    """Turn UTF-8 into words; an error names the word and its place."""
    try:
        words = b"\n".join(raw).decode("utf-8", errors).split("\n")
        if len(words) != len(raw):  # a line feed within a word
            words = [word.decode("utf-8", errors) for word in raw]
    except UnicodeDecodeError:
        i = next(i for i, word in enumerate(raw) if not is_utf8(word))
        raise SkipgramError(
            f"{where(i)}: the word {raw[i][:40]!r} is not UTF-8; read such "
            "words with errors='replace' (--errors replace)"
        ) from None
    refuse_empty(words, where)
    return words


def refuse_empty(words: list[str], where: Where) -> None:
    """Raise an error if a word is empty."""
    if "" in words:
        raise SkipgramError(
            f"{where(words.index(''))}: an empty word; correct the file"
        )


def is_utf8(word: bytes) -> bool:
    """Whether some bytes are UTF-8."""
    return word == word.decode("utf-8", "ignore").encode()


def number_words(
    words: list[str], matrix: Array, duplicates: str, where: Where
) -> Vectors:
    """Number words that differ; of equal ones take the first, or none."""
    with suppress(SkipgramError):
        return WordIndex(words), matrix
    first: dict[str, int] = {}
    for i, word in enumerate(words):
        if first.setdefault(word, i) != i and duplicates == "error":
            raise SkipgramError(
                f"{where(i)}: duplicate word {word!r}; take the first of "
                "equal words with duplicates='first' (--duplicates first)"
            )
    return WordIndex(first), matrix[list(first.values())]


def select_vectors(
    path: Path,
    words: list[str],
    matrix: Array,
    options: LoadOptions,
    mapped: bool = False,
) -> Vectors:
    """What the options ask for, of all the words and rows of a file.

    If `mapped`, the matrix is not read, unless its type changes.
    """
    shape = matrix.shape
    words = words[: options.limit]
    matrix = matrix[: options.limit]
    if matrix.ndim != 2 or len(matrix) != len(words) or not words:
        raise SkipgramError(
            f"{path} holds {len(words):,} words and a matrix of shape "
            f"{shape}; it needs a row for each"
        )

    def where(i: int) -> str:
        return f"{path}, vector {i:,} ({words[i]!r})"

    other = options.dtype is not None and options.dtype != matrix.dtype
    if other or not mapped:
        matrix = convert(matrix, options, where)
    return number_words(words, matrix, options.duplicates, where)


def convert(matrix: Array, options: LoadOptions, where: Where) -> Array:
    """Check a matrix, and change its type if another one is asked for."""
    stored = matrix
    if options.dtype is not None and options.dtype != matrix.dtype:
        stored = np.empty(matrix.shape, options.dtype)
    step = max(1, BLOCK_BYTES // matrix[0].nbytes)
    for start in range(0, len(matrix), step):
        part = slice(start, start + step)
        if stored is not matrix:
            with np.errstate(over="ignore"):
                stored[part] = matrix[part]

        def where_here(i: int, start: int = start) -> str:
            return where(start + i)

        check_rows(matrix[part], stored[part], options.finite, where_here)
    return stored


# --- Writing -----------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Words and vectors on their way to a file.

    `dtype` is the type of the numbers in the file, little-endian.
    """

    words: list[str]
    matrix: Array
    dtype: np.dtype[Any]
    finite: bool = True
    progress: bool | None = None

    def blocks(self) -> Iterator[tuple[list[str], Array]]:
        """Yield words and rows, in the type in which they are stored."""
        step = max(1, BLOCK_BYTES // (8 * self.matrix.shape[1]))
        total = len(self.words)
        with progress_bar("saving", total, self.progress) as bar:
            for start in range(0, total, step):
                words = self.words[start : start + step]
                rows = self.matrix[start : start + step]
                with np.errstate(over="ignore"):
                    stored = np.ascontiguousarray(rows, self.dtype)
                where = partial(name_word, words)
                check_rows(rows, stored, self.finite, where)
                yield words, stored
                bar.update(len(rows))


def name_word(words: list[str], i: int) -> str:
    """Name the word of a vector, for a message."""
    return f"the vector of {words[i]!r}"


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears when it is complete, through gzip or not."""
    with write_file(path) as f:
        if not is_gzip(path):
            yield f
            return
        with gzip.GzipFile("", "wb", 1, f, mtime=0) as g:
            yield cast(IO[bytes], g)


def check_words(words: list[str], forbidden: str, path: Path) -> list[str]:
    """Return words that a format can hold, or name the one it cannot.

    `words` should be str, UTF-8 and not empty; `forbidden` are characters
    that end a word in this format.
    """
    for word in words:
        if not isinstance(word, str) or not word:
            raise SkipgramError(
                f"{path}: words must be strings and not empty, got {word!r}"
            )
        if not word.isascii():
            try:
                word.encode()
            except UnicodeEncodeError:
                raise SkipgramError(
                    f"{path}: the word {word!r} is no Unicode text; replace it"
                ) from None
        if any(character in word for character in forbidden):
            raise SkipgramError(
                f"{path}: the word {word!r} cannot be written, because one of "
                f"{forbidden!r} ends a word there; write .safetensors"
                + ", .npz or .txt"
                * (forbidden == " \n" and "\n" not in word)
            )
    return words
