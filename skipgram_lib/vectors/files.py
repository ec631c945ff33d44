"""Word vectors from a file or a folder, and to one."""

from pathlib import Path

from numpy.typing import DTypeLike

from skipgram_lib.vectors.formats.common import LoadOptions
from skipgram_lib.vectors.formats.registry import read_vectors
from skipgram_lib.vectors.vectors import WordVectors


def load_vectors(
    path: str | Path,
    format: str | None = None,
    limit: int | None = None,
    dtype: DTypeLike | None = None,
    finite: bool = True,
    errors: str = "strict",
    duplicates: str = "error",
    progress: bool | None = None,
) -> WordVectors:
    """Read word vectors from a file or a folder.

    Parameters
    ----------
    path : str or Path
        A file whose name ends in .bin, .txt or .vec, also with .gz, in .npz
        or in .safetensors; the folder of `SkipGram.save`, or one for
        TensorBoard's projector. Text without a first line of two whole
        numbers is read as GloVe's.
    format : str, optional
        A key of `formats.registry.FORMATS`, instead of the ending.
    limit : int, optional
        Read only so many vectors, the first ones.
    dtype : {"float16", "float32", "float64"}, optional
        Type of the numbers; default: the file's own, or float32 for text.
    finite : bool
        False keeps NaN and infinite values, instead of refusing them.
    errors : {"strict", "replace"}
        "replace" puts U+FFFD for what is not UTF-8.
    duplicates : {"error", "first"}
        "first" keeps the first of equal words.
    progress : bool, optional
        Show a bar; default: where stderr is a terminal.

    Returns
    -------
    WordVectors
        Those of a safetensors file are mapped read-only, and not searched
        for NaN.

    Raises
    ------
    SkipgramError
        If the file is missing, damaged, or of another format; names the
        line, byte or vector. A pickle is refused, never loaded.
    """
    options = LoadOptions(
        format, limit, dtype, finite, errors, duplicates, progress
    )
    words, matrix = read_vectors(Path(path), options)
    return WordVectors(words, matrix)


def save_vectors(
    vectors: WordVectors,
    path: str | Path,
    format: str | None = None,
    dtype: DTypeLike | None = None,
    finite: bool = True,
    progress: bool | None = None,
) -> Path:
    """Write word vectors to a file or a folder, all of it or nothing.

    Parameters
    ----------
    vectors : WordVectors
        V words with D numbers each, at least one of each.
    path, format, dtype, finite, progress
        As in `WordVectors.save`.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    SkipgramError
        If the format cannot hold a word or a value, or writing fails.
    """
    return vectors.save(path, format, dtype, finite, progress)
