"""What was found out about one ISP's replies: their causes, and where the trouble sits. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.blame import Blamed
from bot.core.category import Category


class Kind(StrEnum):
    """Where the trouble sits: the smallest part of our mail that carries it."""

    IPS = "ips"
    NEW_IPS = "new_ips"
    VMTAS = "vmtas"
    CAMPAIGNS = "campaigns"
    HOSTS = "hosts"
    ALL = "all"
    CANNOT_TELL = "cannot_tell"


class Elsewhere(StrEnum):
    """How the same source IPs do at other ISPs."""

    CLEAN = "clean"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """One source IP, VMTA, host or campaign: `hits` replies of the cause in `tries` attempts (bounces count)."""

    key: str
    hits: int
    tries: int

    @property
    def rate(self) -> float:
        return self.hits / self.tries if self.tries else 0.0


@dataclass(frozen=True, slots=True)
class Contrast:
    """Where one cause sits. `parts` carry it, worst first, `of` so many; they hold `share` of its replies.

    `ips`, `vmtas` are behind the parts (a campaign's are not known). `reason` says why it cannot be told, "" where
    it can. `evidence`: plain sentences, strongest first.
    """

    kind: Kind
    parts: tuple[Part, ...] = ()
    of: int = 0
    share: float = 0.0
    ips: tuple[str, ...] = ()
    vmtas: tuple[str, ...] = ()
    elsewhere: Elsewhere = Elsewhere.UNKNOWN
    bad_at: tuple[str, ...] = ()
    clean_at: tuple[str, ...] = ()
    reason: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def narrow(self) -> bool:
        """True where part of our mail carries it and the rest does not."""
        return self.kind not in (Kind.ALL, Kind.CANNOT_TELL)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(part.key for part in self.parts)


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of an ISP's replies. `share` is of all replies aimed at us, in [0, 1], surely between `low` and `high`.

    `before`: replies of it in the window before, None where that is not known. `first`, `last`: epoch seconds of
    the first and last minute it was seen in, None where minutes are not known. `ips`, `vmtas`: the worst that carry
    it, at most `core.causes.KEPT`. `weak` says why it is not sure, "" where it is.
    """

    category: Category
    severity: int
    code: str
    meaning: str
    deferred: int
    bounced: int
    share: float
    low: float
    high: float
    templates: tuple[str, ...]
    ips: tuple[Part, ...]
    vmtas: tuple[Part, ...]
    before: int | None = None
    first: int | None = None
    last: int | None = None
    weak: str = ""
    blamed: Blamed = Blamed.UNKNOWN
    """Whom most of its replies name."""

    @property
    def count(self) -> int:
        return self.deferred + self.bounced


@dataclass(frozen=True, slots=True)
class Causes:
    """Every cause aimed at us, commonest first. `dominant` is the first by volume, `dangerous` the worst by severity
    (often the same one). `doubt` says why the dominant one is not sure, "" where it is.

    `recipient`: replies that the recipient's mailbox caused; `pacing`: those that only slow us.
    """

    lines: tuple[Cause, ...] = ()
    dominant: Cause | None = None
    dangerous: Cause | None = None
    doubt: str = ""
    recipient: int = 0
    pacing: int = 0

    def of(self, category: Category | None) -> Cause | None:
        return next((line for line in self.lines if line.category is category), None)

    def without_templates(self) -> Causes:
        """To be kept: thousands of templates are of use to nobody later."""
        lines = {id(line): replace(line, templates=()) for line in self.lines}
        return replace(
            self,
            lines=tuple(lines.values()),
            dominant=lines[id(self.dominant)] if self.dominant else None,
            dangerous=lines[id(self.dangerous)] if self.dangerous else None,
        )
