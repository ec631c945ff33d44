"""Kernels of one's own: the double runs a NumPy twin in their place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from .array import RefusedError, finish, ndarray
from .counters import note

_twins: dict[str, tuple[Callable[..., Any], bool]] = {}


def register_kernel(
    name: str, function: Callable[..., Any], in_place: bool = False
) -> None:
    """Say what a kernel computes, in NumPy.

    Parameters
    ----------
    name : as given to `ElementwiseKernel` or `ReductionKernel`
    function : gets the inputs as NumPy arrays and numbers, returns an
        output, or a tuple of them. That of a reduction also gets `axis`
        and `keepdims`.
    in_place : the function gets the outputs too, and writes into them;
        for kernels with raw outputs, or that return nothing
    """
    _twins[name] = function, in_place


def forget_kernels() -> None:
    """Take back all that was registered."""
    _twins.clear()


def find_twin(name: str) -> tuple[Callable[..., Any], bool]:
    """Return the twin of a kernel, or say that there is none."""
    if name not in _twins:
        raise NotImplementedError(
            f"no kernels in the double: give {name!r} a NumPy twin with "
            "double.register_kernel"
        )
    return _twins[name]


def refuse_raw(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse CUDA that is not an expression: it has no twin."""
    raise NotImplementedError("there are no raw kernels in the double")


@dataclass(frozen=True)
class KernelParameter:
    """One parameter of a kernel.

    Attributes
    ----------
    name : str
    raw : the kernel indexes it itself
    kind : dtype, or a letter that stands for any
    """

    name: str
    raw: bool
    kind: np.dtype | str

    @classmethod
    def parse(cls, text: str) -> "KernelParameter":
        """Read one such as ``raw float32 weights`` or ``T x``."""
        *words, kind, name = text.split()
        exact = kind if len(kind) == 1 else np.dtype(kind)
        return cls(name, "raw" in words, exact)

    def check(self, value: Any, letters: dict[str, np.dtype]) -> None:
        """Refuse what does not fit; learn what the letters stand for."""
        if isinstance(value, float) and not isinstance(value, np.generic):
            raise RefusedError(
                f"{self.name}: a Python float has no type of its own; "
                "wrap it, as in np.float32(x)"
            )
        if not isinstance(value, (ndarray, np.generic, int)):
            raise RefusedError(
                f"{self.name}: {type(value)} is not on the device"
            )
        if self.raw and not isinstance(value, ndarray):
            raise RefusedError(f"{self.name} is raw and must be an array")
        if isinstance(value, int):
            return
        wanted = self.kind
        if isinstance(wanted, str):
            wanted = letters.setdefault(wanted, value.dtype)
        if value.dtype != wanted:
            raise RefusedError(f"{self.name} is {wanted}, got {value.dtype}")

    def dtype(self, letters: dict[str, np.dtype]) -> np.dtype:
        """Return the dtype, with what the letters stand for."""
        return letters[self.kind] if isinstance(self.kind, str) else self.kind


def parse_parameters(text: str) -> list[KernelParameter]:
    """Read the parameters of a kernel."""
    return [KernelParameter.parse(p) for p in text.split(",") if p.strip()]


def read_only(value: Any) -> Any:
    """Return an input as a kernel sees it: it may not write there."""
    if not isinstance(value, ndarray):
        return value
    view = value._host.view()
    view.flags.writeable = False
    return view


class Kernel:
    """What both sorts of kernels share: parameters, and the twin."""

    def __init__(self, in_params: str, out_params: str, name: str) -> None:
        self.inputs = parse_parameters(in_params)
        self.outputs = parse_parameters(out_params)
        self.name = name
        self.twin, self.writes = find_twin(name)

    def split(self, args: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
        """Check the arguments; return inputs, outputs and the letters."""
        nin, total = len(self.inputs), len(self.inputs) + len(self.outputs)
        if len(args) not in (nin, total):
            raise RefusedError(
                f"{self.name} takes {nin} or {total} arguments, got "
                f"{len(args)}"
            )
        letters: dict[str, np.dtype] = {}
        for one, value in zip(
            [*self.inputs, *self.outputs], args, strict=False
        ):
            one.check(value, letters)
        outputs = list(args[nin:])
        if not all(isinstance(value, ndarray) for value in outputs):
            raise RefusedError(f"{self.name}: an output is not a device array")
        return list(args[:nin]), outputs, letters

    def run(
        self, inputs: Any, outputs: Any, letters: Any, **how: Any
    ) -> ndarray | tuple[ndarray, ...]:
        """Let the twin compute, and return the outputs."""
        note("calls")
        host = [read_only(value) for value in inputs]
        with np.errstate(all="ignore"):
            if self.writes:
                self.twin(*host, *(out._host for out in outputs), **how)
            else:
                results = self.twin(*host, **how)
                outputs = self.deliver(results, outputs, letters)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def deliver(
        self, results: Any, outputs: Any, letters: dict[str, np.dtype]
    ) -> list[ndarray]:
        """Put the twin's results into the outputs, given or new."""
        results = results if isinstance(results, tuple) else (results,)
        if len(results) != len(self.outputs):
            raise RefusedError(f"the twin of {self.name} gave {len(results)}")
        if not outputs:
            return [
                finish(self.name, (), None, np.array(one, p.dtype(letters)))
                for one, p in zip(results, self.outputs, strict=True)
            ]
        for out, one in zip(outputs, results, strict=True):
            if np.shape(one) != out.shape:
                raise RefusedError(
                    f"{self.name}: {np.shape(one)} to {out.shape}"
                )
            out._host[...] = one
        return outputs


class ElementwiseKernel(Kernel):
    """CuPy's kernel with one thread for each element."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        operation: str,
        name: str = "kernel",
        reduce_dims: bool = True,
        preamble: str = "",
        no_return: bool = False,
        return_tuple: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(in_params, out_params, name)

    def __call__(
        self, *args: Any, size: int | None = None, block_size: int = 128
    ) -> Any:
        inputs, outputs, letters = self.split(args)
        every = zip([*self.inputs, *self.outputs], args, strict=False)
        shapes = [
            value.shape
            for one, value in every
            if isinstance(value, ndarray) and not one.raw
        ]
        np.broadcast_shapes(*shapes)  # raises ValueError if they do not fit
        if not shapes and size is None:
            raise RefusedError(
                f"{self.name}: all arrays are raw, so give size="
            )
        return self.run(inputs, outputs, letters)


class ReductionKernel(Kernel):
    """CuPy's kernel that reduces along axes."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        map_expr: str,
        reduce_expr: str,
        post_map_expr: str,
        identity: Any,
        name: str = "reduce_kernel",
        reduce_type: str | None = None,
        reduce_dims: bool = True,
        preamble: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__(in_params, out_params, name)

    def __call__(
        self,
        *args: Any,
        out: Any = None,
        axis: Any = None,
        keepdims: bool = False,
        stream: Any = None,
    ) -> Any:
        given = args if out is None else (*args, out)
        inputs, outputs, letters = self.split(given)
        return self.run(inputs, outputs, letters, axis=axis, keepdims=keepdims)
