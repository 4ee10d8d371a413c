"""What somebody typed after `/deferrals`, as a question, and the question as a button keeps it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address

from bot.core.durations import parse_duration

WORD_LIMIT = 80
NAME_LIMIT = 255
"""Of a source IP, a VMTA or a campaign, and of an ISP's key in a button."""
LONG_FROM = timedelta(hours=12)
"""A time from so long on asks for the history; a shorter one is the window of the diagnosis."""
LONGEST = timedelta(days=400)
PAGES = 9_999
_MINUTE = timedelta(minutes=1)
_WINDOW = re.compile(r"(\d{1,4}[dhms]){1,4}", re.ASCII)
_INCIDENT = re.compile(r"(?:inc|incident)[- ]?(\d{1,9})", re.ASCII)
_DIGITS = re.compile(r"\d{1,6}", re.ASCII)


class Topic(StrEnum):
    """What is asked about; the value is the word for it."""

    ALL = "list"
    HELP = "help"
    HOSTS = "hosts"
    ISP = "isp"
    IPS = "ips"
    VMTAS = "vmtas"
    REPLIES = "replies"
    CAMPAIGNS = "campaigns"
    QUEUES = "queues"
    HISTORY = "history"
    IP = "ip"
    VMTA = "vmta"
    JOB = "job"
    UNKNOWN = "unknown"
    INCIDENTS = "incidents"
    INCIDENT = "inc"
    HANDOVER = "handover"


VIEWS = (Topic.IPS, Topic.VMTAS, Topic.REPLIES, Topic.CAMPAIGNS, Topic.QUEUES, Topic.HISTORY)
"""What can be asked of one ISP."""
PLACES = {Topic.IP: Topic.IPS, Topic.VMTA: Topic.VMTAS, Topic.JOB: Topic.CAMPAIGNS}
"""What is asked of all ISPs together -> the view of one ISP that lists such."""
_WORDS = {
    Topic.ALL: ("", "all", "list", "status", "overview"),
    Topic.HELP: ("help", "?", "-h", "--help"),
    Topic.HOSTS: ("hosts", "host"),
    Topic.IPS: ("ips", "ip", "sources"),
    Topic.VMTAS: ("vmtas", "vmta"),
    Topic.REPLIES: ("replies", "reply"),
    Topic.CAMPAIGNS: ("campaigns", "campaign", "jobs", "job"),
    Topic.QUEUES: ("queues", "queue"),
    Topic.HISTORY: ("history", "trend"),
    Topic.UNKNOWN: ("unknown",),
    Topic.INCIDENTS: ("incidents", "incident", "inc"),
    Topic.HANDOVER: ("handover", "handoff", "shift"),
}
_TOPICS = {topic.value for topic in Topic}
_TOPIC = {word: topic for topic, words in _WORDS.items() for word in words}
_PLACE = {"ip": Topic.IP, "source": Topic.IP, "vmta": Topic.VMTA, "job": Topic.JOB, "campaign": Topic.JOB}


@dataclass(frozen=True, slots=True)
class Asked:
    """`subject`: the ISP, host, source IP, VMTA or campaign, "" for all of them. `length`: how far back, None for the
    usual window. `page`: of a long answer, from 1."""

    topic: Topic
    subject: str = ""
    length: timedelta | None = None
    page: int = 1

    @property
    def words(self) -> str:
        """As one would type it: "gmail ips 24h"."""
        view = "" if self.topic is Topic.ISP else self.topic.value
        first = self.topic in PLACES or self.topic is Topic.INCIDENT
        name = (view, self.subject) if first else (self.subject, view)
        return " ".join(filter(None, (*name, _length_word(self.length))))

    @property
    def value(self) -> str:
        """As a button keeps it: `<topic>:<minutes or 0>:<page>:<subject>`."""
        minutes = self.length // _MINUTE if self.length else 0
        return f"{self.topic}:{minutes}:{self.page}:{self.subject}"


def read_asked(value: str) -> Asked | None:
    """The question of a button, None where the value is not one of ours."""
    topic, minutes, page, subject = (*value.split(":", 3), "", "", "")[:4]
    numbers = _DIGITS.fullmatch(minutes) and _DIGITS.fullmatch(page)
    if topic not in _TOPICS or not numbers or len(subject) > NAME_LIMIT:
        return None
    length = min(LONGEST, int(minutes) * _MINUTE) or None
    return Asked(Topic(topic), subject, length, max(1, min(int(page), PAGES)))


def asked_for(text: str) -> Asked:
    """The question: "Gmail 24h" is ISP gmail with 24 hours, "gmail ips 24h" and "24h ips gmail" are the same.

    Names of ISPs and hosts in lower case, others as typed. Slack sends a command's text with &, < and > escaped.
    """
    typed = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    words, length = _without_windows(typed.split())
    lower = [word.lower() for word in words]
    subject = " ".join(lower)[:WORD_LIMIT]
    if subject in _TOPIC:
        return Asked(_TOPIC[subject], length=length)
    if number := _INCIDENT.fullmatch(subject):
        return Asked(Topic.INCIDENT, number[1])
    if lower[0] in _PLACE:
        return Asked(_PLACE[lower[0]], " ".join(words[1:])[:NAME_LIMIT], length)
    if len(words) == 1 and is_ip(words[0]):
        return Asked(Topic.IP, words[0], length)
    if Topic.UNKNOWN in (lower[0], lower[-1]):
        others = [word for word in lower if _TOPIC.get(word) not in (Topic.UNKNOWN, Topic.REPLIES)]
        return Asked(Topic.UNKNOWN, " ".join(others)[:WORD_LIMIT], length)
    for topic, others in ((_TOPIC.get(lower[0]), lower[1:]), (_TOPIC.get(lower[-1]), lower[:-1])):
        if topic is Topic.HOSTS or topic in VIEWS:
            return Asked(topic, " ".join(others)[:WORD_LIMIT], length)
    return Asked(Topic.ISP, subject, length)


def is_ip(word: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def _without_windows(words: list[str]) -> tuple[list[str], timedelta | None]:
    """The words but those that are a time, as long as others are left; the first time counts."""
    times = [word for word in words if _WINDOW.fullmatch(word.lower())]
    others = [word for word in words if word not in times]
    if not others:
        return words[:1], _length(words[1]) if len(words) > 1 else None
    return others, _length(times[0]) if times else None


def _length(word: str) -> timedelta | None:
    """Whole minutes, at least one and at most `LONGEST`; None for no time at all ("0m")."""
    try:
        asked = parse_duration(word)
    except ValueError:
        return None
    return min(LONGEST, max(_MINUTE, asked // _MINUTE * _MINUTE))


def _length_word(length: timedelta | None) -> str:
    """ "15m", "24h", "7d", "1h30m"."""
    hours, minutes = divmod(length // _MINUTE if length else 0, 60)
    if not minutes and hours > 48 and hours % 24 == 0:
        return f"{hours // 24}d"
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")


def nearest_topic(word: str, *, least: int = 4, cutoff: float = 0.7) -> str | None:
    """The topic that a misspelt word means, None where none is near. Words of fewer than `least` letters are not
    compared with: alone they are like too many others."""
    names = [name for topic in _WORDS if topic is not Topic.ALL for name in _WORDS[topic] if len(name) >= least]
    close = get_close_matches(word, names, n=1, cutoff=cutoff)
    return _TOPIC[close[0]].value if close else None


def misspelt_view(subject: str) -> tuple[str, Topic] | None:
    """("gmail", REPLIES) of "gmail rplies": the rest, and the view its first or last word may mean."""
    words = subject.split()
    for word, rest in ((words[-1], words[:-1]), (words[0], words[1:])) if len(words) > 1 else ():
        topic = nearest_topic(word, least=3, cutoff=0.65)
        if topic is not None and Topic(topic) in VIEWS:
            return " ".join(rest), Topic(topic)
    return None
