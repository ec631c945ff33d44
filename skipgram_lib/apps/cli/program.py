"""The program: its commands, its help page, its exit codes."""

import io
import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

import click
from click.exceptions import Exit
from click.shell_completion import get_completion_class, shell_complete

from skipgram_lib import __version__
from skipgram_lib.apps.cli.options import Command, help_of
from skipgram_lib.apps.cli.printing import report, warn
from skipgram_lib.errors import SkipgramError

# The commands, in the order of the help page, and where each is made.
MODULES = {
    "train": "train:TRAIN",
    "count": "count:COUNT",
    "context": "ask:CONTEXT",
    "similar": "ask:SIMILAR",
    "analogy": "ask:ANALOGY",
    "odd": "ask:ODD",
    "evaluate": "evaluate:EVALUATE",
    "convert": "convert:CONVERT",
    "map": "draw:MAP",
    "explorer": "draw:EXPLORER",
    "selftest": "selftest:SELFTEST",
}
# Options of version 0.1, and what takes their place.
RENAMED = {
    "--vocab-size": "--max-size",
    "--full-windows": "--no-shrink-windows",
    "--start": "--init",
    "--keep-nan": "--no-finite",
    "--case-sensitive": "--no-case-insensitive",
    "--no-journey": "--snapshots 0",
}
SHELLS = ("bash", "zsh", "fish", "powershell")
# A shell asks for completions by setting it.
COMPLETE = "_SKIPGRAM_COMPLETE"


def find_command(name: str) -> Command:
    """Import a command; it imports the library when it runs."""
    found: Command = resolve_name(f"{__package__}.{MODULES[name]}")
    return found


class Program(click.Group):
    """All commands, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, name: str) -> Command | None:
        """Return a command by its name, if there is one."""
        return find_command(name) if name in MODULES else None

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page: the commands, with an example of each."""
        commands = {name: find_command(name) for name in MODULES}
        examples = [command.examples[0] for command in commands.values()]
        rows = [(name, commands[name].about) for name in commands]
        return help_of(ctx, examples, rows)


def print_completion(ctx: click.Context, param: object, shell: str) -> None:
    """Print the script that lets a shell complete command lines, and end."""
    complete = get_completion_class(shell or "")
    if complete and not ctx.resilient_parsing:
        print(complete(ctx.command, {}, "skipgram", COMPLETE).source())
        ctx.exit()


PROGRAM = Program(
    "skipgram",
    help="Train the skip-gram network from counts, and use it.",
    no_args_is_help=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
click.version_option(
    __version__, message="skipgram %(version)s", help="print the version"
)(PROGRAM)
click.option(
    "--print-completion",
    metavar="SHELL",
    type=click.Choice(SHELLS),
    is_eager=True,
    expose_value=False,
    callback=print_completion,
    help=f"print a script for the Tab key: {', '.join(SHELLS)}",
)(PROGRAM)


def usage_text(error: click.UsageError) -> str:
    """Say what is wrong with a command line, in one sentence."""
    if isinstance(error, click.NoSuchOption) and error.ctx:
        name = error.option_name
        new = RENAMED.get(name, "")
        for param in error.ctx.command.params:
            if new.split(" ")[0] in [*param.opts, *param.secondary_opts]:
                return f"{name} is called {new} now"
        near = " or ".join(error.possibilities or ())
        if near:
            return f"no such option {name!r}; did you mean {near}?"
        return (
            f"no such option {name!r}; a word or a name that begins with a "
            f"dash stands behind --, or behind =, as in --show={name}"
        )
    text = " ".join(error.format_message().split()).removesuffix(".")
    text = text.replace(". Did you mean", "; did you mean")
    return text[:1].lower() + text[1:]


def run_line(args: Sequence[str]) -> int:
    """Run a command line, or complete it; return the exit status."""
    if asked := os.environ.get(COMPLETE):
        return shell_complete(PROGRAM, {}, "skipgram", COMPLETE, asked)
    try:
        with PROGRAM.make_context("skipgram", [*args]) as ctx:
            status: int = PROGRAM.invoke(ctx)
            return status
    except Exit as end:
        return end.exit_code
    except click.UsageError as error:
        ctx = error.ctx or click.Context(PROGRAM, info_name="skipgram")
        report(ctx.get_usage())
        warn(usage_text(error))
        return error.exit_code


def prepare_streams() -> None:
    """Print '?' for characters that the terminal cannot encode.

    What goes to a stream that was closed from the start goes nowhere.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None or getattr(sys, name).closed:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
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
    prepare_streams()
    try:
        return run_line(sys.argv[1:] if argv is None else argv)
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
