"""Campaigns compared with what else was sent at the same time. Pure.

A campaign that began with the trouble is not its cause: all mail of that time is hit, and earlier campaigns are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from bot.core.finding import Part
from bot.core.model import Tally

STRETCH_S = 600
"""Mail within so many seconds counts as sent at the same time."""


def rows_of(jobs: Mapping[str, Tally]) -> dict[str, Part]:
    """Campaign -> counts, as rows; where minutes are not known."""
    return {job: Part(job, t.deferred + t.bounced, t.attempts + t.bounced) for job, t in jobs.items() if job}


def level_rows(minutes: Mapping[tuple[int, str], Tally]) -> dict[str, Part]:
    """(minute, campaign) -> counts, as rows whose rates can be compared: `tries` are so many that a campaign which
    fared as everything did while it ran has the rate of the whole.

    This is indirect standardisation: hits over those expected of its time, times the rate of the whole.
    """
    hits: dict[tuple[int, str], int] = defaultdict(int)
    tries: dict[tuple[int, str], int] = defaultdict(int)
    for (minute, job), tally in minutes.items():
        at = minute // STRETCH_S, job
        hits[at] += tally.deferred + tally.bounced
        tries[at] += tally.attempts + tally.bounced
    rates = _rates(hits, tries)
    whole = sum(hits.values()) / max(1, sum(tries.values()))
    own: dict[str, int] = defaultdict(int)
    expected: dict[str, float] = defaultdict(float)
    for (stretch, job), number in tries.items():
        own[job] += hits[stretch, job]
        expected[job] += number * rates[stretch]
    return {
        job: Part(job, own[job], max(own[job], round(expected[job] / whole))) for job in own if job and expected[job]
    }


def _rates(hits: Mapping[tuple[int, str], int], tries: Mapping[tuple[int, str], int]) -> dict[int, float]:
    """Of all mail, stretch by stretch."""
    found: dict[int, int] = defaultdict(int)
    tried: dict[int, int] = defaultdict(int)
    for at, number in tries.items():
        found[at[0]] += hits[at]
        tried[at[0]] += number
    return {stretch: found[stretch] / max(1, tried[stretch]) for stretch in tried}
