"""The skip-gram network with its full softmax, trained exactly from counts.

The rooms of the library, each of which uses those before it: `story`, the
plain form of each idea; `backend`, NumPy or CuPy; `text`, words and phrases;
`counts` and `vectors`; `model`, the network and its training; `apps`, the
program, the pictures, the explorer.

Code that is the model is exported from a chapter of the book, a notebook in
`notebooks/`; the first line of such a module says which. All else is plain
Python: files and formats, what stands on the disk, counting on a cluster, and
everything in `apps`.

This file lists the public names. A name's module is imported when the name is
first used: counting words then needs NumPy alone, and so it runs where SciPy
is not, as in a reader's browser.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what `_MODULES` says, for programs that read types
    from .backend.base import Backend
    from .backend.select import get_backend
    from .counts.counts import Counts, count_pairs
    from .counts.store import load_counts, save_counts
    from .counts.streaming import count_files, find_vocabulary
    from .counts.windows import training_pairs
    from .errors import SkipgramError, UnknownWordError
    from .model.sampling import NegativeSampling
    from .model.skipgram import SkipGram
    from .text.files import TextFiles, load_sotu, read_documents
    from .text.phrases import ENGLISH_CONNECTOR_WORDS, Phrases, learn_phrases
    from .text.tokens import tokenize
    from .text.vocabulary import Vocabulary, encode_documents
    from .vectors.analogies import evaluate_word_analogies
    from .vectors.evaluation import evaluate_word_pairs
    from .vectors.files import load_vectors, save_vectors
    from .vectors.vectors import WordVectors


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
    "Backend": "backend.base",
    "Counts": "counts.counts",
    "ENGLISH_CONNECTOR_WORDS": "text.phrases",
    "NegativeSampling": "model.sampling",
    "Phrases": "text.phrases",
    "SkipGram": "model.skipgram",
    "SkipgramError": "errors",
    "TextFiles": "text.files",
    "UnknownWordError": "errors",
    "Vocabulary": "text.vocabulary",
    "WordVectors": "vectors.vectors",
    "count_files": "counts.streaming",
    "count_pairs": "counts.counts",
    "encode_documents": "text.vocabulary",
    "evaluate_word_analogies": "vectors.analogies",
    "evaluate_word_pairs": "vectors.evaluation",
    "find_vocabulary": "counts.streaming",
    "get_backend": "backend.select",
    "learn_phrases": "text.phrases",
    "load_counts": "counts.store",
    "load_sotu": "text.files",
    "load_vectors": "vectors.files",
    "read_documents": "text.files",
    "save_counts": "counts.store",
    "save_vectors": "vectors.files",
    "tokenize": "text.tokens",
    "training_pairs": "counts.windows",
}


def __getattr__(name: str) -> Any:
    """Import a public name, or a room of the library, at its first use."""
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
