"""The command evaluate: scores on published tests, or on one's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import (
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
    columns: str | None,
    test_sets: str | None,
    vectors: Answer,
    words: Answer,
) -> Answer:
    """Answer `skipgram evaluate`: scores on tests, with intervals."""
    from skipgram_lib.apps.cli.inputs import read_vectors
    from skipgram_lib.vectors.analogies import evaluate_word_analogies
    from skipgram_lib.vectors.evaluation import evaluate_word_pairs
    from skipgram_lib.vectors.test_sets import find_test_set

    if not pairs:
        refuse("there are no --pairs", columns=columns)
    if not pairs and analogies is None:
        tests = ("wordsim353", "simlex999", "google")
        *pairs, analogies = (find_test_set(name, test_sets) for name in tests)
    else:
        refuse("the tests are files of your own", test_sets=test_sets)
    if analogies is None:
        refuse("there are no analogies", method=method, backend=backend)
    found = read_vectors(model, vectors, backend)
    scores: list[WordPairScores | AnalogyScores]
    by = given(columns=columns_of(columns))
    scores = [
        evaluate_word_pairs(found, file, **words, **by) for file in pairs
    ]
    if analogies is not None:
        by = given(method=method)
        scores.append(evaluate_word_analogies(found, analogies, **words, **by))
    results = [test.as_dict() | interval_of(test) for test in scores]
    return {"model": model, "words": len(found), "tests": results}


def columns_of(names: str | None) -> list[str | int] | None:
    """Names or numbers of columns, as they were typed with commas."""
    if names is None:
        return None
    each = [name.strip() for name in names.split(",")]
    return [int(n) if n.isdecimal() else n for n in each]


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


EVALUATE = Command(
    "evaluate",
    "scores on published tests, or on yours",
    [
        "skipgram evaluate out/model",
        "skipgram evaluate out/vectors.bin --pairs mine.tsv",
        "skipgram evaluate out/model --pairs rw.txt --columns 1,2,3",
    ],
    [
        shared.SOURCE,
        Option("--pairs FILE...", "scored word pairs, as WordSim-353"),
        Option("--analogies FILE", "questions, as questions-words.txt"),
        *options(
            {
                "--columns A,B,C": "names or numbers of the columns with "
                "two words and a score, of --pairs",
                "--test-sets DIR": "where the published tests are, if "
                "gensim is not installed",
            }
        ),
        shared.METHOD,
        shared.BACKEND,
        *shared.VECTORS,
        *options(
            {
                "--restrict-vocab N": "know the first N words only",
                "--case-insensitive/--no-case-insensitive": "a word "
                "stands for all its spellings",
            },
            shared.ANALOGIES,
            "words",
        ),
    ],
    run_evaluate,
    show_evaluate,
)
