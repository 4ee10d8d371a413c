from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.durations import parse_duration, parse_until


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60m", timedelta(minutes=60)),
        ("1h30m", timedelta(minutes=90)),
        ("90s", timedelta(seconds=90)),
        (" 2D ", timedelta(days=2)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "0m", "60", "m", "30m1h", "1.5h", "-5m", "1h 30m", "9999999d", "١h"])
def test_other_durations_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 90s, 10m, 1h30m or 2d, found"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 14:25", "2026-11-20T15:25:00+01:00", "2026-11-20 14:25:00+0000", "1795184700", "2026-11-20 14:25Z"],
)
def test_moments(text: str) -> None:
    assert parse_until(text) == datetime(2026, 11, 20, 14, 25, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "now", "2026-13-01", "12345"])
def test_other_moments_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time such as 2026-11-20 14:25"):
        parse_until(text)
