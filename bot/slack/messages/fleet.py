"""How fresh the picture is, host by host, in words that every message shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.core.diagnosis import HostLine, blind
from bot.slack.messages import texts

TROUBLES = 4
LONG = timedelta(hours=2)
NO_RATE = "rate not known, no fresh data"


def unseen(hosts: Sequence[HostLine], length: timedelta, *, found: bool) -> bool:
    """True where what was `found` of the last `length` is no rate, and nothing found does not mean that nothing was:
    no host is seen, or one is half counted. Of a longer time most is known all the same."""
    return blind(hosts) and (length <= LONG or not found)


def fleet_words(hosts: Sequence[HostLine]) -> str:
    """ "all 6 hosts fresh (≤ 12 s)", "5 of 6 hosts fresh (≤ 12 s)"."""
    fresh = [line for line in hosts if not line.trouble and line.age_s is not None]
    if not hosts:
        return "no host seen yet"
    if not fresh:
        return f"none of {texts.counted(len(hosts), 'host')} seen"
    oldest = f"(≤ {max(line.age_s or 0.0 for line in fresh):.0f} s)"
    if len(fresh) < len(hosts):
        return f"{len(fresh)} of {len(hosts)} hosts fresh {oldest}"
    all_of_them = {1: "1 host", 2: "both hosts"}.get(len(hosts), f"all {len(hosts)} hosts")
    return f"{all_of_them} fresh {oldest}"


def oldest_data(hosts: Sequence[HostLine]) -> str:
    """ "data 8 s old", of the slowest host that can be seen."""
    ages = [line.age_s for line in hosts if line.age_s is not None and not line.trouble]
    if not ages:
        return "no fresh data"
    return f"data {max(ages):.0f} s old" if max(ages) < 120 else f"data {max(ages) // 60:.0f} min old"


def troubles(hosts: Sequence[HostLine]) -> list[str]:
    """One line for every host that is missing from the rates or odd, the missing first, at most four."""
    bad = [line for line in hosts if line.trouble]
    bad += [line for line in hosts if line.warning and not line.trouble]
    shown = bad if len(bad) <= TROUBLES else bad[: TROUBLES - 1]
    lines = [trouble(line) for line in shown]
    return lines if shown == bad else [*lines, f"⚠ …and {len(bad) - len(shown)} more hosts with trouble."]


def trouble(line: HostLine) -> str:
    return f"⚠ {texts.code(line.host)}: {texts.closed(texts.sentence(texts.clip(line.trouble or line.warning, 200)))}"
