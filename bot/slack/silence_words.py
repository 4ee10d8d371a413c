"""What somebody typed to silence something, or to end that. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches

from bot.core.durations import parse_duration
from bot.core.silence import LONGEST, About
from bot.slack.messages.preview import reason_problem

SILENCE, UNSILENCE, SILENCES, MAINTENANCE = "silence", "unsilence", "silences", "maintenance"
WORDS = (SILENCE, UNSILENCE, SILENCES, MAINTENANCE)
PLAN = "Write `/deferrals maintenance host mta1 22:00 2h why`; the time also as `tomorrow 02:00` or `2026-12-24 02:00`."
USAGE = "Write `/deferrals silence gmail 2h why`; in place of `gmail` also `ip 192.0.2.10`, `vmta NAME` or `host mta1`."
_LENGTH = re.compile(r"(\d{1,4}[dhms]){1,4}", re.ASCII)
TODAY, TOMORROW = "today", "tomorrow"
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"(?:sil-)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_LEAST = timedelta(minutes=1)
_NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class When:
    """When a window begins, as it was typed: a time of the day, of `day` where one was given ("tomorrow" or a date)."""

    clock: time
    day: date | str = ""

    def after(self, now: datetime) -> datetime:
        """The first such time from `now` on, in its zone; of a day that is past, as that day had it."""
        if isinstance(self.day, date):
            return datetime.combine(self.day, self.clock, now.tzinfo)
        today = datetime.combine(now.date(), self.clock, now.tzinfo)
        later = self.day == TOMORROW or (not self.day and today < now)
        return today + timedelta(days=1) if later else today


@dataclass(frozen=True, slots=True)
class Start:
    """`about` None: what `name` is, is to be found out. `when` None: now."""

    about: About | None
    name: str
    length: timedelta
    reason: str
    when: When | None = None


@dataclass(frozen=True, slots=True)
class End:
    silence: int


@dataclass(frozen=True, slots=True)
class All:
    """Which silences are there?"""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with it and what to write, as one sentence each."""

    sentence: str


Order = Start | End | All | Wrong


def order_in(text: str) -> Order | None:
    """None where it is not about silences. Slack sends a command's text with &, < and > escaped."""
    words = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split()
    verb = words[0].lower() if words else ""
    if verb == SILENCES or (verb in (SILENCE, MAINTENANCE) and len(words) == 1):
        return All()
    if verb == MAINTENANCE:
        return _window(words[1:])
    if verb == SILENCE:
        return _start(words[1:])
    return _end(words[1:]) if verb == UNSILENCE else None


def nearest_order(text: str, also: Sequence[str] = ()) -> str | None:
    """The word about silences, or of `also`, that the first one is close to, None where it is none or that word."""
    first = text.split()[0].lower() if text.split() else ""
    known = (*WORDS, *also)
    close = get_close_matches(first, known, n=1, cutoff=0.75)
    return close[0] if close and first not in known else None


def _window(words: list[str]) -> Order:
    """NAME, when, how long, why: the words but for the time are those of a silence."""
    place = next((n for n, word in enumerate(words) if _CLOCK.fullmatch(word)), None)
    if place is None:
        return Wrong(f"Expected when it begins, such as 22:00, after {words[0]}. {PLAN}")
    day, first = _day(words[place - 1]) if place else "", place
    if isinstance(day, Wrong):
        return day
    if day:
        first -= 1
    hour, minute = words[place].split(":")
    if not first:
        return Wrong(f"Expected a host, ISP, IP or VMTA before {words[0]}. {PLAN}")
    order = _start([*words[:first], *words[place + 1 :]], PLAN)
    return replace(order, when=When(time(int(hour), int(minute)), day)) if isinstance(order, Start) else order


def _day(word: str) -> date | str | Wrong:
    """ "" where the word is no day."""
    if word.lower() in (TODAY, TOMORROW):
        return word.lower()
    if not _DATE.fullmatch(word):
        return ""
    try:
        return date.fromisoformat(word)
    except ValueError:
        return Wrong(f"Expected a day such as 2026-12-24, found {word!r}. {PLAN}")


def _start(words: list[str], usage: str = USAGE) -> Order:
    about = next((one for one in About if one.value == words[0].lower()), None)
    rest = words[1:] if about is not None else words
    place = next((n for n, word in enumerate(rest) if n and _LENGTH.fullmatch(word.lower())), None)
    if place is None:
        after, found = (rest or words)[0], repr(rest[1]) if len(rest) > 1 else "nothing"
        return Wrong(f"Expected how long, such as 30m, 2h or 7d, after {after}; found {found}. {usage}")
    length = _length(rest[place])
    if isinstance(length, Wrong):
        return length
    reason = " ".join(rest[place + 1 :]).strip("\"'“”„‘’ ")
    problem = reason_problem(reason)
    if problem:
        return Wrong(f"{problem} {usage}")
    return Start(about, " ".join(rest[:place])[:_NAME_LIMIT], length, reason)


def _length(word: str) -> timedelta | Wrong:
    try:
        length = parse_duration(word)
    except ValueError:
        return Wrong(f"Expected how long, such as 30m, 2h or 7d; found {word!r}. {USAGE}")
    if not _LEAST <= length <= LONGEST:
        return Wrong(f"Expected between 1m and {LONGEST.days}d; found {word!r}. Nothing was silenced.")
    return length


def _end(words: list[str]) -> Order:
    found = _NUMBER.fullmatch(words[0]) if len(words) == 1 else None
    if found is None:
        said = repr(" ".join(words)) if words else "none"
        return Wrong(f"Expected the number of a silence, such as `/deferrals unsilence 3`; found {said}.")
    return End(int(found[1]))
