"""Which rows of one breakdown clearly carry a cause, and how much telling them apart explains. Pure.

Of 200 IPs one always looks bad. So three things are asked: the rows carry most of it and are clearly worse than the
rest (`core.carriers`), the rows differ by more than chance, and each is worse by more than its few attempts explain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

from bot.core.carriers import CLEARLY, MIN_ATTEMPTS, SHARE, carriers
from bot.core.diagnosis import Share
from bot.core.finding import Part
from bot.core.model import Tally
from bot.core.wilson import Z95, wilson

EXPECTED = 5.0
"""Replies each row should have had before rows can be called alike."""
CHANCE = 3.3
"""Equal rows differ so much, in standard deviations, once in two thousand times."""
FEWEST = 5
"""Replies that must stand on the rows that carry it: with fewer, no test holds."""
APART = 3.0
"""What carries it is so many times worse than the rest; below that rows differ as they always do."""
MILDEST = 0.32
"""What the mildest split that counts adds to chi-squared, per reply: a third of the mail at 1.8 times the mean rate,
the rest at 0.6 times."""
NOTABLE = 0.05
"""Rows below this rate carry no trouble worth a name: the response protocol's lowest floor."""
NEARLY_ALL = 0.8
"""Rows are alike where those near the mean hold this part of the attempts."""
OF_MEAN = 0.1
"""A row with less than this part of the mean volume has no say in whether rows are alike."""


@dataclass(frozen=True, slots=True)
class Split:
    """The rows that carry it and everything else. `gain`: what the split explains (mutual information per attempt, in
    nats), the same measure for every breakdown of the same mail."""

    parts: tuple[Part, ...]
    of: int
    held: Part
    rest: Part
    gain: float

    @property
    def share(self) -> float:
        return self.held.hits / (self.held.hits + self.rest.hits)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One breakdown of an ISP's mail. `split`: the rows that clearly carry it, if any. `even`: no row is twice as good
    or bad as all together, and there is enough to say so. `judged`: rows with enough mail."""

    rows: Mapping[str, Part]
    split: Split | None
    even: bool
    judged: int
    hinted: bool
    """Some rows look worse, but chance explains it."""


def break_down(rows: Mapping[str, Part]) -> Breakdown:
    """Rows by name; those without attempts are left out."""
    rows = {key: row for key, row in rows.items() if key and row.tries}
    shares = [Share(row.key, Tally(delivered=row.tries - row.hits, deferred=row.hits)) for row in rows.values()]
    looks_bad = [rows[share.key] for share in carriers(shares)]
    differ = _differ(list(rows.values()))
    apart = bool(looks_bad) and pooled(looks_bad).rate >= APART * _rest(looks_bad, rows).rate
    split = _split(looks_bad, rows) if apart and differ else None
    even = _would_show(list(rows.values())) if not differ else not apart and _even(list(rows.values()))
    return Breakdown(
        rows=rows,
        split=split,
        even=even,
        judged=sum(row.tries >= MIN_ATTEMPTS for row in rows.values()),
        hinted=apart and split is None and not even,
    )


def strict_z(rows: int) -> float:
    """The bound to use where so many rows are looked at (Bonferroni, 95 % over all of them)."""
    return max(Z95, NormalDist().inv_cdf(1 - 0.025 / max(1, rows)))


def pooled(rows: Sequence[Part], key: str = "") -> Part:
    return Part(key, sum(row.hits for row in rows), sum(row.tries for row in rows))


def clearly_worse(one: Part, rest: Part, rows: int) -> bool:
    """True where `one` of so many `rows` is worse than `rest` whatever chance did to either."""
    return wilson(one.hits, one.tries, strict_z(rows)).low > wilson(rest.hits, rest.tries).high


def _split(looks_bad: Sequence[Part], rows: Mapping[str, Part]) -> Split | None:
    rest = _rest(looks_bad, rows)
    sure = [row for row in looks_bad if wilson(row.hits, row.tries).low > rest.rate]
    sure += _milder(sure, rows)
    held, rest = pooled(sure), _rest(sure, rows)
    whole = held.hits + rest.hits
    if (
        held.hits < FEWEST
        or held.rate < NOTABLE
        or held.hits < SHARE * whole
        or not clearly_worse(held, rest, len(rows))
    ):
        return None
    worst_first = tuple(sorted(sure, key=lambda row: (-row.hits, row.key)))
    return Split(worst_first, len(rows), held, rest, _gain(held, rest))


def _milder(sure: Sequence[Part], rows: Mapping[str, Part]) -> list[Part]:
    """Rows that are milder than those, and yet carry it: clearly worse than all that is left, whatever chance did."""
    held, rest = pooled(sure), _rest(sure, rows)
    names = {row.key for row in sure}
    return [
        row
        for row in rows.values()
        if row.key not in names
        and row.tries >= MIN_ATTEMPTS
        and row.rate >= max(held.rate / APART, APART * rest.rate)
        and clearly_worse(row, rest, len(rows))
    ]


def _rest(chosen: Sequence[Part], rows: Mapping[str, Part]) -> Part:
    names = {row.key for row in chosen}
    return pooled([row for row in rows.values() if row.key not in names])


def _differ(rows: Sequence[Part]) -> bool:
    """Pearson's chi-squared over all rows: more than equal rows would show by chance."""
    whole = pooled(rows)
    spread = whole.rate * (1 - whole.rate)
    if not spread:
        return False
    found = sum((row.hits - row.tries * whole.rate) ** 2 / (row.tries * spread) for row in rows)
    return len(rows) > 1 and found > _by_chance(len(rows) - 1)


def _by_chance(free: int) -> float:
    """What chi-squared of so many degrees of freedom hardly ever exceeds.

    Source: E. B. Wilson, M. M. Hilferty, Proceedings of the National Academy of Sciences 17 (1931), 684-688.
    """
    part = 2 / (9 * free)
    return free * (1 - part + CHANCE * sqrt(part)) ** 3


def _would_show(rows: Sequence[Part]) -> bool:
    """True where even the mildest split that counts would differ by more than chance, two standard deviations below
    its mean."""
    if len(rows) < 2:
        return False
    free, beyond = len(rows) - 1, MILDEST * sum(row.hits for row in rows)
    return free + beyond - 2 * sqrt(2 * (free + 2 * beyond)) > _by_chance(free)


def _even(rows: Sequence[Part]) -> bool:
    """True where nearly all mail is within twice and half the rate of the whole, and there is enough of it."""
    whole = pooled(rows)
    having_a_say = [row for row in rows if row.tries >= OF_MEAN * whole.tries / len(rows)] if rows else []
    if not whole.hits or any(row.tries < MIN_ATTEMPTS or row.tries * whole.rate < EXPECTED for row in having_a_say):
        return False
    near = [row for row in having_a_say if whole.rate / CLEARLY < row.rate < whole.rate * CLEARLY]
    return len(rows) > 1 and pooled(near).tries >= NEARLY_ALL * whole.tries


def _gain(held: Part, rest: Part) -> float:
    whole = pooled([held, rest])
    return (_likely(held) + _likely(rest) - _likely(whole)) / whole.tries


def _likely(part: Part) -> float:
    """The log-likelihood of a part at its own rate."""
    missed = part.tries - part.hits
    return sum(count * log(count / part.tries) for count in (part.hits, missed) if count)
