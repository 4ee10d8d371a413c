"""Buttons: every click is checked afresh against the store; a value from Slack is an id, never a parameter."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.core.change import Refusal
from bot.slack.answers import LONGEST_SHIFT, answer_to
from bot.slack.caller import Caller
from bot.slack.commands import answer
from bot.slack.desk import Desk, Job
from bot.slack.home import show_home
from bot.slack.incident_orders import open_resolve
from bot.slack.messages import buttons, preview, refusals
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.handover import handover_message
from bot.slack.messages.message import Json
from bot.slack.messages.overview import overview_message
from bot.slack.silence_words import End, Wrong
from bot.slack.silencing import obey, open_silence
from bot.slack.words import read_asked


def register_actions(app: App, desk: Desk) -> None:
    def clicked(ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond) -> None:
        ack()
        at_home = (body.get("view") or {}).get("type") == "home"
        desk.start(desk.caller(body, respond), job_for(desk, str(action["action_id"]), value_of(action), at_home))

    app.action(re.compile(r"link_\d+"))(lambda ack: ack())  # the browser has opened it
    app.action(re.compile(r"(apply|isp|ask|page|unsilence)_\d+|undo|acknowledge|diagnose|overview|share|more"))(clicked)


def value_of(action: dict[str, Any]) -> str:
    """A button's value, or that of the chosen menu entry."""
    option = action.get("selected_option") or {}
    return str(action.get("value") or option.get("value") or "")


def job_for(desk: Desk, action_id: str, value: str, at_home: bool = False) -> Job:
    """What a click asks for. A menu entry's value names its action: `apply:…`, `undo:…`."""
    kind = action_id.partition("_")[0]
    if kind == "more":
        kind, _, value = value.partition(":")
    jobs = {
        "apply": preview_change,
        "undo": preview_undo,
        "diagnose": diagnose,
        "isp": diagnose_isp,
        "ask": ask,
        "page": turn_page,
        "silence": open_silence,
        "resolve": open_resolve,
        "share": share_handover,
    }
    if kind == "acknowledge":
        return lambda caller: acknowledge(desk, caller, value, at_home=at_home)
    if kind == "unsilence":
        return lambda caller: unsilence(desk, caller, value, at_home=at_home)
    if kind == "overview":
        return lambda caller: caller.answer(overview_message(desk.services.diagnose.overview()))
    if kind in jobs:
        return lambda caller: jobs[kind](desk, caller, value)
    return lambda caller: desk.tell(caller, refusals.unknown_button())


def preview_change(desk: Desk, caller: Caller, value: str) -> None:
    """Role, then a window at once (its trigger lives three seconds), then the preview or why there is none."""
    asked = buttons.read_apply(value)
    if asked is None:
        desk.tell(caller, refusals.unknown_button())
        return
    if not desk.may_apply(caller):
        return
    view_id, _ = caller.open_view(preview.loading_view())
    view = preview.refusal_view(refusals.no_preview())
    try:
        view = _preview(desk, caller, *asked)
    finally:
        caller.update_view(view_id, view)


def _preview(desk: Desk, caller: Caller, incident: int, revision: int, playbook: str) -> Json:
    """Always fresh, whatever the revision of the button; says so where the alert offers something else by now."""
    outcome = desk.services.apply.preview(incident, playbook, by=caller.user)
    if isinstance(outcome, Refusal):
        return preview.refusal_view(outcome.sentence)
    found = desk.services.incidents.get(incident)
    offered = {offer.playbook for offer in found.diagnosis.offers} if found is not None else set()
    older = found is not None and found.revision > revision
    hint = refusals.facts_changed() if older and playbook not in offered else ""
    return preview.preview_view(outcome, now=desk.services.clock.now(), hint=hint)


def preview_undo(desk: Desk, caller: Caller, value: str) -> None:
    change = buttons.read_change(value)
    if change is None:
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        found = desk.services.changes.get(change)
        refused = refusals.undo_refused(change, found, now=desk.services.clock.now())
        if found is None or refused:
            desk.tell(caller, refused)
        else:
            caller.open_view(preview.undo_view(found, now=desk.services.clock.now()))


def acknowledge(desk: Desk, caller: Caller, value: str, *, at_home: bool) -> None:
    """The owner is set for all to see; only a refusal is said in private."""
    asked = buttons.read_incident(value)
    if asked is None:
        desk.tell(caller, refusals.unknown_button())
        return
    outcome = desk.services.acknowledge.acknowledge(asked[0], by=caller.user)
    if isinstance(outcome, Refusal):
        caller.answer(refusals.refusal_message(outcome))
    desk.wake()
    if at_home:
        show_home(desk, caller)


def unsilence(desk: Desk, caller: Caller, value: str, *, at_home: bool) -> None:
    number = buttons.read_change(value)
    obey(desk, caller, End(number) if number is not None else Wrong(refusals.unknown_button()))
    if at_home:
        show_home(desk, caller)


def diagnose(desk: Desk, caller: Caller, value: str) -> None:
    """The fresh diagnosis of the incident's ISP, also long after it is resolved."""
    incident = desk.incident_of(caller, value)
    if incident is not None:
        caller.answer(diagnosis_message(desk.services.diagnose.isp(incident.isp), incident))


def ask(desk: Desk, caller: Caller, value: str) -> None:
    """Another view: a message of its own."""
    _ask(desk, caller, value, replace=False)


def turn_page(desk: Desk, caller: Caller, value: str) -> None:
    """Another page of the same view, made anew, in its place."""
    _ask(desk, caller, value, replace=True)


def _ask(desk: Desk, caller: Caller, value: str, *, replace: bool) -> None:
    asked = read_asked(value)
    if asked is None:
        desk.tell(caller, refusals.unknown_button())
    else:
        caller.answer(answer_to(desk, asked), replace=replace)


def diagnose_isp(desk: Desk, caller: Caller, value: str) -> None:
    """Asked like the command: the value is what somebody would type."""
    answer(desk, caller, value)


def share_handover(desk: Desk, caller: Caller, value: str) -> None:
    """The handover made anew and shown to all; for operators, as it speaks for the shift."""
    minutes = buttons.read_change(value)
    if minutes is None or not 0 < minutes <= LONGEST_SHIFT // timedelta(minutes=1):
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        shift = desk.services.shifts.last(timedelta(minutes=minutes))
        desk.post(handover_message(shift, shared_by=caller.user))
