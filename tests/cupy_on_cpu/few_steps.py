"""Full-size training in a chapter: a few steps on the device, then the host.

The emulated GPU takes a second for a step that NumPy does in a tenth. So
where a chapter trains a large network, its first steps are made on the device
*and* on the host, and their losses compared; the others are made on the host
alone, and their weights brought to the device. The chapter goes on with what
a whole training gives. Large tables of vectors are searched on the host.

The host's training is the one that the chapter had on NumPy. `make test` runs
the chapters there first, and keeps the losses and the weights after each epoch
in the folder that CUPY_ON_CPU_TRAININGS names; what is not there is trained.
"""

import json
import os
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np

# Steps of a large training that the device makes: the one setting.
STEPS = int(os.environ.get("CUPY_ON_CPU_STEPS", "2"))
# Networks of so many words, or more, are large.
LARGE = 2_000
TOLERANCE = 1e-5
# Where trainings are kept from one run of the chapters to the next.
KEPT = os.environ.get("CUPY_ON_CPU_TRAININGS")


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


def kept_folder(*given):
    """Folder of a training, by all that it is given; None: none is kept."""
    return Path(KEPT, joblib.hash(given)) if KEPT else None


def save_weights(folder, network, epoch):
    """Keep the weights that a network has after an epoch."""
    for name, array in vars(network).items():
        np.save(folder / f"{name}-{epoch}.npy", array)


def keep(made, network, plan, folder):
    """Pass the steps of a training on the host on, and keep it."""
    if folder is None or folder.exists():
        yield from made
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    per_epoch = -(-len(network.bias) // plan.batch_rows)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        losses, new = [], Path(scratch, "new")
        new.mkdir()
        for step, (epoch, rows, loss) in enumerate(made, 1):
            losses.append(float(loss))
            if step % per_epoch == 0:
                save_weights(new, network, epoch)
            yield epoch, rows, loss
        (new / "losses.json").write_text(json.dumps(losses))
        if not folder.exists():
            new.rename(folder)


def repeat(network, plan, folder):
    """Yield the steps of a training that was kept; set its weights."""
    losses = json.loads((folder / "losses.json").read_text())
    V = len(network.bias)
    per_epoch, batches = -(-V // plan.batch_rows), plan.batches(V)
    for step, ((epoch, rows), loss) in enumerate(
        zip(batches, losses, strict=True), 1
    ):
        if step % per_epoch == 0:
            for name, array in vars(network).items():
                array[...] = np.load(folder / f"{name}-{epoch}.npy")
        yield epoch, rows, loss


def record(make_steps):
    """Return `make_steps` that keeps what a large network learns."""

    def recorded(network, objective, plan, backend, penalty, *done):
        made = make_steps(network, objective, plan, backend, penalty, *done)
        if len(network.bias) < LARGE or (done and done[0].step):
            yield from made
            return
        folder = kept_folder(network, fresh(objective), plan, penalty)
        yield from keep(made, network, plan, folder)

    recorded.is_shortened = True
    return recorded


def host_steps(make_steps, network, objective, plan, penalty):
    """Train a large network on the host, or repeat what is kept of it."""
    from skipgram_lib.backend import Backend

    folder = kept_folder(network, objective, plan, penalty)
    if folder is not None and folder.exists():
        return repeat(network, plan, folder)
    made = make_steps(network, objective, plan, Backend(), penalty)
    return keep(made, network, plan, folder)


def forget_optimiser(done=None):
    """Take from a run that begins what its checkpoints would be made of.

    The means of a shortened training are on the host, so a checkpoint that
    is written, or resumed, shall fail and not hold others.
    """
    if done is not None:
        assert not done.step, "large trainings are not resumed here"
        done.optimiser = None


def shorten(make_steps):
    """Return `make_steps` with most of a large training on the host."""

    def few_steps(network, objective, plan, backend, penalty, *done):
        run = network, objective, plan, backend, penalty, *done
        if is_small(network, backend):
            yield from make_steps(*run)
            return
        forget_optimiser(*done)
        twin = on_host(network)
        on_device = make_steps(
            network, fresh(objective), plan, backend, penalty
        )
        made = host_steps(make_steps, twin, fresh(objective), plan, penalty)
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


RECORDED = {"make_steps": record}
SHORTENED = {"make_steps": shorten, "network_loss": measure_on_host}


def shorten_all(shell):
    """Shorten what a chapter trains on an emulated device."""
    from skipgram_lib import vectors

    vectors.VectorTable.on = search_on_host(vectors.VectorTable.on)
    install(shell, SHORTENED)


def record_all(shell):
    """Keep what a chapter trains on NumPy."""
    install(shell, RECORDED)


def install(shell, changes):
    """Change the library, and what a chapter defines by the same names."""
    from skipgram_lib import training

    for name, change in changes.items():
        setattr(training, name, change(getattr(training, name)))

    def after_cell(*result):
        for name, change in changes.items():
            own = shell.user_ns.get(name)
            if own is not None and not hasattr(own, "is_shortened"):
                shell.user_ns[name] = change(own)

    shell.events.register("post_run_cell", after_cell)
