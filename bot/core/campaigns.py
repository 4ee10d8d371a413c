"""Campaigns compared with what else was sent at the same time. Pure.

A campaign that began with the trouble is not its cause: all mail of that time is hit, and earlier campaigns are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from bot.core.finding import Part
from bot.core.model import JOB_REPLIES_EVERY_S, Tally

STRETCH_S = JOB_REPLIES_EVERY_S
"""Mail within so many seconds counts as sent at the same time."""

Hits = Mapping[tuple[int, str], int]
"""(number of the stretch, campaign) -> replies."""


def rows_of(jobs: Mapping[str, Tally]) -> dict[str, Part]:
    """Campaign -> counts, as rows; where minutes are not known."""
    return {job: Part(job, t.deferred + t.bounced, t.attempts + t.bounced) for job, t in jobs.items() if job}


def hits_of(answered: Mapping[tuple[int, str, str], Tally], templates: Collection[str]) -> Hits:
    """(start of the stretch, campaign, reply template) -> counts, as the replies among `templates`."""
    hits: dict[tuple[int, str], int] = defaultdict(int)
    for (start, job, template), tally in answered.items():
        if template in templates:
            hits[start // STRETCH_S, job] += tally.deferred + tally.bounced
    return hits


def level_rows(minutes: Mapping[tuple[int, str], Tally], hits: Hits | None = None) -> dict[str, Part]:
    """(minute, campaign) -> counts, as rows whose rates can be compared: `tries` are so many that a campaign which
    fared as everything did while it ran has the rate of the whole. `hits`: those of one cause; all where not given.

    This is indirect standardisation: hits over those expected of its time, times the rate of the whole.
    """
    tries: dict[tuple[int, str], int] = defaultdict(int)
    every: dict[tuple[int, str], int] = defaultdict(int)
    for (minute, job), tally in minutes.items():
        at = minute // STRETCH_S, job
        every[at] += tally.deferred + tally.bounced
        tries[at] += tally.attempts + tally.bounced
    # A stretch may begin before the window; what is tried in the window is all that can be answered in it.
    hits = every if hits is None else {at: min(hits.get(at, 0), every[at]) for at in every}
    rates = _rates(hits, tries)
    whole = sum(hits.values()) / max(1, sum(tries.values()))
    if not whole:
        return {}
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
