// CUDA C++ on a processor: what a kernel needs to be compiled by g++.
//
// Blocks run one after another. A block's threads run one after another too
// if none of them waits for others; else each is a fibre with a stack of its
// own, which gives up the processor at every barrier and at every exchange
// within its warp. There is one fibre at a time, so atomics need no lock,
// and a missing barrier shows under some of the orders of threads.
#pragma once
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Under the thread sanitizer, what the emulator itself does is not seen.
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define UNSEEN __attribute__((noinline, no_sanitize("thread")))
const bool SEES_RACES = true;
#else
#define UNSEEN
const bool SEES_RACES = false;
#endif

// --- The words of the language -------------------------------------------

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __managed__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
// One section holds all shared memory, so that each block finds it poisoned.
#define __shared__ static __attribute__((section("cuda_shared")))
extern char shared_start[] __asm__("__start_cuda_shared")
    __attribute__((weak, visibility("hidden")));
extern char shared_stop[] __asm__("__stop_cuda_shared")
    __attribute__((weak, visibility("hidden")));

struct dim3 {
  unsigned x, y, z;
};
using uint3 = dim3;
static dim3 threadIdx, blockIdx, blockDim, gridDim;
static const int warpSize = 32;

using std::isfinite;
using std::isinf;
using std::isnan;
using std::max;
using std::min;
using std::signbit;

// --- Threads, blocks, the grid -------------------------------------------

namespace cuda_on_cpu {

const int POISON = 0xFF;
const int WARP = 32;
const size_t STACK = 64 << 10;  // the same as in kernels.py
alignas(128) static char dynamic_shared[48 << 10];

enum State { READY, AT_BARRIER, IN_WARP, DONE };
enum Result { FINISHED = 0, DEADLOCK = 1 };

struct Fibre {
  jmp_buf place;  // where it waits
  ucontext_t beginning;
  bool begun;
  dim3 index;
  State state;
  unsigned long long shown;  // what it shows to its warp
  bool vote;
  // For the thread sanitizer: its name, and how often it has waited.
  void* known;
  unsigned barriers, exchanges;
};

static Fibre* fibres;
static int count;  // of the fibres
static int current;
static jmp_buf scheduler;
static char* stacks;
static int order;
static void (*run_thread)();

// The thread that runs as the i-th of n.
UNSEEN inline int nth(int i, int n) {
  if (order == 1) return n - 1 - i;
  if (order == 2 && n % 7919) return (i * 7919LL + 13) % n;
  return i;
}

UNSEEN inline dim3 index_of(int thread) {
  unsigned row = thread / blockDim.x;
  return {thread % blockDim.x, row % blockDim.y, row / blockDim.y};
}

#ifdef __SANITIZE_THREAD__
// To the thread sanitizer a fibre is a thread, and only barriers order what
// threads do: a switch from one fibre to another does not.
static void* scheduler_known;
static ucontext_t scheduler_context;
// Two for each place to meet, taken in turn: who leaves one must not learn
// of who has arrived at the next.
static char barriers[2], warps[WARP][2], the_end;

UNSEEN inline void* meeting(Fibre& me, State state) {
  if (state == DONE) return &the_end;
  if (state == AT_BARRIER) return &barriers[me.barriers++ % 2];
  return &warps[current / WARP][me.exchanges++ % 2];
}

UNSEEN inline void wait(State state) {
  Fibre& me = fibres[current];
  void* here = meeting(me, state);
  me.state = state;
  __tsan_release(here);
  __tsan_switch_to_fiber(scheduler_known, __tsan_switch_to_fiber_no_sync);
  swapcontext(&me.beginning, &scheduler_context);
  __tsan_acquire(here);
}

UNSEEN inline void switch_to(Fibre& fibre) {
  // It begins after all that came before the block.
  unsigned ordered = fibre.begun ? __tsan_switch_to_fiber_no_sync : 0;
  __tsan_switch_to_fiber(fibre.known, ordered);
  swapcontext(&scheduler_context, &fibre.beginning);
}

UNSEEN inline void begin_block() {
  scheduler_known = __tsan_get_current_fiber();
  for (int t = 0; t < count; t++) fibres[t].known = __tsan_create_fiber(0);
}

UNSEEN inline void end_block() {
  __tsan_acquire(&the_end);
  for (int t = 0; t < count; t++) __tsan_destroy_fiber(fibres[t].known);
}
#else
// Give up the processor until the scheduler makes this fibre ready again.
UNSEEN inline void wait(State state) {
  Fibre& me = fibres[current];
  me.state = state;
  if (!_setjmp(me.place)) _longjmp(scheduler, 1);
}

UNSEEN inline void switch_to(Fibre& fibre) {
  if (_setjmp(scheduler)) return;  // it waits, or is done
  if (fibre.begun) _longjmp(fibre.place, 1);
  setcontext(&fibre.beginning);
}

UNSEEN inline void begin_block() {}
UNSEEN inline void end_block() {}
#endif

// The life of a fibre: the same thread of one block after another.
inline void live() {
  for (;;) {
    run_thread();
    wait(DONE);
  }
}

UNSEEN inline void prepare(int thread) {
  ucontext_t& context = fibres[thread].beginning;
  getcontext(&context);
  context.uc_stack.ss_sp = stacks + STACK * thread;
  context.uc_stack.ss_size = STACK;
  makecontext(&context, live, 0);
}

UNSEEN inline void resume(int thread) {
  Fibre& fibre = fibres[thread];
  current = thread;
  threadIdx = fibre.index;
  if (!fibre.begun) prepare(thread);
  switch_to(fibre);
  fibre.begun = true;
}

// Let the warps go on of which each living thread waits for the warp.
UNSEEN inline bool release_warps() {
  bool released = false;
  int n = count;
  for (int first = 0; first < n; first += WARP) {
    int end = std::min(n, first + WARP), waiting = 0, elsewhere = 0;
    for (int t = first; t < end; t++) {
      waiting += fibres[t].state == IN_WARP;
      elsewhere += fibres[t].state == AT_BARRIER;
    }
    if (!waiting || elsewhere) continue;
    for (int t = first; t < end; t++)
      if (fibres[t].state == IN_WARP) fibres[t].state = READY;
    released = true;
  }
  return released;
}

// Let the block go on if each living thread is at the barrier.
UNSEEN inline bool release_block() {
  bool released = false;
  for (int t = 0; t < count; t++)
    if (fibres[t].state == IN_WARP) return false;
  for (int t = 0; t < count; t++)
    if (fibres[t].state == AT_BARRIER) {
      fibres[t].state = READY;
      released = true;
    }
  return released;
}

UNSEEN inline bool all_done() {
  for (int t = 0; t < count; t++)
    if (fibres[t].state != DONE) return false;
  return true;
}

UNSEEN inline Result run_block_of_fibres() {
  int n = count;
  for (int t = 0; t < n; t++) {
    fibres[t].state = READY;
    fibres[t].index = index_of(t);
    fibres[t].begun = fibres[t].begun && !SEES_RACES;
  }
  begin_block();
  for (;;) {
    for (int i = 0; i < n; i++)
      if (fibres[nth(i, n)].state == READY) resume(nth(i, n));
    if (all_done()) {
      end_block();
      return FINISHED;
    }
    if (!release_warps() && !release_block()) return DEADLOCK;
  }
}

inline Result run_block(int threads) {
  if (stacks) return run_block_of_fibres();
  for (int i = 0; i < threads; i++) {
    threadIdx = index_of(nth(i, threads));
    run_thread();
  }
  return FINISHED;
}

inline void poison_shared(size_t dynamic) {
  memset(dynamic_shared, POISON, dynamic);
  if (shared_start) memset(shared_start, POISON, shared_stop - shared_start);
}

inline Result run_grid(const unsigned* grid, const unsigned* block,
                       size_t dynamic) {
  gridDim = {grid[0], grid[1], grid[2]};
  blockDim = {block[0], block[1], block[2]};
  int threads = block[0] * block[1] * block[2];
  count = stacks ? threads : 0;
  std::vector<Fibre> all(count);
  fibres = all.data();
  long long blocks = 1LL * grid[0] * grid[1] * grid[2];
  for (long long i = 0; i < blocks; i++) {
    long long b = order == 1 ? blocks - 1 - i : i, plane = b / grid[0];
    blockIdx = {unsigned(b % grid[0]), unsigned(plane % grid[1]),
                unsigned(plane / grid[1])};
    poison_shared(dynamic);
    if (run_block(threads) == DEADLOCK) return DEADLOCK;
  }
  return FINISHED;
}

// Call a kernel with the arguments that CuPy points at.
template <class... A, size_t... I>
void call(void (*kernel)(A...), void** arguments,
          std::index_sequence<I...>) {
  kernel(*(std::remove_cv_t<std::remove_reference_t<A>>*)arguments[I]...);
}

template <class... A>
void call(void (*kernel)(A...), void** arguments) {
  call(kernel, arguments, std::index_sequence_for<A...>());
}

}  // namespace cuda_on_cpu

// The one function of the library that is made of a kernel.
#define CUDA_ON_CPU_ENTRY(kernel)                                          \
  static void** cuda_on_cpu_arguments;                                     \
  extern "C" __attribute__((visibility("default"))) int cuda_on_cpu_run(   \
      void** arguments, const unsigned* grid, const unsigned* block,       \
      char* stacks, size_t dynamic, int order) {                           \
    cuda_on_cpu_arguments = arguments;                                     \
    cuda_on_cpu::stacks = stacks;                                          \
    cuda_on_cpu::order = order;                                            \
    cuda_on_cpu::run_thread = [] {                                         \
      cuda_on_cpu::call(&CUDA_ON_CPU_BARE kernel, cuda_on_cpu_arguments);  \
    };                                                                     \
    return cuda_on_cpu::run_grid(grid, block, dynamic);                    \
  }
#define CUDA_ON_CPU_BARE(...) __VA_ARGS__

// --- Barriers and exchanges ----------------------------------------------

inline void __syncthreads() { cuda_on_cpu::wait(cuda_on_cpu::AT_BARRIER); }
inline void __syncwarp(unsigned = ~0u) {
  cuda_on_cpu::wait(cuda_on_cpu::IN_WARP);
}
inline void __threadfence() {}
inline void __threadfence_block() {}

namespace cuda_on_cpu {

UNSEEN inline int lane() { return current % WARP; }

// What another lane of the warp has; one's own if there is no such lane.
template <class T>
UNSEEN T read_lane(T mine, int from) {
  static_assert(sizeof(T) <= 8);
  memcpy(&fibres[current].shown, &mine, sizeof(T));
  __syncwarp();
  int thread = current - lane() + from;
  T found = mine;
  if (from >= 0 && from < WARP && thread < count)
    memcpy(&found, &fibres[thread].shown, sizeof(T));
  __syncwarp();
  return found;
}

}  // namespace cuda_on_cpu

template <class T>
T __shfl_sync(unsigned, T mine, int from, int width = 32) {
  int first = cuda_on_cpu::lane() & ~(width - 1);
  return cuda_on_cpu::read_lane(mine, first | (from & (width - 1)));
}
template <class T>
T __shfl_down_sync(unsigned, T mine, unsigned by, int width = 32) {
  int lane = cuda_on_cpu::lane(), from = (lane & (width - 1)) + (int)by;
  return cuda_on_cpu::read_lane(mine, from < width ? lane + (int)by : lane);
}
template <class T>
T __shfl_up_sync(unsigned, T mine, unsigned by, int width = 32) {
  int lane = cuda_on_cpu::lane(), from = (lane & (width - 1)) - (int)by;
  return cuda_on_cpu::read_lane(mine, from >= 0 ? lane - (int)by : lane);
}
template <class T>
T __shfl_xor_sync(unsigned, T mine, int mask, int width = 32) {
  return cuda_on_cpu::read_lane(mine, cuda_on_cpu::lane() ^ mask);
}
UNSEEN inline unsigned __ballot_sync(unsigned mask, int vote) {
  using namespace cuda_on_cpu;
  fibres[current].vote = vote;
  __syncwarp();
  unsigned votes = 0;
  int first = current - lane();
  for (int i = 0; i < WARP && first + i < count; i++)
    if (fibres[first + i].state != DONE && fibres[first + i].vote)
      votes |= 1u << i;
  __syncwarp();
  return votes & mask;
}
inline int __any_sync(unsigned mask, int vote) {
  return __ballot_sync(mask, vote) != 0;
}
inline int __all_sync(unsigned mask, int vote) {
  return __ballot_sync(mask, !vote) == 0;
}
inline unsigned __activemask() { return ~0u; }

// --- Atomics: only one thread runs at a time -----------------------------

#define CUDA_ON_CPU_ATOMIC(name, T, result)  \
  UNSEEN inline T name(T* p, T v) {          \
    T old = *p;                              \
    *p = result;                             \
    return old;                              \
  }
#define CUDA_ON_CPU_ATOMICS(T)                       \
  CUDA_ON_CPU_ATOMIC(atomicAdd, T, old + v)          \
  CUDA_ON_CPU_ATOMIC(atomicExch, T, v)
#define CUDA_ON_CPU_INTEGER_ATOMICS(T)               \
  CUDA_ON_CPU_ATOMICS(T)                             \
  CUDA_ON_CPU_ATOMIC(atomicSub, T, old - v)          \
  CUDA_ON_CPU_ATOMIC(atomicMax, T, std::max(old, v)) \
  CUDA_ON_CPU_ATOMIC(atomicMin, T, std::min(old, v)) \
  CUDA_ON_CPU_ATOMIC(atomicAnd, T, old & v)          \
  CUDA_ON_CPU_ATOMIC(atomicOr, T, old | v)           \
  CUDA_ON_CPU_ATOMIC(atomicXor, T, old ^ v)          \
  UNSEEN inline T atomicCAS(T* p, T expected, T v) { \
    T old = *p;                                      \
    if (old == expected) *p = v;                     \
    return old;                                      \
  }
CUDA_ON_CPU_INTEGER_ATOMICS(int)
CUDA_ON_CPU_INTEGER_ATOMICS(unsigned)
CUDA_ON_CPU_INTEGER_ATOMICS(unsigned long long)
CUDA_ON_CPU_ATOMICS(float)
CUDA_ON_CPU_ATOMICS(double)
CUDA_ON_CPU_ATOMIC(atomicInc, unsigned, old >= v ? 0 : old + 1)

// --- Bits and numbers ----------------------------------------------------

namespace cuda_on_cpu {
template <class To, class From>
To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}
}  // namespace cuda_on_cpu

inline int __float_as_int(float x) { return cuda_on_cpu::bits<int>(x); }
inline float __int_as_float(int x) { return cuda_on_cpu::bits<float>(x); }
inline unsigned __float_as_uint(float x) {
  return cuda_on_cpu::bits<unsigned>(x);
}
inline float __uint_as_float(unsigned x) {
  return cuda_on_cpu::bits<float>(x);
}
inline long long __double_as_longlong(double x) {
  return cuda_on_cpu::bits<long long>(x);
}
inline double __longlong_as_double(long long x) {
  return cuda_on_cpu::bits<double>(x);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)((unsigned long long)a * b >> 32);
}
template <class T>
T __ldg(const T* p) {
  return *p;
}
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __saturatef(float x) { return std::min(1.f, std::max(0.f, x)); }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }

// --- Half precision ------------------------------------------------------

// The nearest half; of two as near, the even one.
inline unsigned short __float2half_rn(float x) {
  unsigned all = __float_as_uint(x), sign = all >> 16 & 0x8000;
  unsigned size = all & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;   // NaN
  if (size >= 0x47800000) return sign | 0x7c00;  // 65536 and above
  // Below 2^-14 halves lie 2^-24 apart, above, 2^-10 of their power of two.
  int power = std::max(int(size >> 23) - 127, -14);
  double steps = std::nearbyint(std::ldexp(std::fabs(x), 10 - power));
  return sign | ((unsigned)((power + 14) << 10) + (unsigned)steps);
}
inline float __half2float(unsigned short half) {
  int power = half >> 10 & 31, digits = half & 1023;
  float size = power == 31  ? (digits ? NAN : INFINITY)
               : power == 0 ? std::ldexp((float)digits, -24)
                            : std::ldexp(1024.f + digits, power - 25);
  return half & 0x8000 ? -size : size;
}
struct __half_raw;
__half_raw __ushort_as_half(unsigned short);
template <class H>
unsigned short __half_as_ushort(const H& half) {
  unsigned short all;
  memcpy(&all, &half, 2);
  return all;
}
// For the end of a module that has CuPy's float16.cuh, where the type is.
#define CUDA_ON_CPU_HALF                               \
  __half_raw __ushort_as_half(unsigned short all) {    \
    __half_raw half = {all};                           \
    return half;                                       \
  }
