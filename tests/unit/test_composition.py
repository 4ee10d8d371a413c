"""A rate that rises because dark hosts' good mail is missing is no news; one that rises on the seen hosts is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.category import Category
from bot.core.composition import Gone, gone_hosts, is_no_news, missing, windows_before, without_hosts
from bot.core.diagnosis import HostLine
from bot.core.incident import Move
from bot.core.judge import Reading
from bot.core.model import Tally, Window
from bot.core.outage import DarkHost, Outage, OutageState
from bot.core.tier import Tier, TierRule
from tests.watch_rig import AT_ONCE, MINUTE, PACING, WatchRig

HOUR = 60 * MINUTE
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WINDOW = Window.ending(NOON, HOUR)
SEEN = HostLine("mta1", 4.0)


def gone(minutes: float, host: str = "mta2", *, back: bool = False) -> Gone:
    return Gone(host, NOON - minutes * MINUTE, back)


def ended(minutes_ago: int) -> Window:
    return Window.ending(NOON - minutes_ago * MINUTE, HOUR)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ((SEEN,), ()),
        ((SEEN, HostLine("mta2", None, "never read")), ()),  # it never had mail in the window
        ((SEEN, HostLine("mta2", 9.0, "catching up", behind=True)), ()),
        ((SEEN, HostLine("mta2", 600.0, "no data")), (gone(10),)),
        ((SEEN, HostLine("mta2", 120.0)), (gone(2),)),  # not told as dark yet
        ((SEEN, HostLine("mta2", 60.0)), ()),
    ],
)
def test_who_is_gone(hosts: tuple[HostLine, ...], expected: tuple[Gone, ...]) -> None:
    assert gone_hosts(hosts, WINDOW, None) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (DarkHost("mta1", NOON - 9 * HOUR, back_at=NOON - MINUTE), (gone(540, "mta1", back=True),)),
        (DarkHost("mta1", NOON - 9 * HOUR, back_at=NOON - HOUR), ()),  # a whole window ago
        (DarkHost("mta1", NOON - 9 * HOUR, back_at=NOON, dropped=True), ()),
        (DarkHost("mta1", None, back_at=NOON - MINUTE), ()),
    ],
)
def test_who_has_just_come_back_may_still_be_missing(host: DarkHost, expected: tuple[Gone, ...]) -> None:
    outage = Outage(1, OutageState.RESOLVED, NOON - HOUR, 2, (host,), 2, NOON)
    assert gone_hosts((SEEN,), WINDOW, outage) == expected


@pytest.mark.parametrize(
    ("hosts", "windows"),
    [
        ((), ()),
        ((gone(10),), (ended(10),)),
        ((gone(10), gone(30, "mta3")), (ended(30),)),  # the longest of those whose mail is leaving
        ((gone(10), gone(4000, "mta3")), (ended(10),)),  # the mail of the other one has left long ago
        ((gone(90),), (ended(90), ended(60))),
        ((gone(90), gone(4000, "mta3")), (ended(90), ended(60))),
    ],
)
def test_which_windows_are_compared(hosts: tuple[Gone, ...], windows: tuple[Window, ...]) -> None:
    assert windows_before(WINDOW, hosts) == windows


def test_only_the_other_hosts_are_compared() -> None:
    by_host = {("mta1", "r"): Tally(1, 2), ("mta2", "r"): Tally(9, 9), ("mta1", ""): Tally(3)}
    assert without_hosts(by_host, {"mta2"}) == {"r": Tally(1, 2), "": Tally(3)}


def test_a_host_is_missing_until_its_mail_is_back() -> None:
    before = {"mta2": Tally(100), "mta3": Tally(100)}
    back = (gone(90, back=True), gone(90, "mta3", back=True))
    assert missing(back, before, {"mta2": Tally(79), "mta3": Tally(80)}) == back[:1]
    assert missing(back, {}, {}) == ()  # it had none
    assert missing((gone(90),), before, before) == (gone(90),)


def reading(rate: float, attempts: int = 1_000, cause: Category = Category.REPUTATION_IP) -> Reading:
    deferred = round(rate * attempts)
    return Reading(Tally(attempts - deferred, deferred), deferred, cause, "")


@pytest.mark.parametrize(
    ("tier", "before", "expected"),
    [
        (Tier.REPUTATION, [reading(0.30)], True),
        (Tier.MIXED, [reading(0.30)], True),
        (Tier.REPUTATION, [reading(0.20)], False),  # it got worse since
        (Tier.REPUTATION, [reading(0.30), reading(0.04)], False),  # it was well in between
        (Tier.REPUTATION, [reading(0.30, attempts=40)], False),  # too little mail to say so
        (Tier.THROTTLE, [reading(0.08)], True),
        (Tier.THROTTLE, [reading(0.08, cause=Category.THROTTLE_NORMAL)], False),  # pacing was no message, this is
        (Tier.REPUTATION, [], False),
    ],
)
def test_no_news_is_what_was_so_before(tier: Tier, before: list[Reading], expected: bool) -> None:
    assert is_no_news(tier, before, TierRule(), Tier.MIXED) is expected


class Night:
    """mta1 is small and badly off at Gmail, mta2 large and well: together 7 %. Every minute has its mail."""

    def __init__(self) -> None:
        self.rig = WatchRig(hosts=("mta1", "mta2"))
        self.bad, self.dead = 30, False
        self.moves: list[Move] = []

    def live(self, minutes: int) -> list[Move]:
        """What was decided about Gmail, without HOLD, REFRESH and BLIND."""
        for _ in range(minutes):
            self.rig.clock.advance(MINUTE)
            self.rig.count(100 - self.bad, self.bad)
            if self.dead:
                self.rig.see("mta1")
            else:
                self.rig.count(400, 5, host="mta2", ip="192.0.2.2", reply=PACING)
                self.rig.see()
            self.rig.look_at_hosts.tick()
            self.moves += self.rig.tick().values()
        quiet = (Move.HOLD, Move.REFRESH, Move.BLIND)
        found, self.moves = [move for move in self.moves if move not in quiet], []
        return found


def test_a_dead_host_makes_no_noise_about_an_isp(caplog: pytest.LogCaptureFixture) -> None:
    night = Night()
    assert night.live(90) == [Move.OPEN]  # 7 %, told for its cause
    first = night.rig.incident()
    assert first.tier is Tier.THROTTLE
    night.dead = True
    with caplog.at_level("INFO"):
        assert night.live(180) == []
    held = [record for record in caplog.records if record.message == "rise held"]
    assert len(held) == 1
    shown = night.rig.incident()
    assert (shown.id, shown.tier) == (first.id, Tier.THROTTLE)
    assert shown.diagnosis.now.rate == pytest.approx(0.30)  # the number is true all the same
    night.dead = False
    assert night.live(5) == []


def test_a_true_rise_on_the_seen_hosts_is_told_though_a_host_is_dead() -> None:
    night = Night()
    night.live(90)
    night.dead = True
    assert night.live(20) == []
    night.bad = 80
    assert Move.RISE in night.live(60)


def test_a_true_crossing_opens_at_once_though_a_host_has_been_dead_for_days() -> None:
    night = Night()
    night.bad = 0
    night.live(90)
    night.dead = True
    assert night.live(300) == []
    night.bad = 90
    assert night.live(15) == [Move.OPEN, Move.RISE]


def test_nothing_is_opened_on_composition_alone() -> None:
    """At 4 % together nobody was told; alone mta1 has 16 %, and had it all the time."""
    night = Night()
    night.bad = 16
    assert night.live(90) == []
    night.dead = True
    assert night.live(120) == []
    assert night.rig.incidents.all() == ()
    night.dead = False  # it was down itself: nothing was logged meanwhile
    assert night.live(120) == []


def test_a_host_that_comes_back_as_bad_as_the_others_is_news() -> None:
    night = Night()
    night.bad = 16
    night.live(90)
    night.dead = True
    assert night.live(30) == []
    night.rig.count(9_000, 5_000, host="mta2", ip="192.0.2.2", ago=10 * MINUTE)  # its backlog
    night.dead = False
    assert night.live(1) == [Move.OPEN]


def test_hosts_that_are_polled_rarely_are_not_gone_between_two_polls() -> None:
    """By turns one of two hosts was read 70 s ago, and a tier must last three minutes: a true rise is told."""
    rules = replace(AT_ONCE, rise_after=3 * MINUTE)
    rig = WatchRig(hosts=("mta1", "mta2"), rules=rules, poll_every=timedelta(seconds=140))
    moves: list[Move] = []
    for look in range(50):
        rig.clock.advance(timedelta(seconds=70))
        bad = 9 if look > 10 else 1
        for host in rig.hosts:
            rig.count(100 - bad, bad, host=host)
        rig.see(rig.hosts[look % 2])
        moves += rig.tick().values()
    assert Move.OPEN in moves
