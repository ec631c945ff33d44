"""Typical mistakes in code for a GPU, and what finds each of them.

`test_planted_faults.py` puts each one into a copy of the library, and runs
the layer that has to find it.
"""

from dataclasses import dataclass

STATIC, DOUBLE, EMULATOR = LAYERS = "static check", "strict double", "emulator"


@dataclass(frozen=True)
class Fault:
    """A mistake, and where it is planted.

    Attributes
    ----------
    name : of the fault in tests
    what : one clause, for a reader
    module : in skipgram_lib, a dotted path such as model.softmax
    old, new : what stands there, exactly once, and the mistake
    layer : one of LAYERS
    says : a part of the finding or of the error
    """

    name: str
    what: str
    module: str
    old: str
    new: str
    layer: str
    says: str


MISSING = (
    Fault(
        "errstate",
        "a context manager that only NumPy has",
        "backend.base",
        "            self.xp.divide(m, move, out=move)",
        '            with self.xp.errstate(all="ignore"):\n'
        "                self.xp.divide(m, move, out=move)",
        STATIC,
        "no errstate",
    ),
    Fault(
        "take-mode",
        "a keyword that CuPy's `take` lacks",
        "backend.base",
        "xp.maximum(scores, 0) + xp.log1p(small)",
        "xp.take(xp.maximum(scores, 0), xp.arange(len(scores)), axis=0, "
        'mode="clip") + xp.log1p(small)',
        STATIC,
        "keyword mode=",
    ),
    Fault(
        "where",
        "`where=` for an element-wise function",
        "backend.base",
        "self.xp.exp(part, out=part)",
        "self.xp.exp(part, out=part, where=part < 88)",
        STATIC,
        "keyword where=",
    ),
    Fault(
        "initial",
        "`initial=` for a maximum",
        "backend.base",
        "top = part.max(axis=1, keepdims=True)",
        "top = self.xp.max(part, axis=1, keepdims=True, initial=-1e30)",
        STATIC,
        "keyword initial=",
    ),
    Fault(
        "einsum-out",
        "`out=` for a sum of products",
        "backend.base",
        "self.xp.multiply(sigmoid, factor, out=part)",
        'self.xp.einsum("ij,j->ij", sigmoid, factor, out=part)',
        STATIC,
        "keyword out=",
    ),
    Fault(
        "vecdot",
        "a function that NumPy has only lately",
        "backend.base",
        "n[rows] @ (softplus @ weights)",
        "self.xp.vecdot(n[rows], softplus @ weights)",
        STATIC,
        "no vecdot",
    ),
    Fault(
        "stable-sort",
        "a sort that is asked to be stable by NumPy's new keyword",
        "backend.cupy",
        "self.xp.argsort(-scores, axis=1)",
        "self.xp.argsort(-scores, axis=1, stable=True)",
        STATIC,
        "keyword stable=",
    ),
    Fault(
        "scatter-add",
        "a function that CuPy had once",
        "backend.base",
        "            weights[at] -= move",
        "            self.xp.scatter_add(weights, at, -move)",
        STATIC,
        "no scatter_add",
    ),
)

WRONG_SIDE = (
    Fault(
        "host-zeros",
        "NumPy's `zeros` for an array that meets the device's",
        "model.optimiser",
        "mean = backend.xp.zeros_like(weights) if beta1 else None",
        "mean = Backend().xp.zeros(weights.shape, weights.dtype)",
        DOUBLE,
        "is not on the device",
    ),
    Fault(
        "host-index",
        "a host index into a device array",
        "model.softmax",
        "lookup(network.W_in, backend.asarray(part))",
        "lookup(network.W_in, part)",
        DOUBLE,
        "is not on the device",
    ),
    Fault(
        "host-counts",
        "counts that stay on the host",
        "backend.cupy",
        "asarray(N.data.astype(self.dtype)),",
        "N.data.astype(self.dtype),",
        DOUBLE,
        "is not on the device",
    ),
    Fault(
        "host-bias",
        "a host array assigned to an array of the device",
        "model.skipgram",
        "run.backend.asarray(run.objective.initial_bias())",
        "run.objective.initial_bias()",
        DOUBLE,
        "a device array is assigned",
    ),
    Fault(
        "host-initial-weights",
        "initial weights that are not brought to the device",
        "model.initialisation",
        "backend.asarray(U[:, :strong] * root)",
        "U[:, :strong] * root",
        DOUBLE,
        "a device array is assigned",
    ),
    Fault(
        "host-loaded-weights",
        "a loaded model whose weights stay on the host",
        "model.skipgram",
        "name: device.asarray(a)",
        "name: a",
        DOUBLE,
        "is not on the device",
    ),
    Fault(
        "host-borders",
        "borders of rows that stay on the host",
        "backend.cupy",
        "border = self.asarray(cells.indptr, np.int64)",
        "border = cells.indptr.astype(np.int64)",
        DOUBLE,
        "is not on the device",
    ),
    Fault(
        "device-draw",
        "random numbers drawn on the device, where they are others",
        "model.network",
        "W_in = rng.normal(0, scale, (V, D))",
        "W_in = backend.xp.random.normal(0, scale, (V, D))",
        DOUBLE,
        "cupy.random",
    ),
    Fault(
        "device-to-file",
        "a device array given to what writes files",
        "model.skipgram",
        "name: model.device.to_numpy(array)",
        "name: array",
        DOUBLE,
        "Implicit conversion",
    ),
    Fault(
        "device-to-json",
        "a number of the device given to what writes JSON",
        "model.callbacks",
        "replace(record, loss=float(record.loss))",
        "record",
        DOUBLE,
        "Implicit conversion",
    ),
    Fault(
        "device-vectors",
        "word vectors that stay on the device",
        "model.skipgram",
        "host = np.array(self.device.to_numpy(rows))",
        "host = np.array(rows)",
        DOUBLE,
        "Implicit conversion",
    ),
)

WAITING = (
    Fault(
        "float-in-step",
        "a loss made a Python number in every step",
        "model.training",
        "        if isinstance(loss, float):\n"
        "            check_finite(loss, epoch, step, plan.lr)",
        "        check_finite(float(loss), epoch, step, plan.lr)",
        DOUBLE,
        "a step waited",
    ),
    Fault(
        "if-in-step",
        "an `if` on an array of the device",
        "model.softmax",
        "    cells.subtract_from(out)\n",
        "    cells.subtract_from(out)\n"
        "    if (out != out).any():\n"
        '        raise SkipgramError("not a number")\n',
        DOUBLE,
        "a step waited",
    ),
    Fault(
        "there-and-back",
        "a gradient sent to the host and back",
        "model.training",
        "        rates = plan.rates(",
        "        bias = backend.to_numpy(gradients.bias)\n"
        "        gradients.bias = backend.asarray(bias)\n"
        "        rates = plan.rates(",
        DOUBLE,
        "a step waited",
    ),
    Fault(
        "table-sent-again",
        "counts that fit, and are sent in every step all the same",
        "backend.cupy",
        "self.table = self.send(N.tocsr(), self.pairs) if fits else None",
        "self.table = None",
        DOUBLE,
        "a step sent more than ids",
    ),
    Fault(
        "float64-copy",
        "a float64 copy of the errors",
        "model.softmax",
        "backend.matmul(delta.T, h, out=space.W_out)",
        "backend.matmul(delta.T.astype(np.float64), h, out=space.W_out)",
        DOUBLE,
        "large float64",
    ),
    Fault(
        "clock-too-early",
        "a clock that is read while the device still works",
        "apps.selftest",
        "    backend.wait()\n    seconds",
        "    seconds",
        DOUBLE,
        "the clock:",
    ),
    Fault(
        "no-wait",
        "a wait that does not wait",
        "backend.cupy",
        "self.xp.cuda.get_current_stream().synchronize()",
        "self.xp.cuda.get_current_stream()",
        DOUBLE,
        "the clock:",
    ),
)

CARELESS = (
    Fault(
        "negative-id",
        "an id below 0, which a GPU wraps in silence",
        "backend.base",
        "ids.min() < 0 or ids.max() >= V",
        "ids.max() >= V",
        DOUBLE,
        "was not refused",
    ),
    Fault(
        "id-beyond",
        "an id beyond the last row, which a GPU wraps in silence",
        "backend.base",
        "ids.min() < 0 or ids.max() >= V",
        "ids.min() < 0",
        DOUBLE,
        "was not refused",
    ),
    Fault(
        "lost-additions",
        "`scores[rows] += values`, which adds once to a repeated row",
        "model.sampling",
        "    scores[cells] += errors",
        "    scores[cells[0]] += errors[:, None]",
        DOUBLE,
        "names one place repeatedly",
    ),
    Fault(
        "overflow",
        "a softmax that does not subtract the maximum",
        "model.network",
        " = xp.exp(shifted)\n",
        " = xp.exp(scores)\n",
        DOUBLE,
        "differs from NumPy",
    ),
    Fault(
        "temporary-output",
        "a kernel that writes into a copy which nobody keeps",
        "backend.cupy",
        "scale(scores, bias, log_sums[:, None], n[:, None], scores)",
        "scale(scores, bias, log_sums[:, None], n[:, None], scores.copy())",
        DOUBLE,
        "differs from NumPy",
    ),
    Fault(
        "stale-workspace",
        "a result added to what the last step left",
        "model.softmax",
        "backend.matmul(delta.T, h, out=space.W_out)",
        "space.W_out += backend.matmul(delta.T, h)",
        DOUBLE,
        "differs from NumPy",
    ),
    Fault(
        "short-integers",
        "32-bit offsets for a kernel that wants 64",
        "backend.cupy",
        "N.indptr.astype(np.int64)",
        "N.indptr.astype(np.int32)",
        DOUBLE,
        "is int64, got int32",
    ),
    Fault(
        "memory-ignored",
        "all rows at once, whatever memory is free",
        "backend.cupy",
        "return max(1, min(rows, free // 2 // row_bytes))",
        "return rows",
        DOUBLE,
        "free memory was ignored",
    ),
    Fault(
        "table-too-large",
        "counts kept on the device although they do not fit",
        "backend.cupy",
        "self.table = self.send(N.tocsr(), self.pairs) if fits else None",
        "self.table = self.send(N.tocsr(), self.pairs)",
        DOUBLE,
        "the counts do not fit",
    ),
    Fault(
        "installed-is-usable",
        "CuPy taken for usable because it is installed",
        "backend.select",
        "if not cupy.cuda.is_available():",
        "if not cupy.cuda:",
        DOUBLE,
        "was not refused",
    ),
    Fault(
        "broken-driver",
        "an error of CUDA that reaches the user as it is",
        "backend.select",
        "except Exception as error:  # whatever CUDA's libraries may raise",
        "except ImportError as error:",
        DOUBLE,
        "CUDARuntimeError",
    ),
    Fault(
        "cached-backend",
        "a backend that is kept when the GPU is gone",
        "backend.select",
        'def get_backend(name: str | Backend = "auto"',
        '@__import__("functools").lru_cache\n'
        'def get_backend(name: str | Backend = "auto"',
        DOUBLE,
        "was not refused",
    ),
)

CUDA = (
    Fault(
        "wrong-reduction",
        "a reduction with the wrong operator",
        "backend.cupy",
        '"a + b", "y = a", "0", "sum_of_softplus"',
        '"a > b ? a : b", "y = a", "0", "sum_of_softplus"',
        EMULATOR,
        "negative-sampling: loss",
    ),
    Fault(
        "missing-rescale",
        "sums of different maxima added as they are",
        "backend.cupy",
        "r.s = a.s * exp(a.m - r.m) + b.s * exp(b.m - r.m);",
        "r.s = a.s + b.s;",
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "single-inside",
        "single precision inside a kernel for doubles",
        "backend.cupy",
        "REAL m, s;",
        "float m, s;",
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "forgotten-bias",
        "a bias that one of two kernels forgets",
        "backend.cupy",
        '"log_sum(x + bias)"',
        '"log_sum(x)"',
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "swapped-index",
        "row and column of an element swapped",
        "backend.cupy",
        "rows[i / D] * D + i % D",
        "rows[i % D] * D + i / D",
        EMULATOR,
        "softmax: loss",
    ),
    Fault(
        "forgotten-rows",
        "a row of the batch taken for a row of the table",
        "backend.cupy",
        "long long j = begin[rows[r]] + i % lanes;",
        "long long j = begin[r] + i % lanes;",
        EMULATOR,
        "softmax: loss",
    ),
    Fault(
        "wrong-stride",
        "threads that share a row, and all visit the same cells",
        "backend.cupy",
        "for (; j < end; j += lanes) scores",
        "for (; j < end; j += 1) scores",
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "too-few-threads",
        "a launch with fewer threads than the kernel needs",
        "backend.cupy",
        "scores, size=B * self.lanes)",
        "scores, size=B)",
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "uninitialised",
        "a sum that starts from what lay in memory",
        "backend.cupy",
        "for (seen = 0; j < end;",
        "for (; j < end;",
        EMULATOR,
        "differs from NumPy",
    ),
    Fault(
        "whole-abs",
        "the absolute value of a number cut to an integer",
        "backend.cupy",
        "log1p(exp(-fabs(x)))",
        "log1p(exp(-T(abs((int)x))))",
        EMULATOR,
        "negative-sampling: loss",
    ),
    Fault(
        "swapped-branches",
        "the two branches of a sigmoid swapped",
        "backend.cupy",
        "(x < 0 ? small : T(1)) / (1 + small)",
        "(x < 0 ? T(1) : small) / (1 + small)",
        EMULATOR,
        "negative-sampling",
    ),
    Fault(
        "swapped-factors",
        "the two factors of a running mean swapped",
        "backend.cupy",
        "keep_v * v[k] + add_v * gradient * gradient",
        "add_v * v[k] + keep_v * gradient * gradient",
        EMULATOR,
        "softmax:",
    ),
    Fault(
        "syntax",
        "CUDA that no compiler takes, in a string",
        "backend.cupy",
        '"y = exp(x + bias - log_sum) * n"',
        '"y = exp(x + bias - log_sum) * n)"',
        EMULATOR,
        "expected",
    ),
    Fault(
        "not-in-cuda",
        "a constant of C that CUDA's compiler does not know",
        "backend.cupy",
        "m(-3.0e38), s(0)",
        "m(-INFINITY), s(0)",
        EMULATOR,
        "INFINITY",
    ),
    Fault(
        "mixed-kinds",
        "float32 and float64 for the same letter of a kernel",
        "backend.cupy",
        "asarray(N.data.astype(self.dtype))",
        "asarray(N.data)",
        EMULATOR,
        "Type is mismatched",
    ),
    Fault(
        "wrong-number",
        "a kernel that is given one argument too few",
        "backend.cupy",
        "scores, bias, out)",
        "scores, out)",
        EMULATOR,
        "Loop size is undecided",
    ),
    Fault(
        "repeated-rows",
        "rows that occur twice in a step which writes to them",
        "model.training",
        "default_rng([self.seed, epoch]).permutation(V)",
        "default_rng([self.seed, epoch]).integers(0, V, V)",
        EMULATOR,
        "softmax: loss",
    ),
)

FAULTS = (*MISSING, *WRONG_SIDE, *WAITING, *CARELESS, *CUDA)


def table() -> list[tuple[str, str]]:
    """Return what each fault is, and the layer that finds it."""
    return [(fault.what, fault.layer) for fault in FAULTS]
