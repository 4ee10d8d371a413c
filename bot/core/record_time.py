"""When a record was logged: every way in which `timeLogged` is written, as epoch seconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? ?(?:(Z)|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_SLASHED = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})([ T].+)", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10})(?:\.\d{1,9})?", re.ASCII)
_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)", re.ASCII)
_OLDEST, _NEWEST = 946_684_800, 4_102_444_800  # years 2000 to 2100: anything else is not a time of ours


class TimeStyle(NamedTuple):
    """How the times of one file are meant where they do not say it themselves.

    `offset_s` (seconds east of UTC) is the zone of times without one. `day` is the day in the file's name
    (`date.toordinal`, 0 where there is none). `skew_s` is how far the clock behind all of them is ahead of ours.
    """

    offset_s: int = 0
    day: int = 0
    skew_s: int = 0

    @classmethod
    def of_file(cls, path: str, offset_s: int = 0, skew_s: int = 0) -> TimeStyle:
        """The style of a file that is named as PMTA names it (`acct-2026-11-20-0000.csv`)."""
        found = _DAY_IN_NAME.search(path.rpartition("/")[2])
        try:
            return cls(offset_s, date(*map(int, found.groups())).toordinal() if found else 0, skew_s)
        except ValueError:
            return cls(offset_s, skew_s=skew_s)


PLAIN = TimeStyle()
"""UTC where no offset stands, and no day in the name."""


@lru_cache(maxsize=20_000)
def parse_time(text: str, style: TimeStyle = PLAIN) -> int | None:
    """Epoch seconds, by our clock, of `2026-11-20 14:25:01+0000`, of `11/20/2026 14:25:01` or of epoch seconds, else
    None.

    The guide's prose names MM/DD/YYYY and no sample has it, so it is believed only where it cannot be the day that
    comes first: the second number is above 12, both are equal, or the day in the file's name agrees.

    Source: `timeLogged`, with and without `iso-times`.
    """
    text = text.strip()
    epoch = _EPOCH.fullmatch(text)
    slashed = None if epoch else _SLASHED.fullmatch(text)
    if slashed:
        text = _month_first(slashed, style.day)
    seconds = int(epoch[1]) if epoch else _iso(text, style.offset_s)
    return seconds - style.skew_s if seconds is not None and _OLDEST <= seconds < _NEWEST else None


def _month_first(found: re.Match[str], day_of_file: int) -> str:
    """The same as `2026-11-20 14:25:01`, "" where it is not proven which number is the month."""
    month, day, year = int(found[1]), int(found[2]), int(found[3])
    try:
        meant = date(year, month, day)
    except ValueError:
        return ""
    proven = day > 12 or day == month or abs(meant.toordinal() - day_of_file) <= 1
    return f"{meant:%Y-%m-%d}{found[4]}" if proven else ""


def _iso(text: str, offset_s: int) -> int | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    *parts, utc, sign, hours, minutes = found.groups()
    try:
        offset = timedelta(seconds=0 if utc else offset_s)
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
        year, month, day, hour, minute, second = (int(part) for part in parts)
        zone = timezone(offset) if offset else UTC
        return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp())
    except (ValueError, OverflowError):
        return None
