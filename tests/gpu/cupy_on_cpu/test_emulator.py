"""Run the tests of `on_emulator/` in a process of their own."""

import os
import subprocess
import sys

import pytest

from cupy_on_cpu import emulator

WHY_NOT = emulator.reason_missing()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


def run_python(root, *arguments, **settings):
    """Start Python on the emulator; return its exit code and its output."""
    mine = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    paths = [str(root), str(root / "tests" / "gpu")]
    mine["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=mine | {"CUPY_ON_CPU": "1", "PYTHONUTF8": "1"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    print(done.stdout)
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("order", ["0", "1", "2"])
def test_cupy_on_the_cpu(root, order):
    folder = "tests/gpu/cupy_on_cpu/on_emulator"
    pytest_here = ("-m", "pytest", "-q", "-p", "no:cacheprovider", folder)
    # The order matters where threads share something: not in every product,
    # and not to the compiler for real GPUs.
    some = () if order == "0" else ("-k", "kernel and not gpus")
    code, _ = run_python(root, *pytest_here, *some, CUPY_ON_CPU_ORDER=order)
    assert code == 0


def test_what_is_missing_is_told_without_importing_cupy(root):
    code, text = run_python(
        root,
        "-c",
        "import sys; from cupy_on_cpu import emulator; "
        "print(emulator.reason_missing(), 'cupy' in sys.modules)",
    )
    assert (code, text.strip()) == (0, "None False")


def test_install_after_cupy_is_refused(root):
    code, text = run_python(
        root,
        "-W",
        "ignore",
        "-c",
        "import cupy; from cupy_on_cpu import emulator; emulator.install()",
    )
    assert code == 1
    assert "install() must come before `import cupy`" in text


def sanitized(root, kind, *arguments):
    """Run Python with kernels that are built with one of g++'s sanitizers."""
    library = subprocess.run(
        ["g++", f"-print-file-name=lib{kind[0]}san.so"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not os.path.isabs(library):
        pytest.skip(f"g++ has no {kind} sanitizer here")
    return run_python(
        root,
        *arguments,
        LD_PRELOAD=library,
        CUPY_ON_CPU_SANITIZE=kind,
        CUPY_ON_CPU_NVRTC="0",  # it cannot be loaded together with them
        OPENBLAS_NUM_THREADS="1",  # its threads are not what is tested
        ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0",
    )


BEYOND = """
from cupy_on_cpu import emulator
emulator.install()
import cupy
code = '''extern "C" __global__ void fill(float* x) {
  x[threadIdx.x] = 1;
}'''
x = cupy.empty(10, cupy.float32)
fill = cupy.RawKernel(code, "fill")
fill((1,), (10,), (x,))
print("inside", x.get().sum())
fill((1,), (11,), (x,))
print("not reached")
"""


def test_a_write_beyond_an_array_is_found(root):
    code, text = sanitized(root, "address", "-c", BEYOND)
    assert code != 0
    assert "inside 10.0" in text
    assert "heap-buffer-overflow" in text
    assert "in fill " in text
    assert "not reached" not in text


FOLD = """
from cupy_on_cpu import emulator
emulator.install()
import cupy
code = '''extern "C" __global__ void fold(const float* x, float* sum) {
  __shared__ float part[64];
  int t = threadIdx.x;
  part[t] = x[t];
  __syncthreads();
  for (int half = 32; half; half /= 2) {
    if (t < half) part[t] += part[t + half];
    BARRIER
  }
  if (t == 0) ADD
}'''
x, total = cupy.ones(64, cupy.float32), cupy.zeros(1, cupy.float32)
cupy.RawKernel(code, "fold")((3,), (64,), (x, total))
emulator.check_no_errors()
print("total", total.get())
"""


@pytest.mark.parametrize(
    ("barrier", "add", "races"),
    [
        ("__syncthreads();", "atomicAdd(sum, part[0]);", False),
        ("", "atomicAdd(sum, part[0]);", True),
        ("__syncthreads();", "; sum[0] += 1;", True),
    ],
    ids=["right", "no barrier", "no atomic"],
)
def test_a_race_is_found(root, barrier, add, races):
    program = FOLD.replace("BARRIER", barrier).replace("ADD", add)
    code, text = sanitized(root, "thread", "-c", program)
    assert "total" in text
    assert ("ThreadSanitizer: data race" in text) is races
    assert (code != 0) is races


@pytest.mark.slow
def test_training_stays_within_its_arrays(root):
    code, text = sanitized(
        root,
        "address",
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-k", "training and softmax"),
        "tests/gpu/cupy_on_cpu/on_emulator/test_library.py",
    )
    assert "1 passed" in text
    assert code == 0
