"""One incident as one message, from the alert to the all-clear; edited in place, so it must stay true for hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import slackblocks as sb

from bot.core.change import ACTIVE, Change, ChangeState
from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState
from bot.slack.messages import buttons, course, fleet, numbers, states, texts, why
from bot.slack.messages.causes import danger_beside
from bot.slack.messages.message import Message, context, message, section

_STANDING = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)


def incident_message(
    incident: Incident, changes: Sequence[Change], *, now: datetime, chart: Sequence[sb.Block] = ()
) -> Message:
    """`changes` are all that were ever applied for it, oldest first; `chart` is drawn between cause and advice."""
    key = f"inc{incident.id}-{incident.revision}"
    _, color, _ = states.incident_look(incident)
    if incident.state is IncidentState.RESOLVED:
        return _resolved(incident, changes, now, chart, key, color)
    body: list[sb.Block] = [section("\n".join(_head(incident, changes, now)))]
    body += [section(text) for text in (why.why(incident.diagnosis),) if text] + why.sample(incident.diagnosis)
    tail: list[sb.Block] = [section(text) for text in (why.do(incident.diagnosis, incident.state),) if text]
    tail += why.beside(incident.diagnosis) if incident.state in _STANDING else []
    actions = _open_actions(incident, changes)
    tail += [sb.ActionsBlock(elements=actions)] if actions else []
    notes = (_where(incident), *course.notes(incident, now), *fleet.troubles(incident.diagnosis.hosts))
    tail += [context(line) for line in notes]
    return message(_fallback(incident, changes), [*body, *chart], key=key, color=color, tail=tail)


def _active(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.state in ACTIVE]


def _headline(incident: Incident) -> str:
    diagnosis = incident.diagnosis
    mark, _, word = states.incident_look(incident)
    trend, cause = states.trend_words(diagnosis), states.cause_words(diagnosis)
    told = diagnosis.judged and not diagnosis.blind
    moving = incident.state in (IncidentState.MITIGATING, IncidentState.RECOVERING)
    state = word if moving else states.tier_plain(incident.tier) if told else ""
    line = f"{mark} *{states.name(diagnosis)} · {states.rate_words(diagnosis)}*" + (f" ({trend})" if trend else "")
    return " · ".join([line, *(part for part in (state, cause, danger_beside(diagnosis)) if part)])


def _head(incident: Incident, changes: Sequence[Change], now: datetime) -> list[str]:
    diagnosis = incident.diagnosis
    hosts = [line for line in diagnosis.hosts if not line.trouble]
    parts = [numbers.mail(diagnosis) or f"no attempts in {states.span(diagnosis)}", states.lately(diagnosis)]
    parts += [texts.counted(len(hosts), "host")] if hosts else []
    parts.append(f"since {texts.at_time(incident.opened_at, now)}")
    lines = [_headline(incident), " · ".join(filter(None, parts)), *filter(None, [why.worst_places(diagnosis)])]
    return lines + [_in_force(change, now) for change in _active(changes)]


def _in_force(change: Change, now: datetime) -> str:
    """ "*Now:* pause 3 queues by @ann, until 18:05, by itself"."""
    who = f" by {texts.person(change.applied_by)}" if change.applied_by else ""
    what = f"*Now:* {texts.words(change.plan.title, 120)} (CHG-{change.id}){who}"
    if change.state is ChangeState.APPLYING:
        return f"{what}, being applied"
    if change.state is ChangeState.UNDOING:
        return f"{what}, being taken back"
    return what + (f", until {texts.at_time(change.ends_at, now)}, by itself" if change.ends_at else "")


def _open_actions(incident: Incident, changes: Sequence[Change]) -> list[sb.Element]:
    """The recommended action first (while nothing is in force) or Undo; two more at most; the rest in the menu."""
    active = _active(changes)
    taken = {change.plan.playbook for change in active}
    offers = [offer for offer in incident.diagnosis.offers if offer.playbook not in taken]
    value = buttons.incident_value(incident.id, incident.revision)
    shown: list[sb.Element] = []
    options: list[tuple[str, str]] = []
    undoable = [change for change in reversed(active) if change.state is ChangeState.APPLIED]
    if undoable:
        shown.append(buttons.undo_button(undoable[0].id))
        options += [(buttons.label(f"Undo: {c.plan.title} (CHG-{c.id})"), f"undo:{c.id}") for c in undoable[1:]]
    elif offers and not active:
        ident = buttons.apply_value(incident.id, incident.revision, offers[0].playbook)
        shown.append(buttons.offer_button(offers[0], 0, ident))
        offers = offers[1:]
    if not incident.owner:
        shown.append(buttons.acknowledge_button(value))
    shown.append(buttons.diagnose_button(value))
    options += buttons.offer_options(offers, incident.id, incident.revision)
    last = [buttons.resolve_option(incident.id, incident.revision)]
    if incident.life.hush is None:
        last.insert(0, buttons.silence_option(incident.id, incident.revision))
    options = [*options[: buttons.OPTION_LIMIT - len(last)], *last]
    rest = buttons.menu(options)
    return [*shown, rest] if rest is not None else shown


def _where(incident: Incident) -> str:
    """ "INC-42 · nobody yet · data 8 s old at 02:55"."""
    diagnosis = incident.diagnosis
    owner = texts.person(incident.owner) if incident.owner else "nobody yet"
    fresh = f"{fleet.oldest_data(diagnosis.hosts)} at {texts.at_time(diagnosis.at, diagnosis.at)}"
    return f"`INC-{incident.id}` · {owner} · {fresh}"


def _fallback(incident: Incident, changes: Sequence[Change]) -> str:
    """ "Gmail is deferring 31 % of our mail (was 6 % an hour ago): IP reputation. Suggested: …"."""
    diagnosis = incident.diagnosis
    title, trend, cause = states.name(diagnosis), states.trend_words(diagnosis), states.cause_words(diagnosis)
    if diagnosis.judged and not diagnosis.blind:
        does = "refusing" if diagnosis.by_refusal else "deferring"
        said = f"{title} is {does} {texts.percent(diagnosis.told_rate)} of our mail" + (f" ({trend})" if trend else "")
    else:
        said = f"{title}: {states.rate_words(diagnosis)}"
    said = texts.closed(said + (f": {cause}" if cause else ""))
    active = _active(changes)
    if active:
        return f"{said} In force: {texts.closed(texts.words(active[-1].plan.title, 120))}"
    offer = None if incident.state is IncidentState.RECOVERING else next(iter(diagnosis.offers), None)
    return said + (f" Suggested: {texts.closed(texts.words(offer.title, 120))}" if offer else "")


def _resolved(
    incident: Incident, changes: Sequence[Change], now: datetime, chart: Sequence[sb.Block], key: str, color: str
) -> Message:
    diagnosis = incident.diagnosis
    ended = incident.resolved_at or diagnosis.at
    took, peak = duration_words(max(ended - incident.opened_at, timedelta(0))), texts.percent(incident.peak_rate)
    rate = f"back to {texts.percent(diagnosis.now.rate)}" if diagnosis.judged else "over"
    rate = f"closed by hand at {texts.percent(diagnosis.told_rate)}" if incident.life.closed else rate
    peak += " refused" if incident.life.refused else ""
    title = states.name(diagnosis)
    when = f"{texts.at_time(incident.opened_at, now)} to {texts.at_time(ended, now)}"
    head = f"🟢 *{title} · {rate}* after {took} (peak {peak})\n{when}"
    done = _done(incident, changes, now)
    undo = [change for change in changes if change.state is ChangeState.APPLIED]
    actions: list[sb.Element] = [buttons.undo_button(undo[-1].id, f"Undo: {undo[-1].plan.title}")] if undo else []
    rest = buttons.menu([(buttons.label(f"Undo: {c.plan.title} (CHG-{c.id})"), f"undo:{c.id}") for c in undo[:-1]])
    actions += [buttons.diagnose_button(buttons.incident_value(incident.id, incident.revision))]
    actions += [rest] if rest is not None else []
    tail: list[sb.Block] = [
        section(done),
        sb.ActionsBlock(elements=actions),
        context(_closed_by(incident)),
    ]
    said = texts.closed(
        f"{title} is {rate} deferred after {took} (peak {peak})" if diagnosis.judged else f"{title} is over"
    )
    return message(f"{said} {_plain_done(changes)}", [section(head), *chart], key=key, color=color, tail=tail)


def _closed_by(incident: Incident) -> str:
    owner = f" · {texts.person(incident.owner)}" if incident.owner else ""
    closed = incident.life.closed
    by_hand = f" by {texts.person(closed.by)}: {texts.words(closed.reason, 120)}" if closed else ""
    return " · ".join([f"`INC-{incident.id}` · resolved{by_hand or owner}", *course.past(incident)])


_ENDED = {
    ChangeState.APPLYING: "being applied",
    ChangeState.FAILED: "did not take effect",
    ChangeState.UNDOING: "being taken back",
    ChangeState.UNDONE: "taken back",
    ChangeState.EXPIRED: "ended by itself",
}


def _done(incident: Incident, changes: Sequence[Change], now: datetime) -> str:
    """What was done, newest last, and what is still in force."""
    if not changes:
        return "*Done:* nothing was changed by us."
    lines = ["*Done:*"]
    if len(changes) > 8:
        lines.append(f"• …{len(changes) - 8} earlier changes")
    for change in changes[-8:]:
        who = f" by {texts.person(change.applied_by)}" if change.applied_by else ""
        came_of_it = f"{_end(change, now)}{course.since(incident, change)}"
        lines.append(f"• {texts.words(change.plan.title, 120)} (CHG-{change.id}){who}{came_of_it}")
    return "\n".join(lines)


def _end(change: Change, now: datetime) -> str:
    if change.state is ChangeState.APPLIED:
        until = f" until {texts.at_time(change.ends_at, now)}, then it ends by itself" if change.ends_at else ""
        return f" · *still in force*{until}"
    at = f" {texts.at_time(change.ended_at, now)}" if change.ended_at else ""
    return f" · {_ENDED.get(change.state, change.state.value)}{at}"


def _plain_done(changes: Sequence[Change]) -> str:
    active = _active(changes)
    if active:
        return f"Still in force: {texts.closed(texts.words(active[-1].plan.title, 120))}"
    helped = [change for change in changes if change.state is not ChangeState.FAILED]
    return f"Done: {texts.closed(texts.words(helped[-1].plan.title, 120))}" if helped else "Nothing was changed by us."
