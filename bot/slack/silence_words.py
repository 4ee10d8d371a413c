"""What somebody typed to silence something, or to end that. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from bot.core.durations import parse_duration
from bot.core.silence import LONGEST, About
from bot.slack.messages.preview import reason_problem

SILENCE, UNSILENCE, SILENCES = "silence", "unsilence", "silences"
WORDS = (SILENCE, UNSILENCE, SILENCES)
USAGE = "Write `/deferrals silence gmail 2h why`; in place of `gmail` also `ip 192.0.2.10`, `vmta NAME` or `host mta1`."
_LENGTH = re.compile(r"(\d{1,4}[dhms]){1,4}", re.ASCII)
_NUMBER = re.compile(r"(?:sil-)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_LEAST = timedelta(minutes=1)
_NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Start:
    """`about` None: what `name` is, is to be found out."""

    about: About | None
    name: str
    length: timedelta
    reason: str


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
    if verb == SILENCES or (verb == SILENCE and len(words) == 1):
        return All()
    if verb == SILENCE:
        return _start(words[1:])
    return _end(words[1:]) if verb == UNSILENCE else None


def nearest_order(text: str, also: Sequence[str] = ()) -> str | None:
    """The word about silences, or of `also`, that the first one is close to, None where it is none or that word."""
    first = text.split()[0].lower() if text.split() else ""
    known = (*WORDS, *also)
    close = get_close_matches(first, known, n=1, cutoff=0.75)
    return close[0] if close and first not in known else None


def _start(words: list[str]) -> Order:
    about = next((one for one in About if one.value == words[0].lower()), None)
    rest = words[1:] if about is not None else words
    place = next((n for n, word in enumerate(rest) if n and _LENGTH.fullmatch(word.lower())), None)
    if place is None:
        after, found = (rest or words)[0], repr(rest[1]) if len(rest) > 1 else "nothing"
        return Wrong(f"Expected how long, such as 30m, 2h or 7d, after {after}; found {found}. {USAGE}")
    length = _length(rest[place])
    if isinstance(length, Wrong):
        return length
    reason = " ".join(rest[place + 1 :]).strip("\"'“”„‘’ ")
    problem = reason_problem(reason)
    if problem:
        return Wrong(f"{problem} {USAGE}")
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
