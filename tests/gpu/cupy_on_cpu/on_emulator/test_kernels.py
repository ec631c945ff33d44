"""Hand-written kernels: what runs, and which mistakes are found."""

import cupy
import numpy as np
import pytest

from cupy_on_cpu import emulator

N = 256
X = np.random.default_rng(0).standard_normal(N).astype(np.float32)
ARCHS = (75, 80, 90, 100)


def run(code, name, *arguments, block=N, out=N, shared=0):
    """Launch one block of a kernel; return the array that it wrote."""
    found = cupy.zeros(out, np.float32)
    kernel = cupy.RawKernel(code, name)
    kernel((1,), (block,), (*arguments, found), shared_mem=shared)
    return found.get()


TURN = r"""
extern "C" __global__ void turn(const float* x, float* out) {
  __shared__ float seen[256];
  int t = threadIdx.x;
  seen[t] = x[t];
  BARRIER
  out[t] = seen[255 - t];
}
"""


def test_a_barrier_makes_every_order_right(thread_order):
    code = TURN.replace("BARRIER", "__syncthreads();")
    found = run(code, "turn", cupy.asarray(X))
    np.testing.assert_array_equal(found, X[::-1])


def test_a_missing_barrier_is_seen(thread_order):
    found = run(TURN.replace("BARRIER", ""), "turn", cupy.asarray(X))
    assert np.isnan(found).any()


FOLD = r"""
extern "C" __global__ void fold(const float* x, float* out) {
  extern __shared__ float part[];
  int t = threadIdx.x;
  part[t] = x[t];
  __syncthreads();
  for (int half = blockDim.x / 2; half; half /= 2) {
    if (t < half) part[t] += part[t + half];
    BARRIER
  }
  if (t == 0) *out = part[0];
}
"""


def test_fold_with_barriers(thread_order):
    code = FOLD.replace("BARRIER", "__syncthreads();")
    found = run(code, "fold", cupy.asarray(X), out=1, shared=4 * N)
    np.testing.assert_allclose(found, X.sum(), rtol=1e-5)


def test_fold_without_barriers_is_wrong_in_some_order(monkeypatch):
    wrong = []
    for order in "012":
        monkeypatch.setenv("CUPY_ON_CPU_ORDER", order)
        code = FOLD.replace("BARRIER", "")
        found = run(code, "fold", cupy.asarray(X), out=1, shared=4 * N)
        wrong.append(not np.allclose(found, X.sum(), rtol=1e-5))
    assert any(wrong)


WARPS = r"""
__device__ float over_warp(float x) {
  for (int by = 16; by; by /= 2) x += __shfl_xor_sync(~0u, x, by);
  return x;
}
extern "C" __global__ void warps(const float* x, float* out) {
  int t = threadIdx.x, lane = t % 32;
  float sum = over_warp(x[t]);
  float next = __shfl_down_sync(~0u, x[t], 1);
  unsigned positive = __ballot_sync(~0u, x[t] > 0);
  if (lane == 0) atomicAdd(&out[0], sum);
  if (lane == 0) atomicAdd(&out[1], (float)__popc(positive));
  if (t == 31) out[2] = next - x[t];  // the last lane has no next
  if (t == 5) out[3] = next - x[6];
}
"""


def test_warps(thread_order):
    found = run(WARPS, "warps", cupy.asarray(X), out=4)
    expected = [X.sum(), (X > 0).sum(), 0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


TEMPLATE = r"""
template <class T> __global__ void doubled(const T* x, T* out) {
  __shared__ T seen[256];
  seen[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = 2 * seen[threadIdx.x];
}
"""


def test_templates():
    names = ["doubled<float>", "doubled<double>"]
    module = cupy.RawModule(code=TEMPLATE, name_expressions=names)
    for name, dtype in zip(names, (np.float32, np.float64), strict=True):
        x, out = cupy.asarray(X, dtype), cupy.empty(N, dtype)
        module.get_function(name)((1,), (N,), (x, out))
        np.testing.assert_array_equal(out.get(), 2 * x.get())


GRID = r"""
extern "C" __global__ void places(float* out) {
  int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  int t = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  int size = blockDim.x * blockDim.y * blockDim.z;
  out[block * size + t] = block * size + t;
}
"""


def test_each_thread_of_the_grid_runs(thread_order):
    out = cupy.empty(2 * 3 * 4 * 5 * 3 * 2, np.float32)
    cupy.RawKernel(GRID, "places")((2, 3, 4), (5, 3, 2), (out,))
    np.testing.assert_array_equal(out.get(), np.arange(len(out)))


STUCK = r"""
extern "C" __global__ void stuck(float* out) {
  if (threadIdx.x % 2) __syncwarp(); else __syncthreads();
}
"""


def test_a_barrier_that_not_all_reach_is_told():
    run(STUCK, "stuck")
    with pytest.raises(RuntimeError, match="stuck: some threads wait"):
        emulator.check_no_errors()


def test_too_many_threads_are_told():
    run(GRID, "places", block=2048, out=2048)
    with pytest.raises(RuntimeError, match="no GPU takes"):
        emulator.check_no_errors()


@pytest.mark.parametrize(
    "line", ["x[0] = INFINITY;", "x[0] = missing;", "std::vector<int> v;"]
)
def test_what_nvrtc_refuses_is_refused(line):
    code = f'extern "C" __global__ void bad(float* x) {{ {line} }}'
    with pytest.raises(cupy.cuda.compiler.CompileException):
        cupy.RawKernel(code, "bad").compile()


def test_all_kernels_compile_for_real_gpus():
    run(WARPS, "warps", cupy.asarray(X), out=4)
    cupy.exp(cupy.asarray(X)).sum()
    codes = [source.code for source in emulator.compiled_sources()]
    assert WARPS in "".join(codes)
    assert len(codes) >= 3
    assert emulator.compile_for(ARCHS) == []


def test_a_kernel_for_newer_gpus_only_is_told():
    code = r"""
    extern "C" __global__ void add(double* x) {
    #if __CUDA_ARCH__ < 800
      missing();
    #endif
    }"""
    cupy.RawKernel(code, "add").compile()
    try:
        failures = emulator.compile_for([75, 80])
        assert [arch for arch, *_ in failures] == [75]
        assert "missing" in failures[0][2]
    finally:
        emulator.sources._seen.popitem()
