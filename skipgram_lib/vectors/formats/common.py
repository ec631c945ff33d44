"""What the formats of word vectors share: options, blocks, checks."""

import codecs
import gzip
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    BinaryIO,
    NamedTuple,
    TypeAlias,
    cast,
)

import numpy as np
from numpy.typing import DTypeLike, NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import (
    SkipgramError,
    check_at_least,
    check_choice,
    hide_bar,
)
from skipgram_lib.storage.files import system_errors, write_file
from skipgram_lib.storage.inputs import unpacked
from skipgram_lib.text.vocabulary import WordIndex

if TYPE_CHECKING:
    from tqdm import tqdm

# Standard input and output, as command lines name them.
STANDARD = Path("-")

# Bytes that are worked on together.
BLOCK_BYTES = 1 << 20

# Bytes of a word, and numbers of a vector, in the formats without a table.
MAX_WORD = 1 << 16
MAX_SIZE = 1 << 20

# Bytes of a type, and the decimal digits that tell its numbers apart.
DIGITS = {2: 5, 4: 9, 8: 17}

# What a file holds: V words, numbered, and a matrix (V, D).
Vectors: TypeAlias = tuple[WordIndex, Array]

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
    encoding: str = "utf-8"
    drop_empty: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None:
            check_at_least("limit", self.limit, 1)
        check_choice("errors", self.errors, ["strict", "replace"])
        check_choice("duplicates", self.duplicates, ["error", "first"])
        object.__setattr__(self, "dtype", check_dtype(self.dtype))
        object.__setattr__(self, "encoding", check_encoding(self.encoding))


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
    if isinstance(dtype, str | type | np.dtype):
        with suppress(TypeError, ValueError):
            found: np.dtype[Any] = np.dtype(dtype).newbyteorder("=")
            if found.kind == "f" and found.itemsize in DIGITS:
                return found
    raise SkipgramError(
        f"dtype must be 'float16', 'float32' or 'float64', got {dtype!r}"
    )


def check_encoding(encoding: str) -> str:
    """Return the plain name of an encoding of text."""
    with suppress(LookupError, ValueError, TypeError):
        if "word".encode(encoding).decode(encoding) == "word":
            return codecs.lookup(encoding).name
    raise SkipgramError(
        "encoding must be the name of one, such as 'utf-8' or 'latin-1', got "
        f"{encoding!r:.60}"
    )


def keeps_ascii(encoding: str) -> bool:
    """Whether blanks, line ends and numbers have their bytes of ASCII."""
    return "0 \t\r\n".encode(encoding) == b"0 \t\r\n"


def check_rows(
    rows: Array, stored: Array, finite: bool, where: Where, start: int = 0
) -> None:
    """Refuse values that are not finite, or too large for their new type.

    `rows` and `stored`, shape (B, D), are before and after conversion, of
    the vectors from `start` on; if `finite` is False, NaN and infinite values
    pass.
    """
    if np.isfinite(stored).all():
        return
    bad = ~np.isfinite(stored) & (np.isfinite(rows) | finite)
    for i, j in np.argwhere(bad)[:1]:
        place = where(start + i)
        value = rows[i, j]
        if np.isfinite(value):
            raise SkipgramError(
                f"{place}: {value:g} is too large for {stored.dtype}; "
                "take a wider dtype"
            )
        raise SkipgramError(
            f"{place}: the value {value} is not finite; keep such values "
            "with finite=False"
        )


# --- Reading -----------------------------------------------------------------

KINDS = [
    (
        rb"\x80[\x02-\x05]",
        "a pickle, which is a program and is never run; "
        "in gensim, write the vectors with save_word2vec_format",
    ),
    (
        rb"\xff\xfe|\xfe\xff|(?:[^\0]\0{1,3}){4}|(?:\0{1,3}[^\0]){4}",
        "text in UTF-16 or UTF-32; read it with encoding='utf-16' or 'utf-32'",
    ),
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


@contextmanager
def open_input(path: Path, own: bytes = b"") -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed if its first bytes tell how.

    `own` are first bytes of a format, to which compression is nothing new.
    """
    with system_errors(f"cannot read {path}"), ExitStack() as stack:
        f: BinaryIO = stack.enter_context(open(path, "rb"))
        start = f.read(len(own) or 1)
        f.seek(0)
        if start != own:
            f = stack.enter_context(unpacked(f, path))
        yield f


def is_plain(f: IO[bytes]) -> bool:
    """Whether what `open_input` gives is the file itself, not unpacked."""
    return isinstance(f, io.BufferedReader)


class Block(NamedTuple):
    """B words, their rows (B, D), and where in the file each begins."""

    words: list[bytes]
    rows: Array
    places: NDArray[np.int64]


class Collector:
    """Words and rows of a file, collected and checked block by block.

    `unit` is what places count, "byte" or "line"; D are the numbers of a
    vector, and there is room for so many rows at first.
    """

    def __init__(
        self, path: Path, unit: str, D: int, options: LoadOptions, rows: int
    ) -> None:
        self.path = path
        self.unit = unit
        self.D = D
        self.options = options
        self.words: list[str] = []
        self.places: list[NDArray[np.int64]] = []
        dtype = np.float32 if options.dtype is None else options.dtype
        self.matrix: Array = np.empty((rows, D), dtype)

    @property
    def parsed(self) -> np.dtype[Any]:
        """Type that numbers of a text are parsed as."""
        return np.promote_types(self.matrix.dtype, np.float32)

    def fail(self, place: int, what: str) -> SkipgramError:
        """Make an error that names the file and the place."""
        return SkipgramError(f"{self.path}, {self.unit} {place:,}: {what}")

    def where(self, i: int) -> str:
        """Name the place of vector i."""
        place = np.concatenate(self.places)[i]
        return f"{self.path}, {self.unit} {place:,}"

    def add(self, block: Block) -> None:
        """Append a block."""
        start = len(self.words)
        self.places.append(block.places)
        self.words += decode_words(
            block.words, self.options, self.where, start
        )
        self.matrix = append_rows(self.matrix, start, block.rows)
        stored = self.matrix[start : start + len(block.rows)]
        finite = self.options.finite
        check_rows(block.rows, stored, finite, self.where, start)

    def collect(self, blocks: Iterable[Block], total: int | None) -> Vectors:
        """Words and matrix of all the blocks, under a progress bar."""
        with progress_bar("loading", total, self.options.progress) as bar:
            for block in blocks:
                self.add(block)
                bar.update(len(block.words))
        if not self.words:
            raise SkipgramError(f"{self.path} holds no vectors")
        matrix = self.matrix[: len(self.words)]
        return number_words(self.words, matrix, self.options, self.where)


def progress_bar(
    what: str, total: int | None, progress: bool | None
) -> "tqdm[Any]":
    """Return a bar that counts words; None: shown where there is a tty."""
    # Who reads no file of vectors does without it, as a browser does.
    from tqdm import tqdm

    hide = hide_bar(progress)
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


def decode_words(
    raw: list[bytes], options: LoadOptions, where: Where, start: int = 0
) -> list[str]:
    """Turn bytes into the words of the vectors from `start` on."""
    encoding = options.encoding if keeps_ascii(options.encoding) else "utf-8"
    with suppress(UnicodeDecodeError):
        words = b"\n".join(raw).decode(encoding, options.errors).split("\n")
        if len(words) == len(raw):  # no line feed within a word
            return words
    words = []
    for i, word in enumerate(raw, start):
        try:
            words.append(word.decode(encoding, options.errors))
        except UnicodeDecodeError:
            raise SkipgramError(
                f"{where(i)}: the word {word[:40]!r} is not "
                f"{encoding.upper()}; name its encoding, as in "
                "encoding='latin-1', or read it with errors='replace'"
            ) from None
    return words


def number_words(
    words: list[str], matrix: Array, options: LoadOptions, where: Where
) -> Vectors:
    """Number words that differ; equal and empty ones, as the options say."""
    with suppress(SkipgramError):
        return WordIndex(words), matrix
    first: dict[str, int] = {}
    for i, word in enumerate(words):
        if not word and not options.drop_empty:
            raise SkipgramError(
                f"{where(i)}: an empty word; leave it out with drop_empty=True"
            )
        if word and first.setdefault(word, i) != i:
            if options.duplicates == "first":
                continue
            raise SkipgramError(
                f"{where(i)}: duplicate word {word!r}; take the first of "
                "equal words with duplicates='first'"
            )
    if not first:
        raise SkipgramError(f"{where(0)}: there are no words but empty ones")
    return WordIndex(list(first)), matrix[list(first.values())]


def check_shape(path: Path, V: int, matrix: Array) -> None:
    """Refuse a matrix that has not a row for each of V words."""
    if matrix.ndim != 2 or len(matrix) != V or not V:
        raise SkipgramError(
            f"{path} holds {V:,} words and a matrix of shape {matrix.shape}; "
            "it needs a row for each"
        )


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
    check_shape(path, len(words), matrix)
    words = words[: options.limit]
    matrix = matrix[: options.limit]

    def where(i: int) -> str:
        return f"{path}, vector {i:,} ({words[i]!r})"

    dtype = np.dtype(options.dtype or matrix.dtype)
    if dtype != matrix.dtype or not mapped:
        matrix = convert(matrix, dtype, options.finite, where)
    return number_words(words, matrix, options, where)


def convert(
    matrix: Array, dtype: np.dtype[Any], finite: bool, where: Where
) -> Array:
    """Check a matrix, and change its type if it is another one."""
    with np.errstate(over="ignore"):
        stored = matrix.astype(dtype, copy=False)
    step = max(1, BLOCK_BYTES // matrix[0].nbytes)
    for start in range(0, len(matrix), step):
        part = slice(start, start + step)
        check_rows(matrix[part], stored[part], finite, where, start)
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
                check_rows(rows, stored, self.finite, self.where, start)
                yield words, stored
                bar.update(len(rows))

    def where(self, i: int) -> str:
        """Name vector i by its word."""
        return f"the vector of {self.words[i]!r}"


@contextmanager
def open_standard() -> Iterator[IO[bytes]]:
    """Open a file that goes to standard output when it is complete."""
    output = getattr(sys.stdout, "buffer", None)
    if output is None:
        raise SkipgramError(
            "standard output takes no bytes here; name a file to write to"
        )
    with tempfile.TemporaryFile() as f:
        yield f
        f.seek(0)
        shutil.copyfileobj(f, output)
    output.flush()


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears when it is complete, through gzip or not."""
    opened = open_standard() if path == STANDARD else write_file(path)
    with opened as f:
        if path.suffix.lower() != ".gz":
            yield f
            return
        with gzip.GzipFile("", "wb", 1, f, mtime=0) as g:
            yield cast(IO[bytes], g)


def check_words(words: list[str], forbidden: str, path: Path) -> list[str]:
    """Return words that a format can hold, or name the one it cannot.

    `forbidden` are characters that end a word in this format, for its
    readers here or elsewhere.
    """
    ends = re.compile(f"[\ud800-\udfff{re.escape(forbidden)}]")
    for word in words:
        if found := ends.search(word):
            if found[0] not in forbidden:
                raise SkipgramError(
                    f"{path}: the word {word!r} is no Unicode text; replace it"
                )
            raise SkipgramError(
                f"{path}: the word {word!r} cannot be written, because one of "
                f"{forbidden!r} ends a word there; write .safetensors"
                + " or .npz"
                * ("\0" not in word)
            )
    return words


def check_first(words: list[str], path: Path) -> None:
    """Refuse a first word that begins as a mark of byte order does."""
    if words[0].startswith("\ufeff"):
        raise SkipgramError(
            f"{path}: the first word, {words[0]!r}, begins with a mark of "
            "byte order, which readers take off; write .safetensors or .npz"
        )
