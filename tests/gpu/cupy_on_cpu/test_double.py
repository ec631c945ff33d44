"""The double refuses what a GPU refuses, and computes what NumPy does."""

import sys
import types
from copy import deepcopy

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import assert_same_weights, random_network

from cupy_on_cpu import api, double
from skipgram_lib import SkipGram
from skipgram_lib.backend.base import Backend, RowGradients, array_module
from skipgram_lib.model.network import Network
from skipgram_lib.model.softmax import batch_gradients

RNG = np.random.default_rng(5)
HOST = RNG.normal(size=(4, 3)).astype(np.float32)
IDS = np.array([0, 2, 3])

# Name of the fault: (what is run, how it ends). `dev` is of the double,
# `host` of NumPy, `ids` on the device, `host_ids` on the host.
FAULTS = {
    "device plus host": ("dev + host", TypeError),
    "host plus device": ("host + dev", TypeError),
    "device compared with host": ("dev < host", TypeError),
    "device times host": ("dev @ host.T", TypeError),
    "host times device": ("host.T @ dev", TypeError),
    "host added in place": ("dev += host", TypeError),
    "device added to host": ("host += dev", TypeError),
    "list added": ("dev[0] + [1, 2, 3]", TypeError),
    "indexed by the host": ("dev[host_ids]", TypeError),
    "indexed by both": ("dev[ids, np.array([0, 1, 2])]", TypeError),
    "host indexed by the device": ("host[ids]", TypeError),
    "slice to a device number": ("dev[: ids.max()]", TypeError),
    "rows of the host assigned": ("dev[ids] = host[:3]", TypeError),
    "list assigned": ("dev[0] = [1, 2, 3]", TypeError),
    "assigned by host ids": ("dev[host_ids] = 1", TypeError),
    "assigned to host": ("host[0] = dev[0]", TypeError),
    "one place assigned twice": ("dev[ids * 0] = dev[ids]", TypeError),
    "NumPy's ufunc": ("np.exp(dev)", TypeError),
    "NumPy's function": ("np.sum(dev)", TypeError),
    "NumPy's add.at": ("np.add.at(dev, ids, 1)", TypeError),
    "NumPy joins": ("np.concatenate([dev, host])", TypeError),
    "converted in silence": ("np.asarray(dev)", TypeError),
    "number converted": ("np.array([dev.sum()])", TypeError),
    "range": ("range(ids.max())", TypeError),
    "index of a list": ("[0, 1, 2, 3][ids.max()]", TypeError),
    "size from the device": ("xp.zeros(ids.max())", TypeError),
    "shape from the device": ("dev.reshape(ids.max(), -1)", TypeError),
    "host given to a ufunc": ("xp.exp(host)", TypeError),
    "host given to a function": ("xp.sum(host)", TypeError),
    "host among devices": ("xp.concatenate([dev, host])", TypeError),
    "host as one branch": ("xp.where(dev > 0, host, dev)", TypeError),
    "list given": ("xp.exp([1.0, 2.0])", TypeError),
    "host as out": ("xp.exp(dev, out=host)", TypeError),
    "add.at with host ids": ("xp.add.at(dev, host_ids, 1)", TypeError),
    "add.at on the host": ("xp.add.at(host, ids, 1)", TypeError),
    "subtract.at of floats": ("xp.subtract.at(dev, ids, 1)", TypeError),
    "errstate": ("xp.errstate(all='ignore')", AttributeError),
    "vecdot": ("xp.vecdot(dev, dev)", AttributeError),
    "vector_norm": ("xp.linalg.vector_norm(dev)", AttributeError),
    "method of NumPy only": ("dev.setflags(write=False)", AttributeError),
    "normal numbers": ("xp.random.default_rng(0).normal", AttributeError),
    "choice": ("xp.random.default_rng(0).choice(3)", AttributeError),
    "permutation": ("xp.random.default_rng(0).permutation(3)", AttributeError),
    "shuffle": ("xp.random.default_rng(0).shuffle(dev)", AttributeError),
    "take mode": ("xp.take(dev, ids, mode='clip')", TypeError),
    "where of a ufunc": ("xp.exp(dev, where=dev > 0)", TypeError),
    "where of a sum": ("xp.sum(dev, where=dev > 0)", TypeError),
    "initial of a method": ("dev.max(initial=0)", TypeError),
    "out of einsum": ("xp.einsum('ij->i', dev, out=dev[:, 0])", TypeError),
    "device of zeros": ("xp.zeros(3, device='cpu')", TypeError),
    "id too large": ("dev[ids + 1]", IndexError),
    "id too small": ("dev[ids - 5]", IndexError),
    "id too large to write": ("dev[ids + 1] = 0", IndexError),
    "id too large to take": ("xp.take(dev, ids + 1, axis=0)", IndexError),
    "id too large to add": ("xp.add.at(dev, ids + 1, 1)", IndexError),
    "integers divided in place": ("ids /= 2", TypeError),
    "strings": ("xp.asarray(['a', 'b'])", TypeError),
    "objects": ("xp.asarray([None])", TypeError),
    "sparse of the host": ("sparse.csr_matrix((host, ids, ids))", TypeError),
    "sparse times host": ("sparse.csr_matrix(dev) @ host.T", TypeError),
    "index outside sparse": (
        "sparse.csr_matrix((dev[:3, 0], ids, xp.arange(4)), shape=(3, 3))",
        IndexError,
    ),
    "long double": ("dev.astype(np.longdouble)", TypeError),
    "a kernel": (
        "xp.ElementwiseKernel('T x', 'T y', 'y = x', 'unknown')",
        NotImplementedError,
    ),
}

# What must give NumPy's result; `dev` and `ids` are of either library.
RIGHT = [
    "dev + dev",
    "2 * dev",
    "np.float32(2) * dev - 1.5",
    "1 / (1 + xp.exp(-dev))",
    "-abs(dev)",
    "dev @ dev.T",
    "dev > 0",
    "dev[ids]",
    "dev[1, 2]",
    "dev[[0, 2]]",
    "dev[1:, None, ::2]",
    "dev[dev > 0]",
    "dev.sum()",
    "dev.sum(axis=1, keepdims=True)",
    "dev.max(axis=0)",
    "dev.astype(np.float64)",
    "dev.reshape(-1)",
    "dev.T",
    "ids // 2",
    "xp.log1p(xp.exp(-abs(dev)))",
    "xp.where(dev >= 0, 1, dev)",
    "xp.maximum(dev, 0)",
    "xp.take(dev, ids, axis=0)",
    "xp.einsum('ij,ij->i', dev, dev)",
    "xp.concatenate([dev, dev], axis=1)",
    "xp.zeros_like(dev)",
    "xp.arange(5)",
    "xp.asarray([[1, 2], [3, 4]])",
    "xp.linalg.norm(dev, axis=1)",
    "xp.linalg.qr(dev)[1]",
    "xp.argsort(dev, axis=1)",
    "xp.bincount(ids, minlength=6)",
    "xp.cumsum(ids)",
    "xp.searchsorted(ids, ids, side='right')",
    "xp.full((2, 2), 7, np.float32)",
    "xp.add.reduceat(dev, ids)",
]


@pytest.fixture(autouse=True)
def installed():
    """Let the double be CuPy for one test."""
    with double.install():
        yield
    double.forget_kernels()


def names():
    """Return fresh variables for the pieces of code above."""
    xp = double.cupy
    return {
        "np": np,
        "xp": xp,
        "sparse": double.cupyx.scipy.sparse,
        "dev": xp.asarray(HOST),
        "ids": xp.asarray(IDS),
        "host": HOST.copy(),
        "host_ids": IDS.copy(),
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused(fault):
    code, ending = FAULTS[fault]
    with pytest.raises(ending):
        exec(code, names())


@pytest.mark.parametrize("code", RIGHT)
def test_right_code_gives_numpys_result(code):
    plain = {"np": np, "xp": np, "dev": HOST.copy(), "ids": IDS.copy()}
    got, wanted = eval(code, names()), np.asarray(eval(code, plain))
    assert type(got) is double.ndarray
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got.get(), wanted, strict=True)


def test_the_double_is_imported_as_cupy_and_taken_out_again():
    import cupy
    import cupyx.scipy.sparse as sparse

    assert cupy is double.cupy
    assert cupy.cuda.is_available()
    assert cupy.cuda.runtime.getDeviceCount() == 1
    assert sparse is double.cupyx.scipy.sparse
    assert array_module(cupy.zeros(3)) is cupy


def test_what_was_there_before_comes_back(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupyx")
    before = types.ModuleType("cupy")
    sys.modules["cupy"] = before
    inner = double.install()
    assert sys.modules["cupy"] is double.cupy
    inner.remove()
    assert sys.modules["cupy"] is before
    assert "cupyx" not in sys.modules


@pytest.mark.parametrize("name", double.MODULES)
def test_the_double_plays_nothing_that_cupy_has_not(name):
    own = {key for key in vars(double.MODULES[name]) if key[0] != "_"}
    assert [
        key
        for key in own
        if not api.is_place(f"{name}.{key}") and not api.has(name, key)
    ] == []


def test_methods_of_the_double_are_cupys():
    own = {key for key in vars(double.ndarray) if key[0] != "_"}
    assert own - set(api.PLACES["cupy.ndarray"]) == set()


def test_copies_are_counted():
    xp = double.cupy
    with double.record() as counts:
        dev = xp.asarray(HOST)
        total = dev.sum()
        assert (counts.host_to_device, counts.device_to_host) == (1, 0)
        xp.asarray(dev)
        dev.astype(np.float32, copy=False)
        assert (counts.host_to_device, counts.device_to_host) == (1, 0)
        float(total), xp.asnumpy(dev), bool((dev > 9).any()), dev[dev > 0]
    assert (counts.host_to_device, counts.device_to_host) == (1, 4)
    assert counts.calls > 4
    float(total)
    assert counts.device_to_host == 4


def test_the_counters_of_all_time_can_be_reset():
    double.cupy.asarray(HOST).get()
    assert double.counters.host_to_device > 0
    double.counters.reset()
    assert double.counters == double.Counts()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("dev * np.float64(2)", [("mul", (4, 3))]),
        ("xp.zeros(20)", [("zeros", (20,))]),
        ("dev.astype(np.float64)", [("astype", (4, 3))]),
        ("xp.multiply(dev, np.float64(2), out=dev)", [("multiply", (4, 3))]),
        ("dev *= np.float64(2)", [("mul", (4, 3))]),
        ("dev * 2.0", []),
        ("dev += 1.5", []),
        ("xp.exp(dev, out=dev)", []),
        ("xp.zeros(5)", []),
        ("dev.astype(np.float64).sum()", [("astype", (4, 3))]),
    ],
)
def test_large_float64_results_are_recorded(code, found):
    variables = names()
    with double.record(float64_above=10) as counts:
        exec(code, variables)
    assert counts.float64 == found


def test_operators_in_place_keep_the_array_and_its_dtype():
    variables = names()
    before = variables["dev"]
    exec("dev += 1; dev *= np.float64(2)", variables)
    assert variables["dev"] is before
    assert before.dtype == np.float32
    np.testing.assert_array_equal(before.get(), (HOST + 1) * 2)


@pytest.mark.parametrize(
    "code",
    [
        "dev.astype(np.float32, copy=False)",
        "xp.asarray(dev)",
        "xp.asarray(dev, np.float32)",
        "xp.ascontiguousarray(dev)",
    ],
)
def test_what_needs_no_copy_is_not_copied(code):
    variables = names()
    assert eval(code, variables) is variables["dev"]


def test_out_is_returned_and_filled():
    dev = double.cupy.asarray(HOST)
    assert double.cupy.exp(dev, out=dev) is dev
    np.testing.assert_array_equal(dev.get(), np.exp(HOST))


@pytest.mark.parametrize(
    "code",
    [
        "dev[1:3] = 9",
        "part = dev[1:3]; part += 1",
        "dev.reshape(-1)[ids] = 9",
        "dev.T[0] = 9",
        "one = dev[2, 1]; one += 1",
        "dev[ids] -= 3",
        "dev.fill(4)",
        "xp.add.at(dev, ids * 0, 1)",
    ],
)
def test_a_view_writes_into_its_base(code):
    variables, plain = names(), {"np": np, "xp": np, "ids": IDS}
    plain["dev"] = HOST.copy()
    exec(code, variables)
    if code.startswith("one"):  # NumPy's single numbers are no views
        plain["dev"][2, 1] += 1
    else:
        exec(code, plain)
    assert not np.array_equal(plain["dev"], HOST)
    np.testing.assert_array_equal(variables["dev"].get(), plain["dev"])


def test_sparse_matrices_multiply_and_sum():
    xp, plain = double.cupy, sp.random(5, 4, 0.5, "csr", np.float32, rng=3)
    parts = (xp.asarray(p) for p in (plain.data, plain.indices, plain.indptr))
    matrix = double.cupyx.scipy.sparse.csr_matrix(tuple(parts), shape=(5, 4))
    right, left = np.ones((4, 2), "f"), np.ones((5, 2), "f")
    for got, wanted in [
        (matrix @ xp.asarray(right), plain @ right),
        (matrix.T @ xp.asarray(left), plain.T @ left),
        (matrix.sum(), plain.sum()),
        (matrix.sum(axis=1), np.asarray(plain.tocsr().sum(axis=1))),
    ]:
        assert type(got) is double.ndarray
        np.testing.assert_array_equal(got.get().ravel(), np.ravel(wanted))


def scale_kernel():
    """Return a kernel that multiplies, and its variables."""
    double.register_kernel("scale", lambda x, factor: x * factor)
    variables = names()
    variables["scale"] = double.cupy.ElementwiseKernel(
        "float32 x, float32 factor", "float32 y", "y = x * factor", "scale"
    )
    return variables


@pytest.mark.parametrize(
    "code", ["scale(dev, np.float32(2))", "scale(dev, np.float32(2), dev)"]
)
def test_a_kernel_runs_its_twin(code):
    variables = scale_kernel()
    got = eval(code, variables)
    np.testing.assert_array_equal(got.get(), HOST * np.float32(2))
    assert (got is variables["dev"]) == code.endswith("dev)")


@pytest.mark.parametrize(
    "code",
    [
        "scale(dev)",
        "scale(dev, np.float32(2), dev, dev)",
        "scale(dev, 2.0)",
        "scale(dev, np.float64(2))",
        "scale(host, np.float32(2))",
        "scale(dev.astype(np.float64), np.float32(2))",
        "scale(dev, np.float32(2), host)",
    ],
)
def test_a_kernel_refuses_wrong_arguments(code):
    with pytest.raises(TypeError):
        eval(code, scale_kernel())


def test_a_kernel_says_how_to_give_a_number():
    with pytest.raises(TypeError, match=r"np\.float32"):
        eval("scale(dev, 2.0)", scale_kernel())


def test_a_kernel_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="broadcast"):
        eval("scale(dev, np.float32(2), dev[:2])", scale_kernel())


def test_a_twin_may_write_into_the_outputs():
    def count(ids, out):
        np.add.at(out, ids, 1)

    double.register_kernel("count", count, in_place=True)
    kernel = double.cupy.ElementwiseKernel(
        "int64 i", "raw int32 out", "atomicAdd(&out[i], 1)", "count"
    )
    out = double.cupy.zeros(4, np.int32)
    assert kernel(double.cupy.asarray([1, 1, 3]), out) is out
    assert out.tolist() == [0, 2, 0, 1]


def test_a_twin_may_not_write_into_its_inputs():
    double.register_kernel("wrong", lambda x: x.fill(0))
    kernel = double.cupy.ElementwiseKernel("T x", "T y", "y = 0", "wrong")
    with pytest.raises(ValueError, match="read-only"):
        kernel(double.cupy.asarray(HOST))


@pytest.mark.parametrize("name", ["RawKernel", "RawModule"])
def test_there_are_no_raw_kernels(name):
    with pytest.raises(NotImplementedError, match="no raw kernels"):
        getattr(double.cupy, name)("code", "name")


def test_a_reduction_kernel_runs_its_twin():
    double.register_kernel("total", lambda x, axis, keepdims: x.sum(axis))
    total = double.cupy.ReductionKernel(
        "T x", "T y", "x", "a + b", "y = a", "0", "total"
    )
    got = total(double.cupy.asarray(HOST), axis=1)
    np.testing.assert_array_equal(got.get(), HOST.sum(axis=1))


class DoubleBackend(Backend):
    """Arrays of the double, worked on by the lines that NumPy has too.

    The counted cells of negative sampling are for the host only.
    """

    name = "double"
    xp = double.cupy

    def to_numpy(self, array):
        return self.xp.asnumpy(array)

    def counted_gradients(self, cells, *arrays):
        found = Backend().counted_gradients(cells, *map(self.to_numpy, arrays))
        return RowGradients(*map(self.asarray, vars(found).values()))


def on_device(network):
    """Return a float32 copy of a network on the double."""
    arrays = vars(network).values()
    return Network(*(double.cupy.asarray(a, np.float32) for a in arrays))


def test_a_training_step_gives_numpys_gradients():
    V, B = 30, 7
    network = random_network(V, 4)
    plain = Network(*(a.astype(np.float32) for a in vars(network).values()))
    N = sp.random_array((V, V), density=0.3, format="csr", random_state=2) * 5
    rows = np.random.default_rng(1).permutation(V)[:B]
    held = Backend().hold_counts(N, np.float32)
    wanted, slopes = batch_gradients(plain, rows, held, Backend())
    device = on_device(network)
    with double.record(float64_above=3 * B * V // 4) as counts:
        held = DoubleBackend().hold_counts(N, np.float32)
        loss, got = batch_gradients(device, rows, held, DoubleBackend())
    assert float(loss) == pytest.approx(wanted, rel=1e-6)
    host = Network(*(array.get() for array in vars(got).values()))
    assert_same_weights(host, slopes, 1e-5)
    assert counts.float64 == []
    assert counts.device_to_host == 0


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
def test_a_training_on_the_double_is_that_on_numpy(toy_counts, objective):
    sizes = {"vector_size": 8, "epochs": 2, "batch_rows": 4, "seed": 3}
    models = [
        SkipGram(objective=objective, backend=backend, **sizes).fit(toy_counts)
        for backend in (Backend(), DoubleBackend())
    ]
    plain, device = (deepcopy(model.network) for model in models)
    host = Network(*(array.get() for array in vars(device).values()))
    assert_same_weights(host, plain, 1e-5)
