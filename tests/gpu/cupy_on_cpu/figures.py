"""Print what a step of training costs on a GPU: the chapter's table.

    python -m cupy_on_cpu.figures          # in the folder tests/gpu/

The counts are CuPy's own, made on the emulated GPU.
"""

from typing import Any

from cupy_on_cpu import emulator

V, D, B = 1_000, 30, 100


def step_cost(portable: bool) -> dict[str, Any]:
    """Count what the third step of the full softmax asks of the device.

    Parameters
    ----------
    portable : without the kernels that the library has for a GPU
    """
    from cupy_on_cpu.portable import PortableBackend
    from skipgram_lib.apps.selftest import random_counts
    from skipgram_lib.backend.cupy import CuPyBackend
    from skipgram_lib.model import training
    from skipgram_lib.model.network import initial_network

    backend = PortableBackend() if portable else CuPyBackend()
    network = initial_network(V, D, 0, backend=backend)
    plan = training.TrainingPlan(1, 0.01, B, 0, 0.01, penalty=0.02)
    N = random_counts(V, 50 * V)
    made = training.make_steps(training.Run.over(network, N, plan, backend))
    next(made)
    next(made)
    with emulator.record() as counts:
        next(made)
    return {
        "launches": len(counts.launches),
        "products": len(counts.products),
        "copies from the host": counts.host_to_device,
        "bytes in them": counts.host_to_device_bytes,
        "copies to the host": counts.device_to_host,
        "memory": round(counts.peak_bytes / (4 * B * V), 2),
    }


def main() -> None:
    """Print both columns of the table."""
    emulator.install()
    for name, portable in {"portable": True, "with kernels": False}.items():
        print(name, step_cost(portable))
    emulator.check_no_errors()


if __name__ == "__main__":
    main()
