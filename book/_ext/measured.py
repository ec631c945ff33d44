"""Sphinx hook that writes tables and plots from the benchmarks' results.

The page on benchmarks holds lines such as ``% measured: training``, which are
comments to MyST. While Sphinx reads the page, this hook puts in their place
what it makes of ``benchmarks/results/*.json``: tables as text, and plots as
SVG in ``_build/measured``. A new result changes the page at the next build.
"""

import json
import re
from datetime import date
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

PAGE = "book/benchmarks"
MARK = re.compile(r"^% measured: (?P<name>\w+)$", re.MULTILINE)
PROGRAMS = {
    "ours": "skipgram_lib",
    "gensim": "gensim",
    "fasttext": "fastText",
}
SCORES = {
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
    "google": "Google analogies",
}
LOSSES = {"loss": "counted text", "held_out": "held-out text"}
MARKERS = {"ours": "o", "gensim": "s", "fasttext": "^"}
MISSING = """:::{{note}}
Not measured yet: run `make bench`, which writes `benchmarks/results/{}.json`.
:::"""


# --- Figures in words --------------------------------------------------------


def spread(values, form):
    """Median of some values, and from where to where they go."""
    low, middle, high = (format(f(values), form) for f in (min, median, max))
    return middle if low == high else f"{middle} ({low}–{high})"


def seconds(value):
    """Round a time to what was measured of it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(caption, name, header, rows):
    """Write a table in MyST; the first column is text, the others numbers."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    body = "\n".join(f"| {' | '.join(map(str, row))} |" for row in lines)
    options = f":name: {name}\n:class: measured"
    return f"```{{table}} {caption}\n{options}\n\n{body}\n```\n"


def picture(path, caption, name, alt):
    """Write a figure in MyST."""
    lines = f":name: {name}\n:alt: {alt}\n\n{caption}"
    return f"```{{figure}} {path}\n{lines}\n```\n"


def circumstances(results):
    """A sentence about the machine and the runs."""
    here, runs = results["machine"], results["runs"]
    days = sorted({run["date"][:10] for run in runs})
    ends = [date.fromisoformat(days[i]) for i in (0, -1)]
    when = [f"{day.day} {day:%B %Y}" for day in ends]
    loads = [run["load"] for run in runs]
    threads = sorted({run["threads"] for run in runs})
    packages = {}
    for run in runs:
        packages |= run["versions"]
    names = ", ".join(f"{name} {packages[name]}" for name in packages)
    commits = ", ".join(sorted({str(run["commit"]) for run in runs}))
    return (
        f"{here['cpu']}, {here['cores']} cores, {here['memory_gib']} GiB, "
        f"{here['system']}; {' or '.join(map(str, threads))} "
        f"{'thread' if threads == [1] else 'threads'}; "
        f"{' to '.join(dict.fromkeys(when))}; {names}; commit {commits}. "
        f"Before the runs the machine's load was {min(loads):.1f} to "
        f"{max(loads):.1f}.\n"
    )


# --- Training ----------------------------------------------------------------


def groups(runs):
    """Runs that differ in nothing but the seed: {(peer, label): runs}."""
    found = {}
    for run in sorted(runs, key=lambda run: list(PROGRAMS).index(run["peer"])):
        found.setdefault((run["peer"], run["label"]), []).append(run)
    return found


def reference(together):
    """Which of this library's settings the others are compared with."""
    ours = [key for key in together if key[0] == "ours"]
    return ("ours", "defaults") if ("ours", "defaults") in ours else ours[0]


def paired_ratios(runs, base):
    """Time of each run over that of the base with the same seed."""
    times = {run["seed"]: run["seconds"] for run in base}
    return [
        run["seconds"] / times[run["seed"]]
        for run in runs
        if run["seed"] in times
    ]


def training_table(corpus, runs):
    """Seconds, ratios, memory and scores of every program on a corpus."""
    together, rows = groups(runs), []
    has_ours = any(peer == "ours" for peer, _ in together)
    base = together[reference(together)] if has_ours else []
    for (peer, label), same in together.items():
        ratios = paired_ratios(same, base)
        row = [f"{PROGRAMS[peer]}, {label}", len(same)]
        row.append(spread([run["seconds"] for run in same], ".1f"))
        row.append(spread(ratios, ".2f") if ratios else "")
        row.append(spread([run["peak_mb"] for run in same], ".0f"))
        row += [
            spread([run["scores"][name]["score"] for run in same], ".3f")
            for name in SCORES
        ]
        rows.append(row)
    header = ["program", "runs", "seconds", "times ours", "peak MB", *SCORES]
    header[5:] = [
        f"{SCORES[name]} ({asked['asked']:,} of {asked['of']:,})"
        for name, asked in runs[0]["scores"].items()
    ]
    tokens = runs[0]["tokens"]
    caption = (
        f"The corpus *{corpus}*, {tokens:,} tokens: medians, and in brackets "
        "the smallest and the largest of the runs."
    )
    return table(caption, f"bench-training-{corpus}", header, rows)


def plain_log(axis):
    """Logarithmic axis, its ticks in plain numbers: 1, 2, 5, 10."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def draw_scores(axes, runs, name):
    """One plot: a score against the time it took, a point a run."""
    for i, ((peer, label), same) in enumerate(groups(runs).items()):
        times = [run["seconds"] for run in same]
        values = [run["scores"][name]["score"] for run in same]
        text = f"{PROGRAMS[peer]}, {label}"
        axes.plot(times, values, MARKERS[peer], color=f"C{i}", label=text)
    axes.set_xscale("log")
    plain_log(axes.xaxis)
    axes.grid(alpha=0.3)


def draw_training(corpora):
    """Quality against time: a row a corpus, a column a test set."""
    figure = Figure(figsize=(9, 2.9 * len(corpora)), layout="constrained")
    all_axes = figure.subplots(len(corpora), len(SCORES), squeeze=False)
    for line, (corpus, runs) in zip(all_axes, corpora.items(), strict=True):
        for axes, (name, title) in zip(line, SCORES.items(), strict=True):
            draw_scores(axes, runs, name)
            axes.set_title(f"{title}, {corpus}")
            axes.set_xlabel("seconds (log scale)")
        line[0].set_ylabel("score")
        line[0].legend(fontsize="small")
    return figure


def draw_memory(corpora):
    """Peak memory: a bar a program, a part for what was there before."""
    figure = Figure(figsize=(9, 2.9), layout="constrained")
    all_axes = figure.subplots(1, len(corpora), squeeze=False)[0]
    for axes, (corpus, runs) in zip(all_axes, corpora.items(), strict=True):
        together = groups(runs)
        names = [f"{PROGRAMS[peer]},\n{label}" for peer, label in together]
        for part, colour in (("peak_mb", "C0"), ("before_mb", "0.75")):
            sizes = [
                median(run[part] for run in same) for same in together.values()
            ]
            axes.barh(names, sizes, color=colour)
        axes.invert_yaxis()
        axes.set_title(corpus)
        axes.set_xlabel("MB; grey: token lists, Python")
    return figure


def training(results, save):
    """Tables and plots of the programs that train word vectors."""
    corpora = {}
    for run in results["runs"]:
        corpora.setdefault(run["corpus"], []).append(run)
    parts = [circumstances(results)]
    parts += [training_table(*item) for item in corpora.items()]
    parts.append(
        picture(
            save("training", draw_training(corpora)),
            "Quality against time. Up and to the left is better. Each point "
            "is a run.",
            "bench-quality",
            "Three scores against seconds on a logarithmic axis, for each "
            "corpus and program.",
        )
    )
    parts.append(
        picture(
            save("memory", draw_memory(corpora)),
            "Peak memory. The grey part was in use before training began: "
            "the token lists, and Python with the program's packages.",
            "bench-memory",
            "Horizontal bars of peak memory, one a program, for each corpus.",
        )
    )
    return "\n".join(parts)


# --- The other results -------------------------------------------------------


def known_time(found):
    """Write a time that was measured, or what bounds it."""
    if "measured" in found:
        return seconds(found["measured"]), ""
    guess = found.get("estimate")
    return f"> {seconds(found['bound'])}", seconds(guess) if guess else "-"


def softmax_rows(run):
    """Rows for each pass of ours: when PyTorch has the same loss."""
    for point in run["compare"]["passes"]:
        found = point["torch"]
        least = found.get("measured", found.get("bound"))
        sign = "" if "measured" in found else "> "
        yield [
            point["epoch"],
            f"{point['loss']:.4f}",
            seconds(point["seconds"]),
            *known_time(found),
            f"{sign}{least / point['seconds']:,.1f}",
        ]


def softmax_facts(run):
    """Sentences about one comparison with PyTorch."""
    best, found = run["torch"]["best"], run["compare"]
    text = (
        f"\n**{run['name'].replace(' x ', ' × ')}**: {run['pairs']:,} pairs. "
        f"The best trial run of PyTorch had batches of {best['batch']:,} and "
        f"learning rate {best['lr']:g}. It takes "
        f"{seconds(1e6 * found['seconds_per_pair'])} microseconds a pair, "
        f"{seconds(found['torch_epoch_seconds'])} s an epoch; a pass over the "
        f"counts takes {seconds(found['our_pass_seconds'])} s, "
        f"{found['epoch_ratio']:,.0f} times less.\n"
    )
    for row in run.get("check", {}).get("from_first", []):
        if row["seconds"]:
            text += (
                f"\nFrom the first {row['share']:.0%} of PyTorch's time to "
                f"the last loss, the estimate is {seconds(row['seconds'])} s; "
                f"it was {' '.join(known_time(run['check']))} s.\n"
            )
    return text


def full_softmax(results, save):
    """Compare with PyTorch, pair by pair."""
    header = ["pass", "loss", "here, s", "PyTorch, s", "estimate, s", "ratio"]
    parts = [circumstances(results)]
    for i, run in enumerate(results["runs"]):
        parts.append(softmax_facts(run))
        caption = f"{run['name']}: seconds to the loss of each pass."
        rows = list(softmax_rows(run))
        parts.append(table(caption, f"bench-softmax-{i}", header, rows))
    return "\n".join(parts)


def pass_cost(results, save):
    """Cost of a pass, in the machine's own matrix products."""
    header = ["network", "threads", "seconds a pass", "/ square product"]
    header += ["/ its own products", "GFLOP/s of the square product"]
    rows = []
    for run in results["runs"]:
        work = 6 * run["V"] ** 2 * run["D"]
        row = [f"{run['V']:,} × {run['D']}", run["threads"]]
        row.append(spread(run["pass_seconds"], ".3f"))
        for peer in ("square", "products"):
            pairs = zip(run["pass_seconds"], run[peer], strict=True)
            row.append(spread([t * speed / work for t, speed in pairs], ".2f"))
        rows.append([*row, f"{median(run['square']) / 1e9:.0f}"])
    caption = (
        "A pass over the counts, as a multiple of the time that its "
        "6 V² D operations take as matrix products."
    )
    text = table(caption, "bench-pass", header, rows)
    return f"{circumstances(results)}\n{text}"


def draw_scaling(runs):
    """Time and memory, against V and against D, with lines of the theory."""
    figure = Figure(figsize=(9, 5.8), layout="constrained")
    all_axes = figure.subplots(2, 2)
    ways = {"V": ("D", 300, 2), "D": ("V", 10_000, 1)}
    for column, (name, (other, fixed, power)) in enumerate(ways.items()):
        chosen = [run for run in runs if run[other] == fixed]
        chosen.sort(key=lambda run: run[name])
        sizes = [run[name] for run in chosen]
        times = [run["pass_seconds"] for run in chosen]
        memory = [run["peak_mb"] - run["before_mb"] for run in chosen]
        top, below = all_axes[0][column], all_axes[1][column]
        top.loglog(sizes, times, "o-")
        if chosen:
            theory = [times[-1] * (x / sizes[-1]) ** power for x in sizes]
            law = "V²" if power == 2 else "D"
            top.loglog(sizes, theory, "--", color="0.5", label=f"as {law}")
            top.legend()
        for axis in (top.xaxis, top.yaxis):
            plain_log(axis)
        top.set_ylabel("seconds a pass")
        below.plot(sizes, memory, "o-")
        below.set_ylabel("MB that training adds")
        below.set_xlabel(f"{name}, where {other} is {fixed:,}")
    return figure


def scaling(results, save):
    """Time and memory against the size of the network."""
    runs = sorted(results["runs"], key=lambda run: (run["V"], run["D"]))
    header = ["network", "seconds a pass", "steps timed", "MB added"]
    rows = [
        [
            f"{run['V']:,} × {run['D']}",
            seconds(run["pass_seconds"]),
            f"{run['steps_timed']} of {run['steps_of_a_pass']} a pass",
            f"{run['peak_mb'] - run['before_mb']:,.0f}",
        ]
        for run in runs
    ]
    names = ", ".join(sorted({run["corpus"] for run in runs}))
    caption = f"Passes over the counts of the corpus {names}."
    plot = picture(
        save("scaling", draw_scaling(runs)),
        "Time of a pass, and memory that training adds, against the number "
        "of words and the number of features.",
        "bench-scaling-plot",
        "Four plots: time and memory against V and against D.",
    )
    parts = (
        circumstances(results),
        table(caption, "bench-scaling", header, rows),
    )
    return "\n".join([*parts, plot])


# --- The number of features --------------------------------------------------


def features_table(corpus, setting, runs):
    """Losses and scores of one setting, a row for each number of features."""
    rows = []
    by_size = sorted({run["D"] for run in runs})
    for same in ([run for run in runs if run["D"] == D] for D in by_size):
        last = [spread([run[k][-1] for run in same], ".3f") for k in LOSSES]
        rows.append([same[0]["D"], *last])
        for name in SCORES:
            found = [run["scores"][name] for run in same]
            value, low, high = (
                median(score[end] for score in found)
                for end in ("score", "low", "high")
            )
            # An interval stays on one line, and its minus is one.
            ends = f"{low:.3f}\u2060–\u2060{high:.3f}".replace("-", "−")
            rows[-1].append(f"{value:.3f} ({ends})")
    asked = runs[0]["scores"]
    header = ["features", *LOSSES.values()]
    header += [f"{SCORES[name]} ({asked[name]['asked']:,})" for name in SCORES]
    caption = (
        f"The corpus *{corpus}*, {runs[0]['V']:,} words, {setting}: loss in "
        "nats a pair, and scores with their 95 % intervals."
    )
    name = f"bench-features-{corpus}-{setting.replace(' ', '-')}"
    return table(caption, name, header, rows)


def draw_features(runs):
    """Held-out loss, and three scores, against the number of features."""
    figure = Figure(figsize=(9, 2.9), layout="constrained")
    all_axes = figure.subplots(1, 1 + len(SCORES))
    ways = {"held-out loss": ("held_out", -1)}
    ways |= {
        title: ("scores", name, "score") for name, title in SCORES.items()
    }
    for axes, (title, path) in zip(all_axes, ways.items(), strict=True):
        for setting in dict.fromkeys(run["setting"] for run in runs):
            points = []
            for run in runs:
                value = run
                for step in path:
                    value = value[step]
                if run["setting"] == setting:
                    points.append((run["D"], value))
            axes.plot(*zip(*sorted(points), strict=True), "o-", label=setting)
        axes.set_xscale("log")
        plain_log(axes.xaxis)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.set_title(title)
        axes.set_xlabel("features")
    all_axes[0].legend(fontsize="small")
    return figure


def features(results, save):
    """Quality against the number of features."""
    corpora, parts = {}, [circumstances(results)]
    for run in results["runs"]:
        settings = corpora.setdefault(run["corpus"], {})
        settings.setdefault(run["setting"], []).append(run)
    for corpus, settings in corpora.items():
        for setting, runs in settings.items():
            parts.append(features_table(corpus, setting, runs))
        runs = [run for runs in settings.values() for run in runs]
        parts.append(f"{{numref}}`bench-features-{corpus}` draws them.\n")
        parts.append(
            picture(
                save(f"features-{corpus}", draw_features(runs)),
                f"The corpus *{corpus}*: held-out loss, where lower is "
                "better, and three scores, where higher is better, against "
                "the number of features.",
                f"bench-features-{corpus}",
                "Four panels of two curves each over the number of features "
                "on a logarithmic axis.",
            )
        )
    return "\n".join(parts)


# --- The page ----------------------------------------------------------------

MAKERS = {
    "training": training,
    "full_softmax": full_softmax,
    "pass_cost": pass_cost,
    "scaling": scaling,
    "features": features,
}


def fill(text, results, pictures, style=None):
    """Put tables and plots in the place of the marks of a page.

    Parameters
    ----------
    text : the page
    results : folder of the JSON files
    pictures : folder that the plots are written to
    style : file of settings for matplotlib
    """

    def save(name, figure):
        pictures.mkdir(parents=True, exist_ok=True)
        path = pictures / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None})
        return f"/{pictures.parent.name}/{pictures.name}/{path.name}"

    def made(match):
        name = match["name"]
        path = results / f"{name}.json"
        if not path.is_file():
            return MISSING.format(name)
        found = json.loads(path.read_text(encoding="utf-8"))
        return MAKERS[name](found, save)

    with mpl.rc_context(fname=style):
        return MARK.sub(made, text)


def on_source_read(app, docname, source):
    """Fill the page on benchmarks."""
    if docname != PAGE:
        return
    root = Path(app.srcdir)
    results = root / "benchmarks" / "results"
    for name in MAKERS:
        app.env.dependencies[docname].add(str(results / f"{name}.json"))
    style = root / "notebooks" / "matplotlibrc"
    pictures = root / "_build" / "measured"
    source[0] = fill(source[0], results, pictures, style)


def setup(app):
    """Connect the hook to Sphinx."""
    app.connect("source-read", on_source_read)
    return {"version": "1", "parallel_read_safe": True}
