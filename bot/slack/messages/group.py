"""Several incidents told as one: what they share, each in a line, worst first; edited until all of them are over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import slackblocks as sb

from bot.core.durations import duration_words
from bot.core.grouping import same_ips
from bot.core.incident import Incident, IncidentState
from bot.slack.messages import buttons, fleet, states, texts, why
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.pages import ask_button
from bot.slack.words import Asked, Topic

LINES = 10


def group_message(lead: Incident, members: Sequence[Incident], *, now: datetime) -> Message:
    """`members`: at least one, in any order. `lead` gives it its number and revision."""
    every = sorted([lead, *members], key=lambda one: (_over(one), -one.tier, -one.diagnosis.told_rate, one.id))
    standing = [one for one in every if not _over(one)]
    key = f"grp{lead.id}-{lead.revision}"
    if not standing:
        return _all_over(lead, every, now, key)
    mark, color, _ = states.incident_look(standing[0])
    head = f"{mark} *{_number(len(standing))} at once · worst {_worst(standing[0])}*"
    began = min(one.opened_at for one in every)
    small = [f"since {texts.at_time(began, now)}"]
    small += [f"{len(every) - len(standing)} over by now"] if len(every) > len(standing) else []
    body: list[sb.Block] = [section(f"{head}\n{' · '.join(small)}"), section(f"*Why together:* {_why(lead, members)}")]
    body.append(section("\n".join(_lines(every))))
    worst = standing[0]
    advice = why.do(worst.diagnosis, worst.state)
    tail: list[sb.Block] = [section(f"*First {states.name(worst.diagnosis)}.* {advice}")] if advice else []
    shown: list[sb.Element] = []
    if worst.diagnosis.offers and worst.state in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED):
        offer = worst.diagnosis.offers[0]
        shown.append(buttons.offer_button(offer, 0, buttons.apply_value(worst.id, worst.revision, offer.playbook)))
    if any(not one.owner for one in standing):
        shown.append(buttons.acknowledge_button(buttons.incident_value(lead.id, lead.revision)))
    if len(shown) < 3:
        shown.append(ask_button(Asked(Topic.INCIDENTS), 0, "All of them"))
    options = [
        (buttons.label(f"Diagnose {one.diagnosis.title}"), f"diagnose:{buttons.incident_value(one.id, one.revision)}")
        for one in standing[: buttons.OPTION_LIMIT]
    ]
    menu = buttons.menu(options)
    tail.append(sb.ActionsBlock(elements=[*shown, *([menu] if menu is not None else [])]))
    fresh = f"{fleet.oldest_data(standing[0].diagnosis.hosts)} at {texts.at_time(standing[0].diagnosis.at, now)}"
    tail.append(context(f"`INC-{lead.id}` · {fresh}"))
    said = f"{_number(len(standing))} at once, worst {_worst(standing[0])}. {texts.capital(_why(lead, members))}"
    return message(said.replace("`", ""), body, key=key, color=color, tail=tail)


def joined_message(incident: Incident) -> Message:
    """What stood alone and is told in another message now."""
    name = states.name(incident.diagnosis)
    said = f"🔗 *{name}* is told together with others now, in `INC-{incident.lead}`."
    plain = f"{name} is told in INC-{incident.lead} now, together with others."
    return message(plain, [section(said), context(f"`INC-{incident.id}`")], key=f"inc{incident.id}-{incident.revision}")


def _all_over(lead: Incident, every: Sequence[Incident], now: datetime, key: str) -> Message:
    began = min(one.opened_at for one in every)
    ended = max(one.resolved_at or now for one in every)
    took = duration_words(max(ended - began, timedelta(0)))
    peak = max(every, key=lambda one: one.peak_rate)
    said = f"{_number(len(every))} are back to normal after {took}"
    worst = f"worst {states.name(peak.diagnosis)}, peak {texts.percent(peak.peak_rate)}"
    when = f"{texts.at_time(began, now)} to {texts.at_time(ended, now)}"
    body: list[sb.Block] = [section(f"🟢 *{said}* ({worst})\n{when}"), section("\n".join(_lines(every)))]
    tail: list[sb.Block] = [
        sb.ActionsBlock(elements=[ask_button(Asked(Topic.INCIDENTS), 0, "All of them")]),
        context(f"`INC-{lead.id}` · resolved"),
    ]
    _, color, _ = states.incident_look(lead)
    return message(f"{said} ({worst}).", body, key=key, color=color, tail=tail)


def _why(lead: Incident, members: Sequence[Incident]) -> str:
    where = lead.diagnosis.contrast
    if where is not None and all(same_ips(lead.diagnosis, one.diagnosis) for one in members):
        ips = texts.short_ips(list(where.ips[:4]))
        more = f" and {len(where.ips) - 4} more" if len(where.ips) > 4 else ""
        return f"the same source IPs are refused at all of them ({ips}{more}): it is theirs, not an ISP's."
    shared = "our network and DNS, a host, a campaign"
    return f"they crossed within minutes of each other. Look first at what they share: {shared}."


def _lines(every: Sequence[Incident]) -> list[str]:
    more = [f"…and {len(every) - LINES} more"] if len(every) > LINES else []
    return [*(_line(one) for one in every[:LINES]), *more]


def _line(incident: Incident) -> str:
    """ "🔴 *Gmail* 62 % deferred · IP reputation · `INC-43` · @ann"."""
    diagnosis = incident.diagnosis
    mark = states.incident_look(incident)[0]
    if _over(incident):
        return f"{mark} {states.name(diagnosis)} is over · `INC-{incident.id}`"
    owner = texts.person(incident.owner) if incident.owner else ""
    parts = [states.cause_words(diagnosis), f"`INC-{incident.id}`", owner]
    return " · ".join(filter(None, [f"{mark} *{states.name(diagnosis)}* {states.rate_words(diagnosis)}", *parts]))


def _worst(incident: Incident) -> str:
    return f"{states.name(incident.diagnosis)} {states.rate_words(incident.diagnosis)}"


def _number(count: int) -> str:
    return texts.counted(count, "ISP")


def _over(incident: Incident) -> bool:
    return incident.state is IncidentState.RESOLVED
