"""Swap functions inside compiled extension modules.

Cython modules call each other through C pointers, which each of them
publishes in the capsules of `__pyx_capi__` and fetches when it is imported.
A pointer changed before that import reaches every later importer.
"""

import ctypes
import re
import traceback
from collections.abc import Callable
from types import ModuleType

_api = ctypes.pythonapi
_api.PyCapsule_GetName.restype = ctypes.c_void_p
_api.PyCapsule_GetName.argtypes = [ctypes.py_object]
_api.PyCapsule_SetPointer.restype = ctypes.c_int
_api.PyCapsule_SetPointer.argtypes = [ctypes.py_object, ctypes.c_void_p]
_TYPES = {
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "size_t": ctypes.c_size_t,
    "intptr_t": ctypes.c_ssize_t,
    "float": ctypes.c_float,
    "PyObject *": ctypes.py_object,
}
_kept: list[object] = []
_errors: list[BaseException] = []


def note_error(error: BaseException) -> None:
    """Keep an error that C code cannot pass on, and print it."""
    traceback.print_exception(error)
    _errors.append(error)


def check_no_errors() -> None:
    """Raise what stand-ins raised inside CuPy's compiled code.

    Such an error cannot pass through C, so CuPy went on. Call this after
    each test.
    """
    if _errors:
        errors = _errors.copy()
        _errors.clear()
        kinds = "; ".join(f"{type(e).__name__}: {e}" for e in errors)
        raise RuntimeError(f"in the emulated CUDA: {kinds}") from errors[0]


def read_signature(text: str) -> tuple[type, list[type], int]:
    """Read a C signature that Cython wrote.

    Returns
    -------
    result, arguments : as types of ctypes
    given : the number of arguments that are not Cython's own
    """
    result, arguments = re.fullmatch(r"(.*?) ?\((.*)\)", text).groups()
    types, given = [], 0
    for argument in arguments.split(", "):
        if argument.startswith("struct "):
            types.append(ctypes.c_void_p)
        elif argument.endswith("__pyx_skip_dispatch"):
            types.append(ctypes.c_int)
        elif argument != "void":
            types.append(_TYPES[argument])
            given += 1
    return _TYPES[result], types, given


def replace(module: ModuleType, name: str, function: Callable) -> None:
    """Let C callers and Python callers of a function reach another one."""
    capsule = module.__pyx_capi__[name]
    address = _api.PyCapsule_GetName(capsule)
    result, types, given = read_signature(ctypes.string_at(address).decode())

    def call(*arguments):
        try:
            return function(*arguments[:given])
        except BaseException as error:
            note_error(error)
            return None if result is ctypes.py_object else 0

    pointer = ctypes.PYFUNCTYPE(result, *types)(call)
    # Called until the very end of the process: never to be freed.
    _kept.append(pointer)
    _api.Py_IncRef(ctypes.py_object(pointer))
    _api.Py_IncRef(ctypes.py_object(call))
    code = ctypes.cast(pointer, ctypes.c_void_p)
    if _api.PyCapsule_SetPointer(capsule, code):
        raise RuntimeError(f"{module.__name__}.{name} cannot be replaced")
    if hasattr(module, name):
        setattr(module, name, function)
