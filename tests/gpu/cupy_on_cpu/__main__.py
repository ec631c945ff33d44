"""Run the library's tests, or its chapters, where CuPy takes NumPy's place.

    python -m cupy_on_cpu double|emulator|gpu|notebooks [OPTION OF PYTEST ...]
    python -m cupy_on_cpu record [OPTION OF PYTEST ...]

From the folder of the project, with it and `tests/gpu/` on PYTHONPATH; see
`make test-gpu`. The tests are the same as on NumPy: `backend="auto"`, which
nearly all of them use, finds a GPU there; with `gpu` it is the machine's own,
for which nothing stands in (`make gpu`). `record` runs everything on NumPy,
and keeps what the chapters train for `notebooks` (see few_steps.py).

The chapters that run are copies, with solutions as cells and each in a folder
that holds nothing else (tools/chapter_copies.py). In those of `notebooks`, the
story has a vocabulary of 1,000 words.
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
COPIES = Path("_build", "chapters")
NOTEBOOKS = [
    "--nbval",
    "--nbval-current-env",
    "--nbval-sanitize-with",
    "nbval_sanitize.cfg",
    str(COPIES),
]
# Notebooks whose arrays are never on a device.
WITHOUT_DEVICE = [
    "01_fake_task",
    "02_words",
    "workshop_01_vocabulary",
    "workshop_02_counting",
    "workshop_10_more_text",
    "guide_cluster",
]
RUNS = {
    "gpu": SUITE,
    "double": ["-p", "cupy_on_cpu.plugin_double", *SUITE],
    "emulator": ["-p", "cupy_on_cpu.plugin_emulator", *SUITE],
    "notebooks": [
        *NOTEBOOKS,
        *(f"--ignore={COPIES / name}" for name in WITHOUT_DEVICE),
    ],
    # In the order of the folders: what takes long comes first.
    "record": [
        *NOTEBOOKS,
        "notebooks/guide_benchmarks.ipynb",
        "tests",
        "--no-loadscope-reorder",
    ],
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


def copy_chapters(small: bool) -> None:
    """Copy the chapters that are run, in place of older copies."""
    shutil.rmtree(COPIES, ignore_errors=True)
    program = [sys.executable, "tools/chapter_copies.py"]
    options = ["--small"] if small else []
    command = [*program, *options, str(COPIES)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Run pytest; or say why not, which is no failure."""
    run, options = sys.argv[1], sys.argv[2:]
    emulated = run in ("emulator", "notebooks")
    missing = reason_missing() if emulated else None
    if missing:
        print(f"skipped: {missing}")
        return 0
    if run in ("notebooks", "record"):
        copy_chapters(small=run == "notebooks")
    # Full-size training has tests of its own; it would take minutes here.
    some = [] if run in ("notebooks", "record") else ["-m", "not slow"]
    more = ["--dist", "loadfile", "--durations=12"]
    arguments = [*more, *some, *options, *RUNS[run]]
    return run_pytest(run, arguments)


sys.exit(main())
