"""Silences: the list, and what became of one, told to the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import slackblocks as sb

from bot.core.durations import duration_words
from bot.core.incident import Incident
from bot.core.silence import About, Silence
from bot.slack.messages import states, texts
from bot.slack.messages.message import Json, Message, context, message, modal, section
from bot.slack.messages.preview import reason_input

SILENCE = "silence_isp"
LENGTH = "length"
LENGTHS = {"30m": "30 minutes", "2h": "2 hours", "4h": "4 hours", "8h": "8 hours", "24h": "1 day", "7d": "1 week"}
SHOWN = 12
_HINT = "End one early: `/deferrals unsilence NUMBER`. Rates are counted and shown all the same."


def silences_message(silences: Sequence[Silence], *, now: datetime) -> Message:
    """`silences` are active, the one that ends first at the front."""
    if not silences:
        text = "Nothing is silenced."
        hint = "To silence: `/deferrals silence gmail 2h why`, at most 7 days; "
        hint += "ahead of time: `/deferrals maintenance host mta1 22:00 2h why`."
        return message(text, [section(text), context(hint)], key="silences")
    ahead = sum(not one.active(now) for one in silences)
    parts = [texts.counted(len(silences) - ahead, "silence") + " in force"] if len(silences) > ahead else []
    parts += [f"{ahead} to come"] if ahead else []
    head = ", ".join(parts)
    return message(f"{head}.", [section(f"*{head}*"), *listed(silences, now)], key="silences")


def listed(silences: Sequence[Silence], now: datetime) -> list[sb.Block]:
    """Three blocks at most; at least one silence is expected."""
    lines = [_line(silence, now) for silence in silences[:SHOWN]]
    more = [context(f"…and {len(silences) - SHOWN} more that end later")] if len(silences) > SHOWN else []
    return [section("\n".join(lines)), *more, context(_HINT)]


def started_message(silence: Silence, *, now: datetime) -> Message:
    if not silence.active(now):
        return _planned_message(silence, now)
    lasts = duration_words(silence.until - silence.began_at)
    until = texts.at_time(silence.until, now)
    said = f"🔕 {_what(silence)} is silenced for {lasts}, until {until} (SIL-{silence.id}): {_reason(silence)}"
    end = f"End it early: `/deferrals unsilence {silence.id}`."
    then = f"It opens no message meanwhile; an open one is only kept true. {end}"
    return message(said, [section(said), context(then)], key=f"sil{silence.id}-started")


def _planned_message(silence: Silence, now: datetime) -> Message:
    span = f"from {texts.at_time(silence.began_at, now)} to {texts.at_time(silence.until, now)}"
    said = f"🔧 Maintenance of {_what(silence)} {span} (SIL-{silence.id}): {_reason(silence)}"
    host = " It may go dark then without a message." if silence.about is About.HOST else ""
    then = f"Until then everything is told.{host} Take it back: `/deferrals unsilence {silence.id}`."
    return message(said, [section(said), context(then)], key=f"sil{silence.id}-planned")


def ended_message(silence: Silence) -> Message:
    said = f"🔔 {_what(silence)} is no longer silenced (SIL-{silence.id})."
    return message(said, [section(said)], key=f"sil{silence.id}-ended")


def silence_view(incident: Incident) -> Json:
    """For how long its ISP is to be silenced, and why."""
    name = states.name(incident.diagnosis)
    plain = sb.TextType.PLAINTEXT
    options = [sb.Option(text=sb.Text(words, type_=plain), value=value) for value, words in LENGTHS.items()]
    field = sb.StaticSelectMenu(action_id=LENGTH, placeholder="How long", options=options, initial_option=options[1])
    blocks: list[sb.Block] = [
        section(f"*{name}* opens no message meanwhile, and `INC-{incident.id}` is only kept true. Rates stay shown."),
        sb.InputBlock(label="For", element=field, block_id=LENGTH),
        reason_input("planned list cleaning until noon"),
    ]
    return modal(
        "Silence this ISP", blocks, callback=SILENCE, submit="Silence", close="Cancel", metadata=str(incident.id)
    )


def _line(silence: Silence, now: datetime) -> str:
    until, by = texts.at_time(silence.until, now), texts.person(silence.author)
    if not silence.active(now):
        begins = texts.at_time(silence.began_at, now)
        return f"🔧 `SIL-{silence.id}` {_what(silence)} from {begins} to {until}, by {by}: {_reason(silence, 80)}"
    return f"🔕 `SIL-{silence.id}` {_what(silence)} until {until}, by {by}: {_reason(silence, 80)}"


def _what(silence: Silence) -> str:
    kind = {About.ISP: "", About.IP: "IP ", About.VMTA: "VMTA ", About.HOST: "host "}[silence.about]
    return f"{kind}{texts.code(silence.name)}"


def _reason(silence: Silence, limit: int = 160) -> str:
    return texts.closed(texts.words(silence.reason, limit))
