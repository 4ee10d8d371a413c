"""Mail of an hour as minute tallies would tell it, seeded: everyday replies of the simulated providers and troubles.

Nothing here knows how the causes are found. Volumes and everyday rates differ from IP to IP, as they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from random import Random

from bot.core.causes import Key
from bot.core.model import Tally
from bot.core.reply import template
from bot.sim.fleet.replies import EVERYDAY, ReplyText

TITLES = {"gmail": "Gmail", "microsoft": "Microsoft", "yahoo": "Yahoo", "apple": "Apple", "comcast": "Comcast"}
JOBS = ("daily-deals", "receipts", "news-weekly", "winback", "digest", "invites")
_ABOUT = {
    "ip": "192.0.2.10", "rcpt": "someone@mailbox.example", "local": "someone", "domain": "mailbox.example",
    "mx": "mx.mailbox.example", "id": "0123456789abc", "stamp": "1763600000",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trouble:
    """Who answers what to which of our mail. Empty means all; `rate` is the chance of an attempt to be hit."""

    answers: tuple[ReplyText, ...]
    rate: float
    isps: tuple[str, ...]
    ips: tuple[int, ...] = ()
    vmtas: tuple[int, ...] = ()
    hosts: tuple[int, ...] = ()
    jobs: tuple[int, ...] = ()

    def hits(self, isp: str, ip: int, vmta: int, host: int, job: int) -> bool:
        return (
            isp in self.isps
            and (not self.ips or ip in self.ips)
            and (not self.vmtas or vmta in self.vmtas)
            and (not self.hosts or host in self.hosts)
            and (not self.jobs or job in self.jobs)
        )


@dataclass(frozen=True, slots=True)
class Ours:
    """How we send: `volume` attempts an hour of the mean IP to the ISP in question. IP number n sends from host
    n % `hosts` and by VMTA n // `per_vmta`. IPs numbered in `new` have hardly sent before; they send `new_volume`."""

    ips: int = 12
    hosts: int = 3
    per_vmta: int = 1
    volume: float = 800.0
    elsewhere: float = 400.0
    new: tuple[int, ...] = ()
    new_volume: float = 0.5
    spread: float = 0.5


@dataclass(slots=True)
class Hour:
    """What the store would give of it."""

    cells: dict[Key, Tally]
    jobs: dict[str, Tally]
    elsewhere: dict[tuple[str, str], Tally]
    earlier: dict[str, int]
    samples: dict[str, str]
    answered: dict[tuple[int, str, str], Tally] = field(default_factory=dict)
    """(0, campaign, reply template): all of the hour is one stretch."""
    planted: int = 0
    """Replies of the troubles at the ISP in question, mailboxes in trouble left out."""
    everyday: int = 0
    """Deferrals there on any day, mailboxes in trouble left out."""


def ip_name(number: int) -> str:
    return f"192.0.2.{10 + number}" if number < 200 else f"198.51.100.{number - 199}"


class Average(Random):
    """Draws the mean every time: what much more of the same mail comes to. Parts of a reply wait for the next draw."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self._due: dict[object, float] = {}

    def mean(self, of: object, expected: float) -> int:
        due = self._due.get(of, 0.5) + expected
        self._due[of] = due - int(due)
        return int(due)


def hour(isp: str, ours: Ours, troubles: Sequence[Trouble], seed: str, *, average: bool = False) -> Hour:
    """An hour of mail to `isp`, and what the same IPs sent to all other ISPs. `average`: without the luck of the
    draw, so that an hour of so many times the mail has so many times the replies."""
    rng: Random = Average(seed) if average else Random(seed)
    found = Hour({}, {}, {}, {}, {})
    sizes = [rng.lognormvariate(0, ours.spread) * (ours.new_volume if n in ours.new else 1) for n in range(ours.ips)]
    everyday = [rng.lognormvariate(0, 0.25) for _ in range(ours.ips)]
    weights = [rng.uniform(0.5, 1.5) for _ in JOBS]
    for n in range(ours.ips):
        ip, host, vmta = ip_name(n), n % ours.hosts, n // ours.per_vmta
        sent = 0
        for to in (isp, *(other for other in TITLES if other != isp)):
            each = ours.volume if to == isp else ours.elsewhere
            for job, weight in enumerate(weights):
                tries = round(each * sizes[n] * weight / sum(weights))
                answers = _answers(to, n, vmta, host, job, tries, everyday[n], troubles, rng)
                sent += tries
                _count(found, isp, to, (f"mta{host + 1}", ip, f"vmta-{vmta + 1}", JOBS[job]), tries, answers)
        found.earlier[ip] = round(sent * (rng.uniform(0, 3) if n in ours.new else rng.uniform(80, 160)))
    return found


def _answers(
    to: str, ip: int, vmta: int, host: int, job: int, tries: int, usual: float, troubles: Sequence[Trouble], rng: Random
) -> list[tuple[ReplyText, int]]:
    left, found = tries, []
    for trouble in troubles:
        if trouble.hits(to, ip, vmta, host, job):
            hit = binomial(rng, left, trouble.rate)
            left -= hit
            found += _shared(trouble.answers, hit, rng)
    for reply in EVERYDAY.get(to, EVERYDAY["comcast"]):
        hit = binomial(rng, left, min(0.5, reply.weight * usual))
        left -= hit
        found.append((reply, hit))
    return found


def _shared(answers: Sequence[ReplyText], hit: int, rng: Random) -> list[tuple[ReplyText, int]]:
    if isinstance(rng, Average):
        whole = sum(answer.weight for answer in answers)
        return [(answer, rng.mean(answer, hit * answer.weight / whole)) for answer in answers]
    chosen = rng.choices(range(len(answers)), [answer.weight for answer in answers], k=hit)
    return [(answer, chosen.count(place)) for place, answer in enumerate(answers)]


def _count(
    found: Hour, isp: str, to: str, at: tuple[str, str, str, str], tries: int, answers: list[tuple[ReplyText, int]]
) -> None:
    host, ip, vmta, job = at
    whole = Tally(delivered=tries - sum(hit for _, hit in answers))
    if to == isp:
        _add(found.cells, (host, ip, vmta, ""), whole)
    for reply, hit in answers:
        if not hit:
            continue
        tally = Tally(deferred=hit) if reply.record == "t" else Tally(bounced=hit)
        tally = Tally(queue_deferred=hit) if reply.record == "tq" else tally
        whole += tally
        if to == isp:
            found.planted += hit if reply not in EVERYDAY[to] and not reply.sticky else 0
            found.everyday += hit if reply in EVERYDAY[to] and reply.record == "t" and not reply.sticky else 0
            name, raw = _texts(reply)
            found.samples[name] = raw
            _add(found.cells, (host, ip, vmta, name), tally)
            _add(found.answered, (0, job, name), tally)
    if to == isp:
        _add(found.jobs, job, whole)
    else:
        _add(found.elsewhere, (ip, TITLES[to]), whole)


@lru_cache(maxsize=500)
def _texts(reply: ReplyText) -> tuple[str, str]:
    raw = f"smtp;{reply.text.format(**_ABOUT)}"
    return template(raw), raw


def _add(sums: dict, key: object, tally: Tally) -> None:  # type: ignore[type-arg]
    sums[key] = sums.get(key, Tally()) + tally


def binomial(rng: Random, tries: int, rate: float) -> int:
    """Hits in so many tries; jumps from hit to hit, so it costs by the hits."""
    if isinstance(rng, Average):
        return rng.mean(rate, tries * rate)
    if rate >= 1:
        return tries
    if rate <= 0:
        return 0
    if rate > 0.5:
        return tries - binomial(rng, tries, 1 - rate)
    found, at = 0, 0
    while True:
        at += int(log(1 - rng.random()) / log(1 - rate)) + 1
        if at > tries:
            return found
        found += 1
