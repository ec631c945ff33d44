"""The double's array: a NumPy array that keeps to the device."""

import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import api
from .counters import note, note_float64


class RefusedError(TypeError):
    """Raised for what a GPU refuses, or does slowly or wrongly in silence."""


NUMBERS = (bool, int, float, complex, np.generic)
PLAIN = (*NUMBERS, str, type(None), np.dtype, type, type(Ellipsis))


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# What a function reads on the host: an array there means a wait, or an error.
HOST_PARAMETERS = words(
    "shape axis axes axis1 axis2 repeats reps start stop step N M k num n "
    "minlength indices_or_sections pad_width decimals ndmin source "
    "destination offset newshape ddof"
)
# What must be an array (or a number): a list would be copied in silence.
ARRAY_PARAMETERS = words(
    "a b x y v m ar ar1 ar2 arr ary args x1 x2 indices weights values "
    "condition choices"
)
# These wait for the device, to learn the size of their result.
WAITING = words("nonzero flatnonzero argwhere unique bincount histogram")
# These move numbers and compute nothing.
MOVING = words(
    "reshape ravel transpose swapaxes squeeze flatten copy view diagonal "
    "broadcast_to expand_dims ascontiguousarray moveaxis rollaxis flip "
    "atleast_1d atleast_2d atleast_3d"
)


class ndarray:  # noqa: N801 (CuPy's name)
    """An array in the memory of the GPU that is not there.

    Parameters
    ----------
    host : NumPy array that plays the device's memory; it is not copied
    """

    __slots__ = ("_host",)
    __hash__ = None  # type: ignore[assignment]
    # NumPy leaves operators to this class, and refuses it in its ufuncs.
    __array_ufunc__ = None

    def __init__(self, host: np.ndarray) -> None:
        self._host = host

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: self._host.flags)
    T = property(lambda self: ndarray(self._host.T))
    mT = property(lambda self: ndarray(self._host.mT))  # noqa: N815
    real = property(lambda self: ndarray(self._host.real))
    imag = property(lambda self: ndarray(self._host.imag))

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RefusedError(
            "Implicit conversion to a NumPy array is not allowed; "
            "use `.get()` or `cupy.asnumpy`"
        )

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> NoReturn:
        raise RefusedError(f"numpy.{function.__name__} of a device array")

    def get(
        self,
        stream: Any = None,
        order: str = "C",
        out: Any = None,
        blocking: bool = True,
    ) -> np.ndarray:
        """Copy the array to the host."""
        note("device_to_host")
        if out is None:
            return self._host.copy(order)
        out[...] = self._host
        return out

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        """Overwrite the array with one of the host, of the same kind."""
        if not isinstance(arr, np.ndarray):
            raise RefusedError(f"set takes a NumPy array, got {type(arr)}")
        if (arr.shape, arr.dtype) != (self.shape, self.dtype):
            raise RefusedError(f"set: {arr.dtype} {arr.shape} does not fit")
        note("host_to_device")
        self._host[...] = arr

    def item(self, *args: int) -> Any:
        """Copy one number to the host."""
        note("device_to_host")
        return self._host.item(*args)

    def tolist(self) -> Any:
        """Copy the array to the host, as Python's numbers."""
        return self.get().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __bool__(self) -> bool:
        note("device_to_host")
        return bool(self._host)

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, how: str) -> str:
        return format(self.item() if how else str(self), how)

    def __reduce__(self) -> Any:
        return from_host, (self.get(),)

    def __deepcopy__(self, memo: Any) -> "ndarray":
        return ndarray(self._host.copy())

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: Any = None,
        subok: Any = None,
        copy: bool = True,
    ) -> "ndarray":
        """Return the array in another dtype; itself if copy is False."""
        note("calls")
        with np.errstate(all="ignore"):
            found = self._host.astype(check_dtype(dtype), order, copy=copy)
        if found is self._host:
            return self
        note_float64("astype", found.dtype, found.shape)
        return ndarray(found)

    def __getitem__(self, key: Any) -> "ndarray":
        note("calls")
        host_key = unwrap_key(key)
        parts = host_key if isinstance(host_key, tuple) else (host_key,)
        arrays = [part for part in parts if isinstance(part, np.ndarray)]
        if any(part.dtype == bool for part in arrays):
            note("device_to_host")  # the size of the result must be known
        found = self._host[host_key]
        if isinstance(found, np.generic) and not arrays and ... not in parts:
            found = self._host[(*parts, ...)]  # a view, as on the device
        return ndarray(np.asarray(found))

    def __setitem__(self, key: Any, value: Any) -> None:
        note("calls")
        host_key = unwrap_key(key)
        if not isinstance(value, (ndarray, *NUMBERS)):
            raise RefusedError(f"a device array is assigned {type(value)}")
        if isinstance(value, ndarray) and value.size > 1:
            refuse_repetition(self._host.shape, host_key)
        with np.errstate(all="ignore"):
            self._host[host_key] = unwrap(value, "assignment")

    def __getattr__(self, name: str) -> Any:
        if not api.has("cupy.ndarray", name):
            raise AttributeError(f"CuPy's ndarray has no attribute {name!r}")
        method = getattr(self._host, name, None)
        if not callable(method):
            raise AttributeError(f"the double has no ndarray.{name} yet")
        return checked("cupy.ndarray", name, method, self)


ndarray.__module__ = "cupy"


def from_host(host: np.ndarray) -> ndarray:
    """Put a copy of a host array on the device; the copy is counted."""
    note("host_to_device")
    return ndarray(host.copy())


def check_dtype(dtype: Any) -> Any:
    """Return a dtype, or None; refuse what no GPU computes with."""
    if dtype is None:
        return None
    found = np.dtype(dtype)
    if found.char not in "?bBhHiIlLqQefdFD":
        raise RefusedError(f"CuPy has no arrays of dtype {found}")
    return found


def unwrap(value: Any, where: str) -> Any:
    """Return the host's side of an operand; refuse true host arrays."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, (list, tuple)):
        return type(value)(unwrap(part, where) for part in value)
    if isinstance(value, PLAIN):
        return value
    raise RefusedError(f"{where}: {type(value)} is not on the device")


def unwrap_key(key: Any) -> Any:
    """Return an index as NumPy wants it; refuse host arrays in it."""
    if isinstance(key, tuple):
        return tuple(unwrap_key(part) for part in key)
    if isinstance(key, slice):
        for part in (key.start, key.stop, key.step):
            if isinstance(part, ndarray):
                raise RefusedError("a device array in a slice")
        return key
    if isinstance(key, list):
        if not all(isinstance(part, (int, np.integer)) for part in key):
            raise RefusedError("a list as an index must hold integers")
        note("host_to_device")
        return np.asarray(key, None if key else np.intp)
    return unwrap(key, "index")


def refuse_repetition(shape: tuple[int, ...], key: Any) -> None:
    """Refuse to write to one place twice: the GPU's order is not fixed."""
    parts = key if isinstance(key, tuple) else (key,)
    if not any(isinstance(p, np.ndarray) and p.dtype != bool for p in parts):
        return
    places = np.arange(int(np.prod(shape))).reshape(shape)[key]
    if np.unique(places).size < places.size:
        raise RefusedError("an assignment names one place repeatedly")


def wrap(result: Any) -> Any:
    """Return results as device arrays; leave what is no array."""
    if isinstance(result, (np.ndarray, np.generic)):
        return ndarray(np.asarray(result))
    if hasattr(result, "_make"):  # a named tuple
        return type(result)._make(map(wrap, result))
    if isinstance(result, (list, tuple)):
        return type(result)(map(wrap, result))
    return result


def computed_dtype(operands: Any, result: Any) -> np.dtype:
    """Return the dtype that NumPy computes in, for some operands."""
    known = [
        one._host if isinstance(one, ndarray) else one
        for one in operands
        if isinstance(one, (ndarray, *NUMBERS))
    ]
    floats = [one for one in known if np.asarray(one).dtype.kind in "fc"]
    return np.result_type(result, *floats)


def check_arguments(place: str, name: str, args: Any, kwargs: Any) -> None:
    """Refuse parameters that CuPy lacks, and arrays on the wrong side."""
    if problem := api.complaint(place, name, len(args), list(kwargs)):
        raise RefusedError(problem)
    known = api.parameters(place, name)
    if known is None:
        return
    named = [(known.name_of(i), value) for i, value in enumerate(args)]
    for parameter, value in [*named, *kwargs.items()]:
        if parameter in HOST_PARAMETERS and isinstance(value, ndarray):
            raise RefusedError(f"{name}: {parameter} is a device array")
        if parameter in ARRAY_PARAMETERS and isinstance(value, (list, tuple)):
            raise RefusedError(
                f"{name}: {parameter} is a {type(value).__name__}"
            )


def checked(
    place: str,
    name: str,
    function: Callable[..., Any],
    owner: ndarray | None = None,
) -> Callable[..., Any]:
    """Return a NumPy function or method as CuPy would have it.

    Parameters
    ----------
    place, name : of the function in CuPy
    function : computes, with host arrays
    owner : the array of a method; returned if nothing is copied
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        note("calls")
        check_arguments(place, name, args, kwargs)
        if name in WAITING:
            note("device_to_host")
        check_dtype(kwargs.get("dtype"))
        host = {key: unwrap(value, name) for key, value in kwargs.items()}
        with np.errstate(all="ignore"):
            result = function(*(unwrap(one, name) for one in args), **host)
        return finish(name, (owner, *args), kwargs.get("out"), result)

    call.__name__ = call.__qualname__ = name
    return call


def finish(name: str, operands: Any, out: Any, result: Any) -> Any:
    """Record a result, and return it as the device would."""
    results = result if isinstance(result, (list, tuple)) else [result]
    for one in results:
        if isinstance(one, np.ndarray) and name not in MOVING:
            kind = one.dtype if out is None else computed_dtype(operands, one)
            note_float64(name, kind, one.shape)
    for one in operands:
        if isinstance(one, ndarray) and result is one._host:
            return one
    return wrap(result) if out is None else out


def refuse_operand(value: Any) -> None:
    """Refuse what an operator of device arrays does not take."""
    if not isinstance(value, (ndarray, *NUMBERS)):
        raise RefusedError(
            f"Unsupported type {type(value)} beside a device array"
        )


def forward(name: str, function: Any) -> Any:
    """Return the method of an operator, the array on its left."""

    def method(self: ndarray, other: Any) -> ndarray:
        if getattr(other, "is_sparse_double", False):
            return NotImplemented
        refuse_operand(other)
        note("calls")
        with np.errstate(all="ignore"):
            result = function(self._host, unwrap(other, name))
        return finish(name, (), None, np.asarray(result)[...])

    return method


def backward(name: str, function: Any) -> Any:
    """Return the method of an operator, the array on its right."""

    def method(self: ndarray, other: Any) -> ndarray:
        refuse_operand(other)
        note("calls")
        with np.errstate(all="ignore"):
            result = function(unwrap(other, name), self._host)
        return finish(name, (), None, np.asarray(result)[...])

    return method


def in_place(name: str, function: Any) -> Any:
    """Return the method of an operator that changes its left side."""

    def method(self: ndarray, other: Any) -> ndarray:
        refuse_operand(other)
        note("calls")
        with np.errstate(all="ignore"):
            function(self._host, unwrap(other, name))
        kind = computed_dtype((self, other), self._host)
        note_float64(name, kind, self.shape)
        return self

    return method


def add_operators() -> None:
    """Give the array its operators."""
    names = "add sub mul truediv floordiv mod pow and or xor lshift rshift"
    for name in names.split():
        plain = getattr(operator, f"__{name}__")
        changing = getattr(operator, f"__i{name}__")
        setattr(ndarray, f"__{name}__", forward(name, plain))
        setattr(ndarray, f"__r{name}__", backward(name, plain))
        setattr(ndarray, f"__i{name}__", in_place(name, changing))
    for name in ["matmul", "lt", "le", "gt", "ge", "eq", "ne"]:
        plain = getattr(operator, f"__{name}__")
        setattr(ndarray, f"__{name}__", forward(name, plain))
    ndarray.__rmatmul__ = backward("matmul", operator.matmul)
    for name in ["neg", "pos", "abs", "invert"]:
        plain = getattr(operator, f"__{name}__")
        setattr(ndarray, f"__{name}__", unary(name, plain))


def unary(name: str, function: Any) -> Any:
    """Return the method of an operator with one operand."""

    def method(self: ndarray) -> ndarray:
        note("calls")
        return finish(name, (), None, np.asarray(function(self._host)))

    return method


add_operators()
