"""Run the library's tests, or its chapters, where CuPy takes NumPy's place.

    python -m cupy_on_cpu double|emulator|gpu|notebooks [OPTION OF PYTEST ...]
    python -m cupy_on_cpu record [OPTION OF PYTEST ...]

From the folder of the project, with it and `tests/gpu/` on PYTHONPATH; see
`make test-gpu`. The tests are the same as on NumPy: `backend="auto"`, which
nearly all of them use, finds a GPU there; with `gpu` it is the machine's own,
for which nothing stands in (`make gpu`). `record` runs everything on NumPy,
and keeps what the chapters train for `notebooks` (see few_steps.py).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cupy_on_cpu.emulator import reason_missing

HERE = Path(__file__).resolve().parent
# What trains, predicts, searches or measures.
SUITE = [
    f"tests/{room}/test_{module}.py"
    for room, module in (
        ("model", "training"),
        ("model", "sampling"),
        ("vectors", "vectors"),
        ("vectors", "evaluation"),
        ("model", "network"),
        ("story", "output"),
        ("story", "network"),
        ("model", "initialisation"),
    )
]
NOTEBOOKS = [
    "--nbval",
    "--nbval-current-env",
    "--nbval-sanitize-with",
    "nbval_sanitize.cfg",
    "notebooks",
]
# Notebooks whose arrays are never on a device.
WITHOUT_DEVICE = [
    "01_fake_task",
    "02_vocabulary",
    "16_more_text",
    "guide_benchmarks",
]
RUNS = {
    "gpu": SUITE,
    "double": ["-p", "cupy_on_cpu.plugin_double", *SUITE],
    "emulator": ["-p", "cupy_on_cpu.plugin_emulator", *SUITE],
    "notebooks": [
        *NOTEBOOKS,
        *(f"--ignore=notebooks/{name}.ipynb" for name in WITHOUT_DEVICE),
    ],
    # In the order of the folders: what takes long comes first.
    "record": [*NOTEBOOKS, "tests", "--no-loadscope-reorder"],
}


def run_pytest(run: str, arguments: list[str]) -> int:
    """Run pytest, and return its exit status.

    IPython leaves its history in its folder, so that is a copy.
    """
    paths = os.pathsep.join([str(HERE.parents[2]), str(HERE.parent)])
    with TemporaryDirectory() as folder:
        ipython = shutil.copytree(HERE / "ipython", Path(folder, "ipython"))
        own = {
            "IPYTHONDIR": str(ipython),
            "PYTHONPATH": paths,
            "CUPY_ON_CPU_NOTEBOOKS": run,
        }
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        return subprocess.run(command, env=os.environ | own).returncode


def main() -> int:
    """Run pytest; or say why not, which is no failure."""
    run, options = sys.argv[1], sys.argv[2:]
    emulated = run in ("emulator", "notebooks")
    missing = reason_missing() if emulated else None
    if missing:
        print(f"skipped: {missing}")
        return 0
    # Full-size training has tests of its own; it would take minutes here.
    some = [] if run in ("notebooks", "record") else ["-m", "not slow"]
    more = ["--dist", "loadfile", "--durations=12"]
    arguments = [*more, *some, *options, *RUNS[run]]
    return run_pytest(run, arguments)


sys.exit(main())
