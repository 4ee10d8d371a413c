"""Spans and moments as people type them. Raises ValueError with a sentence fit to be shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_EPOCH = re.compile(r"\d{9,11}", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """`90s`, `60m`, `1h30m`, `2d`: units d h m s, each once, in this order; more than zero."""
    found = _SPAN.fullmatch(text.strip().lower())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise ValueError(f"a duration like 90s, 60m, 1h30m or 2d expected, found {text!r}")
    return span


def parse_until(text: str) -> datetime:
    """`2026-11-20 14:25`, with seconds and an offset where wanted (UTC without), or epoch seconds."""
    asked = text.strip()
    if _EPOCH.fullmatch(asked):
        return datetime.fromtimestamp(int(asked), UTC)
    try:
        at = datetime.fromisoformat(asked)
    except ValueError:
        raise ValueError(f"a time like 2026-11-20 14:25+0000 or epoch seconds expected, found {text!r}") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
