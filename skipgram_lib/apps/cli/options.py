"""Commands and their options; what is not given is left to the library."""

import json
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any

import click
from click.shell_completion import CompletionItem

from skipgram_lib.apps.cli.printing import help_page, print_answer
from skipgram_lib.errors import SkipgramError

Answer = dict[str, Any]
Items = list[CompletionItem[str]]

# --- One option --------------------------------------------------------------


class PathName(click.ParamType[str]):
    """Name of a file or a folder ("dir"), which the shell completes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return a name; an empty one would mean the folder one is in."""
        return str(value or self.fail("a name is empty", param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Items:
        """Let the shell offer the names that are there."""
        return [CompletionItem(incomplete, type=self.name)]


class FormatName(click.ParamType[str]):
    """Name of a format of word vectors; the library knows which there are."""

    name = "format"

    def choice(self) -> click.Choice[str]:
        """Import the formats; return their names as a choice."""
        from skipgram_lib.vectors.formats.registry import FORMATS

        return click.Choice(sorted(FORMATS))

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return a name that is one of them."""
        return self.choice().convert(value, param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> Items:
        """Offer the names that begin so."""
        return self.choice().shell_complete(ctx, param, incomplete)


FILE = PathName("file")
DIR = PathName("dir")
# What follows an option, and its type; anything else is text.
TYPES: dict[str, Any] = {
    "": bool,
    "N": int,
    "X": float,
    "FILE": FILE,
    "DIR": DIR,
    "FORMAT": FormatName(),
}


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

    def default_text(self) -> str:
        """Say in words what holds if the option is not given."""
        if callable(self.of):
            return self.of()
        default = default_of(self.of, self.name) if self.of else None
        if default is None:
            return ""
        if isinstance(default, bool):
            return (self.opts if default else self.secondary_opts)[0]
        if isinstance(default, tuple):
            return " ".join(map(str, default))
        return str(default)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return how it is typed and what it does, with the default."""
        text = self.help or ""
        if isinstance(self.type, FormatName):
            text = f"{text}: {', '.join(self.type.choice().choices)}"
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
    return argument(usage, f"UTF-8 text, plain or .gz; {more}", "files", FILE)


# --- Commands ----------------------------------------------------------------


def repeat_options(args: Sequence[str], several: set[str]) -> list[str]:
    """Write ``--show a b`` as ``--show a --show b``, for some options."""
    found: list[str] = []
    option = ""
    for before, word in pairwise(["", *args]):
        if word == "--":  # no options from here on
            several = set()
        if word.startswith("-"):
            option = word if word in several else ""
        elif option and before != option:
            found.append(option)
        found.append(word)
    return found


def help_sections(
    ctx: click.Context, commands: Sequence[tuple[str, str]] = ()
) -> dict[str, list[tuple[str, str]]]:
    """Map the headings of a help page to what is typed, and what it means."""
    sections = {"arguments": [], "commands": [*commands]}
    others = []
    for param in ctx.command.get_params(ctx):
        record = param.get_help_record(ctx) or ("", "")
        if isinstance(param, click.Argument):
            sections["arguments"].append(record)
        elif isinstance(param, Option) and param.group:
            sections.setdefault(param.group, []).append(record)
        else:
            others.append(record)
    return sections | {"options": others}


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
        super().__init__(name, help=about, params=[*params, as_json])
        self.about = about
        self.examples = examples
        self.run = run
        self.show = show

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse a command line in which options may have several words."""
        several = {p.opts[0] for p in self.params if p.multiple}
        try:
            return super().parse_args(ctx, repeat_options(args, several))
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
        """Run the command and print its answer; return the exit status."""
        arguments = self.arguments(ctx)
        as_json = arguments.pop("json")
        answer = self.run(**arguments)
        if as_json:
            print(json.dumps(answer), flush=True)
        else:
            print_answer(self.show(answer))
        return 0 if answer.get("passed", True) else 1


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


# --- Options that several commands share -------------------------------------

ANALOGIES = "skipgram_lib:evaluate_word_analogies"
MOST_SIMILAR = "skipgram_lib:WordVectors.most_similar"
SKIPGRAM = "skipgram_lib:SkipGram"

MODEL = argument("MODEL", "folder of a model", kind=DIR)
SOURCE_HELP = (
    "folder of a model, or a file of vectors: .bin .txt .vec (.gz) .npz "
    ".safetensors"
)
SOURCE = argument("MODEL", SOURCE_HELP, kind=FILE)
WORDS = argument("WORD...", "words", "words")
TOPN = Option("--topn N", "words to list", MOST_SIMILAR)
BACKEND = Option("--backend auto|numpy|cupy", "where the vectors are searched")
TF32 = Option("--tf32", "on a GPU: faster products of rounded numbers")
COUNTS = Option("--counts DIR", "what `skipgram count` wrote, instead of text")
VECTORS = (
    Option(
        "--matrix in|out|sum",
        "of a model: W_in, W_out or their sum",
        f"{SKIPGRAM}.word_vectors",
        "vectors",
    ),
    *options(
        {
            "--limit N": "read the first N words only",
            "--format FORMAT": "if the ending does not tell",
            "--errors strict|replace": "for words that are not UTF-8",
            "--duplicates error|first": "what to do with a duplicate word",
            "--finite/--no-finite": "refuse NaN and infinity",
        },
        "skipgram_lib:load_vectors",
        "vectors",
    ),
)
TEXT = options(
    {
        "--letters ascii|unicode": "letters that words are made of",
        "--document file|line": "no window reaches over its ends",
        "--errors strict|replace": "for bytes that are not UTF-8",
    },
    "skipgram_lib:TextFiles",
    "text",
)
COUNTING = options(
    {
        "--max-size N": "most frequent words that are kept",
        "--min-count N": "leave out words that are rarer",
        "--window N": "largest distance of centre and context, in words",
        "--shrink-windows/--no-shrink-windows": "near words weigh more",
        "--sample X": "subsample words with a larger share; 0: none",
    },
    "skipgram_lib:count_pairs",
    "counting",
)
