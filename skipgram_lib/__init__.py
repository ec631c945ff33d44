"""The skip-gram network with its full softmax, trained exactly from counts.

The packages of the library, each of which uses those before it: `story`, the
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
    from .counts.counts import Counts, count_pairs
    from .counts.streaming import count_files
    from .errors import SkipgramError, UnknownWordError
    from .model.sampling import NegativeSampling
    from .model.skipgram import PLAIN, SkipGram
    from .text.files import TextFiles, load_sotu
    from .text.phrases import Phrases
    from .text.vocabulary import Vocabulary
    from .vectors.analogies import evaluate_word_analogies
    from .vectors.evaluation import evaluate_word_pairs
    from .vectors.test_sets import find_test_set
    from .vectors.vectors import WordVectors, load_vectors


__version__ = "0.2.0.dev0"

__all__ = [
    "Counts",
    "NegativeSampling",
    "PLAIN",
    "Phrases",
    "SkipGram",
    "SkipgramError",
    "TextFiles",
    "UnknownWordError",
    "Vocabulary",
    "WordVectors",
    "count_files",
    "count_pairs",
    "evaluate_word_analogies",
    "evaluate_word_pairs",
    "find_test_set",
    "load_sotu",
    "load_vectors",
]

# Which module holds each name.
_MODULES = {
    "Counts": "counts.counts",
    "NegativeSampling": "model.sampling",
    "PLAIN": "model.skipgram",
    "Phrases": "text.phrases",
    "SkipGram": "model.skipgram",
    "SkipgramError": "errors",
    "TextFiles": "text.files",
    "UnknownWordError": "errors",
    "Vocabulary": "text.vocabulary",
    "WordVectors": "vectors.vectors",
    "count_files": "counts.streaming",
    "count_pairs": "counts.counts",
    "evaluate_word_analogies": "vectors.analogies",
    "evaluate_word_pairs": "vectors.evaluation",
    "find_test_set": "vectors.test_sets",
    "load_sotu": "text.files",
    "load_vectors": "vectors.vectors",
}

# Public names of version 0.1, and what takes their place.
_RENAMED = {
    "Backend": "skipgram_lib.backend.base.Backend",
    "ENGLISH_CONNECTOR_WORDS": (
        "skipgram_lib.text.phrases.ENGLISH_CONNECTOR_WORDS"
    ),
    "encode_documents": "count_pairs(documents), which finds the vocabulary",
    "find_vocabulary": "count_files(files, folder), which finds it",
    "get_backend": "skipgram_lib.backend.select.get_backend",
    "learn_phrases": "Phrases.learn(documents)",
    "load_counts": "Counts.load(folder), whose words are .vocabulary",
    "read_documents": "TextFiles(paths)",
    "save_counts": "counts.save(folder)",
    "save_vectors": "vectors.save(path)",
    "tokenize": "skipgram_lib.text.tokens.tokenize",
    "training_pairs": "skipgram_lib.counts.windows.training_pairs",
}


def __getattr__(name: str) -> Any:
    """Import a public name, or a package of the library, at its first use."""
    if name in _MODULES:
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value  # found without this function next time
        return value
    if not name.startswith("_") and name in {
        module.name for module in iter_modules(__path__)
    }:
        return import_module(f".{name}", __name__)
    if name in _RENAMED:  # no AttributeError: Python would hide the sentence
        raise ImportError(
            f"{name} was a name of version 0.1; use {_RENAMED[name]}"
        )
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; the names of each "
        "module are listed in the book's API page"
    )


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
