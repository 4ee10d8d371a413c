"""Realistic values for message tests: one Gmail night, told small and easy to vary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.category import Category
from bot.core.change import Change, ChangeState, Expect, Outcome, Plan, Step, StepResult
from bot.core.diagnosis import (
    Considered,
    Diagnosis,
    HostLine,
    Offer,
    Overview,
    OverviewLine,
    Page,
    Point,
    ReplyLine,
    Share,
)
from bot.core.finding import Cause, Causes, Part
from bot.core.incident import Incident, IncidentState
from bot.core.model import QueueState, Tally, Window
from bot.core.tier import Tier

NOW = datetime(2026, 11, 21, 2, 55, tzinfo=UTC)
SAMPLE = (
    "421-4.7.0 [192.0.2.10      15] Our system has detected an unusual rate of unsolicited mail originating from "
    "your IP address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited."
)
HOSTILE = "421 <!channel> *urgent* <https://evil.example|click> `rm -rf` :rotating_light: & @here ```x``` \u202e\nnext"


def tally(attempts: int, deferred: int, *, bounced: int = 0) -> Tally:
    return Tally(delivered=attempts - deferred, deferred=deferred, bounced=bounced)


def reply(text: str = SAMPLE, *, count: int = 9736, **given: object) -> ReplyLine:
    values: dict[str, Any] = {
        "template": text[:80],
        "sample": text,
        "count": count,
        "code": "421 4.7.0",
        "category": Category.REPUTATION_IP,
        "severity": 3,
        "meaning": "unusual rate of mail from our IPs",
        "check": "Postmaster Tools: spam rate and IP reputation",
        "link": "https://postmaster.google.com",
    }
    return ReplyLine(**{**values, **given})


def offers() -> tuple[Offer, ...]:
    return (
        Offer("gmail-slow-ips", "Slow Gmail down on 3 IPs", "The rate is about these 3 IPs only.", stops_mail=False),
        Offer("gmail-pause-ips", "Pause these 3 IPs for Gmail", "Mail moves to the clean IPs.", stops_mail=True),
        Offer("gmail-pause-all", "Pause all Gmail mail", "Nothing goes out.", stops_mail=True),
    )


def diagnosis(**given: object) -> Diagnosis:
    """Gmail at 31 %, three of twelve IPs carrying it."""
    bad = [Share(f"192.0.2.{n}", tally(5790, 3786)) for n in (10, 11, 14)]
    good = [Share(f"192.0.2.{n}", tally(2487, 125)) for n in range(20, 29)]
    vmtas = [Share("gmail-ip-1", tally(11580, 7572)), Share("gmail-ip-2", tally(28172, 4910))]
    values: dict[str, Any] = {
        "isp": "gmail",
        "title": "Gmail",
        "at": NOW,
        "window": Window.ending(NOW, timedelta(minutes=60)),
        "now": Tally(delivered=27270, deferred=12482, bounced=214, queue_deferred=18),
        "before": tally(41200, 2472),
        "aimed": 12102,
        "tier": Tier.REPUTATION,
        "min_attempts": 50,
        "cause": Category.REPUTATION_IP,
        "replies": (
            reply(),
            reply(
                "452-4.2.2 The recipient's inbox is out of storage space.",
                count=380,
                code="452 4.2.2",
                category=Category.MAILBOX_FULL,
                meaning="the recipient's mailbox is full",
                check="",
            ),
        ),
        "ips": (*bad, *good),
        "vmtas": tuple(vmtas),
        "jobs": (Share("newsletter-1120", tally(20100, 9000)), Share("receipts", tally(9000, 450))),
        "queues": (
            QueueState("mta1", "gmail.com/gmail-ip-1", 18240, 20, paused=False, mode="normal"),
            QueueState("mta2", "gmail.com/gmail-ip-2", 10337, 14, paused=True, mode="backoff"),
        ),
        "hosts": (HostLine("mta1", 3.0), HostLine("mta2", 8.0)),
        "series": series([0.06] * 30 + [0.06 + 0.01 * n for n in range(30)]),
        "evidence": ("3 of 12 IPs carry 91% of the deferrals", "the same IPs are clean at Microsoft and Yahoo"),
        "advice": "Check the spam rate in Postmaster Tools; do not raise connections.",
        "offers": offers(),
    }
    return Diagnosis(**{**values, **given})


def series(rates: list[float], end: datetime = NOW, attempts: int = 660) -> tuple[Point, ...]:
    first = int(end.timestamp()) - 60 * len(rates)
    return tuple(Point(first + 60 * n, tally(attempts, round(attempts * rate))) for n, rate in enumerate(rates))


def calm() -> Diagnosis:
    """Back to 4 %."""
    return diagnosis(
        now=tally(38000, 1520),
        before=tally(39000, 11000),
        aimed=1500,
        tier=Tier.CLEAR,
        cause=Category.THROTTLE_NORMAL,
        replies=(reply("421-4.2.1 too quickly", count=1500, code="421 4.2.1", meaning="normal pacing"),),
        evidence=(),
        advice="",
        offers=(),
        series=series([0.3 - 0.005 * n for n in range(52)] + [0.04] * 8),
    )


def incident(state: IncidentState = IncidentState.OPEN, **given: object) -> Incident:
    resolved = state is IncidentState.RESOLVED
    values: dict[str, Any] = {
        "id": 42,
        "isp": "gmail",
        "state": state,
        "tier": Tier.CLEAR if resolved else Tier.REPUTATION,
        "opened_at": NOW - timedelta(minutes=52 if resolved else 14),
        "revision": 3,
        "peak_rate": 0.34,
        "diagnosis": calm() if resolved else diagnosis(),
        "owner": "",
        "resolved_at": NOW if resolved else None,
    }
    return Incident(**{**values, **given})


def step(number: int = 1, host: str = "mta1", **given: object) -> Step:
    queue = f"gmail.com/gmail-ip-{number}"
    values: dict[str, Any] = {
        "host": host,
        "title": f"Pause {queue} on {host}",
        "argv": ("pmta", "pause", "queue", queue),
        "undo_argv": ("pmta", "resume", "queue", queue),
        "queue": queue,
        "source_ip": "",
        "before": "running",
        "after": "paused",
        "expect": Expect.PAUSED,
        "expect_undone": Expect.NOT_PAUSED,
        "recipients": 9526,
    }
    return Step(**{**values, **given})


def plan(**given: object) -> Plan:
    values: dict[str, Any] = {
        "playbook": "gmail-pause-ips",
        "title": "Pause these 3 IPs for Gmail",
        "isp": "gmail",
        "incident": 42,
        "why": "3 of 12 IPs carry 91 % of the deferrals; the others stay in use.",
        "steps": (step(1), step(2), step(5, "mta2")),
        "lasts": timedelta(hours=4),
        "recipients": 28577,
        "volume_share": 0.437,
        "stops_mail": True,
        "notes": ("gmail.com/gmail-ip-7 on mta2 is paused already and is left out",),
    }
    return Plan(**{**values, **given})


def change(state: ChangeState = ChangeState.PLANNED, **given: object) -> Change:
    values: dict[str, Any] = {"id": 17, "plan": plan(), "state": state, "planned_at": NOW, "planned_by": "U0ANN"}
    if state not in (ChangeState.PLANNED, ChangeState.WITHDRAWN):
        values |= {
            "applied_by": "U0ANN",
            "reason": "rate doubled",
            "applied_at": NOW,
            "ends_at": NOW + timedelta(hours=4),
            "results": tuple(StepResult(n, Outcome.CONFIRMED, "ok", NOW) for n in range(3)),
        }
    if state in (ChangeState.UNDONE, ChangeState.EXPIRED):
        values |= {"ended_at": NOW + timedelta(minutes=40), "ended_by": "U0BO"}
    return Change(**{**values, **given})


def overview(**given: object) -> Overview:
    rows = [
        ("gmail", "Gmail", 39752, 12482, Tier.REPUTATION, Category.REPUTATION_IP, "421 4.7.0", 42),
        ("microsoft", "Microsoft", 22310, 1562, Tier.THROTTLE, Category.CONNECTION_LIMIT, "451 4.7.652", None),
        ("yahoo", "Yahoo", 9000, 270, Tier.CLEAR, Category.THROTTLE_NORMAL, "421", None),
        *((f"isp{n}.example", f"isp{n}.example", 900 - n, 20, Tier.CLEAR, None, "", None) for n in range(12)),
    ]
    lines = [
        OverviewLine(isp, title, tally(attempts, deferred), tally(attempts, deferred // 2), tier, cause, code, inc)
        for isp, title, attempts, deferred, tier, cause, code, inc in rows
    ]
    values: dict[str, Any] = {
        "at": NOW,
        "window": Window.ending(NOW, timedelta(minutes=60)),
        "lines": tuple(lines),
        "few": 9,
        "min_attempts": 50,
        "hosts": tuple(HostLine(f"mta{n}", 2.0 * n) for n in range(1, 7)),
        "active_changes": 1,
    }
    return Overview(**{**values, **given})


def owned(found: Incident, owner: str) -> Incident:
    return replace(found, owner=owner)


def cause(category: Category, count: int, share: float, **given: object) -> Cause:
    values: dict[str, Any] = {
        "category": category,
        "severity": 3,
        "code": "421 4.7.0",
        "meaning": "unusual rate of mail from our IPs",
        "deferred": count,
        "bounced": 0,
        "share": share,
        "low": share * 0.95,
        "high": min(1.0, share * 1.05),
        "templates": (),
        "ips": tuple(Part(f"192.0.2.{n}", count // 3, 5790) for n in (10, 11, 14)),
        "vmtas": (Part("gmail-ip-1", count, 11_580),),
        "before": count,
        "first": int((NOW - timedelta(minutes=60)).timestamp()),
        "last": int((NOW - timedelta(minutes=1)).timestamp()),
    }
    return Cause(**{**values, **given})


def causes(doubt: str = "") -> Causes:
    """Reputation by volume, a listed IP beside it, and a pacing that is over."""
    half_past = int((NOW - timedelta(minutes=25)).timestamp())
    reputation = cause(Category.REPUTATION_IP, 9736, 0.78, before=812)
    pacing = cause(Category.THROTTLE_NORMAL, 2600, 0.2, last=half_past, severity=1)
    listed = cause(
        Category.BLOCKLIST, 185, 0.015, first=half_past, before=0, severity=4, ips=(Part("192.0.2.14", 185, 400),)
    )
    other = cause(Category.OTHER, 4, 0.001, weak="only 4 replies", ips=())
    return Causes((reputation, pacing, listed, other), reputation, listed, doubt, recipient=380, pacing=2600)


def told(**given: object) -> Diagnosis:
    """Gmail with everything that a diagnosis finds out."""
    values: dict[str, Any] = {
        "causes": causes(),
        "considered": (
            Considered("gmail-pause-all", "Pause all Gmail mail", "from 50 % deferred on"),
            Considered("gmail-slow-vmtas", "Slow 2 VMTAs", "the same IPs are clean at Yahoo: it would hold good mail"),
        ),
        "check": (
            "Postmaster Tools, spam rate of the last days (24-72 h late); above 0.07 %: find the campaign or segment.",
            "Postmaster Tools, IP reputation, each sending IP named above.",
        ),
        "pages": (
            Page("Postmaster Tools", "https://postmaster.google.com/"),
            Page("Gmail sender guidelines", "https://support.google.com/a/answer/81126"),
        ),
    }
    return diagnosis(**{**values, **given})
