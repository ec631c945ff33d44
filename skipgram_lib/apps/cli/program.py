"""The program: its parser, its examples, its exit codes."""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence

import shtab

from skipgram_lib import __version__
from skipgram_lib.apps.cli import (
    ask,
    convert,
    count,
    draw,
    evaluate,
    selftest,
    train,
)
from skipgram_lib.apps.cli.options import Command, Parser
from skipgram_lib.apps.cli.printing import warn
from skipgram_lib.errors import SkipgramError

COMMANDS: dict[str, Command] = {
    command.name: command
    for commands in (
        train.COMMANDS,
        count.COMMANDS,
        ask.COMMANDS,
        evaluate.COMMANDS,
        convert.COMMANDS,
        draw.COMMANDS,
        selftest.COMMANDS,
    )
    for command in commands
}


def examples_text(examples: Iterable[str]) -> str:
    """Return the end of a help page: some examples."""
    return "\n  ".join(["examples:", *examples])


def make_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="skipgram",
        description="Train the skip-gram network from counts, and use it.",
        epilog=examples_text(c.examples[0] for c in COMMANDS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"skipgram {__version__}"
    parser.add_argument("--version", action="version", version=version)
    shtab.add_argument_to(parser, help="print a script for the Tab key")
    parsers = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND"
    )
    for name, command in COMMANDS.items():
        subparser = parsers.add_parser(
            name,
            help=command.help,
            description=command.help,
            epilog=examples_text(command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_options(subparser)
        subparser.add_argument(
            "--json", action="store_true", help="print one JSON object"
        )
    return parser


def replace_unencodable() -> None:
    """Print '?' for characters that the terminal cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def ignore_closed_pipe() -> None:
    """Let the output go nowhere when its reader has closed the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 (bad input), 2 (usage) or 130.

    Parameters
    ----------
    argv : sequence of str, optional
        The words behind `skipgram`; by default those of this process.

    Returns
    -------
    int
        The exit status.
    """
    replace_unencodable()
    try:
        args = make_parser().parse_args(argv)
        command = COMMANDS[args.command]
        answer = command.run(args)
        show = json.dumps if args.json else command.show
        print(show(answer), flush=True)
        return 0 if answer.get("passed", True) else 1
    except SkipgramError as error:
        warn(str(error))
    except MemoryError:
        warn("out of memory; choose a smaller vocabulary or limit")
    except KeyboardInterrupt as stop:
        warn(str(stop) or "interrupted; nothing was written")
        return 130
    except BrokenPipeError:
        ignore_closed_pipe()
        return 0
    except OSError as error:  # a folder without permission, a full disk
        warn(f"{error.strerror}: {error.filename or 'the output'}")
    return 1
