"""Ctrl-C while the program skipgram is still being imported is one line too.

This file is written by hand, like `__init__.py`, which imports it first. What
comes after it takes half a second. The hook sees only what nothing has caught:
chapter 17 catches Ctrl-C as soon as `main` runs.
"""

import os
import sys
from types import TracebackType

_before = sys.excepthook


def _show(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Print a line for Ctrl-C, and for all else what was printed before."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("skipgram: interrupted; nothing was written\n")
    else:
        _before(kind, error, trace)


# While Python looks for a package that -m names, that is its name.
if sys.argv and os.path.basename(sys.argv[0]) in ("-m", "skipgram"):
    sys.excepthook = _show
