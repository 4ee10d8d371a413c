"""The incidents a person can start, by name, and what each does to which provider and source IP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.sim.fleet import replies, trouble_replies
from bot.sim.fleet.replies import ReplyText


@dataclass(frozen=True, slots=True)
class Strain:
    """How one provider turns on some source IPs (all where `ips` is empty). Rates are attempts per minute.

    The provider tolerates `tolerates` attempts a minute of a suspected IP; from there to `unbearable` its
    answer climbs to the chance `worst` of a deferral, and over an hour of hammering to `at_last`. `grows_s`
    and `cools_s` are time constants of that; suspicion itself halves every `forgives_s` of good conduct.
    For `surge_s` from the start, `surge` multiplies new mail on these IPs: the campaign that caused it all.
    """

    isp: str
    ips: tuple[str, ...]
    answers: tuple[ReplyText, ...]
    worst: float
    at_last: float
    tolerates: float
    unbearable: float
    grows_s: float = 240.0
    cools_s: float = 240.0
    forgives_s: float = 900.0
    surge: float = 1.0
    surge_s: int = 2700


@dataclass(frozen=True, slots=True)
class Scenario:
    """One incident. `expects` is where the ISP's 60-minute rate stands 45 to 60 minutes in, nothing done.

    `isp` is the one it is about ("" for calm); `lasts_s` ends it by itself; `job` is the campaign behind it.
    """

    name: str
    title: str
    isp: str
    expects: tuple[float, float]
    strains: tuple[Strain, ...] = ()
    job: str = ""
    lasts_s: int | None = None


GMAIL_BAD: Final = ("192.0.2.10", "192.0.2.12")
LISTED_IP: Final = "192.0.2.31"
SECOND_HOST: Final = ("192.0.2.12", "192.0.2.13", "192.0.2.42", "192.0.2.32", "192.0.2.33")
"""What the second of two hosts sends from."""

_ALL: Final = (
    Scenario("calm", "Calm: every provider takes the mail", "", (0.0, 0.05)),
    Scenario(
        "gmail-throttle",
        "Gmail paces us (421 4.2.1)",
        "gmail",
        (0.07, 0.13),
        (Strain("gmail", (), replies.GMAIL_PACING, 0.085, 0.09, 8, 16),),
    ),
    Scenario(
        "gmail-reputation",
        "Gmail limits two IPs for their reputation (421 4.7.0)",
        "gmail",
        (0.30, 0.75),
        (Strain("gmail", GMAIL_BAD, replies.GMAIL_REPUTATION, 0.82, 0.92, 8, 18, grows_s=60, surge=1.8),),
        job="winback-november",
    ),
    Scenario(
        "microsoft-rp001",
        "Microsoft limits an IP for its reputation (RP-001)",
        "microsoft",
        (0.25, 0.60),
        (Strain("microsoft", ("192.0.2.41",), replies.MICROSOFT_RP001, 0.70, 0.84, 6, 16, grows_s=120),),
    ),
    Scenario(
        "microsoft-rp002",
        "Microsoft: too many connections (RP-002)",
        "microsoft",
        (0.13, 0.25),
        (Strain("microsoft", (), replies.MICROSOFT_RP002, 0.25, 0.27, 8, 18, grows_s=90, cools_s=90, forgives_s=600),),
    ),
    Scenario(
        "yahoo-tss04",
        "Yahoo defers an IP for volume or complaints (TSS04)",
        "yahoo",
        (0.25, 0.70),
        (Strain("yahoo", ("192.0.2.21",), replies.YAHOO_TSS04, 0.54, 0.66, 6, 16, grows_s=120),),
        job="daily-deals",
    ),
    Scenario(
        "blocklist",
        "One IP is on a blocklist, several ISPs refuse it",
        "comcast",
        (0.25, 0.80),
        tuple(
            Strain(isp, (LISTED_IP,), replies.LISTED[isp], 0.85, 0.90, 0.5, 2, grows_s=60, forgives_s=2400)
            for isp in ("comcast", "apple", "microsoft")
        ),
    ),
    Scenario(
        "microsoft-block",
        "Microsoft blocks an IP (S3150): nothing is deferred, all of its mail is refused",
        "microsoft",
        (0.0, 0.05),
        (Strain("microsoft", ("192.0.2.41",), trouble_replies.MICROSOFT_OWN_LIST, 0.97, 0.97, -1, -0.5, grows_s=30),),
    ),
    Scenario(
        "isp-outage",
        "Apple's servers fail (4xx and timeouts on all IPs)",
        "apple",
        (0.50, 1.0),
        (Strain("apple", (), replies.APPLE_OUTAGE, 1.0, 1.0, -1, -0.5, grows_s=30, cools_s=60),),
        lasts_s=75 * 60,
    ),
    Scenario(
        "gmail-authentication",
        "A DKIM key is gone: Gmail slows and refuses unsigned mail (5.7.26)",
        "gmail",
        (0.10, 0.45),
        (Strain("gmail", (), trouble_replies.GMAIL_AUTH, 0.5, 0.5, -1, -0.5, grows_s=30, cools_s=60),),
        lasts_s=75 * 60,
    ),
    Scenario(
        "host-resolver",
        "One of our hosts has lost its resolver: every ISP, that host only",
        "apple",
        (0.15, 0.70),
        tuple(
            Strain(isp, SECOND_HOST, trouble_replies.NO_RESOLVER, 0.6, 0.6, -1, -0.5, grows_s=30, cools_s=60)
            for isp in ("gmail", "microsoft", "yahoo", "apple", "comcast")
        ),
        lasts_s=75 * 60,
    ),
)

SCENARIOS: Final[dict[str, Scenario]] = {scenario.name: scenario for scenario in _ALL}
