"""Spans and moments as people type and read them, and as PMTA writes them (90s, 10m, 1h30m, 2d)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_EPOCH = re.compile(r"\d{9,11}", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """`90s`, `60m`, `1h30m`, `2d`: units d h m s, each once, in this order; more than zero."""
    found = _SPAN.fullmatch(text.strip().lower())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise ValueError(f"expected a duration such as 90s, 10m, 1h30m or 2d, found {text!r}")
    return span


def pmta_duration(span: timedelta) -> str:
    """PMTA's form with one unit: the largest that divides it evenly (90 minutes are `90m`)."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def duration_words(span: timedelta) -> str:
    """For people: "40 s", "14 min", "1 h 20 min", "2 d 3 h"; cut, never rounded up."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return _two(seconds // 3600, "h", seconds // 60 % 60, "min")
    return _two(seconds // 86400, "d", seconds // 3600 % 24, "h")


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"


def parse_until(text: str) -> datetime:
    """`2026-11-20 14:25`, with seconds and an offset where wanted (UTC without), or epoch seconds."""
    asked = text.strip()
    if _EPOCH.fullmatch(asked):
        return datetime.fromtimestamp(int(asked), UTC)
    try:
        at = datetime.fromisoformat(asked)
    except ValueError:
        raise ValueError(f"expected a time such as 2026-11-20 14:25+0000 or epoch seconds, found {text!r}") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
