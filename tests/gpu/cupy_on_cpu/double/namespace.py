"""The double's modules: NumPy's functions under CuPy's names."""

import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np

from .. import api
from .array import (
    RefusedError,
    check_dtype,
    checked,
    ndarray,
    unwrap,
)
from .counters import note

# Kinds of numbers that CuPy's scatter kernels add or compare atomically.
ATOMIC = {
    "add": "efdiIlLqQ",
    "maximum": "fdiIlLqQ",
    "minimum": "fdiIlLqQ",
    "subtract": "iI",
}


class Namespace(types.ModuleType):
    """A module that has a name if CuPy has it, and NumPy can play it.

    Parameters
    ----------
    name : of CuPy's module
    host : NumPy's module that computes, or None
    own : names that the double plays itself
    """

    def __init__(self, name: str, host: Any = None, **own: Any) -> None:
        super().__init__(name, "A double of CuPy's module.")
        self.__spec__ = ModuleSpec(name, None)
        self.__dict__["_host"] = host
        for key, value in own.items():
            setattr(self, key, value)

    def __getattr__(self, name: str) -> Any:
        place = self.__name__
        if name.startswith("__") or not api.has(place, name):
            raise AttributeError(f"CuPy's {place} has no attribute {name!r}")
        value = getattr(self.__dict__["_host"], name, None)
        if value is None and name != "newaxis":
            raise AttributeError(f"the double has no {place}.{name} yet")
        if isinstance(value, np.ufunc) and name in api.API["ufuncs"]:
            return UniversalFunction(name, value)
        if callable(value) and not isinstance(value, type):
            return checked(place, name, value)
        return value


class UniversalFunction:
    """An element-wise function of the double."""

    def __init__(self, name: str, host: np.ufunc) -> None:
        self.name, self.host = name, host
        self.call = checked("cupy", name, host)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) > self.host.nin:
            raise RefusedError(
                f"{self.name} takes {self.host.nin} arrays; use out="
            )
        return self.call(*args, **kwargs)

    def at(self, a: Any, indices: Any, b: Any) -> None:
        """Change places of an array, each as often as it is named."""
        if not isinstance(a, ndarray):
            raise RefusedError(
                f"{self.name}.at: {type(a)} is not on the device"
            )
        if a.dtype.char not in ATOMIC.get(self.name, ""):
            raise RefusedError(f"CuPy has no {self.name}.at for {a.dtype}")
        note("calls")
        parts = unwrap(indices, "at"), unwrap(b, "at")
        self.host.at(a._host, *parts)

    def __getattr__(self, name: str) -> Any:
        if name not in api.API["ufunc_methods"]:
            raise AttributeError(f"CuPy's ufuncs have no {name!r}")
        method = getattr(self.host, name)
        if not callable(method):
            return method
        return checked(f"cupy.{self.name}", name, method)


def from_anything(value: Any, dtype: Any, order: Any, ndmin: int) -> ndarray:
    """Return a new device array; what comes from the host is counted."""
    on_device = isinstance(value, ndarray) or (
        isinstance(value, (list, tuple))
        and any(isinstance(part, ndarray) for part in value)
    )
    if on_device:
        value = unwrap(value, "array")
    else:
        note("host_to_device")
    host = np.array(value, check_dtype(dtype), order=order, ndmin=ndmin)
    native = check_dtype(host.dtype).newbyteorder("=")
    return ndarray(host.astype(native, copy=False))


def array(
    obj: Any,
    dtype: Any = None,
    copy: bool = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
    *,
    blocking: bool = False,
) -> ndarray:
    """Return an array on the device: a copy, or if it may be, itself."""
    note("calls")
    same = isinstance(obj, ndarray) and dtype in (None, obj.dtype)
    if same and not copy and order in ("K", "A", None) and ndmin <= obj.ndim:
        return obj
    return from_anything(obj, dtype, order, ndmin)


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    blocking: bool = False,
) -> ndarray:
    """Return an array on the device, itself if it is one already."""
    return array(a, dtype, bool(copy), order or "K", blocking=blocking)


def asnumpy(
    a: Any,
    stream: Any = None,
    order: str = "C",
    out: Any = None,
    *,
    blocking: bool = True,
) -> np.ndarray:
    """Return an array on the host."""
    return a.get(stream, order, out) if isinstance(a, ndarray) else np.array(a)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C"
) -> ndarray:
    """Return an array of one number, which may be on the device."""
    return checked("cupy", "full", np.full)(shape, fill_value, dtype, order)


def array_module_of(cupy: Any) -> Callable[..., Any]:
    """Return CuPy's `get_array_module`."""

    def get_array_module(*args: Any) -> Any:
        """Return the double if any argument is its array, else NumPy."""
        return cupy if any(isinstance(a, ndarray) for a in args) else np

    return get_array_module


class Generator:
    """Random numbers, of other values than CuPy's, by the same names."""

    def __init__(self, seed: Any = None) -> None:
        if not isinstance(seed, (int, np.integer, type(None))):
            raise RefusedError(f"a seed is an integer, got {type(seed)}")
        self._host = np.random.default_rng(seed)

    def __getattr__(self, name: str) -> Any:
        if not api.has("cupy.random.Generator", name):
            raise AttributeError(f"CuPy's Generator has no {name!r}")
        return checked(
            "cupy.random.Generator", name, getattr(self._host, name)
        )


def default_rng(seed: Any = None) -> Generator:
    """Return a generator of the double."""
    return Generator(seed)


def make_cupy() -> Namespace:
    """Return the double of `cupy`, without its kernels and `cuda`."""
    linalg = Namespace("cupy.linalg", np.linalg)
    random = Namespace(
        "cupy.random", Generator=Generator, default_rng=default_rng
    )
    cupy = Namespace("cupy", np, linalg=linalg, random=random)
    for value in (array, asarray, asnumpy, full, ndarray):
        setattr(cupy, value.__name__, value)
    cupy.get_array_module = array_module_of(cupy)
    cupy.__version__ = api.VERSION
    return cupy
