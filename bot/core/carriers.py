"""Which few of many carry the deferrals: the evidence for, and the targets of, a narrow action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.diagnosis import Share
from bot.core.finding import Part
from bot.core.model import Tally
from bot.core.wilson import of_tally, wilson

SHARE = 0.6
"""Together the carriers hold at least this part of all deferrals."""
CLEARLY = 2.0
"""Each of them is deferred at least this many times as often as all the others together."""
MIN_ATTEMPTS = 20
"""A row with less mail cannot be judged on its own."""


def carriers(rows: Sequence[Share]) -> tuple[Share, ...]:
    """The rows that carry most deferrals and are clearly worse than the rest; empty where none stands out.

    Taken by falling rate: the fewest that hold `SHARE` of the deferrals, and then every next one that is still
    at least half as bad as the worst; of these only the ones whose rate is above the others' beyond chance
    (`core.wilson`), if they still hold that share. Evenly spread trouble has no carriers, and one row alone cannot
    be compared. Worst first by deferrals; the order of `rows` does not matter.
    """
    judged = [row for row in rows if row.tally.attempts >= MIN_ATTEMPTS and row.tally.deferred]
    ranked = sorted(judged, key=lambda row: (-row.tally.rate, -row.tally.deferred, row.key))
    whole = sum((row.tally for row in rows), Tally())
    held, chosen = Tally(), 0
    for place, row in enumerate(ranked, start=1):
        if chosen and row.tally.rate < ranked[0].tally.rate / CLEARLY:
            break
        held += row.tally
        if held.deferred >= SHARE * whole.deferred and _stands_out(row.tally, held, whole):
            chosen = place
    sure = _beyond_chance(ranked[:chosen], whole)
    held = sum((row.tally for row in sure), Tally())
    # Those dropped are among the others now, so what is left is compared with them once more.
    if held.deferred < SHARE * whole.deferred or not all(_stands_out(row.tally, held, whole) for row in sure):
        return ()
    return tuple(sorted(sure, key=lambda row: (-row.tally.deferred, row.key)))


def of_cause(rows: Sequence[Share], parts: Iterable[Part]) -> tuple[Share, ...]:
    """The rows as if only the replies of one cause were deferrals, and refusals too: `parts` are its own counts."""
    hits = {part.key: part.hits for part in parts}
    found = [Share(row.key, _only(row.tally, hits.get(row.key, 0))) for row in rows]
    return tuple(sorted(found, key=lambda row: (-row.tally.deferred, -row.tally.attempts, row.key)))


def _only(tally: Tally, hits: int) -> Tally:
    return Tally(delivered=max(0, tally.attempts + tally.bounced - hits), deferred=hits)


def _beyond_chance(chosen: Sequence[Share], whole: Tally) -> list[Share]:
    """Those of `chosen` whose interval lies above that of all rows that are not chosen."""
    deferred = whole.deferred - sum(row.tally.deferred for row in chosen)
    others = wilson(deferred, whole.attempts - sum(row.tally.attempts for row in chosen))
    return [row for row in chosen if of_tally(row.tally).above(others)]


def _stands_out(tally: Tally, held: Tally, whole: Tally) -> bool:
    """Against everything that is not held: `tally` is the mildest of what is held, so it speaks for all of them."""
    attempts, deferred = whole.attempts - held.attempts, whole.deferred - held.deferred
    return attempts > 0 and tally.rate >= CLEARLY * deferred / attempts
