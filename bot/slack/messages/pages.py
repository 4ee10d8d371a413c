"""Long answers in pages: which rows, how they are told, and the buttons that turn them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import slackblocks as sb

from bot.core.model import Window
from bot.slack.messages import buttons, texts
from bot.slack.words import Asked

T = TypeVar("T")

ROWS = 20
"""Of a page: what a phone scrolls through in one move."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows `first` to `last` (from 1) of `total`; page `number` of `of`."""

    rows: Sequence[T]
    number: int
    of: int
    first: int
    total: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def words(self) -> str:
        """ "21–40 of 200", "" where one page is all."""
        return f"{self.first}–{self.last} of {texts.count(self.total)}" if self.of > 1 else ""


def page_of(rows: Sequence[T], number: int, per_page: int = ROWS) -> Page[T]:
    """Page `number` from 1; beyond the last one the last one."""
    of = max(1, -(-len(rows) // per_page))
    number = max(1, min(number, of))
    first = (number - 1) * per_page
    return Page(rows[first : first + per_page], number, of, first + 1, len(rows))


def turn(asked: Asked, page: Page[T]) -> list[sb.Element]:
    """Previous and Next, as far as there are such pages; the page is made anew from the store."""
    to = [(place, n) for place, n in enumerate((page.number - 1, page.number + 1)) if 1 <= n <= page.of]
    names = ("Previous", "Next")
    return [
        sb.Button(text=f"{names[place]}: {n} of {page.of}", action_id=f"page_{place}", value=on_page(asked, n).value)
        for place, n in to
    ]


def on_page(asked: Asked, number: int) -> Asked:
    return Asked(asked.topic, asked.subject, asked.length, number)


def capped(asked: Asked, window: Window) -> str:
    """ "goes back 24 h at most", "" where all of the time that was asked for is shown."""
    short = asked.length is not None and asked.length > window.length
    return f"goes back {texts.window_words(window.length)} at most" if short else ""


def ask_button(asked: Asked, place: int, text: str) -> sb.Button:
    """Asks something else; the answer is a message of its own."""
    label = buttons.plain(text) or "Show it"
    return sb.Button(text=label, action_id=f"ask_{place}", value=asked.value)
