"""What somebody typed to take an incident, to let it go, or to end it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.slack.messages.preview import reason_problem
from bot.slack.silence_words import Wrong

_NUMBER = re.compile(r"(?:inc-?)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_NAME_LIMIT = 255


class Verb(StrEnum):
    """The value is the word for it."""

    ACK = "ack"
    UNACK = "unack"
    RESOLVE = "resolve"


_VERBS = {verb.value: verb for verb in Verb} | {"acknowledge": Verb.ACK, "close": Verb.RESOLVE}
WORDS = tuple(_VERBS)


@dataclass(frozen=True, slots=True)
class Do:
    """`number`: of the incident, None where `name` (an ISP, or "" for the only one there is) says which."""

    verb: Verb
    number: int | None
    name: str
    reason: str = ""


def incident_order(text: str) -> Do | Wrong | None:
    """None where it is none. Slack sends a command's text with &, < and > escaped."""
    words = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split()
    verb = _VERBS.get(words[0].lower()) if words else None
    if verb is None:
        return None
    if verb is Verb.RESOLVE:
        return _resolve(words[1:])
    return Do(verb, *_which(" ".join(words[1:])))


def _resolve(words: list[str]) -> Do | Wrong:
    usage = "Write `/deferrals resolve gmail why` or `/deferrals resolve INC-42 why`. Nothing was closed."
    if not words:
        return Wrong(f"Expected which incident and why; found neither. {usage}")
    reason = " ".join(words[1:]).strip("\"'“”„‘’ ")
    problem = reason_problem(reason)
    return Wrong(f"{problem} {usage}") if problem else Do(Verb.RESOLVE, *_which(words[0]), reason)


def _which(word: str) -> tuple[int | None, str]:
    number = _NUMBER.fullmatch(word)
    return (int(number[1]), "") if number else (None, word[:_NAME_LIMIT])
