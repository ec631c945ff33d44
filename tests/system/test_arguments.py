"""Whatever is passed in: the right answer, or an error that names it.

Each public function, method and class has a valid call here. One argument
after the other is replaced by things that it cannot be. What comes out is a
value, or a `SkipgramError`, and never a warning. To run the calls of one room:
``pytest tests/system/test_arguments.py -k counts`` (or text, vectors, model,
apps, backend).
"""

import ast
import inspect
import json
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import ROOT

import skipgram_lib
from skipgram_lib import (
    NegativeSampling,
    Phrases,
    SkipGram,
    SkipgramError,
    TextFiles,
    Vocabulary,
    WordVectors,
    count_pairs,
)
from skipgram_lib.errors import printable
from skipgram_lib.model.callbacks import Checkpointing

# Names in guides that show the inside: their arrays come from the library.
INSIDE = {
    "Backend", "Network", "check_agreement", "describe_machine",
    "entropy_floor", "main", "nearest_ids", "on_host", "principal_plane",
    "quantise", "random_text_counts", "rows_of", "run_selftest",
    "snapshot_steps", "softmax", "time_pass", "unigram_entropy", "unit_rows",
}  # fmt: skip
# What only the library itself calls, of classes that are public.
INNER = {"Counts.header", "Counts.pieces", "Phrases.use"}
MAIN = "skipgram_lib"
OPERATORS = ("__add__", "__contains__", "__getitem__")


def closed_file():
    """A file that was closed."""
    with open(__file__, encoding="utf-8") as file:
        return file


def matrix():
    """What NumPy itself advises against, by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asmatrix(np.zeros((2, 2)))


# Things that no argument can be; each is made anew for each call.
NEVER = {
    "object": object,
    "closed file": closed_file,
    "complex": lambda: 1j,
    "module": lambda: np,
}
THINGS = NEVER | {
    "None": lambda: None,
    "bytes": lambda: b"a",
    "number": lambda: 3,
    "below 0": lambda: -1,
    "fraction": lambda: 2.5,
    "True": lambda: True,
    "NaN": lambda: np.nan,
    "infinite": lambda: np.inf,
    "beyond floats": lambda: 10**400,
    "below floats": lambda: -(10**400),
    "word": lambda: "x",
    "no letter": lambda: "",
    "NUL": lambda: "a\0b",
    "half character": lambda: "\ud800",
    "long": lambda: "a" * 5_000,
    "empty list": list,
    "list in a list": lambda: [[]],
    "list of None": lambda: [None],
    "list of objects": lambda: [object(), 3],
    "list of NaN": lambda: [np.nan],
    "dictionary": dict,
    "dictionary of objects": lambda: {"a": object()},
    "set": lambda: {1},
    "function": lambda: abs,
    "one number": lambda: np.array(3),
    "table": lambda: np.zeros((2, 2)),
    "cube": lambda: np.zeros((2, 2, 2)),
    "matrix": matrix,
    "array of objects": lambda: np.array([None, "a"], object),
    "array of words": lambda: np.array(["a", "b"]),
    "NumPy's number": lambda: np.float32(0.5),
    "NumPy's word": lambda: np.str_("x"),
    "generator": lambda: (word for word in "ab"),
    "path": lambda: Path("no such file"),
    "type": lambda: int,
}
# How a value, and what else a parameter may be called in a message.
TEXTS = (repr, str, lambda value: printable(str(value)))
WORD = ("word",)
ALSO = {
    "documents": ("token", "text"), "every": ("seconds",), "keys": WORD,
    "counter": ("count", "text"), "items": ("token", "text"),
    "paths": ("file",), "negative": WORD, "others": WORD,
    "positive": WORD, "queries": WORD,
}  # fmt: skip
# These would train, draw or ask for memory without end: they are right.
ENDLESS = {("SkipGram", "epochs")}


# What is public, found in the library itself


@cache
def imported_by_guides():
    """Names that the guides import: {name: module}."""
    found = {}
    for path in (ROOT / "notebooks").glob("guide_*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            lines = [x for x in cell["source"] if not x.startswith(("%", "!"))]
            if cell["cell_type"] != "code":
                continue
            for node in ast.walk(ast.parse("".join(lines))):
                if isinstance(node, ast.ImportFrom):
                    found |= {name.name: node.module for name in node.names}
    return found


def methods(kind):
    """Public methods of a class, and the operators that it defines."""
    for name in dir(kind):
        found = getattr(kind, name)
        bound = inspect.ismethod(found) or isinstance(
            inspect.getattr_static(kind, name), staticmethod
        )
        asked = not name.startswith("_") or name in OPERATORS
        if asked and (inspect.isfunction(found) or inspect.ismethod(found)):
            parameters = plain_parameters(inspect.signature(found))
            if "run" not in parameters:  # a callback's: training calls it
                yield name, parameters[0 if bound else 1 :]


@cache
def surface():
    """All that is public: {"room: name": parameters}."""
    names = imported_by_guides() | dict.fromkeys(skipgram_lib.__all__, MAIN)
    found = {}
    for name, module in sorted(names.items()):
        if name in INSIDE or not module.startswith(MAIN):
            continue
        thing = getattr(import_module(module), name)
        if not callable(thing) or name.endswith("Error"):
            continue
        room = thing.__module__.split(".")[1]
        signature = inspect.signature(thing)
        found[name] = room, plain_parameters(signature)
        if inspect.isclass(thing):
            for method, parameters in methods(thing):
                if f"{name}.{method}" not in INNER:
                    found[f"{name}.{method}"] = room, parameters
    return found


def plain_parameters(signature):
    """Names of parameters, without those that stand for any others."""
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]


# A valid call of each


DOCUMENTS = [["a", "b", "c"] * 5, ["b", "a"] * 3]
SMALL = {"vector_size": 2, "epochs": 1, "backend": "numpy", "progress": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the calls are made with."""
    folder = tmp_path_factory.mktemp("made")
    vocabulary = Vocabulary.from_tokens(DOCUMENTS)
    counts = count_pairs(DOCUMENTS, vocabulary=vocabulary)
    model = SkipGram(**SMALL).fit(counts)
    phrases = Phrases(DOCUMENTS, min_count=1, threshold=0.1)
    vectors = WordVectors(["a", "b", "c"], np.tri(3))
    (folder / "text.txt").write_text("one two three one two " * 9)
    (folder / "pairs.tsv").write_text("a\tb\t1\na\tc\t2\nb\tc\t4\n")
    (folder / "combined.csv").write_text("a,b,1\n")
    (folder / "analogies.txt").write_text(": letters\na b c a\nb c a b\n")
    vocabulary.save(folder / "words.json")
    counts.save(folder / "counts")
    model.save(folder / "model")
    phrases.save(folder / "phrases.json")
    vectors.save(folder / "vectors.txt", progress=False)
    files = TextFiles(folder / "text.txt")
    return SimpleNamespace(**locals())


def examples(made):
    """Objects whose methods are called."""
    return {
        "Counts": made.counts,
        "NegativeSampling": NegativeSampling(),
        "Phrases": made.phrases,
        "TextFiles": made.files,
        "Vocabulary": made.vocabulary,
        "WordVectors": made.vectors,
        "Checkpointing": Checkpointing(made.folder),
        "SkipGram": made.model,
    }


def calls(made):
    """Arguments of a valid call of each, without those with a default."""
    words = {"word": "a", "other": "b"}
    documents = {"documents": DOCUMENTS}
    folder = made.folder
    return {
        "Checkpointing": {"folder": "checkpoints"},
        "Counts": vars(made.counts.header()) | {"cells": made.counts.cells},
        "Counts.__add__": {"other": made.counts},
        "Counts.load": {"folder": folder / "counts"},
        "Counts.matrix": {},
        "Counts.save": {"folder": "counts"},
        "Counts.table": {},
        "NegativeSampling": {},
        "NegativeSampling.over": {
            "N": made.counts.matrix(), "contexts": made.vocabulary,
        },
        "Phrases": documents,
        "Phrases.__getitem__": {"documents": DOCUMENTS},
        "Phrases.find_phrases": {},
        "Phrases.join": {"document": ["a", "b"]},
        "Phrases.learn": documents | {"threshold": 0.1, "min_count": 1},
        "Phrases.load": {"path": folder / "phrases.json"},
        "Phrases.passes": {},
        "Phrases.save": {"path": "phrases.json"},
        "Phrases.score": {"first": "a", "second": "b"},
        "Phrases.stream": documents,
        "SkipGram": SMALL,
        "SkipGram.context_probabilities": {"word": "a"},
        "SkipGram.fit": {"counts": made.counts},
        "SkipGram.fit_steps": {"counts": made.counts},
        "SkipGram.get_params": {},
        "SkipGram.load": {"folder": folder / "model", "backend": "numpy"},
        "SkipGram.predict_context": {"word": "a"},
        "SkipGram.save": {"folder": "model"},
        "SkipGram.set_params": {},
        "SkipGram.word_vectors": {},
        "TextFiles": {"paths": folder / "text.txt"},
        "Vocabulary": made.vocabulary.as_dict(),
        "Vocabulary.__contains__": {"word": "a"},
        "Vocabulary.__getitem__": {"word": "a"},
        "Vocabulary.as_dict": {},
        "Vocabulary.decode": {"ids": [0, 1]},
        "Vocabulary.encode": {"tokens": ["a", "b"]},
        "Vocabulary.from_counter": {"counter": Counter("aab")},
        "Vocabulary.from_dict": {"content": made.vocabulary.as_dict()},
        "Vocabulary.from_items": {
            "items": [("a", 2)], "max_size": 2, "min_count": 1,
        },
        "Vocabulary.from_tokens": documents,
        "Vocabulary.load": {"path": folder / "words.json"},
        "Vocabulary.save": {"path": "words.json"},
        "WordVectors": {"words": ["a", "b"], "matrix": np.eye(2)},
        "WordVectors.__contains__": {"word": "a"},
        "WordVectors.__getitem__": {"word": "a"},
        "WordVectors.closer_than": words,
        "WordVectors.cosine_similarities": {
            "vector": np.ones(2), "rows": np.eye(2),
        },
        "WordVectors.distance": words,
        "WordVectors.distances": {"word": "a"},
        "WordVectors.doesnt_match": {"words": ["a", "b", "c"]},
        "WordVectors.get_index": {"word": "a"},
        "WordVectors.get_mean_vector": {"keys": ["a", "b"]},
        "WordVectors.get_normed_vectors": {},
        "WordVectors.get_vector": {"key": "a"},
        "WordVectors.has_index_for": {"word": "a"},
        "WordVectors.load": {"path": folder / "vectors.txt"},
        "WordVectors.load_word2vec_format": {"path": folder / "vectors.txt"},
        "WordVectors.most_similar": {"positive": "a"},
        "WordVectors.most_similar_cosmul": {"positive": ["a"]},
        "WordVectors.most_similar_many": {"queries": ["a"]},
        "WordVectors.most_similar_to_given": {"word": "a", "words": ["b"]},
        "WordVectors.n_similarity": {"words": ["a"], "others": ["b"]},
        "WordVectors.on": {"backend": "numpy"},
        "WordVectors.rank": words,
        "WordVectors.rank_by_centrality": {"words": ["a", "b"]},
        "WordVectors.save": {"path": "vectors.txt", "progress": False},
        "WordVectors.save_word2vec_format": {"path": "vectors.txt"},
        "WordVectors.similar_by_key": {"key": "a"},
        "WordVectors.similar_by_vector": {"key": np.ones(3)},
        "WordVectors.similar_by_word": {"key": "a"},
        "WordVectors.similarity": words,
        "WordVectors.words_closer_than": words,
        "connect": {},
        "count_files": {
            "files": made.files, "folder": "counted", "progress": False,
        },
        "count_pairs": documents,
        "evaluate_word_analogies": {
            "vectors": made.vectors, "analogies": folder / "analogies.txt",
        },
        "evaluate_word_pairs": {
            "vectors": made.vectors, "pairs": folder / "pairs.tsv",
        },
        "find_test_set": {"name": "wordsim353", "folder": folder},
        "get_backend": {"name": "numpy"},
        "load_sotu": {},
        "load_vectors": {"path": folder / "vectors.txt", "progress": False},
        "plot_context_probabilities": {"model": made.model, "word": "a"},
        "plot_loss": {"history": made.model.history},
        "plot_neighbours": {"vectors": made.vectors, "word": "a"},
        "plot_word_map": {
            "vectors": made.vectors, "positions": np.eye(3, 2),
        },
        "save_explorer": {
            "model": made.model, "counts": made.counts, "folder": "page",
            "progress": False, "snapshots": 0,
        },
        "save_map": {
            "vectors": made.vectors, "path": "map.html", "method": "pca",
        },
        "word_map_positions": {"vectors": made.vectors, "method": "pca"},
    }  # fmt: skip


def test_every_public_name_has_a_valid_call(made):
    assert not surface().keys() ^ calls(made).keys()


def function_of(name, made):
    """Return what is called, given the name of something public."""
    if name == "SkipGram":  # its settings are checked when it is trained
        return lambda **settings: SkipGram(**settings).fit(made.counts)
    if name in ("SkipGram.fit", "SkipGram.fit_steps"):
        return getattr(SkipGram(**SMALL), name.split(".")[1])
    owner, _, method = name.partition(".")
    if method:
        return getattr(examples(made)[owner], method)
    return getattr(import_module(imported_by_guides().get(name, MAIN)), name)


def outcome(function, arguments):
    """What a call gives: "value", or its error; warnings are errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = function(**arguments)
            if isinstance(found, Iterable):  # some come one by one
                list(islice(iter(found), 3))
    except Exception as error:
        return error
    return "value"


def fault(name, parameter, kind, value, got):
    """Say what is wrong with an outcome; None: nothing."""
    shown = f"{parameter} = {kind}"
    if isinstance(got, str):
        asked = name.endswith("__contains__") or "has_index" in name
        return f"{shown} is taken" if kind in NEVER and not asked else None
    if "closed file" in str(got):  # what a list raises is its own
        return None
    if not isinstance(got, SkipgramError):
        return f"{shown}: {type(got).__name__}: {got!s:.100}"
    said = str(got)
    words = [parameter.lower().rstrip("s"), *ALSO.get(parameter, ())]
    named = any(word in said.lower() for word in words)
    if not (named or any(text(value)[:30] in said for text in TEXTS)):
        return f"{shown} is not named in: {said:.150}"
    return None


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder for whatever is written."""
    monkeypatch.chdir(tmp_path)
    yield
    plots = import_module("matplotlib.pyplot")
    plots.close("all")


@pytest.mark.parametrize(
    "name", [f"{room}-{name}" for name, (room, _) in surface().items()]
)
def test_what_an_argument_cannot_be_is_said(made, name):
    name = name.partition("-")[2]
    valid = calls(made)[name]
    assert outcome(function_of(name, made), valid) == "value"
    faults = []
    for parameter in surface()[name][1]:
        for kind, make in THINGS.items():
            if "floats" in kind and (name, parameter) in ENDLESS:
                continue
            value = make()
            function = function_of(name, made)
            got = outcome(function, valid | {parameter: value})
            faults.append(fault(name, parameter, kind, value, got))
    if any(faults):
        pytest.fail("\n".join(filter(None, faults)), pytrace=False)
