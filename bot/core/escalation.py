"""Who is called when nobody takes an incident: steps by tier and hour of the day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState, Life
from bot.core.tier import Tier


class Reach(StrEnum):
    """How a step reaches people; the value is the word in the configuration."""

    MENTION = "mention"
    CHANNEL = "channel"
    DM = "dm"


@dataclass(frozen=True, slots=True)
class Step:
    """`after` so long without an owner: `target` is a user group or user (MENTION), a channel, or a user (DM)."""

    after: timedelta
    reach: Reach
    target: str

    @property
    def key(self) -> str:
        """What an incident's life remembers of it."""
        return f"{self.reach.value}:{self.target}:{self.after.total_seconds():.0f}"


@dataclass(frozen=True, slots=True)
class Escalation:
    """From `tier` up, between the hours `since` and `until` of `zone` (all day where they are equal): `steps`."""

    tier: Tier
    steps: tuple[Step, ...]
    since: time = time()
    until: time = time()
    zone: tzinfo = UTC

    def holds(self, tier: Tier, now: datetime) -> bool:
        at = now.astimezone(self.zone).time()
        if self.since <= self.until:
            inside = self.since <= at < self.until or self.since == self.until
        else:  # over midnight
            inside = at >= self.since or at < self.until
        return tier >= self.tier and inside


def waiting(before: Incident | None, state: IncidentState, tier: Tier, life: Life, now: datetime) -> Life:
    """The life of what becomes of `before`: since when it waits for somebody, and what was done about that. It begins
    anew where it was somebody's, or over, and where the tier rises: that is something else to wake people for."""
    if state is not IncidentState.OPEN:
        return replace(life, waiting_since=None, escalated=())
    same = before is not None and before.state is IncidentState.OPEN and tier <= before.tier
    return life if same and life.waiting_since is not None else replace(life, waiting_since=now, escalated=())


def due(rules: Sequence[Escalation], incident: Incident, now: datetime) -> tuple[Step, ...]:
    """The steps to be done now, in order, each once while it waits. None in a silence, while it flaps, on stale data:
    nobody is called on what is not sure. Of `rules` the first that holds at this tier and hour counts."""
    life = incident.life
    if incident.state is not IncidentState.OPEN or incident.owner or life.waiting_since is None:
        return ()
    if life.hush is not None or life.damped or incident.diagnosis.blind:
        return ()
    rule = next((rule for rule in rules if rule.holds(incident.tier, now)), None)
    waited = now - life.waiting_since
    steps = () if rule is None else rule.steps
    return tuple(step for step in steps if waited >= step.after and step.key not in life.escalated)


def escalated(life: Life, steps: Sequence[Step]) -> Life:
    """The life after `steps` were done. Where a channel or a person was shown it, it is kept true to its end."""
    shown = [step.target for step in steps if step.reach is not Reach.MENTION]
    return replace(
        life,
        escalated=(*life.escalated, *(step.key for step in steps)),
        also=tuple(dict.fromkeys([*life.also, *shown])),
    )


def step_text(step: Step, incident: Incident, now: datetime) -> str:
    """Slack mrkdwn. Ids come from the configuration, where their form was checked."""
    since = incident.life.waiting_since or incident.opened_at
    waited = f"nobody has taken this for {duration_words(now - since)}"
    if step.reach is Reach.CHANNEL:
        return f"{waited}: shown in <#{step.target}> as well"
    if step.reach is Reach.DM:
        return f"{waited}: <@{step.target}> was told directly"
    return f"{mention(step.target)} {waited}"


def mention(target: str) -> str:
    """A user group or a user, so that Slack notifies them."""
    return f"<!subteam^{target}>" if target.startswith("S") else f"<@{target}>"
