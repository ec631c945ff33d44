"""The modules of kernels that CuPy made, and NVIDIA's compiler."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A module of CUDA C++.

    Attributes
    ----------
    code : the text
    options : of NVRTC
    names : kernels that are instances of templates
    """

    code: str
    options: tuple[str, ...]
    names: tuple[str, ...] = ()


_seen: dict[Source, None] = {}


def note_source(source: Source) -> None:
    """Keep a module for `compiled_sources`."""
    _seen[source] = None


def compiled_sources() -> list[Source]:
    """Return all modules that CuPy compiled in this process, in order."""
    return list(_seen)


def compile_with_nvrtc(source: Source, arch: int) -> None:
    """Compile for a real GPU: sm_`arch`; raise CuPy's CompileException."""
    from cupy.cuda import compiler

    program = compiler._NVRTCProgram(
        source.code,
        "kernel.cu",
        name_expressions=source.names or None,
        method="cubin",
    )
    more = ("-ftz=true", "--device-as-default-execution-space")
    program.compile((*source.options, f"-arch=sm_{arch}", *more))


def compile_for(archs: Iterable[int]) -> list[tuple[int, Source, str]]:
    """Compile all modules made so far for real GPUs.

    Parameters
    ----------
    archs : compute capabilities, such as 75 and 90

    Returns
    -------
    list
        (arch, source, message) of each failure.
    """
    from .kernels import compile_once

    failures = []
    for arch in archs:
        for source in compiled_sources():
            try:
                compile_once(source, arch)
            except Exception as error:
                failures.append((arch, source, str(error)))
    return failures
