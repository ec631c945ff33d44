"""Commands that ask a model: context, similar, analogy, odd."""

from collections.abc import Container, Iterable, Sequence
from unicodedata import normalize

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import Answer, Command, argument, given
from skipgram_lib.apps.cli.printing import bar, table
from skipgram_lib.errors import SkipgramError


def as_rows(pairs: Sequence[tuple[str, float]], name: str) -> list[Answer]:
    """Turn pairs of a word and a number into dictionaries."""
    return [{"word": word, name: number} for word, number in pairs]


def as_known(words: Iterable[str], known: Container[str]) -> list[str]:
    """Words as they are known; the marks of their letters may come apart."""
    return [w if w in known else normalize("NFC", w) for w in words]


def as_table(rows: Sequence[Answer], name: str) -> str:
    """Return a table of words and their numbers."""
    if not rows:
        return "  (no words found)"
    return table([[row["word"], f"{row[name]:.3f}"] for row in rows], [1])


def run_context(
    model: str, word: str, others: Sequence[str], topn: int | None
) -> Answer:
    """Answer `skipgram context`: the most likely words, and some named."""
    from skipgram_lib.apps.cli.inputs import read_model

    trained = read_model(model)
    [word] = as_known([word], trained.vocabulary)
    others = as_known(others, trained.contexts)
    likely = trained.predict_context(word, **given(topn=topn))
    probs = trained.context_probabilities(word)
    named = {other: float(probs[trained.contexts[other]]) for other in others}
    return {
        "model": model,
        "centre": word,
        "most_likely": as_rows(likely, "probability"),
        "named": as_rows([*named.items()], "probability"),
        "vocabulary_size": len(trained.vocabulary),
    }


def show_context(answer: Answer) -> str:
    """Return the table of `skipgram context` for people."""
    likely = answer["most_likely"]
    rows = likely + answer["named"]
    largest = max(row["probability"] for row in rows)
    shares = [(row["word"], row["probability"]) for row in rows]
    cells = [[word, f"{p:.6f}", bar(p, largest)] for word, p in shares]
    lines = table(cells).split("\n")
    if answer["named"]:
        width = max(len(word) for word, _ in shares)
        lines.insert(len(likely), "  " + "-" * (width + 10))
    return "\n".join([f"P(nearby | {answer['centre']})", *lines])


def run_similar(
    model: str,
    words: Sequence[str],
    topn: int | None,
    backend: str | None,
    vectors: Answer,
) -> Answer:
    """Answer `skipgram similar`: the nearest words of each word."""
    from skipgram_lib.apps.cli.inputs import read_vectors

    searched = read_vectors(model, vectors, backend)
    asked = list(dict.fromkeys(as_known(words, searched)))
    found = searched.most_similar_many(asked, **given(topn=topn))
    return {
        "model": model,
        "neighbours": {
            word: as_rows(near, "cosine")
            for word, near in zip(asked, found, strict=True)
        },
    }


def show_similar(answer: Answer) -> str:
    """Return the tables of `skipgram similar` for people."""
    return "\n\n".join(
        f"{word}\n{as_table(rows, 'cosine')}"
        for word, rows in answer["neighbours"].items()
    )


def run_analogy(
    model: str,
    a: str,
    b: str,
    c: str,
    method: str | None,
    topn: int | None,
    backend: str | None,
    vectors: Answer,
) -> Answer:
    """Answer `skipgram analogy`: what C is to, as A is to B."""
    from skipgram_lib.apps.cli.inputs import read_vectors

    searched = read_vectors(model, vectors, backend)
    a, b, c = as_known((a, b, c), searched)
    method = method or shared.METHOD.default_text()
    multiply = method == "multiply"
    ask = searched.most_similar_cosmul if multiply else searched.most_similar
    found = ask([b, c], [a], **given(topn=topn))
    return {
        "model": model,
        "a": a,
        "b": b,
        "c": c,
        "method": method,
        "answers": as_rows(found, "score"),
    }


def show_analogy(answer: Answer) -> str:
    """Return the table of `skipgram analogy` for people."""
    title = "{a} is to {b} as {c} is to".format(**answer)
    return f"{title}\n{as_table(answer['answers'], 'score')}"


def run_odd(model: str, words: Sequence[str], vectors: Answer) -> Answer:
    """Answer `skipgram odd`: the word that does not belong."""
    from skipgram_lib.apps.cli.inputs import read_vectors

    asked = list(dict.fromkeys(words))
    if len(asked) < 3:
        raise SkipgramError(
            f"name three different words or more, got {len(asked)}; of two, "
            "both are equally odd"
        )
    searched = read_vectors(model, vectors)
    ranked = searched.rank_by_centrality(as_known(asked, searched))
    pairs = [(word, cosine) for cosine, word in ranked]
    return {
        "model": model,
        "odd": pairs[-1][0],
        "cosines_with_the_mean": as_rows(pairs, "cosine"),
    }


def show_odd(answer: Answer) -> str:
    """Return the table of `skipgram odd` for people."""
    rows = [
        [row["word"], f"{row['cosine']:.3f}", ""]
        for row in answer["cosines_with_the_mean"]
    ]
    rows[-1][2] = "<- the odd one out"
    return "cosine with the mean of all\n" + table(rows, [1])


CONTEXT = Command(
    "context",
    "P(nearby | word): the fake task",
    ["skipgram context out/model soviet union russia fish"],
    [
        shared.MODEL,
        argument("WORD", "the centre word"),
        argument(
            "[OTHER]...", "words whose probability is wanted too", "others"
        ),
        shared.TOPN,
    ],
    run_context,
    show_context,
)

SIMILAR = Command(
    "similar",
    "words with similar vectors",
    [
        "skipgram similar out/model tax silver",
        "skipgram similar out/vectors.bin france --topn 5 --json",
    ],
    [
        shared.SOURCE,
        shared.WORDS,
        *shared.VECTORS,
        shared.TOPN,
        shared.BACKEND,
    ],
    run_similar,
    show_similar,
)

ANALOGY = Command(
    "analogy",
    "A is to B as C is to what?",
    ["skipgram analogy out/model france paris spain"],
    [
        shared.SOURCE,
        *(argument(name, "a word") for name in "ABC"),
        *shared.VECTORS,
        shared.METHOD,
        shared.TOPN,
        shared.BACKEND,
    ],
    run_analogy,
    show_analogy,
)

ODD = Command(
    "odd",
    "the word that does not belong",
    ["skipgram odd out/model wheat corn cotton treaty"],
    [shared.SOURCE, shared.WORDS, *shared.VECTORS],
    run_odd,
    show_odd,
)
