"""What the training benchmarks share: machines, memory, results in JSON."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from skipgram_lib import SkipgramError

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
STATUS = Path("/proc/self/status")
PACKAGES = ("numpy", "scipy", "gensim", "fasttext", "torch")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


# --- The machine -------------------------------------------------------------


def cpu_model():
    """What the processor calls itself."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    for line in text.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions():
    """Version of Python and of each package that is there."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine():
    """Describe the machine without naming it."""
    if not STATUS.is_file():
        raise SkipgramError(
            f"there is no {STATUS} to read peak memory from: these "
            "benchmarks need Linux"
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def commit():
    """Commit of this checkout; "+" where files differ from it."""
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty=+"]
    done = subprocess.run(git, capture_output=True, text=True)
    return done.stdout.strip() or None


def circumstances():
    """When, with what, and how busy the machine was before."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "versions": versions(),
        "load": round(os.getloadavg()[0], 2),
    }


# --- Memory ------------------------------------------------------------------


def memory_now():
    """Memory that this process has in use, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class PeakMemory:
    """Most memory that was in use since this was made, in MB."""

    def __init__(self):
        # Linux lets the peak begin anew at what is in use now.
        Path("/proc/self/clear_refs").write_text("5")
        self.before = memory_now()

    def report(self):
        """Peak, and what was in use before, under the names of the results."""
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM"):
                peak = int(line.split()[1]) * 1024 / 1e6
                return {"peak_mb": peak, "before_mb": self.before}
        raise SkipgramError(f"{STATUS} does not name the peak (VmHWM)")


# --- Processes, and their results --------------------------------------------


def in_own_process(script, task, threads, quiet=False):
    """Run a script with a task as JSON; return the JSON it prints last.

    Parameters
    ----------
    script : path of a Python file that takes `--task JSON`
    task : dict
    threads : int, of the matrix products
    quiet : bool, keep what it writes to stderr
    """
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    done = subprocess.run(
        [sys.executable, str(script), "--task", json.dumps(task)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise SkipgramError(
            f"{Path(script).name} ended with {done.returncode} on {task}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def read_results(path):
    """Results of earlier runs on this machine; empty where there are none."""
    if not path.is_file():
        return {"machine": machine(), "runs": []}
    results = json.loads(path.read_text(encoding="utf-8"))
    if results["machine"] != machine():
        raise SkipgramError(
            f"{path.name} was measured on another machine "
            f"({results['machine']['cpu']}); name another file with --out"
        )
    return results


def write_results(path, results):
    """Write results so that a run more changes few lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def keep_run(path, run, key):
    """Add a run to a file; it takes the place of one with the same key."""
    results = read_results(path)
    same = [run[name] for name in key]
    results["runs"] = [
        other
        for other in results["runs"]
        if [other[name] for name in key] != same
    ]
    results["runs"].append(run)
    write_results(path, results)


def run_and_keep(script, task, path, key, **unkept):
    """Run a task in a process of its own, and add what it found to a file.

    Parameters
    ----------
    script, task : as in `in_own_process`; the task names its threads
    path, key : as in `keep_run`
    unkept : what the process needs beside the task, and the file does not
    """
    conditions = circumstances()
    found = in_own_process(script, task | unkept, task["threads"])
    run = task | conditions | found
    keep_run(path, run, key)
    return run
