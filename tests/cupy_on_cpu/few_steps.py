"""Full-size training in a chapter: a few steps on the device, then the host.

The emulated GPU takes a second for a step that NumPy does in a tenth. So
where a chapter trains a large network, its first steps are made on the device
*and* on the host, and their losses compared; the others are made on the host
alone, and their weights brought to the device. The chapter goes on with what
a whole training gives. Large tables of vectors are searched on the host.
"""

import os
from copy import copy

# Steps of a large training that the device makes: the one setting.
STEPS = int(os.environ.get("CUPY_ON_CPU_STEPS", "2"))
# Networks of so many words, or more, are large.
LARGE = 2_000
TOLERANCE = 1e-5


def on_host(network):
    """Return a copy of a network on the host."""
    from skipgram_lib.backend import backend_of
    from skipgram_lib.network import Network

    to_numpy = backend_of(network.bias).to_numpy
    return Network(
        *(to_numpy(array).copy() for array in vars(network).values())
    )


def overwrite(network, other):
    """Bring the weights of another network to the device."""
    for name, array in vars(other).items():
        getattr(network, name).set(array)


def is_small(network, backend):
    """Tell whether the device does all of the work."""
    return backend.name == "numpy" or len(network.bias) < LARGE


def fresh(objective):
    """Return an objective that holds nothing on a device yet."""
    other = copy(objective)
    if hasattr(other, "held"):
        other.held = other.space = None
    return other


def shorten(make_steps):
    """Return `make_steps` with most of a large training on the host."""
    from skipgram_lib.backend import Backend

    def few_steps(network, objective, plan, backend, penalty):
        if is_small(network, backend):
            yield from make_steps(network, objective, plan, backend, penalty)
            return
        twin = on_host(network)
        on_device = make_steps(
            network, fresh(objective), plan, backend, penalty
        )
        goal = fresh(objective)
        made = make_steps(twin, goal, plan, Backend(), penalty)
        for step, (epoch, rows, loss) in enumerate(made, 1):
            if step <= STEPS:
                _, _, other = next(on_device)
                gap = abs(float(other) / float(loss) - 1)
                assert gap < TOLERANCE, f"step {step}: {gap}"
            else:
                on_device.close()
                overwrite(network, twin)
            yield epoch, rows, loss

    few_steps.is_shortened = True
    return few_steps


def measure_on_host(network_loss):
    """Return `network_loss` that measures large networks there."""

    def loss(network, N, backend=None, batch_rows=500):
        if len(network.bias) >= LARGE:
            network, backend = on_host(network), None
        return network_loss(network, N, backend, batch_rows)

    loss.is_shortened = True
    return loss


def search_on_host(on):
    """Return `VectorTable.on` that leaves large tables on the host."""

    def stay(table, backend):
        return on(table, "numpy" if len(table) >= LARGE else backend)

    return stay


CHANGED = {"make_steps": shorten, "network_loss": measure_on_host}


def install(shell):
    """Change the library, and what a chapter defines by the same names."""
    from skipgram_lib import training, vectors

    vectors.VectorTable.on = search_on_host(vectors.VectorTable.on)
    for name, change in CHANGED.items():
        setattr(training, name, change(getattr(training, name)))

    def after_cell(*result):
        for name, change in CHANGED.items():
            own = shell.user_ns.get(name)
            if own is not None and not hasattr(own, "is_shortened"):
                shell.user_ns[name] = change(own)

    shell.events.register("post_run_cell", after_cell)
