"""From a reply nobody understands to a rule of one's own: the button, its window, and what is submitted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.core.category import Category
from bot.core.change import Refusal
from bot.core.proposal import Proposal
from bot.services.adopt import Choice
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.messages import preview, refusals, texts
from bot.slack.messages.message import Json
from bot.slack.messages.unknown import (
    ADOPT,
    CATEGORY,
    MEANING,
    Wanted,
    adopted_message,
    changed_since,
    no_category,
    read_wanted,
    rule_view,
    seen_of,
)


def register_adoption(app: App, desk: Desk) -> None:
    def clicked(ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond) -> None:
        ack()
        wanted = read_wanted(str(action.get("value") or ""))
        desk.start(desk.caller(body, respond), lambda caller: propose(desk, caller, wanted))

    def submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        choice = choice_in(view)
        if choice is None:
            ack(response_action="errors", errors={CATEGORY: no_category()})
            return
        ack()
        wanted = read_wanted(view["private_metadata"])
        desk.start(desk.caller(body), lambda caller: adopt(desk, caller, wanted, choice))

    app.action(re.compile(r"propose_\d+"))(clicked)
    app.view(ADOPT)(submitted)


def choice_in(view: Json) -> Choice | None:
    """What was chosen and typed, None where no category of ours was."""
    values = view.get("state", {}).get("values", {})
    option = values.get(CATEGORY, {}).get(CATEGORY, {}).get("selected_option") or {}
    typed = values.get(MEANING, {}).get(MEANING, {}).get("value") or ""
    try:
        return Choice(Category(str(option.get("value"))), meaning=" ".join(str(typed).split()))
    except ValueError:
        return None


def propose(desk: Desk, caller: Caller, wanted: Wanted | None) -> None:
    """Role, then a window at once (its trigger lives three seconds), then the rule or why there is none."""
    if wanted is None:
        desk.tell(caller, refusals.unknown_button())
        return
    if not desk.may_apply(caller):
        return
    view_id, _ = caller.open_view(preview.loading_view("Propose a rule"))
    view = preview.refusal_view(refusals.no_preview())
    try:
        found = _proposal(desk, wanted)
        view = preview.refusal_view(_told(found)) if isinstance(found, Refusal) else rule_view(found, wanted)
    finally:
        caller.update_view(view_id, view)


def adopt(desk: Desk, caller: Caller, wanted: Wanted | None, choice: Choice) -> None:
    """Only the rule that was shown is written, and once: a second time finds it in the file."""
    if wanted is None:
        desk.tell(caller, refusals.unknown_button())
        return
    if not desk.may_apply(caller):
        return
    found = _proposal(desk, wanted)
    if isinstance(found, Refusal):
        desk.tell(caller, _told(found))
    elif seen_of(found) != wanted.seen:
        desk.tell(caller, changed_since())
    else:
        _adopt(desk, caller, found, choice)


def _adopt(desk: Desk, caller: Caller, proposal: Proposal, choice: Choice) -> None:
    outcome = desk.services.adopt.adopt([proposal], choice, by=caller.user)
    if isinstance(outcome, Refusal):
        desk.tell(caller, _told(outcome))
    else:
        caller.answer(adopted_message(outcome.rules[0], proposal.cluster.count, choice.category, outcome.file))


def _proposal(desk: Desk, wanted: Wanted) -> Proposal | Refusal:
    return desk.services.propose.proposal(wanted.cluster, timedelta(hours=wanted.hours))


def _told(refusal: Refusal) -> str:
    return texts.escape(refusal.sentence)
