"""A deferral policy as values: which reply is what, and how long it is waited for. Pure.

For one reply the transient patterns are asked first, then the special ones in the order they are written, then the
list that holds for every other reply. What a wait does to a queue is `core.retry_times`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.core.durations import pmta_duration
from bot.core.reply import clean, codes

DEFAULT = "default"
"""The policy of every ISP that has none of its own."""
LONGEST_REPLY = 2000
"""Characters of a reply that are looked at; the far end writes it."""


class Sort(StrEnum):
    """What a policy makes of one record, or what a wait is for."""

    DELIVERY = "delivery"
    BOUNCE = "bounce"
    TRANSIENT = "transient"
    SPECIAL = "special"
    UNIVERSAL = "universal"
    CONNECTION = "connection error"
    VOLUME = "volume"


WAITS = frozenset({Sort.SPECIAL, Sort.UNIVERSAL, Sort.CONNECTION, Sort.VOLUME})
"""What a wait can be for."""
PATTERNS = frozenset({Sort.TRANSIENT, Sort.SPECIAL})
"""What is written as a pattern."""


class Kind(NamedTuple):
    """A sort and, of a transient or special one, its place in its list (from 0)."""

    sort: Sort
    place: int = 0


DELIVERY = Kind(Sort.DELIVERY)
BOUNCE = Kind(Sort.BOUNCE)
UNIVERSAL = Kind(Sort.UNIVERSAL)
CONNECTION = Kind(Sort.CONNECTION)
VOLUME = Kind(Sort.VOLUME)


def waits_text(waits: Sequence[int]) -> str:
    """`10m, 20m, 1h`; 0 is `no wait`."""
    return ", ".join(pmta_duration(timedelta(seconds=each)) if each else "no wait" for each in waits)


class Pattern:
    """A case-insensitive substring, or a regular expression between slashes. Equal where the text is."""

    __slots__ = ("_found", "_lower", "text")

    def __init__(self, text: str, expression: str = "") -> None:
        """`text` is as written; `expression` what is searched for where it is a regular expression."""
        self.text = text
        self._lower = "" if expression else text.lower()
        self._found = re.compile(expression, re.IGNORECASE).search if expression else None

    def matches(self, reply: str) -> bool:
        """Whether it is in `reply`, a cleaned one."""
        return self.in_lower(reply, reply.lower())

    def in_lower(self, reply: str, lower: str) -> bool:
        """The same, where the reply in lower case is at hand."""
        return self._lower in lower if self._found is None else self._found(reply) is not None

    def contains(self, other: Pattern) -> bool:
        """True where every reply with `other` has this too: both are plain and one holds the other."""
        return self._found is None and other._found is None and self._lower in other._lower

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


@dataclass(frozen=True, slots=True)
class Special:
    """Replies that have a list of waits of their own (seconds). `origin` is the policy that wrote it."""

    pattern: Pattern
    waits: tuple[int, ...]
    examples: tuple[str, ...]
    why: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Transient:
    """Replies that say nothing about us: no wait, and not part of the rate."""

    pattern: Pattern
    examples: tuple[str, ...]
    why: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """Wait where fewer than `delivered_at_least` were delivered in `period_s` though mail was tried."""

    period_s: int
    delivered_at_least: int
    waits: tuple[int, ...]
    origin: str = ""

    @property
    def minutes(self) -> int:
        return -(-self.period_s // 60)


class Entry(NamedTuple):
    """One thing a policy does, for people. `match` is the pattern as written; `origin` the policy that wrote it."""

    kind: Kind
    match: str
    waits: tuple[int, ...]
    why: str
    origin: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one ISP or group of them. `universal`: waits in seconds, at least one."""

    name: str
    universal: tuple[int, ...]
    volume: Volume | None = None
    special: tuple[Special, ...] = ()
    transient: tuple[Transient, ...] = ()
    why: str = ""
    universal_from: str = ""
    """The policy that wrote the universal list; "" is this one."""

    def waits(self, kind: Kind) -> tuple[int, ...]:
        """The list of a kind in `WAITS`."""
        if kind.sort is Sort.SPECIAL:
            return self.special[kind.place].waits
        if kind.sort is Sort.VOLUME and self.volume:
            return self.volume.waits
        return self.universal

    def entries(self) -> Iterator[Entry]:
        """Everything it can do, in the order it is asked."""
        for place, noise in enumerate(self.transient):
            yield Entry(Kind(Sort.TRANSIENT, place), noise.pattern.text, (), noise.why, noise.origin)
        for place, each in enumerate(self.special):
            yield Entry(Kind(Sort.SPECIAL, place), each.pattern.text, each.waits, each.why, each.origin)
        origin = self.universal_from or self.name
        yield Entry(UNIVERSAL, "any other reply", self.universal, self.why, origin)
        yield Entry(CONNECTION, "no reply", self.universal, "", origin)
        if self.volume and self.volume.delivered_at_least:
            text = f"under {self.volume.delivered_at_least:,} delivered in {waits_text((self.volume.period_s,))}"
            yield Entry(VOLUME, text, self.volume.waits, "", self.volume.origin)

    def matched(self, reply: str) -> Kind | None:
        """The first transient, then the first special pattern that is in a cleaned reply."""
        lower = reply.lower()
        for place, transient in enumerate(self.transient):
            if transient.pattern.in_lower(reply, lower):
                return Kind(Sort.TRANSIENT, place)
        for place, special in enumerate(self.special):
            if special.pattern.in_lower(reply, lower):
                return Kind(Sort.SPECIAL, place)
        return None

    def kind_of(self, record_type: str, diag: str) -> Kind:
        """What one accounting record is to this policy.

        A bounce without a 5xx of its own (a message that expired) is no new reply, so no pattern is asked.

        Args:
            record_type: `d`, `t`, `tq` or `b`.
            diag: Its `dsnDiag`, raw.
        """
        if record_type == "d":
            return DELIVERY
        reply = clean(diag[:LONGEST_REPLY])
        code = codes(reply)[0]
        if record_type == "b":
            return (self.matched(reply) if code[:1] == "5" else None) or BOUNCE
        return self.matched(reply) or (UNIVERSAL if code else CONNECTION)


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy by name; `by_isp` says whose each one is."""

    default: Policy
    by_name: Mapping[str, Policy]
    by_isp: Mapping[str, str]

    def of(self, isp: str) -> Policy:
        """The policy in force for an ISP key or a domain."""
        name = self.by_isp.get(isp)
        return self.by_name[name] if name else self.default

    def __iter__(self) -> Iterator[Policy]:
        """Every policy, the default one last."""
        yield from self.by_name.values()
        yield self.default

    def __len__(self) -> int:
        return len(self.by_name) + 1

    def named(self, name: str) -> Policy:
        return self.by_name.get(name, self.default)

    def isps_of(self, name: str) -> Sequence[str]:
        return [isp for isp, policy in self.by_isp.items() if policy == name]
