"""The command evaluate: scores on published tests, or on one's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skipgram_lib.apps.cli.options import (
    ANALOGIES,
    BACKEND,
    SOURCE,
    VECTORS,
    Answer,
    Command,
    Option,
    given,
    options,
    refuse,
)
from skipgram_lib.apps.cli.printing import table
from skipgram_lib.errors import SkipgramError

if TYPE_CHECKING:
    from skipgram_lib.vectors.analogies import AnalogyScores
    from skipgram_lib.vectors.evaluation import WordPairScores


def run_evaluate(
    model: str,
    pairs: Sequence[Any],
    analogies: Any,
    method: str | None,
    backend: str | None,
    vectors: Answer,
    words: Answer,
) -> Answer:
    """Answer `skipgram evaluate`: scores on tests, with intervals."""
    from skipgram_lib.apps.cli.inputs import read_vectors
    from skipgram_lib.vectors.analogies import evaluate_word_analogies
    from skipgram_lib.vectors.evaluation import evaluate_word_pairs
    from skipgram_lib.vectors.test_sets import find_test_set

    if not pairs and analogies is None:
        pairs = [find_test_set(name) for name in ("wordsim353", "simlex999")]
        analogies = find_test_set("google")
    if analogies is None:
        refuse("there are no analogies", method=method, backend=backend)
    found = read_vectors(model, vectors, backend)
    scores: list[WordPairScores | AnalogyScores]
    scores = [evaluate_word_pairs(found, file, **words) for file in pairs]
    if analogies is not None:
        by = given(method=method)
        scores.append(evaluate_word_analogies(found, analogies, **words, **by))
    tests = [test.as_dict() | interval_of(test) for test in scores]
    return {"model": model, "words": len(found), "tests": tests}


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
        [
            "skipgram evaluate out/model",
            "skipgram evaluate out/vectors.bin --pairs mine.tsv",
        ],
        [
            SOURCE,
            Option("--pairs FILE...", "scored word pairs, as WordSim-353"),
            Option("--analogies FILE", "questions, as questions-words.txt"),
            Option("--method add|multiply", "3CosAdd or 3CosMul", ANALOGIES),
            BACKEND,
            *VECTORS,
            *options(
                {
                    "--restrict-vocab N": "know the first N words only",
                    "--case-insensitive/--no-case-insensitive": "a word "
                    "stands for all its spellings",
                },
                ANALOGIES,
                "words",
            ),
        ],
        run_evaluate,
        show_evaluate,
    ),
)
