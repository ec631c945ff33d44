"""What the program prints: help pages, progress, tables, bars."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skipgram_lib.text.vocabulary import Vocabulary

SPEC_WIDTH = 28  # columns of a help page for the name of an option


def report(text: str) -> None:
    """Print a line about the progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print a warning, on stderr."""
    report(f"skipgram: {text}")


def report_vocabulary(vocabulary: "Vocabulary") -> None:
    """Print how much text there is, and what share of it is known."""
    report(
        f"{vocabulary.total_tokens:,} words; the {len(vocabulary):,} most "
        f"frequent cover {vocabulary.coverage:.1%}"
    )


def bar(share: float, full: float, width: int = 30) -> str:
    """Draw a share of `full` as a bar of at most `width` characters."""
    return "█" * round(width * share / full)


def table(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Line up rows of equally many texts; `numbers` are right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if i in numbers else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def method_text(settings: Mapping[str, Any]) -> str:
    """Objective, initial weights and penalty, in words."""
    objectives = {
        "softmax": "full softmax",
        "negative-sampling": "negative sampling",
    }
    inits = {"counts": "from the counts", "random": "random"}
    penalty = settings["penalty"]
    return (
        f"{objectives[settings['objective']]}, "
        f"initial weights {inits[settings['init']]}, "
        f"{f'L2 penalty {penalty:g}' if penalty else 'no L2 penalty'}"
    )


def print_answer(text: str) -> None:
    """Print an answer for people; on a terminal, its numbers are coloured.

    Characters that would steer the terminal are replaced.
    """
    text = "".join(
        c if c.isprintable() or c == "\n" else "\ufffd" for c in text
    )
    if not sys.stdout.isatty():
        print(text, flush=True)
        return
    from rich.console import Console

    Console(soft_wrap=True).print(text, markup=False, emoji=False)


def help_page(
    usage: str,
    about: str,
    sections: Mapping[str, Sequence[tuple[str, str]]],
    examples: Iterable[str],
) -> str:
    """Lay out a help page: bold on a terminal, plain text elsewhere.

    `sections` are rows of a name and its explanation, below a heading;
    one without rows is left out.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as page:
        console.print(f"{usage}\n\n{about}")
        for heading, rows in sections.items():
            if not rows:
                continue
            console.print(f"\n{heading.capitalize()}:", style="bold")
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(
                style="cyan", max_width=SPEC_WIDTH, overflow="fold"
            )
            grid.add_column(overflow="fold")
            for name, text in rows:
                grid.add_row(name, text)
            console.print(Padding(grid, (0, 0, 0, 2)))
        console.print("\nExamples:", style="bold")
        for example in examples:
            console.print(f"  {example}", soft_wrap=True)
    return "\n".join(line.rstrip() for line in page.get().splitlines())
