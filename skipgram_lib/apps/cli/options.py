"""Commands and their options; what is not given is left to the library."""

import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from inspect import signature
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any

import click
from click.shell_completion import CompletionItem

from skipgram_lib.apps.cli.printing import help_page, print_answer, warn
from skipgram_lib.errors import SkipgramError

Answer = dict[str, Any]
Items = list[CompletionItem[str]]
STREAM = "-"  # stdin, or stdout, where a file can stand

# --- One option --------------------------------------------------------------


class PathName(click.ParamType[str]):
    """Name of a file or a folder ("dir"), which the shell completes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return a name; an empty one would mean the folder one is in."""
        if value == STREAM and self.name == "dir":
            self.fail("a folder is needed, and one called - is ./-")
        if value != STREAM == os.path.normpath(value):
            value = os.path.abspath(value)  # a Path would be without its ./
        return str(value or self.fail("a name is empty", param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Items:
        """Let the shell offer the names that are there."""
        return [CompletionItem(incomplete, type=self.name)]


# Formats of word vectors: the keys of `vectors.formats.registry.FORMATS`.
FORMATS = (
    "glove",
    "npz",
    "safetensors",
    "tensorboard",
    "word2vec-binary",
    "word2vec-text",
)
FILE = PathName("file")
DIR = PathName("dir")
# What follows an option, and its type; anything else is text.
TYPES: dict[str, Any] = {
    "": bool,
    "N": int,
    "X": float,
    "FILE": FILE,
    "DIR": DIR,
    "FORMAT": click.Choice(FORMATS),
}
# Options that have another name than the parameter.
PARAMETERS = {"checkpoint_every": "every", "test_sets": "folder"}


def default_of(place: str, name: str) -> Any:
    """Return the library's default: of ``module:function``, by its name."""
    return signature(resolve_name(place)).parameters[name].default


class Option(click.Option):
    """An option of a command: None, or an empty tuple, if it is not given.

    Parameters
    ----------
    usage : str
        How it is typed: ``--switch``, ``--x/--no-x``, ``--topn N``,
        ``--init counts|random``, ``--show WORD...`` with several words.
    help : str
    of : str or callable
        Whose default holds if it is not given, as "module:function"; or
        what returns that default in words.
    group : str
        Heading on the help page. Options of a group that were given reach
        the command as one dictionary, an argument of this name.
    required : bool
    """

    def __init__(
        self,
        usage: str,
        help: str,
        of: str | Callable[[], str] = "",
        group: str = "",
        required: bool = False,
    ) -> None:
        name, _, metavar = usage.partition(" ")
        word = metavar.removesuffix("...")
        kind = TYPES.get(word, str)
        switch: Answer = {"is_flag": True, "default": None}  # else False
        super().__init__(
            [name],
            help=help,
            required=required,
            metavar=metavar or None,
            multiple=metavar != word,
            type=click.Choice(word.split("|")) if "|" in word else kind,
            **({} if metavar else switch),
        )
        self.of = of
        self.group = group
        self.parameter = PARAMETERS.get(str(self.name), str(self.name))

    def default_text(self) -> str:
        """Say in words what holds if the option is not given."""
        if callable(self.of):
            return self.of()
        default = default_of(self.of, self.parameter) if self.of else None
        if default is None:
            return ""
        if isinstance(default, bool):
            return next(
                iter(self.opts if default else self.secondary_opts), ""
            )
        if isinstance(default, tuple):
            return " ".join(map(str, default))
        return str(default)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return how it is typed and what it does, with the default."""
        text = self.help or ""
        if self.metavar == "FORMAT":
            text = f"{text}: {', '.join(FORMATS)}"
        default = self.default_text()
        if default:
            text = f"{text} (default: {default})"
        return self.get_help_spec(ctx), text


def options(
    helps: Mapping[str, str], of: str = "", group: str = ""
) -> tuple[Option, ...]:
    """Options that share a group, or the function with their defaults."""
    return tuple(Option(usage, helps[usage], of, group) for usage in helps)


def output(usage: str, help: str) -> Option:
    """Option without which nothing is written."""
    return Option(usage, f"{help} (required)", required=True)


def argument(
    usage: str, help: str, name: str = "", kind: Any = str
) -> click.Argument:
    """Argument of a command: ``WORD``, ``WORD...`` or ``[WORD]...``."""
    return click.Argument(
        [name or usage.lower()],
        help=help,
        metavar=usage,
        required=not usage.startswith("["),
        nargs=-1 if usage.endswith("...") else 1,
        type=kind,
    )


def text_files(usage: str, more: str) -> click.Argument:
    """Argument for files and folders of text, called `files`."""
    about = f"text, plain or compressed; -: stdin; {more}"
    return argument(usage, about, "files", FILE)


# --- Commands ----------------------------------------------------------------


def repeat_options(args: Sequence[str], several: set[str]) -> list[str]:
    """Write ``--show a b`` as ``--show a --show b``, for some options."""
    found: list[str] = []
    option = ""
    for before, word in pairwise(["", *args]):
        if option and before == option:
            pass  # the first word of an option, whatever it looks like
        elif word.startswith("-") and word != STREAM:
            if word == "--":  # no options from here on
                several = set()
            option = word if word in several else ""
        elif option:
            found.append(option)
        found.append(word)
    return found


def help_sections(
    ctx: click.Context, commands: Sequence[tuple[str, str]] = ()
) -> dict[str, list[tuple[str, str]]]:
    """Map the headings of a help page to what is typed, and what it means."""
    sections = {"arguments": [], "commands": [*commands]}
    for param in ctx.command.get_params(ctx):
        heading = "arguments" if param.param_type_name == "argument" else ""
        if isinstance(param, Option):
            heading = param.group
        record = param.get_help_record(ctx) or ("", "")
        sections.setdefault(heading or "options", []).append(record)
    last = sections.pop("options")
    return sections | {"options": last}


def help_of(
    ctx: click.Context,
    examples: Sequence[str],
    commands: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a help page: arguments or commands, groups, other options."""
    about = ctx.command.help or ""
    sections = help_sections(ctx, commands)
    return help_page(ctx.get_usage(), about, sections, examples)


class Command(click.Command):
    """One command of the program.

    Parameters
    ----------
    name, about : str
        What is typed, and one line about it.
    examples : sequence of str
        Lines for the end of its help page.
    params : sequence of click.Parameter
        Arguments and options; ``--json`` comes with every command.
    run : callable
        Computes the answer, ready for JSON, from arguments, options and
        groups of options by name.
    show : callable
        Turns the answer into text for people.
    """

    def __init__(
        self,
        name: str,
        about: str,
        examples: Sequence[str],
        params: Sequence[click.Parameter],
        run: Callable[..., Answer],
        show: Callable[[Answer], str],
    ) -> None:
        as_json = Option("--json", "print one JSON object")
        super().__init__(
            name,
            context_settings={"help_option_names": ["--help", "-h"]},
            help=about,
            params=[*params, as_json],
        )
        self.about = about
        self.examples = examples
        self.run = run
        self.show = show

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse a command line in which options may have several words."""
        several = {p.opts[0] for p in self.params if p.multiple}
        words = repeat_options(args, several)
        try:
            return super().parse_args(ctx, [*words])
        except click.NoSuchOption as error:
            letter = error.option_name  # of -lrb- it is -l
            whole = (w for w in words if w.startswith(letter) and w[1] != "-")
            word = next(whole, letter)
            near = error.possibilities
            raise click.NoSuchOption(word, None, near, ctx) from None
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # for the line that begins 'Usage:'
            raise

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        return help_of(ctx, self.examples)

    def arguments(self, ctx: click.Context) -> Answer:
        """What `run` is called with: options of a group in a dictionary."""
        found: Answer = {}
        for param in self.params:
            value = ctx.params[param.name]
            if not isinstance(param, Option) or not param.group:
                found[param.name] = value
                continue
            group = found.setdefault(param.group, {})
            if value is not None:
                group[param.name] = value
        return found

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and print its answer; return the exit status.

        Where stdout gets what was asked for, the answer goes to stderr.
        """
        arguments = self.arguments(ctx)
        as_json = arguments.pop("json")
        aside = arguments.get("out") == STREAM
        with warnings.catch_warnings():
            warnings.showwarning = self.show_warning  # type: ignore[assignment]
            try:
                answer = self.run(**arguments)
            except SkipgramError as error:
                text = in_options(str(error), self.params)
                raise SkipgramError(text) from error
        with redirect_stdout(sys.stderr) if aside else nullcontext():
            if as_json:
                print(json.dumps(answer), flush=True)
            else:
                print_answer(self.show(answer))
        return 0 if answer.get("passed", True) else 1

    def show_warning(self, message: Warning | str, *place: object) -> None:
        """Print a warning of Python's as a line, without a line of code."""
        warn(in_options(" ".join(str(message).split()), self.params))


# --- What was given ----------------------------------------------------------


def given(**settings: Any) -> Answer:
    """Return the settings that were given: the library has the others."""
    return {
        name: value
        for name, value in settings.items()
        if value is not None and value != ()
    }


def typed(name: str, value: object) -> str:
    """How a setting is typed that has this value."""
    dashes = "--no-" if value is False else "--"
    return dashes + name.replace("_", "-")


def refuse(reason: str, **settings: Any) -> None:
    """Refuse each setting that was given: it would have no effect."""
    for name, value in given(**settings).items():
        what = name if name == "files" else typed(name, value)
        raise SkipgramError(f"{reason}; leave out {what}")


# A name that is no part of a path, its value, and what is said of it.
NAMED = re.compile(
    r"(?<![\w/.'-])([a-z_]+)(=(?:\([^()]*\)|'[^']*'|\.\.\.|[^\s;,()]*(?<!\.)))?"
    r"(?=( (?:must|is|has)\b| ')?)(?![\w/]|\.\w)"
)


def in_options(text: str, params: Iterable[click.Parameter]) -> str:
    """Name the options of a command where the library names parameters."""
    known = {p.parameter: p for p in params if isinstance(p, Option)}

    def replace(match: re.Match[str]) -> str:
        name, value, verb = match.groups(default="")
        option = known.get(name)
        beginning = verb and not match.start()
        if not option or not (value or beginning or "_" in name):
            return match[0]
        value = re.sub("[=()' ]", "", value)
        said = typed(option.name or "", value != "False")
        value = option.metavar or "" if value == "..." else value
        return said if value in ("", "True", "False") else f"{said} {value}"

    return NAMED.sub(replace, text)
