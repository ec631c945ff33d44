"""The command selftest: a GPU against the processor."""

from collections.abc import Sequence

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import Answer, Command, Option, given
from skipgram_lib.apps.cli.printing import table

RUN_SELFTEST = "skipgram_lib.apps.selftest:run_selftest"
BACKEND = Option("--backend cupy|numpy", "what is tested", RUN_SELFTEST)


def run_command(
    backend: str | None,
    tf32: bool | None,
    sizes: Sequence[int],
    vector_size: int | None,
) -> Answer:
    """Answer `skipgram selftest`: test a backend on this machine."""
    from skipgram_lib.apps.cli.inputs import find_backend
    from skipgram_lib.apps.selftest import run_selftest

    name = backend or BACKEND.default_text()
    return run_selftest(
        find_backend(name, tf32), **given(sizes=sizes, vector_size=vector_size)
    )


def show_selftest(answer: Answer) -> str:
    """Turn the report into lines for people."""
    machine = [[name, str(value)] for name, value in answer["machine"].items()]
    agreement = [
        [
            row["objective"],
            row["what"],
            f"{row['difference']:.1e}",
            f"at most {row['tolerance']:.0e}",
            "ok" if row["passed"] else "WRONG",
        ]
        for row in answer["agreement"]
    ]
    passes = [
        [
            f"{row['words']:,} x {row['features']}",
            f"{row['seconds']:.3g} s",
            f"{row['tflops']:.3g} TFLOP/s",
            f"({row['timed']} of {row['steps']} steps timed)",
        ]
        for row in answer["passes"]
    ]
    parts = {
        "Machine": table(machine),
        "Against NumPy": table(agreement, [2]),
        "An exact pass": table(passes, [0, 1, 2]),
    }
    text = "\n".join(f"{name}\n{part}" for name, part in parts.items() if part)
    verdict = "agrees" if answer["passed"] else "does NOT agree"
    return f"{text}\nThis backend {verdict} with NumPy."


SELFTEST = Command(
    "selftest",
    "test a GPU against the processor",
    ["skipgram selftest --backend numpy --sizes 10000"],
    [
        BACKEND,
        shared.TF32,
        Option("--sizes N...", "words at which a pass is timed", RUN_SELFTEST),
        Option("--vector-size N", "features of a word", RUN_SELFTEST),
    ],
    run_command,
    show_selftest,
)
