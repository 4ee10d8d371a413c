"""Realistic values for the answers beside a diagnosis: a day of Gmail, its campaigns, three hosts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.answers import Campaigns, History, HostReport, last_hours
from bot.core.diagnosis import HostLine, Point, Share, Usual
from bot.core.model import BadRows, HostFacts, HostHealth
from tests.diagnoses import NOW, tally


def history(of_hours: int = 24, **given: object) -> History:
    """Calm at 4 %, with a bad stretch three hours ago."""
    window = last_hours(NOW, timedelta(hours=of_hours))
    first = int(window.start.timestamp())
    rates = [0.04] * of_hours
    rates[-4:-1] = [0.18, 0.34, 0.22]
    values: dict[str, Any] = {
        "isp": "gmail",
        "title": "Gmail",
        "at": NOW,
        "window": window,
        "begins": window.start,
        "hours": tuple(Point(first + 3600 * n, tally(39_000, round(39_000 * rate))) for n, rate in enumerate(rates)),
        "min_attempts": 50,
        "usual": Usual(12, 0.04),
    }
    return History(**{**values, **given})


def campaigns(**given: object) -> Campaigns:
    values: dict[str, Any] = {
        "at": NOW,
        "window": last_hours(NOW, timedelta(hours=24)),
        "isp": "gmail",
        "title": "Gmail",
        "jobs": (
            Share("newsletter-1120", tally(201_000, 90_000)),
            Share("receipts", tally(90_000, 4_500)),
            Share("welcome", tally(12, 3)),
        ),
        "whole": tally(320_000, 96_000),
    }
    return Campaigns(**{**values, **given})


def host_reports() -> tuple[HostReport, ...]:
    known = HostFacts(columns=("dlvSourceIp", "timeLogged", "vmta"), utc_offset_s=7200)
    odd = HostFacts(
        columns=("timeLogged", "vmta"),
        skew_s=75,
        bad=(BadRows("wrong number of fields", 12, "d,2026-11-21 02:41:07+0000,<x>*@gmail.com"), BadRows("NUL", 1, "")),
    )
    warning = "its clock is 75 s ahead of ours; times are corrected"
    return (
        HostReport(HostLine("mta1", 3.0), HostHealth("mta1", NOW, facts=known, queues_at=NOW), 212, 12_300),
        HostReport(
            HostLine("mta2", 8.0, warning=warning),
            HostHealth("mta2", NOW, facts=odd, queues_at=NOW),
            2_000,
            98_000,
            complete=False,
        ),
        HostReport(
            HostLine("mta7", 400.0, "no data for 6 min: no answer within 10 s", queues_seen=False),
            HostHealth("mta7", NOW, queues_at=NOW - timedelta(minutes=7)),
            80,
            900,
        ),
        HostReport(HostLine("mta9", None, "not read yet", queues_seen=False), None, None, 0),
    )
