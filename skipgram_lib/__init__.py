"""The skip-gram network with its full softmax, trained exactly from counts.

Every module but this one is exported from a chapter of the book, a notebook
in `notebooks/`. This file lists the public names.
"""

from . import _interrupt  # noqa: F401  # before what takes time
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
