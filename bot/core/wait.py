"""The wait a reply states ("try again in 5 minutes"), in seconds. Pure."""

from __future__ import annotations

import re

LONGEST_WAIT_S = 7 * 24 * 3600
"""A longer one is no promise: it is cut to this."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15, "thirty": 30}
_NUMBER = r"(\d{1,7}|an?|one|two|three|five|ten|fifteen|thirty)"
_UNIT = r"(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
_ASKED = (
    r"(?:try(?:ing)?(?: it| this| your \w{1,12})?(?: again)?|re-?try(?:ing)?|re-?send|re-?connect|come back|"
    r"gr[ae]y-?list(?:ed|ing)?|wait|deferred|delayed|r[ée]essayer)"
)
_ASKS = ("try", "send", "connect", "come back", "grey", "gray", "wait", "defer", "delay", "ssayer")
"""One of these stands in every reply that states a wait; most replies hold none."""
# For texts in lower case, which is twice as fast.
# "try again in 1 hour", "retry after 3600 seconds", "greylisted for 5 minutes", "in 1 hour(s) 25 minute(s)"
_STATED = re.compile(
    rf"\b{_ASKED}[^\d.;]{{0,30}}?\b(?:(?:in|after|for|wait|within|dans|least|about)[ :=]{{1,3}}){_NUMBER} ?{_UNIT}"
    rf"(?:(?:\(s\))?[ ,]{{1,2}}(?:and )?(\d{{1,2}}) ?{_UNIT})?"
)
_CLOCK = re.compile(rf"\b{_ASKED}[^\d.;]{{0,30}}?(\d\d):(\d\d):(\d\d)\b")
_HEADER = re.compile(r"\bretry[-_ ]?after[ :=]{1,3}(\d{1,7})(?![\d.:-])(?! ?[a-z])")


def stated_wait_s(text: str) -> int | None:
    """Seconds the cleaned reply asks to wait, at most `LONGEST_WAIT_S`; None where it names no wait.

    A count "per hour" is a limit, not a wait; only a time after a word such as "try again" is taken.
    """
    lowered = text.lower()
    if not any(word in lowered for word in _ASKS):
        return None
    if found := _STATED.search(lowered):
        unit, rest_unit = _UNITS[found[2][0]], _UNITS[found[4][0]] if found[4] else 0
        rest = int(found[3]) * rest_unit if rest_unit < unit and found[3] else 0
        return _kept((_NUMBERS.get(found[1]) or int(found[1])) * unit + rest)
    if found := _CLOCK.search(lowered):
        return _kept(int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]))
    if found := _HEADER.search(lowered):
        return _kept(int(found[1]))
    return None


def _kept(seconds: int) -> int | None:
    return min(seconds, LONGEST_WAIT_S) or None
