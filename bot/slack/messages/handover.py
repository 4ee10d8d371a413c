"""What a shift hands over: what is open, what was done, what holds, what needs somebody next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import slackblocks as sb

from bot.core.change import ACTIVE, Change
from bot.core.incident import Incident
from bot.core.outage import OutageState
from bot.core.shift import Shift
from bot.core.tier import Tier
from bot.slack.messages import buttons, course, fleet, states, texts
from bot.slack.messages.incidents import line
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.overview import rate_now

OPEN, OVER, CHANGES, ISPS = 6, 6, 6, 5
SOON = timedelta(hours=2)


def handover_message(shift: Shift, *, shared_by: str = "") -> Message:
    """`shared_by`: who shows it in the channel, "" for the private answer, which has the button for that."""
    span = texts.window_words(shift.at - shift.since)
    numbers = (
        f"{len(shift.open)} open, {len(shift.over)} over, {texts.counted(len(_in_force(shift)), 'change')} in force"
    )
    by = f" · by {texts.person(shared_by)}" if shared_by else ""
    blocks: list[sb.Block] = [section(f"*Handover, last {span}* · {numbers}{by}")]
    blocks += _part("Needs somebody", _next(shift))
    blocks += _part("Open", [line(one, shift.at) for one in shift.open], OPEN)
    blocks += _part("Over", [_ended(one, shift) for one in shift.over], OVER)
    blocks += _part("In force", [_held(change, shift) for change in _in_force(shift)], CHANGES)
    blocks += _part("Hosts", _hosts(shift))
    blocks += _part("Silenced", [_quiet(shift)] if shift.silences else [])
    blocks += _part("ISPs now", _isps(shift), ISPS)
    if not shared_by:
        minutes = (shift.at - shift.since) // timedelta(minutes=1)
        blocks.append(sb.ActionsBlock(elements=[buttons.share_button(minutes)]))
    blocks.append(context(f"{texts.at_time(shift.since, shift.at)} to {texts.at_time(shift.at, shift.at)}"))
    return message(f"Handover of the last {span}: {numbers}.", blocks, key=f"handover-{int(shift.at.timestamp())}")


def _part(title: str, lines: Iterable[str], most: int = 8) -> list[sb.Block]:
    lines = list(lines)
    if not lines:
        return []
    more = [f"…and {len(lines) - most} more"] if len(lines) > most else []
    return [section(texts.fit("\n".join([f"*{title}*", *lines[:most], *more])))]


def _in_force(shift: Shift) -> list[Change]:
    return [change for change in shift.changes if change.state in ACTIVE]


def _next(shift: Shift) -> Iterable[str]:
    """What the next one has to see to, in order."""
    for incident in shift.open:
        if not incident.owner:
            yield f"• `INC-{incident.id}` {states.name(incident.diagnosis)}: nobody has it"
    for change in _in_force(shift):
        if change.ends_at is not None and change.ends_at - shift.at <= SOON:
            at = texts.at_time(change.ends_at, shift.at)
            yield f"• `CHG-{change.id}` {texts.words(change.plan.title, 80)} ends {at}: see whether it holds without"
    for silence in shift.silences:
        if silence.until - shift.at <= SOON:
            until = texts.at_time(silence.until, shift.at)
            yield f"• `SIL-{silence.id}` {texts.code(silence.name)} is told again from {until}"


def _ended(incident: Incident, shift: Shift) -> str:
    made = shift.made_for(incident)
    helped = [f"{texts.words(change.plan.title, 80)}{course.since(incident, change)}" for change in made[-2:]]
    by_hand = f"closed by {texts.person(incident.life.closed.by)}" if incident.life.closed else ""
    return " · ".join(filter(None, [line(incident, shift.at), by_hand, *helped]))


def _held(change: Change, shift: Shift) -> str:
    until = f" until {texts.at_time(change.ends_at, shift.at)}" if change.ends_at else ""
    who = f" by {texts.person(change.applied_by)}" if change.applied_by else ""
    return f"• `CHG-{change.id}` {texts.words(change.plan.title, 100)}{who}{until}"


def _hosts(shift: Shift) -> Iterable[str]:
    outage = shift.outage
    if outage is not None:
        names = texts.listed([texts.code(host.host) for host in outage.hosts[:4]])
        more = f" and {len(outage.hosts) - 4} more" if len(outage.hosts) > 4 else ""
        over = (
            ""
            if outage.state is OutageState.OPEN
            else f", over {texts.at_time(outage.resolved_at or shift.at, shift.at)}"
        )
        yield f"• `OUT-{outage.id}` {names}{more} without data since {texts.at_time(outage.opened_at, shift.at)}{over}"
    yield f"• {texts.capital(fleet.fleet_words(shift.overview.hosts))}"


def _quiet(shift: Shift) -> str:
    first = min(shift.silences, key=lambda one: one.until)
    number = texts.counted(len(shift.silences), "silence")
    return f"• {number}, the first ({texts.code(first.name)}) until {texts.at_time(first.until, shift.at)}"


def _isps(shift: Shift) -> list[str]:
    over = [found for found in shift.overview.lines if found.tier > Tier.CLEAR]
    if shift.overview.blind:
        return ["• not known: no fresh data"]
    told = [f"{states.tier_mark(found.tier)} {states.name(found)} {rate_now(found)}" for found in over]
    return told or ["🟢 every ISP is normal"]
