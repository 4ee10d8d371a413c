"""Which few of many carry the deferrals: the targets of a narrow action."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.diagnosis import Share

SHARE = 0.8
"""Together the carriers must hold at least this part of all deferrals."""


def carriers(rows: Sequence[Share], *, min_attempts: int = 20) -> tuple[Share, ...]:
    """The fewest rows, worst first, that together carry 80 % of the deferrals and stand out from the rest.

    A row stands out when its own rate is at least twice that of all rows not chosen. Where the deferrals are
    spread evenly nobody stands out and the answer is every row with a deferral: then it is not about single
    rows. Rows under `min_attempts` attempts cannot be judged and are never chosen on their own.
    """
    total = sum(row.tally.deferred for row in rows)
    if not total:
        return ()
    judged = [row for row in rows if row.tally.attempts >= min_attempts and row.tally.deferred]
    ranked = sorted(judged, key=lambda row: (-row.tally.rate, -row.tally.deferred, row.key))
    chosen: list[Share] = []
    carried = 0
    for row in ranked:
        if carried >= SHARE * total:
            break
        chosen.append(row)
        carried += row.tally.deferred
    if carried >= SHARE * total and _stand_out(chosen, rows):
        return tuple(sorted(chosen, key=lambda row: (-row.tally.deferred, row.key)))
    return tuple(row for row in rows if row.tally.deferred)


def _stand_out(chosen: Sequence[Share], rows: Sequence[Share]) -> bool:
    names = {row.key for row in chosen}
    rest = [row.tally for row in rows if row.key not in names]
    attempts = sum(tally.attempts for tally in rest)
    rest_rate = sum(tally.deferred for tally in rest) / attempts if attempts else 0.0
    return all(row.tally.rate >= 2 * rest_rate for row in chosen)
