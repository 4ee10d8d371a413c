"""Take an incident, let it go, end it: from the words or the button to the use case and its private answer."""

from __future__ import annotations

from bot.core.change import Refusal
from bot.core.incident import Incident
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.incident_words import Do, Verb
from bot.slack.messages import buttons, refusals, texts
from bot.slack.messages.incidents import let_go_message, resolve_view, resolved_message, taken_message
from bot.slack.silence_words import Wrong


def obey_incident(desk: Desk, caller: Caller, order: Do | Wrong) -> None:
    """Everybody may take one and let go of their own; only operators may end one."""
    if isinstance(order, Wrong):
        desk.tell(caller, texts.escape(order.sentence))
        return
    if order.verb is Verb.RESOLVE and not desk.may_apply(caller):
        return
    number = _number(desk, order)
    if isinstance(number, str):
        desk.tell(caller, texts.escape(number))
        return
    _do(desk, caller, order.verb, number, order.reason)


def open_resolve(desk: Desk, caller: Caller, value: str) -> None:
    """From the menu of an incident: role, then the window."""
    incident = desk.incident_of(caller, value)
    if incident is not None and desk.may_apply(caller):
        caller.open_view(resolve_view(incident))


def resolve_incident(desk: Desk, caller: Caller, metadata: str, reason: str) -> None:
    """As the window was filled in; checked like anything that comes from outside."""
    number = buttons.read_change(metadata)
    if number is None:
        desk.tell(caller, refusals.unknown_button())
    elif desk.may_apply(caller):
        _do(desk, caller, Verb.RESOLVE, number, reason)


def _do(desk: Desk, caller: Caller, verb: Verb, number: int, reason: str) -> None:
    services, user = desk.services, caller.user
    if verb is Verb.ACK:
        outcome, told = services.acknowledge.acknowledge(number, by=user), taken_message
    elif verb is Verb.UNACK:
        outcome, told = services.acknowledge.let_go(number, by=user), let_go_message
    else:
        outcome, told = services.resolve.resolve(number, by=user, reason=reason), resolved_message
    desk.wake()
    caller.answer(refusals.refusal_message(outcome) if isinstance(outcome, Refusal) else told(outcome))


def _number(desk: Desk, order: Do) -> int | str:
    """Which incident is meant, or a sentence that says why that cannot be told."""
    if order.number is not None:
        return order.number
    standing = desk.services.incidents.unresolved()
    if not order.name:
        return standing[0].id if len(standing) == 1 else _which_one(standing, order.verb)
    known = desk.services.diagnose.known_isps()
    isp = desk.services.isps.resolve(order.name, known)
    if isp is None:
        near = desk.services.isps.nearest(order.name, known)
        return f"No ISP is called {order.name!r}{f'; did you mean {near}?' if near else ''} Nothing was done."
    found = next((one for one in standing if one.isp == isp), None)
    return found.id if found else f"{isp} has no open incident. Nothing was done."


def _which_one(standing: tuple[Incident, ...], verb: Verb) -> str:
    if not standing:
        return "No incident is open. Nothing was done."
    names = ", ".join(f"INC-{one.id} ({one.isp})" for one in standing[:5])
    more = f" and {len(standing) - 5} more" if len(standing) > 5 else ""
    return f"{len(standing)} are open: {names}{more}. Write `/deferrals {verb} INC-{standing[0].id}`."
