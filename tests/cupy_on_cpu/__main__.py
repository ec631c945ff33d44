"""Run the library's tests, or its chapters, where CuPy takes NumPy's place.

    python -m cupy_on_cpu double|emulator|notebooks [OPTION OF PYTEST ...]

From the folder of the project, with it and `tests/` on PYTHONPATH; see
`make test-gpu`. The tests are the same as on NumPy: `backend="auto"`, which
nearly all of them use, finds a GPU there.
"""

import os
import sys
from pathlib import Path

from cupy_on_cpu.emulator import reason_missing

HERE = Path(__file__).resolve().parent
# What trains, predicts, searches or measures.
SUITE = [
    f"tests/test_{name}.py"
    for name in (
        "training",
        "negative_sampling",
        "vectors",
        "evaluation",
        "network",
        "softmax",
        "hidden",
        "start",
    )
]
RUNS = {
    "double": ["-p", "cupy_on_cpu.plugin_double", *SUITE],
    "emulator": ["-p", "cupy_on_cpu.plugin_emulator", *SUITE],
    "notebooks": [
        "--nbval",
        "--nbval-current-env",
        "--nbval-sanitize-with",
        "nbval_sanitize.cfg",
        "notebooks",
    ],
}


def main() -> None:
    """Become pytest; or say why not, which is no failure."""
    run, options = sys.argv[1], sys.argv[2:]
    missing = None if run == "double" else reason_missing()
    if missing:
        print(f"skipped: {missing}")
        return
    if run == "notebooks":
        os.environ["IPYTHONDIR"] = str(HERE / "ipython")
    # Full-size training has tests of its own; it would take minutes here.
    options += [] if run == "notebooks" else ["-m", "not slow"]
    arguments = ["-m", "pytest", "-q", "--dist", "loadfile"]
    os.execv(
        sys.executable, [sys.executable, *arguments, *options, *RUNS[run]]
    )


main()
