"""App Home: the fleet, what is wrong, what is applied right now and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import slackblocks as sb

from bot.core.change import Change, ChangeState
from bot.core.diagnosis import HostLine, Overview
from bot.core.incident import Incident
from bot.core.silence import Silence
from bot.core.tier import Tier
from bot.slack.messages import buttons, fleet, states, texts
from bot.slack.messages.message import Json, context, home_tab, section
from bot.slack.messages.overview import NOT_KNOWN, rate_now, rising
from bot.slack.messages.silences import listed

INCIDENTS, CHANGES, HOSTS, ISPS, ENDS = 10, 10, 20, 8, 5


def home_view(
    overview: Overview,
    incidents: Sequence[Incident],
    changes: Sequence[Change],
    silences: Sequence[Silence] = (),
    *,
    now: datetime,
) -> Json:
    """`changes` and `silences` are those in force now. At most 90 blocks, whatever the fleet."""
    blocks: list[sb.Block] = [section(_state(overview, incidents, changes))]
    blocks += [sb.HeaderBlock("Open incidents"), *_incidents(incidents, now)]
    blocks += [sb.HeaderBlock("In force right now"), *_changes(changes, now)]
    blocks += [sb.HeaderBlock("Silenced"), *listed(silences, now), *_ends(silences)] if silences else []
    blocks += [sb.HeaderBlock("Fleet"), *_hosts(overview.hosts)]
    blocks += [sb.HeaderBlock(f"ISPs, last {texts.window_words(overview.window.length)}"), section(_isps(overview))]
    blocks.append(context(f"As of {texts.at_time(overview.at, now)} · opens fresh each time · `/deferrals help`"))
    return home_tab(blocks)


def _ends(silences: Sequence[Silence]) -> list[sb.Block]:
    shown = [buttons.unsilence_button(one.id, place) for place, one in enumerate(silences[:ENDS])]
    return [sb.ActionsBlock(elements=list(shown))]


def _state(overview: Overview, incidents: Sequence[Incident], changes: Sequence[Change]) -> str:
    calm = "⚪" if overview.blind else "🟢"
    mark = states.incident_look(max(incidents, key=lambda i: i.tier))[0] if incidents else calm
    what = f"{texts.counted(len(incidents), 'open incident')}" if incidents else "Nothing is open"
    return f"{mark} *{what}* · {texts.counted(len(changes), 'change')} in force · {fleet.fleet_words(overview.hosts)}"


def _incidents(incidents: Sequence[Incident], now: datetime) -> list[sb.Block]:
    blocks: list[sb.Block] = []
    for incident in incidents[:INCIDENTS]:
        diagnosis = incident.diagnosis
        mark, _, word = states.incident_look(incident)
        owner = texts.person(incident.owner) if incident.owner else "nobody yet"
        line = (
            f"{mark} *{states.name(diagnosis)} · {states.rate_words(diagnosis)}* · {word}\n"
            f"`INC-{incident.id}` · {owner} · since {texts.at_time(incident.opened_at, now)}"
        )
        blocks.append(section(line))
        if not incident.owner:
            value = buttons.incident_value(incident.id, incident.revision)
            blocks.append(sb.ActionsBlock(elements=[buttons.acknowledge_button(value)]))
    if len(incidents) > INCIDENTS:
        blocks.append(context(f"…and {len(incidents) - INCIDENTS} more"))
    return blocks or [section("None.")]


def _changes(changes: Sequence[Change], now: datetime) -> list[sb.Block]:
    blocks: list[sb.Block] = []
    for change in changes[:CHANGES]:
        until = f"ends {texts.at_time(change.ends_at, now)}, by itself" if change.ends_at else "no end set"
        state = {ChangeState.APPLYING: "being applied", ChangeState.UNDOING: "being taken back"}.get(
            change.state, until
        )
        who = f" · {texts.person(change.applied_by)}" if change.applied_by else ""
        line = (
            f"*{texts.words(change.plan.title, 120)}*\n`CHG-{change.id}` · `INC-{change.plan.incident}`{who} · {state}"
        )
        blocks.append(section(line))
        if change.state is ChangeState.APPLIED:
            blocks.append(sb.ActionsBlock(elements=[buttons.undo_button(change.id, f"Undo CHG-{change.id}")]))
    if len(changes) > CHANGES:
        blocks.append(context(f"…and {len(changes) - CHANGES} more"))
    return blocks or [section("Nothing.")]


def _hosts(hosts: Sequence[HostLine]) -> list[sb.Block]:
    if not hosts:
        return [section("No host has been seen yet.")]
    lines = [_host(line) for line in sorted(hosts, key=lambda line: (not line.trouble, line.host))[:HOSTS]]
    more = [f"…and {len(hosts) - HOSTS} more"] if len(hosts) > HOSTS else []
    return [section("\n".join([*lines, *more]))]


def _host(line: HostLine) -> str:
    if line.trouble:
        return fleet.trouble(line)
    return f"✔ {texts.code(line.host)} data {line.age_s or 0:.0f} s old"


def _isps(overview: Overview) -> str:
    if overview.blind:
        return texts.closed(texts.capital(NOT_KNOWN))
    lines = []
    for line in overview.lines[:ISPS]:
        cause = f" · {line.cause.words}" if line.cause and line.tier > Tier.CLEAR else ""
        share = f"{rate_now(line)} of {texts.count(line.now.attempts)}"
        lines.append(f"{states.tier_mark(line.tier)} *{states.name(line)}* {share}{cause}")
    more = [f"…and {len(overview.lines) - ISPS} more"] if len(overview.lines) > ISPS else []
    listed = [*lines, *more] or [f"No ISP with {overview.min_attempts} attempts or more."]
    return "\n".join([*listed, *filter(None, [rising(overview)])])
