"""When an incident is said in the channel once more, because it stands and nobody sees to it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.core.alert_rules import AlertRules
from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState, Life
from bot.core.tier import Tier

REPEAT_FROM = Tier.REPUTATION
"""Below it nobody is called twice."""


class Reminder(StrEnum):
    """Why; the value is the word in log and audit."""

    LET_GO = "whoever took it has not ended it in time"
    REPEAT = "nobody has taken it"


def reminder(incident: Incident, rules: AlertRules, now: datetime) -> Reminder | None:
    """None where nobody needs to be reminded: least of all in a silence, while it flaps, and on stale data."""
    life, taken = incident.life, incident.life.taken
    if life.hush is not None or incident.diagnosis.blind:
        return None
    if incident.state is IncidentState.ACKNOWLEDGED and taken is not None:
        stands = incident.tier >= taken.tier
        return Reminder.LET_GO if stands and now - taken.at >= rules.ack_timeout else None
    if incident.state is not IncidentState.OPEN or incident.tier < REPEAT_FROM or life.damped:
        return None
    due = now - (life.told_at or incident.opened_at) >= rules.repeat_every
    return Reminder.REPEAT if due else None


def reminded(life: Life, now: datetime) -> Life:
    """The life after it was told once more, in nobody's hands."""
    return replace(life, taken=None, told_at=now)


def let_go(life: Life, now: datetime) -> Life:
    """The life where its owner has lost it: who is called when nobody takes it is called anew."""
    return replace(life, waiting_since=now, escalated=())


def reminder_text(why: Reminder, incident: Incident, now: datetime) -> str:
    """Slack mrkdwn. It names the owner, so that they are told as well."""
    tier = f"tier *{incident.tier.name.lower()}*"
    if why is Reminder.LET_GO and incident.life.taken is not None:
        ago = duration_words(now - incident.life.taken.at)
        return f"<@{incident.owner}> took this {ago} ago and {tier} still stands: nobody has it now"
    return f"still {tier} after {duration_words(now - incident.opened_at)}, and nobody has taken it"
