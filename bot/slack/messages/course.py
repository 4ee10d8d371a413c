"""How an incident has gone so far, in small print: since when it is better, that it came back, that it flaps."""

from __future__ import annotations

from datetime import datetime

from bot.core.change import Change
from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState
from bot.core.marks import effect
from bot.slack.messages import texts


def notes(incident: Incident, now: datetime) -> list[str]:
    """What there is to say of one that is not over."""
    life, lines = incident.life, []
    if incident.state is IncidentState.RECOVERING and life.calm_since is not None:
        lines.append(f"Back to normal since {texts.at_time(life.calm_since, now)}; closes once that has lasted.")
    if life.reopened:
        lines.append(texts.closed(texts.capital(_came_back(incident))))
    if life.damped:
        ups_and_downs = f"Went up and down {texts.counted(len(life.turns), 'time')} in an hour"
        lines.append(f"{ups_and_downs}: told here only, until it is steadier or worse than ever.")
    if life.hush is not None:
        until, by = texts.at_time(life.hush.until, now), texts.person(life.hush.by)
        reason = texts.words(life.hush.reason, 160)
        lines.append(f"🔕 Silenced until {until}, by {by} (SIL-{life.hush.silence}): {texts.closed(reason)}")
    return lines


def past(incident: Incident) -> list[str]:
    """What there is to say of one that is over."""
    held_up = incident.life.at_risk
    told = [f"at most {texts.count(held_up)} recipients held up at a time"] if held_up else []
    return told + ([_came_back(incident)] if incident.life.reopened else [])


def since(incident: Incident, change: Change) -> str:
    """ " · 31 % before, 9 % after 15 min": how the rate went after a change, "" where that is not known."""
    found = effect(incident.life.marks, change.applied_at, change.ended_at)
    if found is None:
        return ""
    before, after = texts.percent(found.before), texts.percent(found.after)
    return f" · {before} before, {after} after {duration_words(found.took)}"


def _came_back(incident: Incident) -> str:
    return f"came back {texts.counted(incident.life.reopened, 'time')} after it was over"
