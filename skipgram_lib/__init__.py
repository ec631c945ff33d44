"""The skip-gram network with its full softmax, trained exactly from counts.

Every module but this one is exported from a chapter of the book, a notebook
in `notebooks/`. This file lists the public names. A name's module is imported
when the name is first used: counting words then needs NumPy alone, and so it
runs where SciPy is not, as in a reader's browser.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from . import _interrupt  # noqa: F401  # before what takes time

if TYPE_CHECKING:  # what `_MODULES` says, for programs that read types
    from .backend import Backend, get_backend
    from .counts import Counts, count_pairs
    from .disk import load_counts, save_counts
    from .distributed import TextFiles, count_files, find_vocabulary
    from .errors import SkipgramError, UnknownWordError
    from .evaluation import evaluate_word_analogies, evaluate_word_pairs
    from .formats import load_vectors, save_vectors
    from .negative_sampling import NegativeSampling
    from .phrases import ENGLISH_CONNECTOR_WORDS, Phrases, learn_phrases
    from .training import SkipGram
    from .vectors import WordVectors
    from .vocabulary import (
        Vocabulary,
        encode_documents,
        load_sotu,
        read_documents,
        tokenize,
    )
    from .windows import training_pairs

__version__ = "0.1.0"

__all__ = [
    "Backend",
    "Counts",
    "ENGLISH_CONNECTOR_WORDS",
    "NegativeSampling",
    "Phrases",
    "SkipGram",
    "SkipgramError",
    "TextFiles",
    "UnknownWordError",
    "Vocabulary",
    "WordVectors",
    "count_files",
    "count_pairs",
    "encode_documents",
    "evaluate_word_analogies",
    "evaluate_word_pairs",
    "find_vocabulary",
    "get_backend",
    "learn_phrases",
    "load_counts",
    "load_sotu",
    "load_vectors",
    "read_documents",
    "save_counts",
    "save_vectors",
    "tokenize",
    "training_pairs",
]

# Which module holds each name.
_MODULES = {
    "Backend": "backend",
    "Counts": "counts",
    "ENGLISH_CONNECTOR_WORDS": "phrases",
    "NegativeSampling": "negative_sampling",
    "Phrases": "phrases",
    "SkipGram": "training",
    "SkipgramError": "errors",
    "TextFiles": "distributed",
    "UnknownWordError": "errors",
    "Vocabulary": "vocabulary",
    "WordVectors": "vectors",
    "count_files": "distributed",
    "count_pairs": "counts",
    "encode_documents": "vocabulary",
    "evaluate_word_analogies": "evaluation",
    "evaluate_word_pairs": "evaluation",
    "find_vocabulary": "distributed",
    "get_backend": "backend",
    "learn_phrases": "phrases",
    "load_counts": "disk",
    "load_sotu": "vocabulary",
    "load_vectors": "formats",
    "read_documents": "vocabulary",
    "save_counts": "disk",
    "save_vectors": "formats",
    "tokenize": "vocabulary",
    "training_pairs": "windows",
}


def __getattr__(name: str) -> Any:
    """Import a public name, or a module of the library, at its first use."""
    if name in _MODULES:
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value  # found without this function next time
        return value
    if not name.startswith("_") and name in {
        module.name for module in iter_modules(__path__)
    }:
        return import_module(f".{name}", __name__)
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; the names of each "
        "module are listed in the book's API page"
    )


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
