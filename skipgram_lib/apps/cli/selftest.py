"""The command selftest: a GPU against the processor."""

import argparse

from skipgram_lib.apps.cli.options import Answer, Command, Parser
from skipgram_lib.apps.cli.printing import table
from skipgram_lib.backend.select import get_backend


def add_selftest_options(parser: Parser) -> None:
    """Add the options of `skipgram selftest`."""
    add = parser.add_argument
    add(
        "--backend",
        choices=["cupy", "numpy"],
        default="cupy",
        help="what is tested (%(default)s)",
    )
    add(
        "--tf32",
        action="store_true",
        help="multiply rounded numbers, within wider tolerances",
    )
    add(
        "--sizes",
        type=int,
        nargs="*",
        default=[10_000, 100_000],
        metavar="N",
        help="words at which a pass is timed (10000 100000)",
    )
    add(
        "--vector-size",
        type=int,
        default=300,
        metavar="N",
        help="features of a word (%(default)s)",
    )


def run_command(args: argparse.Namespace) -> Answer:
    """Answer `skipgram selftest`: test a backend on this machine."""
    from skipgram_lib.apps.selftest import run_selftest

    backend = get_backend(args.backend, args.tf32)
    return run_selftest(backend, args.sizes, args.vector_size)


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


COMMANDS = (
    Command(
        "selftest",
        "test a GPU against the processor",
        ("skipgram selftest --backend numpy --sizes 10000",),
        add_selftest_options,
        run_command,
        show_selftest,
    ),
)
