"""Whether a reply is final, and whether that is to be believed. Pure."""

from __future__ import annotations

import re

from bot.core.category import Category

_CLASS = re.compile(r"([45])(?:\d\d(?!\d)|\.\d{1,3}\.\d{1,3}(?![.\d]))")
# qmail's replies end in "(#5.4.6)"; "[#4.16.5]" is a reference of Yahoo's, no status
_CLASS_INSIDE = re.compile(r"(?:(?<![\w.#/:-])|(?<=\(#))([45])(?:\d\d(?=[ -])|\.\d{1,3}\.\d{1,3}(?![.\d]))")
_FINAL = frozenset(
    {
        Category.BLOCKLIST,
        Category.AUTHENTICATION,
        Category.CONTENT_SPAM,
        Category.POLICY_BLOCK,
        Category.BAD_MAILBOX,
        Category.INACTIVE_MAILBOX,
        Category.PROTOCOL_ERROR,
        Category.OTHER,
    }
)
"""Final where the text carries no code at all."""
_PASSING = frozenset(
    {
        Category.THROTTLE_NORMAL,
        Category.CONNECTION_LIMIT,
        Category.RATE_LIMIT,
        Category.GREYLIST,
        Category.SERVER_ERROR,
        Category.MAILBOX_FULL,
    }
)
_LATER = re.compile(
    r"(?:try|send|come) (?:it )?(?:again|back)|later|temporar|plus tard|for the (?:hour|day)", re.IGNORECASE
)
_NEVER = ("permanently deferred", "will not succeed", "permanently blocked", "permanently rejected")


def is_permanent(text: str, category: Category | None) -> bool:
    """True for a 5xx: by the code the cleaned reply begins with, else the first inside it, else by what it means
    (`category`, None where that is not known)."""
    found = _CLASS.match(text) or _CLASS_INSIDE.search(text)
    return found[1] == "5" if found else category in _FINAL


def is_pressure(text: str, category: Category, clears: bool | None) -> bool:
    """Whether a 5xx clears by itself: a sign of pressure, not a dead address. `clears`: what its rule knows."""
    if clears is not None:
        return clears
    return category in _PASSING and (category is not Category.MAILBOX_FULL or bool(_LATER.search(text)))


def is_lasting(text: str, clears: bool | None) -> bool:
    """Whether a 4xx will not clear however often it is tried."""
    lowered = text.lower()
    return clears is False or any(words in lowered for words in _NEVER)
