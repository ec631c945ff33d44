"""Throw odd input at the library: only our own errors may come out.

    python tests/common/fuzz_inputs.py --inputs 50000 [--seed 0] [--part NAME]

Hypothesis makes the input, of three kinds in turn. Vocabularies: counts,
words and tokens of any type and size. Counting: documents of words and of
ids, good and bad, and settings out of range; what is counted must equal a
count by brute force. Models: folders whose files are changed, cut short,
swapped, missing, or well formed and wrong. Each must end in the right
answer or in a SkipgramError, within seconds and a gigabyte of memory.
tests/system/test_limits.py runs a few hundred; this program runs as many as
asked, and ends with 1 if a single one went wrong.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from fuzz_formats import changed, limit_memory
from helpers import slow_cells
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from skipgram_lib import (
    SkipGram,
    SkipgramError,
    UnknownWordError,
    Vocabulary,
    count_pairs,
)
from skipgram_lib.text.tokens import tokenize
from skipgram_lib.text.vocabulary import (
    encode_documents,
    fingerprint,
    one_hot,
)

SECONDS = 20  # for one input; most take a thousandth of that
LIMITS = [2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, 10**400]
KINDS = ["i1", "u1", "i4", "i8", "u8", "f4", "f8", "?", "c16", "O", "U2"]
integers = st.one_of(
    st.integers(-3, 9),
    st.sampled_from(LIMITS).flatmap(
        lambda n: st.sampled_from([n, -n, n - 1, 1 - n])
    ),
)
letters = st.text("abcdé\u0301\0\n\ud800\u2028 '", max_size=3)
words = st.one_of(
    st.sampled_from("abcde"), letters, letters.map(np.str_), st.text()
)


class Odd:
    """Something that no function here expects."""

    def __repr__(self):
        return "Odd()"


@st.composite
def arrays(draw):
    """Draw an array of any kind, of few numbers."""
    shape = draw(st.sampled_from([(), (0,), (1,), (3,), (5,), (2, 2), (0, 3)]))
    numbers = draw(st.lists(st.integers(-2, 120), min_size=8, max_size=8))
    size = int(np.prod(shape))
    return (
        np.resize(np.array(numbers), size)
        .reshape(shape)
        .astype(draw(st.sampled_from(KINDS)))
    )


plain = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    st.floats(),
    words,
    st.binary(max_size=3),
    st.builds(Odd),
    arrays(),
    st.integers(-2, 9).map(np.int64),
    st.sampled_from([np.float32("nan"), np.bool_(True), np.uint8(200)]),
)
anything = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(words, inner, max_size=2),
    ),
    max_leaves=4,
)
token_lists = st.lists(words, max_size=9)
ids = st.builds(
    np.array,
    st.lists(st.integers(0, 4), max_size=9),
    st.sampled_from(["i1", "u1", "i2", "i4", "u4", "i8", "u8"]),
)


@st.composite
def documents(draw, odd):
    """Draw documents, good ones or some that are not, as they are passed."""
    kinds = [token_lists, ids, token_lists.map(tuple)]
    if odd:
        kinds += [anything, st.lists(anything, max_size=3), arrays()]
    return draw(st.lists(st.one_of(kinds), max_size=5))


@contextmanager
def time_limit(seconds=SECONDS):
    """Raise a TimeoutError if the block takes longer."""

    def late(number, frame):
        raise TimeoutError(f"still not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answer(function, *arguments, **more):
    """Call a function: its answer, or the SkipgramError that it raises."""
    try:
        with time_limit():
            return function(*arguments, **more)
    except SkipgramError as error:
        assert str(error), "an error without a sentence"
        assert len(str(error)) < 2_000, str(error)[:200]
        return error


def failed(result):
    """Whether a call ended in an error."""
    return isinstance(result, SkipgramError)


# Vocabularies


def check_vocabulary(vocabulary, counter, max_size, min_count):
    """Compare a vocabulary with a count by hand."""
    ranked = sorted(counter, key=lambda word: (-counter[word], word))
    wanted = [w for w in ranked if counter[w] >= min_count][:max_size]
    assert vocabulary.words == wanted
    assert vocabulary.frequencies.tolist() == [counter[w] for w in wanted]
    assert vocabulary.total_tokens == sum(counter.values())
    assert 0 < vocabulary.coverage <= 1
    assert len(fingerprint(vocabulary.words)) == 16


def try_tokens(draw):
    """Make a vocabulary of documents, in both ways."""
    texts = draw(documents(odd=draw(st.booleans())))
    sizes = st.one_of(st.none(), st.integers(1, 9), anything)
    size, least = draw(sizes), draw(st.one_of(st.just(1), integers, anything))
    made = answer(Vocabulary.from_tokens, texts, size, least)
    again = answer(encode_documents, texts, size, least)
    assert failed(made) == failed(again), (made, again)
    if failed(made):
        return made
    counter = Counter(token for text in texts for token in text)
    check_vocabulary(made, counter, size, least)
    check_vocabulary(again[0], counter, size, least)
    for tokens, encoded in zip(texts, again[1], strict=True):
        assert encoded.tolist() == made.encode(tokens).tolist()
    return made


def try_counter(draw):
    """Make a vocabulary of a count that came from elsewhere."""
    counts = st.dictionaries(words, integers, max_size=5)
    odd = st.one_of(
        counts, st.dictionaries(words, anything, max_size=3), anything
    )
    counter, size = draw(odd), draw(st.none() | integers)
    made = answer(Vocabulary.from_counter, counter, size, draw(integers))
    if not failed(made):
        assert all(
            counter[w] == n
            for w, n in zip(made.words, made.frequencies.tolist(), strict=True)
        )
    return made


def try_parts(draw):
    """Make a vocabulary of its parts, as the reader of a model does."""
    some = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    numbers = st.lists(integers, min_size=len(some), max_size=len(some))
    frequencies = draw(st.one_of(numbers, numbers, numbers, anything))
    total = draw(st.one_of(st.just(2**70), integers, anything))
    some = draw(st.one_of(st.just(some), st.just(some), anything))
    made = answer(Vocabulary, some, frequencies, total)
    if not failed(made):
        assert made.words == list(some)
        assert made.frequencies.tolist() == list(frequencies)
        assert made.total_tokens == total >= made.frequencies.sum()
    return made


def try_questions(draw):
    """Ask a vocabulary of four words."""
    known = Vocabulary(["a", "b", "\ud800", " "], [4, 3, 2, 1], 10)
    tokens = draw(st.one_of(token_lists, anything))
    encoded = answer(known.encode, tokens)
    if not failed(encoded):
        wanted = [known.words.index(t) for t in tokens if is_known(t, known)]
        assert encoded.tolist() == wanted, (encoded, wanted)
    numbers = draw(st.one_of(st.lists(integers, max_size=3), anything))
    decoded = answer(known.decode, numbers)
    if not failed(decoded):
        assert decoded == [known.words[int(i)] for i in numbers]
        assert all(0 <= i < 4 for i in numbers)
    word = draw(anything)
    assert (word in known) is is_known(word, known)
    found = answer(known.__getitem__, word)
    assert failed(found) is not is_known(word, known)
    assert (
        not isinstance(word, str)
        or not failed(found)
        or isinstance(found, UnknownWordError)
    )
    rows = answer(one_hot, draw(st.lists(integers, max_size=3)), 4)
    assert failed(rows) or rows.sum() == len(rows)
    return encoded


def is_known(token, vocabulary):
    """Whether something is a word of a vocabulary, by the obvious test."""
    return isinstance(token, str) and token in vocabulary.words


def try_text(draw):
    """Cut anything into tokens."""
    text = draw(st.one_of(st.text(), letters, anything))
    way = draw(st.sampled_from(["ascii", "unicode", "greek", None]))
    tokens = answer(tokenize, text, way)
    good = isinstance(text, str) and way in ("ascii", "unicode")
    assert failed(tokens) is not good
    return tokens


# Counting


def is_good(document):
    """Whether a document is what `count_pairs` asks for; ids up to 4."""
    if isinstance(document, np.ndarray) and document.dtype.kind in "iu":
        inside = not document.size or (
            document.min() >= 0 and document.max() <= 4
        )
        return document.ndim == 1 and inside
    return isinstance(document, list | tuple) and all(
        isinstance(token, str) for token in document
    )


def are_good(window, shrink, sample, side):
    """Whether settings of `count_pairs` make sense."""
    whole = isinstance(window, int | np.integer)
    near = whole and not isinstance(window, bool) and 1 <= window <= 12
    number = isinstance(sample, int | float) and 0 <= sample <= 1
    sides = isinstance(side, str) and side in ("both", "left", "right")
    return (
        near
        and isinstance(shrink, bool)
        and sides
        and (sample is None or number)
    )


@st.composite
def count_settings(draw, odd):
    """Draw the settings of `count_pairs`: all good, or one perhaps not."""
    chosen = [
        draw(st.integers(1, 12)),
        draw(st.booleans()),
        draw(st.sampled_from([None, 0, 1e-3, 0.5, 1])),
        draw(st.sampled_from(["both", "left", "right"])),
    ]
    if odd:
        place = draw(st.sampled_from([0, 2, 3]))
        chosen[place] = draw(st.one_of(integers, st.floats(), anything))
    return chosen


def try_counting(draw):
    """Count pairs; compare them with a count by brute force."""
    odd = draw(st.sampled_from(["documents", "settings", "nothing"]))
    texts = draw(documents(odd=odd == "documents"))
    chosen = draw(count_settings(odd=odd == "settings"))
    known = Vocabulary(list("abcde"), [40, 20, 10, 5, 1], 80)
    as_generator = draw(st.booleans())
    passed = (text for text in texts) if as_generator else texts
    names = ["window", "shrink_windows", "sample", "side"]
    how = dict(zip(names, chosen, strict=True))
    counts = answer(count_pairs, passed, vocabulary=known, **how)
    if not are_good(*chosen) or not all(map(is_good, texts)):
        assert failed(counts) or not are_good(*chosen) or loosely(texts)
        return counts
    window, shrink, _, side = chosen
    lists = [
        known.decode(text) if isinstance(text, np.ndarray) else text
        for text in texts
    ]
    wanted = slow_cells(lists, known, window, side, shrink)
    if failed(counts):
        assert not wanted, counts
        return counts
    found = counts.cells.tocoo()
    got = {
        (known.words[c], known.words[o]): Fraction(int(n), counts.denominator)
        for c, o, n in zip(found.row, found.col, found.data, strict=True)
    }
    assert got == wanted
    assert np.isfinite(counts.matrix().data).all()
    return counts


def loosely(texts):
    """Whether documents may be counted, though some tokens are no words."""
    return all(isinstance(text, Iterable) for text in texts)


# Models


@cache
def valid_models():
    """Return the files of a few small models, by name."""
    models = []
    with tempfile.TemporaryDirectory() as folder:
        for V, D in ((2, 1), (3, 2), (3, 5)):
            texts = [list("abcab"[: V + 2]), list("abc"[:V])]
            counts = count_pairs(texts, window=2, sample=None)
            model = SkipGram(
                vector_size=D, epochs=1, init="random", backend="numpy"
            )
            for _ in model.fit_steps(counts):
                pass
            model.save(Path(folder, str(D)))
            files = sorted(Path(folder, str(D)).iterdir())
            models.append({file.name: file.read_bytes() for file in files})
    return models


def unsealed(files):
    """Return the files as version 1 had them, whose bytes nobody sums up."""
    about = json.loads(files["model.json"])
    about["format_version"] = 1
    del about["seal"]
    plain = {
        name: files[stored["name"]]
        for name, stored in about.pop("files").items()
    }
    return plain | {"model.json": json.dumps(about).encode()}


def name_of(files, what):
    """Return the name of the file of a model that holds something."""
    return next((name for name in files if name.startswith(what)), what)


oddities = st.one_of(
    st.sampled_from(
        [None, True, "", "abc", [], {}, [[]], 1e308, -0.0, 2**70, 10**400]
    ),
    st.sampled_from(
        [float("nan"), float("inf"), -1, 0, 1, 2, 3, 0.5, "\ud800"]
    ),
    integers,
)


def put_at_random(draw, value, new):
    """Return JSON with one value, wherever it stands, replaced or removed."""
    if not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key, copy = draw(st.sampled_from(keys)), value.copy()
    what = draw(st.integers(0, 9))
    if what == 0:
        del copy[key]
    elif what == 1 and isinstance(copy, list):
        copy.append(copy[key])
    elif what < 4:
        copy[key] = new
    else:
        copy[key] = put_at_random(draw, copy[key], new)
    return copy


def deep_json(draw):
    """Return JSON that lies deeper than a parser goes, or a huge number."""
    n = draw(st.sampled_from([10, 1_000, 100_000]))
    forms = [b"[" * n, b"[" * n + b"]" * n, b'{"a":' * n, b"9" * n, b"-"]
    return draw(st.sampled_from(forms))


def other_arrays(draw):
    """Return a file of arrays that a model might have, or not quite."""
    V, D = draw(st.integers(0, 4)), draw(st.integers(0, 5))
    shapes = {"W_in": (V, D), "W_out": (V, D), "bias": (V,)}
    kinds = ["f2", "f4", "f8", "i4", "i8", "u1", "?"]
    kind = draw(st.sampled_from(kinds))
    tensors = {name: np.ones(shape, kind) for name, shape in shapes.items()}
    name = draw(st.sampled_from([*shapes, "other"]))
    what = draw(st.integers(0, 4))
    if what == 0:
        tensors.pop(name, None)
    elif what == 1:
        tensors[name] = np.ones(draw(st.sampled_from([(), (V, D, 1), (9,)])))
    elif what == 2:
        tensors[name] = np.ones(
            shapes.get(name, 3), draw(st.sampled_from(kinds))
        )
    elif what == 3 and kind.startswith("f") and V * D:
        tensors["W_in"][0, 0] = draw(st.sampled_from([np.nan, np.inf, 6e4]))
    return save(tensors)


@st.composite
def broken_models(draw):
    """Draw the files of a model folder in which something is wrong."""
    files = dict(draw(st.sampled_from(valid_models())))
    if draw(st.integers(0, 4)):
        files = unsealed(files)
    name = draw(st.sampled_from(sorted(files)))
    kind = draw(st.integers(0, 14))
    if kind == 0:
        del files[name]
    elif kind == 1:
        files[name] = files[name][: draw(st.integers(0, len(files[name])))]
    elif kind == 2:
        other = draw(st.sampled_from(valid_models()))
        files[name] = other[draw(st.sampled_from(sorted(other)))]
    elif kind == 3:
        what = draw(st.sampled_from(["model", "vocabulary"]))
        files[name_of(files, what)] = deep_json(draw)
    elif kind < 6:
        files[name] = draw(changed(files[name]))
    elif kind < 9:
        files[name_of(files, "weights")] = other_arrays(draw)
    else:
        what = draw(st.sampled_from(["model", "vocabulary"]))
        name = name_of(files, what)
        value = json.loads(files[name])
        value = put_at_random(draw, value, draw(oddities))
        files[name] = json.dumps(value).encode()
    return files


def try_model(draw, folder):
    """Load a model folder; what is loaded must be sound."""
    place = Path(folder, "model")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, data in draw(broken_models()).items():
        (place / name).write_bytes(data)
    model = answer(SkipGram.load, place, "numpy")
    if failed(model):
        assert str(place) in str(model), model
        return model
    V, D = len(model.vocabulary), model.vector_size
    shapes = [array.shape for array in vars(model.network).values()]
    assert shapes == [(V, D), (V, D), (V,)]
    kinds = {array.dtype for array in vars(model.network).values()}
    assert len(kinds) == 1, kinds
    assert kinds <= {np.dtype("f4"), np.dtype("f8")}, kinds
    assert len(model.vocabulary.frequencies) == V
    word = model.vocabulary.words[0]
    if all(np.isfinite(array).all() for array in vars(model.network).values()):
        with np.errstate(all="ignore"):
            likely = answer(model.predict_context, word, V)
        assert failed(likely) or abs(sum(p for _, p in likely) - 1) < 1e-3
    again = answer(model.save, Path(folder, "again"))
    assert not failed(again), again
    return model


VOCABULARY = [try_tokens, try_counter, try_parts, try_questions, try_text]
PARTS = {
    "vocabulary": VOCABULARY,
    "counts": [try_counting],
    "models": [try_model],
}


def try_input(draw, part, folder):
    """Try one input; True if it was refused."""
    one = draw(st.sampled_from(PARTS[part]))
    more = (folder,) if one is try_model else ()
    return failed(one(draw, *more))


# The program


def run(part, folder, number, inputs, outcomes):
    """Try so many inputs, drawn from one seed; count what came of them."""

    @seed(number)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one(data):
        refused = try_input(data.draw, part, folder)
        outcomes[part, "refused" if refused else "answered"] += 1

    one()


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--part", choices=sorted(PARTS), nargs="+", default=list(PARTS)
    )
    arguments = parser.parse_args()
    outcomes, start, number = Counter(), time.perf_counter(), arguments.seed
    valid_models()
    limit_memory()
    with tempfile.TemporaryDirectory() as folder:
        while (left := arguments.inputs - outcomes.total()) > 0:
            for part in arguments.part:
                share = -(-left // len(arguments.part))
                run(part, folder, number, min(share, 2_000), outcomes)
            number += 1
            print(f"{outcomes.total():,}", end=" ", file=sys.stderr)
            sys.stderr.flush()
    seconds = time.perf_counter() - start
    print(f"\n{outcomes.total():,} inputs, 0 errors but SkipgramError")
    for part in arguments.part:
        refused, done = (outcomes[part, o] for o in ("refused", "answered"))
        print(f"  {part}: {refused:,} refused, {done:,} answered rightly")
    print(f"  in {seconds:.0f} s (seeds {arguments.seed} to {number - 1})")


if __name__ == "__main__":
    main()
