"""Silences: the list, and what became of one, told to the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.durations import duration_words
from bot.core.silence import About, Silence
from bot.slack.messages import texts
from bot.slack.messages.message import Message, context, message, section

SHOWN = 12
_HINT = "End one early: `/deferrals unsilence NUMBER`. Rates are counted and shown all the same."


def silences_message(silences: Sequence[Silence], *, now: datetime) -> Message:
    """`silences` are active, the one that ends first at the front."""
    if not silences:
        text = "Nothing is silenced."
        hint = "To silence: `/deferrals silence gmail 2h why`, at most 7 days."
        return message(text, [section(text), context(hint)], key="silences")
    lines = [_line(silence, now) for silence in silences[:SHOWN]]
    more = [context(f"…and {len(silences) - SHOWN} more that end later")] if len(silences) > SHOWN else []
    head = f"{texts.counted(len(silences), 'silence')} in force"
    return message(f"{head}.", [section(f"*{head}*"), section("\n".join(lines)), *more, context(_HINT)], key="silences")


def started_message(silence: Silence, *, now: datetime) -> Message:
    lasts = duration_words(silence.until - silence.began_at)
    until = texts.at_time(silence.until, now)
    said = f"🔕 {_what(silence)} is silenced for {lasts}, until {until} (SIL-{silence.id}): {_reason(silence)}"
    end = f"End it early: `/deferrals unsilence {silence.id}`."
    then = f"It opens no message meanwhile; an open one is only kept true. {end}"
    return message(said, [section(said), context(then)], key=f"sil{silence.id}-started")


def ended_message(silence: Silence) -> Message:
    said = f"🔔 {_what(silence)} is no longer silenced (SIL-{silence.id})."
    return message(said, [section(said)], key=f"sil{silence.id}-ended")


def _line(silence: Silence, now: datetime) -> str:
    until, by = texts.at_time(silence.until, now), texts.person(silence.author)
    return f"🔕 `SIL-{silence.id}` {_what(silence)} until {until}, by {by}: {_reason(silence, 80)}"


def _what(silence: Silence) -> str:
    kind = {About.ISP: "", About.IP: "IP ", About.VMTA: "VMTA ", About.HOST: "host "}[silence.about]
    return f"{kind}{texts.code(silence.name)}"


def _reason(silence: Silence, limit: int = 160) -> str:
    return texts.closed(texts.words(silence.reason, limit))
