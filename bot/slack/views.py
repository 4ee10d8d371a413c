"""Submitted windows: the ack closes them, the work runs on our pool."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.core.change import Refusal
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.incident_orders import resolve_incident
from bot.slack.messages import buttons, refusals
from bot.slack.messages.after import applied_message, undone_message
from bot.slack.messages.incidents import RESOLVE
from bot.slack.messages.preview import APPLY, REASON, UNDO, reason_problem
from bot.slack.messages.silences import LENGTH, SILENCE
from bot.slack.silencing import silence_isp


def register_views(app: App, desk: Desk) -> None:
    def apply_submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = reason_given(ack, view)
        if reason:
            metadata = view["private_metadata"]
            desk.start_slow(desk.caller(body), lambda caller: apply_change(desk, caller, metadata, reason))

    def undo_submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack()
        desk.start_slow(desk.caller(body), lambda caller: undo_change(desk, caller, view["private_metadata"]))

    def silence_submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = reason_given(ack, view)
        if reason:
            asked = (view["private_metadata"], length_in(view), reason)
            desk.start(desk.caller(body), lambda caller: silence_isp(desk, caller, *asked))

    def resolve_submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = reason_given(ack, view)
        if reason:
            metadata = view["private_metadata"]
            desk.start(desk.caller(body), lambda caller: resolve_incident(desk, caller, metadata, reason))

    app.view(SILENCE)(silence_submitted)
    app.view(RESOLVE)(resolve_submitted)
    app.view(APPLY)(apply_submitted)
    app.view(UNDO)(undo_submitted)


def reason_given(ack: Ack, view: dict[str, Any]) -> str:
    """The reason, after the window was closed; "" where it says what is wrong with it instead."""
    reason = reason_in(view)
    if problem := reason_problem(reason):
        ack(response_action="errors", errors={REASON: problem})
        return ""
    ack()
    return reason


def reason_in(view: dict[str, Any]) -> str:
    """What was typed into the reason field, white space joined, "" where nothing was."""
    field = view.get("state", {}).get("values", {}).get(REASON, {}).get(REASON, {})
    return " ".join(str(field.get("value") or "").split())


def length_in(view: dict[str, Any]) -> str:
    """The value of the chosen length, "" where none was."""
    field = view.get("state", {}).get("values", {}).get(LENGTH, {}).get(LENGTH, {})
    return str((field.get("selected_option") or {}).get("value") or "")


def apply_change(desk: Desk, caller: Caller, metadata: str, reason: str) -> None:
    change = buttons.read_change(metadata)
    if change is None:
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        outcome = desk.services.apply.apply(change, by=caller.user, reason=reason)
        desk.wake()
        if isinstance(outcome, Refusal):
            caller.answer(refusals.refusal_message(outcome))
        else:
            caller.answer(applied_message(outcome, now=desk.services.clock.now()))


def undo_change(desk: Desk, caller: Caller, metadata: str) -> None:
    change = buttons.read_change(metadata)
    if change is None:
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        outcome = desk.services.undo.undo(change, by=caller.user)
        desk.wake()
        if isinstance(outcome, Refusal):
            caller.answer(refusals.refusal_message(outcome))
        else:
            caller.answer(undone_message(outcome))
