"""Bars that show how much of a text is counted."""

from collections.abc import Iterator, Sequence
from typing import NoReturn, TypeAlias

from tqdm import tqdm

from skipgram_lib.errors import hide_bar
from skipgram_lib.text.files import TextPart

Bar: TypeAlias = "tqdm[NoReturn]"


def progress_bar(
    parts: Sequence[TextPart], title: str, progress: bool | None
) -> Bar:
    """A bar of the bytes of some parts; None: on a terminal only."""
    return tqdm(
        desc=title,
        total=sum(map(len, parts)),
        unit="B",
        unit_scale=True,
        disable=hide_bar(progress),
    )


def one_by_one(
    parts: Sequence[TextPart], title: str, progress: bool | None
) -> Iterator[TextPart]:
    """Yield parts; a bar moves on when one is done."""
    with progress_bar(parts, title, progress) as bar:
        for part in parts:
            yield part
            bar.update(len(part))
