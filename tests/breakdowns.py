"""Realistic values for the views of one ISP, and of one IP, VMTA or campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.breakdown import Answered, Line, Of, Place, Queued, Queues, Replies, Sources, There, queued
from bot.core.category import Category
from bot.core.diagnosis import HostLine, QueueTrend, ReplyLine
from bot.core.model import QueueState, Tally, Window
from tests.diagnoses import NOW, reply, tally

WINDOW = Window.ending(NOW, timedelta(minutes=60))
HOSTS = (HostLine("mta1", 3.0), HostLine("mta2", 8.0))


def line(number: int, of: Of) -> Line:
    bad = number < 3
    queue = QueueState("mta1", f"gmail.com/gmail-ip-{number}", 18_240, 20, paused=bad, mode="normal")
    return Line(
        key=f"192.0.2.{number}" if of is Of.IP else f"gmail-ip-{number}",
        tally=tally(5790, 3786) if bad else tally(2487, 125),
        reply=reply() if bad else reply(code="421 4.2.1", category=Category.THROTTLE_NORMAL),
        beside=(f"gmail-ip-{number}",) if of is Of.IP else (f"192.0.2.{number}", f"192.0.2.{number + 100}"),
        queues=(queue,) if of is Of.VMTA else (),
    )


def sources(count: int = 12, **given: object) -> Sources:
    of = given.get("of", Of.IP)
    assert isinstance(of, Of)
    lines = tuple(line(number, of) for number in range(count))
    values: dict[str, Any] = {
        "of": of,
        "isp": "gmail",
        "title": "Gmail",
        "at": NOW,
        "window": WINDOW,
        "lines": lines,
        "whole": sum((each.tally for each in lines), Tally()),
        "untold": Tally(),
        "hosts": HOSTS,
    }
    return Sources(**{**values, **given})


def replies(count: int = 3, **given: object) -> Replies:
    kinds = (
        reply(),
        reply(
            "421-4.2.1 The user you are trying to contact is receiving mail too quickly.",
            count=2100,
            code="421 4.2.1",
            category=Category.THROTTLE_NORMAL,
            meaning="Gmail is pacing us",
        ),
        reply(
            "452-4.2.2 over quota", count=380, code="452 4.2.2", category=Category.MAILBOX_FULL, meaning="mailbox full"
        ),
    )
    values: dict[str, Any] = {
        "isp": "gmail",
        "title": "Gmail",
        "at": NOW,
        "window": WINDOW,
        "lines": tuple(Answered(kinds[number % 3], 3) for number in range(count)),
        "whole": Tally(delivered=27_270, deferred=12_482, bounced=214),
        "hosts": HOSTS,
    }
    return Replies(**{**values, **given})


def queue(number: int) -> tuple[str, QueueState, QueueTrend]:
    name, waiting = f"gmail.com/gmail-ip-{number}", 18_240 // (number + 1)
    error = "421-4.7.0 [192.0.2.10] Our system has detected an unusual rate" if number == 0 else ""
    state = QueueState(
        "mta1", name, waiting, 20, paused=number == 1, mode="backoff" if number == 2 else "normal", last_error=error
    )
    return "gmail", state, QueueTrend("mta1", name, waiting, waiting, 4_000 if number == 0 else waiting)


def queues(count: int = 4, **given: object) -> Queues:
    lines: tuple[Queued, ...] = queued(queue(number) for number in range(count))
    values: dict[str, Any] = {"isp": "gmail", "title": "Gmail", "at": NOW, "lines": lines, "hosts": HOSTS}
    return Queues(**{**values, **given})


def place(**given: object) -> Place:
    of = given.get("of", Of.IP)
    assert isinstance(of, Of)
    told: tuple[tuple[str, ReplyLine], ...] = (("Gmail", reply(count=3786)),)
    values: dict[str, Any] = {
        "of": of,
        "key": {Of.IP: "192.0.2.10", Of.VMTA: "gmail-ip-1", Of.JOB: "campaign-981"}[of],
        "at": NOW,
        "window": WINDOW,
        "lines": (
            There("gmail", "Gmail", tally(5790, 3786), tally(33_962, 8_696)),
            There("yahoo", "Yahoo", tally(2100, 42), tally(6_900, 228)),
            There("example.org", "example.org", tally(12, 3), tally(0, 0)),
        ),
        "ips": ("192.0.2.10", "2001:db8::10") if of is Of.VMTA else (),
        "vmtas": ("gmail-ip-1",) if of is Of.IP else (),
        "on": ("mta1",),
        "beside": WINDOW,
        "replies": () if of is Of.JOB else told,
        "hosts": HOSTS,
    }
    return Place(**{**values, **given})
