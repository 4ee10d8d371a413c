"""The forms of single settings: durations, shares, names; each refusal says what is expected and what was found."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.core.durations import parse_duration
from bot.core.tier import Tier


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return parse_duration(str(value))


def _ratio(value: object) -> object:
    """A share as 15%, "15 %" or 0.15."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip().rstrip("%")) / 100
        except ValueError:
            raise ValueError(f"expected a share such as 15% or 0.15, found {value!r}") from None
    return value


def _tier(value: object) -> object:
    if isinstance(value, str):
        try:
            return Tier[value.upper()]
        except KeyError:
            raise ValueError(f"expected throttle, mixed, reputation or block, found {value!r}") from None
    return value


def _like(pattern: str, words: str) -> Callable[[str], str]:
    """A validator that tells in words what a text must look like."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {words}, found {text!r}")
        return text

    return check


def _isp(word: str, info: ValidationInfo) -> str:
    """An ISP's key for any of its usual names; a domain of no known ISP stands for itself."""
    isps = (info.context or {}).get("isps")
    if isps is None:
        return word
    if (key := isps.resolve(word)) is None and "." not in word:
        near = isps.nearest(word)
        raise ValueError(f"expected an ISP or a domain, found {word!r}" + (f"; did you mean {near}?" if near else ""))
    return key or word.lower()


_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?[-–] ?([01]\d|2[0-3]):([0-5]\d)")


def _hours(value: object) -> tuple[time, time]:
    """ "22:00-07:00"."""
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'expected hours of the day such as "22:00-07:00", found {value!r}')
    since, until = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if since == until:
        raise ValueError(f"expected two different hours, found {value!r}; leave hours out for all day")
    return since, until


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"expected a time zone such as Europe/Berlin, found {name!r}") from None
    return name


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Ratio = Annotated[float, BeforeValidator(_ratio), Field(ge=0, le=1)]
TierName = Annotated[Tier, BeforeValidator(_tier)]
Expanded = Annotated[Path, AfterValidator(lambda path: path.expanduser())]
HostName = Annotated[
    str, AfterValidator(_like(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a short name of letters, digits and . _ -"))
]
Address = Annotated[str, AfterValidator(_like(r"[^\s/@]+", "a host name or an IP address"))]
Command = Annotated[str, AfterValidator(_like(r"/\S+", "a full path without blanks such as /usr/sbin/pmta"))]
Channel = Annotated[
    str, AfterValidator(_like(r"[CG][A-Z0-9]{2,}", "a channel's id such as C0123456789 (in its details), not its name"))
]
Member = Annotated[
    str,
    AfterValidator(
        _like(
            r"[UW][A-Z0-9]{2,}|S[A-Z0-9]{2,}|@\S+",
            'a Slack user id such as U0AAAAAAA or a group such as "@mail-oncall"',
        )
    ),
]
IspName = Annotated[str, AfterValidator(_isp)]
UserId = Annotated[str, AfterValidator(_like(r"[UW][A-Z0-9]{2,}", "a Slack user id such as U0AAAAAAA, not a name"))]
MemberId = Annotated[
    str,
    AfterValidator(_like(r"[UWS][A-Z0-9]{2,}", "a user group's id such as S0AAAAAAA or a user's U0AAAAAAA")),
]
Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]
Zone = Annotated[str, AfterValidator(_zone)]
