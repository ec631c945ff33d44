"""What the benchmarks share: the table of two programs that took turns."""

from statistics import median

NAMES = ("skipgram_lib", "gensim")


def show_times(times):
    """Print medians, spreads, and the ratio of runs that were neighbours.

    Parameters
    ----------
    times : dict from each of NAMES to its seconds, one a run
    """
    for name in NAMES:
        low, high = min(times[name]), max(times[name])
        print(f"  {name:13} {median(times[name]):7.3f} s", end="")
        print(f"   ({low:.3f} to {high:.3f})")
    ours, theirs = (times[name] for name in NAMES)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    print(f"  ratio         {median(ratios):7.1f}", end="")
    print(f"     ({min(ratios):.1f} to {max(ratios):.1f})")
