"""What the program prints: progress, tables, bars."""

import sys
from collections.abc import Sequence

from skipgram_lib.text.vocabulary import Vocabulary


def report(text: str) -> None:
    """Print a line about the progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print a warning, on stderr."""
    report(f"skipgram: {text}")


def report_vocabulary(vocabulary: Vocabulary, where: str = "") -> None:
    """Print how much text there is, and what share of it is known."""
    report(
        f"{vocabulary.total_tokens:,} words{where}; the "
        f"{len(vocabulary):,} most frequent cover {vocabulary.coverage:.1%}"
    )


def bar(share: float, full: float, width: int = 30) -> str:
    """Draw a share of `full` as a bar of at most `width` characters."""
    return "█" * round(width * share / full)


def replace_controls(text: str) -> str:
    """Replace characters that would steer the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def table(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Line up rows of equally many texts; `numbers` are right-aligned."""
    rows = [[*map(replace_controls, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if i in numbers else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)
