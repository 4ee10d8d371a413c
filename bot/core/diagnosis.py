"""What is known about one ISP at one moment: the value every alert and every answer is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.category import Category
from bot.core.finding import Causes, Contrast
from bot.core.model import QueueState, Recipients, Tally, Window
from bot.core.refused import Refused
from bot.core.tier import Tier

LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Share:
    """One row of a breakdown: a source IP, VMTA, host or campaign and its counts in the window."""

    key: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One reply template with what it means. `count` = deferrals and bounces that carried it. `filed`: PMTA's own
    category (`bounceCat`), "" where it logged none; nothing is decided on it."""

    template: str
    sample: str
    count: int
    code: str
    """SMTP and enhanced code as people name them: "421 4.7.0", or "" where the reply has none."""
    category: Category
    severity: int
    """1 note, 2 watch, 3 act today, 4 act now."""
    meaning: str
    check: str
    link: str
    filed: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One minute (or bucket) of the chart; `minute` is epoch seconds of its start."""

    minute: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class HostLine:
    """How fresh one host's data is. `age_s` None: never seen. `trouble` is "" or one sentence.

    `behind`: its files are being counted and the end is not reached, so nobody's rate holds. `warning` is "" or
    one sentence about a host that is seen. `queues_seen`: what waits on it is known. `partial`: a file of it could
    not be read, so its counts may lack deliveries or deferrals: enough to warn of, not enough to close on.
    """

    host: str
    age_s: float | None
    trouble: str = ""
    behind: bool = False
    warning: str = ""
    queues_seen: bool = True
    partial: bool = False


class Strength(StrEnum):
    """How sure the cause and the place of a recommendation are."""

    SURE = "sure"
    LIKELY = "likely"
    WEAK = "weak"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A playbook that fits this diagnosis, ready for a button. The first offer is the recommended one.

    `title` is the button's verb and object without the "…"; `stops_mail` asks for the danger style. `targets`: the
    IPs, VMTAs or queues ("host domain/vmta") it is pointed at.
    """

    playbook: str
    title: str
    why: str
    stops_mail: bool
    targets: tuple[str, ...] = ()
    strength: Strength = Strength.UNKNOWN


@dataclass(frozen=True, slots=True)
class Considered:
    """A playbook that is not recommended, and why in half a sentence."""

    playbook: str
    title: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page to look at, for a button."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Span:
    """The counts of one ISP in the last `length`."""

    length: timedelta
    tally: Tally


@dataclass(frozen=True, slots=True)
class Usual:
    """What this hour of the day is like: the middle (median) deferral rate of `days` earlier days that had enough
    mail, in [0, 1]."""

    days: int
    rate: float


@dataclass(frozen=True, slots=True)
class QueueTrend:
    """How many recipients waited in one queue now, a quarter of an hour and an hour ago; None: not looked at then."""

    host: str
    name: str
    now: int
    quarter: int | None
    hour: int | None


@dataclass(frozen=True, slots=True)
class Untold:
    """Mail whose records do not tell `column` (PMTA's name of the field), and the hosts that log it so."""

    column: str
    tally: Tally
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One ISP in one window. Breakdowns are sorted worst first (most deferrals); shares are whole windows.

    `aimed` is the part of `now.deferred` that the provider aims at us (recipient-caused replies left out); the tier
    was decided on `aimed / now.attempts`, or, where that is worse (`by_refusal`), on `refused / tried`. `cause` is the
    dominant category of that part, None where there is nothing to judge. `blind` says the data is stale: then the
    rate must not be read as 0 %.
    """

    isp: str
    title: str
    at: datetime
    window: Window
    now: Tally
    before: Tally
    aimed: int
    tier: Tier
    min_attempts: int
    cause: Category | None
    replies: tuple[ReplyLine, ...]
    ips: tuple[Share, ...]
    vmtas: tuple[Share, ...]
    jobs: tuple[Share, ...]
    queues: tuple[QueueState, ...]
    hosts: tuple[HostLine, ...]
    series: tuple[Point, ...]
    evidence: tuple[str, ...]
    advice: str
    offers: tuple[Offer, ...] = ()
    spans: tuple[Span, ...] = ()
    """The last 5 minutes, the window and the last 24 hours, shortest first."""
    recipients: Recipients | None = None
    hosted: Tally = field(default_factory=Tally)
    """The part of `now` that went to domains the ISP hosts for others."""
    usual: Usual | None = None
    waiting: QueueTrend | None = None
    """All queues of the ISP together (`host` and `name` ""), as far as they can be compared (`core.trends`)."""
    rising: tuple[QueueTrend, ...] = ()
    """Queues that have clearly grown, the fastest first."""
    per_host: tuple[Share, ...] = ()
    untold: tuple[Untold, ...] = ()
    """What breakdowns cannot show: fields that records in the window do not tell."""
    causes: Causes = field(default_factory=Causes)
    contrast: Contrast | None = None
    """Where `cause` sits; None where there is no cause."""
    danger_at: Contrast | None = None
    """Where `causes.dangerous` sits, where that is not `cause`."""
    considered: tuple[Considered, ...] = ()
    check: tuple[str, ...] = ()
    """What to look at, in this order."""
    pages: tuple[Page, ...] = ()
    decided_on: timedelta | None = None
    """The window that tier and recommendation come from, where it is not `window`."""
    refused: int = 0
    """Of `now.bounced` what was refused for good with replies aimed at us (`core.refused`)."""
    by_refusal: bool = False
    """True where refusals, not deferrals, put the ISP in its tier; then `cause` is theirs."""

    def decided_as(self, usual: Diagnosis) -> Diagnosis:
        """The same counts with the tier and the recommendation of the usual window."""
        return replace(
            self,
            tier=usual.tier,
            offers=usual.offers,
            advice=usual.advice,
            considered=usual.considered,
            check=usual.check,
            pages=usual.pages,
            decided_on=usual.window.length,
            by_refusal=usual.by_refusal,
        )

    @property
    def judged(self) -> bool:
        """True where there were enough attempts for the rate to mean something."""
        return (self.tried if self.by_refusal else self.now.attempts) >= self.min_attempts

    @property
    def tried(self) -> int:
        """Delivered, deferred and bounced: what refusals are a share of."""
        return self.now.attempts + self.now.bounced

    @property
    def refused_rate(self) -> float:
        return self.refused / self.tried if self.tried else 0.0

    @property
    def told_rate(self) -> float:
        """The share, in [0, 1], that the tier is about: refused for good, or deferred."""
        return self.refused_rate if self.by_refusal else self.now.rate

    @property
    def lately(self) -> Tally:
        """The last ten minutes: where an hour's rate still carries what is over, this shows it."""
        since = (self.window.end - LATELY).timestamp()
        return sum((point.tally for point in self.series if point.minute >= since), Tally())

    @property
    def blind(self) -> bool:
        return blind(self.hosts)


@dataclass(frozen=True, slots=True)
class OverviewLine:
    """One ISP in the overview of all."""

    isp: str
    title: str
    now: Tally
    before: Tally
    tier: Tier
    cause: Category | None
    code: str
    incident: int | None
    lately: Tally = field(default_factory=Tally)
    """The last 5 minutes."""
    refused: int = 0
    by_refusal: bool = False
    """As of a diagnosis."""

    @property
    def told_rate(self) -> float:
        """As of a diagnosis."""
        tried = self.now.attempts + self.now.bounced
        return self.refused / tried if self.by_refusal and tried else self.now.rate


@dataclass(frozen=True, slots=True)
class Overview:
    """All ISPs, worst first. `few` counts those with under `min_attempts` attempts, which are not listed."""

    at: datetime
    window: Window
    lines: tuple[OverviewLine, ...]
    few: int
    min_attempts: int
    hosts: tuple[HostLine, ...]
    active_changes: int
    rising: tuple[QueueTrend, ...] = ()
    """ISPs (`name` is the title) whose queues have clearly grown, most recipients gained first."""
    refused: tuple[Refused, ...] = ()
    """ISPs that refuse much mail for good, whatever their rate is, most of it first."""

    @property
    def blind(self) -> bool:
        """As of a diagnosis: the rates must not be read."""
        return blind(self.hosts)


def blind(hosts: Sequence[HostLine]) -> bool:
    """True where no host is seen, or one is half counted: then no rate holds."""
    return bool(hosts) and (all(line.trouble for line in hosts) or any(line.behind for line in hosts))
