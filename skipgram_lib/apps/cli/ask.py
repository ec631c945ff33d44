"""Commands that ask a model: context, similar, analogy, odd."""

import argparse
from collections.abc import Sequence

from skipgram_lib.apps.cli.inputs import named_vectors, read_model
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Parser,
    add_search,
    add_topn,
    add_vectors,
    completed_by_folder,
)
from skipgram_lib.apps.cli.printing import bar, table
from skipgram_lib.errors import SkipgramError, check_at_least


def as_rows(pairs: Sequence[tuple[str, float]], name: str) -> list[Answer]:
    """Turn pairs of a word and a number into dictionaries."""
    return [{"word": word, name: number} for word, number in pairs]


def as_table(rows: Sequence[Answer], name: str) -> str:
    """Return a table of words and their numbers."""
    if not rows:
        return "  (no words found)"
    return table([[row["word"], f"{row[name]:.3f}"] for row in rows], [1])


def add_context_options(parser: Parser) -> None:
    """Add the options of `skipgram context`."""
    completed_by_folder(
        parser.add_argument("model", metavar="MODEL", help="folder of a model")
    )
    parser.add_argument("word", metavar="WORD", help="the centre word")
    parser.add_argument(
        "others",
        nargs="*",
        metavar="OTHER",
        help="words whose probability is wanted too",
    )
    add_topn(parser)


def run_context(args: argparse.Namespace) -> Answer:
    """Answer `skipgram context`: the most likely words, and some named."""
    check_at_least("topn", args.topn, 1)
    model = read_model(args.model)
    probs = model.context_probabilities(args.word)
    likely = [word for word, _ in model.predict_context(args.word, args.topn)]

    def rows(words: list[str]) -> list[Answer]:
        ids = [model.vocabulary[word] for word in words]
        pairs = [(w, float(probs[i])) for w, i in zip(words, ids, strict=True)]
        return as_rows(pairs, "probability")

    return {
        "model": str(args.model),
        "centre": args.word,
        "most_likely": rows(likely),
        "named": rows(list(dict.fromkeys(args.others))),
        "vocabulary_size": len(model.vocabulary),
    }


def show_context(answer: Answer) -> str:
    """Return the table of `skipgram context` for people."""
    rows = answer["most_likely"] + answer["named"]
    largest = max(row["probability"] for row in rows)
    width = max(len(row["word"]) for row in rows)

    def lines(part: list[Answer]) -> list[str]:
        return [
            f"  {row['word']:{width}}  {row['probability']:.6f}  "
            f"{bar(row['probability'], largest)}".rstrip()
            for row in part
        ]

    text = [f"P(nearby | {answer['centre']})", *lines(answer["most_likely"])]
    if answer["named"]:
        text += ["  " + "-" * (width + 10), *lines(answer["named"])]
    return "\n".join(text)


def add_similar_options(parser: Parser) -> None:
    """Add the options of `skipgram similar`."""
    add_vectors(parser)
    parser.add_argument("words", nargs="+", metavar="WORD")
    add_topn(parser)
    add_search(parser)


def run_similar(args: argparse.Namespace) -> Answer:
    """Answer `skipgram similar`: the nearest words of each word."""
    vectors = named_vectors(args, args.model).on(args.backend)
    words = list(dict.fromkeys(args.words))
    found = vectors.most_similar_many(words, args.topn)
    return {
        "model": str(args.model),
        "neighbours": {
            word: as_rows(near, "cosine")
            for word, near in zip(words, found, strict=True)
        },
    }


def show_similar(answer: Answer) -> str:
    """Return the tables of `skipgram similar` for people."""
    return "\n\n".join(
        f"{word}\n{as_table(rows, 'cosine')}"
        for word, rows in answer["neighbours"].items()
    )


def add_analogy_options(parser: Parser) -> None:
    """Add the options of `skipgram analogy`."""
    add_vectors(parser)
    for name in "abc":
        parser.add_argument(name, metavar=name.upper())
    parser.add_argument(
        "--method",
        choices=["add", "multiply"],
        default="add",
        help="3CosAdd or 3CosMul (%(default)s)",
    )
    add_topn(parser)
    add_search(parser)


def run_analogy(args: argparse.Namespace) -> Answer:
    """Answer `skipgram analogy`: what C is to, as A is to B."""
    vectors = named_vectors(args, args.model).on(args.backend)
    multiply = args.method == "multiply"
    ask = vectors.most_similar_cosmul if multiply else vectors.most_similar
    found = ask([args.b, args.c], [args.a], topn=args.topn)
    return {
        "model": str(args.model),
        "a": args.a,
        "b": args.b,
        "c": args.c,
        "method": args.method,
        "answers": as_rows(found, "score"),
    }


def show_analogy(answer: Answer) -> str:
    """Return the table of `skipgram analogy` for people."""
    title = "{a} is to {b} as {c} is to".format(**answer)
    return f"{title}\n{as_table(answer['answers'], 'score')}"


def add_odd_options(parser: Parser) -> None:
    """Add the options of `skipgram odd`."""
    add_vectors(parser)
    parser.add_argument("words", nargs="+", metavar="WORD")


def run_odd(args: argparse.Namespace) -> Answer:
    """Answer `skipgram odd`: the word that does not belong."""
    words = list(dict.fromkeys(args.words))
    if len(words) < 3:
        raise SkipgramError(
            f"name three different words or more, got {len(words)}; of two, "
            "both are equally odd"
        )
    ranked = named_vectors(args, args.model).rank_by_centrality(words)
    pairs = [(word, cosine) for cosine, word in ranked]
    return {
        "model": str(args.model),
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


COMMANDS = (
    Command(
        "context",
        "P(nearby | word): the fake task",
        ("skipgram context out/model soviet union russia fish",),
        add_context_options,
        run_context,
        show_context,
    ),
    Command(
        "similar",
        "words with similar vectors",
        (
            "skipgram similar out/model tax silver",
            "skipgram similar out/vectors.bin france --topn 5 --json",
        ),
        add_similar_options,
        run_similar,
        show_similar,
    ),
    Command(
        "analogy",
        "A is to B as C is to what?",
        ("skipgram analogy out/model france paris spain",),
        add_analogy_options,
        run_analogy,
        show_analogy,
    ),
    Command(
        "odd",
        "the word that does not belong",
        ("skipgram odd out/model wheat corn cotton treaty",),
        add_odd_options,
        run_odd,
        show_odd,
    ),
)
