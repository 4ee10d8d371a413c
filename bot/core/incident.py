"""One ISP's trouble from first crossing to recovery, as values, and what a diagnosis alone says of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.category import Category
from bot.core.diagnosis import Diagnosis
from bot.core.tier import Tier

CALM = 0.05
"""The response protocol's lowest floor, for mail too little to be judged by tiers."""
_NUMBER = re.compile(r"[\d,.]+")


class IncidentState(StrEnum):
    """What becomes of what, and why: `core.life`.

    OPEN: nobody has it. ACKNOWLEDGED: somebody has taken it. MITIGATING: a change of ours is active for it.
    RECOVERING: back to normal, but not for long enough to be sure. RESOLVED: over, unless it crosses again soon.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATING = "mitigating"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Hush:
    """The silence over an incident: its number, when it ends, the Slack id of who asked for it, for how long
    in all, and why."""

    silence: int
    until: datetime
    by: str
    reason: str
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Taken:
    """When its owner took an incident, or had it again without a change in force, and its tier then."""

    at: datetime
    tier: Tier


@dataclass(frozen=True, slots=True)
class Closed:
    """Who ended an incident by hand, why, and its tier then: at that tier it is not told again for a while."""

    by: str
    reason: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Mark:
    """What the rate was at a time, in [0, 1]: of the last ten minutes where that is enough mail."""

    at: datetime
    rate: float


@dataclass(frozen=True, slots=True)
class Life:
    """What an incident has been through.

    `worst`: the highest tier so far. `calm_since`: it has been back to normal without a break since. `turns`: when, in
    the last hour, it went the other way than before (`rising`: it went up last); `damped`: so often that it is told
    no more. `reopened`: how often it came back after it was over. `at_risk`: the most recipients held up at a time.
    `told_at`: when the channel was told last, None before it was counted. `refused`: at its worst mail was refused
    for good, not deferred. `waiting_since`: nobody has had it since, None while somebody does; `escalated`: the steps
    done about that (`core.escalation`). `also`: channels and people beyond its own channel that it is shown to.
    `closed`: it was ended by hand, None where it came to its end.
    """

    worst: Tier = Tier.CLEAR
    calm_since: datetime | None = None
    turns: tuple[datetime, ...] = ()
    rising: bool = True
    damped: bool = False
    reopened: int = 0
    at_risk: int = 0
    hush: Hush | None = None
    taken: Taken | None = None
    told_at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    refused: bool = False
    waiting_since: datetime | None = None
    escalated: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    closed: Closed | None = None


NEW_LIFE = Life()


@dataclass(frozen=True, slots=True)
class Incident:
    """`id` is what people read as INC-42. `revision` rises with every change anybody could see.

    `lead`: the incident whose message shows it, None where it has its own (`core.grouping`).
    `diagnosis` is the newest one (at resolution: the one that closed it). `owner` is the Slack id of who
    acknowledged it, "" before.
    """

    id: int
    isp: str
    state: IncidentState
    tier: Tier
    opened_at: datetime
    revision: int
    peak_rate: float
    diagnosis: Diagnosis
    owner: str = ""
    resolved_at: datetime | None = None
    life: Life = field(default_factory=Life)
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the timeline (the Slack thread) of an incident or outage, whose id is `subject`. `broadcast` shows
    it in the channel as well."""

    subject: int
    at: datetime
    text: str
    """Slack mrkdwn, already escaped where it holds foreign text."""
    broadcast: bool = False


def nothing(_: object) -> tuple[Note, ...]:
    """What the timeline says of a change that people need not read about."""
    return ()


def saying(*notes: Note) -> Callable[[object], tuple[Note, ...]]:
    """What the timeline says of a change, whatever becomes of it."""
    return lambda _: notes


class Move(StrEnum):
    """What an ISP's newest diagnosis means for its incident, and why; the value is the word in log and metric."""

    OPEN = "crossed a tier"
    REOPEN = "crossed a tier again soon after it was over"
    RISE = "tier went up"
    FALL = "tier went down"
    RECOVER = "back to normal for now"
    RELAPSE = "no longer back to normal"
    RESOLVE = "back to normal"
    REFRESH = "the numbers moved"
    HOLD = "nothing new to say"
    BLIND = "data is stale"


def worth_a_message(tier: Tier, cause: Category | None, alert_from: Tier) -> bool:
    """True where people should hear of it.

    Everything from `alert_from` up. Below it, in the throttle tier, only what is more than pacing: a provider
    that slows us (4.2.1) needs no one, a block that is only beginning does.
    """
    if tier >= alert_from:
        return True
    return tier is not Tier.CLEAR and cause is not None and not cause.pacing


def calm(diagnosis: Diagnosis, alert_from: Tier) -> bool:
    """True where nothing keeps an incident open: it is not worth a message, or there is next to no mail left."""
    worth = worth_a_message(diagnosis.tier, diagnosis.cause, alert_from)
    return (not worth and not _undecided(diagnosis)) or _ran_dry(diagnosis)


def proves_calm(diagnosis: Diagnosis) -> bool:
    """False where a host is not seen or only in part: what is missing may be the bad news."""
    return not any(line.trouble or line.partial for line in diagnosis.hosts)


def looks_new(diagnosis: Diagnosis, shown: Diagnosis) -> bool:
    """True where a reader would see something else than what is shown."""
    return _shown(diagnosis) != _shown(shown)


def _undecided(diagnosis: Diagnosis) -> bool:
    """True where pacing is the cause by a hair only: the next minute may say otherwise, so nothing is closed on it."""
    if diagnosis.tier is Tier.CLEAR:
        return False
    aimed = [line for line in diagnosis.replies if line.category.aimed_at_us]
    pacing = sum(line.count for line in aimed if line.category.pacing)
    return sum(line.count for line in aimed if not line.category.pacing) > pacing / 2


def _ran_dry(diagnosis: Diagnosis) -> bool:
    """True where next to no mail was tried for a whole window, or hardly any of it deferred, and next to none waits.

    With so little mail the tier is held, so nothing else would ever end the incident.
    """
    if diagnosis.judged or not all(line.queues_seen for line in diagnosis.hosts):
        return False
    waiting = sum(queue.recipients for queue in diagnosis.queues)
    clean = max(diagnosis.now.rate, diagnosis.refused_rate) < CALM
    quiet = 2 * diagnosis.tried < diagnosis.min_attempts or clean
    return quiet and waiting < diagnosis.min_attempts


def _shown(diagnosis: Diagnosis) -> tuple[object, ...]:
    """What a reader would notice: the rounded rate, the cause, the offers, what is odd about hosts; not the numbers in
    a warning, which move with every poll."""
    return (
        round(diagnosis.told_rate, 2),
        diagnosis.by_refusal,
        diagnosis.cause,
        tuple(offer.playbook for offer in diagnosis.offers),
        tuple((line.trouble, line.behind, _NUMBER.sub("", line.warning)) for line in diagnosis.hosts),
    )
