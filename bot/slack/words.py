"""What somebody typed after `/deferrals`, as a question. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum

from bot.core.durations import parse_duration

WORD_LIMIT = 80
LONG_FROM = timedelta(hours=12)
"""A time from so long on asks for the history; a shorter one is the window of the diagnosis."""
LONGEST = timedelta(days=400)
_WINDOW = re.compile(r"(\d{1,4}[dhms]){1,4}", re.ASCII)


class Topic(StrEnum):
    """What is asked about; the value is the word for it."""

    ALL = "list"
    HELP = "help"
    HOSTS = "hosts"
    CAMPAIGNS = "campaigns"
    ISP = "isp"


_WORDS = {
    Topic.ALL: ("", "all", "list", "status", "overview"),
    Topic.HELP: ("help", "?", "-h", "--help"),
    Topic.HOSTS: ("hosts", "host"),
    Topic.CAMPAIGNS: ("campaigns", "campaign", "jobs", "job"),
}
_TOPIC = {word: topic for topic, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Asked:
    """`subject`: the ISP or host, "" for all of them. `length`: how far back, None for the usual window."""

    topic: Topic
    subject: str = ""
    length: timedelta | None = None


def asked_for(text: str) -> Asked:
    """The question, in lower case: "Gmail 24h" is ISP gmail with 24 hours, "gmail campaigns" and "campaigns gmail" are
    the same.

    Slack sends a command's text with &, < and > escaped.
    """
    typed = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    words = typed.strip().lower().split()
    length = None
    while len(words) > 1 and _WINDOW.fullmatch(words[-1]):
        length = _length(words.pop())
    subject = " ".join(words)[:WORD_LIMIT]
    if subject in _TOPIC:
        return Asked(_TOPIC[subject], length=length)
    for topic, others in ((_TOPIC.get(words[0]), words[1:]), (_TOPIC.get(words[-1]), words[:-1])):
        if topic in (Topic.HOSTS, Topic.CAMPAIGNS):
            return Asked(topic, " ".join(others)[:WORD_LIMIT], length)
    return Asked(Topic.ISP, subject, length)


def _length(word: str) -> timedelta | None:
    """Whole minutes, at least one and at most `LONGEST`; None for no time at all ("0m")."""
    try:
        asked = parse_duration(word)
    except ValueError:
        return None
    return min(LONGEST, max(timedelta(minutes=1), asked // timedelta(minutes=1) * timedelta(minutes=1)))


def nearest_topic(word: str) -> str | None:
    """The topic that a misspelt word means, None where none is near."""
    names = [name for topic in (Topic.HELP, Topic.HOSTS, Topic.CAMPAIGNS) for name in _WORDS[topic] if len(name) > 3]
    close = get_close_matches(word, names, n=1, cutoff=0.75)
    return _TOPIC[close[0]].value if close else None
