"""Put the emulator in its place."""

import ctypes
import importlib.metadata
import os
import platform
import shutil
import sys
import warnings

VERSION = "14.2.0"
_installed = False


def _version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _has_nvrtc() -> bool:
    if os.environ.get("CUPY_ON_CPU_NVRTC") == "0":
        return True
    if _version_of("nvidia-cuda-nvrtc"):
        return True
    try:
        ctypes.CDLL("libnvrtc.so.13")
    except OSError:
        return False
    return True


def reason_missing() -> str | None:
    """Say why the emulator cannot run here; None if it can."""
    if platform.system() != "Linux":
        return "CuPy on the CPU needs Linux"
    version = _version_of("cupy-cuda13x")
    if version is None:
        return f"cupy-cuda13x is not installed: pip install {WHEELS}"
    if version != VERSION:
        return f"it knows the insides of CuPy {VERSION}, not of {version}"
    if not shutil.which("g++"):
        return "no g++ to compile kernels with"
    if not _has_nvrtc():
        return f"no NVRTC to check kernels with: pip install {WHEELS}"
    return None


WHEELS = f"cupy-cuda13x=={VERSION} nvidia-cuda-nvrtc scipy"


def install() -> None:
    """Make ``import cupy`` find a GPU that is this processor.

    To be called before the first import of CuPy; again, it does nothing.

    Raises
    ------
    RuntimeError
        If it cannot run here, or CuPy is imported already.
    """
    global _installed
    if _installed:
        return
    if reason := reason_missing():
        raise RuntimeError(reason)
    if "cupy" in sys.modules:
        raise RuntimeError("install() must come before `import cupy`")
    # CUB and cuTENSOR are machine code: CuPy's own kernels take over.
    os.environ["CUPY_ACCELERATORS"] = ""
    from . import kernels, libraries, memory, runtime

    runtime.install()
    kernels.install_driver()
    libraries.install_cublas()
    with warnings.catch_warnings():
        # Some part of CUDA is not installed: it is not needed.
        warnings.simplefilter("ignore")
        import cupy  # noqa: F401

        kernels.install_compiler()
        libraries.install()
    memory.install_allocator()
    _installed = True
