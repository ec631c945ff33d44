"""The command evaluate: scores on published tests, or on one's own."""

import argparse
from typing import TYPE_CHECKING

from skipgram_lib.apps.cli.inputs import named_vectors
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Parser,
    add_search,
    add_vectors,
    completed_by_file,
)
from skipgram_lib.apps.cli.printing import table
from skipgram_lib.errors import SkipgramError

if TYPE_CHECKING:  # they need SciPy's statistics, which are slow to import
    from skipgram_lib.vectors.analogies import AnalogyScores
    from skipgram_lib.vectors.evaluation import WordPairScores


def add_evaluate_options(parser: Parser) -> None:
    """Add the options of `skipgram evaluate`."""
    add_vectors(parser)
    add = parser.add_argument_group("tests").add_argument
    completed_by_file(
        add(
            "--pairs",
            nargs="+",
            metavar="FILE",
            help="scored word pairs, as WordSim-353 has them",
        )
    )
    completed_by_file(
        add(
            "--analogies",
            metavar="FILE",
            help="analogies, as questions-words.txt has them",
        )
    )
    add_search(parser)
    add(
        "--method",
        choices=["add", "multiply"],
        default="add",
        help="analogies by 3CosAdd or 3CosMul (%(default)s)",
    )
    add(
        "--restrict-vocab",
        type=int,
        default=300_000,
        metavar="N",
        help="know the first N words only (%(default)s)",
    )
    add(
        "--case-sensitive",
        action="store_true",
        help="take words as they are spelt",
    )


def run_evaluate(args: argparse.Namespace) -> Answer:
    """Answer `skipgram evaluate`: scores on tests, with intervals."""
    from skipgram_lib.vectors.analogies import evaluate_word_analogies
    from skipgram_lib.vectors.evaluation import evaluate_word_pairs
    from skipgram_lib.vectors.test_sets import find_test_set

    pairs = args.pairs or []
    analogies = args.analogies
    if not pairs and not analogies:
        pairs = [find_test_set(name) for name in ("wordsim353", "simlex999")]
        analogies = find_test_set("google")
    vectors = named_vectors(args, args.model).on(args.backend)
    known = {
        "restrict_vocab": args.restrict_vocab,
        "case_insensitive": not args.case_sensitive,
    }
    tests = []
    for file in pairs:
        scores = evaluate_word_pairs(vectors, file, **known)
        tests.append(scores.as_dict() | interval_of(scores))
    if analogies:
        answers = evaluate_word_analogies(
            vectors, analogies, **known, method=args.method
        )
        tests.append(answers.as_dict() | interval_of(answers))
    return {"model": str(args.model), "words": len(vectors), "tests": tests}


def interval_of(scores: "WordPairScores | AnalogyScores") -> Answer:
    """95 % interval of a score, or None where too little was asked."""
    from skipgram_lib.vectors.evaluation import bootstrap_interval

    try:
        interval = bootstrap_interval(scores)
    except SkipgramError:
        return {"interval": None}
    return {"interval": [interval.low, interval.high]}


def interval_text(test: Answer) -> str:
    """Write an interval, or that there is none."""
    if test["interval"] is None:
        return "too few for an interval"
    return "95 %: {:.3f} to {:.3f}".format(*test["interval"])


def show_test(test: Answer) -> str:
    """Return the scores on one test for people."""
    unknown = f"{test['out_of_vocabulary']:.1%} with an unknown word"
    if "spearman" in test:
        return (
            f"{test['test_set']}\n"
            f"  Spearman {test['spearman']:.3f}  ({interval_text(test)}), "
            f"Pearson {test['pearson']:.3f}\n"
            f"  {test['used']:,} of {test['pairs']:,} pairs, {unknown}"
        )
    rows = [["section", "right", "asked", "share"]]
    for part in test["sections"] + test["sums"]:
        share = part["accuracy"]
        rows.append(
            [
                part["name"],
                f"{part['correct']:,}",
                f"{part['asked']:,}",
                "-" if share is None else f"{share:.3f}",
            ]
        )
    return (
        f"{test['test_set']}\n"
        f"  accuracy {test['accuracy']:.3f}  ({interval_text(test)})\n"
        f"  {test['asked']:,} of {test['questions']:,} questions, "
        f"{unknown}\n\n{table(rows, [1, 2, 3])}"
    )


def show_evaluate(answer: Answer) -> str:
    """Return the tables of `skipgram evaluate` for people."""
    return "\n\n".join(map(show_test, answer["tests"]))


COMMANDS = (
    Command(
        "evaluate",
        "scores on published tests, or on yours",
        (
            "skipgram evaluate out/model",
            "skipgram evaluate out/vectors.bin --pairs mine.tsv",
        ),
        add_evaluate_options,
        run_evaluate,
        show_evaluate,
    ),
)
