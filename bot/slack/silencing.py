"""Silence, list and end silences: from the words to the use case and its private answer."""

from __future__ import annotations

from datetime import UTC
from difflib import get_close_matches

from bot.core.change import Refusal
from bot.core.durations import parse_duration
from bot.core.silence import About
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.messages import buttons, refusals, texts
from bot.slack.messages.silences import LENGTHS, ended_message, silence_view, silences_message, started_message
from bot.slack.silence_words import PLAN, All, End, Order, Start, Wrong
from bot.slack.words import is_ip


def obey(desk: Desk, caller: Caller, order: Order) -> None:
    """Everybody may look; only operators may silence and end."""
    services = desk.services
    if isinstance(order, Wrong):
        desk.tell(caller, texts.escape(order.sentence))
    elif isinstance(order, All):
        caller.answer(silences_message(services.silences.standing(), now=services.clock.now()))
    elif not desk.may_apply(caller):
        return
    elif isinstance(order, Start):
        _start(desk, caller, order)
    else:
        _end(desk, caller, order)


def open_silence(desk: Desk, caller: Caller, value: str) -> None:
    """From the menu of an incident: role, then the window."""
    incident = desk.incident_of(caller, value)
    if incident is not None and desk.may_apply(caller):
        caller.open_view(silence_view(incident))


def silence_isp(desk: Desk, caller: Caller, metadata: str, length: str, reason: str) -> None:
    """As the window was filled in; checked like anything that comes from outside."""
    number = buttons.read_change(metadata)
    incident = desk.services.incidents.get(number) if number is not None else None
    if incident is None or length not in LENGTHS:
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        _start(desk, caller, Start(About.ISP, incident.isp, parse_duration(length), reason))


def _start(desk: Desk, caller: Caller, order: Start) -> None:
    found = _place(desk, order)
    if isinstance(found, str):
        desk.tell(caller, texts.escape(found))
        return
    services, begins = desk.services, None
    if order.when is not None:
        begins = order.when.after(services.clock.now().astimezone(desk.zone_of(caller))).astimezone(UTC)
        if begins < services.clock.now():
            desk.tell(caller, f"That time is past. Nothing was planned. {texts.escape(PLAN)}")
            return
    outcome = services.silences.start(*found, order.length, by=caller.user, reason=order.reason, begins=begins)
    if isinstance(outcome, Refusal):
        caller.answer(refusals.refusal_message(outcome))
    else:
        caller.answer(started_message(outcome, now=services.clock.now()))


def _end(desk: Desk, caller: Caller, order: End) -> None:
    outcome = desk.services.silences.end(order.silence, by=caller.user)
    desk.wake()
    caller.answer(refusals.refusal_message(outcome) if isinstance(outcome, Refusal) else ended_message(outcome))


def _place(desk: Desk, order: Start) -> tuple[About, str] | str:
    """What is to be silenced, or a sentence that says what is wrong with its name."""
    name, about = order.name, order.about
    if about is About.VMTA:
        return about, name
    if about is About.IP or (about is None and is_ip(name)):
        return (About.IP, name) if is_ip(name) else f"Expected an IP address, found {name!r}. Nothing was silenced."
    hosts = [report.line.host for report in desk.services.diagnose.host_reports()]
    host = next((one for one in hosts if one.lower() == name.lower()), None)
    if about is not About.ISP and host is not None:
        return About.HOST, host
    if about is About.HOST:
        close = get_close_matches(name, hosts, n=1)
        return f"No host is called {name!r}{_meant(close[0] if close else None)}. Nothing was silenced."
    known = desk.services.diagnose.known_isps()
    isp = desk.services.isps.resolve(name, known)
    if isp is not None:
        return About.ISP, isp
    return f"No ISP or host is called {name!r}{_meant(desk.services.isps.nearest(name, known))}. Nothing was silenced."


def _meant(near: str | None) -> str:
    return f"; did you mean {near}?" if near else ""
