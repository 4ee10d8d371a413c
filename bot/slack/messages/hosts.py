"""The answer to `/deferrals hosts`: every host, how well it is seen and what is odd about its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import slackblocks as sb

from bot.core.answers import HostReport
from bot.core.durations import duration_words
from bot.core.facts import VIEWS
from bot.core.model import BadRows, HostFacts
from bot.slack.messages import buttons, fleet, texts
from bot.slack.messages.message import Message, context, message, section

CHARACTERS = 9_000
"""All hosts together; what does not fit is counted."""
SECTION = 2_600
REASONS = 3
SAMPLE = 60


def hosts_message(reports: Sequence[HostReport], *, at: datetime, asked: str = "") -> Message:
    """Those in trouble first. `asked`: only hosts whose name holds it."""
    chosen = [report for report in reports if asked.lower() in report.line.host.lower()]
    ranked = sorted(chosen, key=lambda report: -_weight(report))
    told = list(_fitting([_host(report, at) for report in ranked]))
    blocks: list[sb.Block] = [section(_head(reports, chosen, asked)), *(section(text) for text in _packed(told))]
    left = len(ranked) - len(told)
    blocks += [context(f"…and {texts.counted(left, 'more host')}. `/deferrals hosts NAME` shows one.")] if left else []
    blocks.append(sb.ActionsBlock(elements=[buttons.overview_button()]))
    blocks.append(context(f"at {texts.at_time(at, at)}"))
    return message(_sentence(reports), blocks, key=f"hosts-{int(at.timestamp())}")


def _weight(report: HostReport) -> int:
    if report.line.trouble:
        return 3
    return 2 if report.line.warning else 1 if _facts(report).bad else 0


def _facts(report: HostReport) -> HostFacts:
    return report.health.facts if report.health is not None else HostFacts()


def _head(reports: Sequence[HostReport], chosen: Sequence[HostReport], asked: str) -> str:
    head = f"*Hosts* · {fleet.fleet_words([report.line for report in reports])}"
    if not asked:
        return head
    found = f"{len(chosen)} of {texts.counted(len(reports), 'host')}" if chosen else "no host"
    return f"{head} · {found} with {texts.code(asked, 40)} in the name"


def _host(report: HostReport, at: datetime) -> str:
    """One line for a healthy host; more for what is odd."""
    line = report.line
    mark = "⚠" if line.trouble or line.warning else "✔"
    first = " · ".join([f"{mark} {texts.code(line.host)} {_age(report)}", *_seen(report, at)])
    said = line.trouble or line.warning
    more = [texts.closed(texts.capital(texts.sentence(texts.clip(said, 240))))] if said else []
    more += [text for text, word in (*_clock(_facts(report)), *_missing(_facts(report))) if word not in said]
    more += _bad(_facts(report).bad)
    return "\n".join([first, *(f"· {text}" for text in more)])


def _age(report: HostReport) -> str:
    age = report.line.age_s
    if age is None:
        return "never read to the end"
    return f"data {age:.0f} s old" if age < 120 else f"data {age // 60:.0f} min old"


def _seen(report: HostReport, at: datetime) -> Iterable[str]:
    """Its queues, and how old that is where it is not of now."""
    health = report.health
    if report.queues is None:
        yield "queues not seen"
        return
    cut = "" if report.complete else ", more than PMTA lists"
    words = f"{texts.counted(report.queues, 'queue')}, {texts.count(report.waiting)} waiting{cut}"
    if not report.line.queues_seen:
        when = f", seen {duration_words(at - health.queues_at)} ago" if health and health.queues_at else ", old"
        words += when
    yield words


def _clock(facts: HostFacts) -> Iterable[tuple[str, str]]:
    """Zone and error of the clock, where there is something to tell, each with the word that a warning says it in."""
    if facts.utc_offset_s:
        hours, minutes = divmod(abs(facts.utc_offset_s) // 60, 60)
        yield f"Zone UTC{'+' if facts.utc_offset_s > 0 else '-'}{hours:02}:{minutes:02}.", "zone"
    if facts.skew_s:
        yield f"Clock {abs(facts.skew_s)} s {'ahead of' if facts.skew_s > 0 else 'behind'} ours.", "clock"


def _missing(facts: HostFacts) -> Iterable[tuple[str, str]]:
    """Columns that no file of the host has. Where no header was seen nothing is known to be missing."""
    for column, view in VIEWS.items():
        if "timeLogged" in facts.columns and column not in facts.columns:
            yield f"No column {texts.code(column)}, so nothing is told apart by {view}.", column


def _bad(bad: Sequence[BadRows]) -> Iterable[str]:
    """Rows that could not be read, by reason, with the beginning of one each."""
    for rows in sorted(bad, key=lambda rows: -rows.count)[:REASONS]:
        sample = f": {texts.code(rows.sample, SAMPLE)}" if rows.sample else ""
        yield f"{texts.counted(rows.count, 'bad row')}, {texts.words(rows.reason)}{sample}"
    if len(bad) > REASONS:
        yield f"…and {len(bad) - REASONS} more kinds of bad rows"


def _fitting(hosts: Sequence[str]) -> Iterable[str]:
    used = 0
    for text in hosts:
        used += len(text) + 1
        if used > CHARACTERS:
            return
        yield text


def _packed(hosts: Sequence[str]) -> list[str]:
    """As few sections as will hold them."""
    packed: list[str] = []
    for text in hosts:
        if packed and len(packed[-1]) + len(text) < SECTION:
            packed[-1] += "\n" + text
        else:
            packed.append(text)
    return packed


def _sentence(reports: Sequence[HostReport]) -> str:
    lines = [report.line for report in reports]
    odd = [line for line in lines if line.trouble or line.warning]
    return texts.closed(
        texts.capital(fleet.fleet_words(lines)) + (f"; {texts.counted(len(odd), 'host')} with trouble" if odd else "")
    )
