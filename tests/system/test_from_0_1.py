"""The page "From 0.1 to 0.2": all that 0.1 had is there, and leads on."""

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from importlib import import_module

import pytest

import skipgram_lib

PAGE = "book/from_0_1.md"
# Version 0.1: its public names, ...
NAMES = re.findall(
    r"\w+",
    """
    Backend Counts ENGLISH_CONNECTOR_WORDS NegativeSampling Phrases SkipGram
    SkipgramError TextFiles UnknownWordError Vocabulary WordVectors
    count_files count_pairs encode_documents evaluate_word_analogies
    evaluate_word_pairs find_vocabulary get_backend learn_phrases load_counts
    load_sotu load_vectors read_documents save_counts save_vectors tokenize
    training_pairs
    """,
)
# ... the parameters of those that are there still, ...
FIT = (
    "counts epochs lr batch_rows held_out lr_in start penalty objective "
    "checkpoint checkpoint_every resume"
)
TESTS = "restrict_vocab case_insensitive dummy4unknown"
PARAMETERS = {
    "Counts": "cells denominator keep settings",
    "NegativeSampling": "negative power shared uses_bias",
    "Phrases": (
        "documents min_count threshold scoring delimiter connector_words "
        "earlier"
    ),
    "Phrases.find_phrases": "",
    "Phrases.join": "document",
    "Phrases.load": "path",
    "Phrases.save": "path",
    "Phrases.score": "first second between",
    "Phrases.stream": "documents",
    "SkipGram": "vocabulary vector_size seed backend",
    "SkipGram.context_probabilities": "word",
    "SkipGram.fit": f"{FIT} progress",
    "SkipGram.fit_steps": FIT,
    "SkipGram.load": "folder backend",
    "SkipGram.predict_context": "word topn",
    "SkipGram.save": "folder",
    "SkipGram.word_vectors": "matrix",
    "TextFiles": "paths letters document errors",
    "Vocabulary": "words frequencies total_tokens",
    "Vocabulary.decode": "ids",
    "Vocabulary.encode": "tokens",
    "Vocabulary.from_counter": "counter max_size min_count",
    "Vocabulary.from_tokens": "documents max_size min_count",
    "WordVectors": "words matrix",
    "WordVectors.closer_than": "word other",
    "WordVectors.distance": "word other",
    "WordVectors.distances": "word others",
    "WordVectors.doesnt_match": "words",
    "WordVectors.get_mean_vector": (
        "keys weights pre_normalize post_normalize"
    ),
    "WordVectors.get_vector": "key norm",
    "WordVectors.most_similar": "positive negative topn restrict_vocab",
    "WordVectors.most_similar_cosmul": (
        "positive negative topn restrict_vocab"
    ),
    "WordVectors.most_similar_many": "queries topn restrict_vocab",
    "WordVectors.n_similarity": "words others",
    "WordVectors.on": "backend",
    "WordVectors.rank": "word other",
    "WordVectors.rank_by_centrality": "words",
    "WordVectors.save": "path",
    "WordVectors.similarity": "word other",
    "count_files": (
        "files vocabulary folder window shrink_windows sample side memory "
        "client progress wait"
    ),
    "count_pairs": (
        "documents vocabulary window shrink_windows sample side client"
    ),
    "evaluate_word_analogies": f"vectors analogies {TESTS} method",
    "evaluate_word_pairs": f"vectors pairs {TESTS}",
    "load_sotu": "",
    "load_vectors": (
        "path format limit dtype finite errors duplicates progress"
    ),
}
# ... its modules, ...
MODULES = re.findall(
    r"\w+",
    """
    backend checkpoints cli counts disk distributed errors evaluation
    exercises explorer formats hidden negative_sampling network phrases plots
    selftest softmax start training vectors vocabulary windows
    """,
)
# ... and the options of its program.
READING = "letters document errors"
COUNTING = "vocab-size min-count window sample full-windows"
VECTORS = "matrix limit format errors duplicates keep-nan json"
OPTIONS = {
    "": "version print-completion",
    "train": (
        f"{READING} counts memory phrases {COUNTING} vector-size seed backend "
        "tf32 objective start penalty epochs batch-rows lr lr-in plain out "
        "show checkpoint-every resume json"
    ),
    "count": f"{READING} {COUNTING} out memory workers scheduler json",
    "context": "topn json",
    "similar": f"{VECTORS} topn backend",
    "analogy": f"{VECTORS} method topn backend",
    "odd": VECTORS,
    "evaluate": (
        f"{VECTORS} pairs analogies backend method restrict-vocab "
        "case-sensitive"
    ),
    "convert": f"{VECTORS} dtype to",
    "map": f"{VECTORS} out words method seed",
    "explorer": f"{READING} counts out snapshots no-journey json",
    "selftest": "backend tf32 sizes vector-size json",
}


@pytest.fixture(scope="module")
def page(root):
    """Return the text of the page."""
    return (root / PAGE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(page):
    """Return the rows of each section's table, as lists of cells."""
    found = {}
    for section in page.split("\n## ")[1:]:
        rows = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
        cells = [row.split(" | ") for row in rows]
        found[section.partition("\n")[0]] = cells[2:]
    return found


def find(name):
    """Return what a dotted name stands for, in a module of the library."""
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            value = import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            value = getattr(value, part)
        return value
    raise AttributeError(name)


# --- Names -------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_the_same_or_leads_to_another(name, page, tables):
    rows = [row for row in tables["Names"] if re.match(rf"`{name}\b", row[0])]
    if name in skipgram_lib.__all__:
        assert rows == []
        same = page.split("## Names")[1].split("The others:")[0]
        assert f"`{name}`" in same
    else:
        ((_, new),) = rows
        with pytest.raises(ImportError, match=f"{name} was a name of"):
            getattr(skipgram_lib, name)
        assert re.search(r"`(skipgram_lib\.|\w+[.(])", new)


def test_every_name_that_the_page_gives_exists(page):
    before, _, rest = page.partition("The same for 0.2:")
    names = set(re.findall(r"`(skipgram_lib(?:\.\w+)+)", before + rest))
    assert len(names) > 8
    for name in sorted(names):
        assert find(name) is not None, name


def test_names_of_modules_have_moved_to_where_the_page_says(tables):
    rows = tables["Modules"]
    assert {old.strip("`") for old, *_ in rows} == set(MODULES)
    for _, names, new in rows:
        module = import_module(f"skipgram_lib.{new.strip('`')}")
        for name in re.findall(r"`(\w+)`(?! →)", names):
            assert hasattr(module, name), f"{new} has no {name}"


# --- Parameters --------------------------------------------------------------


@pytest.mark.parametrize("function", PARAMETERS)
def test_a_parameter_is_the_same_or_leads_to_another(function, tables):
    old = " ".join(row[0] for row in tables["Parameters"])
    value = find(f"skipgram_lib.{function}")
    there = set(inspect.signature(value).parameters)
    for name in PARAMETERS[function].split():
        told = function.replace("fit_steps", "fit")
        if name not in there:
            assert f"`{told}({name}=)`" in old, name


# --- The program -------------------------------------------------------------


def run(*command, **settings):
    """Run a program; return what it was and what it printed."""
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        **settings,
    )


@cache
def help_page(command):
    """Return the help of a command, or of the program."""
    given = [command] if command else []
    result = run("-m", "skipgram_lib", *given, "--help")
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("command", OPTIONS)
def test_an_option_is_the_same_or_leads_to_another(command, tables):
    listed = set(re.findall(r"--[\w-]+", help_page(command)))
    for name in OPTIONS[command].split():
        option = f"--{name}"
        if option not in listed:
            rows = [
                row
                for row in tables["The program"]
                if row[0].split()[0].strip("`") == option
            ]
            ((_, new, _),) = rows
            assert set(re.findall(r"--[\w-]+", new)) <= listed, new


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, f"--{name}")
        for command, names in OPTIONS.items()
        for name in names.split()
        if name in {"vocab-size", "full-windows", "start", "no-journey"}
    ],
)
def test_an_old_option_is_refused_with_the_new_one(command, option, tables):
    (new,) = (
        re.findall(r"--[\w-]+", row[1])[0]
        for row in tables["The program"]
        if row[0].split()[0].strip("`") == option
    )
    result = run("-m", "skipgram_lib", command, option, "1", "text.txt")
    assert result.returncode == 2
    assert new in result.stderr


# --- The script --------------------------------------------------------------

# What the script for 0.1 printed in version 0.1, on the text of the test.
PRINTED = [
    [("tax", 0.2678), ("reform", 0.0427), ("program_designed", 0.0357)],
    [("reform", 0.8552), ("reduction", 0.8353), ("program_designed", 0.8275)],
    5.8369,
]


@pytest.mark.slow
def test_the_new_script_prints_what_the_old_one_printed(page, tmp_path):
    old, new, plain = re.findall(
        r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    ast.parse(old)
    lines = [" ".join(d[:500]) for d in skipgram_lib.load_sotu()[::5]]
    text = tmp_path / "my_texts" / "a.txt"
    text.parent.mkdir()
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("-c", new + plain, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    context, near, loss = map(ast.literal_eval, result.stdout.splitlines())
    for found, expected in zip((context, near), PRINTED, strict=False):
        words = dict(found[:3])
        assert list(words) == [word for word, _ in expected]
        assert list(words.values()) == pytest.approx(
            [number for _, number in expected], abs=2e-3
        )
    assert loss == pytest.approx(PRINTED[2], abs=2e-3)
