"""The folder of a model: its words, its arrays, and a manifest about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError, check_at_least, printable
from skipgram_lib.storage.folders import (
    FolderKind,
    StoredFolder,
    check_folder,
    read_folder,
    read_steadily,
    write_folder,
)
from skipgram_lib.text.vocabulary import Vocabulary
from skipgram_lib.text.vocabulary_files import (
    CONTEXTS,
    WORDS,
    add_vocabularies,
    read_vocabularies,
)

WEIGHTS = "weights.safetensors"
MODEL = FolderKind(
    "a model",
    "model.json",
    (WORDS, CONTEXTS, WEIGHTS),
    "train the model again",
)
FORMAT_VERSION = 4
READABLE_VERSIONS = range(1, FORMAT_VERSION + 1)


@dataclass(frozen=True)
class ModelFolder:
    """What the folder of a model holds.

    Attributes
    ----------
    about : dict
        What the manifest says, beside format, version and files.
    vocabulary, contexts : Vocabulary
        The words of the centres, and of the contexts; mostly one object.
    arrays : dict
        The weights by name, on the host.
    """

    about: dict[str, Any]
    vocabulary: Vocabulary
    contexts: Vocabulary
    arrays: dict[str, Array]


def is_model_folder(path: str | Path) -> bool:
    """Whether a path is the folder of a model."""
    return Path(path, MODEL.manifest).is_file()


def check_model_folder(folder: str | Path) -> Path:
    """Return where a model is written, or refuse it before any work."""
    return check_folder(folder, MODEL)


def write_model_folder(folder: str | Path, model: ModelFolder) -> None:
    """Write the folder of a model, all of it, or the older one stays."""
    from safetensors.numpy import save

    arrays = {n: np.ascontiguousarray(a) for n, a in model.arrays.items()}
    with write_folder(folder, MODEL) as new:
        words = add_vocabularies(new, model.vocabulary, model.contexts)
        new.add(WEIGHTS, [save(arrays)])
        new.finish(
            {
                "format": "skip-gram model",
                "format_version": FORMAT_VERSION,
                **words,
                **model.about,
            }
        )


def read_model_folder(folder: str | Path) -> ModelFolder:
    """Read the folder of a model, and check all of its files.

    Raises
    ------
    SkipgramError
        If the folder is not there, incomplete, damaged, or of a version
        that this library does not know.
    """
    return read_steadily(
        Path(folder, MODEL.manifest), lambda: read_once(folder)
    )


def read_once(folder: str | Path) -> ModelFolder:
    """Read the folder of a model as it is now."""
    stored = read_folder(folder, MODEL)
    check_model_version(stored)
    stored.check_sums()
    words = read_vocabularies(stored)
    found = ModelFolder(stored.about, *words, read_weights(stored))
    with refuse_misfits(folder):
        check_sizes(found)
    return found


def check_sizes(found: ModelFolder) -> None:
    """Raise a TypeError if a model's files are not of the same sizes."""
    V = len(found.vocabulary)
    C = len(found.contexts)
    D = check_at_least("vector_size", found.about["vector_size"], 1)
    shapes = {name: array.shape for name, array in found.arrays.items()}
    if shapes != {"W_in": (V, D), "W_out": (C, D), "bias": (C,)}:
        raise TypeError(f"{V} words, {C} contexts, arrays of shapes {shapes}")
    if (size := found.about["vocabulary_size"]) != V:
        raise TypeError(f"{V} words, and {size} in another place")
    dtypes = {str(array.dtype) for array in found.arrays.values()}
    if len(dtypes) > 1 or not dtypes <= {"float32", "float64"}:
        raise TypeError(f"arrays of {' and '.join(sorted(dtypes))}")


@contextmanager
def refuse_misfits(folder: str | Path) -> Iterator[None]:
    """Turn errors of parts that do not fit into one that says so."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SkipgramError(
            f"the files in {printable(folder)} do not fit together ({error}); "
            "train again"
        ) from error


def check_model_version(stored: StoredFolder) -> None:
    """Refuse a model that another version of the format describes."""
    stored.check_version(READABLE_VERSIONS)
    version = stored.about["format_version"]
    sums = stored.about.get("sha256")
    in_version_2 = isinstance(sums, dict) and MODEL.manifest in sums
    if version != 1 and not in_version_2 and "seal" not in stored.about:
        raise stored.damaged(
            stored.folder / MODEL.manifest, "it has no checksum"
        )


def read_weights(stored: StoredFolder) -> dict[str, Array]:
    """Read the arrays of a model."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = stored.path(WEIGHTS)
    try:
        return dict(load_file(path))
    except (OSError, ValueError, SafetensorError) as error:
        raise stored.damaged(path, error) from error
