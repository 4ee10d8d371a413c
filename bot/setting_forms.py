"""The forms of single settings: durations, shares, names; each refusal says what is expected and what was found."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

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
