"""Build CuPy's kernels with g++, and run them."""

import ctypes
import hashlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import runtime
from .counters import note_launch
from .pointers import replace
from .sources import Source, compile_with_nvrtc, note_source

HERE = Path(__file__).parent
HEADER = HERE / "cuda_on_cpu.h"
# Kernels with one of these words need threads that can wait.
_WAITS = re.compile(r"__sync|__shfl|__ballot|__any_sync|__all_sync")
_DYNAMIC_SHARED = re.compile(
    r"extern\s+__shared__\s+(?:__align__\(\d+\)\s*)?"
    r"([\w:<>, ]+?)\s+(\w+)\s*\[\s*\]\s*;"
)
_STACK = 64 << 10
_DEADLOCK = 1


# --- The folder of built kernels ------------------------------------------


@cache
def cache_folder() -> Path:
    """Return where built kernels are kept between runs."""
    given = os.environ.get("CUPY_ON_CPU_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(given or home / Path("cupy-on-cpu"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="cupy-on-cpu-"))
    return folder


@cache
def _version() -> bytes:
    """Digest of what built kernels depend on besides their source."""
    text = HEADER.read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(text + repr(_sanitizers()).encode()).digest()


def _key(*parts: object) -> str:
    """Digest of a kernel, the same in every environment it is built in."""
    text = repr(parts).replace(sys.prefix, "")
    return hashlib.sha256(_version() + text.encode()).hexdigest()[:40]


def _sanitizers() -> list[str]:
    names = os.environ.get("CUPY_ON_CPU_SANITIZE", "")
    return [f"-fsanitize={names}", "-g"] if names else []


# --- Building -------------------------------------------------------------


def to_cpp(source: Source, name: str) -> str:
    """Make C++ of a module of CUDA, with an entry that runs one kernel."""
    code = _DYNAMIC_SHARED.sub(
        r"static \1* const \2 = (\1*)cuda_on_cpu::dynamic_shared;",
        source.code,
    )
    if "float16.cuh" in code:
        code += "\nCUDA_ON_CPU_HALF\n"
    return f'#include "{HEADER.name}"\n{code}\nCUDA_ON_CPU_ENTRY(({name}))\n'


def _flags(source: Source) -> list[str]:
    """Return the options of NVRTC that mean something to g++."""
    kept = ("-D", "-U", "-I", "-std", "--std")
    return [
        option
        for option in source.options
        # CUDA's own headers are for CUDA's own compilers.
        if option.startswith(kept) and "/cuda-" not in option
    ]


def build(source: Source, name: str) -> Path:
    """Compile one kernel of a module; return the shared library.

    Two processes may build the same kernel at once: each writes files of
    its own, and moves the finished library into its place.
    """
    library = cache_folder() / f"{_key(source, name)}.so"
    if library.exists():
        return library
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        text, made = Path(folder, "kernel.cc"), Path(folder, "kernel.so")
        text.write_text(to_cpp(source, name), encoding="utf-8")
        command = [
            *[
                "g++",
                "-O1",
                "-w",
                "-fPIC",
                "-shared",
                "-fpermissive",
                "-std=c++17",
            ],
            *["-fvisibility=hidden", "-fno-gnu-unique", "-ffp-contract=off"],
            *["-U_FORTIFY_SOURCE", "-DCUPY_ON_CPU"],
            *_sanitizers(),
            f"-I{HERE}",
            *_flags(source),
            *(str(text), "-o", str(made)),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            message = done.stderr[:3_000]
            raise RuntimeError(f"g++ cannot compile {name}:\n{message}")
        os.replace(made, library)
    return library


def compile_once(source: Source, arch: int) -> None:
    """Compile for a real GPU, unless a run before this one did."""
    mark = cache_folder() / f"{_key('nvrtc', source, arch)}.ok"
    if not mark.exists():
        compile_with_nvrtc(source, arch)
        mark.touch()


def _check_with_nvrtc(source: Source) -> None:
    """Compile as for a GPU."""
    if os.environ.get("CUPY_ON_CPU_NVRTC") != "0":
        compile_once(source, 10 * runtime.CAPABILITY[0])


def _compile_module(
    source,
    options=(),
    *,
    arch=None,
    extra_source=None,
    backend="nvrtc",
    enable_cooperative_groups=False,
    name_expressions=None,
    log_stream=None,
    jitify=False,
    to_ltoir=False,
):
    """Stand in for CuPy's function of this name: a module that can run."""
    from cupy.cuda import function

    if enable_cooperative_groups or jitify or to_ltoir or backend != "nvrtc":
        raise NotImplementedError("not emulated: only plain NVRTC is")
    if isinstance(source, bytes):
        source = source.decode()
    names = tuple(name_expressions or ())
    given = Source(source, tuple(options), names)
    _check_with_nvrtc(given)
    note_source(given)
    key = next(_handles)
    _modules[key] = given
    module = function.Module()
    module.load(str(key).encode())
    module._set_mapping({name: name for name in names})
    return module


# --- Running --------------------------------------------------------------


@dataclass(frozen=True)
class Kernel:
    """A kernel of a module, which is built when it is first launched."""

    source: Source
    name: str

    @property
    def waits(self) -> bool:
        """Whether its threads may wait for each other, or may race."""
        races = "thread" in os.environ.get("CUPY_ON_CPU_SANITIZE", "")
        return races or bool(_WAITS.search(self.source.code))


_handles = itertools.count(1_000)
_modules: dict[int, Source] = {}
_kernels: dict[int, Kernel] = {}
_one_at_a_time = threading.Lock()


@cache
def _entry(kernel: Kernel):
    library = ctypes.CDLL(str(build(kernel.source, kernel.name)))
    run = library.cuda_on_cpu_run
    run.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_size_t, ctypes.c_int]
    return run


@cache
def _stacks():
    """Return memory for the stacks of the threads of a block."""
    return ctypes.create_string_buffer(_STACK * runtime.THREADS[0])


def thread_order() -> int:
    """Return the order in which threads run: 0 up, 1 down, 2 mixed."""
    return int(os.environ.get("CUPY_ON_CPU_ORDER", "0"))


def _check_sizes(kernel, grid, block, shared):
    threads = block[0] * block[1] * block[2]
    fits = all(
        0 < size <= most
        for size, most in zip(
            (*grid, *block), (*runtime.GRID, *runtime.THREADS), strict=True
        )
    )
    if not fits or threads > runtime.THREADS[0] or shared > runtime.SHARED:
        raise ValueError(
            f"{kernel.name}: no GPU takes grid {grid}, block {block} and "
            f"{shared:,} bytes of shared memory"
        )


def _launch(handle, gx, gy, gz, bx, by, bz, shared, stream, arguments, extra):
    kernel, grid, block = _kernels[handle], (gx, gy, gz), (bx, by, bz)
    note_launch(kernel.name)
    _check_sizes(kernel, grid, block, shared)
    sizes = ctypes.c_uint * 3
    with _one_at_a_time:
        state = _entry(kernel)(
            arguments,
            sizes(*grid),
            sizes(*block),
            _stacks() if kernel.waits else None,
            shared,
            thread_order(),
        )
    if state == _DEADLOCK:
        raise RuntimeError(
            f"{kernel.name}: some threads wait at a barrier that others "
            "never reach"
        )


def _get_function(module, name):
    handle = next(_handles)
    if isinstance(name, bytes):
        name = name.decode()
    _kernels[handle] = Kernel(_modules[module], name)
    return handle


def _nothing(*arguments):
    """Modules are never unloaded."""


_DRIVER = {
    "ctxGetCurrent": lambda: 1,
    "ctxGetDevice": lambda: 0,
    "moduleLoadData": int,
    "moduleUnload": _nothing,
    "moduleGetFunction": _get_function,
    "launchKernel": _launch,
    # The first attribute is the threads that a block may have.
    "funcGetAttribute": lambda which, handle: 0 if which else 1024,
    "funcSetAttribute": _nothing,
    "occupancyMaxPotentialBlockSize": lambda *arguments: (1, 256),
    "occupancyMaxActiveBlocksPerMultiprocessor": lambda *arguments: 1,
}


def install_driver() -> None:
    """Replace the CUDA driver; to be called before ``import cupy``."""
    import cupy_backends.cuda.api.driver as module

    for name, function in _DRIVER.items():
        replace(module, name, function)


def install_compiler() -> None:
    """Replace CuPy's call of NVRTC; to be called after ``import cupy``."""
    from cupy.cuda import compiler

    compiler._compile_module_with_cache = _compile_module
