"""How numbers, times, durations and foreign text are written in Slack. Pure; knows no blocks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bot.core.durations import duration_words

SAMPLE_LIMIT = 160
NAME_LIMIT = 60
BLOCK_LIMIT = 2900
"""Slack takes 3,000 characters in one text."""

_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_BROKEN_END = re.compile(r"(&[a-z]{0,4}|<[^<>]*)$")
_PERCENT = re.compile(r"(?<=\d)%")
_BARE_CODES = re.compile(
    r"(?<![\w`./-])"
    r"(\d{1,3}(?:\.\d{1,3}){3}|[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}|[245]\.\d{1,3}\.\d{1,3})"
    r"(?![\w`/-])(?!\.\d)"
)


def percent(rate: float) -> str:
    """A rate in [0, 1] as people say it: "31 %", "6.4 %", "under 0.1 %"; never "0 %" for something, nor "100 %"
    for less than all."""
    value = rate * 100
    if 0 < value < 0.1:
        return "under 0.1 %"
    if value < 9.95:
        return f"{value:.1f}".removesuffix(".0") + " %"
    if 99.5 <= value < 100:
        return "over 99 %"
    return f"{value:.0f} %"


def count(number: int) -> str:
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 host", "2 hosts", "3 queues"; `many` where an "s" is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def window_words(span: timedelta) -> str:
    """How long a window is: "60 min", "24 h", "7 d"; minutes up to two hours and whole hours up to two days, so that
    a rate's span reads the same everywhere, and as people type it."""
    minutes = int(span.total_seconds()) // 60
    if 0 < minutes <= 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes % 60 == 0 and minutes <= 48 * 60 else duration_words(span)


def likely(low: float, high: float) -> str:
    """An interval of rates: "17–38 %"."""
    return f"{low * 100:.0f}–{high * 100:.0f} %"


def at_time(at: datetime, now: datetime) -> str:
    """A Slack date in the reader's zone: the time alone, with the day where it is not within 18 h of `now`."""
    near = abs(at - now) < timedelta(hours=18)
    utc = at.astimezone(UTC)
    form, plain = ("{time}", f"{utc:%H:%M} UTC") if near else ("{date_short_pretty} {time}", f"{utc:%d %b %H:%M} UTC")
    return f"<!date^{int(at.timestamp())}^{form}|{plain}>"


def one_line(text: str) -> str:
    """White space, control and invisible direction characters as single spaces."""
    return _SPACES.sub(" ", text).strip()


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, "…" as the last one where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Foreign text that cannot mention, link or break out; Slack shows it as it was written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fit(mrkdwn: str, limit: int = BLOCK_LIMIT) -> str:
    """Finished mrkdwn of at most `limit` characters, never cut inside an entity, a date or a code span."""
    if len(mrkdwn) <= limit:
        return mrkdwn
    cut = _BROKEN_END.sub("", mrkdwn[: limit - 2])
    return cut + ("`…" if cut.count("`") % 2 else "…")


def words(text: str, limit: int = NAME_LIMIT) -> str:
    """A foreign name inside a sentence: one line, capped, escaped, and no formatting or emoji of its own."""
    inert = re.sub(r"[*_~`:]", lambda mark: {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ", ":": "∶"}[mark[0]], one_line(text))
    return escape(clip(inert, limit))


def code(text: str, limit: int = NAME_LIMIT) -> str:
    """Foreign text in code style: nothing in it is formatted, linked or turned into an emoji."""
    inside = escape(clip(one_line(text).replace("`", "ˋ"), limit))
    return f"`{inside}`" if inside else "`(none)`"


def sample(reply: str) -> str:
    """At most 160 characters of a mail server's reply, on one line. Not escaped: for rich text and raw cells only."""
    return clip(one_line(reply), SAMPLE_LIMIT)


def spaced(text: str) -> str:
    """ "91%" as "91 %"."""
    return _PERCENT.sub(" %", text)


def sentence(text: str) -> str:
    """One of our own sentences that may hold foreign names: escaped, "91%" as "91 %", IPs and codes in code style."""
    return _BARE_CODES.sub(r"`\1`", spaced(escape(one_line(text))))


def closed(text: str) -> str:
    """With a full stop, unless it ends in one or in another end mark."""
    text = text.rstrip()
    return text if not text or text[-1] in ".!?…" else text + "."


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(names: list[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""


def short_ips(ips: list[str]) -> str:
    """IPs in code style; after the first, those in the same /24 by their last part: `192.0.2.10` `.11` `.14`."""
    shown, net = [], ""
    for ip in ips:
        head, dot, tail = ip.rpartition(".")
        shown.append(code(f".{tail}") if dot and head == net else code(ip))
        net = head
    return " ".join(shown)


def person(user: str) -> str:
    """A Slack user id as a mention-free name tag; Slack draws it as @name without pinging in an edited message."""
    return f"<@{user}>" if re.fullmatch(r"[UW][A-Z0-9]{1,20}", user) else words(user)
