"""Run the program: as `skipgram`, or as `python -m skipgram_lib`."""

import sys


def main() -> int:
    """Import the program and run it; Ctrl-C meanwhile is one line, too.

    Returns
    -------
    int
        The exit status: that of the program, or 130 after Ctrl-C.
    """
    try:
        from skipgram_lib.apps.cli.program import main as run

        return run()
    except KeyboardInterrupt:
        if sys.stderr is not None:  # print would take stdout
            print(
                "skipgram: interrupted; nothing was written", file=sys.stderr
            )
        return 130


if __name__ == "__main__":
    sys.exit(main())
