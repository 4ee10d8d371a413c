"""Durations as people and PMTA write them: 90s, 10m, 1h30m, 2d."""

from __future__ import annotations

from datetime import timedelta

from bot.core.durations import parse_duration

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def parse(text: object) -> timedelta:
    """`1h30m` as a duration above zero.

    Raises:
        ValueError: anything else; the message says what was expected and found.
    """
    try:
        return parse_duration(text if isinstance(text, str) else "")
    except ValueError:
        raise ValueError(f'a duration such as 4h expected, found "{text}"') from None


def short(span: timedelta) -> str:
    """PMTA's form with one unit: the largest that divides it evenly (90 minutes are `90m`)."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def words(span: timedelta) -> str:
    """For people: `40 s`, `14 min`, `1 h 20 min`, `2 d`; at most two units, the rest cut."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if count := seconds // size:
            parts.append(f"{count} {name}")
            seconds -= count * size
    return " ".join(parts[:2]) or "0 s"
