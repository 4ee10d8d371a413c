"""Incidents as a list, one as a story, and what became of an order about one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import slackblocks as sb

from bot.core.change import Change
from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState, Note
from bot.slack.messages import buttons, course, states, texts
from bot.slack.messages.message import Json, Message, context, message, modal, section
from bot.slack.messages.pages import ask_button, page_of, turn
from bot.slack.messages.preview import reason_input
from bot.slack.words import Asked, Topic

RESOLVE = "resolve_incident"
ROWS = 10
LINES = 25
DAY = timedelta(hours=24)


def incidents_message(found: Sequence[Incident], asked: Asked, *, now: datetime) -> Message:
    """`found`: what stood in the last day. The open ones first, the worst of them at the front."""
    order = sorted(found, key=lambda one: (_over(one), -one.tier if not _over(one) else 0, -one.id))
    standing = sum(not _over(one) for one in order)
    head = f"{texts.counted(standing, 'open incident') if standing else 'No open incident'}"
    head += f", {texts.counted(len(order) - standing, 'more')} in the last 24 h" if len(order) > standing else ""
    page = page_of(order, asked.page, ROWS)
    blocks: list[sb.Block] = [section(f"*{head}*"), *(section(line(one, now)) for one in page.rows)]
    first = page.rows[0] if page.rows else None
    asks = [ask_button(Asked(Topic.INCIDENT, str(first.id)), 0, f"INC-{first.id}")] if first else []
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), *asks, buttons.overview_button()]))
    blocks += [context(page.words)] if page.words else []
    return message(f"{head}.", blocks, key=f"incidents-{page.number}-{int(now.timestamp())}")


def line(incident: Incident, now: datetime) -> str:
    """Two lines: what and how bad, then number, owner and times."""
    diagnosis = incident.diagnosis
    mark, _, word = states.incident_look(incident)
    who = texts.person(incident.owner) if incident.owner else "nobody yet" if not _over(incident) else ""
    if _over(incident):
        said = f"over after {_took(incident)}, peak {texts.percent(incident.peak_rate)}"
        when = f"{texts.at_time(incident.opened_at, now)} to {texts.at_time(incident.resolved_at or now, now)}"
    else:
        said = " · ".join(filter(None, [states.rate_words(diagnosis), word, states.cause_words(diagnosis)]))
        when = f"since {texts.at_time(incident.opened_at, now)}"
    return f"{mark} *{states.name(diagnosis)}* · {said}\n" + " · ".join(
        filter(None, [f"`INC-{incident.id}`", who, when])
    )


def story_message(incident: Incident, notes: Sequence[Note], changes: Sequence[Change], *, now: datetime) -> Message:
    """One incident from its beginning to now, or to its end."""
    head = line(incident, now)
    blocks: list[sb.Block] = [section(head)]
    shown = notes[-LINES:]
    told = [f"…{len(notes) - LINES} earlier lines"] if len(notes) > LINES else []
    told += [f"{texts.at_time(note.at, now)} {texts.clip(texts.spaced(note.text), 240)}" for note in shown]
    blocks += [section(texts.fit("\n".join(told)))] if told else []
    made = [
        f"• {texts.words(change.plan.title, 120)} (CHG-{change.id}){course.since(incident, change)}"
        for change in changes
    ]
    blocks += [section("\n".join(["*Done*", *made[-8:]]))] if made else []
    held_up = incident.life.at_risk
    small = [f"at most {texts.count(held_up)} recipients held up at a time"] if held_up else []
    value = buttons.incident_value(incident.id, incident.revision)
    blocks.append(sb.ActionsBlock(elements=[buttons.diagnose_button(value)]))
    blocks += [context(texts.capital(" · ".join(small)))] if small else []
    return message(_plain(incident), blocks, key=f"story{incident.id}-{incident.revision}")


def taken_message(incident: Incident) -> Message:
    return _answer(incident, f"`INC-{incident.id}` ({states.name(incident.diagnosis)}) is yours.")


def let_go_message(incident: Incident) -> Message:
    return _answer(incident, f"`INC-{incident.id}` ({states.name(incident.diagnosis)}) is nobody's now.")


def resolved_message(incident: Incident) -> Message:
    tier = incident.life.closed.tier.name.lower() if incident.life.closed else ""
    said = f"`INC-{incident.id}` ({states.name(incident.diagnosis)}) is closed."
    return _answer(incident, f"{said} It is told again if it gets worse than {tier}, or if it still stands in an hour.")


def resolve_view(incident: Incident) -> Json:
    """Why it is ended by hand."""
    name = states.name(incident.diagnosis)
    what = f"*{name}* · {states.rate_words(incident.diagnosis)}. Nothing changes on any host; what is in force stays."
    blocks: list[sb.Block] = [section(what), reason_input("provider confirmed it is theirs")]
    return modal(
        "Close this incident", blocks, callback=RESOLVE, submit="Close it", close="Cancel", metadata=str(incident.id)
    )


def _answer(incident: Incident, said: str) -> Message:
    return message(said.replace("`", ""), [section(said)], key=f"inc{incident.id}-{incident.revision}-told")


def _over(incident: Incident) -> bool:
    return incident.state is IncidentState.RESOLVED


def _took(incident: Incident) -> str:
    ended = incident.resolved_at or incident.diagnosis.at
    return duration_words(max(ended - incident.opened_at, timedelta(0)))


def _plain(incident: Incident) -> str:
    name = states.name(incident.diagnosis)
    if _over(incident):
        return f"INC-{incident.id}, {name}: over after {_took(incident)}, peak {texts.percent(incident.peak_rate)}."
    return f"INC-{incident.id}, {name}: {states.rate_words(incident.diagnosis)}, {incident.state.value}."
