"""Waits and patterns as people write them in a policy file."""

from __future__ import annotations

import re

from bot.core.durations import parse_duration
from bot.core.policy import Pattern
from bot.playbook.patterns import fault_of

LONGEST_WAIT_S = 7 * 86_400
"""PMTA gives a message up after 4d12h; a longer wait is a slip."""
REACH = 80
"""Characters that `.*` in a pattern may take: two of them in one pattern are still cheap on any text."""
_BARE = re.compile(r"\d{1,6}", re.ASCII)
_EXPECTED = "a wait such as 90s, 10m, 1h30m, 2d, 30 (minutes) or 0 (no wait)"
_WIDE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.[*+]", re.DOTALL)
_LEAST = {"*": 0, "+": 1}


def parse_waits(value: object) -> tuple[int, ...]:
    """Seconds of `10m, 20m, 1h`, of a bare number of minutes, or of a list of them; 0 is no wait.

    Raises: ValueError that tells every bad item.
    """
    items = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else [value]
    waits: list[int] = []
    faults: list[str] = []
    for place, item in enumerate(items, start=1):
        try:
            waits.append(_wait(item))
        except ValueError as fault:
            faults.append(f"item {place}: {fault}" if len(items) > 1 else str(fault))
    if faults or not items:
        raise ValueError("; ".join(faults) or f"expected at least {_EXPECTED}, found none")
    return tuple(waits)


def _wait(item: object) -> int:
    text = str(item).strip().lower() if isinstance(item, str | int) and not isinstance(item, bool) else ""
    try:
        seconds = int(text) * 60 if _BARE.fullmatch(text) else int(parse_duration(text).total_seconds())
    except (ValueError, OverflowError):
        seconds = 0 if text in ("0s", "0m", "0h", "0d") else -1
    if seconds < 0:
        raise ValueError(f"expected {_EXPECTED}, found {quoted_or_nothing(item)}")
    if seconds > LONGEST_WAIT_S:
        raise ValueError(f"expected a wait of at most 7d, found {quoted_or_nothing(item)}")
    return seconds


def quoted_or_nothing(item: object) -> str:
    """What was found, for a fault."""
    return "nothing" if item is None or str(item).strip() == "" else repr(item)[:60]


def parse_pattern(text: object) -> Pattern:
    """A case-insensitive substring, or `/regex/`, where `.*` takes at most `REACH` characters.

    Raises: ValueError where it is not fit to be searched in text that the far end writes.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"expected some text or a /regular expression/, found {quoted_or_nothing(text)}")
    if not (text.startswith("/") and text.endswith("/") and len(text) > 1):
        if len(text.strip()) < 3:
            raise ValueError(f"expected at least 3 characters, found {text!r}")
        return Pattern(text.strip())
    bounded = _WIDE.sub(_bounded, text[1:-1])
    if fault := fault_of(bounded):
        raise ValueError(fault)
    return Pattern(text, bounded)


def _bounded(found: re.Match[str]) -> str:
    wide = found[0]
    return f".{{{_LEAST[wide[1]]},{REACH}}}" if wide in (".*", ".+") else wide
