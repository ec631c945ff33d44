"""Full-size training in a chapter: a few steps on the device, then the host.

The emulated GPU takes a second for a step that NumPy does in a tenth. So
where a chapter trains a large network, or a smaller one for long, its first
steps are made on the device *and* on the host, and their losses compared; the
others are made on the host alone, and their weights brought to the device.
The chapter goes on with what a whole training gives. Of a training by the
story's own code, the device makes the first epoch (pair by pair: that of each
call), whatever the size of the network. Large tables of vectors are searched
on the host.

The host's training is the one that the chapter had on NumPy. `make test` runs
the chapters there first, and keeps the losses and the weights after each epoch
in the folder that CUPY_ON_CPU_TRAININGS names; what is not there is trained.
Several chapters begin with the same network: it is trained for the first one.
"""

import json
import os
import sys
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from importlib import import_module
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np

# Steps of a large training that the device makes: the one setting.
STEPS = int(os.environ.get("CUPY_ON_CPU_STEPS", "2"))
# Networks of so many words, or more, are large; so are smaller ones that are
# trained until so many scores were computed, a quarter of a minute's work.
LARGE = 2_000
MANY_SCORES = 10_000_000
TOLERANCE = 1e-5
TOLERANCE_OF_EPOCH = 1e-4
# Where trainings are kept from one run of the chapters to the next.
KEPT = os.environ.get("CUPY_ON_CPU_TRAININGS")


def weights_of(network):
    """Copy the arrays of a network to the host."""
    from skipgram_lib.backend.select import backend_of

    to_numpy = backend_of(network.bias).to_numpy
    return [to_numpy(array).copy() for array in vars(network).values()]


def on_host(network):
    """Return a copy of a network on the host."""
    return type(network)(*weights_of(network))


def overwrite(network, other):
    """Bring the weights of another network to the device."""
    for name, array in vars(other).items():
        getattr(network, name).set(array)


def is_small(run):
    """Tell whether the device does all of the work.

    A training that is resumed stays where it was.
    """
    V = len(run.pairs)
    few = V < LARGE and run.plan.epochs * V**2 < MANY_SCORES
    return run.backend.name == "numpy" or few or (V < LARGE and run.step > 0)


def fresh(objective):
    """Return an objective that holds nothing on a device yet."""
    other = copy(objective)
    for name in ("held", "space"):
        if name in vars(other):
            setattr(other, name, None)
    return other


def run_on_host(run):
    """Return a run that begins like another, on the host."""
    from skipgram_lib.backend.base import Backend

    twin, backend = on_host(run.network), Backend()
    return replace(
        run,
        network=twin,
        objective=fresh(run.objective),
        backend=backend,
        optimiser=type(run.optimiser).over(twin, backend),
    )


def kept_folder(run):
    """Folder of a training on the host, by all it is made of, or None."""
    given = run.network, fresh(run.objective), run.plan, run.pairs
    return Path(KEPT, joblib.hash(given)) if KEPT else None


def save_weights(folder, network, epoch):
    """Keep the weights that a network has after an epoch."""
    for name, array in vars(network).items():
        np.save(folder / f"{name}-{epoch}.npy", array)


def keep(made, run, folder):
    """Pass the steps of a training on the host on, and keep it."""
    if folder is None or folder.exists():
        yield from made
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    per_epoch = run.plan.steps_per_epoch(len(run.pairs))
    with TemporaryDirectory(dir=folder.parent) as scratch:
        losses, new = [], Path(scratch, "new")
        new.mkdir()
        for step, (epoch, rows, loss) in enumerate(made, 1):
            losses.append(float(loss))
            if step % per_epoch == 0:
                save_weights(new, run.network, epoch)
            yield epoch, rows, loss
        (new / "losses.json").write_text(json.dumps(losses))
        if not folder.exists():
            new.rename(folder)


def repeat(run, folder):
    """Yield the steps of a training that was kept; set its weights."""
    losses = json.loads((folder / "losses.json").read_text())
    V = len(run.pairs)
    per_epoch = run.plan.steps_per_epoch(V)
    batches = zip(run.plan.batches(V, None), losses, strict=True)
    for step, ((epoch, rows), loss) in enumerate(batches, 1):
        if step % per_epoch == 0:
            for name, array in vars(run.network).items():
                array[...] = np.load(folder / f"{name}-{epoch}.npy")
        yield epoch, rows.centres, loss


def record(make_steps):
    """Return `make_steps` that keeps what a large network learns.

    What begins with the same weights, counts and settings is not trained
    twice: the second chapter gets what the first one kept.
    """

    def recorded(run):
        if len(run.pairs) < LARGE or run.step:
            yield from make_steps(run)
        else:
            yield from host_steps(make_steps, run)

    return recorded


def host_steps(make_steps, run):
    """Train a large network on the host, or repeat what is kept of it."""
    folder = kept_folder(run)
    if folder is not None and folder.exists():
        # Moments are not kept: a checkpoint shall fail, and not hold others.
        run.optimiser = None
        return repeat(run, folder)
    return keep(make_steps(run), run, folder)


class Guard:
    """Refuses steps of a large network on the device, where none belong.

    So a training that is not shortened, because something was renamed or
    goes another way, is an error and not an hour of waiting.

    Attributes
    ----------
    allowed : whether a shortened training makes a step just now
    shortened : large trainings that were shortened so far
    """

    def __init__(self):
        self.allowed = False
        self.shortened = 0

    @contextmanager
    def open(self):
        """Allow steps within a `with` block."""
        self.allowed = True
        try:
            yield
        finally:
            self.allowed = False

    def watch(self, adam_step):
        """Return the backend's `adam_step` with this guard before it."""

        def guarded(backend, weights, mean, square, gradient, rows, step):
            assert self.allowed or len(weights) < LARGE, (
                f"a network of {len(weights):,} words is trained on the "
                "device, and few_steps did not shorten that"
            )
            adam_step(backend, weights, mean, square, gradient, rows, step)

        return guarded


GUARD = Guard()


def shorten(make_steps):
    """Return `make_steps` with most of a large training on the host."""

    def few_steps(run):
        if is_small(run):
            yield from make_steps(run)
            return
        assert not run.step, "large trainings are not resumed here"
        GUARD.shortened += 1
        host_run = run_on_host(run)
        on_device = make_steps(replace(run, objective=fresh(run.objective)))
        # The moments of a shortened training are on the host, so that a
        # checkpoint which is written shall fail and not hold others.
        run.optimiser = None
        made = host_steps(make_steps, host_run)
        for step, (epoch, rows, loss) in enumerate(made, 1):
            if step <= STEPS:
                with GUARD.open():
                    _, _, other = next(on_device)
                gap = abs(float(other) / float(loss) - 1)
                assert gap < TOLERANCE, f"step {step}: {gap}"
            else:
                on_device.close()
                overwrite(run.network, host_run.network)
            yield epoch, rows, loss

    return few_steps


def shorten_story(train):
    """Return the story's `train` with all but one epoch on the host."""

    def one_epoch(network, N, epochs, batches, lr, rng, xp=np):
        if xp is np:
            yield from train(network, N, epochs, batches, lr, rng)
            return
        GUARD.shortened += 1
        twin = on_host(network)
        settings = epochs, batches, lr
        on_device = train(network, N, *settings, deepcopy(rng), xp)
        on_the_host = train(twin, N, *settings, rng)
        for epoch, loss in enumerate(on_the_host, 1):
            if epoch == 1:
                gap = abs(next(on_device) / loss - 1)
                assert gap < TOLERANCE_OF_EPOCH, gap
            else:
                on_device.close()
                overwrite(network, twin)
            yield loss

    return one_epoch


def shorten_sgd(sgd):
    """Return the story's `sgd`, all but one epoch of a call on the host."""

    def one_epoch(network, pairs, epochs, lr, rng):
        twin = on_host(network)
        if type(twin.bias) is type(network.bias):
            sgd(network, pairs, epochs, lr, rng)
            return
        GUARD.shortened += 1
        sgd(network, pairs, 1, lr, deepcopy(rng))
        sgd(twin, pairs, 1, lr, rng)
        for ours, theirs in zip(
            *map(weights_of, (network, twin)), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=TOLERANCE_OF_EPOCH)
        sgd(twin, pairs, epochs - 1, lr, rng)
        overwrite(network, twin)

    return one_epoch


def measure_on_host(network_loss):
    """Return `network_loss` that measures large networks there."""

    def loss(network, N, backend=None, batch_rows=500):
        if len(network.bias) >= LARGE:
            network, backend = on_host(network), None
        return network_loss(network, N, backend, batch_rows)

    return loss


def search_on_host(on):
    """Return `WordVectors.on` that leaves large tables on the host."""

    def stay(vectors, backend):
        return on(vectors, "numpy" if len(vectors) >= LARGE else backend)

    return stay


def names_of_parameters(function):
    """Names of a function's parameters, with commas between them."""
    return ", ".join(signature(function).parameters)


@dataclass(frozen=True)
class Place:
    """Something of the library that is replaced.

    Attributes
    ----------
    module, name : where, and what it is called there
    parameters : names, with commas between them
    owner : class whose method it is, if it is one
    """

    module: str
    name: str
    parameters: str
    owner: str = ""

    def find(self):
        """Return the module or class; the name must be there, as known."""
        place = import_module(self.module)
        if self.owner:
            place = vars(place)[self.owner]
        assert self.name in vars(place), (
            f"{place.__name__} has no {self.name} any longer"
        )
        known = names_of_parameters(vars(place)[self.name])
        assert known == self.parameters, f"{self.name} takes {known}"
        return place

    def replace(self, change):
        """Replace it, wherever in the library it was imported to."""
        place = self.find()
        old = vars(place)[self.name]
        new = change(old)
        setattr(place, self.name, new)
        for path, other in list(sys.modules.items()):
            of_the_library = path.partition(".")[0] == "skipgram_lib"
            if of_the_library and vars(other).get(self.name) is old:
                setattr(other, self.name, new)


MAKE_STEPS = Place("skipgram_lib.model.training", "make_steps", "run")
NETWORK_LOSS = Place(
    "skipgram_lib.model.softmax",
    "network_loss",
    "network, N, backend, batch_rows",
)
STORY = Place(
    "skipgram_lib.story.training",
    "train",
    "network, N, epochs, batches, lr, rng, xp",
)
SGD = Place(
    "skipgram_lib.story.learning", "sgd", "network, pairs, epochs, lr, rng"
)
ON = Place(
    "skipgram_lib.vectors.vectors", "on", "self, backend", "WordVectors"
)
ADAM_STEP = Place(
    "skipgram_lib.backend.cupy",
    "adam_step",
    "self, weights, mean, square, gradient, rows, step",
    "CuPyBackend",
)


def shorten_all(shell):
    """Shorten what a chapter trains on an emulated device."""
    from skipgram_lib.backend.select import get_backend

    assert get_backend("auto").name == "cupy", "the emulator is not found"
    ON.replace(search_on_host)
    ADAM_STEP.replace(GUARD.watch)
    changes = {
        MAKE_STEPS: shorten,
        STORY: shorten_story,
        SGD: shorten_sgd,
        NETWORK_LOSS: measure_on_host,
    }
    install(shell, changes)


def record_all(shell):
    """Keep what a chapter trains on NumPy."""
    install(shell, {MAKE_STEPS: record})


def install(shell, changes):
    """Change the library, and what a chapter defines by the same names."""
    for place, change in changes.items():
        place.replace(change)

    def after_cell(*result):
        for place, change in changes.items():
            own = shell.user_ns.get(place.name)
            if getattr(own, "__module__", __name__) != "__main__":
                continue
            # Another chapter may call something else by this name.
            if names_of_parameters(own) == place.parameters:
                shell.user_ns[place.name] = change(own)

    shell.events.register("post_run_cell", after_cell)
