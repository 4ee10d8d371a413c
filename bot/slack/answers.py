"""A question and its answer: one place for what is typed, clicked and turned to."""

from __future__ import annotations

from datetime import timedelta

from bot.core.breakdown import Of
from bot.slack.desk import Desk
from bot.slack.messages.campaigns import campaigns_message
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.handover import handover_message
from bot.slack.messages.help import help_message
from bot.slack.messages.history import history_message
from bot.slack.messages.hosts import hosts_message
from bot.slack.messages.incidents import incidents_message, story_message
from bot.slack.messages.message import Message
from bot.slack.messages.overview import overview_message
from bot.slack.messages.places import place_message
from bot.slack.messages.queues import queues_message
from bot.slack.messages.refusals import gone, said, unknown_isp, which_isp
from bot.slack.messages.replies import replies_message
from bot.slack.messages.sources import sources_message
from bot.slack.messages.unknown import ROWS, unknown_message
from bot.slack.words import LONG_FROM, PLACES, Asked, Topic, misspelt_view, nearest_topic

DAY = timedelta(hours=24)
SHIFT = timedelta(hours=12)
LONGEST_SHIFT = timedelta(days=3)
_PLACES = {Topic.IP: Of.IP, Topic.VMTA: Of.VMTA, Topic.JOB: Of.JOB}
_SOURCES = {Topic.IPS: Of.IP, Topic.VMTAS: Of.VMTA}


def answer_to(desk: Desk, asked: Asked) -> Message:
    """The answer; a word nobody knows is met with the nearest one."""
    services = desk.services
    if asked.topic is Topic.HELP:
        return help_message(desk.operators)
    if asked.topic is Topic.ALL:
        return overview_message(services.diagnose.overview())
    if asked.topic is Topic.HOSTS:
        return hosts_message(services.diagnose.host_reports(), at=services.clock.now(), asked=asked.subject)
    if asked.topic in PLACES:
        return _place(desk, asked)
    if asked.topic in (Topic.INCIDENTS, Topic.INCIDENT, Topic.HANDOVER):
        return _of_incidents(desk, asked)
    if not asked.subject:
        return _of_all(desk, asked)
    isp = _isp(desk, asked.subject)
    if isp is None:
        return unknown_isp(asked.subject, _meant(desk, asked))
    return _of_isp(desk, Asked(asked.topic, isp, asked.length, asked.page))


def _of_incidents(desk: Desk, asked: Asked) -> Message:
    services = desk.services
    now = services.clock.now()
    if asked.topic is Topic.HANDOVER:
        return handover_message(services.shifts.last(min(asked.length or SHIFT, LONGEST_SHIFT)))
    if asked.topic is Topic.INCIDENTS:
        return incidents_message(services.incidents.since(now - DAY), asked, now=now)
    number = int(asked.subject) if asked.subject.isdigit() else 0
    found = services.incidents.get(number)
    if found is None:
        return said(gone(number))
    return story_message(found, services.incidents.timeline(number), services.changes.of_incident(number), now=now)


def _of_all(desk: Desk, asked: Asked) -> Message:
    """What can be asked of all ISPs together."""
    if asked.topic is Topic.CAMPAIGNS:
        return campaigns_message(desk.services.diagnose.campaigns(None, asked.length), asked)
    if asked.topic is Topic.QUEUES:
        return queues_message(desk.services.breakdowns.queues(), asked)
    if asked.topic is Topic.UNKNOWN:
        return _unknown(desk, asked)
    return which_isp(asked)


def _of_isp(desk: Desk, asked: Asked) -> Message:
    diagnose, breakdowns, isp = desk.services.diagnose, desk.services.breakdowns, asked.subject
    if asked.topic is Topic.CAMPAIGNS:
        return campaigns_message(diagnose.campaigns(isp, asked.length), asked)
    if asked.topic is Topic.HISTORY:
        return history_message(diagnose.history(isp, asked.length or DAY))
    if asked.topic in _SOURCES:
        return sources_message(breakdowns.sources(isp, _SOURCES[asked.topic], asked.length), asked)
    if asked.topic is Topic.REPLIES:
        return replies_message(breakdowns.replies(isp, asked.length), asked)
    if asked.topic is Topic.QUEUES:
        return queues_message(breakdowns.queues(isp), asked)
    if asked.topic is Topic.UNKNOWN:
        return _unknown(desk, asked)
    if asked.length is not None and asked.length >= LONG_FROM:
        return history_message(diagnose.history(isp, asked.length))
    incident = next((found for found in desk.services.incidents.unresolved() if found.isp == isp), None)
    return diagnosis_message(diagnose.isp(isp, asked.length), incident)


def _unknown(desk: Desk, asked: Asked) -> Message:
    propose = desk.services.propose
    found = propose.unknown(asked.length or DAY, asked.subject or None)
    return unknown_message(found, propose.proposals(found, asked.page * ROWS), asked)


def _place(desk: Desk, asked: Asked) -> Message:
    """One IP, VMTA or campaign; where there is none of that name but an ISP, the ISP's."""
    isp = desk.services.isps.resolve(asked.subject)
    if isp is not None and asked.topic is Topic.IP:  # no address is an ISP's name
        return _of_isp(desk, Asked(PLACES[asked.topic], isp, asked.length))
    found = desk.services.breakdowns.place(_PLACES[asked.topic], asked.subject, asked.length)
    if isp is not None and not found.lines:
        return _of_isp(desk, Asked(PLACES[asked.topic], isp, asked.length))
    return place_message(found, asked)


def _isp(desk: Desk, word: str) -> str | None:
    """The key of the ISP called `word`, or so in its first word."""
    services = desk.services
    # The catalog first: what a day has seen is a sum over every minute of it.
    found = services.isps.resolve(word)
    if found is not None:
        return found
    known = services.diagnose.known_isps()
    first = word.partition(" ")[0]
    return services.isps.resolve(word, known) or (None if misspelt_view(word) else services.isps.resolve(first, known))


def _meant(desk: Desk, asked: Asked) -> str:
    """What was probably meant, as one would type it; "" where nothing is near."""
    isps, known = desk.services.isps, desk.services.diagnose.known_isps()
    if asked.topic is Topic.ISP and (split := misspelt_view(asked.subject)):
        name, view = split
        isp = isps.resolve(name, known) or isps.nearest(name, known)
        return Asked(view, isp, asked.length).words if isp else ""
    topic = nearest_topic(asked.subject) if asked.topic is Topic.ISP else None
    isp = None if topic else isps.nearest(asked.subject, known)
    return topic or (Asked(asked.topic, isp, asked.length).words if isp else "")
